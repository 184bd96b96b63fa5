//! What does each byte of this payload, or of the headers before it, say, field by field?
//!
//! The decoders beside this module answer for millions of packets; this one explains one of them, for a reader who wants
//! to see every field with its place. It walks the payload with the same decoders, so both always agree.
//!
//! A payload is taken to begin where a unit of its protocol begins (a head, a chunk, a frame, a record): the caller knows
//! from its decoder where that is. What is behind the last whole unit is shown as far as it is here.

mod framed;
mod headers;
mod http1;
mod text;
mod websocket;

use std::fmt::Write;
use std::ops::Range;

use serde::Serialize;

pub use headers::{headers, segment};

use crate::stream::{after, first};
use crate::visible::visible;

/// A part of a payload or of a frame, with its meaning and its own parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// What it is called.
    pub name: String,
    /// Its name in Wireshark's display filters, such as `ip.ttl`; empty where it is not said.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub abbr: &'static str,
    /// What it says here.
    pub value: String,
    /// What the value means, where it does not speak for itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meaning: Option<String>,
    /// Which bytes of the payload, or of the frame, it is. A field that is a few bits of a byte has that byte's range.
    pub range: Range<usize>,
    /// Its parts, in their order.
    pub parts: Vec<Field>,
    /// Whether it is a bit that is not set and says nothing by that.
    #[serde(skip)]
    pub is_unset: bool,
}

impl Field {
    /// A field without parts.
    pub fn new(name: impl Into<String>, value: impl Into<String>, range: Range<usize>) -> Field {
        Field {
            name: name.into(),
            abbr: "",
            value: value.into(),
            meaning: None,
            range,
            parts: Vec::new(),
            is_unset: false,
        }
    }

    /// The field with this name in display filters.
    pub fn abbr(mut self, abbr: &'static str) -> Field {
        self.abbr = abbr;
        self
    }

    /// The field with what its value means.
    pub fn meaning(mut self, meaning: impl ToString) -> Field {
        self.meaning = Some(meaning.to_string());
        self
    }

    /// The field as a bit that is not set, with the words for it.
    pub fn unset(self, meaning: &str) -> Field {
        Field { is_unset: true, ..self.meaning(meaning) }
    }

    /// The first field of this filter name within it, itself included.
    pub fn find(&self, abbr: &str) -> Option<&Field> {
        if self.abbr == abbr { Some(self) } else { self.parts.iter().find_map(|part| part.find(abbr)) }
    }

    /// The field with these parts.
    pub fn with(mut self, parts: Vec<Field>) -> Field {
        self.parts = parts;
        self
    }

    /// The field with its range and those of its parts moved: by the offset of the payload in a frame, for example.
    pub fn moved(mut self, by: usize) -> Field {
        self.range = self.range.start + by..self.range.end + by;
        self.parts = self.parts.into_iter().map(|part| part.moved(by)).collect();
        self
    }

    /// Writes the field and its parts as an indented tree, a line each: range, name, value.
    pub fn write_tree(&self, out: &mut String) {
        self.write_level(0, out);
    }

    fn write_level(&self, level: usize, out: &mut String) {
        let Range { start, end } = self.range;
        // Writing to a String can't fail.
        let _ = write!(out, "{:indent$}{start}..{end} {}", "", visible(&self.name), indent = level * 2);
        if !self.value.is_empty() {
            let _ = write!(out, ": {}", visible(&self.value));
        }
        if let Some(meaning) = &self.meaning {
            let _ = write!(out, " ({})", visible(meaning));
        }
        out.push('\n');
        for part in &self.parts {
            part.write_level(level + 1, out);
        }
    }
}

/// What a payload begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PayloadKind {
    /// The head of an HTTP/1 request.
    HttpRequest,
    /// The head of an HTTP/1 response.
    HttpResponse,
    /// A chunk's size line; the chunks carry an event stream or something else.
    Chunks {
        /// Whether the content is an event stream.
        events: bool,
    },
    /// A line of an event stream.
    EventStream,
    /// A WebSocket frame.
    WebSocket,
    /// A line of text.
    Lines,
    /// A TLS record.
    Tls,
    /// An HTTP/2 frame, or the preface.
    Http2,
    /// Bytes in the middle of something.
    Data,
}

/// The fields of a payload: their ranges follow one another and together are all of it.
pub fn of(kind: PayloadKind, payload: &[u8]) -> Vec<Field> {
    let (mut fields, end) = match kind {
        PayloadKind::HttpRequest => http1::request(payload),
        PayloadKind::HttpResponse => http1::response(payload),
        PayloadKind::Chunks { events } => http1::chunks(payload, events),
        PayloadKind::EventStream => text::events(payload),
        PayloadKind::WebSocket => websocket::frames(payload),
        PayloadKind::Lines => text::lines(payload),
        PayloadKind::Tls => framed::tls(payload),
        PayloadKind::Http2 => framed::http2(payload),
        PayloadKind::Data => (Vec::new(), 0),
    };
    if end < payload.len() {
        fields.push(Field::new("Data", shown(after(payload, end)), end..payload.len()));
    }
    fields
}

/// Bytes for people: printable ASCII as it is, the rest as escapes; long ones cut.
fn shown(bytes: &[u8]) -> String {
    let mut text = first(bytes, MAX_SHOWN).escape_ascii().to_string();
    if bytes.len() > MAX_SHOWN {
        let _ = write!(text, "… ({})", count(bytes.len() as u64));
    }
    text
}

/// "1 byte", "2 bytes".
fn count(bytes: u64) -> String {
    if bytes == 1 { "1 byte".to_owned() } else { format!("{bytes} bytes") }
}

/// How many bytes of a value are shown.
const MAX_SHOWN: usize = 120;
