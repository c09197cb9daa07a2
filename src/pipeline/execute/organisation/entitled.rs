//! Who may take which step for an organisation, and who may state something about it (plan III.1, III.4).
//!
//! Owns who recognises which organisation and what somebody is told who may not. It must not know which moves are legal.
//! Nothing is written here.

use super::step::Making;
use crate::directory::Directory;
use crate::domain::{PersonId, UnitCode};
use crate::error::{Finding, Place, Text};
use crate::evaluation::organisation::{OrganisationState as State, recognised_by_province};
use crate::evaluation::remarks::is_ground;
use crate::pipeline::execute::App;
use chrono::NaiveDate;

/// Who recognises a unit: of departments and communes the province's chair, else the head of its agency (plan III.1).
pub(super) fn authority(directory: &Directory, unit: &UnitCode) -> Option<UnitCode> {
    let known = directory.unit(unit)?;
    if recognised_by_province(known.kind) {
        return known.parent.clone();
    }
    known.parent.as_ref().map(|parent| directory.serving(parent).clone())
}

/// Units the same authority recognises.
pub(super) fn scope<'a>(directory: &'a Directory, unit: &UnitCode) -> Vec<&'a UnitCode> {
    let by = authority(directory, unit);
    let province = directory.unit(unit).is_some_and(|known| recognised_by_province(known.kind));
    let same = |other: &&crate::domain::Unit| {
        recognised_by_province(other.kind) == province && authority(directory, &other.code) == by
    };
    directory.units().filter(same).map(|other| &other.code).collect()
}

/// Whether somebody's post of a day is in a unit or below it.
pub(super) fn is_member(directory: &Directory, who: PersonId, unit: &UnitCode, on: NaiveDate) -> bool {
    directory.unit_on(who, on).is_some_and(|own| directory.subtree(unit).contains(own))
}

/// Whether an author who is nobody's number names somebody of a unit, or below it, all the same.
fn member_written_out(directory: &Directory, who: &str, unit: &UnitCode, on: NaiveDate) -> bool {
    let mut people = directory.people().filter(|known| is_member(directory, known.id, unit, on));
    people.any(|known| directory.is_written_out(known.id, who))
}

/// Whether somebody may state something about an organisation: the head of the authority that recognises it, or an
/// office by its document; nobody of the organisation itself (plan III.1, III.4).
pub(super) fn may_state(
    app: &App,
    directory: &Directory,
    unit: &UnitCode,
    who: &str,
) -> Result<(), Box<Finding>> {
    let today = app.clock.today();
    let Some(named) = directory.named(who) else {
        // An office is not somebody of the organisation who leaves out their number.
        let own = member_written_out(directory, who, unit, today);
        return if own { Err(Box::new(own_organisation(who))) } else { Ok(()) };
    };
    if is_member(directory, named, unit, today) {
        return Err(Box::new(own_organisation(who)));
    }
    let authority = authority(directory, unit);
    if authority.is_some_and(|above| directory.heads_on(&above, today).contains(&named)) {
        return Ok(());
    }
    Err(Box::new(may_not(("xác nhận về", "state facts about"), who)))
}

/// Whether somebody may write down that a recognition was told: as [`may_state`]; an office needs a document.
pub(super) fn may_tell(
    app: &App,
    directory: &Directory,
    unit: &UnitCode,
    (who, document): (&str, Option<&str>),
) -> Result<(), Box<Finding>> {
    if document.is_some() || directory.named(who).is_none() {
        check_document(document.unwrap_or_default())?;
    }
    may_state(app, directory, unit, who)
}

/// Whether a step's author may make it.
pub(super) fn may(app: &App, directory: &Directory, step: State, made: &Making) -> Result<(), Box<Finding>> {
    let today = app.clock.today();
    let heads = directory.heads_on(&made.unit, today);
    let named = directory.named(&made.author);
    let place = || Place::of(format!("organisation {} {}", made.unit, made.year));
    let document = made.document.as_deref().filter(|document| !document.trim().is_empty());
    if let Some(document) = document {
        check_document(document).map_err(|told| Box::new(told.at(place())))?;
    }
    let cites = document.is_some();
    let own = match named {
        Some(named) => is_member(directory, named, &made.unit, today),
        None => member_written_out(directory, &made.author, &made.unit, today),
    };
    let authority = authority(directory, &made.unit);
    let entitled: Vec<PersonId> = match step {
        State::SelfAssessed => heads,
        State::Appraised => Vec::new(),
        State::Recognised | State::Revoked => {
            authority.as_ref().map(|unit| directory.heads_on(unit, today)).unwrap_or_default()
        }
    };
    if step != State::SelfAssessed && own {
        return Err(Box::new(own_organisation(&made.author).at(place())));
    }
    match named {
        Some(named) if entitled.contains(&named) => Ok(()),
        // The personnel body is of the authority; whoever acts for it cites its document.
        Some(named) if step == State::Appraised && cites => match &authority {
            Some(above) if is_member(directory, named, above, today) => Ok(()),
            _ => Err(Box::new(not_entitled(step, &made.author).at(place()))),
        },
        None if cites => Ok(()),
        _ => Err(Box::new(not_entitled(step, &made.author).at(place()))),
    }
}

pub(super) fn own_organisation(who: &str) -> Finding {
    Finding::error(
        "LT-AUT-004",
        Text::new(
            format!("{who} thuộc chính tổ chức này; chỉ người đứng đầu được tự đánh giá"),
            format!("{who} belongs to this organisation, which only its head assesses"),
        ),
        Text::new(
            "thẩm định, công nhận và xác nhận do cấp có thẩm quyền thực hiện (mục III.1, III.4)",
            "appraisal, recognition and facts are the authority's (plan III.1, III.4)",
        ),
    )
}

pub(super) fn not_entitled(step: State, who: &str) -> Finding {
    Finding::error(
        "LT-AUT-005",
        Text::new(
            format!(
                "{who} không có thẩm quyền làm bước \"{}\" của tổ chức này (mục III.1, III.4)",
                step.vietnamese()
            ),
            format!("{who} may not make the step {} of this organisation (plan III.1, III.4)", step.as_str()),
        ),
        Text::new(
            "tự đánh giá: người đứng đầu; công nhận: Chủ tịch UBND tỉnh hoặc người đứng đầu cơ quan; cơ quan nhập thay phải nêu văn bản",
            "self-assessment: its head; recognition: the province's chair or the agency's head; an office cites a document",
        ),
    )
}

pub(super) fn may_not((vi, en): (&str, &str), who: &str) -> Finding {
    Finding::error(
        "LT-AUT-005",
        Text::new(
            format!("{who} không có thẩm quyền {vi} tổ chức này (mục III.1, III.4)"),
            format!("{who} may not {en} this organisation (plan III.1, III.4)"),
        ),
        Text::new(
            "người có thẩm quyền công nhận thực hiện; cơ quan nhập thay ghi tên cơ quan và văn bản",
            "the recognising authority does; an office gives its name and its document",
        ),
    )
}

/// Whether a document that is cited is one by its length (LT-AUT-006).
pub(super) fn check_document(given: &str) -> Result<(), Box<Finding>> {
    if is_ground(given) {
        return Ok(());
    }
    let (given, length) = (given.trim(), given.trim().chars().count());
    let what = match length {
        0 => Text::new(
            "thiếu văn bản làm căn cứ (2 đến 2.000 ký tự)",
            "the document is missing (2 to 2,000 characters)",
        ),
        1 => Text::new(
            format!("văn bản làm căn cứ \"{given}\" quá ngắn: cần 2 đến 2.000 ký tự"),
            format!("the document \"{given}\" is too short: 2 to 2,000 characters are needed"),
        ),
        _ => Text::new(
            format!("văn bản làm căn cứ dài {length} ký tự: cần 2 đến 2.000 ký tự"),
            format!("the document has {length} characters: 2 to 2,000 are needed"),
        ),
    };
    Err(Box::new(Finding::error(
        "LT-AUT-006",
        what,
        Text::new("ghi số, ngày văn bản bằng --document", "give number and date with --document"),
    )))
}
