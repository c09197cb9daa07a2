//! What a demonstration says at its end of approved results whose figures are others by now (LT-REC-006).
//!
//! Owns the count by period and cause, and its words. It must not know how causes are found, and moves nothing. An error
//! of the store is the caller's.

use crate::domain::Period;
use crate::error::{Finding, Place, Text};
use crate::pipeline::App;
use crate::pipeline::moved::Behind;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Results of one period.
#[derive(Debug, Default, Serialize)]
pub struct Changed {
    /// How many have other figures than they say.
    results: u64,
    /// Of those, how many moved after the period's close.
    after_close: u64,
    /// How many each cause stands behind; several may stand behind one.
    because: BTreeMap<Behind, u64>,
}

/// Approved results with other figures by now, by period.
pub async fn changed(app: &App) -> Result<BTreeMap<Period, Changed>, Finding> {
    let told = |error: crate::store::StoreError| error.finding();
    let mut found: BTreeMap<Period, Changed> = BTreeMap::new();
    for (person, period, _) in app.store.differences(None, 100_000).await.map_err(told)? {
        let one = found.entry(period).or_default();
        one.results += 1;
        let closed = app.store.period_close(period).await.map_err(told)?;
        let score = app.store.score(person, period, app.shown_view(period)).await.map_err(told)?;
        one.after_close +=
            u64::from(closed.zip(score).is_some_and(|(close, score)| score.computed_at > close.at));
        let behind: BTreeSet<Behind> =
            app.causes(person, period).await?.into_iter().map(|cause| cause.behind).collect();
        let behind = if behind.is_empty() { BTreeSet::from([Behind::Unknown]) } else { behind };
        behind.into_iter().for_each(|behind| *one.because.entry(behind).or_default() += 1);
    }
    Ok(found)
}

/// The same in words, a sentence for each period.
pub fn in_words(changed: &BTreeMap<Period, Changed>) -> Vec<Finding> {
    changed.iter().map(|(period, of)| sentence(*period, of)).collect()
}

fn sentence(period: Period, of: &Changed) -> Finding {
    let Changed { results, after_close, because } = of;
    let (mut vi, mut en) = (Vec::new(), Vec::new());
    for (behind, count) in because {
        let name = behind.text();
        vi.push(format!("{} ({count})", name.vi));
        en.push(format!("{} ({count})", name.en));
    }
    let (vi, en) = (vi.join(", "), en.join(", "));
    Finding::info(
        "LT-RUN-032",
        Text::new(
            format!(
                "{results} kết quả đã duyệt của kỳ {period} nay có số liệu khác, {after_close} trong đó sau khi chốt kỳ; nguyên nhân: {vi}. Kết quả đã duyệt và đã gửi giữ nguyên"
            ),
            format!(
                "{results} approved results of {period} have other figures by now, {after_close} of them since the close; because: {en}. What was approved and sent stands"
            ),
        ),
        Text::new(
            format!("xem từng người bằng `period status {period}`; nếu số mới đúng, đính chính bằng `record correct` kèm lý do"),
            format!("see each with `period status {period}`; where the new figures are right, `record correct` with a reason"),
        ),
    )
    .at(Place::of(period.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_name_the_period_how_many_and_every_cause() {
        let because = BTreeMap::from([(Behind::Product, 31), (Behind::Decision, 2)]);
        let changed = Changed { results: 33, after_close: 4, because };
        let period: Period = "2026-Q3".parse().expect("period");
        let told = in_words(&BTreeMap::from([(period, changed)]));
        assert_eq!(told.len(), 1);
        assert!(
            told[0].what.en.starts_with(
                "33 approved results of 2026-Q3 have other figures by now, 4 of them since the close; because: \
                 products of tasks decided later (31), decisions of people (2)."
            ),
            "{}",
            told[0].what.en
        );
        assert!(
            told[0].what.vi.contains("sản phẩm của nhiệm vụ được quyết định sau (31)"),
            "{}",
            told[0].what.vi
        );
        assert!(in_words(&BTreeMap::new()).is_empty());
    }
}
