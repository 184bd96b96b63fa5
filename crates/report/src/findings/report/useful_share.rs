//! What of an update is what it brings.

use super::words::{bytes, extremes, on_average};
use super::{Find, Known, Place, ReportFinding, Rule, Section};
use crate::numbers::percent;
use crate::tables::{Row, TableKind};

pub const RULE: Rule = Rule {
    id: "useful-share",
    title: "What of an update is useful",
    place: Place::Heading(Section::OneUpdate),
    means: "An update of the lab's apps brings the time of day, 8 characters. All other bytes of it are there so that these arrive.",
    looks: "The 8 characters against the frame bytes of the cheapest update and of the dearest.",
    mistaken: "Overhead that could be left out: without headers nothing arrives.",
    helps: "With larger updates the share grows: `--payload`.",
    source: "docs/updates.md",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let rows = known.rows(TableKind::PerUpdate);
    let Some((least, most)) = extremes(rows) else { return Vec::new() };
    vec![RULE.seen(said(rows, least, most)).shown_by(known.updates([least, most]))]
}

fn said(rows: &[Row], least: &Row, most: &Row) -> String {
    let share = |row: &Row| percent(row.tally.useful_bytes, row.tally.frame_bytes);
    if rows.iter().any(|row| row.app.is_none() || row.tally.useful_bytes == 0) {
        return match (bytes(least), bytes(most)) {
            (least, most) if least != most => format!("An update costs from {least} to {most} bytes"),
            (same, _) if rows.len() > 1 => format!("An update costs {same} bytes in each capture"),
            (only, _) => format!("An update costs {only} bytes{}", on_average(least)),
        };
    }
    if least.capture == most.capture {
        return format!("Of one update's bytes, {} are the time", share(least));
    }
    format!("Of one update's bytes, from {} to {} are the time; the rest is the way there", share(most), share(least))
}
