//! Points and transformations of a page.

/// A point, or a distance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub x: f64,
    pub y: f64,
}

/// The matrix `[a b 0; c d 0; e f 1]` of the PDF specification (ISO 32000-1, 8.3.3).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Matrix(pub [f64; 6]);

impl Matrix {
    pub const IDENTITY: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    /// Turns a page clockwise by a multiple of 90 degrees.
    pub fn turned(degrees: i64) -> Self {
        match degrees.rem_euclid(360) {
            90 => Self([0.0, -1.0, 1.0, 0.0, 0.0, 0.0]),
            180 => Self([-1.0, 0.0, 0.0, -1.0, 0.0, 0.0]),
            270 => Self([0.0, 1.0, -1.0, 0.0, 0.0, 0.0]),
            _ => Self::IDENTITY,
        }
    }

    pub fn moved(x: f64, y: f64) -> Self {
        Self([1.0, 0.0, 0.0, 1.0, x, y])
    }

    /// This transformation, then another.
    pub fn then(self, next: Self) -> Self {
        let ([a, b, c, d, e, f], [a2, b2, c2, d2, e2, f2]) = (self.0, next.0);
        Self([
            a * a2 + b * c2,
            a * b2 + b * d2,
            c * a2 + d * c2,
            c * b2 + d * d2,
            e * a2 + f * c2 + e2,
            e * b2 + f * d2 + f2,
        ])
    }

    /// How many times as large everything becomes, between what it is along and across.
    pub fn scale(self) -> f64 {
        let [a, b, c, d, ..] = self.0;
        (a * d - b * c).abs().sqrt()
    }

    pub fn apply(self, x: f64, y: f64) -> Point {
        let [a, b, c, d, e, f] = self.0;
        Point { x: a * x + c * y + e, y: b * x + d * y + f }
    }
}

/// A rectangle along the axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    pub left: f64,
    pub bottom: f64,
    pub right: f64,
    pub top: f64,
}

impl Area {
    pub const EVERYWHERE: Self =
        Self { left: f64::NEG_INFINITY, bottom: f64::NEG_INFINITY, right: f64::INFINITY, top: f64::INFINITY };

    /// The least area with all the points.
    pub fn around(points: &[Point]) -> Option<Self> {
        let (first, rest) = points.split_first()?;
        let start = Self { left: first.x, bottom: first.y, right: first.x, top: first.y };
        Some(rest.iter().fold(start, |area, point| Self {
            left: area.left.min(point.x),
            bottom: area.bottom.min(point.y),
            right: area.right.max(point.x),
            top: area.top.max(point.y),
        }))
    }

    /// The rectangle between two corners, transformed.
    pub fn transformed(x: [f64; 2], y: [f64; 2], matrix: Matrix) -> Self {
        let corners = x.map(|x| y.map(|y| matrix.apply(x, y)));
        Self::around(corners.as_flattened()).unwrap_or(Self::EVERYWHERE)
    }

    /// What both cover; empty where they do not meet.
    pub fn within(self, other: Self) -> Self {
        Self {
            left: self.left.max(other.left),
            bottom: self.bottom.max(other.bottom),
            right: self.right.min(other.right),
            top: self.top.min(other.top),
        }
    }

    pub fn width(self) -> f64 {
        self.right - self.left
    }

    pub fn height(self) -> f64 {
        self.top - self.bottom
    }

    /// Whether they have a point in common.
    pub fn meets(self, other: Self) -> bool {
        let both = self.within(other);
        both.left <= both.right && both.bottom <= both.top
    }

    pub fn contains(self, point: Point) -> bool {
        (self.left..=self.right).contains(&point.x) && (self.bottom..=self.top).contains(&point.y)
    }
}

/// Quarters of a turn to the left from writing to the right; none for a direction askew.
pub fn quarter(from: Point, to: Point) -> Option<u8> {
    let (x, y) = (to.x - from.x, to.y - from.y);
    // Three degrees are an inexact scale; a watermark has more.
    let is_flat = |along: f64, beside: f64| beside.abs() <= 0.05 * along.abs();
    match (is_flat(x, y), is_flat(y, x)) {
        (true, _) => Some(if x >= 0.0 { 0 } else { 2 }),
        (_, true) => Some(if y > 0.0 { 1 } else { 3 }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_are_quarters_or_askew() {
        let to = |x: f64, y: f64| quarter(Point { x: 0.0, y: 0.0 }, Point { x, y });
        assert_eq!([to(9.0, 0.1), to(0.0, 5.0), to(-5.0, 0.0), to(0.0, -5.0)], [Some(0), Some(1), Some(2), Some(3)]);
        assert_eq!(to(1.0, 0.5), None);
    }

    #[test]
    fn transformations_follow_each_other() {
        let both = Matrix([2.0, 0.0, 0.0, 2.0, 0.0, 0.0]).then(Matrix::moved(10.0, 5.0));
        assert_eq!(both.apply(1.0, 1.0), Point { x: 12.0, y: 7.0 });
        // What runs up the page runs to the right once it is turned.
        assert_eq!(Matrix::turned(90).apply(0.0, 1.0), Point { x: 1.0, y: 0.0 });
        assert_eq!(Matrix::turned(-90), Matrix::turned(270));
    }
}
