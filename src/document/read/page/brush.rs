//! What is drawn with: colours, and what cuts off or mixes. Characters, lines, areas and pictures leave their marks on a
//! drawing; what is covered later, has the colour of what lies behind it or is cut off, is known here to be hidden.

use super::drawing::{Drawing, Mark, Sight, Stroke};
use super::geometry::{Matrix, Point, quarter};
use super::ink::{Paint, contrast, lightness};
use super::part::Part;
use super::path::{LINE_THICKNESS, Path};
use super::shape::{Clip, Layer, Shape, Share};

/// Most lines of a page, and most areas of colour.
const MAX_LINES: usize = 20_000;
/// Most curves around something that are looked at.
const MAX_ROUNDS: usize = 500;
/// Broadest line that may be the side of a cell, in points.
const BROADEST: f64 = 6.0;
/// Smallest character that is to be seen, in points.
const SMALLEST: f64 = 1.0;
/// Least contrast to be seen, and least share of it that what is transparent must have.
const FAINTEST: f64 = 0.1;
/// What is at least as opaque covers what lies behind it, and what is less than this leaves it to be seen.
const OPAQUE: f64 = 0.9;
const SHEER: f64 = 0.7;
/// Narrowest character, in parts of its height.
const NARROWEST: f64 = 0.35;
/// What darkens and has no more light than this leaves nothing to be seen.
const DARK: f64 = 0.4;

/// How a colour mixes with what lies behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blend {
    /// It covers.
    Normal,
    /// It leaves the darker of both, as ink on paper.
    Darkening,
    Other,
}

/// With what something is drawn.
pub struct Brush<'c> {
    pub fill: Paint,
    pub stroke: Paint,
    /// Of lines, in points.
    pub width: f64,
    pub blend: Blend,
    /// What is drawn may not be seen, or not as it is drawn.
    pub is_in_doubt: bool,
    pub clip: &'c Clip,
    pub part: Part,
}

impl Brush<'_> {
    /// Writes a character of which so much of its size is its width, the unit square being transformed to where it
    /// stands.
    pub fn write<'d>(
        &self,
        text: String,
        width: f64,
        place: Matrix,
        paint: Paint,
        drawing: &'d mut Drawing,
    ) -> Option<&'d mut Mark> {
        let (start, end, top) = (place.apply(0.0, 0.0), place.apply(width, 0.0), place.apply(0.0, 1.0));
        let size = (top.x - start.x).hypot(top.y - start.y);
        let right = place.apply(1.0, 0.0);
        let unit = (right.x - start.x).hypot(right.y - start.y);
        let is_finite = [start.x, start.y, end.x, end.y, size].iter().all(|number| number.is_finite());
        if !is_finite || text.trim().is_empty() {
            return None;
        }
        let is_mirrored = (right.x - start.x) * (top.y - start.y) < (right.y - start.y) * (top.x - start.x);
        let mut mark = Mark {
            text,
            start,
            end,
            size,
            quarter: quarter(start, right),
            contrast: 0.0,
            sight: Sight::Seen,
            is_struck: false,
            is_doubtful: is_mirrored || unit < NARROWEST * size || self.is_in_doubt,
        };
        mark.contrast = paint.alpha * contrast(paint.colour, drawing.ground(mark.middle()));
        let share = Share::of(mark.body(), |point| self.clip.contains(point));
        mark.is_doubtful |= share == Share::Part || drawing.is_on_pattern(&mark);
        mark.sight = self.sight(&mark, unit.min(size), share);
        drawing.marks.push(mark);
        drawing.marks.last_mut()
    }

    /// Of a mark of which so much is not cut off, and that is so large at its narrowest.
    fn sight(&self, mark: &Mark, least: f64, share: Share) -> Sight {
        let is_hidden = self.part.is_off || mark.contrast < FAINTEST || least < SMALLEST || share == Share::None;
        match self.part {
            _ if is_hidden => Sight::Hidden,
            Part { is_watermark: true, .. } => Sight::Overlay,
            Part { is_laid: true, .. } => Sight::Laid,
            Part { is_running: true, .. } => Sight::Running,
            _ => Sight::Seen,
        }
    }

    /// Draws a path: its lines, and, where it is filled, the lines that are thin areas, and what it covers. What it
    /// surrounds an even number of times may be left out.
    pub fn paint(&self, path: &Path, is_stroke: bool, fill: Option<bool>, drawing: &mut Drawing) {
        if self.part.is_off {
            return;
        }
        // Of a filled one too: what is drawn on it later stands within a ring.
        if (is_stroke || fill.is_some()) && drawing.rounds.len() < MAX_ROUNDS {
            drawing.rounds.extend(path.round());
        }
        if let Some(is_even_odd) = fill {
            let (area, lines) = path.areas_and_lines(is_even_odd);
            self.lines(lines, self.fill, drawing);
            if let Some(area) = area {
                self.lay(area, self.fill, drawing);
            }
        }
        if is_stroke {
            self.outline(path, drawing);
        }
    }

    fn outline(&self, path: &Path, drawing: &mut Drawing) {
        if self.width > LINE_THICKNESS {
            for (from, to) in path.pieces().take(MAX_LINES) {
                if let Some(area) = Shape::line(from, to, self.width) {
                    self.lay(area, self.stroke, drawing);
                }
            }
        }
        if self.width <= BROADEST {
            self.lines(path.pieces(), self.stroke, drawing);
        }
    }

    fn lines(&self, lines: impl IntoIterator<Item = (Point, Point)>, paint: Paint, drawing: &mut Drawing) {
        for (from, to) in lines {
            if drawing.strokes.len() >= MAX_LINES {
                drawing.is_beyond_limits = true;
                return;
            }
            let middle = Point { x: (from.x + to.x) / 2.0, y: (from.y + to.y) / 2.0 };
            let is_seen = paint.alpha * contrast(paint.colour, drawing.ground(middle)) >= FAINTEST;
            drawing.strokes.push(Stroke { from, to, is_seen });
        }
    }

    /// Lays a colour over an area.
    fn lay(&self, shape: Shape, paint: Paint, drawing: &mut Drawing) {
        let layer = Layer { shape, clip: self.clip.clone() };
        let bounds = layer.bounds();
        if paint.alpha < 0.5 || bounds.width() <= 0.0 || bounds.height() <= 0.0 {
            return;
        }
        let middle = Point { x: (bounds.left + bounds.right) / 2.0, y: (bounds.bottom + bounds.top) / 2.0 };
        if contrast(paint.colour, drawing.ground(middle)) >= FAINTEST {
            drawing.draw(bounds);
        }
        match self.blend {
            Blend::Normal if !self.is_in_doubt => {
                match paint.alpha {
                    alpha if alpha >= OPAQUE => drawing.cover(&layer),
                    alpha if alpha >= SHEER => drawing.touch(&layer),
                    _ => {}
                }
                match paint.is_known {
                    true => drawing.lay(layer, paint.colour),
                    false => drawing.pattern(layer),
                }
            }
            Blend::Darkening if self.is_in_doubt => drawing.touch(&layer),
            Blend::Darkening if lightness(paint.colour) <= DARK => drawing.cover(&layer),
            Blend::Darkening => {}
            _ => drawing.touch(&layer),
        }
    }

    /// Lays a flow of colours over all that is not cut off.
    pub fn shade(&self, drawing: &mut Drawing) {
        let area = self.clip.bounds();
        if self.part.is_off || self.fill.alpha < OPAQUE || !area.width().is_finite() {
            return;
        }
        let layer = Layer { shape: Shape::rectangle(area), clip: self.clip.clone() };
        drawing.cover(&layer);
        drawing.pattern(layer);
    }

    /// Places a picture where the unit square is transformed to; one that lets nothing through covers what lies behind
    /// it, of others it is not known.
    pub fn picture(&self, place: Matrix, is_opaque: bool, drawing: &mut Drawing) {
        if self.part.is_off {
            return;
        }
        drawing.pictures += 1;
        let Some(shape) = Shape::square(place) else { return };
        let layer = Layer { shape, clip: self.clip.clone() };
        drawing.draw(layer.bounds());
        let is_plain = self.blend == Blend::Normal && !self.is_in_doubt && self.fill.alpha >= OPAQUE;
        if is_opaque && is_plain { drawing.cover(&layer) } else { drawing.touch(&layer) }
    }
}
