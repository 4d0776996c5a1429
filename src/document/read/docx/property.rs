//! What single elements and attributes of a DOCX say of the text within them.

use quick_xml::events::BytesStart;

use super::super::inscription::Look;
use super::super::package::{attribute, number};

/// What the text within an element is, whatever its runs say.
pub fn look_within(name: &str) -> Option<Look> {
    match name {
        "del" | "delText" | "moveFrom" => Some(Look::Struck),
        "rt" => Some(Look::Ruby),
        "txbxContent" => Some(Look::Overlay),
        "sup" => Some(Look::Superscript),
        "sub" => Some(Look::Subscript),
        // Of formulas, which stack characters, strike them out or only keep their place.
        "num" | "den" | "deg" | "lim" | "phant" | "borderBox" | "eqArr" | "mr" | "nary" => Some(Look::Strange),
        "bdo" | "dir" => Some(Look::Strange),
        // Which of its forms is shown, the program decides that opens it.
        "AlternateContent" => Some(Look::Strange),
        _ => None,
    }
}

/// Whether a property is on.
pub fn is_on(element: &BytesStart<'_>, name: &str) -> bool {
    attribute(element, name).is_some_and(|value| !matches!(value.as_str(), "0" | "false" | "off"))
}

/// Further to a side than this, in twentieths of a point, a line begins outside its cell.
const FAR: i32 = 3_000;

/// Whether an indentation moves what is written out of its cell.
pub fn is_far(element: &BytesStart<'_>) -> bool {
    ["left", "start", "right", "end", "firstLine", "hanging"].iter().any(|side| {
        let by = attribute(element, side).and_then(|by| by.trim().parse::<i32>().ok());
        by.is_some_and(|by| by.abs() > FAR)
    })
}

/// Heights below this, in twentieths of a point, show no character whole.
const FLAT: usize = 80;

/// Whether an element states a height that stays, whatever stands there, and is less than characters have.
pub fn is_flat(element: &BytesStart<'_>, height: &str, rule: &str) -> bool {
    let stays = attribute(element, rule).is_some_and(|rule| rule == "exact");
    stays && number(element, height).is_some_and(|height| height < FLAT)
}

/// Extensions of the format that word processors of today know, by their usual prefixes.
const EXTENSIONS: [&str; 14] =
    ["w14", "w15", "w16", "wp14", "wps", "wpg", "wpc", "wpi", "a14", "am3d", "aink", "cx1", "v", "c14"];

/// Whether programs show one of several forms of a content, by the extensions that it takes.
pub fn is_usual(element: &BytesStart<'_>) -> bool {
    let extensions = attribute(element, "Requires").unwrap_or_default();
    extensions.split_whitespace().all(|extension| EXTENSIONS.contains(&extension))
}
