//! The referee on captures of every kind: does tshark count the same, and give packets the same names?
//!
//! Each capture is a conversation written out packet by packet. Where wirelab means to differ from tshark, the case
//! says so with its reason.

mod filters;
mod formats;
#[path = "../lab/mod.rs"]
mod lab;

use std::collections::BTreeMap;

use lab::Lab;
use lab::outside::{tshark, tshark_is_there};
use serde_json::Value;
use wirelab_capture::{LinkType, Settings, Writer};
use wirelab_dissect::build::{self, Tcp, ethernet, vlan};
use wirelab_dissect::packet::Endpoint;
use wirelab_dissect::tcp::Flags;

const PSH_ACK: Flags = Flags(0x018);
const SYN_ACK: Flags = Flags(0x012);
const FIN_ACK: Flags = Flags(0x011);

/// A conversation between a client and a server.
struct Talk {
    ends: [Endpoint; 2],
    seq: [u32; 2],
    ns: u64,
    packets: Vec<(u64, Vec<u8>)>,
}

impl Talk {
    fn new() -> Talk {
        Talk::between("10.0.0.2:40000", "10.0.0.1:8000")
    }

    fn between(client: &str, server: &str) -> Talk {
        let ends = [build::endpoint(client), build::endpoint(server)];
        Talk { ends, seq: [1000, 5000], ns: 1_600_000_000_000_000_000, packets: vec![] }
    }

    fn after(&mut self, ms: u64) -> &mut Talk {
        self.ns += ms * 1_000_000;
        self
    }

    /// A packet from one side with numbers of its own.
    fn raw(&mut self, side: usize, flags: Flags, seq: u32, ack: u32, window: u16, payload: &[u8]) -> &mut Talk {
        let tcp = self.tcp(side, flags, payload);
        self.push(Tcp { seq, ack: if flags.ack() { ack } else { 0 }, window, ..tcp })
    }

    /// The next packet of one side.
    fn say(&mut self, side: usize, flags: Flags, payload: &[u8]) -> &mut Talk {
        let tcp = self.tcp(side, flags, payload);
        self.seq[side] = tcp.next_seq();
        self.push(tcp)
    }

    /// What one side would send now.
    fn tcp<'a>(&self, side: usize, flags: Flags, payload: &'a [u8]) -> Tcp<'a> {
        let other = 1 - side;
        let ack = if flags.ack() { self.seq[other] } else { 0 };
        Tcp { seq: self.seq[side], ack, flags, window: 60_000, payload, ..Tcp::new(self.ends[side], self.ends[other]) }
    }

    fn push(&mut self, tcp: Tcp<'_>) -> &mut Talk {
        self.packets.push((self.ns, tcp.packet()));
        self.after(1)
    }

    fn open(&mut self) -> &mut Talk {
        self.say(0, Flags::SYN, &[]).say(1, SYN_ACK, &[]).after(20).say(0, Flags::ACK, &[])
    }

    fn client(&mut self, payload: &[u8]) -> &mut Talk {
        self.after(20).say(0, PSH_ACK, payload)
    }

    fn server(&mut self, payload: &[u8]) -> &mut Talk {
        self.after(20).say(1, PSH_ACK, payload)
    }

    fn ack(&mut self, side: usize) -> &mut Talk {
        self.after(20).say(side, Flags::ACK, &[])
    }

    fn close(&mut self) -> &mut Talk {
        self.after(20).say(0, FIN_ACK, &[]).say(1, FIN_ACK, &[]).ack(0)
    }
}

/// A capture, and where it may differ.
struct Case {
    name: String,
    link: LinkType,
    snap: usize,
    /// Frames, with what is around the IP packets.
    frames: Vec<(u64, Vec<u8>)>,
    /// Whether requests, responses and WebSocket frames are compared.
    messages: bool,
}

impl Case {
    fn pcap(&self) -> Vec<u8> {
        let mut file = Vec::new();
        let mut writer = Writer::with(&mut file, Settings::new(self.link)).expect("a header");
        for (ns, frame) in &self.frames {
            writer.write(*ns, frame.len() as u32, &frame[..frame.len().min(self.snap)]).expect("a record");
        }
        writer.finish().expect("an end");
        file
    }
}

fn case(name: &str, talk: &Talk) -> Case {
    wrapped(name, LinkType::ETHERNET, talk, |packet| {
        ethernet(if packet[0] >> 4 == 6 { 0x86dd } else { 0x0800 }, packet)
    })
}

fn wrapped(name: &str, link: LinkType, talk: &Talk, wrap: impl Fn(&[u8]) -> Vec<u8>) -> Case {
    let frames = talk.packets.iter().map(|(ns, packet)| (*ns, wrap(packet))).collect();
    Case { name: name.to_owned(), link, snap: 65_535, frames, messages: true }
}

const GET: &[u8] = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n";
const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// One request and its answer.
fn plain(mut talk: Talk) -> Talk {
    talk.open().client(GET).server(OK).ack(0).close();
    talk
}

fn links() -> Vec<Case> {
    let four = plain(Talk::new());
    let six = plain(Talk::between("[fd00::2]:40000", "[fd00::1]:8000"));
    let sll = |packet: &[u8]| [&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0], packet].concat();
    let sll2 = |packet: &[u8]| [&[0x86, 0xdd, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0], packet].concat();
    let pppoe = |packet: &[u8]| {
        let length = (packet.len() + 2) as u16;
        ethernet(0x8864, &[&[0x11, 0, 0, 7], &length.to_be_bytes()[..], &[0x00, 0x21], packet].concat())
    };
    let hop_by_hop = |packet: &[u8]| {
        let mut packet = packet.to_vec();
        packet.splice(40..40, [6, 0, 1, 4, 0, 0, 0, 0]);
        let length = (packet.len() - 40) as u16;
        packet[4..6].copy_from_slice(&length.to_be_bytes());
        packet[6] = 0;
        ethernet(0x86dd, &packet)
    };
    let options = |packet: &[u8]| {
        let mut packet = packet.to_vec();
        packet.splice(20..20, [148, 4, 0, 0]);
        packet[0] = 0x46;
        let total = packet.len() as u16;
        packet[2..4].copy_from_slice(&total.to_be_bytes());
        packet[10..12].fill(0);
        let sum = build::checksum([&packet[..24]]);
        packet[10..12].copy_from_slice(&sum.to_be_bytes());
        ethernet(0x0800, &packet)
    };
    let padded = |packet: &[u8]| {
        let mut frame = ethernet(0x0800, packet);
        frame.resize(frame.len().max(60), 0);
        frame
    };
    let mut snapped = case("snap length", &four);
    // tshark reads no head that was cut; wirelab counts it, from what is left.
    (snapped.snap, snapped.messages) = (68, false);
    vec![
        case("Ethernet, IPv4", &four),
        case("Ethernet, IPv6", &six),
        wrapped("VLAN", LinkType::ETHERNET, &four, |packet| ethernet(0x8100, &vlan(7, 0x0800, packet))),
        wrapped("QinQ", LinkType::ETHERNET, &six, |packet| {
            ethernet(0x88a8, &vlan(7, 0x8100, &vlan(8, 0x86dd, packet)))
        }),
        wrapped("PPPoE", LinkType::ETHERNET, &four, pppoe),
        wrapped("MPLS", LinkType::ETHERNET, &four, |packet| ethernet(0x8847, &[&[0, 2, 1, 64], packet].concat())),
        wrapped("Linux cooked", LinkType::LINUX_SLL, &four, sll),
        wrapped("Linux cooked 2", LinkType::LINUX_SLL2, &six, sll2),
        wrapped("null", LinkType::NULL, &four, |packet| [&[2, 0, 0, 0], packet].concat()),
        wrapped("loop", LinkType::LOOP, &four, |packet| [&[0, 0, 0, 2], packet].concat()),
        wrapped("raw", LinkType::RAW, &six, <[u8]>::to_vec),
        wrapped("raw IPv4", LinkType::IPV4, &four, <[u8]>::to_vec),
        wrapped("raw IPv6", LinkType::IPV6, &six, <[u8]>::to_vec),
        wrapped("PPP", LinkType::PPP, &four, |packet| [&[0xff, 3, 0, 0x21], packet].concat()),
        wrapped("IPv6 extension header", LinkType::ETHERNET, &six, hop_by_hop),
        wrapped("IPv4 options", LinkType::ETHERNET, &four, options),
        wrapped("padding", LinkType::ETHERNET, &four, padded),
        snapped,
    ]
}

fn transport() -> Vec<Case> {
    let mut cases = Vec::new();
    let piece = [b'x'; 100];
    let start = |seq: u32| {
        let mut talk = Talk::between("10.0.0.2:40000", "10.0.0.1:9000");
        talk.seq = [seq, 5000];
        talk.open();
        talk
    };

    let mut talk = start(1000);
    talk.client(&piece).client(&piece);
    let (seq, ack) = (talk.seq[0] - 100, talk.seq[1]);
    talk.after(300).raw(0, PSH_ACK, seq, ack, 60_000, &piece).ack(1).close();
    cases.push(case("retransmission", &talk));

    let mut talk = start(1000);
    talk.client(&piece).ack(1);
    let (seq, ack) = (talk.seq[0] - 100, talk.seq[1]);
    talk.after(300).raw(0, PSH_ACK, seq, ack, 60_000, &piece).ack(1).close();
    cases.push(case("spurious retransmission", &talk));

    let mut talk = start(1000);
    talk.client(&piece);
    let (seq, ack) = (talk.seq[0], talk.seq[1]);
    talk.raw(0, PSH_ACK, seq + 100, ack, 60_000, &piece).raw(0, PSH_ACK, seq, ack, 60_000, &piece);
    talk.seq[0] += 200;
    talk.ack(1).close();
    cases.push(case("reordering", &talk));

    let mut talk = start(1000);
    talk.client(&piece).ack(1);
    let (seq, ack) = (talk.seq[0], talk.seq[1]);
    for at in 1..=3 {
        talk.raw(0, PSH_ACK, seq + at * 100, ack, 60_000, &piece);
        talk.raw(1, Flags::ACK, ack, seq, 60_000, &[]);
    }
    talk.raw(0, PSH_ACK, seq, ack, 60_000, &piece);
    talk.seq[0] += 400;
    talk.ack(1).close();
    cases.push(case("duplicate ACKs and a fast retransmission", &talk));

    let mut talk = start(1000);
    talk.client(&piece).client(&piece);
    let (seq, ack) = (talk.seq[0] - 150, talk.seq[1]);
    talk.after(300).raw(0, PSH_ACK, seq, ack, 60_000, &[b'x'; 200]);
    talk.seq[0] += 50;
    talk.ack(1).close();
    cases.push(case("an overlapping retransmission", &talk));

    let mut talk = start(0xffff_ff80);
    talk.client(&piece).server(&piece).client(&piece).server(&piece).client(&piece).ack(1).close();
    cases.push(case("numbers that wrap around", &talk));

    let mut talk = start(1000);
    talk.client(&piece).ack(1).close();
    talk.seq = [900_000, 70_000];
    talk.after(1000).open().client(&piece).ack(1).close();
    cases.push(case("a 4-tuple that is used again", &talk));

    let mut talk = Talk::between("10.0.0.2:40000", "10.0.0.1:9000");
    talk.client(&piece).server(&piece).ack(0).close();
    cases.push(case("no handshake", &talk));

    let mut talk = start(1000);
    talk.client(&piece).ack(1);
    let (seq, ack) = (talk.seq[0], talk.seq[1]);
    talk.after(9000).raw(0, Flags::ACK, seq - 1, ack, 60_000, &[]).raw(1, Flags::ACK, ack, seq, 60_000, &[]);
    talk.after(9000).raw(0, Flags::ACK, seq - 1, ack, 60_000, b"x").raw(1, Flags::ACK, ack, seq, 60_000, &[]);
    talk.close();
    cases.push(case("keep-alives", &talk));

    let mut talk = start(1000);
    talk.client(&piece);
    let (seq, ack) = (talk.seq[0], talk.seq[1]);
    talk.raw(1, Flags::ACK, ack, seq, 0, &[]).after(300).raw(0, Flags::ACK, seq, ack, 60_000, b"x");
    talk.raw(1, Flags::ACK, ack, seq, 0, &[]).after(300).raw(1, Flags::ACK, ack, seq, 60_000, &[]);
    talk.client(&piece).ack(1).close();
    cases.push(case("a window that closes and opens", &talk));

    let mut talk = start(1000);
    talk.client(&piece);
    talk.packets.extend(talk.packets.last().cloned());
    talk.ack(1);
    talk.packets.extend(talk.packets.last().cloned());
    talk.close();
    cases.push(case("packets recorded twice", &talk));

    let mut talk = start(1000);
    talk.client(&piece).say(0, Flags(0x014), &[]);
    cases.push(case("a reset", &talk));
    cases
}

fn applications() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut with = |name: &str, turns: &[(usize, &[u8])]| {
        let mut talk = Talk::new();
        talk.open();
        for (side, payload) in turns {
            talk.after(20).say(*side, PSH_ACK, payload);
        }
        talk.ack(0).close();
        cases.push(case(name, &talk));
    };
    with("pipelining", &[(0, &[GET, GET, GET].concat()), (1, &[OK, OK, OK].concat())]);
    with("heads in pieces", &[(0, &GET[..9]), (0, &GET[9..]), (1, &OK[..5]), (1, &OK[5..30]), (1, &OK[30..])]);
    let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n";
    with("chunked", &[(0, GET), (1, chunked), (1, b"0\r\nTrailer: x\r\n\r\n"), (0, GET), (1, OK)]);
    with(
        "HEAD",
        &[
            (0, b"HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n"),
            (1, b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n"),
            (0, GET),
            (1, OK),
        ],
    );
    with(
        "100-continue",
        &[
            (0, b"POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"),
            (1, b"HTTP/1.1 100 Continue\r\n\r\n"),
            (0, b"hi"),
            (1, OK),
        ],
    );
    with(
        "204 and 304",
        &[
            (0, GET),
            (1, b"HTTP/1.1 204 No Content\r\n\r\n"),
            (0, GET),
            (1, b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n"),
            (0, GET),
            (1, OK),
        ],
    );
    with(
        "CONNECT",
        &[
            (0, b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n"),
            (1, b"HTTP/1.1 200 OK\r\n\r\n"),
            (0, b"\x01\x02\x03"),
            (1, b"\x04\x05"),
        ],
    );
    with("HTTP/1.0", &[(0, b"GET /a HTTP/1.0\r\n\r\n"), (1, b"HTTP/1.0 200 OK\r\n\r\nok"), (1, b"and more")]);
    let tls = [0x16, 3, 3, 0, 4, 2, 0, 0, 0];
    with("TLS", &[(0, &[0x16, 3, 1, 0, 4, 1, 0, 0, 0]), (1, &tls), (0, &[0x17, 3, 3, 0, 3, 1, 2, 3])]);

    let upgrade = b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    let deflating = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    let masked = |first: u8, payload: &[u8]| {
        let mask = [0x37, 0xfa, 0x21, 0x3d];
        let mut frame = vec![first, 0x80 | payload.len() as u8];
        frame.extend(mask);
        frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        frame
    };
    with(
        "WebSocket fragments with a ping between",
        &[
            (0, upgrade),
            (1, switch),
            (0, &masked(0x01, b"Hel")),
            (0, &masked(0x89, b"")),
            (1, &[0x8a, 0]),
            (0, &masked(0x80, b"lo")),
            (1, &[0x82, 3, 1, 2, 3, 0x81, 2, b'o', b'k']),
            (0, &masked(0x88, b"\x03\xe8bye")),
            (1, &[0x88, 2, 3, 0xe8]),
        ],
    );
    let medium = [&[0x82, 126, 1, 0][..], &[7; 256]].concat();
    let large = [&[0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70][..], &[7; 70_000]].concat();
    let pieces: Vec<(usize, &[u8])> = large.chunks(1400).map(|piece| (1, piece)).collect();
    with(
        "WebSocket lengths of 16 and 64 bits",
        &[&[(0, &upgrade[..]), (1, &switch[..]), (1, &medium)], &pieces[..]].concat(),
    );
    let hello = [0xc1, 7, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    with("WebSocket with permessage-deflate", &[(0, upgrade), (1, deflating), (1, &hello), (1, &hello)]);

    let mut talk = Talk::new();
    talk.server(OK).ack(0).client(GET).server(OK).ack(0).close();
    cases.push(case("HTTP from its middle", &talk));

    let mut talk = Talk::new();
    talk.open().client(GET).server(b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n").ack(0);
    talk.server(&[b'x'; 100]).ack(0);
    talk.seq[1] += 100;
    talk.server(&[b'x'; 100]).ack(0).client(GET).server(OK).ack(0).close();
    let mut gap = case("HTTP with a gap in a body", &talk);
    // tshark shows no response whose body it cannot put together; wirelab counts it, as its head is there.
    gap.messages = false;
    cases.push(gap);

    let mut talk = Talk::new();
    talk.open().client(GET);
    talk.server(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n").ack(0);
    talk.server(b"data: 1\n\n").ack(0).server(b"data: 2\n\n").ack(0);
    let mut endless = case("an event stream that does not end", &talk);
    // tshark shows a response when its body has ended; wirelab counts it when its head is there.
    endless.messages = false;
    cases.push(endless);
    cases
}

const FIELDS: [&str; 21] = [
    "frame.number",
    "tcp.stream",
    "frame.len",
    "tcp.hdr_len",
    "tcp.len",
    "http.request.method",
    "http.response.code",
    "websocket.opcode",
    "tcp.analysis.spurious_retransmission",
    "tcp.analysis.fast_retransmission",
    "tcp.analysis.retransmission",
    "tcp.analysis.out_of_order",
    "tcp.analysis.duplicate_ack",
    "tcp.analysis.keep_alive_ack",
    "tcp.analysis.keep_alive",
    "tcp.analysis.zero_window_probe_ack",
    "tcp.analysis.zero_window_probe",
    "tcp.analysis.zero_window",
    "tcp.analysis.window_update",
    "tcp.analysis.lost_segment",
    "frame.time_relative",
];

/// Where the names of packets begin among the fields, the most telling first, and wirelab's words for them.
const NAMES: [&str; 12] = [
    "spurious retransmission",
    "fast retransmission",
    "retransmission",
    "out-of-order",
    "duplicate ACK",
    "keep-alive ACK",
    "keep-alive",
    "zero window probe ACK",
    "zero window probe",
    "zero window",
    "window update",
    "previous segment not captured",
];

/// What both count, as text that can be compared: ours or theirs.
fn ours(lab: &Lab, case: &Case) -> Vec<String> {
    let analysis = lab.run("analyze --format json case.pcap");
    let analysis: Value = serde_json::from_str(&analysis.stdout).expect("JSON");
    let capture = &analysis["captures"][0];
    let rows = capture["connections"].as_array().expect("connections");
    let sum = |column: &dyn Fn(&Value) -> u64| rows.iter().map(column).sum::<u64>();
    let mut lines = vec![format!("frames {}", capture["frames"])];
    for (stream, row) in rows.iter().enumerate() {
        let of = |column: &str| row[column].as_u64().expect("a number");
        let [packets, frame, tcp, app] = ["total_packets", "frame_bytes", "tcp_bytes", "app_bytes"].map(of);
        lines.push(format!("stream {stream}: {packets} {frame} {tcp} {app}"));
    }
    if case.messages {
        let of = |column: &str| sum(&|row: &Value| row[column].as_u64().unwrap_or(0));
        lines.push(format!("requests {} responses {}", of("http_requests"), of("http_responses")));
        for (opcode, name) in OPCODES {
            let count = sum(&|row: &Value| row["websocket_frames"][name].as_u64().unwrap_or(0));
            lines.push(format!("opcode {opcode}: {count}"));
        }
    }
    for line in lab.run("show --json case.pcap").stdout.lines() {
        let packet: Value = serde_json::from_str(line).expect("JSON");
        let time = packet["time_s"].as_f64().expect("seconds");
        lines.push(format!("{} {time:.6} {}", packet["number"], packet["analysis"].as_str().unwrap_or("")));
    }
    lines
}

fn theirs(lab: &Lab, case: &Case) -> Vec<String> {
    let packets = tshark(&lab.path("case.pcap"), &["-d", "tcp.port==8000,http"], &FIELDS);
    let number = |text: &str| text.parse::<u64>().unwrap_or_else(|_| panic!("{}: {text:?}", case.name));
    let mut streams = BTreeMap::<u64, [u64; 4]>::new();
    for packet in packets.iter().filter(|packet| !packet[1].is_empty()) {
        let sums = streams.entry(number(&packet[1])).or_default();
        sums[0] += 1;
        for (sum, field) in sums[1..].iter_mut().zip(&packet[2..5]) {
            *sum += number(field);
        }
    }
    let all = |at: usize| packets.iter().flat_map(move |packet| packet[at].split(',').filter(|one| !one.is_empty()));
    let mut lines = vec![format!("frames {}", packets.len())];
    lines.extend(
        streams
            .iter()
            .map(|(stream, [packets, frame, tcp, app])| format!("stream {stream}: {packets} {frame} {tcp} {app}")),
    );
    if case.messages {
        lines.push(format!("requests {} responses {}", all(5).count(), all(6).count()));
        for (opcode, _) in OPCODES {
            lines.push(format!("opcode {opcode}: {}", all(7).filter(|one| *one == opcode).count()));
        }
    }
    for packet in &packets {
        let name = NAMES.iter().zip(&packet[8..]).find(|(_, flag)| !flag.is_empty()).map_or("", |(name, _)| name);
        // A simple packet block has no time, which is 0 to wirelab.
        let time: f64 = if packet[20].is_empty() { 0.0 } else { packet[20].parse().expect("seconds") };
        lines.push(format!("{} {time:.6} {name}", packet[0]));
    }
    lines
}

const OPCODES: [(&str, &str); 6] =
    [("0", "continuation"), ("1", "text"), ("2", "binary"), ("8", "close"), ("9", "ping"), ("10", "pong")];

fn referee(cases: Vec<Case>) {
    if !tshark_is_there() {
        return;
    }
    let lab = Lab::new();
    let mut differences = Vec::new();
    for case in cases {
        lab.write("case.pcap", case.pcap());
        differences.extend(compared(&lab, &case));
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Where both differ.
fn compared(lab: &Lab, case: &Case) -> Vec<String> {
    let (ours, theirs) = (ours(lab, case), theirs(lab, case));
    assert!(ours.len() > 3, "{}: {ours:?}", case.name);
    let different = ours.iter().zip(&theirs).filter(|(ours, theirs)| ours != theirs);
    let mut differences: Vec<String> =
        different.map(|(ours, theirs)| format!("{}: ours {ours:?}, tshark's {theirs:?}", case.name)).collect();
    if ours.len() != theirs.len() {
        differences.push(format!("{}: {} lines, tshark's {}", case.name, ours.len(), theirs.len()));
    }
    differences
}

#[test]
fn on_every_kind_of_link_and_network() {
    referee(links());
}

#[test]
fn on_everything_that_tcp_may_do() {
    referee(transport());
}

#[test]
fn on_http_websocket_and_tls() {
    referee(applications());
}

/// A virtual link that loses, doubles and overtakes: hundreds of packets that want a name.
#[test]
fn on_links_with_every_fault() {
    if !tshark_is_there() {
        return;
    }
    let lab = Lab::new();
    let mut differences = Vec::new();
    let mut named = 0;
    for seed in 1..=2 {
        let faults = "--loss 8% --reorder 5% --duplicate 4% --updates 40 --interval 1s";
        lab.done(&format!("run-all --wire virtual --seed {seed} {faults}"));
        for file in lab.list("pcap").iter().filter(|name| name.ends_with(".pcap")) {
            lab.write("case.pcap", lab.read(&format!("pcap/{file}")));
            // Where segments are repeated, tshark may show a message twice or not at all.
            let case = Case {
                name: format!("{file}, seed {seed}"),
                link: LinkType::ETHERNET,
                snap: 0,
                frames: Vec::new(),
                messages: false,
            };
            differences.extend(compared(&lab, &case));
            named += ours(&lab, &case).iter().filter(|line| line.ends_with("retransmission")).count();
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(named > 20, "only {named} retransmissions");
}

/// A packet in fragments is one packet with the bytes of all its frames, so that lower, TCP and app bytes add up to
/// them; tshark counts only the frame that completes it. In all else both agree.
#[test]
fn on_fragments_but_for_their_frame_bytes() {
    if !tshark_is_there() {
        return;
    }
    let talk = plain(Talk::new());
    let mut case = case("fragments", &talk);
    let (ns, request) = &talk.packets[3];
    let pieces: Vec<_> = build::fragments(request, 7, 32).iter().map(|piece| (*ns, ethernet(0x0800, piece))).collect();
    assert_eq!(pieces.len(), 2);
    let first_len = pieces[0].1.len() as u64;
    case.frames.splice(3..4, pieces);
    let lab = Lab::new();
    lab.write("case.pcap", case.pcap());
    let differences = compared(&lab, &case);
    let frame_bytes = |line: &str| line.split(' ').nth(3).and_then(|word| word.parse::<u64>().ok()).expect("a number");
    let (ours, theirs) = (ours(&lab, &case), theirs(&lab, &case));
    assert_eq!(differences.len(), 1, "{differences:?}");
    assert_eq!(frame_bytes(&ours[1]), frame_bytes(&theirs[1]) + first_len, "{differences:?}");
}
