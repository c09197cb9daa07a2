//! The model file: what a mapper learned, as one file that says from what.
//!
//! Owns its form: catalog and decisions as they were trained on with their SHA-256, the share of every training text in
//! every product, the calibration. It must not know the store. The same inputs give the same bytes; a file that was changed,
//! cut or made by another version is refused whole.

use super::calibration::Calibration;
use super::{Example, Mapper, Options, RuleBook};
use crate::domain::CatalogProduct;
use crate::error::{Finding, Place, Text, written_cause};
use crate::text::Abbreviations;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What the file calls itself.
const FORMAT: &str = "lienthong-mapping-model";
/// Version of form and arithmetic: a model of another version is trained anew, not guessed at.
pub const VERSION: u32 = 3;
/// Largest file that is read, bytes.
pub const MAX_BYTES: usize = 512 * 1024 * 1024;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    version: u32,
    catalog_sha256: String,
    decisions_sha256: String,
    learned_sha256: String,
    target_precision: f64,
    /// The operator's own short forms the titles were read with.
    short_forms: String,
    calibration: Calibration,
    catalog: Vec<CatalogProduct>,
    decisions: Vec<Example>,
    /// Per training text the products concerned, by position in the catalog, with the share.
    shares: Vec<Vec<(u32, f32)>>,
}

/// Trains on a catalog and decisions and gives the model file.
pub fn write(catalog: &[CatalogProduct], examples: &[Example], options: Options) -> Vec<u8> {
    let (target_precision, short_forms) = (options.target_precision, options.abbreviations.own().to_owned());
    let (shares, calibration) = Mapper::build(catalog, RuleBook::default(), examples, options).learned();
    let file = File {
        format: FORMAT.to_owned(),
        version: VERSION,
        catalog_sha256: digest(&catalog),
        decisions_sha256: digest(&examples),
        learned_sha256: digest(&(&shares, &calibration, &short_forms)),
        target_precision,
        short_forms,
        calibration,
        catalog: catalog.to_vec(),
        decisions: examples.to_vec(),
        shares,
    };
    let mut bytes = serde_json::to_vec(&file).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// The mapper of a model file, and the catalog it was trained on.
///
/// # Errors
/// LT-MAP-020 no model file, -021 another version, -022 changed since it was written.
pub fn read(bytes: &[u8], file: &str, rules: RuleBook) -> Result<(Mapper, Vec<CatalogProduct>), Finding> {
    let refuse = |code: &str, what: Text| {
        let remedy =
            Text::new("tạo lại bằng lienthong mapping model", "make it again with lienthong mapping model");
        Finding::error(code, what, remedy).at(Place::of(file))
    };
    let unreadable = || Text::new("không phải tệp mô hình ánh xạ", "this is no mapping model");
    if bytes.len() > MAX_BYTES {
        return Err(refuse("LT-MAP-020", unreadable()));
    }
    #[derive(Deserialize)]
    struct Head {
        format: String,
        version: u32,
    }
    let head: Head = serde_json::from_slice(bytes)
        .map_err(|error| refuse("LT-MAP-020", unreadable().because(&written_cause(&error))))?;
    if head.format != FORMAT {
        return Err(refuse("LT-MAP-020", unreadable()));
    }
    if head.version != VERSION {
        return Err(refuse(
            "LT-MAP-021",
            Text::new(
                format!(
                    "mô hình thuộc phiên bản {}, chương trình này dùng phiên bản {VERSION}",
                    head.version
                ),
                format!("the model is of version {}, this program uses version {VERSION}", head.version),
            ),
        ));
    }
    let model: File = serde_json::from_slice(bytes)
        .map_err(|error| refuse("LT-MAP-020", unreadable().because(&written_cause(&error))))?;
    let changed = || {
        refuse(
            "LT-MAP-022",
            Text::new("tệp mô hình đã bị sửa sau khi tạo", "the model was changed after it was made"),
        )
    };
    let whole = digest(&model.catalog) == model.catalog_sha256
        && digest(&model.decisions) == model.decisions_sha256
        && digest(&(&model.shares, &model.calibration, &model.short_forms)) == model.learned_sha256;
    if !whole {
        return Err(changed());
    }
    let forms = Abbreviations::with(&model.short_forms).map_err(|_| changed())?;
    let mapper =
        Mapper::restore(&model.catalog, rules, &model.decisions, &forms, model.shares, model.calibration);
    mapper.map(|mapper| (mapper, model.catalog)).ok_or_else(changed)
}

fn digest(value: &impl Serialize) -> String {
    let bytes = serde_json::to_vec(value).unwrap_or_default();
    Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
