#![forbid(unsafe_code)]
//! What is in a capture file?
//!
//! A capture is a row of [`Frame`]s: each a time, a length on the wire, and the bytes that were kept of it.
//! [`Reader`] walks pcap and pcapng; [`Writer`] writes classic pcap. Nothing here knows what the bytes mean.

mod frame;

pub use frame::{Frame, LinkType};
