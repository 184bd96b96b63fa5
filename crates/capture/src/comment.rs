//! What did somebody write into a capture, beside the frames?
//!
//! A pcapng file can hold comments on itself, on an interface and on each frame: the option opt_comment, code 1
//! (draft-ietf-opsawg-pcapng, section 3.5.1). A classic file holds none.

use std::fmt;

/// A comment that somebody wrote into a pcapng file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// What it was written to.
    pub on: Commented,
    /// What it says.
    pub text: String,
}

/// What a comment is written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commented {
    /// The capture, or a section of it where it has several.
    Section,
    /// The interface that frames were seen on.
    Interface,
    /// The frame of this number.
    Frame(u64),
}

impl fmt::Display for Commented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Commented::Section => f.write_str("the capture"),
            Commented::Interface => f.write_str("an interface"),
            Commented::Frame(number) => write!(f, "frame {number}"),
        }
    }
}

/// Comments that wait to be asked for, up to a bound on the memory of a reader.
#[derive(Debug, Default)]
pub(crate) struct Comments {
    waiting: Vec<Comment>,
    bytes: usize,
}

impl Comments {
    /// Keeps a comment, if there is room for it.
    pub(crate) fn keep(&mut self, on: Commented, text: &[u8]) {
        if self.bytes + text.len() <= MOST_BYTES {
            self.bytes += text.len() + OVERHEAD;
            let text = String::from_utf8_lossy(text).trim_end_matches('\0').to_owned();
            self.waiting.push(Comment { on, text });
        }
    }

    pub(crate) fn waiting(&self) -> &[Comment] {
        &self.waiting
    }

    /// Hands them over, and has room again.
    pub(crate) fn take(&mut self) -> Vec<Comment> {
        self.bytes = 0;
        std::mem::take(&mut self.waiting)
    }
}

const MOST_BYTES: usize = 1024 * 1024;
const OVERHEAD: usize = 64;
