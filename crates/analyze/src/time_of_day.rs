//! Did a server say what time it is?
//!
//! The useful bytes of an update are the 8 characters `HH:MM:SS`. They count where they stand as wirelab's apps write
//! them: behind `"time":` in JSON, inside a `<time>` element, or at the start of a line of a line protocol.

use std::ops::Range;

/// Where a server's time may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a page or in JSON.
    Markup,
    /// In a line, alone or behind `Server time: `.
    Line,
}

/// Finds one time in the content of one message, also where segments cut through it.
#[derive(Debug, Default)]
pub(crate) struct Finder {
    tail: Vec<u8>,
    scanned: usize,
    found: bool,
}

/// Where a time was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Its range within the bytes given last, as far as it lies in them.
    pub range: Range<usize>,
    /// How many of its characters came before them.
    pub before: usize,
}

impl Finder {
    /// Forgets the message before.
    pub fn restart(&mut self) {
        self.tail.clear();
        self.scanned = 0;
        self.found = false;
    }

    /// Looks at the next bytes of the message. Gives a time once.
    pub fn look(&mut self, data: &[u8], place: Place) -> Option<Found> {
        if self.found || self.scanned >= MOST_SCANNED || data.is_empty() {
            return None;
        }
        let data = data.get(..MOST_SCANNED - self.scanned).unwrap_or(data);
        let before = self.tail.len();
        if before > 0 {
            // Only a time that begins in the tail is of interest here; the others are found below.
            let whole_so_far = self.scanned == before;
            self.tail.extend_from_slice(data.get(..CONTEXT).unwrap_or(data));
            let crossing = find(&self.tail, place, whole_so_far).filter(|range| range.end > before);
            if let Some(range) = crossing {
                self.found = true;
                let early = before.saturating_sub(range.start);
                return Some(Found { range: range.start.saturating_sub(before)..range.end - before, before: early });
            }
            self.tail.truncate(before);
        }
        if let Some(range) = find(data, place, self.scanned == 0) {
            self.found = true;
            return Some(Found { range, before: 0 });
        }
        self.scanned += data.len();
        self.tail.extend_from_slice(data.get(data.len().saturating_sub(CONTEXT)..).unwrap_or(data));
        let excess = self.tail.len().saturating_sub(CONTEXT);
        self.tail.drain(..excess);
        None
    }
}

/// The first time of day in these bytes that stands where a server's time stands.
pub(crate) fn find(data: &[u8], place: Place, at_start: bool) -> Option<Range<usize>> {
    memchr::memchr_iter(b':', data).find_map(|colon| {
        let start = colon.checked_sub(2)?;
        let text = data.get(start..start + 8)?;
        let before = data.get(..start)?;
        (is_time(text) && introduced(before, place, at_start)).then_some(start..start + 8)
    })
}

/// Whether 8 bytes are a time of day.
pub(crate) fn is_time(text: &[u8]) -> bool {
    let [a, b, b':', c, d, b':', e, f] = text else { return false };
    let number = |tens: &u8, ones: &u8, most: u8| {
        tens.is_ascii_digit() && ones.is_ascii_digit() && (tens - b'0') * 10 + (ones - b'0') <= most
    };
    number(a, b, 23) && number(c, d, 59) && number(e, f, 60)
}

/// Whether what stands before a time says that it is one.
fn introduced(before: &[u8], place: Place, at_start: bool) -> bool {
    match place {
        Place::Line => (before.is_empty() && at_start) || before.ends_with(b"\n") || before.ends_with(b"Server time: "),
        Place::Markup => {
            let near = before.get(before.len().saturating_sub(CONTEXT)..).unwrap_or(before);
            if near.ends_with(b">") {
                return memchr::memmem::rfind(near, b"<time").is_some_and(|tag| {
                    near.get(tag..near.len() - 1).is_some_and(|attributes| !attributes.contains(&b'>'))
                });
            }
            near.strip_suffix(b"\"").is_some_and(|near| near.trim_ascii_end().ends_with(b"\"time\":"))
        }
    }
}

/// How far before a time its introduction may begin.
const CONTEXT: usize = 48;
/// How much of a message is looked at.
const MOST_SCANNED: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_times_where_they_stand() {
        for (text, place, expected) in [
            ("{\"time\": \"09:43:38\"}", Place::Markup, Some(10..18)),
            ("{\"time\":\"09:43:38\"}", Place::Markup, Some(9..17)),
            ("<p><time id=\"t\">09:43:38</time>", Place::Markup, Some(16..24)),
            ("<time>x</time><b>09:43:38</b>", Place::Markup, None),
            ("Date: 09:43:38", Place::Markup, None),
            ("09:43:38\n\n", Place::Line, Some(0..8)),
            ("Hello!\nServer time: 09:43:38\n\n", Place::Line, Some(20..28)),
            ("at 09:43:38", Place::Line, None),
            ("24:00:00\n", Place::Line, None),
            ("aa:bb:cc\n12:34:56\n", Place::Line, Some(9..17)),
        ] {
            assert_eq!(find(text.as_bytes(), place, true), expected, "{text}");
        }
    }

    #[test]
    fn finds_a_time_wherever_the_message_is_cut() {
        let page = format!("{}<p><time id=\"t\">09:43:38</time></p>", "filler: ".repeat(30));
        for cut in 0..page.len() {
            let (a, b) = page.as_bytes().split_at(cut);
            let mut finder = Finder::default();
            let found = [finder.look(a, Place::Markup), finder.look(b, Place::Markup)];
            let lengths: Vec<_> = found.iter().flatten().map(|found| found.range.len() + found.before).collect();
            assert_eq!(lengths, [8], "cut at {cut}");
            finder.restart();
            let bytes = page.as_bytes().chunks(3).filter_map(|chunk| finder.look(chunk, Place::Markup)).count();
            assert_eq!(bytes, 1);
        }
    }

    #[test]
    fn finds_a_time_in_a_line_that_comes_byte_by_byte() {
        let mut finder = Finder::default();
        let found: Vec<_> = b"09:43:38\n".chunks(1).filter_map(|byte| finder.look(byte, Place::Line)).collect();
        assert_eq!(found, [Found { range: 0..1, before: 7 }]);
    }

    #[test]
    fn a_time_is_found_once() {
        let mut finder = Finder::default();
        assert!(finder.look(b"\"time\": \"09:43:38\"", Place::Markup).is_some());
        assert_eq!(finder.look(b"\"time\": \"09:43:38\"", Place::Markup), None);
    }
}
