//! The directory of agencies: both code systems of one agency lead to one code.
//!
//! Owns reading it from the axis (`getAgenciesListQD20`: `code` and `code102`; `getAgenciesList`: `code` and `oldCode`)
//! or from a CSV file, and its bounds. It must not know documents. A directory that cannot be read is an error as a
//! whole: half of one would give some documents two keys.

use super::key::{Agencies, Agency, plain};
use crate::error::{Finding, Place, Text, written_cause};
use serde::Deserialize;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// Most agencies of a directory; the national one has somewhat over 100,000.
pub const MAX_AGENCIES: usize = 500_000;

/// Largest file.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Agencies by every spelling of their codes.
#[derive(Debug, Default)]
pub struct Directory {
    by_code: HashMap<String, Arc<Agency>>,
    agencies: usize,
}

impl Agencies for Directory {
    fn find(&self, code: &str) -> Option<&Agency> {
        self.by_code.get(code).map(|agency| &**agency)
    }
}

/// A row as the axis gives it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Row {
    code: Option<String>,
    #[serde(alias = "oldCode")]
    code102: Option<String>,
    name: Option<String>,
}

/// Rows on their way into a directory, one after the other.
struct Rows;

impl<'de> serde::de::DeserializeSeed<'de> for Rows {
    type Value = Directory;

    fn deserialize<D: serde::Deserializer<'de>>(self, list: D) -> Result<Directory, D::Error> {
        list.deserialize_seq(self)
    }
}

impl<'de> serde::de::Visitor<'de> for Rows {
    type Value = Directory;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of agencies")
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Directory, A::Error> {
        let mut directory = Directory::default();
        while let Some(row) = list.next_element::<Row>()? {
            if !directory.add(row.code.as_deref(), row.code102.as_deref(), row.name.as_deref()) {
                return Err(serde::de::Error::custom(format!("more than {MAX_AGENCIES} agencies")));
            }
        }
        Ok(directory)
    }
}

impl Directory {
    /// Reads `data` of an answer of the axis, row by row.
    ///
    /// # Errors
    /// The list is broken, too long or empty.
    pub fn of_answer(data: &str) -> Result<Self, Finding> {
        let mut json = serde_json::Deserializer::from_str(data);
        let directory = serde::de::DeserializeSeed::deserialize(Rows, &mut json);
        let directory = directory.map_err(|error| unreadable(&error.to_string()))?;
        directory.some()
    }

    /// Reads a CSV file with the columns `code`, `code102` and `name`.
    ///
    /// # Errors
    /// The file cannot be read, lacks a column, or is empty.
    pub fn of_file(path: &Path) -> Result<Self, Finding> {
        let place = || Place::of(path.display().to_string());
        let told = |why: String| unreadable(&why).at(place());
        let size = std::fs::metadata(path).map_err(|error| told(error.to_string()))?.len();
        if size > MAX_BYTES {
            return Err(told(format!("{size} bytes, more than {MAX_BYTES}")));
        }
        let text = std::fs::read(path).map_err(|error| told(error.to_string()))?;
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
        let mut rows = csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(text);
        let heads = rows.headers().map_err(|error| told(error.to_string()))?.clone();
        let column = |name: &str| heads.iter().position(|head| head.eq_ignore_ascii_case(name));
        let (Some(code), Some(code102)) = (column("code"), column("code102")) else {
            return Err(told("the columns code and code102 are needed".to_owned()));
        };
        let name = column("name");
        let mut directory = Self::default();
        for row in rows.records() {
            let row = row.map_err(|error| told(error.to_string()))?;
            if !directory.add(row.get(code), row.get(code102), name.and_then(|name| row.get(name))) {
                return Err(told(format!("more than {MAX_AGENCIES} agencies")));
            }
        }
        directory.some().map_err(|finding| finding.at(place()))
    }

    fn some(self) -> Result<Self, Finding> {
        if self.by_code.is_empty() { Err(unreadable("it names no agency")) } else { Ok(self) }
    }

    /// Adds an agency; the first one that claims a code keeps it. False where there are too many.
    fn add(&mut self, code: Option<&str>, code102: Option<&str>, name: Option<&str>) -> bool {
        let usable = |code: Option<&str>| {
            let code = plain(code.unwrap_or_default());
            (!code.is_empty() && code != "NULL" && code.chars().count() <= 60).then_some(code)
        };
        let (code, older) = (usable(code), usable(code102));
        let Some(main) = code.clone().or_else(|| older.clone()) else { return true };
        let name = name.unwrap_or_default().trim().chars().take(300).collect();
        let agency = Arc::new(Agency { code: main, name });
        for spelling in [code, older].into_iter().flatten() {
            self.by_code.entry(spelling).or_insert_with(|| agency.clone());
        }
        self.agencies += 1;
        self.agencies <= MAX_AGENCIES
    }

    /// How many agencies there are.
    pub fn len(&self) -> usize {
        self.agencies
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.agencies == 0
    }
}

fn unreadable(why: &str) -> Finding {
    Finding::error(
        "LT-EDX-009",
        Text::new("không đọc được danh bạ cơ quan", "the directory of agencies cannot be read")
            .because(&written_cause(why)),
        Text::new(
            "chưa gói nào được đọc, để một văn bản không có hai khóa; kiểm tra trục hoặc tệp danh bạ rồi chạy lại",
            "no package was read, so that no document gets two keys; look at the axis or the file, then pull again",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::super::key::canonical;
    use super::*;

    #[test]
    fn both_codes_of_an_agency_lead_to_one_and_are_never_turned_round() {
        let rows = r#"[{"id":1,"code":"H21.15","name":"Sở Nội vụ","code102":"000.00.15.H21","mail":null},
                       {"code":"H21.2B","code102":null},{"code":null,"code102":" null "},{"code":"H99","code102":"000.00.15.H21"}]"#;
        let directory = Directory::of_answer(rows).expect("read");
        let code = |code: &str| canonical(code, &directory).expect("a code");
        assert_eq!((code("000.00.15.h21"), code("H21.15")), ("H21.15".to_owned(), "H21.15".to_owned()));
        assert_eq!(directory.find("000.00.15.H21").map(|agency| agency.name.as_str()), Some("Sở Nội vụ"));
        assert_eq!(code("000.00.16.H21"), "000.00.16.H21", "what is not listed stays as it is");
    }

    #[test]
    fn directory_of_a_hundred_thousand_rows_is_read_and_half_of_one_is_refused() {
        let mut rows = String::from("[");
        for number in 0..100_001 {
            rows.push_str(&format!(
                "{{\"code\":\"H21.{number}\",\"code102\":\"{number}.H21\",\"name\":\"Cơ quan\"}},"
            ));
        }
        let cut = Directory::of_answer(&rows).expect_err("cut off");
        assert_eq!(cut.code, "LT-EDX-009");
        rows.pop();
        rows.push(']');
        let directory = Directory::of_answer(&rows).expect("read");
        assert_eq!(directory.len(), 100_001);
        assert_eq!(canonical("100000.H21", &directory).as_deref(), Some("H21.100000"));
        assert!(Directory::of_answer("[]").is_err() && Directory::of_answer("{}").is_err());
    }

    #[test]
    fn file_gives_the_same_directory() {
        let folder = tempfile::tempdir().expect("folder");
        let file = folder.path().join("co-quan.csv");
        std::fs::write(&file, "\u{feff}name,code,code102\nSở Nội vụ,H21.15,000.00.15.H21\n")
            .expect("written");
        let directory = Directory::of_file(&file).expect("read");
        assert_eq!(canonical("000.00.15.H21", &directory).as_deref(), Some("H21.15"));
        std::fs::write(&file, "code,name\nH21.15,a\n").expect("written");
        let told = Directory::of_file(&file).expect_err("no column");
        assert!(told.what.en.contains("code102") && told.place.is_some(), "{told:?}");
        assert!(Directory::of_file(&folder.path().join("none.csv")).is_err());
    }
}
