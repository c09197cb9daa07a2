//! The orders `rejected list` and `rejected show`: what could not be read, with its reasons, and one of it as it came.
//!
//! Owns what is told of them and how much of one is shown. It must not read them again (that is `source`'s) and changes
//! nothing. No number of a citizen is shown, nor anything a terminal would obey; what is no text is told by its length
//! and hash alone. A number that names none is refused.

use super::source::is_origin;
use super::{Answer, App, Refusal};
use crate::connector::json::Json;
use crate::domain::{CitizenId, SourceId};
use crate::error::{Finding, Lang, Place, Text};
use crate::pipeline::command::{Column, Document, Field, Outcome};
use crate::pipeline::wording::Words;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// Longest part of a record that is shown, in characters.
const LONGEST: usize = 4_000;

pub(super) async fn list(app: &App, source: Option<&SourceId>, limit: u32) -> Answer {
    let rows = app.store.rejected(source, 0, limit as usize).await?;
    let decisions = match source {
        Some(source) if !is_origin(app, source) => Vec::new(),
        _ => app.store.kept_decisions((limit as usize).saturating_sub(rows.len())).await?,
    };
    let mut rows: Vec<Vec<Value>> = rows
        .into_iter()
        .map(|row| {
            vec![
                json!(format!("{}:{}", row.source, row.id)),
                json!(row.source),
                json!(row.external_id.as_deref().map(CitizenId::mask_in)),
                json!(row.place()),
                json!(row.finding.code),
                json!(row.finding.what),
                json!(row.finding.remedy),
                json!(row.first_seen_at),
            ]
        })
        .collect();
    rows.extend(decisions.into_iter().map(|row| {
        vec![
            // A decision that was read and that no record followed is not read again.
            json!(row.id.map(|id| format!("{}:{id}", row.origin))),
            json!(row.origin),
            json!(row.event_id),
            json!(row.finding.place.as_ref().map(ToString::to_string)),
            json!(row.finding.code),
            json!(row.finding.what),
            json!(row.finding.remedy),
            json!(row.at),
        ]
    }));
    Ok(Outcome::ok(Document::Table {
        title: Text::new("Bản ghi bị loại", "Rejected records"),
        columns: vec![
            Column::left("id", "NGUỒN:SỐ", "SOURCE:ID"),
            Column::left("source", "Nguồn", "Source"),
            Column::left("external_id", "Khóa", "Key"),
            Column::words("place", "Ở đâu", "Where", Words::Place),
            Column::left("code", "Mã", "Code"),
            Column::left("reason", "Lý do", "Reason"),
            Column::left("remedy", "Cách xử lý", "Remedy"),
            Column::left("since", "Từ lúc", "Since"),
        ],
        rows,
    }))
}

/// One of them with its reason, and the record as it came.
pub(super) async fn show(app: &App, source: &SourceId, id: i64) -> Answer {
    let (fields, body) = if is_origin(app, source) {
        decision(app, source, id).await?
    } else {
        record(app, source, id).await?
    };
    let shown = Shown::of(&body);
    let digest: String = Sha256::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect();
    let text =
        Text::new(shown.told(&digest, body.len(), Lang::Vi), shown.told(&digest, body.len(), Lang::En));
    let value = json!({
        "form": shown.form.as_str(), "bytes": body.len(), "sha256": digest, "text": shown.text, "left_out": shown.left_out,
    });
    let told = Document::Object { title: Text::new("Bản ghi bị loại", "Rejected record"), fields };
    let parts = vec![("rejected".to_owned(), told), ("record".to_owned(), Document::Json { value, text })];
    Ok(Outcome::ok(Document::Parts { parts }))
}

/// What is told of a record of a source, and its bytes.
async fn record(app: &App, source: &SourceId, id: i64) -> Result<(Vec<Field>, Vec<u8>), Refusal> {
    let row = app.store.rejected_record(source, id).await?.ok_or_else(|| not_there(source, id))?;
    let body = app.store.rejected_body(id).await?.ok_or_else(|| not_there(source, id))?;
    let key = row.external_id.as_deref().map(CitizenId::mask_in);
    let seen = [
        Field::new("first_seen_at", "Thấy lần đầu", "First seen", json!(row.first_seen_at)),
        Field::new("last_seen_at", "Thấy lần cuối", "Last seen", json!(row.last_seen_at)),
        Field::words("state", "Trạng thái", "State", Words::Rejected, row.state.as_str()),
    ];
    let mut fields = head(source, id, key, (row.place(), row.field()), &row.finding);
    fields.extend(seen);
    Ok((fields, body))
}

/// What is told of an entry of the evaluation software, and its bytes.
async fn decision(app: &App, origin: &SourceId, id: i64) -> Result<(Vec<Field>, Vec<u8>), Refusal> {
    let kept = app.store.kept_entry(origin.as_str(), id).await?;
    let (row, body) = kept.ok_or_else(|| not_there(origin, id))?;
    let finding = row.finding.masked();
    let place = finding.place.as_ref().map(ToString::to_string).unwrap_or_default();
    let mut fields = head(origin, id, Some(CitizenId::mask_in(&row.event_id)), (place, None), &finding);
    fields.push(Field::new("first_seen_at", "Thấy lần đầu", "First seen", json!(row.at)));
    Ok((fields, body))
}

fn head(
    source: &SourceId,
    id: i64,
    key: Option<String>,
    (place, field): (String, Option<&str>),
    finding: &Finding,
) -> Vec<Field> {
    vec![
        Field::new("id", "NGUỒN:SỐ", "SOURCE:ID", format!("{source}:{id}")),
        Field::new("source", "Nguồn", "Source", json!(source)),
        Field::new("number", "Số", "Number", id),
        Field::new("external_id", "Khóa", "Key", json!(key)),
        Field::words("place", "Ở đâu", "Where", Words::Place, place),
        Field::new("field", "Trường", "Field", json!(field)),
        Field::new("code", "Mã", "Code", finding.code.as_str()),
        Field::new("reason", "Lý do", "Reason", json!(finding.what)),
        Field::new("remedy", "Cách xử lý", "Remedy", json!(finding.remedy)),
    ]
}

/// What a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Text,
    /// No text: nothing of it is shown.
    Bytes,
}

impl Form {
    fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Text => "text",
            Self::Bytes => "bytes",
        }
    }
}

/// A record as people may see it.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    form: Form,
    text: String,
    /// Characters that are not shown.
    left_out: usize,
}

impl Shown {
    fn of(body: &[u8]) -> Self {
        let decoded = match std::str::from_utf8(body) {
            Ok(text) => Some(text.to_owned()),
            Err(_) => crate::text::decode(body).ok().map(|(text, _)| text),
        };
        let Some(written) = decoded else {
            return Self { form: Form::Bytes, text: String::new(), left_out: 0 };
        };
        // A key that stands twice is what may be wrong with it: only what loses nothing is written anew.
        let (form, text) = match Json::parse(&written) {
            Ok(value) => {
                let mut text = String::new();
                write_value(&mut text, &value, 0);
                (Form::Json, text)
            }
            Err(_) => (Form::Text, CitizenId::mask_in(&written)),
        };
        let tame = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
        let length = text.chars().count();
        let text = text.chars().take(LONGEST).map(tame).collect();
        Self { form, text, left_out: length.saturating_sub(LONGEST) }
    }

    fn told(&self, digest: &str, bytes: usize, lang: Lang) -> String {
        let say = |vi: &'static str, en: &'static str| match lang {
            Lang::Vi => vi,
            Lang::En => en,
        };
        let form = match self.form {
            Form::Json => "JSON",
            Form::Text => say("văn bản", "text"),
            Form::Bytes => say("không phải văn bản, không hiển thị", "no text, not shown"),
        };
        let title = say("Bản ghi như nguồn đưa ra", "The record as its source gave it");
        let mut out = format!("{title}: {form}, {bytes} byte, SHA-256 {digest}\n");
        // Writing into a text cannot fail. A line of the record is none of ours: it stands further in.
        for line in self.text.lines() {
            let _infallible = writeln!(out, "  {line}");
        }
        if self.left_out > 0 {
            let left = self.left_out;
            let _infallible = match lang {
                Lang::Vi => writeln!(out, "… còn {left} ký tự không hiển thị"),
                Lang::En => writeln!(out, "… {left} more characters are not shown"),
            };
        }
        out
    }
}

/// A value on lines of its own, in the order of the source and with its numbers, without those of citizens. As deep as
/// [`Json`] is, which is bounded.
fn write_value(out: &mut String, value: &Json<'_>, depth: usize) {
    let line = |out: &mut String, depth: usize| {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    };
    match value {
        Json::Null => out.push_str("null"),
        Json::Bool(true) => out.push_str("true"),
        Json::Bool(false) => out.push_str("false"),
        Json::Number(number) => out.push_str(&CitizenId::mask_in(number)),
        Json::Text(text) => out.push_str(&quoted(text)),
        Json::List(items) if items.is_empty() => out.push_str("[]"),
        Json::Object(members) if members.is_empty() => out.push_str("{}"),
        Json::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                line(out, depth + 1);
                write_value(out, item, depth + 1);
            }
            line(out, depth);
            out.push(']');
        }
        Json::Object(members) => {
            out.push('{');
            for (index, (key, item)) in members.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                line(out, depth + 1);
                out.push_str(&quoted(key));
                out.push_str(": ");
                write_value(out, item, depth + 1);
            }
            line(out, depth);
            out.push('}');
        }
    }
}

/// A text in quotes. Masked before its signs are written as escapes, whose digits would stand beside its own.
fn quoted(text: &str) -> String {
    Value::from(CitizenId::mask_in(text)).to_string()
}

fn not_there(source: &SourceId, id: i64) -> Finding {
    Finding::error(
        "LT-PUL-007",
        Text::new(
            format!("không có bản ghi bị loại {source}:{id} nào đang lưu"),
            format!("no rejected record {source}:{id} is kept"),
        ),
        Text::new("lấy số từ `rejected list`", "take the number from `rejected list`"),
    )
    .at(Place::of(format!("source {source}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_keeps_its_order_and_numbers_and_loses_numbers_of_citizens_wherever_they_stand() {
        let body = br#"{"z":2.50,"a":[12345678901234567890,199200000001],"099200000001":"\u0007099200000001","e":{},"l":[]}"#;
        let shown = Shown::of(body);
        let expected = "{\n  \"z\": 2.50,\n  \"a\": [\n    12345678901234567890,\n    1992••••••01\n  ],\n  \
                        \"0992••••••01\": \"\\u00070992••••••01\",\n  \"e\": {},\n  \"l\": []\n}";
        assert_eq!(shown, Shown { form: Form::Json, text: expected.to_owned(), left_out: 0 });
    }

    #[test]
    fn what_is_no_json_is_text_as_it_came_and_what_is_no_text_is_not_shown() {
        let twice = Shown::of(b"{\"id\":1,\"id\":2}");
        assert_eq!((twice.form, twice.text.as_str()), (Form::Text, "{\"id\":1,\"id\":2}"), "both are seen");
        let row = Shown::of("NV-1;099200000001;\u{1b}[31mđỏ\u{9b}2J\r\n".as_bytes());
        assert_eq!(row.text, "NV-1;0992••••••01; [31mđỏ 2J \n");
        let lines = row.told("ab", 20, Lang::Vi);
        assert!(
            lines.starts_with("Bản ghi như nguồn đưa ra: văn bản, 20 byte, SHA-256 ab\n  NV-1;"),
            "{lines}"
        );
        let noise = Shown::of(&[0x50, 0x4b, 0, 0xff, 0xfe, 0x81, 0]);
        assert_eq!((noise.form, noise.text.as_str(), noise.left_out), (Form::Bytes, "", 0));
    }

    #[test]
    fn long_record_is_cut_and_says_how_much_is_left_out() {
        let shown = Shown::of(format!("đ{}", "x".repeat(LONGEST + 9)).as_bytes());
        assert_eq!((shown.text.chars().count(), shown.left_out), (LONGEST, 10));
        assert!(shown.told("ab", 1, Lang::En).ends_with("\n… 10 more characters are not shown\n"));
        // A number at the place of the cut is masked whole.
        let shown = Shown::of(format!("{} 099200000001", "x".repeat(LONGEST - 6)).as_bytes());
        assert!(shown.text.ends_with(" 0992•"), "{}", &shown.text[LONGEST - 10..]);
    }
}
