//! The bytes of an XML text as text.
//!
//! Owns which encoding holds: the byte order mark, then the declaration, then evidence. Bytes that are not text in what
//! they announce are refused; nothing is replaced and nothing guessed in doubt.

use super::XmlError;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

/// Part of a text in which its declaration stands.
const HEAD: usize = 200;

/// The text, without byte order mark; borrowed where it is UTF-8.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, XmlError> {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return read(bytes.get(length..).unwrap_or_default(), encoding);
    }
    match bytes {
        [b'<', 0, ..] => return read(bytes, UTF_16LE),
        [0, b'<', ..] => return read(bytes, UTF_16BE),
        _ => {}
    }
    match declared(bytes) {
        // A declaration that can be read byte by byte is not UTF-16, whatever it says: programs write it so.
        Some(label) if !label.to_ascii_lowercase().starts_with("utf-16") => {
            let known = Encoding::for_label(label.as_bytes());
            let encoding =
                known.ok_or_else(|| XmlError::Encoding(format!("the encoding \"{label}\" is not known")))?;
            read(bytes, encoding)
        }
        _ => match simdutf8::basic::from_utf8(bytes) {
            Ok(text) => Ok(Cow::Borrowed(text)),
            Err(_) => match crate::text::decode(bytes) {
                Ok((text, _)) => Ok(Cow::Owned(text)),
                Err(error) => Err(XmlError::Encoding(error.to_string())),
            },
        },
    }
}

fn read<'a>(bytes: &'a [u8], encoding: &'static Encoding) -> Result<Cow<'a, str>, XmlError> {
    let broken = || XmlError::Encoding(format!("it announces {} but is not valid in it", encoding.name()));
    if encoding == UTF_8 {
        return simdutf8::basic::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| broken());
    }
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes).ok_or_else(broken)?;
    // Windows-1258 keeps tone marks apart from their letters.
    Ok(Cow::Owned(text.nfc().collect()))
}

/// The encoding an XML declaration names.
fn declared(bytes: &[u8]) -> Option<&str> {
    let head = bytes.get(..HEAD.min(bytes.len()))?;
    let declaration = head.trim_ascii_start().strip_prefix(b"<?xml")?;
    let end = declaration.windows(2).position(|pair| pair == b"?>")?;
    let declaration = std::str::from_utf8(declaration.get(..end)?).ok()?;
    let (_, after) = declaration.split_once("encoding")?;
    let value = after.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    value.get(1..)?.split(quote).next().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> Result<String, String> {
        decode(bytes).map(Cow::into_owned).map_err(|error| error.to_string())
    }

    /// Row F9.
    #[test]
    fn marks_declarations_and_evidence_tell_the_encoding_and_doubt_is_refused() {
        let xml = "<a>Kế hoạch kiểm tra</a>";
        assert_eq!(text(xml.as_bytes()).as_deref(), Ok(xml));
        assert_eq!(text(format!("\u{feff}{xml}").as_bytes()).as_deref(), Ok(xml));
        for (mark, bytes) in [
            (&[0xff_u8, 0xfe][..], xml.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()),
            (&[0xfe, 0xff][..], xml.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        ] {
            assert_eq!(text(&[mark, &bytes].concat()).as_deref(), Ok(xml), "with mark");
            assert_eq!(text(&bytes).as_deref(), Ok(xml), "without mark");
        }
        let written = format!("<?xml version=\"1.0\" encoding=\"utf-16\"?>{xml}");
        assert_eq!(text(written.as_bytes()), Ok(written.clone()), "UTF-8 that calls itself UTF-16");
        let win = [
            b"<?xml version='1.0' encoding='windows-1258'?><a>K\xea\xec hoa\xf2ch</a>".as_slice(),
            b"<a>K\xea\xec hoa\xf2ch ki\xea\xd2m tra th\xfd\xf2c ph\xe2\xd2m</a>",
        ];
        assert!(text(win[0]).expect("declared").contains("Kế hoạch"));
        assert_eq!(text(win[1]).as_deref(), Ok("<a>Kế hoạch kiểm tra thực phẩm</a>"));
        for broken in [
            b"\xef\xbb\xbf<a>\xff</a>".as_slice(),
            b"<?xml version=\"1.0\" encoding=\"UTF-8\"?><a>\xe0\xa0</a>",
            b"<?xml version=\"1.0\" encoding=\"x-unheard\"?><a/>",
            b"<a>\xc0\xaf \xff</a>",
        ] {
            assert!(text(broken).is_err(), "{broken:?}");
        }
    }
}
