//! Who starts dearer, and from which update on that has paid off.

use wirelab_catalog::App;

use super::words::ordinal;
use super::{Find, Known, Place, ReportFinding, Rule, Section};
use crate::findings::{Cost, costs, crossing};
use crate::numbers::capital;
use crate::tables::{inline, title, titles};

pub const RULE: Rule = Rule {
    id: "break-even",
    title: "From which update on a dear start has paid off",
    place: Place::Heading(Section::Growth),
    means: "What one client pays before its first update (handshakes, page, subscription) and what each update adds make a straight \
            line. Where two lines cross, the way that starts dearer becomes the cheaper one.",
    looks: "What the first client of each capture pays before its first update, and the row of one update.",
    mistaken: "A measurement of that many updates: it is worked out from the rows of this report.",
    helps: "Few updates: what starts cheap. Many: what adds little.",
    source: "docs/updates.md",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let costs = costs(known.analysis);
    let evidence = costs.iter().flat_map(|cost| [known.update(cost.capture), known.once(cost)]);
    let finding = |text| RULE.seen(text).shown_by(evidence);
    said(known, &costs).map(finding).into_iter().collect()
}

fn said(known: &Known<'_>, costs: &[Cost]) -> Option<String> {
    let titles = titles(known.analysis);
    let choice = |cost: &Cost| {
        let (capture, called) = (known.captures().get(cost.capture)?, titles.get(cost.capture)?);
        let apart = called.strip_prefix(title(capture).as_str()).unwrap_or_default().to_owned();
        Some(Choice { title: title(capture), app: capture.app, apart })
    };
    // The crossing that a reader chooses by: the dearest start with the cheap updates against the next in line.
    let mut crossings: Vec<(u64, Choice, Choice)> = costs
        .iter()
        .flat_map(|first| costs.iter().filter_map(move |later| Some((crossing(first, later)?, first, later))))
        .filter_map(|(at, first, later)| Some((at, choice(first)?, choice(later)?)))
        .collect();
    crossings.sort();
    let wanted = crossings
        .iter()
        .find(|(_, first, later)| (first.app, later.app) == (Some(App::Ajax), Some(App::Ws)))
        .or_else(|| crossings.iter().max_by_key(|(at, ..)| *at));
    if let Some((at, first, later)) = wanted {
        return Some(format!(
            "{} starts dearer than {} and is cheaper from the {} update on",
            later.subject(),
            first.inline(),
            ordinal(*at)
        ));
    }
    let is_cheaper = |one: &Cost, other: &Cost| one.fixed < other.fixed && one.each <= other.each;
    match costs.len() {
        0 | 1 => None,
        _ if costs.iter().any(|one| costs.iter().any(|other| is_cheaper(one, other))) => {
            Some("Who starts cheaper stays cheaper".to_owned())
        }
        _ => Some("What starts alike grows alike".to_owned()),
    }
}

/// One of two captures between which a reader may choose; ordered by what they are called.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Choice {
    title: String,
    app: Option<App>,
    /// What sets it apart from others of the same title.
    apart: String,
}

impl Choice {
    fn inline(&self) -> String {
        format!("{}{}", inline(self.app, &self.title), self.apart)
    }

    /// The same at the start of a sentence; a capture of somebody else is called as it is.
    fn subject(&self) -> String {
        if self.app.is_some() { capital(&self.inline()) } else { self.inline() }
    }
}
