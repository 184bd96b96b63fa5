//! What do the numbers say, in one sentence each? These sentences are the report's headings.
//!
//! Every rule reads the measured values and has words for each way they can fall, so that no heading claims what this
//! run does not show.

use serde::Serialize;
use wirelab_analyze::model::{Analysis, Capture, Cause, Column, Exchange, Kind, Layer, Tally};
use wirelab_catalog::App;

use crate::numbers::{Amount, capital, count, duration, grouped, listed, percent, significant, word};
use crate::run_info::RunInfo;
use crate::tables::{Row, Table, TableKind, inline, title, titles};
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

/// A line of costs of one client: what it pays once, and what each update adds.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// The capture: an index into the analysis.
    pub capture: usize,
    /// Frame bytes before its first update: setup, greeting, page, subscribe.
    pub fixed: u64,
    /// Frame bytes of one update: all in, where a connection is opened for it.
    pub each: f64,
    /// Whether a connection is opened for each update.
    pub connects_each_time: bool,
}

impl Cost {
    /// Frame bytes after so many updates.
    pub fn after(&self, updates: u64) -> f64 {
        self.fixed as f64 + self.each * updates as f64
    }

    /// "745 bytes", "262.3".
    pub fn each_in_words(&self) -> String {
        if self.each.fract() == 0.0 {
            grouped(self.each as u64)
        } else {
            Amount::tenths((self.each * 10.0).round() as u64).grouped()
        }
    }
}

/// The costs of each capture that has updates.
pub fn costs(analysis: &Analysis) -> Vec<Cost> {
    analysis
        .captures
        .iter()
        .enumerate()
        .filter_map(|(at, capture)| {
            let row = capture.update_row()?;
            let connects_each_time = connects_each_time(capture);
            let each = capture.per_update_all_in.filter(|_| connects_each_time).unwrap_or(row);
            let fixed = once(capture, connects_each_time);
            Some(Cost { capture: at, fixed, each: each.column(Column::FrameBytes), connects_each_time })
        })
        .collect()
}

/// Whether connections carry one update each, or hardly more.
pub fn connects_each_time(capture: &Capture) -> bool {
    capture.update_connections.is_some_and(|connections| connections > 1 && capture.update_count < 2 * connections)
}

/// What one client pays before its first update: setting up, page and subscription. In a capture of many clients, or of one
/// that connects again and again, it is that of the first.
fn once(capture: &Capture, connects_each_time: bool) -> u64 {
    use wirelab_analyze::model::Kind::{Greeting, Page, Setup, Subscribe};
    const ONCE: [Kind; 4] = [Setup, Greeting, Page, Subscribe];
    let Some(first) = capture.exchanges.updates().next() else {
        // It is behind the rows that are kept: the median ones stand for it.
        let groups = capture.groups.iter().filter(|group| ONCE.contains(&group.kind) && !connects_each_time);
        let mut once: Vec<(Kind, u64)> = Vec::new();
        for group in groups {
            let bytes = group.median.as_ref().map_or(0, |median| median.tally.frame_bytes);
            if once.iter().all(|(kind, _)| *kind != group.kind) {
                once.push((group.kind, bytes));
            }
        }
        return once.into_iter().map(|(_, bytes)| bytes).sum();
    };
    // The page may have come on a connection of its own.
    let address = |connection: u32| capture.connections.get(connection as usize).map(|one| one.client.addr);
    let is_its_page = |one: &&Exchange| one.kind == Page && address(one.connection) == address(first.connection);
    let page = capture.exchanges.iter().find(is_its_page).map(|page| page.connection);
    let counts = |connection: u32| {
        // Where a connection is opened each time, its own costs are among those of each update.
        (connection == first.connection && !connects_each_time)
            || (Some(connection) == page && connection != first.connection)
    };
    let before = capture.exchanges.iter().take_while(|one| one.order() < first.order());
    before.filter(|one| ONCE.contains(&one.kind) && counts(one.connection)).map(|one| one.tally().frame_bytes).sum()
}

/// From which number of updates on the second cost is the smaller one, where it begins as the larger.
pub fn crossing(low_first: &Cost, low_later: &Cost) -> Option<u64> {
    (low_first.fixed < low_later.fixed && low_first.each > low_later.each)
        .then(|| ((low_later.fixed - low_first.fixed) as f64 / (low_first.each - low_later.each)) as u64 + 1)
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
    let names = titles(analysis);
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
    let bytes = |row: &Row| row.cost.column(Column::FrameBytes);
    let least = rows.iter().min_by(|a, b| bytes(a).total_cmp(&bytes(b)))?;
    let most = rows.iter().max_by(|a, b| bytes(a).total_cmp(&bytes(b)))?;
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
            format!(
                "{} costs {} bytes on the wire{}{}",
                capital(&one(only)),
                bytes(only),
                on_average(only),
                all_in(&[only])
            )
        }
        Some((least, most)) if least.of.is_some() || most.of.is_some() => format!(
            "{} costs {} bytes{}, {} {}{}{}",
            capital(&one(least)),
            bytes(least),
            on_average(least),
            one(most),
            bytes(most),
            on_average(most),
            all_in(&[least, most])
        ),
        Some((least, most)) => format!(
            "{what} {} bytes with {}{} and {} with {}{}{}",
            bytes(least),
            least.inline(),
            on_average(least),
            bytes(most),
            most.inline(),
            on_average(most),
            all_in(&[least, most])
        ),
    }
}

/// One update of a row inside a sentence: "one update with Ajax", "one GET /time".
fn one(row: &Row) -> String {
    match &row.of {
        Some(_) => format!("one {}", row.title),
        None => format!("one update with {}", row.inline()),
    }
}

fn bytes(row: &Row) -> String {
    row.amount(Column::FrameBytes).grouped()
}

fn packets(row: &Row) -> String {
    row.amount(Column::TotalPackets).count("packet")
}

/// Says of a row that it is a mean.
fn on_average(row: &Row) -> &'static str {
    if row.sharing.is_some() { " on average" } else { "" }
}

/// What these rows cost in bytes with all that their connections carry, where that is clearly more.
fn all_in(rows: &[&Row]) -> String {
    if rows.iter().all(|row| row.all_in.is_none()) {
        return String::new();
    }
    let bytes = |row: &&Row| row.all_in(Column::FrameBytes).unwrap_or(row.amount(Column::FrameBytes)).grouped();
    format!("; all in, {}", listed(&rows.iter().map(bytes).collect::<Vec<_>>()))
}

/// The same in packets and bytes, of one row or of all.
fn all_in_packets(rows: &[Row]) -> String {
    let dear: Vec<&Row> = rows.iter().filter(|row| row.all_in.is_some()).collect();
    let of = |row: &Row, column| row.all_in(column).unwrap_or(row.amount(column));
    match (rows, dear.as_slice()) {
        (_, []) => String::new(),
        ([only], _) => format!(
            "; all in, {} and {} bytes",
            of(only, Column::TotalPackets).count("packet"),
            of(only, Column::FrameBytes).grouped()
        ),
        _ => {
            let all = |row: &&Row| row.all_in.unwrap_or(row.cost).column(Column::TotalPackets);
            let least = rows.iter().min_by(|a, b| all(a).total_cmp(&all(b)));
            let most = rows.iter().max_by(|a, b| all(a).total_cmp(&all(b)));
            let said = |row: Option<&Row>| row.map_or_else(String::new, |row| of(row, Column::TotalPackets).grouped());
            match (said(least), said(most)) {
                (least, most) if least == most => format!("; all in, {least}"),
                (least, most) => format!("; all in, from {least} to {most}"),
            }
        }
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
            "{what} takes {} and {} bytes on the wire with {}{}, and {} and {} bytes with {}{}{}.",
            packets(least),
            bytes(least),
            least.inline(),
            on_average(least),
            packets(most),
            bytes(most),
            most.inline(),
            on_average(most),
            times_as_much(least, most),
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
            "{} takes {} and {} bytes on the wire{}, {} of them above TCP.",
            capital(&one(only)),
            packets(only),
            bytes(only),
            on_average(only),
            only.amount(Column::AppBytes).grouped()
        ));
    }
    lead.extend(rows.iter().filter_map(|row| beside(&analysis.captures, row)).take(MOST_BESIDE));
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
        return match (bytes(least), bytes(most)) {
            (least, most) if least != most => format!("An update costs from {least} to {most} bytes"),
            (same, _) if rows.len() > 1 => format!("An update costs {same} bytes in each capture"),
            (only, _) => format!("An update costs {only} bytes{}", on_average(least)),
        };
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
    let without: Vec<String> = rows.iter().filter(|row| heads(row) == 0).map(Row::inline).collect();
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
        .filter(|(row, _)| row.differs(Column::TotalPackets))
        // The first of equals, not the last.
        .rev()
        .max_by_key(|(row, then)| row.tally.total_packets.abs_diff(*then));
    if let Some((row, then)) = moved {
        return format!(
            "{} costs {} packets in 2021, {} now{}",
            row.subject(),
            word(then),
            if row.sharing.is_some() { packets(row) } else { word(row.tally.total_packets) },
            all_in_packets(rows)
        );
    }
    let same = rows.iter().filter(|row| row.published.is_some() && !row.differs_from_published()).count();
    if same > 0 && same == rows.len() {
        return format!("One update costs to the byte what it cost in 2021{}", all_in_packets(rows));
    }
    if let [one] = rows {
        let all_in = all_in_packets(rows);
        return match one.sharing {
            Some((sharing, all)) => format!(
                "On average an update takes {} and {} bytes, as {} of {} share a packet or an ACK{all_in}",
                packets(one),
                bytes(one),
                grouped(sharing),
                grouped(all)
            ),
            None => format!("The median update takes {} and {} bytes{all_in}", packets(one), bytes(one)),
        };
    }
    let packets_of = match extremes(rows) {
        Some((least, most)) if least.tally.total_packets == most.tally.total_packets => {
            let difference = match (bytes(least), bytes(most)) {
                (least, most) if least != most => "; the bytes make the difference".to_owned(),
                (same, _) => format!(" and {same} bytes"),
            };
            format!("One update takes {} in each capture{difference}", packets(least))
        }
        Some(_) => {
            let amount = |row: &Row| row.cost.column(Column::TotalPackets);
            // In words, or in figures, not in both.
            let in_words = rows.iter().all(|row| row.sharing.is_none());
            let said = |row: Option<&Row>| match row {
                Some(row) if in_words => word(row.tally.total_packets),
                Some(row) => row.amount(Column::TotalPackets).grouped(),
                None => String::new(),
            };
            let min = rows.iter().min_by(|a, b| amount(a).total_cmp(&amount(b)));
            let max = rows.iter().max_by(|a, b| amount(a).total_cmp(&amount(b)));
            format!("One update takes from {} to {} packets", said(min), said(max))
        }
        None => return "No updates".to_owned(),
    };
    packets_of + &all_in_packets(rows)
}

/// ": 7.5 times as much", where it is that.
fn times_as_much(least: &Row, most: &Row) -> String {
    let factor = most.cost.column(Column::FrameBytes) / least.cost.column(Column::FrameBytes);
    if factor >= 1.1 && factor.is_finite() {
        format!(": {} times as much", significant(factor, 2))
    } else {
        String::new()
    }
}

/// What an update costs beside its own packets, where a connection is opened for it.
fn beside(captures: &[Capture], row: &Row) -> Option<String> {
    let capture = captures.get(row.capture).filter(|capture| connects_each_time(capture))?;
    let all_in = row.all_in?;
    let connections = capture.update_connections?;
    Some(format!(
        "{} of {} came on {}: with handshakes and closes each takes {} and {} bytes.",
        count(capture.update_count, "update"),
        row.name,
        count(connections, "connection"),
        row.all_in(Column::TotalPackets)?.count("packet"),
        Amount::tenths(Column::FrameBytes.of(&all_in.rounded(10))).grouped()
    ))
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
    let titles = titles(analysis);
    let choice = |cost: &Cost| {
        let (capture, called) = (analysis.captures.get(cost.capture)?, titles.get(cost.capture)?);
        let apart = called.strip_prefix(title(capture).as_str()).unwrap_or_default().to_owned();
        Some(Choice { title: title(capture), app: capture.app, apart })
    };
    // The crossing that a reader chooses by: the dearest start with the cheap updates against the next in line.
    let mut crossings: Vec<(u64, Choice, Choice)> = costs
        .iter()
        .flat_map(|first| costs.iter().filter_map(move |later| Some((crossing(first, later)?, first, later))))
        .filter_map(|(at, first, later)| Some((at, choice(first)?, choice(later)?)))
        .collect();
    crossings.sort();
    let wanted = crossings
        .iter()
        .find(|(_, first, later)| (first.app, later.app) == (Some(App::Ajax), Some(App::Ws)))
        .or_else(|| crossings.iter().max_by_key(|(at, ..)| *at));
    match wanted {
        Some((at, first, later)) => format!(
            "{} starts dearer than {} and is cheaper from the {} update on",
            later.subject(),
            first.inline(),
            ordinal(*at)
        ),
        None if costs.len() > 1 && costs.iter().any(|one| costs.iter().any(|other| cheaper(one, other))) => {
            "Who starts cheaper stays cheaper".to_owned()
        }
        None if costs.len() > 1 => "What starts alike grows alike".to_owned(),
        None => "What is paid once, and what each update adds".to_owned(),
    }
}

fn cheaper(one: &Cost, other: &Cost) -> bool {
    one.fixed < other.fixed && one.each <= other.each
}

/// One of two captures between which a reader may choose; ordered by what they are called.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Choice {
    title: String,
    app: Option<App>,
    /// What sets it apart from others of the same title.
    apart: String,
}

impl Choice {
    fn inline(&self) -> String {
        format!("{}{}", inline(self.app, &self.title), self.apart)
    }

    /// The same at the start of a sentence; a capture of somebody else is called as it is.
    fn subject(&self) -> String {
        if self.app.is_some() { capital(&self.inline()) } else { self.inline() }
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
            let bits = |row: &Row| row.cost.column(Column::FrameBytes) * 8.0 * 10_000.0 / 1e6;
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
            significant(only.cost.column(Column::FrameBytes) * 0.08, 3)
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

/// Captures of which the summary says what connections cost beside their updates.
const MOST_BESIDE: usize = 3;
