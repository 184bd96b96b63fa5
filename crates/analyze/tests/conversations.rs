//! What conversations are read as: one small capture a case, and what its exchanges come to.
#![allow(clippy::unwrap_used)]

mod talk;

use insta::assert_snapshot;
use talk::{Talk, analyze, analyze_with, masked, said, unmasked};
use wirelab_analyze::model::FindingId;
use wirelab_analyze::model::{Problem, ProblemPlace, TcpAnalysis};
use wirelab_analyze::{Analyzer, Capture, Kind, Layer, Protocol, Settings};
use wirelab_capture::{Frame, LinkType};
use wirelab_dissect::tcp::Flags;

/// One line an exchange: kind, label, packets, bytes by layer, numbers of its packets.
fn table(capture: &Capture) -> String {
    let mut lines: Vec<String> = capture
        .exchanges
        .iter()
        .map(|one| {
            let t = &one.tally();
            format!(
                "{:<9} {:<20} conn {} {}p = {}+{}+{} [{}] {:?}",
                one.kind.name(),
                one.label,
                one.connection,
                t.total_packets,
                t.layers[Layer::Lower],
                t.layers[Layer::Tcp],
                t.app_bytes,
                Layer::STACK
                    .iter()
                    .filter(|layer| layer.is_payload())
                    .map(|&layer| t.of(layer).to_string())
                    .collect::<Vec<_>>()
                    .join(" "),
                one.packets
            )
        })
        .collect();
    lines.extend(problems(capture));
    lines.extend(capture.notes.iter().map(ToString::to_string));
    lines.join("\n")
}

const GET: &[u8] = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn pipelined_requests_share_segments_but_not_bytes() {
    let mut talk = Talk::new(1);
    talk.handshake()
        .client(&[GET, GET].concat())
        .server(&[OK, OK].concat())
        .client_ack()
        .client_fin()
        .server_fin()
        .client_ack();
    assert_snapshot!(table(&analyze(&talk.frames)));
}

#[test]
fn a_head_and_the_first_event_in_one_segment_are_two_exchanges() {
    let mut talk = Talk::new(1);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    let event = "1c\r\ndata: {\"time\": \"11:42:01\"}\n\n\r\n";
    talk.handshake().client(b"GET /time HTTP/1.1\r\nAccept: text/event-stream\r\n\r\n");
    talk.server(format!("{head}{event}").as_bytes()).client_ack();
    talk.server(event.as_bytes()).client_ack().server(b"3\r\n:\n\n\r\n").client_ack().server(b"0\r\n\r\n");
    talk.client_ack().client_fin().server_fin().client_ack();
    assert_snapshot!(table(&analyze(&talk.frames)));
}

#[test]
fn websocket_control_frames_and_pushes() {
    let mut talk = Talk::new(1);
    talk.handshake().client(b"GET /chat HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    talk.server(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n").client_ack();
    talk.server(&unmasked(1, b"pushed")).client_ack();
    talk.client(&masked(1, b"ask")).server(&unmasked(1, b"answer")).client_ack();
    talk.server(&unmasked(9, b"p")).client(&masked(10, b"p")).server_ack();
    // A message in two fragments with a ping between them.
    let mut first = masked(1, b"one");
    first[0] &= 0x7f;
    talk.client(&first).client(&masked(9, b"")).client(&masked(0, b"two")).server_ack();
    talk.server(&[unmasked(10, b""), unmasked(1, b"onetwo")].concat()).client_ack();
    talk.client(&masked(8, &[3, 232])).server(&unmasked(8, &[3, 232])).server_fin().client_fin().server_ack();
    let capture = analyze(&talk.frames);
    assert_snapshot!(table(&capture));
    let frames = capture.connections[0].row().websocket_frames;
    assert_eq!((frames.text, frames.continuation, frames.ping, frames.pong, frames.close), (5, 1, 2, 2, 2));
}

#[test]
fn loss_is_counted_apart() {
    let mut talk = Talk::new(1);
    talk.handshake().client(b"time\n");
    // The answer is lost behind the capture point and sent again.
    let seq = talk.next_seq(false);
    talk.server(b"09:31:35\n\n")
        .at(300.0)
        .packet_at(false, Flags::PSH | Flags::ACK, b"09:31:35\n\n", 32, seq)
        .client_ack();
    let capture = analyze(&talk.frames);
    assert_snapshot!(table(&capture));
    let tally = capture.totals;
    assert_eq!((tally.retransmitted_packets, tally.layers[Layer::Retransmitted]), (1, 10));
    assert_eq!(capture.packets[5].analysis, Some(TcpAnalysis::Retransmission));
}

#[test]
fn a_gap_is_stepped_over_and_said() {
    let mut talk = Talk::new(1);
    talk.handshake().client(GET).server(OK).client_ack().client(GET);
    talk.lose(false, OK.len() as u32).client_ack().client(GET).server(OK).client_ack();
    let capture = analyze(&talk.frames);
    assert_snapshot!(table(&capture));
    assert_eq!(capture.connections[0].missing_bytes(), OK.len() as u64);
}

#[test]
fn a_capture_that_begins_in_the_middle_still_finds_the_client() {
    let mut talk = Talk::new(40_000);
    talk.server(b" of something").client_ack().client(GET).server(OK).client_ack();
    let capture = analyze(&talk.frames);
    assert_eq!(capture.connections[0].row().client, "10.0.0.2:40000");
    assert_eq!(capture.connections[0].protocol.name(), "http");
    assert_snapshot!(table(&capture));
}

#[test]
fn a_new_syn_on_old_endpoints_is_a_new_connection() {
    let mut talk = Talk::new(1);
    talk.handshake().client(GET).server(OK).client_fin().server_fin().client_ack();
    talk.lose(true, 5000).lose(false, 9000).handshake().client(GET).server(OK).client_ack();
    let capture = analyze(&talk.frames);
    assert_eq!(capture.connections.len(), 2);
    assert_eq!(capture.per_update_of.as_deref(), Some("GET /a"));
    assert_eq!(capture.update_count, 2);
}

#[test]
fn a_reset_closes() {
    let mut talk = Talk::new(1);
    talk.packet(true, Flags::SYN, &[], 40);
    let seq = talk.next_seq(true);
    talk.raw(false, Flags::RST | Flags::ACK, &[], 20, 0, seq);
    assert_snapshot!(table(&analyze(&talk.frames)));
}

#[test]
fn keep_alives_are_control() {
    let mut talk = Talk::new(1);
    talk.handshake().client(b"time\n").server(b"09:31:35\n\n").client_ack();
    let probe = talk.next_seq(true).wrapping_sub(1);
    talk.at(9000.0).packet_at(true, Flags::ACK, &[], 32, probe).server_ack();
    talk.at(19_000.0).packet_at(true, Flags::ACK, &[0], 32, probe).server_ack();
    let capture = analyze(&talk.frames);
    assert_snapshot!(table(&capture));
    assert_eq!(capture.connections[0].row().keep_alives, 2, "the probes alone");
}

#[test]
fn a_request_that_comes_byte_by_byte_is_one_exchange() {
    let mut talk = Talk::new(1);
    talk.handshake();
    for byte in GET {
        talk.client(&[*byte]);
    }
    talk.server_ack().server(OK).client_ack();
    let capture = analyze(&talk.frames);
    let mut whole = Talk::new(1);
    whole.handshake().client(GET).server_ack().server(OK).client_ack();
    assert_eq!(said(&capture), said(&analyze(&whole.frames)));
    assert_eq!(capture.exchanges.len(), 2);
}

#[test]
fn tls_and_http2_are_counted_by_their_records() {
    let mut talk = Talk::new(1);
    let record = |kind: u8, len: u8| [&[kind, 3, 3, 0, len][..], &vec![1; usize::from(len)]].concat();
    talk.handshake().client(&record(22, 40)).server(&[record(22, 30), record(20, 1)].concat()).client_ack();
    talk.client(&record(23, 20)).server(&record(23, 50)).client_ack();
    let capture = analyze(&talk.frames);
    let tls = capture.connections[0].row().tls_records;
    assert_eq!((tls.handshake, tls.application_data, tls.other), (2, 2, 1));
    assert_eq!(capture.connections[0].protocol.name(), "tls");
    assert_snapshot!(table(&capture));

    let mut talk = Talk::new(1);
    talk.handshake()
        .client(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .server(b"\0\0\0\x04\0\0\0\0\0")
        .client_ack();
    assert_eq!(analyze(&talk.frames).connections[0].protocol.name(), "http2");
}

#[test]
fn a_protocol_error_ends_its_stream_not_the_run() {
    let mut talk = Talk::new(1);
    talk.handshake().client(GET).server(b"SSH-2.0-OpenSSH_9.2\r\n").client_ack().server(b"more\n").client_ack();
    let capture = analyze(&talk.frames);
    assert_snapshot!(table(&capture));
    assert_eq!(capture.problems.len(), 1);
}

#[test]
fn the_row_limit_leaves_totals_and_groups_whole() {
    let mut talk = Talk::new(1);
    talk.handshake();
    for _ in 0..50 {
        talk.client(GET).server(OK).client_ack();
    }
    let all = analyze(&talk.frames);
    let few = analyze_with(&talk.frames, Settings { limit: 10, keep_packets: 0, ..Settings::default() });
    assert_eq!(few.exchanges.len(), 10);
    assert_eq!(few.rows_left_out, 41);
    assert_eq!((few.totals, few.update_count, few.per_update), (all.totals, 50, all.per_update));
    assert_eq!(few.groups, all.groups);
}

#[test]
fn events_of_one_kind_are_a_group() {
    let mut talk = Talk::new(1);
    talk.handshake().client(b"GET /feed HTTP/1.1\r\n\r\n");
    talk.server(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n").client_ack();
    for price in 0..5 {
        talk.server(format!("event: price\ndata: {price}\n\n").as_bytes()).client_ack();
    }
    talk.server(b": ping\n\n").client_ack();
    let capture = analyze(&talk.frames);
    let group = capture.groups.iter().find(|group| group.label == "event: price").unwrap();
    assert_eq!((group.count, group.kind), (5, Kind::Update));
    assert_eq!(capture.per_update_of.as_deref(), Some("event: price"));
    assert!(capture.push_only.is_some());
    assert_eq!(capture.totals.useful_bytes, 0);
}

#[test]
fn websocket_replies_are_paired_where_they_show_it() {
    let mut talk = upgraded("");
    let ids = ["{\"id\": 1, \"do\": \"a\"}", "{\"id\": 2, \"do\": \"b\"}", "{\"do\": \"c\"}"];
    ids.iter().for_each(|asked| _ = talk.client(&masked(1, asked.as_bytes())));
    for said in ["{\"news\": 1}", "{\"id\": 2, \"done\": 1}", "{\"news\": 2}", "{\"id\": 1}", "{\"do\": \"d\"}"] {
        talk.server(&unmasked(1, said.as_bytes())).client_ack();
    }
    let capture = analyze(&talk.frames);
    assert_snapshot!(table(&capture));
}

/// A connection that has switched to WebSocket, with these words of the response.
fn upgraded(extension: &str) -> Talk {
    let mut talk = Talk::new(1);
    let get = b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    let switch = format!("HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n{extension}\r\n");
    talk.handshake().client(get).server(switch.as_bytes());
    talk
}

fn problems(capture: &Capture) -> Vec<String> {
    let one = |Problem { place, message }: &Problem| match place {
        ProblemPlace::File { frame, offset } => format!("{frame:?} {offset} {message}"),
        ProblemPlace::Frame { frame, offset, layer } => format!("{frame} {offset} {layer} {message}"),
    };
    capture.problems.iter().map(one).collect()
}

#[test]
fn websocket_rules_that_are_broken_are_problems_once_a_side() {
    let mut talk = upgraded("");
    talk.client(&unmasked(1, b"bare")).client(&unmasked(1, b"bare again"));
    talk.server(&masked(0x81, b"masked")).server(&unmasked(0x80, b"of nothing"));
    talk.server(&[unmasked(0x88, b"\x03\xedgone"), unmasked(1, b"late")].concat()).client_ack();
    let capture = analyze(&talk.frames);
    assert_snapshot!(problems(&capture).join("\n"), @r"
    6 66 websocket a client must mask its frames (RFC 6455 section 5.1)
    8 66 websocket a server must not mask its frames (RFC 6455 section 5.1)
    9 66 websocket a continuation frame needs a message under way (RFC 6455 section 5.4)
    10 68 websocket a close frame's code is 1000 to 1003, 1007 to 1014, or 3000 to 4999 (RFC 6455 section 7.4)
    10 74 websocket nothing may be sent after a close frame (RFC 6455 section 5.5.1)
    ");
    let frames = capture.connections[0].row().websocket_frames;
    assert_eq!((frames.text, frames.close, frames.continuation), (4, 1, 1));
    assert_eq!(capture.packets[9].info(), "close 1005 \"gone\", text \"late\"");
}

#[test]
fn a_compressed_message_that_is_none_is_a_problem() {
    let mut talk = upgraded("Sec-WebSocket-Extensions: permessage-deflate\r\n");
    talk.server(&unmasked(0xc1, &[0xff; 20])).server(&unmasked(0xc1, &[0xff; 20])).client_ack();
    let capture = analyze(&talk.frames);
    assert_snapshot!(problems(&capture).join("\n"), @"6 88 websocket expected DEFLATE data in a compressed message, found something else (RFC 7692 section 7.2)");
    assert_eq!(capture.packets[5].info(), "text, 20 compressed bytes");
}

/// An inflater takes up tens of kilobytes: beyond a bound on what all take, messages are counted only.
#[test]
fn not_everybody_may_inflate_at_once() {
    let mut frames = Vec::new();
    // "Hello", twice, as in RFC 7692 section 7.2.3.1.
    let hello = unmasked(0xc1, &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
    for host in 0..=1024u16 {
        let [a, b] = host.to_be_bytes();
        let mut talk = Talk::new(1).from([10, 9, a, b]);
        let get = b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
        talk.handshake().client(get).server(
            b"HTTP/1.1 101 OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
        );
        talk.server(&hello);
        frames.extend(talk.frames);
    }
    let capture = analyze(&frames);
    let infos: Vec<&str> = capture.packets.iter().skip(5).step_by(6).map(|packet| packet.words.text.as_str()).collect();
    assert!(infos[..1024].iter().all(|info| *info == "text \"Hello\""), "{infos:?}");
    assert_eq!(infos[1024..], ["text, 7 compressed bytes"]);
    assert_eq!(capture.problems.len(), 1);
    assert_eq!(capture.connections.iter().map(|one| one.row().websocket_frames.text).sum::<u64>(), 1025);
}

/// Zstandard takes megabytes: fewer answers are read at once, and again when others have ended.
#[test]
fn not_all_of_zstd_is_read_at_once() {
    let mut frames = Vec::new();
    let head = b"HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\nContent-Length: 14\r\n\r\n";
    let mut ends = Vec::new();
    for host in 0..9 {
        let mut talk = Talk::new(1).from([10, 9, 0, host]);
        talk.handshake().client(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n").server(head);
        // RFC 8878: magic number, header, one block of five bytes that is the last.
        talk.server(b"\x28\xb5\x2f\xfd\0\x58");
        frames.append(&mut talk.frames);
        talk.server(b"\x29\0\0Hello");
        ends.append(&mut talk.frames);
        talk.client(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n").server(head);
        talk.server(b"\x28\xb5\x2f\xfd\0\x58\x29\0\0Hello");
        ends.append(&mut talk.frames);
    }
    frames.append(&mut ends);
    let capture = analyze(&frames);
    let said: Vec<&str> = capture
        .findings
        .iter()
        .filter(|one| one.id == FindingId::Compressed)
        .map(|one| one.text.rsplit_once("compressed").unwrap().1)
        .collect();
    assert_eq!(
        said,
        [
            ": 238 bytes on the wire for 85 bytes of content.",
            ", and 14 bytes of it on the wire cannot be read: how large it is without that is not known."
        ]
    );
}

#[test]
fn a_compressed_event_stream_is_not_read_as_events() {
    let mut talk = Talk::new(1);
    talk.handshake().client(GET).server(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n\r\ndata: 1\n\ndata: 2\n\n",
    );
    assert_eq!(analyze(&talk.frames).connections[0].row().sse_events, 0);
}

#[test]
fn a_stream_that_ends_with_cr_has_its_last_event() {
    let mut talk = Talk::new(1);
    talk.handshake().client(GET).server(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\r\r");
    talk.client_ack().server_fin().client_fin().server_ack();
    assert_eq!(analyze(&talk.frames).connections[0].row().sse_events, 1);
}

#[test]
fn an_event_stream_that_has_ended_was_one() {
    let mut talk = Talk::new(1);
    talk.handshake().client(GET);
    talk.server(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
    talk.server(b"9\r\ndata: 1\n\n\r\n").client_ack().server(b"0\r\n\r\n").client_ack();
    talk.client_fin().server_fin().client_ack();
    let capture = analyze(&talk.frames);
    assert_eq!(capture.connections[0].row().protocol, "sse");
    assert_eq!(capture.connections[0].row().sse_events, 1);
}

#[test]
fn a_time_to_reconnect_is_no_comment() {
    let mut talk = Talk::new(1);
    talk.handshake().client(GET).server(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
    for block in ["retry: 3000\n\n", ": hello\n\n", ": hello\nretry: 1\n\n", "retry: 5\ndata: x\n\n", "retry: soon\n\n"]
    {
        talk.server(block.as_bytes()).client_ack();
    }
    let capture = analyze(&talk.frames);
    let labels: Vec<&str> = capture.exchanges.iter().map(|one| &*one.label).collect();
    assert_eq!(labels[2..], ["retry", "comment", "retry", "event: message", "comment"]);
    let said: Vec<&str> =
        capture.packets.iter().map(|packet| &*packet.words.text).filter(|text| !text.is_empty()).collect();
    assert_eq!(said[2], "retry after 3000 ms");
}

#[test]
fn a_websocket_whose_handshake_is_missing_is_told_by_its_frames() {
    let asked = masked(1, b"{\"id\": 7}");
    let said = unmasked(1, b"{\"id\": 7, \"price\": 3}");
    // Whoever speaks first, and also where the beginning is in the middle of a frame.
    let mut first = Talk::new(1);
    first.client(&asked).server(&said).client_ack().client(&asked).server(&said).client_ack();
    let mut pushed = Talk::new(2);
    pushed.server(&said).client_ack().client(&asked).server(&said).client_ack();
    let mut cut = Talk::new(40_003);
    cut.server(&said[9..]).client_ack().client(&asked).server(&said).client_ack();
    for (talk, messages) in [(first, 4), (pushed, 3), (cut, 2)] {
        let capture = analyze(&talk.frames);
        let [connection] = &*capture.connections else { panic!() };
        assert_eq!(connection.protocol, Protocol::WebSocket, "{}", table(&capture));
        assert_eq!(connection.row().websocket_frames.text, messages, "{}", table(&capture));
        assert_eq!(capture.problems, []);
        assert!(capture.exchanges.iter().any(|one| &*one.label == "text" && one.packets.len() > 1));
    }
    // Lines of text are none.
    let mut lines = Talk::new(4);
    lines.client(b"time\n").server(b"11:42:01\n").client_ack();
    assert_eq!(analyze(&lines.frames).connections[0].protocol, Protocol::Lines);
}

/// As `tcpdump -s 96` keeps it.
#[test]
fn requests_whose_heads_were_cut_have_their_answers() {
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: 10.0.0.1:8000\r\nAccept: text/event-stream\r\n\r\n");
    let mut talk = Talk::new(1);
    talk.handshake();
    for path in ["/a", "/b"] {
        let body = "x".repeat(100);
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\n{body}");
        talk.client(get(path).as_bytes()).server(answer.as_bytes()).client_ack();
    }
    let mut analyzer = Analyzer::new(Settings::default());
    for ((time_ns, bytes), number) in talk.frames.iter().zip(1..) {
        let data = &bytes[..bytes.len().min(96)];
        let (time_ns, wire_len) = (*time_ns, bytes.len() as u32);
        analyzer.frame(&Frame { number, time_ns, wire_len, data, link: LinkType::ETHERNET, file_offset: 0 });
    }
    let capture = analyzer.finish("cut", None, "pcap");
    let labels: Vec<(&str, usize)> = capture.exchanges.iter().map(|one| (&*one.label, one.packets.len())).collect();
    assert_eq!(labels, [("handshake", 3), ("GET /a", 3), ("GET /b", 3)]);
}
