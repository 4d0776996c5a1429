//! The fonts, fills and number formats of a workbook, by the number of the style that a cell names.

use std::collections::HashMap;

use quick_xml::events::{BytesStart, Event};

use super::super::error::ReadError;
use super::super::inscription::{Look, Setting, draws_pictures};
use super::super::package::{attribute, number};
use super::colour::Colour;
use super::conditional::Difference;
use super::events;
use super::number_format::built_in;

/// Most styles, fonts, fills and formats of a workbook.
const MAX_STYLES: usize = 70_000;

/// Smallest size that is to be seen, in tenths of a point.
const VISIBLE_SIZE: u16 = 15;

/// A font as far as it decides how its text is to be seen.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Font {
    level: Look,
    is_struck: bool,
    /// None where it is the usual one, black.
    colour: Option<Colour>,
    /// In tenths of a point.
    size: u16,
    /// It draws pictures.
    is_pictures: bool,
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
            "color" => self.colour = Some(Colour::of(element, Colour::BLACK)),
            "name" | "rFont" => self.is_pictures = value.is_some_and(|name| draws_pictures(&name)),
            "sz" => {
                let size = value.and_then(|value| value.trim().parse::<f32>().ok()).unwrap_or(0.0);
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
                let tenths = (size * 10.0).clamp(0.0, 10_000.0) as u16;
                self.size = tenths;
            }
            _ => {}
        }
    }

    /// A font that is raised for 1, lowered for 2; its size is in tenths of a point.
    pub fn of(level: u16, is_struck: bool, size: u16, name: &str) -> Self {
        let level = match level {
            1 => Look::Superscript,
            2 => Look::Subscript,
            _ => Look::Plain,
        };
        Self { level, is_struck, colour: None, size, is_pictures: draws_pictures(name) }
    }

    /// In tenths of a point; 0 where it is not known.
    pub fn size(self) -> u16 {
        self.size
    }

    pub fn set_colour(&mut self, colour: Colour) {
        self.colour = Some(colour);
    }

    pub fn colour(self) -> Colour {
        self.colour.unwrap_or(Colour::BLACK)
    }

    /// How its text is set, on a cell with this colour behind it, where that is known.
    pub fn setting(self, ground: Option<Colour>) -> Setting {
        let look = match self {
            _ if ground.is_some_and(|ground| self.colour().is_alike(ground)) => Look::Hidden,
            Self { size: 1..VISIBLE_SIZE, .. } => Look::Hidden,
            Self { is_struck: true, .. } => Look::Struck,
            Self { is_pictures: true, .. } => Look::Strange,
            Self { level, .. } => level,
        };
        Setting { look, size: self.size }
    }
}

/// What becomes of a text that is wider than its cell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fit {
    /// It is cut off, or a number gives way to a row of marks.
    #[default]
    Cut,
    Shrunk,
    /// A text goes on in the next line; a number does not.
    Wrapped,
    /// What stands in the cell is repeated until it fills it.
    Repeated,
}

/// One style of cells.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CellStyle {
    pub format: u32,
    pub font: Font,
    /// The colour behind the text; none where it is a pattern or a flow of colours.
    pub ground: Option<Colour>,
    pub fit: Fit,
}

impl Default for CellStyle {
    fn default() -> Self {
        Self { format: 0, font: Font::default(), ground: Some(Colour::WHITE), fit: Fit::Cut }
    }
}

#[derive(Debug, Default)]
pub struct Styles {
    formats: HashMap<u32, String>,
    cells: Vec<CellStyle>,
    /// What conditional formats change, by their numbers.
    differences: Vec<Difference>,
}

impl Styles {
    /// Reads the part of the styles.
    ///
    /// # Errors
    /// [`ReadError::Damaged`].
    pub fn parse(part: &str) -> Result<Self, ReadError> {
        let mut styles = Self::default();
        let (mut fonts, mut fills): (Vec<Font>, Vec<Option<Colour>>) = (Vec::new(), Vec::new());
        // The list that is being read: fonts, fills or cellXfs; others have elements of the same names.
        let mut list = String::new();
        let mut is_solid = false;
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
                    ("fills", "fill") if fills.len() < MAX_STYLES => fills.push(Some(Colour::WHITE)),
                    ("fills", "patternFill") => {
                        let pattern = attribute(element, "patternType").unwrap_or_default();
                        is_solid = pattern == "solid";
                        if !matches!(pattern.as_str(), "" | "none") {
                            set(&mut fills, None);
                        }
                    }
                    ("fills", "gradientFill") => set(&mut fills, None),
                    ("fills", "fgColor") if is_solid => {
                        set(&mut fills, Some(Colour::of(element, Colour::BLACK)));
                    }
                    ("dxfs", "dxf") if styles.differences.len() < MAX_STYLES => {
                        styles.differences.push(Difference::default());
                    }
                    ("dxfs", _) => {
                        styles.differences.iter_mut().last().into_iter().for_each(|last| last.take(element));
                    }
                    ("cellXfs", "xf") if styles.cells.len() < MAX_STYLES => {
                        let font = number(element, "fontId").and_then(|at| fonts.get(at).copied()).unwrap_or_default();
                        let fill = number(element, "fillId").and_then(|at| fills.get(at).copied());
                        let ground = fill.unwrap_or(Some(Colour::WHITE));
                        let format = id(element, "numFmtId").unwrap_or(0);
                        styles.cells.push(CellStyle { format, font, ground, fit: Fit::Cut });
                    }
                    ("cellXfs", "alignment") => {
                        let fit = fit(element);
                        styles.cells.iter_mut().last().into_iter().for_each(|last| last.fit = fit);
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

    /// What a conditional format changes, by its number.
    pub fn difference(&self, number: usize) -> Option<&Difference> {
        self.differences.get(number)
    }

    /// The code of a style's number format.
    pub fn format(&self, style: CellStyle) -> &str {
        let own = self.formats.get(&style.format).map(String::as_str);
        own.or_else(|| built_in(style.format)).unwrap_or("General")
    }
}

fn fit(alignment: &BytesStart<'_>) -> Fit {
    let is_on = |name| attribute(alignment, name).is_some_and(|value| value == "1" || value == "true");
    match attribute(alignment, "horizontal").as_deref() {
        Some("fill") => Fit::Repeated,
        _ if is_on("shrinkToFit") => Fit::Shrunk,
        _ if is_on("wrapText") => Fit::Wrapped,
        _ => Fit::Cut,
    }
}

fn id(element: &BytesStart<'_>, name: &str) -> Option<u32> {
    number(element, name).and_then(|id| u32::try_from(id).ok())
}

fn set(fills: &mut [Option<Colour>], ground: Option<Colour>) {
    fills.iter_mut().last().into_iter().for_each(|fill| *fill = ground);
}
