#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! What is in a capture file?
//!
//! A capture is a row of [`Frame`]s: each a time, a length on the wire, and the bytes that were kept of it.
//! [`Reader`] walks pcap and pcapng; [`Writer`] writes classic pcap. Nothing here knows what the bytes mean.

mod error;
mod frame;
mod pcap;
mod pcapng;
mod reader;
mod source;
mod window;
mod writer;

pub use error::{ReadError, WriteError};
pub use frame::{Frame, LinkType};
pub use reader::{Comment, Reader};
pub use writer::{Precision, Settings, Writer};
