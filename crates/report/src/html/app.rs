//! One capture's part of the page: ladder, proofs, packets, what was said.

use serde::Serialize;
use wirelab_analyze::model::{Capture, Column, Finding, Packet};

use crate::bytes::{CaptureBytes, FrameBytes};
use crate::findings::{Evidence, ReportFinding};
use crate::found::{self, MOST_PACKETS};
use crate::html::hex::{self, Hex};
use crate::html::layer::{LegendEntry, legend};
use crate::html::proof::{self, Proof};
use crate::html::svg::{escape, escape_into};
use crate::html::window::{Share, Window};
use crate::html::{fields, ladder, why};
use crate::list::{described, readable};
use crate::numbers::{capital, count, duration, grouped, signed};
use crate::published::{self, KindRow};
use crate::remarks::Remarks;
use crate::report::Report;
use crate::tables::title;
use crate::transcript::{Content, Turn, is_content, turns};

/// A capture as the template gets it.
#[derive(Clone, Debug, Serialize)]
pub struct AppView {
    id: String,
    name: String,
    title: String,
    heading: String,
    facts: String,
    found: Vec<Found>,
    why: Vec<Why>,
    kinds: Vec<KindView>,
    ladder: Option<String>,
    ladder_rest: u64,
    proofs: Vec<Proof>,
    packets: Vec<PacketView>,
    note: Option<String>,
    conversations: Vec<Conversation>,
    legend: Vec<LegendEntry>,
    file: String,
    list: String,
    problems: Vec<String>,
}

impl AppView {
    /// Whether a packet is shown one by one.
    pub fn shows(&self, number: u64) -> bool {
        self.packets.iter().any(|packet| packet.number == number)
    }
}

/// A difference as it is told in its capture.
#[derive(Clone, Debug, Serialize)]
struct Why {
    subject: String,
    text: String,
    packets: Vec<Target>,
    source: &'static str,
    url: Option<String>,
}

/// A finding as it is told in its capture.
#[derive(Clone, Debug, Serialize)]
struct Found {
    id: &'static str,
    title: &'static str,
    text: String,
    packets: Vec<Target>,
    rest: u64,
    instead: Option<String>,
    source: String,
}

/// One kind of exchange beside 2021.
#[derive(Clone, Debug, Serialize)]
struct KindView {
    kind: &'static str,
    packets: String,
    packets_then: String,
    packets_change: String,
    bytes: String,
    bytes_then: String,
    bytes_change: String,
}

/// A packet that can be gone to.
#[derive(Clone, Debug, Serialize)]
struct Target {
    label: String,
    href: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
struct PacketView {
    id: String,
    number: u64,
    time: String,
    client: bool,
    arrow: &'static str,
    said: String,
    exchange: String,
    exchange_id: Option<String>,
    /// One of [`byte_columns`] each.
    bytes: Vec<String>,
    why: String,
    why_id: &'static str,
    /// What it is evidence of.
    found: Vec<String>,
    hex: Option<Hex>,
    fields: String,
}

#[derive(Clone, Debug, Serialize)]
struct Conversation {
    heading: String,
    turns: Vec<TurnView>,
    rest: usize,
}

#[derive(Clone, Debug, Serialize)]
struct TurnView {
    client: bool,
    who: String,
    packets: Vec<Target>,
    /// The words with their parts marked; safe HTML.
    said: String,
    note: Option<String>,
}

/// The columns of the packet list that count bytes.
pub fn byte_columns() -> impl Iterator<Item = Column> {
    Column::SUMMANDS.into_iter().chain([Column::FrameBytes])
}

/// The view of one capture, within its share of the page.
pub fn view(report: &Report, at: usize, share: Share) -> Option<AppView> {
    let capture = report.analysis.captures.get(at)?;
    let id = report.ids.get(at)?.clone();
    let bytes = report.bytes.get(at);
    let window = Window::new(capture, bytes, share);
    let (picture, rest) =
        ladder::render(capture, &id, share.ladder, &window).map_or((None, 0), |(svg, rest)| (Some(svg), rest));
    Some(AppView {
        name: capture.name.clone(),
        title: title(capture),
        heading: proof::capture_heading(capture),
        facts: facts(capture),
        found: capture.findings.iter().map(|finding| of_capture(finding, &id, &window)).collect(),
        why: of_numbers(report, at, &id, &window),
        kinds: kinds(capture),
        ladder: picture,
        ladder_rest: rest,
        proofs: proof::all(capture, &id, &window),
        packets: capture
            .packets
            .iter()
            .filter(|packet| window.shows(packet.number))
            .map(|packet| {
                packet_view(capture, &id, packet, bytes.and_then(|bytes| bytes.frame(packet.number)), &window)
            })
            .collect(),
        note: window.note.clone(),
        conversations: bytes.map(|bytes| conversations(capture, bytes, &id, &window, share.said)).unwrap_or_default(),
        legend: legend([&capture.totals]),
        file: capture.file.clone().unwrap_or_else(|| capture.name.clone()),
        list: format!("tshark -r {}", proof::quoted(capture.file.as_deref().unwrap_or("-"))),
        problems: problems(capture),
        id,
    })
}

fn facts(capture: &Capture) -> String {
    let mut facts = vec![
        count(capture.totals.total_packets, "TCP packet"),
        format!("{} bytes", grouped(capture.totals.frame_bytes)),
        count(capture.connections.len() as u64, "connection"),
        format!("{} long", duration(capture.duration_s)),
    ];
    if let Some(trip) = crate::lookup::round_trip(capture) {
        facts.push(format!("round trip {}", duration(trip)));
    }
    if capture.skipped_frames > 0 {
        facts.push(format!("{} without TCP", count(capture.skipped_frames, "frame")));
    }
    facts.join(" \u{b7} ")
}

/// The kinds of exchange and what they cost in 2021, where the two are comparable and not the same.
fn kinds(capture: &Capture) -> Vec<KindView> {
    let rows = published::by_kind(capture);
    let same =
        |row: &KindRow| (row.now.total_packets, row.now.frame_bytes) == (row.then.total_packets, row.then.frame_bytes);
    if rows.iter().all(same) {
        return Vec::new();
    }
    rows.into_iter()
        .map(|row| KindView {
            kind: row.kind.name(),
            packets: grouped(row.now.total_packets),
            packets_then: grouped(row.then.total_packets),
            packets_change: signed(row.now.total_packets, row.then.total_packets),
            bytes: grouped(row.now.frame_bytes),
            bytes_then: grouped(row.then.frame_bytes),
            bytes_change: signed(row.now.frame_bytes, row.then.frame_bytes),
        })
        .collect()
}

/// What is told of the numbers of one of the lab's own apps.
fn of_numbers(report: &Report, at: usize, id: &str, window: &Window) -> Vec<Why> {
    let of_this = report.findings.iter().filter(|finding| finding.is_of_numbers()).filter_map(|finding| {
        let evidence = finding.evidence.iter().find(|evidence| evidence.capture == at)?;
        Some((finding, evidence))
    });
    let why = |(finding, evidence): (&ReportFinding, &Evidence)| Why {
        subject: finding.rule.0.title.to_owned(),
        text: finding.sentence(),
        packets: targets(evidence.packets.iter().take(MOST_PACKETS), id, window),
        source: finding.rule.0.source,
        url: found::address(finding.rule.0.source),
    };
    of_this.map(why).collect()
}

fn of_capture(finding: &Finding, id: &str, window: &Window) -> Found {
    let rest = finding.packets.len().saturating_sub(MOST_PACKETS) as u64 + finding.packets_left_out;
    Found {
        id: finding.id.name(),
        title: finding.id.title(),
        text: found::sentence(finding),
        packets: targets(finding.packets.iter().take(MOST_PACKETS), id, window),
        rest,
        instead: finding.instead.clone(),
        source: finding.source.clone(),
    }
}

fn targets<'a>(numbers: impl Iterator<Item = &'a u64>, id: &str, window: &Window) -> Vec<Target> {
    numbers
        .map(|number| Target {
            label: number.to_string(),
            href: window.shows(*number).then(|| format!("{id}-p{number}")),
        })
        .collect()
}

fn packet_view(
    capture: &Capture,
    id: &str,
    packet: &Packet,
    frame: Option<&FrameBytes>,
    window: &Window,
) -> PacketView {
    let (why, why_id) = why::of(packet);
    let tally = packet.tally();
    let exchange = packet.exchange.and_then(|at| Some((at, capture.exchanges.get(at)?)));
    PacketView {
        id: format!("{id}-p{}", packet.number),
        number: packet.number,
        time: format!("{:.6}", packet.time_s),
        client: packet.from_client,
        arrow: if packet.from_client { "\u{2192}" } else { "\u{2190}" },
        said: described(packet),
        exchange: exchange.map_or_else(String::new, |(_, exchange)| exchange.name().to_string()),
        exchange_id: exchange
            .filter(|(at, _)| window.exchanges.contains(at))
            .map(|(at, exchange)| proof::exchange_id(id, at, exchange)),
        bytes: byte_columns().map(|column| column.of(&tally).to_string()).collect(),
        why,
        why_id,
        found: why::found(capture, packet.number),
        hex: frame.map(|frame| hex::render(packet, &frame.data)),
        fields: frame.map_or_else(String::new, |frame| fields::render(&crate::fields::of(capture, frame), packet)),
    }
}

fn conversations(
    capture: &Capture,
    bytes: &CaptureBytes,
    id: &str,
    window: &Window,
    mut left: usize,
) -> Vec<Conversation> {
    (0..capture.connections.len().min(MOST_CONNECTIONS) as u32)
        .filter_map(|number| {
            let all = turns(capture, bytes, number);
            let connection = capture.connections.get(number as usize)?;
            if all.is_empty() {
                return None;
            }
            let mut shown = Vec::new();
            for turn in &all {
                if left < turn.bytes.len() || shown.len() >= MOST_TURNS {
                    break;
                }
                left -= turn.bytes.len();
                shown.push(turn_view(capture, turn, id, window));
            }
            Some(Conversation {
                heading: format!(
                    "Connection {number}, {} to {}, {}",
                    connection.client, connection.server, connection.protocol
                ),
                rest: all.len() - shown.len(),
                turns: shown,
            })
        })
        .collect()
}

fn turn_view(capture: &Capture, turn: &Turn, id: &str, window: &Window) -> TurnView {
    let mut said = String::new();
    let content = turn.content();
    let mut plain = content.as_ref().map(|content| content.plain.bytes.as_slice());
    let mut len = 0_usize;
    for (layer, run) in turn.runs() {
        len += run.len();
        let run = match content {
            // What was compressed stands where it begins, as it was meant.
            Some(_) if is_content(layer) => {
                let plain = plain.take().unwrap_or_default();
                plain.get(..MOST_DECOMPRESSED).unwrap_or(plain)
            }
            _ => run,
        };
        if !run.is_empty() {
            said.push_str(&format!("<i class=\"{}\">", layer.class()));
            escape_into(&mut said, &readable(run));
            said.push_str("</i>");
        }
    }
    if let Some(rest) = turn.bytes.get(len..).filter(|rest| !rest.is_empty()) {
        said.push_str(&escape(&readable(rest)));
    }
    // What a masked or compressed message says, the packet list knows.
    let masked = turn.bytes.iter().any(|byte| *byte >= 0x80);
    let note = content.as_ref().map(Content::describe).or_else(|| {
        masked.then(|| {
            turn.packets
                .iter()
                .filter_map(|&number| crate::lookup::packet(capture, number))
                .map(|packet| packet.info())
                .collect::<Vec<_>>()
                .join(", ")
        })
    });
    TurnView {
        client: turn.from_client,
        who: if turn.from_client { "client" } else { "server" }.to_owned(),
        packets: targets(turn.packets.iter().take(20), id, window),
        said,
        note,
    }
}

fn problems(capture: &Capture) -> Vec<String> {
    let Remarks { notes, problems } = Remarks::of(capture);
    notes.into_iter().chain(problems.iter().map(|problem| capital(problem))).collect()
}

/// Bytes of what was decompressed that a transcript shows.
const MOST_DECOMPRESSED: usize = 64 << 10;
/// Turns of one transcript.
const MOST_TURNS: usize = 80;
/// Connections with a transcript.
const MOST_CONNECTIONS: usize = 12;
