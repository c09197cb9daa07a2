//! What of a file is read, and how.
//!
//! Owns the choice among the sheets of a workbook. It must not know how a file is unpacked. A sheet that is named and
//! not there refuses the file: another one in its place would be a guess.

use super::refusal;
use crate::error::Findings;
use crate::text::Encoding;
use crate::text::fold::clean;

/// How a file is read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// Encoding of text without a byte-order mark; none where it is told by evidence.
    pub encoding: Option<Encoding>,
    /// Which sheets of a workbook.
    pub sheets: Sheets,
    /// Whether places merged over several rows are looked for.
    pub merged: bool,
}

/// Sheets of a workbook.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Sheets {
    /// The first one.
    #[default]
    First,
    /// All of them.
    All,
    /// Those with these titles, in the order of the workbook.
    Named(Vec<String>),
}

impl Sheets {
    /// Places of the sheets asked for among these titles; case and surplus blanks do not tell titles apart.
    ///
    /// # Errors
    /// LT-TAB-021 where one that is named is not there.
    pub(super) fn of(&self, name: &str, titles: &[&str]) -> Result<Vec<usize>, Findings> {
        let wanted = match self {
            Self::First => return Ok((0..titles.len().min(1)).collect()),
            Self::All => return Ok((0..titles.len()).collect()),
            Self::Named(wanted) => wanted,
        };
        let key = |title: &str| clean(title).to_lowercase();
        let there: Vec<String> = titles.iter().map(|title| key(title)).collect();
        let missing = wanted.iter().find(|title| !there.contains(&key(title)));
        if let Some(missing) = missing {
            let list = titles.join(", ");
            return Err(refusal(
                "LT-TAB-021",
                name,
                &format!("sổ không có trang tính \"{missing}\"; có: {list}"),
                &format!("the workbook has no sheet \"{missing}\"; it has: {list}"),
                "đổi tên trang tính, hoặc sửa sheets trong mục [folder] của manifest",
                "rename the sheet, or correct sheets in [folder] of the manifest",
            )
            .into());
        }
        let wanted: Vec<String> = wanted.iter().map(|title| key(title)).collect();
        Ok(there.iter().enumerate().filter(|(_, title)| wanted.contains(title)).map(|(at, _)| at).collect())
    }
}
