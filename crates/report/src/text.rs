//! The terminal's summary: the tables and what they show, in 80 columns.

use anstyle::{AnsiColor, Style};
use comfy_table::{CellAlignment, ContentArrangement, Table as Grid};
use wirelab_analyze::model::{Capture, Column};
use wirelab_dissect::visible::visible;

use crate::clients::ClientRow;
use crate::findings::Section;
use crate::numbers::{Amount, duration, percent, with_commas, with_plain_spaces};
use crate::remarks::Remarks;
use crate::report::Report;
use crate::tables::{Row, Table, amount, names};
use crate::times;
use crate::{found, groups};

/// Whether text is marked for a terminal; its words are the same either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colours {
    /// With ANSI codes.
    Ansi,
    /// Not at all.
    #[default]
    None,
}

impl Colours {
    /// Text in a style, where there are colours.
    pub fn paint(self, style: Style, text: &str) -> String {
        match self {
            Colours::Ansi => format!("{style}{text}{style:#}"),
            Colours::None => text.to_owned(),
        }
    }
}

/// The summary.
pub fn render(report: &Report, colours: Colours) -> String {
    let paint = Paint(colours);
    let mut text = String::new();
    for table in &report.tables {
        let heading = format!("{}: {}", table.kind.title(), with_plain_spaces(report.heading(table.kind.section())));
        for line in wrapped(&heading, WIDTH, "").lines() {
            text.push_str(&paint.bold(line));
            text.push('\n');
        }
        text.push_str(&grid(table, &paint));
        text.push('\n');
    }
    let captures = || report.analysis.captures.iter().zip(names(&report.analysis));
    for (capture, name) in captures() {
        text.push_str(&found::first(capture, &name, colours));
    }
    text.push_str(&times_of(report, &paint));
    text.push_str(&clients_of(report, &paint));
    for (capture, name) in captures() {
        text.push_str(&exchanges(capture, &name, &paint));
    }
    if report.has_published() {
        text.push_str(&paint.dim("2021: the figures published then, shown where they differ."));
        text.push('\n');
    }
    for line in legend(report).lines() {
        text.push_str(&paint.dim(line));
        text.push('\n');
    }
    if report.is_virtual() {
        text.push_str(
            "These numbers come from the virtual wire (smoltcp on a virtual clock), not from a kernel's TCP.\n",
        );
    }
    for (rule, found) in report.of_numbers() {
        text.push('\n');
        text.push_str(&paint.bold(rule.title));
        text.push('\n');
        for finding in found {
            text.push_str(&wrapped(&with_plain_spaces(&finding.sentence()), WIDTH, "  "));
        }
    }
    for (capture, name) in captures() {
        let Remarks { notes, problems } = Remarks::of(capture);
        for note in notes {
            text.push_str(&wrapped(&format!("{name}: {note}"), WIDTH, ""));
        }
        for problem in problems {
            text.push_str(&paint.warn(&wrapped(&format!("{name}: {problem}"), WIDTH, "")));
        }
    }
    text
}

/// How the rows are to be read.
fn legend(report: &Report) -> String {
    let rows = || report.tables.iter().flat_map(|table| &table.rows);
    let summands = Column::SUMMANDS.map(Column::short).join(" + ");
    let ranges =
        if rows().any(|row| row.range.is_some()) { " but from-to, where each column stands for itself" } else { "" };
    let mut legend =
        wrapped(&format!("{} = {summands} bytes, on every row{ranges}.", Column::FrameBytes.short()), WIDTH, "");
    if rows().any(|row| row.all_in.is_some()) {
        legend += &wrapped(
            "all in: every packet of the connections that carried updates, divided by the number of updates.",
            WIDTH,
            "",
        );
    }
    legend
}

/// What one update waits for.
fn times_of(report: &Report, paint: &Paint) -> String {
    let times = times::times(&report.analysis, &report.ids);
    if times.rows.is_empty() {
        return String::new();
    }
    let mut text = String::new();
    for line in wrapped(&format!("Time: {}", with_plain_spaces(report.heading(Section::Times))), WIDTH, "").lines() {
        text.push_str(&paint.bold(line));
        text.push('\n');
    }
    let mut grid = bare_grid();
    grid.set_header(["", "update"].into_iter().chain(times.causes.iter().map(|cause| cause.short)));
    for row in &times.rows {
        let cells = [&row.update].into_iter().chain(&row.parts).map(|cell| with_plain_spaces(cell));
        grid.add_row([shortened(&visible(&row.title), 16)].into_iter().chain(cells));
    }
    push_aligned(&mut text, grid);
    text.push('\n');
    text
}

/// The first clients of each capture that has several.
fn clients_of(report: &Report, paint: &Paint) -> String {
    let mut text = String::new();
    for clients in &report.clients {
        let Some(capture) = report.analysis.captures.get(clients.capture) else { continue };
        let rows: Vec<ClientRow> = clients.rows(capture).take(MOST_CLIENTS).collect();
        let (name, shown) = (visible(&capture.name), rows.len());
        let heading = match clients.count() - shown {
            0 => format!("Each client of {name}"),
            more => format!("The first {shown} clients of {name}; tables.csv has the {more} others too"),
        };
        text.push_str(&paint.bold(&heading));
        text.push('\n');
        let mut grid = bare_grid();
        grid.set_header(["", "updates"].into_iter().chain(Column::ALL.map(Column::short)));
        for row in &rows {
            let mut cells = vec![row.address(), with_commas(row.updates)];
            cells.extend(Column::ALL.iter().map(|column| with_commas(column.of(&row.tally))));
            grid.add_row(cells);
        }
        push_aligned(&mut text, grid);
        text.push('\n');
    }
    text
}

/// What each kind of exchange costs, of a capture that is none of the lab's own.
fn exchanges(capture: &Capture, name: &str, paint: &Paint) -> String {
    let groups = groups::groups(capture);
    if groups.is_empty() {
        return String::new();
    }
    let mut text = String::new();
    for line in wrapped(&groups::heading(capture, name), WIDTH, "").lines() {
        text.push_str(&paint.bold(line));
        text.push('\n');
    }
    let mut grid = bare_grid();
    grid.set_header(["", "count"].into_iter().chain(Column::OF_EACH.map(Column::short)).chain(["first byte"]));
    for (name, group) in groups.iter().take(groups::MOST_ROWS) {
        let row = groups::row(group);
        let mut cells = vec![shortened(&visible(name), 24), with_commas(group.count)];
        cells.extend(Column::OF_EACH.map(|column| amount(&row, column).with_commas()));
        cells.push(group.first_byte_s.map_or(String::new(), |spread| with_plain_spaces(&duration(spread.median))));
        grid.add_row(cells);
    }
    push_aligned(&mut text, grid);
    let rest = groups.len().saturating_sub(groups::MOST_ROWS);
    if rest > 0 {
        text.push_str(&format!("{rest} more kinds of exchanges are in the JSON.\n"));
    }
    text.push('\n');
    text
}

/// A grid without lines, as wide as what is in it.
fn bare_grid() -> Grid {
    let mut grid = Grid::new();
    grid.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    grid
}

/// Adds a grid of a label and figures, these right-aligned.
fn push_aligned(text: &mut String, mut grid: Grid) {
    for index in 1..grid.column_count() {
        if let Some(column) = grid.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for line in grid.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
}

/// One table, right-aligned, at most 80 columns wide.
fn grid(table: &Table, paint: &Paint) -> String {
    let mut grid = bare_grid();
    grid.set_header([""].into_iter().chain(Column::ALL.map(Column::short)).chain(["useful"]));
    let mut dim = vec![false];
    for row in &table.rows {
        grid.add_row(cells(row));
        dim.push(false);
        if row.differs_from_published() {
            grid.add_row(published(row));
            dim.push(true);
        }
        if row.range.is_some() {
            grid.add_row(range(row));
            dim.push(true);
        }
        if row.all_in.is_some() {
            grid.add_row(all_in(row));
            dim.push(true);
        }
    }
    for index in 1..grid.column_count() {
        if let Some(column) = grid.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let mut text = String::new();
    for (line, quiet) in grid.lines().zip(dim) {
        let line = line.trim_end();
        text.push_str(&if quiet { paint.dim(line) } else { line.to_owned() });
        text.push('\n');
    }
    text
}

fn cells(row: &Row) -> Vec<String> {
    let mut cells = vec![shortened(&visible(&row.name), 16)];
    cells.extend(Column::ALL.iter().map(|&column| row.amount(column).with_commas()));
    cells.push(if row.tally.useful_bytes > 0 {
        with_plain_spaces(&percent(row.tally.useful_bytes, row.tally.frame_bytes)).replace(' ', "")
    } else {
        String::new()
    });
    cells
}

fn published(row: &Row) -> Vec<String> {
    let mut cells = vec!["  2021".to_owned()];
    cells.extend(Column::ALL.iter().map(|&column| match row.published(column) {
        Some(then) if row.differs(column) => with_commas(then),
        _ => String::new(),
    }));
    cells.push(String::new());
    cells
}

fn range(row: &Row) -> Vec<String> {
    let mut cells = vec!["  from-to".to_owned()];
    cells.extend(Column::ALL.iter().map(|&column| match row.range(column) {
        Some((min, max)) => format!("{}-{}", with_commas(min), with_commas(max)),
        None => String::new(),
    }));
    cells.push(String::new());
    cells
}

fn all_in(row: &Row) -> Vec<String> {
    let mut cells = vec!["  all in".to_owned()];
    cells.extend(Column::ALL.iter().map(|&column| row.all_in(column).map_or_else(String::new, Amount::with_commas)));
    cells.push(String::new());
    cells
}

fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(width.saturating_sub(1)).collect();
    short.push('\u{2026}');
    short
}

/// A paragraph in lines of at most `width` characters, each after `indent`.
pub fn wrapped(text: &str, width: usize, indent: &str) -> String {
    let mut lines = String::new();
    let mut line = indent.to_owned();
    for word in visible(text).split_whitespace() {
        let full = line.chars().count() + 1 + word.chars().count() > width;
        if full && line.len() > indent.len() {
            lines.push_str(&line);
            lines.push('\n');
            line = indent.to_owned();
        }
        if line.len() > indent.len() {
            line.push(' ');
        }
        line.push_str(word);
    }
    lines.push_str(&line);
    lines.push('\n');
    lines
}

/// Marks text for terminals that can show it.
struct Paint(Colours);

impl Paint {
    fn with(&self, style: Style, text: &str) -> String {
        self.0.paint(style, text)
    }

    fn bold(&self, text: &str) -> String {
        self.with(Style::new().bold(), text)
    }

    fn dim(&self, text: &str) -> String {
        self.with(Style::new().dimmed(), text)
    }

    fn warn(&self, text: &str) -> String {
        self.with(AnsiColor::Yellow.on_default(), text)
    }
}

/// Columns of a line of text.
pub const WIDTH: usize = 78;
/// Clients that the summary lists.
const MOST_CLIENTS: usize = 10;
