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
//!                                            book (rows, groups, medians) -> finish (updates, sums)
//! ```
//!
//! On the way the readers of protocols tell `recognition` what is said: in the end it knows whether one of wirelab's
//! apps said it all.

mod analyzer;
mod book;
mod booking;
mod connection;
mod conversation;
mod counts;
mod direction;
mod exchange;
mod finish;
mod flow;
mod form;
mod frames;
mod groups;
mod http;
mod in_hand;
mod labels;
mod ledger;
pub mod model;
mod naming;
mod packet_facts;
mod packets;
mod queue;
mod readable;
mod recognition;
mod record;
mod records;
mod request_labels;
mod shared;
mod sides;
mod state;
mod time_of_day;
mod turns;
mod websocket;

pub use analyzer::{Analyzer, Settings};
pub use model::{
    Analysis, Capture, Column, Connection, Exchange, Group, Kind, Layer, LayerBytes, Packet, Problem, Protocol, Span,
    Tally,
};
