//! Is it true what a comparison says that an option did to an update?

use serde_json::Value;

use super::cases::{Capture, ns};
use super::pairs::{Judged, Pair, Sums, ensure, sums};
use super::walk::MS;
use super::words::{holes, is_time};

/// What stands for the updates of a capture, in tenths.
struct Row {
    packets: u64,
    bytes: u64,
    is_mean: bool,
    /// The time of the median update, and its parts.
    time: Value,
}

/// The median update, or the mean of all.
fn row(capture: &Capture<'_>) -> Option<Row> {
    let sums = sums(capture);
    let updates = (0..capture.exchanges.len()).filter(|at| capture.exchanges[*at].kind == "update");
    let mut updates: Vec<(Sums, u64, usize)> = updates
        .map(|at| {
            let cost = Sums { bytes: sums[at].bytes, packets: sums[at].packets, ..Sums::default() };
            (cost, capture.exchanges[at].total_ns.unwrap_or(0), at)
        })
        .collect();
    let count = updates.len() as u64;
    if count == 0 {
        return None;
    }
    if capture.json["per_update"].is_null() {
        let mean = |of: fn(&Sums) -> u64| {
            let sum: u64 = updates.iter().map(|(sums, ..)| of(sums)).sum();
            (sum * 20 + count) / (2 * count)
        };
        let (packets, bytes) = (mean(|sums| sums.packets), mean(|sums| sums.bytes));
        return Some(Row { packets, bytes, is_mean: true, time: Value::Null });
    }
    updates.sort_by_key(|(sums, time, at)| (sums.bytes, sums.packets, *time, *at));
    let middle = updates[(updates.len() - 1) / 2].0;
    // Of those that cost the same, the quickest stands for all.
    let (sums, _, at) = updates.into_iter().find(|(sums, ..)| *sums == middle)?;
    let time = capture.json["exchanges"][at]["time"].clone();
    Some(Row { packets: sums.packets * 10, bytes: sums.bytes * 10, is_mean: false, time })
}

fn total(row: &Row) -> Option<f64> {
    row.time["total_s"].as_f64()
}

/// The quickest handshake of a capture, from SYN to ACK.
fn round_trip(capture: &Capture<'_>) -> Option<f64> {
    let of = |walk: &super::walk::Walk<'_>| {
        let ack = walk.packets.iter().find(|one| one.from_client && !one.syn && one.has_ack && one.acks >= 1)?;
        let syn = walk
            .packets
            .iter()
            .take_while(|one| one.number < ack.number)
            .filter(|one| one.syn && one.from_client)
            .last()?;
        Some((ack.ns - syn.ns) as f64 / 1e9)
    };
    capture.walks.iter().filter_map(of).reduce(f64::min)
}

/// What each app is called in a sentence.
fn called(capture: &Capture<'_>) -> &'static str {
    match capture.json["app"].as_str() {
        Some("tcp") => "raw TCP",
        Some("web") => "the full page",
        Some("ajax") => "Ajax",
        Some("sse") => "SSE",
        Some("ws") => "WebSocket",
        _ => "another",
    }
}

/// The longest that an update took.
fn slowest(pair: &Pair<'_>, side: usize) -> u64 {
    let with_rows = pair.pairings().into_iter().filter(|both| both.iter().all(|one| row(one).is_some()));
    let updates = with_rows.flat_map(|both| both[side].exchanges.iter().filter(|one| one.kind == "update"));
    updates.filter_map(|one| one.total_ns).max().unwrap_or(0)
}

pub fn what_changed(pair: &Pair<'_>, finding: &Value, text: &str) -> Judged {
    let (typed, effects) = match text.strip_prefix('`').and_then(|rest| rest.split_once("`: ")) {
        Some((typed, effects)) => (typed, effects),
        None => ("", text.strip_prefix("From a to b: ").ok_or("the judge cannot read it")?),
    };
    options(pair, finding, typed)?;
    let mut told: Vec<&str> = Vec::new();
    let mut others = false;
    for clause in effects.split("; ") {
        if let Some(said) = holes("the slowest takes {}, not {}", clause) {
            let [was, is] = [0, 1].map(|side| slowest(pair, side) as f64);
            ensure(is_time(said[0], is) && is_time(said[1], was), || format!("slowest: found {is} and {was} ns"))?;
            continue;
        }
        if clause == "others differ in other ways" {
            others = true;
            continue;
        }
        let (who, effect) = clause.split_once(" costs ").ok_or_else(|| format!("cannot read {clause:?}"))?;
        let names: Vec<&str> = match who.split_once(" with ") {
            Some((_, names)) => names.split(", ").flat_map(|names| names.split(" and ")).collect(),
            None => pair.pairings().iter().map(|both| called(both[0])).collect(),
        };
        for both in pair.pairings().into_iter().filter(|both| names.contains(&called(both[0]))) {
            costs(both, effect).map_err(|wrong| format!("{}: {wrong}", called(both[0])))?;
        }
        told.extend(names);
    }
    for both in pair.pairings().into_iter().filter(|both| !told.contains(&called(both[0])) && !others) {
        if both.iter().all(|one| row(one).is_some()) {
            costs(both, "the same").map_err(|wrong| format!("{} is not named: {wrong}", called(both[0])))?;
        }
    }
    Ok(())
}

/// The options that differ, and no others.
fn options(pair: &Pair<'_>, finding: &Value, typed: &str) -> Judged {
    let [a, b] = [&pair.sides[0].run, &pair.sides[1].run];
    let named: Vec<&str> =
        finding["options"].as_array().ok_or("no options")?.iter().filter_map(Value::as_str).collect();
    for name in ["replay", "server", "client", "rtt_ms", "loss", "interval_s", "updates", "vantage"] {
        let differs = a["options"][name] != b["options"][name];
        ensure(differs == named.contains(&name), || format!("{name} differs: {differs}, named: {named:?}"))?;
        let flag = format!("--{}", name.trim_end_matches("_ms").trim_end_matches("_s"));
        let Some(value) = typed.split_once(&format!("{flag} ")).map(|(_, rest)| rest) else {
            ensure(!differs, || format!("{flag} is not typed"))?;
            continue;
        };
        let value = value.split(' ').next().unwrap_or_default();
        let is = &b["options"][name];
        let digits = value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%');
        let scale = match (name, value.strip_prefix(digits).unwrap_or_default()) {
            ("loss", _) => 0.01,
            ("rtt_ms", "s") => 1e3,
            ("interval_s", "ms") => 1e-3,
            _ => 1.0,
        };
        let is_number =
            is.as_f64().zip(digits.parse::<f64>().ok()).is_some_and(|(is, said)| (said * scale - is).abs() < 1e-9);
        ensure(is_number || is == value, || format!("{flag}: says {value}, run.json {is}"))?;
    }
    Ok(())
}

/// "2 packets, 132 bytes and one round trip more, and 3 bytes less", or "the same".
fn costs(both: [&Capture<'_>; 2], effect: &str) -> Judged {
    let [Some(was), Some(is)] = both.map(row) else { return Err("there are no updates".to_owned()) };
    let mut said: Vec<(f64, &str)> = Vec::new();
    for part in effect.split(", and ").filter(|_| effect != "the same") {
        let (sign, items) = match (part.strip_suffix(" more"), part.strip_suffix(" less")) {
            (Some(items), _) => (1.0, items),
            (_, Some(items)) => (-1.0, items),
            _ => return Err(format!("cannot read {part:?}")),
        };
        said.extend(items.split(", ").flat_map(|items| items.split(" and ")).map(|item| (sign, item)));
    }
    let take = |noun: &str| said.iter().find(|(_, item)| item.contains(noun)).copied();
    for (noun, was_tenths, is_tenths) in [("packet", was.packets, is.packets), ("byte", was.bytes, is.bytes)] {
        let change = is_tenths as f64 - was_tenths as f64;
        let told = take(noun).map_or(Some(0.0), |(sign, item)| {
            let digits: String = item.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
            Some(sign * digits.parse::<f64>().ok()? * 10.0)
        });
        let told = told.ok_or("no number")?;
        ensure((told - change).abs() < 0.5, || format!("{noun}s: says {}, found {}", told / 10.0, change / 10.0))?;
        ensure(was.is_mean || is.is_mean || change % 10.0 == 0.0, || "tenths of no mean".to_owned())?;
    }
    let time = said.iter().find(|(_, item)| !item.contains("packet") && !item.contains("byte"));
    let (Some(before), Some(now)) = (total(&was), total(&is)) else {
        return ensure(time.is_none(), || "a time of no median".to_owned());
    };
    let change = now - before;
    let least = (before * 0.05).max(0.001);
    match time {
        None => ensure(change.abs() < least + 1e-6, || format!("takes {change} s more, which is not said")),
        Some((sign, item)) => {
            let same_sign = sign * change > 0.0 && change.abs() > least - 1e-6;
            let trips = item.strip_suffix(" round trip").or(item.strip_suffix(" round trips"));
            let trips = trips.and_then(|word| WORDS.iter().position(|known| *known == word)).map(|at| at as f64 + 1.0);
            let fits = match (trips, round_trip(both[1])) {
                (Some(trips), Some(trip)) => (change.abs() - trips * trip).abs() < trip * 0.1 + 1e-6,
                _ => is_time(item, change.abs() * 1e9),
            };
            ensure(same_sign && fits, || format!("says {item}, found {change} s"))
        }
    }
}

/// "The median update of tcpapp and wsapp takes 25 ms in a and 200 ms in b: network 175 ms more."
pub fn other_time(pair: &Pair<'_>, text: &str) -> Judged {
    let said =
        holes("The median update of {} takes {} in a and {} in b: {}.", text).ok_or("the judge cannot read it")?;
    let names: Vec<&str> = said[0].split(", ").flat_map(|names| names.split(" and ")).collect();
    for both in pair.pairings().into_iter().filter(|both| names.iter().any(|name| both[0].json["name"] == *name)) {
        let [Some(was), Some(is)] = both.map(row) else { return Err("there are no updates".to_owned()) };
        let totals = [&was, &is].map(|row| ns(&row.time["total_s"]));
        ensure(is_time(said[1], totals[0] as f64) && is_time(said[2], totals[1] as f64), || {
            format!("found {totals:?} ns")
        })?;
        let least = (totals[0].max(totals[1]) / 20).max(MS);
        for (name, key) in CAUSES {
            let [was, is] = [&was, &is].map(|row| ns(&row.time[key]));
            let change = is.abs_diff(was);
            let told =
                said[3].split(", ").flat_map(|items| items.split(" and ")).find_map(|item| item.strip_prefix(name));
            match told {
                None => ensure(change <= least + 1, || format!("{name}: {change} ns, which is not said"))?,
                Some(told) => {
                    let how = if is > was { " more" } else { " less" };
                    let size = told.trim_start().strip_suffix(how).ok_or_else(|| format!("{name}: it is{how}"))?;
                    ensure(is_time(size, change as f64), || format!("{name}: says {size}, found {change} ns"))?;
                }
            }
        }
    }
    Ok(())
}

const WORDS: [&str; 12] =
    ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
const CAUSES: [(&str, &str); 8] = [
    ("network", "network_s"),
    ("server", "server_s"),
    ("client", "client_s"),
    ("sender", "sender_s"),
    ("waiting for an ACK", "ack_s"),
    ("window", "window_s"),
    ("recovery", "recovery_s"),
    ("unexplained", "unexplained_s"),
];
