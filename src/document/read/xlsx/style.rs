//! The fonts, fills and number formats of a workbook, by the number of the style that a cell names.

use std::collections::HashMap;

use quick_xml::events::{BytesStart, Event};

use super::super::error::ReadError;
use super::super::inscription::{Look, Setting};
use super::super::package::{attribute, number};
use super::events;
use super::number_format::built_in;

/// Most styles, fonts, fills and formats of a workbook.
const MAX_STYLES: usize = 70_000;

/// Smallest size that is to be seen, in tenths of a point.
const VISIBLE_SIZE: u16 = 15;
/// Channels of a colour of which all are at least this cannot be told from white.
const LIGHTEST: u8 = 0xE6;

/// A font as far as it decides how its text is to be seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Font {
    level: Look,
    is_struck: bool,
    is_white: bool,
    /// In tenths of a point.
    size: u16,
}

impl Font {
    /// Takes a property from its element within `font` or `rPr`.
    pub fn take(&mut self, element: &BytesStart<'_>) {
        let value = attribute(element, "val");
        match element.local_name().as_ref() {
            "strike" => self.is_struck = !matches!(value.as_deref(), Some("0" | "false")),
            "vertAlign" => {
                self.level = match value.as_deref() {
                    Some("superscript") => Look::Superscript,
                    Some("subscript") => Look::Subscript,
                    _ => Look::Plain,
                };
            }
            "color" => self.is_white = is_white(element),
            "sz" => {
                let size = value.and_then(|value| value.trim().parse::<f32>().ok()).unwrap_or(0.0);
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
                let tenths = (size * 10.0).clamp(0.0, 10_000.0) as u16;
                self.size = tenths;
            }
            _ => {}
        }
    }

    /// How its text is set, on a cell with a colour behind it or without.
    pub fn setting(self, on_colour: bool) -> Setting {
        let look = match self {
            Self { is_white: true, .. } if !on_colour => Look::Hidden,
            Self { size: 1..VISIBLE_SIZE, .. } => Look::Hidden,
            Self { is_struck: true, .. } => Look::Struck,
            Self { level, .. } => level,
        };
        Setting { look, size: self.size }
    }
}

/// White by its value, by the workbook's theme, or by the old table of colours.
fn is_white(element: &BytesStart<'_>) -> bool {
    let rgb = attribute(element, "rgb").map(|rgb| rgb.to_ascii_uppercase());
    let themed = attribute(element, "theme").is_some_and(|theme| theme == "0");
    let tint = attribute(element, "tint").and_then(|tint| tint.parse::<f32>().ok()).unwrap_or(0.0);
    let indexed = attribute(element, "indexed").is_some_and(|at| at == "9" || at == "1");
    let is_light = |rgb: &str| {
        let colour = rgb.get(rgb.len().saturating_sub(6)..).and_then(|rgb| u32::from_str_radix(rgb, 16).ok());
        colour.is_some_and(|colour| colour.to_be_bytes().iter().skip(1).all(|channel| *channel >= LIGHTEST))
    };
    rgb.as_deref().is_some_and(is_light) || (themed && tint > -0.1) || indexed
}

/// One style of cells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CellStyle {
    format: u32,
    pub font: Font,
    pub has_colour: bool,
}

#[derive(Debug, Default)]
pub struct Styles {
    formats: HashMap<u32, String>,
    cells: Vec<CellStyle>,
}

impl Styles {
    /// Reads the part of the styles.
    ///
    /// # Errors
    /// [`ReadError::Damaged`].
    pub fn parse(part: &str) -> Result<Self, ReadError> {
        let mut styles = Self::default();
        let (mut fonts, mut fills): (Vec<Font>, Vec<bool>) = (Vec::new(), Vec::new());
        // The list that is being read: fonts, fills or cellXfs; others have elements of the same names.
        let mut list = String::new();
        events(part, |event| {
            match &event {
                Event::Start(element) => match (list.as_str(), element.local_name().as_ref()) {
                    (_, name @ ("fonts" | "fills" | "cellXfs" | "cellStyleXfs" | "dxfs" | "numFmts")) => {
                        list = name.to_owned()
                    }
                    ("numFmts", "numFmt") if styles.formats.len() < MAX_STYLES => {
                        let code = attribute(element, "formatCode").unwrap_or_default();
                        styles.formats.extend(id(element, "numFmtId").map(|id| (id, code)));
                    }
                    ("fonts", "font") if fonts.len() < MAX_STYLES => fonts.push(Font::default()),
                    ("fonts", _) => fonts.iter_mut().last().into_iter().for_each(|font| font.take(element)),
                    ("fills", "fill") if fills.len() < MAX_STYLES => fills.push(false),
                    ("fills", "patternFill") => {
                        let pattern = attribute(element, "patternType").unwrap_or_default();
                        set(&mut fills, !matches!(pattern.as_str(), "" | "none"));
                    }
                    ("fills", "gradientFill") => set(&mut fills, true),
                    ("fills", "fgColor") if is_white(element) => set(&mut fills, false),
                    ("cellXfs", "xf") if styles.cells.len() < MAX_STYLES => {
                        let font = number(element, "fontId").and_then(|at| fonts.get(at).copied()).unwrap_or_default();
                        let has_colour =
                            number(element, "fillId").and_then(|at| fills.get(at).copied()).unwrap_or(false);
                        let format = id(element, "numFmtId").unwrap_or(0);
                        styles.cells.push(CellStyle { format, font, has_colour });
                    }
                    _ => {}
                },
                Event::End(element) if element.local_name().as_ref() == list => list.clear(),
                _ => {}
            }
            Ok(())
        })?;
        Ok(styles)
    }

    pub fn cell(&self, style: Option<usize>) -> CellStyle {
        self.cells.get(style.unwrap_or(0)).copied().unwrap_or_default()
    }

    /// The code of a style's number format.
    pub fn format(&self, style: CellStyle) -> &str {
        let own = self.formats.get(&style.format).map(String::as_str);
        own.or_else(|| built_in(style.format)).unwrap_or("General")
    }
}

fn id(element: &BytesStart<'_>, name: &str) -> Option<u32> {
    number(element, name).and_then(|id| u32::try_from(id).ok())
}

fn set(fills: &mut [bool], has_colour: bool) {
    fills.iter_mut().last().into_iter().for_each(|fill| *fill = has_colour);
}
