//! What is there of the kernel wire where it cannot be: its functions, each of which says so.

use crate::check::{Check, Health};
use crate::error::{Error, Refusal};
use crate::options::WireOptions;
use crate::programs::{ClientProgram, Outcome, ServerProgram};
use crate::recorder::Recorder;
use crate::stop::Stop;

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
    vec![Check::wire("kernel wire", Health::Missing, cause).mend(mend)]
}

/// Refused.
pub fn run<T: Send + 'static>(
    _: &WireOptions,
    _: Stop,
    _: impl Recorder,
    _: impl ServerProgram,
    _: impl ClientProgram<T>,
) -> Result<Outcome<T>, Error> {
    Err(refusal().into())
}

fn refusal() -> Refusal {
    let (cause, mend) = if cfg!(target_os = "linux") {
        ("this program was built without it", "build it with the cargo feature \"kernel\"")
    } else {
        ("network namespaces are Linux's, and this is another system", "use a Linux machine")
    };
    Refusal { cause: cause.to_owned(), mend: format!("{mend}, or take the virtual wire (--wire virtual)") }
}
