//! Orders that carry mapping knowledge in and out: a trial of rules, decisions as a file.

use super::effect::{effect_fields, effect_parts};
use super::ending::Ending;
use super::mapping::{Brings, ahead, no_such_task, place, refuse_own};
use super::{Answer, App, Refusal, author};
use crate::domain::{CatalogProduct, CatalogVersion, ProductCode};
use crate::error::{Finding, Findings, Place, Text};
use crate::mapping::exchange::{Known, MAX_ROWS, Row, Told, another_product, read};
use crate::mapping::rule_trial::{Present, Trial};
use crate::mapping::{RuleBook, TaskText};
use crate::pipeline::command::{Column, Document, Field, ImportAs, InputFile, Outcome, TaskRef};
use crate::pipeline::map::evidence;
use crate::pipeline::review::{Effect, by_a_person};
use crate::pipeline::wording::Words;
use crate::store::{ForeignExample, MappingOrder, MappingRow, MappingState, OrderKind, Settled, StoredOrder};
use crate::text::fold;
use crate::text::mask::{has_number, mask};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Tasks read together.
const PAGE: usize = 1_000;
/// Examples of an order that are shown.
const SHOWN: usize = 20;

/// Tries rules on every task there is; nothing is changed.
pub(super) async fn try_rules(app: &App, file: &InputFile, limit: u32) -> Answer {
    let text = String::from_utf8_lossy(&file.bytes);
    let book = RuleBook::parse(&text, &file.name)?;
    if app.store.catalogs().await?.is_empty() {
        return Err(super::catalog::no_catalog().into());
    }
    let wrong = app.astray(&book).await?;
    if !wrong.is_empty() {
        return Err(Findings(wrong).into());
    }
    let directory = app.directory().await?;
    let mut codes: BTreeMap<CatalogVersion, BTreeSet<ProductCode>> = BTreeMap::new();
    let (mut trial, mut after) = (Trial::of(&book), 0);
    loop {
        let page = app.store.tasks_with_mappings(false, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.task.id;
        for item in &page {
            let Some(version) = app.catalog_of(&directory, item).await? else { continue };
            if !codes.contains_key(&version) {
                let products = app.store.catalog_products(&version).await?;
                codes.insert(version.clone(), products.into_iter().map(|product| product.code).collect());
            }
            let Some(codes) = codes.get(&version) else { continue };
            let (unit, kind) = app.body_of_item(&directory, item);
            let scopes = app.scopes_of_item(&directory, item);
            let task: TaskText<'_> = evidence(app, &item.task, (&unit, kind), &scopes);
            let present = match &item.mapping {
                Some(row) if row.decided_by == "operator" => Present::ByAPerson(row.product.as_ref()),
                Some(row) if row.state != MappingState::Review => Present::Automatic(row.product.as_ref()),
                _ => Present::Waits,
            };
            let name = format!("{}:{}", item.task.key.source, item.task.key.external_id);
            trial.add(&book, (&name, &task), codes, present);
        }
    }
    Ok(Outcome::with_findings(tried(&book, &trial, limit as usize), book.loose()))
}

fn tried(book: &RuleBook, trial: &Trial, limit: usize) -> Document {
    let never = trial.rules.values().filter(|tally| tally.decides == 0).count();
    let coverage = if trial.tasks == 0 { 0.0 } else { trial.hit as f64 / trial.tasks as f64 };
    let fields = vec![
        Field::new("version", "Phiên bản quy tắc", "Version of the rules", book.version()),
        Field::new("tasks", "Nhiệm vụ đã xem", "Tasks looked at", trial.tasks),
        Field::new("decides", "Quy tắc quyết định", "Decided by a rule", trial.hit),
        Field::new("coverage", "Tỷ lệ bao phủ", "Coverage", coverage),
        Field::new(
            "settles",
            "Giải quyết được việc đang chờ",
            "Waiting tasks they would settle",
            trial.settles,
        ),
        Field::new(
            "differs",
            "Khác quyết định tự động đã có (giữ nguyên)",
            "Otherwise than automatic decisions, which stay",
            trial.differs,
        ),
        Field::new(
            "against_people",
            "Trái quyết định của người (giữ nguyên)",
            "Against decisions of people, which stand",
            trial.against_people,
        ),
        Field::new(
            "conflicts",
            "Cặp quy tắc mâu thuẫn",
            "Pairs of rules that disagree",
            trial.conflicts.len(),
        ),
        Field::new("never_hit", "Quy tắc không dùng tới", "Rules never hit", never),
    ];
    let rules = book
        .names()
        .filter_map(|name| Some((name, trial.rules.get(name)?)))
        .map(|(name, tally)| {
            vec![
                json!(name),
                json!(tally.decides),
                json!(tally.behind),
                json!(tally.agrees),
                json!(tally.against_people),
            ]
        })
        .collect();
    let conflicts = trial
        .conflicts
        .iter()
        .map(|((one, other), tasks)| vec![json!(one), json!(other), json!(tasks)])
        .collect();
    let differences = trial
        .differences
        .iter()
        .take(limit)
        .map(|one| {
            let word =
                |code: &Option<ProductCode>| code.as_ref().map_or(json!("outside"), |code| json!(code));
            vec![
                json!(one.task),
                json!(one.title),
                json!(one.rule),
                word(&one.present),
                word(&one.says),
                json!(one.by_a_person),
            ]
        })
        .collect();
    let table = |title: Text, columns: Vec<Column>, rows| Document::Table { title, columns, rows };
    Document::Parts {
        parts: vec![
            (
                "summary".to_owned(),
                Document::Object {
                    title: Text::new("Chạy thử, không thay đổi gì", "A trial, nothing is changed"),
                    fields,
                },
            ),
            (
                "rules".to_owned(),
                table(
                    Text::new("Theo quy tắc", "By rule"),
                    vec![
                        Column::left("rule", "Quy tắc", "Rule"),
                        Column::right("decides", "Quyết định", "Decides"),
                        Column::right("behind", "Đứng sau", "Behind another"),
                        Column::right("agrees", "Đúng như người", "Agrees with people"),
                        Column::right("against_people", "Trái người", "Against people"),
                    ],
                    rules,
                ),
            ),
            (
                "conflicts".to_owned(),
                table(
                    Text::new("Mâu thuẫn cùng mức ưu tiên", "Conflicts of one priority"),
                    vec![
                        Column::left("rule", "Quy tắc", "Rule"),
                        Column::left("other", "Quy tắc khác", "Other rule"),
                        Column::right("tasks", "Nhiệm vụ", "Tasks"),
                    ],
                    conflicts,
                ),
            ),
            (
                "differences".to_owned(),
                table(
                    Text::new("Khác quyết định hiện có", "Otherwise than decided"),
                    vec![
                        Column::left("task", "NGUỒN:MÃ", "SOURCE:KEY"),
                        Column::words("title", "Nội dung", "Title", Words::Title),
                        Column::left("rule", "Quy tắc", "Rule"),
                        Column::words("present", "Hiện tại", "At present", Words::Mapping),
                        Column::words("says", "Quy tắc cho", "The rule says", Words::Mapping),
                        Column::left("by_a_person", "Do người", "By a person"),
                    ],
                    differences,
                ),
            ),
        ],
    }
}

/// Decisions of people as rows that may leave the installation: no name and no number of a citizen, authors by office.
pub(super) async fn export(app: &App, after: i64, limit: u32) -> Answer {
    let directory = app.directory().await?;
    let known: HashSet<String> = directory.people().map(|person| fold(&person.full_name)).collect();
    let today = crate::domain::Period::quarter_of(app.clock.today());
    let mut names: BTreeMap<CatalogVersion, BTreeMap<ProductCode, String>> = BTreeMap::new();
    let (mut after, mut rows, limit) = (after, Vec::new(), (limit as usize).min(MAX_ROWS));
    let mut more = true;
    while rows.len() < limit {
        let page = app.store.tasks_with_mappings(true, after, PAGE.min(limit - rows.len())).await?;
        let Some(last) = page.last() else {
            more = false;
            break;
        };
        after = last.task.id;
        for item in page {
            let (unit, _) = app.body_of_item(&directory, &item);
            let Some(row) = item.mapping.filter(|row| row.state != MappingState::Proposed) else { continue };
            if row.state == MappingState::Review {
                continue;
            }
            let version = &row.catalog_version;
            if !names.contains_key(version) {
                let all = app.store.catalog_products(version).await?;
                names.insert(version.clone(), all.into_iter().map(|one| (one.code, one.name)).collect());
            }
            let named = row.product.as_ref().and_then(|code| names.get(version)?.get(code).cloned());
            let (number, key) = (item.task.id, &item.task.key);
            let draft = item.task.task.draft;
            // Of an accepted proposal whoever said what the task is speaks, not whoever gave it the catalog's code.
            let decided = row.reason.get("decided").cloned().unwrap_or_default();
            let said = |key: &str| decided.get(key).and_then(Value::as_str).map(str::to_owned);
            let who = said("author").or(row.author).unwrap_or_default();
            // A name says who a person is; the office is enough for whoever uses the decision elsewhere.
            let office = directory.named(&who).map(|person| {
                let unit = directory.last_post(person, today).and_then(|post| directory.unit(&post.unit));
                unit.map(|unit| unit.name.clone()).unwrap_or_else(|| "-".to_owned())
            });
            let why = row.reason.pointer("/reason/vi").and_then(Value::as_str);
            let why = said("reason").or(why.map(str::to_owned)).unwrap_or_else(|| "-".to_owned());
            let row = Row {
                task_id: if has_number(&key.external_id) {
                    String::new()
                } else {
                    format!("{}:{}", key.source, key.external_id)
                },
                title: mask(&draft.title, &known),
                expected_code: row.product.map(|code| code.to_string()).unwrap_or_default(),
                product_name: named.unwrap_or_default(),
                source_system: app
                    .sources
                    .get(&key.source)
                    .map(|source| source.system.clone())
                    .unwrap_or_default(),
                unit,
                doc_type: draft.doc_type.unwrap_or_default(),
                source_category: draft.category.unwrap_or_default(),
                author: office.unwrap_or_else(|| mask(&who, &known)),
                at: row.decided_at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
                reason: mask(&why, &known),
            };
            rows.push((number, row));
        }
    }
    let keys = [
        "task_id",
        "title",
        "expected_code",
        "product_name",
        "source_system",
        "unit",
        "doc_type",
        "source_category",
        "author",
        "at",
        "reason",
        "number",
    ];
    let rows = rows
        .into_iter()
        .map(|(number, row)| {
            let mut value = serde_json::to_value(row).unwrap_or_default();
            value["number"] = json!(number);
            keys.iter().map(|key| value.get(*key).cloned().unwrap_or_default()).collect()
        })
        .collect();
    let document = Document::Table {
        title: Text::new("Quyết định về sản phẩm", "Decisions about products"),
        columns: keys.iter().map(|key| Column::left(key, key, key)).collect(),
        rows,
    };
    let more = more && !app.store.tasks_with_mappings(true, after, 1).await?.is_empty();
    Ok(Outcome::with_findings(document, more.then(|| goes_on(after)).into_iter().collect()))
}

fn goes_on(after: i64) -> Finding {
    Finding::warning(
        "LT-MAP-054",
        Text::new("còn quyết định chưa được ghi vào tệp", "there are decisions that are not in the file"),
        Text::new(
            format!("ghi tiếp vào tệp khác bằng `mapping export --after {after}`"),
            format!("write the next file with `mapping export --after {after}`"),
        ),
    )
}

/// What is brought in, and what as.
pub(super) struct Importing {
    /// The file.
    pub file: InputFile,
    /// As examples or as decisions.
    pub as_what: ImportAs,
    /// Where examples come from.
    pub origin: Option<String>,
    /// Who answers for it.
    pub author: String,
    /// Decisions made here otherwise are replaced, not kept.
    pub replace: bool,
    /// Only show what would happen.
    pub dry_run: bool,
}

pub(super) async fn import(app: &App, order: Importing) -> Answer {
    let who = author(&order.author)?.to_owned();
    let mut codes = Known::new();
    for head in app.store.catalogs().await? {
        for product in app.store.catalog_products(&head.version).await? {
            codes.entry(product.code).or_default().insert(fold(&product.name), product.name);
        }
    }
    if codes.is_empty() {
        return Err(super::catalog::no_catalog().into());
    }
    let told = read(&order.file.bytes, &order.file.name, &codes)?;
    match order.as_what {
        ImportAs::Examples => examples(app, &order, (told, &codes), &who).await,
        ImportAs::Decisions => decisions(app, &order, told, &who).await,
    }
}

/// Fills in what the product of an example is called where its file does not say: refuses one whose code names several.
fn named(told: &mut [Told], codes: &Known) -> Vec<Finding> {
    let mut findings = Vec::new();
    for row in told.iter_mut().filter(|row| row.product_name.is_none()) {
        let Some((code, here)) = row.example.product.as_ref().and_then(|code| codes.get_key_value(code))
        else {
            continue;
        };
        match here.values().collect::<Vec<_>>().as_slice() {
            [name] => row.product_name = Some((*name).clone()),
            _ => findings.push(which_product(code, here.values(), row.place.clone())),
        }
    }
    findings
}

async fn examples(app: &App, order: &Importing, (mut told, codes): (Vec<Told>, &Known), who: &str) -> Answer {
    // A row is the same row whatever its product is called here.
    let said: Vec<Option<String>> = told.iter().map(|row| row.product_name.clone()).collect();
    refuse(named(&mut told, codes))?;
    let origin = order.origin.as_deref().unwrap_or(&order.file.name);
    let rows: Vec<ForeignExample> = told
        .into_iter()
        .zip(said)
        .map(|(row, said)| {
            let product = row.example.product.as_ref().map_or("", ProductCode::as_str);
            let mut digest = Sha256::new();
            let at = row.at.to_rfc3339();
            for part in [
                origin,
                &row.example.title,
                &row.example.doc_type,
                &row.example.category,
                &row.example.source_system,
                &row.example.unit,
                product,
                &at,
            ]
            .into_iter()
            .chain(said.as_deref())
            {
                digest.update((part.len() as u64).to_be_bytes());
                digest.update(part);
            }
            ForeignExample {
                digest: digest.finalize().to_vec(),
                origin: origin.to_owned(),
                title: row.example.title,
                doc_type: row.example.doc_type,
                category: row.example.category,
                source_system: row.example.source_system,
                unit: row.example.unit,
                product_name: row.product_name.filter(|_| row.example.product.is_some()),
                product: row.example.product,
                author: row.author,
                reason: row.reason,
                decided_at: row.at,
            }
        })
        .collect();
    let all = rows.len();
    let digests: Vec<&[u8]> = rows.iter().map(|row| row.digest.as_slice()).collect();
    let known = app.store.known_examples(&digests).await?;
    let mut met = HashSet::new();
    let fresh: Vec<ForeignExample> = rows
        .into_iter()
        .filter(|row| !known.contains(&row.digest) && met.insert(row.digest.clone()))
        .collect();
    let directory = app.directory().await?;
    let mut effect = Effect::default();
    if !fresh.is_empty() {
        effect = app.effect_of_learning(&[], &[], &fresh, ahead(app, order.dry_run)).await?;
    }
    let (mut id, mut state, mut told) = (None, "preview", effect.told());
    if fresh.is_empty() {
        state = "unchanged";
    } else if !order.dry_run {
        let file = &order.file.name;
        let from = if origin == file { origin.to_owned() } else { format!("{origin} ({file})") };
        let new = MappingOrder {
            kind: OrderKind::Examples,
            group: None,
            choice: None,
            author: who.to_owned(),
            reason: Some(from),
            at: app.clock.now(),
            about: None,
            proposal: None,
            effect: effect.value(&directory),
            rows: Vec::new(),
            due: Vec::new(),
        };
        let (number, placed, findings) = place(app, &directory, &new, Brings::Examples(&fresh)).await?;
        (id, state) = (Some(number), placed.as_str());
        told.extend(findings);
    }
    let mut fields = vec![
        Field::new("origin", "Nguồn gốc", "Origin", origin),
        Field::new("rows", "Dòng", "Rows", all),
        Field::new("kept", "Mới", "New", fresh.len()),
        Field::new("decision", "Số quyết định", "Decision", json!(id)),
        Field::new("state", "Trạng thái", "State", state),
    ];
    fields.extend(effect_fields(&effect));
    let title = Text::new("Ví dụ để học", "Examples to learn from");
    let parts = std::iter::once(("decision".to_owned(), Document::Object { title, fields }));
    let parts = parts.chain(effect_parts(&directory, &effect)).collect();
    Ok(Outcome::with_findings(Document::Parts { parts }, told))
}

async fn decisions(app: &App, order: &Importing, told: Vec<Told>, who: &str) -> Answer {
    let mut findings = Vec::new();
    let mut wanted: BTreeMap<i64, Told> = BTreeMap::new();
    for row in told {
        let known = match &row.task {
            Some((source, key)) => {
                app.store.known_hashes(source, &[key]).await?.into_iter().next().flatten().map(|(id, _)| id)
            }
            None => None,
        };
        match (known, &row.task) {
            (Some(id), _) => match wanted.get(&id) {
                Some(first) if first.example.product != row.example.product => {
                    findings.push(said_twice(first, &row));
                }
                Some(_) => {}
                None => {
                    wanted.insert(id, row);
                }
            },
            (None, Some((source, key))) => {
                let task = TaskRef { source: source.clone(), external_id: key.clone() };
                findings.push(no_such_task(&task).at(row.place));
            }
            (None, None) => findings.push(no_key(row.place)),
        }
    }
    refuse(findings)?;
    let numbers: Vec<i64> = wanted.keys().copied().collect();
    let mut items = app.store.map_items(&numbers).await?;
    let directory = app.directory().await?;
    let mut told = refuse_own(&directory, who, &mut items)?;
    let now = app.clock.now();
    let mut products: BTreeMap<CatalogVersion, BTreeMap<ProductCode, CatalogProduct>> = BTreeMap::new();
    let (mut rows, mut findings) = (Vec::new(), Vec::new());
    let (mut made_here, mut without_catalog) = (0_usize, 0_usize);
    for item in &items {
        let Some(row) = wanted.get(&item.task.id) else { continue };
        let Some(version) = app.catalog_of(&directory, item).await? else {
            without_catalog += 1;
            continue;
        };
        if !products.contains_key(&version) {
            let all = app.store.catalog_products(&version).await?;
            products.insert(version.clone(), all.into_iter().map(|one| (one.code.clone(), one)).collect());
        }
        let (state, product, coefficient) = match &row.example.product {
            None => (MappingState::Outside, None, None),
            Some(code) => match products.get(&version).and_then(|known| known.get(code)) {
                Some(known) => {
                    if let Some(name) =
                        row.product_name.as_ref().filter(|name| fold(name) != fold(&known.name))
                    {
                        findings.push(another_product(code, name, &known.name).at(row.place.clone()));
                        continue;
                    }
                    (MappingState::Mapped, Some(code.clone()), Some(known.coefficient))
                }
                None => {
                    findings
                        .push(super::mapping::no_such_product(&version, code.as_str()).at(row.place.clone()));
                    continue;
                }
            },
        };
        let given = MappingRow {
            state,
            product,
            catalog_version: version,
            coefficient,
            decided_by: String::new(),
            author: None,
            reason: Value::Null,
            decided_at: now,
        };
        let mut given = by_a_person(item, given, who, Some(&row.reason), now);
        given.reason["imported"] = json!({ "file": order.file.name, "author": row.author, "at": row.at });
        let settled = Settled { task: item.task.id, held: item.mapping.clone(), given };
        if super::mapping::stands(&settled) {
            continue;
        }
        if settled.held.as_ref().is_some_and(|held| held.decided_by == "operator") {
            made_here += 1;
            if !order.replace {
                continue;
            }
        }
        rows.push(settled);
    }
    refuse(findings)?;
    told.extend((made_here > 0).then(|| decided_here(made_here, order.replace)));
    told.extend((without_catalog > 0).then(|| no_catalog_for(without_catalog)));
    if rows.is_empty() {
        let message = if told.is_empty() {
            Text::new(
                "mọi nhiệm vụ đã được quyết định như tệp ghi; không có gì thay đổi",
                "every task was decided like that before; nothing changes",
            )
        } else {
            Text::new("không có gì thay đổi", "nothing changes")
        };
        return Ok(Outcome::with_findings(Document::Message { text: message }, told));
    }
    let ending = Ending {
        kind: OrderKind::Import,
        group: None,
        choice: None,
        author: who.to_owned(),
        reason: Some(order.file.name.clone()),
        dry_run: order.dry_run,
    };
    ending.end(app, &directory, &items, rows, told).await
}

fn refuse(findings: Vec<Finding>) -> Result<(), Refusal> {
    if findings.is_empty() { Ok(()) } else { Err(Refusal(findings)) }
}

/// An example whose code names several products in the catalogs here, and whose file does not say which.
fn which_product<'a>(code: &ProductCode, here: impl Iterator<Item = &'a String>, place: Place) -> Finding {
    let names = here.map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
    Finding::error(
        "LT-MAP-059",
        Text::new(
            format!("mã {code} là nhiều sản phẩm khác nhau trong các danh mục ở đây: {names}"),
            format!("{code} is several products in the catalogs here: {names}"),
        ),
        Text::new(
            "ghi tên sản phẩm ở cột product_name, hoặc bỏ dòng này",
            "write the product's name in the column product_name, or leave the row out",
        ),
    )
    .at(place)
}

/// Two rows of one file that say different things of one task.
fn said_twice(first: &Told, second: &Told) -> Finding {
    let word = |told: &Told| told.example.product.as_ref().map_or("outside".to_owned(), ToString::to_string);
    let line = |told: &Told| told.place.line.unwrap_or_default();
    let (one, other) = ((line(first), word(first)), (line(second), word(second)));
    Finding::error(
        "LT-MAP-050",
        Text::new(
            format!(
                "dòng {} ({}) và dòng {} ({}) nói khác nhau về một nhiệm vụ",
                one.0, one.1, other.0, other.1
            ),
            format!(
                "lines {} ({}) and {} ({}) say different things of one task",
                one.0, one.1, other.0, other.1
            ),
        ),
        Text::new("giữ lại dòng đúng rồi nhập lại", "keep the right row and import the file again"),
    )
    .at(second.place.clone())
}

/// Decisions that people made here otherwise than the file says.
fn decided_here(tasks: usize, replaced: bool) -> Finding {
    if replaced {
        return Finding::info(
            "LT-MAP-051",
            Text::new(
                format!(
                    "{tasks} nhiệm vụ ở đây đã được người quyết định khác; quyết định trong tệp thay thế"
                ),
                format!("people decided {tasks} tasks otherwise here; what the file says replaces that"),
            ),
            Text::new(
                "nếu nhầm, thu hồi bằng `mapping undo`",
                "where that is a mistake, take it back with `mapping undo`",
            ),
        );
    }
    Finding::warning(
        "LT-MAP-051",
        Text::new(
            format!("{tasks} nhiệm vụ ở đây đã được người quyết định khác và được giữ nguyên"),
            format!("people decided {tasks} tasks otherwise here; these stay"),
        ),
        Text::new(
            "muốn thay bằng quyết định trong tệp, nhập lại với --replace",
            "to replace them by what the file says, import it again with --replace",
        ),
    )
}

/// Tasks for whose body there is no catalog.
fn no_catalog_for(tasks: usize) -> Finding {
    Finding::warning(
        "LT-MAP-052",
        Text::new(
            format!("{tasks} nhiệm vụ được bỏ qua: chưa có danh mục áp dụng cho đơn vị của chúng"),
            format!("{tasks} tasks are left out: no catalog holds for their bodies"),
        ),
        Text::new(
            "nhập danh mục cho đơn vị đó rồi nhập lại tệp",
            "import a catalog for those bodies, then the file again",
        ),
    )
}

/// What an order brings in, or takes back, of tasks other installations decided: where they come from, how many, and the
/// first of them; none where it has none.
pub(super) async fn brought(
    app: &App,
    order: &StoredOrder,
) -> Result<Option<(Vec<Field>, Document)>, Refusal> {
    let mut bringing = order.clone();
    // An undo may be taken back by another: each is about an earlier one.
    while let (OrderKind::Undo, Some(about)) = (bringing.kind, bringing.about) {
        match app.store.mapping_order(about).await? {
            Some(earlier) => bringing = earlier,
            None => return Ok(None),
        }
    }
    if bringing.kind != OrderKind::Examples {
        return Ok(None);
    }
    let examples = app.store.examples_of(&[bringing.id], MAX_ROWS).await?;
    let origins: BTreeSet<&str> = examples.iter().map(|one| one.example.origin.as_str()).collect();
    let fields = vec![
        Field::new("origin", "Nguồn gốc", "Origin", origins.into_iter().collect::<Vec<_>>().join(", ")),
        Field::new("examples", "Số ví dụ", "Examples", bringing.tasks),
    ];
    let rows = examples
        .iter()
        .take(SHOWN)
        .map(|one| {
            let example = &one.example;
            let product = example.product.as_ref().map_or(json!("outside"), |code| json!(code));
            vec![json!(example.title), product, json!(example.author), json!(example.decided_at)]
        })
        .collect();
    let table = Document::Table {
        title: Text::new(format!("Ví dụ, {SHOWN} dòng đầu"), format!("Examples, the first {SHOWN}")),
        columns: vec![
            Column::words("title", "Nội dung", "Title", Words::Title),
            Column::words("product", "Sản phẩm", "Product", Words::Mapping),
            Column::left("author", "Người quyết định", "Author"),
            Column::left("at", "Lúc", "At"),
        ],
        rows,
    };
    Ok(Some((fields, table)))
}

fn no_key(place: Place) -> Finding {
    Finding::error(
        "LT-MAP-014",
        Text::new(
            "thiếu task_id: không biết là nhiệm vụ nào",
            "task_id is missing: nobody knows which task it is",
        ),
        Text::new(
            "nhập làm ví dụ (--as examples), hoặc điền NGUỒN:MÃ",
            "import as examples (--as examples), or give SOURCE:KEY",
        ),
    )
    .at(place)
}
