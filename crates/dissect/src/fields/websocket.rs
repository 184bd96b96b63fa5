//! Frames, bit by bit (RFC 6455 section 5.2), and how a payload is unmasked (section 5.3).

use std::ops::Range;

use crate::fields::{Field, count, shown};
use crate::stream::{after, first, part};
use crate::websocket::{FrameHeader, Opcode};

pub(super) fn frames(payload: &[u8]) -> (Vec<Field>, usize) {
    let mut fields = Vec::new();
    let mut at = 0;
    while let Ok(Some(header)) = FrameHeader::read(after(payload, at)) {
        let header_end = at + usize::from(header.header_len);
        let body = after(payload, header_end);
        let body = first(body, part(header.len, body));
        let end = header_end + body.len();
        let mut parts = header_fields(&header, at);
        if header.len > 0 {
            parts.push(payload_field(&header, body, header_end..end));
        }
        let value = format!("{}, {} of payload", header.opcode.name(), count(header.len));
        fields.push(Field::new("WebSocket frame", value, at..end).abbr("websocket").with(parts));
        at = end;
    }
    // Too few bytes for a header: the rest of it is in the next packet.
    if at < payload.len() && matches!(FrameHeader::read(after(payload, at)), Ok(None)) {
        let value = "the beginning of its header";
        fields.push(Field::new("WebSocket frame", value, at..payload.len()).abbr("websocket"));
        at = payload.len();
    }
    (fields, at)
}

fn header_fields(header: &FrameHeader, at: usize) -> Vec<Field> {
    let fin = if header.fin { "the last frame of its message" } else { "more frames of this message follow" };
    let reserved = |name: &str, set: bool, means: &str| {
        let field = Field::new(name, u8::from(set).to_string(), at..at + 1).abbr("websocket.rsv");
        if set { field.meaning(means) } else { field.unset("not set") }
    };
    let mut fields = vec![
        Field::new("FIN", u8::from(header.fin).to_string(), at..at + 1).abbr("websocket.fin").meaning(fin),
        reserved("RSV1", header.rsv1, "compressed, where that was agreed on"),
        reserved("RSV2", header.rsv2, "reserved"),
        reserved("RSV3", header.rsv3, "reserved"),
        Field::new("Opcode", header.opcode.bits().to_string(), at..at + 1)
            .abbr("websocket.opcode")
            .meaning(header.opcode.name()),
    ];
    let masked = header.mask.is_some();
    let means = if masked { "the payload is masked" } else { "the payload is not masked" };
    fields.push(Field::new("Mask", u8::from(masked).to_string(), at + 1..at + 2).abbr("websocket.mask").meaning(means));
    let key_at = at + usize::from(header.header_len) - if masked { 4 } else { 0 };
    fields.push(Field::new("Payload length", header.len.to_string(), at + 1..key_at).abbr("websocket.payload_length"));
    if let Some([a, b, c, d]) = header.mask {
        fields.push(
            Field::new("Masking key", format!("{a:02x} {b:02x} {c:02x} {d:02x}"), key_at..key_at + 4)
                .abbr("websocket.masking_key"),
        );
    }
    fields
}

fn payload_field(header: &FrameHeader, bytes: &[u8], range: Range<usize>) -> Field {
    let plain: Vec<u8> = header.unmasked(0, bytes).collect();
    let mut parts = Vec::new();
    if let Some(key) = header.mask {
        let steps = bytes.iter().zip(&plain).zip(key.iter().cycle()).take(MAX_STEPS).enumerate();
        parts.extend(steps.map(|(index, ((wire, plain), key))| {
            let letter = plain.escape_ascii();
            let value = format!("{wire:02x} xor {key:02x} = {plain:02x} '{letter}'");
            Field::new(format!("Byte {index}"), value, range.start + index..range.start + index + 1)
        }));
    }
    if header.opcode == Opcode::Close
        && let Some((code, reason)) = plain.split_first_chunk::<2>()
    {
        let reason_at = range.start + 2;
        parts.push(
            Field::new("Close code", u16::from_be_bytes(*code).to_string(), range.start..reason_at)
                .abbr("websocket.payload.close.status_code"),
        );
        if !reason.is_empty() {
            parts
                .push(Field::new("Reason", shown(reason), reason_at..range.end).abbr("websocket.payload.close.reason"));
        }
    }
    Field::new("Payload", shown(&plain), range).abbr("websocket.payload").with(parts)
}

/// How many bytes are unmasked before a reader's eyes.
const MAX_STEPS: usize = 16;
