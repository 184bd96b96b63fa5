//! Frames of HTTP/2, which are not read.

use super::bursts::bursts;
use super::words::{capital, count, grouped, part};
use super::{Evidence, Rule};
use crate::model::{Finding, FindingId, Protocol};
use crate::observations::Fact;

pub(super) const RULE: Rule = Rule {
    id: FindingId::Http2,
    means: "The connections speak HTTP/2 without TLS. Who sends frames when, and on how many streams, is seen. Fields are compressed \
            and streams share the connection, so that no requests, events or updates are told apart, and none are claimed. What \
            sets the connection up, and what says how much may be sent, is no burst.",
    looks: "The 24 bytes that begin with PRI, then frames of nine bytes of header and a payload.",
    mistaken: "HTTP/1.1 that asks to go on as HTTP/2 (Upgrade: h2c): that is read as a tunnel.",
    helps: "Let the client speak HTTP/1.1 while measuring, or capture behind the place where HTTP/2 ends.",
    source: "RFC 9113, sections 4 and 5",
    is_aside: false,
    find,
};

fn find(evidence: &Evidence<'_>) -> Vec<Finding> {
    let connections = &evidence.capture.connections;
    let http2 = connections.iter().filter(|one| one.protocol == Protocol::Http2);
    let (number, bytes) = http2.fold((0, 0), |(number, bytes), one| (number + 1, bytes + one.tally().app_bytes));
    if number == 0 {
        return Vec::new();
    }
    let streams = evidence.of(Fact::StreamOpened, true).map_or(0, |seen| seen.cases.times);
    let text = format!(
        "{} {} HTTP/2: {} bytes, on {}{}. What they say is not read, and no updates are claimed.",
        capital(&part(number, connections.len() as u64, "connection")),
        if number == 1 { "speaks" } else { "speak" },
        grouped(bytes),
        count(streams, "stream"),
        bursts(evidence, Fact::Http2Burst),
    );
    let finding = RULE.seen(text);
    vec![match evidence.seen(|one| matches!(one.fact, Fact::Http2Burst | Fact::StreamOpened)) {
        Some(seen) => finding.observed(&seen),
        None => finding,
    }]
}
