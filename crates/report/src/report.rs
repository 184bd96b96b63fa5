//! The one value that every form of the report is made from.

use std::collections::HashSet;

use wirelab_analyze::model::Analysis;

use crate::bytes::CaptureBytes;
use crate::clients::{self, Clients};
use crate::differences::{self, Difference};
use crate::findings::{self, Findings};
use crate::run_info::{RunInfo, WireMake};
use crate::tables::{self, Table};

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
    /// Why numbers differ, from 2021 and from one update to the next.
    pub differences: Vec<Difference>,
    /// What the numbers say, in sentences: the headings of the report.
    pub findings: Findings,
}

impl Report {
    /// Works out what there is to say.
    ///
    /// `bytes` holds the frames of the captures in the order of the analysis; give none where only the tables are
    /// wanted. The analysis says more when its packets were kept.
    pub fn new(analysis: Analysis, run: Option<RunInfo>, bytes: Vec<CaptureBytes>) -> Report {
        let tables = tables::tables(&analysis);
        let differences = differences::explain(&analysis.captures, run.as_ref());
        let findings = findings::find(&analysis, &tables, run.as_ref());
        let clients = clients::clients(&analysis);
        Report { ids: ids(&analysis), tables, clients, differences, findings, analysis, run, bytes }
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
