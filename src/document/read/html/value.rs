//! Values as CSS and old attributes write them: lengths, heights, levels, and the parts of a list.

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

/// Pixels of a size that is not stated.
pub const PAGE_SIZE: f32 = 16.0;

/// Above the line for what is less than nothing, in the direction of a page.
pub fn sided(down: f32) -> Level {
    match down {
        down if down <= -1.0 => Level::Raised,
        down if down >= 1.0 => Level::Lowered,
        _ => Level::OnLine,
    }
}

pub fn level(value: &str) -> Level {
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

pub fn size(value: &str) -> Option<Size> {
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
