//! What does each kind of exchange cost, in a capture that is none of the lab's own? There, nothing else would say it.

use std::cmp::Reverse;

use foldhash::HashMap;
use serde::Serialize;
use wirelab_analyze::model::{Capture, Column, Group, Kind, Mean, Spread, SpreadSeconds, Tally};

use crate::numbers::{duration, with_commas};
use crate::report::Report;
use crate::tables::{amount, names};

/// The kinds of a capture's exchanges and what each is called, those with the most bytes first; none where the capture is one
/// of the lab's own.
pub(crate) fn groups(capture: &Capture) -> Vec<(String, &Group)> {
    if capture.app.is_some() {
        return Vec::new();
    }
    let mut groups: Vec<(String, &Group)> = exchange_names(capture).into_iter().zip(&capture.groups).collect();
    groups.sort_by_key(|(_, group)| Reverse(group.tally.frame_bytes));
    groups
}

/// What stands for a kind: its median exchange, all columns of one, so that they add up; or the mean of all.
pub(crate) fn row(group: &Group) -> Mean {
    group.mean_row().unwrap_or_else(|| Mean::whole(group.median.as_ref().map_or_else(Tally::default, |one| one.tally)))
}

/// What each kind of exchange is called: its label, with its kind in brackets where others are called so too.
pub fn exchange_names(capture: &Capture) -> Vec<String> {
    let mut counts: HashMap<&str, usize> = HashMap::default();
    for group in &capture.groups {
        *counts.entry(&group.label).or_insert(0) += 1;
    }
    let is_alone =
        |group: &Group| group.kind == Kind::Update || counts.get(&*group.label).is_none_or(|&count| count == 1);
    let named = |group: &Group| match is_alone(group) {
        true => group.label.clone(),
        false => format!("{} ({})", group.label, group.kind),
    };
    capture.groups.iter().map(named).collect()
}

/// What stands above them.
pub(crate) fn heading(capture: &Capture, name: &str) -> String {
    let mut heading = format!("Each exchange of {name}: the median one of its kind");
    if capture.groups.iter().any(|group| group.mean_row().is_some()) {
        heading += ", or, with a decimal, the mean where they share packets";
    }
    if let Some(update) = &capture.per_update_of {
        heading += &format!("; an update is taken to be {update}");
        let can_be = |group: &&Group| matches!(group.kind, Kind::Request | Kind::Event | Kind::Message | Kind::Turn);
        if capture.groups.iter().filter(can_be).all(|group| group.count <= capture.update_count) {
            heading += ", the most repeated one";
        }
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
    let captures = report.analysis.captures.iter().zip(&report.ids).zip(names(&report.analysis));
    captures
        .map(|((capture, id), name)| (heading(capture, &name), id, groups(capture)))
        .filter(|(_, _, groups)| !groups.is_empty())
        .map(|(heading, id, groups)| GroupsView {
            id: format!("{id}-kinds"),
            heading,
            columns: Column::OF_EACH.into_iter().map(Column::title).chain(["First byte", "Last byte"]).collect(),
            rows: groups.iter().take(MOST_ROWS).map(|(name, group)| view(name, group)).collect(),
            left_out: groups.len().saturating_sub(MOST_ROWS),
        })
        .collect()
}

fn view(name: &str, group: &Group) -> GroupView {
    let row = row(group);
    let count = |(column, Spread { min, max, .. }): (Column, Spread)| GroupCell {
        median: amount(&row, column).with_commas(),
        range: (min != max && row.parts() == 1).then(|| [min, max].map(with_commas)),
    };
    let seconds = |spread: Option<SpreadSeconds>| match spread {
        None => GroupCell { median: String::new(), range: None },
        Some(SpreadSeconds { median, min, max }) => {
            GroupCell { median: duration(median), range: (min != max).then(|| [min, max].map(duration)) }
        }
    };
    let counts = group.each.iter().map(count);
    GroupView {
        label: name.to_owned(),
        count: with_commas(group.count),
        cells: counts.chain([group.first_byte_s, group.last_byte_s].map(seconds)).collect(),
    }
}

/// Kinds that a form lists; all of them are in the CSV and in the JSON.
pub(crate) const MOST_ROWS: usize = 20;
