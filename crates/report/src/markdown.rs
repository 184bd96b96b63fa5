//! report.md: the tables and what they show, short enough for a README.

use serde::Serialize;
use wirelab_analyze::model::{Capture, Column, Finding};
use wirelab_dissect::visible::is_visible;

use crate::clients::{self, ClientsView};
use crate::findings::{Place, Section};
use crate::found;
use crate::groups::{self, GroupsView};
use crate::numbers::{Amount, percent, with_commas, with_plain_spaces};
use crate::provenance;
use crate::published;
use crate::remarks::Remarks;
use crate::report::Report;
use crate::tables::{Row, Table, TableKind, names, title};
use crate::templates::{TemplateError, Templates};
use crate::times::{self, Times};

/// The report as Markdown.
///
/// # Errors
/// Where the template asks for a value that there is not.
pub fn render(report: &Report, templates: &Templates) -> Result<String, TemplateError> {
    templates.render("report.md", &View::new(report))
}

#[derive(Serialize)]
struct View {
    subject: String,
    answer: String,
    lead: String,
    tables: Vec<TableView>,
    times_heading: String,
    times: Times,
    columns: Vec<ColumnView>,
    /// The columns that add up to the frame bytes.
    summands: [&'static str; Column::SUMMANDS.len()],
    has_published: bool,
    has_ranges: bool,
    has_all_in: bool,
    found: Vec<FoundView>,
    differences: Vec<DifferenceView>,
    kinds: Vec<KindView>,
    clients: Vec<ClientsView>,
    groups: Vec<GroupsView>,
    notes: Vec<String>,
    made: Vec<FactView>,
}

#[derive(Serialize)]
struct FactView {
    topic: String,
    value: String,
}

#[derive(Serialize)]
struct TableView {
    heading: String,
    caption: &'static str,
    first: &'static str,
    useful: bool,
    rows: Vec<RowView>,
}

#[derive(Serialize)]
struct RowView {
    title: String,
    cells: Vec<CellView>,
    useful: String,
    /// Of one update, all in, where that is told.
    all_in: Vec<String>,
}

#[derive(Serialize)]
struct CellView {
    value: String,
    then: Option<String>,
    range: Option<String>,
}

#[derive(Serialize)]
struct ColumnView {
    title: &'static str,
    meaning: &'static str,
}

/// What was found in a capture.
#[derive(Serialize)]
struct FoundView {
    name: String,
    findings: Vec<FindingView>,
}

#[derive(Serialize)]
struct FindingView {
    id: &'static str,
    text: String,
    packets: String,
    instead: Option<String>,
    source: String,
}

#[derive(Serialize)]
struct DifferenceView {
    title: &'static str,
    texts: Vec<String>,
    means: &'static str,
    source: &'static str,
    url: Option<String>,
}

#[derive(Serialize)]
struct KindView {
    title: String,
    kind: &'static str,
    packets: String,
    packets_then: String,
    bytes: String,
    bytes_then: String,
}

impl View {
    fn new(report: &Report) -> View {
        let shown = |text: &str| with_plain_spaces(&escaped(text));
        let differences = report.of_numbers().into_iter().map(|(rule, found)| DifferenceView {
            title: rule.title,
            texts: found.into_iter().map(|finding| shown(&finding.sentence())).collect(),
            means: rule.means,
            source: rule.source,
            url: found::address(rule.source),
        });
        let lead: Vec<&str> = report.found_at(Place::Lead).map(|finding| finding.text.as_str()).collect();
        View {
            subject: shown(&provenance::subject(report)),
            answer: shown(report.answer()),
            lead: shown(&lead.join(" ")),
            tables: report.tables.iter().map(|table| table_view(report, table)).collect(),
            times_heading: shown(report.heading(Section::Times)),
            times: times(report),
            columns: Column::ALL.iter().map(|c| ColumnView { title: c.title(), meaning: c.meaning() }).collect(),
            summands: Column::SUMMANDS.map(Column::short),
            has_published: report.has_published(),
            has_ranges: report.tables.iter().flat_map(|table| &table.rows).any(|row| row.range.is_some()),
            has_all_in: report.tables.iter().flat_map(|table| &table.rows).any(|row| row.all_in.is_some()),
            found: report
                .analysis
                .captures
                .iter()
                .zip(names(&report.analysis))
                .filter_map(|(capture, name)| of_capture(capture, &name))
                .collect(),
            differences: differences.collect(),
            kinds: kinds(report),
            clients: clients(report),
            groups: groups(report),
            notes: notes(report),
            made: provenance::facts(report)
                .into_iter()
                .map(|fact| FactView {
                    topic: escaped(&fact.topic.to_string()),
                    value: with_plain_spaces(&escaped(&fact.value)),
                })
                .collect(),
        }
    }
}

/// What was found in a capture, where something was.
fn of_capture(capture: &Capture, name: &str) -> Option<FoundView> {
    let view = |finding: &Finding| FindingView {
        id: finding.id.name(),
        text: escaped(&found::sentence(finding)),
        packets: found::shown_by(finding).unwrap_or_default(),
        instead: finding.instead.as_deref().map(escaped),
        source: escaped(&finding.source),
    };
    let findings: Vec<FindingView> = capture.findings.iter().map(view).collect();
    (!findings.is_empty()).then(|| FoundView { name: escaped(name), findings })
}

/// The first clients of each capture that has several.
fn clients(report: &Report) -> Vec<ClientsView> {
    let mut views = clients::views(&report.clients, &report.analysis.captures, MOST_CLIENTS);
    for view in &mut views {
        view.title = escaped(&view.title);
        for row in &mut view.rows {
            row.address = escaped(&row.address);
        }
    }
    views
}

/// What one update waits for.
fn times(report: &Report) -> Times {
    let mut times = times::times(&report.analysis, &report.ids);
    for row in &mut times.rows {
        row.title = escaped(&row.title);
        let texts = [&mut row.trip, &mut row.first, &mut row.update, &mut row.trips].into_iter();
        texts.chain(&mut row.parts).chain(&mut row.range).for_each(|text| *text = with_plain_spaces(text));
    }
    times
}

/// The kinds of exchanges of each capture that is none of the lab's own.
fn groups(report: &Report) -> Vec<GroupsView> {
    let mut views = groups::views(report);
    for view in &mut views {
        view.heading = escaped(&view.heading);
        for row in &mut view.rows {
            row.label = escaped(&row.label);
            for cell in &mut row.cells {
                let texts = cell.range.iter_mut().flatten().chain([&mut cell.median]);
                texts.for_each(|text| *text = with_plain_spaces(text));
            }
        }
    }
    views
}

fn table_view(report: &Report, table: &Table) -> TableView {
    TableView {
        heading: with_plain_spaces(&escaped(report.heading(table.kind.section()))),
        caption: table.kind.caption(),
        first: if table.kind == TableKind::Overall { "Capture" } else { "One update with" },
        useful: table.kind != TableKind::Overall && table.rows.iter().any(|row| row.tally.useful_bytes > 0),
        rows: table.rows.iter().map(row_view).collect(),
    }
}

fn row_view(row: &Row) -> RowView {
    let title = if row.title == row.name {
        escaped(&row.name)
    } else {
        format!("{} (`{}`)", escaped(&row.title), code(&row.name))
    };
    RowView {
        title,
        cells: Column::ALL
            .iter()
            .map(|&column| CellView {
                value: row.amount(column).with_commas(),
                then: row.published(column).filter(|_| row.differs(column)).map(with_commas),
                range: row.range(column).map(|(min, max)| format!("{}–{}", with_commas(min), with_commas(max))),
            })
            .collect(),
        useful: with_plain_spaces(&percent(row.tally.useful_bytes, row.tally.frame_bytes)),
        all_in: Column::ALL.iter().filter_map(|&column| row.all_in(column)).map(Amount::with_commas).collect(),
    }
}

/// The rows of [`published::by_kind`] that differ.
fn kinds(report: &Report) -> Vec<KindView> {
    report
        .analysis
        .captures
        .iter()
        .flat_map(|capture| published::by_kind(capture).into_iter().map(move |row| (capture, row)))
        .filter(|(_, row)| {
            (row.now.total_packets, row.now.frame_bytes) != (row.then.total_packets, row.then.frame_bytes)
        })
        .map(|(capture, row)| KindView {
            title: title(capture),
            kind: row.kind.name(),
            packets: with_commas(row.now.total_packets),
            packets_then: with_commas(row.then.total_packets),
            bytes: with_commas(row.now.frame_bytes),
            bytes_then: with_commas(row.then.frame_bytes),
        })
        .collect()
}

fn notes(report: &Report) -> Vec<String> {
    report
        .analysis
        .captures
        .iter()
        .flat_map(|capture| {
            let name = escaped(&capture.name);
            let Remarks { notes, problems } = Remarks::of(capture);
            let said = notes.into_iter().chain(problems);
            said.map(move |said| format!("{name}: {}", escaped(&said))).collect::<Vec<_>>()
        })
        .collect()
}

/// Text from a capture as Markdown shows it and does not read it.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '#' | '|' => {
                safe.push('\\');
                safe.push(c);
            }
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            c if is_visible(c) => safe.push(c),
            _ => safe.push(char::REPLACEMENT_CHARACTER),
        }
    }
    safe
}

/// Text inside a code span of a table.
fn code(text: &str) -> String {
    let shows = |c: char| is_visible(c) && !matches!(c, '`' | '|' | '<' | '>');
    text.chars().map(|c| if shows(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

/// Clients that the document lists.
const MOST_CLIENTS: usize = 20;
