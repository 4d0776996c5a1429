//! With which colour something is drawn, as far as it tells what is to be seen.

/// Red, green and blue from 0 to 1.
pub type Colour = [f64; 3];

pub const WHITE: Colour = [1.0; 3];
pub const BLACK: Colour = [0.0; 3];

/// A colour and how much of it covers what lies behind, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Paint {
    pub colour: Colour,
    pub alpha: f64,
    /// Of patterns, tables of colours and the like it is not known how they look.
    pub is_known: bool,
}

/// How much a colour stands out from another, from 0 to 1.
pub fn contrast(one: Colour, other: Colour) -> f64 {
    one.iter().zip(other).map(|(one, other)| (one - other).abs()).fold(0.0, f64::max)
}

/// How much light a colour gives, from 0 to 1.
pub fn lightness([red, green, blue]: Colour) -> f64 {
    0.3 * red + 0.59 * green + 0.11 * blue
}
