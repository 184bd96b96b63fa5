//! Rows of numbers whose keys follow from a table: how do they stand in the JSON, and in its schema?

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// Writes a value for each key.
pub(super) fn write<S: Serializer, T: Serialize>(
    serializer: S,
    values: impl Iterator<Item = (impl Serialize, T)>,
) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(None)?;
    for (key, value) in values {
        map.serialize_entry(&key, &value)?;
    }
    map.end()
}

/// Reads a value for each of these keys, in their order; other keys belong to others.
pub(super) fn read<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
    keys: impl Iterator<Item = Cow<'static, str>>,
) -> Result<Vec<T>, D::Error> {
    struct Row<T>(Vec<(Cow<'static, str>, Option<T>)>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Row<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a value for each key of a row")
        }

        fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Vec<T>, A::Error> {
            while let Some(key) = map.next_key::<Cow<'de, str>>()? {
                match self.0.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, value)) => *value = Some(map.next_value()?),
                    None => _ = map.next_value::<IgnoredAny>()?,
                }
            }
            let missing = |key: &str| A::Error::custom(format!("missing field `{key}`"));
            self.0.into_iter().map(|(key, value)| value.ok_or_else(|| missing(&key))).collect()
        }
    }

    deserializer.deserialize_map(Row(keys.map(|key| (key, None)).collect()))
}

/// The schema of such a row: what each key means.
pub(super) fn schema<T: JsonSchema>(
    generator: &mut SchemaGenerator,
    description: &str,
    keys: impl Iterator<Item = (Cow<'static, str>, String)>,
) -> Schema {
    let mut required = Vec::new();
    let mut properties = BTreeMap::new();
    for (key, meaning) in keys {
        let mut schema = generator.subschema_for::<T>();
        schema.insert("description".to_owned(), meaning.into());
        required.push(key.clone());
        properties.insert(key, schema);
    }
    json_schema!({
        "description": description,
        "type": "object",
        "properties": properties,
        "required": required,
    })
}
