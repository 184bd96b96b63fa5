//! `wirelab report`: the report again, from saved captures.

use std::fs;
use std::io;
use std::path::Path;

use wirelab_analyze::App;
use wirelab_report::{RunInfo, text};

use crate::failure::{Failure, Status};
use crate::flags;
use crate::outputs::{self, Outputs, reason};
use crate::publish::{self, Source};
use crate::{browser, reading, terminal};

/// Makes the report from the captures of a folder.
pub fn report(flags: &flags::Report) -> Result<(), Failure> {
    let run = run_info(&flags.pcap_dir)?;
    let sources = match &run {
        Some(run) => described(run, &flags.pcap_dir),
        None => all_captures(&flags.pcap_dir)?,
    };
    if sources.is_empty() {
        return Err(Failure::failed(format_args!(
            "there are no captures in {}; make some with `wirelab run-all`, or name their folder with --pcap-dir",
            flags.pcap_dir.display()
        )));
    }
    outputs::check_folder(&flags.report_dir, "--report-dir")?;
    let found = publish::read(&sources)?;
    let run = run.filter(|run| is_of_these(run, &found.digests()));
    let mut sound = true;
    for (capture, source) in found.analysis.captures.iter().zip(&sources) {
        for problem in &capture.problems {
            sound = false;
            let sentence = reading::sentence(&source.path.display().to_string(), problem);
            terminal::say(format_args!("wirelab: {sentence}"));
        }
    }
    let report = publish::report(found, run);
    let mut outputs = Outputs::default();
    publish::stage_report(&report, &flags.report_dir, &mut outputs)?;
    outputs.commit()?;
    terminal::print(&text::render(&report, true))?;
    let page = flags.report_dir.join("index.html");
    terminal::say(format_args!("Report: {}", page.display()));
    if flags.open {
        browser::open(&page);
    }
    if sound { Ok(()) } else { Err(Failure::already_said(Status::Failed)) }
}

/// How the captures were made, where the folder says so.
fn run_info(folder: &Path) -> Result<Option<RunInfo>, Failure> {
    let path = folder.join("run.json");
    match fs::read_to_string(&path) {
        Ok(text) => RunInfo::from_json(&text)
            .map(Some)
            .map_err(|error| Failure::failed(format_args!("{} cannot be understood: {error}", path.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::failed(format_args!("cannot read {}: {}", path.display(), reason(&error)))),
    }
}

/// The captures of the last run: others in the folder are older, and were made in another way.
fn described(run: &RunInfo, folder: &Path) -> Vec<Source> {
    run.captures.iter().map(|capture| Source { name: capture.name.clone(), path: folder.join(&capture.file) }).collect()
}

/// Every finished capture of a folder: those of the apps first, in the order of the tables.
fn all_captures(folder: &Path) -> Result<Vec<Source>, Failure> {
    let unreadable = |error: io::Error| {
        Failure::failed(format_args!(
            "cannot read the folder {}: {}; name another with --pcap-dir",
            folder.display(),
            reason(&error)
        ))
    };
    let mut sources = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(name) = file.strip_suffix(".pcap").or(file.strip_suffix(".pcapng"))
            && !name.ends_with(".partial")
        {
            sources.push(Source { name: name.to_owned(), path });
        }
    }
    let place = |name: &str| App::ALL.iter().position(|app| app.capture_name() == name).unwrap_or(App::ALL.len());
    sources.sort_by(|a, b| (place(&a.name), &a.name).cmp(&(place(&b.name), &b.name)));
    Ok(sources)
}

/// Whether the captures are still those that the run made.
fn is_of_these(run: &RunInfo, digests: &[(String, u64)]) -> bool {
    let changed: Vec<&str> = run
        .captures
        .iter()
        .zip(digests)
        .filter(|(capture, (sha256, _))| capture.sha256 != *sha256)
        .map(|(capture, _)| capture.file.as_str())
        .collect();
    if !changed.is_empty() {
        terminal::say(format_args!(
            "run.json describes other captures than {}: the report leaves out how they were made",
            changed.join(", ")
        ));
    }
    changed.is_empty()
}
