//! Exact rules: what a person wrote down about which tasks are which product.
//!
//! Owns the TOML form of rules, their checks and their matching by priority. It must not know texts' similarity.
//! A file with any error gives all of them with their lines and no rule; patterns run in linear time by
//! construction and are limited in size, each and all together.

use super::TaskText;
use super::codes::code_in;
use super::features::is_commune;
use super::rule_day::day;
use crate::config::nearest;
use crate::domain::{CatalogScope, ProductCode, UnitKind};
use crate::error::{Finding, Findings, Place, Text, written_cause};
use crate::text::{Token, fold, tokens};
use chrono::NaiveDate;
use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::collections::BTreeSet;
use toml::Spanned;

/// Rules of one file.
const MAX_RULES: usize = 10_000;
/// Rules of one file with a pattern.
const MAX_PATTERNS: usize = 500;
/// Bytes a compiled pattern may take, smallest first: it counts as the first it fits in, the last is the most there is.
const SIZES: [usize; 5] = [16 * 1024, 32 * 1024, 64 * 1024, 128 * 1024, 256 * 1024];
/// Bytes all compiled patterns of a file may take together.
const MAX_ALL: usize = 24 * 1024 * 1024;
/// Bytes a pattern may remember while it matches, for each thread that matches: beyond it, it runs slower, not wrongly.
/// With all patterns of a file that is 32 MB a thread at worst.
const MAX_REMEMBERED: usize = 64 * 1024;

/// What stands for a figure in a title that was cut into words.
const ANY_FIGURE: &str = "#";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: Option<String>,
    #[serde(default)]
    rule: Vec<Spanned<Written>>,
}

/// The keys of a file and of its rules.
const KEYS: [&str; 16] = [
    "version",
    "rule",
    "id",
    "priority",
    "source",
    "source_category",
    "doc_type",
    "unit",
    "scope",
    "code_in_title",
    "keywords",
    "regex",
    "product",
    "outside",
    "valid_from",
    "valid_to",
];

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
    #[serde(default)]
    scope: Vec<Spanned<String>>,
    #[serde(default)]
    code_in_title: bool,
    #[serde(default)]
    keywords: Vec<String>,
    regex: Option<String>,
    product: Option<String>,
    #[serde(default)]
    outside: bool,
    #[serde(default, deserialize_with = "day")]
    valid_from: Option<NaiveDate>,
    #[serde(default, deserialize_with = "day")]
    valid_to: Option<NaiveDate>,
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
    scope: Vec<CatalogScope>,
    keywords: Vec<String>,
    /// Keywords as they were written whose figures are not compared.
    loose: Vec<String>,
    regex: Option<Regex>,
    gives: Gives,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
}

/// A task as rules compare it.
struct Folded<'a> {
    title: String,
    source: String,
    category: String,
    doc_type: String,
    unit: String,
    scopes: Cow<'a, [CatalogScope]>,
    assigned_on: Option<NaiveDate>,
}

/// The scopes of a task's body, as far as they are known.
fn scopes_of<'a>(task: &TaskText<'a>) -> Cow<'a, [CatalogScope]> {
    if !task.scopes.is_empty() {
        return Cow::Borrowed(task.scopes);
    }
    Cow::Owned(match task.unit_kind {
        _ if is_commune(task) => vec![CatalogScope::Commune, CatalogScope::Province],
        Some(UnitKind::Department) => vec![CatalogScope::Department, CatalogScope::Province],
        _ => vec![CatalogScope::Province],
    })
}

impl<'a> Folded<'a> {
    fn of(task: &TaskText<'a>) -> Self {
        let words = tokens(task.title).into_iter();
        Self {
            title: words.fold(String::from(" "), |line, token| line + &token.folded + " "),
            source: fold(task.source_system),
            category: fold(task.category),
            doc_type: fold(task.doc_type),
            unit: fold(task.unit),
            scopes: scopes_of(task),
            assigned_on: task.assigned_on,
        }
    }
}

impl Rule {
    fn holds(&self, task: &Folded<'_>) -> bool {
        let one_of = |list: &[String], value: &String| list.is_empty() || list.contains(value);
        let in_force = task
            .assigned_on
            .is_none_or(|day| self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to));
        in_force
            && one_of(&self.source, &task.source)
            && one_of(&self.source_category, &task.category)
            && one_of(&self.doc_type, &task.doc_type)
            && one_of(&self.unit, &task.unit)
            && (self.scope.is_empty() || self.scope.iter().any(|scope| task.scopes.contains(scope)))
            && (self.keywords.is_empty()
                || self.keywords.iter().any(|word| task.title.contains(word.as_str())))
            && self.regex.as_ref().is_none_or(|regex| regex.is_match(task.title.trim()))
    }

    /// What it says of a task it holds for; none = it says nothing, as its product is not among the codes.
    fn says(&self, task: &TaskText<'_>, codes: &BTreeSet<ProductCode>) -> Option<Option<ProductCode>> {
        Some(match &self.gives {
            Gives::Outside => None,
            Gives::Product(code) => Some(codes.get(code)?.clone()),
            Gives::CodeInTitle => Some(code_in(task.title, codes)?),
        })
    }
}

/// What a matching rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleHit<'a> {
    /// The rule's name.
    pub rule: &'a str,
    /// Its priority.
    pub priority: i32,
    /// The product; none = outside the catalog.
    pub product: Option<ProductCode>,
}

/// Checked rules, highest priority first.
#[derive(Debug, Clone, Default)]
pub struct RuleBook {
    file: String,
    version: String,
    rules: Vec<Rule>,
}

impl RuleBook {
    /// Reads rules from TOML. Every condition given must hold; within a list one entry is enough. Comparison
    /// ignores case and accents; `regex` runs on the folded title, its own letters folded as well. Rules of equal priority go in file order. A rule
    /// holds for tasks assigned from `valid_from` to `valid_to`, both included, and where it names scopes, for the tasks
    /// of those bodies. The book's version is the one the
    /// file names, else the beginning of its SHA-256.
    ///
    /// # Errors
    /// LT-MAP-001 not readable, -002 a rule without conditions or without exactly one effect or with a keyword of no word,
    /// -003 bad pattern,
    /// -004 two rules of one name, -006 too many rules or patterns, -048 days the wrong way round, -056 no such scope.
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
                instead_of(error.message()),
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
        let patterns = written.rule.iter().filter(|rule| rule.get_ref().regex.is_some()).count();
        if patterns > MAX_PATTERNS {
            let what = Text::new(
                format!("có {patterns} quy tắc dùng biểu thức, nhiều hơn {MAX_PATTERNS}"),
                format!("{patterns} rules have a pattern, more than {MAX_PATTERNS}"),
            );
            let remedy = Text::new("dùng keywords thay cho regex", "use keywords instead of regex");
            return Err(problem("LT-MAP-006", file, 1, what, remedy).into());
        }
        let version = written.version.filter(|version| !version.trim().is_empty()).unwrap_or_else(|| {
            Sha256::digest(text).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
        });
        let (mut rules, mut findings, mut names) = (Vec::new(), Vec::new(), BTreeSet::new());
        let mut all = 0;
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
            for scope in &rule.scope {
                if let Err(why) = scope.get_ref().parse::<CatalogScope>() {
                    findings.push(no_scope(&rule.id, &why, file, line_of(scope.span().start)));
                }
            }
            match read_rule(rule, file, line) {
                Ok((rule, size)) => {
                    if all <= MAX_ALL && all + size > MAX_ALL {
                        findings.push(too_large(&rule.id, file, line));
                    }
                    all += size;
                    // What is refused already is checked to its end and not kept.
                    if all <= MAX_ALL {
                        rules.push(rule);
                    }
                }
                Err(finding) => findings.push(*finding),
            }
        }
        rules.sort_by_key(|rule: &Rule| std::cmp::Reverse(rule.priority));
        if findings.is_empty() {
            Ok(Self { file: file.to_owned(), version, rules })
        } else {
            Err(Findings(findings))
        }
    }

    /// The version decisions by these rules name; empty without rules.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Names of the rules, in the order they are tried.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.id.as_str())
    }

    /// What every matching rule says, in the order they are tried: the first one decides.
    pub fn all_hits<'a>(&'a self, task: &TaskText<'_>, codes: &BTreeSet<ProductCode>) -> Vec<RuleHit<'a>> {
        let folded = Folded::of(task);
        let hit = |rule: &'a Rule| {
            let product = rule.says(task, codes)?;
            Some(RuleHit { rule: &rule.id, priority: rule.priority, product })
        };
        self.rules.iter().filter(|rule| rule.holds(&folded)).filter_map(hit).collect()
    }

    /// Every rule with a keyword whose figures are not compared, so that it holds for more than is written (LT-MAP-057).
    pub fn loose(&self) -> Vec<Finding> {
        let loose = |rule: &Rule| {
            let all = rule.loose.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
            (!all.is_empty()).then(|| loose_keywords(&rule.id, &all, &self.file, rule.line))
        };
        self.rules.iter().filter_map(loose).collect()
    }

    /// The scopes its rules name.
    pub fn scopes(&self) -> BTreeSet<&CatalogScope> {
        self.rules.iter().flat_map(|rule| &rule.scope).collect()
    }

    /// Every rule that leads to a product no catalog of its scopes has (LT-MAP-005). `has` is asked with the scopes a rule
    /// names, none = all of them.
    pub fn check(&self, has: impl Fn(&[CatalogScope], &ProductCode) -> bool) -> Vec<Finding> {
        let lost = |rule: &Rule| match &rule.gives {
            Gives::Product(code) if !has(&rule.scope, code) => Some(problem(
                "LT-MAP-005",
                &self.file,
                rule.line,
                Text::new(
                    format!(
                        "quy tắc \"{}\" dẫn tới mã {code} không có trong danh mục nào đang áp dụng cho phạm vi của quy tắc",
                        rule.id
                    ),
                    format!(
                        "rule \"{}\" leads to {code}, which no catalog in force for its scopes has",
                        rule.id
                    ),
                ),
                Text::new(
                    "sửa mã hoặc scope, hoặc bỏ quy tắc",
                    "correct the code or the scope, or remove the rule",
                ),
            )),
            _ => None,
        };
        self.rules.iter().filter_map(lost).collect()
    }

    /// The first matching rule's word. A rule whose product is not among `codes` does not match.
    pub fn apply(&self, task: &TaskText<'_>, codes: &BTreeSet<ProductCode>) -> Option<RuleHit<'_>> {
        if self.rules.is_empty() {
            return None;
        }
        let folded = Folded::of(task);
        self.rules.iter().filter(|rule| rule.holds(&folded)).find_map(|rule| {
            let product = rule.says(task, codes)?;
            Some(RuleHit { rule: &rule.id, priority: rule.priority, product })
        })
    }
}

/// A pattern with its letters as titles have them, without accents; what is ASCII stays, as in it a letter may be an operator.
fn folded_pattern(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    for c in pattern.chars() {
        if c.is_ascii() {
            out.push(c);
        } else if c.is_whitespace() {
            out.push(' ');
        } else {
            out.push_str(&fold(c.encode_utf8(&mut [0; 4])));
        }
    }
    out
}

/// A pattern as it runs, and how large it counts.
fn compile(pattern: &str) -> Result<(Regex, usize), regex::Error> {
    let (mut refused, pattern) = (None, folded_pattern(pattern));
    for size in SIZES {
        let built = RegexBuilder::new(&pattern)
            .size_limit(size)
            .dfa_size_limit(MAX_REMEMBERED)
            .case_insensitive(true)
            .build();
        match built {
            Ok(regex) => return Ok((regex, size)),
            Err(error @ regex::Error::CompiledTooBig(_)) => refused = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(refused.unwrap_or(regex::Error::CompiledTooBig(0)))
}

/// A keyword as titles have it, and whether its figures are not compared; none where no word of it is left.
fn keyword(text: &str) -> Option<(String, bool)> {
    let words = tokens(text);
    if words.iter().all(|token| token.folded == ANY_FIGURE) {
        return None;
    }
    let figure = |token: &Token| token.folded.bytes().any(|byte| byte.is_ascii_digit());
    let loose = words.iter().any(|token| token.folded == ANY_FIGURE)
        || (text.bytes().any(|byte| byte.is_ascii_digit()) && !words.iter().any(figure));
    Some((words.iter().fold(String::from(" "), |line, token| line + &token.folded + " "), loose))
}

/// A rule, and how large its pattern counts.
fn read_rule(rule: Written, file: &str, line: u32) -> Result<(Rule, usize), Box<Finding>> {
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
    if let (Some(from), Some(to)) = (rule.valid_from, rule.valid_to)
        && to < from
    {
        return Err(Box::new(problem(
            "LT-MAP-048",
            file,
            line,
            Text::new(
                format!("quy tắc \"{id}\" hết hiệu lực ({to}) trước khi có hiệu lực ({from})"),
                format!("rule \"{id}\" ends on {to}, before it begins on {from}"),
            ),
            Text::new("sửa valid_from hoặc valid_to", "correct valid_from or valid_to"),
        )));
    }
    let gives = match rule.product {
        Some(code) => Gives::Product(ProductCode::new(code).map_err(|error| {
            incomplete(Text::new(format!("quy tắc \"{id}\" có mã không hợp lệ"), error.to_string()))
        })?),
        None if rule.outside => Gives::Outside,
        None => Gives::CodeInTitle,
    };
    let regex = rule.regex.map(|pattern| compile(&pattern)).transpose().map_err(|error| {
        Box::new(problem(
            "LT-MAP-003",
            file,
            line,
            Text::new(
                format!("biểu thức của quy tắc \"{id}\" không dùng được"),
                format!("the pattern of rule \"{id}\" cannot be used"),
            )
            .because(&written_cause(&error)),
            Text::new("viết biểu thức đơn giản hơn", "write a simpler pattern"),
        ))
    })?;
    let (regex, size) = regex.map_or((None, 0), |(regex, size)| (Some(regex), size));
    let folded = |list: Vec<String>| list.iter().map(|text| fold(text)).collect::<Vec<_>>();
    let (mut keywords, mut loose) = (Vec::with_capacity(rule.keywords.len()), Vec::new());
    for written in rule.keywords {
        let Some((words, any_figure)) = keyword(&written) else {
            return Err(Box::new(no_word(&id, &written, file, line)));
        };
        keywords.push(words);
        if any_figure {
            loose.push(written);
        }
    }
    let rule = Rule {
        id,
        priority: rule.priority,
        line,
        source: folded(rule.source),
        source_category: folded(rule.source_category),
        doc_type: folded(rule.doc_type),
        unit: folded(rule.unit),
        scope: rule.scope.iter().filter_map(|scope| scope.get_ref().parse().ok()).collect(),
        keywords,
        loose,
        regex,
        gives,
        from: rule.valid_from,
        to: rule.valid_to,
    };
    Ok((rule, size))
}

/// What to write instead of what cannot be read: the known key that is nearest to an unknown one, else the form.
fn instead_of(why: &str) -> Text {
    let key = why.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
    match key.and_then(|key| nearest(key, KEYS.iter().copied())) {
        // Said which bodies a rule is for before rules had scopes.
        _ if key == Some("commune") => Text::new(
            "dùng scope = [\"commune\"] cho xã, phường, scope = [\"department\"] cho sở, ngành",
            "use scope = [\"commune\"] for communes, scope = [\"department\"] for departments",
        ),
        Some(near) => Text::new(format!("có phải \"{near}\"?"), format!("did you mean \"{near}\"?")),
        None => Text::new(
            "sửa theo mẫu config/mapping-rules.toml",
            "follow the form of config/mapping-rules.toml",
        ),
    }
}

fn too_large(id: &str, file: &str, line: u32) -> Finding {
    let most = MAX_ALL / (1024 * 1024);
    problem(
        "LT-MAP-006",
        file,
        line,
        Text::new(
            format!("đến quy tắc \"{id}\", các biểu thức của tệp chiếm hơn {most} MB bộ nhớ"),
            format!("up to rule \"{id}\" the patterns of the file take more than {most} MB of memory"),
        ),
        Text::new(
            "viết biểu thức ngắn hơn, không lặp nhiều lần, hoặc dùng keywords",
            "write shorter patterns without large repetitions, or use keywords",
        ),
    )
}

fn no_word(id: &str, written: &str, file: &str, line: u32) -> Finding {
    problem(
        "LT-MAP-002",
        file,
        line,
        Text::new(
            format!("từ khóa \"{written}\" của quy tắc \"{id}\" không còn từ nào để so sánh"),
            format!("of the keyword \"{written}\" of rule \"{id}\" no word is left to compare"),
        ),
        Text::new(
            "số, ngày và số văn bản không được so sánh: ghi từ của tiêu đề, hoặc bỏ từ khóa này",
            "figures, dates and document numbers are not compared: write words of the title, or leave the keyword out",
        ),
    )
}

fn loose_keywords(id: &str, keywords: &str, file: &str, line: u32) -> Finding {
    let what = Text::new(
        format!(
            "số trong từ khóa của quy tắc \"{id}\" không được so sánh, quy tắc khớp với mọi số: {keywords}"
        ),
        format!(
            "figures in keywords of rule \"{id}\" are not compared, it holds whatever they are: {keywords}"
        ),
    );
    let remedy = Text::new(
        "nếu đúng ý thì bỏ số ấy đi; nếu không, dùng valid_from, valid_to hoặc điều kiện khác",
        "where that is meant, leave the figures out; else use valid_from, valid_to or another condition",
    );
    Finding::warning("LT-MAP-057", what, remedy).at(Place::line(file, line))
}

fn no_scope(id: &str, why: &str, file: &str, line: u32) -> Finding {
    problem(
        "LT-MAP-056",
        file,
        line,
        Text::new(format!("phạm vi của quy tắc \"{id}\" không hợp lệ"), format!("rule \"{id}\": {why}")),
        Text::new(
            "ghi province, department, commune hoặc unit:MÃ",
            "write province, department, commune or unit:CODE",
        ),
    )
}

fn problem(code: &str, file: &str, line: u32, what: Text, remedy: Text) -> Finding {
    Finding::error(code, what, remedy).at(Place::line(file, line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes() -> BTreeSet<ProductCode> {
        ["A-1", "A-2", "SP-A1", "SP-A2"].into_iter().filter_map(|code| ProductCode::new(code).ok()).collect()
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
        assert_eq!(says("Họp chi bộ [SP-A1]"), Some(("code".into(), Some("SP-A1".into()))));
        assert_eq!(says("SP-A1 hay SP-A2, báo cáo"), Some(("low".into(), Some("A-1".into()))));
        // What may stand for something else settles nothing, by a rule neither.
        assert_eq!(says("Họp tổ A-1"), None);
        assert_eq!(says("khác"), None);
    }

    #[test]
    fn rule_holds_for_tasks_assigned_on_its_days_alone() {
        let text = "version='2026-1'\n[[rule]]\nid='old'\npriority=1\nkeywords=['báo cáo']\nproduct='A-1'\nvalid_to='2026-06-30'\n\
            [[rule]]\nid='new'\npriority=1\nkeywords=['báo cáo']\nproduct='A-2'\nvalid_from='2026-07-01'\n";
        let book = RuleBook::parse(text, "r").expect("rules");
        assert_eq!(book.version(), "2026-1");
        let says = |day: &str| {
            let assigned_on = day.parse().ok();
            let task = TaskText { title: "Báo cáo tuần", assigned_on, ..TaskText::default() };
            book.apply(&task, &codes()).map(|hit| hit.rule.to_owned())
        };
        assert_eq!((says("2026-06-30"), says("2026-07-01")), (Some("old".into()), Some("new".into())));
        let task = TaskText { title: "Báo cáo tuần", ..TaskText::default() };
        assert_eq!(book.all_hits(&task, &codes()).len(), 2, "without a day both hold");
        // Days stand with quotes or without; a time of day is no day either way.
        let bare = text.replace("'2026-06-30'", "2026-06-30").replace("'2026-07-01'", "2026-07-01");
        assert_ne!(bare, text);
        let bare = RuleBook::parse(&bare, "r").expect("rules");
        let assigned_on = "2026-07-01".parse().ok();
        let asked = TaskText { title: "Báo cáo tuần", assigned_on, ..TaskText::default() };
        assert_eq!(bare.apply(&asked, &codes()).map(|hit| hit.rule.to_owned()), Some("new".into()));
        for wrong in ["2026-07-01T08:00:00", "'2026-07-01T08:00:00'", "2026", "'mai'", "08:00:00"] {
            let text = text.replace("'2026-07-01'", wrong);
            assert!(RuleBook::parse(&text, "r").is_err(), "{wrong}");
        }
        let backwards =
            text.replace("valid_to='2026-06-30'", "valid_from='2026-07-01'\nvalid_to='2026-06-30'");
        assert_eq!(RuleBook::parse(&backwards, "r").expect_err("bad").0[0].code, "LT-MAP-048");
        // Without a version of its own a file has that of its contents.
        let (one, other) = (text.replace("version='2026-1'", ""), text.replace("version='2026-1'", "#"));
        let version = |text: &str| RuleBook::parse(text, "r").expect("rules").version().to_owned();
        assert_eq!((version(&one).len(), version(&one) == version(&other)), (12, false));
    }

    #[test]
    fn catastrophic_pattern_is_refused_or_runs_in_linear_time() {
        let book = |pattern: &str| {
            RuleBook::parse(&format!("[[rule]]\nid='a'\npriority=1\nregex='{pattern}'\nproduct='A-1'"), "r")
        };
        for refused in ["(a{1000}){1000}{1000}", "(?=a)b", "(a)\\1"] {
            assert_eq!(book(refused).expect_err(refused).0[0].code, "LT-MAP-003", "{refused}");
        }
        let linear = book("^(a+)+$").expect("linear");
        let title = format!("{}!", "a".repeat(1_000_000));
        let task = TaskText { title: &title, ..TaskText::default() };
        assert_eq!(linear.apply(&task, &codes()).map(|hit| hit.rule.to_owned()), Some("a".into()));
    }

    #[test]
    fn patterns_of_a_file_are_bounded_together() {
        // Each is far below the bound of one pattern.
        let book = |patterns: usize| {
            let rule = |number| {
                format!(
                    "[[rule]]\nid='r{number}'\npriority=1\nregex='{number}(ab|cd|[e-z]x){{90}}'\nproduct='A-1'\n"
                )
            };
            RuleBook::parse(&(0..patterns).map(rule).collect::<String>(), "r")
        };
        let (_, size) = compile("1(ab|cd|[e-z]x){90}").expect("a pattern");
        let fit = MAX_ALL / size;
        assert!(fit < MAX_PATTERNS && size <= 128 * 1024, "{size}");
        assert_eq!(book(fit).expect("within the bound").names().count(), fit);
        let refused = book(fit + 3).expect_err("too large together").0;
        assert_eq!(refused.len(), 1);
        let place = refused[0].place.as_ref().and_then(|place| place.line);
        assert_eq!((refused[0].code.as_str(), place), ("LT-MAP-006", u32::try_from(fit * 5 + 1).ok()));
    }

    #[test]
    fn scoped_rule_holds_for_the_tasks_of_its_bodies_alone() {
        let text = "[[rule]]\nid='communes'\npriority=2\nscope=['commune']\nkeywords=['báo cáo']\nproduct='A-1'\n\
            [[rule]]\nid='home'\npriority=3\nscope=['unit:SNV', 'unit:SKH']\nkeywords=['báo cáo']\nproduct='A-2'\n";
        let book = RuleBook::parse(text, "r").expect("rules");
        let says = |task: TaskText<'_>| {
            let task = TaskText { title: "Báo cáo tuần", ..task };
            book.apply(&task, &codes()).map(|hit| hit.rule.to_owned())
        };
        let scopes = |all: &[&str]| -> Vec<CatalogScope> {
            all.iter().map(|scope| scope.parse().expect("scope")).collect()
        };
        let (home, commune) =
            (scopes(&["unit:SNV", "department", "province"]), scopes(&["unit:IAKHA", "commune", "province"]));
        assert_eq!(says(TaskText { scopes: &home, ..TaskText::default() }), Some("home".into()));
        assert_eq!(says(TaskText { scopes: &commune, ..TaskText::default() }), Some("communes".into()));
        let other = scopes(&["unit:SYT", "department", "province"]);
        assert_eq!(says(TaskText { scopes: &other, ..TaskText::default() }), None);
        // Where the scopes are not known, the name of the unit tells a commune.
        assert_eq!(
            says(TaskText { unit: "UBND xã Ia Grai", ..TaskText::default() }),
            Some("communes".into())
        );
        let wrong =
            RuleBook::parse(&text.replace("'unit:SKH'", "\n'district'"), "r").expect_err("no scope").0;
        let told: Vec<_> =
            wrong.iter().map(|f| (f.code.as_str(), f.place.as_ref().and_then(|p| p.line))).collect();
        assert_eq!(told, [("LT-MAP-056", Some(11))]);
    }

    #[test]
    fn keyword_of_which_no_word_is_left_is_refused_instead_of_holding_for_every_task() {
        let book = |keywords: &str| {
            RuleBook::parse(
                &format!("[[rule]]\nid='a'\npriority=1\nkeywords=[{keywords}]\nproduct='A-1'"),
                "r",
            )
        };
        for none in ["'45/KH-UBND'", "'18/5/2026'", "''", "'–'", "'2026'", "'báo cáo', '  '"] {
            let told = book(none).expect_err(none).0;
            assert_eq!((told.len(), told[0].code.as_str()), (1, "LT-MAP-002"), "{none}");
        }
        assert!(book("'báo cáo', 'Nghị định 178/2024/NĐ-CP', '1022'").expect("words").loose().is_empty());
        // A figure is any figure: that stands, and is told.
        let loose = book("'báo cáo quý 3', 'kế hoạch 45/KH-UBND', 'báo cáo'").expect("words");
        let task = TaskText { title: "Báo cáo quý I", ..TaskText::default() };
        assert!(loose.apply(&task, &codes()).is_some());
        let told = loose.loose();
        assert_eq!((told.len(), told[0].code.as_str()), (1, "LT-MAP-057"));
        let what = &told[0].what.en;
        assert!(
            what.contains("quý 3") && what.contains("45/KH-UBND") && !what.contains("\"báo cáo\""),
            "{what}"
        );
    }

    #[test]
    fn pattern_with_accents_holds_for_titles_with_and_without_them() {
        let book = |pattern: &str| {
            RuleBook::parse(&format!("[[rule]]\nid='a'\npriority=1\nregex='{pattern}'\nproduct='A-1'"), "r")
                .expect("a pattern")
        };
        let holds = |pattern: &str, title: &str| {
            book(pattern).apply(&TaskText { title, ..TaskText::default() }, &codes()).is_some()
        };
        for pattern in ["^đăng ký (khai|cha\u{301}o) sinh$", "^[đĐ]ăng\\sKÝ", r"\bsinh\b"] {
            assert!(holds(pattern, "Đăng ký khai sinh") && holds(pattern, "dang ky khai sinh"), "{pattern}");
        }
        // Operators keep their case: `\S` is not `\s`.
        assert!(!holds(r"^\S+$", "Đăng ký khai sinh") && holds(r"^\S+$", "Đăng"));
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
        let unknown = |key: &str| {
            let text = format!("[[rule]]\nid='a'\npriority=1\n{key}=true\n");
            let finding = RuleBook::parse(&text, "r").expect_err(key).0.remove(0);
            assert_eq!(finding.place.and_then(|place| place.line), Some(4));
            (finding.code, finding.remedy.en)
        };
        assert_eq!(unknown("outsied"), ("LT-MAP-001".into(), "did you mean \"outside\"?".into()));
        assert_eq!(
            unknown("whatever"),
            ("LT-MAP-001".into(), "follow the form of config/mapping-rules.toml".into())
        );
        let (code, remedy) = unknown("commune");
        assert!(code == "LT-MAP-001" && remedy.starts_with("use scope = [\"commune\"]"), "{remedy}");
        let book =
            RuleBook::parse("[[rule]]\nid='a'\npriority=1\nkeywords=['x']\nproduct='Z'", "r").expect("rule");
        assert_eq!(book.check(|_, _| false)[0].code, "LT-MAP-005");
    }
}
