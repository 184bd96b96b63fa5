//! Who takes a person's connections onto the wire?
//!
//! What runs on the wire's client host. Its listening socket belongs to this machine, for a socket stays in the network
//! that it was made in, whatever thread uses it; what it makes for each connection that it accepts belongs to the host.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use wirelab_apps::AllowedHost;
use wirelab_wire::{Connector, Stream, Tuning};

use crate::gate::Gate;
use crate::pump::carry;
use crate::settings::Settings;

/// How connections are taken in.
#[derive(Clone, Debug)]
pub(crate) struct Intake {
    /// Whom requests may name, besides this machine.
    pub allowed: Vec<AllowedHost>,
    /// What requests shall name instead of what they name.
    pub host: Option<String>,
    /// Connections at a time.
    pub most: usize,
    pub settings: watch::Receiver<Settings>,
    pub tuning: Tuning,
}

/// Carries whatever comes, for good.
pub(crate) async fn carry_all(
    listener: std::net::TcpListener,
    connector: Connector,
    mut intake: Intake,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let places = Arc::new(Semaphore::new(intake.most));
    let mut carried = JoinSet::new();
    loop {
        let (near, peer) = tokio::select! {
            biased;
            Some(_) = carried.join_next() => continue,
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!("no connection can be accepted, clients have to wait: {error}");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
            },
        };
        if intake.settings.has_changed().unwrap_or(false) {
            intake.tuning.set(intake.settings.borrow_and_update().quality);
        }
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            tracing::warn!("{peer} is one more than the {} connections that are carried at a time", intake.most);
            Stream::Kernel(near).reset();
            continue;
        };
        let connector = connector.clone();
        let gate =
            Gate::new(intake.allowed.clone(), peer.ip().to_canonical().is_loopback()).naming(intake.host.clone());
        carried.spawn(async move {
            carry_one(near, peer, &connector, gate).await;
            drop(place);
        });
    }
}

async fn carry_one(near: TcpStream, peer: SocketAddr, connector: &Connector, gate: Gate) {
    // The lab adds no waiting of its own.
    let _ = near.set_nodelay(true);
    let near = Stream::Kernel(near);
    match connector.connect().await {
        Ok(far) => {
            let ended = carry(near, far, gate).await;
            tracing::debug!(%peer, ?ended, "carried");
        }
        Err(error) => {
            tracing::debug!(%peer, %error, "the other host was not reached");
            near.reset();
        }
    }
}

/// How long to wait when no connection can be accepted.
const PAUSE: Duration = Duration::from_millis(100);
