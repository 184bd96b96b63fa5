//! Which messages do the frames make, and what is wrong with them (RFC 6455 sections 5.4 to 5.8 and 7.4)?

use std::fmt;

use thiserror::Error;

use crate::deflate::{self, DeflateParams};
use crate::stream::{first, text};
use crate::websocket::{Event, FrameHeader, Inflated, Opcode};

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The client, which masks.
    Client,
    /// The server, which doesn't.
    Server,
}

/// Puts the frames of one side together to messages.
#[derive(Clone, Debug)]
pub struct Messages {
    side: Side,
    deflate: bool,
    /// The message under way.
    open: Option<Open>,
    /// The first bytes of the message under way, where it is split into frames.
    peek: Vec<u8>,
    closed: bool,
}

/// What is known of the message under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Open {
    opcode: Opcode,
    compressed: bool,
    frames: u64,
    header_len: u64,
    payload_len: u64,
    inflated_len: u64,
    stopped: Option<deflate::Error>,
}

/// What an event of the frame decoder says to this layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen<'a> {
    /// What is complete.
    pub told: Option<Told<'a>>,
    /// What is wrong with it.
    pub violations: Violations,
}

/// Something that is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told<'a> {
    /// A message.
    Message(Message<'a>),
    /// A close frame.
    Close {
        /// Its status code: it need not have one.
        code: Option<u16>,
        /// Its reason (as far as it is UTF-8); often empty.
        reason: &'a str,
    },
    /// A ping frame.
    Ping {
        /// The first bytes of its payload.
        payload: &'a [u8],
    },
    /// A pong frame.
    Pong {
        /// The first bytes of its payload.
        payload: &'a [u8],
    },
}

/// A text or binary message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// Text or binary; reserved where the standard doesn't know it.
    pub opcode: Opcode,
    /// How many frames it is made of.
    pub frames: u64,
    /// How long the headers of these are.
    pub header_len: u64,
    /// How long their payload is, on the wire.
    pub payload_len: u64,
    /// The first bytes of the message, unmasked and inflated; at most 128.
    pub text: &'a [u8],
    /// Whether it was compressed.
    pub compressed: bool,
    /// How long the message is: `payload_len` where it wasn't compressed.
    pub inflated_len: u64,
    /// Why it could not be inflated further, where it couldn't.
    pub stopped: Option<deflate::Error>,
}

impl Messages {
    /// The messages of this side; with what was agreed on, where they may be compressed.
    pub fn new(side: Side, deflate: Option<DeflateParams>) -> Self {
        Messages { side, deflate: deflate.is_some(), open: None, peek: Vec::new(), closed: false }
    }

    /// Takes note of what the frame decoder found.
    pub fn see<'a>(&'a mut self, event: &Event<'a>) -> Seen<'a> {
        match *event {
            Event::Frame(header) => Seen { told: None, violations: self.judge_header(header) },
            Event::FrameEnd { header, payload, inflated } => match header.opcode {
                Opcode::Close => self.close(payload, header.len),
                Opcode::Ping => Seen { told: Some(Told::Ping { payload }), violations: Violations::default() },
                Opcode::Pong => Seen { told: Some(Told::Pong { payload }), violations: Violations::default() },
                opcode if opcode.is_control() => Seen { told: None, violations: Violations::default() },
                _ => self.data(header, payload, inflated),
            },
        }
    }

    /// Whether a message is under way: begun, and its last frame not yet complete.
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// What is wrong with a header by itself, and in its place.
    fn judge_header(&mut self, header: FrameHeader) -> Violations {
        let control = header.opcode.is_control();
        let starts = matches!(header.opcode, Opcode::Text | Opcode::Binary);
        let mut violations = Violations::default();
        let mut check = |wrong, violation| violations.insert_if(wrong, violation);
        check(control && !header.fin, Violation::FragmentedControl);
        check(control && header.len > 125, Violation::LongControl);
        check(header.opcode == Opcode::Continuation && self.open.is_none(), Violation::UnexpectedContinuation);
        check(starts && self.open.is_some(), Violation::InterruptedMessage);
        check(matches!(header.opcode, Opcode::Reserved(_)), Violation::ReservedOpcode);
        check(header.rsv2 || header.rsv3 || (header.rsv1 && !(self.deflate && starts)), Violation::ReservedBits);
        check(!header.has_minimal_length(), Violation::LongLength);
        check(self.side == Side::Client && header.mask.is_none(), Violation::UnmaskedClient);
        check(self.side == Side::Server && header.mask.is_some(), Violation::MaskedServer);
        check(self.closed, Violation::AfterClose);
        if starts || (!control && self.open.is_none()) {
            self.open = Some(Open::new(header.opcode, header.rsv1 && self.deflate && starts));
            self.peek.clear();
        }
        violations
    }

    fn data<'a>(&'a mut self, header: FrameHeader, payload: &'a [u8], inflated: Option<Inflated<'a>>) -> Seen<'a> {
        let mut violations = Violations::default();
        let mut open = self.open.unwrap_or(Open::new(header.opcode, false));
        let (peek, len) = inflated.map_or((payload, header.len), |inflated| (inflated.peek, inflated.len));
        open.frames += 1;
        open.header_len = open.header_len.saturating_add(u64::from(header.header_len));
        open.payload_len = open.payload_len.saturating_add(header.len);
        // A peek goes on only where all that is before it was shown.
        let shows_all = self.peek.len() as u64 == open.inflated_len;
        open.inflated_len = open.inflated_len.saturating_add(len);
        open.stopped = open.stopped.or(inflated.and_then(|inflated| inflated.stopped));
        if !header.fin {
            if shows_all {
                self.peek.extend_from_slice(first(peek, MAX_PEEK.saturating_sub(self.peek.len())));
            }
            self.open = Some(open);
            return Seen { told: None, violations };
        }
        self.open = None;
        let text = if open.frames == 1 {
            peek
        } else {
            if shows_all {
                self.peek.extend_from_slice(first(peek, MAX_PEEK.saturating_sub(self.peek.len())));
            }
            &self.peek
        };
        // What was not inflated shows nothing of the text.
        let readable = !open.compressed || inflated.is_some();
        let whole = readable && text.len() as u64 == open.inflated_len && open.stopped.is_none();
        let is_utf8 = !whole || open.opcode != Opcode::Text || text.is_ascii() || std::str::from_utf8(text).is_ok();
        violations.insert_if(!is_utf8, Violation::TextNotUtf8);
        let Open { opcode, compressed, frames, header_len, payload_len, inflated_len, stopped } = open;
        let message = Message { opcode, frames, header_len, payload_len, text, compressed, inflated_len, stopped };
        Seen { told: Some(Told::Message(message)), violations }
    }

    fn close<'a>(&mut self, payload: &'a [u8], len: u64) -> Seen<'a> {
        self.closed = true;
        let mut violations = Violations::default();
        let (code, reason) = match payload.split_first_chunk::<2>() {
            Some((code, reason)) => (Some(u16::from_be_bytes(*code)), reason),
            None => (None, Default::default()),
        };
        violations.insert_if(len == 1, Violation::ShortClose);
        violations.insert_if(code.is_some_and(|code| !may_be_sent(code)), Violation::CloseCode);
        let whole = payload.len() as u64 == len;
        violations.insert_if(whole && std::str::from_utf8(reason).is_err(), Violation::TextNotUtf8);
        Seen { told: Some(Told::Close { code, reason: text(reason) }), violations }
    }
}

impl Open {
    fn new(opcode: Opcode, compressed: bool) -> Self {
        Open { opcode, compressed, frames: 0, header_len: 0, payload_len: 0, inflated_len: 0, stopped: None }
    }
}

/// Whether a close frame may carry this code: 1005, 1006 and 1015 only stand for what was not sent (RFC 6455 section
/// 7.4; 1012 to 1014 were registered later).
fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// A rule of RFC 6455 that a frame breaks. The stream can be decoded further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[repr(u16)]
pub enum Violation {
    /// A control frame without FIN.
    #[error("a control frame must not be fragmented (RFC 6455 section 5.5)")]
    FragmentedControl = 1 << 0,
    /// A control frame with more than 125 bytes of payload.
    #[error("a control frame carries at most 125 bytes (RFC 6455 section 5.5)")]
    LongControl = 1 << 1,
    /// A continuation frame, and no message to continue.
    #[error("a continuation frame needs a message under way (RFC 6455 section 5.4)")]
    UnexpectedContinuation = 1 << 2,
    /// A text or binary frame while a message is under way.
    #[error("a message must be complete before the next one begins (RFC 6455 section 5.4)")]
    InterruptedMessage = 1 << 3,
    /// An opcode that the standard doesn't know.
    #[error("opcodes 3 to 7 and 11 to 15 are reserved (RFC 6455 section 5.2)")]
    ReservedOpcode = 1 << 4,
    /// RSV1, RSV2 or RSV3 set, and no extension that was agreed on gives it a meaning there.
    #[error("reserved bits must be 0 unless an extension that was agreed on uses them (RFC 6455 section 5.2)")]
    ReservedBits = 1 << 5,
    /// A length in more bytes than it needs.
    #[error("a length must be written in as few bytes as it can be (RFC 6455 section 5.2)")]
    LongLength = 1 << 6,
    /// A close frame with one byte of payload.
    #[error("a close frame carries nothing, or a code of 2 bytes and a reason (RFC 6455 section 5.5.1)")]
    ShortClose = 1 << 7,
    /// A close code that may not be sent.
    #[error("a close frame's code is 1000 to 1003, 1007 to 1014, or 3000 to 4999 (RFC 6455 section 7.4)")]
    CloseCode = 1 << 8,
    /// A frame of the client without a mask.
    #[error("a client must mask its frames (RFC 6455 section 5.1)")]
    UnmaskedClient = 1 << 9,
    /// A frame of the server with a mask.
    #[error("a server must not mask its frames (RFC 6455 section 5.1)")]
    MaskedServer = 1 << 10,
    /// A frame behind the close frame.
    #[error("nothing may be sent after a close frame (RFC 6455 section 5.5.1)")]
    AfterClose = 1 << 11,
    /// A text message or a close reason that isn't UTF-8. Only told where all of it is shown.
    #[error("text and close reasons must be UTF-8 (RFC 6455 section 8.1)")]
    TextNotUtf8 = 1 << 12,
}

impl Violation {
    /// All of them.
    pub const ALL: [Violation; 13] = [
        Violation::FragmentedControl,
        Violation::LongControl,
        Violation::UnexpectedContinuation,
        Violation::InterruptedMessage,
        Violation::ReservedOpcode,
        Violation::ReservedBits,
        Violation::LongLength,
        Violation::ShortClose,
        Violation::CloseCode,
        Violation::UnmaskedClient,
        Violation::MaskedServer,
        Violation::AfterClose,
        Violation::TextNotUtf8,
    ];
}

/// A set of broken rules: mostly empty.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Violations(u16);

impl Violations {
    /// Whether no rule is broken.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether this rule is broken.
    pub fn contains(self, violation: Violation) -> bool {
        self.0 & violation as u16 != 0
    }

    /// The broken rules.
    pub fn iter(self) -> impl Iterator<Item = Violation> {
        Violation::ALL.into_iter().filter(move |violation| self.contains(*violation))
    }

    fn insert_if(&mut self, wrong: bool, violation: Violation) {
        if wrong {
            self.0 |= violation as u16;
        }
    }
}

impl fmt::Debug for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// How much of a message is shown.
const MAX_PEEK: usize = 128;
