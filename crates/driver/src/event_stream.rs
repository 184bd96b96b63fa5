//! Which events are in a `text/event-stream`? (WHATWG HTML, section 9.2.6, "Interpreting an event stream".)
//!
//! ```text
//!  [BOM] ( field [":" [" "] value] EOL | ":" comment EOL )* EOL      EOL: LF, CR or CRLF
//! ```
//!
//! An event is dispatched by an empty line, and only if it has data. Bytes in, events out; no I/O.

/// One dispatched event. `id` and `retry` change nothing that a client without reconnection does, and are passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// `message` where the stream does not say.
    pub kind: String,
    pub data: String,
}

/// Why the stream is given up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each says itself what it is")]
pub enum EventStreamError {
    #[error("a line does not end within {LIMIT} bytes")]
    LineTooLong,
    #[error("the data of an event does not end within {LIMIT} bytes")]
    EventTooLong,
}

/// Reads the events of one stream, however it is cut into segments.
#[derive(Default)]
pub(crate) struct EventReader {
    line: Vec<u8>,
    kind: String,
    data: String,
    /// The byte before was CR: an LF now belongs to it.
    after_cr: bool,
    /// A byte-order mark can stand only before the first line.
    begun: bool,
}

impl EventReader {
    /// Reads further bytes and hands each event that they complete to `dispatch`.
    pub(crate) fn read(&mut self, bytes: &[u8], mut dispatch: impl FnMut(Event)) -> Result<(), EventStreamError> {
        for &byte in bytes {
            let after_cr = std::mem::replace(&mut self.after_cr, byte == b'\r');
            match byte {
                b'\n' if after_cr => {}
                b'\n' | b'\r' => {
                    if let Some(event) = self.end_line()? {
                        dispatch(event);
                    }
                }
                _ if self.line.len() == LIMIT => return Err(EventStreamError::LineTooLong),
                _ => self.line.push(byte),
            }
        }
        Ok(())
    }

    /// How many bytes have come of an event that is not complete.
    pub(crate) fn pending(&self) -> usize {
        self.line.len() + self.data.len()
    }

    fn end_line(&mut self) -> Result<Option<Event>, EventStreamError> {
        let line = std::mem::take(&mut self.line);
        let mut line = line.as_slice();
        if !std::mem::replace(&mut self.begun, true) {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        if line.is_empty() {
            return Ok(self.end_event());
        }
        let line = String::from_utf8_lossy(line);
        let (field, value) = line.split_once(':').unwrap_or((&line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.kind),
            "data" if self.data.len() + value.len() >= LIMIT => return Err(EventStreamError::EventTooLong),
            "data" => {
                self.data.push_str(value);
                self.data.push('\n');
            }
            _ => {} // A comment (no name before the colon), id, retry, or a field of the future.
        }
        Ok(None)
    }

    fn end_event(&mut self) -> Option<Event> {
        let kind = std::mem::take(&mut self.kind);
        let mut data = std::mem::take(&mut self.data);
        data.pop()?; // The LF after the last line of data; where there is none, there was no data field.
        let kind = if kind.is_empty() { "message".to_owned() } else { kind };
        Some(Event { kind, data })
    }
}

/// Of a line, and of an event's data: far more than a time needs.
const LIMIT: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn events<'a>(segments: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<(String, String)>, EventStreamError> {
        let mut reader = EventReader::default();
        let mut all = Vec::new();
        for segment in segments {
            reader.read(segment, |event| all.push((event.kind, event.data)))?;
        }
        Ok(all)
    }

    fn data_of(stream: &str) -> Vec<String> {
        events([stream.as_bytes()]).unwrap().into_iter().map(|(_, data)| data).collect()
    }

    /// The first four are the standard's own examples.
    #[test]
    fn by_the_standard() {
        assert_eq!(data_of("data: YHOO\ndata: +2\ndata: 10\n\n"), ["YHOO\n+2\n10"]);
        assert_eq!(
            data_of(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n"),
            ["first event", "second event", " third event"]
        );
        assert_eq!(data_of("data\n\ndata\ndata\n\ndata:"), ["", "\n"]);
        assert_eq!(data_of("data:test\n\ndata: test\n\n"), ["test", "test"]);
        assert_eq!(data_of("\u{feff}data: marked\r\n\r\ndata: old\r\rdata: mixed\n\r\n"), ["marked", "old", "mixed"]);
        assert_eq!(data_of("data: a\n\n\u{feff}data: a mark later is part of the name\n\n"), ["a"]);
        assert_eq!(data_of("event: only a name\n\nretry: 10\n\n"), Vec::<String>::new());
        assert_eq!(data_of("data: {\"time\": \"09:31:45\"}\n\n"), ["{\"time\": \"09:31:45\"}"]);
        let named = events([b"event: tick\ndata: 1\n\ndata: 2\n\n".as_slice()]).unwrap();
        assert_eq!(named, [("tick".into(), "1".into()), ("message".into(), "2".into())]);
    }

    #[test]
    fn is_bounded() {
        let endless = vec![b'x'; LIMIT + 1];
        assert_eq!(events([endless.as_slice()]), Err(EventStreamError::LineTooLong));
        let line = [b"data: ".as_slice(), &vec![b'x'; LIMIT / 2], b"\n"].concat();
        assert_eq!(events([line.as_slice(), &line, &line]), Err(EventStreamError::EventTooLong));
    }

    proptest! {
        #[test]
        fn any_segmentation_gives_the_same(
            stream in "(data|event|:|id)?(: ?)?[a-z\u{e9}]{0,5}(\r\n|\n|\r|\n\n){1,2}((data|event|:)(: ?)?[a-z]{0,5}(\r\n|\n|\r|\r\r){1,2}){0,8}",
            cuts in prop::collection::vec(0usize..200, 0..6),
        ) {
            let stream = stream.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(stream.len())).collect();
            cuts.extend([0, stream.len()]);
            cuts.sort_unstable();
            let whole = events([stream]);
            prop_assert_eq!(&events(cuts.windows(2).map(|pair| &stream[pair[0]..pair[1]])), &whole);
            prop_assert_eq!(&events(stream.chunks(1)), &whole);
        }
    }
}
