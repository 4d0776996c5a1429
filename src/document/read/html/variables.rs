//! Custom properties of a page (`--name: value`) and where they are used (`var(--name)`). A page is not computed here, so
//! that one counts only where it has the same value wherever the page sets it.

use std::borrow::Cow;
use std::collections::HashMap;

use super::value::split;

/// Most properties that are kept, and the longest text in which they are replaced, in bytes.
const MAX_PROPERTIES: usize = 2_000;
const MAX_BYTES: usize = 16 * 1024;
/// Most properties of which one is made, one within the other.
const MAX_PASSES: usize = 4;

/// The custom properties that a page sets, by their names.
#[derive(Debug, Default)]
pub struct Variables {
    /// None where several values are set, or too many properties to know.
    values: HashMap<String, Option<String>>,
}

impl Variables {
    /// Takes in what declarations set.
    pub fn add(&mut self, declarations: &str) {
        if !declarations.contains("--") {
            return;
        }
        for declaration in split(declarations, ';') {
            let Some((name, value)) = declaration.split_once(':') else { continue };
            let (name, value) = (name.trim(), value.trim());
            if !name.starts_with("--") || self.values.len() >= MAX_PROPERTIES {
                continue;
            }
            let known = self.values.entry(name.to_owned()).or_insert_with(|| Some(value.to_owned()));
            if known.as_deref() != Some(value) {
                *known = None;
            }
        }
    }

    /// The declarations with the value of each property in the place where it is used. What has several values stays.
    pub fn replaced<'t>(&self, declarations: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(declarations);
        for _ in 0..MAX_PASSES {
            if !text.contains("var(") {
                break;
            }
            let next = self.pass(&text);
            if next.len() > MAX_BYTES {
                break;
            }
            text = Cow::Owned(next);
        }
        text
    }

    fn pass(&self, text: &str) -> String {
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("var(") {
            result.push_str(before);
            let Some(end) = closing(after) else {
                rest = after;
                result.push_str("var(");
                continue;
            };
            let (inside, behind) = (after.get(..end).unwrap_or_default(), after.get(end + 1..).unwrap_or_default());
            let (name, usual) = match inside.split_once(',') {
                Some((name, usual)) => (name.trim(), usual.trim()),
                // A property that is set nowhere leaves what would be without the declaration.
                None => (inside.trim(), "unset"),
            };
            match self.values.get(name) {
                Some(Some(value)) => result.push_str(value),
                None if self.values.len() < MAX_PROPERTIES => result.push_str(usual),
                _ => result.push_str(&format!("var({inside})")),
            }
            rest = behind;
        }
        result + rest
    }
}

/// Where the bracket closes that stands open before a text.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 0 => return Some(at),
            b')' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_counts_where_it_has_one_value_only() {
        let mut variables = Variables::default();
        variables.add("--ink: #fff; color: red; --two: 1px; --of-ink: var(--ink)");
        variables.add("--two: 2px");
        for (text, expected) in [
            ("color: var(--ink)", "color: #fff"),
            ("color:var( --of-ink )", "color:#fff"),
            ("color: var(--none, var(--ink))", "color: #fff"),
            ("color: var(--none)", "color: unset"),
            ("top: var(--two)", "top: var(--two)"),
            ("color: var(--ink", "color: var(--ink"),
            ("color: red", "color: red"),
        ] {
            assert_eq!(variables.replaced(text), expected, "{text}");
        }
    }

    #[test]
    fn properties_that_grow_within_each_other_are_given_up() {
        let mut variables = Variables::default();
        let many = "var(--b)".repeat(2_000);
        variables.add(&format!("--a: {many}; --b: {}", "x".repeat(100)));
        assert!(variables.replaced("color: var(--a)").len() <= MAX_BYTES);
    }
}
