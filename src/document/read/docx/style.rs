//! How a DOCX sets its runs, as far as that decides whether and as what they are to be seen: properties of the run
//! itself, of its style, of its paragraph's style, and of the styles that these are based on.

use std::collections::HashMap;

use quick_xml::events::{BytesStart, Event};

use super::super::Format;
use super::super::character::{Character, is_crowded, is_squeezed, is_visible, moved};
use super::super::colour::are_alike;
use super::super::error::ReadError;
use super::super::inscription::{Look, Setting, draws_pictures};
use super::super::package::{attribute, xml};

/// Most styles of a document.
const MAX_STYLES: usize = 4_000;
/// Most styles that one is based on, one after the other.
const MAX_BASES: usize = 32;
/// Size in half points of a run that states none.
const USUAL_SIZE: u16 = 21;

/// Properties of a run; none where nothing is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunStyle {
    level: Option<Look>,
    /// Moved up or down by hand.
    moved: Option<Look>,
    is_struck: Option<bool>,
    is_hidden: Option<bool>,
    is_white: Option<bool>,
    /// A colour lies behind it.
    is_shaded: Option<bool>,
    /// Its colour and the one behind it, where they are stated as red, green and blue.
    ink: Option<[u8; 3]>,
    ground: Option<[u8; 3]>,
    /// Marked with a dark colour, on which some programs write in white by themselves.
    is_marked_dark: Option<bool>,
    /// Squeezed, or laid out in a way in which its characters are not one after the other.
    is_strange: Option<bool>,
    /// In a font that draws pictures.
    is_pictures: Option<bool>,
    /// In half points.
    size: Option<u16>,
    /// The fill of its characters, which stands in the place of a colour.
    fill: Option<Fill>,
    /// The properties of that fill are being read.
    in_fill: bool,
}

/// Colours to mark a text with.
const HIGHLIGHTS: [(&str, [u8; 3]); 15] = [
    ("black", [0; 3]),
    ("blue", [0, 0, 0xFF]),
    ("cyan", [0, 0xFF, 0xFF]),
    ("green", [0, 0xFF, 0]),
    ("magenta", [0xFF, 0, 0xFF]),
    ("red", [0xFF, 0, 0]),
    ("yellow", [0xFF, 0xFF, 0]),
    ("darkBlue", [0, 0, 0x80]),
    ("darkCyan", [0, 0x80, 0x80]),
    ("darkGreen", [0, 0x80, 0]),
    ("darkMagenta", [0x80, 0, 0x80]),
    ("darkRed", [0x80, 0, 0]),
    ("darkYellow", [0x80, 0x80, 0]),
    ("darkGray", [0x80; 3]),
    ("lightGray", [0xC0; 3]),
];

/// What the outlines of characters are filled with (`w14:textFill`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fill {
    Nothing,
    White,
    Other,
}

/// Transparency in thousandths of a percent from which characters are not to be seen.
const UNSEEN: u32 = 85_000;

impl RunStyle {
    /// Takes a property from its element within `w:rPr`.
    pub fn take(&mut self, element: &BytesStart<'_>) {
        let value = attribute(element, "val");
        let is_on = || !matches!(value.as_deref(), Some("0" | "false" | "off" | "none"));
        if self.in_fill {
            return self.take_fill(element.local_name().as_ref(), value.as_deref());
        }
        match element.local_name().as_ref() {
            "textFill" => (self.in_fill, self.fill) = (true, Some(Fill::Other)),
            "vertAlign" => {
                self.level = Some(match value.as_deref() {
                    Some("superscript") => Look::Superscript,
                    Some("subscript") => Look::Subscript,
                    _ => Look::Plain,
                });
            }
            "position" => {
                self.moved = value.and_then(|value| value.trim().parse().ok()).map(moved);
            }
            "strike" | "dstrike" => self.is_struck = Some(is_on()),
            "vanish" | "specVanish" => self.is_hidden = Some(is_on()),
            "color" => {
                let named = value.as_deref().map(str::to_ascii_uppercase);
                let by_theme = attribute(element, "themeColor");
                self.ink = named.as_deref().and_then(rgb).filter(|_| by_theme.is_none());
                let is_light = |theme: &str| matches!(theme, "background1" | "light1");
                self.is_white =
                    Some(by_theme.as_deref().map_or_else(|| named.as_deref().is_some_and(is_whitish), is_light));
            }
            "shd" => {
                self.is_shaded = Some(is_shade(element));
                self.ground = attribute(element, "fill").as_deref().and_then(rgb);
            }
            "highlight" => {
                self.is_shaded = Some(!matches!(value.as_deref(), Some("none" | "white") | None));
                self.ground = value
                    .as_deref()
                    .and_then(|name| HIGHLIGHTS.iter().find(|(known, _)| *known == name).map(|(_, colour)| *colour));
                self.is_marked_dark =
                    Some(self.ground.is_some_and(|ground| ground.iter().all(|channel| *channel < 0xC0)));
            }
            "rFonts" => {
                let of_digits = ["ascii", "hAnsi"].map(|range| attribute(element, range));
                self.is_pictures = of_digits.iter().flatten().next().map(|font| draws_pictures(font));
            }
            "w" => self.is_strange = number_of(value).map(is_squeezed),
            "spacing" => self.is_strange = number_of(value).map(is_crowded),
            "fitText" => self.is_strange = Some(true),
            "eastAsianLayout" => {
                let is_combined = attribute(element, "combine").is_some_and(|value| value != "0" && value != "false");
                self.is_strange = Some(is_combined);
            }
            "sz" => self.size = value.and_then(|value| value.trim().parse().ok()),
            _ => {}
        }
    }

    /// Takes the end of an element within `w:rPr`.
    pub fn end(&mut self, name: &str) {
        self.in_fill &= name != "textFill";
    }

    fn take_fill(&mut self, name: &str, value: Option<&str>) {
        let number = || value.and_then(|value| value.parse::<u32>().ok()).unwrap_or(0);
        match name {
            "noFill" => self.fill = Some(Fill::Nothing),
            // Several colours that flow into each other: one of them is seen.
            "gradFill" => (self.in_fill, self.fill) = (false, Some(Fill::Other)),
            "srgbClr" if value.is_some_and(is_whitish) => self.fill = Some(Fill::White),
            "schemeClr" if matches!(value, Some("bg1" | "lt1")) => self.fill = Some(Fill::White),
            "srgbClr" | "schemeClr" => self.fill = Some(Fill::Other),
            "alpha" if number() >= UNSEEN => self.fill = Some(Fill::Nothing),
            // White made darker is grey.
            "lumMod" | "shade" if number() < 90_000 && self.fill == Some(Fill::White) => self.fill = Some(Fill::Other),
            _ => {}
        }
    }

    fn over(self, below: Self) -> Self {
        Self {
            level: self.level.or(below.level),
            moved: self.moved.or(below.moved),
            is_struck: self.is_struck.or(below.is_struck),
            is_hidden: self.is_hidden.or(below.is_hidden),
            is_white: self.is_white.or(below.is_white),
            is_shaded: self.is_shaded.or(below.is_shaded),
            ink: self.ink.or(below.ink),
            ground: self.ground.or(below.ground),
            is_marked_dark: self.is_marked_dark.or(below.is_marked_dark),
            is_strange: self.is_strange.or(below.is_strange),
            is_pictures: self.is_pictures.or(below.is_pictures),
            size: self.size.or(below.size),
            fill: self.fill.or(below.fill),
            in_fill: false,
        }
    }

    /// Of several styles that a run has: what hides or strikes out in two of them does not in both together, as a word
    /// processor has it, and nobody knows which of the programs do it so.
    fn toggled(styles: &[Self]) -> bool {
        let is_twice =
            |of: fn(&Self) -> Option<bool>| styles.iter().filter(|style| of(style) == Some(true)).count() > 1;
        is_twice(|style| style.is_struck) || is_twice(|style| style.is_hidden)
    }

    /// Whether it hides, strikes, raises or lowers.
    fn sets_apart(self) -> bool {
        let is_apart = |look: Option<Look>| look.is_some_and(|look| look != Look::Plain);
        self.is_struck == Some(true)
            || self.is_hidden == Some(true)
            || self.fill.is_some_and(|fill| fill != Fill::Other)
            || is_apart(self.level)
            || is_apart(self.moved)
            || self.size.is_some_and(|size| !is_visible(size))
    }

    /// How the run is set; `on_shade` says that its cell or paragraph has a colour behind it.
    pub fn setting(self, on_shade: bool) -> Setting {
        let size = self.size.unwrap_or(USUAL_SIZE);
        let is_on = |property: Option<bool>| property == Some(true);
        let is_white = match self.fill {
            Some(fill) => fill == Fill::White,
            None => is_on(self.is_white),
        };
        let is_white = is_white && !is_on(self.is_shaded) && !on_shade;
        let is_alike = self.ink.zip(self.ground).is_some_and(|(ink, ground)| are_alike(ink, ground));
        let is_white = is_white || self.fill == Some(Fill::Nothing);
        let is_unclear = is_on(self.is_marked_dark) && self.ink.is_none() && !is_on(self.is_white);
        let character = Character {
            is_hidden: is_on(self.is_hidden) || is_white || is_alike,
            is_struck: is_on(self.is_struck),
            is_strange: is_on(self.is_strange) || is_on(self.is_pictures) || is_unclear,
            moved: self.moved.unwrap_or_default(),
            level: self.level.unwrap_or_default(),
            size,
        };
        character.setting()
    }
}

/// White, or what cannot be told from it.
fn is_whitish(colour: &str) -> bool {
    rgb(colour).is_some_and(|colour| are_alike(colour, [0xFF; 3]))
}

fn rgb(colour: &str) -> Option<[u8; 3]> {
    let number = u32::from_str_radix(colour, 16).ok().filter(|_| colour.len() == 6)?;
    let [_, red, green, blue] = number.to_be_bytes();
    Some([red, green, blue])
}

fn number_of(value: Option<String>) -> Option<i32> {
    value?.trim().trim_end_matches('%').parse().ok()
}

/// Whether an element states a colour behind a text that white is seen on.
pub fn is_shade(element: &BytesStart<'_>) -> bool {
    let fill = attribute(element, "fill").unwrap_or_default().to_ascii_uppercase();
    let pattern = attribute(element, "val").unwrap_or_default();
    let themed =
        attribute(element, "themeFill").is_some_and(|theme| !matches!(theme.as_str(), "background1" | "light1"));
    themed || pattern == "solid" || !(fill.is_empty() || fill == "AUTO" || is_whitish(&fill))
}

#[derive(Debug, Default)]
struct Named {
    style: RunStyle,
    /// The style that it is based on.
    base: Option<String>,
    /// Of a style of tables: some of its rows or columns are set apart.
    has_parts_apart: bool,
    /// Of a style of tables: a colour lies behind its cells.
    is_shaded: bool,
    /// Of a style of paragraphs: whether they are numbered by the program.
    is_numbered: Option<bool>,
}

/// The styles that a run has beside its own properties, by their ids.
#[derive(Debug, Clone, Copy, Default)]
pub struct Names<'n> {
    pub run: Option<&'n str>,
    pub paragraph: Option<&'n str>,
    pub table: Option<&'n str>,
}

/// The styles of a document by their ids, with what all runs have.
#[derive(Debug, Default)]
pub struct Styles {
    named: HashMap<String, Named>,
    all: RunStyle,
    /// The style of paragraphs that name none.
    usual: Option<String>,
}

impl Styles {
    /// Reads `word/styles.xml`.
    ///
    /// # Errors
    /// [`ReadError::Damaged`].
    pub fn parse(text: &str) -> Result<Self, ReadError> {
        let mut styles = Self::default();
        let mut open: Option<(String, Named)> = None;
        // Properties of a part of a table: its first row, every second column.
        let mut part: Option<RunStyle> = None;
        let (mut in_run, mut in_defaults) = (false, false);
        let mut reader = xml(text);
        reader.config_mut().expand_empty_elements = true;
        loop {
            match reader.read_event().map_err(|error| ReadError::damaged(Format::Docx.name(), error))? {
                Event::Eof => return Ok(styles),
                Event::Start(element) => match (element.local_name().as_ref(), &mut open) {
                    ("style", _) => {
                        let id = attribute(&element, "styleId").unwrap_or_default();
                        let is_usual =
                            attribute(&element, "default").is_some_and(|value| value == "1" || value == "true");
                        if is_usual && attribute(&element, "type").is_some_and(|kind| kind == "paragraph") {
                            styles.usual = Some(id.clone());
                        }
                        open = Some((id, Named::default()));
                    }
                    ("basedOn", Some((_, named))) => named.base = attribute(&element, "val"),
                    ("tblStylePr", _) => part = Some(RunStyle::default()),
                    ("numId", Some((_, named))) => {
                        named.is_numbered = Some(attribute(&element, "val").is_some_and(|list| list != "0"));
                    }
                    ("rPrDefault", _) => in_defaults = true,
                    ("rPr", _) => in_run = true,
                    (_, Some((_, named))) if in_run => part.as_mut().unwrap_or(&mut named.style).take(&element),
                    ("shd", Some((_, named))) if part.is_none() => named.is_shaded |= is_shade(&element),
                    (_, None) if in_run && in_defaults => styles.all.take(&element),
                    _ => {}
                },
                Event::End(element) => match element.local_name().as_ref() {
                    "style" => {
                        if let Some((id, named)) = open.take().filter(|_| styles.named.len() < MAX_STYLES) {
                            styles.named.insert(id, named);
                        }
                    }
                    "tblStylePr" => {
                        let is_apart = part.take().is_some_and(RunStyle::sets_apart);
                        open.iter_mut().for_each(|(_, named)| named.has_parts_apart |= is_apart);
                    }
                    "rPrDefault" => in_defaults = false,
                    "rPr" => in_run = false,
                    name if in_run => {
                        let of_style = open.as_mut().map_or(&mut styles.all, |(_, named)| &mut named.style);
                        part.as_mut().unwrap_or(of_style).end(name);
                    }
                    _ => {}
                },
                _ => {}
            }
        }
    }

    /// A style and those that it is based on.
    fn line(&self, id: Option<&str>) -> impl Iterator<Item = &Named> {
        let named = |id: &str| self.named.get(id);
        std::iter::successors(id.and_then(named), move |style| style.base.as_deref().and_then(named)).take(MAX_BASES)
    }

    fn named(&self, id: Option<&str>) -> RunStyle {
        self.line(id).fold(RunStyle::default(), |style, base| style.over(base.style))
    }

    /// Whether a style of tables has a colour behind its cells.
    pub fn is_shaded(&self, table: Option<&str>) -> bool {
        self.line(table).any(|named| named.is_shaded)
    }

    /// Whether a style of paragraphs has them numbered by the program.
    pub fn is_numbered(&self, paragraph: Option<&str>) -> bool {
        self.line(paragraph.or(self.usual.as_deref())).find_map(|named| named.is_numbered).unwrap_or(false)
    }

    /// Whether some rows or columns of a style of tables are set apart: which these are is not looked at.
    pub fn has_parts_apart(&self, table: Option<&str>) -> bool {
        self.line(table).any(|named| named.has_parts_apart)
    }

    /// A run's properties, with those of its style, its paragraph's and its table's.
    pub fn resolved(&self, own: RunStyle, names: Names<'_>) -> RunStyle {
        let paragraph = names.paragraph.or(self.usual.as_deref());
        let of = [names.run, paragraph, names.table].map(|id| self.named(id));
        let mut all = of.iter().fold(own, |all, style| all.over(*style)).over(self.all);
        if own.is_struck.is_none() && own.is_hidden.is_none() && RunStyle::toggled(&of) {
            (all.is_struck, all.is_hidden, all.is_strange) = (None, None, Some(true));
        }
        all
    }
}
