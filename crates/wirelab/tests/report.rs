//! `wirelab report`: from captures of any origin, of two runs, with templates of one's own.

mod lab;

use lab::{Lab, capture, outside, talk};

#[test]
fn two_runs_are_compared_cell_by_cell() {
    let lab = Lab::new();
    lab.done("run-all --wire virtual --seed 1 --pcap-dir a");
    lab.done("run-all --wire virtual --seed 1 --replay --pcap-dir b");
    let ran = lab.done("report a b");
    assert!(ran.stdout.contains(" of 98 cells differ\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("Full page  A        3"), "{}", ran.stdout);
    assert!(ran.stdout.contains("           B        5"), "{}", ran.stdout);
    assert!(lab.read("reports/comparison.html").starts_with(b"<!DOCTYPE html>"));
    let document = String::from_utf8(lab.read("reports/comparison.md")).expect("text");
    assert!(document.contains("3 → **5** (+2)"), "{document}");
    assert!(lab.done("report a a").stdout.starts_with("Every one of 98 cells is the same in both\n"));
}

#[test]
fn captures_of_any_origin_make_the_same_page() {
    let lab = Lab::new();
    lab.done("run ws --wire virtual --seed 1 --pcap-dir a");
    std::fs::rename(lab.path("a/wsapp.pcap"), lab.path("of-mine.pcap")).expect("a capture");
    let ran = lab.done("report of-mine.pcap");
    assert!(ran.stdout.contains("of-mine"), "{}", ran.stdout);
    let page = String::from_utf8(lab.read("reports/index.html")).expect("text");
    assert!(page.contains("id=\"ws-u2\""));
    assert!(page.contains("how they were made is not known here"));
}

/// What holds for the lab's own wire is not said of anybody else's.
#[test]
fn nothing_of_the_lab_is_said_of_other_peoples_captures() {
    let Some(folder) = outside::shared("captures") else { return };
    let lab = Lab::new();
    let mut seen = 0;
    for folder in [folder.join("real"), folder] {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if !path.extension().is_some_and(|ending| ending.to_string_lossy().starts_with("pcap")) {
                continue;
            }
            seen += 1;
            // One that ends in the middle of a frame is a failure, and makes a report all the same.
            lab.run(&format!("report {}", path.display()));
            let said =
                lab.text("reports/report.md") + &lab.run(&format!("analyze --explain {}", path.display())).stdout;
            for words in ["2021", "offload is off", "this lab", "the lab's", "wirelab's own", "smoltcp", "server-time"]
            {
                assert!(!said.contains(words), "{}: {words}: {said}", path.display());
            }
        }
    }
    assert!(seen >= 30, "only {seen} captures were looked at");
}

/// As with `analyze`: a peer that breaks the rules of HTTP is a finding, a file that ends early is a failure.
#[test]
fn a_peers_fault_is_no_failure_and_a_damaged_file_is_one() {
    let lab = Lab::new();
    let fault = capture(&talk(&[(true, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"), (false, b"SSH-2.0-OpenSSH_9.2\r\n")]));
    for (name, file, status) in [("fault.pcap", &fault[..], 0), ("cut.pcap", &fault[..fault.len() - 3], 1)] {
        lab.write(name, file);
        for command in ["report", "analyze"] {
            let ran = lab.run(&format!("{command} {name}"));
            assert_eq!(ran.status, status, "{command} {name}: {}", ran.stderr);
            let place = if status == 0 { "fault.pcap: frame 2, byte 54 (http): expected" } else { "cut at frame 2" };
            assert!(ran.stderr.contains(place), "{}", ran.stderr);
        }
    }
}

#[test]
fn a_mixture_of_folders_and_captures_is_refused() {
    let lab = Lab::new();
    lab.done("run tcp --wire virtual --seed 1 --pcap-dir a");
    let said = lab.run("report a a/tcpapp.pcap").failure();
    assert!(said.contains("give captures, or one folder of a run, or two to compare"), "{said}");
}

#[test]
fn templates_of_ones_own_replace_those_that_are_built_in() {
    let lab = Lab::new();
    lab.done("run tcp --wire virtual --seed 1");
    std::fs::create_dir(lab.path("mine")).expect("a folder");
    let said = lab.run("report --templates mine").failure();
    assert!(said.contains("mine holds none of the report's templates"), "{said}");
    lab.write("mine/report.md", "# {{ answer }}\n");
    lab.done("report --templates mine");
    assert_eq!(
        lab.read("reports/report.md"),
        b"# One update with raw TCP costs 213 bytes on the wire; all in, 426.3\n"
    );
    lab.write("mine/report.md", "{% for %}");
    let last = lab.read("reports/report.md");
    let said = lab.run("report --templates mine").failure();
    assert!(said.contains("report.md"), "{said}");
    assert_eq!(lab.read("reports/report.md"), last);
}

#[test]
fn a_comparison_says_which_option_differs_and_what_it_did() {
    let lab = Lab::new();
    let head = |other: &str| {
        lab.done(&format!("run-all --wire virtual {other} --pcap-dir b"));
        let said = lab.done("report a b").stdout;
        let (head, tables) = said.split_once("\n  A  ").expect("which is which");
        (head.replace('\n', " "), tables.to_owned())
    };
    lab.done("run-all --wire virtual --seed 1 --pcap-dir a");
    let (said, _) = head("--seed 1 --server split");
    let split =
        "`--server split`: an update with the full page and Ajax costs 2 packets, 132 bytes and one round trip more ";
    assert!(said.starts_with(split), "{said}");
    let (said, tables) = head("--seed 1 --rtt 200ms");
    assert_eq!(
        said,
        "`--rtt 200ms`: an update with raw TCP, the full page, Ajax and WebSocket costs 175 ms more; an update with SSE costs \
         87.5 ms more 20 of 98 cells differ"
    );
    assert!(tables.contains("+175 ms"), "{tables}");
    // Runs of different lengths are compared update by update.
    let (said, tables) = head("--loss 5% --updates 30 --seed 7");
    assert!(
        said.starts_with("`--loss 5% --updates 30`: the median update costs the same; the slowest takes "),
        "{said}"
    );
    for part in ["Raw TCP, an update    A      6.0", "dropped  packets again  bytes again", "+1 s"] {
        assert!(tables.contains(part), "{part}: {tables}");
    }
    let (said, _) = head("--seed 2");
    assert_eq!(said, "Every one of 98 cells is the same in both");
}

#[test]
fn any_two_captures_are_compared() {
    let lab = Lab::new();
    let ask = b"GET /price HTTP/1.1\r\n\r\n";
    let answers =
        [&b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n42"[..], b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n4200"];
    for (folder, answer) in ["mine", "theirs"].into_iter().zip(answers) {
        std::fs::create_dir(lab.path(folder)).expect("a folder");
        lab.write(
            &format!("{folder}/{folder}.pcap"),
            capture(&talk(&[(true, ask), (false, answer), (true, ask), (false, answer)])),
        );
    }
    let said = lab.done("report mine theirs").stdout;
    assert!(said.starts_with("From mine to theirs: an update with GET /price costs 2 bytes more\n"), "{said}");
    assert!(said.contains("mine / theirs"), "{said}");
}

/// Why two runs differ is said as far as their packets show it: nothing of whose TCP it is, or of its habits.
#[test]
fn a_comparison_names_no_cause_that_its_packets_do_not_show() {
    let lab = Lab::new();
    lab.done("run-all --wire virtual --seed 1 --pcap-dir a");
    lab.done("run-all --wire virtual --seed 1 --server split --pcap-dir b");
    lab.done("report a b --report-dir compared");
    for form in ["comparison.md", "comparison.html"] {
        let said = lab.text(&format!("compared/{form}"));
        for word in ["Linux", "smoltcp", "quick-ACK"] {
            assert!(!said.contains(word), "{form}: {word}");
        }
    }
    let said = lab.text("compared/comparison.md");
    assert!(said.contains("Only b has ack-wait, in webapp, ajaxapp, sseapp and wsapp."), "{said}");
    assert!(!said.contains("quick-ack"), "{said}");
}

/// What stands beside an update that has a packet more than the median is what that update has.
#[test]
fn an_update_with_more_packets_is_told_by_its_own() {
    let lab = Lab::new();
    lab.done("run tcp --wire virtual --seed 7 --loss 5% --updates 30");
    let said = lab.text("reports/report.md");
    assert!(!said.contains("Linux acknowledges") && !said.contains("2021 shows the same"), "{said}");
}
