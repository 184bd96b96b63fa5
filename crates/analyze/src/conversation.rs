//! What is spoken on this connection?
//!
//! The first bytes decide: an HTTP/1 request, TLS records, the HTTP/2 preface, or anything else, which is read as
//! turns. Afterwards every byte goes to the reader of that protocol.

use wirelab_dissect::{Sniff, http2, tls, websocket};

use crate::capture_state::Owned;
use crate::exchange::{ExchangeId, ProtocolKind};
use crate::http::{Http, Next, sniff_request, sniff_response};
use crate::labels::label;
use crate::model::{Layer, Protocol};
use crate::packet_in_hand::PacketInHand;
use crate::records::Records;
use crate::turns::Turns;
use crate::websocket::WebSocket;

/// What is spoken on a connection, as far as it is known.
#[derive(Clone, Debug, Default)]
pub(crate) enum Conversation {
    /// No bytes yet.
    #[default]
    Silent,
    /// The client's first bytes, too few to tell.
    Begun {
        bytes: Vec<u8>,
        exchange: ExchangeId,
    },
    Http(Http),
    WebSocket(Box<WebSocket>),
    Turns(Turns),
}

impl Conversation {
    /// What is spoken, as the connection's `protocol`.
    pub fn protocol(&self) -> Protocol {
        match self {
            Conversation::Silent => Protocol::None,
            Conversation::Begun { .. } => Protocol::Unknown,
            Conversation::Http(http) if http.is_event_stream() => Protocol::Sse,
            Conversation::Http(_) => Protocol::Http,
            Conversation::WebSocket(_) => Protocol::WebSocket,
            Conversation::Turns(turns) => turns.protocol(),
        }
    }

    /// Whether the sides may still have to change places: nothing but the order of packets said who the client is.
    pub fn is_silent(&self) -> bool {
        matches!(self, Conversation::Silent)
    }

    /// Reads what one side sends next.
    pub fn read(&mut self, from_client: bool, data: &[u8], packet: &mut PacketInHand<'_>) {
        match self {
            Conversation::Http(http) if from_client => http.client(data, packet),
            Conversation::Http(http) => match http.server(data, packet) {
                Next::Same => {}
                next => self.change(next, data, packet),
            },
            Conversation::WebSocket(websocket) => websocket.read(from_client, data, packet),
            Conversation::Turns(_) if packet.state.partial => self.turn_or_more(from_client, data, packet),
            Conversation::Turns(turns) => turns.read(from_client, data, packet),
            Conversation::Silent => self.first(from_client, data, packet),
            Conversation::Begun { .. } => self.go_on(from_client, data, packet),
        }
    }

    /// Where bytes are missing, what was read as turns may turn out to be HTTP, or a WebSocket.
    #[inline(never)]
    fn turn_or_more(&mut self, from_client: bool, data: &[u8], packet: &mut PacketInHand<'_>) {
        match self {
            Conversation::Turns(turns) if turns.is_unknown() => {
                if from_client && sniff_request(data) == Sniff::Yes {
                    *self = Conversation::Http(Http::new());
                } else if is_websocket_midway(from_client, data) {
                    *self = Conversation::WebSocket(Box::new(WebSocket::midway()));
                } else {
                    return turns.read(from_client, data, packet);
                }
                self.read(from_client, data, packet);
            }
            Conversation::Turns(turns) => turns.read(from_client, data, packet),
            _ => {}
        }
    }

    /// HTTP has ended, and something else begins.
    #[inline(never)]
    fn change(&mut self, next: Next, data: &[u8], packet: &mut PacketInHand<'_>) {
        let (conversation, used) = match next {
            Next::Same => return,
            Next::WebSocket(deflate, used) => {
                (Conversation::WebSocket(Box::new(WebSocket::new(deflate, packet))), used)
            }
            Next::Tunnel(used) => (Conversation::Turns(Turns::tunnel()), used),
        };
        *self = conversation;
        self.read_rest(data, used, packet);
    }

    /// Reads on where the first bytes were too few.
    #[cold]
    fn go_on(&mut self, from_client: bool, data: &[u8], packet: &mut PacketInHand<'_>) {
        let Conversation::Begun { bytes, exchange } = self else { return };
        let exchange = packet.clamp(*exchange);
        let mut bytes = std::mem::take(bytes);
        if !from_client {
            // The server speaks into a request of a few bytes: not a protocol that is known.
            self.become_turns(Turns::unknown(), exchange, &bytes, packet);
            return self.read(false, data, packet);
        }
        bytes.extend_from_slice(data);
        self.decide(bytes, data.len(), exchange, packet);
    }

    /// The first bytes of the connection come in a packet of which the capture kept no payload.
    pub fn begin_unseen(&mut self, packet: &mut PacketInHand<'_>) {
        if self.is_silent() {
            let exchange = packet.begin(ProtocolKind::Turn, label::DATA);
            self.become_turns(Turns::unknown(), exchange, &[], packet);
        }
    }

    /// Bytes of a direction are missing from the capture.
    pub fn skip(&mut self, from_client: bool, count: u64, packet: &mut PacketInHand<'_>) {
        match self {
            Conversation::Silent => {}
            Conversation::Begun { bytes, exchange } => {
                let exchange = packet.clamp(*exchange);
                let begun = std::mem::take(bytes);
                self.become_turns(Turns::unknown(), exchange, &begun, packet);
            }
            Conversation::Http(http) => http.skip(from_client, count, packet),
            Conversation::WebSocket(websocket) => websocket.skip(from_client, count, packet),
            Conversation::Turns(turns) => turns.skip(from_client, count),
        }
    }

    /// One side has closed.
    pub fn finish(&mut self, from_client: bool, packet: &mut PacketInHand<'_>) {
        if let Conversation::Http(http) = self
            && !from_client
        {
            http.finish(packet);
        }
    }

    fn read_rest(&mut self, data: &[u8], used: usize, packet: &mut PacketInHand<'_>) {
        let rest = data.get(used..).unwrap_or_default();
        if !rest.is_empty() {
            self.read(false, rest, packet);
        }
    }

    /// The first bytes of the connection.
    #[inline(never)]
    fn first(&mut self, from_client: bool, data: &[u8], packet: &mut PacketInHand<'_>) {
        if data.is_empty() {
            return;
        }
        if packet.state.partial && is_tls_midway(data) {
            *self = Conversation::Turns(Turns::records(Records::tls()));
        } else if packet.state.partial && is_websocket_midway(from_client, data) {
            *self = Conversation::WebSocket(Box::new(WebSocket::midway()));
        } else if from_client {
            match protocol_of(data) {
                Some(protocol) => *self = protocol,
                None => {
                    let protocol_kind = ProtocolKind::Turn;
                    let exchange = packet.begin(protocol_kind, label::DATA);
                    packet.own(exchange, Layer::Content, data.len());
                    *self = Conversation::Begun { bytes: data.to_vec(), exchange };
                    return;
                }
            }
        } else if sniff_response(data) == Sniff::Yes {
            *self = Conversation::Http(Http::new());
        } else if tls::sniff(data) == Sniff::Yes {
            *self = Conversation::Turns(Turns::records(Records::tls()));
        } else {
            *self = Conversation::Turns(Turns::unknown());
        }
        self.read(from_client, data, packet);
    }

    /// More of the client's first bytes have come; `new` of them came now, the others were given away before.
    #[cold]
    fn decide(&mut self, bytes: Vec<u8>, new: usize, exchange: ExchangeId, packet: &mut PacketInHand<'_>) {
        let Some(protocol) = protocol_of(&bytes) else {
            packet.own(exchange, Layer::Content, new);
            *self = Conversation::Begun { bytes, exchange };
            return;
        };
        *self = protocol;
        // The reader takes over the exchange, and reads all bytes from the start; those that were given away before
        // only change what they are.
        packet.adopt = Some(exchange);
        let given = std::mem::take(&mut packet.capture_state.owned);
        let offset = packet.offset;
        self.read(true, &bytes, packet);
        packet.offset = offset + new as u64;
        let mut before = (bytes.len() - new) as u32;
        for one in std::mem::replace(&mut packet.capture_state.owned, given) {
            let cut = before.min(one.len);
            before -= cut;
            if cut > 0 {
                packet.reclassify(one.exchange, one.layer, u64::from(cut));
            }
            if one.len > cut {
                packet.capture_state.owned.push(Owned { len: one.len - cut, ..one });
            }
        }
    }

    fn become_turns(&mut self, mut turns: Turns, exchange: ExchangeId, begun: &[u8], packet: &mut PacketInHand<'_>) {
        turns.resume(exchange, begun, packet);
        *self = Conversation::Turns(turns);
    }
}

/// The protocol whose first bytes these are, or `None` while there are too few.
fn protocol_of(bytes: &[u8]) -> Option<Conversation> {
    // HTTP/2's preface reads like a request of HTTP/1, so it is looked for first.
    let http2 = http2::sniff(bytes);
    if http2 == Sniff::Yes {
        return Some(Conversation::Turns(Turns::records(Records::http2())));
    }
    let request = sniff_request(bytes);
    if request == Sniff::Yes && http2 == Sniff::No {
        return Some(Conversation::Http(Http::new()));
    }
    let tls = tls::sniff(bytes);
    if tls == Sniff::Yes {
        return Some(Conversation::Turns(Turns::records(Records::tls())));
    }
    let undecided = [http2, request, tls].contains(&Sniff::NotYet) && bytes.len() < MOST_BEGUN;
    (!undecided).then(|| Conversation::Turns(Turns::unknown()))
}

/// Whether the first bytes that were captured of a connection begin a TLS record in its middle.
fn is_tls_midway(data: &[u8]) -> bool {
    let [20..=23, 3, 0..=4, high, low, rest @ ..] = data else { return false };
    usize::from(u16::from_be_bytes([*high, *low])) >= rest.len().min(16) && *high < 0x49
}

/// Whether the first bytes that were captured of a connection are frames of this side of a WebSocket.
fn is_websocket_midway(from_client: bool, data: &[u8]) -> bool {
    let side = if from_client { websocket::Side::Client } else { websocket::Side::Server };
    websocket::sniff_midway(data) == Some(side)
}

/// Bytes after which a protocol that is still not known is not waited for.
const MOST_BEGUN: usize = 64;
