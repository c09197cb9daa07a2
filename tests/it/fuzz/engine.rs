//! Mutating fuzzing: inputs are changed at random, those that lead somewhere new are kept and changed further.
//!
//! "Somewhere new" is an outcome nobody saw before, as the target tells it (kind of result, codes, counts), instead of
//! the code's coverage: it needs no other compiler and runs with every test. A panic and an input that takes too long
//! fail the test; the input is kept in `target/fuzz/` and belongs into `tests/corpus/` when it is mended.
//!
//! `LIENTHONG_FUZZ_SECONDS` is how long each target runs (1; the continuous integration takes 15),
//! `LIENTHONG_FUZZ_SEED` makes another run of it.

use crate::support::project;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Longest one input may take; what takes longer has no bound.
const PATIENCE: Duration = Duration::from_secs(20);

/// Largest input made.
const MAX_BYTES: usize = 256 * 1024;

/// Texts that formats give a meaning to.
const WORDS: [&[u8]; 64] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b":",
    b",",
    b"null",
    b"true",
    b"1e999",
    b"-0",
    b"NaN",
    b"9007199254740993",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\0",
    b"\r\n",
    b"\r",
    b"\n",
    b"\t",
    b"<",
    b">",
    b"</",
    b"/>",
    b"<!DOCTYPE a [",
    b"<!ENTITY a \"b\">",
    b"&a;",
    b"&#0;",
    b"&#x10ffff;",
    b"<![CDATA[",
    b"]]>",
    b"<!--",
    b"-->",
    b"<?xml version=\"1.0\" encoding=\"utf-16\"?>",
    b"xmlns:a=\"",
    b"xsi:nil=\"true\"",
    b"{{",
    b"}}",
    b"{% for x in range(99999999) %}",
    b"{% if",
    b"|",
    b"..",
    b"../",
    b"=",
    b";",
    b"\"\"",
    b"'",
    b"%Y",
    b"%",
    b"31/02/2026",
    b"99/99/9999",
    b"0001-01-01",
    b"9999-12-31T23:59:60+14:00",
    b"tr\xc6\xb0\xe1\xbb\x9bc 15/11",
    b"Qu\xc3\xbd III/2026",
    b"a\xcc\x81",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"4294967296",
];

struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        // xorshift: the same on every machine.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).expect("small")
    }
}

fn mutate(dice: &mut Dice, input: &mut Vec<u8>, others: &[Vec<u8>]) {
    for _ in 0..=dice.below(4) {
        let at = dice.below(input.len() + 1);
        let most = if dice.below(4) == 0 { 400 } else { 12 };
        let length = 1 + dice.below(most);
        let end = (at + length).min(input.len());
        match dice.below(9) {
            0 if at < input.len() => input[at] ^= 1 << dice.below(8),
            1 if at < input.len() => input[at] = u8::try_from(dice.below(256)).expect("a byte"),
            2 => drop(input.drain(at..end)),
            3 => input.truncate(at),
            4 | 5 => drop(input.splice(at..at, WORDS[dice.below(WORDS.len())].iter().copied())),
            6 => {
                let piece = input[at..end].to_vec();
                for _ in 0..1 << dice.below(8) {
                    input.splice(at..at, piece.iter().copied());
                    if input.len() > MAX_BYTES {
                        break;
                    }
                }
            }
            7 => {
                let other = &others[dice.below(others.len())];
                let from = dice.below(other.len() + 1);
                let to = (from + dice.below(4_000)).min(other.len());
                input.splice(at..end, other[from..to].iter().copied());
            }
            _ => {
                // A number becomes another one.
                let digits = input[at..].iter().position(u8::is_ascii_digit).map(|first| at + first);
                if let Some(first) = digits {
                    let last = input[first..].iter().position(|byte| !byte.is_ascii_digit());
                    let last = last.map_or(input.len(), |count| first + count);
                    let number =
                        [0, 1, 255, 65_536, u64::from(u32::MAX), u64::MAX, dice.next()][dice.below(7)];
                    input.splice(first..last, number.to_string().bytes());
                }
            }
        }
    }
    input.truncate(MAX_BYTES);
}

/// The files of a folder, as seeds; files of `tests/corpus/<target>/` are seeds always.
pub fn seeds(target: &str, folders: &[&str]) -> Vec<Vec<u8>> {
    let root = project::root();
    let own = format!("tests/corpus/{target}");
    let mut files: Vec<PathBuf> = folders
        .iter()
        .copied()
        .chain([own.as_str()])
        .flat_map(|folder| std::fs::read_dir(root.join(folder)).into_iter().flatten().flatten())
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    files.into_iter().map(|file| std::fs::read(file).expect("a seed")).collect()
}

/// Runs one target. It gives back what came of an input; equal outcomes count as the same place.
pub fn fuzz<O: Hash>(target: &str, mut corpus: Vec<Vec<u8>>, run: impl Fn(&[u8]) -> O) {
    assert!(!corpus.is_empty(), "{target} has no seeds");
    let set = |name: &str| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let seconds = Duration::from_secs(set("LIENTHONG_FUZZ_SECONDS").unwrap_or(1));
    let mut dice = Dice(set("LIENTHONG_FUZZ_SEED").unwrap_or(20_261_126) | 1);
    let (mut seen, mut count, began) = (HashSet::new(), 0u64, Instant::now());
    let mut pending = corpus.clone();
    while !pending.is_empty() || began.elapsed() < seconds {
        let input = pending.pop().unwrap_or_else(|| {
            let mut input = corpus[dice.below(corpus.len())].clone();
            mutate(&mut dice, &mut input, &corpus);
            input
        });
        let started = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| run(&input)));
        let slow = started.elapsed() > PATIENCE;
        count += 1;
        let Ok(outcome) = outcome else { panic!("{}", kept(target, &input, "panics")) };
        assert!(!slow, "{}", kept(target, &input, "takes too long"));
        let mut hasher = DefaultHasher::new();
        outcome.hash(&mut hasher);
        if seen.insert(hasher.finish()) && corpus.len() < 5_000 {
            corpus.push(input);
        }
    }
    println!("{target}: {count} inputs, {} outcomes", seen.len());
    assert!(seen.len() > 1, "{target} never came to another outcome: it tries nothing");
}

/// Keeps an input that must not be lost, and says where.
fn kept(target: &str, input: &[u8], what: &str) -> String {
    let folder = project::root().join("target/fuzz").join(target);
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    let file = folder.join(format!("{:016x}", hasher.finish()));
    let stored = std::fs::create_dir_all(&folder).and_then(|()| std::fs::write(&file, input));
    let mut shown = String::new();
    for byte in input.iter().take(300) {
        let _infallible = write!(shown, "{}", std::ascii::escape_default(*byte));
    }
    format!("{target} {what}; kept ({stored:?}) in {}: {shown}", file.display())
}
