//! The picture of what an update waits for: a bar a capture, stacked by cause, all on one scale.

use serde::Serialize;
use wirelab_analyze::model::Cause;

use crate::html::bars::shortened;
use crate::html::svg::Svg;
use crate::numbers::duration;
use crate::times::TimesRow;

/// The picture, for a wide screen and for a narrow one.
#[derive(Serialize)]
pub struct TimeBars {
    wide: String,
    narrow: String,
}

impl TimeBars {
    /// The bars of these rows, quickest first.
    pub fn new(rows: &[TimesRow]) -> TimeBars {
        let mut rows: Vec<&TimesRow> = rows.iter().collect();
        rows.sort_by(|a, b| a.time.total_s().total_cmp(&b.time.total_s()));
        let most = rows.last().map_or(0.0, |row| row.time.total_s()).max(f64::MIN_POSITIVE);
        TimeBars { wide: wide(&rows, most), narrow: narrow(&rows, most) }
    }
}

/// Names to the left of their bars.
fn wide(rows: &[&TimesRow], most: f64) -> String {
    let said: Vec<String> = rows.iter().map(|row| format!("{} {}", row.title, row.update)).collect();
    let description = format!("Horizontal bars on one scale: {}.", said.join(", "));
    let mut svg = Svg::with_links("pic-times", WIDTH, rows.len() as f64 * STEP + 4.0, TITLE, &description);
    for (at, row) in rows.iter().enumerate() {
        let y = at as f64 * STEP + 2.0;
        svg.open_link(&row.id);
        svg.text("end strong", LEFT - 12.0, y + BAR / 2.0 + 5.0, &shortened(&row.title));
        svg.close_link();
        let end = stack(&mut svg, row, (LEFT, y), BAR, (WIDTH - LEFT - RIGHT) / most);
        svg.text("strong", end + 10.0, y + BAR / 2.0 + 5.0, &row.update);
    }
    svg.finish()
}

/// Names and times above their bars.
fn narrow(rows: &[&TimesRow], most: f64) -> String {
    let mut svg = Svg::with_links(
        "pic-times-narrow",
        NARROW,
        rows.len() as f64 * NARROW_STEP,
        TITLE,
        "Horizontal bars on one scale; above each, how long its update took.",
    );
    for (at, row) in rows.iter().enumerate() {
        let y = at as f64 * NARROW_STEP;
        svg.open_link(&row.id);
        svg.text("strong", 0.0, y + 14.0, &shortened(&row.title));
        svg.close_link();
        svg.text("end", NARROW, y + 14.0, &row.update);
        stack(&mut svg, row, (0.0, y + 20.0), NARROW_BAR, NARROW / most);
    }
    svg.finish()
}

/// One bar, its parts in the order of the causes, and where it ends.
fn stack(svg: &mut Svg, row: &TimesRow, (left, y): (f64, f64), height: f64, scale: f64) -> f64 {
    // Thinner than a line a part is in the table alone.
    let is_drawn = |width: f64| width >= 0.5;
    // What is the whole bar is said beside it.
    let has_parts = Cause::ALL.iter().filter(|&&cause| is_drawn(row.time.of(cause) * scale)).count() > 1;
    let mut x = left;
    for &cause in Cause::ALL {
        let seconds = row.time.of(cause);
        let width = seconds * scale;
        if is_drawn(width) {
            let label = duration(seconds);
            let title = format!("{}: {label}", cause.name());
            svg.rect(&format!("f-{}", cause.class()), x, y, width, height, Some(&title));
            if has_parts && width > label.chars().count() as f64 * 8.0 + 8.0 {
                svg.text(&format!("mid on-{}", cause.class()), x + width / 2.0, y + height / 2.0 + 5.0, &label);
            }
        }
        x += width;
    }
    x
}

const TITLE: &str = "Time of the median update, by cause";
const WIDTH: f64 = 880.0;
const LEFT: f64 = 132.0;
const RIGHT: f64 = 104.0;
const BAR: f64 = 26.0;
const STEP: f64 = 36.0;
const NARROW: f64 = 390.0;
const NARROW_BAR: f64 = 22.0;
const NARROW_STEP: f64 = 58.0;
