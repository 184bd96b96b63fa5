//! Packets that are in the capture twice.

use super::words::{capital, grouped, part};
use super::{Evidence, Rule};
use crate::model::{Finding, FindingId};

pub(super) const RULE: Rule = Rule {
    id: FindingId::CapturedTwice,
    means: "The same packet is in the capture twice: it was recorded on two links, on both sides of a hop, or on an interface and \
            on what that is made of (\"any\", a bridge). Packets and bytes are counted as they stand in the file, so these count \
            twice. As what was sent twice cannot be told from what was recorded twice, no loss is claimed.",
    looks: "Two packets within a millisecond with the same numbers, length, window and identification in the IP header; addresses \
            of the link and the TTL may differ.",
    mistaken: "Retransmissions: a host gives what it sends again another identification, and takes longer. A network that delivers \
               a packet twice looks the same.",
    helps: "Capture on one interface, or take the second copies out: editcap -d, or a display filter for one of the links.",
    source: "RFC 791, section 3.1; RFC 6864, section 4",
    is_aside: false,
    find,
};

fn find(evidence: &Evidence<'_>) -> Vec<Finding> {
    let (twice, total) = (&evidence.twice, evidence.capture.totals.total_packets);
    if twice.count == 0 {
        return Vec::new();
    }
    let text = format!(
        "{} {} the second record of a packet: {} bytes are counted twice.",
        capital(&part(twice.count, total, "packet")),
        if twice.count == 1 { "is" } else { "are" },
        grouped(twice.bytes)
    );
    let finding = RULE
        .seen(text)
        .shown_by(&twice.packets)
        .instead("Capture on one interface, or remove the second copies: editcap -d.");
    let is_most = twice.count * 5 > total * 2;
    let finding = finding.costs(twice.bytes, 0);
    vec![if is_most { finding } else { finding.unless("the network delivered these packets twice") }]
}
