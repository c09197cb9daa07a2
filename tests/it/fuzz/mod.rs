//! Everything that comes from outside, changed at random: nothing panics, nothing takes for ever.
//!
//! A target is a reader with the outcomes it has. Seeds are the recorded answers and files of the ready-made
//! connectors, and `tests/corpus/`, where inputs stay that once broke something.

mod engine;

use crate::support::project;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use engine::{fuzz, seeds};
use lienthong::connector::edxml::Edxml;
use lienthong::connector::expression::{Expression, Template, value_of};
use lienthong::connector::http::SourceLimits;
use lienthong::connector::json::Json;
use lienthong::connector::propose::{from_openapi, from_sample, propose};
use lienthong::connector::rule::date::DateRule;
use lienthong::connector::{Connector, OpenSource, manifest, open, xml};
use lienthong::domain::{SourceId, local_offset};
use lienthong::error::Findings;
use lienthong::sheet::Sheet;
use std::sync::Arc;

const CONNECTORS: [&str; 5] = ["eoffice-open", "kinto", "roundup", "task-tracker", "ward-desk"];

fn codes(findings: &Findings) -> Vec<String> {
    let mut codes: Vec<String> = findings.0.iter().map(|finding| finding.code.clone()).collect();
    codes.dedup();
    codes
}

/// A connector of a ready-made manifest, its settings being the examples.
fn connector(name: &str) -> Arc<dyn Connector> {
    let file = project::root().join("connectors").join(name).join("manifest.toml");
    of_text(name, &std::fs::read_to_string(file).expect("a manifest"))
}

fn of_text(name: &str, text: &str) -> Arc<dyn Connector> {
    crate::support::install_tls();
    let loaded = manifest::parse(name, text).unwrap_or_else(|findings| panic!("{findings}"));
    let given = |secret: bool| {
        let settings = loaded.manifest.settings.iter().filter(move |(_, setting)| setting.secret == secret);
        settings
            .map(|(name, setting)| (name.clone(), setting.example.clone().unwrap_or("example".to_owned())))
    };
    open(OpenSource {
        id: SourceId::new("fuzz").expect("id"),
        manifest_name: name.to_owned(),
        manifest: text.to_owned(),
        settings: given(false).collect(),
        secrets: given(true).map(|(name, secret)| (name, secret.into())).collect(),
        folder: std::env::temp_dir(),
        ca_file: None,
        allow_http: true,
        limits: SourceLimits::default(),
    })
    .unwrap_or_else(|findings| panic!("{findings}"))
    .connector
}

/// The bodies of recorded answers.
fn answers(name: &str) -> Vec<Vec<u8>> {
    let samples = seeds(name, &[&format!("connectors/{name}/samples")]);
    let body = |sample: Vec<u8>| {
        let Ok(sample) = serde_json::from_slice::<serde_json::Value>(&sample) else { return sample };
        match (sample.pointer("/reply/body"), sample.pointer("/reply/text")) {
            (Some(body), _) => body.to_string().into_bytes(),
            (None, Some(text)) => text.as_str().unwrap_or_default().as_bytes().to_vec(),
            (None, None) => sample.to_string().into_bytes(),
        }
    };
    samples.into_iter().map(body).collect()
}

/// A page read again, and every record of it read into a draft.
fn page(connector: &dyn Connector, body: &[u8]) -> Vec<String> {
    let Some(listed) = connector.list_again(Bytes::copy_from_slice(body), None) else { return Vec::new() };
    match listed {
        Err(finding) => vec![finding.code],
        Ok(records) => {
            let read = |record| match connector.read(record) {
                Ok(draft) => format!("{:?}{}", draft.status, draft.events.len().min(4)),
                Err(rejection) => rejection.finding.code,
            };
            let mut outcomes: Vec<String> = records.iter().map(read).collect();
            outcomes.sort();
            outcomes.dedup();
            outcomes
        }
    }
}

#[test]
fn fuzz_pages_of_json() {
    for name in CONNECTORS.into_iter().filter(|name| *name != "eoffice-open") {
        let connector = connector(name);
        fuzz(name, answers(name), |input| page(connector.as_ref(), input));
    }
}

#[test]
fn fuzz_soap_answers() {
    let connector = connector("soap-tasks");
    fuzz("soap-tasks", answers("soap-tasks"), |input| {
        let fault = xml::soap::may_be_fault(input);
        (page(connector.as_ref(), input), fault)
    });
}

#[test]
fn fuzz_calendars_inside_xml() {
    let connector = connector("radicale");
    fuzz("radicale", answers("radicale"), |input| page(connector.as_ref(), input));
}

#[test]
fn fuzz_lines_of_taps_and_airbyte_sources() {
    for name in ["singer-file", "airbyte-declarative"] {
        let connector = connector(name);
        // Lines are kept below a line that says where the key is.
        let kept = |lines: Vec<u8>| [b"{\"lienthong\":\"1\",\"key\":[\"/id\"]}\n".to_vec(), lines].concat();
        let corpus = answers(name).into_iter().map(kept).collect();
        fuzz(name, corpus, |input| page(connector.as_ref(), input));
    }
}

const LISTS: &str = r#"
format_version = 1
kind = "http"
name = "lists"
version = "1"
title = { vi = "a", en = "a" }
[settings.base_url]
label = { vi = "a", en = "a" }
example = "http://127.0.0.1/"
[transport]
base_url = "{{ settings.base_url }}"
[paging]
kind = "none"
[fields]
title = "title"
status = { path = "status", map = { new = "open", done = "done" } }
due = { path = "due", date = ["%d/%m/%Y", "auto"] }
quantity = { path = "quantity", decimal = "comma" }
"#;

#[test]
fn fuzz_lists_in_csv_json_lines_and_xml() {
    let csv =
        "id;title;status;due;quantity\n1;\"Báo cáo; tháng 9\";new;15/11/2026;1.234,5\n2;Kế hoạch;done;;\n";
    let lines = "{\"id\":1,\"title\":\"a\",\"status\":\"new\",\"due\":\"15/11/2026\"}\n{\"id\":2,\"title\":\"b\",\"status\":\"done\"}\n";
    let xml = "<?xml version=\"1.0\"?><tasks xmlns:a=\"urn:a\"><task id=\"x\"><id>1</id><a:title>Báo &amp; cáo</a:title><status>new</status><due/></task></tasks>";
    for (format, records, seed) in [("csv", "", csv), ("json_lines", "", lines), ("xml", "tasks.task", xml)] {
        let records = if records.is_empty() { String::new() } else { format!("records = \"{records}\"\n") };
        let stream = format!("[stream]\npath = \"/t\"\nformat = \"{format}\"\n{records}key = \"id\"\n");
        let connector = of_text("lists", &format!("{LISTS}{stream}"));
        fuzz(format, vec![seed.as_bytes().to_vec()], |input| page(connector.as_ref(), input));
    }
}

#[test]
fn fuzz_json_trees() {
    let corpus = CONNECTORS.into_iter().flat_map(answers).collect();
    fuzz("json", corpus, |input| {
        let text = String::from_utf8_lossy(input);
        match Json::parse(&text) {
            Ok(json) => format!("{} {}", json.kind(), value_of(&json).kind()),
            Err(error) => error.told().en.chars().take(30).collect(),
        }
    });
}

#[test]
fn fuzz_edxml_packages() {
    let package = include_bytes!("../../corpus/edxml/document.edxml").to_vec();
    let reader = Edxml::default();
    fuzz("edxml", [package].into_iter().chain(seeds("edxml", &[])).collect(), |input| {
        match reader.read_and_cut(input) {
            Err(refusal) => format!("{refusal:?}").chars().take(20).collect::<String>(),
            Ok((package, kept)) => {
                // What is kept says the same again.
                assert!(reader.read_kept(&kept.0).is_ok());
                let mut warnings: Vec<String> = package
                    .warnings
                    .iter()
                    .map(|warning| format!("{warning:?}").chars().take(16).collect())
                    .collect();
                warnings.sort();
                warnings.dedup();
                warnings.join(",")
            }
        }
    });
}

#[test]
fn fuzz_sheets() {
    let mut corpus = seeds("sheet", &["connectors/task-sheet/samples"]);
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in
        [["Mã", "Nội dung", "Hạn"], ["1", "Báo cáo", "15/11/2026"], ["2", "Kế hoạch", ""]].iter().enumerate()
    {
        for (column, cell) in cells.iter().enumerate() {
            let (row, column) = (u32::try_from(row).expect("small"), u16::try_from(column).expect("small"));
            sheet.write(row, column, *cell).expect("a cell");
        }
    }
    corpus.push(book.save_to_buffer().expect("a workbook"));
    fuzz("sheet", corpus, |input| match Sheet::read("a", input) {
        Ok(sheet) => {
            format!("{} {} {}", sheet.spreadsheet, sheet.lines.len().min(6), sheet.broken.len().min(3))
        }
        Err(findings) => codes(&findings).join(","),
    });
}

#[test]
fn fuzz_manifests() {
    let corpus = std::fs::read_dir(project::root().join("connectors"))
        .expect("connectors")
        .flatten()
        .filter_map(|entry| std::fs::read(entry.path().join("manifest.toml")).ok())
        .collect();
    fuzz("manifest", corpus, |input| match manifest::parse("a", &String::from_utf8_lossy(input)) {
        Ok(loaded) => vec![loaded.manifest.name.len().min(8).to_string()],
        Err(findings) => codes(&findings),
    });
}

#[test]
fn fuzz_expressions_and_templates() {
    // The engine stops at a depth of its own; unoptimised, as in tests, its frames are ten times as large.
    let roomy = std::thread::Builder::new().stack_size(64 << 20).spawn(expressions_and_templates);
    roomy.expect("a thread").join().expect("no panic");
}

fn expressions_and_templates() {
    let corpus = [
        "{{ record.a ~ settings.b | fold }}",
        "record.status == 'new' and record.n is defined",
        "{{ record.list[0].name | upper | replace('a', 'b') }}",
        "{{ [1,2,3] | join(',') }}{% if record.a %}x{% endif %}",
        "record.text | vn_date | default('x')",
    ];
    let corpus = corpus.iter().map(|text| text.as_bytes().to_vec()).collect();
    let record = "{\"a\":\"Báo cáo\",\"n\":12345678901234567890,\"list\":[{\"name\":\"x\"}],\"text\":\"15/11/2026\",\"status\":\"new\"}";
    let record = value_of(&Json::parse(record).expect("JSON"));
    fuzz("expression", corpus, move |input| {
        let source = String::from_utf8_lossy(input);
        let context =
            minijinja::context!(record => record.clone(), settings => minijinja::context!(b => "c"));
        let template = Template::compile(&source, &["record", "settings"])
            .map(|template| template.render(&context).is_ok());
        let expression =
            Expression::compile(&source, &["record"]).map(|expression| expression.text(&context).is_ok());
        (template.map_err(|_| ()), expression.map_err(|_| ()), source.len().min(80) / 20)
    });
}

#[test]
fn fuzz_dates() {
    let spellings =
        ["auto", "rfc3339", "epoch_ms", "epoch_s", "excel", "%d/%m/%Y %H:%M", "%Y-%m-%dT%H:%M:%S%.f%z"];
    let rules: Vec<DateRule> = spellings
        .iter()
        .map(|spelling| DateRule::compile(&[(*spelling).to_owned()], local_offset()).expect("a rule"))
        .collect();
    let corpus = [
        "15/11/2026",
        "2026-11-15T08:00:00+07:00",
        "1791190801000",
        "46341",
        "15/11/2026 16:30",
        "31.12.2026",
    ];
    let corpus = corpus.iter().map(|text| text.as_bytes().to_vec()).collect();
    let sensible = |at: DateTime<Utc>| (1900..=2200).contains(&chrono::Datelike::year(&at));
    fuzz("date", corpus, move |input| {
        let text = String::from_utf8_lossy(input);
        let read: Vec<bool> = rules
            .iter()
            .map(|rule| {
                let at = rule.instant(&text);
                assert!(at.is_none_or(sensible), "{text}");
                at.is_some() == rule.due(&text, None).is_some()
            })
            .collect();
        (read, lienthong::text::date::date(&text).is_ok(), lienthong::text::date::instant(&text).is_ok())
    });
}

#[test]
fn fuzz_proposals() {
    let corpus = CONNECTORS.into_iter().flat_map(answers).chain(seeds("propose", &[])).collect();
    fuzz("propose", corpus, |input| {
        let text = String::from_utf8_lossy(input);
        let described = from_openapi("a", &text, None).is_ok();
        match from_sample("a", &text) {
            Ok(shape) => {
                // A proposal always loads, whatever names its members have.
                let proposal = propose("a", &shape);
                let loaded = manifest::parse("a", &proposal.manifest);
                assert!(loaded.is_ok(), "{}\n{}", proposal.manifest, loaded.expect_err("refused"));
                (described, shape.members.len().min(20), proposal.open.len())
            }
            Err(finding) => (described, finding.code.len(), 0),
        }
    });
}
