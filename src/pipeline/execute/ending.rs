//! How an order about products ends: its effect shown, or the order placed and told.
//!
//! Owns the one way from rows that are settled to an answer, for a choice and for a file of choices alike. It must not know
//! where the rows come from.

use super::mapping::{Brings, ahead, place, shown};
use super::{Answer, App};
use crate::directory::Directory;
use crate::error::Finding;
use crate::pipeline::command::Outcome;
use crate::pipeline::review::due_of;
use crate::store::{MapItem, MappingOrder, OrderKind, OrderState, Settled};

/// What is placed beside its rows.
pub(super) struct Ending {
    /// Kind of order.
    pub kind: OrderKind,
    /// The group it settles.
    pub group: Option<String>,
    /// The choice, where it is one for all.
    pub choice: Option<String>,
    /// Who answers for it.
    pub author: String,
    /// Why.
    pub reason: Option<String>,
    /// Only show the effect.
    pub dry_run: bool,
}

impl Ending {
    /// Shows what the rows would move, or lets them count; `told` is what was found on the way.
    pub(super) async fn end(
        self,
        app: &App,
        directory: &Directory,
        items: &[MapItem],
        rows: Vec<Settled>,
        mut told: Vec<Finding>,
    ) -> Answer {
        let effect = app.effect_of_learning(items, &rows, &[], ahead(app, self.dry_run)).await?;
        told.extend(effect.told());
        if self.dry_run {
            return Ok(Outcome::with_findings(shown(directory, &effect, None, OrderState::Waiting), told));
        }
        let new = MappingOrder {
            kind: self.kind,
            group: self.group,
            choice: self.choice,
            author: self.author,
            reason: self.reason,
            at: app.clock.now(),
            about: None,
            proposal: None,
            effect: effect.value(directory),
            due: due_of(items, &rows),
            rows,
        };
        let (id, state, more) = place(app, directory, &new, Brings::Nothing).await?;
        told.extend(more);
        Ok(Outcome::with_findings(shown(directory, &effect, Some(id), state), told))
    }
}
