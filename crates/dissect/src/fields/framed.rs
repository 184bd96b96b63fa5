//! TLS records and HTTP/2 frames.

use crate::fields::{Field, count, shown};
use crate::stream::after;
use crate::{http2 as h2, tls as records};

pub(super) fn tls(payload: &[u8]) -> (Vec<Field>, usize) {
    let mut decoder = records::Decoder::new();
    let mut fields: Vec<Field> = Vec::new();
    let mut at = 0;
    while let Ok(step) = decoder.step(after(payload, at)) {
        if step.consumed == 0 && step.event.is_none() {
            break;
        }
        let range = at..at + step.consumed;
        let start = at;
        at = range.end;
        match (step.mark, step.event) {
            (_, Some(records::Event::Record { content_type, version, len })) => {
                fields.push(
                    Field::new("TLS record", format!("{}, {}", content_type.name(), count(len.into())), range).with(
                        vec![
                            Field::new("Content type", content_type.name(), start..start + 1)
                                .abbr("tls.record.content_type"),
                            Field::new("Version", format!("0x{version:04x}"), start + 1..start + 3)
                                .abbr("tls.record.version"),
                            Field::new("Length", len.to_string(), start + 3..start + 5).abbr("tls.record.length"),
                        ],
                    ),
                );
            }
            (records::Mark::Record, event) => {
                let Some(record) = fields.last_mut() else { break };
                record.range.end = range.end;
                record.parts.push(Field::new("Record", count(range.len() as u64), range.clone()));
                if let Some(records::Event::RecordEnd { hello: Some(hello) }) = event {
                    let said = [("Server name", hello.server_name), ("First protocol", hello.first_protocol)];
                    let said = said.into_iter().filter_map(|(name, value)| Some((name, value?)));
                    record
                        .parts
                        .extend(said.map(|(name, value)| Field::new(name, shown(value.as_bytes()), range.clone())));
                }
            }
            (records::Mark::RecordHeader, _) => fields.push(Field::new("TLS record header", "cut off", range)),
        }
    }
    (fields, at)
}

pub(super) fn http2(payload: &[u8]) -> (Vec<Field>, usize) {
    let side = if payload.starts_with(b"PRI ") { h2::Side::Client } else { h2::Side::Server };
    let mut decoder = h2::Decoder::within(side);
    let mut fields: Vec<Field> = Vec::new();
    let mut at = 0;
    while let Ok(step) = decoder.step(after(payload, at)) {
        if step.consumed == 0 && step.event.is_none() {
            break;
        }
        let range = at..at + step.consumed;
        let start = at;
        at = range.end;
        match (step.mark, step.event) {
            (h2::Mark::Preface, _) => {
                fields.push(Field::new("Preface", "HTTP/2 with prior knowledge", range).abbr("http2.magic"))
            }
            (_, Some(h2::Event::Frame { kind, flags, stream, len })) => {
                let value = format!("{}, stream {stream}, {}", kind.name(), count(len.into()));
                fields.push(Field::new("HTTP/2 frame", value, range).with(vec![
                    Field::new("Length", len.to_string(), start..start + 3).abbr("http2.length"),
                    Field::new("Type", kind.name(), start + 3..start + 4).abbr("http2.type"),
                    Field::new("Flags", format!("0x{flags:02x}"), start + 4..start + 5).abbr("http2.flags"),
                    Field::new("Stream", stream.to_string(), start + 5..start + 9).abbr("http2.streamid"),
                ]));
            }
            (h2::Mark::Payload, _) if range.is_empty() => {}
            (h2::Mark::Payload, _) => {
                let Some(frame) = fields.last_mut() else { break };
                frame.range.end = range.end;
                frame.parts.push(Field::new("Payload", count(range.len() as u64), range));
            }
            (h2::Mark::FrameHeader, _) => fields.push(Field::new("HTTP/2 frame header", "cut off", range)),
        }
    }
    (fields, at)
}
