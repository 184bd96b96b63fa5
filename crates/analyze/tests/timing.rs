//! Where does the time of an exchange go? Ladders with known causes, and the originals of 2021.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod talk;

use talk::ladder::{
    ACK, ASKED, BEGINNING, END, FIN, HEAD, HEAD_END, Line, PSH, SYN, SYN_ACK, after_the_beginning, analyzed,
};
use wirelab_analyze::model::{Cause, Exchange, Kind, Time};

/// Milliseconds by cause; those that have none are left out.
type Parts = Vec<(Cause, f64)>;

/// What `kind` of exchange took, in milliseconds by cause, in a ladder of these packets. Both sides take segments of 1,000
/// bytes, and the server 4,000 at a time.
fn times(kind: Kind, lines: &[Line<'_>]) -> Vec<(Option<f64>, Parts)> {
    let of_kind = |exchange: &&Exchange| exchange.kind == kind;
    analyzed(lines).exchanges.iter().filter(of_kind).map(|exchange| in_ms(exchange.time())).collect()
}

fn in_ms(time: Option<Time>) -> (Option<f64>, Parts) {
    let ms = |s: f64| (s * 1e6).round() / 1e3;
    let parts = |time: &Time| -> Parts {
        Cause::ALL.iter().map(|&cause| (cause, ms(time.of(cause)))).filter(|(_, ms)| *ms > 0.0).collect()
    };
    let sum = time.map(|time| Cause::ALL.iter().map(|&cause| time.of(cause)).sum::<f64>());
    assert!(time.is_none_or(|time| (sum.unwrap() - time.total_s()).abs() < 1e-9), "the parts are not the whole");
    (time.map(|time| ms(time.total_s())), time.as_ref().map(parts).unwrap_or_default())
}

#[test]
fn a_handshake_takes_both_ways_and_what_a_repeated_syn_waited() {
    assert_eq!(times(Kind::Setup, &BEGINNING), [(Some(20.0), vec![(Cause::Network, 20.0)])]);
    let lines = [
        (0.0, true, SYN, 0, 0, &b""[..]),
        (1000.0, true, SYN, 0, 0, b""),
        (1000.0, false, SYN_ACK, 0, 1, b""),
        (1020.0, true, ACK, 1, 1, b""),
    ];
    let expected = vec![(Cause::Network, 20.0), (Cause::Recovery, 1000.0)];
    assert_eq!(times(Kind::Setup, &lines), [(Some(1020.0), expected)]);
}

#[test]
fn each_wait_is_put_down_to_its_cause() {
    let whole = [HEAD, b"body"].concat();
    let full = vec![b'x'; 1000];
    let long_head = b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n".to_vec();
    let long = [long_head.clone(), vec![b'x'; 1000 - long_head.len()]].concat();
    let body = |at: u32| 1 + at * 1000;
    let rest = &full[..4000 + long_head.len() - 4000];
    let after_full = 1 + 4000;
    let cases: Vec<(&str, Vec<Line<'_>>, Parts)> = vec![
        (
            "a program that thinks for 30 ms",
            vec![(130.0, false, PSH, 1, ASKED, &whole), (150.0, true, ACK, ASKED, END, b"")],
            vec![(Cause::Network, 20.0), (Cause::Server, 30.0)],
        ),
        (
            "head and body apart, with Nagle's algorithm, and an ACK that comes at once",
            vec![
                (101.0, false, PSH, 1, ASKED, HEAD),
                (121.0, true, ACK, ASKED, HEAD_END, b""),
                (121.1, false, PSH, HEAD_END, ASKED, b"body"),
                (141.1, true, ACK, ASKED, END, b""),
            ],
            vec![(Cause::Network, 20.0), (Cause::Server, 1.0), (Cause::Sender, 0.1), (Cause::Ack, 20.0)],
        ),
        (
            "the same, and the ACK delayed by 40 ms",
            vec![
                (101.0, false, PSH, 1, ASKED, HEAD),
                (161.0, true, ACK, ASKED, HEAD_END, b""),
                (161.0, false, PSH, HEAD_END, ASKED, b"body"),
                (181.0, true, ACK, ASKED, END, b""),
            ],
            vec![(Cause::Network, 20.0), (Cause::Server, 1.0), (Cause::Ack, 60.0)],
        ),
        (
            "a program that writes the body 50 ms after the head, when that was long acknowledged",
            vec![
                (100.0, false, PSH, 1, ASKED, HEAD),
                (120.0, true, ACK, ASKED, HEAD_END, b""),
                (150.0, false, PSH, HEAD_END, ASKED, b"body"),
                (170.0, true, ACK, ASKED, END, b""),
            ],
            vec![(Cause::Network, 20.0), (Cause::Sender, 50.0)],
        ),
        (
            "a body that was lost behind the capture point, and sent again after 300 ms",
            vec![
                (100.0, false, ACK, 1, ASKED, HEAD),
                (100.0, false, PSH, HEAD_END, ASKED, b"body"),
                (120.0, true, ACK, ASKED, HEAD_END, b""),
                (400.0, false, PSH, HEAD_END, ASKED, b"body"),
                (420.0, true, ACK, ASKED, END, b""),
            ],
            vec![(Cause::Network, 20.0), (Cause::Recovery, 300.0)],
        ),
        (
            "a head that was lost before the capture point: the body waits for it",
            vec![
                (100.0, false, PSH, HEAD_END, ASKED, b"body"),
                (350.0, false, ACK, 1, ASKED, HEAD),
                (370.0, true, ACK, ASKED, END, b""),
            ],
            vec![(Cause::Network, 20.0), (Cause::Recovery, 250.0)],
        ),
        (
            "a window of four segments, and a fifth that waits for room",
            vec![
                (100.0, false, ACK, body(0), ASKED, &long),
                (100.0, false, ACK, body(1), ASKED, &full),
                (100.0, false, ACK, body(2), ASKED, &full),
                (100.0, false, ACK, body(3), ASKED, &full),
                (120.0, true, ACK, ASKED, after_full, b""),
                (120.0, false, PSH, after_full, ASKED, rest),
                (140.0, true, ACK, ASKED, after_full + rest.len() as u32, b""),
            ],
            vec![(Cause::Network, 20.0), (Cause::Window, 20.0)],
        ),
        (
            "a packet that was recorded twice, as fast as it came",
            vec![
                (100.0, false, PSH, 1, ASKED, HEAD),
                (100.2, false, PSH, 1, ASKED, HEAD),
                (105.0, false, PSH, HEAD_END, ASKED, b"body"),
                (125.0, true, ACK, ASKED, END, b""),
            ],
            vec![(Cause::Network, 20.0), (Cause::Sender, 5.0)],
        ),
    ];
    for (name, lines, expected) in cases {
        let total = expected.iter().map(|(_, ms)| ms).sum::<f64>();
        let of_request = times(Kind::Request, &after_the_beginning(&lines));
        assert_eq!(of_request, [(Some((total * 1e3).round() / 1e3), expected)], "{name}");
    }
}

#[test]
fn an_ack_is_held_for_what_is_beyond_the_way() {
    for (held, expected) in [(0.0, 0.0), (40.0, 40.0)] {
        let lines = after_the_beginning(&[
            (100.0, false, PSH, 1, ASKED, HEAD),
            (120.0 + held, true, ACK, ASKED, HEAD_END, b""),
            (120.0 + held, false, PSH, HEAD_END, ASKED, b"body"),
            (140.0 + held, true, ACK, ASKED, END, b""),
        ]);
        let time = analyzed(&lines).exchanges.iter().find(|one| one.kind == Kind::Request).and_then(Exchange::time);
        assert!((time.unwrap().ack_delay_s() * 1e3 - expected).abs() < 1e-6, "{time:?}");
    }
}

#[test]
fn nobody_waits_for_a_close() {
    let lines = after_the_beginning(&[
        (100.0, false, PSH, 1, ASKED, HEAD),
        (100.0, false, PSH, HEAD_END, ASKED, b"body"),
        (120.0, true, FIN, ASKED, END, b""),
    ]);
    assert_eq!(times(Kind::Close, &lines), [(None, vec![])]);
}
