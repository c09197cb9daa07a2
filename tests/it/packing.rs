//! Pages whose packing fails or panics: the cursor stays where it was, and the next pull reads them again.

use crate::support::http::{Scripted, json};
use crate::support::site::{Site, program};
use crate::support::source::{HEAD, STREAM, record};
use lienthong::failpoint::FAULTS;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const SECTIONS: &str = "[auth]\nkind = \"basic\"\nusername = \"{{ settings.user }}\"\npassword = \"{{ secrets.password }}\"\n\
    [paging]\nkind = \"none\"\n\
    [incremental]\nparam = \"since\"\nformat = \"rfc3339\"\nfield = \"at\"\noverlap_s = 0\n\
    [fields]\ntitle = \"name\"\nstatus = { path = \"status\", map = { \"1\" = \"in_progress\" } }\n";

/// A source with an installation beside it; each record is a minute younger than the one before.
async fn source(records: &Arc<AtomicUsize>) -> (Scripted, Site) {
    let count = records.clone();
    let server = Scripted::start(move |_| {
        let items: Vec<_> = (0..count.load(Ordering::SeqCst))
            .map(|index| {
                let mut item = record(index);
                item["at"] = json!(format!("2026-09-01T08:{index:02}:00+07:00"));
                item["status"] = json!("1");
                item
            })
            .collect();
        json(json!({ "items": items, "total": items.len() }))
    })
    .await;
    let site = Site::new(&format!(
        "[[unit]]\ncode = \"SNV\"\nname = \"Sở Nội vụ\"\nkind = \"department\"\n\
         [[source]]\nid = \"desk\"\nunit = \"SNV\"\nmanifest = \"desk.toml\"\nschedule = \"0 0 1 1 *\"\nallow_http = true\n\
         settings = {{ base_url = \"{}\" }}\nsecrets = {{ password = {{ file = \"secret\" }} }}\n",
        server.base
    ));
    site.write("secret", "mat-khau");
    site.write("desk.toml", format!("{HEAD}{STREAM}{SECTIONS}"));
    (server, site)
}

/// The lower bound of the newest request.
fn since(server: &Scripted) -> Option<String> {
    server.asked().last().expect("a request").query.get("since").cloned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_whose_packing_fails_or_panics_leaves_the_cursor_and_is_read_again() {
    let records = Arc::new(AtomicUsize::new(1));
    let (server, site) = source(&records).await;
    site.json(&["sync", "desk"]);
    assert_eq!(since(&server), None, "the first pull reads everything");
    for (round, (fault, code)) in [("panic", "LT-PUL-003"), ("return", "LT-DB-011")].into_iter().enumerate() {
        records.fetch_add(1, Ordering::SeqCst);
        let mut order = program(site.path());
        order.args(["sync", "desk"]).env("FAILPOINTS", format!("{}={fault}", FAULTS[0]));
        let ran = order.output().expect("runs");
        let told = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(!ran.status.success() && told.contains(code), "{fault}: {told}");
        let cursor = since(&server);
        assert!(cursor.is_some(), "{fault}: it went on from the cursor of the pull before");
        assert_eq!(site.json(&["status"])["numbers"]["tasks"], json!(round + 1), "{fault}: nothing was kept");

        site.json(&["sync", "desk"]);
        assert_eq!(since(&server), cursor, "{fault}: the cursor had not moved, so the page came again");
        assert_eq!(
            site.json(&["status"])["numbers"]["tasks"],
            json!(round + 2),
            "{fault}: and now it is kept"
        );
        site.json(&["sync", "desk"]);
        assert_ne!(since(&server), cursor, "{fault}: with it the cursor moved");
    }
}
