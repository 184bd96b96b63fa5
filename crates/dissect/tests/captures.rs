//! Are the sums of real captures those of tshark?
//!
//! `expected.json` beside the captures says what tshark counts: frames, TCP segments, their bytes on the wire, in TCP
//! headers and in payloads. The captures lie beside the project, not in it.
#![allow(clippy::unwrap_used)]

#[path = "../../../tests/outside.rs"]
mod outside;

use outside::shared;
use serde_json::Value;
use std::fs::File;
use std::path::Path;
use wirelab_capture::{ReadError, Reader};
use wirelab_dissect::packet::{Decoded, decode};

#[derive(Debug, Default, PartialEq, Eq)]
struct Sums {
    total_frames: u64,
    tcp_frames: u64,
    app_packets: u64,
    frame_bytes: u64,
    tcp_header_bytes: u64,
    app_bytes: u64,
}

fn sums(path: &Path) -> (Sums, Option<ReadError>) {
    let mut sums = Sums::default();
    let mut reader = Reader::new(File::open(path).unwrap()).unwrap();
    let error = loop {
        let frame = match reader.next_frame() {
            Ok(Some(frame)) => frame,
            Ok(None) => break None,
            Err(error) => break Some(error),
        };
        sums.total_frames += 1;
        if let Decoded::Tcp(segment) = decode(&frame) {
            assert_eq!(segment.lower_len + segment.header_len + segment.payload_len, frame.wire_len);
            sums.tcp_frames += 1;
            sums.app_packets += u64::from(segment.payload_len > 0);
            sums.frame_bytes += u64::from(frame.wire_len);
            sums.tcp_header_bytes += u64::from(segment.header_len);
            sums.app_bytes += u64::from(segment.payload_len);
        }
    };
    (sums, error)
}

#[test]
fn captures_from_elsewhere_have_the_sums_of_tshark() {
    let Some(folder) = shared("captures") else { return };
    let expected: Value = serde_json::from_reader(File::open(folder.join("expected.json")).unwrap()).unwrap();
    let mut compared = 0;
    for (name, file) in expected["files"].as_object().unwrap() {
        let (found, error) = sums(&folder.join(name));
        let expected = if file["clean"] == true {
            assert!(error.is_none(), "{name}: {error:?}");
            file
        } else if let Value::Object(_) = &file["no_defrag"] {
            &file["no_defrag"]
        } else {
            // Cut or damaged: what tshark could read, we must have read too, and have said that it ends early.
            assert_eq!(error.is_some(), file["tshark_rc"] != 0, "{name}: {error:?}");
            file
        };
        let number = |key: &str| expected[key].as_u64().unwrap();
        let expected = Sums {
            total_frames: file["total_frames"].as_u64().unwrap(),
            tcp_frames: number("tcp_frames"),
            app_packets: number("app_packets"),
            frame_bytes: number("frame_bytes"),
            tcp_header_bytes: number("tcp_header_bytes"),
            app_bytes: number("app_bytes"),
        };
        assert_eq!(found, expected, "{name}");
        compared += 1;
    }
    assert!(compared > 0);
}

#[test]
fn the_published_captures_have_the_published_sums() {
    let Some(folder) = shared("reference") else { return };
    // Total packets, app packets, frame bytes, TCP bytes, app bytes.
    for (name, published) in [
        ("tcpapp", [18, 7, 1283, 596, 75]),
        ("webapp", [27, 12, 5468, 884, 3666]),
        ("ajaxapp", [27, 12, 4316, 884, 2514]),
        ("sseapp", [21, 8, 3015, 692, 1609]),
        // The published table says 12 app packets here. The file has 13 with payload, and tshark counts 13 too.
        ("wsapp", [34, 13, 4163, 1104, 1903]),
    ] {
        let (found, error) = sums(&folder.join(name).with_extension("pcap"));
        assert!(error.is_none(), "{name}: {error:?}");
        let found = [found.tcp_frames, found.app_packets, found.frame_bytes, found.tcp_header_bytes, found.app_bytes];
        assert_eq!(found, published, "{name}");
    }
}
