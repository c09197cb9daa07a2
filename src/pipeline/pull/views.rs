//! What is gone of a source that shows each user only what is theirs.
//!
//! Owns keeping who was shown a task, and the rule that a task is gone only when everybody who was shown it was read
//! whole and is not shown it any more. It must not know accounts. A failure of the store ends the run.

use crate::connector::Views;
use crate::domain::SourceId;
use crate::error::Finding;
use crate::pipeline::app::App;
use crate::store::HeldTask;
use std::collections::HashSet;

/// Keys looked up in one question.
const AT_ONCE: usize = 400;

/// Who is shown what by now, beside what is known.
pub(super) struct Shown<'a> {
    views: &'a Views,
    /// Whether everybody who was ever shown a task of the source was read whole: then also tasks nobody is known of may
    /// be gone.
    everybody: bool,
}

impl<'a> Shown<'a> {
    /// `complete` says whether everybody who is listed was read whole.
    pub(super) async fn begin(
        app: &App,
        source: &SourceId,
        views: &'a Views,
        complete: bool,
    ) -> Result<Self, Finding> {
        let known = app.store.source_viewers(source).await.map_err(|error| error.finding())?;
        Ok(Self { views, everybody: complete && known.is_subset(&views.whole) })
    }

    /// Those of the held tasks that are gone; keeps who is shown the others.
    pub(super) async fn gone(&self, app: &App, held: &[HeldTask]) -> Result<HashSet<i64>, Finding> {
        let ids: Vec<i64> = held.iter().map(|task| task.id).collect();
        let known = app.store.task_viewers(&ids).await.map_err(|error| error.finding())?;
        let (nobody, mut gone) = (HashSet::new(), HashSet::new());
        let (mut more, mut fewer) = (Vec::new(), Vec::new());
        for task in held {
            let before = known.get(&task.id).unwrap_or(&nobody);
            let now = self.views.shown.get(&task.key).map(Vec::as_slice).unwrap_or_default();
            let left =
                before.iter().filter(|viewer| self.views.whole.contains(viewer) && !now.contains(viewer));
            let left: Vec<i64> = left.copied().collect();
            let is_shown = !now.is_empty() || left.len() < before.len();
            if !is_shown && (!before.is_empty() || self.everybody) {
                gone.insert(task.id);
            }
            fewer.extend(left.into_iter().map(|viewer| (task.id, viewer)));
            let new = now.iter().filter(|viewer| !before.contains(viewer));
            more.extend(new.map(|viewer| (task.id, *viewer)));
        }
        if !more.is_empty() || !fewer.is_empty() {
            app.store.keep_viewers(&more, &fewer).await.map_err(|error| error.finding())?;
        }
        Ok(gone)
    }
}

/// Keeps who was shown tasks in a pull that calls nothing gone.
pub(super) async fn keep(app: &App, source: &SourceId, views: &Views) -> Result<(), Finding> {
    let keys: Vec<&str> = views.shown.keys().map(String::as_str).collect();
    for some in keys.chunks(AT_ONCE) {
        let ids = app.store.known_hashes(source, some).await.map_err(|error| error.finding())?;
        let known: Vec<(&str, i64)> =
            some.iter().zip(ids).filter_map(|(key, known)| Some((*key, known?.0))).collect();
        let shown = known
            .iter()
            .flat_map(|(key, id)| views.shown.get(*key).into_iter().flatten().map(|viewer| (*id, *viewer)));
        let shown: Vec<(i64, i64)> = shown.collect();
        if !shown.is_empty() {
            app.store.keep_viewers(&shown, &[]).await.map_err(|error| error.finding())?;
        }
    }
    Ok(())
}
