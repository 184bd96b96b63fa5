//! Who is connected, and how does the server end?
//!
//! Every conversation holds a [`Seat`]. It counts against the limit of clients, and it tells the conversation when the
//! server stops. The server is done when all seats are free, or when the grace time is over.
//!
//! Who finds no place is not left to wait without a word: some more are accepted, in order to be turned away in the words
//! of the protocol.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use crate::guard::{Guard, Phase};
use crate::listener::accept_patiently;
use crate::seldom::Seldom;
use crate::{Listener, ServerOptions};

/// A client's place at the server; the last clone that is dropped frees it.
#[derive(Clone, Debug)]
pub struct Seat {
    stop: watch::Receiver<bool>,
    phase: Phase,
    over_loopback: bool,
    is_turned_away: bool,
    _place: Arc<OwnedSemaphorePermit>,
}

impl Seat {
    /// Resolves when the server begins to stop. The server waits for the seat, not for this future.
    pub fn stopping(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut stop = self.stop.clone();
        async move {
            // An error means that the server itself is gone: that is stopping too.
            stop.wait_for(|stop| *stop).await.ok();
        }
    }

    /// Whether there is no place for the client: all that it may hear is that the server is full.
    pub(crate) fn is_turned_away(&self) -> bool {
        self.is_turned_away
    }

    /// The answer does not end by itself: nothing else is expected of the client, and when it leaves the answer ends.
    pub fn endless(&self) {
        self.phase.endless();
    }

    /// Whether the client is on this machine, and came by an address that only this machine has.
    pub fn over_loopback(&self) -> bool {
        self.over_loopback
    }

    /// What the bytes to come on this connection are.
    pub(crate) fn phase(&self) -> &Phase {
        &self.phase
    }
}

/// Accepts connections and gives each to `talk`, in a task of its own, until `shutdown` resolves; then lets the
/// conversations end.
pub(crate) async fn serve<L, T, F>(
    mut listener: L,
    options: &ServerOptions,
    shutdown: impl Future<Output = ()>,
    talk: T,
) where
    L: Listener,
    T: Fn(Guard<L::Io>, Seat) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let (stop, stopping) = watch::channel(false);
    let clients = options.limits.clients.clamp(1, Semaphore::MAX_PERMITS);
    let places = Arc::new(Semaphore::new(clients));
    let doorstep = Arc::new(Semaphore::new(options.limits.turned_away.clamp(1, Semaphore::MAX_PERMITS)));
    let (mut full, mut failing) = (Seldom::default(), Seldom::default());
    let mut talks = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let next = async {
            let step = doorstep.clone().acquire_owned().await;
            (step, accept_patiently(&mut listener, &mut failing).await)
        };
        let (step, (io, peer)) = tokio::select! {
            biased;
            () = &mut shutdown => break,
            // What is left of a conversation that is over is let go at once.
            Some(_) = talks.join_next() => continue,
            next = next => next,
        };
        // The semaphore is never closed.
        let Ok(step) = step else { break };
        let (place, is_turned_away) = match places.clone().try_acquire_owned() {
            Ok(place) => (place, false),
            Err(_) => (step, true),
        };
        if is_turned_away && full.is_due() {
            tracing::warn!("all {clients} places for clients are taken; others are turned away until one leaves");
        }
        tracing::debug!(%peer, clients = talks.len() + 1, "connected");
        let io = Guard::new(io, options.timeouts);
        let over_loopback = peer.ip().to_canonical().is_loopback();
        let seat =
            Seat { stop: stopping.clone(), phase: io.phase(), over_loopback, is_turned_away, _place: Arc::new(place) };
        talks.spawn(talk(io, seat));
    }
    drop(listener);
    drop(stopping);
    stop.send(true).ok();
    if tokio::time::timeout(options.timeouts.grace, stop.closed()).await.is_err() {
        tracing::debug!("the grace time is over; cutting what is left");
    }
    talks.shutdown().await;
}
