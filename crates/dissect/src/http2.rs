//! Which frames are in this HTTP/2 stream (RFC 9113)?
//!
//! ```text
//! PRI * HTTP/2.0 CRLF CRLF SM CRLF CRLF         what the client begins with: 24 bytes
//! +-----------------+---------+---------+-------------------+
//! | length, 3 bytes |  type   |  flags  |  stream, 31 bits  |   what each frame begins with: 9 bytes
//! +-----------------+---------+---------+-------------------+
//! ```
//!
//! Only for connections that speak HTTP/2 from their first byte and without TLS ("prior knowledge"). The fields in
//! HEADERS frames stay compressed.

use thiserror::Error;

use crate::stream::{Sniff, Split, Step, part};

/// What a byte of an HTTP/2 stream is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// What a client begins with.
    Preface,
    /// The nine bytes before a frame's payload.
    FrameHeader,
    /// A frame's payload.
    Payload,
}

/// What happened in an HTTP/2 stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The header of a frame is complete.
    Frame {
        /// What kind of frame it is.
        kind: FrameType,
        /// Its flags: which of them mean what depends on the kind.
        flags: u8,
        /// Which stream it belongs to; 0 is the connection.
        stream: u32,
        /// How long its payload is.
        len: u32,
    },
    /// The payload of a frame is complete. Comes with its last byte, or with no bytes where there is no payload.
    FrameEnd,
}

/// What kind of frame it is (RFC 9113 section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FrameType {
    /// Content.
    Data,
    /// Fields, compressed.
    Headers,
    /// Deprecated advice.
    Priority,
    /// The end of a stream, before its time.
    RstStream,
    /// What the sender can take.
    Settings,
    /// A request that the server answers without having been asked.
    PushPromise,
    /// "Are you there?", or the answer.
    Ping,
    /// The sender will take no more streams.
    GoAway,
    /// How much more may be sent.
    WindowUpdate,
    /// More compressed fields.
    Continuation,
    /// None that RFC 9113 knows.
    Other(u8),
}

impl FrameType {
    /// The kind with this number.
    pub fn from_byte(byte: u8) -> FrameType {
        match byte {
            0 => FrameType::Data,
            1 => FrameType::Headers,
            2 => FrameType::Priority,
            3 => FrameType::RstStream,
            4 => FrameType::Settings,
            5 => FrameType::PushPromise,
            6 => FrameType::Ping,
            7 => FrameType::GoAway,
            8 => FrameType::WindowUpdate,
            9 => FrameType::Continuation,
            other => FrameType::Other(other),
        }
    }

    /// Its name, as RFC 9113 writes it; "unknown" where it is none of those.
    pub fn name(self) -> &'static str {
        match self {
            FrameType::Data => "DATA",
            FrameType::Headers => "HEADERS",
            FrameType::Priority => "PRIORITY",
            FrameType::RstStream => "RST_STREAM",
            FrameType::Settings => "SETTINGS",
            FrameType::PushPromise => "PUSH_PROMISE",
            FrameType::Ping => "PING",
            FrameType::GoAway => "GOAWAY",
            FrameType::WindowUpdate => "WINDOW_UPDATE",
            FrameType::Continuation => "CONTINUATION",
            FrameType::Other(_) => "unknown",
        }
    }
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The client, which begins with the preface.
    Client,
    /// The server, which begins with a SETTINGS frame.
    Server,
}

/// Why an HTTP/2 stream could not be decoded further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum Error {
    /// The client's first bytes are others.
    #[error("expected the HTTP/2 preface, found byte 0x{found:02x} at its offset {offset} (RFC 9113 section 3.4)")]
    Preface {
        /// Which byte of the preface differs.
        offset: u8,
        /// The byte in its place.
        found: u8,
    },
    /// The first frame is another.
    #[error("expected a SETTINGS frame first, found a frame of type {found} (RFC 9113 section 3.4)")]
    FirstFrame {
        /// Its type.
        found: u8,
    },
}

/// Decodes one side's frames.
#[derive(Clone, Debug)]
pub struct Decoder {
    /// How many bytes of the preface were seen; 24 when it is complete.
    preface: u8,
    header: Split<9>,
    /// How much of the payload under way is to come.
    left: Option<u32>,
    begun: bool,
    failed: Option<Error>,
}

impl Decoder {
    /// A decoder at the beginning of what this side says.
    pub fn new(side: Side) -> Self {
        let preface = match side {
            Side::Client => 0,
            Side::Server => PREFACE.len() as u8,
        };
        Decoder { preface, header: Split::new(), left: None, begun: false, failed: None }
    }

    /// A decoder at the beginning of any frame of this side: for a client, at the preface.
    pub(crate) fn within(side: Side) -> Self {
        Decoder { begun: true, ..Decoder::new(side) }
    }

    /// Decodes the next bytes. After an error, every further step gives that error.
    pub fn step(&mut self, input: &[u8]) -> Result<Step<Mark, Event>, Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let expected = PREFACE.get(usize::from(self.preface)..).unwrap_or_default();
        if !expected.is_empty() {
            let same = expected.iter().zip(input).take_while(|(expected, found)| expected == found).count();
            self.preface += same as u8;
            if let (0, Some(&found)) = (same, input.first()) {
                let error = Error::Preface { offset: self.preface, found };
                self.failed = Some(error);
                return Err(error);
            }
            return Ok(Step::bytes(same, Mark::Preface));
        }
        let Some(left) = self.left else { return self.frame_header(input) };
        let taken = part(left.into(), input);
        let left = left - taken as u32;
        if left > 0 {
            self.left = Some(left);
            return Ok(Step::bytes(taken, Mark::Payload));
        }
        self.left = None;
        Ok(Step::event(taken, Mark::Payload, Event::FrameEnd))
    }

    /// Whether the stream is between two frames.
    pub fn is_idle(&self) -> bool {
        self.left.is_none() && self.header.is_empty() && self.failed.is_none()
    }

    /// Steps over bytes that are missing from the capture: true where they are all payload of the frame under way, else
    /// the decoder is out of step.
    pub fn skip(&mut self, count: u64) -> bool {
        match &mut self.left {
            _ if count == 0 => true,
            Some(left) if count <= u64::from(*left) => {
                *left -= count as u32;
                true
            }
            _ => false,
        }
    }

    fn frame_header(&mut self, input: &[u8]) -> Result<Step<Mark, Event>, Error> {
        let (taken, header) = self.header.fill(input);
        let Some([high, middle, low, kind, flags, stream @ ..]) = header else {
            return Ok(Step::bytes(taken, Mark::FrameHeader));
        };
        if !self.begun && kind != SETTINGS {
            let error = Error::FirstFrame { found: kind };
            self.failed = Some(error);
            return Err(error);
        }
        self.begun = true;
        let len = u32::from_be_bytes([0, high, middle, low]);
        self.left = Some(len);
        let stream = u32::from_be_bytes(stream) & 0x7FFF_FFFF;
        Ok(Step::event(taken, Mark::FrameHeader, Event::Frame { kind: FrameType::from_byte(kind), flags, stream, len }))
    }
}

/// Could these first bytes of a client begin an HTTP/2 connection?
pub fn sniff(bytes: &[u8]) -> Sniff {
    match PREFACE.iter().zip(bytes).all(|(expected, found)| expected == found) {
        false => Sniff::No,
        true if bytes.len() < PREFACE.len() => Sniff::NotYet,
        true => Sniff::Yes,
    }
}

/// What a client begins with (RFC 9113 section 3.4).
pub const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const SETTINGS: u8 = 4;
