//! The one value that every form of the report is made from.

use std::collections::HashSet;

use wirelab_analyze::model::Analysis;

use crate::bytes::CaptureBytes;
use crate::clients::{self, Clients};
use crate::findings::{self, Known, Place, ReportFinding, Rule, Section};
use crate::run_info::{RunInfo, WireMake};
use crate::tables::{self, Table, TableKind};

/// What was found, how it was made, and what there is to say about it.
///
/// Everything that is computed is computed here or in the modules that this one calls; templates and tables only
/// choose how it looks. Only the rows of the [clients] are put together by each form, as it shows more or
/// fewer of them.
#[derive(Clone, Debug)]
pub struct Report {
    /// The findings of the analyzer.
    pub analysis: Analysis,
    /// How the captures were made, where a run.json says so.
    pub run: Option<RunInfo>,
    /// The frames of each capture, in the order of the analysis; shorter or empty where they were not kept.
    pub bytes: Vec<CaptureBytes>,
    /// A short name for each capture, fit for a link: "ws", or made from the file's name. No two are the same.
    pub ids: Vec<String>,
    /// The tables.
    pub tables: Vec<Table>,
    /// The clients of each capture that has several.
    pub clients: Vec<Clients>,
    /// What there is to say of the captures together, and of each with what is known besides its packets.
    pub findings: Vec<ReportFinding>,
}

impl Report {
    /// Works out what there is to say.
    ///
    /// `bytes` holds the frames of the captures in the order of the analysis; give none where only the tables are
    /// wanted. The analysis says more when its packets were kept.
    pub fn new(analysis: Analysis, run: Option<RunInfo>, bytes: Vec<CaptureBytes>) -> Report {
        let tables = tables::tables(&analysis);
        let known = Known { analysis: &analysis, tables: &tables, run: run.as_ref(), bytes: &bytes };
        let findings = findings::find(&known);
        let clients = clients::clients(&analysis);
        Report { ids: ids(&analysis), tables, clients, findings, analysis, run, bytes }
    }

    /// What was found, in a line.
    pub fn answer(&self) -> &str {
        findings::at(&self.findings, Place::Answer).unwrap_or_default()
    }

    /// What stands above a part: what was found there, else only what it is.
    pub fn heading(&self, section: Section) -> &str {
        findings::at(&self.findings, Place::Heading(section)).unwrap_or(match section {
            Section::OneUpdate | Section::PerUpdate | Section::Proof => TableKind::PerUpdate.title(),
            Section::PushOnly => TableKind::PushOnly.title(),
            Section::Overall => TableKind::Overall.title(),
            Section::Growth | Section::Crossings => "What is paid once, and what each update adds",
            Section::Times => "When each update came",
            Section::Scale => "How it grows with clients",
        })
    }

    /// What was found at a place.
    pub fn found_at(&self, place: Place) -> impl Iterator<Item = &ReportFinding> {
        self.findings.iter().filter(move |finding| finding.rule.0.place == place)
    }

    /// What is told of the numbers of the lab's own apps, rule by rule.
    pub fn of_numbers(&self) -> Vec<(&'static Rule, Vec<&ReportFinding>)> {
        let mut by_rule: Vec<(&Rule, Vec<&ReportFinding>)> = Vec::new();
        for finding in self.findings.iter().filter(|finding| finding.is_of_numbers()) {
            match by_rule.last_mut() {
                Some((rule, found)) if rule.id == finding.id => found.push(finding),
                _ => by_rule.push((finding.rule.0, vec![finding])),
            }
        }
        by_rule
    }

    /// Whether the numbers come from the virtual wire.
    pub fn is_virtual(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.wire.kind == WireMake::Virtual)
    }

    /// Whether any capture is one of wirelab's own.
    pub fn has_own(&self) -> bool {
        self.analysis.captures.iter().any(|capture| capture.app.is_some())
    }

    /// Whether any capture is one of wirelab's apps, so that the figures of 2021 stand beside.
    pub fn has_published(&self) -> bool {
        self.tables.iter().flat_map(|table| &table.rows).any(|row| row.published.is_some())
    }
}

/// A short name a capture: the app's where it is the only one of its app, else what a link may hold of the file's name.
fn ids(analysis: &Analysis) -> Vec<String> {
    let mut taken = HashSet::new();
    analysis
        .captures
        .iter()
        .map(|capture| {
            let alone = |app| analysis.captures.iter().filter(|other| other.app == Some(app)).count() == 1;
            let wanted = match capture.app {
                Some(app) if alone(app) => app.name().to_owned(),
                _ => slug(&capture.name),
            };
            let mut id = wanted.clone();
            let mut next = 2;
            while !taken.insert(id.clone()) {
                id = format!("{wanted}-{next}");
                next += 1;
            }
            id
        })
        .collect()
}

/// Letters and digits of a name, the rest as hyphens; never empty, never like a packet or update of another capture.
fn slug(name: &str) -> String {
    let mut slug: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    while slug.contains("--") {
        slug = slug.replace("--", "-");
    }
    let slug = slug.trim_matches('-');
    let slug: String = slug.chars().take(40).collect();
    // "c-" before it keeps a file called "calculator.pcap" or "ws-u2.pcap" away from the page's own names.
    format!("c-{slug}")
}
