//! Why do two runs differ? Exchange by exchange, what one side's packets have that the other's have not.

use std::collections::BTreeMap;

use serde::Serialize;
use wirelab_analyze::model::{Capture, Column, Exchange, FindingId, Kind, Layer};

use crate::lookup;
use crate::report::Report;

/// One difference, and the captures that show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The captures and exchanges, in words.
    pub places: String,
    /// What happened, in two or three sentences.
    pub text: String,
}

/// The reasons for what differs between the captures of the same apps.
///
/// `names` are what the two reports are called.
pub fn reasons(left: &Report, right: &Report, names: [&str; 2]) -> Vec<Reason> {
    let mut found: BTreeMap<(usize, String), Vec<String>> = BTreeMap::new();
    for capture in left.analysis.captures.iter().filter(|capture| capture.app.is_some()) {
        let Some(other) = right.analysis.captures.iter().find(|other| other.app == capture.app) else { continue };
        let others = numbered(other);
        for (key, exchange) in numbered(capture) {
            let Some((_, matching)) = others.iter().find(|(other, _)| *other == key) else { continue };
            if let Some((order, text)) = why((capture, exchange), (other, matching), names) {
                found.entry((order, text)).or_default().push(place(capture, exchange, matching));
            }
        }
    }
    found.into_iter().map(|((_, text), places)| Reason { places: places.join("; "), text }).collect()
}

/// The exchanges of a capture, each with its kind and its number among those of that kind.
fn numbered(capture: &Capture) -> Vec<((Kind, usize), &Exchange)> {
    let mut counts: BTreeMap<Kind, usize> = BTreeMap::new();
    let number = |exchange: &Exchange, counts: &mut BTreeMap<Kind, usize>| {
        let count = counts.entry(exchange.kind).or_insert(0);
        *count += 1;
        (exchange.kind, *count)
    };
    capture.exchanges.iter().map(|exchange| (number(exchange, &mut counts), exchange)).collect()
}

fn place(capture: &Capture, exchange: &Exchange, matching: &Exchange) -> String {
    let what = exchange.name();
    match (exchange.tally().total_packets, matching.tally().total_packets) {
        (a, b) if a == b => format!("{} {what}", capture.name),
        (a, b) => format!("{} {what} ({a} packets and {b})", capture.name),
    }
}

/// Why these two differ, with a number that puts the more telling reasons first; `None` where they do not.
fn why(
    (a_capture, a): (&Capture, &Exchange),
    (b_capture, b): (&Capture, &Exchange),
    [a_name, b_name]: [&str; 2],
) -> Option<(usize, String)> {
    let (now, then) = (&a.tally(), &b.tally());
    if Column::ALL.iter().all(|column| column.of(now) == column.of(then)) {
        return None;
    }
    let packets = now.total_packets.abs_diff(then.total_packets);
    if now.retransmitted_packets != then.retransmitted_packets {
        let text = "Packets that carry only what has been on the wire before count for the exchange that they repeat.";
        return Some((3, text.to_owned()));
    }
    let acks = [server_acks(a_capture, a), server_acks(b_capture, b)];
    if packets > 0 && a.kind != Kind::Close && acks[0].abs_diff(acks[1]) == packets && now.app_bytes == then.app_bytes {
        let (alone, capture, exchange) =
            if acks[0] > acks[1] { (a_name, a_capture, a) } else { (b_name, b_capture, b) };
        let packets = lookup::packets(capture, exchange);
        let is = |id| lookup::server_acks(&packets).iter().any(|ack| lookup::shows(capture, id, ack.number));
        let when = match (is(FindingId::QuickAck), is(FindingId::DelayedAck)) {
            (true, _) => "at once, in a packet without data, and answers soon after it",
            (_, true) => "late, in a packet without data, and answers after that",
            _ => "in a packet without data",
        };
        let text = format!(
            "In {alone} the server acknowledges the request {when}; in the other run the answer itself carries the ACK."
        );
        return Some((0, text));
    }
    if now.app_packets != then.app_packets && now.app_bytes == then.app_bytes {
        return Some((
            1,
            format!(
                "The same bytes leave in {} segments in {a_name} and in {} in {b_name}.",
                now.app_packets, then.app_packets
            ),
        ));
    }
    if a.kind == Kind::Close {
        return Some((
            5,
            "Which FINs, ACKs and RSTs of the two ends meet on the way depends on each TCP and on its timers. It is no part of \
             an update."
                .to_owned(),
        ));
    }
    if a.kind == Kind::Setup {
        let text = format!(
            "{} bytes of TCP header in {a_name}, {} in {b_name}: the options of the SYNs differ.",
            now.layers[Layer::Tcp],
            then.layers[Layer::Tcp]
        );
        return Some((2, text));
    }
    if now.app_bytes != then.app_bytes {
        let text = format!(
            "{} app bytes in {a_name}, {} in {b_name}: the two ends say something else.",
            now.app_bytes, then.app_bytes
        );
        return Some((4, text));
    }
    Some((6, format!("{} bytes on the wire in {a_name}, {} in {b_name}.", now.frame_bytes, then.frame_bytes)))
}

/// How many of the server's packets of an exchange only acknowledge.
fn server_acks(capture: &Capture, exchange: &Exchange) -> u64 {
    lookup::server_acks(&lookup::packets(capture, exchange)).len() as u64
}
