//! The path that the pen follows, and what comes of it where it is painted.

use super::geometry::{Area, Point};
use super::shape::Shape;

/// Most points of a path.
const MAX_POINTS: usize = 20_000;
/// Straight pieces that a curve is drawn with.
const PIECES: usize = 6;
/// Thickest area that is a line, in points.
pub const LINE_THICKNESS: f64 = 2.5;

/// A line of a path without a break.
#[derive(Debug, Default)]
pub struct Run {
    pub points: Vec<Point>,
    is_closed: bool,
}

/// Lines one after the other.
#[derive(Debug, Default)]
pub struct Path {
    runs: Vec<Run>,
    points: usize,
    is_curved: bool,
}

impl Path {
    pub fn begin(&mut self, at: Point) {
        self.runs.push(Run::default());
        self.line_to(at);
    }

    pub fn line_to(&mut self, to: Point) {
        if self.points >= MAX_POINTS {
            return;
        }
        self.points += 1;
        match self.runs.last_mut() {
            // What goes on after a closed line begins where that began.
            Some(run) if run.is_closed => {
                let start = run.points.first().copied();
                self.runs.push(Run { points: start.into_iter().chain([to]).collect(), is_closed: false });
            }
            Some(run) => run.points.push(to),
            None => self.runs.push(Run { points: vec![to], is_closed: false }),
        }
    }

    /// Where the path has come to.
    pub fn end(&self) -> Option<Point> {
        let run = self.runs.last()?;
        if run.is_closed { run.points.first().copied() } else { run.points.last().copied() }
    }

    /// A curve by its two handles and its end.
    pub fn curve_to(&mut self, one: Point, two: Point, end: Point) {
        self.is_curved = true;
        let start = self.end().unwrap_or(one);
        for piece in 1..=PIECES {
            let t = piece as f64 / PIECES as f64;
            let s = 1.0 - t;
            let mixed = |of: fn(Point) -> f64| {
                s * s * s * of(start) + 3.0 * s * s * t * of(one) + 3.0 * s * t * t * of(two) + t * t * t * of(end)
            };
            self.line_to(Point { x: mixed(|point| point.x), y: mixed(|point| point.y) });
        }
    }

    /// A curve along points that lie on it.
    pub fn round_along(&mut self, points: &[Point]) {
        self.is_curved = true;
        points.iter().for_each(|point| self.line_to(*point));
    }

    pub fn close(&mut self) {
        if let Some(run) = self.runs.last_mut() {
            run.is_closed = true;
        }
    }

    /// The least area with all of it.
    pub fn bounds(&self) -> Option<Area> {
        let points: Vec<Point> = self.runs.iter().flat_map(|run| run.points.iter().copied()).collect();
        Area::around(&points)
    }

    /// What its curves go around, where it is one line with a hole or one that is drawn.
    pub fn round(&self) -> Option<Area> {
        self.bounds().filter(|_| self.is_curved && self.runs.len() <= 2)
    }

    /// Its straight pieces, as a pen draws them.
    pub fn pieces(&self) -> impl Iterator<Item = (Point, Point)> {
        self.runs.iter().flat_map(|run| {
            let back = run.points.last().zip(run.points.first()).filter(|_| run.is_closed);
            let ends = run.points.iter().zip(run.points.iter().skip(1));
            ends.chain(back).map(|(from, to)| (*from, *to))
        })
    }

    /// The area between all its lines.
    pub fn shape(self, is_even_odd: bool) -> Option<Shape> {
        Shape::of(self.runs.into_iter().map(|run| run.points).collect(), is_even_odd)
    }

    /// The area, of which what is thin is taken away as lines.
    pub fn areas_and_lines(&self, is_even_odd: bool) -> (Option<Shape>, Vec<(Point, Point)>) {
        let mut lines = Vec::new();
        let mut wide: Vec<&Run> = Vec::new();
        for run in &self.runs {
            match thin(run) {
                Some(line) => lines.push(line),
                None => wide.push(run),
            }
        }
        if let [outer, inner] = wide.as_slice()
            && let Some(sides) = frame(outer, inner)
        {
            lines.extend(sides);
        }
        (Shape::of(wide.into_iter().map(|run| run.points.clone()).collect(), is_even_odd), lines)
    }
}

/// The line that a thin area is.
fn thin(run: &Run) -> Option<(Point, Point)> {
    let area = Area::around(&run.points)?;
    let middle = Point { x: (area.left + area.right) / 2.0, y: (area.bottom + area.top) / 2.0 };
    if area.width().min(area.height()) <= LINE_THICKNESS {
        return Some(match area.width() > area.height() {
            true => (Point { x: area.left, ..middle }, Point { x: area.right, ..middle }),
            false => (Point { y: area.bottom, ..middle }, Point { y: area.top, ..middle }),
        });
    }
    // A line askew: four corners, two of which are near each other at both ends.
    let mut points = run.points.as_slice();
    if let [first, .., last] = points
        && first == last
    {
        points = points.get(..points.len() - 1).unwrap_or_default();
    }
    let [a, b, c, d] = points else { return None };
    let length = |one: &Point, other: &Point| (one.x - other.x).hypot(one.y - other.y);
    let between = |one: &Point, other: &Point| Point { x: (one.x + other.x) / 2.0, y: (one.y + other.y) / 2.0 };
    let ends = |one: (&Point, &Point), other: (&Point, &Point)| {
        (length(one.0, one.1).max(length(other.0, other.1)) <= LINE_THICKNESS)
            .then(|| (between(one.0, one.1), between(other.0, other.1)))
    };
    ends((a, b), (c, d)).or_else(|| ends((b, c), (d, a)))
}

/// The sides of a frame between two rectangles, one a little within the other.
fn frame(outer: &Run, inner: &Run) -> Option<[(Point, Point); 4]> {
    let (one, other) = (Area::around(&outer.points)?, Area::around(&inner.points)?);
    let between = |a: f64, b: f64| ((a - b).abs() <= LINE_THICKNESS).then_some((a + b) / 2.0);
    let (left, right) = (between(one.left, other.left)?, between(one.right, other.right)?);
    let (bottom, top) = (between(one.bottom, other.bottom)?, between(one.top, other.top)?);
    let corner = |x: f64, y: f64| Point { x, y };
    let corners = [corner(left, bottom), corner(right, bottom), corner(right, top), corner(left, top)];
    let [a, b, c, d] = corners;
    Some([(a, b), (b, c), (c, d), (d, a)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(runs: &[&[(f64, f64)]]) -> Path {
        let mut path = Path::default();
        for run in runs {
            for (at, (x, y)) in run.iter().enumerate() {
                let point = Point { x: *x, y: *y };
                if at == 0 { path.begin(point) } else { path.line_to(point) }
            }
            path.close();
        }
        path
    }

    #[test]
    fn thin_areas_are_lines_and_others_are_areas() {
        let thin: &[(f64, f64)] = &[(0.0, 0.0), (20.0, 0.0), (20.0, 1.0), (0.0, 1.0)];
        let wide: &[(f64, f64)] = &[(0.0, 0.0), (20.0, 0.0), (20.0, 10.0), (0.0, 10.0)];
        let askew: &[(f64, f64)] = &[(0.0, 0.0), (20.0, 10.0), (20.0, 11.0), (0.0, 1.0)];
        let (area, lines) = path(&[thin, wide, askew]).areas_and_lines(false);
        assert_eq!(area.unwrap().bounds, Area { left: 0.0, bottom: 0.0, right: 20.0, top: 10.0 });
        let line = |from: (f64, f64), to: (f64, f64)| (Point { x: from.0, y: from.1 }, Point { x: to.0, y: to.1 });
        assert_eq!(lines, [line((0.0, 0.5), (20.0, 0.5)), line((20.0, 10.5), (0.0, 0.5))]);
    }

    #[test]
    fn a_frame_is_four_lines_and_covers_nothing_within() {
        let outer: &[(f64, f64)] = &[(0.0, 0.0), (20.0, 0.0), (20.0, 10.0), (0.0, 10.0)];
        let inner: &[(f64, f64)] = &[(1.0, 1.0), (19.0, 1.0), (19.0, 9.0), (1.0, 9.0)];
        let (area, lines) = path(&[outer, inner]).areas_and_lines(true);
        assert_eq!(lines.len(), 4);
        assert!(!area.unwrap().contains(Point { x: 10.0, y: 5.0 }));
    }

    #[test]
    fn a_curve_goes_near_its_handles() {
        let mut curve = path(&[]);
        curve.begin(Point { x: 0.0, y: 0.0 });
        curve.curve_to(Point { x: 0.0, y: 4.0 }, Point { x: 4.0, y: 4.0 }, Point { x: 4.0, y: 0.0 });
        let top = curve.pieces().map(|(_, to)| to.y).fold(0.0, f64::max);
        assert!((top - 3.0).abs() < 1e-9);
        assert_eq!(curve.end(), Some(Point { x: 4.0, y: 0.0 }));
    }
}
