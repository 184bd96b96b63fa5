//! What does a client wait for, and where does that time go? One table for all forms.

use std::fmt;

use serde::Serialize;
use wirelab_analyze::model::{Analysis, Capture, Cause, Exchange, Kind, Time};

use crate::lookup;
use crate::numbers::{capital, duration, significant};
use crate::tables::titles;

/// What one update waits for, capture by capture.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Times {
    /// The causes that any of them has.
    pub causes: Vec<CauseView>,
    pub rows: Vec<TimesRow>,
}

/// A cause and what it means.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct CauseView {
    pub key: &'static str,
    pub name: &'static str,
    /// The same as a heading.
    pub title: String,
    /// The same in a word.
    pub short: &'static str,
    pub meaning: &'static str,
}

/// The times of one capture.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TimesRow {
    /// The capture's name in links.
    pub id: String,
    pub title: String,
    /// The round trip of its quickest handshake.
    pub trip: String,
    /// From the first packet until the first page or greeting is there.
    pub first: String,
    /// The median update, in time and in round trips.
    pub update: String,
    pub trips: String,
    /// What its time went into, in the order of the causes; empty where a cause has none of it.
    pub parts: Vec<String>,
    /// The least and the most of all updates that have rows; one where they are the same.
    pub range: Vec<String>,
    #[serde(skip)]
    pub time: Time,
}

/// The times of the captures whose median update has one, each with its name in links.
pub(crate) fn times(analysis: &Analysis, ids: &[String]) -> Times {
    let titles = titles(analysis);
    let captures = analysis.captures.iter().zip(ids.iter().zip(&titles));
    let timed: Vec<(&Capture, (&String, &String), Time)> =
        captures.filter_map(|(capture, called)| Some((capture, called, capture.per_update_time?))).collect();
    let occurs = |cause: &Cause| timed.iter().any(|(_, _, time)| time.of(*cause) > 0.0);
    let causes: Vec<Cause> = Cause::ALL.iter().copied().filter(occurs).collect();
    Times {
        rows: timed.iter().map(|(capture, (id, title), time)| row(capture, id, title, *time, &causes)).collect(),
        causes: causes
            .iter()
            .map(|cause| CauseView {
                key: cause.class(),
                name: cause.name(),
                title: capital(cause.name()),
                short: cause.short(),
                meaning: cause.meaning(),
            })
            .collect(),
    }
}

fn row(capture: &Capture, id: &str, title: &str, time: Time, causes: &[Cause]) -> TimesRow {
    let trip = lookup::round_trip(capture);
    let none = || "\u{2013}".to_owned();
    let waits = || capture.exchanges.updates().filter_map(wait);
    let ends = [waits().reduce(f64::min), waits().reduce(f64::max)];
    let mut range: Vec<String> = ends.into_iter().map(|s| duration(s.unwrap_or(time.total_s()))).collect();
    range.dedup();
    TimesRow {
        id: id.to_owned(),
        title: title.to_owned(),
        trip: trip.map_or_else(none, duration),
        first: first_time(capture).map_or_else(none, duration),
        update: duration(time.total_s()),
        trips: trip.map_or_else(none, |trip| Trips::of(&time, trip).to_string()),
        parts: causes
            .iter()
            .map(|&cause| Some(time.of(cause)).filter(|s| *s > 0.0).map_or_else(String::new, duration))
            .collect(),
        range,
        time,
    }
}

/// What a client waits for an exchange: from its request, or from when the server sent it.
pub fn wait(exchange: &Exchange) -> Option<f64> {
    exchange.time().map(|time| time.total_s())
}

/// From the first packet until the first page, or the first words of a line server, have arrived.
pub fn first_time(capture: &Capture) -> Option<f64> {
    let exchange = capture.exchanges.iter().find(|e| matches!(e.kind, Kind::Greeting | Kind::Page))?;
    let begin = capture.exchanges.iter().map(Exchange::start_s).reduce(f64::min)?;
    Some(exchange.start_s() - begin + wait(exchange)?)
}

/// The update that took longest, of those that have rows, and its capture.
pub fn slowest(captures: &[Capture]) -> Option<(&Capture, &Exchange, Time)> {
    let all = captures.iter().flat_map(|capture| capture.exchanges.updates().map(move |update| (capture, update)));
    all.filter_map(|(capture, update)| Some((capture, update, update.time()?)))
        .reduce(|most, one| if one.2.total_s() > most.2.total_s() { one } else { most })
}

/// How many round trips an exchange takes, to the half: "1", "2", "½". What anybody thought, held or lost besides is no
/// way of the link. `None` where a round trip takes no time.
#[derive(Clone, Copy, Debug)]
pub struct Trips(Option<f64>);

impl Trips {
    /// Those of an exchange that takes this time, where a round trip takes `trip` seconds.
    pub fn of(time: &Time, trip: f64) -> Trips {
        let travelled = time.of(Cause::Network) + time.of(Cause::Window) + time.of(Cause::Ack) - time.ack_delay_s();
        Trips((trip > 0.0).then(|| (travelled / trip * 2.0).round() / 2.0))
    }

    /// What they are called in a sentence.
    pub fn noun(self) -> &'static str {
        if matches!(self.0, Some(0.5 | 1.0)) { "round trip" } else { "round trips" }
    }
}

impl fmt::Display for Trips {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("\u{2013}"),
            Some(0.5) => f.write_str("\u{bd}"),
            Some(trips) if trips.fract() == 0.5 && trips < 10.0 => write!(f, "{}\u{bd}", trips.trunc()),
            Some(trips) => f.write_str(&significant(trips, 3)),
        }
    }
}
