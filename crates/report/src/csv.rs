//! tables.csv: the three tables, the clients where a capture has several, and the kinds of exchanges of a capture that is
//! none of the lab's own, as one wide table, RFC 4180 with a header line.
//!
//! One line a row of a table: `table` (overall, per_update, push_only, per_update_mean, per_update_all_in, client, exchange),
//! `capture`, `app` (empty for a capture that is none of wirelab's), `of` (what an update is there; a client's address; what the
//! exchanges are), the columns of the table (of exchanges, those of the median one, or the mean where they share packets), the parts of the app bytes, then the least and the most of the first
//! six columns over all updates or exchanges, then the published figures of 2021, then how many exchanges there are and
//! the seconds to the first and to the last byte of the answer, then what the time of the median went into, in seconds. What does not apply is empty, never 0.

use std::fmt::Write as _;
use std::io::{self, Write};

use wirelab_analyze::model::{Capture, Column, Group, Layer, Mean, Spread, SpreadSeconds, Time};
use wirelab_dissect::visible::visible;

use crate::groups;
use crate::report::Report;
use crate::tables::{Row, TableKind};

/// Writes the report's tables as CSV, line by line: nothing bounds how many clients there are.
///
/// # Errors
/// Those of the writer.
pub fn write(report: &Report, mut out: impl Write) -> io::Result<()> {
    let mut text = String::from("table,capture,app,of");
    for column in Column::ALL {
        push(&mut text, column.name());
    }
    for layer in parts() {
        push(&mut text, layer.key());
    }
    for prefix in ["min", "max", "published_2021"] {
        for column in Column::ALL {
            let _ = write!(text, ",{prefix}_{}", column.name());
        }
    }
    for of_exchanges in OF_EXCHANGES {
        push(&mut text, of_exchanges);
    }
    for (key, _) in Time::default().entries() {
        push(&mut text, key);
    }
    let mut end = |text: &mut String| {
        text.push_str("\r\n");
        let written = out.write_all(text.as_bytes());
        text.clear();
        written
    };
    end(&mut text)?;
    for table in &report.tables {
        for row in &table.rows {
            line(&mut text, report, table.kind, row);
            end(&mut text)?;
        }
    }
    for capture in &report.analysis.captures {
        let means = [("per_update_mean", capture.per_update_mean), ("per_update_all_in", capture.per_update_all_in)];
        for (table, mean) in means {
            let Some(mean) = mean else { continue };
            text.push_str(table);
            push(&mut text, &quoted(&capture.name));
            push(&mut text, capture.app.map_or("", |app| app.name()));
            push(&mut text, &quoted(capture.per_update_of.as_deref().unwrap_or("")));
            values(&mut text, &mean);
            text.push_str(&",".repeat(3 * Column::ALL.len()));
            push(&mut text, &capture.update_count.to_string());
            text.push_str(&",".repeat(OF_EXCHANGES.len() - 1));
            time(&mut text, None);
            end(&mut text)?;
        }
    }
    for clients in &report.clients {
        let Some(capture) = report.analysis.captures.get(clients.capture) else { continue };
        let name = quoted(&capture.name);
        for row in clients.rows(capture) {
            text.push_str("client");
            push(&mut text, &name);
            push(&mut text, capture.app.map_or("", |app| app.name()));
            push(&mut text, &quoted(&row.address()));
            values(&mut text, &Mean::whole(row.tally));
            text.push_str(&",".repeat(3 * Column::ALL.len() + OF_EXCHANGES.len()));
            time(&mut text, None);
            end(&mut text)?;
        }
    }
    for capture in &report.analysis.captures {
        for (name, group) in groups::groups(capture) {
            exchange(&mut text, capture, &name, group);
            end(&mut text)?;
        }
    }
    Ok(())
}

/// A kind of exchange.
fn exchange(text: &mut String, capture: &Capture, name: &str, group: &Group) {
    text.push_str("exchange");
    push(text, &quoted(&capture.name));
    push(text, "");
    push(text, &quoted(name));
    let columns = |text: &mut String, value: fn(Spread) -> u64| {
        for column in Column::ALL {
            push(text, &group.each.of(column).map_or_else(String::new, |each| value(each).to_string()));
        }
    };
    values(text, &groups::row(group));
    columns(text, |each| each.min);
    columns(text, |each| each.max);
    text.push_str(&",".repeat(Column::ALL.len()));
    push(text, &group.count.to_string());
    for spread in [group.first_byte_s, group.last_byte_s] {
        let of = |value: fn(SpreadSeconds) -> f64| spread.map_or_else(String::new, |spread| value(spread).to_string());
        push(text, &of(|spread| spread.median));
        push(text, &of(|spread| spread.min));
        push(text, &of(|spread| spread.max));
    }
    time(text, group.median.as_ref().and_then(|median| median.time));
}

/// The columns of a tally, and the parts of its app bytes.
fn values(text: &mut String, row: &Mean) {
    for column in Column::ALL {
        push(text, &row.column(column).to_string());
    }
    for layer in parts() {
        push(text, &row.layer(layer).to_string());
    }
}

/// The parts of the app bytes that have a column: all that was new.
fn parts() -> impl Iterator<Item = Layer> {
    Layer::ALL.iter().copied().filter(|&layer| layer.is_payload() && layer != Layer::Retransmitted)
}

fn line(text: &mut String, report: &Report, kind: TableKind, row: &Row) {
    let capture = report.analysis.captures.get(row.capture);
    text.push_str(kind.name());
    push(text, &quoted(&row.name));
    push(text, capture.and_then(|capture| capture.app).map_or("", |app| app.name()));
    let of = match kind {
        TableKind::Overall => None,
        TableKind::PerUpdate | TableKind::PushOnly => capture.and_then(|capture| capture.per_update_of.as_deref()),
    };
    push(text, &quoted(of.unwrap_or("")));
    values(text, &row.cost);
    for bound in [row.range.map(|(min, _)| min), row.range.map(|(_, max)| max), row.published] {
        for column in Column::ALL {
            push(text, &bound.map_or_else(String::new, |tally| column.of(&tally).to_string()));
        }
    }
    text.push_str(&",".repeat(OF_EXCHANGES.len()));
    time(text, capture.filter(|_| kind == TableKind::PerUpdate).and_then(|capture| capture.per_update_time));
}

/// What the time of an update went into, in seconds.
fn time(text: &mut String, time: Option<Time>) {
    for (_, seconds) in time.unwrap_or_default().entries() {
        push(text, &time.map_or_else(String::new, |_| seconds.to_string()));
    }
}

fn push(text: &mut String, field: &str) {
    text.push(',');
    text.push_str(field);
}

/// A field as RFC 4180 wants it, with nothing in it that is none to see. A name that a spreadsheet would take for a
/// formula gets an apostrophe before it; some take the wide signs of Chinese and Japanese keyboards for those signs too.
fn quoted(field: &str) -> String {
    let field = visible(field);
    let field = match field.trim_start().chars().next() {
        Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') => format!("'{field}"),
        _ => field.into_owned(),
    };
    if field.contains([',', ';', '"']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field }
}

const OF_EXCHANGES: [&str; 7] = [
    "count",
    "first_byte_s",
    "min_first_byte_s",
    "max_first_byte_s",
    "last_byte_s",
    "min_last_byte_s",
    "max_last_byte_s",
];
