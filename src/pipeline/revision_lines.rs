//! The lines the figures of one revision of a record follow from, whatever the score says by now.
//!
//! Owns the search: what was kept under that revision or under the nearest one of the same figures, else the present derivation where
//! it says the same. It must not know papers and pages. What says other figures than the revision is never taken for it: then there
//! are none.

use super::app::App;
use super::derived;
use crate::domain::{Period, PersonId};
use crate::error::Finding;
use crate::store::{Revision, StoreError, StoredScore};
use serde_json::Value;

impl App {
    /// The derivation a revision stands in; none where it is not kept.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) async fn lines_of(
        &self,
        revision: &Revision,
        score: Option<&StoredScore>,
    ) -> Result<Option<Value>, Finding> {
        let told = |error: StoreError| error.finding();
        let (person, period, parts) = (revision.person, revision.period, revision.content.get("parts"));
        let mut kept = self.store.stood_under(person, period).await.map_err(told)?;
        if kept.iter().any(|number| *number != revision.revision) {
            // A decision about a record changes none of its figures: what was kept before or after it is what it stands in.
            let all = self.store.revisions(person, period).await.map_err(told)?;
            let same = |number: u32| {
                all.iter().any(|one| one.revision == number && one.content.get("parts") == parts)
            };
            kept.retain(|number| *number == revision.revision || same(*number));
        }
        kept.sort_by_key(|number| number.abs_diff(revision.revision));
        for number in kept {
            let derivation = self.kept_under(person, period, number).await?;
            if let Some(derivation) = derivation.filter(|derivation| says(derivation, parts)) {
                return Ok(Some(derivation));
            }
        }
        let Some(score) = score.filter(|score| score.summary.get("parts") == parts) else { return Ok(None) };
        let present = self.store.derivation(person, period, &score.scope).await.map_err(told)?;
        Ok(present.and_then(|present| derived::read(&present)))
    }

    /// The derivation kept under a revision; none where there is none, or it cannot be unpacked any more, which `score verify`
    /// names.
    ///
    /// # Errors
    /// Those of the store.
    pub(super) async fn kept_under(
        &self,
        person: PersonId,
        period: Period,
        revision: u32,
    ) -> Result<Option<Value>, Finding> {
        match self.store.stood_by(person, period, revision).await {
            Ok(stood) => Ok(stood.and_then(|stood| derived::read(&stood.derivation))),
            Err(error) if error.is_of_content() => Ok(None),
            Err(error) => Err(error.finding()),
        }
    }
}

/// Whether a derivation comes to the total of a revision.
fn says(derivation: &Value, parts: Option<&Value>) -> bool {
    let exact = |figure: Option<&Value>| figure.and_then(|figure| figure.get("exact")).cloned();
    exact(derivation.get("total")) == exact(parts.and_then(|parts| parts.get("total")))
}
