//! What the properties of a paragraph say of tables: how deep it stands in them, whether it ends a cell or a row, and where
//! the cells of a row stand.

use super::super::colour::Rgb;
use super::super::sided::{Merge, Side};
use super::bytes::u16_at;
use super::set::{shading, short_shading};
use super::sprm::Properties;

/// Most cells of a row.
const MAX_CELLS: usize = 64;

/// A paragraph as far as tables go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paragraph {
    in_table: bool,
    depth: usize,
    /// It ends a row, of the outermost table or of one within.
    pub ends_row: bool,
    pub ends_inner_cell: bool,
    pub ends_inner_row: bool,
    /// It is numbered by the program.
    pub is_numbered: bool,
    pub ground: Option<Rgb>,
    pub left: i32,
    pub sides: Vec<Side>,
    /// The colour behind each cell.
    pub grounds: Vec<Option<Rgb>>,
}

impl Paragraph {
    pub fn of(lists: &[&[u8]]) -> Self {
        let mut paragraph = Self::default();
        for property in lists.iter().flat_map(|list| Properties(list)) {
            let operand = property.operand;
            match property.kind {
                0x2416 => paragraph.in_table = property.byte() != 0,
                0x2417 => paragraph.ends_row = property.byte() != 0,
                0x6649 => paragraph.depth = usize::try_from(property.u32()).unwrap_or(usize::MAX),
                0x244B => paragraph.ends_inner_cell = property.byte() != 0,
                // Which list it is of; 0 and 0xF801 stand for none.
                0x460B => paragraph.is_numbered = !matches!(property.u16(), 0 | 0xF801),
                0x244C => paragraph.ends_inner_row = property.byte() != 0,
                0x442D => paragraph.ground = short_shading(property.u16()),
                0xC64D => paragraph.ground = shading(operand),
                0xD608 => paragraph.define(operand),
                0xD62B => {
                    let (cell, flags) = (usize::from(property.byte()), operand.get(1).copied().unwrap_or(0));
                    if let Some(side) = paragraph.sides.get_mut(cell) {
                        side.down = match flags {
                            0 => Merge::None,
                            3 => Merge::First,
                            _ => Merge::Next,
                        };
                    }
                }
                // Cells from one to before another are one.
                0x5624 => {
                    let (first, end) =
                        (usize::from(property.byte()), usize::from(operand.get(1).copied().unwrap_or(0)));
                    for (at, side) in paragraph.sides.iter_mut().enumerate().take(end).skip(first) {
                        side.across = if at == first { Merge::First } else { Merge::Next };
                    }
                }
                0xD609 => {
                    let colours = operand.chunks_exact(2).map(|pair| short_shading(u16_at(pair, 0)));
                    paragraph.grounds = colours.take(MAX_CELLS).collect();
                }
                0xD612 => paragraph.grounds = operand.chunks_exact(10).take(MAX_CELLS).map(shading).collect(),
                _ => {}
            }
        }
        paragraph
    }

    /// How deep in tables it stands.
    pub fn depth(&self) -> usize {
        if self.in_table { self.depth.max(1) } else { 0 }
    }

    /// The sides of the cells of a row.
    fn define(&mut self, operand: &[u8]) {
        let count = usize::from(operand.first().copied().unwrap_or(0)).min(MAX_CELLS);
        let edge = |at: usize| i32::from(u16_at(operand, 1 + 2 * at).cast_signed());
        let cells = 1 + 2 * (count + 1);
        self.left = edge(0);
        self.sides = (0..count)
            .map(|at| {
                let flags = u16_at(operand, cells + 20 * at);
                let across = match flags & 3 {
                    1 | 3 => Merge::First,
                    2 => Merge::Next,
                    _ => Merge::None,
                };
                let down = match (flags & 0x20 != 0, flags & 0x40 != 0) {
                    (_, true) => Merge::First,
                    (true, false) => Merge::Next,
                    _ => Merge::None,
                };
                Side { right: edge(at + 1), across, down }
            })
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_where_its_cells_stand_and_which_are_merged() {
        let mut operand = vec![2, 0xF0, 0xFF, 100, 0, 200, 0];
        operand.extend([0x20, 0]);
        operand.extend([0; 18]);
        operand.extend([0x60, 0]);
        operand.extend([0; 18]);
        let length = u16::try_from(operand.len() + 1).unwrap().to_le_bytes();
        let list = [&[0x16, 0x24, 1, 0x17, 0x24, 1, 0x08, 0xD6][..], &length, &operand].concat();
        let paragraph = Paragraph::of(&[&list]);
        assert_eq!((paragraph.depth(), paragraph.ends_row, paragraph.left), (1, true, -16));
        let down: Vec<_> = paragraph.sides.iter().map(|side| (side.right, side.down)).collect();
        assert_eq!(down, [(100, Merge::Next), (200, Merge::First)]);
    }
}
