//! How does the lab run on any machine, in a moment, and the same each time?
//!
//! A virtual wire is made of smoltcp hosts in this process and a link between them, on a clock that only this moves.
//! It needs no privilege and no particular system. Hours of a timeline take as long as their events take to compute.
//! With the same seed every frame has the same bytes and the same time, on any machine at any load, as long as the
//! server and the client draw no chances of their own.
//!
//! ```text
//!   10.0.0.1   server ── Listener                Connector ── client   10.0.0.2 and up
//!                           │                        │
//!   end: one smoltcp ┌───── end ◄──── lane ◄──────── end ─────┐  one for each connection,
//!   socket, one      └───── end ────► lane ────────► end ─────┘  on either side (end.rs, card.rs)
//!   interface              (net.rs)     │
//!                                   recorder(time_ns, frame)      clock.rs moves the time from event to event
//! ```
//!
//! For a person who watches, the same hosts run [in real time](run_in_real_time): then nothing is moved, and the programs
//! may talk to the world outside.
//!
//! # What is not as on Linux
//!
//! The frames are what a host with smoltcp's TCP (RFC 9293) would send, with right checksums. Without impairments an
//! exchange of small messages has the same frames in the same order as on the kernel wire, from the handshake to the last
//! FIN or RST: acknowledgements follow Linux's rules (`acknowledging.rs`). What differs:
//!
//! | | here | Linux |
//! |---|---|---|
//! | options of the SYN | MSS, window scale 0, SACK permitted, timestamps | MSS, SACK permitted, timestamps, window scale |
//! | window | 65,535 at most, not scaled | grows to megabytes, scaled |
//! | IP identification | 0, do not fragment | counts up, or 0 |
//! | what an acknowledgement's delay is measured in | nanoseconds | ticks of 1 to 10 ms |
//! | unacknowledged bytes that a program may write | 64 KiB; a client `client_send_buffer` | 16 KiB, grows |
//! | congestion control | none: what fits the window leaves in one burst | starts with 10 segments (RFC 6928) |
//! | retransmission time-out | 1 s at least (RFC 6298) | 200 ms at least; tail-loss probes, RACK |
//! | lost among several | third duplicate acknowledgement, one segment; else go back | SACK says which |
//! | TIME-WAIT | 10 s, not part of the capture | 60 s |
//!
//! What a program sees of Linux is kept, too: Nagle's algorithm as
//! Minshall modified it, a FIN that takes the acknowledgement of the other's along, RST for bytes that nobody will read,
//! give-up times, half-close, and a queue of 4096 connections to accept (`end.rs`, `net.rs`).
//!
//! # What it cannot do
//!
//! Time does not wait for real things: a program here must not use sockets of the system, other threads or blocking
//! calls. A program that never rests (a loop that only yields) keeps time from passing, and only [`Stop`] ends it. Programs
//! that race (`tokio::select!` without `biased`) draw chances of tokio's own, and are repeatable only if the order does
//! not matter.

mod acknowledging;
mod alarm;
mod card;
mod clock;
mod end;
mod memory;
mod net;
mod program;
mod seeds;
pub(crate) mod socket;

use std::cell::{Cell, RefCell};
use std::io;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::oneshot;
use tokio::time::Instant;
use wirelab_clock::Clock;

use self::clock::{Idle, Pace};
use self::net::{Net, Shared, client_address};
use self::program::Program;
use self::seeds::Seeds;
pub use self::socket::{VirtualConnector, VirtualListener, VirtualStream};
use crate::error::{Error, Host};
use crate::facts::{Facts, Frames, SocketOption};
use crate::impaired::ImpairedFrames;
use crate::options::{MTU, WireKind, WireOptions};
use crate::programs::{ClientProgram, Outcome, ServerProgram, Shutdown};
use crate::recorder::Recorder;
use crate::stop::Stop;
use crate::stream::{Connector, Listener};

/// Runs `server` and `client` on the hosts of a virtual wire, until the client is done and the link has fallen quiet.
///
/// Blocks for as long as the run takes to compute, on a thread of its own, so that it may also be called from inside
/// a tokio runtime. Both futures run in one current-thread runtime whose clock is paused and which has timers only:
/// in it there must be no socket of the system, no `spawn_blocking` and no waiting for other threads, for virtual
/// time does not wait for real time.
///
/// `recorder` is called with each frame in the order of time. The client gets one connector for each of
/// `options.clients`.
///
/// # Errors
///
/// See [`Error`]. A run that can never end, because all wait for something that never comes, ends with
/// [`Error::Stuck`].
pub fn run<T: Send + 'static>(
    options: &WireOptions,
    stop: Stop,
    recorder: impl Recorder,
    server: impl ServerProgram,
    client: impl ClientProgram<T>,
) -> Result<Outcome<T>, Error> {
    run_at(Ok(Pace::Virtual), options, stop, recorder, server, client)
}

/// The same in real time: a timeline of 40 seconds takes 40 seconds, and the programs may use sockets and wait for other
/// threads, so that a person's browser can be on the other side of them.
///
/// The wall clock is the machine's, and frames are stamped when they happen: good to about a tenth of a millisecond. The
/// window of 65,535 bytes bounds what a connection carries to one window a round trip, 2.6 MB/s at 25 ms.
///
/// # Errors
///
/// See [`Error`]. It never says [`Error::Stuck`]: somebody may still come.
pub fn run_in_real_time<T: Send + 'static>(
    options: &WireOptions,
    stop: Stop,
    recorder: impl Recorder,
    server: impl ServerProgram,
    client: impl ClientProgram<T>,
) -> Result<Outcome<T>, Error> {
    run_at(Pace::real(), options, stop, recorder, server, client)
}

fn run_at<T: Send + 'static>(
    pace: io::Result<Pace>,
    options: &WireOptions,
    stop: Stop,
    recorder: impl Recorder,
    server: impl ServerProgram,
    client: impl ClientProgram<T>,
) -> Result<Outcome<T>, Error> {
    if let Some(fault) = options.fault() {
        return Err(Error::Options(fault));
    }
    let pace = pace.map_err(|source| Error::Setup { step: "an alarm".to_owned(), source })?;
    let options = options.clone();
    let recorder = Box::new(recorder);
    let thread = std::thread::Builder::new()
        .name("virtual wire".to_owned())
        .spawn(move || {
            let idle = pace.idle();
            let runtime =
                pace.runtime(&idle).map_err(|source| Error::Setup { step: "a runtime".to_owned(), source })?;
            runtime.block_on(run_here(&pace, &options, stop, recorder, idle, server, client))
        })
        .map_err(|source| Error::Setup { step: "a thread".to_owned(), source })?;
    // Programs' panics are results; what is left would be a fault of the wire itself.
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

async fn run_here<T>(
    pace: &Pace,
    options: &WireOptions,
    stop: Stop,
    recorder: Box<dyn Recorder>,
    idle: Arc<Idle>,
    server: impl ServerProgram,
    client: impl ClientProgram<T>,
) -> Result<Outcome<T>, Error> {
    let started = Instant::now();
    let clock = match pace {
        Pace::Real(_) => Clock::utc(),
        Pace::Virtual => {
            let start = Seeds::new(options.seed).wall_clock();
            Clock::starting_at(Timestamp::from_second(start).unwrap_or(Timestamp::UNIX_EPOCH))
        }
    };
    let wall_ns = clock.unix_nanos();
    let net = Shared::new(Net::new(options, started, wall_ns, recorder, idle.clone()));

    let (shut_down, shutdown) = oneshot::channel();
    let shutdown: Shutdown = Box::pin(async move {
        // An error is the end of the run.
        let _ = shutdown.await;
    });
    let listener = Listener::Virtual(VirtualListener::new(net.clone()));
    let connectors = (0..options.clients)
        .map(|number| Connector::Virtual(VirtualConnector::new(net.clone(), client_address(number))))
        .collect();
    let mut server = Program::new({
        let clock = clock.clone();
        async move { server(listener, clock, shutdown).await }
    });
    let mut client = Program::new(async move { client(connectors, clock).await });

    let result = RefCell::new(None);
    let (client_done, server_done) = (Cell::new(false), Cell::new(false));
    let ended = {
        let time = pass_time(pace, &net, &idle, started, shut_down, &client_done, &server_done);
        let interrupted = stop.asked();
        tokio::pin!(time, interrupted);
        std::future::poll_fn(|cx| {
            if interrupted.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Err(Error::Interrupted));
            }
            match server.poll(cx) {
                Poll::Ready(Err(message)) => {
                    return Poll::Ready(Err(Error::Panicked { host: Host::Server, message }));
                }
                Poll::Ready(Ok(Err(error))) => return Poll::Ready(Err(Error::Server(error))),
                Poll::Ready(Ok(Ok(()))) => {
                    server_done.set(true);
                    idle.ask();
                }
                Poll::Pending => {}
            }
            match client.poll(cx) {
                Poll::Ready(Err(message)) => {
                    return Poll::Ready(Err(Error::Panicked { host: Host::Client, message }));
                }
                Poll::Ready(Ok(value)) => {
                    result.replace(Some(value));
                    client_done.set(true);
                    idle.ask();
                }
                Poll::Pending => {}
            }
            time.as_mut().poll(cx)
        })
        .await
    };
    // Before the programs are dropped: what they leave behind is not carried.
    net.lock().end();
    let carried = ended?;
    let client = result.take().ok_or(Error::Interrupted)?;
    Ok(Outcome { client, facts: facts(options, carried) })
}

/// Lets time pass from event to event, until the client is done, the link is quiet and the server has ended. Gives what
/// the link did until it was quiet: as on the kernel wire, the end of the server is not part of the capture.
async fn pass_time(
    pace: &Pace,
    net: &Shared,
    idle: &Idle,
    started: Instant,
    shut_down: oneshot::Sender<()>,
    client_done: &Cell<bool>,
    server_done: &Cell<bool>,
) -> Result<Carried, Error> {
    let mut shut_down = Some(shut_down);
    let mut phase = Phase::Working;
    let mut carried = Carried::default();
    loop {
        // Whatever can happen now, happens before any time passes.
        pace.settle(idle).await;
        let target = {
            let mut net = net.lock();
            let now = net.now();
            let any = net.run_due(now);
            if let Some(error) = net.take_recorder_failure() {
                return Err(Error::Recorder(error));
            }
            if any {
                idle.moved();
                continue;
            }
            if idle.is_in_vain() {
                return Err(Error::Stuck("timers run out again and again, and nothing is ever sent"));
            }
            // When this phase ends, if nothing happens before.
            let end = match phase {
                Phase::Working if client_done.get() => {
                    phase = Phase::Settling { since: now };
                    continue;
                }
                // Somebody may come whenever he likes.
                Phase::Working if matches!(pace, Pace::Real(_)) => now + LONGEST_SILENCE,
                Phase::Working => net.last_event() + LONGEST_SILENCE,
                Phase::Settling { since } if net.is_quiet() => {
                    (net.last_event().max(since) + QUIET).min(since + LONGEST_SETTLING)
                }
                Phase::Settling { since } => since + LONGEST_SETTLING,
                Phase::Stopping { .. } if server_done.get() => return Ok(carried),
                Phase::Stopping { since } => since + LONGEST_STOPPING,
            };
            if now >= end {
                match phase {
                    Phase::Working => return Err(Error::Stuck(SILENCE)),
                    Phase::Settling { .. } => {
                        net.stop_recording();
                        carried = Carried { frames: net.frames(), impaired: net.impaired() };
                        // The server may have ended long ago.
                        shut_down.take().map(|shut_down| shut_down.send(()));
                        phase = Phase::Stopping { since: now };
                        continue;
                    }
                    Phase::Stopping { .. } => {
                        let patience = LONGEST_STOPPING;
                        tracing::warn!("the server did not stop within {patience:?} of virtual time and was dropped");
                        return Ok(carried);
                    }
                }
            }
            net.next_event().map_or(end, |event| event.min(end))
        };
        pace.reach(idle, started, target).await;
    }
}

/// What the link did until it was quiet.
#[derive(Debug, Default)]
struct Carried {
    frames: Frames,
    impaired: ImpairedFrames,
}

/// How far a run is.
#[derive(Clone, Copy, Debug)]
enum Phase {
    /// The client's future runs.
    Working,
    /// It has ended, and what it sent last is still on the way.
    Settling { since: Duration },
    /// The server was told to stop.
    Stopping { since: Duration },
}

fn facts(options: &WireOptions, carried: Carried) -> Facts {
    Facts {
        wire: WireKind::Virtual,
        tcp: "smoltcp 0.14".to_owned(),
        congestion_control: "none".to_owned(),
        offloads: Default::default(),
        mtu: MTU,
        sockets: vec![
            SocketOption::new(Host::Server, "TCP_NODELAY", options.server_no_delay.into()),
            SocketOption::new(Host::Server, "TCP_QUICKACK", options.server_quick_ack.into()),
            SocketOption::new(Host::Client, "TCP_NODELAY", options.client_no_delay.into()),
        ],
        frames: carried.frames,
        impaired: carried.impaired,
        setup_us: 0,
    }
}

const SILENCE: &str = "the client waits for what never comes: no frame in 31 days of virtual time";
/// How long nothing must have happened for the link to be quiet: time for a program to end its side, too.
const QUIET: Duration = Duration::from_millis(300);
/// As long as a connection tries to get something across: nothing takes longer to settle by itself.
const LONGEST_SETTLING: Duration = Duration::from_secs(1000);
/// For a server to end by itself, with its own time-outs for slow clients.
const LONGEST_STOPPING: Duration = Duration::from_secs(60);
/// Without a frame or a timer of a connection: longer than any interval that a timeline can have.
const LONGEST_SILENCE: Duration = Duration::from_secs(31 * 86_400);
