//! A year's tasks gathered into groups that may be one product each.
//!
//! Owns the streaming: tasks come one by one, what is held are the heads of groups with their counts, never tasks. Equal
//! titles (numbers, dates and names taken out) are one; when too many different ones are held, like ones are joined and
//! those seen once are dropped first, counted. It must not know what is proposed for a group. The result does not depend
//! on anything but the tasks and their order.

use super::likeness::{Index, Rarity, content, features, number_of, shown, words};
use super::scale::Scale;
use crate::domain::{PersonId, ProductCode};
use chrono::{Datelike as _, NaiveDate};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

/// Different titles held at most before like ones are joined.
const MOST_HELD: usize = 50_000;
/// Likeness from which on two titles of one output are one product.
const SAME: f32 = 0.42;
/// People counted of one group.
const MOST_PEOPLE: usize = 2_000;
/// Typical titles, fields and products remembered of one group.
const MOST_NAMES: usize = 6;

/// A task as far as the workshop looks at it.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// Title as it came.
    pub title: &'a str,
    /// Document type of the source; empty when unknown.
    pub doc_type: &'a str,
    /// The source's own category; empty when unknown.
    pub category: &'a str,
    /// The day it counts on.
    pub day: NaiveDate,
    /// Who has it.
    pub people: &'a [PersonId],
    /// Product of the present catalog it was given.
    pub product: Option<&'a ProductCode>,
}

/// One group under way.
#[derive(Debug, Clone)]
pub(super) struct Head {
    /// A title as people read it.
    pub title: String,
    pub output: Option<usize>,
    pub count: u64,
    pub people: BTreeSet<PersonId>,
    /// Bit 0 = January.
    pub months: u16,
    pub titles: BTreeMap<String, u64>,
    pub categories: BTreeMap<String, u64>,
    pub products: BTreeMap<ProductCode, u64>,
    features: Vec<(u64, f32)>,
}

/// What a year's tasks came to so far.
#[derive(Debug)]
pub struct Survey {
    scale: Arc<Scale>,
    held: HashMap<u64, Head>,
    most: usize,
    /// Tasks seen.
    pub tasks: u64,
    /// Tasks without any word in their title.
    pub empty: u64,
    /// Tasks whose title stood alone and was dropped to make room.
    pub scattered: u64,
}

impl Survey {
    /// An empty survey.
    pub fn new(scale: Arc<Scale>) -> Self {
        Self { scale, held: HashMap::new(), most: MOST_HELD, tasks: 0, empty: 0, scattered: 0 }
    }

    /// The same with another bound on what is held, for tests of the bound.
    #[cfg(test)]
    fn holding(scale: Arc<Scale>, most: usize) -> Self {
        Self { most, ..Self::new(scale) }
    }

    /// Takes one task.
    pub fn add(&mut self, seen: &Seen<'_>) {
        self.tasks += 1;
        let title = shown(seen.title);
        // The output is told by all words: "báo cáo tháng 6" loses its month only where titles are compared.
        let all: Vec<String> =
            crate::text::tokens(seen.title).into_iter().map(|token| token.folded).collect();
        let output = self.scale.output_of_words(&all, seen.doc_type);
        let words = words(&title);
        let content = content(&words);
        if content.is_empty() {
            self.empty += 1;
            return;
        }
        let key = number_of(&format!("{output:?} {}", content.join(" ")));
        let head = self.held.entry(key).or_insert_with(|| Head {
            title: title.clone(),
            output,
            count: 0,
            people: BTreeSet::new(),
            months: 0,
            titles: BTreeMap::new(),
            categories: BTreeMap::new(),
            products: BTreeMap::new(),
            features: features(&content),
        });
        // Of two spellings the one with accents is shown.
        if head.title.is_ascii() && !title.is_ascii() {
            head.title.clone_from(&title);
        }
        head.count += 1;
        head.months |= 1 << seen.day.month0();
        count(&mut head.titles, title, 1);
        if !seen.category.trim().is_empty() {
            count(&mut head.categories, seen.category.trim().chars().take(100).collect(), 1);
        }
        if let Some(product) = seen.product {
            count(&mut head.products, product.clone(), 1);
        }
        for person in seen.people {
            if head.people.len() < MOST_PEOPLE {
                head.people.insert(*person);
            }
        }
        if self.held.len() > self.most {
            self.make_room();
        }
    }

    /// Joins like titles; where that is not enough, drops those seen once.
    fn make_room(&mut self) {
        let joined = self.joined();
        let enough = self.most / 2;
        let mut kept = HashMap::with_capacity(enough);
        for head in joined {
            if kept.len() >= enough && head.count == 1 {
                self.scattered += 1;
                continue;
            }
            let words = words(&head.title);
            let key = number_of(&format!("{:?} {}", head.output, content(&words).join(" ")));
            match kept.entry(key) {
                std::collections::hash_map::Entry::Vacant(free) => {
                    free.insert(head);
                }
                std::collections::hash_map::Entry::Occupied(mut taken) => absorb(taken.get_mut(), head),
            }
        }
        // Nothing but frequent titles: the least frequent ones go.
        if kept.len() > enough + enough / 2 {
            let mut all: Vec<(u64, Head)> = kept.into_iter().collect();
            all.sort_by(|a, b| b.1.count.cmp(&a.1.count).then(a.0.cmp(&b.0)));
            self.scattered += all.iter().skip(enough).map(|(_, head)| head.count).sum::<u64>();
            all.truncate(enough);
            kept = all.into_iter().collect();
        }
        self.held = kept;
    }

    /// The groups, the most frequent first.
    pub(super) fn finish(mut self) -> Vec<Head> {
        self.joined()
    }

    /// Takes everything held and joins like titles of one output: the most frequent titles become heads, the others
    /// follow the head they are most like.
    fn joined(&mut self) -> Vec<Head> {
        let mut all: Vec<(u64, Head)> = std::mem::take(&mut self.held).into_iter().collect();
        all.sort_by(|a, b| {
            b.1.count.cmp(&a.1.count).then_with(|| a.1.title.cmp(&b.1.title)).then(a.0.cmp(&b.0))
        });
        let mut rarity = Rarity::default();
        all.iter().for_each(|(_, head)| rarity.add(&head.features));
        let mut indexes: BTreeMap<Option<usize>, (Index, Vec<usize>)> = BTreeMap::new();
        let mut heads: Vec<Head> = Vec::new();
        for (_, head) in all {
            let weighed = rarity.weigh(&head.features);
            let (index, places) = indexes.entry(head.output).or_default();
            let nearest = index.like(&weighed, SAME).first().copied();
            let place = nearest.and_then(|(at, _)| places.get(at).copied());
            match place.and_then(|place| heads.get_mut(place)) {
                Some(known) => absorb(known, head),
                None => {
                    index.put(weighed);
                    places.push(heads.len());
                    heads.push(head);
                }
            }
        }
        heads.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.title.cmp(&b.title)));
        heads
    }
}

fn absorb(head: &mut Head, other: Head) {
    head.count += other.count;
    head.months |= other.months;
    for person in other.people {
        if head.people.len() < MOST_PEOPLE {
            head.people.insert(person);
        }
    }
    other.titles.into_iter().for_each(|(title, times)| count(&mut head.titles, title, times));
    other.categories.into_iter().for_each(|(name, times)| count(&mut head.categories, name, times));
    other.products.into_iter().for_each(|(code, times)| count(&mut head.products, code, times));
}

/// Counts a name; of too many the rarest is forgotten.
fn count<K: Ord + Clone>(names: &mut BTreeMap<K, u64>, name: K, times: u64) {
    *names.entry(name).or_insert(0) += times;
    if names.len() > MOST_NAMES {
        let rarest =
            names.iter().min_by(|a, b| a.1.cmp(b.1).then(b.0.cmp(a.0))).map(|(name, _)| name.clone());
        if let Some(rarest) = rarest {
            names.remove(&rarest);
        }
    }
}

/// The most frequent names, best first.
pub(super) fn frequent<K: Ord + Clone>(names: &BTreeMap<K, u64>) -> Vec<(K, u64)> {
    let mut all: Vec<(K, u64)> = names.iter().map(|(name, times)| (name.clone(), *times)).collect();
    all.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(title: &str, month: u32) -> Seen<'_> {
        let day = NaiveDate::from_ymd_opt(2026, month, 5).expect("day");
        Seen { title, doc_type: "", category: "", day, people: &[], product: None }
    }

    #[test]
    fn equal_titles_but_for_numbers_dates_names_and_accents_are_one_group() {
        let scale = Scale::built_in().expect("scale");
        let mut survey = Survey::new(Arc::new(scale));
        for (title, month) in [
            ("Báo cáo giải ngân vốn đầu tư công tháng 3/2026", 3),
            ("BÁO CÁO giải ngân vốn đầu tư công tháng 4/2026", 4),
            ("bao cao giai ngan von dau tu cong thang 5", 5),
            ("Báo cáo 12/BC-UBND giải ngân vốn đầu tư công xã Ia Kha", 6),
            ("Kế hoạch đại hội thể dục thể thao", 6),
            ("12/2026", 6),
        ] {
            survey.add(&seen(title, month));
        }
        assert_eq!((survey.tasks, survey.empty), (6, 1));
        let heads = survey.finish();
        let told: Vec<(&str, u64)> = heads.iter().map(|head| (head.title.as_str(), head.count)).collect();
        assert_eq!(heads.len(), 2, "{told:?}");
        assert_eq!(heads[0].count, 4, "{told:?}");
        assert_eq!(heads[0].months.count_ones(), 4);
    }

    #[test]
    fn a_flood_of_different_titles_is_held_within_its_bound_and_what_is_dropped_is_counted() {
        let scale = Scale::built_in().expect("scale");
        let mut survey = Survey::holding(Arc::new(scale), 200);
        let (mut most, mut total) = (0, 0);
        for number in 0..3_000u32 {
            // Words that have nothing in common.
            let word = |step: u32| format!("q{}x", char::from_u32(97 + (number / step) % 26).unwrap_or('a'));
            let title = format!("báo cáo {}{} {}{}", word(1), word(26), word(676), word(7));
            survey.add(&seen(&title, 1));
            survey.add(&seen("Kế hoạch thu quỹ", 2));
            most = most.max(survey.held.len());
            total += 2;
        }
        assert!(most <= 201, "{most} titles held");
        let (tasks, scattered) = (survey.tasks, survey.scattered);
        let heads = survey.finish();
        assert_eq!(tasks, total);
        assert_eq!(heads[0].count, 3_000, "the frequent one is never dropped");
        assert_eq!(heads.iter().map(|head| head.count).sum::<u64>() + scattered, total);
    }
}
