//! What is kept of the titles of tasks beside their product: words they are found by, tasks they may be one with.
//!
//! Owns that every new or changed task is read once, by the mapping step, before it counts as looked at; and that tasks
//! stored before these tables existed are read a page at a time while nothing else is due. Read twice, nothing changes.

use super::app::App;
use super::search::words;
use crate::error::Finding;
use crate::store::{MapItem, StoreError};

fn told(error: StoreError) -> Finding {
    error.finding()
}

impl App {
    /// Reads the titles of some tasks.
    pub(super) async fn read_titles(&self, items: &[MapItem]) -> Result<(), Finding> {
        let read: Vec<(i64, String)> = items
            .iter()
            .map(|item| {
                let draft = &item.task.task.draft;
                let number = draft.doc_number.as_deref().unwrap_or_default();
                let found_by = words(
                    &format!("{} {number} {}", draft.title, draft.external_id),
                    &self.policy.abbreviations,
                );
                (item.task.id, found_by.into_iter().collect::<Vec<_>>().join(" "))
            })
            .collect();
        self.store.keep_words(&read).await.map_err(told)?;
        self.look_for_twins(items).await
    }

    /// Reads a page of titles of tasks that were there before; whether more are left.
    pub(super) async fn read_earlier_titles(&self, limit: usize) -> Result<bool, Finding> {
        let upto = self.store.unread_titles().await.map_err(told)?;
        if upto <= 0 {
            return Ok(false);
        }
        let items = self.store.items_down_from(upto, limit).await.map_err(told)?;
        let rest = if items.len() < limit { 0 } else { items.first().map_or(0, |item| item.task.id - 1) };
        self.read_titles(&items).await?;
        self.store.titles_read_down_to(rest).await.map_err(told)?;
        Ok(rest > 0)
    }
}
