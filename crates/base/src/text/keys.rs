//! Keystrokes left in a text because the keyboard program was off: Telex (`quyeets ddinhj`) and VNI (`quye61t d9i5nh`).
//!
//! Owns the two ways of typing Vietnamese letters and reads a word back from them. It must not know which words there are: a
//! reading is given only where the result has the shape of a syllable, and the caller decides whether it is the word meant.

use super::syllable::is_syllable;
use unicode_normalization::UnicodeNormalization;

/// Longest word read: keystrokes of the longest syllable.
const LONGEST: usize = 12;

/// The syllable a word's keystrokes would have typed, in small letters; none where they type none, or where no key of the
/// word stands for a mark.
pub fn typed(word: &str) -> Option<String> {
    if !word.is_ascii() || word.len() > LONGEST || word.len() < 2 {
        return None;
    }
    let word = word.to_ascii_lowercase();
    let has_figures = word.bytes().any(|byte| byte.is_ascii_digit());
    let read = if has_figures { vni(&word) } else { telex(&word) }?;
    let read: String = read.nfc().collect();
    (!read.is_ascii() && is_syllable(&read)).then_some(read)
}

/// A word without letters typed twice: no syllable without accents has any.
pub fn squeezed(folded: &str) -> String {
    let mut out = String::with_capacity(folded.len());
    for letter in folded.chars() {
        if !out.ends_with(letter) {
            out.push(letter);
        }
    }
    out
}

const CIRCUMFLEX: char = '\u{302}';
const BREVE: char = '\u{306}';
const HORN: char = '\u{31b}';

/// Letters with marks of their own and one tone: put together at the end.
#[derive(Default)]
struct Typed {
    letters: Vec<(char, Option<char>)>,
    tone: Option<char>,
}

impl Typed {
    fn plain(&mut self, letter: char) {
        self.letters.push((letter, None));
    }

    /// Marks the last of the letters given that has no mark yet; false where there is none.
    fn mark(&mut self, letters: &str, mark: char) -> bool {
        let open = |(letter, own): &&mut (char, Option<char>)| own.is_none() && letters.contains(*letter);
        match self.letters.iter_mut().rev().find(open) {
            Some(found) => {
                found.1 = Some(mark);
                true
            }
            None => false,
        }
    }

    /// "uo" with a horn has two: "ươ".
    fn horn(&mut self) -> bool {
        if !self.mark("ou", HORN) {
            return false;
        }
        let horned = self.letters.iter().position(|(letter, mark)| *letter == 'o' && *mark == Some(HORN));
        if let Some(before) = horned.and_then(|at| self.letters.get_mut(at.checked_sub(1)?))
            && before.0 == 'u'
        {
            before.1 = Some(HORN);
        }
        true
    }

    fn stroke(&mut self) -> bool {
        match self.letters.iter_mut().find(|(letter, _)| *letter == 'd') {
            Some(found) => {
                found.0 = 'đ';
                true
            }
            None => false,
        }
    }

    fn vowel(&self) -> bool {
        self.letters.iter().any(|(letter, _)| "aeiouy".contains(*letter))
    }

    fn text(self) -> String {
        // Where the tone stands does not matter: keys of words have it at their end.
        let vowel =
            self.letters.iter().rposition(|(letter, mark)| "aeiouy".contains(*letter) && mark.is_some());
        let vowel = vowel.or_else(|| self.letters.iter().rposition(|(letter, _)| "aeiouy".contains(*letter)));
        let mut out = String::with_capacity(self.letters.len() * 3);
        for (at, (letter, mark)) in self.letters.into_iter().enumerate() {
            out.push(letter);
            out.extend(mark);
            if Some(at) == vowel {
                out.extend(self.tone);
            }
        }
        out
    }
}

fn telex(word: &str) -> Option<String> {
    let mut typed = Typed::default();
    let mut keys = 0;
    for key in word.chars() {
        let last = typed.letters.last().copied();
        let taken = match key {
            'a' | 'e' | 'o' if typed.letters.contains(&(key, None)) => {
                typed.mark(&key.to_string(), CIRCUMFLEX)
            }
            'd' if last == Some(('d', None))
                || (typed.vowel() && typed.letters.first() == Some(&('d', None))) =>
            {
                typed.stroke()
            }
            'w' if typed.mark("a", BREVE) || typed.horn() => true,
            'w' => {
                typed.letters.push(('u', Some(HORN)));
                true
            }
            's' | 'f' | 'r' | 'x' | 'j' if typed.vowel() && typed.tone.is_none() => {
                typed.tone = tone(key);
                true
            }
            _ => false,
        };
        keys += usize::from(taken);
        if !taken {
            typed.plain(key);
        }
    }
    (keys > 0).then(|| typed.text())
}

fn vni(word: &str) -> Option<String> {
    let mut typed = Typed::default();
    for key in word.chars() {
        let taken = match key {
            '1'..='5' if typed.vowel() && typed.tone.is_none() => {
                typed.tone = tone(key);
                true
            }
            '6' => typed.mark("aeo", CIRCUMFLEX),
            '7' => typed.horn(),
            '8' => typed.mark("a", BREVE),
            '9' => typed.stroke(),
            key if key.is_ascii_digit() => false,
            key => {
                typed.plain(key);
                true
            }
        };
        if !taken {
            return None;
        }
    }
    Some(typed.text())
}

fn tone(key: char) -> Option<char> {
    match key {
        's' | '1' => Some('\u{301}'),
        'f' | '2' => Some('\u{300}'),
        'r' | '3' => Some('\u{309}'),
        'x' | '4' => Some('\u{303}'),
        'j' | '5' => Some('\u{323}'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keystrokes_are_read_back_as_the_syllable_they_type() {
        let cases = [
            ("quyeets", "quyết"),
            ("ddinhj", "định"),
            ("dduwowcj", "được"),
            ("hoachj", "hoạch"),
            ("thuwr", "thử"),
            ("bieenr", "biển"),
            ("quye61t", "quyết"),
            ("d9i5nh", "định"),
            ("d9u7o7c5", "được"),
            ("ke61", "kế"),
        ];
        for (keys, word) in cases {
            let read = typed(keys).map(|read| crate::text::lower_key(&read));
            assert_eq!(read, Some(crate::text::lower_key(word)), "{keys}");
        }
        for other in ["hoach", "ubnd", "nd178", "quy", "x", "", "zalo", "fanpage", "12", "đinhj"] {
            assert_eq!(typed(other), None, "{other}");
        }
    }
}
