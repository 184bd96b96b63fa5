//! How was this made, and how is it made again? The provenance at the end of every form.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::numbers::{capital, count, listed, significant};
use crate::report::Report;
use crate::run_info::{AnswerWrites, RunInfo, RunOptions};
use crate::tables::titles;

/// One fact about how a report came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What it is about.
    pub topic: Topic,
    /// What it is.
    pub value: String,
}

/// What a fact is about. In two reports, facts about the same say what differs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Topic {
    Report,
    Captures,
    MadeBy,
    Started,
    Took,
    Wire,
    Link,
    Timeline,
    Server,
    Client,
    Seed,
    Offloads,
    SocketOptions,
    /// What else is known of the wire, by its name in run.json.
    OfWire(String),
    Again,
    /// The capture of this name.
    Capture(String),
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Topic::Report => "Report",
            Topic::Captures => "Captures",
            Topic::MadeBy => "Made by",
            Topic::Started => "Started",
            Topic::Took => "Took",
            Topic::Wire => "Wire",
            Topic::Link => "Link",
            Topic::Timeline => "Timeline",
            Topic::Server => "Server",
            Topic::Client => "Client",
            Topic::Seed => "Seed",
            Topic::Offloads => "Offloads",
            Topic::SocketOptions => "Socket options",
            // "congestion_control" as "Congestion control".
            Topic::OfWire(name) => return f.write_str(&capital(&name.replace('_', " "))),
            Topic::Again => "Again",
            Topic::Capture(name) => name,
        })
    }
}

impl Serialize for Topic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What was captured, when and on which wire, in a line.
pub fn subject(report: &Report) -> String {
    let names = titles(&report.analysis);
    let what = match names.len() {
        0 => "No capture".to_owned(),
        1..=6 => listed(&names),
        more => format!("{more} captures"),
    };
    let Some(run) = &report.run else { return what };
    format!(
        "{what} on the {} wire, {}\u{202f}ms round trip, {}, {}",
        run.wire.kind,
        significant(run.options.rtt_ms, 4),
        count(run.options.updates, "update"),
        run.started.get(..10).unwrap_or(&run.started)
    )
}

/// The facts, in the order in which a reader asks for them.
pub fn facts(report: &Report) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut add = |topic, value: String| facts.push(Fact { topic, value });
    add(Topic::Report, format!("wirelab {}", env!("CARGO_PKG_VERSION")));
    match &report.run {
        Some(run) => {
            of_run(run).into_iter().for_each(|Fact { topic, value }| add(topic, value));
            add(Topic::Again, run.command.clone());
        }
        None => add(Topic::Captures, "taken as they are; how they were made is not known here".to_owned()),
    }
    for (capture, bytes) in
        report.analysis.captures.iter().zip(report.bytes.iter().map(Some).chain(std::iter::repeat(None)))
    {
        let of_run = report.run.iter().flat_map(|run| &run.captures).find(|made| made.name == capture.name);
        let sum = bytes.and_then(|bytes| bytes.sha256.clone()).or_else(|| of_run.map(|made| made.sha256.clone()));
        let sum = sum.map_or_else(String::new, |sum| format!(", SHA-256 {sum}"));
        let file = capture.file.as_deref().unwrap_or("standard input");
        add(
            Topic::Capture(capture.name.clone()),
            format!("{file}, {}, {}, {}{sum}", capture.format, capture.link, count(capture.frames, "frame")),
        );
    }
    facts
}

/// What else the link was made to do with frames, where it was.
fn impairments(options: &RunOptions) -> String {
    let mut said = String::new();
    for (share, what) in [(options.duplicate, "arrive twice"), (options.reorder, "overtaken")] {
        if share > 0.0 {
            said += &format!(", {} % {what}", significant(share * 100.0, 3));
        }
    }
    if let Some(down) = options.down {
        said += &format!(", down for {} s from {} s on", significant(down.length_s, 4), significant(down.from_s, 4));
    }
    said
}

/// How a run was made: the command, what it asked for, and on what.
pub fn of_run(run: &RunInfo) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut add = |topic, value: String| facts.push(Fact { topic, value });
    let options = &run.options;
    add(Topic::MadeBy, format!("wirelab {}: {}", run.version, run.command));
    add(Topic::Started, run.started.clone());
    add(
        Topic::Took,
        match run.wall_s {
            None => format!("{} s on the wire's own clock", significant(run.wire_s, 3)),
            Some(wall_s) => format!("{} s", significant(wall_s, 3)),
        },
    );
    let control =
        run.wire.congestion_control.as_ref().map_or_else(String::new, |name| format!(", congestion control {name}"));
    add(Topic::Wire, format!("{}: {}{control}", run.wire.kind, run.wire.tcp));
    add(
        Topic::Link,
        format!(
            "round trip {} ms, loss {} %{}, frames stamped at the {}",
            significant(options.rtt_ms, 4),
            significant(options.loss * 100.0, 3),
            impairments(options),
            options.vantage
        ),
    );
    add(
        Topic::Timeline,
        match options.poll_every_s {
            None => format!(
                "{} every {} s, then close",
                count(options.updates, "update"),
                significant(options.interval_s, 4)
            ),
            Some(every) => format!(
                "{} every {} s, asked for every {} s where the client polls, then close",
                count(options.updates, "update"),
                significant(options.interval_s, 4),
                significant(every, 4)
            ),
        },
    );
    add(
        Topic::Server,
        format!(
            "head and body of an answer in {} ({}){}",
            match options.server {
                AnswerWrites::Coalesced => "one write",
                AnswerWrites::Split => "two writes",
            },
            options.server,
            if options.server_quick_ack { "" } else { ", quick ACK off" }
        ),
    );
    add(Topic::Client, format!("profile {}{}", options.client, if options.replay { ", replay of 2021" } else { "" }));
    add(Topic::Seed, options.seed.to_string());
    if !run.wire.offloads.is_empty() {
        let names: Vec<String> =
            run.wire.offloads.iter().map(|(name, on)| format!("{name} {}", if *on { "on" } else { "off" })).collect();
        add(Topic::Offloads, names.join(", "));
    }
    if !run.wire.socket_options.is_empty() {
        let names: Vec<String> =
            run.wire.socket_options.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        add(Topic::SocketOptions, names.join(", "));
    }
    for (name, value) in &run.wire.facts {
        match value {
            serde_json::Value::String(text) => add(Topic::OfWire(name.clone()), text.clone()),
            serde_json::Value::Number(number) => add(Topic::OfWire(name.clone()), number.to_string()),
            // What is said of each app on its own is in run.json.
            _ => {}
        }
    }
    facts
}
