//! Do the filters that the report prints, and others that people bring along, mean the same packets here as in tshark?

use std::collections::BTreeSet;
use std::process::Command;

use super::lab::Lab;
use super::lab::outside::{shared, tshark_is_there};

/// Filters of fields, with every comparison.
const FILTERS: [&str; 22] = [
    "tcp.len >= 100 && tcp.len < 400",
    "tcp.len le 10 and tcp.len gt 0",
    "tcp.len != 0",
    "frame.len in {66, 74..80}",
    "frame.number == 0x10",
    "tcp.flags.push == True or tcp.flags.syn == 1",
    "tcp.hdr_len > 32",
    "tcp.seq == 1 && tcp.ack == 1",
    "tcp.window_size_value < 600",
    "tcp.srcport == 8000",
    "tcp.dstport ne 8000 && !tcp.flags.ack == 0",
    "tcp.port == 8000",
    "ip.src == 10.0.0.1 && tcp.flags.fin == 1",
    "not ip.dst == 10.0.0.1",
    "tcp.analysis.flags",
    "tcp.analysis.duplicate_ack || tcp.analysis.out_of_order",
    "tcp.analysis.window_update",
    "http.response.code == 101",
    "http.response.code in {200..299}",
    "websocket.opcode == 1",
    "websocket.opcode == 8 || websocket.fin == 0",
    "udp.port == 53",
];

#[test]
fn filters_mean_the_same_packets_as_in_tshark() {
    if !tshark_is_there() {
        return;
    }
    let lab = Lab::new();
    lab.done("run-all --wire virtual --seed 3 --updates 4 --server split --loss 4%");
    let page = lab.text("reports/index.html");
    let printed: BTreeSet<String> = page
        .split("<code>")
        .skip(1)
        .filter_map(|rest| rest.split("</code>").next())
        .filter(|code| is_filter(code))
        .map(|code| code.replace("&amp;", "&").replace("&gt;", ">").replace("&lt;", "<"))
        .collect();
    assert!(printed.iter().any(|one| one == "tcp.len > 0") && printed.len() > 20, "{printed:?}");
    let mut different = Vec::new();
    let mut found = 0;
    let captures = ["pcap/webapp.pcap", "pcap/sseapp.pcap", "pcap/wsapp.pcap"].map(|name| lab.path(name));
    // Of those that name packets one by one, a few.
    let numbered = printed.iter().filter(|one| one.starts_with("frame.number")).take(3);
    let general = printed.iter().filter(|one| !one.starts_with("frame.number"));
    let printed: Vec<&str> = numbered.chain(general).map(String::as_str).collect();
    for (at, file) in captures.iter().enumerate() {
        // Each of ours on one capture: what is printed, on all.
        let own =
            FILTERS.iter().enumerate().filter(|(number, _)| number % captures.len() == at).map(|(_, filter)| filter);
        for filter in printed.iter().chain(own) {
            let (ours, theirs) = (ours(&lab, file, filter), theirs(file, filter));
            found += theirs.len();
            if ours != theirs {
                different.push(format!("{}, {filter}: ours {ours:?}, tshark's {theirs:?}", file.display()));
            }
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
    assert!(found > 300, "only {found} packets");
}

/// Captures from elsewhere, on other ports.
#[test]
fn filters_mean_the_same_packets_of_other_peoples_captures() {
    if !tshark_is_there() {
        return;
    }
    let Some(folder) = shared("captures") else { return };
    let lab = Lab::new();
    let mut different = Vec::new();
    for (name, filter) in [
        ("arkime-arkime__websocket.pcap", "websocket.mask == 1"),
        ("arkime-arkime__websocket.pcap", "websocket.opcode in {1, 2}"),
        ("arkime-arkime__http-post-upload.pcap", "http.request || http.response"),
        ("zeek-zeek__retransmit-fast009.pcap", "tcp.analysis.retransmission"),
        ("zeek-zeek__retransmit-fast009.pcap", "tcp.analysis.fast_retransmission"),
        ("seladb-PcapPlusPlus__one_ipv6_http_stream.pcap", "http.response.code == 200 or tcp.flags.reset == 1"),
        ("arkime-arkime__twovlan.pcap", "tcp.flags.syn == 1 && tcp.flags.ack == 0"),
    ] {
        let file = folder.join(name);
        let (ours, theirs) = (ours(&lab, &file, filter), theirs(&file, filter));
        assert!(!theirs.is_empty(), "{name}, {filter}");
        if ours != theirs {
            different.push(format!("{name}, {filter}: ours {ours:?}, tshark's {theirs:?}"));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

fn is_filter(code: &str) -> bool {
    let begins = ["tcp.", "frame.", "http.", "websocket"];
    begins.iter().any(|begin| code.starts_with(begin))
}

fn ours(lab: &Lab, file: &std::path::Path, filter: &str) -> Vec<u64> {
    let mut command = lab.command("show --json --filter");
    let ran = command.arg(filter).arg(file).output().expect("it runs");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success() || said.contains("is as asked for"), "{filter}: {said}");
    let number = |line: &str| {
        serde_json::from_str::<serde_json::Value>(line).expect("JSON")["number"].as_u64().expect("a number")
    };
    String::from_utf8_lossy(&ran.stdout).lines().map(number).collect()
}

fn theirs(file: &std::path::Path, filter: &str) -> Vec<u64> {
    let mut command = Command::new("tshark");
    command.arg("-r").arg(file).args(["-d", "tcp.port==8000,http", "-Y", filter, "-T", "fields", "-e", "frame.number"]);
    let ran = command.output().expect("tshark runs");
    assert!(ran.status.success(), "{filter}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8_lossy(&ran.stdout).lines().map(|line| line.parse().expect("a number")).collect()
}
