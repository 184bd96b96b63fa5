//! What goes where on a terminal?
//!
//! Data to standard output; progress, timings and warnings to standard error. Colour follows `--color`, `NO_COLOR` and
//! whether a terminal is there. A reader that goes away (`| head`) is not an error.

use std::fmt;
use std::io::{self, BufWriter, IsTerminal, Write};

use clap::ValueEnum;
use wirelab_dissect::visible::visible;
use wirelab_report::forms::RenderError;

use crate::failure::{Failure, Status};

/// When output is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

/// Sets for the whole program whether output is coloured.
pub fn set_color(color: Color) {
    let choice = match color {
        Color::Auto => anstream::ColorChoice::Auto,
        Color::Always => anstream::ColorChoice::Always,
        Color::Never => anstream::ColorChoice::Never,
    };
    choice.write_global();
}

/// Writes data to standard output.
pub fn print(data: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    written(out.write_all(data.as_bytes()).and_then(|()| out.flush()))
}

/// Writes a form of a report to standard output.
pub fn print_by(write: impl FnOnce(&mut dyn Write) -> Result<(), RenderError>) -> Result<(), Failure> {
    let mut out = BufWriter::new(anstream::stdout().lock());
    match write(&mut out) {
        Err(RenderError::Template(error)) => Err(Failure::failed(error)),
        Err(RenderError::Write(error)) => written(Err(error)),
        Ok(()) => written(out.flush()),
    }
}

/// Writes data to standard output as it is, without looking for colours in it.
pub fn print_bytes(data: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    written(out.write_all(data).and_then(|()| out.flush()))
}

/// Says something to the person in front of it, on a line of standard error. What it quotes, a file's name or an argument,
/// is shown and does nothing else.
pub fn say(line: impl fmt::Display) {
    // Where standard error is gone, nobody is left to tell.
    let _ = writeln!(anstream::stderr().lock(), "{}", visible(&line.to_string()));
}

/// Whether a person watches standard error.
pub fn is_watched() -> bool {
    io::stderr().is_terminal()
}

/// What became of writing to standard output.
pub fn written(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::already_said(Status::Done)),
        Err(error) => Err(Failure::failed(format_args!("cannot write to standard output: {error}"))),
    }
}
