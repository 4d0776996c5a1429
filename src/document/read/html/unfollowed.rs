//! Which declarations of CSS are not followed here, and may move, hide, change or draw characters.

use super::super::inscription::draws_pictures;
use super::value::length;

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

/// Lines lower than this, in pixels, lie over one another.
const LOW: f32 = 8.0;

/// Whether a declaration may move, hide or change characters in a way that is not followed.
pub fn is_unfollowed(name: &str, value: &str) -> bool {
    let is_computed = COMPUTED.contains(&name) && (is_computed(value) || value.starts_with("revert"));
    // A custom property that has several values.
    let is_one_of_several = BY_PROPERTY.contains(&name) && value.contains("var(");
    is_computed || is_one_of_several || is_strange(name, value)
}

/// Whether it does so by what it is.
fn is_strange(name: &str, value: &str) -> bool {
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
            Err(_) => length(value).is_some_and(|height| height < LOW),
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

/// Whether a declaration draws a picture where nothing is written.
pub fn draws(name: &str, value: &str) -> bool {
    let name = name.trim_start_matches("-webkit-");
    ["mask", "border-image", "list-style"].iter().any(|of| name.starts_with(of))
        && ["url(", "gradient"].iter().any(|picture| value.contains(picture))
}
