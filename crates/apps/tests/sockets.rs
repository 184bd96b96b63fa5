//! Does it also hold over real sockets, where closing too early loses the last words?

#![allow(clippy::unwrap_used)]

mod pipes;

use std::net::SocketAddr;

use pipes::{frame, request, upgrade};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use wirelab_apps::{Options, tcp, web, ws};
use wirelab_clock::Clock;

/// A listener on a free port, and where it is.
async fn bind() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
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
    let server = tokio::spawn(tcp::run(listener, Clock::utc(), Options::default(), shutdown));
    let heard = ask(address, &[b"bye\n".as_slice(), &[b'x'; 100_000]].concat()).await;
    assert!(heard.ends_with(b"Good bye!\n"));
    drop(stop);
    server.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn the_refusal_of_a_large_head_arrives() {
    let (listener, address) = bind().await;
    let server = tokio::spawn(web::run(listener, Clock::utc(), Options::default(), std::future::pending()));
    let heard = ask(address, request("GET /", &format!("Cookie: {}\r\n", "c".repeat(100_000))).as_bytes()).await;
    assert!(heard.starts_with(b"HTTP/1.1 431 "), "{}", String::from_utf8_lossy(&heard));
    server.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_close_frame_for_a_long_message_arrives() {
    let (listener, address) = bind().await;
    let server = tokio::spawn(ws::run(listener, Clock::utc(), Options::default(), std::future::pending()));
    let mut words = upgrade().into_bytes();
    words.extend(frame(1, &[b'x'; 60_000]));
    let heard = ask(address, &words).await;
    assert!(heard.ends_with(b"\x88\x19\x03\xf1the message is too long"), "{}", String::from_utf8_lossy(&heard));
    server.abort();
}
