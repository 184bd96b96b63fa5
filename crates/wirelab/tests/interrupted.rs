//! A run that is ended early loses nothing: not what it captured, and not the last report.
#![cfg(all(target_os = "linux", feature = "kernel"))]

mod lab;

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lab::outside::skip;
use lab::{Lab, Ran};

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([name, &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
}

/// Waits until the capture of a running lab holds a few frames; `false` where the program ended before.
fn until_it_records(lab: &Lab, child: &mut Child) -> bool {
    let patience = Instant::now() + Duration::from_secs(30);
    while Instant::now() < patience {
        if std::fs::metadata(lab.path("pcap/tcpapp.partial.pcap")).is_ok_and(|file| file.len() > 300) {
            return true;
        }
        if child.try_wait().expect("a status").is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("nothing was recorded in 30 s");
}

#[test]
fn ctrl_c_and_sigterm_end_in_order_and_keep_what_was_captured() {
    for name in ["-INT", "-TERM"] {
        let lab = Lab::new();
        lab.done("run-all --wire virtual --seed 1");
        let before: Vec<Vec<u8>> =
            ["pcap/tcpapp.pcap", "pcap/run.json", "reports/index.html"].iter().map(|file| lab.read(file)).collect();
        let mut child = lab
            .command("run-all --wire kernel --interval 1h")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        if !until_it_records(&lab, &mut child) {
            let ran = Ran::of(child.wait_with_output().expect("it ended"));
            assert_eq!(ran.status, 3, "{}", ran.stderr);
            return skip(ran.stderr.trim_end());
        }
        signal(&child, name);
        let ran = Ran::of(child.wait_with_output().expect("it ends"));
        assert_eq!(ran.status, 130, "{name}: {}", ran.stderr);
        assert!(
            ran.stderr.ends_with("wirelab: interrupted; what was captured until then is in pcap/*.partial.pcap\n"),
            "{}",
            ran.stderr
        );
        let after: Vec<Vec<u8>> =
            ["pcap/tcpapp.pcap", "pcap/run.json", "reports/index.html"].iter().map(|file| lab.read(file)).collect();
        assert!(before == after, "the last run's files stay as they were");
        let partial = lab.analysis("pcap/tcpapp.partial.pcap");
        assert!(partial["captures"][0]["totals"]["total_packets"].as_u64().expect("a number") >= 4);
        // The next run takes the partial captures' place.
        lab.done("run-all --wire virtual --seed 1");
        assert!(!lab.list("pcap").iter().any(|name| name.contains("partial")), "{:?}", lab.list("pcap"));
    }
}

#[test]
fn a_killed_run_leaves_valid_captures() {
    let lab = Lab::new();
    let mut child =
        lab.command("run tcp --wire kernel --interval 1h").stderr(Stdio::piped()).spawn().expect("it starts");
    if !until_it_records(&lab, &mut child) {
        let mut said = String::new();
        child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
        return skip(said.trim_end());
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    lab.done("analyze pcap/tcpapp.partial.pcap");
}
