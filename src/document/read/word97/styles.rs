//! The styles of a Word 97 file: the properties of characters that each has, and the style that it is based on
//! (MS-DOC 2.9.271).

use super::bytes::{part, u16_at};

/// Most styles, and most that one is based on, one after the other.
const MAX_STYLES: usize = 5_000;
const MAX_BASES: usize = 32;
/// Kinds of styles.
const OF_PARAGRAPHS: u16 = 1;
const OF_CHARACTERS: u16 = 2;

#[derive(Debug, Default)]
struct Style {
    base: usize,
    characters: Vec<u8>,
}

#[derive(Debug, Default)]
pub struct Styles(Vec<Style>);

impl Styles {
    pub fn parse(list: &[u8]) -> Self {
        let head = usize::from(u16_at(list, 0));
        let base_length = usize::from(u16_at(list, 4));
        let mut styles = Vec::new();
        let mut at = 2 + head;
        while at + 2 <= list.len() && styles.len() < MAX_STYLES {
            let length = usize::from(u16_at(list, at));
            styles.push(style(part(list, at + 2, length), base_length));
            at += 2 + length;
        }
        Self(styles)
    }

    /// The properties of characters of a style and of those that it is based on, the last first.
    pub fn characters(&self, style: u16) -> Vec<&[u8]> {
        let mut lists = Vec::new();
        let mut next = usize::from(style);
        for _ in 0..MAX_BASES {
            let Some(style) = self.0.get(next) else { break };
            lists.push(style.characters.as_slice());
            next = style.base;
        }
        lists.reverse();
        lists
    }
}

fn style(bytes: &[u8], base_length: usize) -> Style {
    let kind = u16_at(bytes, 2) & 0xF;
    let base = usize::from(u16_at(bytes, 2) >> 4);
    // Name, and the zero behind it.
    let mut at = base_length + 2 + 2 * usize::from(u16_at(bytes, base_length)) + 2;
    let mut lists = Vec::new();
    for _ in 0..usize::from(u16_at(bytes, 4) & 0xF) {
        let length = usize::from(u16_at(bytes, at));
        lists.push(part(bytes, at + 2, length));
        // Each begins at an even place.
        at += 2 + length + length % 2;
    }
    let characters = match kind {
        OF_PARAGRAPHS => lists.get(1),
        OF_CHARACTERS => lists.first(),
        _ => lists.get(2),
    };
    Style { base, characters: characters.copied().unwrap_or_default().to_vec() }
}
