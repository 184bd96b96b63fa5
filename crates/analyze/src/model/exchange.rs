//! What is there to say of one exchange?
//!
//! As with [connections](super::Connection), an [`Exchange`] is kept small: ten thousand of them are kept by default.
//! An [`ExchangeRow`] has all that the JSON says of it.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use super::{Costs, Kind, NEVER, Tally, Time, nanoseconds, seconds};

/// A group of packets that belong together: one request and its answer, one event, one handshake.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "ExchangeRow")]
pub struct Exchange {
    /// What it is for.
    pub kind: Kind,
    /// For updates: which one. 0 for others.
    pub(crate) index: u32,
    /// Its number among all that began.
    pub(crate) order: u32,
    /// The connection it belongs to: an index into `connections`.
    pub connection: u32,
    /// What it is in the protocol's words: `GET /time`, `event: message`, `text`, `handshake`.
    pub label: Arc<str>,
    /// The numbers of its packets, in order; at most the first 1,000.
    pub packets: Vec<u64>,
    #[expect(clippy::box_collection, reason = "a pointer takes up less room in the many that share none")]
    pub(crate) shared_packets: Option<Box<Vec<u64>>>,
    /// From the first frame of the capture to its first packet.
    pub(crate) start_ns: u64,
    pub(crate) duration_ns: u64,
    /// [`NEVER`] without a request or an answer.
    pub(crate) first_byte_ns: u64,
    pub(crate) last_byte_ns: u64,
    pub(crate) costs: Costs,
    pub(crate) push: Costs,
    pub(crate) time: Option<Time>,
}

impl Exchange {
    /// For updates: which one, counted from 1 over the capture.
    pub fn index(&self) -> Option<u64> {
        (self.index > 0).then_some(u64::from(self.index))
    }

    /// Its number among all exchanges in the order in which they began, which is what
    /// [packets that were taken away](crate::Analyzer::take_packet) say of theirs. Mostly its place in the list: those
    /// that nothing was booked on have a number and no place.
    pub fn order(&self) -> u64 {
        self.order.into()
    }

    /// The numbers of packets that carry or acknowledge bytes of it and belong to another exchange, in order; at most the
    /// first 1,000.
    pub fn shared_packets(&self) -> &[u64] {
        self.shared_packets.as_ref().map_or(&[], |packets| packets)
    }

    /// What it is called: "update 2", "page", "close".
    pub fn name(&self) -> ExchangeName {
        match (self.kind, self.index()) {
            (Kind::Update, Some(index)) => ExchangeName::Update(index),
            (kind, _) => ExchangeName::Kind(kind),
        }
    }

    /// What the protocol calls it, where that says more than its kind.
    pub fn own_label(&self) -> Option<&str> {
        Some(&*self.label).filter(|label| !label.is_empty() && *label != self.kind.name())
    }

    /// Its packets and bytes.
    pub fn tally(&self) -> Tally {
        self.costs.tally()
    }

    /// Of them: the server's packets with new data and the client's ACKs of them.
    pub fn push(&self) -> Tally {
        self.push.tally()
    }

    /// What its time went into: from its first new byte until its last has arrived.
    pub fn time(&self) -> Option<Time> {
        self.time
    }

    /// Time of its first packet, in seconds since the first frame of the capture.
    pub fn start_s(&self) -> f64 {
        seconds(self.start_ns)
    }

    /// Time from its first packet to its last, in seconds.
    pub fn duration_s(&self) -> f64 {
        seconds(self.duration_ns)
    }

    /// Time from the last packet of the request to the first packet of the answer, in seconds.
    pub fn first_byte_s(&self) -> Option<f64> {
        (self.first_byte_ns != NEVER).then(|| seconds(self.first_byte_ns))
    }

    /// Time from the last packet of the request to the last packet of the answer that brought new bytes, in seconds.
    pub fn last_byte_s(&self) -> Option<f64> {
        (self.last_byte_ns != NEVER).then(|| seconds(self.last_byte_ns))
    }

    /// All that there is to say of it.
    fn row(&self) -> ExchangeRow<'_> {
        ExchangeRow {
            kind: self.kind,
            index: self.index(),
            label: Cow::Borrowed(&self.label),
            connection: self.connection,
            start_s: self.start_s(),
            duration_s: self.duration_s(),
            first_byte_s: self.first_byte_s(),
            last_byte_s: self.last_byte_s(),
            packets: Cow::Borrowed(&self.packets),
            shared_packets: Cow::Borrowed(self.shared_packets()),
            tally: self.tally(),
            time: self.time,
        }
    }
}

impl Serialize for Exchange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.row().serialize(serializer)
    }
}

impl JsonSchema for Exchange {
    fn schema_name() -> Cow<'static, str> {
        ExchangeRow::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        ExchangeRow::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        ExchangeRow::json_schema(generator)
    }
}

impl From<ExchangeRow<'_>> for Exchange {
    fn from(row: ExchangeRow<'_>) -> Exchange {
        Exchange {
            kind: row.kind,
            index: row.index.and_then(|index| u32::try_from(index).ok()).unwrap_or(0),
            order: 0,
            connection: row.connection,
            label: row.label.into(),
            packets: row.packets.into_owned(),
            shared_packets: (!row.shared_packets.is_empty()).then(|| Box::new(row.shared_packets.into_owned())),
            start_ns: nanoseconds(row.start_s),
            duration_ns: nanoseconds(row.duration_s),
            first_byte_ns: row.first_byte_s.map_or(NEVER, nanoseconds),
            last_byte_ns: row.last_byte_s.map_or(NEVER, nanoseconds),
            costs: Costs::of(&row.tally, u32::MAX),
            push: Costs::default(),
            time: row.time,
        }
    }
}

/// What an exchange is called: an update by its number, any other by its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExchangeName {
    /// The update of this number, counted from 1 over the capture.
    Update(u64),
    /// One of this kind.
    Kind(Kind),
}

impl ExchangeName {
    /// Whether it means this exchange.
    pub fn is_of(self, exchange: &Exchange) -> bool {
        match self {
            ExchangeName::Update(_) => exchange.name() == self,
            ExchangeName::Kind(kind) => exchange.kind == kind,
        }
    }
}

impl fmt::Display for ExchangeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExchangeName::Update(index) => write!(f, "{} {index}", Kind::Update),
            ExchangeName::Kind(kind) => kind.fmt(f),
        }
    }
}

/// As it is displayed, in capitals or not.
impl FromStr for ExchangeName {
    type Err = ();

    fn from_str(text: &str) -> Result<ExchangeName, ()> {
        let kind = |name: &str| Kind::ALL.into_iter().find(|kind| kind.name().eq_ignore_ascii_case(name)).ok_or(());
        match text.split_once(' ') {
            None => kind(text).map(ExchangeName::Kind),
            Some((name, index)) if kind(name) == Ok(Kind::Update) && !index.starts_with(['+', '0']) => {
                index.parse().map(ExchangeName::Update).map_err(|_| ())
            }
            Some(_) => Err(()),
        }
    }
}

/// A group of packets that belong together: one request and its answer, one event, one handshake.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Exchange")]
struct ExchangeRow<'a> {
    /// What it is for.
    kind: Kind,
    /// For updates: which one, counted from 1 over the capture. Else null.
    index: Option<u64>,
    /// What it is in the protocol's words: `GET /time`, `event: message`, `text`, `handshake`.
    label: Cow<'a, str>,
    /// The connection it belongs to: an index into `connections`.
    connection: u32,
    /// Time of its first packet, in seconds since the first frame of the capture.
    start_s: f64,
    /// Time from its first packet to its last, in seconds.
    duration_s: f64,
    /// Time from the last packet of the request to the first packet of the answer, in seconds. Null without either.
    first_byte_s: Option<f64>,
    /// Time from the last packet of the request to the last packet of the answer that brought new bytes, in seconds.
    last_byte_s: Option<f64>,
    /// The numbers of its packets, in order; at most the first 1,000.
    packets: Cow<'a, [u64]>,
    /// The numbers of packets that carry or acknowledge bytes of it and belong to another exchange, in order; at most the
    /// first 1,000.
    #[serde(default)]
    shared_packets: Cow<'a, [u64]>,
    /// The tally of its packets.
    #[serde(flatten)]
    tally: Tally,
    /// What its time went into; null for control and close, where nobody waits, and for bytes that cannot
    /// be read, where nobody can tell where an answer ends.
    time: Option<Time>,
}

/// The exchanges of a capture. The JSON says those that are updates twice: for themselves, and among all.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(from = "Lists")]
pub struct Exchanges(pub(crate) Vec<Exchange>);

impl Exchanges {
    /// The one of this [number](Exchange::order), unless the row limit left it out.
    pub fn by_order(&self, order: u64) -> Option<&Exchange> {
        self.place_of(order).and_then(|place| self.0.get(place))
    }

    /// The place of the one of this [number](Exchange::order).
    pub(crate) fn place_of(&self, order: u64) -> Option<usize> {
        self.0.binary_search_by_key(&order, Exchange::order).ok()
    }

    /// Those that are updates.
    pub fn updates(&self) -> impl Iterator<Item = &Exchange> {
        self.0.iter().filter(|one| one.kind == Kind::Update)
    }
}

impl Deref for Exchanges {
    type Target = [Exchange];

    fn deref(&self) -> &[Exchange] {
        &self.0
    }
}

impl Serialize for Exchanges {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Updates<'a>(&'a Exchanges);

        impl Serialize for Updates<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self.0.updates())
            }
        }

        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("updates", &Updates(self))?;
        map.serialize_entry("exchanges", &self.0)?;
        map.end()
    }
}

impl JsonSchema for Exchanges {
    fn schema_name() -> Cow<'static, str> {
        Lists::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Lists::json_schema(generator)
    }
}

impl From<Lists> for Exchanges {
    fn from(lists: Lists) -> Exchanges {
        let mut exchanges = lists.exchanges;
        for (place, exchange) in (0..).zip(&mut exchanges) {
            exchange.order = place;
        }
        Exchanges(exchanges)
    }
}

/// How they stand in the JSON.
#[derive(Deserialize, JsonSchema)]
struct Lists {
    /// The updates, in order, up to the row limit.
    #[serde(rename = "updates")]
    _updates: Vec<Exchange>,
    /// All exchanges, in order of their first packet, up to the row limit.
    exchanges: Vec<Exchange>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_is_found_by_its_name() {
        let names = Kind::ALL.map(ExchangeName::Kind).into_iter().chain([1, 27].map(ExchangeName::Update));
        for name in names {
            assert_eq!(name.to_string().parse(), Ok(name));
            assert_eq!(name.to_string().to_uppercase().parse(), Ok(name));
        }
        for none in ["", "updates", "update  2", "update +2", "update 02", "close 1", "GET /time"] {
            assert_eq!(none.parse::<ExchangeName>(), Err(()), "{none}");
        }
    }
}
