use wirelab_dissect::http1::{
    Body, Coding, Content, Error, Event, Mark, ReplyTo, RequestDecoder, ResponseDecoder, Sniff, Step, Upgrade, Version,
    sniff_request, sniff_response,
};

use crate::feed::{Decode, every_way, listed, short};

pub struct Requests(pub RequestDecoder);
pub struct Responses(pub ResponseDecoder, pub ReplyTo);

impl Decode for Requests {
    fn step(&mut self, input: &[u8]) -> Result<(usize, char, Option<String>), String> {
        told(self.0.step(input))
    }
}

impl Decode for Responses {
    fn step(&mut self, input: &[u8]) -> Result<(usize, char, Option<String>), String> {
        told(self.0.step(input, self.1))
    }
}

pub fn told(step: Result<Step<Mark, Event<'_>>, Error>) -> Result<(usize, char, Option<String>), String> {
    let step = step.map_err(|error| format!("{error:?}"))?;
    let mark = match step.mark {
        Mark::Head => 'H',
        Mark::ChunkSize => 'S',
        Mark::Body => 'B',
        Mark::ChunkEnd => 'E',
        Mark::Trailer => 'T',
    };
    let event = step.event.map(|event| match event {
        Event::Request(head) => format!("{} {} {:?}", head.method, head.target, head.body),
        Event::Response(head) => format!("{} {:?}", head.status, head.body),
        Event::End => "end".to_owned(),
    });
    Ok((step.consumed, mark, event))
}

fn requests() -> Requests {
    Requests(RequestDecoder::new())
}

fn responses(reply_to: ReplyTo) -> impl Fn() -> Responses {
    move || Responses(ResponseDecoder::new(), reply_to)
}

fn check_requests(cases: &[(&str, &str, &str)]) {
    for (stream, marks, events) in cases {
        let transcript = every_way(requests, stream.as_bytes());
        assert_eq!((short(&transcript.marks).as_str(), listed(&transcript).as_str()), (*marks, *events), "{stream:?}");
    }
}

fn check_responses(reply_to: ReplyTo, cases: &[(&str, &str, &str)]) {
    for (stream, marks, events) in cases {
        let transcript = every_way(responses(reply_to), stream.as_bytes());
        assert_eq!((short(&transcript.marks).as_str(), listed(&transcript).as_str()), (*marks, *events), "{stream:?}");
    }
}

#[test]
fn requests_are_found() {
    check_requests(&[
        ("GET / HTTP/1.1\r\n\r\n", "H18", "18 GET / None; 18 end"),
        ("GET / HTTP/1.0\n\n", "H16", "16 GET / None; 16 end"),
        ("\r\n\n\r\nGET / HTTP/1.1\r\n\r\n", "H23", "23 GET / None; 23 end"),
        ("GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n", "H38", "19 GET /a None; 19 end; 38 GET /b None; 38 end"),
        ("POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "H39 B3", "39 POST /a Length(3); 42 end"),
        ("POST /a HTTP/1.1\r\nContent-Length: 0\r\n\r\n", "H39", "39 POST /a Length(0); 39 end"),
        (
            "POST /a HTTP/1.1\r\ncontent-length:3 , 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n",
            "H42 B3 H18",
            "42 POST /a Length(3); 45 end; 63 GET / None; 63 end",
        ),
        ("GET / HTTP/1.1\r\nA: b\r\n c\r\n\td\r\n\r\n", "H32", "32 GET / None; 32 end"),
        ("GET / HTTP/1.1\r\n skipped\r\nA: b\r\n\r\n", "H34", "34 GET / None; 34 end"),
        ("GET /a b HTTP/1.1\r\n\r\n", "H21", "21 GET /a b None; 21 end"),
        ("CONNECT a:1 HTTP/1.1\r\n\r\n", "H24", "24 CONNECT a:1 None; 24 end"),
    ]);
}

#[test]
fn chunks_are_found() {
    // RFC 9112 section 7.1.
    let head = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    let case = |body: &'static str| every_way(requests, format!("{head}{body}").as_bytes());
    for (body, marks, end) in [
        ("0\r\n\r\n", "H47 S3 T2", "52 end"),
        ("3\r\nabc\r\n0\r\n\r\n", "H47 S3 B3 E2 S3 T2", "60 end"),
        ("3\nabc\n0\n\n", "H47 S2 B3 E1 S2 T1", "56 end"),
        ("003;name=\"va;lue\"\r\nabc\r\n0;x\r\n\r\n", "H47 S19 B3 E2 S5 T2", "78 end"),
        ("A  \r\n0123456789\r\n000\r\nX: y\r\nZ: w\r\n\r\n", "H47 S5 B10 E2 S5 T14", "83 end"),
        ("a\r\n0123456789\r\n0\r\nX: \r\r\n\r\n", "H47 S3 B10 E2 S3 T8", "73 end"),
    ] {
        let transcript = case(body);
        assert_eq!(short(&transcript.marks), marks, "{body:?}");
        assert_eq!(listed(&transcript), format!("47 POST / Chunked; {end}"), "{body:?}");
    }
    for (body, error) in [
        ("g\r\n", "ChunkSize { found: 103 }"),
        ("\r\n", "ChunkSize { found: 13 }"),
        ("1x\r\n", "ChunkSize { found: 120 }"),
        ("-1\r\n", "ChunkSize { found: 45 }"),
        ("10000000000000000\r\n", "ChunkTooLarge"),
        ("1\r\nab\r\n", "ChunkEnd { found: 98 }"),
        ("1\r\na\rb", "ChunkEnd { found: 98 }"),
    ] {
        assert_eq!(case(body).error.as_deref(), Some(error), "{body:?}");
    }
    assert_eq!(short(&case("ffffffffffffffff\r\nabc").marks), "H47 S18 B3");
    assert_eq!(short(&case("00000000000000000000000001\r\na").marks), "H47 S28 B1");
}

#[test]
fn what_leaves_the_end_uncertain_is_an_error() {
    check_requests(&[
        ("hello\r\n\r\n", "", "error: RequestLine"),
        ("GET /\r\n\r\n", "", "error: RequestLine"),
        ("PRI * HTTP/2.0\r\n\r\n", "", "error: Version"),
        ("GET / HTTP/1.1x\r\n\r\n", "", "error: Version"),
        ("GET / FTP/1.1\r\n\r\n", "", "error: RequestLine"),
        ("GET / HTTP/1.1\r\nno colon\r\n\r\n", "", "error: FieldLine"),
        ("GET / HTTP/1.1\r\n: no name\r\n\r\n", "", "error: FieldName { found: 58 }"),
        ("GET / HTTP/1.1\r\na b: c\r\n\r\n", "", "error: FieldName { found: 32 }"),
        ("GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "", "error: ContentLength"),
        ("GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\n", "", "error: ContentLength"),
        ("GET / HTTP/1.1\r\nContent-Length:\r\n\r\n", "", "error: ContentLength"),
        ("GET / HTTP/1.1\r\nContent-Length: 18446744073709551616\r\n\r\n", "", "error: ContentLength"),
        (
            "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "",
            "error: ContentLengths { first: 1, second: 2 }",
        ),
        ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", "", "error: TransferCoding"),
    ]);
    check_responses(
        ReplyTo::Other,
        &[
            ("HTTP/1.1 20 OK\r\n\r\n", "", "error: StatusLine"),
            ("HTTP/1.1 2000 OK\r\n\r\n", "", "error: StatusLine"),
            ("HTTP/1.1 099 OK\r\n\r\n", "", "error: StatusLine"),
            ("HTTP/2 200 OK\r\n\r\n", "", "error: Version"),
            ("ICY 200 OK\r\n\r\n", "", "error: StatusLine"),
        ],
    );
}

#[test]
fn responses_end_where_their_request_says() {
    // RFC 9112 section 6.3.
    check_responses(
        ReplyTo::Other,
        &[
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "H38 B2", "38 200 Length(2); 40 end"),
            ("HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "H35", "35 200 Length(0); 35 end"),
            ("HTTP/1.0 200 OK\r\n\r\nhi", "H19 B2", "19 200 UntilClose"),
            ("HTTP/1.1 204 No Content\r\n\r\n", "H27", "27 204 None; 27 end"),
            ("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "H48", "48 304 None; 48 end"),
            (
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                "H63",
                "25 100 None; 25 end; 63 200 Length(0); 63 end",
            ),
            ("HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", "H38", "38 101 None; 38 end"),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
                "H53 S3 T2",
                "53 200 Chunked; 58 end",
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nab", "H44 B2", "44 200 UntilClose"),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n0\r\n\r\n",
                "H66 S3 T2",
                "66 200 Chunked; 71 end",
            ),
        ],
    );
    check_responses(
        ReplyTo::Head,
        &[
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "H38", "38 200 None; 38 end"),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "H47", "47 200 None; 47 end"),
        ],
    );
    check_responses(
        ReplyTo::Connect,
        &[
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "H38", "38 200 None; 38 end"),
            ("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nhi", "H38 B2", "38 403 Length(2); 40 end"),
        ],
    );
}

#[test]
fn heads_say_what_is_behind_them() {
    let mut decoder = RequestDecoder::new();
    let stream = b"GET /time HTTP/1.1\r\nHost : 10.0.0.1:8000\r\nAccept: text/html;q=0.9, Text/Event-Stream\r\n\
        Connection: keep-alive, Upgrade\r\nUPGRADE: websocket\r\nExpect: 100-continue\r\nFold: a\r\n  b\r\n\r\n";
    let Ok(Step { consumed, event: Some(Event::Request(head)), .. }) = decoder.step(stream) else { panic!() };
    assert_eq!(consumed, stream.len());
    assert_eq!((head.version, head.upgrade, head.body), (Version::Http11, Upgrade::WebSocket, Body::None));
    assert!(head.expects_continue && !head.conflicting_lengths);
    assert_eq!(head.fields.count(), 6);
    assert_eq!(head.fields.get("host"), Some(&b"10.0.0.1:8000"[..]));
    assert_eq!(head.fields.get("fold"), Some(&b"a\r\n  b"[..]));
    assert_eq!(head.fields.get("cookie"), None);

    let cases: [(&str, Content, Coding, Upgrade); 11] = [
        ("200 OK\r\nContent-Type: text/html; charset=utf-8", Content::Html, Coding::Identity, Upgrade::None),
        ("200 OK\r\nContent-Type: text/event-stream", Content::EventStream, Coding::Identity, Upgrade::None),
        ("200 OK\r\nContent-Type: application/json", Content::Json, Coding::Identity, Upgrade::None),
        ("200 OK\r\nContent-Type: application/ld+JSON;a=b", Content::Json, Coding::Identity, Upgrade::None),
        ("200 OK\r\nContent-Type: image/png", Content::Other, Coding::Identity, Upgrade::None),
        ("200 OK\r\nContent-Encoding: gzip", Content::None, Coding::Gzip, Upgrade::None),
        ("200 OK\r\nContent-Encoding: br", Content::None, Coding::Brotli, Upgrade::None),
        ("200 OK\r\nContent-Encoding: gzip, br", Content::None, Coding::Other, Upgrade::None),
        ("200 OK\r\nUpgrade: h2c", Content::None, Coding::Identity, Upgrade::None),
        ("101 Switching\r\nUpgrade: h2c", Content::None, Coding::Identity, Upgrade::Other),
        ("101 Switching\r\nupgrade: WebSocket", Content::None, Coding::Identity, Upgrade::WebSocket),
    ];
    for (head, content, coding, upgrade) in cases {
        let stream = format!("HTTP/1.1 {head}\r\n\r\n");
        let mut decoder = ResponseDecoder::new();
        let step = decoder.step(stream.as_bytes(), ReplyTo::Other).unwrap();
        let Some(Event::Response(found)) = step.event else { panic!("{head}") };
        assert_eq!((found.content, found.content_encoding, found.upgrade), (content, coding, upgrade), "{head}");
    }
}

#[test]
fn a_head_without_an_end_is_refused_in_bounded_memory() {
    let stream = format!("GET / HTTP/1.1\r\n{}", "A: b\r\n".repeat(20_000));
    for size in [1, 1460, stream.len()] {
        let mut decoder = requests();
        let transcript = crate::feed::feed(&mut decoder, stream.as_bytes().chunks(size));
        assert_eq!(transcript.error.as_deref(), Some("HeadTooLong { limit: 65536 }"), "pieces of {size}");
    }
    let folds = format!("GET / HTTP/1.1\r\n{}A: b\r\n{}\r\n", " \n".repeat(15_000), " c\n".repeat(10_000));
    let transcript = crate::feed::feed(&mut requests(), [folds.as_bytes()]);
    assert_eq!((transcript.events.len(), transcript.error), (2, None));
    let longest = format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", "b".repeat(65536 - 23));
    assert_eq!(longest.len(), 65536);
    for size in [1, 1460, 65536] {
        let transcript = crate::feed::feed(&mut requests(), longest.as_bytes().chunks(size));
        assert_eq!((transcript.events.len(), transcript.error), (2, None), "pieces of {size}");
    }
}

#[test]
fn a_body_steps_over_missing_bytes() {
    let mut decoder = ResponseDecoder::new();
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
    assert!(!decoder.skip(1), "nothing says what is missing before a head");
    decoder.step(head, ReplyTo::Other).unwrap();
    assert!(decoder.skip(4));
    assert!(!decoder.clone().skip(7), "more than the body has left");
    let step = decoder.step(b"abcdefHTTP/1.1 ", ReplyTo::Other).unwrap();
    assert_eq!((step.consumed, step.mark, step.event), (6, Mark::Body, Some(Event::End)));
    assert!(decoder.is_idle());

    // The last bytes are missing: the end is told with the next step.
    decoder.step(head, ReplyTo::Other).unwrap();
    assert!(decoder.skip(10));
    let step = decoder.step(b"", ReplyTo::Other).unwrap();
    assert_eq!((step.consumed, step.event), (0, Some(Event::End)));

    // In a chunk's data, but not over its end.
    let mut decoder = ResponseDecoder::new();
    decoder.step(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", ReplyTo::Other).unwrap();
    assert!(!decoder.skip(1));
    decoder.step(b"5\r\n", ReplyTo::Other).unwrap();
    assert!(!decoder.skip(6));
    assert!(decoder.skip(5));
    assert_eq!(decoder.step(b"\r\n", ReplyTo::Other).unwrap(), Step { consumed: 2, mark: Mark::ChunkEnd, event: None });

    // Out of step: the next status line is found.
    assert_eq!(decoder.resync(b"\r\n<p>HTTP!</p>HTTP/1.1 200 OK\r\n"), Some(14));
    assert!(decoder.is_idle());
    assert_eq!(decoder.resync(b"nothing here"), None);
    let mut decoder = RequestDecoder::new();
    assert_eq!(decoder.resync(b"half a line\r\nGET / HTTP/1.1\r\n"), Some(13));
    assert_eq!(decoder.resync(b"half a line\r\nGET / HTTP/1."), None);
}

#[test]
fn only_a_body_without_length_ends_with_the_connection() {
    let mut decoder = ResponseDecoder::new();
    assert!(!decoder.finish());
    decoder.step(b"HTTP/1.0 200 OK\r\n\r\n", ReplyTo::Other).unwrap();
    assert!(!decoder.is_idle());
    assert!(decoder.finish());
    assert!(decoder.is_idle());
}

#[test]
fn first_bytes_tell_the_protocol() {
    for (bytes, request, response) in [
        ("", Sniff::NotYet, Sniff::NotYet),
        ("GET", Sniff::NotYet, Sniff::No),
        ("GET ", Sniff::NotYet, Sniff::No),
        ("GET /", Sniff::Yes, Sniff::No),
        ("\r\nGET /", Sniff::Yes, Sniff::No),
        ("PROPFIND / HTTP", Sniff::NotYet, Sniff::No),
        ("PROPFIND / HTTP/1.1\r\n", Sniff::Yes, Sniff::No),
        ("time\n", Sniff::No, Sniff::No),
        ("Hello!\n", Sniff::No, Sniff::No),
        ("get the time\n", Sniff::No, Sniff::No),
        ("PRI * HTTP/2.0\r\n\r\nSM", Sniff::No, Sniff::No),
        ("\x16\x03\x01", Sniff::No, Sniff::No),
        ("HTTP/1.", Sniff::No, Sniff::NotYet),
        ("HTTP/1.1 ", Sniff::No, Sniff::Yes),
        ("HTTP/1.1x", Sniff::No, Sniff::No),
        ("HTTP/2.0 ", Sniff::No, Sniff::No),
    ] {
        assert_eq!(
            (sniff_request(bytes.as_bytes()), sniff_response(bytes.as_bytes())),
            (request, response),
            "{bytes:?}"
        );
    }
}
