//! What is there to say of one TCP connection?
//!
//! A capture may have a hundred thousand of them, so a [`Connection`] is kept small: whatever follows from the rest is
//! worked out when it is asked for, and what most connections have none of stands in a box of its own. A
//! [`ConnectionRow`] has it all, as the JSON does.

use std::borrow::Cow;
use std::fmt;
use std::net::SocketAddr;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize, Serializer};
use wirelab_dissect::packet::Endpoint;

use super::{Costs, NEVER, Tally, nanoseconds, seconds};

/// One TCP connection.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "ConnectionRow")]
pub struct Connection {
    /// The client's address and port: who sent the SYN, or who spoke like a client.
    pub client: Endpoint,
    /// The server's address and port.
    pub server: Endpoint,
    /// What was spoken.
    pub protocol: Protocol,
    /// From the first frame of the capture to its first packet.
    pub(crate) start_ns: u64,
    pub(crate) duration_ns: u64,
    /// [`NEVER`] where it is not in the capture.
    pub(crate) rtt_ns: u64,
    pub(crate) costs: Costs<u64>,
    pub(crate) http_requests: u64,
    pub(crate) http_responses: u64,
    pub(crate) rare: Option<Box<Rare>>,
}

/// What most connections have none of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rare {
    pub frames: WebSocketFrames,
    pub events: u64,
    pub tls: TlsRecords,
    pub out_of_order: u64,
    pub duplicate_acks: u64,
    pub keep_alives: u64,
    pub zero_windows: u64,
    pub missing_bytes: u64,
}

impl Connection {
    /// Its packets and bytes.
    pub fn tally(&self) -> Tally {
        self.costs.tally()
    }

    /// The round trip that was seen in the handshake, in seconds.
    pub fn rtt_s(&self) -> Option<f64> {
        (self.rtt_ns != NEVER).then(|| seconds(self.rtt_ns))
    }

    /// Bytes that the capture does not have, though later ones are there.
    pub fn missing_bytes(&self) -> u64 {
        self.rare.as_ref().map_or(0, |rare| rare.missing_bytes)
    }

    /// All that there is to say of it.
    pub fn row(&self) -> ConnectionRow {
        let rare = self.rare.as_deref().copied().unwrap_or_default();
        ConnectionRow {
            client: self.client.to_string(),
            server: self.server.to_string(),
            protocol: self.protocol.name().into(),
            start_s: seconds(self.start_ns),
            duration_s: seconds(self.duration_ns),
            rtt_s: self.rtt_s(),
            tally: self.tally(),
            out_of_order_packets: rare.out_of_order,
            duplicate_acks: rare.duplicate_acks,
            keep_alives: rare.keep_alives,
            zero_windows: rare.zero_windows,
            missing_bytes: rare.missing_bytes,
            http_requests: self.http_requests,
            http_responses: self.http_responses,
            websocket_frames: rare.frames,
            sse_events: rare.events,
            tls_records: rare.tls,
        }
    }
}

impl Serialize for Connection {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.row().serialize(serializer)
    }
}

impl JsonSchema for Connection {
    fn schema_name() -> Cow<'static, str> {
        ConnectionRow::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        ConnectionRow::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        ConnectionRow::json_schema(generator)
    }
}

impl TryFrom<ConnectionRow> for Connection {
    type Error = String;

    fn try_from(row: ConnectionRow) -> Result<Connection, String> {
        let rare = Rare {
            frames: row.websocket_frames,
            events: row.sse_events,
            tls: row.tls_records,
            out_of_order: row.out_of_order_packets,
            duplicate_acks: row.duplicate_acks,
            keep_alives: row.keep_alives,
            zero_windows: row.zero_windows,
            missing_bytes: row.missing_bytes,
        };
        Ok(Connection {
            client: endpoint(&row.client)?,
            server: endpoint(&row.server)?,
            protocol: Protocol::named(&row.protocol).ok_or_else(|| format!("{:?} is no protocol", row.protocol))?,
            start_ns: nanoseconds(row.start_s),
            duration_ns: nanoseconds(row.duration_s),
            rtt_ns: row.rtt_s.map_or(NEVER, nanoseconds),
            costs: Costs::of(&row.tally, u64::MAX),
            http_requests: row.http_requests,
            http_responses: row.http_responses,
            rare: (rare != Rare::default()).then(|| Box::new(rare)),
        })
    }
}

/// What is spoken on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// No bytes at all.
    None,
    /// Something that is not known.
    Unknown,
    /// HTTP/1.
    Http,
    /// HTTP/1, and server-sent events in it.
    Sse,
    /// WebSocket.
    WebSocket,
    /// Lines of text.
    Lines,
    /// TLS.
    Tls,
    /// HTTP/2.
    Http2,
    /// What a CONNECT or an upgrade led to.
    Tunnel,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Protocol; 9] = [
        Protocol::None,
        Protocol::Unknown,
        Protocol::Http,
        Protocol::Sse,
        Protocol::WebSocket,
        Protocol::Lines,
        Protocol::Tls,
        Protocol::Http2,
        Protocol::Tunnel,
    ];

    /// The name, as in the JSON.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::None => "none",
            Protocol::Unknown => "unknown",
            Protocol::Http => "http",
            Protocol::Sse => "sse",
            Protocol::WebSocket => "websocket",
            Protocol::Lines => "lines",
            Protocol::Tls => "tls",
            Protocol::Http2 => "http2",
            Protocol::Tunnel => "tunnel",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Protocol> {
        Protocol::ALL.into_iter().find(|one| one.name() == name)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One TCP connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Connection")]
pub struct ConnectionRow {
    /// The client's address and port: who sent the SYN, or who spoke like a client.
    pub client: String,
    /// The server's address and port.
    pub server: String,
    /// What was spoken: "http", "sse", "websocket", "lines", "tls", "http2", "tunnel", "unknown", "none" (no bytes at all).
    pub protocol: Cow<'static, str>,
    /// Time of its first packet, in seconds since the first frame of the capture.
    pub start_s: f64,
    /// Time from its first packet to its last, in seconds.
    pub duration_s: f64,
    /// Round trip time seen in the handshake, in seconds: SYN to the ACK of the SYN-ACK. Null where it is not in the capture.
    pub rtt_s: Option<f64>,
    /// Its packets.
    #[serde(flatten)]
    pub tally: Tally,
    /// Packets that arrived behind a gap that a later one filled.
    pub out_of_order_packets: u64,
    /// ACKs that repeat the one before, as tshark names them.
    pub duplicate_acks: u64,
    /// Keep-alive probes, as tshark names them.
    pub keep_alives: u64,
    /// Packets that announce that there is no room to receive.
    pub zero_windows: u64,
    /// Bytes that the capture does not have, though later ones are there.
    pub missing_bytes: u64,
    /// HTTP requests seen whole or in part.
    pub http_requests: u64,
    /// HTTP responses seen whole or in part.
    pub http_responses: u64,
    /// WebSocket frames by opcode.
    pub websocket_frames: WebSocketFrames,
    /// Server-sent events that would have been dispatched.
    pub sse_events: u64,
    /// TLS records by type: handshake, application data, other.
    pub tls_records: TlsRecords,
}

/// WebSocket frames by opcode (RFC 6455, section 5.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct WebSocketFrames {
    pub text: u64,
    pub binary: u64,
    pub close: u64,
    pub ping: u64,
    pub pong: u64,
    pub continuation: u64,
}

/// TLS records by content type (RFC 8446, section 5.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct TlsRecords {
    pub handshake: u64,
    pub application_data: u64,
    pub other: u64,
}

/// An endpoint that is written as it is displayed.
fn endpoint(text: &str) -> Result<Endpoint, String> {
    let socket: SocketAddr = text.parse().map_err(|_| format!("{text:?} is no address with a port"))?;
    Ok(Endpoint { addr: socket.ip(), port: socket.port() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Layer;

    #[test]
    fn what_is_read_back_is_what_was_written() {
        let rare = Rare { missing_bytes: 7, events: 3, ..Rare::default() };
        for rare in [None, Some(Box::new(rare))] {
            let connection = Connection {
                client: Endpoint { addr: "2001:db8::a".parse().unwrap(), port: 40_000 },
                server: Endpoint { addr: "10.0.0.1".parse().unwrap(), port: 80 },
                protocol: Protocol::Sse,
                start_ns: 1_234_567_891,
                duration_ns: 3,
                rtt_ns: NEVER,
                costs: Costs {
                    packets: 3,
                    useful: 2,
                    layers: [(Layer::Tcp, 60), (Layer::Content, 5)].into(),
                    ..Costs::default()
                },
                http_requests: 1,
                http_responses: 0,
                rare,
            };
            let text = serde_json::to_string(&connection).unwrap();
            assert!(text.starts_with(r#"{"client":"[2001:db8::a]:40000","server":"10.0.0.1:80","protocol":"sse","#));
            assert_eq!(serde_json::from_str::<Connection>(&text).unwrap(), connection);
        }
    }

    #[test]
    fn each_protocol_is_found_by_its_name() {
        assert_eq!(Protocol::ALL.map(|one| Protocol::named(one.name())), Protocol::ALL.map(Some));
        for spoken in ["none", "unknown", "http", "sse", "websocket", "lines", "tls", "http2", "tunnel"] {
            assert!(Protocol::named(spoken).is_some(), "{spoken}");
        }
        assert_eq!(Protocol::named("gopher"), None);
    }
}
