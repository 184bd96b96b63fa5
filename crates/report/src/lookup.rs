//! Small questions to a capture: which packets an exchange has, which update is the median one.

use wirelab_analyze::model::{Capture, Exchange, FindingId, Kind, Packet, Tally};

/// The median update, where it is among the rows that were kept.
pub fn median_update(capture: &Capture) -> Option<&Exchange> {
    let index = capture.median_update?;
    update(capture, index)
}

/// The place of the median update among the exchanges, where it is among the rows that were kept.
pub fn median_place(capture: &Capture) -> Option<usize> {
    let index = capture.median_update?;
    capture.exchanges.iter().position(|one| one.index() == Some(index))
}

/// The update of this index, counted from 1.
pub fn update(capture: &Capture, index: u64) -> Option<&Exchange> {
    capture.exchanges.updates().find(|update| update.index() == Some(index))
}

/// The packet of this number, where it was kept.
pub fn packet(capture: &Capture, number: u64) -> Option<&Packet> {
    capture.packets.binary_search_by_key(&number, |packet| packet.number).ok().and_then(|at| capture.packets.get(at))
}

/// The packets of an exchange, those that were kept, in order.
pub fn packets<'a>(capture: &'a Capture, exchange: &Exchange) -> Vec<&'a Packet> {
    exchange.packets.iter().filter_map(|&number| packet(capture, number)).collect()
}

/// All exchanges of a kind put together; complete whatever the row limit.
pub fn of_kind(capture: &Capture, kind: Kind) -> Tally {
    capture.groups.iter().filter(|group| group.kind == kind).map(|group| group.tally).sum()
}

/// The server's packets with payload among these.
pub fn server_data<'a>(packets: &[&'a Packet]) -> Vec<&'a Packet> {
    packets.iter().copied().filter(|packet| !packet.from_client && packet.app_len > 0).collect()
}

/// The server's packets without payload, FIN, SYN or RST among these: its plain ACKs.
pub fn server_acks<'a>(packets: &[&'a Packet]) -> Vec<&'a Packet> {
    packets.iter().copied().filter(|packet| !packet.from_client && packet.is_bare_ack()).collect()
}

/// The shortest round trip of the handshakes, where one is in the capture: the others waited for something.
pub fn round_trip(capture: &Capture) -> Option<f64> {
    capture.connections.iter().filter_map(|connection| connection.rtt_s()).reduce(f64::min)
}

/// Whether a packet is evidence of such a finding.
pub fn shows(capture: &Capture, id: FindingId, number: u64) -> bool {
    capture.findings.iter().any(|one| one.id == id && one.packets.binary_search(&number).is_ok())
}
