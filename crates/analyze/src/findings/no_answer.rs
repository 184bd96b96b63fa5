//! A request that has no answer in the capture.

use super::words::{called, duration, part};
use super::{Evidence, Rule};
use crate::model::{Exchange, Finding, FindingId, Kind};
use crate::observations::{Numbers, Room};

pub(super) const RULE: Rule = Rule {
    id: FindingId::NoAnswer,
    means: "A request was sent, and no byte of an answer is in the capture: the connection was closed before, the server did not \
            answer, or the capture ended too soon.",
    looks: "A request over HTTP, and no payload of the server that belongs to it.",
    mistaken: "A capture of one direction only: then nothing of the server is there at all.",
    helps: "Look into the server's log for the request. Let the capture run longer.",
    source: "RFC 9110, section 3.4",
    is_aside: false,
    find,
};

fn find(evidence: &Evidence<'_>) -> Vec<Finding> {
    let capture = evidence.capture;
    // Of an answer whose head was cut it is not known whose it is.
    if capture.truncated_frames > 0 {
        return Vec::new();
    }
    let end_ns = crate::model::nanoseconds(capture.duration_s);
    let mut closed: Vec<u32> =
        capture.exchanges.iter().filter(|one| one.kind == Kind::Close).map(|one| one.connection).collect();
    closed.sort_unstable();
    // Who asks at the end of a capture may have been answered after it.
    let is_over = |one: &Exchange| {
        end_ns.saturating_sub(one.start_ns) >= LONG_ENOUGH_NS || closed.binary_search(&one.connection).is_ok()
    };
    let is_request = |one: &Exchange| {
        matches!(one.kind, Kind::Request | Kind::Page | Kind::Subscribe)
            || one.kind == Kind::Update && is_method(&one.label)
    };
    let mut requests = 0;
    let unanswered: Vec<(usize, &Exchange)> = capture
        .exchanges
        .iter()
        .enumerate()
        .filter(|(_, one)| is_request(one))
        .inspect(|_| requests += 1)
        .filter(|(_, one)| {
            let connection = capture.connections.get(one.connection as usize);
            one.push().app_packets == 0
                && one.tally().app_packets > 0
                && is_over(one)
                && connection.is_some_and(|connection| connection.missing_bytes() == 0)
        })
        .collect();
    let Some((_, first)) = unanswered.first() else { return Vec::new() };
    let (mut packets, mut room) = (Numbers::default(), Room::default());
    for number in unanswered.iter().filter_map(|(_, one)| one.packets.first()) {
        packets.add(*number, &mut room);
    }
    let least_ns = unanswered.iter().map(|(_, one)| end_ns.saturating_sub(one.start_ns)).min().unwrap_or(0);
    let both_seen = unanswered.iter().all(|(_, one)| {
        capture.connections.get(one.connection as usize).is_some_and(|connection| connection.rtt_s().is_some())
    });
    let listed = if capture.rows_left_out > 0 { " of those listed" } else { "" };
    let text = format!(
        "{}{listed} {} without an answer, {first_of}{}: the capture goes on for {}{more}.",
        super::words::capital(&part(unanswered.len() as u64, requests, "request")),
        if unanswered.len() == 1 { "is" } else { "are" },
        called(first.kind, &first.label),
        duration(least_ns),
        first_of = if unanswered.len() == 1 { "" } else { "the first of them " },
        more = if unanswered.len() == 1 { "" } else { " or more after each" },
    );
    let mut finding = RULE.seen(text).shown_by(&packets);
    finding.exchanges = unanswered.iter().map(|(at, _)| *at).take(crate::observations::MOST_NUMBERS).collect();
    finding.exchanges_left_out = (unanswered.len() - finding.exchanges.len()) as u64;
    vec![if both_seen { finding } else { finding.unless("only one direction of the connection was captured") }]
}

/// Whether a label is that of a request over HTTP: a method and a target (RFC 9112, section 3).
fn is_method(label: &str) -> bool {
    label.split_once(' ').is_some_and(|(method, target)| {
        !target.is_empty() && !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase())
    })
}

/// Who has no answer after so long may say that there is none.
const LONG_ENOUGH_NS: u64 = 1_000_000_000;
