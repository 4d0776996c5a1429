//! Colours as CSS and old attributes write them, as far as they hide a text.

use super::value::split;

/// A colour as far as it hides a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    Transparent,
    Rgb([u8; 3]),
    /// Some other, or a picture.
    Unknown,
}

/// What lies behind a text, by the declaration of all of it.
pub fn background(value: &str) -> Colour {
    if value.contains("url(") || value.contains("gradient") {
        return Colour::Unknown;
    }
    let known = split(value, ' ').map(str::trim).map(colour).find(|colour| *colour != Colour::Unknown);
    known.unwrap_or(if value == "none" { Colour::Transparent } else { Colour::Unknown })
}

/// Names of colours that can hardly be told from paper.
const NEARLY_WHITE: [(&str, [u8; 3]); 16] = [
    ("canvas", [255; 3]),
    ("whitesmoke", [245; 3]),
    ("snow", [255, 250, 250]),
    ("ivory", [255, 255, 240]),
    ("ghostwhite", [248, 248, 255]),
    ("floralwhite", [255, 250, 240]),
    ("azure", [240, 255, 255]),
    ("mintcream", [245, 255, 250]),
    ("seashell", [255, 245, 238]),
    ("lavenderblush", [255, 240, 245]),
    ("honeydew", [240, 255, 240]),
    ("aliceblue", [240, 248, 255]),
    ("linen", [250, 240, 230]),
    ("oldlace", [253, 245, 230]),
    ("cornsilk", [255, 248, 220]),
    ("lightyellow", [255, 255, 224]),
];

/// Whether a colour of another space than red, green and blue is white or nearly so.
fn is_white(space: &str, inside: &str) -> bool {
    let parts: Vec<f32> = inside
        .split([',', ' ', '/'])
        .filter_map(|part| match part.strip_suffix('%') {
            Some(percent) => percent.parse::<f32>().ok().map(|percent| percent / 100.0),
            None => part.parse().ok(),
        })
        .collect();
    let part = |at: usize| parts.get(at).copied().unwrap_or(0.0);
    match space {
        "hsl" | "hsla" => part(2) >= 0.92,
        "hwb" => part(1) >= 0.92,
        // Lightness is written as a share, or of a hundred.
        "lab" | "lch" => part(0) >= 92.0 || (0.92..=1.0).contains(&part(0)),
        "oklab" | "oklch" => part(0) >= 0.95,
        "color" => (0..3).all(|at| part(at) >= 0.92),
        _ => false,
    }
}

/// A colour as it is written in CSS or in an old attribute.
pub fn colour(value: &str) -> Colour {
    let value = value.trim().to_ascii_lowercase();
    match value.as_str() {
        "transparent" => return Colour::Transparent,
        "white" | "window" => return Colour::Rgb([255; 3]),
        "black" | "windowtext" | "initial" => return Colour::Rgb([0; 3]),
        _ => {}
    }
    if let Some((_, light)) = NEARLY_WHITE.iter().find(|(name, _)| *name == value) {
        return Colour::Rgb(*light);
    }
    if let Some(digits) = value.strip_prefix('#') {
        return of_digits(digits);
    }
    let inside = value.split_once('(').and_then(|(name, rest)| Some((name, rest.strip_suffix(')')?)));
    let inside = match inside {
        Some(("rgb" | "rgba", inside)) => inside,
        Some((space, inside)) if is_white(space, inside) => return Colour::Rgb([255; 3]),
        _ => return Colour::Unknown,
    };
    let parts: Vec<&str> = inside.split([',', ' ', '/']).map(str::trim).filter(|part| !part.is_empty()).collect();
    let channel = |at: usize| {
        let part: &str = parts.get(at)?;
        let number = match part.strip_suffix('%') {
            Some(percent) => percent.parse::<f32>().ok()? * 2.55,
            None => part.parse::<f32>().ok()?,
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
        Some(number.clamp(0.0, 255.0) as u8)
    };
    let alpha = parts.get(3).map_or(Some(100), |alpha| hundredths(alpha));
    match (channel(0), channel(1), channel(2), alpha) {
        (Some(_), Some(_), Some(_), Some(alpha)) if alpha <= FAINT => Colour::Transparent,
        (Some(red), Some(green), Some(blue), Some(100)) => Colour::Rgb([red, green, blue]),
        _ => Colour::Unknown,
    }
}

/// Opacity in hundredths at which a text is not to be seen.
pub const FAINT: u8 = 10;

fn of_digits(digits: &str) -> Colour {
    let value = |at: usize, width: usize| {
        let digits = digits.get(at * width..(at + 1) * width)?;
        let number = u8::from_str_radix(digits, 16).ok()?;
        Some(if width == 1 { number * 17 } else { number })
    };
    let width = if digits.len() <= 4 { 1 } else { 2 };
    let alpha = if digits.len() / width > 3 { value(3, width).unwrap_or(255) } else { 255 };
    match (value(0, width), value(1, width), value(2, width)) {
        (Some(_), Some(_), Some(_)) if u32::from(alpha) * 100 <= u32::from(FAINT) * 255 => Colour::Transparent,
        (Some(red), Some(green), Some(blue)) if alpha == 255 => Colour::Rgb([red, green, blue]),
        _ => Colour::Unknown,
    }
}

/// A share in hundredths.
pub fn hundredths(value: &str) -> Option<u8> {
    let number = match value.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f32>().ok()?,
        None => value.parse::<f32>().ok()? * 100.0,
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a percentage")]
    Some(number.clamp(0.0, 100.0) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_as_they_are_written() {
        for (text, expected) in [
            ("#FFF", Colour::Rgb([255; 3])),
            ("#ffffff00", Colour::Transparent),
            ("rgba(0, 0, 0, 0)", Colour::Transparent),
            ("rgb(255 255 255 / 100%)", Colour::Rgb([255; 3])),
            ("White", Colour::Rgb([255; 3])),
            ("var(--a)", Colour::Unknown),
            ("#é", Colour::Unknown),
        ] {
            assert_eq!(colour(text), expected, "{text}");
        }
    }
}
