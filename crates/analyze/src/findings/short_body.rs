//! An answer that said how long it is, or that its end would be marked, and ended before.

use super::words::{count, listed, part};
use super::{Evidence, Rule};
use crate::model::{Finding, FindingId};
use crate::observations::Fact;

pub(super) const RULE: Rule = Rule {
    id: FindingId::ShortBody,
    means: "The head of an answer said how many bytes follow, or that they come in chunks of which the last is empty. The server \
            closed the connection before that. Its program failed on the way, something between cut it off, or a stream was \
            ended without its last chunk.",
    looks: "A FIN of the server in the middle of a body.",
    mistaken: "A client that closed first. An answer without a length: that ends with its connection, as it should.",
    helps: "Look into the server's log at that time, and into the time-outs of proxies before it.",
    source: "RFC 9112, section 8",
    is_aside: false,
    find,
};

fn find(evidence: &Evidence<'_>) -> Vec<Finding> {
    let is_short = |fact| matches!(fact, Fact::ShortBody | Fact::NoLastChunk);
    let Some(seen) = evidence.seen(|one| is_short(one.fact)) else { return Vec::new() };
    let mut missing = Vec::new();
    if let Some(short) = evidence.of(Fact::ShortBody, false) {
        missing.push(format!("{} that were announced", count(short.cases.count, "byte")));
    }
    if let Some(unended) = evidence.of(Fact::NoLastChunk, false) {
        missing.push(match seen.cases.times {
            1 => "the last chunk".to_owned(),
            _ => format!("the last chunk of {}", count(unended.cases.times, "answer")),
        });
    }
    // A connection is closed once.
    let text = format!(
        "On {} the server closed before the announced end of an answer: {} did not come.",
        part(seen.cases.times, evidence.capture.connections.len() as u64, "connection"),
        listed(&missing)
    );
    vec![RULE.seen(text).observed(&seen)]
}
