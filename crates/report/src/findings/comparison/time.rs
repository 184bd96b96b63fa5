//! An update takes another time: what more, or less, of it was spent on.

use wirelab_analyze::model::{Capture, Cause, FindingCost, Time};

use super::{Compared, Find, Pairing, Place, ReportFinding, Rule};
use crate::lookup;
use crate::numbers::{duration, listed};

pub const RULE: Rule = Rule {
    id: "other-time",
    title: "An update takes another time",
    place: Place::Difference,
    means: "What the client waits for the median update is put down to causes that add up to it. So the difference of two such \
            times is the sum of the differences of their causes.",
    looks: "The same update of both runs, of which some part took a millisecond more or less, and a twentieth of the whole.",
    mistaken: "Two updates that are not alike: the median one is chosen by its bytes, and its time is that of one.",
    helps: "What each cause means, and what shortens it, is in docs/time.md.",
    source: "docs/time.md",
    find: Find::InComparison(find),
};

fn find(compared: &Compared<'_>) -> Vec<ReportFinding> {
    let mut found: Vec<(String, f64, Vec<Pairing<'_>>)> = Vec::new();
    for pairing in compared.pairings() {
        let times = pairing.captures.map(|capture| capture.per_update_time);
        let [Some(was), Some(is)] = times else { continue };
        let Some(said) = said(&was, &is, compared.names) else { continue };
        match found.iter_mut().find(|(known, ..)| *known == said) {
            Some((_, _, of)) => of.push(pairing),
            None => found.push((said, (is.total_s() - was.total_s()).abs(), vec![pairing])),
        }
    }
    let finding = |(said, s, of): (String, f64, Vec<Pairing<'_>>)| {
        let names: Vec<String> = of.iter().map(Pairing::name).collect();
        let mut finding = RULE.seen(format!("The median update of {} {said}.", listed(&names)));
        for pairing in &of {
            let median = |side: usize| compared.evidence(side, pairing, median(pairing.captures[side]));
            finding = finding.shown_by([median(0), median(1)]);
        }
        finding.cost = FindingCost { bytes: 0, s };
        finding
    };
    let mut found: Vec<ReportFinding> = found.into_iter().map(finding).collect();
    found.sort_by(|a, b| b.cost.s.total_cmp(&a.cost.s));
    found
}

/// The place of the median update.
pub(super) fn median(capture: &Capture) -> Option<usize> {
    lookup::median_place(capture)
}

/// "takes 25 ms in a and 50 ms in b: waiting for an ACK 25 ms more".
fn said(was: &Time, is: &Time, [a, b]: [&str; 2]) -> Option<String> {
    let least = LEAST_S.max(was.total_s().max(is.total_s()) / 20.0);
    let change = |cause: &Cause| {
        let more = is.of(*cause) - was.of(*cause);
        let how = if more > 0.0 { "more" } else { "less" };
        (more.abs() >= least).then(|| format!("{} {} {how}", cause.name(), duration(more.abs())))
    };
    let changes: Vec<String> = Cause::ALL.iter().filter_map(change).collect();
    (!changes.is_empty()).then(|| {
        format!("takes {} in {a} and {} in {b}: {}", duration(was.total_s()), duration(is.total_s()), listed(&changes))
    })
}

/// What clocks and processors make of the same thing.
const LEAST_S: f64 = 0.001;
