//! Which benches are there, and what keeps them running?

use std::cell::RefCell;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use wirelab_catalog::App;
use wirelab_live::bench::{self, Ending};
use wirelab_live::recording::Limits;
use wirelab_live::{Bench, Settings, Target, site};
use wirelab_wire::{Error, Quality, Stop, WireKind, WireOptions};

use super::visit;
use crate::failure::Failure;
use crate::flags::Live;
use crate::listening::listen;
use crate::plan::{LONGEST_INTERVAL, SHORTEST_INTERVAL, drawn_seed, long_enough, within};
use crate::run::peers;
use crate::{descriptors, terminal};

/// What shall be live.
pub struct Plan {
    targets: Vec<Target>,
    /// Of the pages, or of the one bench where there are none.
    address: SocketAddr,
    pages: bool,
    show_secrets: bool,
    rewrite_host: bool,
    settings: Settings,
    allowed: Vec<wirelab_apps::AllowedHost>,
}

impl Plan {
    /// Judges the flags.
    pub fn new(flags: &Live) -> Result<Plan, Failure> {
        within("--interval", flags.interval, SHORTEST_INTERVAL, LONGEST_INTERVAL)?;
        let quality = Quality { rtt: flags.rtt, loss: flags.loss };
        if let Some(fault) = (WireOptions { rtt: quality.rtt, loss: quality.loss, ..WireOptions::default() }).fault() {
            return Err(Failure::usage(fault));
        }
        let targets: Vec<Target> = match &flags.to {
            Some(to) => vec![Target::Server(server(to)?)],
            None if flags.apps.is_empty() => App::ALL.into_iter().map(Target::App).collect(),
            None => {
                let mut apps = flags.apps.clone();
                apps.sort_unstable();
                apps.dedup();
                apps.into_iter().map(Target::App).collect()
            }
        };
        for target in &targets {
            if let Target::App(app) = target {
                long_enough(*app, flags.interval)?;
            }
        }
        if flags.no_page && targets.len() != 1 {
            return Err(Failure::usage("a terminal shows the packets of one app: say which, as in wirelab live ws"));
        }
        Ok(Plan {
            targets,
            address: SocketAddr::new(flags.bind, flags.port),
            pages: !flags.no_page,
            show_secrets: flags.show_secrets,
            rewrite_host: flags.rewrite_host,
            settings: Settings { quality, style: peers::style(flags.server), interval: flags.interval },
            allowed: flags.allowed_hosts.clone(),
        })
    }
}

/// `HOST:PORT`, or what is left of an address that was copied from a browser.
fn server(text: &str) -> Result<String, Failure> {
    let wrong = || {
        Failure::usage(format_args!(
            "--to wants the host and the port of a server, as in --to 127.0.0.1:3000; \"{text}\" is not that"
        ))
    };
    if text.starts_with("https://") {
        return Err(Failure::usage(
            "--to carries bytes as they are, and a browser would not take the certificate of another name for the lab's: \
             give HOST:443, and ask it with a program that can be told which name to expect (curl --connect-to)",
        ));
    }
    let plain = text.strip_prefix("http://").map_or(text, |rest| rest.trim_end_matches('/'));
    let (host, port) = plain.rsplit_once(':').ok_or_else(wrong)?;
    let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
    let is_host = !host.is_empty() && !host.contains(['/', ' ', '@']) && (!host.contains(':') || host.starts_with('['));
    if is_port && is_host { Ok(plain.to_owned()) } else { Err(wrong()) }
}

/// Benches that run.
pub struct Lab {
    benches: Vec<Arc<Bench>>,
    endings: RefCell<Vec<Ending>>,
    stop: Stop,
    wire: WireKind,
    /// Where the pages are, where there are any.
    pages: Option<TcpListener>,
    allowed: Vec<wirelab_apps::AllowedHost>,
}

impl Lab {
    /// Starts all of them.
    pub fn start(plan: Plan, wire: WireKind) -> Result<Lab, Failure> {
        let mut lab = Lab {
            benches: Vec::new(),
            endings: RefCell::default(),
            stop: Stop::new(),
            wire,
            pages: None,
            allowed: plan.allowed.clone(),
        };
        let connections = places();
        if plan.pages {
            lab.pages = Some(listen(plan.address)?);
        }
        for (target, number) in plan.targets.into_iter().zip(1..) {
            let listener = if plan.pages { listen_beside(plan.address, number)? } else { listen(plan.address)? };
            let plan = bench::Plan {
                listener,
                target,
                wire,
                settings: plan.settings,
                allowed: plan.allowed.clone(),
                rewrite_host: plan.rewrite_host,
                connections,
                limits: Limits { secrets: plan.show_secrets, ..Limits::default() },
                seed: drawn_seed(),
            };
            let (bench, ending) = Bench::start(plan, &Handle::current(), lab.stop.clone()).map_err(Failure::machine)?;
            lab.benches.push(Arc::new(bench));
            lab.endings.get_mut().push(ending);
        }
        Ok(lab)
    }

    /// All of them.
    pub fn benches(&self) -> &[Arc<Bench>] {
        &self.benches
    }

    /// What the pages show, and where they are; `None` where there are none.
    pub fn site(&self, hints: Vec<String>) -> Result<Option<(site::Lab, TcpListener)>, Failure> {
        let Some(listener) = &self.pages else { return Ok(None) };
        let site = site::Lab {
            benches: self.benches.clone(),
            wire: self.wire,
            allowed: self.allowed.clone(),
            hints,
            visit: visit::of(&self.benches),
        };
        Ok(Some((site, listener.try_clone().map_err(Failure::machine)?)))
    }

    /// Which wire they have.
    pub fn wire(&self) -> &'static str {
        match self.wire {
            WireKind::Kernel => "kernel",
            WireKind::Virtual => "virtual",
        }
    }

    /// Resolves when one of them has failed.
    pub async fn failed(&self) -> Failure {
        loop {
            tokio::time::sleep(LOOK_AGAIN).await;
            let mut endings = self.endings.borrow_mut();
            let Some(at) = endings.iter().position(Ending::is_finished) else { continue };
            return match endings.swap_remove(at).join() {
                Ok(Err(error @ (Error::Refused(_) | Error::Setup { .. }))) => Failure::machine(error),
                Ok(Err(error)) => Failure::failed(error),
                Ok(Ok(_)) => Failure::failed("the wire ended by itself"),
                Err(panic) => std::panic::resume_unwind(panic),
            };
        }
    }

    /// Ends all of them. What was recorded stays.
    pub fn end(&mut self) {
        self.stop.now();
        for ending in self.endings.get_mut().drain(..) {
            match ending.join() {
                Ok(Err(Error::Interrupted) | Ok(_)) => {}
                Ok(Err(error)) => tracing::warn!("{error}"),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    }
}

/// A port behind that of the pages, or any other where that is taken: nobody has to type it.
fn listen_beside(pages: SocketAddr, number: u16) -> Result<TcpListener, Failure> {
    let wanted = if pages.port() == 0 { 0 } else { pages.port().checked_add(number).unwrap_or(0) };
    listen(SocketAddr::new(pages.ip(), wanted)).or_else(|_| listen(SocketAddr::new(pages.ip(), 0)))
}

/// For how many connections of each bench there are file descriptors: one carried to a real server takes four.
fn places() -> usize {
    let mut limits = wirelab_apps::Limits { clients: MOST_CONNECTIONS * 4, ..wirelab_apps::Limits::default() };
    if let Some(open_files) = descriptors::fit(&mut limits) {
        let connections = limits.clients / 4;
        terminal::say(format_args!(
            "connections at a time: {connections}, as {open_files} files may be open; ulimit -n raises that"
        ));
    }
    limits.clients / 4
}

/// Connections that are carried at a time.
const MOST_CONNECTIONS: usize = 4000;
const LOOK_AGAIN: Duration = Duration::from_millis(200);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_a_host_and_a_port() {
        for (text, expected) in [
            ("127.0.0.1:3000", Some("127.0.0.1:3000")),
            ("localhost:80", Some("localhost:80")),
            ("[::1]:3000", Some("[::1]:3000")),
            ("http://localhost:3000/", Some("localhost:3000")),
            ("localhost", None),
            ("localhost:0", None),
            ("localhost:http", None),
            (":3000", None),
            ("::1:3000", None),
            ("http://localhost:3000/path", None),
            ("https://localhost:3000", None),
        ] {
            assert_eq!(server(text).ok().as_deref(), expected, "{text}");
        }
    }
}
