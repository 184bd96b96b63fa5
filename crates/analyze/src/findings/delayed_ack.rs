//! An ACK on its own that came late: its side had nothing to send with it, and a timer sent it in the end.

use super::words::{average, count, grouped, side};
use super::{Evidence, Rule, Seen};
use crate::model::{Finding, FindingId};
use crate::observations::Fact;

pub(super) const RULE: Rule = Rule {
    id: FindingId::DelayedAck,
    means: "A host holds an ACK back for a while, so that it can go with data of its own. Here it had none in time, and the ACK \
            came alone when a timer ended. That is how TCP is meant to work, and it costs time only where something waits for \
            the ACK.",
    looks: "A packet without payload that acknowledges new bytes 10 ms or more later than the way there and back takes.",
    mistaken: "A way that is slow for a moment. A receiver that is slow: TCP acknowledges before its program reads.",
    helps: "Nothing need be done, unless something waits for it (nagle-delayed-ack).",
    source: "RFC 9293, section 3.8.6.3; RFC 5681, section 4.2",
    is_aside: true,
    find,
};

fn find(evidence: &Evidence<'_>) -> Vec<Finding> {
    let late = |client: bool| {
        let seen = evidence.of(Fact::AckedLate, client)?;
        // Where something waited for each of them, that is what there is to say.
        let waited = evidence.of(Fact::WaitedForHeldAck, !client).map_or(0, |held| held.cases.times);
        (seen.cases.times > waited).then(|| said(&seen, client))
    };
    [false, true].into_iter().filter_map(late).collect()
}

fn said(seen: &Seen<'_>, client: bool) -> Finding {
    let cases = &seen.cases;
    let [_, ack, _] = cases.worst.packets;
    let how = average(cases.held_ns, cases.times, cases.worst.held_ns);
    let text = format!(
        "In {} the {} acknowledged with {} and {} bytes, later than the way takes: {how} (packet {ack}).",
        seen.exchanges(),
        side(client),
        if cases.times == 1 {
            "a packet of its own".to_owned()
        } else {
            count(cases.times, "packet") + " of their own"
        },
        grouped(cases.bytes),
    );
    RULE.seen(text).observed(seen).unless("the way was slower for these packets than for the others")
}
