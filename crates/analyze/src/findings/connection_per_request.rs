//! Handshake and close are paid for each request.

use super::words::{count, duration, grouped, part};
use super::{Evidence, Rule};
use crate::model::{Connection, Exchange, Finding, FindingId, Kind, Protocol, seconds};
use crate::observations::{MOST_NUMBERS, Numbers, Room};

pub(super) const RULE: Rule = Rule {
    id: FindingId::ConnectionPerRequest,
    means: "A client opened a connection, sent one request, closed it, and opened the next. Each costs a handshake (three \
            packets and a round trip) and a close (three or four packets) besides the request.",
    looks: "Connections of one client to one server, one after the other, each with one HTTP request.",
    mistaken: "Connections that are open side by side, as browsers have them. Many clients with one request each.",
    helps: "Keep the connection: HTTP/1.1 does so unless one side says Connection: close. Use one client object for all \
            requests, and let the server's keep-alive time-out be longer than the pause between them.",
    source: "RFC 9112, section 9.3",
    is_aside: false,
    find,
};

fn find(evidence: &Evidence<'_>) -> Vec<Finding> {
    let capture = evidence.capture;
    let http = |one: &Connection| one.protocol == Protocol::Http && one.http_requests > 0 && one.rtt_s().is_some();
    let requests: u64 = capture.connections.iter().map(|one| one.http_requests).sum();
    let of = |at: &u32| capture.connections.get(*at as usize);
    // A number each, as there may be a hundred thousand of them: by client's address and server, in their order.
    let mut all: Vec<u32> = (0..).zip(&capture.connections).filter(|(_, one)| http(one)).map(|(at, _)| at).collect();
    all.sort_by_key(|at| of(at).map(|one| (one.client.addr, one.server, one.start_ns)));
    let mut again = Vec::new();
    let is_same = |a: &u32, b: &u32| {
        of(a).map(|one| (one.client.addr, one.server)) == of(b).map(|one| (one.client.addr, one.server))
    };
    for connections in all.chunk_by(is_same) {
        let mut ended_ns = u64::MAX;
        for at in connections {
            let Some(one) = of(at) else { continue };
            if one.http_requests == 1 && one.start_ns >= ended_ns {
                again.push(*at);
            }
            ended_ns = ended_ns.min(one.start_ns + one.duration_ns);
        }
    }
    let number = again.len() as u64;
    if number < FEWEST || number * 2 < requests {
        return Vec::new();
    }
    again.sort_unstable();
    let is_extra =
        |one: &Exchange| matches!(one.kind, Kind::Setup | Kind::Close) && again.binary_search(&one.connection).is_ok();
    let (mut packets, mut bytes, mut s, mut setups) = (0, 0, 0.0, 0);
    let (mut shown, mut room, mut exchanges) = (Numbers::default(), Room::default(), Vec::new());
    for (at, exchange) in capture.exchanges.iter().enumerate().filter(|(_, one)| is_extra(one)) {
        let tally = exchange.tally();
        (packets, bytes) = (packets + tally.total_packets, bytes + tally.frame_bytes);
        if exchange.kind == Kind::Setup {
            setups += 1;
            s += exchange.time().map_or(0.0, |time| time.total_s());
        }
        exchange.packets.iter().for_each(|packet| shown.add(*packet, &mut room));
        if exchanges.len() < MOST_NUMBERS {
            exchanges.push(at);
        }
    }
    let listed = if setups < number { format!(" (of the {} that are listed)", grouped(setups)) } else { String::new() };
    let text = format!(
        "{} came on connections of their own, each opened after one before it had been closed: handshakes and closes of these{listed} \
         are {} and {} bytes, and {} of waiting.",
        super::words::capital(&part(number, requests, "request")),
        count(packets, "packet"),
        grouped(bytes),
        duration((s * 1e9) as u64),
    );
    let mut finding = RULE.seen(text).shown_by(&shown).costs(bytes, 0);
    finding.cost.s = seconds((s * 1e9) as u64);
    finding.exchanges = exchanges;
    vec![finding.instead("Keep the connection open for the next request.")]
}

/// Fewer may be chance.
const FEWEST: u64 = 3;
