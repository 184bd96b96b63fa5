//! Which records are in this TLS stream (RFC 8446 section 5.1)?
//!
//! ```text
//! +--------------+---------------+----------+------------------------------+
//! | content type | version 03 0x |  length  |  that many bytes, encrypted  |
//! |   1 byte     |    2 bytes    |  2 bytes |  but for the first few       |
//! +--------------+---------------+----------+------------------------------+
//! ```
//!
//! What the records carry can't be seen; how many there are, of what kind and how long, can. The client's first record
//! says in plain text which server it looks for and which protocols it offers: [`Hello`].

mod hello;

use thiserror::Error;

use crate::stream::{Sniff, Split, Step, first, part};
pub use hello::Hello;

/// What a byte of a TLS stream is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// The five bytes before a record.
    RecordHeader,
    /// A record.
    Record,
}

/// What happened in a TLS stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// The header of a record is complete.
    Record {
        /// What the record carries, as far as its header tells.
        content_type: ContentType,
        /// The version in the header: 0x0301 to 0x0303 whatever version is spoken.
        version: u16,
        /// How long the record is.
        len: u16,
    },
    /// A record is complete.
    RecordEnd {
        /// What the client says in it, where it is the first record and a ClientHello.
        hello: Option<Hello<'a>>,
    },
}

/// What a record carries (RFC 8446 section 5.1). From TLS 1.3 on, everything that is encrypted calls itself
/// application data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ContentType {
    /// A message without meaning since TLS 1.3, or the change to encryption before it.
    ChangeCipherSpec,
    /// A warning or an error; also the end.
    Alert,
    /// A part of the handshake.
    Handshake,
    /// Application data, or anything that is encrypted.
    ApplicationData,
    /// A heartbeat (RFC 6520).
    Heartbeat,
}

impl ContentType {
    fn from_byte(byte: u8) -> Option<ContentType> {
        Some(match byte {
            20 => ContentType::ChangeCipherSpec,
            21 => ContentType::Alert,
            22 => ContentType::Handshake,
            23 => ContentType::ApplicationData,
            24 => ContentType::Heartbeat,
            _ => return None,
        })
    }

    /// Its name: "change cipher spec", "alert", "handshake", "application data", "heartbeat".
    pub fn name(self) -> &'static str {
        match self {
            ContentType::ChangeCipherSpec => "change cipher spec",
            ContentType::Alert => "alert",
            ContentType::Handshake => "handshake",
            ContentType::ApplicationData => "application data",
            ContentType::Heartbeat => "heartbeat",
        }
    }
}

/// Why a TLS stream could not be decoded further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum Error {
    /// Not a content type.
    #[error("expected a TLS content type, 20 to 24, found {found} (RFC 8446 section 5.1)")]
    ContentType {
        /// The byte in its place.
        found: u8,
    },
    /// Not a version.
    #[error("expected a TLS version, 0x0300 to 0x0304, found 0x{found:04x} (RFC 8446 section 5.1)")]
    Version {
        /// The two bytes in its place.
        found: u16,
    },
    /// Longer than a record may be.
    #[error("expected a TLS record of at most {MAX_RECORD} bytes, found {found} (RFC 5246 section 6.2.3)")]
    Length {
        /// The length that it says.
        found: u16,
    },
}

/// Decodes one side's records.
#[derive(Clone, Debug)]
pub struct Decoder {
    header: Split<5>,
    /// How much of the record under way is to come.
    left: Option<u16>,
    /// The record under way is the first one, and a handshake.
    first: bool,
    begun: bool,
    /// What came of the first record in earlier inputs.
    held: Vec<u8>,
    failed: Option<Error>,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// A decoder at the beginning of a record.
    pub fn new() -> Self {
        Decoder { header: Split::new(), left: None, first: false, begun: false, held: Vec::new(), failed: None }
    }

    /// Decodes the next bytes. After an error, every further step gives that error.
    pub fn step<'a>(&'a mut self, input: &'a [u8]) -> Result<Step<Mark, Event<'a>>, Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let Some(left) = self.left else { return self.record_header(input) };
        let taken = part(left.into(), input);
        let left = left - taken as u16;
        let bytes = first(input, taken);
        if left > 0 {
            if self.first {
                self.held.extend_from_slice(bytes);
            }
            self.left = Some(left);
            return Ok(Step::bytes(taken, Mark::Record));
        }
        self.left = None;
        let hello = if !std::mem::take(&mut self.first) {
            None
        } else if self.held.is_empty() {
            Hello::read(bytes)
        } else {
            self.held.extend_from_slice(bytes);
            Hello::read(&self.held)
        };
        Ok(Step::event(taken, Mark::Record, Event::RecordEnd { hello }))
    }

    /// Whether the stream is between two records.
    pub fn is_idle(&self) -> bool {
        self.left.is_none() && self.header.is_empty() && self.failed.is_none()
    }

    /// Steps over bytes that are missing from the capture: true where they are all of the record under way, else the
    /// decoder is out of step.
    pub fn skip(&mut self, count: u64) -> bool {
        match &mut self.left {
            _ if count == 0 => true,
            Some(left) if count <= u64::from(*left) => {
                *left -= count as u16;
                self.first = false;
                true
            }
            _ => false,
        }
    }

    fn record_header<'a>(&mut self, input: &[u8]) -> Result<Step<Mark, Event<'a>>, Error> {
        if !self.held.is_empty() {
            self.held = Vec::new();
        }
        let (taken, header) = self.header.fill(input);
        let Some([kind, major, minor, high, low]) = header else { return Ok(Step::bytes(taken, Mark::RecordHeader)) };
        let version = u16::from_be_bytes([major, minor]);
        let len = u16::from_be_bytes([high, low]);
        let result = match ContentType::from_byte(kind) {
            None => Err(Error::ContentType { found: kind }),
            Some(_) if !(0x0300..=0x0304).contains(&version) => Err(Error::Version { found: version }),
            Some(_) if len > MAX_RECORD => Err(Error::Length { found: len }),
            Some(content_type) => Ok(content_type),
        };
        let content_type = result.inspect_err(|error| self.failed = Some(*error))?;
        self.left = Some(len);
        self.first = !self.begun && content_type == ContentType::Handshake;
        self.begun = true;
        Ok(Step::event(taken, Mark::RecordHeader, Event::Record { content_type, version, len }))
    }
}

/// Could these first bytes of a stream begin a TLS handshake? Yes is said of a record header and the first byte of a
/// ClientHello or ServerHello.
pub fn sniff(bytes: &[u8]) -> Sniff {
    let expected: [fn(u8) -> bool; 6] = [
        |kind| kind == 22,
        |major| major == 3,
        |minor| minor <= 4,
        |high| u16::from(high) <= MAX_RECORD >> 8,
        |_| true,
        |message| matches!(message, 1 | 2),
    ];
    for (index, expected) in expected.iter().enumerate() {
        match bytes.get(index) {
            None => return Sniff::NotYet,
            Some(byte) if expected(*byte) => {}
            Some(_) => return Sniff::No,
        }
    }
    Sniff::Yes
}

/// The longest record: 2^14 bytes, and what encryption may add.
const MAX_RECORD: u16 = 16384 + 2048;
