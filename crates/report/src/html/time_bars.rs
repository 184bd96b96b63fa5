//! The picture of what an update waits for: a bar a capture, stacked by cause, all on one scale.

use wirelab_analyze::model::Cause;

use crate::html::bars::shortened;
use crate::html::svg::Svg;
use crate::numbers::duration;
use crate::times::TimesRow;

/// The picture, quickest first.
pub fn render(rows: &[TimesRow]) -> String {
    let mut rows: Vec<&TimesRow> = rows.iter().collect();
    rows.sort_by(|a, b| a.time.total_s().total_cmp(&b.time.total_s()));
    let most = rows.last().map_or(0.0, |row| row.time.total_s()).max(f64::MIN_POSITIVE);
    let scale = (WIDTH - LEFT - RIGHT) / most;
    let said: Vec<String> = rows.iter().map(|row| format!("{} {}", row.title, row.update)).collect();
    let description = format!("Horizontal bars on one scale: {}.", said.join(", "));
    let height = rows.len() as f64 * STEP + 4.0;
    let mut svg = Svg::with_links("pic-times", WIDTH, height, "Time of one update, by cause", &description);
    for (at, row) in rows.iter().enumerate() {
        let y = at as f64 * STEP + 2.0;
        svg.open_link(&row.id);
        svg.text("end strong", LEFT - 12.0, y + BAR / 2.0 + 5.0, &shortened(&row.title));
        svg.close_link();
        let mut x = LEFT;
        for &cause in Cause::ALL {
            let seconds = row.time.of(cause);
            let width = seconds * scale;
            // Thinner than a line it is in the table alone.
            if width < 0.5 {
                x += width;
                continue;
            }
            let label = duration(seconds);
            let class = cause.class();
            let title = format!("{}: {label}", cause.name());
            svg.rect(&format!("f-{class}"), x, y, width, BAR, Some(&title));
            if width > label.chars().count() as f64 * 8.0 + 8.0 {
                svg.text(&format!("mid on-{class}"), x + width / 2.0, y + BAR / 2.0 + 5.0, &label);
            }
            x += width;
        }
        svg.text("strong", x + 10.0, y + BAR / 2.0 + 5.0, &row.update);
    }
    svg.finish()
}

const WIDTH: f64 = 880.0;
const LEFT: f64 = 132.0;
const RIGHT: f64 = 104.0;
const BAR: f64 = 26.0;
const STEP: f64 = 36.0;
