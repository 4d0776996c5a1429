//! What CSS says of a text as far as that decides whether and as what it is to be seen. Nothing is laid out.

use super::colour::{Colour, background, colour, hundredths};
use super::unfollowed::{draws, is_unfollowed};
use super::value::{Level, PAGE_SIZE, Size, length, level, sided, size, split, without_escapes};

/// How an element is taken out of the line of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flowing {
    InLine,
    /// Laid over what is there.
    Over,
    /// Elsewhere in the line than where it is written.
    Elsewhere,
}

/// What declarations say; none where they say nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Style {
    /// `display: none`
    pub is_absent: Option<bool>,
    /// `visibility`
    pub is_invisible: Option<bool>,
    /// `opacity` in hundredths.
    pub opacity: Option<u8>,
    pub colour: Option<Colour>,
    pub background: Option<Colour>,
    pub size: Option<Size>,
    pub level: Option<Level>,
    /// Moved up or down from its place in the line.
    pub moved: Option<Level>,
    pub is_struck: Option<bool>,
    pub flowing: Option<Flowing>,
    pub is_relative: Option<bool>,
    /// To the left or right of its place in the line, where it is moved at all.
    pub is_shifted: Option<bool>,
    /// Turned, or shrunk to nothing.
    pub is_turned: Option<bool>,
    /// Far outside what is shown.
    pub is_away: Option<bool>,
    /// What does not fit is cut off.
    pub is_cut: Option<bool>,
    /// A side of no length.
    pub has_no_side: Option<bool>,
    /// A side so short that a number may not fit.
    pub is_narrow: Option<bool>,
    /// Characters in an order of their own.
    pub is_reordered: Option<bool>,
    /// Boxes stand one to the left of the other.
    pub is_leftward: Option<bool>,
    /// Begins and ends a line, or stands in a box of its own.
    pub is_block: Option<bool>,
    /// What is in it is set out one beside or below the other.
    pub is_spread: Option<bool>,
    /// The sheet writes something into it.
    pub is_added: Option<bool>,
    /// Set in a way that is not followed here, by which it may be moved, hidden or added to.
    pub is_unfollowed: Option<bool>,
}

/// Further away than this, in pixels, is outside what is shown.
const FAR: f32 = 900.0;
/// Further to a side than this, in pixels, a text may stand before or behind what it is written behind or before.
const SHIFT: f32 = 2.0;

impl Style {
    /// The declarations of an attribute or a rule: the plain ones, and those that are `!important`.
    pub fn parse(declarations: &str) -> (Self, Self) {
        let (mut plain, mut important) = (Self::default(), Self::default());
        for declaration in split(declarations, ';') {
            let Some((name, value)) = declaration.split_once(':') else { continue };
            let name = without_escapes(name.trim()).to_ascii_lowercase();
            let value = value.trim().to_ascii_lowercase();
            let value = if name == "content" { value } else { without_escapes(&value) };
            match value.strip_suffix("important").map(str::trim_end).and_then(|value| value.strip_suffix('!')) {
                Some(value) => important.declare(&name, value.trim()),
                None => plain.declare(&name, &value),
            }
        }
        (plain, important)
    }

    /// This, and what it does not say from `below`.
    pub fn over(self, below: Self) -> Self {
        Self {
            is_absent: self.is_absent.or(below.is_absent),
            is_invisible: self.is_invisible.or(below.is_invisible),
            opacity: self.opacity.or(below.opacity),
            colour: self.colour.or(below.colour),
            background: self.background.or(below.background),
            size: self.size.or(below.size),
            level: self.level.or(below.level),
            moved: self.moved.or(below.moved),
            is_struck: self.is_struck.or(below.is_struck),
            flowing: self.flowing.or(below.flowing),
            is_relative: self.is_relative.or(below.is_relative),
            is_shifted: self.is_shifted.or(below.is_shifted),
            is_turned: self.is_turned.or(below.is_turned),
            is_away: self.is_away.or(below.is_away),
            is_cut: self.is_cut.or(below.is_cut),
            has_no_side: self.has_no_side.or(below.has_no_side),
            is_narrow: self.is_narrow.or(below.is_narrow),
            is_reordered: self.is_reordered.or(below.is_reordered),
            is_leftward: self.is_leftward.or(below.is_leftward),
            is_block: self.is_block.or(below.is_block),
            is_spread: self.is_spread.or(below.is_spread),
            is_added: self.is_added.or(below.is_added),
            is_unfollowed: self.is_unfollowed.or(below.is_unfollowed),
        }
    }

    /// Whether it may hide a text, show what is hidden, move it, strike it out or add to it.
    pub fn tells(&self) -> bool {
        let is_pale = |colour| match colour {
            Colour::Transparent => true,
            Colour::Rgb(channels) => channels.iter().all(|channel| *channel >= PALE),
            Colour::Unknown => false,
        };
        let is_tiny = |size| {
            matches!(size, Size::Pixels(size) if size < TINY)
                || matches!(size, Size::Times(times) | Size::OfPage(times) if times < 0.5)
        };
        let is_off_line = |level: Option<Level>| level.is_some_and(|level| level != Level::OnLine);
        self.is_absent.is_some()
            || self.is_invisible.is_some()
            || self.opacity.is_some()
            || self.colour.is_some_and(is_pale)
            || self.size.is_some_and(is_tiny)
            || is_off_line(self.level)
            || is_off_line(self.moved)
            || self.flowing.is_some_and(|flowing| flowing != Flowing::InLine)
            || [self.is_struck, self.is_shifted, self.is_turned, self.is_away, self.has_no_side, self.is_reordered]
                .into_iter()
                .chain([self.is_leftward, self.is_added, self.is_unfollowed])
                .any(|is| is == Some(true))
    }

    fn declare(&mut self, name: &str, value: &str) {
        if is_unfollowed(name, value) {
            self.is_unfollowed = Some(true);
        }
        if draws(name, value) {
            self.is_added = Some(true);
        }
        match name {
            // What is none of CSS's words is as if not written.
            "display" if is_display(value) => {
                self.is_absent = Some(value == "none");
                self.is_block = Some(BLOCKS.contains(&value) || value.starts_with("inline-"));
                self.is_spread = Some(value.ends_with("flex") || value.ends_with("grid"));
            }
            "visibility" if matches!(value, "visible" | "hidden" | "collapse") => {
                self.is_invisible = Some(matches!(value, "hidden" | "collapse"))
            }
            "opacity" => self.opacity = hundredths(value).or(self.opacity),
            "color" | "-webkit-text-fill-color" if !matches!(value, "inherit" | "unset") => {
                self.colour = Some(colour(value));
            }
            "background-color" => self.background = Some(colour(value)),
            "background" => self.background = Some(background(value)),
            "background-image" if value != "none" => self.background = Some(Colour::Unknown),
            "font-size" => self.size = size(value).or(self.size),
            "font" => self.size = value.split_whitespace().find_map(|part| size(part.split('/').next()?)),
            "vertical-align" => self.level = Some(level(value)),
            "mso-text-raise" => self.moved = length(value).map(|raise| sided(-raise)),
            "top" => self.set_top(length(value)),
            "bottom" => self.set_top(length(value).map(|length| -length)),
            "left" | "right" | "text-indent" => {
                let length = length(value);
                self.is_away = length.filter(|length| *length < -FAR).map(|_| true).or(self.is_away);
                if name != "text-indent" {
                    self.is_shifted = length.map(|length| length.abs() > SHIFT).or(self.is_shifted);
                }
            }
            "text-decoration" | "text-decoration-line" => self.is_struck = Some(value.contains("line-through")),
            "position" => {
                self.flowing = Some(match value {
                    "absolute" | "fixed" => Flowing::Over,
                    _ => Flowing::InLine,
                });
                self.is_relative = Some(value == "relative");
            }
            "float" if value != "none" => self.flowing = Some(Flowing::Elsewhere),
            "flex-direction" | "flex-flow" if value.contains("reverse") => self.flowing = Some(Flowing::Elsewhere),
            "direction" => self.is_leftward = Some(value == "rtl"),
            "unicode-bidi" => self.is_reordered = Some(value.contains("override")),
            "transform" | "rotate" | "scale" | "translate" => self.is_turned = Some(value != "none"),
            "overflow" | "overflow-x" | "overflow-y" => self.is_cut = Some(matches!(value, "hidden" | "clip")),
            "width" | "height" | "max-width" | "max-height" => {
                let length = length(value).filter(|_| !value.ends_with('%'));
                let narrow = if name.ends_with("width") { NARROW } else { LOW };
                self.has_no_side = length.filter(|length| *length == 0.0).map(|_| true).or(self.has_no_side);
                self.is_narrow = length.filter(|length| *length < narrow).map(|_| true).or(self.is_narrow);
            }
            _ => {}
        }
    }

    fn set_top(&mut self, top: Option<f32>) {
        let Some(top) = top else { return };
        self.moved = Some(sided(top));
        if top.abs() > FAR {
            self.is_away = Some(true);
        }
    }
}

/// A colour of which all channels are at least this may be that of the paper.
const PALE: u8 = 200;
/// Characters lower than this, in pixels, may not be seen.
const TINY: f32 = 6.0;

/// A box in which what does not fit is cut off may hide digits where it is less wide or high than this, in pixels.
const NARROW: f32 = 120.0;
const LOW: f32 = PAGE_SIZE;

fn is_display(value: &str) -> bool {
    let of_parts = ["inline", "table", "ruby", "flow", "-webkit-", "-ms-", "inherit", "initial", "unset", "revert"];
    matches!(value, "none" | "contents" | "run-in")
        || BLOCKS.contains(&value)
        || of_parts.iter().any(|part| value.starts_with(part))
}

/// How an element is laid out that stands on lines of its own.
const BLOCKS: [&str; 8] = ["block", "flex", "grid", "table", "list-item", "flow-root", "table-row", "table-caption"];

#[cfg(test)]
mod tests {
    use super::*;

    fn style(text: &str) -> Style {
        let (plain, important) = Style::parse(text);
        important.over(plain)
    }

    #[test]
    fn declarations_are_read_as_far_as_they_hide_raise_or_strike() {
        assert_eq!(style("DISPLAY : none").is_absent, Some(true));
        assert_eq!(style("display:none!important;display:inline").is_absent, Some(true));
        assert_eq!(style("visibility:hidden").is_invisible, Some(true));
        assert_eq!(style("font-size:0").size, Some(Size::Pixels(0.0)));
        assert_eq!(style("font:0/0 a").size, Some(Size::Pixels(0.0)));
        assert_eq!(style("vertical-align:4pt").level, Some(Level::Raised));
        assert_eq!(style("vertical-align:middle").level, Some(Level::OnLine));
        assert_eq!(style("position:relative;top:-3.0pt;mso-text-raise:3.0pt").moved, Some(Level::Raised));
        assert_eq!(style("text-decoration:underline line-through").is_struck, Some(true));
        assert_eq!(style("background:url('a;b.png');text-indent:-9999px").is_away, Some(true));
    }
}
