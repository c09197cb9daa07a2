//! Examples of other installations as the mappers know them: of each text the newest one counts.
//!
//! Owns what is known of them between two looks, so that only what orders bring since is read; all of them are read where a
//! mapper is trained and where an order was taken back. It must not know what is learned from them. A few bytes are kept per
//! text, of at most [`MOST_KNOWN`] examples; where a read fails nothing is known any more, and the next look reads all.

use super::app::App;
use crate::domain::ProductCode;
use crate::error::Finding;
use crate::store::{BroughtExample, ForeignExample};
use chrono::{DateTime, Utc};
use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{Hash as _, Hasher as _};

/// Most examples of other installations that are known at all.
pub(super) const MOST_KNOWN: usize = 200_000;

/// The newest example of a text.
#[derive(Debug, Clone)]
struct Newest {
    decided_at: DateTime<Utc>,
    product: Option<ProductCode>,
}

/// What is known of the examples of the orders that count.
#[derive(Debug, Default)]
pub(super) struct Brought {
    /// By the text; none = to be read.
    newest: Option<HashMap<u64, Newest>>,
}

impl Brought {
    /// Reads the examples some orders brought in; gives the newest of each text, by when they were decided.
    pub async fn read(&mut self, app: &App, orders: &BTreeSet<i64>) -> Result<Vec<BroughtExample>, Finding> {
        self.newest = None;
        let kept = newest_of(brought_by(app, orders).await?);
        self.newest = Some(kept.iter().map(|one| (text_of(&one.example), said_by(one))).collect());
        Ok(kept)
    }

    /// What more examples would bring once an order with them counts, and whose products they overrule; none where nothing is
    /// known.
    pub fn would_bring(
        &self,
        examples: &[ForeignExample],
    ) -> Option<(Vec<ForeignExample>, BTreeSet<Option<ProductCode>>)> {
        let (fresh, doubted) = taken_up(self.newest.as_ref()?, newest_of(supposed(examples)));
        Some((fresh.into_iter().map(|one| one.example).collect(), doubted))
    }

    /// Takes up what orders that count since bring: the examples that are the newest of their texts now, and the products whose
    /// examples were taken back or overruled by them.
    pub async fn follow(
        &mut self,
        app: &App,
        before: &BTreeSet<i64>,
        now: &BTreeSet<i64>,
    ) -> Result<(Vec<ForeignExample>, Vec<Option<ProductCode>>), Finding> {
        let known = self.newest.take();
        let gone: BTreeSet<i64> = before - now;
        let mut doubted: BTreeSet<Option<ProductCode>> = BTreeSet::new();
        let mut fresh: Vec<BroughtExample> = Vec::new();
        match known {
            Some(mut known) if gone.is_empty() && known.len() <= MOST_KNOWN => {
                (fresh, doubted) = taken_up(&known, newest_of(brought_by(app, &(now - before)).await?));
                known.extend(fresh.iter().map(|one| (text_of(&one.example), said_by(one))));
                self.newest = Some(known);
            }
            known => {
                let taken_back = brought_by(app, &gone).await?;
                doubted.extend(taken_back.into_iter().map(|one| one.example.product));
                let all = self.read(app, now).await?;
                fresh.extend(all.into_iter().filter(|one| !before.contains(&one.order)));
                let held = |one: &BroughtExample| known.as_ref()?.get(&text_of(&one.example));
                doubted.extend(fresh.iter().filter_map(|one| overruled(held(one)?, one)));
            }
        }
        Ok((fresh.into_iter().map(|one| one.example).collect(), doubted.into_iter().collect()))
    }
}

/// Of each text the newest of some examples, by when they were decided; of one moment the one that came last.
pub(super) fn newest_of(mut examples: Vec<BroughtExample>) -> Vec<BroughtExample> {
    examples.sort_by_key(|one| one.example.decided_at);
    let mut met = HashSet::new();
    examples.reverse();
    examples.retain(|one| met.insert(text_of(&one.example)));
    examples.reverse();
    examples
}

/// Examples as an order brings them in that is newer than all others.
pub(super) fn supposed(examples: &[ForeignExample]) -> Vec<BroughtExample> {
    let brought = |example: &ForeignExample| BroughtExample { order: i64::MAX, example: example.clone() };
    examples.iter().map(brought).collect()
}

/// The examples that are the newest of their texts now, and the products of those they overrule.
fn taken_up(
    known: &HashMap<u64, Newest>,
    brought: Vec<BroughtExample>,
) -> (Vec<BroughtExample>, BTreeSet<Option<ProductCode>>) {
    let (mut fresh, mut doubted) = (Vec::new(), BTreeSet::new());
    for one in brought {
        let held = known.get(&text_of(&one.example));
        if held.is_none_or(|held| held.decided_at <= one.example.decided_at) {
            doubted.extend(held.and_then(|held| overruled(held, &one)));
            fresh.push(one);
        }
    }
    (fresh, doubted)
}

/// The product an example was of that another one of the same text stands against; within, none = outside the catalog.
fn overruled(held: &Newest, by: &BroughtExample) -> Option<Option<ProductCode>> {
    (held.product != by.example.product).then(|| held.product.clone())
}

fn said_by(one: &BroughtExample) -> Newest {
    Newest { decided_at: one.example.decided_at, product: one.example.product.clone() }
}

/// A hash of what a text and its circumstances say, whatever blanks and case.
fn text_of(example: &ForeignExample) -> u64 {
    let mut hasher = DefaultHasher::new();
    for part in [&example.title, &example.doc_type, &example.category, &example.source_system, &example.unit]
    {
        part.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase().hash(&mut hasher);
    }
    hasher.finish()
}

/// The examples some orders brought in, by when they were decided; of one moment in the order they came.
async fn brought_by(app: &App, orders: &BTreeSet<i64>) -> Result<Vec<BroughtExample>, Finding> {
    let orders: Vec<i64> = orders.iter().copied().collect();
    let brought = app.store.examples_of(&orders, MOST_KNOWN).await;
    let mut brought = brought.map_err(|error| error.finding())?;
    brought.sort_by_key(|one| one.example.decided_at);
    Ok(brought)
}
