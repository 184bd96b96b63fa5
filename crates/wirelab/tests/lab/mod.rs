//! The program in a folder of its own, as a person would run it.
#![allow(dead_code)] // Each test takes what it needs.

#[path = "../../../../tests/outside.rs"]
pub mod outside;
#[cfg(unix)]
pub mod served;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use wirelab_capture::{LinkType, Settings, Writer};
use wirelab_dissect::build::{Tcp, endpoint};
use wirelab_dissect::tcp::Flags;

/// A capture of these frames, a millisecond apart.
pub fn capture(frames: &[Vec<u8>]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut writer = Writer::with(&mut file, Settings::new(LinkType::ETHERNET)).expect("a header");
    for (number, frame) in (0u64..).zip(frames) {
        writer.write(number * 1_000_000, frame.len() as u32, frame).expect("a record");
    }
    writer.finish().expect("an end");
    file
}

/// What two ends say to one another, a packet each, the first of them the client.
pub fn talk(turns: &[(bool, &[u8])]) -> Vec<Vec<u8>> {
    let ends = [endpoint("10.0.0.2:4000"), endpoint("10.0.0.1:8000")];
    let mut next = [1000, 5000];
    let mut frames = Vec::new();
    for &(from_client, payload) in turns {
        let (own, other) = if from_client { (0, 1) } else { (1, 0) };
        let flags = Flags::PSH | Flags::ACK;
        let tcp = Tcp { seq: next[own], ack: next[other], flags, payload, ..Tcp::new(ends[own], ends[other]) };
        next[own] = tcp.next_seq();
        frames.push(tcp.frame());
    }
    frames
}

/// An empty folder in which the program runs.
pub struct Lab {
    folder: tempfile::TempDir,
}

/// What came of one run of the program.
#[derive(Debug)]
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Lab {
    pub fn new() -> Lab {
        Lab { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, content).expect("a file");
        path
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).expect("text")
    }

    /// The files under a folder, by name, without what is in folders of folders.
    pub fn list(&self, name: &str) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.path(name))
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// The program, ready to be started in this folder.
    pub fn command(&self, arguments: &str) -> Command {
        self.command_of(Path::new(env!("CARGO_BIN_EXE_wirelab")), arguments)
    }

    pub fn command_of(&self, program: &Path, arguments: &str) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments.split_whitespace())
            .current_dir(self.folder())
            .env_remove("NO_COLOR")
            .env_remove("CLICOLOR_FORCE")
            .env("COLUMNS", "100")
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &str) -> Ran {
        Ran::of(self.command(arguments).output().expect("the program starts"))
    }

    /// Runs the program, which must succeed.
    pub fn done(&self, arguments: &str) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(ran.status, 0, "wirelab {arguments}: {}{}", ran.stdout, ran.stderr);
        ran
    }

    /// What `analyze --format json` says of these files.
    pub fn analysis(&self, files: &str) -> serde_json::Value {
        let ran = self.done(&format!("analyze --format json {files}"));
        serde_json::from_str(&ran.stdout).expect("JSON")
    }
}

impl Ran {
    pub fn of(output: Output) -> Ran {
        Ran {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("text"),
            stderr: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// Status and standard error: what a person sees of a failure.
    pub fn failure(&self) -> String {
        format!("{}\n{}", self.status, self.stderr.trim_end())
    }
}

/// One column of one table of an analysis, in the order of its captures.
pub fn column(analysis: &serde_json::Value, table: &str, column: &str) -> Vec<u64> {
    analysis["captures"]
        .as_array()
        .expect("captures")
        .iter()
        .filter_map(|capture| capture[table][column].as_u64())
        .collect()
}

/// Packets, frame bytes and app bytes per update as they were published in 2021.
pub const PUBLISHED_PER_UPDATE: [(&str, [u64; 5]); 5] = [
    ("total_packets", [3, 5, 5, 2, 3]),
    ("app_packets", [2, 3, 3, 1, 2]),
    ("frame_bytes", [213, 1253, 745, 166, 234]),
    ("tcp_bytes", [96, 160, 160, 64, 96]),
    ("app_bytes", [15, 923, 415, 34, 36]),
];

/// All captures of a run, in the order of the tables.
pub const CAPTURES: &str = "pcap/tcpapp.pcap pcap/webapp.pcap pcap/ajaxapp.pcap pcap/sseapp.pcap pcap/wsapp.pcap";

/// Checks that both sums hold on every row of an analysis, and that exchanges add up to totals.
pub fn assert_sums(analysis: &serde_json::Value) {
    for capture in analysis["captures"].as_array().expect("captures") {
        let name = &capture["name"];
        let rows = ["updates", "exchanges", "connections", "groups"]
            .iter()
            .flat_map(|rows| capture[*rows].as_array().expect("rows"))
            .chain([&capture["totals"], &capture["per_update"], &capture["push_only"]])
            .filter(|row| !row.is_null());
        for row in rows {
            let of = |column: &str| row[column].as_u64().expect("a number");
            assert_eq!(of("frame_bytes"), of("lower_bytes") + of("tcp_bytes") + of("app_bytes"), "{name}: {row}");
        }
        for column in ["total_packets", "app_packets", "frame_bytes", "lower_bytes", "tcp_bytes", "app_bytes"] {
            for rows in ["exchanges", "connections", "groups"] {
                let sum: u64 =
                    capture[rows].as_array().expect("rows").iter().filter_map(|row| row[column].as_u64()).sum();
                assert_eq!(Some(sum), capture["totals"][column].as_u64(), "{name}: {rows}: {column}");
            }
        }
    }
}
