//! How long until the first time is there, and each further one, in milliseconds and in round trips.
//!
//! Frames are stamped at one end of the link. What a client waits is worked out from that: at the server's end half a
//! round trip is missing on either side of an answer, at the client's end nothing is.

use serde::Serialize;
use wirelab_analyze::model::{Capture, Exchange, Kind};

use crate::html::ladder::stamped_at_server;
use crate::lookup;
use crate::numbers::{duration, significant};
use crate::report::Report;
use crate::tables::title;

/// The times of one capture.
#[derive(Clone, Debug, Serialize)]
pub struct TimingRow {
    id: String,
    title: String,
    trip: String,
    first: String,
    first_trips: String,
    update: String,
    update_trips: String,
    spread: String,
}

/// The times of all captures that have updates and a handshake.
pub fn rows(report: &Report) -> Vec<TimingRow> {
    report.analysis.captures.iter().zip(&report.ids).filter_map(|(capture, id)| row(capture, id)).collect()
}

fn row(capture: &Capture, id: &str) -> Option<TimingRow> {
    let trip = lookup::round_trip(capture)?;
    let first = first_time(capture, trip);
    let waits: Vec<f64> = capture.updates.iter().filter_map(|update| wait(capture, update, trip)).collect();
    let median = lookup::median_update(capture).and_then(|update| wait(capture, update, trip))?;
    let (least, most) = (waits.iter().copied().fold(f64::MAX, f64::min), waits.iter().copied().fold(0.0, f64::max));
    Some(TimingRow {
        id: id.to_owned(),
        title: title(capture),
        trip: duration(trip),
        first: first.map_or_else(|| "\u{2013}".to_owned(), duration),
        first_trips: first.map_or_else(|| "\u{2013}".to_owned(), |first| trips(first, trip)),
        update: duration(median),
        update_trips: trips(median, trip),
        spread: format!("{} to {}", duration(least), duration(most)),
    })
}

/// From the first SYN until the last byte with the first time is at the client.
fn first_time(capture: &Capture, trip: f64) -> Option<f64> {
    let exchange = capture.exchanges.iter().find(|e| matches!(e.kind, Kind::Greeting | Kind::Page))?;
    let packets = lookup::packets(capture, exchange);
    let last = lookup::server_data(&packets).last()?.time_s;
    let begin = capture.packets.first()?.time_s;
    Some(last - begin + if stamped_at_server(capture) { trip } else { 0.0 })
}

/// What the client waits for one update: from its request, or from when the server sent it.
pub fn wait(capture: &Capture, update: &Exchange, trip: f64) -> Option<f64> {
    let packets = lookup::packets(capture, update);
    let last = lookup::server_data(&packets).last()?.time_s;
    let at_server = stamped_at_server(capture);
    match packets.iter().find(|packet| packet.from_client && packet.app_len > 0) {
        Some(request) => Some((last - request.time_s).max(0.0) + if at_server { trip } else { 0.0 }),
        None => Some(trip / 2.0),
    }
}

/// A time in round trips: "1", "2", "½".
pub fn trips(seconds: f64, trip: f64) -> String {
    if trip <= 0.0 {
        return "\u{2013}".to_owned();
    }
    let halves = (seconds / trip * 2.0).round() / 2.0;
    match halves {
        0.5 => "\u{bd}".to_owned(),
        h if h.fract() == 0.5 => format!("{}\u{bd}", h.trunc()),
        h => significant(h, 3),
    }
}
