//! Bytes of a file as text: byte-order marks, UTF-8, UTF-16, Windows-1258, VISCII, and files typed in TCVN3 or VNI fonts.
//!
//! Owns the choice of encoding, which is made on evidence and refused in doubt; one that is declared is taken where
//! the bytes do not prove another. It must not know file formats.
//! Text comes back composed (NFC), without byte-order mark.

use super::repair::{tcvn3, vni};
use super::syllable::is_syllable;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// What the bytes were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// UTF-8, with or without byte-order mark.
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-16, little endian.
    #[serde(rename = "utf-16le")]
    Utf16Le,
    /// UTF-16, big endian.
    #[serde(rename = "utf-16be")]
    Utf16Be,
    /// Windows-1258 (Vietnamese Windows).
    #[serde(rename = "windows-1258")]
    Windows1258,
    /// VISCII.
    Viscii,
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

/// Letters of VISCII above ASCII.
const VISCII: &str = "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲÕắằặấầẩậẽẹếềểễệốồổỗỠƠộờởịỰỨỪỬơớƯÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳĐứÒÓÔạỷừửÙÚỹỵÝỡưàáâãảăữẫèéêẻìíĩỉđựòóôõỏọụùúũủýợỮ";
/// Its letters in the place of control characters.
const VISCII_LOW: [(u8, char); 6] =
    [(0x02, 'Ẳ'), (0x05, 'Ẵ'), (0x06, 'Ẫ'), (0x14, 'Ỷ'), (0x19, 'Ỹ'), (0x1e, 'Ỵ')];

/// Share of Vietnamese words, in thousandths, below which bytes are not in the encoding they are declared in.
const LIKELY: u32 = 600;

/// Decodes bytes that are declared to be in an encoding. A byte-order mark and valid UTF-8 prove another one and count
/// more than what is declared.
///
/// # Errors
/// Where the bytes break the encoding, or what comes out is no Vietnamese.
pub fn decode_as(bytes: &[u8], declared: Encoding) -> Result<(String, Encoding), EncodingError> {
    let marked = [&b"\xef\xbb\xbf"[..], b"\xff\xfe", b"\xfe\xff"].iter().any(|mark| bytes.starts_with(mark));
    let wide = match declared {
        Encoding::Utf16Le => Some((encoding_rs::UTF_16LE, "UTF-16LE")),
        Encoding::Utf16Be => Some((encoding_rs::UTF_16BE, "UTF-16BE")),
        _ => None,
    };
    if let (Some((codec, name)), false) = (wide, marked) {
        let text = codec
            .decode_without_bom_handling_and_without_replacement(bytes)
            .ok_or(EncodingError::Broken(name))?;
        return Ok((text.nfc().collect(), declared));
    }
    if marked || std::str::from_utf8(bytes).is_ok() {
        return decode(bytes);
    }
    let name = match declared {
        Encoding::Utf8 => return Err(EncodingError::Broken("UTF-8")),
        Encoding::Tcvn3 => "TCVN3",
        Encoding::Vni => "VNI",
        Encoding::Viscii => "VISCII",
        _ => "Windows-1258",
    };
    let text = legacy(bytes, declared).filter(|text| shares(text).is_none_or(|share| share >= LIKELY));
    text.map(|text| (text, declared)).ok_or(EncodingError::Broken(name))
}

/// Bytes of an encoding of one byte each as text; none where one of them stands for nothing.
fn legacy(bytes: &[u8], encoding: Encoding) -> Option<String> {
    let latin = || encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0;
    match encoding {
        Encoding::Tcvn3 => Some(tcvn3(&latin())),
        Encoding::Vni => Some(vni(&latin())),
        Encoding::Viscii => Some(viscii(bytes)),
        _ => {
            let (text, broken) = encoding_rs::WINDOWS_1258.decode_without_bom_handling(bytes);
            (!broken).then(|| text.nfc().collect())
        }
    }
}

fn viscii(bytes: &[u8]) -> String {
    let upper: Vec<char> = VISCII.chars().collect();
    let letter = |byte: &u8| match byte.checked_sub(0x80) {
        Some(index) => upper.get(usize::from(index)).copied().unwrap_or(char::REPLACEMENT_CHARACTER),
        None => {
            let low = VISCII_LOW.iter().find(|(code, _)| code == byte);
            low.map_or(char::from(*byte), |(_, letter)| *letter)
        }
    };
    bytes.iter().map(letter).collect()
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
    let candidates = [Encoding::Tcvn3, Encoding::Vni, Encoding::Viscii, Encoding::Windows1258];
    let mut ranked: Vec<(u32, String, Encoding)> = candidates
        .into_iter()
        .filter_map(|encoding| {
            let text = legacy(bytes, encoding)?;
            Some((shares(&text).unwrap_or_default(), text, encoding))
        })
        .collect();
    ranked.sort_by_key(|(share, _, _)| std::cmp::Reverse(*share));
    let mut ranked = ranked.into_iter();
    match (ranked.next(), ranked.next()) {
        (Some((best, text, encoding)), Some((second, _, _))) if best >= 900 && best >= second + 150 => {
            Ok((text, encoding))
        }
        _ => Err(EncodingError::Unclear),
    }
}

/// Share, in thousandths, of the words with letters beyond ASCII that are Vietnamese syllables; none where there are
/// fewer than two such words of two letters or more.
fn shares(text: &str) -> Option<u32> {
    let (mut all, mut good) = (0u32, 0u32);
    for word in text.split(|c: char| !c.is_alphabetic()) {
        // A single letter is a Vietnamese word in every one of these encodings.
        if !word.is_ascii() && word.chars().count() > 1 {
            all += 1;
            good += u32::from(is_syllable(word));
        }
    }
    (all >= 2).then(|| u32::try_from(u64::from(good) * 1_000 / u64::from(all)).unwrap_or_default())
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

    /// Text as VISCII.
    fn viscii_bytes(text: &str) -> Vec<u8> {
        let upper: Vec<char> = VISCII.chars().collect();
        assert_eq!(upper.len(), 128);
        let byte = |c: char| match (upper.iter().position(|letter| *letter == c), c.is_ascii()) {
            (_, true) => u8::try_from(c).expect("ASCII"),
            (Some(index), _) => u8::try_from(0x80 + index).expect("a byte"),
            _ => VISCII_LOW.iter().find(|(_, letter)| *letter == c).expect("a letter").0,
        };
        text.chars().map(byte).collect()
    }

    /// F9: VISCII.
    #[test]
    fn viscii_is_recognised_and_its_letters_are_those_of_iconv() {
        let text = "Kế hoạch kiểm tra thực phẩm, tổng hợp ý kiến của các đơn vị";
        assert_eq!(decode(&viscii_bytes(text)), Ok((text.into(), Encoding::Viscii)));
        // Made by `iconv -t VISCII`: "Quyết định số 5 của Ủy ban".
        let made = b"Quy\xaat \xf0\xb8nh s\xaf 5 c\xfca \x9cy ban";
        assert_eq!(
            decode_as(made, Encoding::Viscii),
            Ok(("Quyết định số 5 của Ủy ban".into(), Encoding::Viscii))
        );
        assert!(viscii(&[0x02, 0x05, 0x06, 0x14, 0x19, 0x1e]).chars().all(char::is_uppercase));
    }

    /// F9: fonts of capitals (.VnTimeH) show the small letters' codes as capitals.
    #[test]
    fn capitals_typed_in_a_font_of_small_letters_come_back_as_capitals() {
        let bytes = |text: &str| encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
        let (text, encoding) =
            decode(&bytes("KÕ HO¹CH N¡M,Ng\u{ad}êi thùc hiÖn;Lª Tó\nphÐp c«ng t¸c")).expect("decoded");
        assert_eq!(
            (text.as_str(), encoding),
            ("KẾ HOẠCH NĂM,Người thực hiện;Lê Tú\nphép công tác", Encoding::Tcvn3)
        );
    }

    /// F9: what proves an encoding counts more than what is declared, and what breaks it is refused.
    #[test]
    fn declared_encoding_is_taken_where_nothing_proves_another() {
        let latin = |text: &str| encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
        // Too little to tell: one word.
        let one = latin("c«ng");
        assert_eq!(decode(&one), Err(EncodingError::Unclear));
        assert_eq!(decode_as(&one, Encoding::Tcvn3), Ok(("công".into(), Encoding::Tcvn3)));
        assert_eq!(decode_as("công".as_bytes(), Encoding::Tcvn3), Ok(("công".into(), Encoding::Utf8)));
        let vni = latin("Quyeát ñònh thaønh laäp Toå phuïc vuï");
        assert_eq!(decode_as(&vni, Encoding::Tcvn3), Err(EncodingError::Broken("TCVN3")));
        assert_eq!(decode_as(&vni, Encoding::Utf8), Err(EncodingError::Broken("UTF-8")));
        let wide: Vec<u8> = "công".encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert_eq!(decode_as(&wide, Encoding::Utf16Be), Ok(("công".into(), Encoding::Utf16Be)));
    }

    /// F9: two encodings in one file, overlong UTF-8, lone surrogates.
    #[test]
    fn mixtures_overlong_forms_and_lone_surrogates_are_refused() {
        let mut mixed = "Kế hoạch kiểm tra thực phẩm tổng hợp\n".as_bytes().to_vec();
        mixed.extend(encoding_rs::WINDOWS_1252.encode("xö ph¹t «ng Lª TÊn Lùc x©y dùng sai phÐp").0.iter());
        assert_eq!(decode(&mixed), Err(EncodingError::Unclear));
        for bytes in [
            &b"a \xc0\xaf b \xc0\xaf"[..],
            b"x \xe0\x80\xaf y",
            b"x \xed\xa0\x80 y \xed\xa0\x80",
            b"\xf8\x88\x80\x80\x80 z",
        ] {
            assert_eq!(decode(bytes), Err(EncodingError::Unclear), "{bytes:x?}");
        }
        assert_eq!(decode(b"\xfe\xff\xd8\x00\x00a"), Err(EncodingError::Broken("UTF-16BE")));
    }
}
