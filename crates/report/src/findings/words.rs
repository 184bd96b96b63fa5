//! How do sentences name rows and their amounts?

use wirelab_analyze::model::Column;

use crate::numbers::{grouped, listed, significant};
use crate::tables::Row;

/// The row with the fewest and the row with the most frame bytes.
pub(super) fn extremes(rows: &[Row]) -> Option<(&Row, &Row)> {
    let bytes = |row: &Row| row.cost.column(Column::FrameBytes);
    let least = rows.iter().min_by(|a, b| bytes(a).total_cmp(&bytes(b)))?;
    let most = rows.iter().max_by(|a, b| bytes(a).total_cmp(&bytes(b)))?;
    Some((least, most))
}

/// One update of a row inside a sentence: "one update with Ajax", "one GET /time".
pub(super) fn one(row: &Row) -> String {
    match &row.of {
        Some(_) => format!("one {}", row.title),
        None => format!("one update with {}", row.inline()),
    }
}

pub(super) fn bytes(row: &Row) -> String {
    row.amount(Column::FrameBytes).grouped()
}

pub(super) fn packets(row: &Row) -> String {
    row.amount(Column::TotalPackets).count("packet")
}

/// Says of a row that it is a mean.
pub(super) fn on_average(row: &Row) -> &'static str {
    if row.sharing.is_some() { " on average" } else { "" }
}

/// What these rows cost in bytes with all that their connections carry, where that is clearly more.
pub(super) fn all_in(rows: &[&Row]) -> String {
    if rows.iter().all(|row| row.all_in.is_none()) {
        return String::new();
    }
    let bytes = |row: &&Row| row.all_in(Column::FrameBytes).unwrap_or(row.amount(Column::FrameBytes)).grouped();
    format!("; all in, {}", listed(&rows.iter().map(bytes).collect::<Vec<_>>()))
}

/// The same in packets and bytes, of one row or of all.
pub(super) fn all_in_packets(rows: &[Row]) -> String {
    let dear: Vec<&Row> = rows.iter().filter(|row| row.all_in.is_some()).collect();
    let of = |row: &Row, column| row.all_in(column).unwrap_or(row.amount(column));
    match (rows, dear.as_slice()) {
        (_, []) => String::new(),
        ([only], _) => format!(
            "; all in, {} and {} bytes",
            of(only, Column::TotalPackets).count("packet"),
            of(only, Column::FrameBytes).grouped()
        ),
        _ => {
            let all = |row: &&Row| row.all_in.unwrap_or(row.cost).column(Column::TotalPackets);
            let least = rows.iter().min_by(|a, b| all(a).total_cmp(&all(b)));
            let most = rows.iter().max_by(|a, b| all(a).total_cmp(&all(b)));
            let said = |row: Option<&Row>| row.map_or_else(String::new, |row| of(row, Column::TotalPackets).grouped());
            match (said(least), said(most)) {
                (least, most) if least == most => format!("; all in, {least}"),
                (least, most) => format!("; all in, from {least} to {most}"),
            }
        }
    }
}

/// ": 7.5 times as much", where it is that.
pub(super) fn times_as_much(least: &Row, most: &Row) -> String {
    let factor = most.cost.column(Column::FrameBytes) / least.cost.column(Column::FrameBytes);
    if factor >= 1.1 && factor.is_finite() {
        format!(": {} times as much", significant(factor, 2))
    } else {
        String::new()
    }
}

/// "first", "second", … "12th".
pub(super) fn ordinal(number: u64) -> String {
    match number {
        1 => "first".to_owned(),
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        4 => "fourth".to_owned(),
        5 => "fifth".to_owned(),
        _ => {
            let ending = match (number % 10, number % 100) {
                (_, 11..=13) => "th",
                (1, _) => "st",
                (2, _) => "nd",
                (3, _) => "rd",
                _ => "th",
            };
            format!("{}{ending}", grouped(number))
        }
    }
}
