//! Ways to tell the time: which bytes of an update are head, framing and content, and what is heard of it.

use wirelab_dissect::http1::{Content, Event, Mark, ReplyTo, RequestDecoder, ResponseDecoder};
use wirelab_dissect::sse;
use wirelab_dissect::websocket::{self, Messages, Side, Told};

/// Bytes of a request and its response: head, framing, content; and the content itself.
fn exchange(request: &str, response: &str) -> (usize, usize, usize, String) {
    let mut decoder = RequestDecoder::new();
    let step = decoder.step(request.as_bytes()).unwrap();
    assert!(matches!(step.event, Some(Event::Request(_))));
    let (mut head, mut framing, mut content) = (step.consumed, 0, String::new());
    assert_eq!(head, request.len());
    assert!(matches!(decoder.step(b"").unwrap().event, Some(Event::End)));

    // The 2021 server sent head and body apart.
    let split = response.find("\r\n\r\n").unwrap() + 4;
    let mut decoder = ResponseDecoder::new();
    let mut ended = false;
    for piece in [&response[..split], &response[split..]] {
        let mut rest = piece;
        while !rest.is_empty() {
            let step = decoder.step(rest.as_bytes(), ReplyTo::Other).unwrap();
            match step.mark {
                Mark::Head => head += step.consumed,
                Mark::Body => content.push_str(&rest[..step.consumed]),
                Mark::ChunkSize | Mark::ChunkEnd | Mark::Trailer => framing += step.consumed,
            }
            ended = matches!(step.event, Some(Event::End));
            rest = &rest[step.consumed..];
        }
    }
    assert!(ended && decoder.is_idle());
    (head, framing, content.len(), content)
}

const REQUEST_FIELDS: &str = "Host: 192.0.2.1:8000\r\nUser-Agent: a browser\r\nAccept: */*\r\n\
    Accept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\n\r\n";

#[test]
fn a_page_and_an_ajax_call() {
    let page = "<!DOCTYPE html><title>Time</title><p>Server time: 11:22:33</p>";
    let request = format!("GET / HTTP/1.1\r\n{REQUEST_FIELDS}");
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 62\r\n\r\n";
    let found = exchange(&request, &format!("{head}{page}"));
    assert_eq!(found, (request.len() + head.len(), 0, 62, page.to_owned()));

    let request = format!("GET /time HTTP/1.1\r\n{REQUEST_FIELDS}");
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n";
    let found = exchange(&request, &format!("{head}{{\"time\": \"11:22:33\"}}"));
    assert_eq!(found, (request.len() + head.len(), 0, 20, "{\"time\": \"11:22:33\"}".to_owned()));
}

#[test]
fn an_event_in_a_chunk() {
    let mut decoder = ResponseDecoder::new();
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    let Some(Event::Response(response)) = decoder.step(head, ReplyTo::Other).unwrap().event else { panic!() };
    assert_eq!(response.content, Content::EventStream);
    let mut events = sse::Decoder::new();
    for time in ["11:22:33", "11:22:43"] {
        let update = format!("1c\r\ndata: {{\"time\": \"{time}\"}}\n\n\r\n");
        assert_eq!(update.len(), 34);
        let (mut chunk, mut framing, mut content, mut heard) = (0, 0, 0, Vec::new());
        let mut rest = update.as_bytes();
        while !rest.is_empty() {
            let step = decoder.step(rest, ReplyTo::Other).unwrap();
            if step.mark == Mark::Body {
                let mut body = &rest[..step.consumed];
                while !body.is_empty() {
                    let step = events.step(body);
                    *if step.mark == sse::Mark::Value { &mut content } else { &mut framing } += step.consumed;
                    if let Some(sse::Event::Message { event_type, data, .. }) = step.event {
                        heard.push(format!("{event_type} {}", String::from_utf8_lossy(data)));
                    }
                    body = &body[step.consumed..];
                }
            } else {
                chunk += step.consumed;
            }
            rest = &rest[step.consumed..];
        }
        assert_eq!((chunk, framing, content), (6, 8, 20));
        assert_eq!(heard, [format!("message {{\"time\": \"{time}\"}}")]);
    }
}

#[test]
fn a_question_and_an_answer_over_websocket() {
    let key = [0x37, 0xfa, 0x21, 0x3d];
    let mut question = vec![0x81, 0x80 | 8];
    question.extend(key);
    question.extend(b"get-time".iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    let answer = b"\x81\x14{\"time\": \"11:22:33\"}";
    assert_eq!((question.len(), answer.len()), (14, 22));
    for (side, frame, text) in
        [(Side::Client, &question[..], "get-time"), (Side::Server, answer, "{\"time\": \"11:22:33\"}")]
    {
        let mut decoder = websocket::Decoder::new(None);
        let mut messages = Messages::new(side, None);
        let step = decoder.step(frame).unwrap();
        assert!(messages.see(&step.event.unwrap()).violations.is_empty());
        let rest = &frame[step.consumed..];
        let step = decoder.step(rest).unwrap();
        assert_eq!(step.consumed, rest.len());
        let seen = messages.see(&step.event.unwrap());
        let Some(Told::Message(message)) = seen.told else { panic!("{seen:?}") };
        assert_eq!((message.text, message.payload_len), (text.as_bytes(), text.len() as u64));
    }
}
