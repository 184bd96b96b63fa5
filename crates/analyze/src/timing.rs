//! Where does the time of an exchange go?
//!
//! An exchange's time runs from its first new byte to its last, and on until that has reached whom it was for. Each gap
//! between two of its packets with new bytes is put down to causes ([`Cause`]), so that these add up to the whole. All
//! times are those of the capture point, which may stand at either end or between: two *ways* say where. The way of a side
//! is the shortest time so far from a packet towards it to its first packet that acknowledges that packet's last byte.
//! (What was sent twice counts for none: nobody knows which copy is acknowledged, as Karn's algorithm has it, RFC 6298,
//! section 3.)
//!
//! | gap | cause |
//! |---|---|
//! | new bytes that came early waited for those before them; or bytes that were seen already passed once more, before they were acknowledged | recovery |
//! | the segment before was full, or filled the window, and an ACK released this one | window |
//! | what is outstanding and this segment are both small, and the ACK of it released this one (RFC 9293, section 3.7.4), in a direction that never had two small segments outstanding | ack |
//! | the other side spoke before: its way | network |
//! | the rest of such a turn | server (or client, where a client goes on after a part of its answer) |
//! | the same side goes on, and the segment before was not full | sender (or client, inside a request) |
//! | else | unexplained |
//!
//! "Released": the segment comes when the ACK can have reached its sender and called it forth, within the sender's way and
//! a millisecond or an eighth of it more. What lies behind that is the sender's again.
//!
//! What the capture point could not see, it cannot know: a request that was lost before it, or an ACK behind it, shows as
//! time of the server, or of the sender.

use std::collections::VecDeque;
use std::num::NonZeroU64;

use crate::model::{Cause, Time};
use crate::observations::Case;
use crate::packet_facts::PacketFacts;
use crate::sides::Sides;

/// The shortest time from the capture point to a side and back: the client's and the server's.
pub(crate) type Ways = Sides<Way>;

/// The shortest time from the capture point to a side and back, in nanoseconds; none as long as nothing showed it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Way(Option<NonZeroU64>);

impl Way {
    /// What it takes; 0 where nothing showed it.
    #[inline]
    pub fn ns(self) -> u64 {
        self.0.map_or(0, |ns| ns.get() - 1)
    }

    /// One packet took so long.
    #[inline]
    fn took(&mut self, ns: u64) {
        let shown = NonZeroU64::MIN.saturating_add(ns);
        self.0 = Some(self.0.map_or(shown, |known| known.min(shown)));
    }
}

/// What is remembered of both directions of a connection, to tell what its packets waited for.
#[derive(Debug, Default)]
pub(crate) struct Timing {
    sent: Sides<Sent>,
    pub ways: Ways,
}

/// What one side has sent.
#[derive(Debug, Default)]
struct Sent {
    /// Whether the last segment passed once and is not acknowledged; `earlier` those before it, by their ends and when they
    /// passed. Mostly there is none.
    outstanding: bool,
    #[expect(clippy::box_collection, reason = "a pointer takes up less room in the many that never need it")]
    earlier: Option<Box<VecDeque<(u64, u64)>>>,
    /// When the last segment with new bytes passed, and the last ACK that newly covers some of them or makes room.
    last_ns: u64,
    acked_ns: u64,
    /// The numbers of these packets.
    last_packet: Low,
    acked_by: Low,
    /// Up to where the other side has allowed it to send; 0 where that is not known.
    edge: u64,
    /// Behind the last byte that passed.
    end: u64,
    /// The largest segment that the other side takes, as its SYN said; 0 where it was not seen.
    mss: u16,
    /// What the other side's windows are to be shifted by (RFC 7323, section 2.2).
    scale: u8,
    last: Fill,
    /// Whether two small segments were outstanding at a time: Nagle's algorithm is off.
    no_delay: bool,
}

/// The lower half of a packet's number: in every open connection, the upper half would be for nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Low(u32);

impl Low {
    #[inline]
    fn of(number: u64) -> Low {
        Low(number as u32)
    }

    /// The number, which is no larger than this one, and by less than 2^32 packets smaller.
    fn before(self, number: u64) -> u64 {
        number.saturating_sub(u64::from((number as u32).wrapping_sub(self.0)))
    }
}

/// How a segment filled what its sender was allowed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Fill {
    /// There was none yet.
    #[default]
    None,
    /// Less than the other side takes in one, while room was left.
    Small,
    /// A full one, or one that left no room in the window.
    Full,
}

/// A packet that brings new bytes, and what these had waited for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Step {
    /// When the packet passed, and when its bytes could be read, which is later where those before them were missing.
    passed_ns: u64,
    now_ns: u64,
    from_client: bool,
    /// Since when bytes of its side waited for others before them; 0 where none did.
    hole_ns: u64,
    release: Option<Release>,
    /// How the segment before it was filled.
    before: Fill,
    /// How many packets it is on the wire, where it was captured before it was cut into as many as its receiver takes; else 0.
    pieces: u32,
}

/// What a small segment waited for an ACK.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waited {
    pub case: Case,
    /// Whether the other side had held it back.
    pub was_held: bool,
}

/// An ACK that let a segment go.
#[derive(Clone, Copy, Debug)]
struct Release {
    /// What the segment had waited for.
    wait: Cause,
    ack_ns: u64,
    /// When the segment that it called forth can have come.
    due_ns: u64,
    /// How long the other side had held the ACK.
    held_ns: u64,
    /// The packets: the segment before, and the ACK.
    before: u64,
    ack: u64,
}

impl Step {
    /// Bytes that can be read at `now_ns`, of a packet that waited for those before them if it passed earlier.
    #[inline]
    pub fn of(packet: &PacketFacts, now_ns: u64) -> Step {
        let hole_ns = if packet.time_ns < now_ns { packet.time_ns } else { 0 };
        Step { passed_ns: packet.time_ns, now_ns, from_client: packet.from_client, hole_ns, ..Step::default() }
    }

    /// When its bytes can be read.
    #[inline]
    pub fn now_ns(&self) -> u64 {
        self.now_ns
    }

    /// Whose bytes they are.
    #[inline]
    pub fn is_from_client(&self) -> bool {
        self.from_client
    }

    /// Whether there may be something to say of it.
    #[inline]
    pub fn is_noteworthy(&self) -> bool {
        self.release.is_some() || self.pieces > 0
    }

    /// The same, once all was said of it: what follows in the packet is another exchange's.
    pub fn noted(self) -> Step {
        Step { pieces: 0, ..self }
    }

    /// How many packets it is on the wire, where the capture has several as one.
    pub fn pieces(&self) -> Option<u32> {
        (self.pieces > 0).then_some(self.pieces)
    }
}

impl Timing {
    /// The client is the server, and the server the client.
    pub fn swap(&mut self) {
        self.sent.swap();
        self.ways.swap();
    }

    /// A side's SYN says what it takes: the other side is bound by it.
    pub fn synchronised(&mut self, from_client: bool, mss: Option<u16>, scale: Option<u8>) {
        let [ours, theirs] = self.sent.both_mut(from_client);
        theirs.mss = mss.unwrap_or(DEFAULT_MSS).max(1);
        match scale {
            Some(scale) => theirs.scale = scale.min(MOST_SCALE),
            // Windows are scaled where both SYNs say so (RFC 7323, section 1.3).
            None => (ours.scale, theirs.scale) = (0, 0),
        }
    }

    /// A packet acknowledges the other side's bytes up to a position; `new`: some of them for the first time.
    #[inline]
    pub fn acknowledged(&mut self, packet: &PacketFacts, position: u64, new: bool) {
        let theirs = self.sent.of_mut(!packet.from_client);
        if theirs.mss > 0 {
            let scale = if packet.flags.syn() { 0 } else { theirs.scale };
            let edge = position + (u64::from(packet.window) << scale);
            if edge > theirs.edge {
                if theirs.edge <= theirs.end {
                    // There was no room: what comes next was released by this.
                    (theirs.acked_ns, theirs.acked_by) = (packet.time_ns, Low::of(packet.number));
                }
                theirs.edge = edge;
            }
        }
        if !new {
            return;
        }
        (theirs.acked_ns, theirs.acked_by) = (packet.time_ns, Low::of(packet.number));
        if let Some(passed_ns) = theirs.measured(position) {
            self.ways.of_mut(packet.from_client).took(packet.time_ns.saturating_sub(passed_ns));
        }
    }

    /// A packet passes whose payload, SYN or FIN ends at a position; `acked` is how far its side's bytes are acknowledged, and
    /// `hole_ns` since when others of them wait for bytes before their own.
    #[inline]
    pub fn passed(&mut self, packet: &PacketFacts, end: u64, acked: u64, hole_ns: u64, step: &mut Step) {
        let now_ns = packet.time_ns;
        let way_ns = self.ways.of(packet.from_client).ns();
        let ours = self.sent.of_mut(packet.from_client);
        (step.now_ns, step.hole_ns, step.before) = (now_ns, hole_ns, ours.last);
        if end <= ours.end {
            // On the wire again: an ACK of it measures nothing.
            ours.outstanding = false;
            ours.forget_earlier();
            return;
        }
        let due_ns = ours.acked_ns.saturating_add(way_ns);
        let slack_ns = SLACK_NS.max(way_ns / 8);
        // Whether the ACK of what was sent before can have reached the sender by the time this left.
        let in_time = now_ns.saturating_add(slack_ns) >= due_ns && acked >= ours.end;
        let released = ours.acked_ns >= ours.last_ns && now_ns <= due_ns + slack_ns;
        let (mss, options) = (u32::from(ours.mss), packet.tcp.saturating_sub(PLAIN_HEADER));
        let is_full = mss > 0 && packet.app + options >= mss;
        if is_full && packet.app + options > mss {
            step.pieces = packet.app.div_ceil(mss.saturating_sub(options).max(1));
        }
        let is_small = ours.mss > 0 && !is_full;
        if ours.last == Fill::Small && is_small && !in_time && packet.app > 0 {
            ours.no_delay = true;
        }
        let wait = match ours.last {
            Fill::Full if released => Some(Cause::Window),
            Fill::Small if released && in_time && is_small && !ours.no_delay => Some(Cause::Ack),
            _ => None,
        };
        step.release = wait.map(|wait| Release {
            wait,
            ack_ns: ours.acked_ns,
            due_ns,
            held_ns: (ours.acked_ns - ours.last_ns).saturating_sub(self.ways.of(!packet.from_client).ns()),
            before: ours.last_packet.before(packet.number),
            ack: ours.acked_by.before(packet.number),
        });
        if ours.outstanding {
            ours.keep_last();
        }
        ours.outstanding = true;
        ours.end = end;
        (ours.last_ns, ours.last_packet) = (now_ns, Low::of(packet.number));
        if packet.app > 0 {
            let no_room = ours.edge > 0 && end >= ours.edge;
            ours.last = if is_full || no_room { Fill::Full } else { Fill::Small };
        }
    }
}

impl Sent {
    /// Everything up to a position is acknowledged: when the last of the segments that this is the first ACK of had passed.
    #[inline]
    fn measured(&mut self, position: u64) -> Option<u64> {
        if position < self.end {
            return self.measured_earlier(position);
        }
        self.forget_earlier();
        std::mem::take(&mut self.outstanding).then_some(self.last_ns)
    }

    #[inline]
    fn forget_earlier(&mut self) {
        if let Some(earlier) = &mut self.earlier {
            earlier.clear();
        }
    }

    #[inline(never)]
    fn measured_earlier(&mut self, position: u64) -> Option<u64> {
        let earlier = self.earlier.as_mut()?;
        let mut latest = None;
        while let Some(&(end, passed_ns)) = earlier.front()
            && end <= position
        {
            latest = Some(passed_ns);
            earlier.pop_front();
        }
        latest
    }

    /// Puts the last segment to those before it.
    #[inline(never)]
    fn keep_last(&mut self) {
        let earlier = self.earlier.get_or_insert_default();
        if earlier.len() + 1 >= MOST_REMEMBERED {
            earlier.pop_front();
        }
        earlier.push_back((self.end, self.last_ns));
    }
}

/// The clock of one exchange.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stopwatch {
    /// When its last bytes could be read, and whose they were; 0 before the first.
    last_ns: u64,
    last_from_client: bool,
    /// Whether the other side has answered whoever spoke first.
    turned: bool,
    /// Whether it is a handshake: the other side's TCP answers, no program.
    pub is_handshake: bool,
    /// What nearly all exchanges have: the ways of their turns, and the server's time; and what each of a server that
    /// writes head and body apart has: a wait for an ACK, and how long that was held.
    network_ns: u64,
    server_ns: u64,
    ack_ns: u64,
    ack_delay_ns: u64,
    /// The other causes, where there are any.
    others: Option<Box<Time>>,
}

impl Stopwatch {
    /// Puts some time down to a cause.
    #[inline]
    fn spend(&mut self, cause: Cause, ns: u64) {
        match cause {
            Cause::Network => self.network_ns += ns,
            Cause::Server => self.server_ns += ns,
            Cause::Ack => self.ack_ns += ns,
            _ if ns == 0 => {}
            _ => self.others.get_or_insert_default()[cause] += ns,
        }
    }

    /// How long it waited for ACKs so far, and how long these were held.
    fn waited_for_acks(&self) -> (u64, u64) {
        (self.ack_ns, self.ack_delay_ns)
    }

    /// As [`Stopwatch::step`]; gives what it waited for an ACK, where it did.
    #[cold]
    pub fn noteworthy_step(&mut self, step: &Step, ways: &Ways, number: u64) -> Option<Waited> {
        let before = self.waited_for_acks();
        self.step(step, ways);
        let release = step.release.filter(|release| release.wait == Cause::Ack)?;
        let after = self.waited_for_acks();
        let case = Case {
            ns: after.0 - before.0,
            held_ns: after.1 - before.1,
            packets: [release.before, release.ack, number],
        };
        let slow_ns = HELD_NS.max(ways.of(!step.from_client).ns() / 8);
        (case.ns > 0).then_some(Waited { case, was_held: case.held_ns >= slow_ns })
    }

    /// New bytes of the exchange can be read.
    #[inline]
    pub fn step(&mut self, step: &Step, ways: &Ways) {
        if self.last_ns == 0 {
            self.spend(Cause::Recovery, step.now_ns.saturating_sub(step.passed_ns));
        } else if step.now_ns > self.last_ns {
            self.gap(step, ways);
        }
        self.turned |= self.last_ns != 0 && self.last_from_client != step.from_client;
        self.last_from_client = step.from_client;
        self.last_ns = self.last_ns.max(step.now_ns);
    }

    /// Puts the time since the last bytes down to its causes.
    fn gap(&mut self, step: &Step, ways: &Ways) {
        let from_ns = self.last_ns;
        let to_ns = if step.hole_ns > 0 { step.hole_ns.clamp(from_ns, step.now_ns) } else { step.now_ns };
        self.spend(Cause::Recovery, step.now_ns - to_ns);
        let mut gap = to_ns - from_ns;
        let turn = self.last_from_client != step.from_client;
        let release = step.release.filter(|release| release.ack_ns > from_ns || !turn && release.ack_ns == from_ns);
        let rest = match (turn, step.from_client) {
            (true, _) if self.is_handshake => Cause::Network,
            (_, true) => Cause::Client,
            (true, false) => Cause::Server,
            (false, false) => Cause::Sender,
        };
        if let Some(release) = release {
            let waited = gap.min(release.due_ns.saturating_sub(from_ns));
            self.spend(release.wait, waited);
            if release.wait == Cause::Ack {
                self.ack_delay_ns += release.held_ns.min(waited);
            }
            gap -= waited;
        } else if turn {
            let way = gap.min(ways.of(step.from_client).ns());
            self.spend(Cause::Network, way);
            gap -= way;
        } else if step.before == Fill::Full {
            self.spend(Cause::Unexplained, gap);
            return;
        }
        self.spend(rest, gap);
    }

    /// Bytes of the exchange passed again before they were acknowledged: the copy that passed before was lost.
    pub fn repeated(&mut self, packet: &PacketFacts, ways: &Ways) {
        // Sooner than its sender can have missed an ACK, it is the same packet, doubled on the link or recorded twice.
        let soon_ns = ways.of(!packet.from_client).ns().max(SLACK_NS);
        if self.last_ns == 0 || packet.time_ns.saturating_sub(self.last_ns) < soon_ns {
            return;
        }
        self.spend(Cause::Recovery, packet.time_ns - self.last_ns);
        self.last_ns = packet.time_ns;
        self.turned |= self.last_from_client != packet.from_client;
        self.last_from_client = packet.from_client;
    }

    /// Whether any time was measured.
    pub fn has_run(&self) -> bool {
        self.last_ns != 0
    }

    /// The whole time of the exchange, once its last bytes have arrived.
    pub fn total_ns(&self, ways: &Ways) -> u64 {
        let others = self.others.as_deref().map_or(0, Time::total_ns);
        self.network_ns + self.server_ns + self.ack_ns + self.arrival_ns(ways) + others
    }

    /// What it went into.
    pub fn time(&self, ways: &Ways) -> Time {
        let mut time = self.others.as_deref().copied().unwrap_or_default();
        time[Cause::Server] += self.server_ns;
        time[Cause::Network] += self.network_ns + self.arrival_ns(ways);
        time[Cause::Ack] += self.ack_ns;
        time.ack_delay_ns += self.ack_delay_ns;
        time
    }

    /// How long the last bytes are on their way to whom they are for.
    fn arrival_ns(&self, ways: &Ways) -> u64 {
        let [client, server] = [ways.client.ns(), ways.server.ns()];
        match (self.turned, self.last_from_client) {
            // From one side to the other, once: half of both ways.
            (false, _) => (client + server) / 2,
            (true, true) => server,
            (true, false) => client,
        }
    }
}

/// What a host takes that does not say it (RFC 9293, section 3.7.1).
const DEFAULT_MSS: u16 = 536;
/// The largest shift of a window (RFC 7323, section 2.3).
const MOST_SCALE: u8 = 14;
/// A TCP header without options: those of each segment count for its size (RFC 6691).
const PLAIN_HEADER: u32 = 20;
/// How late, or early, a segment may come and still be called forth by an ACK; an eighth of the way where that is more.
const SLACK_NS: u64 = 1_000_000;
/// An ACK that comes so much later than its way was held back: no timer of a host's TCP is shorter, and no way of a few
/// networks so unsteady.
const HELD_NS: u64 = 10_000_000;
/// Segments that are remembered until they are acknowledged: more only where one side was not captured.
const MOST_REMEMBERED: usize = 256;
