//! How far do the exchanges of a group lie apart?

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};

use super::column::Column;
use super::keyed;

/// The middle, the least and the most of a count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Spread {
    /// The middle one (the lower of two).
    pub median: u64,
    /// The least.
    pub min: u64,
    /// The most.
    pub max: u64,
}

/// The middle, the least and the most of a time, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct SpreadSeconds {
    /// The middle one, within 1 percent.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The most.
    pub max: f64,
}

/// The middle, the least and the most of each column that is known of each exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spreads([Spread; Column::OF_EACH.len()]);

impl Spreads {
    /// Those that `of` gives of each column.
    pub fn new(of: impl FnMut(Column) -> Spread) -> Spreads {
        Spreads(Column::OF_EACH.map(of))
    }

    /// That of a column; `None` where it is not known of each exchange.
    pub fn of(&self, column: Column) -> Option<Spread> {
        self.iter().find(|(one, _)| *one == column).map(|(_, spread)| spread)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (Column, Spread)> {
        Column::OF_EACH.into_iter().zip(self.0)
    }
}

/// The name of a column's spread in the JSON: "packets_each", "frame_bytes_each".
fn key(column: Column) -> Cow<'static, str> {
    format!("{}_each", column.name().trim_start_matches("total_")).into()
}

impl Serialize for Spreads {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        keyed::write(serializer, self.iter().map(|(column, spread)| (key(column), spread)))
    }
}

impl JsonSchema for Spreads {
    fn schema_name() -> Cow<'static, str> {
        "Spreads".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let keys =
            Column::OF_EACH.into_iter().map(|column| (key(column), format!("{} of one of them.", column.title())));
        keyed::schema::<Spread>(generator, "The middle, the least and the most of each column.", keys)
    }
}
