//! The close of a period: what stands open, what forbids the close, and what a person may take upon themselves.
//!
//! Owns the checklist (scoring rules 1.6, faults G5 and G8). It must not know where the counts come from. A
//! period that is not over, is closed already or whose scores are still being computed cannot be closed; gaps
//! in the data can, by a named person who says why, and they stay in the checklist that is kept with the close.

use crate::domain::{Period, UnitCode};
use crate::error::{Finding, Text};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// What the checklist is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloseFacts {
    /// The period.
    pub period: Period,
    /// Today in Asia/Ho_Chi_Minh.
    pub today: NaiveDate,
    /// Whether it is closed already.
    pub closed: bool,
    /// Scores of the period that are due to be computed.
    pub scores_due: u64,
    /// Tasks of the period that wait for their product.
    pub unmapped: u64,
    /// Source accounts with tasks of the period that belong to nobody known.
    pub unidentified: u64,
    /// Sources without a successful pull after the period's last day, by id.
    pub stale_sources: Vec<String>,
    /// Evaluated people who have no record.
    pub without_record: u64,
    /// People whose result lacks a part.
    pub incomplete: u64,
    /// People whose complete result nobody approved.
    pub unapproved: u64,
    /// People whose figures are others now than those approved (LT-REC-006).
    pub changed: u64,
    /// People who never put their own word to their record, where the rule set asks for it; else 0.
    pub not_self_assessed: u64,
    /// Records held while a complaint is verified.
    pub held: u64,
    /// Petitions nobody answered yet.
    pub petitions: u64,
    /// Of a year: what was decided beside the law's day, organisation or quota.
    pub yearly: Yearly,
    /// The unit whose part is closed; none = the whole.
    pub unit: Option<UnitCode>,
    /// Units that must be closed first and are not, by code: those below the unit; of the whole, where closing unit by
    /// unit was begun, all that are left.
    pub open_units: Vec<String>,
}

/// What stands open in a year's classifications; nothing in any other period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Yearly {
    /// People classified after the law's day (art. 19.2).
    pub late: u64,
    /// Heads classified although their organisation is not recognised (art. 20.6).
    pub unrecognised: u64,
    /// Groups of similar tasks with more Excellent people than the quota (art. 20.5).
    pub above_quota: u64,
}

/// One question of the checklist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckName {
    /// The period's last day has passed.
    PeriodOver,
    /// It is not closed yet.
    NotClosed,
    /// Every score is computed.
    ScoresComputed,
    /// Every task has its product or is outside the catalog by decision.
    TasksMapped,
    /// Every account belongs to a person.
    AccountsIdentified,
    /// Every source was read after the period's end.
    SourcesFresh,
    /// Everyone who is evaluated has a record.
    RecordsExist,
    /// No part of a result is missing.
    ResultsComplete,
    /// Every complete result is approved.
    ResultsApproved,
    /// Every approved result says what is computed now.
    FiguresStand,
    /// Everyone assessed themselves, where that is asked for.
    SelfAssessed,
    /// No record is held.
    NothingHeld,
    /// Every petition is answered.
    PetitionsAnswered,
    /// Lower units are closed before higher ones.
    LowerClosed,
    /// Of a year: everyone was classified by the law's day.
    ClassifiedInTime,
    /// Of a year: the organisation of every head who is classified is recognised.
    OrganisationsRecognised,
    /// Of a year: no group has more Excellent people than the quota.
    QuotaKept,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// In order.
    Ok,
    /// Open; a named person may accept it with a reason.
    Open,
    /// Forbids the close.
    Blocks,
}

/// One line of the checklist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// The question.
    pub name: CheckName,
    /// The answer.
    pub state: CheckState,
    /// How many things stand open.
    pub count: u64,
    /// What to do; none when in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<Finding>,
}

/// The checklist of a close, kept with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checklist {
    /// The period.
    pub period: Period,
    /// The unit whose part it is; none = the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<UnitCode>,
    /// Its lines, always all of them, in the same order; a year has three more.
    pub checks: Vec<Check>,
    /// The reason with which a person accepted what stands open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted_because: Option<String>,
}

impl Checklist {
    /// The checklist of a period.
    pub fn new(facts: &CloseFacts) -> Self {
        let period = facts.period;
        let last = period.last_day();
        let blocking = |name, open: u64, code: &str, vi: String, en: String, remedy: (&str, &str)| {
            check(name, CheckState::Blocks, open, Finding::error(code, Text::new(vi, en), text(remedy)))
        };
        let gap = |name, open: u64, code: &str, vi: String, en: String, remedy: (&str, &str)| {
            check(name, CheckState::Open, open, Finding::warning(code, Text::new(vi, en), text(remedy)))
        };
        let stale = facts.stale_sources.join(", ");
        let (of_vi, of_en) = match &facts.unit {
            Some(unit) => (format!(" của đơn vị {unit}"), format!(" of unit {unit}")),
            None => (String::new(), String::new()),
        };
        let open_units = facts.open_units.join(", ");
        let lower = facts.open_units.len() as u64;
        let mut checks = vec![
            blocking(
                CheckName::PeriodOver,
                u64::from(facts.today <= last),
                "LT-REC-030",
                format!("kỳ {period} chưa kết thúc (ngày cuối {})", last.format("%d/%m/%Y")),
                format!("period {period} is not over (last day {last})"),
                ("khóa kỳ sau ngày cuối của kỳ", "close it after its last day"),
            ),
            blocking(
                CheckName::NotClosed,
                u64::from(facts.closed),
                if facts.unit.is_some() { "LT-REC-051" } else { "LT-REC-031" },
                format!("kỳ {period}{of_vi} đã khóa"),
                format!("period {period}{of_en} is closed already"),
                (
                    "thay đổi sau khi khóa bằng `record correct`",
                    "change a closed result with `record correct`",
                ),
            ),
            blocking(
                CheckName::ScoresComputed,
                facts.scores_due,
                "LT-REC-032",
                format!("{} điểm của kỳ đang chờ tính", facts.scores_due),
                format!("{} scores of the period wait to be computed", facts.scores_due),
                (
                    "đợi tính xong rồi khóa lại; xem `status`",
                    "wait until they are computed and try again; see `status`",
                ),
            ),
            gap(
                CheckName::TasksMapped,
                facts.unmapped,
                "LT-REC-033",
                format!("{} nhiệm vụ của kỳ chưa có sản phẩm", facts.unmapped),
                format!("{} tasks of the period have no product yet", facts.unmapped),
                (
                    "xem bằng `mapping review`, quyết định bằng `mapping decide`",
                    "look at them with `mapping review`, decide them with `mapping decide`",
                ),
            ),
            gap(
                CheckName::AccountsIdentified,
                facts.unidentified,
                "LT-REC-034",
                format!("{} tài khoản có nhiệm vụ nhưng chưa biết là ai", facts.unidentified),
                format!("{} accounts have tasks but belong to nobody known", facts.unidentified),
                (
                    "gắn bằng `people unknown` và `people link`",
                    "link them with `people unknown` and `people link`",
                ),
            ),
            gap(
                CheckName::SourcesFresh,
                facts.stale_sources.len() as u64,
                "LT-REC-035",
                format!(
                    "nguồn chưa đầy đủ, chưa được đọc sau khi kỳ kết thúc: {stale}; điểm có thể thiếu nhiệm vụ, không phải bằng 0"
                ),
                format!(
                    "incomplete sources, not read since the period's end: {stale}; scores may lack tasks"
                ),
                ("chạy `sync NGUỒN` rồi khóa lại", "run `sync SOURCE` and try again"),
            ),
            gap(
                CheckName::RecordsExist,
                facts.without_record,
                "LT-REC-088",
                format!("{} người thuộc diện đánh giá chưa có phiếu", facts.without_record),
                format!("{} people who are evaluated have no record", facts.without_record),
                (
                    "xem `period status`; kiểm tra nhiệm vụ, tiêu chí và tài khoản của họ, hoặc khóa kèm lý do",
                    "see `period status`; look for their tasks, criteria and accounts, or close with a reason",
                ),
            ),
            gap(
                CheckName::ResultsComplete,
                facts.incomplete,
                "LT-REC-036",
                format!("{} người có kết quả chưa đủ các phần", facts.incomplete),
                format!("{} people have a result that lacks a part", facts.incomplete),
                (
                    "xem `record list --state computed`, nhập phần còn thiếu",
                    "see `record list --state computed` and enter what is missing",
                ),
            ),
            gap(
                CheckName::ResultsApproved,
                facts.unapproved,
                "LT-REC-037",
                format!("{} kết quả chưa được phê duyệt", facts.unapproved),
                format!("{} results are not approved", facts.unapproved),
                (
                    "người có thẩm quyền phê duyệt bằng `record approve`",
                    "the competent persons approve them with `record approve`",
                ),
            ),
            gap(
                CheckName::FiguresStand,
                facts.changed,
                "LT-REC-087",
                format!("{} kết quả đã phê duyệt nhưng số liệu sau đó thay đổi", facts.changed),
                format!("{} results are approved, but their figures changed since", facts.changed),
                (
                    "xem từng người bằng `period status`; đính chính bằng `record correct` rồi phê duyệt lại, hoặc khóa kèm lý do",
                    "see them with `period status`; take the figures up with `record correct` and approve anew, or close with a reason",
                ),
            ),
            gap(
                CheckName::SelfAssessed,
                facts.not_self_assessed,
                "LT-REC-059",
                format!("{} người chưa tự đánh giá", facts.not_self_assessed),
                format!("{} people did not assess themselves", facts.not_self_assessed),
                (
                    "xem `period status`; dùng `record self-assess`",
                    "see `period status`; use `record self-assess`",
                ),
            ),
            gap(
                CheckName::NothingHeld,
                facts.held,
                "LT-REC-058",
                format!("{} hồ sơ đang tạm dừng để xác minh", facts.held),
                format!("{} records are held while a complaint is verified", facts.held),
                ("khi có kết luận, dùng `record release`", "once settled, use `record release`"),
            ),
            gap(
                CheckName::PetitionsAnswered,
                facts.petitions,
                "LT-REC-054",
                format!("{} kiến nghị chưa được trả lời", facts.petitions),
                format!("{} petitions are not answered", facts.petitions),
                (
                    "xem `petition list`, trả lời bằng `petition answer`",
                    "see `petition list`, answer with `petition answer`",
                ),
            ),
            if facts.unit.is_some() {
                blocking(
                    CheckName::LowerClosed,
                    lower,
                    "LT-REC-050",
                    format!("đơn vị cấp dưới chưa khóa: {open_units}"),
                    format!("units below are not closed: {open_units}"),
                    ("khóa từ dưới lên", "close from the bottom up"),
                )
            } else {
                gap(
                    CheckName::LowerClosed,
                    lower,
                    "LT-REC-053",
                    format!("đơn vị chưa tự khóa: {open_units}"),
                    format!("units that did not close their part: {open_units}"),
                    (
                        "khóa bằng `period close --unit`, hoặc khóa chung kèm lý do",
                        "close them with `period close --unit`, or all at once with a reason",
                    ),
                )
            },
        ];
        let Yearly { late, unrecognised, above_quota } = facts.yearly;
        let of_a_year = [
            gap(
                CheckName::ClassifiedInTime,
                late,
                "LT-REC-052",
                format!("{late} người được xếp loại sau thời hạn luật định (Điều 19.2)"),
                format!("{late} people were classified after the law's day (art. 19.2)"),
                (
                    "xem từng người bằng `period status`; khi khóa ghi lý do chậm",
                    "see them with `period status`; say why when you close",
                ),
            ),
            gap(
                CheckName::OrganisationsRecognised,
                unrecognised,
                "LT-ORG-011",
                format!(
                    "{unrecognised} người đứng đầu được xếp loại khi tổ chức chưa được công nhận (Điều 20.6)"
                ),
                format!(
                    "{unrecognised} heads are classified while their organisation is not recognised (art. 20.6)"
                ),
                (
                    "công nhận tổ chức trước (`organisation list`); sau khi khóa, mức cao hơn tổ chức chỉ sửa được bằng đính chính",
                    "recognise the organisations first (`organisation list`); once closed, a level above the organisation's changes by a correction alone",
                ),
            ),
            gap(
                CheckName::QuotaKept,
                above_quota,
                "LT-REC-086",
                format!("{above_quota} nhóm có số người xuất sắc vượt tỷ lệ (Điều 20.5)"),
                format!("{above_quota} groups have more Excellent people than the quota (art. 20.5)"),
                ("xem `score quota` và `period status`", "see `score quota` and `period status`"),
            ),
        ];
        checks.extend(of_a_year.into_iter().filter(|_| period.is_year()));
        Self { period, unit: facts.unit.clone(), checks, accepted_because: None }
    }

    /// Whether nothing stands open.
    pub fn is_clean(&self) -> bool {
        self.checks.iter().all(|check| check.state == CheckState::Ok)
    }

    /// Decides the close. `reason`: a person's word for closing in spite of gaps, 1 to 2,000 characters.
    ///
    /// # Errors
    /// That it is closed already, and nothing else; or that the period is not closed, then every finding that forbids it;
    /// gaps are among them when nobody gave a reason.
    pub fn decide(mut self, reason: Option<&str>) -> Result<Self, Vec<Finding>> {
        let closed = |check: &&Check| check.name == CheckName::NotClosed && check.state == CheckState::Blocks;
        if let Some(already) = self.checks.iter().find(closed).and_then(|check| check.finding.clone()) {
            return Err(vec![already]);
        }
        let reason = reason.map(str::trim).filter(|reason| (1..=2_000).contains(&reason.chars().count()));
        let forbids = |check: &&Check| match check.state {
            CheckState::Ok => false,
            CheckState::Open => reason.is_none(),
            CheckState::Blocks => true,
        };
        let findings: Vec<Finding> =
            self.checks.iter().filter(forbids).filter_map(|check| check.finding.clone()).collect();
        if !findings.is_empty() {
            let only_gaps = self.checks.iter().all(|check| check.state != CheckState::Blocks);
            let told = not_closed((self.period, self.unit.as_ref()), findings.len(), only_gaps);
            return Err(std::iter::once(told).chain(findings).collect());
        }
        if !self.is_clean() {
            self.accepted_because = reason.map(str::to_owned);
        }
        Ok(self)
    }
}

fn not_closed((period, unit): (Period, Option<&UnitCode>), open: usize, only_gaps: bool) -> Finding {
    let part = unit.map(|unit| format!(" --unit {unit}")).unwrap_or_default();
    let (of_vi, of_en) = match unit {
        Some(unit) => (format!(" của đơn vị {unit}"), format!(" of unit {unit}")),
        None => (String::new(), String::new()),
    };
    let remedy = if only_gaps {
        Text::new(
            format!(
                "xử lý từng mục, hoặc khóa dù còn mục mở và chịu trách nhiệm: period close {period}{part} --reason \"LÝ DO\", cùng --author và --document như lệnh này"
            ),
            format!(
                "settle each point, or answer for closing in spite of them: period close {period}{part} --reason \"WHY\", with the --author and --document of this order"
            ),
        )
    } else {
        Text::new(
            "xử lý các mục báo lỗi trước; --reason không bỏ qua được chúng",
            "settle what is told as an error first; --reason does not pass over it",
        )
    };
    Finding::error(
        "LT-REC-038",
        Text::new(
            format!("kỳ {period}{of_vi} CHƯA được khóa: còn {open} mục vướng, nêu dưới đây"),
            format!("period {period}{of_en} is NOT closed: {open} points stand in the way, told below"),
        ),
        remedy,
    )
}

fn text(both: (&str, &str)) -> Text {
    Text::new(both.0, both.1)
}

fn check(name: CheckName, state: CheckState, count: u64, finding: Finding) -> Check {
    if count == 0 {
        return Check { name, state: CheckState::Ok, count, finding: None };
    }
    Check { name, state, count, finding: Some(finding) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean() -> CloseFacts {
        CloseFacts {
            period: "2026-Q3".parse().expect("period"),
            today: "2026-10-01".parse().expect("day"),
            closed: false,
            scores_due: 0,
            unmapped: 0,
            unidentified: 0,
            stale_sources: Vec::new(),
            without_record: 0,
            incomplete: 0,
            unapproved: 0,
            changed: 0,
            not_self_assessed: 0,
            held: 0,
            petitions: 0,
            yearly: Yearly::default(),
            unit: None,
            open_units: Vec::new(),
        }
    }

    fn codes(facts: &CloseFacts, reason: Option<&str>) -> Vec<String> {
        let findings = Checklist::new(facts).decide(reason).expect_err("must not close");
        findings.into_iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn clean_period_closes_the_day_after_its_last_one() {
        let closed = Checklist::new(&clean()).decide(None).expect("closes");
        assert!(closed.is_clean() && closed.accepted_because.is_none());
        assert_eq!(closed.checks.len(), 14);
        let early = CloseFacts { today: "2026-09-30".parse().expect("day"), ..clean() };
        assert_eq!(codes(&early, Some("gấp")), ["LT-REC-038", "LT-REC-030"]);
    }

    #[test]
    fn no_reason_opens_a_blocked_close() {
        let facts = CloseFacts { closed: true, scores_due: 3, ..clean() };
        assert_eq!(codes(&facts, Some("vì")), ["LT-REC-031"], "closed is closed, whatever else stands open");
    }

    #[test]
    fn unit_closes_after_those_below_it_and_once() {
        let unit = UnitCode::new("SNV").ok();
        let facts = CloseFacts { unit: unit.clone(), open_units: vec!["SNV-VP".into()], ..clean() };
        assert_eq!(codes(&facts, Some("vì")), ["LT-REC-038", "LT-REC-050"]);
        let facts = CloseFacts { unit, closed: true, ..clean() };
        assert_eq!(codes(&facts, Some("vì")), ["LT-REC-051"]);
        // The whole may be closed over the heads of units, by somebody who says why.
        let whole = CloseFacts { open_units: vec!["SNV-VP".into()], ..clean() };
        assert_eq!(codes(&whole, None), ["LT-REC-038", "LT-REC-053"]);
        assert!(Checklist::new(&whole).decide(Some("hết hạn")).is_ok());
    }

    #[test]
    fn a_refused_close_says_that_nothing_is_closed_and_names_the_reason_only_where_it_would_help() {
        let told = |facts: &CloseFacts| Checklist::new(facts).decide(None).expect_err("refused").remove(0);
        let gaps = told(&CloseFacts { unmapped: 2, unapproved: 1, ..clean() });
        assert_eq!(gaps.severity, crate::error::Severity::Error);
        assert!(gaps.what.en.contains("2026-Q3 is NOT closed: 2 points"), "{gaps}");
        assert!(gaps.what.vi.contains("CHƯA được khóa"), "{gaps:?}");
        assert!(gaps.remedy.en.contains("period close 2026-Q3 --reason"), "{gaps}");
        let part = CloseFacts { unit: UnitCode::new("SNV").ok(), unmapped: 2, ..clean() };
        let part = told(&part);
        assert!(part.remedy.vi.contains("period close 2026-Q3 --unit SNV --reason"), "{part:?}");
        assert!(part.what.vi.contains("của đơn vị SNV CHƯA được khóa"), "{part:?}");
        let blocked = told(&CloseFacts { unmapped: 2, scores_due: 1, ..clean() });
        assert!(!blocked.remedy.en.contains("period close"), "{blocked}");
    }

    #[test]
    fn gaps_are_all_told_and_can_be_accepted_with_a_reason_that_is_kept() {
        let facts = CloseFacts {
            unmapped: 2,
            unidentified: 1,
            stale_sources: vec!["so-yt".into()],
            without_record: 2,
            incomplete: 4,
            unapproved: 5,
            changed: 3,
            not_self_assessed: 1,
            held: 1,
            petitions: 1,
            ..clean()
        };
        let expected = [
            "LT-REC-038",
            "LT-REC-033",
            "LT-REC-034",
            "LT-REC-035",
            "LT-REC-088",
            "LT-REC-036",
            "LT-REC-037",
            "LT-REC-087",
            "LT-REC-059",
            "LT-REC-058",
            "LT-REC-054",
        ];
        assert_eq!(codes(&facts, None), expected);
        assert_eq!(codes(&facts, Some("  ")), expected);
        let closed = Checklist::new(&facts).decide(Some(" theo chỉ đạo ")).expect("closes");
        assert_eq!(closed.accepted_because.as_deref(), Some("theo chỉ đạo"));
        assert_eq!(closed.checks.iter().filter(|check| check.state == CheckState::Open).count(), 10);
    }

    #[test]
    fn close_of_a_year_tells_late_decisions_unrecognised_organisations_and_the_quota() {
        let year = CloseFacts {
            period: "2026".parse().expect("period"),
            today: "2027-01-20".parse().expect("day"),
            yearly: Yearly { late: 2, unrecognised: 1, above_quota: 1 },
            ..clean()
        };
        assert_eq!(codes(&year, None), ["LT-REC-038", "LT-REC-052", "LT-ORG-011", "LT-REC-086"]);
        let closed = Checklist::new(&year).decide(Some("Chủ tịch UBND tỉnh đồng ý")).expect("closes");
        assert_eq!(closed.checks.len(), 17);
        assert!(Checklist::new(&CloseFacts { yearly: Yearly::default(), ..year }).is_clean());
    }
}
