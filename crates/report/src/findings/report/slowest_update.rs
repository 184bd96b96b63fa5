//! The update that took longest, and what it waited for.

use wirelab_analyze::model::{Capture, Cause, Exchange, Time};

use super::{Find, Known, Place, ReportFinding, Rule, Section};
use crate::numbers::duration;
use crate::tables::title;
use crate::times;

pub const RULE: Rule = Rule {
    id: "slowest-update",
    title: "The update that took longest",
    place: Place::Heading(Section::Times),
    means: "The longest that a client waited for an update, of all updates of all captures that are listed, and what most of it was \
            besides the way, where that is a tenth of it or more.",
    looks: "The time of each update, split by cause.",
    mistaken: "The typical update: that is the median, in the table.",
    helps: "What each cause means, and what shortens it, is in docs/time.md.",
    source: "docs/time.md",
    find: Find::InReport(find),
};

fn find(known: &Known<'_>) -> Vec<ReportFinding> {
    let Some((capture, update, time)) = times::slowest(known.captures()) else { return Vec::new() };
    let is_listed_in_part = known.captures().iter().any(|one| one.rows_left_out > 0);
    let listed = if is_listed_in_part { " of those listed" } else { "" };
    let at = known.captures().iter().position(|one| std::ptr::eq(one, capture)).unwrap_or_default();
    let shown = known.all(at, |one| std::ptr::eq(one, update));
    vec![RULE.seen(said(capture, update, &time, listed)).shown_by([shown])]
}

fn said(capture: &Capture, update: &Exchange, time: &Time, listed: &str) -> String {
    let total = time.total_s();
    let waited = Cause::ALL.iter().filter(|&&cause| cause != Cause::Network);
    let most = waited.reduce(|most, cause| if time.of(*cause) > time.of(*most) { cause } else { most });
    match most {
        // Less than a tenth of it explains nothing, and which of many is the last by a hair is nothing to know.
        Some(&cause) if time.of(cause) * 10.0 >= total => format!(
            "The slowest update{listed} took {}, {} of it {}: {}, {}",
            duration(total),
            duration(time.of(cause)),
            cause.name(),
            title(capture),
            update.name()
        ),
        _ => format!("No update{listed} took longer than {}", duration(total)),
    }
}
