//! What a connection costs on which nothing is said: nothing, or a heartbeat.

mod lab;

use lab::{Lab, assert_sums};

/// What is said after every 30 s of silence, and what that costs on the virtual wire: packets and bytes, with the answer.
const BEATS: [(&str, &str, u64, u64); 5] = [
    ("tcp", "TCP keep-alive", 2, 133),
    ("sse", "comment", 2, 140),
    ("stream", "empty line", 2, 138),
    ("ws", "ping", 3, 206),
    ("ws-push", "ping", 3, 206),
];

#[test]
fn an_hour_of_silence_costs_its_heartbeats() {
    let lab = Lab::new();
    let apps = BEATS.map(|(app, ..)| app).join(",");
    let run = format!("run-all --apps {apps} --wire virtual --seed 1 --interval 1h --updates 1");
    for (heartbeat, silent) in [("", true), (" --heartbeat 30s", false)] {
        lab.done(&format!("{run}{heartbeat}"));
        for (app, label, packets, bytes) in BEATS {
            let analysis = lab.analysis(&format!("pcap/{}app.pcap", app.replace('-', "")));
            assert_sums(&analysis);
            let capture = &analysis["captures"][0];
            assert_eq!(capture["app"], app);
            assert_eq!(capture["problems"], serde_json::json!([]), "{app}");
            let groups = capture["groups"].as_array().expect("groups");
            let beats = groups.iter().find(|group| group["kind"] == "control");
            if silent {
                assert_eq!(beats, None, "{app}");
                continue;
            }
            let beats = beats.unwrap_or_else(|| panic!("{app}: no heartbeat"));
            assert_eq!(beats["label"], label, "{app}");
            // From the connection to the update is an hour: 119 times 30 s and the way there and back between them fit into it. The
            // client leaves half an hour after an update that is pushed, and an hour after one that it asked for.
            let number = |column: &str| beats[column].as_u64().expect("a number");
            let times = number("total_packets") / packets;
            let most = if ["tcp", "ws"].contains(&app) { 238 } else { 179 };
            assert!((most - 3..=most).contains(&times), "{app}: {times} heartbeats");
            let each = number("frame_bytes") as f64 / times as f64;
            assert!((each - bytes as f64).abs() < 1.0, "{app}: {each} bytes for each heartbeat");
        }
    }
}

#[test]
fn the_kernel_beats_as_well() {
    let lab = Lab::new();
    let ran = lab.run("run-all --apps tcp,ws-push --wire kernel --interval 4s --updates 1 --heartbeat 1s");
    if ran.status == 3 {
        return lab::outside::skip(ran.stderr.trim_end());
    }
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let analysis = lab.analysis("pcap/tcpapp.pcap pcap/wspushapp.pcap");
    for (capture, label) in analysis["captures"].as_array().expect("captures").iter().zip(["TCP keep-alive", "ping"]) {
        let groups = capture["groups"].as_array().expect("groups");
        let beats = groups.iter().find(|group| group["label"] == label).expect("heartbeats");
        assert!(beats["total_packets"].as_u64() >= Some(4), "{beats}");
    }
}
