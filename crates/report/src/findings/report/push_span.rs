//! What an update costs where the server may speak unasked.

use super::words::extremes;
use super::{Find, Known, Place, ReportFinding, Rule, Section};
use crate::numbers::{count, grouped};
use crate::tables::{Row, TableKind};

pub const RULE: Rule = Rule {
    id: "push-span",
    title: "What is pushed",
    place: Place::Heading(Section::PushOnly),
    means: "Of one update only the server's packets with data and the client's ACKs of them: what it costs where nobody has to ask.",
    looks: "The rows of the table of what is pushed.",
    mistaken: "The cost of keeping a stream open: pings, comments and reconnects are not in it.",
    helps: "Compare it with the row of the whole update: the rest is the question.",
    source: "docs/updates.md",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let rows = known.rows(TableKind::PushOnly);
    let Some((least, most)) = extremes(rows) else { return Vec::new() };
    vec![RULE.seen(said(rows, least, most)).shown_by(known.updates(rows))]
}

fn said(rows: &[Row], least: &Row, most: &Row) -> String {
    let each = least.tally.total_packets;
    if rows.iter().all(|row| row.tally.total_packets == each) && least.capture != most.capture {
        return format!(
            "Pushed, an update is {} in each capture; {} bytes lie between {} and {}",
            count(each, "packet"),
            grouped(most.tally.frame_bytes - least.tally.frame_bytes),
            least.inline(),
            most.inline()
        );
    }
    format!("Pushed, an update costs {} bytes with {}", grouped(least.tally.frame_bytes), least.inline())
}
