//! Captures made by hand, for tests: a client, a server, and what they say to one another.

use wirelab_analyze::model::{Analysis, Capture};
use wirelab_analyze::{Analyzer, Settings};
use wirelab_capture::{Frame, LinkType};
use wirelab_catalog::App;
use wirelab_catalog::grammar::{ANYTHING, Grammar, TIME};
use wirelab_dissect::build::Tcp;
use wirelab_dissect::packet::Endpoint;
use wirelab_dissect::tcp::Flags;

use crate::bytes::CaptureBytes;
use crate::report::Report;
use crate::run_info::{
    AnswerWrites, CaptureInfo, RUN_SCHEMA, RunInfo, RunOptions, StampedAt, StepInfo, WireInfo, WireMake,
};

/// A capture in the making: frames of one client and one server.
pub struct Film {
    frames: Vec<(u64, Vec<u8>)>,
    now_ms: u64,
    connections: Vec<Connection>,
}

/// A connection: the client and the server, and the number of the next byte of each.
struct Connection {
    ends: [Endpoint; 2],
    seq: [u32; 2],
}

impl Film {
    pub fn new() -> Film {
        Film { frames: Vec::new(), now_ms: 0, connections: Vec::new() }
    }

    /// Lets time pass.
    pub fn wait(mut self, ms: u64) -> Film {
        self.now_ms += ms;
        self
    }

    /// A three-way handshake of a new connection; its index is the number of connections before it.
    pub fn connect(mut self) -> Film {
        let at = self.connections.len();
        let client = Endpoint { addr: [10, 0, 0, 2].into(), port: 40_000 + at as u16 };
        let server = Endpoint { addr: [10, 0, 0, 1].into(), port: 8000 };
        self.connections.push(Connection { ends: [client, server], seq: [1_000, 5_000] });
        self.packet(at, CLIENT, Flags::SYN, b"").packet(at, SERVER, Flags::SYN | Flags::ACK, b"").wait(25).packet(
            at,
            CLIENT,
            Flags::ACK,
            b"",
        )
    }

    pub fn client(self, at: usize, data: &[u8]) -> Film {
        self.packet(at, CLIENT, Flags::PSH | Flags::ACK, data)
    }

    pub fn server(self, at: usize, data: &[u8]) -> Film {
        self.packet(at, SERVER, Flags::PSH | Flags::ACK, data)
    }

    pub fn client_ack(self, at: usize) -> Film {
        self.wait(25).packet(at, CLIENT, Flags::ACK, b"")
    }

    pub fn server_ack(self, at: usize) -> Film {
        self.packet(at, SERVER, Flags::ACK, b"")
    }

    /// The last packet once more.
    pub fn again(mut self) -> Film {
        let (_, data) = self.frames.last().cloned().unwrap_or_default();
        self.frames.push((START_NS + self.now_ms * 1_000_000, data));
        self
    }

    /// Padding behind the last packet.
    pub fn padded(mut self, bytes: usize) -> Film {
        if let Some((_, data)) = self.frames.last_mut() {
            data.extend(vec![0; bytes]);
        }
        self
    }

    /// The same without the packets of the server that only acknowledge.
    pub fn without_lone_acks(mut self) -> Film {
        self.frames.retain(|(_, data)| data.get(34..36) != Some(&8000u16.to_be_bytes()) || data.len() > 66);
        self
    }

    /// Padding behind every packet.
    pub fn all_padded(mut self, bytes: usize) -> Film {
        self.frames.iter_mut().for_each(|(_, data)| data.extend(vec![0; bytes]));
        self
    }

    /// Client's FIN, server's FIN with its ACK, client's ACK.
    pub fn close(self, at: usize) -> Film {
        self.packet(at, CLIENT, Flags::FIN | Flags::ACK, b"")
            .packet(at, SERVER, Flags::FIN | Flags::ACK, b"")
            .wait(25)
            .packet(at, CLIENT, Flags::ACK, b"")
    }

    fn packet(mut self, at: usize, side: usize, flags: Flags, payload: &[u8]) -> Film {
        let Connection { ends, seq } = &mut self.connections[at];
        let other = 1 - side;
        let options: &[u8] = if flags.syn() {
            // MSS, SACK permitted, timestamps, no-operation, window scale.
            &[2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 7]
        } else {
            &[1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0]
        };
        let ack = if flags.ack() { seq[other] } else { 0 };
        let tcp = Tcp { seq: seq[side], ack, flags, options, payload, ..Tcp::new(ends[side], ends[other]) };
        seq[side] = tcp.next_seq();
        self.frames.push((START_NS + self.now_ms * 1_000_000, tcp.frame()));
        self
    }

    /// The capture and its frames.
    pub fn develop(self, name: &str) -> (Capture, CaptureBytes) {
        self.develop_with(name, 100_000)
    }

    /// The same, with at most so many frames and packets kept.
    pub fn develop_with(self, name: &str, keep: usize) -> (Capture, CaptureBytes) {
        let mut analyzer = Analyzer::new(Settings { keep_packets: keep, ..Settings::default() });
        let mut bytes = CaptureBytes::new(keep, usize::MAX);
        for (at, (time_ns, data)) in self.frames.iter().enumerate() {
            let frame = Frame {
                number: at as u64 + 1,
                time_ns: *time_ns,
                wire_len: data.len() as u32,
                data,
                link: LinkType::ETHERNET,
                file_offset: 0,
            };
            analyzer.frame(&frame);
            bytes.push(&frame);
        }
        (analyzer.finish(name, Some(&format!("{name}.pcap")), "pcap"), bytes)
    }
}

/// Text of a length that says nothing.
fn filler(len: usize) -> String {
    "x".repeat(len)
}

/// A request of exactly `len` bytes.
fn request(line: &str, extra: &str, len: usize) -> Vec<u8> {
    let head = format!("{line} HTTP/1.1\r\nHost: 10.0.0.1:8000\r\n{extra}User-Agent: ");
    format!("{head}{}\r\n\r\n", filler(len - head.len() - 4)).into_bytes()
}

/// A response's head of exactly `len` bytes.
fn head(status: &str, fields: &str, len: usize) -> Vec<u8> {
    let start = format!("HTTP/1.1 {status}\r\n{fields}X: ");
    format!("{start}{}\r\n\r\n", filler(len - start.len() - 4)).into_bytes()
}

/// A page of exactly `len` bytes with the time in it.
fn page(app: App, time: &str, len: usize) -> Vec<u8> {
    let Grammar::Http { page, .. } = app.descriptor().grammar else { panic!("{app} has no page") };
    let script = page.rsplit_once(TIME).unwrap_or_default().1.replace(ANYTHING, "");
    let start = format!("<!DOCTYPE html>\n<p>Server time: <time>{time}{script}\n");
    format!("{start}{}\n", filler(len - start.len() - 1)).into_bytes()
}

/// How a server answers: in two writes with Nagle's algorithm on, or in one with a quick ACK at the start.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Era {
    /// As in 2021.
    Then,
    /// As a present-day server.
    Now,
}

fn answer(film: Film, era: Era, at: usize, head: Vec<u8>, body: Vec<u8>, first: bool) -> Film {
    match era {
        Era::Then => {
            let film = if first { film.server_ack(at) } else { film };
            film.server(at, &head).client_ack(at).server(at, &body).client_ack(at)
        }
        Era::Now => {
            let film = if first { film.server_ack(at) } else { film };
            film.server(at, &[head, body].concat()).client_ack(at)
        }
    }
}

fn html(len: usize) -> Vec<u8> {
    head("200 OK", &format!("Content-Type: text/html; charset=utf-8\r\nContent-Length: {len}\r\n"), 117)
}

fn time(update: usize) -> String {
    format!("09:36:{:02}", (17 + update * 10) % 60)
}

/// The five exchanges with the lengths that were published in 2021, or as they are now.
pub fn five(era: Era) -> Vec<(Capture, CaptureBytes)> {
    vec![tcp(era), web(era, 3).develop("webapp"), ajax(era), sse(era), ws(era)]
}

fn tcp(era: Era) -> (Capture, CaptureBytes) {
    let mut film =
        Film::new().connect().server(0, format!("Hello!\nServer time: {}\n\n", time(0)).as_bytes()).client_ack(0);
    for update in 1..=3 {
        film = film.wait(10_000).client(0, b"time\n");
        if update == 1 {
            film = film.server_ack(0);
        }
        film = film.server(0, format!("{}\n\n", time(update)).as_bytes()).client_ack(0);
    }
    let _ = era;
    film.wait(10_000).close(0).develop("tcpapp")
}

/// The full page, so many times.
pub fn web(era: Era, updates: usize) -> Film {
    let (first, reload) = if era == Era::Then { (345, 371) } else { (445, 471) };
    let mut film = Film::new().connect().client(0, &request("GET /", "", first));
    film = answer(film, era, 0, html(435), page(App::Web, &time(0), 435), true);
    for update in 1..=updates {
        film = film.wait(10_000).client(0, &request("GET /", "Cache-Control: max-age=0\r\n", reload));
        film = answer(film, era, 0, html(435), page(App::Web, &time(update), 435), era == Era::Now && update == 1);
    }
    film.wait(10_000).close(0)
}

fn ajax(era: Era) -> (Capture, CaptureBytes) {
    let mut film = Film::new().connect().client(0, &request("GET /", "", 345));
    film = answer(film, era, 0, html(807), page(App::Ajax, &time(0), 807), true);
    for update in 1..=3 {
        film = film.wait(10_000).client(0, &request("GET /time", "Referer: http://10.0.0.1:8000/\r\n", 287));
        let head = head("200 OK", "Content-Type: application/json\r\nContent-Length: 20\r\n", 108);
        let body = format!("{{\"time\":\"{}\"}}\n", time(update)).into_bytes();
        film = answer(film, era, 0, head, body, era == Era::Now && update == 1);
    }
    film.wait(10_000).close(0).develop("ajaxapp")
}

fn sse(era: Era) -> (Capture, CaptureBytes) {
    let mut film = Film::new().connect().client(0, &request("GET /", "", 345));
    film = answer(film, era, 0, html(569), page(App::Sse, &time(0), 569), true);
    film = film.client(0, &request("GET /time", "Accept: text/event-stream\r\n", 344)).wait(40).server_ack(0);
    let head = head("200 OK", "Content-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n", 132);
    film = film.server(0, &head).client_ack(0);
    for update in 1..=3 {
        let event = format!("1c\r\ndata: {{\"time\": \"{}\"}}\n\n\r\n", time(update));
        film = film.wait(10_000).server(0, event.as_bytes()).client_ack(0);
    }
    film.wait(5_000).close(0).develop("sseapp")
}

fn ws(era: Era) -> (Capture, CaptureBytes) {
    let mut film = Film::new().connect().client(0, &request("GET /", "", 345));
    film = answer(film, era, 0, html(719), page(App::Ws, &time(0), 719), true).connect();
    let upgrade = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: W+pQUnxtfyImglCepUIxdw==\r\n";
    film = film.client(1, &request("GET /time", upgrade, 475)).server_ack(1);
    let accept = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                   Sec-WebSocket-Accept: jvz8rJ0yJN/A4J0kiZQLiifpQO8=\r\n\r\n";
    film = film.server(1, accept).client_ack(1);
    for update in 1..=3 {
        let mask = [0x36, 0x0d, 0x29, 0x16];
        let masked: Vec<u8> = b"get-time".iter().zip(mask.iter().cycle()).map(|(b, m)| b ^ m).collect();
        film = film.wait(10_000).client(1, &[&[0x81, 0x88][..], &mask, &masked].concat());
        let text = format!("{{\"time\": \"{}\"}}", time(update));
        film = film.server(1, &[&[0x81, 0x14], text.as_bytes()].concat()).client_ack(1);
    }
    film = film.wait(10_000).client(1, &[0x88, 0x82, 0x19, 0xdb, 0x13, 0x62, 0x1a, 0x32]).server(1, &[0x88, 0]);
    film.close(0).close(1).develop("wsapp")
}

/// A report over these captures.
pub fn report(captures: Vec<(Capture, CaptureBytes)>, run: Option<RunInfo>) -> Report {
    let (captures, bytes) = captures.into_iter().unzip();
    Report::new(Analysis::new(captures), run, bytes)
}

/// How a run on the kernel wire would describe itself.
pub fn run() -> RunInfo {
    let step = |name: &str, due_s: f64| StepInfo {
        name: name.to_owned(),
        due_s,
        done_s: due_s + 0.05,
        time: Some("09:36:17".to_owned()),
    };
    RunInfo {
        schema: RUN_SCHEMA.to_owned(),
        version: "0.1.0".to_owned(),
        command: "wirelab run-all".to_owned(),
        started: "2026-06-06T09:36:17Z".to_owned(),
        wall_s: Some(41.0),
        wire_s: 40.1,
        wire: WireInfo {
            kind: WireMake::Kernel,
            tcp: "Linux 6.18.5".to_owned(),
            congestion_control: Some("reno".to_owned()),
            offloads: [("tso".to_owned(), false)].into(),
            socket_options: [("server TCP_NODELAY".to_owned(), false.into())].into(),
            ..WireInfo::default()
        },
        options: RunOptions {
            apps: App::classic().collect(),
            interval_s: 10.0,
            poll_every_s: None,
            heartbeat_s: None,
            conditional: false,
            hold_s: None,
            updates: 3,
            rtt_ms: 25.0,
            loss: 0.0,
            duplicate: 0.0,
            reorder: 0.0,
            down: None,
            seed: 0,
            server: AnswerWrites::Coalesced,
            client: "firefox".to_owned(),
            replay: false,
            server_quick_ack: true,
            vantage: StampedAt::Server,
        },
        captures: vec![CaptureInfo {
            app: App::Ws,
            name: "wsapp".to_owned(),
            file: "wsapp.pcap".to_owned(),
            sha256: "0".repeat(64),
            frames: 34,
            started: None,
            impaired_frames: vec![],
            impaired_frames_left_out: 0,
            steps: vec![step("connect", 0.0), step("update 1", 10.0)],
        }],
    }
}

/// When the first frame was seen: 6 June 2021, 09:36:17 UTC.
const START_NS: u64 = 1_622_972_177_000_000_000;

/// Who sends a packet: its place in a connection's ends.
const CLIENT: usize = 0;
const SERVER: usize = 1;
