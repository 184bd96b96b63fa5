//! What happened that is worth a word?
//!
//! While packets pass, whoever sees something noteworthy says so as a [`Fact`]. Facts are summed up at once, on their
//! exchange while that is open and on its group from then on, so that memory does not grow with packets: sums, the first
//! case and the worst, and the numbers of at most 1,000 packets each, of a bounded number in all. What it means is for the
//! rules to say ([`findings`](crate::findings)), when all was read.

use crate::model::{Cause, Time};

/// Something that happened in an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Fact {
    /// A small segment waited for an ACK, which came at once. Packets: the segment before, the ACK, the segment.
    WaitedForAck,
    /// The same, and the other side had held the ACK back.
    WaitedForHeldAck,
    /// The same for room in the receiver's window.
    WaitedForRoom,
    /// A small segment followed another closely, and both would have fitted in one. Packets: both.
    Apart,
    /// An ACK came on its own at once, and soon after it the answer that could have carried it. Packets: what was
    /// answered, the ACK, the answer.
    AckedAhead,
    /// The same, before the first answer of the connection.
    AckedAheadFirst,
    /// An ACK came on its own, and late. Packets: what it acknowledges, where that is known, and it.
    AckedLate,
    /// The server did not begin to answer for long. Packets: the request's last, the answer's first.
    SlowServer,
    /// The answer had begun, and its sender did not go on for long. Packets: the one before, the one after.
    SlowSender,
    /// The body of an answer ended with the connection: `count` bytes before its announced end, or before its last chunk.
    /// Packets: the FIN.
    ShortBody,
    NoLastChunk,
    /// Bytes came again: after a pause, as a time-out makes it; since duplicate ACKs asked for it; otherwise; or although
    /// they had been acknowledged. Packets: it.
    ResentAfterPause,
    ResentAsAsked,
    Resent,
    ResentInVain,
    /// What an exchange waited in which bytes came again.
    Recovered,
    /// A side has no room for more. Packets: it.
    ZeroWindow,
    /// Several messages came in one packet after a silence; `count`: how many. Packets: it.
    Together,
    /// A burst of encrypted data, or of frames of HTTP/2, begins; `count`: 1 where there was one before. Packets: its first.
    TlsBurst,
    Http2Burst,
    /// A client opens a stream of HTTP/2. Packets: it.
    StreamOpened,
    /// A message was compressed; `count`: its bytes before that, `bytes`: as sent. Packets: its last.
    Compressed,
    /// A part of an answer's content was compressed, and said `count` bytes in `bytes`; or nobody can read what it says.
    /// Packets: it.
    CompressedContent,
    CompressedUnread,
    /// A packet is larger than its receiver takes; `count`: how many it is on the wire. Packets: it.
    Oversized,
}

/// One case of a fact.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    pub fact: Fact,
    /// Whose packet it is: the last of those that are named.
    pub from_client: bool,
    pub case: Case,
    /// What the fact counts, and bytes.
    pub count: u64,
    pub bytes: u64,
}

/// The packets of one case, and how long it took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Case {
    pub ns: u64,
    /// Of them: how long the other side had held something back.
    pub held_ns: u64,
    /// Their numbers; 0 where there are fewer.
    pub packets: [u64; 3],
}

/// What several cases of a fact come to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cases {
    pub times: u64,
    pub ns: u64,
    pub held_ns: u64,
    pub count: u64,
    pub bytes: u64,
    pub first: Case,
    /// The one that took longest; of equals, the first.
    pub worst: Case,
    pub packets: Numbers,
}

/// Some numbers, and how many more there were.
#[derive(Clone, Debug, Default)]
pub(crate) struct Numbers {
    pub list: Vec<u64>,
    pub left_out: u64,
}

/// What there is room for over all exchanges: how many numbers may still be listed; and what was needed for exchanges that
/// are closed, for the next ones.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    numbers: usize,
    #[expect(clippy::vec_box, reason = "the box is what is used again")]
    spare: Vec<Box<Happened>>,
}

impl Default for Room {
    fn default() -> Room {
        Room { numbers: MOST_NUMBERS_IN_ALL, spare: Vec::new() }
    }
}

impl Numbers {
    /// One more, unless it is the last one again.
    pub fn add(&mut self, number: u64, room: &mut Room) {
        if self.list.last() == Some(&number) {
            return;
        }
        if self.list.len() < MOST_NUMBERS && room.numbers > 0 {
            room.numbers -= 1;
            self.list.push(number);
        } else {
            self.left_out += 1;
        }
    }

    /// Those of another list, which had their room.
    fn take(&mut self, other: Numbers, room: &mut Room) {
        room.numbers += other.list.len();
        self.left_out += other.left_out;
        for number in other.list {
            self.add(number, room);
        }
    }
}

impl Cases {
    fn add(&mut self, event: &Event, room: &mut Room) {
        // Exchanges end in another order than that in which they begin.
        if self.times == 0 || event.case.packets < self.first.packets {
            self.first = event.case;
        }
        if self.times == 0 {
            self.worst = event.case;
        }
        self.times += 1;
        self.ns += event.case.ns;
        self.held_ns += event.case.held_ns;
        self.count += event.count;
        self.bytes += event.bytes;
        if event.case.ns > self.worst.ns {
            self.worst = event.case;
        }
        for number in event.case.packets.into_iter().filter(|number| *number > 0) {
            self.packets.add(number, room);
        }
    }

    /// Those of another exchange.
    pub fn merge(&mut self, later: Cases, room: &mut Room) {
        if self.times == 0 || later.first.packets < self.first.packets {
            self.first = later.first;
        }
        if self.times == 0 || later.worst.ns > self.worst.ns {
            self.worst = later.worst;
        }
        self.times += later.times;
        self.ns += later.ns;
        self.held_ns += later.held_ns;
        self.count += later.count;
        self.bytes += later.bytes;
        self.packets.take(later.packets, room);
    }
}

/// What happened in an exchange, while it is open. Mostly it is one thing or two, once.
#[derive(Clone, Debug)]
pub(crate) struct Happened {
    few: [Option<Event>; 2],
    more: Vec<(What, Cases)>,
}

/// A fact, and whether it is about the client's packets.
pub(crate) type What = (Fact, bool);

impl Happened {
    /// Begins with one.
    pub fn new(first: &Event, room: &mut Room) -> Box<Happened> {
        match room.spare.pop() {
            Some(mut spare) => {
                spare.few = [Some(*first), None];
                spare
            }
            None => Box::new(Happened { few: [Some(*first), None], more: Vec::new() }),
        }
    }

    /// Takes one more case.
    pub fn add(&mut self, event: &Event, room: &mut Room) {
        match &mut self.few {
            [_, second @ None] if self.more.is_empty() => *second = Some(*event),
            _ => entry(&mut self.more, event.what()).add(event, room),
        }
    }

    /// Whether any of this happened.
    fn has(&self, is_one: impl Fn(Fact) -> bool) -> bool {
        self.few.iter().flatten().any(|event| is_one(event.fact))
            || self.more.iter().any(|((fact, _), _)| is_one(*fact))
    }

    /// How long all cases of something took.
    fn ns_of(&self, what: What) -> u64 {
        let few: u64 = self.few.iter().flatten().filter(|event| event.what() == what).map(|event| event.case.ns).sum();
        few + self.more.iter().filter(|(more, _)| *more == what).map(|(_, cases)| cases.ns).sum::<u64>()
    }

    /// How long, in all cases of something, the other side had held something back.
    fn held_ns_of(&self, what: What) -> u64 {
        let few: u64 =
            self.few.iter().flatten().filter(|event| event.what() == what).map(|event| event.case.held_ns).sum();
        few + self.more.iter().filter(|(more, _)| *more == what).map(|(_, cases)| cases.held_ns).sum::<u64>()
    }

    /// The exchange is over, and took this time: what made less than half of it is not what made it slow, and what it waited
    /// for lost bytes is known. `told`: the time is not told from these packets alone, and what they seem to show may not be so.
    fn settle(&mut self, told: bool, time: impl Fn() -> Option<Time>, room: &mut Room) {
        let is_slow = |fact| matches!(fact, Fact::SlowServer | Fact::SlowSender);
        let is_resent =
            |fact| matches!(fact, Fact::ResentAfterPause | Fact::ResentAsAsked | Fact::Resent | Fact::ResentInVain);
        let is_wait = |fact| matches!(fact, Fact::WaitedForAck | Fact::WaitedForHeldAck);
        if !self.has(|fact| is_slow(fact) || is_resent(fact) || told && is_wait(fact)) {
            return;
        }
        let time = time();
        if told {
            self.settle_waits(time.unwrap_or_default());
        }
        let total_ns = time.map_or(0, |time| time.total_ns());
        for (fact, cause) in [(Fact::SlowServer, Cause::Server), (Fact::SlowSender, Cause::Sender)] {
            let what = (fact, false);
            let ns = self.ns_of(what);
            let is_so = !told || time.is_some_and(|time| time[cause] + NEARLY_NS >= ns);
            if ns * 2 < total_ns || !is_so {
                self.forget(|one| one == what);
            }
        }
        let recovery_ns = time.map_or(0, |time| time[Cause::Recovery]);
        if recovery_ns > 0 && !told && self.has(is_resent) {
            let case = Case { ns: recovery_ns, ..Case::default() };
            let event = Event { fact: Fact::Recovered, from_client: false, case, count: 1, bytes: 0 };
            entry(&mut self.more, event.what()).add(&event, room);
        }
    }
}

impl Happened {
    /// Where a lost or held packet made a part of what seemed a wait for an ACK, none of it is said to be one.
    fn settle_waits(&mut self, time: Time) {
        let (mut ns, mut held_ns) = (0, 0);
        for fact in [Fact::WaitedForAck, Fact::WaitedForHeldAck] {
            for from_client in [false, true] {
                ns += self.ns_of((fact, from_client));
                held_ns += self.held_ns_of((fact, from_client));
            }
        }
        if ns.abs_diff(time[Cause::Ack]) > NEARLY_NS || held_ns.abs_diff(time.ack_delay_ns) > NEARLY_NS {
            self.forget(|(fact, _)| matches!(fact, Fact::WaitedForAck | Fact::WaitedForHeldAck));
        }
    }

    fn forget(&mut self, is_one: impl Fn(What) -> bool) {
        for event in &mut self.few {
            event.take_if(|event| is_one(event.what()));
        }
        self.more.retain(|(more, _)| !is_one(*more));
    }
}

impl Event {
    fn what(&self) -> What {
        (self.fact, self.from_client)
    }
}

/// What is kept of something, which is nothing yet where it is new.
fn entry<T: Default>(all: &mut Vec<(What, T)>, what: What) -> &mut T {
    let at = all.iter().position(|(known, _)| *known == what).unwrap_or_else(|| {
        all.push((what, T::default()));
        all.len() - 1
    });
    let (_, kept) = &mut all[at];
    kept
}

/// What happened in the closed exchanges of a capture.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observations {
    pub room: Room,
    /// By the place of the group.
    groups: Vec<Vec<(What, InGroup)>>,
}

/// What happened in the exchanges of a group.
#[derive(Clone, Debug, Default)]
pub(crate) struct InGroup {
    /// How many exchanges it happened in, and the numbers of the first of them.
    pub exchanges: u64,
    pub orders: Numbers,
    pub cases: Cases,
}

impl InGroup {
    /// It happened in one more exchange.
    fn exchange(&mut self, order: Option<u64>, room: &mut Room) {
        self.exchanges += 1;
        match order {
            Some(order) => self.orders.add(order, room),
            None => self.orders.left_out += 1,
        }
    }
}

impl Observations {
    /// An exchange of the group at a place is closed, in which something happened. `order`: its number, where the row limit
    /// keeps it.
    #[cold]
    pub fn close(
        &mut self,
        group: usize,
        mut happened: Box<Happened>,
        order: Option<u64>,
        told: bool,
        time: impl Fn() -> Option<Time>,
    ) {
        let Observations { room, groups } = self;
        happened.settle(told, time, room);
        if groups.len() <= group {
            groups.resize_with(group + 1, Vec::new);
        }
        let Some(group) = groups.get_mut(group) else { return };
        let [first, second] = happened.few.map(|event| event.map(|event| event.what()));
        for (at, event) in happened.few.iter().flatten().enumerate() {
            let known = entry(group, event.what());
            known.cases.add(event, room);
            // Twice in the same exchange is one exchange.
            if at == 0 || first != second {
                known.exchange(order, room);
            }
        }
        for (what, cases) in happened.more.drain(..) {
            let known = entry(group, what);
            known.cases.merge(cases, room);
            if ![first, second].contains(&Some(what)) {
                known.exchange(order, room);
            }
        }
        if room.spare.len() < MOST_SPARE {
            room.spare.push(happened);
        }
    }

    /// What happened in the group at a place.
    pub fn take(&mut self, group: usize) -> Vec<(What, InGroup)> {
        self.groups.get_mut(group).map(std::mem::take).unwrap_or_default()
    }
}

/// What two ways to measure the same may differ by.
const NEARLY_NS: u64 = 1_000_000;
/// How many numbers a list has.
pub(crate) const MOST_NUMBERS: usize = 1000;
/// How many [`Happened`] are kept for the next exchanges.
const MOST_SPARE: usize = 64;
/// How many numbers all lists together have.
const MOST_NUMBERS_IN_ALL: usize = 1 << 17;
