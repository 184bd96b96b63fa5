//! The five conversations of 2021, rebuilt packet by packet: lengths, order and times are those of the original
//! captures, the payloads are texts of our own.

use wirelab_catalog::App;

use super::{Frames, Talk, head, masked, page, unmasked};
use wirelab_dissect::tcp::Flags;

/// Builds one of the conversations from a client's address and port on.
pub type Conversation = fn([u8; 4], u16) -> Frames;

/// All five, by the name of their capture.
pub const ALL: [(&str, Conversation); 5] =
    [("tcpapp", tcpapp), ("webapp", webapp), ("ajaxapp", ajaxapp), ("sseapp", sseapp), ("wsapp", wsapp)];

fn html_head(length: usize, total: usize) -> Vec<u8> {
    head("HTTP/1.1 200 OK", &format!("Content-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\n"), total)
}

/// The page of the four web apps: request, quick ACK, head, ACK, body, ACK.
fn load(talk: &mut Talk, at: f64, app: App, page_len: usize) {
    talk.at(at).client(&head("GET / HTTP/1.1", "Host: 172.105.253.239:8000\r\n", 345)).server_ack();
    talk.at(at + 10.0).server(&html_head(page_len, 117));
    talk.at(at + 35.0).client_ack().server(&page(app, "09:36:17", page_len));
    talk.at(at + 60.0).client_ack();
}

pub fn tcpapp(client: [u8; 4], port: u16) -> Frames {
    let mut talk = Talk::new(port).from(client);
    talk.handshake().at(26.0).server(b"Hello!\nServer time: 09:31:35\n\n").at(50.0).client_ack();
    for update in 1..=3 {
        talk.at(update as f64 * 10_000.0).client(b"time\n");
        if update == 1 {
            talk.server_ack();
        }
        talk.server(format!("09:32:{update:02}\n\n").as_bytes()).at(update as f64 * 10_000.0 + 25.0).client_ack();
    }
    talk.at(40_000.0).client_fin().server_fin().client_ack();
    talk.frames
}

pub fn webapp(client: [u8; 4], port: u16) -> Frames {
    let mut talk = Talk::new(port).from(client);
    talk.handshake();
    load(&mut talk, 26.0, App::Web, 435);
    for update in 1..=3 {
        let at = update as f64 * 10_000.0;
        talk.at(at).client(&head("GET / HTTP/1.1", "Host: 172.105.253.239:8000\r\n", 371));
        talk.at(at + 1.0).server(&html_head(435, 117)).at(at + 26.0).client_ack();
        talk.server(&page(App::Web, "09:36:27", 435)).at(at + 51.0).client_ack();
    }
    talk.at(40_000.0).client_fin().server_fin().client_ack();
    talk.frames
}

pub fn ajaxapp(client: [u8; 4], port: u16) -> Frames {
    let mut talk = Talk::new(port).from(client);
    talk.handshake();
    load(&mut talk, 30.0, App::Ajax, 807);
    for update in 1..=3 {
        let at = update as f64 * 10_000.0;
        talk.at(at).client(&head("GET /time HTTP/1.1", "Host: 172.105.253.239:8000\r\n", 287));
        let answer = head("HTTP/1.1 200 OK", "Content-Type: application/json\r\nContent-Length: 20\r\n", 108);
        talk.server(&answer).at(at + 25.0).client_ack();
        talk.server(b"{\"time\":\"08:04:23\"}\n").at(at + 50.0).client_ack();
    }
    talk.at(40_000.0).client_fin().server_fin().client_ack();
    talk.frames
}

pub fn sseapp(client: [u8; 4], port: u16) -> Frames {
    let mut talk = Talk::new(port).from(client);
    talk.handshake();
    load(&mut talk, 33.0, App::Sse, 569);
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
    talk.frames
}

pub fn wsapp(client: [u8; 4], port: u16) -> Frames {
    let mut page = Talk::new(port).from(client);
    page.handshake();
    load(&mut page, 30.0, App::Ws, 719);
    let mut talk = Talk::new(port + 1).from(client);
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
    talk.at(40_363.0).raw(true, Flags::RST, &[], 20, seq.wrapping_sub(1), 0).at(40_367.0).raw(
        true,
        Flags::RST,
        &[],
        20,
        seq,
        0,
    );

    let mut frames = [page.frames, talk.frames].concat();
    frames.sort_by_key(|(time, _)| *time);
    frames
}
