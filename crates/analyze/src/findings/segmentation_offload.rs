//! Packets that no wire carries: captured before the network card cut them, or after it put them together.

use super::words::{count, grouped};
use super::{Evidence, Rule};
use crate::model::{Finding, FindingId};
use crate::observations::Fact;

pub(super) const RULE: Rule = Rule {
    id: FindingId::SegmentationOffload,
    means: "The capture was taken inside a host, between its TCP and its network card. TCP hands the card large pieces, and \
            the card cuts them to the size of the wire (segmentation offload); on the way in the card puts packets together. \
            So there are fewer packets here than on the wire, and fewer bytes of headers.",
    looks: "Packets with more bytes than the other side said in its SYN that it takes in one segment (its MSS).",
    mistaken: "Jumbo frames: then the SYNs of both sides allow them.",
    helps: "Capture on another machine on the way, or switch offload off while capturing: ethtool -K DEVICE tso off gso off \
            gro off. The bytes of the payload are right as they are.",
    source: "RFC 9293, section 3.7.1; RFC 6691",
    is_aside: false,
    find,
};

fn find(evidence: &Evidence<'_>) -> Vec<Finding> {
    let Some(seen) = evidence.seen(|one| one.fact == Fact::Oversized) else { return Vec::new() };
    let cases = &seen.cases;
    let text = format!(
        "{} larger than the other side takes in one segment: captured before a network card cut {them}, or after it put \
         {them} together. On the wire {they} {}, with {} bytes of headers more.",
        if cases.times == 1 { "1 packet is".to_owned() } else { format!("{} are", count(cases.times, "packet")) },
        count(cases.count, "packet"),
        grouped(cases.bytes),
        them = if cases.times == 1 { "it" } else { "them" },
        they = if cases.times == 1 { "it was" } else { "they were" },
    );
    let finding = RULE.seen(text).observed(&seen).instead(
        "Count packets and headers in a capture from another machine on the way, or with offload switched off.",
    );
    vec![finding]
}
