#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! Ways to tell a client the server's time.
//!
//! Each app is one file with one function of one shape, `run(listener, clock, options, shutdown)`:
//!
//! | module | how the time is renewed | one update on the wire |
//! |---|---|---|
//! | [`tcp`] | the client sends a line | `time` -> `HH:MM:SS` and an empty line |
//! | [`web`] | the client loads the page again | `GET /` -> the page |
//! | [`iframe`] | the client loads a frame in the page again | `GET /tiny` -> a tiny page |
//! | [`ajax`] | a script in the page asks | `GET /time` -> `{"time":"HH:MM:SS"}` |
//! | [`sse`] | the server pushes an event (WHATWG HTML, section 9.2) | `data: {"time": "HH:MM:SS"}` |
//! | [`stream`] | the server pushes a line of JSON | `{"time": "HH:MM:SS"}` |
//! | [`ws`] | a script sends a message (RFC 6455) | `get-time` -> `{"time": "HH:MM:SS"}` |
//! | [`ws_push`] | the server pushes a message | `{"time": "HH:MM:SS"}` |
//! | [`poll`] | a script asks again and again | `GET /poll` -> `{"time":"HH:MM:SS"}`, new or not |
//! | [`long_poll`] | a script's request is held until there is something new | `GET /next?after=HH:MM:SS` -> `{"time":"HH:MM:SS"}` |
//!
//! A server runs until its shutdown future resolves; then it stops listening, ends every conversation in the way of
//! its protocol, and returns. All waiting is done with tokio's timers, so a paused tokio clock moves the apps as
//! well, and the listener is a trait, so they run over real sockets, a simulated wire, or pipes in memory.
//!
//! # How to add an app
//!
//! 1. Write `src/NAME.rs` with the conversation drawn at its top and `run(listener, clock, options, shutdown)`. Over
//!    HTTP, build a router and hand it to `http::serve`, which does limits, time-outs, dates, 404, 405, HEAD and the
//!    end; `ajax.rs` is the shortest example with a route of its own. Over anything else, hand a conversation to
//!    `connections::serve`, as `tcp.rs` does.
//! 2. Ask the [`Clock`] for the time, and tokio for every wait. No socket, no thread and no other
//!    clock: else the app cannot run under a paused clock.
//! 3. What lasts longer than one answer must end when the server stops: wait for `Seat::stopping` too, and keep the
//!    `Seat` until the last word is written.
//! 4. A page goes into `templates/apps/NAME.html`, extends `page.html`, and stands in the app's descriptor
//!    (`wirelab-catalog`). It may ask for nothing but the time; a test looks.
//! 5. Write the bytes of its answers into `tests/words.rs`, which requests it refuses into `tests/requests.rs`, its limits
//!    into `tests/limits.rs`, its end into `tests/shutdown.rs`, and a line into `benches/held_connections.rs` if clients
//!    stay connected.

pub mod ajax;
pub mod iframe;
pub mod long_poll;
pub mod options;
pub mod poll;
pub mod sse;
pub mod stream;
pub mod tcp;
pub mod web;
pub mod ws;
pub mod ws_push;

mod answer;
mod authority;
mod callers;
mod connections;
mod endless;
mod guard;
mod handshake;
mod heartbeat;
mod http;
mod lines;
mod listener;
mod pages;
mod seldom;
mod value;
mod websocket;

use std::io;

use wirelab_catalog::App;
use wirelab_clock::Clock;

pub use callers::{AllowedHost, NotAHost, Refused, WrongHost, is_of_own_page, may_ask};
pub use connections::Seat;
pub use http::serve as serve_routes;
pub use listener::Listener;
pub use options::{AnswerStyle, Limits, Pages, ServerOptions, Timeouts};

/// Which module is the server of which app: an app that is missing here does not compile.
macro_rules! servers {
    ($($app:ident => $module:ident),+ $(,)?) => {
        /// Serves an app until `shutdown` resolves.
        ///
        /// # Errors
        /// The app could not begin.
        pub async fn run<L: Listener>(
            app: App,
            listener: L,
            clock: Clock,
            options: ServerOptions,
            shutdown: impl Future<Output = ()> + Send + 'static,
        ) -> io::Result<()> {
            match app {
                $(App::$app => $module::run(listener, clock, options, shutdown).await,)+
            }
        }
    };
}

servers! {
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
