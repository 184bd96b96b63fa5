//! Something was found in one of the two only.

use wirelab_analyze::findings;
use wirelab_analyze::model::{Capture, Finding, FindingId};

use super::{Compared, Evidence, Find, Pairing, Place, ReportFinding, Rule};
use crate::numbers::listed;

pub const RULE: Rule = Rule {
    id: "in-one-only",
    title: "Found in one of the two only",
    place: Place::Difference,
    means: "What was found in one of the runs is not in the other: small segments that waited, losses, a slow server and so on. \
            Each has a section of its own above.",
    looks: "A finding with its packets on one side, and the same exchanges without it on the other.",
    mistaken: "Captures of different things: then nearly everything is in one of them only.",
    helps: "What helps against what was found.",
    source: "docs/findings.md",
    find: Find::InComparison(find),
};

fn find(compared: &Compared<'_>) -> Vec<ReportFinding> {
    FindingId::ALL.iter().flat_map(|&id| [0, 1].map(|side| in_one(compared, id, side))).flatten().collect()
}

/// What one side has of a finding, in captures of which the other has none of it.
fn in_one(compared: &Compared<'_>, id: FindingId, side: usize) -> Option<ReportFinding> {
    let of = |capture: &Capture| capture.findings.iter().any(|finding| finding.id == id);
    let has_it = |pairing: &Pairing<'_>| of(pairing.captures[side]) && !of(pairing.captures[1 - side]);
    let pairings: Vec<Pairing<'_>> = compared.pairings().filter(has_it).collect();
    let first = pairings.first()?;
    let shown = first.captures[side].findings.iter().find(|one| one.id == id)?;
    let names: Vec<String> = pairings.iter().map(|one| one.captures[side].name.clone()).collect();
    let text = format!(
        "Only {} has {id}, in {}. In {}: {}",
        compared.names[side],
        listed(&names),
        first.captures[side].name,
        shown.text
    );
    let mut finding = RULE.seen(text);
    for pairing in &pairings {
        for one in pairing.captures[side].findings.iter().filter(|one| one.id == id) {
            finding.cost.bytes += one.cost.bytes;
            finding.cost.s += one.cost.s;
            finding = finding.shown_by(on_both(compared, pairing, side, one));
        }
    }
    finding.title = id.title();
    finding.sure = shown.sure;
    finding.otherwise.clone_from(&shown.otherwise);
    finding.instead.clone_from(&shown.instead);
    if let Some(rule) = findings::rule(id) {
        finding.means = Some(rule.means.into());
    }
    finding.source = shown.source.clone().into();
    Some(finding)
}

/// The packets that show it, and those of the same exchanges where it is not.
fn on_both(compared: &Compared<'_>, pairing: &Pairing<'_>, side: usize, found: &Finding) -> [Evidence; 2] {
    let shows = Evidence {
        exchanges: found.exchanges.clone(),
        exchanges_left_out: found.exchanges_left_out,
        packets_left_out: found.packets_left_out,
        ..Evidence::packets(compared.place(side, pairing.at[side]), found.packets.clone())
    };
    let is_same = |place: usize| found.exchanges.binary_search(&place).is_ok();
    let others: Vec<usize> = pairing
        .exchanges()
        .iter()
        .filter(|both| is_same(both.places[side]))
        .map(|both| both.places[1 - side])
        .collect();
    let without = compared.evidence(1 - side, pairing, others);
    if side == 0 { [shows, without] } else { [without, shows] }
}
