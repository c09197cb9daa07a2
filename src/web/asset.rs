//! Style sheet, script and icon: part of the program, addressed by their content.
//!
//! An address carries the hash of what it names, so that a browser keeps it for ever and never shows an old one
//! after an upgrade.

use super::Web;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

/// One file of the page.
pub struct Asset {
    stem: &'static str,
    ending: &'static str,
    kind: &'static str,
    body: &'static str,
    hash: LazyLock<String>,
}

macro_rules! asset {
    ($name:ident, $stem:literal, $ending:literal, $kind:literal) => {
        /// A file of the page.
        pub static $name: Asset = Asset {
            stem: $stem,
            ending: $ending,
            kind: $kind,
            body: include_str!(concat!("assets/", $stem, ".", $ending)),
            hash: LazyLock::new(|| short_hash(include_str!(concat!("assets/", $stem, ".", $ending)))),
        };
    };
}

asset!(STYLE, "style", "css", "text/css; charset=utf-8");
asset!(SCRIPT, "live", "js", "text/javascript; charset=utf-8");
asset!(ICON, "icon", "svg", "image/svg+xml");

fn short_hash(body: &str) -> String {
    Sha256::digest(body).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

impl Asset {
    /// Where it is found.
    pub fn address(&self) -> String {
        format!("/assets/{}-{}.{}", self.stem, *self.hash, self.ending)
    }
}

/// Serves a file; one without its hash may change and is not kept.
pub async fn serve(State(_): State<Web>, Path(name): Path<String>) -> Response {
    let found = [&STYLE, &SCRIPT, &ICON].into_iter().find(|asset| {
        name == format!("{}.{}", asset.stem, asset.ending) || asset.address().ends_with(&format!("/{name}"))
    });
    let Some(asset) = found else { return StatusCode::NOT_FOUND.into_response() };
    let keep =
        if name.contains(asset.hash.as_str()) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static(keep)),
    ];
    (headers, asset.body).into_response()
}
