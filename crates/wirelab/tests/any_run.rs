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
            "run-all --wire virtual --seed {seed} --loss {loss}% --reorder {reorder}% --duplicate {duplicate}% \
             --rtt {} --updates {updates} --interval 10s --client {profile} --server {style} --vantage {vantage}",
            if rtt_ms == 0 { "0".to_owned() } else { format!("{rtt_ms}ms") },
        ));
        let analysis = lab.analysis(CAPTURES);
        assert_sums(&analysis);
        for capture in analysis["captures"].as_array().expect("captures") {
            prop_assert_eq!(&capture["update_count"], updates, "{}", capture["name"]);
            prop_assert_eq!(&capture["problems"], &serde_json::json!([]), "{}", capture["name"]);
        }
    }
}
