//! Several commands in the same folders, and commands that are killed: every table is right, and nothing is left behind.

mod lab;

use std::collections::BTreeSet;
use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use lab::{Lab, Ran};

/// What a run of one app, and what a run of all, has made when it is done.
const OF_TCP: [&str; 3] = ["run.json", "tcpapp.pcap", "tcpapp.txt"];
const OF_ALL: [&str; 11] = [
    "ajaxapp.pcap",
    "ajaxapp.txt",
    "run.json",
    "sseapp.pcap",
    "sseapp.txt",
    "tcpapp.pcap",
    "tcpapp.txt",
    "webapp.pcap",
    "webapp.txt",
    "wsapp.pcap",
    "wsapp.txt",
];
const REPORT: [&str; 4] = ["index.html", "report.md", "results.json", "tables.csv"];

fn started(lab: &Lab, arguments: &str) -> Child {
    lab.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts")
}

fn ended(child: Child) -> Ran {
    Ran::of(child.wait_with_output().expect("it ends"))
}

/// Numbers that look drawn and are always the same.
fn drawn(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

#[test]
fn of_many_runs_at_once_each_is_right_or_refused() {
    const RUNS: usize = 600;
    const RUN: &str = "run tcp --wire virtual --seed 1 --updates 2";
    let lab = Lab::new();
    let expected = lab.done(RUN).stdout;
    // The report of the same captures is a second kind of writer into one of the folders.
    let running: Vec<(usize, Child)> =
        (0..RUNS).map(|number| (number, started(&lab, if number % 10 == 9 { "report" } else { RUN }))).collect();
    let (mut done, mut refused) = (0, 0);
    for (number, child) in running {
        let ran = ended(child);
        match ran.status {
            0 => {
                done += 1;
                assert_eq!(ran.stdout, expected, "run {number}: {}", ran.stderr);
            }
            1 => {
                refused += 1;
                assert_eq!(ran.stdout, "", "run {number}");
                assert!(ran.stderr.contains("; wait for its end"), "run {number}: {}", ran.stderr);
            }
            other => panic!("run {number} ended with {other}: {}", ran.stderr),
        }
    }
    assert!(done > 0 && refused > 0, "{done} done, {refused} refused");
    assert_eq!(
        (lab.list("pcap"), lab.list("reports")),
        (OF_TCP.map(str::to_owned).into(), REPORT.map(str::to_owned).into())
    );
    assert_eq!(lab.done("report").stdout, expected);
}

#[test]
fn who_is_refused_is_told_who_works_there_and_touches_nothing() {
    let lab = Lab::new();
    lab.done("run tcp --wire virtual --seed 1");
    let before = (lab.read("pcap/tcpapp.pcap"), lab.read("reports/index.html"));
    let mut holder = started(&lab, "run tcp --wire virtual --seed 2 --updates 100000 --interval 10ms");
    until(|| lab.path("reports/.wirelab-unfinished/holder.json").exists());
    for (command, folder) in [
        ("run tcp --wire virtual --seed 3", "pcap"),
        ("run-all --wire virtual --seed 3 --pcap-dir new/one", "reports"),
        ("run ws --wire virtual --seed 3 --pcap-dir reports --report-dir new/two", "reports"),
        ("report --pcap-dir elsewhere", "reports"),
        ("report --report-dir new/three", "pcap"),
    ] {
        let ran = lab.run(command);
        assert_eq!((ran.status, ran.stdout.as_str()), (1, ""), "{command}: {}", ran.stderr);
        let pid = holder.id();
        let said = format!(
            "wirelab: process {pid}, `wirelab run tcp --wire virtual --seed 2 --updates 100000 --interval 10ms`, since "
        );
        assert!(ran.stderr.starts_with(&said), "{command}: {}", ran.stderr);
        assert!(ran.stderr.contains(&format!(" {folder}; wait for its end")), "{command}: {}", ran.stderr);
        assert!(!lab.path("new").exists(), "{command}");
    }
    assert!(holder.try_wait().expect("a status").is_none(), "it was to be at work all the time");
    holder.kill().expect("killed");
    holder.wait().expect("ended");
    assert!((lab.read("pcap/tcpapp.pcap"), lab.read("reports/index.html")) == before);
    // Its lock ended with it.
    lab.done("run tcp --wire virtual --seed 3");
    assert_eq!(
        (lab.list("pcap"), lab.list("reports")),
        (OF_TCP.map(str::to_owned).into(), REPORT.map(str::to_owned).into())
    );
}

#[test]
fn captures_and_report_in_one_folder() {
    let lab = Lab::new();
    for _ in 0..2 {
        lab.done("run tcp --wire virtual --seed 1 --pcap-dir all --report-dir ./all/../all");
        let made: BTreeSet<String> = OF_TCP.into_iter().chain(REPORT).map(str::to_owned).collect();
        assert_eq!(lab.list("all"), made.into_iter().collect::<Vec<_>>());
    }
    lab.done("report all --report-dir all");
}

#[test]
fn a_folder_where_a_file_belongs_leaves_the_last_run_whole() {
    let lab = Lab::new();
    lab.done("run tcp --wire virtual --seed 1 --updates 1");
    let before = (lab.read("pcap/tcpapp.pcap"), lab.read("pcap/run.json"), lab.read("reports/index.html"));
    fs::remove_file(lab.path("reports/results.json")).expect("removed");
    fs::create_dir(lab.path("reports/results.json")).expect("a folder");
    let ran = lab.run("run tcp --wire virtual --seed 2");
    insta::assert_snapshot!(ran.failure(), @r"
    1
    wirelab: cannot write reports/results.json: there is a folder of that name; move it away; all files that were there are as before, and what was captured is in pcap/*.partial.pcap
    ");
    assert!((lab.read("pcap/tcpapp.pcap"), lab.read("pcap/run.json"), lab.read("reports/index.html")) == before);
    assert_eq!(lab.list("pcap"), ["run.json", "tcpapp.partial.pcap", "tcpapp.pcap", "tcpapp.txt"]);
    assert_eq!(lab.list("reports"), REPORT);
    insta::assert_snapshot!(lab.run("report").failure(), @r"
    1
    wirelab: cannot write reports/results.json: there is a folder of that name; move it away; all files that were there are as before
    ");
}

#[test]
fn after_thirty_killed_runs_one_leaves_only_what_it_made() {
    let lab = Lab::new();
    let begun = Instant::now();
    lab.done("run-all --wire virtual --seed 1");
    let length = begun.elapsed();
    let mut state = 30;
    for seed in 0..30 {
        let mut child = started(&lab, &format!("run-all --wire virtual --seed {seed}"));
        // From its first moment to a little past its end.
        let moment = length.mul_f64(drawn(&mut state) as f64 / f64::from(1u32 << 31) * 1.1);
        std::thread::sleep(moment);
        child.kill().expect("killed");
        child.wait().expect("ended");
    }
    let last = lab.done("run-all --wire virtual --seed 99");
    assert_eq!(
        (lab.list("pcap"), lab.list("reports")),
        (OF_ALL.map(str::to_owned).into(), REPORT.map(str::to_owned).into())
    );
    assert_eq!(lab.done("report").stdout, last.stdout);
    let fresh = Lab::new();
    assert_eq!(fresh.done("run-all --wire virtual --seed 99").stdout, last.stdout);
    for name in
        OF_ALL.map(|name| format!("pcap/{name}")).into_iter().chain(REPORT.map(|name| format!("reports/{name}")))
    {
        assert!(lab.read(&name) == fresh.read(&name), "{name}");
    }
}

fn until(happened: impl Fn() -> bool) {
    let patience = Instant::now() + Duration::from_secs(30);
    while !happened() {
        assert!(Instant::now() < patience, "it did not happen in 30 s");
        std::thread::sleep(Duration::from_millis(5));
    }
}
