//! `connector test`: a manifest against its recorded answers and against the rules every connector holds.
//!
//! Owns what is printed: the drafts counted, and a table of the fourteen rules; and, where it is asked for, `expected/`. It
//! must not know how a rule is tried.
//! What differs and what is broken comes back as findings.

use super::print::text as text_of;
use crate::config::manifest;
use crate::connector::manifest::{self as language, Kind, Loaded};
use crate::connector::{conformance, kit, record};
use crate::error::{Finding, Findings, Lang, Place, Text};
use crate::pipeline::command::{Column, Document, EXIT_FAILED, Field, Outcome};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Runs a manifest against its samples, and the rules every connector holds; `write` writes what they give into `expected/`
/// before.
pub(super) async fn test(named: &Path, write: bool) -> Result<Outcome, Findings> {
    let folder = &folder_of(named);
    if folder.join("manifest.toml").is_file() && !has_samples(folder) {
        let loaded = language::load(&folder.join("manifest.toml"))?;
        return Ok(Outcome::failed(EXIT_FAILED, without_samples(folder, &loaded)));
    }
    if write {
        conformance::expect(folder).await?;
    }
    let report = conformance::run(folder).await?;
    let verdicts = kit::judge(folder).await?;
    let broken = verdicts.iter().any(|verdict| matches!(verdict.outcome, kit::Outcome::Broken(_)));
    let ok = report.problems.is_empty() && !broken;
    let summary = Document::Object {
        title: Text::new("", ""),
        fields: vec![
            Field::new("manifest", "Manifest", "Manifest", report.name.clone()),
            Field::new("ok", "Đạt", "Conforms", ok),
            Field::new("drafts", "Nhiệm vụ đọc được", "Tasks read", report.drafts.len()),
            Field::new("deleted", "Nhiệm vụ đã xóa", "Tasks deleted", report.deleted.len()),
            Field::new("rejected", "Bản ghi bị từ chối", "Records rejected", report.rejected.len()),
            Field::new(
                "listed_again",
                "Đọc lại từ câu trả lời đã lưu",
                "Read again from kept answers",
                report.listed_again,
            ),
        ],
    };
    let text = |lang: Lang| {
        let table = Document::Table {
            title: Text::new("Quy tắc chung của mọi kết nối", "What every connector holds"),
            columns: vec![
                Column::left("rule", "Quy tắc", "Rule"),
                Column::left("asks", "Yêu cầu", "What it asks"),
                Column::left("outcome", "Kết quả", "Outcome"),
                Column::left("seen", "Đã thấy", "What was seen"),
            ],
            rows: verdicts.iter().map(|verdict| row_of(verdict, lang)).collect(),
        };
        format!("{}\n{}", text_of(&summary, lang, None), text_of(&table, lang, None))
    };
    let text = Text::new(text(Lang::Vi), text(Lang::En));
    let mut value = summary.to_json(Lang::En);
    value["rules"] = verdicts.iter().map(rule).collect();
    let mut problems = report.problems;
    problems.extend(verdicts.iter().filter_map(|verdict| match &verdict.outcome {
        kit::Outcome::Broken(how) => Some(rule_broken(folder, verdict, how)),
        kit::Outcome::Held(_) | kit::Outcome::Unconcerned(_) => None,
    }));
    Ok(Outcome::with_findings(Document::Json { value, text }, problems))
}

/// Whether there is anything to run the manifest against.
fn has_samples(folder: &Path) -> bool {
    std::fs::read_dir(folder.join("samples")).is_ok_and(|mut entries| entries.next().is_some())
}

/// The folder a manifest lies in that is named as elsewhere: by its folder, its file, or its name in `connectors/`.
fn folder_of(named: &Path) -> PathBuf {
    if named.join("manifest.toml").is_file() {
        return named.to_path_buf();
    }
    let places = manifest::places(&named.to_string_lossy(), Path::new(""));
    let found = places.into_iter().find(|place| place.is_file() && place.ends_with("manifest.toml"));
    let folder = found.and_then(|place| Some(place.parent()?.to_path_buf()));
    folder.map_or_else(
        || named.to_path_buf(),
        |folder| if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder },
    )
}

fn without_samples(folder: &Path, loaded: &Loaded) -> Finding {
    let shown = folder.display();
    let what = Text::new(
        "chưa có mẫu nào trong samples/ để chạy manifest",
        "there are no samples in samples/ to run the manifest against",
    );
    let by_hand = |vi: &str, en: &str| {
        Text::new(
            format!(
                "tự đặt vào {shown}/samples/ {vi}, bỏ mọi thông tin cá nhân, rồi chạy lienthong connector test {shown} --write"
            ),
            format!(
                "put {en} into {shown}/samples/ by hand, without anything personal, then run lienthong connector test {shown} --write"
            ),
        )
    };
    let remedy = match loaded.manifest.kind {
        _ if record::is_recorded(loaded) => Text::new(
            format!(
                "ghi mẫu từ hệ thống đang chạy: lienthong connector record {shown} {shown}/manifest.toml --set … --secret …"
            ),
            format!(
                "make them from the running system: lienthong connector record {shown} {shown}/manifest.toml --set … --secret …"
            ),
        ),
        Kind::Folder => by_hand("vài tệp như đơn vị gửi", "a few files as the unit sends them"),
        Kind::View => by_hand(
            "tệp .sql tạo khung nhìn và vài dòng (SQLite)",
            "an .sql file that makes the view and a few rows (SQLite)",
        ),
        Kind::Process => {
            by_hand("read.jsonl: các dòng chương trình in ra", "read.jsonl, the lines the program prints,")
        }
        Kind::Http | Kind::Vxp => by_hand(
            "các lần hỏi đáp (docs/CONNECTORS.md, phần Samples)",
            "the exchanges (docs/CONNECTORS.md, Samples)",
        ),
    };
    Finding::error("LT-MAN-013", what, remedy).at(Place::of(shown.to_string()))
}

/// The word for an outcome, as programs read it; its words for people; what was seen.
fn told(outcome: &kit::Outcome) -> (&'static str, Text, &Text) {
    match outcome {
        kit::Outcome::Held(seen) => ("held", Text::new("đạt", "held"), seen),
        kit::Outcome::Broken(how) => ("broken", Text::new("KHÔNG ĐẠT", "BROKEN"), how),
        kit::Outcome::Unconcerned(why) => ("unconcerned", Text::new("không áp dụng", "does not apply"), why),
    }
}

fn row_of(verdict: &kit::Verdict, lang: Lang) -> Vec<Value> {
    let (_, outcome, seen) = told(&verdict.outcome);
    vec![json!(verdict.rule), json!(verdict.asks.get(lang)), json!(outcome.get(lang)), json!(seen.get(lang))]
}

fn rule(verdict: &kit::Verdict) -> Value {
    let (outcome, _, seen) = told(&verdict.outcome);
    json!({ "rule": verdict.rule, "asks": verdict.asks, "outcome": outcome, "seen": seen })
}

fn rule_broken(folder: &Path, verdict: &kit::Verdict, how: &Text) -> Finding {
    let what = Text::new(
        format!("không đạt \"{}\"", verdict.asks.vi),
        format!("the rule \"{}\" is broken", verdict.asks.en),
    );
    let remedy = Text::new(
        "sửa manifest; ý nghĩa từng quy tắc ở docs/CONNECTORS.md",
        "correct the manifest; docs/CONNECTORS.md says what each rule means",
    );
    let place = Place::of(folder.display().to_string()).at(verdict.rule);
    Finding::error("LT-MAN-021", what.because(how), remedy).at(place)
}
