//! Whether a word has the shape of a Vietnamese syllable: the evidence by which damaged text is told from
//! sound text.
//!
//! Owns the initials and rimes of the language. It must not know what repairs exist. Total.

use super::letter;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;

const INITIALS: [&str; 28] = [
    "ngh", "ng", "nh", "ch", "gh", "gi", "kh", "ph", "qu", "th", "tr", "b", "c", "d", "đ", "g", "h", "k",
    "l", "m", "n", "p", "q", "r", "s", "t", "v", "x",
];

const RIMES: &str = " a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây e ec em en eng eo ep et \
ê êch êm ên ênh êp êt êu i ia ich iêc iêm iên iêng iêp iêt iêu im in inh ip it iu o oa oac oach oai oam oan oang oanh oao oap oat oay \
oăc oăm oăn oăng oăt oc oe oen oeo oet oi om on ong oong op ot ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt u ua uân uâng uât uây uc uê \
uêch uênh ui um un ung uôc uôi uôm uôn uông uôt up ut uy uya uych uyên uyêt uynh uyt uyu uơ ư ưa ưc ưi ưm ưn ưng ươc ươi ươm ươn ương \
ươp ươt ươu ưt ưu y yêm yên yêt yêu yêng ynh ych yt ";

/// Rimes as numbers, in order: with their accents but for tones, and without any.
static RIME_KEYS: LazyLock<Vec<u64>> =
    LazyLock::new(|| in_order(RIMES.split_whitespace().filter_map(packed).collect()));
static BARE_RIME_KEYS: LazyLock<Vec<u64>> = LazyLock::new(|| {
    in_order(RIMES.split_whitespace().filter_map(|rime| packed(&super::fold(rime))).collect())
});

fn in_order(mut keys: Vec<u64>) -> Vec<u64> {
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Up to eight bytes as a number, more than any rime has; none of more, and of none.
fn packed(rime: &str) -> Option<u64> {
    let bytes = rime.as_bytes();
    let number = bytes.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte));
    (1..=8).contains(&bytes.len()).then_some(number)
}

/// Whether a word in small letters is a rime, alone or behind an initial.
fn is_made_of(word: &str, rimes: &[u64]) -> bool {
    let rime = |rest: &str| packed(rest).is_some_and(|key| rimes.binary_search(&key).is_ok());
    let first = word.bytes().next();
    let initials = INITIALS.iter().filter(|initial| initial.bytes().next() == first);
    rime(word) || initials.filter_map(|initial| word.strip_prefix(initial)).any(rime) || word == "gi"
}

/// Whether a word, in any case and with its accents, could be a Vietnamese syllable.
pub fn is_syllable(word: &str) -> bool {
    let known = |c: char| match c {
        c if c.is_ascii() => Some(c.to_ascii_lowercase()),
        c => letter::of(c).map(|letter| letter.toneless),
    };
    let toneless = || word.to_lowercase().nfd().filter(|c| letter::tone(*c).is_none()).nfc().collect();
    let bare: String = word.chars().map(known).collect::<Option<String>>().unwrap_or_else(toneless);
    is_made_of(&bare, &RIME_KEYS)
}

/// Whether a word without accents, in small letters, could be one with them left out.
pub fn is_bare_syllable(word: &str) -> bool {
    is_made_of(word, &BARE_RIME_KEYS)
}

#[cfg(test)]
mod tests {
    use super::{is_bare_syllable, is_syllable};

    #[test]
    fn syllables_without_accents_are_told_from_slips() {
        for good in ["nghiep", "quyet", "dinh", "duong", "hoach", "ke", "a"] {
            assert!(is_bare_syllable(good), "{good}");
        }
        for bad in ["hoahc", "ktra", "bc", "quyeets", "phpe", ""] {
            assert!(!is_bare_syllable(bad), "{bad}");
        }
    }

    #[test]
    fn syllables_are_told_from_damage() {
        for good in ["nghiệp", "Quyết", "gì", "đường", "TỔ", "quỳnh", "a", "huyện", "giám"] {
            assert!(is_syllable(good), "{good}");
        }
        for bad in ["thaønh", "ph¹t", "káº¿t", "ñònh", "triӇn", "xyz", ""] {
            assert!(!is_syllable(bad), "{bad}");
        }
    }
}
