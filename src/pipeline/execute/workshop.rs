//! Orders of the catalog workshop: a unit's proposal, its check, the joined draft, the province's version.

use super::catalog::{Replaces, add, check_version, named_alike, touched};
use super::{Answer, App, Refusal, author, known_unit};
use crate::catalog::workshop::{
    Filled, Joined, Origin, Proposal, Scale, Settled, merge, read_form, settle, write_draft, write_form,
};
use crate::domain::{CatalogScope, CatalogVersion, UnitCode};
use crate::error::{Finding, Findings, Place, Text};
use crate::pipeline::command::{Align, Column, Document, Field, InputFile, Outcome};
use crate::pipeline::wording::Words;
use crate::store::{CatalogNew, Provenance};
use chrono::NaiveDate;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The scale an order works with: the one given, else the Handbook's.
fn scale(groups: Option<&InputFile>) -> Result<Scale, Refusal> {
    Ok(match groups {
        Some(file) => Scale::read(&file.name, &file.bytes)?,
        None => Scale::built_in()?,
    })
}

pub(super) async fn propose(
    app: &App,
    unit: &UnitCode,
    year: i32,
    at_least: u64,
    groups: Option<&InputFile>,
) -> Answer {
    known_unit(app, Some(unit)).await?;
    let scale = Arc::new(scale(groups)?);
    let directory = app.directory().await?;
    let scopes = crate::pipeline::scope::scopes_of(&directory, Some(unit));
    let catalog = match app.catalog_for(app.clock.today(), &scopes).await? {
        Some(version) => app.store.catalog_products(&version).await?,
        None => Vec::new(),
    };
    let proposal = app.workshop_proposal(unit, year, at_least, scale.clone(), catalog).await?;
    let told = told_of_proposal(&proposal);
    let bytes = off_thread(move || write_form(&proposal, &scale)).await??;
    let file = InputFile { name: format!("danh-muc-{unit}-{year}.xlsx"), bytes };
    Ok(Outcome::ok(Document::File { file, told: Box::new(told) }))
}

fn told_of_proposal(proposal: &Proposal) -> Document {
    let unclear = proposal.rows.iter().filter(|row| row.output.is_empty()).count();
    let doubled =
        |row: &&crate::catalog::workshop::Candidate| row.notes.iter().any(|note| note.contains("trùng"));
    let standard = proposal.rows.iter().find(|row| row.standard);
    Document::Object {
        title: Text::new(
            format!("Đề xuất danh mục của {} năm {}", proposal.unit_name, proposal.year),
            format!("Proposed catalog of {} for {}", proposal.unit_name, proposal.year),
        ),
        fields: vec![
            Field::new("tasks", "Công việc trong năm", "Tasks of the year", proposal.tasks),
            Field::new("candidates", "Sản phẩm đề xuất", "Candidate products", proposal.rows.len()),
            Field::new(
                "in_candidates",
                "Công việc thuộc các sản phẩm",
                "Tasks in candidates",
                proposal.rows.iter().map(|row| row.count).sum::<u64>(),
            ),
            Field::new("rare", "Công việc ít gặp", "Tasks seen too rarely", proposal.rare),
            Field::new("empty", "Công việc không có tên", "Tasks without a title", proposal.empty),
            Field::new("unclear", "Không rõ sản phẩm đầu ra", "Without a clear output", unclear),
            Field::new(
                "duplicates",
                "Có thể trùng",
                "Possible duplicates",
                proposal.rows.iter().filter(doubled).count(),
            ),
            Field::new(
                "standard",
                "Sản phẩm chuẩn đề xuất",
                "Proposed standard product",
                standard.map(|row| row.work.clone()).unwrap_or_default(),
            ),
        ],
    }
}

pub(super) async fn check(file: &InputFile, groups: Option<&InputFile>) -> Answer {
    let scale = scale(groups)?;
    let file = file.clone();
    let filled = off_thread(move || read_form(&file.name, &file.bytes, &scale)).await??;
    Ok(Outcome::ok(told_of_form(&filled)))
}

fn told_of_form(filled: &Filled) -> Document {
    let standard = filled.rows.iter().find(|row| row.standard);
    let of_group = |number: u8| filled.rows.iter().filter(|row| row.group.number() == number).count();
    let groups: Vec<String> = (1..=5).map(|number| format!("{number}: {}", of_group(number))).collect();
    Document::Object {
        title: Text::new(
            format!("Biểu của {} không có lỗi", filled.unit_name),
            format!("The form of {} has no errors", filled.unit_name),
        ),
        fields: vec![
            Field::new("unit", "Đơn vị", "Unit", filled.unit.as_str()),
            Field::new("year", "Năm", "Year", filled.year.as_str()),
            Field::new("products", "Sản phẩm", "Products", filled.rows.len()),
            Field::new("groups", "Theo nhóm", "By group", groups.join(", ")),
            Field::new(
                "standard",
                "Sản phẩm chuẩn",
                "Standard product",
                standard.map(|row| row.work.clone()).unwrap_or_default(),
            ),
            Field::new(
                "standard_points",
                "Điểm của sản phẩm chuẩn",
                "Its points",
                filled.standard_points.to_string(),
            ),
        ],
    }
}

pub(super) async fn join(app: &App, files: Vec<InputFile>, groups: Option<&InputFile>) -> Answer {
    let scale = scale(groups)?;
    let mut present = BTreeSet::new();
    for head in app.store.catalogs().await? {
        let products = app.store.catalog_products(&head.version).await?;
        present.extend(products.into_iter().map(|product| product.code));
    }
    let (joined, bytes) = off_thread(move || {
        let (mut filled, mut findings) = (Vec::with_capacity(files.len()), Vec::new());
        // One wrong file hides no error of another.
        for file in &files {
            match read_form(&file.name, &file.bytes, &scale) {
                Ok(one) => filled.push(one),
                Err(more) => findings.extend(more.0),
            }
        }
        if !findings.is_empty() {
            findings.truncate(2_000);
            return Err(Findings(findings));
        }
        let joined = merge(&filled, &scale, &present)?;
        let bytes = write_draft(&joined, &scale)?;
        Ok((joined, bytes))
    })
    .await??;
    let told = told_of_draft(&joined);
    let file = InputFile { name: "du-thao-danh-muc.xlsx".to_owned(), bytes };
    Ok(Outcome::ok(Document::File { file, told: Box::new(told) }))
}

/// What people have to look at, group by group.
fn told_of_draft(joined: &[Joined]) -> Document {
    let waiting = joined.iter().filter(|one| !one.alone);
    let rows: Vec<Vec<Value>> = waiting
        .map(|one| {
            let first = one.proposers.first();
            let units: Vec<&str> = one.proposers.iter().map(|proposer| proposer.unit.as_str()).collect();
            vec![
                json!(one.cluster),
                json!(one.code),
                json!(first.map(|proposer| proposer.row.work.clone())),
                json!(first.map(|proposer| proposer.row.group.number())),
                json!(first.map(|proposer| proposer.row.coefficient.to_string())),
                json!(units.join(", ")),
                json!(one.differs.join("; ")),
            ]
        })
        .collect();
    let mut sizes: BTreeMap<u32, usize> = BTreeMap::new();
    joined.iter().for_each(|one| *sizes.entry(one.cluster).or_default() += 1);
    // A row alone is nobody's duplicate.
    let clusters = sizes.values().filter(|size| **size > 1).count();
    let counts = Document::Object {
        title: Text::new("Dự thảo danh mục dùng chung", "Draft of the common catalog"),
        fields: vec![
            Field::new("products", "Dòng của dự thảo", "Rows of the draft", joined.len()),
            Field::new("clusters", "Cụm", "Groups of possible duplicates", clusters),
            Field::new("waiting", "Dòng chờ quyết định", "Rows that wait for a decision", rows.len()),
        ],
    };
    let table = Document::Table {
        title: Text::new("Chờ quyết định", "Waiting for a decision"),
        columns: vec![
            Column { align: Align::Right, ..Column::left("cluster", "Cụm", "Group") },
            Column::left("code", "Mã", "Code"),
            Column::left("name", "Công việc", "Work"),
            Column::right("group", "Nhóm", "Complexity"),
            Column::right("coefficient", "Hệ số", "Coefficient"),
            Column::left("units", "Đơn vị đề xuất", "Proposed by"),
            Column::left("differs", "Khác nhau", "Differs"),
        ],
        rows,
    };
    Document::Parts { parts: vec![("draft".to_owned(), counts), ("waiting".to_owned(), table)] }
}

/// A decided draft on its way to a version.
pub(super) struct Settling {
    pub file: InputFile,
    pub groups: Option<InputFile>,
    pub version: CatalogVersion,
    pub valid_from: NaiveDate,
    pub scope: CatalogScope,
    pub author: String,
    pub reason: String,
    pub dry_run: bool,
}

pub(super) async fn settle_draft(app: &App, settling: Settling) -> Answer {
    let who = author(&settling.author)?;
    if settling.reason.trim().is_empty() {
        return Err(no_reason().into());
    }
    let scale = scale(settling.groups.as_ref())?;
    let heads = check_version(app, &settling.version, &settling.scope).await?;
    let file = settling.file.clone();
    let settled = off_thread(move || settle(&file.name, &file.bytes, &scale)).await??;
    let csv = settled.to_csv();
    let provenance: Vec<Provenance> = settled.origins.iter().map(provenance).collect();
    let moves = app.moved_by_catalog(&heads, &settling.scope, settling.valid_from).await?;
    let touched = touched(app, &heads, &settling.scope, &moves, &settled.products).await?;
    let findings = touched.into_iter().chain(named_alike(&settled.products)).collect();
    if settling.dry_run {
        let from = (&settling.scope, settling.valid_from);
        let replaces = Replaces::of(app, &heads, from, &settled.products).await?;
        let document = replaces.tried(&settled.products, &moves);
        return Ok(Outcome::with_findings(document, findings));
    }
    let new = CatalogNew {
        version: &settling.version,
        valid_from: settling.valid_from,
        scope: &settling.scope,
        products: &settled.products,
        sha256: &Sha256::digest(csv.as_bytes()),
        author: who,
        reason: Some(settling.reason.trim()),
        provenance: &provenance,
        moves: &moves,
    };
    add(app, new).await?;
    let told = told_of_version(&settling, &settled);
    let name = format!("danh-muc-{}.csv", settling.version);
    let file = InputFile { name, bytes: csv.into_bytes() };
    let document = Document::File { file, told: Box::new(told) };
    Ok(Outcome::with_findings(document, findings))
}

fn provenance(origin: &Origin) -> Provenance {
    let [code, name, output, group, points, coefficient] = &origin.said;
    Provenance {
        code: origin.code.clone(),
        unit: origin.unit.clone(),
        proposed: json!({
            "code": code, "name": name, "output": output, "group": group, "points": points,
            "coefficient": coefficient
        }),
    }
}

fn told_of_version(settling: &Settling, settled: &Settled) -> Document {
    let mut units: Vec<&UnitCode> = settled.origins.iter().map(|origin| &origin.unit).collect();
    units.sort();
    units.dedup();
    Document::Object {
        title: Text::new("Đã lưu danh mục", "Catalog stored"),
        fields: vec![
            Field::new("version", "Phiên bản", "Version", settling.version.as_str()),
            Field::new("valid_from", "Hiệu lực từ", "Valid from", settling.valid_from.to_string()),
            Field::words("scope", "Phạm vi", "Scope", Words::Scope, settling.scope.to_string()),
            Field::new("products", "Sản phẩm", "Products", settled.products.len()),
            Field::new("joined", "Dòng gộp vào sản phẩm khác", "Rows joined into others", settled.joined),
            Field::new("dropped", "Dòng bỏ", "Rows dropped", settled.dropped),
            Field::new("units", "Đơn vị đã đề xuất", "Units that proposed them", units.len()),
        ],
    }
}

fn no_reason() -> Finding {
    Finding::error(
        "LT-CAT-048",
        Text::new("thiếu căn cứ của danh mục", "the ground of the catalog is missing"),
        Text::new(
            "ghi --reason \"Quyết định số … của Chủ tịch UBND tỉnh\" (Điều 13.2)",
            "give --reason with the decision that approves it (art. 13.2)",
        ),
    )
    .at(Place::of("--reason"))
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refusal> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| crate::pipeline::broken("catalog form").into())
}
