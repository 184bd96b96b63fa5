//! The answer had begun, and its program wrote the rest late.

use super::words::duration;
use super::{Evidence, Rule};
use crate::model::{Finding, FindingId};
use crate::observations::Fact;

pub(super) const RULE: Rule = Rule {
    id: FindingId::SlowSender,
    means: "The answer had begun, and a tenth of a second or more passed before its next bytes, though the sender had room and \
            no ACK to wait for: its program wrote them late. These pauses are at least half of what the exchange took.",
    looks: "A part of an answer that fills neither its segment nor the window, then nothing, then the next part, and no ACK just \
            before it.",
    mistaken: "Nagle's algorithm, a full window or a lost packet: in these an ACK, or a packet that comes again, ends the pause.",
    helps: "Look into the program that writes the answer: what does it wait for between two writes.",
    source: "docs/time.md (sender)",
    is_aside: false,
    find,
};

fn find(evidence: &Evidence<'_>) -> Vec<Finding> {
    let Some(seen) = evidence.of(Fact::SlowSender, false) else { return Vec::new() };
    let cases = &seen.cases;
    let [before, after, _] = cases.worst.packets;
    let how_long = match cases.times {
        1 => duration(cases.ns),
        times => {
            format!("{} in all, in {times} pauses, the longest {}", duration(cases.ns), duration(cases.worst.ns))
        }
    };
    let text = format!(
        "In {} the server had begun its answer and did not go on for {how_long} (between packets {before} and {after}).",
        seen.exchanges(),
    );
    let finding = RULE.seen(text).observed(&seen).costs(0, cases.ns);
    // The link's own list would say so.
    if evidence.knows_the_link() {
        return vec![finding];
    }
    vec![finding.unless("a part of the answer was lost before it was captured, and this is its second copy")]
}
