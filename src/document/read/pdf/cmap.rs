//! A font's table of characters: which code stands for which text (ToUnicode).
//!
//! Ranges are kept as ranges, however long they are.

use std::collections::BTreeMap;

/// Most entries of a table.
const MAX_ENTRIES: usize = 100_000;
/// Most characters that one code stands for, in UTF-16 units.
const MAX_UNITS: usize = 16;

/// Codes of a font and their texts.
#[derive(Debug, Default)]
pub struct CharacterMap {
    /// By first code: last code, and the text of the first as UTF-16.
    ranges: BTreeMap<u32, (u32, Vec<u16>)>,
    /// Bytes of a code, where the table says so.
    pub code_bytes: Option<usize>,
}

enum Token<'a> {
    Hex(Vec<u8>),
    Word(&'a [u8]),
    Open,
    Close,
}

impl CharacterMap {
    /// Reads a table; what is malformed in it is left out.
    pub fn parse(content: &[u8]) -> Self {
        let mut map = Self::default();
        let mut codes: Vec<Vec<u8>> = Vec::new();
        // Texts of the codes of a range, one by one.
        let mut list: Option<Vec<Vec<u8>>> = None;
        let mut section: &[u8] = b"";
        let mut rest = content;
        while let Some((token, after)) = next_token(rest) {
            rest = after;
            match token {
                Token::Word(word) => {
                    if word.starts_with(b"begin") || word.starts_with(b"end") {
                        section = word;
                    }
                    codes.clear();
                }
                Token::Open => list = Some(Vec::new()),
                Token::Close => {
                    if let (Some(list), [first, _]) = (list.take(), codes.as_slice()) {
                        map.list(number(first), list);
                    }
                    codes.clear();
                }
                Token::Hex(bytes) => match &mut list {
                    Some(list) => list.push(bytes),
                    None => codes.push(bytes),
                },
            }
            match (section, codes.as_slice()) {
                (b"begincodespacerange", [first, _]) => {
                    map.code_bytes = Some(first.len()).filter(|bytes| (1..=4).contains(bytes));
                    codes.clear();
                }
                (b"beginbfchar", [code, text]) => {
                    map.insert(number(code), number(code), text);
                    codes.clear();
                }
                (b"beginbfrange", [first, last, text]) => {
                    map.insert(number(first), number(last), text);
                    codes.clear();
                }
                _ => {}
            }
        }
        map
    }

    fn list(&mut self, first: u32, texts: Vec<Vec<u8>>) {
        for (code, text) in (first..=u32::MAX).zip(texts) {
            self.insert(code, code, &text);
        }
    }

    fn insert(&mut self, first: u32, last: u32, text: &[u8]) {
        let units: Vec<u16> = text.chunks_exact(2).take(MAX_UNITS).map(|pair| number(pair) as u16).collect();
        if last >= first && !units.is_empty() && self.ranges.len() < MAX_ENTRIES {
            self.ranges.insert(first, (last, units));
        }
    }

    /// The text of a code.
    pub fn text(&self, code: u32) -> Option<String> {
        let (first, (last, units)) = self.ranges.range(..=code).next_back()?;
        if code > *last {
            return None;
        }
        let mut units = units.clone();
        // Within a range the last unit counts up with the code.
        if let Some(unit) = units.last_mut() {
            *unit = unit.wrapping_add(u16::try_from(code - first).ok()?);
        }
        String::from_utf16(&units).ok()
    }
}

/// Big-endian; of more than four bytes the last four.
fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| (number << 8) | u32::from(*byte))
}

fn next_token(content: &[u8]) -> Option<(Token<'_>, &[u8])> {
    let content = content.trim_ascii_start();
    let (first, after) = content.split_first()?;
    match first {
        b'[' => Some((Token::Open, after)),
        b']' => Some((Token::Close, after)),
        b'%' => {
            let end = after.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(after.len());
            Some((Token::Word(b""), after.get(end..)?))
        }
        b'<' if after.first() != Some(&b'<') => {
            let end = after.iter().position(|byte| *byte == b'>').unwrap_or(after.len());
            let digits: Vec<u8> = after.get(..end)?.iter().copied().filter(u8::is_ascii_hexdigit).collect();
            let bytes = hex::decode(digits.get(..digits.len() / 2 * 2)?).ok()?;
            Some((Token::Hex(bytes), after.get(end + 1..).unwrap_or_default()))
        }
        b'<' | b'>' => Some((Token::Word(b""), after)),
        _ => {
            let ends = |byte: &u8| byte.is_ascii_whitespace() || b"[]<>%".contains(byte);
            let end = after.iter().position(ends).map_or(content.len(), |at| at + 1);
            Some((Token::Word(content.get(..end)?), content.get(end..)?))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_ranges_and_lists_are_read() {
        let map = CharacterMap::parse(
            b"1 begincodespacerange <0000> <FFFF> endcodespacerange\n2 beginbfchar\n<0001> <89C4> <0002> <D840DC00>\n\
              endbfchar 2 beginbfrange <0010> <0012> <0030> <0020> <0021> [<7AE0> <0041 0042>] endbfrange",
        );
        assert_eq!(map.code_bytes, Some(2));
        for (code, text) in [(1, "规"), (2, "\u{20000}"), (0x12, "2"), (0x20, "章"), (0x21, "AB")] {
            assert_eq!(map.text(code).as_deref(), Some(text), "{code}");
        }
        for code in [0, 3, 0x13, 0x22] {
            assert_eq!(map.text(code), None, "{code}");
        }
    }

    #[test]
    fn a_range_without_end_takes_no_room() {
        let map = CharacterMap::parse(b"beginbfrange <00000000> <FFFFFFFF> <0030> endbfrange <12");
        assert_eq!(map.text(9).as_deref(), Some("9"));
        assert_eq!(map.ranges.len(), 1);
    }
}
