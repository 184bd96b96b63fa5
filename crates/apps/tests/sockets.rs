//! Does it also hold over real sockets, where closing too early loses the last words?

#![allow(clippy::unwrap_used)]

mod pipes;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use pipes::{frame, request, upgrade};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use wirelab_apps::{AnswerStyle, Limits, ServerOptions, ajax, sse, tcp, web, ws};
use wirelab_clock::Clock;

/// A listener on a free port, and where it is.
async fn bind() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// As `serve --allow-host 172.105.253.239`: the server's name in the requests of 2021.
fn of_2021() -> ServerOptions {
    ServerOptions { allowed_hosts: vec!["172.105.253.239".parse().unwrap()], ..ServerOptions::default() }
}

/// What the server says to `words`, up to its end.
async fn ask(address: SocketAddr, words: &[u8]) -> Vec<u8> {
    let mut client = TcpStream::connect(address).await.unwrap();
    // The server may close before it has taken everything.
    client.write_all(words).await.ok();
    let mut heard = Vec::new();
    client.read_to_end(&mut heard).await.unwrap();
    heard
}

#[tokio::test]
async fn good_bye_arrives_whatever_the_client_says_after_it() {
    let (listener, address) = bind().await;
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async { drop(stopped.await) };
    let server = tokio::spawn(tcp::run(listener, Clock::utc(), ServerOptions::default(), shutdown));
    let heard = ask(address, &[b"bye\n".as_slice(), &[b'x'; 100_000]].concat()).await;
    assert!(heard.ends_with(b"Good bye!\n"));
    drop(stop);
    server.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn the_refusal_of_a_large_head_arrives() {
    let (listener, address) = bind().await;
    let server = tokio::spawn(web::run(listener, Clock::utc(), ServerOptions::default(), std::future::pending()));
    let heard = ask(address, request("GET /", &format!("Cookie: {}\r\n", "c".repeat(100_000))).as_bytes()).await;
    assert!(heard.starts_with(b"HTTP/1.1 431 "), "{}", String::from_utf8_lossy(&heard));
    server.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_close_frame_for_a_long_message_arrives() {
    let (listener, address) = bind().await;
    let server = tokio::spawn(ws::run(listener, Clock::utc(), of_2021(), std::future::pending()));
    let mut words = upgrade().into_bytes();
    words.extend(frame(1, &[b'x'; 60_000]));
    let heard = ask(address, &words).await;
    assert!(heard.ends_with(b"\x88\x19\x03\xf1the message is too long"), "{}", String::from_utf8_lossy(&heard));
    server.abort();
}

/// Whether the end arrives with the request, or while it is answered, is chance on real sockets: so many times.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_and_then_the_end_is_answered_every_time() {
    let (options, forever) = (ServerOptions::default, std::future::pending);
    let (line_app, lines) = bind().await;
    tokio::spawn(tcp::run(line_app, Clock::utc(), options(), forever()));
    let (ajax_app, pages) = bind().await;
    tokio::spawn(ajax::run(ajax_app, Clock::utc(), options(), forever()));
    let (split_app, split_pages) = bind().await;
    tokio::spawn(ajax::run(
        split_app,
        Clock::utc(),
        ServerOptions { style: AnswerStyle::Split, ..options() },
        forever(),
    ));
    for (address, words, end) in [
        (lines, "time", "\n\n"),
        (pages, "GET /time HTTP/1.1\r\nHost: localhost\r\n\r\n", "\"}\n"),
        (pages, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "</script>\n"),
        (pages, "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", "The page is at /\n"),
        (split_pages, "GET /time HTTP/1.1\r\nHost: localhost\r\n\r\n", "\"}\n"),
        (split_pages, "GET /nothing HTTP/1.0\r\n\r\n", "The page is at /\n"),
    ] {
        for pause in (0..200).map(|turn| turn % 4) {
            let mut client = TcpStream::connect(address).await.unwrap();
            client.write_all(words.as_bytes()).await.unwrap();
            for _ in 0..pause {
                tokio::task::yield_now().await;
            }
            client.shutdown().await.unwrap();
            let mut heard = String::new();
            client.read_to_string(&mut heard).await.unwrap();
            assert!(heard.ends_with(end), "{words:?}: {heard:?}");
        }
    }
}

/// With one place, the next client is served only if the server has noticed that the last one left; no event comes that
/// could tell it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_an_event_stream_is_noticed_every_time() {
    for style in [AnswerStyle::Split, AnswerStyle::Coalesced] {
        let (listener, address) = bind().await;
        let limits = Limits { clients: 1, ..Limits::default() };
        let options = ServerOptions { limits, style, interval: Duration::from_secs(3600), ..ServerOptions::default() };
        tokio::spawn(sse::run(listener, Clock::utc(), options, std::future::pending()));
        for turn in 0..100 {
            let begun = Instant::now();
            let mut stream = loop {
                let mut page = TcpStream::connect(address).await.unwrap();
                page.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
                let mut status = [0; 12];
                page.read_exact(&mut status).await.unwrap();
                if &status == b"HTTP/1.1 200" {
                    break page;
                }
                assert!(begun.elapsed() < Duration::from_secs(10), "{style:?}, turn {turn}: still there");
                tokio::task::yield_now().await;
            };
            stream.write_all(b"GET /time HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
            match turn % 2 {
                // Closed with the page unread: a RST.
                0 => drop(stream),
                _ => {
                    stream.shutdown().await.unwrap();
                    let mut rest = Vec::new();
                    stream.read_to_end(&mut rest).await.unwrap();
                }
            }
        }
    }
}
