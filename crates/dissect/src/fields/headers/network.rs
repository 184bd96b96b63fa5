//! The fields of Ethernet, VLAN tags, IPv4 and IPv6.

use super::{Header, bytes_of, field, verdict};
use crate::build::checksum;
use crate::fields::Field;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The 14 bytes of Ethernet.
pub(super) fn ethernet(header: Header<'_>) -> Field {
    let children = vec![
        address(header, "eth.dst", "Destination", 0),
        address(header, "eth.src", "Source", 6),
        type_or_length(header, "eth.type", 12),
    ];
    field("eth", "Ethernet", header.range(), bytes_of(header.range())).with(children)
}

/// What an EtherType opened: a VLAN tag, or a header of another kind.
pub(super) fn tag(ether_type: u16, header: Header<'_>) -> Field {
    let (abbr, name) = match ether_type {
        0x8100 | 0x88a8 | 0x9100 | 0x9200 => return vlan(header),
        0x8864 => ("pppoes", "PPP over Ethernet session"),
        0x8847 | 0x8848 => ("mpls", "Multiprotocol label switching"),
        _ => ("data", "Header"),
    };
    field(abbr, name, header.range(), bytes_of(header.range()))
}

fn vlan(header: Header<'_>) -> Field {
    let control = header.number(0, 2);
    let children = vec![
        field("vlan.priority", "Priority", header.place(0, 2), control >> 13),
        field("vlan.dei", "Drop eligible", header.place(0, 2), control >> 12 & 1),
        field("vlan.id", "VLAN number", header.place(0, 2), control & 0xfff),
        type_or_length(header, "vlan.etype", 2),
    ];
    field("vlan", "802.1Q virtual LAN", header.range(), control & 0xfff).with(children)
}

fn address(header: Header<'_>, abbr: &'static str, name: &'static str, from: usize) -> Field {
    let octets: Vec<String> =
        header.bytes.get(from..from + 6).unwrap_or_default().iter().map(|byte| format!("{byte:02x}")).collect();
    field(abbr, name, header.place(from, 6), octets.join(":"))
}

fn type_or_length(header: Header<'_>, abbr: &'static str, from: usize) -> Field {
    let value = header.number(from, 2);
    if value < 1536 {
        return header.field("eth.len", "Length", from, 2);
    }
    let one = field(abbr, "Type", header.place(from, 2), format_args!("0x{value:04x}"));
    match value {
        0x0800 => one.meaning("IPv4"),
        0x0806 => one.meaning("ARP"),
        0x86dd => one.meaning("IPv6"),
        0x8100 => one.meaning("802.1Q virtual LAN"),
        0x88a8 => one.meaning("802.1ad provider bridge"),
        0x8847 => one.meaning("MPLS"),
        0x8864 => one.meaning("PPP over Ethernet session"),
        _ => one,
    }
}

/// An IP header of either version, IPv6 with its extension headers.
pub(super) fn ip(header: Header<'_>) -> Field {
    if header.number(0, 1) >> 4 == 6 { v6(header) } else { v4(header) }
}

fn v4(header: Header<'_>) -> Field {
    let length = (header.number(0, 1) & 0x0f) * 4;
    let fragment = header.number(6, 2);
    let sum = field("ip.checksum", "Header checksum", header.place(10, 2), hex16(header.number(10, 2)));
    let total = header.field("ip.len", "Total length", 2, 2);
    let mut children = vec![
        field("ip.version", "Version", header.place(0, 1), header.number(0, 1) >> 4),
        field("ip.hdr_len", "Header length", header.place(0, 1), length).meaning("bytes"),
        field(
            "ip.dsfield",
            "Differentiated services",
            header.place(1, 1),
            format_args!("0x{:02x}", header.number(1, 1)),
        )
        .with(vec![
            field("ip.dsfield.dscp", "Code point", header.place(1, 1), header.number(1, 1) >> 2),
            congestion("ip.dsfield.ecn", header.place(1, 1), header.number(1, 1) & 3),
        ]),
        if header.number(2, 2) == 0 {
            total.meaning("left to the network card: the frame's end counts")
        } else {
            total
        },
        field("ip.id", "Identification", header.place(4, 2), hex16(header.number(4, 2))),
        field("ip.flags", "Flags", header.place(6, 1), format_args!("0x{:x}", fragment >> 13)).with(vec![
            header.bit("ip.flags.rb", "Reserved bit", 6, 1, 7),
            header.bit("ip.flags.df", "Don't fragment", 6, 1, 6),
            header.bit("ip.flags.mf", "More fragments", 6, 1, 5),
        ]),
        field("ip.frag_offset", "Fragment offset", header.place(6, 2), (fragment & 0x1fff) * 8),
        header.field("ip.ttl", "Time to live", 8, 1),
        protocol(header, "ip.proto", "Protocol", 9),
        sum.meaning(if header.is_whole() { verdict(checksum([header.bytes])) } else { "unverified" }),
        field("ip.src", "Source address", header.place(12, 4), Ipv4Addr::from(header.number(12, 4) as u32)),
        field("ip.dst", "Destination address", header.place(16, 4), Ipv4Addr::from(header.number(16, 4) as u32)),
    ];
    if length > 20 {
        let options = header.place(20, length as usize - 20);
        children.push(field("ip.opt", "Options", options.clone(), bytes_of(options)));
    }
    field("ip", "Internet Protocol version 4", header.range(), bytes_of(header.range())).with(children)
}

fn v6(header: Header<'_>) -> Field {
    let first = header.number(0, 4);
    let mut children = vec![
        field("ipv6.version", "Version", header.place(0, 1), first >> 28),
        field("ipv6.tclass", "Traffic class", header.place(0, 2), format_args!("0x{:02x}", first >> 20 & 0xff)).with(
            vec![
                field("ipv6.tclass.dscp", "Code point", header.place(0, 2), first >> 22 & 0x3f),
                congestion("ipv6.tclass.ecn", header.place(1, 1), first >> 20 & 3),
            ],
        ),
        field("ipv6.flow", "Flow label", header.place(1, 3), format_args!("0x{:05x}", first & 0xf_ffff)),
        header.field("ipv6.plen", "Payload length", 4, 2),
        protocol(header, "ipv6.nxt", "Next header", 6),
        header.field("ipv6.hlim", "Hop limit", 7, 1),
        field("ipv6.src", "Source address", header.place(8, 16), v6_address(header, 8)),
        field("ipv6.dst", "Destination address", header.place(24, 16), v6_address(header, 24)),
    ];
    let (mut kind, mut at) = (header.number(6, 1), 40);
    while at < header.bytes.len() {
        let (abbr, name) = match kind {
            0 => ("ipv6.hopopts", "Hop-by-hop options"),
            43 => ("ipv6.routing", "Routing header"),
            44 => ("ipv6.fraghdr", "Fragment header"),
            51 => ("ah", "Authentication header"),
            60 => ("ipv6.dstopts", "Destination options"),
            _ => ("ipv6.ext", "Extension header"),
        };
        let units = header.number(at + 1, 1) as usize;
        let length = match kind {
            44 => 8,
            51 => units * 4 + 8,
            _ => units * 8 + 8,
        };
        let place = header.place(at, length);
        children.push(field(abbr, name, place.clone(), bytes_of(place)).with(vec![protocol(
            header,
            "ipv6.nxt",
            "Next header",
            at,
        )]));
        kind = header.number(at, 1);
        at += length;
    }
    field("ipv6", "Internet Protocol version 6", header.range(), bytes_of(header.range())).with(children)
}

fn v6_address(header: Header<'_>, from: usize) -> Ipv6Addr {
    let bytes = header.bytes.get(from..).and_then(|rest| rest.first_chunk::<16>());
    Ipv6Addr::from(bytes.copied().unwrap_or_default())
}

fn congestion(abbr: &'static str, place: std::ops::Range<u32>, value: u64) -> Field {
    let meaning = match value {
        0 => "not capable",
        3 => "congestion experienced",
        _ => "capable",
    };
    field(abbr, "Congestion notification", place, value).meaning(meaning)
}

fn protocol(header: Header<'_>, abbr: &'static str, name: &'static str, from: usize) -> Field {
    let one = header.field(abbr, name, from, 1);
    match protocol_name(header.number(from, 1) as u8) {
        Some(name) => one.meaning(name),
        None => one,
    }
}

/// The name of an IP protocol, for those that are met.
pub(super) fn protocol_name(protocol: u8) -> Option<&'static str> {
    Some(match protocol {
        0 => "IPv6 hop-by-hop options",
        1 => "ICMP",
        2 => "IGMP",
        4 => "IPv4",
        6 => "TCP",
        17 => "UDP",
        41 => "IPv6",
        43 => "IPv6 routing header",
        44 => "IPv6 fragment header",
        47 => "GRE",
        50 => "ESP",
        51 => "Authentication header",
        58 => "ICMPv6",
        60 => "IPv6 destination options",
        89 => "OSPF",
        132 => "SCTP",
        _ => return None,
    })
}

pub(super) fn hex16(value: u64) -> String {
    format!("0x{value:04x}")
}
