//! What an order has to show, before anybody prints it.
//!
//! Owns the shapes (table, object, parts, text) and which of them become which JSON. Keys and tokens are stable and
//! for programs; what people call a token is named by its kind and looked up in `wording` when it is printed. It
//! must not know terminals, pages or files.

use super::named::InputFile;
use crate::error::{Lang, Text};
use crate::pipeline::wording::Words;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How a column is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Align {
    /// Words.
    #[default]
    Left,
    /// Numbers.
    Right,
}

/// One column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Key in JSON and head of the CSV column; stable.
    pub key: String,
    /// Head for people.
    pub title: Text,
    /// How it is set.
    #[serde(default)]
    pub align: Align,
    /// What its tokens are called by people; none = its values are shown as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Words>,
}

impl Column {
    /// A column of words.
    pub fn left(key: &str, vi: &str, en: &str) -> Self {
        Self { key: key.to_owned(), title: Text::new(vi, en), align: Align::Left, words: None }
    }

    /// A column of numbers.
    pub fn right(key: &str, vi: &str, en: &str) -> Self {
        Self { align: Align::Right, ..Self::left(key, vi, en) }
    }

    /// A column of tokens: programs get them as they are, people what they are called.
    pub fn words(key: &str, vi: &str, en: &str, words: Words) -> Self {
        Self { words: Some(words), ..Self::left(key, vi, en) }
    }
}

/// One named value of an object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// Key in JSON; stable.
    pub key: String,
    /// Name for people.
    pub title: Text,
    /// The value.
    pub value: Value,
    /// What its token is called by people; none = it is shown as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Words>,
}

impl Field {
    /// A named value.
    pub fn new(key: &str, vi: &str, en: &str, value: impl Into<Value>) -> Self {
        Self { key: key.to_owned(), title: Text::new(vi, en), value: value.into(), words: None }
    }

    /// A named token: programs get it as it is, people what it is called.
    pub fn words(key: &str, vi: &str, en: &str, words: Words, value: impl Into<Value>) -> Self {
        Self { words: Some(words), ..Self::new(key, vi, en, value) }
    }
}

/// What an order has to show. Printed as text, JSON or (tables) CSV; keys are stable.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "shape", rename_all = "snake_case")]
pub enum Document {
    /// Nothing but the findings.
    #[default]
    Nothing,
    /// Rows of equal shape; JSON: an array of objects.
    Table {
        /// Heading.
        title: Text,
        /// Columns.
        columns: Vec<Column>,
        /// Rows, one value per column.
        rows: Vec<Vec<Value>>,
    },
    /// Named values; JSON: an object.
    Object {
        /// Heading.
        title: Text,
        /// Values in order.
        fields: Vec<Field>,
    },
    /// Several named parts; JSON: an object of the parts.
    Parts {
        /// Key and part, in order.
        parts: Vec<(String, Document)>,
    },
    /// A ready-made JSON value with its text for people.
    Json {
        /// For programs.
        value: Value,
        /// For people.
        text: Text,
    },
    /// A file for whoever ordered it, with what there is to say of it; JSON: what is said.
    File {
        /// Name and contents.
        file: InputFile,
        /// What is said.
        told: Box<Document>,
    },
    /// A sentence; JSON: `{"message": …}`.
    Message {
        /// The sentence.
        text: Text,
    },
}

/// A column with what stands in it of each item.
pub type Cells<'a, T> = (Column, &'a dyn Fn(&T) -> Value);

impl Document {
    /// A table of items: each column stands beside what it shows of them.
    pub fn listed<'a, T: 'a>(
        title: Text,
        items: impl IntoIterator<Item = &'a T>,
        columns: Vec<Cells<'_, T>>,
    ) -> Self {
        let row = |item: &T| columns.iter().map(|(_, cell)| cell(item)).collect();
        let rows = items.into_iter().map(row).collect();
        Self::Table { title, rows, columns: columns.into_iter().map(|(column, _)| column).collect() }
    }

    /// The document as JSON. Sentences are in the given language.
    pub fn to_json(&self, lang: Lang) -> Value {
        match self {
            Self::Nothing => Value::Null,
            Self::Table { columns, rows, .. } => {
                let object = |row: &Vec<Value>| {
                    Value::Object(columns.iter().map(|c| c.key.clone()).zip(row.iter().cloned()).collect())
                };
                Value::Array(rows.iter().map(object).collect())
            }
            Self::Object { fields, .. } => {
                Value::Object(fields.iter().map(|field| (field.key.clone(), field.value.clone())).collect())
            }
            Self::Parts { parts } => {
                Value::Object(parts.iter().map(|(key, part)| (key.clone(), part.to_json(lang))).collect())
            }
            Self::Json { value, .. } => value.clone(),
            Self::File { told, .. } => told.to_json(lang),
            Self::Message { text } => {
                let mut object = Map::new();
                object.insert("message".to_owned(), Value::from(text.get(lang)));
                Value::Object(object)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tables_become_arrays_of_objects_and_parts_become_objects() {
        let table = Document::listed(
            Text::new("Nguồn", "Sources"),
            &[("a", 3)],
            vec![
                (Column::left("source", "Nguồn", "Source"), &|(name, _)| json!(name)),
                (Column::right("tasks", "Việc", "Tasks"), &|(_, tasks)| json!(tasks)),
            ],
        );
        let parts = Document::Parts { parts: vec![("sources".into(), table)] };
        assert_eq!(parts.to_json(Lang::En), json!({"sources": [{"source": "a", "tasks": 3}]}));
    }
}
