//! `wirelab analyze`: what did other people's packets cost?

use std::io::{self, BufWriter, Write};
use std::path::Path;

use wirelab_analyze::{Analysis, Capture, FindingId, Problem, Settings};
use wirelab_report::forms::{Print, Printed};
use wirelab_report::found::{self, Detail};
use wirelab_report::text::Colours;
use wirelab_report::{Remarks, Report, Templates};

use crate::failure::{Failure, Status};
use crate::flags::Analyze;
use crate::{chosen_update, interrupt, reading, terminal};

/// Analyses the files and prints the tables; what could not be read is said on standard error.
pub fn analyze(flags: Analyze) -> Result<(), Failure> {
    if flags.files.iter().filter(|file| is_standard_input(file)).count() > 1 {
        return Err(Failure::usage("'-' is standard input, which can be read only once"));
    }
    if flags.files.iter().any(|file| is_standard_input(file)) {
        // Ctrl-C reaches the recorder in front of the pipe too: it ends, and then there is something to report.
        let listening = interrupt::listen(|| terminal::say("ending with the input; Ctrl-C again ends at once"));
        listening.map_err(|error| Failure::machine(format_args!("cannot listen for signals: {error}")))?;
    }
    let mut sound = true;
    let (mut captures, mut files) = (Vec::new(), Vec::new());
    for file in &flags.files {
        match reading::read(file, Settings { limit: flags.limit, update: flags.update.clone(), ..Settings::default() })
        {
            Ok(capture) => {
                sound &= say_problems(file, &capture);
                captures.push(capture);
                files.push(file.as_path());
            }
            Err(sentence) => {
                terminal::say(format_args!("wirelab: {sentence}"));
                sound = false;
            }
        }
    }
    if !captures.is_empty() {
        chosen_update::check(&captures, flags.update.as_deref())?;
        let unwanted = say_unwanted(&files, &captures, &flags.fail_on);
        print(Analysis::new(captures), &flags)?;
        sound &= !unwanted;
    }
    if sound { Ok(()) } else { Err(Failure::already_said(Status::Failed)) }
}

fn print(analysis: Analysis, flags: &Analyze) -> Result<(), Failure> {
    let form = &flags.format;
    if flags.findings || flags.explain {
        let detail = if flags.explain { Detail::Full } else { Detail::Short };
        let written = terminal::print(&found::all(&analysis, detail, Colours::Ansi));
        leave(analysis);
        return written;
    }
    if let Some(Printed { how: Print::Written(write), .. }) = form.printed {
        let mut out = BufWriter::with_capacity(WRITTEN_AT_ONCE, io::stdout().lock());
        let written = write(&analysis, &mut out);
        leave(analysis);
        return terminal::written(written.and_then(|()| out.flush()));
    }
    let report = Report::new(analysis, None, Vec::new());
    let templates = Templates::embedded().map_err(Failure::failed)?;
    let written = terminal::print_by(|out| (form.render)(&report, &templates, out));
    leave(report);
    written
}

/// Says which findings are there that nobody wanted; gives whether there are any.
fn say_unwanted(files: &[&Path], captures: &[Capture], unwanted: &[FindingId]) -> bool {
    let mut any = false;
    for (file, capture) in files.iter().zip(captures) {
        for finding in capture.findings.iter().filter(|finding| unwanted.contains(&finding.id)) {
            let (file, text) = (called(file), found::sentence(finding));
            terminal::say(format_args!("wirelab: {file}: {}: {text}", finding.id));
            any = true;
        }
    }
    any
}

/// Leaves a result as it is: the program ends next, and the system takes back all of its memory at once, sooner than a
/// hundred thousand rows can be given back one by one.
fn leave<T>(result: T) {
    std::mem::forget(result);
}

/// Says what is wrong with a capture; gives whether all of its packets could be read.
///
/// A peer that breaks the rules of HTTP, or a network without TCP, is a finding about the traffic, not a failure to read it.
fn say_problems(file: &Path, capture: &Capture) -> bool {
    let file = called(file);
    for problem in Remarks::of(capture).problems {
        terminal::say(format_args!("wirelab: {file}: {problem}"));
    }
    if capture.totals.total_packets == 0 && capture.problems.is_empty() {
        let noun = if capture.frames == 1 { "frame" } else { "frames" };
        terminal::say(format_args!(
            "wirelab: {file}: there is no TCP in its {} {noun}, so there is nothing to count",
            capture.frames
        ));
    }
    capture.problems.iter().all(Problem::is_of_a_peer)
}

/// What a person knows a file as.
fn called(file: &Path) -> String {
    if is_standard_input(file) { "standard input".to_owned() } else { file.display().to_string() }
}

fn is_standard_input(file: &Path) -> bool {
    file == Path::new("-")
}

/// Bytes of JSON that are written at once.
const WRITTEN_AT_ONCE: usize = 64 << 10;
