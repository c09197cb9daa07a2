//! The policy benches run under: nothing configured.

use lienthong::domain::WorkingCalendar;
use lienthong::mapping::RuleBook;
use lienthong::pipeline::app::Policy;

/// No rule set, no rules, no catch-all.
pub fn policy() -> Policy {
    Policy {
        rule_sets: Vec::new(),
        calendar: WorkingCalendar::default(),
        year_opens: (11, 1),
        assessment_opens: 5,
        rule_book: RuleBook::default(),
        target_precision: 0.95,
        four_eyes: false,
        catch_all: None,
        abbreviations: lienthong::text::Abbreviations::default(),
        retention: lienthong::config::Retention::default(),
        units: Vec::new(),
        units_file: None,
    }
}
