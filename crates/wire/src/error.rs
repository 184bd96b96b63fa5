//! Why did a run end without a result?

use std::fmt;
use std::io;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// One end of the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Host {
    /// The host at 10.0.0.1, which listens.
    Server,
    /// The host at 10.0.0.2 (or one of several), which connects.
    Client,
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Host::Server => "server",
            Host::Client => "client",
        })
    }
}

/// What a machine does not allow, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the kernel wire does not work here: {cause}; {mend}")]
pub struct Refusal {
    /// What was tried and what stood in its way.
    pub cause: String,
    /// What a person can do about it.
    pub mend: String,
}

/// Why a run of a wire ended without a result. What was recorded until then is in order and stays valid.
#[derive(Debug, Error)]
pub enum Error {
    /// The machine does not allow what the wire needs: nothing was started.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// An option that no wire can follow.
    #[error("{0}")]
    Options(String),
    /// The hosts or the link between them could not be made.
    #[error("the wire could not be set up: {step}: {source}")]
    Setup {
        /// What was being done.
        step: String,
        /// What came of it.
        source: io::Error,
    },
    /// The link between the hosts broke.
    #[error("the link between the hosts failed: {step}: {source}")]
    Link {
        /// What was being done.
        step: &'static str,
        /// What came of it.
        source: io::Error,
    },
    /// A frame could not be recorded: a full disk, for example.
    #[error("a frame could not be recorded: {0}")]
    Recorder(#[source] io::Error),
    /// The server on its host ended with an error.
    #[error("the server failed: {0}")]
    Server(#[source] io::Error),
    /// What ran on a host panicked: a bug in it.
    #[error("the {host} panicked: {message}")]
    Panicked {
        /// On which host.
        host: Host,
        /// What the panic said.
        message: String,
    },
    /// Nothing will happen any more, and somebody still waits (virtual wire, whose clock sees that at once).
    #[error("the run cannot end: {0}")]
    Stuck(&'static str),
    /// [`Stop`](crate::Stop) was used.
    #[error("interrupted; what was recorded until then is kept")]
    Interrupted,
}
