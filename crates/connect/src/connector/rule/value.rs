//! One rule at work: from a record to one cleaned text.
//!
//! Owns finding a value, cleaning it, translating it through its table and saying what is wrong with it. It
//! must not know which task field the text is for, nor the record's source. A value that cannot be used is
//! a [`Fault`]; a missing one is none unless the rule requires it.

use super::super::expression::{Expression, value_of};
use super::super::json::{Json, Path};
use super::super::manifest::Problem;
use super::spec::RuleTable;
use crate::domain::{CitizenId, EventKind};
use crate::error::{Text, written_cause};
use crate::text;
use chrono::{DateTime, Utc};
use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Longest text a field may hold, in bytes.
const MAX_TEXT: usize = 16 * 1024;

/// Why one field of one record could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Stable code.
    pub code: &'static str,
    /// What happened.
    pub what: Text,
    /// What to do.
    pub remedy: Text,
}

/// What a rule looks at.
pub struct Scope<'a> {
    json: &'a Json<'a>,
    context: OnceCell<minijinja::Value>,
    /// Times of the last events, known once the history was read.
    pub last_events: &'a [(EventKind, DateTime<Utc>)],
}

impl<'a> Scope<'a> {
    /// A record, or one entry of its history.
    pub fn new(json: &'a Json<'a>, last_events: &'a [(EventKind, DateTime<Utc>)]) -> Self {
        Self { json, context: OnceCell::new(), last_events }
    }

    /// The value a path leads to.
    pub fn at(&self, path: &Path) -> Option<&'a Json<'a>> {
        self.json.at(path)
    }

    fn context(&self) -> &minijinja::Value {
        self.context.get_or_init(|| minijinja::context!(record => value_of(self.json)))
    }
}

#[derive(Debug)]
enum Origin {
    Paths(Vec<Path>),
    Constant(String),
    Expression(Expression),
    LastEvent(EventKind),
}

#[derive(Debug)]
struct Table {
    exact: HashMap<String, String>,
    folded: Option<HashMap<String, String>>,
    otherwise: Option<String>,
}

/// A compiled rule.
#[derive(Debug)]
pub struct ValueRule {
    origin: Origin,
    contains: Option<String>,
    /// Members that make a moment.
    parts: Vec<String>,
    trim: bool,
    empty: Vec<String>,
    strip_prefix: Option<String>,
    strip_suffix: Option<String>,
    split: Option<(String, usize)>,
    table: Option<Table>,
    default: Option<String>,
    required: bool,
    secret: bool,
}

/// A value before and after its table.
pub struct Found<'a> {
    /// As the source writes it, cleaned.
    pub raw: Option<Cow<'a, str>>,
    /// After table and default.
    pub value: Option<Cow<'a, str>>,
}

impl ValueRule {
    /// Compiles a rule that stands at `key` of its manifest; what is wrong goes to `problems`.
    pub fn compile(
        key: &str,
        rule: &RuleTable,
        required: bool,
        trim: bool,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let origins = [
            rule.path.is_some(),
            !rule.first_of.is_empty(),
            rule.constant.is_some(),
            rule.expression.is_some(),
            rule.last_event.is_some(),
        ];
        if origins.iter().filter(|given| **given).count() != 1 {
            problems.push(Problem::rule(
                key,
                "cần đúng một trong path, first_of, const, expression, last_event",
                "it needs exactly one of path, first_of, const, expression and last_event",
            ));
            return None;
        }
        let origin = if let Some(source) = &rule.expression {
            match Expression::compile(source, &["record"]) {
                Ok(expression) => Origin::Expression(expression),
                Err(why) => {
                    problems.push(Problem::expression(&format!("{key}.expression"), &why));
                    return None;
                }
            }
        } else if let Some(kind) = rule.last_event {
            Origin::LastEvent(kind)
        } else if let Some(constant) = &rule.constant {
            Origin::Constant(constant.clone())
        } else {
            let texts: Vec<&String> = rule.path.iter().chain(&rule.first_of).collect();
            let mut paths = Vec::with_capacity(texts.len());
            for text in texts {
                match Path::parse(text) {
                    Ok(path) => paths.push(path),
                    Err(why) => {
                        problems.push(Problem::path(key, text, why));
                        return None;
                    }
                }
            }
            Origin::Paths(paths)
        };
        if rule.map.is_empty() && (rule.otherwise.is_some() || rule.fold) {
            problems.push(Problem::rule(
                key,
                "otherwise và fold chỉ có nghĩa khi có map",
                "otherwise and fold mean something only together with map",
            ));
        }
        let of_place = rule.path.is_some() || !rule.first_of.is_empty();
        if !rule.parts.is_empty()
            && (!of_place
                || !(3..=6).contains(&rule.parts.len())
                || !rule.date.is_empty()
                || rule.contains.is_some())
        {
            problems.push(Problem::rule(
                key,
                "parts gồm 3 đến 6 thành phần (năm, tháng, ngày, giờ, phút, giây) của path hoặc first_of, không có date và contains",
                "parts are 3 to 6 members (year, month, day, hour, minute, second) of path or first_of, without date and contains",
            ));
        }
        if rule.split.as_ref().is_some_and(|split| split.by.is_empty()) {
            problems.push(Problem::rule(key, "split.by đang để trống", "split.by is empty"));
        }
        Some(Self {
            origin,
            contains: rule.contains.clone(),
            parts: rule.parts.clone(),
            trim: rule.trim.unwrap_or(trim),
            empty: rule.empty.clone(),
            strip_prefix: rule.strip_prefix.clone(),
            strip_suffix: rule.strip_suffix.clone(),
            split: rule.split.as_ref().map(|split| (split.by.clone(), split.index)),
            table: table(key, rule, problems),
            default: rule.default.clone(),
            required: required || rule.required,
            secret: rule.kind == Some(crate::domain::AccountKind::CitizenId),
        })
    }

    /// The value, after its table.
    pub fn value<'a>(&'a self, scope: &Scope<'a>) -> Result<Option<Cow<'a, str>>, Fault> {
        Ok(self.find(scope)?.value)
    }

    /// The value before and after its table.
    pub fn find<'a>(&'a self, scope: &Scope<'a>) -> Result<Found<'a>, Fault> {
        let raw = match self.origin(scope)? {
            Some(raw) => self.clean(raw),
            None => None,
        };
        if raw.as_ref().is_some_and(|raw| raw.len() > MAX_TEXT) {
            return Err(Fault {
                code: "LT-SRC-008",
                what: Text::new("văn bản dài hơn 16 KiB", "the text is longer than 16 KiB"),
                remedy: Text::new("kiểm tra path của trường này", "check the path of this field"),
            });
        }
        let mapped = match (&self.table, &raw) {
            (Some(table), Some(raw)) => Some(self.translate(table, raw)?),
            _ => raw.clone(),
        };
        let value = mapped.or_else(|| self.default.as_deref().map(Cow::Borrowed));
        if value.is_none() && self.required {
            return Err(Fault {
                code: "LT-SRC-005",
                what: Text::new("trường bắt buộc không có giá trị", "a required field has no value"),
                remedy: Text::new(
                    "bổ sung ở hệ thống nguồn, hoặc sửa path/default trong manifest rồi chạy lại các bản ghi bị loại",
                    "fill it in at the source, or correct path/default in the manifest and replay the rejected records",
                ),
            });
        }
        Ok(Found { raw, value })
    }

    fn origin<'a>(&'a self, scope: &Scope<'a>) -> Result<Option<Cow<'a, str>>, Fault> {
        match &self.origin {
            Origin::Constant(text) => Ok(Some(Cow::Borrowed(text))),
            Origin::LastEvent(kind) => Ok(scope
                .last_events
                .iter()
                .find(|(known, _)| known == kind)
                .map(|(_, at)| Cow::Owned(at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)))),
            Origin::Expression(expression) => match expression.text(scope.context()) {
                Ok(text) => Ok(text.map(Cow::Owned)),
                Err(why) => Err(Fault {
                    code: "LT-SRC-009",
                    what: Text::new("biểu thức không tính được", "the expression fails")
                        .because(&written_cause(&why)),
                    remedy: Text::new(
                        "sửa biểu thức trong manifest rồi chạy lại các bản ghi bị loại",
                        "correct the expression in the manifest and replay the rejected records",
                    ),
                }),
            },
            Origin::Paths(paths) => {
                for path in paths {
                    let Some(json) = scope.at(path) else { continue };
                    if let Some(wanted) = &self.contains {
                        return Ok(Some(Cow::Borrowed(if holds(json, wanted) { "true" } else { "false" })));
                    }
                    match json {
                        Json::Null => {}
                        Json::Object(members) if !self.parts.is_empty() => {
                            return moment(members, &self.parts).map(|text| Some(Cow::Owned(text)));
                        }
                        Json::List(_) | Json::Object(_) => return Err(not_single(json)),
                        single => {
                            let text = single.scalar().unwrap_or_default();
                            // With several places an empty one gives way to the next.
                            if paths.len() == 1 || !text.trim().is_empty() {
                                return Ok(Some(Cow::Borrowed(text)));
                            }
                        }
                    }
                }
                Ok(self.contains.as_ref().map(|_| Cow::Borrowed("false")))
            }
        }
    }

    fn clean<'a>(&'a self, raw: Cow<'a, str>) -> Option<Cow<'a, str>> {
        let mut text = raw;
        if self.trim {
            text = narrow(text, str::trim);
        }
        let whole = text.len();
        if let Some(prefix) = &self.strip_prefix {
            text = narrow(text, |text| text.strip_prefix(prefix.as_str()).unwrap_or(text));
        }
        if let Some(suffix) = &self.strip_suffix {
            text = narrow(text, |text| text.strip_suffix(suffix.as_str()).unwrap_or(text));
        }
        if let Some((by, index)) = &self.split {
            text = narrow(text, |text| text.split(by.as_str()).nth(*index).unwrap_or(""));
        }
        if self.trim && text.len() < whole {
            text = narrow(text, str::trim);
        }
        if !is_plain(&text) {
            // No database keeps a NUL, and the others show on no page.
            let unseen = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
            if text.contains(unseen) {
                text = Cow::Owned(text.replace(unseen, " "));
            }
            if is_nfc_quick(text.chars()) != IsNormalized::Yes {
                text = Cow::Owned(text.nfc().collect());
            }
        }
        let nothing = text.trim().is_empty() || self.empty.iter().any(|empty| *empty == text);
        (!nothing).then_some(text)
    }

    fn translate<'a>(&self, table: &'a Table, raw: &str) -> Result<Cow<'a, str>, Fault> {
        let folded = || table.folded.as_ref().and_then(|folded| folded.get(&text::fold(raw)));
        if let Some(value) = table.exact.get(raw).or_else(folded).or(table.otherwise.as_ref()) {
            return Ok(Cow::Borrowed(value));
        }
        let shown: String = if self.secret { "…".to_owned() } else { excerpt(raw) };
        Err(Fault {
            code: "LT-SRC-006",
            what: Text::new(
                format!("giá trị \"{shown}\" không có trong bảng map"),
                format!("the value \"{shown}\" is not in the rule's map"),
            ),
            remedy: Text::new(
                "thêm giá trị này vào map của trường trong manifest rồi chạy lại các bản ghi bị loại",
                "add the value to the field's map in the manifest and replay the rejected records",
            ),
        })
    }
}

fn table(key: &str, rule: &RuleTable, problems: &mut Vec<Problem>) -> Option<Table> {
    if rule.map.is_empty() {
        return None;
    }
    let exact: HashMap<String, String> =
        rule.map.iter().map(|(from, to)| (from.nfc().collect(), to.clone())).collect();
    let mut folded = rule.fold.then(HashMap::new);
    if let Some(folded) = &mut folded {
        for (from, to) in &rule.map {
            let other = folded.insert(text::fold(from), to.clone());
            if other.is_some_and(|other| other != *to) {
                problems.push(Problem::rule(
                    &format!("{key}.map"),
                    &format!("\"{from}\" trùng với một giá trị khác khi bỏ dấu; hãy bỏ fold"),
                    &format!("\"{from}\" equals another value once accents are dropped; leave out fold"),
                ));
            }
        }
    }
    Some(Table { exact, folded, otherwise: rule.otherwise.clone() })
}

/// Whether a text holds neither control characters nor anything that could be composed otherwise: true for nearly
/// every text, Vietnamese included, and found without looking up each letter.
fn is_plain(text: &str) -> bool {
    if text.is_ascii() {
        return !text.bytes().any(|byte| byte < b' ' || byte == 0x7f);
    }
    text.chars().all(|c| matches!(c, ' '..='~' | '\u{a0}'..='\u{2ff}' | '\u{1e00}'..='\u{1eff}'))
}

fn narrow<'a>(text: Cow<'a, str>, cut: impl Fn(&str) -> &str) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(cut(text)),
        Cow::Owned(text) => {
            let cut = cut(&text);
            if cut.len() == text.len() { Cow::Owned(text) } else { Cow::Owned(cut.to_owned()) }
        }
    }
}

fn holds(json: &Json<'_>, wanted: &str) -> bool {
    match json {
        Json::List(items) => items.iter().any(|item| item.scalar() == Some(wanted)),
        single => single.scalar().is_some_and(|text| text.contains(wanted)),
    }
}

/// A moment of the members that make it: `yyyy-MM-dd`, and `HH:mm:ss` where there is a time of day.
fn moment(members: &[(Cow<'_, str>, Json<'_>)], parts: &[String]) -> Result<String, Fault> {
    let mut numbers = [0_u32; 6];
    for (number, part) in numbers.iter_mut().zip(parts) {
        let member = members.iter().find(|(name, _)| name.as_ref() == part.as_str());
        let written = member.and_then(|(_, value)| value.scalar());
        *number = written.and_then(|written| written.trim().parse().ok()).ok_or_else(|| Fault {
            code: "LT-SRC-007",
            what: Text::new(
                format!("đối tượng thời điểm không có số ở \"{part}\""),
                format!("the object of a moment has no number at \"{part}\""),
            ),
            remedy: Text::new(
                "sửa parts của trường trong manifest, hoặc dữ liệu ở nguồn",
                "correct parts of the field in the manifest, or the data at the source",
            ),
        })?;
    }
    let [year, month, day, hour, minute, second] = numbers;
    let date = format!("{year:04}-{month:02}-{day:02}");
    Ok(if parts.len() > 3 { format!("{date} {hour:02}:{minute:02}:{second:02}") } else { date })
}

fn not_single(json: &Json<'_>) -> Fault {
    let kind = json.kind();
    Fault {
        code: "LT-SRC-008",
        what: Text::new(
            format!("ở đây là {kind}, không phải một giá trị đơn"),
            format!("there is a {kind} here, not one value"),
        ),
        remedy: Text::new(
            "viết path tới một giá trị đơn, ví dụ labels.0, hoặc dùng contains",
            "write a path to one value, for example labels.0, or use contains",
        ),
    }
}

/// The beginning of a value, fit to be shown: without numbers of citizens, which are looked for in more than what is
/// shown, because one that is cut in its middle is not found.
pub fn excerpt(text: &str) -> String {
    const SHOWN: usize = 60;
    let beginning: String = text.chars().filter(|c| !c.is_control()).take(SHOWN + 13).collect();
    CitizenId::mask_in(&beginning).chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_normalization::char::canonical_combining_class;

    #[test]
    fn plain_text_is_composed_already_and_shows_on_every_page() {
        for c in ('\0'..=char::MAX).filter(|c| is_plain(&c.to_string())) {
            assert_eq!(is_nfc_quick([c].into_iter()), IsNormalized::Yes, "{c:?}");
            assert_eq!(canonical_combining_class(c), 0, "{c:?}");
            assert!(!c.is_control(), "{c:?}");
        }
        assert!(is_plain("Báo cáo tháng 9 ở Đắk Lắk: 100 %"));
        for other in ["a\u{301}", "\u{1ebf}\u{323}", "a\tb", "\u{85}", "x\u{7f}", "“Ế”"] {
            assert!(!is_plain(other), "{other:?}");
        }
    }
}
