//! Orders about criteria, scores and records.

use super::life::{Opened, allowed, still_due, subject_of};
use super::no_score::{no_score, no_score_in};
use super::trial::journal_refused;
use super::{Answer, App, Refusal, author, each, entry, person, quota};
use crate::directory::Directory;
use crate::directory::entitled::{Duty, Judged};
use crate::domain::{Decision, DecisionKind, Level, Period, PersonId, RecordState, RuleSet, UnitCode};
use crate::error::{Finding, Place, Text};
use crate::evaluation::criteria::impossible_value;
use crate::evaluation::{Content, Correction, Held, Situation, life};
use crate::pipeline::command::{Cells, Column, Document, Field, Outcome, PersonRef, ScoreView};
use crate::pipeline::decide::{not_of_the_form, own_record};
use crate::pipeline::moved;
use crate::pipeline::ruling::{Decided, Ruling};
use crate::pipeline::score::scope_of;
use crate::pipeline::wording::{Words, both};
use crate::scoring::{Criteria, Impossible, check_entries};
use crate::store::{NewRevision, RecordLine, Revision, ScoreLine};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Where decisions given on the command line come from.
pub(super) const ORIGIN: &str = "cli";

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
        let own = refuse_own(&*app.directory().await?, id, period, &who);
        allowed(app, own, id, period, &who).await?;
    }
    // Points above the maximum are told together with items that are missing.
    let mut wrong: Vec<Finding> = impossible_value(&kind).into_iter().collect();
    if let Ok(rules) = app.rule_set(period) {
        wrong.extend(impossible_entries(&kind, rules).iter().map(not_of_the_form));
    }
    if !wrong.is_empty() {
        return Err(Refusal(wrong));
    }
    entry::check_period(app, period, matches!(kind, DecisionKind::Remarks { .. }))?;
    entry::check_evaluated(app, id, period).await?;
    entry::check_task(app, id, &kind).await?;
    entry::check_component(app, id, period, &kind).await?;
    app.rule_set(period)?;
    let key = uuid::Uuid::now_v7().to_string();
    let at = app.clock.now();
    let decision = Decision { key, person: id, period, author: who, at, document, kind };
    refuse_unentitled(app, std::slice::from_ref(&decision)).await?;
    app.store.append_decisions(ORIGIN, std::slice::from_ref(&decision), at).await?;
    app.ring("decide");
    app.ring("score");
    let (vi, en) = match (kept(app, id, period).await?, &decision.kind) {
        (true, DecisionKind::Remarks { .. }) => (
            "đã ghi nhận xét; kết quả đã phê duyệt hoặc đã khóa giữ nguyên, nhận xét vào phiếu khi có `record correct`",
            "the remarks are entered; the approved or closed result stands, and takes them up with `record correct`",
        ),
        (true, _) => (
            "đã ghi; kết quả đã phê duyệt hoặc đã khóa giữ nguyên, số liệu mới chỉ được đưa vào bằng `record correct` kèm lý do",
            "entered; the approved or closed result stands and takes the new figures up with `record correct` and a reason alone",
        ),
        (false, DecisionKind::Remarks { .. }) => (
            "đã ghi nhận xét; nhận xét vào phiếu ở bước tiếp theo, điểm không đổi",
            "the remarks are entered; the record's next step takes them up, the score stays",
        ),
        (false, _) => ("đã ghi; điểm được tính lại", "entered; the score is computed again"),
    };
    Ok(Outcome::done(vi, en))
}

/// Values of a decision the form does not take.
fn impossible_entries(kind: &DecisionKind, rules: &RuleSet) -> Vec<Impossible> {
    let (mut entered, mut components) = (Criteria::default(), BTreeMap::new());
    match kind {
        DecisionKind::SelfAssessment { items } => entered.own = Some(items.clone()),
        DecisionKind::GeneralCriteria { items } => entered.superior = Some(items.clone()),
        DecisionKind::LeaderComponent { component, percent } => {
            components.insert(*component, percent.clone());
        }
        _ => {}
    }
    check_entries(&entered, &components, rules)
}

/// Whether what is entered moves nothing by itself: the result is approved, or the part of the period is closed.
pub(super) async fn kept(app: &App, id: PersonId, period: Period) -> Result<bool, Refusal> {
    if app.is_closed(id, period).await? {
        return Ok(true);
    }
    let newest = app.store.latest_revision(id, period).await?;
    Ok(newest.is_some_and(|revision| {
        matches!(revision.state, RecordState::Approved | RecordState::Delivered | RecordState::Revoked)
    }))
}

/// Refuses decisions whose authors may not make them.
async fn refuse_unentitled(app: &App, decisions: &[Decision]) -> Result<(), Refusal> {
    let findings = unentitled(app, decisions, false).await?;
    if findings.is_empty() { Ok(()) } else { Err(Refusal(findings)) }
}

/// What is told of decisions whose authors may not make them. Whoever ordered is answered here and now, so nothing
/// waits for anybody; that it was ordered stands in the journal, once for each author and reason.
pub(super) async fn unentitled(
    app: &App,
    decisions: &[Decision],
    dry_run: bool,
) -> Result<Vec<Finding>, Refusal> {
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
        journal_refused(app, dry_run, author, object, Some(&why)).await?;
    }
    findings.truncate(500);
    Ok(findings)
}

/// Nobody decides about their own record.
fn refuse_own(directory: &Directory, id: PersonId, period: Period, who: &str) -> Result<(), Box<Finding>> {
    match subject_of(directory, id) {
        Some(subject) if life::is_own(subject, who) => Err(Box::new(own_record(period))),
        _ => Ok(()),
    }
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
    // No alarm: the scores are proved by the days they were counted by.
    let days = verified.other_days.iter().map(|(period, changed)| {
        let days = moved::days(changed);
        Finding::info(
            "LT-SCO-028",
            Text::new(
                format!(
                    "điểm kỳ {period} được tính và kiểm chứng theo lịch làm việc đã lưu cùng điểm; sau đó lịch thay đổi: {}",
                    days.vi
                ),
                format!(
                    "the scores of {period} were made, and are proved, by the working days kept with them; since then they changed: {}",
                    days.en
                ),
            ),
            Text::new(
                "không cần xử lý; kỳ đã khóa giữ cách tính của nó",
                "nothing to do; a closed period keeps what it was made by",
            ),
        )
        .at(Place::of(period.to_string()))
    });
    let findings = pages.chain(unreadable).chain(drafts).chain(tasks).chain(scores).chain(days).collect();
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

pub(super) async fn records(
    app: &App,
    state: Option<RecordState>,
    period: Option<Period>,
    unit: Option<UnitCode>,
    changed: bool,
    limit: u32,
) -> Answer {
    let within = within(app, unit.as_ref()).await?;
    let moved = if changed { app.store.differences(period, 100_000).await? } else { Vec::new() };
    let moved: BTreeMap<(PersonId, Period), Text> =
        moved.into_iter().map(|(person, period, told)| ((person, period), told.what)).collect();
    let wanted = |line: &RecordLine| !changed || moved.contains_key(&(line.person, line.period));
    let (mut shown, mut after) = (Vec::new(), String::new());
    while shown.len() < limit as usize {
        let lines = app.store.record_lines(period, state, &after, 500).await?;
        let Some(last) = lines.last() else { break };
        after = last.place();
        let inside = |line: &RecordLine| within.as_ref().is_none_or(|units| units.contains(&line.unit));
        shown.extend(lines.into_iter().filter(inside).filter(wanted));
    }
    shown.truncate(limit as usize);
    let part = |line: &RecordLine, pointer: &str| line.content.pointer(pointer).cloned().unwrap_or_default();
    // Where a result was imported that is the one that stands.
    let stands = |line: &RecordLine, imported: &str, pointer: &str| match &line.imported {
        Some(row) => row.get(imported).cloned().unwrap_or_default(),
        None => part(line, pointer),
    };
    let total = |line: &RecordLine| stands(line, "score", "/parts/total/printed");
    let level = |line: &RecordLine| stands(line, "level", "/level");
    let decided_by = |line: &RecordLine| part(line, "/ruling/by");
    let why = |line: &RecordLine| json!(moved.get(&(line.person, line.period)));
    let mut columns: Vec<Cells<'_, RecordLine>> = vec![
        (Column::left("person", "Số hiệu", "Person"), &|line| json!(line.staff_number)),
        (Column::left("name", "Họ và tên", "Name"), &|line| json!(line.full_name)),
        (Column::left("period", "Kỳ", "Period"), &|line| json!(line.period)),
        (Column::right("revision", "Phiên bản", "Revision"), &|line| json!(line.revision)),
        (Column::words("state", "Trạng thái", "State", Words::RecordState), &|line| {
            json!(line.shown_state())
        }),
        (Column::right("total", "Tổng", "Total"), &total),
        (Column::words("level", "Mức", "Level", Words::Level), &level),
        (Column::left("decided_by", "Người quyết định", "Decided by"), &decided_by),
        (Column::left("at", "Lúc", "At"), &|line| json!(line.at)),
        (Column::left("told_on", "Ngày thông báo", "Told on"), &|line| json!(line.told_on)),
    ];
    if changed {
        columns.push((Column::left("changed", "Số liệu đã đổi", "Figures changed"), &why));
    }
    Ok(Outcome::ok(Document::listed(Text::new("Hồ sơ đánh giá", "Evaluation records"), &shown, columns)))
}

pub(super) async fn newest(
    app: &App,
    id: PersonId,
    whose: &PersonRef,
    period: Period,
) -> Result<(Revision, Content), Refusal> {
    let Some(revision) = app.store.latest_revision(id, period).await? else {
        return Err(no_score_in(app, whose, period).await.into());
    };
    let content = app.standing_content(&revision).await?;
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

impl Ruled {
    fn ruling(&self, at: DateTime<Utc>) -> Ruling<'_> {
        Ruling {
            revision: Some(self.revision),
            content_hash: None,
            level: self.level,
            author: &self.author,
            at,
            decision_no: self.decision_no.as_deref(),
            opinion: self.opinion.as_deref(),
        }
    }
}

pub(super) async fn approve(app: &Arc<App>, whose: &PersonRef, period: Period, ruled: Ruled) -> Answer {
    let who = author(&ruled.author)?;
    let opened = Opened::settled(app, whose, period).await?;
    let judged = each::judged(app, &opened, ruled.ruling(app.clock.now())).await?;
    let decided = allowed(app, judged, opened.id, period, who).await?;
    let Some(Decided { new, mut told }) = decided else {
        return Ok(Outcome::done("hồ sơ đã ở trạng thái này", "the record says so already"));
    };
    told.extend(beyond_quota(app, (opened.id, period), ruled.level).await?);
    let (revision, sent) = (new.revision.revision, new.outbox.len());
    app.store.append_revision(&new).await?;
    app.ring("score");
    app.ring_deliveries();
    Ok(Outcome::with_findings(approved(revision, sent), told))
}

/// More Excellent people than the quota allows, once this one is.
async fn beyond_quota(
    app: &App,
    (id, period): (PersonId, Period),
    level: Option<Level>,
) -> Result<Vec<Finding>, Refusal> {
    let directory = app.directory().await?;
    let agency = directory.last_post(id, period).and_then(|post| directory.agency_of(&post.unit));
    match (level.filter(|level| *level == Level::Excellent), agency) {
        (Some(level), Some(agency)) => {
            quota::decided(app, Some(agency), period, &BTreeMap::from([(id, level)])).await
        }
        _ => Ok(Vec::new()),
    }
}

fn approved(revision: u32, sent: usize) -> Document {
    Document::Object {
        title: Text::new("Đã phê duyệt", "Approved"),
        fields: vec![
            Field::new("revision", "Phiên bản", "Revision", revision),
            Field::new("deliveries", "Mục gửi đi", "Deliveries enqueued", sent),
        ],
    }
}

/// A correction as ordered.
pub(super) struct Correcting {
    pub person: PersonRef,
    pub period: Period,
    pub ruling: Ruled,
    pub reason: String,
}

/// Replaces an approved or closed record by what is computed now, with author and reason; it waits for its own approval,
/// or a year with a level is classified in the same order: both revisions are written, or neither.
pub(super) async fn correct(app: &Arc<App>, order: Correcting) -> Answer {
    let ruling = &order.ruling;
    let who = author(&ruling.author)?;
    let id = person(app, &order.person).await?;
    let period = order.period;
    let directory = app.directory().await?;
    let Some(subject) = subject_of(&directory, id) else {
        return Err(no_score(&order.person, period).into());
    };
    let now = app.clock.now();
    let duty = if period.is_year() { Duty::Classify } else { Duty::Score };
    let document = ruling.decision_no.as_deref();
    // Deciding about oneself is refused as such, below.
    if directory.named(who) != Some(id) {
        let judged = Judged { subject: id, period, duty, author: who, at: now, document };
        allowed(app, directory.check_author(judged), id, period, who).await?;
    }
    let mut pending = app.has_figures_due(id, period).await?;
    if pending {
        app.settle(period, &BTreeSet::from([id])).await?;
        pending = app.has_figures_due(id, period).await?;
    }
    let settled = if pending { Err(Box::new(still_due(&order.person, period))) } else { Ok(()) };
    allowed(app, settled, id, period, who).await?;
    let Some(score) = app.store.score(id, period, app.shown_view(period)).await? else {
        return Err(no_score_in(app, &order.person, period).await.into());
    };
    let computed: Content =
        serde_json::from_value(score.summary).map_err(|_| crate::pipeline::broken("score"))?;
    let latest = app.store.latest_revision(id, period).await?;
    let held_content = match &latest {
        Some(latest) => Some(app.standing_content(latest).await?),
        None => None,
    };
    let held = latest.as_ref().zip(held_content.as_ref()).map(|(revision, content)| Held {
        revision: revision.revision,
        state: revision.state,
        content,
        content_hash: &revision.content_hash,
        situation: Situation::default(),
    });
    let closed = app.is_closed(id, period).await?;
    let correction = Correction { revision: Some(ruling.revision), author: who, reason: &order.reason };
    let corrected = life::correct(held, subject, &computed, closed, correction);
    let summary = allowed(app, corrected, id, period, who).await?;
    let computed = life::carried(held, &computed);
    let number = latest.map_or(0, |revision| revision.revision) + 1;
    let reason = Some(order.reason.as_str());
    let revision = app.revision(id, number, RecordState::Corrected, &computed, &summary, who, reason, now)?;
    let outbox = app.score_message(&directory, &revision, &computed)?.into_iter().collect();
    let mut new = vec![NewRevision { revision, outbox, settles: Vec::new(), due: Vec::new() }];
    let mut told = Vec::new();
    if ruling.level.is_some() {
        let around = app.circumstances(id, period).await?;
        let [corrected] = new.as_slice() else { return Err(crate::pipeline::broken("revision").into()) };
        let corrected = corrected.revision.clone();
        let held = Held {
            revision: number,
            state: RecordState::Corrected,
            content: &computed,
            content_hash: &corrected.content_hash,
            situation: around.situation(),
        };
        let anew = Ruling { revision: Some(number), ..ruling.ruling(now) };
        let judged = app.judge_ruling(&directory, (&corrected, held), anew).await?;
        if let Some(decided) = allowed(app, judged, id, period, who).await? {
            told = decided.told;
            told.extend(beyond_quota(app, (id, period), ruling.level).await?);
            new.push(decided.new);
        }
    }
    app.store.append_revisions(&new).await?;
    app.ring("score");
    app.ring_deliveries();
    if let [_, second] = new.as_slice() {
        return Ok(Outcome::with_findings(approved(second.revision.revision, second.outbox.len()), told));
    }
    Ok(Outcome::done(
        format!("đã lập phiên bản đính chính r{number}; cần phê duyệt lại"),
        format!("correction r{number} made; it waits for its approval"),
    ))
}
