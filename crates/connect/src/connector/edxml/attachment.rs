//! Attachments: what one is, without keeping what it holds.
//!
//! Owns decoding, digest, type by first bytes, and the question whether a zip is a wrapping or the document itself.
//! The payload's declared type counts first, then its bytes; a `.docx` is a zip and is never opened. Nothing is
//! written anywhere, so that a name cannot lead out of a folder. A content that cannot be decoded, a bomb and a name
//! with `..` are warnings: the document around them is still a document.

use super::Limits;
use super::package::Attachment;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest as _, Sha256};
use std::io::{Cursor, Read as _};

/// Base64 with or without its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Characters decoded at once; a multiple of four.
const AT_ONCE: usize = 16 * 1024;

/// Endings of files that are zips by themselves.
const ZIP_BASED: [&str; 12] =
    ["zip", "docx", "xlsx", "pptx", "docm", "xlsm", "pptm", "odt", "ods", "odp", "jar", "edz"];

/// What a kept package holds in place of a content.
const CUT: &str = "cut:";

/// The ending of a file name, lower case.
pub(super) fn ending(name: &str) -> Option<String> {
    let (stem, ending) = name.rsplit_once('.')?;
    (!stem.is_empty() && !ending.is_empty()).then(|| ending.to_lowercase())
}

/// A name without any folder.
pub(super) fn bare(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name).trim()
}

/// What a content turned out to be.
#[derive(Debug, Default)]
struct Seen {
    size: u64,
    sha256: String,
    found: Option<&'static str>,
    unwrapped: bool,
}

/// What reading the attachments of one package may still cost, in bytes decoded and unwrapped.
#[derive(Debug)]
pub(super) struct Budget {
    left: u64,
}

impl Budget {
    pub(super) fn of(limits: &Limits) -> Self {
        Self { left: limits.unpacked }
    }

    /// Takes what was read of one attachment that has `size` bytes so far.
    fn take(
        &mut self,
        bytes: usize,
        size: u64,
        limits: &Limits,
        too_large: &'static str,
    ) -> Result<(), &'static str> {
        let bytes = bytes as u64;
        let spent = bytes > self.left;
        self.left = self.left.saturating_sub(bytes);
        match (size > limits.attachment, spent) {
            (true, _) => Err(too_large),
            (false, true) => Err("attachments_too_large"),
            (false, false) => Ok(()),
        }
    }
}

/// Fills in what the content of an attachment is. `kept` says that the package comes from our own store, where a
/// mark stands in place of each content.
pub(super) fn measure(
    attachment: &mut Attachment,
    pieces: &[&str],
    kept: bool,
    (limits, budget): (&Limits, &mut Budget),
    warnings: &mut Vec<String>,
) {
    let shown = attachment.name.clone().or_else(|| attachment.content_id.clone()).unwrap_or_default();
    let seen = match kept.then(|| parse_cut(pieces)).flatten() {
        Some(seen) => Ok(seen),
        None => look(attachment, pieces, (limits, budget), warnings, &shown),
    };
    match seen {
        Ok(seen) => {
            attachment.size = seen.size;
            attachment.sha256 = seen.sha256;
            attachment.found = seen.found;
            attachment.unwrapped = seen.unwrapped;
        }
        Err(why) => warnings.push(format!("{why}: {shown}")),
    }
}

/// What stands in a kept package in place of a content.
pub(super) fn cut(attachment: &Attachment) -> String {
    let (size, digest, unwrapped) = (attachment.size, &attachment.sha256, u8::from(attachment.unwrapped));
    format!("{CUT}{size}:{digest}:{unwrapped}:{}", attachment.found.unwrap_or_default())
}

fn parse_cut(pieces: &[&str]) -> Option<Seen> {
    let [mark] = pieces else { return None };
    let mut parts = mark.strip_prefix(CUT)?.split(':');
    let (size, digest, unwrapped, found) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let known = KINDS.iter().find(|kind| **kind == found);
    Some(Seen {
        size: size.parse().ok()?,
        sha256: digest.to_owned(),
        found: known.copied(),
        unwrapped: unwrapped == "1",
    })
}

fn look(
    attachment: &Attachment,
    pieces: &[&str],
    (limits, budget): (&Limits, &mut Budget),
    warnings: &mut Vec<String>,
    shown: &str,
) -> Result<Seen, &'static str> {
    let mut digest = Sha256::new();
    let mut size = 0_u64;
    let mut head: Vec<u8> = Vec::with_capacity(16);
    let mut whole: Option<Vec<u8>> = None;
    decode(pieces, &mut |bytes| {
        if size == 0 && bytes.starts_with(b"PK") {
            whole = Some(Vec::new());
        }
        if head.len() < 16 {
            head.extend(bytes.iter().take(16 - head.len()));
        }
        size += bytes.len() as u64;
        budget.take(bytes.len(), size, limits, "attachment_too_large")?;
        digest.update(bytes);
        if let Some(whole) = &mut whole {
            whole.extend_from_slice(bytes);
        }
        Ok(())
    })?;
    let name = attachment.name.as_deref().unwrap_or_default();
    let packed = Seen { size, sha256: hex(&digest.finalize()), found: kind(&head, name), unwrapped: false };
    let Some(whole) = whole else { return Ok(packed) };
    match unwrapped(attachment, &whole, limits, budget) {
        Ok(Some(inside)) => Ok(inside),
        Ok(None) => Ok(packed),
        Err(why) => {
            warnings.push(format!("{why}: {shown}"));
            Ok(packed)
        }
    }
}

/// The file inside a zip that is only its wrapping.
fn unwrapped(
    attachment: &Attachment,
    zip: &[u8],
    limits: &Limits,
    budget: &mut Budget,
) -> Result<Option<Seen>, &'static str> {
    let name = attachment.name.as_deref().unwrap_or_default();
    let zip_based = ending(name).is_some_and(|ending| ZIP_BASED.contains(&ending.as_str()));
    let declared = attachment.content_type.as_deref().map(str::to_lowercase);
    let says_zip = declared.is_none_or(|declared| declared.contains("zip"));
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).map_err(|_| "zip_broken")?;
    let alone = archive.len() == 1;
    let first =
        archive.name_for_index(0).and_then(Result::ok).map(|entry| entry.into_owned()).unwrap_or_default();
    let expected = alone && bare(&first) == name;
    if !(expected || (says_zip && !zip_based)) {
        return Ok(None);
    }
    if !alone {
        return Err("zip_with_several_files");
    }
    let mut entry = archive.by_index(0).map_err(|_| "zip_broken")?;
    if first.split(['/', '\\']).any(|part| part == "..") || first.starts_with(['/', '\\']) {
        return Err("zip_name_leads_out");
    }
    let inside = bare(&first).to_owned();
    let name = if name.is_empty() || zip_based { inside } else { name.to_owned() };
    let mut digest = Sha256::new();
    let (mut size, mut head) = (0_u64, Vec::with_capacity(16));
    let mut buffer = vec![0; AT_ONCE];
    loop {
        let read = entry.read(&mut buffer).map_err(|_| "zip_broken")?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
        if head.len() < 16 {
            head.extend(bytes.iter().take(16 - head.len()));
        }
        size += bytes.len() as u64;
        // What is announced may be a lie: what really comes out is counted.
        budget.take(bytes.len(), size, limits, "zip_bomb")?;
        digest.update(bytes);
    }
    Ok(Some(Seen { size, sha256: hex(&digest.finalize()), found: kind(&head, &name), unwrapped: true }))
}

/// Decodes pieces of base64, blanks passed over, a few thousand bytes at a time.
fn decode(
    pieces: &[&str],
    take: &mut dyn FnMut(&[u8]) -> Result<(), &'static str>,
) -> Result<(), &'static str> {
    let (mut waiting, mut out) = (Vec::with_capacity(AT_ONCE), vec![0; AT_ONCE]);
    let mut flush = |waiting: &mut Vec<u8>| {
        let read = BASE64.decode_slice(&waiting, &mut out).map_err(|_| "attachment_not_base64")?;
        waiting.clear();
        take(out.get(..read).unwrap_or_default())
    };
    for piece in pieces {
        for byte in piece.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
            waiting.push(byte);
            if waiting.len() == AT_ONCE {
                flush(&mut waiting)?;
            }
        }
    }
    flush(&mut waiting)
}

/// Types told by first bytes.
const KINDS: [&str; 14] =
    ["pdf", "zip", "docx", "xlsx", "pptx", "odt", "ods", "ole", "png", "jpeg", "gif", "tiff", "rtf", "xml"];

fn kind(head: &[u8], name: &str) -> Option<&'static str> {
    let by_name = || {
        let ending = ending(name)?;
        KINDS.into_iter().find(|kind| *kind == ending && ZIP_BASED.contains(kind))
    };
    match head {
        [b'%', b'P', b'D', b'F', ..] => Some("pdf"),
        [b'P', b'K', 3 | 5, 4 | 6, ..] => Some(by_name().unwrap_or("zip")),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Some("ole"),
        [0x89, b'P', b'N', b'G', ..] => Some("png"),
        [0xff, 0xd8, 0xff, ..] => Some("jpeg"),
        [b'G', b'I', b'F', b'8', ..] => Some("gif"),
        [b'I', b'I', 0x2a, 0, ..] | [b'M', b'M', 0, 0x2a, ..] => Some("tiff"),
        [b'{', b'\\', b'r', b't', b'f', ..] => Some("rtf"),
        [b'<', b'?', b'x', b'm', b'l', ..] => Some("xml"),
        _ => None,
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        for half in [byte >> 4, byte & 15] {
            text.push(char::from_digit(half.into(), 16).unwrap_or('0'));
        }
        text
    })
}
