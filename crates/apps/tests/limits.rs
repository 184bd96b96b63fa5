//! What may a client not do, and for how long?

#![allow(clippy::unwrap_used)]

mod pipes;

use std::io;
use std::time::Duration;

use pipes::{App, Server, after, frame, http_apps, request, upgrade};
use tokio::time::Instant;
use wirelab_apps::{AnswerStyle, Limits, ServerOptions, Timeouts};

#[tokio::test(start_paused = true)]
async fn unknown_lines_are_answered_and_shown_harmless() {
    let server = Server::start(App::Tcp, ServerOptions::default());
    let mut client = server.client();
    client.hear().await;
    for (line, answer) in [
        ("", "I do not understand: \n\n"),
        ("TIME", "I do not understand: TIME\n\n"),
        ("time please", "I do not understand: time please\n\n"),
        ("\x1b[2J", "I do not understand: \\u{1b}[2J\n\n"),
        (" time\r", "09:36:17\n\n"),
    ] {
        let heard = client.ask(format!("{line}\n")).await;
        // Some milliseconds have passed, and no whole second.
        assert_eq!(heard, answer, "{line:?}");
    }
    client.say([0xff, b'\n']).await;
    assert_eq!(client.hear_text().await, "I do not understand: \u{fffd}\n\n");
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn lines_have_a_limit() {
    let options = ServerOptions { limits: Limits { line: 16, ..Limits::default() }, ..ServerOptions::default() };
    let server = Server::start(App::Tcp, options);
    let mut client = server.client();
    client.hear().await;
    assert_eq!(client.ask("x".repeat(16) + "\n").await, format!("I do not understand: {}\n\n", "x".repeat(16)));
    assert_eq!(
        client.ask("x".repeat(100_000) + "\ntime\n").await,
        "I do not understand: a line of more than 16 bytes\n\n09:36:17\n\n"
    );
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn several_lines_in_one_piece_are_answered_one_by_one_up_to_bye() {
    let server = Server::start(App::Tcp, ServerOptions::default());
    let mut client = server.client();
    client.say("time\nwhat?\nbye\ntime\n").await;
    let heard = client.hear_to_the_end().await;
    let expected = "Hello!\nServer time: 09:36:17\n\n09:36:17\n\nI do not understand: what?\n\nGood bye!\n";
    assert_eq!(String::from_utf8(heard).unwrap(), expected);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_last_line_needs_no_newline() {
    let server = Server::start(App::Tcp, ServerOptions::default());
    let mut client = server.client();
    client.hear().await;
    client.say("time").await;
    client.half_close().await;
    assert_eq!(client.hear_to_the_end().await, b"09:36:17\n\n");
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_idle_line_client_is_sent_away_even_if_it_sends_bytes() {
    let server = Server::start(App::Tcp, ServerOptions::default());
    let mut client = server.client();
    let start = Instant::now();
    client.hear().await;
    after(300.0).await;
    assert_eq!(client.ask("time\n").await, "09:41:17\n\n");
    for _ in 0..5 {
        after(100.0).await;
        client.say("t").await;
    }
    assert_eq!(client.hear_to_the_end().await, b"Good bye!\n");
    assert_eq!(start.elapsed().as_secs(), 900);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_nothing_is_cut() {
    let server = Server::start(App::Tcp, ServerOptions::default());
    let mut client = server.client_with_room(64);
    let start = Instant::now();
    // The answers fill the pipe; then the server stops reading, and gives up.
    use tokio::io::AsyncWriteExt;
    while client.pipe.write_all(b"time\n").await.is_ok() {}
    assert_eq!(start.elapsed().as_secs(), 30);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn unknown_paths_and_methods_are_answered() {
    for (app, style) in http_apps().flat_map(|app| [(app, AnswerStyle::Split), (app, AnswerStyle::Coalesced)]) {
        let server = Server::start(app, ServerOptions { style, ..ServerOptions::default() });
        let mut client = server.client();
        assert_eq!(
            client.ask(request("GET /favicon.ico", "")).await,
            "HTTP/1.1 404 Not Found\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 48\r\n\
             date: Sun, 06 Jun 2021 09:36:17 GMT\r\n\r\nThere is nothing at this path. The page is at /\n"
        );
        assert_eq!(
            client.ask(request("DELETE /", "")).await,
            "HTTP/1.1 405 Method Not Allowed\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 37\r\n\
             date: Sun, 06 Jun 2021 09:36:17 GMT\r\nallow: GET,HEAD\r\n\r\nThis path answers GET and HEAD only.\n"
        );
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn head_is_get_without_the_body() {
    for (app, style) in http_apps().flat_map(|app| [(app, AnswerStyle::Split), (app, AnswerStyle::Coalesced)]) {
        let server = Server::start(app, ServerOptions { style, ..ServerOptions::default() });
        let mut client = server.client();
        let whole = client.ask(request("GET /", "")).await;
        let (head, _page) = whole.split_once("\r\n\r\n").unwrap();
        assert_eq!(client.ask(request("HEAD /", "")).await, format!("{head}\r\n\r\n"));
        if matches!(app, App::Ajax | App::Sse) {
            let head = client.ask(request("HEAD /time", "")).await;
            assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
            // And the connection is still good.
            assert_eq!(client.ask(request("GET /", "")).await, whole);
        }
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_large_head_is_refused() {
    for app in http_apps() {
        let server = Server::start(app, ServerOptions::default());
        let mut client = server.client();
        client.say(request("GET /", &format!("Cookie: {}\r\n", "c".repeat(12_000)))).await;
        assert!(client.hear_text().await.starts_with("HTTP/1.1 200 OK\r\n"));
        client.say(request("GET /", &format!("Cookie: {}\r\n", "c".repeat(17_000)))).await;
        let heard = String::from_utf8(client.hear_to_the_end().await).unwrap();
        assert!(heard.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n"), "{heard}");
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_head_is_cut_and_an_idle_connection_later() {
    for app in http_apps() {
        let server = Server::start(app, ServerOptions::default());

        let mut slow = server.client();
        slow.ask(request("GET /", "")).await;
        after(300.0).await;
        let start = Instant::now();
        for byte in request("GET /", "").bytes() {
            // The pipe breaks when the server has had enough.
            use tokio::io::AsyncWriteExt;
            if slow.pipe.write_all(&[byte]).await.is_err() {
                break;
            }
            after(1.0).await;
        }
        assert_eq!(slow.hear_to_the_end().await, b"");
        assert!((10..=11).contains(&start.elapsed().as_secs()), "{app:?}: {:?}", start.elapsed());

        let mut idle = server.client();
        idle.ask(request("GET /", "")).await;
        let start = Instant::now();
        assert_eq!(idle.hear_to_the_end().await, b"");
        assert!((599..=600).contains(&start.elapsed().as_secs()), "{app:?}: {:?}", start.elapsed());
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn updates_an_hour_apart_are_possible() {
    let hour = Duration::from_secs(3600);
    let timeouts = Timeouts { idle: hour * 2, ..Timeouts::default() };
    let options = ServerOptions { interval: hour, timeouts, ..ServerOptions::default() };
    for app in [App::Web, App::Ajax] {
        let server = Server::start(app, options.clone());
        let mut client = server.client();
        for _ in 0..3 {
            assert!(client.ask(request("GET /", "")).await.starts_with("HTTP/1.1 200 OK\r\n"));
            tokio::time::sleep(hour).await;
        }
        server.stop().await;
    }
    let server = Server::start(App::Ws, options.clone());
    let mut client = server.client();
    client.ask(upgrade()).await;
    for _ in 0..3 {
        tokio::time::sleep(hour).await;
        client.say(frame(1, b"get-time")).await;
        assert_eq!(client.hear().await.len(), 22);
    }
    server.stop().await;
    for style in [AnswerStyle::Split, AnswerStyle::Coalesced] {
        let server = Server::start(App::Sse, ServerOptions { style, ..options.clone() });
        let mut client = server.client();
        client.ask(request("GET /time", "")).await;
        for _ in 0..3 {
            tokio::time::sleep(hour).await;
            let heard = client.hear_text().await;
            assert_eq!(heard.matches("data: ").count(), 1, "{heard}");
        }
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn websocket_messages_that_are_no_command_are_answered() {
    let server = Server::start(App::Ws, ServerOptions::default());
    let mut client = server.client();
    client.ask(upgrade()).await;
    for unknown in [frame(1, b"what?"), frame(1, b""), frame(1, b"get-time "), frame(2, b"get-time")] {
        client.say(unknown).await;
        assert_eq!(client.hear().await, b"\x81\x1c{\"error\": \"unknown command\"}");
    }
    client.say(frame(9, b"are you there")).await;
    assert_eq!(client.hear().await, b"\x8a\x0dare you there");
    client.say(frame(10, b"unasked pong")).await;
    assert_eq!(client.hear().await, b"");
    client.say(frame(1, b"get-time")).await;
    assert_eq!(client.hear().await.len(), 22);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_long_websocket_message_ends_the_conversation_politely() {
    let long = frame(1, &[b'x'; 4097]);
    let mut fragments = frame(1, &[b'x'; 4000]);
    fragments[0] = 0x01; // Not final.
    fragments.extend(frame(0, &[b'x'; 97]));
    for message in [long, fragments] {
        let server = Server::start(App::Ws, ServerOptions::default());
        let mut client = server.client();
        client.ask(upgrade()).await;
        client.say(frame(1, &[b'x'; 4096])).await;
        assert_eq!(client.hear().await, b"\x81\x1c{\"error\": \"unknown command\"}");
        client.say(message).await;
        // What follows is neither kept nor answered.
        client.say(frame(1, b"get-time")).await;
        let start = Instant::now();
        assert_eq!(client.hear_to_the_end().await, b"\x88\x19\x03\xf1the message is too long");
        assert!(start.elapsed() <= Duration::from_secs(1), "{:?}", start.elapsed());
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_broken_frame_ends_the_conversation_with_the_reason() {
    for (broken, answer) in [
        // Not masked (RFC 6455, section 5.1).
        (b"\x81\x02hi".to_vec(), b"\x88\x1c\x03\xeathis is no WebSocket frame".as_slice()),
        // A reserved opcode.
        (frame(3, b"hi"), b"\x88\x1c\x03\xeathis is no WebSocket frame"),
        (frame(1, b"\xff"), b"\x88\x17\x03\xefthe text is not UTF-8"),
    ] {
        let server = Server::start(App::Ws, ServerOptions::default());
        let mut client = server.client();
        client.ask(upgrade()).await;
        client.say(broken).await;
        let start = Instant::now();
        assert_eq!(client.hear_to_the_end().await.escape_ascii().to_string(), answer.escape_ascii().to_string());
        assert!(start.elapsed() <= Duration::from_secs(1), "{:?}", start.elapsed());
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_websocket_is_closed() {
    let server = Server::start(App::Ws, ServerOptions::default());
    let mut client = server.client();
    client.ask(upgrade()).await;
    let start = Instant::now();
    assert_eq!(client.hear_to_the_end().await, b"\x88\x19\x03\xe9no message for too long");
    assert_eq!(start.elapsed().as_secs(), 604, "10 minutes, then 5 s for the client's own close frame");
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn who_finds_no_place_is_told() {
    let limits = Limits { clients: 2, ..Limits::default() };
    let options = ServerOptions { limits, interval: Duration::from_secs(3600), ..ServerOptions::default() };
    let server = Server::start(App::Tcp, options.clone());
    let (mut first, mut second) = (server.client(), server.client());
    assert_eq!((first.hear().await.len(), second.hear().await.len()), (30, 30));
    for _ in 0..3 {
        let mut third = server.client();
        third.say("time\n").await;
        let start = Instant::now();
        third.half_close().await;
        let full = "The server is full: all places for clients are taken. Good bye!\n";
        assert_eq!(String::from_utf8(third.hear_to_the_end().await).unwrap(), full);
        assert!(start.elapsed() <= Duration::from_millis(2));
    }
    assert_eq!(first.ask("time\n").await.len(), 10, "the others are served as before");
    drop(first);
    after(0.1).await;
    assert_eq!(server.client().hear().await.len(), 30);
    server.stop().await;

    // Those who keep a connection keep their place.
    for (app, words) in [(App::Sse, request("GET /time", "")), (App::Ws, upgrade())] {
        for style in [AnswerStyle::Split, AnswerStyle::Coalesced] {
            let server = Server::start(app, ServerOptions { style, ..options.clone() });
            let (mut first, mut second) = (server.client(), server.client());
            first.ask(&words).await;
            second.ask(&words).await;
            let mut third = server.client();
            let answer = third.ask(&words).await;
            assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{app:?}: {answer}");
            assert!(answer.contains("\r\nconnection: close\r\n") && answer.contains("full"), "{app:?}: {answer}");
            assert_eq!(third.hear_to_the_end().await, b"");
            drop(second);
            after(0.1).await;
            assert!(server.client().ask(request("GET /", "")).await.starts_with("HTTP/1.1 200 OK\r\n"), "{app:?}");
            server.stop().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn so_many_are_turned_away_at_once_and_more_wait() {
    let limits = Limits { clients: 1, turned_away: 1, ..Limits::default() };
    let server = Server::start(App::Web, ServerOptions { limits, ..ServerOptions::default() });
    let mut served = server.client();
    served.ask(request("GET /", "")).await;
    // It says nothing, so it is not told anything either, and not kept for long.
    let mut silent = server.client();
    let mut third = server.client();
    let start = Instant::now();
    third.say(request("GET /", "")).await;
    assert_eq!(silent.hear_to_the_end().await, b"");
    assert_eq!(start.elapsed().as_secs(), 2);
    drop(silent);
    assert!(String::from_utf8(third.hear_to_the_end().await).unwrap().starts_with("HTTP/1.1 503 "));
    drop(third);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn who_says_nothing_is_closed_soon() {
    for app in http_apps() {
        let server = Server::start(app, ServerOptions::default());
        let start = Instant::now();
        assert_eq!(server.client().hear_to_the_end().await, b"");
        assert_eq!(start.elapsed().as_secs(), 15, "{app:?}");
        // As late as that a browser may still use a connection that it opened in case it needs it.
        let mut client = server.client();
        after(14.9).await;
        assert!(client.ask(request("GET /", "")).await.starts_with("HTTP/1.1 200 OK\r\n"), "{app:?}");
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn errors_of_accept_are_survived() {
    let server = Server::start(App::Tcp, ServerOptions::default());
    // A client that left while it waited costs no time; a machine without descriptors is asked again, ever more rarely.
    server.refuse(io::ErrorKind::ConnectionAborted.into());
    assert_eq!(server.client().hear().await.len(), 30);
    const EMFILE: i32 = 24;
    for _ in 0..10 {
        server.refuse(io::Error::from_raw_os_error(EMFILE));
    }
    let mut client = server.client();
    assert_eq!(client.hear().await.len(), 0);
    let start = Instant::now();
    let mut greeting = [0; 30];
    tokio::io::AsyncReadExt::read_exact(&mut client.pipe, &mut greeting).await.unwrap();
    // 10 + 20 + … + 640 ms, then 1 s each.
    assert_eq!(start.elapsed().as_secs(), 4);
    server.stop().await;
}

#[tokio::test(start_paused = true)]
async fn many_clients_are_served_at_once() {
    const CLIENTS: usize = 500;
    let server = Server::start(App::Tcp, ServerOptions::default());
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| server.client()).collect();
    for client in &mut clients {
        client.say("time\n").await;
    }
    for client in &mut clients {
        assert_eq!(client.hear().await.len(), 40);
    }
    server.stop().await;
    for (app, words, length) in [
        (App::Web, request("GET /", ""), 549),
        (App::Ajax, request("GET /time", ""), 128),
        (App::Sse, request("GET /time", ""), 132 + 34),
        (App::Ws, upgrade(), 129),
    ] {
        let interval = Duration::from_secs(1);
        let server = Server::start(app, ServerOptions { interval, ..ServerOptions::default() });
        let mut clients: Vec<_> = (0..CLIENTS).map(|_| server.client()).collect();
        for client in &mut clients {
            client.say(&words).await;
        }
        after(1.2).await;
        for client in &mut clients {
            let mut heard = vec![0; length];
            tokio::io::AsyncReadExt::read_exact(&mut client.pipe, &mut heard).await.unwrap();
            assert!(heard.starts_with(b"HTTP/1.1 "));
        }
        server.stop().await;
    }
}
