//! Is the time of an exchange what the virtual wire knows to be true?
//!
//! The same run is recorded at both ends: with the list of what the link did, that is every frame, when it was sent, and when
//! it arrived, if it did. What an exchange waited for follows by looking these up, one byte at a time, and shares nothing with
//! the analyzer. The apps answer at once, but for the first event of a stream.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use super::cases::{list, ns};
use super::packets::{Packet, Packets};
use super::walk::MS;

/// A run as the wire knows it.
pub struct Wire<'a> {
    pub rtt_ms: f64,
    /// At the server's end and at the client's: the capture, and its entry in run.json.
    pub ends: [(&'a Packets, &'a Value); 2],
    /// Which of them is judged.
    pub judged: usize,
}

/// The parts of a time, in milliseconds.
pub const PARTS: [&str; 8] =
    ["network_s", "server_s", "client_s", "sender_s", "ack_s", "window_s", "recovery_s", "unexplained_s"];

/// How far from the truth the parts were.
#[derive(Debug, Default)]
pub struct Figures {
    /// Exchanges; and those whose bytes are not told apart from others' by their packets alone.
    pub exchanges: u64,
    pub left_out: u64,
    /// By part: how many were not null or should not have been; of them, how many are `likely`; and how far these and the others
    /// were from the truth, in milliseconds, where that is a millisecond or more.
    pub parts: BTreeMap<&'static str, Figure>,
}

#[derive(Debug, Default)]
pub struct Figure {
    pub seen: u64,
    pub likely: u64,
    pub seen_off: Vec<f64>,
    pub likely_off: Vec<f64>,
}

impl Figures {
    pub fn add(&mut self, other: Figures) {
        self.exchanges += other.exchanges;
        self.left_out += other.left_out;
        for (part, figure) in other.parts {
            let own = self.parts.entry(part).or_default();
            own.seen += figure.seen;
            own.likely += figure.likely;
            own.seen_off.extend(figure.seen_off);
            own.likely_off.extend(figure.likely_off);
        }
    }
}

/// As a table of Markdown.
impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} exchanges, and {} left out", self.exchanges, self.left_out)?;
        writeln!(f, "| part | seen | of them off | by at most | likely | of them off | by (median) | by at most |")?;
        writeln!(f, "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")?;
        for (part, figure) in &self.parts {
            let of = |off: &[f64]| {
                let mut off = off.to_vec();
                off.sort_by(f64::total_cmp);
                let ms = |at: usize| off.get(at).map_or("-".to_owned(), |ms| format!("{ms:.0} ms"));
                (off.len(), ms(off.len() / 2), ms(off.len().wrapping_sub(1)))
            };
            let ((seen, _, seen_most), (likely, median, most)) = (of(&figure.seen_off), of(&figure.likely_off));
            let Figure { seen: all_seen, likely: all_likely, .. } = figure;
            writeln!(
                f,
                "| {part} | {all_seen} | {seen} | {seen_most} | {all_likely} | {likely} | {median} | {most} |"
            )?;
        }
        Ok(())
    }
}

/// A frame, and when it was where.
#[derive(Debug)]
struct Carried<'a> {
    packet: &'a Packet,
    sent_ns: u64,
    arrived_ns: Option<u64>,
}

/// All frames of a connection that the client sent, and that the server sent.
type Connection<'a> = [Vec<Carried<'a>>; 2];

impl<'a> Wire<'a> {
    /// All frames by connection, each as the end that sent it has it.
    fn connections(&self) -> HashMap<&'a str, Connection<'a>> {
        let mut connections: HashMap<&str, Connection<'_>> = HashMap::new();
        for (from_client, (packets, run)) in [(false, self.ends[0]), (true, self.ends[1])] {
            let started_ns = started_ns(run);
            let listed = run["impaired_frames"].as_array().expect("a list");
            let of_number = |number: u64| listed.iter().find(|frame| frame["frame"].as_u64() == Some(number));
            for packet in packets.all.iter().filter(|packet| packet.from_client == from_client) {
                let client = if from_client { &packet.from } else { &packet.to };
                let arrived_ns = match of_number(packet.number) {
                    None => Some(packet.ns + (self.rtt_ms * 5e5) as u64),
                    Some(frame) => frame["arrived_s"].as_f64().map(|s| started_ns + (s * 1e9).round() as u64),
                };
                let frames = connections.entry(client).or_default();
                frames[usize::from(!from_client)].push(Carried { packet, sent_ns: packet.ns, arrived_ns });
            }
        }
        connections
    }
}

fn started_ns(run: &Value) -> u64 {
    let started: jiff::Timestamp = run["started"].as_str().expect("a time").parse().expect("a time");
    started.as_nanosecond() as u64
}

/// When a byte was first sent, and in which packet.
fn first_sent<'a, 'b>(frames: &'b [Carried<'a>], byte: i64) -> Option<&'b Carried<'a>> {
    frames.iter().filter(|one| one.packet.start <= byte && byte < one.packet.end).min_by_key(|one| one.sent_ns)
}

/// When all bytes before a position could be read.
fn ready(frames: &[Carried<'_>], position: i64) -> Option<u64> {
    let mut arrived: Vec<_> = frames.iter().filter_map(|one| Some((one.arrived_ns?, one.packet))).collect();
    arrived.sort_by_key(|(arrived_ns, _)| *arrived_ns);
    let mut early: Vec<(i64, i64)> = Vec::new();
    let mut read = 0;
    for (arrived_ns, packet) in arrived {
        early.push((packet.start, packet.end));
        while let Some(&(_, end)) = early.iter().find(|(start, end)| *start <= read && *end > read) {
            read = end;
        }
        if read >= position {
            return Some(arrived_ns);
        }
    }
    None
}

/// What is seen and not so; and how far off everything is.
pub fn complaints(wire: &Wire<'_>, json: &Value, figures: &mut Figures) -> Vec<String> {
    let mut wrong = Vec::new();
    let connections = wire.connections();
    // Behind the last byte of the exchanges so far, the client's and the server's.
    let mut claimed: HashMap<&str, [i64; 2]> = HashMap::new();
    let packets = wire.ends[wire.judged].0;
    for exchange in json["exchanges"].as_array().expect("exchanges") {
        let row = exchange["connection"].as_u64().expect("a connection") as usize;
        let client = json["connections"][row]["client"].as_str().expect("a client");
        let claimed = claimed.entry(client).or_insert([0; 2]);
        let mut range = [(claimed[0], claimed[0]), (claimed[1], claimed[1])];
        for number in list(&exchange["packets"]) {
            let packet = packets.of(number).expect("a packet");
            if !packet.is_sent() {
                continue;
            }
            let side = usize::from(!packet.from_client);
            range[side].1 = range[side].1.max(packet.end - i64::from(packet.fin));
        }
        *claimed = [range[0].1, range[1].1];
        if exchange["time"].is_null() {
            continue;
        }
        let shares = !list(&exchange["shared_packets"]).is_empty();
        let truth = connections.get(client).filter(|_| !shares).and_then(|frames| truth(frames, range, wire.rtt_ms));
        let Some(truth) = truth else {
            figures.left_out += 1;
            continue;
        };
        figures.exchanges += 1;
        let likely: Vec<&str> =
            exchange["time"]["likely"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for part in PARTS {
            let (said, known) = (ns(&exchange["time"][part]) as f64 / 1e6, truth[part]);
            let figure = figures.parts.entry(part).or_default();
            let off = (said - known).abs();
            let is_likely = likely.contains(&part);
            if said < 0.001 && known < 0.001 && !is_likely {
                continue;
            }
            if is_likely {
                figure.likely += 1
            } else {
                figure.seen += 1
            }
            if off >= 1.0 {
                if is_likely { &mut figure.likely_off } else { &mut figure.seen_off }.push(off);
            }
            if off >= 1.0 && !is_likely {
                wrong.push(format!(
                    "{} {} of packets {:?}: {part} is {known:.3} ms: {} (all: {truth:.1?})",
                    exchange["kind"],
                    exchange["label"],
                    list(&exchange["packets"]),
                    exchange["time"]
                ));
            }
        }
    }
    wrong
}

/// The parts of an exchange of these bytes of the client and of the server, in milliseconds.
fn truth(frames: &Connection<'_>, range: [(i64, i64); 2], rtt_ms: f64) -> Option<BTreeMap<&'static str, f64>> {
    let ms = |ns: u64| ns as f64 / 1e6;
    let half_ns = (rtt_ms * 5e5) as u64;
    let mut truth: BTreeMap<&str, f64> = PARTS.iter().map(|part| (*part, 0.0)).collect();
    let has = range.map(|(from, to)| to > from);
    let [client, server] = frames;
    if !has[1] {
        return None;
    }
    let (first, last) = (first_sent(server, range[1].0)?.sent_ns, first_sent(server, range[1].1 - 1)?.sent_ns);
    let end = ready(server, range[1].1)?;
    let mut total = end - first;
    *truth.get_mut("network_s")? = rtt_ms / 2.0;
    if has[0] {
        let asked = ready(client, range[0].1)?;
        total = end - first_sent(client, range[0].0)?.sent_ns;
        *truth.get_mut("network_s")? = rtt_ms;
        // A segment that waits for the ACK of another exchange's is none that these apps send.
        *truth.get_mut("server_s")? = ms(first.saturating_sub(asked));
    }
    // The rest of an answer waited for the ACK of its beginning, as long as that would have taken without losses; unless it came
    // behind a copy of the beginning.
    let mut byte = range[1].0;
    let mut at = first;
    while byte < range[1].1 {
        let sent = first_sent(server, byte)?;
        let is_behind = sent.packet.start < byte && first_sent(server, sent.packet.start)?.sent_ns < sent.sent_ns;
        if sent.sent_ns > at && !is_behind {
            let acks = || client.iter().filter(|one| one.packet.has_ack && one.packet.acks >= byte);
            let (acked, came) = (acks().map(|one| one.sent_ns).min()?, acks().filter_map(|one| one.arrived_ns).min()?);
            let held = acked.saturating_sub(ready(server, byte)?);
            let waited = sent.sent_ns - at;
            if came.abs_diff(sent.sent_ns) < MS {
                *truth.get_mut("ack_s")? += ms(waited.min(2 * half_ns + held));
            } else {
                *truth.get_mut("sender_s")? += ms(waited);
            }
        }
        at = at.max(sent.sent_ns);
        byte = sent.packet.end;
    }
    debug_assert!(at == last);
    let others: f64 = truth.values().sum();
    *truth.get_mut("recovery_s")? = (ms(total) - others).max(0.0);
    Some(truth)
}

/// A server that answers at once is not slow, and it is known here what the link did.
pub fn slow(app: &str, json: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    for finding in json["findings"].as_array().expect("findings") {
        let is_slow = finding["id"] == "slow-server" || finding["id"] == "slow-sender";
        let exchanges = list(&finding["exchanges"]);
        let is_true = |at: &u64| app == "sse" && json["exchanges"][*at as usize]["kind"] == "subscribe";
        if is_slow && !exchanges.iter().all(is_true) {
            wrong.push(format!("{}: {}: no server of the lab is slow", finding["id"], finding["text"]));
        }
    }
    wrong
}
