#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! Five ways to tell a client the server's time.
//!
//! Each app is one file with one function of one shape, `run(listener, clock, options, shutdown)`:
//!
//! | module | how the time is renewed | one update on the wire |
//! |---|---|---|
//! | [`tcp`] | the client sends a line | `time` -> `HH:MM:SS` and an empty line |
//! | [`web`] | the client loads the page again | `GET /` -> the page |
//! | [`ajax`] | a script in the page asks | `GET /time` -> `{"time":"HH:MM:SS"}` |
//! | [`sse`] | the server pushes an event (WHATWG HTML, section 9.2) | `data: {"time": "HH:MM:SS"}` |
//! | [`ws`] | a script sends a message (RFC 6455) | `get-time` -> `{"time": "HH:MM:SS"}` |
//!
//! A server runs until its shutdown future resolves; then it stops listening, ends every conversation in the way of its
//! protocol, and returns. All waiting is done with tokio's timers, so a paused tokio clock moves the apps as well, and
//! the listener is a trait, so they run over real sockets, a simulated wire, or pipes in memory.

pub mod ajax;
pub mod options;
pub mod sse;
pub mod tcp;
pub mod web;
pub mod ws;

mod answer;
mod connections;
mod guard;
mod http;
mod lines;
mod listener;
mod pages;

pub use listener::Listener;
pub use options::{Limits, Options, Pages, Style, Timeouts};
