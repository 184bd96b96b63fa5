//! Handshakes that are not alike.

use wirelab_analyze::model::Kind;

use super::pairs::{Both, differences};
use super::{Compared, Find, Place, ReportFinding, Rule};
use crate::numbers::{count, grouped};

pub const RULE: Rule = Rule {
    id: "other-opening",
    title: "Connections that open in another way",
    place: Place::Difference,
    means: "The handshakes of the two runs are not alike: the SYNs carry other options, or one was sent again.",
    looks: "In the same handshake of both runs another number of packets or of bytes.",
    mistaken: "A connection more or less: that is a handshake more, and no other one.",
    helps: "It is paid once a connection. Compare the options of the two SYNs: `wirelab show FILE --packet N`.",
    source: "RFC 9293, section 3.2",
    find: Find::InComparison(find),
};

fn find(compared: &Compared<'_>) -> Vec<ReportFinding> {
    differences(compared, &RULE, said)
}

fn said(both: &Both<'_>, [a, b]: [&str; 2]) -> Option<String> {
    let is_other = both.differ(|tally| tally.total_packets) || both.differ(|tally| tally.frame_bytes);
    (both.kind() == Kind::Setup && is_other).then(|| {
        let [one, other] = both.tallies();
        format!(
            "Opening takes {} and {} bytes in {a}, and {} and {} bytes in {b}",
            count(one.total_packets, "packet"),
            grouped(one.frame_bytes),
            count(other.total_packets, "packet"),
            grouped(other.frame_bytes)
        )
    })
}
