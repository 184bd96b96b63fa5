//! What do the numbers say, in one sentence each? These sentences are the report's headings.
//!
//! Every rule reads the measured values and has words for each way they can fall, so that no heading claims what this
//! run does not show.

use serde::Serialize;
use wirelab_analyze::model::{Analysis, Capture, Cause, Layer, Tally};
use wirelab_catalog::App;

use crate::numbers::{capital, count, duration, grouped, listed, percent, significant, word};
use crate::run_info::RunInfo;
use crate::tables::{Row, Table, TableKind, inline, title};
use crate::times;

/// The sentences of a report.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Findings {
    /// What was measured, in a line.
    pub subject: String,
    /// The answer, in a line.
    pub answer: String,
    /// Three sentences of what it shows.
    pub lead: Vec<String>,
    /// What the picture of one update shows.
    pub one_update: String,
    /// The sentence that this picture proves.
    pub proof: String,
    /// What the table of one update shows.
    pub per_update: String,
    /// What the table of pushes shows.
    pub push_only: String,
    /// What the table of whole captures shows.
    pub overall: String,
    /// What the picture of growing costs shows.
    pub growth: String,
    /// What the times show.
    pub times: String,
    /// What the calculator shows, with its first setting.
    pub scale: String,
}

impl Findings {
    /// The heading of a table.
    pub fn of(&self, kind: TableKind) -> &str {
        match kind {
            TableKind::Overall => &self.overall,
            TableKind::PerUpdate => &self.per_update,
            TableKind::PushOnly => &self.push_only,
        }
    }
}

/// A line of costs: what is paid once, and what each update adds.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// The capture: an index into the analysis.
    pub capture: usize,
    /// Frame bytes before the first update: setup, greeting, page, subscribe.
    pub fixed: u64,
    /// Frame bytes of one update.
    pub each: u64,
}

impl Cost {
    /// Frame bytes after so many updates.
    pub fn after(&self, updates: u64) -> u64 {
        self.fixed + self.each * updates
    }
}

/// The costs of each capture that has updates.
pub fn costs(analysis: &Analysis) -> Vec<Cost> {
    analysis
        .captures
        .iter()
        .enumerate()
        .filter_map(|(at, capture)| {
            let each = capture.per_update?.frame_bytes;
            Some(Cost { capture: at, fixed: fixed_bytes(capture), each })
        })
        .collect()
}

/// What is paid once, before the first update: the bytes of setting up, page and subscription.
fn fixed_bytes(capture: &Capture) -> u64 {
    use wirelab_analyze::model::Kind::{Greeting, Page, Setup, Subscribe};
    [Setup, Greeting, Page, Subscribe].into_iter().map(|kind| crate::lookup::of_kind(capture, kind).frame_bytes).sum()
}

/// From which number of updates on the second cost is the smaller one, where it begins as the larger.
pub fn crossing(low_first: &Cost, low_later: &Cost) -> Option<u64> {
    (low_first.fixed < low_later.fixed && low_first.each > low_later.each)
        .then(|| (low_later.fixed - low_first.fixed) / (low_first.each - low_later.each) + 1)
}

/// Finds the sentences.
pub fn find(analysis: &Analysis, tables: &[Table], run: Option<&RunInfo>) -> Findings {
    let rows = |kind| tables.iter().find(|table| table.kind == kind).map_or(&[][..], |table| &table.rows);
    let updates = rows(TableKind::PerUpdate);
    Findings {
        subject: subject(analysis, run),
        answer: answer(analysis, updates),
        lead: lead(analysis, updates, rows(TableKind::PushOnly)),
        one_update: one_update(updates),
        proof: proof(updates),
        per_update: per_update(updates),
        push_only: push_only(rows(TableKind::PushOnly)),
        overall: overall(rows(TableKind::Overall)),
        growth: growth(analysis),
        times: times(analysis),
        scale: scale(updates),
    }
}

fn subject(analysis: &Analysis, run: Option<&RunInfo>) -> String {
    let names: Vec<String> = analysis.captures.iter().map(title).collect();
    let what = match names.len() {
        0 => "No capture".to_owned(),
        1..=6 => listed(&names),
        more => format!("{more} captures"),
    };
    match run {
        Some(run) => {
            let day = run.started.get(..10).unwrap_or(&run.started);
            format!(
                "{what} on the {} wire, {}\u{202f}ms round trip, {}, {day}",
                run.wire.kind,
                significant(run.options.rtt_ms, 4),
                count(run.options.updates, "update")
            )
        }
        None => what,
    }
}

/// The row with the fewest and the row with the most frame bytes.
fn extremes(rows: &[Row]) -> Option<(&Row, &Row)> {
    let least = rows.iter().min_by_key(|row| row.tally.frame_bytes)?;
    let most = rows.iter().max_by_key(|row| row.tally.frame_bytes)?;
    Some((least, most))
}

fn answer(analysis: &Analysis, rows: &[Row]) -> String {
    let what = if rows.iter().all(|row| row.tally.useful_bytes == 8) {
        "The same 8 characters cost"
    } else {
        "One update costs"
    };
    match extremes(rows) {
        None => without_updates(analysis),
        Some((only, most)) if only.capture == most.capture => {
            format!("{} costs {} bytes on the wire", capital(&one(only)), grouped(only.tally.frame_bytes))
        }
        Some((least, most)) if least.of.is_some() || most.of.is_some() => format!(
            "{} costs {} bytes, {} {}",
            capital(&one(least)),
            grouped(least.tally.frame_bytes),
            one(most),
            grouped(most.tally.frame_bytes)
        ),
        Some((least, most)) => format!(
            "{what} {} bytes with {} and {} with {}",
            grouped(least.tally.frame_bytes),
            least.inline(),
            grouped(most.tally.frame_bytes),
            most.inline()
        ),
    }
}

/// One update of a row inside a sentence: "one update with Ajax", "one GET /time".
fn one(row: &Row) -> String {
    match &row.of {
        Some(of) => format!("one {of}"),
        None => format!("one update with {}", row.inline()),
    }
}

/// What there is to say where nothing repeats.
fn without_updates(analysis: &Analysis) -> String {
    let all: Tally = analysis.captures.iter().map(|capture| capture.totals).sum();
    if all.total_packets == 0 {
        return "There is no TCP packet here".to_owned();
    }
    format!(
        "{} and {} bytes, {} of them payload; no exchange that can be read repeats",
        count(all.total_packets, "TCP packet"),
        grouped(all.frame_bytes),
        percent(all.app_bytes, all.frame_bytes)
    )
}

fn lead(analysis: &Analysis, rows: &[Row], pushed: &[Row]) -> Vec<String> {
    let mut lead = Vec::new();
    if let Some((least, most)) = extremes(rows).filter(|(least, most)| least.capture != most.capture) {
        let what =
            if rows.iter().all(|row| row.of.is_none()) { "One update of the server's time" } else { "One update" };
        lead.push(format!(
            "{what} takes {} and {} bytes on the wire with {}, and {} and {} bytes with {}: {} times as much.",
            count(least.tally.total_packets, "packet"),
            grouped(least.tally.frame_bytes),
            least.inline(),
            count(most.tally.total_packets, "packet"),
            grouped(most.tally.frame_bytes),
            most.inline(),
            significant(most.tally.frame_bytes as f64 / least.tally.frame_bytes.max(1) as f64, 2),
        ));
        let head = most.tally.layers[Layer::RequestHead] + most.tally.layers[Layer::ResponseHead];
        let below = least.tally.frame_bytes - least.tally.app_bytes;
        if head > 0 {
            lead.push(format!(
                "HTTP heads make {} of {}, and every update repeats them; in {} {} of the bytes are link, IP and TCP headers, which come \
                 with every packet.",
                percent(head, most.tally.frame_bytes),
                most.an_update(),
                least.an_update(),
                percent(below, least.tally.frame_bytes),
            ));
        }
    } else if let [only] = rows {
        lead.push(format!(
            "{} takes {} and {} bytes on the wire, {} of them above TCP.",
            capital(&one(only)),
            count(only.tally.total_packets, "packet"),
            grouped(only.tally.frame_bytes),
            grouped(only.tally.app_bytes)
        ));
    }
    let of = |rows: &[Row], app: App| {
        let spoken = |row: &&Row| analysis.captures.get(row.capture).is_some_and(|capture| capture.app == Some(app));
        rows.iter().find(spoken).map(|row| row.tally.frame_bytes)
    };
    if let (Some(asked), Some(ws), Some(sse)) = (of(rows, App::Ws), of(pushed, App::Ws), of(pushed, App::Sse))
        && asked > ws
    {
        lead.push(format!(
            "The WebSocket client here asks for each update, and SSE is pushed without being asked: of what only the server \
             pushes and its ACK, WebSocket takes {} bytes and SSE {}.",
            grouped(ws),
            grouped(sse)
        ));
    }
    let packets: u64 = analysis.captures.iter().map(|capture| capture.totals.total_packets).sum();
    lead.push(format!(
        "Every number leads to its packets: {} in {}, each with its bytes.",
        count(packets, "TCP packet"),
        count(analysis.captures.len() as u64, "capture")
    ));
    lead
}

fn one_update(rows: &[Row]) -> String {
    let Some((least, most)) = extremes(rows) else { return "No update to show".to_owned() };
    let share = |row: &Row| percent(row.tally.useful_bytes, row.tally.frame_bytes);
    if least.tally.useful_bytes == 0 || most.tally.useful_bytes == 0 {
        return format!(
            "An update costs from {} to {} bytes",
            grouped(least.tally.frame_bytes),
            grouped(most.tally.frame_bytes)
        );
    }
    if least.capture == most.capture {
        return format!("Of one update's bytes, {} are the time", share(least));
    }
    format!("Of one update's bytes, from {} to {} are the time; the rest is the way there", share(most), share(least))
}

fn proof(rows: &[Row]) -> String {
    // The row with the most headers of its application protocol, against the one with the least.
    let heads = |row: &Row| row.tally.layers[Layer::RequestHead] + row.tally.layers[Layer::ResponseHead];
    let Some(most) = rows.iter().max_by_key(|row| heads(row)).filter(|row| heads(row) > 0) else {
        return "No update here carries an HTTP head: what differs is framing and the number of packets.".to_owned();
    };
    let without: Vec<String> = rows.iter().filter(|row| heads(row) == 0).map(|row| row.inline().to_owned()).collect();
    let first = format!(
        "{} sends {} bytes of HTTP heads with every update to bring {} bytes of content.",
        most.title,
        grouped(heads(most)),
        grouped(most.tally.layers[Layer::Content])
    );
    if without.is_empty() {
        first
    } else {
        format!(
            "{first} {} {} no head after the first request.",
            capital(&listed(&without)),
            if without.len() == 1 { "sends" } else { "send" }
        )
    }
}

fn per_update(rows: &[Row]) -> String {
    // The row whose packets moved most against 2021 is the news.
    let moved = rows
        .iter()
        .filter_map(|row| Some((row, row.published.as_ref()?.total_packets)))
        .filter(|(row, then)| row.tally.total_packets != *then)
        // The first of equals, not the last.
        .rev()
        .max_by_key(|(row, then)| row.tally.total_packets.abs_diff(*then));
    if let Some((row, then)) = moved {
        return format!(
            "{} costs {} packets in 2021, {} now",
            row.subject(),
            word(then),
            word(row.tally.total_packets)
        );
    }
    let same = rows.iter().filter(|row| row.published.is_some() && !row.differs_from_published()).count();
    if same > 0 && same == rows.len() {
        return "One update costs to the byte what it cost in 2021".to_owned();
    }
    if let [one] = rows {
        let Tally { total_packets, frame_bytes, .. } = one.tally;
        return format!(
            "The median update takes {} and {} bytes",
            count(total_packets, "packet"),
            grouped(frame_bytes)
        );
    }
    match extremes(rows) {
        Some((least, most)) if least.tally.total_packets == most.tally.total_packets => {
            format!("Every update takes {}; the bytes make the difference", count(least.tally.total_packets, "packet"))
        }
        Some(_) => {
            let packets: Vec<u64> = rows.iter().map(|row| row.tally.total_packets).collect();
            let (min, max) = (packets.iter().min().copied().unwrap_or(0), packets.iter().max().copied().unwrap_or(0));
            format!("One update takes from {} to {} packets", word(min), word(max))
        }
        None => "No updates".to_owned(),
    }
}

fn push_only(rows: &[Row]) -> String {
    let packets: Vec<u64> = rows.iter().map(|row| row.tally.total_packets).collect();
    let Some((least, most)) = extremes(rows) else { return "Nothing here can push".to_owned() };
    match packets.first() {
        Some(&each) if packets.iter().all(|&p| p == each) && least.capture != most.capture => format!(
            "Pushed, every update is {}; {} bytes lie between {} and {}",
            count(each, "packet"),
            grouped(most.tally.frame_bytes - least.tally.frame_bytes),
            least.inline(),
            most.inline()
        ),
        _ => {
            format!("Pushed, an update costs {} bytes with {}", grouped(least.tally.frame_bytes), least.inline())
        }
    }
}

fn overall(rows: &[Row]) -> String {
    match extremes(rows) {
        None => "No captures".to_owned(),
        Some((only, most)) if only.capture == most.capture => {
            format!(
                "The whole conversation: {} and {} bytes",
                count(only.tally.total_packets, "packet"),
                grouped(only.tally.frame_bytes)
            )
        }
        Some((least, most)) => format!(
            "From first SYN to last ACK: {} bytes with {}, {} with {}",
            grouped(least.tally.frame_bytes),
            least.inline(),
            grouped(most.tally.frame_bytes),
            most.inline()
        ),
    }
}

fn growth(analysis: &Analysis) -> String {
    let costs = costs(analysis);
    let capture = |cost: &Cost| analysis.captures.get(cost.capture);
    // The crossing that a reader chooses by: the dearest start with the cheap updates against the next in line.
    let mut crossings: Vec<(u64, Choice, Choice)> = costs
        .iter()
        .flat_map(|first| costs.iter().filter_map(move |later| Some((crossing(first, later)?, first, later))))
        .filter_map(|(at, first, later)| Some((at, Choice::of(capture(first)?), Choice::of(capture(later)?))))
        .collect();
    crossings.sort();
    let wanted = crossings
        .iter()
        .find(|(_, first, later)| (first.app, later.app) == (Some(App::Ajax), Some(App::Ws)))
        .or_else(|| crossings.iter().max_by_key(|(at, ..)| *at));
    match wanted {
        Some((at, first, later)) => format!(
            "{} starts dearer than {} and is cheaper from the {} update on",
            capital(later.inline()),
            first.inline(),
            ordinal(*at)
        ),
        None if costs.len() > 1 => "Who starts cheaper stays cheaper".to_owned(),
        None => "What is paid once, and what each update adds".to_owned(),
    }
}

/// One of two captures between which a reader may choose; ordered by what they are called.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Choice {
    title: String,
    app: Option<App>,
}

impl Choice {
    fn of(capture: &Capture) -> Choice {
        Choice { title: title(capture), app: capture.app }
    }

    fn inline(&self) -> &str {
        inline(self.app, &self.title)
    }
}

fn times(analysis: &Analysis) -> String {
    let Some((capture, update, time)) = times::slowest(&analysis.captures) else {
        return "When each update came".to_owned();
    };
    let total = time.total_s();
    let waited = Cause::ALL.iter().filter(|&&cause| cause != Cause::Network);
    let most = waited.reduce(|most, cause| if time.of(*cause) > time.of(*most) { cause } else { most });
    let listed = if analysis.captures.iter().any(|one| one.rows_left_out > 0) { " of those listed" } else { "" };
    match most {
        // Less than a tenth of it explains nothing, and which of many is the last by a hair is nothing to know.
        Some(&cause) if time.of(cause) * 10.0 >= total => format!(
            "The slowest update{listed} took {}, {} of it {}: {}, {}",
            duration(total),
            duration(time.of(cause)),
            cause.name(),
            title(capture),
            update.name()
        ),
        _ => format!("No update{listed} took longer than {}", duration(total)),
    }
}

fn scale(rows: &[Row]) -> String {
    match extremes(rows) {
        Some((least, most)) if least.capture != most.capture => {
            let bits = |row: &Row| row.tally.frame_bytes as f64 * 8.0 * 10_000.0 / 1e6;
            format!(
                "For 10\u{202f}000 clients and one update a second: {} Mbit/s with {}, {} with {}",
                significant(bits(least), 3),
                least.inline(),
                significant(bits(most), 3),
                most.inline()
            )
        }
        Some((only, _)) => format!(
            "10\u{202f}000 clients, one update a second: {} Mbit/s",
            significant(only.tally.frame_bytes as f64 * 0.08, 3)
        ),
        None => "How it grows with clients".to_owned(),
    }
}

/// "first", "second", … "12th".
fn ordinal(number: u64) -> String {
    match number {
        1 => "first".to_owned(),
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        4 => "fourth".to_owned(),
        5 => "fifth".to_owned(),
        _ => {
            let ending = match (number % 10, number % 100) {
                (_, 11..=13) => "th",
                (1, _) => "st",
                (2, _) => "nd",
                (3, _) => "rd",
                _ => "th",
            };
            format!("{}{ending}", grouped(number))
        }
    }
}
