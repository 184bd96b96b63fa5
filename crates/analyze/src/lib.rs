#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! What did each request, event and message of a capture cost on the wire?
//!
//! Frames go in; connections, exchanges and tallies come out, as one [`Capture`] value. The analyzer knows nothing
//! of files, sockets, clocks or rendering.
//!
//! ```text
//! frame -> analyzer (which connection?) -> connection (order, gaps, ACKs) -> conversation (which protocol?)
//!                                              |                                |  http, websocket, turns
//!                                           ledger (which exchange?)  <---------+
//!                                              |  closed exchanges
//!                                            book (rows, groups, medians) -> finish (app, updates, sums)
//! ```

mod analyzer;
mod book;
mod connection;
mod context;
mod conversation;
mod direction;
mod finish;
mod flow;
mod http;
mod ledger;
pub mod model;
mod naming;
mod packets;
mod queue;
mod records;
mod request_labels;
mod time_of_day;
mod turns;
mod websocket;

pub use analyzer::{Analyzer, Settings};
pub use model::{
    Analysis, Capture, Column, Connection, Exchange, Group, Kind, Layer, LayerBytes, Packet, Problem, Protocol, Span,
    Tally,
};
