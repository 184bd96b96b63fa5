//! Captures of real networks beside the project: the originals of 2021, and small ones from other projects with what
//! tshark says of them. Skipped where they are not there.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "../../../tests/outside.rs"]
mod outside;
mod talk;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use outside::shared;
use serde_json::Value;
use wirelab_analyze::model::FindingId::{
    AckWait, CapturedTwice, Compressed, ConnectionPerRequest, Encrypted, EventsTogether, Http2, JoinedMidway, Loss,
    NagleDelayedAck, NoAnswer, OtherTransport, QuickAck, SegmentationOffload, SlowSender, SlowServer, SplitAnswer,
    TruncatedPackets,
};
use wirelab_analyze::model::{Cause, ConnectionRow, FindingId, Kind, Mean, TcpAnalysis};
use wirelab_analyze::{Analyzer, Capture, Column, Layer, Settings, Tally};
use wirelab_capture::Reader;
use wirelab_catalog::App;

fn analyze(path: &Path) -> Capture {
    let mut analyzer = Analyzer::new(Settings { limit: 10_000, keep_packets: 100_000, ..Settings::default() });
    let mut reader = Reader::new(File::open(path).unwrap()).unwrap();
    loop {
        match reader.next_frame() {
            Ok(Some(frame)) => analyzer.frame(&frame),
            Ok(None) => break,
            Err(error) => {
                analyzer.problem(None, 0, error.to_string());
                break;
            }
        }
    }
    let name = path.file_stem().unwrap().to_str().unwrap();
    let capture = analyzer.finish(name, None, "pcap");
    talk::check(&capture);
    capture
}

fn columns(tally: &Tally) -> [u64; 5] {
    [tally.total_packets, tally.app_packets, tally.frame_bytes, tally.layers[Layer::Tcp], tally.app_bytes]
}

/// The published tables of 2021, from the captures that they were made from. As in `published.rs`, the WebSocket
/// capture has 13 packets with payload, as tshark says too, where 12 were published.
#[test]
fn the_originals_give_the_published_tables() {
    let Some(folder) = shared("reference") else { return };
    type Row = [u64; 5];
    let rows: [(&str, App, Row, Row, Option<Row>); 5] = [
        ("tcpapp", App::Tcp, [18, 7, 1283, 596, 75], [3, 2, 213, 96, 15], Some([2, 1, 142, 64, 10])),
        ("webapp", App::Web, [27, 12, 5468, 884, 3666], [5, 3, 1253, 160, 923], None),
        ("ajaxapp", App::Ajax, [27, 12, 4316, 884, 2514], [5, 3, 745, 160, 415], None),
        ("sseapp", App::Sse, [21, 8, 3015, 692, 1609], [2, 1, 166, 64, 34], Some([2, 1, 166, 64, 34])),
        ("wsapp", App::Ws, [34, 13, 4163, 1104, 1903], [3, 2, 234, 96, 36], Some([2, 1, 154, 64, 22])),
    ];
    for (name, app, totals, per_update, push_only) in rows {
        let capture = analyze(&folder.join(name).with_extension("pcap"));
        assert_eq!(capture.app, Some(app), "{name}");
        assert_eq!(columns(&capture.totals), totals, "{name}");
        assert_eq!(columns(&capture.per_update.unwrap()), per_update, "{name}");
        assert_eq!(capture.push_only.as_ref().map(columns), push_only, "{name}");
        assert_eq!(capture.update_count, 3, "{name}");
        assert_eq!(capture.problems, [], "{name}");
    }
}

/// Nothing of anybody else's is taken for an app's: not a `/time` that is asked for once, nor a page with a clock in it.
#[test]
fn captures_of_others_are_no_app_s() {
    let Some(folder) = shared("captures") else { return };
    let mut seen = 0;
    for folder in [folder.join("real"), folder] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "pcap" || ending == "pcapng") {
                assert_eq!(analyze(&path).app, None, "{}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen >= 30, "only {seen} captures were looked at");
}

/// Where a capture of another's making is compared with something other than tshark's default sums, and why.
fn exception(name: &str) -> Option<&'static str> {
    match name {
        "seladb-PcapPlusPlus__ipfragutil_ip_ids.pcap" => Some(
            "IP fragments: tshark counts the length of the frame that completes the packet, here it is that of all its frames",
        ),
        _ => None,
    }
}

#[test]
fn captures_of_others_agree_with_tshark() {
    let Some(folder) = shared("captures") else { return };
    agree_with_tshark(&folder, 10);
    agree_with_tshark(&folder.join("real"), 19);
}

fn agree_with_tshark(folder: &Path, at_least: u32) {
    let expected: Value = serde_json::from_slice(&fs::read(folder.join("expected.json")).unwrap()).unwrap();
    let mut differences = Vec::new();
    let mut compared = 0;
    for (name, expected) in expected["files"].as_object().unwrap() {
        let capture = analyze(&folder.join(name));
        let number = |key: &str| expected[key].as_u64().unwrap_or_else(|| panic!("{name}: {key}"));
        let mut compare = |what: &str, ours: u64, theirs: u64| {
            if ours != theirs {
                differences.push(format!("{name}: {what}: {ours} here, {theirs} in tshark"));
            }
        };
        compare("frames", capture.frames, number("total_frames"));
        let exception = exception(name);
        for (key, ours) in sums(&capture.totals) {
            match exception {
                Some(reason) if key == "frame_bytes" => {
                    println!("{name}: frame bytes not compared: {reason}");
                    // All frames of this one carry fragments.
                    assert_eq!(ours, expected["info"]["total_frame_bytes"].as_u64().unwrap(), "{name}");
                }
                _ => compare(key, ours, number(key)),
            }
        }
        compare("streams", capture.connections.len() as u64, number("streams"));
        for (stream, connection) in expected["per_stream"].as_array().unwrap().iter().zip(&capture.connections) {
            for (key, ours) in sums(&connection.tally()) {
                if exception.is_some() && key == "frame_bytes" {
                    continue;
                }
                compare(&format!("stream {}: {key}", stream["stream"]), ours, stream[key].as_u64().unwrap());
            }
        }
        let rows: Vec<_> = capture.connections.iter().map(wirelab_analyze::Connection::row).collect();
        let sum = |of: fn(&ConnectionRow) -> u64| rows.iter().map(of).sum::<u64>();
        for (opcode, ours) in [
            ("0", sum(|one| one.websocket_frames.continuation)),
            ("1", sum(|one| one.websocket_frames.text)),
            ("2", sum(|one| one.websocket_frames.binary)),
            ("8", sum(|one| one.websocket_frames.close)),
            ("9", sum(|one| one.websocket_frames.ping)),
            ("10", sum(|one| one.websocket_frames.pong)),
        ] {
            // tshark recognises no WebSocket whose handshake is not there.
            if name == "ws100-mid.pcap" {
                continue;
            }
            let theirs = expected["websocket_frames"][opcode].as_u64().unwrap_or(0);
            compare(&format!("WebSocket frames with opcode {opcode}"), ours, theirs);
        }
        let starts = &expected["http_starts"];
        if !expected["remarks"].to_string().contains("HTTP counts are not certain") {
            compare("requests", sum(|one| one.http_requests), starts["requests"].as_u64().unwrap());
            compare("responses", sum(|one| one.http_responses), starts["responses"].as_u64().unwrap());
        }
        let named = |is_one: fn(TcpAnalysis) -> bool| {
            capture.packets.iter().filter(|packet| packet.analysis.is_some_and(is_one)).count() as u64
        };
        compare("retransmissions", named(TcpAnalysis::is_retransmission), number("retransmissions"));
        compare("out of order", named(|name| name == TcpAnalysis::OutOfOrder), number("out_of_order"));
        compare("duplicate ACKs", named(|name| name == TcpAnalysis::DuplicateAck), number("duplicate_acks"));
        compared += 1;
    }
    assert_eq!(differences, [] as [String; 0]);
    assert!(compared >= at_least, "only {compared} captures were compared");
}

fn sums(tally: &Tally) -> [(&'static str, u64); 5] {
    [
        ("tcp_frames", tally.total_packets),
        ("app_packets", tally.app_packets),
        ("frame_bytes", tally.frame_bytes),
        ("tcp_header_bytes", tally.layers[Layer::Tcp]),
        ("app_bytes", tally.app_bytes),
    ]
}

/// Captures of which it is known what happened: what must be said of them, and what must not.
#[test]
fn what_happened_is_found_and_nothing_else() {
    let Some(folder) = shared("captures") else { return };
    let table: [(&str, &[FindingId], &[FindingId]); 20] = [
        ("real/nagle-8501", &[AckWait, SplitAnswer], &[NagleDelayedAck, Loss]),
        ("real/nfast-8502", &[SplitAnswer], &[AckWait, NagleDelayedAck, SlowSender, SlowServer, Loss]),
        ("real/gso-on", &[SegmentationOffload], &[Loss, SlowServer]),
        ("real/gso-off", &[], &[SegmentationOffload, Loss]),
        ("real/flask", &[], &[SlowServer, Loss]),
        ("real/redis", &[], &[SlowServer, SlowSender, SplitAnswer, NagleDelayedAck, AckWait, EventsTogether]),
        (
            "real/mqtt",
            &[],
            &[QuickAck, SlowServer, SlowSender, SplitAnswer, NagleDelayedAck, AckWait, EventsTogether, Loss],
        ),
        ("real/any", &[], &[SegmentationOffload, CapturedTwice, OtherTransport, Loss]),
        ("real/lo6", &[Compressed], &[OtherTransport, Loss]),
        ("real/c-app-long", &[SlowServer], &[Loss]),
        ("real/c-app-poll", &[], &[ConnectionPerRequest, SlowServer, Loss]),
        ("real/c-app-llm", &[], &[Loss, NoAnswer]),
        ("real/ws100-mid", &[JoinedMidway], &[Loss]),
        ("real/aio-sse-96", &[TruncatedPackets], &[SplitAnswer, NoAnswer, Loss]),
        ("real/tls-sse", &[Encrypted], &[Http2, SlowServer, SplitAnswer, AckWait, Loss]),
        ("real/h2-sse", &[Http2], &[Encrypted, EventsTogether, SlowServer, SlowSender, SplitAnswer, AckWait, Loss]),
        ("real/ng-h2c-par", &[Http2], &[Encrypted, Loss]),
        ("real/pyws", &[Compressed], &[Encrypted, Loss]),
        ("real/socketio-poll", &[ConnectionPerRequest, SlowServer], &[Loss]),
        ("arkime-arkime__http-post-upload", &[CapturedTwice], &[Loss, OtherTransport]),
    ];
    for (name, said, unsaid) in table {
        let capture = analyze(&folder.join(format!("{name}.pcap")));
        let has = |id: FindingId| capture.findings.iter().any(|one| one.id == id);
        for &id in said {
            assert!(has(id), "{name} does not say {id}");
        }
        for &id in unsaid {
            assert!(!has(id), "{name} says {id}");
        }
    }
    let says = |name: &str, id: FindingId, words: &str| {
        let capture = analyze(&folder.join(format!("{name}.pcap")));
        let found = capture.findings.iter().any(|one| one.id == id && one.text.contains(words));
        assert!(found, "{name}: {:?}", capture.findings.iter().map(|one| &one.text).collect::<Vec<_>>());
    };
    // Five of the eleven packets with data are as they were on the wire, the others were 50.
    says("real/gso-on", SegmentationOffload, "6 packets are larger");
    says("real/gso-on", SegmentationOffload, "On the wire they were 50 packets");
    says("real/tls-sse", Encrypted, "11 bursts from the server");
    says("real/h2-sse", Http2, "on 1 stream, in 11 bursts from the server (301 ms apart on average)");
    says("real/nagle-8501", SplitAnswer, "In all 20 exchanges (event: price) the server");
    says("real/nfast-8502", SplitAnswer, "In all 40 exchanges (GET /price) the server");
    says("arkime-arkime__http-post-upload", CapturedTwice, "17 of 34 packets");
    says("real/ws100-mid", JoinedMidway, "By what was captured: 100 WebSocket");
}

/// What is known of captures of which it is known what happened, beside what is found.
#[test]
fn what_happened_is_counted() {
    let Some(folder) = shared("captures/real") else { return };
    let read = |name: &str| analyze(&folder.join(name).with_extension("pcap"));
    let labelled = |capture: &Capture, label: &str| capture.exchanges.iter().filter(|one| *one.label == *label).count();
    let spent = |capture: &Capture, cause: Cause| -> u64 {
        capture.exchanges.iter().filter_map(|one| Some(one.time()?[cause])).max().unwrap_or(0)
    };

    // Two segments an answer, of which the second waits for nothing; all but the first answer are over at once.
    let nfast = read("nfast-8502");
    assert!(spent(&nfast, Cause::Ack) < 700_000 && nfast.per_update_time.unwrap()[Cause::Ack] == 0);
    let over_ms: Vec<f64> =
        nfast.exchanges.iter().filter(|one| one.kind == Kind::Update).map(|one| one.duration_s() * 1e3).collect();
    assert!(over_ms.iter().filter(|ms| **ms > 0.2).count() <= 1, "{over_ms:?}");

    // The same downloads, before and after the card: 55 packets of the server have data on the wire.
    assert_eq!(read("gso-off").exchanges.iter().map(|one| one.push().app_packets).sum::<u64>(), 55);
    assert_eq!(read("gso-on").exchanges.iter().map(|one| one.push().app_packets).sum::<u64>(), 11);

    // No update is the end of the stream; and what was held was held by the server.
    let llm = read("c-app-llm");
    assert_eq!((llm.per_update, llm.median_update), (None, None));
    let held = read("c-app-long").per_update_time.unwrap();
    assert!(held[Cause::Server] > 700_000_000 && held[Cause::Network] < 1_000_000, "{held:?}");

    // A request and its answer are one exchange, though most of both was cut off.
    let cut = read("aio-sse-96");
    let asked = cut.exchanges.iter().find(|one| *one.label == *"GET /sse").unwrap();
    assert!(asked.tally().app_packets > asked.push().app_packets && asked.push().app_packets > 0);
    assert_eq!(labelled(&cut, "response without its request"), 0);

    // What sets HTTP/2 up is apart from the stream.
    let http2 = read("h2-sse");
    assert_eq!((labelled(&http2, "HTTP/2 connection"), labelled(&http2, "HTTP/2")), (1, 1));

    // Compressed messages can be read.
    let compressed =
        |capture: &Capture| capture.packets.iter().filter(|one| one.words.text.contains("compressed bytes")).count();
    assert_eq!(compressed(&read("pyws")), 0);

    for name in
        ["ws100-mid", "tls-sse", "h2-sse", "mqtt", "redis", "flask", "any", "lo6", "ng-h2c-par", "socketio-poll"]
    {
        let capture = read(name);
        // Two rows of one name would be one row too many.
        let mut names: Vec<(Kind, &str)> =
            capture.groups.iter().map(|group| (group.kind, group.label.as_str())).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{name}: {names:?}");
    }
    for name in ["tls-sse", "h2-sse", "ng-h2c-par", "mqtt"] {
        let capture = read(name);
        assert_eq!((capture.update_count, &capture.per_update_of), (0, &None), "{name}");
    }
}

/// Each finding rests on packets and exchanges that are there.
#[test]
fn what_findings_rest_on_is_there() {
    let Some(folder) = shared("captures") else { return };
    let files = |folder: &Path| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let captures = [files(&folder), files(&folder.join("real"))].concat();
    let mut found = 0;
    let is_capture =
        |path: &&PathBuf| path.extension().is_some_and(|ending| ending.to_string_lossy().starts_with("pcap"));
    for path in captures.iter().filter(is_capture) {
        let capture = analyze(path);
        for finding in &capture.findings {
            found += 1;
            let named = format!("{}: {}: {:?}", path.display(), finding.id, finding.packets);
            assert!(finding.packets.is_sorted_by(|a, b| a < b) && finding.packets.len() <= 1000, "{named}");
            assert!(finding.packets.iter().all(|number| (1..=capture.frames).contains(number)), "{named}");
            assert!(finding.exchanges.is_sorted_by(|a, b| a < b), "{named}");
            assert!(finding.exchanges.iter().all(|at| *at < capture.exchanges.len()), "{named}");
            assert!(!finding.packets.is_empty() || finding.id == Encrypted, "{named}");
            assert!(finding.cost.s.is_finite() && finding.cost.s >= 0.0, "{named}");
        }
    }
    assert!(found > 60, "{found}");
}

/// Which row stands for an update, in captures of servers that are not the lab's.
#[test]
fn the_row_of_an_update_is_honest() {
    let Some(folder) = shared("captures/real") else { return };
    for (name, expected) in [
        ("c-app-llm", "43 event: message, 43 share: mean 1.5 276.6, all in 1.9 369.0"),
        ("c-app-poll", "13 GET /poll, 0 share: median 3.0 718.0, all in 4.2 1007.7"),
        ("flask", "12 GET /orders, 0 share: median 6.0 1116.0, all in 12.0 1528.0"),
        ("socketio-poll", "21 GET /socket.io/, 0 share: median 4.0 634.0, all in 10.0 1043.1"),
        ("nagle-8501", "20 event: price, 0 share: median 4.0 321.0, all in 5.0 395.2"),
        ("nfast-8502", "40 GET /price, 0 share: median 4.0 396.0, all in 4.2 407.9"),
        ("pyws", "20 text from the server, 0 share: median 2.0 151.0, all in 4.2 362.6"),
        ("redis", "35 *3, 0 share: median 2.0 182.0, all in 5.7 700.1"),
        ("tls-sse", "none"),
        ("h2-sse", "none"),
        ("mqtt", "none"),
    ] {
        let capture = analyze(&folder.join(name).with_extension("pcap"));
        let row = |row: Mean| format!("{:.1} {:.1}", row.column(Column::TotalPackets), row.column(Column::FrameBytes));
        let said = match (&capture.per_update_of, capture.update_row(), capture.per_update_all_in) {
            (Some(of), Some(update), Some(all_in)) => {
                let is = if capture.per_update.is_some() { "median" } else { "mean" };
                let (count, sharing) = (capture.update_count, capture.updates_sharing_packets);
                format!("{count} {of}, {sharing} share: {is} {}, all in {}", row(update), row(all_in))
            }
            _ => "none".to_owned(),
        };
        assert_eq!(said, expected, "{name}");
        // Whatever is chosen, there are as many as the table of exchanges says.
        for group in &capture.groups {
            assert!(group.count > 0 && group.sharing_packets <= group.count, "{name}: {group:?}");
            assert!(group.median.as_ref().is_some_and(|median| median.tally.adds_up()), "{name}: {group:?}");
        }
    }
}
