//! Odd, wrong, late and missing answers: each ends the run with one sentence that names the step.
#![allow(clippy::unwrap_used)]

mod peer;

use std::{io, time::Duration};

use peer::{json, page, response, script, sentence, text_frame, upgrade};
use wirelab_catalog::{App, Renewal};
use wirelab_driver::{Action, Connect, DriveError, Profile, Script};

fn asked() -> Script {
    script(Renewal::Asked, Profile::Minimal)
}

/// The run of a tcp client that is greeted like this, and then hears no more until it has ended.
async fn greeted(words: &str) -> String {
    let words = words.to_owned();
    let (outcome, _) = drive!(Tcp, asked(), |server| {
        let mut netcat = server.accept().await;
        netcat.says(words).await;
        netcat.hears_all().await
    });
    sentence(outcome)
}

#[tokio::test(start_paused = true)]
async fn tcp_greetings() {
    let table = [
        ("", "connect was never answered within 5 s: the client waited for the greeting, and nothing of it had come"),
        (
            "Hello!\nServer",
            "connect was never answered within 5 s: the client waited for the greeting, and 13 bytes of it had come",
        ),
        (
            "Hello!\nServer time: 24:00:00\n\n",
            r#"connect failed: expected Hello!\nServer time: HH:MM:SS and an empty line, found "Hello!\nServer time: 24:00:00\n\n""#,
        ),
        ("Goodbye", r#"connect failed: expected Hello!\nServer time: HH:MM:SS and an empty line, found "Goodbye""#),
        (
            "Hello!\nServer time: 9:31\n",
            r#"connect failed: expected Hello!\nServer time: HH:MM:SS and an empty line, found "Hello!\nServer time: 9:31\n""#,
        ),
        ("Hello!\nServer time: 09:31:35\n\nmore", r#"before update 1, the server spoke unasked: "more""#),
    ];
    for (words, expected) in table {
        assert_eq!(greeted(words).await, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn tcp_updates() {
    let table = [
        (
            "I do not understand: time\n\n",
            r#"update 2 failed: expected HH:MM:SS and an empty line, found "I do not understand: time\n\n""#,
        ),
        ("09:31\n\n", r#"update 2 failed: expected HH:MM:SS and an empty line, found "09:31\n\n""#),
        ("09:31:45\nX", r#"update 2 failed: expected HH:MM:SS and an empty line, found "09:31:45\nX""#),
        (
            "09:31:45\n",
            "update 2 was never answered within 5 s: the client waited for the time, and 9 bytes of it had come",
        ),
    ];
    for (answer, expected) in table {
        let (outcome, _) = drive!(Tcp, asked(), |server| {
            let mut netcat = server.accept().await;
            netcat.says("Hello!\nServer time: 09:31:35\n\n").await;
            netcat.hears::<5>().await;
            netcat.says("09:31:45\n\n").await;
            netcat.hears::<5>().await;
            netcat.says(answer).await;
            netcat.hears_all().await
        });
        assert_eq!(sentence(outcome), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn tcp_server_closes() {
    let (outcome, ()) = drive!(Tcp, asked(), |server| {
        server.accept().await.says("Hello!\nServer").await;
    });
    assert_eq!(
        sentence(outcome),
        "connect failed: the server closed the connection while the client waited for the greeting; 13 bytes of it had come"
    );
    let (outcome, ()) = drive!(Tcp, asked(), |server| {
        server.accept().await.says("Hello!\nServer time: 09:31:35\n\n").await;
    });
    assert_eq!(
        sentence(outcome),
        "before update 1, the server closed the connection while the client waited for the next step; \
         nothing of it had come"
    );
}

#[tokio::test(start_paused = true)]
async fn nobody_there() {
    let clock = wirelab_clock::Clock::utc();
    let refused =
        || std::future::ready(Err::<tokio::io::DuplexStream, _>(io::Error::from(io::ErrorKind::ConnectionRefused)));
    let error = wirelab_driver::run(App::Web, &refused, &clock, &asked(), &mut |_| {}).await.unwrap_err();
    assert_eq!(error.step(), Action::Connect);
    assert_eq!(
        error.to_string(),
        "connect failed: no connection to the server: connection refused (is the app running, and does the connector lead to it?)"
    );
    let silent = || std::future::pending::<io::Result<tokio::io::DuplexStream>>();
    let error = wirelab_driver::run(App::Web, &silent, &clock, &asked(), &mut |_| {}).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "connect was never answered within 5 s: the client waited for the connection to be accepted, and nothing of it had come"
    );
}

/// The run of an Ajax client whose first XHR is answered like this, the connection then closed or held open.
async fn ajax_answered(answer: &str, closes: bool) -> Result<(), String> {
    let answer = answer.to_owned();
    let (outcome, _) = drive!(Ajax, asked(), |server| {
        let mut browser = server.accept().await;
        browser.answers(page("08:04:13", 807)).await;
        browser.answers(answer).await;
        if closes {
            drop(browser);
        } else {
            browser.hears_all().await;
        }
        drop(server);
    });
    match outcome {
        // Later steps find no server any more: only the first answer is judged here.
        Err(error) if error.step() == Action::Update(1) => Err(error.to_string()),
        _ => Ok(()),
    }
}

#[tokio::test(start_paused = true)]
async fn ajax_answers() {
    let chunks = |body: &str| format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
    let time = r#"{"time": "08:04:23"}"#;
    let good = [
        json("08:04:23"),
        response("text/plain", time),
        chunks(&format!("3\r\n{}\r\n11\r\n{}\r\n0\r\n\r\n", &time[..3], &time[3..])),
        format!("HTTP/1.1 200 OK\r\nContent-Length: 20\r\nConnection: close\r\n\r\n{time}"),
    ];
    for answer in good {
        assert_eq!(ajax_answered(&answer, false).await, Ok(()), "{answer}");
    }
    assert_eq!(ajax_answered(&format!("HTTP/1.1 200 OK\r\n\r\n{time}"), true).await, Ok(()), "until the close");

    let bad = [
        (response("application/json", "{}"), r#"update 1 failed: expected {"time": "HH:MM:SS"}, found "{}""#),
        (json("25:00:00"), r#"update 1 failed: expected {"time": "HH:MM:SS"}, found "{\"time\":\"25:00:00\"}\n""#),
        (
            response("text/html", "<p>09:31:45"),
            r#"update 1 failed: expected {"time": "HH:MM:SS"}, found "<p>09:31:45""#,
        ),
        (
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
            "update 1 failed: expected the answer 200 OK, found 404 Not Found",
        ),
        (
            format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\n{time}"),
            r#"update 1 failed: expected a body without Content-Encoding, found "gzip""#,
        ),
        (
            format!("HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n{time}"),
            "update 1 was never answered within 5 s: the client waited for the answer to its request, and 59 bytes of it had come",
        ),
        (
            format!("HTTP/1.1 200 OK\r\nContent-Length: 19\r\n\r\n{time}"),
            r#"update 1 failed: the server spoke unasked: "}""#,
        ),
        (
            "220 mail.example ESMTP\r\n".to_owned(),
            r#"update 1 failed: the answer is not HTTP/1.1 as RFC 9112 has it: the head cannot be read (invalid HTTP version): "220 mail.example ESMTP\r\n""#,
        ),
        (
            format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(20_000)),
            "update 1 failed: the answer is not HTTP/1.1 as RFC 9112 has it: the head does not end within 16384 bytes",
        ),
        (
            chunks("zz\r\n"),
            r#"update 1 failed: the answer is not HTTP/1.1 as RFC 9112 has it: expected a chunk size in hexadecimal digits and CRLF, found "zz""#,
        ),
        (
            format!("HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n{}", "x".repeat(1_100_000)),
            "update 1 failed: expected a body of at most 1048576 bytes, found a longer one",
        ),
    ];
    for (answer, expected) in bad {
        assert_eq!(ajax_answered(&answer, false).await, Err(expected.to_owned()));
    }
    assert_eq!(
        ajax_answered("HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n{", true).await.unwrap_err(),
        "update 1 failed: the server closed the connection while the client waited for the answer to its request; \
         40 bytes of it had come"
    );
}

#[tokio::test(start_paused = true)]
async fn pages_without_a_time() {
    for (body, found) in [
        ("<p>Server time: 09:36:17</p>", r#""<p>Server time: 09:36:17</p>""#),
        ("<time>soon</time>", r#""soon""#),
        ("<time>09:36:77</time>", r#""09:36:77""#),
        ("<time", r#""""#),
        ("", r#""""#),
    ] {
        let page = response("text/html", body);
        let (outcome, _) = drive!(Web, asked(), |server| {
            let mut browser = server.accept().await;
            browser.answers(page).await;
            browser.hears_all().await
        });
        assert_eq!(
            sentence(outcome),
            format!("connect failed: expected a page with <time>HH:MM:SS</time>, found {found}")
        );
    }
}

/// The run of an SSE client that gets its page, and then this answer to its subscription.
async fn sse_answered(answer: String, closes: bool) -> Result<Vec<wirelab_driver::Step>, DriveError> {
    let (outcome, _) = drive!(Sse, script(Renewal::Pushed, Profile::Minimal), |server| {
        let mut browser = server.accept().await;
        browser.answers(page("11:42:04", 569)).await;
        browser.answers(answer).await;
        if closes { Vec::new() } else { browser.hears_all().await }
    });
    outcome
}

#[tokio::test(start_paused = true)]
async fn event_streams() {
    let stream = |events: &str| format!("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n{events}");
    let time = "data: {\"time\": \"11:42:14\"}\n\n";
    // Comments, other kinds of events and more events than asked for change nothing.
    let rich = format!(": hello\n\nevent: tick\ndata: 1\n\n{time}:\n{time}{time}{time}");
    assert_eq!(sse_answered(stream(&rich), false).await.unwrap().len(), 5);
    let bad = [
        (
            stream(""),
            false,
            "update 1 was never answered within 5 s: the client waited for an event, and nothing of it had come",
        ),
        (
            stream("data: {\"ti"),
            false,
            "update 1 was never answered within 5 s: the client waited for an event, and 10 bytes of it had come",
        ),
        (
            stream(&format!("{time}data: soon\n\n")),
            false,
            r#"update 2 failed: expected {"time": "HH:MM:SS"}, found "soon""#,
        ),
        (
            stream(time),
            true,
            "update 2 failed: the server closed the connection while the client waited for an event; nothing of it had come",
        ),
        (
            stream(&time.repeat(3)),
            true,
            "before close, the server closed the connection while the client waited for the end of its timeline; nothing of it had come",
        ),
        (
            stream(&"x".repeat(70_000)),
            false,
            "update 1 failed: the event stream cannot be read: a line does not end within 65536 bytes",
        ),
        (
            response("text/html", "<p>"),
            false,
            "update 1 failed: expected Content-Type: text/event-stream, found text/html",
        ),
        (
            "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n".to_owned(),
            false,
            "update 1 failed: expected the answer 200 OK, found 503 Busy",
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 0\r\n\r\n".to_owned(),
            false,
            "update 1 failed: expected an event stream that goes on, found its end",
        ),
    ];
    for (answer, closes, expected) in bad {
        assert_eq!(sentence(sse_answered(answer, closes).await), expected);
    }
}

/// The run of a WebSocket client whose handshake is answered with `answer(the right answer)`.
async fn upgraded(answer: impl Fn(String) -> String) -> String {
    let (outcome, _) = drive!(Ws, asked(), |server| {
        let mut page_connection = server.accept().await;
        page_connection.answers(page("09:43:28", 719)).await;
        let mut socket = server.accept().await;
        let request = socket.hears_request().await;
        socket.says(answer(upgrade(&request))).await;
        socket.hears_all().await
    });
    sentence(outcome)
}

#[tokio::test(start_paused = true)]
async fn handshakes() {
    let accept = "Sec-WebSocket-Accept: ";
    let wrong = upgraded(|right| right.replace(accept, "Sec-WebSocket-Accept: x")).await;
    assert!(
        wrong.starts_with("connect failed: expected Sec-WebSocket-Accept: ")
            && wrong.contains(", found Sec-WebSocket-Accept: x"),
        "{wrong}"
    );
    let missing = upgraded(|right| right.replace(accept, "X: ")).await;
    assert!(missing.ends_with("found Sec-WebSocket-Accept: (none)"), "{missing}");
    assert_eq!(
        upgraded(|right| right.replace("101 Switching Protocols", "200 OK")).await,
        "connect failed: expected the answer 101 Switching Protocols, found 200 OK"
    );
    assert_eq!(
        upgraded(|right| right.replace("Upgrade: websocket", "Upgrade: h2c")).await,
        "connect failed: expected Upgrade: websocket, found Upgrade: h2c"
    );
    assert_eq!(
        upgraded(|right| right.replace("Connection: Upgrade", "Connection: close")).await,
        "connect failed: expected Connection: Upgrade, found Connection: close"
    );
    assert_eq!(
        upgraded(|right| right.replace("\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n")).await,
        "connect failed: expected no Sec-WebSocket-Extensions (the client speaks none), found Sec-WebSocket-Extensions: permessage-deflate"
    );
}

/// The run of a WebSocket client that hears this right after its handshake, or in answer to its first request.
async fn ws_hears(unasked: &[u8], answer: &[u8]) -> String {
    let (unasked, answer) = (unasked.to_vec(), answer.to_vec());
    let (outcome, _) = drive!(Ws, asked(), |server| {
        let mut page_connection = server.accept().await;
        page_connection.answers(page("09:43:28", 719)).await;
        let mut socket = server.accept().await;
        let request = socket.hears_request().await;
        socket.says([upgrade(&request).as_bytes(), &unasked].concat()).await;
        if unasked.is_empty() {
            socket.hears::<14>().await;
            socket.says(answer).await;
        }
        socket.hears_all().await
    });
    sentence(outcome)
}

#[tokio::test(start_paused = true)]
async fn frames() {
    let idle = "before update 1, ";
    let rfc = "the server's WebSocket frame breaks RFC 6455: ";
    let unasked: [(&[u8], String); 4] = [
        (b"\x81\x02hi", format!("{idle}the server spoke unasked: \"hi\"")),
        (b"\x81\x82\0\0\0\0hi", format!("{idle}{rfc}a server's frames must not be masked (section 5.1)")),
        (
            b"\x88\x04\x03\xe8ok",
            format!("{idle}expected the WebSocket to stay open, found a close frame with 1000 \"ok\""),
        ),
        (b"\x88\x00", format!("{idle}expected the WebSocket to stay open, found a close frame without a code")),
    ];
    for (bytes, expected) in unasked {
        assert_eq!(ws_hears(bytes, b"").await, expected);
    }
    let error = text_frame(r#"{"error": "unknown command"}"#);
    let answers: [(&[u8], String); 5] = [
        (&error, r#"update 1 failed: expected {"time": "HH:MM:SS"}, found "{\"error\": \"unknown command\"}""#.to_owned()),
        (b"\x82\x02\x00\x01", r#"update 1 failed: expected a text message, found binary "\x00\x01""#.to_owned()),
        (b"\x88\x02\x03\xf3", "update 1 failed: expected the WebSocket to stay open, found a close frame with 1011 \"\"".to_owned()),
        (b"\xc1\x00", format!("update 1 failed: {rfc}a reserved bit is set though no extension was agreed on (section 5.2)")),
        (b"\x81\x14{", "update 1 was never answered within 5 s: the client waited for the answer to \"get-time\", and 3 bytes of it had come".to_owned()),
    ];
    for (bytes, expected) in answers {
        assert_eq!(ws_hears(b"", bytes).await, expected);
    }
}

/// A peer that takes no byte cannot hold the client up for ever.
#[tokio::test(start_paused = true)]
async fn a_server_that_takes_nothing() {
    let connector = || {
        let (client, server) = tokio::io::duplex(16);
        std::mem::forget(server);
        std::future::ready(Ok(client))
    };
    let clock = wirelab_clock::Clock::utc();
    let error = wirelab_driver::run(App::Web, &connector, &clock, &asked(), &mut |_| {}).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "connect was never answered within 5 s: the client waited for the server to take what the client sends, and nothing of it had come"
    );
    assert_eq!(clock.elapsed(), Duration::from_secs(5));
}

/// The same over the machine's own TCP: refused, and reset in the middle.
#[tokio::test]
async fn over_tcp() {
    let clock = wirelab_clock::Clock::utc();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let reset = async {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_zero_linger().unwrap();
        drop(stream);
    };
    let script = asked();
    let mut ignore = |_: &_| {};
    let (outcome, ()) = tokio::join!(wirelab_driver::run(App::Tcp, &address, &clock, &script, &mut ignore), reset);
    let told = sentence(outcome);
    assert!(
        told.starts_with("connect failed: the connection broke while the client waited for the greeting: "),
        "{told}"
    );
    drop(listener);
    assert!(address.connect().await.is_err());
    let told = sentence(wirelab_driver::run(App::Tcp, &address, &clock, &script, &mut ignore).await);
    assert!(told.starts_with("connect failed: no connection to the server: "), "{told}");
}

/// Also where the next step is late already, and so not waited for.
#[tokio::test(start_paused = true)]
async fn tcp_answers_twice() {
    let (outcome, _) = drive!(Tcp, Script { patience: Duration::from_secs(60), ..asked() }, |server| {
        let mut netcat = server.accept().await;
        netcat.says("Hello!\nServer time: 09:31:35\n\n").await;
        netcat.hears::<5>().await;
        tokio::time::sleep(Duration::from_secs(15)).await;
        netcat.says("09:31:45\n\n09:31:45\n\n").await;
        netcat.hears_all().await
    });
    assert_eq!(sentence(outcome), r#"before update 2, the server spoke unasked: "09:31:45\n\n""#);
}
