//! Recording samples of a running source: what is kept conforms, and nothing personal or secret is left in it.

use crate::support::http::{Scripted, json, status};
use crate::support::source::opened;
use lienthong::connector::record::{Given, record};
use lienthong::connector::{conformance, manifest};
use secrecy::SecretString;
use serde_json::json;
use std::collections::BTreeMap;

const MANIFEST: &str = r#"
format_version = 1
kind = "http"
name = "recorded"
version = "1"
title = { vi = "Thử", en = "Test" }
[settings.base_url]
label = { vi = "Địa chỉ", en = "Address" }
[settings.user]
label = { vi = "Tài khoản", en = "User" }
example = "lienthong"
[settings.password]
label = { vi = "Mật khẩu", en = "Password" }
secret = true
[transport]
base_url = "{{ settings.base_url }}"
[auth]
kind = "login"
path = "/dang-nhap"
body = { ten = "{{ settings.user }}", mat_khau = "{{ secrets.password }}" }
token = "data.ma"
[stream]
path = "/viec"
records = "data.items"
key = "id"
total = "data.total"
[paging]
kind = "page"
param = "page"
size_param = "size"
size = 2
[[detail]]
name = "history"
path = "/viec/{{ key }}/lich-su"
select = "data"
[fields]
title = "ten"
status = { path = "trang_thai", map = { lam = "in_progress", xong = "done" } }
assignee = "nguoi.tai_khoan"
assignee_name = "nguoi.ho_ten"
doc_number = "van_ban"
[events]
list = "$history"
kind = { path = "loai", map = { giao = "assigned", duyet = "approved" }, otherwise = "ignore" }
at = "luc"
actor = "boi.tai_khoan"
"#;

/// Everything that must not be found afterwards.
const PERSONAL: [&str; 14] = [
    "an.nv",
    "hoa.lt",
    "Nguyễn Văn An",
    "Lê Thị Hoa",
    "Trần Quốc Bảo",
    "079201001234",
    "0905 123 456",
    "0905123456",
    "an.nv@gialai.gov.vn",
    "mat-khau-that",
    "bot-that",
    "eyJ0b2tlbiI6InRoYXQifQ",
    "ghi chú riêng của phòng",
    "127.0.0.1",
];

fn task(id: usize, account: &str, name: &str, title: &str) -> serde_json::Value {
    json!({
        "id": id, "ten": title, "trang_thai": if id == 3 { "xong" } else { "lam" }, "van_ban": format!("{id}/QĐ-SNV"),
        "nguoi": { "tai_khoan": account, "ho_ten": name, "dien_thoai": "0905 123 456", "cccd": "079201001234" },
        "ghi_chu": "ghi chú riêng của phòng", "mau": "#ff0000", "tao_luc": "2026-11-01T08:00:00+07:00",
        "so_dien_thoai": 905123456
    })
}

async fn server() -> Scripted {
    Scripted::start(|asked| match asked.path.as_str() {
        "/dang-nhap" if asked.body.contains("mat-khau-that") && asked.body.contains("bot-that") => {
            json(json!({ "data": { "ma": "eyJ0b2tlbiI6InRoYXQifQ" } }))
        }
        "/dang-nhap" => status(401, &[], ""),
        _ if asked.headers.get("authorization").map(String::as_str) != Some("Bearer eyJ0b2tlbiI6InRoYXQifQ") => {
            status(401, &[], "")
        }
        "/viec" => {
            let all = [
                task(1, "an.nv", "Nguyễn Văn An", "Báo cáo của đ/c Lê Thị Hoa, CCCD 079201001234"),
                task(2, "hoa.lt", "Lê Thị Hoa", "Mời Trần Quốc Bảo (0905123456, an.nv@gialai.gov.vn) họp ngày 15/11/2026"),
                task(3, "an.nv", "Nguyễn Văn An", "Kế hoạch năm 2027"),
            ];
            let from = (asked.number("page").max(1) - 1) * 2;
            json(json!({ "data": { "items": all.iter().skip(from).take(2).collect::<Vec<_>>(), "total": 3 } }))
        }
        path if path.ends_with("/lich-su") => json(json!({ "data": [
            { "loai": "giao", "luc": "2026-11-01T08:00:00+07:00", "boi": { "tai_khoan": "hoa.lt", "ten": "Lê Thị Hoa" } }
        ] })),
        _ => status(404, &[], ""),
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_samples_conform_and_hold_nobody_and_no_secret() {
    let server = server().await;
    let settings: BTreeMap<String, String> = [("base_url", server.base.as_str()), ("user", "bot-that")]
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .into();
    let secrets: BTreeMap<String, SecretString> =
        [("password".to_owned(), "mat-khau-that".to_owned().into())].into();
    // Opened anew each time: a session that is logged in already does not log in again.
    let connector = || opened("test", MANIFEST, &settings, &secrets);
    let loaded = manifest::parse("m.toml", MANIFEST).expect("a manifest");
    let given = Given { settings: &settings, secrets: &secrets };
    let now = crate::support::source::now();
    let first = record(&*connector(), &loaded, &given, now).await.unwrap_or_else(|told| panic!("{told}"));
    assert_eq!((first.records, first.samples.len()), (3, 6), "a login, two pages, three details");
    let text = serde_json::to_string_pretty(&first.samples).expect("text");
    for hidden in PERSONAL {
        assert!(!text.contains(hidden), "{hidden} is left in\n{text}");
    }
    // What says nothing about anybody stays, and who is who stays the same.
    for kept in ["15/11/2026", "Kế hoạch năm 2027", "1/QĐ-SNV", "2026-11-01T08:00:00+07:00", "Bearer token-1"]
    {
        assert!(text.contains(kept), "{kept} is missing in\n{text}");
    }
    let again = record(&*connector(), &loaded, &given, now).await.unwrap_or_else(|told| panic!("{told}"));
    assert_eq!(first.samples, again.samples, "the same source gives the same samples");

    let folder = tempfile::tempdir().expect("folder");
    std::fs::create_dir(folder.path().join("samples")).expect("made");
    std::fs::write(folder.path().join("manifest.toml"), MANIFEST).expect("written");
    for (number, sample) in first.samples.iter().enumerate() {
        let file = folder.path().join(format!("samples/{number:03}.json"));
        std::fs::write(file, sample.to_string()).expect("written");
    }
    conformance::expect(folder.path()).await.unwrap_or_else(|told| panic!("{told}"));
    let report = conformance::run(folder.path()).await.unwrap_or_else(|told| panic!("{told}"));
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    assert_eq!((report.drafts.len(), report.rejected.len()), (3, 0));
    let who = |index: usize| report.drafts[index].assignee.as_ref().map(|who| who.value.clone());
    assert_eq!(who(0), who(2));
    assert_ne!(who(0), who(1));
    let broken: Vec<_> = lienthong::connector::kit::judge(folder.path())
        .await
        .unwrap_or_else(|told| panic!("{told}"))
        .into_iter()
        .filter(|verdict| matches!(verdict.outcome, lienthong::connector::kit::Outcome::Broken(_)))
        .collect();
    assert!(broken.is_empty(), "{broken:?}");
}

fn decomposed(text: &str) -> String {
    unicode_normalization::UnicodeNormalization::nfd(text).collect()
}

/// A login as some systems want it: below a path, an address of mail as the user, user and password in Base64.
fn coded_login() -> String {
    let login = "body = { ten = \"{{ settings.user }}\", mat_khau = \"{{ (settings.user ~ ':' ~ secrets.password) | b64encode }}\" }";
    MANIFEST
        .replace("body = { ten = \"{{ settings.user }}\", mat_khau = \"{{ secrets.password }}\" }", login)
        .replace("example = \"lienthong\"", "example = \"may@so.example.gov.vn\"")
}

#[tokio::test(flavor = "multi_thread")]
async fn names_in_any_letters_and_a_coded_login_below_a_path_leave_nothing_and_conform() {
    let password = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        "ket-noi@gialai.gov.vn:mat-khau-that",
    );
    let coded = password.clone();
    let server = Scripted::start(move |asked| match asked.path.as_str() {
        "/api/dang-nhap" if asked.body.contains(&coded) && asked.body.contains("ket-noi@gialai.gov.vn") => {
            json(json!({ "data": { "ma": "eyJ0b2tlbiI6InRoYXQifQ" } }))
        }
        "/api/viec" => json(json!({ "data": { "total": 3, "items": [
            task(1, "an.nv", "Nguyễn Văn An", "QUYẾT ĐỊNH CHO NGUYỄN VĂN TÈO NGHỈ HƯU"),
            task(2, "hoa.lt", "Lê Thị Hoa", "Giai quyet don cua Tran Quoc Bao va pham thi ut"),
            // Decomposed letters, as some systems send them.
            task(3, "an.nv", "Nguyễn Văn An", &decomposed("Đơn của Phạm Đức Tài")),
        ] } })),
        path if path.ends_with("/lich-su") => json(json!({ "data": [] })),
        _ => status(404, &[], ""),
    })
    .await;
    let manifest = coded_login().replace("\nsize = 2", "\nsize = 10");
    let base = format!("{}/api", server.base);
    let settings: BTreeMap<String, String> = [("base_url", base.as_str()), ("user", "ket-noi@gialai.gov.vn")]
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .into();
    let secrets: BTreeMap<String, SecretString> =
        [("password".to_owned(), "mat-khau-that".to_owned().into())].into();
    let connector = opened("test", &manifest, &settings, &secrets);
    let loaded = manifest::parse("m.toml", &manifest).expect("a manifest");
    let given = Given { settings: &settings, secrets: &secrets };
    let recorded = record(&*connector, &loaded, &given, crate::support::source::now())
        .await
        .unwrap_or_else(|told| panic!("{told}"));
    let text = serde_json::to_string_pretty(&recorded.samples).expect("text");
    let composed: String = unicode_normalization::UnicodeNormalization::nfc(text.chars()).collect();
    let folded = lienthong::text::fold(&text);
    for hidden in [password.as_str(), "mat-khau-that", "ket-noi@", "/api/"] {
        assert!(!text.contains(hidden), "{hidden} is left in\n{text}");
    }
    for name in ["nguyen van teo", "tran quoc bao", "pham thi ut", "pham duc tai", "nguyen van an"] {
        assert!(!folded.contains(name), "{name} is left in\n{composed}");
    }
    let folder = tempfile::tempdir().expect("folder");
    std::fs::create_dir(folder.path().join("samples")).expect("made");
    std::fs::write(folder.path().join("manifest.toml"), &manifest).expect("written");
    for (number, sample) in recorded.samples.iter().enumerate() {
        let file = folder.path().join(format!("samples/{number:03}.json"));
        std::fs::write(file, sample.to_string()).expect("written");
    }
    conformance::expect(folder.path()).await.unwrap_or_else(|told| panic!("{told}"));
    let report = conformance::run(folder.path()).await.unwrap_or_else(|told| panic!("{told}"));
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    assert_eq!((report.drafts.len(), report.rejected.len()), (3, 0));

    // Coded once more: nothing stands for that, so no sample is given out.
    let manifest = manifest.replace(" | b64encode", " | b64encode | b64encode");
    let server = Scripted::start(|asked| match asked.path.as_str() {
        "/api/dang-nhap" => json(json!({ "data": { "ma": "eyJ0b2tlbiI6InRoYXQifQ" } })),
        path if path.ends_with("/lich-su") => json(json!({ "data": [] })),
        _ => json(json!({ "data": { "total": 1, "items": [task(1, "an.nv", "Nguyễn Văn An", "Báo cáo")] } })),
    })
    .await;
    let mut settings = settings.clone();
    settings.insert("base_url".into(), format!("{}/api", server.base));
    let connector = opened("test", &manifest, &settings, &secrets);
    let loaded = manifest::parse("m.toml", &manifest).expect("a manifest");
    let given = Given { settings: &settings, secrets: &secrets };
    let told = record(&*connector, &loaded, &given, crate::support::source::now()).await;
    assert_eq!(told.expect_err("a secret would be left").0[0].code, "LT-SRC-091");
}

#[tokio::test]
async fn answers_in_other_forms_are_not_recorded() {
    let text = include_str!("../../connectors/redmine-xml/manifest.toml");
    let loaded = manifest::parse("redmine-xml", text).unwrap_or_else(|told| panic!("{told}"));
    let server = server().await;
    let connector = crate::support::source::connect(&server.base, crate::support::source::STREAM);
    let given = Given { settings: &BTreeMap::new(), secrets: &BTreeMap::new() };
    let told =
        record(&connector, &loaded, &given, crate::support::source::now()).await.expect_err("not recorded");
    assert_eq!((told.0[0].code.as_str(), server.asked().len()), ("LT-SRC-080", 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_too_large_for_samples_are_refused_and_not_left_out() {
    let heavy = "x".repeat(5 << 20);
    let server = Scripted::start(move |asked| match asked.path.as_str() {
        "/dang-nhap" => json(json!({ "data": { "ma": "eyJ0b2tlbiI6InRoYXQifQ" } })),
        "/viec" => {
            let first = (asked.number("page").max(1) - 1) * 2;
            let items: Vec<_> = (first + 1..=first + 2)
                .map(|id| {
                    let mut one = task(id, "an.nv", "Nguyễn Văn An", "Báo cáo");
                    one["ghi_chu"] = json!(heavy);
                    one
                })
                .collect();
            json(json!({ "data": { "items": items, "total": 16 } }))
        }
        _ => json(json!({ "data": [] })),
    })
    .await;
    let settings: BTreeMap<String, String> = [("base_url", server.base.as_str()), ("user", "bot")]
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .into();
    let secrets: BTreeMap<String, SecretString> =
        [("password".to_owned(), "mat-khau".to_owned().into())].into();
    let given = Given { settings: &settings, secrets: &secrets };
    let connector = opened("test", MANIFEST, &settings, &secrets);
    let loaded = manifest::parse("m.toml", MANIFEST).expect("a manifest");
    let told = record(&*connector, &loaded, &given, crate::support::source::now()).await;
    let told = told.expect_err("80 MiB of answers").0;
    assert_eq!(told[0].code, "LT-SRC-081");
    assert!(told[0].to_string().contains("64 MiB"), "{told:?}");
}

/// The limit is kept on the way: not every detail of a large source is asked for first.
#[tokio::test]
async fn source_that_shows_too_much_is_refused_before_all_of_it_was_asked_for() {
    let server = Scripted::start(|asked| match asked.path.as_str() {
        "/dang-nhap" => json(json!({ "data": { "ma": "eyJ0b2tlbiI6InRoYXQifQ" } })),
        "/viec" => {
            let items: Vec<_> = (1..=1_000).map(|id| task(id, "an.nv", "Nguyễn Văn An", "Báo cáo")).collect();
            json(json!({ "data": { "items": items, "total": 1_000 } }))
        }
        path if path.starts_with("/mat/") => status(404, &[], ""),
        _ => json(json!({ "data": [] })),
    })
    .await;
    let settings: BTreeMap<String, String> = [("base_url", server.base.as_str()), ("user", "bot")]
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .into();
    let secrets: BTreeMap<String, SecretString> =
        [("password".to_owned(), "mat-khau".to_owned().into())].into();
    let given = Given { settings: &settings, secrets: &secrets };
    for (path, code, most) in [("/viec/", "LT-SRC-081", 210), ("/mat/", "LT-SRC-081", 210)] {
        let text = MANIFEST.replace("/viec/{{ key }}", &format!("{path}{{{{ key }}}}"));
        let connector = opened("test", &text, &settings, &secrets);
        let loaded = manifest::parse("m.toml", &text).expect("a manifest");
        let before = server.asked().len();
        let told = record(&*connector, &loaded, &given, crate::support::source::now()).await;
        assert_eq!(told.expect_err("too much").0[0].code, code);
        assert!(server.asked().len() - before < most, "{path}");
    }
}

/// A list asked for by a body, whose changes need a sample of their own: nothing else answers that body.
#[tokio::test(flavor = "multi_thread")]
async fn pull_of_changes_is_recorded_too_and_what_it_shows_is_replaced_like_the_rest() {
    let list = |method: &str| {
        MANIFEST
            .replace(
                "[stream]\npath = \"/viec\"",
                &format!("[stream]\npath = \"/viec\"\nmethod = \"POST\"\nbody = {{ {method} }}"),
            )
            .replace(
                "[paging]\nkind = \"page\"\nparam = \"page\"\nsize_param = \"size\"\nsize = 2\n",
                "[paging]\nkind = \"none\"\n",
            )
    };
    let by_field = "[incremental]\nparam = \"tu\"\nformat = \"rfc3339\"\nfield = \"sua_luc\"\ndate = [\"rfc3339\"]\n[[detail]]";
    let by_mark = "[incremental]\nparam = \"moc\"\nmark = \"data.moc\"\n[[detail]]";
    let by_our_clock = "[incremental]\nparam = \"tu\"\nformat = \"rfc3339\"\n[[detail]]";
    for (section, param, samples) in
        [(by_field, Some("tu"), 6), (by_mark, Some("moc"), 6), (by_our_clock, None, 5)]
    {
        let server = Scripted::start(|asked| match asked.path.as_str() {
            "/dang-nhap" => json(json!({ "data": { "ma": "eyJ0b2tlbiI6InRoYXQifQ" } })),
            "/viec" => {
                let sent: serde_json::Value = serde_json::from_str(&asked.body).expect("a body");
                let changed = |mut task: serde_json::Value, at: &str| {
                    task["sua_luc"] = json!(at);
                    task
                };
                let mut items = vec![
                    changed(task(1, "an.nv", "Nguyễn Văn An", "Báo cáo"), "2026-11-01T08:00:00+07:00"),
                    changed(task(2, "an.nv", "Nguyễn Văn An", "Tờ trình"), "2026-11-02T08:00:00+07:00"),
                    changed(
                        task(3, "hoa.lt", "Lê Thị Hoa", "Giao Trần Quốc Bảo"),
                        "2026-11-03T08:00:00+07:00",
                    ),
                ];
                if sent.get("tu").is_some() || sent.get("moc").is_some() {
                    items.drain(..2);
                }
                let mark = format!("http://{}/dong-bo/7f3a", asked.headers["host"]);
                json(json!({ "data": { "items": items, "total": 3, "moc": mark } }))
            }
            path if path.ends_with("/lich-su") => json(json!({ "data": [] })),
            _ => status(404, &[], ""),
        })
        .await;
        let manifest =
            list("don_vi = 17").replace("total = \"data.total\"\n", "").replacen("[[detail]]", section, 1);
        let settings: BTreeMap<String, String> = [("base_url", server.base.as_str()), ("user", "bot-that")]
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .into();
        let secrets: BTreeMap<String, SecretString> =
            [("password".to_owned(), "mat-khau-that".to_owned().into())].into();
        let connector = opened("test", &manifest, &settings, &secrets);
        let loaded = manifest::parse("m.toml", &manifest).unwrap_or_else(|told| panic!("{told}"));
        let given = Given { settings: &settings, secrets: &secrets };
        let recorded = record(&*connector, &loaded, &given, crate::support::source::now())
            .await
            .unwrap_or_else(|told| panic!("{told}"));
        assert_eq!((recorded.records, recorded.samples.len()), (3, samples), "{section}");
        let text = serde_json::to_string_pretty(&recorded.samples).expect("text");
        for hidden in PERSONAL {
            assert!(!text.contains(hidden), "{hidden} is left in\n{text}");
        }
        let asks = |sample: &&serde_json::Value| {
            param.is_some_and(|param| sample["request"]["body"].get(param).is_some())
        };
        let changes = recorded.samples.iter().find(asks);
        assert_eq!(changes.is_some(), param.is_some(), "{text}");
        if let Some(changes) = changes {
            let shown = changes["reply"]["body"]["data"]["items"].as_array().expect("items");
            assert_eq!(shown.len(), 1);
        }
        let folder = tempfile::tempdir().expect("folder");
        std::fs::create_dir(folder.path().join("samples")).expect("made");
        std::fs::write(folder.path().join("manifest.toml"), &manifest).expect("written");
        for (number, sample) in recorded.samples.iter().enumerate() {
            let file = folder.path().join(format!("samples/{number:03}.json"));
            std::fs::write(file, sample.to_string()).expect("written");
        }
        conformance::expect(folder.path()).await.unwrap_or_else(|told| panic!("{told}"));
        let report = conformance::run(folder.path()).await.unwrap_or_else(|told| panic!("{told}"));
        assert!(report.problems.is_empty(), "{section}: {:?}", report.problems);
        if param.is_some() {
            // Without the sample nobody would answer the pull of changes.
            let judged =
                lienthong::connector::kit::judge(folder.path()).await.unwrap_or_else(|told| panic!("{told}"));
            let broken: Vec<_> = judged
                .iter()
                .filter(|verdict| matches!(verdict.outcome, lienthong::connector::kit::Outcome::Broken(_)))
                .collect();
            assert!(broken.is_empty(), "{section}: {broken:?}");
            let older = judged.iter().find(|verdict| verdict.rule == "nothing_older").expect("the rule");
            assert!(
                matches!(&older.outcome, lienthong::connector::kit::Outcome::Held(told) if told.en == "1 records"),
                "{older:?}"
            );
        }
    }
}

/// A table of accounts is one secret; each of its cells stands in requests by itself.
const OF_USERS: &str = r#"
format_version = 1
kind = "http"
name = "recorded"
version = "1"
title = { vi = "Thử", en = "Test" }
[settings.base_url]
label = { vi = "Địa chỉ", en = "Address" }
[settings.people]
label = { vi = "Bảng tài khoản", en = "Table of accounts" }
example = "account,token\nnguoi.mot,vi-du-mot\nnguoi.hai,vi-du-hai"
secret = true
[transport]
base_url = "{{ settings.base_url }}"
[users]
list = "{{ secrets.people }}"
name = "account"
[users.auth]
kind = "header"
name = "X-Token"
value = "{{ user.token }}"
[stream]
path = "/viec-cua/{{ user.account }}"
records = "data"
key = "id"
[paging]
kind = "none"
[fields]
title = "ten"
status = { path = "trang_thai", map = { lam = "in_progress" } }
assignee = "$user.account"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn table_of_users_leaves_no_cell_in_samples_and_they_conform() {
    let server = Scripted::start(|asked| {
        let token = asked.headers.get("x-token").map(String::as_str);
        let title = |id: u32, name: &str| json!({ "id": id, "ten": name, "trang_thai": "lam" });
        match (asked.path.as_str(), token) {
            ("/viec-cua/an.nv", Some("bi-mat-cua-an")) => {
                json(json!({ "data": [title(1, "Phối hợp với hoa.lt")], "da_dung": "bi-mat-cua-an" }))
            }
            ("/viec-cua/hoa.lt", Some("bi-mat-cua-hoa")) => json(json!({ "data": [title(2, "Báo cáo")] })),
            ("/viec-cua/079201001234", Some("bi-mat-thu-ba")) => {
                json(json!({ "data": [title(3, "Kế hoạch")] }))
            }
            _ => status(401, &[], ""),
        }
    })
    .await;
    let settings: BTreeMap<String, String> = [("base_url".to_owned(), server.base.clone())].into();
    let table = "account;token\nan.nv;bi-mat-cua-an\nhoa.lt;\"bi-mat-cua-hoa\"\n079201001234;bi-mat-thu-ba\n";
    let secrets: BTreeMap<String, SecretString> = [("people".to_owned(), table.to_owned().into())].into();
    let connector = opened("test", OF_USERS, &settings, &secrets);
    let loaded = manifest::parse("m.toml", OF_USERS).unwrap_or_else(|told| panic!("{told}"));
    let given = Given { settings: &settings, secrets: &secrets };
    let recorded = record(&*connector, &loaded, &given, crate::support::source::now())
        .await
        .unwrap_or_else(|told| panic!("{told}"));
    assert_eq!((recorded.records, recorded.samples.len()), (3, 3));
    let text = serde_json::to_string_pretty(&recorded.samples).expect("text");
    for hidden in ["an.nv", "hoa.lt", "079201001234", "bi-mat", "127.0.0.1"] {
        assert!(!text.contains(hidden), "{hidden} is left in\n{text}");
    }
    let first = &recorded.samples[0]["request"];
    assert_eq!(
        (&first["path"], &first["headers"]["x-token"]),
        (&json!("/viec-cua/nguoi.mot"), &json!("vi-du-mot"))
    );
    assert_eq!(recorded.samples[0]["reply"]["body"]["data"][0]["ten"], "Phối hợp với nguoi.hai");
    let folder = tempfile::tempdir().expect("folder");
    std::fs::create_dir(folder.path().join("samples")).expect("made");
    std::fs::write(folder.path().join("manifest.toml"), OF_USERS).expect("written");
    for (number, sample) in recorded.samples.iter().enumerate() {
        let file = folder.path().join(format!("samples/{number:03}.json"));
        std::fs::write(file, sample.to_string()).expect("written");
    }
    let report = conformance::expect(folder.path()).await.unwrap_or_else(|told| panic!("{told}"));
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    assert_eq!(report.drafts.len(), 2, "those of the users the example names");
}
