//! Whatever the link does: a run ends, every update is counted once, and the sums are exact.

mod lab;

use lab::{CAPTURES, Lab, assert_sums};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sums_are_exact_whatever_the_link_does(
        seed: u32,
        loss in 0..=20u32,
        reorder in 0..=20u32,
        duplicate in 0..=10u32,
        rtt_ms in 0..=300u32,
        updates in 1..=50u64,
        profile in prop::sample::select(vec!["firefox89", "firefox", "chromium", "minimal"]),
        style in prop::sample::select(vec!["coalesced", "split"]),
        vantage in prop::sample::select(vec!["server", "client"]),
    ) {
        let lab = Lab::new();
        lab.done(&format!(
            "run-all --apps all --wire virtual --seed {seed} --loss {loss}% --reorder {reorder}% --duplicate {duplicate}% \
             --rtt {} --updates {updates} --interval 10s --client {profile} --server {style} --vantage {vantage}",
            if rtt_ms == 0 { "0".to_owned() } else { format!("{rtt_ms}ms") },
        ));
        // A value that changes by itself may come and go unseen on such a link: of these only the sums are known.
        let more = lab.analysis("pcap/pollapp.pcap pcap/wspushapp.pcap pcap/longpollapp.pcap pcap/iframeapp.pcap pcap/streamapp.pcap");
        assert_sums(&more);
        for capture in more["captures"].as_array().expect("captures") {
            prop_assert_eq!(&capture["problems"], &serde_json::json!([]), "{}", capture["name"]);
            prop_assert!(capture["app"].is_string(), "{}", capture["name"]);
        }
        let analysis = lab.analysis(CAPTURES);
        assert_sums(&analysis);
        for capture in analysis["captures"].as_array().expect("captures") {
            // A client that had its last event late, after retransmissions, leaves late, and until its FIN arrives the
            // server pushes on: an event every 10 s, however long that takes.
            let seconds = capture["duration_s"].as_f64().expect("a time");
            let most = if capture["app"] == "sse" { updates.max((seconds / 10.0) as u64) } else { updates };
            let found = capture["update_count"].as_u64().expect("a count");
            prop_assert!((updates..=most).contains(&found), "{}: {found} updates in {seconds} s", capture["name"]);
            prop_assert_eq!(&capture["problems"], &serde_json::json!([]), "{}", capture["name"]);
        }
    }
}
