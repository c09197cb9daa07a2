//! The list that goes with a decision to be signed: who is ready for it, and of everybody else why not.
//!
//! Owns who stands on which of its sheets, and that nobody of the unit is on neither. It must not know how a sheet is laid out
//! (`evaluation::annex`) or how a signed one is brought back (`signed_table`). It decides nothing; scores and
//! records that are due are settled first, as before a decision. A file that cannot be written is a finding.

use super::each::{self, Stands};
use super::handed_out::put;
use super::life::Opened;
use super::{Answer, App, known_unit};
use crate::directory::Directory;
use crate::domain::{Level, Period, PersonId, UnitCode};
use crate::error::Finding;
use crate::evaluation::annex::{About, Printed, Row, workbook};
use crate::evaluation::{Content, Part};
use crate::paper::period_in_words;
use crate::pipeline::command::Outcome;
use crate::pipeline::paper::missing_words;
use std::path::Path;
use std::sync::Arc;

/// Writes the list of a period, of a unit and those below it or of everybody.
pub(super) async fn write(app: &Arc<App>, period: Period, unit: Option<&UnitCode>, to: &Path) -> Answer {
    known_unit(app, unit).await?;
    let people = each::evaluated(app, period, unit).await?;
    each::settled(app, period, &people).await?;
    let directory = app.directory().await?;
    let (mut ready, mut waiting) = (Vec::new(), Vec::new());
    for person in people {
        let (opened, level, note) = match each::stands(app, person, period).await? {
            Stands::Ready(opened, level) => {
                // The chair's opinion comes before the decision, and the decision cites it: a list can be signed without.
                let note = app.prior_opinion(&directory, (person, period), None).await?.err();
                let note = note.map(|finding| told(&finding));
                let uncounted = app.uncounted(person, period).await?.map(|finding| told(&finding));
                let note: Vec<String> = note.into_iter().chain(uncounted).collect();
                ready.push(row(&directory, (person, period), Some(&opened), level, note.join("; ")));
                continue;
            }
            Stands::Approved(opened) => {
                let by = opened.held().content.ruling.as_ref().and_then(|ruling| ruling.decision_no.clone());
                let by = by.map(|number| format!(", quyết định số {number}")).unwrap_or_default();
                let note = format!("đã phê duyệt (phiên bản {}{by})", opened.latest.revision);
                let level = opened.held().content.level;
                (Some(opened), level, note)
            }
            Stands::Waits(opened, finding) => {
                let content = opened.as_ref().map(|opened| opened.held().content);
                let level = content.and_then(Content::suggested);
                let note = match content.filter(|_| finding.code == "LT-REC-001") {
                    // Why it is held is the business of whoever looks into it, and not of everyone who reads the list.
                    _ if finding.code == "LT-REC-040" => {
                        "đang tạm dừng để kiểm tra, xác minh (LT-REC-040)".to_owned()
                    }
                    Some(content) => format!("còn thiếu: {} (LT-REC-001)", missing_words(content).join(", ")),
                    None => told(&finding),
                };
                (opened, level, note)
            }
        };
        waiting.push(row(&directory, (person, period), opened.as_deref(), level, note));
    }
    let name = unit.and_then(|unit| directory.unit(unit)).map_or("", |unit| unit.name.as_str());
    let in_words = period_in_words(period);
    let bytes = workbook(&ready, &waiting, About { unit: name, period, in_words: &in_words })
        .map_err(|_| crate::pipeline::broken("decision list"))?;
    put(to, &bytes)?;
    let (shown, listed, left) = (to.display(), ready.len(), waiting.len());
    let of_unit = unit.map(|unit| format!(" --unit {unit}")).unwrap_or_default();
    Ok(Outcome::done(
        format!(
            "đã ghi {shown}: {listed} người trình ký, {left} người chưa (tờ thứ hai, kèm lý do); ký xong nhập bằng `record import --period {period}{of_unit}`"
        ),
        format!(
            "{shown} is written: {listed} people to be signed, {left} not (second sheet, with the reason); once signed bring it back with `record import --period {period}{of_unit}`"
        ),
    ))
}

/// A reason with its code.
fn told(finding: &Finding) -> String {
    format!("{} ({})", finding.what.vi, finding.code)
}

fn row(
    directory: &Directory,
    (person, period): (PersonId, Period),
    opened: Option<&Opened>,
    level: Option<Level>,
    note: String,
) -> Row {
    let known = directory.person(person);
    let content = opened.map(|opened| opened.held().content);
    let post = directory.last_post(person, period);
    // A result stands under the post it was made for; of whoever has none it is the last one.
    let unit = content.map(|content| &content.unit).or_else(|| post.map(|post| &post.unit));
    let title = content.map(|content| &content.post).or_else(|| post.map(|post| &post.post));
    let printed = |part: Part| Some(content?.parts.get(&part)?.printed.clone());
    Row {
        staff_number: known.map(|known| known.staff_number.to_string()).unwrap_or_default(),
        full_name: known.map(|known| known.full_name.clone()).unwrap_or_default(),
        unit: unit
            .map(|code| directory.unit(code).map_or_else(|| code.to_string(), |unit| unit.name.clone()))
            .unwrap_or_default(),
        post: title.cloned().unwrap_or_default(),
        result: Printed {
            general: printed(Part::General),
            task_part: printed(Part::TaskPart),
            total: printed(Part::Total),
            level: level.filter(|_| period.is_year()),
            state: opened.map_or("Chưa có hồ sơ", |opened| opened.latest.state.vietnamese()).to_owned(),
        },
        note,
    }
}
