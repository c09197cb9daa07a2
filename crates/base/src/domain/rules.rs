//! The rule set of scoring: every point the law leaves open, as a named switch (scoring rules 8a, 8b).
//!
//! Owns the switches, their values and Gia Lai's proposed defaults. A value that this version does not
//! implement is refused by [`RuleSet::refusals`], never ignored. It must not compute anything. Every result
//! echoes the rule set it was made with.

use super::exact::{Exact, RoundingMode};
use super::id::RuleSetId;
use super::period::Period;
use super::person::{Role, UnitKind};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

macro_rules! switch {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $value:ident),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $value),+ }
    };
}

switch!(
    /// What one count of lateness is (Đ14.2.c "mỗi lần"; Handbook "mỗi lần/ngày").
    LateUnit {
        /// One per late product.
        Occurrence,
        /// One per calendar day.
        CalendarDay,
        /// One per working day.
        WorkingDay,
    }
);
switch!(
    /// What a deduction of 25 % is taken from.
    DeductionScope {
        /// The line's whole completed quantity (Handbook).
        Line,
        /// One unit of the line.
        Unit,
    }
);
switch!(
    /// Where results above 100 % are cut (Đ12.3 caps only the part).
    CapLevel {
        /// a, b and c each at 100 %.
        EachRatio,
        /// R at 100 %.
        Criterion,
        /// R·70 at 70.
        #[serde(rename = "part_70")]
        Part70,
    }
);
switch!(
    /// What stands for a, b, c when nothing was assigned.
    ZeroDenPolicy {
        /// Missing: a data defect.
        NotComputable,
        /// 0 %.
        Zero,
        /// 100 %.
        Full,
    }
);
switch!(
    /// Which tasks belong to a period.
    PeriodMembership {
        /// Due in it; without a due date, assigned in it.
        DueInPeriod,
        /// Assigned in it.
        AssignedInPeriod,
        /// By shares set per period.
        ShareAllocated,
    }
);
switch!(
    /// What happens to an unfinished task after its period.
    CarryOver {
        /// Nothing: it stays in the period it was due in.
        None,
        /// It counts as an extra task where it is finished.
        CompletedAsExtra,
    }
);
switch!(
    /// How a quarter is scored.
    QuarterMethod {
        /// From the quarter's tasks.
        Direct,
        /// As the mean of three months.
        MeanOfMonths,
    }
);
switch!(
    /// What the year is the mean of.
    YearMeanOf {
        /// The recorded, printed quarter scores.
        Recorded,
        /// The unrounded ones.
        Exact,
    }
);
switch!(
    /// What a level is read from.
    ClassifyOn {
        /// The unrounded score.
        Exact,
        /// The printed score.
        Printed,
    }
);
switch!(
    /// Whose lines a leader's a, b, c are made of (Đ15.1).
    LeaderScope {
        /// Own lines only, leadership products among them.
        OwnAndLeadershipProducts,
        /// Own lines and those of everyone in charge.
        PooledSubordinates,
        /// Own lines with a multiplier of the post held on the line's day.
        PositionMultiplier,
    }
);
switch!(
    /// How contract workers are scored (art. 28.2 leaves it to each body).
    SupportModel {
        /// Like civil servants without a leading post.
        AsStaff,
        /// The Handbook's three percents: work quality, compliance, efficiency (III.5).
        ThreePercents,
    }
);
switch!(
    /// Local rules on levels that bodies elsewhere apply; none of them stands in the decree, none is a default.
    Overlay {
        /// An assigned task of the quarter not completed without objective cause: not completed.
        #[serde(rename = "below_100_not_completed")]
        Below100NotCompleted,
        /// A head whose unit completed less than 70 %: not completed.
        #[serde(rename = "unit_below_70_head_not_completed")]
        UnitBelow70HeadNotCompleted,
        /// A deputy whose field completed less than 70 %: at most Good.
        #[serde(rename = "unit_below_70_deputy_not_excellent")]
        UnitBelow70DeputyNotExcellent,
        /// A quarter not completed: no Excellent year.
        QuarterNotCompletedNoExcellentYear,
        /// Two quarters not completed in a row: replacement is to be considered; no level changes.
        TwoQuartersNotCompletedConsiderReplacement,
        /// The year's level follows from the quarters' levels instead of the mean.
        YearFromQuarterLevels,
    }
);
switch!(
    /// Values of đ and e.
    LeaderLevels {
        /// 50 or 100 (Đ15.3).
        #[serde(rename = "50_100")]
        FiftyOrHundred,
        /// Anything between.
        #[serde(rename = "any_50_to_100")]
        AnyBetween,
    }
);
switch!(
    /// Whose scores d looks at.
    DPopulation {
        /// Those directly below.
        Direct,
        /// Everyone below.
        WholeSubtree,
    }
);
switch!(
    /// What an unscored subordinate does to d.
    DUnscored {
        /// Left out and listed.
        ExcludeAndList,
        /// d is missing until everyone has a total.
        Block,
    }
);
switch!(
    /// Whose general criteria count.
    GenScoreSource {
        /// The person's own.
        #[serde(rename = "self")]
        Own,
        /// The superior's.
        Superior,
        /// The superior's, else the person's own.
        SuperiorElseSelf,
    }
);
switch!(
    /// What stands for general criteria nobody entered.
    GenAssumption {
        /// Nothing: the total is missing.
        None,
        /// 30 points, marked as assumed.
        Full,
    }
);
switch!(
    /// What happens to a product whose coefficient is not approved.
    PendingCoefficientPolicy {
        /// Listed, outside every ratio.
        Park,
        /// Counted with a provisional coefficient.
        Provisional,
        /// Counted as the catch-all product.
        CatchAll,
    }
);
switch!(
    /// When the coefficient is frozen.
    CoefficientFreeze {
        /// At assignment.
        AtAssignment,
        /// At the period's start.
        AtPeriodStart,
    }
);
switch!(
    /// What a move within the period does.
    TransferPolicy {
        /// The unit at the end of the period has everything.
        UnitAtEnd,
        /// Each leader answers for the days the person was theirs.
        SplitByEffectiveDate,
    }
);
switch!(
    /// What a task only partly done counts.
    PartialCompletion {
        /// Nothing until done.
        DoneOnly,
        /// A share a superior confirmed.
        ConfirmedFraction,
    }
);
switch!(
    /// Which moment is completion.
    CompletionEvent {
        /// The submission that was later accepted.
        Submitted,
        /// The acceptance.
        Accepted,
    }
);
switch!(
    /// Which due date counts after extensions.
    DueDateRule {
        /// An extension counts when granted before the old date passed.
        InForceWhenDue,
        /// The latest.
        Latest,
    }
);
switch!(
    /// How finely lateness is measured.
    DuePrecision {
        /// By day.
        Day,
        /// By minute.
        Minute,
    }
);
switch!(
    /// Whether something counts by itself or once a person confirmed it.
    Counted {
        /// By itself.
        Automatic,
        /// Once confirmed.
        ConfirmedOnly,
    }
);
switch!(
    /// What happens to tasks the source no longer shows.
    GonePolicy {
        /// Left out and listed.
        ExcludeAndList,
        /// Kept as they last were.
        Keep,
    }
);
switch!(
    /// Base of the quota of Excellent (Đ20.5).
    QuotaBase {
        /// Those classified Good.
        Good,
        /// Good or better.
        GoodOrBetter,
    }
);
switch!(
    /// What a group of fewer than five may do.
    QuotaSmallGroup {
        /// Nothing special.
        None,
        /// Pick one.
        AtLeastOne,
    }
);

switch!(
    /// Which view of a running quarter is shown and recorded; both are computed, and a quarter that is over
    /// always shows the full period.
    ProvisionalView {
        /// What is due by today or done already.
        ToDate,
        /// Every task of the quarter.
        FullPeriod,
    }
);
switch!(
    /// When sick or maternity leave lifts the six months of a classification (Đ11.1–2).
    #[derive(Default)]
    LeaveExemption {
        /// Any such leave in the year, as the decree says it.
        #[default]
        AnyLeave,
        /// Only where the months worked and those of the leave reach six together.
        MakesUpSixMonths,
    }
);
switch!(
    /// Whether the steps between a provisional result and its approval (self-assessment, review) may be left out, as
    /// where an evaluation software has them and tells the approval alone (art. 17–18; plan IV.4.2).
    #[derive(Default)]
    RecordSteps {
        /// They may.
        #[default]
        Optional,
        /// They may not: an approval follows a review, a review a self-assessment.
        Required,
    }
);
switch!(
    /// Whether the year of a head or deputy is classified before the party committee's opinion is written down (Đ21, Đ24).
    #[derive(Default)]
    PartyOpinion {
        /// It may be; that it is missing is told.
        #[default]
        Optional,
        /// It may not.
        Required,
    }
);
switch!(
    /// Where points and coefficients of products come from (Đ13; plan IV.2).
    PointsAndK {
        /// The catalog the chair of the province approved; nothing is computed here.
        ApprovedCatalog,
    }
);
switch!(
    /// How the days of a deadline are counted.
    DayCount {
        /// Every day counts.
        Calendar,
        /// Only working days count.
        Working,
    }
);
switch!(
    /// What missing a deadline means.
    DeadlineWeight {
        /// The legal deadline.
        Deadline,
        /// An earlier limit that may bind; missing it warns.
        Warning,
    }
);
switch!(
    /// The event a deadline is counted from.
    SyncStart {
        /// The approval of the record; for a quarter the close of its period.
        Approval,
    }
);

/// One limit within which a result must have reached its receiver (switch `sync_deadline`; Đ26.1.d, mục V.2.e).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SyncDeadline {
    /// Name with the article, shown to people; 1–100 characters.
    pub name: String,
    /// Days after the start, 0–365; the day of the start is not counted.
    pub days: u32,
    /// How days are counted.
    pub count: DayCount,
    /// What missing it means.
    pub weight: DeadlineWeight,
    /// What it is counted from.
    pub from: SyncStart,
}

/// Who is evaluated (switch `population_filter`): civil servants always are; of these groups the province decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Population {
    /// Commune chairs and deputy chairs (cadre or civil servant: open; plan IV.1.1.a lists them).
    pub commune_leaders: bool,
    /// Contract workers (art. 28.2; plan V.1.e).
    pub contract_workers: bool,
    /// Accounts that administer systems.
    pub administrators: bool,
    /// Heads and deputies of units of the kind `province`: the head scores and classifies heads of departments and communes (plan
    /// IV.1.1.a), and the province's People's Committee itself is outside the decree (Đ2.3).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub province_leaders: bool,
}

impl Default for Population {
    fn default() -> Self {
        Self {
            commune_leaders: true,
            contract_workers: false,
            administrators: false,
            province_leaders: false,
        }
    }
}

impl Population {
    /// Whether a role in a kind of unit is evaluated; a unit nobody knows is taken for a division.
    pub fn admits(self, role: Role, unit: Option<UnitKind>) -> bool {
        match role {
            Role::Contract => self.contract_workers,
            Role::Administrator => self.administrators,
            Role::Head | Role::Deputy if unit == Some(UnitKind::Province) => self.province_leaders,
            Role::Head | Role::Deputy => self.commune_leaders || unit != Some(UnitKind::Commune),
            Role::Staff => true,
        }
    }
}

/// Rounding at output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rounding {
    /// Decimals of a printed score, 0–6.
    pub digits: u32,
    /// What happens half-way.
    pub mode: RoundingMode,
    /// What levels are read from.
    pub classify_on: ClassifyOn,
}

/// A dated rule set. A field left out in a file takes Gia Lai's default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the law's open points, by its name")]
pub struct RuleSet {
    /// Name, echoed in every result.
    #[schemars(with = "String")]
    pub id: RuleSetId,
    /// First day of the periods it governs.
    pub valid_from: NaiveDate,
    /// Last day, open when none.
    pub valid_to: Option<NaiveDate>,
    pub late_unit: LateUnit,
    pub deduction_scope: DeductionScope,
    pub cap_level: CapLevel,
    /// Whether extra tasks stand in the denominator (Đ18.1.d: no).
    pub extra_in_denominator: bool,
    /// Which of a, b, c extra tasks add to.
    pub extra_components: Vec<String>,
    pub zero_den_policy: ZeroDenPolicy,
    pub provisional_view: ProvisionalView,
    pub period_membership: PeriodMembership,
    pub carry_over: CarryOver,
    pub quarter_method: QuarterMethod,
    pub year_mean_of: YearMeanOf,
    pub rounding: Rounding,
    pub leader_scope: LeaderScope,
    /// Multipliers of `position_multiplier` by title of the post or by role, above 0; a post without one counts once.
    pub position_multipliers: BTreeMap<String, String>,
    pub leader_levels: LeaderLevels,
    pub d_population: DPopulation,
    pub d_unscored: DUnscored,
    pub gen_score_source: GenScoreSource,
    /// Step of general criteria: `0.25` or `0.5`.
    pub gen_step: String,
    pub gen_assumption: GenAssumption,
    pub quota_base: QuotaBase,
    /// 20 or 25.
    pub quota_percent: u32,
    pub quota_small_group: QuotaSmallGroup,
    pub quota_on_quarters: bool,
    pub population_filter: Population,
    pub support_model: SupportModel,
    pub pending_coefficient_policy: PendingCoefficientPolicy,
    pub coefficient_freeze: CoefficientFreeze,
    /// Least share of a period worked to be scored, 0 to 1 as a decimal: `0` scores every partial quarter.
    pub min_worked_share: String,
    pub transfer_policy: TransferPolicy,
    /// Limits for results on their way to the national database, 1–10.
    pub sync_deadline: Vec<SyncDeadline>,
    /// Points per item of an organisation's criteria; empty: no organisation score (Đ7.2).
    pub organisation_points: BTreeMap<String, String>,
    pub points_and_k: PointsAndK,
    pub rejected_counts_as_completed: bool,
    pub partial_completion: PartialCompletion,
    /// Share of each supporting person a superior named, 0 to 1 as a decimal: with `0` the lead has the whole.
    pub support_share: String,
    pub completion_event: CompletionEvent,
    pub due_date_rule: DueDateRule,
    pub due_precision: DuePrecision,
    pub late_counted: Counted,
    pub quality_counted: Counted,
    pub cancelled_in_denominator: bool,
    pub gone_policy: GonePolicy,
    /// Local overlays on levels, applied in this order.
    pub local_overlays: Vec<Overlay>,
    /// Not written where it has its default, so that the hash of earlier rule sets stays what it was.
    #[serde(skip_serializing_if = "RecordSteps::is_default")]
    pub record_steps: RecordSteps,
    /// Not written where it has its default, for the same reason.
    #[serde(skip_serializing_if = "LeaveExemption::is_default")]
    pub leave_exemption: LeaveExemption,
    /// Not written where it has its default, for the same reason.
    #[serde(skip_serializing_if = "PartyOpinion::is_default")]
    pub party_opinion: PartyOpinion,
}

impl Overlay {
    /// Whether it looks at the tasks of a quarter; the others look at the quarters of a year.
    pub fn is_of_tasks(self) -> bool {
        matches!(
            self,
            Self::Below100NotCompleted
                | Self::UnitBelow70HeadNotCompleted
                | Self::UnitBelow70DeputyNotExcellent
        )
    }
}

impl LeaveExemption {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl PartyOpinion {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl RecordSteps {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for RuleSet {
    fn default() -> Self {
        Self {
            id: RuleSetId::new("decree-335").unwrap_or_else(|_| unreachable!("a valid id")),
            valid_from: NaiveDate::from_ymd_opt(2026, 1, 1).unwrap_or(NaiveDate::MIN),
            valid_to: None,
            late_unit: LateUnit::CalendarDay,
            deduction_scope: DeductionScope::Line,
            cap_level: CapLevel::Part70,
            extra_in_denominator: false,
            extra_components: ["a", "b", "c"].map(str::to_owned).to_vec(),
            zero_den_policy: ZeroDenPolicy::NotComputable,
            provisional_view: ProvisionalView::ToDate,
            period_membership: PeriodMembership::DueInPeriod,
            carry_over: CarryOver::None,
            quarter_method: QuarterMethod::Direct,
            year_mean_of: YearMeanOf::Recorded,
            rounding: Rounding { digits: 2, mode: RoundingMode::HalfUp, classify_on: ClassifyOn::Exact },
            leader_scope: LeaderScope::PooledSubordinates,
            position_multipliers: BTreeMap::new(),
            leader_levels: LeaderLevels::FiftyOrHundred,
            d_population: DPopulation::Direct,
            d_unscored: DUnscored::Block,
            gen_score_source: GenScoreSource::SuperiorElseSelf,
            gen_step: "0.5".to_owned(),
            gen_assumption: GenAssumption::None,
            quota_base: QuotaBase::Good,
            quota_percent: 20,
            quota_small_group: QuotaSmallGroup::None,
            quota_on_quarters: false,
            population_filter: Population::default(),
            support_model: SupportModel::AsStaff,
            pending_coefficient_policy: PendingCoefficientPolicy::Park,
            coefficient_freeze: CoefficientFreeze::AtAssignment,
            min_worked_share: "0".to_owned(),
            transfer_policy: TransferPolicy::SplitByEffectiveDate,
            sync_deadline: sync_deadlines(),
            organisation_points: BTreeMap::new(),
            points_and_k: PointsAndK::ApprovedCatalog,
            rejected_counts_as_completed: false,
            partial_completion: PartialCompletion::ConfirmedFraction,
            support_share: "0".to_owned(),
            completion_event: CompletionEvent::Submitted,
            due_date_rule: DueDateRule::InForceWhenDue,
            due_precision: DuePrecision::Day,
            late_counted: Counted::Automatic,
            quality_counted: Counted::ConfirmedOnly,
            cancelled_in_denominator: false,
            gone_policy: GonePolicy::ExcludeAndList,
            local_overlays: Vec::new(),
            record_steps: RecordSteps::default(),
            leave_exemption: LeaveExemption::default(),
            party_opinion: PartyOpinion::default(),
        }
    }
}

/// 05 days bind (Đ26.1.d); the limits of Decree 27/2026 warn.
fn sync_deadlines() -> Vec<SyncDeadline> {
    let limit = |name: &str, days, count, weight| SyncDeadline {
        name: name.to_owned(),
        days,
        count,
        weight,
        from: SyncStart::Approval,
    };
    vec![
        limit("NĐ 335/2025 Đ26.1.d: 05 ngày", 5, DayCount::Calendar, DeadlineWeight::Deadline),
        limit("NĐ 27/2026: 3 ngày làm việc", 3, DayCount::Working, DeadlineWeight::Warning),
        limit("NĐ 27/2026: 1 ngày", 1, DayCount::Calendar, DeadlineWeight::Warning),
    ]
}

/// A share as text: 0 to 1 with at most 4 decimals.
fn is_share(text: &str) -> bool {
    let share = text.parse::<rust_decimal::Decimal>();
    share.is_ok_and(|share| {
        !share.is_sign_negative() && share <= rust_decimal::Decimal::ONE && share.scale() <= 4
    })
}

impl RuleSet {
    /// Whether it is in force on the first day of a period.
    pub fn governs(&self, period: Period) -> bool {
        let day = period.first_day();
        self.valid_from <= day && self.valid_to.is_none_or(|to| to >= day)
    }

    fn deadlines_can_be(&self) -> bool {
        let limits = &self.sync_deadline;
        let possible = |limit: &SyncDeadline| {
            limit.days <= 365 && (1..=100).contains(&limit.name.trim().chars().count())
        };
        (1..=10).contains(&limits.len()) && limits.iter().all(possible)
    }

    /// Least share of a period that has to be worked, 0 to 1; 0 where the file's word cannot be read.
    pub fn least_share(&self) -> Exact {
        self.min_worked_share.parse().unwrap_or_else(|_| Exact::zero())
    }

    /// Whether a task that is not completed in its own period counts where it is.
    pub fn carries_over(&self) -> bool {
        self.carry_over == CarryOver::CompletedAsExtra
    }

    /// Whether months are scored and longer periods are their means.
    pub fn is_monthly(&self) -> bool {
        self.quarter_method == QuarterMethod::MeanOfMonths
    }

    /// Whether a local overlay looks at what a leader's unit completed of what was assigned to it.
    pub fn judges_unit(&self) -> bool {
        use Overlay::{UnitBelow70DeputyNotExcellent, UnitBelow70HeadNotCompleted};
        let of_unit = [UnitBelow70HeadNotCompleted, UnitBelow70DeputyNotExcellent];
        self.local_overlays.iter().any(|overlay| of_unit.contains(overlay))
    }

    /// The multiplier of a post: by its title, else by its role; none where the rule set names neither or does not
    /// multiply.
    pub fn multiplier(&self, post: &str, role: Role) -> Option<Decimal> {
        if self.leader_scope != LeaderScope::PositionMultiplier {
            return None;
        }
        let title = self.position_multipliers.get(post.trim());
        let written = title.or_else(|| self.position_multipliers.get(role.as_str()))?;
        Decimal::from_str_exact(written).ok()
    }

    /// Switches set to values this version does not implement or that no set can have, each with the values it does.
    pub fn refusals(&self) -> Vec<(&'static str, &'static str)> {
        let decimal = |text: &String| Decimal::from_str_exact(text).ok();
        let share = self.min_worked_share.parse::<Exact>().ok();
        let multipliers_can_be = self.position_multipliers.iter().all(|(post, factor)| {
            let fits =
                |factor: Decimal| factor > Decimal::ZERO && factor <= Decimal::TEN && factor.scale() <= 4;
            (1..=200).contains(&post.trim().chars().count()) && decimal(factor).is_some_and(fits)
        });
        let checks: [(&'static str, bool, &'static str); 10] = [
            ("quota_percent", !matches!(self.quota_percent, 20 | 25), "20, 25"),
            (
                "min_worked_share",
                share.is_none_or(|share| share.is_negative() || share > Exact::one()),
                "0 to 1, as a decimal",
            ),
            (
                "position_multipliers",
                !multipliers_can_be,
                "above 0 to 10, at most 4 decimals, by post or role",
            ),
            (
                "organisation_points",
                !self.organisation_points.is_empty()
                    && super::organisation::maxima(&self.organisation_points).is_none(),
                "none, or every item: general.1 to general.3 with 30 points together, a, b, c, d, dd, e, g, h with 70",
            ),
            ("sync_deadline", !self.deadlines_can_be(), "1 to 10 limits of 0 to 365 days, each with a name"),
            ("support_share", !is_share(&self.support_share), "0 to 1, at most 4 decimals"),
            (
                "local_overlays",
                repeats(&self.local_overlays)
                    || (self.is_monthly() && self.local_overlays.iter().any(|one| one.is_of_tasks())),
                "each once; with mean_of_months those of the year alone, since such a quarter has no tasks of its own",
            ),
            ("gen_step", !matches!(self.gen_step.as_str(), "0.25" | "0.5"), "0.25, 0.5"),
            (
                "extra_components",
                repeats(&self.extra_components)
                    || self.extra_components.iter().any(|part| !matches!(part.as_str(), "a" | "b" | "c")),
                "a subset of a, b, c",
            ),
            ("rounding.digits", self.rounding.digits > 6, "0 to 6"),
        ];
        checks.into_iter().filter(|check| check.1).map(|(name, _, values)| (name, values)).collect()
    }
}

fn repeats<T: PartialEq>(list: &[T]) -> bool {
    list.iter().enumerate().any(|(index, one)| list.iter().skip(index + 1).any(|other| other == one))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_implemented_and_a_value_no_set_can_have_is_refused_by_name() {
        assert!(RuleSet::default().refusals().is_empty());
        let wrong = RuleSet {
            quota_percent: 30,
            min_worked_share: "1.01".into(),
            position_multipliers: [("head".to_owned(), "0".to_owned())].into(),
            extra_components: vec!["a".into(), "a".into()],
            ..RuleSet::default()
        };
        let names: Vec<&str> = wrong.refusals().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["quota_percent", "min_worked_share", "position_multipliers", "extra_components"]);
    }

    #[test]
    fn multiplier_is_that_of_the_title_before_that_of_the_role_and_only_where_the_set_multiplies() {
        let factors = [("head", "1.4"), ("Giám đốc", "1.8")];
        let rules = RuleSet {
            leader_scope: LeaderScope::PositionMultiplier,
            position_multipliers: factors.map(|(post, factor)| (post.to_owned(), factor.to_owned())).into(),
            ..RuleSet::default()
        };
        let of = |post, role| rules.multiplier(post, role).map(|factor| factor.to_string());
        assert_eq!(of("Giám đốc", Role::Head).as_deref(), Some("1.8"));
        assert_eq!(of("Trưởng phòng", Role::Head).as_deref(), Some("1.4"));
        assert_eq!(of("Chuyên viên", Role::Staff), None);
        let pooled = RuleSet { leader_scope: LeaderScope::PooledSubordinates, ..rules };
        assert_eq!(pooled.multiplier("Giám đốc", Role::Head), None);
    }

    #[test]
    fn unknown_switch_is_an_error_not_a_default() {
        assert!(serde_json::from_str::<RuleSet>(r#"{"late_unit":"occurrence"}"#).is_ok());
        assert!(serde_json::from_str::<RuleSet>(r#"{"late_units":"occurrence"}"#).is_err());
        assert!(serde_json::from_str::<RuleSet>(r#"{"late_unit":"hour"}"#).is_err());
    }
}
