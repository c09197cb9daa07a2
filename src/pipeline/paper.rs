//! Papers about people: which revision is printed, and what the store knows for it.
//!
//! Owns the choice between approved, newest and asked revision, the standing that follows, and the gathering of a
//! paper's values. It must not know how a sheet looks. What is not known stays blank on the paper; a period without
//! anything to print is a finding.

mod year;

use super::app::App;
use super::derived;
use super::grounds::{Ground, Grounds, formulas, with_name};
use super::record::retain_followed;
use super::record_place::{Happened, own_tasks};
use super::wording::{self, Words, word};
use crate::directory::Directory;
use crate::directory::entitled::Duty;
use crate::domain::{
    DecisionKind, Exact, Level, Period, PersonId, RecordState, Role, Unit, UnitCode, UnitKind, local_date,
    local_offset,
};
use crate::error::{Finding, Lang, Place, Text, cause};
use crate::evaluation::Content;
use crate::paper::explanation::{Decided, Entered, Explanation};
use crate::paper::form01::Form01;
use crate::paper::layout::Paper;
use crate::paper::score::Derivation;
use crate::paper::work_sheet::WorkSheet;
use crate::paper::{self, Form, Format, Head, Standing, Trace};
use crate::store::{Revision, StoredDecision, StoredScore};
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Deepest chain of units walked upwards.
const MAX_DEPTH: usize = 20;

/// Which paper is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Whose.
    pub person: PersonId,
    /// Which period.
    pub period: Period,
    /// Which form.
    pub form: Form,
    /// Which revision; the approved one, else the newest, when none.
    pub revision: Option<u32>,
}

/// What many papers of one period have in common, read once.
#[derive(Debug, Clone)]
pub struct Shelf {
    /// People, units, posts.
    pub directory: Arc<Directory>,
    /// Names of the catalog's products by code.
    products: Arc<BTreeMap<String, String>>,
}

/// What is printed: one content and what it is worth.
struct Chosen {
    /// The revision; none where there is no record.
    revision: Option<Revision>,
    content: Content,
    raw: Value,
    standing: Standing,
    /// When the revision was made; the present where there is none.
    revised_at: DateTime<Utc>,
    /// Up to when what people decided and wrote belongs to it.
    made_at: DateTime<Utc>,
    trace: Trace,
}

impl App {
    /// What papers of a period have in common.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn shelf(&self, period: Period) -> Result<Shelf, Finding> {
        let directory = self.directory().await?;
        Ok(Shelf { directory, products: Arc::new(self.product_names(period).await?) })
    }

    /// What products are called in a period, by code.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn product_names(&self, period: Period) -> Result<BTreeMap<String, String>, Finding> {
        let told = |error: crate::store::StoreError| error.finding();
        let mut heads = self.store.catalogs().await.map_err(told)?;
        heads.retain(|head| head.valid_from <= period.last_day());
        heads.sort_by_key(|head| head.valid_from);
        // Codes are the province's: of two catalogs the later one says what a product is called.
        let mut products = BTreeMap::new();
        for head in heads {
            let named = self.store.catalog_products(&head.version).await.map_err(told)?;
            products.extend(named.into_iter().map(|product| (product.code.to_string(), product.name)));
        }
        Ok(products)
    }

    /// The paper as a file: its name and its bytes.
    ///
    /// # Errors
    /// LT-PAP-001 to LT-PAP-006; the store does not answer.
    pub async fn paper_file(
        &self,
        shelf: &Shelf,
        wanted: Wanted,
        format: Format,
    ) -> Result<(String, Vec<u8>), Finding> {
        let paper = self.paper(shelf, wanted).await?;
        let name = file_name(shelf, wanted, format);
        // Packing a long sheet is a second of work: off the threads that serve requests.
        let bytes = tokio::task::spawn_blocking(move || paper::render(&paper, format))
            .await
            .map_err(|_| super::broken("paper"))?
            .map_err(|failed| not_rendered(&failed))?;
        Ok((name, bytes))
    }

    /// The paper before it has a format.
    ///
    /// # Errors
    /// LT-PAP-001 nothing to print, LT-PAP-002 no such revision, LT-PAP-003 the form belongs to another kind of
    /// period, LT-PAP-004 the lines of that revision are not kept, LT-PAP-006 what is kept cannot be read.
    pub async fn paper(&self, shelf: &Shelf, wanted: Wanted) -> Result<Paper, Finding> {
        let Wanted { person, period, form, .. } = wanted;
        if !form.fits(period.is_year()) {
            return Err(other_period(form, period));
        }
        let score = self
            .store
            .score(person, period, self.shown_view(period))
            .await
            .map_err(|error| error.finding())?;
        let chosen = self.chosen(wanted, score.as_ref()).await?;
        let decisions = self.store.decisions_of(person, period).await.map_err(|error| error.finding())?;
        match form {
            Form::Form01 => Ok(paper::form01::paper(&form01(shelf, wanted, chosen, &decisions))),
            Form::Form02 => {
                let whole = match self.chosen_lines(&chosen, score.as_ref()).await? {
                    None => self.present_lines(person, period).await?,
                    kept => kept,
                };
                let derivation = match whole {
                    Some(whole) => self.derivation_of(wanted, whole, chosen.made_at).await?.0,
                    None => Derivation::default(),
                };
                let form = self.form02(shelf, wanted, chosen, derivation).await?;
                Ok(paper::form02::paper(&form))
            }
            Form::WorkSheet | Form::Explanation => {
                let (chosen, whole) = self.with_lines(shelf, wanted, chosen, score.as_ref()).await?;
                let events = match form {
                    Form::Explanation => self.events_until(&whole, chosen.made_at).await?,
                    _ => BTreeMap::new(),
                };
                let (derivation, grounds) = self.derivation_of(wanted, whole, chosen.made_at).await?;
                Ok(if form == Form::WorkSheet {
                    paper::work_sheet::paper(&work_sheet(shelf, wanted, chosen, derivation))
                } else {
                    let sources: Vec<&str> =
                        derivation.lines.iter().map(|line| line.source.as_str()).collect();
                    let places = self.record_places(&sources).await.map_err(|error| error.finding())?;
                    let revisions = self.store.revisions(person, period).await;
                    let mut decisions = decisions;
                    retain_followed(&mut decisions, &revisions.map_err(|error| error.finding())?);
                    let rests = Rests { grounds: &grounds, decisions: &decisions, places, events };
                    paper::explanation::paper(&explanation(shelf, wanted, chosen, derivation, rests))
                })
            }
        }
    }

    /// The content to print and its standing.
    async fn chosen(&self, wanted: Wanted, score: Option<&StoredScore>) -> Result<Chosen, Finding> {
        let Wanted { person, period, revision, .. } = wanted;
        let told = |error: crate::store::StoreError| error.finding();
        let now = self.clock.now();
        let latest = self.store.latest_revision(person, period).await.map_err(told)?;
        let approved = self.store.approved_of(&[person], period).await.map_err(told)?.remove(&person);
        let newest = latest.as_ref().map(|latest| latest.revision);
        let picked = match revision {
            Some(number) => {
                let all = self.store.revisions(person, period).await.map_err(told)?;
                let found = all.into_iter().find(|revision| revision.revision == number);
                Some(found.ok_or_else(|| no_revision(number, newest))?)
            }
            None => approved.clone().or(latest),
        };
        let as_of = score.map(|score| score.as_of);
        if let Some(picked) = picked {
            let approved = approved.map(|approved| approved.revision);
            let standing = standing_of(&picked, approved, newest);
            let content =
                serde_json::from_value::<Content>(picked.content.clone()).map_err(|_| unreadable())?;
            // What was entered after an approval or a replacement is not part of it.
            let fixed = !matches!(standing, Standing::Provisional | Standing::Corrected);
            let made_at = if fixed { picked.at } else { now };
            let trace = Trace {
                revision: Some(picked.revision),
                hash: picked.content_hash.clone(),
                rule_set: content.rule_set.clone(),
                as_of,
                printed_at: now,
            };
            return Ok(Chosen {
                content,
                raw: picked.content.clone(),
                standing,
                revised_at: picked.at,
                made_at,
                trace,
                revision: Some(picked),
            });
        }
        let score = score.ok_or_else(|| no_score(period))?;
        let content = serde_json::from_value::<Content>(score.summary.clone()).map_err(|_| unreadable())?;
        let trace = Trace {
            revision: None,
            hash: score.inputs_hash.clone(),
            rule_set: content.rule_set.clone(),
            as_of,
            printed_at: now,
        };
        let raw = score.summary.clone();
        let standing = Standing::Provisional;
        Ok(Chosen { revision: None, content, raw, standing, revised_at: now, made_at: now, trace })
    }

    /// What a sheet of lines prints: those the chosen revision stands in, else the present ones, and then it says so.
    async fn with_lines(
        &self,
        shelf: &Shelf,
        wanted: Wanted,
        chosen: Chosen,
        score: Option<&StoredScore>,
    ) -> Result<(Chosen, Value), Finding> {
        if let Some(lines) = self.chosen_lines(&chosen, score).await? {
            return Ok((chosen, lines));
        }
        let present = self.present_lines(wanted.person, wanted.period).await?;
        let present = present.ok_or_else(|| nothing(shelf, wanted))?;
        Ok((of_lines(wanted, chosen, score, self.clock.now())?, present))
    }

    /// What the chosen revision stands in; none where that is not kept, or there is no record.
    async fn chosen_lines(
        &self,
        chosen: &Chosen,
        score: Option<&StoredScore>,
    ) -> Result<Option<Value>, Finding> {
        match &chosen.revision {
            Some(revision) => self.lines_of(revision, score).await,
            None => Ok(None),
        }
    }

    /// The derivation of the present score.
    async fn present_lines(&self, person: PersonId, period: Period) -> Result<Option<Value>, Finding> {
        let view = self.shown_view(period);
        let kept = self.store.derivation(person, period, view).await.map_err(|error| error.finding())?;
        kept.map(|kept| derived::read(&kept).ok_or_else(unreadable)).transpose()
    }

    /// What had been seen of the tasks of a derivation's own lines by a moment, in words.
    async fn events_until(
        &self,
        derivation: &Value,
        until: DateTime<Utc>,
    ) -> Result<BTreeMap<String, Vec<String>>, Finding> {
        let histories = self.histories(own_tasks(derivation), Some(until)).await;
        let told = |all: Vec<Happened>| all.iter().map(|one| one.told().vi).collect();
        let histories = histories.map_err(|error| error.finding())?;
        Ok(histories.into_iter().map(|(task, all)| (task, told(all))).collect())
    }

    /// A derivation, its words in Vietnamese, with what people decided behind its figures and lines up to a moment.
    async fn derivation_of(
        &self,
        Wanted { person, period, .. }: Wanted,
        whole: Value,
        until: DateTime<Utc>,
    ) -> Result<(Derivation, Grounds), Finding> {
        let lost = self.lost_most((person, self.shown_view(period)), &whole).await?;
        let grounds = self.grounds(person, period, &whole, Some(until)).await?;
        let formulas = formulas(&whole, &grounds, Lang::Vi);
        let mut derivation: Derivation = serde_json::from_value(whole).map_err(|_| unreadable())?;
        derivation.most = serde_json::from_value(Value::Array(lost)).map_err(|_| unreadable())?;
        derivation.formulas = formulas;
        let missing = std::mem::take(&mut derivation.missing);
        derivation.missing = missing.iter().map(|part| missing_word(part)).collect();
        let meant = |title: &mut String| *title = word(Words::Title, title, Lang::Vi).into_owned();
        derivation.most.iter_mut().for_each(|lost| meant(&mut lost.title));
        for task in &mut derivation.excluded {
            meant(&mut task.title);
            task.reason = word(Words::Excluded, &task.reason, Lang::Vi).into_owned();
        }
        for ruled in &mut derivation.ruled {
            ruled.rule = wording::rule(&ruled.rule, Lang::Vi);
            ruled.because = wording::because(&ruled.because, Lang::Vi);
        }
        for line in &mut derivation.lines {
            meant(&mut line.title);
            for note in &mut line.notes {
                *note = wording::note(note, Lang::Vi);
            }
        }
        Ok((derivation, grounds))
    }
}

/// What a revision is worth beside the approved and the newest one.
fn standing_of(picked: &Revision, approved: Option<u32>, newest: Option<u32>) -> Standing {
    match (approved, newest) {
        (Some(approved), _) if approved == picked.revision => Standing::Approved,
        (Some(approved), _) if approved > picked.revision => Standing::Replaced(approved),
        (_, Some(newest)) if newest > picked.revision => Standing::Replaced(newest),
        _ if picked.state == RecordState::Corrected => Standing::Corrected,
        _ if picked.state == RecordState::Revoked => Standing::Revoked,
        _ => Standing::Provisional,
    }
}

/// A sheet of the present lines, where those of the revision are not kept: it says so where its figures are other ones.
fn of_lines(
    wanted: Wanted,
    chosen: Chosen,
    score: Option<&StoredScore>,
    now: DateTime<Utc>,
) -> Result<Chosen, Finding> {
    let Some(score) = score else { return Ok(chosen) };
    let now_computed = score.summary.get("parts");
    if chosen.raw.get("parts") == now_computed {
        return Ok(chosen);
    }
    if let Some(revision) = wanted.revision {
        return Err(lines_not_kept(revision));
    }
    let content = serde_json::from_value::<Content>(score.summary.clone()).map_err(|_| unreadable())?;
    let standing = match (chosen.standing, chosen.trace.revision) {
        (Standing::Approved, Some(approved)) => Standing::Moved(approved),
        (Standing::Revoked, Some(revoked)) => Standing::Annulled(revoked),
        _ => Standing::Provisional,
    };
    let trace = Trace {
        revision: None,
        hash: score.inputs_hash.clone(),
        rule_set: content.rule_set.clone(),
        as_of: Some(score.as_of),
        printed_at: now,
    };
    let raw = score.summary.clone();
    Ok(Chosen { revision: None, content, raw, standing, revised_at: now, made_at: now, trace })
}

fn form01(shelf: &Shelf, wanted: Wanted, chosen: Chosen, decisions: &[StoredDecision]) -> Form01 {
    let (mut own, mut superior) = (BTreeMap::new(), BTreeMap::new());
    let known = decisions.iter().filter(|stored| stored.was_known_at(chosen.made_at));
    let known = known.map(|stored| &stored.decision);
    for decision in known.clone() {
        match &decision.kind {
            DecisionKind::SelfAssessment { items } => own.clone_from(items),
            DecisionKind::GeneralCriteria { items } => superior.clone_from(items),
            _ => {}
        }
    }
    let remarks = chosen.content.remarks.standing(chosen.revised_at, known);
    let part = |name: &str| text_at(&chosen.raw, &format!("/parts/{name}/printed"));
    let span = |(from, to): &(NaiveDate, NaiveDate)| {
        format!("{} – {}", from.format("%d/%m/%Y"), to.format("%d/%m/%Y"))
    };
    Form01 {
        own,
        superior,
        general: part("general"),
        ratio: part("r"),
        task_part: part("task_part"),
        total: part("total"),
        missing: missing_words(&chosen.content),
        worked: chosen.content.worked.iter().map(span).collect(),
        strengths: remarks.strengths,
        weaknesses: remarks.weaknesses,
        comments: remarks.comment,
        scorer: signer(shelf, wanted, &chosen, Duty::Score),
        head: head(shelf, wanted, &chosen),
    }
}

fn work_sheet(shelf: &Shelf, wanted: Wanted, chosen: Chosen, derivation: Derivation) -> WorkSheet {
    let numbers = derivation.lines.iter().filter_map(|line| line.of.as_deref());
    let names = numbers
        .filter_map(|number| {
            let id = shelf.directory.named(number)?;
            Some((number.to_owned(), shelf.directory.person(id)?.full_name.clone()))
        })
        .collect();
    WorkSheet {
        products: shelf.products.clone(),
        names,
        scorer: signer(shelf, wanted, &chosen, Duty::Score),
        head: head(shelf, wanted, &chosen),
        derivation,
    }
}

/// What an explanation puts beside a derivation.
struct Rests<'a> {
    grounds: &'a Grounds,
    decisions: &'a [StoredDecision],
    places: BTreeMap<String, Text>,
    events: BTreeMap<String, Vec<String>>,
}

fn explanation(
    shelf: &Shelf,
    wanted: Wanted,
    chosen: Chosen,
    mut derivation: Derivation,
    Rests { grounds, decisions, places, events }: Rests<'_>,
) -> Explanation {
    for line in &mut derivation.lines {
        let decided = grounds.of_line(line.of.as_deref(), &line.source);
        line.notes.extend(decided.map(|ground| ground.told(Lang::Vi)));
    }
    let entered = |ground: Option<&Ground>, own| Entered {
        items: grounds.points(own).cloned().unwrap_or_default(),
        by: ground.map(|ground| ground.signed(Lang::Vi)),
    };
    let decisions = decisions.iter().filter(|stored| stored.was_known_at(chosen.made_at));
    Explanation {
        head: head(shelf, wanted, &chosen),
        own: entered(grounds.own.as_ref(), true),
        scorer: entered(grounds.superior.as_ref(), false),
        products: shelf.products.clone(),
        places: places.into_iter().map(|(task, place)| (task, place.vi)).collect(),
        events,
        derivation,
        decided: decisions.map(|stored| decided(&shelf.directory, stored)).collect(),
    }
}

/// A decision in words. Whatever its kind holds is told by its keys, so that a new kind is never left out.
pub(super) fn decided(directory: &Directory, stored: &StoredDecision) -> Decided {
    let decision = &stored.decision;
    let value = serde_json::to_value(&decision.kind).unwrap_or_default();
    let mut what = Vec::new();
    for (key, value) in value.as_object().into_iter().flatten() {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(is) => is.to_string(),
            Value::Array(all) => all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" / "),
            _ => String::new(),
        };
        let sum = || -> Exact {
            let points = value.as_object().into_iter().flatten();
            points
                .filter_map(|(_, points)| points.as_str()?.parse::<Exact>().ok())
                .collect::<Vec<_>>()
                .iter()
                .sum()
        };
        what.extend(match key.as_str() {
            "type" | "content_hash" => None,
            "items" => Some(format!("cộng {}/30", paper::decimal(&sum().to_text()))),
            "component" => Some(component_letter(&text).to_owned()),
            "percent" => Some(format!("{} %", paper::decimal(&text))),
            "source" => Some(format!("nguồn {text}")),
            "external_id" => Some(format!("bản ghi {text}")),
            "covers" => Some(
                match text.as_str() {
                    "late" => "chậm",
                    "none" => "rút lại",
                    _ => "chất lượng",
                }
                .to_owned(),
            ),
            "counts" => Some(if text == "true" { "tính là chậm" } else { "không tính là chậm" }.to_owned()),
            "own" => Some(if text == "true" { "tự chấm" } else { "cấp trên chấm" }.to_owned()),
            "percents" => Some(format!("{} %", paper::decimal(&text))),
            "count" => Some(format!("{text} lần")),
            "quantity" => Some(format!("khối lượng {}", paper::decimal(&text))),
            "revision" => Some(format!("phiên bản {text}")),
            "level" => Level::parse(&text).map(|level| level.vietnamese().to_owned()),
            _ if text.is_empty() => None,
            _ => Some(text),
        });
    }
    let kind = value.get("type").and_then(Value::as_str).unwrap_or_default();
    let document = decision.document.as_ref().map(|document| format!(" ({document})")).unwrap_or_default();
    Decided {
        at: decision.at.with_timezone(&local_offset()).format("%H:%M %d/%m/%Y").to_string(),
        kind: word(Words::Decision, kind, Lang::Vi).into_owned(),
        what: what.join("; "),
        who: format!("{}{document}", with_name(directory, &decision.author)),
    }
}

fn component_letter(name: &str) -> &str {
    match name {
        "unit_result" => "d",
        "implementation_ability" => "đ",
        "unity_ability" => "e",
        other => other,
    }
}

/// What is missing in words. Points that are assumed are printed, and stand here as such.
pub(super) fn missing_words(content: &Content) -> Vec<String> {
    let assumed = content.general_is_assumed();
    let words = content.missing.iter().map(|part| match part.as_str() {
        "general_criteria" if assumed => format!("{} (điểm đang ghi là giả định)", missing_word(part)),
        _ => missing_word(part),
    });
    words.collect()
}

/// A missing part in words: periods are named as periods.
fn missing_word(part: &str) -> String {
    match part.parse::<Period>() {
        Ok(period) => paper::period_in_words(period),
        Err(_) => word(Words::Missing, part, Lang::Vi).into_owned(),
    }
}

fn text_at(content: &Value, pointer: &str) -> Option<String> {
    content.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
}

fn head(shelf: &Shelf, wanted: Wanted, chosen: &Chosen) -> Head {
    let known = shelf.directory.person(wanted.person);
    let unit = shelf.directory.unit(&chosen.content.unit);
    let (agency, superior) = agency_of(&shelf.directory, &chosen.content.unit);
    let name = |unit: &Unit| unit.name.clone();
    Head {
        superior: superior.map(name),
        agency: agency.map_or_else(|| chosen.content.unit.to_string(), name),
        full_name: known.map(|known| known.full_name.clone()).unwrap_or_default(),
        staff_number: known.map(|known| known.staff_number.to_string()).unwrap_or_default(),
        post: chosen.content.post.clone(),
        unit: unit.map_or_else(|| chosen.content.unit.to_string(), name),
        period: wanted.period,
        standing: chosen.standing,
        trace: chosen.trace.clone(),
    }
}

/// The using agency a unit belongs to (art. 3.1): the first one up that is no division; and the body above it.
pub fn agency_of<'a>(directory: &'a Directory, unit: &'a UnitCode) -> (Option<&'a Unit>, Option<&'a Unit>) {
    let mut agency = directory.unit(unit);
    for _ in 0..MAX_DEPTH {
        let Some(division) = agency.filter(|unit| unit.kind == UnitKind::Division) else { break };
        match division.parent.as_ref().and_then(|parent| directory.unit(parent)) {
            Some(above) => agency = Some(above),
            None => break,
        }
    }
    let superior = agency.and_then(|agency| agency.parent.as_ref()).and_then(|parent| directory.unit(parent));
    (agency, superior)
}

/// Whose name stands below: who decided, else the one person who is entitled.
fn signer(shelf: &Shelf, wanted: Wanted, chosen: &Chosen, duty: Duty) -> Option<String> {
    let directory = &shelf.directory;
    let decided = chosen.content.ruling.as_ref().filter(|_| chosen.standing != Standing::Revoked);
    if let Some(ruling) = decided {
        // An office that decided is signed for by hand.
        let known = directory.named(&ruling.by).and_then(|id| directory.person(id));
        return known.map(|known| known.full_name.clone());
    }
    let today = local_date(chosen.trace.printed_at);
    let entitled = directory.entitled(wanted.person, wanted.period, today, duty);
    match entitled.as_slice() {
        [one] => directory.person(*one).map(|known| known.full_name.clone()),
        _ => None,
    }
}

/// `Mau-01_GL-00012_Nguyễn Văn An_2026-Q3.docx`; no number of a citizen is in it.
pub fn file_name(shelf: &Shelf, wanted: Wanted, format: Format) -> String {
    let known = shelf.directory.person(wanted.person);
    let (number, name) =
        known.map_or(("_", "_"), |known| (known.staff_number.as_str(), known.full_name.as_str()));
    format!(
        "{}_{}_{}_{}.{}",
        wanted.form.file_stem(),
        paper::file_part(number),
        paper::file_part(name),
        wanted.period,
        format.ending()
    )
}

/// Heads of agencies in a period, by unit.
pub fn heads(directory: &Directory, period: Period) -> BTreeMap<UnitCode, Vec<PersonId>> {
    let mut heads: BTreeMap<UnitCode, Vec<PersonId>> = BTreeMap::new();
    for known in directory.people() {
        if let Some(post) = directory.last_post(known.id, period).filter(|post| post.role == Role::Head) {
            heads.entry(post.unit.clone()).or_default().push(known.id);
        }
    }
    heads
}

fn nothing(shelf: &Shelf, wanted: Wanted) -> Finding {
    let number = shelf.directory.person(wanted.person).map(|known| known.staff_number.to_string());
    no_score(wanted.period).at(Place::of(format!("record {} {}", number.unwrap_or_default(), wanted.period)))
}

fn no_score(period: Period) -> Finding {
    Finding::error(
        "LT-PAP-001",
        Text::new(
            format!("người này chưa có điểm hay hồ sơ kỳ {period}, chưa có gì để in"),
            format!("this person has neither a score nor a record for {period}: there is nothing to print"),
        ),
        Text::new(
            "xem `score show` và `status`: kỳ chưa tính, hoặc người này không thuộc diện đánh giá",
            "look at `score show` and `status`: the period is not computed yet, or the person is not evaluated",
        ),
    )
}

pub(super) fn no_revision(asked: u32, newest: Option<u32>) -> Finding {
    let (vi, en) = match newest {
        Some(newest) => (format!("mới nhất là {newest}"), format!("the newest is {newest}")),
        None => ("chưa có phiên bản nào".to_owned(), "there is none yet".to_owned()),
    };
    Finding::error(
        "LT-PAP-002",
        Text::new(
            format!("hồ sơ không có phiên bản {asked}; {vi}"),
            format!("the record has no revision {asked}; {en}"),
        ),
        Text::new(
            "bỏ --revision, hoặc ghi số có trên trang của người đó",
            "leave out --revision, or give a number from the person's page",
        ),
    )
    .at(Place::of("--revision"))
}

pub(super) fn other_period(form: Form, period: Period) -> Finding {
    let (vi, en) = if form == Form::Form02 {
        ("một năm, ví dụ 2026", "a year, for example 2026")
    } else {
        ("kỳ dưới một năm, ví dụ 2026-Q3", "a period below a year, for example 2026-Q3")
    };
    Finding::error(
        "LT-PAP-003",
        Text::new(
            format!("biểu \"{}\" không dùng cho kỳ {period}; biểu này dùng cho {vi}", form.as_str()),
            format!("form \"{}\" is not for {period}; it is for {en}", form.as_str()),
        ),
        Text::new("đổi kỳ hoặc đổi --form", "change the period or --form"),
    )
    .at(Place::of("--form"))
}

pub(super) fn lines_not_kept(revision: u32) -> Finding {
    Finding::error(
        "LT-PAP-004",
        Text::new(
            format!("điểm hiện nay khác điểm của phiên bản {revision}; các dòng của phiên bản đó không còn được lưu"),
            format!("the score is no longer that of revision {revision}; the lines of that revision are not kept"),
        ),
        Text::new(
            "in mẫu 01 hoặc 02 của phiên bản đó, hoặc bỏ --revision để in các dòng hiện nay",
            "print form 01 or 02 of that revision, or leave out --revision to print the present lines",
        ),
    )
    .at(Place::of("--revision"))
}

pub(super) fn not_rendered(failed: &paper::Failed) -> Finding {
    Finding::error(
        "LT-PAP-005",
        Text::new("không tạo được tệp", "the file could not be made").because(&cause(failed)),
        Text::new(
            "thử lại; nếu vẫn lỗi, báo nhóm phát triển kèm nhật ký",
            "try again; if it stays, tell the developers with the log",
        ),
    )
}

fn unreadable() -> Finding {
    Finding::error(
        "LT-PAP-006",
        Text::new(
            "không đọc được nội dung đã lưu của điểm hoặc hồ sơ này",
            "what is stored of this score or record cannot be read",
        ),
        Text::new(
            "chạy `score verify`; nếu dữ liệu nguyên vẹn, báo nhóm phát triển",
            "run `score verify`; if the data are intact, tell the developers",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Decision;

    #[test]
    fn what_was_decided_about_a_task_is_told_with_the_word_that_decides() {
        let told = |kind: DecisionKind| {
            let decision = Decision {
                key: "1".into(),
                person: PersonId(uuid::Uuid::nil()),
                period: "2026-Q3".parse().expect("period"),
                author: "GL-00003".into(),
                at: "2026-10-05T01:00:00Z".parse().expect("instant"),
                document: Some("5/SNV".into()),
                kind,
            };
            let stored = StoredDecision { id: 1, origin: "cli".into(), decision, kept_at: None };
            decided(&Directory::default(), &stored)
        };
        let (source, external_id, reason) = ("snv".to_owned(), "7".to_owned(), "chờ ý kiến".to_owned());
        let late = told(DecisionKind::Lateness {
            source: source.clone(),
            external_id: external_id.clone(),
            counts: false,
            reason: reason.clone(),
        });
        assert!(late.what.contains("không tính là chậm") && late.what.contains("chờ ý kiến"), "{late:?}");
        assert_eq!((late.at.as_str(), late.who.as_str()), ("08:00 05/10/2026", "GL-00003 (5/SNV)"));
        let back = told(DecisionKind::Excuse { source, external_id, covers: "none".into(), reason });
        assert!(back.what.contains("rút lại") && !back.what.contains("chất lượng"), "{back:?}");
        let percents = [85, 90, 80].map(Exact::integer);
        let support = told(DecisionKind::SupportPercents { own: true, percents });
        assert!(support.what.contains("tự chấm") && support.what.contains("85 / 90 / 80 %"), "{support:?}");
    }
}
