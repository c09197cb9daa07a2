//! What can be seen of a running daemon: its metrics are the documented ones, and neither they, the log, the page
//! nor the database file hold a secret or a citizen id.

use crate::support::project;
use crate::support::site::{Daemon, Site, output, told, until};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A small simulated province as a process of its own, and the daemon on it, configured from files.
struct Province {
    site: Site,
    _life: Daemon,
    daemon: Daemon,
}

const SIZE: [&str; 4] = ["--people", "20", "--tasks", "300"];

fn province(log: &str) -> Province {
    let site = Site::new("");
    // The demonstration writes province and configuration; what follows is an installation like any other.
    std::fs::remove_file(site.file("lienthong.toml")).expect("a folder of its own");
    let demo = [&["demo", "--data-dir", ".", "--port", "0"], SIZE.as_slice()].concat();
    drop(Daemon::start(site.path(), &demo, &[]));
    let text = std::fs::read_to_string(site.file("lienthong.toml")).expect("the configuration");
    let (_, after) = text.split_once("http://127.0.0.1:").expect("an address");
    let port: String = after.chars().take_while(char::is_ascii_digit).collect();
    site.write("lienthong.toml", format!("{text}\n[log]\nfilter = \"{log}\"\n"));
    let listen = format!("127.0.0.1:{port}");
    let life = [
        "simulate",
        "--data-dir",
        "province",
        "--today",
        "2026-12-07",
        "--auto-tick",
        "200",
        "--listen",
        &listen,
    ];
    let life = Daemon::start(site.path(), &[life.as_slice(), &SIZE].concat(), &[]);
    let daemon = site.daemon();
    Province { site, _life: life, daemon }
}

impl Province {
    fn metrics(&self) -> String {
        let (status, text) = self.daemon.get("/metrics");
        assert_eq!(status, 200, "{text}");
        text
    }

    /// Waits until sources are read, tasks mapped, scores computed and results sent.
    fn let_it_work(&self) {
        // Results of a quarter leave when somebody closes it; a year is that of all its quarters and comes later.
        until("the third quarter is closed", || {
            let approved = self.site.json(&["status"])["numbers"]["records"]["approved"].as_u64() > Some(0);
            let by = ["--author", "Phòng Tổ chức", "--document", "1/TB-SNV", "--reason", "đủ kết quả"];
            let order = [["period", "close", "2026-Q3"].as_slice(), &by].concat();
            approved && told(&output(self.site.path(), &order)).0 == 0
        });
        until("everything has happened once", || {
            let status = self.site.json(&["status"]);
            let all = |list: &str, test: &dyn Fn(&Value) -> bool| {
                status[list].as_array().expect("rows").iter().all(test)
            };
            all("sources", &|source| source["state"] == "ok" || source["state"] == "partly")
                && all("targets", &|target| target["receipts"] != 0)
                && status["numbers"]["mapping"]["mapped"].as_u64() > Some(0)
                && !self.site.json(&["score", "show"]).as_array().expect("rows").is_empty()
                // Read a second time.
                && self.metrics().lines().any(|line| {
                    line.starts_with("lienthong_source_records_total{source=\"snv\",result=\"unchanged\"}")
                        && !line.ends_with(" 0")
                })
        });
    }
}

/// Name → kind, labels, meaning, as docs/LOGGING.md lists them.
fn documented() -> BTreeMap<String, (String, BTreeSet<String>, String)> {
    let text = std::fs::read_to_string(project::root().join("docs/LOGGING.md")).expect("readable");
    let rows = text.lines().filter(|line| line.starts_with("| `lienthong_"));
    rows.map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, kind, labels, meaning] = cells.as_slice() else { panic!("four cells: {line}") };
        let labels = labels.split_whitespace().map(str::to_owned).collect();
        (name.trim_matches('`').to_owned(), ((*kind).to_owned(), labels, (*meaning).to_owned()))
    })
    .collect()
}

/// The label names of a sample.
fn labels(sample: &str) -> BTreeSet<String> {
    let Some((_, rest)) = sample.split_once('{') else { return BTreeSet::new() };
    let inner = rest.split('}').next().unwrap_or_default();
    let names = inner.split("\",").filter_map(|pair| pair.split_once('=')).map(|(name, _)| name.trim());
    names.filter(|name| *name != "le").map(str::to_owned).collect()
}

#[test]
fn every_documented_metric_is_served_with_its_kind_meaning_and_labels_and_no_other() {
    let province = province("info");
    province.let_it_work();
    // A call nobody takes is counted as well.
    let call =
        "POST /hooks/nobody HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let mut stream = std::net::TcpStream::connect(province.daemon.page()).expect("connects");
    std::io::Write::write_all(&mut stream, call.as_bytes()).expect("called");
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut stream, &mut answer).expect("answered");
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    let documented = documented();
    let of_ours = |text: &str| -> BTreeSet<String> {
        let typed = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
        typed.filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
    };
    let text = province.metrics();
    assert_eq!(of_ours(&text), documented.keys().cloned().collect(), "served and documented");
    let mut sampled = BTreeSet::new();
    for (name, (kind, known, meaning)) in &documented {
        assert!(text.contains(&format!("# TYPE {name} {kind}\n")), "{name} is a {kind}");
        assert!(text.contains(&format!("# HELP {name} {meaning}\n")), "{name}: {meaning}");
        for sample in text.lines().filter(|line| !line.starts_with('#')) {
            let family = sample.split(['{', ' ']).next().unwrap_or_default();
            let own = ["", "_bucket", "_sum", "_count"].iter().any(|end| family == format!("{name}{end}"));
            if own {
                assert_eq!(&labels(sample), known, "{sample}");
                sampled.insert(name.clone());
            }
        }
    }
    // An installation in which everything has reached its receivers has no unsettled deadline.
    sampled.insert("lienthong_outbox_deadline_margin_seconds".to_owned());
    assert_eq!(sampled, documented.keys().cloned().collect(), "each has samples");
    let value = |start: &str| -> f64 {
        let line = text.lines().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{start}"));
        line.rsplit(' ').next().and_then(|number| number.parse().ok()).expect("a number")
    };
    assert!(value("lienthong_source_records_total{source=\"snv\",result=\"unchanged\"}") > 0.0);
    assert!(value("lienthong_delivery_attempts_total{target=\"evaluation\",class=\"acknowledged\"}") > 0.0);
    assert!(value("lienthong_commands_total{command=\"status\",exit=\"0\"}") > 0.0);
    assert!(value("lienthong_step_runs_total{step=\"score\",outcome=\"done\"}") > 0.0);
}

#[test]
fn no_secret_and_no_citizen_id_is_in_log_metrics_page_or_database_even_at_trace() {
    let province = province("trace");
    province.let_it_work();
    province.site.json(&["people", "import", "province/people.csv", "--units", "province/units.csv"]);
    province.site.json(&["check"]);
    let read = |name: &str| std::fs::read_to_string(province.site.file(name)).expect("readable");
    let mut hidden: Vec<(String, String)> = Vec::new();
    for secret in ["eoffice", "tracker", "ward", "evaluation", "national"] {
        hidden
            .push((format!("secret {secret}"), read(&format!("province/{secret}.secret")).trim().to_owned()));
    }
    hidden.push(("the field key".to_owned(), read("data/keys/field.key").trim().to_owned()));
    let mut named = Vec::new();
    for line in read("province/people.csv").lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        hidden.push((format!("citizen id of {}", cells[0]), cells[1].to_owned()));
        named.push(cells[2].to_owned());
    }
    assert!(hidden.len() > 60 && hidden.iter().all(|(_, text)| text.len() >= 8), "{hidden:?}");

    let mut seen: Vec<(String, Vec<u8>)> = Vec::new();
    for path in [
        "/",
        "/?lang=en",
        "/waiting",
        "/records",
        "/deliveries",
        "/scores",
        "/sources/chuse",
        "/metrics",
        "/readyz",
    ] {
        let (status, body) = province.daemon.get(path);
        assert!(status < 400, "{path} {status}");
        seen.push((path.to_owned(), body.into_bytes()));
    }
    let scores = String::from_utf8_lossy(&seen[5].1).replace("&#x2f;", "/");
    let link = scores.split("href=\"").find_map(|rest| rest.strip_prefix("/scores/")?.split('"').next());
    let link = format!("/scores/{}", link.expect("a score"));
    seen.push((link.clone(), province.daemon.get(&link).1.into_bytes()));
    let log = province.daemon.told();
    assert!(log.contains("\"level\":\"TRACE\"") || log.contains("\"level\":\"DEBUG\""), "a fine log");
    for name in named.iter().filter(|name| name.split(' ').count() > 2) {
        assert!(!log.contains(name.as_str()), "the log names {name}");
    }
    for line in log.lines().filter(|line| line.contains("http://") || line.contains("https://")) {
        assert!(!line.contains('?'), "a query string: {line}");
    }
    assert!(!log.contains("Bearer ") && !log.to_lowercase().contains("authorization:"), "a header");
    seen.push(("the log".to_owned(), log.into_bytes()));
    for file in ["data/lienthong.db", "data/lienthong.db-wal"] {
        seen.push((file.to_owned(), std::fs::read(province.site.file(file)).expect("readable")));
    }
    for (place, bytes) in &seen {
        assert!(!bytes.is_empty(), "{place}");
        // All of them are plain letters and figures; the library's search is fast also where tests are not optimised.
        let told = String::from_utf8_lossy(bytes);
        for (what, text) in &hidden {
            assert!(text.is_ascii() && !told.contains(text.as_str()), "{what} stands in {place}");
        }
    }
}
