//! Pages for benchmarks: as many task records as asked for, at no cost worth measuring.
//!
//! Owns one prebuilt page of 500 records in the task tracker's shape, of about 520 bytes each; a request copies
//! it and writes the ids and the version over the places kept for them. Record `n` of a run is the same bytes
//! every time, so a second run finds everything unchanged; another `version` changes every record.

use super::titles;
use bytes::Bytes;
use serde_json::{Value, json};

/// Records per page.
pub const PAGE: usize = 500;
/// Most records a run may ask for.
pub const MOST: usize = 9_999_999;
const ID_MARK: &str = "B-0000000";
const VERSION_MARK: &str = "#v000";
const NOTE: &str = "Đơn vị chủ trì phối hợp với các cơ quan liên quan, bảo đảm tiến độ và chất lượng";

/// The prebuilt page with the places of its records.
pub struct BenchPages {
    records: Vec<Record>,
}

struct Record {
    bytes: Vec<u8>,
    id_at: usize,
    version_at: usize,
}

impl BenchPages {
    /// Builds the page from a seed.
    pub fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let records = (0..PAGE).map(|index| Record::new(&mut rng, index)).collect();
        Self { records }
    }

    /// The answer with the records `from..from + size` of `total`: items, next cursor, total.
    pub fn page(&self, from: usize, size: usize, total: usize, version: u32) -> Bytes {
        let end = (from + size.clamp(1, PAGE)).min(total);
        let mut body = Vec::with_capacity((end.saturating_sub(from)) * 560 + 64);
        body.extend_from_slice(br#"{"items":["#);
        for (number, record) in (from..end).zip(self.records.iter().cycle().skip(from % PAGE)) {
            if number > from {
                body.push(b',');
            }
            let start = body.len();
            body.extend_from_slice(&record.bytes);
            let record_bytes = &mut body[start..];
            digits(&mut record_bytes[record.id_at..], 7, number);
            digits(&mut record_bytes[record.version_at..], 3, version as usize);
        }
        let next = if end < total { json!(end.to_string()) } else { Value::Null };
        body.extend_from_slice(format!(r#"],"next_cursor":{next},"total":{total}}}"#).as_bytes());
        Bytes::from(body)
    }
}

impl Record {
    fn new(rng: &mut fastrand::Rng, index: usize) -> Self {
        let title = titles::make(rng, "SNNMT", false);
        // Distinct, and spread over a year and a thousand people.
        let assigned = 1_767_229_200_000_u64 + index as u64 * 61_200_000;
        let text = json!({
            "id": ID_MARK,
            "title": format!("{}. {NOTE} {VERSION_MARK}", title.text),
            "owner": { "account": format!("u{:04}", index * 7 % 1_000), "display": "Nguyễn Văn Mẫu" },
            "unit_code": format!("SNNMT-P{}", index % 4 + 1),
            "assigned_at": assigned,
            "due_at": assigned + 864_000_000,
            "submitted_at": assigned + 800_000_000,
            "approved_at": assigned + 810_000_000,
            "modified_at": assigned + 810_000_000,
            "status": "APPROVED",
            "kind": title.doc_type,
            "labels": [title.category],
            "quantity": "1",
            "returned_count": 0,
        })
        .to_string();
        // Both marks are written just above.
        let id_at = text.find(ID_MARK).map_or(0, |at| at + 2);
        let version_at = text.find(VERSION_MARK).map_or(0, |at| at + 2);
        Self { bytes: text.into_bytes(), id_at, version_at }
    }
}

/// Writes the last `count` decimal digits of a number.
fn digits(place: &mut [u8], count: usize, mut number: usize) {
    for digit in place.iter_mut().take(count).rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn pages_hold_every_id_once_and_end() {
        let pages = BenchPages::new(1);
        let (mut ids, mut from) = (HashSet::new(), Some(0));
        while let Some(at) = from {
            let page: Value = serde_json::from_slice(&pages.page(at, 500, 1_234, 0)).expect("a page of JSON");
            for item in page["items"].as_array().expect("items") {
                assert!(ids.insert(item["id"].as_str().expect("an id").to_owned()));
            }
            from = page["next_cursor"].as_str().map(|text| text.parse().expect("a number"));
        }
        assert_eq!(ids.len(), 1_234);
        assert!(ids.contains("B-0001233"));
    }

    #[test]
    fn another_version_changes_the_record_and_nothing_else_does() {
        let pages = BenchPages::new(1);
        assert_eq!(pages.page(500, 10, 1_000, 0), pages.page(500, 10, 1_000, 0));
        assert_ne!(pages.page(500, 10, 1_000, 0), pages.page(500, 10, 1_000, 1));
        let bytes = pages.page(0, 500, 500, 0).len() / 500;
        assert!((440..=600).contains(&bytes), "{bytes} bytes per record");
    }
}
