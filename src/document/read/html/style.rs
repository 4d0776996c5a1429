//! What CSS says of a text as far as that decides whether and as what it is to be seen. Nothing is laid out.

use super::super::inscription::draws_pictures;
use super::colour::{Colour, background, colour, hundredths};

/// Height of characters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Size {
    Pixels(f32),
    /// Of the size around it.
    Times(f32),
    /// Of the size of the page.
    OfPage(f32),
}

/// Height above the line of writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    OnLine,
    Raised,
    Lowered,
}

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
/// Pixels of a size that is not stated.
pub const PAGE_SIZE: f32 = 16.0;

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
        let is_computed = COMPUTED.contains(&name) && (is_computed(value) || value.starts_with("revert"));
        // A custom property that has several values.
        let is_one_of_several = BY_PROPERTY.contains(&name) && value.contains("var(");
        if is_computed || is_one_of_several || is_unfollowed(name, value) {
            self.is_unfollowed = Some(true);
        }
        let draws =
            ["mask", "border-image", "list-style"].iter().any(|of| name.trim_start_matches("-webkit-").starts_with(of));
        if draws && ["url(", "gradient"].iter().any(|picture| value.contains(picture)) {
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

/// Whether a value is computed from others, by any function but those that name a colour or a file.
fn is_computed(value: &str) -> bool {
    let functions = value.match_indices('(').map(|(at, _)| {
        let before = value.get(..at).unwrap_or_default();
        before.rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).next().unwrap_or_default()
    });
    functions.into_iter().any(|function| !FUNCTIONS.contains(&function)) || value.contains("(from ")
}

/// Functions that are read, or that only draw.
const FUNCTIONS: [&str; 14] = [
    "rgb",
    "rgba",
    "hsl",
    "hsla",
    "hwb",
    "lab",
    "lch",
    "oklab",
    "oklch",
    "color",
    "url",
    "linear-gradient",
    "radial-gradient",
    "",
];

/// How an element is laid out that stands on lines of its own.
const BLOCKS: [&str; 8] = ["block", "flex", "grid", "table", "list-item", "flow-root", "table-row", "table-caption"];

/// What hides, raises or strikes a text, by a value that may be computed.
const COMPUTED: [&str; 14] = [
    "display",
    "visibility",
    "opacity",
    "vertical-align",
    "text-decoration",
    "text-decoration-line",
    "top",
    "bottom",
    "color",
    "-webkit-text-fill-color",
    "background",
    "background-color",
    "font",
    "font-size",
];

/// What else does by a custom property of which it is not known which value it has.
const BY_PROPERTY: [&str; 7] = ["position", "left", "right", "text-indent", "transform", "max-width", "max-height"];

/// Whether a declaration may move, hide or change characters in a way that is not followed.
fn is_unfollowed(name: &str, value: &str) -> bool {
    if name == "all" {
        return true;
    }
    if matches!(value, "none" | "normal" | "auto" | "visible" | "unset" | "initial" | "inherit" | "1" | "100%") {
        return false;
    }
    match name.trim_start_matches("-webkit-") {
        "animation"
        | "animation-name"
        | "text-shadow"
        | "text-stroke"
        | "clip"
        | "clip-path"
        | "filter"
        | "zoom"
        | "content-visibility"
        | "text-security"
        | "font-variant-position"
        | "baseline-shift"
        | "mix-blend-mode"
        | "text-combine-upright" => true,
        "font-variant" => value.split(' ').any(|part| matches!(part, "super" | "sub")),
        "font-feature-settings" => ["sups", "subs", "sinf", "frac", "numr", "dnom"].iter().any(|of| value.contains(of)),
        "background" | "background-image" | "background-color" => {
            value.contains("gradient") || value.contains("currentcolor")
        }
        "line-height" => match value.strip_suffix('%').unwrap_or(value).parse::<f32>() {
            Ok(share) => share < if value.ends_with('%') { 60.0 } else { 0.6 },
            Err(_) => length(value).is_some_and(|height| height < LOW / 2.0),
        },
        "list-style" | "list-style-type" | "list-style-image" | "text-emphasis" | "text-emphasis-style" => {
            !value.split(' ').all(|part| MARKS.contains(&part))
        }
        name if name.starts_with("mask") || name.starts_with("offset") => true,
        "background-clip" => value == "text",
        "content" => value.contains("url("),
        "font-family" | "font" => draws_pictures(value),
        "quotes" => value.chars().any(char::is_numeric),
        "margin" | "margin-left" | "margin-right" | "letter-spacing" | "word-spacing" => {
            value.split(' ').filter_map(length).any(|length| length <= -2.0)
        }
        "margin-top" | "margin-bottom" => length(value).is_some_and(|length| length <= OVER_LINE),
        // In an order of their own.
        "order" => value != "0",
        "grid-area" | "grid-column" | "grid-column-start" => true,
        "mso-hide" => value == "all",
        // A circle around a digit.
        "border-radius" => value.contains("50%") || value.contains("100%"),
        _ => false,
    }
}

/// Marks before or over a text that are no digits.
const MARKS: [&str; 12] = [
    "none",
    "disc",
    "circle",
    "square",
    "inside",
    "outside",
    "dot",
    "triangle",
    "filled",
    "open",
    "sesame",
    "double-circle",
];

/// Margin in pixels by which an element is drawn over the line before it.
const OVER_LINE: f32 = -8.0;

/// Above the line for what is less than nothing, in the direction of a page.
fn sided(down: f32) -> Level {
    match down {
        down if down <= -1.0 => Level::Raised,
        down if down >= 1.0 => Level::Lowered,
        _ => Level::OnLine,
    }
}

fn level(value: &str) -> Level {
    match value {
        "super" => Level::Raised,
        "sub" => Level::Lowered,
        _ => match value.strip_suffix('%').and_then(|percent| percent.parse::<f32>().ok()).or_else(|| length(value)) {
            Some(up) => sided(-up),
            None => Level::OnLine,
        },
    }
}

/// A length in pixels; relative ones as of the page's size.
pub fn length(value: &str) -> Option<f32> {
    let end = value.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(value.len());
    let (number, unit) = value.split_at_checked(end)?;
    let number: f32 = number.parse().ok()?;
    let pixels = match unit.trim() {
        "px" => 1.0,
        "pt" => 4.0 / 3.0,
        "em" | "rem" => PAGE_SIZE,
        "ex" | "ch" => PAGE_SIZE / 2.0,
        "cm" => 37.8,
        "mm" => 3.78,
        "in" => 96.0,
        "%" => 1.0,
        "" if number == 0.0 => 1.0,
        _ => return None,
    };
    Some(number * pixels)
}

fn size(value: &str) -> Option<Size> {
    let named = [
        ("xx-small", 9.0),
        ("x-small", 10.0),
        ("small", 13.0),
        ("medium", 16.0),
        ("large", 18.0),
        ("x-large", 24.0),
        ("xx-large", 32.0),
    ];
    if let Some((_, pixels)) = named.into_iter().find(|(name, _)| *name == value) {
        return Some(Size::Pixels(pixels));
    }
    let number = |unit: &str| value.strip_suffix(unit).and_then(|number| number.trim().parse::<f32>().ok());
    match value {
        "smaller" => Some(Size::Times(0.8)),
        "larger" => Some(Size::Times(1.2)),
        _ if value.starts_with('-') => None,
        _ => {
            let percent = number("%").map(|percent| Size::Times(percent / 100.0));
            let of_page = number("rem").map(Size::OfPage);
            percent.or(of_page).or_else(|| number("em").map(Size::Times)).or_else(|| length(value).map(Size::Pixels))
        }
    }
}

/// The size that the old attribute of `<font>` names.
pub fn size_of_attribute(value: &str) -> Option<Size> {
    match value.trim() {
        "1" => Some(Size::Pixels(10.0)),
        "2" => Some(Size::Pixels(13.0)),
        "3" => Some(Size::Pixels(16.0)),
        "4" => Some(Size::Pixels(18.0)),
        "5" => Some(Size::Pixels(24.0)),
        "6" => Some(Size::Pixels(32.0)),
        "7" => Some(Size::Pixels(48.0)),
        value if value.starts_with('-') => Some(Size::Times(0.8)),
        value if value.starts_with('+') => Some(Size::Times(1.2)),
        _ => None,
    }
}

/// A text with the characters that it names by their number, or behind a stroke.
pub fn without_escapes(text: &str) -> String {
    let mut parts = text.split('\\');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.bytes().take(6).take_while(u8::is_ascii_hexdigit).count();
        let (digits, rest) = part.split_at_checked(end).unwrap_or(("", part));
        plain.extend(u32::from_str_radix(digits, 16).ok().and_then(char::from_u32));
        // A blank only ends the number.
        plain.push_str(if digits.is_empty() { rest } else { rest.strip_prefix(char::is_whitespace).unwrap_or(rest) });
    }
    plain
}

/// The parts between separators that stand in no brackets and no quotes.
pub fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut depth, mut quote) = (0usize, None);
    text.split(move |c: char| {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            _ => return depth == 0 && c == separator,
        }
        false
    })
}

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
