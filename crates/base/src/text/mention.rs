//! Whether a text people typed mentions a number or a name.
//!
//! Owns the comparison: runs of letters and digits one after the other, whatever case, accents, blanks, dashes or
//! other marks stand between them. It must not know whose numbers or names they are. Total: any two texts compare.

use super::fold;
use unicode_normalization::UnicodeNormalization as _;

/// Most words one mention is made of.
const LONGEST: usize = 8;

/// The letters and digits of a text and nothing else, in one case and without accents.
///
/// ```text
/// "GL - 00012" and "gl00012" -> "gl00012";  "Nguyễn Văn An" -> "nguyenvanan"
/// ```
pub fn key(text: &str) -> String {
    words(text).concat()
}

/// The keys of every run of words of a text with the word each begins at, in that order, longer ones first.
pub fn keys(text: &str) -> Vec<(usize, String)> {
    let words = words(text);
    let mut keys = Vec::new();
    for from in 0..words.len() {
        for to in (from + 1..=words.len().min(from + LONGEST)).rev() {
            keys.extend(words.get(from..to).map(|run| (from, run.concat())));
        }
    }
    keys
}

/// Whether a text mentions a number or a name.
pub fn mentions(text: &str, what: &str) -> bool {
    let key = key(what);
    !key.is_empty() && keys(text).iter().any(|(_, run)| *run == key)
}

fn words(text: &str) -> Vec<String> {
    // Digits of full width and the like are digits.
    let plain: String = text.nfkc().collect();
    let folded = fold(&plain);
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_is_found_in_whatever_way_it_is_typed_and_never_inside_another_one() {
        for text in ["gl-00012", "GL-00012: Nguyễn Văn An", "Ông An/GL 00012", "(gl_00012)", "ＧＬ－００012"]
        {
            assert!(mentions(text, "GL-00012"), "{text}");
        }
        for text in ["GL-000123", "XGL-00012", "GL-0001", ""] {
            assert!(!mentions(text, "GL-00012"), "{text}");
        }
        assert!(!mentions("GL-00012", " - "));
    }

    #[test]
    fn name_is_found_without_its_accents_and_in_order_alone() {
        assert!(mentions("Ong NGUYEN VAN AN, chuyên viên", "Nguyễn Văn An"));
        assert!(!mentions("Nguyễn Văn Anh", "Nguyễn Văn An"));
        assert!(!mentions("An Văn Nguyễn", "Nguyễn Văn An"));
    }
}
