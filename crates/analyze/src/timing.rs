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
use std::num::{NonZeroU32, NonZeroU64};

use crate::model::{Cause, Time};
use crate::observations::{Case, Fact};
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
#[derive(Clone, Debug, Default)]
pub(crate) struct Timing {
    sent: Sides<Sent>,
    /// When bytes of a side passed again for the last time.
    again: Sides<Coarse>,
    pub ways: Ways,
}

/// What one side has sent.
#[derive(Clone, Debug, Default)]
struct Sent {
    /// Whether the last segment passed once and is not acknowledged; `earlier` those before it, by their ends and when they
    /// passed. Mostly there is none.
    outstanding: bool,
    #[expect(clippy::box_collection, reason = "a pointer takes up less room in the many that never need it")]
    earlier: Option<Box<VecDeque<(u64, u64)>>>,
    /// When the last segment with new bytes passed, and the last ACK that newly covers some of them or makes room.
    last_ns: u64,
    acked_ns: u64,
    /// The numbers of these packets, and the length of the second.
    last_packet: Low,
    acked_by: Low,
    acked_len: u16,
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
    /// Whether the last segment left no room in the window.
    no_room: bool,
}

impl Sent {
    /// A packet of the other side acknowledges, or makes room.
    #[inline]
    fn acknowledged_by(&mut self, packet: &PacketFacts) {
        self.acked_ns = packet.time_ns;
        self.acked_by = Low::of(packet.number);
        self.acked_len = (packet.lower + packet.tcp + packet.app) as u16;
    }
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

/// A time in steps of 66 µs, in half the room; the same again after three days, when nobody waits any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Coarse(Option<NonZeroU32>);

impl Coarse {
    fn of(ns: u64) -> Coarse {
        Coarse(NonZeroU32::new((ns >> 16) as u32))
    }

    /// How long it was ago.
    fn since(self, now_ns: u64) -> Option<u64> {
        Some(u64::from(((now_ns >> 16) as u32).wrapping_sub(self.0?.get())) << 16)
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
    /// Whether there may be something to say of it: what, stands in a [`Noteworthy`].
    noteworthy: bool,
    /// How long nobody had sent anything before it.
    pub quiet_ns: u64,
}

/// What there may be to say of a packet. There is one for all packets, as most have none.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Noteworthy {
    /// How many packets it is on the wire, where it was captured before it was cut into as many as its receiver takes; else 0.
    pub pieces: u32,
    /// How many bytes fit in one.
    pub fits: u32,
    /// The segment of the same side before it, where it follows that closely and both are small; else 0.
    follows: u64,
    ahead: Option<Ahead>,
    /// Where nobody had sent anything for long: the packet that came last; else 0.
    last: u64,
    /// Whether the segment before it left no room in the window, whatever else its sender kept to.
    no_room: bool,
    /// The segment before it, and the last ACK of it.
    before: u64,
    ack: u64,
}

/// An ACK on its own that came before the answer that could have carried it.
#[derive(Clone, Copy, Debug)]
struct Ahead {
    /// The packets: what is answered, and the ACK.
    asked: u64,
    ack: u64,
    /// How long the ACK took, and the answer after that.
    after_ns: u64,
    then_ns: u64,
    /// The bytes of the ACK.
    bytes: u16,
    /// Whether its side had sent no bytes before.
    is_first: bool,
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
        self.noteworthy
    }

    /// All was said of it: what follows in the packet is another exchange's.
    pub fn is_noted(&mut self) {
        self.noteworthy = false;
    }

    /// Whether nothing that is known kept it from coming earlier: no ACK, no window and no bytes before it.
    pub fn came_freely(&self) -> bool {
        self.release.is_none() && self.hole_ns == 0
    }
}

impl Timing {
    /// The client is the server, and the server the client.
    pub fn swap(&mut self) {
        self.sent.swap();
        self.again.swap();
        self.ways.swap();
    }

    /// The last packet with new bytes that a side had sent before this one.
    pub fn last_of(&self, client: bool, number: u64) -> u64 {
        self.sent.of(client).last_packet.before(number)
    }

    /// How long a side had sent no bytes, old or new, and how long a packet takes there and back; `None` where that is not
    /// known.
    pub fn since_last(&self, packet: &PacketFacts) -> (u64, Option<u64>) {
        let ours = self.sent.of(packet.from_client);
        let since = packet.time_ns.saturating_sub(ours.last_ns);
        let since = self.again.of(packet.from_client).since(packet.time_ns).map_or(since, |again| again.min(since));
        let Sides { client, server } = self.ways;
        (since, (client.0.is_some() && server.0.is_some()).then(|| client.ns() + server.ns()))
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

    /// A packet acknowledges the other side's bytes up to a position; `new`: some of them for the first time. Gives how long
    /// an ACK on its own was held back.
    #[inline]
    pub fn acknowledged(&mut self, packet: &PacketFacts, position: u64, new: bool) -> u64 {
        let theirs = self.sent.of_mut(!packet.from_client);
        if theirs.mss > 0 {
            let scale = if packet.flags.syn() { 0 } else { theirs.scale };
            let edge = position + (u64::from(packet.window) << scale);
            if edge > theirs.edge {
                if theirs.edge <= theirs.end {
                    // There was no room: what comes next was released by this.
                    theirs.acknowledged_by(packet);
                }
                theirs.edge = edge;
            }
        }
        if !new {
            return 0;
        }
        theirs.acknowledged_by(packet);
        if let Some(passed_ns) = theirs.measured(position) {
            let took_ns = packet.time_ns.saturating_sub(passed_ns);
            let way = self.ways.of_mut(packet.from_client);
            way.took(took_ns);
            if packet.app == 0 && took_ns > way.ns() + HELD_NS.max(way.ns() / 4) {
                return took_ns - way.ns();
            }
        }
        0
    }

    /// A packet passes whose payload, SYN or FIN ends at a position; `acked` is how far its side's bytes are acknowledged, and
    /// `hole_ns` since when others of them wait for bytes before their own.
    #[inline]
    pub fn passed(
        &mut self,
        packet: &PacketFacts,
        end: u64,
        acked: u64,
        hole_ns: u64,
        step: &mut Step,
        noteworthy: &mut Noteworthy,
    ) {
        let now_ns = packet.time_ns;
        let way_ns = self.ways.of(packet.from_client).ns();
        let [ours, theirs] = self.sent.both_mut(packet.from_client);
        (step.now_ns, step.hole_ns, step.before) = (now_ns, hole_ns, ours.last);
        step.quiet_ns = now_ns.saturating_sub(ours.last_ns.max(theirs.last_ns));
        if end <= ours.end {
            *self.again.of_mut(packet.from_client) = Coarse::of(now_ns);
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
        let is_small = ours.mss > 0 && !is_full;
        if ours.last == Fill::Small && is_small && !in_time && packet.app > 0 {
            ours.no_delay = true;
        }
        let wait = match ours.last {
            Fill::Full if released => Some(Cause::Window),
            Fill::Small if released && in_time && is_small && !ours.no_delay => Some(Cause::Ack),
            _ => None,
        };
        let speaks = packet.app > 0 && !packet.from_client;
        // By their numbers: a stamp may be that of several packets.
        let turns = theirs.last_packet.before(packet.number) > ours.last_packet.before(packet.number);
        // Mostly none of these.
        let is_over = is_full && packet.app + options > mss;
        let was_acknowledged = turns && speaks && theirs.acked_ns < now_ns && theirs.acked_ns >= theirs.last_ns;
        let waited = wait == Some(Cause::Ack) || wait.is_some() && ours.no_room;
        let follows = !turns && ours.last == Fill::Small && is_small && packet.app > 0;
        let follows = follows && (waited || now_ns.saturating_sub(ours.last_ns) < CLOSE_NS);
        let is_late = speaks && step.quiet_ns >= LONG_NS;
        if is_over || was_acknowledged || waited || follows || is_late {
            step.noteworthy = true;
            let number = packet.number;
            let last = if turns { theirs.last_packet } else { ours.last_packet };
            *noteworthy = Noteworthy {
                pieces: if is_over { packet.app.div_ceil(mss.saturating_sub(options).max(1)) } else { 0 },
                fits: mss.saturating_sub(options),
                follows: if follows { ours.last_packet.before(number) } else { 0 },
                ahead: was_acknowledged.then(|| Ahead {
                    asked: theirs.last_packet.before(number),
                    ack: theirs.acked_by.before(number),
                    after_ns: (theirs.acked_ns - theirs.last_ns).saturating_sub(way_ns),
                    then_ns: now_ns - theirs.acked_ns,
                    bytes: theirs.acked_len,
                    is_first: ours.last == Fill::None,
                }),
                last: if is_late { last.before(number) } else { 0 },
                no_room: ours.no_room,
                before: ours.last_packet.before(number),
                ack: ours.acked_by.before(number),
            };
        }
        step.release = wait.map(|wait| Release {
            wait,
            ack_ns: ours.acked_ns,
            due_ns,
            held_ns: (ours.acked_ns - ours.last_ns).saturating_sub(self.ways.of(!packet.from_client).ns()),
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
            ours.no_room = no_room;
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
    /// Whether it is known from both ends of the link: the arrival of its last bytes is in it.
    is_told: bool,
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

    /// As [`Stopwatch::step`], of a packet of which there may be something to say; says it.
    #[cold]
    pub fn noteworthy_step(
        &mut self,
        step: &Step,
        what: &Noteworthy,
        ways: &Ways,
        number: u64,
        mut say: impl FnMut(Fact, Case, u64),
    ) {
        let (turn, goes_on) = match self.last_ns {
            0 => (false, false),
            _ => (self.last_from_client != step.from_client, self.last_from_client == step.from_client),
        };
        let spent = |watch: &Stopwatch, cause| watch.others.as_ref().map_or(0, |time| time[cause]);
        let before = [self.ack_ns, self.ack_delay_ns, spent(self, Cause::Window)];
        let (server_ns, sender_ns) = (self.server_ns, spent(self, Cause::Sender));
        self.step(step, ways);
        if what.last > 0 {
            let packets = [what.last, number, 0];
            for (fact, ns) in [
                (Fact::SlowServer, self.server_ns - server_ns),
                (Fact::SlowSender, spent(self, Cause::Sender) - sender_ns),
            ] {
                if ns >= LONG_NS {
                    say(fact, Case { ns, held_ns: 0, packets }, 0);
                }
            }
        }
        let way_ns = ways.of(!step.from_client).ns();
        if step.release.is_some() {
            let packets = [what.before, what.ack, number];
            let (ack_ns, held_ns) = (self.ack_ns - before[0], self.ack_delay_ns - before[1]);
            let window_ns = spent(self, Cause::Window) - before[2];
            if ack_ns > 0 {
                let was_held = held_ns >= HELD_NS.max(way_ns / 8);
                let fact = if was_held { Fact::WaitedForHeldAck } else { Fact::WaitedForAck };
                say(fact, Case { ns: ack_ns, held_ns, packets }, 0);
            }
            if window_ns > 0 && what.no_room {
                say(Fact::WaitedForRoom, Case { ns: window_ns, held_ns: 0, packets }, 0);
            }
        }
        if what.follows > 0 && goes_on {
            say(Fact::Apart, Case { packets: [what.follows, number, 0], ..Case::default() }, 0);
        }
        if let Some(ahead) = what.ahead.filter(|_| turn) {
            let own_way_ns = ways.of(step.from_client).ns();
            let case = Case { ns: ahead.then_ns, held_ns: ahead.after_ns, packets: [ahead.asked, ahead.ack, number] };
            // A later answer would have found the timer of a delayed ACK ended.
            if ahead.after_ns <= SLACK_NS.max(own_way_ns / 8) && ahead.then_ns < SHORTEST_TIMER_NS {
                say(if ahead.is_first { Fact::AckedAheadFirst } else { Fact::AckedAhead }, case, ahead.bytes.into());
            }
        }
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
        // A handshake that is over is repeated for an ACK that was lost: nobody has spoken by that.
        if packet.flags.syn() && !self.is_handshake {
            return;
        }
        self.spend(Cause::Recovery, packet.time_ns - self.last_ns);
        self.last_ns = packet.time_ns;
        self.turned |= self.last_from_client != packet.from_client;
        self.last_from_client = packet.from_client;
    }

    /// What the time went into is known from elsewhere.
    #[cold]
    pub fn is_told(&mut self, mut time: Time) {
        self.network_ns = std::mem::take(&mut time[Cause::Network]);
        self.server_ns = std::mem::take(&mut time[Cause::Server]);
        self.ack_ns = std::mem::take(&mut time[Cause::Ack]);
        self.ack_delay_ns = std::mem::take(&mut time.ack_delay_ns);
        self.others = (time.total_ns() > 0).then(|| Box::new(time));
        self.is_told = true;
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
        if self.is_told {
            return 0;
        }
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
/// A segment that follows another one so soon is of the same burst.
const CLOSE_NS: u64 = 10_000_000;
/// What a person notices: a tenth of a second.
const LONG_NS: u64 = 100_000_000;
/// The shortest timer of a delayed ACK that is in use, Linux's.
const SHORTEST_TIMER_NS: u64 = 40_000_000;
/// Segments that are remembered until they are acknowledged: more only where one side was not captured.
const MOST_REMEMBERED: usize = 256;
