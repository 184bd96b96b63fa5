//! Which message does each byte of a WebSocket connection belong to?
//!
//! Each message begins an exchange, but one of the server that answers a message of the client: then the two are one. The
//! protocol itself does not pair messages, so this is said only where they [show it](crate::question). It is looked for in
//! what the packet in which the answer begins holds of it, where that is not compressed.

use std::collections::VecDeque;

use wirelab_dissect::deflate::{self, DeflateParams};
use wirelab_dissect::websocket::{self, Decoder, Event, FrameHeader, Mark, Messages, Opcode, Violations};

use crate::capture_state::{MayInflate, Weight};
use crate::exchange::{ExchangeId, ProtocolKind};
use crate::labels::label;
use crate::model::{Ended, Layer, ProblemLayer, WebSocketFrames};
use crate::packet_in_hand::PacketInHand;
use crate::question::{Question, Said};
use crate::readable::readable;
use crate::time_of_day::{self, Finder, TimePlace};

/// A connection after the opening handshake.
#[derive(Clone, Debug)]
pub(crate) struct WebSocket {
    client: Side,
    server: Side,
    /// Client messages without an answer, and what would be one, oldest first.
    awaiting: VecDeque<(ExchangeId, Question)>,
    /// Given back with the connection.
    _may_inflate: Option<MayInflate>,
}

/// One side's frames.
#[derive(Clone, Debug)]
struct Side {
    decoder: Decoder,
    /// The rules that frames must keep.
    messages: Messages,
    /// Which of them were broken, as bits: each is a problem once.
    broken: u16,
    /// Whether a message could not be inflated: that is a problem once.
    stuck: bool,
    /// The exchange of the frame that is being received.
    frame: Option<ExchangeId>,
    /// The exchange of the message whose fragments are being received.
    message: Option<ExchangeId>,
    /// The exchange of the last ping that the other side has not answered.
    ping: Option<ExchangeId>,
    finder: Finder,
    /// Whether the message whose frames are being received is text, as a server's time is.
    text: bool,
    /// Whether the frame that is being received is part of such a message.
    looks: bool,
    /// Whether frame boundaries are lost: nothing in the stream says where the next frame begins.
    lost: bool,
}

impl Side {
    fn new(side: websocket::Side, deflate: Option<DeflateParams>, inflates: bool) -> Side {
        Side {
            decoder: if inflates { Decoder::new(deflate) } else { Decoder::without_inflating(deflate) },
            messages: Messages::new(side, deflate),
            broken: 0,
            stuck: false,
            frame: None,
            message: None,
            ping: None,
            finder: Finder::default(),
            text: false,
            looks: false,
            lost: false,
        }
    }
}

impl WebSocket {
    pub fn new(deflate: Option<DeflateParams>, packet: &mut PacketInHand<'_>) -> WebSocket {
        let may_inflate = deflate.and_then(|_| packet.capture_state.inflaters.room(Weight::Deflate));
        let inflates = may_inflate.is_some();
        if deflate.is_some() && !inflates {
            packet.problem(
                ProblemLayer::WebSocket,
                "too many connections with compressed messages: this one's are counted, not inflated",
            );
        }
        WebSocket {
            client: Side::new(websocket::Side::Client, deflate, inflates),
            server: Side::new(websocket::Side::Server, deflate, inflates),
            awaiting: VecDeque::new(),
            _may_inflate: may_inflate,
        }
    }

    /// A connection whose handshake was not captured: nobody knows whether messages may be compressed, so it is no fault if
    /// one is, and what it says stays unread, as what it refers to may be missing.
    pub fn midway() -> WebSocket {
        let deflate = Some(DeflateParams::default());
        WebSocket {
            client: Side::new(websocket::Side::Client, deflate, false),
            server: Side::new(websocket::Side::Server, deflate, false),
            awaiting: VecDeque::new(),
            _may_inflate: None,
        }
    }

    /// Reads what one side sends next.
    #[inline(never)]
    pub fn read(&mut self, from_client: bool, mut data: &[u8], packet: &mut PacketInHand<'_>) {
        let mut first = !data.is_empty();
        while first || !data.is_empty() {
            // One step beyond the last byte: the end of a frame without payload comes with no bytes.
            first = !data.is_empty();
            if data.is_empty() && self.side(from_client).frame.is_none() {
                break;
            }
            if self.side(from_client).lost {
                let exchange = packet.current();
                return packet.own(exchange, Layer::Content, data.len());
            }
            let exchange = match self.side(from_client).frame {
                Some(exchange) => packet.clamp(exchange),
                None => {
                    let exchange = self.begin(from_client, data, packet);
                    self.side(from_client).frame = Some(exchange);
                    exchange
                }
            };
            let side = if from_client { &mut self.client } else { &mut self.server };
            let step = side.decoder.step(data);
            let step = match &step {
                Ok(step) => step,
                Err(error) => {
                    side.lost = true;
                    packet.problem(ProblemLayer::WebSocket, error.to_string());
                    return packet.own(exchange, Layer::Content, data.len());
                }
            };
            let bytes = data.get(..step.consumed).unwrap_or_default();
            if let Some(event) = &step.event {
                let wrong = side.messages.see(event).violations;
                if !wrong.is_empty() {
                    complain(wrong, &mut side.broken, packet);
                }
            }
            if step.mark == Mark::Header {
                packet.own(exchange, Layer::Framing, bytes.len());
            } else {
                let found = if side.looks { side.finder.look(bytes, TimePlace::Markup) } else { None };
                match found {
                    Some(found) => packet.own_time(exchange, bytes.len(), &found),
                    None => packet.own(exchange, Layer::Content, bytes.len()),
                }
            }
            let done = step.consumed == 0 && step.event.is_none();
            if let Some(Event::FrameEnd { header, payload, inflated }) = &step.event {
                if let Some(inflated) = inflated
                    && !from_client
                    && time_of_day::find(inflated.peek, TimePlace::Markup, false).is_some()
                {
                    packet.has_time(exchange);
                }
                if let Some(why @ (deflate::Error::Corrupt | deflate::Error::TooLarge { .. })) =
                    inflated.as_ref().and_then(|inflated| inflated.stopped)
                    && !std::mem::replace(&mut side.stuck, true)
                {
                    packet.problem(ProblemLayer::WebSocket, why.to_string());
                }
                if let Some(inflated) = inflated.as_ref().filter(|inflated| inflated.stopped.is_none()) {
                    packet.compressed(exchange, header.len, inflated.len);
                }
                let shown = match inflated {
                    Some(inflated) if inflated.stopped.is_none() => Some(inflated.peek),
                    Some(_) => None,
                    None => Some(*payload).filter(|_| !header.rsv1),
                };
                if !from_client && !header.opcode.is_control() {
                    recognise(header, shown, packet);
                }
                packet.say(|| describe(header, shown));
                packet.ended(Ended::Frame { opcode: header.opcode, masked: header.mask.is_some(), last: header.fin });
                count(&mut packet.counts().rare().frames, header.opcode);
                let asked = match shown {
                    Some(text) if from_client && is_whole_text(header) => Question::of(text),
                    _ => None,
                };
                self.end(from_client, header, exchange, asked, packet);
            }
            if done {
                break;
            }
            data = data.get(bytes.len()..).unwrap_or_default();
        }
    }

    /// Bytes of a direction are missing from the capture.
    pub fn skip(&mut self, from_client: bool, count: u64, packet: &mut PacketInHand<'_>) {
        let side = self.side(from_client);
        if !side.lost && !side.decoder.skip(count) {
            side.lost = true;
            packet.problem(
                ProblemLayer::WebSocket,
                format!("{count} bytes are missing from the capture, and nothing says where the next frame begins"),
            );
        }
    }

    fn side(&mut self, client: bool) -> &mut Side {
        if client { &mut self.client } else { &mut self.server }
    }

    /// The exchange of the frame that begins with these bytes.
    fn begin(&mut self, from_client: bool, data: &[u8], packet: &mut PacketInHand<'_>) -> ExchangeId {
        let opcode = Opcode::from_bits(data.first().copied().unwrap_or(0) & 0x0f);
        let side = self.side(from_client);
        if matches!(opcode, Opcode::Text | Opcode::Binary) {
            side.text = opcode == Opcode::Text;
        }
        side.looks = side.text && !from_client && !opcode.is_control();
        match opcode {
            Opcode::Close => packet.close(),
            Opcode::Ping => {
                let exchange = packet.begin(ProtocolKind::Control, label::PING);
                self.side(from_client).ping = Some(exchange);
                exchange
            }
            Opcode::Pong => match self.side(!from_client).ping.take() {
                Some(ping) => packet.clamp(ping),
                None => packet.begin(ProtocolKind::Control, label::PONG),
            },
            opcode => {
                if let Some(message) = self.side(from_client).message {
                    return packet.clamp(message);
                }
                let exchange = match if from_client { None } else { self.answered(data) } {
                    Some(asked) => {
                        let asked = packet.clamp(asked);
                        packet.name(asked, ProtocolKind::Message, label::TEXT);
                        asked
                    }
                    None => {
                        let label = match (opcode, from_client) {
                            (Opcode::Text, true) => label::TEXT_ASKED,
                            (Opcode::Text, false) => label::TEXT_PUSHED,
                            (Opcode::Binary, true) => label::BINARY_ASKED,
                            (Opcode::Binary, false) => label::BINARY_PUSHED,
                            (other, _) => packet.label(other.name()),
                        };
                        packet.begin(ProtocolKind::Message, label)
                    }
                };
                let side = self.side(from_client);
                side.finder.restart();
                side.message = Some(exchange);
                exchange
            }
        }
    }

    /// The client's message that the server's frame which begins so answers.
    fn answered(&mut self, data: &[u8]) -> Option<ExchangeId> {
        if self.awaiting.is_empty() {
            return None;
        }
        let (len, beginning) = plain_text(data)?;
        let said = Said::new(beginning, len);
        let at = self.awaiting.iter().position(|(_, question)| question.is_answered_by(&said))?;
        self.awaiting.remove(at).map(|(asked, _)| asked)
    }

    /// A frame is complete. `asked` is what would answer it.
    fn end(
        &mut self,
        from_client: bool,
        header: &FrameHeader,
        exchange: ExchangeId,
        asked: Option<Question>,
        packet: &mut PacketInHand<'_>,
    ) {
        let side = self.side(from_client);
        side.frame = None;
        match header.opcode {
            Opcode::Close => {}
            Opcode::Ping => {}
            Opcode::Pong => packet.complete(exchange),
            _ if !header.fin => {}
            _ => {
                side.message = None;
                match asked {
                    Some(question) => {
                        if self.awaiting.len() >= MOST_AWAITING
                            && let Some((forgotten, _)) = self.awaiting.pop_front()
                        {
                            packet.complete(forgotten);
                        }
                        self.awaiting.push_back((exchange, question));
                    }
                    // Nothing more is known to belong to it.
                    None => packet.complete(exchange),
                }
            }
        }
    }
}

/// Whether a frame is a message of its own, of text.
fn is_whole_text(header: &FrameHeader) -> bool {
    header.opcode == Opcode::Text && header.fin
}

/// The length of the text that an unmasked frame brings, and as much of it as is here: none of it where its header (RFC 6455,
/// section 5.2) does not end here. `None` where it is another frame, or compressed.
fn plain_text(data: &[u8]) -> Option<(u64, &[u8])> {
    let (first, rest) = data.split_first()?;
    if first & 0x7f != 1 || rest.first().is_some_and(|second| second & 0x80 != 0) {
        return None;
    }
    let header = rest.split_first().and_then(|(second, rest)| match second {
        126 => rest.split_first_chunk().map(|(len, rest)| (u64::from(u16::from_be_bytes(*len)), rest)),
        127 => rest.split_first_chunk().map(|(len, rest)| (u64::from_be_bytes(*len), rest)),
        len => Some((u64::from(*len), rest)),
    });
    let (len, rest) = header.unwrap_or((u64::MAX, &[]));
    let here = usize::try_from(len).map_or(rest.len(), |len| len.min(rest.len()));
    Some((len, rest.get(..here)?))
}

/// Tells whose message this may be: a text in one frame is held against the apps' own, what was cut short is not.
fn recognise(header: &FrameHeader, shown: Option<&[u8]>, packet: &mut PacketInHand<'_>) {
    match shown {
        Some(text) if header.opcode == Opcode::Text && header.fin && !header.rsv1 => {
            // Only its beginning is here where it is long, which none of ours is, or where bytes are missing.
            if text.len() as u64 == header.len || !packet.state.partial {
                packet.capture_state.recognition.message(text);
            }
        }
        _ => packet.capture_state.recognition.nobody(),
    }
}

fn count(frames: &mut WebSocketFrames, opcode: Opcode) {
    match opcode {
        Opcode::Text => frames.text += 1,
        Opcode::Binary => frames.binary += 1,
        Opcode::Close => frames.close += 1,
        Opcode::Ping => frames.ping += 1,
        Opcode::Pong => frames.pong += 1,
        Opcode::Continuation => frames.continuation += 1,
        Opcode::Reserved(_) => {}
    }
}

/// Notes the rules that a frame breaks, each of them once a side.
#[cold]
fn complain(wrong: Violations, told: &mut u16, packet: &mut PacketInHand<'_>) {
    for violation in wrong.iter() {
        if *told & violation as u16 == 0 {
            *told |= violation as u16;
            packet.problem(ProblemLayer::WebSocket, violation.to_string());
        }
    }
}

/// A frame in words; `payload` are the first bytes of what it says, where they can be read.
fn describe(header: &FrameHeader, payload: Option<&[u8]>) -> String {
    let mut text = header.opcode.name().to_owned();
    match (header.opcode, payload) {
        (Opcode::Text | Opcode::Continuation, Some(payload)) => text += &format!(" \"{}\"", readable(payload, 60)),
        (Opcode::Close, Some([high, low, reason @ ..])) => {
            text += &format!(" {}", u16::from_be_bytes([*high, *low]));
            if !reason.is_empty() {
                text += &format!(" \"{}\"", readable(reason, 60));
            }
        }
        (Opcode::Close, _) => {}
        (_, None) => text += &format!(", {} compressed bytes", header.len),
        _ => text += &format!(", {} bytes", header.len),
    }
    if header.mask.is_some() {
        text += " masked";
    }
    if !header.fin {
        text += ", more follows";
    }
    text
}

/// Client messages without an answer that are remembered.
const MOST_AWAITING: usize = 64;
