//! Answers of the axis.
//!
//! Owns the envelope and its success: HTTP 200 is none, `status` must be OK and `ErrorCode` 0. It must not know
//! packages. Words of the axis lose our secrets and numbers of citizens before they are told. An answer that cannot be read is an error, never an empty list.

use super::finding;
use crate::domain::CitizenId;
use crate::error::Finding;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Most items of a list that are looked at in one pull; the rest comes with the next one.
const MAX_ITEMS: usize = 100_000;

#[derive(Debug, Deserialize)]
struct Envelope<'a> {
    #[serde(default)]
    status: Option<String>,
    #[serde(default, rename = "ErrorCode", alias = "errorCode")]
    code: Option<serde_json::Value>,
    #[serde(default, rename = "ErrorDesc", alias = "errorDesc")]
    description: Option<String>,
    #[serde(default, borrow)]
    data: Option<&'a RawValue>,
    #[serde(default, borrow)]
    count: Option<&'a RawValue>,
}

/// A package that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Waiting {
    /// Its id on the axis.
    pub doc_id: String,
    /// SHA-256 of the package, where the list gives it.
    pub sha256: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Item {
    #[serde(rename = "docId", alias = "docid", alias = "DocId")]
    doc_id: serde_json::Value,
    #[serde(default, rename = "hash-file", alias = "hashFile", alias = "hash_file")]
    hash: Option<String>,
}

/// The `data` of a good answer; none where there is none.
pub(super) fn data<'a>(
    call: &str,
    body: &'a [u8],
    hide: impl Fn(&str) -> String,
) -> Result<Option<&'a str>, Box<Finding>> {
    Ok(envelope(call, body, hide)?.data.map(RawValue::get).filter(|data| *data != "null"))
}

/// The `count` of a good answer.
pub(super) fn count(
    call: &str,
    body: &[u8],
    hide: impl Fn(&str) -> String,
) -> Result<Option<u64>, Box<Finding>> {
    let count = envelope(call, body, hide)?.count.map(|count| count.get().trim_matches('"'));
    Ok(count.and_then(|count| count.parse().ok()))
}

fn envelope<'a>(
    call: &str,
    body: &'a [u8],
    hide: impl Fn(&str) -> String,
) -> Result<Envelope<'a>, Box<Finding>> {
    let text = simdutf8::basic::from_utf8(body);
    let text = text.map_err(|_| Box::new(finding::no_answer(call, "it is not UTF-8")))?;
    let envelope: Envelope<'_> = serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| Box::new(finding::no_answer(call, &error.to_string())))?;
    let code = match &envelope.code {
        None | Some(serde_json::Value::Null) => String::new(),
        Some(serde_json::Value::String(code)) => code.trim().to_owned(),
        Some(code) => code.to_string(),
    };
    let status = envelope.status.as_deref().unwrap_or_default().trim();
    if status.eq_ignore_ascii_case("OK") && matches!(code.as_str(), "" | "0") {
        return Ok(envelope);
    }
    let said = envelope.description.as_deref().unwrap_or_default();
    let [status, code, said] = [status, code.as_str(), said].map(|word| CitizenId::mask_in(&hide(word)));
    Err(Box::new(finding::refused(call, &status, &code, &said)))
}

/// The items of a list, each once, in its order.
pub(super) fn waiting(call: &str, data: Option<&str>) -> Result<Vec<Waiting>, Box<Finding>> {
    let items: Vec<Item> = match data {
        None => Vec::new(),
        Some(data) => serde_json::from_str(data)
            .map_err(|error| Box::new(finding::no_answer(call, &error.to_string())))?,
    };
    let mut seen = std::collections::HashSet::new();
    let read = items.into_iter().filter_map(|item| {
        let doc_id = match item.doc_id {
            serde_json::Value::String(id) => id,
            serde_json::Value::Number(id) => id.to_string(),
            _ => return None,
        };
        // What cannot stand in a header cannot be asked for.
        let usable = (1..=200).contains(&doc_id.len()) && doc_id.bytes().all(|byte| byte.is_ascii_graphic());
        let sha256 = item.hash.map(|hash| hash.trim().to_lowercase()).filter(|hash| !hash.is_empty());
        (usable && seen.insert(doc_id.clone())).then_some(Waiting { doc_id, sha256 })
    });
    Ok(read.take(MAX_ITEMS).collect())
}

/// The bytes of a package out of `data`: base64 of them.
pub(super) fn package(call: &str, data: Option<&str>) -> Result<Bytes, Box<Finding>> {
    use base64::Engine as _;
    let broken = |why: &str| Box::new(finding::no_answer(call, why));
    let text: String = match data {
        None => return Err(broken("it holds no data")),
        Some(data) => serde_json::from_str(data).map_err(|error| broken(&error.to_string()))?,
    };
    let plain: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let decoded = base64::engine::general_purpose::STANDARD.decode(plain);
    decoded.map(Bytes::from).map_err(|_| broken("its data is not base64"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn success_is_told_by_the_envelope_alone() {
        let code = |body: &str| {
            let data = data("list", body.as_bytes(), str::to_owned);
            data.map(|data| data.map(str::to_owned)).map_err(|f| f.code)
        };
        assert_eq!(code(r#"{"status":"OK","ErrorCode":"0","data":[1]}"#), Ok(Some("[1]".to_owned())));
        assert_eq!(code(r#"{"status":"ok","ErrorCode":0,"data":null}"#), Ok(None));
        for bad in [
            r#"{"status":"FAIL","ErrorCode":"0","data":[]}"#,
            r#"{"status":"OK","ErrorCode":"-1","data":[]}"#,
            r#"{"data":[]}"#,
        ] {
            assert_eq!(code(bad), Err("LT-EDX-006".to_owned()), "{bad}");
        }
        assert_eq!(code("<html>"), Err("LT-EDX-007".to_owned()));
        assert_eq!(code(r#"{"status":"OK""#), Err("LT-EDX-007".to_owned()));
    }

    #[test]
    fn list_gives_every_usable_id_once() {
        let list = r#"[{"docId":"a","hash-file":" AB "},{"docId":7,"status":"x"},{"docId":"a"},{"docId":"x\ny"},{"docId":null}]"#;
        let ids: Vec<_> =
            waiting("list", Some(list)).expect("read").into_iter().map(|w| (w.doc_id, w.sha256)).collect();
        assert_eq!(ids, [("a".to_owned(), Some("ab".to_owned())), ("7".to_owned(), None)]);
        assert_eq!(waiting("list", None), Ok(Vec::new()));
        assert!(waiting("list", Some("{}")).is_err());
        assert_eq!(package("get", Some("\"PGE+\\n\"")).as_deref().ok(), Some(&b"<a>"[..]));
        assert!(package("get", None).is_err() && package("get", Some("\"?\"")).is_err());
    }
}
