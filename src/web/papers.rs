//! Papers about a person, to download: forms 01 and 02, the work sheet, the explanation.
//!
//! Owns their addresses, names and headers. A paper is made while it is asked for, a few at a time, and never kept:
//! neither here nor by browsers and proxies. It must not know what stands on a paper.

use super::page::say;
use super::{Page, Visit, Web, answer};
use crate::domain::{Period, PersonId};
use crate::error::Lang;
use crate::paper::{Form, Format};
use crate::pipeline::paper::Wanted;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use std::fmt::Write as _;
use tokio::sync::Semaphore;

/// Papers made at the same time: one of a leader of thousands is a second of work.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// A paper with its formats.
#[derive(Debug, Serialize)]
pub(super) struct Offer {
    /// What it is called.
    label: &'static str,
    /// Ending and address of each format.
    formats: Vec<(String, String)>,
}

/// The papers there are of a period.
pub(super) fn offers(person: PersonId, period: Period, lang: Lang) -> Vec<Offer> {
    let forms = Form::ALL.into_iter().filter(|form| form.fits(period.is_year()));
    let offer = |form: Form| Offer {
        label: match form {
            Form::Form01 => say(lang, "Mẫu số 01, phiếu theo dõi, đánh giá", "Form 01, evaluation sheet"),
            Form::Form02 => say(lang, "Mẫu số 02, xếp loại năm", "Form 02, classification of the year"),
            Form::WorkSheet => say(lang, "Phiếu công việc", "Work sheet"),
            Form::Explanation => say(lang, "Giải trình điểm", "Explanation of the score"),
        },
        formats: links(person, period, form),
    };
    forms.map(offer).collect()
}

/// Ending and address of each format of a paper.
pub(super) fn links(person: PersonId, period: Period, form: Form) -> Vec<(String, String)> {
    let link = |format: Format| {
        let ending = format.ending();
        (ending.to_uppercase(), format!("/scores/{person}/{period}/{}.{ending}", form.as_str()))
    };
    Format::ALL.map(link).to_vec()
}

/// Serves a paper.
pub(super) async fn serve(
    State(web): State<Web>,
    Path((person, period, file)): Path<(String, String, String)>,
    visit: Visit,
) -> Response {
    let asked = file.rsplit_once('.').and_then(|(form, ending)| {
        let (form, format) = (Form::parse(form)?, Format::parse(ending)?);
        Some((
            Wanted { person: person.parse().ok()?, period: period.parse().ok()?, form, revision: None },
            format,
        ))
    });
    let nothing: Page = Ok(None);
    let Some((wanted, format)) = asked else { return answer(&web, &visit, nothing) };
    // Closed never: it is static.
    let _turn = AT_ONCE.acquire().await;
    let made = async {
        let shelf = web.app.shelf(wanted.period).await?;
        web.app.paper_file(&shelf, wanted, format).await
    };
    match made.await {
        Ok((name, bytes)) => {
            let disposition = HeaderValue::from_str(&disposition(&name));
            let headers: [(HeaderName, HeaderValue); 2] = [
                (header::CONTENT_TYPE, HeaderValue::from_static(format.content_type())),
                (header::CONTENT_DISPOSITION, disposition.unwrap_or(HeaderValue::from_static("attachment"))),
            ];
            (headers, bytes).into_response()
        }
        Err(finding) if ["LT-PAP-001", "LT-PAP-003"].contains(&finding.code.as_str()) => {
            answer(&web, &visit, nothing)
        }
        Err(finding) => answer(&web, &visit, Err(finding)),
    }
}

/// Name of a file for browsers: whole in UTF-8 (RFC 6266, RFC 8187), and in ASCII for what does not know that.
fn disposition(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect();
    let mut whole = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) {
            whole.push(char::from(byte));
        } else {
            // Writing into a text cannot fail.
            let _infallible = write!(whole, "%{byte:02X}");
        }
    }
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vietnamese_name_reaches_the_browser_whole_and_ends_no_header() {
        assert_eq!(
            disposition("Mau-01_Ngô Đạt.docx"),
            "attachment; filename=\"Mau-01_Ng____t.docx\"; filename*=UTF-8''Mau-01_Ng%C3%B4%20%C4%90%E1%BA%A1t.docx"
        );
        let hostile = disposition("a\"; x=\r\nSet-Cookie: b");
        assert!(!hostile.contains(['\r', '\n']) && hostile.matches('"').count() == 2, "{hostile}");
    }
}
