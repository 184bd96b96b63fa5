//! Where does an HTTP/1.1 response begin and end, and what is its body? (RFC 9112, sections 4, 6 and 7.)
//!
//! ```text
//!  HTTP/1.1 200 OK CRLF  fields CRLF CRLF    Head
//!  body: Content-Length bytes,               Data…
//!        or chunks: size CRLF data CRLF …,
//!        or all until the connection closes
//!                                            End
//! ```
//!
//! Bytes in, parts out; no I/O. The reader is strict where a browser is lenient, for it tests servers as well: lengths
//! must be unambiguous, line ends CRLF, the head and every line bounded. However the bytes are cut into segments, the
//! parts are the same.

use bytes::{Buf, Bytes, BytesMut};

use crate::excerpt::excerpt;

/// The next thing a response consists of.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The status line and the fields.
    Head(Head),
    /// Some of the body, without its chunk framing.
    Data(Bytes),
    /// The body is complete.
    End,
}

/// A response's status line and fields.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub status: u16,
    pub reason: String,
    minor_version: u8,
    fields: Vec<(String, String)>,
}

/// Why the bytes are no response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each says itself what it is")]
pub enum HttpError {
    #[error("the head cannot be read ({reason}): {found}")]
    Head { reason: String, found: String },
    #[error("the head does not end within {HEAD_LIMIT} bytes")]
    HeadTooLong,
    #[error("the field {name} has a value that is not text")]
    NotText { name: String },
    #[error("the body's length is not clear: {0}")]
    Length(String),
    #[error("expected a chunk size in hexadecimal digits and CRLF, found {found}")]
    ChunkSize { found: String },
    #[error("expected CRLF after {size} bytes of chunk data, found {found}")]
    ChunkEnd { size: u64, found: String },
    #[error("the trailer section does not end within {HEAD_LIMIT} bytes")]
    TrailerTooLong,
}

/// Reads one response.
pub(crate) struct ResponseReader {
    state: State,
}

enum State {
    Head,
    Counted { left: u64 },
    ChunkSize,
    Chunk { size: u64, left: u64 },
    Trailer { seen: usize },
    UntilClose,
    Done,
}

impl ResponseReader {
    /// At the first byte of a response to a GET request.
    pub(crate) fn new() -> ResponseReader {
        ResponseReader { state: State::Head }
    }

    /// The next part, taken off the front of `input`; `None` when more bytes are needed for it.
    pub(crate) fn next(&mut self, input: &mut BytesMut) -> Result<Option<Part>, HttpError> {
        loop {
            match self.state {
                State::Head => {
                    let Some(head) = take_head(input)? else { return Ok(None) };
                    if matches!(head.status, 100 | 102..=199) {
                        continue; // An interim response; the real one follows (RFC 9110, section 15.2).
                    }
                    self.state = head.framing()?;
                    return Ok(Some(Part::Head(head)));
                }
                State::Counted { left: 0 } => return Ok(Some(self.end())),
                State::Counted { ref mut left } => return Ok(take_data(left, input)),
                State::ChunkSize => {
                    let Some(line) = take_line(input, LINE_LIMIT) else {
                        return match input.len() {
                            0..LINE_LIMIT => Ok(None),
                            _ => Err(HttpError::ChunkSize { found: excerpt(input) }),
                        };
                    };
                    let size = chunk_size(&line)?;
                    self.state = if size == 0 { State::Trailer { seen: 0 } } else { State::Chunk { size, left: size } };
                }
                State::Chunk { size, left: 0 } => match **input {
                    [b'\r', b'\n', ..] => {
                        input.advance(2);
                        self.state = State::ChunkSize;
                    }
                    [] | [b'\r'] => return Ok(None),
                    _ => return Err(HttpError::ChunkEnd { size, found: excerpt(input) }),
                },
                State::Chunk { ref mut left, .. } => return Ok(take_data(left, input)),
                State::Trailer { ref mut seen } => {
                    let rest = HEAD_LIMIT.saturating_sub(*seen);
                    let Some(line) = take_line(input, rest) else {
                        return if input.len() < rest { Ok(None) } else { Err(HttpError::TrailerTooLong) };
                    };
                    *seen += line.len() + 2;
                    if line.is_empty() {
                        return Ok(Some(self.end()));
                    }
                }
                State::UntilClose if input.is_empty() => return Ok(None),
                State::UntilClose => return Ok(Some(Part::Data(input.split().freeze()))),
                State::Done => return Ok(None),
            }
        }
    }

    /// The connection has closed, and all its bytes were read: was that the end of the response?
    pub(crate) fn closed(&mut self) -> Option<Part> {
        matches!(self.state, State::UntilClose).then(|| self.end())
    }

    fn end(&mut self) -> Part {
        self.state = State::Done;
        Part::End
    }
}

impl Head {
    /// The value of a field, the first where there are several.
    pub(crate) fn field<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.values(name).next()
    }

    /// Whether a list field has this member: `Connection: keep-alive, Upgrade` has both.
    pub(crate) fn lists(&self, name: &str, member: &str) -> bool {
        self.values(name).flat_map(|value| value.split(',')).any(|each| each.trim().eq_ignore_ascii_case(member))
    }

    /// Whether the connection may carry a further request (RFC 9112, section 9.3).
    pub(crate) fn persistent(&self) -> bool {
        let delimited = self.field("transfer-encoding").is_some()
            || self.field("content-length").is_some()
            || matches!(self.status, 204 | 304);
        self.minor_version == 1 && delimited && !self.lists("connection", "close")
    }

    /// The status line as it came, without its version.
    pub(crate) fn status_text(&self) -> String {
        format!("{} {}", self.status, self.reason).trim_end().to_owned()
    }

    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(each, _)| each.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// How long the body is (RFC 9112, section 6.3), with everything refused that two readers might read differently.
    fn framing(&self) -> Result<State, HttpError> {
        let encodings: Vec<&str> = self.values("transfer-encoding").collect();
        let lengths: Vec<&str> = self.values("content-length").collect();
        match (encodings.as_slice(), lengths.as_slice()) {
            // 101 leaves HTTP; 204 and 304 have no body.
            _ if matches!(self.status, 101 | 204 | 304) => Ok(State::Counted { left: 0 }),
            ([], []) => Ok(State::UntilClose),
            ([], [length]) if !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit()) => {
                let left = length.parse().map_err(|_| HttpError::Length(format!("Content-Length: {length}")))?;
                Ok(State::Counted { left })
            }
            ([], lengths) => Err(HttpError::Length(format!("Content-Length: {}", lengths.join(", ")))),
            ([encoding], []) if encoding.eq_ignore_ascii_case("chunked") => Ok(State::ChunkSize),
            (encodings, []) => Err(HttpError::Length(format!("Transfer-Encoding: {}", encodings.join(", ")))),
            (_, _) => Err(HttpError::Length("both Transfer-Encoding and Content-Length are given".to_owned())),
        }
    }
}

fn take_head(input: &mut BytesMut) -> Result<Option<Head>, HttpError> {
    let mut fields = [httparse::EMPTY_HEADER; FIELD_LIMIT];
    let mut response = httparse::Response::new(&mut fields);
    let within = input.get(..HEAD_LIMIT).unwrap_or(input);
    let length = match response.parse(within) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if input.len() < HEAD_LIMIT => return Ok(None),
        Ok(httparse::Status::Partial) => return Err(HttpError::HeadTooLong),
        Err(error) => return Err(HttpError::Head { reason: error.to_string(), found: excerpt(input) }),
    };
    let fields = response.headers.iter().map(|field| match std::str::from_utf8(field.value) {
        Ok(value) => Ok((field.name.to_owned(), value.trim().to_owned())),
        Err(_) => Err(HttpError::NotText { name: field.name.to_owned() }),
    });
    let head = Head {
        // httparse sets both in every complete head.
        status: response.code.unwrap_or_default(),
        minor_version: response.version.unwrap_or_default(),
        reason: response.reason.unwrap_or_default().to_owned(),
        fields: fields.collect::<Result<_, _>>()?,
    };
    input.advance(length);
    Ok(Some(head))
}

fn take_data(left: &mut u64, input: &mut BytesMut) -> Option<Part> {
    let length = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
    if length == 0 {
        return None;
    }
    *left -= length as u64;
    Some(Part::Data(input.split_to(length).freeze()))
}

/// A line without its CRLF, if it ends within the first `limit` bytes.
fn take_line(input: &mut BytesMut, limit: usize) -> Option<BytesMut> {
    let end = input.windows(2).take(limit.saturating_sub(1)).position(|pair| pair == b"\r\n")?;
    let line = input.split_to(end);
    input.advance(2);
    Some(line)
}

/// `1c`, or `1c;extension=value` (RFC 9112, section 7.1).
fn chunk_size(line: &[u8]) -> Result<u64, HttpError> {
    let refused = || HttpError::ChunkSize { found: excerpt(line) };
    let digits = line.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii_end();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err(refused());
    }
    let digits = std::str::from_utf8(digits).map_err(|_| refused())?;
    u64::from_str_radix(digits, 16).map_err(|_| refused())
}

/// Of the head, and of the trailer section: what browsers and servers commonly bear.
const HEAD_LIMIT: usize = 16 * 1024;
const FIELD_LIMIT: usize = 64;
/// Of a chunk-size line with its extensions.
const LINE_LIMIT: usize = 256;

#[cfg(test)]
mod tests;
