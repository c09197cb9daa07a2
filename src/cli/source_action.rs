//! Subcommands of `source`, in English; `help_vi` has the same in Vietnamese.
//!
//! Owns the shape of that part of the command line and nothing else; what it means stands in `order`.

use super::args::Author;
use crate::domain::SourceId;
use clap::Subcommand;

/// Subcommands of `source`.
#[derive(Debug, Subcommand)]
pub enum SourceAction {
    /// Show what stops it, and what its full pulls proved
    Show {
        /// Name of the source
        source: SourceId,
    },
    /// Show the fields of its records, what changed first
    Drift {
        /// Name of the source
        source: SourceId,
    },
    /// Call what changed in its records known
    AcceptDrift {
        /// Name of the source
        source: SourceId,
        #[command(flatten)]
        author: Author,
    },
    /// Let the next pull of a stopped source through: what it shows is true
    Accept {
        /// Name of the source
        source: SourceId,
        /// Code of what stopped it, such as LT-PUL-001: another reason lets nothing through
        code: String,
        /// Why
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        author: Author,
    },
}
