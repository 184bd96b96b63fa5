//! How much of the tables differs.

use super::{Compared, Evidence, Find, Place, ReportFinding, Rule};
use crate::numbers::{capital, grouped};

pub const RULE: Rule = Rule {
    id: "extent",
    title: "How much differs",
    place: Place::ComparisonExtent,
    means: "The tables of both have so many cells in common: packets and bytes of an update, of what is pushed and of the whole, \
            times, and what was sent again. In runs of different length what is of a whole capture is divided by its updates.",
    looks: "Two tables with the same rows.",
    mistaken: "A difference in kind: one cell that differs may be all that matters, and a hundred may have one cause.",
    helps: "Read the reasons, not the number.",
    source: "docs/updates.md",
    find: Find::InComparison(find),
};

fn find(compared: &Compared<'_>) -> Vec<ReportFinding> {
    let [cells, differing] = [compared.cells, compared.differing].map(|count| grouped(count as u64));
    let text = match (compared.cells, compared.differing) {
        (0, _) => "The two have no capture in common".to_owned(),
        (_, 0) => format!("Every one of {cells} cells is the same in both"),
        _ => format!("{} of {cells} cells differ", capital(&differing)),
    };
    let captures = |side: usize| {
        let count = compared.sides[side].analysis.captures.len();
        (0..count).map(move |at| Evidence::packets(compared.place(side, at), Vec::new()))
    };
    vec![RULE.seen(text).shown_by(captures(0).chain(captures(1)))]
}
