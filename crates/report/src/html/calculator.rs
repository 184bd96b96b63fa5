//! The calculator: clients times updates, from the measured figures.

use serde::Serialize;
use wirelab_analyze::model::Column;

use crate::numbers::{grouped, significant};
use crate::report::Report;
use crate::tables::TableKind;

/// What the calculator works with, and its answers for the first setting.
#[derive(Clone, Debug, Serialize)]
pub struct Calculator {
    clients: u64,
    interval_s: f64,
    rows: Vec<CalculatorRow>,
}

/// One way: what an update costs, and what that makes.
#[derive(Clone, Debug, Serialize)]
struct CalculatorRow {
    id: String,
    title: String,
    /// Of one update, for the page's script.
    packets: String,
    frame_bytes: String,
    app_bytes: String,
    /// For the first setting.
    packets_s: String,
    bits_s: String,
    bits_app_s: String,
    factor: String,
}

/// The calculator of a report. `None` where there are no updates.
pub fn view(report: &Report) -> Option<Calculator> {
    let table = report.tables.iter().find(|table| table.kind == TableKind::PerUpdate)?;
    let rows = table
        .rows
        .iter()
        .map(|row| {
            let [packets, frame, app] =
                [Column::TotalPackets, Column::FrameBytes, Column::AppBytes].map(|column| row.cost.column(column));
            let rate = CLIENTS as f64 / INTERVAL_S;
            CalculatorRow {
                id: report.ids.get(row.capture).cloned().unwrap_or_default(),
                title: row.title.clone(),
                packets: packets.to_string(),
                frame_bytes: frame.to_string(),
                app_bytes: app.to_string(),
                packets_s: grouped((packets * rate) as u64),
                bits_s: bits(frame * 8.0 * rate),
                bits_app_s: bits(app * 8.0 * rate),
                factor: significant(frame / app.max(1.0), 3),
            }
        })
        .collect();
    Some(Calculator { clients: CLIENTS, interval_s: INTERVAL_S, rows })
}

/// Bits per second with the unit that suits them.
fn bits(value: f64) -> String {
    match value {
        v if v >= 1e9 => format!("{} Gbit/s", significant(v / 1e9, 3)),
        v if v >= 1e6 => format!("{} Mbit/s", significant(v / 1e6, 3)),
        v if v >= 1e3 => format!("{} kbit/s", significant(v / 1e3, 3)),
        v => format!("{} bit/s", significant(v, 3)),
    }
}

const CLIENTS: u64 = 10_000;
const INTERVAL_S: f64 = 1.0;
