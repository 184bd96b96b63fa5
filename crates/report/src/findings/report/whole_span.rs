//! What whole captures cost.

use super::words::extremes;
use super::{Evidence, Find, Known, Place, ReportFinding, Rule, Section};
use crate::numbers::{count, grouped};
use crate::tables::TableKind;

pub const RULE: Rule = Rule {
    id: "whole-span",
    title: "What whole captures cost",
    place: Place::Heading(Section::Overall),
    means: "All TCP packets of a capture, from the first to the last, with everything that is paid once.",
    looks: "The rows of the table of whole captures.",
    mistaken: "A comparison of ways: a longer capture costs more.",
    helps: "Compare updates, and what is paid once.",
    source: "docs/updates.md",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let Some((least, most)) = extremes(known.rows(TableKind::Overall)) else { return Vec::new() };
    let text = if least.capture == most.capture {
        format!(
            "The whole conversation: {} and {} bytes",
            count(least.tally.total_packets, "packet"),
            grouped(least.tally.frame_bytes)
        )
    } else {
        format!(
            "From first packet to last: {} bytes with {}, {} with {}",
            grouped(least.tally.frame_bytes),
            least.inline(),
            grouped(most.tally.frame_bytes),
            most.inline()
        )
    };
    let mut captures = vec![least.capture, most.capture];
    captures.dedup();
    vec![RULE.seen(text).shown_by(captures.into_iter().map(|at| Evidence::packets(at, Vec::new())))]
}
