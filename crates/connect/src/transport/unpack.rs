//! Unpacking answers: gzip, deflate (with and without the zlib frame) and Brotli, piece by piece.
//!
//! Owns the caps on what comes out: bytes, and the ratio to what came in, both looked at while unpacking, so that
//! a small answer can never fill the memory. It must not know requests. An answer that is cut off, packed another
//! way than its header says, or packed twice is refused whole and says why; nothing half unpacked is given out.

use brotli_decompressor::DecompressorWriter;
use flate2::write::MultiGzDecoder;
use flate2::{Decompress, FlushDecompress, Status};
use std::io::Write;

/// What we say we can unpack.
pub(super) const ACCEPTED: &str = "gzip, deflate, br";

/// How many times larger than it came an answer may get. Lists of tasks shrink to a tenth, seldom to a fiftieth.
const MAX_RATIO: u64 = 200;

/// Up to here the ratio does not matter.
const RATIO_FROM: u64 = 1024 * 1024;

/// Room for one step of unpacking.
const STEP: usize = 32 * 1024;

/// A sentence in Vietnamese and English.
type Sentences = (&'static str, &'static str);

const CUT_OFF: Sentences = ("dữ liệu nén bị cắt ngang", "the packed data is cut off");
const NOT_GZIP: Sentences =
    ("tiêu đề ghi gzip nhưng dữ liệu không phải gzip", "the header says gzip but the data is none");
const NOT_DEFLATE: Sentences =
    ("tiêu đề ghi deflate nhưng dữ liệu không phải deflate", "the header says deflate but the data is none");
const NOT_BROTLI: Sentences =
    ("tiêu đề ghi br nhưng dữ liệu không phải Brotli", "the header says br but the data is no Brotli");
const GOES_ON: Sentences = ("sau dữ liệu nén còn byte thừa", "bytes follow the end of the packed data");
const TWICE: Sentences = ("dữ liệu bị nén hai lần", "the data is packed twice");
const UNKNOWN: Sentences = (
    "kiểu nén này không được hỗ trợ (chỉ gzip, deflate, br)",
    "this way of packing is not known (gzip, deflate and br are)",
);

/// Why an answer was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// More bytes than allowed.
    TooLarge,
    /// More than so many times its packed size.
    Bomb(u64),
    /// It is not what its header says, or not whole.
    Broken(Sentences),
}

/// What came out so far, within its caps.
#[derive(Debug)]
struct Sink {
    out: Vec<u8>,
    most: u64,
    packed: u64,
    ratio: bool,
    refusal: Option<Refusal>,
}

impl Sink {
    fn take(&mut self, piece: &[u8]) -> Result<(), Refusal> {
        let size = (self.out.len() + piece.len()) as u64;
        let refusal = if size > self.most {
            Some(Refusal::TooLarge)
        } else if self.ratio && size > RATIO_FROM && size > self.packed.saturating_mul(MAX_RATIO) {
            Some(Refusal::Bomb(MAX_RATIO))
        } else {
            None
        };
        match refusal {
            Some(refusal) => {
                self.refusal = Some(refusal);
                Err(refusal)
            }
            None => {
                self.out.extend_from_slice(piece);
                Ok(())
            }
        }
    }
}

impl Write for Sink {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        match self.take(piece) {
            Ok(()) => Ok(piece.len()),
            Err(_) => Err(std::io::Error::other("over a cap")),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

enum Way {
    Plain(Sink),
    Gzip(Box<MultiGzDecoder<Sink>>),
    Deflate { head: Vec<u8>, inflate: Option<Box<Decompress>>, ended: bool, sink: Sink },
    Brotli(Box<DecompressorWriter<Sink>>),
}

/// One answer on its way out of its packing.
pub(super) struct Unpacker {
    way: Way,
    came: u64,
}

impl Unpacker {
    /// Begins an answer with this `Content-Encoding`; `most` bytes may come out, `room` are made at once.
    pub(super) fn new(encoding: &str, most: u64, room: usize) -> Result<Self, Refusal> {
        let mut codings = encoding
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("identity"));
        let coding = codings.next().map(str::to_ascii_lowercase);
        if codings.next().is_some() {
            return Err(Refusal::Broken(TWICE));
        }
        let sink =
            Sink { out: Vec::with_capacity(room), most, packed: 0, ratio: coding.is_some(), refusal: None };
        let way = match coding.as_deref() {
            None => Way::Plain(sink),
            Some("gzip" | "x-gzip") => Way::Gzip(Box::new(MultiGzDecoder::new(sink))),
            Some("deflate") => Way::Deflate { head: Vec::new(), inflate: None, ended: false, sink },
            Some("br") => Way::Brotli(Box::new(DecompressorWriter::new(sink, STEP))),
            Some(_) => return Err(Refusal::Broken(UNKNOWN)),
        };
        Ok(Self { way, came: 0 })
    }

    /// Takes the next piece of the answer as it came.
    pub(super) fn take(&mut self, piece: &[u8]) -> Result<(), Refusal> {
        self.came += piece.len() as u64;
        let came = self.came;
        match &mut self.way {
            Way::Plain(sink) => sink.take(piece),
            Way::Gzip(decoder) => {
                decoder.get_mut().packed = came;
                let done = decoder.write_all(piece);
                done.map_err(|_| decoder.get_ref().refusal.unwrap_or(Refusal::Broken(NOT_GZIP)))
            }
            Way::Deflate { head, inflate, ended, sink } => {
                sink.packed = came;
                inflated(piece, head, inflate, ended, sink)
            }
            Way::Brotli(decoder) => {
                decoder.get_mut().packed = came;
                let done = decoder.write_all(piece);
                done.map_err(|_| decoder.get_ref().refusal.unwrap_or(Refusal::Broken(NOT_BROTLI)))
            }
        }
    }

    /// The whole answer, once everything came.
    pub(super) fn end(self) -> Result<Vec<u8>, Refusal> {
        let packed = !matches!(self.way, Way::Plain(_));
        if packed && self.came == 0 {
            // An answer without a body has nothing that could be packed, whatever its header says.
            return Ok(Vec::new());
        }
        let cut_off = Refusal::Broken(CUT_OFF);
        let out = match self.way {
            Way::Plain(sink) => sink.out,
            Way::Gzip(mut decoder) => {
                let done = decoder.try_finish();
                done.map_err(|_| decoder.get_ref().refusal.unwrap_or(cut_off))?;
                std::mem::take(&mut decoder.get_mut().out)
            }
            Way::Deflate { ended: true, sink, .. } => sink.out,
            Way::Deflate { .. } => return Err(cut_off),
            Way::Brotli(mut decoder) => {
                let done = decoder.close();
                done.map_err(|_| decoder.get_ref().refusal.unwrap_or(cut_off))?;
                std::mem::take(&mut decoder.get_mut().out)
            }
        };
        if packed && out.starts_with(&[0x1f, 0x8b, 0x08]) {
            return Err(Refusal::Broken(TWICE));
        }
        Ok(out)
    }
}

/// Deflate as it is sent: framed as zlib, as the rule says, or bare, as some servers do.
fn inflated(
    piece: &[u8],
    head: &mut Vec<u8>,
    inflate: &mut Option<Box<Decompress>>,
    ended: &mut bool,
    sink: &mut Sink,
) -> Result<(), Refusal> {
    let joined;
    let mut rest = piece;
    if inflate.is_none() {
        head.extend_from_slice(piece);
        let &[first, second, ..] = head.as_slice() else { return Ok(()) };
        let framed = first & 0x0f == 8 && (u16::from(first) << 8 | u16::from(second)) % 31 == 0;
        *inflate = Some(Box::new(Decompress::new(framed)));
        joined = std::mem::take(head);
        rest = &joined;
    }
    let Some(inflate) = inflate else { return Ok(()) };
    let mut room = vec![0; STEP];
    while !rest.is_empty() || !*ended {
        if *ended {
            return Err(Refusal::Broken(GOES_ON));
        }
        let (in_before, out_before) = (inflate.total_in(), inflate.total_out());
        let status = inflate
            .decompress(rest, &mut room, FlushDecompress::None)
            .map_err(|_| Refusal::Broken(NOT_DEFLATE))?;
        let taken = usize::try_from(inflate.total_in() - in_before).unwrap_or(rest.len());
        let made = usize::try_from(inflate.total_out() - out_before).unwrap_or(0);
        sink.take(room.get(..made).unwrap_or_default())?;
        rest = rest.get(taken..).unwrap_or_default();
        *ended = status == Status::StreamEnd;
        if !*ended && taken == 0 && made == 0 {
            // It waits for the next piece.
            return Ok(());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    const MOST: u64 = 8 * 1024 * 1024;

    fn unpack(encoding: &str, bytes: &[u8], step: usize) -> Result<Vec<u8>, Refusal> {
        let mut unpacker = Unpacker::new(encoding, MOST, 0)?;
        for piece in bytes.chunks(step) {
            unpacker.take(piece)?;
        }
        unpacker.end()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("packs")
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("packs")
    }

    fn bare(bytes: &[u8]) -> Vec<u8> {
        // `fast` stays below the ratio whatever it packs.
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("packs")
    }

    /// Brotli of a text, stored and not shrunk: a metablock that is told to be uncompressed.
    fn brotli(text: &[u8]) -> Vec<u8> {
        let length = u32::try_from(text.len() - 1).expect("short");
        assert!(length < 1 << 16);
        // Window 16 (one bit 0), not last (0), 4 nibbles (00), length - 1 (16 bits), uncompressed (1).
        let bits = (length << 4) | (1 << 20);
        let mut out = bits.to_le_bytes()[..3].to_vec();
        out.extend_from_slice(text);
        out.push(3); // last, empty
        out
    }

    #[test]
    fn every_way_of_packing_gives_the_same_text_in_pieces_of_any_size() {
        let text = r#"{"items":[{"id":1,"name":"Nhiệm vụ"}]}"#.repeat(200);
        let text = text.as_bytes();
        for (encoding, packed) in [
            ("", text.to_vec()),
            ("identity", text.to_vec()),
            ("gzip", gzip(text)),
            ("X-GZIP", gzip(text)),
            ("gzip", [gzip(&text[..100]), gzip(&text[100..])].concat()),
            ("deflate", zlib(text)),
            ("deflate", bare(text)),
            ("br", brotli(text)),
        ] {
            for step in [1, 7, 4096, usize::MAX] {
                assert_eq!(unpack(encoding, &packed, step).as_deref(), Ok(text), "{encoding} by {step}");
            }
        }
    }

    /// E5: every answer that is cut off anywhere is refused, in every way of packing.
    #[test]
    fn cut_off_answers_are_refused_whole() {
        let text = "Nhiệm vụ số 1; ".repeat(100);
        let text = text.as_bytes();
        for (encoding, packed) in
            [("gzip", gzip(text)), ("deflate", zlib(text)), ("deflate", bare(text)), ("br", brotli(text))]
        {
            for end in 1..packed.len() {
                let refused = unpack(encoding, &packed[..end], 5);
                assert!(matches!(refused, Err(Refusal::Broken(_))), "{encoding} cut at {end}: {refused:?}");
            }
            assert_eq!(unpack(encoding, b"", 1).as_deref(), Ok(&b""[..]));
        }
    }

    /// E5: deflate called gzip, gzip called deflate, plain text called either, gzip within gzip, two codings.
    #[test]
    fn what_is_packed_otherwise_than_it_says_is_refused_with_the_reason() {
        let text = b"{\"items\":[]}";
        for (encoding, packed, why) in [
            ("gzip", zlib(text), NOT_GZIP),
            ("gzip", text.to_vec(), NOT_GZIP),
            ("deflate", gzip(text), NOT_DEFLATE),
            ("gzip", gzip(&gzip(text)), TWICE),
            ("gzip, gzip", gzip(&gzip(text)), TWICE),
            ("zstd", text.to_vec(), UNKNOWN),
            ("deflate", [zlib(text), b"more".to_vec()].concat(), GOES_ON),
        ] {
            assert_eq!(unpack(encoding, &packed, 3), Err(Refusal::Broken(why)), "{encoding}");
        }
    }

    /// E5: a bomb ends at the ratio or at the cap of bytes, long before it is unpacked.
    #[test]
    fn bombs_end_at_the_ratio_or_at_the_cap() {
        let zeros = vec![b' '; 16 << 20];
        for (encoding, packed) in [("gzip", gzip(&zeros)), ("deflate", bare(&zeros))] {
            assert_eq!(unpack(encoding, &packed, 256), Err(Refusal::Bomb(MAX_RATIO)), "{encoding}");
        }
        let mut varied = Vec::new();
        (0..2_000_000u32).for_each(|number| varied.extend_from_slice(number.to_string().as_bytes()));
        assert!(varied.len() as u64 > MOST);
        assert_eq!(unpack("gzip", &gzip(&varied), 4096), Err(Refusal::TooLarge));
        assert_eq!(unpack("", &varied, 4096), Err(Refusal::TooLarge));
    }
}
