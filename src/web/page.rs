//! Templates and what every page shares: navigation, language, banner.

use super::{Visit, Web, format};
use crate::error::{Finding, Lang};
use minijinja::{Environment, UndefinedBehavior, Value, context};
use serde::Serialize;
use std::sync::LazyLock;

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Lenient);
    for (name, text) in [
        ("base.html", include_str!("templates/base.html")),
        ("overview.html", include_str!("templates/overview.html")),
        ("table.html", include_str!("templates/table.html")),
        ("score.html", include_str!("templates/score.html")),
    ] {
        if let Err(error) = environment.add_template(name, text) {
            tracing::error!(template = name, %error, "template does not compile");
        }
    }
    environment
});

/// A sentence in the visitor's language.
pub fn say<'a>(lang: Lang, vi: &'a str, en: &'a str) -> &'a str {
    match lang {
        Lang::Vi => vi,
        Lang::En => en,
    }
}

#[derive(Serialize)]
struct NavItem {
    href: &'static str,
    label: &'static str,
    here: bool,
    count: u64,
}

/// Renders a template with what every page shares around the page's own values.
pub fn render(web: &Web, visit: &Visit, template: &str, own: Value, waiting: u64) -> String {
    let lang = visit.lang;
    let nav: Vec<NavItem> = [
        ("/", "Tổng quan", "Overview", 0),
        ("/scores", "Điểm", "Scores", 0),
        ("/records", "Hồ sơ đánh giá", "Records", 0),
        ("/deliveries", "Gửi nhận", "Deliveries", 0),
        ("/waiting", "Cần người xử lý", "Needs a person", waiting),
    ]
    .into_iter()
    .map(|(href, vi, en, count)| NavItem {
        href,
        label: say(lang, vi, en),
        here: visit.path == href || (href != "/" && visit.path.starts_with(href)),
        count,
    })
    .collect();
    let other = if lang == Lang::Vi { "en" } else { "vi" };
    let mut query: Vec<String> =
        visit.query.iter().map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect();
    query.push(format!("lang={other}"));
    let shared = context! {
        lang => if lang == Lang::Vi { "vi" } else { "en" },
        other_lang => other,
        switch_href => format!("{}?{}", visit.path, query.join("&")),
        nav => value(&nav),
        now => format::instant(web.app.clock.now()),
        simulated => web.simulated,
        version => env!("CARGO_PKG_VERSION"),
        live => "true",
        t => Value::from_function(move |vi: String, en: String| if lang == Lang::Vi { vi } else { en }),
    };
    let rendered =
        TEMPLATES.get_template(template).and_then(|page| page.render(context! { ..own, ..shared }));
    rendered.unwrap_or_else(|error| {
        tracing::error!(template, %error, "template does not render");
        "<!doctype html><title>LT-WEB-001</title><p>LT-WEB-001".to_owned()
    })
}

/// A serialisable value for a template.
pub fn value<T: Serialize + ?Sized>(of: &T) -> Value {
    Value::from(minijinja::value::Serde(serde_json::to_value(of).unwrap_or_default()))
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// The page that explains a failure.
pub fn trouble(web: &Web, visit: &Visit, finding: &Finding) -> String {
    let lang = visit.lang;
    let heading = say(lang, "Không hiển thị được trang này", "This page cannot be shown");
    let intro = format!("{} · {} · {}", finding.code, finding.what.get(lang), finding.remedy.get(lang));
    render(web, visit, "table.html", context! { heading, intro, sections => Vec::<Value>::new() }, 0)
}

/// The page for what does not exist.
pub fn nothing_here(web: &Web, visit: &Visit) -> String {
    let lang = visit.lang;
    let heading = say(lang, "Không có trang này", "There is no such page");
    let intro = say(lang, "Quay lại trang Tổng quan.", "Go back to the overview.");
    render(web, visit, "table.html", context! { heading, intro, sections => Vec::<Value>::new() }, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_compiles() {
        for name in ["base.html", "overview.html", "table.html", "score.html"] {
            assert!(TEMPLATES.get_template(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn values_in_links_are_encoded() {
        assert_eq!(encode("Sở & <b>"), "S%E1%BB%9F%20%26%20%3Cb%3E");
    }
}
