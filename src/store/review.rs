//! Orders of people about the products of tasks: whom they settle, why, with what effect, and who confirmed them.
//!
//! Owns the order beside the mappings it changes: both, their history, the marks on scores and the entry of the
//! audit chain are one transaction. An order is never deleted; an undo is one of its own. A task that somebody else
//! settled since it was read is a conflict, and nothing of the order is written.

use super::audit::AuditNew;
use super::bulk::{Bulk, Kind};
use super::db::{Row, Tx, Val, json, json_opt, placeholders, vals};
use super::facts::{TASK_COLUMNS, TASK_WIDTH, stored_task};
use super::mapping::{KEEP_DECISION, MAPPING_COLUMNS, MappingRow, MappingState, mapping_vals};
use super::proposal::{ProposalNew, ProposalState};
use super::{Store, StoreError};
use crate::domain::{CatalogVersion, Period, PersonId};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

/// Numbers per statement.
const CHUNK: usize = 400;

/// What an order does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderKind {
    /// Gives tasks a product, or says that they are none.
    Decide,
    /// Takes another order back.
    Undo,
    /// Proposes a product no catalog has.
    Propose,
    /// Gives the tasks of a proposal the product a catalog has now.
    Accept,
    /// Takes over decisions from a file.
    Import,
    /// Takes over tasks other installations decided, to learn from.
    Examples,
    /// Shares products among people and quarters.
    Share,
}

/// How far an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Waits for a second person.
    Waiting,
    /// Counts.
    Counted,
    /// Was taken back after it had counted.
    Undone,
    /// Was taken back before it counted.
    Withdrawn,
}

macro_rules! words {
    ($type:ident { $($variant:ident => $word:literal),+ $(,)? }) => {
        impl $type {
            /// Stable word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            fn parse(word: &str) -> Result<Self, StoreError> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(StoreError::unexpected(format!("unknown word \"{word}\" of an order"))),
                }
            }
        }
    };
}
words!(OrderKind { Decide => "decide", Undo => "undo", Propose => "propose", Accept => "accept", Import => "import", Examples => "examples", Share => "share" });
words!(OrderState { Waiting => "waiting", Counted => "counted", Undone => "undone", Withdrawn => "withdrawn" });

/// One task of an order.
#[derive(Debug, Clone, PartialEq)]
pub struct Settled {
    /// The task.
    pub task: i64,
    /// The mapping it had when the order was made.
    pub held: Option<MappingRow>,
    /// The one it is given.
    pub given: MappingRow,
}

/// A new order.
#[derive(Debug, Clone)]
pub struct MappingOrder {
    /// What it does.
    pub kind: OrderKind,
    /// The group of waiting tasks it was about, where it was about one.
    pub group: Option<String>,
    /// Code of the product; none = outside the catalog, or several.
    pub choice: Option<String>,
    /// Who orders.
    pub author: String,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
    /// The order it takes back.
    pub about: Option<i64>,
    /// The proposal it is about.
    pub proposal: Option<i64>,
    /// What it moves, as a preview of the same inputs showed it.
    pub effect: Value,
    /// Its tasks.
    pub rows: Vec<Settled>,
    /// Scores to be computed again.
    pub due: Vec<(PersonId, Period)>,
}

/// An order as stored, without its tasks.
#[derive(Debug, Clone)]
pub struct StoredOrder {
    /// Number.
    pub id: i64,
    /// What it does.
    pub kind: OrderKind,
    /// How far it is.
    pub state: OrderState,
    /// The group it was about.
    pub group: Option<String>,
    /// Code of the product; none = outside the catalog, or several.
    pub choice: Option<String>,
    /// How many tasks it is about, or examples it brings in.
    pub tasks: u64,
    /// Who ordered.
    pub author: String,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
    /// The second person, once there is one.
    pub confirmed_by: Option<String>,
    /// When they confirmed.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// The order it takes back.
    pub about: Option<i64>,
    /// The proposal it is about.
    pub proposal: Option<i64>,
    /// What it moved.
    pub effect: Value,
}

/// A waiting task as far as its group depends on it.
#[derive(Debug, Clone)]
pub struct WaitingTask {
    /// Number.
    pub task: i64,
    /// Title.
    pub title: String,
    /// Document type of the source; empty when unknown.
    pub doc_type: String,
    /// The source's own category; empty when unknown.
    pub category: String,
    /// Code of the product the text speaks for most, where it speaks for any.
    pub best: Option<String>,
    /// Catalog version its product is looked for in.
    pub catalog_version: CatalogVersion,
}

pub(super) const ORDER_COLUMNS: &str = "id, kind, state, group_id, choice, tasks, author, reason, at, confirmed_by, confirmed_at, about, proposal_id, effect";

static ORDER_TASKS: Bulk = Bulk::sharing(
    "mapping_decision_task",
    &[("decision_id", Kind::Int)],
    &[("task_id", Kind::Int), ("held", Kind::Json), ("given", Kind::Json)],
    "",
);

/// What a person ordered stands, whoever decided before.
pub(super) static SETTLE_MAPPING: Bulk = Bulk::new(
    "mapping",
    MAPPING_COLUMNS,
    "ON CONFLICT (task_id) DO UPDATE SET state = excluded.state, product = excluded.product, \
     catalog_version = excluded.catalog_version, coefficient = excluded.coefficient, decided_by = excluded.decided_by, \
     author = excluded.author, reason = excluded.reason, decided_at = excluded.decided_at",
);

impl Store {
    /// Writes an order that counts at once; gives its number.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when a task was settled otherwise since it was read, or the order it takes back
    /// does not count any more; nothing is written then.
    pub async fn settle_mappings(&self, order: &MappingOrder) -> Result<i64, StoreError> {
        let mut tx = self.db.begin().await?;
        let id = tx.keep_order(order, OrderState::Counted, order.rows.len()).await?;
        let of = Applied { id, kind: order.kind, about: order.about, proposal: order.proposal };
        tx.apply_order(of, &order.rows, &order.due, (order.author.as_str(), order.at)).await?;
        let object = match order.rows.as_slice() {
            [one] => format!("task {}", one.task),
            _ => format!("mapping decision {id}"),
        };
        tx.audit(AuditNew {
            at: order.at,
            actor: &order.author,
            action: "mapping_decided",
            object,
            detail: detail_of(order.kind, order.choice.as_deref(), order.rows.len(), order.about),
            reason: order.reason.as_deref(),
        })
        .await?;
        tx.commit().await?;
        Ok(id)
    }

    /// A person's decision about one task, whatever it was before.
    pub async fn decide_mapping(
        &self,
        task: i64,
        row: &MappingRow,
        due: &[(PersonId, Period)],
        reason: Option<&str>,
    ) -> Result<(), StoreError> {
        let held = self.map_item(task).await?.and_then(|item| item.mapping);
        let order = MappingOrder {
            kind: OrderKind::Decide,
            group: None,
            choice: row.product.as_ref().map(ToString::to_string),
            author: row.author.clone().unwrap_or_else(|| "?".to_owned()),
            reason: reason.map(str::to_owned),
            at: row.decided_at,
            about: None,
            proposal: None,
            effect: Value::Null,
            rows: vec![Settled { task, held, given: row.clone() }],
            due: due.to_vec(),
        };
        self.settle_mappings(&order).await.map(|_| ())
    }

    /// Writes a new product's proposal with the order that gives it its tasks, which counts at once or waits for a
    /// second person; gives both numbers.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] as [`Store::settle_mappings`], and when the code is proposed already.
    pub async fn propose_product(
        &self,
        new: &ProposalNew,
        order: &MappingOrder,
        counts: bool,
    ) -> Result<(i64, i64), StoreError> {
        let mut tx = self.db.begin().await?;
        let by = (order.author.as_str(), order.at, order.reason.as_deref());
        let proposal = tx.keep_proposal(new, by).await?;
        let order = MappingOrder { proposal: Some(proposal), ..order.clone() };
        let state = if counts { OrderState::Counted } else { OrderState::Waiting };
        let id = tx.keep_order(&order, state, order.rows.len()).await?;
        if counts {
            let of = Applied { id, kind: order.kind, about: None, proposal: Some(proposal) };
            tx.apply_order(of, &order.rows, &order.due, (order.author.as_str(), order.at)).await?;
        }
        tx.audit(AuditNew {
            at: order.at,
            actor: &order.author,
            action: "product_proposed",
            object: format!("proposal {proposal}"),
            detail: format!("{}, {} tasks", new.code, order.rows.len()),
            reason: order.reason.as_deref(),
        })
        .await?;
        tx.commit().await?;
        Ok((proposal, id))
    }

    /// Keeps an order until a second person confirms it; gives its number.
    pub async fn keep_order(&self, order: &MappingOrder) -> Result<i64, StoreError> {
        let mut tx = self.db.begin().await?;
        let id = tx.keep_order(order, OrderState::Waiting, order.rows.len()).await?;
        tx.audit(AuditNew {
            at: order.at,
            actor: &order.author,
            action: "mapping_asked",
            object: format!("mapping decision {id}"),
            detail: detail_of(order.kind, order.choice.as_deref(), order.rows.len(), order.about),
            reason: order.reason.as_deref(),
        })
        .await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Lets a waiting order count, confirmed by a second person, with the effect it has by now.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it does not wait any more or one of its tasks was settled otherwise.
    pub async fn confirm_order(
        &self,
        order: &StoredOrder,
        rows: &[Settled],
        due: &[(PersonId, Period)],
        confirmed: (&str, DateTime<Utc>),
        effect: &Value,
    ) -> Result<(), StoreError> {
        let (who, at) = confirmed;
        let mut tx = self.db.begin().await?;
        let changed = tx
            .execute(
                "UPDATE mapping_decision SET state = 'counted', confirmed_by = $2, confirmed_at = $3, effect = $4 \
                 WHERE id = $1 AND state = 'waiting'",
                vals![order.id, who, at, json(effect)?],
            )
            .await?;
        if changed == 0 {
            return Err(StoreError::Conflict(format!("decision {} does not wait any more", order.id)));
        }
        let of = Applied { id: order.id, kind: order.kind, about: order.about, proposal: order.proposal };
        tx.apply_order(of, rows, due, (who, at)).await?;
        // Of shares there are no rows here.
        let of_order = usize::try_from(order.tasks).unwrap_or(usize::MAX);
        tx.audit(AuditNew {
            at,
            actor: who,
            action: "mapping_confirmed",
            object: format!("mapping decision {}", order.id),
            detail: detail_of(order.kind, order.choice.as_deref(), of_order, order.about),
            reason: None,
        })
        .await?;
        tx.commit().await
    }

    /// Takes back an order that never counted.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it does not wait any more.
    pub async fn withdraw_order(
        &self,
        order: &StoredOrder,
        who: &str,
        at: DateTime<Utc>,
        reason: &str,
    ) -> Result<(), StoreError> {
        let id = order.id;
        let mut tx = self.db.begin().await?;
        let changed = tx
            .execute(
                "UPDATE mapping_decision SET state = 'withdrawn' WHERE id = $1 AND state = 'waiting'",
                vals![id],
            )
            .await?;
        if changed == 0 {
            return Err(StoreError::Conflict(format!("decision {id} does not wait any more")));
        }
        if let (OrderKind::Propose, Some(proposal)) = (order.kind, order.proposal) {
            tx.settle_proposal(proposal, ProposalState::Withdrawn, (who, at)).await?;
        }
        tx.audit(AuditNew {
            at,
            actor: who,
            action: "mapping_withdrawn",
            object: format!("mapping decision {id}"),
            detail: String::new(),
            reason: Some(reason),
        })
        .await?;
        tx.commit().await
    }

    /// Orders with a number below one, newest first; in one state or in any.
    pub async fn mapping_orders(
        &self,
        state: Option<OrderState>,
        before: i64,
        limit: usize,
    ) -> Result<Vec<StoredOrder>, StoreError> {
        let word = state.map_or("", OrderState::as_str);
        let sql = format!(
            "SELECT {ORDER_COLUMNS} FROM mapping_decision WHERE id < $1 AND ($2 = '' OR state = $2) ORDER BY id DESC LIMIT $3"
        );
        let rows = self.db.rows(sql, vals![before, word, limit as u64]).await?;
        rows.iter().map(order_of).collect()
    }

    /// One order.
    pub async fn mapping_order(&self, id: i64) -> Result<Option<StoredOrder>, StoreError> {
        let sql = format!("SELECT {ORDER_COLUMNS} FROM mapping_decision WHERE id = $1");
        self.db.row(sql, vals![id]).await?.map(|row| order_of(&row)).transpose()
    }

    /// The order that proposed a product, while it counts or waits.
    pub async fn order_of_proposal(&self, proposal: i64) -> Result<Option<StoredOrder>, StoreError> {
        let sql = format!(
            "SELECT {ORDER_COLUMNS} FROM mapping_decision WHERE proposal_id = $1 AND kind = 'propose' \
             AND state IN ('counted', 'waiting') ORDER BY id DESC LIMIT 1"
        );
        self.db.row(sql, vals![proposal]).await?.map(|row| order_of(&row)).transpose()
    }

    /// The newest order about a group that counts or waits.
    pub async fn order_of_group(&self, group: &str) -> Result<Option<StoredOrder>, StoreError> {
        let sql = format!(
            "SELECT {ORDER_COLUMNS} FROM mapping_decision WHERE group_id = $1 AND state IN ('counted', 'waiting') \
             ORDER BY id DESC LIMIT 1"
        );
        self.db.row(sql, vals![group]).await?.map(|row| order_of(&row)).transpose()
    }

    /// The tasks of an order, in order of number.
    pub async fn settled_by(&self, order: i64) -> Result<Vec<Settled>, StoreError> {
        let sql =
            "SELECT task_id, held, given FROM mapping_decision_task WHERE decision_id = $1 ORDER BY task_id";
        let rows = self.db.rows(sql, vals![order]).await?;
        rows.iter()
            .map(|row| Ok(Settled { task: row.int(0)?, held: row.opt_json(1)?, given: row.json(2)? }))
            .collect()
    }

    /// Tasks that wait for a person, with a number after one and up to another, in order.
    pub async fn waiting_tasks(
        &self,
        after: i64,
        upto: i64,
        limit: usize,
    ) -> Result<Vec<WaitingTask>, StoreError> {
        let sql = format!(
            "SELECT {TASK_COLUMNS}, m.reason, m.catalog_version FROM mapping m JOIN task t ON t.id = m.task_id \
             WHERE m.state = 'review' AND m.task_id > $1 AND m.task_id <= $2 \
             AND NOT EXISTS (SELECT 1 FROM task_duplicate d WHERE d.task_id = m.task_id) ORDER BY m.task_id LIMIT $3"
        );
        let rows = self.db.rows(sql, vals![after, upto, limit as u64]).await?;
        rows.iter()
            .map(|row| {
                let draft = stored_task(row)?.task.draft;
                let reason: Value = row.json(TASK_WIDTH)?;
                Ok(WaitingTask {
                    task: row.int(0)?,
                    title: draft.title,
                    doc_type: draft.doc_type.unwrap_or_default(),
                    category: draft.category.unwrap_or_default(),
                    best: reason
                        .pointer("/candidates/0/product")
                        .and_then(|code| code.as_str())
                        .map(str::to_owned),
                    catalog_version: row.parsed(TASK_WIDTH + 1)?,
                })
            })
            .collect()
    }
}

/// An order as it is applied.
#[derive(Clone, Copy)]
pub(super) struct Applied {
    pub id: i64,
    pub kind: OrderKind,
    pub about: Option<i64>,
    pub proposal: Option<i64>,
}

impl Tx {
    /// Writes an order about so many tasks or examples; gives its number.
    pub(super) async fn keep_order(
        &mut self,
        order: &MappingOrder,
        state: OrderState,
        about: usize,
    ) -> Result<i64, StoreError> {
        let row = self
            .row(
                "INSERT INTO mapping_decision (kind, state, group_id, choice, tasks, author, reason, at, about, proposal_id, effect) \
                 VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11) RETURNING id",
                vals![
                    order.kind.as_str(),
                    state.as_str(),
                    order.group.clone(),
                    order.choice.clone(),
                    about as u64,
                    order.author.as_str(),
                    order.reason.clone(),
                    order.at,
                    order.about,
                    order.proposal,
                    json(&order.effect)?
                ],
            )
            .await?;
        let id = row.ok_or_else(|| StoreError::unexpected("no number for the order"))?.int(0)?;
        self.keep_tasks(id, &order.rows).await?;
        Ok(id)
    }

    pub(super) async fn keep_tasks(&mut self, order: i64, rows: &[Settled]) -> Result<(), StoreError> {
        let mut vals = Vec::with_capacity(rows.len() * 3);
        for row in rows {
            vals.extend([Val::from(row.task), json_opt(row.held.as_ref())?, json(&row.given)?]);
        }
        ORDER_TASKS.bind(self.is_postgres(), vals)?.write(self, vals![order]).await?;
        Ok(())
    }

    pub(super) async fn apply_order(
        &mut self,
        Applied { id, kind, about, proposal }: Applied,
        rows: &[Settled],
        due: &[(PersonId, Period)],
        by: (&str, DateTime<Utc>),
    ) -> Result<(), StoreError> {
        if kind == OrderKind::Undo {
            self.hold_undoings(true).await?;
        }
        for chunk in rows.chunks(CHUNK) {
            self.require_unchanged(chunk).await?;
        }
        if let (OrderKind::Undo, Some(about)) = (kind, about) {
            let sql = "UPDATE mapping_decision SET state = 'undone' WHERE id = $1 AND state = 'counted'";
            if self.execute(sql, vals![about]).await? == 0 {
                return Err(StoreError::Conflict(format!("decision {about} does not count any more")));
            }
            // An undo taken back: what it had taken back counts again.
            let sql = "UPDATE mapping_decision SET state = 'counted' WHERE state = 'undone' \
                       AND id = (SELECT u.about FROM mapping_decision u WHERE u.id = $1 AND u.kind = 'undo')";
            self.execute(sql, vals![about]).await?;
        }
        let given: Vec<(i64, &MappingRow)> = rows.iter().map(|row| (row.task, &row.given)).collect();
        let vals = mapping_vals(&given)?;
        KEEP_DECISION.insert(self, vals.clone()).await?;
        SETTLE_MAPPING.insert(self, vals).await?;
        let again: Vec<i64> =
            rows.iter().filter(|row| row.given.state == MappingState::Review).map(|row| row.task).collect();
        self.map_again(&again).await?;
        if let (OrderKind::Undo, Some(about)) = (kind, about) {
            self.reopen_resting((id, about), rows, by).await?;
        }
        self.follow_proposal(proposal, rows, by).await?;
        self.enter_shares(id, by.1).await?;
        tracing::debug!(order = id, tasks = rows.len(), "mappings settled");
        self.score_due(due).await
    }

    pub(super) async fn map_again(&mut self, tasks: &[i64]) -> Result<(), StoreError> {
        for chunk in tasks.chunks(CHUNK) {
            let sql = format!("UPDATE task SET map_due = $1 WHERE id IN {}", placeholders(1, chunk.len(), 2));
            let mut vals = vals![true];
            vals.extend(chunk.iter().map(|task| Val::from(*task)));
            self.execute(sql, vals).await?;
        }
        Ok(())
    }

    /// Whether what these tasks are is what it was when the order was made. Ranked again meanwhile is no change.
    async fn require_unchanged(&mut self, rows: &[Settled]) -> Result<(), StoreError> {
        let lock = if self.is_postgres() { " FOR UPDATE" } else { "" };
        let sql = format!(
            "SELECT task_id, state, product, decided_by FROM mapping WHERE task_id IN {}{lock}",
            placeholders(1, rows.len(), 1)
        );
        let found = self.rows(sql, rows.iter().map(|row| Val::from(row.task)).collect()).await?;
        let mut present = std::collections::HashMap::with_capacity(found.len());
        for row in found {
            present.insert(row.int(0)?, (row.text(1)?, row.opt_text(2)?, row.text(3)?));
        }
        for row in rows {
            let held = row.held.as_ref().map(|held| {
                let product = held.product.as_ref().map(ToString::to_string);
                (held.state.as_str().to_owned(), product, held.decided_by.clone())
            });
            if present.get(&row.task) != held.as_ref() {
                return Err(StoreError::Conflict(format!("task {} was settled meanwhile", row.task)));
            }
        }
        Ok(())
    }
}

pub(super) fn detail_of(kind: OrderKind, choice: Option<&str>, tasks: usize, about: Option<i64>) -> String {
    let what = match (kind, about) {
        (OrderKind::Undo, Some(about)) => format!("undo of {about}"),
        (OrderKind::Share, _) => "shares".to_owned(),
        _ => choice.unwrap_or("outside").to_owned(),
    };
    if tasks == 1 { what } else { format!("{what}, {tasks} tasks") }
}

pub(super) fn order_of(row: &Row) -> Result<StoredOrder, StoreError> {
    Ok(StoredOrder {
        id: row.int(0)?,
        kind: OrderKind::parse(&row.text(1)?)?,
        state: OrderState::parse(&row.text(2)?)?,
        group: row.opt_text(3)?,
        choice: row.opt_text(4)?,
        tasks: u64::try_from(row.int(5)?).unwrap_or(0),
        author: row.text(6)?,
        reason: row.opt_text(7)?,
        at: row.at(8)?,
        confirmed_by: row.opt_text(9)?,
        confirmed_at: row.opt_at(10)?,
        about: row.opt_int(11)?,
        proposal: row.opt_int(12)?,
        effect: row.json(13)?,
    })
}
