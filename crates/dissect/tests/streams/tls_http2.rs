use proptest::collection::vec;
use proptest::prelude::*;
use wirelab_dissect::{Sniff, http2, tls};

use crate::feed::{Decode, every_way, feed, listed, short};

struct Tls(tls::Decoder);
struct Http2(http2::Decoder);

impl Decode for Tls {
    fn step(&mut self, input: &[u8]) -> Result<(usize, char, Option<String>), String> {
        let step = self.0.step(input).map_err(|error| error.to_string())?;
        let mark = if step.mark == tls::Mark::RecordHeader { 'H' } else { 'R' };
        let event = step.event.map(|event| match event {
            tls::Event::Record { content_type, version, len } => format!("{} {version:x} {len}", content_type.name()),
            tls::Event::RecordEnd { hello: Some(hello) } => {
                format!("hello {} {}", hello.server_name.unwrap_or("-"), hello.first_protocol.unwrap_or("-"))
            }
            tls::Event::RecordEnd { hello: None } => "end".to_owned(),
        });
        Ok((step.consumed, mark, event))
    }
}

impl Decode for Http2 {
    fn step(&mut self, input: &[u8]) -> Result<(usize, char, Option<String>), String> {
        let step = self.0.step(input).map_err(|error| error.to_string())?;
        let mark = match step.mark {
            http2::Mark::Preface => 'P',
            http2::Mark::FrameHeader => 'H',
            http2::Mark::Payload => 'B',
        };
        let event = step.event.map(|event| match event {
            http2::Event::Frame { kind, flags, stream, len } => format!("{} {flags:02x} {stream} {len}", kind.name()),
            http2::Event::FrameEnd => "end".to_owned(),
        });
        Ok((step.consumed, mark, event))
    }
}

/// A ClientHello with these extensions: type and content.
fn client_hello(extensions: &[(u16, Vec<u8>)]) -> Vec<u8> {
    let sized =
        |bytes: usize, content: Vec<u8>| [&(content.len() as u64).to_be_bytes()[8 - bytes..], &content].concat();
    let extensions =
        extensions.iter().flat_map(|(kind, content)| [kind.to_be_bytes().to_vec(), sized(2, content.clone())].concat());
    let hello = [
        vec![3, 3],
        vec![7; 32],
        sized(1, vec![9; 32]),
        sized(2, vec![0x13, 0x01, 0x13, 0x02]),
        sized(1, vec![0]),
        sized(2, extensions.collect()),
    ]
    .concat();
    let message = [vec![1], sized(3, hello)].concat();
    [vec![22, 3, 1], sized(2, message)].concat()
}

#[test]
fn tls_records_are_found() {
    let name = b"\x00\x0e\x00\x00\x0bexample.org".to_vec();
    let protocols = b"\x00\x0c\x02h2\x08http/1.1".to_vec();
    let hello = client_hello(&[(10, vec![1, 2, 3]), (0, name), (16, protocols)]);
    let stream = [&hello[..], b"\x14\x03\x03\x00\x01\x01\x17\x03\x03\x00\x00\x15\x03\x03\x00\x02ab"].concat();
    let transcript = every_way(|| Tls(tls::Decoder::new()), &stream);
    let len = hello.len();
    assert_eq!(short(&transcript.marks), format!("H5 R{} H5 R1 H10 R2", len - 5));
    assert_eq!(
        listed(&transcript),
        format!(
            "5 handshake 301 {}; {len} hello example.org h2; {} change cipher spec 303 1; {} end; \
             {} application data 303 0; {} end; {} alert 303 2; {} end",
            len - 5,
            len + 5,
            len + 6,
            len + 11,
            len + 11,
            len + 16,
            len + 18
        )
    );
    let bare = every_way(|| Tls(tls::Decoder::new()), &client_hello(&[]));
    assert!(listed(&bare).ends_with("hello - -"), "{bare:?}");
    assert_eq!(tls::sniff(&hello), Sniff::Yes);
    assert_eq!(tls::sniff(&hello[..5]), Sniff::NotYet);
    assert_eq!(tls::sniff(b"GET"), Sniff::No);

    for (stream, error) in [
        (&b"\x19\x03\x03\x00\x00"[..], "expected a TLS content type, 20 to 24, found 25 (RFC 8446 section 5.1)"),
        (b"\x16\x02\x00\x00\x00", "expected a TLS version, 0x0300 to 0x0304, found 0x0200 (RFC 8446 section 5.1)"),
        (b"\x16\x03\x03\x48\x01", "expected a TLS record of at most 18432 bytes, found 18433 (RFC 5246 section 6.2.3)"),
    ] {
        assert_eq!(every_way(|| Tls(tls::Decoder::new()), stream).error.as_deref(), Some(error));
    }
}

#[test]
fn a_hello_that_lies_about_a_length_is_read_as_far_as_it_is_true() {
    let name = b"\x00\x0e\x00\x00\x0bexample.org".to_vec();
    let hello = client_hello(&[(0, name)]);
    let record = &hello[5..];
    assert_eq!(tls::Hello::read(record).unwrap().server_name, Some("example.org"));
    for cut in 0..record.len() {
        assert_eq!(tls::Hello::read(&record[..cut]), None, "the first {cut} bytes");
    }
    for index in 0..record.len() {
        for lie in [0, 1, 0x7F, 0xFF] {
            let mut record = record.to_vec();
            record[index] = lie;
            if let Some(name) = tls::Hello::read(&record).and_then(|hello| hello.server_name) {
                assert!(name.len() <= 11, "{name}");
            }
        }
    }
}

#[test]
fn http2_frames_are_found() {
    let stream = [
        &http2::PREFACE[..],
        b"\0\0\x06\x04\0\0\0\0\0abcdef\0\0\0\x04\x01\0\0\0\0\0\0\x02\x01\x05\x80\0\0\x01hi\0\0\0\xbb\0\0\0\0\0",
    ]
    .concat();
    let transcript = every_way(|| Http2(http2::Decoder::new(http2::Side::Client)), &stream);
    assert_eq!(short(&transcript.marks), "P24 H9 B6 H18 B2 H9");
    assert_eq!(
        listed(&transcript),
        "33 SETTINGS 00 0 6; 39 end; 48 SETTINGS 01 0 0; 48 end; 57 HEADERS 05 1 2; 59 end; 68 unknown 00 0 0; 68 end"
    );
    let server = every_way(|| Http2(http2::Decoder::new(http2::Side::Server)), &stream[24..]);
    assert_eq!(server.events.len(), 8);
    for (side, stream, error) in [
        (
            http2::Side::Client,
            &b"PRI * HTTP/1.0"[..],
            "expected the HTTP/2 preface, found byte 0x31 at its offset 11 (RFC 9113 section 3.4)",
        ),
        (
            http2::Side::Server,
            b"\0\0\0\0\0\0\0\0\0",
            "expected a SETTINGS frame first, found a frame of type 0 (RFC 9113 section 3.4)",
        ),
    ] {
        assert_eq!(every_way(|| Http2(http2::Decoder::new(side)), stream).error.as_deref(), Some(error));
    }
    assert_eq!(http2::sniff(b"PRI"), Sniff::NotYet);
    assert_eq!(http2::sniff(&stream), Sniff::Yes);
    assert_eq!(http2::sniff(b"PRO"), Sniff::No);
}

#[test]
fn records_and_frames_step_over_missing_bytes() {
    let mut decoder = tls::Decoder::new();
    assert!(!decoder.skip(1));
    decoder.step(b"\x17\x03\x03\x00\x0a").unwrap();
    assert!(!decoder.skip(11));
    assert!(decoder.skip(8));
    assert_eq!(feed(&mut Tls(decoder), [&b"ab\x15"[..]]).events, [(2, "end".to_owned())]);
    let mut decoder = http2::Decoder::new(http2::Side::Server);
    decoder.step(b"\0\0\x06\x04\0\0\0\0\0").unwrap();
    assert!(!decoder.skip(7));
    assert!(decoder.skip(6));
    assert_eq!(feed(&mut Http2(decoder), [&b"\0"[..]]).events, [(0, "end".to_owned())]);
}

proptest! {
    #[test]
    fn any_bytes(stream in vec(prop_oneof![Just(0u8), Just(b'\r'), Just(b'\n'), Just(3), Just(22), Just(4), any::<u8>()], 0..80)) {
        every_way(|| Tls(tls::Decoder::new()), &stream);
        every_way(|| Http2(http2::Decoder::new(http2::Side::Client)), &stream);
        every_way(|| Http2(http2::Decoder::new(http2::Side::Server)), &[&b"\0\0\0\x04\0\0\0\0\0"[..], &stream].concat());
    }
}
