#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! What do these bytes mean?
//!
//! Decoders without I/O: they know no file, socket, clock or thread, borrow what they are given, and never panic
//! whatever they are given.
//!
//! The packet decoder ([`packet`]) finds the outermost TCP segment of a frame; [`ip`] and [`tcp`] say what their headers hold.
//! [`quic`] tells QUIC from other datagrams.
//!
//! The stream decoders ([`http1`], [`sse`], [`json_lines`], [`websocket`], [`tls`], [`http2`]) are each fed one direction of
//! a connection, in order, in pieces of any size, and are all of one shape: see [`Step`].

pub mod build;
pub mod content_coding;
mod cursor;
pub mod deflate;
pub mod fields;
mod flags;
pub mod http1;
pub mod http2;
pub mod ip;
pub mod json_lines;
mod link;
pub mod packet;
pub mod quic;
pub mod reassembly;
mod segment;
pub mod sse;
mod stop;
mod stream;
pub mod tcp;
pub mod tls;
mod tunnel;
pub mod visible;
pub mod websocket;
mod zstd;

pub use stream::{Sniff, Step};
