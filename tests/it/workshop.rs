//! The catalog workshop from a year's tasks to the province's version: real stores, real workbooks, real LibreOffice.

use crate::support::installation::{CHIEF, Installed, Targets};
use crate::support::stores::{both, department, officer, one};
use lienthong::catalog::workshop::{
    Scale, Seen, Survey, merge, propose, read_form, settle, write_draft, write_form,
};
use lienthong::domain::{
    CatalogScope, CatalogVersion, DirectoryImport, ProductKind, Role, SourceId, TaskDraft, Unit, UnitCode,
    UnitKind,
};
use lienthong::error::Findings;
use lienthong::ingest;
use lienthong::pipeline::command::{Command, Document, InputFile, Outcome, ShareEntry};
use lienthong::pipeline::identify::Identify;
use lienthong::pipeline::map::Map;
use lienthong::pipeline::score::{FULL_PERIOD, Score};
use lienthong::pipeline::step::Step as _;
use lienthong::store::{
    MappingOrder, MappingRow, MappingState, OrderKind, PageCommit, RunKind, Store, TaskWrite,
};
use rust_decimal::Decimal;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::str::FromStr as _;
use std::sync::Arc;

pub fn scale() -> Scale {
    Scale::built_in().unwrap_or_else(|findings| panic!("{findings}"))
}

pub fn day(text: &str) -> chrono::NaiveDate {
    text.parse().expect("day")
}

fn number(text: &str) -> Decimal {
    text.parse().expect("decimal")
}

/// A form as a unit gets it, of tasks given as (title, document type, times).
pub fn form(unit: &str, tasks: &[(&str, &str, u32)]) -> Vec<u8> {
    let scale = scale();
    let mut survey = Survey::new(Arc::new(scale.clone()));
    for (title, doc_type, times) in tasks {
        for time in 0..*times {
            let day = day(&format!("2026-{:02}-05", time % 12 + 1));
            survey.add(&Seen { title, doc_type, category: "Chung", day, people: &[], product: None });
        }
    }
    let code = UnitCode::new(unit).expect("code");
    let proposal = propose(survey, &scale, &[], (&code, unit, 2026), 2);
    write_form(&proposal, &scale).unwrap_or_else(|finding| panic!("{finding}"))
}

pub const USUAL: [(&str, &str, u32); 4] = [
    ("Phúc đáp đề nghị của công dân", "Công văn", 30),
    ("Báo cáo tháng công tác dân tộc", "Báo cáo", 12),
    ("Kế hoạch phát triển du lịch cộng đồng", "Kế hoạch", 3),
    ("Tờ trình phân bổ chỉ tiêu biên chế", "Tờ trình", 4),
];

/// Edits cells of a workbook by sheet and name (`E6`), as a program would that calculates nothing: every other cell, text
/// or formula's value, is written as it stands.
pub fn edited(bytes: &[u8], edits: &[(&str, &str, &str)]) -> Vec<u8> {
    use lienthong::sheet::{Reading, Sheet, Sheets};
    let reading = Reading { sheets: Sheets::All, ..Reading::default() };
    let sheets =
        Sheet::read_all("form.xlsx", bytes, &reading).unwrap_or_else(|findings| panic!("{findings}"));
    let mut book = rust_xlsxwriter::Workbook::new();
    for sheet in sheets {
        let title = sheet.title.clone().expect("title");
        let page = book.add_worksheet();
        page.set_name(&title).expect("name");
        let mut cells: BTreeMap<(u32, u16), String> = BTreeMap::new();
        for line in &sheet.lines {
            for (column, cell) in (0u16..).zip(&line.cells).filter(|(_, cell)| !cell.is_empty()) {
                cells.insert((line.number - 1, column), cell.clone());
            }
        }
        for (_, name, value) in edits.iter().filter(|(of, ..)| *of == title) {
            let column = u16::from(name.as_bytes()[0] - b'A');
            let row: u32 = name[1..].parse().expect("row");
            cells.insert((row - 1, column), (*value).to_owned());
        }
        for ((row, column), cell) in cells.into_iter().filter(|(_, cell)| !cell.is_empty()) {
            match cell.parse::<f64>() {
                Ok(number) if title != "_khoa" => page.write(row, column, number).expect("cell"),
                _ => page.write_string(row, column, cell).expect("cell"),
            };
        }
    }
    book.save_to_buffer().expect("xlsx")
}

/// Codes with their `sheet!cell`.
fn told<T: std::fmt::Debug>(result: Result<T, Findings>) -> Vec<(String, String)> {
    let findings = result.expect_err("refused").0;
    let place = |finding: &lienthong::error::Finding| {
        finding.place.as_ref().and_then(|place| place.detail.clone()).unwrap_or_default()
    };
    findings.iter().map(|finding| (finding.code.clone(), place(finding))).collect()
}

#[test]
fn the_form_comes_back_as_it_went_out_and_every_wrong_cell_is_told_at_once() {
    let bytes = form("SNV", &USUAL);
    assert_eq!(bytes, form("SNV", &USUAL), "the same inputs, the same bytes");
    let filled = read_form("f.xlsx", &bytes, &scale()).unwrap_or_else(|findings| panic!("{findings}"));
    assert_eq!((filled.unit.as_str(), filled.rows.len()), ("SNV", 4));
    assert_eq!(filled.standard_points, number("5"));
    // Rows go by output: Báo cáo định kỳ (6), Kế hoạch (7), Tờ trình (8), Văn bản phối hợp (9).
    let report = &filled.rows[0];
    assert_eq!((report.line, report.points, report.coefficient), (6, number("60"), number("12")));
    assert!(filled.rows[3].standard);
    let wrong = edited(
        &bytes,
        &[
            ("Phụ lục III", "E6", "7"),
            ("Phụ lục III", "G7", "999"),
            ("Phụ lục III", "H8", "8.1"),
            ("Phụ lục III", "J8", "snv-001"),
            ("Phụ lục III", "D9", ""),
            ("Phụ lục III", "N9", "SNV#0001"),
            ("Phụ lục III", "C12", "Việc thêm"),
            ("Phụ lục III", "D12", "Báo cáo"),
            ("Phụ lục III", "E12", "2"),
            ("Phụ lục III", "G12", "40"),
            ("Phụ lục III", "J12", "MỚI-1"),
            ("Phụ lục III", "L12", "gì đó"),
        ],
    );
    let found = told(read_form("f.xlsx", &wrong, &scale()));
    for expected in [
        ("LT-CAT-035", "Phụ lục III!E6"),
        ("LT-CAT-036", "Phụ lục III!G7"),
        ("LT-CAT-037", "Phụ lục III!H8"),
        ("LT-CAT-039", "Phụ lục III!J8"),
        ("LT-CAT-041", "Phụ lục III!D9"),
        ("LT-CAT-034", "Phụ lục III!N9"),
        ("LT-CAT-038", "Phụ lục III!H12"),
        ("LT-CAT-032", "Phụ lục III!L12"),
    ] {
        assert!(
            found.iter().any(|(code, cell)| (code.as_str(), cell.as_str()) == expected),
            "{expected:?} in {found:?}"
        );
    }
}

#[test]
fn one_standard_product_no_more_no_less_and_untouched_keys() {
    let bytes = form("SNV", &USUAL);
    let codes = |edits: &[(&str, &str, &str)]| {
        told(read_form("f.xlsx", &edited(&bytes, edits), &scale()))
            .into_iter()
            .map(|(code, _)| code)
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(codes(&[("Phụ lục III", "K9", "")]), BTreeSet::from(["LT-CAT-042".to_owned()]));
    assert_eq!(codes(&[("Phụ lục III", "K6", "x")]), BTreeSet::from(["LT-CAT-042".to_owned()]));
    assert_eq!(codes(&[("Phụ lục III", "K6", "có")]), BTreeSet::from(["LT-CAT-042".to_owned()]));
    assert_eq!(codes(&[("_khoa", "B3", "KHÁC")]), BTreeSet::from(["LT-CAT-034".to_owned()]));
    assert_eq!(codes(&[("Phụ lục III", "C5", "Tên khác")]), BTreeSet::from(["LT-CAT-033".to_owned()]));
    let two = codes(&[
        ("Phụ lục III", "C7", "Báo cáo tháng công tác dân tộc"),
        ("Phụ lục III", "D7", "Báo cáo định kỳ"),
    ]);
    assert_eq!(two, BTreeSet::from(["LT-CAT-040".to_owned()]));
    for bytes in [&b""[..], b"PK\x03\x04x", b"a,b\n1,2\n", &form("SNV", &USUAL)[..200]] {
        assert!(read_form("f.xlsx", bytes, &scale()).is_err());
    }
    assert_eq!(told(settle("f.xlsx", &bytes, &scale()))[0].0, "LT-CAT-033", "a proposal is no draft");
}

#[test]
fn units_that_differ_stand_side_by_side_and_the_decided_draft_keeps_who_proposed_what() {
    let scale = scale();
    let read = |name: &str, bytes: &[u8]| {
        read_form(name, bytes, &scale).unwrap_or_else(|findings| panic!("{name}: {findings}"))
    };
    let snv = read("snv.xlsx", &form("SNV", &USUAL));
    // The same report with other points; the coefficient follows.
    let changed = edited(&form("STC", &USUAL), &[("Phụ lục III", "G6", "80"), ("Phụ lục III", "H6", "16")]);
    let stc = read("stc.xlsx", &changed);
    assert_eq!(told(merge(&[snv.clone(), snv.clone()], &scale, &BTreeSet::new()))[0].0, "LT-CAT-045");
    let joined = merge(&[snv, stc], &scale, &BTreeSet::new()).unwrap_or_else(|findings| panic!("{findings}"));
    assert_eq!(joined.len(), 5, "{joined:#?}");
    let pair: Vec<_> = joined.iter().filter(|one| !one.alone).collect();
    assert_eq!(pair.len(), 2);
    assert_eq!(pair[0].cluster, pair[1].cluster);
    assert_eq!(pair[0].differs, ["hệ số khác nhau: 12 – 16"]);
    assert!(joined.iter().filter(|one| one.alone).all(|one| one.proposers.len() == 2));
    let draft = write_draft(&joined, &scale).unwrap_or_else(|finding| panic!("{finding}"));
    // Nothing is settled while a row waits.
    let waiting = told(settle("d.xlsx", &draft, &scale));
    assert_eq!(waiting.iter().filter(|(code, _)| code == "LT-CAT-044").count(), 2, "{waiting:?}");
    let row = |one: &lienthong::catalog::workshop::Joined| {
        6 + joined.iter().position(|other| other.key == one.key).expect("row")
    };
    let (first, second) = (row(pair[0]), row(pair[1]));
    let decide = |what: &str| {
        edited(&draft, &[("Dự thảo", &format!("P{first}"), "giữ"), ("Dự thảo", &format!("P{second}"), what)])
    };
    assert_eq!(told(settle("d.xlsx", &decide("gộp vào KHÔNG-CÓ"), &scale))[0].0, "LT-CAT-044");
    let settled = settle("d.xlsx", &decide(&format!("Gộp vào {}", pair[0].code)), &scale)
        .unwrap_or_else(|findings| panic!("{findings}"));
    assert_eq!((settled.products.len(), settled.joined, settled.dropped), (4, 1, 0));
    let of_report: Vec<(&str, &str)> = settled
        .origins
        .iter()
        .filter(|origin| origin.code.as_str() == pair[0].code)
        .map(|origin| (origin.unit.as_str(), origin.said[5].as_str()))
        .collect();
    assert_eq!(of_report, [("SNV", "12"), ("STC", "16")], "both units stay, with what each said");
    let again = lienthong::catalog::read(settled.to_csv().as_bytes(), "c.csv")
        .unwrap_or_else(|findings| panic!("{findings}"));
    assert_eq!(again, settled.products, "the CSV is the catalog");
}

#[test]
fn libreoffice_calculates_what_the_form_says_and_a_form_it_saved_comes_back() {
    let folder = tempfile::tempdir().expect("folder");
    let bytes = form("SNV", &USUAL);
    std::fs::write(folder.path().join("f.xlsx"), bytes).expect("written");
    let convert = |to: &str, from: &Path| {
        let done = std::process::Command::new("soffice")
            .args([
                "--headless",
                "--norestore",
                &format!("-env:UserInstallation=file://{}/profile", folder.path().display()),
            ])
            .args(["--convert-to", to, "--outdir"])
            .arg(folder.path().join("out"))
            .arg(from)
            .output()
            .expect("LibreOffice");
        assert!(done.status.success(), "{done:?}");
    };
    convert("xlsx:Calc MS Excel 2007 XML", &folder.path().join("f.xlsx"));
    let saved = std::fs::read(folder.path().join("out/f.xlsx")).expect("saved");
    let filled = read_form("f.xlsx", &saved, &scale()).unwrap_or_else(|findings| panic!("{findings}"));
    let ratios: Vec<String> = filled.rows.iter().map(|row| row.coefficient.to_string()).collect();
    assert_eq!(ratios, ["12", "14", "8", "1"]);
}

/// Tasks of somebody of a unit, as a source shows them.
async fn tasks(house: &Installed, source: &str, who: &str, titles: &[(&str, &str)]) {
    let store = &house.app.store;
    let seen = house.app.clock.now();
    let source = SourceId::new(source).expect("source");
    let run = store.begin_run(&source, RunKind::Full, seen).await.expect("run");
    let writes = titles.iter().enumerate().map(|(at, (title, due))| {
        let draft: TaskDraft = serde_json::from_value(json!({
            "external_id": format!("{who}-{at}"), "title": title, "status": "open", "raw_status": "1",
            "assignee": { "kind": "staff_number", "value": who }, "assigned_at": "2026-01-05T01:00:00Z",
            "due": { "day": due, "time": null }, "unplanned": false, "events": []
        }))
        .expect("draft");
        let applied = ingest::apply(None, draft, seen);
        TaskWrite {
            known_id: None,
            external_id: format!("{who}-{at}"),
            hash: [at as u8; 16],
            place: None,
            task: applied.task,
            events: applied.events,
        }
    });
    let page = PageCommit {
        source,
        run,
        fetched_at: seen,
        request: "GET /tasks".into(),
        body: Some(bytes::Bytes::from_static(b"[]")),
        details: None,
        tasks: writes.collect(),
        rejections: Vec::new(),
        evidence: Vec::new(),
        cursor: None,
    };
    store.commit_pages(vec![page]).await.expect("committed");
    Identify(house.app.clone()).run().await.expect("identified");
}

/// A department, a division of it and a commune, each with somebody.
async fn province(store: &Store) -> Installed {
    let house = Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-11-20T08:00:00Z");
    let unit = |code: &str, kind: UnitKind, parent: Option<&str>| Unit {
        code: UnitCode::new(code).expect("code"),
        name: format!("Đơn vị {code}"),
        kind,
        parent: parent.map(|parent| UnitCode::new(parent).expect("code")),
        org_code: None,
    };
    let units = vec![
        department(),
        unit("SNV-CC", UnitKind::Division, Some("SNV")),
        unit("IAKHA", UnitKind::Commune, None),
    ];
    let posted = |number: &str, name: &str, unit: &str| {
        let mut person = officer(number, name);
        person.memberships[0].0 = UnitCode::new(unit).expect("code");
        person
    };
    let people = vec![
        posted("GL-00001", "Nguyễn Văn An", "SNV"),
        posted("GL-00002", "Trần Thị Bình", "SNV-CC"),
        posted("GL-00003", "Siu Kơr", "IAKHA"),
    ];
    let import = DirectoryImport { units, people };
    store.import_directory(&import, "test", None, house.app.clock.now()).await.expect("imported");
    house
}

fn file_of(outcome: &Outcome) -> InputFile {
    let Document::File { file, .. } = &outcome.document else { panic!("no file: {outcome:?}") };
    file.clone()
}

#[tokio::test]
async fn proposal_counts_the_year_of_the_unit_and_those_below_it_and_the_decided_draft_becomes_a_version() {
    let both = both().await;
    for store in &both.stores {
        let house = province(store).await;
        let reports: Vec<(String, String)> = (1..=12)
            .map(|month| {
                (format!("Báo cáo tháng {month}/2026 công tác dân tộc"), format!("2026-{month:02}-25"))
            })
            .collect();
        let reports: Vec<(&str, &str)> =
            reports.iter().map(|(title, due)| (title.as_str(), due.as_str())).collect();
        tasks(&house, "snv", "GL-00001", &reports).await;
        tasks(
            &house,
            "snv",
            "GL-00002",
            &[
                ("Phúc đáp đề nghị của công dân", "2026-03-01"),
                ("Phúc đáp đề nghị của công dân", "2026-04-01"),
                ("Phúc đáp đề nghị của công dân", "2025-04-01"),
            ],
        )
        .await;
        tasks(
            &house,
            "xa",
            "GL-00003",
            &[("Kế hoạch của xã", "2026-03-01"), ("Kế hoạch của xã", "2026-05-01")],
        )
        .await;
        let propose = |unit: &str, year| Command::CatalogPropose {
            unit: UnitCode::new(unit).expect("code"),
            year,
            at_least: 2,
            groups: None,
        };
        let outcome = house.ordered(propose("SNV", 2026)).await;
        let form = file_of(&outcome);
        let filled =
            read_form(&form.name, &form.bytes, &scale()).unwrap_or_else(|findings| panic!("{findings}"));
        let works: Vec<&str> = filled.rows.iter().map(|row| row.work.as_str()).collect();
        assert_eq!(works.len(), 2, "{works:?}");
        let refused = house.order(propose("SNV", 2030)).await;
        assert_eq!(refused.findings[0].code, "LT-CAT-047");
        assert_eq!(house.order(propose("KHONG", 2026)).await.findings[0].code, "LT-PPL-023");
        let checked = house.ordered(Command::CatalogCheck { file: form.clone(), groups: None }).await;
        assert_eq!(checked.exit, 0);
        let other = file_of(&house.ordered(propose("IAKHA", 2026)).await);
        let draft =
            file_of(&house.ordered(Command::CatalogMerge { files: vec![form, other], groups: None }).await);
        let settle = |file: InputFile, reason: &str| Command::CatalogSettle {
            file,
            groups: None,
            version: CatalogVersion::new("2027-1").expect("version"),
            valid_from: day("2027-01-01"),
            scope: CatalogScope::Province,
            author: CHIEF.into(),
            reason: reason.into(),
            dry_run: false,
        };
        assert_eq!(house.order(settle(draft.clone(), " ")).await.findings[0].code, "LT-CAT-048");
        let mut trial = settle(draft.clone(), "QĐ 12/QĐ-UBND");
        if let Command::CatalogSettle { dry_run, .. } = &mut trial {
            *dry_run = true;
        }
        let shown = house.ordered(trial).await.document.to_json(lienthong::error::Lang::En);
        assert_eq!((&shown["new"], &shown["replaces"]), (&serde_json::json!(3), &serde_json::Value::Null));
        assert!(store.catalogs().await.expect("read").is_empty(), "{}: a trial", store.kind());
        let settled = house.ordered(settle(draft.clone(), "QĐ 12/QĐ-UBND")).await;
        assert!(String::from_utf8(file_of(&settled).bytes).expect("CSV").contains("complexity_group"));
        assert_eq!(house.order(settle(draft, "QĐ 12/QĐ-UBND")).await.findings[0].code, "LT-CAT-024");
        let version = CatalogVersion::new("2027-1").expect("version");
        assert_eq!(store.catalog_products(&version).await.expect("products").len(), 3);
        let origins = store.catalog_provenance(&version).await.expect("provenance");
        let units: BTreeSet<&str> = origins.iter().map(|origin| origin.unit.as_str()).collect();
        assert_eq!(units, BTreeSet::from(["SNV", "IAKHA"]));
        // Whoever asks is shown who proposed what, of all products or of those with some words.
        let list = |text: &str| Command::CatalogList {
            version: Some(version.clone()),
            text: text.into(),
            provenance: true,
            limit: 100,
        };
        let shown = house.ordered(list("")).await.document.to_json(lienthong::error::Lang::En);
        let rows = shown.as_array().expect("rows");
        assert_eq!(rows.len(), origins.len(), "{shown}");
        for origin in &origins {
            let said = |row: &&serde_json::Value| {
                row["code"] == origin.code.as_str()
                    && row["unit"] == origin.unit.as_str()
                    && row["unit_name"].is_string()
                    && row["proposed_name"] == origin.proposed["name"]
                    && row["proposed_coefficient"] == origin.proposed["coefficient"]
            };
            assert!(rows.iter().any(|row| said(&row)), "{origin:?} in {shown}");
        }
        let code = origins[0].code.as_str();
        let shown = house.ordered(list(code)).await.document.to_json(lienthong::error::Lang::En);
        let codes: BTreeSet<&str> =
            shown.as_array().expect("rows").iter().filter_map(|row| row["code"].as_str()).collect();
        assert_eq!(codes, BTreeSet::from([code]), "{shown}");
    }
}

fn catalog_file(code: &str, coefficient: &str) -> InputFile {
    let text = format!(
        "code,name,complexity_group,coefficient,points,kind\n{code},Báo cáo công tác dân tộc,2,{coefficient},40,\n{code}-L,Chỉ đạo chung,3,14,70,lãnh đạo\n"
    );
    InputFile { name: "c.csv".into(), bytes: text.into_bytes() }
}

#[tokio::test]
async fn catalog_of_the_nearest_scope_is_chosen_at_assignment_and_frozen() {
    let both = both().await;
    for store in &both.stores {
        let house = province(store).await;
        let import = |code: &str, name: &str, scope: &str, coefficient: &str| Command::CatalogImport {
            file: catalog_file(code, coefficient),
            version: CatalogVersion::new(name).expect("version"),
            valid_from: day("2026-01-01"),
            scope: scope.parse().expect("scope"),
            author: CHIEF.into(),
            reason: None,
            dry_run: false,
        };
        house.ordered(import("CHUNG", "chung", "province", "8")).await;
        house.ordered(import("XA", "xa", "commune", "9")).await;
        house.ordered(import("NHA", "nha", "unit:SNV", "10")).await;
        let unknown = house.order(import("Y", "y", "unit:KHONG", "1")).await;
        assert_eq!(unknown.findings[0].code, "LT-PPL-023");
        for (source, who) in [("snv", "GL-00002"), ("xa", "GL-00003")] {
            tasks(&house, source, who, &[("Báo cáo công tác dân tộc", "2026-03-01")]).await;
        }
        Map::new(house.app.clone()).run().await.expect("mapped");
        let held = |task| async move {
            let item = store.map_item(task).await.expect("read").expect("task");
            item.mapping.expect("mapping").catalog_version.to_string()
        };
        let ids: Vec<i64> =
            store.scan_tasks(None, 0, 10).await.expect("tasks").iter().map(|task| task.id).collect();
        assert_eq!((held(ids[0]).await.as_str(), held(ids[1]).await.as_str()), ("nha", "xa"));
        let kinds: Vec<ProductKind> = store
            .catalog_products(&CatalogVersion::new("nha").expect("version"))
            .await
            .expect("products")
            .iter()
            .map(|product| product.kind)
            .collect();
        assert_eq!(kinds, [ProductKind::Work, ProductKind::Leadership]);
    }
}

#[tokio::test]
async fn the_program_writes_forms_checks_them_and_overwrites_nothing() {
    let (_folder, store) = one().await;
    let house = province(&store).await;
    let refused = house.order(Command::CatalogCheck {
        file: InputFile { name: "x.xlsx".into(), bytes: b"a,b\n".to_vec() },
        groups: None,
    });
    assert_eq!(refused.await.findings[0].code, "LT-CAT-033");
    let site = crate::support::site::Site::new(
        "[[unit]]\ncode = \"SNV\"\nname = \"Sở Nội vụ\"\nkind = \"department\"\n",
    );
    for unit in ["SNV", "STC"] {
        site.write(&format!("{unit}.xlsx"), form(unit, &USUAL));
    }
    let checked = site.json(&["catalog", "check", "SNV.xlsx"]);
    assert_eq!(checked["products"], 4);
    let joined = site.json(&["catalog", "merge", "SNV.xlsx", "STC.xlsx", "--out", "d.xlsx"]);
    assert_eq!(joined["draft"]["products"], 4);
    let before = std::fs::read(site.file("d.xlsx")).expect("draft");
    let again = site.refused(&["catalog", "merge", "SNV.xlsx", "STC.xlsx", "--out", "d.xlsx"], 2);
    assert!(again.contains("LT-CAT-046"), "{again}");
    assert_eq!(std::fs::read(site.file("d.xlsx")).expect("draft"), before);
    let order = [
        "catalog",
        "merge",
        "--final",
        "d.xlsx",
        "--name",
        "2027-1",
        "--valid-from",
        "2027-01-01",
        "--reason",
        "QĐ 1/QĐ-UBND",
        "--out",
        "c.csv",
        "--author",
        "GL-00990",
    ];
    assert_eq!(site.json(&order)["products"], 4);
    let products =
        lienthong::catalog::read(&std::fs::read(site.file("c.csv")).expect("CSV"), "c.csv").expect("catalog");
    assert_eq!(products.len(), 4);
    assert_eq!(site.json(&["catalog", "list", "--name", "2027-1"]).as_array().expect("rows").len(), 4);
    let out = site.refused(&["catalog", "propose", "--unit", "SNV", "--year", "2026", "--out", "p.xlsx"], 1);
    assert!(out.contains("LT-CAT-047"), "{out}");
    assert!(!site.file("p.xlsx").exists());
}

/// Chief of the department: entitled to score its people.
const HEAD: &str = "GL-00900 Lê Văn Trưởng";

/// The usual province with a chief, its tasks mapped by a person onto products of version "1".
async fn at_work(
    store: &Store,
    titles: &[(&str, &str)],
    product: &str,
    coefficient: &str,
) -> (Installed, Vec<i64>) {
    let house = province(store).await;
    let mut head = officer("GL-00900", "Lê Văn Trưởng");
    head.memberships[0].2 = Role::Head;
    let import = DirectoryImport { units: Vec::new(), people: vec![head] };
    store.import_directory(&import, "test", None, house.app.clock.now()).await.expect("imported");
    let text = "code,name,complexity_group,coefficient,kind\nSP-1,Đề án,4,30,\nSP-2,Báo cáo,2,8,\nQL-1,Chỉ đạo chung,3,14,lãnh đạo\n";
    let file = InputFile { name: "c.csv".into(), bytes: text.as_bytes().to_vec() };
    let version = CatalogVersion::new("1").expect("version");
    let import = Command::CatalogImport {
        file,
        version: version.clone(),
        valid_from: day("2026-01-01"),
        scope: CatalogScope::Province,
        author: CHIEF.into(),
        reason: Some("QĐ 1".into()),
        dry_run: false,
    };
    house.ordered(import).await;
    tasks(&house, "snv", "GL-00001", titles).await;
    let ids: Vec<i64> =
        store.scan_tasks(None, 0, 100).await.expect("tasks").iter().map(|task| task.id).collect();
    for id in &ids {
        mapped(&house, *id, product, coefficient).await;
    }
    (house, ids)
}

async fn mapped(house: &Installed, task: i64, product: &str, coefficient: &str) {
    let row = MappingRow {
        state: MappingState::Mapped,
        product: Some(product.parse().expect("code")),
        catalog_version: CatalogVersion::new("1").expect("version"),
        coefficient: Some(number(coefficient)),
        decided_by: "operator".into(),
        author: None,
        reason: json!({}),
        decided_at: house.app.clock.now(),
    };
    let quarter = lienthong::domain::Period::from_str("2026-Q4").expect("period");
    let due = [(house.person("GL-00001").await, quarter), (house.person("GL-00900").await, quarter)];
    house.app.store.decide_mapping(task, &row, &due, None).await.expect("mapped");
}

/// Coefficients of somebody's lines of a quarter, and reasons of what does not count.
async fn lines(house: &Installed, who: &str, period: &str) -> (Vec<String>, Vec<String>) {
    let person = house.person(who).await;
    let period = lienthong::domain::Period::from_str(period).expect("period");
    while Score(house.app.clone()).run().await.expect("a run").more {}
    let bytes = house.app.store.derivation(person, period, FULL_PERIOD).await.expect("read");
    let Some(bytes) = bytes else { return (Vec::new(), Vec::new()) };
    let made = lienthong::pipeline::derived::read(&bytes).expect("a derivation");
    let of = |list: &str, field: &str| -> Vec<String> {
        let own = made[list]
            .as_array()
            .expect("a list")
            .iter()
            .filter(|one| one.get("of").is_none_or(serde_json::Value::is_null));
        own.map(|one| one[field].as_str().expect("text").to_owned()).collect()
    };
    let plain = |text: &String| number(text).normalize().to_string();
    (of("lines", "coefficient").iter().map(plain).collect(), of("excluded", "reason"))
}

fn share(task: &str, parts: &[(&str, Option<&str>)], author: &str) -> Command {
    Command::MappingShare {
        task: format!("snv:{task}").parse().expect("task"),
        parts: parts
            .iter()
            .map(|(who, percent)| ShareEntry {
                person: Some(who.parse().expect("person")),
                period: None,
                percent: percent.map(number),
            })
            .collect(),
        document: None,
        author: author.into(),
        reason: "đóng góp thực tế".into(),
        dry_run: false,
    }
}

#[tokio::test]
async fn superior_shares_a_product_and_each_persons_line_has_its_part_of_the_coefficient() {
    let both = both().await;
    for store in &both.stores {
        let (house, _) = at_work(store, &[("Đề án chung", "2026-12-20")], "SP-1", "30").await;
        assert_eq!(lines(&house, "GL-00001", "2026-Q4").await.0, ["30"]);
        let key = "GL-00001-0";
        let refused = async |command: Command| house.order(command).await.findings[0].code.clone();
        assert_eq!(
            refused(share(key, &[("GL-00001", Some("60")), ("GL-00002", Some("40.5"))], HEAD)).await,
            "LT-CAT-049"
        );
        assert_eq!(refused(share(key, &[("GL-00001", Some("50"))], "GL-00002")).await, "LT-AUT-001");
        assert_eq!(
            refused(share(key, &[("GL-00003", Some("50"))], HEAD)).await,
            "LT-AUT-001",
            "of another body"
        );
        assert_eq!(refused(share(key, &[("GL-09999", Some("50"))], HEAD)).await, "LT-PPL-020");
        assert_eq!(refused(share("KHONG", &[("GL-00001", Some("50"))], HEAD)).await, "LT-CAT-023");
        assert_eq!(lines(&house, "GL-00001", "2026-Q4").await.0, ["30"], "nothing changed");
        house.ordered(share(key, &[("GL-00001", Some("50")), ("GL-00002", Some("30"))], HEAD)).await;
        assert_eq!(lines(&house, "GL-00001", "2026-Q4").await.0, ["15"]);
        assert_eq!(lines(&house, "GL-00002", "2026-Q4").await.0, ["9"], "whom no source names");
        // The newest entry counts: a supporting person has the rule set's share, which is 0.
        house.ordered(share(key, &[("GL-00002", None)], HEAD)).await;
        assert_eq!(lines(&house, "GL-00001", "2026-Q4").await.0, ["30"]);
        assert_eq!(
            lines(&house, "GL-00002", "2026-Q4").await,
            (vec![], vec!["support_without_share".into()])
        );
        house.ordered(share(key, &[], HEAD)).await;
        assert_eq!(lines(&house, "GL-00002", "2026-Q4").await, (vec![], vec![]));
        let verified = house.ordered(Command::ScoreVerify {}).await;
        assert_eq!(verified.exit, 0, "{verified:?}");
    }
}

#[tokio::test]
async fn shares_entered_meanwhile_by_somebody_else_are_not_replaced_unseen() {
    let both = both().await;
    for store in &both.stores {
        let (house, ids) = at_work(store, &[("Đề án chung", "2026-12-20")], "SP-1", "30").await;
        let (an, binh) = (house.person("GL-00001").await, house.person("GL-00002").await);
        let entry = |person, before| lienthong::store::SharesNew {
            task: ids[0],
            document: None,
            parts: vec![(Some(person), None, Some(number("0.5")))],
            before,
            written: serde_json::json!([]),
            due: vec![(person, "2026-Q4".parse().expect("period"))],
        };
        let order = MappingOrder {
            kind: OrderKind::Share,
            group: None,
            choice: None,
            author: "tester".into(),
            reason: Some("phân công".into()),
            at: house.app.clock.now(),
            about: None,
            proposal: None,
            effect: serde_json::json!({}),
            rows: Vec::new(),
            due: Vec::new(),
        };
        store.place_shares(&order, &[entry(an, Vec::new())], true).await.expect("entered");
        // Made before that was there: the score of the one it replaces would stay as it is.
        let late = store.place_shares(&order, &[entry(binh, Vec::new())], true).await;
        assert!(matches!(late, Err(lienthong::store::StoreError::Conflict(_))), "{late:?}");
        let seen = store.shares_of_task(ids[0]).await.expect("shares");
        assert_eq!(seen.iter().map(|part| part.person).collect::<Vec<_>>(), [Some(an)]);
        store.place_shares(&order, &[entry(binh, seen)], true).await.expect("entered");
    }
}

#[tokio::test]
async fn shares_of_many_tasks_come_from_a_file_whole_or_not_at_all() {
    let (_folder, store) = one().await;
    let titles = [("Đề án một", "2026-12-20"), ("Đề án hai", "2026-12-21")];
    let (house, ids) = at_work(&store, &titles, "SP-1", "30").await;
    let import = |text: &str| Command::MappingShareFile {
        file: InputFile { name: "s.csv".into(), bytes: text.as_bytes().to_vec() },
        document: None,
        author: HEAD.into(),
        reason: "phân công".into(),
        dry_run: false,
    };
    let wrong = "task,person,period,share\nsnv:GL-00001-0,GL-00001,,120\nsnv:GL-00001-1,GL-00001,2026-13,10\nx,GL-00001,,10\n";
    let outcome = house.order(import(wrong)).await;
    let told: Vec<(&str, u32)> = outcome
        .findings
        .iter()
        .filter_map(|finding| Some((finding.code.as_str(), finding.place.as_ref()?.line?)))
        .collect();
    assert_eq!(told, [("LT-CAT-050", 2), ("LT-CAT-050", 3), ("LT-CAT-050", 4)]);
    let half = "task,person,period,share\nsnv:GL-00001-0,GL-00001,,50\nsnv:GL-00001-1,GL-00001,,70\nsnv:GL-00001-1,GL-00002,,40\n";
    assert_eq!(house.order(import(half)).await.findings[0].code, "LT-CAT-049");
    assert!(store.shares_of_task(ids[0]).await.expect("shares").is_empty(), "whole or not at all");
    let good = "Nhiệm vụ;Số hiệu;Kỳ;Phần\nsnv:GL-00001-0;GL-00001;;50\nsnv:GL-00001-1;GL-00001;2026-10;20\nsnv:GL-00001-1;GL-00001;2026-11;12,5\n";
    let mut trial = import(good);
    if let Command::MappingShareFile { dry_run, .. } = &mut trial {
        *dry_run = true;
    }
    let shown = house.ordered(trial.clone()).await.document.to_json(lienthong::error::Lang::En);
    let tells = (&shown["decision"]["state"], &shown["decision"]["tasks"]);
    let expected = (&serde_json::json!("preview"), &serde_json::json!(2));
    assert_eq!(tells, expected, "{shown}");
    assert!(store.shares_of_task(ids[0]).await.expect("shares").is_empty(), "a trial");
    house.ordered(import(good)).await;
    let shown = house.ordered(trial).await.document.to_json(lienthong::error::Lang::En);
    assert!(shown["message"].as_str().is_some_and(|told| told.contains("nothing changes")), "{shown}");
    let months = store.shares_of_task(ids[1]).await.expect("shares");
    let sum: Decimal = months.iter().filter_map(|part| part.share).sum();
    assert_eq!((months.len(), sum.normalize()), (2, number("0.325")));
}

#[tokio::test]
async fn leadership_products_count_for_heads_and_deputies_alone() {
    let both = both().await;
    for store in &both.stores {
        let (house, ids) = at_work(store, &[("Chỉ đạo chung", "2026-12-20")], "QL-1", "14").await;
        assert_eq!(lines(&house, "GL-00001", "2026-Q4").await, (vec![], vec!["leadership_product".into()]));
        tasks(&house, "snv2", "GL-00900", &[("Chỉ đạo chung", "2026-12-20")]).await;
        let all = store.scan_tasks(None, 0, 100).await.expect("tasks");
        let own = all.iter().find(|task| !ids.contains(&task.id)).expect("the head's");
        mapped(&house, own.id, "QL-1", "14").await;
        assert_eq!(lines(&house, "GL-00900", "2026-Q4").await.0, ["14"]);
    }
}

#[tokio::test]
async fn catalog_diff_tells_what_changes_and_whose_lines_that_concerns() {
    let both = both().await;
    for store in &both.stores {
        let titles = [("Báo cáo một", "2026-12-20"), ("Báo cáo hai", "2026-08-20"), ("Đề án", "2026-08-21")];
        let (house, ids) = at_work(store, &titles, "SP-2", "8").await;
        mapped(&house, ids[2], "SP-1", "30").await;
        let text = "code,name,complexity_group,coefficient,synonyms,kind\nSP-2,Báo cáo công tác,3,10.5,BC,\nSP-3,Mới,1,1,,\nQL-1,Chỉ đạo chung,3,14,,lãnh đạo\n";
        let file = InputFile { name: "c.csv".into(), bytes: text.as_bytes().to_vec() };
        let diff = Command::CatalogDiff { file, version: None, affected: true };
        let told = house.ordered(diff).await.document.to_json(lienthong::error::Lang::En);
        let changes: Vec<(&str, &str, &str)> = told["changes"]
            .as_array()
            .expect("rows")
            .iter()
            .map(|row| {
                (
                    row["change"].as_str().unwrap(),
                    row["code"].as_str().unwrap(),
                    row["what"].as_str().unwrap(),
                )
            })
            .collect();
        assert_eq!(
            changes,
            [
                ("added", "SP-3", ""),
                ("removed", "SP-1", ""),
                ("changed", "SP-2", "name, group, coefficient, synonyms")
            ]
        );
        let affected = told["affected"].as_array().expect("rows");
        assert_eq!(affected.len(), 2);
        assert_eq!(
            affected[0],
            json!({"code": "SP-1", "lines": 1, "people": 1, "periods": "2026-Q3", "before": "30", "after": "0"})
        );
        assert_eq!(
            affected[1],
            json!({"code": "SP-2", "lines": 2, "people": 1, "periods": "2026-Q3, 2026-Q4", "before": "16", "after": "21"})
        );
        assert_eq!(told["together"]["before"], "46");
    }
}
