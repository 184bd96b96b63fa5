//! What does one of several cost, where none of them is like the others?

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};

use super::keyed;
use super::tally::{Entry, Tally};
use super::{Column, Layer, LayerBytes};

/// Packets and bytes shared out evenly: a row with decimals. Kept as the whole and the number of parts, so that nothing is
/// rounded and its columns add up as the whole's do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mean {
    whole: Tally,
    parts: u64,
}

impl Mean {
    /// The whole shared out to so many; `None` where there are none.
    pub fn of(whole: Tally, parts: u64) -> Option<Mean> {
        (parts > 0).then_some(Mean { whole, parts })
    }

    /// A row as it is.
    pub fn whole(row: Tally) -> Mean {
        Mean { whole: row, parts: 1 }
    }

    /// A column's share.
    pub fn column(&self, column: Column) -> f64 {
        self.share(column.of(&self.whole))
    }

    /// A layer's share.
    pub fn layer(&self, layer: Layer) -> f64 {
        self.share(self.whole.of(layer))
    }

    /// The same in whole numbers of a unit that goes `units` times into one: packets and bytes with 1, tenths of them with 10.
    /// What is rounded adds up, too.
    pub fn rounded(&self, units: u64) -> Tally {
        let round = |value: u64| {
            let (value, parts) = (u128::from(value) * u128::from(units), u128::from(self.parts));
            ((2 * value + parts) / (2 * parts)) as u64
        };
        let (mut below, mut rounded, mut layers) = (0, 0, LayerBytes::default());
        for &layer in Layer::STACK {
            below += self.whole.layers[layer];
            layers[layer] = round(below) - rounded;
            rounded = round(below);
        }
        Tally {
            total_packets: round(self.whole.total_packets),
            app_packets: round(self.whole.app_packets),
            frame_bytes: layers.sum(),
            app_bytes: layers.payload(),
            layers,
            useful_bytes: round(self.whole.useful_bytes).min(layers[Layer::Content]),
            retransmitted_packets: round(self.whole.retransmitted_packets),
        }
    }

    /// All that is shared out.
    pub fn sum(&self) -> &Tally {
        &self.whole
    }

    /// To how many.
    pub fn parts(&self) -> u64 {
        self.parts
    }

    fn share(&self, value: u64) -> f64 {
        value as f64 / self.parts as f64
    }
}

impl Serialize for Mean {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        keyed::write(serializer, Entry::all().map(|entry| (entry.key(), self.share(entry.read(&self.whole)))))
    }
}

impl JsonSchema for Mean {
    fn schema_name() -> Cow<'static, str> {
        "Mean".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let keys = Entry::all().map(|entry| (entry.key().into(), entry.meaning()));
        keyed::schema::<f64>(generator, "Packets and bytes by layer, shared out evenly: numbers with decimals.", keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_adds_up_also_where_it_is_rounded() {
        let layers =
            LayerBytes::from([(Layer::Lower, 102), (Layer::Tcp, 97), (Layer::Framing, 7), (Layer::Content, 41)]);
        let (frame_bytes, app_bytes) = (layers.sum(), layers.payload());
        let row = Tally { total_packets: 3, app_packets: 2, frame_bytes, app_bytes, layers, ..Tally::default() };
        for parts in 1..60 {
            let mean = Mean::of(row, parts).unwrap();
            for units in [1, 10, 1000] {
                let rounded = mean.rounded(units);
                assert!(rounded.adds_up(), "{parts} {units}: {rounded:?}");
                let exact = mean.column(Column::FrameBytes) * units as f64;
                assert!((rounded.frame_bytes as f64 - exact).abs() <= 0.5 + 1e-6, "{parts} {units}");
            }
            let sum: f64 = Column::SUMMANDS.iter().map(|&column| mean.column(column)).sum();
            assert!((sum - mean.column(Column::FrameBytes)).abs() < 1e-9);
        }
        assert_eq!(Mean::whole(row).rounded(1), row);
        assert_eq!(Mean::of(row, 0), None);
    }
}
