//! A stream that was opened again.

use std::collections::BTreeMap;

use super::words::{called, count, duration};
use super::{Evidence, Rule};
use crate::model::{Exchange, Finding, FindingId, Kind};
use crate::observations::{MOST_NUMBERS, Numbers, Room};

pub(super) const RULE: Rule = Rule {
    id: FindingId::Reconnects,
    means: "An event stream or a WebSocket ended, and the same client opened it again. What was sent meanwhile it did not get, \
            unless the server keeps it; and each time costs a handshake and a request.",
    looks: "The same stream asked for again from the same address, after the connection before had ended.",
    mistaken: "Several readers at a time: their streams overlap. Another reader behind the same address, who comes later.",
    helps: "Find who closes the stream: often a proxy's time-out for answers that are silent. A comment line or a ping every \
            15 seconds keeps it open.",
    source: "WHATWG HTML, section 9.2.3 (reconnection)",
    is_aside: false,
    find,
};

fn find(evidence: &Evidence<'_>) -> Vec<Finding> {
    let capture = evidence.capture;
    let mut streams: BTreeMap<_, Vec<(u64, u64, usize, &Exchange)>> = BTreeMap::new();
    for (at, exchange) in capture.exchanges.iter().enumerate().filter(|(_, one)| one.kind == Kind::Subscribe) {
        let Some(connection) = capture.connections.get(exchange.connection as usize) else { continue };
        let stream = (connection.client.addr, connection.server, &*exchange.label);
        let end_ns = connection.start_ns + connection.duration_ns;
        streams.entry(stream).or_default().push((connection.start_ns, end_ns, at, exchange));
    }
    let (mut again, mut pauses_ns) = (Vec::new(), 0);
    for opened in streams.values_mut() {
        opened.sort_unstable_by_key(|(start_ns, ..)| *start_ns);
        for pair in opened.windows(2) {
            if let [(_, ended_ns, ..), (start_ns, _, at, exchange)] = pair
                && start_ns >= ended_ns
            {
                again.push((*at, *exchange));
                pauses_ns += start_ns - ended_ns;
            }
        }
    }
    let Some((_, first)) = again.first() else { return Vec::new() };
    let (mut shown, mut room) = (Numbers::default(), Room::default());
    for (_, exchange) in &again {
        exchange.packets.iter().for_each(|packet| shown.add(*packet, &mut room));
    }
    let number = again.len() as u64;
    let text = format!(
        "A stream was opened again {} by the same address ({}), {}{} after the one before had ended.",
        if number == 1 { "once".to_owned() } else { count(number, "time") },
        called(first.kind, &first.label),
        duration(pauses_ns / number),
        if number == 1 { "" } else { " on average" },
    );
    let bytes = again.iter().map(|(_, exchange)| exchange.tally().frame_bytes).sum();
    let mut finding =
        RULE.seen(text).shown_by(&shown).costs(bytes, 0).unless("another reader at this address came later");
    finding.exchanges = again.iter().map(|(at, _)| *at).take(MOST_NUMBERS).collect();
    finding.exchanges.sort_unstable();
    finding.exchanges_left_out = number - finding.exchanges.len() as u64;
    vec![finding.instead("Find who closes the stream, and send a comment or a ping before that time-out.")]
}
