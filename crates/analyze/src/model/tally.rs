//! Packets and bytes, a number for each column and each layer.

use std::borrow::Cow;
use std::ops::{Add, AddAssign};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::column::Column;
use super::keyed;
use super::layer::{Layer, LayerBytes};

/// Packets and bytes by layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tally {
    /// Frames that carry TCP.
    pub total_packets: u64,
    /// Those with at least one byte of TCP payload.
    pub app_packets: u64,
    /// Their length on the wire.
    pub frame_bytes: u64,
    /// TCP payload.
    pub app_bytes: u64,
    /// What the bytes of the frames are.
    pub layers: LayerBytes,
    /// Of the content: the server's time.
    pub useful_bytes: u64,
    /// Of the total packets: those that carried only bytes, a SYN or a FIN that had been on the wire before.
    pub retransmitted_packets: u64,
}

impl Tally {
    /// The bytes of a layer.
    pub fn of(&self, layer: Layer) -> u64 {
        match layer {
            Layer::Useful => self.useful_bytes,
            layer => self.layers[layer],
        }
    }

    /// Whether the sums of this row hold: the columns add up to the frame, the layers of the payload to the payload, and
    /// no layer has more bytes than the one that it lies within.
    pub fn adds_up(&self) -> bool {
        self.frame_bytes == Column::SUMMANDS.iter().map(|column| column.of(self)).sum::<u64>()
            && self.frame_bytes == self.layers.sum()
            && self.app_bytes == self.layers.payload()
            && Layer::ALL.iter().all(|&layer| layer.within().is_none_or(|whole| self.of(layer) <= self.of(whole)))
    }

    /// Combines two rows number by number.
    pub fn zip(self, other: Tally, f: impl Fn(u64, u64) -> u64) -> Tally {
        Tally {
            total_packets: f(self.total_packets, other.total_packets),
            app_packets: f(self.app_packets, other.app_packets),
            frame_bytes: f(self.frame_bytes, other.frame_bytes),
            app_bytes: f(self.app_bytes, other.app_bytes),
            useful_bytes: f(self.useful_bytes, other.useful_bytes),
            retransmitted_packets: f(self.retransmitted_packets, other.retransmitted_packets),
            layers: self.layers.zip(other.layers, f),
        }
    }
}

impl Column {
    /// The column's value in a row.
    pub fn of(self, tally: &Tally) -> u64 {
        match self {
            Column::TotalPackets => tally.total_packets,
            Column::AppPackets => tally.app_packets,
            Column::FrameBytes => tally.frame_bytes,
            Column::LowerBytes => tally.layers[Layer::Lower],
            Column::TcpBytes => tally.layers[Layer::Tcp],
            Column::AppBytes => tally.app_bytes,
        }
    }

    /// The same, to be set.
    fn in_row(self, tally: &mut Tally) -> &mut u64 {
        match self {
            Column::TotalPackets => &mut tally.total_packets,
            Column::AppPackets => &mut tally.app_packets,
            Column::FrameBytes => &mut tally.frame_bytes,
            Column::LowerBytes => &mut tally.layers[Layer::Lower],
            Column::TcpBytes => &mut tally.layers[Layer::Tcp],
            Column::AppBytes => &mut tally.app_bytes,
        }
    }
}

impl Add for Tally {
    type Output = Tally;

    fn add(self, other: Tally) -> Tally {
        self.zip(other, |a, b| a + b)
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Tally) {
        *self = *self + other;
    }
}

impl std::iter::Sum for Tally {
    fn sum<I: Iterator<Item = Tally>>(rows: I) -> Tally {
        rows.fold(Tally::default(), Add::add)
    }
}

/// One number of a row, as it stands in the JSON.
#[derive(Clone, Copy)]
pub(super) enum Entry {
    Column(Column),
    Layer(Layer),
    RetransmittedPackets,
}

impl Entry {
    /// All of a row, in order. A layer of headers is a column, and stands among those.
    pub fn all() -> impl Iterator<Item = Entry> {
        let layers = Layer::ALL.iter().filter(|layer| layer.is_payload());
        let columns = Column::ALL.into_iter().map(Entry::Column);
        columns.chain(layers.map(|&layer| Entry::Layer(layer))).chain([Entry::RetransmittedPackets])
    }

    pub fn key(self) -> &'static str {
        match self {
            Entry::Column(column) => column.name(),
            Entry::Layer(layer) => layer.key(),
            Entry::RetransmittedPackets => "retransmitted_packets",
        }
    }

    pub fn meaning(self) -> String {
        match self {
            Entry::Column(column) => column.meaning().to_owned(),
            Entry::Layer(layer) => {
                format!("Of the {}: {}.", layer.within().map_or("app bytes", Layer::name), layer.meaning())
            }
            Entry::RetransmittedPackets => {
                "Of the total packets: those that carried only bytes, a SYN or a FIN that had been on the wire before."
                    .to_owned()
            }
        }
    }

    pub fn read(self, tally: &Tally) -> u64 {
        match self {
            Entry::Column(column) => column.of(tally),
            Entry::Layer(layer) => tally.of(layer),
            Entry::RetransmittedPackets => tally.retransmitted_packets,
        }
    }

    fn write(self, tally: &mut Tally, value: u64) {
        *match self {
            Entry::Column(column) => column.in_row(tally),
            Entry::Layer(Layer::Useful) => &mut tally.useful_bytes,
            Entry::Layer(layer) => &mut tally.layers[layer],
            Entry::RetransmittedPackets => &mut tally.retransmitted_packets,
        } = value;
    }
}

impl Serialize for Tally {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        keyed::write(serializer, Entry::all().map(|entry| (entry.key(), entry.read(self))))
    }
}

impl<'de> Deserialize<'de> for Tally {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Tally, D::Error> {
        let values = keyed::read(deserializer, Entry::all().map(|entry| entry.key().into()))?;
        let mut tally = Tally::default();
        for (entry, value) in Entry::all().zip(values) {
            entry.write(&mut tally, value);
        }
        Ok(tally)
    }
}

impl JsonSchema for Tally {
    fn schema_name() -> Cow<'static, str> {
        "Tally".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let keys = Entry::all().map(|entry| (entry.key().into(), entry.meaning()));
        keyed::schema::<u64>(generator, "Packets and bytes by layer.", keys)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;
    use serde_json::Value;

    use super::super::Costs;
    use super::*;

    proptest! {
        /// Whatever is booked, on whichever layers: the sums hold, and each number stands in the JSON under its layer's name.
        #[test]
        fn what_is_booked_adds_up_and_comes_back_from_the_json(
            headers in vec((1..2000_u32, 20..60_u32, any::<bool>()), 0..20),
            payload in vec((select(Layer::ALL), 0..100_000_u64), 0..40),
        ) {
            let payload: Vec<_> = payload.into_iter().filter(|(layer, _)| layer.is_payload()).collect();
            let mut costs: Costs = Costs::default();
            for &(lower, tcp, has_payload) in &headers {
                costs.packet([(Layer::Lower, lower), (Layer::Tcp, tcp)], has_payload);
            }
            for &(layer, len) in &payload {
                costs.bytes(layer, len);
            }
            let tally = costs.tally();
            prop_assert!(tally.adds_up(), "{:?}", tally);
            prop_assert_eq!(tally.app_bytes, payload.iter().map(|(_, len)| len).sum::<u64>());
            prop_assert_eq!(Costs::of(&tally, u32::MAX), costs);

            let json = serde_json::to_value(tally).unwrap();
            for &layer in Layer::ALL {
                let is_of = |one: Layer| one == layer || one.within() == Some(layer);
                let booked: u64 = match layer {
                    Layer::Lower => headers.iter().map(|&(lower, ..)| u64::from(lower)).sum(),
                    Layer::Tcp => headers.iter().map(|&(_, tcp, _)| u64::from(tcp)).sum(),
                    _ => payload.iter().filter(|(one, _)| is_of(*one)).map(|(_, len)| len).sum(),
                };
                prop_assert_eq!(json.get(layer.key()), Some(&Value::from(booked)), "{:?}", layer);
            }
            prop_assert_eq!(serde_json::from_value::<Tally>(json).unwrap(), tally);
        }
    }

    #[test]
    fn a_byte_more_on_any_layer_or_sum_is_found() {
        let whole = LayerBytes::from([(Layer::Lower, 34), (Layer::Tcp, 32), (Layer::Framing, 4), (Layer::Content, 9)]);
        let row = Tally { frame_bytes: 79, app_bytes: 13, layers: whole, useful_bytes: 8, ..Tally::default() };
        assert!(row.adds_up());
        for &layer in Layer::STACK {
            let mut wrong = row;
            wrong.layers[layer] += 1;
            assert!(!wrong.adds_up(), "{layer:?}");
        }
        for wrong in
            [Tally { frame_bytes: 80, ..row }, Tally { app_bytes: 14, ..row }, Tally { useful_bytes: 10, ..row }]
        {
            assert!(!wrong.adds_up(), "{wrong:?}");
        }
    }

    #[test]
    fn each_number_has_a_key_of_its_own_and_none_may_be_missing() {
        let keys: Vec<&str> = Entry::all().map(Entry::key).collect();
        assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len());
        let headers = Layer::STACK.iter().filter(|layer| !layer.is_payload()).map(|layer| layer.key());
        assert!(headers.clone().all(|key| keys.contains(&key)), "a layer of headers is a column, too");
        for key in keys {
            let mut json = serde_json::to_value(Tally::default()).unwrap();
            json.as_object_mut().unwrap().remove(key);
            let error = serde_json::from_value::<Tally>(json).unwrap_err().to_string();
            assert_eq!(error, format!("missing field `{key}`"));
        }
    }
}
