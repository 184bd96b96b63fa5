//! Does each rule speak of a pair of which it must, in the right words, and is it silent of a look-alike?
//!
//! Whoever adds a rule adds both: the last test counts them.

mod told;

use super::{RULES, ReportFinding};
use crate::sample::{Film, report, run};
use crate::{Report, RunInfo};
use told::told;

/// Two captures, and what a rule must say of them, or nothing.
struct Case {
    id: &'static str,
    name: &'static str,
    pair: [Film; 2],
    says: Option<&'static str>,
}

const REQUEST: &[u8] = b"GET /price HTTP/1.1\r\nHost: a\r\n\r\n";
const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n42";

/// A price that is asked for three times, one second apart, each answered in this way.
fn prices(answered: impl Fn(Film) -> Film) -> Film {
    let mut film = Film::new().connect();
    for _ in 0..3 {
        film = answered(film.wait(1000).client(0, REQUEST)).client_ack(0);
    }
    film.wait(1000)
}

/// Answered at once and in one piece.
fn plain() -> Film {
    prices(|film| film.server(0, ANSWER)).close(0)
}

fn cases() -> Vec<Case> {
    let says = |id, name, pair, text| Case { id, name, pair, says: Some(text) };
    let not = |id, name, pair| Case { id, name, pair, says: None };
    let in_two = || prices(|film| film.server(0, HEAD).client_ack(0).server(0, b"42")).close(0);
    let other_body = || prices(|film| film.server(0, b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n4200")).close(0);
    let late = |ms| prices(move |film: Film| film.wait(ms).server(0, ANSWER)).close(0);
    let acked = || prices(|film| film.server_ack(0).server(0, ANSWER)).close(0);
    let resent = || prices(|film| film.server(0, ANSWER).wait(300).again()).close(0);
    let padded = |bytes| prices(move |film: Film| film.server(0, ANSWER).padded(bytes)).close(0);
    let opened_twice = || {
        let mut film = Film::new().connect().again();
        for _ in 0..3 {
            film = film.wait(1000).client(0, REQUEST).server(0, ANSWER).client_ack(0);
        }
        film.wait(1000).close(0)
    };
    vec![
        says(
            "what-changed",
            "an answer of two bytes more",
            [plain(), other_body()],
            "From a to b: an update with GET /price costs 2 bytes more",
        ),
        says(
            "what-changed",
            "a round trip more",
            [plain(), in_two()],
            "From a to b: an update with GET /price costs 2 packets, 132 bytes and one round trip more",
        ),
        not("what-changed", "the same twice", [plain(), plain()]),
        says("extent", "an answer of two bytes more", [plain(), other_body()], "4 of 15 cells differ"),
        says("extent", "the same twice", [plain(), plain()], "Every one of 15 cells is the same in both"),
        says(
            "in-one-only",
            "the second piece waits for an ACK in one of them",
            [plain(), in_two()],
            "Only b has ack-wait, in b. In b: In all 3 exchanges (GET /price) a small segment of the server waited until the client \
             acknowledged the one before, which it did without delay: 25 ms each (packet 7 waited for 6, the ACK of 5).",
        ),
        not("in-one-only", "it waits in both", [in_two(), in_two()]),
        says(
            "other-time",
            "the server takes 300 ms longer",
            [plain(), late(300)],
            "The median update of a / b takes 25 ms in a and 325 ms in b: server 300 ms more.",
        ),
        not("other-time", "a millisecond in 26", [plain(), late(1)]),
        says(
            "sent-again",
            "each answer comes twice",
            [plain(), resent()],
            "Sent again were of a / b 0 of 15 packets in a and 3 of 18 packets in b.",
        ),
        not("sent-again", "more packets, and none of them again", [plain(), in_two()]),
        says(
            "other-segments",
            "an answer in two pieces",
            [plain(), in_two()],
            "The same bytes leave in 2 packets in a, and in 3 in b: a / b (update 1, update 2 and update 3).",
        ),
        not("other-segments", "the second packet is the first again", [plain(), resent()]),
        says(
            "other-acks",
            "an ACK of its own",
            [plain(), acked()],
            "As much data, and beside it 1 packet without any in a, 2 in b: a / b (update 1, update 2 and update 3).",
        ),
        not("other-acks", "an ACK more for a segment more", [plain(), in_two()]),
        says(
            "other-words",
            "an answer of two bytes more",
            [plain(), other_body()],
            "72 bytes of payload in a, and 74 in b: a / b (update 1, update 2 and update 3).",
        ),
        not("other-words", "the same bytes again", [plain(), resent()]),
        says(
            "other-headers",
            "padding",
            [plain(), padded(6)],
            "Headers take 198 bytes in a, and 204 in b, around the same payload: a / b (update 1, update 2 and update 3).",
        ),
        not("other-headers", "a packet more", [plain(), acked()]),
        says(
            "other-opening",
            "the handshake's ACK comes twice",
            [plain(), opened_twice()],
            "Opening takes 3 packets and 214 bytes in a, and 4 packets and 280 bytes in b: a / b (setup handshake).",
        ),
        not("other-opening", "another answer", [plain(), other_body()]),
        says(
            "other-closing",
            "the last ACK comes twice",
            [plain(), plain().again()],
            "Closing takes 3 packets and 198 bytes in a, and 4 packets and 264 bytes in b: a / b (close).",
        ),
        not("other-closing", "another answer", [plain(), other_body()]),
    ]
}

fn compared(pair: [Film; 2]) -> (Vec<ReportFinding>, [Report; 2]) {
    let [a, b] = pair;
    let (a, b) = (report(vec![a.develop("a")], None), report(vec![b.develop("b")], None));
    let findings = a.compare("a", &b, "b").findings;
    (findings, [a, b])
}

#[test]
fn each_rule_speaks_where_it_must_and_nowhere_else() {
    let mut wrong = Vec::new();
    for Case { id, name, pair, says } in cases() {
        let (findings, reports) = compared(pair);
        let said: Vec<&str> = findings.iter().filter(|one| one.id == id).map(|one| one.text.as_str()).collect();
        let plain = said.first().map(|text| crate::numbers::with_plain_spaces(text));
        if plain.as_deref() != says {
            wrong.push(format!("{id}, {name}: {said:#?}"));
        }
        for finding in &findings {
            for evidence in &finding.evidence {
                let captures: Vec<_> = reports.iter().flat_map(|report| &report.analysis.captures).collect();
                let capture = captures[evidence.capture];
                let has = |number: &u64| (1..=capture.frames).contains(number);
                assert!(evidence.packets.iter().all(has), "{id}, {name}: {evidence:?}");
                assert!(
                    evidence.exchanges.iter().all(|at| *at < capture.exchanges.len()),
                    "{id}, {name}: {evidence:?}"
                );
            }
            // What differs is shown on both sides.
            if finding.id != "sent-again" && finding.evidence.iter().any(|one| !one.packets.is_empty()) {
                for capture in [0, 1] {
                    let of_side = finding.evidence.iter().filter(|one| one.capture == capture);
                    assert!(of_side.map(|one| one.packets.len()).sum::<usize>() > 0, "{id}, {name}: {finding:?}");
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_rule_has_captures_of_which_it_speaks_and_a_look_alike() {
    let (pairs, told) = (cases(), told());
    let cases: Vec<(&str, bool)> = pairs
        .iter()
        .map(|case| (case.id, case.says.is_some()))
        .chain(told.iter().map(|case| (case.id, case.says.is_some())))
        .collect();
    for rule in RULES {
        assert!(cases.contains(&(rule.id, true)), "{}: nothing of which it speaks", rule.id);
        // How much differs is said of any two.
        assert!(rule.id == "extent" || cases.contains(&(rule.id, false)), "{}: no look-alike", rule.id);
    }
    for (id, _) in cases {
        assert!(RULES.iter().any(|rule| rule.id == id), "there is no rule {id}");
    }
}

#[test]
fn each_rule_says_what_there_is_to_know() {
    for (at, rule) in RULES.iter().enumerate() {
        assert!(RULES.iter().skip(at + 1).all(|other| other.id != rule.id), "{} twice", rule.id);
        for text in [rule.means, rule.looks, rule.mistaken, rule.helps] {
            assert!(text.ends_with('.') && text.len() > 20, "{}: {text}", rule.id);
        }
        assert!(!rule.source.is_empty() && !rule.title.ends_with('.'), "{}", rule.id);
    }
}

#[test]
fn an_option_that_differs_is_named_as_it_is_typed_and_as_run_json_has_it() {
    let with = |change: fn(&mut RunInfo)| {
        let mut info = run();
        change(&mut info);
        report(vec![plain().develop("a")], Some(info))
    };
    let other = |change: fn(&mut RunInfo)| {
        let (a, b) = (
            with(|_| {}),
            report(
                vec![prices(|film| film.wait(40).server(0, ANSWER)).close(0).develop("a")],
                Some(with(change).run.unwrap()),
            ),
        );
        let found = a.compare("a", &b, "b").findings.swap_remove(0);
        (found.options.clone(), crate::numbers::with_plain_spaces(&found.text))
    };
    let effect = "an update with GET /price costs 40 ms more";
    assert_eq!(other(|run| run.options.rtt_ms = 65.0), (vec!["rtt_ms"], format!("`--rtt 65ms`: {effect}")));
    assert_eq!(
        other(|run| (run.options.loss, run.options.seed) = (0.05, 9)),
        (vec!["loss"], format!("`--loss 5%`: {effect}"))
    );
    assert_eq!(other(|run| run.options.seed = 9), (vec!["seed"], format!("`--seed 9`: {effect}")));
    assert_eq!(other(|_| {}), (vec![], format!("From a to b: {effect}")));
}
