//! One source: how it stands, its runs and its rejected records.

use super::overview::{Seen, Standing, stands};
use super::table::{Cell, ROWS, Section, Sheet, one_page, shown_of, some_rows};
use super::{Page, Visit, Web, format, words};
use crate::connector::drift::Shape;
use crate::domain::{CitizenId, SourceId};
use crate::error::{Finding, Lang, Severity, place_in};
use crate::pipeline::completeness::{Completeness, verdict_of_proof};
use crate::pipeline::wording::{Words, word};
use crate::store::{Gate, Proof, RejectedRow, Run, SourceState};
use std::collections::BTreeSet;

/// Full pulls shown.
const PROOFS: usize = 10;

/// Renders the page; none for a source nobody configured.
pub(super) async fn page(web: &Web, visit: &Visit, id: &str) -> Page {
    let Some((source, configured)) = web.app.sources.iter().find(|(source, _)| source.as_str() == id) else {
        return Ok(None);
    };
    let told = |error: crate::store::StoreError| error.finding();
    let state = web.app.store.source_state(source).await.map_err(told)?;
    let before = visit.asked("before").parse().unwrap_or(i64::MAX);
    let runs = web.app.store.runs(source, before, ROWS + 1).await.map_err(told)?;
    let (runs, last) = one_page(runs, |run| run.id.to_string());
    let counts = web.live.counts(web).await?;
    let totals = counts.overview.sources.get(id).cloned().unwrap_or_default();
    let directory = web.app.directory().await?;
    let unit = directory
        .unit(&configured.unit)
        .map_or_else(|| configured.unit.to_string(), |unit| unit.name.clone());
    let gate = web.app.store.gate(source).await.map_err(told)?;
    let paused = configured.connector.paused();
    // The page may show older runs: how the source stands is what the latest say.
    let latest = web.app.store.runs(source, i64::MAX, Run::LOOKED_BACK).await.map_err(told)?;
    let judged = web.app.completeness(source, &state).await.map_err(told)?;
    let seen = Seen { state: &state, runs: &latest, judged: &judged };
    let how = stands(seen, gate.as_ref(), paused.as_ref(), web.app.clock.now(), visit.lang);
    let proofs = web.app.store.proofs(source, PROOFS).await.map_err(told)?;
    let mut facts = standing(web, visit, how, (&state, &judged), &runs);
    facts.fact(visit.say("Đơn vị", "Unit"), Cell::text(unit));
    facts.fact(
        visit.say("Loại hệ thống", "Kind of system"),
        Cell::text(if configured.system.is_empty() { "–" } else { configured.system.as_str() }),
    );
    facts.fact(
        visit.say("Nhiệm vụ đang giữ", "Tasks held"),
        Cell::link(format::count(totals.tasks), format!("/tasks?source={id}")),
    );
    facts.fact(visit.say("Sự kiện đã ghi", "Events kept"), Cell::text(format::count(totals.events)));
    facts.fact(
        visit.say("Bản ghi bị loại", "Rejected records"),
        Cell::text(format::count(totals.rejected)).to("#rejected"),
    );
    if let Some(gate) = &gate {
        gate_facts(visit, &mut facts, gate);
    }
    let shape: Option<Shape> = web.app.store.shape(source).await.map_err(told)?;
    let tells_changes = configured.connector.abilities().incremental;
    // Below the last row shown lies nothing: that was the first pull, which began without a cursor.
    let first = runs.last().filter(|_| last.is_none()).map(|run| run.id);
    let kind = |run: &Run| match run.kind.as_str() {
        "incremental" if !tells_changes || Some(run.id) == first => "whole".to_owned(),
        "incremental" if state.files.is_some() => "new_files".to_owned(),
        kind => kind.to_owned(),
    };
    let kinds = runs.iter().map(kind).collect();
    let mut table = run_table(visit, runs, kinds);
    table.pages(visit, "before", last);
    let sheet = Sheet {
        heading: format!("{} {id}", visit.say("Nguồn", "Source")),
        parent: Some((visit.say("Đơn vị", "Units"), "/units".to_owned())),
        sections: vec![
            facts,
            proof_table(visit, proofs, configured.connector.abilities().full_is_complete),
            drift_table(visit, id, shape),
            table,
            rejected(web, visit, Some(source)).await?,
        ],
        ..Sheet::default()
    };
    sheet.show(web, visit).await.map(Some)
}

fn standing(
    web: &Web,
    visit: &Visit,
    how: Standing<'_>,
    (state, judged): (&SourceState, &Completeness),
    runs: &[Run],
) -> Section {
    let (lang, now) = (visit.lang, web.app.clock.now());
    let ago = |at: Option<chrono::DateTime<chrono::Utc>>| {
        at.map_or_else(
            || Cell::text("–"),
            |at| Cell::text(format::ago(at, now, lang)).note(format::instant(at)),
        )
    };
    let mut facts = Section::facts("standing", visit.say("Tình trạng", "State"));
    let Standing { light, word: fresh, trouble: error } = how;
    let why = error.map(|error| why(error, lang)).unwrap_or_default();
    facts.fact(visit.say("Độ mới", "Freshness"), Cell::tag((fresh.to_owned(), light)).note(why));
    if let Some(error) = error {
        facts.fact(visit.say("Cần làm gì", "What to do"), Cell::text(error.remedy.get(lang)));
    }
    facts.fact(visit.say("Lần cuối thành công", "Last success"), ago(state.last_success_at));
    let verdict = word(Words::Completeness, judged.verdict.as_str(), lang).into_owned();
    facts.fact(
        visit.say("Dữ liệu của nguồn", "Data of the source"),
        Cell::tag((verdict, judged.verdict.light())).note(judged.because.get(lang)),
    );
    facts.fact(visit.say("Chứng minh lúc", "Proven at"), ago(judged.proven_at));
    let left_alone = state.blocked_until.is_some_and(|at| at > now && Some(at) == state.next_attempt_at());
    let next = Cell::text(format::instant_or_dash(state.next_attempt_at()));
    facts.fact(
        visit.say("Lần tới", "Next"),
        if left_alone {
            next.note(visit.say("được để yên đến lúc đó vì lỗi", "left alone until then after failures"))
        } else {
            next
        },
    );
    if state.hooks.received > 0 {
        let count = format::count(state.hooks.received);
        let waits = visit.say("lấy ngay khi được", "pulled as soon as it may be");
        facts.fact(
            visit.say("Nguồn tự báo có thay đổi", "Calls of the source"),
            ago(state.hooks.last_at).note(if state.hooks.waiting() {
                format!("{count} · {waits}")
            } else {
                count
            }),
        );
    }
    // What the last run brought beside what such a run usually brings: a source that goes quiet shows here.
    let finished: Vec<u64> = runs
        .iter()
        .filter(|run| run.outcome.as_deref() == Some("succeeded") && run.kind == "incremental")
        .map(|run| run.counters.records)
        .collect();
    if let Some((newest, before)) = finished.split_first() {
        let mut before = before.to_vec();
        before.sort_unstable();
        let usual = before.get(before.len() / 2).copied();
        facts.fact(
            visit.say("Bản ghi lần cuối / thường lệ", "Records last run / usual"),
            Cell::text(format!(
                "{} / {}",
                format::count(*newest),
                usual.map_or_else(|| "–".to_owned(), format::count)
            )),
        );
    }
    facts
}

/// What stopped the source, and who lets it go on.
fn gate_facts(visit: &Visit, facts: &mut Section, gate: &Gate) {
    let lang = visit.lang;
    let what = format!("{} {}", gate.finding.code, gate.finding.what.get(lang));
    let stopped = (visit.say("Đang dừng", "Stopped").to_owned(), "bad");
    facts.fact(visit.say("Cổng kiểm tra", "Gate"), Cell::tag(stopped).note(what));
    facts.fact(visit.say("Dừng từ", "Stopped since"), Cell::text(format::instant(gate.since)));
    match &gate.accepted {
        Some((who, why)) => facts.fact(
            visit.say("Lần tới được đi qua", "Next pull let through by"),
            Cell::text(who).note(why.as_str()),
        ),
        None => facts.fact(visit.say("Cách mở", "How to open it"), Cell::text(gate.finding.remedy.get(lang))),
    }
}

/// Fields of its records that wait for a person.
fn drift_table(visit: &Visit, id: &str, shape: Option<Shape>) -> Section {
    let mut table = Section::table(
        visit,
        "drift",
        visit.say("Thay đổi của bản ghi", "Changes in its records"),
        &[
            ("Trường", "Field"),
            ("Tình trạng", "State"),
            ("Kiểu", "Types"),
            ("Mới", "New"),
            ("Thấy lần đầu", "First seen"),
        ],
        ("Bản ghi của nguồn không có gì thay đổi.", "Nothing changed in the records of this source."),
    )
    .command(format!("lienthong source accept-drift {id}"));
    let list = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(", ");
    let fields = shape.unwrap_or_default().fields;
    for (path, field) in fields.into_iter().filter(|(_, field)| field.is_open()).take(ROWS) {
        let state = word(Words::FieldState, field.state(), visit.lang).into_owned();
        let new =
            [list(&field.other_types), list(&field.new_values)].into_iter().filter(|text| !text.is_empty());
        let cells = vec![
            Cell::mono(path.as_str()),
            Cell::tag((state, "warn")),
            Cell::text(list(&field.types)),
            Cell::text(new.collect::<Vec<_>>().join(" · ")),
            Cell::text(format::instant(field.first_seen_at)),
        ];
        table.push(path, cells);
    }
    table
}

/// What the last pulls that saw everything proved. Of a folder none proves that nothing is missing (`proves`).
fn proof_table(visit: &Visit, proofs: Vec<Proof>, proves: bool) -> Section {
    let mut table = Section::table(
        visit,
        "proofs",
        visit.say("Dữ liệu đã đủ chưa", "Is everything here"),
        &[
            ("Đọc toàn bộ lúc", "Read completely at"),
            ("#Đang giữ", "#Held"),
            ("#Nguồn có", "#At the source"),
            ("Kết luận", "Verdict"),
            ("#Từng bị sót", "#Missed before"),
            ("#Không còn", "#Gone"),
            ("Dấu kiểm", "Digest"),
        ],
        (
            "Chưa có lần đọc toàn bộ (sync --full) nào; căn cứ hiện có ở phần Tình trạng.",
            "No pull of everything (sync --full) yet; what is known stands under State.",
        ),
    );
    if !proves {
        table = table.note(visit.say(
            "Nguồn này đưa từng phần (tệp, gói): mọi phần nhận được đều được đọc, phần chưa đọc được nêu trong `status`. Phần không được gửi hoặc tệp đã bị bỏ đi thì không lần đọc nào thấy, nên không có kết luận \"Đủ\".",
            "This source hands over parts (files, packages): every part that came is read, and one that could not be is told in `status`. What was never put there or was taken away no pull can see, so nothing here is ever called complete.",
        ));
    }
    for proof in proofs {
        let verdict = word(Words::Completeness, verdict_of_proof(&proof, proves), visit.lang).into_owned();
        let verdict = (
            verdict,
            if proof.proven {
                "ok"
            } else if proves {
                "warn"
            } else {
                ""
            },
        );
        table.push(
            proof.run.to_string(),
            vec![
                Cell::text(format::instant(proof.at)),
                Cell::num(format::count(proof.held)),
                Cell::num(proof.source_total.map_or_else(|| "–".to_owned(), format::count)),
                Cell::tag(verdict),
                Cell::num(format::count(proof.missed)),
                Cell::num(format::count(proof.gone)),
                Cell::mono(proof.digest.chars().take(12).collect::<String>()),
            ],
        );
    }
    table
}

/// The runs, each with what it read.
fn run_table(visit: &Visit, runs: Vec<Run>, kinds: Vec<String>) -> Section {
    let lang = visit.lang;
    let mut table = Section::table(
        visit,
        "runs",
        visit.say("Các lần lấy dữ liệu", "Runs"),
        &[
            ("Bắt đầu", "Started"),
            ("Loại", "Kind"),
            ("Kết quả", "Outcome"),
            ("#Bản ghi", "#Records"),
            ("#Mới", "#New"),
            ("#Thay đổi", "#Changed"),
            ("#Không đổi", "#Unchanged"),
            ("#Bị loại", "#Rejected"),
        ],
        ("Nguồn này chưa được lấy lần nào.", "This source was never pulled."),
    );
    for (run, kind) in runs.into_iter().zip(kinds) {
        let told: Vec<String> = run.findings.iter().take(3).map(|finding| why(finding, lang)).collect();
        let partly = run.outcome.as_deref() == Some("succeeded")
            && run.findings.iter().any(|finding| finding.severity == Severity::Error);
        let ended = if partly {
            (visit.say("Một phần", "Partly").to_owned(), "warn")
        } else {
            outcome(run.outcome.as_deref(), lang)
        };
        let counters = run.counters;
        let mut row = vec![
            Cell::text(format::instant(run.started_at)),
            Cell::text(word(Words::RunKind, &kind, lang)),
            Cell::tag(ended).note(told.join(" · ")),
        ];
        row.extend(
            [counters.records, counters.new, counters.changed, counters.unchanged, counters.rejected]
                .map(|n| Cell::num(format::count(n))),
        );
        table.push(run.id.to_string(), row);
    }
    table
}

/// A finding in one line, with its place.
fn why(finding: &Finding, lang: Lang) -> String {
    let place = finding.place.as_ref().map(|place| format!(" ({})", place_in(&place.to_string(), lang)));
    format!("{} {}{}", finding.code, finding.what.get(lang), place.unwrap_or_default())
}

/// How a run ended, with its light.
pub(super) fn outcome(outcome: Option<&str>, lang: Lang) -> words::Lit {
    let (vi, en, light) = match outcome {
        Some("succeeded") => ("Thành công", "Succeeded", "ok"),
        Some(_) => ("Thất bại", "Failed", "bad"),
        None => ("Đang chạy hoặc bị ngắt", "Running or cut off", ""),
    };
    (super::page::say(lang, vi, en).to_owned(), light)
}

/// Rejected records, of one source or of all.
pub(super) async fn rejected(
    web: &Web,
    visit: &Visit,
    source: Option<&SourceId>,
) -> Result<Section, crate::error::Finding> {
    let after = visit.asked("rejected").parse().unwrap_or(0);
    let shown = shown_of(visit, "rejected");
    let rows = web.app.store.rejected(source, after, shown + 1).await.map_err(|error| error.finding())?;
    let (rows, last) = some_rows(rows, shown, |row| row.id.to_string());
    let mut section = Section::table(
        visit,
        "rejected",
        visit.say("Bản ghi bị loại", "Rejected records"),
        &[
            ("NGUỒN:SỐ", "SOURCE:ID"),
            ("Khóa", "Key"),
            ("Ở đâu", "Where"),
            ("Lý do và cách xử lý", "Reason and remedy"),
            ("Từ lúc", "Since"),
        ],
        ("Không có bản ghi nào bị loại.", "No rejected records."),
    )
    .command(visit.say("lienthong rejected replay NGUỒN:SỐ", "lienthong rejected replay SOURCE:ID"));
    section.some_pages(visit, "rejected", last);
    for row in rows {
        section.push(row.id.to_string(), rejected_row(row, visit.lang));
    }
    Ok(section)
}

fn rejected_row(row: RejectedRow, lang: Lang) -> Vec<Cell> {
    let place = word(Words::Place, &row.place(), lang).into_owned();
    vec![
        Cell::link(format!("{}:{}", row.source, row.id), format!("/sources/{}", row.source))
            .note(format!("lienthong rejected show {}:{}", row.source, row.id)),
        Cell::mono(row.external_id.map_or_else(|| "–".to_owned(), |key| CitizenId::mask_in(&key))),
        Cell::text(place),
        Cell::text(format!("{} {}", row.finding.code, row.finding.what.get(lang)))
            .note(row.finding.remedy.get(lang)),
        Cell::text(format::instant(row.first_seen_at)),
    ]
}
