//! What the page of a score says of a result that stands: the approved one first, a year as it was classified, one imported.

use super::*;

/// What a total of the third quarter was derived from: one task of this title.
fn derived(total: &str, title: &str) -> Value {
    json!({
        "period": "2026-Q3", "role": "staff", "total": { "exact": total, "printed": total },
        "formulas": ["a = 1.2 / 1.2 = 100.00 % (Đ14.2.a)"],
        "lines": [{
            "source": "snv/1", "title": title, "product": "SP-1", "coefficient": "1.2", "assigned": "1",
            "completed": "1", "assigned_converted": "1.2", "completed_converted": "1.2", "quality": "1.2",
            "progress": "1.2", "late_count": 0, "quality_failures": 0, "due": "2026-09-12",
            "completed_on": "2026-09-10", "extra": false, "notes": [], "of": null
        }],
        "excluded": [], "rule_set": { "id": "gia-lai", "late_unit": "occurrence" }
    })
}

#[tokio::test]
async fn approved_result_is_explained_first_and_what_is_computed_now_is_one_step_away() {
    const AN: &str = "GL-00001";
    let both = both().await;
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-12-07T01:00:00Z");
        house.import(&[(AN, "Nguyễn Văn An")]).await;
        house.score_of(AN, "2026-Q3", (Some("96.32"), &[]), &derived("96.32", "Việc đã duyệt")).await;
        Record(house.app.clone()).run().await.expect("a run");
        house.approve(AN, "2026-Q3", 1).await;
        house.score_of(AN, "2026-Q3", (Some("96.68"), &[]), &derived("96.68", "Việc đến muộn")).await;
        Record(house.app.clone()).run().await.expect("a run");
        let site = Site::serving(TempDir::new().expect("a folder"), house.app.clone()).await;
        let address = format!("/scores/{}/2026-Q3", house.person(AN).await);
        let (approved, late) = ("Việc đã duyệt", "Việc đến muộn");
        for (query, shown, hidden, link, by_revision) in [
            ("?", approved, late, "href=\"?score=now\"", true),
            ("?score=now", late, approved, "href=\"?\"", false),
        ] {
            let html = site.get(&format!("{address}{query}")).await.text().await.expect("text");
            assert!(html.contains(shown) && !html.contains(hidden), "{query} ({}): {html}", store.kind());
            assert!(html.contains(link), "{query}: {html}");
            assert!(
                html.contains("Điểm đã duyệt (phiên bản 2):"),
                "the one that stands is the big one: {html}"
            );
            assert_eq!(html.contains("2026-Q3 --revision 2"), by_revision, "{query}: {html}");
        }
    }
}

#[tokio::test]
async fn classified_year_shows_the_level_decided_wherever_its_result_is_told() {
    const AN: &str = "GL-00001";
    let both = both().await;
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-12-07T01:00:00Z");
        house.import(&[(AN, "Nguyễn Văn An")]).await;
        house.no_history().await;
        house.score(AN, "2026", Some("91.00"), &[]).await;
        Record(house.app.clone()).run().await.expect("a run");
        // Good, though Excellent is proposed: the quota leaves no more.
        house.approve(AN, "2026", 1).await;
        let site = Site::serving(TempDir::new().expect("a folder"), house.app.clone()).await;
        let address = format!("/scores/{}/2026", house.person(AN).await);
        let result = async || {
            let html = site.get(&address).await.text().await.expect("text");
            let (_, after) = html.split_once("id=\"result\"").expect("the result");
            after.split_once("</section>").expect("its end").0.to_owned()
        };
        let explain =
            || Command::ScoreExplain { person: whom(AN), period: period("2026"), view: None, revision: None };
        let stands = async || {
            let Document::Json { value, text } = house.ordered(explain()).await.document else {
                panic!("no value")
            };
            (value["explanation"]["stands"].clone(), text.vi)
        };
        let same = result().await;
        assert!(
            same.contains(">Hoàn thành tốt</span>") && !same.contains("xuất sắc"),
            "{}: {same}",
            store.kind()
        );
        assert!(same.contains("91,00") && !same.contains("id=\"approved\""), "nothing differs: {same}");
        assert_eq!(stands().await.0, Value::Null, "{}", store.kind());
        let list = site.get("/scores?period=2026").await.text().await.expect("text");
        assert!(list.contains(">Hoàn thành tốt</span>") && !list.contains("xuất sắc"), "{list}");
        house.score(AN, "2026", Some("92.00"), &[]).await;
        Record(house.app.clone()).run().await.expect("a run");
        let (approved, text) = stands().await;
        assert_eq!((&approved["total"], &approved["level"]), (&json!("91.00"), &json!("good")), "{approved}");
        assert!(
            text.contains("Kết quả đã phê duyệt là 91,00 (Hoàn thành tốt nhiệm vụ, phiên bản 2"),
            "{text}"
        );
        let other = result().await;
        let (_, beside) = other.split_once("id=\"approved\"").expect("the approved result");
        assert!(
            beside.contains(">Hoàn thành tốt</span>") && beside.contains("92,00"),
            "{}: {other}",
            store.kind()
        );
    }
}

#[tokio::test]
async fn result_that_was_imported_is_shown_in_the_place_of_a_score_and_named_as_the_reason_for_none() {
    const AN: &str = "GL-00001";
    let both = both().await;
    for store in &both.stores {
        let house =
            Installed::new(store, &Targets::national("http://127.0.0.1:9"), "a", "2026-12-07T01:00:00Z");
        house.import(&[(AN, "Nguyễn Văn An")]).await;
        house.history("GL-00001,2025,88.50,good,7/QĐ-SNV,2025-12-10").await;
        let site = Site::serving(TempDir::new().expect("a folder"), house.app.clone()).await;
        let address = format!("/scores/{}/2025", house.person(AN).await);
        let html = site.get(&address).await.text().await.expect("text").replace("&#x2f;", "/");
        let (_, imported) = html.split_once("id=\"imported\"").expect("the imported result");
        for told in ["88,50", "Hoàn thành tốt", "7/QĐ-SNV", "10/12/2025"] {
            assert!(imported.contains(told), "{told} ({}): {html}", store.kind());
        }
        assert!(!html.contains("chưa có nhiệm vụ, hoặc"), "it is no missing score: {html}");
        let explain =
            Command::ScoreExplain { person: whom(AN), period: period("2025"), view: None, revision: None };
        let refused = house.order(explain).await;
        let told = &refused.findings[0];
        assert_eq!(told.code, "LT-SCO-010");
        assert!(told.what.en.contains("the result of the period was imported: 88.50 (7/QĐ-SNV)"), "{told:?}");
    }
}
