//! Whatever the link does, every run ends, and its sums are exact.

mod lab;

use lab::{Lab, assert_sums};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Losses, duplicates, overtaking, distance, any number of updates: a run either has every update exactly once, or
    /// ends with a sentence that names the step that was never answered.
    #[test]
    fn every_answered_update_is_counted_once_and_the_sums_are_exact(
        app in prop::sample::select(vec!["tcp", "web", "ajax", "sse", "ws"]),
        seed in any::<u32>(),
        loss in 0u32..=20,
        duplicate in 0u32..=10,
        reorder in 0u32..=20,
        rtt in 0u32..=300,
        updates in 1u64..=50,
        split in any::<bool>(),
    ) {
        let lab = Lab::new();
        let server = if split { "split" } else { "coalesced" };
        let ran = lab.run(&format!(
            "run {app} --wire virtual --seed {seed} --loss {loss}% --duplicate {duplicate}% --reorder {reorder}% \
             --rtt {rtt}ms --updates {updates} --server {server}"
        ));
        prop_assert!(ran.status == 0 || ran.stderr.contains("never answered"), "{}", ran.stderr);
        let analysis = lab.analysis(&format!("pcap/{app}app.pcap"));
        assert_sums(&analysis);
        let capture = &analysis["captures"][0];
        let found = capture["update_count"].as_u64().expect("a count");
        // A client that had its last event late, after retransmissions, also closes late: the server has pushed on.
        let more = if app == "sse" { 3 } else { 0 };
        let least = if ran.status == 0 { updates } else { 0 };
        prop_assert!((least..=updates + more).contains(&found), "{} of {} updates", found, updates);
        let run: serde_json::Value = serde_json::from_slice(&lab.read("pcap/run.json")).expect("JSON");
        prop_assert_eq!(&run["options"]["seed"], &seed);
    }
}

/// Where network namespaces are refused, the lab takes the virtual wire by itself; asked for the kernel's, it says what
/// is in the way. The refusal is a real one: a limit of 0, set in a user namespace of the test's own.
#[cfg(target_os = "linux")]
#[test]
fn refused_namespaces_lead_to_the_virtual_wire() {
    use std::process::Command;

    use lab::Ran;

    let lab = Lab::new();
    let refused = |arguments: &str| {
        let script =
            format!("echo 0 > /proc/sys/user/max_net_namespaces && exec {} {arguments}", env!("CARGO_BIN_EXE_wirelab"));
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "sh", "-c", &script]).current_dir(lab.folder());
        Ran::of(command.output().expect("unshare starts: it is part of util-linux"))
    };
    let ran = refused("run-all --interval 1s --updates 1");
    if ran.stderr.contains("unshare") {
        // No user namespaces either: the lab's own refusal can't be arranged, and nor can its fallback.
        assert!(std::env::var_os("CI").is_none(), "{}", ran.stderr);
        return;
    }
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("taking the virtual wire"), "{}", ran.stderr);
    assert!(ran.stderr.contains("user.max_net_namespaces=0"), "{}", ran.stderr);
    assert!(lab.path("reports/index.html").exists());

    let ran = refused("run-all --wire kernel --interval 1s --updates 1");
    assert_eq!(ran.status, 3);
    assert_eq!(ran.stdout, "");
    assert_eq!(ran.stderr.trim().lines().count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("user.max_net_namespaces=0"), "{}", ran.stderr);
}
