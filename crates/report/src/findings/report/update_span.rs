//! One update in packets and bytes, and how far the ways lie apart.

use wirelab_analyze::model::Column;

use super::words::{bytes, extremes, on_average, one, packets, times_as_much};
use super::{Find, Known, Place, ReportFinding, Rule};
use crate::numbers::capital;
use crate::tables::{Row, TableKind};

pub const RULE: Rule = Rule {
    id: "update-span",
    title: "From the cheapest update to the dearest",
    place: Place::Lead,
    means: "One update in packets and bytes, of the capture with the fewest bytes and of that with the most, and how many times as \
            much this is.",
    looks: "The rows of the table of one update.",
    mistaken: "A measure of speed: what costs ten times the bytes may take the same time.",
    helps: "See what the bytes are: heads of HTTP, framing, headers below.",
    source: "docs/updates.md",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let rows = known.rows(TableKind::PerUpdate);
    let Some((least, most)) = extremes(rows) else { return Vec::new() };
    let text = match rows {
        _ if least.capture != most.capture => apart(rows, least, most),
        [only] => format!(
            "{} takes {} and {} bytes on the wire{}, {} of them above TCP.",
            capital(&one(only)),
            packets(only),
            bytes(only),
            on_average(only),
            only.amount(Column::AppBytes).grouped()
        ),
        _ => return Vec::new(),
    };
    vec![RULE.seen(text).shown_by(known.updates([least, most]))]
}

fn apart(rows: &[Row], least: &Row, most: &Row) -> String {
    let what = if rows.iter().all(|row| row.of.is_none()) { "One update of the server's time" } else { "One update" };
    format!(
        "{what} takes {} and {} bytes on the wire with {}{}, and {} and {} bytes with {}{}{}.",
        packets(least),
        bytes(least),
        least.inline(),
        on_average(least),
        packets(most),
        bytes(most),
        most.inline(),
        on_average(most),
        times_as_much(least, most),
    )
}
