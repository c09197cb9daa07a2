//! Gates: whether what a source shows can be true, judged while it is pulled.
//!
//! Owns the decision to stop a run because the source suddenly shows nothing, far too little, far too much or tasks
//! nobody knows: a wrong account, another default filter, a changed key field. A stopped run keeps what is stored,
//! moves no cursor and calls nothing gone, until the source shows what it did or a person lets one run through. It
//! must not know how records are read. What only looks odd (`closing`) is told and stops nothing.

use crate::config::Gates;
use crate::connector::{Abilities, ConnectorError, PullMode};
use crate::domain::SourceId;
use crate::error::{Disposition, Finding, Place, Text};
use crate::pipeline::app::App;
use crate::store::{Gate, SourceState};

/// Good full pulls whose middle is a source's usual.
const USUAL_OF: usize = 5;

/// Too many tasks nobody knows: the one gate that a pull of changes can close.
const TOO_MANY: &str = "LT-PUL-011";

/// A field with another type, where the manifest says stop.
pub(super) const TYPE_CHANGED: &str = "LT-PUL-015";

/// What a run is judged by.
pub(super) struct Watch {
    gates: Gates,
    source: SourceId,
    closed: Option<Gate>,
    /// Whether the run reads everything the source has.
    whole: bool,
    /// Whether growth can be judged: the source was read to its end before.
    grows: bool,
    /// Tasks known that are not gone; counted when somebody asks.
    known: Option<u64>,
    usual: Option<u64>,
    records: u64,
    recognised: u64,
    holding: bool,
    /// What stopped the run.
    pub(super) stopped: Option<Finding>,
}

impl Watch {
    /// Looks up what the source usually shows.
    pub(super) async fn begin(
        app: &App,
        source: &SourceId,
        abilities: Abilities,
        mode: &PullMode,
        state: &SourceState,
    ) -> Result<Self, Finding> {
        let told = |error: crate::store::StoreError| error.finding();
        let everything = match mode {
            PullMode::Full => true,
            PullMode::Incremental => !abilities.incremental,
            PullMode::Backfill { .. } => false,
        };
        // A folder shows whatever files lie in it: more or fewer of them say nothing.
        let whole = everything && abilities.full_is_complete;
        let backfill = matches!(mode, PullMode::Backfill { .. });
        let mut watch = Self {
            gates: app.gates.get(source).copied().unwrap_or_default(),
            source: source.clone(),
            closed: app.store.gate(source).await.map_err(told)?,
            whole,
            grows: !backfill && abilities.full_is_complete && state.last_success_at.is_some(),
            known: None,
            usual: None,
            records: 0,
            recognised: 0,
            holding: false,
            stopped: None,
        };
        if whole {
            let known = app.store.count_live_tasks(source).await.map_err(told)?;
            watch.known = Some(known);
            watch.usual = app.store.usual_seen(source, USUAL_OF).await.map_err(told)?;
            watch.holding = !watch.let_through() && known >= u64::from(watch.gates.from_tasks);
        }
        Ok(watch)
    }

    /// Whether a person lets this run through.
    pub(super) fn let_through(&self) -> bool {
        self.closed.as_ref().is_some_and(|gate| gate.accepted.is_some())
    }

    /// Whether this run, once it ended well, opens the gate.
    pub(super) fn opens(&self) -> bool {
        self.closed
            .as_ref()
            .is_some_and(|gate| self.whole || [TOO_MANY, TYPE_CHANGED].contains(&gate.finding.code.as_str()))
    }

    /// Whether pages wait until the first task somebody knows is seen.
    pub(super) fn holds(&self) -> bool {
        self.holding
    }

    /// Notes a page: its records, and how many of them are of known tasks.
    pub(super) fn page(&mut self, records: usize, recognised: usize) {
        self.records += records as u64;
        self.recognised += recognised as u64;
        self.holding &= self.recognised == 0;
    }

    /// Decides about the pages that wait: nothing known was among them and no more can be held, or the source has ended.
    pub(super) fn decide(&mut self) -> Result<(), ConnectorError> {
        let enough = self.holding && self.records > 0;
        self.holding = false;
        if enough { Err(self.stop(self.nobody_known())) } else { Ok(()) }
    }

    /// Whether this run brings so many tasks nobody knew that they are worth a judgement.
    fn judges_growth(&self, new: u64) -> bool {
        let (times, from) = (u64::from(self.gates.most_times), u64::from(self.gates.from_tasks));
        self.grows && times >= 2 && new > from * (times - 1) && !self.let_through()
    }

    /// Whether [`Watch::growth`] will count the tasks: everything of this run has to be stored by then.
    pub(super) fn counts_for_growth(&self, new: u64) -> bool {
        self.known.is_none() && self.judges_growth(new)
    }

    /// Judges how many tasks of this run nobody knew.
    pub(super) async fn growth(&mut self, app: &App, new: u64) -> Result<(), ConnectorError> {
        if !self.judges_growth(new) {
            return Ok(());
        }
        let known = match self.known {
            Some(known) => known,
            // Those of this run were stored beside the known ones.
            None => {
                let stored = app.store.count_live_tasks(&self.source).await.map_err(super::of_store)?;
                stored.saturating_sub(new)
            }
        };
        self.known = Some(known);
        let (times, from) = (u64::from(self.gates.most_times), u64::from(self.gates.from_tasks));
        if known < from || new <= known * (times - 1) {
            return Ok(());
        }
        Err(self.stop(self.too_many(new, known)))
    }

    /// Whether [`Watch::end`] has something to judge: everything has to be stored by then.
    pub(super) fn judges_the_end(&self) -> bool {
        self.whole && !self.let_through() && self.known.is_some_and(|known| known > 0)
    }

    /// Judges how many known tasks the source showed, once it has ended.
    pub(super) fn end(&mut self, seen: u64) -> Result<(), ConnectorError> {
        let Some(known) = self.known.filter(|_| self.judges_the_end()) else { return Ok(()) };
        if seen == 0 {
            return Err(self.stop(self.nothing(known)));
        }
        let least = u64::from(self.gates.least_percent);
        let usual = self.usual.filter(|usual| *usual >= u64::from(self.gates.from_tasks)).unwrap_or(0);
        let measure = known.max(usual);
        if seen * 100 < measure * least { Err(self.stop(self.too_few(seen, measure))) } else { Ok(()) }
    }

    /// Stops the run for this reason.
    pub(super) fn stop(&mut self, finding: Finding) -> ConnectorError {
        let finding = finding.at(Place::of(format!("source {}", self.source)));
        self.stopped = Some(finding.clone());
        ConnectorError {
            finding: Box::new(finding),
            disposition: Disposition::NeedsOperator,
            retry_after: None,
        }
    }

    fn remedy(&self, vi: &str, en: &str) -> Text {
        let source = &self.source;
        Text::new(
            format!("{vi}; nếu đúng là như vậy: lienthong source accept {source} --reason \"…\""),
            format!("{en}; if it is true: lienthong source accept {source} --reason \"…\""),
        )
    }

    fn nothing(&self, known: u64) -> Finding {
        let source = &self.source;
        Finding::error(
            "LT-PUL-010",
            Text::new(
                format!(
                    "nguồn {source} không cho thấy nhiệm vụ nào trong {known} nhiệm vụ đã biết; đã dừng, không xóa gì"
                ),
                format!("source {source} shows none of {known} known tasks; stopped, nothing is called gone"),
            ),
            self.remedy(
                "kiểm tra tài khoản, bộ lọc và trường khóa của nguồn",
                "check the account, the filter and the key field of the source",
            ),
        )
    }

    fn too_few(&self, seen: u64, measure: u64) -> Finding {
        let source = &self.source;
        Finding::error(
            "LT-PUL-001",
            Text::new(
                format!(
                    "nguồn {source} chỉ cho thấy {seen} nhiệm vụ, thường có {measure}; đã dừng, không xóa gì"
                ),
                format!(
                    "source {source} shows only {seen} tasks, usually {measure}; stopped, nothing is called gone"
                ),
            ),
            self.remedy(
                "kiểm tra tài khoản, bộ lọc mặc định và giới hạn số dòng của nguồn",
                "check the account, the default filter and the row limit of the source",
            ),
        )
    }

    fn too_many(&self, new: u64, known: u64) -> Finding {
        let source = &self.source;
        Finding::error(
            TOO_MANY,
            Text::new(
                format!(
                    "nguồn {source} đưa ra {new} nhiệm vụ mới bên cạnh {known} nhiệm vụ đã biết; đã dừng"
                ),
                format!("source {source} brings {new} new tasks beside {known} known ones; stopped"),
            ),
            self.remedy(
                "kiểm tra phạm vi tài khoản và trường khóa của nguồn",
                "check what the account may see and the key field of the source",
            ),
        )
    }

    fn nobody_known(&self) -> Finding {
        let (source, records, known) = (&self.source, self.records, self.known.unwrap_or(0));
        Finding::error(
            "LT-PUL-012",
            Text::new(
                format!(
                    "không bản ghi nào trong {records} bản ghi của nguồn {source} thuộc {known} nhiệm vụ đã biết; đã dừng, không lưu gì"
                ),
                format!(
                    "none of {records} records of source {source} belongs to one of {known} known tasks; stopped, nothing is stored"
                ),
            ),
            self.remedy(
                "kiểm tra tài khoản, đơn vị và trường khóa: khóa đã đổi tạo lại mọi nhiệm vụ",
                "check account, unit and key field: another key makes every task anew",
            ),
        )
    }
}
