//! Packets without data that 2021 had and this capture has not.

use wirelab_analyze::model::{Capture, Kind};

use super::{Find, Found, Known, Place, ReportFinding, Rule, kinds, together};
use crate::lookup;
use crate::numbers::{count, listed};

pub const RULE: Rule = Rule {
    id: "acks-of-2021",
    title: "Fewer ACKs than in 2021",
    place: Place::Numbers,
    means: "As many packets with data as were published, and fewer without. An answer that comes in time carries the ACK of its \
            request; where it does, that ACK needs no packet of its own.",
    looks: "All exchanges of a kind (page, subscription, updates) beside what was published of them.",
    mistaken: "An answer in fewer segments: then packets with data differ, too.",
    helps: "Nothing need be done.",
    source: "RFC 9293, section 3.8.6.3",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let mut found = Vec::new();
    for (at, capture, facts) in known.comparable() {
        let is_fewer = |kind: &Kind| {
            let (now, then) = kinds(capture, &facts, *kind);
            now.app_packets == then.app_packets && now.total_packets < then.total_packets
        };
        let fewer: Vec<Kind> = [Kind::Page, Kind::Subscribe, Kind::Update].into_iter().filter(is_fewer).collect();
        let packets = |kind: &Kind| {
            let (now, then) = kinds(capture, &facts, *kind);
            then.total_packets - now.total_packets
        };
        let all: u64 = fewer.iter().map(packets).sum();
        if all == 0 {
            continue;
        }
        let names: Vec<String> = fewer.iter().map(Kind::to_string).collect();
        let carried = if fewer.iter().all(|kind| answers_carry_acks(capture, *kind)) {
            " Here the answers carry the ACKs of what was asked."
        } else {
            ""
        };
        let text = format!(
            "as many packets with data as in 2021, and {} fewer without, in {}.{carried}",
            count(all, "packet"),
            listed(&names)
        );
        let evidence = known.all(at, |one| fewer.contains(&one.kind));
        found.push(Found { text, name: capture.name.clone(), evidence });
    }
    together(&RULE, found)
}

/// Whether no request of these was acknowledged by a packet of the server without data.
fn answers_carry_acks(capture: &Capture, kind: Kind) -> bool {
    let mut all = capture.exchanges.iter().filter(|one| one.kind == kind);
    let is_whole = capture.packets.len() as u64 == capture.totals.total_packets && capture.rows_left_out == 0;
    is_whole && all.all(|one| lookup::server_acks(&lookup::packets(capture, one)).is_empty())
}
