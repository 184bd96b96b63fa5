//! What the program says of itself.

mod lab;

use insta::assert_snapshot;
use lab::{Lab, Ran};

#[test]
fn help() {
    let lab = Lab::new();
    assert_snapshot!(lab.done("--help").stdout);
    assert_snapshot!(lab.done("run-all -h").stdout);
    assert_snapshot!(lab.done("serve -h").stdout);
    assert_snapshot!(lab.done("analyze -h").stdout);
    assert_snapshot!(lab.done("annotate --help").stdout);
}

#[test]
fn without_a_command_it_shows_the_help_as_wrong_usage() {
    let ran = Lab::new().run("");
    assert_eq!((ran.status, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.contains("Usage: wirelab"), "{}", ran.stderr);
}

#[test]
fn completions_know_every_command() {
    let lab = Lab::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = lab.done(&format!("completions {shell}")).stdout;
        for word in ["run-all", "serve", "analyze", "annotate", "interval"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
        assert!(!script.contains("samples"), "{shell}");
    }
}

#[test]
fn the_manual_has_a_section_for_every_command() {
    let page = Lab::new().done("man").stdout;
    let titles: Vec<&str> = page.lines().filter(|line| line.starts_with(".TH")).collect();
    for command in
        ["wirelab", "wirelab-run-all", "wirelab-serve", "wirelab-analyze", "wirelab-annotate", "wirelab-doctor"]
    {
        assert!(titles.iter().any(|title| title.starts_with(&format!(".TH {command} 1"))), "{command}: {titles:?}");
    }
    assert!(!page.contains("samples"), "hidden commands stay hidden");
}

#[cfg(target_os = "linux")]
#[test]
fn help_that_cannot_be_written_is_a_failure() {
    let lab = Lab::new();
    for arguments in ["--help", "--version", "help run", "run-all --help", "man", "completions bash"] {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("a full disk");
        let mut command = lab.command(arguments);
        command.stdout(full).stderr(std::process::Stdio::piped());
        let ran = Ran::of(command.spawn().expect("it starts").wait_with_output().expect("it ends"));
        assert_eq!(ran.status, 1, "{arguments}");
        assert!(ran.stderr.starts_with("wirelab: cannot write to standard output: "), "{arguments}: {}", ran.stderr);
    }
}
