//! Orders about a source's gate: what stopped it, what its full pulls proved, and letting it go on.

use super::{Answer, App, author};
use crate::domain::SourceId;
use crate::error::{Finding, Place, Text};
use crate::pipeline::command::{Column, Document, Field, Outcome};
use crate::pipeline::completeness::{FEWER_FILES, verdict_of_proof};
use crate::pipeline::pull::LOSS;
use crate::pipeline::step::Bell;
use crate::pipeline::wording::Words;
use crate::store::{Acceptance, FolderFiles, Gate, RunKind};
use serde_json::json;

/// Proofs shown.
const PROOFS: usize = 30;

pub(super) async fn show(app: &App, source: &SourceId) -> Answer {
    let state = app.store.source_state(source).await?;
    let gate = app.store.gate(source).await?;
    let accepted = gate.as_ref().and_then(|gate| gate.accepted.as_ref());
    let proofs = app.store.proofs(source, PROOFS).await?;
    let judged = app.completeness(source, &state).await?;
    let standing = Document::Object {
        title: Text::new("Tình trạng", "State"),
        fields: vec![
            Field::new("last_success_at", "Thành công lúc", "Last success", json!(state.last_success_at)),
            Field::words(
                "completeness",
                "Dữ liệu của nguồn",
                "Data of the source",
                Words::Completeness,
                judged.verdict.as_str(),
            ),
            Field::new("because", "Căn cứ", "Because", json!(judged.because)),
            Field::new("proven_at", "Chứng minh lúc", "Proven at", json!(judged.proven_at)),
            Field::new("hooks", "Số lần nguồn gọi", "Calls of the source", state.hooks.received),
            Field::new("hook_at", "Nguồn gọi lúc", "Last call", json!(state.hooks.last_at)),
            Field::new("hook_waiting", "Có lời gọi đang chờ", "A call waits", state.hooks.waiting()),
            Field::new(
                "changed_fields",
                "Trường đã thay đổi (source drift)",
                "Fields that changed (source drift)",
                app.changed_fields(source).await?,
            ),
            Field::new(
                "stopped_since",
                "Dừng từ",
                "Stopped since",
                json!(gate.as_ref().map(|gate| gate.since)),
            ),
            Field::new(
                "stopped_by",
                "Lý do dừng",
                "Stopped by",
                json!(gate.as_ref().map(|gate| &gate.finding.code)),
            ),
            Field::new(
                "accepted_by",
                "Người cho đi tiếp",
                "Let through by",
                json!(accepted.map(|(who, _)| who)),
            ),
            Field::new(
                "accepted_reason",
                "Lý do cho đi tiếp",
                "Because",
                json!(accepted.map(|(_, why)| why)),
            ),
        ],
    };
    let proves = app.sources.get(source).is_some_and(|one| one.connector.abilities().full_is_complete);
    let rows = proofs.iter().map(|proof| {
        vec![
            json!(proof.at),
            json!(proof.held),
            json!(proof.source_total),
            json!(verdict_of_proof(proof, proves)),
            json!(proof.rejected),
            json!(proof.missed),
            json!(proof.gone),
            json!(proof.digest),
        ]
    });
    let proofs = Document::Table {
        title: Text::new("Bằng chứng đầy đủ của các lần đọc toàn bộ", "Proofs of full pulls"),
        columns: vec![
            Column::left("at", "Lúc", "At"),
            Column::right("held", "Đang giữ", "Held"),
            Column::right("source_total", "Nguồn có", "At the source"),
            Column::words("completeness", "Kết luận", "Verdict", Words::Completeness),
            Column::right("rejected", "Bị loại", "Rejected"),
            Column::right("missed", "Từng bị sót", "Missed before"),
            Column::right("gone", "Không còn", "Gone"),
            Column::left("digest", "Dấu kiểm", "Digest"),
        ],
        rows: rows.collect(),
    };
    let parts = vec![("state".into(), standing), ("proofs".into(), proofs)];
    let findings = gate.map(|gate| told(source, gate)).into_iter().chain(judged.finding).collect();
    Ok(Outcome::with_findings(Document::Parts { parts }, findings))
}

/// The reason of a closed gate: known, and waiting for a person; no failure of the order that shows it.
pub(in crate::pipeline) fn told(source: &SourceId, gate: Gate) -> Finding {
    let place = gate.finding.place.clone().unwrap_or_else(|| Place::of(format!("source {source}")));
    Finding { severity: crate::error::Severity::Warning, ..gate.finding }.at(place)
}

pub(super) async fn accept(app: &App, source: &SourceId, code: &str, by: &str, reason: &str) -> Answer {
    let by = author(by)?;
    let reason = reason.trim();
    if !(5..=500).contains(&reason.chars().count()) {
        return Err(Finding::error(
            "LT-PUL-014",
            Text::new("lý do phải có 5 đến 500 ký tự", "a reason has 5 to 500 characters"),
            Text::new(
                "ghi --reason \"vì sao dữ liệu nguồn đưa ra là đúng\"",
                "give --reason \"why what the source shows is true\"",
            ),
        )
        .at(Place::of("--reason"))
        .into());
    }
    let code = code.trim().to_uppercase();
    if code == FEWER_FILES {
        return accept_files(app, source, by, reason).await;
    }
    if code == LOSS {
        return accept_loss(app, source, by, reason).await;
    }
    let gate = match app.store.accept_gate(source, &code, (by, reason), app.clock.now()).await? {
        Acceptance::Given(gate) => gate,
        Acceptance::OtherReason(gate) => return Err(other_reason(source, &code, &gate).into()),
        Acceptance::NothingStopped => return Err(nothing_to_accept(source).into()),
    };
    let step = format!("pull:{source}");
    app.ring(&step);
    // Without a daemon nothing begins by itself.
    let begins = app.bells.get(&step).is_some_and(Bell::is_answered);
    let (vi, en) = match gate.kind {
        RunKind::Full => ("Lần đọc toàn bộ tới", "The next full pull"),
        RunKind::Incremental => ("Lần lấy thay đổi tới", "The next pull of changes"),
        RunKind::Backfill => ("Lần lấy lại (backfill) tới", "The next backfill"),
    };
    let (then_vi, then_en) = match gate.kind {
        RunKind::Backfill => ("hãy chạy lại lệnh đó", "give that order again"),
        RunKind::Full | RunKind::Incremental if begins => (
            "bắt đầu ngay; sau đó mức thường lệ tính lại từ đầu",
            "it begins at once, and the usual is counted anew from there",
        ),
        RunKind::Full | RunKind::Incremental => (
            "không có dịch vụ (daemon) đang chạy nên chưa có gì bắt đầu: lần đó chạy khi dịch vụ chạy, hoặc bằng lệnh sync; sau đó mức thường lệ tính lại từ đầu",
            "no daemon runs, so nothing has begun: that pull comes when one runs, or by the order sync, and the usual is counted anew from there",
        ),
    };
    let what = &gate.finding.what;
    Ok(Outcome::done(
        format!(
            "Đã xác nhận {code} ({}). {vi} của nguồn {source} được đi qua vì lý do này và không vì lý do nào khác; {then_vi}.",
            what.vi
        ),
        format!(
            "Accepted {code} ({}). {en} of source {source} is let through for this reason and no other; {then_en}.",
            what.en
        ),
    ))
}

/// A folder with far fewer files than before is right: nothing was stopped, and it is told no more.
async fn accept_files(app: &App, source: &SourceId, by: &str, reason: &str) -> Answer {
    let Some(files) = app.store.accept_files(source, (by, reason), app.clock.now()).await? else {
        return Err(nothing_to_accept(source).into());
    };
    let FolderFiles { there, most, .. } = files;
    Ok(Outcome::done(
        format!(
            "Đã xác nhận {FEWER_FILES}: thư mục của nguồn {source} có {there} tệp thay cho {most} là đúng; từ nay so với {there} tệp."
        ),
        format!(
            "Accepted {FEWER_FILES}: the folder of source {source} rightly holds {there} files instead of {most}; later pulls are compared with {there}."
        ),
    ))
}

/// Many tasks rightly are no longer shown: nothing was stopped, and it is told no more.
async fn accept_loss(app: &App, source: &SourceId, by: &str, reason: &str) -> Answer {
    let accepted = app.store.accept_told(source, LOSS, (by, reason), app.clock.now()).await?;
    let Some(Finding { what, .. }) = accepted else { return Err(nothing_to_accept(source).into()) };
    Ok(Outcome::done(
        format!("Đã xác nhận {LOSS} ({}); mức thường lệ tính lại từ lần đọc toàn bộ đó.", what.vi),
        format!("Accepted {LOSS} ({}); the usual is counted anew from that full pull.", what.en),
    ))
}

fn nothing_to_accept(source: &SourceId) -> Finding {
    Finding::error(
        "LT-PUL-013",
        Text::new(
            format!("nguồn {source} không bị dừng, không có gì để xác nhận"),
            format!("source {source} is not stopped, there is nothing to accept"),
        ),
        Text::new("xem `source show`", "look at `source show`"),
    )
    .at(Place::of(format!("source {source}")))
}

fn other_reason(source: &SourceId, named: &str, gate: &Gate) -> Finding {
    let Finding { code, what, .. } = &gate.finding;
    Finding::error(
        "LT-PUL-023",
        Text::new(
            format!("nguồn {source} không dừng vì {named}; nay dừng vì {code}: {}", what.vi),
            format!("source {source} is not stopped by {named}; it is stopped by {code} now: {}", what.en),
        ),
        Text::new(
            format!("xem `source show {source}`; nếu lý do này cũng đúng, xác nhận bằng mã {code}"),
            format!(
                "look at `source show {source}`; if this reason is true as well, accept it by the code {code}"
            ),
        ),
    )
    .at(Place::of(format!("source {source}")))
}
