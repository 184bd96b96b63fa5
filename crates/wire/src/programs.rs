//! What runs on the hosts of a wire, and who takes its frames?
//!
//! The bounds that both makes of the wire ask for, under names: any closure of the right shape has them.

use std::io;

use wirelab_clock::Clock;

use crate::Shutdown;
use crate::stream::{Connector, Listener};

/// Takes each frame, in order of time: its time in nanoseconds since the Unix epoch, and its bytes. An error ends the run.
pub trait Recorder: FnMut(u64, &[u8]) -> io::Result<()> + Send + 'static {}

impl<F: FnMut(u64, &[u8]) -> io::Result<()> + Send + 'static> Recorder for F {}

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
