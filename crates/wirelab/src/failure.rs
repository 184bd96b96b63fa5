//! How does a command end when it cannot do what was asked?
//!
//! In one sentence on standard error, and a status that a script can tell apart. Commands return a [`Failure`]; `main`
//! alone prints it and ends the process.

use std::fmt;
use std::io;
use std::process::ExitCode;

/// What the exit status says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Whoever read the output has had enough of it (`| head`): not an error.
    Done = 0,
    /// A check or a run failed.
    Failed = 1,
    /// The command line asks for something that makes no sense.
    Usage = 2,
    /// This machine cannot do what was asked.
    Machine = 3,
    /// Ctrl-C or a request to end; 128 + SIGINT, as shells count it.
    Interrupted = 130,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(status as u8)
    }
}

/// Why a command ended early: a status, and the sentence to show unless everything was said already.
#[derive(Debug)]
pub struct Failure {
    status: Status,
    sentence: Option<String>,
}

impl Failure {
    /// A check or a run failed.
    pub fn failed(sentence: impl fmt::Display) -> Failure {
        Failure::new(Status::Failed, sentence)
    }

    /// The command line asks for something that makes no sense.
    pub fn usage(sentence: impl fmt::Display) -> Failure {
        Failure::new(Status::Usage, sentence)
    }

    /// This machine cannot do what was asked.
    pub fn machine(sentence: impl fmt::Display) -> Failure {
        Failure::new(Status::Machine, sentence)
    }

    /// Ctrl-C or a request to end.
    pub fn interrupted(sentence: impl fmt::Display) -> Failure {
        Failure::new(Status::Interrupted, sentence)
    }

    /// The command has said what is wrong already, place by place.
    pub fn already_said(status: Status) -> Failure {
        Failure { status, sentence: None }
    }

    /// The same, with something more to its sentence.
    pub fn and(mut self, more: &str) -> Failure {
        if let Some(sentence) = &mut self.sentence {
            sentence.push_str(more);
        }
        self
    }

    fn new(status: Status, sentence: impl fmt::Display) -> Failure {
        // An error's message and its causes may each end with a stop, or hold line breaks: here it is one sentence.
        let text = sentence.to_string();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        Failure { status, sentence: Some(text.trim_end_matches('.').to_owned()) }
    }

    /// The exit status.
    pub fn status(&self) -> Status {
        self.status
    }

    /// The sentence to show, if it was not said already.
    pub fn sentence(&self) -> Option<&str> {
        self.sentence.as_deref()
    }
}

/// Why the system refused, without Rust's "(os error 13)".
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
