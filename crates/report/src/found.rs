//! How is told what was found in a capture?
//!
//! The findings are the analyzer's; here they are only put into lines. What a rule means stands once, with the rule: in
//! full where somebody asks for it, and in `docs/findings.md`.

use std::fmt::Write;

use anstyle::Style;
use wirelab_analyze::findings::{RULES, Rule, rule};
use wirelab_analyze::model::{Analysis, Capture, Finding, Sure};
use wirelab_dissect::visible::visible;

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

/// What was found, and what else it could be.
pub fn sentence(finding: &Finding) -> String {
    match (&finding.sure, &finding.otherwise) {
        (Sure::Likely, Some(otherwise)) => format!("{} Likely; it would look the same if {otherwise}.", finding.text),
        _ => finding.text.clone(),
    }
}

/// "Packets 5, 6, 7 and 30 more."
pub(crate) fn shown_by(finding: &Finding) -> Option<String> {
    let first = *finding.packets.first()?;
    let shown: Vec<String> = finding.packets.iter().take(MOST_PACKETS).map(u64::to_string).collect();
    let rest = finding.packets.len().saturating_sub(MOST_PACKETS) as u64 + finding.packets_left_out;
    Some(match (finding.packets.len(), rest) {
        (1, 0) => format!("Packet {first}."),
        (_, 0) => format!("Packets {}.", shown.join(", ")),
        _ => format!("Packets {} and {rest} more.", shown.join(", ")),
    })
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

/// All rules, as a document.
pub fn document() -> String {
    let mut text = DOCUMENT_HEAD.to_owned();
    for rule in RULES {
        let _ = write!(text, "\n## `{}`\n\n{}.\n", rule.id, rule.id.title());
        for (what, says) in parts(rule) {
            let _ = writeln!(text, "\n**{what}.** {}", says.trim_end_matches('.').to_owned() + ".");
        }
    }
    text
}

/// Findings that a summary tells.
const MOST_FIRST: usize = 4;
/// Packets that a line names.
pub(crate) const MOST_PACKETS: usize = 12;

const DOCUMENT_HEAD: &str = "# Findings

What `wirelab analyze` says of a capture in words, and what it means. This page is made from the rules
(`crates/analyze/src/findings/`), and a test holds it to them. A finding is a sentence with its evidence: the packets that show
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
