//! Which step failed, what was expected, and what came?

use std::{io, time::Duration};

use crate::{Action, event_stream::EventStreamError, http1::HttpError, websocket::FrameError};

/// A run that did not get through its timeline.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// A step's answer did not come, or not all of it, within the script's patience.
    #[error(
        "{step} was never answered within {} s: the client waited for {awaited}, and {}",
        patience.as_secs_f64(), had(*received)
    )]
    Unanswered {
        /// The step.
        step: Action,
        /// How long the client waited for it.
        patience: Duration,
        /// What it waited for.
        awaited: &'static str,
        /// How many bytes of that had come.
        received: usize,
    },
    /// A step was answered, but not with what it asked for; or it could not be carried out.
    #[error("{step} failed: {fault}")]
    Failed {
        /// The step.
        step: Action,
        /// What went wrong.
        #[source]
        fault: Fault,
    },
    /// Something went wrong while the client waited for the step to be due.
    #[error("before {step}, {fault}")]
    Before {
        /// The step that was to come next.
        step: Action,
        /// What went wrong.
        #[source]
        fault: Fault,
    },
}

impl DriveError {
    pub(crate) fn during(step: Action, patience: Duration, fault: Fault) -> DriveError {
        match fault {
            Fault::Unanswered { awaited, received } => DriveError::Unanswered { step, patience, awaited, received },
            fault => DriveError::Failed { step, fault },
        }
    }

    /// The step that failed.
    pub fn step(&self) -> Action {
        match self {
            DriveError::Unanswered { step, .. } | DriveError::Failed { step, .. } | DriveError::Before { step, .. } => {
                *step
            }
        }
    }
}

/// What can go wrong in a step.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// No connection: nobody listens there, or nobody is there.
    #[error("no connection to the server: {0} (is the app running, and does the connector lead to it?)")]
    Connect(#[source] io::Error),
    /// The connection broke under a write.
    #[error("the connection broke while the client sent {what}: {source}")]
    Send {
        /// What it sent.
        what: &'static str,
        /// The system's word for it.
        source: io::Error,
    },
    /// The connection broke under a read: usually the server's reset.
    #[error("the connection broke while the client waited for {awaited}: {source}")]
    Receive {
        /// What it waited for.
        awaited: &'static str,
        /// The system's word for it.
        source: io::Error,
    },
    /// The server closed the connection.
    #[error("the server closed the connection while the client waited for {awaited}; {}", had(*received))]
    Ended {
        /// What the client waited for.
        awaited: &'static str,
        /// How many bytes of that had come.
        received: usize,
    },
    /// The deadline passed.
    #[error("the client waited for {awaited} in vain; {}", had(*received))]
    Unanswered {
        /// What the client waited for.
        awaited: &'static str,
        /// How many bytes of that had come.
        received: usize,
    },
    /// The server sent bytes that nobody had asked for.
    #[error("the server spoke unasked: {found}")]
    Unasked {
        /// The first of them.
        found: String,
    },
    /// A well-formed answer that is not the one the client needs.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What it needs.
        expected: String,
        /// What came.
        found: String,
    },
    /// The bytes are no HTTP/1.1 response.
    #[error("the answer is not HTTP/1.1 as RFC 9112 has it: {0}")]
    Http(#[from] HttpError),
    /// The bytes are no event stream that the client can hold.
    #[error("the event stream cannot be read: {0}")]
    EventStream(#[from] EventStreamError),
    /// The bytes are no WebSocket frames.
    #[error("the server's WebSocket frame breaks RFC 6455: {0}")]
    Frame(#[from] FrameError),
}

impl Fault {
    pub(crate) fn unexpected(expected: impl Into<String>, found: impl Into<String>) -> Fault {
        Fault::Unexpected { expected: expected.into(), found: found.into() }
    }
}

fn had(received: usize) -> String {
    match received {
        0 => "nothing of it had come".to_owned(),
        1 => "1 byte of it had come".to_owned(),
        n => format!("{n} bytes of it had come"),
    }
}
