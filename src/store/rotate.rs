//! From one field key to the next: both open the store meanwhile, what is sealed is sealed again bit by bit.
//!
//! Owns the rows of `field_key` and `field_key_wrap`, and the order of places that hold sealed values. As long as two keys
//! are accepted, each opens the other, so that whoever has either can read everything and go on where a killed process
//! stopped. The keyed index of citizen ids keeps its own key, which travels sealed under every accepted one: indexes stand
//! in tasks and events, and nothing leads from an index back to its number. It must not know where keys come from. A value
//! that opens with no key at hand is counted and left alone; one that was let go (`retention`) is empty.

use super::audit::AuditNew;
use super::db::{Tx, Val, vals};
use super::vault::Vault;
use super::{Store, StoreError};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// A column of sealed values.
struct Place {
    /// Under which name it is sealed.
    name: &'static str,
    table: &'static str,
    column: &'static str,
    /// Whether its rows are numbered by UUIDs.
    by_uuid: bool,
    /// Rows of one transaction: answers are large, ids are small.
    at_once: u64,
}

/// Every column of sealed values, in the order in which they are gone through.
const PLACES: [Place; 6] = [
    Place { name: "citizen", table: "person", column: "citizen_sealed", by_uuid: true, at_once: 500 },
    Place { name: "outbox", table: "outbox", column: "payload", by_uuid: true, at_once: 200 },
    Place { name: "decision_kept", table: "decision_kept", column: "body", by_uuid: false, at_once: 200 },
    Place { name: "rejected", table: "rejected", column: "body", by_uuid: false, at_once: 200 },
    Place { name: "raw", table: "raw_page", column: "body", by_uuid: false, at_once: 16 },
    Place { name: "details", table: "raw_page", column: "details", by_uuid: false, at_once: 16 },
];

/// How far a rotation has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rotation {
    /// Place that is gone through; the number of places when all were.
    place: usize,
    /// Last row looked at in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    /// Values sealed again.
    pub sealed: u64,
    /// Values that open with neither key.
    pub unreadable: u64,
}

impl Rotation {
    /// Whether every value was looked at.
    pub fn is_done(&self) -> bool {
        self.place >= PLACES.len()
    }
}

/// What a new key is to this store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// It seals from now on.
    Now,
    /// It did already: the rotation goes on.
    Before,
    /// It is the only key there is.
    Same,
    /// Another rotation is not at its end.
    Other,
}

const CURSOR: &str = "field_key_rotation";

impl Store {
    /// The keys this store accepts, opened by one of them; none of its rows = the one it was first written with.
    pub(super) async fn admitted(&self, key: &[u8; 32]) -> Result<Option<Vault>, StoreError> {
        let rows = self.db.rows("SELECT check_value, seals, index_sealed FROM field_key", vals![]).await?;
        if rows.is_empty() {
            return Ok(None);
        }
        let alone = Vault::new(key);
        let own = alone.check_value();
        let (mut index, mut sealing) = (None, None);
        for row in &rows {
            let check = row.text(0)?;
            if check == own {
                index = Some(alone.open("index key", &row.blob(2)?)?);
            }
            if row.flag(1)? {
                sealing = Some(check);
            }
        }
        let (Some(index), Some(sealing)) = (index, sealing) else { return Err(StoreError::OtherKey) };
        let vault = Vault::with_index(key, bytes_of(&index)?);
        let wraps =
            self.db.rows("SELECT opens, sealed FROM field_key_wrap WHERE opened_by = $1", vals![own]).await?;
        for row in wraps {
            let other = bytes_of(&alone.open("field key", &row.blob(1)?)?)?;
            vault.accept(&other, row.text(0)? == sealing);
        }
        Ok(Some(vault))
    }

    /// Lets a new key seal from now on, beside the old one, and says how the rotation stands. `reason` stands in the journal.
    pub async fn begin_rotation(
        &self,
        new: &[u8; 32],
        (author, reason): (&str, &str),
        now: DateTime<Utc>,
    ) -> Result<Begun, StoreError> {
        let (next, held) = (Vault::new(new), self.vault.checks());
        let sealing = self.vault.check_value();
        match (held.len(), next.check_value() == sealing, self.rotation().await?) {
            (1, true, _) => return Ok(Begun::Same),
            (2, true, rotation) => {
                if rotation.is_some_and(|rotation| rotation.is_done()) {
                    // Once more from the beginning: something may have been missed.
                    let mut tx = self.db.begin().await?;
                    keep(&mut tx, &Rotation::default()).await?;
                    tx.commit().await?;
                }
                return Ok(Begun::Before);
            }
            (1, false, _) => {}
            _ => return Ok(Begun::Other),
        }
        let mut tx = self.db.begin().await?;
        tx.execute("DELETE FROM field_key", vals![]).await?;
        let (old, old_key) = self.vault.sealing();
        for (key, check, seals) in [(&old, old.check_value(), false), (&next, next.check_value(), true)] {
            let index = key.seal("index key", self.vault.index_key())?;
            let sql = "INSERT INTO field_key (check_value, seals, index_sealed, since) VALUES ($1,$2,$3,$4)";
            tx.execute(sql, vals![check, seals, index, now]).await?;
        }
        for (by, opens, sealed) in [
            (&old, next.check_value(), old.seal("field key", new)?),
            (&next, old.check_value(), next.seal("field key", &old_key)?),
        ] {
            let sql = "INSERT INTO field_key_wrap (opened_by, opens, sealed) VALUES ($1,$2,$3)";
            tx.execute(sql, vals![by.check_value(), opens, sealed]).await?;
        }
        keep(&mut tx, &Rotation::default()).await?;
        let object = format!("field key {} → {}", old.check_value(), next.check_value());
        let (action, detail) = ("field_key_rotation_begun", String::new());
        tx.audit(AuditNew { at: now, actor: author, action, object, detail, reason: Some(reason) }).await?;
        tx.commit().await?;
        self.vault.accept(new, true);
        Ok(Begun::Now)
    }

    /// How far the last rotation has come; none where there was none.
    pub async fn rotation(&self) -> Result<Option<Rotation>, StoreError> {
        let row = self.db.row("SELECT value FROM meta WHERE key = $1", vals![CURSOR]).await?;
        let text = row.map(|row| row.text(0)).transpose()?;
        Ok(text.map(|text| serde_json::from_str(&text)).transpose()?)
    }

    /// Seals the next values again, some of them, in one transaction with the place that was reached.
    pub async fn rotate_some(&self) -> Result<Rotation, StoreError> {
        let mut rotation = self.rotation().await?.unwrap_or_default();
        let Some(place) = PLACES.get(rotation.place) else { return Ok(rotation) };
        let rows = self.sealed_after(place, rotation.after.as_deref()).await?;
        let mut tx = self.db.begin().await?;
        match rows.last() {
            None => (rotation.place, rotation.after) = (rotation.place + 1, None),
            Some((last, _)) => rotation.after = Some(last.clone()),
        }
        for (id, sealed) in rows {
            if self.vault.is_sealed_anew(place.name, &sealed) {
                continue;
            }
            let Ok(plain) = self.vault.open(place.name, &sealed) else {
                rotation.unreadable += 1;
                continue;
            };
            let anew = self.vault.seal(place.name, &plain)?;
            // What somebody else wrote meanwhile is sealed with the new key already.
            let sql = format!(
                "UPDATE {table} SET {column} = $2 WHERE id = $1 AND {column} = $3",
                table = place.table,
                column = place.column
            );
            let changed = tx.execute(sql, vec![place.id(&id)?, Val::from(anew), Val::from(sealed)]).await?;
            rotation.sealed += changed;
        }
        keep(&mut tx, &rotation).await?;
        crate::failpoint!("rotate::inside_commit");
        tx.commit().await?;
        crate::failpoint!("rotate::after_commit");
        Ok(rotation)
    }

    /// How many values only the old key opens, by place: those nobody may retire it before.
    pub async fn only_by_old_key(&self) -> Result<BTreeMap<&'static str, u64>, StoreError> {
        let mut found = BTreeMap::new();
        for place in &PLACES {
            let mut after: Option<String> = None;
            loop {
                let rows = self.sealed_after(place, after.as_deref()).await?;
                let Some((last, _)) = rows.last() else { break };
                after = Some(last.clone());
                let old = rows.iter().filter(|(_, sealed)| {
                    !self.vault.is_sealed_anew(place.name, sealed)
                        && self.vault.open(place.name, sealed).is_ok()
                });
                let count = old.count() as u64;
                if count > 0 {
                    *found.entry(place.name).or_default() += count;
                }
            }
        }
        Ok(found)
    }

    /// Whether this process opened the store with the key that seals.
    pub fn is_opened_with_sealing_key(&self) -> bool {
        self.vault.is_opened_with_sealing_key()
    }

    /// How many keys open this store.
    pub fn keys(&self) -> usize {
        self.vault.checks().len()
    }

    /// Lets the old key go: from now on it opens nothing. The caller has made sure that nothing needs it.
    pub async fn retire_key(
        &self,
        (author, reason): (&str, &str),
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let sealing = self.vault.check_value();
        let mut tx = self.db.begin().await?;
        tx.execute("DELETE FROM field_key_wrap", vals![]).await?;
        tx.execute("DELETE FROM field_key WHERE check_value <> $1", vals![sealing.as_str()]).await?;
        tx.execute("UPDATE meta SET value = $1 WHERE key = 'field_key_check'", vals![sealing.as_str()])
            .await?;
        tx.execute("DELETE FROM meta WHERE key = $1", vals![CURSOR]).await?;
        let object = format!("field key {sealing}");
        let (action, detail) = ("field_key_retired", String::new());
        tx.audit(AuditNew { at: now, actor: author, action, object, detail, reason: Some(reason) }).await?;
        tx.commit().await?;
        self.vault.retain_sealing();
        Ok(())
    }

    /// Somebody else who holds a lease now: another replica, which knows nothing of a new key.
    pub async fn other_replica(&self, own: &str, now: DateTime<Utc>) -> Result<Option<String>, StoreError> {
        let sql = "SELECT owner FROM lease WHERE owner <> $1 AND expires_at > $2 ORDER BY owner LIMIT 1";
        let row = self.db.row(sql, vals![own, now]).await?;
        row.map(|row| row.text(0)).transpose()
    }

    async fn sealed_after(
        &self,
        place: &Place,
        after: Option<&str>,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let first = if place.by_uuid { Uuid::nil().to_string() } else { "-1".to_owned() };
        let sql = format!(
            "SELECT id, {column} FROM {table} WHERE id > $1 AND length({column}) > 0 ORDER BY id LIMIT $2",
            table = place.table,
            column = place.column
        );
        let vals = vec![place.id(after.unwrap_or(&first))?, Val::from(place.at_once)];
        let rows = self.db.rows(sql, vals).await?;
        let read = rows.iter().map(|row| {
            let id = if place.by_uuid { row.uid(0)?.to_string() } else { row.int(0)?.to_string() };
            Ok((id, row.blob(1)?))
        });
        read.collect()
    }
}

impl Place {
    /// A row's number as its column holds it.
    fn id(&self, text: &str) -> Result<Val, StoreError> {
        let wrong = || StoreError::unexpected("a row number nobody gave");
        if self.by_uuid {
            text.parse::<Uuid>().map(Val::from).map_err(|_| wrong())
        } else {
            text.parse::<i64>().map(Val::from).map_err(|_| wrong())
        }
    }
}

async fn keep(tx: &mut Tx, rotation: &Rotation) -> Result<(), StoreError> {
    let sql = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    tx.execute(sql, vals![CURSOR, serde_json::to_string(rotation)?]).await?;
    Ok(())
}

fn bytes_of(key: &[u8]) -> Result<[u8; 32], StoreError> {
    key.try_into().map_err(|_| StoreError::Sealed("a key of another length".to_owned()))
}
