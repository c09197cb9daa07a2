//! Orders about criteria, scores, records, the close of a period and earlier results.

use super::life::allowed;
use super::{Answer, App, Refusal, author, person};
use crate::delivery::ResultRow;
use crate::directory::entitled::{Duty, Judged};
use crate::domain::rules::LeaderLevels;
use crate::domain::{
    Decision, DecisionKind, Exact, Level, Period, PersonId, RecordState, RuleSet, StaffNumber, UnitCode,
};
use crate::error::{Finding, Place, Text};
use crate::evaluation::criteria::impossible_value;
use crate::evaluation::organisation::late_classification;
use crate::evaluation::{
    Approval, Approved, Classification, Content, Correction, CriteriaRules, Held, ReadCriteria, Situation,
    Standing, Subject, life, read_criteria, read_history,
};
use crate::pipeline::command::{Column, Document, Field, InputFile, Outcome, PersonRef, ScoreView};
use crate::pipeline::decide::{not_of_the_form, own_record};
use crate::pipeline::record::content_of;
use crate::pipeline::results::{Occasion, result_item};
use crate::pipeline::score::{FULL_PERIOD, scope_of};
use crate::pipeline::wording::{Words, both};
use crate::scoring::{Criteria, check_entries};
use crate::store::{HistoryState, NewRevision, OutboxFilter, Revision, ScoreLine};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Where decisions given on the command line come from.
const ORIGIN: &str = "cli";

pub(super) async fn criteria(
    app: &App,
    whose: &PersonRef,
    period: Period,
    kind: DecisionKind,
    document: Option<String>,
    who: String,
) -> Answer {
    author(&who)?;
    let id = person(app, whose).await?;
    if Duty::of(&kind) != Duty::Own {
        refuse_own(app, id, period, &who).await?;
    }
    if let Some(finding) = impossible_value(&kind) {
        return Err(finding.into());
    }
    let rules = app.rule_set(period)?;
    let (mut entered, mut components) = (Criteria::default(), BTreeMap::new());
    match &kind {
        DecisionKind::SelfAssessment { items } => entered.own = Some(items.clone()),
        DecisionKind::GeneralCriteria { items } => entered.superior = Some(items.clone()),
        DecisionKind::LeaderComponent { component, percent } => {
            components.insert(*component, percent.clone());
        }
        _ => {}
    }
    let wrong = check_entries(&entered, &components, rules);
    if !wrong.is_empty() {
        return Err(Refusal(wrong.iter().map(not_of_the_form).collect()));
    }
    let key = uuid::Uuid::now_v7().to_string();
    let at = app.clock.now();
    let decision = Decision { key, person: id, period, author: who, at, document, kind };
    refuse_unentitled(app, std::slice::from_ref(&decision)).await?;
    app.store.append_decisions(ORIGIN, &[decision]).await?;
    app.ring("decide");
    app.ring("score");
    Ok(Outcome::done("đã ghi; điểm được tính lại", "entered; the score is computed again"))
}

/// Refuses decisions whose authors may not make them.
async fn refuse_unentitled(app: &App, decisions: &[Decision]) -> Result<(), Refusal> {
    let findings = unentitled(app, decisions).await?;
    if findings.is_empty() { Ok(()) } else { Err(Refusal(findings)) }
}

/// What is told of decisions whose authors may not make them. Whoever ordered is answered here and now, so nothing
/// waits for anybody; that it was tried stands in the journal, once for each author and reason.
pub(super) async fn unentitled(app: &App, decisions: &[Decision]) -> Result<Vec<Finding>, Refusal> {
    let directory = app.directory().await?;
    let mut findings = Vec::new();
    let mut tried: BTreeMap<(&str, String), Vec<&Decision>> = BTreeMap::new();
    for decision in decisions {
        let judged = Judged {
            subject: decision.person,
            period: decision.period,
            duty: Duty::of(&decision.kind),
            author: &decision.author,
            at: decision.at,
            document: decision.document.as_deref(),
        };
        // Deciding about oneself is refused before and after, as such.
        let own = judged.duty != Duty::Own && directory.named(judged.author) == Some(judged.subject);
        if let (false, Err(finding)) = (own, directory.check_author(judged)) {
            // The code alone: the sentence may name people.
            tried.entry((&decision.author, finding.code.clone())).or_default().push(decision);
            findings.push(*finding);
        }
    }
    for ((author, why), refused) in tried {
        let object = match refused.as_slice() {
            [one] => format!("record {} {}", one.person, one.period),
            several => format!("{} decisions of one file", several.len()),
        };
        app.store.note(app.clock.now(), author, "decision_refused", object, Some(&why)).await?;
    }
    findings.truncate(500);
    Ok(findings)
}

async fn refuse_own(app: &App, id: PersonId, period: Period, who: &str) -> Result<(), Refusal> {
    let directory = app.directory().await?;
    let Some(known) = directory.person(id) else { return Ok(()) };
    let subject = Subject { staff_number: &known.staff_number, full_name: &known.full_name };
    if !life::is_own(subject, who) {
        return Ok(());
    }
    Err(own_record(period).into())
}

pub(super) async fn criteria_file(app: &App, file: &InputFile, document: Option<&str>, who: &str) -> Answer {
    let who = author(who)?;
    let directory = app.directory().await?;
    let importer = directory.check_importer(who, document).err().map(|finding| *finding);
    // Each row is of its own period, and so are the rules it is held to.
    let rules = |period: Period| {
        let rules = app.rule_set(period).map_err(Box::new)?;
        let step: Exact = rules.gen_step.parse().unwrap_or_else(|_| Exact::one());
        Ok(CriteriaRules { step, between: rules.leader_levels == LeaderLevels::AnyBetween })
    };
    let standing = |number: &StaffNumber, period: Period| {
        let id = directory.by_staff_number(number)?;
        let known = directory.person(id)?;
        Some(Standing {
            person: id,
            full_name: known.full_name.clone(),
            is_leader: directory.is_leader(id, period),
        })
    };
    let ReadCriteria { mut decisions, mut findings } =
        read_criteria(&file.name, &file.bytes, &rules, app.clock.now(), &standing);
    for decision in &mut decisions {
        decision.document = document.map(str::to_owned);
    }
    // Whoever corrects the file learns of everything at once: wrong cells, and scorers who are not entitled.
    findings.extend(unentitled(app, &decisions).await?);
    findings.extend(importer);
    if !findings.is_empty() {
        findings.truncate(500);
        return Err(Refusal(findings));
    }
    let now = app.clock.now();
    let kept = app.store.import_decisions(ORIGIN, &decisions, who, document, now).await?;
    app.ring("decide");
    app.ring("score");
    Ok(Outcome::done(format!("đã ghi {kept} quyết định"), format!("{kept} decisions entered")))
}

pub(super) async fn scores(
    app: &App,
    period: Option<Period>,
    whose: Option<PersonRef>,
    unit: Option<UnitCode>,
    view: Option<ScoreView>,
    limit: u32,
) -> Answer {
    let period = period.unwrap_or_else(|| Period::quarter_of(app.clock.today()));
    let scope = scope_of(period, app.view_of(period, view.map(ScoreView::as_str)));
    let only = match whose {
        Some(named) => Some(person(app, &named).await?),
        None => None,
    };
    let within = within(app, unit.as_ref()).await?;
    let (mut rows, mut after) = (Vec::new(), String::new());
    while rows.len() < limit as usize {
        let units: Vec<&str> = within.iter().flatten().map(String::as_str).collect();
        let lines = app.store.score_lines(period, scope, &units, &after, 500).await?;
        let Some(last) = lines.last() else { break };
        after.clone_from(&last.staff_number);
        let wanted = lines.into_iter().filter(|line| only.is_none_or(|only| only == line.person));
        let lines: Vec<ScoreLine> = wanted.take(limit as usize - rows.len()).collect();
        let people: Vec<PersonId> = lines.iter().map(|line| line.person).collect();
        let approved = app.store.approved_of(&people, period).await?;
        for line in lines {
            let approved = approved.get(&line.person);
            let approved_total =
                approved.and_then(|approved| approved.content.pointer("/parts/total/printed"));
            rows.push(vec![
                json!(line.staff_number),
                json!(line.full_name),
                json!(line.unit),
                json!(line.role),
                json!(line.task_part),
                line.summary.pointer("/parts/general/printed").cloned().unwrap_or_default(),
                json!(line.total),
                line.summary.get("level").cloned().unwrap_or_default(),
                line.summary.get("missing").cloned().unwrap_or_default(),
                json!(worked(&line.summary)),
                approved_total.cloned().unwrap_or_default(),
                json!(approved.map(|approved| approved.revision)),
            ]);
        }
    }
    let shown = both(Words::View, scope);
    Ok(Outcome::ok(Document::Table {
        title: Text::new(
            format!("Điểm {period} ({})", shown.vi),
            format!("Scores of {period} ({})", shown.en),
        ),
        columns: vec![
            Column::left("person", "Số hiệu", "Person"),
            Column::left("name", "Họ và tên", "Name"),
            Column::left("unit", "Đơn vị", "Unit"),
            Column::words("role", "Vai trò", "Role", Words::Role),
            Column::right("task_part", "R·70", "R·70"),
            Column::right("general", "Tiêu chí chung", "General"),
            Column::right("total", "Tổng", "Total"),
            Column::words("level", "Mức", "Band", Words::Level),
            Column::words("missing", "Còn thiếu", "Missing", Words::Missing),
            Column::left("worked", "Kỳ không trọn", "Part worked"),
            Column::right("approved_total", "Điểm đã duyệt", "Approved total"),
            Column::right("approved_revision", "Phiên bản đã duyệt", "Approved revision"),
        ],
        rows,
    }))
}

/// The spans worked where they are not the whole period.
fn worked(summary: &Value) -> Option<String> {
    let spans = summary.get("worked")?.as_array()?;
    let span = |days: &Value| Some(format!("{} – {}", days.get(0)?.as_str()?, days.get(1)?.as_str()?));
    Some(spans.iter().filter_map(span).collect::<Vec<_>>().join(", "))
}

/// The codes of a unit and of every unit below it; none when no unit was asked for.
async fn within(app: &App, unit: Option<&UnitCode>) -> Result<Option<BTreeSet<String>>, Refusal> {
    let Some(unit) = unit else { return Ok(None) };
    let directory = app.directory().await?;
    Ok(Some(directory.subtree(unit).iter().map(ToString::to_string).collect()))
}

pub(super) async fn verify(app: &App) -> Answer {
    let verified = app.verify().await?;
    let scores = verified.different.iter().take(100).map(|(number, period, view)| {
        Finding::error(
            "LT-SCO-011",
            Text::new(
                format!("điểm kỳ {period} ({view}) của {number} tính lại cho kết quả khác"),
                format!(
                    "the score of {number} for {period} ({view}) comes out different when computed again"
                ),
            ),
            Text::new(
                "báo nhóm phát triển kèm kết quả `score explain`; không sửa dữ liệu bằng tay",
                "tell the developers with the output of `score explain`; change no data by hand",
            ),
        )
    });
    let tasks = verified.different_tasks.iter().take(100).map(|task| {
        Finding::error(
            "LT-SCO-012",
            Text::new(
                format!("nhiệm vụ {task} dựng lại từ các sự kiện đã lưu cho kết quả khác"),
                format!("task {task} comes out different when derived again from its events"),
            ),
            Text::new(
                "khôi phục bản sao lưu nếu dữ liệu bị sửa bằng tay; nếu không, báo nhóm phát triển",
                "restore the backup if the data were changed by hand; else tell the developers",
            ),
        )
    });
    let pages = verified.broken_pages.iter().take(100).map(|page| {
        Finding::error(
            "LT-SCO-013",
            Text::new(
                format!("câu trả lời nguồn số {page} đã lưu không khớp SHA-256"),
                format!("the kept answer {page} does not match its SHA-256"),
            ),
            Text::new("khôi phục bản sao lưu", "restore the backup"),
        )
    });
    let drafts = verified.different_drafts.iter().take(100).map(|(task, page)| {
        Finding::error(
            "LT-SCO-014",
            Text::new(
                format!(
                    "nhiệm vụ {task} đọc lại từ câu trả lời số {page} cho nội dung khác nội dung đang giữ"
                ),
                format!(
                    "task {task} is read from the kept answer {page} into something else than what is held"
                ),
            ),
            Text::new(
                "khôi phục bản sao lưu nếu dữ liệu bị sửa bằng tay; nếu không, báo nhóm phát triển",
                "restore the backup if the data were changed by hand; else tell the developers",
            ),
        )
    });
    let unreadable = verified.unreadable.iter().take(100).map(|(place, why)| {
        Finding::error(
            "LT-SCO-015",
            Text::new(
                format!("không đọc được dữ liệu đã lưu ({} {})", why.code, why.what.vi),
                format!("what is stored cannot be read ({} {})", why.code, why.what.en),
            ),
            Text::new(
                "kiểm tra đĩa và khóa, khôi phục bản sao lưu; các phần khác vẫn được kiểm tra",
                "check disk and key, restore the backup; everything else was looked at",
            ),
        )
        .at(Place::of(place))
    });
    let findings = pages.chain(unreadable).chain(drafts).chain(tasks).chain(scores).collect();
    let document = Document::Object {
        title: Text::new("Dựng và tính lại từ dữ liệu đã lưu", "Derived again from what is kept"),
        fields: vec![
            Field::new("pages", "Câu trả lời nguồn khớp", "Answers that match", verified.pages),
            Field::new(
                "broken_pages",
                "Câu trả lời không khớp",
                "Answers that do not",
                verified.broken_pages.len(),
            ),
            Field::new(
                "pages_not_read_again",
                "Câu trả lời không tự đọc lại được",
                "Answers that cannot be read again alone",
                verified.not_read_again,
            ),
            Field::new(
                "drafts",
                "Bản ghi đọc lại trùng khớp",
                "Records read the same again",
                verified.drafts,
            ),
            Field::new(
                "different_drafts",
                "Bản ghi đọc lại khác",
                "Records read differently",
                verified.different_drafts.len(),
            ),
            Field::new("unreadable", "Dữ liệu không đọc được", "Unreadable", verified.unreadable.len()),
            Field::new("tasks", "Nhiệm vụ trùng khớp", "Tasks the same", verified.tasks),
            Field::new(
                "tasks_told_earlier",
                "Nhiệm vụ trùng khớp, lần nộp theo bản ghi trước",
                "Tasks the same but for a submission an earlier version told",
                verified.told_earlier,
            ),
            Field::new("different_tasks", "Nhiệm vụ khác", "Tasks different", verified.different_tasks.len()),
            Field::new("same", "Điểm trùng khớp", "Scores the same", verified.same),
            Field::new("waiting", "Điểm đang chờ tính", "Scores due", verified.waiting),
            Field::new("different", "Điểm khác", "Scores different", verified.different.len()),
        ],
    };
    Ok(Outcome::with_findings(document, findings))
}

pub(super) fn no_score(whose: &PersonRef, period: Period) -> Finding {
    Finding::error(
        "LT-SCO-010",
        Text::new(
            format!("{whose} chưa có điểm kỳ {period}"),
            format!("{whose} has no score for {period} yet"),
        ),
        Text::new("xem `score show` và `status`", "look at `score show` and `status`"),
    )
}

pub(super) async fn records(
    app: &App,
    state: Option<RecordState>,
    period: Option<Period>,
    unit: Option<UnitCode>,
    limit: u32,
) -> Answer {
    let within = within(app, unit.as_ref()).await?;
    let (mut rows, mut after) = (Vec::new(), String::new());
    while rows.len() < limit as usize {
        let lines = app.store.record_lines(period, state, &after, 500).await?;
        let Some(last) = lines.last() else { break };
        after = last.place();
        for line in
            lines.into_iter().filter(|line| within.as_ref().is_none_or(|units| units.contains(&line.unit)))
        {
            let part = |pointer: &str| line.content.pointer(pointer).cloned().unwrap_or_default();
            rows.push(vec![
                json!(line.staff_number),
                json!(line.full_name),
                json!(line.period),
                json!(line.revision),
                json!(line.state),
                part("/parts/total/printed"),
                part("/level"),
                part("/ruling/by"),
                json!(line.at),
            ]);
        }
    }
    rows.truncate(limit as usize);
    Ok(Outcome::ok(Document::Table {
        title: Text::new("Hồ sơ đánh giá", "Evaluation records"),
        columns: vec![
            Column::left("person", "Số hiệu", "Person"),
            Column::left("name", "Họ và tên", "Name"),
            Column::left("period", "Kỳ", "Period"),
            Column::right("revision", "Phiên bản", "Revision"),
            Column::words("state", "Trạng thái", "State", Words::RecordState),
            Column::right("total", "Tổng", "Total"),
            Column::words("level", "Mức", "Level", Words::Level),
            Column::left("decided_by", "Người quyết định", "Decided by"),
            Column::left("at", "Lúc", "At"),
        ],
        rows,
    }))
}

pub(super) async fn newest(
    app: &App,
    id: PersonId,
    whose: &PersonRef,
    period: Period,
) -> Result<(Revision, Content), Refusal> {
    let Some(revision) = app.store.latest_revision(id, period).await? else {
        return Err(no_score(whose, period).into());
    };
    let content = content_of(&revision)?;
    Ok((revision, content))
}

/// An approval, classification or correction as ordered.
pub(super) struct Ruled {
    pub revision: u32,
    pub level: Option<Level>,
    pub decision_no: Option<String>,
    pub opinion: Option<String>,
    pub author: String,
}

pub(super) async fn approve(app: &App, whose: &PersonRef, period: Period, ruled: Ruled) -> Answer {
    let Ruled { revision, level, decision_no, opinion, author: who } = ruled;
    author(&who)?;
    let id = person(app, whose).await?;
    let (latest, held_content) = newest(app, id, whose, period).await?;
    let directory = app.directory().await?;
    let Some(known) = directory.person(id) else { return Err(no_score(whose, period).into()) };
    let subject = Subject { staff_number: &known.staff_number, full_name: &known.full_name };
    let around = app.circumstances(id, period).await?;
    let held = Held {
        revision: latest.revision,
        state: latest.state,
        content: &held_content,
        content_hash: &latest.content_hash,
        situation: around.situation(),
    };
    let now = app.clock.now();
    let mut told: Vec<Finding> = Vec::new();
    let kind = match level {
        Some(level) => {
            directory.check_opinion(id, period, opinion.as_deref())?;
            let capped = app.check_cap(&directory, id, period, level).await?;
            told.extend(allowed(app, capped, id, period, &who).await?);
            if period.is_year() {
                let special = app.has_special_date(&directory, id, period).await?;
                told.extend(late_classification(period.year(), app.clock.today(), special));
            }
            let (decision_no, opinion) = (decision_no.clone(), opinion.clone());
            DecisionKind::Classification { level, decision_no, opinion }
        }
        None => DecisionKind::Approval { revision, content_hash: None, decision_no: decision_no.clone() },
    };
    let key = uuid::Uuid::now_v7().to_string();
    let (author, document) = (who.clone(), decision_no.clone());
    let decision = Decision { key, person: id, period, author, at: now, document, kind };
    refuse_unentitled(app, &[decision]).await?;
    let outcome = match level {
        Some(level) => life::classify(
            held,
            subject,
            Classification {
                level,
                author: &who,
                at: now,
                decision_no: decision_no.as_deref(),
                opinion: opinion.as_deref(),
            },
        ),
        None => life::approve(
            held,
            subject,
            Approval {
                revision: Some(revision),
                content_hash: None,
                author: &who,
                at: now,
                decision_no: decision_no.as_deref(),
            },
        ),
    };
    let outcome = allowed(app, outcome, id, period, &who).await?;
    let Approved::Revision { content, summary, warnings } = outcome else {
        return Ok(Outcome::done("hồ sơ đã ở trạng thái này", "the record says so already"));
    };
    let new =
        app.revision(id, latest.revision + 1, RecordState::Approved, &content, &summary, &who, None, now)?;
    let outbox = app.results_of_approval(&directory, &new, &content).await?;
    let due = period.means().into_iter().map(|mean| (id, mean)).collect();
    let sent = outbox.len();
    app.store.append_revision(&NewRevision { revision: new, outbox, settles: Vec::new(), due }).await?;
    app.ring("score");
    app.ring_deliveries();
    let document = Document::Object {
        title: Text::new("Đã phê duyệt", "Approved"),
        fields: vec![
            Field::new("revision", "Phiên bản", "Revision", latest.revision + 1),
            Field::new("deliveries", "Mục gửi đi", "Deliveries enqueued", sent),
        ],
    };
    told.extend(warnings);
    Ok(Outcome::with_findings(document, told))
}

/// A correction as ordered.
pub(super) struct Correcting {
    pub person: PersonRef,
    pub period: Period,
    pub ruling: Ruled,
    pub reason: String,
}

/// Replaces an approved or closed record by what is computed now, with author and reason; it waits for its own
/// approval (a year with a level is classified in the same order).
pub(super) async fn correct(app: &App, order: Correcting) -> Answer {
    let ruling = &order.ruling;
    author(&ruling.author)?;
    let id = person(app, &order.person).await?;
    let period = order.period;
    let scope = scope_of(period, FULL_PERIOD);
    let Some(score) = app.store.score(id, period, scope).await? else {
        return Err(no_score(&order.person, period).into());
    };
    let computed: Content =
        serde_json::from_value(score.summary).map_err(|_| crate::pipeline::broken("score"))?;
    let latest = app.store.latest_revision(id, period).await?;
    let held_content = latest.as_ref().map(content_of).transpose()?;
    let held = latest.as_ref().zip(held_content.as_ref()).map(|(revision, content)| Held {
        revision: revision.revision,
        state: revision.state,
        content,
        content_hash: &revision.content_hash,
        situation: Situation::default(),
    });
    let directory = app.directory().await?;
    let Some(known) = directory.person(id) else { return Err(no_score(&order.person, period).into()) };
    let subject = Subject { staff_number: &known.staff_number, full_name: &known.full_name };
    let duty = if period.is_year() { Duty::Classify } else { Duty::Score };
    directory.check_author(Judged {
        subject: id,
        period,
        duty,
        author: &ruling.author,
        at: app.clock.now(),
        document: ruling.decision_no.as_deref(),
    })?;
    if ruling.level.is_some() {
        directory.check_opinion(id, period, ruling.opinion.as_deref())?;
    }
    let closed = app.is_closed(id, period).await?;
    let correction =
        Correction { revision: Some(ruling.revision), author: &ruling.author, reason: &order.reason };
    let corrected = life::correct(held, subject, &computed, closed, correction);
    let summary = allowed(app, corrected, id, period, &ruling.author).await?;
    let computed = life::carried(held, &computed);
    let number = latest.map_or(0, |revision| revision.revision) + 1;
    let now = app.clock.now();
    let revision = app.revision(
        id,
        number,
        RecordState::Corrected,
        &computed,
        &summary,
        &ruling.author,
        Some(&order.reason),
        now,
    )?;
    let outbox = app.score_message(&directory, &revision, &computed)?.into_iter().collect();
    app.store
        .append_revision(&NewRevision { revision, outbox, settles: Vec::new(), due: Vec::new() })
        .await?;
    app.ring_deliveries();
    if ruling.level.is_some() {
        let ruling = Ruled { revision: number, ..order.ruling };
        return approve(app, &order.person, period, ruling).await;
    }
    Ok(Outcome::done(
        format!("đã lập phiên bản đính chính r{number}; cần phê duyệt lại"),
        format!("correction r{number} made; it waits for its approval"),
    ))
}

pub(super) async fn history(app: &App, file: &InputFile, who: &str) -> Answer {
    let who = author(who)?;
    let directory = app.directory().await?;
    let known = |number: &StaffNumber| directory.by_staff_number(number).is_some();
    let rows = read_history(&file.name, &file.bytes, app.clock.today(), &known)?;
    let mut kept = Vec::with_capacity(rows.len());
    for row in &rows {
        // Before the first rule set scores were printed as the built-in one prints them; a fraction is no score.
        let rounding = app.rule_set(row.period).map_or(RuleSet::default().rounding, |rules| rules.rounding);
        let printed = |score: &Exact| score.round(rounding.digits, rounding.mode);
        let value = ResultRow {
            period: row.period,
            level: row.level,
            score: row.score.as_ref().map(printed),
            decision_no: row.decision_no.clone(),
            decided_on: row.decided_on,
        };
        kept.push((
            row.staff_number.clone(),
            row.period,
            serde_json::to_value(value).map_err(|_| crate::pipeline::broken("history"))?,
        ));
    }
    let count = app.store.import_history(&kept, who, app.clock.now()).await?;
    let people: BTreeSet<PersonId> =
        rows.iter().filter_map(|row| directory.by_staff_number(&row.staff_number)).collect();
    let sent = renew_lists(app, &people).await?;
    Ok(Outcome::done(
        format!("đã nhập {count} kết quả; {sent} danh sách chờ gửi"),
        format!("{count} results imported; {sent} lists wait to be sent"),
    ))
}

/// Makes lists anew that earlier results concern: of everyone whose results were just imported, and of everyone
/// whose list waits because the earlier results were unknown or incomplete.
async fn renew_lists(app: &App, imported: &BTreeSet<PersonId>) -> Result<usize, Refusal> {
    use crate::delivery::Target as _;
    let Some(target) = app.national.clone() else { return Ok(0) };
    let directory = app.directory().await?;
    let now = app.clock.now();
    let filter =
        OutboxFilter { target: Some(target.id().to_string()), state: Some("parked".into()), kind: None };
    let mut waiting = app.store.outbox_lines(&filter, 100_000).await?;
    // What a person parked stays parked.
    waiting.retain(|line| {
        line.finding.as_ref().is_some_and(|why| matches!(why.code.as_str(), "LT-DLV-020" | "LT-DLV-021"))
    });
    let mut people: BTreeSet<PersonId> = waiting.iter().map(|line| line.person).collect();
    if !imported.is_empty() {
        let listed = app.store.people_with_lists(target.id()).await?;
        people.extend(listed.into_iter().filter(|person| imported.contains(person)));
    }
    let mut items = Vec::new();
    for id in people {
        if app.store.history_state(id).await? != HistoryState::Missing {
            items.extend(result_item(app, &directory, id, Occasion::Renewal).await?);
        }
    }
    app.store.enqueue(&items).await?;
    for line in waiting {
        if app.store.history_state(line.person).await? != HistoryState::Missing {
            app.store.retry_item(line.id, "history import", now).await?;
        }
    }
    app.ring("score");
    app.ring_deliveries();
    Ok(items.len())
}

pub(super) async fn history_empty(app: &App, people: &[PersonRef], who: &str, reason: &str) -> Answer {
    let who = author(who)?;
    let directory = app.directory().await?;
    let mut numbers: Vec<StaffNumber> = Vec::with_capacity(people.len());
    for named in people {
        let id = person(app, named).await?;
        numbers.extend(directory.person(id).map(|known| known.staff_number.clone()));
    }
    let chosen = if people.is_empty() { None } else { Some(numbers.as_slice()) };
    let signed = app.store.sign_history_empty(chosen, who, reason, app.clock.now()).await?;
    let sent = renew_lists(app, &BTreeSet::new()).await?;
    Ok(Outcome::done(
        format!(
            "đã xác nhận {signed} người không có kết quả trước (ai đã có kết quả hoặc đã được xác nhận thì giữ nguyên); {sent} danh sách chờ gửi"
        ),
        format!(
            "{signed} people signed off as without earlier results (who has results or was signed off before stays so); {sent} lists wait to be sent"
        ),
    ))
}
