//! Hasty copies of decided titles: how sure the ranking may be is measured on titles typed by other hands as well.
//!
//! Owns how a copy differs from its title: words left out or moved, slips, accents left out. It is another way than the noise
//! of the measurement (`noise`), on which nothing is ever fitted. It must not know products. The same title, the same copy.

use super::noise::next;
use crate::text::fold;

/// Words a title must have to be copied: of fewer nothing can be spared.
const FEWEST: usize = 4;

/// The hasty copy of a title; none where it is too short.
pub(super) fn hasty(title: &str) -> Option<String> {
    let start = |all: u64, byte| all.rotate_left(7) ^ u64::from(byte).wrapping_mul(0x9e37_79b9);
    let mut state = title.bytes().fold(77, start);
    let mut words: Vec<&str> = title.split_whitespace().collect();
    if words.len() < FEWEST {
        return None;
    }
    let mut one_in = |of: u64| (next(&mut state) >> 11).is_multiple_of(of);
    if one_in(2) {
        let at = (1..words.len()).find(|_| one_in(3)).unwrap_or(1);
        words.rotate_left(at);
    }
    let mut kept: Vec<String> = Vec::with_capacity(words.len());
    for word in words {
        if one_in(9) {
            continue;
        }
        let mut letters: Vec<char> = word.chars().collect();
        if one_in(7) {
            let at = (1..letters.len()).find(|_| one_in(3)).unwrap_or(0);
            if one_in(2) && letters.len() > 2 {
                letters.remove(at);
            } else if let Some(letter) = letters.get(at).copied() {
                letters.insert(at, letter);
            }
        }
        kept.push(letters.into_iter().collect());
    }
    let whole = kept.join(" ");
    Some(if one_in(3) { fold(&whole) } else { whole })
}

#[cfg(test)]
mod tests {
    use super::hasty;

    #[test]
    fn a_copy_differs_and_is_the_same_each_time() {
        let title = "Xây dựng kế hoạch kiểm tra công tác cải cách hành chính năm 2026";
        let copy = hasty(title);
        assert_eq!(copy, hasty(title));
        assert!(copy.is_some_and(|copy| copy != title));
        assert_eq!(hasty("Báo cáo tuần"), None);
    }
}
