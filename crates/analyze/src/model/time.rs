//! What was the time of an exchange spent on? One table of causes, as one of layers says what each byte is for.
//!
//! The parts of an exchange add up to its whole, none is negative, and what cannot be told is a part of its own. How each
//! is told from the packets is written in [`timing`](crate::timing); how to read them, in `docs/time.md`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::ops::{Index, IndexMut};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::seconds;

/// Makes the causes of their table.
macro_rules! causes {
    ($($cause:ident $key:ident $name:literal $short:literal $meaning:literal $light:literal $dark:literal)*) => {
        /// What some of the time of an exchange went into.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "`meaning` says it")]
        pub enum Cause {
            $($cause,)*
        }

        impl Cause {
            /// All of them, in the order in which they are shown.
            pub const ALL: &[Cause] = &[$(Cause::$cause),*];

            /// The name in JSON: "network_s".
            pub const fn key(self) -> &'static str {
                match self { $(Cause::$cause => stringify!($key),)* }
            }

            /// The name for people: "network".
            pub const fn name(self) -> &'static str {
                match self { $(Cause::$cause => $name,)* }
            }

            /// The same in a word: "ack".
            pub const fn short(self) -> &'static str {
                match self { $(Cause::$cause => $short,)* }
            }

            /// What it means, in a sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Cause::$cause => $meaning,)* }
            }

            /// The class that gives it its colour: "t-network".
            pub const fn class(self) -> &'static str {
                match self { $(Cause::$cause => concat!("t-", $short),)* }
            }

            /// Its colour on a light page and on a dark one.
            pub const fn colours(self) -> [&'static str; 2] {
                match self { $(Cause::$cause => [$light, $dark],)* }
            }
        }

        /// Nanoseconds of each cause.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        struct Parts([u64; Cause::ALL.len()]);

        impl Index<Cause> for Parts {
            type Output = u64;

            #[inline]
            fn index(&self, cause: Cause) -> &u64 {
                let Parts([$($key),*]) = self;
                match cause { $(Cause::$cause => $key,)* }
            }
        }

        impl IndexMut<Cause> for Parts {
            #[inline]
            fn index_mut(&mut self, cause: Cause) -> &mut u64 {
                let Parts([$($key),*]) = self;
                match cause { $(Cause::$cause => $key,)* }
            }
        }
    };
}

causes! {
    Network network_s "network" "network" "The way there and back, as short as this connection has shown it to be."
        "#0072b2" "#56b4e9"
    Server server_s "server" "server" "The server had the request and had not begun to answer." "#d55e00" "#f07a2e"
    Client client_s "client" "client" "The client was in the middle of its request, or had been answered in part, and had not gone on."
        "#a08000" "#f2b84b"
    Sender sender_s "sender" "sender" "The answer had begun; its program wrote the rest later." "#aa4499" "#d987c8"
    Ack ack_s "waiting for an ACK" "ack" "A small segment waited until the one before it was acknowledged: Nagle's algorithm."
        "#009e73" "#3ccb9f"
    Window window_s "window" "window" "The sender had used up what it was allowed to send, and went on when an ACK allowed more."
        "#8a8f98" "#9aa0aa"
    Recovery recovery_s "recovery" "recovery" "Bytes were lost, or overtaken, and those behind them had to wait."
        "#a3262a" "#e8506a"
    Unexplained unexplained_s "unexplained" "unexplained" "None of the others fits." "#55585c" "#c9ccd1"
}

/// The time of an exchange by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Time {
    parts: Parts,
    /// Of the time that was spent waiting for ACKs: how long the other side held them back.
    pub(crate) ack_delay_ns: u64,
    /// Which parts may be something else.
    pub(crate) likely: Likely,
}

/// Which parts of a time fit what the packets show, and something else would, too: a bit each. There is always a bit more, so that
/// a time that is not there needs no room of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Likely(NonZeroU16);

impl Default for Likely {
    fn default() -> Likely {
        Likely(NonZeroU16::MIN)
    }
}

impl Likely {
    /// A part may be something else.
    pub fn add(&mut self, cause: Cause) {
        self.0 |= 2 << cause as u16;
    }

    fn has(self, cause: Cause) -> bool {
        self.0.get() & (2 << cause as u16) != 0
    }
}

impl Time {
    /// The whole, in nanoseconds.
    pub(crate) fn total_ns(&self) -> u64 {
        self.parts.0.iter().sum()
    }

    /// The whole, in seconds.
    pub fn total_s(&self) -> f64 {
        seconds(self.total_ns())
    }

    /// The whole and its parts as JSON and CSV name them, in seconds; the delay of ACKs behind the time waited for them.
    pub fn entries(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let part = |&cause: &Cause| {
            let delay = (cause == Cause::Ack).then(|| (ACK_DELAY, self.ack_delay_s()));
            [(cause.key(), self.of(cause))].into_iter().chain(delay)
        };
        [(TOTAL, self.total_s())].into_iter().chain(Cause::ALL.iter().flat_map(part))
    }

    /// The parts that may be something else: the packets alone do not tell.
    pub fn likely(&self) -> impl Iterator<Item = Cause> {
        Cause::ALL.iter().copied().filter(|&cause| self.likely.has(cause))
    }

    /// What a cause has of it, in seconds.
    pub fn of(&self, cause: Cause) -> f64 {
        seconds(self[cause])
    }

    /// Of the time that was spent waiting for ACKs: how long the other side held them back, in seconds.
    pub fn ack_delay_s(&self) -> f64 {
        seconds(self.ack_delay_ns)
    }
}

impl Index<Cause> for Time {
    type Output = u64;

    #[inline]
    fn index(&self, cause: Cause) -> &u64 {
        &self.parts[cause]
    }
}

impl IndexMut<Cause> for Time {
    #[inline]
    fn index_mut(&mut self, cause: Cause) -> &mut u64 {
        &mut self.parts[cause]
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let likely: Vec<&str> = self.likely().map(Cause::key).collect();
        let mut map = serializer.serialize_map(None)?;
        for (key, seconds) in self.entries() {
            map.serialize_entry(key, &seconds)?;
        }
        if !likely.is_empty() {
            map.serialize_entry(LIKELY, &likely)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        let parts = BTreeMap::<String, Entry>::deserialize(deserializer)?;
        let mut time = Time::default();
        for (key, value) in parts {
            let ns = match value {
                Entry::Seconds(value) => super::nanoseconds(value),
                Entry::Parts(parts) => {
                    let is_one = |cause: &&Cause| parts.iter().any(|part| part == cause.key());
                    Cause::ALL.iter().filter(is_one).for_each(|&cause| time.likely.add(cause));
                    continue;
                }
            };
            match Cause::ALL.iter().find(|cause| cause.key() == key) {
                Some(&cause) => time[cause] = ns,
                None if key == ACK_DELAY => time.ack_delay_ns = ns,
                None if key == TOTAL => {}
                None => return Err(D::Error::unknown_field(&key, &[])),
            }
        }
        Ok(time)
    }
}

impl JsonSchema for Time {
    fn schema_name() -> Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut number = |key: &'static str, meaning: &str| {
            let mut schema = generator.subschema_for::<f64>();
            schema.insert("description".to_owned(), meaning.into());
            (key, schema)
        };
        let mut properties = BTreeMap::from([
            number(TOTAL, "The whole: the sum of the parts."),
            number(ACK_DELAY, "Of ack_s: how long the other side held its ACKs back."),
        ]);
        let keys: Vec<&str> = Cause::ALL.iter().map(|cause| cause.key()).collect();
        properties.extend(Cause::ALL.iter().map(|cause| number(cause.key(), cause.meaning())));
        let required: Vec<&str> = properties.keys().copied().collect();
        let likely = json_schema!({
            "description": "Parts that may be something else, as the packets alone do not tell; left out where there are none.",
            "type": "array",
            "items": {"type": "string", "enum": keys},
        });
        properties.insert(LIKELY, likely);
        json_schema!({
            "description": "The time of an exchange by cause, in seconds.",
            "type": "object",
            "properties": properties,
            "required": required,
        })
    }
}

/// What stands under a key.
#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Seconds(f64),
    Parts(Vec<String>),
}

const TOTAL: &str = "total_s";
const ACK_DELAY: &str = "ack_delay_s";
const LIKELY: &str = "likely";
