//! How costs grow: with the number of updates, and over time as it was measured.

use crate::findings::{Cost, costs, crossing};
use crate::html::svg::{Svg, px};
use crate::numbers::{grouped, significant};
use crate::report::Report;
use crate::tables::titles;

/// How bytes grow from the foot of the picture to its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    Linear,
    Logarithmic,
}

/// Cumulative frame bytes against updates: set-up plus per-update cost, with the crossings marked. `None` where there
/// are no updates.
pub fn by_updates(report: &Report, scale: Scale) -> Option<String> {
    let logarithmic = scale == Scale::Logarithmic;
    let costs = costs(&report.analysis);
    if costs.is_empty() {
        return None;
    }
    let crossings: Vec<(u64, &Cost, &Cost)> = costs
        .iter()
        .flat_map(|first| costs.iter().filter_map(move |later| Some((crossing(first, later)?, first, later))))
        .collect();
    let far = crossings.iter().map(|&(at, ..)| at).filter(|&at| at <= FARTHEST).max().unwrap_or(0);
    let updates = (far + far / 3).max(8);
    let most = costs.iter().map(|cost| cost.after(updates)).fold(1.0, f64::max);
    let least = costs.iter().map(|cost| cost.fixed).min().unwrap_or(1).max(50) as f64;
    let y = |bytes: f64| {
        let share = if logarithmic { (bytes.max(1.0) / least).ln() / (most / least).ln() } else { bytes / most };
        BOTTOM - share.clamp(0.0, 1.0) * (BOTTOM - TOP)
    };
    let x = |update: f64| LEFT + update / updates as f64 * (RIGHT - LEFT);
    let titles = titles(&report.analysis);
    let name = |cost: &Cost| titles.get(cost.capture).cloned().unwrap_or_default();
    let id = if logarithmic { "pic-growth-log" } else { "pic-growth" };
    let said: Vec<String> = costs
        .iter()
        .map(|cost| format!("{} {} + {} each", name(cost), grouped(cost.fixed), cost.each_in_words()))
        .collect();
    let mut svg = Svg::new(
        id,
        WIDTH,
        HEIGHT,
        "Frame bytes from the first SYN on, against the number of updates",
        &format!("Lines that begin at what is paid once and rise by what each update costs: {}.", said.join(", ")),
    );
    for value in ticks(most, logarithmic.then_some(least)) {
        svg.line("grid", LEFT, y(value), RIGHT, y(value));
        svg.text("end quiet small", LEFT - 8.0, y(value) + 4.0, &grouped(value as u64));
    }
    for update in (0..=updates).step_by(usize::try_from(updates.div_ceil(10)).unwrap_or(1)) {
        svg.text("mid quiet small", x(update as f64), BOTTOM + 18.0, &update.to_string());
    }
    svg.text("mid quiet small", (LEFT + RIGHT) / 2.0, BOTTOM + 36.0, "updates");
    svg.text("quiet small", 4.0, 12.0, if logarithmic { "bytes (logarithmic)" } else { "bytes" });
    let mut labels = Vec::new();
    for (at, cost) in costs.iter().enumerate() {
        let points: Vec<(f64, f64)> = (0..=updates).map(|u| (x(u as f64), y(cost.after(u)))).collect();
        svg.polyline(&format!("curve d{}", at % DASHES), &points);
        labels.push((y(cost.after(updates)), name(cost)));
    }
    for &(at, first, later) in crossings.iter().filter(|&&(at, ..)| at <= updates) {
        // Where the two lines meet exactly.
        let meet = (later.fixed - first.fixed) as f64 / (first.each - later.each);
        let bytes = first.fixed as f64 + first.each * meet;
        let said = format!("from update {at} on {} has cost less than {}", name(later), name(first));
        svg.circle("cross", x(meet), y(bytes), 4.0, &said);
    }
    end_labels(&mut svg, labels);
    Some(svg.finish())
}

/// Cumulative frame bytes over time, as measured. `None` where no packets were kept, or only some.
pub fn over_time(report: &Report) -> Option<String> {
    let captures: Vec<_> = report
        .analysis
        .captures
        .iter()
        .zip(titles(&report.analysis))
        .filter(|(capture, _)| {
            !capture.packets.is_empty() && capture.packets.len() as u64 == capture.totals.total_packets
        })
        .take(MOST_CURVES)
        .collect();
    let last = captures.iter().filter_map(|(capture, _)| capture.packets.last()).map(|p| p.time_s).fold(0.0, f64::max);
    let most = captures.iter().map(|(capture, _)| capture.totals.frame_bytes).max()? as f64;
    if last <= 0.0 {
        return None;
    }
    let x = |time: f64| LEFT + time / last * (RIGHT - LEFT);
    let y = |bytes: f64| BOTTOM - bytes / most * (BOTTOM - TOP);
    let mut svg = Svg::new(
        "pic-time",
        WIDTH,
        HEIGHT,
        "Frame bytes over time, as captured",
        "Steps: each update adds its bytes at once, and between updates nothing is sent.",
    );
    for value in ticks(most, None) {
        svg.line("grid", LEFT, y(value), RIGHT, y(value));
        svg.text("end quiet small", LEFT - 8.0, y(value) + 4.0, &grouped(value as u64));
    }
    for value in ticks(last, None) {
        svg.text("mid quiet small", x(value), BOTTOM + 18.0, &significant(value, 3));
    }
    svg.text("mid quiet small", (LEFT + RIGHT) / 2.0, BOTTOM + 36.0, "seconds since the first frame");
    svg.text("quiet small", 4.0, 12.0, "bytes");
    let mut labels = Vec::new();
    for (at, (capture, title)) in captures.iter().enumerate() {
        let step = capture.packets.len().div_ceil(MOST_STEPS).max(1);
        let mut sum = 0_u64;
        let mut d = format!("M{} {}", px(x(0.0)), px(y(0.0)));
        for (index, packet) in capture.packets.iter().enumerate() {
            sum += u64::from(packet.frame_len);
            if index % step == step - 1 || index + 1 == capture.packets.len() {
                d.push_str(&format!("H{}V{}", px(x(packet.time_s)), px(y(sum as f64))));
            }
        }
        d.push_str(&format!("H{}", px(RIGHT)));
        svg.path(&format!("curve d{}", at % DASHES), &d);
        labels.push((y(sum as f64), title.clone()));
    }
    end_labels(&mut svg, labels);
    Some(svg.finish())
}

/// Names at the right end of the lines, pushed apart so that none covers another.
fn end_labels(svg: &mut Svg, mut labels: Vec<(f64, String)>) {
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut last = f64::MIN;
    let mut places: Vec<f64> = Vec::new();
    for (y, _) in &labels {
        let place = y.max(last + LABEL);
        places.push(place);
        last = place;
    }
    // Where the lowest would leave the picture, all move up as far as they must.
    let mut limit = BOTTOM + 2.0;
    for place in places.iter_mut().rev() {
        *place = place.min(limit);
        limit = *place - LABEL;
    }
    for ((y, name), place) in labels.iter().zip(&places) {
        svg.line("leader", RIGHT + 2.0, *y, RIGHT + 10.0, *place);
        svg.text("small", RIGHT + 13.0, place + 4.0, name);
    }
}

/// Round numbers from 0 to `most`, or powers of ten from `least`.
fn ticks(most: f64, least: Option<f64>) -> Vec<f64> {
    if let Some(least) = least {
        let mut values = Vec::new();
        let mut value = 10_f64.powf(least.log10().ceil());
        while value <= most {
            values.push(value);
            value *= 10.0;
        }
        return values;
    }
    let rough = most / 5.0;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|&s| s >= rough).unwrap_or(power * 10.0);
    (0..=10).map(|n| f64::from(n) * step).take_while(|&v| v <= most).collect()
}

const WIDTH: f64 = 880.0;
const HEIGHT: f64 = 340.0;
const LEFT: f64 = 72.0;
const RIGHT: f64 = 770.0;
const TOP: f64 = 24.0;
const BOTTOM: f64 = 294.0;
const LABEL: f64 = 16.0;
/// Kinds of lines.
const DASHES: usize = 5;
/// Updates beyond which a crossing is not drawn.
const FARTHEST: u64 = 24;
/// Lines that one picture can hold.
const MOST_CURVES: usize = 8;
/// Corners of one line.
const MOST_STEPS: usize = 600;
