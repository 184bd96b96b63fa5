//! Each pair of ways of which one overtakes the other.

use super::{Find, Known, Place, ReportFinding, Rule, Section};
use crate::findings::{Cost, costs, crossing};
use crate::numbers::grouped;
use crate::tables::titles;

pub const RULE: Rule = Rule {
    id: "crossing",
    title: "A way that overtakes another",
    place: Place::Heading(Section::Crossings),
    means: "Of two ways the one that starts dearer adds less with each update, and from this update on it has cost less in all.",
    looks: "What is paid once, and what each update adds, of both.",
    mistaken: "A measurement of that many updates: it is worked out from the rows of this report.",
    helps: "Choose by how many updates there will be.",
    source: "docs/updates.md",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let costs = costs(known.analysis);
    let titles = titles(known.analysis);
    let name = |cost: &Cost| titles.get(cost.capture).cloned().unwrap_or_default();
    let crossed = |first, later| Some((crossing(first, later)?, first, later));
    let pairs = costs.iter().flat_map(|first| costs.iter().filter_map(move |later| crossed(first, later)));
    let said = |(at, first, later): (u64, &Cost, &Cost)| {
        let text = format!(
            "{} ({} bytes once, {} each) has cost less than {} ({} once, {} each) from update {at} on.",
            name(later),
            grouped(later.fixed),
            later.each_in_words(),
            name(first),
            grouped(first.fixed),
            first.each_in_words()
        );
        let both = [first, later].into_iter().flat_map(|cost| [known.update(cost.capture), known.once(cost)]);
        (at, RULE.seen(text).shown_by(both))
    };
    let mut found: Vec<(u64, ReportFinding)> = pairs.map(said).collect();
    found.sort_by(|(a, one), (b, other)| (a, &one.text).cmp(&(b, &other.text)));
    found.into_iter().map(|(_, finding)| finding).collect()
}
