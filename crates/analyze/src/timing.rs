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
//! | new bytes that came early waited for those before them; or bytes that were seen already passed once more, before they were acknowledged; or new bytes came behind such in one segment | recovery |
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
//! time of the server, or of the sender. A part that may be something else by that is `likely`: recovery that ends with a copy
//! which nobody is seen to have asked for; a program's part that was measured from afar; a way that nothing showed. Where the
//! link's own list is there, [`both_ends`](crate::both_ends) has the times instead.

mod sent;
mod step;
mod stopwatch;
mod way;

pub(crate) use step::{Noteworthy, Step};
pub(crate) use stopwatch::Stopwatch;
pub(crate) use way::Ways;

use sent::{Coarse, Fill, Low, Sent};
use step::{Ahead, Release};

use crate::model::Cause;
use crate::packet_facts::PacketFacts;
use crate::sides::Sides;

/// What is remembered of both directions of a connection, to tell what its packets waited for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timing {
    sent: Sides<Sent>,
    /// When bytes of a side passed again for the last time.
    again: Sides<Coarse>,
    pub ways: Ways,
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
        // New bytes behind a copy: whatever made its sender send again let them go, too.
        let taken = u64::from(packet.app) + u64::from(packet.flags.syn()) + u64::from(packet.flags.fin());
        step.behind_copy = packet.app > 0 && end - taken.min(end) < ours.end;
        let due_ns = ours.acked_ns.saturating_add(way_ns);
        let slack_ns = SLACK_NS.max(way_ns / 8);
        // Whether the ACK of what was sent before can have reached the sender by the time this left.
        let in_time = now_ns.saturating_add(slack_ns) >= due_ns && acked >= ours.end;
        let released = ours.acked_ns >= ours.last_ns && now_ns <= due_ns + slack_ns;
        let (mss, options) = (u32::from(ours.mss), packet.tcp.saturating_sub(PLAIN_HEADER));
        let is_full = mss > 0 && packet.app + options >= mss;
        let is_small = ours.mss > 0 && !is_full;
        if ours.last == Fill::Small && is_small && acked < ours.end && packet.app > 0 && !step.behind_copy {
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
