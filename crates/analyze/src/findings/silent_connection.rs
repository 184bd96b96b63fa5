//! A connection that was opened, and on which nobody said anything.

use super::words::{capital, grouped, part};
use super::{Evidence, Rule};
use crate::model::{Finding, FindingId, Kind, Protocol};
use crate::observations::{MOST_NUMBERS, Numbers, Room};

pub(super) const RULE: Rule = Rule {
    id: FindingId::SilentConnection,
    means: "A connection was opened, and no byte was sent on it in either direction. Browsers open connections ahead of need, \
            port scanners and health checks do no more, and a client may wait for a greeting that never comes.",
    looks: "A whole handshake, and no packet with payload.",
    mistaken: "A connection whose SYN was not answered: that never opened. A connection that was captured only in part.",
    helps: "Nothing need be done where a browser or a health check opened it. Else look at what the client waits for.",
    source: "RFC 9293, section 3.5",
    is_aside: true,
    find,
};

fn find(evidence: &Evidence<'_>) -> Vec<Finding> {
    let capture = evidence.capture;
    let is_silent = |at: u32| {
        let connection = capture.connections.get(at as usize);
        connection.is_some_and(|one| {
            one.protocol == Protocol::None
                && one.rtt_s().is_some()
                && one.tally().app_bytes == 0
                && one.missing_bytes() == 0
        })
    };
    let all = (0..capture.connections.len() as u32).filter(|at| is_silent(*at));
    let (mut number, mut packets, mut bytes) = (0, 0, 0);
    for at in all {
        let tally = capture.connections.get(at as usize).map(|one| one.tally()).unwrap_or_default();
        (number, packets, bytes) = (number + 1, packets + tally.total_packets, bytes + tally.frame_bytes);
    }
    if number == 0 {
        return Vec::new();
    }
    let (mut shown, mut room) = (Numbers::default(), Room::default());
    let mut exchanges = Vec::new();
    for (at, exchange) in capture.exchanges.iter().enumerate().filter(|(_, one)| is_silent(one.connection)) {
        exchange.packets.iter().for_each(|packet| shown.add(*packet, &mut room));
        if exchange.kind == Kind::Setup && exchanges.len() < MOST_NUMBERS {
            exchanges.push(at);
        }
    }
    let text = format!(
        "On {} nothing was said: {} packets and {} bytes for opening and closing.",
        part(number, capture.connections.len() as u64, "connection"),
        grouped(packets),
        grouped(bytes),
    );
    let mut finding = RULE.seen(capital(&text)).shown_by(&shown).costs(bytes, 0);
    finding.exchanges_left_out = number - exchanges.len() as u64;
    finding.exchanges = exchanges;
    vec![finding]
}
