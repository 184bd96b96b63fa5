//! Whole runs on the kernel wire: real TCP, as a user without privileges where there is a choice.
#![cfg(all(target_os = "linux", feature = "kernel"))]

mod lab;

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use lab::outside::skip;
use lab::{CAPTURES, Lab, PUBLISHED_PER_UPDATE, Ran, assert_sums, column};

/// A lab whose program runs as nobody, if this test may choose; else as whoever runs the test.
struct Unprivileged {
    lab: Lab,
    program: PathBuf,
    user: Option<u32>,
}

impl Unprivileged {
    fn new() -> Unprivileged {
        let lab = Lab::new();
        // A copy, as nobody need not be able to look into the folder in which this was built. Made by another process:
        // were it open for writing in this one, a program that another test starts meanwhile would inherit it, and what is
        // open for writing cannot be run ("Text file busy").
        let program = lab.path("wirelab");
        let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_wirelab")).arg(&program).status();
        assert!(copied.is_ok_and(|status| status.success()), "a copy");
        let status = fs::read_to_string("/proc/self/status").expect("a status");
        let root = status.lines().any(|line| line.starts_with("Uid:\t0\t0"));
        let user = root.then_some(NOBODY);
        if root {
            fs::set_permissions(lab.folder(), fs::Permissions::from_mode(0o755)).expect("permissions");
            chown(lab.folder(), user, user).expect("an owner");
        }
        Unprivileged { lab, program, user }
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = self.lab.command_of(&self.program, arguments);
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        command
    }

    /// Runs the program; `None` where this machine refuses the kernel wire.
    fn run(&self, arguments: &str) -> Option<Ran> {
        let ran = Ran::of(self.command(arguments).output().expect("the program starts"));
        if ran.status == 3 {
            skip(ran.stderr.trim_end());
            return None;
        }
        assert_eq!(ran.status, 0, "wirelab {arguments}: {}{}", ran.stdout, ran.stderr);
        Some(ran)
    }
}

#[test]
fn a_replay_of_2021_from_live_traffic_gives_the_published_table() {
    let here = Unprivileged::new();
    if here.run("run-all --wire kernel --replay --interval 1s").is_none() {
        return;
    }
    let analysis = here.lab.analysis(CAPTURES);
    assert_sums(&analysis);
    for (name, published) in PUBLISHED_PER_UPDATE {
        assert_eq!(column(&analysis, "per_update", name), published, "{name}");
    }
    for capture in analysis["captures"].as_array().expect("captures") {
        let packets: Vec<u64> = capture["updates"]
            .as_array()
            .expect("updates")
            .iter()
            .filter_map(|row| row["total_packets"].as_u64())
            .collect();
        let [first, ..] = packets.as_slice() else { panic!("no updates in {}", capture["name"]) };
        assert!(packets.iter().all(|count| count == first), "{}: {packets:?}", capture["name"]);
    }
}

#[test]
fn a_modern_server_needs_three_packets_and_a_quick_ack_at_the_start() {
    let here = Unprivileged::new();
    if here.run("run-all --wire kernel --interval 1s").is_none() {
        return;
    }
    let analysis = here.lab.analysis(CAPTURES);
    assert_sums(&analysis);
    assert_eq!(column(&analysis, "per_update", "total_packets"), [3, 3, 3, 2, 3]);
    let of = |app: usize| -> Vec<u64> {
        let updates = analysis["captures"][app]["updates"].as_array().expect("updates");
        updates.iter().filter_map(|row| row["total_packets"].as_u64()).collect()
    };
    // Linux acknowledges the first segments of a connection at once. With raw TCP the first thing that the client says
    // is update 1; a browser has asked for the page before.
    assert_eq!(of(0), [4, 3, 3]);
    for app in [1, 2] {
        let capture = &analysis["captures"][app];
        let page = capture["exchanges"].as_array().expect("exchanges").iter().find(|row| row["kind"] == "page");
        assert_eq!(page.map(|page| &page["total_packets"]), Some(&4.into()), "{}", capture["name"]);
        assert_eq!(of(app), [3, 3, 3], "{}", capture["name"]);
    }
    assert_eq!(of(3), [2, 2, 2]);
    assert_eq!(of(4), [3, 3, 3]);
}

#[test]
fn losses_are_repaired_and_counted_apart() {
    let here = Unprivileged::new();
    if here.run("run-all --wire kernel --loss 5% --updates 30 --interval 100ms --rtt 5ms --seed 4").is_none() {
        return;
    }
    let analysis = here.lab.analysis(CAPTURES);
    assert_sums(&analysis);
    for capture in analysis["captures"].as_array().expect("captures") {
        assert_eq!(capture["update_count"], 30, "{}", capture["name"]);
    }
    assert!(column(&analysis, "totals", "retransmitted_packets").iter().sum::<u64>() > 0);
}

#[test]
fn run_json_says_how_it_was() {
    let here = Unprivileged::new();
    if here.run("run ws --wire kernel --interval 100ms --updates 2 --seed 9").is_none() {
        return;
    }
    let run: serde_json::Value = serde_json::from_slice(&here.lab.read("pcap/run.json")).expect("JSON");
    assert_eq!(run["wire"]["kind"], "kernel");
    assert!(run["wire"]["tcp"].as_str().is_some_and(|tcp| tcp.starts_with("Linux ")), "{}", run["wire"]);
    assert_eq!(run["wire"]["congestion_control"], "reno");
    assert_eq!(run["options"]["seed"], 9);
    let steps: Vec<&str> = run["captures"][0]["steps"]
        .as_array()
        .expect("steps")
        .iter()
        .filter_map(|step| step["name"].as_str())
        .collect();
    assert_eq!(steps, ["connect", "update 1", "update 2", "close"]);
}

/// The user that owns nothing, on every Linux.
const NOBODY: u32 = 65_534;
