//! Which events are in this event stream (WHATWG HTML section 9.2.6, "Interpreting an event stream")?
//!
//! ```text
//! : keep-alive LF              Comment, LineEnd        -> Comment
//! event: time LF               FieldName "event: ", Setting "time", LineEnd
//! data: 16:11:05 LF            FieldName "data: ", Value "16:11:05", LineEnd
//! LF                           LineEnd                 -> Message
//! ```
//!
//! Every stream of bytes is an event stream, so nothing here can fail.
//!
//! A line may end with LF, CR, or CRLF. Behind a lone CR nothing tells whether an LF will follow, and an event that
//! waited for it might wait for minutes. So the decoder goes by the line before: where that ended with CRLF (or
//! there was none), a line ends (and its event happens) with the LF; where it ended with CR, with the CR. That way an event happens after the
//! same byte, however the stream is cut.

use memchr::memchr2;

use crate::stream::{Step, after, first};

/// What a byte of an event stream is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// The byte order mark that a stream may begin with.
    Bom,
    /// A field's name, its colon, and one space behind that.
    FieldName,
    /// The value of a `data` field: content.
    Value,
    /// The value of an `event`, `id` or `retry` field.
    Setting,
    /// CR, LF or CRLF.
    LineEnd,
    /// A line that begins with a colon.
    Comment,
    /// The value of a field that the standard doesn't know, or what was left of a line behind a gap.
    Ignored,
}

/// What happened in an event stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// A blank line dispatched an event.
    Message {
        /// Its type: what its `event` field said, or "message".
        event_type: &'a str,
        /// The first bytes of its data, at most 512.
        data: &'a [u8],
        /// How long its data is: the values of its `data` fields and the LF between them.
        data_len: u64,
        /// The last event id, which stays in force until another is sent; `None` where it is empty.
        id: Option<&'a str>,
    },
    /// A comment line ended: often a keep-alive.
    Comment,
    /// A line set the reconnection time, in milliseconds.
    Retry(u64),
    /// A blank line that dispatches nothing.
    Block,
}

/// Decodes the body of a response of type `text/event-stream`.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    place: LinePlace,
    line_end: LineEnd,
    /// The name of the field under way, as far as known names are long.
    name: Name,
    /// The value of the field under way: the first bytes of it, where it is a setting.
    setting: Vec<u8>,
    /// How long that value is.
    setting_len: u64,
    /// The data buffer: its first bytes, and how long it is with the LF at its end.
    data: Vec<u8>,
    data_len: u64,
    event_type: String,
    id: String,
    /// The message was told of: its buffers are to be emptied.
    dispatched: bool,
    /// A part of the block under way is missing: it dispatches nothing.
    torn: bool,
}

/// Where in a line the stream is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum LinePlace {
    /// At the start of the stream, behind this many bytes of a byte order mark.
    Bom(u8),
    #[default]
    Start,
    LineStart,
    Name,
    /// Behind the colon: one space more is left out.
    Colon,
    Value(Field),
    Comment,
    /// Behind a gap: everything to the line end means nothing.
    Torn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Data,
    Event,
    Id,
    Retry,
    Unknown,
}

/// What a line end did: an event, before it is put in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    Message,
    Comment,
    Retry(u64),
    Block,
}

/// How the last line ended, and whether the line under way ended with a CR that may have an LF behind it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum LineEnd {
    /// With LF.
    Lf,
    /// With CR, and its event was told: an LF behind it belongs to it.
    Cr,
    /// With CR and LF; or there was none yet.
    #[default]
    CrLf,
    /// Before that with CRLF, now with CR: the line ends with the LF that should follow.
    CrThen,
}

/// A field name: the longest known one has five letters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Name {
    bytes: [u8; 5],
    len: u8,
}

impl Decoder {
    /// A decoder at the beginning of an event stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Decodes the next bytes.
    pub fn step<'a>(&'a mut self, input: &'a [u8]) -> Step<Mark, Event<'a>> {
        if self.dispatched {
            self.forget_message();
        }
        let Some(&byte) = input.first() else { return Step::bytes(0, Mark::Ignored) };
        if self.line_end == LineEnd::CrThen {
            // The line ended with the CR; only now is it clear whether an LF belongs to it.
            let taken = usize::from(byte == b'\n');
            self.line_end = if taken == 1 { LineEnd::CrLf } else { LineEnd::Lf };
            let done = self.end_line();
            if taken == 1 || done.is_some() {
                return Step { consumed: taken, mark: Mark::LineEnd, event: done.map(|done| self.event(done)) };
            }
        }
        if self.line_end == LineEnd::Cr {
            self.line_end = LineEnd::Lf;
            if byte == b'\n' {
                self.line_end = LineEnd::CrLf;
                return Step::bytes(1, Mark::LineEnd);
            }
        }
        if matches!(self.place, LinePlace::Start | LinePlace::Bom(_))
            && let Some(step) = self.bom(byte)
        {
            return step;
        }
        if matches!(byte, b'\r' | b'\n') {
            return self.line_end(input);
        }
        match self.place {
            LinePlace::Start | LinePlace::Bom(_) | LinePlace::LineStart if byte == b':' => {
                self.place = LinePlace::Comment;
                Step::bytes(line_len(input), Mark::Comment)
            }
            LinePlace::Start | LinePlace::Bom(_) | LinePlace::LineStart | LinePlace::Name => self.name(input),
            LinePlace::Colon => {
                let field = self.name.field();
                self.place = LinePlace::Value(field);
                if byte == b' ' { Step::bytes(1, Mark::FieldName) } else { self.value(field, input) }
            }
            LinePlace::Value(field) => self.value(field, input),
            LinePlace::Comment => Step::bytes(line_len(input), Mark::Comment),
            LinePlace::Torn => Step::bytes(line_len(input), Mark::Ignored),
        }
    }

    /// The stream has ended: what a last CR that was still waiting for its LF ended.
    pub fn finish(&mut self) -> Option<Event<'_>> {
        if self.dispatched {
            self.forget_message();
        }
        if self.line_end != LineEnd::CrThen {
            return None;
        }
        self.line_end = LineEnd::Lf;
        self.end_line().map(|done| self.event(done))
    }

    /// Bytes are missing from the capture here: what is left of the line means nothing, and the block under way
    /// dispatches nothing.
    pub fn gap(&mut self) {
        if self.dispatched {
            self.forget_message();
        }
        self.forget_message();
        self.name = Name::default();
        self.line_end = LineEnd::default();
        self.place = LinePlace::Torn;
        self.torn = true;
    }

    /// The byte order mark: `None` where the stream doesn't begin with one.
    fn bom<'a>(&mut self, byte: u8) -> Option<Step<Mark, Event<'a>>> {
        let before = if let LinePlace::Bom(count) = self.place { count } else { 0 };
        if BOM.get(usize::from(before)) == Some(&byte) {
            self.place = if before == 2 { LinePlace::LineStart } else { LinePlace::Bom(before + 1) };
            return Some(Step::bytes(1, Mark::Bom));
        }
        // Something else that begins as one does: the beginning of a name that isn't known.
        if before > 0 {
            self.name.push(&BOM);
            self.place = LinePlace::Name;
        }
        None
    }

    fn name<'a>(&mut self, input: &[u8]) -> Step<Mark, Event<'a>> {
        self.place = LinePlace::Name;
        let end = input.iter().position(|byte| matches!(byte, b':' | b'\r' | b'\n'));
        self.name.push(first(input, end.unwrap_or(input.len())));
        let mut consumed = end.unwrap_or(input.len());
        if let [b':', rest @ ..] = after(input, consumed) {
            self.place = LinePlace::Colon;
            consumed += 1;
            if let [next, ..] = rest
                && *next == b' '
            {
                self.place = LinePlace::Value(self.name.field());
                consumed += 1;
            }
        }
        Step::bytes(consumed, Mark::FieldName)
    }

    fn value<'a>(&mut self, field: Field, input: &[u8]) -> Step<Mark, Event<'a>> {
        let value = first(input, line_len(input));
        match field {
            Field::Data => {
                keep(&mut self.data, value, MAX_DATA);
                self.data_len = self.data_len.saturating_add(value.len() as u64);
                Step::bytes(value.len(), Mark::Value)
            }
            Field::Unknown => Step::bytes(value.len(), Mark::Ignored),
            Field::Event | Field::Id | Field::Retry => {
                keep(&mut self.setting, value, MAX_SETTING);
                self.setting_len = self.setting_len.saturating_add(value.len() as u64);
                Step::bytes(value.len(), Mark::Setting)
            }
        }
    }

    fn line_end<'a>(&'a mut self, input: &[u8]) -> Step<Mark, Event<'a>> {
        let (consumed, line_end) = match (input, self.line_end) {
            ([b'\n', ..], _) => (1, LineEnd::Lf),
            ([b'\r', b'\n', ..], LineEnd::CrLf) => (2, LineEnd::CrLf),
            (_, LineEnd::CrLf) => {
                self.line_end = LineEnd::CrThen;
                return Step::bytes(1, Mark::LineEnd);
            }
            _ => (1, LineEnd::Cr),
        };
        self.line_end = line_end;
        let done = self.end_line();
        Step { consumed, mark: Mark::LineEnd, event: done.map(|done| self.event(done)) }
    }

    /// What the line that just ended does.
    fn end_line(&mut self) -> Option<Done> {
        let place = std::mem::replace(&mut self.place, LinePlace::LineStart);
        let name = std::mem::take(&mut self.name);
        let field = match place {
            LinePlace::Comment => return Some(Done::Comment),
            LinePlace::Torn => return None,
            LinePlace::Start | LinePlace::Bom(_) | LinePlace::LineStart => return Some(self.dispatch()),
            LinePlace::Name | LinePlace::Colon => name.field(),
            LinePlace::Value(field) => field,
        };
        let whole = self.setting_len == self.setting.len() as u64;
        match field {
            Field::Data => {
                keep(&mut self.data, b"\n", MAX_DATA);
                self.data_len = self.data_len.saturating_add(1);
            }
            Field::Event => self.event_type = String::from_utf8_lossy(&self.setting).into_owned(),
            Field::Id if !self.setting.contains(&0) => self.id = String::from_utf8_lossy(&self.setting).into_owned(),
            Field::Id | Field::Retry | Field::Unknown => {}
        }
        let retry = (field == Field::Retry && whole).then(|| crate::http1::decimal(&self.setting)).flatten();
        self.setting.clear();
        self.setting_len = 0;
        retry.map(Done::Retry)
    }

    /// What a blank line does.
    fn dispatch(&mut self) -> Done {
        self.dispatched = true;
        let torn = std::mem::take(&mut self.torn);
        if torn || self.data_len == 0 { Done::Block } else { Done::Message }
    }

    fn event(&self, done: Done) -> Event<'_> {
        // Without the LF behind the last line.
        let data_len = self.data_len.saturating_sub(1);
        match done {
            Done::Message => Event::Message {
                event_type: if self.event_type.is_empty() { "message" } else { &self.event_type },
                data: first(&self.data, usize::try_from(data_len).unwrap_or(MAX_DATA)),
                data_len,
                id: (!self.id.is_empty()).then_some(self.id.as_str()),
            },
            Done::Comment => Event::Comment,
            Done::Retry(time) => Event::Retry(time),
            Done::Block => Event::Block,
        }
    }

    /// Empties the buffers of a message; the last event id stays.
    fn forget_message(&mut self) {
        self.dispatched = false;
        self.data.clear();
        self.data_len = 0;
        self.event_type.clear();
        self.setting.clear();
        self.setting_len = 0;
    }
}

impl Name {
    fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if let Some(place) = self.bytes.get_mut(usize::from(self.len)) {
                *place = *byte;
            }
            self.len = self.len.saturating_add(1);
        }
    }

    fn field(self) -> Field {
        match (self.len, &self.bytes) {
            (4, b"data\0") => Field::Data,
            (5, b"event") => Field::Event,
            (2, b"id\0\0\0") => Field::Id,
            (5, b"retry") => Field::Retry,
            _ => Field::Unknown,
        }
    }
}

/// How many bytes there are before a line end.
fn line_len(input: &[u8]) -> usize {
    memchr2(b'\r', b'\n', input).unwrap_or(input.len())
}

/// Appends bytes as long as no more than `most` are kept.
fn keep(kept: &mut Vec<u8>, bytes: &[u8], most: usize) {
    kept.extend_from_slice(first(bytes, most.saturating_sub(kept.len())));
}

const BOM: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// How much of a message's data is shown.
const MAX_DATA: usize = 512;

/// How much of an event's type, an id or a retry time is kept.
const MAX_SETTING: usize = 256;
