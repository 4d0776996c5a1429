//! Annotations that bring no look of their own: programs that show the page draw them by what they say.

use lopdf::{Dictionary, Document, Object, decode_text_string};

use super::super::page::drawing::{Drawing, Mark, Sight, Stroke};
use super::super::page::geometry::{Area, Matrix, Point};
use super::super::page::shape::{Clip, Layer, Shape};

/// Size of the writing in a field of which it is not known, in points.
const SIZE: f64 = 10.0;
/// Most numbers of an annotation that are looked at, and most fields of which one is part.
const MAX_NUMBERS: usize = 20_000;
const MAX_PARENTS: usize = 16;

/// Draws an annotation: lines through and over the text, areas that cover it, and values of fields, of which it is not
/// known where exactly they stand.
pub fn draw(annotation: &Dictionary, document: &Document, matrix: Matrix, drawing: &mut Drawing) {
    let about = About { annotation, document, matrix };
    let mut stroke = |points: &[Point]| {
        for pair in points.windows(2) {
            if let [from, to] = *pair {
                drawing.strokes.push(Stroke { from, to, is_seen: true });
            }
        }
    };
    match annotation.get(b"Subtype").and_then(Object::as_name).unwrap_or_default() {
        b"StrikeOut" => {
            for corners in about.points(b"QuadPoints").chunks_exact(4) {
                if let [a, b, c, d] = corners {
                    stroke(&[between(*a, *c), between(*b, *d)]);
                }
            }
        }
        b"Line" => stroke(&about.points(b"L")),
        b"PolyLine" | b"Polygon" => stroke(&about.points(b"Vertices")),
        b"Ink" => {
            let lines = about.object(b"InkList").and_then(|lines| lines.as_array().ok());
            lines.into_iter().flatten().take(MAX_NUMBERS).for_each(|line| stroke(&about.points_of(line)));
        }
        b"Square" | b"Circle"
            if about.object(b"IC").is_some_and(|inside| inside.as_array().is_ok_and(|c| !c.is_empty())) =>
        {
            if let Some(area) = about.place() {
                drawing.cover(&Layer { shape: Shape::rectangle(area), clip: Clip::to(Area::EVERYWHERE) });
            }
        }
        b"Widget" => drawing.marks.extend(about.written(about.value())),
        b"FreeText" => {
            // Written over what stands there, on a ground or on none.
            if let Some(area) = about.place() {
                drawing.touch(&Layer { shape: Shape::rectangle(area), clip: Clip::to(Area::EVERYWHERE) });
            }
            drawing.marks.extend(about.written(about.object(b"Contents")));
        }
        _ => {}
    }
}

fn between(one: Point, other: Point) -> Point {
    Point { x: (one.x + other.x) / 2.0, y: (one.y + other.y) / 2.0 }
}

/// An annotation with what is needed to understand it.
struct About<'d> {
    annotation: &'d Dictionary,
    document: &'d Document,
    matrix: Matrix,
}

impl<'d> About<'d> {
    fn object(&self, key: &[u8]) -> Option<&'d Object> {
        self.annotation.get_deref(key, self.document).ok()
    }

    fn points(&self, key: &[u8]) -> Vec<Point> {
        self.object(key).map(|numbers| self.points_of(numbers)).unwrap_or_default()
    }

    fn points_of(&self, numbers: &Object) -> Vec<Point> {
        let number = |object: &Object| self.document.dereference(object).ok()?.1.as_float().ok().map(f64::from);
        let numbers = self.document.dereference(numbers).ok().and_then(|(_, numbers)| numbers.as_array().ok());
        let numbers: Vec<f64> = numbers.into_iter().flatten().take(MAX_NUMBERS).filter_map(number).collect();
        let point = |pair: &[f64]| match pair {
            [x, y] => Some(self.matrix.apply(*x, *y)),
            _ => None,
        };
        numbers.chunks_exact(2).filter_map(point).collect()
    }

    fn place(&self) -> Option<Area> {
        Area::around(&self.points(b"Rect"))
    }

    /// What a field holds, by itself or as one of those that it belongs to.
    fn value(&self) -> Option<&'d Object> {
        let mut field = Some(self.annotation);
        for _ in 0..MAX_PARENTS {
            if let Ok(value) = field?.get_deref(b"V", self.document) {
                return Some(value);
            }
            field = field?.get_deref(b"Parent", self.document).and_then(Object::as_dict).ok();
        }
        None
    }

    fn written(&self, text: Option<&Object>) -> Option<Mark> {
        let text = decode_text_string(text?).ok().filter(|text| !text.trim().is_empty())?;
        let area = self.place()?;
        let y = (area.bottom + area.top - 0.6 * SIZE) / 2.0;
        Some(Mark {
            text,
            start: Point { x: area.left, y },
            end: Point { x: area.right, y },
            size: SIZE,
            quarter: Some(0),
            contrast: 1.0,
            sight: Sight::Laid,
            is_struck: false,
            is_doubtful: true,
        })
    }
}
