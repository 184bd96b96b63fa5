//! What may rules look at?
//!
//! At the finished capture, and at what was observed while it was read, group by group under the names that groups have
//! in the end.

use std::collections::{BTreeMap, BTreeSet};

use crate::back_off::BackOffs;
use crate::link_record::LinkRecord;
use crate::model::{Capture, Kind, Protocol};
use crate::observations::{Cases, Fact, InGroup, MOST_NUMBERS, Numbers, Room, What};
use crate::recorded_twice::Twins;

/// What there is to judge by.
pub(crate) struct Evidence<'a> {
    pub capture: &'a Capture,
    pub observed: Vec<Observed>,
    pub frames: FrameFacts,
    pub twice: Twins,
    pub back_offs: BackOffs,
    /// What the link did with frames, where that is known, and what was lost of exchanges.
    pub link: Option<LinkRecord>,
}

/// What was seen of frames and connections, whatever they say.
#[derive(Clone, Debug, Default)]
pub(crate) struct FrameFacts {
    /// Frames of which only the beginning was kept.
    pub truncated: Numbers,
    /// Frames that are not counted.
    pub others: Numbers,
    /// The first packets of connections whose beginning is not in the capture, and how many there are of each protocol.
    pub midway: Numbers,
    pub midway_protocols: BTreeMap<Protocol, u64>,
}

/// What happened in the exchanges of one name.
#[derive(Debug)]
pub(crate) struct Observed {
    pub fact: Fact,
    /// Whose packets it is about.
    pub from_client: bool,
    pub kind: Kind,
    pub label: String,
    /// How many exchanges of this name there are, and in how many it happened.
    pub of: u64,
    pub exchanges: u64,
    /// Their places in the list of exchanges, as far as they have one.
    pub places: Vec<usize>,
    pub cases: Cases,
}

impl Observed {
    /// What was observed in a group, as yet without its number of exchanges.
    pub fn new(
        capture: &Capture,
        (fact, from_client): What,
        (kind, label): (Kind, String),
        group: InGroup,
    ) -> Observed {
        let places = group.orders.list.iter().filter_map(|order| capture.exchanges.place_of(*order)).collect();
        let is_of = |group: &&crate::model::Group| group.kind == kind && group.label == label;
        let of = capture.groups.iter().find(is_of).map_or(0, |group| group.count);
        Observed { fact, from_client, kind, label, of, exchanges: group.exchanges, places, cases: group.cases }
    }
}

/// All that was observed of some facts.
#[derive(Debug)]
pub(crate) struct Seen<'a> {
    /// By name: how many exchanges of it there are, and in how many it happened. The most first.
    pub names: Vec<Name<'a>>,
    pub cases: Cases,
    pub exchanges: u64,
    /// Places in the list of exchanges, in order.
    pub places: Vec<usize>,
}

/// How many exchanges of a name something happened in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Name<'a> {
    pub kind: Kind,
    pub label: &'a str,
    pub of: u64,
    pub exchanges: u64,
}

impl Evidence<'_> {
    /// Whether times are known from both ends of the link: nothing was lost, or late on its way, that is not known.
    pub fn knows_the_link(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.complete_until_ns.is_none())
    }

    /// What was observed of these facts, of packets of one side where one is named; `None` where nothing was.
    pub fn seen(&self, wanted: impl Fn(&Observed) -> bool) -> Option<Seen<'_>> {
        let mut all: Vec<&Observed> = self.observed.iter().filter(|one| wanted(one)).collect();
        all.sort_by_key(|one| one.cases.first.packets);
        let first = all.first()?;
        let mut cases = first.cases.clone();
        // What is merged here was within bounds before.
        let mut room = Room::default();
        for later in all.iter().skip(1) {
            cases.merge(later.cases.clone(), &mut room);
        }
        cases.packets.list.sort_unstable();
        cases.packets.list.dedup();
        let mut places: Vec<usize> = all.iter().flat_map(|one| one.places.iter().copied()).collect();
        places.sort_unstable();
        places.dedup();
        places.truncate(MOST_NUMBERS);
        let mut names: Vec<Name<'_>> = Vec::new();
        for one in &all {
            let name = (one.kind, one.label.as_str());
            if names.iter().any(|known| (known.kind, known.label) == name) {
                continue;
            }
            // The same exchange may have had several of the facts: it counts once. Beyond those with a place it is not known
            // which they are.
            let same = || all.iter().filter(|other| (other.kind, other.label.as_str()) == name);
            let listed: BTreeSet<usize> = same().flat_map(|other| other.places.iter().copied()).collect();
            let unlisted = same().map(|other| other.exchanges.saturating_sub(other.places.len() as u64)).max();
            let exchanges = listed.len() as u64 + unlisted.unwrap_or(0);
            names.push(Name { kind: one.kind, label: &one.label, of: one.of, exchanges });
        }
        names.sort_by_key(|name| std::cmp::Reverse(name.exchanges));
        let exchanges = names.iter().map(|name| name.exchanges).sum();
        Some(Seen { names, cases, exchanges, places })
    }

    /// What was observed of one fact, of packets of one side.
    pub fn of(&self, fact: Fact, from_client: bool) -> Option<Seen<'_>> {
        self.seen(|one| one.fact == fact && one.from_client == from_client)
    }
}

impl Seen<'_> {
    /// How many exchanges it happened in have no place in the list.
    pub fn left_out(&self) -> u64 {
        self.exchanges.saturating_sub(self.places.len() as u64)
    }

    /// "12 of 40 exchanges (GET /time)", or several names; at most three.
    pub fn exchanges(&self) -> String {
        let of: u64 = self.names.iter().map(|name| name.of).sum();
        let count = super::words::part(self.exchanges, of.max(self.exchanges), "exchange");
        match self.names.as_slice() {
            [only] => format!("{count} ({})", only.called()),
            several => {
                let mut list: Vec<String> = several
                    .iter()
                    .take(MOST_NAMES)
                    .map(|name| match name.of {
                        1 => name.called(),
                        of => format!("{} of {of} {}", name.exchanges, name.called()),
                    })
                    .collect();
                if several.len() > MOST_NAMES {
                    list.push(format!("{} more kinds", several.len() - MOST_NAMES));
                }
                format!("{count} ({})", list.join(", "))
            }
        }
    }
}

impl Name<'_> {
    /// What such an exchange is called.
    fn called(&self) -> String {
        super::words::called(self.kind, self.label)
    }
}

/// Names that a sentence lists.
const MOST_NAMES: usize = 3;
