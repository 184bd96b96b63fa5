//! Who talks over the wire: which server an app is, and which scripted client plays against it.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use wirelab_catalog::App;
use wirelab_catalog::grammar::Grammar;
use wirelab_clock::Clock;
use wirelab_driver::{DriveError, Profile, Script, Step, Timeline};
use wirelab_wire::{Connector, Listener, Shutdown, Stream, WireOptions};

use crate::flags;
use crate::plan::Plan;

/// The timeline of an app.
pub fn timeline(app: App, plan: &Plan) -> Timeline {
    Timeline::new(app.renewal(), plan.updates, plan.interval)
}

/// What the scripted client of an app is told. `number` counts the clients of one run from 0.
pub fn script(app: App, plan: &Plan, number: u64) -> Script {
    let faulty = plan.link.loss + plan.link.duplicate + plan.link.reorder > 0.0 || plan.link.down.is_some();
    let patience = if faulty { PATIENCE_WITH_FAULTS } else { PATIENCE };
    Script {
        timeline: timeline(app, plan),
        profile: match plan.profile {
            flags::Profile::Firefox89 => Profile::Firefox89,
            flags::Profile::Firefox => Profile::Firefox,
            flags::Profile::Chromium => Profile::Chromium,
            flags::Profile::Minimal => Profile::Minimal,
        },
        authority: if plan.replay { AUTHORITY_2021.to_owned() } else { wirelab_wire::server_address().to_string() },
        poll_every: plan.poll_every,
        // Each app and each client draws its own keys and masks.
        seed: plan.link.seed ^ u64::from(app.descriptor().number) << 56 ^ number << 32,
        patience,
    }
}

/// How the server of an app behaves in a run.
pub fn options(plan: &Plan) -> wirelab_apps::ServerOptions {
    let mut options = wirelab_apps::ServerOptions {
        interval: plan.interval,
        poll_every: plan.poll_every,
        conditional: plan.conditional,
        heartbeat: plan.heartbeat,
        ..wirelab_apps::ServerOptions::default()
    };
    options.style = style(plan.style);
    if plan.replay {
        options.pages = wirelab_apps::Pages::Lengths2021;
    }
    options.timeouts.hold = plan.hold;
    // A client that waits for its next update is not idle.
    options.timeouts.idle = options.timeouts.idle.max(plan.interval * 2);
    // On a link that loses, a first byte may take as long as any.
    options.timeouts.first = options.timeouts.idle;
    // A browser has up to two connections; one that ends may overlap with the next.
    options.limits.clients = options.limits.clients.max(plan.link.clients as usize * 4);
    options
}

/// The wire of an app. Lines have no word for "I am still there": there TCP has to ask.
pub fn link(app: App, plan: &Plan) -> WireOptions {
    let has_words = matches!(app.descriptor().grammar, Grammar::Http { .. });
    WireOptions { server_keep_alive: plan.heartbeat.filter(|_| !has_words), ..plan.link.clone() }
}

/// How an answer is written, in the apps' own words.
pub fn style(style: flags::ServerStyle) -> wirelab_apps::AnswerStyle {
    match style {
        flags::ServerStyle::Coalesced => wirelab_apps::AnswerStyle::Coalesced,
        flags::ServerStyle::Split => wirelab_apps::AnswerStyle::Split,
    }
}

/// Runs the server of an app on a wire.
pub async fn serve_on_wire(
    app: App,
    listener: Listener,
    clock: Clock,
    options: wirelab_apps::ServerOptions,
    shutdown: Shutdown,
) -> io::Result<()> {
    wirelab_apps::run(app, OnWire(listener), clock, options, shutdown).await
}

/// Plays the scripted client of an app.
pub async fn drive(
    app: App,
    connector: &Connector,
    clock: &Clock,
    script: &Script,
    on_step: &mut dyn FnMut(&Step),
) -> Result<Vec<Step>, DriveError> {
    wirelab_driver::run(app, &|| connector.connect(), clock, script, on_step).await
}

/// The wire's listener, as the apps take it.
struct OnWire(Listener);

impl wirelab_apps::Listener for OnWire {
    type Io = Stream;

    async fn accept(&mut self) -> io::Result<(Stream, SocketAddr)> {
        self.0.accept().await
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// The server of the captures of 2021: the text is replayed, nothing is sent there.
const AUTHORITY_2021: &str = "172.105.253.239:8000";
/// Longer than any step takes on a link without faults.
const PATIENCE: Duration = Duration::from_secs(15);
/// A lost segment is sent again after ever longer pauses: TCP itself gives up after some minutes.
const PATIENCE_WITH_FAULTS: Duration = Duration::from_secs(300);
