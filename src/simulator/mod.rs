//! The simulated province: unit systems in their dialects, the evaluation software with its people, and the
//! national database in its destructive mode. Fixture, demonstration, benchmark and oracle at once.
//!
//! Owns its own codecs, so that it cannot share a mistake with what it tests, and its own count of effects. It
//! imports `domain` alone. Everything received and every tick of life is kept in a journal in its folder; a
//! province started again on the same folder goes on where it was.

mod bench;
mod census;
mod connection;
mod control;
mod dialects;
pub mod fault;
mod files;
mod inputs;
mod life;
mod receivers;
mod serve;
mod targets;
mod titles;
mod token;
mod world;

pub use serve::{Running, TrueProduct, start};
pub use world::{BODIES, Dialect, LEAST_PEOPLE, World};

use chrono::NaiveDate;
use fault::Faults;
use receivers::{Evaluation, National, Taken};
use serde_json::{Value, json};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard};
use token::Tokens;

/// Secrets of the simulated systems; worth nothing anywhere else.
pub const SECRETS: [(&str, &str); 6] = [
    ("eoffice", "demo-eoffice"),
    ("tracker", "demo-tracker-key"),
    ("ward", "demo-ward"),
    ("evaluation", "demo-evaluation"),
    ("national", "demo-national"),
    ("user", "lienthong"),
];

/// What kind of province.
#[derive(Debug, Clone)]
pub struct SimulatorConfig {
    /// Seed of everything.
    pub seed: u64,
    /// The province's today.
    pub today: NaiveDate,
    /// People, at least 16 per body.
    pub people: usize,
    /// Tasks at the beginning.
    pub tasks: usize,
    /// Folder for its files and its journal.
    pub folder: PathBuf,
    /// Port on loopback; 0 = any.
    pub port: u16,
    /// Ticks after which life ends; none = it goes on.
    pub last_tick: Option<u64>,
    /// Milliseconds between ticks; none = only when told.
    pub auto_tick_ms: Option<u64>,
}

/// Ticks between two sheets in the drop folder.
const SHEET_TICKS: u64 = 40;

/// Everything that changes.
pub(crate) struct State {
    world: World,
    national: National,
    evaluation: Evaluation,
    faults: Faults,
    tokens: Tokens,
    requests: u64,
    /// Ticks at the last sheet; none = no sheet was written by this process.
    last_sheet: Option<u64>,
    /// Whether the view holds everything up to its last filling.
    view_filled: bool,
    journal: Option<std::fs::File>,
}

/// The province behind its doors.
pub(crate) struct Province {
    config: SimulatorConfig,
    state: Mutex<State>,
    view: sqlx::SqlitePool,
    /// Writing files is one at a time, so that a slow disk cannot put an older state over a newer one.
    files: tokio::sync::Mutex<()>,
    bench: bench::BenchPages,
}

impl Province {
    async fn open(config: SimulatorConfig) -> io::Result<Self> {
        std::fs::create_dir_all(config.folder.join("drop"))?;
        let world = World::generate(config.seed, config.today, config.people, config.tasks);
        let view = files::open_view(&config.folder.join("dakdoa.db")).await.map_err(io::Error::other)?;
        let mut state = State {
            world,
            national: National::default(),
            evaluation: Evaluation::default(),
            faults: Faults::new(config.seed),
            tokens: Tokens::default(),
            requests: 0,
            last_sheet: None,
            view_filled: false,
            journal: None,
        };
        let journal = config.folder.join("journal.jsonl");
        if let Ok(text) = std::fs::read_to_string(&journal) {
            // A last line cut off by a kill is one change the far side never confirmed.
            text.lines()
                .filter_map(|line| serde_json::from_str(line).ok())
                .for_each(|entry: Value| state.replay(&entry));
        }
        state.journal = Some(std::fs::OpenOptions::new().create(true).append(true).open(journal)?);
        inputs::write(&state.world, &config.folder)?;
        let bench = bench::BenchPages::new(config.seed);
        let province =
            Self { config, state: Mutex::new(state), view, files: tokio::sync::Mutex::new(()), bench };
        province.write_files().await?;
        Ok(province)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        match self.state.lock() {
            Ok(state) => state,
            Err(poisoned) => poisoned.into_inner(),
        }
    }

    /// Whether life has ended.
    fn is_over(&self) -> bool {
        self.config.last_tick.is_some_and(|last| self.state().world.ticks >= last)
    }

    /// Lets life go on by some ticks, files included.
    async fn live(&self, ticks: u64) -> io::Result<u64> {
        let mut done = 0;
        {
            let mut state = self.state();
            for _ in 0..ticks {
                if self.config.last_tick.is_some_and(|last| state.world.ticks >= last) {
                    break;
                }
                state.world.tick();
                done += 1;
            }
            if done > 0 {
                state.write(&json!({ "ticks": done }));
            }
        }
        if done > 0 {
            self.write_files().await?;
        }
        Ok(done)
    }

    /// Brings the folder of sheets and the view up to date. Sheets come now and then: one at the beginning, one
    /// after every forty ticks or more, one when life ends.
    async fn write_files(&self) -> io::Result<()> {
        let _one_at_a_time = self.files.lock().await;
        let over = self.is_over();
        let changes = {
            let mut state = self.state();
            let ticks = state.world.ticks;
            let due = state.last_sheet.is_none_or(|last| {
                ticks >= last + SHEET_TICKS - last % SHEET_TICKS || (over && ticks > last)
            });
            if due {
                files::write_sheet(&state.world, &self.config.folder.join("drop"))?;
                state.last_sheet = Some(ticks);
            }
            let since = state.view_filled.then(|| state.world.this_morning());
            state.view_filled = true;
            files::view_changes(&state.world, since)
        };
        files::write_view(changes, &self.view).await.map_err(io::Error::other)
    }
}

impl State {
    fn write(&mut self, entry: &Value) {
        if let Some(journal) = &mut self.journal {
            // The simulator is never killed in tests; a full disk shows up as a lost memory after a restart.
            let _ = writeln!(journal, "{entry}");
        }
    }

    fn replay(&mut self, entry: &Value) {
        if let Some(ticks) = entry["ticks"].as_u64() {
            (0..ticks).for_each(|_| self.world.tick());
        } else if let Some(staff) = entry["staff"].as_str() {
            let rows = entry["rows"].as_array().cloned().unwrap_or_default();
            self.national.store(staff, rows, entry["receipt"].as_str().unwrap_or(""));
        } else if entry["meeting"].is_object() {
            self.evaluation.meet(&self.world);
        } else if entry["score"].is_object() {
            self.evaluation.take(&self.world, &entry["score"]);
        }
    }

    /// Stores a list at the national database.
    fn store_results(&mut self, staff: &str, rows: Vec<Value>, receipt: &str) {
        self.write(&json!({ "staff": staff, "rows": rows, "receipt": receipt }));
        self.national.store(staff, rows, receipt);
    }

    /// Lets the people of the evaluation software meet.
    fn meet(&mut self) {
        self.write(&json!({ "meeting": {} }));
        self.evaluation.meet(&self.world);
    }

    /// Stores a score at the evaluation software.
    fn store_score(&mut self, body: &Value) -> Taken {
        self.write(&json!({ "score": body }));
        self.evaluation.take(&self.world, body)
    }
}
