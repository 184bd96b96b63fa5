//! Which exchanges of two captures stand beside each other, and in which of them does the same differ?

use foldhash::HashMap;
use wirelab_analyze::model::{Capture, Exchange, FindingCost, Kind, Tally};

use super::{Compared, Pairing, ReportFinding, Rule};
use crate::numbers::listed;

/// The same exchange in both captures.
pub(super) struct Both<'a> {
    pub exchanges: [&'a Exchange; 2],
    /// Their places among the exchanges of their captures.
    pub places: [usize; 2],
}

impl Both<'_> {
    pub fn kind(&self) -> Kind {
        self.exchanges[0].kind
    }

    /// What the two cost.
    pub fn tallies(&self) -> [Tally; 2] {
        self.exchanges.map(Exchange::tally)
    }

    /// Whether they differ in something, other than in what was sent again.
    pub fn differ(&self, in_what: impl Fn(&Tally) -> u64) -> bool {
        let [a, b] = self.tallies();
        in_what(&a) != in_what(&b)
    }

    /// Whether it is no opening and no close, and as much was sent again in both: what differs then has other reasons.
    pub fn is_of_messages(&self) -> bool {
        !matches!(self.kind(), Kind::Setup | Kind::Close) && !self.differ(|tally| tally.retransmitted_packets)
    }
}

/// The kind, the label, and the how manieth of these.
type Key<'a> = (Kind, &'a str, usize);

impl<'a> Pairing<'a> {
    /// The exchanges of both, those of the same kind and name by their order. What is an update in one of them is one in the
    /// other, whatever it is called.
    pub fn exchanges(&self) -> Vec<Both<'a>> {
        let [ours, theirs] = self.captures.map(keyed);
        let theirs: HashMap<Key<'a>, (usize, &Exchange)> =
            theirs.into_iter().map(|(key, place, exchange)| (key, (place, exchange))).collect();
        let both = |(key, place, exchange): (Key<'a>, usize, &'a Exchange)| {
            let &(other_place, other) = theirs.get(&key)?;
            Some(Both { exchanges: [exchange, other], places: [place, other_place] })
        };
        ours.into_iter().filter_map(both).collect()
    }
}

/// The exchanges of a capture, each with its place and what finds its counterpart.
fn keyed(capture: &Capture) -> Vec<(Key<'_>, usize, &Exchange)> {
    let mut counts: HashMap<(Kind, &str), usize> = HashMap::default();
    let mut all = Vec::new();
    for (place, exchange) in capture.exchanges.iter().enumerate() {
        let label = if exchange.kind == Kind::Update { "" } else { &*exchange.label };
        let count = counts.entry((exchange.kind, label)).or_insert(0);
        *count += 1;
        all.push(((exchange.kind, label, *count), place, exchange));
    }
    all
}

/// Captures of both sides, and the places of the exchanges that show something in them.
type Shown<'a> = (Pairing<'a>, Vec<[usize; 2]>);

/// A finding for each way in which exchanges differ: what it says of them, and where.
pub(super) fn differences(
    compared: &Compared<'_>,
    rule: &'static Rule,
    what: impl Fn(&Both<'_>, [&str; 2]) -> Option<String>,
) -> Vec<ReportFinding> {
    let mut found: Vec<(String, Vec<Shown<'_>>)> = Vec::new();
    for pairing in compared.pairings() {
        for both in pairing.exchanges() {
            let Some(said) = what(&both, compared.names) else { continue };
            let at = found.iter().position(|(known, _)| *known == said).unwrap_or_else(|| {
                found.push((said, Vec::new()));
                found.len() - 1
            });
            let Some((_, places)) = found.get_mut(at) else { continue };
            match places.last_mut() {
                Some((last, exchanges)) if last.at == pairing.at => exchanges.push(both.places),
                _ => places.push((pairing, vec![both.places])),
            }
        }
    }
    let findings = found.into_iter().map(|(said, places)| {
        let named: Vec<String> = places.iter().map(|(pairing, places)| named(pairing, places)).collect();
        let mut finding = rule.seen(format!("{said}: {}.", listed(&named)));
        for (pairing, places) in &places {
            let side = |side: usize| compared.evidence(side, pairing, places.iter().map(|place| place[side]));
            finding = finding.shown_by([side(0), side(1)]);
        }
        finding.cost =
            FindingCost { bytes: places.iter().map(|(pairing, places)| bytes_apart(pairing, places)).sum(), s: 0.0 };
        finding
    });
    let mut findings: Vec<ReportFinding> = findings.collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.cost.bytes));
    findings
}

/// By how many bytes these exchanges differ.
fn bytes_apart(pairing: &Pairing<'_>, places: &[[usize; 2]]) -> u64 {
    let bytes = |side: usize, place: usize| {
        pairing.captures[side].exchanges.get(place).map_or(0, |exchange| exchange.tally().frame_bytes)
    };
    places.iter().map(|[one, other]| bytes(0, *one).abs_diff(bytes(1, *other))).sum()
}

/// "webapp (page, update 1, update 2 and 3 more)".
fn named(pairing: &Pairing<'_>, places: &[[usize; 2]]) -> String {
    let called = |[place, _]: &[usize; 2]| {
        let exchange = pairing.captures[0].exchanges.get(*place)?;
        let label = exchange.own_label().filter(|_| pairing.captures[0].app.is_none() && exchange.kind != Kind::Update);
        Some(label.map_or_else(|| exchange.name().to_string(), |label| format!("{} {label}", exchange.kind)))
    };
    let mut called: Vec<String> = places.iter().take(MOST_NAMED).filter_map(called).collect();
    if places.len() > MOST_NAMED {
        called.push(format!("{} more", places.len() - MOST_NAMED));
    }
    format!("{} ({})", pairing.name(), listed(&called))
}

/// Exchanges of a capture that a sentence names; its evidence has all of them.
const MOST_NAMED: usize = 3;
