//! How is a page opened in the person's browser?

use std::ffi::OsStr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::terminal;

/// Opens a page; where that cannot be, says how to do it by hand.
pub fn open(page: &OsStr) {
    let started = Command::new(OPEN).arg(page).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    if !started.is_ok_and(|mut child| goes_on(&mut child)) {
        terminal::say(format_args!("no browser could be opened with {OPEN}; open {} in one", page.display()));
    }
}

/// Whether the program does not end badly in its first moments. One that goes on may be the browser itself.
fn goes_on(child: &mut Child) -> bool {
    for _ in 0..20 {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) => std::thread::sleep(Duration::from_millis(50)),
            Err(_) => return false,
        }
    }
    true
}

/// What opens a page with the person's preferred program.
const OPEN: &str = if cfg!(target_os = "macos") {
    "open"
} else if cfg!(windows) {
    "explorer"
} else {
    "xdg-open"
};
