//! What holds within a group of an RTF, and what is said of a row of a table.

use super::super::sided::{Merge, Side};
use super::set::Characters;

/// Most cells of a row.
const MAX_CELLS: usize = 1_000;
/// Destinations of which nothing is printed in the text.
pub const UNPRINTED: &[&str] = &[
    "stylesheet",
    "info",
    "header",
    "headerl",
    "headerr",
    "headerf",
    "footer",
    "footerl",
    "footerr",
    "footerf",
    "footnote",
    "annotation",
    "ftnsep",
    "ftnsepc",
    "aftnsep",
    "pntext",
    "nonshppict",
    "nonesttables",
    "listtext",
    "upr",
    "xe",
    "tc",
    "rxe",
    "txe",
    "bkmkstart",
    "bkmkend",
    "fldtype",
    "objclass",
    "objname",
    "objdata",
    "themedata",
];

/// Destinations of the number before a paragraph, and of how it is counted.
pub const NUMBERINGS: [&str; 3] = ["pntext", "listtext", "pn"];

/// What a group is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    Body,
    Fonts,
    Colours,
    /// The code of a field.
    Code,
    /// The row of a table within a table.
    InnerRow,
    Unprinted,
}

/// What holds within a group, and ends with it.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    pub destination: Destination,
    pub characters: Characters,
    /// Bytes that stand behind each character of Unicode for programs that do not know it.
    pub fallback: usize,
    pub in_table: bool,
    pub depth: usize,
    /// The colour behind the paragraph, by its number.
    pub ground: usize,
    /// The paragraph is numbered by the program.
    pub is_numbered: bool,
    /// Within a field.
    pub is_field: bool,
    /// The lines of the paragraph are lower than a character.
    pub is_flat: bool,
}

impl Default for Group {
    fn default() -> Self {
        Self {
            destination: Destination::Body,
            characters: Characters::default(),
            fallback: 1,
            in_table: false,
            depth: 0,
            ground: 0,
            is_numbered: false,
            is_field: false,
            is_flat: false,
        }
    }
}

impl Group {
    /// How deep in tables the paragraph stands.
    pub fn depth(&self) -> usize {
        if self.in_table { self.depth.max(1) } else { 0 }
    }
}

/// A row as it is described.
#[derive(Debug, Default)]
pub struct Row {
    pub left: i32,
    pub sides: Vec<Side>,
    /// The colour behind each cell, by its number.
    pub grounds: Vec<usize>,
    /// What was said of the next cell.
    next: Side,
    next_ground: usize,
    /// Lower than a character.
    pub is_flat: bool,
}

impl Row {
    /// Takes what a word says of a row or its next cell.
    pub fn take(&mut self, word: &str, number: Option<i32>) {
        match word {
            "trowd" => *self = Self::default(),
            "trrh" => self.is_flat = number.is_some_and(is_flat),
            "trleft" => self.left = number.unwrap_or(0),
            "clmgf" => self.next.across = Merge::First,
            "clmrg" => self.next.across = Merge::Next,
            "clvmgf" => self.next.down = Merge::First,
            "clvmrg" => self.next.down = Merge::Next,
            "clcbpat" => self.next_ground = usize::try_from(number.unwrap_or(0)).unwrap_or(0),
            "cellx" if self.sides.len() < MAX_CELLS => {
                self.sides.push(Side { right: number.unwrap_or(0), ..std::mem::take(&mut self.next) });
                self.grounds.push(std::mem::take(&mut self.next_ground));
            }
            _ => {}
        }
    }
}

/// Heights below this, in twentieths of a point, show no character whole.
const FLAT: i32 = 80;

/// Whether a height in twentieths of a point is one that stays, and less than characters have.
pub fn is_flat(height: i32) -> bool {
    (-FLAT..0).contains(&height)
}
