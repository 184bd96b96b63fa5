//! Which requests are answered, and how are the others refused? Each is written by hand, byte for byte.

#![allow(clippy::unwrap_used)]

mod pipes;

use pipes::{App, Client, Server, after, frame, http_apps};
use tokio::io::AsyncWriteExt;
use tokio::time::Instant;
use wirelab_apps::{AllowedHost, AnswerStyle, ServerOptions};

const STYLES: [AnswerStyle; 2] = [AnswerStyle::Split, AnswerStyle::Coalesced];

/// The status that the request gets; empty if the server closes without a word.
async fn status(client: &mut Client, request: &str) -> String {
    let answer = client.ask(request).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1."), "{request:?}: {answer}");
    answer.split(' ').nth(1).unwrap_or_default().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_request_names_one_host() {
    for (request, expected) in [
        ("GET / HTTP/1.1\r\nHost: lab\r\n\r\n", "200"),
        ("GET / HTTP/1.1\r\nhOST:  lab:8000 \r\n\r\n", "200"),
        ("GET / HTTP/1.1\r\nHost: [fd00::1]:8000\r\n\r\n", "200"),
        ("GET / HTTP/1.1\r\nHost:\r\n\r\n", "200"),
        ("GET http://lab:8000/ HTTP/1.1\r\nHost: other\r\n\r\n", "200"),
        ("GET / HTTP/1.0\r\n\r\n", "200"),
        ("GET / HTTP/1.0\r\nHost: lab\r\n\r\n", "200"),
        // RFC 9112, section 3.2: none, two, or what is no host.
        ("GET / HTTP/1.1\r\n\r\n", "400"),
        ("GET http://lab/ HTTP/1.1\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: lab\r\nHost: lab\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: lab\r\nHost: other\r\n\r\n", "400"),
        ("GET / HTTP/1.0\r\nHost: lab\r\nHost: lab\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: lab, lab\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: lab/\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: user@lab\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: lab:http\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: lab:99999\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: \u{e9}\r\n\r\n", "400"),
    ] {
        for (app, style) in http_apps().flat_map(|app| STYLES.map(|style| (app, style))) {
            let server = Server::start(app, ServerOptions { style, ..ServerOptions::default() });
            let mut client = server.client();
            assert_eq!(status(&mut client, request).await, expected, "{app:?}, {style:?}: {request:?}");
            if expected == "400" {
                assert_eq!(client.hear_to_the_end().await, b"", "and the connection ends");
            }
            server.stop().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_http_is_refused() {
    for (request, expected) in [
        ("GET /\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: lab\r\nBad Name: x\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost : lab\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: lab\r\n folded: x\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: lab\r\nX: a\rb\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: lab\r\nX: a\0b\r\n\r\n", "400"),
        ("GET  / HTTP/1.1\r\nHost: lab\r\n\r\n", "400"),
        ("G(T / HTTP/1.1\r\nHost: lab\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: lab\r\nContent-Length: -1\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: lab\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nHost: lab\r\nTransfer-Encoding: gzip\r\n\r\n", "400"),
    ] {
        for app in http_apps() {
            let server = Server::start(app, ServerOptions::default());
            let mut client = server.client();
            assert_eq!(status(&mut client, request).await, expected, "{app:?}: {request:?}");
            server.stop().await;
        }
    }
}

/// RFC 9112, section 9.6: closing one's side after a request is no reason not to answer it.
#[tokio::test(start_paused = true)]
async fn a_request_and_then_the_end_is_answered() {
    for (app, request, expected) in [
        (App::Web, "GET / HTTP/1.1\r\nHost: lab\r\n\r\n", "200"),
        (App::Ajax, "GET / HTTP/1.1\r\nHost: lab\r\n\r\n", "200"),
        (App::Ajax, "GET /time HTTP/1.1\r\nHost: lab\r\n\r\n", "200"),
        (App::Ajax, "GET /time HTTP/1.0\r\n\r\n", "200"),
        (App::Sse, "GET / HTTP/1.1\r\nHost: lab\r\n\r\n", "200"),
        (App::Sse, "HEAD /time HTTP/1.1\r\nHost: lab\r\n\r\n", "200"),
        (App::Ws, "GET / HTTP/1.1\r\nHost: lab\r\n\r\n", "200"),
        (App::Ws, "GET /time HTTP/1.1\r\nHost: lab\r\n\r\n", "426"),
        (App::Web, "GET /nothing HTTP/1.1\r\nHost: lab\r\n\r\n", "404"),
        (App::Web, "DELETE / HTTP/1.1\r\nHost: lab\r\n\r\n", "405"),
        (App::Web, "POST / HTTP/1.1\r\nHost: lab\r\nContent-Length: 4\r\n\r\nbody", "405"),
        (App::Web, "GET / HTTP/1.1\r\n\r\n", "400"),
        (App::Web, "no request\r\n\r\n", "400"),
    ] {
        for style in STYLES {
            let server = Server::start(app, ServerOptions { style, ..ServerOptions::default() });
            let start = Instant::now();
            // Everything is there when the server looks first; or the end comes after the answer.
            for at_once in [true, false] {
                let mut client = server.client();
                client.say(request).await;
                let early = if at_once { String::new() } else { client.hear_text().await };
                client.half_close().await;
                let late = String::from_utf8(client.hear_to_the_end().await).unwrap();
                let answer = early + &late;
                assert_eq!(answer.split(' ').nth(1), Some(expected), "{app:?}, {style:?}: {request:?}");
                let (head, body) = answer.split_once("\r\n\r\n").unwrap();
                let is_whole = match request.starts_with("HEAD") {
                    true => body.is_empty(),
                    false => head.contains(&format!("content-length: {}", body.len())),
                };
                assert!(is_whole, "{app:?}, {style:?}: {answer}");
            }
            // And the server closes too, at once.
            assert!(start.elapsed().as_millis() <= 2, "{app:?}, {style:?}: {:?}", start.elapsed());
            server.stop().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn two_requests_and_then_the_end_are_both_answered() {
    let server = Server::start(App::Ajax, ServerOptions::default());
    let mut client = server.client();
    client.say("GET / HTTP/1.1\r\nHost: lab\r\n\r\nGET /time HTTP/1.1\r\nHost: lab\r\n\r\n").await;
    client.half_close().await;
    let heard = String::from_utf8(client.hear_to_the_end().await).unwrap();
    assert_eq!(heard.matches("HTTP/1.1 200 OK").count(), 2, "{heard}");
    assert!(heard.ends_with("{\"time\":\"09:36:17\"}\n"), "{heard}");
    server.stop().await;
}

/// However the bytes of the next request come: with those of the one before, in two pieces, or after a while.
#[tokio::test(start_paused = true)]
async fn requests_in_pieces_are_answered_one_after_the_other() {
    // The server waits for no body that it does not read, so the first request comes whole.
    let whole = "POST / HTTP/1.1\r\nHost: lab\r\nContent-Length: 8\r\n\r\nGET\r\n\r\n\r";
    let others = "\r\nGET / HTTP/1.1\r\nHost: lab\r\n\r\nGET /time HTTP/1.1\r\nHost: lab\r\n\r\n";
    for at in 0..others.len() {
        let server = Server::start(App::Ajax, ServerOptions::default());
        let mut client = server.client();
        let (some, rest) = others.split_at(at);
        let mut heard = client.ask(format!("{whole}{some}")).await;
        after(5.0).await;
        heard += &client.ask(rest).await;
        let answers: Vec<&str> = heard.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
        assert_eq!(answers, ["405", "200", "200"], "in two pieces, the second from byte {at} on: {heard}");
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_rest_of_a_body_that_nobody_reads_is_no_request() {
    for said_late in ["", " HTTP/1.1\r\n\r\n", "GET /time HTTP/1.1\r\nHost: lab\r\n\r\n"] {
        let server = Server::start(App::Ajax, ServerOptions::default());
        let mut client = server.client();
        let heard = client.ask("POST / HTTP/1.1\r\nHost: lab\r\nContent-Length: 1000\r\n\r\nGET /").await;
        assert!(heard.starts_with("HTTP/1.1 405 "), "{heard}");
        client.say(said_late).await;
        assert_eq!(client.hear_to_the_end().await, b"");
        after(2.0).await;
        assert!(client.pipe.write_all(b"x").await.is_err(), "{said_late:?}: the connection is over");
        server.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_leaves_an_event_stream_is_noticed_at_once() {
    let interval = std::time::Duration::from_secs(24 * 3600);
    for style in STYLES {
        // Stray bytes after the request, more than the server reads at a time, hide nothing.
        for stray in ["", "GET / HTTP/1.1\r\nHost: lab\r\n\r\n", &"x".repeat(5000)] {
            let server = Server::start(App::Sse, ServerOptions { style, interval, ..ServerOptions::default() });
            let start = Instant::now();
            let mut client = server.client();
            client.ask("GET /time HTTP/1.1\r\nHost: lab\r\n\r\n").await;
            after(60.0).await;
            client.ask(stray).await;
            client.half_close().await;
            let end = tokio::time::timeout(interval / 2, client.hear_to_the_end()).await;
            assert!(end.is_ok(), "{style:?}, {} stray bytes: not noticed", stray.len());
            assert_eq!(start.elapsed().as_secs(), 60, "{style:?}, {} stray bytes", stray.len());
            server.stop().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_leaves_a_websocket_is_noticed_at_once() {
    let server = Server::start(App::Ws, ServerOptions::default());
    let start = Instant::now();
    let mut client = server.client();
    assert!(client.ask(handshake()).await.starts_with("HTTP/1.1 101 "));
    client.half_close().await;
    assert_eq!(client.hear_to_the_end().await, b"");
    assert!(start.elapsed().as_millis() <= 2, "{:?}", start.elapsed());
    server.stop().await;
}

fn handshake() -> String {
    "GET /time HTTP/1.1\r\nHost: lab:8000\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
     Sec-WebSocket-Key: W+pQUnxtfyImglCepUIxdw==\r\n\r\n"
        .to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_websocket_handshake_is_whole_or_refused() {
    const KEY: &str = "Sec-WebSocket-Key: W+pQUnxtfyImglCepUIxdw==\r\n";
    const VERSION: &str = "Sec-WebSocket-Version: 13\r\n";
    for (from, to, expected) in [
        ("", "", "101"),
        // As browsers write it, in several lines, and in any case.
        ("Connection: Upgrade", "Connection: keep-alive, Upgrade", "101"),
        ("Connection: Upgrade", "Connection: keep-alive\r\nConnection: upgrade", "101"),
        ("Upgrade: websocket", "Upgrade: WebSocket", "101"),
        ("Upgrade: websocket", "Upgrade: h2c, websocket", "101"),
        (KEY, "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n", "101"),
        // No upgrade is asked for.
        ("Connection: Upgrade\r\n", "", "426"),
        ("Connection: Upgrade", "Connection: no-upgrade", "426"),
        ("Upgrade: websocket\r\n", "", "426"),
        ("Upgrade: websocket", "Upgrade: h2c", "426"),
        ("HTTP/1.1", "HTTP/1.0", "426"),
        ("GET", "HEAD", "426"),
        ("GET", "POST", "405"),
        // Another version, or none, or two (RFC 6455, section 4.4).
        ("Version: 13", "Version: 12", "426"),
        ("Version: 13", "Version: 8", "426"),
        ("Version: 13", "Version: 013", "426"),
        ("Version: 13", "Version: 13, 8", "426"),
        (VERSION, "", "426"),
        (VERSION, "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13\r\n", "426"),
        // A key of 16 bytes in base64, once (section 4.2.1).
        (KEY, "", "400"),
        (KEY, "Sec-WebSocket-Key:\r\n", "400"),
        (KEY, "Sec-WebSocket-Key: W+pQUnxtfyImglCepUIxd===\r\n", "400"),
        (KEY, "Sec-WebSocket-Key: W+pQUnxtfyImglCepUIxdwA=\r\n", "400"),
        (KEY, "Sec-WebSocket-Key: W+pQUnxtfyImglCepUIxdw\r\n", "400"),
        (KEY, "Sec-WebSocket-Key: W+pQUnxtfyImglCepUIxdwAAAA==\r\n", "400"),
        (KEY, "Sec-WebSocket-Key: W-pQUnxtfyImglCepUIxdw==\r\n", "400"),
        (KEY, "Sec-WebSocket-Key: this is no base64 !!!!==\r\n", "400"),
        (KEY, &KEY.repeat(2), "400"),
        (KEY, &format!("{KEY}Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"), "400"),
        ("Host: lab:8000\r\n", "", "400"),
        ("Host: lab:8000\r\n", "Host: lab:8000\r\nHost: lab:8000\r\n", "400"),
    ] {
        let request = handshake().replacen(from, to, 1);
        assert!(from.is_empty() || request != handshake(), "{from:?} is in it");
        for style in STYLES {
            let server = Server::start(App::Ws, ServerOptions { style, ..ServerOptions::default() });
            let mut client = server.client();
            let answer = client.ask(&request).await;
            assert_eq!(answer.split(' ').nth(1), Some(expected), "{style:?}: {request}");
            if expected == "101" {
                client.say(frame(1, b"get-time")).await;
                assert_eq!(client.hear().await, b"\x81\x14{\"time\": \"09:36:17\"}", "{request}");
            }
            if expected == "426" {
                for field in ["sec-websocket-version: 13", "upgrade: websocket"] {
                    assert!(answer.contains(&format!("\r\n{field}\r\n")), "{field}: {answer}");
                }
            }
            server.stop().await;
        }
    }
}

/// DNS rebinding: a page of evil.example whose name has come to mean 127.0.0.1.
#[tokio::test(start_paused = true)]
async fn over_loopback_only_names_of_this_machine_are_answered() {
    for (host, allowed, expected) in [
        ("localhost:8000", "", "200"),
        ("LOCALHOST", "", "200"),
        ("lab.localhost:9000", "", "200"),
        ("127.0.0.1:8000", "", "200"),
        ("127.9.9.9", "", "200"),
        ("[::1]:8000", "", "200"),
        ("evil.example:8000", "", "421"),
        ("localhost.evil.example", "", "421"),
        ("10.0.0.1:8000", "", "421"),
        ("evil.example:8000", "lab.example", "421"),
        ("lab.example:8000", "lab.example", "200"),
        ("Lab.Example", "lab.example", "200"),
        ("lab.example:8000", "lab.example:8000", "200"),
        ("lab.example", "lab.example:80", "200"),
        ("lab.example:9000", "lab.example:8000", "421"),
        ("sub.lab.example", "lab.example", "421"),
        ("evil.example", "*", "200"),
    ] {
        let allowed_hosts: Vec<AllowedHost> = allowed.parse().into_iter().collect();
        for app in http_apps() {
            let server =
                Server::start(app, ServerOptions { allowed_hosts: allowed_hosts.clone(), ..ServerOptions::default() });
            let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
            assert_eq!(status(&mut server.neighbour(), &request).await, expected, "{app:?}: {host}, {allowed:?}");
            let absolute = format!("GET http://{host}/ HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assert_eq!(status(&mut server.neighbour(), &absolute).await, expected, "{app:?}: {host}, {allowed:?}");
            // From another machine there is no telling which names this one has.
            assert_eq!(status(&mut server.client(), &request).await, "200", "{app:?}: {host}");
            server.stop().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn only_own_pages_open_the_websocket() {
    for (origin, allowed, expected) in [
        // No browser.
        ("", "", "101"),
        ("http://lab:8000", "", "101"),
        ("http://LAB:8000", "", "101"),
        ("https://lab:8000", "", "101"),
        ("http://lab", "", "403"),
        ("http://lab:3000", "", "403"),
        ("http://evil.example", "", "403"),
        ("http://evil.example:8000", "", "403"),
        ("http://lab.evil.example:8000", "", "403"),
        ("null", "", "403"),
        ("file://", "", "403"),
        ("lab:8000", "", "403"),
        ("ftp://lab:8000", "", "403"),
        ("http://lab:8000/", "", "403"),
        ("http://lab:8000\r\nOrigin: http://lab:8000", "", "403"),
        ("http://lab:3000", "lab:3000", "101"),
        ("http://lab:3000", "lab", "101"),
        ("https://other.example", "other.example:443", "101"),
        ("https://other.example", "other.example:80", "403"),
        ("null", "lab", "403"),
        ("null", "*", "101"),
        ("http://evil.example", "*", "101"),
    ] {
        let allowed_hosts: Vec<AllowedHost> = allowed.parse().into_iter().collect();
        let server = Server::start(App::Ws, ServerOptions { allowed_hosts, ..ServerOptions::default() });
        let field = if origin.is_empty() { String::new() } else { format!("Origin: {origin}\r\n") };
        let request = handshake().replacen("Connection:", &format!("{field}Connection:"), 1);
        assert_eq!(status(&mut server.client(), &request).await, expected, "{origin}, {allowed:?}");
        server.stop().await;
    }
    // A page of port 80 leaves the port out, and so does its Host.
    let server = Server::start(App::Ws, ServerOptions::default());
    for (origin, expected) in [("http://lab", "101"), ("https://lab", "101"), ("http://lab:8000", "403")] {
        let request = handshake().replacen("Host: lab:8000\r\n", &format!("Host: lab\r\nOrigin: {origin}\r\n"), 1);
        assert_eq!(status(&mut server.client(), &request).await, expected, "{origin}");
    }
    server.stop().await;
}

#[test]
fn what_is_no_host_cannot_be_allowed() {
    for text in ["", ":80", "http://lab.example", "lab.example/", "*.example x", "::1"] {
        let error = text.parse::<AllowedHost>().unwrap_err();
        assert!(error.to_string().starts_with("expected a host"), "{text}: {error}");
    }
}
