//! What does a host do during a run?
//!
//! A host is a thread: it enters a network namespace of its own, waits for its cable, furnishes its end, and then runs the
//! server's or the client's future on a tokio runtime of its own. A panic in there ends the run, not the process.

use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::pin::pin;
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use wirelab_clock::Clock;

use super::control::Control;
use super::network::{congestion_control, furnish, separate, setup, tcp_socket, with_netlink};
use super::sys;
use crate::error::{Error, Host};
use crate::options::{WireOptions, server_address};
use crate::programs::{ClientProgram, ServerProgram};
use crate::stop::Stop;
use crate::stream::{Connector, Listener};

/// How a host's part of a run ended without a result.
pub enum Ended {
    /// For a reason of its own.
    Failed(Error),
    /// Because another thread gave up; it has said why.
    Abandoned,
}

impl From<Error> for Ended {
    fn from(error: Error) -> Ended {
        Ended::Failed(error)
    }
}

impl From<std::sync::mpsc::RecvError> for Ended {
    fn from(_: std::sync::mpsc::RecvError) -> Ended {
        Ended::Abandoned
    }
}

impl<T> From<std::sync::mpsc::SendError<T>> for Ended {
    fn from(_: std::sync::mpsc::SendError<T>) -> Ended {
        Ended::Abandoned
    }
}

/// What a host and the thread that made it tell each other while the wire is set up.
pub struct Line {
    /// To the wire: the folder of the host's thread in `/proc`, once it is in its namespace.
    pub there: Sender<PathBuf>,
    /// From the wire: the cable is laid.
    pub laid: Receiver<()>,
    /// To the wire: the host can talk, with this congestion control.
    pub ready: Sender<String>,
    /// From the wire: frames are carried.
    pub carried: Receiver<()>,
}

/// The server's host, from its beginning to its end.
pub fn server(
    line: Line,
    options: &WireOptions,
    control: &Control,
    clock: &OnceLock<Clock>,
    server: impl ServerProgram,
) -> Result<(), Ended> {
    let runtime = settle_in(&line, Host::Server)?;
    let listener = {
        let _inside = runtime.enter();
        listen(options).map_err(setup("opening the server's socket"))?
    };
    line.ready.send(congestion_control(&listener).map_err(setup("asking the server's socket"))?)?;
    line.carried.recv()?;
    let clock = clock.get_or_init(Clock::utc).clone();
    work(runtime, Host::Server, control, async {
        // Held here, so that what it owns is dropped only when nothing is carried, or recorded, any more.
        let listener = Listener::Kernel { listener, no_delay: options.server_no_delay };
        let mut future = pin!(server(listener, clock, control.shutdown()));
        tokio::select! {
            done = &mut future => done.map_err(Error::Server)?,
            () = control.over() => {}
        }
        control.host_is_done(Host::Server);
        control.over().await;
        Ok(())
    })
}

/// The client's host, from its beginning to its end.
pub fn client<T>(
    line: Line,
    options: &WireOptions,
    control: &Control,
    stop: &Stop,
    clock: &OnceLock<Clock>,
    client: impl ClientProgram<T>,
) -> Result<T, Ended> {
    let runtime = settle_in(&line, Host::Client)?;
    let step = "opening the client's socket";
    let socket = runtime.block_on(async { tcp_socket() }).map_err(setup(step))?;
    line.ready.send(congestion_control(&socket).map_err(setup(step))?)?;
    drop(socket);
    line.carried.recv()?;
    let clock = clock.get_or_init(Clock::utc).clone();
    let done = work(runtime, Host::Client, control, async {
        let server = server_address();
        let connector = Connector::Kernel { server, socket: tcp_socket, no_delay: options.client_no_delay };
        let mut future = Box::pin(client(vec![connector], clock));
        let value = tokio::select! {
            value = &mut future => Some(value),
            () = stop.asked() => None,
            () = control.over() => None,
        };
        if value.is_some() {
            // Its sockets close now, and what they say is still carried; so are tasks that it left behind.
            drop(future);
            control.host_is_done(Host::Client);
            tokio::select! {
                () = stop.asked() => control.fail(Error::Interrupted),
                () = control.over() => {}
            }
        } else {
            if stop.is_set() {
                control.fail(Error::Interrupted);
            }
            // Its sockets close only when nothing is carried, or recorded, any more.
            control.over().await;
        }
        Ok(value)
    })?;
    done.ok_or(Ended::Abandoned)
}

/// Enters the host's namespace, and furnishes it once its cable is there.
fn settle_in(line: &Line, host: Host) -> Result<Runtime, Ended> {
    separate()?;
    let thread = format!("/proc/self/task/{}", nix::unistd::gettid());
    line.there.send(thread.into())?;
    line.laid.recv()?;
    // Timers to the nanosecond rather than to 50 µs; refused nowhere, and no harm where it is.
    let _ = nix::sys::prctl::set_timerslack(1);
    // A machine that has other work to do then disturbs the times less.
    let _ = sys::prefer_short_turns();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(setup("starting a host's tokio runtime"))?;
    runtime.block_on(with_netlink(async |handle| furnish(&handle, host).await))?;
    Ok(runtime)
}

/// The server's listening socket.
fn listen(options: &WireOptions) -> io::Result<TcpListener> {
    let socket = tcp_socket()?;
    socket.set_reuseaddr(true)?;
    socket.bind(server_address())?;
    let listener = socket.listen(BACKLOG)?;
    if !options.server_quick_ack {
        // On the listener, so that a connection has it from its first segment on; set on an accepted socket it would
        // race with the first request.
        sys::set_quick_ack(std::os::fd::AsFd::as_fd(&listener), false)?;
    }
    if let Some(after) = options.server_keep_alive {
        // Accepted sockets have what the listener has.
        let seconds = u32::try_from(after.as_secs()).unwrap_or(u32::MAX).max(1);
        setsockopt(&listener, sockopt::KeepAlive, &true)?;
        setsockopt(&listener, sockopt::TcpKeepIdle, &seconds)?;
        setsockopt(&listener, sockopt::TcpKeepInterval, &seconds)?;
    }
    Ok(listener)
}

/// Runs `future`; a panic in it becomes an error.
fn work<T>(
    runtime: Runtime,
    host: Host,
    control: &Control,
    future: impl Future<Output = Result<T, Error>>,
) -> Result<T, Ended> {
    let done = catch_unwind(AssertUnwindSafe(|| runtime.block_on(future)));
    let done = done.unwrap_or_else(|panic| Err(Error::Panicked { host, message: message_of(panic.as_ref()) }));
    if let Err(error) = done {
        // At once, before what is left on the host speaks its last words onto the wire.
        control.fail(error);
        runtime.block_on(control.over());
        runtime.shutdown_timeout(LAST_TASKS);
        return Err(Ended::Abandoned);
    }
    runtime.shutdown_timeout(LAST_TASKS);
    done.map_err(Ended::Failed)
}

fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

const BACKLOG: u32 = 1024;
/// How long a blocking task that was left behind may hold up the end.
const LAST_TASKS: Duration = Duration::from_secs(1);
