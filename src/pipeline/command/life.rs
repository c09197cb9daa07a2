//! What people order about the life of records, periods and organisations.
//!
//! Owns the shape of these orders and their names for logs. It must not know how one is carried out
//! (`execute/life.rs`). An order that does not read is refused by whoever reads it.

use super::named::{InputFile, PersonRef, TaskRef};
use crate::domain::{Exact, Level, Period, UnitCode};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// One order; `author` is who answers for it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case", deny_unknown_fields)]
pub enum LifeOrder {
    /// One record: its revisions, holds and notices.
    Show {
        /// Whose.
        person: PersonRef,
        /// Which period.
        period: Period,
    },
    /// The person's own word to their record.
    SelfAssess {
        /// Whose.
        person: PersonRef,
        /// Which period.
        period: Period,
        /// The revision that was read.
        revision: u32,
        /// The level they propose; years only.
        level: Option<Level>,
        /// Strengths.
        strengths: Option<String>,
        /// Weaknesses.
        weaknesses: Option<String>,
        /// The person.
        author: String,
    },
    /// The scorer's review.
    Review {
        /// Whose.
        person: PersonRef,
        /// Which period.
        period: Period,
        /// The revision that was read.
        revision: u32,
        /// The level proposed; years only.
        level: Option<Level>,
        /// Comments of the scorer; those entered before when none.
        comment: Option<String>,
        /// Strengths.
        strengths: Option<String>,
        /// Weaknesses.
        weaknesses: Option<String>,
        /// Number and date of the meeting's minutes.
        minutes: Option<String>,
        /// Document with the party committee's opinion.
        party_opinion: Option<String>,
        /// What is proposed to be done with the result (art. 23); years only.
        handling: Option<String>,
        /// Who reviews.
        author: String,
    },
    /// Annuls a result that was found wrong or dishonest.
    Revoke {
        /// Whose.
        person: PersonRef,
        /// Which period.
        period: Period,
        /// The revision that was read.
        revision: u32,
        /// What was found.
        reason: String,
        /// The decision that annuls it.
        document: String,
        /// Who revokes.
        author: String,
    },
    /// Holds a record while a complaint is verified.
    Hold {
        /// Whose.
        person: PersonRef,
        /// Which period.
        period: Period,
        /// Why.
        reason: String,
        /// The complaint's document.
        document: Option<String>,
        /// Who orders it.
        author: String,
    },
    /// Ends a hold.
    Release {
        /// Whose.
        person: PersonRef,
        /// Which period.
        period: Period,
        /// With what result.
        reason: String,
        /// The document that settles it.
        document: Option<String>,
        /// Who orders it.
        author: String,
    },
    /// Writes down that a result was told to the person.
    Notify {
        /// Whose.
        person: PersonRef,
        /// Which period.
        period: Period,
        /// The revision that was told.
        revision: u32,
        /// On which day; today when none.
        on: Option<NaiveDate>,
        /// How.
        how: String,
        /// The document it cites; an office that is nobody's staff number needs one.
        document: Option<String>,
        /// Who writes it down.
        author: String,
    },
    /// Writes down an opinion about a result.
    Opinion {
        /// Whose result.
        person: PersonRef,
        /// Which period.
        period: Period,
        /// `chair`, `party_committee` or `related_body`.
        kind: String,
        /// Name of the body.
        body: Option<String>,
        /// The day it was given; today when none.
        on: Option<NaiveDate>,
        /// The document it stands in; an author who is an office needs one.
        document: Option<String>,
        /// What it says.
        words: String,
        /// Who writes it down.
        author: String,
    },
    /// Freezes one unit's part of a period.
    CloseUnit {
        /// Which period.
        period: Period,
        /// Which unit.
        unit: UnitCode,
        /// Who closes.
        author: String,
        /// Close although the checklist has open points, for this reason.
        reason: Option<String>,
        /// The document it cites; an office that is nobody's staff number needs one.
        document: Option<String>,
        /// Only show the checklist.
        dry_run: bool,
    },
    /// Results of 3, 6 and 12 months.
    Results {
        /// Which year.
        year: i32,
        /// Of this unit and those below it only.
        unit: Option<UnitCode>,
        /// Most rows.
        limit: u32,
    },
    /// Who still has to act in a period.
    PeriodStatus {
        /// Which period; the present quarter when none.
        period: Option<Period>,
        /// Of this unit and those below it only.
        unit: Option<UnitCode>,
    },
    /// Writes down a petition against a result.
    PetitionOpen {
        /// Whose result.
        person: PersonRef,
        /// Which period.
        period: Period,
        /// Day of receipt; today when none.
        received_on: Option<NaiveDate>,
        /// What is asked for.
        content: String,
        /// Its document.
        document: Option<String>,
        /// Hold the record until it is answered.
        hold: bool,
        /// Who writes it down.
        author: String,
    },
    /// Answers a petition.
    PetitionAnswer {
        /// Its number.
        id: i64,
        /// `upheld`, `partly` or `rejected`.
        outcome: String,
        /// The answer.
        answer: String,
        /// Day of the answer; today when none.
        on: Option<NaiveDate>,
        /// Its document.
        document: Option<String>,
        /// Who answers.
        author: String,
    },
    /// Petitions, the earliest deadline first.
    PetitionList {
        /// Only open ones.
        open: bool,
        /// Of this unit and those below it only.
        unit: Option<UnitCode>,
        /// Most rows.
        limit: u32,
    },
    /// Approves everybody of a unit who is ready, or classifies their year as proposed.
    ApproveUnit {
        /// The unit, with those below it.
        unit: UnitCode,
        /// Which period.
        period: Period,
        /// Decision number.
        decision_no: Option<String>,
        /// Document with the provincial chair's prior opinion; years of deputies only.
        opinion: Option<String>,
        /// Who approves.
        author: String,
        /// Only say who would be.
        dry_run: bool,
    },
    /// Writes the list that goes with a decision to be signed.
    DecisionList {
        /// Which period.
        period: Period,
        /// Of this unit and those below it only.
        unit: Option<UnitCode>,
        /// Absolute path of the workbook; must not exist.
        to: PathBuf,
    },
    /// Compares a signed decision table with the records, and approves what matches.
    SignedTable {
        /// The table, CSV or a workbook.
        file: InputFile,
        /// Which period.
        period: Period,
        /// Of this unit and those below it only.
        unit: Option<UnitCode>,
        /// Number of the decision.
        decision_no: String,
        /// Document with the provincial chair's prior opinion; years of deputies only.
        opinion: Option<String>,
        /// Approve what matches; else only compare.
        approve: bool,
        /// Who answers for it.
        author: String,
    },
    /// An organisation's year: points, tasks, conditions, record.
    OrganisationShow {
        /// Which.
        unit: UnitCode,
        /// Which year.
        year: i32,
    },
    /// Every organisation's year.
    OrganisationList {
        /// Which year.
        year: i32,
        /// This unit and those below it only.
        unit: Option<UnitCode>,
    },
    /// States a fact about an organisation's year.
    OrganisationState {
        /// Which.
        unit: UnitCode,
        /// Which year.
        year: i32,
        /// Kind of fact.
        kind: String,
        /// Yes or no; taken back when none.
        value: Option<bool>,
        /// The document it stands in.
        document: String,
        /// Who states it.
        author: String,
    },
    /// Writes down that a recognition was told.
    OrganisationNotify {
        /// Which.
        unit: UnitCode,
        /// Which year.
        year: i32,
        /// The revision that was told.
        revision: u32,
        /// To whom, where it was not the organisation itself.
        to: Option<String>,
        /// On which day; today when none.
        on: Option<NaiveDate>,
        /// How.
        how: String,
        /// The document it cites; an office that is nobody's staff number needs one.
        document: Option<String>,
        /// Who writes it down.
        author: String,
    },
    /// Marks a task as done above requirement.
    OrganisationAbove {
        /// The task.
        task: TaskRef,
        /// Whether the mark is taken back.
        back: bool,
        /// The document that says so.
        document: String,
        /// Who states it.
        author: String,
    },
    /// Assesses, appraises, recognises or revokes an organisation's year.
    OrganisationStep {
        /// Which.
        unit: UnitCode,
        /// Which year.
        year: i32,
        /// The state it leads to.
        step: String,
        /// The revision that was read; 0 for the first.
        revision: u32,
        /// Level proposed or recognised.
        level: Option<Level>,
        /// Points by item that change.
        items: BTreeMap<String, Exact>,
        /// Document it cites.
        document: Option<String>,
        /// Why; revocations only.
        reason: Option<String>,
        /// Document that lifts the quota to 25 hundredths.
        exception: Option<String>,
        /// Who makes it.
        author: String,
    },
    /// Writes the criteria workbook of a unit.
    CriteriaTemplate {
        /// The unit, with those below it.
        unit: UnitCode,
        /// Which period.
        period: Period,
        /// For the people's own assessment.
        own: bool,
        /// Absolute path of the workbook; must not exist.
        to: PathBuf,
    },
    /// Writes everything kept about a person.
    PersonData {
        /// Who.
        person: PersonRef,
        /// Absolute path of the text; must not exist.
        to: PathBuf,
        /// Why.
        reason: String,
        /// The document it cites; an office that is nobody's staff number needs one.
        document: Option<String>,
        /// Who hands it out.
        author: String,
    },
}

impl LifeOrder {
    /// Stable name for logs; says nothing about people.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Show { .. } => "record show",
            Self::SelfAssess { .. } => "record self-assess",
            Self::Review { .. } => "record review",
            Self::Revoke { .. } => "record revoke",
            Self::Hold { .. } => "record hold",
            Self::Release { .. } => "record release",
            Self::Notify { .. } => "record notify",
            Self::Opinion { .. } => "record opinion",
            Self::CloseUnit { .. } => "period close",
            Self::PeriodStatus { .. } => "period status",
            Self::Results { .. } => "record results",
            Self::PetitionOpen { .. } => "petition open",
            Self::PetitionAnswer { .. } => "petition answer",
            Self::PetitionList { .. } => "petition list",
            Self::CriteriaTemplate { .. } => "criteria template",
            Self::PersonData { .. } => "people data",
            Self::ApproveUnit { .. } => "record approve",
            Self::DecisionList { .. } => "record table",
            Self::SignedTable { .. } => "record import",
            Self::OrganisationShow { .. } => "organisation show",
            Self::OrganisationList { .. } => "organisation list",
            Self::OrganisationState { .. } => "organisation state",
            Self::OrganisationNotify { .. } => "organisation notify",
            Self::OrganisationAbove { .. } => "organisation above",
            Self::OrganisationStep { .. } => "organisation step",
        }
    }
}
