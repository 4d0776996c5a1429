//! Whether and how the text of an element is to be seen, given how its surroundings are.

use scraper::node::Element;

use super::super::colour::are_alike;
use super::super::inscription::{Look, Setting, draws_pictures};
use super::colour::{Colour, FAINT, colour};
use super::style::{Flowing, Style};
use super::value::{Level, PAGE_SIZE, Size, size_of_attribute};
use super::{PARAGRAPHS, TABLE_PARTS};

/// Smallest size in pixels that is to be seen.
const VISIBLE_SIZE: f32 = 1.5;

/// Elements that show a picture, of which it is not known what is in it.
pub const PICTURES: &[&str] =
    &["img", "svg", "canvas", "object", "picture", "video", "embed", "iframe", "meter", "progress"];

/// How text is set within an element.
#[derive(Debug, Clone, Copy)]
pub struct Shown {
    /// The element and all in it take no place.
    pub is_absent: bool,
    /// It stands on lines of its own, or apart from what is beside it.
    pub is_block: bool,
    /// What is in it does.
    is_spread: bool,
    is_invisible: bool,
    /// Cannot be undone further inside.
    is_gone: bool,
    is_struck: bool,
    is_over: bool,
    /// It may cover what stands beside it in the cell.
    pub is_cover: bool,
    is_strange: bool,
    is_ruby: bool,
    /// Boxes stand one to the left of the other.
    is_leftward: bool,
    level: Level,
    pixels: f32,
    colour: Colour,
    background: Colour,
}

impl Shown {
    /// Of a page before any of its elements.
    pub const PAGE: Self = Self {
        is_absent: false,
        is_block: false,
        is_spread: false,
        is_invisible: false,
        is_gone: false,
        is_struck: false,
        is_over: false,
        is_cover: false,
        is_strange: false,
        is_ruby: false,
        is_leftward: false,
        level: Level::OnLine,
        pixels: PAGE_SIZE,
        colour: Colour::Rgb([0; 3]),
        background: Colour::Rgb([255; 3]),
    };

    /// Within an element of this one.
    pub fn inside(self, element: &Element, style: Style, in_cell: bool) -> Self {
        let name = element.name();
        let is_part_of_table = TABLE_PARTS.contains(&name);
        let mut shown = self;
        shown.is_absent = style.is_absent.unwrap_or(false);
        shown.is_cover = false;
        shown.is_block = !is_part_of_table && (style.is_block == Some(true) || self.is_spread);
        shown.is_spread = style.is_spread == Some(true);
        shown.is_invisible = style.is_invisible.unwrap_or(self.is_invisible);
        // What stands in a line has no sides; whether it does is often decided elsewhere.
        let is_box = is_part_of_table || PARAGRAPHS.contains(&name) || style.is_block.is_some();
        let is_cut_off = style.is_cut == Some(true) && style.has_no_side == Some(true);
        let is_gone = style.opacity.is_some_and(|opacity| opacity <= FAINT) || style.is_away == Some(true);
        shown.is_gone |= is_gone || (is_cut_off && is_box);
        shown.is_struck |= style.is_struck == Some(true);
        shown.is_ruby |= matches!(name, "rt" | "rtc" | "rp");
        shown.is_strange |= name == "bdo" || name == "math" || style.is_reordered == Some(true);
        let is_box_in_line = (style.is_block == Some(true) || self.is_spread) && !is_part_of_table;
        shown.is_strange |= in_cell && self.is_leftward && is_box_in_line;
        shown.is_leftward = style.is_leftward.unwrap_or(self.is_leftward);
        // Shows only its first line.
        shown.is_strange |= name == "details" && element.attr("open").is_none();
        let is_cell = matches!(name, "td" | "th");
        shown.is_strange |= style.is_unfollowed == Some(true) && (is_cell || in_cell && !is_part_of_table);
        // A cell that stands elsewhere than in its row.
        shown.is_strange |= is_cell && style.flowing.is_some_and(|flowing| flowing != Flowing::InLine);
        if is_part_of_table {
            shown.level = Level::OnLine;
        } else {
            // A whole page may be laid out so; only within a cell does it tell one text from another.
            let is_turned = style.is_turned == Some(true);
            shown.is_over |= in_cell && (style.flowing == Some(Flowing::Over) || is_turned && is_box);
            shown.is_strange |= in_cell && is_turned && !is_box;
            let has_ground = style.background.is_some_and(|colour| colour != Colour::Transparent);
            shown.is_cover =
                in_cell && style.flowing == Some(Flowing::Over) && (has_ground || PICTURES.contains(&name));
            let is_shifted = style.is_relative == Some(true) && style.is_shifted == Some(true);
            let is_cut = style.is_cut == Some(true) && style.is_narrow == Some(true);
            shown.is_strange |= in_cell && (style.flowing == Some(Flowing::Elsewhere) || is_shifted || is_cut);
            let moved = style.moved.filter(|_| style.is_relative != Some(false));
            for level in [style.level, moved].into_iter().flatten().filter(|level| *level != Level::OnLine) {
                shown.level = level;
            }
        }
        match style.size {
            Some(Size::Pixels(pixels)) => shown.pixels = pixels,
            Some(Size::Times(times)) => shown.pixels *= times,
            Some(Size::OfPage(times)) => shown.pixels = PAGE_SIZE * times,
            None => {}
        }
        shown.colour = style.colour.unwrap_or(self.colour);
        shown.background = style.background.filter(|colour| *colour != Colour::Transparent).unwrap_or(self.background);
        shown
    }

    /// The same where what is shown is not what is written.
    pub fn strange(self) -> Self {
        Self { is_strange: true, ..self }
    }

    /// How a text is set here.
    pub fn setting(&self) -> Setting {
        let look = match self {
            _ if self.is_absent || self.is_invisible || self.is_gone => Look::Hidden,
            // Of what is not followed it is not known what it undoes, or draws in another way.
            Self { is_strange: true, .. } if self.is_unseen() || self.is_struck => Look::Strange,
            _ if self.is_unseen() => Look::Hidden,
            Self { is_struck: true, .. } => Look::Struck,
            Self { is_over: true, .. } => Look::Overlay,
            Self { is_ruby: true, .. } => Look::Ruby,
            Self { is_strange: true, .. } => Look::Strange,
            Self { level: Level::Raised, .. } => Look::Superscript,
            Self { level: Level::Lowered, .. } => Look::Subscript,
            _ => Look::Plain,
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        let size = (self.pixels * 10.0).clamp(1.0, f32::from(u16::MAX)) as u16;
        Setting { look, size }
    }

    /// Of no colour that is told from what lies behind, or of no size.
    fn is_unseen(&self) -> bool {
        let is_alike = match (self.colour, self.background) {
            (Colour::Transparent, _) => true,
            (Colour::Rgb(text), Colour::Rgb(behind)) => are_alike(text, behind),
            _ => false,
        };
        is_alike || self.pixels < VISIBLE_SIZE
    }
}

/// What an element is by itself and by its old attributes; a style sheet may say otherwise.
pub fn own_style(element: &Element) -> Style {
    let mut style = Style::default();
    match element.name() {
        "sup" => (style.level, style.size) = (Some(Level::Raised), Some(Size::Times(0.8))),
        "sub" => (style.level, style.size) = (Some(Level::Lowered), Some(Size::Times(0.8))),
        "s" | "strike" | "del" => style.is_struck = Some(true),
        "small" => style.size = Some(Size::Times(0.8)),
        "big" => style.size = Some(Size::Times(1.2)),
        "font" => {
            style.colour = element.attr("color").map(colour);
            style.size = element.attr("size").and_then(size_of_attribute);
            style.is_unfollowed = element.attr("face").filter(|face| draws_pictures(face)).map(|_| true);
        }
        _ => {}
    }
    style.is_leftward = element.attr("dir").map(|direction| direction.eq_ignore_ascii_case("rtl"));
    style.background = element.attr("bgcolor").map(colour);
    if element.attr("background").is_some() {
        style.background = Some(Colour::Unknown);
    }
    let is_closed = element.name() == "dialog" && element.attr("open").is_none();
    if element.name() == "dialog" {
        style.flowing = Some(Flowing::Over);
    }
    if element.attr("hidden").is_some() || element.attr("popover").is_some() || is_closed {
        style.is_absent = Some(true);
    }
    style
}
