//! Identity of a document: its natural key, and one spelling of each agency's code.
//!
//! Owns how issuer, year, number and notation become a key, and the reading of a composite `DocumentId`. It must not
//! know packages. A code is never turned round by its segments: their widths differ and numbers were given anew. Only
//! a directory maps one spelling to another; without an entry a code stays as it is, in capitals.

use unicode_normalization::UnicodeNormalization as _;

/// What a directory says about an agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agency {
    /// The code every other spelling leads to.
    pub code: String,
    /// Its name; may be empty.
    pub name: String,
}

/// Known agencies by every spelling of their codes.
pub trait Agencies: Send + Sync {
    /// The agency of a code as [`plain`] writes it.
    fn find(&self, code: &str) -> Option<&Agency>;
}

/// No directory: every code is its own spelling.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoDirectory;

impl Agencies for NoDirectory {
    fn find(&self, _code: &str) -> Option<&Agency> {
        None
    }
}

/// A code, number or notation for comparison: NFC, capitals, no blanks, one kind of dash.
pub fn plain(text: &str) -> String {
    let folded = text.nfc().filter(|c| !c.is_whitespace() && !c.is_control());
    let dashed = folded.map(|c| if matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}') { '-' } else { c });
    dashed.flat_map(char::to_uppercase).collect()
}

/// The code of an agency in its one spelling.
pub fn canonical(code: &str, agencies: &dyn Agencies) -> Option<String> {
    let plain = plain(code);
    if plain.is_empty() || plain == "NULL" {
        return None;
    }
    Some(agencies.find(&plain).map_or(plain, |agency| agency.code.clone()))
}

/// The year of a date as the standard writes dates; the day may be none of the calendar.
fn year(date: &str) -> Option<&str> {
    let date = date.trim();
    let year = date.get(..4)?;
    let ends = !date.get(4..)?.starts_with(|c: char| c.is_ascii_digit());
    let known = year.bytes().all(|byte| byte.is_ascii_digit()) && ("1900".."2200").contains(&year);
    (ends && known).then_some(year)
}

/// Number and notation in one text, cut at the first slash.
pub fn number_and_notation(code: &str) -> Option<(&str, &str)> {
    let (number, notation) = code.trim().split_once('/')?;
    let (number, notation) = (number.trim(), notation.trim());
    (!number.is_empty() && !notation.is_empty()).then_some((number, notation))
}

/// Key of a document: `issuer/year/number/notation`. None where a part is missing or the key would be too long.
pub fn of_parts(
    issuer: Option<&str>,
    promulgated: Option<&str>,
    number: Option<&str>,
    notation: Option<&str>,
    agencies: &dyn Agencies,
) -> Option<String> {
    let issuer = canonical(issuer?, agencies)?;
    let (number, notation) = (plain(number?), plain(notation?));
    if number.is_empty() || notation.is_empty() {
        return None;
    }
    let bare = number.trim_start_matches('0');
    let number = if !bare.is_empty() && bare.bytes().all(|b| b.is_ascii_digit()) { bare } else { &number };
    let key = format!("{issuer}/{}/{number}/{notation}", year(promulgated?)?);
    super::super::rule::is_key(&key).then_some(key)
}

/// Key out of a composite `DocumentId`: `issuer,yyyy/MM/dd,number/notation`.
pub fn of_composite(document_id: &str, agencies: &dyn Agencies) -> Option<String> {
    let mut parts = document_id.splitn(3, ',').map(str::trim);
    let (issuer, day, code) = (parts.next()?, parts.next()?, parts.next()?);
    let (number, notation) = number_and_notation(code)?;
    of_parts(Some(issuer), Some(day), Some(number), Some(notation), agencies)
}

/// Key of last resort: the `DocumentId` itself.
pub fn of_alias(document_id: &str) -> Option<String> {
    let plain = plain(document_id);
    let key = format!("ID:{plain}");
    (!plain.is_empty() && plain != "NULL" && super::super::rule::is_key(&key)).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(issuer: &str, day: &str, number: &str, notation: &str) -> Option<String> {
        of_parts(Some(issuer), Some(day), Some(number), Some(notation), &NoDirectory)
    }

    #[test]
    fn spellings_of_one_document_give_one_key() {
        let usual = key("000.00.00.G22", "2026/07/01", "7816", "VPCP-TTĐT");
        assert_eq!(usual.as_deref(), Some("000.00.00.G22/2026/7816/VPCP-TTĐT"));
        assert_eq!(usual, key(" 000.00.00.g22", "2026/02/30", "07816 ", "VPCP–TTĐT"));
        assert_eq!(usual, of_composite("000.00.00.G22,2026/07/01,7816/VPCP-TTĐT", &NoDirectory));
        assert_ne!(usual, key("000.00.00.G22", "2025/07/01", "7816", "VPCP-TTĐT"), "another year");
    }

    #[test]
    fn half_an_identity_is_none() {
        assert_eq!(key("null", "2026/07/01", "1", "A"), None);
        assert_eq!(key("H21", "01/07/2026", "1", "A"), None);
        assert_eq!(key("H21", "20260701", "1", "A"), None);
        assert_eq!(key("H21", "2026/07/01", " ", "A"), None);
        assert_eq!(of_composite("550e8400-e29b-41d4-a716-446655440000", &NoDirectory), None);
        assert_eq!(key("H21", "2026/07/01", "000", "A").as_deref(), Some("H21/2026/000/A"));
        assert_eq!(key("H21", "2026/07/01", "12a", "A").as_deref(), Some("H21/2026/12A/A"));
    }
}
