//! Packets and bytes, a number for each column and each layer.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Add, AddAssign};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::column::Column;
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
enum Entry {
    Column(Column),
    Layer(Layer),
    RetransmittedPackets,
}

impl Entry {
    /// All of a row, in order. A layer of headers is a column, and stands among those.
    fn all() -> impl Iterator<Item = Entry> {
        let layers = Layer::ALL.iter().filter(|layer| layer.is_payload());
        let columns = Column::ALL.into_iter().map(Entry::Column);
        columns.chain(layers.map(|&layer| Entry::Layer(layer))).chain([Entry::RetransmittedPackets])
    }

    fn key(self) -> &'static str {
        match self {
            Entry::Column(column) => column.name(),
            Entry::Layer(layer) => layer.key(),
            Entry::RetransmittedPackets => "retransmitted_packets",
        }
    }

    fn meaning(self) -> String {
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

    fn read(self, tally: &Tally) -> u64 {
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
        let mut map = serializer.serialize_map(Some(Entry::all().count()))?;
        for entry in Entry::all() {
            map.serialize_entry(entry.key(), &entry.read(self))?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Tally {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Tally, D::Error> {
        struct Row;

        impl<'de> Visitor<'de> for Row {
            type Value = Tally;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("packets and bytes by layer")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tally, A::Error> {
                let mut tally = Tally::default();
                let mut missing: Vec<Entry> = Entry::all().collect();
                while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                    match missing.iter().position(|entry| entry.key() == key) {
                        Some(at) => missing.swap_remove(at).write(&mut tally, map.next_value()?),
                        None => _ = map.next_value::<IgnoredAny>()?,
                    }
                }
                match missing.first() {
                    Some(entry) => Err(serde::de::Error::missing_field(entry.key())),
                    None => Ok(tally),
                }
            }
        }

        deserializer.deserialize_map(Row)
    }
}

impl JsonSchema for Tally {
    fn schema_name() -> Cow<'static, str> {
        "Tally".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut number = |entry: Entry| {
            let mut schema = generator.subschema_for::<u64>();
            schema.insert("description".to_owned(), entry.meaning().into());
            (entry.key(), schema)
        };
        let properties: BTreeMap<_, _> = Entry::all().map(&mut number).collect();
        let required: Vec<&str> = Entry::all().map(Entry::key).collect();
        json_schema!({
            "description": "Packets and bytes by layer.",
            "type": "object",
            "properties": properties,
            "required": required,
        })
    }
}
