//! A server and its clients in memory: a listener whose connections are pipes, under a paused clock.

#![allow(dead_code, clippy::unwrap_used)] // Every test binary uses its own part of this.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use wirelab_apps::{Listener, ServerOptions};
pub use wirelab_catalog::App;
use wirelab_clock::Clock;

/// Accepts what a [`Server`] of this module connects.
pub struct Pipes {
    incoming: mpsc::UnboundedReceiver<io::Result<(Recorded, SocketAddr)>>,
}

impl Listener for Pipes {
    type Io = Recorded;

    async fn accept(&mut self) -> io::Result<(Recorded, SocketAddr)> {
        match self.incoming.recv().await {
            Some(accepted) => accepted,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(PEER)
    }
}

/// The server's end of a pipe; writes down the size of each write.
pub struct Recorded {
    pipe: DuplexStream,
    writes: Arc<Mutex<Vec<usize>>>,
}

impl tokio::io::AsyncRead for Recorded {
    fn poll_read(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buf: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::pin::Pin::new(&mut self.pipe).poll_read(cx, buf)
    }
}

impl AsyncWrite for Recorded {
    fn poll_write(
        self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        buf: &[u8],
    ) -> std::task::Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[io::IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> std::task::Poll<io::Result<usize>> {
        let together: Vec<u8> = bufs.iter().flat_map(|buf| buf.iter().copied()).collect();
        let outcome = std::pin::Pin::new(&mut self.pipe).poll_write(cx, &together);
        if let std::task::Poll::Ready(Ok(count)) = outcome {
            self.writes.lock().unwrap().push(count);
        }
        outcome
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::pin::Pin::new(&mut self.pipe).poll_flush(cx)
    }

    fn poll_shutdown(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<io::Result<()>> {
        std::pin::Pin::new(&mut self.pipe).poll_shutdown(cx)
    }
}

/// A running app. Its clock starts at 09:36:17 on 6 June 2021.
pub struct Server {
    connect: mpsc::UnboundedSender<io::Result<(Recorded, SocketAddr)>>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<io::Result<()>>,
}

impl Server {
    pub fn start(app: App, options: ServerOptions) -> Server {
        let clock = Clock::starting_at("2021-06-06T09:36:17Z".parse().unwrap());
        let (connect, incoming) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async move { drop(stopped.await) };
        let task = tokio::spawn(wirelab_apps::run(app, Pipes { incoming }, clock, options, shutdown));
        Server { connect, stop: Some(stop), task }
    }

    fn connect(&self, room: usize, peer: SocketAddr) -> Client {
        let (pipe, theirs) = tokio::io::duplex(room);
        let writes = Arc::default();
        self.connect.send(Ok((Recorded { pipe: theirs, writes: Arc::clone(&writes) }, peer))).unwrap();
        Client { pipe, writes }
    }

    /// A client with room for `room` bytes on its way in each direction.
    pub fn client_with_room(&self, room: usize) -> Client {
        self.connect(room, PEER)
    }

    pub fn client(&self) -> Client {
        self.connect(64 * 1024, PEER)
    }

    /// A client on the server's own machine.
    pub fn neighbour(&self) -> Client {
        self.connect(64 * 1024, NEIGHBOUR)
    }

    /// Makes the next `accept` fail.
    pub fn refuse(&self, error: io::Error) {
        self.connect.send(Err(error)).unwrap();
    }

    pub fn begin_to_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Drops the server's future.
    pub fn abort(self) {
        self.task.abort();
    }

    /// Stops the server and waits until it is gone.
    pub async fn stop(mut self) {
        self.begin_to_stop();
        self.task.await.unwrap().unwrap();
    }
}

pub struct Client {
    pub pipe: DuplexStream,
    writes: Arc<Mutex<Vec<usize>>>,
}

impl Client {
    pub async fn say(&mut self, words: impl AsRef<[u8]>) {
        self.pipe.write_all(words.as_ref()).await.unwrap();
    }

    /// All that comes within the next moment, which is 1 ms of virtual time.
    pub async fn hear(&mut self) -> Vec<u8> {
        let mut heard = Vec::new();
        let all = async { while self.pipe.read_buf(&mut heard).await.unwrap() > 0 {} };
        tokio::time::timeout(Duration::from_millis(1), all).await.ok();
        heard
    }

    pub async fn hear_text(&mut self) -> String {
        String::from_utf8(self.hear().await).unwrap()
    }

    pub async fn ask(&mut self, words: impl AsRef<[u8]>) -> String {
        self.say(words).await;
        self.hear_text().await
    }

    /// All that comes until the server closes.
    pub async fn hear_to_the_end(&mut self) -> Vec<u8> {
        let mut heard = Vec::new();
        self.pipe.read_to_end(&mut heard).await.unwrap();
        heard
    }

    /// Closes its side, and still listens.
    pub async fn half_close(&mut self) {
        self.pipe.shutdown().await.unwrap();
    }

    /// Sizes of the server's writes since this was last asked.
    pub fn writes(&self) -> Vec<usize> {
        std::mem::take(&mut self.writes.lock().unwrap())
    }
}

pub async fn after(seconds: f64) {
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
}

/// A request with Firefox 89's header fields of the 2021 captures, `more` between the usual ones and the end.
pub fn request(line: &str, more: &str) -> String {
    format!(
        "{line} HTTP/1.1\r\nHost: 172.105.253.239:8000\r\n\
         User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:89.0) Gecko/20100101 Firefox/89.0\r\n\
         Accept: */*\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate\r\n{more}\r\n"
    )
}

pub fn upgrade() -> String {
    upgrade_at("/time")
}

/// A WebSocket handshake for what is at a path.
pub fn upgrade_at(path: &str) -> String {
    request(
        &format!("GET {path}"),
        "Sec-WebSocket-Version: 13\r\nOrigin: http://172.105.253.239:8000\r\n\
         Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Key: W+pQUnxtfyImglCepUIxdw==\r\n\
         Connection: keep-alive, Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\nUpgrade: websocket\r\n",
    )
}

/// A frame as a client sends it: final, masked.
pub fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [0x36, 0x0d, 0x29, 0x16];
    let mut frame = vec![0x80 | opcode];
    match payload.len() {
        short @ 0..=125 => frame.push(0x80 | short as u8),
        long => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(long).unwrap().to_be_bytes());
        }
    }
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// The apps that speak HTTP: those with a page.
pub fn http_apps() -> impl Iterator<Item = App> {
    App::ALL.into_iter().filter(|app| app.descriptor().page.is_some())
}

/// On another machine than the server.
const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2)), 50_000);
/// On the same one.
const NEIGHBOUR: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 50_000);
