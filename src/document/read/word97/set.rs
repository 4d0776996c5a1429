//! How a Word 97 file sets its characters, as far as that decides whether and as what they are to be seen.

use super::super::character::{Character, is_crowded, is_squeezed, moved};
use super::super::colour::{Rgb, are_alike};
use super::super::inscription::{Look, Setting};
use super::sprm::{Properties, Property};

/// Size of text of which nothing is said, in half points.
const USUAL_SIZE: u16 = 20;

/// The colours that are named by a number.
const TABLE: [Rgb; 16] = [
    [0, 0, 0],
    [0, 0, 255],
    [0, 255, 255],
    [0, 255, 0],
    [255, 0, 255],
    [255, 0, 0],
    [255, 255, 0],
    [255, 255, 255],
    [0, 0, 128],
    [0, 128, 128],
    [0, 128, 0],
    [128, 0, 128],
    [128, 0, 0],
    [128, 128, 0],
    [128, 128, 128],
    [192, 192, 192],
];

/// A colour by its number; 0 is as usual.
fn numbered(number: u8) -> Option<Rgb> {
    TABLE.get(usize::from(number).checked_sub(1)?).copied()
}

/// A colour of three bytes, of which a fourth says that it is as usual.
fn of_bytes(bytes: &[u8]) -> Option<Rgb> {
    match bytes {
        [red, green, blue, 0, ..] => Some([*red, *green, *blue]),
        _ => None,
    }
}

/// The colour that a shading lays behind a text: one colour over all, else what lies behind the pattern.
pub fn shading(bytes: &[u8]) -> Option<Rgb> {
    let (fore, back) = (bytes.get(..4)?, bytes.get(4..8)?);
    let pattern = bytes.get(8).copied().unwrap_or(0);
    if pattern == 1 { of_bytes(fore).or(Some([0; 3])) } else { of_bytes(back) }
}

/// The same in two bytes of numbers of colours.
pub fn short_shading(bits: u16) -> Option<Rgb> {
    let number = |shift: u16| u8::try_from(bits >> shift & 0x1F).unwrap_or(0);
    if bits >> 10 == 1 { numbered(number(0)).or(Some([0; 3])) } else { numbered(number(5)) }
}

/// What is on or off; a style may have it, and a run turn it around.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Toggle {
    is_on: bool,
    of_style: bool,
}

impl Toggle {
    fn set(&mut self, operand: u8) {
        self.is_on = match operand {
            0x80 => self.of_style,
            0x81 => !self.of_style,
            operand => operand != 0,
        };
    }
}

/// Properties of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Characters {
    struck: Toggle,
    struck_twice: Toggle,
    hidden: Toggle,
    is_deleted: bool,
    is_strange: bool,
    level: Look,
    moved: Look,
    size: u16,
    ink: Option<Rgb>,
    ground: Option<Rgb>,
    /// A character that stands for something else.
    pub is_special: bool,
    /// The character of a font of symbols.
    pub symbol: Option<u16>,
    /// Number of the style of the run.
    pub style: Option<u16>,
}

impl Default for Characters {
    fn default() -> Self {
        Self {
            struck: Toggle::default(),
            struck_twice: Toggle::default(),
            hidden: Toggle::default(),
            is_deleted: false,
            is_strange: false,
            level: Look::Plain,
            moved: Look::Plain,
            size: USUAL_SIZE,
            ink: None,
            ground: None,
            is_special: false,
            symbol: None,
            style: None,
        }
    }
}

impl Characters {
    /// Takes the properties of a list.
    pub fn take(&mut self, list: &[u8]) {
        Properties(list).for_each(|property| self.one(&property));
    }

    /// What stands now is that of the style.
    pub fn end_of_styles(&mut self) {
        for toggle in [&mut self.struck, &mut self.struck_twice, &mut self.hidden] {
            toggle.of_style = toggle.is_on;
        }
    }

    fn one(&mut self, property: &Property<'_>) {
        match property.kind {
            0x0837 => self.struck.set(property.byte()),
            0x2A53 => self.struck_twice.set(property.byte()),
            0x083C => self.hidden.set(property.byte()),
            0x0818 | 0x0811 if property.byte() == 1 => self.hidden.set(1),
            0x0800 => self.is_deleted = property.byte() != 0,
            0x2A48 => {
                self.level = match property.byte() {
                    1 => Look::Superscript,
                    2 => Look::Subscript,
                    _ => Look::Plain,
                };
            }
            0x4845 => self.moved = moved(property.i16().into()),
            0x4A43 => self.size = property.u16(),
            0x2A42 => self.ink = numbered(property.byte()),
            0x6870 => self.ink = of_bytes(property.operand),
            0x2A0C => self.ground = numbered(property.byte()),
            0x4866 => self.ground = short_shading(property.u16()),
            0xCA71 => self.ground = shading(property.operand),
            0x8840 => self.is_strange |= is_crowded(property.i16().into()),
            0x4852 => self.is_strange |= is_squeezed(property.u16().into()),
            // Set to a width, or two lines in one.
            0xCA76 | 0xCA78 => self.is_strange = true,
            0x0855 => self.is_special = property.byte() != 0,
            0x6A09 => {
                self.symbol = Some((property.u32() >> 16) as u16);
                self.is_special = true;
            }
            0x4A30 => self.style = Some(property.u16()),
            _ => {}
        }
    }

    pub fn mark_strange(&mut self) {
        self.is_strange = true;
    }

    /// How text is set, of which a colour lies behind the paragraph or the cell.
    pub fn setting(&self, behind: Option<Rgb>) -> Setting {
        let ground = self.ground.or(behind).unwrap_or([255; 3]);
        // What is usual changes to white on what is dark.
        let is_unseen = are_alike(self.ink.unwrap_or([0; 3]), ground) && (self.ink.is_some() || ground == [255; 3]);
        let character = Character {
            is_hidden: self.hidden.is_on || is_unseen,
            is_struck: self.struck.is_on || self.struck_twice.is_on || self.is_deleted,
            is_strange: self.is_strange,
            moved: self.moved,
            level: self.level,
            size: self.size,
        };
        character.setting()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(styles: &[u8], own: &[u8], behind: Option<Rgb>) -> Look {
        let mut characters = Characters::default();
        characters.take(styles);
        characters.end_of_styles();
        characters.take(own);
        characters.setting(behind).look
    }

    #[test]
    fn characters_are_hidden_struck_raised_or_plain() {
        for (styles, own, behind, expected) in [
            (&[][..], &[0x37, 0x08, 1][..], None, Look::Struck),
            (&[0x37, 0x08, 1], &[], None, Look::Struck),
            (&[0x37, 0x08, 1], &[0x37, 0x08, 0x81], None, Look::Plain),
            (&[0x37, 0x08, 1], &[0x37, 0x08, 0x80], None, Look::Struck),
            (&[], &[0x3C, 0x08, 1], None, Look::Hidden),
            (&[], &[0x00, 0x08, 1], None, Look::Struck),
            (&[], &[0x48, 0x2A, 1], None, Look::Superscript),
            (&[], &[0x45, 0x48, 0xFA, 0xFF], None, Look::Subscript),
            (&[], &[0x42, 0x2A, 8], None, Look::Hidden),
            (&[], &[0x42, 0x2A, 8], Some([0; 3]), Look::Plain),
            (&[], &[0x70, 0x68, 255, 255, 255, 0], None, Look::Hidden),
            (&[], &[0x70, 0x68, 0, 0, 0, 0xFF], None, Look::Plain),
            (&[], &[], Some([0; 3]), Look::Plain),
            (&[], &[0x43, 0x4A, 2, 0], None, Look::Hidden),
        ] {
            assert_eq!(look(styles, own, behind), expected, "{styles:x?} {own:x?}");
        }
    }
}
