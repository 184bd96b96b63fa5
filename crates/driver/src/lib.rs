#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! What does the person at the client do, and when?
//!
//! One scripted client per app plays the same [`Timeline`]: connect and get the time, ask for it (or be pushed it)
//! a few times more, leave. Each keeps the habits of the real client it stands for: netcat for `tcp`, a browser
//! for the others, down to the bytes of its requests ([`Profile`]), the reuse of its connections and the order in which
//! it closes them. So what the wire records is what that client would have caused.
//!
//! ```text
//!  Timeline ─► play ─► session (tcp, web, ajax, sse, ws)      when: the steps, their due times, patience
//!                         │  requests: Profile                what is said, byte for byte
//!                         │  answers: http1, event_stream, websocket     sans-IO readers, strict and bounded
//!                         ▼
//!                       Link ─► Connect                       any AsyncRead + AsyncWrite
//! ```
//!
//! A client believes nothing: an update counts only if a well-formed time came back ([`TimeOfDay`]), and anything else
//! ends the run with a [`DriveError`] that names the step, what was expected and what came.
//!
//! All randomness (WebSocket keys and masks) comes from [`Script::seed`], all waiting is tokio's, so that under a
//! paused clock a run follows from its script alone.
//!
//! What it does not imitate: speculative connections, favicon requests (our pages have none), a browser's own limit on
//! idle connections, and compression of WebSocket messages (offered where the browser offers it; a server that takes
//! the offer is told apart as an error).

mod ajax;
mod browser;
mod connect;
mod error;
mod event_stream;
mod excerpt;
mod http1;
mod iframe;
mod link;
mod long_poll;
mod play;
mod poll;
mod profile;
mod randomness;
mod script;
mod socket;
mod sse;
mod stream;
mod subscription;
mod tcp;
mod time_of_day;
mod timeline;
mod web;
mod websocket;
mod ws;
mod ws_push;

use wirelab_catalog::App;
use wirelab_clock::Clock;

use play::play;

pub use connect::Connect;
pub use error::{DriveError, Fault};
pub use event_stream::EventStreamError;
pub use http1::HttpError;
pub use profile::{MOST_IN_FLIGHT, Profile};
pub use script::Script;
pub use time_of_day::TimeOfDay;
pub use timeline::{Action, Step, Timeline};
pub use websocket::FrameError;

/// Which module is the client of which app: an app that is missing here does not compile.
macro_rules! clients {
    ($($app:ident => $module:ident),+ $(,)?) => {
        /// Plays the script against the server of an app.
        ///
        /// # Errors
        /// The step that failed, what was expected and what came.
        pub async fn run<C: Connect>(
            app: App,
            connector: &C,
            clock: &Clock,
            script: &Script,
            on_step: &mut dyn FnMut(&Step),
        ) -> Result<Vec<Step>, DriveError> {
            match app {
                $(App::$app => play(clock, script, on_step, |deadline| $module::open(connector, script, deadline)).await,)+
            }
        }
    };
}

clients! {
    Tcp => tcp,
    Web => web,
    Ajax => ajax,
    Sse => sse,
    Ws => ws,
    Poll => poll,
    WsPush => ws_push,
    LongPoll => long_poll,
    Iframe => iframe,
    Stream => stream,
}
