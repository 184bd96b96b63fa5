//! `wirelab doctor`: what can this machine do, and what would mend what it cannot?

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use wirelab_wire::{Check, Health, kernel};

use crate::failure::Failure;
use crate::terminal;

/// Looks at the machine and says how it stands.
pub fn doctor() -> Result<(), Failure> {
    // Refused or not, the checks find out and say why.
    let _ = kernel::enter();
    let checks = wirelab_wire::doctor();
    let width = checks.iter().map(|check| check.name.chars().count()).max().unwrap_or(0);
    let text = checks.iter().fold(String::new(), |mut text, check| {
        line(&mut text, check, width);
        text
    });
    terminal::print(&text)?;
    // The virtual wire is among them, so there is always one that works.
    let wires = checks.iter().filter(|check| check.is_wire);
    if wires.map(|check| check.health).any(|health| health != Health::Missing) {
        return Ok(());
    }
    Err(Failure::machine("no wire works on this machine"))
}

fn line(text: &mut String, check: &Check, width: usize) {
    let (word, color) = match check.health {
        Health::Ok => ("ok", AnsiColor::Green),
        Health::Limited => ("limited", AnsiColor::Yellow),
        Health::Missing => ("missing", AnsiColor::Red),
    };
    let style = Style::new().fg_color(Some(color.into()));
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{style}{word:<7}{style:#}  {:<width$}  {}", check.name, check.detail);
    if let Some(mend) = &check.mend {
        let _ = writeln!(text, "{:9}{:width$}  {mend}", "", "");
    }
}
