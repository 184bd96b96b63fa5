//! A small segment waited for an ACK that came at once: a round trip.

use super::words::{average, side};
use super::{Evidence, Rule, Seen};
use crate::model::{Finding, FindingId};
use crate::observations::Fact;

pub(super) const RULE: Rule = Rule {
    id: FindingId::AckWait,
    means: "The sender had the next small segment, and held it back until the one before was acknowledged (Nagle's \
            algorithm). The receiver acknowledged at once, so that it took one round trip: next to nothing on one machine, \
            and 100 ms to the other side of an ocean.",
    looks: "A small segment, its ACK a round trip later, and at once the next small segment of the same side, in a \
            direction that never had two small segments on their way at a time.",
    mistaken: "A program that writes late: then the segment does not follow an ACK. A window that is full: then the \
               segments are not small. Two hosts on one machine: there the ACK comes sooner than the second write, and nobody \
               waits for it.",
    helps: "Write a message in one piece, or set TCP_NODELAY where the small segments are written.",
    source: "RFC 9293, section 3.7.4",
    is_aside: false,
    find,
};

fn find(evidence: &Evidence<'_>) -> Vec<Finding> {
    let seen = |client| Some((evidence.of(Fact::WaitedForAck, client)?, client));
    let sides = [false, true].into_iter().filter_map(seen);
    sides.filter(|(seen, _)| is_a_habit(seen)).map(|(seen, client)| said(&seen, client)).collect()
}

/// Whether it is more than chance: where an ACK takes less than a program between two writes, it comes before the second
/// whether that waits for it or not. On one machine it always does.
fn is_a_habit(seen: &Seen<'_>) -> bool {
    let of: u64 = seen.names.iter().map(|name| name.of).sum();
    let cases = &seen.cases;
    cases.worst.ns >= SHORT_NS
        || cases.times > 2 && seen.exchanges * 2 >= of && cases.ns / cases.times >= BETWEEN_WRITES_NS
}

fn said(seen: &Seen<'_>, client: bool) -> Finding {
    let cases = &seen.cases;
    let [before, ack, after] = cases.worst.packets;
    let (writer, reader) = (side(client), side(!client));
    let how_long = average(cases.ns, cases.times, cases.worst.ns);
    let text = format!(
        "In {} a small segment of the {writer} waited until the {reader} acknowledged the one before, which it did without \
         delay: {how_long} (packet {after} waited for {ack}, the ACK of {before}).",
        seen.exchanges(),
    );
    let finding = RULE.seen(text).observed(seen).costs(0, cases.ns).instead(format!(
        "Write each message in one piece on the {writer}, or set TCP_NODELAY there: then nothing waits for the ACK."
    ));
    if cases.times > 2 && cases.ns / cases.times >= SHORT_NS {
        finding
    } else {
        finding.unless("the program wrote the second piece just when the ACK came")
    }
}

/// Within so short a time a program may have written the second piece by itself, just when the ACK came.
const SHORT_NS: u64 = 1_000_000;
/// A program that writes two pieces one after the other takes less.
const BETWEEN_WRITES_NS: u64 = 100_000;
