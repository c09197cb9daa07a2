//! Exact rules: what a person wrote down about which tasks are which product.
//!
//! Owns the TOML form of rules, their checks and their matching by priority. It must not know texts' similarity.
//! A file with any error gives all of them with their lines and no rule; patterns run in linear time by
//! construction and are limited in size.

use super::TaskText;
use super::features::is_commune;
use crate::domain::{CatalogProduct, ProductCode};
use crate::error::{Finding, Findings, Place, Text, written_cause};
use crate::text::{fold, tokens};
use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use std::collections::BTreeSet;
use toml::Spanned;

/// Rules of one file.
const MAX_RULES: usize = 10_000;
/// Bytes of one compiled pattern.
const MAX_PATTERN: usize = 256 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<Spanned<Written>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    priority: i32,
    #[serde(default)]
    source: Vec<String>,
    #[serde(default)]
    source_category: Vec<String>,
    #[serde(default)]
    doc_type: Vec<String>,
    #[serde(default)]
    unit: Vec<String>,
    commune: Option<bool>,
    #[serde(default)]
    code_in_title: bool,
    #[serde(default)]
    keywords: Vec<String>,
    regex: Option<String>,
    product: Option<String>,
    #[serde(default)]
    outside: bool,
}

#[derive(Debug, Clone)]
enum Gives {
    Product(ProductCode),
    CodeInTitle,
    Outside,
}

#[derive(Debug, Clone)]
struct Rule {
    id: String,
    priority: i32,
    line: u32,
    source: Vec<String>,
    source_category: Vec<String>,
    doc_type: Vec<String>,
    unit: Vec<String>,
    commune: Option<bool>,
    keywords: Vec<String>,
    regex: Option<Regex>,
    gives: Gives,
}

/// What a matching rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleHit<'a> {
    /// The rule's name.
    pub rule: &'a str,
    /// The product; none = outside the catalog.
    pub product: Option<ProductCode>,
}

/// Checked rules, highest priority first.
#[derive(Debug, Clone, Default)]
pub struct RuleBook {
    file: String,
    rules: Vec<Rule>,
}

impl RuleBook {
    /// Reads rules from TOML. Every condition given must hold; within a list one entry is enough. Comparison
    /// ignores case and accents; `regex` runs on the folded title. Rules of equal priority go in file order.
    ///
    /// # Errors
    /// LT-MAP-001 not readable, -002 a rule without conditions or without exactly one effect, -003 bad pattern,
    /// -004 two rules of one name, -006 too many rules.
    pub fn parse(text: &str, file: &str) -> Result<Self, Findings> {
        let line_of = |at: usize| {
            let before = text.get(..at).unwrap_or(text).bytes().filter(|b| *b == b'\n').count();
            u32::try_from(before + 1).unwrap_or(u32::MAX)
        };
        let written: File = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_of(span.start));
            problem(
                "LT-MAP-001",
                file,
                line,
                Text::new(
                    format!("không đọc được tệp quy tắc: {}", error.message()),
                    format!("the rules cannot be read: {}", error.message()),
                ),
                Text::new(
                    "sửa theo mẫu config/mapping-rules.toml",
                    "follow the form of config/mapping-rules.toml",
                ),
            )
        })?;
        if written.rule.len() > MAX_RULES {
            return Err(problem(
                "LT-MAP-006",
                file,
                1,
                Text::new(
                    format!("có hơn {MAX_RULES} quy tắc"),
                    format!("there are more than {MAX_RULES} rules"),
                ),
                Text::new("gộp các quy tắc giống nhau", "merge rules that say the same"),
            )
            .into());
        }
        let (mut rules, mut findings, mut names) = (Vec::new(), Vec::new(), BTreeSet::new());
        for spanned in written.rule {
            let line = line_of(spanned.span().start);
            let rule = spanned.into_inner();
            if !names.insert(rule.id.clone()) {
                findings.push(problem(
                    "LT-MAP-004",
                    file,
                    line,
                    Text::new(
                        format!("tên quy tắc \"{}\" bị trùng", rule.id),
                        format!("the rule name \"{}\" is used twice", rule.id),
                    ),
                    Text::new("đặt tên khác", "choose another name"),
                ));
            }
            match read_rule(rule, file, line) {
                Ok(rule) => rules.push(rule),
                Err(finding) => findings.push(*finding),
            }
        }
        rules.sort_by_key(|rule: &Rule| std::cmp::Reverse(rule.priority));
        if findings.is_empty() { Ok(Self { file: file.to_owned(), rules }) } else { Err(Findings(findings)) }
    }

    /// Every rule that names a product the catalog does not have (LT-MAP-005).
    pub fn check(&self, catalog: &[CatalogProduct]) -> Vec<Finding> {
        let codes: BTreeSet<&ProductCode> = catalog.iter().map(|product| &product.code).collect();
        self.rules
            .iter()
            .filter_map(|rule| match &rule.gives {
                Gives::Product(code) if !codes.contains(code) => Some(problem(
                    "LT-MAP-005",
                    &self.file,
                    rule.line,
                    Text::new(
                        format!("quy tắc \"{}\" dẫn tới mã {code} không có trong danh mục", rule.id),
                        format!("rule \"{}\" leads to {code}, which the catalog does not have", rule.id),
                    ),
                    Text::new("sửa mã hoặc bỏ quy tắc", "correct the code or remove the rule"),
                )),
                _ => None,
            })
            .collect()
    }

    /// The first matching rule's word. A rule whose product is not among `codes` does not match.
    pub fn apply(&self, task: &TaskText<'_>, codes: &BTreeSet<ProductCode>) -> Option<RuleHit<'_>> {
        if self.rules.is_empty() {
            return None;
        }
        let title =
            tokens(task.title).into_iter().fold(String::from(" "), |line, token| line + &token.folded + " ");
        let (source, category) = (fold(task.source_system), fold(task.category));
        let (doc_type, unit) = (fold(task.doc_type), fold(task.unit));
        let commune = is_commune(task);
        self.rules.iter().find_map(|rule| {
            let one_of = |list: &[String], value: &String| list.is_empty() || list.contains(value);
            let holds = one_of(&rule.source, &source)
                && one_of(&rule.source_category, &category)
                && one_of(&rule.doc_type, &doc_type)
                && one_of(&rule.unit, &unit)
                && rule.commune.is_none_or(|wanted| wanted == commune)
                && (rule.keywords.is_empty()
                    || rule.keywords.iter().any(|word| title.contains(word.as_str())))
                && rule.regex.as_ref().is_none_or(|regex| regex.is_match(title.trim()));
            if !holds {
                return None;
            }
            let product = match &rule.gives {
                Gives::Outside => None,
                Gives::Product(code) => Some(codes.get(code)?.clone()),
                Gives::CodeInTitle => Some(code_in(task.title, codes)?),
            };
            Some(RuleHit { rule: &rule.id, product })
        })
    }
}

/// The only catalog code that stands in a title as a word of its own; two different ones decide nothing.
fn code_in(title: &str, codes: &BTreeSet<ProductCode>) -> Option<ProductCode> {
    let cut: String = title.chars().take(crate::text::tokens::MAX_CHARS).collect();
    let mut found = cut
        .split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | ',' | ';' | ':'))
        .filter_map(|word| ProductCode::new(word.trim_end_matches('.')).ok())
        .filter_map(|code| codes.get(&code));
    let first = found.next()?;
    found.all(|other| other == first).then(|| first.clone())
}

fn read_rule(rule: Written, file: &str, line: u32) -> Result<Rule, Box<Finding>> {
    let id = rule.id;
    let effects = u8::from(rule.product.is_some()) + u8::from(rule.outside) + u8::from(rule.code_in_title);
    let conditions = [&rule.source, &rule.source_category, &rule.doc_type, &rule.unit, &rule.keywords];
    let any = conditions.iter().any(|list| !list.is_empty()) || rule.regex.is_some() || rule.code_in_title;
    let incomplete = |what: Text| {
        Box::new(problem(
            "LT-MAP-002",
            file,
            line,
            what,
            Text::new(
                "mỗi quy tắc cần ít nhất một điều kiện và đúng một trong: product, outside, code_in_title",
                "a rule needs at least one condition and exactly one of product, outside, code_in_title",
            ),
        ))
    };
    if !any || effects != 1 {
        return Err(incomplete(Text::new(
            format!("quy tắc \"{id}\" thiếu điều kiện hoặc kết quả"),
            format!("rule \"{id}\" lacks a condition or its effect"),
        )));
    }
    let gives = match rule.product {
        Some(code) => Gives::Product(ProductCode::new(code).map_err(|error| {
            incomplete(Text::new(format!("quy tắc \"{id}\" có mã không hợp lệ"), error.to_string()))
        })?),
        None if rule.outside => Gives::Outside,
        None => Gives::CodeInTitle,
    };
    let regex = rule
        .regex
        .map(|pattern| RegexBuilder::new(&pattern).size_limit(MAX_PATTERN).case_insensitive(true).build())
        .transpose()
        .map_err(|error| {
            Box::new(problem(
                "LT-MAP-003",
                file,
                line,
                Text::new(
                    format!("biểu thức của quy tắc \"{id}\" không dùng được"),
                    format!("the pattern of rule \"{id}\" cannot be used"),
                )
                .because(&written_cause(&error)),
                Text::new(
                    "viết biểu thức đơn giản hơn, không dấu",
                    "write a simpler pattern, without accents",
                ),
            ))
        })?;
    let folded = |list: Vec<String>| list.iter().map(|text| fold(text)).collect::<Vec<_>>();
    let keyword =
        |text: &String| tokens(text).into_iter().fold(String::from(" "), |line, t| line + &t.folded + " ");
    Ok(Rule {
        id,
        priority: rule.priority,
        line,
        source: folded(rule.source),
        source_category: folded(rule.source_category),
        doc_type: folded(rule.doc_type),
        unit: folded(rule.unit),
        commune: rule.commune,
        keywords: rule.keywords.iter().map(keyword).collect(),
        regex,
        gives,
    })
}

fn problem(code: &str, file: &str, line: u32, what: Text, remedy: Text) -> Finding {
    Finding::error(code, what, remedy).at(Place::line(file, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes() -> BTreeSet<ProductCode> {
        ["A-1", "A-2"].into_iter().filter_map(|code| ProductCode::new(code).ok()).collect()
    }

    #[test]
    fn the_highest_priority_rule_that_holds_decides() {
        let book = RuleBook::parse(
            "[[rule]]\nid='low'\npriority=1\nkeywords=['báo cáo']\nproduct='A-1'\n[[rule]]\nid='high'\npriority=9\nkeywords=['BC quý']\nsource=['QLVB']\nproduct='A-2'\n[[rule]]\nid='party'\npriority=5\nregex='chi bo'\noutside=true\n[[rule]]\nid='code'\npriority=20\ncode_in_title=true\n",
            "r.toml",
        )
        .expect("rules");
        let says = |title: &str| {
            let task = TaskText { title, source_system: "qlvb", ..TaskText::default() };
            book.apply(&task, &codes())
                .map(|hit| (hit.rule.to_owned(), hit.product.map(|code| code.to_string())))
        };
        assert_eq!(says("Bao cao quy I"), Some(("high".into(), Some("A-2".into()))));
        assert_eq!(says("Báo cáo tuần"), Some(("low".into(), Some("A-1".into()))));
        assert_eq!(says("Họp Chi bộ"), Some(("party".into(), None)));
        assert_eq!(says("Họp chi bộ [A-1]"), Some(("code".into(), Some("A-1".into()))));
        assert_eq!(says("A-1 hay A-2, báo cáo"), Some(("low".into(), Some("A-1".into()))));
        assert_eq!(says("khác"), None);
    }

    #[test]
    fn every_bad_rule_is_told_with_its_line() {
        let text = "[[rule]]\nid='a'\npriority=1\nproduct='A-1'\n\n[[rule]]\nid='a'\npriority=1\nregex='(x{1000}){1000}'\nproduct='A-1'\n";
        let told: Vec<_> = RuleBook::parse(text, "r")
            .expect_err("bad")
            .0
            .into_iter()
            .map(|f| (f.code, f.place.and_then(|p| p.line)))
            .collect();
        assert_eq!(
            told,
            [("LT-MAP-002".into(), Some(1)), ("LT-MAP-004".into(), Some(6)), ("LT-MAP-003".into(), Some(6))]
        );
        assert_eq!(
            RuleBook::parse("[[rule]]\nid='a'\npriority=1\nwhat=2", "r").expect_err("key").0[0].code,
            "LT-MAP-001"
        );
        let book =
            RuleBook::parse("[[rule]]\nid='a'\npriority=1\nkeywords=['x']\nproduct='Z'", "r").expect("rule");
        assert_eq!(book.check(&[])[0].code, "LT-MAP-005");
    }
}
