//! The catalog workshop: from what a unit did in a year to products people agree on (plan IV.2.1, IV.2.2; Handbook II).
//!
//! Owns the gathering of tasks into candidates, what is proposed for each, the working forms as a workbook and their way
//! back, and the joining of several units' proposals. It must not know the store or how tasks are matched. What it
//! proposes is a proposal: groups, points and products are decided by people in the sheet, never here. A sheet that
//! comes back with errors gives all of them by cell and nothing else.

mod form;
mod gather;
mod joined;
mod likeness;
mod merge;
mod propose;
mod read;
mod scale;
mod settled;
mod write;

pub use gather::{Seen, Survey};
pub use joined::write_draft;
pub use merge::{Joined, Proposer, merge};
pub use propose::{Candidate, Proposal, propose};
pub use read::{Filled, FilledRow, read as read_form};
pub use scale::{Group, Output, Scale};
pub use settled::{Origin, Settled, settle};
pub use write::write_form;
