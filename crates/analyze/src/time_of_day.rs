//! Did a server say what time it is?
//!
//! The useful bytes of an update are the 8 characters `HH:MM:SS`. They count where they stand as wirelab's apps write
//! them: behind `"time":` in JSON, inside a `<time>` element, or at the start of a line of a line protocol; in WebSocket,
//! in text messages alone.

use std::io::Write;
use std::ops::Range;

/// Where a server's time may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimePlace {
    /// In a page or in JSON.
    Markup,
    /// In a line, alone or behind `Server time: `.
    Line,
}

/// Finds one time in the content of one message, also where segments cut through it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Finder {
    /// Made when a message goes on in another segment, and the first has no time.
    tail: Option<Box<Tail>>,
    scanned: u16,
    found: bool,
}

/// The last bytes that were looked at, as far as a time that goes on behind them may need them.
#[derive(Clone, Debug)]
struct Tail {
    bytes: [u8; CONTEXT],
    len: usize,
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
    #[inline]
    pub fn restart(&mut self) {
        self.scanned = 0;
        self.found = false;
    }

    /// Looks at the next bytes of the message. Gives a time once.
    #[inline]
    pub fn look(&mut self, data: &[u8], place: TimePlace) -> Option<Found> {
        if self.found || self.scanned >= MOST_SCANNED || data.is_empty() {
            return None;
        }
        if self.scanned > 0 {
            return self.look_further(data, place);
        }
        let data = data.get(..usize::from(MOST_SCANNED)).unwrap_or(data);
        let range = find(data, place, true);
        self.found = range.is_some();
        if !self.found {
            self.keep(data);
        }
        range.map(|range| Found { range, before: 0 })
    }

    /// The same, where bytes of the message were looked at before.
    #[inline(never)]
    fn look_further(&mut self, data: &[u8], place: TimePlace) -> Option<Found> {
        let data = data.get(..usize::from(MOST_SCANNED - self.scanned)).unwrap_or(data);
        let tail = self.tail.as_ref().map_or(&[][..], |tail| tail.kept());
        let before = tail.len();
        // Only a time that begins in the tail is of interest here; the others are found below.
        let mut joined = [0; 2 * CONTEXT];
        let len = join(&mut joined, tail, data.get(..CONTEXT).unwrap_or(data));
        let whole_so_far = usize::from(self.scanned) == before;
        let crossing = find(joined.get(..len).unwrap_or_default(), place, whole_so_far);
        if let Some(range) = crossing.filter(|range| range.end > before) {
            self.found = true;
            let early = before.saturating_sub(range.start);
            return Some(Found { range: range.start.saturating_sub(before)..range.end - before, before: early });
        }
        if let Some(range) = find(data, place, false) {
            self.found = true;
            return Some(Found { range, before: 0 });
        }
        self.keep(data);
        None
    }

    /// Keeps the end of what was looked at.
    #[inline(never)]
    fn keep(&mut self, data: &[u8]) {
        let tail = self.tail.get_or_insert_with(|| Box::new(Tail { bytes: [0; CONTEXT], len: 0 }));
        if self.scanned == 0 {
            tail.len = 0;
        }
        let old = tail.bytes;
        let excess = (tail.len + data.len().min(CONTEXT)).saturating_sub(CONTEXT);
        let old = old.get(excess..tail.len).unwrap_or_default();
        let new = data.get(data.len().saturating_sub(CONTEXT)..).unwrap_or_default();
        tail.len = join(&mut tail.bytes, old, new);
        self.scanned += data.len() as u16;
    }
}

impl Tail {
    fn kept(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// Puts some bytes, and others behind them, at the start of a place, as far as there is room; gives how many.
fn join(mut to: &mut [u8], first: &[u8], second: &[u8]) -> usize {
    // Writing to a slice never fails: it takes what there is room for.
    to.write(first).unwrap_or(0) + to.write(second).unwrap_or(0)
}

/// The first time of day in these bytes that stands where a server's time stands.
pub(crate) fn find(data: &[u8], place: TimePlace, at_start: bool) -> Option<Range<usize>> {
    let (mut from, mut in_vain) = (0, 0u32);
    // Sixteen places at once: two colons with two bytes between them are rare where no time is.
    while let Some(piece) = data.get(from..).and_then(|rest| rest.first_chunk::<{ AT_ONCE + 3 }>()) {
        let is_pair = |(first, second): (&u8, &u8)| (*first == b':') & (*second == b':');
        // Without an early end, so that all places are looked at together.
        if !piece.iter().zip(piece.iter().skip(3)).fold(false, |any, pair| any | is_pair(pair)) {
            from += AT_ONCE;
            in_vain += 1;
            if in_vain % A_WHILE == 0 {
                // Nothing for a while: a long text or no text, where the next colon may be far.
                from += memchr::memchr(b':', data.get(from..)?)?;
            }
            continue;
        }
        from += piece.iter().zip(piece.iter().skip(3)).position(is_pair).unwrap_or(0);
        if let Some(range) = time_at(data, from, place, at_start) {
            return Some(range);
        }
        from += 1;
    }
    (from..data.len().saturating_sub(5)).find_map(|colon| time_at(data, colon, place, at_start))
}

/// The time whose first colon is here.
#[inline]
fn time_at(data: &[u8], colon: usize, place: TimePlace, at_start: bool) -> Option<Range<usize>> {
    if data.get(colon) != Some(&b':') {
        return None;
    }
    let start = colon.checked_sub(2)?;
    let (before, text) = data.split_at_checked(start)?;
    (is_time(text.first_chunk()?) && introduced(before, place, at_start)).then_some(start..start + 8)
}

/// Whether 8 bytes are a time of day.
#[inline]
pub(crate) fn is_time(text: &[u8; 8]) -> bool {
    let [a, b, first, c, d, second, e, f] = *text;
    // Most colons are not the first of two.
    let number = |tens: u8, ones: u8, most: u8| {
        tens.is_ascii_digit() && ones.is_ascii_digit() && (tens - b'0') * 10 + (ones - b'0') <= most
    };
    first == b':' && second == b':' && number(a, b, 23) && number(c, d, 59) && number(e, f, 60)
}

/// Whether what stands before a time says that it is one.
fn introduced(before: &[u8], place: TimePlace, at_start: bool) -> bool {
    match place {
        TimePlace::Line => {
            (before.is_empty() && at_start) || before.ends_with(b"\n") || before.ends_with(b"Server time: ")
        }
        TimePlace::Markup => {
            let near = before.get(before.len().saturating_sub(CONTEXT)..).unwrap_or(before);
            if let [near @ .., b'>'] = near {
                return ends_in_time_tag(near);
            }
            near.strip_suffix(b"\"").is_some_and(|near| near.trim_ascii_end().ends_with(b"\"time\":"))
        }
    }
}

/// Whether a tag `<time` is open at the end of these bytes.
fn ends_in_time_tag(bytes: &[u8]) -> bool {
    let mut from = bytes.len();
    for byte in bytes.iter().rev() {
        from -= 1;
        match byte {
            b'>' => return false,
            b'<' if bytes.get(from..).is_some_and(|tag| tag.starts_with(b"<time")) => return true,
            _ => {}
        }
    }
    false
}

/// Places that are looked at together.
const AT_ONCE: usize = 16;
/// After so many times without a find, the next colon is looked for instead.
const A_WHILE: u32 = 8;
/// How far before a time its introduction may begin.
const CONTEXT: usize = 48;
/// How much of a message is looked at.
const MOST_SCANNED: u16 = 16 << 10;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn finds_times_where_they_stand() {
        for (text, place, expected) in [
            ("{\"time\": \"09:43:38\"}", TimePlace::Markup, Some(10..18)),
            ("{\"time\":\"09:43:38\"}", TimePlace::Markup, Some(9..17)),
            ("<p><time id=\"t\">09:43:38</time>", TimePlace::Markup, Some(16..24)),
            ("<time>x</time><b>09:43:38</b>", TimePlace::Markup, None),
            ("Date: 09:43:38", TimePlace::Markup, None),
            ("09:43:38\n\n", TimePlace::Line, Some(0..8)),
            ("Hello!\nServer time: 09:43:38\n\n", TimePlace::Line, Some(20..28)),
            ("at 09:43:38", TimePlace::Line, None),
            ("24:00:00\n", TimePlace::Line, None),
            ("aa:bb:cc\n12:34:56\n", TimePlace::Line, Some(9..17)),
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
            let found = [finder.look(a, TimePlace::Markup), finder.look(b, TimePlace::Markup)];
            let lengths: Vec<_> = found.iter().flatten().map(|found| found.range.len() + found.before).collect();
            assert_eq!(lengths, [8], "cut at {cut}");
            finder.restart();
            let bytes = page.as_bytes().chunks(3).filter_map(|chunk| finder.look(chunk, TimePlace::Markup)).count();
            assert_eq!(bytes, 1);
        }
    }

    #[test]
    fn finds_a_time_in_a_line_that_comes_byte_by_byte() {
        let mut finder = Finder::default();
        let found: Vec<_> = b"09:43:38\n".chunks(1).filter_map(|byte| finder.look(byte, TimePlace::Line)).collect();
        assert_eq!(found, [Found { range: 0..1, before: 7 }]);
    }

    #[test]
    fn a_time_is_found_once() {
        let mut finder = Finder::default();
        assert!(finder.look(b"\"time\": \"09:43:38\"", TimePlace::Markup).is_some());
        assert_eq!(finder.look(b"\"time\": \"09:43:38\"", TimePlace::Markup), None);
    }

    proptest! {
        /// Sixteen places at once, and colons far apart, are found as place by place.
        #[test]
        fn times_are_found_as_place_by_place(
            pieces in prop::collection::vec(
                prop_oneof![
                    Just("09:43:38".to_owned()), Just("\n".to_owned()), Just("<time>".to_owned()), Just("\"time\": \"".to_owned()),
                    Just(":".to_owned()), Just("::".to_owned()), "[a0: ]{0,20}", Just("-".repeat(200)),
                ],
                0..12,
            ),
            at_start in any::<bool>(),
        ) {
            let data = pieces.concat().into_bytes();
            for place in [TimePlace::Markup, TimePlace::Line] {
                let plain = (0..data.len()).find_map(|colon| time_at(&data, colon, place, at_start));
                prop_assert_eq!(find(&data, place, at_start), plain);
            }
        }
    }
}
