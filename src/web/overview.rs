//! The first screen: five questions answered in ten seconds (`cards`), and what stands behind the answers.

use super::live::{Counts, SOON, SourceCounts};
use super::page::{render, say, value};
use super::table::{Cell, Section};
use super::{Page, Visit, Web, cards, deliveries, format, journal, source, words};
use crate::connector::UNOPENED;
use crate::directory::Directory;
use crate::domain::{Period, RecordState};
use crate::error::{Finding, Lang, Severity};
use crate::pipeline::completeness::{Completeness, FEWER_FILES};
use crate::pipeline::wording::{Words, word};
use crate::schedule::StepStatus;
use crate::store::{Gate, IMPORTED, NOTHING_READ, Overview, Run, SourceState, TargetTotals};
use chrono::{DateTime, TimeDelta, Utc};
use minijinja::context;
use serde::Serialize;
use uuid::Uuid;

/// Deliveries with the nearest deadlines shown here.
const NEAREST: usize = 6;
/// Entries of the chain looked at, and groups of them shown.
const ENTRIES: usize = 300;
const GROUPS: usize = 8;

#[derive(Serialize)]
struct Stage {
    id: &'static str,
    label: &'static str,
    value: String,
    note: String,
    href: &'static str,
}

#[derive(Serialize)]
struct Tick {
    light: &'static str,
    title: String,
}

#[derive(Serialize)]
pub(super) struct SourceRow {
    /// Source.
    pub id: String,
    unit: String,
    state: &'static str,
    /// Its light.
    pub light: &'static str,
    reason: String,
    remedy: String,
    last_success: String,
    complete: String,
    complete_light: &'static str,
    because: String,
    next: String,
    tasks: String,
    events: String,
    rejected: String,
    ticks: Vec<Tick>,
}

#[derive(Serialize)]
struct Part {
    label: String,
    light: &'static str,
    count: String,
    x: String,
    width: String,
    href: String,
}

#[derive(Serialize)]
struct PeriodRow {
    label: String,
    href: String,
    note: &'static str,
    total: String,
    parts: Vec<Part>,
}

#[derive(Serialize)]
pub(super) struct Entry {
    /// When the newest of them was.
    pub at: String,
    /// What was done.
    pub what: String,
    times: usize,
    about: Vec<(String, String)>,
    more: usize,
    who: String,
    others: bool,
    reason: String,
}

/// Renders the first screen.
pub(super) async fn page(web: &Web, visit: &Visit) -> Page {
    let (lang, now) = (visit.lang, web.app.clock.now());
    let counts = web.live.counts(web).await?;
    let directory = web.app.directory().await?;
    let sources = sources(web, &counts, &directory, now, lang);
    let steps = web.board.all();
    let timeline = timeline(web, visit, &directory).await?;
    let answers = [
        cards::deadlines(web, &counts, now, visit),
        cards::sources(&sources, visit),
        cards::people(&counts, visit),
        cards::changes(&timeline, visit),
        cards::health(&steps, &web.app.reload.told(), visit),
    ];
    let own = context! {
        answers => value(&answers),
        flow => value(&flow(web, &counts.overview, lang)),
        sources => value(&sources),
        periods => value(&periods(&counts, lang)),
        sections => value(&[nearest(web, visit, &directory).await?, targets(web, &counts, now, visit)]),
        timeline => value(&timeline),
        steps => value(&[step_table(&steps, now, visit)]),
        counted => format::instant(counts.at),
        facts => value(&[versions(web, visit).await?]),
    };
    Ok(Some(render(web, visit, "overview.html", own, counts.waiting())))
}

/// How fresh a source is, in a light and in words: red wants a look, yellow heals by itself.
fn freshness(state: &SourceState, now: DateTime<Utc>, lang: Lang) -> (&'static str, &'static str) {
    match (state.last_success_at, &state.last_error) {
        (_, Some(_)) if state.consecutive_failures >= 3 => {
            ("bad", say(lang, "Lỗi liên tiếp", "Keeps failing"))
        }
        (_, Some(_)) => ("warn", say(lang, "Lỗi, tự thử lại", "Failed, retrying")),
        (None, None) => ("warn", say(lang, "Chưa lấy lần nào", "Not pulled yet")),
        (Some(_), None) if state.is_late(now) => ("warn", say(lang, "Chậm lịch", "Late")),
        (Some(_), None) => ("ok", say(lang, "Đúng lịch", "On time")),
    }
}

/// Runs of a source on the first screen.
const RUNS: usize = 8;

/// What is known of a source.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    /// Its state.
    pub state: &'a SourceState,
    /// Its last runs, newest first.
    pub runs: &'a [Run],
    /// Whether everything it has is held.
    pub judged: &'a Completeness,
}

impl<'a> Seen<'a> {
    /// As it was counted for all visitors.
    pub fn of(SourceCounts { state, runs, judged, .. }: &'a SourceCounts) -> Self {
        Self { state, runs, judged }
    }
}

/// How a source stands and what is the matter with it: stopped before failing before late before partly read.
pub(super) struct Standing<'a> {
    pub light: &'static str,
    pub word: &'static str,
    pub trouble: Option<&'a Finding>,
}

/// One judgement for every page that shows a source.
pub(super) fn stands<'a>(
    Seen { state, runs, judged }: Seen<'a>,
    gate: Option<&'a Gate>,
    paused: Option<&'a Finding>,
    now: DateTime<Utc>,
    lang: Lang,
) -> Standing<'a> {
    let (mut light, mut word) = freshness(state, now, lang);
    // A run may succeed and still tell of a file or record that a person has to correct.
    let told = Run::last_told(runs).iter().find(|told| told.severity == Severity::Error);
    if let ("ok", Some(_)) = (light, told) {
        (light, word) = ("warn", say(lang, "Một phần", "Partly"));
    }
    if let ("ok", Some(told)) = (light, &judged.finding) {
        let told = match told.code.as_str() {
            NOTHING_READ => say(lang, "Không đọc được", "Nothing can be read"),
            FEWER_FILES => say(lang, "Tệp biến mất", "Files vanished"),
            _ => say(lang, "Mất nhiều nhiệm vụ", "Many tasks gone"),
        };
        (light, word) = ("warn", told);
    }
    if paused.is_some_and(|finding| finding.code == UNOPENED) {
        (light, word) = ("bad", say(lang, "Không mở được", "Cannot be opened"));
    }
    if gate.is_some() {
        (light, word) = ("bad", say(lang, "Đang dừng, chờ xác nhận", "Stopped, waits for a person"));
    }
    let trouble = gate
        .map(|gate| &gate.finding)
        .or(paused)
        .or(state.last_error.as_ref())
        .or(told)
        .or(judged.finding.as_ref());
    Standing { light, word, trouble }
}

fn flow(web: &Web, overview: &Overview, lang: Lang) -> Vec<Stage> {
    let of = |map: &std::collections::BTreeMap<String, u64>, key: &str| map.get(key).copied().unwrap_or(0);
    let due = |step: &str| match of(&overview.due, step) {
        0 => String::new(),
        left => format!("{} {}", format::count(left), say(lang, "đang chờ", "to do")),
    };
    let stage = |id, vi, en, value: u64, note: String, href| Stage {
        id,
        label: say(lang, vi, en),
        value: format::count(value),
        note,
        href,
    };
    let receipts: u64 = overview.targets.values().map(|target| target.receipts).sum();
    // Scores are told to the evaluation software; results are what the law has a day for.
    let national = deliveries::targets(web).into_iter().find(|(_, national)| *national);
    let national = national.and_then(|(id, _)| overview.targets.get(&id)).map_or(0, |target| target.receipts);
    let of_national = match receipts {
        0 => String::new(),
        _ => format!(
            "{} {}",
            format::count(national),
            say(lang, "của CSDL quốc gia", "of the national database")
        ),
    };
    let records: u64 = overview.records.values().sum();
    let approved = of(&overview.records, "approved") + of(&overview.records, "delivered");
    let none = String::new;
    vec![
        stage("tasks", "Nhiệm vụ đã lấy", "Tasks pulled", overview.tasks, none(), "/tasks"),
        stage(
            "identified",
            "Đã xác định người",
            "Person identified",
            overview.identified,
            due("identify"),
            "/tasks",
        ),
        stage(
            "mapped",
            "Đã gán sản phẩm",
            "Mapped to a product",
            of(&overview.mapping, "mapped"),
            due("map"),
            "/tasks?state=mapped",
        ),
        stage(
            "review",
            "Chờ xem xét",
            "Waiting for review",
            of(&overview.mapping, "review"),
            none(),
            "/waiting#review",
        ),
        stage("scores", "Điểm đã tính", "Scores", overview.scores, due("score"), "/scores"),
        stage("records", "Hồ sơ đánh giá", "Evaluation records", records, due("record"), "/records"),
        stage("approved", "Đã phê duyệt", "Approved", approved, none(), "/records?state=approved"),
        stage("receipts", "Biên nhận", "Receipts", receipts, of_national, "/deliveries"),
    ]
}

fn sources(
    web: &Web,
    counts: &Counts,
    directory: &Directory,
    now: DateTime<Utc>,
    lang: Lang,
) -> Vec<SourceRow> {
    let mut rows = Vec::new();
    for (id, configured) in &web.app.sources {
        let Some(seen) = counts.sources.get(id).map(Seen::of) else { continue };
        let Seen { state, runs, judged } = seen;
        let complete = word(Words::Completeness, judged.verdict.as_str(), lang).into_owned();
        let totals = counts.overview.sources.get(id.as_str()).cloned().unwrap_or_default();
        let paused = configured.connector.paused();
        let gate = counts.stopped.get(id);
        let Standing { light, word, trouble: error } = stands(seen, gate, paused.as_ref(), now, lang);
        rows.push(SourceRow {
            id: id.to_string(),
            unit: directory
                .unit(&configured.unit)
                .map_or_else(|| configured.unit.to_string(), |unit| unit.name.clone()),
            state: word,
            light,
            reason: error.map(|error| format!("{} {}", error.code, error.what.get(lang))).unwrap_or_default(),
            remedy: error.map(|error| error.remedy.get(lang).to_owned()).unwrap_or_default(),
            last_success: state
                .last_success_at
                .map_or_else(|| "–".to_owned(), |at| format::ago(at, now, lang)),
            complete,
            complete_light: judged.verdict.light(),
            because: judged.because.get(lang).to_owned(),
            next: state.next_attempt_at().map_or_else(|| "–".to_owned(), |at| format::instant(at.max(now))),
            tasks: format::count(totals.tasks),
            events: format::count(totals.events),
            rejected: if totals.rejected == 0 { String::new() } else { format::count(totals.rejected) },
            ticks: runs
                .iter()
                .take(RUNS)
                .rev()
                .map(|run| {
                    let (word, light) = source::outcome(run.outcome.as_deref(), lang);
                    let records = say(lang, "bản ghi", "records");
                    let title = format!(
                        "{} · {word} · {} {records}",
                        format::instant(run.started_at),
                        run.counters.records
                    );
                    Tick { light, title }
                })
                .collect(),
        });
    }
    // What is wrong stands first.
    rows.sort_by_key(|row| ["bad", "warn", "ok"].iter().position(|light| *light == row.light));
    rows
}

fn periods(counts: &Counts, lang: Lang) -> Vec<PeriodRow> {
    let mut rows = Vec::new();
    for (period, states) in counts.periods.iter().rev().take(4) {
        let total: u64 = states.values().sum();
        let mut parts = Vec::new();
        let mut before = 0;
        // What was imported stands for the period; what is computed of it beside that misses nothing.
        if let Some(count) = states.get(IMPORTED).copied().filter(|count| *count > 0) {
            parts.push(Part {
                label: word(Words::RecordState, IMPORTED, lang).into_owned(),
                light: "half",
                count: format::count(count),
                x: "0".to_owned(),
                width: (count * 1_000).checked_div(total).unwrap_or(0).to_string(),
                href: format!("/results?year={}", period.year()),
            });
            before = count;
        }
        for state in [
            RecordState::Delivered,
            RecordState::Approved,
            RecordState::Corrected,
            RecordState::Revoked,
            RecordState::Reviewed,
            RecordState::SelfAssessed,
            RecordState::Provisional,
            RecordState::Computed,
        ] {
            let Some(count) = states.get(state.as_str()).copied().filter(|count| *count > 0) else {
                continue;
            };
            let share = |count: u64| (count * 1_000).checked_div(total).unwrap_or(0);
            parts.push(Part {
                label: words::record(state, lang).0,
                light: match state {
                    RecordState::Delivered => "ok",
                    RecordState::Approved => "half",
                    RecordState::Corrected | RecordState::Revoked => "warn",
                    RecordState::Reviewed | RecordState::SelfAssessed | RecordState::Provisional => "idle",
                    RecordState::Computed => "none",
                },
                count: format::count(count),
                x: share(before).to_string(),
                width: share(count).to_string(),
                href: format!("/records?period={period}&state={}", state.as_str()),
            });
            before += count;
        }
        rows.push(PeriodRow {
            label: format::period(*period, lang),
            href: format!("/scores?period={period}"),
            note: if counts.closed.contains(period) { say(lang, "đã chốt", "closed") } else { "" },
            total: format::count(total),
            parts,
        });
    }
    rows
}

/// What is open by its deadline; when nothing is, the newest receipts.
async fn nearest(web: &Web, visit: &Visit, directory: &Directory) -> Result<Section, Finding> {
    let store = &web.app.store;
    let national = deliveries::targets(web).into_iter().find(|(_, national)| *national).map(|(id, _)| id);
    let target = national.unwrap_or_default();
    let open = store.open_deliveries(&target, None, NEAREST).await.map_err(|error| error.finding())?;
    let (title, items) = if target.is_empty() {
        (visit.say("CSDL quốc gia chưa được khai báo", "No national database is configured"), open)
    } else if open.is_empty() {
        let newest =
            store.deliveries(&target, None, Uuid::max(), NEAREST).await.map_err(|error| error.finding())?;
        (
            visit.say("Không còn gì chờ gửi; biên nhận mới nhất", "Nothing left to send; newest receipts"),
            newest,
        )
    } else {
        (visit.say("Hạn gửi gần nhất", "Nearest deadlines"), open)
    };
    let empty =
        ("Chưa gửi kết quả nào đến CSDL quốc gia.", "No result was sent to the national database yet.");
    let mut section = deliveries::table(visit, "nearest", deliveries::Ids::Hidden, title, empty);
    deliveries::fill(&mut section, deliveries::Ids::Hidden, web, visit, directory, items);
    Ok(section)
}

/// Why nothing may be sent to a target yet; empty when it is in use.
pub(super) fn withheld(web: &Web, visit: &Visit, id: &str) -> String {
    let why = web.app.withheld.iter().find(|(target, _)| target.as_str() == id).map(|(_, why)| why);
    why.map_or_else(String::new, |why| {
        format!(
            "{}: {} {}",
            visit.say("Tạm giữ, chưa gửi", "Withheld, nothing is sent"),
            why.code,
            why.what.get(visit.lang)
        )
    })
}

/// How a target is: withheld, failing with the last reason, or in use.
fn state(web: &Web, visit: &Visit, id: &str, totals: &TargetTotals) -> Cell {
    let tag = |token, light| Cell::tag((word(Words::TargetState, token, visit.lang).into_owned(), light));
    let withheld = web.app.withheld.iter().find(|(target, _)| target.as_str() == id);
    let told = |why: &Finding| format!("{} {}", why.code, why.what.get(visit.lang));
    match (withheld, &totals.last_error) {
        (Some((_, why)), _) => tag("withheld", "bad").note(told(why)),
        (None, Some((why, at))) => {
            tag("failing", "warn").note(format!("{} · {}", format::instant(*at), told(why)))
        }
        (None, None) => tag("in_use", "ok"),
    }
}

fn targets(web: &Web, counts: &Counts, now: DateTime<Utc>, visit: &Visit) -> Section {
    let mut section = Section::table(
        visit,
        "targets",
        visit.say("Nơi nhận", "Targets"),
        &[
            ("Nơi nhận", "Target"),
            ("Tình trạng", "State"),
            ("#Biên nhận", "#Receipts"),
            ("#Chờ gửi", "#Waiting"),
            ("#Cần người xử lý", "#Needs a person"),
            ("Hạn gần nhất", "Earliest deadline"),
        ],
        ("Chưa khai báo nơi nhận nào.", "No target is configured."),
    );
    for (id, national) in deliveries::targets(web) {
        let totals = counts.overview.targets.get(&id).cloned().unwrap_or_default();
        let state = state(web, visit, &id, &totals);
        let stuck = totals.needs_person();
        let stuck = match stuck {
            0 => Cell::num("0"),
            some => {
                Cell::tag((format::count(some), "bad")).to(format!("/deliveries?target={id}&state=parked"))
            }
        };
        let clock = totals.earliest_deadline.map_or_else(
            || Cell::text("–"),
            |at| {
                let light = match at - now {
                    left if left < TimeDelta::zero() => "bad",
                    left if left < SOON => "warn",
                    _ => "",
                };
                Cell::tag((format::deadline(at, visit.lang), light)).note(format::left(at, now, visit.lang))
            },
        );
        section.push(
            id.clone(),
            vec![
                Cell::link(words::target(&id, national, visit.lang), format!("/deliveries?target={id}")),
                state,
                Cell::num(format::count(totals.receipts)),
                Cell::num(format::count(totals.waiting())),
                stuck,
                clock,
            ],
        );
    }
    section
}

fn step_table(steps: &[StepStatus], now: DateTime<Utc>, visit: &Visit) -> Section {
    let lang = visit.lang;
    let mut section = Section::table(
        visit,
        "steps",
        visit.say("Các bước chạy nền", "Background steps"),
        &[
            ("Bước", "Step"),
            ("Tình trạng", "State"),
            ("Lần cuối", "Last run"),
            ("#Đã xử lý", "#Handled"),
            ("#Số lần chạy", "#Runs"),
        ],
        ("Chưa có bước nào.", "No steps."),
    );
    let mut steps: Vec<&StepStatus> = steps.iter().collect();
    steps.sort_by_key(|step| step.last_error.is_none());
    for step in steps {
        let state = match (&step.last_error, step.running_since, step.elsewhere) {
            (Some(_), ..) => (visit.say("Lỗi", "Failing").to_owned(), "bad"),
            (None, Some(_), _) => (visit.say("Đang chạy", "Running").to_owned(), "ok"),
            (None, None, true) => (visit.say("Chạy ở máy khác", "On another replica").to_owned(), ""),
            (None, None, false) => (visit.say("Sẵn sàng", "Ready").to_owned(), ""),
        };
        let why = step.last_error.as_ref();
        section.push(
            step.name.clone(),
            vec![
                Cell::text(word(Words::Step, &step.name, lang)),
                Cell::tag(state).note(
                    why.map(|error| format!("{} {}", error.code, error.what.get(lang))).unwrap_or_default(),
                ),
                Cell::text(step.last_end.map_or_else(|| "–".to_owned(), |at| format::ago(at, now, lang))),
                Cell::num(format::count(step.done)),
                Cell::num(format::count(step.runs)),
            ],
        );
    }
    section
}

async fn versions(web: &Web, visit: &Visit) -> Result<Section, Finding> {
    let store = &web.app.store;
    let schema = store.schema_number().await.map_err(|error| error.finding())?;
    let catalogs = store.catalogs().await.map_err(|error| error.finding())?;
    let today = web.app.clock.today();
    let catalog = catalogs.iter().filter(|head| head.valid_from <= today).max_by_key(|head| head.valid_from);
    let mut facts = Section::facts("versions", visit.say("Phiên bản", "Versions"));
    facts.fact("Liên Thông", Cell::text(env!("CARGO_PKG_VERSION")));
    facts.fact(visit.say("Lược đồ dữ liệu", "Schema"), Cell::text(schema.to_string()));
    facts.fact(
        visit.say("Danh mục sản phẩm", "Catalog"),
        Cell::text(catalog.map_or_else(|| "–".to_owned(), |head| head.version.to_string())).note(
            catalog
                .map(|head| format!("{} {}", visit.say("từ", "from"), format::day(head.valid_from)))
                .unwrap_or_default(),
        ),
    );
    let rules = web.app.rule_set(Period::quarter_of(today));
    facts.fact(
        visit.say("Bộ quy tắc tính điểm", "Rule set"),
        Cell::text(rules.map_or_else(|_| "–".to_owned(), |rules| rules.id.to_string())),
    );
    Ok(facts)
}

/// What changed lately, by kind, newest first: hundreds of revisions must not hide one approval.
async fn timeline(web: &Web, visit: &Visit, directory: &Directory) -> Result<Vec<Entry>, Finding> {
    let entries = web.app.store.audit_entries(i64::MAX, ENTRIES).await.map_err(|error| error.finding())?;
    let mut groups: Vec<(String, Entry)> = Vec::new();
    for entry in entries {
        let about = journal::about(visit, directory, &entry);
        let (who, reason) = (journal::actor(visit, &entry), journal::reason(visit, &entry));
        let full = groups.len() == GROUPS;
        match groups.iter_mut().find(|(action, _)| *action == entry.action) {
            Some((_, group)) => {
                group.times += 1;
                if group.who != who && !group.others {
                    group.others = true;
                    group.who.push_str(visit.say(" và người khác", " and others"));
                }
                match group.about.contains(&about) {
                    true => {}
                    false if group.about.len() < 2 => group.about.push(about),
                    false => group.more += 1,
                }
            }
            _ if full => {}
            _ => groups.push((
                entry.action.clone(),
                Entry {
                    at: format::instant(entry.at),
                    what: word(Words::Action, &entry.action, visit.lang).into_owned(),
                    times: 1,
                    about: vec![about],
                    more: 0,
                    who,
                    others: false,
                    reason,
                },
            )),
        }
    }
    Ok(groups.into_iter().map(|(_, entry)| entry).collect())
}
