//! One walk over JSON text: where values begin and end, and whether the grammar holds.
//!
//! Owns the grammar of RFC 8259 and nothing else: no tree, no meaning, no number is ever computed. What it cuts out
//! borrows from the text. It must not know records or paths. Where the grammar does not hold, `serde_json` reads the
//! same text again and says what is wrong with it and where; nothing here recurses deeper than its caller allows.

use serde::de::{Error as _, IgnoredAny};
use std::borrow::Cow;

/// A place in a text.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    text: &'a str,
    at: usize,
}

/// The grammar does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken;

/// What is wrong with a text that could not be walked over.
pub(super) fn complaint(text: &str) -> serde_json::Error {
    match serde_json::from_str::<IgnoredAny>(text) {
        Err(error) => error,
        Ok(_) => serde_json::Error::custom("no JSON"),
    }
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// The next byte that is no blank, without taking it.
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at) {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    /// Takes the next byte that is no blank if it is the wanted one.
    pub(super) fn take(&mut self, wanted: u8) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    /// Takes the next byte that is no blank; anything but the wanted one breaks the grammar.
    pub(super) fn must(&mut self, wanted: u8) -> Result<(), Broken> {
        if self.take(wanted) { Ok(()) } else { Err(Broken) }
    }

    /// Whether nothing but blanks is left.
    pub(super) fn is_over(&mut self) -> bool {
        self.peek().is_none()
    }

    /// Walks over one value of any depth; gives its text.
    pub(super) fn value(&mut self) -> Result<&'a str, Broken> {
        self.peek();
        let from = self.at;
        // The closing brackets still owed; lists and objects may be nested deeper than a stack of calls allows.
        let mut open: Vec<u8> = Vec::new();
        loop {
            match self.peek() {
                Some(b'{') => {
                    self.at += 1;
                    if !self.take(b'}') {
                        open.push(b'}');
                        self.key()?;
                        continue;
                    }
                }
                Some(b'[') => {
                    self.at += 1;
                    if !self.take(b']') {
                        open.push(b']');
                        continue;
                    }
                }
                _ => {
                    self.single()?;
                }
            }
            loop {
                let Some(close) = open.last() else { return Ok(self.since(from)) };
                if self.take(b',') {
                    if *close == b'}' {
                        self.key()?;
                    }
                    break;
                }
                self.must(*close)?;
                open.pop();
            }
        }
    }

    /// Where it stands: for [`Scan::since`] and [`Scan::back_to`].
    pub(super) fn place(&self) -> usize {
        self.at
    }

    /// What lies between an earlier place and this one.
    pub(super) fn since(&self, from: usize) -> &'a str {
        self.text.get(from..self.at).unwrap_or_default()
    }

    /// Goes back to an earlier place.
    pub(super) fn back_to(&mut self, place: usize) {
        self.at = self.at.min(place);
    }

    fn key(&mut self) -> Result<(), Broken> {
        self.quoted()?;
        self.must(b':')
    }

    /// Walks over a text, number, `true`, `false` or `null`; gives it as written.
    pub(super) fn single(&mut self) -> Result<&'a str, Broken> {
        match self.peek() {
            Some(b'"') => self.quoted().map(|(whole, _)| whole),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &str) -> Result<&'a str, Broken> {
        let from = self.at;
        if !self.rest().starts_with(word.as_bytes()) {
            return Err(Broken);
        }
        self.at += word.len();
        Ok(self.since(from))
    }

    fn number(&mut self) -> Result<&'a str, Broken> {
        let from = self.at;
        let byte = |at: usize| self.text.as_bytes().get(at).copied();
        let digits = |mut at: usize| {
            while byte(at).is_some_and(|digit| digit.is_ascii_digit()) {
                at += 1;
            }
            at
        };
        let mut at = from + usize::from(byte(from) == Some(b'-'));
        let whole = digits(at);
        if whole == at || (byte(at) == Some(b'0') && whole > at + 1) {
            return Err(Broken);
        }
        at = whole;
        if byte(at) == Some(b'.') {
            let fraction = digits(at + 1);
            if fraction == at + 1 {
                return Err(Broken);
            }
            at = fraction;
        }
        if matches!(byte(at), Some(b'e' | b'E')) {
            let sign = at + 1 + usize::from(matches!(byte(at + 1), Some(b'+' | b'-')));
            at = digits(sign);
            if at == sign {
                return Err(Broken);
            }
        }
        self.at = at;
        Ok(self.since(from))
    }

    /// Walks over a text; gives it with its quotes, and whether it is written without escapes.
    fn quoted(&mut self) -> Result<(&'a str, bool), Broken> {
        self.peek();
        let from = self.at;
        self.must(b'"')?;
        let mut plain = true;
        loop {
            self.at += plain_len(self.rest());
            match self.rest() {
                [b'"', ..] => {
                    self.at += 1;
                    return Ok((self.since(from), plain));
                }
                [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => self.at += 2,
                [b'\\', b'u', a, b, c, d, ..]
                    if [a, b, c, d].iter().all(|digit| digit.is_ascii_hexdigit()) =>
                {
                    self.at += 6;
                }
                _ => return Err(Broken),
            }
            plain = false;
        }
    }

    /// Reads a text.
    pub(super) fn string(&mut self) -> Result<Cow<'a, str>, serde_json::Error> {
        let (whole, plain) = self.quoted().map_err(|_| complaint(self.text))?;
        if plain {
            return Ok(Cow::Borrowed(whole.get(1..whole.len() - 1).unwrap_or_default()));
        }
        serde_json::from_str(whole).map(Cow::Owned)
    }
}

/// How many bytes come before the first quote, backslash or control character. Eight at a time: most of a page is
/// text.
fn plain_len(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // The highest bit of a byte is set where the byte is below the number; the lowest such byte is exact.
        let below = |word: u64, number: u64| word.wrapping_sub(ONES * number) & !word;
        let quote = below(word ^ (ONES * u64::from(b'"')), 1);
        let backslash = below(word ^ (ONES * u64::from(b'\\')), 1);
        let hit = (below(word, 0x20) | quote | backslash) & (ONES * 0x80);
        if hit != 0 {
            return index * 8 + (hit.trailing_zeros() / 8) as usize;
        }
    }
    let in_rest = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
    words.len() * 8 + in_rest.unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn walks(text: &str) -> bool {
        let mut scan = Scan::new(text);
        scan.value().is_ok() && scan.is_over()
    }

    #[test]
    fn value_is_cut_out_as_written_whatever_stands_around_it() {
        for value in
            [r#"{"a":[1,{"b":"]}\""}],"c":null}"#, "[]", "{}", r#""x""#, "-0.5e+3", "true", "[[],{}]"]
        {
            let text = format!(" \n{value}\t, 1");
            let mut scan = Scan::new(&text);
            assert_eq!(scan.value(), Ok(value));
            assert!(scan.take(b',') && scan.value() == Ok("1") && scan.is_over());
        }
    }

    #[test]
    fn end_of_a_text_is_found_at_every_distance() {
        for length in 0..40 {
            for end in ['"', '\\', '\n', '\u{1f}'] {
                let text = format!("{}{end}ế", "ế".repeat(length));
                assert_eq!(plain_len(text.as_bytes()), length * 3, "{text:?}");
                let text = format!("{} ~\u{7f}{end}", "a".repeat(length));
                assert_eq!(plain_len(text.as_bytes()), length + 3, "{text:?}");
            }
        }
    }

    #[test]
    fn hundred_thousand_brackets_are_walked_over_without_a_crash() {
        assert!(walks(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))));
        assert!(!walks(&"[".repeat(100_000)));
        assert!(!walks(&"{\"a\":".repeat(100_000)));
    }

    proptest! {
        /// Mutilated documents are the interesting ones: a byte taken out, put in or repeated.
        #[test]
        fn same_texts_are_json_as_for_serde_json(
            pieces in proptest::collection::vec(
                prop_oneof![
                    Just("{"), Just("}"), Just("["), Just("]"), Just(","), Just(":"), Just(" "), Just("\n"),
                    Just("\"a\""), Just("\"\\u00e1\""), Just("\"\\ud83d\\ude00\""), Just("\"\\x\""), Just("\"\\u12g4\""),
                    Just("\"ế\""), Just("\"\t\""), Just("\""), Just("\\"), Just("0"), Just("-"), Just("12"), Just("01"),
                    Just("1.5"), Just("1."), Just("e3"), Just("E+"), Just("true"), Just("nul"), Just("null"), Just("NaN"),
                    Just("{\"k\":1}"), Just("[1,2]"), Just("{\"a\":[],\"b\":{}}"),
                ],
                0..12,
            ),
        ) {
            let text = pieces.concat();
            prop_assert_eq!(walks(&text), serde_json::from_str::<IgnoredAny>(&text).is_ok(), "{}", text);
        }

        #[test]
        fn texts_are_read_as_serde_json_reads_them(text in any::<String>(), ascii in any::<bool>()) {
            let mut written = serde_json::to_string(&text).expect("text");
            if ascii {
                written = written.replace('ế', "\\u1ebf");
            }
            let read = Scan::new(&written).string().expect("text");
            prop_assert_eq!(&*read, text.as_str());
        }
    }
}
