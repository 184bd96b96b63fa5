//! Feeds a decoder, and writes down what it says.

/// What a decoder said of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    /// A letter for each byte: what it is part of.
    pub marks: String,
    /// What happened, and after how many bytes.
    pub events: Vec<(usize, String)>,
    /// Why it ended, if it did.
    pub error: Option<String>,
}

/// A decoder, as far as these tests look at it.
pub trait Decode {
    fn step(&mut self, input: &[u8]) -> Result<(usize, char, Option<String>), String>;
}

/// Feeds these pieces, and holds the decoder to its promises on the way.
pub fn feed<'a>(decoder: &mut impl Decode, pieces: impl IntoIterator<Item = &'a [u8]>) -> Transcript {
    let mut transcript = Transcript::default();
    for piece in pieces {
        let mut rest = piece;
        let mut still = 0;
        loop {
            let (consumed, mark, event) = match decoder.step(rest) {
                Ok(step) => step,
                Err(error) => {
                    assert_eq!(decoder.step(rest).unwrap_err(), error, "a second step after an error");
                    transcript.error = Some(error);
                    return transcript;
                }
            };
            assert!(consumed <= rest.len(), "consumed {consumed} of {}", rest.len());
            assert!(consumed > 0 || event.is_some() || rest.is_empty(), "no progress before {rest:?}");
            still = if consumed == 0 { still + 1 } else { 0 };
            assert!(still < 4, "events without end");
            transcript.marks.extend(std::iter::repeat_n(mark, consumed));
            rest = &rest[consumed..];
            let more = consumed > 0 || event.is_some();
            if let Some(event) = event {
                transcript.events.push((transcript.marks.len(), event));
            }
            if !more {
                break;
            }
        }
    }
    transcript
}

/// Feeds the bytes in every way, checks that the ways agree, and returns what was said.
pub fn every_way<D: Decode>(new: impl Fn() -> D, bytes: &[u8]) -> Transcript {
    let whole = feed(&mut new(), [bytes]);
    let single = feed(&mut new(), bytes.chunks(1));
    agree(&whole, &single, "byte by byte");
    for cut in 0..=bytes.len() {
        let (left, right) = bytes.split_at(cut);
        agree(&whole, &feed(&mut new(), [left, right]), &format!("cut at {cut}"));
        let prefix = feed(&mut new(), [left]);
        begins(&prefix, &whole, &format!("the first {cut} bytes"));
    }
    if whole.error.is_none() {
        for junk in [&b"\r\n\0junk"[..], b"data: x\n\n", &[0xFF; 40]] {
            let longer = [bytes, junk].concat();
            begins(&whole, &feed(&mut new(), [&longer[..]]), "junk behind");
        }
    }
    whole
}

/// The same; where both end with an error, one may have given marks for more of the bytes before it.
pub fn agree(one: &Transcript, other: &Transcript, how: &str) {
    assert_eq!(one.events, other.events, "{how}");
    assert_eq!(one.error, other.error, "{how}");
    if one.error.is_none() {
        assert_eq!(one.marks, other.marks, "{how}");
    } else {
        assert!(one.marks.starts_with(&other.marks) || other.marks.starts_with(&one.marks), "{how}: {one:?} {other:?}");
    }
}

/// What was said of the first bytes is said of them in the longer stream too.
fn begins(prefix: &Transcript, whole: &Transcript, how: &str) {
    if prefix.error.is_some() || whole.error.is_some() {
        assert!(whole.events.starts_with(&prefix.events), "{how}: {prefix:?} {whole:?}");
        return;
    }
    let len = prefix.marks.len();
    assert!(whole.marks.starts_with(&prefix.marks), "{how}: {prefix:?} {whole:?}");
    assert!(whole.events.starts_with(&prefix.events), "{how}: {prefix:?} {whole:?}");
    let missing = whole.events.get(prefix.events.len()..).unwrap_or_default();
    assert!(missing.iter().all(|(position, _)| *position >= len), "{how}: {prefix:?} {whole:?}");
}

/// Marks in short: "HHHBB" is "H3 B2".
pub fn short(marks: &str) -> String {
    let mut runs: Vec<(char, usize)> = Vec::new();
    for mark in marks.chars() {
        match runs.last_mut() {
            Some((last, count)) if *last == mark => *count += 1,
            _ => runs.push((mark, 1)),
        }
    }
    runs.iter().map(|(mark, count)| format!("{mark}{count}")).collect::<Vec<_>>().join(" ")
}

/// Events in short: "18 GET /; 18 end".
pub fn listed(transcript: &Transcript) -> String {
    let events = transcript.events.iter().map(|(position, event)| format!("{position} {event}"));
    events.chain(transcript.error.clone().map(|error| format!("error: {error}"))).collect::<Vec<_>>().join("; ")
}
