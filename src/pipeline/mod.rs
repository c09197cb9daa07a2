//! Where engines and store meet: the background steps and the commands people give.
//!
//! Owns the order of work, never the work itself: engines compute, the store keeps. Each step is idempotent
//! and rereads what is due; each command is one transaction. It must not know pages or terminals.

mod alike;
pub mod app;
pub mod assemble;
mod brought;
pub mod command;
pub mod completeness;
mod day_book;
pub mod decide;
pub mod deliver;
pub mod derived;
mod doubtful;
mod entered;
pub mod execute;
pub mod explain;
mod foreseen;
mod former;
mod frozen;
pub mod grounds;
pub mod hook;
pub mod identify;
mod judged;
mod lost;
pub mod map;
mod mappers;
mod mean;
mod moments;
pub mod moved;
pub(crate) mod nearest;
mod opinion;
pub mod paper;
pub mod pull;
pub mod record;
pub mod record_place;
pub mod reload;
pub(crate) mod results;
pub mod retention;
mod review;
mod revision_lines;
mod ruling;
mod scope;
pub mod score;
pub(crate) mod search;
mod settle;
mod shared;
pub mod source;
pub mod step;
mod titles;
mod twins;
mod verify;
mod what_if;
pub mod whole_file;
pub mod wording;
mod workshop;
pub mod written;
pub mod year_results;

pub use app::{App, Policy, Source};

use crate::error::{Finding, Text};

/// A value of ours that does not serialise: the program is wrong, not the data.
fn broken(what: &str) -> Finding {
    Finding::error(
        "LT-RUN-012",
        Text::new(format!("lỗi chương trình khi ghi {what}"), format!("program error while writing {what}")),
        Text::new("gửi nhật ký cho nhóm phát triển", "send the log to the developers"),
    )
}
