//! What a new user is told when something ordinary is wrong: the right cause, the right place and a remedy that helps
//! there, in both languages, with a library's own words only as a technical detail.

use crate::support::http::{Scripted, json, status};
use crate::support::site::{Site, program};
use crate::support::source::{HEAD, STREAM};
use serde_json::json;
use sqlx::Connection as _;

const UNIT: &str = "[[unit]]\ncode = \"SNV\"\nname = \"Sở Nội vụ\"\nkind = \"department\"\n";
const PEOPLE: &str = "staff_number,citizen_id,full_name,unit,post,role,from,to,leads,accounts\n";

/// What an order is refused with, in Vietnamese and English.
fn both(site: &Site, order: &[&str], exit: i32) -> (String, String) {
    (
        site.refused(&[order, &["--lang", "vi"]].concat(), exit),
        site.refused(&[order, &["--lang", "en"]].concat(), exit),
    )
}

fn says(told: &str, words: &[&str]) {
    for word in words {
        assert!(told.contains(word), "{word}: {told}");
    }
}

#[test]
fn where_a_database_exists_its_own_key_is_asked_for_and_never_a_new_one() {
    let site = Site::new("");
    site.write("data/keys/field.key", "abc\n");
    let (_, fresh) = both(&site, &["db", "migrate"], 5);
    says(&fresh, &["LT-CFG-011", "data/keys/field.key", "openssl rand"]);

    std::fs::remove_file(site.file("data/keys/field.key")).expect("removed");
    site.json(&["db", "migrate"]);
    site.write("data/keys/field.key", "abc\n");
    for order in [["status"].as_slice(), &["db", "check"]] {
        let (vi, en) = both(&site, order, 5);
        says(
            &vi,
            &["LT-CFG-011", "data/keys/field.key", "đặt lại tệp khóa thuộc về cơ sở dữ liệu", "lienthong.db"],
        );
        says(
            &en,
            &[
                "LT-CFG-011",
                "data/keys/field.key",
                "bring back the key that belongs to database",
                "cannot read what is stored",
            ],
        );
        assert!(!vi.contains("openssl") && !en.contains("openssl"), "{en}");
    }
    site.configure("[keys]\nfield_key = { file = \"gone.key\" }\n");
    let (vi, en) = both(&site, &["status"], 5);
    says(&vi, &["LT-CFG-007", "không có tệp hoặc thư mục này (chi tiết kỹ thuật: ", "đặt lại tệp khóa"]);
    says(&en, &["gone.key", "bring back the key that belongs to database"]);
}

#[test]
fn a_configuration_without_a_mistake_that_does_nothing_is_told_as_such() {
    let site = Site::new("");
    let told = |site: &Site| {
        let (exit, printed, errors) = site.run(&["config", "check", "--json"]);
        assert_eq!(exit, 0, "{errors}{printed}");
        printed
    };
    says(
        &told(&site),
        &["LT-CFG-060", "no unit ([[unit]] or people.units_file) and no enabled source", "\"ok\": true"],
    );
    site.configure(UNIT);
    let printed = told(&site);
    says(&printed, &["LT-CFG-060", "has no enabled source"]);
    assert!(!printed.contains("no unit"), "{printed}");
    // Beside a mistake it is not said: the mistake may be why.
    site.configure("[[unitt]]\ncode = \"SNV\"\n");
    let (exit, printed, _) = site.run(&["config", "check", "--json"]);
    assert!(exit == 5 && !printed.contains("LT-CFG-060"), "{exit} {printed}");
}

#[test]
fn a_password_of_two_lines_is_refused_where_it_is_named() {
    let site = Site::new(&format!(
        "{UNIT}[[target]]\nid = \"kept\"\nkind = \"evaluation\"\nbase_url = \"http://127.0.0.1:9/\"\nusername = \"u\"\n\
         password = {{ file = \"secret\" }}\nallow_http = true\n"
    ));
    site.write("secret", "hai\ndong\n");
    let (vi, en) = both(&site, &["config", "check"], 5);
    says(&vi, &["LT-CFG-009", "target[0].password", "nhiều hơn một dòng"]);
    says(&en, &["LT-CFG-009", "has more than one line"]);
    assert!(!vi.contains("dong") && !en.contains("dong"), "the secret is not told: {en}");
}

/// The file of a site's database, with all that an order left in the log beside it.
async fn database(site: &Site) -> std::path::PathBuf {
    let file = site.file("data/lienthong.db");
    let address = format!("sqlite://{}", file.display());
    let mut database = sqlx::SqliteConnection::connect(&address).await.expect("opens");
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut database).await.expect("folded in");
    database.close().await.expect("closes");
    for ending in ["-wal", "-shm"] {
        let _gone = std::fs::remove_file(site.file(&format!("data/lienthong.db{ending}")));
    }
    file
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_gone_or_empty_is_not_made_anew_beside_what_its_folder_keeps() {
    let site = Site::new("");
    site.json(&["status"]);
    std::fs::remove_file(database(&site).await).expect("removed");
    for empty in [false, true] {
        if empty {
            site.write("data/lienthong.db", "");
        }
        for order in [["status"].as_slice(), &["people", "list"], &["db", "check"], &["run"]] {
            let (vi, en) = both(&site, order, 4);
            says(
                &vi,
                &["LT-DB-030", "data/lienthong.db", "data/keys/field.key", "data/replica", "db migrate"],
            );
            says(&en, &["LT-DB-030", "nothing new was made", "put the backup at"]);
        }
        let file = std::fs::metadata(site.file("data/lienthong.db"));
        assert_eq!(file.map(|file| file.len()).ok(), empty.then_some(0), "it stands as it was");
    }
    // Who wants an empty one says so.
    site.json(&["db", "migrate"]);
    site.json(&["status"]);
    site.json(&["db", "check"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_page_is_told_as_damage_of_the_file_and_not_as_a_server_that_is_away() {
    let site = Site::new("");
    site.json(&["status"]);
    let file = database(&site).await;
    let mut bytes = std::fs::read(&file).expect("readable");
    bytes[200_000..240_000].fill(0xa5);
    std::fs::write(&file, bytes).expect("written");
    for order in [["status"].as_slice(), &["db", "check"], &["run"]] {
        let (vi, en) = both(&site, order, 4);
        says(&vi, &["LT-DB-006", "data/lienthong.db", "tệp cơ sở dữ liệu bị hỏng", "bản sao lưu"]);
        says(&en, &["LT-DB-006", "data/lienthong.db", "put the latest backup in its place"]);
        assert!(!vi.contains("LT-DB-004") && !en.contains("password"), "{en}");
    }
}

#[test]
fn a_backup_that_cannot_be_written_is_told_by_its_cause() {
    let site = Site::new("");
    site.json(&["db", "migrate"]);
    let (vi, en) = both(&site, &["db", "backup", "/nonexist/x"], 1);
    says(&vi, &["LT-DB-017", "/nonexist/x", "thư mục /nonexist không có", "mkdir -p /nonexist"]);
    says(&en, &["LT-DB-017", "there is no folder /nonexist"]);
    let (vi, en) = both(&site, &["db", "backup", "/proc/x"], 1);
    says(&vi, &["LT-DB-017", "không ghi được vào thư mục /proc", "chi tiết kỹ thuật: "]);
    says(&en, &["LT-DB-017", "cannot write into /proc"]);
    let (_, en) = both(&site, &["db", "backup", "lienthong.toml"], 1);
    says(&en, &["LT-DB-015"]);
    let (exit, printed, errors) = site.run(&["db", "backup", "copy.db"]);
    assert_eq!(exit, 0, "{errors}{printed}");
    assert!(site.file("copy.db").exists());
    let left = std::fs::read_dir(site.path()).expect("folder").filter_map(Result::ok);
    let tried = left.filter(|entry| entry.file_name().to_string_lossy().starts_with(".lienthong")).count();
    assert_eq!(tried, 0, "trying left nothing behind");
}

#[test]
fn a_busy_port_is_told_with_its_address_and_the_option_that_chooses_another() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = taken.local_addr().expect("address").port();
    let address = format!("127.0.0.1:{port}");
    let site = Site::new("");
    let told = |order: &[&str], option: &str| {
        for (lang, words) in
            [("vi", "cổng này đang được chương trình khác dùng"), ("en", "another program uses this port")]
        {
            let mut program = program(site.path());
            let ran = program.args(order).args(["--lang", lang]).output().expect("runs");
            let told = String::from_utf8_lossy(&ran.stderr).into_owned();
            assert!(!ran.status.success(), "{told}");
            says(&told, &["LT-RUN-003", &address, words, option, "ss -ltnp"]);
        }
    };
    told(&["run", "--listen", &address], "run --listen");
    told(
        &["demo", "--data-dir", "demo", "--people", "20", "--tasks", "100", "--port", &port.to_string()],
        "demo --port",
    );
    told(
        &[
            "simulate",
            "--data-dir",
            "province",
            "--today",
            "2026-11-01",
            "--people",
            "20",
            "--tasks",
            "100",
            "--listen",
            &address,
        ],
        "simulate --listen",
    );
}

#[test]
fn a_file_that_only_calls_itself_a_workbook_is_told_by_what_it_is() {
    let site = Site::new(UNIT);
    let told = |content: &[u8], vi: &str, en: &str| {
        site.write("people.xlsx", content);
        let (told_vi, told_en) = both(&site, &["people", "import", "people.xlsx"], 1);
        says(&told_vi, &["people.xlsx", vi]);
        says(&told_en, &["people.xlsx", en]);
    };
    told(b"<html><table><tr><td>GL-1</td></tr></table></html>", "trang web (HTML)", "a web page (HTML)");
    told(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0\0", "không đọc được XLS", "unreadable XLS");
    told(b"a,b\n1,2\n", "đổi đuôi tệp thành .csv", "rename it to .csv");
    told(b"PK\x03\x04cut off", "nội dung kết thúc giữa chừng", "the content ends in the middle");
    // Its content counts, not its name.
    site.write("people.xlsx", format!("{PEOPLE}GL-1,,Nguyễn Văn An,SNV,,staff,2026-01-01,,,\n"));
    site.json(&["people", "import", "people.xlsx"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_far_side_is_told_by_its_kind_and_nothing_claims_that_an_order_is_repeated() {
    let server = Scripted::start(|asked| match asked.path.as_str() {
        "/tasks" => json(json!({ "items": [] })),
        _ => status(404, &[], ""),
    })
    .await;
    let site = Site::new("");
    site.write("secret", "mat-khau");
    site.write(
        "desk.toml",
        format!(
            "{HEAD}{STREAM}[auth]\nkind = \"none\"\n[paging]\nkind = \"none\"\n[fields]\ntitle = \"name\"\nstatus = {{ path = \"status\", map = {{ \"1\" = \"in_progress\" }} }}\n"
        ),
    );
    let source = |base: &str| {
        format!(
            "{UNIT}[[source]]\nid = \"desk\"\nunit = \"SNV\"\nmanifest = \"desk.toml\"\nschedule = \"0 0 1 1 *\"\nallow_http = true\n\
             settings = {{ base_url = \"{base}\" }}\nsecrets = {{ password = {{ file = \"secret\" }} }}\n"
        )
    };
    site.configure(&source(&server.base.replace("http://", "https://")));
    let (vi, en) = both(&site, &["check"], 1);
    says(&vi, &["LT-NET-001", "có lẽ là cổng http", "allow_http = true"]);
    says(&en, &["LT-NET-001", "this port does not speak TLS", "allow_http = true"]);

    site.configure(&source("http://127.0.0.1:9"));
    let (vi, en) = both(&site, &["check"], 1);
    says(
        &vi,
        &[
            "không có dịch vụ nào nghe ở địa chỉ và cổng này (chi tiết kỹ thuật: ",
            "dịch vụ đang chạy thì tự thử lại",
        ],
    );
    says(&en, &["nobody listens at this address and port", "a running daemon tries again by itself"]);
    assert!(!en.contains("it is tried again by itself"), "{en}");

    site.configure(&format!(
        "{UNIT}[[target]]\nid = \"evaluation\"\nkind = \"evaluation\"\nbase_url = \"{}/wrong\"\nusername = \"u\"\n\
         password = {{ file = \"secret\" }}\nallow_http = true\n",
        server.base
    ));
    let (vi, en) = both(&site, &["check"], 1);
    says(&vi, &["target", "[[target]]"].map(|word| if word == "target" { "đích evaluation" } else { word }));
    says(&en, &["target evaluation", "[[target]]"]);
    assert!(!en.contains("manifest") && !vi.contains("manifest"), "{en}");
}

#[test]
fn the_words_of_libraries_stand_at_the_end_of_a_vietnamese_message_or_not_at_all() {
    let site = Site::new("");
    let config = |text: &str, words: &[&str]| {
        site.configure(text);
        let told = site.refused(&["config", "check", "--lang", "vi"], 5);
        says(&told, words);
    };
    config(
        "[log]\nfilter = info\n",
        &["LT-CFG-002", "chuỗi phải nằm trong dấu ngoặc kép (chi tiết kỹ thuật: "],
    );
    config("[log]\nfilter = \"a=b=c\"\n", &["không phải bộ lọc nhật ký: ", "chi tiết kỹ thuật: "]);
    config(
        &format!(
            "{UNIT}[[source]]\nid = \"a\"\nunit = \"SNV\"\nmanifest = \"task-tracker\"\nschedule = \"61 7 * * *\"\n"
        ),
        &["không phải lịch chạy: \"61 7 * * *\" có trường ngoài khoảng"],
    );
    site.write("case.json", "{\"role\":\"boss\",\"lines\":[{\"assigned\":1}]}");
    let told = site.refused(&["score", "case", "case.json", "--lang", "vi"], 1);
    says(
        &told,
        &["không có giá trị \"boss\" ở đây; dùng một trong: head, deputy", "thiếu trường \"coefficient\""],
    );
    assert!(!told.contains("unknown variant") && !told.contains("missing field"), "{told}");
}

#[test]
fn a_coefficient_with_too_many_digits_is_told_how_many_there_may_be() {
    let site = Site::new("");
    site.write("c.csv", "code,name,complexity_group,coefficient\nA,Một,1,1.23456\n");
    let order = ["catalog", "import", "c.csv", "--name", "1", "--valid-from", "2026-01-01"];
    let (vi, en) = both(&site, &order, 1);
    says(
        &vi,
        &[
            "LT-CAT-009",
            "c.csv:2",
            "1.23456",
            "tối đa 6 chữ số trước và 4 chữ số sau dấu phẩy",
            "docs/FILES.md",
        ],
    );
    says(&en, &["at most 6 digits before and 4 after the point"]);
}

#[test]
fn a_catalog_that_lacks_products_of_the_one_it_replaces_is_told_and_a_later_one_is_not_blamed() {
    let site = Site::new("");
    let catalog = |codes: &[&str]| {
        let rows: String = codes.iter().map(|code| format!("{code},Việc {code},1,1\n")).collect();
        site.write("c.csv", format!("code,name,complexity_group,coefficient\n{rows}"));
    };
    let import = |name: &str, from: &str| {
        let (exit, printed, errors) =
            site.run(&["catalog", "import", "c.csv", "--name", name, "--valid-from", from, "--lang", "en"]);
        assert_eq!(exit, 0, "{errors}{printed}");
        errors + &printed
    };
    catalog(&["A", "B", "C"]);
    assert!(!import("2026-1", "2026-01-01").contains("LT-CAT-025"), "the first one replaces nothing");
    catalog(&["A"]);
    let told = import("2026-2", "2026-07-01");
    says(&told, &["LT-CAT-025", "replaces 2026-1 for tasks assigned from 2026-07-01 on", "lacks 2 products"]);
    catalog(&["A", "D"]);
    assert!(
        !import("2026-3", "2026-10-01").contains("LT-CAT-025"),
        "2026-2 is replaced, and nothing of it is lost"
    );
}

#[test]
fn a_rule_set_value_that_is_not_implemented_is_told_with_line_and_value() {
    let site = Site::new("[scoring]\nrule_sets = [\"r.toml\"]\n");
    site.write("r.toml", "id = \"x\"\nvalid_from = 2026-01-01\nquota_percent = 30\n");
    let (vi, en) = both(&site, &["config", "check"], 5);
    says(&vi, &["LT-RUL-001", "r.toml:3", "quota_percent = 30; hỗ trợ: 20, 25"]);
    says(&en, &["does not implement quota_percent = 30; it implements: 20, 25"]);
}

#[test]
fn files_tell_wrong_cells_and_unknown_people_in_one_go_and_the_importer_has_to_be_somebody() {
    let site = Site::new(UNIT);
    site.write("units.csv", "code,name,kind,parent\nX,Phòng X,palace,SNV\n");
    site.write("people.csv", format!("{PEOPLE}GL-1,123,Nguyễn Văn An,X,,boss,2026-01-01,,,\n"));
    let told = site.refused(&["people", "import", "people.csv", "--units", "units.csv"], 1);
    says(&told, &["LT-PPL-004 units.csv:2", "LT-PPL-001 people.csv:2 (column 2)", "people.csv:2 (column 6)"]);
    assert!(!told.contains("people.csv:2 (column 4)"), "nobody knows which units there are: {told}");

    let rows = "GL-1,,Nguyễn Văn An,SNV,,head,2026-01-01,,,\nGL-2,,Trần Thị Bình,SNV,,staff,2026-01-01,,,\nGL-3,,Lê Văn Cường,SNV,,staff,2026-01-01,,,\n";
    site.write("people.csv", format!("{PEOPLE}{rows}"));
    site.json(&["people", "import", "people.csv"]);

    site.write("history.csv", "staff_number,period,score,level\nGL-404,2025,,good\nGL-1,2025,,fine\n");
    let told = site.refused(&["history", "import", "history.csv"], 1);
    says(&told, &["LT-HIS-010 history.csv:2 (column 1)", "LT-HIS-001 history.csv:3 (column 4)"]);

    let items = "I.1,I.2,II.1,II.2,II.3,II.4,III.1,III.2,III.3,III.4";
    let points = ["0"; 10].join(",");
    let file = |rows: &str| site.write("c.csv", format!("staff_number,period,author,{items}\n{rows}"));
    file(&format!("GL-2,2026-Q9,GL-1,{points}\nGL-404,2026-Q3,,{points}\nGL-2,2026-Q3,GL-2b,{points}\n"));
    let told = site.refused(&["criteria", "import", "c.csv", "--author", "nobody"], 1);
    says(
        &told,
        &[
            "c.csv:2 (column 2)",
            "c.csv:3 (column 1)",
            "c.csv:3 (column 3)",
            "LT-AUT-002 record GL-2 2026-Q3",
            "LT-AUT-002 --author",
        ],
    );
    file(&format!("GL-2,2026-Q3,GL-1,{points}\n"));
    let told = site.refused(&["criteria", "import", "c.csv", "--author", "nobody"], 1);
    says(&told, &["LT-AUT-002 --author"]);
    // The head's points, brought in by whom they are about, by a colleague, by the head.
    let brought = |who: &str, document: &[&str]| {
        let order = ["criteria", "import", "c.csv", "--author", who];
        site.refused(&[order.as_slice(), document].concat(), 1)
    };
    says(&brought("GL-2", &[]), &["LT-AUT-001 record GL-2 2026-Q3"]);
    says(&brought("GL-2", &["--document", "1/CV"]), &["LT-AUT-001 record GL-2 2026-Q3"]);
    says(&brought("GL-3", &[]), &["LT-AUT-008 record GL-2 2026-Q3"]);
    site.json(&["criteria", "import", "c.csv", "--author", "GL-3", "--document", "1/CV"]);
    site.json(&["criteria", "import", "c.csv", "--author", "GL-1"]);
}
