//! Is what a comparison says true? Both captures are read by hand, and each number of a sentence is worked out again.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::Value;

use super::cases::Capture;
use super::effects;
use super::words::{holes, number};

pub type Judged = Result<(), String>;

/// A run or a folder of captures.
pub struct Side<'a> {
    pub name: &'a str,
    pub run: Value,
    pub captures: Vec<Capture<'a>>,
}

/// Both sides, and what is known of each exchange of them.
pub struct Pair<'a> {
    pub sides: [Side<'a>; 2],
    /// The comparison as a document.
    pub document: String,
}

/// What an exchange costs, by its packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sums {
    pub packets: u64,
    pub with_data: u64,
    pub bytes: u64,
    pub app: u64,
    pub again: u64,
}

pub fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Judged {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// What is wrong with what is said.
pub fn complaints(pair: &Pair<'_>, json: &Value) -> Vec<String> {
    let findings = json["findings"].as_array().expect("findings");
    let wrong = |finding: &Value| {
        let wrong = judge(pair, finding).err()?;
        Some(format!("{}: {}\n    {wrong}", finding["id"], finding["text"]))
    };
    let mut wrong: Vec<String> = findings.iter().filter_map(wrong).collect();
    // All that differs is said.
    for id in ["other-acks", "other-segments", "other-words", "other-headers", "other-opening", "other-closing"] {
        let said = findings.iter().filter(|finding| finding["id"] == id).count();
        let expected = different(pair, id).len();
        if said != expected {
            wrong.push(format!("{id}: said {said} times, and {expected} things differ so"));
        }
    }
    wrong
}

fn judge(pair: &Pair<'_>, finding: &Value) -> Judged {
    let text = finding["text"].as_str().ok_or("no text")?;
    evidence_holds(pair, finding)?;
    match finding["id"].as_str().unwrap_or_default() {
        "what-changed" => effects::what_changed(pair, finding, text),
        "extent" => extent(pair, text),
        "in-one-only" => in_one_only(pair, finding, text),
        "other-time" => effects::other_time(pair, text),
        "sent-again" => sent_again(pair, text),
        id if FORMS.iter().any(|(known, _)| *known == id) => difference(pair, id, finding, text),
        unknown => Err(format!("the judge knows no finding {unknown}: a new rule needs its judgement")),
    }
}

impl<'a> Pair<'a> {
    /// The captures of both that are of the same app.
    pub fn pairings(&self) -> Vec<[&Capture<'a>; 2]> {
        let [left, right] = &self.sides;
        let other = |one: &Capture<'a>| right.captures.iter().find(|other| other.json["app"] == one.json["app"]);
        left.captures.iter().filter_map(|one| Some([one, other(one)?])).collect()
    }

    /// The place of a capture among all.
    fn place(&self, capture: &Capture<'a>) -> u64 {
        let all = self.sides.iter().flat_map(|side| &side.captures);
        all.take_while(|one| !std::ptr::eq(*one, capture)).count() as u64
    }

    fn capture(&self, place: u64) -> Option<&Capture<'a>> {
        self.sides.iter().flat_map(|side| &side.captures).nth(place as usize)
    }
}

/// Packets and exchanges that exist, in order; and the packets are those of the exchanges, where it is about these.
fn evidence_holds(pair: &Pair<'_>, finding: &Value) -> Judged {
    for evidence in finding["evidence"].as_array().ok_or("no evidence")? {
        let capture = pair.capture(evidence["capture"].as_u64().ok_or("no capture")?).ok_or("no such capture")?;
        let (packets, exchanges) =
            (super::cases::list(&evidence["packets"]), super::cases::list(&evidence["exchanges"]));
        for list in [&packets, &exchanges] {
            ensure(list.windows(2).all(|two| two[0] < two[1]) && list.len() <= 1000, || "not in order".to_owned())?;
        }
        ensure(packets.iter().all(|one| (1..=capture.packets.frames).contains(one)), || "no such packet".to_owned())?;
        ensure(exchanges.iter().all(|one| (*one as usize) < capture.exchanges.len()), || {
            "no such exchange".to_owned()
        })?;
        if finding["id"] != "in-one-only" {
            let all: BTreeSet<u64> =
                exchanges.iter().flat_map(|one| capture.exchanges[*one as usize].packets.iter().copied()).collect();
            ensure(all.iter().copied().take(1000).eq(packets), || {
                "its packets are not those of its exchanges".to_owned()
            })?;
        }
    }
    Ok(())
}

/// Packets whose payload had all passed before; of those without any, a SYN or a FIN.
fn repeated(capture: &Capture<'_>) -> HashSet<u64> {
    let mut seen: HashMap<(usize, bool), BTreeSet<i64>> = HashMap::new();
    let mut again = HashSet::new();
    let mut all: Vec<_> = capture.packets.all.iter().collect();
    all.sort_by_key(|packet| packet.number);
    for packet in all.into_iter().filter(|packet| packet.is_sent()) {
        let seen = seen.entry((packet.connection, packet.from_client)).or_default();
        let first = packet.start + i64::from(packet.syn);
        let mut bytes = if packet.len > 0 { first..first + packet.len } else { packet.start..packet.end };
        if bytes.all(|byte| seen.contains(&byte)) {
            again.insert(packet.number);
        }
        seen.extend(packet.start..packet.end);
    }
    again
}

/// What each exchange of a capture costs: by its packets, or, where it shares one with another, as it was shared out.
pub fn sums(capture: &Capture<'_>) -> Vec<Sums> {
    let again = repeated(capture);
    let json = capture.json["exchanges"].as_array().expect("exchanges");
    let mut shared: HashSet<u64> = HashSet::new();
    for one in json {
        shared.extend(super::cases::list(&one["shared_packets"]));
    }
    let of = |(exchange, json): (&super::cases::Exchange, &Value)| {
        if exchange.packets.len() != exchange.all.len() || exchange.packets.iter().any(|one| shared.contains(one)) {
            let column = |name: &str| json[name].as_u64().expect("a number");
            return Sums {
                packets: column("total_packets"),
                with_data: column("app_packets"),
                bytes: column("frame_bytes"),
                app: column("app_bytes"),
                again: column("retransmitted_packets"),
            };
        }
        let packets: Vec<_> = exchange.packets.iter().filter_map(|one| capture.packets.of(*one)).collect();
        Sums {
            packets: packets.len() as u64,
            with_data: packets.iter().filter(|one| one.len > 0).count() as u64,
            bytes: packets.iter().map(|one| one.bytes).sum(),
            app: packets.iter().map(|one| one.len as u64).sum(),
            again: packets.iter().filter(|one| again.contains(&one.number)).count() as u64,
        }
    };
    capture.exchanges.iter().zip(json).map(of).collect()
}

/// The exchanges of two captures that are of the same kind and the same number of it, with what they cost.
fn matched(captures: [&Capture<'_>; 2]) -> Vec<([usize; 2], [Sums; 2])> {
    let keyed = captures.map(|capture| {
        let mut counts: HashMap<(String, String), usize> = HashMap::new();
        let mut keys = Vec::new();
        for one in &capture.exchanges {
            let label = if one.kind == "update" { String::new() } else { one.label.clone() };
            let count = counts.entry((one.kind.clone(), label.clone())).or_default();
            *count += 1;
            keys.push((one.kind.clone(), label, *count));
        }
        keys
    });
    let [ours, theirs] = captures.map(sums);
    let place = |key| keyed[1].iter().position(|other| other == key);
    let both = |(at, key)| place(key).map(|other| ([at, other], [ours[at], theirs[other]]));
    keyed[0].iter().enumerate().filter_map(both).collect()
}

/// The sentence of each rule about exchanges, with holes for its numbers and its places.
const FORMS: [(&str, &str); 6] = [
    ("other-acks", "As much data, and beside it {} without any in a, {} in b: {}."),
    ("other-segments", "The same bytes leave in {} in a, and in {} in b: {}."),
    ("other-words", "{} of payload in a, and {} in b: {}."),
    ("other-headers", "Headers take {} in a, and {} in b, around the same payload: {}."),
    ("other-opening", "Opening takes {} and {} bytes in a, and {} and {} bytes in b: {}."),
    ("other-closing", "Closing takes {} and {} bytes in a, and {} and {} bytes in b: {}."),
];

/// The how manieth pair of captures, an exchange of both, and what it costs.
type Place = (u64, [usize; 2], [Sums; 2]);

/// The exchanges of both in which something differs, as the packets have it: by the numbers that differ.
fn different(pair: &Pair<'_>, id: &str) -> BTreeMap<Vec<u64>, Vec<Place>> {
    let mut found: BTreeMap<Vec<u64>, Vec<_>> = BTreeMap::new();
    for (at, captures) in (0..).zip(pair.pairings()) {
        for (places, sums) in matched(captures) {
            let kind = captures[0].exchanges[places[0]].kind.as_str();
            let [a, b] = sums;
            let said = !matches!(kind, "setup" | "close") && a.again == b.again;
            let cost = vec![a.packets, a.bytes, b.packets, b.bytes];
            let (same_data, same_packets) = ((a.with_data, a.app) == (b.with_data, b.app), a.packets == b.packets);
            let numbers = match id {
                "other-acks" => {
                    (said && same_data && !same_packets).then(|| vec![a.packets - a.with_data, b.packets - b.with_data])
                }
                "other-segments" => {
                    (said && a.app == b.app && a.with_data != b.with_data).then(|| vec![a.with_data, b.with_data])
                }
                "other-words" => (said && a.app != b.app).then(|| vec![a.app, b.app]),
                "other-headers" => (said && same_data && same_packets && a.bytes != b.bytes)
                    .then(|| vec![a.bytes - a.app, b.bytes - b.app]),
                "other-opening" => (kind == "setup" && cost[..2] != cost[2..]).then_some(cost),
                _ => (kind == "close" && cost[..2] != cost[2..]).then_some(cost),
            };
            if let Some(numbers) = numbers {
                found.entry(numbers).or_default().push((at, places, sums));
            }
        }
    }
    found
}

fn difference(pair: &Pair<'_>, id: &str, finding: &Value, text: &str) -> Judged {
    let form = FORMS.iter().find(|(known, _)| *known == id).ok_or("no form")?.1;
    let said = holes(form, text).ok_or("the judge cannot read it")?;
    let (places, numbers) = said.split_last().ok_or("nothing")?;
    let numbers: Vec<u64> = numbers.iter().filter_map(|text| number(text)).collect();
    let all = different(pair, id);
    let found = all.get(&numbers).ok_or_else(|| format!("nothing differs by {numbers:?}, but by {:?}", all.keys()))?;
    let mut shown: BTreeSet<(u64, u64)> = BTreeSet::new();
    for evidence in finding["evidence"].as_array().ok_or("no evidence")? {
        let capture = evidence["capture"].as_u64().ok_or("no capture")?;
        shown.extend(super::cases::list(&evidence["exchanges"]).into_iter().map(|place| (capture, place)));
    }
    let pairings = pair.pairings();
    let mut expected = BTreeSet::new();
    for (at, places, _) in found {
        for (capture, place) in pairings[*at as usize].iter().zip(places) {
            expected.insert((pair.place(capture), *place as u64));
        }
    }
    ensure(shown == expected, || format!("shown by {shown:?}, found in {expected:?}"))?;
    let bytes: u64 = found.iter().map(|(_, _, [a, b])| a.bytes.abs_diff(b.bytes)).sum();
    ensure(finding["cost"]["bytes"] == bytes, || format!("cost: found {bytes} bytes"))?;
    let named = named(&pairings, found);
    ensure(*places == named, || format!("says {places:?}, found {named:?}"))
}

/// "webapp (page, update 1, update 2 and 3 more) and wsapp (page)".
fn named(pairings: &[[&Capture<'_>; 2]], found: &[Place]) -> String {
    let mut by_capture: Vec<(u64, Vec<String>)> = Vec::new();
    for (at, places, _) in found {
        let capture = pairings[*at as usize][0];
        let json = &capture.json["exchanges"][places[0]];
        let kind = json["kind"].as_str().unwrap_or_default();
        let name = json["index"].as_u64().map_or_else(|| kind.to_owned(), |index| format!("{kind} {index}"));
        match by_capture.last_mut() {
            Some((last, names)) if last == at => names.push(name),
            _ => by_capture.push((*at, vec![name])),
        }
    }
    let named = by_capture.into_iter().map(|(at, mut names)| {
        let more = names.len().saturating_sub(3);
        names.truncate(3);
        if more > 0 {
            names.push(format!("{more} more"));
        }
        let name = pairings[at as usize][0].json["name"].as_str().unwrap_or_default();
        format!("{name} ({})", listed(&names))
    });
    listed(&named.collect::<Vec<_>>())
}

/// "a", "a and b", "a, b and c".
pub fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// "of webapp 0 of 18 packets in a and 3 of 106 packets in b; of …": whatever differs, and nothing else.
fn sent_again(pair: &Pair<'_>, text: &str) -> Judged {
    let said = holes("Sent again were {}.", text).ok_or("the judge cannot read it")?;
    let mut found = Vec::new();
    for captures in pair.pairings() {
        let [a, b] = captures.map(|capture| (repeated(capture).len(), capture.packets.all.len() as u64));
        if a.0 != b.0 {
            let packets = |(_, of): (usize, u64)| if of == 1 { "1 packet".to_owned() } else { format!("{of} packets") };
            let name = captures[0].json["name"].as_str().unwrap_or_default();
            found.push(format!("of {name} {} of {} in a and {} of {} in b", a.0, packets(a), b.0, packets(b)));
        }
    }
    let found = found.join("; ");
    ensure(said[0] == found, || format!("found {found}"))
}

/// How many cells of the document's tables have two numbers, and in how many there is a third.
fn extent(pair: &Pair<'_>, text: &str) -> Judged {
    let tables = pair.document.split("\n## Why they differ").next().unwrap_or_default();
    let tables = tables.split("\n## Made in another way").next().unwrap_or_default();
    let rows =
        tables.lines().filter(|line| line.starts_with('|') && !line.starts_with("| |") && !line.starts_with("| -"));
    let cells: Vec<&str> = rows.flat_map(|row| row.trim_matches('|').split(" | ").skip(1)).collect();
    let both = cells.iter().filter(|cell| !cell.contains('–')).count() as u64;
    let differ = cells.iter().filter(|cell| cell.contains("→ **")).count() as u64;
    let words =
        ["No", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine", "Ten", "Eleven", "Twelve"];
    let said = match holes("{} of {} cells differ", text) {
        Some(said) => {
            let count = words.iter().position(|word| *word == said[0]).map(|at| at as u64).or(number(said[0]));
            (count, number(said[1]))
        }
        None => (Some(0), holes("Every one of {} cells is the same in both", text).and_then(|said| number(said[0]))),
    };
    ensure(said == (Some(differ), Some(both)), || format!("found {differ} of {both}"))
}

/// What one side has, word for word as it was found there, and the other has not. Whether that is true of its packets is judged
/// capture by capture.
fn in_one_only(pair: &Pair<'_>, finding: &Value, text: &str) -> Judged {
    let said = holes("Only {} has {}, in {}. In {}: {}", text).ok_or("the judge cannot read it")?;
    let side = pair.sides.iter().position(|side| side.name == said[0]).ok_or("no such side")?;
    let has = |capture: &Capture<'_>| {
        capture.json["findings"].as_array().expect("findings").iter().any(|one| one["id"] == said[1])
    };
    let only: Vec<[&Capture<'_>; 2]> =
        pair.pairings().into_iter().filter(|both| has(both[side]) && !has(both[1 - side])).collect();
    let names: Vec<String> =
        only.iter().map(|both| both[side].json["name"].as_str().unwrap_or_default().to_owned()).collect();
    ensure(said[2] == listed(&names), || format!("found in {names:?}"))?;
    let shown =
        only.iter().map(|both| both[side]).find(|capture| capture.json["name"] == said[3]).ok_or("no capture")?;
    let own = shown.json["findings"].as_array().expect("findings").iter().find(|one| one["text"] == said[4]);
    let own = own.ok_or("the capture does not say so")?;
    ensure(own["sure"] == finding["sure"], || "not as sure as it was".to_owned())
}
