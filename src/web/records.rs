//! Evaluation records, newest revision of each.

use super::scores::periods;
use super::table::{Cell, Filter, ROWS, Section, Sheet, one_page};
use super::{Page, Visit, Web, format, words};
use crate::domain::{Level, Period, RecordState};
use std::collections::BTreeMap;

/// Renders the page.
pub(super) async fn page(web: &Web, visit: &Visit) -> Page {
    let lang = visit.lang;
    let (period, state) =
        (visit.asked("period").parse::<Period>().ok(), RecordState::parse(visit.asked("state")));
    let lines = web
        .app
        .store
        .record_lines(period, state, visit.asked("after"), ROWS + 1)
        .await
        .map_err(|error| error.finding())?;
    let (lines, last) = one_page(lines, |line| line.place());
    let changed = web.app.store.differences(period, 100_000).await.map_err(|error| error.finding())?;
    let changed: BTreeMap<_, _> =
        changed.into_iter().map(|(person, period, finding)| ((person, period), finding.what)).collect();
    let mut section = Section::table(
        visit,
        "records",
        "",
        &[
            ("Số hiệu", "Staff number"),
            ("Họ và tên", "Name"),
            ("Kỳ", "Period"),
            ("Trạng thái", "State"),
            ("#Tổng điểm", "#Total"),
            ("Mức", "Level"),
            ("#Phiên bản", "#Revision"),
            ("Cập nhật lúc", "Revised at"),
        ],
        ("Chưa có hồ sơ nào khớp với lựa chọn.", "No records match."),
    );
    section.pages(visit, "after", last);
    for line in lines {
        let field =
            |path: &str| line.content.pointer(path).and_then(|value| value.as_str()).map(str::to_owned);
        // Where a result was imported that is the one that stands.
        let stands = |imported: &str, path: &str| match &line.imported {
            Some(row) => row.get(imported).and_then(|value| value.as_str()).map(str::to_owned),
            None => field(path),
        };
        let total = stands("score", "/parts/total/printed")
            .map_or_else(|| "–".to_owned(), |total| format::decimal(&total, lang));
        let level = words::level(stands("level", "/level").as_deref().and_then(Level::parse), lang);
        // What a closed result does not say stands under its state until somebody corrects it.
        let told = changed.get(&(line.person, line.period)).map(|what| what.get(lang).to_owned());
        let state = Cell::tag(words::record_line(&line, lang)).note(told.unwrap_or_default());
        let in_force = match line.state {
            RecordState::Revoked => visit.say("không còn hiệu lực", "not in force"),
            _ => "",
        };
        section.push(
            line.place(),
            vec![
                Cell::mono(line.staff_number),
                Cell::link(line.full_name, format!("/scores/{}/{}#revisions", line.person, line.period)),
                Cell::text(format::period(line.period, lang)),
                state,
                Cell::num(total).note(in_force),
                Cell::tag(level),
                Cell::num(line.revision.to_string()),
                Cell::text(format::instant(line.at)),
            ],
        );
    }
    let mut all = vec![(String::new(), visit.say("Tất cả các kỳ", "All periods").to_owned())];
    all.extend(periods(web, lang));
    let mut states = vec![(String::new(), visit.say("Mọi trạng thái", "Any state").to_owned())];
    states.extend(RecordState::ALL.map(|state| (state.as_str().to_owned(), words::record(state, lang).0)));
    let sheet = Sheet {
        heading: visit.say("Hồ sơ đánh giá", "Evaluation records").to_owned(),
        intro: visit
            .say(
                "Mỗi lần thay đổi là một phiên bản mới, phiên bản cũ không bị sửa. Chọn tên để xem đã đổi gì và vì sao.",
                "Every change is a new revision; old ones are never edited. Choose a name to see what changed and why.",
            )
            .to_owned(),
        filters: vec![
            Filter::new("period", visit.say("Kỳ đánh giá", "Period"), all, visit.asked("period")),
            Filter::new("state", visit.say("Trạng thái", "State"), states, visit.asked("state")),
        ],
        sections: vec![section],
        ..Sheet::default()
    };
    sheet.show(web, visit).await.map(Some)
}
