//! `wirelab run` and `run-all`: plan in, captures and reports out.

mod info;
pub mod peers;
mod record;

use std::path::PathBuf;

use wirelab_catalog::App;
use wirelab_report::forms::PAGE;
use wirelab_report::text::{self, Colours};
use wirelab_wire::{Stop, WireKind};

use crate::annotate::Known;
use crate::failure::Failure;
use crate::folders::{Folders, Purpose, Wanted};
use crate::origin::Origin;
use crate::outputs::Outputs;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::publish::{self, Source};
use crate::{browser, interrupt, quantity, terminal, wires};
use record::Recording;

/// Does what the plan says.
pub fn run(plan: &Plan) -> Result<(), Failure> {
    // First of all, as the kernel wire is entered before any thread exists.
    let kind = wires::choose(plan.wire)?;
    let folders = hold(plan)?;

    let stop = Stop::new();
    let on_signal = stop.clone();
    interrupt::listen(move || on_signal.now())
        .map_err(|error| Failure::machine(format_args!("cannot listen for signals: {error}")))?;

    let recording = record::record(plan, kind, &stop, &announce(plan, kind))?;
    let report = publish(plan, kind, &recording, &folders)?;
    drop(folders);
    if stop.is_set() {
        // It came after the last packet, and before the files were in place: they are there now.
        terminal::say("the interruption came too late: everything is done");
    }
    terminal::print(&text::render(&report, Colours::Ansi))?;
    terminal::say(summary(plan, kind, &recording));
    terminal::say(format_args!("The same again: {}", info::command(plan, kind)));
    if plan.open {
        browser::open(plan.report_dir.join(PAGE).as_os_str());
    }
    Ok(())
}

/// Runs and publishes without a word, for captures that are kept in the project.
pub fn quietly(plan: &Plan, kind: WireKind, stop: &Stop) -> Result<(), Failure> {
    let folders = hold(plan)?;
    let recording = record::record(plan, kind, stop, &Progress::hidden())?;
    publish(plan, kind, &recording, &folders).map(drop)
}

/// Records one app on the virtual wire, and nothing else. Gives where the capture is.
pub fn capture(plan: &Plan, stop: &Stop) -> Result<PathBuf, Failure> {
    let recording = record::record(plan, WireKind::Virtual, stop, &Progress::hidden())?;
    let first = recording.captures.into_iter().next().map(|capture| capture.partial);
    first.ok_or_else(|| Failure::usage("a run of no app has no capture"))
}

/// Holds the run's folders, without what killed runs left there.
fn hold(plan: &Plan) -> Result<Folders, Failure> {
    let folders = Folders::hold(&[
        Wanted { folder: &plan.pcap_dir, flag: "--pcap-dir", purpose: Purpose::Write },
        Wanted { folder: &plan.report_dir, flag: "--report-dir", purpose: Purpose::Write },
    ])?;
    for app in App::ALL {
        record::remove_if_empty(&record::partial_path(plan, app));
    }
    Ok(folders)
}

/// Turns the partial captures into the run's files.
fn publish(
    plan: &Plan,
    kind: WireKind,
    recording: &Recording,
    folders: &Folders,
) -> Result<wirelab_report::Report, Failure> {
    let options = info::options(plan);
    let sources: Vec<Source> = recording
        .captures
        .iter()
        .map(|capture| Source {
            name: capture.app.capture_name().to_owned(),
            path: capture.partial.clone(),
            // Its digest is not known yet, and not asked for.
            origin: Origin::of(&options, &info::entry(capture, &Default::default())),
        })
        .collect();
    let mut outputs = Outputs::new(folders);
    for Source { name, path, .. } in &sources {
        outputs.stage_capture(path.clone(), plan.pcap_dir.join(format!("{name}.pcap")));
    }
    let found = publish::read(&sources, None)?;
    let run = info::info(plan, kind, recording, &found.digests());
    outputs.stage(&plan.pcap_dir.join("run.json"), run.to_json().as_bytes())?;
    if plan.annotate {
        for Source { name, path, origin } in &sources {
            let place = plan.pcap_dir.join(format!("{name}.pcapng"));
            Known::of(path, name, origin.clone(), |_| Some(run.clone()))?.stage(&place, &mut outputs)?;
        }
    }
    let report = publish::report(found, Some(run));
    publish::stage_texts(&report, &plan.pcap_dir, &mut outputs)?;
    publish::stage_report(&report, &publish::templates(None)?, &plan.report_dir, &mut outputs)?;
    outputs.commit()?;
    Ok(report)
}

/// Says what begins, and shows how far it is where there is something to wait for.
fn announce(plan: &Plan, kind: WireKind) -> Progress {
    let length = plan.interval.saturating_mul(plan.updates + 1);
    if kind == WireKind::Virtual {
        return Progress::hidden();
    }
    if !terminal::is_watched() {
        terminal::say(format_args!("running for {} on the kernel wire", quantity::show(length)));
        return Progress::hidden();
    }
    Progress::shown(length)
}

/// How long it took, and where everything is.
fn summary(plan: &Plan, kind: WireKind, recording: &Recording) -> String {
    let time = match kind {
        WireKind::Kernel => format!("{:.1} s on the kernel wire", recording.wall_time.as_secs_f64()),
        WireKind::Virtual => format!(
            "{:.1} s of the virtual wire's time in {:.0} ms",
            recording.wire_time.as_secs_f64(),
            recording.wall_time.as_secs_f64() * 1000.0
        ),
    };
    format!(
        "{time}. Captures: {}. Report: {}.",
        plan.pcap_dir.join("*.pcap").display(),
        plan.report_dir.join(PAGE).display()
    )
}
