//! Whole runs on the virtual wire: what they write, and that they write the same again.

mod lab;

use lab::{CAPTURES, Lab, PUBLISHED_PER_UPDATE, assert_sums, column};

#[test]
fn a_replay_gives_the_published_table_and_the_same_files_every_time() {
    let lab = Lab::new();
    for run in ["one", "two"] {
        lab.done(&format!("run-all --wire virtual --replay --seed 1 --pcap-dir {run}/pcap --report-dir {run}/reports"));
    }
    for folder in ["pcap", "reports"] {
        let names = lab.list(&format!("one/{folder}"));
        assert_eq!(names, lab.list(&format!("two/{folder}")));
        for name in names {
            let same = lab.read(&format!("one/{folder}/{name}")) == lab.read(&format!("two/{folder}/{name}"));
            assert!(same, "{folder}/{name} differs");
        }
    }
    assert_eq!(
        lab.list("one/pcap").join(" "),
        "ajaxapp.pcap ajaxapp.txt run.json sseapp.pcap sseapp.txt tcpapp.pcap tcpapp.txt webapp.pcap webapp.txt \
         wsapp.pcap wsapp.txt"
    );
    assert_eq!(lab.list("one/reports").join(" "), "index.html report.md results.json tables.csv");

    let files: Vec<String> = CAPTURES.split(' ').map(|file| format!("one/{file}")).collect();
    let analysis = lab.analysis(&files.join(" "));
    assert_sums(&analysis);
    for (name, published) in PUBLISHED_PER_UPDATE {
        assert_eq!(column(&analysis, "per_update", name), published, "{name}");
    }
    for (name, published) in
        [("total_packets", [2, 2, 2]), ("frame_bytes", [142, 166, 154]), ("app_bytes", [10, 34, 22])]
    {
        assert_eq!(column(&analysis, "push_only", name), published, "{name}");
    }
    // Every update of a replay costs the same, not only the one in the middle.
    for capture in analysis["captures"].as_array().expect("captures") {
        let updates = capture["updates"].as_array().expect("updates");
        assert_eq!(updates.len(), 3, "{}", capture["name"]);
    }
}

#[test]
fn the_seed_that_was_drawn_gives_the_same_run_again() {
    let lab = Lab::new();
    lab.done("run ws --wire virtual --pcap-dir one");
    let run: serde_json::Value = serde_json::from_slice(&lab.read("one/run.json")).expect("JSON");
    let command = run["command"].as_str().expect("a command").strip_prefix("wirelab ").expect("of wirelab");
    lab.done(&format!("{command} --pcap-dir two"));
    assert!(lab.read("one/wsapp.pcap") == lab.read("two/wsapp.pcap"));
    assert_eq!(lab.text("one/run.json"), lab.text("two/run.json"));
}

#[test]
fn the_report_again_is_the_same_report() {
    let lab = Lab::new();
    lab.done("run-all --wire virtual --seed 3 --updates 2 --interval 1s");
    let ran = lab.done("report --report-dir again");
    for name in lab.list("reports") {
        assert!(lab.read(&format!("reports/{name}")) == lab.read(&format!("again/{name}")), "{name} differs");
    }
    assert!(ran.stderr.contains("again/index.html"), "{}", ran.stderr);
}

#[test]
fn captures_that_run_json_does_not_describe_are_reported_without_it() {
    let lab = Lab::new();
    lab.done("run tcp --wire virtual --seed 1 --updates 1");
    lab.done("run tcp --wire virtual --seed 1 --updates 2 --pcap-dir other");
    lab.write("pcap/tcpapp.pcap", lab.read("other/tcpapp.pcap"));
    let ran = lab.done("report");
    assert!(ran.stderr.starts_with("run.json describes other captures than tcpapp.pcap"), "{}", ran.stderr);
}

#[test]
fn hours_take_a_moment() {
    let lab = Lab::new();
    lab.done("run-all --wire virtual --interval 1h --updates 24 --seed 1");
    let analysis = lab.analysis(CAPTURES);
    assert_sums(&analysis);
    for capture in analysis["captures"].as_array().expect("captures") {
        assert_eq!(capture["update_count"], 24, "{}", capture["name"]);
        assert!(capture["duration_s"].as_f64().expect("seconds") > 24.0 * 3600.0);
    }
}

#[test]
fn losses_end_in_exact_sums() {
    let lab = Lab::new();
    for seed in 1..=3 {
        lab.done(&format!(
            "run-all --wire virtual --loss 5% --duplicate 2% --reorder 2% --updates 30 --interval 1s --seed {seed}"
        ));
        let analysis = lab.analysis(CAPTURES);
        assert_sums(&analysis);
        for capture in analysis["captures"].as_array().expect("captures") {
            // A stream whose client's FIN is lost is pushed one more.
            let most = if capture["name"] == "sseapp" { 31 } else { 30 };
            let updates = capture["update_count"].as_u64().expect("a count");
            assert!((30..=most).contains(&updates), "{}: seed {seed}: {updates}", capture["name"]);
        }
        let again: u64 = column(&analysis, "totals", "retransmitted_packets").iter().sum();
        assert!(again > 0, "a loss of 5% makes TCP send again");
    }
}

#[test]
fn run_json_lists_what_the_link_did_by_the_numbers_of_the_capture() {
    let lab = Lab::new();
    for vantage in ["server", "client"] {
        let faults = "--loss 5% --duplicate 5% --reorder 5% --updates 40 --seed 7";
        lab.done(&format!("run-all --wire virtual {faults} --vantage {vantage}"));
        let run: serde_json::Value = serde_json::from_slice(&lab.read("pcap/run.json")).expect("JSON");
        for capture in run["captures"].as_array().expect("captures") {
            let name = capture["name"].as_str().expect("a name");
            let impaired = capture["impaired_frames"].as_array().expect("a list");
            assert_eq!(capture["impaired_frames_left_out"], 0);
            let counts = &run["wire"]["facts"]["frames"][name];
            let of = |what| impaired.iter().filter(|frame| frame["what"] == what).count();
            for (what, count) in
                [("dropped", "lost"), ("doubled", "duplicated"), ("reordered", "reordered"), ("delayed", "delayed")]
            {
                assert_eq!(counts[count], of(what), "{name}: {what}");
            }
            assert!(of("dropped") > 0 && of("doubled") > 0, "{name}: {impaired:?}");
            let started: jiff::Timestamp = capture["started"].as_str().expect("a time").parse().expect("a time");
            // The first record's time is right behind the file's header, in seconds and microseconds.
            let file = lab.read(&format!("pcap/{name}.pcap"));
            let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().expect("four bytes"));
            let first_s = f64::from(word(24)) - started.as_second() as f64 + f64::from(word(28)) / 1e6;
            let packets = lab.done(&format!("show pcap/{name}.pcap --json"));
            let packets: Vec<serde_json::Value> =
                packets.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
            for frame in impaired {
                let sent_here = frame["to"] != vantage;
                assert_eq!(frame["frame"].is_null(), frame["what"] == "dropped" && !sent_here, "{name}: {frame}");
                let at_s = frame[if sent_here { "sent_s" } else { "arrived_s" }].as_f64();
                for number in [&frame["frame"], &frame["copy"]].into_iter().filter_map(serde_json::Value::as_u64) {
                    let packet = &packets[number as usize - 1];
                    assert_eq!(packet["number"], number);
                    let towards = if packet["from_client"] == true { "server" } else { "client" };
                    assert_eq!(frame["to"], towards, "{name}: {frame} is {packet}");
                    let packet_s = first_s + packet["time_s"].as_f64().expect("a time");
                    assert!((packet_s - at_s.expect("a time")).abs() < 3e-6, "{name}: {frame} is {packet}");
                }
            }
        }
    }
}

#[test]
fn an_outage_ends_or_says_which_step_was_never_answered() {
    let lab = Lab::new();
    lab.done("run ws --wire virtual --seed 1 --down 9s+5s");
    assert_sums(&lab.analysis("pcap/wsapp.pcap"));
    let good = lab.read("pcap/wsapp.pcap");
    let ran = lab.run("run ws --wire virtual --seed 1 --down 15s+2000s");
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.contains("wirelab: wsapp: update 2"), "{}", ran.stderr);
    assert!(ran.stderr.contains("pcap/*.partial.pcap"), "{}", ran.stderr);
    assert!(lab.read("pcap/wsapp.pcap") == good, "the last good capture stays");
    lab.done("analyze pcap/wsapp.partial.pcap");
}

#[test]
fn the_reader_chooses_where_it_is_seen_from() {
    let lab = Lab::new();
    lab.done("run tcp --wire virtual --seed 1 --rtt 100ms --vantage client");
    let analysis = lab.analysis("pcap/tcpapp.pcap");
    let rtt = analysis["captures"][0]["connections"][0]["rtt_s"].as_f64().expect("a round trip");
    assert!((0.1..0.102).contains(&rtt), "{rtt}");
}

#[test]
fn many_clients_each_with_an_address_of_its_own() {
    let lab = Lab::new();
    lab.done("run ws --wire virtual --clients 50 --seed 1");
    let analysis = lab.analysis("pcap/wsapp.pcap");
    assert_sums(&analysis);
    let capture = &analysis["captures"][0];
    assert_eq!(capture["update_count"], 150);
    let clients: std::collections::HashSet<&str> = capture["connections"]
        .as_array()
        .expect("connections")
        .iter()
        .filter_map(|connection| connection["client"].as_str()?.rsplit_once(':'))
        .map(|(address, _)| address)
        .collect();
    assert_eq!(clients.len(), 50);

    // Each of them has a row of its own, and the rows add up to the capture.
    let table = lab.text("reports/tables.csv");
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    let frame_bytes = |name: &str| -> u64 {
        rows.iter().filter(|row| row[0] == name).map(|row| row[6].parse::<u64>().expect("a number")).sum()
    };
    assert_eq!(rows.iter().filter(|row| row[0] == "client").count(), 50);
    assert_eq!(frame_bytes("client"), frame_bytes("overall"));
    assert!(lab.text("reports/report.md").contains("## 50 clients in one capture"));
    assert!(lab.text("reports/index.html").contains("50 clients in one capture"));
}

#[test]
fn every_format_shows_the_same_number() {
    let lab = Lab::new();
    lab.done("run ws --wire virtual --replay --seed 1");
    for format in ["table", "markdown", "csv", "json"] {
        let shown = lab.done(&format!("analyze --format {format} pcap/wsapp.pcap")).stdout;
        for number in ["234", "96", "36"] {
            assert!(shown.contains(number), "{format}: {number}: {shown}");
        }
    }
}

#[test]
fn standard_input_is_read_as_a_file_is() {
    let lab = Lab::new();
    lab.done("run ws --wire virtual --seed 1");
    let mut command = lab.command("analyze --format json -");
    command.stdin(std::fs::File::open(lab.path("pcap/wsapp.pcap")).expect("a file"));
    let ran = lab::Ran::of(command.output().expect("the program starts"));
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    let piped: serde_json::Value = serde_json::from_str(&ran.stdout).expect("JSON");
    assert_eq!(piped["captures"][0]["totals"], lab.analysis("pcap/wsapp.pcap")["captures"][0]["totals"]);
    assert_eq!(piped["captures"][0]["file"], serde_json::Value::Null);
}

#[test]
fn colours_are_for_terminals_unless_asked_for() {
    let lab = Lab::new();
    assert!(!lab.done("run tcp --wire virtual --seed 1").stdout.contains('\x1b'));
    assert!(lab.done("report --color always").stdout.contains('\x1b'));
    assert!(!lab.done("report --color never").stdout.contains('\x1b'));
}

#[test]
fn two_runs_beside_each_other() {
    let lab = Lab::new();
    lab.done("run-all --wire virtual --seed 1 --pcap-dir then");
    lab.done("run-all --wire virtual --seed 1 --replay --pcap-dir now");
    let ran = lab.done("report then now --report-dir compared");
    assert_eq!(lab.list("compared").join(" "), "comparison.html comparison.json comparison.md");
    assert!(ran.stdout.contains("1253") && ran.stdout.contains("1080"), "{}", ran.stdout);
    let same = lab.done("report then then --report-dir compared").stdout;
    assert!(same.starts_with("Every one of 98 cells is the same in both\n"), "{same}");
}

#[test]
fn a_report_of_any_capture() {
    let lab = Lab::new();
    lab.done("run ws --wire virtual --seed 1");
    std::fs::rename(lab.path("pcap/wsapp.pcap"), lab.path("mine.pcap")).expect("renamed");
    lab.done("report mine.pcap --report-dir of-mine");
    assert!(lab.text("of-mine/index.html").contains("mine"));
    let ran = lab.run("report pcap mine.pcap");
    assert_eq!(ran.failure(), "2\nwirelab: pcap is a folder: give captures, or one folder of a run, or two to compare");
}
