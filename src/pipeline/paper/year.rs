//! Mẫu số 02 of a year: its level, and the recorded results its mean was made of when the revision was made.
//!
//! Owns the way back to those results: the mean of a year that was approved stays what it is when a quarter is made anew
//! afterwards, and the rows above it have to be the ones of then. It computes no score. Where they cannot be told any
//! more, the form says so and prints none, never rows that do not make up its mean.

use super::{Chosen, Shelf, Wanted, head, missing_word, signer, text_at};
use crate::directory::entitled::Duty;
use crate::domain::exact::RoundingMode;
use crate::domain::{Exact, Period, RecordState};
use crate::error::Finding;
use crate::paper::Standing;
use crate::paper::form02::Form02;
use crate::paper::score::{Derivation, Recorded};
use crate::pipeline::app::App;
use crate::pipeline::opinion::on_paper;

impl App {
    /// The form before it has a format.
    pub(super) async fn form02(
        &self,
        shelf: &Shelf,
        wanted: Wanted,
        chosen: Chosen,
        derivation: Derivation,
    ) -> Result<Form02, Finding> {
        let recorded = self.recorded_then(wanted, &chosen, derivation.quarters).await?;
        let kept =
            self.store.opinions(wanted.person, wanted.period).await.map_err(|error| error.finding())?;
        let opinions = kept.iter().map(on_paper).collect();
        // Who revoked a result decided no level.
        let ruled = chosen.content.ruling.as_ref().filter(|_| chosen.standing != Standing::Revoked);
        Ok(Form02 {
            unkept: recorded.is_none(),
            recorded: recorded.unwrap_or_default(),
            mean: text_at(&chosen.raw, "/parts/total/printed"),
            missing: chosen.content.missing.iter().map(|part| missing_word(part)).collect(),
            own_level: chosen.content.remarks.own_level,
            // A band is no classification: crossed once somebody decided.
            level: ruled.and(chosen.content.level),
            decision_no: ruled.and_then(|ruling| ruling.decision_no.clone()),
            minutes: chosen.content.remarks.minutes.clone(),
            opinions,
            party_opinion: chosen.content.remarks.party_opinion.clone(),
            handling: chosen.content.remarks.handling.clone(),
            classifier: signer(shelf, wanted, &chosen, Duty::Classify),
            head: head(shelf, wanted, &chosen),
        })
    }

    /// The results the printed mean is made of: those of now, else those that stood when the revision was made; none where
    /// neither make it up.
    async fn recorded_then(
        &self,
        wanted: Wanted,
        chosen: &Chosen,
        now: Vec<Recorded>,
    ) -> Result<Option<Vec<Recorded>>, Finding> {
        let Some(printed) = text_at(&chosen.raw, "/parts/total/printed") else { return Ok(Some(now)) };
        if is_mean(&now, &printed) {
            return Ok(Some(now));
        }
        let mut then = Vec::new();
        for part in now {
            let Some(told) = part.from.strip_prefix("record r") else {
                then.push(part);
                continue;
            };
            // A month a quarter stands for names the quarter behind the revision.
            let quarter =
                told.split_once('(').and_then(|(_, quarter)| quarter.trim_end_matches(')').parse().ok());
            let which: Period = quarter.unwrap_or(part.period);
            let kept = self.store.revisions(wanted.person, which).await.map_err(|error| error.finding())?;
            let stood = kept.into_iter().rfind(|revision| {
                revision.at <= chosen.revised_at && revision.state == RecordState::Approved
            });
            then.extend(stood.and_then(|stood| {
                let score = text_at(&stood.content, "/parts/total/printed")?;
                Some(Recorded { period: part.period, score, from: format!("record r{}", stood.revision) })
            }));
        }
        Ok(is_mean(&then, &printed).then_some(then))
    }
}

/// Whether a printed mean is that of these printed scores, whichever way a half was rounded.
fn is_mean(parts: &[Recorded], printed: &str) -> bool {
    let scores: Vec<Exact> = parts.iter().filter_map(|part| part.score.parse().ok()).collect();
    let count = i64::try_from(scores.len()).unwrap_or(0);
    let sum: Exact = scores.iter().sum();
    let Some(mean) = sum.checked_div(&Exact::integer(count)).filter(|_| scores.len() == parts.len()) else {
        return false;
    };
    let digits = printed.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let digits = u32::try_from(digits).unwrap_or(0);
    [RoundingMode::HalfUp, RoundingMode::HalfEven].into_iter().any(|mode| mean.round(digits, mode) == printed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(scores: &[&str]) -> Vec<Recorded> {
        let part = |score: &&str| Recorded {
            period: Period::Year(2026),
            score: (*score).to_owned(),
            from: "record r1".to_owned(),
        };
        scores.iter().map(part).collect()
    }

    #[test]
    fn mean_is_recognised_by_its_printed_parts_alone() {
        assert!(
            is_mean(&parts(&["80.00", "71.01"]), "75.51") && is_mean(&parts(&["80.00", "71.01"]), "75.50")
        );
        assert!(!is_mean(&parts(&["80.00", "71.02"]), "75.50"));
        assert!(!is_mean(&[], "0.00") && !is_mean(&parts(&["80.00", "–"]), "80.00"));
    }
}
