//! `wirelab report`: from captures of any origin, of two runs, with templates of one's own.

mod lab;

use lab::{Lab, capture, talk};

#[test]
fn two_runs_are_compared_cell_by_cell() {
    let lab = Lab::new();
    lab.done("run-all --wire virtual --seed 1 --pcap-dir a");
    lab.done("run-all --wire virtual --seed 1 --replay --pcap-dir b");
    let ran = lab.done("report a b");
    assert!(ran.stdout.contains(" of 78 cells differ\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("Full page  A        3"), "{}", ran.stdout);
    assert!(ran.stdout.contains("           B        5"), "{}", ran.stdout);
    assert!(lab.read("reports/comparison.html").starts_with(b"<!DOCTYPE html>"));
    let document = String::from_utf8(lab.read("reports/comparison.md")).expect("text");
    assert!(document.contains("3 → **5** (+2)"), "{document}");
    assert!(lab.done("report a a").stdout.starts_with("Every one of 78 cells is the same in both\n"));
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
