//! The server had the request, and took long to begin its answer.

use wirelab_catalog::Renewal;

use super::words::average;
use super::{Evidence, Rule};
use crate::model::{Finding, FindingId};
use crate::observations::Fact;

pub(super) const RULE: Rule = Rule {
    id: FindingId::SlowServer,
    means: "The request was there, and a tenth of a second or more passed before the first byte of the answer, which is at least \
            half of what the exchange took. The server computed, waited for something else, or held the answer on purpose, as \
            with long polling. The way there and back is not in it.",
    looks: "The last packet of a request, then at most an ACK of it, then nothing until the answer begins.",
    mistaken: "A slow network: its part is told from the ACKs and taken off. A request that was lost before the capture point \
               and came again looks like a slow server from there.",
    helps: "Look into the server: its log, its own timers. Where the answer is held on purpose, nothing need be done.",
    source: "docs/time.md (server)",
    is_aside: false,
    find,
};

fn find(evidence: &Evidence<'_>) -> Vec<Finding> {
    // To answer late is what such a server is there for.
    if evidence.capture.app.is_some_and(|app| app.renewal() == Renewal::Held) {
        return Vec::new();
    }
    let Some(seen) = evidence.of(Fact::SlowServer, false) else { return Vec::new() };
    let cases = &seen.cases;
    let [asked, answered, _] = cases.worst.packets;
    let how_long = average(cases.ns, cases.times, cases.worst.ns);
    let text = format!(
        "In {} the server had what it was asked, and had not begun to answer for {how_long} (packet {answered} answers {asked}).",
        seen.exchanges(),
    );
    let finding = RULE.seen(text).observed(&seen).costs(0, cases.ns);
    // The link's own list would say so.
    if evidence.knows_the_link() {
        return vec![finding];
    }
    vec![finding.unless("what it was asked, or its answer, was lost before it was captured")]
}
