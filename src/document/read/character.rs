//! What the formats of word processors say of a character, however each writes it: whether it is to be seen, and as what.

use super::inscription::{Look, Setting};

/// Smallest size that is to be seen, in half points.
const VISIBLE_SIZE: u16 = 3;
/// Narrowest characters, in hundredths of their width.
const NARROWEST: i32 = 35;
/// The closest characters, in twentieths of a point between them.
const CLOSEST: i32 = -40;
/// How far up or down a character is moved that is no longer on its line, in half points.
const MOVED: i32 = 2;

/// One character's properties, in the words of none of the formats.
#[derive(Debug, Clone, Copy, Default)]
pub struct Character {
    pub is_hidden: bool,
    pub is_struck: bool,
    /// Laid out in a way in which its characters are not one after the other.
    pub is_strange: bool,
    /// Moved up or down by hand, which goes before its level.
    pub moved: Look,
    /// Superscript, subscript, or neither.
    pub level: Look,
    /// In half points.
    pub size: u16,
}

impl Character {
    pub fn setting(self) -> Setting {
        let look = match self {
            Self { is_hidden: true, .. } => Look::Hidden,
            Self { size, .. } if !is_visible(size) => Look::Hidden,
            Self { is_struck: true, .. } => Look::Struck,
            Self { is_strange: true, .. } => Look::Strange,
            Self { moved: Look::Plain, level, .. } => level,
            Self { moved, .. } => moved,
        };
        Setting { look, size: self.size }
    }
}

/// Whether a size in half points is to be seen.
pub fn is_visible(size: u16) -> bool {
    size >= VISIBLE_SIZE
}

/// Whether characters of a width in hundredths of their own are too narrow to be told apart.
pub fn is_squeezed(percent: i32) -> bool {
    percent < NARROWEST
}

/// Whether characters with so many twentieths of a point between them lie over each other.
pub fn is_crowded(twentieths: i32) -> bool {
    twentieths <= CLOSEST
}

/// How a character looks that is moved up by so many half points.
pub fn moved(up: i32) -> Look {
    match up {
        MOVED.. => Look::Superscript,
        up if up <= -MOVED => Look::Subscript,
        _ => Look::Plain,
    }
}
