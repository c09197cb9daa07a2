//! `config check`, `config schema`, `config default`, `config example`.
//!
//! Owns what each prints. They need no database and no network and change nothing.

use crate::config::{self, Config, Examined, Loaded};
use crate::error::{Finding, Severity, Text};
use crate::pipeline::assemble;
use crate::pipeline::command::{Document, EXIT_CONFIG, EXIT_OK, Field, Outcome};
use serde_json::Value;

/// What a configuration amounts to as far as it can be read, with everything that is wrong with it and with what
/// it names.
pub fn check(examined: &Examined) -> Outcome {
    let mut findings = assemble::all_findings(examined);
    let Some(Loaded { config, .. }) = &examined.usable else {
        return Outcome { exit: EXIT_CONFIG, findings, document: Document::Nothing };
    };
    let failed = findings.iter().any(|finding| finding.severity == Severity::Error);
    // Beside a mistake it would only be what follows from it.
    findings.extend(idle(config).filter(|_| !failed));
    let path = |path: &std::path::Path| Value::from(path.display().to_string());
    let names = |names: Vec<&str>| Value::from(names);
    let fields = vec![
        Field::new("ok", "Dùng được", "Usable", !failed),
        Field::new("data_dir", "Thư mục dữ liệu", "Data folder", path(&config.daemon.data_dir)),
        Field::new("listen", "Trang theo dõi", "Page", config.daemon.listen.to_string()),
        Field::new("units", "Số đơn vị", "Units", config.unit.len()),
        Field::new(
            "sources",
            "Nguồn",
            "Sources",
            names(config.source.iter().map(|source| source.id.as_str()).collect()),
        ),
        Field::new(
            "targets",
            "Đích",
            "Targets",
            names(config.target.iter().map(|target| target.id.as_str()).collect()),
        ),
        Field::new("findings", "Ghi nhận", "Findings", serde_json::to_value(&findings).unwrap_or_default()),
    ];
    let mut shown = fields;
    // For people the findings are printed by themselves.
    let document = Document::Json {
        value: Value::Object(shown.iter().map(|field| (field.key.clone(), field.value.clone())).collect()),
        text: {
            shown.pop();
            let object = Document::Object { title: Text::new("Cấu hình", "Configuration"), fields: shown };
            let print = |lang| super::print::text(&object, lang, None);
            Text::new(print(crate::error::Lang::Vi), print(crate::error::Lang::En))
        },
    };
    Outcome { exit: if failed { EXIT_CONFIG } else { EXIT_OK }, findings, document }
}

/// A configuration without a mistake that does nothing: the daemon starts, and no task ever comes. Units may be those of
/// the database (`people import --units`): none in the file are told only beside a missing source.
fn idle(config: &Config) -> Option<Finding> {
    if config.source.iter().any(|source| source.enabled) {
        return None;
    }
    let mut lacks = Vec::new();
    if config.unit.is_empty() && config.people.units_file.is_none() {
        lacks.push(("đơn vị ([[unit]] hoặc people.units_file)", "unit ([[unit]] or people.units_file)"));
    }
    lacks.push(("nguồn đang bật ([[source]])", "enabled source ([[source]])"));
    let vi: Vec<&str> = lacks.iter().map(|(vi, _)| *vi).collect();
    let en: Vec<&str> = lacks.iter().map(|(_, en)| *en).collect();
    Some(Finding::warning(
        "LT-CFG-060",
        Text::new(
            format!(
                "cấu hình không có {}: dịch vụ khởi động được nhưng không lấy nhiệm vụ nào",
                vi.join(", không có ")
            ),
            format!(
                "the configuration has no {}: the daemon starts, and no task ever comes",
                en.join(" and no ")
            ),
        ),
        Text::new(
            "xem các bước của README và mẫu của `lienthong config example`; nếu tệp vừa bị làm rỗng, khôi phục nó",
            "see the steps of the README and what `lienthong config example` prints; if the file was emptied, restore it",
        ),
    ))
}

/// The JSON Schema, as JSON in either form of output.
pub fn schema() -> Outcome {
    let value = config::schema();
    let text = serde_json::to_string_pretty(&value).unwrap_or_default();
    Outcome::ok(Document::Json { value, text: Text::new(text.clone(), text) })
}

/// A file that is compiled in, as it is.
pub fn text(text: &str) -> Outcome {
    Outcome::ok(Document::Json { value: Value::from(text), text: Text::new(text, text) })
}
