//! What one update costs, of the cheapest capture and of the dearest.

use super::words::{all_in, bytes, extremes, on_average, one};
use super::{Find, Known, Place, ReportFinding, Rule};
use crate::numbers::capital;
use crate::tables::{Row, TableKind};

pub const RULE: Rule = Rule {
    id: "update-cost",
    title: "What one update costs",
    place: Place::Answer,
    means: "The least and the most that one update costs in bytes on the wire, of the captures that have updates: the row of the \
            table of one update. All in, it is every packet of the connections that carried updates, divided by their number.",
    looks: "The median update of each capture, or the mean of all where they share packets.",
    mistaken: "What an update costs at most: the median is the one in the middle. The least and the most stand beside it.",
    helps: "Compare ways that bring the same, and look at their packets.",
    source: "docs/updates.md",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let rows = known.rows(TableKind::PerUpdate);
    let Some((least, most)) = extremes(rows) else { return Vec::new() };
    vec![RULE.seen(said(rows, least, most)).shown_by(known.updates([least, most]))]
}

fn said(rows: &[Row], least: &Row, most: &Row) -> String {
    if least.capture == most.capture {
        return format!(
            "{} costs {} bytes on the wire{}{}",
            capital(&one(least)),
            bytes(least),
            on_average(least),
            all_in(&[least])
        );
    }
    if least.of.is_some() || most.of.is_some() {
        return format!(
            "{} costs {} bytes{}, {} {}{}{}",
            capital(&one(least)),
            bytes(least),
            on_average(least),
            one(most),
            bytes(most),
            on_average(most),
            all_in(&[least, most])
        );
    }
    let same = rows.iter().all(|row| row.app.is_some() && row.tally.useful_bytes == 8);
    format!(
        "{} {} bytes with {}{} and {} with {}{}{}",
        if same { "The same 8 characters cost" } else { "One update costs" },
        bytes(least),
        least.inline(),
        on_average(least),
        bytes(most),
        most.inline(),
        on_average(most),
        all_in(&[least, most])
    )
}
