//! What is put beside a figure without being part of it, and how a figure is split and spelled.

use rand::Rng;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use crate::print::Medium;

/// How a piece of a cell's text is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    Plain,
    Raised,
    Lowered,
    Struck,
    Hidden,
    Ruby,
    Over,
    Small,
}

/// A piece of a cell's text.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    pub text: String,
    pub set: Set,
}

pub fn plain(text: &str) -> Piece {
    Piece { text: text.to_owned(), set: Set::Plain }
}

const MARKS: &[&str] = &["①", "②", "⑳", "¹", "₂", "⑴", "⒈", "*", "※", "❶"];

/// A figure as it stands in a cell, with what is beside it; `rich` formats can set pieces in different ways.
pub fn figure(random: &mut ChaCha8Rng, text: &str, rich: bool, share: f64) -> Vec<Piece> {
    let is_number = text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    if !is_number || !random.random_bool(share) {
        return vec![plain(text)];
    }
    let spelled = spelled(random, text);
    let number = random_number(random);
    let aside = |set, text: String| Piece { text, set };
    let digit = random.random_range(1..10).to_string();
    match random.random_range(0..if rich { 16 } else { 4 }) {
        0 => vec![plain(&format!("{spelled}{}", MARKS.choose(random).unwrap()))],
        1 => vec![plain(&format!("{}{spelled}", ["①", "②", "※"].choose(random).unwrap()))],
        2 => vec![plain(&format!("{spelled}（其中修订{digit}件）"))],
        3 => vec![plain(&spelled)],
        4 => vec![plain(&spelled), aside(Set::Raised, digit)],
        5 => vec![plain(&spelled), aside(Set::Lowered, digit)],
        6 => vec![aside(Set::Struck, number), plain(&spelled)],
        7 => vec![plain(&spelled), aside(Set::Struck, number)],
        8 => vec![plain(&spelled), aside(Set::Hidden, number)],
        9 => vec![aside(Set::Hidden, number), plain(&spelled)],
        10 => vec![aside(Set::Raised, digit), plain(&spelled)],
        11 => vec![plain(&spelled), aside(Set::Small, digit)],
        12 => vec![plain(&spelled), aside(Set::Over, "草稿2025".to_owned())],
        13 => vec![plain(&spelled), aside(Set::Ruby, digit)],
        // One number in pieces that are set alike.
        14 => text.chars().map(|c| plain(&c.to_string())).collect(),
        _ => vec![plain(&spelled), plain("\u{200b}")],
    }
}

/// Something else where a figure would stand: nothing of it may be taken.
pub fn no_figure(random: &mut ChaCha8Rng, medium: Medium) -> Vec<Piece> {
    let mut set = *[Set::Struck, Set::Hidden, Set::Raised].choose(random).unwrap();
    // On paper nothing tells that a number is raised where nothing stands beside it.
    if medium != Medium::File && set == Set::Raised {
        set = Set::Struck;
    }
    vec![Piece { text: random_number(random), set }]
}

fn random_number(random: &mut ChaCha8Rng) -> String {
    random.random_range(1..1000).to_string()
}

/// Digits in full width, with separators, or as they are.
pub fn spelled(random: &mut ChaCha8Rng, text: &str) -> String {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    match random.random_range(0..4) {
        0 => text.chars().map(|c| if c.is_ascii_digit() { wide(c) } else { c }).collect(),
        1 if whole.len() > 3 && whole.bytes().all(|b| b.is_ascii_digit()) => {
            let mut grouped = String::new();
            for (at, digit) in whole.chars().enumerate() {
                if at > 0 && (whole.len() - at).is_multiple_of(3) {
                    grouped.push(',');
                }
                grouped.push(digit);
            }
            if fraction.is_empty() { grouped } else { format!("{grouped}.{fraction}") }
        }
        _ => text.to_owned(),
    }
}

fn wide(digit: char) -> char {
    char::from_u32(u32::from('０') + digit.to_digit(10).unwrap_or(0)).unwrap_or(digit)
}
