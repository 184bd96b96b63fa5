//! Why an HTTP/1 stream could not be decoded further.

use thiserror::Error;

/// Why an HTTP/1 stream could not be decoded further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub enum Error {
    /// A head that doesn't end.
    #[error("expected the end of a head within {limit} bytes, found none (RFC 9112 section 2.1)")]
    HeadTooLong {
        /// How long a head may be.
        limit: u32,
    },
    /// The first line of a request is not one.
    #[error("expected a request line, METHOD SP target SP HTTP/1.1, found something else (RFC 9112 section 3)")]
    RequestLine,
    /// The first line of a response is not one.
    #[error("expected a status line, HTTP/1.1 SP three digits SP reason, found something else (RFC 9112 section 4)")]
    StatusLine,
    /// A version other than 1.x.
    #[error("expected HTTP/1.0 or HTTP/1.1 in the start line, found another version (RFC 9112 section 2.3)")]
    Version,
    /// A field line without a colon.
    #[error("expected a colon in a field line, found none (RFC 9112 section 5)")]
    FieldLine,
    /// A field name with other characters than a token has.
    #[error(
        "expected a field name of letters, digits and !#$%&'*+-.^_`|~, found byte 0x{found:02x} (RFC 9110 section 5.1)"
    )]
    FieldName {
        /// The first byte that does not belong in a name.
        found: u8,
    },
    /// A content length that is not a number, or too large.
    #[error("expected a decimal number below 2^64 as Content-Length, found something else (RFC 9112 section 6.3)")]
    ContentLength,
    /// Several content lengths that differ.
    #[error("expected one Content-Length, found {first} and {second} (RFC 9112 section 6.3)")]
    ContentLengths {
        /// The first of them.
        first: u64,
        /// The first that differs from it.
        second: u64,
    },
    /// A request whose last transfer coding isn't chunked.
    #[error("expected chunked as the last transfer coding of a request, found another (RFC 9112 section 6.3)")]
    TransferCoding,
    /// A chunk size line that begins with something else than a hexadecimal digit, or has junk behind the digits.
    #[error("expected a hexadecimal chunk size, found byte 0x{found:02x} (RFC 9112 section 7.1)")]
    ChunkSize {
        /// The byte that does not belong there.
        found: u8,
    },
    /// A chunk of 2^64 bytes or more.
    #[error("expected a chunk size below 2^64, found a larger one (RFC 9112 section 7.1)")]
    ChunkTooLarge,
    /// A chunk size line, or a trailer section, that doesn't end.
    #[error(
        "expected the end of a chunk's size line or of the trailers within {limit} bytes, found none (RFC 9112 section 7.1)"
    )]
    ChunkLineTooLong {
        /// How long it may be.
        limit: u32,
    },
    /// Chunk data longer or shorter than its size said.
    #[error("expected the line end after a chunk's data, found byte 0x{found:02x} (RFC 9112 section 7.1)")]
    ChunkEnd {
        /// The byte in its place.
        found: u8,
    },
}
