//! Gates: whether what a source shows can be true, judged while it is pulled.
//!
//! Owns the decision to stop a run because the source suddenly shows nothing, far too little, far too much or tasks
//! nobody knows, or says that it deleted most of them: a wrong account, another default filter, a changed key field. A stopped run keeps what is stored,
//! moves no cursor and calls nothing gone, until the source shows what it did or a person lets one run through: for the
//! reason that person was told, never for another one, nor for clearly less than was shown then. What such a run stored before it was stopped is never taken for
//! known. It must not know how records are read. What only
//! looks odd (`closing`) is told and stops nothing.

use crate::config::Gates;
use crate::connector::{Abilities, ConnectorError};
use crate::domain::SourceId;
use crate::error::{Disposition, Finding, Place, Text};
use crate::pipeline::app::App;
use crate::store::{Accepted, Gate, RunKind, Size, SourceState, Stop};
use chrono::{DateTime, Utc};

/// Good full pulls whose middle is a source's usual.
const USUAL_OF: usize = 5;

/// Too many tasks nobody knows: judged in pulls of changes too.
const TOO_MANY: &str = "LT-PUL-011";

/// None of the records is of a known task: judged before anything is stored.
const NOBODY_KNOWN: &str = "LT-PUL-012";

/// Too many tasks the source says it deleted: judged in every run that shows tombstones.
const DELETED: &str = "LT-PUL-024";

/// What is said of how little a run shows: whoever accepts it knows that the others will be called gone.
const SHOWN: [&str; 3] = ["LT-PUL-001", "LT-PUL-010", NOBODY_KNOWN];

/// A field with another type, or missing, where the manifest says stop.
pub(super) const FIELD_CHANGED: &str = "LT-PUL-015";

/// Known tasks that lose who did them, until when or how much.
pub(super) const VALUES_LOST: &str = "LT-PUL-029";

/// Many known tasks were called gone: told, and `source accept` takes it.
pub(in crate::pipeline) const LOSS: &str = "LT-PUL-028";

/// Where none of the known tasks is shown any more, so many stop the run whatever the configuration says.
const FEW: u64 = 10;

/// What pages that wait may take, bytes: beyond it they are stored, and the end of the run judges.
const MOST_HELD: usize = 64 << 20;

/// What a run is judged by.
pub(super) struct Watch {
    gates: Gates,
    source: SourceId,
    kind: RunKind,
    closed: Option<Gate>,
    /// Whether the run reads everything the source has.
    whole: bool,
    /// Whether growth can be judged: the source was read to its end before.
    grows: bool,
    /// Tasks up to this number are known; later ones came with this run, or with those a gate stopped before.
    known_to: i64,
    /// Known tasks that are not gone; counted when somebody asks.
    known: Option<u64>,
    /// Tasks up to this number are those the growth is measured by.
    grown_from: i64,
    /// Tasks stored after `grown_from` by runs before, where this one does not read them again.
    grown: u64,
    /// The known tasks growth is measured by; counted when somebody asks.
    growth_of: Option<u64>,
    /// What counts instead of the known tasks, since a person let a run through that called none of them gone.
    measure: Option<u64>,
    usual: Option<u64>,
    /// Known tasks that are not gone and were seen, each once.
    recognised: u64,
    /// Tasks seen that were stored after `grown_from`, but not by this run, each once.
    newer: u64,
    /// Known tasks the source says it deleted, where they are that many that a person had to accept it.
    deleted: u64,
    holding: bool,
    held_records: u64,
    held_bytes: usize,
    /// What stopped the run, and how much it showed where that was the reason.
    stopped: Option<(Finding, Option<Size>)>,
}

impl Watch {
    /// Looks up what the source usually shows.
    pub(super) async fn begin(
        app: &App,
        source: &SourceId,
        abilities: Abilities,
        kind: RunKind,
        state: &SourceState,
    ) -> Result<Self, Finding> {
        let told = |error: crate::store::StoreError| error.finding();
        let everything = match kind {
            RunKind::Full => true,
            RunKind::Incremental => !abilities.incremental,
            RunKind::Backfill => false,
        };
        let backfill = kind == RunKind::Backfill;
        let closed = app.store.gate(source).await.map_err(told)?;
        let newest = app.store.newest_task().await.map_err(told)?;
        let grew = closed.as_ref().filter(|gate| gate.finding.code == TOO_MANY);
        let mut watch = Self {
            gates: app.gates.get(source).copied().unwrap_or_default(),
            source: source.clone(),
            kind,
            // A folder shows whatever files lie in it: more or fewer of them say nothing.
            whole: everything && abilities.full_is_complete,
            grows: !backfill && abilities.full_is_complete && state.last_success_at.is_some(),
            known_to: closed.as_ref().map_or(newest, |gate| gate.known_to),
            known: None,
            grown_from: grew.map_or(newest, |gate| gate.known_to),
            grown: 0,
            growth_of: None,
            measure: None,
            usual: None,
            recognised: 0,
            newer: 0,
            deleted: 0,
            holding: false,
            held_records: 0,
            held_bytes: 0,
            stopped: None,
            closed,
        };
        if !watch.whole && watch.grown_from < newest {
            let later = app.store.count_live_between(source, watch.grown_from, i64::MAX).await;
            watch.grown = later.map_err(told)?;
        }
        if watch.whole {
            let known = app.store.count_live_between(source, 0, watch.known_to).await.map_err(told)?;
            watch.known = Some(known);
            watch.measure = app.store.gate_measure(source).await.map_err(told)?;
            watch.usual = app.store.usual_seen(source, USUAL_OF).await.map_err(told)?;
            let holding = known > 0 && watch.judged(known);
            watch.holding = holding && !watch.lets_code(NOBODY_KNOWN);
        }
        Ok(watch)
    }

    /// What runs of this kind are let through for.
    fn accepted(&self) -> impl Iterator<Item = &Accepted> {
        let all = self.closed.iter().flat_map(|gate| &gate.lets_through);
        all.filter(move |one| one.kind == self.kind)
    }

    fn lets_code(&self, code: &str) -> bool {
        self.accepted().any(|one| one.finding.code == code)
    }

    /// Whether a run of records nobody knows is let through, as many as they are.
    fn lets_unknown(&self, seen: u64) -> bool {
        seen > 0 && self.accepted().any(|one| one.finding.code == NOBODY_KNOWN && one.covers(Some(seen)))
    }

    /// So many, and the least that is not clearly fewer.
    fn size(&self, shown: u64) -> Option<Size> {
        Some(Size::of(shown, self.gates.least_percent.into()))
    }

    /// The fields whose new type, or absence, a person accepted for this run.
    pub(super) fn accepted_fields(&self) -> Vec<String> {
        self.accepted_places(FIELD_CHANGED)
    }

    /// What a person accepted this run's tasks to lose, each as it stands in the place of the finding.
    pub(super) fn accepted_losses(&self) -> Vec<String> {
        self.accepted_places(VALUES_LOST)
    }

    fn accepted_places(&self, code: &str) -> Vec<String> {
        let changed = self.accepted().filter(|one| one.finding.code == code);
        changed.filter_map(|one| one.finding.place.as_ref()?.detail.clone()).collect()
    }

    /// Keeps what stopped the run, if a gate did.
    pub(super) async fn close(&self, app: &App, run: i64, now: DateTime<Utc>) -> Result<(), Finding> {
        let Some((finding, size)) = self.stopped.clone() else { return Ok(()) };
        let stop = Stop { run, kind: self.kind, known_to: self.known_to, finding, size };
        app.store.close_gate(&self.source, &stop, now).await.map_err(|error| error.finding())
    }

    /// Keeps what a run that ended well means for the gate, before anything is called gone: what a run was let through
    /// for must be used up by then, also where it ends there. `seen`: tasks seen, none where the source said that nothing
    /// changed; `loses`: whether some of them lost what a
    /// gate may have stopped the source for; `settled`: those it did not see are called gone.
    pub(super) async fn passed(
        &self,
        app: &App,
        run: i64,
        (seen, loses): (Option<u64>, bool),
        settled: bool,
    ) -> Result<(), Finding> {
        let told = |error: crate::store::StoreError| error.finding();
        let used = self.accepted().next().is_some();
        if let (true, Some(seen)) = (self.whole, seen) {
            let counts = !settled && (used || self.measure.is_some());
            let measure = counts.then_some(seen);
            if measure != self.measure {
                app.store.keep_gate_measure(&self.source, measure).await.map_err(told)?;
            }
        }
        let opens = self.opens(loses);
        if opens || used {
            app.store.open_gate(&self.source, (run, self.kind), opens).await.map_err(told)?;
        }
        Ok(())
    }

    /// Whether this run, having ended well, opens the gate: it was let through, or it read at least what the one that
    /// was stopped did.
    fn opens(&self, loses: bool) -> bool {
        let Some(gate) = &self.closed else { return false };
        match gate.accepted {
            Some(_) => gate.kind == self.kind,
            // Too few to judge are no sign that it is mended.
            None if loses && gate.finding.code == VALUES_LOST => false,
            None => self.whole || (gate.kind == self.kind && self.kind != RunKind::Backfill),
        }
    }

    /// Whether pages wait until a task somebody knows is seen.
    pub(super) fn holds(&self) -> bool {
        self.holding
    }

    /// Whether a task was known before this run, and before those that a gate stopped.
    pub(super) fn knows(&self, id: i64) -> bool {
        id <= self.known_to
    }

    /// Notes a page that waits: its records that show a task, how many of them are of known tasks, and its size. As many records as
    /// there are known tasks may come before the first known one.
    pub(super) fn held(&mut self, records: usize, known: usize, bytes: usize) -> Result<(), ConnectorError> {
        self.held_records += records as u64;
        self.held_bytes += bytes;
        if known > 0 {
            self.holding = false;
        } else if self.held_records > self.known.unwrap_or(0) {
            return self.decide();
        } else if self.held_bytes > MOST_HELD {
            self.holding = false;
        }
        Ok(())
    }

    /// Decides about the pages that wait: there are more of them than known tasks, or the source has ended.
    pub(super) fn decide(&mut self) -> Result<(), ConnectorError> {
        let nobody = self.holding && self.held_records > 0;
        self.holding = false;
        if nobody { self.stop(self.nobody_known(), self.size(self.held_records)) } else { Ok(()) }
    }

    /// Notes a task that was stored and not gone before, seen for the first time in this run.
    pub(super) fn saw(&mut self, id: i64) {
        self.recognised += u64::from(self.knows(id));
        self.newer += u64::from(id > self.grown_from);
    }

    /// How many tasks a run that reads everything should see.
    fn expected(&self) -> u64 {
        self.without_deleted(self.measure.or(self.known).unwrap_or(0))
    }

    /// Less those whose deletion was accepted: nobody misses them.
    fn without_deleted(&self, tasks: u64) -> u64 {
        tasks.saturating_sub(self.deleted)
    }

    /// Whether so many tasks say what is usual.
    fn judged(&self, tasks: u64) -> bool {
        tasks >= u64::from(self.gates.from_tasks)
    }

    /// Whether so many of these tasks are missing that it cannot be believed. Of few tasks a share says little, and a
    /// handful that is most of them says enough.
    fn misses(&self, missing: u64, of: u64) -> bool {
        let judged = self.judged(of) || missing >= u64::from(self.gates.from_missing);
        let shown = of.saturating_sub(missing);
        judged && shown * 100 < of * u64::from(self.gates.least_percent)
    }

    /// Judges how many tasks nobody knew: those of this run, and where this gate is closed already, those of the runs
    /// it stopped.
    pub(super) async fn growth(&mut self, app: &App, new: u64) -> Result<(), ConnectorError> {
        let (times, from) = (u64::from(self.gates.most_times), u64::from(self.gates.from_tasks));
        let new = new + self.newer + self.grown;
        if !self.grows || times < 2 || new <= from * (times - 1) || self.lets_code(TOO_MANY) {
            return Ok(());
        }
        let known = match self.growth_of {
            Some(known) => known,
            None => {
                let known = app.store.count_live_between(&self.source, 0, self.grown_from).await;
                known.map_err(super::of_store)?
            }
        };
        self.growth_of = Some(known);
        if !self.judged(known) || new <= known * (times - 1) {
            return Ok(());
        }
        self.stop(self.too_many(new, known), None)
    }

    /// Whether [`Watch::end`] has something to judge: everything has to be stored by then.
    pub(super) fn judges_the_end(&self) -> bool {
        self.whole && self.known.is_some_and(|known| known > 0)
    }

    /// Judges how many known tasks the source showed, and how many altogether (`seen`), once it has ended. What is
    /// only told, where there are too few to judge.
    pub(super) fn end(&mut self, seen: u64) -> Result<Option<Finding>, ConnectorError> {
        if !self.judges_the_end() {
            return Ok(None);
        }
        let (recognised, expected) = (self.recognised, self.expected());
        if recognised == 0 {
            // Where a person accepted that nothing is shown any more, records of others are no such thing.
            let known = self.without_deleted(self.known.unwrap_or(0));
            let missing = if seen > 0 { known } else { expected };
            if missing < FEW.min(self.gates.from_missing.into()) {
                return Ok((missing > 0).then(|| self.few(missing)));
            }
            // Whoever accepted that none of the records is known accepted this too, of about as many records.
            if !self.lets_unknown(seen) {
                self.stop(self.nothing(missing), self.size(seen))?;
            }
            if seen == 0 {
                return Ok(None);
            }
        } else if self.misses(expected.saturating_sub(recognised), expected) {
            self.stop(self.too_few(recognised, expected), self.size(recognised))?;
        }
        let usual = self.usual.map(|usual| self.without_deleted(usual));
        if let Some(usual) = usual.filter(|usual| self.misses(usual.saturating_sub(seen), *usual)) {
            self.stop(self.too_few(seen, usual), self.size(seen))?;
        }
        Ok(None)
    }

    /// What is told of the known tasks a full pull called gone because it did not see them; nothing where they are a
    /// handful, or where a person let the run through for how little it showed.
    pub(super) fn loss(&self, gone: u64) -> Option<Finding> {
        let of_what_it_showed = |one: &Accepted| SHOWN.contains(&one.finding.code.as_str());
        let known = self.without_deleted(self.known.unwrap_or(0));
        // Others came with runs that a gate stopped.
        let missing = gone.min(known.saturating_sub(self.recognised));
        let handful = missing < u64::from(self.gates.from_missing)
            || missing * 100 <= known * u64::from(self.gates.told_percent);
        (!handful && !self.accepted().any(of_what_it_showed)).then(|| self.lost(missing, known))
    }

    /// Known tasks that are not gone, before this run calls any so.
    async fn live(&mut self, app: &App) -> Result<u64, ConnectorError> {
        let known = match self.known {
            Some(known) => known,
            None => {
                let known = app.store.count_live_between(&self.source, 0, self.known_to).await;
                known.map_err(super::of_store)?
            }
        };
        self.known = Some(known);
        Ok(known)
    }

    /// Whether the source may have deleted so many of the known tasks.
    fn may_bury(&self, gone: u64, known: u64) -> bool {
        !self.misses(gone, known)
    }

    /// Whether so many tombstones have to be counted: those of known tasks among them may be too many.
    pub(super) async fn doubts_burials(
        &mut self,
        app: &App,
        tombstones: u64,
    ) -> Result<bool, ConnectorError> {
        Ok(tombstones > 0 && {
            let known = self.live(app).await?;
            !self.may_bury(tombstones, known)
        })
    }

    /// Judges how many known tasks that are not gone the source says it deleted.
    pub(super) async fn buries(&mut self, app: &App, gone: u64) -> Result<(), ConnectorError> {
        let known = self.live(app).await?;
        if self.may_bury(gone, known) {
            return Ok(());
        }
        self.stop(self.too_many_deleted(gone, known), self.size(known.saturating_sub(gone)))?;
        self.deleted = gone;
        Ok(())
    }

    /// The run ended for another reason than the one it was to be stopped for.
    pub(super) fn never_mind(&mut self) {
        self.stopped = None;
    }

    /// Stops the run for this reason, unless a person lets it through for just this one and, where it has a size, for
    /// about as much.
    pub(super) fn stop(&mut self, finding: Finding, size: Option<Size>) -> Result<(), ConnectorError> {
        let place = finding.place.clone().unwrap_or_else(|| Place::of(format!("source {}", self.source)));
        let finding = finding.at(place);
        if self.closed.as_ref().is_some_and(|gate| gate.lets(self.kind, &finding, size)) {
            return Ok(());
        }
        self.stopped = Some((finding.clone(), size));
        Err(ConnectorError {
            finding: Box::new(finding),
            disposition: Disposition::NeedsOperator,
            retry_after: None,
        })
    }

    fn remedy(&self, code: &str, vi: &str, en: &str) -> Text {
        let accept = accept_order(&self.source, code);
        Text::new(format!("{vi}; nếu đúng là như vậy: {accept}"), format!("{en}; if it is true: {accept}"))
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
                "LT-PUL-010",
                "kiểm tra tài khoản, bộ lọc và trường khóa của nguồn",
                "check the account, the filter and the key field of the source",
            ),
        )
    }

    fn few(&self, known: u64) -> Finding {
        let source = &self.source;
        let finding = Finding::warning(
            "LT-PUL-022",
            Text::new(
                format!("nguồn {source} không còn cho thấy nhiệm vụ nào trong {known} nhiệm vụ đã biết"),
                format!("source {source} shows none of its {known} known tasks any more"),
            ),
            Text::new(
                "số nhiệm vụ quá ít để dừng nguồn; kiểm tra tài khoản và bộ lọc nếu điều đó không đúng",
                "too few to stop the source; check the account and the filter if it is not true",
            ),
        );
        finding.at(Place::of(format!("source {source}")))
    }

    fn lost(&self, missing: u64, known: u64) -> Finding {
        let source = &self.source;
        let finding = Finding::warning(
            LOSS,
            Text::new(
                format!(
                    "nguồn {source} không còn cho thấy {missing} trong {known} nhiệm vụ đã biết; chúng được coi là không còn"
                ),
                format!("source {source} no longer shows {missing} of {known} known tasks; they are called gone"),
            ),
            self.remedy(
                LOSS,
                "kiểm tra tài khoản, bộ lọc mặc định và giới hạn số dòng của nguồn; nhiệm vụ lại được thấy thì lại có như cũ",
                "check the account, the default filter and the row limit of the source; a task that is shown again is back as it was",
            ),
        );
        finding.at(Place::of(format!("source {source}")))
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
                "LT-PUL-001",
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
                TOO_MANY,
                "kiểm tra phạm vi tài khoản và trường khóa của nguồn",
                "check what the account may see and the key field of the source",
            ),
        )
    }

    fn too_many_deleted(&self, gone: u64, known: u64) -> Finding {
        let source = &self.source;
        Finding::error(
            DELETED,
            Text::new(
                format!(
                    "nguồn {source} báo đã xóa {gone} trong {known} nhiệm vụ đã biết; đã dừng, không xóa gì"
                ),
                format!(
                    "source {source} says it deleted {gone} of {known} known tasks; stopped, nothing is called gone"
                ),
            ),
            self.remedy(
                DELETED,
                "kiểm tra tài khoản, bộ lọc và quy tắc deleted trong manifest",
                "check the account, the filter and the rule deleted of the manifest",
            ),
        )
    }

    fn nobody_known(&self) -> Finding {
        let (source, records, known) = (&self.source, self.held_records, self.known.unwrap_or(0));
        Finding::error(
            NOBODY_KNOWN,
            Text::new(
                format!(
                    "không bản ghi nào trong {records} bản ghi của nguồn {source} thuộc {known} nhiệm vụ đã biết; đã dừng, không lưu gì"
                ),
                format!(
                    "none of {records} records of source {source} belongs to one of {known} known tasks; stopped, nothing is stored"
                ),
            ),
            self.remedy(
                NOBODY_KNOWN,
                "kiểm tra tài khoản, đơn vị và trường khóa: khóa đã đổi tạo lại mọi nhiệm vụ",
                "check account, unit and key field: another key makes every task anew",
            ),
        )
    }
}

/// The order with which a person lets the next run through for a reason.
pub(in crate::pipeline) fn accept_order(source: &SourceId, code: &str) -> String {
    format!("lienthong source accept {source} {code} --reason \"…\"")
}
