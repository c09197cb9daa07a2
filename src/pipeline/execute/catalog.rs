//! Orders about the catalog.

use super::trial::{Tally, tried};
use super::{Answer, App, Refusal, author, known_unit};
use crate::catalog;
use crate::domain::{CatalogProduct, CatalogScope, CatalogVersion, Period, ProductCode};
use crate::error::{Finding, Place, Text};
use crate::mapping::of_one_name;
use crate::pipeline::command::{Column, Document, Field, InputFile, Outcome};
use crate::pipeline::frozen;
use crate::pipeline::search::Sought;
use crate::pipeline::wording::Words;
use crate::store::{CatalogHead, CatalogNew};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// A catalog file on its way in.
pub(super) struct Importing {
    pub file: InputFile,
    pub version: CatalogVersion,
    pub valid_from: NaiveDate,
    pub scope: CatalogScope,
    pub author: String,
    pub reason: Option<String>,
    pub dry_run: bool,
}

pub(super) async fn import(app: &App, importing: Importing) -> Answer {
    let Importing { file, version, valid_from, scope, .. } = &importing;
    let (valid_from, who) = (*valid_from, author(&importing.author)?);
    let products = catalog::read(&file.bytes, &file.name)?;
    let heads = check_version(app, version, scope).await?;
    let mut findings = Vec::new();
    let replaces = Replaces::of(app, &heads, (scope, valid_from), &products).await?;
    findings.extend(replaces.missing(valid_from).map(|told| told.at(Place::of(file.name.as_str()))));
    let moves = app.moved_by_catalog(&heads, scope, valid_from).await?;
    findings.extend(touched(app, &heads, scope, &moves, &products).await?);
    findings.extend(named_alike(&products));
    if importing.dry_run {
        return Ok(Outcome::with_findings(replaces.tried(&products, &moves), findings));
    }
    let new = CatalogNew {
        version,
        valid_from,
        scope,
        products: &products,
        sha256: &Sha256::digest(&file.bytes),
        author: who,
        reason: importing.reason.as_deref(),
        provenance: &[],
        moves: &moves,
    };
    add(app, new).await?;
    let document = Document::Object {
        title: Text::new("Đã nhập danh mục", "Catalog imported"),
        fields: vec![
            Field::new("version", "Phiên bản", "Version", version.as_str()),
            Field::new("valid_from", "Hiệu lực từ", "Valid from", valid_from.to_string()),
            Field::words("scope", "Phạm vi", "Scope", Words::Scope, scope.to_string()),
            Field::new("products", "Sản phẩm", "Products", products.len()),
        ],
    };
    Ok(Outcome::with_findings(document, findings))
}

/// The version a new one takes the place of from its first day on, and what is other in it.
pub(super) struct Replaces {
    version: Option<CatalogVersion>,
    /// First day of the version of the same scope that follows.
    next: Option<NaiveDate>,
    diff: catalog::Diff,
}

impl Replaces {
    /// Of the same scope: what holds for other bodies is not replaced.
    pub(super) async fn of(
        app: &App,
        heads: &[CatalogHead],
        (scope, valid_from): (&CatalogScope, NaiveDate),
        products: &[CatalogProduct],
    ) -> Result<Self, Refusal> {
        let own: Vec<&CatalogHead> = heads.iter().filter(|head| head.scope == *scope).collect();
        let before =
            own.iter().filter(|head| head.valid_from <= valid_from).max_by_key(|head| head.valid_from);
        let old = match before {
            Some(head) => app.store.catalog_products(&head.version).await?,
            None => Vec::new(),
        };
        Ok(Self {
            version: before.map(|head| head.version.clone()),
            next: own.iter().map(|head| head.valid_from).find(|day| *day > valid_from),
            diff: catalog::diff(&old, products),
        })
    }

    /// That it lacks products of the version it replaces (LT-CAT-025).
    fn missing(&self, valid_from: NaiveDate) -> Option<Finding> {
        let replaced = self.version.as_ref().filter(|_| !self.diff.removed.is_empty())?;
        Some(products_missing(replaced, self.diff.removed.len(), valid_from, self.next))
    }

    /// What a trial shows: `moves` are the quarters whose scores would be computed again.
    pub(super) fn tried(&self, products: &[CatalogProduct], moves: &[Period]) -> Document {
        let (new, changed) = (self.diff.added.len(), self.diff.changed.len());
        let unchanged = products.len() - new - changed;
        let coefficients = self.diff.changed.iter().filter(|change| change.coefficient).count();
        let quarters = moves.iter().map(Period::to_string).collect::<Vec<_>>().join(", ");
        let more = vec![
            Field::new("coefficients", "Đổi hệ số", "Other coefficient", coefficients),
            Field::new("removed", "Không còn", "Gone", self.diff.removed.len()),
            Field::new("replaces", "Thay phiên bản", "Replaces", json!(self.version)),
            Field::new("quarters", "Quý được tính lại ngay", "Quarters computed again at once", quarters),
        ];
        tried(Tally { new, changed, unchanged }, more, None)
    }
}

/// Adds a version and has follow what follows from it.
pub(super) async fn add(app: &App, new: CatalogNew<'_>) -> Result<(), Refusal> {
    app.store.add_catalog(new, app.clock.now()).await?;
    app.ring("map");
    app.ring("score");
    Ok(())
}

/// Groups of products of one name told of one catalog.
const ALIKE: usize = 20;

/// That products of a catalog have one name: no title tells them apart, so their tasks wait for people (LT-CAT-051).
pub(super) fn named_alike(products: &[CatalogProduct]) -> Vec<Finding> {
    let groups = of_one_name(products);
    let told = groups.iter().take(ALIKE).map(|places| {
        let alike: Vec<&CatalogProduct> = places.iter().filter_map(|place| products.get(*place)).collect();
        let named = |one: &&CatalogProduct| format!("{} (k {})", one.code, one.coefficient.normalize());
        let codes = alike.iter().map(named).collect::<Vec<_>>().join(", ");
        let name = alike.first().map_or("", |one| one.name.as_str());
        let (vi, en) = match groups.len().saturating_sub(ALIKE) {
            0 => (String::new(), String::new()),
            more => (format!("; và {more} tên khác như vậy"), format!("; and {more} other names like this")),
        };
        Finding::warning(
            "LT-CAT-051",
            Text::new(
                format!("các sản phẩm {codes} cùng tên \"{name}\"{vi}"),
                format!("the products {codes} have one name, \"{name}\"{en}"),
            ),
            Text::new(
                "công việc của chúng luôn chờ người quyết định; đặt tên phân biệt được, hoặc bỏ bớt dòng thừa",
                "their tasks always wait for a person; give them names that tell them apart, or take the surplus row out",
            ),
        )
    });
    told.collect()
}

/// What is told where a new version changes coefficients of tasks in closed periods: those of products whose coefficient is
/// another one than in the versions of that scope held so far, or that it brings or lacks.
pub(super) async fn touched(
    app: &App,
    heads: &[CatalogHead],
    scope: &CatalogScope,
    moves: &[Period],
    products: &[CatalogProduct],
) -> Result<Option<Finding>, Refusal> {
    let mut touched = frozen::Touched::new();
    for quarter in moves {
        let day = quarter.first_day();
        let mut of_scope: Vec<&CatalogHead> = heads.iter().filter(|head| head.scope == *scope).collect();
        of_scope.sort_by_key(|head| head.valid_from);
        let before = of_scope.iter().rfind(|head| head.valid_from <= day);
        let old = match before {
            Some(head) => app.store.catalog_products(&head.version).await?,
            None => Vec::new(),
        };
        let of = |all: &[CatalogProduct]| -> BTreeMap<ProductCode, Decimal> {
            all.iter().map(|product| (product.code.clone(), product.coefficient)).collect()
        };
        let (old, new) = (of(&old), of(products));
        let codes: BTreeSet<&ProductCode> =
            old.keys().chain(new.keys()).filter(|code| old.get(*code) != new.get(*code)).collect();
        let codes: Vec<ProductCode> = codes.into_iter().cloned().collect();
        let directory = app.directory().await?;
        touched.extend(app.frozen_with(&directory, *quarter, &codes).await?);
    }
    Ok(frozen::told(&touched))
}

/// The versions held, where a new one of this name and scope may join them.
///
/// # Errors
/// LT-CAT-024 the name is taken; LT-PPL-023 the unit of the scope is not known.
pub(super) async fn check_version(
    app: &App,
    version: &CatalogVersion,
    scope: &CatalogScope,
) -> Result<Vec<CatalogHead>, Refusal> {
    if let CatalogScope::Unit(unit) = scope {
        known_unit(app, Some(unit)).await?;
    }
    let heads = app.store.catalogs().await?;
    if heads.iter().any(|head| head.version == *version) {
        return Err(version_exists(version).into());
    }
    Ok(heads)
}

/// The products of a version whose code, name, synonyms or field have every word of a text.
/// Every product of the province's version in force today, for programs.
pub(super) async fn products(app: &App) -> Answer {
    let version = app.catalog_for(app.clock.today(), &[CatalogScope::Province]).await?;
    let version = version.ok_or_else(no_catalog)?;
    let products = app.store.catalog_products(&version).await?;
    let text = Text::new(
        format!("danh mục {version}: {} sản phẩm", products.len()),
        format!("catalog {version}: {} products", products.len()),
    );
    Ok(Outcome::ok(Document::Json { value: json!(products), text }))
}

pub(super) async fn list(
    app: &App,
    version: Option<CatalogVersion>,
    text: &str,
    provenance: bool,
    limit: u32,
) -> Answer {
    let heads = app.store.catalogs().await?;
    let version = match version {
        Some(version) => Some(version),
        None => app.catalog_for(app.clock.today(), &[CatalogScope::Province]).await?,
    };
    let Some(head) = version.as_ref().and_then(|name| heads.iter().find(|head| head.version == *name)) else {
        return Err(match version {
            Some(version) => no_such_version(&version, &heads),
            None => no_catalog(),
        }
        .into());
    };
    let sought = Sought::of(text, &app.policy.abbreviations);
    let found = |product: &CatalogProduct| {
        let synonyms = product.synonyms.join(" ");
        sought.fits(
            &format!("{} {} {} {synonyms}", product.code, product.name, product.field),
            &app.policy.abbreviations,
        )
    };
    let products = app.store.catalog_products(&head.version).await?;
    if provenance {
        let products: Vec<CatalogProduct> = products.into_iter().filter(found).collect();
        return proposers(app, head, &products, limit).await;
    }
    let rows = products
        .into_iter()
        .filter(found)
        .take(limit as usize)
        .map(|product| {
            vec![
                json!(product.code),
                json!(product.name),
                json!(product.group.number()),
                json!(product.coefficient.to_string()),
                json!(head.valid_from),
                json!(product.field),
                json!(product.measure),
                json!(product.applies_to),
            ]
        })
        .collect();
    let version = &head.version;
    Ok(Outcome::ok(Document::Table {
        title: Text::new(format!("Danh mục {version}"), format!("Catalog {version}")),
        columns: vec![
            Column::left("code", "Mã", "Code"),
            Column::left("name", "Tên", "Name"),
            Column::right("group", "Nhóm", "Group"),
            Column::right("coefficient", "Hệ số", "Coefficient"),
            Column::left("valid_from", "Hiệu lực từ", "Valid from"),
            Column::left("field", "Lĩnh vực", "Field"),
            Column::left("measure", "Đơn vị tính", "Measure"),
            Column::words("applies_to", "Áp dụng cho", "Applies to", Words::Scope),
        ],
        rows,
    }))
}

/// Which units proposed some products of a version, under what name and with what coefficient (plan IV.2.1, IV.2.2); a version
/// that came as a file has none.
async fn proposers(app: &App, head: &CatalogHead, products: &[CatalogProduct], limit: u32) -> Answer {
    let directory = app.directory().await?;
    let named: BTreeMap<&ProductCode, &CatalogProduct> =
        products.iter().map(|product| (&product.code, product)).collect();
    let mut kept = app.store.catalog_provenance(&head.version).await?;
    // Those of one product stand together, in the order they were joined.
    kept.sort_by(|one, other| one.code.cmp(&other.code));
    let rows = kept.iter().filter_map(|one| Some((one, named.get(&one.code)?))).take(limit as usize).map(
        |(one, product)| {
            let said = |key: &str| one.proposed.get(key).cloned().unwrap_or_default();
            let unit = directory.unit(&one.unit).map(|unit| unit.name.clone());
            vec![
                json!(one.code),
                json!(product.name),
                json!(product.coefficient.to_string()),
                json!(one.unit),
                json!(unit),
                said("code"),
                said("name"),
                said("output"),
                said("group"),
                said("points"),
                said("coefficient"),
            ]
        },
    );
    let version = &head.version;
    Ok(Outcome::ok(Document::Table {
        title: Text::new(
            format!("Đơn vị đề xuất sản phẩm của danh mục {version}"),
            format!("Who proposed the products of catalog {version}"),
        ),
        columns: vec![
            Column::left("code", "Mã", "Code"),
            Column::left("name", "Tên", "Name"),
            Column::right("coefficient", "Hệ số", "Coefficient"),
            Column::left("unit", "Mã đơn vị", "Unit code"),
            Column::left("unit_name", "Đơn vị đề xuất", "Proposed by"),
            Column::left("proposed_code", "Mã đề xuất", "Proposed code"),
            Column::left("proposed_name", "Tên đề xuất", "Proposed name"),
            Column::left("proposed_output", "Sản phẩm đầu ra đề xuất", "Proposed output"),
            Column::right("proposed_group", "Nhóm đề xuất", "Proposed group"),
            Column::right("proposed_points", "Điểm đề xuất", "Proposed points"),
            Column::right("proposed_coefficient", "Hệ số đề xuất", "Proposed coefficient"),
        ],
        rows: rows.collect(),
    }))
}

/// A new version stands for the whole catalog: what it lacks is in no catalog for the tasks that use it.
fn products_missing(
    replaced: &CatalogVersion,
    missing: usize,
    from: NaiveDate,
    next: Option<NaiveDate>,
) -> Finding {
    let (until_vi, until_en) = next.map_or_else(Default::default, |next| {
        (format!(" đến trước ngày {next}"), format!(" and before {next}"))
    });
    Finding::warning(
        "LT-CAT-025",
        Text::new(
            format!(
                "phiên bản mới thay {replaced} cho công việc giao từ ngày {from}{until_vi} nhưng thiếu {missing} sản phẩm của {replaced}"
            ),
            format!(
                "the new version replaces {replaced} for tasks assigned from {from} on{until_en}, but lacks {missing} products of {replaced}"
            ),
        ),
        Text::new(
            format!(
                "đúng ý thì không cần làm gì; nếu không, nhập danh mục đầy đủ với --name khác và cùng --valid-from (xem `catalog diff TỆP --name {replaced}`)"
            ),
            format!(
                "nothing if that is meant; else import the complete catalog under another --name with the same --valid-from (see `catalog diff FILE --name {replaced}`)"
            ),
        ),
    )
}

pub(super) fn no_catalog() -> Finding {
    Finding::error(
        "LT-CAT-021",
        Text::new("chưa nhập danh mục sản phẩm", "no catalog is imported yet"),
        Text::new("nhập bằng `catalog import`", "import one with `catalog import`"),
    )
}

pub(super) fn no_such_version(version: &CatalogVersion, heads: &[CatalogHead]) -> Finding {
    let known = heads.iter().map(|head| head.version.as_str()).collect::<Vec<_>>().join(", ");
    Finding::error(
        "LT-CAT-020",
        Text::new(
            format!("không có phiên bản danh mục {version}; các phiên bản: {known}"),
            format!("there is no catalog version {version}; versions: {known}"),
        ),
        Text::new("chọn một phiên bản đã lưu bằng --name", "name a stored version with --name"),
    )
    .at(Place::of("--name"))
}

fn version_exists(version: &CatalogVersion) -> Finding {
    Finding::error(
        "LT-CAT-024",
        Text::new(
            format!("danh mục đã có phiên bản {version}; một phiên bản không bao giờ bị sửa"),
            format!("catalog version {version} exists already; a version is never changed"),
        ),
        Text::new(
            "xem khác biệt bằng `catalog diff`, rồi nhập với --name khác",
            "see what differs with `catalog diff`, then import it under another --name",
        ),
    )
    .at(Place::of("--name"))
}
