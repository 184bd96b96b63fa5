//! What a client sends and when it closes, when everything is answered as in 2021: exact bytes on a paused clock.
#![allow(clippy::unwrap_used)]

mod peer;

use std::time::Duration;

use peer::{json, lines, page, script, text_frame, unmask, upgrade};
use wirelab_catalog::Renewal;
use wirelab_driver::{Profile, Script, Timeline};

const TIMES: [&str; 3] = ["09:31:45", "09:31:55", "09:32:05"];

#[tokio::test(start_paused = true)]
async fn tcp() {
    let (steps, end) = drive!(Tcp, script(Renewal::Asked, Profile::Firefox89), |server| {
        let mut netcat = server.accept().await;
        netcat.says("Hello!\nServer time: 09:31:35\n\n").await;
        for time in TIMES {
            assert_eq!(&netcat.hears::<5>().await, b"time\n");
            netcat.says(format!("{time}\n\n")).await;
        }
        netcat.hears_the_end().await
    });
    insta::assert_snapshot!(lines(&steps.unwrap()), @r"
    connect due 0 done 0.000 09:31:35
    update 1 due 10 done 10.000 09:31:45
    update 2 due 20 done 20.000 09:31:55
    update 3 due 30 done 30.000 09:32:05
    close due 40 done 40.000
    ");
    assert_eq!(end, 40_000, "no `bye`: at 40 s netcat is just ended");
}

#[tokio::test(start_paused = true)]
async fn web() {
    let (steps, (requests, end)) = drive!(Web, script(Renewal::Asked, Profile::Firefox89), |server| {
        let mut browser = server.accept().await;
        let mut requests = vec![browser.answers(page("09:36:17", 435)).await];
        for time in TIMES {
            let page = page(time, 435);
            let request = browser.answers(&page).await;
            assert_eq!(request.len() + page.len(), 923, "what an update cost in 2021");
            requests.push(request);
        }
        (requests, browser.hears_the_end().await)
    });
    assert_eq!(steps.unwrap().len(), 5);
    assert_eq!(end, 40_000);
    assert_eq!(requests.iter().map(String::len).collect::<Vec<_>>(), [345, 371, 371, 371]);
    let [navigation, reload, ..] = requests.as_slice() else { panic!("{requests:?}") };
    assert_eq!(reload.strip_suffix("Cache-Control: max-age=0\r\n\r\n"), navigation.strip_suffix("\r\n"));
}

#[tokio::test(start_paused = true)]
async fn ajax() {
    let (steps, end) = drive!(Ajax, script(Renewal::Asked, Profile::Firefox89), |server| {
        let mut browser = server.accept().await;
        browser.answers(page("08:04:13", 807)).await;
        for time in TIMES {
            let answer = json(time);
            let request = browser.answers(&answer).await;
            assert!(request.starts_with("GET /time HTTP/1.1\r\n"), "{request}");
            assert_eq!(request.len() + answer.len(), 415, "what an update cost in 2021");
        }
        browser.hears_the_end().await
    });
    insta::assert_snapshot!(lines(&steps.unwrap()), @r"
    connect due 0 done 0.000 08:04:13
    update 1 due 10 done 10.000 09:31:45
    update 2 due 20 done 20.000 09:31:55
    update 3 due 30 done 30.000 09:32:05
    close due 40 done 40.000
    ");
    assert_eq!(end, 40_000);
}

/// The head comes with the first event only, ten seconds after the request, as in 2021; and the events come when the
/// server likes.
#[tokio::test(start_paused = true)]
async fn sse() {
    let (steps, (request, end)) = drive!(Sse, script(Renewal::Pushed, Profile::Firefox89), |server| {
        let mut browser = server.accept().await;
        browser.answers(page("11:42:04", 569)).await;
        let request = browser.hears_request().await;
        let mut head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\
            Transfer-Encoding: chunked\r\n\r\n"
            .to_owned();
        for time in TIMES {
            tokio::time::sleep(Duration::from_secs(10)).await;
            let event = format!("1c\r\ndata: {{\"time\": \"{time}\"}}\n\n\r\n");
            assert_eq!(event.len(), 34, "what a push cost in 2021");
            browser.says(std::mem::take(&mut head) + &event).await;
        }
        (request, browser.hears_the_end().await)
    });
    assert_eq!(request.len(), 344);
    insta::assert_snapshot!(lines(&steps.unwrap()), @r"
    connect due 0 done 0.060 11:42:04
    update 1 due 10 done 10.060 09:31:45
    update 2 due 20 done 20.060 09:31:55
    update 3 due 30 done 30.060 09:32:05
    close due 35 done 35.000
    ");
    assert_eq!(end, 35_000);
}

#[tokio::test(start_paused = true)]
async fn ws() {
    let (steps, (masks, ends)) = drive!(Ws, script(Renewal::Asked, Profile::Firefox89), |server| {
        let mut page_connection = server.accept().await;
        page_connection.answers(page("09:43:28", 719)).await;
        let mut socket = server.accept().await;
        let request = socket.hears_request().await;
        assert_eq!(request.len(), 475);
        let answer = upgrade(&request);
        assert_eq!(answer.len(), 129);
        socket.says(answer).await;
        let mut masks = Vec::new();
        for time in TIMES {
            let frame = socket.hears::<14>().await;
            assert_eq!((&frame[..2], unmask(frame).as_slice()), ([0x81, 0x88].as_slice(), b"get-time".as_slice()));
            masks.push(frame[2..6].to_vec());
            socket.says(text_frame(&format!("{{\"time\": \"{time}\"}}"))).await;
        }
        let close = socket.hears::<8>().await;
        assert_eq!((&close[..2], unmask(close).as_slice()), ([0x88, 0x82].as_slice(), [0x03, 0xe9].as_slice()), "1001");
        socket.says([0x88, 0]).await;
        let ends = [page_connection.hears_the_end().await, socket.hears_the_end().await];
        (masks, ends)
    });
    insta::assert_snapshot!(lines(&steps.unwrap()), @r"
    connect due 0 done 0.060 09:43:28
    update 1 due 10 done 10.000 09:31:45
    update 2 due 20 done 20.000 09:31:55
    update 3 due 30 done 30.000 09:32:05
    close due 40 done 40.003
    ");
    assert_eq!(ends, [40_002, 40_003], "the page's connection first, then the WebSocket's");
    assert!(masks[0] != masks[1] && masks[1] != masks[2], "a fresh mask for every frame: {masks:02x?}");
}

/// Measured: Chromium closes the WebSocket first, and the page's connection some time after.
#[tokio::test(start_paused = true)]
async fn ws_with_chromium_closes_the_other_way_round() {
    let script = Script {
        timeline: Timeline::new(Renewal::Asked, 0, Duration::from_secs(1)),
        ..script(Renewal::Asked, Profile::Chromium)
    };
    let (steps, ends) = drive!(Ws, script, |server| {
        let mut page_connection = server.accept().await;
        page_connection.answers(page("09:43:28", 719)).await;
        let mut socket = server.accept().await;
        let request = socket.hears_request().await;
        socket.says(upgrade(&request)).await;
        socket.hears::<8>().await;
        [socket.hears_the_end().await, page_connection.hears_the_end().await]
    });
    steps.unwrap();
    assert_eq!(ends, [1_001, 1_015]);
}

/// RFC 6455, section 7.1.1: both close frames, then the server closes, then the client.
#[tokio::test(start_paused = true)]
async fn ws_without_a_browser_closes_by_the_book() {
    let (steps, ends) = drive!(Ws, script(Renewal::Asked, Profile::Minimal), |server| {
        let mut page_connection = server.accept().await;
        page_connection.answers(page("09:43:28", 719)).await;
        let mut socket = server.accept().await;
        let request = socket.hears_request().await;
        socket.says(upgrade(&request)).await;
        for time in TIMES {
            socket.hears::<14>().await;
            socket.says(text_frame(&format!("{{\"time\": \"{time}\"}}"))).await;
        }
        socket.hears::<8>().await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        socket.says([0x88, 2, 0x03, 0xe9]).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        drop(socket);
        page_connection.hears_the_end().await
    });
    assert_eq!(steps.unwrap().last().unwrap().done, Duration::from_millis(40_200));
    assert_eq!(ends, 40_200);
}

/// Everything a client sends follows from its script.
#[tokio::test(start_paused = true)]
async fn ws_repeats_itself_by_its_seed() {
    let mut runs = Vec::new();
    for seed in [7, 7, 8] {
        let script = Script { seed, ..script(Renewal::Asked, Profile::Firefox) };
        let (steps, sent) = drive!(Ws, script, |server| {
            let mut page_connection = server.accept().await;
            let mut sent = page_connection.answers(page("09:43:28", 719)).await.into_bytes();
            let mut socket = server.accept().await;
            let request = socket.hears_request().await;
            socket.says(upgrade(&request)).await;
            sent.extend_from_slice(request.as_bytes());
            for time in TIMES {
                sent.extend_from_slice(&socket.hears::<14>().await);
                socket.says(text_frame(&format!("{{\"time\": \"{time}\"}}"))).await;
            }
            sent.extend_from_slice(&socket.hears_all().await);
            sent
        });
        steps.unwrap();
        runs.push(sent);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[1], runs[2]);
}

/// Each step when it is due, or at once if late.
#[tokio::test(start_paused = true)]
async fn a_late_answer_delays_the_next_step_only() {
    let script = Script { patience: Duration::from_secs(60), ..script(Renewal::Asked, Profile::Minimal) };
    let (steps, _) = drive!(Tcp, script, |server| {
        let mut netcat = server.accept().await;
        netcat.says("Hello!\nServer time: 09:31:35\n\n").await;
        for (time, delay) in TIMES.into_iter().zip([13, 3, 2]) {
            netcat.hears::<5>().await;
            tokio::time::sleep(Duration::from_secs(delay)).await;
            netcat.says(format!("{time}\n\n")).await;
        }
        netcat.hears_the_end().await
    });
    insta::assert_snapshot!(lines(&steps.unwrap()), @r"
    connect due 0 done 0.000 09:31:35
    update 1 due 10 done 23.000 09:31:45
    update 2 due 20 done 26.000 09:31:55
    update 3 due 30 done 32.000 09:32:05
    close due 40 done 40.000
    ");
}

#[tokio::test(start_paused = true)]
async fn hundreds_at_once() {
    let one = async |seed| {
        let script = Script { seed, ..script(Renewal::Asked, Profile::Firefox) };
        let (steps, ()) = drive!(Ajax, script, |server| {
            let mut browser = server.accept().await;
            browser.answers(page("08:04:13", 807)).await;
            for time in TIMES {
                browser.answers(json(time)).await;
            }
        });
        steps.unwrap().len()
    };
    let all = futures_util::future::join_all((0..300).map(one)).await;
    assert_eq!(all, [5; 300]);
}
