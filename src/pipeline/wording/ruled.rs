//! What moved a level, in a reader's words: the rule, why, and where a figure is recorded.
//!
//! Owns the sentences around the figures of a reason. It must not decide or compute anything. A rule, reason or place it
//! does not know is shown as it is kept.

use super::{Words, article, days, decimal_only, say, word};
use crate::error::Lang;
use crate::scoring::Because;

/// The rule: a local one by its name, one of the decree by its article.
pub fn rule(token: &str, lang: Lang) -> String {
    if token.starts_with('Đ') {
        return article(token, lang);
    }
    word(Words::Rule, token, lang).into_owned()
}

/// Why a level moved.
pub fn because(kept: &str, lang: Lang) -> String {
    let number = |exact: &crate::domain::Exact| decimal_only(&exact.to_string(), lang);
    let told = match Because::parse(kept) {
        None => kept.to_owned(),
        Some(Because::OpenTasks { open, first }) => {
            let first = first.replacen('/', ":", 1);
            match lang {
                Lang::Vi => format!("{open} nhiệm vụ được giao chưa hoàn thành, đầu tiên là {first}"),
                Lang::En => format!("{open} assigned tasks not completed, {first} first"),
            }
        }
        Some(Because::BelowShare { completed, assigned }) => {
            let (completed, assigned) = (number(&completed), number(&assigned));
            match lang {
                Lang::Vi => format!("hoàn thành {completed} trên {assigned} được giao, dưới 70 %"),
                Lang::En => format!("{completed} of {assigned} completed, below 70 %"),
            }
        }
        Some(Because::FailedQuarters(failed)) => {
            format!("{failed} {}", say(lang, "quý không hoàn thành nhiệm vụ", "quarters not completed"))
        }
        Some(Because::FailedInARow(one, next)) => match lang {
            Lang::Vi => {
                format!("hai quý liền nhau {one}, {next} không hoàn thành nhiệm vụ: xem xét thay thế")
            }
            Lang::En => format!("{one} and {next} not completed in a row: consider replacement"),
        },
        Some(Because::QuarterLevels { excellent, completed, failed }) => match lang {
            Lang::Vi => format!(
                "{excellent} quý hoàn thành xuất sắc, {completed} quý hoàn thành, {failed} quý không hoàn thành"
            ),
            Lang::En => {
                format!("{excellent} quarters excellent, {completed} completed, {failed} not completed")
            }
        },
        Some(Because::Fact(kind, what)) => format!("{}: {what}", word(Words::Fact, kind.as_str(), lang)),
        Some(Because::Organisation(level)) => {
            let level = word(Words::Level, level.as_str(), lang);
            format!("{} {level}", say(lang, "tổ chức được xếp loại:", "the organisation is:"))
        }
        Some(Because::Months { worked, least }) => {
            let worked = number(&worked);
            match lang {
                Lang::Vi => format!("công tác {worked} tháng, ít hơn {least} tháng"),
                Lang::En => format!("{worked} months worked, fewer than {least}"),
            }
        }
    };
    days(&told, lang)
}

/// Where a period's figure is recorded: kept as `history` or `record r3`.
pub fn recorded_in(kept: &str, lang: Lang) -> String {
    match (kept, kept.strip_prefix("record r")) {
        ("history", _) => say(lang, "kết quả các kỳ trước đã nhập", "earlier results, imported").to_owned(),
        (_, Some(revision)) => {
            format!("{} {revision}", say(lang, "hồ sơ, phiên bản", "record, revision"))
        }
        (other, None) => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moved_a_level_reads_in_either_language_and_what_is_not_known_as_it_is_kept() {
        let open = "3 assigned tasks not completed, snv/7 first";
        assert_eq!(because(open, Lang::Vi), "3 nhiệm vụ được giao chưa hoàn thành, đầu tiên là snv:7");
        assert_eq!(because(open, Lang::En), "3 assigned tasks not completed, snv:7 first");
        let fact = "discipline: khiển trách, 2026-05-04, 12/QĐ-KL";
        assert_eq!(because(fact, Lang::Vi), "Kỷ luật (Đ20.4.c): khiển trách, 04/05/2026, 12/QĐ-KL");
        assert_eq!(
            because("5.5 months worked, fewer than 6", Lang::Vi),
            "công tác 5,5 tháng, ít hơn 6 tháng"
        );
        assert_eq!(because("something new", Lang::Vi), "something new");
        assert_eq!(rule("Đ20.4.c", Lang::Vi), "điểm c khoản 4 Điều 20");
        assert!(rule("below_100_not_completed", Lang::Vi).contains("chưa hoàn thành"));
        assert_eq!(recorded_in("record r2", Lang::Vi), "hồ sơ, phiên bản 2");
        assert_eq!(recorded_in("history", Lang::En), "earlier results, imported");
    }
}
