//! How do the threads of one run tell each other where it stands?
//!
//! Three threads make a run: two hosts and the relay. The hosts say what has happened; the relay, which alone knows what
//! is still on the way, decides what follows and tells the hosts.
//!
//! ```text
//!   working ── the client is done ──► draining ── quiet ──► closing ── the server is done ──► over
//!      └───────── a failure, a panic or Stop ─────────────────────────────────────────────────►┘
//! ```

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

use crate::error::{Error, Host};
use crate::programs::Shutdown;

/// What the threads of one run share.
#[derive(Debug)]
pub struct Control {
    failure: Mutex<Option<Error>>,
    cut: AtomicBool,
    client_is_done: AtomicBool,
    server_is_done: AtomicBool,
    /// Wakes the relay out of its wait. The other end is the relay's.
    bell: PipeWriter,
    stage: watch::Sender<Stage>,
}

/// What the relay tells the hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Running,
    /// The server shall stop.
    Closing,
    /// Nothing is carried any more; the hosts drop what they have.
    Over,
}

impl Control {
    /// For a new run, with the end of the bell's rope that the relay holds.
    pub fn new() -> io::Result<(Control, PipeReader)> {
        let (rope, bell) = io::pipe()?;
        let control = Control {
            failure: Mutex::new(None),
            cut: AtomicBool::new(false),
            client_is_done: AtomicBool::new(false),
            server_is_done: AtomicBool::new(false),
            bell,
            stage: watch::Sender::new(Stage::Running),
        };
        Ok((control, rope))
    }

    /// Ends the run at once. The first failure is the one that counts.
    pub fn fail(&self, error: Error) {
        if let Ok(mut failure) = self.failure.lock() {
            failure.get_or_insert(error);
        }
        self.cut();
    }

    /// Ends the run at once.
    pub fn cut(&self) {
        self.cut.store(true, Ordering::Release);
        self.ring();
    }

    /// Whether the run shall end at once.
    pub fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Acquire)
    }

    /// Why the run failed, if it did.
    pub fn take_failure(&self) -> Option<Error> {
        self.failure.lock().ok().and_then(|mut failure| failure.take())
    }

    /// What ran on `host` has ended.
    pub fn host_is_done(&self, host: Host) {
        self.done(host).store(true, Ordering::Release);
        self.ring();
    }

    /// Whether what ran on `host` has ended.
    pub fn is_done(&self, host: Host) -> bool {
        self.done(host).load(Ordering::Acquire)
    }

    /// Tells the server to stop.
    pub fn close(&self) {
        self.stage.send_replace(Stage::Closing);
    }

    /// Tells the hosts that nothing is carried any more.
    pub fn end(&self) {
        self.stage.send_replace(Stage::Over);
    }

    /// What the server waits for to stop.
    pub fn shutdown(&self) -> Shutdown {
        let stage = self.stage.subscribe();
        Box::pin(reached(stage, Stage::Closing))
    }

    /// Resolves when nothing is carried any more.
    pub async fn over(&self) {
        reached(self.stage.subscribe(), Stage::Over).await;
    }

    fn done(&self, host: Host) -> &AtomicBool {
        match host {
            Host::Server => &self.server_is_done,
            Host::Client => &self.client_is_done,
        }
    }

    fn ring(&self) {
        // It fails where the relay is gone, and then there is nobody to wake.
        let _ = (&self.bell).write_all(&[0]);
    }
}

/// Takes what was rung off the rope. Call it only when poll says that there is something.
pub fn answer(mut rope: &PipeReader) {
    let _ = rope.read(&mut [0; 64]);
}

async fn reached(mut stage: watch::Receiver<Stage>, awaited: Stage) {
    // An error means that the run is gone altogether.
    let _ = stage.wait_for(|stage| *stage >= awaited).await;
}
