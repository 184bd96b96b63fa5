#![forbid(unsafe_code)]
#![cfg_attr(test, allow(clippy::unwrap_used))]
//! What is in a capture file?
//!
//! A capture is a row of [`Frame`]s: each a time, a length on the wire, and the bytes that were kept of it.
//! [`Reader`] walks pcap and pcapng; [`Writer`] writes classic pcap, [`CommentedWriter`] pcapng with comments. Nothing here
//! knows what the bytes mean.

mod comment;
mod commented_writer;
mod error;
mod frame;
mod pcap;
mod pcapng;
mod reader;
mod record;
mod source;
mod whole_records;
mod window;
mod writer;

pub use comment::{Comment, Commented};
pub use commented_writer::{CommentedWriter, Interface, InterfaceNumber, MOST_COMMENT};
pub use error::{ReadError, WriteError};
pub use frame::{Frame, LinkType};
pub use reader::Reader;
pub use writer::{Precision, Settings, Writer};
