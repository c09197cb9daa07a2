//! Products no catalog has, rules tried before they are used, decisions that travel as files: over real stores.

use crate::review::{
    AN, BINH, OFFICE, REPORT, catalog, choose, codes, groups, house, queue, scored, states, stored, task,
    told, undo, waits,
};
use crate::support::installation::{CHIEF, Installed, period};
use crate::support::site::{Site, output};
use crate::support::stores::both;
use lienthong::domain::rules::PendingCoefficientPolicy;
use lienthong::domain::{ProductCode, RuleSet};
use lienthong::pipeline::Policy;
use lienthong::pipeline::command::{Command, Document, ImportAs, InputFile, ProposedTerms};
use lienthong::pipeline::derived::read;
use lienthong::pipeline::map::Map;
use lienthong::pipeline::score::FULL_PERIOD;
use lienthong::pipeline::step::Step as _;
use serde_json::{Value, json};

const NOW: &str = "2027-01-05T01:00:00Z";

fn product(text: &str) -> ProductCode {
    ProductCode::new(text).expect("code")
}

fn propose(tasks: &[&str], code: &str, coefficient: Option<&str>) -> Command {
    Command::ProductPropose {
        tasks: tasks.iter().map(|id| format!("snv:{id}").parse().expect("task")).collect(),
        group: None,
        terms: ProposedTerms {
            code: product(code),
            name: "Số hóa hồ sơ lưu trữ".into(),
            group: 2,
            coefficient: coefficient.map(|k| k.parse().expect("number")),
            field: "Lưu trữ".into(),
            measure: "hồ sơ".into(),
        },
        unit: Some("SNV".parse().expect("unit")),
        author: OFFICE.into(),
        reason: "nhiệm vụ mới phát sinh".into(),
        dry_run: false,
    }
}

fn accept(id: i64, code: &str) -> Command {
    Command::ProductAccept { id, code: product(code), catalog: None, author: OFFICE.into(), dry_run: false }
}

async fn proposals(house: &Installed) -> Value {
    told(&house.ordered(Command::ProductProposals { all: true, limit: 10, workbook: false }).await)
}

/// The installation with one value of the switch, and the catalog's product for everything else.
async fn by(house: &Installed, value: PendingCoefficientPolicy) -> Installed {
    let rules = RuleSet { pending_coefficient_policy: value, ..RuleSet::default() };
    let catch_all = Some(product("SP-9"));
    let policy = Policy { rule_sets: vec![rules], catch_all, ..house.app.policy.clone() };
    house.configured_anew(NOW, policy).await
}

async fn derivation(house: &Installed, who: &str) -> Value {
    let person = house.person(who).await;
    let bytes = house.app.store.derivation(person, period("2026-Q4"), FULL_PERIOD).await.expect("read");
    read(&bytes.expect("a score")).expect("a derivation")
}

#[tokio::test]
async fn proposed_product_counts_as_the_switch_says() {
    let both = both().await;
    for store in &both.stores {
        let first = house(store).await;
        for (value, counted, excluded) in [
            (PendingCoefficientPolicy::Park, None, Some("pending_coefficient")),
            (PendingCoefficientPolicy::Provisional, Some(("DX-1", "1.5", "provisional coefficient")), None),
            (PendingCoefficientPolicy::CatchAll, Some(("SP-9", "0.5", "counted as SP-9")), None),
        ] {
            let id = format!("{value:?}");
            let house = by(&first, value).await;
            let task = task(&house, &id, AN, "Số hóa hồ sơ", Some("2026-11-19T01:00:00Z")).await;
            waits(&house, &[task]).await;
            house.ordered(propose(&[&id], "DX-1", Some("1.5"))).await;
            scored(&house).await;
            let told = derivation(&house, AN).await;
            let source = format!("snv/{id}");
            let of = |list: &str| {
                let found =
                    told[list].as_array().into_iter().flatten().find(|one| one["source"] == source.as_str());
                found.cloned()
            };
            match counted {
                Some((code, coefficient, note)) => {
                    let line = of("lines").expect("a line");
                    assert_eq!(
                        (line["product"].clone(), line["coefficient"].clone()),
                        (json!(code), json!(coefficient))
                    );
                    assert!(line["notes"].to_string().contains(note), "{line}");
                }
                None => assert_eq!(
                    of("excluded").map(|one| one["reason"].clone()),
                    excluded.map(|word| json!(word))
                ),
            }
            // Taken back: it waits again, and the code is free for the next turn.
            let open = proposals(&house).await[0]["proposal"].as_i64().expect("number");
            let reason = "đã có trong danh mục khác".to_owned();
            house.ordered(Command::ProductWithdraw { id: open, author: CHIEF.into(), reason }).await;
            assert_eq!(states(&house, &[task]).await, ["review"]);
            assert_eq!(proposals(&house).await[0]["state"], "withdrawn");
            scored(&house).await;
            assert!(derivation(&house, AN).await["excluded"].to_string().contains("unmapped"));
        }
    }
}

#[tokio::test]
async fn proposal_ends_when_a_catalog_version_brings_its_product() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let tasks = queue(&house).await;
        house.ordered(propose(&["1", "3"], "DX-7", None)).await;
        let open = proposals(&house).await;
        let row = &open[0];
        assert_eq!(
            (row["unit"].clone(), row["group"].clone(), row["tasks"].clone(), row["state"].clone()),
            (json!("Sở Nội vụ"), json!(2), json!(2), json!("open"))
        );
        assert_eq!(row["titles"][0], REPORT);
        assert_eq!(states(&house, &tasks).await, ["proposed", "review", "proposed", "review", "review"]);
        assert_eq!(codes(&house.order(propose(&["2"], "DX-7", None)).await), ["LT-MAP-045"]);
        assert_eq!(codes(&house.order(propose(&["2"], "SP-1", None)).await), ["LT-MAP-045"]);
        let id = row["proposal"].as_i64().expect("number");
        assert_eq!(codes(&house.order(accept(id, "SP-50")).await), ["LT-MAP-046"]);
        catalog(store, "2027", "2027-01-01", &[("SP-1", "1.2"), ("SP-2", "2"), ("SP-50", "1.8")]).await;
        let accepted = told(&house.ordered(accept(id, "SP-50")).await);
        scored(&house).await;
        assert_eq!(states(&house, &tasks).await, ["SP-50", "review", "SP-50", "review", "review"]);
        let an = accepted["moved"].as_array().expect("rows").iter().find(|row| row["person"] == AN).cloned();
        assert_eq!(an.expect("a row")["after"].as_str(), stored(&house, AN).await.0.as_deref());
        let row = proposals(&house).await[0].clone();
        assert_eq!(
            (row["state"].clone(), row["accepted_as"].clone(), row["catalog"].clone()),
            (json!("accepted"), json!("SP-50"), json!("2027"))
        );
        assert_eq!(codes(&house.order(accept(id, "SP-50")).await), ["LT-MAP-043"]);
        // Accepted by mistake: the proposal is open again, with its tasks.
        let last = accepted["decision"]["decision"].as_i64().expect("number");
        house.ordered(undo(last, CHIEF)).await;
        let row = proposals(&house).await[0].clone();
        assert_eq!((row["state"].clone(), row["tasks"].clone()), (json!("open"), json!(2)));
        assert_eq!(states(&house, &tasks).await[0], "proposed");
    }
}

#[tokio::test]
async fn proposal_whose_tasks_were_decided_since_ends_and_comes_back_all_the_same() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let tasks = queue(&house).await;
        house.ordered(propose(&["1", "3"], "DX-7", None)).await;
        house.ordered(choose(&["1", "3"], "SP-1", OFFICE)).await;
        let state = async || proposals(&house).await[0]["state"].clone();
        let id = proposals(&house).await[0]["proposal"].as_i64().expect("number");
        assert_eq!(state().await, "open");
        let withdraw =
            Command::ProductWithdraw { id, author: CHIEF.into(), reason: "không cần nữa".into() };
        let withdrawn = house.ordered(withdraw).await;
        assert_eq!(codes(&withdrawn), ["LT-MAP-035"], "what was decided since stays");
        assert_eq!(
            (state().await, states(&house, &tasks[..1]).await),
            (json!("withdrawn"), vec!["SP-1".into()])
        );
        let number = |outcome: &lienthong::pipeline::command::Outcome| {
            told(outcome)["decision"]["decision"].as_i64().expect("number")
        };
        house.ordered(undo(number(&withdrawn), CHIEF)).await;
        assert_eq!(state().await, "open");
        // Accepted though no task waits for it; and that taken back.
        let accepted = house.ordered(accept(id, "SP-2")).await;
        assert_eq!(state().await, "accepted");
        house.ordered(undo(number(&accepted), CHIEF)).await;
        assert_eq!((state().await, states(&house, &tasks[..1]).await), (json!("open"), vec!["SP-1".into()]));
    }
}

#[tokio::test]
async fn accepted_proposal_is_exported_as_the_word_of_whoever_made_it() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        queue(&house).await;
        house.ordered(propose(&["1"], "DX-7", None)).await;
        let id = proposals(&house).await[0]["proposal"].as_i64().expect("number");
        let Command::ProductAccept { code, catalog, dry_run, .. } = accept(id, "SP-2") else {
            unreachable!("an acceptance")
        };
        house.ordered(Command::ProductAccept { id, code, catalog, author: "root".into(), dry_run }).await;
        let row = told(&house.ordered(export()).await)[0].clone();
        assert_eq!(
            (row["expected_code"].clone(), row["author"].clone(), row["reason"].clone()),
            (json!("SP-2"), json!(OFFICE), json!("nhiệm vụ mới phát sinh"))
        );
    }
}

#[tokio::test]
async fn proposals_go_to_the_department_as_a_vietnamese_workbook() {
    use calamine::Reader as _;
    let both = both().await;
    let store = &both.stores[0];
    let house = house(store).await;
    queue(&house).await;
    house.ordered(propose(&["1"], "DX-7", Some("1.5"))).await;
    let made = house.ordered(Command::ProductProposals { all: false, limit: 10, workbook: true }).await;
    let Document::File { file, .. } = &made.document else { panic!("{:?}", made.document) };
    let mut book: calamine::Xlsx<_> =
        calamine::open_workbook_from_rs(std::io::Cursor::new(file.bytes.clone())).expect("a workbook");
    let sheet = book.worksheet_range_at(0).expect("a sheet").expect("cells");
    let text: Vec<String> = sheet.cells().map(|(_, _, cell)| cell.to_string()).collect();
    for shown in [
        "SẢN PHẨM, CÔNG VIỆC MỚI ĐỀ NGHỊ BỔ SUNG DANH MỤC",
        "Trạng thái",
        "Chờ bổ sung danh mục",
        "DX-7",
        "1.5",
        "08:00:00 05/01/2027",
        REPORT,
    ] {
        assert!(text.iter().any(|cell| cell == shown), "{shown} in {text:?}");
    }
    assert!(text.iter().any(|cell| cell.to_lowercase().contains("sở nội vụ")), "{text:?}");
}

#[tokio::test]
async fn proposal_without_what_the_rule_set_counts_by_is_refused() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        queue(&house).await;
        let provisional = by(&house, PendingCoefficientPolicy::Provisional).await;
        assert_eq!(codes(&provisional.order(propose(&["1"], "DX-1", None)).await), ["LT-MAP-044"]);
        assert_eq!(codes(&provisional.order(propose(&["1"], "DX-1", Some("-1"))).await), ["LT-MAP-047"]);
        let rest = by(&house, PendingCoefficientPolicy::CatchAll).await;
        let policy = Policy { catch_all: None, ..rest.app.policy.clone() };
        let rest = rest.configured_anew(NOW, policy).await;
        assert_eq!(codes(&rest.order(propose(&["1"], "DX-1", Some("1"))).await), ["LT-MAP-044"]);
        assert_eq!(proposals(&house).await, json!([]));
    }
}

#[tokio::test]
async fn rules_are_tried_on_the_tasks_there_are_and_their_version_stands_in_the_decision() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let tasks = queue(&house).await;
        house.ordered(choose(&["4"], "SP-2", OFFICE)).await;
        let text = "version = \"2026-4\"\n\
            [[rule]]\nid = \"giải ngân\"\npriority = 5\nkeywords = [\"giải ngân\"]\nproduct = \"SP-1\"\n\
            [[rule]]\nid = \"đầu tư công\"\npriority = 5\nkeywords = [\"đầu tư công\"]\nproduct = \"SP-2\"\n\
            [[rule]]\nid = \"góp ý cũ\"\npriority = 1\nregex = \"^gop y\"\nproduct = \"SP-2\"\nvalid_to = \"2026-06-30\"\n";
        let file = |text: &str| InputFile { name: "r.toml".into(), bytes: text.into() };
        let before = states(&house, &tasks).await;
        let tried = told(&house.ordered(Command::MappingRulesTest { file: file(text), limit: 10 }).await);
        assert_eq!(states(&house, &tasks).await, before);
        let summary = &tried["summary"];
        let figure = |key: &str| summary[key].as_u64();
        assert_eq!(
            ["tasks", "decides", "settles", "against_people", "conflicts", "never_hit"].map(figure),
            [Some(5), Some(4), Some(3), Some(1), Some(1), Some(2)],
            "{summary}"
        );
        assert_eq!((summary["coverage"].as_f64(), summary["version"].as_str()), (Some(0.8), Some("2026-4")));
        assert_eq!(
            (tried["conflicts"][0]["tasks"].clone(), tried["differences"][0]["task"].clone()),
            (json!(4), json!("snv:4"))
        );
        let wrong = text.replace("SP-1", "SP-77");
        assert_eq!(
            codes(&house.order(Command::MappingRulesTest { file: file(&wrong), limit: 9 }).await),
            ["LT-MAP-005"]
        );
        // Used: what waits is settled by them, and each decision says by which version.
        let rule_book = lienthong::mapping::RuleBook::parse(text, "r.toml").expect("rules");
        let policy = Policy { rule_book, ..house.app.policy.clone() };
        let house = house.configured_anew(NOW, policy).await;
        while Map::new(house.app.clone()).run().await.expect("a run").more {}
        let now = states(&house, &tasks).await;
        assert_eq!(now[..4], ["SP-1", "SP-1", "SP-1", "SP-2"].map(str::to_owned), "a person's word stands");
        let row = store.map_item(tasks[0]).await.expect("read").expect("item").mapping.expect("mapping");
        assert_eq!(
            (row.decided_by.as_str(), row.reason["rules"]["version"].as_str()),
            ("rule", Some("2026-4"))
        );
    }
}

fn export() -> Command {
    Command::MappingExport { after: 0, limit: 100 }
}

fn import(text: &str, as_what: ImportAs) -> Command {
    let file = InputFile { name: "gia-lai.jsonl".into(), bytes: text.into() };
    Command::MappingImport {
        file,
        as_what,
        origin: Some("Gia Lai".into()),
        author: CHIEF.into(),
        replace: false,
        dry_run: false,
    }
}

/// What other installations decided and counts here.
pub async fn examples(store: &lienthong::store::Store) -> Vec<lienthong::store::ForeignExample> {
    let orders: Vec<i64> = store.decision_marks().await.expect("marks").examples.into_iter().collect();
    let brought = store.examples_of(&orders, 99).await.expect("read");
    brought.into_iter().map(|one| one.example).collect()
}

/// Rows as JSON lines.
fn lines(rows: &Value) -> String {
    rows.as_array().into_iter().flatten().map(|row| format!("{row}\n")).collect()
}

#[tokio::test]
async fn decisions_travel_without_names_and_serve_as_examples_or_decisions_elsewhere() {
    let both = both().await;
    let (here, there) = (&both.stores[0], &both.stores[1]);
    let (house, other) = (house(here).await, crate::review::house(there).await);
    let title = "Giải quyết đơn của ông Nguyễn Văn Tèo, CCCD 000123456789";
    for house in [&house, &other] {
        let first = task(house, "1", AN, title, Some("2026-11-19T01:00:00Z")).await;
        let second = task(house, "2", BINH, REPORT, None).await;
        waits(house, &[first, second]).await;
    }
    house.ordered(choose(&["1"], "SP-1", "GL-00990 Lê Văn Trưởng")).await;
    house.ordered(choose(&["2"], "SP-2", OFFICE)).await;
    let told_rows = told(&house.ordered(export()).await);
    let text = lines(&told_rows);
    for hidden in ["Tèo", "000123456789", "Trưởng", "GL-00990"] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
    assert_eq!(told_rows[0]["title"], "Giải quyết đơn của ông [họ tên], CCCD [số]");
    assert_eq!(
        (told_rows[0]["author"].clone(), told_rows[1]["author"].clone()),
        (json!("Sở Nội vụ"), json!(OFFICE))
    );
    // As examples: learned from once, however often they come.
    let kept = |outcome: &lienthong::pipeline::command::Outcome| told(outcome)["decision"]["kept"].clone();
    let stamp = there.decision_marks().await.expect("stamp");
    assert_eq!(kept(&other.ordered(import(&text, ImportAs::Examples)).await), json!(2));
    assert_eq!(kept(&other.ordered(import(&text, ImportAs::Examples)).await), json!(0));
    assert_ne!(there.decision_marks().await.expect("stamp"), stamp, "the ranking learns them");
    assert_eq!(examples(there).await[0].origin, "Gia Lai");
    // As decisions about the same tasks: one order, with who decided there.
    other.ordered(import(&text, ImportAs::Decisions)).await;
    assert_eq!(states(&other, &[1, 2]).await, ["SP-1", "SP-2"]);
    let row = there.map_item(1).await.expect("read").expect("item").mapping.expect("mapping");
    assert_eq!(
        (row.author.as_deref(), row.reason["imported"]["author"].as_str()),
        (Some(CHIEF), Some("Sở Nội vụ"))
    );
    assert!(told(&other.ordered(import(&text, ImportAs::Decisions)).await)["message"].is_string());
    // Anything wrong is told by its line, and nothing is taken over.
    let wrong = format!(
        "{text}{}{}{}not json\n",
        text.lines().next().expect("a line").replace("SP-1", "SP-77") + "\n",
        text.lines().next().expect("a line").replace("\"snv:1\"", "\"nothing\"") + "\n",
        text.lines().next().expect("a line").replace("2027-01", "some day") + "\n",
    );
    let before = examples(there).await.len();
    assert_eq!(
        codes(&other.order(import(&wrong, ImportAs::Examples)).await),
        ["LT-MAP-049"],
        "lines that are no JSON first"
    );
    let wrong = wrong.replace("not json\n", "");
    let refused = other.order(import(&wrong, ImportAs::Examples)).await;
    assert_eq!(codes(&refused), ["LT-MAP-011", "LT-MAP-049", "LT-MAP-049"]);
    let places: Vec<_> =
        refused.findings.iter().map(|finding| finding.place.as_ref().and_then(|place| place.line)).collect();
    assert_eq!(places, [Some(3), Some(4), Some(5)]);
    let unknown = text.replace("snv:2", "snv:77");
    assert_eq!(codes(&other.order(import(&unknown, ImportAs::Decisions)).await), ["LT-CAT-023"]);
    assert_eq!(examples(there).await.len(), before);
}

#[tokio::test]
async fn imported_decisions_leave_those_made_here_unless_told_to_replace_them() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let tasks = queue(&house).await;
        house.ordered(choose(&["1", "2"], "SP-1", OFFICE)).await;
        let rows = told(&house.ordered(export()).await);
        let text = lines(&rows);
        // Decided otherwise here since the file was written.
        house.ordered(choose(&["1"], "SP-2", OFFICE)).await;
        let kept = house.ordered(import(&text, ImportAs::Decisions)).await;
        assert_eq!(codes(&kept), ["LT-MAP-051"]);
        assert_eq!(states(&house, &tasks[..2]).await, ["SP-2", "SP-1"]);
        let Command::MappingImport { file, as_what, origin, author, dry_run, .. } =
            import(&text, ImportAs::Decisions)
        else {
            unreachable!("an import")
        };
        let replacing = Command::MappingImport { file, as_what, origin, author, replace: true, dry_run };
        assert_eq!(codes(&house.ordered(replacing).await), ["LT-MAP-051", "LT-MAP-070"]);
        assert_eq!(states(&house, &tasks[..2]).await, ["SP-1", "SP-1"]);
    }
}

#[tokio::test]
async fn file_that_says_two_things_of_one_task_is_refused_with_both_lines() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let tasks = queue(&house).await;
        let row = |id: &str, code: &str| {
            json!({ "task_id": format!("snv:{id}"), "title": REPORT, "expected_code": code,
                    "author": "Sở Nội vụ", "at": "2026-12-01T01:00:00Z", "reason": "đúng việc" })
        };
        let text = lines(&json!([row("1", "SP-1"), row("2", "SP-1"), row("1", "SP-2"), row("2", "SP-1")]));
        let refused = house.order(import(&text, ImportAs::Decisions)).await;
        assert_eq!(codes(&refused), ["LT-MAP-050"]);
        let said = &refused.findings[0];
        assert!(said.what.en.contains("lines 1 (SP-1) and 3 (SP-2)"), "{}", said.what.en);
        assert_eq!(said.place.as_ref().and_then(|place| place.line), Some(3));
        assert_eq!(states(&house, &tasks[..2]).await, ["review", "review"]);
    }
}

#[tokio::test]
async fn export_that_is_cut_tells_where_to_go_on() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        queue(&house).await;
        house.ordered(choose(&["1", "2"], "SP-1", OFFICE)).await;
        let page = |after| Command::MappingExport { after, limit: 1 };
        let first = house.ordered(page(0)).await;
        assert_eq!(codes(&first), ["LT-MAP-054"]);
        let number = told(&first)[0]["number"].as_i64().expect("a number");
        assert!(first.findings[0].remedy.en.ends_with(&format!("--after {number}`")));
        let second = house.ordered(page(number)).await;
        assert_eq!((codes(&second).len(), told(&second)[0]["task_id"].clone()), (0, json!("snv:2")));
    }
}

#[tokio::test]
async fn group_is_proposed_as_one_product() {
    let both = both().await;
    for store in &both.stores {
        let house = house(store).await;
        let tasks = queue(&house).await;
        let group = groups(&house).await[0]["group"].as_str().expect("name").to_owned();
        let Command::ProductPropose { terms, unit, author, reason, dry_run, .. } = propose(&[], "DX-1", None)
        else {
            unreachable!("a proposal")
        };
        let order = Command::ProductPropose {
            tasks: Vec::new(),
            group: Some(group),
            terms,
            unit,
            author,
            reason,
            dry_run,
        };
        house.ordered(order).await;
        assert_eq!(states(&house, &tasks).await, ["proposed", "proposed", "proposed", "proposed", "review"]);
    }
}

#[test]
fn review_is_ordered_on_the_command_line() {
    let site = Site::new("");
    let json = |words: &[&str]| {
        let words = [words, &["--json"]].concat();
        let done = output(site.path(), &words);
        let printed = String::from_utf8_lossy(&done.stdout).into_owned();
        (
            done.status.code(),
            serde_json::from_str::<Value>(&printed).unwrap_or_else(|_| panic!("{words:?}: {printed}")),
        )
    };
    assert_eq!(json(&["mapping", "review", "--groups"]), (Some(0), json!([])));
    assert_eq!(json(&["mapping", "decisions", "--waiting"]), (Some(0), json!([])));
    assert_eq!(json(&["mapping", "proposals"]), (Some(0), json!([])));
    let refused = |words: &[&str]| {
        let (code, printed) = json(words);
        (code, printed["findings"][0]["code"].as_str().map(str::to_owned))
    };
    let told = |exit: i32, code: &str| (Some(exit), Some(code.to_owned()));
    assert_eq!(
        refused(&["mapping", "undo", "7", "--reason", "nhầm", "--author", "GL-1"]),
        told(1, "LT-MAP-033")
    );
    assert_eq!(
        refused(&["mapping", "decide", "--group", "x", "--outside"]),
        told(2, "LT-RUN-009"),
        "a reason is missing"
    );
    assert_eq!(
        refused(&["mapping", "decide", "--group", "x", "--outside", "--reason", "y", "--author", "GL-1"]),
        told(1, "LT-MAP-030")
    );
    assert_eq!(refused(&["score", "what-if", "--period", "2026-Q4"]), told(2, "LT-RUN-009"));
    assert_eq!(
        refused(&["score", "what-if", "--period", "2026", "--catalog", "none"]),
        told(1, "LT-MAP-042")
    );
    let lines = output(site.path(), &["mapping", "export", "--format", "jsonl"]);
    assert_eq!((lines.status.code(), lines.stdout.len()), (Some(0), 0));
    let sheet = output(site.path(), &["mapping", "proposals", "--format", "csv", "--lang", "en"]);
    assert!(
        String::from_utf8_lossy(&sheet.stdout).starts_with("\u{feff}Số,Trạng thái,Đơn vị đề nghị"),
        "{sheet:?}"
    );
    let book = output(site.path(), &["mapping", "proposals", "--out", "p.xlsx"]);
    let kept = std::fs::read(site.path().join("p.xlsx")).expect("a workbook");
    assert_eq!((book.status.code(), &kept[..2]), (Some(0), &b"PK"[..]));
    assert_eq!(refused(&["mapping", "proposals", "--out", "p.xlsx"]), told(2, "LT-PAP-010"));
    // As CSV it is what the terminal shows, named by the ending or the form.
    for (name, more) in
        [("p.csv", &[][..]), ("q.CSV", &["--format", "csv"][..]), ("q", &["--format", "csv"][..])]
    {
        let done = output(site.path(), &[&["mapping", "proposals", "--out", name][..], more].concat());
        assert_eq!((done.status.code(), done.stdout.starts_with("\u{feff}".as_bytes())), (Some(0), false));
        assert_eq!(std::fs::read(site.path().join(name)).expect("a file"), sheet.stdout, "{name}");
    }
    assert_eq!(refused(&["mapping", "proposals", "--out", "p.csv"]), told(2, "LT-PAP-010"));
    let csv = output(site.path(), &["mapping", "export"]);
    assert!(String::from_utf8_lossy(&csv.stdout).starts_with("task_id,title,expected_code"));
}
