//! Frames that are not counted, since they carry no TCP.

use super::words::{capital, count, listed, part};
use super::{Evidence, Rule};
use crate::model::{Finding, FindingId, OtherTransport};

pub(super) const RULE: Rule = Rule {
    id: FindingId::OtherTransport,
    means: "Only TCP is counted. What other frames carry (QUIC, other UDP, ICMP, ARP and so on) is listed with packets and \
            bytes, and is in none of the tables. A page over HTTP/3 is such traffic: QUIC runs over UDP.",
    looks: "Frames whose IP header names another protocol than TCP, or that have no IP header.",
    mistaken: "Packets that were lost or could not be read: these are named as such.",
    helps: "Nothing need be done where it is not the traffic that is asked about. To count a page of HTTP/3, make the browser \
            take HTTP/1.1 (switch QUIC off).",
    source: "RFC 9000, section 17.2 (QUIC)",
    is_aside: true,
    find,
};

fn find(evidence: &Evidence<'_>) -> Vec<Finding> {
    let others = &evidence.capture.other_transports;
    let packets = others.iter().map(|one| one.packets).sum();
    if packets == 0 {
        return Vec::new();
    }
    let of = |one: &OtherTransport| {
        format!("{} of {} with {}", count(one.packets, "frame"), one.protocol, count(one.bytes, "byte"))
    };
    let mut said: Vec<String> = others.iter().take(MOST_NAMED).map(of).collect();
    if others.len() > MOST_NAMED {
        said.push(count((others.len() - MOST_NAMED) as u64, "more kind"));
    }
    let (carry, are) = if packets == 1 { ("carries", "is") } else { ("carry", "are") };
    let text = format!(
        "{} {carry} no TCP and {are} not counted: {}.",
        capital(&part(packets, evidence.capture.frames, "frame")),
        listed(&said)
    );
    vec![RULE.seen(text).shown_by(&evidence.frames.others)]
}

/// Protocols that the sentence names.
const MOST_NAMED: usize = 4;
