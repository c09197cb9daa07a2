//! The life of an evaluation record as one table: which state may follow which, by whom, and when.
//!
//! Owns the table of legal moves ([`MOVES`]) and its printed form, which stands in `docs/RECORDS.md` word for word. It
//! must not know what a record says or who a person is. A move that does not stand in the table does not exist.

use crate::domain::RecordState;

/// Who makes a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mover {
    /// The daemon, following a computation or a receipt.
    Daemon,
    /// The person evaluated, and nobody else (art. 18.2; plan IV.4.2.a).
    Own,
    /// Who monitors and scores the person (art. 10.1; plan IV.1.1).
    Scorer,
    /// Who decides: of a quarter the scorer (art. 17.2), of a year who classifies (art. 10.2; plan IV.1.2), who also
    /// replaces and revokes (art. 21.3; plan II.2.g).
    Decider,
}

/// When a move may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// At any time.
    Always,
    /// While the period is open: a closed one moves only by a decision.
    Open,
    /// Only once the period is closed: before, the record follows its figures by itself.
    Closed,
    /// Only where the rule set leaves the steps before the approval optional (`record_steps`).
    Optional,
}

/// One legal move; `from` none = there is no record yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Move {
    /// State before.
    pub from: Option<RecordState>,
    /// State after.
    pub to: RecordState,
    /// Who makes it.
    pub by: Mover,
    /// When.
    pub when: When,
}

const fn of(from: RecordState, to: RecordState, by: Mover, when: When) -> Move {
    Move { from: Some(from), to, by, when }
}

const fn first(to: RecordState, by: Mover, when: When) -> Move {
    Move { from: None, to, by, when }
}

use Mover::{Daemon, Decider, Own, Scorer};
use RecordState::{Approved, Computed, Corrected, Delivered, Provisional, Reviewed, Revoked, SelfAssessed};
use When::{Always, Closed, Open, Optional};

/// Every legal move. What is not here is refused (LT-REC-003) and written to the journal.
pub const MOVES: [Move; 36] = [
    first(Computed, Daemon, Open),
    first(Provisional, Daemon, Open),
    first(SelfAssessed, Daemon, Open),
    first(Corrected, Decider, Closed),
    of(Computed, Computed, Daemon, Open),
    of(Computed, Provisional, Daemon, Open),
    of(Computed, SelfAssessed, Daemon, Open),
    of(Computed, Corrected, Decider, Closed),
    of(Provisional, Computed, Daemon, Open),
    of(Provisional, Provisional, Daemon, Open),
    of(Provisional, SelfAssessed, Daemon, Open),
    of(Provisional, SelfAssessed, Own, Always),
    of(Provisional, Reviewed, Scorer, Optional),
    of(Provisional, Approved, Decider, Optional),
    of(Provisional, Corrected, Decider, Closed),
    of(SelfAssessed, Computed, Daemon, Open),
    of(SelfAssessed, SelfAssessed, Daemon, Open),
    of(SelfAssessed, SelfAssessed, Own, Always),
    of(SelfAssessed, Reviewed, Scorer, Always),
    of(SelfAssessed, Approved, Decider, Optional),
    of(SelfAssessed, Corrected, Decider, Closed),
    of(Reviewed, Computed, Daemon, Open),
    of(Reviewed, Provisional, Daemon, Open),
    of(Reviewed, SelfAssessed, Daemon, Open),
    of(Reviewed, Reviewed, Scorer, Always),
    of(Reviewed, Approved, Decider, Always),
    of(Reviewed, Corrected, Decider, Closed),
    of(Approved, Delivered, Daemon, Always),
    of(Approved, Corrected, Decider, Always),
    of(Approved, Revoked, Decider, Always),
    of(Delivered, Corrected, Decider, Always),
    of(Delivered, Revoked, Decider, Always),
    of(Corrected, Approved, Decider, Always),
    of(Corrected, Corrected, Decider, Always),
    of(Corrected, Revoked, Decider, Always),
    of(Revoked, Corrected, Decider, Always),
];

/// What a move has to bring along, beside a named author; told in the table.
pub fn needs(to: RecordState, by: Mover) -> &'static str {
    match (to, by) {
        (_, Daemon) => "–",
        (SelfAssessed, _) => "complete result; newest revision",
        (Reviewed, _) => "complete result; newest revision; comments of the scorer; no hold",
        (Approved, _) => {
            "complete result; newest revision; no hold; the period is assessed by now; of a year a level, of a deputy of a \
             department or commune the chair's prior opinion (plan IV.4.2.c), of heads and deputies the party \
             committee's where `party_opinion` asks for it"
        }
        (Revoked, _) => "newest revision; reason and document (art. 21.3, plan II.2.g)",
        (Corrected, _) => "newest revision; reason",
        (Computed | Provisional | Delivered, _) => "–",
    }
}

/// Whether a move stands in the table, whatever the time.
pub fn is_legal(from: Option<RecordState>, to: RecordState, by: Mover) -> bool {
    MOVES.iter().any(|legal| (legal.from, legal.to, legal.by) == (from, to, by))
}

/// Whether a move may be made now. `closed`: whether the period is; `optional`: whether the rule set leaves the steps
/// before the approval optional.
pub fn is_allowed(
    from: Option<RecordState>,
    to: RecordState,
    by: Mover,
    closed: bool,
    optional: bool,
) -> bool {
    MOVES.iter().filter(|legal| (legal.from, legal.to, legal.by) == (from, to, by)).any(|legal| {
        match legal.when {
            Always => true,
            Open => !closed,
            Closed => closed,
            Optional => optional,
        }
    })
}

/// The table as `docs/RECORDS.md` shows it.
pub fn printed() -> String {
    let mut table = String::from("| from | to | who | when | needs |\n|---|---|---|---|---|\n");
    for Move { from, to, by, when } in MOVES {
        let from = from.map_or("–", RecordState::as_str);
        let who = match by {
            Daemon => "daemon",
            Own => "the person",
            Scorer => "scorer",
            Decider => "decider",
        };
        let when = match when {
            Always => "always",
            Open => "period open",
            Closed => "period closed",
            Optional => "steps optional",
        };
        table.push_str(&format!("| {from} | {} | {who} | {when} | {} |\n", to.as_str(), needs(to, by)));
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_move_stands_once_and_no_state_is_a_dead_end_but_by_decision() {
        for (index, one) in MOVES.iter().enumerate() {
            let same = |other: &&Move| (other.from, other.to, other.by) == (one.from, one.to, one.by);
            assert_eq!(MOVES.iter().filter(same).count(), 1, "{index}: {one:?}");
        }
        for state in RecordState::ALL {
            assert!(MOVES.iter().any(|legal| legal.to == state), "nothing leads to {state:?}");
            assert!(MOVES.iter().any(|legal| legal.from == Some(state)), "{state:?} is a dead end");
        }
        // The daemon never decides, and never touches what people decided but for the receipt.
        for legal in MOVES.iter().filter(|legal| legal.by == Daemon) {
            assert!(!matches!(legal.to, Approved | Corrected | Revoked | Reviewed), "{legal:?}");
            let decided = matches!(legal.from, Some(Approved | Delivered | Corrected | Revoked));
            assert!(!decided || legal.to == Delivered, "{legal:?}");
        }
    }
}
