//! The picture of one update: a bar a capture, stacked by layer, all on one scale.

use wirelab_analyze::model::{Column, Layer};

use crate::html::svg::Svg;
use crate::numbers::{grouped, percent};
use crate::tables::Row;

/// The picture, rows sorted by bytes; `ids` are the captures' names in links.
pub fn render(rows: &[Row], ids: &[String]) -> String {
    let mut rows: Vec<&Row> = rows.iter().collect();
    rows.sort_by_key(|row| row.tally.frame_bytes);
    let most = rows.last().map_or(1, |row| row.tally.frame_bytes).max(1);
    let scale = (WIDTH - LEFT - RIGHT) / most as f64;
    let height = TOP + rows.len() as f64 * STEP;
    let said: Vec<String> =
        rows.iter().map(|row| format!("{} {} bytes", row.title, row.amount(Column::FrameBytes).grouped())).collect();
    let description = format!("Horizontal bars on one scale: {}.", said.join(", "));
    let mut svg = Svg::with_links("pic-update", WIDTH, height, "Frame bytes of one update, by layer", &description);
    for (at, row) in rows.iter().enumerate() {
        let y = TOP + at as f64 * STEP;
        let id = ids.get(row.capture).map_or("", String::as_str);
        svg.open_link(id);
        svg.text("end strong", LEFT - 12.0, y + BAR / 2.0 + 1.0, &shortened(&row.title));
        svg.close_link();
        svg.text(
            "end quiet small",
            LEFT - 12.0,
            y + BAR / 2.0 + 16.0,
            &row.amount(Column::TotalPackets).count("packet"),
        );
        let mut x = LEFT;
        for &layer in Layer::STACK {
            let bytes = row.tally.of(layer);
            if bytes == 0 {
                continue;
            }
            let width = bytes as f64 * scale;
            let title =
                format!("{}: {} bytes, {}", layer.name(), grouped(bytes), percent(bytes, row.tally.frame_bytes));
            svg.rect(&format!("f-{}", layer.class()), x, y, width, BAR, Some(&title));
            if layer.hatch().is_some() {
                svg.rect(&format!("pat-{}", layer.class()), x, y, width, BAR, None);
            }
            let label = grouped(bytes);
            if width > label.chars().count() as f64 * 8.0 + 8.0 {
                svg.text(&format!("mid on-{}", layer.class()), x + width / 2.0, y + BAR / 2.0 + 5.0, &label);
            }
            for (within, bytes) in inside(layer, row) {
                let part = (bytes as f64 * scale).max(2.0);
                let title = format!("{}: {bytes} bytes", within.name());
                svg.rect(&format!("f-{}", within.class()), x + width - part, y, part, BAR, Some(&title));
            }
            x += width;
        }
        svg.text("strong", x + 10.0, y + BAR / 2.0 + 1.0, &row.amount(Column::FrameBytes).grouped());
        if row.tally.useful_bytes > 0 {
            let share = format!("{} useful", percent(row.tally.useful_bytes, row.tally.frame_bytes));
            svg.text("quiet small", x + 10.0, y + BAR / 2.0 + 16.0, &share);
        }
    }
    svg.finish()
}

/// The same for a narrow screen: names above their bars.
pub fn render_narrow(rows: &[Row], ids: &[String]) -> String {
    let mut rows: Vec<&Row> = rows.iter().collect();
    rows.sort_by_key(|row| row.tally.frame_bytes);
    let most = rows.last().map_or(1, |row| row.tally.frame_bytes).max(1);
    let scale = (NARROW - 4.0) / most as f64;
    let height = TOP + rows.len() as f64 * (STEP + 6.0);
    let mut svg = Svg::with_links(
        "pic-update-narrow",
        NARROW,
        height,
        "Frame bytes of one update, by layer",
        "Horizontal bars on one scale; each name says how many packets and bytes its bar stands for.",
    );
    for (at, row) in rows.iter().enumerate() {
        let y = TOP + at as f64 * (STEP + 6.0);
        svg.open_link(ids.get(row.capture).map_or("", String::as_str));
        svg.text("strong", 0.0, y + 14.0, &shortened(&row.title));
        svg.close_link();
        let [packets, bytes] = [Column::TotalPackets, Column::FrameBytes].map(|column| row.amount(column));
        let said = format!("{}, {} bytes", packets.count("packet"), bytes.grouped());
        svg.text("end", NARROW, y + 14.0, &said);
        let mut x = 1.0;
        for &layer in Layer::STACK {
            let width = row.tally.of(layer) as f64 * scale;
            if width > 0.0 {
                let title = format!("{}: {} bytes", layer.name(), grouped(row.tally.of(layer)));
                svg.rect(&format!("f-{}", layer.class()), x, y + 20.0, width, BAR - 10.0, Some(&title));
                if layer.hatch().is_some() {
                    svg.rect(&format!("pat-{}", layer.class()), x, y + 20.0, width, BAR - 10.0, None);
                }
            }
            for (within, bytes) in inside(layer, row) {
                let part = (bytes as f64 * scale).max(2.0);
                svg.rect(&format!("f-{}", within.class()), x + width - part, y + 20.0, part, BAR - 10.0, None);
            }
            x += width;
        }
    }
    svg.finish()
}

/// The layers that lie within one, and their bytes, where there are any.
fn inside(layer: Layer, row: &Row) -> impl Iterator<Item = (Layer, u64)> {
    let within = Layer::ALL.iter().filter(move |one| one.within() == Some(layer));
    within.map(|&one| (one, row.tally.of(one))).filter(|(_, bytes)| *bytes > 0)
}

pub(super) fn shortened(title: &str) -> String {
    if title.chars().count() <= 16 {
        return title.to_owned();
    }
    title.chars().take(15).chain(['\u{2026}']).collect()
}

const WIDTH: f64 = 880.0;
const NARROW: f64 = 390.0;
const LEFT: f64 = 144.0;
const RIGHT: f64 = 104.0;
const TOP: f64 = 6.0;
const BAR: f64 = 34.0;
const STEP: f64 = 54.0;
