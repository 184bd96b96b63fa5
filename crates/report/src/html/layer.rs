//! The legend: which layers occur, with their colours and names.

use serde::Serialize;
use wirelab_analyze::model::{Layer, Tally};

/// A layer as the legend shows it.
#[derive(Clone, Debug, Serialize)]
pub struct LegendEntry {
    class: &'static str,
    name: &'static str,
    meaning: String,
}

/// The legend: the layers that occur in these rows.
pub fn legend<'a>(rows: impl IntoIterator<Item = &'a Tally>) -> Vec<LegendEntry> {
    let sum: Tally = rows.into_iter().copied().sum();
    let entry = |layer: &Layer| LegendEntry {
        class: layer.class(),
        name: layer.name(),
        meaning: match layer.within() {
            Some(whole) => format!("of the {}: {}", whole.name(), layer.meaning()),
            None => layer.meaning().to_owned(),
        },
    };
    Layer::ALL.iter().filter(|&&layer| sum.of(layer) > 0).map(entry).collect()
}
