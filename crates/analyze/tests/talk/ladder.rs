//! Ladders: packets one by one, each with its time and numbers. Both sides take segments of 1,000 bytes, and 4,000 at a time.

use wirelab_analyze::{Analyzer, Capture, Settings};
use wirelab_capture::{Frame, LinkType};
use wirelab_dissect::build::Tcp;
use wirelab_dissect::tcp::Flags;

pub const SYN: Flags = Flags::SYN;
pub const SYN_ACK: Flags = Flags(Flags::SYN.0 | Flags::ACK.0);
pub const ACK: Flags = Flags::ACK;
pub const PSH: Flags = Flags(Flags::PSH.0 | Flags::ACK.0);
pub const FIN: Flags = Flags(Flags::FIN.0 | Flags::ACK.0);
pub const RST: Flags = Flags(Flags::RST.0 | Flags::ACK.0);

pub const REQUEST: &[u8] = b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n";
pub const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n";

/// Behind the request, the head of the answer, and the answer.
pub const ASKED: u32 = 1 + REQUEST.len() as u32;
pub const HEAD_END: u32 = 1 + HEAD.len() as u32;
pub const END: u32 = HEAD_END + 4;

/// One packet: milliseconds, whether the client sent it, flags, its number and what it acknowledges (counted from each
/// side's SYN), what it carries.
pub type Line<'a> = (f64, bool, Flags, u32, u32, &'a [u8]);

/// A frame of a capture: when, its length on the wire, and what was kept of it.
#[derive(Clone, Debug)]
pub struct Sample {
    pub ms: f64,
    pub wire_len: u32,
    pub data: Vec<u8>,
}

/// A handshake at the server's end of a round trip of 20 ms, and a request 100 ms later.
pub const BEGINNING: [Line<'static>; 4] = [
    (0.0, true, SYN, 0, 0, b""),
    (0.0, false, SYN_ACK, 0, 1, b""),
    (20.0, true, ACK, 1, 1, b""),
    (100.0, true, PSH, 1, 1, REQUEST),
];

pub fn after_the_beginning<'a>(lines: &[Line<'a>]) -> Vec<Line<'a>> {
    BEGINNING.into_iter().chain(lines.iter().copied()).collect()
}

/// The frames of a connection of a client with this port.
pub fn frames(port: u16, lines: &[Line<'_>]) -> Vec<Sample> {
    let client = format!("10.0.0.2:{port}");
    lines
        .iter()
        .enumerate()
        .map(|(at, &(ms, from_client, flags, seq, ack, payload))| {
            let (source, destination, own, other) = if from_client {
                (client.as_str(), "10.0.0.1:80", 7000u32, 0xffff_ff00u32)
            } else {
                ("10.0.0.1:80", client.as_str(), 0xffff_ff00, 7000)
            };
            let options: &[u8] = if flags.syn() { &[2, 4, 3, 0xe8] } else { &[] };
            let ack = if flags.ack() { other.wrapping_add(ack) } else { 0 };
            let packet = Tcp {
                seq: own.wrapping_add(seq),
                ack,
                flags,
                window: 4000,
                options,
                payload,
                ..Tcp::between(source, destination)
            };
            let mut data = packet.frame();
            // Each packet has an identification of its own (RFC 791, section 3.1).
            data[18..20].copy_from_slice(&(at as u16 + 1).to_be_bytes());
            Sample { ms, wire_len: data.len() as u32, data }
        })
        .collect()
}

/// What is found in these frames.
pub fn analyzed_frames(frames: &[Sample]) -> Capture {
    analyzed_with(frames, Settings::default())
}

/// The same, with settings of one's own.
pub fn analyzed_with(frames: &[Sample], settings: Settings) -> Capture {
    let mut analyzer = Analyzer::new(settings);
    for (number, Sample { ms, wire_len, data }) in (1..).zip(frames) {
        analyzer.frame(&Frame {
            number,
            time_ns: time_ns(*ms),
            wire_len: *wire_len,
            file_offset: 0,
            link: LinkType::ETHERNET,
            data,
        });
    }
    analyzer.finish("ladder", None, "pcap")
}

/// When so many milliseconds of a ladder have passed.
pub fn time_ns(ms: f64) -> u64 {
    1_000_000_000 + (ms * 1e6) as u64
}

/// What is found in a connection.
pub fn analyzed(lines: &[Line<'_>]) -> Capture {
    analyzed_frames(&frames(40_000, lines))
}
