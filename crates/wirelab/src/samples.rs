//! `wirelab samples`: the captures and reports that are kept in the project, so that anyone can read them without running
//! anything. A run on the virtual wire with a fixed seed, so that they are the same on every machine.

use std::path::Path;

use clap::Parser;
use wirelab_wire::{Stop, WireKind};

use crate::failure::Failure;
use crate::flags::{Command, Flags};
use crate::plan::Plan;
use crate::run;
use crate::terminal;

/// Makes pcap/samples and reports/samples under a folder.
pub fn samples(root: &Path) -> Result<(), Failure> {
    let flags = Flags::try_parse_from(RUN.split(' ')).map_err(Failure::usage)?;
    let Command::RunAll(all) = flags.command else { return Err(Failure::usage("the samples are of all apps")) };
    let mut plan = Plan::new(&all.apps, all.run)?;
    plan.pcap_dir = root.join("pcap/samples");
    plan.report_dir = root.join("reports/samples");
    run::quietly(&plan, WireKind::Virtual, &Stop::new())?;
    terminal::say(format_args!("made {} and {}", plan.pcap_dir.display(), plan.report_dir.display()));
    Ok(())
}

/// What is run.
const RUN: &str = "wirelab run-all --wire virtual --seed 1";
