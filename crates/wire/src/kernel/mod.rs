//! How do two TCPs of the running kernel talk over a wire of ours, without root?
//!
//! Three network namespaces, each with a thread: the server's, the client's, and the wire's between them. A veth pair joins
//! each host to the wire, where a relay carries every frame from one cable to the other. All of it belongs to this
//! process and goes with it; nothing is left on the machine, whatever happens.
//!
//! - [`enter`] gives a process the rights for it, [`probe`] finds out beforehand whether it would;
//! - [`checks()`] says what works here, and how well;
//! - [`run`] is one run of one wire. Several may run at the same time, each from its own thread.
//!
//! The answers of this wire are real: segmentation, delayed and quick acknowledgements, Nagle's algorithm, congestion
//! control and retransmission are the kernel's own. Its times are those of a busy machine: good to about a
//! millisecond, never to a microsecond.

mod access;
mod checks;
mod control;
mod host;
mod network;
mod order;
mod relay;
mod settled;
mod sys;

use std::io::{self, PipeReader};
use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{self, Scope};
use std::time::Instant;

use wirelab_clock::Clock;

pub use access::{enter, privileged, probe};
pub use checks::checks;

use control::Control;
use host::{Ended, Line};
use network::{carries, lay_cable, separate, setup, with_netlink};
use relay::{Batch, Relay, Relayed};

use crate::error::{Error, Host};
use crate::facts::{Facts, Frames, SocketOption};
use crate::impaired::ImpairedFrames;
use crate::options::{MTU, WireKind, WireOptions};
use crate::programs::{ClientProgram, Outcome, ServerProgram};
use crate::recorder::Recorder;
use crate::stop::Stop;

/// Runs `server` and `client` on two hosts with a wire between them, until the client is done and the link is quiet.
///
/// Every frame is handed to `recorder` once, in order of time, with its time in nanoseconds since the Unix epoch; an
/// error of the recorder ends the run. The call blocks, and the recorder runs on the calling thread, so that a slow
/// disk does not slow the link. The process must be [`privileged`], by itself or by [`enter`].
pub fn run<T: Send + 'static>(
    options: &WireOptions,
    stop: Stop,
    recorder: impl Recorder,
    server: impl ServerProgram,
    client: impl ClientProgram<T>,
) -> Result<Outcome<T>, Error> {
    if let Some(fault) = options.fault() {
        return Err(Error::Options(fault));
    }
    if options.clients != 1 {
        return Err(Error::Options(format!("{} clients were asked for; the kernel wire has one", options.clients)));
    }
    if stop.is_set() {
        return Err(Error::Interrupted);
    }
    access::require()?;
    let begun = Instant::now();
    // One clock for both hosts and the link, started once frames are carried: its 0 is when the client may begin.
    let clock = OnceLock::new();
    let clock = &clock;
    let (control, rope) = Control::new().map_err(setup("opening a pipe"))?;
    let control = &control;
    let (batches, to_record) = sync_channel::<Batch>(BATCHES);

    let (value, done) = thread::scope(|scope| {
        // Whatever happens below, and be it a panic of the recorder, the threads end.
        let _cut = CutAtEnd(control);
        let (server_line, server_end) = line();
        let (client_line, client_end) = line();
        let server =
            start(scope, control, "wirelab-server", move || host::server(server_line, options, control, clock, server));
        let client = start(scope, control, "wirelab-client", {
            let stop = stop.clone();
            move || host::client(client_line, options, control, &stop, clock, client)
        });
        let wire = start(scope, control, "wirelab-wire", move || {
            wire(options, clock, control, rope, batches, [server_end, client_end], begun)
        });
        record(to_record, clock, recorder, control);
        // The scope would wait for what they do, but not for their end, and their namespaces last until then.
        server.and_then(join);
        (client.and_then(join), wire.and_then(join))
    });
    match (control.take_failure(), value, done) {
        (None, Some(client), Some(wire)) => Ok(Outcome { client, facts: facts(options, wire) }),
        (Some(failure), ..) => Err(failure),
        (None, ..) => Err(Error::Link { step: "ending the run", source: io::Error::other("a thread ended early") }),
    }
}

/// The wire's end of the line to a host.
struct LineEnd {
    there: Receiver<PathBuf>,
    laid: Sender<()>,
    ready: Receiver<String>,
    carried: Sender<()>,
}

fn line() -> (Line, LineEnd) {
    let ((there, is_there), (laid, is_laid)) = (channel(), channel());
    let ((ready, is_ready), (carried, is_carried)) = (channel(), channel());
    let end = LineEnd { there: is_there, laid, ready: is_ready, carried };
    (Line { there, laid: is_laid, ready, carried: is_carried }, end)
}

/// What the wire's thread found and did.
struct Wired {
    frames: Frames,
    impaired: ImpairedFrames,
    congestion_control: String,
    setup_us: u64,
}

/// The wire's thread, from its beginning to its end.
fn wire(
    options: &WireOptions,
    clock: &OnceLock<Clock>,
    control: &Control,
    rope: PipeReader,
    batches: SyncSender<Batch>,
    ends: [LineEnd; 2],
    begun: Instant,
) -> Result<Wired, Ended> {
    // However this ends, the hosts must not wait for it.
    let _over = OverAtEnd(control);
    separate()?;
    let _ = nix::sys::prctl::set_timerslack(1);
    // A machine that has other work to do then disturbs the times less.
    let _ = sys::prefer_short_turns();
    let [server, client] = &ends;
    let threads = [server.there.recv()?, client.there.recv()?];
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(setup("starting the wire's tokio runtime"))?;
    runtime.block_on(with_netlink(async |handle| {
        lay_cable(&handle, Host::Server, &threads[0]).await?;
        lay_cable(&handle, Host::Client, &threads[1]).await
    }))?;
    for end in &ends {
        end.laid.send(())?;
    }
    let spoken = [server.ready.recv()?, client.ready.recv()?];
    runtime.block_on(with_netlink(async |handle| {
        carries(&handle, Host::Server.cable()).await?;
        carries(&handle, Host::Client.cable()).await
    }))?;
    drop(runtime);
    let clock = clock.get_or_init(Clock::utc);
    let relay = Relay::new(options, clock, control, rope, &threads, batches)?;
    let setup_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    for end in &ends {
        end.carried.send(())?;
    }
    let Relayed { frames, impaired } = relay.run()?;
    let [server, client] = spoken;
    let congestion_control = if server == client { server } else { format!("server {server}, client {client}") };
    Ok(Wired { frames, impaired, congestion_control, setup_us })
}

/// Hands every frame to the recorder, until no more are to come.
fn record(batches: Receiver<Batch>, clock: &OnceLock<Clock>, mut recorder: impl Recorder, control: &Control) {
    for (at, frame, _) in batches.iter().flatten() {
        // The link has started it: there is a frame.
        let clock = clock.get_or_init(Clock::utc);
        if let Err(error) = recorder(clock.unix_nanos_at(at), &frame) {
            control.fail(Error::Recorder(error));
            return;
        }
    }
}

fn facts(options: &WireOptions, wire: Wired) -> Facts {
    let release = nix::sys::utsname::uname().map(|name| name.release().to_string_lossy().into_owned());
    Facts {
        wire: WireKind::Kernel,
        tcp: format!("Linux {}", release.as_deref().unwrap_or("of an unknown version")),
        congestion_control: wire.congestion_control,
        offloads: sys::OFFLOADS.map(|(name, ..)| (name.to_owned(), false)).into(),
        mtu: MTU,
        sockets: vec![
            SocketOption::new(Host::Server, "SO_REUSEADDR", 1),
            SocketOption::new(Host::Server, "TCP_NODELAY", options.server_no_delay.into()),
            SocketOption::new(Host::Server, "TCP_QUICKACK", options.server_quick_ack.into()),
            SocketOption::new(Host::Client, "TCP_NODELAY", options.client_no_delay.into()),
        ],
        frames: wire.frames,
        impaired: wire.impaired,
        setup_us: wire.setup_us,
    }
}

/// Starts a thread of a run. Where it fails, it says why, and the run ends.
fn start<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    control: &'scope Control,
    name: &str,
    body: impl FnOnce() -> Result<T, Ended> + Send + 'scope,
) -> Option<thread::ScopedJoinHandle<'scope, Option<T>>> {
    let body = move || {
        let _cut = CutOnPanic(control);
        match body() {
            Ok(value) => Some(value),
            Err(Ended::Abandoned) => None,
            Err(Ended::Failed(error)) => {
                control.fail(error);
                None
            }
        }
    };
    let started = thread::Builder::new().name(name.to_owned()).spawn_scoped(scope, body);
    started.map_err(|error| control.fail(setup("starting a thread")(error))).ok()
}

fn join<T>(thread: thread::ScopedJoinHandle<'_, Option<T>>) -> Option<T> {
    thread.join().ok().flatten()
}

struct CutAtEnd<'a>(&'a Control);

impl Drop for CutAtEnd<'_> {
    fn drop(&mut self) {
        self.0.cut();
    }
}

struct CutOnPanic<'a>(&'a Control);

impl Drop for CutOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.cut();
        }
    }
}

struct OverAtEnd<'a>(&'a Control);

impl Drop for OverAtEnd<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// How many batches may wait for the recorder before the link waits for it.
const BATCHES: usize = 4096;
