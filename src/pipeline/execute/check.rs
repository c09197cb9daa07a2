//! Trying a whole configuration against the world.
//!
//! Owns what is tried and where each finding belongs in the file. The file is read anew, so that a change can be
//! tried beside the daemon that still runs on the old one, with the daemon's own rights. Nothing is changed and
//! no result is sent; one thing that fails never hides another: what a mistake in the file leaves readable is
//! tried as well, and a store that cannot be opened keeps nobody from trying the rest.

use super::{App, Refusal};
use crate::config::rule_set::gaps;
use crate::config::{self, Loaded, Overrides};
use crate::domain::{Period, UnitCode};
use crate::error::{Finding, Findings, Severity, Text};
use crate::pipeline::assemble;
use crate::pipeline::command::{Column, Document, EXIT_CONFIG, Field, Outcome};
use crate::pipeline::wording::Words;
use crate::store::StoreError;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Far sides tried at the same time.
const AT_ONCE: usize = 8;

/// Different sentences of one code that are told of a far side.
const EXAMPLES: usize = 3;

/// What is tried: a source or target, by the key of its entry.
struct Tried {
    kind: &'static str,
    name: String,
    key: String,
    /// One that cannot be opened has failed before anything is sent; the file's findings tell why.
    opened: bool,
    findings: Vec<Finding>,
}

/// Tries a configuration without its store; `unopened` says why, where that is not the file's own fault.
pub async fn check_without_store(path: &Path, unopened: Vec<Finding>) -> Outcome {
    check(None, path, unopened).await
}

pub(super) async fn check(app: Option<&App>, path: &Path, unopened: Vec<Finding>) -> Outcome {
    let examined = config::examine(path, config::present_variables(), &Overrides::default());
    let mut findings = assemble::all_findings(&examined);
    let broken = examined.has_errors();
    Findings::add_new(&mut findings, unopened);
    let Some(loaded) = examined.usable else {
        return Outcome { exit: EXIT_CONFIG, findings, document: Document::Nothing };
    };
    let mut tried = far_sides(&loaded).await;
    for side in tried.iter_mut().filter(|side| side.opened) {
        let located =
            side.findings.drain(..).map(|finding| loaded.places.locate(finding, &side.key)).collect();
        side.findings = grouped(located);
        findings.extend(side.findings.iter().cloned());
    }
    if let Some(app) = app {
        let held = match app.store.require_schema().await {
            Ok(()) => of_the_store(app, &loaded).await.unwrap_or_else(|Refusal(findings)| findings),
            // Before the first start there is none: nothing to mend.
            Err(error @ StoreError::OlderSchema { found: 0, .. }) => {
                vec![Finding { severity: Severity::Info, ..error.finding() }]
            }
            Err(error) => vec![error.finding()],
        };
        Findings::add_new(&mut findings, held);
    }
    let rows = tried.iter().map(row).collect();
    let failed = findings.iter().any(|finding| finding.severity == Severity::Error);
    let parts = vec![
        (
            "tried".to_owned(),
            Document::Table {
                title: Text::new("Đã thử", "Tried"),
                columns: vec![
                    Column::words("kind", "Loại", "Kind", Words::Kind),
                    Column::left("name", "Tên", "Name"),
                    Column::words("result", "Kết quả", "Result", Words::Result),
                ],
                rows,
            },
        ),
        (
            "summary".to_owned(),
            Document::Object {
                title: Text::new("", ""),
                fields: vec![Field::new("ok", "Dùng được", "Usable", !failed)],
            },
        ),
        // People read the findings by themselves.
        (
            "findings".to_owned(),
            Document::Json { value: json!(findings), text: Text::new(String::new(), String::new()) },
        ),
    ];
    let outcome = Outcome::with_findings(Document::Parts { parts }, findings);
    if broken { Outcome { exit: EXIT_CONFIG, ..outcome } } else { outcome }
}

/// Findings of one far side, each sentence once with how often it came: a page of records is often wrong in one way.
fn grouped(findings: Vec<Finding>) -> Vec<Finding> {
    let mut kept: Vec<(Finding, usize)> = Vec::new();
    for finding in findings {
        let alike = |(known, _): &&mut (Finding, usize)| {
            (&known.code, known.severity, &known.what) == (&finding.code, finding.severity, &finding.what)
        };
        match kept.iter_mut().find(alike) {
            Some((_, times)) => *times += 1,
            None => kept.push((finding, 1)),
        }
    }
    // Where the sentences name what stood there, a few say enough.
    let mut others: BTreeMap<String, usize> = BTreeMap::new();
    let mut told: Vec<(Finding, usize)> = Vec::new();
    for (finding, times) in kept {
        if told.iter().filter(|(known, _)| known.code == finding.code).count() < EXAMPLES {
            told.push((finding, times));
        } else {
            *others.entry(finding.code).or_default() += times;
        }
    }
    let mut findings = Vec::with_capacity(told.len());
    for (mut finding, times) in told.into_iter().rev() {
        let mut add = |vi: String, en: String| {
            finding.what.vi.push_str(&vi);
            finding.what.en.push_str(&en);
        };
        if times > 1 {
            add(format!(" ({times} lần; đây là lần đầu)"), format!(" ({times} times; this is the first)"));
        }
        if let Some(others) = others.remove(&finding.code) {
            add(format!(" (và {others} lỗi khác cùng mã)"), format!(" (and {others} others of this code)"));
        }
        findings.push(finding);
    }
    findings.reverse();
    findings
}

fn row(tried: &Tried) -> Vec<Value> {
    let worst = tried.findings.iter().map(|finding| finding.severity).max();
    let result = match worst {
        Some(Severity::Error) => "error",
        Some(Severity::Warning) => "warning",
        Some(Severity::Info) | None => "ok",
    };
    vec![json!(tried.kind), json!(tried.name), json!(result)]
}

/// Connects to every source and target: logs in, reads one page, sends nothing. One that cannot be opened is
/// tried as well; its findings were told with the configuration.
async fn far_sides(loaded: &Loaded) -> Vec<Tried> {
    let (sources, of_sources) = assemble::sources(loaded);
    let (targets, of_targets) = assemble::targets(loaded);
    let mut attempts: Vec<futures_util::future::BoxFuture<'_, Tried>> = Vec::new();
    for (index, entry) in loaded.config.source.iter().enumerate().filter(|(_, entry)| entry.enabled) {
        let key = format!("source[{index}]");
        let connector = sources.get(&entry.id).map(|source| source.connector.clone());
        let told = told_of(&of_sources, index);
        attempts.push(Box::pin(async move {
            let opened = connector.is_some();
            let findings = match connector {
                Some(connector) => connector.check().await,
                None => told,
            };
            Tried { kind: "source", name: entry.id.to_string(), key, opened, findings }
        }));
    }
    for (index, entry) in loaded.config.target.iter().enumerate() {
        let key = format!("target[{index}]");
        let target = targets.receivers().into_iter().find(|target| *target.id() == entry.id);
        let told = told_of(&of_targets, index);
        attempts.push(Box::pin(async move {
            let opened = target.is_some();
            let findings = match target {
                Some(target) => target.check().await,
                None => told,
            };
            Tried { kind: "target", name: entry.id.to_string(), key, opened, findings }
        }));
    }
    futures_util::stream::iter(attempts).buffered(AT_ONCE).collect().await
}

fn told_of(wrong: &[assemble::Wrong], index: usize) -> Vec<Finding> {
    wrong.iter().filter(|(of, _)| *of == index).map(|(_, finding)| finding.clone()).collect()
}

/// Whether catalog, people, units and rules that are stored fit the configuration.
async fn of_the_store(app: &App, loaded: &Loaded) -> Result<Vec<Finding>, Refusal> {
    let mut findings = Vec::new();
    // A key that was replaced under a running daemon would be found at its next start only.
    if app.store.file() == Some(&loaded.config.database_file()) {
        findings.extend(assemble::require_key(&loaded.config, &app.store).err());
    }
    let policy = assemble::policy(&loaded.config).ok();
    findings.extend(policy.iter().flat_map(|policy| policy.rule_book.loose()));
    if app.store.catalogs().await?.is_empty() {
        // What the configuration names is imported at the start and was read by `assemble::findings`.
        if loaded.config.catalog.file.is_none() {
            findings.push(loaded.places.locate(no_catalog(), "catalog"));
        }
    } else if let Some(policy) = &policy {
        findings.extend(app.astray(&policy.rule_book).await?);
    }
    let directory = app.directory().await?;
    if directory.people().next().is_none() && loaded.config.people.file.is_none() {
        findings.push(loaded.places.locate(no_people(), "people"));
    }
    let configured = assemble::configured_units(loaded).unwrap_or_default();
    let known =
        |code: &UnitCode| directory.unit(code).is_some() || configured.iter().any(|unit| unit.code == *code);
    for (index, source) in loaded.config.source.iter().enumerate() {
        if !known(&source.unit) {
            let finding = Finding::error(
                "LT-PPL-022",
                Text::new(
                    format!("nguồn {} thuộc đơn vị {} không có trong danh sách", source.id, source.unit),
                    format!("source {} belongs to unit {}, which is not known", source.id, source.unit),
                ),
                Text::new("khai báo [[unit]] hoặc nhập đơn vị", "declare the [[unit]] or import it"),
            );
            findings.push(loaded.places.locate(finding, &format!("source[{index}].unit")));
        }
    }
    for finding in policy.iter().flat_map(|policy| gaps(&policy.rule_sets)) {
        findings.push(loaded.places.locate(finding, "scoring.rule_sets"));
    }
    let quarter = Period::quarter_of(app.clock.today());
    if let Some(Err(finding)) = policy.map(|policy| policy.rule_set(quarter).map(|_| ())) {
        findings.push(loaded.places.locate(finding, "scoring.rule_sets"));
    }
    Ok(findings)
}

fn no_catalog() -> Finding {
    Finding::warning(
        "LT-CAT-021",
        Text::new("chưa nhập danh mục sản phẩm", "no catalog is imported yet"),
        Text::new(
            "nhập bằng `catalog import` hoặc khai báo [catalog]",
            "import one with `catalog import` or declare [catalog]",
        ),
    )
}

fn no_people() -> Finding {
    Finding::warning(
        "LT-PPL-021",
        Text::new("chưa có công chức nào", "no people are known yet"),
        Text::new(
            "nhập bằng `people import` hoặc khai báo [people]",
            "import them with `people import` or declare [people]",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentence_that_comes_twenty_times_is_told_once_with_its_count() {
        let wrong = |code: &str, what: &str, record: usize| {
            let finding = Finding::error(code, Text::new(what, what), Text::new("", ""));
            finding.at(crate::error::Place::of("source a").at(format!("record {record}")))
        };
        let mut findings: Vec<Finding> =
            (0..20).map(|number| wrong("LT-SRC-008", "no day", number)).collect();
        findings.push(wrong("LT-SRC-009", "other", 0));
        let told = grouped(findings);
        let sentences: Vec<&str> = told.iter().map(|finding| finding.what.en.as_str()).collect();
        assert_eq!(sentences, ["no day (20 times; this is the first)", "other"]);
        assert_eq!(told[0].place.as_ref().and_then(|place| place.detail.as_deref()), Some("record 0"));
        // Each with what stood there: a few of them, and how many more there are.
        let each = (0..9).map(|number| wrong("LT-SRC-008", &format!("\"{number}\" is no day"), number));
        let told = grouped(each.collect());
        let sentences: Vec<&str> = told.iter().map(|finding| finding.what.en.as_str()).collect();
        let last = "\"2\" is no day (and 6 others of this code)";
        assert_eq!(sentences, ["\"0\" is no day", "\"1\" is no day", last]);
    }
}
