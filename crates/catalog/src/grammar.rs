//! How is an app known by what is said?
//!
//! A capture is an app's where everything that was said in it fits the app's grammar. What is said is written as a form:
//! a text in which [`TIME`] stands for a time of day and [`ANYTHING`] for any bytes, also none.

/// Stands for a time of day in a form.
pub const TIME: &str = "HH:MM:SS";
/// Stands for any bytes in a form, also none.
pub const ANYTHING: char = '*';

/// Everything that is said between an app and its clients.
#[derive(Clone, Copy, Debug)]
pub enum Grammar {
    /// The server speaks first; the client may say anything.
    Lines {
        /// How the server begins.
        greeting: &'static str,
        /// What it says then, each as often as it likes.
        answers: &'static [&'static str],
    },
    /// HTTP/1.1 (RFC 9112).
    Http {
        /// What `GET /` answers.
        page: &'static str,
        /// How the time is renewed.
        update: Update,
    },
}

/// How an app that speaks HTTP renews the time.
#[derive(Clone, Copy, Debug)]
pub enum Update {
    /// The page is loaded again.
    Page,
    /// A request and its answer.
    Answer {
        /// What is asked for.
        path: &'static str,
        /// As what it is sent.
        media: Media,
        /// The answer's content.
        form: &'static str,
        /// The status of an answer without content that says that there is nothing new.
        nothing_new: Option<u16>,
    },
    /// An event stream (WHATWG HTML, section 9.2).
    Events {
        /// What is asked for.
        path: &'static str,
        /// The data of each event, whose type is `message`.
        form: &'static str,
    },
    /// An answer without end, of JSON texts, each on a line of its own.
    Lines {
        /// What is asked for.
        path: &'static str,
        /// Each line, without its end.
        form: &'static str,
    },
    /// Text messages over a WebSocket (RFC 6455), without compression; the client may say anything.
    Messages {
        /// What is asked for.
        path: &'static str,
        /// The message that asks for an update, where one does.
        request: Option<&'static str>,
        /// What the server says.
        forms: &'static [&'static str],
    },
}

impl Update {
    /// What is asked for to get an update, or to open what brings them.
    pub fn path(&self) -> &'static str {
        match self {
            Update::Page => "/",
            Update::Answer { path, .. }
            | Update::Events { path, .. }
            | Update::Lines { path, .. }
            | Update::Messages { path, .. } => path,
        }
    }
}

/// The page of an app whose script has this in it: all of them fill one layout.
macro_rules! page_with {
    ($script:literal) => {
        concat!("<!DOCTYPE html>*<p>Server time*<time*>HH:MM:SS</time>*", $script, "*")
    };
}

pub(crate) use page_with;

/// As what an answer is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// `application/json`.
    Json,
    /// Plain text, whose first line is the time.
    Text,
    /// A page in a frame.
    Html,
}

/// What every app that speaks HTTP answers where nothing is at a path.
pub const NOT_FOUND: &str = "There is nothing at this path. The page is at /\n";
/// What every app that speaks HTTP answers to a method that a path has not.
pub const METHOD_NOT_ALLOWED: &str = "This path answers GET and HEAD only.\n";

/// The answers with which any app that speaks HTTP refuses: status and content. What is wrong with a request is said in
/// many words; that something is not there, every server says in its own.
pub const REFUSALS: [(u16, &str); 8] = [
    (400, "*"),
    (403, "*"),
    (404, NOT_FOUND),
    (405, METHOD_NOT_ALLOWED),
    (414, "*"),
    (421, "*"),
    (426, "*"),
    (431, "*"),
];
