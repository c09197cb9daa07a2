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
use std::collections::hash_map::{DefaultHasher, Entry};
use std::collections::{BTreeSet, HashMap};
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
        let mut newest = HashMap::new();
        let mut kept = Vec::new();
        for one in brought_by(app, orders).await?.into_iter().rev() {
            if let Entry::Vacant(free) = newest.entry(text_of(&one.example)) {
                free.insert(said_by(&one));
                kept.push(one);
            }
        }
        kept.reverse();
        self.newest = Some(newest);
        Ok(kept)
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
                let mut brought: HashMap<u64, BroughtExample> = HashMap::new();
                for one in brought_by(app, &(now - before)).await? {
                    let text = text_of(&one.example);
                    let held = known.get(&text);
                    if held.is_some_and(|held| held.decided_at > one.example.decided_at) {
                        continue;
                    }
                    // Of two brought together only what was known before was ever learned.
                    if !brought.contains_key(&text) {
                        doubted.extend(held.and_then(|held| overruled(held, &one)));
                    }
                    known.insert(text, said_by(&one));
                    brought.insert(text, one);
                }
                fresh.extend(brought.into_values());
                fresh.sort_by_key(|one| (one.example.decided_at, one.order));
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
