//! The life of an organisation's year: self-assessment, appraisal, recognition, revocation (Decree 335/2025 art. 5, 9;
//! plan III.1, III.4).
//!
//! Owns the states, which may follow which, and what a recognition needs: lower organisations before higher ones,
//! nothing held, the quota of Excellent. It must not know points or tasks, nor where records are kept. What is not
//! allowed is refused with a coded finding and changes nothing.

use crate::domain::{Level, Role, UnitCode, UnitKind};
use crate::error::{Finding, Place, Text};
use chrono::NaiveDate;

/// State of an organisation's year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrganisationState {
    /// The head assessed the organisation and proposed a level.
    SelfAssessed,
    /// The personnel body appraised it and proposed a level.
    Appraised,
    /// The authority recognised the level.
    Recognised,
    /// A recognition that was found wrong is annulled.
    Revoked,
}

use OrganisationState::{Appraised, Recognised, Revoked, SelfAssessed};

impl OrganisationState {
    /// Every state, in order.
    pub const ALL: [Self; 4] = [SelfAssessed, Appraised, Recognised, Revoked];

    /// Stable name, as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            SelfAssessed => "self_assessed",
            Appraised => "appraised",
            Recognised => "recognised",
            Revoked => "revoked",
        }
    }

    /// What it is called in Vietnamese.
    pub fn vietnamese(self) -> &'static str {
        match self {
            SelfAssessed => "Đã tự đánh giá",
            Appraised => "Đã thẩm định",
            Recognised => "Đã công nhận",
            Revoked => "Đã hủy công nhận",
        }
    }

    /// Reads a stored name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// Every legal move with who makes it; none = there is no record yet.
pub const ORGANISATION_MOVES: [(Option<OrganisationState>, OrganisationState, &str); 8] = [
    (None, SelfAssessed, "head of the organisation"),
    (Some(SelfAssessed), SelfAssessed, "head of the organisation"),
    (Some(SelfAssessed), Appraised, "personnel body"),
    (Some(Appraised), SelfAssessed, "head of the organisation"),
    (Some(Appraised), Appraised, "personnel body"),
    (Some(Appraised), Recognised, "recognising authority"),
    (Some(Recognised), Revoked, "recognising authority"),
    (Some(Revoked), SelfAssessed, "head of the organisation"),
];

/// The table as `docs/RECORDS.md` shows it.
pub fn printed() -> String {
    let mut table = String::from("| from | to | who |\n|---|---|---|\n");
    for (from, to, who) in ORGANISATION_MOVES {
        table.push_str(&format!(
            "| {} | {} | {who} |\n",
            from.map_or("–", OrganisationState::as_str),
            to.as_str()
        ));
    }
    table
}

/// Whether a move stands in the table.
///
/// # Errors
/// LT-ORG-003 it does not.
pub fn check_move(
    unit: &UnitCode,
    year: i32,
    from: Option<OrganisationState>,
    to: OrganisationState,
) -> Result<(), Box<Finding>> {
    if ORGANISATION_MOVES.iter().any(|(before, after, _)| (*before, *after) == (from, to)) {
        return Ok(());
    }
    let (from_vi, to_vi) = (from.map_or("Chưa tự đánh giá", OrganisationState::vietnamese), to.vietnamese());
    let (from, to) = (from.map_or("none", OrganisationState::as_str), to.as_str());
    Err(refuse(
        "LT-ORG-003",
        unit,
        year,
        (
            &format!("không thể chuyển hồ sơ tổ chức từ trạng thái \"{from_vi}\" sang \"{to_vi}\""),
            &format!("an organisation's record cannot move from {from} to {to}"),
        ),
        (
            "tự đánh giá, rồi thẩm định, rồi công nhận; kết quả đã công nhận chỉ thay bằng `organisation revoke`",
            "assess, then appraise, then recognise; what is recognised changes only by `organisation revoke`",
        ),
    ))
}

/// Whether an organisation's year is assessed by now: as the years of people, not before it opens (plan III.4).
///
/// # Errors
/// LT-REC-012 it is not.
pub fn check_opened(
    unit: &UnitCode,
    year: i32,
    opens: NaiveDate,
    today: NaiveDate,
) -> Result<(), Box<Finding>> {
    if opens <= today {
        return Ok(());
    }
    let (day, on) = (opens.format("%d/%m/%Y"), today.format("%d/%m/%Y"));
    Err(refuse(
        "LT-REC-012",
        unit,
        year,
        (
            &format!("năm {year} chưa đến thời gian đánh giá (từ ngày {day}); hôm nay {on}"),
            &format!("the year {year} is not assessed before {opens}; today is {today}"),
        ),
        (
            "kiểm tra năm; đánh giá từ ngày đó ([scoring] year_opens). Chưa có gì được ghi",
            "check the year; assess it from that day on ([scoring] year_opens). Nothing was written",
        ),
    ))
}

/// What a recognition looks at.
#[derive(Debug, Clone, Copy)]
pub struct Recognition<'a> {
    /// Which organisation.
    pub unit: &'a UnitCode,
    /// Which year.
    pub year: i32,
    /// The level to be recognised.
    pub level: Level,
    /// Direct subordinate organisations whose year is not recognised.
    pub open_below: &'a [String],
    /// Why it is held; none when it is not.
    pub hold: Option<&'a str>,
    /// Organisations recognised as Good and as Excellent within the authority's scope, without this one.
    pub good: u64,
    /// As above.
    pub excellent: u64,
    /// Hundredths of those Good that may be Excellent.
    pub percent: u32,
    /// Document of the exception that lifts it to 25 hundredths (art. 8.5).
    pub exception: Option<&'a str>,
}

/// Whether a recognition can be.
///
/// # Errors
/// LT-ORG-004 a lower organisation is not recognised yet (art. 9.1; plan III.4.a), LT-ORG-005 it is held (plan III.4.b),
/// LT-ORG-006 more Excellent ones than the quota allows (art. 8.5).
pub fn check_recognition(asked: Recognition<'_>) -> Result<(), Vec<Finding>> {
    let Recognition { unit, year, level, open_below, hold, good, excellent, percent, exception } = asked;
    let mut findings = Vec::new();
    if !open_below.is_empty() {
        let list = open_below.join(", ");
        findings.push(*refuse(
            "LT-ORG-004",
            unit,
            year,
            (
                &format!("tổ chức cấp dưới trực tiếp chưa được công nhận: {list}"),
                &format!("direct subordinate organisations are not recognised yet: {list}"),
            ),
            ("công nhận tổ chức cấp dưới trước", "recognise the lower organisations first"),
        ));
    }
    if let Some(why) = hold {
        findings.push(*refuse(
            "LT-ORG-005",
            unit,
            year,
            (&format!("đang kiểm tra, xác minh: {why}"), &format!("a complaint is being verified: {why}")),
            (
                "khi có kết luận, dùng `organisation state --kind hold --value no`",
                "once it is settled, use `organisation state --kind hold --value no`",
            ),
        ));
    }
    let percent =
        if exception.is_some_and(|document| !document.trim().is_empty()) { percent.max(25) } else { percent };
    let most = good * u64::from(percent) / 100;
    if level == Level::Excellent && excellent + 1 > most {
        findings.push(*refuse(
            "LT-ORG-006",
            unit,
            year,
            (
                &format!("đã có {excellent} tổ chức xuất sắc, {good} tổ chức hoàn thành tốt: tối đa {most} ({percent} %)"),
                &format!("{excellent} Excellent organisations beside {good} Good ones: at most {most} ({percent} %)"),
            ),
            (
                "công nhận các tổ chức hoàn thành tốt trước; tỷ lệ 25 % cần văn bản của cấp có thẩm quyền (--exception)",
                "recognise the Good ones first; 25 % needs a document of the authority (--exception)",
            ),
        ));
    }
    if findings.is_empty() { Ok(()) } else { Err(findings) }
}

/// A head's level is at most the level of the organisation (art. 20.6). `organisation` none = not recognised yet.
///
/// # Errors
/// LT-ORG-010 the level is higher; the warning LT-ORG-011 comes back where there is nothing to compare with.
pub fn check_head(
    unit: &UnitCode,
    year: i32,
    role: Role,
    decided: Level,
    organisation: Option<Level>,
) -> Result<Option<Finding>, Box<Finding>> {
    if role != Role::Head {
        return Ok(None);
    }
    match organisation {
        Some(cap) if decided > cap => Err(refuse(
            "LT-ORG-010",
            unit,
            year,
            (
                &format!(
                    "người đứng đầu không được xếp loại cao hơn tổ chức (Điều 20.6): \"{}\" so với \"{}\"",
                    decided.vietnamese(),
                    cap.vietnamese()
                ),
                &format!(
                    "a head is not classified above their organisation (art. 20.6): {} against {}",
                    decided.as_str(),
                    cap.as_str()
                ),
            ),
            ("chọn mức không cao hơn mức của tổ chức", "choose a level not above the organisation's"),
        )),
        Some(_) => Ok(None),
        None => Ok(Some(
            Finding::warning(
                "LT-ORG-011",
                Text::new(
                    format!("tổ chức {unit} năm {year} chưa được công nhận; chưa đối chiếu được mức của người đứng đầu"),
                    format!("organisation {unit} is not recognised for {year}; the head's level could not be compared"),
                ),
                Text::new(
                    "công nhận tổ chức trước khi xếp loại người đứng đầu (`organisation recognise`)",
                    "recognise the organisation before its head is classified (`organisation recognise`)",
                ),
            )
            .at(Place::of(format!("organisation {unit} {year}"))),
        )),
    }
}

/// By when a year is classified: before 15 December, of units with a special date before 15 January (art. 9.1, 19.2;
/// plan III.4.a, IV.4.1.b). What is late is told, not refused: a late decision is a decision.
pub fn late_classification(year: i32, on: NaiveDate, special: bool) -> Option<Finding> {
    let (y, month) = if special { (year + 1, 1) } else { (year, 12) };
    let before = NaiveDate::from_ymd_opt(y, month, 15)?;
    (on >= before).then(|| {
        Finding::warning(
            "LT-REC-052",
            Text::new(
                format!("xếp loại năm {year} phải xong trước ngày {before}; ngày quyết định là {on}"),
                format!("the year {year} is classified before {before}; the decision is of {on}"),
            ),
            Text::new(
                "nếu đơn vị được phép hoàn thành trước 15/01 năm sau, ghi bằng `organisation state --kind special_date`",
                "if the unit may finish before 15 January, say so with `organisation state --kind special_date`",
            ),
        )
    })
}

/// Whether a recognition can have been told on a day (plan III.4.b). `held` is the newest revision: its state and its day.
///
/// # Errors
/// LT-ORG-014 it is not recognised, or the day lies before the recognition or in the future.
pub fn check_notice(
    (unit, year): (&UnitCode, i32),
    held: Option<(&str, NaiveDate)>,
    on: NaiveDate,
    today: NaiveDate,
) -> Result<(), Box<Finding>> {
    let recognised = held.filter(|(state, _)| *state == OrganisationState::Recognised.as_str());
    let what = match recognised {
        Some((_, from)) if from <= on && on <= today => return Ok(()),
        Some((_, from)) => (
            format!(
                "kết quả không thể được thông báo ngày {}: công nhận ngày {}, hôm nay {}",
                on.format("%d/%m/%Y"),
                from.format("%d/%m/%Y"),
                today.format("%d/%m/%Y")
            ),
            format!("the result cannot have been told on {on}: recognised on {from}, today is {today}"),
        ),
        None => (
            "tổ chức chưa được công nhận, hoặc công nhận đã bị hủy: chưa có gì để thông báo".to_owned(),
            "the organisation is not recognised, or no longer: there is nothing to tell".to_owned(),
        ),
    };
    Err(refuse(
        "LT-ORG-014",
        unit,
        year,
        (&what.0, &what.1),
        ("xem `organisation show`; kiểm tra --on", "look at `organisation show`; check --on"),
    ))
}

/// Whether a unit's recognising authority is the province's chair: departments and communes (plan III.1).
pub fn recognised_by_province(kind: UnitKind) -> bool {
    matches!(kind, UnitKind::Department | UnitKind::Commune)
}

fn refuse(code: &str, unit: &UnitCode, year: i32, what: (&str, &str), remedy: (&str, &str)) -> Box<Finding> {
    let finding = Finding::error(code, Text::new(what.0, what.1), Text::new(remedy.0, remedy.1));
    Box::new(finding.at(Place::of(format!("organisation {unit} {year}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit() -> UnitCode {
        UnitCode::new("SNV").expect("code")
    }

    #[test]
    fn moves_are_those_of_the_table_and_no_others() {
        let states: Vec<_> = std::iter::once(None).chain(OrganisationState::ALL.map(Some)).collect();
        for from in states {
            for to in OrganisationState::ALL {
                let stands =
                    ORGANISATION_MOVES.iter().any(|(before, after, _)| (*before, *after) == (from, to));
                let checked = check_move(&unit(), 2026, from, to);
                assert_eq!(checked.is_ok(), stands, "{from:?} {to:?}");
                assert!(checked.err().is_none_or(|told| told.code == "LT-ORG-003"));
            }
        }
        assert!(
            OrganisationState::ALL
                .iter()
                .all(|state| OrganisationState::parse(state.as_str()) == Some(*state))
        );
    }

    #[test]
    fn recognition_is_refused_for_everything_that_stands_against_it_at_once() {
        let unit = unit();
        let free = Recognition {
            unit: &unit,
            year: 2026,
            level: Level::Excellent,
            open_below: &[],
            hold: None,
            good: 5,
            excellent: 0,
            percent: 20,
            exception: None,
        };
        assert_eq!(check_recognition(free), Ok(()));
        let below = ["SNV-VP".to_owned()];
        let all = Recognition { open_below: &below, hold: Some("đơn"), good: 4, ..free };
        let codes: Vec<_> =
            check_recognition(all).expect_err("refused").into_iter().map(|f| f.code).collect();
        assert_eq!(codes, ["LT-ORG-004", "LT-ORG-005", "LT-ORG-006"]);
        assert!(check_recognition(Recognition { good: 4, level: Level::Good, ..free }).is_ok());
        assert!(check_recognition(Recognition { good: 4, exception: Some("7/UBND"), ..free }).is_ok());
        assert!(check_recognition(Recognition { good: 4, exception: Some("  "), ..free }).is_err());
    }

    #[test]
    fn no_step_is_made_before_the_year_opens() {
        let on = |today: &str| {
            check_opened(&unit(), 2027, "2027-12-01".parse().expect("day"), today.parse().expect("day"))
        };
        let told = on("2026-12-07").expect_err("refused");
        assert_eq!(told.code, "LT-REC-012");
        assert!(told.what.vi.contains("từ ngày 01/12/2027"), "{told:?}");
        assert!(on("2027-11-30").is_err() && on("2027-12-01").is_ok());
    }

    #[test]
    fn head_stands_at_most_where_the_organisation_does() {
        let check = |role, decided, cap| check_head(&unit(), 2026, role, decided, cap);
        assert_eq!(check(Role::Head, Level::Good, Some(Level::Good)), Ok(None));
        let above = check(Role::Head, Level::Excellent, Some(Level::Good)).expect_err("refused");
        assert_eq!(above.code, "LT-ORG-010");
        assert_eq!(check(Role::Deputy, Level::Excellent, Some(Level::Completed)), Ok(None));
        let told = check(Role::Head, Level::Good, None).expect("allowed").expect("told");
        assert_eq!(told.code, "LT-ORG-011");
    }

    #[test]
    fn year_is_classified_before_the_fifteenth_of_december_or_of_january() {
        let late =
            |day: &str, special| late_classification(2026, day.parse().expect("day"), special).is_some();
        assert!(!late("2026-12-14", false) && late("2026-12-15", false));
        assert!(!late("2027-01-14", true) && late("2027-01-15", true));
    }
}
