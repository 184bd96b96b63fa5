//! Nothing repeats.

use wirelab_analyze::model::Tally;

use super::{Evidence, Find, Known, Place, ReportFinding, Rule};
use crate::numbers::{count, grouped, percent};
use crate::tables::TableKind;

pub const RULE: Rule = Rule {
    id: "no-updates",
    title: "No exchange repeats",
    place: Place::Answer,
    means: "No exchange that can be read came more than once in any of the captures, so that there is nothing to call an update. \
            Packets and bytes are counted all the same.",
    looks: "Captures without a row in the table of one update.",
    mistaken: "A conversation of which only keys would tell what repeats: that is counted as a whole.",
    helps: "Say what an update is: `--update LABEL`.",
    source: "docs/updates.md",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    if !known.rows(TableKind::PerUpdate).is_empty() {
        return Vec::new();
    }
    let all: Tally = known.captures().iter().map(|capture| capture.totals).sum();
    let text = match all.total_packets {
        0 => "There is no TCP packet here".to_owned(),
        packets => format!(
            "{} and {} bytes, {} of them payload; no exchange that can be read repeats",
            count(packets, "TCP packet"),
            grouped(all.frame_bytes),
            percent(all.app_bytes, all.frame_bytes)
        ),
    };
    let captures = (0..known.captures().len()).map(|at| Evidence::packets(at, Vec::new()));
    vec![RULE.seen(text).shown_by(captures)]
}
