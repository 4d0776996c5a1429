//! Areas of any outline: what covers the marks behind it, and what cuts them off.

use std::rc::Rc;

use super::geometry::{Area, Matrix, Point};

/// Most outlines within each other that cut off; further ones count with the rectangle around them.
const MAX_CLIPS: usize = 64;

/// An area between closed lines.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    outlines: Vec<Vec<Point>>,
    pub bounds: Area,
    /// What an even number of outlines surround is left out.
    is_even_odd: bool,
}

impl Shape {
    /// None for outlines without a point.
    pub fn of(outlines: Vec<Vec<Point>>, is_even_odd: bool) -> Option<Self> {
        let bounds = Area::around(&outlines.concat())?;
        Some(Self { outlines, bounds, is_even_odd })
    }

    pub fn rectangle(area: Area) -> Self {
        let corner = |x: f64, y: f64| Point { x, y };
        let Area { left, bottom, right, top } = area;
        let outline = vec![corner(left, bottom), corner(right, bottom), corner(right, top), corner(left, top)];
        Self { outlines: vec![outline], bounds: area, is_even_odd: false }
    }

    /// A straight line as wide as this, without caps.
    pub fn line(from: Point, to: Point, width: f64) -> Option<Self> {
        let length = (to.x - from.x).hypot(to.y - from.y);
        if length <= 0.0 {
            return None;
        }
        let (x, y) = ((from.y - to.y) / length * width / 2.0, (to.x - from.x) / length * width / 2.0);
        let beside = |point: Point, side: f64| Point { x: point.x + side * x, y: point.y + side * y };
        Self::of(vec![vec![beside(from, 1.0), beside(to, 1.0), beside(to, -1.0), beside(from, -1.0)]], false)
    }

    /// The unit square, transformed: where a picture stands.
    pub fn square(matrix: Matrix) -> Option<Self> {
        let corners = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)];
        Self::of(vec![corners.iter().map(|(x, y)| matrix.apply(*x, *y)).collect()], false)
    }

    pub fn contains(&self, point: Point) -> bool {
        if !self.bounds.contains(point) {
            return false;
        }
        let (mut winding, mut crossings) = (0i64, 0u64);
        for outline in &self.outlines {
            let ends = outline.iter().skip(1).chain(outline.first());
            for (from, to) in outline.iter().zip(ends) {
                if (from.y <= point.y) == (to.y <= point.y) {
                    continue;
                }
                let x = from.x + (point.y - from.y) / (to.y - from.y) * (to.x - from.x);
                if x > point.x {
                    winding += if to.y > from.y { 1 } else { -1 };
                    crossings += 1;
                }
            }
        }
        if self.is_even_odd { crossings % 2 == 1 } else { winding != 0 }
    }

    /// How many points it takes to tell what it contains.
    fn points(&self) -> usize {
        self.outlines.iter().map(Vec::len).sum()
    }

    /// Whether it is the rectangle around it.
    fn is_rectangle(&self) -> bool {
        let is_even = |one: f64, other: f64| (one - other).abs() < 0.01;
        let [outline] = self.outlines.as_slice() else { return false };
        let is_corner = |point: &Point| {
            (is_even(point.x, self.bounds.left) || is_even(point.x, self.bounds.right))
                && (is_even(point.y, self.bounds.bottom) || is_even(point.y, self.bounds.top))
        };
        let along = |(from, to): (&Point, &Point)| is_even(from.x, to.x) || is_even(from.y, to.y);
        (4..=5).contains(&outline.len())
            && outline.iter().all(is_corner)
            && outline.iter().zip(outline.iter().skip(1)).all(along)
    }
}

/// What everything is cut off to.
#[derive(Debug, Clone, PartialEq)]
pub struct Clip {
    bounds: Area,
    /// Those that are no rectangles.
    shapes: Vec<Rc<Shape>>,
}

impl Clip {
    pub fn to(bounds: Area) -> Self {
        Self { bounds, shapes: Vec::new() }
    }

    /// The rectangle around it.
    pub fn bounds(&self) -> Area {
        self.bounds
    }

    pub fn within(&mut self, area: Area) {
        self.bounds = self.bounds.within(area);
    }

    pub fn cut(&mut self, shape: Shape) {
        self.within(shape.bounds);
        if !shape.is_rectangle() && self.shapes.len() < MAX_CLIPS {
            self.shapes.push(Rc::new(shape));
        }
    }

    pub fn contains(&self, point: Point) -> bool {
        self.bounds.contains(point) && self.shapes.iter().all(|shape| shape.contains(point))
    }
}

/// A shape as far as it is not cut off.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    pub shape: Shape,
    pub clip: Clip,
}

impl Layer {
    pub fn contains(&self, point: Point) -> bool {
        self.clip.bounds.contains(point) && self.shape.contains(point) && self.clip.contains(point)
    }

    /// The rectangle around it.
    pub fn bounds(&self) -> Area {
        self.shape.bounds.within(self.clip.bounds)
    }

    /// How many points it takes to tell what it contains.
    pub fn points(&self) -> usize {
        self.shape.points() + self.clip.shapes.iter().map(|shape| shape.points()).sum::<usize>()
    }
}

/// How much of an area something contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Share {
    None,
    Part,
    Whole,
}

impl Share {
    /// By the corners, the middles of the sides and the middle of an area.
    pub fn of(area: Area, contains: impl Fn(Point) -> bool) -> Self {
        let middle = Point { x: (area.left + area.right) / 2.0, y: (area.bottom + area.top) / 2.0 };
        let heights = [area.bottom, middle.y, area.top];
        let points = [area.left, middle.x, area.right].into_iter().flat_map(|x| heights.map(|y| Point { x, y }));
        match points.filter(|point| contains(*point)).count() {
            0 => Self::None,
            9 => Self::Whole,
            _ => Self::Part,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(from: f64, to: f64) -> Vec<Point> {
        [(from, from), (to, from), (to, to), (from, to)].map(|(x, y)| Point { x, y }).to_vec()
    }

    fn at(place: f64) -> Point {
        Point { x: place, y: place }
    }

    #[test]
    fn a_frame_contains_what_is_between_its_outlines() {
        let frame = Shape::of(vec![square(0.0, 10.0), square(2.0, 8.0)], true).unwrap();
        assert_eq!([1.0, 5.0, 9.0, 11.0].map(|place| frame.contains(at(place))), [true, false, true, false]);
        let filled = Shape::of(vec![square(0.0, 10.0), square(2.0, 8.0)], false).unwrap();
        assert!(filled.contains(at(5.0)), "both go around in the same direction");
        let mut inner = square(2.0, 8.0);
        inner.reverse();
        assert!(!Shape::of(vec![square(0.0, 10.0), inner], false).unwrap().contains(at(5.0)));
    }

    #[test]
    fn what_lies_in_each_of_two_clips_is_left() {
        let mut clip = Clip::to(Area::EVERYWHERE);
        clip.cut(Shape::of(vec![square(0.0, 10.0)], false).unwrap());
        assert!(clip.shapes.is_empty(), "a rectangle");
        clip.cut(Shape::of(vec![vec![at(0.0), Point { x: 10.0, y: 0.0 }, at(10.0)]], false).unwrap());
        assert!(clip.contains(Point { x: 6.0, y: 3.0 }) && !clip.contains(Point { x: 3.0, y: 6.0 }));
        assert!(!clip.contains(Point { x: 12.0, y: 3.0 }));
    }

    #[test]
    fn a_line_has_a_width() {
        let line = Shape::line(at(0.0), at(10.0), 2.0).unwrap();
        assert!(line.contains(Point { x: 5.5, y: 4.5 }) && !line.contains(Point { x: 7.0, y: 4.0 }));
        assert_eq!(Share::of(Area { left: 4.0, bottom: 4.0, right: 6.0, top: 6.0 }, |p| line.contains(p)), Share::Part);
        assert_eq!(Shape::line(at(1.0), at(1.0), 2.0), None);
    }
}
