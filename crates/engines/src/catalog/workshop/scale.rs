//! The scale of points: maxima of the five groups, and what is proposed for each kind of output.
//!
//! Owns the form of `config/catalog-groups.toml` and the recognition of a title's output by its words. It must not know
//! tasks or sheets. A file with any error gives all of them and no scale.

use crate::config::read_toml;
use crate::domain::ComplexityGroup;
use crate::error::{Finding, Findings, Place, Text};
use crate::text::{fold, tokens};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Deserialize;

/// The scale that is compiled in: the Handbook's maxima.
const BUILT_IN: &str = include_str!("../../../../../config/catalog-groups.toml");
/// Largest file of a scale, in bytes.
const MAX_BYTES: usize = 1 << 20;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ScaleFile {
    /// Points of the standard product the other points are given on.
    standard_points: String,
    /// The groups, one to five.
    group: Vec<GroupEntry>,
    /// What is proposed where nothing tells the output.
    fallback: Fallback,
    /// Kinds of output.
    #[serde(default)]
    output: Vec<OutputEntry>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GroupEntry {
    /// 1 to 5.
    #[schemars(range(min = 1, max = 5))]
    number: u8,
    /// Most points a product of the group may have.
    maximum: String,
    /// What belongs to it.
    description: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Fallback {
    /// 1 to 5.
    group: u8,
    /// Points within the group's maximum.
    points: String,
    /// Why.
    reason: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OutputEntry {
    /// Name of the output as the forms write it.
    name: String,
    /// Words of a title that name it, compared without accents.
    words: Vec<String>,
    /// Document types of sources that name it where the title does not.
    #[serde(default)]
    types: Vec<String>,
    /// 1 to 5.
    group: u8,
    /// Points within the group's maximum.
    points: String,
    /// Why.
    reason: String,
}

/// One complexity group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its number.
    pub number: ComplexityGroup,
    /// Most points a product of it may have.
    pub maximum: Decimal,
    /// What belongs to it.
    pub description: String,
}

/// A kind of output with what is proposed for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Name; empty for the one that stands for "cannot be told".
    pub name: String,
    words: Vec<String>,
    types: Vec<String>,
    /// Proposed group.
    pub group: ComplexityGroup,
    /// Proposed points.
    pub points: Decimal,
    /// Why.
    pub reason: String,
}

/// The whole scale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scale {
    /// Points of the standard product.
    pub standard_points: Decimal,
    /// The groups by number.
    pub groups: Vec<Group>,
    /// What is proposed where nothing tells the output.
    pub fallback: Output,
    /// Kinds of output.
    pub outputs: Vec<Output>,
}

impl Scale {
    /// The Handbook's scale.
    ///
    /// # Errors
    /// Never with the file that is compiled in; a test reads it.
    pub fn built_in() -> Result<Self, Findings> {
        Self::read("catalog-groups.toml", BUILT_IN.as_bytes())
    }

    /// Reads a scale.
    ///
    /// # Errors
    /// The findings of the file's form; LT-CAT-030 a group that is missing, stands twice or is beyond five, points
    /// that are no number above 0 or lie above the maximum of their group.
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self, Findings> {
        let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= MAX_BYTES);
        let Some(text) = text else {
            return Err(wrong(
                name,
                "",
                ("tệp không phải UTF-8 hoặc lớn hơn 1 MiB", "it is not UTF-8, or larger than 1 MiB"),
            )
            .into());
        };
        let file: ScaleFile = read_toml(name, text.trim_start_matches('\u{feff}'))?;
        let mut findings = Vec::new();
        let mut points = |key: String, text: &str| {
            let read = crate::catalog::read::read_coefficient(text);
            if read.is_none() {
                findings.push(wrong(
                    name,
                    &key,
                    ("không phải số điểm lớn hơn 0", "is no number of points above 0"),
                ));
            }
            read.unwrap_or(Decimal::ONE)
        };
        let standard_points = points("standard_points".to_owned(), &file.standard_points);
        let mut groups = Vec::new();
        for (index, entry) in file.group.into_iter().enumerate() {
            let maximum = points(format!("group[{index}].maximum"), &entry.maximum);
            if let Some(number) = ComplexityGroup::new(entry.number) {
                groups.push(Group { number, maximum, description: entry.description });
            }
        }
        let mut written = vec![(
            "fallback".to_owned(),
            OutputEntry {
                name: String::new(),
                words: Vec::new(),
                types: Vec::new(),
                group: file.fallback.group,
                points: file.fallback.points,
                reason: file.fallback.reason,
            },
        )];
        written
            .extend(file.output.into_iter().enumerate().map(|(at, entry)| (format!("output[{at}]"), entry)));
        let mut read = Vec::with_capacity(written.len());
        for (key, entry) in written {
            let given = points(format!("{key}.points"), &entry.points);
            read.push((key, given, entry));
        }
        groups.sort_by_key(|group| group.number);
        let numbers: Vec<u8> = groups.iter().map(|group| group.number.number()).collect();
        if numbers.is_empty() || !numbers.iter().zip(1..).all(|(number, expected)| *number == expected) {
            findings.push(wrong(
                name,
                "group",
                ("phải có các nhóm 1, 2, … liên tục, mỗi nhóm một lần", "needs the groups 1, 2, … each once"),
            ));
        }
        let mut outputs = Vec::with_capacity(read.len());
        for (key, points, entry) in read {
            let group = groups.iter().find(|group| group.number.number() == entry.group);
            let Some(group) = group.filter(|group| points <= group.maximum) else {
                findings.push(wrong(
                    name,
                    &key,
                    (
                        "nhóm không có, hoặc điểm vượt mức tối đa của nhóm",
                        "its group does not exist, or its points exceed the group's maximum",
                    ),
                ));
                continue;
            };
            let plain = |texts: Vec<String>| texts.iter().map(|text| format!(" {} ", fold(text))).collect();
            outputs.push(Output {
                name: entry.name,
                words: plain(entry.words),
                types: plain(entry.types),
                group: group.number,
                points,
                reason: entry.reason,
            });
        }
        if !findings.is_empty() || outputs.is_empty() {
            return Err(Findings(findings));
        }
        let fallback = outputs.remove(0);
        Ok(Self { standard_points, groups, fallback, outputs })
    }

    /// The most points a product of a group may have.
    pub fn maximum(&self, group: ComplexityGroup) -> Option<Decimal> {
        self.groups.iter().find(|own| own.number == group).map(|own| own.maximum)
    }

    /// The kind of output a title or document type names, as an index into [`Scale::outputs`]; none where neither
    /// tells. In a title the words that come first decide: "báo cáo kết quả thực hiện kế hoạch" is a report.
    pub fn output(&self, title: &str, doc_type: &str) -> Option<usize> {
        let words: Vec<String> = tokens(title).into_iter().map(|token| token.folded).collect();
        self.output_of_words(&words, doc_type)
    }

    pub(super) fn output_of_words(&self, words: &[String], doc_type: &str) -> Option<usize> {
        let text = format!(" {} ", words.join(" "));
        let named = self.outputs.iter().enumerate().flat_map(|(index, output)| {
            let found =
                output.words.iter().filter_map(|words| Some((text.find(words.as_str())?, words.len())));
            found.map(move |(at, length)| (at, std::cmp::Reverse(length), index)).collect::<Vec<_>>()
        });
        if let Some((_, _, index)) = named.min() {
            return Some(index);
        }
        let doc_type = format!(" {} ", fold(doc_type));
        self.outputs.iter().position(|output| output.types.contains(&doc_type))
    }
}

fn wrong(name: &str, key: &str, (vi, en): (&str, &str)) -> Finding {
    let (what_vi, what_en) = if key.is_empty() {
        (vi.to_owned(), en.to_owned())
    } else {
        (format!("{key}: {vi}"), format!("{key}: {en}"))
    };
    Finding::error(
        "LT-CAT-030",
        Text::new(what_vi, what_en),
        Text::new("sửa theo mẫu config/catalog-groups.toml", "follow the form of config/catalog-groups.toml"),
    )
    .at(Place::of(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_scale_has_the_handbooks_maxima_and_finds_outputs_by_the_first_words() {
        let scale = Scale::built_in().unwrap_or_else(|findings| panic!("{findings}"));
        let maxima: Vec<String> = scale.groups.iter().map(|group| group.maximum.to_string()).collect();
        assert_eq!(maxima, ["100", "200", "300", "400", "500"]);
        let named = |title: &str, doc_type: &str| {
            scale.output(title, doc_type).map(|index| scale.outputs[index].name.clone())
        };
        assert_eq!(named("BC kết quả thực hiện KH chuyển đổi số", "").as_deref(), Some("Báo cáo"));
        assert_eq!(named("kế hoạch báo cáo", "").as_deref(), Some("Kế hoạch"));
        assert_eq!(named("Báo cáo quý III về công tác dân tộc", "").as_deref(), Some("Báo cáo định kỳ"));
        assert_eq!(named("góp ý dự thảo kế hoạch", "Công văn").as_deref(), Some("Công văn góp ý"));
        assert_eq!(named("Rà soát hộ nghèo", "Báo cáo").as_deref(), Some("Báo cáo"));
        assert_eq!(named("Thực hiện nhiệm vụ được giao", ""), None);
    }

    #[test]
    fn wrong_scale_tells_every_wrong_place_at_once() {
        let text = "standard_points = \"x\"\n[fallback]\ngroup = 3\npoints = \"1\"\nreason = \"\"\n\
                    [[group]]\nnumber = 1\nmaximum = \"10\"\ndescription = \"\"\n\
                    [[output]]\nname = \"a\"\nwords = []\ngroup = 1\npoints = \"11\"\nreason = \"\"\n";
        let found = Scale::read("g.toml", text.as_bytes()).expect_err("refused").0;
        assert_eq!(found.iter().filter(|finding| finding.code == "LT-CAT-030").count(), 3, "{found:?}");
    }
}
