//! What a capture holds that is not TCP: each protocol with its packets and bytes.
#![allow(clippy::unwrap_used)]

mod talk;

use talk::{Frames, Talk, analyze};
use wirelab_dissect::build::{Tcp, endpoint, ethernet, ip, ipv4, udp};

const CLIENT: &str = "10.0.0.2:50000";
const SERVER: &str = "10.0.0.1:443";

fn datagram(from: &str, to: &str, payload: &[u8]) -> Vec<u8> {
    let (from, to) = (endpoint(from), endpoint(to));
    let ether_type = if from.addr.is_ipv4() { 0x0800 } else { 0x86dd };
    ethernet(ether_type, &ip(from.addr, to.addr, 17, &udp(from, to, payload)))
}

fn over_ip(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ethernet(0x0800, &ip(endpoint(CLIENT).addr, endpoint(SERVER).addr, protocol, payload))
}

/// A client's first packet: long header, version 1, an ID of 8 bytes and none.
fn initial() -> Vec<u8> {
    let mut packet = vec![0xc3, 0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0];
    packet.resize(1200, 0x55);
    packet
}

/// The rows of these frames, as words.
fn rows(frames: Vec<Vec<u8>>) -> Vec<String> {
    let frames: Frames = frames.into_iter().zip(1..).map(|(frame, ms)| (ms * 1_000_000, frame)).collect();
    let capture = analyze(&frames);
    capture.other_transports.iter().map(|row| format!("{} {} {}", row.protocol, row.packets, row.bytes)).collect()
}

#[test]
fn each_protocol_with_its_sums() {
    let arp = ethernet(0x0806, &[0; 28]);
    let (six, router) = (endpoint("[fe80::2]:0").addr, endpoint("[ff02::2]:0").addr);
    let icmpv6 = |kind: u8| ethernet(0x86dd, &ip(six, router, 58, &[kind, 0, 0, 0, 0, 0, 0, 0]));
    let mut broken = Tcp::between(CLIENT, SERVER).frame();
    // A TCP header of 16 bytes.
    broken[46] = 0x40;
    let mut frames = vec![
        arp.clone(),
        arp,
        over_ip(1, &[8, 0, 0, 0, 0, 7, 0, 1]),
        over_ip(89, &[0; 44]),
        over_ip(253, &[0; 1]),
        icmpv6(128),
        icmpv6(133),
        icmpv6(137),
        datagram("10.0.0.2:5353", "224.0.0.251:5353", b"who?"),
        ethernet(0x88cc, &[0; 50]),
        ethernet(0x1234, &[0; 47]),
        ethernet(7, &[0x42, 0x42, 3, 0, 0, 0, 0]),
        broken,
    ];
    let mut talk = Talk::new(1);
    talk.handshake();
    frames.extend(talk.frames.into_iter().map(|(_, frame)| frame));
    assert_eq!(
        rows(frames),
        [
            "IPv6 neighbor discovery 2 124",
            "ARP 2 84",
            "OSPF 1 78",
            "LLDP 1 64",
            "ICMPv6 1 62",
            "EtherType 0x1234 1 61",
            "unreadable 1 54",
            "UDP 1 46",
            "ICMP 1 42",
            "IP protocol 253 1 35",
            "LLC 1 21",
        ]
    );
}

#[test]
fn quic_is_named_where_the_bytes_show_it() {
    let quic_both_ways = rows(vec![
        // Before the flow shows what it is, it is UDP.
        datagram(SERVER, CLIENT, &[0x45; 100]),
        datagram(CLIENT, SERVER, &initial()),
        datagram(SERVER, CLIENT, &[0x45; 100]),
        datagram(CLIENT, SERVER, &[0x45; 100]),
        // The port alone says nothing, nor do other flows.
        datagram("10.0.0.3:50000", SERVER, &[0x45; 100]),
        datagram(CLIENT, "10.0.0.9:53", b"question"),
    ]);
    assert_eq!(quic_both_ways, ["QUIC 3 1526", "UDP 3 334"]);
    assert_eq!(
        rows(vec![
            datagram("[fd00::2]:50000", "[fd00::1]:4433", &initial()),
            datagram("[fd00::1]:4433", "[fd00::2]:50000", b"answer"),
        ]),
        ["QUIC 2 1330"]
    );
    // A version that nobody speaks, and what a snap length left of a long header.
    let mut unknown = initial();
    unknown[1] = 7;
    assert_eq!(rows(vec![datagram(CLIENT, SERVER, &unknown)]), ["UDP 1 1242"]);
}

#[test]
fn fragments_count_as_what_they_carry_until_a_tcp_packet_is_whole() {
    let (from, to) = (endpoint(CLIENT), endpoint(SERVER));
    let piece =
        |protocol, id, fragment, data: &[u8]| ethernet(0x0800, &ipv4(from.addr, to.addr, protocol, id, fragment, data));
    let segment = Tcp { payload: &[b'x'; 28], ..Tcp::between(CLIENT, SERVER) }.segment();
    let (first, last) = segment.split_at(24);
    assert_eq!(
        rows(vec![
            piece(17, 1, 0x2000, &[0; 8]),
            piece(17, 1, 1, &[0; 6]),
            // Whole, one of its frames captured twice.
            piece(6, 2, 0x2000, first),
            piece(6, 2, 0x2000, first),
            piece(6, 2, 3, last),
            // Never whole.
            piece(6, 3, 0x2000, first),
        ]),
        ["fragments of TCP packets 2 116", "UDP 2 82"]
    );
}
