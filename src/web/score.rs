//! One person's period: the score explained down to its tasks, the people's decisions, the record's revisions
//! and its deliveries.

use super::page::{render, say, value};
use super::score_lines::{excluded, led, lines, lines_shown, most, own_lines};
use super::table::{Cell, ROWS, Section};
use super::{Page, Visit, Web, deliveries, format, papers, words, written};
use crate::directory::Directory;
use crate::domain::{DecisionKind, Level, Period, PersonId, RecordState};
use crate::error::{Finding, Lang, Text};
use crate::evaluation::Content;
use crate::paper::switch::{self, Switch};
use crate::pipeline::derived::read;
use crate::pipeline::grounds::{Grounds, formulas, with_name};
use crate::pipeline::record::{content_of, retain_followed};
use crate::pipeline::wording::{self, Words, word};
use crate::store::{Revision, StoreError, StoredDecision};
use minijinja::context;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[derive(Serialize)]
struct PersonView {
    name: String,
    staff_number: String,
    post: String,
    unit: String,
}

/// One part of the score with its formula.
#[derive(Serialize)]
struct PartView {
    key: &'static str,
    label: &'static str,
    article: String,
    formula: String,
    hint: &'static str,
    value: String,
    missing: bool,
    /// Whether it is one of the sums at the end.
    sum: bool,
}

/// The approved result where another one is computed by now.
#[derive(Serialize)]
struct ApprovedView {
    total: String,
    computed: String,
    level: String,
    level_light: &'static str,
    state: String,
    state_light: &'static str,
    /// What the revision is called, and until when it stands.
    label: String,
    stands: &'static str,
    /// Whether a correction waits for its approval: its state stands beside the computed figure.
    corrected: bool,
}

/// A result that was decided elsewhere and imported.
#[derive(Serialize)]
struct ImportedView {
    score: String,
    level: String,
    /// Number and day of the decision, as far as they are known.
    by: String,
}

/// The annulment of the result, after which no figure stands.
#[derive(Serialize)]
struct RevokedView {
    /// Who annulled it, and when.
    by: String,
    reason: String,
    document: String,
    /// The figure that was annulled.
    total: String,
}

#[derive(Serialize)]
struct OtherPeriod {
    href: String,
    label: String,
    here: bool,
}

pub(super) fn told(error: StoreError) -> Finding {
    error.finding()
}

/// Renders the page; none for a person nobody knows.
pub(super) async fn page(web: &Web, visit: &Visit, person: PersonId, period: Period) -> Page {
    let lang = visit.lang;
    let directory = web.app.directory().await?;
    let Some(known) = directory.person(person) else { return Ok(None) };
    let view = web.app.shown_view(period);
    let store = &web.app.store;
    let score = store.score(person, period, view).await.map_err(told)?;
    let derivation = store.derivation(person, period, view).await.map_err(told)?;
    let derivation: Value =
        derivation.map(|kept| read(&kept).ok_or_else(unreadable)).transpose()?.unwrap_or_default();
    let summary = score.as_ref().map(|score| score.summary.clone()).unwrap_or_default();
    let post = directory.last_post(person, period);
    let latest = store.latest_revision(person, period).await.map_err(told)?;
    let approved = store.approved_of(&[person], period).await.map_err(told)?.remove(&person);
    let corrected = latest.as_ref().is_some_and(|latest| latest.state == RecordState::Corrected);
    let stands = match &approved {
        Some(approved) => approved_view(approved, &summary, corrected, lang)?,
        None => None,
    };
    // Of a year that is decided the level is the one decided, whatever the score proposes.
    let in_force = approved.as_ref().filter(|_| stands.is_none()).map(|approved| approved.content.clone());
    // What stands is what the page explains; what is computed now is one step away.
    let kept = match (&approved, &stands) {
        (Some(approved), Some(_)) => web.app.lines_of(approved, score.as_ref()).await?,
        _ => None,
    };
    let (has_both, shows_now) = (kept.is_some(), visit.asked("score") == "now");
    let official = kept.filter(|_| !shows_now).zip(approved.as_ref());
    let (derivation, summary, until, official) = match official {
        Some((lines, approved)) => {
            (lines, approved.content.clone(), Some(approved.at), Some(approved.revision))
        }
        None => (derivation, summary, None, None),
    };
    let level = level_of(in_force.as_ref().unwrap_or(&summary), lang);
    let missing: Vec<_> = strings(&summary, "missing").map(|part| word(Words::Missing, part, lang)).collect();
    // What stands behind a line is asked of the lines that are shown: a director's are thousands.
    let behind = json!({
        "components": derivation.get("components"),
        "formulas": derivation.get("formulas"),
        "lines": lines_shown(visit, &own_lines(&derivation)).1,
    });
    let grounds = web.app.grounds(person, period, &behind, until).await?;
    let mut sections = Vec::new();
    sections.extend(ruled(visit, &derivation));
    let lost = web.app.lost_most((person, view), &derivation).await?;
    sections.extend(most(web, visit, &lost).await?);
    if period.is_mean() {
        sections.push(quarters(visit, person, &derivation));
    } else {
        let products = web.app.product_names(period).await?;
        let led = led(visit, &directory, period, &derivation)?;
        // Whoever has no task of their own is judged by those of others alone.
        if led.is_none() || !own_lines(&derivation).is_empty() {
            sections.push(lines(web, visit, &derivation, &grounds, &products).await?);
        }
        sections.extend(led);
        sections.extend(excluded(web, visit, &derivation).await?);
    }
    let mut decisions = store.decisions_of(person, period).await.map_err(told)?;
    retain_followed(&mut decisions, &store.revisions(person, period).await.map_err(told)?);
    sections.extend(written::sections(web, visit, person, period).await?);
    sections.push(decided(visit, &directory, &decisions));
    sections.push(revisions(web, visit, person, period).await?);
    let mut sent = deliveries::table(
        visit,
        "deliveries",
        deliveries::Ids::Shown,
        say(lang, "Gửi và biên nhận", "Deliveries and receipts"),
        ("Chưa gửi đi đâu.", "Nothing was sent yet."),
    );
    let items = store.deliveries_of(person, period, 20).await.map_err(told)?;
    deliveries::fill(&mut sent, deliveries::Ids::Shown, web, visit, &directory, items);
    sections.push(sent);
    let printable = score.is_some() || latest.is_some();
    let total = summary.pointer("/parts/total/printed").and_then(Value::as_str);
    let revoked = latest.as_ref().and_then(|latest| revoked_view(latest, lang));
    let own = context! {
        person => value(&PersonView {
            name: known.full_name.clone(),
            staff_number: known.staff_number.to_string(),
            post: post.map(|post| post.post.clone()).unwrap_or_default(),
            unit: post.and_then(|post| directory.unit(&post.unit)).map(|unit| unit.name.clone()).unwrap_or_default(),
        }),
        period => format::period(period, lang),
        periods => value(&other_periods(web, visit, person, period).await?),
        scored => score.is_some(),
        as_of => score.as_ref().filter(|_| until.is_none()).map(|score| format::day(score.as_of)),
        computed_at => score.as_ref().map(|score| format::instant(score.computed_at)),
        state => latest.as_ref().map(|revision| words::record(revision.state, lang).0),
        state_light => latest.as_ref().map(|revision| words::record(revision.state, lang).1),
        approved => value(&stands),
        imported => value(&imported(web, person, period, lang).await?),
        has_both => has_both,
        shows_now => shows_now,
        revoked => value(&revoked),
        level => level.0,
        level_light => level.1,
        total => total.map_or_else(|| "–".to_owned(), |total| format::decimal(total, lang)),
        crossed => wording::crossed(&derivation, lang),
        missing => missing.join(", "),
        worked => worked(&summary),
        parts => value(&parts(&summary, &derivation, &grounds, lang)),
        papers => value(&if printable { papers::offers(person, period, lang) } else { Vec::new() }),
        sections => value(&sections),
        rule_set => text(&derivation, "/rule_set/id"),
        switches => value(&switches(&derivation, visit.lang)),
        command => format!("lienthong score explain {} {period}", known.staff_number)
            + &official.map(|revision| format!(" --revision {revision}")).unwrap_or_default(),
    };
    let counts = web.live.counts(web).await?;
    Ok(Some(render(web, visit, "score.html", own, counts.waiting())))
}

/// The level a content says, with its light.
fn level_of(content: &Value, lang: Lang) -> words::Lit {
    words::level(content.get("level").and_then(Value::as_str).and_then(Level::parse), lang)
}

/// The approved revision beside what is computed; none while both give the same figures and the same level.
fn approved_view(
    approved: &Revision,
    computed: &Value,
    corrected: bool,
    lang: Lang,
) -> Result<Option<ApprovedView>, Finding> {
    let total_of = |of: &Value| of.pointer("/parts/total/printed").and_then(Value::as_str).map(str::to_owned);
    let Some(total) = total_of(&approved.content) else { return Ok(None) };
    // A period without a score any more computes nothing.
    let now = match computed {
        Value::Null => None,
        other => Some(serde_json::from_value::<Content>(other.clone()).map_err(|_| unreadable())?),
    };
    let held = content_of(approved)?;
    if now.is_some_and(|now| held.has_the_result_of(&now)) {
        return Ok(None);
    }
    let figure = match total_of(computed) {
        None => "–".to_owned(),
        // Where the same total stands twice, what differs is the level or a part of it.
        Some(same) if same == total => {
            format!("{} · {}", format::decimal(&same, lang), level_of(computed, lang).0)
        }
        Some(other) => format::decimal(&other, lang),
    };
    let (level, level_light) = level_of(&approved.content, lang);
    let (state, state_light) = words::record(approved.state, lang);
    let revision = approved.revision;
    Ok(Some(ApprovedView {
        total: format::decimal(&total, lang),
        computed: figure,
        level,
        level_light,
        state,
        state_light,
        label: match lang {
            Lang::Vi => format!("Điểm đã duyệt (phiên bản {revision}):"),
            Lang::En => format!("Approved score (revision {revision}):"),
        },
        stands: if corrected {
            say(
                lang,
                "Điểm đã duyệt giữ nguyên cho đến khi bản đính chính được phê duyệt.",
                "The approved score stands until the correction is approved.",
            )
        } else {
            say(
                lang,
                "Điểm đã duyệt giữ nguyên cho đến khi có đính chính (record correct).",
                "The approved score stands until it is corrected (record correct).",
            )
        },
        corrected,
    }))
}

/// An earlier result of the period that was imported; none where none was.
async fn imported(
    web: &Web,
    person: PersonId,
    period: Period,
    lang: Lang,
) -> Result<Option<ImportedView>, Finding> {
    let all = web.app.store.history(person).await.map_err(told)?;
    let Some((_, row)) = all.into_iter().find(|(of, _)| *of == period) else { return Ok(None) };
    let said = |key: &str| row.get(key).and_then(Value::as_str);
    let level = said("level").and_then(Level::parse);
    let decided_on = said("decided_on").and_then(|day| day.parse().ok()).map(format::day);
    let by: Vec<String> = said("decision_no").map(str::to_owned).into_iter().chain(decided_on).collect();
    Ok(Some(ImportedView {
        score: said("score").map_or_else(|| "–".to_owned(), |score| format::decimal(score, lang)),
        level: level.map(|level| words::level(Some(level), lang).0).unwrap_or_default(),
        by: by.join(", "),
    }))
}

/// What stands in place of a figure once the result is annulled; none while a result stands, or a correction waits.
fn revoked_view(latest: &Revision, lang: Lang) -> Option<RevokedView> {
    if latest.state != RecordState::Revoked {
        return None;
    }
    let said = |pointer: &str| latest.content.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    Some(RevokedView {
        by: format!("{}, {}", latest.author, format::instant(latest.at)),
        reason: latest.reason.clone().unwrap_or_default(),
        document: said("/ruling/decision_no").unwrap_or_default(),
        total: said("/parts/total/printed")
            .map_or_else(|| "–".to_owned(), |total| format::decimal(&total, lang)),
    })
}

/// The spans worked where they are not the whole period; empty when they are.
fn worked(summary: &Value) -> String {
    let day = |span: &Value, at: usize| Some(format::day(span.get(at)?.as_str()?.parse().ok()?));
    let spans = summary.get("worked").and_then(Value::as_array).into_iter().flatten();
    let spans = spans.filter_map(|span| Some(format!("{} – {}", day(span, 0)?, day(span, 1)?)));
    spans.collect::<Vec<_>>().join(", ")
}

pub(super) fn unreadable() -> Finding {
    Finding::error(
        "LT-WEB-002",
        Text::new(
            "không đọc được diễn giải đã lưu của điểm này",
            "the stored derivation of this score cannot be read",
        ),
        Text::new(
            "tính lại bằng `score show` hoặc báo nhóm phát triển",
            "compute it again or tell the developers",
        ),
    )
}

async fn other_periods(
    web: &Web,
    visit: &Visit,
    person: PersonId,
    period: Period,
) -> Result<Vec<OtherPeriod>, Finding> {
    let mut periods: Vec<Period> =
        web.app.store.periods_of(person).await.map_err(told)?.into_iter().map(|(period, _)| period).collect();
    periods.push(period);
    let imported = web.app.store.history(person).await.map_err(told)?;
    periods.extend(imported.into_iter().map(|(period, _)| period));
    periods.sort_unstable();
    periods.dedup();
    let shown = periods.into_iter().rev().take(12).map(|other| OtherPeriod {
        href: format!("/scores/{person}/{other}"),
        label: format::period(other, visit.lang),
        here: other == period,
    });
    Ok(shown.collect())
}

pub(super) fn strings<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a str> {
    value.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

pub(super) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

pub(super) fn text(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => "–".to_owned(),
        Some(other) => other.to_string(),
    }
}

/// The parts in the order of the decree, each with its formula from the derivation.
fn parts(summary: &Value, derivation: &Value, grounds: &Grounds, lang: Lang) -> Vec<PartView> {
    let formulas = formulas(derivation, grounds, lang);
    let year = derivation.get("quarters").is_some();
    [
        ("a", "a · số lượng (%)", "a · quantity (%)", "Đ14.2.a", "a "),
        ("b", "b · chất lượng (%)", "b · quality (%)", "Đ14.2.b", "b "),
        ("c", "c · tiến độ (%)", "c · progress (%)", "Đ14.2.c", "c "),
        ("d", "d · kết quả hoạt động của đơn vị (%)", "d · unit result (%)", "Đ15.3.a", "d "),
        ("dd", "đ · khả năng tổ chức triển khai (%)", "đ · implementation (%)", "Đ15.3.b", "đ "),
        ("e", "e · năng lực tập hợp, đoàn kết (%)", "e · unity (%)", "Đ15.3.c", "e "),
        ("r", "R · tỷ lệ hoàn thành (%)", "R · completion (%)", "Đ16", "R ="),
        ("task_part", "Kết quả nhiệm vụ, R·70 (0–70)", "Task result, R·70 (0–70)", "Đ12.3", "R·70"),
        ("general", "Tiêu chí chung (0–30)", "General criteria (0–30)", "Đ12.2", "general"),
        ("total", "Tổng điểm, S (0–100)", "Total, S (0–100)", if year { "Đ17.3" } else { "Đ17.1" }, "S "),
    ]
    .into_iter()
    .filter_map(|(key, vi, en, article, begins)| {
        let printed = summary.pointer(&format!("/parts/{key}/printed")).and_then(Value::as_str);
        let sum = matches!(key, "task_part" | "general" | "total");
        // A year has its total only; staff have no d, đ, e.
        if printed.is_none() && (!sum || (year && key != "total")) {
            return None;
        }
        let formula = formulas.iter().find(|formula| formula.starts_with(begins)).map_or("", String::as_str);
        let formula = formula.split_at(formula.rfind(" (Đ").unwrap_or(formula.len())).0;
        Some(PartView {
            key,
            label: say(lang, vi, en),
            article: wording::article(article, lang),
            formula: formula.to_owned(),
            hint: match key {
                "dd" | "e" => say(lang, "người có thẩm quyền quyết định", "decided by people"),
                "general"
                    if printed.is_some()
                        && strings(summary, "missing").any(|part| part == "general_criteria") =>
                {
                    say(lang, "giả định, chưa có ai chấm", "assumed, entered by nobody")
                }
                "general" => say(lang, "người có thẩm quyền chấm", "entered by people"),
                _ => "",
            },
            value: printed.map_or_else(
                || say(lang, "còn thiếu", "missing").to_owned(),
                |printed| format::decimal(printed, lang),
            ),
            missing: printed.is_none(),
            sum,
        })
    })
    .collect()
}

fn quarters(visit: &Visit, person: PersonId, derivation: &Value) -> Section {
    let mut section = Section::table(
        visit,
        "quarters",
        visit.say("Các quý đã ghi nhận", "Recorded quarters"),
        &[("Quý", "Quarter"), ("#Điểm", "#Score"), ("Nguồn của điểm", "Where it is recorded")],
        ("Chưa có quý nào được ghi nhận.", "No quarter is recorded yet."),
    );
    for quarter in list(derivation, "quarters") {
        let period = text(quarter, "/period");
        let label =
            period.parse().map_or_else(|_| period.clone(), |period| format::period(period, visit.lang));
        let from = wording::recorded_in(&text(quarter, "/from"), visit.lang);
        section.push(
            period.clone(),
            vec![
                Cell::link(label, format!("/scores/{person}/{period}")),
                Cell::num(format::decimal(&text(quarter, "/score"), visit.lang)),
                Cell::text(from),
            ],
        );
    }
    section
}

/// What moved the level from the band of the score; none where nothing did.
fn ruled(visit: &Visit, derivation: &Value) -> Option<Section> {
    let all = list(derivation, "ruled");
    if all.is_empty() {
        return None;
    }
    let mut section = Section::table(
        visit,
        "ruled",
        visit.say("Quy tắc đã làm thay đổi mức", "What moved the level"),
        &[("Quy tắc", "Rule"), ("Mức trước", "Before"), ("Mức sau", "After"), ("Vì sao", "Why")],
        ("–", "–"),
    );
    for (index, one) in all.iter().enumerate() {
        let level = |pointer: &str| Cell::tag(words::level(Level::parse(&text(one, pointer)), visit.lang));
        section.push(
            index.to_string(),
            vec![
                Cell::text(wording::rule(&text(one, "/rule"), visit.lang)),
                level("/from"),
                level("/to"),
                Cell::text(wording::because(&text(one, "/because"), visit.lang)),
            ],
        );
    }
    Some(section)
}

fn decided(visit: &Visit, directory: &Directory, decisions: &[StoredDecision]) -> Section {
    let mut section = Section::table(
        visit,
        "decisions",
        visit.say("Quyết định của người có thẩm quyền", "What people decided"),
        &[("Lúc", "At"), ("Quyết định", "Decision"), ("Nội dung", "What"), ("Ai", "Who")],
        ("Chưa có quyết định nào.", "Nothing was decided yet."),
    );
    for stored in decisions.iter().rev().take(ROWS) {
        let (kind, what) = decision_words(&stored.decision.kind, visit);
        // The moment is the one the other side wrote down: its clock may be another than ours.
        let clock = match stored.origin.as_str() {
            "cli" => String::new(),
            origin => format!("{} {origin}", visit.say("theo đồng hồ của", "by the clock of")),
        };
        section.push(
            stored.id.to_string(),
            vec![
                Cell::text(format::instant(stored.decision.at)).note(clock),
                Cell::text(word(Words::Decision, kind, visit.lang)),
                Cell::text(what),
                Cell::text(with_name(directory, &stored.decision.author)),
            ],
        );
    }
    section
}

/// Word of a decision's kind, and what it says.
fn decision_words(kind: &DecisionKind, visit: &Visit) -> (&'static str, String) {
    let number = |exact: &crate::domain::Exact| format::decimal(&exact.to_string(), visit.lang);
    let points = |items: &BTreeMap<String, crate::domain::Exact>| {
        let sum: crate::domain::Exact = items.values().sum();
        format!(
            "{} {}/30 ({} {})",
            visit.say("cộng", "sum"),
            number(&sum),
            items.len(),
            visit.say("mục", "items")
        )
    };
    let number_of = |no: &Option<String>| no.as_ref().map(|no| format!(" · {no}")).unwrap_or_default();
    match kind {
        DecisionKind::SelfAssessment { items } => ("self_assessment", points(items)),
        DecisionKind::GeneralCriteria { items } => ("general_criteria", points(items)),
        DecisionKind::LeaderComponent { component, percent } => {
            let name = match component {
                crate::domain::Component::UnitResult => "d",
                crate::domain::Component::ImplementationAbility => "đ",
                crate::domain::Component::UnityAbility => "e",
            };
            ("leader_component", format!("{name} = {} %", number(percent)))
        }
        DecisionKind::QualityFailures { source, external_id, count, reason } => {
            ("quality_failures", format!("{source}/{external_id}: {count} · {reason}"))
        }
        DecisionKind::Lateness { source, external_id, counts, reason } => {
            let counts = if *counts { visit.say("tính", "counts") } else { visit.say("bác", "rejected") };
            ("lateness", format!("{source}/{external_id}: {counts} · {reason}"))
        }
        DecisionKind::SupportPercents { own, percents } => {
            let column =
                if *own { visit.say("tự chấm", "own") } else { visit.say("quản lý", "manager") };
            ("support_percents", format!("{column}: {}", percents.each_ref().map(number).join(" / ")))
        }
        DecisionKind::Excuse { source, external_id, covers, reason } => {
            let covers = match covers.as_str() {
                "late" => visit.say("chậm", "lateness"),
                "none" => visit.say("rút lại", "taken back"),
                _ => visit.say("chất lượng", "quality"),
            };
            ("excuse", format!("{source}/{external_id}: {covers} · {reason}"))
        }
        DecisionKind::Remarks { strengths, weaknesses, comment, minutes } => {
            let texts = [strengths, weaknesses, comment, minutes].into_iter().flatten().cloned();
            ("remarks", texts.collect::<Vec<_>>().join(" · "))
        }
        DecisionKind::CompletedQuantity { source, external_id, quantity } => {
            ("completed_quantity", format!("{source}/{external_id}: {}", number(quantity)))
        }
        DecisionKind::Approval { revision, decision_no, .. } => (
            "approval",
            format!("{} {revision}{}", visit.say("phiên bản", "revision"), number_of(decision_no)),
        ),
        DecisionKind::Classification { level, decision_no, opinion, .. } => {
            let opinion = opinion.as_ref().map_or_else(String::new, |document| {
                format!(" · {} {document}", visit.say("ý kiến", "opinion"))
            });
            let level = words::level(Some(*level), visit.lang).0;
            ("classification", format!("{level}{}{opinion}", number_of(decision_no)))
        }
    }
}

async fn revisions(web: &Web, visit: &Visit, person: PersonId, period: Period) -> Result<Section, Finding> {
    let before = visit.asked("revision").parse().unwrap_or(u32::MAX);
    let rows = web.app.store.revisions_before(person, period, before, 21).await.map_err(told)?;
    let more = rows.len() > 20;
    let mut section = Section::table(
        visit,
        "revisions",
        visit.say("Các phiên bản hồ sơ: đổi gì, vì sao", "Revisions of the record: what changed and why"),
        &[
            ("#Phiên bản", "#Revision"),
            ("Lúc", "At"),
            ("Trạng thái", "State"),
            ("Thay đổi", "Change"),
            ("Ai, lý do", "Who, why"),
        ],
        ("Chưa có hồ sơ.", "No record yet."),
    );
    let shown: Vec<Revision> = rows.into_iter().take(20).collect();
    let last = if more { shown.last().map(|revision| revision.revision.to_string()) } else { None };
    section.pages(visit, "revision", last);
    for revision in shown {
        section.push(
            revision.revision.to_string(),
            vec![
                Cell::num(revision.revision.to_string()),
                Cell::text(format::instant(revision.at)),
                Cell::tag(words::record(revision.state, visit.lang)),
                Cell::text(changes(&revision.summary, visit.lang)),
                Cell::text(revision.author).note(revision.reason.unwrap_or_default()),
            ],
        );
    }
    Ok(section)
}

fn changes(summary: &Value, lang: Lang) -> String {
    let key = if lang == Lang::Vi { "vi" } else { "en" };
    let told: Vec<String> = summary
        .as_array()
        .into_iter()
        .flatten()
        .take(6)
        .filter_map(|change| {
            if change.get("field").and_then(Value::as_str) == Some("missing") {
                let names = |side: &str| {
                    let parts = change.get(side).and_then(Value::as_str).unwrap_or_default();
                    let names: Vec<_> =
                        parts.split(", ").map(|part| word(Words::Missing, part, lang)).collect();
                    names.join(", ")
                };
                let after = names("after");
                let none = say(lang, "không còn thiếu gì", "nothing is missing any more");
                let label = say(lang, "còn thiếu", "missing");
                return Some(if after.is_empty() { none.to_owned() } else { format!("{label}: {after}") });
            }
            let said = change.pointer(&format!("/text/{key}")).and_then(Value::as_str)?;
            Some(format::decimal(said, lang))
        })
        .collect();
    told.join("; ")
}

fn switches(derivation: &Value, lang: Lang) -> Vec<Value> {
    let rules = derivation.get("rule_set").and_then(Value::as_object);
    let shown = |one: Switch| json!({ "key": one.key, "label": one.label, "value": one.value });
    switch::switches(rules.into_iter().flatten(), lang).into_iter().map(shown).collect()
}
