//! A terminal that goes away ends what was started in it, and leaves what `nohup` started alone.
#![cfg(target_os = "linux")]

mod lab;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use lab::Lab;

fn served(mut command: Command) -> (Child, String) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().expect("a pipe")).read_line(&mut line).expect("a line");
    let port = line.trim_end().rsplit(' ').next().unwrap_or_default().to_owned();
    (child, port)
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().expect("kill").success());
}

/// Whether this process ignores SIGHUP, as what it starts will (proc_pid_status(5)).
fn ignores_hangups() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc");
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).expect("the ignored signals");
    u64::from_str_radix(ignored.trim(), 16).expect("hexadecimal") & 1 == 1
}

#[test]
fn a_hangup_ends_a_server_unless_it_was_started_to_outlive_it() {
    let lab = Lab::new();
    let program = env!("CARGO_BIN_EXE_wirelab");
    let (mut plain, _) = served(match ignores_hangups() {
        false => lab.command("serve tcp --port 0"),
        // What started the tests is to outlive its terminal, and they would hand that on.
        true => lab.command_of(Path::new("env"), &format!("--default-signal=HUP {program} serve tcp --port 0")),
    });
    signal(&plain, "-HUP");
    assert_eq!(plain.wait().expect("it ends").code(), Some(0));

    let (mut kept, port) = served(lab.command_of(Path::new("nohup"), &format!("{program} serve tcp --port 0")));
    signal(&kept, "-HUP");
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).expect("a connection");
    stream.write_all(b"bye\n").expect("sent");
    let mut said = String::new();
    stream.read_to_string(&mut said).expect("text");
    assert!(said.ends_with("Good bye!\n"), "{said}");
    assert!(kept.try_wait().expect("a status").is_none());
    signal(&kept, "-INT");
    assert_eq!(kept.wait().expect("it ends").code(), Some(0));
}
