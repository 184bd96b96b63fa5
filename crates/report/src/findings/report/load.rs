//! What many clients would need.

use wirelab_analyze::model::Column;

use super::words::extremes;
use super::{Find, Known, Place, ReportFinding, Rule, Section};
use crate::numbers::significant;
use crate::tables::{Row, TableKind};

pub const RULE: Rule = Rule {
    id: "load",
    title: "What many clients would need",
    place: Place::Heading(Section::Scale),
    means: "The frame bytes of the row of one update, as often as that many clients need them in a second, both directions together.",
    looks: "The rows of the table of one update.",
    mistaken: "A measurement: it is worked out. Handshakes and silence are not in it, and a program may give in long before the link.",
    helps: "Put your own numbers into the calculator.",
    source: "docs/updates.md",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let Some((least, most)) = extremes(known.rows(TableKind::PerUpdate)) else { return Vec::new() };
    let bits = |row: &Row| significant(row.cost.column(Column::FrameBytes) * 8.0 * 10_000.0 / 1e6, 3);
    let text = if least.capture == most.capture {
        format!("10\u{202f}000 clients, one update a second: {} Mbit/s", bits(least))
    } else {
        format!(
            "For 10\u{202f}000 clients and one update a second: {} Mbit/s with {}, {} with {}",
            bits(least),
            least.inline(),
            bits(most),
            most.inline()
        )
    };
    vec![RULE.seen(text).shown_by(known.updates([least, most]))]
}
