//! The program as a person meets it: real processes, real folders, real signals.

use crate::support::project;
use crate::support::site::{Site, output, program, told};
use serde_json::Value;
use std::process::Stdio;

fn site() -> Site {
    Site::new("[log]\nformat = \"json\"\n")
}

#[test]
fn a_configuration_with_mistakes_ends_with_five_and_tells_each_with_its_line() {
    let site = site();
    std::fs::write(site.path().join("lienthong.toml"), "[daemon]\nlissten = 1\n[stor]\n").expect("written");
    let (exit, printed, errors) = told(&output(site.path(), &["run"]));
    assert_eq!((exit, printed.as_str()), (5, ""));
    assert!(errors.contains("lienthong.toml:2 (column 1, daemon.lissten)"), "{errors}");
    assert!(errors.contains("did you mean \"listen\"?"), "{errors}");
    assert!(errors.contains("lienthong.toml:3 (column 2, stor)"), "{errors}");
    assert!(!site.path().join("data").exists(), "nothing was touched");
    let (exit, printed, _) = told(&output(site.path(), &["config", "check", "--json"]));
    let printed: Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!((exit, printed["findings"].as_array().map(Vec::len)), (5, Some(2)));
}

#[test]
fn criteria_set_decides_one_thing_at_a_time() {
    let site = site();
    let of = |more: &[&str]| {
        let order =
            ["criteria", "set", "GL-1", "2026-Q3", "--task", "s:1", "--reason", "x", "--author", "GL-2"];
        let order: Vec<&str> = order.iter().chain(more).copied().collect();
        told(&output(site.path(), &order))
    };
    // The first of them was entered, and the other lost without a word.
    for more in [
        ["--excuse", "late", "--failures", "1"],
        ["--excuse", "none", "--quantity", "1"],
        ["--failures", "1", "--item", "I.1=5"],
        ["--quantity", "1", "--item", "I.1=5"],
    ] {
        let (exit, _, errors) = of(&more);
        assert!(exit == 2 && errors.contains("does not go with"), "{more:?}: {exit} {errors}");
    }
}

#[test]
fn without_a_configuration_the_way_to_one_is_told() {
    let folder = tempfile::tempdir().expect("folder");
    let (exit, _, errors) = told(&output(folder.path(), &["status"]));
    assert_eq!(exit, 5);
    assert!(errors.contains("LT-CFG-003") && errors.contains("lienthong config example"), "{errors}");
    let (exit, example, _) = told(&output(folder.path(), &["config", "example"]));
    assert_eq!(exit, 0);
    std::fs::write(folder.path().join("lienthong.toml"), example).expect("written");
    let (exit, printed, errors) = told(&output(folder.path(), &["config", "check"]));
    assert_eq!(exit, 0, "{errors}");
    assert!(printed.contains("/var/lib/lienthong"), "{printed}");
}

#[test]
fn config_check_tells_a_missing_secret_and_ends_with_five() {
    let site = site();
    let text = "[[target]]\nid = \"e\"\nkind = \"evaluation\"\nbase_url = \"https://e.example\"\nusername = \"u\"\npassword = { file = \"secret\" }\n";
    std::fs::write(site.path().join("lienthong.toml"), text).expect("written");
    let (exit, _, errors) = told(&output(site.path(), &["config", "check"]));
    assert_eq!(exit, 5);
    assert!(errors.contains("LT-CFG-007") && errors.contains("lienthong.toml:6 "), "{errors}");
    assert!(
        errors.contains("target[0].password") && errors.contains("chmod") | errors.contains("600"),
        "{errors}"
    );
}

#[test]
fn config_schema_and_default_are_what_they_say() {
    let folder = tempfile::tempdir().expect("folder");
    let (exit, printed, _) = told(&output(folder.path(), &["config", "schema"]));
    let schema: Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!((exit, schema["title"].as_str()), (0, Some("lienthong.toml")));
    let (exit, printed, _) = told(&output(folder.path(), &["config", "default"]));
    assert_eq!(exit, 0);
    printed.parse::<toml::Table>().expect("TOML");
}

#[test]
fn people_are_spoken_to_in_the_language_of_their_locale() {
    let folder = tempfile::tempdir().expect("folder");
    let vietnamese =
        program(folder.path()).env("LANG", "vi_VN.UTF-8").arg("--help").output().expect("starts");
    let (exit, help, _) = told(&vietnamese);
    assert_eq!(exit, 0);
    assert!(help.contains("Cách dùng: lienthong") && help.contains("Chạy dịch vụ"), "{help}");
    let (_, _, errors) = told(&output(folder.path(), &["status", "--lang", "vi"]));
    assert!(errors.contains("lỗi LT-CFG-003") && errors.contains("cách xử lý"), "{errors}");
}

#[test]
fn a_wrong_command_line_is_a_finding_with_a_code_and_json_where_json_stands_anywhere() {
    let folder = tempfile::tempdir().expect("folder");
    for (line, says) in [
        ("sync", "<SOURCE> is missing"),
        ("sync a --fulll", "no option or argument --fulll"),
        ("syncc a", "no command \"syncc\""),
        ("score explain GL-1 2026Q3", "write a period as 2026-Q3 or 2026"),
        ("report tasks --by house", "values: person, unit"),
        ("people", "a command is missing"),
        ("sync a --lang xx", "write vi or en"),
    ] {
        let words: Vec<&str> = line.split(' ').collect();
        let (exit, printed, errors) = told(&output(folder.path(), &words));
        assert_eq!((exit, printed.as_str()), (2, ""), "{line}: {errors}");
        assert!(errors.contains("error LT-RUN-009") && errors.contains(says), "{line}: {errors}");
        for words in [[&words[..], &["--json"]].concat(), [&["--json"], &words[..]].concat()] {
            let (exit, printed, errors) = told(&output(folder.path(), &words));
            assert_eq!((exit, errors.as_str()), (2, ""), "{words:?}");
            let printed: Value = serde_json::from_str(&printed).expect("JSON");
            let finding = &printed["findings"][0];
            assert_eq!((&finding["code"], &finding["severity"]), (&"LT-RUN-009".into(), &"error".into()));
            assert!(finding["remedy"]["vi"].as_str().is_some_and(|remedy| remedy.contains("--help")));
        }
    }
    // After `--` it is a value like any other.
    let (exit, _, errors) = told(&output(folder.path(), &["sync", "--", "a", "--json"]));
    assert_eq!(exit, 2);
    assert!(errors.contains("LT-RUN-009"), "{errors}");
}

#[test]
fn a_score_case_is_calculated_without_a_configuration_and_a_negative_quantity_is_refused() {
    let folder = tempfile::tempdir().expect("folder");
    let case = r#"{"period":"2026-Q3","role":"staff","lines":[{"coefficient":"1","assigned":"QUANTITY","completed":"1","failures":0,"late":0}]}"#;
    let write = |quantity: &str| {
        std::fs::write(folder.path().join("case.json"), case.replace("QUANTITY", quantity)).expect("written")
    };
    write("1");
    let (exit, printed, errors) = told(&output(folder.path(), &["score", "case", "case.json", "--json"]));
    assert_eq!(exit, 0, "{errors}");
    serde_json::from_str::<Value>(&printed).expect("JSON");
    let (exit, printed, _) = told(&output(folder.path(), &["score", "case", "case.json", "--lang", "vi"]));
    assert_eq!(exit, 0);
    let derivation = ["Kết quả thực hiện nhiệm vụ (R·70)", "a = ", "lines[0]", "Còn thiếu"];
    assert!(derivation.iter().all(|words| printed.contains(words)), "{printed}");
    assert!(serde_json::from_str::<Value>(&printed).is_err(), "people read lines, programs ask for --json");
    write("-1");
    let (_, _, errors) = told(&output(folder.path(), &["score", "case", "case.json"]));
    assert!(errors.contains("LT-SCO-002 case.json:1 (lines[0].assigned)"), "{errors}");
    let (exit, printed, _) = told(&output(folder.path(), &["score", "case", "case.json", "--json"]));
    let printed: Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!(exit, 1);
    assert!(printed["findings"][0]["code"].as_str().is_some_and(|code| code.starts_with("LT-")), "{printed}");
    let (exit, _, errors) = told(&output(folder.path(), &["score", "case", "missing.json"]));
    assert_eq!(exit, 2);
    assert!(errors.contains("LT-RUN-008") && errors.contains("missing.json"), "{errors}");
}

#[test]
fn mapping_evaluate_prints_the_documented_keys() {
    let root = project::root();
    let arguments = [
        "mapping",
        "evaluate",
        "--catalog",
        "config/catalog-example.csv",
        "--labels",
        "tests/data/mapping-dev.csv",
        "--json",
    ];
    let (exit, printed, errors) = told(&output(root, &arguments));
    assert_eq!(exit, 0, "{errors}");
    let report: Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!(report["n"].as_u64(), Some(503));
    for key in ["top1", "top3"] {
        assert!(report[key].is_number(), "{key}");
    }
    for key in ["precision", "coverage", "outside_accepted"] {
        assert!(report["decided"].get(key).is_some(), "decided.{key}");
    }
}

#[test]
fn mapping_is_measured_on_the_stored_catalog_where_none_is_named() {
    let site = Site::new("");
    let root = project::root();
    let file = |name: &str| root.join(name).display().to_string();
    let labels = file("tests/data/mapping-fresh.csv");
    let evaluate = ["mapping", "evaluate", "--labels", labels.as_str(), "--json"];
    let (exit, printed, _) = told(&output(site.path(), &evaluate));
    assert_eq!((exit, printed.contains("LT-CAT-021")), (1, true), "{printed}");
    let catalog = file("config/catalog-example.csv");
    let import =
        ["catalog", "import", &catalog, "--name", "2026", "--valid-from", "2020-01-01", "--author", "GL-1"];
    assert_eq!(told(&output(site.path(), &import)).0, 0);
    let (exit, stored, errors) = told(&output(site.path(), &evaluate));
    assert_eq!(exit, 0, "{errors}");
    let report: Value = serde_json::from_str(&stored).expect("JSON");
    assert_eq!((report["n"].as_u64(), report["outside"].as_u64()), (Some(194), Some(20)));
    assert!(report["top1"].as_f64().is_some_and(|share| share > 0.75), "the catalog is the one imported");
    // And a model is made of it, which is measured with what it was made of.
    let made = ["mapping", "model", "--out", "m.json"];
    assert_eq!(told(&output(site.path(), &made)).0, 0);
    let (_, by_model, _) = told(&output(site.path(), &[&evaluate[..], &["--model", "m.json"]].concat()));
    assert_eq!(stored, by_model);
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let folder = tempfile::tempdir().expect("folder");
    let mut child =
        program(folder.path()).args(["config", "schema"]).stdout(Stdio::piped()).spawn().expect("starts");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("ends").code(), Some(0));
}

#[test]
fn a_paper_under_the_ending_of_something_else_is_refused_with_the_endings_there_are() {
    let site = Site::new("");
    let form = ["report", "form", "GL-1", "2026-Q4", "--form", "01", "--out"];
    let told = site.refused(&[&form[..], &["a.unknown"]].concat(), 2);
    assert!(told.contains("LT-PAP-015") && told.contains(".docx, .xlsx, .pdf"), "{told}");
    let told = site.refused(&[&form[..], &["a.docx", "--format", "xlsx"]].concat(), 2);
    assert!(told.contains("LT-PAP-015") && told.contains("ending .xlsx;"), "{told}");
    let bundle = ["report", "bundle", "--unit", "SNV", "--period", "2026-Q4", "--out", "snv.rar"];
    assert!(site.refused(&bundle, 2).contains("ending .zip;"));
    let statistics = ["report", "statistics", "--period", "2026-Q4", "--out"];
    let proposals = ["mapping", "proposals", "--out"];
    for order in [&statistics[..], &proposals[..]] {
        let told = site.refused(&[order, &["a.ods"]].concat(), 2);
        assert!(told.contains("LT-PAP-015") && told.contains("ending .xlsx, .csv;"), "{told}");
        for (name, format, right) in [("a.xlsx", "csv", ".csv;"), ("a.csv", "xlsx", ".xlsx;")] {
            let told = site.refused(&[order, &[name, "--format", format]].concat(), 2);
            assert!(told.contains("LT-PAP-015") && told.contains(right), "{told}");
        }
        for (name, format) in [("a.json", "json"), ("a", "json"), ("a.csv", "table")] {
            let told = site.refused(&[order, &[name, "--format", format]].concat(), 2);
            assert!(told.contains("LT-PAP-015") && told.contains("leave --out away"), "{told}");
        }
        assert!(["a", "a.ods", "a.csv", "a.xlsx", "a.json"].iter().all(|name| !site.file(name).exists()));
    }
    // Without an ending nothing says otherwise, in capitals it is the same one.
    for name in ["a", "A.DOCX"] {
        let (exit, _, told) = site.run(&[&form[..], &[name]].concat());
        assert!(exit != 0 && !told.contains("LT-PAP-015"), "{name}: {told}");
    }
}

#[test]
fn a_unit_of_the_configuration_stays_as_configured_whatever_a_list_says() {
    let site = Site::new("[[unit]]\ncode = \"SNV\"\nname = \"Sở Nội vụ\"\nkind = \"department\"\n");
    site.write(
        "people.csv",
        "staff_number,full_name,unit,post,role,from\nGL-1,Nguyễn Văn Một,SNV,Giám đốc,head,2026-01-01\n",
    );
    site.write(
        "units.csv",
        "code,name,kind,parent\nSNV,Sở Nội vụ và Lao động,department,\nSNV-P,Phòng,division,SNV\n",
    );
    let (exit, _, told) = site.run(&["people", "import", "people.csv", "--units", "units.csv"]);
    assert!(exit == 0 && told.contains("LT-PPL-039") && told.contains("Sở Nội vụ và Lao động"), "{told}");
    let names = || {
        let units = site.json(&["people", "units"]);
        let rows = units.as_array().expect("rows").clone();
        rows.into_iter().map(|row| row["name"].as_str().expect("name").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(), ["Sở Nội vụ", "Phòng"], "and the rest of the list is taken");
    // The same again, after the next start: nothing flips.
    assert_eq!(names(), ["Sở Nội vụ", "Phòng"]);
    site.write(
        "units.csv",
        "code,name,kind,parent\nSNV,Sở Nội vụ,department,\nSNV-P,Phòng Một,division,SNV\n",
    );
    let (exit, _, told) = site.run(&["people", "import", "people.csv", "--units", "units.csv"]);
    assert!(exit == 0 && !told.contains("LT-PPL-039"), "{told}");
    assert_eq!(names(), ["Sở Nội vụ", "Phòng Một"]);
}
