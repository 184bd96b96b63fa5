//! What does a capture's list of exchanges come to?
//!
//! Exchanges arrive here when they are closed. Up to the row limit they are kept whole; all of them are counted with
//! their group.

use foldhash::HashMap;

use crate::both_ends::BothEnds;
use crate::exchange::{ExchangeId, Numbers, OpenExchange};
use crate::groups::{GroupKey, GroupStats, Room};
use crate::model::{Cause, Costs, Time};
use crate::observations::{Case, Event, Fact, InGroup, Observations, What};
use crate::timing::Ways;

/// A closed exchange that is kept whole.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub key: GroupKey,
    pub connection: u32,
    pub id: ExchangeId,
    pub order: u64,
    pub first_ns: u64,
    pub last_ns: u64,
    pub asked_ns: u64,
    pub answer_first_ns: u64,
    pub answer_last_ns: u64,
    pub numbers: Numbers,
    pub costs: Costs,
    pub push: Costs,
    pub time: Option<Time>,
}

/// Of which groups a connection has exchanges: a bit for each of the first groups, and one for all others together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct GroupBits(u32);

impl GroupBits {
    fn of(place: usize) -> GroupBits {
        GroupBits(1 << place.min(OTHERS))
    }

    pub fn add(&mut self, more: GroupBits) {
        self.0 |= more.0;
    }

    /// Whether it has any of those.
    pub fn meets(self, those: GroupBits) -> bool {
        self.0 & those.0 != 0
    }
}

/// The bit of all groups behind the first.
const OTHERS: usize = 31;

/// All closed exchanges of a capture.
#[derive(Clone, Debug)]
pub(crate) struct ExchangeTable {
    limit: u64,
    next_order: u64,
    count: u64,
    /// Where they are, by their keys.
    places: HashMap<GroupKey, usize>,
    groups: Vec<(GroupKey, GroupStats)>,
    /// Where the group is that was met last under each label: mostly the next one's, too.
    recent: Vec<usize>,
    room: Room,
    /// What happened in them.
    pub observations: Observations,
    /// The view of both ends of the link, where it is known and not the same.
    pub both_ends: Option<Box<BothEnds>>,
    /// By their number; those that are not closed yet, and those that nothing was booked on, have none.
    pub rows: Vec<Option<Row>>,
}

impl ExchangeTable {
    pub fn new(limit: usize, both_ends: Option<Box<BothEnds>>) -> ExchangeTable {
        ExchangeTable {
            limit: limit as u64,
            next_order: 0,
            count: 0,
            places: HashMap::default(),
            groups: Vec::new(),
            recent: Vec::new(),
            room: Room::default(),
            observations: Observations::default(),
            both_ends,
            rows: Vec::new(),
        }
    }

    /// The number of the exchange that begins now.
    #[inline]
    pub fn next_order(&mut self) -> u64 {
        self.next_order += 1;
        self.next_order - 1
    }

    /// Whether the row limit keeps the exchange of this number whole.
    #[inline]
    pub fn keeps(&self, order: u64) -> bool {
        order < self.limit
    }

    /// How many exchanges there are in all.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Takes a closed exchange. Gives the [bit](GroupBits) of its group.
    pub fn add(&mut self, open: &mut OpenExchange, ways: &Ways, connection: u32, id: ExchangeId) -> GroupBits {
        if open.costs.is_empty() {
            return GroupBits::default();
        }
        self.count += 1;
        let by_both_ends = self.both_ends.is_some() && self.tell(open, ways, connection, id);
        let key = GroupKey { protocol_kind: open.protocol_kind, label: open.label, told: open.told };
        let recent = self.recent.get(key.label.index()).copied().unwrap_or(usize::MAX);
        let at = if self.groups.get(recent).is_some_and(|(known, _)| *known == key) { recent } else { self.place(key) };
        if let Some((_, stats)) = self.groups.get_mut(at) {
            stats.add(open, ways, &mut self.room);
        }
        if let Some(happened) = open.happened.take() {
            let order = open.kept.then_some(open.order);
            self.observations.close(at, happened, order, by_both_ends, || open.time(ways));
        }
        if open.kept {
            self.keep(key, open, ways, connection, id);
        }
        GroupBits::of(at)
    }

    /// The bits of the groups that are meant; `None` where one of them has none of its own.
    pub fn bits_of(&self, is_meant: impl Fn(&GroupKey) -> bool) -> Option<GroupBits> {
        let mut bits = GroupBits::default();
        for (place, _) in self.groups.iter().enumerate().filter(|(_, (key, _))| is_meant(key)) {
            if place >= OTHERS {
                return None;
            }
            bits.add(GroupBits::of(place));
        }
        Some(bits)
    }

    /// Tells an exchange what its time went into, where both ends of the link say so; gives whether they do.
    #[cold]
    fn tell(&mut self, open: &mut OpenExchange, ways: &Ways, connection: u32, id: ExchangeId) -> bool {
        let Some(both_ends) = &mut self.both_ends else { return false };
        let Some(time) = both_ends.time(connection, id, open.order, open.stopwatch.is_handshake) else { return false };
        open.stopwatch.is_told(time);
        let ns = open.time(ways).map_or(0, |time| time[Cause::Recovery]);
        if ns > 0 {
            let case = Case { ns, ..Case::default() };
            let event = Event { fact: Fact::Recovered, from_client: false, case, count: 1, bytes: 0 };
            open.note(&event, &mut self.observations.room);
        }
        true
    }

    /// Keeps it whole.
    #[cold]
    #[inline(never)]
    fn keep(&mut self, key: GroupKey, open: &mut OpenExchange, ways: &Ways, connection: u32, id: ExchangeId) {
        let at = open.order as usize;
        if self.rows.len() <= at {
            self.rows.resize_with(at + 1, || None);
        }
        let Some(row) = self.rows.get_mut(at) else { return };
        *row = Some(Row {
            key,
            connection,
            id,
            order: open.order,
            first_ns: open.first_ns,
            last_ns: open.last_ns,
            asked_ns: open.asked_ns,
            answer_first_ns: open.answer_first_ns,
            answer_last_ns: open.answer_last_ns,
            numbers: open.numbers.take().map(|numbers| *numbers).unwrap_or_default(),
            costs: open.costs,
            push: open.push,
            time: open.time(ways),
        });
    }

    /// Where the exchanges of this key are counted.
    #[inline(never)]
    fn place(&mut self, key: GroupKey) -> usize {
        let place = *self.places.entry(key).or_insert_with(|| {
            self.groups.push((key, GroupStats::default()));
            self.groups.len() - 1
        });
        let label = key.label.index();
        if self.recent.len() <= label {
            self.recent.resize(label + 1, usize::MAX);
        }
        if let Some(recent) = self.recent.get_mut(label) {
            *recent = place;
        }
        place
    }

    /// The groups, in order of first appearance.
    pub fn groups(&self) -> &[(GroupKey, GroupStats)] {
        &self.groups
    }

    /// What happened in the exchanges of each group.
    pub fn take_observed(&mut self) -> Vec<(GroupKey, What, InGroup)> {
        let ExchangeTable { observations, groups, .. } = self;
        let of_group = |(at, (key, _)): (usize, &(GroupKey, GroupStats))| {
            let key = *key;
            observations.take(at).into_iter().map(move |(what, group)| (key, what, group))
        };
        groups.iter().enumerate().flat_map(of_group).collect()
    }

    /// The same, taken out.
    pub fn take_groups(&mut self) -> Vec<(GroupKey, GroupStats)> {
        std::mem::take(&mut self.groups)
    }
}
