//! The referee: does tshark count the same in every capture that the lab makes, and find no fault in its packets?

mod lab;

use std::collections::BTreeMap;
use std::path::Path;

use lab::Lab;
use lab::outside::{skip, tshark, tshark_is_there};
use serde_json::Value;

/// What tshark says of one packet.
struct Packet {
    fields: Vec<String>,
}

/// What is asked of tshark, in one pass.
const FIELDS: [&str; 14] = [
    "frame.number",
    "tcp.stream",
    "frame.len",
    "tcp.hdr_len",
    "tcp.len",
    "http.request.method",
    "http.response.code",
    "websocket.opcode",
    "tcp.analysis.retransmission",
    "tcp.checksum.status",
    "ip.checksum.status",
    "_ws.malformed",
    "_ws.expert.group",
    "tcp.payload",
];

impl Packet {
    fn text(&self, field: &str) -> &str {
        let place = FIELDS.iter().position(|name| *name == field).expect("a field that is asked for");
        self.fields.get(place).map_or("", String::as_str)
    }

    fn number(&self, field: &str) -> u64 {
        self.text(field).parse().unwrap_or_else(|_| panic!("{field} is {:?}", self.text(field)))
    }

    /// The values of a field that may be there several times.
    fn all<'a>(&'a self, field: &str) -> impl Iterator<Item = &'a str> {
        self.text(field).split(',').filter(|value| !value.is_empty())
    }

    /// A packet whose checksums are bad or unchecked, or that tshark could not dissect. In a capture with losses it
    /// calls it malformed, too, when a segment that is sent again overlaps what it has put together.
    fn is_faulty(&self, with_losses: bool) -> bool {
        let good = self.text("tcp.checksum.status") == "1" && self.text("ip.checksum.status") == "1";
        let malformed =
            !self.text("_ws.malformed").is_empty() || self.all("_ws.expert.group").any(|group| group == PI_MALFORMED);
        !good || (malformed && !with_losses)
    }
}

/// The number of tshark's group of such findings.
const PI_MALFORMED: &str = "117440512";

/// All TCP packets of a capture, as tshark sees them. Checksums are checked only when asked for; port 8000 is HTTP only
/// when it is told so.
fn packets(file: &Path) -> Vec<Packet> {
    let checked = ["-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"];
    let options = [&checked[..], &["-Y", "tcp", "-d", "tcp.port==8000,http"]].concat();
    tshark(file, &options, &FIELDS).into_iter().map(|fields| Packet { fields }).collect()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is not a number"))
}

/// Compares everything that both count.
fn agree(lab: &Lab, file: &str) {
    let packets = packets(&lab.path(file));
    let analysis = lab.analysis(file);
    let capture = &analysis["captures"][0];
    let connections = capture["connections"].as_array().expect("connections");

    let mut streams = BTreeMap::<u64, [u64; 4]>::new();
    for packet in &packets {
        let sums = streams.entry(packet.number("tcp.stream")).or_default();
        sums[0] += 1;
        for (sum, field) in sums[1..].iter_mut().zip(["frame.len", "tcp.hdr_len", "tcp.len"]) {
            *sum += packet.number(field);
        }
    }
    assert_eq!(connections.len(), streams.len(), "{file}: streams");
    for (connection, (stream, sums)) in connections.iter().zip(&streams) {
        let ours = ["total_packets", "frame_bytes", "tcp_bytes", "app_bytes"].map(|column| number(&connection[column]));
        assert_eq!(ours, *sums, "{file}: stream {stream}: packets, frame, header and payload bytes");
    }

    let with_losses = number(&capture["totals"]["retransmitted_packets"]) > 0;
    if capture["app"] != "tcp" {
        let sum = |column: &str| connections.iter().map(|connection| number(&connection[column])).sum::<u64>();
        let count = |field: &str| packets.iter().map(|packet| packet.all(field).count() as u64).sum::<u64>();
        // Where segments are repeated, tshark may show a message twice or not at all.
        if !with_losses {
            assert_eq!(sum("http_requests"), count("http.request.method"), "{file}: requests");
            // tshark shows a response when its body has ended. A stream that never does is told by the first
            // bytes of its segment.
            let heads = packets.iter().filter(|packet| packet.text("tcp.payload").starts_with("485454502f")).count();
            assert_eq!(sum("http_responses"), heads as u64, "{file}: responses");
            let endless = u64::from(["sse", "stream"].iter().any(|app| capture["app"] == *app));
            assert_eq!(sum("http_responses"), count("http.response.code") + endless, "{file}: responses that ended");
        }
        let mut opcodes = BTreeMap::<&str, u64>::new();
        for packet in packets.iter().filter(|packet| packet.text("tcp.analysis.retransmission").is_empty()) {
            for opcode in packet.all("websocket.opcode") {
                *opcodes.entry(opcode).or_default() += 1;
            }
        }
        let names =
            [("0", "continuation"), ("1", "text"), ("2", "binary"), ("8", "close"), ("9", "ping"), ("10", "pong")];
        for (opcode, name) in names {
            let ours: u64 = connections.iter().map(|connection| number(&connection["websocket_frames"][name])).sum();
            let theirs = opcodes.get(opcode).copied().unwrap_or(0);
            if capture["app"] == "ws-push"
                && packets.iter().any(|packet| !packet.text("tcp.analysis.retransmission").is_empty())
            {
                // What is pushed while the message before is lost leaves with it: tshark calls both sent again.
                assert!(ours >= theirs, "{file}: {name} frames: {ours}, {theirs}");
            } else {
                assert_eq!(ours, theirs, "{file}: {name} frames");
            }
        }
    }

    let faults: Vec<&str> = packets
        .iter()
        .filter(|packet| packet.is_faulty(with_losses))
        .map(|packet| packet.text("frame.number"))
        .collect();
    assert_eq!(faults, Vec::<&str>::new(), "{file}: packets in which tshark finds a fault");
}

fn referee(lab: &Lab, run: &str) {
    let ran = lab.run(run);
    if ran.status == 3 {
        return skip(ran.stderr.trim_end());
    }
    assert_eq!(ran.status, 0, "wirelab {run}: {}", ran.stderr);
    for file in lab.list("pcap").iter().filter(|name| name.ends_with(".pcap")) {
        agree(lab, &format!("pcap/{file}"));
    }
}

#[test]
fn on_captures_of_the_virtual_wire() {
    if !tshark_is_there() {
        return;
    }
    let lab = Lab::new();
    referee(&lab, "run-all --apps all --wire virtual --seed 1");
    referee(&lab, "run-all --apps all --wire virtual --seed 1 --replay");
    referee(&lab, "run-all --apps all --wire virtual --seed 1 --client minimal --rtt 0 --vantage client");
    referee(&lab, "run-all --apps all --wire virtual --seed 2 --client chromium --loss 5% --updates 20 --interval 1s");
    referee(&lab, "run ws --wire virtual --seed 1 --clients 5");
    referee(&lab, "run-all --apps poll,long-poll --wire virtual --seed 1 --conditional --hold 3s");
}

#[test]
fn on_captures_of_the_kernel_wire() {
    if !tshark_is_there() {
        return;
    }
    let lab = Lab::new();
    referee(&lab, "run-all --wire kernel --interval 200ms");
    referee(&lab, "run-all --apps all --wire kernel --interval 1s --conditional --hold 600ms");
    referee(&lab, "run-all --wire kernel --interval 200ms --replay");
    referee(&lab, "run-all --wire kernel --interval 200ms --rtt 5ms --updates 20 --loss 5% --seed 4");
}
