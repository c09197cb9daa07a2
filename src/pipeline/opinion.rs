//! What opinions that were written down mean for a decision: the chair's is cited by it, the party committee's may be asked for.
//!
//! Owns whose opinion is wanted of whom, which of several counts: the newest, and which findings of a decision say that one lacks. It
//! must not know how one is written down (`execute::opinion`) or how a decision is judged.

use super::app::App;
use crate::directory::Directory;
use crate::domain::{Period, PersonId};
use crate::error::{Finding, Place, Text};
use crate::evaluation::opinion::OpinionKind;
use crate::store::Opinion;

/// Codes of a decision that lacks an opinion: the provincial chair's, the party committee's.
const LACKING: [&str; 2] = ["LT-AUT-003", "LT-REC-091"];

/// Whether this is what stands against a decision only as long as an opinion is not written down.
pub(super) fn is_lacking(code: &str) -> bool {
    LACKING.contains(&code)
}

impl App {
    /// The document of the chair's opinion a classification rests on: the one it cites, else the one written down last; or that there
    /// has to be one first (LT-AUT-003).
    pub(super) async fn prior_opinion(
        &self,
        directory: &Directory,
        (person, period): (PersonId, Period),
        cited: Option<&str>,
    ) -> Result<Result<Option<String>, Box<Finding>>, Finding> {
        let cited = cited.map(str::trim).filter(|document| !document.is_empty()).map(str::to_owned);
        let opinion = match cited {
            Some(document) => Some(document),
            None => self.chairs_opinion(person, period).await?,
        };
        Ok(directory.check_opinion(person, period, opinion.as_deref()).map(|()| opinion))
    }

    /// The document of the provincial chair's opinion of somebody's year that was written down last (plan IV.4.2.c).
    async fn chairs_opinion(&self, person: PersonId, period: Period) -> Result<Option<String>, Finding> {
        let kept = self.store.opinions(person, period).await.map_err(|error| error.finding())?;
        let chair = |opinion: &Opinion| opinion.kind == OpinionKind::Chair.as_str();
        Ok(kept.into_iter().rfind(chair).and_then(|opinion| opinion.document))
    }

    /// Whether the party committee's opinion of somebody's year is one that is wanted, of a head or deputy (art. 21), and was not
    /// written down.
    pub(super) async fn lacks_party_opinion(
        &self,
        person: PersonId,
        period: Period,
    ) -> Result<bool, Finding> {
        if !period.is_year() || !self.directory().await?.is_leader(person, period) {
            return Ok(false);
        }
        let kept = self.store.opinions(person, period).await.map_err(|error| error.finding())?;
        Ok(!kept.iter().any(|opinion| opinion.kind == OpinionKind::PartyCommittee.as_str()))
    }
}

/// What is told where the party committee's opinion is not there yet, of so many people of a year.
pub(super) fn party_opinion_missing(count: u64, period: Period) -> Finding {
    Finding::info(
        "LT-REC-092",
        Text::new(
            format!("năm {period}: {count} người đứng đầu, cấp phó chưa có ý kiến của cấp ủy được ghi (Điều 21)"),
            format!("{period}: of {count} heads and deputies the party committee's opinion is not written down (art. 21)"),
        ),
        Text::new(
            "ghi bằng `record opinion --of party_committee`; chỉ bắt buộc khi bộ quy tắc đặt party_opinion = \"required\"",
            "write it down with `record opinion --of party_committee`; it is required only where the rule set says party_opinion = \"required\"",
        ),
    )
    .at(Place::of(period.to_string()))
}

/// An opinion on paper: its document and day, and what it says.
pub(super) fn on_paper(opinion: &Opinion) -> (String, String) {
    let whose = match OpinionKind::parse(&opinion.kind) {
        Some(OpinionKind::Chair) => "Ý kiến của Chủ tịch Ủy ban nhân dân tỉnh".to_owned(),
        Some(OpinionKind::PartyCommittee) => {
            let body = opinion.body.as_ref().map(|body| format!(" ({body})")).unwrap_or_default();
            format!("Ý kiến của cấp ủy{body}")
        }
        Some(OpinionKind::RelatedBody) | None => {
            format!("Ý kiến của {}", opinion.body.as_deref().unwrap_or("cơ quan liên quan"))
        }
    };
    let document = opinion.document.as_ref().map(|number| format!("số {number} ")).unwrap_or_default();
    (whose, format!("{document}ngày {}: {}", opinion.said_on.format("%d/%m/%Y"), opinion.words))
}
