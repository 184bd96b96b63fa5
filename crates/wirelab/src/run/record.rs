//! All apps at the same time, each on its own wire in its own thread, every frame into a capture.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use indicatif::ProgressBar;
use jiff::Timestamp;
use wirelab_capture::{LinkType, Writer};
use wirelab_catalog::App;
use wirelab_clock::Clock;
use wirelab_driver::{DriveError, Step};
use wirelab_wire::{Connector, Error, Facts, Outcome, Stop, WireKind, kernel, virtual_wire};

use super::peers;
use crate::failure::{Failure, reason};
use crate::plan::Plan;
use crate::progress::Progress;

/// What was recorded of a run.
pub struct Recording {
    /// One entry an app, in the order of the tables.
    pub captures: Vec<Recorded>,
    /// When it began on the wire's clock.
    pub started: Timestamp,
    /// How long it took on the wire's clock.
    pub wire_time: Duration,
    /// How long it took on the wall's.
    pub wall_time: Duration,
}

/// One app's capture.
pub struct Recorded {
    /// The app.
    pub app: App,
    /// Where its frames are for now.
    pub partial: PathBuf,
    /// When it began on its wire's clock.
    pub started: Timestamp,
    /// What its client did; of several clients, the first one.
    pub steps: Vec<Step>,
    /// What its wire was made of.
    pub facts: Facts,
}

/// What a client brings home.
struct Played {
    started: Timestamp,
    took: Duration,
    steps: Result<Vec<Step>, DriveError>,
}

/// Runs every app of the plan and records it.
///
/// The first failure ends all: whatever was recorded until then stays in the partial captures, and the failure says so.
pub fn record(plan: &Plan, kind: WireKind, stop: &Stop, progress: &Progress) -> Result<Recording, Failure> {
    let begun = Instant::now();
    let mut writers = Vec::new();
    for &app in &plan.apps {
        let partial = partial_path(plan, app);
        let cannot_write = |why: String| Failure::failed(format_args!("cannot write {}: {why}", partial.display()));
        let file = File::create(&partial).map_err(|error| cannot_write(reason(&error)))?;
        let writer =
            Writer::create(file, LinkType::ETHERNET, SNAP_LENGTH).map_err(|error| cannot_write(error.to_string()))?;
        writers.push((app, partial, writer));
    }
    let steps = u64::from(plan.updates) + 2;
    let results: Vec<(App, PathBuf, Result<Outcome<Played>, Error>)> = thread::scope(|scope| {
        let ticking = scope.spawn(|| progress.keep_ticking());
        let running: Vec<_> = writers
            .into_iter()
            .map(|(app, partial, writer)| {
                let bar = progress.app(app.title(), steps);
                (app, partial, scope.spawn(move || run_app(app, plan, kind, stop, writer, bar)))
            })
            .collect();
        let results = running
            .into_iter()
            .map(|(app, partial, thread)| {
                // A panic in one of our threads is a bug, and goes on as one.
                let result = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                (app, partial, result)
            })
            .collect();
        progress.finish();
        ticking.thread().unpark();
        results
    });
    let wall_time = begun.elapsed();

    let mut captures = Vec::new();
    let mut started = Timestamp::MAX;
    let mut wire_time = Duration::ZERO;
    let mut failures = Vec::new();
    let mut partials = Vec::new();
    for (app, partial, result) in results {
        partials.push(partial.clone());
        match result {
            Ok(Outcome { client: Played { started: at, took, steps: Ok(steps) }, facts }) => {
                started = started.min(at);
                wire_time = wire_time.max(took);
                captures.push(Recorded { app, partial, started: at, steps, facts });
            }
            Ok(Outcome { client: Played { steps: Err(error), .. }, .. }) => {
                failures.push(Failure::failed(format_args!("{}: {error}", app.capture_name())));
            }
            Err(Error::Interrupted) => {
                failures.push(Failure::interrupted("interrupted"));
            }
            Err(error @ Error::Refused(_)) => failures.push(Failure::machine(error)),
            Err(error @ Error::Options(_)) => failures.push(Failure::usage(error)),
            Err(error @ Error::Setup { .. }) => {
                failures.push(Failure::machine(format_args!("{}: {error}", app.capture_name())));
            }
            Err(error) => failures.push(Failure::failed(format_args!("{}: {error}", app.capture_name()))),
        }
    }
    // Of an interruption and what caused it, the cause.
    failures.sort_by_key(|failure| failure.status() == crate::failure::Status::Interrupted);
    match failures.into_iter().next() {
        None => Ok(Recording { captures, started, wire_time, wall_time }),
        Some(failure) => Err(failure.and(&kept(plan, partials))),
    }
}

fn run_app(
    app: App,
    plan: &Plan,
    kind: WireKind,
    stop: &Stop,
    mut writer: Writer<File>,
    bar: ProgressBar,
) -> Result<Outcome<Played>, Error> {
    let recorder =
        move |time_ns: u64, frame: &[u8]| writer.write(time_ns, frame.len() as u32, frame).map_err(io::Error::other);
    let (options, link) = (peers::options(plan), peers::link(app, plan));
    let server = move |listener, clock, shutdown| peers::serve_on_wire(app, listener, clock, options, shutdown);
    let client = {
        let plan = plan.clone();
        move |connectors: Vec<Connector>, clock: Clock| async move {
            let started = clock.started();
            let steps = drive_all(app, &plan, &connectors, &clock, &bar).await;
            Played { started, took: clock.elapsed(), steps }
        }
    };
    let result = match kind {
        WireKind::Kernel => kernel::run(&link, stop.clone(), recorder, server, client),
        WireKind::Virtual => virtual_wire::run(&link, stop.clone(), recorder, server, client),
    };
    if result.as_ref().map_or(true, |outcome| outcome.client.steps.is_err()) {
        // The others cannot make the run whole again.
        stop.now();
    }
    result
}

/// All clients of one app at once; the steps of the first, or the first error.
async fn drive_all(
    app: App,
    plan: &Plan,
    connectors: &[Connector],
    clock: &Clock,
    bar: &ProgressBar,
) -> Result<Vec<Step>, DriveError> {
    let clients = connectors.iter().zip(0..).map(|(connector, number)| async move {
        let script = peers::script(app, plan, number);
        let mut actions = script.timeline.actions().skip(1);
        let mut on_step = |_: &Step| {
            if number == 0 {
                bar.inc(1);
                bar.set_message(actions.next().map_or("done".to_owned(), |next| next.to_string()));
            }
        };
        peers::drive(app, connector, clock, &script, &mut on_step).await
    });
    let mut all = join_all(clients).await.into_iter();
    let first = all.next().unwrap_or(Ok(Vec::new()));
    for other in all {
        other?;
    }
    first
}

/// Where the capture of an app is while it grows.
pub fn partial_path(plan: &Plan, app: App) -> PathBuf {
    plan.pcap_dir.join(format!("{}.partial.pcap", app.capture_name()))
}

/// Removes a partial capture without a frame; gives whether that was one.
pub fn remove_if_empty(partial: &Path) -> bool {
    let empty = fs::metadata(partial).is_ok_and(|file| file.is_file() && file.len() <= FILE_HEADER);
    // One that cannot be removed does no harm.
    empty && fs::remove_file(partial).is_ok()
}

/// Which partial captures there are to keep; those without a frame are removed.
fn kept(plan: &Plan, partials: Vec<PathBuf>) -> String {
    let kept = partials.into_iter().filter(|partial| !remove_if_empty(partial)).count();
    match kept {
        0 => String::new(),
        _ => format!("; what was captured until then is in {}", plan.pcap_dir.join("*.partial.pcap").display()),
    }
}

/// Longer than any frame of the link.
const SNAP_LENGTH: u32 = 65_535;
/// The length of a pcap file without a frame.
const FILE_HEADER: u64 = 24;
