//! What scores read of a person's tasks in short: it says what the tables say, is emptied by every change of them, and
//! nothing older than the tasks is kept.

use crate::score_step::{AN, at_work, settled, task, verified};
use crate::support::installation::{Installed, period};
use crate::support::stores::{both, one, run_sql};
use lienthong::domain::PersonId;
use lienthong::pipeline::score::Score;
use lienthong::pipeline::step::Step as _;
use lienthong::store::{Store, StoreConfig};
use sqlx::{Connection as _, Row as _};

/// Tasks of somebody as a score reads them.
async fn read(store: &Store, person: PersonId) -> String {
    format!("{:?}", store.tasks_of_people(&[person]).await.expect("tasks"))
}

/// How many people's tasks are kept in short.
async fn kept(config: &StoreConfig) -> i64 {
    let StoreConfig::Sqlite(path) = config else { panic!("SQLite alone keeps them") };
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
    let mut raw = sqlx::SqliteConnection::connect_with(&options).await.expect("opened");
    let count = "SELECT count(*) FROM person_tasks WHERE body IS NOT NULL AND form > 0";
    let row = sqlx::query(count).fetch_one(&mut raw).await.expect("counted");
    raw.close().await.expect("closed");
    row.get(0)
}

/// Keeps somebody's tasks in short as the scoring step does.
async fn keep(store: &Store, person: PersonId) {
    let read = store.tasks_of(&[person]).await.expect("tasks");
    let to_keep = read.iter().filter_map(|(person, tasks)| tasks.to_keep(*person).expect("packed"));
    store.keep_tasks(to_keep.collect()).await.expect("kept");
}

async fn with_tasks(store: &Store) -> (Installed, PersonId) {
    let house = at_work(store, "2026-11-20T08:00:00Z").await;
    house.import(&[(AN, "Nguyễn Văn An")]).await;
    task(&house, "1", "2026-11-25", Some("2026-11-19T01:00:00.25Z")).await;
    task(&house, "2", "2026-11-28", None).await;
    let person = house.person(AN).await;
    (house, person)
}

#[tokio::test]
async fn scores_read_the_same_tasks_in_short_as_from_the_tables() {
    let both = both().await;
    for (store, config) in both.stores.iter().zip(both.configs()) {
        let (house, person) = with_tasks(store).await;
        let from_tables = read(store, person).await;
        assert!(from_tables.contains("Báo cáo 1") && from_tables.contains("Báo cáo 2"), "{from_tables}");
        settled(&house).await;
        if matches!(config, StoreConfig::Sqlite(_)) {
            assert_eq!(kept(&config).await, 1);
        }
        assert_eq!(read(store, person).await, from_tables);
    }
}

#[tokio::test]
async fn every_change_of_what_a_score_reads_empties_the_short_form_and_nothing_else_does() {
    let (folder, store) = one().await;
    let config = StoreConfig::Sqlite(folder.path().join("lienthong.db"));
    let (_, person) = with_tasks(&store).await;
    let changes = [
        "UPDATE task SET title = title || '!' WHERE external_id = '1'",
        "UPDATE task SET due_day = '2026-12-01' WHERE external_id = '1'",
        "UPDATE task SET facts = json_set(facts, '$.b', 2) WHERE external_id = '1'",
        "INSERT INTO task (source_id, external_id, hash, status, title, changed_at, identify_due, map_due, facts) \
         SELECT source_id, external_id, hash, 'cancelled', title, changed_at, identify_due, map_due, facts FROM task \
         WHERE external_id = '1' ON CONFLICT (source_id, external_id) DO UPDATE SET status = excluded.status",
        "UPDATE mapping SET coefficient = '7' WHERE task_id = 1",
        "DELETE FROM mapping WHERE task_id = 1",
        "INSERT INTO mapping (task_id, state, product, catalog_version, coefficient, decided_by, reason, decided_at) \
         SELECT 1, state, product, catalog_version, coefficient, decided_by, reason, decided_at FROM mapping \
         WHERE task_id = 2",
        "INSERT INTO mapping_pending (task_id, proposal_id, code, coefficient) VALUES (1, 1, 'SP-9', '1')",
        "UPDATE mapping_pending SET coefficient = '2' WHERE task_id = 1",
        "DELETE FROM mapping_pending",
        "INSERT INTO task_duplicate (task_id, primary_id) VALUES (2, 1)",
        "UPDATE task_duplicate SET primary_id = 2 WHERE task_id = 2",
        "DELETE FROM task_duplicate",
        "UPDATE task_person SET since = '2026-11-02T00:00:00.000Z' WHERE task_id = 1",
        "UPDATE task_person SET person_id = '00000000-0000-7000-8000-000000000000' WHERE task_id = 1",
        "INSERT INTO task_person SELECT 1, 7, person_id, NULL, 0, 0 FROM task_person WHERE task_id = 2",
        "DELETE FROM task_person WHERE task_id = 2",
    ];
    let proposed = "INSERT INTO product_proposal (id, state, code, body, author, at) \
                    VALUES (1, 'open', 'SP-9', '{}', 'test', '2026-11-20T00:00:00.000Z')";
    run_sql(&config, proposed).await;
    for change in changes {
        keep(&store, person).await;
        assert_eq!(kept(&config).await, 1, "before {change}");
        let before = read(&store, person).await;
        run_sql(&config, change).await;
        assert_eq!(kept(&config).await, 0, "after {change}");
        assert_ne!(read(&store, person).await, before, "{change}");
    }
    keep(&store, person).await;
    for other in ["UPDATE task SET map_due = true", "UPDATE task SET identify_due = true, hash = x'00'"] {
        run_sql(&config, other).await;
        assert_eq!(kept(&config).await, 1, "{other}");
    }
}

#[tokio::test]
async fn tasks_read_before_a_change_are_not_kept_after_it() {
    let (folder, store) = one().await;
    let config = StoreConfig::Sqlite(folder.path().join("lienthong.db"));
    let (_, person) = with_tasks(&store).await;
    let read_before = store.tasks_of(&[person]).await.expect("tasks").remove(&person).expect("read");
    run_sql(&config, "UPDATE task SET title = 'Tờ trình' WHERE external_id = '2'").await;
    let late = read_before.to_keep(person).expect("packed").expect("nothing is kept yet");
    store.keep_tasks(vec![late]).await.expect("written nowhere");
    assert_eq!(kept(&config).await, 0);
    assert!(read(&store, person).await.contains("Tờ trình"));
}

#[tokio::test]
async fn verification_reads_the_tables_and_finds_scores_made_of_an_old_short_form() {
    let (folder, store) = one().await;
    let config = StoreConfig::Sqlite(folder.path().join("lienthong.db"));
    let (house, person) = with_tasks(&store).await;
    settled(&house).await;
    // No step has anything left to do that could still move a score.
    run_sql(&config, "UPDATE task SET map_due = 0").await;
    assert_eq!(verified(&house).await.0, Vec::<String>::new());
    run_sql(&config, "CREATE TABLE old AS SELECT * FROM person_tasks").await;
    task(&house, "3", "2026-11-27", Some("2026-11-19T02:00:00Z")).await;
    settled(&house).await;
    run_sql(&config, "UPDATE task SET map_due = 0").await;
    assert_eq!(verified(&house).await.0, Vec::<String>::new());
    run_sql(&config, "UPDATE person_tasks SET body = (SELECT body FROM old)").await;
    assert!(!read(&store, person).await.contains("Báo cáo 3"));
    store.judge_anew(&[], &[period("2026-Q4")]).await.expect("marked");
    settled(&house).await;
    assert_ne!(verified(&house).await.0, Vec::<String>::new());
}

#[tokio::test]
async fn short_form_of_another_version_or_a_damaged_one_counts_as_none_and_is_filled_again() {
    let (folder, store) = one().await;
    let config = StoreConfig::Sqlite(folder.path().join("lienthong.db"));
    let (_, person) = with_tasks(&store).await;
    let before = read(&store, person).await;
    for harm in ["UPDATE person_tasks SET form = 0, body = x'00'", "UPDATE person_tasks SET body = x'28b5'"] {
        keep(&store, person).await;
        assert_eq!(kept(&config).await, 1);
        run_sql(&config, harm).await;
        assert_eq!(read(&store, person).await, before, "{harm}");
    }
    keep(&store, person).await;
    run_sql(&config, "UPDATE task SET facts = '{' WHERE external_id = '1'").await;
    assert!(store.tasks_of_people(&[person]).await.is_err(), "the tables are read");
}

#[tokio::test]
async fn scores_of_a_group_are_kept_though_the_next_one_cannot_be_read() {
    let (folder, store) = one().await;
    let config = StoreConfig::Sqlite(folder.path().join("lienthong.db"));
    let (house, person) = with_tasks(&store).await;
    house.import(&[("GL-00002", "Trần Thị Bình")]).await;
    let other = house.person("GL-00002").await;
    run_sql(
        &config,
        "INSERT INTO task_person SELECT 2, 9, id, NULL, 0, 0 FROM person WHERE staff_number = 'GL-00002'",
    )
    .await;
    run_sql(&config, "DELETE FROM task_person WHERE task_id = 2 AND ordinal < 9").await;
    run_sql(&config, "UPDATE task SET facts = '{' WHERE id = 2").await;
    run_sql(&config, "DELETE FROM score_due").await;
    // Groups are those of one period: the first one is read, the second cannot be.
    let due = [(person, period("2026-Q3")), (other, period("2026-Q4"))];
    store.mark_scores_due(&due).await.expect("marked");
    let outcome = Score(house.app.clone()).run().await;
    assert!(outcome.is_err());
    let held = store.scores_held().await.expect("scores");
    assert!(held.iter().any(|(who, of, _)| (*who, *of) == (person, period("2026-Q3"))), "{held:?}");
    let left = store.scores_due(10).await.expect("due");
    assert!(left.iter().any(|(who, of, _)| (*who, *of) == (other, period("2026-Q4"))), "{left:?}");
    assert!(!left.iter().any(|(who, of, _)| (*who, *of) == (person, period("2026-Q3"))), "{left:?}");
}
