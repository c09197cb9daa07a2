//! What an order is called in logs, and which orders run long.
//!
//! Owns both lists, nothing else; a name says nothing about people. It must not know how an order is carried out.

use super::{Command, ReportOrder};

impl Command {
    /// Stable name for logs; says nothing about people.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Status {} => "status",
            Self::Check { .. } => "check",
            Self::Sync { .. } => "sync",
            Self::Backfill { .. } => "backfill",
            Self::SourceShow { .. } => "source show",
            Self::SourceDrift { .. } => "source drift",
            Self::SourceAcceptDrift { .. } => "source accept-drift",
            Self::SourceAccept { .. } => "source accept",
            Self::RejectedList { .. } => "rejected list",
            Self::RejectedShow { .. } => "rejected show",
            Self::EvidenceCheck { .. } => "evidence check",
            Self::RejectedReplay { .. } => "rejected replay",
            Self::PeopleImport { .. } => "people import",
            Self::PeopleUnknown { .. } => "people unknown",
            Self::Roster { of } => of.name(),
            Self::PeopleLink { .. } => "people link",
            Self::CatalogImport { .. } => "catalog import",
            Self::CatalogPropose { .. } => "catalog propose",
            Self::CatalogCheck { .. } => "catalog check",
            Self::CatalogMerge { .. } | Self::CatalogSettle { .. } => "catalog merge",
            Self::CatalogDiff { .. } => "catalog diff",
            Self::CatalogList { .. } => "catalog list",
            Self::CatalogProducts {} => "catalog products",
            Self::MappingReview { .. } => "mapping review",
            Self::MappingGroups { .. } => "mapping review",
            Self::MappingDoubtful { .. } => "mapping doubtful",
            Self::MappingDecide { .. } => "mapping decide",
            Self::MappingDecisions { .. } => "mapping decisions",
            Self::ProductPropose { .. } => "mapping propose-product",
            Self::ProductProposals { .. } => "mapping proposals",
            Self::ProductAccept { .. } => "mapping accept-product",
            Self::ProductWithdraw { .. } => "mapping withdraw-product",
            Self::MappingRulesTest { .. } => "mapping rules test",
            Self::MappingExport { .. } => "mapping export",
            Self::MappingImport { .. } => "mapping import",
            Self::MappingConfirm { .. } => "mapping confirm",
            Self::MappingUndo { .. } => "mapping undo",
            Self::MappingShare { .. } | Self::MappingShareFile { .. } => "mapping share",
            Self::CriteriaSet { .. } => "criteria set",
            Self::CriteriaImport { .. } => "criteria import",
            Self::ScoreShow { .. } => "score show",
            Self::ScoreExplain { .. } => "score explain",
            Self::ScoreWhatIf { .. } => "score what-if",
            Self::ScoreVerify {} => "score verify",
            Self::ScoreCandidates { .. } => "score candidates",
            Self::ScoreQuota { .. } => "score quota",
            Self::FactAdd { .. } => "fact add",
            Self::FactImport { .. } => "fact import",
            Self::FactList { .. } => "fact list",
            Self::FactRevoke { .. } => "fact revoke",
            Self::RecordList { .. } => "record list",
            Self::RecordApprove { .. } => "record approve",
            Self::RecordCorrect { .. } => "record correct",
            Self::Life { order } => order.name(),
            Self::Task { order } => order.name(),
            Self::PeriodClose { .. } => "period close",
            Self::HistoryImport { .. } => "history import",
            Self::HistoryEmpty { .. } => "history empty",
            Self::OutboxList { .. } => "outbox list",
            Self::OutboxRetry { .. } | Self::OutboxRetryAll { .. } => "outbox retry",
            Self::OutboxPark { .. } => "outbox park",
            Self::OutboxAllow { .. } => "outbox allow",
            Self::Report { order } => order.name(),
            Self::DbMigrate {} => "db migrate",
            Self::DbCheck {} => "db check",
            Self::DbRotateKey { .. } => "db rotate-key",
            Self::RetentionPlan {} => "retention plan",
            Self::ConfigReload {} => "config reload",
            Self::DbBackup { .. } => "db backup",
        }
    }

    /// Whether the order needs the network and may therefore run long.
    pub fn shows_progress(&self) -> bool {
        matches!(
            self,
            Self::Sync { .. }
                | Self::Backfill { .. }
                | Self::RejectedReplay { .. }
                | Self::Report { order: ReportOrder::Bundle { .. } }
                | Self::DbBackup { .. }
                | Self::DbRotateKey { .. }
                | Self::ScoreWhatIf { .. }
        )
    }
}
