//! Is a problem named with the frame and the byte where it stands, and one connection counted as one?
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod talk;

use talk::{Talk, analyze, analyze_with, unmasked};
use wirelab_analyze::model::ProblemPlace;
use wirelab_analyze::{Capture, Settings};
use wirelab_dissect::tcp::Flags;

/// A capture that keeps no packets, and one that does: what is wrong is at the same place in both.
fn both(talk: &Talk) -> [Capture; 2] {
    [0, 1000].map(|keep_packets| analyze_with(&talk.frames, Settings { keep_packets, ..Settings::default() }))
}

fn problems(capture: &Capture) -> Vec<(u64, u64, &str)> {
    let place = |place: ProblemPlace| match place {
        ProblemPlace::File { frame, offset } => (frame.unwrap_or(0), offset),
        ProblemPlace::Frame { frame, offset, .. } => (frame, offset),
    };
    let problems = capture.problems.iter().map(|one| (place(one.place), one.message.as_str()));
    problems.map(|((frame, offset), message)| (frame, offset, message)).collect()
}

/// An upgrade to WebSocket is answered.
fn upgraded() -> Talk {
    let mut talk = Talk::new(4000);
    talk.handshake();
    talk.client(b"GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    talk.server(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    talk
}

#[test]
fn a_problem_in_a_segment_that_came_early_has_the_offset_in_its_own_frame() {
    let mut talk = Talk::new(4000);
    talk.handshake();
    talk.client(b"GET / HTTP/1.1\r\n\r\n");
    let first = talk.next_seq(false);
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    // Its header has no options; that of the packet that fills the gap has 12 bytes of them.
    talk.packet_at(false, Flags::PSH | Flags::ACK, b"no response\r\n", 20, first.wrapping_add(answer.len() as u32));
    talk.packet_at(false, Flags::PSH | Flags::ACK, answer, 32, first);
    for capture in both(&talk) {
        let [(frame, offset, message)] = problems(&capture)[..] else { panic!("{:?}", capture.problems) };
        assert_eq!((frame, offset), (5, 54), "{message}");
    }
}

#[test]
fn a_gap_in_websocket_is_named_with_the_frame_behind_it() {
    let mut talk = upgraded();
    talk.lose(false, 1000);
    talk.server(&unmasked(1, b"behind the gap"));
    talk.client_ack();
    for capture in both(&talk) {
        let [(frame, offset, message)] = problems(&capture)[..] else { panic!("{:?}", capture.problems) };
        assert!(message.contains("1000 bytes are missing"), "{message}");
        assert_eq!((frame, offset), (6, 66));
    }
}

#[test]
fn a_gap_that_nothing_stands_behind_is_named_with_the_acknowledgment_that_showed_it() {
    let mut talk = upgraded();
    talk.lose(false, 1000);
    // The client has seen what the capture has not, and speaks on.
    talk.packet(true, Flags::PSH | Flags::ACK, &talk::masked(1, b"yes"), 32);
    for capture in both(&talk) {
        let [(frame, offset, message)] = problems(&capture)[..] else { panic!("{:?}", capture.problems) };
        assert!(message.contains("1000 bytes are missing"), "{message}");
        assert_eq!((frame, offset), (6, 14 + 20 + 8), "the acknowledgment number");
    }
}

#[test]
fn a_syn_ack_recorded_before_its_syn_is_of_the_same_connection() {
    let mut talk = Talk::new(4000);
    talk.handshake().client(b"time\n").server(b"Server time: 12:00:00\n").client_ack();
    let in_order = analyze(&talk.frames);
    talk.frames.swap(0, 1);
    let swapped = analyze(&talk.frames);
    assert_eq!(swapped.connections.len(), 1);
    assert_eq!(swapped.totals, in_order.totals);
    assert_eq!(swapped.connections[0].client, in_order.connections[0].client);
    assert_eq!(swapped.exchanges[0].packets, [1, 2, 3]);
}

#[test]
fn a_syn_with_another_number_than_the_syn_ack_confirms_is_another_connection() {
    let mut talk = Talk::new(4000);
    talk.raw(false, Flags::SYN | Flags::ACK, &[], 20, 7, 1001);
    talk.raw(true, Flags::SYN, &[], 20, 5000, 0);
    assert_eq!(analyze(&talk.frames).connections.len(), 2);
    talk.frames.pop();
    talk.raw(true, Flags::SYN, &[], 20, 1000, 0);
    assert_eq!(analyze(&talk.frames).connections.len(), 1);
}
