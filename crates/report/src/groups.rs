//! What does each kind of exchange cost, in a capture that is none of the lab's own? There, nothing else would say it.

use std::cmp::Reverse;

use serde::Serialize;
use wirelab_analyze::model::{Capture, Column, Group, Spread, SpreadSeconds};

use crate::numbers::{duration, with_commas};
use crate::report::Report;

/// The kinds of a capture's exchanges, those with the most bytes first; none where the capture is one of the lab's own.
pub(crate) fn groups(capture: &Capture) -> Vec<&Group> {
    if capture.app.is_some() {
        return Vec::new();
    }
    let mut groups: Vec<&Group> = capture.groups.iter().collect();
    groups.sort_by_key(|group| Reverse(group.tally.frame_bytes));
    groups
}

/// What stands above them.
pub(crate) fn heading(capture: &Capture) -> String {
    let mut heading = format!("Each exchange of {}: the median of its kind", capture.name);
    if let Some(update) = &capture.per_update_of {
        heading += &format!("; an update is taken to be {update}, the most repeated one");
    }
    heading
}

/// The kinds of exchanges of one capture as a document shows them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct GroupsView {
    pub heading: String,
    /// The columns after the label and the count.
    pub columns: Vec<&'static str>,
    pub rows: Vec<GroupView>,
    /// How many of them have no row.
    pub left_out: usize,
}

/// One row of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct GroupView {
    pub label: String,
    pub count: String,
    pub cells: Vec<String>,
}

/// The kinds of exchanges of each capture that is none of the lab's own, at most so many rows a capture.
pub(crate) fn views(report: &Report, most: usize) -> Vec<GroupsView> {
    let captures = report.analysis.captures.iter().map(|capture| (capture, groups(capture)));
    captures
        .filter(|(_, groups)| !groups.is_empty())
        .map(|(capture, groups)| GroupsView {
            heading: heading(capture),
            columns: Column::OF_EACH.into_iter().map(Column::title).chain(["First byte", "Last byte"]).collect(),
            rows: groups.iter().take(most).map(|group| view(group)).collect(),
            left_out: groups.len().saturating_sub(most),
        })
        .collect()
}

fn view(group: &Group) -> GroupView {
    let count = |spread: Spread| match spread {
        Spread { median, min, max } if min == max => with_commas(median),
        Spread { median, min, max } => {
            format!("{} [{}\u{2013}{}]", with_commas(median), with_commas(min), with_commas(max))
        }
    };
    let seconds = |spread: Option<SpreadSeconds>| match spread {
        None => String::new(),
        Some(SpreadSeconds { median, min, max }) if min == max => duration(median),
        Some(SpreadSeconds { median, min, max }) => {
            format!("{} [{}\u{2013}{}]", duration(median), duration(min), duration(max))
        }
    };
    let counts = group.each.iter().map(|(_, each)| count(each));
    GroupView {
        label: group.label.clone(),
        count: with_commas(group.count),
        cells: counts.chain([group.first_byte_s, group.last_byte_s].map(seconds)).collect(),
    }
}
