//! How long until the first time is there, and each further one, in milliseconds and in round trips.

use serde::Serialize;
use wirelab_analyze::model::Capture;

use crate::lookup;
use crate::numbers::duration;
use crate::report::Report;
use crate::tables::title;
use crate::timing::{first_time, trips, wait};

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
    let waits: Vec<f64> = capture.exchanges.updates().filter_map(|update| wait(capture, update, trip)).collect();
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
