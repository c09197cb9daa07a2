//! A simulated year of a small province on both databases: transfers, leave, maternity, discipline, corrections, two catalog
//! versions, played through the daemon's own connector, steps and orders. What must hold is reckoned beside it (`count`), and
//! docs/YEAR.md is the account of it (`LIENTHONG_WRITE_DOCS=1` writes it anew).

mod count;
mod house;
mod plan;

use crate::support::installation::period;
use crate::support::project;
use crate::support::stores::both;
use count::{Afterwards, Count, band};
use house::{House, SOURCE};
use lienthong::domain::{Level, Period, PersonId, Role};
use lienthong::error::Lang;
use lienthong::pipeline::command::{Command, Document, LifeOrder};
use lienthong::pipeline::derived::read;
use lienthong::pipeline::score::{FULL_PERIOD, TO_DATE, scope_of};
use plan::{Fate, Plan, Said, agency, day, quarter_of, span};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const SEED: u64 = 335;

/// Everything one year left behind.
struct Year<'a> {
    house: House<'a>,
    afterwards: Afterwards,
    /// Printed scores of the quarters as they stand approved, by person.
    recorded: BTreeMap<(usize, u32), String>,
    /// Every revision ever seen, with the hash of its content.
    revisions: BTreeMap<(PersonId, Period, u32), String>,
    /// Rows of the account.
    account: Vec<String>,
}

impl Year<'_> {
    fn count(&self) -> Count<'_> {
        Count { plan: self.house.plan, afterwards: &self.afterwards }
    }

    async fn derivation(&self, who: usize, which: &str, view: &'static str) -> Option<Value> {
        let (person, which) = (self.house.id(who).await, period(which));
        let kept = self.house.store().derivation(person, which, scope_of(which, view)).await.expect("read");
        kept.map(|kept| read(&kept).expect("a derivation"))
    }

    /// Those of the people file today.
    fn known(&self) -> Vec<usize> {
        let people = self.house.plan.people.iter().enumerate();
        people
            .filter(|(_, somebody)| somebody.posts[0].from <= self.house.today)
            .map(|(who, _)| who)
            .collect()
    }

    /// Every score of a quarter is what the second reckoning says, made of exactly the tasks it names.
    async fn scores_are_right(&self, quarter: u32) {
        let which = format!("2026-Q{quarter}");
        for who in self.known() {
            let expected =
                self.count().score(who, quarter).filter(|_| self.count().is_evaluated(who, quarter));
            let derived = self.derivation(who, &which, FULL_PERIOD).await;
            let somebody = &self.house.plan.people[who];
            if !self.count().is_evaluated(who, quarter) {
                assert!(derived.is_none(), "{} was not there in {which}", somebody.number);
                continue;
            }
            let derived = derived.unwrap_or_else(|| panic!("{} in {which}", somebody.number));
            let printed = derived["total"]["printed"].as_str().map(str::to_owned);
            let told =
                format!("{} {:?} in {which}: {}", somebody.number, somebody.posts, derived["formulas"]);
            assert_eq!(printed, expected.map(count::Fraction::printed), "{told}");
            if let Some(score) = expected {
                assert_eq!(derived["level"], json!(band(score)), "{told}");
            }
            let own = |line: &&Value| line["of"].is_null();
            let lines: BTreeSet<String> = derived["lines"]
                .as_array()
                .expect("lines")
                .iter()
                .filter(own)
                .map(|line| line["source"].as_str().expect("a source").to_owned())
                .collect();
            let counted = self.count().own(who, quarter);
            let wanted: BTreeSet<String> =
                counted.iter().map(|line| format!("{SOURCE}/{}", line.key)).collect();
            assert_eq!(
                lines, wanted,
                "{told}: no line without a task of the source, and no task without a line"
            );
        }
    }

    /// Everything of these periods computed again is what was computed bit by bit.
    async fn computing_again_changes_nothing(&self, periods: &[&str]) {
        let mut before = BTreeMap::new();
        for which in periods {
            for who in self.known() {
                for view in [TO_DATE, FULL_PERIOD] {
                    let derived = self.derivation(who, which, view).await;
                    before.insert((who, *which, view), derived);
                }
            }
        }
        for which in periods {
            self.house.store().judge_anew(&[], &[period(which)]).await.expect("marked");
        }
        self.house.settled().await;
        for ((who, which, view), derived) in before {
            assert_eq!(self.derivation(who, which, view).await, derived, "{who} {which} {view}");
        }
        let outcome = self.house.order(Command::ScoreVerify {}).await;
        assert!(outcome.findings.is_empty(), "{:?}", outcome.findings);
        let Document::Object { fields, .. } = outcome.document else { panic!("{:?}", outcome.document) };
        let told: BTreeMap<_, _> = fields.into_iter().map(|field| (field.key, field.value)).collect();
        assert_eq!(told["waiting"], json!(0));
        assert!(told["same"].as_u64() > Some(100), "{told:?}");
    }

    /// No revision seen before is another one now, and none is missing.
    async fn revisions_stay(&mut self) {
        for who in self.known() {
            let person = self.house.id(who).await;
            for which in ["2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4", "2026-H1", "2026"].map(period) {
                let kept = self.house.store().revisions(person, which).await.expect("read");
                let numbers: Vec<u32> = kept.iter().map(|revision| revision.revision).collect();
                let unbroken: Vec<u32> = (1..=u32::try_from(kept.len()).expect("few")).collect();
                assert_eq!(numbers, unbroken, "{who} {which}");
                for revision in kept {
                    let content = format!("{} {}", revision.content_hash, revision.content);
                    let key = (person, which, revision.revision);
                    let first = self.revisions.entry(key).or_insert_with(|| content.clone());
                    assert_eq!(*first, content, "{who} {which} r{}", revision.revision);
                }
            }
        }
        assert_eq!(self.house.store().verify_audit().await.expect("walked"), None);
    }

    /// A month: what became known of people and service, and what the source shows in its middle.
    async fn month(&mut self, month: u32, facts: &mut usize) {
        self.house.comes(day(month, 13));
        self.house.people().await;
        if month == 6 {
            // Before the first of its days: what is assigned then is of it from the beginning.
            self.house.catalog(1).await;
        }
        self.house.comes(day(month, 15));
        self.house.people().await;
        self.house.facts(facts).await;
        self.house.pull().await;
    }

    /// The end of a quarter: the source's last word, decisions, approvals, the close.
    async fn ends(&mut self, quarter: u32, facts: &mut usize) {
        let which = format!("2026-Q{quarter}");
        let plan = self.house.plan;
        self.house.comes(span(quarter).1 + chrono::Days::new(4));
        self.house.people().await;
        self.house.facts(facts).await;
        self.house.pull().await;
        self.house.words(quarter).await;
        let evaluated: Vec<usize> =
            self.known().into_iter().filter(|who| self.count().is_evaluated(*who, quarter)).collect();
        for who in &evaluated {
            self.house.criteria(*who, quarter, plan.criteria[*who][quarter as usize - 1]).await;
            if plan.people[*who].posts[0].role.is_leader() {
                self.house.components(*who, quarter, plan.able[*who][quarter as usize - 1]).await;
            }
        }
        self.house.settled().await;
        self.scores_are_right(quarter).await;
        self.computing_again_changes_nothing(&[&which]).await;
        for who in evaluated {
            let Some(score) = self.count().score(who, quarter) else { continue };
            self.house.approve(who, quarter).await;
            self.recorded.insert((who, quarter), score.printed());
        }
        self.house.settled().await;
        self.house.close(&which).await;
        self.house.settled().await;
        self.revisions_stay().await;
        self.tell(quarter);
    }

    /// A row of the account.
    fn tell(&mut self, quarter: u32) {
        let count = self.count();
        let plan = self.house.plan;
        let lines: Vec<_> = (0..plan.people.len()).flat_map(|who| count.own(who, quarter)).collect();
        let of = |fits: &dyn Fn(&count::Counted) -> bool| lines.iter().filter(|line| fits(line)).count();
        let cancelled = |job: &&plan::Job| job.fate == Fate::Cancelled && quarter_of(job.due) == quarter;
        let cancelled = plan.jobs.iter().filter(cancelled).count();
        let scores: Vec<_> = (0..plan.people.len())
            .filter(|who| self.recorded.contains_key(&(*who, quarter)))
            .filter_map(|who| count.score(who, quarter))
            .collect();
        let bands = ["excellent", "good", "completed", "not_completed"];
        let bands = bands.map(|name| scores.iter().filter(|score| band(**score) == name).count().to_string());
        let row = [
            format!("2026-Q{quarter}"),
            scores.len().to_string(),
            lines.len().to_string(),
            of(&|line| line.extra).to_string(),
            cancelled.to_string(),
            of(&|line| line.completed == 0).to_string(),
            of(&|line| line.late > 0).to_string(),
            of(&|line| line.failures > 0).to_string(),
        ];
        self.account.push(format!("| {} | {} |", row.join(" | "), bands.join(" | ")));
    }

    /// The record of a quarter that was made anew says what the second reckoning says now.
    async fn corrected(&mut self, who: usize, quarter: u32, reason: &str) {
        let before = self.recorded[&(who, quarter)].clone();
        self.house.settled().await;
        let which = format!("2026-Q{quarter}");
        let told = self.house.newest(who, &which).await.expect("a record");
        assert_eq!(
            told.content.pointer("/parts/total/printed"),
            Some(&json!(before)),
            "a closed record does not move by itself"
        );
        self.house.correct(who, quarter, reason).await;
        let expected = self.count().score(who, quarter).expect("a score").printed();
        assert_ne!(expected, before, "the correction says something");
        let now = self.house.newest(who, &which).await.expect("a record");
        assert_eq!(now.content.pointer("/parts/total/printed"), Some(&json!(expected)), "{which}");
        self.recorded.insert((who, quarter), expected);
        self.house.settled().await;
        self.revisions_stay().await;
    }
}

/// Plays the year and gives the account of it.
async fn played(plan: &Plan, store: &lienthong::store::Store) -> String {
    let mut year = Year {
        house: House::new(plan, store),
        afterwards: Afterwards::default(),
        recorded: BTreeMap::new(),
        revisions: BTreeMap::new(),
        account: Vec::new(),
    };
    let cast = &plan.cast;
    let mut facts = 0;
    year.house.people().await;
    year.house.catalog(0).await;
    for quarter in 1..=4 {
        for month in quarter * 3 - 2..=quarter * 3 {
            year.month(month, &mut facts).await;
        }
        year.ends(quarter, &mut facts).await;
        match quarter {
            1 => {
                let job = plan.told_of(cast.excused_after_close, 1);
                year.house.comes(day(4, 10));
                let excuse = year.house.excuse(job, "late");
                year.house.decides(cast.excused_after_close, 1, excuse).await;
                year.afterwards.excused.push(job.key.clone());
                year.corrected(
                    cast.excused_after_close,
                    1,
                    "nguyên nhân khách quan được xác nhận sau khi chốt",
                )
                .await;
            }
            2 => {
                let job = plan.told_of(cast.petitioner, 2);
                year.house.comes(day(7, 7));
                year.house.petition(cast.petitioner, 2).await;
                let rejected = lienthong::domain::DecisionKind::QualityFailures {
                    source: SOURCE.into(),
                    external_id: job.key.clone(),
                    count: 0,
                    reason: "chỉ sửa thể thức".into(),
                };
                year.house.decides(cast.petitioner, 2, rejected).await;
                year.afterwards.rejected.push(job.key.clone());
                year.corrected(cast.petitioner, 2, "kiến nghị được chấp nhận").await;
            }
            3 => {
                year.house.comes(day(10, 9));
                year.house.revoke(cast.revoked, 3).await;
                year.house.criteria(cast.revoked, 3, 41).await;
                year.afterwards.criteria.insert((cast.revoked, 3), 41);
                year.house.settled().await;
                let before = year.recorded[&(cast.revoked, 3)].clone();
                year.house.correct(cast.revoked, 3, "lập lại sau khi hủy kết quả").await;
                let expected = year.count().score(cast.revoked, 3).expect("a score").printed();
                assert_ne!(expected, before);
                year.recorded.insert((cast.revoked, 3), expected);
                year.house.settled().await;
                year.revisions_stay().await;
            }
            _ => {}
        }
    }
    let all = ["2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4", "2026-H1", "2026"];
    year.house.comes(chrono::NaiveDate::from_ymd_opt(2027, 1, 11).expect("a day"));
    year.house.settled().await;
    year.computing_again_changes_nothing(&all).await;
    for quarter in 1..=4 {
        year.scores_are_right(quarter).await;
    }
    let levels = years_are_right(&year).await;
    let quota = quota_is_counted_right(&year, &levels).await;
    classified(&mut year, &levels, &quota).await;
    results_stand_beside_each_other(&year, &levels).await;
    account(&year, &levels, &quota).await
}

/// Half-year and year are the means of what is recorded, and the year's level follows from the facts.
async fn years_are_right(year: &Year<'_>) -> BTreeMap<usize, (String, Option<&'static str>)> {
    let mut levels = BTreeMap::new();
    for who in 0..year.house.plan.people.len() {
        let somebody = &year.house.plan.people[who];
        let of = |quarters: std::ops::RangeInclusive<u32>| -> Vec<String> {
            quarters.filter_map(|quarter| year.recorded.get(&(who, quarter)).cloned()).collect()
        };
        let half = year.derivation(who, "2026-H1", FULL_PERIOD).await;
        let expected = (!of(1..=2).is_empty()).then(|| year.count().year(who, &of(1..=2)).0);
        let printed = half.as_ref().and_then(|half| half["total"]["printed"].as_str());
        assert_eq!(printed, expected.as_deref(), "{} in the first half", somebody.number);
        let derived = year.derivation(who, "2026", FULL_PERIOD).await.expect("a year");
        let (score, level) = year.count().year(who, &of(1..=4));
        assert_eq!(derived["total"]["printed"], json!(score), "{}: {}", somebody.number, derived["formulas"]);
        assert_eq!(derived["level"], json!(level), "{}: {}", somebody.number, derived["ruled"]);
        levels.insert(who, (score, level));
    }
    levels
}

/// Results of 3, 6 and 12 months stand beside each other as they were recorded and computed.
async fn results_stand_beside_each_other(
    year: &Year<'_>,
    levels: &BTreeMap<usize, (String, Option<&'static str>)>,
) {
    let order = LifeOrder::Results { year: plan::YEAR, unit: None, limit: 1_000 };
    let rows = year.house.ordered(Command::Life { order }).await.document.to_json(Lang::En);
    let rows = rows.as_array().expect("rows");
    assert_eq!(rows.len(), year.house.plan.people.len());
    for row in rows {
        let somebody = |somebody: &plan::Somebody| row["person"] == json!(somebody.number);
        let who = year.house.plan.people.iter().position(somebody).expect("a person");
        for quarter in 1..=4 {
            let recorded = year.recorded.get(&(who, quarter));
            assert_eq!(row[format!("q{quarter}")], json!(recorded), "{row}");
        }
        let (score, level) = &levels[&who];
        assert_eq!((&row["year"], &row["proposed"]), (&json!(score), &json!(level)), "{row}");
        assert_eq!(row["decided"].is_null(), level.is_none(), "{row}");
    }
}

/// Agency and group, people, Good or better, proposed Excellent, allowed.
type Quota = BTreeMap<(String, String), [u64; 4]>;

async fn quota_is_counted_right(
    year: &Year<'_>,
    levels: &BTreeMap<usize, (String, Option<&'static str>)>,
) -> Quota {
    let mut expected: Quota = BTreeMap::new();
    for (who, (_, level)) in levels {
        let post = year.house.plan.people[*who].posts.last().expect("a post");
        let group = (agency(post.unit).to_owned(), post.role.as_str().to_owned());
        let row = expected.entry(group).or_default();
        // Whoever has no level is one of the group all the same.
        row[0] += 1;
        row[1] += u64::from(level.is_some_and(|level| ["good", "excellent"].contains(&level)));
        row[2] += u64::from(*level == Some("excellent"));
    }
    for row in expected.values_mut() {
        // At most a fifth of those Good: E ≤ (N − E) / 5.
        row[3] = (0..=row[1]).rfind(|excellent| excellent * 5 <= row[1] - excellent).unwrap_or(0);
    }
    let order = Command::ScoreQuota { period: period("2026"), unit: None };
    let table = year.house.ordered(order).await.document.to_json(Lang::En);
    let counted: Quota = table
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| {
            let text = |key: &str| row[key].as_str().expect("text").to_owned();
            let figures = ["people", "good_or_better", "proposed", "allowed"];
            ((text("agency"), text("group")), figures.map(|key| row[key].as_u64().expect("a number")))
        })
        .collect();
    assert_eq!(counted, expected);
    expected
}

/// Every year is classified: as proposed, and beyond the quota one level lower, as whoever classifies decides.
async fn classified(
    year: &mut Year<'_>,
    levels: &BTreeMap<usize, (String, Option<&'static str>)>,
    quota: &Quota,
) {
    let mut left: BTreeMap<(String, String), u64> =
        quota.iter().map(|(group, row)| (group.clone(), row[3])).collect();
    for (who, (_, level)) in levels {
        let Some(level) = level.and_then(Level::parse) else { continue };
        let post = year.house.plan.people[*who].posts.last().expect("a post");
        let group = (agency(post.unit).to_owned(), post.role.as_str().to_owned());
        let level = match left.get_mut(&group) {
            Some(left) if level == Level::Excellent && *left > 0 => {
                *left -= 1;
                level
            }
            _ if level == Level::Excellent => Level::Good,
            _ => level,
        };
        let told = year.house.classify(*who, level).await;
        let late = told.findings.iter().any(|finding| finding.code == "LT-REC-052");
        assert!(late, "after 15 December: {:?}", told.findings);
        let newest = year.house.newest(*who, "2026").await.expect("a record");
        assert_eq!(newest.content["level"], json!(level.as_str()));
    }
    year.house.close("2026").await;
    year.house.settled().await;
    year.revisions_stay().await;
}

/// The page.
async fn account(
    year: &Year<'_>,
    levels: &BTreeMap<usize, (String, Option<&'static str>)>,
    quota: &Quota,
) -> String {
    let plan = year.house.plan;
    let name = |who: usize| plan.people[who].number.clone();
    let proposed = |wanted: Option<&str>| levels.values().filter(|(_, level)| *level == wanted).count();
    let mut revisions: BTreeMap<Period, (BTreeSet<PersonId>, usize)> = BTreeMap::new();
    for (person, which, _) in year.revisions.keys() {
        let row = revisions.entry(*which).or_default();
        row.0.insert(*person);
        row.1 += 1;
    }
    let revisions =
        revisions.iter().map(|(which, (people, all))| format!("| {which} | {} | {all} |", people.len()));
    let quota = quota.iter().map(|((agency, group), [people, good, proposed, allowed])| {
        format!("| {agency} | {group} | {people} | {good} | {proposed} | {allowed} |")
    });
    let heirs = plan.jobs.iter().filter(|job| matches!(job.fate, Fate::HandedOver(_))).count();
    let returned = plan.jobs.iter().filter(|job| matches!(job.fate, Fate::Returned(_))).count();
    let confirmed = plan.jobs.iter().filter(|job| job.fate == Fate::Returned(Said::Confirmed)).count();
    let leaders = plan.people.iter().filter(|somebody| somebody.posts[0].role != Role::Staff).count();
    let mut text = format!(
        "# A simulated year\n\n\
         `tests/it/year.rs` plays one year of a small province, drawn from a seed ({SEED}), through a real installation on SQLite and on\n\
         PostgreSQL: people, units and catalogs come as files, tasks through the folder connector (`task-sheet`), the daemon's own steps\n\
         identify, map, score and record them, and every decision is an order of whoever the plan entitles. A second reckoning beside it\n\
         (`tests/it/year/count.rs`, whole numbers, no line of the program) says what every score, level and quota must be. Nobody in it\n\
         exists. This page is written by the test (`LIENTHONG_WRITE_DOCS=1`) and compared by it on both databases.\n\n\
         ## Who and what\n\n\
         {} people, {leaders} of them heads and deputies, in {} units; {} tasks, {heirs} handed over, {returned} sent back once, of which\n\
         {confirmed} were confirmed as major errors. Catalog 2026-1, from 1 July 2026-2.\n\n",
        plan.people.len(),
        plan::UNITS.len(),
        plan.jobs.len(),
    );
    let moved = plan.people.iter().filter(|somebody| somebody.posts.len() > 1);
    for somebody in moved {
        let (from, to) = (&somebody.posts[0], &somebody.posts[1]);
        let told = somebody.told.expect("a day");
        text += &format!(
            "- {} moved from {} to {} on {}; the people file told it on {told}.\n",
            somebody.number, from.unit, to.unit, to.from
        );
    }
    let cast = &plan.cast;
    text += &format!(
        "- {} on maternity leave from June to December; {} on unpaid leave from May on and {} recruited in September: less than\n  six months worked, no level.\n\
         - {} and {} disciplined: not completed, whatever the score; for one of them two decisions about one act, for the other one act\n  at the department that was left.\n\
         - After the close: a lateness of {} excused (Q1), a petition of {} upheld (Q2), the result of {} annulled and made anew (Q3).\n\n",
        name(cast.maternity),
        name(cast.long_leave),
        name(cast.recruit),
        name(cast.disciplined[0]),
        name(cast.disciplined[1]),
        name(cast.excused_after_close),
        name(cast.petitioner),
        name(cast.revoked),
    );
    text += "## Quarters at their close\n\n\
             | quarter | people | lines | extra | cancelled | not done | late | failed | excellent | good | completed | not completed |\n\
             |---|---|---|---|---|---|---|---|---|---|---|---|\n";
    text += &(year.account.join("\n")
        + "\n\n## Levels proposed for the year\n\n| excellent | good | completed | not completed | none |\n|---|---|---|---|---|\n");
    let row = [Some("excellent"), Some("good"), Some("completed"), Some("not_completed"), None].map(proposed);
    text += &format!("| {} |\n\n", row.map(|count| count.to_string()).join(" | "));
    text += "## Quota of Excellent (art. 20.5)\n\n| agency | group | people | good or better | proposed | allowed |\n|---|---|---|---|---|---|\n";
    text += &(quota.collect::<Vec<_>>().join("\n")
        + "\n\n## Records\n\n| period | records | revisions |\n|---|---|---|\n");
    text += &(revisions.collect::<Vec<_>>().join("\n") + "\n\n");
    text += "## What held\n\n\
             - Every score of every quarter, the half-year and the year, every band and level: as reckoned beside the program.\n\
             - Every line comes from a task of the source that is the person's, and every task of theirs that counts has its line.\n\
             - At each close and at the end of the year everything computed again was equal, and `score verify` derived all of it from what is kept.\n\
             - No revision ever changed or disappeared; a closed record moved only by a correction. The journal's chain held.\n\
             - The quota of every group was counted as reckoned.\n";
    text
}

#[tokio::test]
async fn simulated_year_holds_what_the_decree_says_and_its_account_is_true() {
    println!("seed {SEED}");
    let plan = Plan::of(SEED);
    let both = both().await;
    let path = project::root().join("docs/YEAR.md");
    for store in &both.stores {
        let account = played(&plan, store).await;
        if std::env::var_os("LIENTHONG_WRITE_DOCS").is_some() {
            std::fs::write(&path, &account).expect("written");
        }
        let page = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(page == account, "docs/YEAR.md tells something else on {}:\n{account}", store.kind());
    }
}
