//! What did each end of the link see, and when?
//!
//! A capture has one place's view. Where the [`LinkRecord`] of its link is there, the view of both ends follows: when each
//! frame was sent and when it arrived, those too that the capture point never saw. Then nothing need be inferred of the
//! time of an exchange: it begins when its first byte was first sent, and ends when its last byte could be read at the other
//! side. In between
//!
//! - a way that took longer than the link's is recovery by so much: a copy had to come, or the frame was held back;
//! - a segment that an ACK released (Nagle's algorithm, RFC 9293, section 3.7.4; a full window) waited for it as long as it would
//!   have without the link's faults; the rest is recovery;
//! - new bytes behind a copy in the same segment waited for whatever made its sender send again: recovery;
//! - everything else is as [`timing`](crate::timing) has it.
//!
//! So the same exchange has the same parts from either end, whatever the link did. Where the link did nothing, all of this is
//! left out.

use std::collections::VecDeque;

use foldhash::HashMap;
use wirelab_dissect::packet::Endpoint;

use crate::exchange::ExchangeId;
use crate::link_record::{LinkFault, LinkRecord, LinkSegment};
use crate::model::{Cause, Time};
use crate::packet_facts::PacketFacts;
use crate::sides::Sides;

/// The view of both ends of a link.
#[derive(Clone, Debug)]
pub(crate) struct BothEnds {
    pub link: LinkRecord,
    /// The entry of a frame that was captured, by its number.
    by_number: HashMap<u64, usize>,
    /// The entries of frames that were not, by their connection.
    unseen: HashMap<[Endpoint; 2], Vec<usize>>,
    connections: HashMap<u32, Connection>,
    /// How many packets may still be remembered.
    room: usize,
    /// What was lost of closed exchanges.
    pub lost: Vec<Lost>,
}

/// A frame that the link dropped, and what came of it.
#[derive(Clone, Debug)]
pub(crate) struct Lost {
    /// Its place in the link's list.
    pub listed: usize,
    /// The exchange whose bytes were in it, and how much later they arrived than they would have.
    pub order: u64,
    pub waited_ns: u64,
    /// The packets that brought these bytes again.
    pub again: Vec<Again>,
}

/// A packet that brought bytes again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Again {
    /// Its number, where the capture point saw it.
    pub number: Option<u64>,
    pub bytes: u32,
    pub sent_ns: u64,
    pub arrived: bool,
    /// Whether duplicate ACKs had asked for it.
    pub asked: bool,
}

#[derive(Clone, Debug, Default)]
struct Connection {
    /// Its packets that were captured, as they came; those that were not; and the runs of new bytes of open exchanges.
    passed: VecDeque<Passed>,
    unseen: Vec<Passed>,
    runs: HashMap<ExchangeId, Vec<Run>>,
    /// Of what each side sends: the largest segment that the other one takes, up to when everything could be read so far, and
    /// whether it never waits for an ACK with a small segment.
    mss: Sides<u32>,
    ready_ns: Sides<u64>,
    no_delay: Sides<bool>,
}

/// A packet, and when it was at either end.
#[derive(Clone, Copy, Debug)]
struct Passed {
    from_client: bool,
    number: Option<u64>,
    listed: Option<usize>,
    bytes: u32,
    sent_ns: u64,
    arrived_ns: Option<u64>,
    seq: u32,
    /// How many numbers of its sequence it takes up; bytes of its payload; and these with its options.
    taken: u32,
    payload: u32,
    size: u32,
    ack: Option<u32>,
}

/// Bytes of an exchange that were new.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub from_client: bool,
    pub seq: u32,
    pub len: u32,
}

impl Run {
    fn last(&self) -> u32 {
        self.seq.wrapping_add(self.len.saturating_sub(1))
    }
}

/// How far behind another sequence number one is.
fn behind(seq: u32, other: u32) -> i32 {
    seq.wrapping_sub(other) as i32
}

impl Passed {
    fn has(&self, from_client: bool, seq: u32) -> bool {
        self.from_client == from_client && seq.wrapping_sub(self.seq) < self.taken
    }

    fn acknowledges(&self, client_bytes: bool, seq: u32) -> bool {
        self.from_client != client_bytes && self.ack.is_some_and(|ack| behind(ack, seq) >= 0)
    }
}

impl BothEnds {
    /// `None` where the link carried everything once and in order: then one end sees all there is to see.
    pub fn of(link: LinkRecord) -> Option<Box<BothEnds>> {
        if link.frames.is_empty() {
            return None;
        }
        let mut by_number = HashMap::default();
        let mut unseen: HashMap<[Endpoint; 2], Vec<usize>> = HashMap::default();
        for (at, frame) in link.frames.iter().enumerate() {
            by_number.extend([frame.frame, frame.copy].into_iter().flatten().map(|number| (number, at)));
            if let (None, LinkFault::Dropped, Some(segment)) = (frame.frame, frame.what, frame.segment) {
                unseen.entry([segment.client, segment.server]).or_default().push(at);
            }
        }
        let connections = HashMap::default();
        Some(Box::new(BothEnds { link, by_number, unseen, connections, room: MOST_REMEMBERED, lost: Vec::new() }))
    }

    /// How long a frame takes from one side to the other.
    fn way_ns(&self, from_client: bool) -> u64 {
        let there = self.link.round_trip_ns / 2;
        if from_client { there } else { self.link.round_trip_ns - there }
    }

    /// A packet of the connection between these ends passes the capture point; `mss`: what its side takes, where it is a SYN.
    #[cold]
    pub fn passes(&mut self, connection: u32, [client, server]: [Endpoint; 2], packet: &PacketFacts, mss: Option<u16>) {
        let way_ns = self.way_ns(packet.from_client);
        let listed = self.by_number.get(&packet.number).copied();
        let frame = listed.and_then(|at| self.link.frames.get(at));
        let is_sent_here = packet.from_client != self.link.at_server;
        let (sent_ns, arrived_ns) = match (is_sent_here, frame) {
            (true, Some(frame)) => (packet.time_ns, frame.arrived_ns),
            (true, None) => (packet.time_ns, Some(packet.time_ns + way_ns)),
            (false, Some(frame)) => (frame.sent_ns, Some(packet.time_ns)),
            (false, None) => (packet.time_ns.saturating_sub(way_ns), Some(packet.time_ns)),
        };
        let known = self.connections.entry(connection).or_insert_with(|| {
            let frames = self.unseen.get(&[client, server]).into_iter().flatten();
            let unseen = frames.filter_map(|&at| Passed::unseen(&self.link, at)).collect();
            Connection { unseen, ..Connection::default() }
        });
        if packet.flags.syn() {
            *known.mss.of_mut(!packet.from_client) = u32::from(mss.unwrap_or(DEFAULT_MSS));
        }
        if self.room == 0 {
            known.passed.pop_front();
        } else {
            self.room -= 1;
        }
        known.passed.push_back(Passed {
            from_client: packet.from_client,
            number: Some(packet.number),
            listed,
            bytes: packet.lower + packet.tcp + packet.app,
            sent_ns,
            arrived_ns,
            seq: packet.seq,
            taken: packet.app + u32::from(packet.flags.syn()) + u32::from(packet.flags.fin()),
            payload: packet.app,
            size: (packet.app + packet.tcp).saturating_sub(PLAIN_HEADER),
            ack: packet.ack(),
        });
    }

    /// New bytes of an exchange were read.
    #[cold]
    pub fn reads(&mut self, connection: u32, exchange: ExchangeId, run: Run) {
        if let Some(known) = self.connections.get_mut(&connection) {
            known.runs.entry(exchange).or_default().push(run);
        }
    }

    /// An exchange is closed, the one of this number in the capture: what its time went into. `None` where it is not known.
    #[cold]
    pub fn time(&mut self, connection: u32, id: ExchangeId, order: u64, is_handshake: bool) -> Option<Time> {
        let ways = Sides { client: self.way_ns(true), server: self.way_ns(false) };
        let known = self.connections.get_mut(&connection)?;
        let runs = known.runs.remove(&id)?;
        let runs = known.cut(&runs);
        let time = known.time(&runs, &ways, is_handshake);
        let until = self.link.complete_until_ns;
        let time = time.filter(|(_, end_ns)| until.is_none_or(|until| *end_ns < until)).map(|(time, _)| time);
        if self.lost.len() < MOST_LOST {
            self.lost.extend(known.lost(&self.link, &runs, order, &ways));
        }
        self.room += known.forget(&runs);
        time
    }
}

impl Passed {
    /// A frame that was dropped before the capture point.
    fn unseen(link: &LinkRecord, at: usize) -> Option<Passed> {
        let frame = link.frames.get(at)?;
        let segment: LinkSegment = frame.segment?;
        Some(Passed {
            from_client: !frame.to_client,
            number: None,
            listed: Some(at),
            bytes: frame.bytes,
            sent_ns: frame.sent_ns,
            arrived_ns: None,
            seq: segment.seq,
            taken: segment.taken(),
            payload: segment.payload,
            // Options are those that its headers have beyond what all have.
            size: frame.bytes.saturating_sub(PLAIN_HEADERS),
            ack: segment.ack,
        })
    }
}

impl Connection {
    fn all(&self) -> impl Iterator<Item = &Passed> {
        self.unseen.iter().chain(&self.passed)
    }

    /// The packet in which a byte was sent for the first time.
    fn first_sent(&self, from_client: bool, seq: u32) -> Option<Passed> {
        self.all().filter(|packet| packet.has(from_client, seq)).min_by_key(|packet| packet.sent_ns).copied()
    }

    /// When all bytes of a run had arrived.
    fn arrived(&self, run: &Run) -> Option<u64> {
        let mut copies: Vec<(u64, i64, i64)> = self
            .all()
            .filter(|packet| packet.from_client == run.from_client)
            .filter_map(|packet| {
                let from = i64::from(behind(packet.seq, run.seq));
                let to = (from + i64::from(packet.taken)).min(run.len.into());
                (to > 0 && from < to).then_some((packet.arrived_ns?, from.max(0), to))
            })
            .collect();
        copies.sort_unstable();
        let mut missing = vec![(0, i64::from(run.len))];
        for (arrived_ns, from, to) in copies {
            let left = missing.iter().flat_map(|&(a, b)| [(a, b.min(from)), (a.max(to), b)]);
            missing = left.filter(|(a, b)| a < b).collect();
            if missing.is_empty() {
                return Some(arrived_ns);
            }
        }
        None
    }

    /// When everything of a side before a number was first acknowledged: when such an ACK was first sent, and when the first
    /// arrived.
    fn acknowledged(&self, client_bytes: bool, seq: u32) -> Option<(u64, u64)> {
        let acks = || self.all().filter(|packet| packet.acknowledges(client_bytes, seq));
        Some((acks().map(|ack| ack.sent_ns).min()?, acks().filter_map(|ack| ack.arrived_ns).min()?))
    }

    /// The same runs, each no longer than its first bytes were sent in one packet: where the capture point saw only a copy, these
    /// may have been several.
    fn cut(&self, runs: &[Run]) -> Vec<Run> {
        let mut cut = Vec::with_capacity(runs.len());
        for run in runs {
            let ends = self.all().filter(|packet| packet.from_client == run.from_client).flat_map(|packet| {
                [packet.seq, packet.seq.wrapping_add(packet.taken)].map(|end| end.wrapping_sub(run.seq))
            });
            let mut ends: Vec<u32> = ends.filter(|end| (1..run.len).contains(end)).chain([run.len]).collect();
            ends.sort_unstable();
            ends.dedup();
            let mut from = 0;
            for end in ends {
                cut.push(Run { seq: run.seq.wrapping_add(from), len: end - from, ..*run });
                from = end;
            }
        }
        cut
    }

    /// What the time of an exchange with these runs went into, and when it ended.
    fn time(&mut self, runs: &[Run], ways: &Sides<u64>, is_handshake: bool) -> Option<(Time, u64)> {
        let mut time = Time::default();
        let (first, last) = (runs.first()?, runs.last()?);
        let mut at_ns = self.first_sent(first.from_client, first.seq)?.sent_ns;
        let mut before: Option<&Run> = None;
        for run in runs {
            let sent = self.first_sent(run.from_client, run.last())?;
            let turn = before.is_some_and(|before| before.from_client != run.from_client);
            if turn {
                let came_ns = (*self.ready_ns.of(!run.from_client)).min(sent.sent_ns);
                at_ns += spend_way(&mut time, came_ns.saturating_sub(at_ns), *ways.of(!run.from_client));
            }
            let rest = match (turn, run.from_client) {
                (true, _) if is_handshake => Cause::Network,
                (_, true) => Cause::Client,
                (true, false) => Cause::Server,
                (false, false) => Cause::Sender,
            };
            self.gap(&mut time, at_ns, run, &sent, ways, turn, rest);
            at_ns = at_ns.max(sent.sent_ns);
            let arrived_ns = self.arrived(run)?;
            let ready_ns = self.ready_ns.of_mut(run.from_client);
            *ready_ns = arrived_ns.max(*ready_ns);
            before = Some(run);
        }
        let end_ns = *self.ready_ns.of(last.from_client);
        spend_way(&mut time, end_ns.saturating_sub(at_ns), *ways.of(last.from_client));
        Some((time, end_ns))
    }

    /// Puts the time until a run was first sent down to its causes.
    #[expect(clippy::too_many_arguments, reason = "all of them say which gap it is")]
    fn gap(
        &mut self,
        time: &mut Time,
        from_ns: u64,
        run: &Run,
        sent: &Passed,
        ways: &Sides<u64>,
        turn: bool,
        rest: Cause,
    ) {
        let client = run.from_client;
        let mut gap = sent.sent_ns.saturating_sub(from_ns);
        let is_behind_a_copy = behind(sent.seq, run.seq) < 0
            && self.first_sent(client, sent.seq).is_some_and(|first| first.sent_ns < sent.sent_ns);
        if is_behind_a_copy && !turn {
            time[Cause::Recovery] += gap;
            return;
        }
        let mss = *self.mss.of(client);
        let is_small = |packet: &Passed| packet.payload > 0 && packet.size < mss;
        let slack_ns = SLACK_NS.max(ways.of(client) / 8);
        let is_another =
            |before: &Passed| before.payload > 0 && (before.sent_ns, before.seq) != (sent.sent_ns, sent.seq);
        let before = self.first_sent(client, run.seq.wrapping_sub(1)).filter(is_another);
        if let Some(before) = before {
            let acked = self.acknowledged(client, run.seq);
            let too_early = acked.is_none_or(|(_, arrived_ns)| arrived_ns > sent.sent_ns + slack_ns);
            let both_small = is_small(&before) && is_small(sent);
            if both_small && too_early && !is_behind_a_copy {
                *self.no_delay.of_mut(client) = true;
            }
            let wait = match () {
                () if !is_small(&before) => Some(Cause::Window),
                () if both_small && !self.no_delay.of(client) => Some(Cause::Ack),
                () => None,
            };
            let released = |&(_, arrived_ns): &(u64, u64)| {
                arrived_ns > from_ns && !too_early && sent.sent_ns <= arrived_ns + slack_ns
            };
            if let (Some(wait), Some((ack_sent_ns, arrived_ns))) = (wait, acked.filter(released)) {
                let waited = gap.min(arrived_ns - from_ns);
                // As long as it would have been, had everything arrived at once.
                let held = ack_sent_ns.saturating_sub(*self.ready_ns.of(client));
                let due_ns = before.sent_ns + ways.client + ways.server + held;
                let part = waited.min(due_ns.saturating_sub(from_ns));
                time[wait] += part;
                if wait == Cause::Ack {
                    time.ack_delay_ns += held.min(part);
                }
                time[Cause::Recovery] += waited - part;
                gap -= waited;
            } else if wait == Some(Cause::Window) && !turn {
                time[Cause::Unexplained] += gap;
                return;
            }
        }
        time[rest] += gap;
    }

    /// What was dropped of these runs.
    fn lost(&self, link: &LinkRecord, runs: &[Run], order: u64, ways: &Sides<u64>) -> Vec<Lost> {
        let has_any = |packet: &Passed, run: &Run| {
            let from = behind(packet.seq, run.seq);
            packet.from_client == run.from_client && from < run.len as i32 && from + packet.taken as i32 > 0
        };
        let is_dropped = |at: usize| link.frames.get(at).is_some_and(|frame| frame.what == LinkFault::Dropped);
        let mut lost: Vec<Lost> = Vec::new();
        for run in runs {
            for packet in self.all().filter(|packet| packet.taken > 0 && has_any(packet, run)) {
                let Some(listed) = packet.listed.filter(|&at| is_dropped(at)) else { continue };
                if lost.iter().any(|one| one.listed == listed) {
                    continue;
                }
                let is_again =
                    |other: &&Passed| other.has(packet.from_client, packet.seq) && other.sent_ns > packet.sent_ns;
                let mut again: Vec<Again> = self
                    .all()
                    .filter(is_again)
                    .map(|other| Again {
                        number: other.number,
                        bytes: other.bytes,
                        sent_ns: other.sent_ns,
                        arrived: other.arrived_ns.is_some(),
                        asked: self.asked_for(packet, other.sent_ns),
                    })
                    .collect();
                again.sort_unstable_by_key(|again| again.sent_ns);
                again.dedup_by_key(|again| again.sent_ns);
                let due_ns = packet.sent_ns + ways.of(packet.from_client);
                let waited_ns = self.arrived(run).map_or(0, |arrived_ns| arrived_ns.saturating_sub(due_ns));
                lost.push(Lost { listed, order, waited_ns, again });
            }
        }
        lost
    }

    /// Whether three duplicate ACKs had asked for a packet again by then (RFC 5681, section 3.2).
    fn asked_for(&self, packet: &Passed, by_ns: u64) -> bool {
        let asks = |ack: &&Passed| {
            let came = ack.arrived_ns.is_some_and(|at| at > packet.sent_ns && at <= by_ns);
            ack.from_client != packet.from_client && ack.taken == 0 && ack.ack == Some(packet.seq) && came
        };
        self.all().filter(asks).count() >= DUPLICATES
    }

    /// Forgets packets that say nothing of what is still open; gives how many.
    fn forget(&mut self, closed: &[Run]) -> usize {
        let mut ends: Sides<Option<u32>> = Sides::default();
        for run in closed {
            *ends.of_mut(run.from_client) = Some(run.seq.wrapping_add(run.len));
        }
        let before = self.passed.len();
        while self.passed.len() > FEW {
            let is_over = |packet: &Passed| {
                let end = packet.seq.wrapping_add(packet.taken);
                ends.of(packet.from_client).is_some_and(|closed| behind(end, closed) <= 0)
                    && ends
                        .of(!packet.from_client)
                        .is_none_or(|closed| packet.ack.is_none_or(|ack| behind(ack, closed) <= 0))
            };
            if !self.passed.front().is_some_and(is_over) || !self.runs.is_empty() {
                break;
            }
            self.passed.pop_front();
        }
        before - self.passed.len()
    }
}

/// Puts a way down to the network as far as it takes, and to recovery beyond; gives all of it.
fn spend_way(time: &mut Time, ns: u64, way_ns: u64) -> u64 {
    let way = ns.min(way_ns);
    time[Cause::Network] += way;
    time[Cause::Recovery] += ns - way;
    ns
}

/// What a host takes that does not say it (RFC 9293, section 3.7.1).
const DEFAULT_MSS: u16 = 536;
/// A TCP header without options: those of each segment count for its size (RFC 6691).
const PLAIN_HEADER: u32 = 20;
/// The same with an IPv4 header and Ethernet's: what each frame of a wire has.
const PLAIN_HEADERS: u32 = 14 + 20 + PLAIN_HEADER;
/// How late a segment may come and still be called forth by an ACK; an eighth of the way where that is more.
const SLACK_NS: u64 = 1_000_000;
/// So many duplicate ACKs ask for a segment.
const DUPLICATES: usize = 3;
/// Packets of a connection that are kept whatever they say: a segment may have waited for the ACK of one.
const FEW: usize = 64;
/// Packets that all connections remember together.
const MOST_REMEMBERED: usize = 1 << 19;
/// Losses that are told one by one.
const MOST_LOST: usize = 10_000;
