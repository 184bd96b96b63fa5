//! Does each rule speak where it must, in the right words and with the right packets, and is it silent where something only
//! looks like it?
//!
//! Each rule has a ladder in which it must speak, and a look-alike in which it must not. Whoever adds a rule adds both: the
//! last test counts them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod talk;

use talk::ladder::{
    ACK, ASKED, BEGINNING, END, HEAD, HEAD_END, Line, PSH, REQUEST, Sample, after_the_beginning, analyzed_frames,
    frames,
};
use wirelab_analyze::findings::RULES;
use wirelab_analyze::model::{FindingId, Sure};
use wirelab_dissect::build;

/// A capture, and what a rule must say of it: the packets and the sentence, or nothing.
struct Case {
    id: FindingId,
    name: &'static str,
    frames: Vec<Sample>,
    says: Option<(&'static [u64], Sure, &'static str)>,
}

fn case(id: FindingId, name: &'static str, frames: Vec<Sample>) -> Case {
    Case { id, name, frames, says: None }
}

impl Case {
    fn says(self, sure: Sure, packets: &'static [u64], text: &'static str) -> Case {
        Case { says: Some((packets, sure, text)), ..self }
    }
}

fn ladder(lines: &[Line<'_>]) -> Vec<Sample> {
    frames(40_000, &after_the_beginning(lines))
}

/// Requests one after the other, every second from 100 ms on, each answered in two pieces. The ACK of the first takes so
/// many milliseconds, and the second comes so many after it.
fn in_two_pieces(count: u32, ack_ms: f64, after_ms: f64) -> Vec<Sample> {
    let (mut asked, mut answered) = (ASKED - REQUEST.len() as u32, 1);
    let mut lines: Vec<Line<'_>> = BEGINNING[..3].to_vec();
    for round in 0..count {
        let at = 100.0 + f64::from(round) * 1000.0;
        lines.push((at, true, PSH, asked, answered, REQUEST));
        asked += REQUEST.len() as u32;
        lines.push((at, false, PSH, answered, asked, HEAD));
        answered += HEAD.len() as u32;
        lines.push((at + ack_ms, true, ACK, asked, answered, b""));
        lines.push((at + ack_ms + after_ms, false, PSH, answered, asked, b"body"));
        answered += 4;
        lines.push((at + ack_ms + after_ms + 20.0, true, ACK, asked, answered, b""));
    }
    frames(40_000, &lines)
}

/// Head and body of one answer, the body so many milliseconds after the head, without an ACK between.
fn at_once(after_ms: f64) -> Vec<Sample> {
    ladder(&[
        (100.0, false, PSH, 1, ASKED, HEAD),
        (100.0 + after_ms, false, PSH, HEAD_END, ASKED, b"body"),
        (120.0 + after_ms, true, ACK, ASKED, END, b""),
    ])
}

/// An answer of 4,000 bytes in one packet, where the client takes 1,000, or as many.
fn in_one_packet(mss: u16) -> Vec<Sample> {
    let answer = [b"HTTP/1.1 200 OK\r\nContent-Length: 3959\r\n\r\n".to_vec(), vec![b'x'; 3959]].concat();
    assert_eq!(answer.len(), 4000);
    let mut frames = ladder(&[(100.0, false, PSH, 1, ASKED, &answer), (120.0, true, ACK, ASKED, 4001, b"")]);
    // The option of the client's SYN.
    frames[0].data[56..58].copy_from_slice(&mss.to_be_bytes());
    frames
}

/// The usual answer, of which so many bytes of each frame were kept.
fn cut(kept: usize) -> Vec<Sample> {
    let mut frames = at_once(0.1);
    for frame in &mut frames {
        frame.data.truncate(kept);
    }
    frames
}

/// A connection without its first packets.
fn from(first: usize) -> Vec<Sample> {
    at_once(0.1).split_off(first)
}

/// A client that says this, and a server that answers with that.
fn said(client: &[u8], server: &[u8]) -> Vec<Sample> {
    let (asked, answered) = (1 + client.len() as u32, 1 + server.len() as u32);
    let lines = [
        (100.0, true, PSH, 1, 1, client),
        (101.0, false, PSH, 1, asked, server),
        (121.0, true, ACK, asked, answered, b""),
    ];
    frames(40_000, &[&BEGINNING[..3], &lines].concat())
}

/// The usual answer, and a datagram.
fn with_a_datagram() -> Vec<Sample> {
    let (from, to) = (build::endpoint("10.0.0.2:5353"), build::endpoint("10.0.0.1:53"));
    let packet = build::ip(from.addr, to.addr, 17, &build::udp(from, to, b"who is it"));
    let data = build::ethernet(0x0800, &packet);
    let mut frames = at_once(0.1);
    frames.insert(3, Sample { ms: 90.0, wire_len: data.len() as u32, data });
    frames
}

const CLIENT_HELLO: &[u8] = &[22, 3, 1, 0, 4, 1, 0, 0, 0];
const SERVER_HELLO_AND_DATA: &[u8] = &[22, 3, 3, 0, 4, 2, 0, 0, 0, 23, 3, 3, 0, 3, 7, 7, 7];

fn cases() -> Vec<Case> {
    use FindingId::*;
    use Sure::{Likely, Seen};
    vec![
        case(NagleDelayedAck, "the body waits for an ACK that comes 40 ms late, again and again", in_two_pieces(3, 60.0, 0.0))
            .says(Seen, &[5, 6, 7, 10, 11, 12, 15, 16, 17], "In all 3 exchanges (GET /slow) a small segment of the server waited until the client acknowledged the one before, and the client held that ACK back: 60 ms on average, 40 ms of them because of the delay, 60 ms at most (packet 7 waited for 6, the ACK of 5)."),
        case(NagleDelayedAck, "the same, once", in_two_pieces(1, 60.0, 0.0)).says(Likely, &[5, 6, 7], "In the only exchange (GET /slow) a small segment of the server waited until the client acknowledged the one before, and the client held that ACK back: 60 ms, 40 ms of them because of the delay (packet 7 waited for 6, the ACK of 5)."),
        case(NagleDelayedAck, "the ACK comes at once", in_two_pieces(3, 20.0, 0.0)),
        case(NagleDelayedAck, "the ACK is late, and the body comes long after it: the program wrote late", in_two_pieces(3, 60.0, 30.0)),
        case(AckWait, "the body waits for an ACK that comes at once", in_two_pieces(3, 20.0, 0.0)).says(Seen, &[5, 6, 7, 10, 11, 12, 15, 16, 17], "In all 3 exchanges (GET /slow) a small segment of the server waited until the client acknowledged the one before, which it did without delay: 20 ms on average, 20 ms at most (packet 7 waited for 6, the ACK of 5)."),
        case(AckWait, "once", in_two_pieces(1, 20.0, 0.0)).says(Likely, &[5, 6, 7], "In the only exchange (GET /slow) a small segment of the server waited until the client acknowledged the one before, which it did without delay: 20 ms (packet 7 waited for 6, the ACK of 5)."),
        case(AckWait, "the body leaves without waiting", at_once(0.1)),
        case(AckWait, "the program writes the body long after the ACK", in_two_pieces(3, 20.0, 30.0)),
        case(SegmentationOffload, "4,000 bytes in one packet, where the client takes 1,000", in_one_packet(1000)).says(Seen, &[5], "1 packet is larger than the other side takes in one segment: captured before a network card cut it, or after it put it together. On the wire it was 4 packets, with 162 bytes of headers more."),
        case(SegmentationOffload, "where it takes as many", in_one_packet(4000)),
        case(TruncatedPackets, "60 bytes of each frame", cut(60)).says(Seen, &[4, 5], "Only the beginning of 2 of 7 frames was kept: packets and bytes are counted in full, and what the missing bytes say is not known."),
        case(TruncatedPackets, "as many bytes as the longest frame has", cut(100)),
        case(JoinedMidway, "without the handshake", from(3)).says(Seen, &[1], "The beginning of the only connection is not in the capture: what it cost until then is not known. By what was captured: 1 HTTP."),
        case(JoinedMidway, "the SYN was not captured, and its answer was", from(1)),
        case(Encrypted, "TLS records", said(CLIENT_HELLO, SERVER_HELLO_AND_DATA)).says(Seen, &[], "The only connection is encrypted (TLS): 26 bytes in 1 record of application data. What they say is not known, and no updates are claimed."),
        case(Encrypted, "bytes of which nothing is known", said(b"\x80\x01\x02\x03\x04\x05\x06\x07", b"\x81\x01\x02")),
        case(OtherTransport, "a datagram among them", with_a_datagram()).says(Seen, &[4], "1 of 8 frames carries no TCP and is not counted: 1 frame of UDP with 51 bytes."),
        case(OtherTransport, "a frame whose IP packet is TCP", at_once(0.1)),
    ]
}

#[test]
fn rules_speak_where_they_must_and_nowhere_else() {
    for Case { id, name, frames, says } in cases() {
        let capture = analyzed_frames(&frames);
        let found: Vec<_> = capture.findings.iter().filter(|one| one.id == id).collect();
        let said: Vec<_> = found.iter().map(|one| (one.packets.as_slice(), one.sure, one.text.as_str())).collect();
        assert_eq!(said, says.into_iter().collect::<Vec<_>>(), "{id}: {name}");
        for one in found {
            assert_eq!(one.sure == Sure::Likely, one.otherwise.is_some(), "{id}: {name}");
        }
    }
}

#[test]
fn each_rule_has_a_capture_in_which_it_speaks_and_a_look_alike() {
    for rule in RULES {
        for speaks in [true, false] {
            let has = cases().iter().any(|case| case.id == rule.id && case.says.is_some() == speaks);
            assert!(has, "{} has no {}", rule.id, if speaks { "capture in which it speaks" } else { "look-alike" });
        }
    }
}
