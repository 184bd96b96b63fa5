//! Questions to answer before looking, whose answers are what was found in these very captures.

use serde::Serialize;

use crate::findings::{Evidence, Place};
use crate::html::proof;
use crate::report::Report;

/// A question to answer before the answer is revealed.
#[derive(Clone, Debug, Serialize)]
pub struct Question {
    ask: &'static str,
    answer: String,
    /// What is so wherever such a thing is found.
    means: &'static str,
    /// Where on the page it can be seen.
    href: Option<String>,
}

/// The questions that these captures can answer, where a packet of a capture is led to if the page shows it.
pub fn questions(report: &Report, shows: impl Fn(usize, u64) -> bool) -> Vec<Question> {
    let asked = report.findings.iter().filter_map(|finding| match finding.rule.0.place {
        Place::Question(ask) | Place::NumbersAsked(ask) => Some((ask, finding)),
        _ => None,
    });
    let question = |(ask, finding): (&'static str, &crate::ReportFinding)| Question {
        ask,
        answer: finding.sentence(),
        means: finding.rule.0.means,
        href: finding.evidence.first().and_then(|evidence| place(report, evidence, &shows)),
    };
    let mut questions: Vec<Question> = asked.map(question).collect();
    // Asked once, wherever else it is so.
    questions.dedup_by_key(|question| question.ask);
    questions
}

/// Where the first of what shows something stands on the page.
fn place(report: &Report, evidence: &Evidence, shows: impl Fn(usize, u64) -> bool) -> Option<String> {
    let (id, capture) = (report.ids.get(evidence.capture)?, report.analysis.captures.get(evidence.capture)?);
    match (evidence.exchanges.as_slice(), evidence.packets.first()) {
        ([], Some(&packet)) => shows(evidence.capture, packet).then(|| format!("{id}-p{packet}")),
        ([only], _) => Some(proof::exchange_id(id, *only, capture.exchanges.get(*only)?)),
        _ => Some(format!("{id}-sum")),
    }
}
