//! Several units' proposals beside each other (plan IV.2.2).
//!
//! Owns what counts as the same product (name and output, group and coefficient), which products stand side by side because
//! they may be the same, and what differs among them. Who proposed what is kept through everything. It must not know
//! sheets. Points are brought to one standard product; the coefficient each unit gave stays as it was.

use super::likeness::{Index, Rarity, content, features, words};
use super::read::{Filled, FilledRow};
use super::scale::Scale;
use crate::domain::{ProductCode, ProductKind, UnitCode};
use crate::error::{Finding, Findings, Place, Text};
use crate::text::fold;
use rust_decimal::{Decimal, RoundingStrategy};
use std::collections::{BTreeMap, BTreeSet};

/// Likeness from which on two products stand side by side.
const SIDE_BY_SIDE: f32 = 0.45;

/// Characters of all synonyms of a product: a cell holds 32,767.
const MOST_SYNONYMS: usize = 30_000;

/// What one unit said of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposer {
    /// The unit.
    pub unit: UnitCode,
    /// Its name.
    pub unit_name: String,
    /// As it came.
    pub row: FilledRow,
}

/// One product of the draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// Technical key.
    pub key: String,
    /// Number of the group of products that may be the same; each group stands together.
    pub cluster: u32,
    /// Whether others stand in that group.
    pub alone: bool,
    /// Code, unique in the draft.
    pub code: String,
    /// Points on the scale's standard product.
    pub points: Decimal,
    /// What differs within the group, in words.
    pub differs: Vec<String>,
    /// Proposed as the standard product.
    pub standard: bool,
    /// Who proposed it, never empty; the first one's words stand in the draft.
    pub proposers: Vec<Proposer>,
}

impl Joined {
    /// The row whose words stand in the draft.
    pub(super) fn row(&self) -> Option<&FilledRow> {
        self.proposers.first().map(|proposer| &proposer.row)
    }

    /// The synonyms of everyone who proposed it, each once, as far as one cell holds them.
    pub(super) fn synonyms(&self) -> Vec<&str> {
        let (mut met, mut length, mut all) = (BTreeSet::new(), 0, Vec::new());
        for synonym in self.proposers.iter().flat_map(|proposer| &proposer.row.synonyms) {
            let more = length + synonym.chars().count() + 1;
            if more <= MOST_SYNONYMS && met.insert(fold(synonym)) {
                length = more;
                all.push(synonym.as_str());
            }
        }
        all
    }
}

/// Joins proposals; of the codes a catalog has at present none is given to a second product.
///
/// # Errors
/// LT-CAT-045 two files of one unit.
pub fn merge(
    proposals: &[Filled],
    scale: &Scale,
    present: &BTreeSet<ProductCode>,
) -> Result<Vec<Joined>, Findings> {
    let mut units: BTreeMap<&UnitCode, &str> = BTreeMap::new();
    let mut findings = Vec::new();
    for proposal in proposals {
        if let Some(first) = units.insert(&proposal.unit, &proposal.file) {
            findings.push(
                Finding::error(
                    "LT-CAT-045",
                    Text::new(
                        format!("đơn vị {} đã có đề xuất trong tệp {first}", proposal.unit),
                        format!("unit {} has a proposal in {first} already", proposal.unit),
                    ),
                    Text::new("giữ một tệp của mỗi đơn vị", "keep one file of each unit"),
                )
                .at(Place::of(proposal.file.as_str())),
            );
        }
    }
    if !findings.is_empty() {
        return Err(Findings(findings));
    }
    let mut joined: Vec<Joined> = Vec::new();
    let mut same: BTreeMap<(String, String, u8, Decimal, bool), usize> = BTreeMap::new();
    for proposal in proposals {
        for row in &proposal.rows {
            let proposer = Proposer {
                unit: proposal.unit.clone(),
                unit_name: proposal.unit_name.clone(),
                row: row.clone(),
            };
            let leads = row.kind == ProductKind::Leadership;
            let identity = (fold(&row.work), fold(&row.output), row.group.number(), row.coefficient, leads);
            match same.get(&identity).and_then(|at| joined.get_mut(*at)) {
                Some(known) => known.proposers.push(proposer),
                None => {
                    same.insert(identity, joined.len());
                    joined.push(Joined {
                        key: String::new(),
                        cluster: 0,
                        alone: true,
                        code: String::new(),
                        points: on_scale(row.points, proposal.standard_points, scale),
                        differs: Vec::new(),
                        standard: false,
                        proposers: vec![proposer],
                    });
                }
            }
        }
    }
    side_by_side(&mut joined);
    finish(&mut joined, present);
    Ok(joined)
}

/// Points on the scale's standard product; those of a unit whose standard product has as many stay as they are.
fn on_scale(points: Decimal, standard: Decimal, scale: &Scale) -> Decimal {
    if standard == scale.standard_points {
        return points;
    }
    let moved = points.checked_mul(scale.standard_points).and_then(|product| product.checked_div(standard));
    moved.map_or(points, |moved| {
        moved.round_dp_with_strategy(1, RoundingStrategy::MidpointAwayFromZero).normalize()
    })
}

/// Puts products that may be the same into one group: one code from one present catalog, one name, or much the same
/// words with the same output.
fn side_by_side(joined: &mut [Joined]) {
    let text = |one: &Joined| one.row().map(|row| format!("{} {}", row.output, row.work)).unwrap_or_default();
    let cut: Vec<Vec<(u64, f32)>> = joined.iter().map(|one| features(&content(&words(&text(one))))).collect();
    let mut rarity = Rarity::default();
    cut.iter().for_each(|features| rarity.add(features));
    let mut index = Index::default();
    let mut group_of: Vec<usize> = Vec::with_capacity(joined.len());
    let (mut by_code, mut by_name) = (BTreeMap::new(), BTreeMap::new());
    for (at, (one, features)) in joined.iter().zip(&cut).enumerate() {
        let weighed = rarity.weigh(features);
        let (code, name) = one.row().map(|row| (row.code.to_string(), fold(&row.work))).unwrap_or_default();
        let known = by_code.get(&code).or_else(|| by_name.get(&name)).copied();
        let like = || index.like(&weighed, SIDE_BY_SIDE).first().map(|(other, _)| *other);
        let first = known.or_else(like).and_then(|other: usize| group_of.get(other).copied()).unwrap_or(at);
        group_of.push(first);
        index.put(weighed);
        by_code.entry(code).or_insert(at);
        by_name.entry(name).or_insert(at);
    }
    let mut sizes: BTreeMap<usize, u32> = BTreeMap::new();
    group_of.iter().for_each(|group| *sizes.entry(*group).or_insert(0) += 1);
    for (one, group) in joined.iter_mut().zip(group_of) {
        one.cluster = u32::try_from(group).unwrap_or(u32::MAX);
        one.alone = sizes.get(&group) == Some(&1);
    }
}

/// Orders the draft, says what differs within each group, gives codes and keys, and proposes the standard product.
fn finish(joined: &mut [Joined], present: &BTreeSet<ProductCode>) {
    let order = |one: &Joined| {
        let row = one.row();
        (
            one.cluster,
            std::cmp::Reverse(one.proposers.len()),
            row.map(|row| (row.output.clone(), row.work.clone())),
        )
    };
    let mut size: BTreeMap<u32, Vec<(u8, Decimal)>> = BTreeMap::new();
    for one in joined.iter() {
        let said = one.row().map(|row| (row.group.number(), row.coefficient));
        size.entry(one.cluster).or_default().extend(said);
    }
    joined.sort_by_key(order);
    let written: BTreeSet<String> =
        joined.iter().filter_map(Joined::row).map(|row| row.code.to_string()).collect();
    let of_somebody: BTreeSet<&str> =
        written.iter().map(String::as_str).chain(present.iter().map(ProductCode::as_str)).collect();
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let (mut number, mut last) = (0, None);
    for (at, one) in joined.iter_mut().enumerate() {
        if last != Some(one.cluster) {
            last = Some(one.cluster);
            number += 1;
        }
        let said = size.get(&one.cluster).cloned().unwrap_or_default();
        one.differs = differences(&said);
        one.cluster = number;
        one.key = format!("D#{:05}", at + 1);
        let wanted = one.row().map(|row| row.code.to_string()).unwrap_or_default();
        let mut code = wanted.clone();
        let mut copy = 1;
        // What a unit wrote stands; a code made up here must be nobody's.
        while taken.contains(&code) || (copy > 1 && of_somebody.contains(code.as_str())) {
            copy += 1;
            let start: String = wanted.chars().take(58).collect();
            code = format!("{start}.{copy}");
        }
        taken.insert(code.clone());
        one.code = code;
    }
    let standard = |one: &Joined| one.proposers.iter().filter(|proposer| proposer.row.standard).count();
    let best = joined
        .iter()
        .enumerate()
        .max_by(|a, b| standard(a.1).cmp(&standard(b.1)).then(b.0.cmp(&a.0)))
        .map(|(at, _)| at);
    if let Some(one) = best.and_then(|at| joined.get_mut(at)) {
        one.standard = true;
    }
}

fn differences(said: &[(u8, Decimal)]) -> Vec<String> {
    let mut differs = Vec::new();
    let (groups, ratios): (BTreeSet<u8>, BTreeSet<Decimal>) = said.iter().copied().unzip();
    if groups.len() > 1 {
        let list: Vec<String> = groups.iter().map(ToString::to_string).collect();
        differs.push(format!("nhóm khác nhau: {}", list.join(" – ")));
    }
    if ratios.len() > 1 {
        let list: Vec<String> =
            ratios.iter().map(|ratio| ratio.normalize().to_string().replace('.', ",")).collect();
        differs.push(format!("hệ số khác nhau: {}", list.join(" – ")));
    }
    differs
}
