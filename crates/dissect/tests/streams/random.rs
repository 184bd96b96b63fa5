//! Whatever the bytes, and however they are cut.

use proptest::collection::vec;
use proptest::prelude::*;
use wirelab_dissect::deflate::DeflateParams;
use wirelab_dissect::http1::{ReplyTo, RequestDecoder, ResponseDecoder};
use wirelab_dissect::{sse, websocket};

use crate::feed::{Decode, Transcript, agree, feed};
use crate::http1::{Requests, Responses};
use crate::sse::Events;
use crate::websocket::Frames;

/// Fed in these pieces, a decoder says what it says of the whole.
fn cut_anyhow<D: Decode>(new: impl Fn() -> D, stream: &[u8], cuts: &[usize]) -> Transcript {
    let whole = feed(&mut new(), [stream]);
    let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
    cuts.extend([0, stream.len()]);
    cuts.sort_unstable();
    let pieces: Vec<&[u8]> = cuts.windows(2).map(|ends| &stream[ends[0]..ends[1]]).collect();
    agree(&whole, &feed(&mut new(), pieces), "in pieces");
    agree(&whole, &feed(&mut new(), stream.chunks(1)), "byte by byte");
    if whole.error.is_none() {
        assert_eq!(whole.marks.len(), stream.len());
    }
    whole
}

/// Pieces of a stream that a decoder knows, in any order.
fn of(words: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        12 => prop::sample::select(words).prop_map(|word| word.as_bytes().to_vec()),
        1 => vec(any::<u8>(), 0..6),
    ];
    vec(word, 0..24).prop_map(|words| words.concat())
}

const HTTP: &[&str] = &[
    "GET / HTTP/1.1\r\n",
    "POST /x HTTP/1.1\r\n",
    "HTTP/1.1 200 OK\r\n",
    "HTTP/1.1 101 X\r\n",
    "HTTP/1.0 204 \r\n",
    "Content-Length: 4\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Upgrade: websocket\r\n",
    "A: b\n",
    " fold\r\n",
    "\r\n",
    "\r\n\r\n",
    "\n",
    "\r",
    "abcd",
    "4\r\nabcd\r\n",
    "0\r\n",
    "5;x=y\r\n",
    "T: u\r\n",
    ":",
];

const SSE: &[&str] = &[
    "data",
    "event",
    "id",
    "retry",
    ":",
    ": ",
    "x",
    "7",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "\r\r",
    "\r\n\r\n",
    "\u{FEFF}",
    "\0",
    "data: a\n\n",
];

proptest! {
    #[test]
    fn http1(stream in of(HTTP), cuts in vec(any::<usize>(), 0..8)) {
        cut_anyhow(|| Requests(RequestDecoder::new()), &stream, &cuts);
        for reply_to in [ReplyTo::Other, ReplyTo::Head, ReplyTo::Connect] {
            cut_anyhow(|| Responses(ResponseDecoder::new(), reply_to), &stream, &cuts);
        }
    }

    /// Sizes as nearly everybody writes them are read at once, as the others are byte by byte.
    #[test]
    fn chunk_sizes(
        chunks in vec(("0{0,3}", 1..40usize, any::<bool>(), prop_oneof![4 => Just(""), 1 => Just(";x=y"), 1 => Just(" ")]), 0..6),
        broken in prop_oneof![4 => Just(""), 1 => Just("g\r\n"), 1 => Just("\r\n"), 1 => Just("11112222333344445\r\n"), 1 => Just("5\n")],
        cuts in vec(any::<usize>(), 0..8),
    ) {
        let stream = chunked(&chunks, broken);
        cut_anyhow(|| Responses(ResponseDecoder::new(), ReplyTo::Other), &stream, &cuts);
    }

    /// The shorter way for content leads where the steps do, however the bytes are cut.
    #[test]
    fn content_by_the_shorter_way(
        chunks in vec(("0{0,3}", 1..40usize, any::<bool>(), Just("")), 0..6),
        length in 0..60usize,
        cuts in vec(any::<usize>(), 0..8),
    ) {
        let body = "b".repeat(length);
        let long = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
        let chunked = chunked(&chunks, "");
        let until_close = format!("HTTP/1.0 200 OK\r\n\r\n{body}");
        for stream in [[long.as_bytes(), &chunked, until_close.as_bytes()].concat(), [&chunked[..], long.as_bytes()].concat()] {
            let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
            ends.extend([0, stream.len()]);
            ends.sort_unstable();
            let pieces = || ends.windows(2).map(|ends| &stream[ends[0]..ends[1]]);
            let steps = feed(&mut Responses(ResponseDecoder::new(), ReplyTo::Other), pieces());
            let shorter = feed(&mut Shorter(ResponseDecoder::new()), pieces());
            prop_assert_eq!(steps, shorter);
        }
    }

    #[test]
    fn sse(stream in of(SSE), cuts in vec(any::<usize>(), 0..8)) {
        cut_anyhow(|| Events(sse::Decoder::new()), &stream, &cuts);
    }

    #[test]
    fn sse_says_what_a_simple_reader_says(stream in of(SSE)) {
        let said: Vec<String> = feed(&mut Events(sse::Decoder::new()), [&stream[..]])
            .events.into_iter().map(|(_, event)| event).filter(|event| event.contains('"')).collect();
        let mut expected = simple_sse(&stream);
        // A CR at the very end may be waiting for its LF.
        if stream.ends_with(b"\r") && expected.len() == said.len() + 1 {
            expected.pop();
        }
        prop_assert_eq!(said, expected);
    }

    #[test]
    fn websocket(stream in vec(prop_oneof![Just(0x81u8), Just(0xc1), Just(0x01), Just(0x80), Just(0), 0u8..130, any::<u8>()], 0..60),
                 cuts in vec(any::<usize>(), 0..8)) {
        for deflate in [None, Some(DeflateParams::default())] {
            cut_anyhow(|| Frames(websocket::Decoder::new(deflate)), &stream, &cuts);
        }
    }

    #[test]
    fn heads_agree_with_httparse(stream in of(HTTP)) {
        let mut fields = [httparse::EMPTY_HEADER; 64];
        let mut theirs = httparse::Request::new(&mut fields);
        if let Ok(httparse::Status::Complete(len)) = theirs.parse(&stream) {
            let mut decoder = RequestDecoder::new();
            let mut rest = &stream[..];
            let ours = loop {
                match decoder.step(rest) {
                    Ok(step) if step.event.is_some() => break Some((stream.len() - rest.len() + step.consumed, step.event)),
                    Ok(step) if step.consumed > 0 => rest = &rest[step.consumed..],
                    Ok(_) => panic!("{stream:?}"),
                    Err(_) => break None,
                }
            };
            // What httparse takes, this decoder takes, unless the body's end is uncertain.
            let lengths = theirs.headers.iter().any(|field| ["content-length", "transfer-encoding"].contains(&field.name.to_ascii_lowercase().as_str()));
            prop_assert!(ours.is_some() || lengths);
            if let Some((end, Some(wirelab_dissect::http1::Event::Request(head)))) = ours {
                prop_assert_eq!(end, len);
                prop_assert_eq!((Some(head.method), Some(head.target)), (theirs.method, theirs.path));
                let fields: Vec<(&str, &[u8])> = theirs.headers.iter().map(|field| (field.name, field.value)).collect();
                prop_assert_eq!(head.fields.collect::<Vec<_>>(), fields);
            }
        }
    }
}

/// A response in chunks: zeros in front of each size, its length, whether in capitals, what stands behind it.
fn chunked(chunks: &[(String, usize, bool, &str)], broken: &str) -> Vec<u8> {
    let mut stream = String::from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (zeros, length, capitals, behind) in chunks {
        let size = if *capitals { format!("{length:X}") } else { format!("{length:x}") };
        stream += &format!("{zeros}{size}{behind}\r\n{}\r\n", "c".repeat(*length));
    }
    stream += broken;
    stream += "0\r\n\r\n";
    stream.into_bytes()
}

/// Takes the shorter way for content wherever there is one.
struct Shorter(ResponseDecoder);

impl Decode for Shorter {
    fn step(&mut self, input: &[u8]) -> Result<(usize, char, Option<String>), String> {
        match self.0.content(input) {
            Some(ended) => Ok((input.len(), 'B', ended.then(|| "end".to_owned()))),
            None => crate::http1::told(self.0.step(input, ReplyTo::Other)),
        }
    }
}

/// The standard's algorithm, word by word, on a stream that is here as a whole.
fn simple_sse(stream: &[u8]) -> Vec<String> {
    let stream = stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream);
    let mut lines: Vec<Vec<u8>> = vec![Vec::new()];
    let mut bytes = stream.iter().peekable();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'\r' | b'\n' => {
                if byte == b'\r' {
                    bytes.next_if(|next| **next == b'\n');
                }
                lines.push(Vec::new());
            }
            _ => lines.last_mut().unwrap().push(byte),
        }
    }
    lines.pop();
    let (mut data, mut event, mut id, mut said) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for line in lines {
        if line.is_empty() {
            if !data.is_empty() {
                data.pop();
                let text = |bytes: &[u8], otherwise: &str| {
                    if bytes.is_empty() { otherwise.to_owned() } else { String::from_utf8_lossy(bytes).into_owned() }
                };
                said.push(format!(
                    "{} {:?} {} {}",
                    text(&event, "message"),
                    text(&data, ""),
                    data.len(),
                    text(&id, "-")
                ));
            }
            data.clear();
            event.clear();
            continue;
        }
        let colon = line.iter().position(|byte| *byte == b':');
        let (name, value) = line.split_at(colon.unwrap_or(line.len()));
        let value = value.strip_prefix(b":").unwrap_or(value);
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" => {
                data.extend_from_slice(value);
                data.push(b'\n');
            }
            b"event" => event = value.to_vec(),
            b"id" if !value.contains(&0) => id = value.to_vec(),
            _ => {}
        }
    }
    said
}
