//! `wirelab serve`: one app for a person with a browser or netcat.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use wirelab_catalog::App;
use wirelab_clock::Clock;

use crate::failure::{Failure, Status};
use crate::flags::Serve;
use crate::interrupt::Signals;
use crate::listening::{listen, to_do, to_reach};
use crate::plan::{
    LONGEST_INTERVAL, SHORTEST_HOLD, SHORTEST_INTERVAL, heartbeat_within, long_enough, poll_every, within,
};
use crate::run::peers;
use crate::{descriptors, terminal};

/// Serves until Ctrl-C.
pub fn serve(flags: Serve) -> Result<(), Failure> {
    within("--interval", flags.interval, SHORTEST_INTERVAL, LONGEST_INTERVAL)?;
    let app = flags.app;
    long_enough(app, flags.interval)?;
    heartbeat_within(flags.heartbeat)?;
    within("--hold", flags.hold, SHORTEST_HOLD, LONGEST_INTERVAL)?;
    let poll_every = poll_every(flags.poll_every, flags.interval)?;
    let listener = listen(SocketAddr::new(flags.bind, flags.port))?;
    let address = listener.local_addr().map_err(Failure::machine)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::machine)?;
    let mut limits = wirelab_apps::Limits::default();
    if let Some(open_files) = descriptors::fit(&mut limits) {
        terminal::say(format_args!(
            "places for clients: {}, as {open_files} files may be open; ulimit -n raises that",
            limits.clients
        ));
    }
    let options = wirelab_apps::ServerOptions {
        limits,
        interval: flags.interval,
        poll_every,
        conditional: flags.conditional,
        heartbeat: flags.heartbeat,
        style: peers::style(flags.server),
        allowed_hosts: flags.allowed_hosts,
        timeouts: wirelab_apps::Timeouts { hold: flags.hold, ..wirelab_apps::Timeouts::default() },
        ..wirelab_apps::ServerOptions::default()
    };
    runtime.block_on(async move {
        let mut signals = Signals::new().map_err(Failure::machine)?;
        let listener = tokio::net::TcpListener::from_std(listener).map_err(Failure::machine)?;
        let url = to_reach(app, address);
        terminal::say(hint(app, flags.interval, poll_every, flags.bind));
        terminal::say(format_args!("wirelab live {app} shows its packets, too"));
        terminal::print(&format!("{url}\n"))?;
        let shutdown = async move {
            signals.next().await;
            terminal::say("closing; Ctrl-C again ends at once");
            tokio::spawn(async move {
                signals.next().await;
                std::process::exit(Status::Interrupted as i32);
            });
        };
        let served = wirelab_apps::run(app, listener, Clock::local(), options, shutdown).await;
        served.map_err(|error| Failure::failed(format_args!("the server failed: {error}")))
    })
}

/// What to do with it.
fn hint(app: App, interval: Duration, poll_every: Duration, bind: IpAddr) -> String {
    let how = to_do(app, interval, poll_every);
    let reach = if bind.is_loopback() { "" } else { "; other machines can reach it too" };
    format!("{}: {how}{reach}; Ctrl-C ends it", app.title())
}

#[cfg(test)]
mod tests {
    use wirelab_apps::{Limits, Timeouts};

    #[test]
    fn the_help_names_the_limits_as_they_are() {
        let (limits, timeouts) = (Limits::default(), Timeouts::default());
        for named in [
            format!("{} clients at once", limits.clients),
            format!("closed after {} s", timeouts.first.as_secs()),
            format!("idle one after {} minutes", timeouts.idle.as_secs() / 60),
            format!("take {} s and {} KiB", timeouts.head.as_secs(), limits.head / 1024),
            format!("a line {} bytes, a message {} bytes", limits.line, limits.message),
            format!("cut after {} s", timeouts.stall.as_secs()),
        ] {
            assert!(crate::flags::SERVE_HELP.contains(&named), "{named}");
        }
    }
}
