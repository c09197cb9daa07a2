//! One person's lines of a period and view: made once, and taken by their own score and by everyone above them.
//!
//! Owns the text of lines as kept derivations hold them and as the hash of a score's inputs takes them, and how a score's
//! text is put together from such pieces: packed once for the person and everyone above them, behind a mark that says whose
//! they are (`pipeline::derived` reads it back). It must not know where lines come from. A line that is not written as
//! expected is a fault of the program and ends the score.

use super::{hash_of, hex, to_bytes};
use crate::domain::rules::LateUnit;
use crate::domain::{RuleSet, WorkingCalendar};
use crate::error::Finding;
use crate::pipeline::broken;
use crate::pipeline::derived::{LineWriter, mark};
use crate::scoring::service::Span;
use crate::scoring::{Derivation, Excluded, Line, PersonInput, Tally};
use crate::store::{Days, Packed};
use chrono::NaiveDate;
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::sync::OnceLock;

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

/// Hash of lines, each behind its comma.
fn digest_of<'a>(lines: impl Iterator<Item = &'a [u8]>) -> LinesDigest {
    let mut digest = Sha256::new();
    lines.for_each(|line| digest.update(line));
    digest.finalize().into()
}

/// The lines of one person.
#[derive(Debug)]
pub(super) struct Piece {
    tally: Tally,
    /// Tasks that do not count.
    pub excluded: Vec<Excluded>,
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

impl Piece {
    /// A piece of lines; `days` are the posts of the person, where who answers for them answers for all days of some of these;
    /// none where somebody answers for other days. `before` are lines of the same person and period by the same rules, with
    /// their piece: most lines of one view are those of the other as well, and are written once.
    pub fn of(
        lines: &[Line],
        excluded: Vec<Excluded>,
        days: &[Span],
        rules: &RuleSet,
        before: Option<(&[Line], &Self)>,
    ) -> Result<Self, Finding> {
        let mut text = Vec::with_capacity(lines.len() * 240);
        let mut writer = LineWriter::of(rules);
        let mut cuts = Vec::with_capacity(lines.len());
        let (known, of_known) = before.map_or((&[][..], None), |(lines, piece)| (lines, Some(piece)));
        let mut known = known.iter().zip(of_known.iter().flat_map(|piece| &piece.cuts)).peekable();
        for line in lines {
            let from = text.len();
            let same = known.next_if(|(known, _)| known.source == line.source);
            let same = same.filter(|(known, _)| *known == line).zip(of_known);
            match same {
                Some(((_, cut), piece)) => text.extend_from_slice(piece.part(*cut)),
                None => writer.put(&mut text, line)?,
            }
            cuts.push((from, text.len()));
        }
        // Many are held at a time.
        text.shrink_to_fit();
        let whole = match days {
            [(from, to)] => lines.iter().all(|line| (*from..=*to).contains(&line.counted_on)),
            _ => false,
        };
        Ok(Self {
            tally: Tally::of(lines, rules),
            excluded,
            digest: Sha256::digest(&text).into(),
            text,
            cuts,
            lines: (!whole).then(|| lines.to_vec()),
            packed: OnceLock::new(),
        })
    }

    /// Whether another one is the same: lines and tasks that do not count.
    pub fn is(&self, other: &Self) -> bool {
        self.text == other.text && self.excluded == other.excluded && self.lines == other.lines
    }

    /// How many bytes it holds, about.
    pub fn size(&self) -> usize {
        let lines = self.lines.as_ref().map_or(0, |lines| lines.len() * 400);
        self.text.len() + lines + self.excluded.len() * 200 + self.cuts.len() * size_of::<Cut>()
    }

    fn part(&self, (from, to): Cut) -> &[u8] {
        self.text.get(from..to).unwrap_or_default()
    }

    fn packed(&self) -> Result<&Packed, Finding> {
        if let Some(packed) = self.packed.get() {
            return Ok(packed);
        }
        let packed = pack(&self.text)?;
        Ok(self.packed.get_or_init(|| packed))
    }
}

fn pack(text: &[u8]) -> Result<Packed, Finding> {
    Packed::of(text).map_err(|error| error.finding())
}

/// A score that is put together from its pieces.
pub(super) struct Assembly<'a> {
    terms: &'a Terms,
    view: &'static str,
    own: &'a Piece,
    /// The lines of others, each behind a mark that says whose they are; none where the derivation is not wanted.
    pooled: Option<Packed>,
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
        if !own.cuts.is_empty() {
            digest.update(own.digest);
        }
        let pooled = packs.then(Packed::default);
        Ok(Self { terms, view, own, pooled, tally: own.tally.clone(), digest, rest: rest.to_vec() })
    }

    /// Takes the lines of somebody in charge, of the days they were; `name` is their staff number as JSON.
    pub fn pool(&mut self, piece: &Piece, name: &[u8], spans: &[Span]) -> Result<(), Finding> {
        let Some(lines) = &piece.lines else {
            self.feed(name, piece.cuts.len(), || piece.digest);
            self.tally.pool(&piece.tally);
            return self.put(name, piece.cuts.len(), || Ok(Cow::Borrowed(piece.packed()?)));
        };
        let taken: Vec<(&Line, &[u8])> = lines
            .iter()
            .zip(&piece.cuts)
            .filter(|(line, _)| is_within(line, spans))
            .map(|(line, cut)| (line, piece.part(*cut)))
            .collect();
        self.feed(name, taken.len(), || digest_of(taken.iter().map(|(_, text)| *text)));
        self.tally.pool(&Tally::of(taken.iter().map(|(line, _)| *line), &self.terms.rules));
        let texts = || taken.iter().flat_map(|(_, text)| text.iter().copied()).collect::<Vec<u8>>();
        self.put(name, taken.len(), || Ok(Cow::Owned(pack(&texts())?)))
    }

    /// Looks at what was assigned to somebody in charge and completed of it, for the local overlays on a unit's share;
    /// their lines are none of the score's, which depends on them all the same.
    pub fn watch(&mut self, piece: &Piece, name: &[u8], spans: &[Span]) {
        let Some(lines) = &piece.lines else {
            self.feed(name, piece.cuts.len(), || piece.digest);
            return self.tally.pool_planned(&piece.tally);
        };
        let taken = || lines.iter().zip(&piece.cuts).filter(|(line, _)| is_within(line, spans));
        self.feed(name, taken().count(), || digest_of(taken().map(|(_, cut)| piece.part(*cut))));
        self.tally.pool_planned(&Tally::of(taken().map(|(line, _)| line), &self.terms.rules));
    }

    /// Has the inputs' hash depend on lines of somebody: on what they are, whether or not others of theirs are left out.
    fn feed(&mut self, name: &[u8], lines: usize, digest: impl FnOnce() -> LinesDigest) {
        if lines > 0 {
            self.digest.update(name);
            self.digest.update(digest());
        }
    }

    /// Puts lines of somebody behind the others, where they are wanted.
    fn put<'p>(
        &mut self,
        name: &[u8],
        count: usize,
        packed: impl FnOnce() -> Result<Cow<'p, Packed>, Finding>,
    ) -> Result<(), Finding> {
        if let Some(pooled) = self.pooled.as_mut().filter(|_| count > 0) {
            pooled.append(&pack(&[b",".as_slice(), &mark(name)].concat())?);
            pooled.append(packed()?.as_ref());
        }
        Ok(())
    }

    /// What the lines add up to.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Hash of the inputs, of each person's lines by their hash, the rule set and the view.
    pub fn inputs_hash(&mut self) -> Result<String, Finding> {
        let mut digest = std::mem::take(&mut self.digest);
        digest.update(&self.rest);
        digest.update(b",");
        digest.update(&self.terms.text);
        digest.update(b",");
        digest.update(to_bytes(&self.view)?);
        digest.update(b"]");
        Ok(hex(&digest.finalize()))
    }

    /// The derivation with these lines; the one given names none.
    pub fn packed(self, derivation: &Derivation) -> Result<Packed, Finding> {
        let text = to_bytes(derivation)?;
        let (head, rest) = around_lines(&text)?;
        let pooled = self.pooled.unwrap_or_default();
        if self.own.cuts.is_empty() && pooled.size() == 0 {
            return pack(&text);
        }
        let mut whole = pack(&[head, &mark(b"null")].concat())?;
        if !self.own.cuts.is_empty() {
            whole.append(self.own.packed()?);
        }
        whole.append(&pooled);
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
    use crate::pipeline::score::TO_DATE;
    use crate::scoring::{Criteria, Subordinate, Support, score_person, score_tally};
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
    fn lines_of_the_other_view_are_taken_over_where_they_are_the_same_and_written_where_they_are_not() {
        let rules = RuleSet::default();
        let full = lines("a", 40, 1);
        // Some are not in it, some say something else.
        let mut to_date: Vec<Line> = full
            .iter()
            .enumerate()
            .filter(|(place, _)| place % 3 > 0)
            .map(|(_, line)| line.clone())
            .collect();
        to_date.iter_mut().step_by(4).for_each(|line| line.late_count += 1);
        let of = |lines: &[Line], before: Option<(&[Line], &Piece)>| {
            Piece::of(lines, Vec::new(), &[(day(1), day(30))], &rules, before).expect("piece")
        };
        for (first, second) in [(&to_date, &full), (&full, &to_date), (&full, &full), (&to_date, &Vec::new())]
        {
            let (alone, before) = (of(second, None), of(first, None));
            let after = of(second, Some((first.as_slice(), &before)));
            assert!(after.is(&alone));
            assert_eq!(after.digest, alone.digest);
            assert_eq!(after.cuts, alone.cuts);
        }
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
                Piece::of(&lines, whole.excluded.clone(), posts, rules, None).expect("piece")
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
            assert_eq!(assembly.inputs_hash().expect("hash"), hashed.whole(&without, rules));
            let derivation = score_tally(&without, assembly.tally(), rules);
            let text = assembly.packed(&derivation).expect("packed").text().expect("text");
            let expected = serde_json::to_value(score_person(&whole, rules)).expect("json");
            assert_eq!(read(&text), Some(expected));
        }
    }
}
