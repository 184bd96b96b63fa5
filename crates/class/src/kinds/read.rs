//! Questions that a field answers.

use wirelab_analyze::model::{Ended, Packet};

use super::{Asked, asked, count};
use crate::answer::{Answer, Counted};
use crate::dice::Dice;
use crate::evidence::Evidence;

/// Any packet but the first, whose numbers stand in every example.
fn packet<'a>(evidence: &'a Evidence, dice: &mut Dice, is_meant: impl Fn(&Packet) -> bool) -> Option<&'a Packet> {
    let all: Vec<&Packet> = evidence.packets().iter().filter(|packet| packet.number > 1 && is_meant(packet)).collect();
    dice.pick(&all).copied()
}

pub fn frame_length(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let packet = packet(evidence, dice, |packet| packet.app_len > 0)?;
    count(format!("How long is packet {} on the wire?", packet.number), packet.frame_len.into(), Counted::Bytes)
}

pub fn client_port(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let all: Vec<_> = evidence.capture.connections.iter().zip(0..).collect();
    let (connection, number) = dice.pick(&all)?;
    count(format!("Which port has the client on connection {number}?"), connection.client.port.into(), Counted::Plain)
}

fn number_of(evidence: &Evidence, packet: &Packet, field: &str, text: String) -> Option<Asked> {
    count(text, evidence.number(packet.number, field)?, Counted::Plain)
}

pub fn sequence_number(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let packet = packet(evidence, dice, |_| true)?;
    let text = format!(
        "Which sequence number stands in the TCP header of packet {} (the raw one, not counted from 0)?",
        packet.number
    );
    number_of(evidence, packet, "tcp.seq_raw", text)
}

pub fn acknowledgment_number(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let packet = packet(evidence, dice, |packet| packet.ack.is_some())?;
    let text =
        format!("Which acknowledgment number stands in the TCP header of packet {} (the raw one)?", packet.number);
    number_of(evidence, packet, "tcp.ack_raw", text)
}

pub fn flags(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let packet = packet(evidence, dice, |_| true)?;
    let text = format!("What are the flags of packet {}, in hexadecimal?", packet.number);
    asked(text, Answer::Hex(format!("{:03x}", packet.flags.0)))
}

pub fn window(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let packet = packet(evidence, dice, |packet| packet.ack.is_some() && packet.window != u16::MAX)?;
    count(
        format!("Which window does packet {} announce, as it stands in the header?", packet.number),
        packet.window.into(),
        Counted::Plain,
    )
}

pub fn checksum(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let packet = packet(evidence, dice, |_| true)?;
    let checksum = evidence.number(packet.number, "tcp.checksum")?;
    asked(format!("What is the TCP checksum of packet {}?", packet.number), Answer::Hex(format!("{checksum:04x}")))
}

pub fn header_length(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let packet = packet(evidence, dice, |_| true)?;
    count(
        format!("How long is the TCP header of packet {}, options included?", packet.number),
        packet.tcp_len.into(),
        Counted::Bytes,
    )
}

pub fn ip_length(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let packet = packet(evidence, dice, |packet| packet.app_len > 0)?;
    let length = evidence.number(packet.number, "ip.len")?;
    count(format!("Which total length stands in the IP header of packet {}?", packet.number), length, Counted::Bytes)
}

pub fn timestamp(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let packet = packet(evidence, dice, |packet| evidence.number(packet.number, TSVAL).is_some())?;
    number_of(
        evidence,
        packet,
        TSVAL,
        format!("Which timestamp value do the TCP options of packet {} have?", packet.number),
    )
}

pub fn gap(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let pairs: Vec<(&Packet, &Packet)> = evidence
        .packets()
        .windows(2)
        .filter_map(|pair| match pair {
            [one, next] if next.time_s - one.time_s > 0.002 => Some((one, next)),
            _ => None,
        })
        .collect();
    let (one, next) = dice.pick(&pairs)?;
    let ms = (next.time_s - one.time_s) * 1000.0;
    asked(
        format!("How much time is there between packets {} and {}?", one.number, next.number),
        Answer::Milliseconds(ms),
    )
}

pub fn http_field(evidence: &Evidence, dice: &mut Dice) -> Option<Asked> {
    let mut fields = Vec::new();
    for packet in evidence.packets().iter().filter(|packet| packet.ended.contains(&Ended::Request)) {
        let text = String::from_utf8_lossy(evidence.payload(packet)).into_owned();
        let head = text.split("\r\n\r\n").next().unwrap_or_default();
        let of_head = head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let is_short = |value: &str| (1..=60).contains(&value.len());
        fields.extend(
            of_head
                .map(|(name, value)| (packet.number, name.to_owned(), value.trim().to_owned()))
                .filter(|(_, _, value)| is_short(value)),
        );
    }
    // A key is another one in each capture.
    let is_key = |name: &str| name.eq_ignore_ascii_case("sec-websocket-key");
    if fields.iter().any(|(_, name, _)| is_key(name)) {
        fields.retain(|(_, name, _)| is_key(name));
    }
    let (packet, name, value) = dice.pick(&fields)?.clone();
    asked(format!("What is the value of the field {name} in the request of packet {packet}?"), Answer::Text(value))
}

const TSVAL: &str = "tcp.options.timestamp.tsval";
