//! Ends that are not alike.

use wirelab_analyze::model::Kind;

use super::pairs::{Both, differences};
use super::{Compared, Find, Place, ReportFinding, Rule};
use crate::numbers::{count, grouped};

pub const RULE: Rule = Rule {
    id: "other-closing",
    title: "Connections that close in another way",
    place: Place::Difference,
    means: "Which FINs, ACKs and RSTs of the two ends meet on the way depends on each TCP and on its timers. It is no part of an \
            update.",
    looks: "In the same close of both runs another number of packets or of bytes.",
    mistaken: "A capture that ends before the connection does.",
    helps: "Nothing need be done: it is paid once a connection.",
    source: "RFC 9293, section 3.6",
    find: Find::InComparison(find),
};

fn find(compared: &Compared<'_>) -> Vec<ReportFinding> {
    differences(compared, &RULE, said)
}

fn said(both: &Both<'_>, [a, b]: [&str; 2]) -> Option<String> {
    let is_other = both.differ(|tally| tally.total_packets) || both.differ(|tally| tally.frame_bytes);
    (both.kind() == Kind::Close && is_other).then(|| {
        let [one, other] = both.tallies();
        format!(
            "Closing takes {} and {} bytes in {a}, and {} and {} bytes in {b}",
            count(one.total_packets, "packet"),
            grouped(one.frame_bytes),
            count(other.total_packets, "packet"),
            grouped(other.frame_bytes)
        )
    })
}
