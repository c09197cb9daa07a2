//! The year played through a real installation: people and catalogs as files, tasks through a connector, the daemon's
//! steps, orders as people give them.
//!
//! Owns how the history of `plan` reaches the daemon, and which of it has happened by a day.

use super::plan::{
    Fate, Job, PRODUCTS, Plan, Post, Said, UNITS, agency, day, quarter_of, second_catalog, span,
};
use crate::connector_file::connect_by;
use crate::support::installation::{Installed, Targets, at, period, whom};
use chrono::NaiveDate;
use lienthong::domain::{
    CatalogScope, CatalogVersion, Component, DecisionKind, Level, PersonId, Role, ServiceFact, SourceId,
    UnitCode,
};
use lienthong::pipeline::app::{App, Source};
use lienthong::pipeline::command::{Command, Executor as _, InputFile, LifeOrder, Outcome};
use lienthong::pipeline::execute::Installation;
use lienthong::pipeline::identify::Identify;
use lienthong::pipeline::map::Map;
use lienthong::pipeline::record::Record;
use lienthong::pipeline::score::Score;
use lienthong::pipeline::source::PullSource;
use lienthong::pipeline::step::Step;
use lienthong::store::{Revision, Store};
use std::path::Path;
use std::sync::Arc;

/// The source of the year.
pub const SOURCE: &str = "sheets";

/// An installation and the folder its source reads.
pub struct House<'a> {
    pub plan: &'a Plan,
    base: Installed,
    folder: tempfile::TempDir,
    /// The installation of the present day.
    pub app: Arc<App>,
    pub today: NaiveDate,
}

fn csv(head: &str, rows: impl Iterator<Item = String>) -> Vec<u8> {
    // A last line without its end is taken for half a line.
    std::iter::once(head.to_owned())
        .chain(rows)
        .flat_map(|row| [row, "\n".to_owned()])
        .collect::<String>()
        .into_bytes()
}

fn file(name: &str, bytes: Vec<u8>) -> InputFile {
    InputFile { name: name.into(), bytes }
}

fn opened(base: &Installed, folder: &Path, today: NaiveDate) -> Arc<App> {
    let text = include_str!("../../../connectors/task-sheet/manifest.toml");
    // This office writes the product's code into the last column.
    let text = text.replace("doc_number = \"doc_number\"", "product_code = \"doc_number\"");
    let source = Source {
        connector: connect_by(&text, folder),
        unit: UnitCode::new("UBND").expect("code"),
        system: "EXCEL".into(),
        schedule: "0 * * * *".parse().expect("a schedule"),
        full_schedule: None,
    };
    let sources = [(SourceId::new(SOURCE).expect("id"), source)].into();
    let now = at(&format!("{today}T02:00:00Z"));
    let clock = lienthong::clock::Clock::starting_at(now);
    let app = &base.app;
    // Its units come from files alone.
    let mut policy = lienthong::pipeline::app::Policy { units: Vec::new(), ..app.policy.clone() };
    // The reckoning counts the chair of the province like everyone else.
    policy.rule_sets.iter_mut().for_each(|rules| rules.population_filter.province_leaders = true);
    Arc::new(App::new(app.store.clone(), clock, "a".into(), sources, (None, None), policy))
}

impl<'a> House<'a> {
    /// The installation on the first working day of the year.
    pub fn new(plan: &'a Plan, store: &Store) -> Self {
        let today = day(1, 2);
        let base = Installed::new(
            store,
            &Targets::national("http://127.0.0.1:9"),
            "a",
            &format!("{today}T02:00:00Z"),
        );
        let folder = tempfile::tempdir().expect("folder");
        let app = opened(&base, folder.path(), today);
        Self { plan, base, folder, app, today }
    }

    pub fn store(&self) -> &Store {
        &self.app.store
    }

    /// Lets a day come.
    pub fn comes(&mut self, today: NaiveDate) {
        self.app = opened(&self.base, self.folder.path(), today);
        self.today = today;
    }

    pub async fn order(&self, command: Command) -> Outcome {
        let (progress, _kept) = tokio::sync::mpsc::unbounded_channel();
        Installation { app: self.app.clone() }.execute(command, progress).await
    }

    /// An order that must succeed.
    pub async fn ordered(&self, command: Command) -> Outcome {
        let shown = format!("{command:?}");
        let outcome = self.order(command).await;
        assert_eq!(outcome.exit, 0, "{}: {shown}: {:?}", self.today, outcome.findings);
        outcome
    }

    pub async fn id(&self, who: usize) -> PersonId {
        self.base.person(&self.plan.people[who].number).await
    }

    /// The people file as the personnel office has it today.
    pub async fn people(&self) {
        let plan = self.plan;
        let rows = plan.people.iter().flat_map(|somebody| {
            let untold = somebody.told.is_some_and(|told| told > self.today);
            let posts: Vec<Post> = match (untold, somebody.posts.as_slice()) {
                (true, [first, ..]) => vec![Post { to: None, ..first.clone() }],
                (_, posts) => posts.to_vec(),
            };
            let joined = posts[0].from <= self.today;
            posts.into_iter().filter(move |_| joined).map(move |post| {
                let to = post.to.map(|to| to.to_string()).unwrap_or_default();
                let (role, leads) = (post.role.as_str(), post.leads.unwrap_or_default());
                let (number, name, unit, from) = (&somebody.number, &somebody.name, post.unit, post.from);
                format!("{number},{name},{unit},{role},{from},{to},{leads}")
            })
        });
        let people = csv("staff_number,full_name,unit,role,from,to,leads", rows);
        let units = UNITS.iter().map(|(code, name, kind, parent)| format!("{code},{name},{kind},{parent}"));
        self.ordered(Command::PeopleImport {
            people: file("people.csv", people),
            units: Some(file("units.csv", csv("code,name,kind,parent", units))),
            author: "Phòng Tổ chức".into(),
            dry_run: false,
        })
        .await;
    }

    /// A catalog version.
    pub async fn catalog(&self, version: usize) {
        let rows = PRODUCTS
            .iter()
            .filter(|(_, k)| k[version] > 0)
            .map(|(code, k)| format!("{code},Sản phẩm {code},1,{}.{}", k[version] / 10, k[version] % 10));
        self.ordered(Command::CatalogImport {
            file: file("catalog.csv", csv("code,name,complexity_group,coefficient", rows)),
            version: CatalogVersion::new(["2026-1", "2026-2"][version]).expect("version"),
            valid_from: [day(1, 1), second_catalog()][version],
            scope: CatalogScope::Province,
            author: "Sở Nội vụ".into(),
            reason: Some("Quyết định của Chủ tịch UBND tỉnh".into()),
            dry_run: false,
        })
        .await;
    }

    /// Shows the source as it stands today, and lets every step run until none has anything left to do.
    pub async fn pull(&mut self) {
        let rows = self.plan.jobs.iter().filter(|job| job.assigned < self.today).map(|job| self.shown(job));
        let head = "Mã nhiệm vụ,Nội dung,Mã cán bộ,Ngày giao,Hạn xử lý,Ngày hoàn thành,Trạng thái,Số lượng,Nguồn giao,Số ký hiệu";
        let bytes = csv(head, rows);
        let path = self.folder.path().join("so-theo-doi.csv");
        std::fs::write(&path, bytes).expect("written");
        // Saved an hour before the pull, by the clock of the year.
        let saved = std::time::SystemTime::from(at(&format!("{}T01:00:00Z", self.today)));
        std::fs::File::options()
            .append(true)
            .open(path)
            .and_then(|file| file.set_modified(saved))
            .expect("saved");
        let source = SourceId::new(SOURCE).expect("id");
        let pulled = PullSource::new(self.app.clone(), source).run().await.expect("pulled");
        assert_eq!(pulled.failed, 0, "{:?}", pulled.findings);
        self.settled().await;
    }

    fn shown(&self, job: &Job) -> String {
        let today = self.today;
        let done = job.done.filter(|done| *done <= today);
        let month = chrono::Datelike::month(&job.assigned);
        // What was moved is shown from the middle of the next month on.
        let later = month < 12 && today >= day(month + 1, 12);
        let (mut who, mut due) = (job.who, job.due);
        let mut status = if done.is_some() { "Hoàn thành" } else { "Đang xử lý" };
        match &job.fate {
            Fate::Cancelled if today >= job.due => status = "Hủy",
            Fate::Moved(to) | Fate::MovedTooLate(to) if later => due = *to,
            Fate::HandedOver(heir) if later => who = *heir,
            Fate::Returned(_) if done.is_none() => status = "Trả lại",
            _ => {}
        }
        let kind = if job.unplanned { "NV đột xuất" } else { "NV thường xuyên" };
        let done = done.map(|done| done.to_string()).unwrap_or_default();
        let (key, number, product) = (&job.key, &self.plan.people[who].number, PRODUCTS[job.product].0);
        let (assigned, quantity) = (job.assigned, job.quantity);
        format!("{key},Việc {key},{number},{assigned},{due},{done},{status},{quantity},{kind},{product}")
    }

    /// Runs the steps.
    pub async fn settled(&self) {
        let steps: [Box<dyn Step>; 4] = [
            Box::new(Identify(self.app.clone())),
            Box::new(Map::new(self.app.clone())),
            Box::new(Score(self.app.clone())),
            Box::new(Record(self.app.clone())),
        ];
        for step in steps {
            while step.run().await.unwrap_or_else(|finding| panic!("{}: {finding:?}", step.name())).more {}
        }
    }

    /// Who scores somebody in a quarter, by the plan: the head of the unit, of a head the head above. Nobody stands above
    /// the chair: an office brings the decision.
    fn scorer(&self, who: usize, quarter: u32) -> String {
        let post = self.plan.people[who].last_post(span(quarter)).expect("a post");
        let unit = if post.role == Role::Head { super::plan::above(post.unit) } else { post.unit };
        self.head(unit)
    }

    /// Who classifies somebody: the head of the agency, of its head the chair.
    fn classifier(&self, who: usize) -> String {
        let post = self.plan.people[who].posts.last().expect("a post");
        let own = agency(post.unit);
        self.head(if post.role == Role::Head && own == post.unit { super::plan::above(own) } else { own })
    }

    fn head(&self, unit: &str) -> String {
        let heads = |somebody: &&super::plan::Somebody| {
            somebody.posts[0].role == Role::Head && somebody.posts[0].unit == unit
        };
        let head = self.plan.people.iter().find(heads);
        head.map_or("Bộ Nội vụ".to_owned(), |head| format!("{} {}", head.number, head.name))
    }

    /// A decision of whoever scores.
    pub async fn decides(&self, who: usize, quarter: u32, decision: DecisionKind) {
        self.ordered(Command::CriteriaSet {
            person: whom(&self.plan.people[who].number),
            period: period(&format!("2026-Q{quarter}")),
            decision,
            document: Some("5/BB-HĐ".into()),
            author: self.scorer(who, quarter),
        })
        .await;
    }

    /// General criteria, đ and e of a quarter.
    pub async fn criteria(&self, who: usize, quarter: u32, halves: i128) {
        let all = lienthong::domain::evaluation::GENERAL_ITEMS;
        let mut lacking = 60 - halves;
        let items = all.map(|(item, numerator, denominator)| {
            let most = i128::from(numerator) * 2 / i128::from(denominator);
            let given = most - lacking.min(most);
            lacking -= most - given;
            let points = format!("{}.{}", given / 2, given % 2 * 5);
            (item.to_owned(), points.parse().expect("points"))
        });
        self.decides(who, quarter, DecisionKind::GeneralCriteria { items: items.into() }).await;
    }

    /// đ and e of a leader.
    pub async fn components(&self, who: usize, quarter: u32, able: bool) {
        for (component, full) in [(Component::ImplementationAbility, able), (Component::UnityAbility, true)] {
            let percent = if full { "100" } else { "50" }.parse().expect("percent");
            self.decides(who, quarter, DecisionKind::LeaderComponent { component, percent }).await;
        }
    }

    /// What superiors say of the tasks of a quarter.
    pub async fn words(&self, quarter: u32) {
        for job in self.plan.jobs.iter().filter(|job| quarter_of(job.due) == quarter) {
            let (source, external_id) = (SOURCE.to_owned(), job.key.clone());
            let reason = "có biên bản kèm theo".to_owned();
            let failures = |count| DecisionKind::QualityFailures {
                source: source.clone(),
                external_id: external_id.clone(),
                count,
                reason: reason.clone(),
            };
            let words = match &job.fate {
                Fate::LateExcused => vec![self.excuse(job, "late")],
                Fate::Partly => {
                    let quantity = "0.8".parse().expect("quantity");
                    vec![DecisionKind::CompletedQuantity { source, external_id, quantity }]
                }
                Fate::Returned(Said::Confirmed) => vec![failures(1)],
                Fate::Returned(Said::Rejected) => vec![failures(0)],
                Fate::Returned(Said::ConfirmedAndExcused) => vec![failures(2), self.excuse(job, "quality")],
                _ => Vec::new(),
            };
            for word in words {
                self.decides(job.who, quarter, word).await;
            }
        }
    }

    /// An objective cause.
    pub fn excuse(&self, job: &Job, covers: &str) -> DecisionKind {
        DecisionKind::Excuse {
            source: SOURCE.into(),
            external_id: job.key.clone(),
            covers: covers.into(),
            reason: "hệ thống trục gián đoạn, có thông báo".into(),
        }
    }

    /// Facts of service that are known by today and not entered yet.
    pub async fn facts(&self, entered: &mut usize) {
        let mut order: Vec<usize> = (0..self.plan.facts.len()).collect();
        order.sort_by_key(|fact| self.plan.facts[*fact].from);
        for place in order.into_iter().skip(*entered) {
            let fact = &self.plan.facts[place];
            if fact.from > self.today {
                break;
            }
            *entered += 1;
            let service = ServiceFact {
                kind: fact.kind,
                from: fact.from,
                to: fact.to,
                act_on: fact.act_on,
                act: fact.act.map(str::to_owned),
                text: (!fact.kind.is_leave()).then(|| "khiển trách".to_owned()),
                document: "21/QĐ-SNV".into(),
            };
            self.ordered(Command::FactAdd {
                person: whom(&self.plan.people[fact.who].number),
                fact: service,
                author: "Phòng Tổ chức".into(),
            })
            .await;
        }
    }

    /// The newest revision of a record.
    pub async fn newest(&self, who: usize, which: &str) -> Option<Revision> {
        let person = self.id(who).await;
        self.store().latest_revision(person, period(which)).await.expect("read")
    }

    /// Approves the newest revision of a quarter.
    pub async fn approve(&self, who: usize, quarter: u32) {
        let which = format!("2026-Q{quarter}");
        let revision = self.newest(who, &which).await.expect("a record").revision;
        self.ordered(Command::RecordApprove {
            person: whom(&self.plan.people[who].number),
            period: period(&which),
            revision,
            level: None,
            decision_no: Some(format!("{quarter}/QĐ")),
            opinion: None,
            author: self.scorer(who, quarter),
        })
        .await;
    }

    /// Classifies the year.
    pub async fn classify(&self, who: usize, level: Level) -> Outcome {
        let revision = self.newest(who, "2026").await.expect("a record").revision;
        self.ordered(Command::RecordApprove {
            person: whom(&self.plan.people[who].number),
            period: period("2026"),
            revision,
            level: Some(level),
            decision_no: Some("99/QĐ".into()),
            opinion: Some("15/UBND-NC".into()),
            author: self.classifier(who),
        })
        .await
    }

    /// Makes a closed result anew, and approves it.
    pub async fn correct(&self, who: usize, quarter: u32, reason: &str) {
        let which = format!("2026-Q{quarter}");
        let revision = self.newest(who, &which).await.expect("a record").revision;
        self.ordered(Command::RecordCorrect {
            person: whom(&self.plan.people[who].number),
            period: period(&which),
            revision,
            level: None,
            decision_no: Some("7/QĐ".into()),
            opinion: None,
            author: self.scorer(who, quarter),
            reason: reason.into(),
        })
        .await;
        self.approve(who, quarter).await;
    }

    /// Annuls a result.
    pub async fn revoke(&self, who: usize, quarter: u32) {
        let which = format!("2026-Q{quarter}");
        let revision = self.newest(who, &which).await.expect("a record").revision;
        let order = LifeOrder::Revoke {
            person: whom(&self.plan.people[who].number),
            period: period(&which),
            revision,
            reason: "kê khai không trung thực".into(),
            document: "31/QĐ-UBND".into(),
            author: self.scorer(who, quarter),
        };
        self.ordered(Command::Life { order }).await;
    }

    /// A petition, and its answer four days later.
    pub async fn petition(&mut self, who: usize, quarter: u32) {
        let author = self.plan.people[who].number.clone();
        let order = LifeOrder::PetitionOpen {
            person: whom(&author),
            period: period(&format!("2026-Q{quarter}")),
            received_on: None,
            content: "đề nghị xem lại lần trả lại văn bản".into(),
            document: Some("1/ĐKN".into()),
            hold: false,
            author,
        };
        self.ordered(Command::Life { order }).await;
        let answered = self.today + chrono::Days::new(4);
        self.comes(answered);
        let id = self.store().petitions(true, 10).await.expect("read")[0].id;
        let order = LifeOrder::PetitionAnswer {
            id,
            outcome: "upheld".into(),
            answer: "lần trả lại chỉ để sửa thể thức".into(),
            on: None,
            document: Some("2/TB".into()),
            author: self.scorer(who, quarter),
        };
        self.ordered(Command::Life { order }).await;
    }

    /// Freezes a period.
    pub async fn close(&self, which: &str) {
        self.ordered(Command::PeriodClose {
            period: period(which),
            author: self.head("UBND"),
            reason: Some("các trường hợp nghỉ và thiếu phần đã được nêu rõ".into()),
            document: Some("11/TB-UBND".into()),
            dry_run: false,
        })
        .await;
    }
}
