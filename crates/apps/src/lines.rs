//! Where does a line end, and what if it does not?
//!
//! Bytes come in pieces that have nothing to do with lines. [`Lines`] puts lines together, keeps at most `limit` bytes,
//! and skips the rest of a line that is longer. It does no I/O.

/// Puts lines together from pieces of any size.
#[derive(Debug)]
pub(crate) struct Lines {
    limit: usize,
    part: Vec<u8>,
    too_long: bool,
}

/// One line, without its newline.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    Text(Vec<u8>),
    TooLong,
}

impl Lines {
    pub(crate) fn new(limit: usize) -> Lines {
        Lines { limit, part: Vec::new(), too_long: false }
    }

    /// Takes bytes from the front of `input`, up to the end of a line or all of them; a line if one ended.
    pub(crate) fn next(&mut self, input: &mut &[u8]) -> Option<Line> {
        let mut parts = input.splitn(2, |byte| *byte == b'\n');
        self.keep(parts.next().unwrap_or_default());
        let rest = parts.next();
        *input = rest.unwrap_or_default();
        rest.map(|_| self.take())
    }

    /// The line that the input ended in, if it has any bytes.
    pub(crate) fn finish(&mut self) -> Option<Line> {
        (self.too_long || !self.part.is_empty()).then(|| self.take())
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.too_long |= self.part.len() + bytes.len() > self.limit;
        if self.too_long {
            self.part = Vec::new();
        } else {
            self.part.extend_from_slice(bytes);
        }
    }

    fn take(&mut self) -> Line {
        let part = std::mem::take(&mut self.part);
        if std::mem::take(&mut self.too_long) { Line::TooLong } else { Line::Text(part) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read_all(limit: usize, pieces: &[&[u8]]) -> Vec<Line> {
        let mut lines = Lines::new(limit);
        let mut read = Vec::new();
        for mut piece in pieces.iter().copied() {
            while let Some(line) = lines.next(&mut piece) {
                read.push(line);
            }
            assert!(lines.part.len() <= limit);
        }
        read.extend(lines.finish());
        read
    }

    fn text(line: &str) -> Line {
        Line::Text(line.as_bytes().to_vec())
    }

    #[test]
    fn ends_lines_at_newlines() {
        assert_eq!(read_all(8, &[b""]), []);
        assert_eq!(read_all(8, &[b"time\n"]), [text("time")]);
        assert_eq!(read_all(8, &[b"ti", b"me\nby", b"e"]), [text("time"), text("bye")]);
        assert_eq!(read_all(8, &[b"\n\n"]), [text(""), text("")]);
    }

    #[test]
    fn keeps_no_more_than_the_limit_and_goes_on_after_a_long_line() {
        assert_eq!(read_all(4, &[b"time\ntimes\ntime\n"]), [text("time"), Line::TooLong, text("time")]);
        assert_eq!(read_all(4, &[b"time", b"times", b"time\nbye"]), [Line::TooLong, text("bye")]);
        assert_eq!(read_all(4, &[b"times"]), [Line::TooLong]);
    }

    proptest! {
        #[test]
        fn the_pieces_make_no_difference(
            input in "[a-c\n]{0,64}",
            cuts in prop::collection::vec(0..=64_usize, 0..8),
            limit in 0..8_usize,
        ) {
            let input = input.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut <= input.len()).collect();
            cuts.extend([0, input.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &input[cut[0]..cut[1]]).collect();

            // The same by other means.
            let mut expected: Vec<&[u8]> = input.split(|byte| *byte == b'\n').collect();
            if expected.last().is_some_and(|last| last.is_empty()) {
                expected.pop();
            }
            let expected: Vec<Line> = expected
                .into_iter()
                .map(|line| if line.len() > limit { Line::TooLong } else { Line::Text(line.to_vec()) })
                .collect();

            prop_assert_eq!(read_all(limit, &pieces), expected);
        }
    }
}
