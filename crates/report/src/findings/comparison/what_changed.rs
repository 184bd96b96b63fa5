//! What changed, in a line: the options that differ, and what that did to one update.

use wirelab_analyze::model::{Capture, Column};

use super::time::median;
use super::{Compared, Find, Pairing, Place, ReportFinding, Rule};
use crate::lookup;
use crate::numbers::{capital, duration, listed, word};
use crate::report::Report;
use crate::run_info::{ImpairedBy, RunInfo, typed};
use crate::tables::{Row, TableKind};
use crate::times;

pub const RULE: Rule = Rule {
    id: "what-changed",
    title: "What changed, and what that did to an update",
    place: Place::ComparisonTitle,
    means: "The options in which the second run is not as the first, as they are typed, and by how much the row of one update \
            differs: packets, bytes, and time, in round trips where it is whole ones.",
    looks: "Two runs or captures of the same thing, and the rows of one update of both.",
    mistaken: "A cause: that an option differs and an update costs more is no proof that the one follows from the other. The \
               reasons below have the packets.",
    helps: "Change one option at a time.",
    source: "docs/updates.md",
    find: Find::InComparison(find),
};

fn find(compared: &Compared<'_>) -> Vec<ReportFinding> {
    if compared.differing == 0 {
        return Vec::new();
    }
    let mut effects: Vec<(Effect, Vec<String>)> = Vec::new();
    let mut slowest = [0.0_f64; 2];
    let mut evidence = Vec::new();
    for pairing in compared.pairings() {
        let row = |side: usize| row(compared.sides[side], pairing.at[side]);
        let (Some(was), Some(is)) = (row(0), row(1)) else { continue };
        for (slowest, capture) in slowest.iter_mut().zip(pairing.captures) {
            let most = times::slowest(std::slice::from_ref(capture)).map_or(0.0, |(_, _, time)| time.total_s());
            *slowest = slowest.max(most);
        }
        evidence.extend([0, 1].map(|side| compared.evidence(side, &pairing, shown(&pairing, side))));
        let effect = Effect::of(&was, &is, pairing.captures);
        match effects.iter_mut().find(|(known, _)| *known == effect) {
            Some((_, of)) => of.push(is.inline()),
            None => effects.push((effect, vec![is.inline()])),
        }
    }
    if effects.is_empty() {
        return Vec::new();
    }
    let said = in_words(effects, slowest);
    let [left, right] = compared.sides;
    let (options, typed) = options(left.run.as_ref(), right.run.as_ref());
    let text = match (typed.as_slice(), compared.names) {
        ([], [a, b]) if a == b => capital(&said),
        ([], [a, b]) => format!("From {a} to {b}: {said}"),
        (typed, _) => format!("`{}`: {said}", typed.join(" ")),
    };
    let mut finding = RULE.seen(text).shown_by(evidence);
    finding.options = options;
    vec![finding]
}

fn row(report: &Report, capture: usize) -> Option<Row> {
    let table = report.tables.iter().find(|table| table.kind == TableKind::PerUpdate)?;
    table.rows.iter().find(|row| row.capture == capture).cloned()
}

/// The median update of a side, and its slowest.
fn shown(pairing: &Pairing<'_>, side: usize) -> Vec<usize> {
    let capture = pairing.captures[side];
    let slowest = times::slowest(std::slice::from_ref(capture))
        .and_then(|(_, slowest, _)| capture.exchanges.iter().position(|one| one.order() == slowest.order()));
    median(capture).into_iter().chain(slowest).collect()
}

/// What an update costs more or less, and what the slowest takes where that is all.
fn in_words(mut effects: Vec<(Effect, Vec<String>)>, [was, is]: [f64; 2]) -> String {
    let all_alike = effects.len() == 1;
    let is_in_the_median = effects.iter().any(|(effect, _)| effect.takes_other_time);
    // Those on which it has no effect need no word, unless there are no others.
    effects.retain(|(effect, _)| all_alike || !effect.said.is_empty());
    let more = effects.len().saturating_sub(MOST_EFFECTS);
    let said = effects.iter().take(MOST_EFFECTS).map(|(effect, of)| {
        let of = if all_alike && of.len() > 2 { String::new() } else { format!(" with {}", listed(of)) };
        match effect.said.as_str() {
            "" => format!("the median update{of} costs the same"),
            effect => format!("an update{of} costs {effect}"),
        }
    });
    let mut said: Vec<String> = said.collect();
    if more > 0 {
        said.push("others differ in other ways".to_owned());
    }
    if !is_in_the_median && was > 0.0 && is > 0.0 && (is > was * 1.5 || was > is * 1.5) {
        said.push(format!("the slowest takes {}, not {}", duration(is), duration(was)));
    }
    said.join("; ")
}

/// The options in which the second run is not as the first, as run.json calls them and as they would be typed. Seeds matter only
/// where nothing else does.
fn options(left: Option<&RunInfo>, right: Option<&RunInfo>) -> (Vec<&'static str>, Vec<String>) {
    let (Some(a), Some(b)) = (left, right) else { return (Vec::new(), Vec::new()) };
    let (wires, a, b) = ([a.wire.kind, b.wire.kind], &a.options, &b.options);
    let replay = if b.replay { "--replay" } else { "no --replay" };
    // A replay stands for the server, the client and the quick ACK.
    let same_replay = a.replay == b.replay;
    let mut options = vec![
        ("wire", wires[0] != wires[1], format!("--wire {}", wires[1])),
        ("replay", !same_replay, replay.to_owned()),
        ("server", same_replay && a.server != b.server, format!("--server {}", b.server)),
        ("client", same_replay && a.client != b.client, format!("--client {}", b.client)),
        ("rtt_ms", a.rtt_ms != b.rtt_ms, format!("--rtt {}", typed(b.rtt_ms / 1e3))),
        ("loss", a.loss != b.loss, b.impaired_by(ImpairedBy::Loss)),
        ("duplicate", a.duplicate != b.duplicate, b.impaired_by(ImpairedBy::Duplicate)),
        ("reorder", a.reorder != b.reorder, b.impaired_by(ImpairedBy::Reorder)),
        ("down", a.down != b.down, b.impaired_by(ImpairedBy::Down)),
        ("interval_s", a.interval_s != b.interval_s, format!("--interval {}", typed(b.interval_s))),
        ("updates", a.updates != b.updates, format!("--updates {}", b.updates)),
        ("vantage", a.vantage != b.vantage, format!("--vantage {}", b.vantage)),
    ];
    options.retain(|(_, differs, _)| *differs);
    if options.is_empty() && a.seed != b.seed {
        options.push(("seed", true, format!("--seed {}", b.seed)));
    }
    options.into_iter().map(|(name, _, typed)| (name, typed)).unzip()
}

/// What became of one update.
#[derive(PartialEq, Eq)]
struct Effect {
    /// "2 packets, 132 bytes and one round trip more"; empty where there is no difference.
    said: String,
    /// Whether time is among it.
    takes_other_time: bool,
}

impl Effect {
    fn of(was: &Row, is: &Row, captures: [&Capture; 2]) -> Effect {
        let (mut more, mut less) = (Vec::new(), Vec::new());
        for (column, noun) in [(Column::TotalPackets, "packet"), (Column::FrameBytes, "byte")] {
            let (was, is) = (was.amount(column), is.amount(column));
            if was != is {
                let changed = if is.is_more_than(was) { &mut more } else { &mut less };
                changed.push(is.apart_from(was).count(noun));
            }
        }
        let mut takes_other_time = false;
        if let [Some(before), Some(now)] = captures.map(|capture| capture.per_update_time) {
            let difference = now.total_s() - before.total_s();
            if let Some(said) = time(difference, before.total_s(), captures.map(lookup::round_trip)) {
                if difference > 0.0 { &mut more } else { &mut less }.push(said);
                takes_other_time = true;
            }
        }
        let said = [(more, "more"), (less, "less")].into_iter().filter(|(what, _)| !what.is_empty());
        let said: Vec<String> = said.map(|(what, how)| format!("{} {how}", listed(&what))).collect();
        Effect { said: said.join(", and "), takes_other_time }
    }
}

/// A difference of times in round trips where it is whole ones of the same length, else in seconds; `None` where it is no more
/// than clocks and processors make of the same thing.
fn time(difference: f64, of: f64, trips: [Option<f64>; 2]) -> Option<String> {
    let size = difference.abs();
    if size < LEAST_DIFFERENCE_S.max(of * 0.05) {
        return None;
    }
    if let [Some(was), Some(is)] = trips
        && (was - is).abs() < is * 0.05
    {
        let whole = (size / is).round();
        if (1.0..=12.0).contains(&whole) && (size - whole * is).abs() < is * 0.1 {
            return Some(format!("{} round trip{}", word(whole as u64), if whole > 1.0 { "s" } else { "" }));
        }
    }
    Some(duration(size))
}

/// Differences of time below this are not told in a title.
const LEAST_DIFFERENCE_S: f64 = 0.001;
/// So many effects have a place in a title.
const MOST_EFFECTS: usize = 3;
