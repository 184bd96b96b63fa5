//! What differs between two runs? Their tables, cell by cell, and what is known of how they were made.
//!
//! All of a comparison is in this room: which captures stand beside each other in `pairs`, cell by cell in `tables`, what
//! changed in a line in `title`, why in `reasons`, and each of its forms has a file. [`FILES`] lists those that are written;
//! `text` is what a terminal shows.

mod html;
mod markdown;
mod pairs;
mod reasons;
mod tables;
mod text;
mod title;

use serde::Serialize;

use crate::numbers::{capital, grouped};
use crate::provenance;
use crate::report::Report;
use crate::templates::{TemplateError, Templates};

pub use reasons::Reason;
pub use text::text;

/// A comparison as a file.
#[derive(Clone, Copy, Debug)]
pub struct ComparisonFile {
    /// Its name in the folder of a report.
    pub name: &'static str,
    /// Makes it.
    pub render: fn(&Comparison, &Templates) -> Result<String, TemplateError>,
}

/// All files of a comparison, in the order in which they are written.
pub const FILES: [ComparisonFile; 2] = [
    ComparisonFile { name: PAGE, render: html::render },
    ComparisonFile { name: "comparison.md", render: markdown::render },
];

/// The file that a reader opens first.
pub const PAGE: &str = "comparison.html";

/// Two reports beside each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// What the first is called: its folder.
    pub left: String,
    /// What the second is called.
    pub right: String,
    /// What changed and what that did, in a line.
    pub heading: String,
    /// How much of the tables differs, in a line; empty where that is what the heading says.
    pub extent: String,
    /// How many cells differ.
    pub differing: usize,
    /// How many there are on both sides.
    pub cells: usize,
    /// The tables that both or one of them has.
    pub tables: Vec<ComparedTable>,
    /// Why cells differ.
    pub reasons: Vec<Reason>,
    /// What differs in how they were made.
    pub made: Vec<ComparedFact>,
}

/// One table of both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComparedTable {
    /// Its name in links.
    pub id: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What its rows are.
    pub caption: String,
    /// What its columns are.
    pub columns: Vec<ComparedColumn>,
    /// A row for each capture of either side.
    pub rows: Vec<ComparedRow>,
}

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ComparedColumn {
    /// Its heading.
    pub title: &'static str,
    /// Its heading where room is short.
    pub short: &'static str,
}

/// One capture of both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComparedRow {
    /// Its name for people.
    pub title: String,
    /// One cell a column.
    pub cells: Vec<ComparedCell>,
}

/// One cell of both; `None` where a side has no such row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComparedCell {
    /// On the left, ready to be shown.
    pub left: Option<String>,
    /// On the right.
    pub right: Option<String>,
    /// The difference with its sign, where there is one.
    pub change: Option<String>,
}

/// A fact that is not the same for both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ComparedFact {
    /// What it is about.
    pub name: String,
    /// What the left says.
    pub left: String,
    /// What the right says.
    pub right: String,
}

impl Report {
    /// Compares this report with another, cell by cell; the names say which is which.
    pub fn compare(&self, name: &str, other: &Report, other_name: &str) -> Comparison {
        let pairs = pairs::pairs(&self.analysis, &other.analysis);
        let tables = tables::tables(self, other, &pairs);
        let cells = || tables.iter().flat_map(|table| &table.rows).flat_map(|row| &row.cells);
        let differing = cells().filter(|cell| cell.change.is_some()).count();
        let count = cells().filter(|cell| cell.left.is_some() && cell.right.is_some()).count();
        let extent = match (count, differing) {
            (0, _) => "The two have no capture in common".to_owned(),
            (_, 0) => format!("Every one of {} cells is the same in both", grouped(count as u64)),
            _ => format!("{} of {} cells differ", capital(&grouped(differing as u64)), grouped(count as u64)),
        };
        let title = if differing > 0 { title::title(self, other, &pairs, [name, other_name]) } else { None };
        let (heading, extent) = match title {
            Some(title) => (title, extent),
            None => (extent, String::new()),
        };
        Comparison {
            left: name.to_owned(),
            right: other_name.to_owned(),
            heading,
            extent,
            differing,
            cells: count,
            tables,
            reasons: reasons::reasons(self, other, [name, other_name]),
            made: facts(self, other),
        }
    }
}

fn facts(left: &Report, right: &Report) -> Vec<ComparedFact> {
    let (a, b) = (provenance::facts(left), provenance::facts(right));
    let none = || "\u{2013}".to_owned();
    let mut facts = Vec::new();
    for fact in &a {
        let other = b.iter().find(|other| other.topic == fact.topic).map_or_else(none, |other| other.value.clone());
        if other != fact.value {
            facts.push(ComparedFact { name: fact.topic.to_string(), left: fact.value.clone(), right: other });
        }
    }
    for fact in b.iter().filter(|fact| a.iter().all(|other| other.topic != fact.topic)) {
        facts.push(ComparedFact { name: fact.topic.to_string(), left: none(), right: fact.value.clone() });
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Era, five, report, run};
    use crate::text::Colours;

    #[test]
    fn a_run_is_the_same_as_itself() {
        let a = report(five(Era::Now), Some(run()));
        let comparison = a.compare("a", &a, "b");
        assert_eq!((comparison.differing, comparison.cells), (0, 98));
        assert_eq!(comparison.heading, "Every one of 98 cells is the same in both");
        assert!(comparison.made.is_empty());
    }

    #[test]
    fn two_runs_cell_by_cell() {
        let (then, now) = (report(five(Era::Then), None), report(five(Era::Now), Some(run())));
        let comparison = then.compare("2021", &now, "pcap");
        let page = comparison.tables.iter().find(|table| table.id == "per_update").unwrap().rows.get(1).unwrap();
        let packets = page.cells.first().unwrap();
        assert_eq!((packets.left.as_deref(), packets.right.as_deref()), (Some("5"), Some("3")));
        assert_eq!(packets.change.as_deref(), Some("\u{2212}2"));
        insta::assert_snapshot!(text(&comparison, Colours::None));
        let templates = Templates::embedded().unwrap();
        insta::assert_snapshot!(markdown::render(&comparison, &templates).unwrap());
        let page = html::render(&comparison, &templates).unwrap();
        assert!(page.contains("<b>\u{2212}2</b>") && page.contains("default-src &#39;none&#39;"));
    }

    #[test]
    fn a_capture_of_one_side_only_is_kept() {
        let (a, b) = (report(five(Era::Now).into_iter().take(2).collect(), None), report(five(Era::Now), None));
        let comparison = a.compare("a", &b, "b");
        let rows = &comparison.tables.iter().find(|table| table.id == "overall").unwrap().rows;
        assert_eq!(rows.len(), 5);
        assert!(rows.last().unwrap().cells.iter().all(|cell| cell.left.is_none() && cell.change.is_none()));
    }
}
