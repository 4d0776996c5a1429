//! With which colour something is drawn.

use super::super::page::ink::{BLACK, Colour, Paint};
use super::element::{Element, number};

/// The most of a channel, and of opacity.
const FULL: f64 = 255.0;

/// What an element of a colour says.
pub fn paint(element: &Element) -> Paint {
    // What has no channels of its own is a pattern, a flow of colours, or one of a table.
    let is_plain = element.children.iter().all(|child| child.is("Value")) && element.value("Index").is_none();
    let colour = element.value("Value").map_or(Some(BLACK), colour);
    Paint {
        colour: colour.unwrap_or(BLACK),
        alpha: element.number("Alpha").unwrap_or(FULL) / FULL,
        is_known: is_plain && colour.is_some(),
    }
}

/// Grey, red-green-blue or cyan-magenta-yellow-black, by how many channels there are.
fn colour(channels: &str) -> Option<Colour> {
    let channel = |text: &str| match text.strip_prefix('#') {
        Some(hexadecimal) => u8::from_str_radix(hexadecimal, 16).ok().map(f64::from),
        None => number(text),
    };
    let channels: Option<Vec<f64>> = channels.split_whitespace().map(channel).collect();
    let channels: Vec<f64> = channels?.into_iter().map(|channel| (channel / FULL).clamp(0.0, 1.0)).collect();
    match channels.as_slice() {
        [grey] => Some([*grey; 3]),
        [red, green, blue] => Some([*red, *green, *blue]),
        [cyan, magenta, yellow, black] => Some([cyan, magenta, yellow].map(|ink| (1.0 - ink) * (1.0 - black))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::page::ink::WHITE;
    use super::*;

    #[test]
    fn colours_are_understood_however_they_are_written() {
        let of = |part: &str| paint(&Element::parse(part).unwrap());
        for white in [
            "<C Value='255 255 255'/>",
            "<C Value='#FF #ff #FF'/>",
            "<C><Value>255</Value></C>",
            "<C Value='0 0 0 0'/>",
        ] {
            assert_eq!(of(white).colour, WHITE, "{white}");
        }
        assert_eq!(of("<C/>"), Paint { colour: BLACK, alpha: 1.0, is_known: true });
        assert_eq!(of("<C Value='0 0 0' Alpha='51'/>").alpha, 0.2);
        assert!(!of("<C><AxialShd/></C>").is_known && !of("<C Index='1'/>").is_known);
    }
}
