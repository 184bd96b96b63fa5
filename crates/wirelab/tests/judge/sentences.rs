//! Is what a finding says true? One form of sentence for each rule; each of its holes is worked out again from the packets.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::cases::{Capture, Case, Exchange, is_unread, list};
use super::losses;
use super::streams::{PREFACE, Said, answers, compressed_messages, frames};
use super::walk::MS;
use super::words::{are_times, holes, is_time, number};

pub type Judged = Result<(), String>;

/// A finding as the JSON has it.
#[derive(Clone)]
pub struct Finding<'a> {
    pub id: &'a str,
    pub text: &'a str,
    pub packets: Vec<u64>,
    pub exchanges: Vec<usize>,
    pub is_whole: bool,
    /// How many exchanges it says that it is about.
    pub times: u64,
    pub bytes: u64,
    pub s: f64,
}

impl<'a> Finding<'a> {
    pub fn new(json: &'a Value) -> Finding<'a> {
        let of = |key: &str| json[key].as_u64().expect("a number");
        let exchanges: Vec<usize> = list(&json["exchanges"]).into_iter().map(|at| at as usize).collect();
        Finding {
            id: json["id"].as_str().expect("an id"),
            text: json["text"].as_str().expect("a text"),
            packets: list(&json["packets"]),
            times: exchanges.len() as u64 + of("exchanges_left_out"),
            exchanges,
            is_whole: of("packets_left_out") == 0 && of("exchanges_left_out") == 0,
            bytes: json["cost"]["bytes"].as_u64().expect("bytes"),
            s: json["cost"]["s"].as_f64().expect("seconds"),
        }
    }
}

pub fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Judged {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// What a hole says, and what was found.
pub fn same<T: PartialEq + std::fmt::Debug>(what: &str, said: T, found: T) -> Judged {
    ensure(said == found, || format!("{what}: says {said:?}, found {found:?}"))
}

/// Confirms all that a finding says, or tells what is not so.
pub fn judge(capture: &Capture<'_>, json: &Value) -> Judged {
    let finding = &Finding::new(json);
    what_all_have(capture, finding, json)?;
    match finding.id {
        "nagle-delayed-ack" => waited_for_ack(capture, finding, true),
        "ack-wait" => waited_for_ack(capture, finding, false),
        "split-answer" => split_answer(capture, finding),
        "quick-ack" => quick_ack(capture, finding),
        "delayed-ack" => delayed_ack(capture, finding),
        "events-together" => events_together(capture, finding),
        "slow-server" => slow(capture, finding, true),
        "slow-sender" => slow(capture, finding, false),
        "loss" => losses::judge(capture, finding, json),
        "window-limited" => window_limited(capture, finding),
        "connection-per-request" => connection_per_request(capture, finding),
        "reconnects" => reconnects(capture, finding),
        "segmentation-offload" => segmentation_offload(capture, finding),
        "truncated-packets" => truncated(capture, finding),
        "joined-midway" => joined_midway(capture, finding),
        "compressed" => compressed(capture, finding),
        "encrypted" => encrypted(capture, finding),
        "http2" => http2(capture, finding),
        "other-transport" => other_transport(capture, finding),
        "captured-twice" => captured_twice(capture, finding),
        "short-body" => short_body(capture, finding),
        "no-answer" => no_answer(capture, finding),
        "silent-connection" => silent_connection(capture, finding),
        unknown => Err(format!("the judge knows no finding {unknown}: a new rule needs its judgement")),
    }
}

/// What happened and was not said.
pub fn unsaid(capture: &Capture<'_>, findings: &[Value]) -> Vec<String> {
    let both = |of: &dyn Fn(bool) -> Vec<Case>| [of(true), of(false)].concat();
    let numbers = |cases: Vec<Case>| cases.into_iter().flat_map(|case| case.packets).collect::<Vec<u64>>();
    let coded = |all: Vec<Coded>| all.into_iter().map(|one| one.number).collect::<Vec<u64>>();
    // Within a millisecond the second piece may have been written by itself.
    let long = |cases: Vec<Case>| cases.into_iter().filter(|case| case.ns >= MS).collect::<Vec<Case>>();
    // Where something waited for a late ACK, that is what there is to say of it.
    let late = |client| {
        let late = capture.late_acks(client);
        if late.len() > capture.waits(!client, true).len() { late } else { Vec::new() }
    };
    let happened = [
        ("nagle-delayed-ack", numbers(both(&|client| capture.waits(client, true)))),
        ("ack-wait", numbers(long(both(&|client| capture.waits(client, false))))),
        ("split-answer", numbers(both(&|client| capture.apart(client)))),
        ("quick-ack", numbers(capture.acks_ahead())),
        ("delayed-ack", numbers(both(&late))),
        ("events-together", numbers(capture.together())),
        ("window-limited", numbers(both(&|client| capture.without_room(client)))),
        ("window-limited", numbers(both(&|client| capture.waits_for_room(client)))),
        ("segmentation-offload", numbers(capture.oversized())),
        ("short-body", cut_answers(capture).into_iter().map(|(fin, _)| fin).collect()),
        ("truncated-packets", capture.packets.truncated.clone()),
        ("other-transport", capture.packets.others.clone()),
        ("compressed", coded(coded_messages(capture))),
        ("compressed", coded(coded_answers(capture))),
    ];
    let is_said = |id: &str| findings.iter().any(|finding| finding["id"] == id);
    let unsaid = happened.into_iter().filter(|(id, packets)| !packets.is_empty() && !is_said(id));
    unsaid.map(|(id, packets)| format!("{id} is not said, and packets {packets:?} show it")).collect()
}

/// Packets and exchanges that exist, in order, each once; and whoever is not sure says what else it could be.
fn what_all_have(capture: &Capture<'_>, finding: &Finding<'_>, json: &Value) -> Judged {
    let rises = |list: &[u64]| list.windows(2).all(|pair| pair[0] < pair[1]);
    let places: Vec<u64> = finding.exchanges.iter().map(|at| *at as u64).collect();
    ensure(rises(&finding.packets) && rises(&places), || "its packets or exchanges are not in order".to_owned())?;
    ensure(finding.packets.len() <= 1000 && finding.exchanges.len() <= 1000, || "it names more than 1,000".to_owned())?;
    let frames = capture.packets.frames;
    ensure(finding.packets.iter().all(|number| (1..=frames).contains(number)), || "a packet is not there".to_owned())?;
    let count = capture.exchanges.len();
    ensure(finding.exchanges.iter().all(|at| *at < count), || "an exchange is not there".to_owned())?;
    same("whether it is likely, and what else it could be", json["sure"] == "likely", !json["otherwise"].is_null())?;
    ensure(finding.s >= 0.0, || "it cost less than no time".to_owned())
}

fn read<'a>(finding: &Finding<'a>, form: &str) -> Result<Vec<&'a str>, String> {
    holes(form, finding.text).ok_or_else(|| format!("the judge cannot read it by {form:?}"))
}

fn side(said: &str) -> Result<bool, String> {
    match said {
        "client" => Ok(true),
        "server" => Ok(false),
        other => Err(format!("{other:?} is no side")),
    }
}

/// What an exchange is called.
fn called(one: &Exchange) -> String {
    if one.label.is_empty() || one.label == "unknown" || one.label == one.kind {
        return one.kind.clone();
    }
    let short: String = one.label.chars().take(60).collect();
    let more = if short.len() < one.label.len() { "…" } else { "" };
    // An update of a page asks for it again.
    let page = if one.kind == "page" { "page " } else { "" };
    format!("{page}{short}{more}")
}

/// "12 of 40", "the only", "both", "all 3" of some.
fn is_part(said: &str, noun: &str, part: u64, of: u64) -> Judged {
    let said = said.to_lowercase();
    let fits = match (part, of) {
        (1, 1) => said == format!("the only {noun}"),
        (2, 2) => said == format!("both {noun}s"),
        (part, of) if part == of => {
            said.strip_prefix("all ").and_then(number) == Some(of) && said.ends_with(&format!(" {noun}s"))
        }
        (part, of) => {
            let number_of = |text: &str| number(text);
            said.split_once(" of ").is_some_and(|(a, b)| number_of(a) == Some(part) && number_of(b) == Some(of))
                && said.ends_with(&format!(" {noun}s"))
        }
    };
    ensure(fits, || format!("says {said:?}, found {part} of {of}"))
}

/// "12 of 40 exchanges (GET /time", without the bracket behind it: as many as it names, of as many as there are of these names.
pub fn exchanges(capture: &Capture<'_>, finding: &Finding<'_>, said: &str) -> Judged {
    if capture.json["rows_left_out"] != 0 {
        return Ok(());
    }
    let (count, names) = said.split_once(" (").ok_or("no names in brackets")?;
    let mut kinds: BTreeMap<(&str, &str), (u64, u64)> = BTreeMap::new();
    for at in &finding.exchanges {
        let one = &capture.exchanges[*at];
        kinds.entry((&one.kind, &one.label)).or_default().0 += 1;
    }
    for one in &capture.exchanges {
        if let Some(kind) = kinds.get_mut(&(one.kind.as_str(), one.label.as_str())) {
            kind.1 += 1;
        }
    }
    is_part(count, "exchange", finding.times, kinds.values().map(|(_, of)| of).sum())?;
    let name = |key: &(&str, &str)| {
        called(capture.exchanges.iter().find(|one| (one.kind.as_str(), one.label.as_str()) == *key).expect("one"))
    };
    if let [only] = kinds.keys().collect::<Vec<_>>()[..] {
        return same("what they are called", names.to_owned(), name(only));
    }
    let pieces: Vec<String> = kinds
        .iter()
        .map(|(key, (part, of))| if *of == 1 { name(key) } else { format!("{part} of {of} {}", name(key)) })
        .collect();
    let listed = pieces.iter().filter(|piece| names.contains(piece.as_str())).count();
    ensure(listed >= pieces.len().min(3), || format!("says {names:?}, found {pieces:?}"))?;
    match pieces.len() {
        2 | 3 => same("the length of the names", names.len(), pieces.join(", ").len()),
        more => ensure(names.ends_with(&format!("{} more kinds", more - 3)), || format!("{more} kinds, not {names:?}")),
    }
}

/// The packets and exchanges named are exactly those of these cases.
fn names_just(finding: &Finding<'_>, cases: &[Case]) -> Judged {
    if !finding.is_whole {
        return Ok(());
    }
    let packets: BTreeSet<u64> =
        cases.iter().flat_map(|case| case.packets.iter().copied()).filter(|one| *one > 0).collect();
    let named: BTreeSet<u64> = finding.packets.iter().copied().collect();
    ensure(packets == named, || {
        let more: Vec<_> = named.difference(&packets).collect();
        let fewer: Vec<_> = packets.difference(&named).collect();
        format!("names packets {more:?} that show nothing of it, and not {fewer:?} that do")
    })?;
    let exchanges: BTreeSet<usize> = cases.iter().map(|case| case.exchange).collect();
    same("exchanges", finding.exchanges.iter().copied().collect::<BTreeSet<_>>(), exchanges)
}

fn times(cases: &[Case]) -> Vec<u64> {
    cases.iter().map(|case| case.ns).collect()
}

/// What it cost in waiting is the sum.
fn cost_s(finding: &Finding<'_>, cases: &[Case]) -> Judged {
    let found = times(cases).iter().sum::<u64>() as f64 / 1e9;
    ensure((finding.s - found).abs() < 1e-6, || format!("cost: says {} s, found {found} s", finding.s))
}

fn cost_bytes(finding: &Finding<'_>, said: &str, cases: &[Case]) -> Judged {
    let found = cases.iter().map(|case| case.bytes).sum::<u64>();
    same("bytes", number(said), Some(found))?;
    same("cost in bytes", finding.bytes, found)
}

/// Whether the case that the sentence shows, the one that took longest, is one of these.
fn shows_longest(cases: &[Case], packets: &[&str]) -> Judged {
    let numbers: Vec<u64> = packets.iter().filter_map(|text| number(text)).collect();
    let longest = cases.iter().map(|case| case.ns).max();
    let shown = cases.iter().find(|case| numbers.iter().all(|number| case.packets.contains(number)));
    same("how long what it shows took", shown.map(|case| case.ns), longest)
}

fn waited_for_ack(capture: &Capture<'_>, finding: &Finding<'_>, held: bool) -> Judged {
    let form = if held {
        "In {}) a small segment of the {} waited until the {} acknowledged the one before, and the {} held that ACK back: {}, of \
         which the delay is {} (packet {} waited for {}, the ACK of {})."
    } else {
        "In {}) a small segment of the {} waited until the {} acknowledged the one before, which it did without delay: {} (packet \
         {} waited for {}, the ACK of {})."
    };
    let said = read(finding, form)?;
    let client = side(said[1])?;
    same("the reader", side(said[2])?, !client)?;
    let cases = capture.waits(client, held);
    names_just(finding, &cases)?;
    exchanges(capture, finding, said[0])?;
    are_times(said[if held { 4 } else { 3 }], &times(&cases))?;
    cost_s(finding, &cases)?;
    if held {
        same("the reader", side(said[3])?, !client)?;
        let delay = cases.iter().map(|case| case.held_ns).sum::<u64>() as f64 / cases.len() as f64;
        ensure(is_time(said[5], delay), || format!("the delay: says {}, found {:.3} ms", said[5], delay / 1e6))?;
    }
    shows_longest(&cases, &said[said.len() - 3..])
}

fn split_answer(capture: &Capture<'_>, finding: &Finding<'_>) -> Judged {
    let said = read(
        finding,
        "In {}) the {} sent in several segments what would have fitted in fewer: {} and {} bytes of headers more, ACKs of them not \
         counted (packets {} and {} are the first).",
    )?;
    let cases = capture.apart(side(said[1])?);
    names_just(finding, &cases)?;
    exchanges(capture, finding, said[0])?;
    same("packets", number(said[2]), Some(cases.len() as u64))?;
    cost_bytes(finding, said[3], &cases)?;
    let first = cases.iter().map(|case| case.packets.clone()).min();
    same("the first", Some([said[4], said[5]].iter().filter_map(|text| number(text)).collect()), first)
}

fn quick_ack(capture: &Capture<'_>, finding: &Finding<'_>) -> Judged {
    let said = read(
        finding,
        "In {}) the server acknowledged what it was asked with a packet of its own, and answered later, after {}: {} and {} bytes \
         more,{} before the first answer of its connection (packet {} acknowledges {}, {} answers it).",
    )?;
    let cases = capture.acks_ahead();
    names_just(finding, &cases)?;
    exchanges(capture, finding, said[0])?;
    are_times(said[1], &times(&cases))?;
    same("packets", number(said[2]), Some(cases.len() as u64))?;
    cost_bytes(finding, said[3], &cases)?;
    let (first, of) = (cases.iter().map(|case| case.count).sum::<u64>(), cases.len() as u64);
    match (said[4].trim_start(), of, first) {
        ("", 1, 1) | ("not", 1, 0) | ("none of them", _, 0) => {}
        (place, _, _) => is_part(place, "ACK", first, of).or_else(|_| is_part(place, "ack", first, of))?,
    }
    let first = cases.iter().map(|case| case.packets.clone()).min();
    let shown = [said[6], said[5], said[7]].iter().filter_map(|text| number(text)).collect();
    same("the first", Some(shown), first)
}

fn delayed_ack(capture: &Capture<'_>, finding: &Finding<'_>) -> Judged {
    let said =
        read(finding, "In {}) the {} acknowledged with {} and {} bytes, later than the way takes: {} (packet {}).")?;
    let cases = capture.late_acks(side(said[1])?);
    names_just(finding, &cases)?;
    exchanges(capture, finding, said[0])?;
    let count = if said[2] == "a packet of its own" { Some(1) } else { number(said[2]) };
    same("packets", count, Some(cases.len() as u64))?;
    same("bytes", number(said[3]), Some(cases.iter().map(|case| case.bytes).sum()))?;
    are_times(said[4], &times(&cases))?;
    shows_longest(&cases, &said[5..])
}

/// Packets in which several messages end, after a silence.
fn events_together(capture: &Capture<'_>, finding: &Finding<'_>) -> Judged {
    let cases = capture.together();
    let packets: Vec<u64> = cases.iter().flat_map(|case| case.packets.clone()).collect();
    same("packets", &finding.packets, &packets)?;
    cost_s(finding, &cases)?;
    ensure(finding.is_whole, || "not all packets are named".to_owned())?;
    let count = cases.iter().map(|case| case.count).sum();
    if let Some(said) = holes("{} came in one packet ({}), after {} in which nobody had sent anything.", finding.text) {
        same("packets", 1, cases.len())?;
        same("the packet", number(said[1]), finding.packets.first().copied())?;
        same("messages", number(said[0]), Some(count))?;
        return are_times(said[2], &times(&cases));
    }
    let said = read(finding, "{} came in {}, each after a silence: {} (before packet {}).")?;
    same("packets", number(said[1]), Some(cases.len() as u64))?;
    same("messages", number(said[0]), Some(count))?;
    are_times(said[2], &times(&cases))?;
    shows_longest(&cases, &said[3..])
}

/// A server that did not begin, or did not go on.
fn slow(capture: &Capture<'_>, finding: &Finding<'_>, server: bool) -> Judged {
    let said = read(
        finding,
        if server {
            "In {}) the server had what it was asked, and had not begun to answer for {} (packet {} answers {})."
        } else {
            "In {}) the server had begun its answer and did not go on for {} (between packets {} and {})."
        },
    )?;
    exchanges(capture, finding, said[0])?;
    let mut cases = Vec::new();
    for number in &finding.packets {
        let packet = capture.packets.of(*number).ok_or("no TCP packet")?;
        let walk = &capture.walks[packet.connection];
        let at = walk.place(*number);
        let last = |client| walk.last_new(at, client).map(|(_, one)| one);
        let Some(before) = [last(true), last(false)].into_iter().flatten().max_by_key(|one| one.number) else {
            continue;
        };
        // What came again before it was acknowledged was awaited until then.
        let again_ns = walk.last_again(at).map_or(0, |again| again.ns);
        let before_ns = before.ns.max(again_ns);
        let waits = packet.ns.saturating_sub(before_ns) >= 100 * MS && before.from_client == server;
        let (true, true, Some(exchange)) = (!packet.from_client && waits, walk.is_new(at), capture.owner(*number))
        else {
            continue;
        };
        // An exchange that begins with it did not go on.
        if !server && capture.before_in(walk, at, exchange).is_none() {
            continue;
        }
        let way = if server { walk.way(at, false) } else { 0 };
        let ns = packet.ns.saturating_sub(before_ns).saturating_sub(way);
        cases.push(Case { exchange, packets: vec![before.number, *number], ns, ..Case::default() });
    }
    names_just(finding, &cases)?;
    ensure(cases.iter().all(|case| !is_unread(&capture.exchanges[case.exchange].label)), || "unread".to_owned())?;
    for at in &finding.exchanges {
        let of: u64 = cases.iter().filter(|case| case.exchange == *at).map(|case| case.ns).sum();
        let total = capture.exchanges[*at].total_ns.unwrap_or(0);
        ensure(of * 2 >= total, || format!("exchange {at} took {total} ns, of which {of} are this"))?;
    }
    cost_s(finding, &cases)?;
    if server {
        are_times(said[1], &times(&cases))?;
    } else if let Some(said) = holes("{} in all, in {} pauses, the longest {}", said[1]) {
        let (sum, most) = (times(&cases).iter().sum::<u64>(), times(&cases).into_iter().max().unwrap_or(0));
        same("pauses", number(said[1]), Some(cases.len() as u64))?;
        ensure(is_time(said[0], sum as f64) && is_time(said[2], most as f64), || format!("found {sum}, {most} ns"))?;
    } else {
        are_times(said[1], &times(&cases))?;
    }
    shows_longest(&cases, &said[2..])
}

fn window_limited(capture: &Capture<'_>, finding: &Finding<'_>) -> Judged {
    let said = read(finding, "In {}) the {} had no room for more: {}.")?;
    let receiver = side(said[1])?;
    let (zero, waits) = (capture.without_room(receiver), capture.waits_for_room(!receiver));
    names_just(finding, &[zero.clone(), waits.clone()].concat())?;
    exchanges(capture, finding, said[0])?;
    let zero_said = said[2].split_once(" said that there was no room").map(|(count, rest)| (number(count), rest));
    same("packets without room", zero_said.map_or(Some(0), |(count, _)| count), Some(zero.len() as u64))?;
    cost_s(finding, &waits)?;
    let form = "the {} waited {} for room, in {} ({} at most: packet {} behind {}, when {} made room)";
    let rest = zero_said.map_or(said[2], |(_, rest)| rest.strip_prefix(" and ").unwrap_or(rest));
    let Some(said) = holes(form, rest) else {
        ensure(rest.is_empty(), || format!("the judge cannot read {rest:?}"))?;
        return same("pauses", 0, waits.len());
    };
    same("the sender", side(said[0])?, !receiver)?;
    let (sum, most) = (times(&waits).iter().sum::<u64>(), times(&waits).into_iter().max().unwrap_or(0));
    ensure(is_time(said[1], sum as f64) && is_time(said[3], most as f64), || format!("found {sum}, {most} ns"))?;
    same("pauses", number(said[2]), Some(waits.len() as u64))?;
    shows_longest(&waits, &said[4..7])
}

/// When the first and the last packet of a connection passed.
fn spans(capture: &Capture<'_>) -> Vec<(u64, u64)> {
    let ns = |packet: Option<&&super::packets::Packet>| packet.map_or(0, |packet| packet.ns);
    capture.walks.iter().map(|walk| (ns(walk.packets.first()), ns(walk.packets.last()))).collect()
}

/// The place in the list of packets' connections of an exchange.
fn connection(capture: &Capture<'_>, one: &Exchange) -> Option<usize> {
    one.packets.iter().find_map(|number| capture.packets.of(*number)).map(|packet| packet.connection)
}

fn ends(capture: &Capture<'_>, connection: usize) -> (String, String) {
    let packet = capture.walks[connection].packets[0];
    let (client, server) = if packet.from_client { (&packet.from, &packet.to) } else { (&packet.to, &packet.from) };
    (client.rsplit_once(':').map_or(client.as_str(), |(host, _)| host).to_owned(), server.clone())
}

fn connection_per_request(capture: &Capture<'_>, finding: &Finding<'_>) -> Judged {
    let said = read(
        finding,
        "{} came on connections of their own, each opened after one before it had been closed: handshakes and closes of these are \
         {} and {} bytes, and {} of waiting.",
    )?;
    let spans = spans(capture);
    let requests = |connection: usize| {
        let own = capture.walks[connection].packets.iter().filter(|packet| packet.from_client);
        let is_request = |payload: &[u8]| {
            let line = payload.split(|byte| *byte == b'\n').next().unwrap_or_default();
            line.ends_with(b" HTTP/1.1\r") || line.ends_with(b" HTTP/1.0\r")
        };
        own.filter(|packet| is_request(&packet.payload)).count() as u64
    };
    let all: Vec<u64> = (0..spans.len()).map(requests).collect();
    let again: Vec<usize> = (0..spans.len())
        .filter(|at| all[*at] == 1)
        .filter(|at| {
            let before = |other: &usize| all[*other] > 0 && ends(capture, *other) == ends(capture, *at);
            (0..spans.len()).filter(before).any(|other| spans[other].1 <= spans[*at].0 && other != *at)
        })
        .collect();
    is_part(said[0], "request", again.len() as u64, all.iter().sum())?;
    let is_extra = |one: &&Exchange| {
        matches!(one.kind.as_str(), "setup" | "close") && connection(capture, one).is_some_and(|at| again.contains(&at))
    };
    let extra: Vec<&Exchange> = capture.exchanges.iter().filter(is_extra).collect();
    let packets: Vec<_> =
        extra.iter().flat_map(|one| &one.packets).filter_map(|number| capture.packets.of(*number)).collect();
    same("packets", number(said[1]), Some(packets.len() as u64))?;
    let bytes = packets.iter().map(|packet| packet.bytes).sum::<u64>();
    same("bytes", number(said[2]), Some(bytes))?;
    same("cost in bytes", finding.bytes, bytes)?;
    let waited: u64 = extra.iter().filter(|one| one.kind == "setup").filter_map(|one| one.total_ns).sum();
    ensure(is_time(said[3], waited as f64), || format!("waited {waited} ns"))
}

fn reconnects(capture: &Capture<'_>, finding: &Finding<'_>) -> Judged {
    let said =
        read(finding, "A stream was opened again {} by the same address ({}), {} after the one before had ended.")?;
    let spans = spans(capture);
    let mut streams: BTreeMap<_, Vec<(u64, u64, u64)>> = BTreeMap::new();
    for (at, one) in (0..).zip(&capture.exchanges).filter(|(_, one)| one.kind == "subscribe") {
        let Some(connection) = connection(capture, one) else { continue };
        let (client, server) = ends(capture, connection);
        let (began, ended) = spans[connection];
        streams.entry((client, server, one.label.clone())).or_default().push((began, ended, at));
    }
    let (mut pauses, mut places, mut bytes) = (Vec::new(), Vec::new(), 0);
    for stream in streams.values_mut() {
        stream.sort_unstable();
        for pair in stream.windows(2).filter(|pair| pair[1].0 >= pair[0].1) {
            pauses.push(pair[1].0 - pair[0].1);
            places.push(pair[1].2 as usize);
            let packets = &capture.exchanges[pair[1].2 as usize].packets;
            bytes += packets.iter().filter_map(|number| capture.packets.of(*number)).map(|one| one.bytes).sum::<u64>();
        }
    }
    places.sort_unstable();
    same("exchanges", &finding.exchanges, &places)?;
    same("times", if said[0] == "once" { Some(1) } else { number(said[0]) }, Some(pauses.len() as u64))?;
    let average = pauses.iter().sum::<u64>() as f64 / pauses.len() as f64;
    let pause = said[2].strip_suffix(" on average").unwrap_or(said[2]);
    same("whether it is an average", said[2].ends_with(" on average"), pauses.len() > 1)?;
    ensure(is_time(pause, average), || format!("says {pause}, found {average} ns"))?;
    same("cost in bytes", finding.bytes, bytes)
}

fn segmentation_offload(capture: &Capture<'_>, finding: &Finding<'_>) -> Judged {
    let said = read(
        finding,
        "{} larger than the other side takes in one segment: captured before a network card cut {}, or after it put {} together. On \
         the wire {}, with {} bytes of headers more.",
    )?;
    let cases = capture.oversized();
    names_just(finding, &cases)?;
    same("packets", number(said[0]), Some(cases.len() as u64))?;
    let on_the_wire = said[3].split(' ').find_map(number);
    same("on the wire", on_the_wire, Some(cases.iter().map(|case| case.count).sum()))?;
    same("bytes", number(said[4]), Some(cases.iter().map(|case| case.bytes).sum()))
}

fn truncated(capture: &Capture<'_>, finding: &Finding<'_>) -> Judged {
    let said = read(
        finding,
        "Only the beginning of {} was kept: packets and bytes are counted in full, and what the missing bytes say is not known.",
    )?;
    let truncated = &capture.packets.truncated;
    is_part(said[0], "frame", truncated.len() as u64, capture.packets.frames)?;
    ensure(!finding.is_whole || finding.packets == *truncated, || "it names other packets".to_owned())
}

fn joined_midway(capture: &Capture<'_>, finding: &Finding<'_>) -> Judged {
    let said = read(
        finding,
        "The beginning of {} is not in the capture: what {} cost until then is not known. By what was captured: {}.",
    )?;
    let firsts = capture.walks.iter().map(|walk| walk.packets[0]);
    let mut midway: Vec<u64> = firsts.filter(|first| !first.syn).map(|first| first.number).collect();
    midway.sort_unstable();
    is_part(said[0], "connection", midway.len() as u64, capture.walks.len() as u64)?;
    ensure(!finding.is_whole || finding.packets == midway, || format!("names other packets than {midway:?}"))?;
    let protocols = said[2].split(", ").flat_map(|piece| piece.split(" and ")).filter_map(number).sum::<u64>();
    same("connections by protocol", protocols, midway.len() as u64)
}

/// What was compressed in the connections of a capture.
struct Coded {
    number: u64,
    wire: u64,
    /// `None` where it cannot be read.
    plain: Option<u64>,
}

fn coded_messages(capture: &Capture<'_>) -> Vec<Coded> {
    let mut all = Vec::new();
    for (connection, walk) in capture.walks.iter().enumerate() {
        let [client, server] = capture.said(connection);
        for answer in answers(&client, &server).iter().filter(|answer| answer.is_websocket) {
            let Some(extensions) = answer.extensions.as_ref().filter(|all| all.contains("permessage-deflate")) else {
                continue;
            };
            // The client's frames begin behind its head.
            let end = client.bytes.windows(4).position(|end| end == b"\r\n\r\n").map_or(0, |at| at + 4);
            for (bytes, places, fresh) in [
                (&answer.content[..], &answer.places[..], "server_no_context_takeover"),
                (&client.bytes[end..], &client.places[end..], "client_no_context_takeover"),
            ] {
                let messages = compressed_messages(&frames(bytes, places), !extensions.contains(fresh));
                all.extend(messages.into_iter().map(|(wire, plain, place)| Coded {
                    number: walk.packets[place].number,
                    wire,
                    plain: Some(plain),
                }));
            }
        }
    }
    all
}

/// The parts of compressed answers, by the packets that they came in.
fn coded_answers(capture: &Capture<'_>) -> Vec<Coded> {
    let mut all = Vec::new();
    for (connection, walk) in capture.walks.iter().enumerate() {
        let [client, server] = capture.said(connection);
        let is_coded = |coding: &str| ["gzip", "x-gzip", "deflate", "zstd", "br"].contains(&coding);
        for answer in answers(&client, &server).iter().filter(|answer| is_coded(&answer.coding)) {
            let plain = answer.plain();
            let at: BTreeSet<usize> = answer.places.iter().copied().collect();
            all.extend(at.into_iter().map(|at| {
                let of = |places: &[usize]| places.iter().filter(|place| **place == at).count() as u64;
                let plain = plain.as_ref().map(|(_, places)| of(places));
                Coded { number: walk.packets[at].number, wire: of(&answer.places), plain }
            }));
        }
    }
    all
}

fn compressed(capture: &Capture<'_>, finding: &Finding<'_>) -> Judged {
    let unread = "In {}) the content of the answer was compressed, and {} bytes of it on the wire cannot be read: how large it is \
                  without that is not known.";
    let content = "In {}) the content of the answer was compressed: {} bytes on the wire for {} bytes of content.";
    let (found, said) = if let Some(said) = holes(unread, finding.text) {
        exchanges(capture, finding, said[0])?;
        (coded_answers(capture).into_iter().filter(|one| one.plain.is_none()).collect(), vec![said[1]])
    } else if let Some(said) = holes(content, finding.text) {
        exchanges(capture, finding, said[0])?;
        (coded_answers(capture).into_iter().filter(|one| one.plain.is_some()).collect(), said[1..].to_vec())
    } else {
        let said = read(finding, "{} compressed: {} bytes on the wire for {} bytes of content.")?;
        let messages = coded_messages(capture);
        let count = said[0].strip_suffix(" was").or(said[0].strip_suffix(" were")).ok_or("no verb")?;
        ensure(count.contains("message"), || format!("{count:?} are no messages"))?;
        same("messages", number(count), Some(messages.len() as u64))?;
        (messages, said[1..].to_vec())
    };
    let found: Vec<Coded> = found;
    let numbers: BTreeSet<u64> = found.iter().map(|one| one.number).collect();
    let named: BTreeSet<u64> = finding.packets.iter().copied().collect();
    ensure(!finding.is_whole || numbers == named, || format!("names other packets than {numbers:?}"))?;
    same("bytes on the wire", number(said[0]), Some(found.iter().map(|one| one.wire).sum()))?;
    match said.get(1) {
        Some(said) => same("bytes of content", number(said), found.iter().map(|one| one.plain).sum()),
        None => Ok(()),
    }
}

/// Places of a side's bytes that data of these spans came in: behind the header, or with its end.
fn data_places(said: &Said, spans: impl Iterator<Item = (usize, usize)>) -> Vec<usize> {
    let of = |(from, to): (usize, usize)| said.places.get(from..to.min(said.places.len())).unwrap_or_default().iter();
    let mut places: Vec<usize> = spans.flat_map(of).copied().collect();
    places.dedup();
    places
}

/// ", in 11 bursts from the server (302 ms apart on average) and 1 burst from the client".
fn are_bursts(capture: &Capture<'_>, said: &str, places: &[(usize, [Vec<usize>; 2])]) -> Result<Vec<u64>, String> {
    let pieces: Vec<&str> = said.strip_prefix(", in ").map_or(Vec::new(), |said| said.split(" and ").collect());
    let mut pieces = pieces.into_iter();
    let mut begins = Vec::new();
    // The server's are said first.
    for (client, who) in [(false, "server"), (true, "client")] {
        let (mut count, mut gaps) = (0, Vec::new());
        for (connection, sides) in places {
            let bursts = capture.bursts(*connection, sides[usize::from(!client)].iter().copied());
            count += bursts.len() as u64;
            gaps.extend(bursts.windows(2).map(|pair| pair[1].ns - pair[0].ns));
            begins.extend(bursts.iter().map(|packet| packet.number));
        }
        if count == 0 {
            continue;
        }
        let piece = pieces.next().ok_or_else(|| format!("nothing of {count} bursts from the {who}"))?;
        let (many, rest) =
            piece.split_once(&format!(" from the {who}")).ok_or_else(|| format!("no {who} in {piece:?}"))?;
        same("bursts", number(many), Some(count))?;
        ensure(many.contains(" burst"), || format!("{many:?} are no bursts"))?;
        let average = gaps.iter().sum::<u64>() as f64 / gaps.len().max(1) as f64;
        let apart = rest.strip_prefix(" (").and_then(|rest| rest.strip_suffix(" apart on average)"));
        same("whether it says how far apart", apart.is_some(), !gaps.is_empty())?;
        ensure(apart.is_none_or(|apart| is_time(apart, average)), || format!("says {rest:?}, found {average} ns"))?;
    }
    same("a side that sent nothing", pieces.next(), None)?;
    begins.sort_unstable();
    Ok(begins)
}

/// TLS records by their headers, in connections of which a side begins with one.
fn encrypted(capture: &Capture<'_>, finding: &Finding<'_>) -> Judged {
    let said = read(
        finding,
        "{} encrypted (TLS): {} bytes in {} of application data{}. What they say is not known, and no updates are claimed.",
    )?;
    let is_record = |said: &Said| matches!(said.bytes[..], [20..=23, 3, 0..=4, ..]);
    let tls: Vec<(usize, [Said; 2])> = (0..capture.walks.len())
        .map(|connection| (connection, capture.said(connection)))
        .filter(|(_, sides)| sides.iter().any(is_record))
        .collect();
    let connections = said[0].strip_suffix(" is").or(said[0].strip_suffix(" are")).ok_or("no verb")?;
    is_part(connections, "connection", tls.len() as u64, capture.walks.len() as u64)?;
    let packets = tls.iter().flat_map(|(connection, _)| &capture.walks[*connection].packets);
    same("bytes", number(said[1]), Some(packets.map(|packet| packet.len).sum::<i64>() as u64))?;
    ensure(capture.json["update_count"] == 0 || tls.len() < capture.walks.len(), || "updates are claimed".to_owned())?;
    if tls.iter().any(|(_, sides)| sides.iter().any(|side| !side.is_whole)) {
        return Ok(());
    }
    let data = |side: &Said| side.tls_records().into_iter().filter(|(kind, _, _)| *kind == 23);
    let records: usize = tls.iter().flat_map(|(_, sides)| sides).map(|side| data(side).count()).sum();
    same("records", number(said[2]), Some(records as u64))?;
    let places = |side: &Said| data_places(side, data(side).map(|(_, at, len)| (at + 4, at + 5 + len)));
    let places: Vec<_> = tls.iter().map(|(connection, sides)| (*connection, sides.each_ref().map(places))).collect();
    let begins = are_bursts(capture, said[3], &places)?;
    ensure(!finding.is_whole || finding.packets == begins, || format!("bursts begin with {begins:?}"))
}

/// Frames of HTTP/2, in connections whose client begins with the preface.
fn http2(capture: &Capture<'_>, finding: &Finding<'_>) -> Judged {
    let said =
        read(finding, "{} HTTP/2: {} bytes, on {} stream{}. What they say is not read, and no updates are claimed.")?;
    let http2: Vec<(usize, [Said; 2])> = (0..capture.walks.len())
        .map(|connection| (connection, capture.said(connection)))
        .filter(|(_, [client, _])| client.bytes.starts_with(PREFACE))
        .collect();
    let connections = said[0].strip_suffix(" speaks").or(said[0].strip_suffix(" speak")).ok_or("no verb")?;
    is_part(connections, "connection", http2.len() as u64, capture.walks.len() as u64)?;
    let packets = http2.iter().flat_map(|(connection, _)| &capture.walks[*connection].packets);
    same("bytes", number(said[1]), Some(packets.map(|packet| packet.len).sum::<i64>() as u64))?;
    ensure(capture.json["update_count"] == 0 || http2.len() < capture.walks.len(), || {
        "updates are claimed".to_owned()
    })?;
    let mut opened = Vec::new();
    for (connection, [client, _]) in &http2 {
        let mut streams = BTreeSet::new();
        for (_, stream, at, _) in client.http2_frames(true).into_iter().filter(|(kind, ..)| *kind == 1) {
            if streams.insert(stream) {
                opened.push(capture.walks[*connection].packets[client.places[at + 8]].number);
            }
        }
    }
    same("streams", number(said[2]), Some(opened.len() as u64))?;
    // What a connection says of itself, of what may be sent and in which order is no data.
    let data = |side: &Said, client| {
        let frames = side.http2_frames(client).into_iter();
        let is_data = |(kind, stream, _, _): &(u8, u32, usize, usize)| *stream > 0 && ![2, 8].contains(kind);
        data_places(side, frames.filter(is_data).map(|(_, _, at, len)| (at + 8, at + 9 + len)))
    };
    let places: Vec<_> = http2
        .iter()
        .map(|(connection, [client, server])| (*connection, [data(client, true), data(server, false)]))
        .collect();
    let rest = said[3].strip_prefix('s').unwrap_or(said[3]);
    let begins: BTreeSet<u64> = are_bursts(capture, rest, &places)?.into_iter().chain(opened).collect();
    let named = finding.packets.iter().copied().collect();
    ensure(!finding.is_whole || begins == named, || format!("bursts and streams begin with {begins:?}"))
}

fn other_transport(capture: &Capture<'_>, finding: &Finding<'_>) -> Judged {
    let said = read(finding, "{} no TCP and {} not counted: {}.")?;
    let count = said[0].strip_suffix(" carries").or(said[0].strip_suffix(" carry")).ok_or("no verb")?;
    let others = &capture.packets.others;
    is_part(count, "frame", others.len() as u64, capture.packets.frames)?;
    ensure(!finding.is_whole || finding.packets == *others, || format!("names other packets than {others:?}"))?;
    let pieces = said[2].split(", ").flat_map(|piece| piece.split(" and "));
    let (mut frames, mut bytes, mut more) = (0, 0, false);
    for piece in pieces {
        if let Some((count, rest)) = piece.split_once(" of ") {
            frames += number(count).unwrap_or(0);
            bytes += rest.rsplit_once(" with ").and_then(|(_, bytes)| number(bytes)).unwrap_or(0);
        } else {
            more = true;
        }
    }
    let whole = frames == others.len() as u64 && bytes == capture.packets.other_bytes;
    ensure(more || whole, || format!("found {} frames of {} bytes", others.len(), capture.packets.other_bytes))
}

fn captured_twice(capture: &Capture<'_>, finding: &Finding<'_>) -> Judged {
    let said = read(finding, "{} the second record of a packet: {} bytes are counted twice.")?;
    let count = said[0].strip_suffix(" is").or(said[0].strip_suffix(" are")).ok_or("no verb")?;
    let total = capture.packets.all.len() as u64;
    let mut left: BTreeMap<u64, &super::packets::Packet> = BTreeMap::new();
    left.extend(finding.packets.iter().filter_map(|number| capture.packets.of(*number)).map(|one| (one.number, one)));
    let (mut second, mut bytes) = (0, 0);
    while let Some((_, first)) = left.pop_first() {
        let key = |one: &super::packets::Packet| (one.seq, one.ack, one.window, one.identification, one.len);
        let twin = left.values().find(|one| key(one) == key(first) && one.ns - first.ns <= MS).map(|one| one.number);
        let twin = twin.and_then(|number| left.remove(&number));
        let twin = twin.ok_or_else(|| format!("packet {} is there once", first.number))?;
        (second, bytes) = (second + 1, bytes + twin.bytes);
    }
    if !finding.is_whole {
        return Ok(());
    }
    is_part(count, "packet", second, total)?;
    same("bytes", number(said[1]), Some(bytes))?;
    same("cost in bytes", finding.bytes, bytes)
}

/// The FINs of a server before the end of an answer, and the bytes that were announced and are missing; 0 for the last chunk.
fn cut_answers(capture: &Capture<'_>) -> Vec<(u64, u64)> {
    let mut all = Vec::new();
    for (connection, walk) in capture.walks.iter().enumerate() {
        let [client, server] = capture.said(connection);
        let fin = |client| walk.packets.iter().find(|packet| packet.fin && packet.from_client == client);
        let cut = answers(&client, &server).into_iter().find_map(|answer| answer.missing);
        let (Some(closed), Some(missing), true, true) = (fin(false), cut, client.is_whole, server.is_whole) else {
            continue;
        };
        // Whoever closes first wants no more.
        if fin(true).is_none_or(|fin| fin.number > closed.number) {
            all.push((closed.number, missing));
        }
    }
    all.sort_unstable();
    all
}

fn short_body(capture: &Capture<'_>, finding: &Finding<'_>) -> Judged {
    let said = read(finding, "On {} the server closed before the announced end of an answer: {} did not come.")?;
    let (fins, missing): (Vec<u64>, Vec<u64>) = cut_answers(capture).into_iter().unzip();
    let (bytes, unended) = (missing.iter().sum::<u64>(), missing.iter().filter(|missing| **missing == 0).count());
    ensure(!finding.is_whole || finding.packets == fins, || format!("names other packets than {fins:?}"))?;
    is_part(said[0], "connection", fins.len() as u64, capture.walks.len() as u64)?;
    let mut missing = Vec::new();
    if bytes > 0 {
        let s = if bytes == 1 { "" } else { "s" };
        missing.push(format!("{bytes} byte{s} that were announced"));
    }
    match (unended, fins.len()) {
        (0, _) => {}
        (_, 1) => missing.push("the last chunk".to_owned()),
        (1, _) => missing.push("the last chunk of 1 answer".to_owned()),
        (more, _) => missing.push(format!("the last chunk of {more} answers")),
    }
    let spaced = |text: &str| text.replace(' ', "");
    same("what is missing", spaced(said[1]), spaced(&missing.join(" and ")))
}

fn no_answer(capture: &Capture<'_>, finding: &Finding<'_>) -> Judged {
    let said = read(finding, "{} without an answer, {}: the capture goes on for {}.")?;
    let end = capture.packets.all.iter().map(|packet| packet.ns).max().unwrap_or(0);
    let mut least = u64::MAX;
    for at in &finding.exchanges {
        let one = &capture.exchanges[*at];
        let packets: Vec<_> = one.all.iter().filter_map(|number| capture.packets.of(*number)).collect();
        ensure(packets.iter().all(|packet| packet.from_client || packet.len == 0), || {
            format!("exchange {at} was answered")
        })?;
        ensure(packets.iter().any(|packet| packet.len > 0), || format!("exchange {at} asks nothing"))?;
        least = least.min(end - packets[0].ns);
    }
    let count = said[0].split_once(" is").or(said[0].split_once(" are")).ok_or("no verb")?.0;
    let count = count.split_once(" of those").map_or(count, |(count, _)| count).to_lowercase();
    let said_count = if count.starts_with("the only") {
        1
    } else if count.starts_with("both") {
        2
    } else {
        0
    };
    let said_count = number(count.strip_prefix("all ").unwrap_or(&count)).unwrap_or(said_count);
    same("requests", said_count, finding.times)?;
    let after = said[2].strip_suffix(" or more after each").unwrap_or(said[2]);
    ensure(is_time(after, least as f64), || format!("says {after}, found {least} ns"))
}

fn silent_connection(capture: &Capture<'_>, finding: &Finding<'_>) -> Judged {
    let said = read(finding, "On {} nothing was said: {} packets and {} bytes for opening and closing.")?;
    let silent: Vec<_> = capture
        .walks
        .iter()
        .filter(|walk| walk.packets.iter().all(|packet| packet.len == 0))
        .filter(|walk| walk.packets.iter().filter(|packet| packet.syn).any(|packet| packet.has_ack))
        .collect();
    is_part(said[0], "connection", silent.len() as u64, capture.walks.len() as u64)?;
    let packets: Vec<_> = silent.iter().flat_map(|walk| &walk.packets).collect();
    same("packets", number(said[1]), Some(packets.len() as u64))?;
    same("bytes", number(said[2]), Some(packets.iter().map(|packet| packet.bytes).sum()))?;
    same("cost in bytes", finding.bytes, packets.iter().map(|packet| packet.bytes).sum())
}
