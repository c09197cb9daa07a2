//! What a person sees: the page in Debian's Chromium, on the daemon as a user starts it.

use crate::support::browser::{Browser, Demonstration};
use fantoccini::Locator;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Longest anything may take to show.
const PATIENCE: Duration = Duration::from_secs(240);

/// Text of an element as written, blanks of numbers left out. Waits for it: a form sent or a page opened shows it
/// only once it is there.
async fn text(browser: &Browser, css: &str) -> String {
    let script =
        "const found = document.querySelector(arguments[0]); return found ? found.textContent : null;";
    let begun = Instant::now();
    loop {
        let found = browser.client.execute(script, vec![json!(css)]).await;
        if let Ok(Some(found)) = found.as_ref().map(Value::as_str) {
            return found.replace('\u{202f}', "").trim().to_owned();
        }
        assert!(begun.elapsed() < PATIENCE, "nothing is {css}: {found:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn number(browser: &Browser, css: &str) -> u64 {
    let text = text(browser, css).await;
    text.parse().unwrap_or_else(|_| panic!("{css} shows {text:?}"))
}

/// Asks again and again until the answer is the wanted one.
async fn until<F: Future<Output = bool>>(what: &str, mut ask: impl FnMut() -> F) {
    let begun = Instant::now();
    while !ask().await {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The figures of the first screen as the store counts them.
fn figures(status: &Value) -> [(&'static str, u64); 6] {
    let numbers = &status["numbers"];
    let of = |value: &Value| value.as_u64().unwrap_or(0);
    let sum = |value: &Value| value.as_object().map_or(0, |map| map.values().map(of).sum());
    let receipts =
        status["targets"].as_array().expect("targets").iter().map(|target| of(&target["receipts"])).sum();
    [
        ("tasks", of(&numbers["tasks"])),
        ("identified", of(&numbers["identified"])),
        ("mapped", of(&numbers["mapping"]["mapped"])),
        ("review", of(&numbers["mapping"]["review"])),
        ("records", sum(&numbers["records"])),
        ("receipts", receipts),
    ]
}

async fn shown(browser: &Browser) -> Vec<(&'static str, u64)> {
    let mut shown = Vec::new();
    for name in ["tasks", "identified", "mapped", "review", "records", "receipts"] {
        shown.push((name, number(browser, &format!("#stage-{name} .n")).await));
    }
    shown
}

/// Waits until every figure of a freshly loaded first screen lies between what the store counted just before and
/// just after: life goes on meanwhile.
async fn agree(demonstration: &Demonstration, browser: &Browser) {
    let begun = Instant::now();
    loop {
        let before = figures(&demonstration.status());
        go(browser, &demonstration.page).await;
        let (shown, after) = (shown(browser).await, figures(&demonstration.status()));
        let between = |((_, shown), ((_, before), (_, after))): (&(_, u64), (&(_, u64), &(_, u64)))| {
            (before.min(after)..=before.max(after)).contains(&shown)
        };
        if shown.iter().zip(before.iter().zip(&after)).all(between) {
            return;
        }
        assert!(
            begun.elapsed() < PATIENCE,
            "the page shows {shown:?}, the store {before:?} and then {after:?}"
        );
    }
}

/// Waits until quarters were scored and the first results have their receipts.
async fn life_has_begun(demonstration: &Demonstration) {
    until("receipts of the national database and approved quarters", || async {
        let status = demonstration.status();
        let national =
            status["targets"].as_array().into_iter().flatten().find(|row| row["target"] == "national");
        let numbers = &status["numbers"];
        let of = |state: &str| numbers["records"][state].as_u64().unwrap_or(0);
        // Everyone's year and most of the quarters.
        let approved = of("approved") + of("delivered") > numbers["people"].as_u64().unwrap_or(u64::MAX);
        approved && national.is_some_and(|row| row["receipts"].as_u64() > Some(5))
    })
    .await;
}

async fn go(browser: &Browser, address: &str) {
    browser.client.goto(address).await.unwrap_or_else(|error| panic!("{address}: {error}"));
}

async fn follow(browser: &Browser, css: &str) {
    let link = browser.client.find(Locator::Css(css)).await.unwrap_or_else(|error| panic!("{css}: {error}"));
    let href = link.attr("href").await.expect("attribute").expect("a link");
    let base = browser.client.current_url().await.expect("address");
    go(browser, base.join(&href).expect("address").as_str()).await;
}

#[tokio::test]
async fn an_operator_finds_the_store_s_figures_live_and_walks_from_a_score_to_its_task_and_article() {
    let demonstration = Demonstration::start(40, 300);
    let browser = Browser::start().await;
    life_has_begun(&demonstration).await;
    let page = demonstration.page.clone();

    // The first screen answers the five questions with the figures of the store.
    agree(&demonstration, &browser).await;
    for question in ["deadlines", "sources", "waiting", "changes", "health"] {
        let answer = text(&browser, &format!("#answer-{question} .answer strong")).await;
        assert!(!answer.is_empty(), "{question} has an answer");
    }
    assert_eq!(text(&browser, "html head title").await.split(" · ").next(), Some("Tổng quan"));
    let fresh = browser.client.find_all(Locator::Css("#sources tbody tr")).await.expect("sources");
    assert_eq!(fresh.len(), demonstration.status()["sources"].as_array().map_or(0, Vec::len));

    // A number changes while nobody reloads; what the reader opened and where they are stays.
    let marked = "window.stays = true; document.querySelector('#stage-tasks').focus(); window.scrollTo(0, 150); return 1;";
    browser.client.execute(marked, vec![]).await.expect("script");
    let tasks = number(&browser, "#stage-tasks .n").await;
    until("a new task shows by itself", || async { number(&browser, "#stage-tasks .n").await > tasks }).await;
    let same = "return [window.stays === true, document.activeElement.id, window.scrollY > 0];";
    let same = browser.client.execute(same, vec![]).await.expect("script");
    assert_eq!(same, json!([true, "stage-tasks", true]), "the page was not loaded again");

    // English sticks, and so does the way back.
    follow(&browser, "a.lang").await;
    assert_eq!(text(&browser, "#answer-sources h2").await, "Is each source fresh?");
    go(&browser, &format!("{page}/records")).await;
    assert_eq!(text(&browser, "h1").await, "Evaluation records");
    follow(&browser, "a.lang").await;
    go(&browser, &format!("{page}/records")).await;
    assert_eq!(text(&browser, "h1").await, "Hồ sơ đánh giá");

    // From a score to its derivation, an article of the decree, a task, and that task's source record.
    go(&browser, &format!("{page}/scores?period=2026-Q3")).await;
    follow(&browser, "#scores tbody td a").await;
    let total = text(&browser, "#total").await;
    let sum = text(&browser, ".derivation tr[data-key=total]").await;
    assert!(sum.contains("khoản 1 Điều 17"), "{sum}");
    assert!(total == "–" || sum.contains(&total), "{total} is in {sum}");
    assert!(text(&browser, ".derivation tr[data-key=a]").await.contains("điểm a khoản 2 Điều 14"));
    let title = text(&browser, "#lines tbody tr:first-child td a").await;
    follow(&browser, "#lines tbody tr:first-child td a").await;
    assert_eq!(text(&browser, "h1").await, title);
    assert!(text(&browser, "#product tbody tr").await.contains("SP-"), "the product that was decided");
    assert!(text(&browser, "#events tbody tr").await.contains("Giao việc"), "the first event");
    let hash = text(&browser, "#record div:last-child dd").await;
    assert!(hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{hash} is a hash");

    // A delivery with its receipt and every deadline.
    go(&browser, &format!("{page}/deliveries?target=national&state=acknowledged")).await;
    let receipt = text(&browser, "#all tbody tr:first-child td:nth-child(5)").await;
    follow(&browser, "#all tbody tr:first-child td a").await;
    let delivery = text(&browser, "#delivery").await;
    let number_of_receipt = receipt.get(..36).expect("a receipt number");
    assert!(delivery.contains(number_of_receipt), "{number_of_receipt} in {delivery}");
    assert!(delivery.contains("đã đến đúng hạn"), "{delivery}");
    assert!(text(&browser, "#deadlines").await.contains("Đ26.1.d"), "the rule that binds");

    // A person is found without accents and without a name in any address.
    go(&browser, &format!("{page}/people")).await;
    let form = browser.client.form(Locator::Css("form[role=search]")).await.expect("a form");
    form.set_by_name("name", "gl-00001").await.expect("typed").submit().await.expect("sent");
    assert!(text(&browser, "#people tbody").await.contains("GL-00001"));
    assert_eq!(browser.client.current_url().await.expect("address").query(), None);

    assert_eq!(browser.console().await, Vec::<String>::new(), "the console is silent");
    let foreign: Vec<String> = browser
        .requested()
        .await
        .into_iter()
        .filter(|address| {
            !address.starts_with(&page) && !address.starts_with("data:") && !address.starts_with("chrome")
        })
        .collect();
    assert!(foreign.is_empty(), "asked elsewhere: {foreign:?}");
    browser.client.clone().close().await.expect("the session ends");
}

/// Longest a page may take where nothing holds its connection back: a page that waits for one waits a minute or for ever.
const LOADS: Duration = Duration::from_secs(40);

/// Opens a page, and says which one does not open.
async fn loads(browser: &Browser, address: &str) {
    let gone = tokio::time::timeout(LOADS, browser.client.goto(address)).await;
    gone.unwrap_or_else(|_| panic!("{address} waits for a connection"))
        .unwrap_or_else(|error| panic!("{address}: {error}"));
}

#[tokio::test]
async fn whoever_goes_through_many_pages_or_opens_many_tabs_waits_for_no_connection() {
    let demonstration = Demonstration::start(20, 100);
    let browser = Browser::start().await;
    let page = &demonstration.page;
    let paths = ["/", "/waiting", "/scores", "/units", "/records", "/deliveries", "/changes", "/sources/snv"];
    for path in paths.iter().chain(&paths) {
        loads(&browser, &format!("{page}{path}")).await;
    }
    // More tabs than a browser opens connections to one server, each of which shows its page and stays open.
    for path in paths {
        let tab = browser.client.new_window(true).await.expect("a tab");
        browser.client.switch_to_window(tab.handle).await.expect("the tab");
        loads(&browser, &format!("{page}{path}")).await;
        assert!(!text(&browser, "h1").await.is_empty(), "{path}");
    }
    browser.client.clone().close().await.expect("the session ends");
}

#[tokio::test]
async fn every_page_fits_a_phone_is_labelled_and_works_without_scripts() {
    let demonstration = Demonstration::start(40, 300);
    let browser = Browser::start().await;
    life_has_begun(&demonstration).await;
    let page = demonstration.page.clone();
    go(&browser, &format!("{page}/scores?period=2026-Q3")).await;
    let link = browser.client.find(Locator::Css("#scores tbody td a")).await.expect("a score");
    let score = link.attr("href").await.expect("attribute").expect("a link");
    go(&browser, &format!("{page}{score}")).await;
    let link = browser.client.find(Locator::Css("#lines tbody td a")).await.expect("a task");
    let task = link.attr("href").await.expect("attribute").expect("a link");

    let phone = json!({ "width": 360, "height": 780, "deviceScaleFactor": 2, "mobile": true });
    browser.devtools("Emulation.setDeviceMetricsOverride", phone).await;
    let paths = [
        "/",
        "/units",
        "/tasks",
        "/scores",
        "/records",
        "/results",
        "/deliveries",
        "/waiting",
        "/changes",
        "/people",
        "/sources/snv",
        score.as_str(),
        task.as_str(),
        "/nowhere",
    ];
    for path in paths {
        go(&browser, &format!("{page}{path}")).await;
        let seen = browser
            .client
            .execute(
                "const doc = document.documentElement;
                 const name = (el) => (el.textContent.trim() || el.getAttribute('aria-label') || '');
                 return {
                   width: doc.scrollWidth, lang: doc.lang, main: document.querySelectorAll('main').length,
                   h1: document.querySelectorAll('h1').length,
                   nameless: [...document.querySelectorAll('a, button, select, input')]
                     .filter((el) => !name(el) && !el.labels?.length).map((el) => el.outerHTML),
                   ids: [...document.querySelectorAll('[id]')].map((el) => el.id)
                     .filter((id, at, all) => all.indexOf(id) !== at),
                   headless: [...document.querySelectorAll('table')].filter((el) => !el.querySelector('th[scope]')).length,
                   inline: document.querySelectorAll('[style], style, script:not([src])').length,
                   cut: [...document.querySelectorAll('header nav a')].filter((el) => {
                     const box = el.getBoundingClientRect();
                     return box.left < 0 || box.right > 360;
                   }).map((el) => el.textContent),
                 };",
                vec![],
            )
            .await
            .expect("script");
        let wanted = json!({
            "width": 360, "lang": "vi", "main": 1, "h1": 1, "nameless": [], "ids": [], "headless": 0, "inline": 0,
            "cut": [],
        });
        assert_eq!(seen, wanted, "{path}");
    }

    // Without scripts the pages are the same: figures, links and the switch of language.
    browser.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    go(&browser, &page).await;
    let answer = browser.client.find(Locator::Css("#stage-tasks .n")).await.expect("a figure");
    assert!(!answer.text().await.expect("text").is_empty());
    let switch = browser.client.find(Locator::Css("a.lang")).await.expect("the switch");
    switch.click().await.expect("clicked");
    let heading = browser.client.wait().for_element(Locator::Css("html[lang=en] h1")).await;
    heading.expect("the page in English");
    browser.client.clone().close().await.expect("the session ends");
}
