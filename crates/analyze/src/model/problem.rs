//! What could not be read or decoded, and where?

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};
use wirelab_dissect::packet::StopLayer;

/// Something that could not be read or decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it was found.
    pub place: ProblemPlace,
    /// What was expected and what was found.
    pub message: String,
}

/// Where something could not be read or decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemPlace {
    /// In the file itself: reading ended there.
    File {
        /// The frame that was being read, where it had come to one.
        frame: Option<u64>,
        /// Bytes from the start of the file.
        offset: u64,
    },
    /// In the bytes of a frame: it is counted, and what is behind it was read.
    Frame {
        /// Its number, counted from 1.
        frame: u64,
        /// Bytes from its start.
        offset: u64,
        /// Whose rules were broken.
        layer: ProblemLayer,
    },
}

/// The layer that could not be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemLayer {
    /// TCP, or a header below it.
    Header(StopLayer),
    /// HTTP/1.
    Http,
    /// WebSocket.
    WebSocket,
    /// TLS.
    Tls,
    /// HTTP/2.
    Http2,
}

impl Problem {
    /// Whether it is a peer that broke the rules of what is spoken over TCP: a finding about the traffic. Anything else
    /// means that packets could not be read.
    pub fn is_of_a_peer(&self) -> bool {
        matches!(self.place, ProblemPlace::Frame { layer, .. } if !matches!(layer, ProblemLayer::Header(_)))
    }

    /// Whether it is the file that could not be read on.
    pub fn is_of_the_file(&self) -> bool {
        matches!(self.place, ProblemPlace::File { .. })
    }
}

/// Where and what. What is wrong with a file names its place itself.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            ProblemPlace::File { .. } => f.write_str(&self.message),
            ProblemPlace::Frame { frame, offset, layer } => {
                write!(f, "frame {frame}, byte {offset} ({layer}): {}", self.message)
            }
        }
    }
}

impl fmt::Display for ProblemLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ProblemLayer::Header(layer) => layer.name(),
            ProblemLayer::Http => "http",
            ProblemLayer::WebSocket => "websocket",
            ProblemLayer::Tls => "tls",
            ProblemLayer::Http2 => "http2",
        })
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (frame, offset, layer) = match self.place {
            ProblemPlace::File { frame, offset } => (frame.unwrap_or(0), offset, "file".to_owned()),
            ProblemPlace::Frame { frame, offset, layer } => (frame, offset, layer.to_string()),
        };
        ProblemRow { frame, offset, layer, message: &self.message }.serialize(serializer)
    }
}

impl JsonSchema for Problem {
    fn schema_name() -> Cow<'static, str> {
        ProblemRow::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        ProblemRow::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        ProblemRow::json_schema(generator)
    }
}

/// Something that could not be read or decoded.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
struct ProblemRow<'a> {
    /// The frame it was found in, counted from 1; 0 where it is the file itself.
    frame: u64,
    /// Where: bytes from the start of the frame; from the start of the file where `frame` is 0.
    offset: u64,
    /// The layer that could not be decoded: "file", "link", "ip", "tcp", "http", "sse", "websocket", ...
    layer: String,
    /// What was expected and what was found.
    message: &'a str,
}
