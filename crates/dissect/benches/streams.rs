//! How long does a stream decoder take for what it meets most?
//!
//! `cargo bench -p wirelab-dissect --bench streams`. Where there is a library that does the same part of the job, it is
//! measured beside.
#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use wirelab_dissect::deflate::DeflateParams;
use wirelab_dissect::http1::{ReplyTo, RequestDecoder, ResponseDecoder};
use wirelab_dissect::{sse, websocket};

fn main() {
    divan::main();
}

const REQUEST: &[u8] = b"GET /time HTTP/1.1\r\nHost: 10.0.0.1:8000\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\nAccept: */*\r\n\
    Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\n\
    Referer: http://10.0.0.1:8000/\r\n\r\n";

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\
    date: Mon, 05 Jan 2026 12:00:00 GMT\r\n\r\n{\"time\": \"12:00:00\"}";

/// Steps through all of a stream: how many events there were.
fn requests(decoder: &mut RequestDecoder, mut input: &[u8]) -> usize {
    let mut events = 0;
    loop {
        let step = decoder.step(input).unwrap();
        let done = step.consumed == 0 && step.event.is_none();
        events += usize::from(step.event.is_some());
        input = &input[step.consumed..];
        if done {
            return events;
        }
    }
}

fn responses(decoder: &mut ResponseDecoder, mut input: &[u8]) -> usize {
    let mut events = 0;
    loop {
        let step = decoder.step(input, ReplyTo::Other).unwrap();
        let done = step.consumed == 0 && step.event.is_none();
        events += usize::from(step.event.is_some());
        input = &input[step.consumed..];
        if done {
            return events;
        }
    }
}

fn frames(decoder: &mut websocket::Decoder, mut input: &[u8]) -> usize {
    let mut events = 0;
    loop {
        let step = decoder.step(input).unwrap();
        let done = step.consumed == 0 && step.event.is_none();
        events += usize::from(step.event.is_some());
        input = &input[step.consumed..];
        if done {
            return events;
        }
    }
}

#[divan::bench]
fn http1_request(bencher: Bencher) {
    let mut decoder = RequestDecoder::new();
    bencher.counter(BytesCount::of_slice(REQUEST)).bench_local(|| requests(&mut decoder, black_box(REQUEST)));
}

#[divan::bench]
fn http1_request_by_httparse(bencher: Bencher) {
    bencher.counter(BytesCount::of_slice(REQUEST)).bench_local(|| {
        let mut fields = [httparse::EMPTY_HEADER; 32];
        let mut request = httparse::Request::new(&mut fields);
        request.parse(black_box(REQUEST)).unwrap().unwrap()
    });
}

#[divan::bench]
fn http1_request_in_two_pieces(bencher: Bencher) {
    let mut decoder = RequestDecoder::new();
    let (left, right) = REQUEST.split_at(100);
    bencher
        .counter(BytesCount::of_slice(REQUEST))
        .bench_local(|| requests(&mut decoder, black_box(left)) + requests(&mut decoder, black_box(right)));
}

#[divan::bench]
fn http1_response(bencher: Bencher) {
    let mut decoder = ResponseDecoder::new();
    bencher.counter(BytesCount::of_slice(RESPONSE)).bench_local(|| responses(&mut decoder, black_box(RESPONSE)));
}

/// One chunk an update, as a server that streams sends them, in segments.
#[divan::bench]
fn http1_chunks(bencher: Bencher) {
    let mut decoder = ResponseDecoder::new();
    responses(&mut decoder, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    let chunk = b"10\r\ndata: 12:00:00\n\n\r\n";
    bencher.counter(ItemsCount::new(1u32)).bench_local(|| responses(&mut decoder, black_box(chunk)));
}

#[divan::bench]
fn http1_large_body_by_segment(bencher: Bencher) {
    let mut decoder = ResponseDecoder::new();
    responses(&mut decoder, b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n");
    let segment = [b'x'; 1448];
    bencher.counter(ItemsCount::new(1u32)).bench_local(|| responses(&mut decoder, black_box(&segment)));
}

#[divan::bench]
fn sse_message(bencher: Bencher) {
    let mut decoder = sse::Decoder::new();
    bencher.counter(ItemsCount::new(1u32)).bench_local(|| {
        let mut input = black_box(&b"data: 12:00:00\n\n"[..]);
        let mut events = 0;
        while !input.is_empty() {
            let step = decoder.step(input);
            events += usize::from(step.event.is_some());
            input = &input[step.consumed..];
        }
        events
    });
}

#[divan::bench]
fn websocket_text(bencher: Bencher) {
    let mut decoder = websocket::Decoder::new(None);
    bencher.counter(ItemsCount::new(1u32)).bench_local(|| frames(&mut decoder, black_box(b"\x81\x0812:00:00")));
}

#[divan::bench]
fn websocket_masked_text(bencher: Bencher) {
    let mut decoder = websocket::Decoder::new(None);
    let frame = b"\x81\x88\x01\x02\x03\x0412:00:00";
    bencher.counter(ItemsCount::new(1u32)).bench_local(|| frames(&mut decoder, black_box(frame)));
}

#[divan::bench]
fn websocket_compressed_text(bencher: Bencher) {
    let params = DeflateParams { server_no_context_takeover: false, ..DeflateParams::default() };
    let mut decoder = websocket::Decoder::new(Some(params));
    let frame = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00";
    bencher.counter(ItemsCount::new(1u32)).bench_local(|| frames(&mut decoder, black_box(frame)));
}
