//! What runs on the hosts of a wire, and what comes of it?
//!
//! The bounds that both makes of the wire ask for, under names: any closure of the right shape has them.

use std::io;
use std::pin::Pin;

use wirelab_clock::Clock;

use crate::facts::Facts;
use crate::stream::{Connector, Listener};

/// Resolves when the server shall stop: after the last frame of the client's work has arrived.
pub type Shutdown = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What the server's host runs, until it is told to stop.
pub trait ServerProgram:
    FnOnce(Listener, Clock, Shutdown) -> <Self as ServerProgram>::Running + Send + 'static
{
    /// The program once it was begun. It stays on its host's thread.
    type Running: Future<Output = io::Result<()>>;
}

impl<F, R> ServerProgram for F
where
    F: FnOnce(Listener, Clock, Shutdown) -> R + Send + 'static,
    R: Future<Output = io::Result<()>>,
{
    type Running = R;
}

/// What the clients' host runs, with a connector for each client; its end ends the run, with its result.
pub trait ClientProgram<T>:
    FnOnce(Vec<Connector>, Clock) -> <Self as ClientProgram<T>>::Running + Send + 'static
{
    /// The program once it was begun. It stays on its host's thread.
    type Running: Future<Output = T>;
}

impl<F, R, T> ClientProgram<T> for F
where
    F: FnOnce(Vec<Connector>, Clock) -> R + Send + 'static,
    R: Future<Output = T>,
{
    type Running = R;
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Outcome<T> {
    /// What the client's future gave.
    pub client: T,
    /// What the wire was made of and what it did.
    pub facts: Facts,
}
