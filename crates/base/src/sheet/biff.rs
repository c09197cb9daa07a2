//! Records of an old Excel workbook (BIFF8): cutting them, their strings, their numbers.
//!
//! Owns the bytes of a record and those that continue it. It must not know what a sheet is. A record that is cut off
//! is an error; nothing reads beyond the bytes that are there, and no room is made for what is only declared.

/// The bytes end within a record, or a record within a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a record is cut off")]
pub(super) struct CutOff;

/// Records one after the other.
pub(super) struct Records<'a> {
    stream: &'a [u8],
    at: usize,
}

/// Bytes that continue the record before.
const CONTINUE: u16 = 0x003c;

impl<'a> Records<'a> {
    /// From a place on.
    pub(super) fn from(stream: &'a [u8], at: usize) -> Self {
        Self { stream, at }
    }

    fn one(&self) -> Result<Option<(u16, &'a [u8])>, CutOff> {
        let rest = self.stream.get(self.at..).unwrap_or_default();
        let [a, b, c, d, rest @ ..] = rest else { return Ok(None) };
        let length = usize::from(u16::from_le_bytes([*c, *d]));
        Ok(Some((u16::from_le_bytes([*a, *b]), rest.get(..length).ok_or(CutOff)?)))
    }

    /// The next record with those that continue it; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<(u16, Body<'a>)>, CutOff> {
        let Some((kind, first)) = self.one()? else { return Ok(None) };
        self.at += 4 + first.len();
        let mut parts = vec![first];
        while let Some((CONTINUE, more)) = self.one()? {
            self.at += 4 + more.len();
            parts.push(more);
        }
        let left = parts.iter().map(|part| part.len()).sum();
        Ok(Some((kind, Body { parts, part: 0, at: 0, left })))
    }
}

/// What a record holds, read from its beginning.
pub(super) struct Body<'a> {
    parts: Vec<&'a [u8]>,
    part: usize,
    at: usize,
    /// Bytes not read yet.
    left: usize,
}

impl Body<'_> {
    fn byte(&mut self) -> Result<u8, CutOff> {
        loop {
            let part = self.parts.get(self.part).ok_or(CutOff)?;
            if let Some(byte) = part.get(self.at) {
                self.at += 1;
                self.left = self.left.saturating_sub(1);
                return Ok(*byte);
            }
            self.part += 1;
            self.at = 0;
        }
    }

    /// A number of one byte.
    pub(super) fn u8(&mut self) -> Result<u8, CutOff> {
        self.byte()
    }

    /// A number of two bytes.
    pub(super) fn u16(&mut self) -> Result<u16, CutOff> {
        Ok(u16::from_le_bytes([self.byte()?, self.byte()?]))
    }

    /// A number of four bytes.
    pub(super) fn u32(&mut self) -> Result<u32, CutOff> {
        Ok(u32::from_le_bytes([self.byte()?, self.byte()?, self.byte()?, self.byte()?]))
    }

    /// Eight bytes as they stand.
    pub(super) fn eight(&mut self) -> Result<[u8; 8], CutOff> {
        let mut bytes = [0; 8];
        for byte in &mut bytes {
            *byte = self.byte()?;
        }
        Ok(bytes)
    }

    /// A packed number: a whole one of 30 bits or the upper half of a float, perhaps in hundredths.
    pub(super) fn packed(&mut self) -> Result<f64, CutOff> {
        let bits = self.u32()?;
        let value = if bits & 2 != 0 {
            f64::from((bits.cast_signed()) >> 2)
        } else {
            f64::from_bits(u64::from(bits & !3) << 32)
        };
        Ok(if bits & 1 != 0 { value / 100.0 } else { value })
    }

    /// Bytes not read yet.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    fn skip(&mut self, count: usize) -> Result<(), CutOff> {
        if count > self.left() {
            return Err(CutOff);
        }
        for _ in 0..count {
            self.byte()?;
        }
        Ok(())
    }

    /// A string whose length has two bytes.
    pub(super) fn string(&mut self) -> Result<String, CutOff> {
        let length = self.u16()?;
        self.characters(length)
    }

    /// A string whose length has one byte.
    pub(super) fn short_string(&mut self) -> Result<String, CutOff> {
        let length = self.u8()?;
        self.characters(length.into())
    }

    /// The flags of a string, its characters, and past the formats of its parts. Where it goes on in the next part
    /// of the record, a flag there says anew how wide its characters are.
    fn characters(&mut self, length: u16) -> Result<String, CutOff> {
        let flags = self.byte()?;
        let runs = if flags & 8 != 0 { usize::from(self.u16()?) } else { 0 };
        let extended = if flags & 4 != 0 { self.u32()? } else { 0 };
        let (mut wide, mut left) = (flags & 1 != 0, usize::from(length));
        let mut units: Vec<u16> = Vec::with_capacity(left.min(self.left()));
        while left > 0 {
            let part = self.parts.get(self.part).ok_or(CutOff)?;
            let rest = part.get(self.at..).unwrap_or_default();
            if rest.is_empty() {
                self.part += 1;
                self.at = 0;
                wide = self.byte()? & 1 != 0;
                continue;
            }
            let size = if wide { 2 } else { 1 };
            let count = left.min(rest.len() / size);
            if count == 0 {
                return Err(CutOff);
            }
            let taken = rest.get(..count * size).unwrap_or_default();
            if wide {
                let pairs = taken.as_chunks::<2>().0;
                units.extend(pairs.iter().map(|pair| u16::from_le_bytes(*pair)));
            } else {
                units.extend(taken.iter().map(|byte| u16::from(*byte)));
            }
            self.at += count * size;
            self.left = self.left.saturating_sub(count * size);
            left -= count;
        }
        self.skip(runs * 4)?;
        self.skip(usize::try_from(extended).map_err(|_| CutOff)?)?;
        Ok(String::from_utf16_lossy(&units))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u16, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).expect("short");
        [&kind.to_le_bytes()[..], &length.to_le_bytes(), body].concat()
    }

    #[test]
    fn bytes_left_are_right_after_every_way_of_reading_over_parts() {
        let stream =
            [record(0x00fc, &[1, 2, 3]), record(0x003c, &[4, 5]), record(0x003c, &[2, 0, 0, b'a', b'b', 9])];
        let stream = stream.concat();
        let (_, mut body) = Records::from(&stream, 0).next().expect("whole").expect("there");
        assert_eq!((body.left(), body.u16(), body.left()), (11, Ok(0x0201), 9));
        assert_eq!((body.skip(3), body.left()), (Ok(()), 6));
        assert_eq!((body.string(), body.left()), (Ok("ab".to_owned()), 1));
        assert_eq!((body.skip(2), body.u8(), body.left()), (Err(CutOff), Ok(9), 0));
    }

    #[test]
    fn string_goes_on_in_the_next_part_with_a_width_of_its_own() {
        // "Mã số": the first three characters wide, the other two narrow.
        let wide: Vec<u8> = "Mã ".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let first = [&[5, 0, 1][..], &wide].concat();
        let stream = [record(0x00fc, &first), record(0x003c, &[0, b's', b'o'])].concat();
        let mut records = Records::from(&stream, 0);
        let (kind, mut body) = records.next().expect("whole").expect("there");
        assert_eq!((kind, body.string()), (0x00fc, Ok("Mã so".to_owned())));
        assert!(records.next().expect("whole").is_none());
    }

    #[test]
    fn what_is_cut_off_is_an_error_wherever_it_is_cut() {
        let stream = record(0x0204, &[4, 0, 1, b'a', 0, b'b', 0]);
        for length in 5..stream.len() {
            assert!(Records::from(&stream[..length], 0).next().is_err(), "{length}");
        }
        let (_, mut body) = Records::from(&stream, 0).next().expect("whole").expect("there");
        assert_eq!(body.string(), Err(CutOff), "four characters, two are there");
        assert!(Records::from(&stream, usize::MAX).next().expect("beyond the end").is_none());
    }

    #[test]
    fn packed_numbers_are_the_ones_meant() {
        let packed = |bits: u32| Body { parts: vec![&bits.to_le_bytes()], part: 0, at: 0, left: 4 }.packed();
        assert_eq!(packed((123 << 2) | 2), Ok(123.0));
        assert_eq!(packed((12_345 << 2) | 3), Ok(123.45));
        assert_eq!(packed((-7i32 << 2).cast_unsigned() | 2), Ok(-7.0));
        assert_eq!(packed(0x3ff0_0000), Ok(1.0));
    }
}
