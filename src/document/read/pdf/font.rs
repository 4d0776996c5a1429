//! A font of a PDF: what the codes of a text say, and how wide they are.

use std::collections::HashMap;

use encoding_rs::{GBK, UTF_16BE};
use lopdf::{Dictionary, Document, Encoding, Object};

use super::super::error::ReadError;
use super::super::inscription::draws_pictures;
use super::super::page::UNKNOWN;
use super::cmap::CharacterMap;
use super::unpack::Unpacker;

/// Width of a code of which nothing is said, in thousandths of the size.
const WIDTH: f64 = 500.0;
/// The same for fonts of Chinese characters.
const WIDE: f64 = 1000.0;

/// One code of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Glyph {
    pub text: String,
    /// In parts of the size.
    pub width: f64,
    /// A single byte 32, which word spacing applies to.
    pub is_blank: bool,
}

/// How the bytes of a text divide into codes.
#[derive(Debug, Clone, Copy)]
enum Codes {
    Fixed(usize),
    /// One byte, or two from a first byte of 0x81 on.
    Gbk,
    Utf16,
}

/// A font as far as reading needs it.
pub struct Font<'d> {
    codes: Codes,
    map: Option<CharacterMap>,
    encoding: Option<Encoding<'d>>,
    /// Codes of one byte that are not the font's own.
    is_latin: bool,
    /// The characters of codes to which the font gives names of its own; none for one that nobody knows.
    named: HashMap<u32, Option<char>>,
    /// Its characters are pictures.
    is_of_pictures: bool,
    /// First and last code with the width of each.
    widths: Vec<(u32, u32, f64)>,
    default_width: f64,
    pub is_vertical: bool,
}

impl<'d> Font<'d> {
    /// Reads a font; what it does not say is left at what is usual.
    ///
    /// # Errors
    /// The errors of limits.
    pub fn of(font: &'d Dictionary, document: &'d Document, unpacker: &mut Unpacker) -> Result<Self, ReadError> {
        let object = |key: &[u8]| font.get_deref(key, document).ok();
        let map = match object(b"ToUnicode").and_then(|table| table.as_stream().ok()) {
            Some(table) => unpacker.content(table)?.map(|content| CharacterMap::parse(&content)),
            None => None,
        };
        let base = object(b"BaseFont").and_then(|name| name.as_name().ok()).unwrap_or_default();
        let is_of_pictures = draws_pictures(&String::from_utf8_lossy(base));
        let name = object(b"Encoding").and_then(|encoding| encoding.as_name().ok()).unwrap_or_default();
        if font.get(b"Subtype").and_then(Object::as_name).is_ok_and(|subtype| subtype == b"Type0") {
            return Ok(Self { is_of_pictures, ..Self::composite(font, document, map, name) });
        }
        let scale = match object(b"FontMatrix").and_then(|matrix| matrix.as_array().ok()?.first()?.as_float().ok()) {
            // A font of drawings has a scale of its own.
            Some(scale) => f64::from(scale) * 1000.0,
            None => 1.0,
        };
        let first = object(b"FirstChar").and_then(|first| first.as_i64().ok()).unwrap_or(0);
        let widths = object(b"Widths").and_then(|widths| widths.as_array().ok()).map(Vec::as_slice).unwrap_or_default();
        let widths = (u32::try_from(first).unwrap_or(0)..).zip(widths.iter().take(256));
        // The codes of a font that comes with the document and states no encoding are its own.
        let is_own = map.is_some() && object(b"Encoding").is_none() && is_embedded(font, document);
        Ok(Self {
            codes: Codes::Fixed(1),
            encoding: font.get_font_encoding_with_limit(document, 0).ok().filter(|_| !is_own),
            // All encodings of Latin letters have the digits in the same places.
            is_latin: !is_own,
            named: object(b"Encoding").map(|encoding| named(encoding, document)).unwrap_or_default(),
            is_of_pictures,
            map,
            widths: widths.filter_map(|(code, width)| Some((code, code, number(width, document)? * scale))).collect(),
            default_width: WIDTH,
            is_vertical: false,
        })
    }

    fn composite(font: &'d Dictionary, document: &'d Document, map: Option<CharacterMap>, name: &[u8]) -> Self {
        let codes = match name {
            name if name.starts_with(b"GBK") || name.starts_with(b"GB-EUC") => Codes::Gbk,
            name if name.starts_with(b"UniGB-U") => Codes::Utf16,
            _ => Codes::Fixed(map.as_ref().and_then(|map| map.code_bytes).unwrap_or(2)),
        };
        let descendants = font.get_deref(b"DescendantFonts", document).and_then(Object::as_array).ok();
        let descendant = descendants.and_then(|fonts| fonts.first());
        let descendant = descendant.and_then(|font| document.dereference(font).ok()?.1.as_dict().ok());
        let object = |key: &[u8]| descendant.and_then(|font| font.get_deref(key, document).ok());
        let widths = object(b"W").and_then(|widths| widths.as_array().ok());
        Self {
            codes,
            map,
            encoding: None,
            is_latin: false,
            named: HashMap::new(),
            is_of_pictures: false,
            widths: widths.map(|widths| ranges(widths, document)).unwrap_or_default(),
            default_width: object(b"DW").and_then(|width| number(width, document)).unwrap_or(WIDE),
            is_vertical: name.ends_with(b"-V"),
        }
    }

    /// The codes of a text.
    pub fn glyphs(&self, bytes: &[u8]) -> Vec<Glyph> {
        let mut glyphs = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() {
            let length = match self.codes {
                Codes::Fixed(length) => length,
                Codes::Utf16 => 2,
                Codes::Gbk => 1 + usize::from(rest.first().is_some_and(|byte| *byte >= 0x81)),
            };
            let (code, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            rest = after;
            let number = code.iter().fold(0u32, |number, byte| (number << 8) | u32::from(*byte));
            let text = self.text(number, code).unwrap_or_else(|| UNKNOWN.to_owned());
            glyphs.push(Glyph { text, width: self.width(number) / 1000.0, is_blank: code == b" " });
        }
        glyphs
    }

    fn text(&self, number: u32, code: &[u8]) -> Option<String> {
        if self.is_of_pictures {
            return None;
        }
        if let Some(map) = &self.map {
            let text = map.text(number)?;
            // What is drawn follows the encoding, whatever the table beside it says.
            let is_digit = |text: &str| text.len() == 1 && text.chars().all(|c| c.is_ascii_digit());
            let latin = || char::from_u32(number).filter(|_| self.is_latin).map(String::from);
            let drawn = self.encoded(number, code).or_else(latin).filter(|drawn| is_digit(drawn) && is_digit(&text));
            return drawn.is_none_or(|drawn| drawn == text).then_some(text);
        }
        if self.encoding.is_some() {
            return self.encoded(number, code);
        }
        let encoding = match self.codes {
            Codes::Gbk => GBK,
            Codes::Utf16 => UTF_16BE,
            Codes::Fixed(_) => return None,
        };
        Some(encoding.decode_without_bom_handling_and_without_replacement(code)?.into_owned())
    }

    /// The text of a code by the encoding and the names of characters.
    fn encoded(&self, number: u32, code: &[u8]) -> Option<String> {
        let text = self.encoding.as_ref()?.bytes_to_string(code).ok().filter(|text| !text.is_empty());
        match self.named.get(&number) {
            Some(Some(character)) => Some(character.to_string()),
            // What is behind such a name may be anything: the code says what another font would draw.
            Some(None) => text.filter(|text| !text.chars().any(is_of_numbers)),
            None => text,
        }
    }

    fn width(&self, code: u32) -> f64 {
        // Of the ranges that begin at or before the code, the last.
        let before = self.widths.partition_point(|(first, ..)| *first <= code);
        let range = before.checked_sub(1).and_then(|at| self.widths.get(at));
        range.filter(|(_, last, _)| code <= *last).map_or(self.default_width, |(.., width)| *width)
    }
}

/// Whether the outlines of a font come with the document.
fn is_embedded(font: &Dictionary, document: &Document) -> bool {
    // A font of drawings is one by itself.
    font.has(b"CharProcs")
        || font.get_deref(b"FontDescriptor", document).and_then(Object::as_dict).is_ok_and(|descriptor| {
            [&b"FontFile"[..], b"FontFile2", b"FontFile3"].iter().any(|file| descriptor.has(file))
        })
}

fn is_of_numbers(character: char) -> bool {
    character.is_numeric() || matches!(character, ',' | '.' | '-' | '−' | '\u{e000}'..='\u{f8ff}')
}

/// The codes to which an encoding gives names, with the characters of those that number figures are made of.
fn named(encoding: &Object, document: &Document) -> HashMap<u32, Option<char>> {
    let differences = encoding.as_dict().and_then(|encoding| encoding.get_deref(b"Differences", document));
    let mut named = HashMap::new();
    let mut code = 0u32;
    for each in differences.and_then(Object::as_array).into_iter().flatten() {
        match each {
            Object::Integer(first) => code = u32::try_from(*first).unwrap_or(0),
            Object::Name(name) => {
                named.insert(code, character_named(&String::from_utf8_lossy(name)));
                code = code.saturating_add(1);
            }
            _ => {}
        }
    }
    named
}

/// The character of a glyph's name, of those that figures are made of and those that are named by their number; what follows a
/// point says how it looks (Adobe Glyph List Specification, section 2).
fn character_named(name: &str) -> Option<char> {
    const NAMES: [(&str, char); 17] = [
        ("zero", '0'),
        ("one", '1'),
        ("two", '2'),
        ("three", '3'),
        ("four", '4'),
        ("five", '5'),
        ("six", '6'),
        ("seven", '7'),
        ("eight", '8'),
        ("nine", '9'),
        ("comma", ','),
        ("period", '.'),
        ("hyphen", '-'),
        ("minus", '−'),
        ("space", ' '),
        ("slash", '/'),
        ("percent", '%'),
    ];
    let base = name.split('.').next().unwrap_or_default();
    let by_number = || {
        let digits = base
            .strip_prefix("uni")
            .filter(|digits| digits.len() == 4)
            .or_else(|| base.strip_prefix('u').filter(|digits| (4..=6).contains(&digits.len())))?;
        char::from_u32(u32::from_str_radix(digits, 16).ok()?)
    };
    NAMES.iter().find(|(known, _)| *known == base).map(|(_, character)| *character).or_else(by_number)
}

fn number(object: &Object, document: &Document) -> Option<f64> {
    document.dereference(object).ok()?.1.as_float().ok().map(f64::from).filter(|number| number.is_finite())
}

/// The widths of a composite font: `first [width …]` or `first last width`, again and again.
fn ranges(widths: &[Object], document: &Document) -> Vec<(u32, u32, f64)> {
    let code = |object: &Object| number(object, document).filter(|n| (0.0..=4e9).contains(n)).map(|n| n as u32);
    let mut ranges = Vec::new();
    let mut rest = widths;
    while let [first, second, after @ ..] = rest {
        let Some(from) = code(first) else { break };
        if let Ok(list) = document.dereference(second).and_then(|(_, list)| list.as_array()) {
            let each = (from..).zip(list).filter_map(|(code, width)| Some((code, code, number(width, document)?)));
            ranges.extend(each);
            rest = after;
        } else if let ([width, after @ ..], Some(to)) = (after, code(second)) {
            ranges.extend(number(width, document).map(|width| (from, to, width)));
            rest = after;
        } else {
            break;
        }
    }
    ranges.sort_by_key(|(first, ..)| *first);
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_glyphs_are_known_by_what_they_say_and_not_by_where_they_stand() {
        for (name, character) in [
            ("four", Some('4')),
            ("four.lf", Some('4')),
            ("uni0034", Some('4')),
            ("u0034", Some('4')),
            ("u1D7D2", Some('\u{1d7d2}')),
            ("g55", None),
            ("cid55", None),
            ("Four", None),
            ("fouroldstyle", None),
            ("uniform", None),
            ("", None),
        ] {
            assert_eq!(character_named(name), character, "{name}");
        }
    }
}
