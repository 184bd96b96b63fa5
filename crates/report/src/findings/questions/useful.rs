//! What part of the bytes on the wire is the time itself, at best and at worst.

use super::words::extremes;
use super::{Find, Known, Place, ReportFinding, Rule};
use crate::numbers::{count, grouped, percent};
use crate::tables::TableKind;

pub const RULE: Rule = Rule {
    id: "useful-at-best",
    title: "The useful part at best and at worst",
    place: Place::Question(
        "The time is 8 characters long. What part of the bytes on the wire is that, at best and at worst?",
    ),
    means: "The 8 characters against all frame bytes of the cheapest and of the dearest update. What is below the payload is headers \
            of Ethernet, IP and TCP, which come with every packet.",
    looks: "The rows of the table of one update.",
    mistaken: "A verdict on a way: with larger updates the share grows.",
    helps: "Larger updates, or fewer of them.",
    source: "docs/updates.md",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let rows = known.rows(TableKind::PerUpdate);
    let Some((least, most)) = extremes(rows) else { return Vec::new() };
    let is_useful = rows.iter().all(|row| row.app.is_some() && row.tally.useful_bytes > 0);
    if least.capture == most.capture || !is_useful {
        return Vec::new();
    }
    let text = format!(
        "At best {} ({}, {} bytes), at worst {} ({}, {} bytes). Of the leanest update {} bytes are headers below the payload, in {}.",
        percent(least.tally.useful_bytes, least.tally.frame_bytes),
        least.inline(),
        grouped(least.tally.frame_bytes),
        percent(most.tally.useful_bytes, most.tally.frame_bytes),
        most.inline(),
        grouped(most.tally.frame_bytes),
        grouped(least.tally.frame_bytes - least.tally.app_bytes),
        count(least.tally.total_packets, "packet")
    );
    vec![RULE.seen(text).shown_by(known.updates([least, most]))]
}
