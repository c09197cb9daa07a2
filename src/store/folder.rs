//! Files of a source that is a folder: how many lay there when a pull last looked, and how many of them are read.
//!
//! Owns the document kept with the source's state and the journal entry when a person says that files may be missing. It
//! must not know which files are read, nor what a file holds.

use super::audit::AuditNew;
use super::db::{json, json_opt, vals};
use super::{Store, StoreError};
use crate::domain::SourceId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Files of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FolderFiles {
    /// When a pull looked.
    pub at: DateTime<Utc>,
    /// Files there, empty ones included.
    pub there: u64,
    /// Of these, those read by this pull or by one before.
    pub read: u64,
    /// The most there were since a person last said that fewer are right.
    pub most: u64,
    /// Since when far fewer are there than that; none while there are not.
    pub fewer_since: Option<DateTime<Utc>>,
}

impl FolderFiles {
    /// What is known once a pull found `there` files, `read` of them read, after what was known before. Far fewer are those
    /// under `least_percent` (0–100) of the most there were, and none where there were any.
    pub fn looked(
        before: Option<Self>,
        (there, read): (u64, u64),
        least_percent: u8,
        at: DateTime<Utc>,
    ) -> Self {
        let most = before.map_or(there, |before| before.most.max(there));
        let fewer = (there == 0 && most > 0) || there * 100 < most * u64::from(least_percent);
        let since = before.and_then(|before| before.fewer_since).unwrap_or(at);
        Self { at, there, read, most, fewer_since: fewer.then_some(since) }
    }
}

impl Store {
    /// Keeps how many files a pull found in its folder, and how many of them are read; none where its source is no folder
    /// whose files count.
    pub async fn keep_files(
        &self,
        source: &SourceId,
        look: Option<(u64, u64)>,
        least_percent: u8,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        // As it is now: a person may have accepted what was told while the pull ran.
        let row =
            tx.row("SELECT files FROM source_state WHERE source_id = $1", vals![source.as_str()]).await?;
        let before: Option<FolderFiles> = row.map(|row| row.opt_json(0)).transpose()?.flatten();
        let files = look.map(|look| FolderFiles::looked(before, look, least_percent, at));
        let sql = "UPDATE source_state SET files = $2 WHERE source_id = $1";
        tx.execute(sql, vals![source.as_str(), json_opt(files.as_ref())?]).await?;
        tx.commit().await
    }

    /// A person says, for a reason, that far fewer files are right: what is there now is what later pulls are compared
    /// with. Gives what was told of the folder; none where nothing was.
    pub async fn accept_files(
        &self,
        source: &SourceId,
        (author, reason): (&str, &str),
        now: DateTime<Utc>,
    ) -> Result<Option<FolderFiles>, StoreError> {
        let mut tx = self.db.begin().await?;
        let row =
            tx.row("SELECT files FROM source_state WHERE source_id = $1", vals![source.as_str()]).await?;
        let files: Option<FolderFiles> = row.map(|row| row.opt_json(0)).transpose()?.flatten();
        let Some(files) = files.filter(|files| files.fewer_since.is_some()) else { return Ok(None) };
        let kept = FolderFiles { most: files.there, fewer_since: None, ..files };
        let sql = "UPDATE source_state SET files = $2 WHERE source_id = $1";
        tx.execute(sql, vals![source.as_str(), json(&kept)?]).await?;
        tx.audit(AuditNew {
            at: now,
            actor: author,
            action: "fewer_files_accepted",
            object: format!("source {source}"),
            detail: format!("{} of {} files", files.there, files.most),
            reason: Some(reason),
        })
        .await?;
        tx.commit().await?;
        Ok(Some(files))
    }
}

#[cfg(test)]
mod tests {
    use super::FolderFiles;
    use chrono::{DateTime, TimeDelta, Utc};

    #[test]
    fn far_fewer_files_than_ever_are_told_from_the_first_look_that_found_them_until_they_are_back() {
        let at = |minutes| DateTime::<Utc>::UNIX_EPOCH + TimeDelta::minutes(minutes);
        let mut known = None;
        let looks = [(0, None), (4, None), (2, None), (1, Some(3)), (0, Some(3)), (2, None), (0, Some(6))];
        for (minute, (there, since)) in looks.into_iter().enumerate() {
            let minute = minute as i64;
            let files = FolderFiles::looked(known, (there, there), 50, at(minute));
            assert_eq!(files.fewer_since, since.map(at), "{minute}: {there}");
            known = Some(files);
        }
        assert_eq!(known.map(|files| files.most), Some(4));
        let any = FolderFiles::looked(known, (1, 1), 0, at(9));
        assert_eq!(any.fewer_since, None, "every number is right where the gate is open, but none at all");
        assert_eq!(FolderFiles::looked(known, (0, 0), 0, at(9)).fewer_since, Some(at(6)));
    }
}
