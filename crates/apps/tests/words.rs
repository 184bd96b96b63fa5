//! What is on the wire, byte for byte?

#![allow(clippy::unwrap_used)]

mod pipes;

use std::time::Duration;

use pipes::{App, Server, after, frame, http_apps, request, upgrade, upgrade_at};
use wirelab_apps::{AnswerStyle, Limits, Pages, ServerOptions, Timeouts};

fn replay() -> ServerOptions {
    ServerOptions {
        interval: Duration::from_secs(10),
        style: AnswerStyle::Split,
        pages: Pages::Lengths2021,
        ..ServerOptions::default()
    }
}

fn modern() -> ServerOptions {
    ServerOptions { interval: Duration::from_secs(10), ..ServerOptions::default() }
}

#[tokio::test(start_paused = true)]
async fn tcp_says_what_the_original_said() {
    for options in [replay(), modern()] {
        let server = Server::start(App::Tcp, options);
        let mut client = server.client();
        assert_eq!(client.hear_text().await, "Hello!\nServer time: 09:36:17\n\n");
        after(9.999).await;
        assert_eq!(client.ask("time\n").await, "09:36:27\n\n");
        assert_eq!(client.ask("what?\n").await, "I do not understand: what?\n\n");
        assert_eq!(client.ask("bye\n").await, "Good bye!\n");
        assert_eq!(client.writes(), [30, 10, 28, 10]);
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_page_has_the_length_and_the_head_of_the_original() {
    for (app, length) in [(App::Web, 435), (App::Ajax, 807), (App::Sse, 569), (App::Ws, 719)] {
        let server = Server::start(app, replay());
        let mut client = server.client();
        for _ in 0..2 {
            let answer = client.ask(request("GET /", "Connection: keep-alive\r\n")).await;
            let (head, page) = answer.split_once("\r\n\r\n").unwrap();
            assert_eq!(
                head,
                format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {length}\r\n\
                     date: Sun, 06 Jun 2021 09:36:17 GMT"
                )
            );
            assert_eq!(page.len(), length);
            assert!(page.contains("09:36:17"));
            assert_eq!(client.writes(), [117, length]);
        }
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_modern_server_writes_head_and_body_at_once() {
    for app in http_apps() {
        let server = Server::start(app, modern());
        let mut client = server.client();
        let answer = client.ask(request("GET /", "")).await;
        assert_eq!(client.writes(), [answer.len()]);
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn ajax_answers_with_twenty_bytes_of_json() {
    let words = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\
                 date: Sun, 06 Jun 2021 09:36:17 GMT\r\n\r\n{\"time\":\"09:36:17\"}\n";
    for (options, writes) in [(replay(), vec![108, 20]), (modern(), vec![128])] {
        let server = Server::start(App::Ajax, options);
        let mut client = server.client();
        assert_eq!(client.ask(request("GET /time", "")).await, words);
        assert_eq!(client.writes(), writes);
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn poll_answers_with_the_value_until_it_changes() {
    let words = |now: &str, value: &str| {
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\
             date: Sun, 06 Jun 2021 {now} GMT\r\n\r\n{{\"time\":\"{value}\"}}\n"
        )
    };
    for (options, writes) in [(replay(), vec![108, 20]), (modern(), vec![128])] {
        let server = Server::start(App::Poll, options);
        let mut client = server.client();
        assert!(client.ask(request("GET /", "")).await.contains("09:36:17"));
        client.writes();
        assert_eq!(client.ask(request("GET /poll", "")).await, words("09:36:17", "09:36:17"));
        assert_eq!(client.writes(), writes);
        after(9.0).await;
        assert_eq!(client.ask(request("GET /poll", "")).await, words("09:36:26", "09:36:17"));
        after(1.0).await;
        assert_eq!(client.ask(request("GET /poll", "")).await, words("09:36:27", "09:36:27"));
        assert!(client.ask(request("GET /", "")).await.contains("09:36:27"), "the page shows the value");
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn poll_says_that_nothing_has_changed_where_it_may() {
    let server = Server::start(App::Poll, ServerOptions { conditional: true, ..modern() });
    let mut client = server.client();
    assert_eq!(
        client.ask(request("GET /poll", "")).await,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\
         date: Sun, 06 Jun 2021 09:36:17 GMT\r\netag: \"09:36:17\"\r\ncache-control: no-cache\r\n\r\n{\"time\":\"09:36:17\"}\n"
    );
    for condition in ["\"09:36:17\"", "W/\"09:36:17\"", "\"x\", \"09:36:17\"", "*"] {
        assert_eq!(
            client.ask(request("GET /poll", &format!("If-None-Match: {condition}\r\n"))).await,
            "HTTP/1.1 304 Not Modified\r\ndate: Sun, 06 Jun 2021 09:36:17 GMT\r\netag: \"09:36:17\"\r\n\
             cache-control: no-cache\r\n\r\n",
            "{condition}"
        );
    }
    for condition in ["\"09:36:16\"", "09:36:17"] {
        let answer = client.ask(request("GET /poll", &format!("If-None-Match: {condition}\r\n"))).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{condition}: {answer}");
    }
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sse_in_the_replay_holds_the_head_back_until_the_first_event() {
    let server = Server::start(App::Sse, replay());
    let mut client = server.client();
    assert_eq!(client.ask(request("GET /time", "")).await, "");
    after(10.0).await;
    assert_eq!(
        client.hear_text().await,
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\
         date: Sun, 06 Jun 2021 09:36:27 GMT\r\ntransfer-encoding: chunked\r\n\r\n\
         1C\r\ndata: {\"time\": \"09:36:27\"}\n\n\r\n"
    );
    assert_eq!(client.writes(), [132, 34]);
    after(10.0).await;
    assert_eq!(client.hear_text().await, "1C\r\ndata: {\"time\": \"09:36:37\"}\n\n\r\n");
    after(10.0).await;
    assert_eq!(client.hear_text().await, "1C\r\ndata: {\"time\": \"09:36:47\"}\n\n\r\n");
    assert_eq!(client.writes(), [34, 34]);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn sse_says_at_once_that_the_browser_is_subscribed() {
    let server = Server::start(App::Sse, modern());
    let mut client = server.client();
    assert_eq!(
        client.ask(request("GET /time", "")).await,
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\
         date: Sun, 06 Jun 2021 09:36:17 GMT\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    for time in ["09:36:27", "09:36:37", "09:36:47"] {
        after(10.0).await;
        assert_eq!(client.hear_text().await, format!("1C\r\ndata: {{\"time\": \"{time}\"}}\n\n\r\n"));
    }
    assert_eq!(client.writes(), [132, 34, 34, 34]);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn ws_upgrades_and_answers_as_the_original_did() {
    for options in [replay(), modern()] {
        let server = Server::start(App::Ws, options);
        let mut client = server.client();
        assert_eq!(
            client.ask(upgrade()).await,
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
             sec-websocket-accept: jvz8rJ0yJN/A4J0kiZQLiifpQO8=\r\n\r\n"
        );
        client.say(frame(1, b"get-time")).await;
        assert_eq!(client.hear().await, b"\x81\x14{\"time\": \"09:36:17\"}");
        assert_eq!(client.writes(), [129, 22]);
        client.say(frame(8, &[0x03, 0xe9])).await;
        // The original answered with an empty close frame; RFC 6455, section 5.5.1, suggests the code that came.
        assert_eq!(client.hear_to_the_end().await, [0x88, 0x02, 0x03, 0xe9]);
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn ws_push_says_the_time_by_itself_whatever_the_client_says() {
    for options in [replay(), modern()] {
        let server = Server::start(App::WsPush, options);
        let mut client = server.client();
        assert!(client.ask(upgrade_at("/push")).await.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
        for time in ["09:36:27", "09:36:37"] {
            client.say(frame(1, b"get-time")).await;
            after(9.9).await;
            assert_eq!(client.hear().await, b"");
            after(0.1).await;
            assert_eq!(client.hear().await, [b"\x81\x14{\"time\": \"", time.as_bytes(), b"\"}"].concat());
        }
        assert_eq!(client.writes(), [129, 22, 22]);
        client.say(frame(8, &[0x03, 0xe9])).await;
        assert_eq!(client.hear_to_the_end().await, [0x88, 0x02, 0x03, 0xe9]);
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn long_poll_answers_when_the_value_is_another_one() {
    let answer = |now: &str, value: &str| {
        format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\
             date: Sun, 06 Jun 2021 {now} GMT\r\n\r\n{{\"time\":\"{value}\"}}\n"
        )
    };
    let timeouts = Timeouts { hold: Duration::from_secs(12), ..Timeouts::default() };
    let server = Server::start(App::LongPoll, ServerOptions { timeouts, ..modern() });
    let mut client = server.client();
    // Who has nothing, or something old, is answered at once.
    assert_eq!(client.ask(request("GET /next", "")).await, answer("09:36:17", "09:36:17"));
    assert_eq!(client.ask(request("GET /next?after=09:00:00", "")).await, answer("09:36:17", "09:36:17"));
    assert_eq!(client.writes(), [128, 128]);
    assert_eq!(client.ask(request("GET /next?after=09:36:17", "")).await, "");
    after(9.9).await;
    assert_eq!(client.hear_text().await, "");
    after(0.1).await;
    assert_eq!(client.hear_text().await, answer("09:36:27", "09:36:27"));
    server.stop().await;

    let timeouts = Timeouts { hold: Duration::from_secs(4), ..Timeouts::default() };
    let server = Server::start(App::LongPoll, ServerOptions { timeouts, ..modern() });
    let mut client = server.client();
    for now in ["09:36:21", "09:36:25"] {
        assert_eq!(client.ask(request("GET /next?after=09:36:17", "")).await, "");
        after(4.0).await;
        let nothing = format!("HTTP/1.1 204 No Content\r\ndate: Sun, 06 Jun 2021 {now} GMT\r\n\r\n");
        assert_eq!(client.hear_text().await, nothing);
    }
    // What is asked early is asked all the same.
    let early = request("GET /next?after=09:36:17", "") + &request("GET /next", "");
    assert_eq!(client.ask(early).await, "");
    after(2.0).await;
    assert_eq!(client.hear_text().await, answer("09:36:27", "09:36:27").repeat(2));
    server.stop().await;
}

/// A client that has left is not answered, and its place is free at once.
#[tokio::test(start_paused = true)]
async fn long_poll_lets_go_of_a_client_that_leaves() {
    let limits = Limits { clients: 1, ..Limits::default() };
    let server = Server::start(App::LongPoll, ServerOptions { limits, ..modern() });
    let mut client = server.client();
    assert_eq!(client.ask(request("GET /next?after=09:36:17", "")).await, "");
    client.half_close().await;
    assert_eq!(client.hear_to_the_end().await, b"");
    assert!(server.client().ask(request("GET /next", "")).await.starts_with("HTTP/1.1 200 OK\r\n"));
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn iframe_answers_with_a_tiny_page() {
    let words = "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: 56\r\n\
                 date: Sun, 06 Jun 2021 09:36:17 GMT\r\n\r\n\
                 <!DOCTYPE html><title>Time</title><time>09:36:17</time>\n";
    for (options, writes) in [(replay(), vec![116, 56]), (modern(), vec![172])] {
        let server = Server::start(App::Iframe, options);
        let mut client = server.client();
        assert_eq!(client.ask(request("GET /tiny", "")).await, words);
        assert_eq!(client.writes(), writes);
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn stream_says_at_once_that_it_has_begun_and_then_a_line_each_time() {
    let server = Server::start(App::Stream, modern());
    let mut client = server.client();
    assert_eq!(
        client.ask(request("GET /feed", "")).await,
        "HTTP/1.1 200 OK\r\ncontent-type: application/x-ndjson\r\n\
         date: Sun, 06 Jun 2021 09:36:17 GMT\r\ntransfer-encoding: chunked\r\n\r\n"
    );
    for time in ["09:36:27", "09:36:37", "09:36:47"] {
        after(10.0).await;
        assert_eq!(client.hear_text().await, format!("15\r\n{{\"time\": \"{time}\"}}\n\r\n"));
    }
    assert_eq!(client.writes(), [120, 27, 27, 27]);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_heartbeat_comes_after_silence_and_only_then() {
    let beating = || ServerOptions { heartbeat: Some(Duration::from_secs(4)), ..modern() };
    for (app, asked, beat, update) in [
        (App::Sse, request("GET /time", ""), "3\r\n:\n\n\r\n", "1C\r\ndata: {\"time\": \"09:36:27\"}\n\n\r\n"),
        (App::Stream, request("GET /feed", ""), "1\r\n\n\r\n", "15\r\n{\"time\": \"09:36:27\"}\n\r\n"),
    ] {
        let server = Server::start(app, beating());
        let mut client = server.client();
        client.ask(&asked).await;
        // At 4 and 8 s, then the update at 10 s, and a heartbeat 4 s after that.
        for (seconds, expected) in [(3.9, ""), (0.1, beat), (4.0, beat), (2.0, update), (3.9, ""), (0.1, beat)] {
            after(seconds).await;
            assert_eq!(client.hear_text().await, expected, "{app}");
        }
        server.stop().await;
    }
    for (app, asked, update) in
        [(App::WsPush, upgrade_at("/push"), &b"\x81\x14{\"time\": \"09:36:27\"}"[..]), (App::Ws, upgrade(), b"\x89\0")]
    {
        let server = Server::start(app, beating());
        let mut client = server.client();
        client.ask(&asked).await;
        for _ in 0..2 {
            after(4.0).await;
            assert_eq!(client.hear().await, b"\x89\0", "{app}: a ping");
        }
        after(if app == App::Ws { 4.0 } else { 2.0 }).await;
        assert_eq!(client.hear().await, update, "{app}");
        server.stop().await;
    }
    let server = Server::start(App::Sse, modern());
    let mut client = server.client();
    client.ask(request("GET /time", "")).await;
    after(9.9).await;
    assert_eq!(client.hear_text().await, "", "no heartbeat where none is asked for");
    server.stop().await;
}
