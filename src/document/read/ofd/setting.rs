//! Where and with what the objects of a page are drawn, as those around them say.

use super::super::page::brush::{Blend, Brush};
use super::super::page::geometry::{Area, Matrix};
use super::super::page::ink::{BLACK, Paint};
use super::super::page::part::Part;
use super::super::page::shape::Clip;
use super::colour;
use super::element::Element;
use super::outline;
use super::resources::Resources;

/// Points in a millimetre.
pub const POINTS: f64 = 72.0 / 25.4;
/// Width of a line of which nothing is said, in millimetres.
const LINE_WIDTH: f64 = 0.353;
/// The most opacity.
const OPAQUE: f64 = 255.0;
/// How far something may stand out of its frame, in points.
const BEYOND: f64 = 1.5;

#[derive(Clone)]
pub struct Setting<'e> {
    pub matrix: Matrix,
    pub clip: Clip,
    pub part: Part,
    alpha: f64,
    /// What is cut off in a way that is not followed.
    is_in_doubt: bool,
    /// The frames around: programs do not agree whether what stands outside is cut off.
    frame: Area,
    /// What gives a way of drawing to all within.
    layer: Option<&'e Element>,
}

/// How an object is painted.
#[derive(Debug, Clone, Copy)]
pub struct Paints {
    pub fill: Option<Paint>,
    pub stroke: Option<Paint>,
    /// The object, its way of drawing or its layer names a colour to fill with.
    pub has_fill_colour: bool,
}

impl<'e> Setting<'e> {
    /// Of a page whose area is this, in millimetres, from its upper left corner.
    pub fn of_page([x, y, width, height]: [f64; 4]) -> Self {
        let matrix = Matrix([POINTS, 0.0, 0.0, -POINTS, -x * POINTS, (y + height) * POINTS]);
        let sheet = Area::transformed([x, x + width], [y, y + height], matrix);
        Self {
            matrix,
            clip: Clip::to(sheet),
            part: Part::default(),
            alpha: 1.0,
            is_in_doubt: false,
            frame: Area::EVERYWHERE,
            layer: None,
        }
    }

    /// Within a layer.
    pub fn in_layer(mut self, layer: &'e Element) -> Self {
        self.layer = Some(layer);
        self
    }

    /// Within an object: its place, its transformation, what it cuts off.
    pub fn within(&self, object: &Element) -> Self {
        let mut inner = self.clone();
        let boundary = object.numbers::<4>("Boundary");
        let [x, y, width, height] = boundary.unwrap_or_default();
        if boundary.is_some() {
            inner.frame = inner.frame.within(Area::transformed([x, x + width], [y, y + height], self.matrix));
        }
        let own = object.numbers::<6>("CTM").map_or(Matrix::IDENTITY, Matrix);
        inner.matrix = own.then(Matrix::moved(x, y)).then(self.matrix);
        inner.part.is_off |= object.flag("Visible") == Some(false);
        inner.alpha *= object.number("Alpha").unwrap_or(OPAQUE) / OPAQUE;
        for clip in object.child("Clips").into_iter().flat_map(|clips| clips.all("Clip")) {
            inner.cut(clip);
        }
        inner
    }

    /// Cuts off what lies outside all areas of a clip.
    fn cut(&mut self, clip: &Element) {
        let mut areas = clip.all("Area");
        let (Some(area), None) = (areas.next(), areas.next()) else {
            self.is_in_doubt = true;
            return;
        };
        let own = area.numbers::<6>("CTM").map_or(Matrix::IDENTITY, Matrix);
        let path = area.child("Path");
        let [x, y, ..] = path.and_then(|path| path.numbers::<4>("Boundary")).unwrap_or_default();
        let place = path.and_then(|path| path.numbers::<6>("CTM")).map_or(Matrix::IDENTITY, Matrix);
        let matrix = place.then(Matrix::moved(x, y)).then(own).then(self.matrix);
        let shape =
            path.and_then(|path| outline::path(path.value("AbbreviatedData")?, matrix).shape(is_even_odd(path)));
        match shape {
            Some(shape) => self.clip.cut(shape),
            None => self.is_in_doubt = true,
        }
    }

    /// Whether an area stands outside the frames around.
    pub fn is_beyond(&self, area: Area) -> bool {
        area.left < self.frame.left - BEYOND
            || area.right > self.frame.right + BEYOND
            || area.bottom < self.frame.bottom - BEYOND
            || area.top > self.frame.top + BEYOND
    }

    /// How an object is painted that is filled or drawn around where it does not say otherwise.
    pub fn paints(&self, object: &Element, resources: &Resources, (fill, stroke): (bool, bool)) -> Paints {
        let said = |kind: &str| self.said(object, resources, |element| element.child(kind).map(colour::paint));
        let paint = |flag: &str, usual: bool, said: Option<Paint>| {
            let is_painted = object.flag(flag).unwrap_or(usual);
            let paint = said.unwrap_or(Paint { colour: BLACK, alpha: 1.0, is_known: true });
            is_painted.then_some(Paint { alpha: paint.alpha * self.alpha, ..paint })
        };
        let of_fill = said("FillColor");
        Paints {
            fill: paint("Fill", fill, of_fill),
            stroke: paint("Stroke", stroke, said("StrokeColor")),
            has_fill_colour: of_fill.is_some(),
        }
    }

    fn said<'s, T>(
        &'s self,
        object: &'s Element,
        resources: &'s Resources,
        say: impl Fn(&'s Element) -> Option<T>,
    ) -> Option<T> {
        let of_layer = || resources.said(self.layer?, &say);
        resources.said(object, &say).or_else(of_layer)
    }

    /// With what an object is drawn.
    pub fn brush(&self, object: &Element, resources: &Resources, paints: Paints) -> Brush<'_> {
        let nothing = Paint { colour: BLACK, alpha: 0.0, is_known: true };
        let width = self.said(object, resources, |element| element.number("LineWidth")).unwrap_or(LINE_WIDTH);
        Brush {
            fill: paints.fill.unwrap_or(nothing),
            stroke: paints.stroke.unwrap_or(nothing),
            width: width * self.matrix.scale(),
            blend: Blend::Normal,
            is_in_doubt: self.is_in_doubt,
            clip: &self.clip,
            part: self.part,
        }
    }
}

/// Whether what an outline surrounds an even number of times is left out.
pub fn is_even_odd(path: &Element) -> bool {
    path.value("Rule").is_some_and(|rule| rule.eq_ignore_ascii_case("Even-Odd") || rule.eq_ignore_ascii_case("EvenOdd"))
}
