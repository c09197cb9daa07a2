//! Whether a word has the shape of a Vietnamese syllable: the evidence by which damaged text is told from
//! sound text.
//!
//! Owns the initials and rimes of the language. It must not know what repairs exist. Total.

use std::collections::HashSet;
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

static RIME_SET: LazyLock<HashSet<&str>> = LazyLock::new(|| RIMES.split_whitespace().collect());

/// Whether a word, in any case and with its accents, could be a Vietnamese syllable.
pub fn is_syllable(word: &str) -> bool {
    let bare: String = word
        .to_lowercase()
        .nfd()
        .filter(|c| !matches!(c, '\u{300}' | '\u{301}' | '\u{303}' | '\u{309}' | '\u{323}'))
        .nfc()
        .collect();
    let rime = |rest: &str| RIME_SET.contains(rest);
    rime(&bare) || INITIALS.iter().any(|initial| bare.strip_prefix(initial).is_some_and(rime)) || bare == "gi"
}

static BARE_RIMES: LazyLock<HashSet<String>> =
    LazyLock::new(|| RIMES.split_whitespace().map(super::fold).collect());

/// Whether a word without accents, in small letters, could be one with them left out.
pub fn is_bare_syllable(word: &str) -> bool {
    let rime = |rest: &str| BARE_RIMES.contains(rest);
    rime(word) || INITIALS.iter().any(|initial| word.strip_prefix(initial).is_some_and(rime)) || word == "gi"
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
