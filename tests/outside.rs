//! What tests of several crates ask of the machine: tshark, and the captures beside the project. Where it is not there
//! they are skipped, and say so; with `CI=true` it must be.
#![allow(dead_code)] // Each test takes what it needs.
#![allow(clippy::print_stderr)] // Said to who runs the tests.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Says that a test cannot run here; where it must run, that is a failure.
pub fn skip(reason: &str) {
    assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "this must run in CI: {reason}");
    eprintln!("skipped: {reason}");
}

/// A folder of the captures beside the project.
pub fn shared(folder: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(folder);
    let is_there = path.is_dir();
    if !is_there {
        skip(&format!("{} is not there", path.display()));
    }
    is_there.then_some(path)
}

/// Whether tshark is there.
pub fn tshark_is_there() -> bool {
    let is_there = Command::new("tshark").arg("--version").output().is_ok();
    if !is_there {
        skip("tshark is not installed");
    }
    is_there
}

/// What tshark says of these fields of each frame, with these options. A file that is cut short or damaged it
/// reads up to there.
pub fn tshark(file: &Path, options: &[&str], fields: &[&str]) -> Vec<Vec<String>> {
    let mut command = Command::new("tshark");
    command.arg("-r").arg(file).args(["-n", "-T", "fields"]).args(options);
    command.args(fields.iter().flat_map(|field| ["-e", field]));
    let ran = command.output().expect("tshark starts");
    let told = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success() || told.contains(" appears to "), "tshark on {}: {told}", file.display());
    let text = String::from_utf8(ran.stdout).expect("text");
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}
