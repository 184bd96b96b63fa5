//! What can this machine do, and how is it mended?

use std::io::Read;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::check::{Check, Health};
use crate::kernel;

/// Looks at everything that wirelab can use on this machine. Takes about a second.
///
/// The clock of the kernel wire is measured on such a wire, so the process should have called [`kernel::enter`] first, whether
/// or not that worked.
pub fn doctor() -> Vec<Check> {
    let mut checks = kernel::checks();
    checks.push(Check::wire("virtual wire", Health::Ok, "works on every machine"));
    checks.push(program("tshark", &["tshark"]).unwrap_or_else(|| {
        Check::new("tshark", Health::Missing, "not found; it is used for a second opinion on captures only")
            .mend("install Wireshark's command line, on Debian and Ubuntu with `sudo apt install tshark`")
    }));
    checks.push(program("Chromium", &CHROMIUM).unwrap_or_else(|| {
        Check::new("Chromium", Health::Missing, "not found; it is used for runs with a real browser only")
            .mend("install it, on Debian with `sudo apt install chromium`")
    }));
    checks
}

/// The first of these programs that is there, and its version.
fn program(name: &str, programs: &[&str]) -> Option<Check> {
    programs.iter().find_map(|program| {
        let version = version(program)?;
        Some(match version {
            Some(line) => Check::new(name, Health::Ok, format!("{program}: {line}")),
            None => Check::new(name, Health::Limited, format!("{program} is there, but does not tell its version")),
        })
    })
}

/// The first line of what `program --version` says; `None` when there is no such program, `Some(None)` when it says
/// nothing in time.
fn version(program: &str) -> Option<Option<String>> {
    let mut child = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let mut output = child.stdout.take()?;
    let (said, heard) = mpsc::channel();
    // Reading has no time-out of its own; a program that hangs is killed below, which ends this thread too.
    thread::spawn(move || {
        let mut text = String::new();
        let _ = output.read_to_string(&mut text);
        let _ = said.send(text);
    });
    let text = heard.recv_timeout(PATIENCE).ok();
    if text.is_none() {
        let _ = child.kill();
    }
    let _ = child.wait();
    let line = text.and_then(|text| text.lines().next().map(|line| line.trim().to_owned()));
    Some(line.filter(|line| !line.is_empty()))
}

const CHROMIUM: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless_shell"];
const PATIENCE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_there_is_not_found() {
        assert_eq!(version("wirelab-has-no-such-program"), None);
    }

    #[test]
    fn what_is_missing_comes_with_a_mend() {
        let checks = doctor();
        assert!(checks.iter().any(|check| check.is_wire && check.health == Health::Ok));
        for check in checks {
            assert!(!check.detail.is_empty());
            assert!(check.health != Health::Missing || check.mend.is_some(), "{check:?}");
        }
    }
}
