//! The records of an Excel 97 workbook: a number, a length, and bytes, which may go on in records that follow.

/// A record that begins where others went on before.
#[derive(Debug, Clone)]
pub struct Record<'b> {
    pub kind: u16,
    /// Its bytes, and those of the records that carry it on.
    pub parts: Vec<&'b [u8]>,
}

/// Number of a record that carries on the one before.
const CONTINUE: u16 = 0x3C;

impl<'b> Record<'b> {
    /// The bytes of its first part.
    pub fn bytes(&self) -> &'b [u8] {
        self.parts.first().copied().unwrap_or_default()
    }
}

/// The records of a stream from a place on, one after the other.
pub struct Records<'b> {
    stream: &'b [u8],
    at: usize,
}

impl<'b> Records<'b> {
    pub fn from(stream: &'b [u8], at: usize) -> Self {
        Self { stream, at }
    }

    fn one(&mut self) -> Option<(u16, &'b [u8])> {
        let head = self.stream.get(self.at..self.at.checked_add(4)?)?;
        let (kind, length) = (u16_at(head, 0), usize::from(u16_at(head, 2)));
        let start = self.at + 4;
        // What is cut off at the end is read as far as it goes.
        let end = (start + length).min(self.stream.len());
        self.at = end;
        Some((kind, self.stream.get(start..end)?))
    }
}

impl<'b> Iterator for Records<'b> {
    type Item = Record<'b>;

    fn next(&mut self) -> Option<Record<'b>> {
        let (kind, first) = self.one()?;
        let mut record = Record { kind, parts: vec![first] };
        loop {
            let before = self.at;
            match self.one() {
                Some((CONTINUE, part)) => record.parts.push(part),
                _ => {
                    self.at = before;
                    return Some(record);
                }
            }
        }
    }
}

/// A number of two bytes; 0 where they are not there.
pub fn u16_at(bytes: &[u8], at: usize) -> u16 {
    let pair = bytes.get(at..).and_then(|rest| rest.first_chunk::<2>());
    pair.map_or(0, |pair| u16::from_le_bytes(*pair))
}

/// A number of four bytes; 0 where they are not there.
pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let four = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
    four.map_or(0, |four| u32::from_le_bytes(*four))
}

pub fn f64_at(bytes: &[u8], at: usize) -> f64 {
    let eight = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>());
    eight.map_or(f64::NAN, |eight| f64::from_le_bytes(*eight))
}

/// Reads through the parts of a record.
pub struct Reader<'r, 'b> {
    parts: &'r [&'b [u8]],
    part: usize,
    at: usize,
}

/// A text with its runs: from which character on which font counts.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Text {
    pub text: Vec<u16>,
    pub runs: Vec<(usize, u16)>,
}

impl<'r, 'b> Reader<'r, 'b> {
    pub fn new(parts: &'r [&'b [u8]], at: usize) -> Self {
        Self { parts, part: 0, at }
    }

    /// What is left of the part; the next one where nothing is. `begins` says that another part began.
    fn rest(&mut self) -> (&'b [u8], bool) {
        let mut begins = false;
        loop {
            let rest = self.parts.get(self.part).and_then(|part| part.get(self.at..)).unwrap_or_default();
            if !rest.is_empty() || self.part + 1 >= self.parts.len() {
                return (rest, begins);
            }
            (self.part, self.at, begins) = (self.part + 1, 0, true);
        }
    }

    fn byte(&mut self) -> Option<u8> {
        let (rest, _) = self.rest();
        self.at += 1;
        rest.first().copied()
    }

    pub fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes([self.byte()?, self.byte()?]))
    }

    pub fn u32(&mut self) -> Option<u32> {
        Some(u32::from(self.u16()?) | u32::from(self.u16()?) << 16)
    }

    fn skip(&mut self, count: usize) {
        let mut left = count;
        while left > 0 {
            let (rest, _) = self.rest();
            if rest.is_empty() {
                return;
            }
            let step = left.min(rest.len());
            self.at += step;
            left -= step;
        }
    }

    /// A text whose length is in two bytes before it; none where it is cut off.
    pub fn text(&mut self) -> Option<Text> {
        let length = usize::from(self.u16()?);
        self.text_of(length)
    }

    /// A text of so many characters.
    pub fn text_of(&mut self, length: usize) -> Option<Text> {
        let flags = self.byte()?;
        let run_count = if flags & 8 != 0 { usize::from(self.u16()?) } else { 0 };
        let extra = if flags & 4 != 0 { usize::try_from(self.u32()?).ok()? } else { 0 };
        let text = self.characters(length, flags & 1 != 0)?;
        let mut runs = Vec::new();
        for _ in 0..run_count {
            runs.push((usize::from(self.u16()?), self.u16()?));
        }
        self.skip(extra);
        Some(Text { text, runs })
    }

    /// Characters of one or two bytes each, of which another part says anew how wide they are.
    fn characters(&mut self, length: usize, is_wide: bool) -> Option<Vec<u16>> {
        let mut is_wide = is_wide;
        let mut text = Vec::new();
        while text.len() < length {
            let (rest, begins) = self.rest();
            if begins {
                is_wide = rest.first()? & 1 != 0;
                self.at += 1;
                continue;
            }
            let width = if is_wide { 2 } else { 1 };
            let count = (rest.len() / width).min(length - text.len());
            if count == 0 {
                return None;
            }
            let bytes = rest.get(..count * width)?;
            match is_wide {
                true => text.extend(bytes.chunks_exact(2).map(|pair| u16_at(pair, 0))),
                false => text.extend(bytes.iter().map(|byte| u16::from(*byte))),
            }
            self.at += count * width;
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_goes_on_in_the_next_record_with_its_width_said_anew() {
        let first: &[u8] = &[5, 0, 0b1000, 1, 0, b'a', b'b'];
        let second: &[u8] = &[1, 0xC4, 0x89, b'c', 0, b'd', 0, 2, 0, 7, 0, 9];
        let parts = [first, second];
        let mut reader = Reader::new(&parts, 0);
        let text = reader.text().unwrap();
        assert_eq!(String::from_utf16(&text.text).unwrap(), "ab规cd");
        assert_eq!(text.runs, [(2, 7)]);
        assert_eq!(reader.byte(), Some(9));
        assert!(Reader::new(&[&[9, 0, 0, b'a'][..]], 0).text().is_none());
    }

    #[test]
    fn records_that_carry_on_another_are_part_of_it() {
        let stream = [1u8, 0, 2, 0, b'a', b'b', 0x3C, 0, 1, 0, b'c', 2, 0, 9, 0, b'd'];
        let records: Vec<_> = Records::from(&stream, 0).map(|record| (record.kind, record.parts.concat())).collect();
        assert_eq!(records, [(1, b"abc".to_vec()), (2, b"d".to_vec())]);
    }
}
