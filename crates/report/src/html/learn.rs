//! Questions to answer before looking, whose answers come from these very captures.

use serde::Serialize;
use wirelab_analyze::model::{Capture, FindingId, Protocol};
use wirelab_catalog::App;

use crate::differences::Subject;
use crate::findings::{costs, crossing};
use crate::lookup;
use crate::numbers::{capital, count, duration, grouped, percent, word};
use crate::report::Report;
use crate::tables::{Row, TableKind};
use crate::times::Trips;

/// A question to answer before the answer is revealed.
#[derive(Clone, Debug, Serialize)]
pub struct Question {
    ask: String,
    answer: String,
    /// Where on the page it can be seen.
    href: Option<String>,
}

/// The questions that these captures can answer, where a packet of a capture is led to if the page shows it.
pub fn questions(report: &Report, shows: impl Fn(usize, u64) -> bool) -> Vec<Question> {
    let mut questions = Vec::new();
    let mut add = |ask: &str, answer: String, href: Option<String>| {
        questions.push(Question { ask: ask.to_owned(), answer, href });
    };
    let updates = rows(report, TableKind::PerUpdate);
    let place = |row: &Row| {
        let capture = report.analysis.captures.get(row.capture)?;
        Some(format!("{}-u{}", report.ids.get(row.capture)?, capture.median_update?))
    };
    if let Some(row) = find(report, updates, App::Web) {
        let t = &row.tally;
        let data = t.app_packets;
        let capture = report.analysis.captures.get(row.capture);
        let waited = capture.is_some_and(|capture| {
            let median = capture.median_update.and_then(|index| lookup::update(capture, index));
            median.is_some_and(|median| {
                median.packets.iter().any(|number| {
                    [FindingId::AckWait, FindingId::NagleDelayedAck]
                        .iter()
                        .any(|id| lookup::shows(capture, *id, *number))
                })
            })
        });
        add(
            "A browser reloads a page whose request and answer are each smaller than one segment. How many packets is that, and what is each for?",
            format!(
                "{} here: {} with data and {} that only acknowledge. {}",
                capital(&count(t.total_packets, "packet")),
                word(data),
                word(t.total_packets - data),
                if data <= 2 {
                    "The request carries the ACK of what came before, and the answer carries the ACK of the request; only the answer's own ACK travels alone."
                } else if waited {
                    "The answer comes in several segments, because the server wrote its parts apart and Nagle's algorithm held the later one back until the one before was acknowledged. Written at once it would be three packets: request, answer, ACK."
                } else {
                    "Request and answer take more segments than one each. Written at once they would be three packets: request, answer, ACK."
                }
            ),
            place(row),
        );
    }
    if let (Some(sse), Some(ws)) = (find(report, updates, App::Sse), find(report, updates, App::Ws)) {
        let pushes = rows(report, TableKind::PushOnly);
        let pushed = |app| find(report, pushes, app).map_or(0, |row| row.tally.frame_bytes);
        add(
            "Which update costs fewer bytes, one over SSE or one over WebSocket? And if the server may push over both?",
            format!(
                "As the apps are: SSE {} bytes, WebSocket {}, because the WebSocket client asks each time and the SSE client never does. \
                 Pushed only: SSE {}, WebSocket {}. A WebSocket frame from the server has 2 bytes of header; an event needs “data: ”, two \
                 line ends and, over HTTP/1.1, a chunk size around it.",
                grouped(sse.tally.frame_bytes),
                grouped(ws.tally.frame_bytes),
                grouped(pushed(App::Sse)),
                grouped(pushed(App::Ws))
            ),
            place(ws),
        );
    }
    if let (Some(least), Some(most)) =
        (updates.iter().min_by_key(|row| row.tally.frame_bytes), updates.iter().max_by_key(|row| row.tally.frame_bytes))
        && least.tally.useful_bytes > 0
        && least.capture != most.capture
    {
        add(
            "The time is 8 characters long. What part of the bytes on the wire is that, at best and at worst?",
            format!(
                "At best {} ({}, {} bytes), at worst {} ({}, {} bytes). Even the leanest update is mostly Ethernet, IP and TCP headers: \
                 {} bytes of them in {}.",
                percent(least.tally.useful_bytes, least.tally.frame_bytes),
                least.inline(),
                grouped(least.tally.frame_bytes),
                percent(most.tally.useful_bytes, most.tally.frame_bytes),
                most.inline(),
                grouped(most.tally.frame_bytes),
                grouped(least.tally.frame_bytes - least.tally.app_bytes),
                count(least.tally.total_packets, "packet")
            ),
            place(least),
        );
    }
    crossing_question(report, &mut add);
    masking_question(report, &shows, &mut add);
    if let Some(first) = report.differences.iter().find(|d| d.subject == Subject::FirstUpdate) {
        let id = report.ids.get(first.capture).cloned().unwrap_or_default();
        let number = first.packets.first().copied().unwrap_or_default();
        add(
            "The first update takes one packet more than the others, though the same bytes are asked for and sent. Which packet is it?",
            first.text.clone(),
            shows(first.capture, number).then(|| format!("{id}-p{number}")),
        );
    }
    for (capture, id) in report.analysis.captures.iter().zip(&report.ids) {
        if capture.app == Some(App::Ws) {
            add(
                "How many TCP connections does the WebSocket app open for one visitor, and why?",
                format!(
                    "{} here. The page comes over one, which the browser keeps open for more requests; a WebSocket takes a connection for \
                     itself, since after the upgrade no HTTP can be spoken on it.",
                    capital(&word(capture.connections.len() as u64))
                ),
                Some(format!("{id}-sum")),
            );
        }
    }
    timing_question(report, &mut add);
    questions
}

fn crossing_question(report: &Report, add: &mut dyn FnMut(&str, String, Option<String>)) {
    let costs = costs(&report.analysis);
    let of = |app| costs.iter().find(|c| report.analysis.captures.get(c.capture).is_some_and(|x| x.app == Some(app)));
    if let (Some(ajax), Some(ws)) = (of(App::Ajax), of(App::Ws))
        && let Some(at) = crossing(ajax, ws)
    {
        add(
            "Setting up a WebSocket takes a second handshake and an upgrade. After how many updates has that paid off against Ajax?",
            format!(
                "From update {at} on. Before the first update WebSocket has cost {} bytes and Ajax {}; then each update adds {} and {}.",
                grouped(ws.fixed),
                grouped(ajax.fixed),
                ws.each_in_words(),
                ajax.each_in_words()
            ),
            Some("growth".to_owned()),
        );
    }
}

fn masking_question(
    report: &Report,
    shows: &dyn Fn(usize, u64) -> bool,
    add: &mut dyn FnMut(&str, String, Option<String>),
) {
    for (((at, capture), id), bytes) in (0..).zip(&report.analysis.captures).zip(&report.ids).zip(&report.bytes) {
        let Some((number, key)) = masked_frame(capture, bytes) else { continue };
        add(
            "The client sends the words “get-time” over WebSocket, and the capture does not show them. Where are they?",
            format!(
                "In packet {number}, masked: each byte is combined by exclusive or with one of four key bytes, here {key}, and the key \
                 stands in front of them. Masking hides nothing from a reader of the capture. It keeps a page from choosing the bytes on the \
                 wire, so that a proxy that does not know WebSocket cannot be tricked into seeing HTTP (RFC 6455, sections 5.3 and 10.3). \
                 The server does not mask."
            ),
            shows(at, number).then(|| format!("{id}-p{number}")),
        );
        return;
    }
}

/// The first masked text frame that begins a packet, and its key in hexadecimal.
fn masked_frame(capture: &Capture, bytes: &crate::CaptureBytes) -> Option<(u64, String)> {
    capture.packets.iter().filter(|packet| packet.from_client && packet.app_len >= 6).find_map(|packet| {
        let protocol = capture.connections.get(packet.connection as usize)?.protocol;
        let payload = crate::transcript::payload(packet, bytes.frame(packet.number)?);
        if protocol != Protocol::WebSocket
            || payload.first()? & 0x0f != 1
            || payload.get(1)? & 0x80 == 0
            || payload.get(1)? & 0x7f > 125
        {
            return None;
        }
        let key: Vec<String> = payload.get(2..6)?.iter().map(|byte| format!("{byte:02x}")).collect();
        Some((packet.number, key.join(" ")))
    })
}

fn timing_question(report: &Report, add: &mut dyn FnMut(&str, String, Option<String>)) {
    let said: Vec<String> = report
        .analysis
        .captures
        .iter()
        .filter(|capture| capture.app.is_some())
        .filter_map(|capture| {
            let trip = lookup::round_trip(capture)?;
            let time = capture.per_update_time?;
            let (wait, trips) = (time.total_s(), Trips::of(&time, trip));
            Some(format!("{} {} ({trips} {})", crate::tables::title(capture), duration(wait), trips.noun()))
        })
        .collect();
    if said.len() > 1 {
        add(
            "The link has a round trip of the same length for all. Does every way need the same time for an update?",
            format!(
                "{}. A request and its answer take one round trip, an answer in two parts takes two, and a push half of one.",
                said.join(", ")
            ),
            Some("times".to_owned()),
        );
    }
}

fn rows(report: &Report, kind: TableKind) -> &[Row] {
    report.tables.iter().find(|table| table.kind == kind).map_or(&[], |table| &table.rows)
}

fn find<'a>(report: &Report, rows: &'a [Row], app: App) -> Option<&'a Row> {
    rows.iter().find(|row| report.analysis.captures.get(row.capture).is_some_and(|capture| capture.app == Some(app)))
}
