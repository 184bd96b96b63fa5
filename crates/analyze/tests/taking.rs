//! Packets taken away while a capture is read are those that would have been kept to its end.
#![allow(clippy::unwrap_used)]

mod talk;

use talk::{Talk, analyze_with};
use wirelab_analyze::{Analyzer, Packet, Settings};
use wirelab_capture::{Frame, LinkType};
use wirelab_dissect::tcp::Flags;

const GET: &[u8] = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Two requests, the second one in two segments of which the later comes first.
fn reordered() -> Vec<(u64, Vec<u8>)> {
    let mut talk = Talk::new(1);
    talk.handshake().client(GET).server(OK);
    let seq = talk.next_seq(true);
    let (first, second) = GET.split_at(10);
    talk.packet_at(true, Flags::ACK | Flags::PSH, second, 32, seq.wrapping_add(10)).server_ack();
    talk.packet_at(true, Flags::ACK | Flags::PSH, first, 32, seq);
    talk.server(OK).client_ack().client_fin().server_fin().client_ack();
    talk.frames
}

/// All packets, taken as soon as they can be; and how many were there after each frame.
fn taken(frames: &[(u64, Vec<u8>)], room: usize) -> (Vec<Packet>, Vec<usize>) {
    let mut analyzer = Analyzer::new(Settings { limit: 10, keep_packets: room, ..Settings::default() });
    let (mut packets, mut counts) = (Vec::new(), Vec::new());
    for (number, (time_ns, data)) in (1..).zip(frames) {
        let wire_len = data.len() as u32;
        analyzer.frame(&Frame { number, time_ns: *time_ns, wire_len, data, link: LinkType::ETHERNET, file_offset: 0 });
        packets.extend(std::iter::from_fn(|| analyzer.take_packet()));
        counts.push(packets.len());
    }
    analyzer.end();
    packets.extend(std::iter::from_fn(|| analyzer.take_packet()));
    assert!(analyzer.finish("", None, "").packets.is_empty());
    (packets, counts)
}

#[test]
fn what_is_taken_is_what_would_have_been_kept() {
    let frames = reordered();
    let kept = analyze_with(&frames, Settings { limit: 10, keep_packets: 100, ..Settings::default() }).packets;
    let (packets, counts) = taken(&frames, 100);
    assert_eq!(packets, kept);
    // The sixth is the early one, the eighth fills the gap before it.
    assert_eq!(counts[..8], [1, 2, 3, 4, 5, 5, 5, 8]);
}

#[test]
fn without_room_nothing_waits_and_nothing_is_lost() {
    let frames = reordered();
    let (packets, _) = taken(&frames, 2);
    assert_eq!(packets.iter().map(|one| one.number).collect::<Vec<_>>(), (1..=frames.len() as u64).collect::<Vec<_>>());
    assert_eq!(packets[5].exchange, None);
}
