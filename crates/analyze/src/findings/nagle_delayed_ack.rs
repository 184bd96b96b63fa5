//! A small segment waited for an ACK, and the peer held that ACK back: Nagle's algorithm met a delayed ACK.

use super::words::{average, duration, side};
use super::{Evidence, Rule, Seen};
use crate::model::{Finding, FindingId};
use crate::observations::Fact;

pub(super) const RULE: Rule = Rule {
    id: FindingId::NagleDelayedAck,
    means: "Two good habits met. The sender holds a small segment back while an earlier one is not acknowledged (Nagle's \
            algorithm), so that it need not send many small packets. The receiver holds its ACK back for a while, so that it \
            can go with an answer (delayed ACK). Each waits for the other, until the receiver's timer ends: 40 to 200 ms.",
    looks: "A small segment; then nothing; then a lone ACK of it, much later than a round trip; and at once the next small \
            segment of the same side. Often they are the head and the body of one answer.",
    mistaken: "A slow server: the rest of the answer was ready long before. A slow network: other packets go to and fro \
               faster on the same connection.",
    helps: "Write a message in one piece: collect head and body before writing them. Or set TCP_NODELAY where the small \
            segments are written. To make the reader acknowledge faster only moves the wait.",
    source: "RFC 9293, sections 3.7.4 and 3.8.6.3",
    is_aside: false,
    find,
};

fn find(evidence: &Evidence<'_>) -> Vec<Finding> {
    [false, true]
        .into_iter()
        .filter_map(|client| Some(said(evidence, &evidence.of(Fact::WaitedForHeldAck, client)?, client)))
        .collect()
}

fn said(evidence: &Evidence<'_>, seen: &Seen<'_>, client: bool) -> Finding {
    let cases = &seen.cases;
    let [before, ack, after] = cases.worst.packets;
    let (writer, reader) = (side(client), side(!client));
    let how_long = average(cases.ns, cases.times, cases.worst.ns);
    let delay = duration(cases.held_ns / cases.times);
    let text = format!(
        "In {} a small segment of the {writer} waited until the {reader} acknowledged the one before, and the {reader} held \
         that ACK back: {how_long}, of which the delay is {delay} (packet {after} waited for {ack}, the ACK of {before}).",
        seen.exchanges(),
    );
    let finding = RULE.seen(text).observed(seen).costs(0, cases.ns).instead(format!(
        "Write each message in one piece on the {writer}, or set TCP_NODELAY there: then nothing waits for the ACK."
    ));
    // One late ACK may have been late on its way, where nobody knows what the link did; that it is always late, and something always
    // waits, is no chance.
    if cases.times > 2 || evidence.knows_the_link() {
        finding
    } else {
        finding.unless("the ACK was sent at once, and was late on its way")
    }
}
