//! What is one wire with a person at one end, and what runs it?
//!
//! A thread that runs the wire, its hosts, and what is recorded. Any number of them may run side by side.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;
use wirelab_apps::AllowedHost;
use wirelab_catalog::{App, Renewal};
use wirelab_wire::{Error, Facts, Outcome, Stop, Tuning, WireKind, WireOptions, kernel, virtual_wire};

use crate::carrier::{Intake, carry_all};
use crate::far_end::{carry_on, serve_app};
use crate::recording::{Limits, Recording};
use crate::settings::Settings;

/// What is at the other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One of the lab's apps.
    App(App),
    /// A real server: host and port.
    Server(String),
}

impl Target {
    /// A short name, fit for a link and a file: "ws", "server".
    pub fn name(&self) -> &str {
        match self {
            Target::App(app) => app.name(),
            Target::Server(_) => "server",
        }
    }

    /// What people call it: "WebSocket", "127.0.0.1:3000".
    pub fn title(&self) -> &str {
        match self {
            Target::App(app) => app.title(),
            Target::Server(to) => to,
        }
    }

    /// What its capture is called: "wsapp", "server".
    pub fn capture_name(&self) -> &str {
        match self {
            Target::App(app) => app.capture_name(),
            Target::Server(_) => self.name(),
        }
    }

    /// The shortest interval that makes sense: a value that is asked for is a time in whole seconds.
    pub fn shortest_interval(&self) -> Duration {
        match self {
            Target::App(app) if matches!(app.renewal(), Renewal::Polled | Renewal::Held) => Duration::from_secs(1),
            _ => Duration::from_millis(10),
        }
    }
}

/// What a bench is made of.
#[derive(Debug)]
pub struct Plan {
    /// What is at the other end.
    pub target: Target,
    /// Where people's connections come in.
    pub listener: TcpListener,
    /// Which make of the wire; the virtual one runs in real time.
    pub wire: WireKind,
    /// How the wire begins.
    pub settings: Settings,
    /// Whom requests may name, besides this machine.
    pub allowed: Vec<AllowedHost>,
    /// Whether requests name the real server, whatever they said.
    pub rewrite_host: bool,
    /// Connections at a time.
    pub connections: usize,
    /// How much is kept of what is recorded.
    pub limits: Limits,
    /// What losses are drawn from.
    pub seed: u64,
}

/// A bench that runs.
#[derive(Debug)]
pub struct Bench {
    /// What is at the other end.
    pub target: Target,
    /// Where people's connections come in.
    pub address: SocketAddr,
    /// What was recorded so far.
    pub recording: Arc<Recording>,
    /// What holds from the next connection on.
    pub settings: watch::Sender<Settings>,
    /// Why the real server was not reached, if it was not.
    pub trouble: watch::Receiver<Option<String>>,
}

/// How a bench ended.
pub type Ending = JoinHandle<Result<Facts, Error>>;

impl Bench {
    /// Starts it; it runs until `stop`. Connections to a real server are made by the runtime `outside`, in the network of this machine.
    ///
    /// # Errors
    /// The listener has no address, or there can be no thread.
    pub fn start(plan: Plan, outside: &Handle, stop: Stop) -> io::Result<(Bench, Ending)> {
        let Plan { target, listener, wire, settings, allowed, rewrite_host, connections, limits, seed } = plan;
        let address = listener.local_addr()?;
        let recording = Arc::new(Recording::new(limits, settings.quality.rtt.as_secs_f64()));
        let (settings, changes) = watch::channel(settings);
        let (trouble, troubles) = watch::channel(None);
        let tuning = Tuning::default();
        let options = WireOptions {
            rtt: settings.borrow().quality.rtt,
            loss: settings.borrow().quality.loss,
            // Of a real server nobody knows; the lab adds no waiting of its own. The lab's apps are as in a run.
            server_no_delay: matches!(target, Target::Server(_)),
            seed,
            tuning: tuning.clone(),
            ..WireOptions::default()
        };
        let host = match &target {
            Target::Server(to) if rewrite_host => Some(to.clone()),
            _ => None,
        };
        let intake = Intake { allowed, host, most: connections, settings: changes.clone(), tuning };
        let recorder = recording.recorder();
        let server = {
            let (target, outside, trouble) = (target.clone(), outside.clone(), Arc::new(trouble));
            move |listener, _, shutdown| async move {
                match target {
                    Target::App(app) => serve_app(app, connections, listener, changes, shutdown).await,
                    Target::Server(to) => carry_on(to, outside, listener, trouble, shutdown).await,
                }
            }
        };
        let client = move |connectors: Vec<wirelab_wire::Connector>, _| async move {
            match connectors.into_iter().next() {
                Some(connector) => carry_all(listener, connector, intake).await,
                None => Ok(()),
            }
        };
        let name = format!("bench {}", target.name());
        let ending = thread::Builder::new().name(name).spawn(move || {
            let Outcome { client, facts } = match wire {
                WireKind::Kernel => kernel::run(&options, stop, recorder, server, client),
                WireKind::Virtual => virtual_wire::run_in_real_time(&options, stop, recorder, server, client),
            }?;
            client.map_err(|source| Error::Link { step: "taking connections in", source })?;
            Ok(facts)
        })?;
        Ok((Bench { target, address, recording, settings, trouble: troubles }, ending))
    }
}
