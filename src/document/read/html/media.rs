//! Conditions of style sheets: whether a page in a window of a usual screen follows what stands under them.

use super::value::length;

/// A window of a usual screen, in pixels: no narrower than the first, no wider than the second.
const WIDTHS: [f32; 2] = [1_000.0, 1_900.0];
const HEIGHTS: [f32; 2] = [500.0, 1_000.0];

/// Features of media with the values that a usual screen has, and those that it has not.
const FEATURES: [(&str, &[&str], &[&str]); 8] = [
    ("orientation", &["landscape"], &["portrait"]),
    ("hover", &["hover"], &["none"]),
    ("any-hover", &["hover"], &["none"]),
    ("pointer", &["fine"], &["none", "coarse"]),
    ("prefers-color-scheme", &["light"], &["dark"]),
    ("prefers-contrast", &["no-preference"], &["more", "less", "custom"]),
    ("prefers-reduced-motion", &["no-preference"], &["reduce"]),
    ("forced-colors", &["none"], &["active"]),
];

/// Whether a list of media queries holds; none where that cannot be told.
pub fn holds(media: &str) -> Option<bool> {
    let media = media.to_ascii_lowercase();
    let any = |held: Option<bool>, query: &str| or(held, query_holds(query.trim()));
    if media.trim().is_empty() { Some(true) } else { media.split(',').fold(Some(false), any) }
}

fn or(one: Option<bool>, other: Option<bool>) -> Option<bool> {
    match (one, other) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), other) => other,
        (None, _) => None,
    }
}

fn query_holds(query: &str) -> Option<bool> {
    if let Some(query) = query.strip_prefix("not ") {
        return query_holds(query.trim()).map(|holds| !holds);
    }
    let query = query.strip_prefix("only ").unwrap_or(query);
    let all = |held: Option<bool>, part: &str| {
        let none_of_both = or(held.map(|held| !held), part_holds(part.trim()).map(|holds| !holds));
        none_of_both.map(|fails| !fails)
    };
    query.split(" and ").fold(Some(true), all)
}

fn part_holds(part: &str) -> Option<bool> {
    match part {
        "all" | "screen" => return Some(true),
        "print" | "speech" | "aural" | "braille" | "embossed" | "handheld" | "projection" | "tty" | "tv" => {
            return Some(false);
        }
        _ => {}
    }
    let (feature, value) = part.strip_prefix('(')?.strip_suffix(')')?.split_once(':')?;
    let (feature, value) = (feature.trim(), value.trim());
    let least = |[narrow, wide]: [f32; 2]| within(length(value)?, narrow, wide);
    match feature {
        "min-width" | "min-device-width" => least(WIDTHS),
        "max-width" | "max-device-width" => least(WIDTHS).map(|is_wider| !is_wider),
        "min-height" => least(HEIGHTS),
        "max-height" => least(HEIGHTS).map(|is_higher| !is_higher),
        _ => {
            let (_, held, others) = FEATURES.iter().find(|(name, ..)| *name == feature)?;
            held.contains(&value).then_some(true).or_else(|| others.contains(&value).then_some(false))
        }
    }
}

/// Whether every usual window reaches a length, or none does.
fn within(length: f32, narrow: f32, wide: f32) -> Option<bool> {
    if length <= narrow { Some(true) } else { (length > wide).then_some(false) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_holds_or_not_or_cannot_be_told() {
        for (media, expected) in [
            ("", Some(true)),
            ("all", Some(true)),
            ("only screen and (min-width: 768px)", Some(true)),
            ("not all", Some(false)),
            ("not print", Some(true)),
            ("print, screen", Some(true)),
            ("print and (min-width: 1px)", Some(false)),
            ("(max-width: 600px)", Some(false)),
            ("(max-width: 4000px)", Some(true)),
            ("(min-width: 1400px)", None),
            ("(prefers-color-scheme: dark)", Some(false)),
            ("(min-resolution: 2dppx)", None),
            ("print, (min-resolution: 2dppx)", None),
            ("(width >= 600px)", None),
        ] {
            assert_eq!(holds(media), expected, "{media}");
        }
    }
}
