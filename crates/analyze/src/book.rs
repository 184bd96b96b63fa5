//! What does a capture's list of exchanges come to?
//!
//! Exchanges arrive here when they are closed. Up to the row limit they are kept whole; all of them are counted by
//! group (what they are and how they are called) and by shape (their packets and bytes), so that medians stay exact
//! while memory stays bounded.

use foldhash::HashMap;

use crate::ledger::{ExId, Nature, Open};
use crate::model::{Spread, SpreadSeconds, Tally};

/// An interned label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct LabelId(u32);

/// What puts exchanges into one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct GroupKey {
    pub nature: Nature,
    pub label: LabelId,
    pub has_time: bool,
}

/// A closed exchange that is kept whole.
#[derive(Debug)]
pub(crate) struct Row {
    pub open: Open,
    pub connection: u32,
    pub id: ExId,
}

/// All closed exchanges of a capture.
#[derive(Debug)]
pub(crate) struct Book {
    limit: u64,
    next_order: u64,
    count: u64,
    labels: Vec<Box<str>>,
    label_ids: HashMap<Box<str>, LabelId>,
    groups: HashMap<GroupKey, usize>,
    group_rows: Vec<(GroupKey, GroupStats)>,
    last_group: Option<(GroupKey, usize)>,
    pub rows: Vec<Row>,
    /// Sum of all closed exchanges, kept or not, by connection.
    pub by_connection: Vec<Tally>,
}

impl Book {
    pub fn new(limit: usize) -> Book {
        Book {
            limit: limit as u64,
            next_order: 0,
            count: 0,
            labels: Vec::new(),
            label_ids: HashMap::default(),
            groups: HashMap::default(),
            group_rows: Vec::new(),
            last_group: None,
            rows: Vec::new(),
            by_connection: Vec::new(),
        }
    }

    /// The number of the exchange that begins now.
    pub fn next_order(&mut self) -> u64 {
        self.next_order += 1;
        self.next_order - 1
    }

    /// Whether the row limit keeps the exchange of this number whole.
    pub fn keeps(&self, order: u64) -> bool {
        order < self.limit
    }

    /// How many exchanges there are in all.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The id of a label. Beyond a bound on their number, new ones share one.
    pub fn label(&mut self, text: &str) -> LabelId {
        if let Some(id) = self.label_ids.get(text) {
            return *id;
        }
        let text = if self.labels.len() < MOST_LABELS { text } else { "others" };
        if let Some(id) = self.label_ids.get(text) {
            return *id;
        }
        let id = LabelId(self.labels.len() as u32);
        self.labels.push(text.into());
        self.label_ids.insert(text.into(), id);
        id
    }

    /// The text of a label.
    pub fn text(&self, id: LabelId) -> &str {
        self.labels.get(id.0 as usize).map_or("", |text| text)
    }

    /// Takes a closed exchange.
    pub fn add(&mut self, open: Open, connection: u32, id: ExId) {
        if open.tally == Tally::default() {
            return;
        }
        self.count += 1;
        let at = connection as usize;
        if self.by_connection.len() <= at {
            self.by_connection.resize(at + 1, Tally::default());
        }
        if let Some(sum) = self.by_connection.get_mut(at) {
            *sum += open.tally;
        }
        let key = GroupKey { nature: open.nature, label: open.label, has_time: open.has_time };
        let slot = match self.last_group {
            Some((last, slot)) if last == key => slot,
            _ => *self.groups.entry(key).or_insert_with(|| {
                self.group_rows.push((key, GroupStats::default()));
                self.group_rows.len() - 1
            }),
        };
        self.last_group = Some((key, slot));
        if let Some((_, stats)) = self.group_rows.get_mut(slot) {
            stats.add(&open);
        }
        if self.keeps(open.order) {
            self.rows.push(Row { open, connection, id });
        }
    }

    /// The groups, in order of first appearance.
    pub fn groups(&self) -> &[(GroupKey, GroupStats)] {
        &self.group_rows
    }
}

/// What the exchanges of one group come to.
#[derive(Clone, Debug, Default)]
pub(crate) struct GroupStats {
    pub count: u64,
    pub first_order: u64,
    pub tally: Tally,
    pub least: Tally,
    pub most: Tally,
    shapes: HashMap<Shape, Shaped>,
    /// How many low bits of the byte columns are rounded away, so that the number of shapes stays bounded.
    coarse: u32,
    pub first_byte: Times,
    pub last_byte: Times,
}

/// The columns that tell one exchange of a group from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Shape {
    packets: u32,
    frame: u64,
    lower: u32,
    tcp: u32,
    app: u64,
}

impl Shape {
    fn rounded(self, bits: u32) -> Shape {
        let cut = |n: u64| (n >> bits) << bits;
        if bits == 0 {
            return self;
        }
        Shape {
            packets: self.packets,
            frame: cut(self.frame),
            lower: cut(u64::from(self.lower)) as u32,
            tcp: cut(u64::from(self.tcp)) as u32,
            app: cut(self.app),
        }
    }
}

/// How many exchanges have a shape, and the first of them as an example.
#[derive(Clone, Debug)]
struct Shaped {
    count: u64,
    order: u64,
    tally: Tally,
    push: Tally,
}

/// The median exchange of a group: a real one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Median {
    pub order: u64,
    pub tally: Tally,
    pub push: Tally,
}

impl GroupStats {
    fn add(&mut self, open: &Open) {
        let tally = open.tally;
        if self.count == 0 {
            self.first_order = open.order;
            self.least = tally;
            self.most = tally;
        } else {
            self.first_order = self.first_order.min(open.order);
            self.least = self.least.zip(tally, u64::min);
            self.most = self.most.zip(tally, u64::max);
        }
        self.count += 1;
        self.tally += tally;
        let shape = Shape {
            packets: tally.total_packets as u32,
            frame: tally.frame_bytes,
            lower: tally.lower_bytes as u32,
            tcp: tally.tcp_bytes as u32,
            app: tally.app_bytes,
        };
        self.shaped(shape, Shaped { count: 1, order: open.order, tally, push: open.push });
        if open.asked_ns != 0 && open.answer_first_ns >= open.asked_ns {
            self.first_byte.add(open.answer_first_ns - open.asked_ns);
            self.last_byte.add(open.answer_last_ns.saturating_sub(open.asked_ns));
        }
    }

    fn shaped(&mut self, shape: Shape, one: Shaped) {
        let bits = self.coarse;
        self.shapes
            .entry(shape.rounded(bits))
            .and_modify(|known| {
                known.count += one.count;
                if one.order < known.order {
                    (known.order, known.tally, known.push) = (one.order, one.tally, one.push);
                }
            })
            .or_insert(one);
        while self.shapes.len() > MOST_SHAPES {
            self.coarse += 1;
            for (shape, one) in std::mem::take(&mut self.shapes) {
                self.shaped(shape, one);
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
        self.count += other.count;
        self.first_order = self.first_order.min(other.first_order);
        self.tally += other.tally;
        self.least = self.least.zip(other.least, u64::min);
        self.most = self.most.zip(other.most, u64::max);
        for (shape, one) in &other.shapes {
            self.shaped(*shape, one.clone());
        }
        self.first_byte.merge(&other.first_byte);
        self.last_byte.merge(&other.last_byte);
    }

    /// The median exchange: by total packets, then frame bytes, the middle one, the lower of two.
    pub fn median(&self) -> Option<Median> {
        let mut shapes: Vec<&Shaped> = self.shapes.values().collect();
        shapes.sort_by_key(|one| (one.tally.total_packets, one.tally.frame_bytes, one.order));
        let mut left = self.count.div_ceil(2);
        shapes.into_iter().find_map(|one| {
            if left <= one.count {
                return Some(Median { order: one.order, tally: one.tally, push: one.push });
            }
            left -= one.count;
            None
        })
    }

    /// Middle, least and most of one column.
    pub fn spread(&self, column: impl Fn(&Tally) -> u64) -> Spread {
        let mut values: Vec<(u64, u64)> = self.shapes.values().map(|one| (column(&one.tally), one.count)).collect();
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
        Spread { median, min: column(&self.least), max: column(&self.most) }
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
    fn add(&mut self, ns: u64) {
        self.min = if self.count == 0 { ns } else { self.min.min(ns) };
        self.max = self.max.max(ns);
        self.count += 1;
        *self.buckets.entry(bucket(ns)).or_insert(0) += 1;
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

/// Nanoseconds as seconds.
pub(crate) fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

/// Labels beyond this many share one.
const MOST_LABELS: usize = 10_000;
/// Shapes of one group beyond this many are rounded together.
const MOST_SHAPES: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

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
            stats.add(&open(order, packets, 0));
        }
        let median = stats.median().expect("two exchanges");
        assert_eq!((median.order, median.tally.total_packets), (1, 3));
    }

    #[test]
    fn many_shapes_stay_bounded_and_the_median_near() {
        let mut stats = GroupStats::default();
        for order in 0..20_000 {
            stats.add(&open(order, 3, order));
        }
        assert!(stats.shapes.len() <= MOST_SHAPES);
        let median = stats.median().expect("many exchanges");
        assert!(median.tally.frame_bytes.abs_diff(10_000 + 198) < 200, "{median:?}");
        assert_eq!(stats.spread(|tally| tally.app_bytes).max, 19_999);
    }

    fn open(order: u64, packets: u64, app: u64) -> Open {
        let mut ledger = crate::ledger::Ledger::default();
        let mut book = Book::new(0);
        let id = ledger.begin(Nature::Turn, LabelId(0), &Default::default(), 0, &mut book);
        let mut open = ledger.get(id).cloned().expect("just begun");
        open.order = order;
        open.tally = Tally {
            total_packets: packets,
            app_packets: 1,
            frame_bytes: packets * 66 + app,
            lower_bytes: packets * 34,
            tcp_bytes: packets * 32,
            app_bytes: app,
            content_bytes: app,
            ..Tally::default()
        };
        open
    }
}
