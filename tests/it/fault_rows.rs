//! Rows of the fault list at their full size or on their whole way, which the tests of single parts do not reach.

use crate::support::http::{Scripted, json, status};
use crate::support::site::{Site, program, until};
use crate::support::source::{HEAD, PASSWORD, STREAM, connect, full, opened, pull, record};
use lienthong::connector::{Connector as _, PullMode, PullRequest, Step};
use lienthong::error::Disposition;
use serde_json::json;
use std::collections::BTreeSet;

/// E1: an absurd wait of a source stands on its page, with the moment until which it is left alone.
#[tokio::test(flavor = "multi_thread")]
async fn absurd_wait_of_a_source_is_shown_on_its_page() {
    let server = Scripted::start(|_| status(429, &[("retry-after", "1000000000")], "")).await;
    let site = Site::new(&format!(
        "[[unit]]\ncode = \"SNV\"\nname = \"Sở Nội vụ\"\nkind = \"department\"\n\
         [[source]]\nid = \"desk\"\nunit = \"SNV\"\nmanifest = \"desk.toml\"\nschedule = \"*/5 * * * *\"\nallow_http = true\n\
         settings = {{ base_url = \"{}\" }}\nsecrets = {{ password = {{ file = \"secret\" }} }}\n",
        server.base
    ));
    site.write("secret", PASSWORD);
    let fields = "[fields]\ntitle = \"name\"\nstatus = \"status\"\n";
    site.write("desk.toml", format!("{HEAD}{STREAM}{fields}"));
    let daemon = site.daemon();
    // A source that was never pulled is pulled at once.
    until("its first pull is told", || {
        let (code, page) = daemon.get("/sources/desk");
        code == 200 && page.contains("LT-NET-011") && page.contains("được để yên đến lúc đó vì lỗi")
    });
    assert!(site.refused(&["sync", "desk"], 1).contains("LT-NET-036"), "an order keeps to it as well");
    assert_eq!(server.asked().len(), 1);
}

/// E2: one answer in twenty fails at random: everything is read, and hardly more is asked for than without.
#[tokio::test]
async fn one_failure_in_twenty_costs_a_tenth_at_most_and_loses_nothing() {
    const PAGES: usize = 300;
    let server = Scripted::start(|asked| {
        // Spread like dice, and the same in every run.
        if (asked.index * 2_654_435_761) % 4_294_967_296 / 65_536 % 20 == 7 {
            return status([500, 502, 503][asked.index % 3], &[], "busy");
        }
        json(json!({ "items": [record(asked.number("page"))], "total": PAGES }))
    })
    .await;
    let paging = "[paging]\nkind = \"page\"\nparam = \"page\"\nsize = 1\n";
    let pulled = full(&server, &format!("{STREAM}{paging}")).await.expect("everything");
    assert_eq!((pulled.distinct(), pulled.end.complete), ((1..=PAGES).collect(), true));
    let more = server.asked().len() - PAGES;
    assert!((5..=PAGES / 10).contains(&more), "{more} requests more than pages");
}

/// E2, invariant 11: a source that fails every third time is not asked again and again for ever: ten repetitions, and
/// one for each ten good answers.
#[tokio::test]
async fn storm_of_failures_never_exceeds_the_budget_of_repetitions() {
    for (code, told) in [(503, "LT-NET-012"), (429, "LT-NET-011")] {
        let server = Scripted::start(move |asked| {
            if asked.index % 3 == 1 {
                return status(code, &[("retry-after", "0")], "");
            }
            json(json!({ "items": [record(asked.number("page"))], "total": 1_000 }))
        })
        .await;
        let paging = "[paging]\nkind = \"page\"\nparam = \"page\"\nsize = 1\n";
        let error = full(&server, &format!("{STREAM}{paging}")).await.expect_err("the budget ends");
        assert_eq!((error.finding.code.as_str(), error.disposition), (told, Disposition::RetryLater));
        let asked = server.asked();
        let pages: BTreeSet<usize> = asked.iter().map(|asked| asked.number("page")).collect();
        let repeated = asked.len() - pages.len();
        assert!((10..=10 + pages.len() / 10).contains(&repeated), "{code}: {repeated} of {}", pages.len());
    }
}

/// F1: one record of 100 MB among others: it alone is set aside, by its size, and a page keeps little of it.
#[tokio::test]
async fn record_of_a_hundred_megabytes_is_rejected_alone_by_its_size() {
    const HUGE: usize = 100_000_000;
    let long = "x".repeat(HUGE);
    let json_stream = STREAM.to_owned();
    let lines = "[stream]\npath = \"/tasks\"\nformat = \"json_lines\"\nkey = \"id\"\n".to_owned();
    let xml =
        "[stream]\npath = \"/tasks\"\nformat = \"xml\"\nrecords = \"tasks/task\"\nkey = \"@id\"\n".to_owned();
    let fields = "[fields]\ntitle = \"name\"\nstatus = { const = \"open\" }\n";
    for (sections, kind, body) in [
        (
            json_stream,
            "application/json",
            format!("{{\"items\":[{{\"id\":1}},{{\"id\":2,\"name\":\"{long}\"}},{{\"id\":3}}]}}"),
        ),
        (
            lines,
            "application/x-ndjson",
            format!("{{\"id\":1}}\n{{\"id\":2,\"name\":\"{long}\"}}\n{{\"id\":3}}\n"),
        ),
        (
            xml,
            "text/xml",
            format!(
                "<tasks><task id=\"1\"/><task id=\"2\"><name>{long}</name></task><task id=\"3\"/></tasks>"
            ),
        ),
    ] {
        let server = Scripted::start(move |_| status(200, &[("content-type", kind)], &body)).await;
        let manifest =
            format!("{HEAD}{sections}{fields}").replace("max_answer_mib = 1", "max_answer_mib = 256");
        let settings = [("base_url".to_owned(), server.base.clone())].into();
        let secrets = [("password".to_owned(), PASSWORD.to_owned().into())].into();
        let connector = opened("huge", &manifest, &settings, &secrets);
        let now = "2026-11-24T08:00:00Z".parse().expect("instant");
        let request = PullRequest { mode: PullMode::Full, cursor: None, now };
        let mut pull = connector.pull(request).await.expect("begun");
        let Step::Page(page) = pull.next_page().await.unwrap_or_else(|error| panic!("{kind}: {error}"))
        else {
            panic!("{kind}: no page")
        };
        let keys: Vec<&str> = page.records.iter().map(|record| record.external_id.as_str()).collect();
        assert_eq!(keys, ["1", "3"], "{kind}");
        assert_eq!(page.rejected.len(), 1, "{kind}");
        let one = &page.rejected[0];
        assert_eq!((one.finding.code.as_str(), one.index), ("LT-SRC-004", 1), "{kind}: {}", one.finding);
        let told = &one.finding.what.en;
        assert!(told.contains("1000000") && told.contains("SHA-256"), "{kind}: {told}");
        assert!(one.body.len() <= 4096, "{kind}: {} bytes are kept", one.body.len());
        let Step::End(end) = pull.next_page().await.expect("ends") else { panic!("{kind}: a page") };
        assert!(!end.complete, "{kind}: nothing is gone");
    }
}

/// F4: whatever an answer refers to is fetched from nowhere: no schema, no style sheet, no part, no document type.
#[tokio::test]
async fn nothing_an_answer_refers_to_is_fetched() {
    let xml = "[stream]\npath = \"/tasks\"\nformat = \"xml\"\nrecords = \"tasks/task\"\nkey = \"@id\"\n";
    let trap = Scripted::start(|_| status(200, &[], "hidden")).await;
    let at = trap.base.clone();
    let harmless = format!(
        "<?xml version=\"1.0\"?><?xml-stylesheet href=\"{at}/style.xsl\"?>\
         <tasks xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"urn:t {at}/t.xsd\" \
         xsi:noNamespaceSchemaLocation=\"{at}/n.xsd\" xmlns:xi=\"http://www.w3.org/2001/XInclude\">\
         <task id=\"1\"><xi:include href=\"{at}/part.xml\"/></task></tasks>"
    );
    let server = Scripted::start(move |_| status(200, &[("content-type", "text/xml")], &harmless)).await;
    assert_eq!(full(&server, xml).await.expect("read").keys(), ["1"]);
    for doctype in [
        format!("<!DOCTYPE tasks SYSTEM \"{at}/t.dtd\">"),
        format!("<!DOCTYPE tasks [<!ENTITY % p SYSTEM \"{at}/p.ent\"> %p;]>"),
        format!("<!DOCTYPE tasks [<!ENTITY e SYSTEM \"{at}/e.txt\">]>"),
    ] {
        let body = format!("<?xml version=\"1.0\"?>{doctype}<tasks><task id=\"1\">&e;</task></tasks>");
        let server = Scripted::start(move |_| status(200, &[("content-type", "text/xml")], &body)).await;
        full(&server, xml).await.expect_err("a document type");
        assert_eq!(server.asked().len(), 1);
    }
    assert_eq!(trap.asked().len(), 0);
}

/// F7, F8: what is no number refuses its line, what no decimal holds its record; the others are exact to the last digit.
#[tokio::test]
async fn numbers_that_are_none_or_too_large_reject_their_record_and_the_others_are_exact() {
    let lines = "[stream]\npath = \"/tasks\"\nformat = \"json_lines\"\nkey = \"id\"\n";
    let fields = "[fields]\ntitle = { const = \"Việc\" }\nstatus = { const = \"open\" }\nquantity = \"n\"\n";
    let numbers = [
        ("9007199254740993", Some("9007199254740993")),
        ("0.1", Some("0.1")),
        ("0.30000000000000004", Some("0.30000000000000004")),
        ("-0", Some("0")),
        ("1e999", None),
        ("-1", None),
        ("\"NaN\"", None),
        ("\"Infinity\"", None),
    ];
    let mut body: String =
        (1..).zip(numbers).map(|(id, (number, _))| format!("{{\"id\":{id},\"n\":{number}}}\n")).collect();
    // None of these is JSON; the last is a key that lost nothing but its quotes.
    for wrong in ["{\"id\":90,\"n\":NaN}", "{\"id\":91,\"n\":Infinity}", "{\"id\":079201001234,\"n\":1}"] {
        body += wrong;
        body.push('\n');
    }
    let kind = [("content-type", "application/x-ndjson")];
    let server = Scripted::start(move |_| status(200, &kind, &body)).await;
    let settings = [("base_url".to_owned(), server.base.clone())].into();
    let secrets = [("password".to_owned(), PASSWORD.to_owned().into())].into();
    let connector = opened("numbers", &format!("{HEAD}{lines}{fields}"), &settings, &secrets);
    let now = "2026-11-24T08:00:00Z".parse().expect("instant");
    let mut pull =
        connector.pull(PullRequest { mode: PullMode::Full, cursor: None, now }).await.expect("begun");
    let Ok(Step::Page(page)) = pull.next_page().await else { panic!("a page") };
    let refused: Vec<&str> = page.rejected.iter().map(|one| one.finding.code.as_str()).collect();
    assert_eq!((page.records.len(), refused), (numbers.len(), vec!["LT-SRC-002"; 3]));
    for (raw, (number, expected)) in page.records.iter().zip(numbers) {
        let read = connector.read(raw);
        match expected {
            Some(expected) => {
                let quantity = read.unwrap_or_else(|why| panic!("{number}: {}", why.finding)).quantity;
                let exact = quantity.expect(number).normalize().to_string();
                assert_eq!(exact.trim_start_matches('-'), expected, "{number}");
            }
            None => {
                let why = read.map(|draft| draft.quantity).expect_err(number);
                assert_eq!(why.finding.code, "LT-SRC-008", "{number}: {}", why.finding);
            }
        }
    }
}

/// E4: a page that breaks behind good ones is thrown away whole; those before it count, and nothing is gone.
#[tokio::test]
async fn page_that_breaks_behind_good_ones_is_thrown_away_whole() {
    let server = Scripted::start(|asked| {
        let good = json!({ "items": [record(asked.number("page"))], "total": 9 }).to_string();
        match asked.number("page") {
            3.. => status(200, &[("content-type", "application/json")], &good[..good.len() - 9]),
            _ => status(200, &[("content-type", "application/json")], &good),
        }
    })
    .await;
    let sections = format!("{STREAM}[paging]\nkind = \"page\"\nparam = \"page\"\nsize = 1\n");
    let connector = connect(&server.base, &sections);
    let request = PullRequest { mode: PullMode::Full, cursor: None, now: crate::support::source::now() };
    let mut running = connector.pull(request).await.expect("begun");
    for number in ["1", "2"] {
        let Ok(Step::Page(page)) = running.next_page().await else { panic!("page {number}") };
        assert_eq!(page.records[0].external_id, number);
    }
    let error = running.next_page().await.expect_err("broken");
    assert_eq!(error.finding.code, "LT-SRC-002");
    assert!(pull(&connector, PullMode::Full, None).await.is_err(), "and so does the next pull");
}

/// The far machine, in a network of its own that it shares with the program: on the second page its power fails, so
/// that nothing sent arrives any more and nobody says so. It comes back when the file `light` is there.
const FAR_SIDE: &str = r#"
import fcntl, json, os, socket, struct, threading, time
def power(on):
    flags = struct.pack('16sh14x', b'lo', 1 if on else 0)
    fcntl.ioctl(socket.socket(socket.AF_INET, socket.SOCK_DGRAM), 0x8914, flags)
def page(number):
    items = [{"id": number, "name": "Viec", "status": "1"}]
    body = json.dumps({"items": items, "total": 2}).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body
def serve(link):
    while True:
        asked = link.recv(65536).decode()
        if not asked:
            return
        answer = page(2 if "page=2" in asked else 1)
        if "page=2" in asked and not os.path.exists("light"):
            link.sendall(answer[:-20])
            time.sleep(0.2)
            power(False)
            return time.sleep(600)
        link.sendall(answer)
power(True)
door = socket.socket()
door.bind(("127.0.0.1", 8336))
door.listen()
open("listens", "w").close()
def light():
    while not os.path.exists("light"):
        time.sleep(0.05)
    power(True)
    open("lit", "w").close()
threading.Thread(target=light, daemon=True).start()
while True:
    threading.Thread(target=serve, args=(door.accept()[0],), daemon=True).start()
"#;

/// E4: the far machine loses its power in the middle of an answer: no end, no reset, nothing. What came whole stays, the
/// rest is thrown away, whoever tries again meanwhile is told, and nothing is missing once it is back.
#[test]
fn far_machine_that_loses_its_power_ends_the_pull_at_its_limit_and_nothing_is_half_applied() {
    let site = Site::new(
        "[[unit]]\ncode = \"SNV\"\nname = \"Sở Nội vụ\"\nkind = \"department\"\n\
         [[source]]\nid = \"desk\"\nunit = \"SNV\"\nmanifest = \"desk.toml\"\nschedule = \"0 0 1 1 *\"\nallow_http = true\n\
         settings = { base_url = \"http://127.0.0.1:8336\" }\nsecrets = { password = { file = \"secret\" } }\n",
    );
    site.write("secret", PASSWORD);
    let hasty = HEAD
        .replace("connect_timeout_s = 5", "connect_timeout_s = 2")
        .replace("read_timeout_s = 5", "read_timeout_s = 2")
        .replace("attempts = 3", "attempts = 1");
    let rest = "[paging]\nkind = \"page\"\nparam = \"page\"\nsize = 1\n\
                [fields]\ntitle = \"name\"\nstatus = { path = \"status\", map = { \"1\" = \"in_progress\" } }\n";
    site.write("desk.toml", format!("{hasty}{STREAM}{rest}"));
    site.write("far.py", FAR_SIDE);
    site.write(
        "script",
        "python3 far.py 2>far.err & far=$!\n\
         n=0; until [ -e listens ]; do sleep 0.1; n=$((n+1)); [ $n -lt 600 ] || exit 90; done\n\
         order() { name=$1; shift; \"$LT\" \"$@\" >$name.out 2>$name.err; echo $? >$name.exit; }\n\
         order dark sync desk --full\n\
         order during status --json\n\
         order still sync desk --full\n\
         touch light; until [ -e lit ]; do sleep 0.1; done\n\
         order after sync desk --full\n\
         order end status --json\n\
         kill $far\n",
    );
    // A network of its own needs a name space of users, or root.
    let within = |options: &[&str]| {
        let mut shell = std::process::Command::new("unshare");
        shell.args(options).args(["--net", "--", "sh", "script"]);
        shell.env("LT", program(site.path()).get_program()).env("LANG", "C.UTF-8").env("USER", "tester");
        shell.current_dir(site.path()).output().expect("unshare, of the package util-linux")
    };
    let mut ran = within(&["--user", "--map-root-user"]);
    if !ran.status.success() && !site.file("dark.exit").exists() {
        ran = within(&[]);
    }
    let read = |name: &str| std::fs::read_to_string(site.file(name)).unwrap_or_default();
    let told = String::from_utf8_lossy(&ran.stderr).into_owned() + &read("far.err");
    assert!(ran.status.success(), "this test needs a network of its own: user name spaces or root: {told}");
    let exits = ["dark", "still", "after"].map(|name| read(&format!("{name}.exit")).trim().to_owned());
    assert_eq!(exits, ["1", "1", "0"], "{}{}{}", read("dark.err"), read("still.err"), read("after.err"));
    assert!(read("dark.err").contains("LT-NET-002"), "{}", read("dark.err"));
    let still = read("still.err");
    assert!(["LT-NET-001", "LT-NET-002"].iter().any(|code| still.contains(code)), "{still}");
    let tasks = |name: &str| {
        let shown: serde_json::Value = serde_json::from_str(&read(&format!("{name}.out"))).expect("JSON");
        shown["numbers"]["tasks"].clone()
    };
    assert_eq!((tasks("during"), tasks("end")), (json!(1), json!(2)), "the page that came whole, then both");
}
