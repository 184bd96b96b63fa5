//! What is there to say of captures beside each other, and of one with what is known besides its packets?
//!
//! What the packets of a capture show by themselves is for the analyzer's rules ([`wirelab_analyze::findings`]). The rules here
//! need more: several captures, another run, run.json, or what is known of an app. A rule is data, a file each, and what it
//! finds is a sentence with its evidence, capture by capture. Forms show these sentences where the rule's [`Place`] is, and
//! say nothing of a capture that is not one of them.
//!
//! # How a rule is added
//!
//! 1. A file in `comparison/`, `report/`, `now_and_then/` or `questions/`: a [`Rule`] with what it means, looks like, is mistaken for and what helps, and
//!    `find`, in which every number of a sentence is computed from what it names as evidence. [`RULES`] names it.
//! 2. In `tests.rs`: captures of which it must speak, and a look-alike of which it must not. A test names what is missing.
//! 3. Of a comparison: how its numbers are worked out again from the packets alone, in `crates/wirelab/tests/judge/pairs.rs`.
//! 4. `UPDATE_SCHEMA=1 cargo test -p wirelab-report` writes `docs/findings.md` and the schema again; a line in the changelog.

mod comparison;
mod costs;
mod evidence;
mod known;
mod now_and_then;
mod questions;
mod report;
#[cfg(test)]
mod tests;
mod words;

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};
use wirelab_analyze::model::{FindingCost, Sure};

use crate::numbers::with_plain_spaces;

pub use comparison::Compared;
pub(crate) use costs::{Cost, costs, crossing};
pub use evidence::Evidence;
pub use known::Known;

/// What finds one kind of finding, and what there is to know of it.
#[derive(Debug)]
pub struct Rule {
    /// Its name in JSON and in the documentation.
    pub id: &'static str,
    /// What it is about, in a few words.
    pub title: &'static str,
    /// Where forms show what it finds.
    pub place: Place,
    /// What it means when it is found.
    pub means: &'static str,
    /// What it looks like in the packets.
    pub looks: &'static str,
    /// What it is mistaken for.
    pub mistaken: &'static str,
    /// What helps.
    pub helps: &'static str,
    /// Where the standard has it, or the documentation.
    pub source: &'static str,
    find: Find,
}

/// Where a finding is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// As the title of a report.
    Answer,
    /// Below that title.
    Lead,
    /// Above a table or a picture.
    Heading(Section),
    /// Among what is told of the numbers of the lab's own apps.
    Numbers,
    /// The same, and as the answer to this question.
    NumbersAsked(&'static str),
    /// As the answer to this question.
    Question(&'static str),
    /// As the title of a comparison.
    ComparisonTitle,
    /// Below this title.
    ComparisonExtent,
    /// Among the reasons for what differs in a comparison.
    Difference,
}

/// A part of a report that has a heading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// The picture of one update.
    OneUpdate,
    /// Below that picture.
    Proof,
    /// The table of one update.
    PerUpdate,
    /// The table of what is pushed.
    PushOnly,
    /// The table of whole captures.
    Overall,
    /// The picture of growing costs.
    Growth,
    /// Below that picture.
    Crossings,
    /// The times.
    Times,
    /// The calculator.
    Scale,
}

/// Where a rule looks.
#[derive(Debug)]
enum Find {
    InReport(fn(&Known<'_>) -> Vec<ReportFinding>),
    InComparison(fn(&Compared<'_>) -> Vec<ReportFinding>),
}

/// All rules, in the order of their documentation.
pub const RULES: &[&Rule] = &[
    &report::update_cost::RULE,
    &report::no_updates::RULE,
    &report::update_span::RULE,
    &report::heads::RULE,
    &report::pushed_or_asked::RULE,
    &report::useful_share::RULE,
    &report::heads_each_time::RULE,
    &report::packets_of_update::RULE,
    &report::push_span::RULE,
    &report::whole_span::RULE,
    &report::break_even::RULE,
    &report::crossings::RULE,
    &report::slowest_update::RULE,
    &report::load::RULE,
    &now_and_then::handshake::RULE,
    &now_and_then::one_segment::RULE,
    &now_and_then::acks::RULE,
    &now_and_then::packet_more::RULE,
    &now_and_then::parts::RULE,
    &now_and_then::headers::RULE,
    &now_and_then::ending::RULE,
    &now_and_then::miscount::RULE,
    &questions::page_packets::RULE,
    &questions::stream_or_websocket::RULE,
    &questions::useful::RULE,
    &questions::pays_off::RULE,
    &questions::masked::RULE,
    &questions::websocket_connections::RULE,
    &questions::round_trips::RULE,
    &comparison::what_changed::RULE,
    &comparison::extent::RULE,
    &comparison::in_one_only::RULE,
    &comparison::time::RULE,
    &comparison::sent_again::RULE,
    &comparison::segments::RULE,
    &comparison::acks::RULE,
    &comparison::words::RULE,
    &comparison::headers::RULE,
    &comparison::opening::RULE,
    &comparison::closing::RULE,
];

/// What is found of the captures of a report.
pub fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let finds = RULES.iter().filter_map(|rule| match rule.find {
        Find::InReport(find) => Some(find(known)),
        Find::InComparison(_) => None,
    });
    finds.flatten().collect()
}

/// What is found of two reports beside each other.
pub fn compare(compared: &Compared<'_>) -> Vec<ReportFinding> {
    let finds = RULES.iter().filter_map(|rule| match rule.find {
        Find::InComparison(find) => Some(find(compared)),
        Find::InReport(_) => None,
    });
    finds.flatten().collect()
}

/// What there is to show at a place.
pub fn at(findings: &[ReportFinding], place: Place) -> Option<&str> {
    findings.iter().find(|finding| finding.rule.0.place == place).map(|finding| finding.text.as_str())
}

/// Something that was found in several captures, or in one and what is known besides: a sentence, and what it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "ReportFinding")]
pub struct ReportFinding {
    /// The rule that found it.
    #[serde(skip)]
    pub rule: Ruled,
    /// What it is about, in a few words.
    #[serde(skip)]
    pub title: &'static str,
    /// What it is about.
    #[schemars(schema_with = "ids")]
    pub id: &'static str,
    /// How sure it is.
    pub sure: Sure,
    /// What else the same packets could mean: of a finding that is likely.
    pub otherwise: Option<String>,
    /// What was found, as a sentence.
    #[serde(serialize_with = "plainly")]
    pub text: String,
    /// Of a comparison: what such a finding means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub means: Option<Cow<'static, str>>,
    /// What shows it, capture by capture.
    pub evidence: Vec<Evidence>,
    /// The options of run.json that it rests on.
    pub options: Vec<&'static str>,
    /// What to do instead, where there is something.
    pub instead: Option<String>,
    /// What it cost; of a comparison, by how much the two differ in it.
    pub cost: FindingCost,
    /// Where the standard has it.
    pub source: Cow<'static, str>,
}

/// A rule as a part of what it found: two are the same where their ids are.
#[derive(Clone, Copy, Debug)]
pub struct Ruled(pub &'static Rule);

impl PartialEq for Ruled {
    fn eq(&self, other: &Ruled) -> bool {
        self.0.id == other.0.id
    }
}

impl Rule {
    /// Whether it looks at two reports beside each other.
    pub fn is_of_comparison(&self) -> bool {
        matches!(self.find, Find::InComparison(_))
    }

    /// A finding that the packets show, as yet without any.
    fn seen(&'static self, text: String) -> ReportFinding {
        ReportFinding {
            rule: Ruled(self),
            title: self.title,
            id: self.id,
            sure: Sure::Seen,
            otherwise: None,
            text,
            means: self.is_of_comparison().then(|| self.means.into()),
            evidence: Vec::new(),
            options: Vec::new(),
            instead: None,
            cost: FindingCost::default(),
            source: self.source.into(),
        }
    }
}

impl ReportFinding {
    /// Shown by this, too.
    fn shown_by(mut self, evidence: impl IntoIterator<Item = Evidence>) -> ReportFinding {
        self.evidence.extend(evidence);
        self
    }

    /// Whether it is about the numbers of the lab's own apps.
    pub fn is_of_numbers(&self) -> bool {
        matches!(self.rule.0.place, Place::Numbers | Place::NumbersAsked(_))
    }

    /// What was found, and what else it could be.
    pub fn sentence(&self) -> String {
        match (self.sure, &self.otherwise) {
            (Sure::Likely, Some(otherwise)) => format!("{} Likely; it would look the same if {otherwise}.", self.text),
            _ => self.text.clone(),
        }
    }
}

/// Numbers in a program's hands have plain spaces.
fn plainly<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&with_plain_spaces(text))
}

/// The ids of all rules.
fn ids(_: &mut SchemaGenerator) -> Schema {
    let ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    schemars::json_schema!({ "type": "string", "enum": ids })
}
