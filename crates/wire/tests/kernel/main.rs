//! The kernel wire, with the TCP of the kernel that runs this test.
//!
//! A user namespace is entered before any thread exists, so this test has a `main` of its own; the cases below run one
//! after the other. As root, they run a second time as an unprivileged user. Where namespaces are refused nothing can be
//! tested: that is said, and is a failure only where `CI=true` promises that they are there.

#![allow(clippy::print_stdout, clippy::unwrap_used)]
#![cfg_attr(not(all(target_os = "linux", feature = "kernel")), allow(dead_code))]

#[cfg(all(target_os = "linux", feature = "kernel"))]
mod cases;
#[cfg(all(target_os = "linux", feature = "kernel"))]
mod frames;

#[cfg(not(all(target_os = "linux", feature = "kernel")))]
fn main() {
    println!("skipped: this build has no kernel wire");
}

#[cfg(all(target_os = "linux", feature = "kernel"))]
fn main() -> std::process::ExitCode {
    use std::os::unix::process::CommandExt;
    use std::process::{Command, ExitCode};

    let words: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| words.iter().any(|word| word == flag);
    let filters: Vec<&String> = words.iter().filter(|word| !word.starts_with('-')).collect();
    let chosen: Vec<_> = cases::ALL
        .iter()
        .filter(|(name, _)| {
            filters.is_empty()
                || filters.iter().any(|filter| if has("--exact") { name == filter } else { name.contains(*filter) })
        })
        .collect();
    if has("--list") {
        for (name, _) in chosen.iter().filter(|_| !has("--ignored")) {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }

    if let Err(refusal) = wirelab_wire::kernel::probe() {
        println!("skipped: {refusal}");
        let promised = std::env::var("CI").is_ok_and(|ci| ci == "true");
        return if promised { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    let root = wirelab_wire::kernel::privileged();
    // By path of the process, not of the file: an unprivileged user may not be let into the folder it lies in.
    let unprivileged = root.then(|| Command::new("/proc/self/exe").args(&words).uid(NOBODY).gid(NOBODY).spawn());
    let unprivileged = unprivileged.map(|child| child.expect("a child").wait().expect("its end"));

    wirelab_wire::kernel::enter().expect("what worked in a trial");
    let who = if root { "as root" } else { "unprivileged" };
    let mut failed = 0;
    for (name, case) in chosen {
        let begun = std::time::Instant::now();
        let done = std::panic::catch_unwind(case);
        let verdict = if done.is_ok() { "ok" } else { "FAILED" };
        println!("test {name} ({who}) ... {verdict} in {:.2?}", begun.elapsed());
        failed += usize::from(done.is_err());
    }
    match (failed, unprivileged) {
        (0, None) => ExitCode::SUCCESS,
        (0, Some(status)) if status.success() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// The user `nobody`, by its number.
const NOBODY: u32 = 65_534;
