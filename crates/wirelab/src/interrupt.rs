//! What happens on Ctrl-C?
//!
//! The first one (or SIGTERM, or SIGHUP from a terminal that goes away) asks the work to end in order; the second ends
//! the process at once. To be started after the kernel wire was entered, as it needs a thread.

use std::io;
use std::thread;

use crate::failure::Status;

/// Waits for signals in a thread of its own, and calls `first` on the first.
pub fn listen(first: impl FnOnce() + Send + 'static) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let mut signals = {
        let _guard = runtime.enter();
        Signals::new()?
    };
    thread::Builder::new().name("signals".to_owned()).spawn(move || {
        runtime.block_on(async {
            signals.next().await;
            first();
            signals.next().await;
        });
        // Captures are handed over frame by frame: nothing is lost by not waiting.
        std::process::exit(Status::Interrupted as i32);
    })?;
    Ok(())
}

/// The signals that ask a program to end.
#[cfg(unix)]
pub struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    /// None where the program was started to outlive its terminal.
    hangup: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    /// Begins to listen; call it inside a runtime.
    pub fn new() -> io::Result<Signals> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: if hangup_is_ignored() { None } else { Some(signal(SignalKind::hangup())?) },
        })
    }

    /// Resolves with the next of them.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = async {
                match &mut self.hangup {
                    Some(hangup) => hangup.recv().await,
                    None => std::future::pending().await,
                }
            } => {}
        }
    }
}

/// Whether `nohup`, or a shell, has this process ignore SIGHUP: then that is how it stays.
///
/// Linux says so in proc(5), in hexadecimal, signal 1 in the lowest bit. Where nothing says so SIGHUP keeps its meaning,
/// whether that is to be ignored or to end the process; captures are whole either way.
#[cfg(unix)]
fn hangup_is_ignored() -> bool {
    let ignored = || {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
        u64::from_str_radix(mask.trim(), 16).ok()
    };
    ignored().is_none_or(|mask| mask & 1 == 1)
}

/// Ctrl-C.
#[cfg(not(unix))]
pub struct Signals;

#[cfg(not(unix))]
impl Signals {
    /// Begins to listen; call it inside a runtime.
    pub fn new() -> io::Result<Signals> {
        Ok(Signals)
    }

    /// Resolves with the next one.
    pub async fn next(&mut self) {
        // An error means that no Ctrl-C can come: then nothing ever ends this wait.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
