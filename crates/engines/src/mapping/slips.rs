//! The reading of a title that was typed in haste: letters lost, doubled, exchanged or hit beside, blanks lost, keystrokes
//! of a keyboard program that was off, short forms no table has.
//!
//! Owns the costs of slips and the choice among readings: the cheapest way through the title where known pairs of words
//! speak for a reading and every slip against it. It must not know products. A word that stays strange stays as it is; how
//! far a repaired word may be trusted is told with it. Deterministic, total.

use super::features::{hash, mix};
use super::vocabulary::{Entry, Vocabulary};
use crate::text::keys::{squeezed, typed};
use crate::text::syllable::is_bare_syllable;
use crate::text::{Token, Written};
use std::borrow::Cow;

/// Longest word that is read otherwise.
const LONGEST: usize = 24;
/// Costs of one row of letters: what differs from a word by a letter or two is hardly longer.
const ROW: usize = LONGEST + 4;
/// Readings of one word that are weighed.
const READINGS: usize = 8;
/// Cost of a strange word that could be a name, and of one that is no syllable.
const STRANGE: f32 = 0.9;
const NO_SYLLABLE: f32 = 3.0;
/// Cost of a slip beside its kind's, and of reading a known word as another.
const SLIP: f32 = 1.6;
const KNOWN: f32 = 1.2;
/// Dearest slip that is still one.
const DEAREST: f32 = 1.4;
/// Cost of keystrokes read, of a blank found missing, of one too many, of initials spelt out.
const KEYS: f32 = 0.3;
const BLANK: f32 = 0.6;
const JOIN: f32 = 0.8;
const INITIALS: f32 = 2.2;
/// Cost of letters typed twice.
const TWICE: f32 = 0.3;
/// What a known pair is worth, and at most.
const PAIR: f32 = 0.7;
const PAIR_MORE: f32 = 0.3;
const PAIR_MOST: f32 = 2.0;
/// Trust in a repaired word beside a word it is known beside, and without one.
const TRUST: f32 = 0.9;
const LITTLE_TRUST: f32 = 0.55;

/// A word as it is read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Word {
    pub token: Token,
    /// 1 = as written; less for a repaired word.
    pub trust: f32,
}

/// One way to read one or two words.
struct Way<'a> {
    /// First word after it.
    to: usize,
    words: Words<'a>,
    cost: f32,
    repaired: bool,
    /// A run spelt out: its words were never typed, so their standing beside each other proves nothing.
    spelt: bool,
}

/// The words of a way: nearly every one has one, which needs no list.
enum Words<'a> {
    One(Cow<'a, Token>),
    Some(Vec<Cow<'a, Token>>),
}

impl<'a> Words<'a> {
    fn all(&self) -> &[Cow<'a, Token>] {
        match self {
            Self::One(word) => std::slice::from_ref(word),
            Self::Some(words) => words,
        }
    }
}

/// A reading that is weighed: its words are written out when it is among the cheapest.
enum Draft<'a> {
    Word(Token),
    Meant(Meant<'a>),
    /// With the word after it.
    Joined(&'a Entry),
    Run(&'a [Token]),
}

/// Known words that one word was typed for.
#[derive(Clone, Copy)]
enum Meant<'a> {
    One(&'a Entry),
    Two(&'a Entry, &'a Entry),
}

/// What doubtful words of a title may have been, each between its neighbours: a title is read with its accents and without them, and
/// this is the same for both.
#[derive(Default)]
pub(super) struct Asked<'a>(Vec<(u64, Vec<(f32, Meant<'a>)>)>);

/// The words of a title, short forms spelt out and slips repaired. Its other readings go on from what was `asked` for one.
pub(super) fn read<'a>(vocabulary: &'a Vocabulary, title: &Written, asked: &mut Asked<'a>) -> Vec<Word> {
    let accents = title.accents();
    let fit = |before: Option<&Token>, long: &[Token], after: Option<&Token>| {
        let beside = |left: Option<&Token>, right: Option<&Token>| {
            left.zip(right).map_or(0, |(left, right)| vocabulary.beside(&left.folded, &right.folded))
        };
        beside(before, long.first()) + beside(long.last(), after)
    };
    let mut tokens = title.spelt_out_by(&vocabulary.forms, &fit);
    if !accents {
        // Words spelt out would have accents where no other has.
        for token in tokens.iter_mut().filter(|token| token.accented != token.folded) {
            let token = token.to_mut();
            token.accented.clone_from(&token.folded);
        }
    }
    let known: Vec<bool> = tokens.iter().map(|token| vocabulary.get(&token.folded).is_some()).collect();
    let pairs = pairs(vocabulary, tokens.iter().map(|token| &**token));
    let doubtful: Vec<bool> = (0..tokens.len())
        .map(|at| {
            // Strange, or known beside none of its neighbours.
            let beside = |at: Option<usize>| at.and_then(|at| pairs.get(at)).is_some_and(|count| *count > 0);
            tokens.get(at).is_some_and(|token| letters(token))
                && !(known.get(at) == Some(&true) && (beside(at.checked_sub(1)) || beside(Some(at))))
        })
        .collect();
    if !doubtful.contains(&true) {
        return tokens.into_iter().map(|token| Word { token: token.into_owned(), trust: 1.0 }).collect();
    }
    let ways: Vec<Vec<Way<'_>>> = (0..tokens.len())
        .map(|at| {
            let own = as_written(&tokens, at, known.get(at) == Some(&true));
            let doubt = doubtful.get(at) == Some(&true) || doubtful.get(at + 1) == Some(&true);
            if doubt { ways(vocabulary, &tokens, at, own, (accents, &mut *asked)) } else { vec![own] }
        })
        .collect();
    cheapest(vocabulary, &ways)
}

/// How often each word stands beside the one after it.
fn pairs<'a>(vocabulary: &Vocabulary, words: impl Iterator<Item = &'a Token> + Clone) -> Vec<u32> {
    let two = words.clone().zip(words.skip(1));
    two.map(|(left, right)| vocabulary.beside(&left.folded, &right.folded)).collect()
}

fn letters(token: &Token) -> bool {
    token.folded.len() <= LONGEST
        && token.folded.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        && token.folded.bytes().any(|byte| byte.is_ascii_lowercase())
}

fn as_written<'a>(tokens: &'a [Cow<'_, Token>], at: usize, known: bool) -> Way<'a> {
    let token = tokens.get(at).map_or_else(|| Cow::Owned(Token::of("")), |token| Cow::Borrowed(&**token));
    let cost = if !letters(&token) || known {
        0.0
    } else if token.folded.len() < 2 || is_bare_syllable(&token.folded) {
        STRANGE
    } else {
        NO_SYLLABLE
    };
    Way { to: at + 1, words: Words::One(token), cost, repaired: false, spelt: false }
}

/// The ways to read what begins with one word, its own first.
fn ways<'v: 'a, 'a>(
    vocabulary: &'v Vocabulary,
    tokens: &'a [Cow<'_, Token>],
    at: usize,
    own: Way<'a>,
    (accents, asked): (bool, &mut Asked<'v>),
) -> Vec<Way<'a>> {
    let Some(token) = tokens.get(at).map(|token| &**token).filter(|token| letters(token)) else {
        return vec![own];
    };
    let folded = token.folded.as_str();
    let strange = own.cost > 0.0;
    let no_syllable = own.cost >= NO_SYLLABLE;
    let mut drafts: Vec<(f32, Draft<'a>)> = Vec::new();
    let before = at.checked_sub(1).and_then(|at| tokens.get(at)).map(|before| hash(&before.folded));
    let after = tokens.get(at + 1).map(|after| &**after);
    if strange && let Some(word) = typed(&token.shown) {
        let word = Token::of(&word);
        if vocabulary.get(&word.folded).is_some() {
            drafts.push((KEYS, Draft::Word(if accents { word } else { Token::of(&word.folded) })));
        }
    }
    let meant = asked.about(vocabulary, (before, folded, after), own.cost);
    drafts.extend(meant.iter().map(|(cost, meant)| (*cost, Draft::Meant(*meant))));
    let next = after.filter(|next| letters(next));
    if let Some(next) = next.filter(|next| vocabulary.beside(folded, &next.folded) == 0) {
        let joined = format!("{folded}{}", next.folded);
        let beside = |entry: &&Entry| {
            before.is_some_and(|before| vocabulary.follows(before, &entry.folded) > 0)
                || tokens.get(at + 2).is_some_and(|after| vocabulary.follows(entry.hash, &after.folded) > 0)
        };
        if let Some(entry) = vocabulary.get(&joined).filter(beside) {
            drafts.push((JOIN, Draft::Joined(entry)));
        }
    }
    if no_syllable {
        let cost = |count: &u32| INITIALS - 0.1 * (*count as f32).ln();
        let runs = vocabulary.runs_for(folded).iter();
        drafts.extend(runs.map(|(run, count)| (cost(count), Draft::Run(run))));
    }
    drafts.sort_by(|a, b| a.0.total_cmp(&b.0));
    drafts.truncate(READINGS);
    let bare = |t: &'a Token| match accents {
        true => Cow::Borrowed(t),
        false => Cow::Owned(Token { accented: t.folded.clone(), ..t.clone() }),
    };
    let as_typed = |entry: &Entry| Cow::Owned(entry.as_typed(token, accents));
    let written_out = |(cost, draft): (f32, Draft<'a>)| {
        let (to, words) = match draft {
            Draft::Word(word) => (at + 1, Words::One(Cow::Owned(word))),
            Draft::Meant(Meant::One(entry)) => (at + 1, Words::One(as_typed(entry))),
            Draft::Meant(Meant::Two(one, two)) => (at + 1, Words::Some(vec![as_typed(one), as_typed(two)])),
            Draft::Joined(entry) => {
                let accented = next.map_or("", |next| next.accented.as_str());
                let whole = Token { accented: format!("{}{accented}", token.accented), ..token.clone() };
                (at + 2, Words::One(Cow::Owned(entry.as_typed(&whole, accents))))
            }
            Draft::Run(run) => {
                let words = Words::Some(run.iter().map(bare).collect());
                return Way { to: at + 1, words, cost, repaired: true, spelt: true };
            }
        };
        Way { to, words, cost, repaired: true, spelt: false }
    };
    std::iter::once(own).chain(drafts.into_iter().map(written_out)).collect()
}

impl<'a> Asked<'a> {
    /// The known words a word may have been typed for, with their costs: by its letters, which tell its own cost, and its neighbours.
    fn about(
        &mut self,
        vocabulary: &'a Vocabulary,
        (before, folded, after): (Option<u64>, &str, Option<&Token>),
        cost: f32,
    ) -> &[(f32, Meant<'a>)] {
        let beside = mix(mix(before.unwrap_or_default(), " "), folded);
        let key = after.map_or(beside, |after| mix(mix(beside, " "), &after.folded));
        let place = self.0.iter().position(|(own, _)| *own == key).unwrap_or_else(|| {
            self.0.push((key, meant(vocabulary, (before, folded, after), cost)));
            self.0.len() - 1
        });
        self.0.get(place).map_or(&[], |(_, meant)| meant.as_slice())
    }
}

fn meant<'a>(
    vocabulary: &'a Vocabulary,
    (before, folded, after): (Option<u64>, &str, Option<&Token>),
    cost: f32,
) -> Vec<(f32, Meant<'a>)> {
    let strange = cost > 0.0;
    let no_syllable = cost >= NO_SYLLABLE;
    let fits = |entry: &Entry| {
        before.is_some_and(|before| vocabulary.follows(before, &entry.folded) > 0)
            || after.is_some_and(|after| vocabulary.follows(entry.hash, &after.folded) > 0)
    };
    let mut all: Vec<(f32, Meant<'a>)> = Vec::new();
    let extra = if strange { 0.0 } else { KNOWN };
    for entry in vocabulary.alike(folded) {
        // A known or very short word is many others' slip: the words beside it have to speak for one.
        let needs = !no_syllable || folded.len() < 3;
        if needs && !fits(entry) {
            continue;
        }
        let slip = slip(folded, &entry.folded);
        if slip <= DEAREST {
            all.push((SLIP * slip + extra - 0.1 * (entry.count as f32).ln(), Meant::One(entry)));
        }
    }
    let squeezed = squeezed(folded);
    if strange && squeezed != folded {
        if let Some(entry) = vocabulary.get(&squeezed) {
            all.push((TWICE, Meant::One(entry)));
        } else {
            for entry in vocabulary.alike(&squeezed) {
                let slip = slip(&squeezed, &entry.folded);
                if slip <= DEAREST && (no_syllable || fits(entry)) {
                    all.push((TWICE + SLIP * slip, Meant::One(entry)));
                }
            }
        }
    }
    if strange {
        for (left, right) in (1..folded.len()).filter_map(|cut| folded.split_at_checked(cut)) {
            let Some(one) = vocabulary.get(left) else { continue };
            let Some(two) = vocabulary.get(right) else { continue };
            if vocabulary.follows(one.hash, right) > 0 || (no_syllable && left.len() > 1 && right.len() > 1) {
                all.push((BLANK, Meant::Two(one, two)));
            }
        }
    }
    all
}

/// How dear it is that one word was typed for another; [`f32::MAX`] where that is dearer than [`DEAREST`] for certain.
fn slip(typed: &str, meant: &str) -> f32 {
    let (a, b) = (typed.as_bytes(), meant.as_bytes());
    let at = |row: &[f32], index: usize| row.get(index).copied().unwrap_or(f32::MAX);
    let letter = |word: &[u8], index: usize| index.checked_sub(1).and_then(|index| word.get(index)).copied();
    if b.len() >= ROW {
        return f32::MAX;
    }
    // Three rows that take turns: the one before the last, the last, the present one.
    let (mut before, mut last, mut row) = ([0.0; ROW], [0.0; ROW], [0.0; ROW]);
    last.iter_mut().zip(0u8..).for_each(|(cost, count)| *cost = f32::from(count) * 0.9);
    let mut least = 0.0f32;
    for i in 1..=a.len() {
        let own = letter(a, i);
        let twice = own.is_some() && own == letter(a, i - 1);
        let lost = if twice { 0.5 } else { 0.9 };
        let mut left = at(&last, 0) + 0.9;
        let mut cheapest = left;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for j in 1..=b.len() {
            let other = letter(b, j);
            let changed = match (own, other) {
                (Some(x), Some(y)) if x == y => 0.0,
                (Some(x), Some(y)) if beside_on_keyboard(x, y) => 0.9,
                _ => 1.2,
            };
            let mut cost = at(&last, j - 1) + changed;
            cost = cost.min(at(&last, j) + lost);
            cost = cost.min(left + 0.9);
            if i > 1 && j > 1 && own == letter(b, j - 1) && letter(a, i - 1) == other && own != other {
                cost = cost.min(at(&before, j - 2) + 0.6);
            }
            if let Some(place) = row.get_mut(j) {
                *place = cost;
            }
            left = cost;
            cheapest = cheapest.min(cost);
        }
        // Every way on goes through one of two rows that follow each other.
        if cheapest.min(least) > DEAREST {
            return f32::MAX;
        }
        least = cheapest;
        std::mem::swap(&mut before, &mut last);
        std::mem::swap(&mut last, &mut row);
    }
    at(&last, b.len())
}

/// Row and column of each small letter's key, four bits each, from `a` to `z`.
const KEYBOARD: [u8; 26] = [
    0x10, 0x24, 0x22, 0x12, 0x02, 0x13, 0x14, 0x15, 0x07, 0x16, 0x17, 0x18, 0x26, 0x25, 0x08, 0x09, 0x00,
    0x03, 0x11, 0x04, 0x06, 0x23, 0x01, 0x21, 0x05, 0x20,
];

fn beside_on_keyboard(a: u8, b: u8) -> bool {
    let place = |key: u8| KEYBOARD.get(usize::from(key.checked_sub(b'a')?)).copied();
    match (place(a), place(b)) {
        (Some(one), Some(other)) => {
            (one >> 4).abs_diff(other >> 4) <= 1 && (one & 15).abs_diff(other & 15) <= 1
        }
        _ => false,
    }
}

/// A step of the way through the title.
#[derive(Clone, Copy)]
struct Step {
    cost: f32,
    from: usize,
    way: usize,
    /// Place of the step before among those that end where this one begins.
    before: Option<usize>,
}

fn pair_worth(vocabulary: &Vocabulary, left: &Token, right: &Token) -> f32 {
    match vocabulary.beside(&left.folded, &right.folded) {
        0 => 0.0,
        count => (PAIR + PAIR_MORE * (count as f32).ln()).min(PAIR_MOST),
    }
}

fn cheapest(vocabulary: &Vocabulary, ways: &[Vec<Way<'_>>]) -> Vec<Word> {
    let mut ending: Vec<Vec<Step>> = vec![Vec::new(); ways.len() + 1];
    let way_of = |step: &Step| ways.get(step.from).and_then(|own| own.get(step.way));
    for (at, own) in ways.iter().enumerate() {
        // A way ends behind the word it begins with.
        let Some((until_here, behind)) = ending.split_at_mut_checked(at + 1) else { break };
        let steps_here = until_here.last().map_or(&[][..], Vec::as_slice);
        for (number, way) in own.iter().enumerate() {
            let typed = way.words.all().windows(2).filter(|_| !way.spelt);
            let within: f32 = typed
                .map(|two| match two {
                    [left, right] => pair_worth(vocabulary, left, right),
                    _ => 0.0,
                })
                .sum();
            let mut best: Option<(f32, Option<usize>)> = (at == 0).then_some((0.0, None));
            for (place, step) in steps_here.iter().enumerate() {
                let last = way_of(step).and_then(|way| way.words.all().last());
                let joint =
                    last.zip(way.words.all().first()).map_or(0.0, |(l, r)| pair_worth(vocabulary, l, r));
                let cost = step.cost - joint;
                if best.is_none_or(|(least, _)| cost < least) {
                    best = Some((cost, Some(place)));
                }
            }
            if let (Some((cost, before)), Some(list)) = (best, behind.get_mut(way.to - at - 1)) {
                list.push(Step { cost: cost + way.cost - within, from: at, way: number, before });
            }
        }
    }
    let mut path: Vec<&Way<'_>> = Vec::new();
    let last = ending.last().and_then(|steps| steps.iter().min_by(|a, b| a.cost.total_cmp(&b.cost)));
    let mut step = last.copied();
    while let Some(own) = step {
        path.extend(way_of(&own));
        step = own.before.and_then(|place| ending.get(own.from)?.get(place).copied());
    }
    path.reverse();
    let words: Vec<(&Token, bool)> =
        path.iter().flat_map(|way| way.words.all().iter().map(|token| (&**token, way.repaired))).collect();
    let pairs = pairs(vocabulary, words.iter().map(|(token, _)| *token));
    let known = |at: usize| pairs.get(at).is_some_and(|count| *count > 0);
    (0..words.len())
        .filter_map(|at| {
            let (token, repaired) = words.get(at)?;
            let beside = known(at) || at.checked_sub(1).is_some_and(known);
            let trust = match (repaired, beside) {
                (false, _) => 1.0,
                (true, true) => TRUST,
                (true, false) => LITTLE_TRUST,
            };
            Some(Word { token: (*token).clone(), trust })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Abbreviations;

    fn repaired(text: &str) -> String {
        let vocabulary = Vocabulary::of(&Abbreviations::default(), std::iter::empty(), std::iter::empty());
        let words = read(&vocabulary, &Written::of(text), &mut Asked::default());
        words.into_iter().map(|word| word.token.folded).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn slips_beside_a_known_word_are_repaired_and_names_stay() {
        assert_eq!(repaired("cap giay phpe xay dung nha"), "cap giay phep xay dung nha");
        assert_eq!(repaired("báo cáo tiếnn độ"), "bao cao tien do");
        assert_eq!(repaired("xử phạt viphạm hành chính"), "xu phat vi pham hanh chinh");
        assert_eq!(repaired("chở Kpuih Hlel"), "cho kpuih hlel");
    }

    #[test]
    fn keystrokes_and_unknown_short_forms_are_read() {
        assert_eq!(repaired("quyeets ddinhj xuwr phatj"), "quyet dinh xu phat");
        assert_eq!(repaired("quye61t d9i5nh xu73 pha5t"), "quyet dinh xu phat");
        assert_eq!(repaired("bc kqth vi phạm"), "bao cao ket qua thuc hien vi pham");
    }
}
