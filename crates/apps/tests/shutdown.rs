//! How does each conversation end when the server stops?

#![allow(clippy::unwrap_used)]

mod pipes;

use std::time::Duration;

use pipes::{App, Server, after, frame, request, upgrade};
use tokio::time::Instant;
use wirelab_apps::{AnswerStyle, ServerOptions};

#[tokio::test(start_paused = true)]
async fn a_server_without_clients_stops_at_once() {
    for app in App::ALL {
        let start = Instant::now();
        Server::start(app, ServerOptions::default()).stop().await;
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn a_line_client_is_told() {
    let mut server = Server::start(App::Tcp, ServerOptions::default());
    let mut client = server.client();
    client.hear().await;
    server.begin_to_stop();
    assert_eq!(client.hear_to_the_end().await, b"Good bye!\n");
    drop(client);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_browser_connection_is_closed() {
    let mut server = Server::start(App::Web, ServerOptions::default());
    let mut client = server.client();
    client.ask(request("GET /", "")).await;
    server.begin_to_stop();
    let start = Instant::now();
    assert_eq!(client.hear_to_the_end().await, b"");
    assert_eq!(start.elapsed(), Duration::ZERO);
    drop(client);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_event_stream_ends_with_its_last_chunk() {
    let mut server = Server::start(App::Sse, ServerOptions::default());
    let mut client = server.client();
    client.ask(request("GET /time", "")).await;
    after(1.0).await;
    client.hear().await;
    server.begin_to_stop();
    assert_eq!(client.hear_to_the_end().await, b"0\r\n\r\n");
    drop(client);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_event_stream_that_has_not_begun_ends_too() {
    let interval = Duration::from_secs(3600);
    let mut server =
        Server::start(App::Sse, ServerOptions { interval, style: AnswerStyle::Split, ..ServerOptions::default() });
    let mut client = server.client();
    assert_eq!(client.ask(request("GET /time", "")).await, "");
    let start = Instant::now();
    server.begin_to_stop();
    let heard = String::from_utf8(client.hear_to_the_end().await).unwrap();
    assert!(heard.ends_with("\r\n\r\n0\r\n\r\n"), "{heard}");
    assert_eq!(start.elapsed(), Duration::ZERO);
    drop(client);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_websocket_is_told_that_the_server_goes_away() {
    let mut server = Server::start(App::Ws, ServerOptions::default());
    let mut client = server.client();
    client.ask(upgrade()).await;
    let start = Instant::now();
    server.begin_to_stop();
    assert_eq!(client.hear().await, b"\x88\x12\x03\xe9the server stops");
    client.say(frame(8, &[0x03, 0xe9])).await;
    assert_eq!(client.hear_to_the_end().await, b"");
    server.stop().await;
    assert!(start.elapsed() < Duration::from_millis(10), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_let_go_is_cut_in_time() {
    for (app, words, patience) in [
        (App::Tcp, String::new(), 1),
        (App::Sse, request("GET /time", ""), 1),
        // A head that has begun and does not end.
        (App::Web, "GET / HT".to_owned(), 5),
        // A close frame is not answered.
        (App::Ws, upgrade(), 5),
    ] {
        let mut server = Server::start(app, ServerOptions::default());
        let mut client = server.client();
        client.ask(words).await;
        let start = Instant::now();
        server.begin_to_stop();
        server.stop().await;
        assert_eq!(start.elapsed().as_secs(), patience, "{app:?}");
        client.hear_to_the_end().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_whose_future_is_dropped_lets_its_clients_go() {
    for (app, words) in [(App::Tcp, String::new()), (App::Sse, request("GET /time", "")), (App::Ws, upgrade())] {
        let server = Server::start(app, ServerOptions::default());
        let mut client = server.client();
        client.ask(words).await;
        server.abort();
        let start = Instant::now();
        // Whatever was said; it ends.
        client.hear_to_the_end().await;
        assert!(start.elapsed() <= Duration::from_secs(5), "{app:?}: {:?}", start.elapsed());
    }
}
