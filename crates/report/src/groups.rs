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
    /// Its name in links.
    pub id: String,
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
    pub cells: Vec<GroupCell>,
}

/// One cell: the median, and where they differ, the least and the most.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct GroupCell {
    pub median: String,
    pub range: Option<[String; 2]>,
}

/// The kinds of exchanges of each capture that is none of the lab's own.
pub(crate) fn views(report: &Report) -> Vec<GroupsView> {
    let captures = report.analysis.captures.iter().zip(&report.ids);
    captures
        .map(|(capture, id)| (capture, id, groups(capture)))
        .filter(|(_, _, groups)| !groups.is_empty())
        .map(|(capture, id, groups)| GroupsView {
            id: format!("{id}-kinds"),
            heading: heading(capture),
            columns: Column::OF_EACH.into_iter().map(Column::title).chain(["First byte", "Last byte"]).collect(),
            rows: groups.iter().take(MOST_ROWS).map(|group| view(group)).collect(),
            left_out: groups.len().saturating_sub(MOST_ROWS),
        })
        .collect()
}

fn view(group: &Group) -> GroupView {
    let count = |Spread { median, min, max }: Spread| GroupCell {
        median: with_commas(median),
        range: (min != max).then(|| [min, max].map(with_commas)),
    };
    let seconds = |spread: Option<SpreadSeconds>| match spread {
        None => GroupCell { median: String::new(), range: None },
        Some(SpreadSeconds { median, min, max }) => {
            GroupCell { median: duration(median), range: (min != max).then(|| [min, max].map(duration)) }
        }
    };
    let counts = group.each.iter().map(|(_, each)| count(each));
    GroupView {
        label: group.label.clone(),
        count: with_commas(group.count),
        cells: counts.chain([group.first_byte_s, group.last_byte_s].map(seconds)).collect(),
    }
}

/// Kinds that a form lists; all of them are in the CSV and in the JSON.
pub(crate) const MOST_ROWS: usize = 20;
