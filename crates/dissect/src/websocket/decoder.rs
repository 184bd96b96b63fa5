//! Finds the frames of one direction, and unmasks the first bytes of their payload.

use thiserror::Error;

use crate::deflate::DeflateParams;
use crate::stream::{Step, first, part};
use crate::websocket::FrameHeader;

/// What a byte of a WebSocket stream is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// A frame's header, masking key included.
    Header,
    /// A frame's payload.
    Payload,
}

/// What happened in a WebSocket stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// The header of a frame is complete.
    Frame(FrameHeader),
    /// The payload of a frame is complete. Comes with its last byte, or with no bytes where there is no payload.
    FrameEnd {
        /// The frame's header.
        header: FrameHeader,
        /// The first bytes of the payload, unmasked, still compressed where it is; at most 128, fewer where bytes are
        /// missing from the capture.
        payload: &'a [u8],
        /// What the payload inflated to, where the frame belongs to a compressed message.
        inflated: Option<Inflated<'a>>,
    },
}

/// What the payload of one frame inflated to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inflated<'a> {
    /// The first bytes of it, at most 128.
    pub peek: &'a [u8],
    /// How long it is.
    pub len: u64,
}

/// Why a WebSocket stream could not be decoded further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum Error {
    /// A 64-bit length with its top bit set.
    #[error("expected a payload length below 2^63, found {found} (RFC 6455 section 5.2)")]
    LengthTooLarge {
        /// The length that it says.
        found: u64,
    },
}

/// Decodes what one side of a WebSocket sends after the opening handshake.
#[derive(Clone, Debug)]
pub struct Decoder {
    /// The frame whose payload is under way, and how much of it is to come.
    frame: Option<(FrameHeader, u64)>,
    /// The part of a header that came in earlier inputs.
    held: [u8; FrameHeader::MAX_LEN],
    held_len: u8,
    /// The first bytes of the payload under way, unmasked.
    peek: Vec<u8>,
    /// Bytes are missing from the payload under way: what follows them is not to be shown as if it were next.
    torn: bool,
    deflate: Option<DeflateParams>,
}

impl Decoder {
    /// A decoder at the beginning of a frame; with what was agreed on, where messages may be compressed.
    pub fn new(deflate: Option<DeflateParams>) -> Self {
        Decoder { frame: None, held: [0; FrameHeader::MAX_LEN], held_len: 0, peek: Vec::new(), torn: false, deflate }
    }

    /// Decodes the next bytes.
    pub fn step<'a>(&'a mut self, input: &'a [u8]) -> Result<Step<Mark, Event<'a>>, Error> {
        let Some((header, left)) = self.frame else { return self.header(input) };
        let taken = part(left, input);
        let left = left - taken as u64;
        let bytes = first(input, taken);
        if left > 0 {
            self.see(header, header.len - left - taken as u64, bytes);
            self.frame = Some((header, left));
            return Ok(Step::bytes(taken, Mark::Payload));
        }
        self.frame = None;
        let whole = taken as u64 == header.len && header.mask.is_none() && !self.torn;
        let payload = if whole {
            first(bytes, MAX_PEEK)
        } else {
            self.see(header, header.len - taken as u64, bytes);
            &self.peek
        };
        Ok(Step::event(taken, Mark::Payload, Event::FrameEnd { header, payload, inflated: None }))
    }

    /// Whether the stream is between two frames.
    pub fn is_idle(&self) -> bool {
        self.frame.is_none() && self.held_len == 0
    }

    /// Steps over bytes that are missing from the capture: true where they are all payload of the frame under way, else
    /// the decoder is out of step for good, since nothing in a WebSocket stream says where a frame begins.
    pub fn skip(&mut self, count: u64) -> bool {
        match &mut self.frame {
            _ if count == 0 => true,
            Some((_, left)) if count <= *left => {
                *left -= count;
                self.torn = true;
                true
            }
            _ => false,
        }
    }

    fn header<'a>(&mut self, input: &[u8]) -> Result<Step<Mark, Event<'a>>, Error> {
        let before = usize::from(self.held_len);
        let (header, taken) = if before == 0 {
            (FrameHeader::read(input)?, input.len())
        } else {
            let mut joined = self.held;
            let room = after_mut(&mut joined, before);
            let taken = room.len().min(input.len());
            copy(room, first(input, taken));
            (FrameHeader::read(first(&joined, before + taken))?, taken)
        };
        let Some(header) = header else {
            // Never more than a header's length: with that many bytes every header is complete.
            copy(after_mut(&mut self.held, before), first(input, taken));
            self.held_len += taken as u8;
            return Ok(Step::bytes(taken, Mark::Header));
        };
        self.held_len = 0;
        self.peek.clear();
        self.torn = false;
        self.frame = Some((header, header.len));
        Ok(Step::event(usize::from(header.header_len) - before, Mark::Header, Event::Frame(header)))
    }

    /// Keeps payload for the peek: these bytes are `position` bytes into it.
    fn see(&mut self, header: FrameHeader, position: u64, bytes: &[u8]) {
        if self.torn {
            return;
        }
        let kept = first(bytes, MAX_PEEK.saturating_sub(self.peek.len()));
        match header.mask {
            None => self.peek.extend_from_slice(kept),
            Some(key) => {
                let key = key.iter().cycle().skip((position % 4) as usize);
                self.peek.extend(kept.iter().zip(key).map(|(byte, key)| byte ^ key));
            }
        }
    }
}

fn after_mut(bytes: &mut [u8], count: usize) -> &mut [u8] {
    bytes.get_mut(count..).unwrap_or_default()
}

fn copy(to: &mut [u8], from: &[u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}

/// How much of a payload is shown.
const MAX_PEEK: usize = 128;
