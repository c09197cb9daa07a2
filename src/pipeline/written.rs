//! What people wrote about one record, for whoever looks at it: the words of the forms with who wrote them, the points of
//! the general criteria, opinions, holds, notices and petitions.
//!
//! Owns which words stand (those of the newest revision, with what was entered apart from a step before or since) and whose
//! each is. It must not know pages or terminals. Nothing here decides or changes anything.

use super::app::App;
use super::record::content_of;
use crate::domain::{DecisionKind, Exact, Level, Period, PersonId};
use crate::error::Finding;
use crate::evaluation::Remarks;
use crate::paper::form01::CRITERIA;
use crate::store::{Hold, Notice, Opinion, Petition, Revision, StoreError, StoredDecision};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// One thing somebody wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Which place of the forms, by its stable name.
    pub what: &'static str,
    /// The text; none where only a name was put to it.
    pub text: Option<String>,
    /// The level proposed with it; years only.
    pub level: Option<Level>,
    /// Who wrote it.
    pub by: Option<String>,
    /// When.
    pub at: Option<DateTime<Utc>>,
}

/// One of the ten general criteria as it was entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Points {
    /// Key of the item: `I.1`.
    pub item: &'static str,
    /// The item as form 01 words it.
    pub name: &'static str,
    /// Most points.
    pub most: &'static str,
    /// The person's own.
    pub own: Option<Exact>,
    /// The scorer's.
    pub scorer: Option<Exact>,
}

/// Everything people wrote about one record.
#[derive(Debug, Default)]
pub struct Written {
    /// Words of the forms.
    pub words: Vec<Word>,
    /// General criteria; empty where nobody entered any.
    pub points: Vec<Points>,
    /// Opinions, oldest first.
    pub opinions: Vec<Opinion>,
    /// Holds, oldest first.
    pub holds: Vec<Hold>,
    /// Notices, oldest first.
    pub notices: Vec<Notice>,
    /// Petitions, oldest first.
    pub petitions: Vec<Petition>,
}

impl App {
    /// Everything people wrote about a person's period; `revisions` are all of its record, oldest first.
    ///
    /// # Errors
    /// The store does not answer, or a revision cannot be read.
    pub async fn written(
        &self,
        person: PersonId,
        period: Period,
        revisions: &[Revision],
    ) -> Result<Written, Finding> {
        let told = |error: StoreError| error.finding();
        let decisions = self.store.decisions_of(person, period).await.map_err(told)?;
        Ok(Written {
            words: words(revisions, &decisions)?,
            points: points(&decisions),
            opinions: self.store.opinions(person, period).await.map_err(told)?,
            holds: self.store.holds(person, period).await.map_err(told)?,
            notices: self.store.notices(person, period).await.map_err(told)?,
            petitions: self.store.petitions_of(person, Some(period)).await.map_err(told)?,
        })
    }
}

/// A text of the forms: its place and where it stands in the remarks.
type Place = (&'static str, fn(&Remarks) -> Option<&String>);

/// The texts in the order of the forms.
const PLACES: [Place; 6] = [
    ("strengths", |remarks| remarks.strengths.as_ref()),
    ("weaknesses", |remarks| remarks.weaknesses.as_ref()),
    ("comment", |remarks| remarks.comment.as_ref()),
    ("minutes", |remarks| remarks.minutes.as_ref()),
    ("party_opinion", |remarks| remarks.party_opinion.as_ref()),
    ("handling", |remarks| remarks.handling.as_ref()),
];

fn words(revisions: &[Revision], decisions: &[StoredDecision]) -> Result<Vec<Word>, Finding> {
    let mut held: Vec<(&Revision, Remarks)> = Vec::with_capacity(revisions.len());
    for revision in revisions {
        held.push((revision, content_of(revision)?.remarks));
    }
    let newest = held.last().map(|(revision, remarks)| (revision.at, remarks.clone()));
    let (revised_at, of_revision) = newest.unwrap_or((DateTime::<Utc>::MIN_UTC, Remarks::default()));
    let all = decisions.iter().map(|stored| &stored.decision);
    let remarks = of_revision.standing(revised_at, all);
    let mut words = Vec::new();
    let signed = [
        ("self_assessment", &remarks.own, remarks.own_level),
        ("review", &remarks.review, remarks.proposed_level),
    ];
    for (what, signed, level) in signed {
        let (by, at) =
            (signed.as_ref().map(|signed| signed.by.clone()), signed.as_ref().map(|signed| signed.at));
        if by.is_some() || level.is_some() {
            words.push(Word { what, text: None, level, by, at });
        }
    }
    for (what, place) in PLACES {
        let Some(text) = place(&remarks) else { continue };
        let (by, at) = writer(text, place, &held, decisions).unzip();
        words.push(Word { what, text: Some(text.clone()), level: None, by, at });
    }
    Ok(words)
}

/// Who wrote a text: whoever entered it last by itself, else the step that brought it in.
fn writer(
    text: &str,
    place: fn(&Remarks) -> Option<&String>,
    held: &[(&Revision, Remarks)],
    decisions: &[StoredDecision],
) -> Option<(String, DateTime<Utc>)> {
    let entered = decisions
        .iter()
        .rev()
        .map(|stored| &stored.decision)
        .find(|decision| place(&Remarks::entered([*decision])).is_some_and(|entered| entered == text));
    let step = || {
        let same = |(_, remarks): &&(&Revision, Remarks)| place(remarks).is_some_and(|held| held == text);
        held.iter().rev().take_while(same).last().map(|(revision, _)| (revision.author.clone(), revision.at))
    };
    entered.map(|decision| (decision.author.clone(), decision.at)).or_else(step)
}

fn points(decisions: &[StoredDecision]) -> Vec<Points> {
    let (mut own, mut scorer) = (BTreeMap::new(), BTreeMap::new());
    for stored in decisions {
        match &stored.decision.kind {
            DecisionKind::SelfAssessment { items } => own.clone_from(items),
            DecisionKind::GeneralCriteria { items } => scorer.clone_from(items),
            _ => {}
        }
    }
    if own.is_empty() && scorer.is_empty() {
        return Vec::new();
    }
    let items = CRITERIA.iter().flat_map(|(.., items)| items.iter());
    items
        .map(|(item, _, name, most)| Points {
            item,
            name,
            most,
            own: own.get(*item).cloned(),
            scorer: scorer.get(*item).cloned(),
        })
        .collect()
}
