//! How is told what was found in a capture?
//!
//! The findings are the analyzer's; here they are only put into lines. What a rule means stands once, with the rule: in
//! full where somebody asks for it, and in `docs/findings.md`.

use std::fmt::Write;

use anstyle::Style;
use wirelab_analyze::findings::{RULES, Rule, rule};
use wirelab_analyze::model::{Analysis, Capture, Finding, FindingId, Loss, Sure};
use wirelab_dissect::visible::visible;

use crate::findings::{self, ReportFinding};
use crate::numbers::{count, duration};
use crate::tables::names;
use crate::text::{Colours, WIDTH, wrapped};

/// How much is told of each finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// The sentence, its packets and what to do.
    Short,
    /// What it means, what it is mistaken for and where the standard has it, too.
    Full,
}

/// All findings of an analysis, for a terminal.
pub fn all(analysis: &Analysis, detail: Detail, colours: Colours) -> String {
    let named = analysis.captures.iter().zip(names(analysis));
    named.map(|(capture, name)| of_capture(capture, &name, usize::MAX, detail, colours)).collect()
}

/// What matters most of a capture, for a terminal; nothing where nothing was found.
pub(crate) fn first(capture: &Capture, name: &str, colours: Colours) -> String {
    match capture.findings.is_empty() {
        true => String::new(),
        false => of_capture(capture, name, MOST_FIRST, Detail::Short, colours),
    }
}

fn of_capture(capture: &Capture, name: &str, most: usize, detail: Detail, colours: Colours) -> String {
    let name = visible(name);
    let bold = |text: &str| colours.paint(Style::new().bold(), text);
    let mut text = format!("{}\n", bold(&format!("Found in {name}")));
    if capture.findings.is_empty() {
        text += "  nothing that is worth a word\n";
    }
    for finding in capture.findings.iter().take(most) {
        text += &wrapped(&format!("{}: {}", finding.id, sentence(finding)), WIDTH, "  ");
        if let Some(shown) = shown_by(finding) {
            text += &wrapped(&shown, WIDTH, "    ");
        }
        if let Some(instead) = &finding.instead {
            text += &wrapped(instead, WIDTH, "    ");
        }
        if finding.id == FindingId::Loss && most == usize::MAX {
            losses(capture).iter().for_each(|line| text += &wrapped(line, WIDTH, "    "));
        }
        if let Some(rule) = rule(finding.id).filter(|_| detail == Detail::Full) {
            for (what, says) in parts(rule) {
                text += &wrapped(&format!("{what}: {says}"), WIDTH, "    ");
            }
        }
    }
    let rest = capture.findings.len().saturating_sub(most);
    if rest > 0 {
        let _ = writeln!(text, "  {rest} more: --findings lists all of them");
    }
    text.push('\n');
    text
}

/// What became of each frame that the link dropped, where that is known: a line each.
fn losses(capture: &Capture) -> Vec<String> {
    let name = |frame: Option<u64>| frame.map_or("one not captured".to_owned(), |frame| format!("packet {frame}"));
    let line = |loss: &Loss| {
        let to = if loss.to_client { "client" } else { "server" };
        let mut line = format!("Dropped: {}, to the {to}, {}", name(loss.frame), count(u64::from(loss.bytes), "byte"));
        match loss.exchange.and_then(|at| capture.exchanges.get(at)) {
            Some(exchange) => line += &format!(" ({})", visible(&exchange.name().to_string())),
            None => return line + ": nothing of it was sent again.",
        }
        for again in &loss.again {
            let how = match (again.asked, again.arrived) {
                (true, true) => "asked for by duplicate ACKs",
                (true, false) => "asked for by duplicate ACKs, dropped too",
                (false, true) => "by a time-out",
                (false, false) => "by a time-out, dropped too",
            };
            line += &format!("; again {} after {} ({how})", name(again.frame), duration(again.after_s));
        }
        let bytes: u64 = loss.again.iter().map(|again| u64::from(again.bytes)).sum();
        line + &format!(": {} more, {} later.", count(bytes, "byte"), duration(loss.waited_s))
    };
    let mut lines: Vec<String> = capture.losses.iter().take(MOST_LOSSES).map(line).collect();
    let rest = capture.losses.len().saturating_sub(MOST_LOSSES) as u64 + capture.losses_left_out;
    if rest > 0 {
        lines.push(format!("{} more: in the JSON, under losses.", count(rest, "frame")));
    }
    lines
}

/// What was found, and what else it could be.
pub fn sentence(finding: &Finding) -> String {
    match (&finding.sure, &finding.otherwise) {
        (Sure::Likely, Some(otherwise)) => format!("{} Likely; it would look the same if {otherwise}.", finding.text),
        _ => finding.text.clone(),
    }
}

/// "Packets 5, 6, 7 and 30 more."
pub(crate) fn shown_by(finding: &Finding) -> Option<String> {
    let noun = if finding.packets.len() == 1 && finding.packets_left_out == 0 { "Packet" } else { "Packets" };
    Some(format!("{noun} {}.", numbers(&finding.packets, finding.packets_left_out)?))
}

/// The packets that show something, a line a side: "a: webapp 5 to 16, 18; ajaxapp 4". `called` has a capture's side and name.
pub(crate) fn evidence<'a>(
    finding: &ReportFinding,
    sides: [&str; 2],
    called: impl Fn(usize) -> (usize, &'a str),
) -> Vec<String> {
    let of = |(side, name): (usize, &str)| {
        let own = finding.evidence.iter().filter(|one| !one.packets.is_empty() && called(one.capture).0 == side);
        let mut own: Vec<String> = own
            .map(|one| format!("{} {}", called(one.capture).1, ranges(&one.packets, one.packets_left_out)))
            .collect();
        let rest = own.len().saturating_sub(MOST_CAPTURES);
        own.truncate(MOST_CAPTURES);
        let more = if rest > 0 { format!("; {rest} more in the JSON") } else { String::new() };
        (!own.is_empty()).then(|| format!("{name}: {}{more}", own.join("; ")))
    };
    (0..).zip(sides).filter_map(of).collect()
}

/// "5 to 16, 18, 20 and 30 more".
fn ranges(packets: &[u64], left_out: u64) -> String {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for &packet in packets {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == packet => *last = packet,
            _ => runs.push((packet, packet)),
        }
    }
    let named = |&(first, last): &(u64, u64)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first} to {last}"),
    };
    let shown: Vec<String> = runs.iter().take(MOST_RUNS).map(named).collect();
    let rest = runs.iter().skip(MOST_RUNS).map(|(first, last)| last - first + 1).sum::<u64>() + left_out;
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// "5, 6, 7 and 30 more".
fn numbers(packets: &[u64], left_out: u64) -> Option<String> {
    packets.first()?;
    let shown: Vec<String> = packets.iter().take(MOST_PACKETS).map(u64::to_string).collect();
    let rest = packets.len().saturating_sub(MOST_PACKETS) as u64 + left_out;
    Some(if rest == 0 { shown.join(", ") } else { format!("{} and {rest} more", shown.join(", ")) })
}

/// Where a section of a standard can be read: "RFC 9293, section 3.7.4" is in the RFC Editor's own pages.
pub(crate) fn address(source: &str) -> Option<String> {
    let (number, section) = source.strip_prefix("RFC ")?.split_once(", section ")?;
    let is_number = |text: &str| text.chars().all(|c| c.is_ascii_digit() || c == '.');
    (is_number(number) && is_number(section))
        .then(|| format!("https://www.rfc-editor.org/rfc/rfc{number}#section-{section}"))
}

/// What there is to know of a rule, each part under its name.
fn parts(rule: &Rule) -> [(&'static str, &str); 5] {
    [
        ("What it means", rule.means),
        ("What it looks like", rule.looks),
        ("What it is mistaken for", rule.mistaken),
        ("What helps", rule.helps),
        ("Source", rule.source),
    ]
}

/// The same of a rule of reports.
fn parts_of_report(rule: &findings::Rule) -> [(&'static str, &str); 5] {
    [
        ("What it means", rule.means),
        ("What it looks like", rule.looks),
        ("What it is mistaken for", rule.mistaken),
        ("What helps", rule.helps),
        ("Source", rule.source),
    ]
}

/// All rules, as a document.
pub fn document() -> String {
    let mut text = DOCUMENT_HEAD.to_owned();
    for rule in RULES {
        text += &section(rule.id.name(), rule.id.title(), parts(rule));
    }
    for (head, of_comparison) in [(COMPARISON_HEAD, true), (REPORT_HEAD, false)] {
        text += head;
        for rule in findings::RULES.iter().filter(|rule| rule.is_of_comparison() == of_comparison) {
            text += &section(rule.id, rule.title, parts_of_report(rule));
        }
    }
    text
}

fn section(id: &str, title: &str, parts: [(&str, &str); 5]) -> String {
    let mut text = format!("\n## `{id}`\n\n{title}.\n");
    for (what, says) in parts {
        let _ = writeln!(text, "\n**{what}.** {}.", says.trim_end_matches('.'));
    }
    text
}

/// Losses that are told one by one.
const MOST_LOSSES: usize = 20;
/// Findings that a summary tells.
const MOST_FIRST: usize = 4;
/// Captures of a side of which packets are named.
const MOST_CAPTURES: usize = 6;
/// Runs of packets that a line names of a capture.
const MOST_RUNS: usize = 6;
/// Packets that a line names.
pub(crate) const MOST_PACKETS: usize = 12;

const DOCUMENT_HEAD: &str = "# Findings

What `wirelab analyze` says of a capture in words, and what it means. This page is made from the rules
(`crates/analyze/src/findings/`, and below those of `crates/report/src/findings/`), and a test holds it to them. A finding is a sentence with its evidence: the packets that show
it, the exchanges that it is about, what it cost in bytes and in waiting, and how sure it is: *seen* in the packets, or *likely*, where
something else would look the same, which is then named. What cost most time comes first, then what cost most bytes, then what is good
to know. Nothing is said where the packets do not show it.

```sh
wirelab analyze capture.pcap                       # the first findings, after the tables
wirelab analyze --findings capture.pcap            # the findings alone, all of them
wirelab analyze --explain capture.pcap             # the same, with what stands below
wirelab analyze --fail-on nagle-delayed-ack capture.pcap   # exit status 1 if it is found
wirelab show capture.pcap --packet 18              # what this packet is evidence of
wirelab annotate capture.pcap -o commented.pcapng  # on the packets, for Wireshark
```
";

const COMPARISON_HEAD: &str = "
# Findings of a comparison

What `wirelab report A B` says of two runs, or of two folders of captures, beside each other. Each names the packets of both sides.
They stand at the top level of `comparison.json`, where the evidence says which capture it is of.
";

const REPORT_HEAD: &str = "
# Findings of a report

What a report says of its captures together, and of one with what is known besides its packets: what run.json says of its making, and,
of the lab's own apps, what was published of them in 2021. They stand at the top level of `results.json`.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_made_from_the_rules() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/findings.md");
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(path, document()).unwrap();
        }
        let there = std::fs::read_to_string(path).unwrap();
        assert_eq!(there, document(), "UPDATE_SCHEMA=1 cargo test -p wirelab-report writes docs/findings.md again");
    }
}
