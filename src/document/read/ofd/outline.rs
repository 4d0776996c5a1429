//! The outline of a drawing: `M 0 0 L 10 0 C`, operators with their numbers.

use std::f64::consts::PI;

use super::super::page::geometry::{Matrix, Point};
use super::super::page::path::Path;
use super::element::numbers;

/// Straight pieces that an arc is drawn with.
const PIECES: u32 = 12;

/// The path that an outline is, transformed. What cannot be read ends it, as in programs that show the page.
pub fn path(outline: &str, matrix: Matrix) -> Path {
    let mut path = Path::default();
    let mut at = (0.0, 0.0);
    let place = |(x, y): (f64, f64)| matrix.apply(x, y);
    for (operator, operands) in instructions(outline) {
        let Some(operands) = operands else { break };
        match (operator, operands.as_slice()) {
            ('S' | 'M', [x, y]) => {
                at = (*x, *y);
                path.begin(place(at));
            }
            ('L', points) => {
                for point in points.chunks_exact(2) {
                    at = (point[0], point[1]);
                    path.line_to(place(at));
                }
            }
            ('Q', [x, y, to_x, to_y]) => {
                let handle = |x0: f64, y0: f64| (x0 + (x - x0) * 2.0 / 3.0, y0 + (y - y0) * 2.0 / 3.0);
                let (one, two) = (handle(at.0, at.1), handle(*to_x, *to_y));
                at = (*to_x, *to_y);
                path.curve_to(place(one), place(two), place(at));
            }
            ('B', [x1, y1, x2, y2, x, y]) => {
                at = (*x, *y);
                path.curve_to(place((*x1, *y1)), place((*x2, *y2)), place(at));
            }
            ('A', [rx, ry, turn, large, sweep, x, y]) => {
                let arc = Arc { radii: (*rx, *ry), turn: *turn, is_large: *large != 0.0, is_swept: *sweep != 0.0 };
                let points: Vec<Point> = arc.points(at, (*x, *y)).into_iter().map(place).collect();
                at = (*x, *y);
                path.round_along(&points);
            }
            ('C', _) => path.close(),
            _ => break,
        }
    }
    path
}

/// Each operator with the numbers behind it, none where these are no numbers.
fn instructions(outline: &str) -> impl Iterator<Item = (char, Option<Vec<f64>>)> {
    // The letter of an exponent is none of an operator.
    let is_operator = |character: char| character.is_ascii_alphabetic() && !matches!(character, 'e' | 'E');
    outline.match_indices(is_operator).map(move |(at, operator)| {
        let behind = outline.get(at + 1..).unwrap_or_default();
        let end = behind.find(is_operator).unwrap_or(behind.len());
        let operator = operator.chars().next().map_or(' ', |operator| operator.to_ascii_uppercase());
        (operator, numbers(behind.get(..end).unwrap_or_default()))
    })
}

/// Part of an ellipse, turned by so many degrees, between two points.
struct Arc {
    radii: (f64, f64),
    turn: f64,
    is_large: bool,
    is_swept: bool,
}

impl Arc {
    /// Points on it, as its centre follows from its ends (SVG 1.1, F.6.5).
    fn points(&self, from: (f64, f64), to: (f64, f64)) -> Vec<(f64, f64)> {
        let (sine, cosine) = self.turn.to_radians().sin_cos();
        let half = ((from.0 - to.0) / 2.0, (from.1 - to.1) / 2.0);
        let (x, y) = (cosine * half.0 + sine * half.1, cosine * half.1 - sine * half.0);
        let (mut rx, mut ry) = (self.radii.0.abs(), self.radii.1.abs());
        if rx == 0.0 || ry == 0.0 {
            return vec![to];
        }
        let share = (x / rx).powi(2) + (y / ry).powi(2);
        if share > 1.0 {
            (rx, ry) = (rx * share.sqrt(), ry * share.sqrt());
        }
        let under = (rx * ry).powi(2) - (rx * y).powi(2) - (ry * x).powi(2);
        let over = (rx * y).powi(2) + (ry * x).powi(2);
        let root = if over > 0.0 { (under.max(0.0) / over).sqrt() } else { 0.0 };
        let root = if self.is_large == self.is_swept { -root } else { root };
        let (cx, cy) = (root * rx * y / ry, -root * ry * x / rx);
        let angle = |x: f64, y: f64| (y / ry).atan2(x / rx);
        let start = angle(x - cx, y - cy);
        let mut sweep = angle(-x - cx, -y - cy) - start;
        match self.is_swept {
            true if sweep < 0.0 => sweep += 2.0 * PI,
            false if sweep > 0.0 => sweep -= 2.0 * PI,
            _ => {}
        }
        let middle = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0);
        let point = |piece: u32| {
            let at = start + sweep * f64::from(piece) / f64::from(PIECES);
            let (x, y) = (cx + rx * at.cos(), cy + ry * at.sin());
            (cosine * x - sine * y + middle.0, sine * x + cosine * y + middle.1)
        };
        (1..PIECES).map(point).chain([to]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(outline: &str) -> Vec<(f64, f64)> {
        let rounded = |number: f64| (number * 100.0).round() / 100.0;
        path(outline, Matrix::IDENTITY).pieces().map(|(_, to)| (rounded(to.x), rounded(to.y))).collect()
    }

    #[test]
    fn an_outline_is_read_however_it_is_divided() {
        let expected = [(10.0, 0.0), (10.0, 5.0), (0.0, 0.0)];
        for outline in ["M 0 0 L 10 0 L 10 5 C", "M0,0L10,0 10,5C ", "S 0 0\nL 1e1 0\tL 10 5 C"] {
            assert_eq!(ends(outline), expected, "{outline}");
        }
        assert_eq!(ends("M 0 0 L 10 0 X 1 L 5 5"), [(10.0, 0.0)]);
        assert_eq!(ends("M 0 0 L 10 x"), []);
    }

    #[test]
    fn arcs_go_around() {
        let half = ends("M 0 0 A 5 5 0 0 1 10 0");
        assert_eq!(half.last(), Some(&(10.0, 0.0)));
        assert!(half.contains(&(5.0, -5.0)), "{half:?}");
        assert!(ends("M 0 0 A 5 5 0 0 0 10 0").contains(&(5.0, 5.0)));
        assert!(path("M 0 0 A 5 5 0 1 1 0.1 0 C", Matrix::IDENTITY).round().is_some());
    }
}
