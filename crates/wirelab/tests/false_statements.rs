//! What was said falsely once is not said again: a test each, tried on other people's captures, too.

mod lab;

use std::path::PathBuf;

use lab::{Lab, capture, outside, talk};
use serde_json::Value;

/// Every form of a report of these captures, and what `analyze` prints.
fn all_forms(lab: &Lab, files: &str) -> String {
    lab.run(&format!("report {files} --report-dir said"));
    let mut said = lab.run(&format!("analyze --explain {files}")).stdout;
    for form in ["report.md", "results.json"] {
        said += &lab.text(&format!("said/{form}"));
    }
    // What a table may have as columns, what teaches whatever was captured, and how a page looks is not of it.
    said += lab.text("said/tables.csv").split_once('\n').expect("a head").1;
    let page = lab.text("said/index.html");
    let (_, page) = page.split_once("</style>").expect("a style");
    said + page.split("<section id=\"learn\"").next().expect("a page")
}

/// The files of the captures of real servers and clients.
fn real() -> Option<Vec<PathBuf>> {
    let folder = outside::shared("captures")?.join("real");
    let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == "pcap")).collect();
    files.sort();
    Some(files)
}

fn json(lab: &Lab, name: &str) -> Value {
    serde_json::from_slice(&lab.read(name)).expect("JSON")
}

/// The texts of the findings of these ids.
fn said<'a>(json: &'a Value, id: &'a str) -> Vec<&'a str> {
    let all = json["findings"].as_array().expect("findings").iter();
    all.filter(|one| one["id"] == id).map(|one| one["text"].as_str().expect("a text")).collect()
}

/// 2: an ACK 40 ms late was called a quick ACK, "Linux", "smoltcp has no such phase".
#[test]
fn a_late_ack_is_no_quick_one_in_a_comparison() {
    let lab = Lab::new();
    lab.done("run-all --wire virtual --seed 1 --pcap-dir a");
    lab.done("run-all --wire virtual --seed 1 --server split --pcap-dir b");
    lab.done("report a b --report-dir compared");
    let json = json(&lab, "compared/comparison.json");
    let only = said(&json, "in-one-only");
    assert!(
        only.iter().any(|text| text.starts_with("Only b has delayed-ack, in sseapp.") && text.contains("40 ms")),
        "{only:?}"
    );
    for finding in json["findings"].as_array().expect("findings") {
        let text = finding["text"].as_str().expect("a text").to_lowercase();
        assert!(!text.contains("quick") && !text.contains("linux") && !text.contains("smoltcp"), "{text}");
    }
}

/// 3: "here the answer carries the ACK", where a delayed ACK of the server stands in the ladder.
#[test]
fn an_answer_carries_the_ack_only_where_none_stands_in_the_ladder() {
    let lab = Lab::new();
    lab.done("run-all --wire virtual --seed 1 --replay");
    let results = json(&lab, "reports/results.json");
    let mut spoke = 0;
    for finding in results["findings"].as_array().expect("findings").iter().filter(|one| one["id"] == "acks-of-2021") {
        let text = finding["text"].as_str().expect("a text");
        let claims = text.contains("the answers carry the ACKs");
        for evidence in finding["evidence"].as_array().expect("evidence") {
            let capture = &results["captures"][evidence["capture"].as_u64().expect("a place") as usize];
            let name = capture["name"].as_str().expect("a name");
            let numbers: Vec<u64> =
                evidence["packets"].as_array().expect("packets").iter().filter_map(Value::as_u64).collect();
            let listed = lab.done(&format!("show --json pcap/{name}.pcap")).stdout;
            let is_lone_ack = |line: &Value| {
                let is_of = numbers.contains(&line["number"].as_u64().unwrap_or(0));
                let from_server = line["source"].as_str().is_some_and(|source| source.ends_with(":8000"));
                is_of
                    && from_server
                    && line["info"].as_str().is_some_and(|info| info.starts_with("[ACK]") && info.contains("Len=0"))
            };
            let lines: Vec<Value> = listed.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
            assert!(
                lines.iter().any(|line| numbers.contains(&line["number"].as_u64().unwrap_or(0))),
                "{name}: no packets"
            );
            assert!(!claims || !lines.iter().any(is_lone_ack), "{name}: {text}");
            spoke += 1;
        }
    }
    assert!(spoke > 0, "nothing was said of ACKs");
    // The event stream's second request is acknowledged late, by itself: that is said, and nothing else of it.
    let sse =
        results["captures"].as_array().expect("captures").iter().find(|one| one["name"] == "sseapp").expect("sse");
    assert!(said(sse, "delayed-ack").iter().any(|text| text.contains("40 ms")), "{:?}", sse["findings"]);
    assert!(said(sse, "quick-ack").is_empty());
}

/// 5: "Every one of 78 cells is the same in both", of two runs of which one has a round trip of 200 ms.
#[test]
fn a_longer_round_trip_is_a_difference() {
    let lab = Lab::new();
    lab.done("run-all --wire virtual --seed 1 --pcap-dir a");
    lab.done("run-all --wire virtual --seed 1 --rtt 200ms --pcap-dir t");
    let shown = lab.done("report a t --report-dir compared").stdout;
    assert!(!shown.contains("is the same in both"), "{shown}");
    let json = json(&lab, "compared/comparison.json");
    let time = said(&json, "other-time");
    assert!(time.iter().any(|text| text.contains("takes 25 ms in a and 200 ms in t: network 175 ms more")), "{time:?}");
    assert_eq!(json["findings"][0]["options"], serde_json::json!(["rtt_ms"]));
}

/// 6: no cause at all of what a lossy run has more, and totals of 3 updates taken from totals of 30.
#[test]
fn a_lossy_run_is_compared_update_by_update_and_its_losses_are_named() {
    let lab = Lab::new();
    lab.done("run-all --wire virtual --seed 1 --pcap-dir a");
    lab.done("run-all --wire virtual --loss 5% --updates 30 --seed 7 --pcap-dir l");
    let shown = lab.done("report a l --report-dir compared").stdout;
    assert!(shown.contains("Raw TCP, an update"), "{shown}");
    let json = json(&lab, "compared/comparison.json");
    let only = said(&json, "in-one-only");
    assert!(
        only.iter().any(|text| text.starts_with("Only l has loss, in tcpapp, webapp, ajaxapp, sseapp and wsapp.")),
        "{only:?}"
    );
    assert!(!said(&json, "sent-again").is_empty());
}

/// 12: "Update 9 takes four packets" where it takes 19, and "a delayed ACK that ran out" of an ACK that came at once.
#[test]
fn the_packets_of_an_update_are_its_own_and_an_ack_at_once_is_not_late() {
    let lab = Lab::new();
    for (run, app) in [("tcp", "tcpapp"), ("web", "webapp"), ("ws", "wsapp")] {
        lab.done(&format!("run {run} --wire virtual --seed 7 --loss 8% --reorder 5% --updates 40"));
        let results = json(&lab, "reports/results.json");
        of_their_own(app, &results);
    }
    let Some(files) = real() else { return };
    for path in files {
        lab.run(&format!("report {} --report-dir said", path.display()));
        of_their_own(&path.display().to_string(), &json(&lab, "said/results.json"));
    }
}

/// Holds what is said of updates with more packets, and of late ACKs, to what these are.
fn of_their_own(name: &str, results: &Value) {
    const WORDS: [&str; 13] =
        ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    let number = |text: &str| {
        WORDS.iter().position(|word| *word == text).map(|at| at as u64).or(text.parse().ok()).expect("a number")
    };
    for finding in results["findings"].as_array().expect("findings").iter().filter(|one| one["id"] == "packet-more") {
        let text = finding["text"].as_str().expect("a text");
        let (_, update) = text.split_once(": Update ").expect("which update");
        let (index, packets) = update.split_once(" takes ").expect("how many");
        let said = number(packets.split(' ').next().expect("a number"));
        let capture = &results["captures"][finding["evidence"][0]["capture"].as_u64().expect("a place") as usize];
        let updates = capture["updates"].as_array().expect("updates");
        let found = updates.iter().find(|one| one["index"].as_u64() == index.parse().ok()).expect("the update");
        assert_eq!(found["total_packets"], said, "{name}: {text}");
    }
    // What is called late is later than the way by 10 ms or more.
    for finding in results["captures"].as_array().expect("captures").iter().flat_map(|one| said(one, "delayed-ack")) {
        let held = finding.split("later than the way takes: ").nth(1).expect("how late");
        let (value, unit) = held.split_once(' ').expect("a time");
        let ms = value.parse::<f64>().expect("a number") * if unit.starts_with('s') { 1e3 } else { 1.0 };
        assert!(!unit.starts_with('µ') && ms >= 10.0, "{name}: {finding}");
    }
}

/// 13: of somebody's page with a time in it was said what Ajax cost in 2021, and that its text is wirelab's own.
#[test]
fn a_strangers_page_with_a_time_in_it_is_nobodys_app() {
    let lab = Lab::new();
    let page = |second: u32| {
        let body = format!("<html><p>Server time: <time>09:36:{second:02}</time></p></html>");
        format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {}\r\n\r\n{body}", body.len())
            .into_bytes()
    };
    let (ask, answers) = (b"GET /time HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(), [page(1), page(11), page(21)]);
    let turns: Vec<(bool, &[u8])> =
        answers.iter().flat_map(|answer| [(true, &ask[..]), (false, &answer[..])]).collect();
    lab.write("stranger.pcap", capture(&talk(&turns)));
    says_nothing_of_the_lab("stranger.pcap", &all_forms(&lab, "stranger.pcap"));
}

/// 17: a push over TLS or HTTP/2 was taken for one turn, so that setting up the connection was "the update".
#[test]
fn what_cannot_be_read_has_no_update() {
    let Some(files) = real() else { return };
    let lab = Lab::new();
    for name in ["tls-sse", "h2-sse"] {
        let path = files.iter().find(|path| path.file_stem().is_some_and(|stem| stem == name)).expect("the capture");
        let analysis = lab.analysis(&path.display().to_string());
        let capture = &analysis["captures"][0];
        assert_eq!(capture["update_count"], 0, "{name}");
        for key in ["per_update", "per_update_of", "per_update_mean", "per_update_all_in"] {
            assert!(capture[key].is_null(), "{name}: {key} is {}", capture[key]);
        }
        assert!(said(&analysis, "update-cost").is_empty() && said(&analysis, "no-updates").len() == 1, "{name}");
        let said = all_forms(&lab, &path.display().to_string());
        assert!(!said.contains("The median update takes") && !said.contains("an update is taken to be"), "{name}");
    }
}

/// 18: the lab's own wire, 2021 and "offload is off" in texts about captures that are not the lab's.
#[test]
fn of_other_peoples_captures_nothing_of_the_lab_is_said() {
    let Some(files) = real() else { return };
    let lab = Lab::new();
    for path in files {
        let path = path.display().to_string();
        says_nothing_of_the_lab(&path, &all_forms(&lab, &path));
    }
}

fn says_nothing_of_the_lab(name: &str, said: &str) {
    for word in [
        "in 2021",
        "of 2021",
        "offload is off",
        "this lab",
        "Firefox 89",
        "own wire",
        "wirelab's own",
        "virtual wire",
        "kernel wire",
        "raw TCP",
        "the full page",
        "One update of the server's time",
    ] {
        let found = said.lines().filter(|line| line.contains(word));
        let found: Vec<String> = found.map(|line| line.chars().take(300).collect()).collect();
        assert!(found.is_empty(), "{name} says {word:?}: {found:#?}");
    }
}
