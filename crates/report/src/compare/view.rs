//! A comparison as its templates get it: in texts that are ready to show.

use serde::Serialize;

use super::{ComparedFact, ComparedTable, Comparison};

#[derive(Serialize)]
pub(super) struct View {
    pub left: String,
    pub right: String,
    pub heading: String,
    pub extent: String,
    pub tables: Vec<ComparedTable>,
    pub reasons: Vec<ReasonView>,
    pub made: Vec<ComparedFact>,
}

/// Why something differs.
#[derive(Serialize)]
pub(super) struct ReasonView {
    pub id: &'static str,
    pub title: &'static str,
    pub text: String,
    pub means: String,
    /// "a: webapp 5 to 9; ajaxapp 4".
    pub evidence: Vec<String>,
    pub instead: String,
    pub source: String,
}

impl View {
    pub fn new(comparison: &Comparison<'_>) -> View {
        let reasons = comparison.reasons().map(|finding| ReasonView {
            id: finding.id,
            title: finding.title,
            text: finding.sentence(),
            means: finding.means.as_deref().unwrap_or_default().to_owned(),
            evidence: comparison.evidence(finding),
            instead: finding.instead.clone().unwrap_or_default(),
            source: finding.source.to_string(),
        });
        View {
            left: comparison.left.clone(),
            right: comparison.right.clone(),
            heading: comparison.heading().to_owned(),
            extent: comparison.extent().unwrap_or_default().to_owned(),
            tables: comparison.tables.clone(),
            reasons: reasons.collect(),
            made: comparison.made.clone(),
        }
    }
}
