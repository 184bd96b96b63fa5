//! What do the exchanges of one group come to?
//!
//! All exchanges are counted by group (what they are and how they are called) and by shape (their packets and bytes),
//! so that medians stay exact while memory stays bounded.

use foldhash::HashMap;

use crate::exchange::{OpenExchange, ProtocolKind, Told};
use crate::labels::LabelId;
use crate::model::{Column, Costs, Spread, SpreadSeconds, Tally, Time, seconds};
use crate::timing::Ways;

/// What puts exchanges into one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct GroupKey {
    pub protocol_kind: ProtocolKind,
    pub label: LabelId,
    pub told: Told,
}

/// How many shapes and times all groups of a capture have room for together, before they are rounded more coarsely.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    /// Below 0 where the groups had to have their few all the same.
    shapes: i64,
    buckets: usize,
}

impl Default for Room {
    fn default() -> Room {
        Room { shapes: MOST_SHAPES_IN_ALL, buckets: MOST_BUCKETS_IN_ALL }
    }
}

/// What the exchanges of one group come to.
#[derive(Clone, Debug, Default)]
pub(crate) struct GroupStats {
    pub count: u64,
    /// Of them: those that share a packet or an ACK with another exchange.
    pub sharing: u64,
    pub first_order: u64,
    /// All of them together, but for the repeats of the shapes.
    tally: Tally,
    pub least: Tally,
    pub most: Tally,
    shapes: Vec<Shaped>,
    places: HashMap<Shape, u32>,
    /// The shape met last, and the one before: mostly the next one's, too.
    last: usize,
    before_last: usize,
    /// How many low bits of the byte columns are rounded away, so that the number of shapes stays bounded.
    coarse: u32,
    pub first_byte: Times,
    pub last_byte: Times,
}

/// The columns that tell one exchange of a group from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Shape {
    packets: u64,
    bytes: [u64; Column::SUMMANDS.len()],
}

impl Shape {
    fn of(costs: &Costs) -> Shape {
        let tally = costs.tally();
        Shape { packets: tally.total_packets, bytes: Column::SUMMANDS.map(|column| column.of(&tally)) }
    }

    fn rounded(self, bits: u32) -> Shape {
        let cut = |n: u64| n.checked_shr(bits).and_then(|n| n.checked_shl(bits)).unwrap_or(0);
        let packets = if bits < PACKETS_FROM { self.packets } else { cut(self.packets) };
        Shape { packets, bytes: self.bytes.map(cut) }
    }
}

/// How many exchanges have a shape, and the one that took least time as an example; of equals, the first.
#[derive(Clone, Debug)]
struct Shaped {
    count: u64,
    /// Of them: exchanges exactly like the example that are not in the group's tally yet. Most are, and to count them
    /// costs less than to add thirteen columns.
    repeats: u64,
    order: u64,
    costs: Costs,
    push: Costs,
    total_ns: u64,
    time: Option<Time>,
}

impl Shaped {
    /// What puts it before others of its shape.
    fn rank(&self) -> (u64, u64) {
        (self.total_ns, self.order)
    }

    /// What the repeats come to.
    fn repeated(&self) -> Tally {
        self.costs.tally().zip(Tally::default(), |each, _| each * self.repeats)
    }
}

/// The median exchange of a group: a real one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Median {
    pub order: u64,
    pub tally: Tally,
    pub push: Tally,
    pub time: Option<Time>,
}

impl GroupStats {
    /// Takes one more.
    pub fn add(&mut self, open: &OpenExchange, ways: &Ways, room: &mut Room) {
        let costs = &open.costs;
        self.count += 1;
        self.sharing += u64::from(open.shares);
        let total_ns = open.total_ns(ways);
        let rank = (total_ns, open.order);
        let is_again = |one: &Shaped| one.costs == *costs && one.rank() < rank;
        if !self.shapes.get(self.last).is_some_and(is_again) {
            std::mem::swap(&mut self.last, &mut self.before_last);
        }
        match self.shapes.get_mut(self.last) {
            // The same again: it widens no range.
            Some(last) if is_again(last) => {
                last.count += 1;
                last.repeats += 1;
            }
            _ => {
                let tally = costs.tally();
                self.tally += tally;
                self.widen(open.order, &tally, &tally);
                let (order, push, time) = (open.order, open.push, open.time(ways));
                self.shaped(Shaped { count: 1, repeats: 0, order, costs: *costs, push, total_ns, time }, room);
            }
        }
        if open.asked_ns != 0 && open.answer_first_ns >= open.asked_ns {
            self.first_byte.add(open.answer_first_ns - open.asked_ns, room);
            self.last_byte.add(open.answer_last_ns.saturating_sub(open.asked_ns), room);
        }
    }

    fn widen(&mut self, order: u64, least: &Tally, most: &Tally) {
        if self.shapes.is_empty() {
            (self.first_order, self.least, self.most) = (order, *least, *most);
        } else {
            self.first_order = self.first_order.min(order);
            self.least = self.least.zip(*least, u64::min);
            self.most = self.most.zip(*most, u64::max);
        }
    }

    /// All of them together.
    pub fn tally(&self) -> Tally {
        self.tally + self.shapes.iter().map(Shaped::repeated).sum()
    }

    /// Puts one to those of its shape. It has no repeats: they are in the tally.
    fn shaped(&mut self, one: Shaped, room: &mut Room) {
        let shape = Shape::of(&one.costs).rounded(self.coarse);
        if let Some(at) = self.places.get(&shape).copied()
            && let Some(known) = self.shapes.get_mut(at as usize)
        {
            known.count += one.count;
            if one.rank() < known.rank() {
                self.tally += known.repeated();
                known.repeats = 0;
                *known = Shaped { count: known.count, ..one };
            }
            self.last = at as usize;
            return;
        }
        let fewest = if room.shapes > 0 { MOST_SHAPES } else { FEW_SHAPES };
        room.shapes -= 1;
        self.last = self.shapes.len();
        self.places.insert(shape, self.last as u32);
        self.shapes.push(one);
        while self.shapes.len() > fewest && self.coarse < 64 {
            self.coarse += 1;
            self.tally = self.tally();
            let shapes = std::mem::take(&mut self.shapes);
            room.shapes += shapes.len() as i64;
            self.places.clear();
            for one in shapes {
                self.shaped(Shaped { repeats: 0, ..one }, room);
            }
        }
    }

    /// Puts the exchanges of another group to this one's.
    pub fn merge(&mut self, other: &GroupStats) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = other.clone();
            return;
        }
        self.widen(other.first_order, &other.least, &other.most);
        self.count += other.count;
        self.sharing += other.sharing;
        self.tally += other.tally();
        let mut room = Room { shapes: i64::MAX / 2, buckets: MOST_BUCKETS_IN_ALL };
        for one in &other.shapes {
            self.shaped(Shaped { repeats: 0, ..one.clone() }, &mut room);
        }
        self.first_byte.merge(&other.first_byte);
        self.last_byte.merge(&other.last_byte);
    }

    /// The median exchange: by frame bytes, then total packets, the middle one, the lower of two. Of equals it is the one
    /// that took least time, then the first.
    pub fn median(&self) -> Option<Median> {
        let mut shapes: Vec<(Tally, &Shaped)> = self.shapes.iter().map(|one| (one.costs.tally(), one)).collect();
        shapes.sort_unstable_by_key(|(tally, one)| (tally.frame_bytes, tally.total_packets, one.rank()));
        let mut left = self.count.div_ceil(2);
        shapes.into_iter().find_map(|(tally, one)| {
            if left <= one.count {
                return Some(Median { order: one.order, tally, push: one.push.tally(), time: one.time });
            }
            left -= one.count;
            None
        })
    }

    /// Middle, least and most of one column.
    pub fn spread(&self, column: Column) -> Spread {
        let mut values: Vec<(u64, u64)> =
            self.shapes.iter().map(|one| (column.of(&one.costs.tally()), one.count)).collect();
        values.sort_unstable();
        let mut left = self.count.div_ceil(2);
        let median = values
            .into_iter()
            .find_map(|(value, count)| {
                if left <= count {
                    return Some(value);
                }
                left -= count;
                None
            })
            .unwrap_or(0);
        Spread { median, min: column.of(&self.least), max: column.of(&self.most) }
    }
}

/// Times counted in buckets that are 1/128 of a power of two wide: a median within 1 percent, in bounded memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times {
    count: u64,
    min: u64,
    max: u64,
    buckets: HashMap<u32, u64>,
}

impl Times {
    fn add(&mut self, ns: u64, room: &mut Room) {
        self.min = if self.count == 0 { ns } else { self.min.min(ns) };
        self.max = self.max.max(ns);
        self.count += 1;
        let bucket = bucket(ns);
        if let Some(count) = self.buckets.get_mut(&bucket) {
            *count += 1;
        } else if room.buckets > 0 {
            room.buckets -= 1;
            self.buckets.insert(bucket, 1);
        } else {
            // No room for more: one bucket for all times between two powers of two.
            *self.buckets.entry(bucket & !127).or_insert(0) += 1;
        }
    }

    fn merge(&mut self, other: &Times) {
        if other.count == 0 {
            return;
        }
        self.min = if self.count == 0 { other.min } else { self.min.min(other.min) };
        self.max = self.max.max(other.max);
        self.count += other.count;
        for (bucket, count) in &other.buckets {
            *self.buckets.entry(*bucket).or_insert(0) += count;
        }
    }

    /// Middle, least and most in seconds; `None` where there are no times.
    pub fn spread(&self) -> Option<SpreadSeconds> {
        if self.count == 0 {
            return None;
        }
        let mut buckets: Vec<_> = self.buckets.iter().collect();
        buckets.sort_unstable();
        let mut left = self.count.div_ceil(2);
        let mut median = self.min;
        for (bucket, count) in buckets {
            median = middle_of(*bucket).clamp(self.min, self.max);
            if left <= *count {
                break;
            }
            left -= count;
        }
        Some(SpreadSeconds { median: seconds(median), min: seconds(self.min), max: seconds(self.max) })
    }
}

fn bucket(ns: u64) -> u32 {
    let log = 63 - (ns | 128).leading_zeros();
    let fine = (ns >> (log - 7)) as u32 & 127;
    if ns < 128 { ns as u32 } else { (log - 6) * 128 + fine }
}

fn middle_of(bucket: u32) -> u64 {
    if bucket < 128 {
        return u64::from(bucket);
    }
    let (log, fine) = (bucket / 128 + 6, u64::from(bucket % 128));
    let low = (1u64 << log) | (fine << (log - 7));
    low + (1u64 << (log - 7)) / 2
}

/// Shapes of one group beyond this many are rounded together.
const MOST_SHAPES: usize = 4096;
/// Where all groups together have used up their room, it is these few.
const FEW_SHAPES: usize = 16;
/// Shapes that all groups have room for, before they are rounded to few each.
const MOST_SHAPES_IN_ALL: i64 = 1 << 16;
/// Buckets of times that all groups have room for, before they are an octave wide each.
const MOST_BUCKETS_IN_ALL: usize = 1 << 17;
/// The count of packets is rounded only when the bytes were rounded by so many bits and it did not help.
const PACKETS_FROM: u32 = 24;

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Layer;

    #[test]
    fn a_bucket_is_within_one_percent() {
        for ns in [0, 1, 127, 128, 129, 255, 256, 1000, 25_000_000, 10_000_000_000, u64::MAX / 2] {
            let middle = middle_of(bucket(ns));
            assert!(middle.abs_diff(ns) as f64 <= ns as f64 * 0.01, "{ns} became {middle}");
        }
    }

    #[test]
    fn the_median_of_two_is_the_lower() {
        let mut stats = GroupStats::default();
        for (order, packets) in [(0, 5), (1, 3)] {
            stats.add(&open(order, packets, 0), &Ways::default(), &mut Room::default());
        }
        let median = stats.median().expect("two exchanges");
        assert_eq!((median.order, median.tally.total_packets), (1, 3));
    }

    #[test]
    fn many_shapes_stay_bounded_and_the_median_near() {
        let mut stats = GroupStats::default();
        for order in 0..20_000 {
            stats.add(&open(order, 3, order), &Ways::default(), &mut Room::default());
        }
        assert!(stats.shapes.len() <= MOST_SHAPES);
        let median = stats.median().expect("many exchanges");
        assert!(median.tally.frame_bytes.abs_diff(10_000 + 198) < 200, "{median:?}");
        assert_eq!(stats.spread(Column::AppBytes).max, 19_999);
    }

    #[test]
    fn repeats_are_in_the_sum() {
        let mut stats = GroupStats::default();
        let mut room = Room { shapes: 0, ..Room::default() };
        // The same again and again, older ones that are found late, and more shapes than there is room for.
        let orders = [5, 6, 7, 1, 8, 9].into_iter().chain(10..60);
        let all: Vec<OpenExchange> =
            orders.map(|order| open(order, 3, if order < 20 { 7 } else { order / 3 })).collect();
        for one in &all {
            stats.add(one, &Ways::default(), &mut room);
        }
        let sum: Tally = all.iter().map(|one| one.costs.tally()).sum();
        assert_eq!((stats.tally(), stats.count), (sum, all.len() as u64));
        assert_eq!(stats.first_order, 1);
        let mut merged = stats.clone();
        merged.merge(&stats);
        assert_eq!(merged.tally(), sum + sum);
    }

    proptest! {
        /// Exchanges that are counted as repeats of one before come to the same as each by itself.
        #[test]
        fn repeats_come_to_the_same(sizes in prop::collection::vec((1..4u64, 0..3u64), 1..80), swaps in any::<u64>()) {
            let mut all: Vec<OpenExchange> =
                sizes.iter().zip(0..).map(|((packets, app), order)| open(order, *packets, *app)).collect();
            for at in (1..all.len()).filter(|at| swaps >> (at % 64) & 1 == 1) {
                all.swap(at, at - 1);
            }
            let mut stats = GroupStats::default();
            all.iter().for_each(|one| stats.add(one, &Ways::default(), &mut Room::default()));
            let each: Vec<Tally> = all.iter().map(|one| one.costs.tally()).collect();
            prop_assert_eq!(stats.tally(), each.iter().copied().sum::<Tally>());
            prop_assert_eq!(Some(stats.least), each.iter().copied().reduce(|a, b| a.zip(b, u64::min)));
            prop_assert_eq!(Some(stats.most), each.iter().copied().reduce(|a, b| a.zip(b, u64::max)));
            let mut sorted: Vec<_> = all
                .iter()
                .map(|one| (one.costs.tally().frame_bytes, one.costs.tally().total_packets, one.order))
                .collect();
            sorted.sort_unstable();
            let middle = sorted[(sorted.len() - 1) / 2];
            let median = stats.median().map(|median| (median.tally.frame_bytes, median.tally.total_packets));
            prop_assert_eq!(median, Some((middle.0, middle.1)));
        }
    }

    fn open(order: u64, packets: u64, app: u64) -> OpenExchange {
        let mut open = OpenExchange::new(ProtocolKind::Turn, LabelId::default(), order, false, 0);
        open.costs = Costs {
            packets: packets as u32,
            app_packets: 1,
            layers: [(Layer::Lower, packets * 34), (Layer::Tcp, packets * 32), (Layer::Content, app)].into(),
            ..Costs::default()
        };
        open
    }
}
