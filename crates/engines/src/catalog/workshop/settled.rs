//! A decided draft: the province's catalog and who proposed each of its products.
//!
//! Owns the reading of decisions (giữ, gộp vào MÃ, bỏ) and the catalog that follows. It must not know versions or the
//! store. Every row is decided or the whole draft is refused, with all errors by cell.

use super::form::{DRAFT, DRAFT_COLUMNS, Found, KEYS, Keys, sheets};
use super::read::{FilledRow, Places, check_keys, is_filled, rows, told};
use super::scale::Scale;
use crate::catalog::read::shown;
use crate::domain::{CatalogProduct, ProductCode, ProductKind, UnitCode};
use crate::error::{Finding, Findings, Text};
use crate::sheet::Line;
use crate::text::fold;
use std::collections::{BTreeMap, BTreeSet};

const PLACES: Places = Places {
    field: 2,
    work: 3,
    output: 4,
    group: 5,
    maximum: 6,
    points: 7,
    coefficient: 8,
    note: 9,
    code: 10,
    standard: 11,
    kind: 12,
    synonyms: 13,
    key: 16,
};
const DECISION: usize = 15;

/// What one unit proposed for a product that was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Code of the product in the catalog.
    pub code: ProductCode,
    /// The unit.
    pub unit: UnitCode,
    /// Code, name, output, group, points and coefficient as the unit gave them.
    pub said: [String; 6],
}

/// A decided catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Its products, in the order of the draft.
    pub products: Vec<CatalogProduct>,
    /// Who proposed them.
    pub origins: Vec<Origin>,
    /// Rows joined into others.
    pub joined: usize,
    /// Rows dropped.
    pub dropped: usize,
}

enum Decision {
    Keep,
    Join(String),
    Drop,
}

/// Reads a decided draft.
///
/// # Errors
/// As for a unit's proposal, of the rows that are kept; LT-CAT-044 a row without a decision, or one joined into a code
/// that is not kept.
pub fn settle(file: &str, bytes: &[u8], scale: &Scale) -> Result<Settled, Findings> {
    let mut found = sheets(file, bytes, &[DRAFT, KEYS])?.into_iter();
    let (Some(sheet), Some(keys)) = (found.next(), found.next()) else { return Err(Findings(Vec::new())) };
    let keys = Keys::read(&keys, "draft")?;
    let form = Found::of(sheet, &DRAFT_COLUMNS)?;
    let lines: Vec<&Line> = form.rows().filter(|line| is_filled(&form, line, PLACES)).collect();
    let mut findings = Vec::new();
    check_keys(&form, &lines, PLACES, &keys, &mut findings);
    let decided: Vec<(&Line, Option<Decision>)> =
        lines.iter().map(|line| (*line, decision(form.cell(line, DECISION)))).collect();
    let kept: Vec<&Line> = decided
        .iter()
        .filter(|(_, decision)| matches!(decision, Some(Decision::Keep)))
        .map(|(line, _)| *line)
        .collect();
    let codes: BTreeSet<String> = kept.iter().map(|line| fold(form.cell(line, PLACES.code))).collect();
    for (line, decision) in &decided {
        let cell = form.cell(line, DECISION);
        let (vi, en) = match decision {
            None => (
                format!("quyết định \"{}\" không dùng được", shown(cell)),
                format!("the decision \"{}\" cannot be used", shown(cell)),
            ),
            Some(Decision::Join(code)) if !codes.contains(&fold(code)) => (
                format!("gộp vào {code}, nhưng không có dòng giữ nào mang mã này"),
                format!("joined into {code}, but no row that is kept has this code"),
            ),
            Some(_) => continue,
        };
        let remedy = Text::new(
            "ghi: giữ; bỏ; hoặc gộp vào MÃ của một dòng giữ",
            "write giữ (keep), bỏ (drop), or gộp vào and the code of a row that is kept",
        );
        findings.push(
            Finding::error("LT-CAT-044", Text::new(vi, en), remedy).at(form.place(line.number, DECISION)),
        );
    }
    let (_, rows) = rows(&form, &kept, PLACES, scale, &mut findings);
    if !findings.is_empty() {
        return Err(told(findings));
    }
    let joins: Vec<(&Line, &str)> = decided
        .iter()
        .filter_map(|(line, decision)| match decision {
            Some(Decision::Join(code)) => Some((*line, code.as_str())),
            _ => None,
        })
        .collect();
    let dropped = decided.iter().filter(|(_, decision)| matches!(decision, Some(Decision::Drop))).count();
    let mut products: Vec<CatalogProduct> = rows.iter().map(product).collect();
    let mut owner: BTreeMap<String, ProductCode> = rows
        .iter()
        .filter(|row| !row.key.is_empty())
        .map(|row| (row.key.clone(), row.code.clone()))
        .collect();
    for (line, code) in &joins {
        let Some(into) = products.iter_mut().find(|product| fold(product.code.as_str()) == fold(code)) else {
            continue;
        };
        owner.insert(form.cell(line, PLACES.key).to_owned(), into.code.clone());
        // The name it was proposed under is a word people use for the product.
        let words =
            std::iter::once(form.cell(line, PLACES.work)).chain(form.cell(line, PLACES.synonyms).split('|'));
        for word in words.map(str::trim).filter(|word| !word.is_empty()) {
            let known =
                fold(word) == fold(&into.name) || into.synonyms.iter().any(|own| fold(own) == fold(word));
            if !known {
                into.synonyms.push(word.to_owned());
            }
        }
    }
    let origins = keys.rows.iter().filter_map(|row| origin(row, &owner)).collect();
    Ok(Settled { products, origins, joined: joins.len(), dropped })
}

fn decision(cell: &str) -> Option<Decision> {
    let folded = fold(cell);
    match folded.as_str() {
        "giu" => return Some(Decision::Keep),
        "bo" => return Some(Decision::Drop),
        _ => {}
    }
    folded.strip_prefix("gop vao ")?;
    let code = cell.split_whitespace().next_back()?;
    ProductCode::new(code).ok().map(|code| Decision::Join(code.to_string()))
}

fn product(row: &FilledRow) -> CatalogProduct {
    CatalogProduct {
        code: row.code.clone(),
        name: row.work.clone(),
        field: row.field.clone(),
        measure: row.output.clone(),
        group: row.group,
        coefficient: row.coefficient,
        synonyms: row.synonyms.clone(),
        applies_to: String::new(),
        points: Some(row.points),
        kind: row.kind,
    }
}

fn origin(row: &[String], owner: &BTreeMap<String, ProductCode>) -> Option<Origin> {
    let cell = |at: usize| row.get(at).cloned().unwrap_or_default();
    Some(Origin {
        code: owner.get(&cell(0))?.clone(),
        unit: UnitCode::new(cell(1)).ok()?,
        said: [cell(3), cell(4), cell(5), cell(6), cell(7), cell(8)],
    })
}

impl Settled {
    /// The catalog as a file `catalog import` takes.
    pub fn to_csv(&self) -> String {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let mut out = String::from(
            "\u{feff}code,name,field,unit,complexity_group,coefficient,points,kind,synonyms,applies_to\r\n",
        );
        for product in &self.products {
            let kind = if product.kind == ProductKind::Leadership { "leadership" } else { "work" };
            let cells = [
                quoted(product.code.as_str()),
                quoted(&product.name),
                quoted(&product.field),
                quoted(&product.measure),
                product.group.number().to_string(),
                product.coefficient.to_string(),
                product.points.map(|points| points.to_string()).unwrap_or_default(),
                kind.to_owned(),
                quoted(&product.synonyms.join("|")),
                quoted(&product.applies_to),
            ];
            out.push_str(&cells.join(","));
            out.push_str("\r\n");
        }
        out
    }
}
