//! Bytes of a file as text: byte-order marks, UTF-8, UTF-16, Windows-1258, and files typed in TCVN3 or VNI fonts.
//!
//! Owns the choice of encoding, which is made on evidence and refused in doubt. It must not know file formats.
//! Text comes back composed (NFC), without byte-order mark.

use super::repair::{tcvn3, vni};
use super::syllable::is_syllable;
use unicode_normalization::UnicodeNormalization;

/// What the bytes were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without byte-order mark.
    Utf8,
    /// UTF-16, little endian.
    Utf16Le,
    /// UTF-16, big endian.
    Utf16Be,
    /// Windows-1258 (Vietnamese Windows).
    Windows1258,
    /// Single bytes of the TCVN3 (ABC) font.
    Tcvn3,
    /// Single bytes of the VNI font.
    Vni,
}

/// Why bytes could not be read as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodingError {
    /// A byte-order mark promised an encoding that the bytes break.
    #[error("the file announces {0} but is not valid in it")]
    Broken(&'static str),
    /// No encoding explains the bytes clearly better than the others.
    #[error("the encoding cannot be told with certainty; save the file as UTF-8")]
    Unclear,
}

/// Decodes bytes; an error rather than a guess when more than one reading is plausible.
pub fn decode(bytes: &[u8]) -> Result<(String, Encoding), EncodingError> {
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        let text = std::str::from_utf8(rest).map_err(|_| EncodingError::Broken("UTF-8"))?;
        return Ok((text.nfc().collect(), Encoding::Utf8));
    }
    for (mark, codec, name, encoding) in [
        (b"\xff\xfe", encoding_rs::UTF_16LE, "UTF-16LE", Encoding::Utf16Le),
        (b"\xfe\xff", encoding_rs::UTF_16BE, "UTF-16BE", Encoding::Utf16Be),
    ] {
        if let Some(rest) = bytes.strip_prefix(mark) {
            let text = codec
                .decode_without_bom_handling_and_without_replacement(rest)
                .ok_or(EncodingError::Broken(name))?;
            return Ok((text.nfc().collect(), encoding));
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        // Zero bytes in a text file are UTF-16 without its mark, or no text at all.
        return if bytes.contains(&0) {
            Err(EncodingError::Unclear)
        } else {
            Ok((text.nfc().collect(), Encoding::Utf8))
        };
    }
    let (latin, _, _) = encoding_rs::WINDOWS_1252.decode(bytes);
    let (vietnamese, _, broken) = encoding_rs::WINDOWS_1258.decode(bytes);
    let mut readings = vec![(tcvn3(&latin), Encoding::Tcvn3), (vni(&latin), Encoding::Vni)];
    if !broken {
        readings.push((vietnamese.nfc().collect(), Encoding::Windows1258));
    }
    let mut ranked: Vec<_> =
        readings.into_iter().map(|(text, encoding)| (shares(&text), text, encoding)).collect();
    ranked.sort_by_key(|(share, _, _)| std::cmp::Reverse(*share));
    let mut ranked = ranked.into_iter();
    match (ranked.next(), ranked.next()) {
        (Some((best, text, encoding)), Some((second, _, _))) if best >= 900 && best >= second + 150 => {
            Ok((text, encoding))
        }
        _ => Err(EncodingError::Unclear),
    }
}

/// Share, in thousandths, of the words with letters beyond ASCII that are Vietnamese syllables.
fn shares(text: &str) -> u32 {
    let (mut all, mut good) = (0u32, 0u32);
    for word in text.split(|c: char| !c.is_alphabetic()) {
        if !word.is_ascii() {
            all += 1;
            good += u32::from(is_syllable(word));
        }
    }
    if all < 2 { 0 } else { good * 1000 / all }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_encoding_is_recognised() {
        let text = "Kế hoạch kiểm tra an toàn thực phẩm";
        assert_eq!(decode(text.as_bytes()), Ok((text.into(), Encoding::Utf8)));
        let mut utf16 = vec![0xff, 0xfe];
        utf16.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        assert_eq!(decode(&utf16), Ok((text.into(), Encoding::Utf16Le)));
        let latin = |text: &str| encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
        let abc = latin("Q§ xö ph¹t «ng Lª TÊn Lùc x©y dùng sai phÐp");
        assert_eq!(decode(&abc).map(|(_, e)| e), Ok(Encoding::Tcvn3));
        let vni = latin("Quyeát ñònh thaønh laäp Toå phuïc vuï caûi caùch");
        assert_eq!(decode(&vni).map(|(_, e)| e), Ok(Encoding::Vni));
        // "Kế hoạch" in Windows-1258: ê + combining acute, a + combining dot below.
        let win = b"K\xea\xec hoa\xf2ch ki\xea\xd2m tra th\xfd\xf2c ph\xe2\xd2m";
        assert_eq!(decode(win), Ok(("Kế hoạch kiểm tra thực phẩm".into(), Encoding::Windows1258)));
    }

    #[test]
    fn doubt_is_an_error_not_a_guess() {
        assert_eq!(decode(b"abc \xff\xfe\xfd"), Err(EncodingError::Unclear));
        assert_eq!(decode(b"a\0b\0"), Err(EncodingError::Unclear));
        assert_eq!(decode(b"\xef\xbb\xbf\xff"), Err(EncodingError::Broken("UTF-8")));
        assert_eq!(decode(b"\xff\xfe\x00\xd8"), Err(EncodingError::Broken("UTF-16LE")));
    }
}
