//! What did the server say over the WebSocket, and how is an answer framed? (RFC 6455, sections 5 and 7.)
//!
//! The frames are tungstenite's; its connection is not used, for it draws masks from the system's randomness, and a run
//! must follow from its seed. So this module adds what lies between frames and messages on a client's side: masking
//! with a mask given, joining of fragments, and the rules that a server's frames must keep.

use std::io::Cursor;

use bytes::{Buf, Bytes, BytesMut};
use tokio_tungstenite::tungstenite::{
    Error,
    protocol::frame::{
        CloseFrame, Frame, FrameHeader, Utf8Bytes,
        coding::{CloseCode, Control, Data, OpCode},
    },
};

use crate::excerpt::excerpt;

/// A message or control frame from the server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received {
    Text(String),
    Binary(Bytes),
    Ping(Bytes),
    Pong,
    Close { code: Option<u16>, reason: String },
}

/// Which rule a frame breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each says itself what it is")]
pub enum FrameError {
    #[error("opcode {0:#x} is reserved (section 5.2)")]
    Opcode(u8),
    #[error("a reserved bit is set though no extension was agreed on (section 5.2)")]
    ReservedBit,
    #[error("the length {0} is not written in the least number of bytes (section 5.2)")]
    LengthForm(u64),
    #[error("a server's frames must not be masked (section 5.1)")]
    Masked,
    #[error("a control frame must be whole and no longer than 125 bytes, this one has {0} (section 5.5)")]
    Control(u64),
    #[error("a continuation frame, and nothing to continue (section 5.4)")]
    NothingToContinue,
    #[error("a new message before the one in fragments was complete (section 5.4)")]
    Interleaved,
    #[error("a message of more than {MESSAGE_LIMIT} bytes, which is more than this client takes")]
    TooLong,
    #[error("text that is not UTF-8: {0} (section 5.6)")]
    NotUtf8(String),
    #[error("a close frame with {0} (section 5.5.1)")]
    Close(&'static str),
    #[error("{0}")]
    Unreadable(String),
}

/// A text message in one frame, as the client sends it.
pub(crate) fn text(message: &str, mask: [u8; 4]) -> Vec<u8> {
    masked(Frame::message(Bytes::copy_from_slice(message.as_bytes()), OpCode::Data(Data::Text), true), mask)
}

/// The answer to a ping: its own payload (section 5.5.3).
pub(crate) fn pong(payload: Bytes, mask: [u8; 4]) -> Vec<u8> {
    masked(Frame::pong(payload), mask)
}

/// A close frame: with 1001, "going away", as a closed tab sends it.
pub(crate) fn close(code: Option<u16>, mask: [u8; 4]) -> Vec<u8> {
    let close = code.map(|code| CloseFrame { code: CloseCode::from(code), reason: Utf8Bytes::default() });
    masked(Frame::close(close), mask)
}

fn masked(mut frame: Frame, mask: [u8; 4]) -> Vec<u8> {
    frame.header_mut().mask = Some(mask);
    let mut bytes = Vec::with_capacity(frame.len());
    frame.format(&mut bytes).expect("a vector takes every write");
    bytes
}

/// Reads the server's frames and joins fragments.
#[derive(Default)]
pub(crate) struct MessageReader {
    /// The message begun by an unfinished frame.
    begun: Option<(Data, BytesMut)>,
}

impl MessageReader {
    /// The next message or control frame, taken off the front of `input`; `None` when more bytes are needed for it.
    pub(crate) fn next(&mut self, input: &mut BytesMut) -> Result<Option<Received>, FrameError> {
        while let Some((header, payload)) = take_frame(input)? {
            let received = match header.opcode {
                OpCode::Control(Control::Ping) => Received::Ping(payload),
                OpCode::Control(Control::Pong) => Received::Pong,
                OpCode::Control(_) => close_of(&payload)?,
                OpCode::Data(kind) => match self.join(kind, header.is_final, payload)? {
                    Some(message) => message,
                    None => continue,
                },
            };
            return Ok(Some(received));
        }
        Ok(None)
    }

    fn join(&mut self, kind: Data, is_final: bool, payload: Bytes) -> Result<Option<Received>, FrameError> {
        let (kind, mut message) = match (kind, self.begun.take()) {
            (Data::Continue, Some(begun)) => begun,
            (Data::Continue, None) => return Err(FrameError::NothingToContinue),
            (_, Some(_)) => return Err(FrameError::Interleaved),
            (kind, None) => (kind, BytesMut::new()),
        };
        if message.len() + payload.len() > MESSAGE_LIMIT {
            return Err(FrameError::TooLong);
        }
        message.extend_from_slice(&payload);
        if !is_final {
            self.begun = Some((kind, message));
            return Ok(None);
        }
        match kind {
            Data::Text => Ok(Some(Received::Text(utf8(&message)?))),
            _ => Ok(Some(Received::Binary(message.freeze()))),
        }
    }
}

/// One frame, judged by all that its header can break, before its payload is waited for.
fn take_frame(input: &mut BytesMut) -> Result<Option<(FrameHeader, Bytes)>, FrameError> {
    let mut cursor = Cursor::new(&**input);
    let (header, length) = match FrameHeader::parse(&mut cursor) {
        Ok(Some(parsed)) => parsed,
        Ok(None) => return Ok(None),
        Err(Error::Protocol(_)) => return Err(FrameError::Opcode(input.first().map_or(0, |byte| byte & 0xf))),
        Err(error) => return Err(FrameError::Unreadable(error.to_string())),
    };
    let head = header.len(length);
    if header.rsv1 || header.rsv2 || header.rsv3 {
        return Err(FrameError::ReservedBit);
    }
    if header.mask.is_some() {
        return Err(FrameError::Masked);
    }
    if cursor.position() != head as u64 {
        return Err(FrameError::LengthForm(length));
    }
    if matches!(header.opcode, OpCode::Control(_)) && (!header.is_final || length > 125) {
        return Err(FrameError::Control(length));
    }
    let length = usize::try_from(length).ok().filter(|&length| length <= MESSAGE_LIMIT).ok_or(FrameError::TooLong)?;
    if input.len() < head + length {
        return Ok(None);
    }
    input.advance(head);
    Ok(Some((header, input.split_to(length).freeze())))
}

/// Section 5.5.1: nothing, or a code and a reason in UTF-8; and section 7.4: only codes that may be sent.
fn close_of(payload: &[u8]) -> Result<Received, FrameError> {
    let Some((code, reason)) = payload.split_first_chunk::<2>() else {
        return match payload {
            [] => Ok(Received::Close { code: None, reason: String::new() }),
            _ => Err(FrameError::Close("a payload of 1 byte")),
        };
    };
    let code = u16::from_be_bytes(*code);
    if !CloseCode::from(code).is_allowed() {
        return Err(FrameError::Close("a code that must not be sent"));
    }
    Ok(Received::Close { code: Some(code), reason: utf8(reason)? })
}

fn utf8(bytes: &[u8]) -> Result<String, FrameError> {
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| FrameError::NotUtf8(excerpt(bytes)))
}

/// Far more than a time needs.
const MESSAGE_LIMIT: usize = 64 * 1024;

#[cfg(test)]
mod tests;
