//! What was in a compressed WebSocket message (RFC 7692, permessage-deflate)?
//!
//! Both sides may compress messages with DEFLATE (RFC 1951). A compressed message has RSV1 set on its first frame; its
//! payload, over all its frames, ends without the bytes `00 00 ff ff` that a flush leaves, so the receiver appends them.
//! Unless the sides agreed otherwise, a message may refer back to bytes of the messages before it ("context takeover").

use flate2::{Decompress, FlushDecompress, Status};
use thiserror::Error;

use crate::stream::{after, first};

/// What the two sides agreed on when they negotiated permessage-deflate (RFC 7692 section 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DeflateParams {
    /// The server starts each message with an empty window.
    pub server_no_context_takeover: bool,
    /// The client starts each message with an empty window.
    pub client_no_context_takeover: bool,
    /// The server's window is at most 2 to the power of this many bytes: 8 to 15.
    pub server_max_window_bits: u8,
    /// The client's window is at most 2 to the power of this many bytes: 8 to 15.
    pub client_max_window_bits: u8,
}

impl Default for DeflateParams {
    /// What `permessage-deflate` without parameters means.
    fn default() -> Self {
        DeflateParams {
            server_no_context_takeover: false,
            client_no_context_takeover: false,
            server_max_window_bits: 15,
            client_max_window_bits: 15,
        }
    }
}

impl DeflateParams {
    /// Reads the value of a response's `Sec-WebSocket-Extensions` field: the parameters of permessage-deflate where
    /// it is in the list (RFC 6455 section 9.1).
    pub fn parse(value: &[u8]) -> Option<DeflateParams> {
        value.split(|&byte| byte == b',').find_map(|extension| {
            let mut parameters = extension.split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
            if !parameters.next()?.eq_ignore_ascii_case(b"permessage-deflate") {
                return None;
            }
            let mut params = DeflateParams::default();
            for parameter in parameters {
                let mut halves = parameter.splitn(2, |&byte| byte == b'=').map(<[u8]>::trim_ascii);
                let name = halves.next().unwrap_or_default();
                let bits = halves.next().and_then(window_bits);
                if name.eq_ignore_ascii_case(b"server_no_context_takeover") {
                    params.server_no_context_takeover = true;
                } else if name.eq_ignore_ascii_case(b"client_no_context_takeover") {
                    params.client_no_context_takeover = true;
                } else if name.eq_ignore_ascii_case(b"server_max_window_bits") {
                    params.server_max_window_bits = bits.unwrap_or(15);
                } else if name.eq_ignore_ascii_case(b"client_max_window_bits") {
                    params.client_max_window_bits = bits.unwrap_or(15);
                }
            }
            Some(params)
        })
    }
}

/// A window size from 8 to 15, with or without quotes.
fn window_bits(value: &[u8]) -> Option<u8> {
    let value = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value);
    let bits: u8 = std::str::from_utf8(value).ok()?.parse().ok()?;
    (8..=15).contains(&bits).then_some(bits)
}

/// How far a compressed message may grow: the smallest of these bounds that it meets ends its inflating.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Bytes out for one message.
    pub bytes: u64,
    /// Bytes out for each byte in, counted over one message once more than [`free`](Self::free) bytes are out.
    pub ratio: u64,
    /// Bytes out that are never held against the ratio: short messages of one repeated letter are no bombs.
    pub free: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { bytes: 64 << 20, ratio: 256, free: 1 << 20 }
    }
}

/// Why a compressed message could not be inflated further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum Error {
    /// Not a DEFLATE stream.
    #[error("expected DEFLATE data in a compressed message, found something else (RFC 7692 section 7.2)")]
    Corrupt,
    /// The message grows beyond a bound.
    #[error("expected a message of at most {bytes} bytes or {ratio} times its compressed size, found a larger one")]
    TooLarge {
        /// The bound on bytes out.
        bytes: u64,
        /// The bound on bytes out for each byte in.
        ratio: u64,
    },
    /// An earlier message, or a part of this one, is missing or was not inflated, and this one builds on it.
    #[error("expected the bytes that this compressed message builds on, found some missing (RFC 7692 section 7.1.1)")]
    Lost,
}

/// What a message may refer back to (RFC 7692, section 7.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Context {
    /// The messages before it: their end is taken over.
    TakenOver,
    /// Itself alone.
    Fresh,
}

/// Inflates the messages of one side, one after the other.
///
/// Nothing of what comes out is kept here: it is handed on in pieces, from one small buffer. What is allocated is the
/// window of 32 KiB that later messages may refer back to, and only while it may be needed.
#[derive(Debug)]
pub struct Inflater {
    /// The state of the decompressor; `None` before the first message, and between two that share nothing.
    stream: Option<Decompress>,
    context: Context,
    limits: Limits,
    bytes_in: u64,
    bytes_out: u64,
    failed: Option<Error>,
}

/// A copy stands where the original does, but has not what was inflated before: a message that builds on it cannot be read.
impl Clone for Inflater {
    fn clone(&self) -> Inflater {
        let failed = self.failed.or(self.stream.as_ref().map(|_| Error::Lost));
        Inflater { stream: None, failed, ..*self }
    }
}

impl Inflater {
    /// An inflater for the messages of one side.
    pub fn new(context: Context, limits: Limits) -> Self {
        Inflater { stream: None, context, limits, bytes_in: 0, bytes_out: 0, failed: None }
    }

    /// Inflates the next part of a message, and hands on what comes out, in pieces.
    pub fn push(&mut self, bytes: &[u8], out: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.bytes_in = self.bytes_in.saturating_add(bytes.len() as u64);
        self.inflate(bytes, AtEnd::GoesOn, out).map(|_| ()).inspect_err(|error| self.fail(*error))
    }

    /// The same, of data that ends where it says so: how many of the bytes stand behind that, once it has.
    pub(crate) fn push_to_end(&mut self, bytes: &[u8], out: &mut dyn FnMut(&[u8])) -> Result<Option<usize>, Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.bytes_in = self.bytes_in.saturating_add(bytes.len() as u64);
        self.inflate(bytes, AtEnd::Stops, out).inspect_err(|error| self.fail(*error))
    }

    /// The message is complete: inflates the four bytes that its sender left out (RFC 7692 section 7.2.2), and makes
    /// ready for the next.
    pub fn end_message(&mut self, out: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        let result = match self.failed {
            Some(error) => Err(error),
            None => self.inflate(&TAIL, AtEnd::GoesOn, out).map(|_| ()).inspect_err(|error| self.fail(*error)),
        };
        self.bytes_in = 0;
        self.bytes_out = 0;
        if self.context == Context::Fresh {
            self.stream = None;
            self.failed = None;
        } else if self.failed.is_some() {
            self.failed = Some(Error::Lost);
        }
        result
    }

    /// A part of the message under way is missing.
    pub fn lose(&mut self) {
        self.fail(Error::Lost);
    }

    fn fail(&mut self, error: Error) {
        self.failed = Some(error);
        self.stream = None;
    }

    /// How many bytes stand behind the end, where it stops there.
    fn inflate(&mut self, mut bytes: &[u8], at_end: AtEnd, out: &mut dyn FnMut(&[u8])) -> Result<Option<usize>, Error> {
        let stream = self.stream.get_or_insert_with(|| Decompress::new(false));
        let mut buffer = [0; BUFFER];
        loop {
            let (before_in, before_out) = (stream.total_in(), stream.total_out());
            let status = stream.decompress(bytes, &mut buffer, FlushDecompress::Sync).map_err(|_| Error::Corrupt)?;
            let taken = usize::try_from(stream.total_in() - before_in).unwrap_or(bytes.len());
            let made = usize::try_from(stream.total_out() - before_out).unwrap_or(BUFFER);
            bytes = after(bytes, taken);
            out(first(&buffer, made));
            self.bytes_out += made as u64;
            let Limits { bytes: most, ratio, free } = self.limits;
            if self.bytes_out > most || (self.bytes_out > free && self.bytes_out / ratio.max(1) > self.bytes_in) {
                return Err(Error::TooLarge { bytes: most, ratio });
            }
            match status {
                Status::StreamEnd if at_end == AtEnd::Stops => return Ok(Some(bytes.len())),
                // A block that says it is the last one; a message may have more behind it (RFC 7692 section 7.2.3.4).
                // As browsers do, start anew, with an empty window.
                Status::StreamEnd => stream.reset(false),
                _ if taken == 0 && made == 0 && !bytes.is_empty() => return Err(Error::Corrupt),
                _ => {}
            }
            // A full buffer may mean that there is more to come out.
            if bytes.is_empty() && (made < BUFFER || status == Status::StreamEnd) {
                return Ok(None);
            }
        }
    }
}

/// What becomes of bytes behind a block that says that it is the last.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AtEnd {
    GoesOn,
    Stops,
}

/// How much is inflated at a time.
const BUFFER: usize = 4096;

/// The end of an empty block without compression, which senders leave out.
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];
