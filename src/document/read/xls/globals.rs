//! What all sheets of a workbook share: texts, fonts, formats, styles, and where each sheet begins.

use std::collections::HashMap;

use super::super::error::ReadError;
use super::super::xlsx::{CellStyle, Colour, Fit, Font, RichText, built_in};
use super::super::{Format, Limits};
use super::damaged;
use super::record::{Reader, Record, Records, Text, u16_at, u32_at};

/// Most fonts, formats, styles and sheets of a workbook.
const MAX_STYLES: usize = 70_000;
const MAX_SHEETS: usize = 64;
/// Number of the first colour of the table that a workbook may change.
const FIRST_COLOUR: u32 = 8;

mod kind {
    pub const END: u16 = 0x000A;
    pub const PROTECTED: u16 = 0x002F;
    pub const SHEET: u16 = 0x0085;
    pub const FONT: u16 = 0x0031;
    pub const FORMAT: u16 = 0x041E;
    pub const STYLE: u16 = 0x00E0;
    pub const COLOURS: u16 = 0x0092;
    pub const TEXTS: u16 = 0x00FC;
}

pub struct SheetPlace {
    pub at: usize,
    pub is_visible: bool,
}

#[derive(Default)]
pub struct Globals {
    pub sheets: Vec<SheetPlace>,
    pub texts: Vec<RichText>,
    fonts: Vec<RawFont>,
    formats: HashMap<u16, String>,
    styles: Vec<RawStyle>,
    colours: Vec<[u8; 3]>,
}

#[derive(Clone, Copy)]
struct RawFont {
    font: Font,
    colour: u32,
}

#[derive(Clone, Copy)]
struct RawStyle {
    font: u16,
    format: u16,
    pattern: u32,
    ground: u32,
    fit: Fit,
}

impl Globals {
    /// Reads the first part of a workbook's stream.
    ///
    /// # Errors
    /// [`ReadError::Protected`], [`ReadError::Damaged`] and the errors of limits.
    pub fn read(stream: &[u8], limits: &Limits) -> Result<Self, ReadError> {
        let mut globals = Self::default();
        // Texts have their fonts by number: those are all there once the part has ended.
        let mut texts: Vec<Text> = Vec::new();
        for record in Records::from(stream, 0) {
            let bytes = record.bytes();
            match record.kind {
                kind::END => break,
                kind::PROTECTED => return Err(ReadError::Protected { format: Format::Xls.name() }),
                kind::SHEET if bytes.get(5) == Some(&0) => {
                    let at = usize::try_from(u32_at(bytes, 0)).unwrap_or(usize::MAX);
                    globals
                        .sheets
                        .push(SheetPlace { at, is_visible: bytes.get(4).is_some_and(|state| state & 3 == 0) });
                }
                kind::SHEET => globals.sheets.push(SheetPlace { at: 0, is_visible: false }),
                kind::FONT if globals.fonts.len() < MAX_STYLES => globals.fonts.push(font(bytes)),
                kind::FORMAT if globals.formats.len() < MAX_STYLES => {
                    let code = Reader::new(&record.parts, 2).text();
                    globals.formats.extend(code.map(|code| (u16_at(bytes, 0), String::from_utf16_lossy(&code.text))));
                }
                kind::STYLE if globals.styles.len() < MAX_STYLES => globals.styles.push(style(bytes)),
                kind::COLOURS => {
                    let colour = |four: &[u8]| [0, 1, 2].map(|at| four.get(at).copied().unwrap_or(0));
                    globals.colours = bytes.get(2..).unwrap_or_default().chunks_exact(4).map(colour).collect();
                }
                kind::TEXTS => texts = shared(&record, limits)?,
                _ => {}
            }
            if globals.sheets.len() > MAX_SHEETS {
                return Err(damaged(format!("more than {MAX_SHEETS} sheets")));
            }
        }
        globals.texts = texts.into_iter().map(|text| globals.rich(text)).collect();
        Ok(globals)
    }

    /// A text with the fonts of its runs.
    pub fn rich(&self, text: Text) -> RichText {
        let mut rich = RichText::default();
        let mut from = 0;
        let mut font = None;
        for (at, number) in text.runs.iter().copied().chain([(text.text.len(), 0)]) {
            let at = at.clamp(from, text.text.len());
            let piece = text.text.get(from..at).unwrap_or_default();
            if !piece.is_empty() {
                rich.push(&String::from_utf16_lossy(piece), font);
            }
            (from, font) = (at, self.font(number));
        }
        rich
    }

    /// A font by its number, of which 4 stands for none.
    fn font(&self, number: u16) -> Option<Font> {
        let at = usize::from(number);
        let raw = self.fonts.get(if at > 4 { at - 1 } else { at })?;
        let mut font = raw.font;
        font.set_colour(self.colour(raw.colour, Colour::BLACK));
        Some(font)
    }

    /// A colour by its number; what is as usual is `usual`.
    pub fn colour(&self, number: u32, usual: Colour) -> Colour {
        let own = number.checked_sub(FIRST_COLOUR).and_then(|at| self.colours.get(usize::try_from(at).ok()?));
        match own {
            Some(own) => Colour::Rgb(*own),
            None => Colour::of_number(number, usual),
        }
    }

    /// The style of a cell by its number.
    pub fn style(&self, number: u16) -> CellStyle {
        let Some(raw) = self.styles.get(usize::from(number)) else { return CellStyle::default() };
        let ground = match raw.pattern {
            0 => Some(Colour::WHITE),
            // One colour over all.
            1 => Some(self.colour(raw.ground, Colour::WHITE)),
            _ => None,
        };
        let font = self.font(raw.font).unwrap_or_default();
        CellStyle { font, ground, fit: raw.fit, ..CellStyle::default() }
    }

    /// The number format of a style.
    pub fn format(&self, number: u16) -> &str {
        let format = self.styles.get(usize::from(number)).map_or(0, |style| style.format);
        let own = self.formats.get(&format).map(String::as_str);
        own.or_else(|| built_in(u32::from(format))).unwrap_or("General")
    }
}

fn font(bytes: &[u8]) -> RawFont {
    let level = u16_at(bytes, 8);
    // Of one byte a character, or of two.
    let name = bytes.get(16..).unwrap_or_default().iter().filter(|byte| byte.is_ascii_graphic());
    let name: String = name.map(|byte| char::from(*byte)).collect();
    // Height in twentieths of a point.
    let font = Font::of(level, u16_at(bytes, 2) & 8 != 0, u16_at(bytes, 0) / 2, &name);
    RawFont { font, colour: u32::from(u16_at(bytes, 4)) }
}

/// The alignment in which a text is repeated until it fills the cell.
const FILL: u8 = 4;

fn style(bytes: &[u8]) -> RawStyle {
    RawStyle {
        font: u16_at(bytes, 0),
        format: u16_at(bytes, 2),
        pattern: u32_at(bytes, 14) >> 26,
        ground: u32::from(u16_at(bytes, 18) & 0x7F),
        fit: fit(bytes),
    }
}

fn fit(bytes: &[u8]) -> Fit {
    let (alignment, further) = (bytes.get(6).copied().unwrap_or(0), bytes.get(8).copied().unwrap_or(0));
    match alignment & 7 {
        FILL => Fit::Repeated,
        _ if further & 0x10 != 0 => Fit::Shrunk,
        _ if alignment & 8 != 0 => Fit::Wrapped,
        _ => Fit::Cut,
    }
}

/// The texts that cells refer to by number.
fn shared(record: &Record<'_>, limits: &Limits) -> Result<Vec<Text>, ReadError> {
    let mut reader = Reader::new(&record.parts, 0);
    let mut texts = Vec::new();
    let (_, Some(count)) = (reader.u32(), reader.u32()) else { return Ok(texts) };
    for _ in 0..count {
        // What is cut off has no more texts.
        let Some(text) = reader.text() else { break };
        texts.push(text);
        if texts.len() > limits.max_cells {
            return Err(ReadError::TooManyCells { limit: limits.max_cells });
        }
    }
    Ok(texts)
}
