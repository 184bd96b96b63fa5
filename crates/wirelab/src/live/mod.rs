//! `wirelab live`: an app, or a server of one's own, and its packets as they happen.

mod lab;
mod ladder;
mod visit;

use std::fs;

use wirelab_analyze::Analysis;
use wirelab_live::{Bench, Settings, Target, site};
use wirelab_report::Report;
use wirelab_report::numbers::capital;
use wirelab_report::text::{self, Colours};

use crate::failure::{Failure, reason};
use crate::flags::Live;
use crate::interrupt::Signals;
use crate::listening::{reachable, to_do, to_reach};
use crate::{browser, quantity, terminal, wires};
use lab::Lab;

/// Shows packets until Ctrl-C.
pub fn live(flags: &Live) -> Result<(), Failure> {
    let plan = lab::Plan::new(flags)?;
    // First of all, as the kernel wire is entered before any thread exists.
    let kind = wires::choose(flags.wire)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(Failure::machine)?;
    runtime.block_on(async {
        let mut signals = Signals::new().map_err(Failure::machine)?;
        let mut lab = Lab::start(plan, kind)?;
        let shown = tokio::select! {
            shown = async {
                if flags.no_page { in_the_terminal(&lab).await } else { on_pages(&lab, flags).await }
            } => shown,
            failed = lab.failed() => Err(failed),
            () = signals.next() => Ok(()),
        };
        lab.end();
        shown?;
        keep(&lab, flags)
    })
}

/// The pages of all benches, for good.
async fn on_pages(lab: &Lab, flags: &Live) -> Result<(), Failure> {
    let Some((site, listener)) = lab.site(lab.benches().iter().map(|bench| sentence(bench)).collect())? else {
        return Ok(());
    };
    let address = listener.local_addr().map_err(Failure::machine)?;
    let listener = tokio::net::TcpListener::from_std(listener).map_err(Failure::machine)?;
    terminal::say(format_args!(
        "the packets are those of the lab's {} wire; Ctrl-C ends it{}",
        lab.wire(),
        if address.ip().is_loopback() { "" } else { "; other machines can reach it too" }
    ));
    let url = format!("http://{}/", reachable(address));
    terminal::print(&format!("{url}\n"))?;
    if flags.open {
        browser::open(url.as_ref());
    }
    site::serve(site, listener, std::future::pending())
        .await
        .map_err(|error| Failure::failed(format_args!("the pages cannot be served: {error}")))
}

/// The ladder of the one bench, for good.
async fn in_the_terminal(lab: &Lab) -> Result<(), Failure> {
    let Some(bench) = lab.benches().first() else { return Ok(()) };
    terminal::say(format_args!("{}; {}", hint(bench), link(bench, lab)));
    let address = match &bench.target {
        Target::App(app) => to_reach(*app, bench.address),
        Target::Server(_) => reachable(bench.address).to_string(),
    };
    terminal::print(&format!("{address}\n"))?;
    ladder::grow(bench).await
}

/// What a person does with it.
fn hint(bench: &Bench) -> String {
    match &bench.target {
        Target::App(app) => {
            let Settings { interval, .. } = *bench.settings.borrow();
            format!("{}: {}", app.title(), to_do(*app, interval, Settings::poll_every(interval)))
        }
        Target::Server(to) => format!("open this address instead of {to}"),
    }
}

/// The same as a sentence on a page.
fn sentence(bench: &Bench) -> String {
    match &bench.target {
        Target::App(app) => {
            let Settings { interval, .. } = *bench.settings.borrow();
            format!("{}.", capital(&to_do(*app, interval, Settings::poll_every(interval)).replace('`', "")))
        }
        Target::Server(to) => format!("What is said to it is carried to {to} and back."),
    }
}

/// What it is carried over.
fn link(bench: &Bench, lab: &Lab) -> String {
    let rtt = quantity::show(bench.settings.borrow().quality.rtt);
    let reach = if bench.address.ip().is_loopback() { "" } else { "; other machines can reach it too" };
    format!("the packets are those of the lab's {} wire, {rtt} there and back{reach}; Ctrl-C ends it", lab.wire())
}

/// What is said, and kept, of the captures so far at the end.
fn keep(lab: &Lab, flags: &Live) -> Result<(), Failure> {
    let recorded: Vec<_> =
        lab.benches().iter().map(|bench| (&**bench, bench.recording.found(bench.target.capture_name()))).collect();
    let recorded: Vec<_> = recorded.into_iter().filter(|(_, capture)| capture.frames > 0).collect();
    if recorded.is_empty() {
        return Ok(());
    }
    let places = match &flags.pcap_dir {
        None => Vec::new(),
        Some(folder) => {
            fs::create_dir_all(folder).map_err(|error| {
                Failure::failed(format_args!("cannot make {}: {}", folder.display(), reason(&error)))
            })?;
            let write = |(bench, capture): &(&Bench, wirelab_analyze::Capture)| {
                let place = folder.join(format!("{}.pcap", capture.name));
                let file = bench.recording.file().map_err(Failure::failed)?;
                fs::write(&place, file).map_err(|error| {
                    Failure::failed(format_args!("cannot write {}: {}", place.display(), reason(&error)))
                })?;
                Ok(place.display().to_string())
            };
            recorded.iter().map(write).collect::<Result<_, Failure>>()?
        }
    };
    let lacks = recorded.iter().map(|(bench, _)| bench.recording.lacks()).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
    let report =
        Report::new(Analysis::new(recorded.into_iter().map(|(_, capture)| capture).collect()), None, Vec::new());
    terminal::print(&text::render(&report, Colours::Ansi))?;
    match lacks {
        (0, 0) => {}
        (cut, left_out) => terminal::say(format_args!(
            "of {cut} packets of large transfers the headers were kept, and {left_out} packets found no room in the capture; all were counted"
        )),
    }
    match places.as_slice() {
        [] => terminal::say("the packets were not kept; --pcap-dir FOLDER keeps them"),
        places => terminal::say(format_args!("the capture is in {}", places.join(", "))),
    }
    Ok(())
}
