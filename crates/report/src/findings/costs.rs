//! What does one client pay once, and what for each update?

use wirelab_analyze::model::{Analysis, Capture, Column, Exchange, Kind};

use crate::numbers::{Amount, grouped};

/// A line of costs of one client: what it pays once, and what each update adds.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// The capture: an index into the analysis.
    pub capture: usize,
    /// Frame bytes before its first update: setup, greeting, page, subscribe.
    pub fixed: u64,
    /// The places of the exchanges in which it pays that.
    pub paid: Vec<usize>,
    /// Frame bytes of one update: all in, where a connection is opened for it.
    pub each: f64,
    /// Whether a connection is opened for each update.
    pub connects_each_time: bool,
}

impl Cost {
    /// Frame bytes after so many updates.
    pub fn after(&self, updates: u64) -> f64 {
        self.fixed as f64 + self.each * updates as f64
    }

    /// "745 bytes", "262.3".
    pub fn each_in_words(&self) -> String {
        if self.each.fract() == 0.0 {
            grouped(self.each as u64)
        } else {
            Amount::tenths((self.each * 10.0).round() as u64).grouped()
        }
    }
}

/// The costs of each capture that has updates.
pub fn costs(analysis: &Analysis) -> Vec<Cost> {
    analysis
        .captures
        .iter()
        .enumerate()
        .filter_map(|(at, capture)| {
            let row = capture.update_row()?;
            let connects_each_time = connects_each_time(capture);
            let each = capture.per_update_all_in.filter(|_| connects_each_time).unwrap_or(row);
            let (fixed, paid) = once(capture, connects_each_time);
            Some(Cost { capture: at, fixed, paid, each: each.column(Column::FrameBytes), connects_each_time })
        })
        .collect()
}

/// Whether connections carry one update each, or hardly more.
fn connects_each_time(capture: &Capture) -> bool {
    capture.update_connections.is_some_and(|connections| connections > 1 && capture.update_count < 2 * connections)
}

/// What one client pays before its first update: setting up, page and subscription. In a capture of many clients, or of one
/// that connects again and again, it is that of the first. Its bytes, and the places of these exchanges.
fn once(capture: &Capture, connects_each_time: bool) -> (u64, Vec<usize>) {
    use wirelab_analyze::model::Kind::{Greeting, Page, Setup, Subscribe};
    const ONCE: [Kind; 4] = [Setup, Greeting, Page, Subscribe];
    let Some(first) = capture.exchanges.updates().next() else {
        // It is behind the rows that are kept: the median ones stand for it.
        let groups = capture.groups.iter().filter(|group| ONCE.contains(&group.kind) && !connects_each_time);
        let mut once: Vec<(Kind, u64)> = Vec::new();
        for group in groups {
            let bytes = group.median.as_ref().map_or(0, |median| median.tally.frame_bytes);
            if once.iter().all(|(kind, _)| *kind != group.kind) {
                once.push((group.kind, bytes));
            }
        }
        return (once.into_iter().map(|(_, bytes)| bytes).sum(), Vec::new());
    };
    // The page may have come on a connection of its own.
    let address = |connection: u32| capture.connections.get(connection as usize).map(|one| one.client.addr);
    let is_its_page = |one: &&Exchange| one.kind == Page && address(one.connection) == address(first.connection);
    let page = capture.exchanges.iter().find(is_its_page).map(|page| page.connection);
    let counts = |connection: u32| {
        // Where a connection is opened each time, its own costs are among those of each update.
        (connection == first.connection && !connects_each_time)
            || (Some(connection) == page && connection != first.connection)
    };
    let before = capture.exchanges.iter().enumerate().take_while(|(_, one)| one.order() < first.order());
    let paid = before.filter(|(_, one)| ONCE.contains(&one.kind) && counts(one.connection));
    paid.fold((0, Vec::new()), |(bytes, mut places), (place, one)| {
        places.push(place);
        (bytes + one.tally().frame_bytes, places)
    })
}

/// From which number of updates on the second cost is the smaller one, where it begins as the larger.
pub fn crossing(low_first: &Cost, low_later: &Cost) -> Option<u64> {
    (low_first.fixed < low_later.fixed && low_first.each > low_later.each)
        .then(|| ((low_later.fixed - low_first.fixed) as f64 / (low_first.each - low_later.each)) as u64 + 1)
}
