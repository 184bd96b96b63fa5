//! Questions that a packet answers.

use wirelab_analyze::FindingId;
use wirelab_analyze::model::{Ended, Packet};

use super::{Asked, count};
use crate::answer::Counted;
use crate::dice::Dice;
use crate::evidence::Evidence;

fn packet(text: String, number: u64) -> Option<Asked> {
    count(text, number, Counted::Packet)
}

/// Packets with a question: each with the packet that answers it.
fn pick(dice: &mut Dice, pairs: Vec<(u64, u64)>) -> Option<(u64, u64)> {
    dice.pick(&pairs).copied()
}

fn all(evidence: &Evidence, answer: impl Fn(usize, &Packet) -> Option<u64>) -> Vec<(u64, u64)> {
    let packets = evidence.packets().iter().enumerate();
    packets.filter_map(|(at, packet)| Some((packet.number, answer(at, packet)?))).collect()
}

/// The packets of the same connection behind one.
fn behind<'a>(evidence: &'a Evidence, at: usize, packet: &Packet) -> impl Iterator<Item = &'a Packet> {
    let connection = packet.connection;
    evidence.packets().iter().skip(at + 1).filter(move |one| one.connection == connection)
}

pub fn acknowledged_by(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let pairs = all(evidence, |at, packet| {
        let end = packet.seq + u64::from(packet.app_len);
        let is_ack = |one: &&Packet| one.from_client != packet.from_client && one.ack.is_some_and(|ack| ack >= end);
        // One that was sent again may be acknowledged for its first copy.
        let is_plain = packet.app_len > 0 && packet.analysis.is_none();
        is_plain.then(|| behind(evidence, at, packet).find(is_ack)).flatten().map(|ack| ack.number)
    });
    let (asked, answer) = pick(dice, pairs)?;
    packet(format!("Which packet is the first that acknowledges all bytes of packet {asked}?"), answer)
}

pub fn answer_to(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let pairs = all(evidence, |at, packet| {
        let asks = packet.from_client && packet.app_len > 0 && packet.analysis.is_none();
        let next = asks.then(|| behind(evidence, at, packet).find(|one| one.app_len > 0)).flatten()?;
        // What answers belongs to the same exchange, and knows the question.
        let knows = next.ack.is_some_and(|ack| ack >= packet.seq + u64::from(packet.app_len));
        (!next.from_client && knows && next.exchange == packet.exchange).then_some(next.number)
    });
    let (asked, answer) = pick(dice, pairs)?;
    packet(format!("With which packet does the server begin to answer packet {asked}?"), answer)
}

pub fn handshake_end(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let pairs: Vec<(u64, u64)> = (0_u32..)
        .zip(&evidence.capture.connections)
        .filter_map(|(number, _)| {
            let of: Vec<&Packet> = evidence.packets().iter().filter(|one| one.connection == number).collect();
            let agreed = of.iter().position(|one| one.flags.syn() && !one.from_client)?;
            let end = of.iter().skip(agreed).find(|one| one.from_client && !one.flags.syn() && one.ack == Some(1))?;
            Some((number.into(), end.number))
        })
        .collect();
    let (connection, answer) = pick(dice, pairs)?;
    packet(format!("With which packet is the handshake of connection {connection} complete?"), answer)
}

pub fn close_begins(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let pairs: Vec<(u64, u64)> = (0_u32..)
        .zip(&evidence.capture.connections)
        .filter_map(|(number, _)| {
            let first = evidence.packets().iter().find(|one| one.connection == number && one.flags.fin())?;
            Some((number.into(), first.number))
        })
        .collect();
    let (connection, answer) = pick(dice, pairs)?;
    packet(
        format!(
            "Which packet is the first on connection {connection} with which a side says that it will send no more (FIN)?"
        ),
        answer,
    )
}

pub fn switch(evidence: &Evidence, _: &mut Dice) -> Option<Asked> {
    let agrees = |packet: &&Packet| packet.ended.contains(&Ended::Response { status: 101 });
    let agreed = evidence.packets().iter().find(agrees)?;
    packet("With which packet does the server agree to speak WebSocket?".to_owned(), agreed.number)
}

fn is_again(packet: &Packet) -> bool {
    packet.analysis.is_some_and(|name| name.is_retransmission())
}

pub fn sent_again(evidence: &Evidence, _: &mut Dice) -> Option<Asked> {
    let again = evidence.packets().iter().find(|packet| is_again(packet))?;
    packet("Which packet is the first that was sent again?".to_owned(), again.number)
}

pub fn first_copy(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let same = |one: &Packet, other: &Packet| {
        one.connection == other.connection
            && one.from_client == other.from_client
            && one.seq == other.seq
            && one.app_len == other.app_len
            && one.flags.syn() == other.flags.syn()
            && one.flags.fin() == other.flags.fin()
    };
    let pairs = all(evidence, |at, packet| {
        let is_meant = is_again(packet) && (packet.app_len > 0 || packet.flags.syn() || packet.flags.fin());
        let before = is_meant.then(|| evidence.packets().iter().take(at).find(|one| same(one, packet))).flatten();
        before.map(|first| first.number)
    });
    let (asked, answer) = pick(dice, pairs)?;
    packet(format!("Packet {asked} was sent again. Which packet is the first copy of it?"), answer)
}

pub fn released_by(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let waits = [FindingId::NagleDelayedAck, FindingId::AckWait];
    let findings = evidence.capture.findings.iter().filter(|finding| waits.contains(&finding.id));
    let held: Vec<u64> = findings.flat_map(|finding| &finding.packets).copied().collect();
    // Of the segment before, the ACK and the segment that waited: the last has payload, and an ACK for its side before it.
    let pairs = all(evidence, |at, packet| {
        let is_held = held.contains(&packet.number) && packet.app_len > 0;
        let before = evidence.packets().get(..at)?.iter().rev().find(|one| one.connection == packet.connection)?;
        let frees = before.from_client != packet.from_client && before.is_bare_ack() && held.contains(&before.number);
        (is_held && frees).then_some(before.number)
    });
    let (asked, answer) = pick(dice, pairs)?;
    packet(
        format!(
            "Packet {asked} could have left earlier, and waited (Nagle\u{2019}s algorithm). Which packet let it go?"
        ),
        answer,
    )
}
