//! Who decided what a derivation rests on: its figures and its lines, with name, day, document and reason.
//!
//! Owns which decisions stand behind d, đ, e and the general criteria (the newest of the period, of a month also of its
//! quarter), and behind each line (excuses, lateness, failures and quantities, of people in charge theirs), and a
//! derivation's formulas with every number put in. It must not decide or compute anything: figures are those that were
//! derived. An author nobody knows is told as the origin wrote them.

use super::app::App;
use super::derived::list;
use super::wording::{self, days, decimal};
use crate::directory::Directory;
use crate::domain::evaluation::D_ENTERED;
use crate::domain::{Component, DecisionKind, Exact, Period, PersonId, local_date};
use crate::error::{Finding, Lang};
use crate::store::StoredDecision;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// People whose decisions are read together.
const AT_ONCE: usize = 200;

/// One decision behind a figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ground {
    /// Who decided, as the origin gives it, with the name of whoever the number is.
    pub author: String,
    /// When.
    pub at: DateTime<Utc>,
    /// The document it cites.
    pub document: Option<String>,
    /// What was decided.
    pub decision: DecisionKind,
}

impl Ground {
    fn of(directory: &Directory, stored: &StoredDecision) -> Self {
        let decision = &stored.decision;
        Self {
            author: with_name(directory, &decision.author),
            at: decision.at,
            document: decision.document.clone(),
            decision: decision.kind.clone(),
        }
    }

    /// Who, on which day (Asia/Ho_Chi_Minh), and the document: `TP-01 Lê Thị Trưởng, 27/11/2026 (12/BB)`.
    pub fn signed(&self, lang: Lang) -> String {
        let day = days(&local_date(self.at).to_string(), lang);
        let document = self.document.as_ref().map(|document| format!(" ({document})")).unwrap_or_default();
        format!("{}, {day}{document}", self.author)
    }

    /// What was decided about a task, why, and by whom.
    pub fn told(&self, lang: Lang) -> String {
        let say = |vi: &'static str, en: &'static str| match lang {
            Lang::Vi => vi,
            Lang::En => en,
        };
        let (what, reason) = match &self.decision {
            DecisionKind::QualityFailures { count: 0, reason, .. } => {
                (say("không phải lỗi nội dung", "no content error").to_owned(), reason.as_str())
            }
            DecisionKind::QualityFailures { count, reason, .. } => (
                format!("{} {count}", say("xác nhận số lỗi chất lượng:", "failures confirmed:")),
                reason.as_str(),
            ),
            DecisionKind::Lateness { counts: true, reason, .. } => {
                (say("xác nhận chậm", "lateness confirmed").to_owned(), reason.as_str())
            }
            DecisionKind::Lateness { reason, .. } => {
                (say("không tính chậm", "lateness rejected").to_owned(), reason.as_str())
            }
            DecisionKind::Excuse { covers, reason, .. } if covers == "late" => {
                (say("chậm vì lý do khách quan", "lateness excused").to_owned(), reason.as_str())
            }
            DecisionKind::Excuse { reason, .. } => {
                (say("lỗi vì lý do khách quan", "failures excused").to_owned(), reason.as_str())
            }
            DecisionKind::CompletedQuantity { quantity, .. } => {
                let quantity = decimal(&quantity.to_text(), lang);
                (format!("{} {quantity}", say("xác nhận khối lượng", "quantity confirmed:")), "")
            }
            _ => (String::new(), ""),
        };
        let reason = if reason.is_empty() { String::new() } else { format!(" – {reason}") };
        format!("{what}{reason} [{}]", self.signed(lang))
    }
}

/// An author's text with the name of the person it names, where the text is a staff number alone.
pub fn with_name(directory: &Directory, author: &str) -> String {
    let known = directory.named(author).and_then(|person| directory.person(person));
    // More than one word is a name already, or an office that mentions somebody.
    match known.filter(|_| !author.trim().contains(char::is_whitespace)) {
        Some(known) => format!("{author} {}", known.full_name),
        None => author.to_owned(),
    }
}

/// A decision about a line, and whose line it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LineGround {
    /// Staff number of whoever's line it is; none for one's own.
    pub of: Option<String>,
    /// The decision.
    #[serde(flatten)]
    pub ground: Ground,
}

/// What a derivation rests on, as far as people decided it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Grounds {
    /// d where it was entered, đ and e, by their keys: `d`, `dd`, `e`.
    pub components: BTreeMap<&'static str, Ground>,
    /// General criteria as the person entered them (art. 18.2).
    pub own: Option<Ground>,
    /// General criteria as the scorer entered them (art. 17.2).
    pub superior: Option<Ground>,
    /// Decisions about lines, by source and key of the task.
    pub lines: BTreeMap<String, Vec<LineGround>>,
}

impl Grounds {
    /// What was decided about one line.
    pub fn of_line(&self, of: Option<&str>, source: &str) -> impl Iterator<Item = &Ground> {
        let about = self.lines.get(source).into_iter().flatten();
        about.filter(move |line| line.of.as_deref() == of).map(|line| &line.ground)
    }

    /// The entered points of the general criteria: `own` or the scorer's, by item; none where nobody entered them.
    pub fn points(&self, own: bool) -> Option<&BTreeMap<String, Exact>> {
        let entered = if own { self.own.as_ref() } else { self.superior.as_ref() };
        match &entered?.decision {
            DecisionKind::SelfAssessment { items } | DecisionKind::GeneralCriteria { items } => Some(items),
            _ => None,
        }
    }
}

impl App {
    /// Who decided what somebody's derivation of a period rests on.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn grounds(
        &self,
        person: PersonId,
        period: Period,
        derivation: &Value,
        until: Option<DateTime<Utc>>,
    ) -> Result<Grounds, Finding> {
        let directory = self.directory().await?;
        let lines: Vec<LineOf<'_>> = lines(derivation).collect();
        let mut people: BTreeMap<Option<&str>, PersonId> = BTreeMap::from([(None, person)]);
        for number in lines.iter().filter_map(|line| line.of) {
            people.extend(directory.named(number).map(|id| (Some(number), id)));
        }
        let ids: Vec<PersonId> = people.values().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let mut decisions: HashMap<PersonId, Vec<StoredDecision>> = HashMap::new();
        for some in ids.chunks(AT_ONCE) {
            decisions.extend(self.store.decisions_of_people(some).await.map_err(|error| error.finding())?);
        }
        if let Some(until) = until {
            decisions.values_mut().for_each(|all| all.retain(|stored| stored.was_known_at(until)));
        }
        let mut grounds = Grounds::default();
        grounds.take_figures(&directory, decisions.get(&person).into_iter().flatten(), period, derivation);
        let mut about: HashMap<_, Vec<&StoredDecision>> = HashMap::new();
        for (of, id) in &people {
            for stored in decisions.get(id).into_iter().flatten() {
                if let Some(key) = task_of(&stored.decision.kind) {
                    about.entry((*of, key)).or_default().push(stored);
                }
            }
        }
        for line in lines {
            let Some(all) = line.source.split_once('/').and_then(|key| about.get(&(line.of, key))) else {
                continue;
            };
            let counts = |stored: &&&StoredDecision| {
                let of = stored.decision.period;
                of == period
                    || of == period.quarter_around()
                    || (line.carried && of.last_day() < period.first_day())
            };
            for stored in standing(all.iter().filter(counts).copied()) {
                let (of, ground) = (line.of.map(str::to_owned), Ground::of(&directory, stored));
                grounds.lines.entry(line.source.to_owned()).or_default().push(LineGround { of, ground });
            }
        }
        Ok(grounds)
    }
}

impl Grounds {
    /// The newest entries of the period behind figures that are there; of a month its own before those of its quarter.
    fn take_figures<'a>(
        &mut self,
        directory: &Directory,
        decisions: impl Iterator<Item = &'a StoredDecision> + Clone,
        period: Period,
        derivation: &Value,
    ) {
        let quarter = period.quarter_around();
        let of = |wanted: Period| decisions.clone().filter(move |stored| stored.decision.period == wanted);
        let of_month = of(period).filter(|_| period != quarter);
        let d_entered =
            list(derivation, "formulas").filter_map(Value::as_str).any(|told| told.contains(D_ENTERED));
        for stored in of(quarter).chain(of_month) {
            let ground = || Ground::of(directory, stored);
            match &stored.decision.kind {
                DecisionKind::SelfAssessment { .. } => self.own = Some(ground()),
                DecisionKind::GeneralCriteria { .. } => self.superior = Some(ground()),
                DecisionKind::LeaderComponent { component, percent } => {
                    let key = match component {
                        Component::UnitResult if !d_entered => continue,
                        Component::UnitResult => "d",
                        Component::ImplementationAbility => "dd",
                        Component::UnityAbility => "e",
                    };
                    // An entry the law does not allow is no figure of the derivation.
                    let counted = derivation.pointer(&format!("/components/{key}/exact"));
                    if counted.and_then(Value::as_str) == Some(percent.to_text().as_str()) {
                        self.components.insert(key, ground());
                    }
                }
                _ => {}
            }
        }
    }
}

/// A line that something may have been decided about.
#[derive(Clone, Copy)]
struct LineOf<'a> {
    of: Option<&'a str>,
    source: &'a str,
    carried: bool,
}

/// The lines whose figures or notes can come from a decision: late, failed, excused, confirmed.
fn lines(derivation: &Value) -> impl Iterator<Item = LineOf<'_>> {
    list(derivation, "lines").filter_map(|line| {
        let counted = |key: &str| line.get(key).and_then(Value::as_u64).is_some_and(|count| count > 0);
        let mut notes = list(line, "notes").filter_map(Value::as_str).peekable();
        let touched = notes.peek().is_some() || counted("quality_failures") || counted("late_count");
        let carried = notes.any(|note| note.starts_with("carried over: "));
        let source = line.get("source")?.as_str()?;
        touched.then_some(LineOf { of: line.get("of").and_then(Value::as_str), source, carried })
    })
}

/// Source and key of the task a decision is about.
fn task_of(kind: &DecisionKind) -> Option<(&str, &str)> {
    match kind {
        DecisionKind::QualityFailures { source, external_id, .. }
        | DecisionKind::Lateness { source, external_id, .. }
        | DecisionKind::Excuse { source, external_id, .. }
        | DecisionKind::CompletedQuantity { source, external_id, .. } => Some((source, external_id)),
        _ => None,
    }
}

/// Of the decisions about one task, oldest first, those that stand: about its lateness, its failures and its quantity one
/// each, by the order `entered` takes them in.
fn standing<'a>(all: impl Iterator<Item = &'a StoredDecision>) -> impl Iterator<Item = &'a StoredDecision> {
    let (mut late, mut late_excused, mut quality, mut quality_excused, mut quantity) =
        (None, None, None, None, None);
    for stored in all {
        match &stored.decision.kind {
            DecisionKind::QualityFailures { .. } => (quality, quality_excused) = (Some(stored), None),
            DecisionKind::Lateness { .. } => (late, late_excused) = (Some(stored), None),
            DecisionKind::Excuse { covers, .. } => match covers.as_str() {
                "late" => late_excused = Some(stored),
                "none" => (late_excused, quality_excused) = (None, None),
                _ => quality_excused = Some(stored),
            },
            DecisionKind::CompletedQuantity { .. } => quantity = Some(stored),
            _ => {}
        }
    }
    [late_excused.or(late), quality_excused.or(quality), quantity].into_iter().flatten()
}

/// The formulas of a kept derivation in a reader's language, each with its numbers and behind it its article in
/// parentheses: d, đ and e with their values and whoever entered them, R with what its parts are.
pub fn formulas(derivation: &Value, grounds: &Grounds, lang: Lang) -> Vec<String> {
    let printed = |key: &str| {
        let figure = derivation.pointer(&format!("/components/{key}/printed")).and_then(Value::as_str);
        figure.map(|figure| decimal(figure, lang))
    };
    let signed = |key: &str| grounds.components.get(key).map(|ground| ground.signed(lang));
    let mut entered: Vec<String> = [("dd", "đ", "Đ15.3.b"), ("e", "e", "Đ15.3.c")]
        .into_iter()
        .filter_map(|(key, letter, article)| {
            let by = signed(key).map(|by| format!(": {by}")).unwrap_or_default();
            Some(format!("{letter} = {} %{by} ({article})", printed(key)?))
        })
        .collect();
    let mut told = Vec::new();
    for formula in list(derivation, "formulas").filter_map(Value::as_str) {
        if let Some(counted) =
            formula.strip_prefix("d: ").and_then(|rest| rest.strip_suffix(" < 50 (Đ15.3.a)"))
        {
            let percent = printed("d").unwrap_or_else(|| "–".to_owned());
            let below = match lang {
                Lang::Vi => "cấp dưới có điểm dưới 50",
                Lang::En => "subordinates scored below 50",
            };
            told.push(format!("d = {percent} %: {counted} {below} (Đ15.3.a)"));
        } else if let Some(figure) =
            formula.strip_suffix(" (Đ15.4)").and_then(|rest| rest.strip_suffix(D_ENTERED))
        {
            let words = match lang {
                Lang::Vi => "người chấm nhập, không phụ trách ai được đánh giá",
                Lang::En => D_ENTERED,
            };
            let by = signed("d").map(|by| format!("; {by}")).unwrap_or_default();
            told.push(format!("{}{words}{by} (Đ15.4)", decimal(figure, lang)));
        } else if let Some((names, rest)) =
            formula.strip_prefix("R = (").and_then(|rest| rest.split_once(") / "))
        {
            told.append(&mut entered);
            let key = |name: &str| if name == "đ" { "dd".to_owned() } else { name.to_owned() };
            let figures: Option<Vec<String>> = names.split(" + ").map(|name| printed(&key(name))).collect();
            let rest = wording::formula(rest, lang);
            let count = rest.split(' ').next().unwrap_or_default();
            told.push(match figures {
                Some(figures) => {
                    format!("R = ({names}) / {count} = ({}) / {rest}", figures.join(" + "))
                }
                None => format!("R = ({names}) / {rest}"),
            });
        } else if let Some((figure, what)) =
            formula.strip_suffix(" (Handbook III.5)").and_then(|rest| rest.split_once(": "))
        {
            told.push(support(figure, what, lang));
        } else {
            told.push(wording::formula(formula, lang));
        }
    }
    told.append(&mut entered);
    told
}

/// A percent of a support worker with what it is of.
fn support(figure: &str, what: &str, lang: Lang) -> String {
    let figure = decimal(figure, lang);
    match (lang, what) {
        (Lang::En, _) => format!("{figure}: {what} (Handbook III.5)"),
        (Lang::Vi, "work quality") => format!("{figure}: chất lượng công việc (Sổ tay III.5)"),
        (Lang::Vi, "compliance") => format!("{figure}: chấp hành nội quy, quy định (Sổ tay III.5)"),
        (Lang::Vi, "efficiency") => format!("{figure}: hiệu quả công việc (Sổ tay III.5)"),
        (Lang::Vi, other) => format!("{figure}: {other} (Sổ tay III.5)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Decision;
    use serde_json::json;

    fn stored(id: i64, author: &str, kind: DecisionKind) -> StoredDecision {
        StoredDecision {
            id,
            origin: "cli".into(),
            decision: Decision {
                key: id.to_string(),
                person: PersonId(uuid::Uuid::nil()),
                period: "2026-Q3".parse().expect("period"),
                author: author.into(),
                at: "2026-11-26T18:00:00Z".parse().expect("instant"),
                document: None,
                kind,
            },
            kept_at: None,
        }
    }

    fn about(make: impl Fn(String, String) -> DecisionKind) -> DecisionKind {
        make("so".into(), "T1".into())
    }

    #[test]
    fn a_leader_s_formulas_can_be_computed_again_from_what_stands_in_them() {
        let figure = |printed: &str| json!({ "exact": printed, "printed": printed });
        let mut derivation = json!({
            "components": { "a": figure("93.39"), "b": figure("89.79"), "c": figure("53.31"), "d": figure("100.00"),
                "dd": { "exact": "100", "printed": "100.00" }, "e": { "exact": "50", "printed": "50.00" } },
            "formulas": ["a = 46.3 / 48.8 = 93.39 % (Đ14.2.a)", "d: 0 / 8 < 50 (Đ15.3.a)",
                "R = (a + b + c + d + đ + e) / 6 = 81.08 % (Đ16.2)", "R·70 = 56.76 (Đ12.3)"],
        });
        let judged = DecisionKind::LeaderComponent {
            component: Component::ImplementationAbility,
            percent: Exact::integer(100),
        };
        let mut grounds = Grounds::default();
        let decisions = [stored(1, "A. Trưởng", judged)];
        let period = "2026-Q3".parse().expect("period");
        grounds.take_figures(&Directory::default(), decisions.iter(), period, &derivation);
        assert_eq!(
            formulas(&derivation, &grounds, Lang::Vi),
            [
                "a = 46,3 / 48,8 = 93,39 % (Đ14.2.a)",
                "d = 100,00 %: 0 / 8 cấp dưới có điểm dưới 50 (Đ15.3.a)",
                "đ = 100,00 %: A. Trưởng, 27/11/2026 (Đ15.3.b)",
                "e = 50,00 % (Đ15.3.c)",
                "R = (a + b + c + d + đ + e) / 6 = (93,39 + 89,79 + 53,31 + 100,00 + 100,00 + 50,00) / 6 = 81,08 % (Đ16.2)",
                "R·70 = 56,76 (Đ12.3)",
            ]
        );
        assert_eq!(
            formulas(&derivation, &Grounds::default(), Lang::En)[1],
            "d = 100.00 %: 0 / 8 subordinates scored below 50 (Đ15.3.a)"
        );
        derivation["formulas"] =
            json!([format!("d = 50.00 %: {D_ENTERED} (Đ15.4)"), "a = 85.00 %: efficiency (Handbook III.5)"]);
        assert_eq!(
            formulas(&derivation, &Grounds::default(), Lang::Vi)[..2],
            [
                "d = 50,00 %: người chấm nhập, không phụ trách ai được đánh giá (Đ15.4)",
                "a = 85,00 %: hiệu quả công việc (Sổ tay III.5)"
            ]
        );
    }

    #[test]
    fn of_the_decisions_about_a_task_the_one_that_stands_is_told_with_reason_author_and_day() {
        let excuse = |covers: &str| {
            about(|source, external_id| DecisionKind::Excuse {
                source,
                external_id,
                covers: covers.into(),
                reason: "chờ ý kiến sở".into(),
            })
        };
        let failed = |count| {
            about(|source, external_id| DecisionKind::QualityFailures {
                source,
                external_id,
                count,
                reason: "thiếu phụ lục".into(),
            })
        };
        let told = |all: &[StoredDecision]| -> Vec<String> {
            standing(all.iter())
                .map(|stored| Ground::of(&Directory::default(), stored).told(Lang::Vi))
                .collect()
        };
        let all = [stored(1, "TP-01", failed(2)), stored(2, "TP-01", excuse("late"))];
        assert_eq!(
            told(&all),
            [
                "chậm vì lý do khách quan – chờ ý kiến sở [TP-01, 27/11/2026]",
                "xác nhận số lỗi chất lượng: 2 – thiếu phụ lục [TP-01, 27/11/2026]"
            ]
        );
        let taken_back = [all[1].clone(), stored(3, "TP-01", excuse("none"))];
        assert_eq!(told(&taken_back), Vec::<String>::new());
        let corrected = [stored(4, "TP-01", excuse("quality")), stored(5, "TP-01", failed(0))];
        assert_eq!(told(&corrected), ["không phải lỗi nội dung – thiếu phụ lục [TP-01, 27/11/2026]"]);
    }
}
