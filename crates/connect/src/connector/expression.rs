//! Expressions and templates of manifests: total, bounded, without any way to the outside.
//!
//! Owns the one minijinja environment of the connectors: strict about unknown names, limited in steps, no
//! file or network access, a few functions of this domain. Templates are texts with `{{ … }}`; expressions
//! stand alone. Both are compiled when a manifest is loaded and refuse names they cannot have. It must not
//! know fields or requests. A failed evaluation is a sentence, never a panic.

use super::json::Json;
use crate::text;
use minijinja::{Environment, UndefinedBehavior, Value};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

/// Steps one evaluation may take. A usual rule takes fewer than 50.
const FUEL: u64 = 50_000;

/// Longest expression or template text.
const MAX_SOURCE: usize = 4_000;

/// Longest text an evaluation may give.
const MAX_RESULT: usize = 64 * 1024;

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(50);
    environment.add_filter("fold", |value: &str| text::fold(value));
    environment.add_filter("strip_prefix", |value: &str, prefix: &str| {
        value.strip_prefix(prefix).unwrap_or(value).to_owned()
    });
    environment.add_filter("strip_suffix", |value: &str, suffix: &str| {
        value.strip_suffix(suffix).unwrap_or(value).to_owned()
    });
    environment.add_filter("b64encode", |value: &str| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(value)
    });
    // Not `tojson`: that one writes & and < as \u escapes for web pages, which some gateways do not undo.
    environment.add_filter("json", |value: &Value| {
        serde_json::to_string(value)
            .map_err(|error| minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, error.to_string()))
    });
    environment.add_filter("vn_date", |value: &str| {
        text::date::date(value)
            .map(|day| day.to_string())
            .map_err(|error| minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, error.to_string()))
    });
    environment
});

/// A compiled expression.
pub struct Expression {
    source: String,
    compiled: minijinja::Expression<'static, 'static>,
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.source).finish()
    }
}

impl Expression {
    /// Compiles an expression that may use the names given; the error is a sentence.
    pub fn compile(source: &str, names: &[&str]) -> Result<Self, String> {
        if source.len() > MAX_SOURCE {
            return Err(format!("longer than {MAX_SOURCE} bytes"));
        }
        let compiled =
            ENVIRONMENT.compile_expression_owned(source.to_owned()).map_err(|error| sentence(&error))?;
        let cut = cut_names(source).into_iter().map(|name| match name.split_once('.') {
            Some((root, _)) => root.to_owned(),
            None => name,
        });
        let mut unknown: Vec<String> = compiled
            .undeclared_variables(false)
            .into_iter()
            .chain(cut)
            .filter(|name| {
                !names.contains(&name.as_str()) && !ENVIRONMENT.globals().any(|(global, _)| global == name)
            })
            .collect();
        unknown.sort();
        match unknown.first() {
            Some(name) => Err(format!("\"{name}\" is not known here; known are {}", names.join(", "))),
            None => Ok(Self { source: source.to_owned(), compiled }),
        }
    }

    /// The value; undefined and none give none.
    pub fn evaluate(&self, context: &Value) -> Result<Option<Value>, String> {
        let value = self.compiled.eval(context.clone()).map_err(|error| self.explain(&sentence(&error)))?;
        Ok((!value.is_undefined() && !value.is_none()).then_some(value))
    }

    /// The value as text; undefined and none give none, lists and maps are an error.
    pub fn text(&self, context: &Value) -> Result<Option<String>, String> {
        let Some(value) = self.evaluate(context)? else { return Ok(None) };
        match value.kind() {
            minijinja::value::ValueKind::String
            | minijinja::value::ValueKind::Number
            | minijinja::value::ValueKind::Bool => {
                let text = value.to_string();
                if text.len() > MAX_RESULT {
                    return Err(self.explain("the result is longer than 64 KiB"));
                }
                Ok(Some(text))
            }
            other => Err(self.explain(&format!("the result is a {other}, not one value"))),
        }
    }

    /// The value as it stands in a JSON document: whole numbers and truth values as what they are, none as null, lists
    /// and objects of such values, everything else as text.
    pub fn json(&self, context: &Value) -> Result<serde_json::Value, String> {
        let value = self.compiled.eval(context.clone()).map_err(|error| self.explain(&sentence(&error)))?;
        if value.is_undefined() {
            return Err(self.explain("there is no value"));
        }
        let mut room = MAX_RESULT;
        document(&value, MAX_DEPTH, &mut room).map_err(|why| self.explain(why))
    }

    /// Names the expression uses, with their members: `settings.base_url`.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.compiled.undeclared_variables(true).into_iter().collect();
        names.extend(cut_names(&self.source));
        names.sort();
        names.dedup();
        names
    }

    fn explain(&self, why: &str) -> String {
        format!("{why}, in \"{}\"", self.source.chars().take(200).collect::<String>())
    }
}

/// Deepest list or object a value may be in a document.
const MAX_DEPTH: usize = 16;

/// A value of an evaluation as a document; `room` is what its texts and members may take yet.
fn document(value: &Value, depth: usize, room: &mut usize) -> Result<serde_json::Value, &'static str> {
    use minijinja::value::ValueKind;
    let take = |room: &mut usize, bytes: usize| match room.checked_sub(bytes) {
        Some(left) => {
            *room = left;
            Ok(())
        }
        None => Err("the result is longer than 64 KiB"),
    };
    let deeper = || depth.checked_sub(1).ok_or("the result is too deep");
    match value.kind() {
        ValueKind::Undefined | ValueKind::None => Ok(serde_json::Value::Null),
        ValueKind::Bool => Ok(value.is_true().into()),
        ValueKind::Number if value.is_integer() && i64::try_from(value.clone()).is_ok() => {
            Ok(i64::try_from(value.clone()).unwrap_or_default().into())
        }
        ValueKind::String | ValueKind::Number => {
            let text = value.to_string();
            take(room, text.len())?;
            Ok(text.into())
        }
        ValueKind::Seq | ValueKind::Iterable => {
            let depth = deeper()?;
            let mut list = Vec::new();
            for item in value.try_iter().map_err(|_| "the result is no list that can be read")? {
                take(room, 8)?;
                list.push(document(&item, depth, room)?);
            }
            Ok(list.into())
        }
        ValueKind::Map => {
            let depth = deeper()?;
            let mut object = serde_json::Map::new();
            for key in value.try_iter().map_err(|_| "the result is no object that can be read")? {
                let member = value.get_item(&key).unwrap_or_default();
                let key = key.to_string();
                take(room, 8 + key.len())?;
                object.insert(key, document(&member, depth, room)?);
            }
            Ok(object.into())
        }
        _ => Err("the result is neither a value nor a list or an object"),
    }
}

/// Names before a slice (`since[0:4]`), with their members: the library's own search passes over them.
fn cut_names(source: &str) -> Vec<String> {
    static CUT: LazyLock<Option<regex::Regex>> = LazyLock::new(|| {
        regex::Regex::new(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*\[[^\[\]]*:[^\[\]]*\]").ok()
    });
    let bare = without_texts(source);
    let found = CUT.iter().flat_map(|cut| cut.captures_iter(&bare));
    let named = found.filter_map(|found| found.get(1));
    // A member of something else (`f().x[0:1]`, `a['b'].x[0:1]`) is no name of its own.
    let free = named.filter(|name| !bare.get(..name.start()).is_some_and(|before| before.ends_with('.')));
    free.map(|name| name.as_str().to_owned()).collect()
}

/// An expression with its texts in quotes left empty, so that what they say is not taken for a part of it.
fn without_texts(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let (mut quote, mut escaped) = (None, false);
    for c in source.chars() {
        match quote {
            None => {
                out.push(c);
                quote = matches!(c, '\'' | '"').then_some(c);
            }
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(open) if c == open => {
                out.push(c);
                quote = None;
            }
            Some(_) => {}
        }
    }
    out
}

fn sentence(error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

#[derive(Debug)]
enum Piece {
    Literal(String),
    Expression(Expression),
}

/// A text with `{{ … }}` in it, compiled.
#[derive(Debug)]
pub struct Template(Vec<Piece>);

impl Template {
    /// Compiles a template whose expressions may use the names given; the error is a sentence.
    pub fn compile(source: &str, names: &[&str]) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut rest = source;
        while let Some((before, after)) = rest.split_once("{{") {
            let (inside, after) = after.split_once("}}").ok_or("a {{ is never closed by }}")?;
            if !before.is_empty() {
                pieces.push(Piece::Literal(before.to_owned()));
            }
            pieces.push(Piece::Expression(Expression::compile(inside.trim(), names)?));
            rest = after;
        }
        if rest.contains("}}") {
            return Err("a }} has no {{ before it".to_owned());
        }
        if !rest.is_empty() {
            pieces.push(Piece::Literal(rest.to_owned()));
        }
        Ok(Self(pieces))
    }

    /// Names the template uses, with their members.
    pub fn names(&self) -> Vec<String> {
        let of = |piece: &Piece| match piece {
            Piece::Literal(_) => Vec::new(),
            Piece::Expression(expression) => expression.names(),
        };
        self.0.iter().flat_map(of).collect()
    }

    /// The text; a value that is missing is an error, because half a request must not be sent.
    pub fn render(&self, context: &Value) -> Result<String, String> {
        self.render_with(context, |text| text)
    }

    /// The value in a JSON document: a template that is one expression alone keeps the kind of its value
    /// ([`Expression::json`]), any other is a text.
    pub fn render_json(&self, context: &Value) -> Result<serde_json::Value, String> {
        match self.0.as_slice() {
            [Piece::Expression(expression)] => expression.json(context),
            _ => Ok(self.render(context)?.into()),
        }
    }

    /// The text as part of a URL's path: every value percent-encoded, so that none can change the path.
    pub fn render_path(&self, context: &Value) -> Result<String, String> {
        self.render_with(context, |text| percent_encode(&text))
    }

    fn render_with(&self, context: &Value, encode: impl Fn(String) -> String) -> Result<String, String> {
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Literal(text) => out.push_str(text),
                Piece::Expression(expression) => {
                    let value = expression.text(context)?;
                    out.push_str(&encode(value.ok_or_else(|| expression.explain("there is no value"))?));
                }
            }
        }
        Ok(out)
    }
}

/// Longest text of a markup template.
const MAX_MARKUP: usize = 64 * 1024;

static MARKUP: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = ENVIRONMENT.clone();
    // Whatever a value holds stays text: no filter can mark one as markup.
    environment.set_formatter(|out, _, value| {
        use minijinja::value::ValueKind;
        match value.kind() {
            ValueKind::String | ValueKind::Number | ValueKind::Bool => {
                out.write_str(&super::xml::soap::escape(&value.to_string()))?;
                Ok(())
            }
            other => {
                let why = format!("there is no single value to be written ({other})");
                Err(minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, why))
            }
        }
    });
    environment
});

/// An XML text with `{{ … }}` and `{% if … %}` in it, checked; every value is escaped.
#[derive(Debug)]
pub struct Markup {
    source: String,
    names: Vec<String>,
}

impl Markup {
    /// Compiles a template that may use the names given; the error is a sentence.
    pub fn compile(source: &str, names: &[&str]) -> Result<Self, String> {
        if source.len() > MAX_MARKUP {
            return Err(format!("longer than {MAX_MARKUP} bytes"));
        }
        let template = MARKUP.template_from_str(source).map_err(|error| sentence(&error))?;
        let unknown = template.undeclared_variables(false).into_iter().find(|name| {
            !names.contains(&name.as_str()) && !MARKUP.globals().any(|(global, _)| global == name)
        });
        if let Some(name) = unknown {
            return Err(format!("\"{name}\" is not known here; known are {}", names.join(", ")));
        }
        let mut used: Vec<String> = template.undeclared_variables(true).into_iter().collect();
        used.sort();
        Ok(Self { source: source.to_owned(), names: used })
    }

    /// Names the template uses, with their members.
    pub fn names(&self) -> Vec<String> {
        self.names.clone()
    }

    /// The text; a value that is missing is an error, because half a request must not be sent.
    pub fn render(&self, context: &Value) -> Result<String, String> {
        MARKUP.render_str(&self.source, context).map_err(|error| sentence(&error))
    }
}

/// Percent-encodes everything but the unreserved characters of RFC 3986. `.` and `..` are encoded whole, so
/// that a key can never walk up a path.
pub fn percent_encode(text: &str) -> String {
    use std::fmt::Write as _;
    let dots = matches!(text, "." | "..");
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let plain =
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~') || (byte == b'.' && !dots);
        if plain {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// A record as expressions see it. Whole numbers are numbers, also those written with a fraction of nothing (`0.0` is no
/// progress); other numbers stay text: no float appears.
pub fn value_of(json: &Json<'_>) -> Value {
    match json {
        Json::Null => Value::from(()),
        Json::Bool(flag) => Value::from(*flag),
        Json::Number(number) => {
            let whole = match number.split_once('.') {
                Some((whole, part)) if part.bytes().all(|digit| digit == b'0') => whole,
                _ => number,
            };
            whole.parse::<i64>().map_or_else(|_| Value::from(*number), Value::from)
        }
        Json::Text(text) => Value::from(text.as_ref()),
        Json::List(items) => items.iter().map(value_of).collect(),
        Json::Object(members) => Value::from(
            members.iter().map(|(key, value)| (key.to_string(), value_of(value))).collect::<BTreeMap<_, _>>(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(text: &str) -> Value {
        minijinja::context!(record => value_of(&Json::parse(text).expect("json")))
    }

    #[test]
    fn unknown_name_is_refused_when_compiled_not_when_run() {
        let why = Expression::compile("recrod.id", &["record"]).expect_err("typo");
        assert!(why.contains("recrod") && why.contains("record"), "{why}");
        assert!(Expression::compile("record.", &["record"]).is_err());
        assert!(Expression::compile("namespace()", &["record"]).is_ok());
    }

    #[test]
    fn decimals_stay_the_text_of_the_source() {
        let expression = Expression::compile("record.points", &["record"]).expect("compiles");
        assert_eq!(expression.text(&record(r#"{"points":12.10}"#)).expect("runs").as_deref(), Some("12.10"));
        assert_eq!(expression.text(&record(r#"{"points":null}"#)).expect("runs"), None);
        assert_eq!(expression.text(&record("{}")).expect("runs"), None);
        assert!(expression.text(&record(r#"{"points":[1]}"#)).is_err());
    }

    #[test]
    fn fraction_of_nothing_is_a_whole_number_and_no_progress_is_false() {
        let started =
            Expression::compile("'begun' if record.progress else 'open'", &["record"]).expect("compiles");
        for (text, told) in
            [("0.0", "open"), ("0", "open"), ("-0.00", "open"), ("1.0", "begun"), ("0.5", "begun")]
        {
            let record = record(&format!(r#"{{"progress":{text}}}"#));
            assert_eq!(started.text(&record).expect("runs").as_deref(), Some(told), "{text}");
        }
        let number = Expression::compile("record.progress", &["record"]).expect("compiles");
        let told = |text: &str| number.text(&record(&format!(r#"{{"progress":{text}}}"#))).expect("runs");
        assert_eq!(told("2.50").as_deref(), Some("2.50"));
        assert_eq!(told("1e2").as_deref(), Some("1e2"));
    }

    #[test]
    fn names_before_a_slice_are_known_and_unknown_like_others() {
        let template =
            Template::compile("{{ since[0:4] | int if since else 1970 }}", &["since"]).expect("compiles");
        assert!(template.names().contains(&"since".to_owned()), "{:?}", template.names());
        let alone = Template::compile("{{ settings.day[0:4] }}", &["settings"]).expect("compiles");
        assert_eq!(alone.names(), ["settings.day"]);
        for wrong in ["{{ sizze[0:2] }}", "{{ sizze.x[:2] }}", "{{ key ~ sizze[1:] }}"] {
            let why = Template::compile(wrong, &["key", "size"]).expect_err(wrong);
            assert!(why.contains("sizze"), "{wrong}: {why}");
        }
        for right in ["{{ '[a[0:1]' ~ key[0:2] }}", "{{ record['x'].y[0:2] }}", "{{ [1, 2][0:1] }}"] {
            assert!(Template::compile(right, &["key", "record"]).is_ok(), "{right}");
        }
    }

    #[test]
    fn expression_cannot_ask_for_boundless_memory() {
        for source in ["'a' * 1000000000000", "range(1000000000)|list|length", "'x' * 70000"] {
            let expression = Expression::compile(source, &[]).expect("compiles");
            assert!(expression.text(&Value::from(())).is_err(), "{source} must be refused");
        }
        assert!(Expression::compile(&"1+".repeat(5_000), &[]).is_err());
    }

    #[test]
    fn values_in_a_path_cannot_change_the_path() {
        let template = Template::compile("/ho-so/{{ key }}/lich-su", &["key"]).expect("compiles");
        for (key, path) in [
            ("17", "/ho-so/17/lich-su"),
            ("../../users?x=1#y", "/ho-so/..%2F..%2Fusers%3Fx%3D1%23y/lich-su"),
            ("..", "/ho-so/%2E%2E/lich-su"),
            ("số 1", "/ho-so/s%E1%BB%91%201/lich-su"),
        ] {
            let context = minijinja::context!(key => key);
            assert_eq!(template.render_path(&context).expect("renders"), path);
        }
    }

    #[test]
    fn missing_value_stops_a_request() {
        let template =
            Template::compile("a={{ settings.a }}&b={{ settings.b }}", &["settings"]).expect("compiles");
        let context = minijinja::context!(settings => minijinja::context!(a => 1));
        assert!(template.render(&context).is_err());
        assert!(Template::compile("{{ settings.a", &["settings"]).is_err());
        assert!(Template::compile("a }}", &["settings"]).is_err());
    }

    #[test]
    fn one_expression_alone_keeps_its_kind_in_a_document() {
        let context = minijinja::context!(page => 3, code => "007", cursor => Value::from(()));
        for (source, document) in [
            ("{{ page }}", "3"),
            ("{{ page > 2 }}", "true"),
            ("{{ cursor }}", "null"),
            ("{{ code }}", "\"007\""),
            ("p{{ page }}", "\"p3\""),
        ] {
            let template = Template::compile(source, &["page", "code", "cursor"]).expect("compiles");
            assert_eq!(template.render_json(&context).expect("renders").to_string(), document, "{source}");
        }
        let record = record(r#"{"ids":[3,1],"due":{"year":2026,"at":null},"n":1.50}"#);
        for (source, document) in [
            ("{{ record.ids }}", "[3,1]"),
            ("{{ [record.due.year] if record.due else [] }}", "[2026]"),
            ("{{ record.due }}", r#"{"at":null,"year":2026}"#),
            ("{{ {'n': record.n} }}", r#"{"n":"1.50"}"#),
        ] {
            let template = Template::compile(source, &["record"]).expect("compiles");
            assert_eq!(template.render_json(&record).expect("renders").to_string(), document, "{source}");
        }
        let endless = Template::compile("{{ range(100000) | list }}", &[]).expect("compiles");
        assert!(endless.render_json(&Value::from(())).is_err(), "a list is bounded as a text is");
        assert!(
            Template::compile("{{ code.x }}", &["code"]).expect("compiles").render_json(&context).is_err()
        );
    }

    #[test]
    fn functions_of_the_domain_work_in_expressions() {
        for (source, result) in [
            ("'ĐANG  xử lý'|fold", "dang xu ly"),
            ("'NV-12'|strip_prefix('NV-')", "12"),
            ("'5/9/2026'|vn_date", "2026-09-05"),
            ("'khóa'|b64encode", "a2jDs2E="),
            ("{'A': 'x&<', 'n': 7, 'ok': true}|json|b64encode", "eyJBIjoieCY8IiwibiI6Nywib2siOnRydWV9"),
        ] {
            let expression = Expression::compile(source, &[]).expect("compiles");
            assert_eq!(expression.text(&Value::from(())).expect("runs").as_deref(), Some(result), "{source}");
        }
        assert!(
            Expression::compile("'hôm qua'|vn_date", &[]).expect("compiles").text(&Value::from(())).is_err()
        );
    }
}
