//! The same bytes in another number of segments.

use super::pairs::{Both, differences};
use super::{Compared, Find, Place, ReportFinding, Rule};
use crate::numbers::count;

pub const RULE: Rule = Rule {
    id: "other-segments",
    title: "The same bytes in another number of segments",
    place: Place::Difference,
    means: "Both runs say the same, and one of them needs more packets for it, each with headers of its own and often an ACK. \
            What a program writes in pieces may leave in pieces.",
    looks: "In the same exchange of both runs as many bytes of payload, and not as many packets that carry them.",
    mistaken: "Packets that were sent again: these are counted apart. Captures taken before the card has cut large packets.",
    helps: "Collect a message before writing it (split-answer); see whether a piece waited for an ACK (ack-wait, nagle-delayed-ack).",
    source: "RFC 9293, section 3.7.4",
    find: Find::InComparison(find),
};

fn find(compared: &Compared<'_>) -> Vec<ReportFinding> {
    differences(compared, &RULE, said)
}

fn said(both: &Both<'_>, [a, b]: [&str; 2]) -> Option<String> {
    let same_bytes = !both.differ(|tally| tally.app_bytes);
    (both.is_of_messages() && same_bytes && both.differ(|tally| tally.app_packets)).then(|| {
        let [one, other] = both.tallies().map(|tally| tally.app_packets);
        format!("The same bytes leave in {} in {a}, and in {other} in {b}", count(one, "packet"))
    })
}
