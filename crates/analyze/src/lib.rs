#![forbid(unsafe_code)]
//! What did each request, event and message of a capture cost on the wire?
//!
//! Frames go in; connections, exchanges and tallies come out, as one [`Analysis`] value. The analyzer knows nothing
//! of files, sockets, clocks or rendering.

pub mod model;

pub use model::{Analysis, App, Capture, Connection, Exchange, Group, Kind, Problem, Tally};
