//! Head and body, or one small message, in several segments where one would do.

use super::words::{count, grouped, side};
use super::{Evidence, Rule, Seen};
use crate::model::{Finding, FindingId};
use crate::observations::Fact;

pub(super) const RULE: Rule = Rule {
    id: FindingId::SplitAnswer,
    means: "A program wrote one message in pieces (the head, then the body; a name, then its value), and each piece became a \
            packet of its own, with headers of its own and often an ACK of its own.",
    looks: "Small segments of one message right behind each other, or with nothing but an ACK between them, which together are \
            no larger than one segment may be.",
    mistaken: "A message that is larger than a segment: that needs several. A program that has the second piece only later: \
               then time passes between them.",
    helps: "Collect a message before writing it, or write it through a buffer that is flushed once.",
    source: "RFC 9293, section 3.7.4; RFC 1122, section 4.2.3.4",
    is_aside: false,
    find,
};

fn find(evidence: &Evidence<'_>) -> Vec<Finding> {
    [false, true].into_iter().filter_map(|client| Some(said(&evidence.of(Fact::Apart, client)?, client))).collect()
}

fn said(seen: &Seen<'_>, client: bool) -> Finding {
    let cases = &seen.cases;
    let [one, other, _] = cases.first.packets;
    let text = format!(
        "In {} the {} sent in several segments what would have fitted in fewer: {} and {} bytes of headers more, ACKs of them \
         not counted (packets {one} and {other} are the first).",
        seen.exchanges(),
        side(client),
        count(cases.times, "packet"),
        grouped(cases.bytes),
    );
    let instead = format!("Write each message in one piece on the {}.", side(client));
    RULE.seen(text).observed(seen).costs(cases.bytes, 0).instead(instead)
}
