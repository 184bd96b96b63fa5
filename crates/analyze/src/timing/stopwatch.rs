//! What did one exchange's time go into?

use super::sent::Fill;
use super::step::{Noteworthy, Step};
use super::way::Ways;
use super::{HELD_NS, LONG_NS, SHORTEST_TIMER_NS, SLACK_NS};
use crate::model::{Cause, Likely, Time};
use crate::observations::{Case, Fact};
use crate::packet_facts::PacketFacts;

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
    /// Which of its parts may be something else.
    likely: Likely,
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
        if step.behind_copy && !turn {
            return self.spend(Cause::Recovery, gap);
        }
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
        // From afar, it may be the way's.
        if gap > HELD_NS && rest != Cause::Network && ways.of(step.from_client).ns() > SLACK_NS {
            self.likely.add(rest);
        }
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
        if packet.note != Some(Fact::ResentAsAsked) {
            self.likely.add(Cause::Recovery);
        }
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
        self.likely = Likely::default();
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
        time.likely = self.likely;
        if !self.is_told && !ways.all(|way| way.is_known()) {
            time.likely.add(Cause::Network);
        }
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
