//! The daemon: everything that runs, started in order and stopped in order.
//!
//! Owns the start (store, schema, first imports, steps, page) and the stop (not ready any more, steps finish,
//! page closes, store closes). Whatever is wrong at the start is told at once and nothing keeps running. A
//! kill at any point loses nothing: every step rereads what is due.

use crate::config::Loaded;
use crate::error::{Finding, Findings, Place, Text, io_cause};
use crate::pipeline::decide::Decide;
use crate::pipeline::deliver::Deliver;
use crate::pipeline::identify::Identify;
use crate::pipeline::map::Map;
use crate::pipeline::record::Record;
use crate::pipeline::retention::Retain;
use crate::pipeline::score::Score;
use crate::pipeline::source::PullSource;
use crate::pipeline::{App, assemble};
use crate::schedule::{Board, Driver};
use crate::web::{Health, Hosts, Live, Web, hook, router};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// A running daemon.
pub struct Daemon {
    /// The installation.
    pub app: Arc<App>,
    /// Status of the steps.
    pub board: Board,
    /// Where the page listens.
    pub address: SocketAddr,
    /// Where calls of sources are taken beside the page's address.
    pub hooks_address: Option<SocketAddr>,
    driver: Driver,
    health: Health,
    stop_page: CancellationToken,
    page: tokio::task::JoinHandle<()>,
    hooks: Option<tokio::task::JoinHandle<()>>,
}

/// Renders the metrics this process counts.
pub type MetricsText = Arc<dyn Fn() -> String + Send + Sync>;

impl Daemon {
    /// Starts everything. The caller holds the data folder's lock.
    ///
    /// # Errors
    /// Every finding of the configuration, the store or the imports; LT-RUN-003 the address is taken.
    pub async fn start(loaded: &Loaded, metrics: MetricsText) -> Result<Self, Findings> {
        let store = assemble::open_store(&loaded.config).await?;
        crate::failpoint!("start::before_migration");
        let placed = |findings| store.placed_all(findings);
        store.migrate().await.map_err(|error| store.placed(error.finding()))?;
        crate::failpoint!("start::after_migration");
        assemble::first_imports(loaded, &store).await.map_err(placed)?;
        crate::failpoint!("start::after_imports");
        let owner = assemble::take_over(loaded, &store).await.map_err(placed)?;
        crate::failpoint!("start::after_take_over");
        let app = assemble::assemble(loaded, store.clone(), owner.clone()).await.map_err(placed)?;
        let app = Arc::new(app);
        let (listener, address) = listening(loaded.config.daemon.listen, "listen").await?;
        let hooks = match loaded.config.daemon.hooks_listen {
            Some(address) => Some(listening(address, "hooks_listen").await?),
            None => None,
        };
        let driver = Driver::new(store, app.clock, owner, app.bells.clone(), app.failing.clone());
        for source in app.sources.keys() {
            driver.start(Arc::new(PullSource::new(app.clone(), source.clone())));
        }
        driver.start(Arc::new(Identify(app.clone())));
        driver.start(Arc::new(Map::new(app.clone())));
        driver.start(Arc::new(Score(app.clone())));
        driver.start(Arc::new(Record(app.clone())));
        driver.start(Arc::new(Decide(app.clone())));
        driver.start(Arc::new(Retain(app.clone())));
        let parallel = usize::from(loaded.config.delivery.parallel);
        for target in app.receivers() {
            match app.withheld.get(target.id()) {
                None => driver.start(Arc::new(Deliver::new(app.clone(), target, parallel))),
                Some(finding) => tracing::warn!(
                    delivery = %target.id(),
                    code = finding.code,
                    "results are kept, nothing is sent: {}",
                    finding.what.en
                ),
            }
        }
        let health = Health::default();
        let live = Live::default();
        let simulated = loaded.config.target.iter().any(|target| target.simulated);
        let web = Web {
            app: app.clone(),
            name: loaded.config.daemon.name.clone(),
            board: driver.board(),
            simulated,
            lang: loaded.config.daemon.lang,
            hosts: Hosts::new(&loaded.config.page.hosts),
            health: health.clone(),
            live: live.clone(),
            metrics,
        };
        let stop_page = CancellationToken::new();
        let stopped = stop_page.clone();
        let watcher = live.watch(app.store.clone());
        let page = tokio::spawn(async move {
            // The watcher never ends by itself and goes with the page.
            let watcher = AbortOnDropHandle::new(tokio::spawn(watcher));
            let served = axum::serve(listener, router(web))
                .with_graceful_shutdown(async move { stopped.cancelled().await });
            if let Err(error) = served.await {
                tracing::error!(%error, "the page ended");
            }
            drop(watcher);
        });
        let hooks_address = hooks.as_ref().map(|(_, address)| *address);
        let hooks = hooks.map(|(listener, _)| {
            let (stopped, calls) = (stop_page.clone(), hook::router(app.clone()));
            tokio::spawn(async move {
                let served = axum::serve(listener, calls)
                    .with_graceful_shutdown(async move { stopped.cancelled().await });
                if let Err(error) = served.await {
                    tracing::error!(%error, "no calls are taken any more");
                }
            })
        });
        crate::failpoint!("start::before_ready");
        let board = driver.board();
        Ok(Self { board, app, address, hooks_address, driver, health, stop_page, page, hooks })
    }

    /// Begins nothing new: not ready any more, no new runs of steps. What runs goes on.
    pub fn begin_nothing_new(&self) {
        self.health.stopping();
        self.driver.no_new_runs();
    }

    /// Stops everything within a limit; false when running work had to be dropped, which loses nothing.
    pub async fn stop(self, limit: Duration) -> bool {
        self.begin_nothing_new();
        // What is left of the limit is for what was dropped to let go of the store.
        let whole = self.driver.stop(limit * 3 / 4).await;
        self.stop_page.cancel();
        // A visitor who never closes his connection must not hold up the stop. The address is free afterwards.
        for served in [Some(self.page), self.hooks].into_iter().flatten() {
            served.abort();
            let _aborted = served.await;
        }
        tokio::time::timeout(limit / 8, self.app.store.close()).await.is_ok() && whole
    }
}

/// Listens on an address of the configuration.
async fn listening(address: SocketAddr, key: &'static str) -> Result<(TcpListener, SocketAddr), Findings> {
    let opened = match TcpListener::bind(address).await {
        Ok(listener) => listener.local_addr().map(|address| (listener, address)),
        Err(error) => Err(error),
    };
    opened.map_err(|error| {
        let by = if key == "listen" { "`run --listen 127.0.0.1:8336`, " } else { "" };
        let (vi, en) = (
            format!("{by}daemon.{key} trong tệp cấu hình"),
            format!("{by}daemon.{key} of the configuration"),
        );
        taken(address, &error, &vi, &en).at(Place::of(format!("daemon.{key}"))).into()
    })
}

/// An address nobody can listen on. `vi` and `en` say how another one is chosen.
pub fn taken(address: SocketAddr, error: &std::io::Error, vi: &str, en: &str) -> Finding {
    let port = address.port();
    let remedy = match error.kind() {
        std::io::ErrorKind::AddrInUse => Text::new(
            format!(
                "chọn cổng khác: {vi}; hoặc dừng chương trình đang dùng cổng này (xem bằng: ss -ltnp 'sport = :{port}')"
            ),
            format!(
                "choose another port: {en}; or stop the program that uses it (who that is: ss -ltnp 'sport = :{port}')"
            ),
        ),
        std::io::ErrorKind::PermissionDenied => Text::new(
            format!("cổng dưới 1024 cần quyền riêng; chọn cổng khác: {vi}"),
            format!("a port below 1024 needs a right of its own; choose another: {en}"),
        ),
        _ => Text::new(
            format!("chọn địa chỉ của máy này: {vi}; 127.0.0.1 luôn có"),
            format!("choose an address of this machine: {en}; 127.0.0.1 is always there"),
        ),
    };
    Finding::error(
        "LT-RUN-003",
        Text::new(format!("không mở được địa chỉ {address}"), format!("cannot listen on {address}"))
            .because(&io_cause(error)),
        remedy,
    )
}
