//! What do all connections of a capture share?

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use foldhash::HashSet;

use crate::back_off::BackOffs;
use crate::both_ends::BothEnds;
use crate::exchange::ExchangeId;
use crate::exchange_table::ExchangeTable;
use crate::kept_packets::KeptPackets;
use crate::labels::Labels;
use crate::link_record::LinkRecord;
use crate::model::{Layer, Problem, ProblemPlace};
use crate::recognition::Recognition;
use crate::recorded_twice::RecordedTwice;
use crate::request_labels::RequestLabels;
use crate::timing::Noteworthy;

/// What all connections of a capture share.
#[derive(Clone, Debug)]
pub(crate) struct CaptureState {
    pub table: ExchangeTable,
    pub labels: Labels,
    pub request_labels: RequestLabels,
    pub problems: Problems,
    pub visitors: Visitors,
    /// Those that have asked for a page in a frame.
    pub framed: Visitors,
    pub packets: KeptPackets,
    pub inflaters: Inflaters,
    /// Which app this may be.
    pub recognition: Recognition,
    pub twice: RecordedTwice,
    /// Where senders waited longer and longer.
    pub back_offs: BackOffs,
    /// What there may be to say of the packet in hand.
    pub noteworthy: Noteworthy,
    /// Bytes that segments which came early may still take up, over all connections.
    pub waiting_budget: usize,
    /// Who owns the new bytes of the packet in hand, in order, until they are booked.
    pub owned: Vec<Owned>,
    /// How many messages end in them beside those that own them: compressed ones.
    pub messages_inside: u64,
    /// Whose bytes the packet in hand newly acknowledges, where these are several.
    pub acknowledged: Vec<ExchangeId>,
}

impl CaptureState {
    /// Keeps so many rows of exchanges, and so many packets; `link`: what is known of it.
    pub fn new(rows: usize, packets: usize, link: Option<LinkRecord>) -> CaptureState {
        CaptureState {
            table: ExchangeTable::new(rows, link.and_then(BothEnds::of)),
            labels: Labels::default(),
            request_labels: RequestLabels::default(),
            problems: Problems::default(),
            visitors: Visitors::default(),
            framed: Visitors::default(),
            packets: KeptPackets::new(packets),
            inflaters: Inflaters::default(),
            recognition: Recognition::new(),
            twice: RecordedTwice::default(),
            back_offs: BackOffs::default(),
            noteworthy: Noteworthy::default(),
            waiting_budget: MOST_WAITING,
            owned: Vec::new(),
            messages_inside: 0,
            acknowledged: Vec::new(),
        }
    }
}

/// Who owns some bytes, and what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owned {
    pub exchange: ExchangeId,
    pub layer: Layer,
    pub len: u32,
}

/// What was wrong in a capture: the first ones whole, the others counted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Problems {
    pub list: Vec<Problem>,
    pub left_out: u64,
    /// Link types that were complained about.
    pub unknown_links: HashSet<u16>,
}

impl Problems {
    /// Notes a problem.
    pub fn add(&mut self, place: ProblemPlace, message: impl Into<String>) {
        if self.list.len() < MOST_PROBLEMS {
            self.list.push(Problem { place, message: message.into() });
        } else {
            self.left_out += 1;
        }
    }
}

/// The addresses of clients that have asked for a page. Apart by version: IPv4 needs a quarter of the room, and there may
/// be a million of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visitors {
    v4: HashSet<u32>,
    v6: HashSet<u128>,
}

impl Visitors {
    /// Whether this is the first visit from an address, as far as they are remembered.
    pub fn is_first(&mut self, client: IpAddr) -> bool {
        if self.v4.len() + self.v6.len() >= MOST_VISITORS {
            return false;
        }
        match client {
            IpAddr::V4(client) => self.v4.insert(client.to_bits()),
            IpAddr::V6(client) => self.v6.insert(client.to_bits()),
        }
    }
}

/// How much may be decompressed at the same time, over all connections.
#[derive(Debug, Default)]
pub(crate) struct Inflaters(Arc<AtomicU32>);

/// A copy of an analysis takes nothing away from the original: it counts by itself.
impl Clone for Inflaters {
    fn clone(&self) -> Inflaters {
        Inflaters::default()
    }
}

/// The right to decompress; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct MayInflate(Arc<AtomicU32>, Weight);

/// How much memory decompressing takes at most, in parts of 128 KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// DEFLATE in both directions: 90 KiB.
    Deflate = 1,
    /// Zstandard of which all is kept for a while: twice 2 MiB.
    ZstdEvents = 32,
    /// Zstandard with the largest window: twice 8 MiB.
    Zstd = 128,
}

impl Clone for MayInflate {
    fn clone(&self) -> MayInflate {
        MayInflate(Arc::new(AtomicU32::new(self.1 as u32)), self.1)
    }
}

impl Inflaters {
    /// The right for one more of this weight, if there is room.
    pub fn room(&self, weight: Weight) -> Option<MayInflate> {
        let taken = self.0.load(Ordering::Relaxed) + weight as u32;
        (taken <= MOST_INFLATING).then(|| {
            self.0.store(taken, Ordering::Relaxed);
            MayInflate(Arc::clone(&self.0), weight)
        })
    }
}

impl Drop for MayInflate {
    fn drop(&mut self) {
        self.0.fetch_sub(self.1 as u32, Ordering::Relaxed);
    }
}

/// Bytes of segments that wait for earlier ones, over all connections.
const MOST_WAITING: usize = 32 << 20;
/// Problems beyond this many are counted only.
const MOST_PROBLEMS: usize = 1000;
/// Client addresses that are remembered.
const MOST_VISITORS: usize = 1 << 20;
/// Parts of 128 KiB that decompressing takes at the same time: 128 MiB.
const MOST_INFLATING: u32 = 1024;
