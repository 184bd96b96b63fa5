//! What changed, in a line: the options that differ, and what that did to one update.

use wirelab_analyze::model::{Capture, Column};

use super::pairs::Pair;
use crate::lookup;
use crate::numbers::{capital, duration, listed, significant, word};
use crate::report::Report;
use crate::run_info::RunInfo;
use crate::tables::{Row, TableKind};
use crate::times;

/// The title of a comparison of these pairs; `None` where no two of them have updates.
pub(super) fn title(left: &Report, right: &Report, pairs: &[Pair], names: [&str; 2]) -> Option<String> {
    let row = |report: &Report, capture: usize| -> Option<Row> {
        let table = report.tables.iter().find(|table| table.kind == TableKind::PerUpdate)?;
        table.rows.iter().find(|row| row.capture == capture).cloned()
    };
    let mut effects: Vec<(Effect, Vec<String>)> = Vec::new();
    let mut slowest = [0.0_f64; 2];
    for &(one, other) in pairs {
        let (Some(one), Some(other)) = (one, other) else { continue };
        let (Some(was), Some(is)) = (row(left, one), row(right, other)) else { continue };
        let captures = [left.analysis.captures.get(one)?, right.analysis.captures.get(other)?];
        let most = captures.map(|capture| times::slowest(std::slice::from_ref(capture)));
        for (slowest, most) in slowest.iter_mut().zip(most) {
            *slowest = slowest.max(most.map_or(0.0, |(_, _, time)| time.total_s()));
        }
        let effect = Effect::of(&was, &is, captures);
        match effects.iter_mut().find(|(known, _)| *known == effect) {
            Some((_, of)) => of.push(is.inline()),
            None => effects.push((effect, vec![is.inline()])),
        }
    }
    if effects.is_empty() {
        return None;
    }
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
    let [was, is] = slowest;
    if !is_in_the_median && was > 0.0 && is > 0.0 && (is > was * 1.5 || was > is * 1.5) {
        said.push(format!("the slowest takes {}, not {}", duration(is), duration(was)));
    }
    let said = said.join("; ");
    Some(match options(left.run.as_ref(), right.run.as_ref()) {
        Some(options) => format!("{options}: {said}"),
        None if names[0] == names[1] => capital(&said),
        None => format!("From {} to {}: {said}", names[0], names[1]),
    })
}

/// The options in which the second run is not as the first, as they would be typed. Seeds matter only where nothing else
/// does.
fn options(left: Option<&RunInfo>, right: Option<&RunInfo>) -> Option<String> {
    let (a, b) = (left?, right?);
    let (wires, a, b) = ([a.wire.kind, b.wire.kind], &a.options, &b.options);
    let mut options = Vec::new();
    if wires[0] != wires[1] {
        options.push(format!("--wire {}", wires[1]));
    }
    let time = |seconds: f64| {
        if seconds < 1.0 {
            format!("{}ms", significant(seconds * 1e3, 4))
        } else {
            format!("{}s", significant(seconds, 4))
        }
    };
    if a.replay != b.replay {
        // It stands for the server, the client and the quick ACK.
        options.push(if b.replay { "--replay".to_owned() } else { "no --replay".to_owned() });
    } else {
        if a.server != b.server {
            options.push(format!("--server {}", b.server));
        }
        if a.client != b.client {
            options.push(format!("--client {}", b.client));
        }
    }
    if a.rtt_ms != b.rtt_ms {
        options.push(format!("--rtt {}", time(b.rtt_ms / 1e3)));
    }
    if a.loss != b.loss {
        options.push(format!("--loss {}%", significant(b.loss * 100.0, 4)));
    }
    if a.interval_s != b.interval_s {
        options.push(format!("--interval {}", time(b.interval_s)));
    }
    if a.updates != b.updates {
        options.push(format!("--updates {}", b.updates));
    }
    if a.vantage != b.vantage {
        options.push(format!("--vantage {}", b.vantage));
    }
    if options.is_empty() && a.seed != b.seed {
        options.push(format!("--seed {}", b.seed));
    }
    (!options.is_empty()).then(|| format!("`{}`", options.join(" ")))
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
