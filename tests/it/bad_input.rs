//! The list of bad input: each gets a coded message that names place and remedy, through the program as
//! a person meets it, and nothing is lost or half-applied.

use crate::support::http::{Scripted, json, status};
use crate::support::project;
use crate::support::site::{Site, program, until};
use crate::support::source::{HEAD, STREAM, record};
use base64::Engine as _;
use rust_xlsxwriter::Workbook;
use serde_json::{Value, json};
use sqlx::{Connection as _, Executor as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

const UNIT: &str = "[[unit]]\ncode = \"SNV\"\nname = \"Sở Nội vụ\"\nkind = \"department\"\n";
const FIELDS: &str = "[auth]\nkind = \"basic\"\nusername = \"{{ settings.user }}\"\npassword = \"{{ secrets.password }}\"\n\
    [paging]\nkind = \"none\"\n[fields]\ntitle = \"name\"\nstatus = { path = \"status\", map = { \"1\" = \"in_progress\" } }\n";
const PASSWORD: &str = "mat-khau-dung";
const PEOPLE: &str = "staff_number,citizen_id,full_name,unit,post,role,from,to,leads,accounts\n";

fn http_source(base: &str) -> String {
    format!(
        "{UNIT}[[source]]\nid = \"desk\"\nunit = \"SNV\"\nmanifest = \"desk.toml\"\nschedule = \"0 0 1 1 *\"\nallow_http = true\n\
         settings = {{ base_url = \"{base}\" }}\nsecrets = {{ password = {{ file = \"secret\" }} }}\n"
    )
}

fn desk_site(base: &str) -> Site {
    let site = Site::new(&http_source(base));
    site.write("secret", PASSWORD);
    site.write("desk.toml", format!("{HEAD}{STREAM}{FIELDS}"));
    site
}

/// A message names its code, its place and a remedy, in both languages.
fn complete(site: &Site, order: &[&str], exit: i32, code: &str, place: &str) {
    let told = site.refused(order, exit);
    let first = told.lines().find(|line| line.contains(code)).unwrap_or_else(|| panic!("{code}: {told}"));
    assert!(first.contains(place), "{place}: {told}");
    assert!(told.contains("remedy: "), "{told}");
    let vietnamese = site.refused(&[order, &["--lang", "vi"]].concat(), exit);
    assert!(vietnamese.contains(code) && vietnamese.contains("cách xử lý: "), "{vietnamese}");
    let page = project::root().join(format!("docs/errors/{code}.md"));
    assert!(page.is_file(), "{code} has a page");
}

fn tasks(site: &Site) -> Value {
    let status = site.json(&["status"]);
    json!([status["numbers"]["tasks"], site.json(&["report", "tasks"])[0]["gone"]])
}

#[test]
fn unknown_config_key() {
    let site = Site::new("[log]\nfliter = \"info\"\n");
    for order in [["run"].as_slice(), &["status"], &["config", "check"], &["check"]] {
        complete(&site, order, 5, "LT-CFG-001", "lienthong.toml:5 (column 1, log.fliter)");
    }
    assert!(site.refused(&["run"], 5).contains("did you mean \"filter\"?"));
    assert!(!site.file("data").exists(), "nothing was touched");
}

#[test]
fn missing_secret_file() {
    let site = desk_site("http://127.0.0.1:9");
    std::fs::remove_file(site.file("secret")).expect("removed");
    let place = "lienthong.toml:15 (column 24, source[0].secrets.password)";
    complete(&site, &["config", "check"], 5, "LT-CFG-007", place);
    complete(&site, &["check"], 1, "LT-CFG-007", place);
    // Nothing of it is pulled, and everything else works all the same.
    complete(&site, &["sync", "desk"], 1, "LT-SRC-098", place);
    let told = site.refused(&["sync", "desk"], 1);
    assert!(
        told.contains("LT-CFG-007") && told.contains(&site.file("secret").display().to_string()),
        "{told}"
    );
    site.json(&["db", "check"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn unreachable_source_wrong_password_and_html_never_empty_a_system() {
    // 0 answers well, 1 refuses the password, 2 gives a page to log in, 3 an empty list with the wrong status.
    let mood = Arc::new(AtomicU8::new(0));
    let now = mood.clone();
    let right =
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("reader:{PASSWORD}")));
    let server = Scripted::start(move |asked| {
        let known = asked.headers.get("authorization") == Some(&right);
        match (now.load(Ordering::SeqCst), known) {
            (0, true) => {
                let items: Vec<Value> = (1..=5).map(record).collect();
                json(json!({ "total": 5, "items": items }))
            }
            (2, _) => status(
                200,
                &[("content-type", "text/html")],
                "<html><form><input type=\"password\"></form></html>",
            ),
            (3, _) => status(500, &[], "{\"items\":[],\"total\":0}"),
            _ => status(401, &[], "{\"message\":\"sai mật khẩu\"}"),
        }
    })
    .await;
    let site = desk_site(&server.base);
    site.json(&["sync", "desk", "--full"]);
    let before = tasks(&site);
    assert_eq!(before[0], 5);

    mood.store(2, Ordering::SeqCst);
    complete(&site, &["sync", "desk", "--full"], 1, "LT-NET-014", "source desk (GET /tasks)");
    mood.store(3, Ordering::SeqCst);
    complete(&site, &["sync", "desk", "--full"], 1, "LT-NET-012", "source desk (GET /tasks)");
    mood.store(0, Ordering::SeqCst);
    site.write("secret", "mat-khau-sai");
    complete(&site, &["sync", "desk", "--full"], 1, "LT-NET-009", "source desk (GET /tasks)");
    assert_eq!(tasks(&site), before, "a refused password is no empty system");
    site.configure(&http_source("http://127.0.0.1:9"));
    complete(&site, &["sync", "desk", "--full"], 1, "LT-NET-001", "source desk (GET /tasks)");
    assert_eq!(tasks(&site), before);
    // It is seen without asking for it, and heals by itself.
    let (exit, printed, errors) = site.run(&["status", "--json"]);
    let shown: Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!(
        (exit, &shown["sources"][0]["state"], &shown["sources"][0]["code"]),
        (0, &json!("failing"), &json!("LT-NET-001"))
    );
    assert!(errors.contains("warning LT-NET-001 source desk"), "{errors}");
    site.configure(&http_source(&server.base));
    site.write("secret", PASSWORD);
    assert_eq!(site.json(&["sync", "desk", "--full"])["unchanged"], 5);
    assert_eq!(site.json(&["status"])["sources"][0]["state"], "ok");
    assert_eq!(tasks(&site), before);
}

fn workbook(rows: &[&[&str]]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in rows.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            sheet.write(row as u32, column as u16, *cell).expect("a cell");
        }
    }
    book.save_to_buffer().expect("a workbook")
}

#[test]
fn xlsx_without_the_header() {
    let site = Site::new(&format!(
        "{UNIT}[[source]]\nid = \"sheet\"\nunit = \"SNV\"\nmanifest = \"task-sheet\"\nschedule = \"0 0 1 1 *\"\nsettings = {{ folder = \"{}\" }}\n",
        "drop"
    ));
    let row: &[&str] = &["CV-1", "Soạn công văn", "Đang xử lý"];
    site.write("drop/thang-11.xlsx", workbook(&[row, &["CV-2", "Báo cáo tháng", "Hoàn thành"]]));
    complete(&site, &["sync", "sheet"], 1, "LT-FIL-002", "thang-11.xlsx");
    assert_eq!(tasks(&site)[0], 0);
    let (_, printed, errors) = site.run(&["status", "--json"]);
    assert!(
        printed.contains("\"partly\"") && errors.contains("LT-FIL-002"),
        "it stays in sight: {errors}{printed}"
    );
    // The same file with its header is read: the first attempt has not ticked it off.
    site.write("drop/thang-11.xlsx", workbook(&[&["Mã nhiệm vụ", "Nội dung", "Trạng thái"], row]));
    assert_eq!(site.json(&["sync", "sheet"])["new"], 1);

    site.write("people.xlsx", workbook(&[&["GL-1", "Nguyễn Văn Một", "SNV"]]));
    complete(&site, &["people", "import", "people.xlsx"], 1, "LT-TAB-002", "people.xlsx");
    assert_eq!(site.json(&["status"])["numbers"]["people"], 0);
}

#[test]
fn catalog_with_a_duplicate_code_or_coefficient_zero() {
    let site = Site::new(UNIT);
    let head = "code,name,field,unit,complexity_group,coefficient,synonyms,applies_to\n";
    let row =
        |code: &str, coefficient: &str| format!("{code},Công văn,Dùng chung,Văn bản,1,{coefficient},,all\n");
    let order = ["catalog", "import", "c.csv", "--name", "2026-1", "--valid-from", "2026-01-01"];
    site.write("c.csv", format!("{head}{}{}{}", row("A-1", "1"), row("A-2", "2"), row("A-1", "1.5")));
    complete(&site, &order, 1, "LT-CAT-006", "c.csv:4");
    site.write("c.csv", format!("{head}{}{}", row("A-1", "1"), row("A-2", "0")));
    complete(&site, &order, 1, "LT-CAT-009", "c.csv:3");
    // Both at once, and nothing of the file is there.
    site.write("c.csv", format!("{head}{}{}{}", row("A-1", "1"), row("A-1", "1"), row("A-3", "0")));
    let told = site.refused(&order, 1);
    assert!(told.contains("LT-CAT-006") && told.contains("LT-CAT-009"), "{told}");
    let told = site.refused(&["catalog", "diff", "c.csv"], 1);
    assert!(told.contains("LT-CAT-020"), "no version was stored: {told}");
    site.write("c.csv", format!("{head}{}", row("A-1", "1")));
    site.json(&order);
    // Named in the configuration it stops the start, with its line.
    site.write("c.csv", format!("{head}{}", row("A-1", "0")));
    site.configure(&format!(
        "{UNIT}[catalog]\nfile = \"c.csv\"\nversion = \"2026-2\"\nvalid_from = 2026-01-01\n"
    ));
    complete(&site, &["config", "check"], 5, "LT-CAT-009", "c.csv:2");
}

#[test]
fn people_file_with_overlapping_memberships() {
    let site = Site::new(UNIT);
    site.write(
        "people.csv",
        format!(
            "{PEOPLE}GL-1,,Nguyễn Văn Một,SNV,Chuyên viên,staff,2026-01-01,2026-06-30,,\n\
             GL-2,,Nguyễn Văn Hai,SNV,Chuyên viên,staff,2026-01-01,,,\n\
             GL-1,,Nguyễn Văn Một,SNV,Phó phòng,staff,2026-06-30,,,\n"
        ),
    );
    complete(&site, &["people", "import", "people.csv"], 1, "LT-PPL-002", "people.csv:4");
    assert_eq!(site.json(&["status"])["numbers"]["people"], 0, "not even those whose rows were right");
}

#[test]
fn people_file_with_a_post_before_the_day_of_recruitment() {
    let site = Site::new(UNIT);
    let head = PEOPLE.trim_end();
    let rows = |from: &str| {
        format!(
            "{head},Ngày tuyển dụng\nGL-1,,Nguyễn Văn Một,SNV,Chuyên viên,staff,{from},2026-05-31,,,\n\
             GL-2,,Nguyễn Văn Hai,SNV,Chuyên viên,staff,2026-01-01,,,,15/12/2025\n\
             GL-3,,Nguyễn Văn Ba,SNV,Lái xe,contract,2026-01-01,2026-08-31,,,\n\
             GL-3,,Nguyễn Văn Ba,SNV,Chuyên viên,staff,2026-09-01,,,,2026-09-01\n\
             GL-1,,Nguyễn Văn Một,SNV,Phó phòng,staff,2026-06-01,,,,01/03/2026\n"
        )
    };
    site.write("people.csv", rows("2026-02-01"));
    complete(&site, &["people", "import", "people.csv"], 1, "LT-PPL-013", "people.csv:2");
    let told = site.refused(&["people", "import", "people.csv"], 1);
    assert!(told.contains("2026-02-01") && told.contains("2026-03-01"), "both days: {told}");
    assert_eq!(site.json(&["status"])["numbers"]["people"], 0, "not even those whose rows were right");
    site.write("people.csv", rows("2026-03-01"));
    site.json(&["people", "import", "people.csv"]);
    assert_eq!(site.json(&["status"])["numbers"]["people"], 3);
}

#[test]
fn score_case_with_a_negative_quantity() {
    let site = Site::new("");
    let line = |quantity: &str| {
        format!(
            "{{\"id\":\"1\",\"coefficient\":\"1\",\"assigned\":\"{quantity}\",\"completed\":\"1\",\"failures\":0,\"late\":0}}"
        )
    };
    let case = |lines: &str| format!("{{\"period\":\"2026-Q3\",\"role\":\"staff\",\"lines\":[{lines}]}}");
    site.write("case.json", case(&line("1")));
    site.json(&["score", "case", "case.json"]);
    site.write("case.json", case(&format!("{},{}", line("1"), line("-2"))));
    complete(&site, &["score", "case", "case.json"], 1, "LT-SCO-002", "case.json:1 (1: lines[1].assigned)");
}

#[test]
fn rule_set_with_an_unknown_switch() {
    let site = Site::new("[scoring]\nrule_sets = [\"rules.toml\"]\n");
    let text = lienthong::config::rule_set::BUILT_IN.replace("late_unit =", "late_unitt =");
    let line = text.lines().position(|line| line.starts_with("late_unitt")).expect("the switch") + 1;
    site.write("rules.toml", &text);
    let place = format!("rules.toml:{line} (column 1, late_unitt)");
    for (order, exit) in [(["run"].as_slice(), 5), (&["config", "check"], 5)] {
        complete(&site, order, exit, "LT-CFG-001", &place);
    }
    assert!(site.refused(&["run"], 5).contains("did you mean \"late_unit\"?"));
    // A switch this version knows but does not carry out is refused as well, never ignored.
    let text = lienthong::config::rule_set::BUILT_IN
        .replace("carry_over = \"none\"", "carry_over = \"next_quarter\"");
    site.write("rules.toml", &text);
    let told = site.refused(&["run"], 5);
    assert!(told.contains("carry_over") && told.contains("rules.toml"), "{told}");
    site.write(
        "case.json",
        "{\"period\":\"2026-Q3\",\"role\":\"staff\",\"lines\":[],\"rule_set\":{\"late_unitt\":\"occurrence\"}}",
    );
    complete(&site, &["score", "case", "case.json"], 1, "LT-SCO-001", "case.json");
}

#[test]
fn second_daemon_on_one_folder() {
    let site = Site::new("");
    let mut first = site.daemon();
    let folder = site.file("data").display().to_string();
    complete(&site, &["run"], 3, "LT-RUN-001", &folder);
    assert!(first.runs(), "the first one goes on");
    site.json(&["status"]);
}

#[test]
fn full_disk() {
    let site = Site::new(UNIT);
    let people: String = (1..=4_000)
        .map(|n| format!("GL-{n},,Nguyễn Văn {n},SNV,Chuyên viên,staff,2026-01-01,,,\n"))
        .collect();
    site.write("people.csv", format!("{PEOPLE}{people}"));
    std::fs::create_dir(site.file("data")).expect("folder");
    // A small file system of its own, in name spaces of its own, so that no right on this machine is needed.
    site.write(
        "script",
        "mount -t tmpfs -o size=24m tmpfs data || exit 90\n\
         stat -f -c %T data >small\n\
         \"$LT\" run 2>daemon.log & daemon=$!\n\
         until [ -S data/lienthong.sock ]; do sleep 0.1; done\n\
         order() { name=$1; shift; \"$LT\" \"$@\" >$name.out 2>$name.err; echo $? >$name.exit; }\n\
         order before status --json\n\
         head -c 100M /dev/zero >data/ballast 2>/dev/null\n\
         order full people import people.csv\n\
         order during status --json\n\
         rm data/ballast\n\
         order after people import people.csv\n\
         order end status --json\n\
         mkdir tiny; mount -t tmpfs -o size=64k tmpfs tiny\n\
         order backup db backup tiny/copy.db; ls tiny >backup.left\n\
         order intact db check\n\
         kill -TERM $daemon; wait $daemon; echo $? >daemon.exit\n",
    );
    // Where nobody may have a name space of users, root needs none; that a disk was really full is asked below.
    let within = |options: &[&str]| {
        let mut shell = std::process::Command::new("unshare");
        shell.args(options).args(["--mount", "--", "sh", "script"]);
        shell.env("LT", program(site.path()).get_program()).env("LANG", "C.UTF-8").env("USER", "tester");
        shell.current_dir(site.path()).output().expect("unshare, of the package util-linux")
    };
    let mut ran = within(&["--user", "--map-root-user"]);
    if !ran.status.success() && !site.file("before.exit").exists() {
        ran = within(&[]);
    }
    let read = |name: &str| std::fs::read_to_string(site.file(name)).unwrap_or_default();
    assert!(
        ran.status.success(),
        "this test needs a small file system: unprivileged user name spaces (sysctl kernel.unprivileged_userns_clone=1, \
         in a container --security-opt seccomp=unconfined) or root with CAP_SYS_ADMIN: {} {}",
        String::from_utf8_lossy(&ran.stderr),
        read("daemon.log")
    );
    let people = |name: &str| -> Value {
        let shown: Value = serde_json::from_str(&read(&format!("{name}.out"))).expect("JSON");
        shown["numbers"]["people"].clone()
    };
    let full = read("full.err");
    assert!(full.contains("data/lienthong.db"), "which disk it is: {full}");
    let backup = read("backup.err");
    assert!(backup.contains("LT-DB-017") && backup.contains("tiny has no room"), "{backup}");
    assert_eq!((read("backup.exit").trim(), read("backup.left").trim()), ("1", ""), "{backup}");
    assert_eq!(
        (read("full.exit").trim(), read("after.exit").trim()),
        ("4", "0"),
        "{full} {}",
        read("after.err")
    );
    assert_eq!(read("small").trim(), "tmpfs", "the data stood on a file system of their own");
    assert!(full.contains("LT-DB-001") && full.contains("remedy: free some space"), "{full}");
    assert_eq!((people("before"), people("during"), people("end")), (json!(0), json!(0), json!(4_000)));
    assert_eq!(
        (read("intact.exit").trim(), read("daemon.exit").trim()),
        ("0", "0"),
        "{}",
        read("daemon.log")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn newer_schema_than_the_binary() {
    let site = Site::new("");
    site.json(&["db", "migrate"]);
    let address = format!("sqlite://{}", site.file("data/lienthong.db").display());
    let mut database = sqlx::SqliteConnection::connect(&address).await.expect("opens");
    database
        .execute(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (99, 'of the future', 1, x'00', 0)",
        )
        .await
        .expect("written");
    database.close().await.expect("closes");
    let before = std::fs::read(site.file("data/lienthong.db")).expect("readable");
    for order in [["run"].as_slice(), &["status"], &["db", "migrate"], &["db", "check"]] {
        complete(&site, order, 4, "LT-DB-007", "schema 99");
    }
    assert_eq!(
        std::fs::read(site.file("data/lienthong.db")).expect("readable"),
        before,
        "nothing was touched"
    );
    until("nothing holds the folder", || !site.file("data/lienthong.sock").exists());
}

/// What is wrong at every stage (keys, values, what they name, secrets, addresses, files, the store, the far
/// side), in one file; the line of each by what stands in it.
#[tokio::test(flavor = "multi_thread")]
async fn mistakes_of_every_stage_are_told_in_one_go() {
    let server = Scripted::start(|_| status(401, &[], "{}")).await;
    let base = &server.base;
    let more = format!(
        "[log]\nfliter = \"info\"\n\
         [limits]\nanswer_mib = \"many\"\n\
         [people]\nfile = \"nobody.csv\"\n\
         [catalog]\nfile = \"catalog.csv\"\nversion = \"1\"\nvalid_from = \"2026-01-01\"\n\
         [scoring]\nrule_sets = [\"rules.toml\"]\n\
         {UNIT}\
         [[source]]\nid = \"desk\"\nunit = \"SNV\"\nmanifest = \"desk.toml\"\nschedule = \"0 0 1 1 *\"\n\
         settings = {{ base_url = \"http://127.0.0.1:9\" }} # plain\nsecrets = {{ password = {{ file = \"gone\" }} }}\n\
         [[source]]\nid = \"none\"\nunit = \"XXX\"\nmanifest = \"nowhere\"\nschedule = \"0 0 1 1 *\"\n\
         [[source]]\nid = \"odd\"\nunit = \"SNV\"\nmanifest = \"task-sheet\"\nschedule = \"never\"\n\
         [[source]]\nid = \"sheet\"\nunit = \"SNV\"\nmanifest = \"task-sheet\"\nschedule = \"0 0 1 1 *\"\nsettings = {{ folder = \"drop\" }}\n\
         [[source]]\nid = \"shut\"\nunit = \"SNV\"\nmanifest = \"desk.toml\"\nschedule = \"0 0 1 1 *\"\nallow_http = true\n\
         settings = {{ base_url = \"{base}\" }}\nsecrets = {{ password = {{ file = \"secret\" }} }}\n\
         [[target]]\nid = \"kept\"\nkind = \"evaluation\"\nbase_url = \"http://127.0.0.1:9/danh-gia\"\nusername = \"u\"\n\
         password = {{ file = \"lost\" }}\nsimulated = true\n"
    );
    let site = Site::new(&more);
    site.write("secret", PASSWORD);
    site.write("desk.toml", format!("{HEAD}{STREAM}{FIELDS}"));
    site.write("catalog.csv", "code,name,complexity_group,coefficient\nA,Soạn,1,0\n");
    site.write("rules.toml", "id = \"x\"\nlate_units = \"occurrence\"\n");
    site.write("drop/a.xlsx", workbook(&[&["CV-1", "Soạn công văn"]]));
    site.write("drop/b.csv", "một,hai\n1,2\n");
    let text = std::fs::read_to_string(site.file("lienthong.toml")).expect("the file");
    let line = |what: &str| {
        let found: Vec<usize> =
            text.lines().enumerate().filter(|(_, line)| line.contains(what)).map(|(at, _)| at + 1).collect();
        assert_eq!(found.len(), 1, "{what}");
        format!("lienthong.toml:{} ", found[0])
    };
    let of_the_file: Vec<(&str, String)> = vec![
        ("LT-CFG-001", line("fliter")),
        ("LT-CFG-004", line("\"many\"")),
        ("LT-CFG-003", line("nobody.csv")),
        ("LT-CFG-028", line("nowhere")),
        ("LT-CFG-021", line("\"XXX\"")),
        ("LT-CFG-004", line("never")),
        ("LT-CFG-007", line("gone")),
        ("LT-CFG-025", line("# plain")),
        ("LT-CFG-025", line("danh-gia")),
        ("LT-CFG-007", line("lost")),
        ("LT-CFG-001", "rules.toml:2 ".into()),
        ("LT-CAT-009", "catalog.csv:2 ".into()),
    ];
    let codes = |told: &str| {
        let mut codes: Vec<String> = told
            .lines()
            .filter_map(|line| {
                line.split_whitespace().find(|word| word.starts_with("LT-")).map(str::to_owned)
            })
            .collect();
        codes.sort_unstable();
        codes
    };
    let all_told = |told: &str, expected: &[(&str, String)]| {
        for (code, place) in expected {
            assert!(
                told.lines().any(|line| line.contains(code) && line.contains(place)),
                "{code} {place}: {told}"
            );
        }
        let mut expected: Vec<&str> = expected.iter().map(|(code, _)| *code).collect();
        expected.sort_unstable();
        assert_eq!(
            codes(told),
            expected,
            "nothing twice, and no consequence as a mistake of its own: {told}"
        );
    };
    for order in [["config", "check"].as_slice(), &["run"], &["status"]] {
        all_told(&site.refused(order, 5), &of_the_file);
    }
    let with_the_world: Vec<(&str, String)> = of_the_file
        .iter()
        .cloned()
        .chain([
            ("LT-FIL-002", "a.xlsx".to_owned()),
            ("LT-FIL-002", "b.csv".to_owned()),
            ("LT-NET-009", "source shut (GET /tasks)".to_owned()),
        ])
        .collect();
    all_told(&site.refused(&["check"], 5), &with_the_world);
    assert!(!site.file("data").exists(), "nothing was touched");

    // A store that cannot be opened hides nothing either.
    site.configure(&more.replace("[limits]\nanswer_mib = \"many\"\n", "[store]\nkind = \"postgres\"\n"));
    let told = site.refused(&["check"], 5);
    for code in ["LT-CFG-022", "LT-CFG-025", "LT-NET-009", "LT-FIL-002"] {
        assert!(told.contains(code), "{code}: {told}");
    }
    // Nor does one whose key is lost: the database is there, and the file has no mistake.
    let sound = http_source(base);
    site.configure(&sound);
    site.json(&["db", "migrate"]);
    std::fs::remove_file(site.file("data/keys/field.key")).expect("removed");
    let told = site.refused(&["check"], 1);
    assert!(told.contains("LT-CFG-012") && told.contains("LT-NET-009"), "{told}");
}

/// A slip is told by itself: what follows from it is no mistake of its own, and no store is made for it.
#[test]
fn slip_of_one_name_is_told_alone_and_makes_no_store() {
    let head = "[keys]\nfield_key = { file = \"own.key\" }\n";
    let source = "[[source]]\nid = \"sheet\"\nunit = \"SNV\"\nmanifest = \"task-sheet\"\nschedule = \"0 0 1 1 *\"\nsettings = { folder = \"drop\" }\n";
    let target = "[[target]]\nid = \"kept\"\nkind = \"evaluation\"\nbase_url = \"http://127.0.0.1:9/\"\nusername = \"u\"\npassword = { file = \"own.key\" }\n";
    let desk = "[[source]]\nid = \"desk\"\nunit = \"SNV\"\nmanifest = \"desk.toml\"\nschedule = \"0 0 1 1 *\"\n\
                settings = { base_url = \"http://127.0.0.1:9\" }\nsecrets = { password = { file = \"own.key\" } }\n";
    let accounts = "staff_number,citizen_id,full_name,unit,post,role,from,to,leads,accounts\nGL-1,,Nguyễn Văn An,SNV,,staff,2026-01-01,,,sheet=an\n";
    let slips = [
        format!(
            "{head}[people]\nunits_fle = \"units.csv\"\nfile = \"people.csv\"\n[[unit]]\ncode = \"X\"\nname = \"X\"\nkind = \"department\"\n{source}"
        ),
        format!("{head}{UNIT}{target}alow_http = true\n"),
        format!("{head}{UNIT}{desk}alow_http = true\n"),
        format!(
            "{head}{UNIT}{target}allow_http = true\nsimulatd = true\n[simulation]\nclock_start = 2026-01-01T00:00:00Z\n"
        ),
        format!(
            "[kyes]\nfield_key = {{ file = \"own.key\" }}\n[store]\nkind = \"postgres\"\nurl = {{ file = \"own.key\" }}\n{UNIT}"
        ),
        format!("[stroe]\nkind = \"postgres\"\n{UNIT}"),
        format!("{head}[people]\nfile = \"people.csv\"\n{UNIT}{}", source.replace("0 0 1 1 *", "never")),
        format!("{head}{UNIT}{}", desk.replace("settings", "setings")),
    ];
    for slip in slips {
        let site = Site::new(&slip);
        site.write("own.key", "A".repeat(43) + "=");
        site.write("desk.toml", format!("{HEAD}{STREAM}{FIELDS}"));
        site.write("people.csv", accounts);
        site.write("units.csv", "code,name,kind,parent\nSNV,Sở Nội vụ,department,\n");
        std::fs::create_dir(site.file("data")).expect("a folder");
        std::fs::create_dir(site.file("drop")).expect("a folder");
        let (exit, printed, _) = site.run(&["config", "check", "--json"]);
        let printed: Value = serde_json::from_str(&printed).expect("JSON");
        let errors: Vec<&str> = printed["findings"]
            .as_array()
            .expect("findings")
            .iter()
            .filter(|finding| finding["severity"] != "info")
            .filter_map(|finding| finding["code"].as_str())
            .collect();
        assert_eq!((exit, errors.len()), (5, 1), "{slip}\n{printed:#}");
        site.refused(&["check"], 5);
        let made: Vec<_> = std::fs::read_dir(site.file("data")).expect("folder").flatten().collect();
        assert!(made.is_empty(), "{slip}\n{made:?}");
    }
    // Nor does a variable nobody knows open a store that may not be the one that is meant.
    let site = Site::new("");
    std::fs::create_dir(site.file("data")).expect("a folder");
    let variable = ("LIENTHONG__DAEMON__DATA_DIRR", "/elsewhere");
    let output = program(site.path()).arg("check").env(variable.0, variable.1).output().expect("runs");
    assert_eq!(output.status.code(), Some(5));
    assert!(std::fs::read_dir(site.file("data")).expect("folder").next().is_none());
}
