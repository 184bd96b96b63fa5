//! The fields of what is not TCP, as far as a packet list needs them: ARP, ICMP and ICMPv6.

use super::{Header, bytes_of, field};
use crate::fields::Field;
use std::net::Ipv4Addr;

/// Address resolution (RFC 826); its parts where it is about IPv4 on Ethernet.
pub(super) fn arp(header: Header<'_>) -> Field {
    let range = header.range();
    let about_ipv4 = header.number(2, 2) == 0x0800 && header.number(4, 2) == 0x0604;
    if header.bytes.len() < 28 || !about_ipv4 {
        return field("arp", "Address Resolution Protocol", range.clone(), bytes_of(range));
    }
    let ip = |from| Ipv4Addr::from(header.number(from, 4) as u32);
    let (operation, sender, target) = (header.number(6, 2), ip(14), ip(24));
    let says = match operation {
        1 if sender == target => format!("ARP announcement for {sender}"),
        1 => format!("Who has {target}? Tell {sender}"),
        2 => format!("{sender} is at {}", mac(header, 8)),
        _ => format!("operation {operation}"),
    };
    let meaning = match operation {
        1 => "request",
        2 => "reply",
        _ => "another",
    };
    field("arp", "Address Resolution Protocol", range, says).with(vec![
        header.field("arp.opcode", "Operation", 6, 2).meaning(meaning),
        field("arp.src.hw_mac", "Sender's hardware address", header.place(8, 6), mac(header, 8)),
        field("arp.src.proto_ipv4", "Sender's address", header.place(14, 4), sender),
        field("arp.dst.hw_mac", "Target's hardware address", header.place(18, 6), mac(header, 18)),
        field("arp.dst.proto_ipv4", "Target's address", header.place(24, 4), target),
    ])
}

/// ICMP (RFC 792) where `version` is 4, ICMPv6 (RFC 4443, RFC 4861) where it is 6.
pub(super) fn icmp(version: u8, header: Header<'_>) -> Field {
    let (abbr, name) = if version == 4 { ("icmp", "ICMP") } else { ("icmpv6", "ICMPv6") };
    let range = header.range();
    if header.bytes.len() < 8 {
        return field(abbr, name, range.clone(), bytes_of(range));
    }
    let (kind, code) = (header.number(0, 1), header.number(1, 1));
    let (kind_abbr, code_abbr) = if version == 4 { ("icmp.type", "icmp.code") } else { ("icmpv6.type", "icmpv6.code") };
    let mut says = message(version, kind, code).map_or_else(|| format!("type {kind}, code {code}"), str::to_owned);
    let mut parts = vec![header.field(kind_abbr, "Type", 0, 1), header.field(code_abbr, "Code", 1, 1)];
    if matches!((version, kind), (4, 0 | 8) | (6, 128 | 129)) {
        says += &format!(", id {}, number {}", header.number(4, 2), header.number(6, 2));
        parts.push(header.field("icmp.ident", "Identifier", 4, 2));
        parts.push(header.field("icmp.seq", "Number", 6, 2));
    }
    field(abbr, name, range, says).with(parts)
}

fn message(version: u8, kind: u64, code: u64) -> Option<&'static str> {
    Some(match (version, kind, code) {
        (4, 0, _) | (6, 129, _) => "Echo (ping) reply",
        (4, 8, _) | (6, 128, _) => "Echo (ping) request",
        (4, 3, 0) => "Destination unreachable (network)",
        (4, 3, 1) => "Destination unreachable (host)",
        (4, 3, 3) | (6, 1, 4) => "Destination unreachable (port)",
        (4, 3, 4) => "Destination unreachable (fragmentation needed)",
        (4, 3, _) | (6, 1, _) => "Destination unreachable",
        (6, 2, _) => "Packet too big",
        (4, 5, _) => "Redirect",
        (4, 11, _) | (6, 3, _) => "Time to live exceeded",
        (6, 133, _) => "Router solicitation",
        (6, 134, _) => "Router advertisement",
        (6, 135, _) => "Neighbor solicitation",
        (6, 136, _) => "Neighbor advertisement",
        (6, 143, _) => "Multicast listener report v2",
        _ => return None,
    })
}

fn mac(header: Header<'_>, from: usize) -> String {
    let octets = header.bytes.get(from..from + 6).unwrap_or_default();
    octets.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}
