//! Which records and frames are in a connection whose content is not read: TLS, and HTTP/2 with prior knowledge.

use wirelab_dissect::http2::{self, FrameType};
use wirelab_dissect::tls::{self, ContentType};

use crate::exchange::{ExchangeId, ProtocolKind};
use crate::labels::{LabelId, label};
use crate::model::{Layer, ProblemLayer, Protocol};
use crate::observations::Fact;
use crate::packet_in_hand::PacketInHand;

/// The two directions of such a connection.
#[derive(Clone, Debug)]
pub(crate) enum Records {
    Tls(Box<[Side<tls::Decoder>; 2]>),
    Http2(Box<[Side<http2::Decoder>; 2]>),
}

/// One direction.
#[derive(Clone, Debug)]
pub(crate) struct Side<Decoder> {
    /// `None` where it could not be decoded further, or bytes of it are missing: its bytes are counted only.
    decoder: Option<Decoder>,
    bursts: Bursts,
}

impl<Decoder> Side<Decoder> {
    fn new(decoder: Decoder) -> Side<Decoder> {
        Side { decoder: Some(decoder), bursts: Bursts::default() }
    }
}

impl Records {
    /// TLS records (RFC 8446, section 5).
    pub fn tls() -> Records {
        Records::Tls(Box::new([Side::new(tls::Decoder::new()), Side::new(tls::Decoder::new())]))
    }

    /// HTTP/2 frames (RFC 9113, section 4).
    pub fn http2() -> Records {
        let sides = [http2::Decoder::new(http2::Side::Client), http2::Decoder::new(http2::Side::Server)];
        Records::Http2(Box::new(sides.map(Side::new)))
    }

    /// The connection's `protocol`.
    pub fn protocol(&self) -> Protocol {
        match self {
            Records::Tls(_) => Protocol::Tls,
            Records::Http2(_) => Protocol::Http2,
        }
    }

    /// What a turn is called before its records have said more.
    pub fn label(&self) -> LabelId {
        match self {
            Records::Tls(_) => label::TLS,
            Records::Http2(_) => label::HTTP2_CONNECTION,
        }
    }

    /// Reads what one side sends next.
    pub fn read(&mut self, from_client: bool, turn: ExchangeId, data: &[u8], packet: &mut PacketInHand<'_>) {
        match self {
            Records::Tls(sides) => read_tls(side(sides, from_client), turn, data, packet),
            Records::Http2(sides) => read_http2(side(sides, from_client), turn, data, packet),
        }
    }

    /// Bytes of a direction are missing from the capture.
    pub fn skip(&mut self, from_client: bool, count: u64) {
        match self {
            Records::Tls(sides) => {
                side(sides, from_client).decoder.take_if(|decoder| !decoder.skip(count));
            }
            Records::Http2(sides) => {
                side(sides, from_client).decoder.take_if(|decoder| !decoder.skip(count));
            }
        }
    }
}

fn side<T>(sides: &mut [T; 2], client: bool) -> &mut T {
    let [a, b] = sides;
    if client { a } else { b }
}

/// One side's bursts: packets with data, and no long gap between them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bursts {
    /// When the last packet with data came, and the last burst began; 0 before the first.
    last_ns: u64,
    began_ns: u64,
    /// Whether the record or frame under way is data, and not what the connection says of itself.
    is_data: bool,
    /// The highest stream that was opened.
    stream: u32,
}

impl Bursts {
    /// A packet brings bytes of the record or frame under way. Notes it where a burst begins with it.
    fn bytes(&mut self, fact: Fact, exchange: ExchangeId, packet: &mut PacketInHand<'_>) {
        if !self.is_data {
            return;
        }
        let now_ns = packet.step.now_ns();
        let ways = &packet.state.timing.ways;
        let longest_ns = (ways.client.ns() + ways.server.ns()).max(BURST_GAP_NS);
        let gap_ns = now_ns.saturating_sub(std::mem::replace(&mut self.last_ns, now_ns));
        if self.began_ns > 0 && gap_ns <= longest_ns {
            return;
        }
        let before_ns = std::mem::replace(&mut self.began_ns, now_ns);
        packet.burst(fact, exchange, if before_ns == 0 { 0 } else { now_ns.saturating_sub(before_ns) });
    }
}

fn read_tls(side: &mut Side<tls::Decoder>, turn: ExchangeId, mut data: &[u8], packet: &mut PacketInHand<'_>) {
    let Side { decoder: reading, bursts } = side;
    while !data.is_empty() {
        let Some(decoder) = reading else { return packet.own(turn, Layer::Content, data.len()) };
        let step = match decoder.step(data) {
            Ok(step) => step,
            Err(error) => {
                packet.problem(ProblemLayer::Tls, error.to_string());
                *reading = None;
                continue;
            }
        };
        let layer = if step.mark == tls::Mark::RecordHeader { Layer::Framing } else { Layer::Content };
        let consumed = step.consumed;
        packet.own(turn, layer, consumed);
        if let Some(tls::Event::Record { content_type, .. }) = step.event {
            let count = &mut packet.counts().rare().tls;
            let label = match content_type {
                ContentType::Handshake => {
                    count.handshake += 1;
                    label::TLS_HANDSHAKE
                }
                ContentType::ApplicationData => {
                    count.application_data += 1;
                    label::TLS_DATA
                }
                _ => {
                    count.other += 1;
                    label::TLS
                }
            };
            packet.say(|| content_type.name().to_owned());
            bursts.is_data = content_type == ContentType::ApplicationData;
            // A turn is called after the first record in it that says more than "TLS".
            if label != label::TLS && packet.open(turn).is_some_and(|open| open.label == label::TLS) {
                packet.name(turn, ProtocolKind::Turn, label);
            }
        }
        // Before its header ends, nobody knows what it is.
        if matches!(step.event, Some(tls::Event::Record { .. })) || layer == Layer::Content && consumed > 0 {
            bursts.bytes(Fact::TlsBurst, turn, packet);
        }
        data = data.get(consumed..).unwrap_or_default();
    }
}

fn read_http2(side: &mut Side<http2::Decoder>, turn: ExchangeId, mut data: &[u8], packet: &mut PacketInHand<'_>) {
    let Side { decoder: reading, bursts } = side;
    while !data.is_empty() {
        let Some(decoder) = reading else { return packet.own(turn, Layer::Content, data.len()) };
        match decoder.step(data) {
            Ok(step) => {
                let layer = if step.mark == http2::Mark::Payload { Layer::Content } else { Layer::Framing };
                packet.own(turn, layer, step.consumed);
                if let Some(http2::Event::Frame { kind, stream, .. }) = step.event {
                    packet.say(|| kind.name().to_owned());
                    // Stream 0 is the connection itself (RFC 9113, section 5.1.1).
                    let is_control = matches!(kind, FrameType::WindowUpdate | FrameType::Priority);
                    bursts.is_data = stream > 0 && !is_control;
                    if bursts.is_data && packet.open(turn).is_some_and(|open| open.label == label::HTTP2_CONNECTION) {
                        packet.name(turn, ProtocolKind::Turn, label::HTTP2);
                    }
                    if kind == FrameType::Headers && stream > bursts.stream {
                        bursts.stream = stream;
                        if packet.facts.from_client {
                            packet.stream_opened(turn);
                        }
                    }
                }
                // Before its header ends, nobody knows what it is.
                let is_known = matches!(step.event, Some(http2::Event::Frame { .. }));
                if is_known || layer == Layer::Content && step.consumed > 0 {
                    bursts.bytes(Fact::Http2Burst, turn, packet);
                }
                data = data.get(step.consumed..).unwrap_or_default();
            }
            Err(error) => {
                packet.problem(ProblemLayer::Http2, error.to_string());
                *reading = None;
            }
        }
    }
}

/// A pause that ends a burst, where a round trip is shorter.
const BURST_GAP_NS: u64 = 10_000_000;
