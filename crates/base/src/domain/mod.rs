//! The vocabulary of the house: pure values that every room speaks.
//!
//! Owns identifiers, periods, the working calendar, tasks and their events, people, units, products,
//! exact numbers and the life of an evaluation record. It must not know files, networks, databases,
//! JSON documents or the present moment: "now" always comes in as a value. Constructors refuse values
//! that cannot exist, so a value that is in hand is a valid one.

pub mod calendar;
pub mod directory;
pub mod evaluation;
pub mod evidence;
pub mod exact;
pub mod fact;
pub mod id;
pub mod organisation;
pub mod period;
pub mod person;
pub mod product;
pub mod rules;
pub mod task;

pub use calendar::{WorkingCalendar, local_date, local_offset};
pub use directory::{DirectoryContent, DirectoryImport, ImportedPerson};
pub use evaluation::{Component, Crossing, Decision, DecisionKind, Level, RecordState};
pub use evidence::{Evidence, EvidenceKind, status_rank};
pub use exact::{Exact, RoundingMode};
pub use fact::{FactKind, FactRecord, FactRevoked, ServiceFact, StoredFact};
pub use id::{CatalogVersion, PersonId, ProductCode, RuleSetId, SourceId, TargetId, UnitCode};
pub use period::Period;
pub use person::{Charge, CitizenId, Leadership, Membership, Person, Role, StaffNumber, Unit, UnitKind};
pub use product::{CatalogProduct, CatalogScope, ComplexityGroup, ProductKind};
pub use rules::RuleSet;
pub use task::{
    AccountKind, AccountRef, Assignment, CanonicalTask, Due, EventKind, OddDone, SourceEvent, TaskDraft,
    TaskKey, TaskStatus,
};
