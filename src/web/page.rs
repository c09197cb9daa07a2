//! Templates and what every page shares: navigation, language, banner.

use super::{Visit, Web, asset, format, table};
use crate::error::{Finding, Lang};
use minijinja::{Environment, UndefinedBehavior, Value, context};
use serde::Serialize;
use std::sync::LazyLock;

/// A page whose template does not render.
const UNBUILT: &str = "LT-WEB-001";

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Lenient);
    for (name, text) in NAMED {
        if let Err(error) = environment.add_template(name, text) {
            tracing::error!(template = name, %error, "template does not compile");
        }
    }
    environment
});

const NAMED: [(&str, &str); 5] = [
    ("base.html", include_str!("templates/base.html")),
    ("parts.html", include_str!("templates/parts.html")),
    ("overview.html", include_str!("templates/overview.html")),
    ("sheet.html", include_str!("templates/sheet.html")),
    ("score.html", include_str!("templates/score.html")),
];

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
    count: String,
}

/// Renders a template with what every page shares around the page's own values.
pub fn render(web: &Web, visit: &Visit, template: &str, own: Value, waiting: u64) -> String {
    let lang = visit.lang;
    let nav: Vec<NavItem> = [
        ("/", "Tổng quan", "Overview", 0),
        ("/units", "Đơn vị", "Units", 0),
        ("/tasks", "Nhiệm vụ", "Tasks", 0),
        ("/scores", "Điểm", "Scores", 0),
        ("/records", "Hồ sơ đánh giá", "Records", 0),
        ("/results", "Kết quả năm", "Year", 0),
        ("/deliveries", "Gửi và biên nhận", "Deliveries", 0),
        ("/waiting", "Cần người xử lý", "Needs a person", waiting),
        ("/people", "Tìm người", "Find a person", 0),
    ]
    .into_iter()
    .map(|(href, vi, en, count)| NavItem {
        href,
        label: say(lang, vi, en),
        here: visit.path == href || (href != "/" && visit.path.starts_with(href)),
        count: if count == 0 { String::new() } else { format::count(count) },
    })
    .collect();
    let other = if lang == Lang::Vi { "en" } else { "vi" };
    let shared = context! {
        lang => if lang == Lang::Vi { "vi" } else { "en" },
        other_lang => other,
        switch_href => visit.with("lang", other),
        nav => value(&nav),
        now => format::instant(web.app.clock.now()),
        name => web.name.clone(),
        simulated => web.simulated,
        version => env!("CARGO_PKG_VERSION"),
        style => asset::STYLE.address(),
        script => asset::SCRIPT.address(),
        t => Value::from_function(move |vi: String, en: String| if lang == Lang::Vi { vi } else { en }),
    };
    let rendered =
        TEMPLATES.get_template(template).and_then(|page| page.render(context! { ..own, ..shared }));
    rendered.unwrap_or_else(|error| {
        tracing::error!(template, %error, "template does not render");
        format!("<!doctype html><title>{UNBUILT}</title><p>{UNBUILT}")
    })
}

/// A serialisable value for a template.
pub fn value<T: Serialize + ?Sized>(of: &T) -> Value {
    Value::from(minijinja::value::Serde(serde_json::to_value(of).unwrap_or_default()))
}

/// The page that explains a failure. It asks the store nothing.
pub fn trouble(web: &Web, visit: &Visit, finding: &Finding) -> String {
    let lang = visit.lang;
    let heading = say(lang, "Không hiển thị được trang này", "This page cannot be shown");
    let mut facts = table::Section::facts("trouble", "");
    facts.fact(say(lang, "Điều gì xảy ra", "What happened"), table::Cell::text(finding.what.get(lang)));
    facts.fact(say(lang, "Cần làm gì", "What to do"), table::Cell::text(finding.remedy.get(lang)));
    facts.fact(say(lang, "Mã", "Code"), table::Cell::mono(finding.code.clone()));
    render(web, visit, "sheet.html", context! { heading, sections => value(&[facts]) }, 0)
}

/// The page for what does not exist.
pub fn nothing_here(web: &Web, visit: &Visit) -> String {
    let lang = visit.lang;
    let heading = say(lang, "Không có trang này", "There is no such page");
    let intro = say(
        lang,
        "Địa chỉ sai, hoặc mục này không còn. Chọn một mục ở thanh trên.",
        "The address is wrong, or the item is gone. Choose from the bar above.",
    );
    render(web, visit, "sheet.html", context! { heading, intro }, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_compiles() {
        for (name, _) in NAMED {
            assert!(TEMPLATES.get_template(name).is_ok(), "{name}");
        }
    }
}
