//! index.html: the page, one file that asks the network for nothing.
//!
//! It is whole without its script: tables, pictures, proofs and bytes are in the HTML, and the script only adds keys,
//! buttons and marks. Its content security policy names the hashes of the one style and the one script in it, so that
//! nothing else runs, whatever a capture holds; and all that came from a capture is escaped besides.

mod app;
mod bars;
mod calculator;
mod downloads;
pub mod fields;
mod growth;
pub mod hex;
pub mod ladder;
mod layer;
mod learn;
mod proof;
mod svg;
mod texts;
mod time_bars;
mod why;
mod window;

#[cfg(test)]
mod tests;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use sha2::{Digest, Sha256};

use wirelab_analyze::model::Column;

use crate::clients::{self, ClientsView};
use crate::findings::{Place, ReportFinding, Section};
use crate::found;
use crate::groups::{self, GroupsView};
use crate::html::app::AppView;
use crate::html::calculator::Calculator;
pub use crate::html::downloads::OtherForm;

use crate::html::downloads::Download;
use crate::html::growth::Scale;
use crate::html::layer::{CauseLook, LayerLook, LegendEntry};
use crate::html::learn::Question;
use crate::html::texts::{Explanation, Filter, Misunderstanding, Term};
use crate::html::time_bars::TimeBars;
use crate::html::window::Share;
use crate::numbers::{Amount, capital, grouped, percent};
use crate::provenance::{self, Fact};
use crate::render::RenderError;
use crate::report::Report;
use crate::tables::{Row, Table, TableKind};
use crate::templates::{TemplateError, Templates};
use crate::times::{self, Times};

/// The report as one HTML file, with these other forms in it.
///
/// # Errors
/// Where a template asks for a value that there is not.
pub fn render(report: &Report, templates: &Templates, forms: &[OtherForm]) -> Result<String, RenderError> {
    let style = style(templates)?;
    let script = templates.render("report.js", &Nothing {})?;
    let downloads = downloads::of(report, templates, forms)?;
    Ok(templates.render("report.html", &View::new(report, style, script, downloads))?)
}

/// The style sheet, which has the layers' colours of their table.
///
/// # Errors
/// Where the template asks for a value that there is not.
pub fn style(templates: &Templates) -> Result<String, TemplateError> {
    #[derive(Serialize)]
    struct Look {
        layers: Vec<LayerLook>,
        causes: Vec<CauseLook>,
        byte_columns: usize,
    }

    templates.render(
        "report.css",
        &Look { layers: layer::looks(), causes: layer::cause_looks(), byte_columns: app::byte_columns().count() },
    )
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct View {
    style: String,
    script: String,
    policy: String,
    subject: String,
    answer: String,
    lead: Vec<String>,
    warning: Option<&'static str>,
    columns: Vec<ColumnView>,
    /// The columns that add up to the frame bytes.
    summands: [&'static str; Column::SUMMANDS.len()],
    /// The columns of packet lists that count bytes.
    byte_columns: Vec<String>,
    layers: Vec<LayerLook>,
    legend: Vec<LegendEntry>,
    one_update: Option<Picture>,
    tables: Vec<TableView>,
    clients: Vec<ClientsView>,
    groups: Vec<GroupsView>,
    has_published: bool,
    has_ranges: bool,
    has_all_in: bool,
    differences: Vec<DifferenceView>,
    growth: Option<Growth>,
    times_heading: String,
    time_bars: TimeBars,
    times: Times,
    scale_heading: String,
    calculator: Option<Calculator>,
    apps: Vec<AppView>,
    questions: Vec<Question>,
    explanations: Vec<Explanation>,
    glossary: &'static [Term],
    misunderstandings: Vec<Misunderstanding>,
    filters: &'static [Filter],
    downloads: Vec<Download>,
    has_run: bool,
    made: Vec<Fact>,
}

#[derive(Serialize)]
struct DifferenceView {
    heading: &'static str,
    texts: Vec<String>,
    means: &'static str,
    source: &'static str,
    url: Option<String>,
}

#[derive(Serialize)]
struct Picture {
    heading: String,
    proof: String,
    svg: String,
    narrow: String,
}

#[derive(Serialize)]
struct Growth {
    heading: String,
    svg: String,
    logarithmic: String,
    over_time: Option<String>,
    crossings: Vec<String>,
}

#[derive(Serialize)]
struct ColumnView {
    name: &'static str,
    title: &'static str,
    meaning: &'static str,
}

#[derive(Serialize)]
struct TableView {
    id: &'static str,
    heading: String,
    caption: &'static str,
    useful: bool,
    rows: Vec<RowView>,
    commands: Vec<Command>,
}

/// A command that gives a row of a table again: packets, frame bytes, TCP bytes, app bytes.
#[derive(Serialize)]
struct Command {
    title: String,
    command: String,
}

#[derive(Serialize)]
struct RowView {
    id: String,
    title: String,
    name: String,
    href: String,
    cells: Vec<CellView>,
    useful: String,
}

#[derive(Serialize)]
struct CellView {
    column: &'static str,
    raw: String,
    value: String,
    range: Option<String>,
    /// What one update costs all in, where that is told.
    all_in: Option<String>,
    then: Option<Then>,
}

#[derive(Serialize)]
struct Then {
    value: String,
    change: String,
    same: bool,
}

impl View {
    fn new(report: &Report, style: String, script: String, downloads: Vec<Download>) -> View {
        let updates = report.tables.iter().find(|table| table.kind == TableKind::PerUpdate);
        let share = Share::of(report.analysis.captures.len());
        let texts = |place: Place| report.found_at(place).map(|finding| finding.text.clone()).collect::<Vec<String>>();
        let heading = |section: Section| report.heading(section).to_owned();
        let times = times::times(&report.analysis, &report.ids);
        let apps: Vec<AppView> =
            (0..report.analysis.captures.len()).filter_map(|at| app::view(report, at, share)).collect();
        View {
            policy: policy(&style, &script),
            style,
            script,
            subject: provenance::subject(report),
            answer: report.answer().to_owned(),
            lead: texts(Place::Lead),
            warning: report.is_virtual().then_some(
                "These numbers come from the virtual wire: two smoltcp hosts on a virtual clock, not the TCP of an operating system.",
            ),
            summands: Column::SUMMANDS.map(Column::short),
            byte_columns: app::byte_columns().map(|column| capital(column.short())).collect(),
            layers: layer::looks(),
            columns: Column::ALL
                .iter()
                .map(|c| ColumnView { name: c.name(), title: c.title(), meaning: c.meaning() })
                .collect(),
            legend: layer::legend(report.analysis.captures.iter().map(|capture| &capture.totals)),
            one_update: updates.map(|table| Picture {
                heading: heading(Section::OneUpdate),
                proof: heading(Section::Proof),
                svg: bars::render(&table.rows, &report.ids),
                narrow: bars::render_narrow(&table.rows, &report.ids),
            }),
            tables: report.tables.iter().map(|table| table_view(report, table)).collect(),
            clients: clients::views(&report.clients, &report.analysis.captures, MOST_CLIENTS),
            groups: groups::views(report),
            has_published: report.has_published(),
            has_ranges: report.tables.iter().flat_map(|table| &table.rows).any(|row| row.range.is_some()),
            has_all_in: report.tables.iter().flat_map(|table| &table.rows).any(|row| row.all_in.is_some()),
            differences: report
                .of_numbers()
                .into_iter()
                .map(|(rule, found)| DifferenceView {
                    heading: rule.title,
                    texts: found.into_iter().map(ReportFinding::sentence).collect(),
                    means: rule.means,
                    source: rule.source,
                    url: found::address(rule.source),
                })
                .collect(),
            growth: growth::by_updates(report, Scale::Linear).map(|svg| Growth {
                heading: heading(Section::Growth),
                svg,
                logarithmic: growth::by_updates(report, Scale::Logarithmic).unwrap_or_default(),
                over_time: growth::over_time(report),
                crossings: texts(Place::Heading(Section::Crossings)),
            }),
            times_heading: heading(Section::Times),
            time_bars: TimeBars::new(&times.rows),
            times,
            scale_heading: heading(Section::Scale),
            calculator: calculator::view(report),
            questions: learn::questions(report, |capture, packet| apps.get(capture).is_some_and(|app| app.shows(packet))),
            apps,
            explanations: texts::explanations(report.has_own()),
            glossary: &texts::GLOSSARY,
            misunderstandings: texts::misunderstandings(report.has_own()),
            filters: &texts::FILTERS,
            downloads,
            has_run: report.run.is_some(),
            made: provenance::facts(report),
        }
    }
}

fn table_view(report: &Report, table: &Table) -> TableView {
    TableView {
        id: table.kind.name(),
        heading: report.heading(table.kind.section()).to_owned(),
        caption: table.kind.caption(),
        useful: table.kind != TableKind::Overall && table.rows.iter().any(|row| row.tally.useful_bytes > 0),
        rows: table.rows.iter().map(|row| row_view(report, table.kind, row)).collect(),
        commands: table.rows.iter().filter_map(|row| command(report, table.kind, row)).collect(),
    }
}

fn command(report: &Report, kind: TableKind, row: &Row) -> Option<Command> {
    let capture = report.analysis.captures.get(row.capture)?;
    let filter = match kind {
        TableKind::Overall => "tcp".to_owned(),
        TableKind::PerUpdate => proof::filter(&crate::lookup::median_update(capture)?.packets)?,
        TableKind::PushOnly => proof::filter(&proof::pushed_packets(capture, crate::lookup::median_update(capture)?))?,
    };
    let list = proof::tshark(capture.file.as_deref()?, &filter);
    let command = format!("{list} | awk '{{n++; f+=$2; t+=$3; a+=$4}} END {{print n, f, t, a}}'");
    Some(Command { title: row.title.clone(), command })
}

fn row_view(report: &Report, kind: TableKind, row: &Row) -> RowView {
    let id = report.ids.get(row.capture).cloned().unwrap_or_default();
    let median = report.analysis.captures.get(row.capture).and_then(crate::lookup::median_update);
    let href = match (kind, median) {
        (TableKind::Overall, _) | (_, None) => format!("{id}-sum"),
        (TableKind::PerUpdate, Some(update)) => proof::exchange_id(&id, 0, update),
        (TableKind::PushOnly, Some(_)) => format!("{id}-push"),
    };
    RowView {
        title: row.title.clone(),
        name: row.name.clone(),
        cells: Column::ALL
            .iter()
            .map(|&column| {
                let value = row.amount(column);
                CellView {
                    column: column.name(),
                    raw: value.plain(),
                    value: value.grouped(),
                    range: row.range(column).map(|(min, max)| format!("{} to {}", grouped(min), grouped(max))),
                    then: row.published(column).map(|then| Then {
                        value: grouped(then),
                        change: value.signed_from(Amount::whole(then)),
                        same: !row.differs(column),
                    }),
                    all_in: row.all_in(column).map(Amount::grouped),
                }
            })
            .collect(),
        useful: percent(row.tally.useful_bytes, row.tally.frame_bytes),
        href,
        id,
    }
}

/// The page's content security policy: nothing but this style and this script, and no address to reach.
pub(crate) fn policy(style: &str, script: &str) -> String {
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        hash(style),
        hash(script)
    )
}

/// Clients that the page lists for a capture.
const MOST_CLIENTS: usize = 100;
