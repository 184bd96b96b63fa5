#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! What do these bytes mean?
//!
//! Decoders without I/O: they know no file, socket, clock or thread, borrow what they are given, and never panic
//! whatever they are given.
//!
//! The stream decoders ([`http1`], [`sse`], [`websocket`]) are each fed one direction of a connection, in order, in
//! pieces of any size, and are all of one shape: see [`Step`].

pub mod deflate;
pub mod http1;
pub mod sse;
mod stream;
pub mod websocket;

pub use stream::{Sniff, Step};
