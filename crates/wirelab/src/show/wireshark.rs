//! What does a field of Wireshark's display filters say of a packet?
//!
//! A filter that the report prints, or that somebody brings from Wireshark or tshark, means the same packets here: a
//! field has no value, one, or several in a packet, a comparison asks whether any of them fits (`!=`: whether there is
//! one, and none of them is it), and a field alone asks whether there is one.

use std::ops::RangeInclusive;

use wirelab_analyze::model::{Ended, TcpAnalysis};
use wirelab_dissect::tcp::Flags;
use wirelab_dissect::websocket::Opcode;

use super::row::Row;

/// A field with numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    FrameNumber,
    FrameLen,
    FrameCapturedLen,
    TcpStream,
    TcpLen,
    TcpHeaderLen,
    /// Relative to the connection's first, as tshark's are by default.
    TcpSeq,
    TcpAck,
    TcpWindow,
    TcpFlags,
    TcpFlag(Flags),
    TcpPort,
    TcpSourcePort,
    TcpDestinationPort,
    UdpPort,
    UdpSourcePort,
    UdpDestinationPort,
    TcpAnalysis(Opinion),
    HttpRequest,
    HttpResponse,
    HttpStatus,
    WebSocketOpcode,
    WebSocketMask,
    WebSocketFin,
}

/// What Wireshark thinks of a TCP packet: any of these names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opinion {
    Any,
    /// Of any of the three kinds.
    SentAgain,
    Is(TcpAnalysis),
}

/// What is asked of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    IsThere,
    Among(Vec<RangeInclusive<u64>>),
    NotAmong(Vec<RangeInclusive<u64>>),
}

impl Field {
    /// The field of this name.
    pub fn named(name: &str) -> Option<Field> {
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, field)| *field)
    }

    /// The names of all, for a message.
    pub fn list() -> String {
        NAMES.map(|(name, _)| name).join(", ")
    }

    /// Whether a packet is as the test asks.
    pub fn passes(self, row: &Row, test: &Test) -> bool {
        let values = self.values(row);
        let is_one = |value: &u64, ranges: &[RangeInclusive<u64>]| ranges.iter().any(|range| range.contains(value));
        match test {
            Test::IsThere => !values.is_empty(),
            Test::Among(ranges) => values.iter().any(|value| is_one(value, ranges)),
            Test::NotAmong(ranges) => !values.is_empty() && !values.iter().any(|value| is_one(value, ranges)),
        }
    }

    /// Its values in a packet.
    fn values(self, row: &Row) -> Vec<u64> {
        let tcp = |value: &dyn Fn(&wirelab_analyze::Packet) -> Option<u64>| -> Vec<u64> {
            row.packet.as_ref().and_then(value).into_iter().collect()
        };
        let ended = |value: &dyn Fn(&Ended) -> Option<u64>| -> Vec<u64> {
            row.packet.iter().flat_map(|packet| &packet.ended).filter_map(value).collect()
        };
        let ports = |is_of_transport: bool, which: &[usize]| -> Vec<u64> {
            let all: Vec<u64> = row.ports().map(u64::from).collect();
            which.iter().filter(|_| is_of_transport).filter_map(|at| all.get(*at).copied()).collect()
        };
        let is_tcp = row.packet.is_some();
        match self {
            Field::FrameNumber => vec![row.number],
            Field::FrameLen => vec![row.frame_len.into()],
            Field::FrameCapturedLen => vec![row.captured.into()],
            Field::TcpStream => tcp(&|packet| Some(packet.connection.into())),
            Field::TcpLen => tcp(&|packet| Some(packet.app_len.into())),
            Field::TcpHeaderLen => tcp(&|packet| Some(packet.tcp_len.into())),
            Field::TcpSeq => tcp(&|packet| Some(packet.seq)),
            // Without the flag the number is there all the same, and says nothing.
            Field::TcpAck => tcp(&|packet| Some(packet.ack.unwrap_or(0))),
            Field::TcpWindow => tcp(&|packet| Some(packet.window.into())),
            Field::TcpFlags => tcp(&|packet| Some(packet.flags.0.into())),
            Field::TcpFlag(flag) => tcp(&|packet| Some(packet.flags.has(flag).into())),
            Field::TcpPort => ports(is_tcp, &[0, 1]),
            Field::TcpSourcePort => ports(is_tcp, &[0]),
            Field::TcpDestinationPort => ports(is_tcp, &[1]),
            Field::UdpPort => ports(!is_tcp, &[0, 1]),
            Field::UdpSourcePort => ports(!is_tcp, &[0]),
            Field::UdpDestinationPort => ports(!is_tcp, &[1]),
            Field::TcpAnalysis(opinion) => tcp(&|packet| {
                let name = packet.analysis?;
                let fits = match opinion {
                    Opinion::Any => true,
                    Opinion::SentAgain => name.is_retransmission(),
                    Opinion::Is(wanted) => name == wanted,
                };
                fits.then_some(1)
            }),
            Field::HttpRequest => ended(&|what| (*what == Ended::Request).then_some(1)),
            Field::HttpResponse => ended(&|what| matches!(what, Ended::Response { .. }).then_some(1)),
            Field::HttpStatus => ended(&|what| match what {
                Ended::Response { status } => Some((*status).into()),
                _ => None,
            }),
            Field::WebSocketOpcode => ended(&|what| match what {
                Ended::Frame { opcode, .. } => Some(Opcode::bits(*opcode).into()),
                _ => None,
            }),
            Field::WebSocketMask => ended(&|what| match what {
                Ended::Frame { masked, .. } => Some((*masked).into()),
                _ => None,
            }),
            Field::WebSocketFin => ended(&|what| match what {
                Ended::Frame { last, .. } => Some((*last).into()),
                _ => None,
            }),
        }
    }
}

/// Wireshark's names.
const NAMES: [(&str, Field); 41] = [
    ("frame.number", Field::FrameNumber),
    ("frame.len", Field::FrameLen),
    ("frame.cap_len", Field::FrameCapturedLen),
    ("tcp.stream", Field::TcpStream),
    ("tcp.len", Field::TcpLen),
    ("tcp.hdr_len", Field::TcpHeaderLen),
    ("tcp.seq", Field::TcpSeq),
    ("tcp.ack", Field::TcpAck),
    ("tcp.window_size_value", Field::TcpWindow),
    ("tcp.flags", Field::TcpFlags),
    ("tcp.flags.fin", Field::TcpFlag(Flags::FIN)),
    ("tcp.flags.syn", Field::TcpFlag(Flags::SYN)),
    ("tcp.flags.reset", Field::TcpFlag(Flags::RST)),
    ("tcp.flags.push", Field::TcpFlag(Flags::PSH)),
    ("tcp.flags.ack", Field::TcpFlag(Flags::ACK)),
    ("tcp.flags.urg", Field::TcpFlag(Flags::URG)),
    ("tcp.port", Field::TcpPort),
    ("tcp.srcport", Field::TcpSourcePort),
    ("tcp.dstport", Field::TcpDestinationPort),
    ("udp.port", Field::UdpPort),
    ("udp.srcport", Field::UdpSourcePort),
    ("udp.dstport", Field::UdpDestinationPort),
    ("tcp.analysis.flags", Field::TcpAnalysis(Opinion::Any)),
    ("tcp.analysis.retransmission", Field::TcpAnalysis(Opinion::SentAgain)),
    ("tcp.analysis.fast_retransmission", Field::TcpAnalysis(Opinion::Is(TcpAnalysis::FastRetransmission))),
    ("tcp.analysis.spurious_retransmission", Field::TcpAnalysis(Opinion::Is(TcpAnalysis::SpuriousRetransmission))),
    ("tcp.analysis.out_of_order", Field::TcpAnalysis(Opinion::Is(TcpAnalysis::OutOfOrder))),
    ("tcp.analysis.duplicate_ack", Field::TcpAnalysis(Opinion::Is(TcpAnalysis::DuplicateAck))),
    ("tcp.analysis.keep_alive", Field::TcpAnalysis(Opinion::Is(TcpAnalysis::KeepAlive))),
    ("tcp.analysis.keep_alive_ack", Field::TcpAnalysis(Opinion::Is(TcpAnalysis::KeepAliveAck))),
    ("tcp.analysis.zero_window", Field::TcpAnalysis(Opinion::Is(TcpAnalysis::ZeroWindow))),
    ("tcp.analysis.zero_window_probe", Field::TcpAnalysis(Opinion::Is(TcpAnalysis::ZeroWindowProbe))),
    ("tcp.analysis.zero_window_probe_ack", Field::TcpAnalysis(Opinion::Is(TcpAnalysis::ZeroWindowProbeAck))),
    ("tcp.analysis.window_update", Field::TcpAnalysis(Opinion::Is(TcpAnalysis::WindowUpdate))),
    ("tcp.analysis.lost_segment", Field::TcpAnalysis(Opinion::Is(TcpAnalysis::PreviousSegmentNotCaptured))),
    ("http.request", Field::HttpRequest),
    ("http.response", Field::HttpResponse),
    ("http.response.code", Field::HttpStatus),
    ("websocket.opcode", Field::WebSocketOpcode),
    ("websocket.mask", Field::WebSocketMask),
    ("websocket.fin", Field::WebSocketFin),
];
