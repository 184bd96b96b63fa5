//! A comparison for a terminal.

use anstyle::Style;
use comfy_table::{CellAlignment, ContentArrangement, Table as Grid};
use wirelab_dissect::visible::visible;

use super::{ComparedCell, Comparison};
use crate::numbers::with_plain_spaces;
use crate::text::{Colours, WIDTH, wrapped};

/// A comparison: a line a side where they differ, differences marked by their sign and, with colours, in
/// bold.
pub fn text(comparison: &Comparison<'_>, colours: Colours) -> String {
    let bold = |text: &str| colours.paint(Style::new().bold(), text);
    let mut out = String::new();
    for line in wrapped(&with_plain_spaces(comparison.heading()), WIDTH, "").lines() {
        out.push_str(&format!("{}\n", bold(line)));
    }
    if let Some(extent) = comparison.extent() {
        out.push_str(&format!("{}\n", with_plain_spaces(extent)));
    }
    out.push_str(&format!("  A  {}\n  B  {}\n", visible(&comparison.left), visible(&comparison.right)));
    for table in &comparison.tables {
        out.push_str(&format!("\n{}\n", bold(table.title)));
        let mut grid = Grid::new();
        grid.load_style(comfy_table::presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        grid.set_header(["", ""].into_iter().chain(table.columns.iter().map(|column| column.short)));
        let mut marked = vec![false];
        for row in &table.rows {
            let title: String = visible(&row.title).chars().take(24).collect();
            let side = |label: &str, title: &str, value: fn(&ComparedCell) -> Option<String>| {
                let mut cells = vec![title.to_owned(), label.to_owned()];
                cells.extend(
                    row.cells
                        .iter()
                        .map(|cell| value(cell).map_or_else(String::new, |shown| with_plain_spaces(&shown))),
                );
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
    let mut reasons = comparison.reasons().peekable();
    if reasons.peek().is_some() {
        out.push_str(&format!("\n{}\n", bold("Why they differ")));
    }
    for finding in reasons {
        let sentence = with_plain_spaces(&finding.sentence());
        out.push_str(&wrapped(&visible(&format!("{}: {sentence}", finding.id)), WIDTH, "  "));
        let shown = comparison.evidence(finding);
        for line in shown.iter().chain(&finding.instead) {
            out.push_str(&wrapped(&visible(line), WIDTH, "    "));
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
