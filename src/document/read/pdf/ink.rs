//! With which colour a page is written, as far as it tells what is to be seen.

use lopdf::{Dictionary, Document, Object};

use super::super::page::ink::{BLACK, Colour, Paint};

/// How the numbers of a colour are to be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Space {
    /// Grey, red-green-blue or cyan-magenta-yellow-black, by how many numbers there are.
    Device,
    /// How much of an ink is laid on.
    Tint,
    /// Patterns, tables of colours and the like: taken for something to be seen.
    Unknown,
}

/// A colour with the space that its numbers are of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ink {
    space: Space,
    pub colour: Colour,
}

impl Ink {
    pub const BLACK: Self = Self { space: Space::Device, colour: BLACK };

    /// As something is drawn with it.
    pub fn paint(self, alpha: f64) -> Paint {
        Paint { colour: self.colour, alpha, is_known: self.space != Space::Unknown }
    }

    /// Changes the space, by its name among the resources of the page.
    pub fn change_space(&mut self, name: &[u8], resources: Option<&Dictionary>, document: &Document) {
        let spaces = resources.and_then(|all| all.get_deref(b"ColorSpace", document).and_then(Object::as_dict).ok());
        let named = spaces.and_then(|spaces| spaces.get_deref(name, document).ok());
        let family = match named {
            Some(Object::Array(parts)) => parts.first().and_then(|part| part.as_name().ok()).unwrap_or(name),
            Some(Object::Name(name)) => name,
            _ => name,
        };
        let space = match family {
            b"DeviceGray" | b"DeviceRGB" | b"DeviceCMYK" | b"CalGray" | b"CalRGB" | b"ICCBased" => Space::Device,
            b"Separation" | b"DeviceN" => Space::Tint,
            _ => Space::Unknown,
        };
        *self = Self { space, ..Self::BLACK };
    }

    /// Grey, red-green-blue or cyan-magenta-yellow-black.
    pub fn device(numbers: &[f64]) -> Self {
        let mut ink = Self::BLACK;
        ink.set(numbers);
        ink
    }

    /// A colour of the space.
    pub fn set(&mut self, numbers: &[f64]) {
        self.colour = match (self.space, numbers) {
            (Space::Device, [grey]) => [*grey; 3],
            (Space::Device, [red, green, blue]) => [*red, *green, *blue],
            (Space::Device, [cyan, magenta, yellow, black]) => {
                [cyan, magenta, yellow].map(|ink| (1.0 - ink) * (1.0 - black))
            }
            (Space::Tint, tints) => [1.0 - tints.iter().copied().fold(0.0, f64::max); 3],
            _ => [0.0; 3],
        }
        .map(|part| part.clamp(0.0, 1.0));
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::page::ink::{WHITE, contrast};
    use super::*;

    #[test]
    fn colours_are_understood_by_their_space() {
        let document = Document::new();
        assert_eq!(Ink::device(&[1.0]).colour, WHITE);
        assert_eq!(Ink::device(&[0.0, 0.0, 0.0, 0.0]).colour, WHITE);
        assert_eq!(contrast(Ink::device(&[0.0, 0.0, 0.0, 1.0]).colour, WHITE), 1.0);
        let spot = Object::Array(vec!["Separation".into(), "Gold".into()]);
        let spaces = lopdf::dictionary! { "ColorSpace" => lopdf::dictionary! { "C1" => spot } };
        let mut ink = Ink::BLACK;
        ink.change_space(b"C1", Some(&spaces), &document);
        ink.set(&[0.0]);
        assert_eq!(ink.colour, WHITE, "none of the ink");
        ink.change_space(b"Pattern", Some(&spaces), &document);
        ink.set(&[1.0]);
        assert_eq!(ink.colour, [0.0; 3], "what is not known is seen");
    }
}
