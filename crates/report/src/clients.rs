//! What did each client cost, where a capture has several?

use std::net::IpAddr;

use foldhash::{HashMap, HashSet};
use serde::Serialize;
use wirelab_analyze::model::{Analysis, Capture, Column, Tally};

use crate::numbers::with_commas;
use crate::report::Report;
use crate::tables::title;

/// The clients of one capture, in order of their first packet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clients {
    /// Which capture: an index into those of the analysis.
    pub capture: usize,
    /// How many there are.
    pub count: usize,
    /// The first of them.
    pub rows: Vec<ClientRow>,
}

/// One client of a capture: all connections from one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientRow {
    /// The client's address.
    pub address: IpAddr,
    /// Its connections.
    pub connections: u64,
    /// Its updates, as far as the analysis lists them.
    pub updates: u64,
    /// Its packets and bytes.
    pub tally: Tally,
}

impl ClientRow {
    /// The address as it stands before a port.
    pub fn address(&self) -> String {
        match self.address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        }
    }
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
    let view = |clients: Clients| ClientsView {
        title: report.analysis.captures.get(clients.capture).map_or_else(String::new, title),
        count: clients.count,
        left_out: clients.count - clients.rows.len(),
        rows: clients
            .rows
            .iter()
            .map(|row| ClientView {
                address: row.address(),
                updates: with_commas(row.updates),
                cells: Column::ALL.iter().map(|column| with_commas(column.of(&row.tally))).collect(),
            })
            .collect(),
    };
    clients(&report.analysis, most).into_iter().map(view).collect()
}

/// The clients of every capture that has more than one; at most so many rows a capture, as there may be a client for
/// each connection.
pub fn clients(analysis: &Analysis, most: usize) -> Vec<Clients> {
    let all = analysis.captures.iter().enumerate().map(|(index, capture)| clients_of(index, capture, most));
    all.filter(|clients| clients.count > 1).collect()
}

fn clients_of(index: usize, capture: &Capture, most: usize) -> Clients {
    let mut rows: Vec<ClientRow> = Vec::new();
    let mut places: HashMap<IpAddr, usize> = HashMap::default();
    let mut others = Others::default();
    for connection in &capture.connections {
        let address = connection.client.addr;
        if let Some(row) = places.get(&address).and_then(|&place| rows.get_mut(place)) {
            row.connections += 1;
            row.tally += connection.tally();
        } else if rows.len() < most {
            places.insert(address, rows.len());
            rows.push(ClientRow { address, connections: 1, updates: 0, tally: connection.tally() });
        } else {
            others.insert(address);
        }
    }
    for update in capture.exchanges.updates() {
        let client = capture.connections.get(update.connection as usize).map(|connection| connection.client.addr);
        let place = client.and_then(|address| places.get(&address));
        if let Some(row) = place.and_then(|&place| rows.get_mut(place)) {
            row.updates += 1;
        }
    }
    Clients { capture: index, count: rows.len() + others.count(), rows }
}

/// Addresses that are only counted: those of IPv4 in a quarter of the room that any address needs.
#[derive(Default)]
struct Others {
    v4: HashSet<u32>,
    v6: HashSet<u128>,
}

impl Others {
    fn insert(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(address) => self.v4.insert(address.to_bits()),
            IpAddr::V6(address) => self.v6.insert(address.to_bits()),
        };
    }

    fn count(&self) -> usize {
        self.v4.len() + self.v6.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn connections_of_one_address_are_one_client() {
        let mut analysis = sample::report(sample::five(sample::Era::Now), None).analysis;
        assert_eq!(clients(&analysis, 100), [], "one client a capture needs no table of clients");
        let capture = analysis.captures.last_mut().unwrap();
        let totals = capture.totals;
        let mut more = capture.connections.clone();
        for connection in &mut more {
            connection.client.addr = "fe80::77".parse().unwrap();
        }
        let before = capture.connections.len() as u64;
        capture.connections.extend(more);
        let found = clients(&analysis, 100);
        assert_eq!(found.len(), 1);
        let rows = &found[0].rows;
        assert_eq!((found[0].count, rows.len()), (2, 2));
        assert_eq!((rows[1].address(), rows[1].connections, rows[1].updates), ("[fe80::77]".to_owned(), before, 0));
        assert_eq!(rows[0].tally, totals);
        assert_eq!(rows[0].tally, rows[1].tally);
        assert_eq!(rows[0].updates, analysis.captures.last().unwrap().exchanges.updates().count() as u64);
        assert_eq!(clients(&analysis, 1)[0], Clients { rows: rows[..1].to_vec(), ..found[0].clone() });
    }
}
