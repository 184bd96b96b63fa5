//! Are the fields of a packet what was built, where it was built, and within the frame?
#![allow(clippy::unwrap_used)]

mod frames;

use frames::{PAYLOAD, V4, V6, frame, samples};
use proptest::prelude::*;
use wirelab_capture::{Frame, LinkType};
use wirelab_dissect::build::{Tcp, ethernet, vlan};
use wirelab_dissect::fields::{Field, headers};

fn find<'a>(tree: &'a [Field], abbr: &str) -> &'a Field {
    tree.iter().find_map(|field| field.find(abbr)).unwrap_or_else(|| panic!("{abbr} is not there"))
}

/// Every field lies within the frame, and those of one header within the header.
fn within(tree: &[Field], wire_len: u32) {
    for field in tree {
        assert!(field.range.start <= field.range.end && field.range.end <= wire_len as usize, "{field:?}");
        within(&field.parts, wire_len);
    }
}

#[test]
fn fields_of_ethernet_ipv4_and_tcp() {
    let data = V4.frame();
    let tree = headers(&frame(LinkType::ETHERNET, &data));
    let layers: Vec<_> = tree.iter().map(|field| (field.abbr, field.range.clone())).collect();
    assert_eq!(layers, [("eth", 0..14), ("ip", 14..34), ("tcp", 34..66)]);
    for (abbr, range, value, meaning) in [
        ("eth.dst", 0..6, "02:00:00:00:00:01", None),
        ("eth.type", 12..14, "0x0800", Some("IPv4")),
        ("ip.version", 14..15, "4", None),
        ("ip.len", 16..18, "74", None),
        ("ip.flags.df", 20..21, "1", Some("Set")),
        ("ip.ttl", 22..23, "64", None),
        ("ip.proto", 23..24, "6", Some("TCP")),
        ("ip.checksum", 24..26, "0x26ac", Some("good")),
        ("ip.src", 26..30, "10.0.0.2", None),
        ("tcp.srcport", 34..36, "40000", None),
        ("tcp.seq_raw", 38..42, "1000", None),
        ("tcp.hdr_len", 46..47, "32", Some("bytes")),
        ("tcp.flags", 46..48, "0x018", Some("PSH, ACK")),
        ("tcp.flags.push", 46..48, "1", Some("Set")),
        ("tcp.flags.syn", 46..48, "0", Some("Not set")),
        ("tcp.options.nop", 54..55, "1", None),
        ("tcp.options.timestamp.tsecr", 62..66, "2", None),
        ("tcp.payload", 66..88, "22 bytes", None),
    ] {
        let field = find(&tree, abbr);
        assert_eq!(
            (field.range.clone(), field.value.as_str(), field.meaning.as_deref()),
            (range, value, meaning),
            "{abbr}"
        );
    }
    assert_eq!(find(&tree, "tcp.checksum").meaning.as_deref(), Some("good"));
    assert_eq!(PAYLOAD.len(), 22);
}

#[test]
fn checksums_are_verified() {
    for tcp in [V4, V6] {
        let mut data = tcp.frame();
        assert_eq!(find(&headers(&frame(LinkType::ETHERNET, &data)), "tcp.checksum").meaning.as_deref(), Some("good"));
        let cut = Frame { data: &data[..data.len() - 1], ..frame(LinkType::ETHERNET, &data) };
        assert!(find(&headers(&cut), "tcp.checksum").meaning.as_deref().unwrap().starts_with("unverified"));
        *data.last_mut().unwrap() ^= 1;
        let tree = headers(&frame(LinkType::ETHERNET, &data));
        assert!(find(&tree, "tcp.checksum").meaning.as_deref().unwrap().starts_with("bad"));
    }
}

#[test]
fn tags_extension_headers_and_trailers() {
    let data = [ethernet(0x8100, &vlan(7, 0x0800, &Tcp { payload: &[], ..V4 }.packet())), vec![0; 6]].concat();
    let tree = headers(&frame(LinkType::ETHERNET, &data));
    assert_eq!(find(&tree, "vlan.id").value, "7");
    assert_eq!(find(&tree, "eth.trailer").range, 70..76);
    let chain = samples().into_iter().find(|sample| sample.name == "IPv6 extension headers").unwrap();
    let tree = headers(&chain.frame());
    for (abbr, from) in [("ipv6.hopopts", 54), ("ipv6.routing", 62), ("ipv6.dstopts", 70), ("tcp", 78)] {
        assert_eq!(find(&tree, abbr).range.start, from, "{abbr}");
    }
}

#[test]
fn what_cannot_be_decoded_is_a_field_too() {
    let mut data = V4.frame();
    data[46] = 0x40;
    let tree = headers(&frame(LinkType::ETHERNET, &data));
    assert_eq!(
        find(&tree, "_ws.malformed").value,
        "TCP header at byte 34 of the frame: a header of at least 20 bytes expected, 16 found"
    );
    assert_eq!(find(&tree, "ip.ttl").value, "64", "what is below is still there");
}

#[test]
fn nothing_is_read_behind_a_malformed_option() {
    let tcp = Tcp { options: &[5, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2], ..V4 };
    let data = tcp.frame();
    let tree = headers(&frame(LinkType::ETHERNET, &data));
    within(&tree, data.len() as u32);
    let options = find(&tree, "tcp.options");
    assert_eq!(options.parts.len(), 1);
    assert_eq!((options.parts[0].abbr, options.parts[0].range.clone()), ("tcp.options.malformed", 54..66));
}

#[test]
fn every_prefix_of_every_frame() {
    for sample in samples() {
        let whole = sample.frame();
        let tree = headers(&whole);
        within(&tree, whole.wire_len);
        assert_eq!(tree.iter().any(|field| field.abbr == "tcp"), sample.payload.is_some(), "{}", sample.name);
        for cut in 0..sample.data.len() {
            within(&headers(&Frame { data: &sample.data[..cut], ..whole }), whole.wire_len);
            within(&headers(&frame(sample.link, &sample.data[..cut])), cut as u32);
        }
    }
}

proptest! {
    #[test]
    fn flipped_bytes_never_hurt(
        sample in any::<prop::sample::Index>(),
        flips in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let samples = samples();
        let sample = sample.get(&samples);
        let mut data = sample.data.clone();
        for (at, value) in flips {
            let at = at.index(data.len());
            data[at] = value;
        }
        within(&headers(&frame(sample.link, &data)), data.len() as u32);
    }
}

#[test]
fn what_is_not_tcp_says_what_it_is() {
    let request = [0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 10, 0, 0, 2];
    let mut reply = request;
    reply[7] = 2;
    let icmp = |protocol, message: &[u8]| {
        let (source, destination) =
            if protocol == 1 { (V4.source.addr, V4.destination.addr) } else { (V6.source.addr, V6.destination.addr) };
        let ether_type = if protocol == 1 { 0x0800 } else { 0x86dd };
        ethernet(ether_type, &wirelab_dissect::build::ip(source, destination, protocol, message))
    };
    for (data, abbr, says) in [
        (ethernet(0x0806, &request), "arp", "Who has 10.0.0.2? Tell 10.0.0.1"),
        (ethernet(0x0806, &reply), "arp", "10.0.0.1 is at 02:00:00:00:00:01"),
        (ethernet(0x0806, &request[..20]), "arp", "20 bytes"),
        (icmp(1, &[8, 0, 0, 0, 0, 7, 0, 1]), "icmp", "Echo (ping) request, id 7, number 1"),
        (icmp(1, &[3, 4, 0, 0, 0, 0, 0, 0]), "icmp", "Destination unreachable (fragmentation needed)"),
        (icmp(1, &[99, 4, 0, 0, 0, 0, 0, 0]), "icmp", "type 99, code 4"),
        (icmp(1, &[8, 0]), "icmp", "2 bytes"),
        (icmp(58, &[135, 0, 0, 0, 0, 0, 0, 0]), "icmpv6", "Neighbor solicitation"),
    ] {
        let tree = headers(&frame(LinkType::ETHERNET, &data));
        assert_eq!(find(&tree, abbr).value, says);
        within(&tree, data.len() as u32);
    }
}
