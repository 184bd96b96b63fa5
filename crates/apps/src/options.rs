//! What can be chosen about an app, and what is a good choice when nothing is said?

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::AllowedHost;

/// The choices of one server. [`ServerOptions::default`] is right for a person with a browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerOptions {
    /// From one pushed event to the next, and from one change of a value that changes by itself to the next.
    pub interval: Duration,
    /// From one question to the next of a page that asks again and again.
    pub poll_every: Duration,
    /// Whether an answer may be that nothing has changed: 304, where the client says what it has (RFC 9110, section 13).
    pub conditional: bool,
    /// How long a connection that is held open may be silent before the server says that it is still there: with a ping over
    /// a WebSocket, a comment in an event stream, an empty line in a stream of lines. None: it says nothing.
    pub heartbeat: Option<Duration>,
    /// How an HTTP answer is written.
    pub style: AnswerStyle,
    /// Which length the pages have.
    pub pages: Pages,
    /// Whom else the server answers than those who ask for it by a name of its own, and its own pages.
    pub allowed_hosts: Vec<AllowedHost>,
    /// What one client may make the server keep.
    pub limits: Limits,
    /// How long the server waits for a client.
    pub timeouts: Timeouts,
}

/// In how many writes an HTTP answer leaves the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AnswerStyle {
    /// Head and body in one write, as hyper does: one packet for a short answer. The head of an event stream leaves at
    /// once, so that the browser knows that it is subscribed.
    Coalesced,
    /// The head first and the body in a second write, as the Python server of 2021 did. With Nagle's algorithm
    /// (RFC 9293, section 3.7.4) the body then waits for the ACK of the head. The head of an event stream waits for the
    /// first event, because that server wrote nothing before it had something to say.
    Split,
}

/// Which length the pages have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pages {
    /// As long as they are.
    Own,
    /// Filled up to the lengths that the pages of 2021 had (435, 807, 569 and 719 bytes), so that a replay of that
    /// experiment counts the same bytes.
    Lengths2021,
}

/// What one client may make the server keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Clients at the same time; more are told that the server is full.
    pub clients: usize,
    /// Clients that are told so at the same time; more wait in the listener's queue.
    pub turned_away: usize,
    /// Bytes of a line that a TCP client may send.
    pub line: usize,
    /// Bytes of an HTTP request head. hyper needs 8,192 or more; less counts as that.
    pub head: usize,
    /// Bytes of a WebSocket message.
    pub message: usize,
}

/// How long the server waits for a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeouts {
    /// For the first byte of an HTTP connection. Browsers open some in case they need them, and Chromium itself closes
    /// those that it did not after 10 s: to be longer closes none under a request.
    pub first: Duration,
    /// From the first byte of a request head to its last.
    pub head: Duration,
    /// For the next line, request or message. Must be longer than the time from one update to the next.
    pub idle: Duration,
    /// For something new, while a request for it is held; then it is answered that there is nothing.
    pub hold: Duration,
    /// For a client that does not take what was written to it.
    pub stall: Duration,
    /// For the conversations to end after the shutdown began; what is left then is cut.
    pub grace: Duration,
}

impl Default for ServerOptions {
    fn default() -> ServerOptions {
        ServerOptions {
            interval: Duration::from_secs(1),
            poll_every: Duration::from_millis(200),
            conditional: false,
            heartbeat: None,
            style: AnswerStyle::Coalesced,
            pages: Pages::Own,
            allowed_hosts: Vec::new(),
            limits: Limits::default(),
            timeouts: Timeouts::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        // A browser on localhost sends the cookies of everything else that was ever served there: 16 KiB for a head.
        Limits { clients: 10_000, turned_away: 32, line: 1024, head: 16 * 1024, message: 4096 }
    }
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            first: Duration::from_secs(15),
            head: Duration::from_secs(10),
            idle: Duration::from_secs(600),
            hold: Duration::from_secs(30),
            stall: Duration::from_secs(30),
            grace: Duration::from_secs(5),
        }
    }
}
