//! The tables published with "From Sockets to WebSockets" in 2021, from captures rebuilt packet by packet.
//!
//! The lengths, the order and the times of the packets are facts of the original captures; the payloads are our own
//! texts of the same lengths. One published figure can't be right and is not reproduced: the WebSocket capture has 13
//! packets with payload, not 12. (The byte sums of the published row do count all 13: 34 x 34 + 1104 + 1903 = 4163.)
#![allow(clippy::unwrap_used)]

mod talk;

use talk::{ACK, RST, Talk, analyze, head, masked, page, unmasked};
use wirelab_analyze::{App, Capture, Kind, Tally};

/// Total packets, app packets, frame bytes, TCP bytes, app bytes.
fn columns(tally: &Tally) -> [u64; 5] {
    [tally.total_packets, tally.app_packets, tally.frame_bytes, tally.tcp_bytes, tally.app_bytes]
}

fn per_update(capture: &Capture) -> [u64; 5] {
    columns(&capture.per_update.unwrap())
}

fn push_only(capture: &Capture) -> Option<[u64; 5]> {
    capture.push_only.as_ref().map(columns)
}

fn html_head(length: usize, total: usize) -> Vec<u8> {
    head("HTTP/1.1 200 OK", &format!("Content-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\n"), total)
}

/// The page of the four web apps: request, quick ACK, head, ACK, body, ACK.
fn load(talk: &mut Talk, at: f64, page_len: usize) {
    talk.at(at).client(&head("GET / HTTP/1.1", "Host: 172.105.253.239:8000\r\n", 345)).server_ack();
    talk.at(at + 10.0).server(&html_head(page_len, 117));
    talk.at(at + 35.0).client_ack().server(&page("09:36:17", page_len));
    talk.at(at + 60.0).client_ack();
}

#[test]
fn tcpapp() {
    let mut talk = Talk::new(22374);
    talk.handshake().at(26.0).server(b"Hello!\nServer time: 09:31:35\n\n").at(50.0).client_ack();
    for update in 1..=3 {
        talk.at(update as f64 * 10_000.0).client(b"time\n");
        if update == 1 {
            talk.server_ack();
        }
        talk.server(format!("09:32:{update:02}\n\n").as_bytes()).at(update as f64 * 10_000.0 + 25.0).client_ack();
    }
    talk.at(40_000.0).client_fin().server_fin().client_ack();
    let capture = analyze(&talk.frames);
    assert_eq!(capture.app, Some(App::Tcp));
    assert_eq!(columns(&capture.totals), [18, 7, 1283, 596, 75]);
    assert_eq!(per_update(&capture), [3, 2, 213, 96, 15]);
    assert_eq!(push_only(&capture), Some([2, 1, 142, 64, 10]));
    let packets: Vec<u64> = capture.updates.iter().map(|one| one.tally.total_packets).collect();
    assert_eq!(packets, [4, 3, 3], "the first update has the quick ACK of a young connection");
    assert_eq!(capture.update_range.as_ref().unwrap().max.total_packets, 4);
    assert_eq!(capture.median_update, Some(2));
    assert_eq!(capture.totals.useful_bytes, 4 * 8);
}

#[test]
fn webapp() {
    let mut talk = Talk::new(22490);
    talk.handshake();
    load(&mut talk, 26.0, 435);
    for update in 1..=3 {
        let at = update as f64 * 10_000.0;
        talk.at(at).client(&head("GET / HTTP/1.1", "Host: 172.105.253.239:8000\r\n", 371));
        talk.at(at + 1.0).server(&html_head(435, 117)).at(at + 26.0).client_ack();
        talk.server(&page("09:36:27", 435)).at(at + 51.0).client_ack();
    }
    talk.at(40_000.0).client_fin().server_fin().client_ack();
    let capture = analyze(&talk.frames);
    assert_eq!(capture.app, Some(App::Web));
    assert_eq!(columns(&capture.totals), [27, 12, 5468, 884, 3666]);
    assert_eq!(per_update(&capture), [5, 3, 1253, 160, 923]);
    assert_eq!(push_only(&capture), None);
    let kinds: Vec<Kind> = capture.exchanges.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [Kind::Setup, Kind::Page, Kind::Update, Kind::Update, Kind::Update, Kind::Close]);
}

#[test]
fn ajaxapp() {
    let mut talk = Talk::new(9000);
    talk.handshake();
    load(&mut talk, 30.0, 807);
    for update in 1..=3 {
        let at = update as f64 * 10_000.0;
        talk.at(at).client(&head("GET /time HTTP/1.1", "Host: 172.105.253.239:8000\r\n", 287));
        let answer = head("HTTP/1.1 200 OK", "Content-Type: application/json\r\nContent-Length: 20\r\n", 108);
        talk.server(&answer).at(at + 25.0).client_ack();
        talk.server(b"{\"time\":\"08:04:23\"}\n").at(at + 50.0).client_ack();
    }
    talk.at(40_000.0).client_fin().server_fin().client_ack();
    let capture = analyze(&talk.frames);
    assert_eq!(capture.app, Some(App::Ajax));
    assert_eq!(columns(&capture.totals), [27, 12, 4316, 884, 2514]);
    assert_eq!(per_update(&capture), [5, 3, 745, 160, 415]);
    assert_eq!(push_only(&capture), None);
}

#[test]
fn sseapp() {
    let mut talk = Talk::new(6112);
    talk.handshake();
    load(&mut talk, 33.0, 569);
    talk.at(154.0).client(&head("GET /time HTTP/1.1", "Accept: text/event-stream\r\n", 344)).at(199.0).server_ack();
    let answer = head(
        "HTTP/1.1 200 OK",
        "Content-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n",
        132,
    );
    talk.at(10_175.0).server(&answer).at(10_202.0).client_ack();
    for update in 1..=3 {
        let event = format!("1c\r\ndata: {{\"time\": \"11:42:{update:02}\"}}\n\n\r\n");
        talk.at(update as f64 * 10_000.0 + 202.0).server(event.as_bytes());
        talk.at(update as f64 * 10_000.0 + 225.0).client_ack();
    }
    talk.at(35_433.0).client_fin().at(35_475.0).server_ack();
    let capture = analyze(&talk.frames);
    assert_eq!(capture.app, Some(App::Sse));
    assert_eq!(columns(&capture.totals), [21, 8, 3015, 692, 1609]);
    assert_eq!(per_update(&capture), [2, 1, 166, 64, 34]);
    assert_eq!(push_only(&capture), Some([2, 1, 166, 64, 34]));
    assert_eq!(capture.connections[0].sse_events, 3);
    assert_eq!(capture.connections[0].protocol, "sse");
    // 34 app bytes: chunk size 4, "data: " 6, two line ends 2, chunk end 2, and the JSON text of 20 with the time in it.
    let update = capture.per_update.unwrap();
    assert_eq!((update.framing_bytes, update.content_bytes, update.useful_bytes), (14, 20, 8));
}

#[test]
fn wsapp() {
    let mut page = Talk::new(22634);
    page.handshake();
    load(&mut page, 30.0, 719);
    let mut talk = Talk::new(22635);
    talk.at(153.0).handshake();
    let ask = head("GET /time HTTP/1.1", "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n", 475);
    let answer = head("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket\r\nConnection: Upgrade\r\n", 129);
    talk.at(179.0).client(&ask).server_ack().server(&answer).at(204.0).client_ack();
    for update in 1..=3 {
        let at = update as f64 * 10_000.0;
        let time = format!("{{\"time\": \"09:43:{update:02}\"}}");
        talk.at(at).client(&masked(1, b"get-time")).server(&unmasked(1, time.as_bytes())).at(at + 25.0).client_ack();
    }
    talk.at(40_339.0).client(&masked(8, &1001u16.to_be_bytes())).server(&unmasked(8, &[]));
    talk.at(40_342.0).client_fin().server_fin();
    page.at(40_341.0).client_fin().at(40_343.0).server_fin().at(40_371.0).client_ack();
    let seq = talk.next_seq(true);
    talk.at(40_363.0).raw(true, RST, &[], 20, seq.wrapping_sub(1), 0).at(40_367.0).raw(true, RST, &[], 20, seq, 0);
    assert!(talk.frames.iter().all(|(_, frame)| frame[47] & (RST | ACK) != 0 || frame[47] == talk::SYN));

    let mut frames = [page.frames, talk.frames].concat();
    frames.sort_by_key(|(time, _)| *time);
    let capture = analyze(&frames);
    assert_eq!(capture.app, Some(App::Ws));
    assert_eq!(columns(&capture.totals), [34, 13, 4163, 1104, 1903]);
    assert_eq!(per_update(&capture), [3, 2, 234, 96, 36]);
    assert_eq!(push_only(&capture), Some([2, 1, 154, 64, 22]));
    let frames = capture.connections[1].websocket_frames;
    assert_eq!((frames.text, frames.close), (6, 2));
    let update = capture.per_update.unwrap();
    assert_eq!((update.framing_bytes, update.content_bytes, update.useful_bytes), (8, 28, 8));
}
