//! One person's lines of a period and view: made once, and taken by their own score and by everyone above them.
//!
//! Owns the text of lines as derivations hold them and as the hash of a score's inputs takes them, and how a score's
//! text is put together from such pieces: byte for byte what writing all its lines anew would give. It must not know
//! where lines come from. A line that is not written as expected is a fault of the program and ends the score.

use super::{hex, to_bytes};
use crate::domain::RuleSet;
use crate::error::Finding;
use crate::pipeline::broken;
use crate::scoring::service::Span;
use crate::scoring::{Derivation, Excluded, Line, PersonInput, Tally, convert};
use crate::store::Packed;
use sha2::{Digest as _, Sha256};
use std::sync::OnceLock;

/// How a line's text ends, before the numbers it adds: nobody's but one's own.
const OWN: &[u8] = b"null}";

/// A rule set with its text and hash.
#[derive(Debug)]
pub(in crate::pipeline) struct Terms {
    /// The rule set.
    pub rules: RuleSet,
    /// Its hash.
    pub hash: String,
    text: Vec<u8>,
}

impl Terms {
    /// A rule set as scores are judged by it.
    pub fn of(rules: &RuleSet) -> Result<Self, Finding> {
        let text = to_bytes(rules)?;
        Ok(Self { rules: rules.clone(), hash: hex(&Sha256::digest(&text)), text })
    }
}

/// One line within the text of a piece.
#[derive(Debug, Clone, Copy)]
struct Cut {
    /// Where it begins.
    from: usize,
    /// Where the name of whose line it is stands.
    of: usize,
    /// Where it ends.
    to: usize,
}

/// The lines of one person.
#[derive(Debug)]
pub(super) struct Piece {
    tally: Tally,
    /// Tasks that do not count.
    pub excluded: Vec<Excluded>,
    /// The lines with the numbers they add, one after the other with commas between.
    text: Vec<u8>,
    cuts: Vec<Cut>,
    /// The lines themselves, where somebody may answer for some of the days only.
    lines: Option<Vec<Line>>,
    /// The text as leaders hold it, each line behind a comma.
    pooled: OnceLock<Packed>,
}

impl Piece {
    /// A piece of lines; `days` are the posts of the person, where who answers for them answers for all days of some of these;
    /// none where somebody answers for other days.
    pub fn of(
        lines: Vec<Line>,
        excluded: Vec<Excluded>,
        days: &[Span],
        rules: &RuleSet,
    ) -> Result<Self, Finding> {
        let mut text = Vec::with_capacity(lines.len() * 480);
        let mut cuts = Vec::with_capacity(lines.len());
        for line in &lines {
            if !text.is_empty() {
                text.push(b',');
            }
            let from = text.len();
            serde_json::to_writer(&mut text, line).map_err(|_| broken("line"))?;
            if !text.ends_with(OWN) {
                return Err(broken("line"));
            }
            let of = text.len() - OWN.len();
            // The numbers go on where the line's own text ends.
            text.pop();
            let end = text.len();
            serde_json::to_writer(&mut text, &convert(line, rules)).map_err(|_| broken("line"))?;
            if let Some(brace) = text.get_mut(end) {
                *brace = b',';
            }
            cuts.push(Cut { from, of, to: text.len() });
        }
        // Many are held at a time.
        text.shrink_to_fit();
        let whole = match days {
            [(from, to)] => lines.iter().all(|line| (*from..=*to).contains(&line.counted_on)),
            _ => false,
        };
        Ok(Self {
            tally: Tally::of(&lines, rules),
            excluded,
            text,
            cuts,
            lines: (!whole).then_some(lines),
            pooled: OnceLock::new(),
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

    fn part(&self, from: usize, to: usize) -> &[u8] {
        self.text.get(from..to).unwrap_or_default()
    }

    /// Some lines as a leader holds them, each behind a comma.
    fn pooled_text<'a>(&self, cuts: impl Iterator<Item = &'a Cut>, name: &[u8]) -> Vec<u8> {
        let mut text = Vec::with_capacity(self.text.len() + self.cuts.len() * (name.len() + 1));
        for cut in cuts {
            text.push(b',');
            text.extend_from_slice(self.part(cut.from, cut.of));
            text.extend_from_slice(name);
            // Behind the `null` that stands there.
            text.extend_from_slice(self.part(cut.of + OWN.len() - 1, cut.to));
        }
        text
    }

    fn packed(&self, name: &[u8]) -> Result<&Packed, Finding> {
        if let Some(packed) = self.pooled.get() {
            return Ok(packed);
        }
        let text = self.pooled_text(self.cuts.iter(), name);
        let packed = Packed::of(&text).map_err(|error| error.finding())?;
        Ok(self.pooled.get_or_init(|| packed))
    }
}

/// A score that is put together from its pieces.
pub(super) struct Assembly<'a> {
    terms: &'a Terms,
    view: &'static str,
    /// The lines up to the first packed piece.
    text: Vec<u8>,
    /// What follows them, packed; empty where everything stands in the text.
    pooled: Packed,
    tally: Tally,
    digest: Sha256,
    any: bool,
    /// The inputs behind their lines.
    rest: Vec<u8>,
    /// Whether the derivation is wanted.
    packs: bool,
}

impl<'a> Assembly<'a> {
    /// Begins with the person's own lines; the input's lines are empty, everything else of it is there.
    pub fn begin(
        input: &PersonInput,
        own: &Piece,
        (terms, view): (&'a Terms, &'static str),
        packs: bool,
    ) -> Result<Self, Finding> {
        let text = to_bytes(input)?;
        let (head, rest) = around_lines(&text)?;
        let mut digest = Sha256::new();
        digest.update(b"[");
        digest.update(head);
        let mut assembly = Self {
            terms,
            view,
            text: if packs { own.text.clone() } else { Vec::new() },
            pooled: Packed::default(),
            tally: own.tally.clone(),
            digest,
            any: false,
            rest: rest.to_vec(),
            packs,
        };
        own.cuts.iter().for_each(|cut| assembly.feed(own.part(cut.from, cut.of), OWN));
        Ok(assembly)
    }

    fn feed(&mut self, line: &[u8], end: &[u8]) {
        if self.any {
            self.digest.update(b",");
        }
        self.any = true;
        self.digest.update(line);
        self.digest.update(end);
    }

    /// Takes the lines of somebody in charge, of the days they were; `name` is their staff number as JSON.
    pub fn pool(&mut self, piece: &Piece, name: &[u8], spans: &[Span]) -> Result<(), Finding> {
        let end = [name, b"}"].concat();
        let Some(lines) = &piece.lines else {
            piece.cuts.iter().for_each(|cut| self.feed(piece.part(cut.from, cut.of), &end));
            self.tally.pool(&piece.tally);
            if self.packs && !piece.cuts.is_empty() {
                if self.any_text() {
                    self.pooled.append(piece.packed(name)?);
                } else {
                    self.put(&piece.pooled_text(piece.cuts.iter(), name))?;
                }
            }
            return Ok(());
        };
        let within = |line: &Line| spans.iter().any(|(from, to)| (*from..=*to).contains(&line.counted_on));
        let taken: Vec<(&Line, &Cut)> =
            lines.iter().zip(&piece.cuts).filter(|(line, _)| within(line)).collect();
        taken.iter().for_each(|(_, cut)| self.feed(piece.part(cut.from, cut.of), &end));
        self.tally.pool(&Tally::of(taken.iter().map(|(line, _)| *line), &self.terms.rules));
        if self.packs && !taken.is_empty() {
            self.put(&piece.pooled_text(taken.iter().map(|(_, cut)| *cut), name))?;
        }
        Ok(())
    }

    fn any_text(&self) -> bool {
        !self.text.is_empty() || self.pooled.size() > 0
    }

    /// Puts lines behind the others, each of them behind a comma; the very first has none.
    fn put(&mut self, lines: &[u8]) -> Result<(), Finding> {
        if !self.any_text() {
            self.text.extend_from_slice(lines.get(1..).unwrap_or_default());
        } else if self.pooled.size() == 0 {
            self.text.extend_from_slice(lines);
        } else {
            self.pooled.append(&Packed::of(lines).map_err(|error| error.finding())?);
        }
        Ok(())
    }

    /// What the lines add up to.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Hash of the inputs, the rule set and the view.
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
        let pack = |text: Vec<u8>| Packed::of(&text).map_err(|error| error.finding());
        if self.pooled.size() == 0 {
            return pack([head, &self.text, rest].concat());
        }
        let mut whole = pack([head, &self.text].concat())?;
        whole.append(&self.pooled);
        whole.append(&pack(rest.to_vec())?);
        Ok(whole)
    }
}

/// A text with an empty list of lines, before and behind what belongs into it.
fn around_lines(text: &[u8]) -> Result<(&[u8], &[u8]), Finding> {
    const LINES: &[u8] = b"\"lines\":[]";
    let at = text.windows(LINES.len()).position(|some| some == LINES);
    at.and_then(|at| text.split_at_checked(at + LINES.len() - 1)).ok_or_else(|| broken("derivation"))
}
