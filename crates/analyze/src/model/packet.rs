//! What is there to say of one packet? For lists and pictures; not in the JSON.

use std::borrow::Cow;
use std::fmt;

use wirelab_dissect::tcp::Flags;
use wirelab_dissect::websocket::Opcode;

use super::{Costs, Layer, Tally};

/// One TCP packet of a capture.
#[derive(Clone, Debug, PartialEq)]
pub struct Packet {
    /// Its number in the capture.
    pub number: u64,
    /// Seconds since the first frame.
    pub time_s: f64,
    /// The connection: an index into `connections`.
    pub connection: u32,
    /// Whether the client sent it.
    pub from_client: bool,
    /// The exchange that it belongs to: an index into `exchanges`, or `None` where the row limit left that out.
    pub exchange: Option<usize>,
    /// Length on the wire.
    pub frame_len: u32,
    /// Bytes of it below TCP, padding included.
    pub lower_len: u32,
    /// Bytes of its TCP header.
    pub tcp_len: u32,
    /// Bytes of its payload.
    pub app_len: u32,
    /// Where the payload begins in the frame.
    pub payload_offset: u32,
    /// The flags of its TCP header.
    pub flags: Flags,
    /// Sequence number, counted from the connection's first.
    pub seq: u64,
    /// Acknowledgement number, counted likewise; `None` without the ACK flag.
    pub ack: Option<u64>,
    /// The window as announced, not scaled.
    pub window: u16,
    /// What Wireshark calls it, where it does not simply move its connection on.
    pub analysis: Option<TcpAnalysis>,
    /// What its bytes say.
    pub words: Words,
    /// The messages that ended in it, each kind of them once.
    pub ended: Vec<Ended>,
    /// Its payload by layer, in order; the lengths add up to `app_len`.
    pub spans: Vec<Span>,
}

impl Packet {
    /// What it says, as a person would: "GET /time", "ACK", "text \"get-time\" masked".
    pub fn info(&self) -> Cow<'_, str> {
        match self.app_len {
            _ if !self.words.text.is_empty() => Cow::Borrowed(&self.words.text),
            0 => Cow::Owned(self.flags.to_string()),
            1 => Cow::Borrowed("1 byte"),
            len => Cow::Owned(format!("{len} bytes")),
        }
    }

    /// Its bytes by layer.
    pub fn tally(&self) -> Tally {
        let mut costs = Costs::default();
        costs.packet([(Layer::Lower, self.lower_len), (Layer::Tcp, self.tcp_len)], self.app_len > 0);
        for span in &self.spans {
            costs.bytes(span.layer, u64::from(span.len));
        }
        costs.tally()
    }

    /// Whether a WebSocket frame ended in it whose payload is masked.
    pub fn is_masked(&self) -> bool {
        self.ended.iter().any(|ended| matches!(ended, Ended::Frame { masked: true, .. }))
    }

    /// Whether it carries nothing and only acknowledges: none of SYN, FIN, RST, PSH and the others.
    pub fn is_bare_ack(&self) -> bool {
        self.app_len == 0 && self.flags == Flags::ACK
    }
}

/// What the payload of a packet says, where a decoder has words for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// For people; empty where nothing is known but its length.
    pub text: String,
}

/// A message that ended in a packet: there Wireshark shows it, and finds it by its filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ended {
    /// An HTTP request (`http.request`).
    Request,
    /// An HTTP response (`http.response`).
    Response {
        /// Its status code.
        status: u16,
    },
    /// A WebSocket frame (`websocket`).
    Frame {
        /// What it is.
        opcode: Opcode,
        /// Whether its payload is masked.
        masked: bool,
        /// Whether it is the last of its message.
        last: bool,
    },
}

/// A run of payload bytes of one layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Which layer.
    pub layer: Layer,
    /// How many bytes.
    pub len: u32,
}

/// Wireshark's name for a packet that does not simply move its connection on (`tcp.analysis.flags`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum TcpAnalysis {
    Retransmission,
    FastRetransmission,
    SpuriousRetransmission,
    OutOfOrder,
    DuplicateAck,
    KeepAlive,
    KeepAliveAck,
    ZeroWindow,
    ZeroWindowProbe,
    ZeroWindowProbeAck,
    WindowUpdate,
    PreviousSegmentNotCaptured,
}

impl TcpAnalysis {
    /// Whether its bytes were sent before.
    pub fn is_retransmission(self) -> bool {
        use TcpAnalysis::{FastRetransmission, Retransmission, SpuriousRetransmission};
        matches!(self, Retransmission | FastRetransmission | SpuriousRetransmission)
    }
}

impl fmt::Display for TcpAnalysis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TcpAnalysis::Retransmission => "retransmission",
            TcpAnalysis::FastRetransmission => "fast retransmission",
            TcpAnalysis::SpuriousRetransmission => "spurious retransmission",
            TcpAnalysis::OutOfOrder => "out-of-order",
            TcpAnalysis::DuplicateAck => "duplicate ACK",
            TcpAnalysis::KeepAlive => "keep-alive",
            TcpAnalysis::KeepAliveAck => "keep-alive ACK",
            TcpAnalysis::ZeroWindow => "zero window",
            TcpAnalysis::ZeroWindowProbe => "zero window probe",
            TcpAnalysis::ZeroWindowProbeAck => "zero window probe ACK",
            TcpAnalysis::WindowUpdate => "window update",
            TcpAnalysis::PreviousSegmentNotCaptured => "previous segment not captured",
        })
    }
}
