//! How much memory an analysis takes, whatever the capture: measured with an allocator that counts.
//!
//! The frames are made one at a time, so that what is counted is what the analyzer keeps.
#![allow(clippy::unwrap_used, clippy::print_stdout)]
// An allocator cannot be written without; the analyzer itself has none.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr};

use wirelab_analyze::model::Note;
use wirelab_analyze::{Analyzer, Capture, Settings};
use wirelab_capture::{Frame, LinkType};
use wirelab_dissect::build::Tcp;
use wirelab_dissect::packet::Endpoint;
use wirelab_dissect::tcp::Flags;

/// Counts the bytes that are allocated, for each thread by itself: each test runs on its own.
struct Counting;

thread_local! {
    static NOW: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
}

fn count(more: usize, less: usize) {
    let now = (NOW.get() + more).saturating_sub(less);
    NOW.set(now);
    PEAK.set(PEAK.get().max(now));
}

// SAFETY: every call is handed on to the system's allocator as it came; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 0);
        // SAFETY: the caller keeps to the contract of `alloc`, which is that of the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count(0, layout.size());
        // SAFETY: `place` was given out by `alloc` or `realloc` above, so by the system's allocator.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size, layout.size());
        // SAFETY: as for `dealloc`; the caller keeps to the contract of `realloc`.
        unsafe { System.realloc(place, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// An analyzer, and the frames that it is given.
struct Feed {
    analyzer: Analyzer,
    number: u64,
    before: usize,
}

impl Feed {
    fn new() -> Feed {
        Feed::with(Settings::default())
    }

    fn with(settings: Settings) -> Feed {
        let before = NOW.get();
        PEAK.set(before);
        Feed { analyzer: Analyzer::new(settings), number: 0, before }
    }

    /// One segment over Ethernet and IPv4, between a client with this number and the server.
    fn segment(&mut self, client: u32, from_client: bool, flags: Flags, (seq, ack): (u32, u32), payload: &[u8]) {
        let client = Endpoint { addr: Ipv4Addr::from_bits(10 << 24 | client).into(), port: 40_000 };
        let (from, to) = if from_client { (client, SERVER) } else { (SERVER, client) };
        let frame = Tcp { seq, ack, flags, payload, ..Tcp::new(from, to) }.frame();
        self.number += 1;
        self.analyzer.frame(&Frame {
            number: self.number,
            time_ns: self.number * 10_000,
            wire_len: frame.len() as u32,
            data: &frame,
            link: LinkType::ETHERNET,
            file_offset: 0,
        });
    }

    fn handshake(&mut self, client: u32) {
        self.segment(client, true, Flags::SYN, (0, 0), b"");
        self.segment(client, false, Flags::SYN | Flags::ACK, (0, 1), b"");
        self.segment(client, true, Flags::ACK, (1, 1), b"");
    }

    /// The result, and the most bytes that were allocated at a time until now, and until the result was there.
    fn finish(self) -> (Capture, usize, usize) {
        let taken = PEAK.get() - self.before;
        let capture = self.analyzer.finish("memory", None, "pcap");
        let whole = PEAK.get() - self.before;
        assert!(capture.totals.adds_up());
        println!("{} frames: {taken} bytes while reading, {whole} with the result", self.number);
        (capture, taken, whole)
    }
}

const SERVER: Endpoint = Endpoint { addr: IpAddr::V4(Ipv4Addr::new(192, 168, 0, 1)), port: 8000 };

const MIB: usize = 1 << 20;

#[test]
fn a_hundred_thousand_connections_that_were_closed() {
    let mut feed = Feed::new();
    for client in 0..100_000 {
        feed.handshake(client);
        feed.segment(client, true, Flags::ACK, (1, 1), b"GET / HTTP/1.1\r\n\r\n");
        feed.segment(client, false, Flags::ACK, (1, 19), b"HTTP/1.1 204 No Content\r\n\r\n");
        feed.segment(client, true, Flags::FIN | Flags::ACK, (19, 28), b"");
        feed.segment(client, false, Flags::FIN | Flags::ACK, (28, 20), b"");
        feed.segment(client, true, Flags::ACK, (20, 29), b"");
    }
    let (capture, taken, whole) = feed.finish();
    assert_eq!(capture.connections.len(), 100_000);
    assert!(taken < 40 * MIB, "{taken}");
    // The rows of the result take the places of those that were kept while reading.
    assert!(whole < 40 * MIB, "{whole}");
}

#[test]
fn two_hundred_thousand_connections_that_stay_open() {
    let mut feed = Feed::new();
    for client in 0..200_000 {
        feed.handshake(client);
        feed.segment(client, true, Flags::ACK, (1, 1), b"GET / HTTP/1.1\r\n\r\n");
        feed.segment(client, false, Flags::ACK, (1, 19), b"HTTP/1.1 204 No Content\r\n\r\n");
        feed.segment(client, true, Flags::ACK, (19, 28), b"");
    }
    let (capture, taken, _) = feed.finish();
    assert_eq!(capture.connections.len(), 200_000);
    assert_eq!(capture.connections.iter().map(|one| one.row().http_responses).sum::<u64>(), 200_000);
    assert!(taken / 200_000 < 1320, "{} bytes a connection", taken / 200_000);
}

#[test]
fn a_flood_of_connections_is_bounded_by_those_that_are_open_at_a_time() {
    let mut feed = Feed::new();
    for client in 0..600_000 {
        feed.segment(client, true, Flags::SYN, (0, 0), b"");
    }
    let (capture, taken, _) = feed.finish();
    assert_eq!(capture.connections.len(), 600_000);
    // A row for each, and 2^18 that are open.
    assert!(taken < 600_000 * 224 * 2 + (1 << 18) * 980, "{taken}");
    assert!(matches!(capture.notes[..], [Note::TooManyOpen { connections: 1.. }, ..]), "{:?}", capture.notes);
}

#[test]
fn packets_of_a_connection_take_no_memory() {
    let take = |rounds: u32| {
        let mut feed = Feed::new();
        feed.handshake(1);
        for round in 0..rounds {
            let (asked, answered) = (1 + round * 22, 1 + round * 27);
            feed.segment(1, true, Flags::ACK, (asked, answered), b"GET /time HTTP/1.1\r\n\r\n");
            feed.segment(1, false, Flags::ACK, (answered, asked + 22), b"HTTP/1.1 204 No Content\r\n\r\n");
        }
        feed.finish()
    };
    // Both have more exchanges than rows are kept.
    let ((_, few, _), (capture, many, _)) = (take(20_000), take(100_000));
    assert_eq!(capture.groups.iter().find(|group| group.label == "GET /time 204").unwrap().count, 100_000);
    assert!(many <= few + MIB / 4, "{few} for 20,000 rounds, {many} for 100,000");
}

#[test]
fn kept_packets_of_tiny_messages_and_endless_words() {
    let mut feed = Feed::with(Settings { keep_packets: 20_000, ..Settings::default() });
    feed.handshake(1);
    feed.segment(1, true, Flags::ACK, (1, 1), b"GET / HTTP/1.1\r\n\r\n");
    let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    feed.segment(1, false, Flags::ACK, (1, 19), head);
    let (mut seq, chunks) = (1 + head.len() as u32, b"1\r\nx\r\n".repeat(230));
    for _ in 0..10_000 {
        feed.segment(1, false, Flags::ACK, (seq, 19), &chunks);
        seq += chunks.len() as u32;
    }
    feed.handshake(2);
    let request = [&b"M".repeat(1000), &b" / HTTP/1.1\r\n\r\n"[..]].concat();
    for at in 0..10_000 {
        feed.segment(2, true, Flags::ACK, (1 + at * request.len() as u32, 1), &request);
    }
    let (capture, taken, _) = feed.finish();
    assert_eq!(capture.totals.total_packets, 20_008);
    let spans: usize = capture.packets.iter().map(|packet| packet.spans.len()).sum();
    assert!((300_000..400_000).contains(&spans), "{spans}");
    assert!(capture.packets.iter().all(|packet| packet.words.text.len() < 500));
    assert!(taken < 12 * MIB, "{taken}");
}

#[test]
fn a_connection_with_huge_gaps() {
    let mut feed = Feed::new();
    feed.handshake(1);
    let mut seq = 1u32;
    for _ in 0..20_000 {
        feed.segment(1, true, Flags::ACK, (seq, 1), b"what comes behind a gap");
        seq = seq.wrapping_add(900_000_000);
    }
    let (_, taken, _) = feed.finish();
    assert!(taken < 4 * MIB, "{taken}");
}

#[test]
fn segments_that_wait_for_one_that_never_comes() {
    let payload = [b'x'; 1000];
    let mut feed = Feed::new();
    for client in 0..100 {
        feed.handshake(client);
        // The first byte never comes; every second segment is missing, too.
        for at in 0..1500 {
            feed.segment(client, true, Flags::ACK, (2 + at * 2000, 1), &payload);
        }
    }
    let (capture, taken, _) = feed.finish();
    assert_eq!(capture.totals.app_packets, 150_000);
    assert!(taken < 48 * MIB, "{taken}");
}

#[test]
fn a_hundred_thousand_different_requests() {
    let mut feed = Feed::new();
    feed.handshake(1);
    let (mut asked, mut answered) = (1, 1);
    for at in 0..100_000u32 {
        let request = format!("GET /a-path-that-nobody-else-has/{at} HTTP/1.1\r\n\r\n");
        feed.segment(1, true, Flags::ACK, (asked, answered), request.as_bytes());
        asked += request.len() as u32;
        let response = "HTTP/1.1 204 No Content\r\n\r\n";
        feed.segment(1, false, Flags::ACK, (answered, asked), response.as_bytes());
        answered += response.len() as u32;
    }
    let (capture, taken, _) = feed.finish();
    assert!(capture.groups.len() <= 5000, "{}", capture.groups.len());
    assert!(taken < 24 * MIB, "{taken}");
}

#[test]
fn groups_of_exchanges_of_which_no_two_are_alike() {
    let mut feed = Feed::new();
    feed.handshake(1);
    let (mut asked, mut answered) = (1, 1);
    let filler = [b'x'; 1400];
    let mut random = 1u32;
    for at in 0..120_000u32 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let request = format!("GET /{} HTTP/1.1\r\nX: {}\r\n\r\n", at % 3000, &"y".repeat((random >> 24) as usize));
        feed.segment(1, true, Flags::ACK, (asked, answered), request.as_bytes());
        asked += request.len() as u32;
        // Time goes on by a different number of frames before each answer.
        for _ in 0..random >> 28 {
            feed.segment(2, true, Flags::SYN, (0, 0), b"");
        }
        let body = &filler[..(random >> 8) as usize % filler.len()];
        let response = [format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).as_bytes(), body].concat();
        feed.segment(1, false, Flags::ACK, (answered, asked), &response);
        answered = answered.wrapping_add(response.len() as u32);
    }
    let (capture, taken, _) = feed.finish();
    assert_eq!(
        capture.groups.iter().filter(|group| group.label.starts_with("GET /")).map(|one| one.count).sum::<u64>(),
        120_000
    );
    assert!(taken < 64 * MIB, "{taken}");
}

#[test]
fn heads_lines_and_chunk_sizes_without_end() {
    let long = [b'x'; 1400];
    for (client, server) in [
        (&b"GET / HTTP/1.1\r\nX: "[..], &b""[..]),
        (b"GET /", b""),
        (b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: "),
        (b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;extension="),
        (b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTrailer: "),
        (b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: "),
        (b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nevent: "),
        (b"a line without end", b""),
        (b"time\n", b"an answer without end"),
    ] {
        let mut feed = Feed::new();
        feed.handshake(1);
        let (mut asked, mut answered) = (1 + client.len() as u32, 1 + server.len() as u32);
        feed.segment(1, true, Flags::ACK, (1, 1), client);
        if !server.is_empty() {
            feed.segment(1, false, Flags::ACK, (1, asked), server);
        }
        for _ in 0..4000 {
            let from_client = server.is_empty();
            let (seq, ack) = if from_client { (asked, answered) } else { (answered, asked) };
            feed.segment(1, from_client, Flags::ACK, (seq, ack), &long);
            *(if from_client { &mut asked } else { &mut answered }) += long.len() as u32;
        }
        let (_, taken, _) = feed.finish();
        assert!(
            taken < 3 * MIB,
            "{taken} for {}",
            String::from_utf8_lossy(if server.is_empty() { client } else { server })
        );
    }
}
