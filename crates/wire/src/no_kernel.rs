//! What is there of the kernel wire where it cannot be: its functions, each of which says so.

use std::future::Future;
use std::io;

use wirelab_clock::Clock;

use crate::doctor::{Check, Health};
use crate::error::{Error, Refusal};
use crate::options::Options;
use crate::stop::Stop;
use crate::stream::{Connector, Listener};
use crate::{Outcome, Shutdown};

/// Refused.
pub fn enter() -> Result<(), Refusal> {
    Err(refusal())
}

/// Refused.
pub fn probe() -> Result<(), Refusal> {
    Err(refusal())
}

/// Never.
pub fn privileged() -> bool {
    false
}

/// That there is none.
pub fn checks() -> Vec<Check> {
    let Refusal { cause, mend } = refusal();
    vec![Check::new("kernel wire", Health::Missing, cause).mend(mend)]
}

/// Refused.
pub fn run<R, S, SF, C, CF, T>(_: &Options, _: Stop, _: R, _: S, _: C) -> Result<Outcome<T>, Error>
where
    R: FnMut(u64, &[u8]) -> io::Result<()> + Send + 'static,
    S: FnOnce(Listener, Clock, Shutdown) -> SF + Send + 'static,
    SF: Future<Output = io::Result<()>>,
    C: FnOnce(Vec<Connector>, Clock) -> CF + Send + 'static,
    CF: Future<Output = T>,
    T: Send + 'static,
{
    Err(refusal().into())
}

/// A socket like any other: there are no hosts.
pub(crate) fn socket() -> io::Result<tokio::net::TcpSocket> {
    tokio::net::TcpSocket::new_v4()
}

fn refusal() -> Refusal {
    let (cause, mend) = if cfg!(target_os = "linux") {
        ("this program was built without it", "build it with the cargo feature \"kernel\"")
    } else {
        ("network namespaces are Linux's, and this is another system", "use a Linux machine")
    };
    Refusal { cause: cause.to_owned(), mend: format!("{mend}, or take the virtual wire (--wire virtual)") }
}
