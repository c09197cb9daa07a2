//! Certificates: ours towards a far side, and when they and theirs end.
//!
//! Owns reading the end of a certificate's validity and the warnings before it. It must not judge chains: that is
//! the TLS library's part. A certificate that cannot be read gives no date.

use crate::error::{Finding, Place, Text};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// Days before the end from which it is told.
const TOLD_FROM: i64 = 30;

/// Whose certificate it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// Ours, shown to the far side.
    Ours,
    /// The far side's.
    Theirs,
}

/// When the first certificate of a PEM text ends.
pub(super) fn end_of_pem(pem: &[u8]) -> Option<DateTime<Utc>> {
    end_of(&CertificateDer::pem_slice_iter(pem).next()?.ok()?)
}

/// When a certificate ends.
pub(super) fn end_of(der: &[u8]) -> Option<DateTime<Utc>> {
    const SEQUENCE: u8 = 0x30;
    const VERSION: u8 = 0xa0;
    let (_, certificate, _) = element(der)?;
    let (tag, mut rest, _) = element(certificate)?;
    if tag != SEQUENCE {
        return None;
    }
    let mut next = || {
        let (tag, inside, after) = element(rest)?;
        rest = after;
        Some((tag, inside))
    };
    // Version (may be left out), serial number, algorithm, issuer, validity.
    let (tag, _) = next()?;
    if tag == VERSION {
        next()?;
    }
    next()?;
    next()?;
    let (_, validity) = next()?;
    let (_, _, after) = element(validity)?;
    let (tag, end, _) = element(after)?;
    moment(tag, end)
}

/// One DER element: its tag, what is inside, what follows.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if digits.len() > 4 {
            return None;
        }
        (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
    };
    let (inside, after) = rest.split_at_checked(length)?;
    Some((tag, inside, after))
}

fn moment(tag: u8, text: &[u8]) -> Option<DateTime<Utc>> {
    const UTC_TIME: u8 = 0x17;
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let full = match tag {
        // Two digits of the year: 50 and more are of the last century.
        UTC_TIME => format!("{}{text}", if text.get(..2)? < "50" { "20" } else { "19" }),
        _ => text.to_owned(),
    };
    NaiveDateTime::parse_from_str(&full, "%Y%m%d%H%M%S").ok().map(|at| at.and_utc())
}

/// What is to be told about a certificate that ends soon, or did.
pub(super) fn finding(whose: Whose, end: DateTime<Utc>, now: DateTime<Utc>, place: Place) -> Option<Finding> {
    let left = end - now;
    if left > TimeDelta::days(TOLD_FROM) {
        return None;
    }
    let day = end.with_timezone(&crate::domain::local_offset()).format("%d/%m/%Y");
    let (vi, en) = match whose {
        Whose::Ours => ("chứng thư của máy này", "this machine's certificate"),
        Whose::Theirs => ("chứng thư của máy chủ bên kia", "the far side's certificate"),
    };
    let (remedy_vi, remedy_en) = match whose {
        Whose::Ours => (
            "xin cấp chứng thư mới, thay hai tệp chứng thư và khóa của nguồn rồi nạp lại (systemctl reload lienthong)",
            "ask for a new certificate, replace the source's two files and reload (systemctl reload lienthong)",
        ),
        Whose::Theirs => (
            "báo đơn vị quản lý hệ thống đó gia hạn chứng thư",
            "tell the owner of that system to renew its certificate",
        ),
    };
    let remedy = Text::new(remedy_vi, remedy_en);
    if left <= TimeDelta::zero() {
        let what = Text::new(format!("{vi} đã hết hạn ngày {day}"), format!("{en} ended on {day}"));
        return Some(Finding::error("LT-NET-038", what, remedy).at(place));
    }
    let days = left.num_days();
    let (urgent_vi, urgent_en) = match days {
        ..7 => ("khẩn: ", "urgent: "),
        7..14 => ("gấp: ", "soon: "),
        _ => ("", ""),
    };
    let what = Text::new(
        format!("{urgent_vi}{vi} hết hạn sau {days} ngày ({day})"),
        format!("{urgent_en}{en} ends in {days} days ({day})"),
    );
    Some(Finding::warning("LT-NET-038", what, remedy).at(place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Severity;

    fn ending(year: i32, month: u8, day: u8) -> String {
        let mut parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("name");
        parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
        parameters.not_after = rcgen::date_time_ymd(year, month, day);
        parameters.self_signed(&rcgen::KeyPair::generate().expect("key")).expect("certificate").pem()
    }

    #[test]
    fn end_is_read_in_both_spellings_of_years() {
        for (year, text) in [(2027, "2027-03-09T00:00:00Z"), (2051, "2051-03-09T00:00:00Z")] {
            let expected: DateTime<Utc> = text.parse().expect("instant");
            assert_eq!(end_of_pem(ending(year, 3, 9).as_bytes()), Some(expected));
        }
        for nonsense in [&b""[..], b"\x30", b"\x30\x84\xff\xff\xff\xff", b"\x30\x02\x30\x00", &[0x30; 64]] {
            assert_eq!(end_of(nonsense), None);
        }
        assert_eq!(end_of_pem(b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"), None);
    }

    /// E6: warned 30, 14 and 7 days before, an error after.
    #[test]
    fn end_is_told_thirty_fourteen_and_seven_days_before() {
        let end: DateTime<Utc> = "2026-12-31T00:00:00Z".parse().expect("instant");
        let told = |days: i64| {
            finding(Whose::Ours, end, end - TimeDelta::days(days), Place::of("source x"))
                .map(|finding| (finding.severity, finding.what.en))
        };
        assert!(told(31).is_none());
        for (days, word) in [(30, "this machine's"), (13, "soon: "), (6, "urgent: ")] {
            let (severity, what) = told(days).expect("told");
            assert!(severity == Severity::Warning && what.starts_with(word), "{days}: {what}");
            assert!(what.contains(&format!("in {days} days (31/12/2026)")), "{what}");
        }
        assert_eq!(told(-1).map(|(severity, _)| severity), Some(Severity::Error));
    }
}
