//! How far a workbook that is an archive may unpack.
//!
//! Owns the limits on parts and sizes, and the count of shared texts. It must not know what the parts hold. Sizes an
//! archive declares itself prove nothing: parts are unpacked once and thrown away. No part is ever written anywhere, so
//! its name may lead wherever it likes; archives within an archive are not opened.

use super::{MAX_TEXT, refusal};
use crate::error::Finding;
use std::io::{Cursor, Read as _, Write as _};

/// Most parts of a workbook.
const MAX_PARTS: usize = 10_000;
/// How the entry of a part in the list of parts begins.
const ENTRY: &[u8] = b"PK\x01\x02";
/// Most a whole workbook may unpack to, in bytes; its sheets are read as a stream.
const MAX_UNPACKED: u64 = 512 << 20;
/// Most the text shared by its cells may unpack to: it is held in memory.
const MAX_SHARED: u64 = MAX_TEXT as u64;
/// Most a part about formats, names or relations may unpack to: they are held in memory.
const MAX_FORMAT: u64 = 16 << 20;
/// Most texts shared by cells.
const MAX_TEXTS: u64 = 4_000_000;
/// How many more texts than it holds a part may declare: programs count them in their own ways.
const MISCOUNTED: u64 = 100_000;
/// Bytes within which the start tag of the shared texts stands.
const HEAD: u64 = 4_096;

/// An archive over bytes.
pub(super) type Archive<'a> = zip::ZipArchive<Cursor<&'a [u8]>>;

/// The archive; none where it has more parts than allowed. They are counted before room is made for their list, by what
/// each entry begins with: the number an archive declares proves nothing.
///
/// # Errors
/// It is none, or two of its parts have the same name: programs disagree about which of them counts.
pub(super) fn open(bytes: &[u8]) -> Result<Option<Archive<'_>>, zip::result::ZipError> {
    let entries = bytes.windows(ENTRY.len()).filter(|here| *here == ENTRY);
    if entries.take(MAX_PARTS + 1).count() > MAX_PARTS {
        return Ok(None);
    }
    let archive = zip::ZipArchive::new(Cursor::new(bytes))?;
    if archive.has_duplicate_names() {
        return Err(zip::result::ZipError::InvalidArchive("two parts have the same name".into()));
    }
    Ok(Some(archive))
}

/// Whether the workbook stays within its limits. Its parts are unpacked once and thrown away: the sizes it
/// declares itself prove nothing.
pub(super) fn unpacks(bytes: &[u8]) -> Result<bool, zip::result::ZipError> {
    within(MAX_UNPACKED, bytes)
}

/// Whether it does where all of it may unpack to no more than so many bytes.
pub(super) fn within(most: u64, bytes: &[u8]) -> Result<bool, zip::result::ZipError> {
    let Some(mut archive) = open(bytes)? else { return Ok(false) };
    let mut left = most;
    for index in 0..archive.len() {
        let part = archive.by_index(index)?;
        let path = part.name()?.to_lowercase();
        let file = path.rsplit(['/', '\\']).next().unwrap_or_default();
        let shared = file == "sharedstrings.xml";
        let held = ["styles.xml", "workbook.xml"].contains(&file)
            || file.starts_with("theme")
            || file.ends_with(".rels");
        let limit = left.min(if shared {
            MAX_SHARED
        } else if held {
            MAX_FORMAT
        } else {
            most
        });
        let mut unpacked = part.take(limit + 1);
        if shared {
            if !few_texts(&mut unpacked)? {
                return Ok(false);
            }
        } else {
            std::io::copy(&mut unpacked, &mut std::io::sink())?;
        }
        let size = limit + 1 - unpacked.limit();
        if size > limit {
            return Ok(false);
        }
        left -= size;
    }
    Ok(true)
}

/// Whether a part with shared texts, read to its end, holds no more of them than allowed and declares no more than
/// it holds: room is made for as many as it declares, and too much room ends the whole process.
fn few_texts(part: &mut impl std::io::Read) -> std::io::Result<bool> {
    let mut head = Vec::new();
    part.by_ref().take(HEAD).read_to_end(&mut head)?;
    let Some(declared) = declared_texts(&head).filter(|declared| *declared <= MAX_TEXTS) else {
        return Ok(false);
    };
    let mut texts = Texts::default();
    texts.write_all(&head)?;
    std::io::copy(part, &mut texts)?;
    Ok(texts.count <= MAX_TEXTS && declared <= texts.count.saturating_add(MISCOUNTED))
}

/// The number of texts that a part declares; 0 where it does not say. None where anything but the XML declaration
/// stands before its start tag or the tag cannot be understood: what is read here has to be what is read later.
fn declared_texts(head: &[u8]) -> Option<u64> {
    let head = String::from_utf8_lossy(head);
    let mut rest = head.trim_start_matches('\u{feff}').trim_start();
    if rest.starts_with("<?xml") {
        rest = rest.split_once("?>")?.1.trim_start();
    }
    let tag = start_tag(rest.strip_prefix('<')?)?;
    let name = tag.split([' ', '\t', '\r', '\n', '/']).next()?;
    if name.rsplit(':').next() != Some("sst") {
        return None;
    }
    let mut most = 0;
    for after in tag.split("uniqueCount").skip(1) {
        let value = after.trim_start().strip_prefix('=')?.trim_start();
        let quote = value.chars().next().filter(|c| ['"', '\''].contains(c))?;
        let (digits, _) = value.get(1..)?.split_once(quote)?;
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        most = most.max(digits.parse().unwrap_or(u64::MAX));
    }
    Some(most)
}

/// A start tag up to the bracket that ends it: one within quotes does not.
fn start_tag(text: &str) -> Option<&str> {
    let mut quote = None;
    let end = text.find(|c| match quote {
        Some(open) => {
            if c == open {
                quote = None;
            }
            false
        }
        None => {
            if ['"', '\''].contains(&c) {
                quote = Some(c);
            }
            c == '>'
        }
    })?;
    text.get(..end)
}

/// Counts the texts (start tags `si`) of what is written to it.
#[derive(Default)]
struct Texts {
    count: u64,
    /// Within the name of a tag: its length behind a prefix, and whether it is `si` so far.
    name: Option<(usize, bool)>,
}

impl std::io::Write for Texts {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        for byte in bytes {
            self.name = match (byte, self.name) {
                (b'<', _) => Some((0, true)),
                (b':', Some(_)) => Some((0, true)),
                (b' ' | b'\t' | b'\r' | b'\n' | b'/' | b'>', Some(name)) => {
                    self.count += u64::from(name == (2, true));
                    None
                }
                (byte, Some((length, same))) => Some((length + 1, same && b"si".get(length) == Some(byte))),
                (_, None) => None,
            };
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

pub(super) fn bomb(name: &str) -> Finding {
    refusal(
        "LT-TAB-009",
        name,
        "tệp bảng tính giải nén ra quá lớn (quá 512 MiB, 128 MiB chữ hoặc 10.000 phần)",
        "the spreadsheet unpacks to too much (over 512 MiB, 128 MiB of text or 10,000 parts)",
        "xóa dòng, cột và định dạng thừa hoặc chia nhỏ tệp; nếu không biết tệp từ đâu đến, đừng mở",
        "delete surplus rows, columns and formats or split the file; if you do not know where it comes from, do not open it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_counted_by_their_start_tags_wherever_the_blocks_are_cut() {
        let mut texts = Texts::default();
        for byte in b"<sst><si/><x:si a=\"1\"><t>si</t></x:si><si\n></si><size/><s/><is/></sst>" {
            texts.write_all(&[*byte]).expect("counted");
        }
        assert_eq!(texts.count, 3);
    }

    #[test]
    fn more_shared_texts_than_allowed_are_refused_though_none_is_declared() {
        let part = |texts: usize| format!("<sst>{}</sst>", "<si/>".repeat(texts));
        assert!(few_texts(&mut part(4_000_000).as_bytes()).expect("read"));
        assert!(!few_texts(&mut part(4_000_001).as_bytes()).expect("read"));
    }
}
