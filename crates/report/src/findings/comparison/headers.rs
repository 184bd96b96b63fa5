//! The same packets with other headers.

use super::pairs::{Both, differences};
use super::{Compared, Find, Place, ReportFinding, Rule};
use crate::numbers::{count, grouped};

pub const RULE: Rule = Rule {
    id: "other-headers",
    title: "The same packets with other headers",
    place: Place::Difference,
    means: "The same payload travels in as many packets, and the headers around it are not as long: another link, IPv6 instead of \
            IPv4, TCP with or without timestamps, selective acknowledgements, padding.",
    looks: "In the same exchange of both runs as many packets and as many bytes of payload, and not as many bytes on the wire.",
    mistaken: "A capture of another kind of link: its header counts as well, and on the cable there was another.",
    helps: "Compare the headers of two such packets: `wirelab show FILE --packet N`.",
    source: "RFC 7323, section 3.2",
    find: Find::InComparison(find),
};

fn find(compared: &Compared<'_>) -> Vec<ReportFinding> {
    differences(compared, &RULE, said)
}

fn said(both: &Both<'_>, [a, b]: [&str; 2]) -> Option<String> {
    let same = !both.differ(|tally| tally.total_packets)
        && !both.differ(|tally| tally.app_packets)
        && !both.differ(|tally| tally.app_bytes);
    (both.is_of_messages() && same && both.differ(|tally| tally.frame_bytes)).then(|| {
        let [one, other] = both.tallies().map(|tally| tally.frame_bytes - tally.app_bytes);
        format!("Headers take {} in {a}, and {} in {b}, around the same payload", count(one, "byte"), grouped(other))
    })
}
