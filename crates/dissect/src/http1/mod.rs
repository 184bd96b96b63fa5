//! Which requests and responses are in this stream (HTTP/1.0 and 1.1: RFC 9110, RFC 9112)?
//!
//! ```text
//! GET /time HTTP/1.1 CRLF        Head: the start line,
//! Host: 10.0.0.1:8000 CRLF       field lines,
//! CRLF                           and the empty line that ends them
//! 5;name=value CRLF              ChunkSize, with its extensions
//! hello                          Body
//! CRLF                           ChunkEnd
//! 0 CRLF                         ChunkSize
//! Digest: … CRLF                 Trailer
//! CRLF                           Trailer, then End
//! ```
//!
//! Where the standard lets a recipient choose, these decoders choose as browsers and Wireshark do, since they look at
//! what was said rather than decide whether it should have been: a line may end with LF alone, empty lines before a
//! start line are skipped, a folded field value is one value, spaces before a field's colon are dropped, and
//! `Transfer-Encoding` wins over `Content-Length` (the head says that they were both there). What leaves the end of a
//! message uncertain is an [`Error`].

mod body;
mod error;
mod fields;
mod head;
mod messages;
mod partial_head;
mod request;
mod response;
mod sniff;
mod start;

pub use crate::stream::{Sniff, Step};
pub use error::Error;
pub use fields::Fields;
pub(crate) use head::decimal;
pub use head::{Body, Coding, Content, RequestHead, ResponseHead, Upgrade, Version};
pub use request::RequestDecoder;
pub use response::{ReplyTo, ResponseDecoder};
pub use sniff::{sniff_request, sniff_response};

/// What a byte of an HTTP/1 stream is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// The start line, the field lines, the empty line after them; empty lines before a start line.
    Head,
    /// The line that says how long the next chunk is, to its line end.
    ChunkSize,
    /// Content: the body, or the data of a chunk.
    Body,
    /// The line end after a chunk's data.
    ChunkEnd,
    /// The fields after the last chunk, and the empty line that ends them.
    Trailer,
}

/// What happened in an HTTP/1 stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// The head of a request is complete.
    Request(RequestHead<'a>),
    /// The head of a response is complete.
    Response(ResponseHead<'a>),
    /// The message is complete. Comes with the last byte of the body, or with no bytes after a head without a body.
    End,
}
