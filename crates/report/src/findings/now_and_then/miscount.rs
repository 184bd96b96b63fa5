//! The one figure in which the table of 2021 and its packets disagree.

use super::{Evidence, Find, Found, Known, Place, ReportFinding, Rule, together};
use crate::numbers::word;

pub const RULE: Rule = Rule {
    id: "miscount-of-2021",
    title: "A miscount in the table of 2021",
    place: Place::Numbers,
    means: "The published table says 12 packets with data of the WebSocket app. Its own capture holds 13, and its sums of bytes count \
            all 13. The other published figures hold to the byte.",
    looks: "As many packets with data as the capture of 2021 holds, and not as many as its table says.",
    mistaken: "A difference of this capture: it has as many as that of 2021.",
    helps: "Nothing need be done.",
    source: "docs/updates.md",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let mut found = Vec::new();
    for (at, capture, facts) in known.comparable() {
        let Some(miscount) = facts.miscount else { continue };
        if capture.totals.app_packets != miscount.app_packets {
            continue;
        }
        let text = format!(
            "{} packets with data here; the published table says {}. Its own capture holds {} too: {}.",
            word(capture.totals.app_packets),
            facts.overall.app_packets,
            miscount.app_packets,
            miscount.they_are
        );
        let with_data =
            capture.packets.iter().filter(|packet| packet.app_len > 0).map(|packet| packet.number).collect();
        found.push(Found { text, name: capture.name.clone(), evidence: Evidence::packets(at, with_data) });
    }
    together(&RULE, found)
}
