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
