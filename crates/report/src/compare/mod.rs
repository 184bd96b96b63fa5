//! What differs between two runs? Their tables, cell by cell, and what is known of how they were made.
//!
//! All of a comparison but its sentences is in this room: which captures stand beside each other in `pairs`, cell by cell in
//! `tables`, and each of its forms has a file. What there is to say of it is [found](crate::findings). [`FILES`] lists the forms
//! that are written; `text` is what a terminal shows.

mod html;
mod json;
mod markdown;
mod pairs;
mod tables;
mod text;
mod view;

use serde::Serialize;
use wirelab_analyze::model::Capture;

use crate::findings::{self, Compared, Place, ReportFinding};
use crate::found;
use crate::provenance;
use crate::report::Report;
use crate::templates::{TemplateError, Templates};

pub(crate) use pairs::Pair;
pub use text::text;

/// A comparison as a file.
#[derive(Clone, Copy, Debug)]
pub struct ComparisonFile {
    /// Its name in the folder of a report.
    pub name: &'static str,
    /// Makes it.
    pub render: fn(&Comparison<'_>, &Templates) -> Result<String, TemplateError>,
}

/// All files of a comparison, in the order in which they are written.
pub const FILES: [ComparisonFile; 3] = [
    ComparisonFile { name: PAGE, render: html::render },
    ComparisonFile { name: "comparison.md", render: markdown::render },
    ComparisonFile { name: "comparison.json", render: |comparison, _| Ok(json::render(comparison)) },
];

/// The file that a reader opens first.
pub const PAGE: &str = "comparison.html";

/// Two reports beside each other.
#[derive(Clone, Debug)]
pub struct Comparison<'a> {
    /// What the first is called: its folder.
    pub left: String,
    /// What the second is called.
    pub right: String,
    /// The captures of the first, then those of the second.
    pub captures: [&'a [Capture]; 2],
    /// What is found of the two.
    pub findings: Vec<ReportFinding>,
    /// How many cells differ.
    pub differing: usize,
    /// How many there are on both sides.
    pub cells: usize,
    /// The tables that both or one of them has.
    pub tables: Vec<ComparedTable>,
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
    pub fn compare<'a>(&'a self, name: &str, other: &'a Report, other_name: &str) -> Comparison<'a> {
        let pairs = pairs::pairs(&self.analysis, &other.analysis);
        let tables = tables::tables(self, other, &pairs);
        let cells = || tables.iter().flat_map(|table| &table.rows).flat_map(|row| &row.cells);
        let differing = cells().filter(|cell| cell.change.is_some()).count();
        let count = cells().filter(|cell| cell.left.is_some() && cell.right.is_some()).count();
        let sides = [self, other];
        let compared = Compared { sides, names: [name, other_name], pairs: &pairs, cells: count, differing };
        Comparison {
            left: name.to_owned(),
            right: other_name.to_owned(),
            captures: sides.map(|side| side.analysis.captures.as_slice()),
            findings: findings::compare(&compared),
            differing,
            cells: count,
            tables,
            made: facts(self, other),
        }
    }
}

impl Comparison<'_> {
    /// What changed and what that did, in a line; how much of the tables differs, where no update says more.
    pub fn heading(&self) -> &str {
        self.at(Place::ComparisonTitle).or(self.at(Place::ComparisonExtent)).unwrap_or_default()
    }

    /// How much of the tables differs, in a line; none where that is what the heading says.
    pub fn extent(&self) -> Option<&str> {
        self.at(Place::ComparisonTitle).and(self.at(Place::ComparisonExtent))
    }

    /// Why cells differ.
    pub fn reasons(&self) -> impl Iterator<Item = &ReportFinding> {
        self.findings.iter().filter(|finding| finding.rule.0.place == Place::Difference)
    }

    fn at(&self, place: Place) -> Option<&str> {
        self.findings.iter().find(|finding| finding.rule.0.place == place).map(|finding| finding.text.as_str())
    }

    /// The packets that show something, a line a side.
    fn evidence(&self, finding: &ReportFinding) -> Vec<String> {
        let [left, right] = self.captures;
        let called = |place: usize| match place.checked_sub(left.len()) {
            None => (0, left.get(place).map_or("", |capture| &capture.name)),
            Some(at) => (1, right.get(at).map_or("", |capture| &capture.name)),
        };
        found::evidence(finding, [&self.left, &self.right], called)
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
        assert_eq!(comparison.heading(), "Every one of 98 cells is the same in both");
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
    fn the_json_holds_to_the_schema_and_names_the_captures() {
        let (then, now) = (report(five(Era::Then), None), report(five(Era::Now), Some(run())));
        let value: serde_json::Value =
            serde_json::from_str(&json::render(&then.compare("2021", &now, "pcap"))).unwrap();
        let schema = jsonschema::validator_for(&serde_json::to_value(crate::json::schema()).unwrap()).unwrap();
        let errors: Vec<String> = schema.iter_errors(&value).map(|error| error.to_string()).collect();
        assert_eq!(errors, [""; 0]);
        assert_eq!(value["sides"][1], serde_json::json!({ "name": "pcap", "captures": [5, 6, 7, 8, 9] }));
        let findings = value["findings"].as_array().unwrap();
        let title = &findings[0];
        assert_eq!(title["id"], "what-changed");
        assert!(title["text"].as_str().unwrap().starts_with("From 2021 to pcap: an update with the full page costs "));
        let captures: Vec<u64> =
            title["evidence"].as_array().unwrap().iter().map(|one| one["capture"].as_u64().unwrap()).collect();
        assert_eq!(captures, [0, 5, 1, 6, 2, 7, 3, 8, 4, 9]);
        assert_eq!(findings.last().unwrap()["id"], "other-words");
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
