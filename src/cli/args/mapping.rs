//! What `mapping` takes.
//!
//! Owns the shape and nothing else: what an option means is decided in `order`. A wrong value ends with exit code 2.

use super::{Author, Rows, value::task};
use crate::cli::mapping_evaluate;
use crate::domain::ProductCode;
use crate::pipeline::command::TaskRef;
use clap::Subcommand;
/// Subcommands of `mapping`.
#[derive(Debug, Subcommand)]
pub enum Mapping {
    /// List tasks whose product a person has to choose
    Review {
        /// Go on after this number, as the column Number shows it
        #[arg(long, default_value_t = 0)]
        after: i64,
        #[command(flatten)]
        rows: Rows,
    },
    /// Choose the product of a task
    Decide {
        /// Task as SOURCE:KEY
        #[arg(value_parser = task)]
        task: TaskRef,
        /// Code of the product
        #[arg(long, required_unless_present = "outside", conflicts_with = "outside")]
        product: Option<ProductCode>,
        /// The task is outside the catalog
        #[arg(long)]
        outside: bool,
        /// Why
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        author: Author,
    },
    /// Measure the mapping on labelled tasks
    Evaluate(mapping_evaluate::Args),
    /// Write what the mapping learned as a model file
    Model(mapping_evaluate::ModelArgs),
}
