//! One person's lines of a period: made once, and taken by their own scores and by everyone above them.
//!
//! Owns both views of a person's lines, their text as kept derivations hold it and as the hash of a score's inputs takes it, and how a score's
//! text is put together from such pieces: packed once for the person and everyone above them, behind a mark that says whose
//! they are (`pipeline::derived` reads it back). It must not know where lines come from. A line that is not written as
//! expected is a fault of the program and ends the score.

use super::{TO_DATE, hash_of, hex, to_bytes};
use crate::domain::rules::LateUnit;
use crate::domain::{RuleSet, WorkingCalendar};
use crate::error::Finding;
use crate::pipeline::broken;
use crate::pipeline::derived::{LineWriter, mark};
use crate::scoring::service::Span;
use crate::scoring::{Derivation, Excluded, Judged, Line, PersonInput, Tally};
use crate::store::{Days, Packed};
use chrono::NaiveDate;
use sha2::{Digest as _, Sha256};
use std::sync::{Arc, OnceLock};

/// A rule set with its text and hash, and the working days it counts by.
#[derive(Debug)]
pub(in crate::pipeline) struct Terms {
    /// The rule set.
    pub rules: RuleSet,
    /// Its hash.
    pub hash: String,
    /// The working days.
    pub calendar: WorkingCalendar,
    /// Where it counts them: those otherwise than Monday to Friday, with their hash.
    pub counted: Option<(String, Days)>,
    text: Vec<u8>,
    /// How derivations by it end, packed once.
    end: OnceLock<Packed>,
}

impl Terms {
    /// A rule set as scores of a period are judged by it that ends on this day: days after it move nothing in it.
    pub fn of(rules: &RuleSet, calendar: &WorkingCalendar, last: NaiveDate) -> Result<Self, Finding> {
        let text = to_bytes(rules)?;
        let days = (rules.late_unit == LateUnit::WorkingDay).then(|| calendar.exceptions_until(last));
        let counted = days.map(|days| Ok::<_, Finding>((hash_of(&days)?, days))).transpose()?;
        let calendar = calendar.clone();
        let hash = hex(&Sha256::digest(&text));
        Ok(Self { rules: rules.clone(), hash, calendar, counted, text, end: OnceLock::new() })
    }

    /// The rest of a derivation, packed: the rule set at its end is the same for everybody.
    fn packed_rest(&self, rest: &[u8]) -> Result<Packed, Finding> {
        let before = rest.strip_suffix(b"}").and_then(|rest| rest.strip_suffix(self.text.as_slice()));
        let Some(before) = before else { return pack(rest) };
        let mut packed = pack(before)?;
        let end = match self.end.get() {
            Some(end) => end,
            None => {
                let end = pack(&[self.text.as_slice(), b"}"].concat())?;
                self.end.get_or_init(|| end)
            }
        };
        packed.append(end);
        Ok(packed)
    }

    /// Hash of the working days it counts by; none where it counts none.
    pub fn working_days(&self) -> Option<String> {
        self.counted.as_ref().map(|(hash, _)| hash.clone())
    }
}

/// Where a line with the comma before it begins and ends within the text of a piece.
type Cut = (usize, usize);

type LinesDigest = [u8; 32];

/// Everything a score depends on but the view, by its hash.
pub(super) type Inputs = [u8; 32];

/// Most bytes of others' lines that wait to be put into a derivation.
const MOST_WAITING: usize = 8 << 20;

/// Hash of lines, each behind its comma.
fn digest_of<'a>(lines: impl Iterator<Item = &'a [u8]>) -> LinesDigest {
    let mut digest = Sha256::new();
    lines.for_each(|line| digest.update(line));
    digest.finalize().into()
}

/// Lines of one person: those of both views, or those of the full period alone.
#[derive(Debug)]
struct Part {
    /// The lines with the numbers they add, each behind a comma.
    text: Vec<u8>,
    cuts: Vec<Cut>,
    /// Hash of the text.
    digest: LinesDigest,
    /// The lines themselves, where somebody may answer for some of the days only.
    lines: Option<Vec<Line>>,
    /// The text as derivations hold it.
    packed: OnceLock<Packed>,
}

impl Part {
    /// A part of lines; none of no lines.
    fn of(
        lines: Vec<Line>,
        is_whole: bool,
        writer: &mut LineWriter<'_>,
    ) -> Result<Option<Arc<Self>>, Finding> {
        if lines.is_empty() {
            return Ok(None);
        }
        let mut text = Vec::with_capacity(lines.len() * 240);
        let mut cuts = Vec::with_capacity(lines.len());
        for line in &lines {
            let from = text.len();
            writer.put(&mut text, line)?;
            cuts.push((from, text.len()));
        }
        // Many are held at a time.
        text.shrink_to_fit();
        let digest = Sha256::digest(&text).into();
        let lines = (!is_whole).then_some(lines);
        Ok(Some(Arc::new(Self { digest, text, cuts, lines, packed: OnceLock::new() })))
    }

    fn packed(&self) -> Result<&Packed, Finding> {
        if let Some(packed) = self.packed.get() {
            return Ok(packed);
        }
        let packed = pack(&self.text)?;
        Ok(self.packed.get_or_init(|| packed))
    }

    fn size(&self) -> usize {
        let lines = self.lines.as_ref().map_or(0, |lines| lines.len() * 400);
        self.text.len() + lines + self.cuts.len() * size_of::<Cut>()
    }
}

/// The lines of one person in one view.
#[derive(Debug)]
pub(super) struct Piece {
    tally: Tally,
    /// Tasks that do not count.
    pub excluded: Vec<Excluded>,
    /// Whether who answers for the person answers for all of it.
    is_whole: bool,
    /// None without lines.
    parts: Vec<Arc<Part>>,
    /// What stands before it in derivations of others.
    mark: OnceLock<Packed>,
}

impl Piece {
    fn of(
        tally: Tally,
        excluded: Vec<Excluded>,
        is_whole: bool,
        parts: impl IntoIterator<Item = Arc<Part>>,
    ) -> Arc<Self> {
        let parts = parts.into_iter().collect();
        Arc::new(Self { tally, excluded, is_whole, parts, mark: OnceLock::new() })
    }

    /// How many bytes it holds, about.
    fn size(&self) -> usize {
        self.parts.iter().map(|part| part.size()).sum::<usize>() + self.excluded.len() * 200
    }

    /// Its lines of some days, with their texts.
    fn of_days<'p>(&'p self, spans: &'p [Span]) -> impl Iterator<Item = (&'p Line, &'p [u8])> {
        let lines = self.parts.iter().flat_map(|part| {
            let lines = part.lines.iter().flatten().zip(&part.cuts);
            lines.map(|(line, (from, to))| (line, part.text.get(*from..*to).unwrap_or_default()))
        });
        lines.filter(|(line, _)| is_within(line, spans))
    }

    /// What stands before the lines in derivations of others; `name` is the person's staff number as JSON.
    fn mark(&self, name: &[u8]) -> Result<&Packed, Finding> {
        if let Some(mark) = self.mark.get() {
            return Ok(mark);
        }
        let packed = pack(&[b",".as_slice(), &mark(name)].concat())?;
        Ok(self.mark.get_or_init(|| packed))
    }

    /// Puts it behind the beginning of somebody else's derivation.
    fn follow(&self, name: &[u8], whole: &mut Packed) -> Result<(), Finding> {
        whole.append(self.mark(name)?);
        self.parts.iter().try_for_each(|part| part.packed().map(|packed| whole.append(packed)))
    }
}

/// The lines of one person in both views. Those of the view to date are the first of the full period, and are written and
/// packed once.
#[derive(Debug, Clone)]
pub(super) struct Views {
    to_date: Arc<Piece>,
    full: Arc<Piece>,
}

impl Views {
    /// Both views of what was judged; `days` are the posts of the person, where who answers for them answers for all days of
    /// some of these; none where somebody answers for other days.
    pub fn of(judged: Judged, days: &[Span], writer: &mut LineWriter<'_>) -> Result<Self, Finding> {
        let rules = writer.rules();
        let mut lines = judged.lines.iter().chain(&judged.later);
        let is_whole = match days {
            [(from, to)] => lines.all(|line| (*from..=*to).contains(&line.counted_on)),
            _ => false,
        };
        let mut tally = Tally::of(&judged.lines, rules);
        let (to_date, full) = (judged.excluded_to_date(), judged.excluded_of_period());
        let first = Part::of(judged.lines, is_whole, writer)?;
        let to_date = Piece::of(tally.clone(), to_date, is_whole, first.clone());
        if judged.later.is_empty() && judged.excluded_later.is_empty() {
            return Ok(Self { full: to_date.clone(), to_date });
        }
        tally.take(&judged.later, rules);
        let later = Part::of(judged.later, is_whole, writer)?;
        Ok(Self { to_date, full: Piece::of(tally, full, is_whole, first.into_iter().chain(later)) })
    }

    /// The lines in one view.
    pub fn seen(&self, view: &str) -> &Arc<Piece> {
        if view == TO_DATE { &self.to_date } else { &self.full }
    }

    /// How many bytes they hold, about.
    pub fn size(&self) -> usize {
        self.full.size() + self.to_date.excluded.len() * 200
    }
}

fn pack(text: &[u8]) -> Result<Packed, Finding> {
    Packed::of(text).map_err(|error| error.finding())
}

/// Lines of others on their way into a derivation: only one that is wanted costs their packing, unless too many wait.
#[derive(Default)]
struct Pooled {
    packed: Packed,
    waiting: Vec<(Arc<Piece>, Vec<u8>)>,
    bytes: usize,
}

impl Pooled {
    /// Has all lines of somebody wait.
    fn wait(&mut self, piece: &Arc<Piece>, name: &[u8]) -> Result<(), Finding> {
        self.bytes += piece.size();
        self.waiting.push((piece.clone(), name.to_vec()));
        if self.bytes > MOST_WAITING { self.pack() } else { Ok(()) }
    }

    /// Puts some lines of somebody behind those that wait.
    fn put(&mut self, text: &[u8], name: &[u8]) -> Result<(), Finding> {
        self.pack()?;
        self.packed.append(&pack(&[b",".as_slice(), &mark(name)].concat())?);
        self.packed.append(&pack(text)?);
        Ok(())
    }

    fn pack(&mut self) -> Result<(), Finding> {
        self.bytes = 0;
        let mut waiting = std::mem::take(&mut self.waiting).into_iter();
        waiting.try_for_each(|(piece, name)| piece.follow(&name, &mut self.packed))
    }

    fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.packed.size() == 0
    }

    /// Puts all of it behind the beginning of a derivation.
    fn follow(&self, whole: &mut Packed) -> Result<(), Finding> {
        whole.append(&self.packed);
        self.waiting.iter().try_for_each(|(piece, name)| piece.follow(name, whole))
    }
}

/// A score that is put together from its pieces.
pub(super) struct Assembly<'a> {
    terms: &'a Terms,
    view: &'static str,
    own: &'a Piece,
    /// The lines of others, each behind a mark that says whose they are; none where the derivation is not wanted.
    pooled: Option<Pooled>,
    tally: Tally,
    digest: Sha256,
    /// The inputs behind their lines.
    rest: Vec<u8>,
}

impl<'a> Assembly<'a> {
    /// Begins with the person's own lines; the input's lines are empty, everything else of it is there.
    pub fn begin(
        input: &PersonInput,
        own: &'a Piece,
        (terms, view): (&'a Terms, &'static str),
        packs: bool,
    ) -> Result<Self, Finding> {
        let text = to_bytes(input)?;
        let (head, rest) = around_lines(&text)?;
        let mut digest = Sha256::new();
        digest.update(b"[");
        digest.update(head);
        own.parts.iter().for_each(|part| digest.update(part.digest));
        let pooled = packs.then(Pooled::default);
        Ok(Self { terms, view, own, pooled, tally: own.tally.clone(), digest, rest: rest.to_vec() })
    }

    /// Takes the lines of somebody in charge, of the days they were; `name` is their staff number as JSON.
    pub fn pool(&mut self, piece: &Arc<Piece>, name: &[u8], spans: &[Span]) -> Result<(), Finding> {
        if piece.is_whole {
            self.feed(name, piece.parts.iter().map(|part| part.digest));
            self.tally.pool(&piece.tally);
            let pooled = self.pooled.as_mut().filter(|_| !piece.parts.is_empty());
            return pooled.map_or(Ok(()), |pooled| pooled.wait(piece, name));
        }
        let taken: Vec<(&Line, &[u8])> = piece.of_days(spans).collect();
        if taken.is_empty() {
            return Ok(());
        }
        self.feed(name, [digest_of(taken.iter().map(|(_, text)| *text))]);
        self.tally.pool(&Tally::of(taken.iter().map(|(line, _)| *line), &self.terms.rules));
        let Some(pooled) = &mut self.pooled else { return Ok(()) };
        let text: Vec<u8> = taken.iter().flat_map(|(_, text)| text.iter().copied()).collect();
        pooled.put(&text, name)
    }

    /// Looks at what was assigned to somebody in charge and completed of it, for the local overlays on a unit's share;
    /// their lines are none of the score's, which depends on them all the same.
    pub fn watch(&mut self, piece: &Piece, name: &[u8], spans: &[Span]) {
        if piece.is_whole {
            self.feed(name, piece.parts.iter().map(|part| part.digest));
            return self.tally.pool_planned(&piece.tally);
        }
        let taken: Vec<(&Line, &[u8])> = piece.of_days(spans).collect();
        if !taken.is_empty() {
            self.feed(name, [digest_of(taken.iter().map(|(_, text)| *text))]);
            self.tally.pool_planned(&Tally::of(taken.iter().map(|(line, _)| *line), &self.terms.rules));
        }
    }

    /// Has the inputs' hash depend on lines of somebody. The same lines taken whole and taken day by day give other digests: where a view
    /// changes between the two, a score is computed once more and comes out the same.
    fn feed(&mut self, name: &[u8], lines: impl IntoIterator<Item = LinesDigest>) {
        let mut lines = lines.into_iter().peekable();
        if lines.peek().is_some() {
            self.digest.update(name);
            lines.for_each(|digest| self.digest.update(digest));
        }
    }

    /// What the lines add up to.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Hash of the inputs, of each person's lines by their hash and of the rule set: that of everything but the view, and
    /// the one of the score.
    pub fn inputs(&mut self) -> Result<(Inputs, String), Finding> {
        let mut digest = std::mem::take(&mut self.digest);
        digest.update(&self.rest);
        digest.update(b",");
        digest.update(&self.terms.text);
        digest.update(b",");
        let inputs = digest.clone().finalize().into();
        digest.update(to_bytes(&self.view)?);
        digest.update(b"]");
        Ok((inputs, hex(&digest.finalize())))
    }

    /// The derivation with these lines; the one given names none.
    pub fn packed(self, derivation: &Derivation) -> Result<Packed, Finding> {
        let text = to_bytes(derivation)?;
        let (head, rest) = around_lines(&text)?;
        let pooled = self.pooled.unwrap_or_default();
        if self.own.parts.is_empty() && pooled.is_empty() {
            return pack(&text);
        }
        let mut whole = pack(&[head, &mark(b"null")].concat())?;
        self.own.parts.iter().try_for_each(|part| part.packed().map(|packed| whole.append(packed)))?;
        pooled.follow(&mut whole)?;
        whole.append(&self.terms.packed_rest(rest)?);
        Ok(whole)
    }
}

fn is_within(line: &Line, spans: &[Span]) -> bool {
    spans.iter().any(|(from, to)| (*from..=*to).contains(&line.counted_on))
}

/// A text with an empty list of lines, before and behind what belongs into it.
fn around_lines(text: &[u8]) -> Result<(&[u8], &[u8]), Finding> {
    const LINES: &[u8] = b"\"lines\":[]";
    let at = text.windows(LINES.len()).position(|some| some == LINES);
    at.and_then(|at| text.split_at_checked(at + LINES.len() - 1)).ok_or_else(|| broken("derivation"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rules::Overlay;
    use crate::domain::{Component, Exact, Role};
    use crate::pipeline::derived::read;
    use crate::pipeline::score::FULL_PERIOD;
    use crate::scoring::{Criteria, NOT_DUE_YET, Subordinate, Support, score_person, score_tally};
    use rust_decimal::Decimal;
    use std::collections::BTreeMap;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).expect("day")
    }

    /// A line that differs from the next one in everything that counts.
    fn line(whose: &str, number: u32) -> Line {
        Line {
            source: format!("snv/{whose}-{number}"),
            // What a search for the list of lines must not take for it.
            title: format!("Báo cáo \"lines\":[] số {number}, \"of\":null}}"),
            product: "SP-1".to_owned(),
            coefficient: Decimal::new(i64::from(number % 7) * 25 + 5, 2),
            multiplier: None,
            assigned: Decimal::from(number % 3 + 1),
            completed: Decimal::from((number + 1) % 3),
            quality_failures: number % 5,
            late_count: number % 6,
            late_excused: number.is_multiple_of(4),
            handed_over: number.is_multiple_of(6),
            extra: number.is_multiple_of(3),
            due: Some(day(number % 28 + 1)),
            counted_on: day(number % 28 + 1),
            completed_on: number.is_multiple_of(2).then(|| day(20)),
            finished_later_on: number.is_multiple_of(7).then(|| day(25)),
            notes: vec!["ghi chú".to_owned(); usize::from(number.is_multiple_of(5))],
            of: None,
        }
    }

    fn lines(whose: &str, count: u32, first: u32) -> Vec<Line> {
        (first..first + count).map(|number| line(whose, number)).collect()
    }

    fn input(role: Role, lines: Vec<Line>) -> PersonInput {
        let whole = |percent: i64| Exact::integer(percent);
        PersonInput {
            period: "2026-Q4".parse().expect("period"),
            role,
            lines,
            excluded: vec![Excluded {
                source: "snv/9".to_owned(),
                title: "Việc khác".to_owned(),
                reason: "unmapped".to_owned(),
                counts_as: None,
            }],
            criteria: Criteria {
                own: None,
                superior: Some(BTreeMap::from([("total".to_owned(), whole(28))])),
            },
            components: BTreeMap::from([
                (Component::ImplementationAbility, whole(100)),
                (Component::UnityAbility, whole(50)),
            ]),
            subordinates: vec![Subordinate { person: "GL-2".to_owned(), total: Some(whole(80)) }],
            unit_result: None,
            worked: Vec::new(),
            support: Support::default(),
        }
    }

    /// The hash of inputs as it is said to be.
    #[derive(Default)]
    struct Hashed(Vec<u8>);

    impl Hashed {
        fn lines(&mut self, whose: Option<&str>, lines: &[Line], rules: &RuleSet) {
            if lines.is_empty() {
                return;
            }
            self.0.extend(whose.iter().flat_map(|name| serde_json::to_vec(name).expect("json")));
            let mut text = Vec::new();
            let mut writer = LineWriter::of(rules);
            lines.iter().for_each(|line| writer.put(&mut text, line).expect("written"));
            self.0.extend(Sha256::digest(text));
        }

        fn whole(self, without: &PersonInput, rules: &RuleSet) -> String {
            let text = serde_json::to_string(without).expect("json");
            let (head, rest) = text.split_once("\"lines\":[").expect("a list");
            let rules = serde_json::to_string(rules).expect("json");
            let mut all = format!("[{head}\"lines\":[").into_bytes();
            all.extend(self.0);
            all.extend(format!("{rest},{rules},\"{TO_DATE}\"]").into_bytes());
            hex(&Sha256::digest(&all))
        }
    }

    #[test]
    fn lines_not_due_yet_stand_behind_those_of_both_views_which_are_written_once() {
        let rules = RuleSet::default();
        let writer = &mut LineWriter::of(&rules);
        let (now, later) = (lines("a", 40, 1), lines("b", 7, 2));
        let judged = Judged { lines: now.clone(), later: later.clone(), ..Judged::default() };
        let views = Views::of(judged, &[(day(1), day(30))], writer).expect("written");
        let text = |view: &str| -> Vec<u8> {
            views.seen(view).parts.iter().flat_map(|part| part.text.clone()).collect()
        };
        let written = |lines: &[Line]| {
            let mut text = Vec::new();
            let writer = &mut LineWriter::of(&rules);
            lines.iter().for_each(|line| writer.put(&mut text, line).expect("written"));
            text
        };
        assert_eq!(text(TO_DATE), written(&now));
        assert_eq!(text(FULL_PERIOD), written(&[now.clone(), later].concat()));
        assert!(Arc::ptr_eq(&views.to_date.parts[0], &views.full.parts[0]));
        let reasons = |view: &str| -> Vec<String> {
            views.seen(view).excluded.iter().map(|one| one.reason.clone()).collect()
        };
        assert_eq!((reasons(TO_DATE), reasons(FULL_PERIOD)), (vec![NOT_DUE_YET.to_owned(); 7], Vec::new()));
        let judged = Judged { lines: now, ..Judged::default() };
        let views = Views::of(judged, &[(day(1), day(30))], writer).expect("written");
        assert!(Arc::ptr_eq(&views.to_date, &views.full));
    }

    #[test]
    fn score_from_pieces_says_what_the_one_from_all_its_lines_says() {
        let quarter = (day(1), day(30));
        let sets = [
            RuleSet::default(),
            RuleSet {
                extra_in_denominator: true,
                extra_components: vec!["a".to_owned()],
                local_overlays: vec![Overlay::Below100NotCompleted, Overlay::UnitBelow70HeadNotCompleted],
                ..RuleSet::default()
            },
        ];
        for (rules, own, staying, moving) in sets.iter().flat_map(|rules| {
            let counts = [(0, 0, 0), (4, 0, 0), (0, 3, 0), (0, 0, 9), (5, 4, 9), (0, 3, 9), (2, 0, 9)];
            counts.map(|(own, staying, moving)| (rules, own, staying, moving))
        }) {
            let (own, staying, moving) = (lines("a", own, 1), lines("b", staying, 3), lines("c", moving, 5));
            // Of the one who moved only the days until the tenth are this leader's.
            let days = (day(1), day(10));
            let of = |name: &str, lines: &[Line], (from, to): Span| -> Vec<Line> {
                let theirs = lines.iter().filter(|line| (from..=to).contains(&line.counted_on)).cloned();
                theirs.map(|line| Line { of: Some(name.to_owned()), ..line }).collect()
            };
            let all = [own.clone(), of("GL-2", &staying, quarter), of("GL \"3\"", &moving, days)].concat();
            let whole = input(Role::Head, all);
            let terms = Terms::of(rules, &WorkingCalendar::default(), day(30)).expect("terms");
            let piece = |lines: Vec<Line>, posts: &[Span]| {
                let judged = Judged { lines, excluded: whole.excluded.clone(), ..Judged::default() };
                let views = Views::of(judged, posts, &mut LineWriter::of(rules)).expect("written");
                views.seen(TO_DATE).clone()
            };
            let mut hashed = Hashed::default();
            hashed.lines(None, &own, rules);
            hashed.lines(Some("GL-2"), &staying, rules);
            let (from, to) = days;
            let theirs: Vec<Line> =
                moving.iter().filter(|line| (from..=to).contains(&line.counted_on)).cloned().collect();
            hashed.lines(Some("GL \"3\""), &theirs, rules);
            let own = piece(own, &[quarter]);
            let without = PersonInput { lines: Vec::new(), ..whole.clone() };
            let mut assembly = Assembly::begin(&without, &own, (&terms, TO_DATE), true).expect("begun");
            assembly.pool(&piece(staying, &[quarter]), b"\"GL-2\"", &[quarter]).expect("pooled");
            let moved = piece(moving, &[days, (day(11), day(30))]);
            assembly.pool(&moved, b"\"GL \\\"3\\\"\"", &[days]).expect("pooled");
            assert_eq!(assembly.inputs().expect("hash").1, hashed.whole(&without, rules));
            let derivation = score_tally(&without, assembly.tally(), rules);
            let text = assembly.packed(&derivation).expect("packed").text().expect("text");
            let expected = serde_json::to_value(score_person(&whole, rules)).expect("json");
            assert_eq!(read(&text), Some(expected));
        }
    }
}
