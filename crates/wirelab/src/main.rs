#![forbid(unsafe_code)]
//! The lab's command line: flags, then a plan, then the run.
//!
//! Every command returns a [`Failure`] or nothing; this file alone turns it into a sentence and an exit status.

mod analyze;
mod browser;
mod descriptors;
mod doctor;
mod failure;
mod flags;
mod folders;
mod interrupt;
mod log;
mod manual;
mod origin;
mod outputs;
mod plan;
mod progress;
mod publish;
mod quantity;
mod reading;
mod report;
mod run;
mod samples;
mod serve;
mod show;
mod terminal;
mod wires;

use std::process::ExitCode;

use clap::Parser;

use failure::{Failure, Status};
use flags::{Command, Flags};

fn main() -> ExitCode {
    let flags = match Flags::try_parse() {
        Ok(flags) => flags,
        Err(error) => return usage(&error),
    };
    terminal::set_color(flags.color);
    log::listen(flags.log);
    match run(flags.command) {
        Ok(()) => Status::Done.into(),
        Err(failure) => {
            if let Some(sentence) = failure.sentence() {
                terminal::say(format_args!("wirelab: {sentence}"));
            }
            failure.status().into()
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::RunAll(all) => run::run(&plan::Plan::new(&all.apps, all.run)?),
        Command::Run(one) => run::run(&plan::Plan::new(&[one.app], one.run)?),
        Command::Serve(serve) => serve::serve(serve),
        Command::Analyze(analyze) => analyze::analyze(analyze),
        Command::Show(flags) => show::show(&flags),
        Command::Report(flags) => report::report(&flags),
        Command::Doctor => doctor::doctor(),
        Command::Completions { shell } => manual::completions(shell),
        Command::Man => manual::man(),
        Command::Samples { root } => samples::samples(&root),
    }
}

/// Help and version go to standard output as they are; a wrong command line becomes one sentence.
fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // A reader that goes away in the middle of the help is no error.
        let _ = error.print();
        return Status::Done.into();
    }
    if error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print();
        return Status::Usage.into();
    }
    terminal::say(format_args!("wirelab: {}", manual::usage_sentence(error)));
    Status::Usage.into()
}
