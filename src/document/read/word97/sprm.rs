//! Properties as a Word 97 file lists them: the number of each with its operand (MS-DOC 2.2.5).

use super::bytes::u16_at;

/// Properties that say how long their operand is in a way of their own.
const TABLE_DEFINITION: u16 = 0xD608;
const TABS: u16 = 0xC615;

/// A property with its operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Property<'b> {
    pub kind: u16,
    pub operand: &'b [u8],
}

impl Property<'_> {
    pub fn byte(&self) -> u8 {
        self.operand.first().copied().unwrap_or(0)
    }

    pub fn u16(&self) -> u16 {
        u16_at(self.operand, 0)
    }

    pub fn i16(&self) -> i16 {
        self.u16().cast_signed()
    }

    pub fn u32(&self) -> u32 {
        u32::from(self.u16()) | u32::from(u16_at(self.operand, 2)) << 16
    }
}

/// The properties of a list; what is cut off is left out.
pub struct Properties<'b>(pub &'b [u8]);

impl<'b> Iterator for Properties<'b> {
    type Item = Property<'b>;

    fn next(&mut self) -> Option<Property<'b>> {
        let (kind, rest) = self.0.split_first_chunk::<2>()?;
        let kind = u16::from_le_bytes(*kind);
        let length = |at: usize| rest.get(at).copied().map(usize::from);
        // How many bytes of length go before the operand, and how many it has.
        let (before, size) = match kind >> 13 {
            0 | 1 => (0, 1),
            2 | 4 | 5 => (0, 2),
            3 => (0, 4),
            7 => (0, 3),
            _ if kind == TABLE_DEFINITION => (2, usize::from(u16_at(rest, 0)).checked_sub(1)?),
            _ if kind == TABS && length(0)? == 255 => {
                let deleted = 4 * length(1)? + 1;
                (1, deleted + 3 * length(1 + deleted)? + 1)
            }
            _ => (1, length(0)?),
        };
        let operand = rest.get(before..before + size)?;
        self.0 = rest.get(before + size..)?;
        Some(Property { kind, operand })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operands_are_as_long_as_their_property_says() {
        let list = [
            0x16, 0x24, 1, // one byte
            0x43, 0x4A, 21, 0, // two
            0x49, 0x66, 1, 0, 0, 0, // four
            0x2B, 0xD6, 2, 3, 1, // as many as it says
            0x08, 0xD6, 3, 0, 7, 8, // and that less one
            0x16, 0x24, 0,
        ];
        let found: Vec<(u16, Vec<u8>)> = Properties(&list).map(|one| (one.kind, one.operand.to_vec())).collect();
        assert_eq!(
            found,
            [
                (0x2416, vec![1]),
                (0x4A43, vec![21, 0]),
                (0x6649, vec![1, 0, 0, 0]),
                (0xD62B, vec![3, 1]),
                (0xD608, vec![7, 8]),
                (0x2416, vec![0]),
            ]
        );
        assert_eq!(Properties(&[0x43, 0x4A, 1]).count(), 0);
    }
}
