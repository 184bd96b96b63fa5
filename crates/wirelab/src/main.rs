#![forbid(unsafe_code)]
//! The lab's command line: flags, then a plan, then the run.
//!
//! Every command returns a [`Failure`] or nothing; this file alone turns it into a sentence and an exit status.

mod analyze;
mod annotate;
mod browser;
mod chosen_update;
mod class;
mod descriptors;
mod doctor;
mod failure;
mod flags;
mod folders;
mod interrupt;
mod link_record;
mod listening;
mod live;
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
use wirelab_catalog::Choice;

use failure::{Failure, Status};
use flags::{Command, Flags, Samples};

fn main() -> ExitCode {
    let is_samples = std::env::args_os().nth(1).is_some_and(|word| word == "samples");
    let result = if is_samples {
        Samples::try_parse_from(std::env::args_os().skip(1)).map(|flags| samples::samples(&flags.root))
    } else {
        Flags::try_parse().map(|flags| {
            terminal::set_color(flags.color);
            log::listen(flags.log);
            run(flags.command)
        })
    };
    match result.unwrap_or_else(|error| usage(&error)) {
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
        Command::Run(one) => run::run(&plan::Plan::new(&[Choice::One(one.app)], one.run)?),
        Command::Serve(serve) => serve::serve(serve),
        Command::Live(flags) => live::live(&flags),
        Command::Analyze(analyze) => analyze::analyze(analyze),
        Command::Show(flags) => show::show(&flags),
        Command::Annotate(flags) => annotate::annotate(&flags),
        Command::Report(flags) => report::report(&flags),
        Command::Class(flags) => class::class(&flags),
        Command::Doctor => doctor::doctor(),
        Command::Completions { shell } => manual::completions(shell),
        Command::Man => manual::man(),
    }
}

/// Help and version go to standard output as they are; a wrong command line becomes one sentence.
fn usage(error: &clap::Error) -> Result<(), Failure> {
    if !error.use_stderr() {
        return terminal::print(&error.render().ansi().to_string());
    }
    if error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        // Where standard error is gone, nobody is left to tell.
        let _ = error.print();
        return Err(Failure::already_said(Status::Usage));
    }
    Err(Failure::usage(manual::usage_sentence(error)))
}
