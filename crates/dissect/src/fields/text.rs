//! Event streams, and lines.

use memchr::memchr;

use crate::fields::{Field, count, shown};
use crate::sse::{Decoder, Event, Mark};
use crate::stream::after;

pub(super) fn events(payload: &[u8]) -> (Vec<Field>, usize) {
    (event_fields(&mut Decoder::new(), payload, 0), payload.len())
}

/// The lines of a part of an event stream that begins at `start`; what they dispatch is said where it is dispatched.
pub(super) fn event_fields(decoder: &mut Decoder, bytes: &[u8], start: usize) -> Vec<Field> {
    let mut lines = Vec::new();
    let mut line: Option<Field> = None;
    let mut at = 0;
    loop {
        let step = decoder.step(after(bytes, at));
        if step.consumed == 0 && step.event.is_none() {
            break;
        }
        let part = bytes.get(at..at + step.consumed).unwrap_or_default();
        let range = start + at..start + at + part.len();
        at += part.len();
        let value = match step.event {
            Some(Event::Message { event_type, data_len, .. }) => {
                format!("dispatches {event_type}, {}", count(data_len))
            }
            Some(Event::Block) => "dispatches nothing".to_owned(),
            Some(Event::Retry(time)) => format!("reconnect after {time} ms"),
            Some(Event::Comment) | None => shown(part),
        };
        let name = match step.mark {
            Mark::Bom => "Byte order mark",
            Mark::FieldName => "Name",
            Mark::Value | Mark::Setting => "Value",
            Mark::LineEnd => "Line end",
            Mark::Comment => "Comment",
            Mark::Ignored => "Ignored",
        };
        let field = Field::new(name, value, range.clone());
        if step.mark == Mark::LineEnd && part == b"\n" && step.event.is_none() && line.is_none() {
            // The LF of a CRLF whose CR ended the line: the first one of a stream comes in two steps.
            if let Some(last) = lines.last_mut() {
                extend(last, &field);
                continue;
            }
        }
        if step.mark == Mark::LineEnd {
            match &mut line {
                Some(line) => {
                    line.range.end = range.end;
                    line.parts.push(field);
                }
                None => lines.push(Field { name: "Empty line".to_owned(), ..field }),
            }
            lines.extend(line.take());
        } else {
            let line = line.get_or_insert_with(|| Field::new("Line", "", range.clone()));
            line.range.end = range.end;
            line.value.push_str(&shown(part));
            line.parts.push(field);
        }
    }
    lines.extend(line);
    lines
}

/// Makes a line, and the line end that is its last part, longer by this field.
fn extend(line: &mut Field, field: &Field) {
    line.range.end = field.range.end;
    if let Some(end) = line.parts.last_mut() {
        end.range.end = field.range.end;
        end.value.push_str(&field.value);
    }
}

pub(super) fn lines(payload: &[u8]) -> (Vec<Field>, usize) {
    let mut fields = Vec::new();
    let mut at = 0;
    while let Some(end) = memchr(b'\n', after(payload, at)) {
        let range = at..at + end + 1;
        let line = payload.get(range.clone()).unwrap_or_default();
        let words = line.strip_suffix(b"\r\n").or(line.strip_suffix(b"\n")).unwrap_or(line);
        let words_end = at + words.len();
        fields.push(Field::new("Line", shown(words), range.clone()).with(vec![
            Field::new("Text", shown(words), at..words_end),
            Field::new("Line end", shown(after(line, words.len())), words_end..range.end),
        ]));
        at = range.end;
    }
    (fields, at)
}
