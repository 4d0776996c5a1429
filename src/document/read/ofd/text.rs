//! The characters of a text object where they stand.

use std::collections::HashMap;

use super::super::page::geometry::Matrix;
use super::element::{Element, number};

/// What stands for a character that the font alone knows: it makes a number unreadable rather than shorter.
const UNKNOWN: char = '\u{fffd}';

/// A character, how wide it is in parts of its size, and what the unit square is transformed to where it stands.
pub struct Placed {
    pub character: char,
    pub width: f64,
    pub place: Matrix,
    /// Nothing says where it stands.
    pub is_loose: bool,
}

/// The characters of a text object of a matrix.
pub fn characters(object: &Element, matrix: Matrix) -> impl Iterator<Item = Placed> {
    let size = object.number("Size").unwrap_or(0.0);
    let scale = object.number("HScale").unwrap_or(1.0);
    let turn = object.number("CharDirection").unwrap_or(0.0) as i64;
    // Of several characters drawn as one, or one as several, it is not known what they look like, nor of characters that
    // are set out in another direction in what order they stand.
    let is_joined = object.all("CGTransform").any(|transform| !is_one_to_one(transform, object))
        || object.number("ReadDirection").is_some_and(|direction| direction != 0.0);
    // In a page whose y grows downwards a turn to the right is one to the left.
    let upright = Matrix([size * scale, 0.0, 0.0, -size, 0.0, 0.0]).then(Matrix::turned(-turn));
    let (mut x, mut y) = (0.0, 0.0);
    object.all("TextCode").flat_map(move |code| {
        (x, y) = (code.number("X").unwrap_or(x), code.number("Y").unwrap_or(y));
        let steps = ["DeltaX", "DeltaY"].map(|name| code.value(name).filter(|steps| !steps.is_empty()));
        let has_none = steps == [None, None];
        let mut steps = steps.map(|steps| steps.map(Steps::of));
        let mut at = (x, y);
        let mut is_loose = is_joined;
        let mut placed: Vec<Placed> = Vec::new();
        for (number, character) in text(code).chars().enumerate() {
            if number > 0 {
                let [right, down] = &mut steps;
                let step = |steps: &mut Option<Steps<'_>>| steps.as_mut().map_or(0.0, Steps::next);
                let (across, along) = (step(right), step(down));
                at = (at.0 + across, at.1 + along);
                is_loose |= has_none || steps.iter().flatten().any(|steps| steps.is_spent);
                // What is set narrow ends where the next begins.
                let room = across / (size * scale);
                if let Some(before) = placed.last_mut().filter(|before| room > 0.0 && room < before.width) {
                    before.width = room;
                }
            }
            let width = width(character);
            let place = upright.then(Matrix::moved(at.0, at.1)).then(matrix);
            if has_none {
                at.0 += width * size * scale;
            }
            let character = if is_unknown(character) { UNKNOWN } else { character };
            placed.push(Placed { character, width, place, is_loose });
        }
        if let [.., before, last] = placed.as_mut_slice()
            && width(before.character) == width(last.character)
        {
            last.width = before.width;
        }
        placed
    })
}

/// Whether each character of an object is drawn by a glyph of its own, and by the same one wherever it stands.
fn is_one_to_one(transform: &Element, object: &Element) -> bool {
    if transform.value("CodeCount") != transform.value("GlyphCount") {
        return false;
    }
    let first = transform.number("CodePosition").unwrap_or(0.0) as usize;
    let characters = object.all("TextCode").flat_map(|code| text(code).chars()).skip(first);
    let glyphs = transform.all("Glyphs").flat_map(|glyphs| glyphs.text.split_whitespace());
    let (mut by_glyph, mut by_character) = (HashMap::new(), HashMap::new());
    glyphs.zip(characters).all(|(glyph, character)| {
        *by_glyph.entry(glyph).or_insert(character) == character
            && *by_character.entry(character).or_insert(glyph) == glyph
    })
}

/// The text of a code, without the line ends and blanks of a file that is laid out to be read.
fn text(code: &Element) -> &str {
    let text = code.text.as_str();
    if text.trim_start_matches(' ').starts_with(['\n', '\r']) {
        text.trim()
    } else {
        text.trim_end_matches(['\n', '\r'])
    }
}

/// Characters of private use mean what their font says.
fn is_unknown(character: char) -> bool {
    matches!(character, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'.. | UNKNOWN) || character.is_control()
}

/// What a character takes of its size: all of it, or, of Latin ones, about a half.
fn width(character: char) -> f64 {
    if character < '\u{2e80}' { 0.5 } else { 1.0 }
}

/// From character to character: numbers, of which `g 3 5` is three times 5. Where they end before the text, the last
/// goes on.
struct Steps<'s> {
    rest: std::str::SplitWhitespace<'s>,
    again: u64,
    last: f64,
    is_spent: bool,
}

impl<'s> Steps<'s> {
    fn of(steps: &'s str) -> Self {
        Self { rest: steps.split_whitespace(), again: 0, last: 0.0, is_spent: false }
    }

    fn next(&mut self) -> f64 {
        while self.again == 0 {
            let (count, step) = match self.rest.next() {
                Some("g" | "G") => {
                    (self.rest.next().and_then(|count| count.parse().ok()).unwrap_or(0), self.rest.next())
                }
                step => (1, step),
            };
            match step.and_then(number) {
                Some(step) => (self.again, self.last) = (count, step),
                None => {
                    self.is_spent = true;
                    return self.last;
                }
            }
        }
        self.again -= 1;
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(code: &str) -> Vec<(char, f64, f64, bool)> {
        let object = Element::parse(&format!("<T Size='2'>{code}</T>")).unwrap();
        let placed = characters(&object, Matrix::IDENTITY);
        let place = |placed: Placed| {
            let at = placed.place.apply(0.0, 0.0);
            (placed.character, at.x, at.y, placed.is_loose)
        };
        placed.map(place).collect()
    }

    #[test]
    fn characters_stand_where_their_steps_lead() {
        let expected =
            [('1', 5.0, 9.0, false), ('2', 6.0, 9.0, false), ('3', 7.0, 9.0, false), ('中', 9.5, 9.0, false)];
        assert_eq!(places("<TextCode X='5' Y='9' DeltaX='g 2 1 2.5'>123中</TextCode>"), expected);
        assert_eq!(places("<TextCode X='5' Y='9' DeltaX='1 g 0 7 1 2.5 8'>123中</TextCode>"), expected);
        let down = [('1', 0.0, 1.0, false), ('2', 0.0, 4.0, false), ('3', 3.0, 4.0, false)];
        assert_eq!(places("<TextCode Y='1' DeltaY='3'>12</TextCode><TextCode X='3' Y='4'>3</TextCode>"), down);
    }

    #[test]
    fn where_no_step_leads_it_is_not_known_where_characters_stand() {
        let loose = |code: &str| places(code).iter().map(|(.., is_loose)| *is_loose).collect::<Vec<_>>();
        assert_eq!(loose("<TextCode X='0' Y='0'>12</TextCode>"), [false, true]);
        assert_eq!(loose("<TextCode X='0' Y='0' DeltaX='1'>123</TextCode>"), [false, false, true]);
        assert_eq!(loose("<CGTransform CodeCount='2' GlyphCount='1'/><TextCode DeltaX='1'>12</TextCode>"), [true; 2]);
        let drawn = |glyphs: &str| {
            format!(
                "<CGTransform CodeCount='2' GlyphCount='2'><Glyphs>{glyphs}</Glyphs></CGTransform><TextCode DeltaX='1'>12</TextCode>"
            )
        };
        assert_eq!(loose(&drawn("20 21")), [false; 2]);
        assert_eq!(loose(&drawn("20 20")), [true; 2]);
        assert_eq!(loose("<TextCode>1</TextCode>"), [false]);
    }

    #[test]
    fn what_only_a_font_knows_is_unknown_and_lines_of_the_file_are_no_text() {
        let text = |code: &str| places(code).iter().map(|(character, ..)| *character).collect::<String>();
        assert_eq!(text("<TextCode DeltaX='g 9 1'>1\u{e001}2</TextCode>"), "1\u{fffd}2");
        assert_eq!(text("<TextCode DeltaX='g 9 1'>\n   12\n  </TextCode>"), "12");
        assert_eq!(text("<TextCode DeltaX='g 9 1'> 年</TextCode>"), " 年");
    }
}
