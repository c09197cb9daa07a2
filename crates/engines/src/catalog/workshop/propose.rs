//! From gathered groups to candidate products with a proposed group, points and reasons.
//!
//! Owns what is proposed and why: the present catalog first, where the tasks were mapped onto one of its products or its
//! words are alike; else the kind of output on the scale. Possible duplicates and candidates without a clear output are
//! marked, never dropped: people decide (plan IV.2.1.a). It must not know sheets. Deterministic.

use super::gather::{Head, Survey, frequent};
use super::likeness::{Index, Rarity, content, features, words};
use super::scale::Scale;
use crate::domain::{CatalogProduct, ComplexityGroup, ProductCode, ProductKind, UnitCode};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// Likeness from which on two candidates may be the same product.
const PERHAPS_SAME: f32 = 0.28;
/// Likeness from which on a product of the present catalog is named.
const LIKE_PRODUCT: f32 = 0.4;
/// Share of a candidate's tasks that must be mapped onto one product for it to be that product: 60 %.
const MOSTLY: (u64, u64) = (3, 5);
/// Candidates of one proposal.
const MOST_ROWS: usize = 5_000;
/// Rare titles listed beside them.
const MOST_RARE: usize = 1_000;

/// One candidate product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Technical key: what its row is known by when the sheet comes back.
    pub key: String,
    /// Field of work of the product of the present catalog it is or is like; empty where there is none.
    pub field: String,
    /// The work: a typical title without numbers, dates and names.
    pub work: String,
    /// Its output; empty when nothing tells it.
    pub output: String,
    /// Tasks of the year.
    pub count: u64,
    /// People who had one.
    pub people: u64,
    /// Months of the year with one.
    pub months: u32,
    /// Quarters of the year with one.
    pub quarters: u32,
    /// Proposed group.
    pub group: ComplexityGroup,
    /// Proposed points, within the group's maximum.
    pub points: Decimal,
    /// Why, and what to look at.
    pub notes: Vec<String>,
    /// Code: of the present catalog, or a new one.
    pub code: String,
    /// Whether it is proposed as the standard product.
    pub standard: bool,
    /// Whose work it is.
    pub kind: ProductKind,
    /// Typical titles with how often each stood.
    pub titles: Vec<(String, u64)>,
}

/// What a unit's year came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The unit.
    pub unit: UnitCode,
    /// Its name.
    pub unit_name: String,
    /// The year.
    pub year: i32,
    /// Tasks looked at.
    pub tasks: u64,
    /// Of these without any word.
    pub empty: u64,
    /// Of these in no candidate: seen too rarely.
    pub rare: u64,
    /// The most frequent of the rare ones.
    pub rare_titles: Vec<(String, u64)>,
    /// The candidates: by output, then the most frequent first.
    pub rows: Vec<Candidate>,
}

/// Proposes candidates: groups of at least `least` tasks. `catalog` is the present one, empty when there is none.
pub fn propose(
    survey: Survey,
    scale: &Scale,
    catalog: &[CatalogProduct],
    (unit, unit_name, year): (&UnitCode, &str, i32),
    least: u64,
) -> Proposal {
    let (tasks, empty, scattered) = (survey.tasks, survey.empty, survey.scattered);
    let heads = survey.finish();
    let (kept, rare): (Vec<Head>, Vec<Head>) = heads.into_iter().partition(|head| head.count >= least.max(1));
    let (kept, beyond) = kept.split_at(kept.len().min(MOST_ROWS));
    let out: Vec<&Head> = beyond.iter().chain(&rare).collect();
    let known = Known::of(catalog, kept);
    let mut rows: Vec<Candidate> = kept.iter().map(|head| candidate(head, scale, &known)).collect();
    rows.sort_by(|a, b| {
        (a.output.is_empty(), &a.output)
            .cmp(&(b.output.is_empty(), &b.output))
            .then(b.count.cmp(&a.count))
            .then_with(|| a.work.cmp(&b.work))
    });
    mark_duplicates(&mut rows);
    number(&mut rows, unit, catalog);
    choose_standard(&mut rows, scale);
    Proposal {
        unit: unit.clone(),
        unit_name: unit_name.to_owned(),
        year,
        tasks,
        empty,
        rare: out.iter().map(|head| head.count).sum::<u64>() + scattered,
        rare_titles: out.iter().take(MOST_RARE).map(|head| (head.title.clone(), head.count)).collect(),
        rows,
    }
}

/// The present catalog, found by its words.
struct Known<'a> {
    by_code: BTreeMap<&'a ProductCode, &'a CatalogProduct>,
    owners: Vec<&'a CatalogProduct>,
    rarity: Rarity,
    index: Index,
}

impl<'a> Known<'a> {
    fn of(catalog: &'a [CatalogProduct], heads: &[Head]) -> Self {
        let mut rarity = Rarity::default();
        let cut = |text: &str| features(&content(&words(text)));
        let texts: Vec<(&CatalogProduct, Vec<(u64, f32)>)> = catalog
            .iter()
            .flat_map(|product| {
                std::iter::once(&product.name).chain(&product.synonyms).map(move |text| (product, cut(text)))
            })
            .collect();
        texts.iter().for_each(|(_, features)| rarity.add(features));
        heads.iter().for_each(|head| rarity.add(&cut(&head.title)));
        let mut index = Index::default();
        let mut owners = Vec::with_capacity(texts.len());
        for (product, features) in texts {
            index.put(rarity.weigh(&features));
            owners.push(product);
        }
        Self {
            by_code: catalog.iter().map(|product| (&product.code, product)).collect(),
            owners,
            rarity,
            index,
        }
    }

    fn like(&self, title: &str) -> Option<&'a CatalogProduct> {
        let weighed = self.rarity.weigh(&features(&content(&words(title))));
        let (at, _) = self.index.like(&weighed, LIKE_PRODUCT).first().copied()?;
        self.owners.get(at).copied()
    }
}

fn candidate(head: &Head, scale: &Scale, known: &Known<'_>) -> Candidate {
    let kind = head.output.and_then(|index| scale.outputs.get(index));
    let on_scale = kind.unwrap_or(&scale.fallback);
    let (mut group, mut points, mut code) = (on_scale.group, on_scale.points, String::new());
    let mut notes = Vec::new();
    let mapped = frequent(&head.products).into_iter().next();
    let mapped = mapped.filter(|(_, times)| times * MOSTLY.1 >= head.count * MOSTLY.0);
    let mapped = mapped.and_then(|(code, times)| Some((*known.by_code.get(&code)?, times)));
    let of_catalog = mapped.map(|(product, _)| product).or_else(|| known.like(&head.title));
    let mut leadership = ProductKind::Work;
    match (mapped, of_catalog) {
        (_, Some(product)) => {
            let own = product.points.unwrap_or_else(|| product.coefficient * scale.standard_points);
            // A catalog on another scale may lie above the maximum of this one.
            let most = scale.maximum(product.group);
            (group, points) = (product.group, most.map_or(own, |most| own.min(most)));
            (code, leadership) = (product.code.to_string(), product.kind);
            notes.push(match mapped {
                Some((_, times)) => format!(
                    "theo danh mục hiện hành: {} {} ({times}/{} việc đã gán)",
                    product.code, product.name, head.count
                ),
                None => {
                    format!("gần giống sản phẩm {} {} của danh mục hiện hành", product.code, product.name)
                }
            });
        }
        (_, None) => notes.push(format!("đề xuất nhóm {}: {}", group.number(), on_scale.reason)),
    }
    // How a system sorts its documents is no field of work.
    if let Some((name, _)) = frequent(&head.categories).into_iter().next() {
        notes.push(format!("nhóm công việc ở hệ thống nguồn: {name}"));
    }
    if kind.is_none() {
        notes.push("không rõ sản phẩm đầu ra: ghi sản phẩm hoặc bỏ dòng này (mục IV.2.1.a)".to_owned());
    }
    let quarter = |number: u16| head.months & (0b111 << (number * 3)) != 0;
    Candidate {
        key: String::new(),
        field: of_catalog.map(|product| product.field.clone()).unwrap_or_default(),
        work: head.title.clone(),
        output: kind.map(|kind| kind.name.clone()).unwrap_or_default(),
        count: head.count,
        people: head.people.len() as u64,
        months: head.months.count_ones(),
        quarters: (0..4).map(|number| u32::from(quarter(number))).sum(),
        group,
        points,
        notes,
        code,
        standard: false,
        kind: leadership,
        titles: frequent(&head.titles),
    }
}

/// Names of each row those further up that may be the same product: the same product of the present catalog, or much
/// the same words.
fn mark_duplicates(rows: &mut [Candidate]) {
    let cut: Vec<Vec<(u64, f32)>> = rows.iter().map(|row| features(&content(&words(&row.work)))).collect();
    let mut rarity = Rarity::default();
    cut.iter().for_each(|features| rarity.add(features));
    let mut index = Index::default();
    let mut codes: BTreeMap<String, usize> = BTreeMap::new();
    for (at, (row, features)) in rows.iter_mut().zip(&cut).enumerate() {
        let weighed = rarity.weigh(features);
        let alike = index.like(&weighed, PERHAPS_SAME);
        index.put(weighed);
        let same_code = (!row.code.is_empty()).then(|| codes.get(&row.code).copied()).flatten();
        if let Some(first) = same_code {
            row.notes.push(format!(
                "có thể trùng với dòng {}: cùng sản phẩm {} của danh mục hiện hành",
                first + 1,
                row.code
            ));
            row.code.clear();
        } else if let Some((first, _)) = alike.first() {
            row.notes.push(format!("có thể trùng với dòng {}", first + 1));
        }
        if !row.code.is_empty() {
            codes.insert(row.code.clone(), at);
        }
    }
}

/// Gives each row its key, and those without a code a new one of the unit: none of the present catalog, also where no row
/// of this year is that product.
fn number(rows: &mut [Candidate], unit: &UnitCode, catalog: &[CatalogProduct]) {
    let present = catalog.iter().map(|product| product.code.as_str());
    let taken: BTreeSet<String> =
        rows.iter().map(|row| row.code.as_str()).chain(present).map(str::to_uppercase).collect();
    let mut next = 0u32;
    for (at, row) in rows.iter_mut().enumerate() {
        row.key = format!("{unit}#{:04}", at + 1);
        while row.code.is_empty() {
            next += 1;
            // A code has at most 64 characters.
            let start: String = unit.as_str().chars().take(56).collect();
            let code = format!("{start}-{next:03}");
            if !taken.contains(&code.to_uppercase()) {
                row.code = code;
            }
        }
    }
}

/// The standard product: frequent, common, countable, preferably of group 1 (art. 3.6; Handbook II.II).
fn choose_standard(rows: &mut [Candidate], scale: &Scale) {
    let fits = |row: &Candidate| {
        (!row.output.is_empty(), row.group.number() == 1, row.points == scale.standard_points, row.count)
    };
    let best = rows
        .iter()
        .enumerate()
        .max_by(|a, b| fits(a.1).cmp(&fits(b.1)).then(b.0.cmp(&a.0)))
        .map(|(at, _)| at);
    if let Some(row) = best.and_then(|at| rows.get_mut(at)) {
        row.standard = true;
        row.notes.push("đề xuất làm sản phẩm chuẩn: thường xuyên, đơn giản, đếm được (Điều 3.6)".to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::super::gather::Seen;
    use super::*;
    use chrono::NaiveDate;

    fn day(month: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, month, 5).expect("day")
    }

    #[test]
    fn candidates_say_why_and_mark_what_people_have_to_look_at() {
        let scale = Scale::built_in().expect("scale");
        let catalog = crate::catalog::read(
            "code,name,complexity_group,coefficient\nSP-7,Kế hoạch phát triển du lịch,3,14\n".as_bytes(),
            "c.csv",
        )
        .expect("catalog");
        let mut survey = Survey::new(std::sync::Arc::new(scale.clone()));
        for month in 1..=12 {
            for (title, doc_type) in [
                ("Báo cáo tháng công tác dân tộc", "Báo cáo"),
                ("Phúc đáp đề nghị của công dân", "Công văn"),
                ("Kế hoạch phát triển du lịch năm 2026", "Kế hoạch"),
                ("Theo dõi chung", ""),
            ] {
                survey.add(&Seen {
                    title,
                    doc_type,
                    category: "Chung",
                    day: day(month),
                    people: &[],
                    product: None,
                });
            }
        }
        let unit = UnitCode::new("SNV").expect("code");
        let proposal = propose(survey, &scale, &catalog, (&unit, "Sở Nội vụ", 2026), 2);
        let row = |output: &str| proposal.rows.iter().find(|row| row.output == output).expect(output);
        assert_eq!(proposal.rows.len(), 4);
        assert_eq!((row("Báo cáo định kỳ").count, row("Báo cáo định kỳ").months), (12, 12));
        let plan = row("Kế hoạch");
        assert_eq!((plan.code.as_str(), plan.group.number(), plan.points), ("SP-7", 3, Decimal::from(70)));
        assert!(row("").notes.iter().any(|note| note.contains("không rõ")), "{:?}", row("").notes);
        assert!(row("Văn bản phối hợp").standard, "{:#?}", proposal.rows);
        assert!(proposal.rows.iter().all(|row| Some(row.points) <= scale.maximum(row.group)));
        assert!(proposal.rows.iter().all(|row| !row.notes.is_empty() && !row.code.is_empty()));
    }

    #[test]
    fn new_codes_are_none_of_the_present_catalog_though_no_task_of_the_year_was_that_product() {
        let scale = Scale::built_in().expect("scale");
        let catalog = crate::catalog::read(
            "code,name,complexity_group,coefficient\nSNV-001,Thẩm định quy hoạch thủy lợi,3,14\nSNV-003,Cấp giấy phép khai thác nước ngầm,2,6\n"
                .as_bytes(),
            "c.csv",
        )
        .expect("catalog");
        let mut survey = Survey::new(std::sync::Arc::new(scale.clone()));
        for month in 1..=12 {
            for title in ["Báo cáo tháng công tác dân tộc", "Phúc đáp đề nghị của công dân"]
            {
                let (doc_type, category) = ("Báo cáo", "Chung");
                survey.add(&Seen { title, doc_type, category, day: day(month), people: &[], product: None });
            }
        }
        let unit = UnitCode::new("SNV").expect("code");
        let proposal = propose(survey, &scale, &catalog, (&unit, "Sở Nội vụ", 2026), 2);
        let codes: Vec<&str> = proposal.rows.iter().map(|row| row.code.as_str()).collect();
        assert_eq!(codes, ["SNV-002", "SNV-004"]);
    }
}
