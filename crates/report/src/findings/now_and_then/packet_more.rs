//! An update that has a packet more than the median one, since the server acknowledged the request by itself.

use wirelab_analyze::model::{Capture, FindingId, Packet};

use super::{Evidence, Find, Found, Known, Place, ReportFinding, Rule, together};
use crate::lookup;
use crate::numbers::{count, word};

pub const RULE: Rule = Rule {
    id: "packet-more",
    title: "An update with a packet more",
    place: Place::NumbersAsked(
        "The same bytes are asked for and sent, and yet one update takes a packet more than the median one. Which packet is it?",
    ),
    means: "The server acknowledged the request with a packet of its own, at once, and answered soon after: in the median update the \
            answer carries that ACK.",
    looks: "An update with more packets than the median one, nothing in it sent again, and an ACK of the server that quick-ack names.",
    mistaken: "A loss: then something is on the wire twice.",
    helps: "Nothing need be done: it is one small packet.",
    source: "RFC 9293, section 3.8.6.3",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let found = known.captures().iter().enumerate().filter_map(|(at, capture)| Some((at, capture, said(capture)?)));
    let found = found.map(|(at, capture, (text, packets))| Found {
        text,
        name: capture.name.clone(),
        evidence: Evidence::packets(at, packets),
    });
    together(&RULE, found.collect())
}

fn said(capture: &Capture) -> Option<(String, Vec<u64>)> {
    let median = lookup::median_update(capture)?;
    let (packets, acks) = (median.tally().total_packets, quick(capture, &lookup::packets(capture, median)).len());
    let mut more = Vec::new();
    for update in capture.exchanges.updates() {
        let tally = update.tally();
        let own = quick(capture, &lookup::packets(capture, update));
        let is_more = tally.total_packets > packets && tally.retransmitted_packets == 0 && own.len() > acks;
        if let (true, Some(ack), Some(index)) = (is_more, own.first(), update.index()) {
            more.push((index, *ack, tally.total_packets));
        }
    }
    let &(index, ack, of) = more.first()?;
    let others = match more.len() - 1 {
        0 => String::new(),
        others => format!(" ({} like it)", count(others as u64, "other update")),
    };
    let text = format!(
        "update {index} takes {} packets where the median takes {}{others}. Packet {ack} is an ACK on its own: the server's TCP \
         acknowledged the request at once, and did not wait for the answer, which came soon after it and could have carried the ACK.",
        word(of),
        word(packets),
    );
    Some((text, more.into_iter().map(|(_, ack, _)| ack).collect()))
}

/// The server's ACKs among these of which the findings say that they came just before the answer.
fn quick(capture: &Capture, packets: &[&Packet]) -> Vec<u64> {
    let acks = lookup::server_acks(packets).into_iter().map(|ack| ack.number);
    acks.filter(|number| lookup::shows(capture, FindingId::QuickAck, *number)).collect()
}
