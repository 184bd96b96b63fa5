//! Whose capture is this? The apps' own conversations are theirs; what only looks like one of them is nobody's.
#![allow(clippy::unwrap_used)]

mod talk;

use proptest::prelude::*;
use talk::{Frames, Talk, analyze, head, masked, originals, page, unmasked};
use wirelab_catalog::App;
use wirelab_catalog::grammar::NOT_FOUND;

const GET_PAGE: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const GET_POLL: &[u8] = b"GET /poll HTTP/1.1\r\nHost: a\r\n\r\n";
const GET_NEXT: &[u8] = b"GET /next?after=09:31:35 HTTP/1.1\r\nHost: a\r\n\r\n";
const NOTHING: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";
const GET_TINY: &[u8] = b"GET /tiny HTTP/1.1\r\nHost: a\r\n\r\n";
const TINY: &[u8] = b"<!DOCTYPE html><title>Time</title><time>09:31:35</time>\n";
const GET_FEED: &[u8] = b"GET /feed HTTP/1.1\r\nHost: a\r\n\r\n";
const NOT_MODIFIED: &[u8] = b"HTTP/1.1 304 Not Modified\r\nETag: \"09:31:35\"\r\n\r\n";
const GET_TIME: &[u8] = b"GET /time HTTP/1.1\r\nHost: a\r\n\r\n";

fn told(frames: &Frames) -> Option<App> {
    analyze(frames).app
}

/// An answer with these fields and this content.
fn answer(status: &str, media: &str, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: {media}\r\nContent-Length: {length}\r\n\r\n");
    [head.as_bytes(), content].concat()
}

fn html(content: &[u8]) -> Vec<u8> {
    answer("200 OK", "text/html; charset=utf-8", content)
}

fn json(content: &str) -> Vec<u8> {
    answer("200 OK", "application/json", content.as_bytes())
}

fn stream(events: &str) -> Vec<u8> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n";
    [head, events].concat().into_bytes()
}

fn feed(lines: &str) -> Vec<u8> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\n";
    [head, lines].concat().into_bytes()
}

fn asked(turns: &[(&[u8], Vec<u8>)]) -> Frames {
    let mut talk = Talk::new(1);
    talk.handshake();
    for (request, answer) in turns {
        talk.client(request).server(answer).client_ack();
    }
    talk.frames
}

fn lines(turns: &[(&str, &str)]) -> Frames {
    let mut talk = Talk::new(1);
    talk.handshake();
    for (client, server) in turns {
        if !client.is_empty() {
            talk.client(client.as_bytes());
        }
        if !server.is_empty() {
            talk.server(server.as_bytes()).client_ack();
        }
    }
    talk.frames
}

/// A WebSocket at /time, with these fields in the answer, and what the server says when it is asked.
fn websocket(fields: &str, texts: &[&str]) -> Frames {
    websocket_at("/time", &masked(1, b"get-time"), fields, texts)
}

/// A WebSocket on which the server says these texts, each behind these bytes of the client.
fn websocket_at(path: &str, asked: &[u8], fields: &str, texts: &[&str]) -> Frames {
    let mut talk = Talk::new(1);
    talk.handshake();
    talk.client(
        format!("GET {path} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n").as_bytes(),
    );
    talk.server(&head(
        "HTTP/1.1 101 Switching Protocols",
        &format!("Upgrade: websocket\r\nConnection: Upgrade\r\n{fields}"),
        160,
    ));
    for text in texts {
        if !asked.is_empty() {
            talk.client(asked);
        }
        talk.server(&unmasked(1, text.as_bytes())).client_ack();
    }
    talk.frames
}

/// Connections one after the other.
fn both(one: Frames, other: Frames) -> Frames {
    let last = one.last().map_or(0, |(time, _)| *time);
    let later = other.into_iter().map(|(time, frame)| (last + 1 + time, frame));
    one.into_iter().chain(later).collect()
}

#[test]
fn the_conversations_of_2021_are_the_apps_own() {
    for (name, conversation) in originals::ALL {
        assert_eq!(told(&conversation([10, 0, 0, 2], 40_000)).map(App::capture_name), Some(name));
    }
}

#[test]
fn what_else_an_app_says_is_its_own_too() {
    let web =
        |turns: &[(&[u8], Vec<u8>)]| asked(&[&[(GET_PAGE, html(&page(App::Web, "09:31:35", 435)))], turns].concat());
    let favicon: (&[u8], Vec<u8>) = (
        b"GET /favicon.ico HTTP/1.1\r\n\r\n",
        answer("404 Not Found", "text/plain; charset=utf-8", NOT_FOUND.as_bytes()),
    );
    let mut silent = Talk::new(2);
    silent.handshake().client_fin().server_fin().client_ack();
    for (what, app, frames) in [
        ("a page alone", App::Web, web(&[])),
        ("an icon that is not there", App::Web, web(&[favicon])),
        ("a connection that is opened in case it is needed", App::Web, both(web(&[]), silent.frames)),
        ("a greeting alone", App::Tcp, lines(&[("", "Hello!\nServer time: 09:31:35\n\n")])),
        (
            "every word over TCP, cut anyhow",
            App::Tcp,
            lines(&[
                ("", "Hel"),
                ("", "lo!\nServer time: 09:3"),
                ("", "1:35\n\n"),
                ("time\n", "09:31:45"),
                ("", "\n\n"),
                ("what?\n", "I do not understand: what?\n\n"),
                ("bye\n", "Good bye!\n"),
            ]),
        ),
        (
            "a command that is not known",
            App::Ws,
            websocket("", &["{\"time\": \"09:31:35\"}", "{\"error\": \"unknown command\"}"]),
        ),
        ("events without their page", App::Sse, asked(&[(GET_TIME, stream("data: {\"time\": \"09:31:35\"}\n\n"))])),
        ("an answer without its page", App::Ajax, asked(&[(GET_TIME, json("{\"time\":\"09:31:35\"}\n"))])),
        (
            "lines without their page",
            App::Stream,
            asked(&[(GET_FEED, feed("{\"time\": \"09:31:35\"}\n{\"time\": \"09:31:45\"}\n"))]),
        ),
        ("a page in a frame", App::Iframe, asked(&[(GET_TINY, html(TINY))])),
        (
            "a value that was waited for, in vain at first",
            App::LongPoll,
            asked(&[(GET_NEXT, NOTHING.to_vec()), (GET_NEXT, json("{\"time\":\"09:31:45\"}\n"))]),
        ),
        (
            "messages that nobody asked for",
            App::WsPush,
            websocket_at("/push", b"", "", &["{\"time\": \"09:31:35\"}", "{\"time\": \"09:31:45\"}"]),
        ),
        (
            "a value that is asked for again and again, and has not changed",
            App::Poll,
            asked(&[(GET_POLL, json("{\"time\":\"09:31:35\"}\n")), (GET_POLL, NOT_MODIFIED.to_vec())]),
        ),
    ] {
        assert_eq!(told(&frames), Some(app), "{what}");
    }
}

#[test]
fn what_looks_like_an_app_is_nobody_s() {
    let a_time = "{\"time\":\"09:31:35\"}\n";
    let ajax = |turns: &[(&[u8], Vec<u8>)]| asked(&[&[(GET_TIME, json(a_time))], turns].concat());
    let other_page = |text: &str| asked(&[(GET_PAGE, html(text.as_bytes()))]);
    let event = "data: {\"time\": \"09:31:35\"}\n\n";
    for (what, frames) in [
        ("nothing", Vec::new()),
        ("a page with a <time>", other_page("<!DOCTYPE html><p>Posted at <time>09:31:35</time>")),
        (
            "a page with the server's time, and no way to renew it",
            other_page("<!DOCTYPE html><p>Server time: <time>09:31:35</time></p>"),
        ),
        ("a long page", asked(&[(GET_PAGE, html(&page(App::Web, "09:31:35", 9_000)))])),
        (
            "the page of an app at another place",
            asked(&[(b"GET /clock HTTP/1.1\r\n\r\n", html(&page(App::Web, "09:31:35", 435)))]),
        ),
        ("another /time", asked(&[(GET_TIME, json("{\"time\": \"09:31:35\", \"zone\": \"UTC\"}"))])),
        ("a /time with a date", asked(&[(GET_TIME, json("{\"time\":\"2026-01-02T09:31:35Z\"}"))])),
        ("a /time of another kind", asked(&[(GET_TIME, answer("200 OK", "text/plain", a_time.as_bytes()))])),
        ("the app's answer somewhere else", asked(&[(b"GET /now HTTP/1.1\r\n\r\n", json(a_time))])),
        ("the app's answer, and another", ajax(&[(b"GET /list HTTP/1.1\r\n\r\n", json("[1, 2]"))])),
        (
            "the app's answer, and another server's 404",
            ajax(&[(b"GET /x HTTP/1.1\r\n\r\n", answer("404 Not Found", "text/html", b"gone"))]),
        ),
        (
            "the app's answer, and lines on another connection",
            both(ajax(&[]), {
                let mut talk = Talk::new(2);
                talk.handshake().client(b"hello\n").server(b"hello yourself\n").client_ack();
                talk.frames
            }),
        ),
        (
            "two apps at once",
            both(ajax(&[]), {
                let mut talk = Talk::new(2);
                talk.handshake().server(b"Hello!\nServer time: 09:31:35\n\n").client_ack();
                talk.frames
            }),
        ),
        ("lines that begin with a time", lines(&[("time\n", "09:31:35\n\n"), ("time\n", "09:31:45\n\n")])),
        ("such lines, their beginning not captured", {
            let mut talk = Talk::new(40_000);
            talk.client(b"time\n").server(b"09:31:35\n\n").client_ack();
            talk.frames
        }),
        ("a log that begins each line with a time", lines(&[("", "09:31:35 started\n"), ("", "09:31:36 stopped\n")])),
        ("another greeting", lines(&[("", "220 ready\nServer time: 09:31:35\n\n"), ("time\n", "09:31:45\n\n")])),
        (
            "the greeting, then other words",
            lines(&[("", "Hello!\nServer time: 09:31:35\n\n"), ("time\n", "09:31:45 UTC\n\n")]),
        ),
        ("a page that is asked for again, and has not changed", asked(&[(GET_PAGE, NOT_MODIFIED.to_vec())])),
        (
            "an answer that has not changed, of an app that says no such thing",
            ajax(&[(GET_TIME, NOT_MODIFIED.to_vec())]),
        ),
        (
            "a value that is asked for again and again, and a queue",
            asked(&[(GET_POLL, json(a_time)), (GET_POLL, json("{\"queue\": []}"))]),
        ),
        ("events of another type", asked(&[(GET_TIME, stream(&format!("event: tick\n{event}")))])),
        ("events with other words between", asked(&[(GET_TIME, stream(&format!("{event}data: hello\n\n")))])),
        ("events with comments", asked(&[(GET_TIME, stream(&format!(": hello\n\n{event}")))])),
        ("events somewhere else", asked(&[(b"GET /events HTTP/1.1\r\n\r\n", stream(event))])),
        (
            "messages that nobody asked for, with other words",
            websocket_at("/push", b"", "", &["{\"time\": \"09:31:35\"}", "news"]),
        ),
        (
            "messages that nobody asked for, where an app has its own",
            websocket_at("/push", b"", "", &["{\"time\": \"09:31:35\"}", "{\"error\": \"unknown command\"}"]),
        ),
        (
            "a value that was waited for, and something else",
            asked(&[(GET_NEXT, json(a_time)), (GET_NEXT, json("{\"page\": 2}"))]),
        ),
        ("a page in a frame at another place", asked(&[(GET_PAGE, html(TINY))])),
        ("another page in a frame", asked(&[(GET_TINY, html(b"<title>Time</title><time>09:31:35</time>"))])),
        ("lines with other words", asked(&[(GET_FEED, feed("{\"time\": \"09:31:35\"}\n{\"news\": []}\n"))])),
        ("lines and signs of life", asked(&[(GET_FEED, feed("{\"time\": \"09:31:35\"}\n\n"))])),
        ("lines of another kind", asked(&[(GET_FEED, stream("{\"time\": \"09:31:35\"}\n"))])),
        ("nothing that was waited for", asked(&[(GET_NEXT, NOTHING.to_vec())])),
        ("messages with other words", websocket("", &["{\"time\": \"09:31:35\"}", "{\"price\": 3}"])),
        (
            "messages of a server that compresses",
            websocket("Sec-WebSocket-Extensions: permessage-deflate\r\n", &["{\"time\": \"09:31:35\"}"]),
        ),
        ("a WebSocket on which nothing is said", websocket("", &[])),
    ] {
        let capture = analyze(&frames);
        assert_eq!(capture.app, None, "{what}");
        assert_ne!(capture.per_update_of.as_deref(), Some("update"), "{what}");
        assert_eq!(capture.totals.useful_bytes, 0, "{what}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// One byte that is not as an app says it, anywhere in what it says, and nobody's capture it is. (A digit may become
    /// another one, and then it is another time.)
    #[test]
    fn one_other_byte_makes_it_nobody_s(at in 0_usize..200, byte in b'a'..=b'z') {
        for (app, said) in [
            (App::Tcp, &b"Hello!\nServer time: 09:31:35\n\n"[..]),
            (App::Ajax, b"{\"time\":\"09:31:35\"}\n"),
            (App::Sse, b"{\"time\": \"09:31:35\"}"),
            (App::Ws, b"{\"time\": \"09:31:35\"}"),
            (App::WsPush, b"{\"time\": \"09:31:35\"}"),
            (App::Stream, b"{\"time\": \"09:31:35\"}"),
            (App::LongPoll, b"{\"time\":\"09:31:35\"}\n"),
            (App::Poll, b"{\"time\":\"09:31:35\"}\n"),
        ] {
            let mut changed = said.to_vec();
            let at = at % changed.len();
            changed[at] = byte;
            for (said, expected) in [(said, Some(app)), (&changed, (said == changed).then_some(app))] {
                let text = String::from_utf8(said.to_vec()).unwrap();
                let frames = match app {
                    App::Tcp => lines(&[("", &text)]),
                    App::Ajax => asked(&[(GET_TIME, json(&text))]),
                    App::Stream => asked(&[(GET_FEED, feed(&format!("{text}\n")))]),
                    App::LongPoll => asked(&[(GET_NEXT, json(&text))]),
                    App::Poll => asked(&[(GET_POLL, json(&text))]),
                    App::Sse => asked(&[(GET_TIME, stream(&format!("data: {text}\n\n")))]),
                    App::WsPush => websocket_at("/push", b"", "", &[&text]),
                    _ => websocket("", &[&text]),
                };
                prop_assert_eq!(told(&frames), expected, "{}: {}", app, text);
            }
        }
    }

    /// Wherever TCP cuts an app's words, they are the same words.
    #[test]
    fn segments_make_no_difference(len in 1_usize..700) {
        for app in App::ALL.into_iter().filter(|app| app.descriptor().page.is_some()) {
            let mut talk = Talk::new(1);
            talk.handshake().client(GET_PAGE);
            for piece in html(&page(app, "09:31:35", 435)).chunks(len) {
                talk.server(piece).client_ack();
            }
            prop_assert_eq!(told(&talk.frames), Some(app));
        }
    }
}
