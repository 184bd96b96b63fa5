//! The fields of payloads, as a reader sees them.
#![allow(clippy::unwrap_used)]

use proptest::collection::vec;
use proptest::prelude::*;
use wirelab_dissect::fields::{self, Field, PayloadKind};

fn tree(kind: PayloadKind, payload: &[u8]) -> String {
    let fields = fields::of(kind, payload);
    check(&fields, 0..payload.len(), true);
    let mut out = String::new();
    fields.iter().for_each(|field| field.write_tree(&mut out));
    out
}

/// The fields at the top follow one another and are all of the payload; parts are inside what they are parts of.
fn check(fields: &[Field], within: std::ops::Range<usize>, top: bool) {
    let mut at = within.start;
    for field in fields {
        assert!(field.range.start <= field.range.end, "{field:?}");
        assert!(within.start <= field.range.start && field.range.end <= within.end, "{field:?} in {within:?}");
        if top {
            assert_eq!(field.range.start, at, "{fields:?}");
            at = field.range.end;
        }
        check(&field.parts, field.range.clone(), false);
    }
    assert!(!top || at == within.end, "{fields:?}");
}

#[test]
fn a_request() {
    let payload = b"POST /time?a=b HTTP/1.1\r\nHost: 10.0.0.1:8000\r\nAccept:  */*\r\n folded\r\n\
        Content-Length: 2\r\n\r\nhiGET / HTTP/1.1\r\n\r\nGET /cut";
    insta::assert_snapshot!(tree(PayloadKind::HttpRequest, payload));
}

#[test]
fn a_response_with_events_in_chunks() {
    let payload = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n\
        16;x=y\r\ndata: 12:00:00\n\n: ping\r\n0\r\nDigest: none\r\n\r\n";
    insta::assert_snapshot!(tree(PayloadKind::HttpResponse, payload));
}

#[test]
fn a_chunk_in_the_middle() {
    insta::assert_snapshot!(tree(PayloadKind::Chunks { events: true }, b"10\r\ndata: 12:00:00\n\n\r\n"));
    insta::assert_snapshot!(tree(PayloadKind::Chunks { events: false }, b"5\r\nhello\r\nxyz"));
}

#[test]
fn lines_of_events() {
    insta::assert_snapshot!(tree(
        PayloadKind::EventStream,
        b": hi\r\nevent: tick\r\nid: 7\r\nretry: 3000\r\ndata: 1\r\n\r\nda"
    ));
}

#[test]
fn frames() {
    insta::assert_snapshot!(tree(
        PayloadKind::WebSocket,
        b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x88\x05\x03\xe9bye\x8a\x00\x82\x7e\x01\x00cut"
    ));
}

#[test]
fn lines() {
    insta::assert_snapshot!(tree(PayloadKind::Lines, b"time\r\nServer time: 12:00:00\n\nrest"));
}

#[test]
fn records_and_http2_frames() {
    insta::assert_snapshot!(tree(PayloadKind::Tls, b"\x16\x03\x03\x00\x02ab\x17\x03\x03\x00\x05cut"));
    insta::assert_snapshot!(tree(
        PayloadKind::Http2,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\x02\x01\x05\0\0\0\x01hi\0\0"
    ));
}

#[test]
fn what_is_none_of_it_is_said_to_be() {
    insta::assert_snapshot!(tree(PayloadKind::HttpRequest, b"nonsense\r\n\r\n"));
    insta::assert_snapshot!(tree(PayloadKind::Data, b"\x00\x01abc"));
}

#[test]
fn ranges_can_be_moved_into_a_frame() {
    let field = fields::of(PayloadKind::Lines, b"ab\n").remove(0).moved(54);
    assert_eq!((field.range, field.parts[1].range.clone()), (54..57, 56..57));
}

proptest! {
    #[test]
    fn any_payload(
        payload in vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b':'), Just(b' '), Just(b'5'), Just(0x81u8), Just(0), any::<u8>()], 0..120),
        start in prop::sample::select(vec![
            "", "GET / HTTP/1.1\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x16\x03\x03\0\x05",
        ]),
    ) {
        let payload = [start.as_bytes(), &payload].concat();
        for kind in [
            PayloadKind::HttpRequest, PayloadKind::HttpResponse, PayloadKind::Chunks { events: true }, PayloadKind::Chunks { events: false },
            PayloadKind::EventStream, PayloadKind::WebSocket, PayloadKind::Lines, PayloadKind::Tls, PayloadKind::Http2, PayloadKind::Data,
        ] {
            tree(kind, &payload);
        }
    }
}
