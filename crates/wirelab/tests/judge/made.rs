//! Conversations that no run of the lab has: content that was compressed, bodies that end too soon, TLS and HTTP/2, readers
//! without room. Made up from a seed, with a server, a client and a way between them that are as simple as can be.

use std::io::Write;

use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use flate2::{Compress, Compression, FlushCompress};
use wirelab_capture::{LinkType, Settings, Writer};
use wirelab_dissect::build::{Tcp, endpoint};
use wirelab_dissect::tcp::Flags;

use super::Chance;
use super::streams::PREFACE;

/// A capture at the server's end, of which the seed decides what it is.
pub fn capture(seed: u64) -> Vec<u8> {
    let mut chance = Chance(seed.wrapping_mul(0x2545_f491_4f6c_dd1d));
    let mut frames: Vec<(u64, Vec<u8>)> = Vec::new();
    for client in 0..1 + chance.below(3) {
        let script = script(&mut chance);
        frames
            .extend(Ends::new(40_000 + client as u16, chance.below(400) * MS, &mut chance).play(&script, &mut chance));
    }
    frames.sort_by_key(|(ns, _)| *ns);
    let mut file = Vec::new();
    let mut writer = Writer::with(&mut file, Settings::new(LinkType::ETHERNET)).expect("a header");
    for (ns, frame) in &frames {
        writer.write(1_600_000_000_000_000_000 + ns / 1000 * 1000, frame.len() as u32, frame).expect("a record");
    }
    writer.finish().expect("an end");
    file
}

const MS: u64 = 1_000_000;
const MSS: usize = 1000;

/// What is written: how long after what came before, by whom, and what.
struct Script {
    writes: Vec<(u64, bool, Vec<u8>)>,
    /// Whether the server closes in the end, and with which window the client begins.
    closes: bool,
}

fn pause(chance: &mut Chance) -> u64 {
    [20_000, 2 * MS, 8 * MS, 15 * MS, 26 * MS, 60 * MS, 150 * MS, 400 * MS, 2000 * MS][chance.below(9) as usize]
}

fn script(chance: &mut Chance) -> Script {
    let kind = chance.below(6);
    let mut writes = Vec::new();
    match kind {
        0 | 1 => event_stream(chance, &mut writes),
        2 => websocket(chance, &mut writes),
        3 => answers(chance, &mut writes),
        4 => records(chance, &mut writes),
        _ => http2(chance, &mut writes),
    }
    Script { writes, closes: chance.below(2) == 0 }
}

const REQUEST: &[u8] = b"GET /made HTTP/1.1\r\nHost: a\r\n\r\n";

/// Some words that repeat, and some that do not.
fn words(chance: &mut Chance, count: u64) -> String {
    (0..count).map(|_| format!("{} ", ["price", "of", "42", "sensor", "ok"][chance.below(5) as usize])).collect()
}

/// Compresses pieces, each of which can be read with its last byte.
fn compressed(coding: &str, pieces: &[Vec<u8>]) -> Vec<Vec<u8>> {
    fn each<W: Write>(mut writer: W, pieces: &[Vec<u8>], mut take: impl FnMut(&mut W) -> Vec<u8>) -> Vec<Vec<u8>> {
        let of = |piece: &Vec<u8>| {
            writer.write_all(piece).expect("memory");
            writer.flush().expect("memory");
            take(&mut writer)
        };
        pieces.iter().map(of).collect()
    }
    let level = Compression::default();
    match coding {
        "gzip" => each(GzEncoder::new(Vec::new(), level), pieces, |writer| std::mem::take(writer.get_mut())),
        "deflate" => each(ZlibEncoder::new(Vec::new(), level), pieces, |writer| std::mem::take(writer.get_mut())),
        "bare" => each(DeflateEncoder::new(Vec::new(), level), pieces, |writer| std::mem::take(writer.get_mut())),
        // A frame with a block for each that says its bytes as they are (RFC 8878).
        "zstd" => {
            let block = |piece: &Vec<u8>| [&(piece.len() as u32 * 8).to_le_bytes()[..3], piece].concat();
            let mut all: Vec<Vec<u8>> = pieces.iter().map(block).collect();
            all[0].splice(..0, [0x28, 0xb5, 0x2f, 0xfd, 0, 0x58]);
            all
        }
        _ => pieces.to_vec(),
    }
}

fn coding(chance: &mut Chance) -> (&'static str, String) {
    let coding = chance.one_of(&["", "", "gzip", "deflate", "bare", "zstd", "br"]);
    let field = match coding {
        "" => String::new(),
        "bare" => "Content-Encoding: deflate\r\n".to_owned(),
        other => format!("Content-Encoding: {other}\r\n"),
    };
    (coding, field)
}

fn event_stream(chance: &mut Chance, writes: &mut Vec<(u64, bool, Vec<u8>)>) {
    let (coding, field) = coding(chance);
    let is_chunked = chance.below(2) == 0;
    let chunked = if is_chunked { "Transfer-Encoding: chunked\r\n" } else { "" };
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{field}{chunked}\r\n");
    writes.push((pause(chance), true, REQUEST.to_vec()));
    writes.push((pause(chance), false, head.into_bytes()));
    let end = chance.one_of(&["\n", "\r\n"]);
    let pieces: Vec<Vec<u8>> = (0..1 + chance.below(12))
        .map(|_| {
            let events = (0..1 + chance.below(6)).map(|_| match chance.below(8) {
                0 => format!(": nothing to say{end}{end}"),
                1 => format!("event: named{end}data: {}{end}{end}", words(chance, 3)),
                _ => {
                    let count = chance.below(20);
                    format!("data: {}{end}{end}", words(chance, count))
                }
            });
            events.collect::<String>().into_bytes()
        })
        .collect();
    for piece in compressed(coding, &pieces) {
        let wire =
            if is_chunked { [format!("{:x}\r\n", piece.len()).as_bytes(), &piece, b"\r\n"].concat() } else { piece };
        // Sometimes cut anywhere: an event goes on in the next packet.
        let at = if chance.below(3) == 0 { chance.below(wire.len() as u64) as usize } else { 0 };
        if at > 0 {
            writes.push((pause(chance), false, wire[..at].to_vec()));
        }
        writes.push((pause(chance), false, wire[at..].to_vec()));
    }
    if is_chunked && chance.below(2) == 0 {
        writes.push((pause(chance), false, b"0\r\n\r\n".to_vec()));
    }
}

fn websocket(chance: &mut Chance, writes: &mut Vec<(u64, bool, Vec<u8>)>) {
    let is_compressed = chance.below(2) == 0;
    let takes_over = chance.below(2) == 0;
    let extension = match (is_compressed, takes_over) {
        (false, _) => "",
        (_, true) => "Sec-WebSocket-Extensions: permessage-deflate\r\n",
        _ => "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n",
    };
    let upgrade = format!("Connection: Upgrade\r\nUpgrade: websocket\r\n{extension}\r\n");
    writes.push((pause(chance), true, format!("GET /ws HTTP/1.1\r\n{upgrade}").into_bytes()));
    writes.push((pause(chance), false, format!("HTTP/1.1 101 Go on\r\n{upgrade}").into_bytes()));
    let mut compress = [Compress::new(Compression::default(), false), Compress::new(Compression::default(), false)];
    for _ in 0..1 + chance.below(10) {
        let from_client = chance.below(4) == 0;
        let mut write = Vec::new();
        for _ in 0..1 + chance.below(5) {
            let count = 1 + chance.below(20);
            let text = words(chance, count);
            let deflate = is_compressed && chance.below(4) > 0;
            let mut payload = text.into_bytes();
            if deflate {
                let compress = &mut compress[usize::from(from_client)];
                let mut out = Vec::with_capacity(1000);
                compress.compress_vec(&payload, &mut out, FlushCompress::Sync).expect("room");
                out.truncate(out.len() - 4);
                if !takes_over {
                    compress.reset();
                }
                payload = out;
            }
            write.push(0x81 | if deflate { 0x40 } else { 0 });
            let mask = if from_client { 0x80 } else { 0 };
            match payload.len() {
                len @ 0..126 => write.push(mask | len as u8),
                len => write.extend([&[mask | 126][..], &(len as u16).to_be_bytes()].concat()),
            }
            if from_client {
                write.extend([7, 7, 7, 7]);
                payload.iter_mut().for_each(|byte| *byte ^= 7);
            }
            write.extend(payload);
        }
        writes.push((pause(chance), from_client, write));
    }
}

fn answers(chance: &mut Chance, writes: &mut Vec<(u64, bool, Vec<u8>)>) {
    for _ in 0..1 + chance.below(4) {
        let (coding, field) = coding(chance);
        let count = 1 + chance.below(1500);
        let content = compressed(coding, &[words(chance, count).into_bytes()]).concat();
        writes.push((pause(chance), true, REQUEST.to_vec()));
        let is_chunked = chance.below(2) == 0;
        let mut answer = format!("HTTP/1.1 200 OK\r\n{field}").into_bytes();
        if is_chunked {
            answer.extend(b"Transfer-Encoding: chunked\r\n\r\n");
            for piece in content.chunks(500) {
                answer.extend([format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat());
            }
            answer.extend(b"0\r\n\r\n");
        } else {
            answer.extend(format!("Content-Length: {}\r\n\r\n", content.len()).as_bytes());
            answer.extend(content);
        }
        // The program fails on the way.
        if chance.below(4) == 0 {
            let head = answer.windows(4).position(|end| end == b"\r\n\r\n").expect("a head") + 4;
            answer.truncate(head + chance.below((answer.len() - head) as u64) as usize);
            writes.push((pause(chance), false, answer));
            return;
        }
        writes.push((pause(chance), false, answer));
    }
}

fn records(chance: &mut Chance, writes: &mut Vec<(u64, bool, Vec<u8>)>) {
    let record = |kind: u8, len: u64| [&[kind, 3, 3][..], &(len as u16).to_be_bytes(), &vec![7; len as usize]].concat();
    let hello = |kind: u8| [&[22, 3, 3, 0, 4][..], &[kind, 0, 0, 0]].concat();
    writes.push((pause(chance), true, hello(1)));
    writes.push((pause(chance), false, hello(2)));
    for _ in 0..1 + chance.below(12) {
        let kind = chance.one_of(&[23, 23, 23, 23, 21, 20]);
        let most = if chance.below(4) == 0 { 5000 } else { 200 };
        let len = 1 + chance.below(most);
        let bytes = record(kind, len);
        let from_client = chance.below(4) == 0;
        let cut = if chance.below(3) == 0 { chance.below(bytes.len() as u64) as usize } else { 0 };
        if cut > 0 {
            writes.push((pause(chance), from_client, bytes[..cut].to_vec()));
        }
        writes.push((pause(chance), from_client, bytes[cut..].to_vec()));
    }
}

fn http2(chance: &mut Chance, writes: &mut Vec<(u64, bool, Vec<u8>)>) {
    let frame = |kind: u8, stream: u8, len: u64| {
        [&(len as u32).to_be_bytes()[1..], &[kind, 0, 0, 0, 0, stream], &vec![7; len as usize]].concat()
    };
    writes.push((pause(chance), true, [PREFACE, &frame(4, 0, 6)].concat()));
    writes.push((pause(chance), false, frame(4, 0, 6)));
    let mut opened: u8 = 0;
    for _ in 0..1 + chance.below(15) {
        let from_client = chance.below(3) == 0;
        let mut write = Vec::new();
        for _ in 0..1 + chance.below(3) {
            let kind = chance.one_of(&[0, 0, 0, 1, 1, 3, 8, 4, 6, 2]);
            // Streams are opened one after the other (section 5.1.1).
            let stream = match kind {
                4 | 6 => 0,
                1 if from_client && chance.below(2) == 0 => 1 + 2 * opened,
                _ => (2 * opened).saturating_sub(1).max(1),
            };
            opened = opened.max(stream.div_ceil(2));
            let most = if chance.below(4) == 0 { 4000 } else { 100 };
            let len = chance.below(most);
            write.extend(frame(kind, stream, len));
        }
        writes.push((pause(chance), from_client, write));
    }
}

/// Two ends at work.
struct Ends {
    port: u16,
    now_ns: u64,
    rtt_ns: u64,
    /// The window that the client announces, and whether it has none at times.
    window: u16,
    stalls: bool,
    next: [u32; 2],
    frames: Vec<(u64, Vec<u8>)>,
}

impl Ends {
    fn new(port: u16, now_ns: u64, chance: &mut Chance) -> Ends {
        let window = chance.one_of(&[60_000, 60_000, 4000, 2500, 1000]);
        let rtt_ns = chance.one_of(&[0, 1, 25, 60]) * MS + 1000;
        let stalls = chance.below(4) == 0;
        Ends { port, now_ns, rtt_ns, window, stalls, next: [100, 200], frames: Vec::new() }
    }

    fn send(&mut self, ns: u64, from_client: bool, flags: Flags, window: u16, payload: &[u8]) {
        let ends = [endpoint(&format!("10.0.0.2:{}", self.port)), endpoint("10.0.0.1:80")];
        let (own, other) = if from_client { (0, 1) } else { (1, 0) };
        let options: &[u8] = if flags.syn() { &[2, 4, 3, 0xe8] } else { &[] };
        let ack = if flags.ack() { self.next[other] } else { 0 };
        let tcp = Tcp { seq: self.next[own], ack, flags, window, options, payload, ..Tcp::new(ends[own], ends[other]) };
        self.next[own] = tcp.next_seq();
        let mut frame = tcp.frame();
        frame[18..20].copy_from_slice(&(self.frames.len() as u16).to_be_bytes());
        self.frames.push((ns, frame));
    }

    /// Plays what is written: each side writes when the other has what it wrote before.
    fn play(mut self, script: &Script, chance: &mut Chance) -> Vec<(u64, Vec<u8>)> {
        self.send(self.now_ns, true, Flags::SYN, self.window, b"");
        self.send(self.now_ns, false, Flags::SYN | Flags::ACK, 60_000, b"");
        self.now_ns += self.rtt_ns;
        self.send(self.now_ns, true, Flags::ACK, self.window, b"");
        for (pause_ns, from_client, bytes) in &script.writes {
            self.now_ns += pause_ns;
            if *from_client {
                for segment in bytes.chunks(MSS) {
                    self.send(self.now_ns, true, Flags::PSH | Flags::ACK, self.window, segment);
                }
                self.send(self.now_ns, false, Flags::ACK, 60_000, b"");
                continue;
            }
            let mut rest = bytes.as_slice();
            while !rest.is_empty() {
                let flight = rest.len().min(usize::from(self.window));
                for segment in rest[..flight].chunks(MSS) {
                    self.send(self.now_ns, false, Flags::PSH | Flags::ACK, 60_000, segment);
                }
                rest = &rest[flight..];
                self.now_ns += self.rtt_ns;
                if self.stalls && flight == usize::from(self.window) {
                    self.send(self.now_ns, true, Flags::ACK, 0, b"");
                    self.now_ns += pause(chance);
                }
                self.send(self.now_ns, true, Flags::ACK, self.window, b"");
            }
        }
        if script.closes {
            self.now_ns += pause(chance);
            self.send(self.now_ns, false, Flags::FIN | Flags::ACK, 60_000, b"");
            self.now_ns += self.rtt_ns;
            self.send(self.now_ns, true, Flags::FIN | Flags::ACK, self.window, b"");
            self.send(self.now_ns, false, Flags::ACK, 60_000, b"");
        }
        self.frames
    }
}
