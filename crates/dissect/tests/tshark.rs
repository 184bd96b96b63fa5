//! Does tshark see in every kind of frame what we see?
//!
//! Runs where tshark is installed; with `CI=true` it must be.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod frames;

use frames::{Sample, samples};
use std::collections::BTreeMap;
use std::process::Command;
use wirelab_capture::{LinkType, Settings, Writer};
use wirelab_dissect::packet::{Decoded, decode};

#[test]
fn tshark_agrees_on_every_kind_of_frame() {
    if Command::new("tshark").arg("--version").output().is_err() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "tshark must be there in CI");
        eprintln!("skipped: tshark is not there");
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
        let output = Command::new("tshark")
            // TCP that ICMP quotes does not count, and fragments stay apart.
            .args(["-n", "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE", "--disable-protocol", "icmp"])
            .args(["-T", "fields", "-E", "occurrence=f", "-E", "separator=,"])
            .args(fields.iter().flat_map(|field| ["-e", field]))
            .arg("-r")
            .arg(file.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), samples.len());
        for (sample, theirs) in samples.iter().zip(lines) {
            let length = sample.data.len();
            let ours = match decode(&sample.frame()) {
                Decoded::Tcp(tcp) => format!(
                    "{length},{},{},0x{:04x},{},{}",
                    tcp.source.port, tcp.seq, tcp.flags.0, tcp.header_len, tcp.payload_len
                ),
                Decoded::NotTcp(_) => format!("{length},,,,,"),
            };
            // Of a first fragment tshark shows the header, but no length: it does not count.
            let theirs = if theirs.ends_with(',') { format!("{length},,,,,") } else { theirs.to_owned() };
            assert_eq!(ours, theirs, "{} (link type {link})", sample.name);
        }
    }
}
