//! How many packets loading a page again takes, and what each is for.

use wirelab_analyze::model::FindingId;
use wirelab_catalog::App;

use super::{Find, Known, Place, ReportFinding, Rule};
use crate::lookup;
use crate::numbers::{capital, count, word};
use crate::tables::TableKind;

pub const RULE: Rule = Rule {
    id: "packets-of-page",
    title: "The packets of a page that is loaded again",
    place: Place::Question(
        "A browser reloads a page whose request and answer are each smaller than one segment. How many packets is that, and what is \
         each for?",
    ),
    means: "A request, its answer and an ACK are three packets, where each of the two fits into a segment and is written at once: the \
            request carries the ACK of what came before, the answer that of the request, and only the answer's own ACK travels alone.",
    looks: "The median update of the full page: its packets with data, and those without.",
    mistaken: "A number that every browser and server have: who writes in pieces sends more.",
    helps: "Write an answer at once.",
    source: "RFC 9293, section 3.7.4",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let row = known.row_of(TableKind::PerUpdate, App::Web);
    let found = row.and_then(|row| Some((row, known.captures().get(row.capture)?)));
    let Some((row, capture)) = found else { return Vec::new() };
    let Some(median) = lookup::median_update(capture) else { return Vec::new() };
    let waits = |number: &u64| {
        [FindingId::AckWait, FindingId::NagleDelayedAck].iter().any(|id| lookup::shows(capture, *id, *number))
    };
    let (packets, data) = (row.tally.total_packets, row.tally.app_packets);
    let why = if median.packets.iter().any(waits) {
        " Its answer comes in several segments, of which a later one waited until the one before was acknowledged."
    } else {
        ""
    };
    let text = format!(
        "{} here: {} with data and {} that only acknowledge.{why}",
        capital(&count(packets, "packet")),
        word(data),
        word(packets - data)
    );
    vec![RULE.seen(text).shown_by([known.update(row.capture)])]
}
