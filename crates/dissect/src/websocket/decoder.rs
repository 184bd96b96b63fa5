//! Finds the frames of one direction, and unmasks the first bytes of their payload.

use thiserror::Error;

use crate::deflate::{self, Context, DeflateParams, Inflater, Limits};
use crate::stream::{Step, first, part};
use crate::websocket::{FrameHeader, Opcode};

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
    /// Why it was not inflated, where it wasn't: then nothing of it is shown.
    pub stopped: Option<deflate::Error>,
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
    deflate: Option<Box<Deflate>>,
}

/// What is needed where messages may be compressed: boxed, since most connections don't.
#[derive(Clone, Debug)]
struct Deflate {
    params: DeflateParams,
    inflates: bool,
    /// Made when the first compressed message comes.
    inflater: Option<Inflater>,
    /// The data message under way is compressed.
    message: bool,
    /// The frame under way belongs to a compressed message.
    frame: bool,
    peek: Vec<u8>,
    len: u64,
    stopped: Option<deflate::Error>,
}

impl Decoder {
    /// A decoder at the beginning of a frame; with what was agreed on, where messages may be compressed.
    pub fn new(deflate: Option<DeflateParams>) -> Self {
        Decoder {
            frame: None,
            held: [0; FrameHeader::MAX_LEN],
            held_len: 0,
            peek: Vec::new(),
            torn: false,
            deflate: deflate.map(Deflate::new),
        }
    }

    /// The same, but compressed messages are not inflated: an inflater takes up more than 40 KiB, and whoever reads very
    /// many connections at a time may not have that for each.
    pub fn without_inflating(deflate: Option<DeflateParams>) -> Self {
        let mut decoder = Decoder::new(deflate);
        if let Some(deflate) = &mut decoder.deflate {
            deflate.inflates = false;
        }
        decoder
    }

    /// Decodes the next bytes. After an error, every further step gives an error.
    #[inline]
    pub fn step<'a>(&'a mut self, input: &'a [u8]) -> Result<Step<Mark, Event<'a>>, Error> {
        let Some((header, left)) = self.frame else { return self.header(input) };
        let taken = part(left, input);
        let bytes = first(input, taken);
        // A payload that is here as a whole, and as it was meant, is shown where it is.
        let whole = taken as u64 == header.len && header.mask.is_none() && !self.torn;
        if !whole {
            self.keep(header, header.len - left, bytes);
        }
        if let Some(deflate) = self.deflate.as_deref_mut().filter(|deflate| deflate.frame) {
            deflate.inflate(header, header.len - left, bytes);
        }
        if taken as u64 != left {
            self.frame = Some((header, left - taken as u64));
            return Ok(Step::bytes(taken, Mark::Payload));
        }
        self.frame = None;
        let payload = if whole { first(bytes, MAX_PEEK) } else { &self.peek };
        let inflated = self.deflate.as_deref_mut().filter(|deflate| deflate.frame).map(|deflate| deflate.end(header));
        Ok(Step::event(taken, Mark::Payload, Event::FrameEnd { header, payload, inflated }))
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
                if let Some(deflate) = self.deflate.as_deref_mut().filter(|deflate| deflate.frame) {
                    deflate.lose();
                }
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
        if let Some(deflate) = &mut self.deflate {
            deflate.start(header);
        }
        Ok(Step::event(usize::from(header.header_len) - before, Mark::Header, Event::Frame(header)))
    }

    /// Keeps payload for the peek: these bytes are `position` bytes into it.
    fn keep(&mut self, header: FrameHeader, position: u64, bytes: &[u8]) {
        if self.torn {
            return;
        }
        let room = MAX_PEEK.saturating_sub(self.peek.len());
        self.peek.extend(header.unmasked(position, first(bytes, room)));
    }
}

impl Deflate {
    fn new(params: DeflateParams) -> Box<Self> {
        let peek = Vec::new();
        Box::new(Deflate {
            params,
            inflates: true,
            inflater: None,
            message: false,
            frame: false,
            peek,
            len: 0,
            stopped: None,
        })
    }

    /// A frame begins: the first one of a message says whether the message is compressed (RFC 7692 section 6).
    fn start(&mut self, header: FrameHeader) {
        match header.opcode {
            Opcode::Text | Opcode::Binary => self.message = header.rsv1,
            _ => {}
        }
        self.frame = self.inflates && self.message && !header.opcode.is_control();
        self.peek.clear();
        self.len = 0;
        self.stopped = None;
    }

    /// Inflates payload: these bytes are `position` bytes into it.
    fn inflate(&mut self, header: FrameHeader, position: u64, bytes: &[u8]) {
        if header.mask.is_none() {
            self.with_inflater(header, |inflater, out| inflater.push(bytes, out));
            return;
        }
        let mut unmasked = [0; 1024];
        let mut position = position;
        for piece in bytes.chunks(unmasked.len()) {
            for (to, from) in unmasked.iter_mut().zip(header.unmasked(position, piece)) {
                *to = from;
            }
            position += piece.len() as u64;
            self.with_inflater(header, |inflater, out| inflater.push(first(&unmasked, piece.len()), out));
        }
    }

    /// The frame is complete.
    fn end(&mut self, header: FrameHeader) -> Inflated<'_> {
        if header.fin {
            self.message = false;
            self.with_inflater(header, |inflater, out| inflater.end_message(out));
        }
        if self.stopped.is_some() {
            // How much came out before that depends on how the payload was cut: it says nothing.
            self.peek.clear();
            self.len = 0;
        }
        Inflated { peek: &self.peek, len: self.len, stopped: self.stopped }
    }

    fn lose(&mut self) {
        if let Some(inflater) = &mut self.inflater {
            inflater.lose();
        }
        self.stopped = Some(deflate::Error::Lost);
    }

    fn with_inflater(
        &mut self,
        header: FrameHeader,
        work: impl FnOnce(&mut Inflater, &mut dyn FnMut(&[u8])) -> Result<(), deflate::Error>,
    ) {
        // Only clients mask, so the mask tells whose parameters count.
        let restarts = match header.mask {
            Some(_) => self.params.client_no_context_takeover,
            None => self.params.server_no_context_takeover,
        };
        let context = if restarts { Context::Fresh } else { Context::TakenOver };
        let inflater = self.inflater.get_or_insert_with(|| Inflater::new(context, Limits::default()));
        let (peek, len) = (&mut self.peek, &mut self.len);
        let result = work(inflater, &mut |bytes: &[u8]| {
            peek.extend_from_slice(first(bytes, MAX_PEEK.saturating_sub(peek.len())));
            *len = len.saturating_add(bytes.len() as u64);
        });
        self.stopped = self.stopped.or(result.err());
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
