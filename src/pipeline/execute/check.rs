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

/// Findings of one code that are told of a far side.
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

/// Findings of one far side, a few of each code and how many others there are: a page of records is often wrong in one way.
fn grouped(findings: Vec<Finding>) -> Vec<Finding> {
    let mut met: BTreeMap<(String, Severity), usize> = BTreeMap::new();
    let mut told: Vec<Finding> = Vec::new();
    for finding in findings {
        let times = met.entry((finding.code.clone(), finding.severity)).or_default();
        *times += 1;
        if *times <= EXAMPLES {
            told.push(finding);
        }
    }
    for finding in told.iter_mut().rev() {
        // The last one of its code says it.
        let times = met.remove(&(finding.code.clone(), finding.severity)).unwrap_or_default();
        if let Some(others) = times.checked_sub(EXAMPLES).filter(|others| *others > 0) {
            finding.what.vi.push_str(&format!(" (và {others} lỗi khác cùng mã)"));
            finding.what.en.push_str(&format!(" (and {others} others of this code)"));
        }
    }
    told
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
    fn of_twenty_findings_of_a_code_three_are_told_with_their_places_and_how_many_others_there_are() {
        let wrong = |code: &str, what: &str, record: usize| {
            let finding = Finding::error(code, Text::new(what, what), Text::new("", ""));
            finding.at(crate::error::Place::of("source a").at(format!("record {record}")))
        };
        let mut findings: Vec<Finding> =
            (0..20).map(|number| wrong("LT-SRC-008", "no day", number)).collect();
        findings.push(wrong("LT-SRC-009", "other", 0));
        findings.push(wrong("LT-SRC-009", "other", 1));
        let told = grouped(findings);
        let sentences: Vec<&str> = told.iter().map(|finding| finding.what.en.as_str()).collect();
        let last = "no day (and 17 others of this code)";
        assert_eq!(sentences, ["no day", "no day", last, "other", "other"]);
        let places: Vec<_> =
            told.iter().filter_map(|finding| finding.place.as_ref()?.detail.as_deref()).collect();
        assert_eq!(places, ["record 0", "record 1", "record 2", "record 0", "record 1"]);
    }
}
