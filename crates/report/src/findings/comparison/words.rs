//! Other payload.

use super::pairs::{Both, differences};
use super::{Compared, Find, Place, ReportFinding, Rule};
use crate::numbers::{count, grouped};

pub const RULE: Rule = Rule {
    id: "other-words",
    title: "Not as many bytes are said",
    place: Place::Difference,
    means: "The programs say something else: other header fields, another content, other framing. That is decided by client and \
            server, and by nothing on the way.",
    looks: "In the same exchange of both runs another number of bytes of payload, though as much was sent again.",
    mistaken: "Packets that were sent again, which bring the same bytes twice: these are counted apart.",
    helps: "Look at both exchanges as a conversation: `wirelab show FILE --follow N`.",
    source: "RFC 9110, section 6.3",
    find: Find::InComparison(find),
};

fn find(compared: &Compared<'_>) -> Vec<ReportFinding> {
    differences(compared, &RULE, said)
}

fn said(both: &Both<'_>, [a, b]: [&str; 2]) -> Option<String> {
    (both.is_of_messages() && both.differ(|tally| tally.app_bytes)).then(|| {
        let [one, other] = both.tallies().map(|tally| tally.app_bytes);
        format!("{} of payload in {a}, and {} in {b}", count(one, "byte"), grouped(other))
    })
}
