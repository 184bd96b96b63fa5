//! The tables of two reports, cell by cell: bytes and packets, times, and what was sent again.

use wirelab_analyze::model::{Capture, Column, Layer, Mean};

use super::pairs::Pair;
use super::{ComparedCell, ComparedColumn, ComparedRow, ComparedTable};
use crate::lookup;
use crate::numbers::{Amount, duration};
use crate::report::Report;
use crate::run_info::Impairment;
use crate::tables::{Row, TableKind, amount, titles};
use crate::times;

/// All tables that either of the two has.
pub(super) fn tables(left: &Report, right: &Report, pairs: &[Pair]) -> Vec<ComparedTable> {
    let counted = TableKind::ALL.into_iter().map(|kind| counted(left, right, pairs, kind));
    let others = [timed(left, right, pairs), again(left, right, pairs)];
    counted.chain(others).filter(|table| !table.rows.is_empty()).collect()
}

/// Packets and bytes.
fn counted(left: &Report, right: &Report, pairs: &[Pair], kind: TableKind) -> ComparedTable {
    let row = |report: &Report, capture: Option<usize>| -> Option<Row> {
        let table = report.tables.iter().find(|table| table.kind == kind)?;
        table.rows.iter().find(|row| Some(row.capture) == capture).cloned()
    };
    let rows: Vec<ComparedRow> = pairs
        .iter()
        .filter_map(|&(one, other)| {
            let (a, b) = (row(left, one), row(right, other));
            let mut titles = titles_of(a.as_ref().map(|row| &row.title), b.as_ref().map(|row| &row.title))?;
            // Totals of more updates are not the more for it.
            let updates = [updates(left, one), updates(right, other)];
            let shared = kind == TableKind::Overall && differ(updates);
            if shared {
                titles += EACH_UPDATE;
            }
            let of = |row: Option<&Row>, updates: u64, column| {
                let row = row?;
                Some(if shared { amount(&Mean::of(*row.cost.sum(), updates)?, column) } else { row.amount(column) })
            };
            let cells = Column::ALL.map(|column| {
                let [a, b] = [of(a.as_ref(), updates[0], column), of(b.as_ref(), updates[1], column)];
                amounts(a, b)
            });
            Some(ComparedRow { title: titles, cells: cells.into() })
        })
        .collect();
    ComparedTable {
        id: kind.name(),
        title: kind.title(),
        caption: caption(kind.caption(), &rows),
        columns: Column::ALL.map(|column| ComparedColumn { title: column.title(), short: column.short() }).into(),
        rows,
    }
}

/// What one update waits for.
fn timed(left: &Report, right: &Report, pairs: &[Pair]) -> ComparedTable {
    let column = |title, short| ComparedColumn { title, short };
    let times = |report: &Report, capture: Option<usize>| -> [Option<f64>; 4] {
        let Some(capture) = capture.and_then(|at| report.analysis.captures.get(at)) else { return [None; 4] };
        let slowest = times::slowest(std::slice::from_ref(capture)).map(|(_, _, time)| time.total_s());
        let trip = lookup::round_trip(capture).filter(|_| capture.update_count > 0);
        [trip, times::first_time(capture), capture.per_update_time.map(|time| time.total_s()), slowest]
    };
    let rows = rows(left, right, pairs, |one, other| {
        let [a, b] = [times(left, one), times(right, other)];
        a.into_iter().zip(b).map(|(a, b)| seconds(a, b)).collect()
    });
    ComparedTable {
        id: "times",
        title: "Time",
        caption: "The round trip of the quickest handshake, what a client waits for the first time, for the median update and for \
                  the slowest one that is listed."
            .to_owned(),
        columns: vec![
            column("Round trip", "round trip"),
            column("First time after", "first"),
            column("Update after", "update"),
            column("Slowest update", "slowest"),
        ],
        rows,
    }
}

/// What was lost and sent again.
fn again(left: &Report, right: &Report, pairs: &[Pair]) -> ComparedTable {
    let column = |title, short| ComparedColumn { title, short };
    let lost = |report: &Report, capture: &Capture| {
        let made = report.run.as_ref()?.captures.iter().find(|made| made.name == capture.name)?;
        let listed = made.impaired_frames.iter().filter(|frame| frame.what == Impairment::Dropped).count();
        (made.impaired_frames_left_out == 0).then_some(listed as u64)
    };
    let counts = |report: &Report, capture: Option<usize>| -> [Option<u64>; 3] {
        let Some(capture) = capture.and_then(|at| report.analysis.captures.get(at)) else { return [None; 3] };
        let again = capture.totals.retransmitted_packets;
        [lost(report, capture), Some(again), Some(capture.totals.of(Layer::Retransmitted))]
    };
    let mut rows = rows(left, right, pairs, |one, other| {
        let of_each = [updates(left, one), updates(right, other)];
        let share = |value: Option<u64>, updates: u64| match value {
            Some(value) if differ(of_each) => {
                Some(Amount::tenths((value as f64 * 10.0 / updates as f64).round() as u64))
            }
            value => value.map(Amount::whole),
        };
        let [a, b] = [counts(left, one), counts(right, other)];
        a.into_iter().zip(b).map(|(a, b)| amounts(share(a, of_each[0]), share(b, of_each[1]))).collect()
    });
    let nothing = |cell: &ComparedCell| [&cell.left, &cell.right].into_iter().flatten().all(|shown| shown == "0");
    if rows.iter().flat_map(|row| &row.cells).all(nothing) {
        rows.clear();
    }
    for (row, &(one, other)) in rows.iter_mut().zip(pairs) {
        if differ([updates(left, one), updates(right, other)]) {
            row.title += EACH_UPDATE;
        }
    }
    ComparedTable {
        id: "again",
        title: "Lost and sent again",
        caption: caption(
            "Frames that the link dropped, where run.json lists them, and what was on the wire once more.",
            &rows,
        ),
        columns: vec![
            column("Frames dropped", "dropped"),
            column("Packets sent again", "packets again"),
            column("Bytes sent again", "bytes again"),
        ],
        rows,
    }
}

/// What the rows are, those of one update among them too.
fn caption(of_whole: &str, rows: &[ComparedRow]) -> String {
    if rows.iter().any(|row| row.title.ends_with(EACH_UPDATE)) {
        format!("{of_whole} Where the two have not as many updates, all is divided by their number.")
    } else {
        of_whole.to_owned()
    }
}

/// A row for each pair of which any cell says something.
fn rows(
    left: &Report,
    right: &Report,
    pairs: &[Pair],
    cells: impl Fn(Option<usize>, Option<usize>) -> Vec<ComparedCell>,
) -> Vec<ComparedRow> {
    let called = [titles(&left.analysis), titles(&right.analysis)];
    let row = |&(one, other): &Pair| {
        let [a, b] = [(one, &called[0]), (other, &called[1])].map(|(at, titles)| at.and_then(|at| titles.get(at)));
        let cells = cells(one, other);
        let says = cells.iter().any(|cell| cell.left.is_some() || cell.right.is_some());
        Some(ComparedRow { title: titles_of(a, b)?, cells }).filter(|_| says)
    };
    pairs.iter().filter_map(row).collect()
}

/// What a row is called: both names where they are not the same.
fn titles_of(left: Option<&String>, right: Option<&String>) -> Option<String> {
    match (left, right) {
        (Some(a), Some(b)) if a != b => Some(format!("{a} / {b}")),
        (a, b) => a.or(b).cloned(),
    }
}

fn updates(report: &Report, capture: Option<usize>) -> u64 {
    capture.and_then(|at| report.analysis.captures.get(at)).map_or(0, |capture| capture.update_count)
}

/// Whether two captures have updates, and not as many.
fn differ([one, other]: [u64; 2]) -> bool {
    one != other && one > 0 && other > 0
}

fn amounts(left: Option<Amount>, right: Option<Amount>) -> ComparedCell {
    ComparedCell {
        left: left.map(Amount::with_commas),
        right: right.map(Amount::with_commas),
        change: left.zip(right).filter(|(a, b)| a != b).map(|(a, b)| b.signed_from(a)),
    }
}

/// Times that are shown alike are alike.
fn seconds(left: Option<f64>, right: Option<f64>) -> ComparedCell {
    let shown = [left, right].map(|seconds| seconds.map(duration));
    let change = left.zip(right).filter(|_| shown[0] != shown[1]).map(|(a, b)| {
        let sign = if b > a { '+' } else { '\u{2212}' };
        format!("{sign}{}", duration((b - a).abs()))
    });
    let [left, right] = shown;
    ComparedCell { left, right, change }
}

/// Says that a row is not of whole captures.
const EACH_UPDATE: &str = ", an update";
