#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! What did each request, event and message of a capture cost on the wire?
//!
//! Frames go in; connections, exchanges and tallies come out, as one [`Capture`] value. The analyzer knows nothing
//! of files, sockets, clocks or rendering.
//!
//! ```text
//! frame -> analyzer (which connection?) -> tcp_connection (order, gaps, ACKs) -> conversation (which protocol?)
//!                                              |  packet_in_hand               |  http, websocket, turns
//!                                          booking (what does each exchange get?)
//!                                              |
//!                                          open_exchanges (which may still be given packets?)
//!                                              |  closed ones
//!                                          exchange_table (rows, groups, medians) -> finish (app, updates, sums)
//!                                              |  observations                       |
//!                                              '-> findings (what is there to say, and which packets say it?)
//! ```

mod analyzer;
mod back_off;
mod booking;
mod both_ends;
mod capture_state;
mod compressed_content;
mod connection_record;
mod connection_state;
mod conversation;
mod counts;
mod direction;
mod exchange;
mod exchange_table;
pub mod findings;
mod finish;
mod flow;
mod form;
mod frames;
mod groups;
mod http;
mod kept_packets;
mod labels;
pub mod link_record;
pub mod model;
mod observations;
mod open_connections;
mod open_exchanges;
mod other_transports;
mod packet_facts;
mod packet_in_hand;
mod question;
mod queue;
mod readable;
mod recognition;
mod recorded_twice;
mod records;
mod request_labels;
mod sides;
mod tcp_analysis;
mod tcp_connection;
mod time_of_day;
mod timing;
mod turns;
mod websocket;

pub use analyzer::{Analyzer, Settings};
pub use link_record::LinkRecord;
pub use model::{
    Analysis, Capture, Cause, Column, Connection, Exchange, Finding, FindingId, Group, Kind, Layer, LayerBytes, Packet,
    Problem, Protocol, Span, Tally, Time,
};
