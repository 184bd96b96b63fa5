//! What a browser does beside its timeline: connections kept, given up and opened again; pings answered.
#![allow(clippy::unwrap_used)]

mod peer;

use std::time::Duration;

use peer::{json, page, script, sentence, unmask, upgrade};
use wirelab_catalog::Renewal;
use wirelab_driver::Profile;

/// The server closes the idle connection (its keep-alive time-out); the next request opens another.
#[tokio::test(start_paused = true)]
async fn an_idle_connection_may_be_closed() {
    let (steps, ends) = drive!(Ajax, script(Renewal::Asked, Profile::Firefox), |server| {
        let mut first = server.accept().await;
        first.answers(page("08:04:13", 807)).await;
        first.answers(json("08:04:23")).await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        first.says_no_more().await;
        let first_end = first.hears_the_end().await;
        let mut second = server.accept().await;
        second.answers(json("08:04:33")).await;
        second.answers(json("08:04:43")).await;
        (first_end, second.hears_the_end().await)
    });
    assert_eq!(steps.unwrap().len(), 5);
    assert_eq!(ends, (15_000, 40_000), "the client closes its side at once, and uses the new connection to the end");
}

/// `Connection: close` is taken at its word.
#[tokio::test(start_paused = true)]
async fn a_connection_for_each_request() {
    let last = |response: String| response.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    let (steps, ()) = drive!(Web, script(Renewal::Asked, Profile::Firefox), |server| {
        for (time, done) in [("09:36:17", 0), ("09:36:27", 10_000), ("09:36:37", 20_000), ("09:36:47", 30_000)] {
            let mut connection = server.accept().await;
            connection.answers(last(page(time, 435))).await;
            assert_eq!(connection.hears_the_end().await, done);
        }
    });
    assert_eq!(steps.unwrap().len(), 5);
}

/// The request crosses the server's FIN: asked once more on a new connection, and only once.
#[tokio::test(start_paused = true)]
async fn a_request_that_crosses_a_close() {
    let (steps, ()) = drive!(Ajax, script(Renewal::Asked, Profile::Firefox), |server| {
        let mut first = server.accept().await;
        first.answers(page("08:04:13", 807)).await;
        let lost = first.hears_request().await;
        drop(first);
        let mut second = server.accept().await;
        assert_eq!(second.answers(json("08:04:23")).await, lost);
        second.answers(json("08:04:33")).await;
        second.answers(json("08:04:43")).await;
        second.hears_the_end().await;
    });
    assert_eq!(steps.unwrap().len(), 5);

    let (outcome, ()) = drive!(Ajax, script(Renewal::Asked, Profile::Firefox), |server| {
        let mut first = server.accept().await;
        first.answers(page("08:04:13", 807)).await;
        first.hears_request().await;
        drop(first);
        server.accept().await.hears_request().await;
    });
    assert_eq!(
        sentence(outcome),
        "update 1 failed: the server closed the connection while the client waited for the answer to its request; \
         nothing of it had come"
    );
}

/// Pings are answered whenever they come, with their own payload; and the server may give up the page's connection.
#[tokio::test(start_paused = true)]
async fn pings_are_answered() {
    let (steps, ()) = drive!(Ws, script(Renewal::Asked, Profile::Firefox), |server| {
        let mut page_connection = server.accept().await;
        page_connection.answers(page("09:43:28", 719)).await;
        let mut socket = server.accept().await;
        let request = socket.hears_request().await;
        socket.says(upgrade(&request)).await;
        // While nothing is due:
        tokio::time::sleep(Duration::from_secs(3)).await;
        socket.says(b"\x89\x02hi").await;
        let pong = socket.hears::<8>().await;
        assert_eq!((&pong[..2], unmask(pong).as_slice()), ([0x8a, 0x82].as_slice(), b"hi".as_slice()));
        page_connection.says_no_more().await;
        assert_eq!(page_connection.hears_the_end().await, 3_060);
        // Between a request and its answer, which comes in fragments:
        for time in ["09:43:38", "09:43:48", "09:43:58"] {
            assert_eq!(unmask(socket.hears::<14>().await), b"get-time");
            socket.says(b"\x01\x0a{\"time\": \"\x89\x00\x8a\x00").await;
            socket.says([b"\x80\x0a".as_slice(), time.as_bytes(), b"\"}"].concat()).await;
            assert_eq!(socket.hears::<6>().await[..2], [0x8a, 0x80]);
        }
        socket.hears::<8>().await;
        socket.hears_the_end().await;
    });
    assert_eq!(steps.unwrap().len(), 5);
}

/// The time to start the script lies between the page and what the script asks for.
#[tokio::test(start_paused = true)]
async fn a_script_takes_time_to_start() {
    for (profile, expected) in
        [(Profile::Firefox89, 60), (Profile::Firefox, 60), (Profile::Chromium, 60), (Profile::Minimal, 0)]
    {
        let clock = tokio::time::Instant::now();
        let (outcome, waited) = drive!(Sse, script(Renewal::Pushed, profile), |server| {
            let mut browser = server.accept().await;
            browser.answers(page("11:42:04", 569)).await;
            browser.hears_request().await;
            clock.elapsed().as_millis()
        });
        assert!(sentence(outcome).starts_with("update 1 failed: the server closed the connection"));
        assert_eq!(waited, expected);
    }
}

/// A server that pushes faster than the plan is noted as it was: events count when they come.
#[tokio::test(start_paused = true)]
async fn early_events_are_noted_early() {
    let (steps, end) = drive!(Sse, script(Renewal::Pushed, Profile::Minimal), |server| {
        let mut browser = server.accept().await;
        browser.answers(page("11:42:04", 569)).await;
        browser.answers("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n").await;
        for second in 1..=20 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            browser.says(format!("data: {{\"time\": \"11:42:{second:02}\"}}\n\n")).await;
        }
        browser.hears_the_end().await
    });
    let done: Vec<u64> = steps.unwrap().iter().map(|step| step.done.as_secs()).collect();
    assert_eq!((done, end), (vec![0, 1, 2, 3, 35], 35_000));
}

/// However slowly and finely cut the answers come, they are the same answers.
#[tokio::test(start_paused = true)]
async fn answers_may_come_byte_by_byte() {
    let (steps, ()) = drive!(Tcp, script(Renewal::Asked, Profile::Minimal), |server| {
        let mut netcat = server.accept().await;
        netcat.dribbles("Hello!\nServer time: 09:31:35\n\n").await;
        for _ in 0..3 {
            netcat.hears::<5>().await;
            netcat.dribbles("09:31:45\n\n").await;
        }
        netcat.hears_the_end().await;
    });
    assert_eq!(steps.unwrap().len(), 5);

    let (steps, ()) = drive!(Sse, script(Renewal::Pushed, Profile::Firefox), |server| {
        let mut browser = server.accept().await;
        browser.hears_request().await;
        browser.dribbles(page("11:42:04", 569)).await;
        browser.hears_request().await;
        browser
            .dribbles("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            .await;
        for _ in 0..3 {
            browser.dribbles("1c\r\ndata: {\"time\": \"11:42:14\"}\n\n\r\n").await;
        }
        browser.hears_the_end().await;
    });
    assert_eq!(steps.unwrap().len(), 5);

    let (steps, ()) = drive!(Ws, script(Renewal::Asked, Profile::Minimal), |server| {
        let mut page_connection = server.accept().await;
        page_connection.hears_request().await;
        page_connection.dribbles(page("09:43:28", 719)).await;
        let mut socket = server.accept().await;
        let request = socket.hears_request().await;
        socket.dribbles(upgrade(&request)).await;
        for _ in 0..3 {
            socket.hears::<14>().await;
            socket.dribbles(b"\x8a\x00\x81\x14{\"time\": \"09:43:38\"}").await;
        }
        socket.hears::<8>().await;
        socket.dribbles(b"\x88\x00").await;
    });
    assert_eq!(steps.unwrap().len(), 5);
}
