//! An ACK on its own, at once, and right behind it the answer that could have carried it.

use super::words::{average, count, grouped, part};
use super::{Evidence, Rule};
use crate::model::{Finding, FindingId};
use crate::observations::Fact;

pub(super) const RULE: Rule = Rule {
    id: FindingId::QuickAck,
    means: "The server's TCP acknowledged a request at once, before its program answered. So the ACK is a packet of its own, \
            where it usually goes with the answer. Some hosts do so at the beginning of a connection, or always.",
    looks: "A request; within a moment an ACK without payload; and soon after it the answer, sooner than the shortest timer of \
            a delayed ACK in use (40 ms).",
    mistaken: "A slow server: there the ACK comes on its own too, since its timer has ended.",
    helps: "It costs one small packet and no time: nothing need be done.",
    source: "RFC 9293, section 3.8.6.3",
    is_aside: true,
    find,
};

fn find(evidence: &Evidence<'_>) -> Vec<Finding> {
    let Some(seen) = evidence.seen(|one| matches!(one.fact, Fact::AckedAhead | Fact::AckedAheadFirst)) else {
        return Vec::new();
    };
    let first = evidence.of(Fact::AckedAheadFirst, false).map_or(0, |seen| seen.cases.times);
    let cases = &seen.cases;
    let [asked, ack, answer] = cases.first.packets;
    let after = average(cases.ns, cases.times, cases.worst.ns);
    let place = match first {
        0 if cases.times == 1 => "not before the first answer of its connection".to_owned(),
        _ if cases.times == 1 => "before the first answer of its connection".to_owned(),
        0 => "none of them before the first answer of its connection".to_owned(),
        _ => format!("{} before the first answer of its connection", part(first, cases.times, "ACK")),
    };
    let text = format!(
        "In {} the server acknowledged what it was asked with a packet of its own, and answered later, after {after}: {} and {} bytes \
         more, {place} (packet {ack} acknowledges {asked}, {answer} answers it).",
        seen.exchanges(),
        count(cases.times, "packet"),
        grouped(cases.bytes),
    );
    vec![RULE.seen(text).observed(&seen).costs(cases.bytes, 0)]
}
