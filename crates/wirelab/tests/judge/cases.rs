//! Where does each thing happen that a finding may be about? Looked for in the packets, and in nothing else but the list of
//! exchanges, which says whose a packet is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::packets::{Packet, Packets};
use super::streams::{Answer, Said, answers, frames};
use super::walk::{MS, Walk};

/// A capture with what was said of it.
pub struct Capture<'a> {
    pub json: &'a Value,
    pub packets: &'a Packets,
    /// How it was made, where that is known.
    pub made: Option<Value>,
    pub walks: Vec<Walk<'a>>,
    pub exchanges: Vec<Exchange>,
    owners: HashMap<u64, usize>,
    /// Exchanges with an event stream that is compressed.
    compressed_streams: BTreeSet<usize>,
}

/// An exchange, as the list has it.
pub struct Exchange {
    pub kind: String,
    pub label: String,
    pub packets: Vec<u64>,
    /// With those that it shares with others.
    pub all: Vec<u64>,
    pub total_ns: Option<u64>,
    pub recovery_ns: u64,
    pub ack_ns: u64,
    pub ack_delay_ns: u64,
    /// Whether it is a turn of lines, of which nothing says where a message ends.
    pub is_turn: bool,
}

/// Something that happened once.
#[derive(Clone, Debug, Default)]
pub struct Case {
    pub exchange: usize,
    pub packets: Vec<u64>,
    pub ns: u64,
    pub held_ns: u64,
    pub bytes: u64,
    pub count: u64,
}

pub fn ns(seconds: &Value) -> u64 {
    (seconds.as_f64().unwrap_or(0.0) * 1e9).round() as u64
}

pub fn list(of: &Value) -> Vec<u64> {
    of.as_array().expect("a list").iter().map(|number| number.as_u64().expect("a number")).collect()
}

impl<'a> Capture<'a> {
    pub fn new(json: &'a Value, packets: &'a Packets, made: Option<Value>) -> Capture<'a> {
        let exchanges: Vec<Exchange> = json["exchanges"]
            .as_array()
            .expect("exchanges")
            .iter()
            .map(|one| {
                let packets = list(&one["packets"]);
                let mut all = [packets.clone(), list(&one["shared_packets"])].concat();
                all.sort_unstable();
                let kind = one["kind"].as_str().expect("a kind");
                let connection = one["connection"].as_u64().expect("a connection") as usize;
                let protocol = json["connections"][connection]["protocol"].as_str().expect("a protocol");
                let is_other = ["http", "sse", "websocket"].contains(&protocol);
                Exchange {
                    is_turn: kind == "turn" || kind == "update" && !is_other,
                    kind: kind.to_owned(),
                    label: one["label"].as_str().expect("a label").to_owned(),
                    packets,
                    all,
                    total_ns: one["time"].as_object().map(|time| ns(&time["total_s"])),
                    recovery_ns: ns(&one["time"]["recovery_s"]),
                    ack_ns: ns(&one["time"]["ack_s"]),
                    ack_delay_ns: ns(&one["time"]["ack_delay_s"]),
                }
            })
            .collect();
        let owners =
            exchanges.iter().enumerate().flat_map(|(at, one)| one.packets.iter().map(move |number| (*number, at)));
        let owners = owners.collect();
        let walks = (0..packets.connections.len()).map(|connection| Walk::new(packets, connection)).collect();
        let mut streams = BTreeSet::new();
        let capture = Capture { json, packets, made, walks, exchanges, owners, compressed_streams: BTreeSet::new() };
        for (connection, walk) in capture.walks.iter().enumerate() {
            let [client, server] = capture.said(connection);
            let answers = answers(&client, &server).into_iter();
            let is_one = |answer: &Answer| answer.content_type.contains("event-stream") && !answer.coding.is_empty();
            let first = answers.filter(is_one).filter_map(|answer| capture.owner(walk.packets[answer.place].number));
            streams.extend(first);
        }
        Capture { compressed_streams: streams, ..capture }
    }

    /// The exchange that a packet is booked on.
    pub fn owner(&self, number: u64) -> Option<usize> {
        self.owners.get(&number).copied()
    }

    /// All packets with their walk and place in it.
    fn places(&self) -> impl Iterator<Item = (&Walk<'a>, usize, &'a Packet)> {
        self.walks.iter().flat_map(|walk| walk.packets.iter().enumerate().map(move |(at, packet)| (walk, at, *packet)))
    }

    /// The last packet with new bytes of an exchange before one of its packets.
    pub fn before_in(&self, walk: &Walk<'a>, at: usize, exchange: usize) -> Option<&'a Packet> {
        let all = &self.exchanges[exchange].all;
        let places = (0..at).rev().filter(|at| walk.is_new(*at));
        places.map(|at| walk.packets[at]).find(|packet| packet.len > 0 && all.binary_search(&packet.number).is_ok())
    }

    /// Small segments that waited for an ACK: held back by the peer, or not. Where it is known what the link did, none of an
    /// exchange in which that made a part of the wait.
    pub fn waits(&self, client: bool, held: bool) -> Vec<Case> {
        let mut cases = self.seeming_waits(client, held);
        if self.made.as_ref().is_none_or(|made| made["impaired_frames"] == serde_json::json!([])) {
            return cases;
        }
        let all: Vec<Case> = [(false, false), (false, true), (true, false), (true, true)]
            .into_iter()
            .flat_map(|(client, held)| self.seeming_waits(client, held))
            .collect();
        cases.retain(|case| {
            let of = all.iter().filter(|other| other.exchange == case.exchange);
            let (ns, held_ns) = of.fold((0, 0), |(ns, held_ns), one| (ns + one.ns, held_ns + one.held_ns));
            let exchange = &self.exchanges[case.exchange];
            ns.abs_diff(exchange.ack_ns) <= MS && held_ns.abs_diff(exchange.ack_delay_ns) <= MS
        });
        cases
    }

    fn seeming_waits(&self, client: bool, held: bool) -> Vec<Case> {
        let mut cases = Vec::new();
        for (walk, at, packet) in self.places().filter(|(_, _, packet)| packet.from_client == client && packet.len > 0)
        {
            let (Some(release), Some(exchange)) = (walk.release(at), self.owner(packet.number)) else { continue };
            let Some(before) = self.before_in(walk, at, exchange) else { continue };
            let turn = before.from_client != client;
            if release.ack.ns < before.ns || turn && release.ack.ns == before.ns {
                continue;
            }
            let waited = packet.ns.saturating_sub(before.ns).min(release.due_ns.saturating_sub(before.ns));
            let held_ns = release.held_ns.min(waited);
            let was_held = held_ns >= (10 * MS).max(walk.way(at, !client) / 8);
            if waited > 0 && was_held == held {
                let packets = vec![release.before.number, release.ack.number, packet.number];
                cases.push(Case { exchange, packets, ns: waited, held_ns, ..Case::default() });
            }
        }
        cases
    }

    /// Lone ACKs that came late.
    pub fn late_acks(&self, client: bool) -> Vec<Case> {
        let mut cases = Vec::new();
        for (walk, at, packet) in
            self.places().filter(|(_, _, packet)| packet.from_client == client && !packet.is_sent())
        {
            let (Some(took), Some(exchange)) = (walk.way_shown_by(at), self.owner(packet.number)) else { continue };
            let way = walk.way(at, client);
            if took > way + (10 * MS).max(way / 4) {
                let sent = walk.last_new(at, !client).map_or(0, |(_, sent)| sent.number);
                let (packets, ns) = (vec![sent, packet.number], took - way);
                cases.push(Case { exchange, packets, ns, held_ns: ns, bytes: packet.bytes, count: 1 });
            }
        }
        cases
    }

    /// Packets with more bytes than the other side takes.
    pub fn oversized(&self) -> Vec<Case> {
        let of = |(walk, at, packet): (&Walk<'a>, usize, &'a Packet)| {
            let most = walk.most(at, packet.from_client, packet.options).filter(|most| packet.len > *most)?;
            let count = (packet.len as u64).div_ceil(most.max(1) as u64);
            let exchange = self.owner(packet.number)?;
            Some(Case {
                exchange,
                packets: vec![packet.number],
                count,
                bytes: (count - 1) * packet.headers,
                ..Case::default()
            })
        };
        self.places().filter(|(walk, at, _)| walk.is_new(*at)).filter_map(of).collect()
    }

    /// Small segments of one side that follow each other within 10 ms, or with nothing but an ACK between them, in an exchange
    /// in which its side had said no more than fits in one.
    pub fn apart(&self, client: bool) -> Vec<Case> {
        let mut cases = Vec::new();
        for (walk, at, packet) in self.places().filter(|(_, _, packet)| packet.from_client == client && packet.len > 0)
        {
            let (Some((before_at, before)), Some(exchange)) = (walk.last_new(at, client), self.owner(packet.number))
            else {
                continue;
            };
            let small = walk.is_new(at) && walk.is_small(at) && walk.is_small(before_at) && !walk.fills(before_at);
            let between = walk.last_new(at, !client).is_some_and(|(other, _)| other > before_at);
            let close = packet.ns.saturating_sub(before.ns) < 10 * MS || walk.release(at).is_some();
            let goes_on = self.before_in(walk, at, exchange).is_some_and(|before| before.from_client == client);
            if !small || between || !close || !goes_on || self.is_open_ended(exchange) {
                continue;
            }
            let own = self.exchanges[exchange].all.iter().filter_map(|number| self.packets.of(*number));
            let said: i64 =
                own.filter(|own| own.from_client == client && own.number <= packet.number).map(|own| own.len).sum();
            if walk.most(at, client, packet.options).is_some_and(|most| said <= most) {
                let packets = vec![before.number, packet.number];
                cases.push(Case { exchange, packets, bytes: packet.headers, count: 1, ..Case::default() });
            }
        }
        cases
    }

    /// Whether nothing says where a message of the exchange ends.
    fn is_open_ended(&self, exchange: usize) -> bool {
        let is_compressed = self.compressed_streams.contains(&exchange);
        let exchange = &self.exchanges[exchange];
        // Of an answer whose head was cut, nobody knows where it ends.
        let own = exchange.all.iter().filter_map(|number| self.packets.of(*number));
        let head = own.filter(|packet| !packet.from_client && packet.len > 0).map(|packet| packet.number).min();
        let is_cut = head.is_some_and(|number| self.packets.truncated.contains(&number));
        exchange.is_turn || is_unread(&exchange.label) || is_compressed || is_cut
    }

    /// ACKs of the server on their own just before the answer; `count`: whether it had sent no bytes before.
    pub fn acks_ahead(&self) -> Vec<Case> {
        let mut cases = Vec::new();
        for (walk, at, answer) in self.places().filter(|(_, _, packet)| !packet.from_client && packet.len > 0) {
            let (Some((asked_at, asked)), Some(exchange)) = (walk.last_new(at, true), self.owner(answer.number)) else {
                continue;
            };
            let acks = (asked_at..at).rev().filter(|at| !walk.packets[*at].from_client && walk.acks_new(*at));
            let Some(ack) = acks.map(|at| walk.packets[at]).next() else { continue };
            let turns = walk.last_new(at, false).is_none_or(|(before, _)| before < asked_at);
            let turn = self.before_in(walk, at, exchange).is_some_and(|before| before.from_client);
            let way = walk.way(at, false);
            let after_ns = ack.ns.saturating_sub(asked.ns).saturating_sub(way);
            let then_ns = answer.ns.saturating_sub(ack.ns);
            let soon = after_ns <= MS.max(way / 8) && then_ns < 40 * MS && then_ns > 0;
            // Where not even the protocol is known, nobody knows whether it answers.
            let is_unknown = ["data", "tunnel", "unknown"].contains(&self.exchanges[exchange].label.as_str());
            if walk.is_new(at) && turns && turn && soon && !ack.is_sent() && !is_unknown {
                let is_first = (0..at).all(|at| walk.packets[at].from_client || walk.packets[at].len == 0);
                let packets = vec![asked.number, ack.number, answer.number];
                let bytes = ack.bytes;
                cases.push(Case { exchange, packets, ns: then_ns, bytes, count: is_first.into(), ..Case::default() });
            }
        }
        cases
    }

    /// Packets that bring only bytes, or a SYN or FIN, that had passed, or fill a gap late; `count`: 1 where it had been
    /// acknowledged.
    pub fn again(&self) -> Vec<Case> {
        let of = |(walk, at, packet): (&Walk<'a>, usize, &'a Packet)| {
            // An ACK that came before the bytes in front of it says that these had been sent.
            let said = walk.packets[..at].iter().filter(|other| other.from_client == packet.from_client && !other.rst);
            let sent = walk.sent(at, packet.from_client)?.max(said.map(|other| other.start).max()?);
            if !packet.is_sent() || packet.start >= sent {
                return None;
            }
            let acked = walk.acked(at, !packet.from_client) >= packet.end;
            let exchange = self.owner(packet.number)?;
            Some(Case {
                exchange,
                packets: vec![packet.number],
                bytes: packet.bytes,
                count: acked.into(),
                ..Case::default()
            })
        };
        self.places().filter_map(of).collect()
    }

    /// Packets of a side that say that there is no room.
    pub fn without_room(&self, client: bool) -> Vec<Case> {
        let all = self.packets.all.iter().filter(|packet| packet.from_client == client && packet.window == 0);
        let of = |packet: &Packet| {
            Some(Case { exchange: self.owner(packet.number)?, packets: vec![packet.number], ..Case::default() })
        };
        all.filter(|packet| !packet.syn && !packet.rst && !packet.fin).filter_map(of).collect()
    }

    /// Segments of a side that came when an ACK allowed more, behind one that had left no room.
    pub fn waits_for_room(&self, client: bool) -> Vec<Case> {
        let mut cases = Vec::new();
        for (walk, at, packet) in
            self.places().filter(|(_, _, packet)| packet.from_client == client && packet.is_sent())
        {
            let Some((_, last)) = walk.last_new(at, client).filter(|_| walk.is_new(at)) else { continue };
            let Some(filled) = walk.last_with_data(at, client).filter(|place| walk.fills(*place)) else { continue };
            let (Some((_, ack)), Some(exchange)) = (walk.last_ack(at, client), self.owner(packet.number)) else {
                continue;
            };
            let Some(before) = self.before_in(walk, at, exchange) else { continue };
            let due_ns = ack.ns + walk.way(at, client);
            let is_released = ack.ns >= last.ns && packet.ns <= due_ns + walk.slack(at, client);
            let turn = before.from_client != client;
            if !is_released || ack.ns < before.ns || turn && ack.ns == before.ns {
                continue;
            }
            let ns = packet.ns.saturating_sub(before.ns).min(due_ns.saturating_sub(before.ns));
            if ns > 0 {
                let packets = vec![walk.packets[filled].number, ack.number, packet.number];
                cases.push(Case { exchange, packets, ns, ..Case::default() });
            }
        }
        cases
    }

    /// What both sides of a connection said, the client first.
    pub fn said(&self, connection: usize) -> [Said; 2] {
        [true, false].map(|client| Said::of(&self.walks[connection], client))
    }

    /// Where bursts begin in a connection: of packets of a side at these places, those with no gap above the larger of a round
    /// trip and 10 ms are one.
    pub fn bursts(&self, connection: usize, places: impl IntoIterator<Item = usize>) -> Vec<&'a Packet> {
        let walk = &self.walks[connection];
        let (mut bursts, mut last_ns) = (Vec::new(), None);
        for at in places {
            let packet = walk.packets[at];
            let longest = (walk.way(at, true) + walk.way(at, false)).max(10 * MS);
            if last_ns.is_none_or(|last: u64| packet.ns.saturating_sub(last) > longest) {
                bursts.push(packet);
            }
            last_ns = Some(packet.ns);
        }
        bursts
    }

    /// Packets in which three messages or more end, after a tenth of a second in which nobody had sent anything, and that no
    /// ACK, no window and no lost bytes had kept back.
    pub fn together(&self) -> Vec<Case> {
        let messages = self.messages();
        let of = |(walk, at, packet): (&Walk<'a>, usize, &'a Packet)| {
            let count = messages.get(&packet.number).copied().filter(|count| *count >= 3)?;
            let before =
                [true, false].into_iter().filter_map(|client| walk.last_new(at, client)).map(|(_, one)| one.ns);
            let ns = packet.ns - before.max()?;
            let fills = walk.last_with_data(at, false).is_some_and(|place| walk.fills(place) || !walk.is_small(place));
            let is_released = walk.last_ack(at, false).is_some_and(|(_, ack)| {
                let last_ns = walk.last_new(at, false).map_or(0, |(_, last)| last.ns);
                ack.ns >= last_ns && packet.ns <= ack.ns + walk.way(at, false) + walk.slack(at, false)
            });
            // Its side had gone on before it: it fills a gap, and came late since what was there was lost.
            let goes_back =
                walk.packets[..at].iter().any(|one| !one.from_client && one.has_ack && one.start > packet.start);
            let is_free = !(fills && is_released) && walk.release(at).is_none() && !goes_back;
            let is_one = ns >= 100 * MS && !packet.from_client && walk.is_next(at) && is_free;
            is_one.then(|| Case { packets: vec![packet.number], ns, count, ..Case::default() })
        };
        let mut cases: Vec<Case> = self.places().filter_map(of).collect();
        cases.sort_by_key(|case| case.packets[0]);
        cases
    }

    /// How many messages end in each packet of a server, by its number: events, and messages of WebSocket.
    pub fn messages(&self) -> BTreeMap<u64, u64> {
        let mut messages = BTreeMap::new();
        for (connection, walk) in self.walks.iter().enumerate() {
            let [client, server] = self.said(connection);
            let mut ends = Vec::new();
            let answers = answers(&client, &server);
            for answer in &answers {
                if answer.is_websocket {
                    let frames = frames(&answer.content, &answer.places);
                    ends.extend(frames.iter().filter(|frame| frame.fin && frame.opcode < 8).map(|frame| frame.place));
                } else if answer.content_type.starts_with("text/event-stream") {
                    ends.extend(answer.events().unwrap_or_default());
                }
            }
            // A WebSocket whose handshake is not there.
            if answers.is_empty() && walk.packets.first().is_some_and(|first| !first.syn) {
                let frames = frames(&server.bytes, &server.places);
                ends.extend(frames.iter().filter(|frame| frame.fin && frame.opcode < 8).map(|frame| frame.place));
            }
            for at in ends {
                *messages.entry(walk.packets[at].number).or_default() += 1;
            }
        }
        messages
    }
}

/// What a message of which nobody knows the end is called.
pub fn is_unread(label: &str) -> bool {
    let unread =
        ["data", "HTTP/2", "HTTP/2 connection", "TLS", "TLS handshake", "TLS application data", "tunnel", "unknown"];
    unread.contains(&label)
}
