//! Head and body of an answer in one segment, where 2021 had two.

use wirelab_analyze::model::Layer;

use super::{Evidence, Find, Found, Known, Place, ReportFinding, Rule, together};
use crate::lookup;
use crate::numbers::word;

pub const RULE: Rule = Rule {
    id: "one-segment",
    title: "One segment where 2021 had two",
    place: Place::Numbers,
    means: "The server of 2021 wrote the head of an answer first and the body after it. With Nagle's algorithm on, a small second \
            segment has to wait until the first is acknowledged, so that head, ACK, body, ACK made five packets with the request.",
    looks: "In the median update one packet of the server with data, and fewer packets than were published.",
    mistaken: "An answer that is larger than a segment: that takes several, however it is written.",
    helps: "Write head and body at once.",
    source: "RFC 9293, section 3.7.4",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let mut found = Vec::new();
    for (at, capture, facts) in known.published() {
        let Some(median) = lookup::median_update(capture) else { continue };
        let (now, then) = (median.tally().total_packets, facts.per_update.total_packets);
        let packets = lookup::packets(capture, median);
        if let [only] = lookup::server_data(&packets).as_slice()
            && facts.per_update.layers[Layer::ResponseHead] > 0
            && now < then
        {
            let text = format!(
                "head and body of the answer leave in one packet, and one ACK answers for both: {} packets an update, {} in 2021.",
                word(now),
                word(then),
            );
            found.push(Found { text, name: capture.name.clone(), evidence: Evidence::packets(at, vec![only.number]) });
        }
    }
    together(&RULE, found)
}
