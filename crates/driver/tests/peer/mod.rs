//! A server whose every word is written in the test: it accepts in-memory connections, hears and says exact bytes.
#![allow(dead_code, reason = "each test file uses some of it")]

use std::{future::Ready, io, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    sync::mpsc,
    time::Instant,
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use wirelab_catalog::Renewal;
use wirelab_driver::{DriveError, Profile, Script, Step, Timeline};

pub const AUTHORITY: &str = "172.105.253.239:8000";

/// The plan of 2021, with a patience of 5 s.
pub fn script(renewal: Renewal, profile: Profile) -> Script {
    Script {
        timeline: Timeline::new(renewal, 3, Duration::from_secs(10)),
        profile,
        authority: AUTHORITY.to_owned(),
        poll_every: Duration::from_secs(2),
        seed: 1,
        patience: Duration::from_secs(5),
    }
}

/// The server's side of the stage.
pub struct Server {
    accepted: mpsc::UnboundedReceiver<DuplexStream>,
    started: Instant,
}

/// A connector, and the server that it leads to.
pub fn stage() -> (impl Fn() -> Ready<io::Result<DuplexStream>>, Server) {
    let (connected, accepted) = mpsc::unbounded_channel();
    let connector = move || {
        let (client, server) = duplex(64 * 1024);
        let refused = |_| io::Error::from(io::ErrorKind::ConnectionRefused);
        std::future::ready(connected.send(server).map_err(refused).map(|()| client))
    };
    (connector, Server { accepted, started: Instant::now() })
}

impl Server {
    pub async fn accept(&mut self) -> Peer {
        Peer { io: self.accepted.recv().await.expect("a client connects"), started: self.started }
    }
}

/// One accepted connection.
pub struct Peer {
    io: DuplexStream,
    started: Instant,
}

impl Peer {
    /// A whole request head.
    pub async fn hears_request(&mut self) -> String {
        let mut heard = Vec::new();
        while !heard.ends_with(b"\r\n\r\n") {
            match self.io.read_u8().await {
                Ok(byte) => heard.push(byte),
                Err(_) => panic!("the client closed after {:?}", String::from_utf8_lossy(&heard)),
            }
        }
        String::from_utf8(heard).unwrap()
    }

    pub async fn hears<const N: usize>(&mut self) -> [u8; N] {
        let mut heard = [0; N];
        self.io.read_exact(&mut heard).await.expect("the client says more");
        heard
    }

    pub async fn says(&mut self, words: impl AsRef<[u8]>) {
        self.io.write_all(words.as_ref()).await.expect("the client listens");
    }

    /// The server's FIN: it says no more, and listens still.
    pub async fn says_no_more(&mut self) {
        self.io.shutdown().await.unwrap();
    }

    /// One byte at a time, each a read of its own for the client.
    pub async fn dribbles(&mut self, words: impl AsRef<[u8]>) {
        for byte in words.as_ref() {
            self.says([*byte]).await;
            tokio::time::sleep(Duration::from_micros(1500)).await;
        }
    }

    /// Answers the next request.
    pub async fn answers(&mut self, response: impl AsRef<[u8]>) -> String {
        let request = self.hears_request().await;
        self.says(response).await;
        request
    }

    /// The client closes without another byte; returns when, in milliseconds.
    pub async fn hears_the_end(&mut self) -> u128 {
        let mut rest = Vec::new();
        self.io.read_to_end(&mut rest).await.unwrap();
        assert!(rest.is_empty(), "the client said {:?} before it closed", rest.escape_ascii().to_string());
        self.started.elapsed().as_millis()
    }

    /// Whatever else the client says until it closes.
    pub async fn hears_all(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        self.io.read_to_end(&mut rest).await.unwrap();
        rest
    }
}

/// A response of 2021: a head of 117 bytes with text/html, 108 with application/json.
pub fn response(content_type: &str, body: &str) -> String {
    let length = body.len();
    let date = "Sun, 06 Jun 2021 09:36:17 GMT";
    format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\nDate: {date}\r\n\r\n{body}")
}

/// A page of this many bytes with this time.
pub fn page(time: &str, length: usize) -> String {
    let html = format!("<!DOCTYPE html><title>Server Time</title><p>Server time: <time id=\"time\">{time}</time></p>");
    response("text/html; charset=utf-8", &format!("{html:length$}"))
}

pub fn json(time: &str) -> String {
    response("application/json", &format!("{{\"time\":\"{time}\"}}\n"))
}

/// The answer that makes this request a WebSocket.
pub fn upgrade(request: &str) -> String {
    let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    let accept = derive_accept_key(key.as_bytes());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

/// The payload of a client's short frame.
pub fn unmask<const N: usize>(frame: [u8; N]) -> Vec<u8> {
    let (mask, payload) = frame[2..].split_first_chunk::<4>().unwrap();
    payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect()
}

/// A server's text frame.
pub fn text_frame(text: &str) -> Vec<u8> {
    [&[0x81, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat()
}

/// Steps as short text, one a line: name, due, done, time.
pub fn lines(steps: &[Step]) -> String {
    let line = |step: &Step| {
        let time = step.time.map(|time| time.to_string()).unwrap_or_default();
        let (due, done) = (step.due.as_secs_f64(), step.done.as_secs_f64());
        format!("{} due {due} done {done:.3} {time}", step.step).trim_end().to_owned()
    };
    steps.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Runs the client of an app against a peer, until the client has ended.
#[macro_export]
macro_rules! drive {
    ($app:ident, $script:expr, |$server:ident| $peer:expr) => {{
        let (connector, mut $server) = $crate::peer::stage();
        let clock = wirelab_clock::Clock::utc();
        let script = $script;
        let mut noted = Vec::new();
        let mut note = |step: &wirelab_driver::Step| noted.push(*step);
        let client = wirelab_driver::run(wirelab_catalog::App::$app, &connector, &clock, &script, &mut note);
        let (outcome, peer) = tokio::join!(client, async move { $peer });
        if let Ok(steps) = &outcome {
            assert_eq!(&noted, steps, "every step is reported as it happens");
        }
        (outcome, peer)
    }};
}

/// The sentence of a run that must fail.
pub fn sentence(outcome: Result<Vec<Step>, DriveError>) -> String {
    outcome.expect_err("the client notices").to_string()
}
