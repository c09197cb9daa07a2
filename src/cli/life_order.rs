//! From parsed arguments to orders about the life of records, periods and organisations.
//!
//! Owns which option means which part of an order, and the files such orders carry. It must not know how an order is
//! carried out. A file that cannot be read, or an author nobody can name, is a finding and exit code 2.

use super::args::{
    Annulling, Approving, FactKind, Holding, Organisation, PeriodAction, PetitionAction, Proposing, Read,
    Recognising, Record, Ruling, Step, Told, Which, Whose,
};
use super::order::{Ordered, incomplete, name, read, unreadable};
use crate::error::io_cause;
use crate::pipeline::command::{Command, LifeOrder};
use std::collections::BTreeMap;

/// The order a subcommand of `record` means.
pub(super) fn record(action: Record) -> Ordered {
    let life = |order| Ok(Command::Life { order });
    match action {
        Record::List { state, period, unit, changed, rows } => {
            Ok(Command::RecordList { state, period, unit, changed, limit: rows.limit })
        }
        Record::Results { year, unit, rows } => life(LifeOrder::Results { year, unit, limit: rows.limit }),
        Record::Show(Whose { person, period }) => life(LifeOrder::Show { person, period }),
        Record::SelfAssess { read, level, strengths, weaknesses, author } => {
            let Read { whose: Whose { person, period }, revision } = read;
            let author = name(author)?;
            life(LifeOrder::SelfAssess { person, period, revision, level, strengths, weaknesses, author })
        }
        Record::Review {
            read,
            level,
            comment,
            strengths,
            weaknesses,
            minutes,
            party_opinion,
            handling,
            author,
        } => {
            let Read { whose: Whose { person, period }, revision } = read;
            life(LifeOrder::Review {
                person,
                period,
                revision,
                level,
                comment,
                strengths,
                weaknesses,
                minutes,
                party_opinion,
                handling,
                author: name(author)?,
            })
        }
        Record::Revoke { read, reason, document, author } => {
            let Read { whose: Whose { person, period }, revision } = read;
            let author = name(author)?;
            life(LifeOrder::Revoke { person, period, revision, reason, document, author })
        }
        Record::Hold(Holding { whose: Whose { person, period }, reason, document, author }) => {
            life(LifeOrder::Hold { person, period, reason, document, author: name(author)? })
        }
        Record::Release(Holding { whose: Whose { person, period }, reason, document, author }) => {
            life(LifeOrder::Release { person, period, reason, document, author: name(author)? })
        }
        Record::Notify { read, told } => {
            let Read { whose: Whose { person, period }, revision } = read;
            let Told { on, how, document, author } = told;
            life(LifeOrder::Notify { person, period, revision, on, how, document, author: name(author)? })
        }
        Record::Opinion { whose, of, body, on, document, text, author } => {
            let Whose { person, period } = whose;
            let (kind, author) = (of.kind().as_str().to_owned(), name(author)?);
            life(LifeOrder::Opinion { person, period, kind, body, on, document, words: text, author })
        }
        Record::Table { period, unit, out } => {
            let to = std::path::absolute(&out).map_err(|error| unreadable(&out, &io_cause(&error)))?;
            life(LifeOrder::DecisionList { period, unit, to })
        }
        Record::Import { file, period, unit, decision_no, opinion, approve, author } => {
            let (file, author) = (read(&file)?, name(author)?);
            life(LifeOrder::SignedTable { file, period, unit, decision_no, opinion, approve, author })
        }
        Record::Approve(approving) => {
            let Approving { person, period, unit, of_period, revision, level, .. } = approving;
            let (decision_no, opinion) = (approving.decision_no, approving.opinion);
            let (dry_run, author) = (approving.dry_run, name(approving.author)?);
            match (unit.zip(of_period), person, period, revision) {
                (Some((unit, period)), ..) => {
                    life(LifeOrder::ApproveUnit { unit, period, decision_no, opinion, author, dry_run })
                }
                (None, Some(person), Some(period), Some(revision)) => Ok(Command::RecordApprove {
                    person,
                    period,
                    revision,
                    level,
                    decision_no,
                    opinion,
                    author,
                }),
                // What is read knows no such order.
                (None, ..) => Err(Box::new(incomplete("--revision"))),
            }
        }
        Record::Correct {
            ruling: Ruling { person, period, revision, level, decision_no, opinion, author },
            reason,
        } => Ok(Command::RecordCorrect {
            person,
            period,
            revision,
            level,
            decision_no,
            opinion,
            author: name(author)?,
            reason,
        }),
    }
}

/// The order a subcommand of `period` means.
pub(super) fn period(action: PeriodAction) -> Ordered {
    match action {
        PeriodAction::Close { period, dry_run, reason, document, unit: None, author } => {
            Ok(Command::PeriodClose { period, author: name(author)?, reason, document, dry_run })
        }
        PeriodAction::Close { period, dry_run, reason, document, unit: Some(unit), author } => {
            let author = name(author)?;
            Ok(Command::Life {
                order: LifeOrder::CloseUnit { period, unit, author, reason, document, dry_run },
            })
        }
        PeriodAction::Status { period, unit } => {
            Ok(Command::Life { order: LifeOrder::PeriodStatus { period, unit } })
        }
    }
}

/// The order a subcommand of `petition` means.
pub(super) fn petition(action: PetitionAction) -> Ordered {
    let order = match action {
        PetitionAction::Open { whose, content, received_on, document, hold, author } => {
            let Whose { person, period } = whose;
            let author = name(author)?;
            LifeOrder::PetitionOpen { person, period, received_on, content, document, hold, author }
        }
        PetitionAction::Answer { id, outcome, answer, on, document, author } => {
            let (outcome, author) = (outcome.as_str().to_owned(), name(author)?);
            LifeOrder::PetitionAnswer { id, outcome, answer, on, document, author }
        }
        PetitionAction::List { all, unit, rows } => {
            LifeOrder::PetitionList { open: !all, unit, limit: rows.limit }
        }
    };
    Ok(Command::Life { order })
}

/// The order a subcommand of `organisation` means.
pub(super) fn organisation(action: Organisation) -> Ordered {
    let step = |to: &str, step: Step, (level, items), reason, exception| {
        let Step { which, revision, document, author } = step;
        let Which { organisation: unit, year } = which;
        Ok::<_, Box<crate::error::Finding>>(LifeOrder::OrganisationStep {
            unit,
            year,
            step: to.to_owned(),
            revision,
            level,
            items,
            document,
            reason,
            exception,
            author: name(author)?,
        })
    };
    let propose = |to: &str, made: Proposing| {
        step(to, made.step, (made.level, made.item.into_iter().collect()), None, None)
    };
    let order = match action {
        Organisation::Show(Which { organisation: unit, year }) => LifeOrder::OrganisationShow { unit, year },
        Organisation::List { year, unit } => LifeOrder::OrganisationList { year, unit },
        Organisation::Assess(made) => propose("self_assessed", made)?,
        Organisation::Appraise(made) => propose("appraised", made)?,
        Organisation::Recognise(Recognising { step: made, level, exception }) => {
            step("recognised", made, (level, BTreeMap::new()), None, exception)?
        }
        Organisation::Revoke(Annulling { step: made, reason }) => {
            step("revoked", made, (None, BTreeMap::new()), reason, None)?
        }
        Organisation::State { which: Which { organisation: unit, year }, kind, value, document, author } => {
            let kind = match kind {
                FactKind::DefectsFixed => "defects_fixed",
                FactKind::Wrongdoing => "wrongdoing",
                FactKind::ForceMajeure => "force_majeure",
                FactKind::Hold => "hold",
                FactKind::SpecialDate => "special_date",
            };
            let (kind, value, author) = (kind.to_owned(), value.known(), name(author)?);
            LifeOrder::OrganisationState { unit, year, kind, value, document, author }
        }
        Organisation::Notify { which, revision, to, told } => {
            let (Which { organisation: unit, year }, Told { on, how, document, author }) = (which, told);
            let author = name(author)?;
            LifeOrder::OrganisationNotify { unit, year, revision, to, on, how, document, author }
        }
        Organisation::Above { task, back, document, author } => {
            LifeOrder::OrganisationAbove { task, back, document, author: name(author)? }
        }
    };
    Ok(Command::Life { order })
}

#[cfg(test)]
mod tests {
    use super::super::args::Cli;
    use super::super::order::command;
    use super::*;
    use clap::Parser as _;

    fn ordered(line: &str) -> Option<Command> {
        let cli = Cli::try_parse_from(line.split(' ')).ok()?;
        command(cli.action).ok()
    }

    #[test]
    fn approval_names_a_person_with_a_revision_or_a_unit_with_its_period_and_never_both() {
        let person = "lienthong record approve GL-1 2026-Q3 --revision 2 --author GL-2";
        assert!(matches!(ordered(person), Some(Command::RecordApprove { revision: 2, .. })));
        // Options may stand between person and period.
        let mixed = "lienthong record approve GL-1 --revision 2 2026-Q3 --author GL-2";
        assert_eq!(ordered(mixed), ordered(person));
        let unit = "lienthong record approve --unit SNV --period 2026-Q3 --author GL-2 --dry-run";
        let is_tried = |order: &LifeOrder| matches!(order, LifeOrder::ApproveUnit { dry_run: true, .. });
        assert!(matches!(ordered(unit), Some(Command::Life { order }) if is_tried(&order)));
        for wrong in [
            "lienthong record approve GL-1 2026-Q3 --author GL-2",
            "lienthong record approve --unit SNV --author GL-2",
            "lienthong record approve --period 2026-Q3 --author GL-2",
            "lienthong record approve GL-1 2026-Q3 --revision 2 --dry-run --author GL-2",
            "lienthong record approve GL-1 2026-Q3 --unit SNV --period 2026-Q3 --author GL-2",
        ] {
            assert_eq!(ordered(wrong), None, "{wrong}");
        }
    }
}
