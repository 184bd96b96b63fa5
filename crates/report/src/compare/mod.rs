//! What differs between two runs? Their tables, cell by cell, and what is known of how they were made.

mod reasons;

use anstyle::Style;
use comfy_table::{CellAlignment, ContentArrangement, Table as Grid};
use serde::Serialize;
use wirelab_analyze::model::Column;
use wirelab_dissect::visible::visible;

use crate::numbers::{capital, grouped, signed, with_commas};
use crate::provenance;
use crate::report::Report;
use crate::tables::{Row, TableKind};
use crate::templates::{TemplateError, Templates};
use crate::text::{Colours, WIDTH, wrapped};

pub use reasons::Reason;

/// Two reports beside each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// What the first is called: its folder.
    pub left: String,
    /// What the second is called.
    pub right: String,
    /// What the comparison shows, in a sentence.
    pub heading: String,
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
    pub caption: &'static str,
    /// A row for each capture of either side.
    pub rows: Vec<ComparedRow>,
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
        let tables: Vec<ComparedTable> =
            TableKind::ALL.into_iter().filter_map(|kind| table(self, other, kind)).collect();
        let cells = || tables.iter().flat_map(|table| &table.rows).flat_map(|row| &row.cells);
        let differing = cells().filter(|cell| cell.change.is_some()).count();
        let count = cells().filter(|cell| cell.left.is_some() && cell.right.is_some()).count();
        let heading = match (count, differing) {
            (0, _) => "The two have no capture in common".to_owned(),
            (_, 0) => format!("Every one of {} cells is the same in both", grouped(count as u64)),
            _ => format!("{} of {} cells differ", capital(&grouped(differing as u64)), grouped(count as u64)),
        };
        Comparison {
            left: name.to_owned(),
            right: other_name.to_owned(),
            heading,
            differing,
            cells: count,
            tables,
            reasons: reasons::reasons(self, other, [name, other_name]),
            made: facts(self, other),
        }
    }
}

fn table(left: &Report, right: &Report, kind: TableKind) -> Option<ComparedTable> {
    let rows = |report: &Report| -> Vec<Row> {
        report.tables.iter().find(|table| table.kind == kind).map(|table| table.rows.clone()).unwrap_or_default()
    };
    let (left_rows, mut right_rows) = (rows(left), rows(right));
    let mut compared = Vec::new();
    for row in &left_rows {
        let same = right_rows.iter().position(|other| is_same(left, row, right, other));
        let other = same.map(|at| right_rows.remove(at));
        compared.push(compared_row(Some(row), other.as_ref()));
    }
    compared.extend(right_rows.iter().map(|row| compared_row(None, Some(row))));
    (!compared.is_empty()).then(|| ComparedTable {
        id: kind.name(),
        title: kind.title(),
        caption: kind.caption(),
        rows: compared,
    })
}

/// Rows are of the same thing where the same app spoke, or else where the captures have the same name.
fn is_same(left: &Report, row: &Row, right: &Report, other: &Row) -> bool {
    let app = |report: &Report, row: &Row| report.analysis.captures.get(row.capture).and_then(|capture| capture.app);
    match (app(left, row), app(right, other)) {
        (Some(a), Some(b)) => a == b,
        (None, None) => row.name == other.name,
        _ => false,
    }
}

fn compared_row(left: Option<&Row>, right: Option<&Row>) -> ComparedRow {
    let cells = Column::ALL
        .iter()
        .map(|&column| {
            let (a, b) = (left.map(|row| row.value(column)), right.map(|row| row.value(column)));
            ComparedCell {
                left: a.map(with_commas),
                right: b.map(with_commas),
                change: a.zip(b).filter(|(a, b)| a != b).map(|(a, b)| signed(b, a)),
            }
        })
        .collect();
    ComparedRow { title: left.or(right).map(|row| row.title.clone()).unwrap_or_default(), cells }
}

fn facts(left: &Report, right: &Report) -> Vec<ComparedFact> {
    let (a, b) = (provenance::facts(left), provenance::facts(right));
    let none = || "\u{2013}".to_owned();
    let mut facts = Vec::new();
    for fact in &a {
        let other = b.iter().find(|other| other.name == fact.name).map_or_else(none, |other| other.value.clone());
        if other != fact.value {
            facts.push(ComparedFact { name: fact.name.clone(), left: fact.value.clone(), right: other });
        }
    }
    for fact in b.iter().filter(|fact| a.iter().all(|other| other.name != fact.name)) {
        facts.push(ComparedFact { name: fact.name.clone(), left: none(), right: fact.value.clone() });
    }
    facts
}

/// The comparison for a terminal: a line a side where they differ, differences marked by their sign and, with colours, in
/// bold.
pub fn text(comparison: &Comparison, colours: Colours) -> String {
    let bold = |text: &str| colours.paint(Style::new().bold(), text);
    let mut out = format!("{}\n", bold(&plain(&comparison.heading)));
    out.push_str(&format!("  A  {}\n  B  {}\n", visible(&comparison.left), visible(&comparison.right)));
    for table in &comparison.tables {
        out.push_str(&format!("\n{}\n", bold(table.title)));
        let mut grid = Grid::new();
        grid.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        grid.set_header(["", ""].into_iter().chain(Column::ALL.map(Column::short)));
        let mut marked = vec![false];
        for row in &table.rows {
            let title: String = visible(&row.title).chars().take(16).collect();
            let side = |label: &str, title: &str, value: fn(&ComparedCell) -> Option<String>| {
                let mut cells = vec![title.to_owned(), label.to_owned()];
                cells.extend(row.cells.iter().map(|cell| value(cell).unwrap_or_default()));
                cells
            };
            let differs = row.cells.iter().any(|cell| cell.left != cell.right);
            if !differs {
                grid.add_row(side("=", &title, |cell| cell.left.clone()));
                marked.push(false);
                continue;
            }
            grid.add_row(side("A", &title, |cell| cell.left.clone()));
            grid.add_row(side("B", "", |cell| cell.right.clone()));
            grid.add_row(side("", "", |cell| cell.change.clone()));
            marked.extend([false, false, true]);
        }
        for index in 2..grid.column_count() {
            if let Some(column) = grid.column_mut(index) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        for (line, marked) in grid.lines().zip(marked) {
            let line = line.trim_end();
            out.push_str(&if marked { bold(line) } else { line.to_owned() });
            out.push('\n');
        }
    }
    if !comparison.reasons.is_empty() {
        out.push_str(&format!("\n{}\n", bold("Why they differ")));
        for reason in &comparison.reasons {
            out.push_str(&wrapped(&visible(&reason.places), WIDTH, "  "));
            out.push_str(&wrapped(&visible(&reason.text), WIDTH, "    "));
        }
    }
    if !comparison.made.is_empty() {
        out.push_str(&format!("\n{}\n", bold("Made in another way")));
        for fact in &comparison.made {
            let (name, left, right) = (visible(&fact.name), visible(&fact.left), visible(&fact.right));
            out.push_str(&format!("  {name}\n    A  {left}\n    B  {right}\n"));
        }
    }
    out
}

/// The comparison as Markdown.
///
/// # Errors
/// Where the template asks for a value that there is not.
pub fn markdown(comparison: &Comparison, templates: &Templates) -> Result<String, TemplateError> {
    templates.render("compare.md", &crate::markdown::escaped_comparison(comparison))
}

/// The comparison as one HTML file.
///
/// # Errors
/// Where a template asks for a value that there is not.
pub fn html(comparison: &Comparison, templates: &Templates) -> Result<String, TemplateError> {
    crate::html::render_comparison(comparison, templates)
}

fn plain(text: &str) -> String {
    text.replace('\u{202f}', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{Era, five, report, run};

    #[test]
    fn a_run_is_the_same_as_itself() {
        let a = report(five(Era::Now), Some(run()));
        let comparison = a.compare("a", &a, "b");
        assert_eq!((comparison.differing, comparison.cells), (0, 78));
        assert_eq!(comparison.heading, "Every one of 78 cells is the same in both");
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
        insta::assert_snapshot!(markdown(&comparison, &templates).unwrap());
        let page = html(&comparison, &templates).unwrap();
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
