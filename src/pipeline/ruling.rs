//! One approval or classification judged, whoever makes it: ordered for one person, for a whole unit, by a signed table, or read from
//! the evaluation software.
//!
//! Owns what is asked of it and in which order: who may (art. 10), the chair's prior opinion, the organisation's level, the life of the
//! record; and the revision that follows, with what it sends. It must not know where it came from, or whether the figures it takes
//! have settled. What stands against it is a finding, and nothing is written.

use super::app::App;
use super::derived::read;
use crate::directory::Directory;
use crate::directory::entitled::{Duty, Judged};
use crate::domain::{Decision, DecisionKind, Level, Period, PersonId, RecordState, local_date};
use crate::error::{Finding, Place, Text};
use crate::evaluation::organisation::late_classification;
use crate::evaluation::{Approval, Approved, Classification, Held, Subject, life};
use crate::store::{NewRevision, Revision};
use chrono::{DateTime, Utc};
use serde_json::Value;

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

    /// Tasks of the period that no figure has because nobody said yet which product they are; none where there are none.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn uncounted(
        &self,
        person: PersonId,
        period: Period,
    ) -> Result<Option<Finding>, Finding> {
        let view = self.shown_view(period);
        let kept = self.store.derivation(person, period, view).await.map_err(|error| error.finding())?;
        let derivation = kept.and_then(|kept| read(&kept)).unwrap_or_default();
        let excluded = derivation.get("excluded").and_then(Value::as_array).into_iter().flatten();
        let waits = |task: &&Value| {
            let reason = task.get("reason").and_then(Value::as_str);
            matches!(reason, Some("unmapped" | "pending_coefficient"))
        };
        let count = excluded.filter(waits).count();
        Ok((count > 0).then(|| {
            Finding::warning(
                "LT-REC-097",
                Text::new(
                    format!("{count} nhiệm vụ của kỳ {period} chưa được tính vì chưa gán sản phẩm"),
                    match count {
                        1 => format!("1 task of {period} does not count yet: its product is not decided"),
                        _ => format!(
                            "{count} tasks of {period} do not count yet: their products are not decided"
                        ),
                    },
                ),
                Text::new(
                    "gán sản phẩm trước (`mapping review`) rồi mới phê duyệt; đã phê duyệt thì kết quả không có các nhiệm vụ này cho đến khi đính chính (`record correct`)",
                    "decide their products first (`mapping review`); once approved the result has none of them until it is corrected (`record correct`)",
                ),
            )
        }))
    }
}
