//! Does each rule speak where it must, in the right words and with the right packets, and is it silent where something only
//! looks like it?
//!
//! Each rule has a ladder in which it must speak, and a look-alike in which it must not. Whoever adds a rule adds both: the
//! last test counts them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod talk;

use talk::ladder::{
    ACK, ASKED, BEGINNING, END, FIN, HEAD, HEAD_END, Line, PSH, REQUEST, RST, SYN, SYN_ACK, Sample,
    after_the_beginning, analyzed_frames, frames,
};
use wirelab_analyze::findings::RULES;
use wirelab_analyze::model::{FindingId, Sure};
use wirelab_dissect::{build, http2};

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

/// An answer of a line, and another line some time after it.
fn two_lines(after_ms: f64) -> Vec<Sample> {
    let lines = [
        (100.0, true, PSH, 1, 1, &b"subscribe\n"[..]),
        (101.0, false, PSH, 1, 11, b"subscribed\n"),
        (101.0 + after_ms, false, PSH, 12, 11, b"news\n"),
        (121.0 + after_ms, true, ACK, 11, 17, b""),
    ];
    frames(40_000, &[&BEGINNING[..3], &lines].concat())
}

/// The usual answer, and so many datagrams that say this to the port of QUIC.
fn with_datagrams(said: &[u8], count: usize) -> Vec<Sample> {
    let (from, to) = (build::endpoint("10.0.0.2:50000"), build::endpoint("10.0.0.1:443"));
    let packet = build::ip(from.addr, to.addr, 17, &build::udp(from, to, said));
    let data = build::ethernet(0x0800, &packet);
    let mut frames = at_once(0.1);
    for _ in 0..count {
        frames.insert(3, Sample { ms: 90.0, wire_len: data.len() as u32, data: data.clone() });
    }
    frames
}

/// A packet that begins a connection over QUIC (RFC 9000, section 17.2.2): version 1, an id of eight bytes and none.
fn quic_initial() -> Vec<u8> {
    let mut packet = vec![0xc3, 0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0];
    packet.resize(1200, 0x55);
    packet
}

/// A head of 100 bytes, and 950 bytes of its body: together more than fits in one.
fn in_one_packet_and_a_bit() -> Vec<Sample> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: 950\r\nX: {}\r\n\r\n", "x".repeat(54)).into_bytes();
    let (head_end, body) = (1 + head.len() as u32, vec![b'x'; 950]);
    ladder(&[
        (100.0, false, PSH, 1, ASKED, &head),
        (100.1, false, PSH, head_end, ASKED, &body),
        (120.1, true, ACK, ASKED, head_end + 950, b""),
    ])
}

/// The request is acknowledged after so many milliseconds, and answered after so many more.
fn acknowledged(ack_ms: f64, answer_ms: f64) -> Vec<Sample> {
    let answer = [HEAD, b"body"].concat();
    ladder(&[
        (100.0 + ack_ms, false, ACK, 1, ASKED, b""),
        (100.0 + ack_ms + answer_ms, false, PSH, 1, ASKED, &answer),
        (120.0 + ack_ms + answer_ms, true, ACK, ASKED, END, b""),
    ])
}

/// Bytes of a protocol that is not known, acknowledged at once, and others 5 ms later.
fn acknowledged_bytes() -> Vec<Sample> {
    let lines = [
        (100.0, true, PSH, 1, 1, &b"\x80\x01\x02\x03\x04\x05\x06\x07"[..]),
        (100.0, false, ACK, 1, 9, b""),
        (105.0, false, PSH, 1, 9, b"\x81\x01\x02"),
        (125.0, true, ACK, 9, 4, b""),
    ];
    frames(40_000, &[&BEGINNING[..3], &lines].concat())
}

/// The last packets of the usual answer 5 ms after the request, with the ACK so many milliseconds late.
fn late_ack(late_ms: f64) -> Vec<Sample> {
    let answer = [HEAD, b"body"].concat();
    let mut lines = after_the_beginning(&[(100.0, false, ACK, 1, ASKED, b"")]);
    lines.extend([(105.0, false, PSH, 1, ASKED, answer.as_slice()), (125.0 + late_ms, true, ACK, ASKED, END, b"")]);
    frames(40_000, &lines).split_off(5)
}

/// An event stream: a head, then packets of so many events, so many milliseconds apart.
fn events(packets: &[&[u8]], apart_ms: f64) -> Vec<Sample> {
    let said: Vec<Vec<u8>> = packets.iter().map(|events| b"data: x\n\n".repeat(events.len())).collect();
    event_stream("", &said, apart_ms)
}

/// An event stream with these fields in its head, then packets that say this.
fn event_stream(fields: &str, packets: &[Vec<u8>], apart_ms: f64) -> Vec<Sample> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{fields}\r\n").into_bytes();
    let mut next = 1 + head.len() as u32;
    let mut lines = after_the_beginning(&[(100.0, false, PSH, 1, ASKED, &head), (120.0, true, ACK, ASKED, next, b"")]);
    for (round, said) in (1..).zip(packets) {
        let at = 120.0 + f64::from(round) * apart_ms;
        lines.push((at, false, PSH, next, ASKED, said));
        next += said.len() as u32;
        lines.push((at + 20.0, true, ACK, ASKED, next, b""));
    }
    frames(40_000, &lines)
}

/// An event, then so many of which the last goes on in another packet.
fn events_cut(count: usize) -> Vec<Sample> {
    let (event, held) = (b"data: x\n\n".to_vec(), b"data: x\n\n".repeat(count));
    let (begun, rest) = held.split_at(held.len() - 3);
    event_stream("", &[event, begun.to_vec(), rest.to_vec()], 2000.0)
}

/// A compressed event stream: packets of so many events, so many milliseconds apart.
fn compressed_events(packets: &[usize], apart_ms: f64) -> Vec<Sample> {
    // The head of RFC 1952, then blocks of RFC 1951 that say their bytes as they are.
    let block = |plain: &[u8]| {
        let len = plain.len() as u16;
        [&[0][..], &len.to_le_bytes(), &(!len).to_le_bytes(), plain].concat()
    };
    event_stream("Content-Encoding: gzip\r\n", &in_blocks(GZIP, packets, block), apart_ms)
}

/// The same in Zstandard.
fn zstd_events(packets: &[usize], apart_ms: f64) -> Vec<Sample> {
    // The magic number and the header of RFC 8878, then blocks that say their bytes as they are.
    let block = |plain: &[u8]| [&(plain.len() as u32 * 8).to_le_bytes()[..3], plain].concat();
    let head = &[0x28, 0xb5, 0x2f, 0xfd, 0, 0x58];
    event_stream("Content-Encoding: zstd\r\n", &in_blocks(head, packets, block), apart_ms)
}

fn in_blocks(head: &[u8], packets: &[usize], block: impl Fn(&[u8]) -> Vec<u8>) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = packets.iter().map(|events| block(&b"data: x\n\n".repeat(*events))).collect();
    all[0].splice(..0, head.iter().copied());
    all
}

/// An answer of this content in this coding.
fn coded(coding: &str, content: &[u8]) -> Vec<Sample> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n", content.len());
    said(REQUEST, &[head.as_bytes(), content].concat())
}

/// Compressed with gzip: twelve times a letter (RFC 1951, section 3.2.6), and its sums.
const TWELVE: &[u8] =
    &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xab, 0xa8, 0x40, 0, 0, 0xd2, 0xad, 0x27, 0x70, 12, 0, 0, 0];
const GZIP: &[u8] = &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3];

/// The whole answer, so many milliseconds after the request.
fn answered_after(ms: f64) -> Vec<Sample> {
    let answer = [HEAD, b"body"].concat();
    ladder(&[(100.0 + ms, false, PSH, 1, ASKED, &answer), (120.0 + ms, true, ACK, ASKED, END, b"")])
}

/// Head and body, and the body again after so many milliseconds.
fn resent(after_ms: f64) -> Vec<Sample> {
    ladder(&[
        (100.0, false, ACK, 1, ASKED, HEAD),
        (100.1, false, PSH, HEAD_END, ASKED, b"body"),
        (100.1 + after_ms, false, PSH, HEAD_END, ASKED, b"body"),
        (120.1 + after_ms, true, ACK, ASKED, END, b""),
    ])
}

/// The head is lost before the capture point; three ACKs ask for it, and it comes.
fn resent_as_asked() -> Vec<Sample> {
    ladder(&[
        (100.0, false, ACK, 1, ASKED, b""),
        (100.0, false, PSH, HEAD_END, ASKED, b"b"),
        (100.1, false, PSH, HEAD_END + 1, ASKED, b"od"),
        (100.2, false, PSH, HEAD_END + 3, ASKED, b"y"),
        (120.0, true, ACK, ASKED, 1, b""),
        (120.1, true, ACK, ASKED, 1, b""),
        (120.2, true, ACK, ASKED, 1, b""),
        (120.3, false, ACK, 1, ASKED, HEAD),
        (140.3, true, ACK, ASKED, END, b""),
    ])
}

/// Each frame twice, the second so many milliseconds later, with one hop less to live.
fn twice(frames: Vec<Sample>, later_ms: f64) -> Vec<Sample> {
    let again = |frame: &Sample| {
        let mut again = Sample { ms: frame.ms + later_ms, ..frame.clone() };
        again.data[22] -= 1;
        again
    };
    frames.iter().flat_map(|frame| [frame.clone(), again(frame)]).collect()
}

/// Each frame twice, the second between other addresses of the link.
fn on_two_links() -> Vec<Sample> {
    let mut frames = twice(at_once(0.1), 0.05);
    for again in frames.iter_mut().skip(1).step_by(2) {
        again.data[22] += 1;
        again.data[0..6].copy_from_slice(&[2, 0, 0, 0, 0, 9]);
    }
    frames
}

/// Sets the window that a frame announces.
fn window(frame: &mut Sample, window: u16) {
    frame.data[48..50].copy_from_slice(&window.to_be_bytes());
}

/// Four full segments, which is all that the client takes at a time; it says that there is no room, and 200 ms later that
/// there is.
fn no_room() -> Vec<Sample> {
    let mut frames = in_five_segments();
    window(&mut frames[8], 0);
    let mut room = frames[8].clone();
    room.ms = 320.0;
    room.data[18..20].copy_from_slice(&99u16.to_be_bytes());
    window(&mut room, 4000);
    for later in &mut frames[9..] {
        later.ms += 200.0;
    }
    frames.insert(9, room);
    frames
}

/// The same with room for more.
fn download() -> Vec<Sample> {
    let mut frames = in_five_segments();
    for frame in &mut frames {
        window(frame, 40_000);
    }
    frames
}

/// The usual answer, which fills what the client has room for.
fn full_in_the_end() -> Vec<Sample> {
    let mut frames = at_once(0.1);
    window(frames.last_mut().unwrap(), 0);
    frames
}

/// The client gives up, and a reset has no window.
fn reset() -> Vec<Sample> {
    let mut frames = at_once(0.1);
    let last = frames.last_mut().unwrap();
    last.data[47] = (RST.0 | ACK.0) as u8;
    window(last, 0);
    frames
}

/// Four full segments, an ACK of them, and the rest.
fn in_five_segments() -> Vec<Sample> {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 4059\r\n\r\n";
    let (first, full) = ([&head[..], &[b'x'; 959]].concat(), vec![b'x'; 1000]);
    assert_eq!(first.len(), 1000);
    ladder(&[
        (100.0, false, ACK, 1, ASKED, &first),
        (100.0, false, ACK, 1001, ASKED, &full),
        (100.0, false, ACK, 2001, ASKED, &full),
        (100.0, false, ACK, 3001, ASKED, &full),
        (120.0, true, ACK, ASKED, 4001, b""),
        (120.0, false, PSH, 4001, ASKED, &full[..100]),
        (140.0, true, ACK, ASKED, 4101, b""),
    ])
}

/// A connection from opening to closing, with a request and its answer.
fn whole(port: u16, at_ms: f64) -> Vec<Sample> {
    let answer = [HEAD, b"body"].concat();
    let mut lines = after_the_beginning(&[
        (100.0, false, PSH, 1, ASKED, &answer),
        (120.0, true, FIN, ASKED, END, b""),
        (120.0, false, FIN, END, ASKED + 1, b""),
        (140.0, true, ACK, ASKED + 1, END + 1, b""),
    ]);
    lines.iter_mut().for_each(|line| line.0 += at_ms);
    frames(port, &lines)
}

fn one_after_the_other(count: u16, apart_ms: f64) -> Vec<Sample> {
    let mut frames: Vec<Sample> = (0..count).flat_map(|one| whole(40_000 + one, f64::from(one) * apart_ms)).collect();
    frames.sort_by(|a, b| a.ms.total_cmp(&b.ms));
    frames
}

/// Event streams that begin at these times and end 300 ms later.
fn streams(begin_ms: &[f64]) -> Vec<Sample> {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
    let end = 1 + head.len() as u32;
    let mut all: Vec<Sample> = (40_000..)
        .zip(begin_ms)
        .flat_map(|(port, begin_ms)| {
            let mut lines = after_the_beginning(&[
                (100.0, false, PSH, 1, ASKED, head),
                (280.0, true, FIN, ASKED, end, b""),
                (280.0, false, FIN, end, ASKED + 1, b""),
                (300.0, true, ACK, ASKED + 1, end + 1, b""),
            ]);
            lines.iter_mut().for_each(|line| line.0 += begin_ms);
            frames(port, &lines)
        })
        .collect();
    all.sort_by(|a, b| a.ms.total_cmp(&b.ms));
    all
}

/// A WebSocket on which the server says "Hello", compressed as RFC 7692 has it in section 7.2.3.1, or not.
fn websocket(compressed: bool) -> Vec<Sample> {
    if compressed {
        let hello = [0xc1, 0x07, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        return upgraded("Sec-WebSocket-Extensions: permessage-deflate\r\n", &hello, 500.0);
    }
    messages(1, 380.0)
}

/// A WebSocket on which so many messages come in one packet, so many milliseconds after the handshake.
fn messages(count: usize, after_ms: f64) -> Vec<Sample> {
    upgraded("", &[0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f].repeat(count), 120.0 + after_ms)
}

/// A WebSocket with this field in its handshake, on which the server says this at that time.
fn upgraded(extension: &str, said: &[u8], at_ms: f64) -> Vec<Sample> {
    let fields = format!("Connection: Upgrade\r\nUpgrade: websocket\r\n{extension}\r\n");
    let request = format!("GET /ws HTTP/1.1\r\n{fields}").into_bytes();
    let answer = format!("HTTP/1.1 101 Switching\r\n{fields}").into_bytes();
    let (asked, answered) = (1 + request.len() as u32, 1 + answer.len() as u32);
    let lines = [
        (100.0, true, PSH, 1, 1, request.as_slice()),
        (100.0, false, PSH, 1, asked, &answer),
        (120.0, true, ACK, asked, answered, b""),
        (at_ms, false, PSH, answered, asked, said),
        (at_ms + 20.0, true, ACK, asked, answered + said.len() as u32, b""),
    ];
    frames(40_000, &[&BEGINNING[..3], &lines].concat())
}

/// What a client sends, without its handshake and the server's packets; its last packet comes 2 s after the request.
fn one_side() -> Vec<Sample> {
    let mut lines = after_the_beginning(&[(2100.0, true, ACK, ASKED, 1, b"")]);
    lines.retain(|(at, from_client, ..)| *at >= 100.0 && *from_client);
    frames(40_000, &lines)
}

/// A connection that nobody wants.
fn refused() -> Vec<Sample> {
    frames(40_000, &[(0.0, true, SYN, 0, 0, b""), (0.0, false, RST, 0, 1, b"")])
}

/// The server says this and closes.
fn closed(said: &[u8], asked: u32) -> Vec<Sample> {
    let end = 1 + said.len() as u32;
    let all = [
        (100.0, false, PSH, 1, asked, said),
        (110.0, false, FIN, end, asked, b""),
        (130.0, true, FIN, asked, end + 1, b""),
        (130.0, false, ACK, end + 1, asked + 1, b""),
    ];
    ladder(if said.is_empty() { &all[1..] } else { &all })
}

/// The server says this, the client closes, and the server then.
fn closed_by_client(said: &[u8]) -> Vec<Sample> {
    let end = 1 + said.len() as u32;
    ladder(&[
        (100.0, false, PSH, 1, ASKED, said),
        (120.0, true, ACK, ASKED, end, b""),
        (130.0, true, FIN, ASKED, end, b""),
        (130.0, false, FIN, end, ASKED + 1, b""),
        (150.0, true, ACK, ASKED + 1, end + 1, b""),
    ])
}

/// Three connections that are closed too soon.
fn cut_short() -> Vec<Sample> {
    let later = |mut frames: Vec<Sample>, port: u16, ms: f64| {
        for frame in &mut frames {
            let client = if frame.data[34..36] == 80u16.to_be_bytes() { 36 } else { 34 };
            frame.data[client..client + 2].copy_from_slice(&port.to_be_bytes());
            frame.ms += ms;
        }
        frames
    };
    let streams = [closed(HEAD, ASKED), closed(CHUNKED_STREAM, ASKED), closed(CHUNKED_STREAM, ASKED)];
    (0..).zip(streams).flat_map(|(at, frames)| later(frames, 40_000 + at, f64::from(at) * 1000.0)).collect()
}

/// An event stream in chunks, with an event.
const CHUNKED_STREAM: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n\
    9\r\ndata: x\n\n\r\n";

/// A connection on which nobody says anything; its SYN is answered, or not.
fn silent(answered: bool) -> Vec<Sample> {
    let lines = [
        (0.0, true, SYN, 0, 0, &b""[..]),
        (0.0, false, SYN_ACK, 0, 1, b""),
        (20.0, true, ACK, 1, 1, b""),
        (500.0, true, FIN, 1, 1, b""),
        (500.0, false, FIN, 1, 2, b""),
        (520.0, true, ACK, 2, 2, b""),
    ];
    frames(40_000, if answered { &lines } else { &lines[..1] })
}

const CLIENT_HELLO: &[u8] = &[22, 3, 1, 0, 4, 1, 0, 0, 0];
const SERVER_HELLO_AND_DATA: &[u8] = &[22, 3, 3, 0, 4, 2, 0, 0, 0, 23, 3, 3, 0, 3, 7, 7, 7];

/// A connection of HTTP/2 with prior knowledge: it is set up, a stream is asked for and answered, and the stream goes on so many
/// milliseconds later, twice. Then the client says how much more it takes.
fn http2(apart_ms: f64) -> Vec<Sample> {
    let frame = |kind: u8, stream: u8, payload: &[u8]| {
        [&[0, 0, payload.len() as u8, kind, 0, 0, 0, 0, stream][..], payload].concat()
    };
    let preface = [&http2::PREFACE[..], &frame(4, 0, b"")[..]].concat();
    let (settings, headers, data) = (frame(4, 0, b""), frame(1, 1, b"\x82"), frame(0, 1, b"data: x\n\n"));
    let window_update = frame(8, 1, &[0, 0, 0, 9]);
    let (mut client, mut server) = (1, 1);
    let mut lines: Vec<Line<'_>> = BEGINNING[..3].to_vec();
    for (at, from_client, said) in [
        (100.0, true, &preface),
        (101.0, false, &settings),
        (150.0, true, &headers),
        (190.0, false, &headers),
        (191.0, false, &data),
        (190.0 + apart_ms, false, &data),
        (190.0 + 2.0 * apart_ms, false, &data),
        (210.0 + 2.0 * apart_ms, true, &window_update),
    ] {
        let (own, other) = if from_client { (&mut client, server) } else { (&mut server, client) };
        lines.push((at, from_client, PSH, *own, other, said.as_slice()));
        *own += said.len() as u32;
    }
    frames(40_000, &lines)
}

/// A record of TLS whose bytes come in packets so many milliseconds apart.
fn a_record_in_pieces(apart_ms: f64) -> Vec<Sample> {
    let asked = 1 + CLIENT_HELLO.len() as u32;
    let record = [&[23, 3, 3, 0, 40][..], &[7; 40]].concat();
    let mut lines: Vec<Line<'_>> = BEGINNING[..3].to_vec();
    lines.push((100.0, true, PSH, 1, 1, CLIENT_HELLO));
    lines.push((101.0, false, PSH, 1, asked, &SERVER_HELLO_AND_DATA[..9]));
    for (at, piece) in (0u32..).zip(record.chunks(9)) {
        lines.push((200.0 + f64::from(at) * apart_ms, false, PSH, 10 + 9 * at, asked, piece));
    }
    frames(40_000, &lines)
}

fn cases() -> Vec<Case> {
    use FindingId::*;
    use Sure::{Likely, Seen};
    vec![
        case(NagleDelayedAck, "the body waits for an ACK that comes 40 ms late, again and again", in_two_pieces(3, 60.0, 0.0))
            .says(Seen, &[5, 6, 7, 10, 11, 12, 15, 16, 17], "In all 3 exchanges (GET /slow) a small segment of the server waited until the client acknowledged the one before, and the client held that ACK back: 60 ms each, of which the delay is 40 ms (packet 7 waited for 6, the ACK of 5)."),
        case(NagleDelayedAck, "the same, once", in_two_pieces(1, 60.0, 0.0)).says(Likely, &[5, 6, 7], "In the only exchange (GET /slow) a small segment of the server waited until the client acknowledged the one before, and the client held that ACK back: 60 ms, of which the delay is 40 ms (packet 7 waited for 6, the ACK of 5)."),
        case(NagleDelayedAck, "the ACK comes at once", in_two_pieces(3, 20.0, 0.0)),
        case(NagleDelayedAck, "the ACK is late, and the body comes long after it: the program wrote late", in_two_pieces(3, 60.0, 30.0)),
        case(AckWait, "the body waits for an ACK that comes at once", in_two_pieces(3, 20.0, 0.0)).says(Seen, &[5, 6, 7, 10, 11, 12, 15, 16, 17], "In all 3 exchanges (GET /slow) a small segment of the server waited until the client acknowledged the one before, which it did without delay: 20 ms each (packet 7 waited for 6, the ACK of 5)."),
        case(AckWait, "once", in_two_pieces(1, 20.0, 0.0)).says(Likely, &[5, 6, 7], "In the only exchange (GET /slow) a small segment of the server waited until the client acknowledged the one before, which it did without delay: 20 ms (packet 7 waited for 6, the ACK of 5)."),
        case(AckWait, "the body leaves without waiting", at_once(0.1)),
        case(AckWait, "an ACK within microseconds, as on one machine, comes before the second write anyway", in_two_pieces(5, 0.02, 0.01)),
        case(AckWait, "the program writes the body long after the ACK", in_two_pieces(3, 20.0, 30.0)),
        case(SegmentationOffload, "4,000 bytes in one packet, where the client takes 1,000", in_one_packet(1000)).says(Seen, &[5], "1 packet is larger than the other side takes in one segment: captured before a network card cut it, or after it put it together. On the wire it was 4 packets, with 162 bytes of headers more."),
        case(SegmentationOffload, "where it takes as many", in_one_packet(4000)),
        case(SegmentationOffload, "where nobody saw how many it takes", in_one_packet(1000).split_off(3)),
        case(TruncatedPackets, "60 bytes of each frame", cut(60)).says(Seen, &[4, 5], "Only the beginning of 2 of 7 frames was kept: packets and bytes are counted in full, and what the missing bytes say is not known."),
        case(TruncatedPackets, "as many bytes as the longest frame has", cut(100)),
        case(JoinedMidway, "without the handshake", from(3)).says(Seen, &[1], "The beginning of the only connection is not in the capture: what it cost until then is not known. By what was captured: 1 HTTP."),
        case(JoinedMidway, "the SYN was not captured, and its answer was", from(1)),
        case(Encrypted, "TLS records", said(CLIENT_HELLO, SERVER_HELLO_AND_DATA)).says(Seen, &[5], "The only connection is encrypted (TLS): 26 bytes in 1 record of application data, in 1 burst from the server. What they say is not known, and no updates are claimed."),
        case(Encrypted, "bytes of which nothing is known", said(b"\x80\x01\x02\x03\x04\x05\x06\x07", b"\x81\x01\x02")),
        case(Encrypted, "a record in five packets 15 ms apart: less than a round trip", a_record_in_pieces(15.0)).says(Seen, &[6], "The only connection is encrypted (TLS): 63 bytes in 1 record of application data, in 1 burst from the server. What they say is not known, and no updates are claimed."),
        case(Encrypted, "the same 25 ms apart", a_record_in_pieces(25.0)).says(Seen, &[6, 7, 8, 9, 10], "The only connection is encrypted (TLS): 63 bytes in 1 record of application data, in 5 bursts from the server (25 ms apart on average). What they say is not known, and no updates are claimed."),
        case(Encrypted, "HTTP/2 without TLS", http2(300.0)),
        case(Http2, "one stream, of which something comes again and again", http2(300.0)).says(Seen, &[6, 7, 9, 10], "The only connection speaks HTTP/2: 129 bytes, on 1 stream, in 3 bursts from the server (300 ms apart on average) and 1 burst from the client. What they say is not read, and no updates are claimed."),
        case(Http2, "the same within a round trip", http2(15.0)).says(Seen, &[6, 7], "The only connection speaks HTTP/2: 129 bytes, on 1 stream, in 1 burst from the server and 1 burst from the client. What they say is not read, and no updates are claimed."),
        case(Http2, "TLS, within which HTTP/2 may be spoken", said(CLIENT_HELLO, SERVER_HELLO_AND_DATA)),
        case(Http2, "an answer over HTTP/1.1", at_once(0.1)),
        case(OtherTransport, "a datagram to the port of QUIC that is none", with_datagrams(b"who is it", 1)).says(Seen, &[4], "1 of 8 frames carries no TCP and is not counted: 1 frame of UDP with 51 bytes."),
        case(OtherTransport, "the beginning of a connection over QUIC", with_datagrams(&quic_initial(), 2)).says(Seen, &[4, 5], "2 of 9 frames carry no TCP and are not counted: 2 frames of QUIC with 2484 bytes."),
        case(OtherTransport, "a frame whose IP packet is TCP", at_once(0.1)),
        case(SplitAnswer, "head and body right behind each other", at_once(0.1)).says(Seen, &[5, 6], "In the only exchange (GET /slow) the server sent in several segments what would have fitted in fewer: 1 packet and 54 bytes of headers more, ACKs of them not counted (packets 5 and 6 are the first)."),
        case(SplitAnswer, "head and body in one", said(REQUEST, &[HEAD, b"body"].concat())),
        case(SplitAnswer, "the body is written 50 ms after the head", at_once(50.0)),
        case(SplitAnswer, "more than a segment holds", in_one_packet_and_a_bit()),
        case(SplitAnswer, "an answer of whose head the capture kept the beginning", cut(80)),
        case(SplitAnswer, "another line of a server that may say something by itself", two_lines(1.3)),
        case(SplitAnswer, "a compressed event stream with an event 1 ms after another", compressed_events(&[1, 1, 1], 1.0)),
        case(QuickAck, "an ACK at once, and the answer 5 ms later", acknowledged(0.0, 5.0)).says(Seen, &[4, 5, 6], "In the only exchange (GET /slow) the server acknowledged what it was asked with a packet of its own, and answered later, after 5 ms: 1 packet and 54 bytes more, before the first answer of its connection (packet 5 acknowledges 4, 6 answers it)."),
        case(QuickAck, "an ACK at once, and the answer when a timer would have ended", acknowledged(0.0, 90.0)),
        case(QuickAck, "the ACK goes with the answer", at_once(0.1)),
        case(QuickAck, "bytes of which nobody knows whether they answer", acknowledged_bytes()),
        case(DelayedAck, "the answer is acknowledged 40 ms late", acknowledged(0.0, 5.0)[..5].iter().cloned().chain(late_ack(40.0)).collect())
            .says(Likely, &[6, 7], "In the only exchange (GET /slow) the client acknowledged with a packet of its own and 54 bytes, later than the way takes: 40 ms (packet 7)."),
        case(DelayedAck, "on a way that takes as long", acknowledged(0.0, 5.0)),
        case(EventsTogether, "five events in one packet after 2 s", events(&[&[1], &[1, 1, 1, 1, 1]], 2000.0)).says(Likely, &[9], "5 messages came in one packet (9), after 2 s in which nobody had sent anything."),
        case(EventsTogether, "three events, and the beginning of a fourth", events_cut(4)).says(Likely, &[9], "3 messages came in one packet (9), after 2 s in which nobody had sent anything."),
        case(EventsTogether, "two events, and the beginning of a third", events_cut(3)),
        case(EventsTogether, "four compressed events in one packet after 2 s", compressed_events(&[1, 4], 2000.0)).says(Likely, &[9], "4 messages came in one packet (9), after 2 s in which nobody had sent anything."),
        case(EventsTogether, "four events in Zstandard in one packet after 2 s", zstd_events(&[1, 4], 2000.0)).says(Likely, &[9], "4 messages came in one packet (9), after 2 s in which nobody had sent anything."),
        case(EventsTogether, "an event in Zstandard a packet", zstd_events(&[1, 1, 1], 2000.0)),
        case(EventsTogether, "a compressed event a packet", compressed_events(&[1, 1, 1], 2000.0)),
        case(EventsTogether, "four messages of a WebSocket in one packet after 2 s", messages(4, 2000.0)).says(Likely, &[7], "4 messages came in one packet (7), after 2.02 s in which nobody had sent anything."),
        case(EventsTogether, "two messages of a WebSocket", messages(2, 2000.0)),
        case(EventsTogether, "an event a packet", events(&[&[1], &[1], &[1]], 2000.0)),
        case(EventsTogether, "five events in one packet right behind another", events(&[&[1], &[1, 1, 1, 1, 1]], 50.0)),
        case(SlowServer, "the answer begins after 400 ms", answered_after(400.0)).says(Likely, &[4, 5], "In the only exchange (GET /slow) the server had what it was asked, and had not begun to answer for 400 ms (packet 5 answers 4)."),
        case(SlowServer, "after 50 ms", answered_after(50.0)),
        case(SlowServer, "the rest comes after 400 ms", at_once(400.0)),
        case(SlowSender, "the body is written 400 ms after the head", at_once(400.0)).says(Likely, &[5, 6], "In the only exchange (GET /slow) the server had begun its answer and did not go on for 400 ms (between packets 5 and 6)."),
        case(SlowSender, "the whole answer is", answered_after(400.0)),
        case(SlowSender, "a server of lines says something by itself", two_lines(400.0)),
        case(SlowSender, "a compressed event stream, which pauses between events", compressed_events(&[1, 1, 1, 1], 400.0)),
        case(SlowSender, "the body waits 400 ms for an ACK", in_two_pieces(1, 400.0, 0.0)),
        case(Loss, "the body comes again after 300 ms", resent(300.0)).says(Seen, &[7], "In the only exchange (GET /slow) 1 packet of 58 bytes was sent again: after a pause, as a time-out makes it. One exchange waited for that: 300 ms."),
        case(Loss, "the head comes late, when two more ACKs have asked for it", resent_as_asked()).says(Seen, &[12], "In the only exchange (GET /slow) 1 packet of 92 bytes was sent again: since duplicate ACKs asked for them. One exchange waited for that: 20.3 ms."),
        case(Loss, "each packet is recorded twice", twice(at_once(0.1), 0.05)),
        case(Loss, "nothing comes again", at_once(300.0)),
        case(CapturedTwice, "each packet is recorded twice", twice(at_once(0.1), 0.05)).says(Seen, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14], "7 of 14 packets are the second record of a packet: 459 bytes are counted twice."),
        case(CapturedTwice, "on two links: addresses differ, and the time to live does not", on_two_links()).says(Seen, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14], "7 of 14 packets are the second record of a packet: 459 bytes are counted twice."),
        case(CapturedTwice, "each packet again, 5 ms later", twice(at_once(0.1), 5.0)),
        case(CapturedTwice, "the body comes again with an identification of its own", resent(0.5)),
        case(CapturedTwice, "the same, 300 ms later", resent(300.0)),
        case(WindowLimited, "the client says that it has no room, and later that it has", no_room()).says(Seen, &[8, 9, 10, 11], "In the only exchange (GET /slow) the client had no room for more: 1 packet said that there was no room and the server waited 220 ms for room, in 1 pause (220 ms at most: packet 11 behind 8, when 10 made room)."),
        case(WindowLimited, "four segments are all that fits in the window", in_five_segments()).says(Seen, &[8, 9, 10], "In the only exchange (GET /slow) the client had no room for more: the server waited 20 ms for room, in 1 pause (20 ms at most: packet 10 behind 8, when 9 made room)."),
        case(WindowLimited, "the client says that it has no room, and nobody has more to say", full_in_the_end()).says(Seen, &[7], "In the only exchange (GET /slow) the client had no room for more: 1 packet said that there was no room."),
        case(WindowLimited, "a download that waits for ACKs with room left", download()),
        case(WindowLimited, "the window of a reset", reset()),
        case(ConnectionPerRequest, "five connections with a request each", one_after_the_other(5, 1000.0)).says(Seen, &[9, 10, 11, 14, 15, 16, 17, 18, 19, 22, 23, 24, 25, 26, 27, 30, 31, 32, 33, 34, 35, 38, 39, 40], "4 of 5 requests came on connections of their own, each opened after one before it had been closed: handshakes and closes of these are 24 packets and 1328 bytes, and 80 ms of waiting."),
        case(ConnectionPerRequest, "five connections side by side", one_after_the_other(5, 1.0)),
        case(ConnectionPerRequest, "five requests on one connection", in_two_pieces(5, 20.0, 0.0)),
        case(Reconnects, "a stream is opened again, 3 s after it ended", streams(&[0.0, 3300.0])).says(Likely, &[12, 13], "A stream was opened again once by the same address (GET /slow), 3 s after the one before had ended."),
        case(Reconnects, "two streams at a time", streams(&[0.0, 10.0])),
        case(Compressed, "a compressed message", websocket(true)).says(Seen, &[7], "1 message was compressed: 7 bytes on the wire for 5 bytes of content."),
        case(Compressed, "one that is not", websocket(false)),
        case(Compressed, "an answer in gzip", coded("gzip", TWELVE)).says(Seen, &[5], "In the only exchange (GET /slow) the content of the answer was compressed: 23 bytes on the wire for 12 bytes of content."),
        case(Compressed, "an answer that says it is not", coded("identity", TWELVE)),
        case(Compressed, "an answer in a coding that nobody knows", coded("x-own", TWELVE)),
        case(Compressed, "an answer in Brotli", coded("br", TWELVE)).says(Seen, &[5], "In the only exchange (GET /slow) the content of the answer was compressed, and 23 bytes of it on the wire cannot be read: how large it is without that is not known."),
        case(Compressed, "no gzip, though the head says so", coded("gzip", b"hello")).says(Seen, &[5], "In the only exchange (GET /slow) the content of the answer was compressed, and 5 bytes of it on the wire cannot be read: how large it is without that is not known."),
        case(Compressed, "an event stream in gzip, which goes on", compressed_events(&[1, 4], 2000.0)).says(Seen, &[7, 9], "In the only exchange (GET /slow) the content of the answer was compressed: 65 bytes on the wire for 45 bytes of content."),
        case(Compressed, "an event stream in Zstandard, which goes on", zstd_events(&[1, 4], 2000.0)).says(Seen, &[7, 9], "In the only exchange (GET /slow) the content of the answer was compressed: 57 bytes on the wire for 45 bytes of content."),
        case(ShortBody, "the server closes after the head", closed(HEAD, ASKED)).says(Seen, &[6], "On the only connection the server closed before the announced end of an answer: 4 bytes that were announced did not come."),
        case(ShortBody, "the client closes before the end of a stream, and the server then", closed_by_client(CHUNKED_STREAM)),
        case(ShortBody, "the server closes in the middle of a stream", closed(CHUNKED_STREAM, ASKED)).says(Seen, &[6], "On the only connection the server closed before the announced end of an answer: the last chunk did not come."),
        case(ShortBody, "of one the rest, of two the last chunk", cut_short()).says(Seen, &[6, 14, 22], "On all 3 connections the server closed before the announced end of an answer: 4 bytes that were announced and the last chunk of 2 answers did not come."),
        case(ShortBody, "a stream that ends with its last chunk", closed(&[CHUNKED_STREAM, b"0\r\n\r\n"].concat(), ASKED)),
        case(ShortBody, "an answer without a length ends with its connection", closed(b"HTTP/1.1 200 OK\r\n\r\nbo", ASKED)),
        case(NoAnswer, "the server closes without a word", closed(b"", ASKED)).says(Seen, &[4], "The only request is without an answer, GET /slow: the capture goes on for 30 ms."),
        case(NoAnswer, "only the client's packets were captured", one_side()).says(Likely, &[1], "The only request is without an answer, GET /slow: the capture goes on for 2 s."),
        case(NoAnswer, "the answer comes after all", answered_after(3000.0)),
        case(NoAnswer, "the capture ends with the request", frames(40_000, &BEGINNING)),
        case(NoAnswer, "a short answer is one", closed(HEAD, ASKED)),
        case(SilentConnection, "a handshake and a close", silent(true)).says(Seen, &[1, 2, 3, 4, 5, 6], "On the only connection nothing was said: 6 packets and 332 bytes for opening and closing."),
        case(SilentConnection, "a SYN that is not answered", silent(false)),
        case(SilentConnection, "a SYN that is answered with a reset", refused()),
        case(SilentConnection, "a request without an answer", closed(b"", ASKED)),
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
