//! Where the time goes in whole runs on the virtual wire, which knows the truth: its round trip, its drops.

mod lab;

use lab::{CAPTURES, Lab};
use serde_json::Value;

/// Milliseconds by the name that JSON gives them.
type Parts = Vec<(String, f64)>;

/// The exchanges of all captures that have a time: capture, kind, and milliseconds by cause.
fn times(analysis: &Value) -> Vec<(String, String, Parts)> {
    let mut times = Vec::new();
    for capture in analysis["captures"].as_array().expect("captures") {
        for exchange in capture["exchanges"].as_array().expect("exchanges") {
            let kind = exchange["kind"].as_str().expect("a kind");
            let Some(time) = exchange["time"].as_object() else {
                assert!(["control", "close"].contains(&kind), "{kind} has no time");
                continue;
            };
            // Beside them may stand which of them are likely.
            let parts = time.iter().filter(|(key, _)| *key != "likely");
            let ms = parts.map(|(key, s)| (key.clone(), s.as_f64().expect("seconds") * 1e3)).collect();
            times.push((capture["name"].as_str().expect("a name").to_owned(), kind.to_owned(), ms));
        }
    }
    assert!(!times.is_empty());
    times
}

fn of(time: &[(String, f64)], key: &str) -> f64 {
    time.iter().find(|(name, _)| name == key).map(|(_, ms)| *ms).expect(key)
}

#[test]
fn the_parts_of_each_exchange_add_up_to_its_whole() {
    let lab = Lab::new();
    for (name, options) in [
        ("plain", ""),
        ("split", "--server split"),
        ("lossy", "--loss 8% --updates 30"),
        ("mixed", "--reorder 10% --duplicate 5% --rtt 80ms --updates 20 --vantage client"),
    ] {
        lab.done(&format!(
            "run-all --wire virtual --seed 5 {options} --pcap-dir {name}/pcap --report-dir {name}/reports"
        ));
        let files: Vec<String> = CAPTURES.split(' ').map(|file| format!("{name}/{file}")).collect();
        for (capture, kind, time) in times(&lab.analysis(&files.join(" "))) {
            let parts = |key: &&(String, f64)| !["total_s", "ack_delay_s"].contains(&key.0.as_str());
            let sum: f64 = time.iter().filter(parts).map(|(_, ms)| ms).sum();
            assert!((sum - of(&time, "total_s")).abs() < 1e-3, "{name}, {capture} {kind}: {time:?}");
            assert!(time.iter().all(|(_, ms)| *ms >= 0.0), "{name}, {capture} {kind}: {time:?}");
            assert!(of(&time, "ack_delay_s") <= of(&time, "ack_s"), "{name}, {capture} {kind}: {time:?}");
        }
    }
}

#[test]
fn an_update_takes_the_same_seen_from_either_end() {
    let lab = Lab::new();
    let of_end = |end: &str| {
        lab.done(&format!(
            "run-all --wire virtual --seed 5 --server split --rtt 60ms --vantage {end} --pcap-dir {end}/pcap --report-dir {end}/reports"
        ));
        let files: Vec<String> = CAPTURES.split(' ').map(|file| format!("{end}/{file}")).collect();
        times(&lab.analysis(&files.join(" ")))
    };
    let ends = ["server", "client"].map(of_end);
    assert_eq!(ends[0].len(), ends[1].len());
    for (server, client) in ends[0].iter().zip(&ends[1]) {
        assert_eq!((&server.0, &server.1), (&client.0, &client.1));
        for ((key, one), (_, other)) in server.2.iter().zip(&client.2) {
            assert!((one - other).abs() < 1.0, "{} {} {key}: {one} and {other} ms", server.0, server.1);
        }
    }
    let updates = ends[0].iter().filter(|(_, kind, _)| kind == "update");
    for (capture, _, time) in updates {
        let (whole, ack) = match capture.as_str() {
            "webapp" | "ajaxapp" => (120.0, 60.0),
            "sseapp" => (30.0, 0.0),
            _ => (60.0, 0.0),
        };
        assert!((of(time, "total_s") - whole).abs() < 1.0, "{capture}: {time:?}");
        assert!((of(time, "ack_s") - ack).abs() < 1.0, "{capture}: {time:?}");
        assert!((of(time, "network_s") - (whole - ack)).abs() < 1.0, "{capture}: {time:?}");
    }
}

#[test]
fn what_is_no_way_of_the_link_is_the_recovery_of_a_loss() {
    let lab = Lab::new();
    lab.done("run-all --wire virtual --loss 5% --updates 30 --seed 7");
    let analysis = lab.analysis(CAPTURES);
    let mut recovered = 0;
    for capture in analysis["captures"].as_array().expect("captures") {
        for update in capture["updates"].as_array().expect("updates") {
            let time = &update["time"];
            let ms = |key: &str| time[key].as_f64().expect("seconds") * 1e3;
            let network = if capture["name"] == "sseapp" { 12.5 } else { 25.0 };
            assert!((ms("network_s") - network).abs() < 1.0, "{}: {time}", capture["name"]);
            let sent_again = update["retransmitted_packets"].as_u64().expect("a count") > 0;
            if ms("recovery_s") > 0.0 {
                recovered += 1;
                assert!(ms("recovery_s") > 100.0, "{}: {time}", capture["name"]);
            } else if sent_again {
                // The answer had arrived: its ACK was lost, or the copy came after the client had it all.
                assert!(ms("total_s") < network + 1.0, "{}: {time}", capture["name"]);
            }
        }
    }
    assert!(recovered > 3, "{recovered} updates waited for lost packets");
}
