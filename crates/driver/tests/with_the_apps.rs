//! The clients against the apps themselves, over pipes on a paused clock: they understand each other, and an update
//! carries as many bytes as it did in 2021.
#![allow(clippy::unwrap_used)]

use std::{
    cell::Cell,
    io,
    net::SocketAddr,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex},
    sync::{mpsc, oneshot},
};
use wirelab_apps::{AnswerStyle, Listener, Pages, ServerOptions};
use wirelab_catalog::App;
use wirelab_clock::Clock;
use wirelab_driver::{Profile, Script, Step, Timeline};

struct Pipes(mpsc::UnboundedReceiver<DuplexStream>);

impl Listener for Pipes {
    type Io = DuplexStream;

    async fn accept(&mut self) -> io::Result<(DuplexStream, SocketAddr)> {
        match self.0.recv().await {
            Some(pipe) => Ok((pipe, CLIENT)),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(SERVER)
    }
}

/// What the client has sent and received, over all its connections.
#[derive(Clone, Default)]
struct Count(Rc<Cell<(usize, usize)>>);

impl Count {
    fn add(&self, sent: usize, received: usize) {
        let before = self.0.get();
        self.0.set((before.0 + sent, before.1 + received));
    }
}

struct Counted(DuplexStream, Count);

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.0).poll_read(cx, buf);
        self.1.add(0, buf.filled().len() - before);
        polled
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.0).poll_write(cx, buf);
        if let Poll::Ready(Ok(sent)) = polled {
            self.1.add(sent, 0);
        }
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// Plays the timeline of 2021 between a client and its app; a line for each step, with what was sent and received in it.
async fn played(app: App, profile: Profile, style: AnswerStyle, pages: Pages) -> String {
    let clock = Clock::starting_at("2021-06-06T09:31:35Z".parse().unwrap());
    let (connected, accepted) = mpsc::unbounded_channel();
    let (stop, stopped) = oneshot::channel::<()>();
    let interval = Duration::from_secs(10);
    let options = ServerOptions { interval, style, pages, ..ServerOptions::default() };
    let server = async { stopped.await.unwrap_or_default() };
    let server = tokio::spawn(wirelab_apps::run(app, Pipes(accepted), clock.clone(), options, server));
    let count = Count::default();
    let connector = || {
        let (client, server) = duplex(64 * 1024);
        connected.send(server).unwrap();
        std::future::ready(Ok(Counted(client, count.clone())))
    };
    let script = Script {
        timeline: Timeline::new(app.renewal(), 3, interval),
        profile,
        authority: "172.105.253.239:8000".to_owned(),
        poll_every: interval / 5,
        seed: 1,
        patience: Duration::from_secs(5),
    };
    let mut lines = String::new();
    let mut note = |step: &Step| {
        let (sent, received) = count.0.replace((0, 0));
        let time = step.time.map(|time| time.to_string()).unwrap_or_default();
        let line = format!("{}: {time} at {:.3}, > {sent} < {received}\n", step.step, step.done.as_secs_f64());
        lines.push_str(&line);
    };
    wirelab_driver::run(app, &connector, &clock, &script, &mut note).await.unwrap();
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
    lines
}

#[tokio::test(start_paused = true)]
async fn the_replay_of_2021() {
    for app in App::ALL {
        let lines = played(app, Profile::Firefox89, AnswerStyle::Split, Pages::Lengths2021).await;
        insta::assert_snapshot!(app.name(), lines);
    }
}

#[tokio::test(start_paused = true)]
async fn every_browser_and_style() {
    for profile in [Profile::Firefox89, Profile::Firefox, Profile::Chromium, Profile::Minimal] {
        for (style, pages) in [(AnswerStyle::Coalesced, Pages::Own), (AnswerStyle::Split, Pages::Lengths2021)] {
            for app in App::ALL {
                let lines = played(app, profile, style, pages).await;
                assert_eq!(lines.lines().count(), 5, "{app}: {lines}");
            }
        }
    }
}

const CLIENT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2)), 40_000);
const SERVER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1)), 8000);
