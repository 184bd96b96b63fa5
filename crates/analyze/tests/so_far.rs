//! What a copy of the analyzer says while frames still come is what an analysis of the frames so far says.
#![allow(clippy::unwrap_used)]

mod talk;

use talk::{Frames, Talk, analyze_with, originals};
use wirelab_analyze::{Analyzer, Settings};
use wirelab_capture::{Frame, LinkType};

fn settings() -> Settings {
    Settings { limit: 100, keep_packets: 1000, ..Settings::default() }
}

/// After each frame: the copy finishes as if the capture had ended there, and the original goes on as if nobody had asked.
fn agrees(frames: &Frames) {
    let mut analyzer = Analyzer::new(settings());
    for (at, (time_ns, data)) in frames.iter().enumerate() {
        let (number, wire_len) = (at as u64 + 1, data.len() as u32);
        analyzer.frame(&Frame { number, time_ns: *time_ns, wire_len, data, link: LinkType::ETHERNET, file_offset: 0 });
        let so_far = analyzer.clone().finish("x", None, "pcap");
        let alone = analyze_with(&frames[..=at], settings());
        assert_eq!(
            format!("{so_far:?}"),
            format!("{alone:?}").replace("name: \"test\"", "name: \"x\""),
            "frame {number}"
        );
    }
}

#[test]
fn a_copy_says_what_was_found_so_far() {
    for (_, conversation) in originals::ALL {
        agrees(&conversation([10, 0, 0, 2], 20_000));
    }
}

#[test]
fn a_copy_shares_nothing_that_the_original_needs() {
    let mut talk = Talk::new(1);
    let extension = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    let upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n";
    talk.handshake().client(format!("GET /ws HTTP/1.1\r\n{upgrade}{extension}\r\n").as_bytes());
    talk.server(format!("HTTP/1.1 101 Switching Protocols\r\n{upgrade}{extension}\r\n").as_bytes());
    // "Hello", and the same again, which refers back to the first (RFC 7692, section 7.2.3.2).
    talk.server(&[0xc1, 0x07, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]).client_ack();
    talk.server(&[0xc1, 0x05, 0xf2, 0x00, 0x11, 0x00, 0x00]).client_ack();
    agrees(&talk.frames);
}

#[test]
fn a_copy_takes_nothing_of_compressed_content() {
    let gzip: &[&[u8]] = &[b"\x1f\x8b\x08\0\0\0\0\0\0\x03\0\x05\0\xfa\xffHello", b"\0\x05\0\xfa\xffHello"];
    let zstd: &[&[u8]] = &[b"\x28\xb5\x2f\xfd\0\x58\x28\0\0Hello", b"\x28\0\0Hello"];
    for (coding, pieces) in [("gzip", gzip), ("zstd", zstd)] {
        for content_type in ["text/plain", "text/event-stream"] {
            let mut talk = Talk::new(1);
            talk.handshake().client(b"GET /made HTTP/1.1\r\nHost: x\r\n\r\n").server(
                format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Encoding: {coding}\r\n\r\n")
                    .as_bytes(),
            );
            for piece in pieces {
                talk.server(piece).client_ack();
            }
            agrees(&talk.frames);
        }
    }
}
