//! What polling wastes, and how old a value is when it is shown: as arithmetic says, for many intervals.

mod lab;

use lab::{Lab, assert_sums};
use serde_json::Value;

/// Interval, time between two questions, round trip, all in milliseconds; how many updates; and whether the server may say
/// that nothing has changed.
const SETTINGS: [(u64, u64, u64, u64, bool); 20] = [
    (10_000, 2_000, 25, 3, false),
    (10_000, 2_000, 25, 3, true),
    (10_000, 1_000, 25, 3, false),
    (10_000, 10_000, 25, 3, false),
    (10_000, 5_000, 25, 2, true),
    (10_000, 3_000, 25, 5, false),
    (10_000, 7_000, 25, 5, false),
    (10_000, 7_000, 25, 5, true),
    (10_000, 900, 25, 4, false),
    (10_000, 9_999, 25, 4, false),
    (1_000, 200, 25, 20, false),
    (1_000, 300, 25, 20, true),
    (1_000, 1_000, 0, 20, false),
    (1_500, 400, 100, 10, false),
    (1_500, 700, 400, 10, false),
    (2_000, 500, 300, 10, true),
    (60_000, 13_000, 200, 4, false),
    (60_000, 1_000, 200, 2, false),
    (3_600_000, 60_000, 25, 2, true),
    (3_600_000, 720_000, 50, 3, false),
];

#[test]
fn waste_and_age_are_as_arithmetic_says() {
    for (interval, every, rtt, updates, conditional) in SETTINGS {
        let lab = Lab::new();
        let setting = format!("--interval {interval}ms --poll-every {every}ms --rtt {rtt}ms --updates {updates}");
        let flag = if conditional { " --conditional" } else { "" };
        lab.done(&format!("run poll --wire virtual --seed 1 --client firefox {setting}{flag}"));
        let analysis = lab.analysis("pcap/pollapp.pcap");
        assert_sums(&analysis);
        let capture = &analysis["captures"][0];
        assert_eq!(capture["app"], "poll", "{setting}");

        // The page's script runs 60 ms behind the page's last byte, two round trips after the start. Then the questions are
        // due at half the time between two, and so on, until the client leaves one interval after the last update.
        let runs_from = 2 * rtt + 60;
        let end = interval * (updates + 1);
        let asked: Vec<f64> = (1..)
            .map(|n| (f64::from(n) - 0.5) * every as f64)
            .take_while(|at| *at < end as f64)
            .filter(|at| *at >= runs_from as f64)
            .collect();
        // A value is brought by the first question that reaches the server after it has changed.
        let reaches = |at: &f64| at + rtt as f64 / 2.0;
        let ages: Vec<f64> = (1..=updates)
            .map(|k| (k * interval) as f64)
            .map(|changed| asked.iter().find(|at| reaches(at) >= changed).expect("a question") + rtt as f64 - changed)
            .collect();

        let count = |kind: &str, label: &str| {
            let groups = capture["groups"].as_array().expect("groups");
            let of = groups.iter().filter(|group| group["kind"] == kind && group["label"] == label);
            of.map(|group| group["count"].as_u64().expect("a count")).sum::<u64>()
        };
        // The client may leave while one more value is on its way.
        let told_all = updates + u64::from(asked.last().is_some_and(|last| reaches(last) >= end as f64));
        let wasted = asked.len() as u64 - told_all;
        // The first answer is the one that names what later ones are compared with: what it brings is known from the page.
        let (told, unchanged) = if conditional { (1, wasted - 1) } else { (wasted, 0) };
        assert_eq!(count("update", "GET /poll"), told_all, "{setting}");
        assert_eq!(count("request", "GET /poll, nothing new"), told, "{setting}");
        assert_eq!(count("request", "GET /poll 304"), unchanged, "{setting}");

        let run: Value = serde_json::from_slice(&lab.read("pcap/run.json")).expect("JSON");
        let steps = run["captures"][0]["steps"].as_array().expect("steps");
        let measured: Vec<f64> = steps
            .iter()
            .filter(|step| step["name"].as_str().expect("a name").starts_with("update"))
            .map(|step| 1000.0 * (step["done_s"].as_f64().expect("a time") - step["due_s"].as_f64().expect("a time")))
            .collect();
        for (measured, expected) in measured.iter().zip(&ages) {
            assert!((measured - expected).abs() < 2.0, "{setting}: {measured:?} instead of {ages:?}");
        }
        assert_eq!(measured.len(), ages.len(), "{setting}");
    }
}
