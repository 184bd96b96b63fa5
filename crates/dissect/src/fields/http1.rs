//! Heads, chunks and bodies.

use std::ops::Range;

use memchr::memchr;

use crate::fields::{Field, count, shown, text};
use crate::http1::{Content, Error, Event, Mark, ReplyTo, RequestDecoder, ResponseDecoder};
use crate::sse;
use crate::stream::{Step, after, first};

pub(super) fn request(payload: &[u8]) -> (Vec<Field>, usize) {
    let mut decoder = RequestDecoder::new();
    walk(payload, |input| told(decoder.step(input)))
}

pub(super) fn response(payload: &[u8]) -> (Vec<Field>, usize) {
    let mut decoder = ResponseDecoder::new();
    walk(payload, |input| told(decoder.step(input, ReplyTo::Other)))
}

pub(super) fn chunks(payload: &[u8], events: bool) -> (Vec<Field>, usize) {
    let mut decoder = ResponseDecoder::new();
    let head: &[u8] = if events {
        b"HTTP/1.1 200\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    } else {
        b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n"
    };
    // A head that a decoder can't but take: from here on it is where the payload begins.
    let ready = decoder.step(head, ReplyTo::Other).is_ok();
    let mut walk = Walk { content: if events { Content::EventStream } else { Content::None }, ..Walk::default() };
    if ready {
        walk.all(payload, |input| told(decoder.step(input, ReplyTo::Other)));
    }
    walk.finish(payload)
}

/// A step, as far as it matters here.
struct Told {
    consumed: usize,
    mark: Mark,
    /// A head was complete: what kind of content it announces.
    head: Option<Content>,
    /// Something happened: what follows is another part.
    ends: bool,
}

fn told(step: Result<Step<Mark, Event<'_>>, Error>) -> Result<Told, Error> {
    let Step { consumed, mark, event } = step?;
    let head = match event {
        Some(Event::Request(_)) => Some(Content::None),
        Some(Event::Response(head)) => Some(head.content),
        Some(Event::End) | None => None,
    };
    Ok(Told { consumed, mark, head, ends: event.is_some() })
}

fn walk(payload: &[u8], step: impl FnMut(&[u8]) -> Result<Told, Error>) -> (Vec<Field>, usize) {
    let mut walk = Walk::default();
    walk.all(payload, step);
    walk.finish(payload)
}

struct Walk {
    fields: Vec<Field>,
    end: usize,
    content: Content,
    events: sse::Decoder,
    error: Option<Error>,
}

impl Default for Walk {
    fn default() -> Self {
        Walk { fields: Vec::new(), end: 0, content: Content::None, events: sse::Decoder::new(), error: None }
    }
}

impl Walk {
    fn all(&mut self, payload: &[u8], mut step: impl FnMut(&[u8]) -> Result<Told, Error>) {
        loop {
            match step(after(payload, self.end)) {
                Ok(Told { consumed: 0, ends: false, .. }) => return,
                Ok(told) => self.part(payload, &told),
                Err(error) => {
                    self.error = Some(error);
                    return;
                }
            }
        }
    }

    fn part(&mut self, payload: &[u8], told: &Told) {
        let range = self.end..self.end + told.consumed;
        let bytes = payload.get(range.clone()).unwrap_or_default();
        self.end = range.end;
        if let Some(content) = told.head {
            self.content = content;
            self.events = sse::Decoder::new();
        }
        if bytes.is_empty() {
            return;
        }
        let field = match told.mark {
            Mark::Head if told.head.is_some() => head(bytes, range),
            Mark::Head if bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n')) => {
                Field::new("Empty lines", shown(bytes), range)
            }
            Mark::Head => head(bytes, range),
            Mark::ChunkSize => chunk_size(bytes, range),
            Mark::Body if self.content == Content::EventStream => {
                let parts = text::event_fields(&mut self.events, bytes, range.start);
                Field::new("Event stream", count(bytes.len() as u64), range).with(parts)
            }
            Mark::Body => Field::new("Content", shown(bytes), range).abbr("http.file_data"),
            Mark::ChunkEnd => Field::new("End of chunk", shown(bytes), range).abbr("http.chunk_boundary"),
            Mark::Trailer => {
                Field::new("Trailers", "", range.clone()).with(field_lines(bytes, range.start, "End of trailers"))
            }
        };
        self.fields.push(field);
    }

    fn finish(mut self, payload: &[u8]) -> (Vec<Field>, usize) {
        if let Some(error) = self.error {
            let rest = self.end..payload.len();
            self.fields.push(Field::new("Not decoded", error.to_string(), rest));
            self.end = payload.len();
        }
        (self.fields, self.end)
    }
}

/// A head, or as much of one as is here.
fn head(bytes: &[u8], range: Range<usize>) -> Field {
    let line_len = memchr(b'\n', bytes).map_or(bytes.len(), |end| end + 1);
    let line = first(bytes, line_len);
    let words = line.trim_ascii_end();
    let is_response = words.starts_with(b"HTTP/");
    let (name, parts) = if is_response {
        let version = ("Version", "http.response.version");
        ("Status line", [version, ("Status", "http.response.code"), ("Reason", "http.response.phrase")])
    } else {
        let version = ("Version", "http.request.version");
        ("Request line", [("Method", "http.request.method"), ("Target", "http.request.uri"), version])
    };
    let start = range.start;
    let mut start_line = Field::new(name, shown(words), start..start + line_len);
    let one = memchr(b' ', words).unwrap_or(words.len());
    let two = if is_response {
        memchr(b' ', after(words, one + 1)).map_or(words.len(), |two| one + 1 + two)
    } else {
        // The version; a line that is cut off before it has none.
        memchr::memrchr(b' ', words)
            .filter(|&space| space > one && after(words, space + 1).starts_with(b"HTTP/"))
            .unwrap_or(words.len())
    };
    let ends = [(0, one), (one + 1, two), (two + 1, words.len())];
    for ((name, abbr), (from, to)) in parts.into_iter().zip(ends) {
        if let Some(word) = words.get(from..to).filter(|word| !word.is_empty()) {
            start_line.parts.push(Field::new(name, shown(word), start + from..start + to).abbr(abbr));
        }
    }
    let mut parts = vec![start_line];
    parts.extend(field_lines(after(bytes, line_len), start + line_len, "End of head"));
    Field::new(if is_response { "Response head" } else { "Request head" }, count(bytes.len() as u64), range).with(parts)
}

/// Field lines and the empty line behind them: `start` is where they begin in the payload.
fn field_lines(bytes: &[u8], start: usize, end: &str) -> Vec<Field> {
    let mut fields = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let rest = after(bytes, at);
        let len = memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let line = first(rest, len);
        let words = line.trim_ascii_end();
        let range = start + at..start + at + len;
        let field = match memchr(b':', words) {
            _ if words.is_empty() => Field::new(end, shown(line), range),
            Some(colon) if !words.starts_with(b" ") && !words.starts_with(b"\t") => {
                let value = after(words, colon + 1).trim_ascii_start();
                let from = range.start;
                let value_at = from + words.len() - value.len();
                Field::new(shown(first(words, colon)), shown(value), range).with(vec![
                    Field::new("Name", shown(first(words, colon)), from..from + colon),
                    Field::new("Value", shown(value), value_at..value_at + value.len()),
                ])
            }
            _ => Field::new("Line", shown(words), range),
        };
        fields.push(field);
        at += len;
    }
    fields
}

fn chunk_size(bytes: &[u8], range: Range<usize>) -> Field {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let number = first(bytes, digits);
    let size = std::str::from_utf8(number).ok().and_then(|digits| u64::from_str_radix(digits, 16).ok());
    let value = match size {
        Some(0) => "0: the last one".to_owned(),
        Some(size) => format!("{} of data", count(size)),
        None => String::new(),
    };
    let words = bytes.trim_ascii_end();
    let start = range.start;
    let mut parts = Vec::new();
    if digits > 0 {
        parts.push(Field::new("Size, hexadecimal", shown(number), start..start + digits).abbr("http.chunk_size"));
    }
    if let Some(extension) = words.get(digits..).filter(|extension| !extension.is_empty()) {
        parts.push(Field::new("Extensions", shown(extension), start + digits..start + words.len()));
    }
    Field::new("Chunk size", value, range).with(parts)
}
