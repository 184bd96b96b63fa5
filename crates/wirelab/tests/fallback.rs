//! What happens where a machine refuses the kernel wire: the virtual one takes over and says why.
#![cfg(all(target_os = "linux", feature = "kernel"))]

mod lab;

use std::process::Command;

use insta::assert_snapshot;
use lab::outside::skip;
use lab::{Lab, Ran, assert_sums};

/// Runs the program where no network namespace may be made; `None` where this machine cannot be made to refuse.
fn refused(lab: &Lab, arguments: &str) -> Option<Ran> {
    // The limit is that of a new user namespace, so nothing else on the machine is touched.
    let limited = |program: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "sh", "-c"]);
        command.arg("echo 0 >/proc/sys/user/max_net_namespaces && exec \"$0\" \"$@\"").arg(program);
        command.current_dir(lab.folder());
        command
    };
    if !limited("true").output().is_ok_and(|output| output.status.success()) {
        skip("no user namespace with a limit of its own can be made here");
        return None;
    }
    let mut command = limited(env!("CARGO_BIN_EXE_wirelab"));
    Some(Ran::of(command.args(arguments.split_whitespace()).output().expect("the program starts")))
}

#[test]
fn auto_takes_the_virtual_wire_and_says_why() {
    let lab = Lab::new();
    let Some(ran) = refused(&lab, "run-all --seed 1") else { return };
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let first = ran.stderr.lines().next().unwrap_or_default();
    assert_snapshot!(first, @r"
    taking the virtual wire, as the kernel's does not work here: no network namespaces are allowed (user.max_net_namespaces=0); `wirelab doctor` says more
    ");
    assert!(ran.stdout.contains("virtual wire"), "{}", ran.stdout);
    assert_sums(&lab.analysis(lab::CAPTURES));
}

#[test]
fn the_kernel_wire_is_not_replaced_when_it_was_asked_for() {
    let lab = Lab::new();
    let Some(ran) = refused(&lab, "run-all --wire kernel") else { return };
    assert_snapshot!(ran.failure(), @r"
    3
    wirelab: the kernel wire does not work here: no network namespaces are allowed (user.max_net_namespaces=0); run `sudo sysctl user.max_net_namespaces=10000`, or take the virtual wire (--wire virtual)
    ");
    assert!(lab.list(".").is_empty());
}

#[test]
fn the_doctor_finds_a_wire_that_works() {
    let lab = Lab::new();
    let Some(ran) = refused(&lab, "doctor") else { return };
    assert_eq!(ran.status, 0, "{}", ran.stdout);
    assert!(ran.stdout.contains("missing  network namespaces"), "{}", ran.stdout);
    assert!(ran.stdout.contains("ok       virtual wire"), "{}", ran.stdout);
}
