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
            let (kind, author) = (of.as_str().to_owned(), name(author)?);
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
            let Approving { person, period, unit, revision, level, decision_no, opinion, dry_run, author } =
                approving;
            let author = name(author)?;
            match (person, unit) {
                (_, Some(unit)) => {
                    life(LifeOrder::ApproveUnit { unit, period, decision_no, opinion, author, dry_run })
                }
                (Some(person), None) => {
                    // Both are asked for together.
                    let revision = revision.unwrap_or_default();
                    Ok(Command::RecordApprove {
                        person,
                        period,
                        revision,
                        level,
                        decision_no,
                        opinion,
                        author,
                    })
                }
                (None, None) => Err(Box::new(incomplete("PERSON"))),
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
