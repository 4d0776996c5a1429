//! Colours, and whether two of them can be told apart.

/// Red, green and blue.
pub type Rgb = [u8; 3];

/// Difference of each channel up to which one colour is not to be told from another.
const ALIKE: u8 = 25;

/// Whether one colour is not to be told from another.
pub fn are_alike(one: Rgb, other: Rgb) -> bool {
    one.iter().zip(other).all(|(one, other)| one.abs_diff(other) <= ALIKE)
}
