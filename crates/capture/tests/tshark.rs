//! Does tshark read in a written file what was written?
#![allow(clippy::unwrap_used)]

#[path = "../../../tests/outside.rs"]
mod outside;

use std::fs;

use outside::{tshark, tshark_is_there};
use wirelab_capture::{CommentedWriter, Interface, LinkType, Precision, Settings, Writer};

const FIELDS: [&str; 5] = ["frame.time_epoch", "frame.len", "frame.cap_len", "frame.interface_id", "frame.encap_type"];
const TIME_NS: u64 = 1_637_507_738_123_456_789;

#[test]
fn tshark_reads_a_classic_file() {
    if !tshark_is_there() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    for (precision, time) in
        [(Precision::Microseconds, "1637507738.123456000"), (Precision::Nanoseconds, "1637507738.123456789")]
    {
        // tshark numbers the kinds of links in its own way: 1 is Ethernet, 7 raw IP.
        for (link, number) in [(LinkType::ETHERNET, 1), (LinkType::RAW, 7)] {
            let settings = Settings { precision, snap_length: 30, ..Settings::new(link) };
            let mut writer = Writer::with(Vec::new(), settings).unwrap();
            writer.write(TIME_NS, 20, &[0x45; 20]).unwrap();
            writer.write(TIME_NS, 60, &[0x45; 40]).unwrap();
            let file = directory.path().join("classic.pcap");
            fs::write(&file, writer.finish().unwrap()).unwrap();
            // A classic file has no interfaces: tshark says 0, or nothing.
            let lines: Vec<String> =
                tshark(&file, &[], &FIELDS).iter().map(|line| line.join("|").replace("|0|", "||")).collect();
            assert_eq!(lines, [format!("{time}|20|20||{number}"), format!("{time}|60|30||{number}")]);
        }
    }
}

#[test]
fn tshark_reads_the_comments() {
    if !tshark_is_there() {
        return;
    }
    let mut writer = CommentedWriter::create(Vec::new(), &["made by hand", "of three frames"], 0).unwrap();
    let raw = writer.interface(Interface::new(LinkType::RAW)).unwrap();
    let ethernet = Interface { link: LinkType::ETHERNET, snap_length: 30, precision: Precision::Microseconds };
    let ethernet = writer.interface(ethernet).unwrap();
    writer.write(raw, TIME_NS, 20, &[0x45; 20], &["of 3: the first"]).unwrap();
    writer.write(ethernet, TIME_NS, 60, &[0x45; 40], &[]).unwrap();
    writer.write(raw, TIME_NS, 21, &[0x45; 21], &["wörter → words", "and more"]).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("commented.pcapng");
    fs::write(&file, writer.finish().unwrap()).unwrap();
    assert_eq!(
        tshark(&file, &["-E", "aggregator=;"], &[&FIELDS[..], &["frame.comment"]].concat()),
        [
            ["1637507738.123456789", "20", "20", "0", "7", "of 3: the first"],
            ["1637507738.123456000", "60", "30", "1", "1", ""],
            ["1637507738.123456789", "21", "21", "0", "7", "wörter → words;and more"],
        ]
    );
}
