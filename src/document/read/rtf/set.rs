//! How an RTF sets its characters, as far as that decides whether and as what they are to be seen.

use super::super::character::{Character, is_crowded, is_squeezed, moved};
use super::super::colour::{Rgb, are_alike};
use super::super::inscription::{Look, Setting};

/// Size of text of which nothing is said, in half points.
const USUAL_SIZE: u16 = 24;
/// How far a word that moves text moves it where it does not say, in half points.
const USUAL_MOVE: i32 = 6;

const WHITE: Rgb = [255; 3];
const BLACK: Rgb = [0; 3];

/// Properties of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Characters {
    is_struck: bool,
    /// Or moved elsewhere, while changes were tracked.
    is_deleted: bool,
    is_hidden: bool,
    is_strange: bool,
    level: Look,
    moved: Look,
    /// In half points.
    size: u16,
    /// Numbers in the table of colours; 0 is what is usual.
    ink: usize,
    ground: usize,
    /// Number of the font.
    pub font: i32,
}

impl Default for Characters {
    fn default() -> Self {
        Self {
            is_struck: false,
            is_deleted: false,
            is_hidden: false,
            is_strange: false,
            level: Look::Plain,
            moved: Look::Plain,
            size: USUAL_SIZE,
            ink: 0,
            ground: 0,
            font: 0,
        }
    }
}

impl Characters {
    /// Takes a control word; false where it is about something else.
    pub fn take(&mut self, word: &str, number: Option<i32>) -> bool {
        let is_on = number != Some(0);
        let index = || usize::try_from(number.unwrap_or(0)).unwrap_or(0);
        match word {
            "plain" => *self = Self { font: self.font, ..Self::default() },
            "strike" | "striked" => self.is_struck = is_on,
            "deleted" | "mvf" => self.is_deleted = is_on,
            "v" => self.is_hidden = is_on,
            "super" => self.level = if is_on { Look::Superscript } else { Look::Plain },
            "sub" => self.level = if is_on { Look::Subscript } else { Look::Plain },
            "nosupersub" => self.level = Look::Plain,
            "up" => self.moved = moved(number.unwrap_or(USUAL_MOVE).max(0)),
            "dn" => self.moved = moved(-number.unwrap_or(USUAL_MOVE).max(0)),
            "fs" => self.size = number.and_then(|size| u16::try_from(size).ok()).unwrap_or(USUAL_SIZE),
            "cf" => self.ink = index(),
            "cb" | "chcbpat" | "highlight" => self.ground = index(),
            "f" => self.font = number.unwrap_or(0),
            "charscalex" => self.is_strange = number.is_some_and(is_squeezed),
            "expndtw" => self.is_strange = number.is_some_and(is_crowded),
            _ => return false,
        }
        true
    }

    /// How text is set, of which a colour by its number may lie behind the paragraph or the cell.
    pub fn setting(&self, colours: &[Option<Rgb>], behind: usize) -> Setting {
        let colour = |at: usize, usual: Rgb| colours.get(at).copied().flatten().unwrap_or(usual);
        let ground = if self.ground == 0 { behind } else { self.ground };
        let is_unseen = are_alike(colour(self.ink, BLACK), colour(ground, WHITE));
        let character = Character {
            is_hidden: self.is_hidden || is_unseen,
            is_struck: self.is_struck || self.is_deleted,
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

    fn look(words: &[(&str, Option<i32>)], behind: usize) -> Look {
        let mut characters = Characters::default();
        words.iter().for_each(|(word, number)| assert!(characters.take(word, *number), "{word}"));
        characters.setting(&[None, Some(WHITE), Some(BLACK)], behind).look
    }

    #[test]
    fn characters_are_hidden_struck_raised_or_plain() {
        for (words, behind, expected) in [
            (&[("v", None)][..], 0, Look::Hidden),
            (&[("v", None), ("v", Some(0))], 0, Look::Plain),
            (&[("strike", None), ("plain", None)], 0, Look::Plain),
            (&[("strike", None)], 0, Look::Struck),
            (&[("deleted", None)], 0, Look::Struck),
            (&[("mvf", None)], 0, Look::Struck),
            (&[("super", None)], 0, Look::Superscript),
            (&[("super", None), ("nosupersub", None)], 0, Look::Plain),
            (&[("up", Some(6))], 0, Look::Superscript),
            (&[("up", Some(0))], 0, Look::Plain),
            (&[("dn", None)], 0, Look::Subscript),
            (&[("cf", Some(1))], 0, Look::Hidden),
            (&[("cf", Some(1))], 2, Look::Plain),
            (&[("cf", Some(1)), ("highlight", Some(2))], 0, Look::Plain),
            (&[("cb", Some(2))], 0, Look::Hidden),
            (&[("fs", Some(2))], 0, Look::Hidden),
            (&[("charscalex", Some(10))], 0, Look::Strange),
        ] {
            assert_eq!(look(words, behind), expected, "{words:?}");
        }
    }
}
