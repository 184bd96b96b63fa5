//! Where do the numbers of the lab's own apps differ from those of 2021, and one update from the next? A rule each.

pub(super) mod acks;
pub(super) mod ending;
pub(super) mod handshake;
pub(super) mod headers;
pub(super) mod miscount;
pub(super) mod one_segment;
pub(super) mod packet_more;
pub(super) mod parts;

use wirelab_analyze::model::{Capture, Kind, Tally};

use super::{Evidence, Find, Known, Place, ReportFinding, Rule};
use crate::lookup;
use crate::numbers::{capital, listed};
use crate::published::Published;

/// A kind of exchange, measured and published.
fn kinds(capture: &Capture, facts: &Published, kind: Kind) -> (Tally, Tally) {
    (lookup::of_kind(capture, kind), facts.of_kind(kind))
}

/// What was found in one capture, on its way to be told together with the others.
struct Found {
    text: String,
    name: String,
    evidence: Evidence,
}

/// Told once where it is the same: what the first says, and where else it is so.
fn together(rule: &'static Rule, found: Vec<Found>) -> Vec<ReportFinding> {
    let mut told: Vec<Vec<Found>> = Vec::new();
    for one in found {
        match told.iter_mut().find(|alike| alike.first().is_some_and(|first| first.text == one.text)) {
            Some(alike) => alike.push(one),
            None => told.push(vec![one]),
        }
    }
    told.into_iter().filter_map(|alike| once(rule, alike)).collect()
}

fn once(rule: &'static Rule, alike: Vec<Found>) -> Option<ReportFinding> {
    let mut alike = alike.into_iter();
    let first = alike.next()?;
    let (mut names, mut evidence) = (Vec::new(), vec![first.evidence]);
    for other in alike {
        names.push(other.name);
        evidence.push(other.evidence);
    }
    let others = if names.is_empty() { String::new() } else { format!(" The same in {}.", listed(&names)) };
    Some(rule.seen(format!("{}: {}{others}", first.name, capital(&first.text))).shown_by(evidence))
}
