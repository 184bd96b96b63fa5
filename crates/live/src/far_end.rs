//! What is at the other end of the wire?
//!
//! One of the lab's apps, or a door to a real server. Both run on the wire's server host. A real server is in the network of
//! this machine, so connections to it are made by a runtime outside and handed in.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;
use wirelab_apps::{Limits, ServerOptions};
use wirelab_catalog::App;
use wirelab_clock::Clock;
use wirelab_wire::{Listener, Shutdown, Stream, server_address};

use crate::gate::Gate;
use crate::pump::carry;
use crate::settings::Settings;

/// Serves an app. When the settings change another one takes its place for the connections that come then; the one before
/// ends the conversations that it has, in the way of its protocol.
pub(crate) async fn serve_app(
    app: App,
    most: usize,
    mut listener: Listener,
    mut settings: watch::Receiver<Settings>,
    mut shutdown: Shutdown,
) -> io::Result<()> {
    let mut ending = JoinSet::new();
    loop {
        let options = options(&settings.borrow_and_update(), most);
        let (connections, accepted) = mpsc::channel(1);
        let (stop, stopped) = oneshot::channel::<()>();
        let stopped = async move {
            // An error is an end, too.
            let _ = stopped.await;
        };
        ending.spawn(wirelab_apps::run(app, Accepted(accepted), Clock::local(), options, stopped));
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => {
                    drop((stop, connections));
                    while let Some(ended) = ending.join_next().await {
                        ended.map_err(io::Error::other)??;
                    }
                    return Ok(());
                }
                Ok(()) = settings.changed() => break,
                Some(ended) = ending.join_next() => {
                    ended.map_err(io::Error::other)??;
                }
                accepted = listener.accept() => {
                    // It takes them as long as it was not told to stop.
                    let _ = connections.send(accepted?).await;
                }
            }
        }
        drop(stop);
    }
}

fn options(settings: &Settings, most: usize) -> ServerOptions {
    ServerOptions {
        interval: settings.interval,
        poll_every: Settings::poll_every(settings.interval),
        style: settings.style,
        limits: Limits { clients: most, ..Limits::default() },
        ..ServerOptions::default()
    }
}

/// Connections that were accepted for an app.
struct Accepted(mpsc::Receiver<(Stream, SocketAddr)>);

impl wirelab_apps::Listener for Accepted {
    type Io = Stream;

    async fn accept(&mut self) -> io::Result<(Stream, SocketAddr)> {
        match self.0.recv().await {
            Some(accepted) => Ok(accepted),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(server_address())
    }
}

/// Carries each connection on to a real server. `trouble` is told why that was not reached, and nothing once it was.
pub(crate) async fn carry_on(
    to: String,
    outside: Handle,
    mut listener: Listener,
    trouble: Arc<watch::Sender<Option<String>>>,
    mut shutdown: Shutdown,
) -> io::Result<()> {
    let mut carried = JoinSet::new();
    loop {
        let near = tokio::select! {
            biased;
            () = &mut shutdown => return Ok(()),
            Some(_) = carried.join_next() => continue,
            accepted = listener.accept() => accepted?.0,
        };
        let (to, outside, trouble) = (to.clone(), outside.clone(), Arc::clone(&trouble));
        carried.spawn(async move {
            match reach(to, &outside).await {
                Ok(far) => {
                    trouble.send_if_modified(|trouble| trouble.take().is_some());
                    carry(near, Stream::Kernel(far), Gate::open()).await;
                }
                Err(error) => {
                    trouble.send_replace(Some(error.to_string()));
                    near.reset();
                }
            }
        });
    }
}

/// A connection to the real server, made outside, used here.
async fn reach(to: String, outside: &Handle) -> io::Result<TcpStream> {
    let connecting = outside.spawn(async move {
        let stream = TcpStream::connect(to).await?;
        stream.set_nodelay(true)?;
        stream.into_std()
    });
    TcpStream::from_std(connecting.await.map_err(io::Error::other)??)
}
