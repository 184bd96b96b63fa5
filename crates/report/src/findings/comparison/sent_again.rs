//! Not as much was sent again.

use wirelab_analyze::model::{Capture, Layer};

use super::{Compared, Find, Pairing, Place, ReportFinding, Rule};
use crate::numbers::{count, grouped};

pub const RULE: Rule = Rule {
    id: "sent-again",
    title: "Not as much was sent again",
    place: Place::Difference,
    means: "Packets that carry only what was on the wire before count as packets and bytes of the exchange that they repeat, \
            since the wire carried them. So a run with losses costs more, though its programs say the same.",
    looks: "Payload that the capture has twice, in one of the runs more often than in the other.",
    mistaken: "Packets that were recorded twice (captured-twice): these were sent once.",
    helps: "See what was lost, where, and what waited for it (loss).",
    source: "RFC 9293, section 3.8",
    find: Find::InComparison(find),
};

fn find(compared: &Compared<'_>) -> Vec<ReportFinding> {
    let again = |pairing: &Pairing<'_>| pairing.captures.map(|capture| capture.totals.retransmitted_packets);
    let differing: Vec<Pairing<'_>> =
        compared.pairings().filter(|pairing| again(pairing)[0] != again(pairing)[1]).collect();
    if differing.is_empty() {
        return Vec::new();
    }
    let said: Vec<String> = differing.iter().map(|pairing| said(pairing, compared.names)).collect();
    let mut finding = RULE.seen(format!("Sent again were {}.", said.join("; ")));
    for pairing in &differing {
        let bytes = pairing.captures.map(|capture| capture.totals.of(Layer::Retransmitted));
        finding.cost.bytes += bytes[0].abs_diff(bytes[1]);
        finding =
            finding.shown_by([0, 1].map(|side| compared.evidence(side, pairing, repeated(pairing.captures[side]))));
    }
    vec![finding]
}

/// "of webapp 0 of 18 packets in a and 3 of 106 in b".
fn said(pairing: &Pairing<'_>, [a, b]: [&str; 2]) -> String {
    let [one, other] = pairing
        .captures
        .map(|capture| (grouped(capture.totals.retransmitted_packets), count(capture.totals.total_packets, "packet")));
    format!("of {} {} of {} in {a} and {} of {} in {b}", pairing.name(), one.0, one.1, other.0, other.1)
}

/// The exchanges in which something was sent again.
fn repeated(capture: &Capture) -> impl Iterator<Item = usize> {
    let all = capture.exchanges.iter().enumerate();
    all.filter(|(_, one)| one.tally().retransmitted_packets > 0).map(|(place, _)| place)
}
