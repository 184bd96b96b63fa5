//! How was this made, and how is it made again? The provenance at the end of every form.

use serde::Serialize;

use crate::numbers::{count, significant};
use crate::report::Report;
use crate::run_info::{AnswerWrites, RunInfo};

/// One fact about how a report came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What it is about.
    pub name: String,
    /// What it is.
    pub value: String,
}

/// The facts, in the order in which a reader asks for them.
pub fn facts(report: &Report) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut add = |name: &str, value: String| facts.push(Fact { name: name.to_owned(), value });
    add("Report", format!("wirelab {}", env!("CARGO_PKG_VERSION")));
    match &report.run {
        Some(run) => {
            of_run(run).into_iter().for_each(|Fact { name, value }| add(&name, value));
            add("Again", run.command.clone());
        }
        None => add("Captures", "taken as they are; how they were made is not known here".to_owned()),
    }
    for (capture, bytes) in
        report.analysis.captures.iter().zip(report.bytes.iter().map(Some).chain(std::iter::repeat(None)))
    {
        let of_run = report.run.iter().flat_map(|run| &run.captures).find(|made| made.name == capture.name);
        let sum = bytes.and_then(|bytes| bytes.sha256.clone()).or_else(|| of_run.map(|made| made.sha256.clone()));
        let sum = sum.map_or_else(String::new, |sum| format!(", SHA-256 {sum}"));
        let file = capture.file.as_deref().unwrap_or("standard input");
        add(
            &capture.name,
            format!("{file}, {}, {}, {}{sum}", capture.format, capture.link, count(capture.frames, "frame")),
        );
    }
    facts
}

/// How a run was made: the command, what it asked for, and on what.
pub fn of_run(run: &RunInfo) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut add = |name: &str, value: String| facts.push(Fact { name: name.to_owned(), value });
    let options = &run.options;
    add("Made by", format!("wirelab {}: {}", run.version, run.command));
    add("Started", run.started.clone());
    add(
        "Took",
        match run.wall_s {
            None => format!("{} s on the wire's own clock", significant(run.wire_s, 3)),
            Some(wall_s) => format!("{} s", significant(wall_s, 3)),
        },
    );
    let control =
        run.wire.congestion_control.as_ref().map_or_else(String::new, |name| format!(", congestion control {name}"));
    add("Wire", format!("{}: {}{control}", run.wire.kind, run.wire.tcp));
    add(
        "Link",
        format!(
            "round trip {} ms, loss {} %, frames stamped at the {}",
            significant(options.rtt_ms, 4),
            significant(options.loss * 100.0, 3),
            options.vantage
        ),
    );
    add(
        "Timeline",
        format!("{} every {} s, then close", count(options.updates, "update"), significant(options.interval_s, 4)),
    );
    add(
        "Server",
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
    add("Client", format!("profile {}{}", options.client, if options.replay { ", replay of 2021" } else { "" }));
    add("Seed", options.seed.to_string());
    if !run.wire.offloads.is_empty() {
        let names: Vec<String> =
            run.wire.offloads.iter().map(|(name, on)| format!("{name} {}", if *on { "on" } else { "off" })).collect();
        add("Offloads", names.join(", "));
    }
    if !run.wire.socket_options.is_empty() {
        let names: Vec<String> =
            run.wire.socket_options.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        add("Socket options", names.join(", "));
    }
    for (name, value) in &run.wire.facts {
        match value {
            serde_json::Value::String(text) => add(&spaced(name), text.clone()),
            serde_json::Value::Number(number) => add(&spaced(name), number.to_string()),
            // What is said of each app on its own is in run.json.
            _ => {}
        }
    }
    facts
}

/// "congestion_control" as "Congestion control".
fn spaced(name: &str) -> String {
    crate::numbers::capital(&name.replace('_', " "))
}
