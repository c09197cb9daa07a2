//! Status, and the report on tasks.

use super::standing::moved_on;
use super::{Answer, App, Refusal};
use crate::connector::{FILES_WAIT, UNOPENED};
use crate::domain::{AccountKind, SourceId, local_offset};
use crate::error::{Finding, Place, Severity, Text};
use crate::ingest::report::{NOBODY, ReportRow, TaskReport};
use crate::pipeline::command::{Column, Document, Field, Outcome, ReportBy, ReportKey};
use crate::pipeline::wording::Words;
use crate::store::{NOTHING_READ, Overview, Run};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::json;
use std::collections::BTreeSet;

pub(super) async fn status(app: &App) -> Answer {
    let overview = app.store.overview().await?;
    let (sources, needs, mut findings) = sources(app, &overview).await?;
    let (targets, failing) = targets(app, &overview);
    findings.extend(failing);
    findings.extend(app.ahead_of_clock().await?);
    findings.extend(odd_done(app).await?);
    findings.extend(too_large(app).await?);
    findings.extend(app.pressing_petitions().await?.into_iter().map(|(_, told)| told));
    findings.extend(app.reload.told());
    let failing = app.failing.all();
    // Tried again by itself: worth a look, no failure of this order.
    findings.extend(failing.iter().map(|(step, finding)| {
        let place = finding.place.clone().unwrap_or_else(|| Place::of(format!("step {step}")));
        Finding { severity: Severity::Warning, ..finding.clone() }.at(place)
    }));
    let steps: BTreeSet<&str> =
        overview.due.keys().map(String::as_str).chain(failing.keys().map(String::as_str)).collect();
    let work = Document::Table {
        title: Text::new("Việc của các bước", "Work of the steps"),
        columns: vec![
            Column::words("step", "Bước", "Step", Words::Step),
            Column::right("due", "Đang chờ", "Due"),
            Column::left("code", "Mã lỗi", "Code"),
        ],
        rows: steps
            .into_iter()
            .map(|step| {
                let code = failing.get(step).map(|finding| &finding.code);
                vec![json!(step), json!(overview.due.get(step)), json!(code)]
            })
            .collect(),
    };
    let needed = overview.waiting();
    let waiting = Document::Object {
        title: Text::new("Cần người xử lý", "Needs a person"),
        fields: vec![
            Field::new(
                "stopped_sources",
                "Nguồn đang dừng (source show, source accept)",
                "Sources that are stopped (source show, source accept)",
                needs.stopped,
            ),
            Field::new(
                "changed_fields",
                "Trường của bản ghi đã thay đổi (source drift)",
                "Fields of records that changed (source drift)",
                needs.changed_fields,
            ),
            Field::new(
                "rejected_records",
                "Bản ghi bị loại (rejected list)",
                "Rejected records (rejected list)",
                needed.rejected,
            ),
            Field::new(
                "unread_files",
                "Tệp không đọc được trong thư mục",
                "Files of folders that cannot be read",
                needs.unread_files,
            ),
            Field::new(
                "decisions",
                "Quyết định chưa áp dụng được (rejected list)",
                "Decisions that could not be taken up (rejected list)",
                needed.decisions,
            ),
            Field::new(
                "unknown_accounts",
                "Tài khoản chưa biết của ai (people unknown)",
                "Accounts of nobody known (people unknown)",
                needed.unknown_accounts,
            ),
            Field::new(
                "tasks_to_review",
                "Nhiệm vụ chờ gán sản phẩm (mapping review)",
                "Tasks without a product (mapping review)",
                needed.review,
            ),
            Field::new(
                "deliveries",
                "Kết quả bị từ chối hoặc tạm gác (outbox list)",
                "Results refused or parked (outbox list)",
                needed.deliveries,
            ),
        ],
    };
    let numbers = Document::Json {
        value: json!({
            "people": overview.people, "tasks": overview.tasks, "identified": overview.identified, "mapping": overview.mapping,
            "due": overview.due, "scores": overview.scores, "records": overview.records, "unknown_accounts": overview.unknown_accounts,
        }),
        text: Text::new(
            format!(
                "{} người, {} nhiệm vụ, {} bảng điểm (của mỗi người và kỳ: đến nay, và cả kỳ)",
                overview.people, overview.tasks, overview.scores
            ),
            format!(
                "{} people, {} tasks, {} scores (of each person and period: to date, and of the whole)",
                overview.people, overview.tasks, overview.scores
            ),
        ),
    };
    let parts = vec![
        ("sources".into(), sources),
        ("targets".into(), targets),
        ("waiting".into(), waiting),
        ("steps".into(), work),
        ("numbers".into(), numbers),
        ("changed_results".into(), changed_results(app).await?),
    ];
    Ok(Outcome::with_findings(Document::Parts { parts }, findings))
}

/// How many results have other figures by now: one line behind the tables, which a list of their causes would hide.
async fn changed_results(app: &App) -> Result<Document, Refusal> {
    let count = app.store.count_differences().await?.into_values().sum();
    let line = moved_on(count, None).map(|told| {
        Text::new(
            format!("{} ({}): {}", told.what.vi, told.code, told.remedy.vi),
            format!("{} ({}): {}", told.what.en, told.code, told.remedy.en),
        )
    });
    Ok(Document::Json { value: json!(count), text: line.unwrap_or_else(|| Text::new("", "")) })
}

/// Tasks named of those whose day of completion cannot be true.
const NAMED: usize = 3;

/// Tasks whose day of completion cannot be true, told as long as their source says so: one finding for each reason.
async fn odd_done(app: &App) -> Result<Vec<Finding>, Refusal> {
    let mut findings = Vec::new();
    for (why, count) in app.store.odd_done_counts().await? {
        let named = app.store.odd_done_tasks(why, 0, NAMED).await?;
        let named: Vec<String> =
            named.iter().map(|task| format!("{}:{}", task.key.source, task.key.external_id)).collect();
        let more = if count > named.len() as u64 { ", …" } else { "" };
        let named = named.join(", ");
        let (code, what) = crate::ingest::odd_done(why);
        findings.push(Finding::warning(
            code,
            Text::new(
                format!("{count} nhiệm vụ {}: {named}{more}", what.vi),
                format!("{count} {} {}: {named}{more}", if count == 1 { "task" } else { "tasks" }, what.en),
            ),
            Text::new(
                "mở trang Cần người xử lý để xem đủ; sửa ngày ở hệ thống nguồn hoặc trong tệp, lần đọc sau sẽ nhận",
                "the page of what needs a person lists all of them; correct the day in the source system or in the file, the next pull takes it up",
            ),
        ));
    }
    Ok(findings)
}

/// Records whose quantity is above what one task can have: their tasks stay as they were, and the figures with them.
async fn too_large(app: &App) -> Result<Option<Finding>, Refusal> {
    let count = app.store.count_rejected("LT-ING-020").await?;
    let records = if count == 1 { "1 record is".to_owned() } else { format!("{count} records are") };
    Ok((count > 0).then(|| {
        Finding::warning(
            "LT-ING-020",
            Text::new(
                format!("{count} bản ghi bị loại vì số lượng quá lớn; nhiệm vụ của chúng vẫn như trước"),
                format!("{records} rejected for too large a quantity; their tasks stay as they were"),
            ),
            Text::new(
                "xem `rejected list`: sửa số lượng ở nguồn; nếu đúng, nâng most_quantity trong [source.gates] (0 = không giới hạn) rồi chạy `rejected replay`",
                "see `rejected list`: correct the quantity at the source; if it is true, raise most_quantity in [source.gates] (0: any) and give `rejected replay`",
            ),
        )
    }))
}

/// Whether a finding says that a file was not read.
fn of_unread_file(finding: &Finding) -> bool {
    let of_files = ["LT-FIL-", "LT-TAB-", "LT-XML-"].iter().any(|area| finding.code.starts_with(area));
    // A file somebody has open is no error: it is looked at again.
    of_files && (finding.severity == Severity::Error || finding.code == "LT-FIL-022")
}

/// The first finding of each file: one with two faults is one file.
fn one_of_each_file(files: &[Finding]) -> Vec<&Finding> {
    let mut seen = BTreeSet::new();
    let file = |finding: &Finding| finding.place.as_ref().map(|place| place.what.clone());
    files.iter().filter(|finding| seen.insert(file(finding))).collect()
}

/// The files of a source that were not read, in one list; none while all were.
fn unread(source: &SourceId, files: &[&Finding]) -> Option<Finding> {
    const NAMED: usize = 10;
    let first = files.first()?;
    let named = |lang: fn(&Text) -> &str| {
        let one = |finding: &&Finding| {
            let file = finding.place.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{file} ({} {})", finding.code, lang(&finding.what))
        };
        let more = if files.len() > NAMED { "; …" } else { "" };
        files.iter().take(NAMED).map(one).collect::<Vec<_>>().join("; ") + more
    };
    let count = files.len();
    let remedy = if count == 1 {
        first.remedy.clone()
    } else {
        Text::new(
            "sửa từng tệp theo mã của nó (docs/errors) hoặc bỏ tệp khỏi thư mục; mỗi tệp được nêu đến khi đọc được hoặc không còn",
            "mend each file by its code (docs/errors) or take it out of the folder; it is told until it is read or gone",
        )
    };
    let what = Text::new(
        format!("{count} tệp chưa đọc được: {}", named(|text| &text.vi)),
        format!(
            "{} not read: {}",
            if count == 1 { "1 file is".to_owned() } else { format!("{count} files are") },
            named(|text| &text.en)
        ),
    );
    Some(Finding::warning("LT-FIL-050", what, remedy).at(Place::of(format!("source {source}"))))
}

/// What of sources needs a person.
#[derive(Default)]
struct Needs {
    unread_files: usize,
    stopped: usize,
    changed_fields: u64,
}

async fn sources(app: &App, overview: &Overview) -> Result<(Document, Needs, Vec<Finding>), Refusal> {
    let (mut rows, mut findings, mut needs) = (Vec::new(), Vec::new(), Needs::default());
    for (source, configured) in &app.sources {
        let paused = configured.connector.paused();
        let (unopened, paused): (Vec<_>, Vec<_>) =
            paused.into_iter().partition(|finding| finding.code == UNOPENED);
        findings.extend(paused);
        let state = app.store.source_state(source).await?;
        let totals = overview.sources.get(source.as_str()).cloned().unwrap_or_default();
        // A run may succeed and still tell of a file or record that a person has to correct.
        let runs = app.store.runs(source, i64::MAX, Run::LOOKED_BACK).await?;
        let told = Run::last_told(&runs).to_vec();
        // Empty files wait for whoever copies them, too.
        let waits = |finding: &Finding| [FILES_WAIT, "LT-FIL-020"].contains(&finding.code.as_str());
        let (waiting, told): (Vec<_>, Vec<_>) = told.into_iter().partition(waits);
        let files: Vec<Finding> = told.iter().filter(|finding| of_unread_file(finding)).cloned().collect();
        let each = one_of_each_file(&files);
        needs.unread_files += each.len();
        needs.changed_fields += app.changed_fields(source).await?;
        findings.extend(unread(source, &each));
        let mut told = told.into_iter().filter(|finding| finding.severity == Severity::Error);
        // A file that is not read yet is no trouble, and nobody would look for it elsewhere.
        findings.extend(waiting.into_iter().map(|finding| finding.at(Place::of(format!("source {source}")))));
        let gate = app.store.gate(source).await?;
        needs.stopped += usize::from(gate.is_some());
        let mut judged = app.completeness(source, &state).await?;
        let nothing = judged.finding.take_if(|finding| finding.code == NOTHING_READ);
        findings.extend(judged.finding);
        let late = state.is_late(app.clock.now()).then(|| late(state.next_due_at));
        let next = state.next_attempt_at();
        let failing = unopened.into_iter().next().or(state.last_error);
        let (word, trouble) =
            match (gate, failing, state.last_success_at, late.or_else(|| told.next()).or(nothing)) {
                (Some(gate), ..) => ("stopped", Some(gate.finding)),
                (None, Some(error), ..) => ("failing", Some(error)),
                (None, None, _, Some(finding)) if finding.code == LATE => ("late", Some(finding)),
                (None, None, _, Some(finding)) => ("partly", Some(finding)),
                (None, None, Some(_), None) => ("ok", None),
                (None, None, None, None) => ("never_pulled", None),
            };
        rows.push(vec![
            json!(source),
            json!(word),
            json!(state.last_attempt_at),
            json!(state.last_success_at),
            json!(next),
            json!(totals.tasks),
            json!(totals.events),
            json!(totals.rejected),
            json!(judged.verdict.as_str()),
            json!(judged.proven_at),
            json!(judged.because),
            json!(trouble.as_ref().map(|finding| &finding.code)),
        ]);
        // Known and tried again by itself: worth a look, no failure of this order. Files stand in their list.
        let trouble = trouble.filter(|finding| !files.contains(finding));
        findings.extend(trouble.map(|finding| {
            let place = finding.place.clone().unwrap_or_else(|| Place::of(format!("source {source}")));
            Finding { severity: Severity::Warning, ..finding }.at(place)
        }));
    }
    let table = Document::Table {
        title: Text::new("Nguồn", "Sources"),
        columns: vec![
            Column::left("source", "Nguồn", "Source"),
            Column::words("state", "Tình trạng", "State", Words::SourceState),
            Column::left("last_attempt_at", "Bắt đầu lúc", "Last begin"),
            Column::left("last_success_at", "Thành công lúc", "Last success"),
            Column::left("next_due_at", "Lần tới", "Next"),
            Column::right("tasks", "Nhiệm vụ", "Tasks"),
            Column::right("events", "Sự kiện", "Events"),
            Column::right("rejected", "Bị loại", "Rejected"),
            Column::words("completeness", "Dữ liệu của nguồn", "Data of the source", Words::Completeness),
            Column::left("proven_at", "Chứng minh lúc", "Proven at"),
            Column::left("because", "Căn cứ", "Because"),
            Column::left("code", "Mã lỗi", "Code"),
        ],
        rows,
    };
    Ok((table, needs, findings))
}

/// Code of a source that was due and was not pulled.
const LATE: &str = "LT-PUL-026";

fn late(due: Option<DateTime<Utc>>) -> Finding {
    let due = due.map(|due| due.with_timezone(&local_offset()).format("%d/%m/%Y %H:%M").to_string());
    let due = due.unwrap_or_default();
    Finding::warning(
        LATE,
        Text::new(
            format!("đến lịch lúc {due} mà chưa được lấy, dù không có lỗi nào"),
            format!("it was due at {due} and was not pulled, although nothing failed"),
        ),
        Text::new(
            "xem dịch vụ có đang chạy không (lienthong status, systemctl status lienthong); đang chạy thì xem trên trang giám sát bước lấy dữ liệu của nguồn này có đứng lại không",
            "see whether the service runs (lienthong status, systemctl status lienthong); if it does, see on the page whether the pulling step of this source stands still",
        ),
    )
}

fn targets(app: &App, overview: &Overview) -> (Document, Vec<Finding>) {
    let configured = app.targets();
    let mut ids: BTreeSet<&str> = overview.targets.keys().map(String::as_str).collect();
    ids.extend(configured.iter().map(|target| target.as_str()));
    let row = |id: &str| {
        let totals = overview.targets.get(id).cloned().unwrap_or_default();
        let known = configured.iter().find(|target| target.as_str() == id);
        let withheld = known.and_then(|target| app.withheld.get(target));
        let failed = totals.last_error.as_ref();
        let state = match (known, withheld, failed) {
            (None, ..) => "not_configured",
            (Some(_), Some(_), _) => "withheld",
            (Some(_), None, Some(_)) => "failing",
            (Some(_), None, None) => "in_use",
        };
        let why = withheld.or(failed.map(|(finding, _)| finding));
        vec![
            json!(id),
            json!(state),
            json!(totals.receipts),
            json!(totals.waiting()),
            json!(totals.needs_person()),
            json!(totals.earliest_deadline),
            json!(why.map(|finding| &finding.code)),
            json!(failed.map(|(_, at)| at)),
            json!(why.map(|finding| &finding.what)),
        ]
    };
    // Tried again by itself: worth a look, no failure of this order.
    let findings = configured
        .iter()
        .filter_map(|target| {
            let (finding, _) = overview.targets.get(target.as_str())?.last_error.clone()?;
            let place = finding.place.clone().unwrap_or_else(|| Place::of(format!("target {target}")));
            Some(Finding { severity: Severity::Warning, ..finding }.at(place))
        })
        .collect();
    let table = Document::Table {
        title: Text::new("Gửi đi", "Deliveries"),
        columns: vec![
            Column::left("target", "Đích", "Target"),
            Column::words("state", "Tình trạng", "State", Words::TargetState),
            Column::right("receipts", "Biên nhận", "Receipts"),
            Column::right("waiting", "Chờ gửi", "Waiting"),
            Column::right("needs_person", "Cần người", "Needs a person"),
            Column::words("earliest_deadline", "Hạn gần nhất", "Earliest deadline", Words::Deadline),
            Column::left("code", "Mã", "Code"),
            Column::left("failed_at", "Lỗi lần cuối", "Last failure"),
            Column::left("reason", "Lý do", "Reason"),
        ],
        rows: ids.into_iter().map(row).collect(),
    };
    (table, findings)
}

pub(super) async fn tasks(
    app: &App,
    by: ReportBy,
    source: Option<SourceId>,
    as_of: Option<NaiveDate>,
    key: ReportKey,
) -> Answer {
    let directory = app.directory().await?;
    let as_of = as_of.unwrap_or_else(|| app.clock.today());
    let mut report = TaskReport::new(as_of);
    let period = crate::domain::Period::quarter_of(as_of);
    // Two systems may know different people by the same account: with several sources each row names its own.
    let several = source.is_none() && app.sources.len() > 1;
    let named = |source: &str, account: &str| {
        if several { format!("{source}:{account}") } else { account.to_owned() }
    };
    match (by, key) {
        (ReportBy::Person, ReportKey::Staff) => {
            directory.people().for_each(|person| report.mention(person.staff_number.as_str()))
        }
        (ReportBy::Unit, _) => directory.units().for_each(|unit| report.mention(unit.code.as_str())),
        (ReportBy::Person, ReportKey::Account) => directory
            .accounts()
            .filter(|(of, _)| match &source {
                Some(source) => source.as_str() == *of,
                None => app.sources.keys().any(|source| source.as_str() == *of),
            })
            .for_each(|(of, account)| report.mention(&named(of, account))),
    }
    let mut after = 0;
    loop {
        let tasks = app.store.scan_tasks(source.as_ref(), after, 2_000).await?;
        let Some(last) = tasks.last() else { break };
        after = last.id;
        for stored in tasks {
            let account = stored.task.draft.assignee.as_ref();
            let person = account
                .and_then(|account| directory.identify(&stored.key.source, account))
                .and_then(|id| directory.person(id));
            let name = match (by, key) {
                (ReportBy::Person, ReportKey::Account) => match account {
                    // Citizen ids are never printed.
                    Some(account) if account.kind == AccountKind::CitizenId => {
                        person.map(|person| person.staff_number.to_string())
                    }
                    account => account.map(|account| named(stored.key.source.as_str(), &account.value)),
                },
                (ReportBy::Person, ReportKey::Staff) => person.map(|person| person.staff_number.to_string()),
                (ReportBy::Unit, _) => person
                    .and_then(|person| directory.last_post(person.id, period))
                    .map(|post| post.unit.to_string()),
            };
            report.count(name.as_deref().unwrap_or(NOBODY), &stored.task);
        }
    }
    let rows = report.rows().into_iter().map(row).collect();
    Ok(Outcome::ok(Document::Table {
        title: Text::new(format!("Nhiệm vụ đến {as_of}"), format!("Tasks as of {as_of}")),
        columns: vec![
            match by {
                ReportBy::Person => Column::left("person", "Người", "Person"),
                ReportBy::Unit => Column::left("person", "Đơn vị", "Unit"),
            },
            Column::right("assigned", "Được giao", "Assigned"),
            Column::right("done", "Hoàn thành", "Done"),
            Column::right("on_time", "Đúng hạn", "On time"),
            Column::right("late", "Trễ hạn", "Late"),
            Column::right("late_days", "Số ngày trễ", "Late days"),
            Column::right("open", "Đang làm", "Open"),
            Column::right("overdue", "Quá hạn", "Overdue"),
            Column::right("cancelled", "Hủy, thu hồi", "Cancelled"),
            Column::right("gone", "Không còn hiển thị", "Gone"),
        ],
        rows,
    }))
}

fn row(row: ReportRow) -> Vec<serde_json::Value> {
    vec![
        json!(row.person),
        json!(row.assigned),
        json!(row.done),
        json!(row.on_time),
        json!(row.late),
        json!(row.late_days),
        json!(row.open),
        json!(row.overdue),
        json!(row.cancelled),
        json!(row.gone),
    ]
}
