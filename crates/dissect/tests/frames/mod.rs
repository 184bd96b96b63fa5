//! One small frame of every kind that the packet decoder knows, for the tests that go through all of them.
#![allow(dead_code, clippy::unwrap_used)]

use std::net::IpAddr;
use wirelab_capture::{Frame, LinkType};
use wirelab_dissect::build::{self, Tcp, endpoint, ethernet, ip, ipv4, udp, vlan};
use wirelab_dissect::tcp::Flags;

/// A frame, and what is known of it.
pub struct Sample {
    pub name: &'static str,
    pub link: LinkType,
    pub data: Vec<u8>,
    /// The length of its TCP payload, or `None` where it carries no TCP of its own.
    pub payload: Option<u32>,
    pub tunnel: bool,
}

impl Sample {
    pub fn frame(&self) -> Frame<'_> {
        frame(self.link, &self.data)
    }
}

pub fn frame(link: LinkType, data: &[u8]) -> Frame<'_> {
    Frame { number: 1, time_ns: 0, wire_len: data.len() as u32, data, link, file_offset: 40 }
}

pub const V4: Tcp<'static> =
    tcp(IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2)), IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1)));
pub const V6: Tcp<'static> = tcp(
    IpAddr::V6(std::net::Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 2)),
    IpAddr::V6(std::net::Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1)),
);

const fn tcp(source: IpAddr, destination: IpAddr) -> Tcp<'static> {
    Tcp {
        source: wirelab_dissect::packet::Endpoint { addr: source, port: 40_000 },
        destination: wirelab_dissect::packet::Endpoint { addr: destination, port: 8_000 },
        seq: 1_000,
        ack: 2_000,
        flags: Flags(0x018),
        window: 65_535,
        options: &[1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2],
        payload: PAYLOAD,
    }
}

pub const PAYLOAD: &[u8] = b"Server time: 12:34:56\n";

fn sll(ether_type: u16, packet: &[u8]) -> Vec<u8> {
    [&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0], &ether_type.to_be_bytes()[..], packet].concat()
}

fn sll2(ether_type: u16, packet: &[u8]) -> Vec<u8> {
    let rest = [0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
    [&ether_type.to_be_bytes()[..], &rest, packet].concat()
}

fn pppoe(packet: &[u8]) -> Vec<u8> {
    let length = (packet.len() + 2) as u16;
    ethernet(0x8864, &[&[0x11, 0, 0, 7], &length.to_be_bytes()[..], &[0x00, 0x21], packet].concat())
}

/// An IPv6 packet with these extension headers before the segment.
fn extended(first: u8, extensions: &[u8]) -> Vec<u8> {
    ip(V6.source.addr, V6.destination.addr, first, &[extensions, &V6.segment()].concat())
}

/// An IPv4 packet with these options.
fn with_options(options: &[u8]) -> Vec<u8> {
    let mut packet = V4.packet();
    packet.splice(20..20, options.iter().copied());
    packet[0] = 0x45 + (options.len() / 4) as u8;
    let total = packet.len() as u16;
    packet[2..4].copy_from_slice(&total.to_be_bytes());
    packet[10..12].fill(0);
    let sum = build::checksum([&packet[..20 + options.len()]]);
    packet[10..12].copy_from_slice(&sum.to_be_bytes());
    packet
}

fn over_udp(port: u16, payload: &[u8]) -> Vec<u8> {
    let (source, destination) = (endpoint("192.168.0.2:50000"), endpoint("192.168.0.1:9"));
    let destination = wirelab_dissect::packet::Endpoint { port, ..destination };
    ethernet(0x0800, &ip(source.addr, destination.addr, 17, &udp(source, destination, payload)))
}

fn over_ip(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let (source, destination) = (endpoint("192.168.0.2:0").addr, endpoint("192.168.0.1:0").addr);
    ethernet(0x0800, &ip(source, destination, protocol, payload))
}

/// One of every kind.
pub fn samples() -> Vec<Sample> {
    let (v4, v6) = (V4.packet(), V6.packet());
    let mut samples = Vec::new();
    let mut add = |name, link, data: Vec<u8>, payload: bool, tunnel| {
        samples.push(Sample { name, link, data, payload: payload.then_some(PAYLOAD.len() as u32), tunnel });
    };
    let eth = LinkType::ETHERNET;
    add("Ethernet, IPv4", eth, ethernet(0x0800, &v4), true, false);
    add("Ethernet, IPv6", eth, ethernet(0x86dd, &v6), true, false);
    add("Ethernet with a trailer", eth, [ethernet(0x0800, &v4), vec![0; 7]].concat(), true, false);
    add("VLAN", eth, ethernet(0x8100, &vlan(7, 0x0800, &v4)), true, false);
    add("QinQ", eth, ethernet(0x88a8, &vlan(7, 0x8100, &vlan(8, 0x86dd, &v6))), true, false);
    add("old QinQ", eth, ethernet(0x9100, &vlan(7, 0x8100, &vlan(8, 0x0800, &v4))), true, false);
    add("PPPoE", eth, pppoe(&v4), true, false);
    add("PPPoE with padding", eth, [pppoe(&v4), vec![0; 9]].concat(), true, false);
    add("MPLS", eth, ethernet(0x8847, &[&[0, 1, 0, 64, 0, 2, 1, 64], &v4[..]].concat()), true, false);
    // A control word that tshark does not take for the begin of an address.
    let wire = [&[0, 1, 1, 64, 0x0f, 0, 0x12, 0x34], &ethernet(0x0800, &v4)[..]].concat();
    add("Ethernet over MPLS", eth, ethernet(0x8847, &wire), true, false);
    let snap = [&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &v4[..]].concat();
    add("802.3 with SNAP", eth, ethernet(snap.len() as u16, &snap), true, false);
    add("Linux cooked", LinkType::LINUX_SLL, sll(0x0800, &v4), true, false);
    add("Linux cooked with a VLAN tag", LinkType::LINUX_SLL, sll(0x8100, &vlan(7, 0x86dd, &v6)), true, false);
    add("Linux cooked 2", LinkType::LINUX_SLL2, sll2(0x86dd, &v6), true, false);
    add("null, little-endian", LinkType::NULL, [&[2, 0, 0, 0], &v4[..]].concat(), true, false);
    add("null, big-endian", LinkType::NULL, [&[0, 0, 0, 2], &v4[..]].concat(), true, false);
    for family in [24, 28, 30] {
        add("null, IPv6", LinkType::NULL, [&[family, 0, 0, 0], &v6[..]].concat(), true, false);
    }
    add("loop", LinkType::LOOP, [&[0, 0, 0, 2], &v4[..]].concat(), true, false);
    add("raw, IPv4", LinkType::RAW, v4.clone(), true, false);
    add("raw, IPv6", LinkType::RAW, v6.clone(), true, false);
    add("raw, BSD", LinkType::RAW_BSD, v4.clone(), true, false);
    add("raw, OpenBSD", LinkType::RAW_OPENBSD, v4.clone(), true, false);
    add("raw 228", LinkType::IPV4, v4.clone(), true, false);
    add("raw 229", LinkType::IPV6, v6.clone(), true, false);
    add("PPP", LinkType::PPP, [&[0xff, 3, 0, 0x21], &v4[..]].concat(), true, false);
    add("PPP without address", LinkType::PPP, [&[0, 0x57], &v6[..]].concat(), true, false);
    add("PPP, short protocol", LinkType::PPP, [&[0xff, 3, 0x21], &v4[..]].concat(), true, false);
    add("IPv4 options", eth, ethernet(0x0800, &with_options(&[148, 4, 0, 0, 1, 1, 1, 0])), true, false);
    add("IPv6 hop-by-hop", eth, ethernet(0x86dd, &extended(0, &[6, 0, 5, 2, 0, 0, 1, 0])), true, false);
    let chain = [&[43, 0, 1, 4, 0, 0, 0, 0][..], &[60, 0, 253, 0, 0, 0, 0, 0], &[6, 0, 1, 4, 0, 0, 0, 0u8]].concat();
    add("IPv6 extension headers", eth, ethernet(0x86dd, &extended(0, &chain)), true, false);
    let ah = [&[6, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1][..], &[9; 12]].concat();
    add("IPv6 authentication header", eth, ethernet(0x86dd, &extended(51, &ah)), true, false);
    let v4_ah = ip(V4.source.addr, V4.destination.addr, 51, &[&ah[..], &V4.segment()].concat());
    add("IPv4 authentication header", eth, ethernet(0x0800, &v4_ah), true, false);
    add("IPv6 atomic fragment", eth, ethernet(0x86dd, &extended(44, &[6, 0, 0, 0, 0, 0, 0, 9])), true, false);
    add("IPv6 first fragment", eth, ethernet(0x86dd, &extended(44, &[6, 0, 0, 1, 0, 0, 0, 9])), false, false);
    let first = ipv4(V4.source.addr, V4.destination.addr, 6, 1, 0x2000, &V4.segment()[..24]);
    add("IPv4 first fragment", eth, ethernet(0x0800, &first), false, false);
    let later = ipv4(V4.source.addr, V4.destination.addr, 6, 2, 0x0003, &V4.segment()[24..]);
    add("IPv4 last fragment", eth, ethernet(0x0800, &later), false, false);
    add("IP in IP", eth, over_ip(4, &v4), true, true);
    add("6in4", eth, over_ip(41, &v6), true, true);
    add("GRE", eth, over_ip(47, &[&[0, 0, 8, 0], &v4[..]].concat()), true, true);
    let keyed = [&[0x30, 0, 0x86, 0xdd, 0, 0, 0, 5, 0, 0, 0, 6], &v6[..]].concat();
    add("GRE with key and sequence number", eth, over_ip(47, &keyed), true, true);
    let bridged = [&[0, 0, 0x65, 0x58], &ethernet(0x0800, &v4)[..]].concat();
    add("GRE with Ethernet", eth, over_ip(47, &bridged), true, true);
    let pptp = [&[0x30, 1, 0x88, 0x0b, 0, (v4.len() + 4) as u8, 0, 1, 0, 0, 0, 1, 0xff, 3, 0, 0x21], &v4[..]].concat();
    add("PPTP", eth, over_ip(47, &pptp), true, true);
    let vxlan = [&[8, 0, 0, 0, 0, 0, 7, 0], &ethernet(0x0800, &v4)[..]].concat();
    add("VXLAN", eth, over_udp(4789, &vxlan), true, true);
    let geneve = [&[1, 0, 0x65, 0x58, 0, 0, 7, 0, 1, 2, 3, 0], &ethernet(0x0800, &v4)[..]].concat();
    add("Geneve with an option", eth, over_udp(6081, &geneve), true, true);
    let gtp = [&[0x30, 255, 0, v4.len() as u8, 0, 0, 0, 1], &v4[..]].concat();
    add("GTP-U", eth, over_udp(2152, &gtp), true, true);
    add("UDP", eth, over_udp(53, &[0; 12]), false, false);
    let quoted = [&[3, 3, 0, 0, 0, 0, 0, 0], &v4[..]].concat();
    add("TCP quoted in ICMP", eth, over_ip(1, &quoted), false, false);
    add(
        "ARP",
        eth,
        ethernet(0x0806, &[0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2]),
        false,
        false,
    );
    add("spanning tree", eth, ethernet(7, &[0x42, 0x42, 3, 0, 0, 0, 0]), false, false);
    samples
}
