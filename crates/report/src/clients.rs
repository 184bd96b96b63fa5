//! What did each client cost, where a capture has several?

use std::collections::HashMap;

use serde::Serialize;
use wirelab_analyze::model::{Analysis, Capture, Tally};

use crate::numbers::with_commas;
use crate::report::Report;
use crate::tables::{Column, title};

/// One client of a capture: all connections from one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientRow {
    /// Which capture: an index into those of the analysis.
    pub capture: usize,
    /// The client's address.
    pub address: String,
    /// Its connections.
    pub connections: u64,
    /// Its updates, as far as the analysis lists them.
    pub updates: u64,
    /// Its packets and bytes.
    pub tally: Tally,
}

/// The clients of one capture as a document shows them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ClientsView {
    /// What the capture is called.
    pub title: String,
    /// How many clients it has.
    pub count: usize,
    /// How many of them have no row.
    pub left_out: usize,
    /// The first of them.
    pub rows: Vec<ClientView>,
}

/// One row of it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ClientView {
    pub address: String,
    pub updates: String,
    pub cells: Vec<String>,
}

/// The clients of each capture that has several, at most so many rows a capture.
pub(crate) fn views(report: &Report, most: usize) -> Vec<ClientsView> {
    let by_capture = report.clients.chunk_by(|a, b| a.capture == b.capture);
    let view = |rows: &[ClientRow]| ClientsView {
        title: rows.first().and_then(|row| report.analysis.captures.get(row.capture)).map_or_else(String::new, title),
        count: rows.len(),
        left_out: rows.len().saturating_sub(most),
        rows: rows
            .iter()
            .take(most)
            .map(|row| ClientView {
                address: row.address.clone(),
                updates: with_commas(row.updates),
                cells: Column::ALL.iter().map(|column| with_commas(column.of(&row.tally))).collect(),
            })
            .collect(),
    };
    by_capture.map(view).collect()
}

/// The clients of every capture that has more than one, in order of their first packet.
pub fn clients(analysis: &Analysis) -> Vec<ClientRow> {
    let all = analysis.captures.iter().enumerate().map(|(index, capture)| clients_of(index, capture));
    all.filter(|rows| rows.len() > 1).flatten().collect()
}

fn clients_of(index: usize, capture: &Capture) -> Vec<ClientRow> {
    let mut rows: Vec<ClientRow> = Vec::new();
    let mut places = HashMap::new();
    let mut of_connection = Vec::with_capacity(capture.connections.len());
    for connection in &capture.connections {
        let address = connection.client.rsplit_once(':').map_or(connection.client.as_str(), |(address, _)| address);
        let place = *places.entry(address).or_insert(rows.len());
        if place == rows.len() {
            let tally = Tally::default();
            rows.push(ClientRow { capture: index, address: address.to_owned(), connections: 0, updates: 0, tally });
        }
        if let Some(row) = rows.get_mut(place) {
            row.connections += 1;
            row.tally += connection.tally;
        }
        of_connection.push(place);
    }
    for update in &capture.updates {
        let place = of_connection.get(update.connection as usize);
        if let Some(row) = place.and_then(|&place| rows.get_mut(place)) {
            row.updates += 1;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn connections_of_one_address_are_one_client() {
        let mut analysis = sample::report(sample::five(sample::Era::Now), None).analysis;
        assert_eq!(clients(&analysis), [], "one client a capture needs no table of clients");
        let capture = analysis.captures.last_mut().unwrap();
        let totals = capture.totals;
        let mut more = capture.connections.clone();
        for connection in &mut more {
            connection.client = "10.0.0.77:1024".to_owned();
        }
        let before = capture.connections.len() as u64;
        capture.connections.extend(more);
        let rows = clients(&analysis);
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[1].address.as_str(), rows[1].connections, rows[1].updates), ("10.0.0.77", before, 0));
        assert_eq!(rows[0].tally, totals);
        assert_eq!(rows[0].tally, rows[1].tally);
        assert_eq!(rows[0].updates, analysis.captures.last().unwrap().updates.len() as u64);
    }
}
