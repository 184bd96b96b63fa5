//! What does the program say of itself: the manual page, shell completions, and what is wrong with a command line?

use std::io;

use clap::CommandFactory;
use clap_mangen::roff::{Roff, roman};

use crate::failure::Failure;
use crate::flags::Flags;
use crate::terminal;

/// Prints the completion script for a shell.
pub fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Flags::command(), "wirelab", &mut script);
    terminal::print_bytes(&script)
}

/// Prints the manual page: the program first, then each of its commands, in troff.
pub fn man() -> Result<(), Failure> {
    let mut page = Vec::new();
    let mut program = Flags::command();
    program.build();
    let commands = program.get_subcommands().filter(|command| !command.is_hide_set() && command.get_name() != "help");
    for command in std::iter::once(&program).chain(commands) {
        terminal::written(chapter(command, &mut page))?;
    }
    terminal::print_bytes(&page)
}

/// One command, with what stands below its help set line by line, as it is in a terminal.
fn chapter(command: &clap::Command, page: &mut Vec<u8>) -> io::Result<()> {
    let man = clap_mangen::Man::new(command.clone());
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(page)?;
    }
    if let Some(text) = command.get_after_help() {
        let mut notes = Roff::new();
        notes.control("SH", ["NOTES"]).control("nf", []);
        notes.text([roman(text.to_string())]).control("fi", []);
        notes.to_writer(page)?;
    }
    Ok(())
}

/// One sentence out of clap's several lines: what is wrong, its hint, and where help is.
pub fn usage_sentence(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let mut parts: Vec<String> = Vec::new();
    let mut lines = text.lines().map(str::trim).peekable();
    let mut what = String::new();
    for line in lines.by_ref().take_while(|line| !line.is_empty()) {
        if !what.is_empty() {
            what.push(' ');
        }
        what.push_str(line.strip_prefix("error: ").unwrap_or(line));
    }
    parts.push(what);
    for line in lines {
        if let Some(hint) = line.strip_prefix("tip: ") {
            parts.push(hint.to_owned());
        } else if line.starts_with('[') {
            parts.push(line.to_owned());
        }
    }
    parts.push("'wirelab --help' has more".to_owned());
    parts.join("; ")
}
