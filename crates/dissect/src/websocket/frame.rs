//! The header of a frame (RFC 6455 section 5.2).

use crate::websocket::Error;

/// The header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FrameHeader {
    /// Whether this is the last frame of its message.
    pub fin: bool,
    /// The first reserved bit: with permessage-deflate, "this message is compressed".
    pub rsv1: bool,
    /// The second reserved bit.
    pub rsv2: bool,
    /// The third reserved bit.
    pub rsv3: bool,
    /// What kind of frame it is.
    pub opcode: Opcode,
    /// The masking key, where the payload is masked: clients must, servers must not.
    pub mask: Option<[u8; 4]>,
    /// How long the payload is.
    pub len: u64,
    /// How long the header is, masking key included: 2 to 14 bytes.
    pub header_len: u8,
}

/// What kind of frame it is (RFC 6455 section 11.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Opcode {
    /// A further part of a message.
    Continuation,
    /// A text message, or its first part.
    Text,
    /// A binary message, or its first part.
    Binary,
    /// The sender will send no more.
    Close,
    /// "Are you there?"
    Ping,
    /// "I am."
    Pong,
    /// None that the standard knows: 3 to 7 and 11 to 15.
    Reserved(u8),
}

impl Opcode {
    /// The opcode with this number: the low four bits count.
    pub fn from_bits(bits: u8) -> Opcode {
        match bits & 0x0F {
            0 => Opcode::Continuation,
            1 => Opcode::Text,
            2 => Opcode::Binary,
            8 => Opcode::Close,
            9 => Opcode::Ping,
            10 => Opcode::Pong,
            other => Opcode::Reserved(other),
        }
    }

    /// Its number.
    pub fn bits(self) -> u8 {
        match self {
            Opcode::Continuation => 0,
            Opcode::Text => 1,
            Opcode::Binary => 2,
            Opcode::Close => 8,
            Opcode::Ping => 9,
            Opcode::Pong => 10,
            Opcode::Reserved(bits) => bits & 0x0F,
        }
    }

    /// Whether it is a control frame: these may come between the frames of a message.
    pub fn is_control(self) -> bool {
        self.bits() & 0x08 != 0
    }

    /// Its name: "text", "binary", "close", "ping", "pong", "continuation", "reserved".
    pub fn name(self) -> &'static str {
        match self {
            Opcode::Continuation => "continuation",
            Opcode::Text => "text",
            Opcode::Binary => "binary",
            Opcode::Close => "close",
            Opcode::Ping => "ping",
            Opcode::Pong => "pong",
            Opcode::Reserved(_) => "reserved",
        }
    }
}

impl FrameHeader {
    /// The header at the start of these bytes; `None` where they are too few.
    #[inline]
    pub fn read(bytes: &[u8]) -> Result<Option<FrameHeader>, Error> {
        let [first, second, rest @ ..] = bytes else { return Ok(None) };
        let (len, rest, length_bytes) = match second & 0x7F {
            126 => match rest.split_first_chunk::<2>() {
                Some((len, rest)) => (u64::from(u16::from_be_bytes(*len)), rest, 2),
                None => return Ok(None),
            },
            127 => match rest.split_first_chunk::<8>() {
                Some((len, rest)) => (u64::from_be_bytes(*len), rest, 8),
                None => return Ok(None),
            },
            len => (u64::from(len), rest, 0),
        };
        if len >> 63 != 0 {
            return Err(Error::LengthTooLarge { found: len });
        }
        let masked = second & 0x80 != 0;
        let mask = match (masked, rest.first_chunk::<4>()) {
            (false, _) => None,
            (true, Some(key)) => Some(*key),
            (true, None) => return Ok(None),
        };
        Ok(Some(FrameHeader {
            fin: first & 0x80 != 0,
            rsv1: first & 0x40 != 0,
            rsv2: first & 0x20 != 0,
            rsv3: first & 0x10 != 0,
            opcode: Opcode::from_bits(*first),
            mask,
            len,
            header_len: 2 + length_bytes + if masked { 4 } else { 0 },
        }))
    }

    /// Payload as it was meant, where these bytes of it are `position` bytes into it (RFC 6455 section 5.3).
    pub fn unmasked(self, position: u64, bytes: &[u8]) -> impl Iterator<Item = u8> {
        let mut key = self.mask.unwrap_or_default();
        key.rotate_left((position % 4) as usize);
        bytes.iter().enumerate().map(move |(at, byte)| byte ^ key[at % 4])
    }

    /// Whether the length is written with as few bytes as it can be, as it must (RFC 6455 section 5.2).
    pub fn has_minimal_length(self) -> bool {
        let length_bytes = match self.len {
            0..126 => 0,
            126..65536 => 2,
            _ => 8,
        };
        self.header_len == 2 + length_bytes + if self.mask.is_some() { 4 } else { 0 }
    }

    /// The longest header: two bytes, a 64-bit length, a masking key.
    pub const MAX_LEN: usize = 14;
}
