//! What would change a score most: for each line the points it lost, exactly.
//!
//! Owns the reckoning "this line done whole, on time and without failure, everything else as it is", caps included. It
//! computes nothing that is recorded and takes its numbers from a derivation as it is kept.

use crate::domain::Exact;
use crate::domain::rules::{CapLevel, RuleSet};

/// A line as far as it adds to the sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weighed {
    /// Where it comes from.
    pub source: String,
    /// k·G, times the multiplier, whether or not it stands in the denominator.
    pub whole: Exact,
    /// What it adds to the numerators of a, b, c; none where it adds nothing by the rule set (extra tasks).
    pub adds: [Option<Exact>; 3],
}

/// A score as far as its task part follows from lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    /// Σ k·G.
    pub denominator: Exact,
    /// Numerators of a, b, c.
    pub numerators: [Exact; 3],
    /// d, đ, e of leaders, 0 to 1; empty for others.
    pub others: Vec<Exact>,
}

/// R·70 of these sums; none without a denominator.
pub fn task_part(sums: &Sums, rules: &RuleSet) -> Option<Exact> {
    let cap = |value: Exact, most: i64, applies: bool| {
        let most = Exact::integer(most);
        if applies && value > most { most } else { value }
    };
    let mut parts = sums.others.clone();
    for numerator in &sums.numerators {
        parts.push(cap(numerator.checked_div(&sums.denominator)?, 1, rules.cap_level == CapLevel::EachRatio));
    }
    let sum: Exact = parts.iter().sum();
    let mean = sum.checked_div(&Exact::integer(i64::try_from(parts.len()).ok()?))?;
    let mean = cap(mean, 1, rules.cap_level == CapLevel::Criterion);
    Some(cap(&mean * &Exact::integer(70), 70, true))
}

/// The lines that lost most, with the points each would bring, highest first; those that lost nothing are left out.
pub fn lost_most(sums: &Sums, lines: &[Weighed], rules: &RuleSet, most: usize) -> Vec<(String, Exact)> {
    let Some(now) = task_part(sums, rules) else { return Vec::new() };
    let mut lost: Vec<(String, Exact)> = lines
        .iter()
        .filter_map(|line| {
            let mut better = sums.clone();
            for (numerator, added) in better.numerators.iter_mut().zip(&line.adds) {
                if let Some(added) = added {
                    let whole = if *added > line.whole { added } else { &line.whole };
                    *numerator = &(&*numerator - added) + whole;
                }
            }
            let points = &task_part(&better, rules)? - &now;
            (!points.is_zero()).then(|| (line.source.clone(), points))
        })
        .collect();
    lost.sort_by(|one, other| (&other.1, &one.0).cmp(&(&one.1, &other.0)));
    lost.truncate(most);
    lost
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(text: &str) -> Exact {
        text.parse().expect("a number")
    }

    fn line(source: &str, whole: &str, adds: [&str; 3]) -> Weighed {
        Weighed { source: source.into(), whole: exact(whole), adds: adds.map(|part| Some(exact(part))) }
    }

    /// The lines of H-1.
    fn h1() -> (Sums, Vec<Weighed>) {
        let lines = vec![
            line("letter", "5", ["4", "4", "0"]),
            line("reply", "8.1", ["8.1", "6.075", "4.05"]),
            line("report", "3.7", ["2.96", "1.48", "2.96"]),
        ];
        let numerators = ["15.06", "11.555", "7.01"].map(exact);
        (Sums { denominator: exact("16.8"), numerators, others: Vec::new() }, lines)
    }

    #[test]
    fn h1_letter_lost_most_and_all_losses_make_up_what_is_lacking_to_seventy() {
        let (sums, lines) = h1();
        let rules = RuleSet::default();
        let lost = lost_most(&sums, &lines, &rules, 10);
        let names: Vec<&str> = lost.iter().map(|(source, _)| source.as_str()).collect();
        assert_eq!(names, ["letter", "reply", "report"]);
        // 7 of 50.4 converted units: the letter's 1 + 1 + 5.
        assert_eq!(lost[0].1, exact("490").checked_div(&exact("50.4")).expect("points"));
        let all: Exact = lost.iter().map(|(_, points)| points).sum();
        assert_eq!(&all + &task_part(&sums, &rules).expect("a part"), exact("70"));
        assert_eq!(lost_most(&sums, &lines, &rules, 1).len(), 1);
    }

    #[test]
    fn a_line_brings_nothing_beyond_the_cap_and_an_extra_only_where_it_adds() {
        let mut sums = h1().0;
        sums.numerators = ["20", "20", "20"].map(exact);
        let extra = Weighed { source: "x".into(), whole: exact("4"), adds: [Some(exact("1")), None, None] };
        assert_eq!(lost_most(&sums, std::slice::from_ref(&extra), &RuleSet::default(), 10), vec![]);
        sums.numerators = ["10", "10", "10"].map(exact);
        let lost = lost_most(&sums, &[extra], &RuleSet::default(), 10);
        assert_eq!(
            lost[0].1,
            exact("210").checked_div(&exact("50.4")).expect("points"),
            "3 units in a alone"
        );
    }
}
