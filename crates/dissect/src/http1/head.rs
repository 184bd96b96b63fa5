//! What does a head say: of itself, and of the body behind it (RFC 9112 section 6.3)?

use crate::deflate::DeflateParams;
use crate::http1::fields::{Fields, Next, split_line};
use crate::http1::partial_head::judge;
use crate::http1::start::{request_line, status_line};
use crate::http1::{Error, ReplyTo};

/// The head of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestHead<'a> {
    /// The method, as it was written: methods are case-sensitive.
    pub method: &'a str,
    /// The request target, as it was written (as far as it is UTF-8).
    pub target: &'a str,
    /// The version.
    pub version: Version,
    /// Which protocol the client offers to change to.
    pub upgrade: Upgrade,
    /// What follows the head.
    pub body: Body,
    /// Whether the client waits for a 100 before it sends the body.
    pub expects_continue: bool,
    /// Whether there was a `Content-Length` beside a `Transfer-Encoding`, which overrules it.
    pub conflicting_lengths: bool,
    /// The field lines.
    pub fields: Fields<'a>,
}

/// The head of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseHead<'a> {
    /// The version.
    pub version: Version,
    /// The three-digit status code.
    pub status: u16,
    /// The reason phrase, as it was written (as far as it is UTF-8); often empty.
    pub reason: &'a str,
    /// What kind of content it says to carry.
    pub content: Content,
    /// What follows the head.
    pub body: Body,
    /// Which protocol the connection changes to: only where the status is 101.
    pub upgrade: Upgrade,
    /// What was agreed on for compressed WebSocket messages: only where the connection changes to WebSocket.
    pub deflate: Option<DeflateParams>,
    /// How the content is compressed.
    pub content_encoding: Coding,
    /// Whether there was a `Content-Length` beside a `Transfer-Encoding`, which overrules it.
    pub conflicting_lengths: bool,
    /// The field lines.
    pub fields: Fields<'a>,
}

/// The version in a start line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1, or a higher minor version.
    Http11,
}

/// Another protocol that an `Upgrade` field names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Upgrade {
    /// None.
    None,
    /// WebSocket (RFC 6455).
    WebSocket,
    /// Another one, for example h2c.
    Other,
}

/// What follows a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Body {
    /// Nothing.
    None,
    /// This many bytes.
    Length(u64),
    /// Chunks.
    Chunked,
    /// Everything until the connection closes.
    UntilClose,
}

/// What kind of content a response says to carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Content {
    /// A page: `text/html` or `application/xhtml+xml`.
    Html,
    /// `application/json`, or a type that ends in `+json`.
    Json,
    /// Server-sent events: `text/event-stream`.
    EventStream,
    /// JSON texts, each on a line of its own: `application/x-ndjson` and what else that is called.
    JsonLines,
    /// Another type.
    Other,
    /// It doesn't say.
    None,
}

/// How content is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Coding {
    /// Not at all.
    Identity,
    /// gzip.
    Gzip,
    /// deflate, which in HTTP means zlib's format.
    Deflate,
    /// Brotli.
    Brotli,
    /// Zstandard.
    Zstd,
    /// Another coding, or several after one another.
    Other,
}

/// Reads the head of a request that begins with these bytes, and what is behind it; `None` where it isn't all here.
#[inline(always)]
pub(super) fn request(bytes: &[u8]) -> Result<Option<(RequestHead<'_>, &[u8])>, Error> {
    judge(bytes, read_request(bytes))
}

/// Reads the head of a response to this that begins with these bytes, and what is behind it; `None` where it isn't all
/// here.
#[inline(always)]
pub(super) fn response(bytes: &[u8], reply_to: ReplyTo) -> Result<Option<(ResponseHead<'_>, &[u8])>, Error> {
    judge(bytes, read_response(bytes, reply_to))
}

#[inline(always)]
fn read_request(bytes: &[u8]) -> Result<Option<(RequestHead<'_>, &[u8])>, Error> {
    let Some((line, rest)) = split_line(bytes) else { return Ok(None) };
    let (method, target, version) = request_line(line)?;
    let fields = Fields::new(rest);
    let mut framing = Framing::default();
    let mut upgrade = Upgrade::None;
    let mut expects_continue = false;
    let mut lines = fields;
    let behind = loop {
        let (name, value) = match lines.next_line()? {
            Next::Field(name, value) => (name, value),
            Next::End(behind) => break behind,
            Next::Cut => return Ok(None),
        };
        match name.len() {
            6 if is(name, b"Expect") => {
                expects_continue |= value.trim_ascii().eq_ignore_ascii_case(b"100-continue");
            }
            7 if is(name, b"Upgrade") => upgrade = upgrade_of(value, upgrade),
            14 | 17 => framing.see(name, value)?,
            _ => {}
        }
    };
    let body = match framing.coding {
        Some(LastCoding::Chunked) => Body::Chunked,
        Some(LastCoding::Other) => return Err(Error::TransferCoding),
        None => framing.length.map_or(Body::None, Body::Length),
    };
    let head = RequestHead {
        method,
        target,
        version,
        upgrade,
        body,
        expects_continue,
        conflicting_lengths: framing.conflicts(),
        fields,
    };
    Ok(Some((head, behind)))
}

#[inline(always)]
fn read_response(bytes: &[u8], reply_to: ReplyTo) -> Result<Option<(ResponseHead<'_>, &[u8])>, Error> {
    let ((version, status, reason), rest) = match bytes.strip_prefix(b"HTTP/1.1 200 OK\r\n") {
        // As most are.
        Some(rest) => ((Version::Http11, 200, "OK"), rest),
        None => match split_line(bytes) {
            Some((line, rest)) => (status_line(line)?, rest),
            None => return Ok(None),
        },
    };
    let fields = Fields::new(rest);
    let mut framing = Framing::default();
    let mut content = Content::None;
    let mut content_encoding = Coding::Identity;
    let mut upgrade = if status == 101 { Upgrade::Other } else { Upgrade::None };
    let mut deflate = None;
    let mut lines = fields;
    let behind = loop {
        let (name, value) = match lines.next_line()? {
            Next::Field(name, value) => (name, value),
            Next::End(behind) => break behind,
            Next::Cut => return Ok(None),
        };
        match name.len() {
            7 if status == 101 && is(name, b"Upgrade") => upgrade = upgrade_of(value, upgrade),
            12 if is(name, b"Content-Type") => content = content_of(value.trim_ascii()),
            14 | 17 => framing.see(name, value)?,
            16 if is(name, b"Content-Encoding") => content_encoding = Coding::named(value.trim_ascii()),
            24 if status == 101 && is(name, b"Sec-WebSocket-Extensions") => {
                deflate = deflate.or_else(|| DeflateParams::parse(value.trim_ascii()));
            }
            _ => {}
        }
    };
    let body = match (reply_to, status, framing.coding, framing.length) {
        (ReplyTo::Head, ..) | (_, 100..=199 | 204 | 304, ..) => Body::None,
        (ReplyTo::Connect, 200..=299, ..) => Body::None,
        (_, _, Some(LastCoding::Chunked), _) => Body::Chunked,
        (_, _, Some(LastCoding::Other), _) => Body::UntilClose,
        (_, _, None, Some(length)) => Body::Length(length),
        (_, _, None, None) => Body::UntilClose,
    };
    let head = ResponseHead {
        version,
        status,
        reason,
        content,
        body,
        upgrade,
        deflate: if upgrade == Upgrade::WebSocket { deflate } else { None },
        content_encoding,
        conflicting_lengths: framing.conflicts(),
        fields,
    };
    Ok(Some((head, behind)))
}

/// What the fields say of the body's length.
#[derive(Default)]
struct Framing {
    length: Option<u64>,
    coding: Option<LastCoding>,
}

#[derive(Clone, Copy)]
enum LastCoding {
    Chunked,
    Other,
}

impl Framing {
    #[inline]
    fn see(&mut self, name: &[u8], value: &[u8]) -> Result<(), Error> {
        if is(name, b"Content-Length") {
            match decimal(value.trim_ascii()) {
                Some(length) if self.length.is_none() => self.length = Some(length),
                _ => self.see_lengths(value)?,
            }
        } else if is(name, b"Transfer-Encoding") {
            for element in elements(value) {
                let chunked = element.eq_ignore_ascii_case(b"chunked");
                self.coding = Some(if chunked { LastCoding::Chunked } else { LastCoding::Other });
            }
        }
        Ok(())
    }

    /// Several lengths, or none.
    #[cold]
    fn see_lengths(&mut self, value: &[u8]) -> Result<(), Error> {
        // A list of one and the same number counts as that number; an empty one is no number.
        for element in value.split(|&byte| byte == b',') {
            let length = decimal(element.trim_ascii()).ok_or(Error::ContentLength)?;
            match self.length {
                Some(first) if first != length => return Err(Error::ContentLengths { first, second: length }),
                _ => self.length = Some(length),
            }
        }
        Ok(())
    }

    fn conflicts(&self) -> bool {
        self.length.is_some() && self.coding.is_some()
    }
}

/// Whether a field has this name, which is given as it is mostly written.
#[inline]
fn is(name: &[u8], known: &[u8]) -> bool {
    name == known || name.eq_ignore_ascii_case(known)
}

/// The elements of a comma-separated list that are not empty (RFC 9110 section 5.6.1).
fn elements(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).filter(|element| !element.is_empty())
}

/// A decimal number that fits in 64 bits, of digits alone.
pub(crate) fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u64, |number, digit| {
        if !digit.is_ascii_digit() {
            return None;
        }
        number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
    })
}

fn upgrade_of(value: &[u8], before: Upgrade) -> Upgrade {
    if before == Upgrade::WebSocket || elements(value).any(|element| element.eq_ignore_ascii_case(b"websocket")) {
        Upgrade::WebSocket
    } else if elements(value).next().is_some() {
        Upgrade::Other
    } else {
        before
    }
}

fn content_of(value: &[u8]) -> Content {
    match value {
        b"text/html" | b"text/html; charset=utf-8" => return Content::Html,
        b"application/json" => return Content::Json,
        _ => {}
    }
    let essence = essence(value);
    let is = |name: &[u8]| essence.eq_ignore_ascii_case(name);
    let ending = essence.len().checked_sub(5).and_then(|start| essence.get(start..));
    match essence.len() {
        0 => Content::None,
        9 if is(b"text/html") => Content::Html,
        17 if is(b"text/event-stream") => Content::EventStream,
        16 if is(b"application/json") => Content::Json,
        17 if is(b"application/jsonl") => Content::JsonLines,
        18 if is(b"application/ndjson") => Content::JsonLines,
        20 if is(b"application/x-ndjson") => Content::JsonLines,
        21 if is(b"application/jsonlines") => Content::JsonLines,
        23 if is(b"application/x-jsonlines") => Content::JsonLines,
        21 if is(b"application/xhtml+xml") => Content::Html,
        _ if ending.is_some_and(|end| end.eq_ignore_ascii_case(b"+json")) => Content::Json,
        _ => Content::Other,
    }
}

impl Coding {
    /// The one that a `Content-Encoding` field names.
    pub fn named(value: &[u8]) -> Coding {
        let is = |name: &[u8]| value.eq_ignore_ascii_case(name);
        match () {
            () if value.is_empty() || is(b"identity") => Coding::Identity,
            () if is(b"gzip") || is(b"x-gzip") => Coding::Gzip,
            () if is(b"deflate") => Coding::Deflate,
            () if is(b"br") => Coding::Brotli,
            () if is(b"zstd") => Coding::Zstd,
            () => Coding::Other,
        }
    }

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Coding::Identity => "identity",
            Coding::Gzip => "gzip",
            Coding::Deflate => "deflate",
            Coding::Brotli => "br",
            Coding::Zstd => "zstd",
            Coding::Other => "another coding",
        }
    }
}

/// A media type without its parameters.
fn essence(value: &[u8]) -> &[u8] {
    let end = value.iter().position(|&byte| byte == b';').unwrap_or(value.len());
    value.get(..end).unwrap_or_default().trim_ascii()
}
