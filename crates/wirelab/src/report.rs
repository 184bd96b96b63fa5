//! `wirelab report`: the report again, from saved captures, or of two runs side by side.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use wirelab_catalog::App;
use wirelab_report::forms::PAGE;
use wirelab_report::text::Colours;
use wirelab_report::{CaptureInfo, Report, RunInfo, compare, text};

use crate::failure::{Failure, Status, reason};
use crate::flags;
use crate::folders::{Folders, Purpose, Wanted};
use crate::origin::Origin;
use crate::outputs::Outputs;
use crate::publish::{self, Source};
use crate::{browser, chosen_update, terminal};

/// Makes the report again, of other captures, or of two runs beside each other.
pub fn report(flags: &flags::Report) -> Result<(), Failure> {
    match flags.sources.as_slice() {
        [] => of_one(flags, &flags.pcap_dir),
        [one] if one.is_dir() => of_one(flags, one),
        [one, other] if one.is_dir() && other.is_dir() => compare(flags, one, other),
        files => match files.iter().find(|file| file.is_dir()) {
            Some(folder) => Err(Failure::usage(format_args!(
                "{} is a folder: give captures, or one folder of a run, or two to compare",
                folder.display()
            ))),
            None => {
                let folders = hold(flags, &[])?;
                single(flags, of_files(flags, files)?, folders)
            }
        },
    }
}

/// The report of a folder of a run.
fn of_one(flags: &flags::Report, folder: &Path) -> Result<(), Failure> {
    let folders = hold(flags, &[folder])?;
    single(flags, of_folder(flags, folder)?, folders)
}

/// Holds the report's folder, and those that are read: no run shall replace half of their captures meanwhile.
fn hold(flags: &flags::Report, read: &[&Path]) -> Result<Folders, Failure> {
    let flag = "--report-dir";
    let mut wanted = vec![Wanted { folder: &flags.report_dir, flag, purpose: Purpose::Write }];
    wanted.extend(read.iter().map(|folder| Wanted { folder, flag, purpose: Purpose::Read }));
    Folders::hold(&wanted)
}

/// Writes one report.
fn single(flags: &flags::Report, read: Read, folders: Folders) -> Result<(), Failure> {
    let templates = publish::templates(flags.templates.as_deref())?;
    let mut outputs = Outputs::new(&folders);
    publish::stage_report(&read.report, &templates, &flags.report_dir, &mut outputs)?;
    outputs.commit()?;
    drop(folders);
    terminal::print(&text::render(&read.report, Colours::Ansi))?;
    finish(flags, PAGE, read.sound)
}

/// Writes what two runs have in common and what not.
fn compare(flags: &flags::Report, one: &Path, other: &Path) -> Result<(), Failure> {
    let folders = hold(flags, &[one, other])?;
    let (left, right) = (of_folder(flags, one)?, of_folder(flags, other)?);
    let name = |folder: &Path| folder.display().to_string();
    let comparison = left.report.compare(&name(one), &right.report, &name(other));
    let templates = publish::templates(flags.templates.as_deref())?;
    let mut outputs = Outputs::new(&folders);
    for file in compare::FILES {
        let content = (file.render)(&comparison, &templates).map_err(Failure::failed)?;
        outputs.stage(&flags.report_dir.join(file.name), content.as_bytes())?;
    }
    outputs.commit()?;
    drop(folders);
    terminal::print(&compare::text(&comparison, Colours::Ansi))?;
    finish(flags, compare::PAGE, left.sound && right.sound)
}

/// Says where the page is, and opens it where that was asked for.
fn finish(flags: &flags::Report, page: &str, sound: bool) -> Result<(), Failure> {
    let page = flags.report_dir.join(page);
    terminal::say(format_args!("Report: {}", page.display()));
    if flags.open {
        browser::open(page.as_os_str());
    }
    if sound { Ok(()) } else { Err(Failure::already_said(Status::Failed)) }
}

/// A report that was worked out, and whether nothing was wrong with its captures.
struct Read {
    report: Report,
    sound: bool,
}

/// The report of a run's folder.
fn of_folder(flags: &flags::Report, folder: &Path) -> Result<Read, Failure> {
    let run = run_info(folder)?;
    let sources = match &run {
        Some(run) => described(run, folder),
        None => all_captures(folder)?,
    };
    if sources.is_empty() {
        return Err(Failure::failed(format_args!(
            "there are no captures in {}; make some with `wirelab run-all`, or name another folder",
            folder.display()
        )));
    }
    of_sources(flags, &sources, run)
}

/// The report of any captures.
fn of_files(flags: &flags::Report, files: &[PathBuf]) -> Result<Read, Failure> {
    let source = |file: &PathBuf| Source {
        name: file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        path: file.clone(),
        origin: Origin::beside(file),
    };
    of_sources(flags, &files.iter().map(source).collect::<Vec<_>>(), None)
}

fn of_sources(flags: &flags::Report, sources: &[Source], run: Option<RunInfo>) -> Result<Read, Failure> {
    let found = publish::read(sources, flags.update.as_deref())?;
    chosen_update::check(&found.analysis.captures, flags.update.as_deref())?;
    let run = run.filter(|run| is_of_these(run, &found.digests()));
    let mut sound = true;
    for (capture, source) in found.analysis.captures.iter().zip(sources) {
        for problem in &capture.problems {
            sound &= problem.is_of_a_peer();
            terminal::say(format_args!("wirelab: {}: {problem}", source.path.display()));
        }
    }
    Ok(Read { report: publish::report(found, run), sound })
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
    let source = |capture: &CaptureInfo| {
        let path = folder.join(&capture.file);
        Source { name: capture.name.clone(), origin: Origin::beside(&path), path }
    };
    run.captures.iter().map(source).collect()
}

/// Every finished capture of a folder: those of the apps first, in the order of the tables.
fn all_captures(folder: &Path) -> Result<Vec<Source>, Failure> {
    let unreadable = |error: io::Error| {
        Failure::failed(format_args!("cannot read the folder {}: {}; name another", folder.display(), reason(&error)))
    };
    let mut sources = Vec::new();
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(sources),
        entries => entries.map_err(unreadable)?,
    };
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if let Some(name) = file.strip_suffix(".pcap").or(file.strip_suffix(".pcapng"))
            && !name.ends_with(".partial")
        {
            sources.push(Source { name: name.to_owned(), origin: Origin::default(), path });
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
