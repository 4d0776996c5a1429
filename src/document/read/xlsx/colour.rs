//! Colours of a workbook, by their value, by the old table of colours, or by the workbook's theme.

use quick_xml::events::BytesStart;

use super::super::colour::are_alike;
use super::super::package::attribute;

/// A colour as far as it can be told from another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Colour {
    Rgb([u8; 3]),
    /// Of the theme, which is not looked at: its number and how much lighter or darker it is made.
    Theme(u32, f32),
    Unknown,
}

/// Difference of a tint up to which one colour is not to be told from another.
const ALIKE_TINT: f32 = 0.1;

/// The colours that are named by a number (ECMA-376, 18.8.27), from the eighth on: the first eight are the same.
const TABLE: [u32; 56] = [
    0x000000, 0xFFFFFF, 0xFF0000, 0x00FF00, 0x0000FF, 0xFFFF00, 0xFF00FF, 0x00FFFF, 0x800000, 0x008000, 0x000080,
    0x808000, 0x800080, 0x008080, 0xC0C0C0, 0x808080, 0x9999FF, 0x993366, 0xFFFFCC, 0xCCFFFF, 0x660066, 0xFF8080,
    0x0066CC, 0xCCCCFF, 0x000080, 0xFF00FF, 0xFFFF00, 0x00FFFF, 0x800080, 0x800000, 0x008080, 0x0000FF, 0x00CCFF,
    0xCCFFFF, 0xCCFFCC, 0xFFFF99, 0x99CCFF, 0xFF99CC, 0xCC99FF, 0xFFCC99, 0x3366FF, 0x33CCCC, 0x99CC00, 0xFFCC00,
    0xFF9900, 0xFF6600, 0x666699, 0x969696, 0x003366, 0x339966, 0x003300, 0x333300, 0x993300, 0x993366, 0x333399,
    0x333333,
];

impl Colour {
    pub const BLACK: Self = Self::Rgb([0; 3]);
    pub const WHITE: Self = Self::Rgb([255; 3]);

    /// The colour that an element names; what is automatic is `usual`.
    pub fn of(element: &BytesStart<'_>, usual: Self) -> Self {
        if let Some(rgb) = attribute(element, "rgb") {
            let digits = rgb.get(rgb.len().saturating_sub(6)..);
            return digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).map_or(Self::Unknown, rgb_of);
        }
        let number = |name| attribute(element, name).and_then(|value| value.trim().parse::<u32>().ok());
        if let Some(theme) = number("theme") {
            let tint = attribute(element, "tint").and_then(|tint| tint.parse::<f32>().ok()).unwrap_or(0.0);
            return Self::of_theme(theme, tint.clamp(-1.0, 1.0));
        }
        number("indexed").map_or(usual, |number| Self::of_number(number, usual))
    }

    /// A colour of the old table.
    pub fn of_number(number: u32, usual: Self) -> Self {
        // Those of the system, and the one that is left to programs.
        if matches!(number, 64 | 65 | 0x7FFF) {
            return usual;
        }
        let at = usize::try_from(number).unwrap_or(usize::MAX);
        let place = if at < 8 { at } else { at - 8 };
        TABLE.get(place).copied().map_or(Self::Unknown, rgb_of)
    }

    /// The first two of a theme are white and black.
    fn of_theme(theme: u32, tint: f32) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 255")]
        let grey = |light: f32| Self::Rgb([(light.clamp(0.0, 1.0) * 255.0) as u8; 3]);
        match theme {
            0 => grey(1.0 + tint.min(0.0)),
            1 => grey(tint.max(0.0)),
            _ => Self::Theme(theme, tint),
        }
    }

    /// Whether a text of this colour is not to be seen on the other.
    pub fn is_alike(self, other: Self) -> bool {
        match (self, other) {
            (Self::Rgb(one), Self::Rgb(other)) => are_alike(one, other),
            (Self::Theme(one, tint), Self::Theme(other, other_tint)) => {
                one == other && (tint - other_tint).abs() <= ALIKE_TINT
            }
            _ => false,
        }
    }
}

fn rgb_of(number: u32) -> Colour {
    let [_, red, green, blue] = number.to_be_bytes();
    Colour::Rgb([red, green, blue])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(attributes: &str) -> Colour {
        let content = format!("color {attributes}");
        Colour::of(&BytesStart::from_content(content.as_str(), 5), Colour::BLACK)
    }

    #[test]
    fn colours_are_told_by_value_table_and_theme() {
        assert_eq!(colour("rgb=\"FFFFFFFF\""), Colour::WHITE);
        assert_eq!(colour("rgb=\"00FF00\""), Colour::Rgb([0, 255, 0]));
        assert_eq!(colour("indexed=\"1\""), Colour::WHITE);
        assert_eq!(colour("indexed=\"9\""), Colour::WHITE);
        assert_eq!(colour("indexed=\"63\""), Colour::Rgb([0x33; 3]));
        assert_eq!(colour("indexed=\"64\""), Colour::BLACK);
        assert_eq!(colour("auto=\"1\""), Colour::BLACK);
        assert_eq!(colour("theme=\"0\""), Colour::WHITE);
        assert_eq!(colour("theme=\"1\""), Colour::BLACK);
        assert!(colour("theme=\"0\" tint=\"-0.05\"").is_alike(Colour::WHITE));
        assert!(!colour("theme=\"0\" tint=\"-0.5\"").is_alike(Colour::WHITE));
        assert!(colour("theme=\"4\" tint=\"0.4\"").is_alike(colour("theme=\"4\" tint=\"0.39\"")));
        assert!(!colour("theme=\"4\"").is_alike(colour("theme=\"5\"")));
        assert_eq!(colour("rgb=\"é\""), Colour::Unknown);
    }
}
