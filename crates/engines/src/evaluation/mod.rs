//! Evaluation records: what a revision says, which moves its life allows, the close of a period, and the
//! files in which people send criteria and earlier results.
//!
//! Owns the content of a revision and its hash, the table of legal moves ([`life`]), what changed between two
//! revisions, the checklist of a close, and the readers of criteria and history files. It
//! must not know how scores come about, where records are kept or what the time is. An illegal move is refused
//! with a coded finding and changes nothing.

pub mod annex;
pub mod close;
pub mod content;
pub mod criteria;
pub mod difference;
pub mod history;
pub mod life;
pub mod moves;
pub mod opinion;
pub mod organisation;
pub mod petition;
pub mod remarks;
pub mod service;
pub mod signed_table;
pub mod steps;
pub mod template;

mod cell;

pub use close::{Check, CheckName, CheckState, Checklist, CloseFacts, Yearly};
pub use content::{Content, Figure, LineCounts, Part, Ruling, is_evaluated};
pub use criteria::{CriteriaRules, ReadCriteria, RulesOf, Standing, read_criteria};
pub use difference::{Difference, difference};
pub use history::{HistoryRow, read_history};
pub use life::{Approval, Approved, Change, Classification, Correction, Held, Situation, Subject};
pub use moves::{MOVES, Mover};
pub use remarks::Remarks;
