//! Does tshark see in every kind of frame what we see?
#![allow(clippy::unwrap_used)]

mod frames;
#[path = "../../../tests/outside.rs"]
mod outside;

use frames::{Sample, V4, V6, samples};
use outside::{tshark, tshark_is_there};
use std::collections::BTreeMap;
use wirelab_capture::{LinkType, Settings, Writer};
use wirelab_dissect::fields::headers;
use wirelab_dissect::packet::{Decoded, decode};

/// The names and values of fields are those of Wireshark, and the checksums of built frames are right.
#[test]
fn tshark_has_the_same_fields() {
    if !tshark_is_there() {
        return;
    }
    let names = [
        "eth.dst",
        "eth.src",
        "eth.type",
        "ip.hdr_len",
        "ip.dsfield",
        "ip.dsfield.dscp",
        "ip.len",
        "ip.id",
        "ip.flags.df",
        "ip.flags.mf",
        "ip.frag_offset",
        "ip.ttl",
        "ip.proto",
        "ip.checksum",
        "ip.src",
        "ip.dst",
        "ipv6.version",
        "ipv6.plen",
        "ipv6.nxt",
        "ipv6.hlim",
        "ipv6.src",
        "ipv6.dst",
        "tcp.srcport",
        "tcp.dstport",
        "tcp.seq_raw",
        "tcp.ack_raw",
        "tcp.hdr_len",
        "tcp.flags.ack",
        "tcp.flags.syn",
        "tcp.window_size_value",
        "tcp.checksum",
        "tcp.urgent_pointer",
        "tcp.options.timestamp.tsval",
        "tcp.options.timestamp.tsecr",
    ];
    for data in [V4.frame(), V6.frame()] {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut writer = Writer::with(file.as_file(), Settings::new(LinkType::ETHERNET)).unwrap();
        writer.write(0, data.len() as u32, &data).unwrap();
        writer.finish().unwrap();
        let options = ["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-E", "occurrence=f"];
        let fields = [&names[..], &["ip.checksum.status", "tcp.checksum.status"]].concat();
        let [theirs] = &tshark(file.path(), &options, &fields)[..] else { panic!("not one frame") };
        assert_eq!(theirs.len(), names.len() + 2);
        let tree = headers(&frames::frame(LinkType::ETHERNET, &data));
        for (name, theirs) in names.iter().zip(theirs) {
            let ours = tree.iter().find_map(|field| field.find(name)).map_or("", |field| field.value.as_str());
            // Numbers are compared as such: tshark writes some of them in hexadecimal.
            let number = |text: &str| match text.strip_prefix("0x") {
                Some(hex) => u64::from_str_radix(hex, 16).ok(),
                None => text.parse().ok(),
            };
            assert!(
                ours == *theirs || number(ours).is_some() && number(ours) == number(theirs),
                "{name}: {ours} {theirs}"
            );
        }
        // 1 is good; there is none over IPv6.
        assert!(["", "1"].contains(&theirs[names.len()].as_str()), "{theirs:?}");
        assert_eq!(theirs[names.len() + 1], "1");
    }
}

#[test]
fn tshark_agrees_on_every_kind_of_frame() {
    if !tshark_is_there() {
        return;
    }
    let mut by_link: BTreeMap<u16, Vec<Sample>> = BTreeMap::new();
    for sample in samples() {
        // tshark 4.0 does not know OpenBSD's number, which means another thing to it.
        if sample.link != LinkType::RAW_OPENBSD {
            by_link.entry(sample.link.0).or_default().push(sample);
        }
    }
    for (link, samples) in by_link {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut writer = Writer::with(file.as_file(), Settings::new(LinkType(link))).unwrap();
        for sample in &samples {
            writer.write(0, sample.data.len() as u32, &sample.data).unwrap();
        }
        writer.finish().unwrap();
        let fields = ["frame.len", "tcp.srcport", "tcp.seq_raw", "tcp.flags", "tcp.hdr_len", "tcp.len"];
        // TCP that ICMP quotes does not count, and fragments stay apart.
        let apart = ["-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE", "--disable-protocol", "icmp"];
        let lines = tshark(file.path(), &[&apart[..], &["-E", "occurrence=f"]].concat(), &fields);
        assert_eq!(lines.len(), samples.len());
        for (sample, theirs) in samples.iter().zip(lines) {
            let theirs = theirs.join(",");
            let length = sample.data.len();
            let ours = match decode(&sample.frame()) {
                Decoded::Tcp(tcp) => format!(
                    "{length},{},{},0x{:04x},{},{}",
                    tcp.source.port, tcp.seq, tcp.flags.0, tcp.header_len, tcp.payload_len
                ),
                Decoded::NotTcp(_) => format!("{length},,,,,"),
            };
            // Of a first fragment tshark shows the header, but no length: it does not count.
            let theirs = if theirs.ends_with(',') { format!("{length},,,,,") } else { theirs };
            assert_eq!(ours, theirs, "{} (link type {link})", sample.name);
        }
    }
}
