//! The handshake against that of 2021.

use wirelab_analyze::model::{Capture, Kind, Layer};
use wirelab_dissect::tcp::Flags;

use super::{Find, Found, Known, Place, ReportFinding, Rule, kinds, together};
use crate::numbers::{count, grouped};

pub const RULE: Rule = Rule {
    id: "handshake-of-2021",
    title: "Another handshake than in 2021",
    place: Place::Numbers,
    means: "The options of a SYN are those of its host: the client of 2021 was a Mac, whose SYN had a TCP header of 44 bytes. Where \
            there are more or fewer packets, there are more or fewer connections, or a SYN was sent again.",
    looks: "The packets of all handshakes, and their TCP headers, beside those that were published.",
    mistaken: "A part of an update: it is paid once a connection.",
    helps: "Nothing need be done.",
    source: "RFC 9293, section 3.2",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let mut found = Vec::new();
    for (at, capture, facts) in known.comparable() {
        let (now, then) = kinds(capture, &facts, Kind::Setup);
        let (bytes, bytes_then) = (now.layers[Layer::Tcp], then.layers[Layer::Tcp]);
        if (now.total_packets, bytes) == (then.total_packets, bytes_then) {
            continue;
        }
        let syn = syn_header(capture).map_or_else(String::new, |len| format!("; the first SYN here has {len}"));
        let text = format!(
            "the {} of the handshake carry {} bytes of TCP header, {} and {} in 2021{syn}.",
            count(now.total_packets, "packet"),
            grouped(bytes),
            grouped(then.total_packets),
            grouped(bytes_then),
        );
        found.push(Found { text, name: capture.name.clone(), evidence: known.kind(at, Kind::Setup) });
    }
    together(&RULE, found)
}

/// How long the TCP header of the first SYN is.
fn syn_header(capture: &Capture) -> Option<u32> {
    capture.packets.iter().find(|packet| packet.flags == Flags::SYN).map(|packet| packet.tcp_len)
}
