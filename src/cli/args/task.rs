//! What `task` takes.
//!
//! Owns the shape and which order a subcommand is. A wrong value ends with exit code 2.

use super::{Author, Rows, value::task};
use crate::pipeline::command::{TaskOrder, TaskRef};
use clap::{Args, Subcommand};

/// Subcommands of `task`.
#[derive(Debug, Subcommand)]
pub enum Task {
    /// List pairs of tasks that may be one, newest first
    Duplicates {
        /// Go on below this number, as the column Number shows it
        #[arg(long)]
        before: Option<i64>,
        #[command(flatten)]
        rows: Rows,
    },
    /// Find tasks by words of their titles or numbers, newest first
    Find {
        /// Words in any order; accents, case and short forms make no difference, of the last word the beginning is enough
        #[arg(required = true)]
        text: Vec<String>,
        /// Go on below this number, as the column Number shows it
        #[arg(long)]
        before: Option<i64>,
        #[command(flatten)]
        rows: Rows,
    },
    /// Show a task with its product, its events and the answer it was read from
    Show {
        /// Task as SOURCE:KEY
        #[arg(value_parser = task)]
        task: TaskRef,
        /// The record too, as the source gave it, with its file and line
        #[arg(long)]
        raw: bool,
    },
    /// Say that two tasks are one: the second counts as the first
    SameAs(Two),
    /// Say that two tasks are two; the pair is not proposed again
    Different(Two),
    /// Take back what was said of two tasks
    Apart(Two),
}

/// Two tasks and who says what of them.
#[derive(Debug, Args)]
pub struct Two {
    /// Task as SOURCE:KEY; where both are one, the one that counts
    #[arg(value_parser = task)]
    pub task: TaskRef,
    /// The other task as SOURCE:KEY
    #[arg(value_parser = task)]
    pub other: TaskRef,
    /// Why
    #[arg(long)]
    pub reason: String,
    #[command(flatten)]
    pub author: Author,
}

impl Task {
    /// The order it is; `name` gives the author's name.
    pub fn order<E>(self, name: impl Fn(Author) -> Result<String, E>) -> Result<TaskOrder, E> {
        Ok(match self {
            Self::Duplicates { before, rows } => TaskOrder::Duplicates { before, limit: rows.limit },
            Self::Find { text, before, rows } => {
                TaskOrder::Find { text: text.join(" "), before, limit: rows.limit }
            }
            Self::Show { task, raw } => TaskOrder::Show { task, raw },
            Self::SameAs(Two { task, other, reason, author }) => {
                TaskOrder::SameAs { task, other, author: name(author)?, reason }
            }
            Self::Different(Two { task, other, reason, author }) => {
                TaskOrder::Different { task, other, author: name(author)?, reason }
            }
            Self::Apart(Two { task, other, reason, author }) => {
                TaskOrder::Apart { task, other, author: name(author)?, reason }
            }
        })
    }
}
