//! The same data, with more packets that carry none.

use super::pairs::{Both, differences};
use super::{Compared, Find, Place, ReportFinding, Rule};
use crate::numbers::count;

pub const RULE: Rule = Rule {
    id: "other-acks",
    title: "As much data, with another number of packets without any",
    place: Place::Difference,
    means: "Both sides sent the same data in as many packets, and one of the runs has more packets beside them that only \
            acknowledge. An ACK goes with data where there is some to send in time, and alone where there is not.",
    looks: "In the same exchange of both runs as many packets with payload and as many bytes of it, and not as many packets in all.",
    mistaken: "More data: then packets with payload differ too. Packets that were sent again: these are counted apart.",
    helps: "Look at the packets of both: what came before the ACK, and how soon the data came that could have carried it \
            (quick-ack, delayed-ack).",
    source: "RFC 9293, section 3.8.6.3",
    find: Find::InComparison(find),
};

fn find(compared: &Compared<'_>) -> Vec<ReportFinding> {
    differences(compared, &RULE, said)
}

fn said(both: &Both<'_>, [a, b]: [&str; 2]) -> Option<String> {
    let same_data = !both.differ(|tally| tally.app_packets) && !both.differ(|tally| tally.app_bytes);
    (both.is_of_messages() && same_data && both.differ(|tally| tally.total_packets)).then(|| {
        let [one, other] = both.tallies().map(|tally| tally.total_packets - tally.app_packets);
        format!("As much data, and beside it {} without any in {a}, {other} in {b}", count(one, "packet"))
    })
}
