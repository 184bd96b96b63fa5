//! Questions that are answered by counting.

use wirelab_analyze::model::{Ended, Exchange, Kind, Tally};

use super::{Asked, asked, count};
use crate::answer::{Answer, Counted};
use crate::dice::Dice;
use crate::evidence::Evidence;

/// An update, what it is called, and what it comes to.
fn update(evidence: &Evidence, dice: &mut Dice) -> Option<(String, Tally)> {
    let updates = evidence.updates();
    let update = dice.pick(&updates)?;
    Some((format!("{}, packets {}", update.name(), numbers(update)), update.tally()))
}

fn numbers(exchange: &Exchange) -> String {
    exchange.packets.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
}

pub fn total_packets(evidence: &Evidence, _: &mut Dice) -> Option<Asked> {
    count("How many packets are there in all?", evidence.capture.totals.total_packets, Counted::Packets)
}

pub fn connections(evidence: &Evidence, _: &mut Dice) -> Option<Asked> {
    count("How many TCP connections are there?", evidence.capture.connections.len() as u64, Counted::Plain)
}

pub fn packets_of_update(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let updates = evidence.updates();
    let update = dice.pick(&updates)?;
    let text = format!(
        "How many packets does {} take: the request if there is one, the answer, and the ACKs of both? It begins with packet {}.",
        update.name(),
        update.packets.first()?
    );
    count(text, update.tally().total_packets, Counted::Packets)
}

pub fn frame_bytes_of_update(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let (name, tally) = update(evidence, dice)?;
    count(format!("How many bytes on the wire are {name} together?"), tally.frame_bytes, Counted::Bytes)
}

pub fn app_bytes_of_update(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let (name, tally) = update(evidence, dice)?;
    count(format!("How many bytes of TCP payload have {name} together?"), tally.app_bytes, Counted::Bytes)
}

pub fn overhead_of_update(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let (name, tally) = update(evidence, dice)?;
    let share = (tally.frame_bytes.checked_sub(tally.app_bytes)? as f64) * 100.0 / (tally.frame_bytes as f64);
    asked(
        format!("Which share of the bytes on the wire of {name}, is no TCP payload, in percent?"),
        Answer::Percent(share),
    )
}

pub fn bytes_of_client(evidence: &Evidence, _: &mut Dice) -> Option<Asked> {
    let bytes =
        evidence.packets().iter().filter(|packet| packet.from_client).map(|packet| u64::from(packet.app_len)).sum();
    count("How many bytes of TCP payload did the client send in all, repeated ones included?", bytes, Counted::Bytes)
}

pub fn bare_acks(evidence: &Evidence, _: &mut Dice) -> Option<Asked> {
    let acks = evidence.packets().iter().filter(|packet| packet.is_bare_ack()).count() as u64;
    count("How many packets have no payload and no flag but ACK?", acks, Counted::Packets)
}

pub fn handshake_bytes(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let is_setup = |exchange: &&Exchange| exchange.kind == Kind::Setup;
    let setups: Vec<&Exchange> = evidence.capture.exchanges.iter().filter(is_setup).collect();
    let setup = dice.pick(&setups)?;
    let text = format!("How many bytes on the wire does the handshake of connection {} take?", setup.connection);
    count(text, setup.tally().frame_bytes, Counted::Bytes)
}

pub fn http_requests(evidence: &Evidence, _: &mut Dice) -> Option<Asked> {
    let is_request = |packet: &&wirelab_analyze::Packet| packet.ended.contains(&Ended::Request);
    let requests = evidence.packets().iter().filter(is_request).count() as u64;
    if requests == 0 {
        return None;
    }
    count("How many HTTP requests did the client send?", requests, Counted::Plain)
}
