//! What does a client say before anything is encrypted (RFC 8446 section 4.1.2)?

use crate::stream::text;

/// What is of interest in a ClientHello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello<'a> {
    /// The name of the server that it looks for (RFC 6066 section 3).
    pub server_name: Option<&'a str>,
    /// The application protocol that it likes best, for example "h2" or "http/1.1" (RFC 7301).
    pub first_protocol: Option<&'a str>,
}

impl<'a> Hello<'a> {
    /// Reads a ClientHello from its record; `None` where it is something else, or goes on in the next record.
    pub fn read(record: &'a [u8]) -> Option<Hello<'a>> {
        let mut record = Cursor(record);
        if record.number(1)? != 1 {
            return None;
        }
        let mut hello = record.sized(3)?;
        hello.take(2 + 32)?;
        let _session_id = hello.sized(1)?;
        let _cipher_suites = hello.sized(2)?;
        let _compression = hello.sized(1)?;
        let mut found = Hello { server_name: None, first_protocol: None };
        let Some(mut extensions) = hello.sized(2) else { return Some(found) };
        while let (Some(kind), Some(extension)) = (extensions.number(2), extensions.sized(2)) {
            match kind {
                0 => found.server_name = server_name(extension),
                16 => found.first_protocol = first_protocol(extension),
                _ => {}
            }
        }
        Some(found)
    }
}

fn server_name(mut extension: Cursor<'_>) -> Option<&str> {
    let mut names = extension.sized(2)?;
    // Host names are the only kind of name there is.
    (names.number(1)? == 0).then_some(())?;
    Some(text(names.sized(2)?.0))
}

fn first_protocol(mut extension: Cursor<'_>) -> Option<&str> {
    Some(text(extension.sized(2)?.sized(1)?.0))
}

/// What is left to read: the only code here that touches offsets.
struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// A number of this many bytes, most significant first.
    fn number(&mut self, bytes: usize) -> Option<usize> {
        Some(self.take(bytes)?.iter().fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }

    /// What has its length before it, in this many bytes.
    fn sized(&mut self, bytes: usize) -> Option<Cursor<'a>> {
        let len = self.number(bytes)?;
        self.take(len).map(Cursor)
    }
}
