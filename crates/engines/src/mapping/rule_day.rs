//! A day in a file of rules, with or without quotes around it.
//!
//! Owns how it is read. It must not know what the day is for. What is no day, or has a time of day beside it, is the file's error.

use chrono::NaiveDate;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize as _, Deserializer, Error, MapAccess, Visitor};
use toml::value::Datetime;

struct Day;

impl<'de> Visitor<'de> for Day {
    type Value = NaiveDate;

    fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("a day as 2026-08-01")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<NaiveDate, E> {
        text.parse().map_err(E::custom)
    }

    // What stands without quotes is a moment of TOML's own.
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<NaiveDate, A::Error> {
        let at = Datetime::deserialize(MapAccessDeserializer::new(map))?;
        // A time of day beside it is refused as it is in quotes.
        self.visit_str(&at.to_string())
    }
}

/// Reads a day.
pub(super) fn day<'de, D: Deserializer<'de>>(from: D) -> Result<Option<NaiveDate>, D::Error> {
    from.deserialize_any(Day).map(Some)
}
