//! One approval or classification judged, whoever makes it: ordered for one person, for a whole unit, by a signed table, or read from
//! the evaluation software.
//!
//! Owns what is asked of it and in which order: who may (art. 10), the chair's prior opinion, the organisation's level, the life of the
//! record; and the revision that follows, with what it sends. It must not know where it came from, or whether the figures it takes
//! have settled. What stands against it is a finding, and nothing is written.

use super::app::App;
use super::derived::{list, read};
use crate::directory::Directory;
use crate::directory::entitled::{Duty, Judged};
use crate::domain::{Decision, DecisionKind, Level, Period, PersonId, RecordState, local_date};
use crate::error::{Finding, Place, Text};
use crate::evaluation::organisation::late_classification;
use crate::evaluation::{Approval, Approved, Classification, Held, Subject, life};
use crate::store::{NewRevision, Revision};
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::collections::BTreeMap;

/// Why a task does not count: nobody said yet which product it is.
const UNMAPPED: &str = "unmapped";
/// Why a task does not count: its product is proposed, and waits for the catalog (plan IV.2.3).
const PENDING: &str = "pending_coefficient";

/// What somebody decides about a record.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ruling<'a> {
    /// The revision that was looked at; none = whatever is newest.
    pub revision: Option<u32>,
    /// Hash of what was looked at, where it is known.
    pub content_hash: Option<&'a str>,
    /// The level of a classification; an approval has none.
    pub level: Option<Level>,
    /// Who decides, as the origin names them.
    pub author: &'a str,
    /// When.
    pub at: DateTime<Utc>,
    /// Decision number, where there is one: the document an office decides by.
    pub decision_no: Option<&'a str>,
    /// Document with the provincial chair's opinion, where the decision cites it.
    pub opinion: Option<&'a str>,
}

impl<'a> Ruling<'a> {
    /// What a decision that was read says of its record; none where it is about something else.
    pub fn of(decision: &'a Decision) -> Option<Self> {
        let (author, at) = (decision.author.as_str(), decision.at);
        match &decision.kind {
            DecisionKind::Approval { revision, content_hash, decision_no } => Some(Self {
                revision: Some(*revision),
                content_hash: content_hash.as_deref(),
                level: None,
                author,
                at,
                decision_no: decision_no.as_deref(),
                opinion: None,
            }),
            DecisionKind::Classification { revision, level, decision_no, opinion } => Some(Self {
                revision: *revision,
                content_hash: None,
                level: Some(*level),
                author,
                at,
                decision_no: decision_no.as_deref(),
                opinion: opinion.as_deref(),
            }),
            _ => None,
        }
    }
}

/// The approved revision that follows, with its deliveries, and what is allowed and still worth telling.
pub(super) struct Decided {
    /// To be written.
    pub new: NewRevision,
    /// To be told.
    pub told: Vec<Finding>,
}

/// What a ruling comes to: none where the record says so already.
pub(super) type Judgement = Result<Option<Decided>, Box<Finding>>;

impl App {
    /// Judges a ruling about the newest revision of a record; `held` is that revision as the life of the record sees it.
    ///
    /// What stands against it: LT-AUT-001 and LT-AUT-002 its author; LT-AUT-003 no prior opinion of the chair; LT-ORG-010 a level above
    /// the organisation's; and what [`life::approve`] and [`life::classify`] name.
    ///
    /// # Errors
    /// What it is judged by cannot be read.
    pub(super) async fn judge_ruling(
        &self,
        directory: &Directory,
        (latest, held): (&Revision, Held<'_>),
        ruling: Ruling<'_>,
    ) -> Result<Judgement, Finding> {
        let (person, period) = (latest.person, latest.period);
        let Some(known) = directory.person(person) else { return Ok(Ok(None)) };
        let subject = Subject { staff_number: &known.staff_number, full_name: &known.full_name };
        let Ruling { revision, content_hash, level, author, at, decision_no, opinion } = ruling;
        // Deciding about oneself is refused as such, by the life of the record.
        if directory.named(author) != Some(person) {
            let duty = if level.is_some() { Duty::Classify } else { Duty::Score };
            let judged = Judged { subject: person, period, duty, author, at, document: decision_no };
            if let Err(finding) = directory.check_author(judged) {
                return Ok(Err(finding));
            }
        }
        let mut told = Vec::new();
        let outcome = match level {
            Some(level) => {
                let opinion = match self.prior_opinion(directory, (person, period), opinion).await? {
                    Ok(opinion) => opinion,
                    Err(finding) => return Ok(Err(finding)),
                };
                match self.check_cap(directory, person, period, level).await? {
                    Ok(warning) => told.extend(warning),
                    Err(finding) => return Ok(Err(finding)),
                }
                if period.is_year() {
                    let special = self.has_special_date(directory, person, period).await?;
                    told.extend(late_classification(period.year(), local_date(at), special));
                }
                let opinion = opinion.as_deref();
                life::classify(
                    held,
                    subject,
                    Classification { revision, level, author, at, decision_no, opinion },
                )
            }
            None => {
                life::approve(held, subject, Approval { revision, content_hash, author, at, decision_no })
            }
        };
        let (content, summary) = match outcome {
            Ok(Approved::Already) => return Ok(Ok(None)),
            Ok(Approved::Revision { content, summary, warnings }) => {
                told.extend(warnings);
                (content, summary)
            }
            Err(finding) => return Ok(Err(finding)),
        };
        if let Some(uncounted) = self.uncounted(person, period).await? {
            told.push(uncounted.at(Place::of(format!("record {} {period}", known.staff_number))));
        }
        let (next, now) = (latest.revision + 1, self.clock.now());
        let revision =
            self.revision(person, next, RecordState::Approved, &content, &summary, author, None, now)?;
        let outbox = self.results_of_approval(directory, &revision, &content).await?;
        let due = period.means().into_iter().map(|mean| (person, mean)).collect();
        Ok(Ok(Some(Decided { new: NewRevision { revision, outbox, settles: Vec::new(), due }, told })))
    }

    /// Tasks of the period that no figure has because nobody said yet which product they are, or their product waits for the
    /// catalog; none where there are none. A half-year or year has no tasks of its own.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn uncounted(
        &self,
        person: PersonId,
        period: Period,
    ) -> Result<Option<Finding>, Finding> {
        if period.is_mean() {
            return Ok(None);
        }
        let view = self.shown_view(period);
        let derived = async |of: Period| -> Result<Value, Finding> {
            let kept = self.store.derivation(person, of, view).await.map_err(|error| error.finding())?;
            Ok(kept.and_then(|kept| read(&kept)).unwrap_or_default())
        };
        let whole = derived(period).await?;
        // Of a quarter that is the mean of its months the tasks stand in these.
        let months: Vec<Period> =
            list(&whole, "months").filter_map(|month| month.get("period")?.as_str()?.parse().ok()).collect();
        let mut derivations = vec![whole];
        for month in months {
            derivations.push(derived(month).await?);
        }
        let mut waiting: BTreeMap<&str, &str> = BTreeMap::new();
        for task in derivations.iter().flat_map(|derivation| list(derivation, "excluded")) {
            let said = |key: &str| task.get(key).and_then(Value::as_str);
            let waits = said("reason").filter(|why| matches!(*why, UNMAPPED | PENDING));
            waiting.extend(said("source").zip(waits));
        }
        let count = |reason: &str| waiting.values().filter(|why| **why == reason).count();
        Ok(no_product(period, count(UNMAPPED), count(PENDING)))
    }
}

/// How many tasks do not count yet, why, and what makes them count; none where there are none.
fn no_product(period: Period, unmapped: usize, pending: usize) -> Option<Finding> {
    let all = unmapped + pending;
    if all == 0 {
        return None;
    }
    let mut why = (Vec::new(), Vec::new());
    let mut remedy = (Vec::new(), Vec::new());
    if unmapped > 0 {
        why.0.push(format!("{unmapped} chưa gán sản phẩm"));
        why.1.push(format!("{unmapped} without a product"));
        remedy.0.push("gán sản phẩm (`mapping review`)");
        remedy.1.push("decide the products (`mapping review`)");
    }
    if pending > 0 {
        why.0.push(format!("{pending} chờ bổ sung danh mục"));
        why.1.push(format!("{pending} waiting for the catalog"));
        remedy.0.push(
            "chấp nhận sản phẩm đề nghị khi danh mục đã có (`mapping proposals`, `mapping accept-product`)",
        );
        remedy.1.push("accept the proposed products once the catalog has them (`mapping proposals`, `mapping accept-product`)");
    }
    let (tasks, do_not) = if all == 1 { ("task", "does not") } else { ("tasks", "do not") };
    Some(Finding::warning(
        "LT-REC-097",
        Text::new(
            format!("{all} nhiệm vụ của kỳ {period} chưa được tính: {}", why.0.join(", ")),
            format!("{all} {tasks} of {period} {do_not} count yet: {}", why.1.join(", ")),
        ),
        Text::new(
            format!(
                "{} trước rồi mới phê duyệt; đã phê duyệt thì kết quả không có các nhiệm vụ này cho đến khi đính chính (`record correct`)",
                remedy.0.join("; ")
            ),
            format!(
                "{} first; once approved the result has none of them until it is corrected (`record correct`)",
                remedy.1.join("; ")
            ),
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_without_a_product_are_told_apart_from_those_that_wait_for_the_catalog() {
        let told =
            |unmapped, pending| no_product(Period::Quarter { year: 2026, quarter: 4 }, unmapped, pending);
        assert!(told(0, 0).is_none());
        let found = told(1, 0).expect("one");
        assert_eq!(found.what.en, "1 task of 2026-Q4 does not count yet: 1 without a product");
        assert!(!found.remedy.en.contains("accept-product"), "{}", found.remedy.en);
        let found = told(0, 2).expect("two");
        assert_eq!(found.what.vi, "2 nhiệm vụ của kỳ 2026-Q4 chưa được tính: 2 chờ bổ sung danh mục");
        assert!(!found.remedy.vi.contains("mapping review"), "nothing waits there: {}", found.remedy.vi);
        let both = told(1, 2).expect("three");
        assert_eq!(
            both.what.en,
            "3 tasks of 2026-Q4 do not count yet: 1 without a product, 2 waiting for the catalog"
        );
        for order in ["mapping review", "mapping accept-product"] {
            assert!(both.remedy.en.contains(order), "{order}: {}", both.remedy.en);
        }
    }
}
