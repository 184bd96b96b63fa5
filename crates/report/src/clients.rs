//! What did each client cost, where a capture has several?

use std::net::IpAddr;

use foldhash::HashMap;
use serde::Serialize;
use wirelab_analyze::model::{Analysis, Capture, Column, Tally};

use crate::numbers::with_commas;
use crate::tables::title;

/// The clients of one capture, in order of their first packet.
///
/// There may be a client for each connection, so none of them is put together before somebody asks: what is kept is which
/// connections are whose, at 8 bytes a connection at most.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clients {
    /// Which capture: an index into those of the analysis.
    pub capture: usize,
    /// The first connection of each client: an index into those of the capture.
    first: Vec<u32>,
    /// By connection: the next one of the same client.
    next: Vec<u32>,
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
pub(crate) fn views(clients: &[Clients], captures: &[Capture], most: usize) -> Vec<ClientsView> {
    let captures = clients.iter().filter_map(|all| Some((all, captures.get(all.capture)?)));
    captures
        .map(|(all, capture)| ClientsView {
            title: title(capture),
            count: all.count(),
            left_out: all.count().saturating_sub(most),
            rows: all
                .rows(capture)
                .take(most)
                .map(|row| ClientView {
                    address: row.address(),
                    updates: with_commas(row.updates),
                    cells: Column::ALL.iter().map(|column| with_commas(column.of(&row.tally))).collect(),
                })
                .collect(),
        })
        .collect()
}

/// The clients of every capture that has more than one.
pub fn clients(analysis: &Analysis) -> Vec<Clients> {
    let all = analysis.captures.iter().enumerate().map(|(index, capture)| Clients::of(index, capture));
    all.filter(|clients| clients.count() > 1).collect()
}

impl Clients {
    fn of(index: usize, capture: &Capture) -> Clients {
        let mut clients = Clients { capture: index, ..Clients::default() };
        let mut last = Last::default();
        for (number, connection) in (0..).zip(&capture.connections) {
            clients.next.push(NONE);
            match last.replace(connection.client.addr, number).and_then(|before| clients.next.get_mut(before as usize))
            {
                Some(next) => *next = number,
                None => clients.first.push(number),
            }
        }
        clients
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.first.len()
    }

    /// All of them, one after the other.
    pub fn rows<'a>(&'a self, capture: &'a Capture) -> impl Iterator<Item = ClientRow> + 'a {
        let connection = |number: u32| capture.connections.get(number as usize);
        let mut updates: HashMap<IpAddr, u64> = HashMap::default();
        for update in capture.exchanges.updates() {
            if let Some(connection) = connection(update.connection) {
                *updates.entry(connection.client.addr).or_insert(0) += 1;
            }
        }
        self.first.iter().filter_map(move |&first| {
            let address = connection(first)?.client.addr;
            let own = std::iter::successors(Some(first), |&number| self.next.get(number as usize).copied());
            let own = own.map_while(connection);
            let mut row = ClientRow {
                address,
                connections: 0,
                updates: updates.get(&address).copied().unwrap_or(0),
                tally: Tally::default(),
            };
            for connection in own {
                row.connections += 1;
                row.tally += connection.tally();
            }
            Some(row)
        })
    }
}

/// The newest connection of each address: those of IPv4 in a third of the room that any address needs.
#[derive(Default)]
struct Last {
    v4: HashMap<u32, u32>,
    v6: HashMap<u128, u32>,
}

impl Last {
    fn replace(&mut self, address: IpAddr, connection: u32) -> Option<u32> {
        match address {
            IpAddr::V4(address) => self.v4.insert(address.to_bits(), connection),
            IpAddr::V6(address) => self.v6.insert(address.to_bits(), connection),
        }
    }
}

/// No further connection: a capture has fewer than that.
const NONE: u32 = u32::MAX;

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
            connection.client.addr = "fe80::77".parse().unwrap();
        }
        let before = capture.connections.len() as u64;
        capture.connections.extend(more);
        let found = clients(&analysis);
        assert_eq!(found.len(), 1);
        let rows: Vec<ClientRow> = found[0].rows(analysis.captures.last().unwrap()).collect();
        assert_eq!((found[0].count(), rows.len()), (2, 2));
        assert_eq!((rows[1].address(), rows[1].connections, rows[1].updates), ("[fe80::77]".to_owned(), before, 0));
        assert_eq!(rows[0].tally, totals);
        assert_eq!(rows[0].tally, rows[1].tally);
        assert_eq!(rows[0].updates, analysis.captures.last().unwrap().exchanges.updates().count() as u64);
    }
}
