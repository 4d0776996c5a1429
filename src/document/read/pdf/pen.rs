//! The pen that follows the instructions of a page: its state, and the marks and lines that it leaves. What is covered
//! later, has the colour of what lies behind it or is cut off, is known here to be hidden.

use lopdf::Object;
use lopdf::content::Operation;

use super::drawing::{Drawing, Mark, Sight, Stroke};
use super::geometry::{Matrix, Point, quarter};
use super::ink::{Ink, contrast, lightness};
use super::layers::Part;
use super::path::{LINE_THICKNESS, Path};
use super::shape::{Layer, Shape, Share};
use super::state::{Blend, State};

/// Deepest nesting of states.
const MAX_STATES: usize = 256;
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

/// The state between instructions.
pub struct Pen<'d> {
    pub state: State<'d>,
    states: Vec<State<'d>>,
    text: Matrix,
    line: Matrix,
    path: Path,
    /// The path is where everything is cut off from now on, and whether what it surrounds twice is left out.
    clips: Option<bool>,
    pub parts: Vec<Part>,
}

impl<'d> Pen<'d> {
    pub fn new(state: State<'d>) -> Self {
        let (text, line) = (Matrix::IDENTITY, Matrix::IDENTITY);
        Self { state, states: Vec::new(), text, line, path: Path::default(), clips: None, parts: Vec::new() }
    }

    /// What the marked parts around say.
    pub fn part(&self) -> Part {
        self.parts.last().copied().unwrap_or(self.state.part)
    }

    /// Follows an instruction that asks for nothing outside the page.
    pub fn follow(&mut self, operation: &Operation, drawing: &mut Drawing) {
        let n = |at| number(operation, at);
        let place = |x, y| self.state.matrix.apply(x, y);
        match operation.operator.as_str() {
            "q" if self.states.len() < MAX_STATES => self.states.push(self.state.clone()),
            "Q" => {
                if let Some(state) = self.states.pop() {
                    self.state = state;
                }
            }
            "cm" => {
                if let Some(matrix) = matrix_of(&operation.operands) {
                    self.state.matrix = matrix.then(self.state.matrix);
                }
            }
            "BT" => self.begin_line(Matrix::IDENTITY),
            "Tm" => {
                if let Some(matrix) = matrix_of(&operation.operands) {
                    self.begin_line(matrix);
                }
            }
            "Td" => self.next_line(n(0), n(1)),
            "TD" => {
                self.state.leading = -n(1);
                self.next_line(n(0), n(1));
            }
            "T*" => self.next_line(0.0, -self.state.leading),
            "Tc" => self.state.character_space = n(0),
            "Tw" => self.state.word_space = n(0),
            "Tz" => self.state.scale = n(0) / 100.0,
            "TL" => self.state.leading = n(0),
            "Ts" => self.state.rise = n(0),
            // Modes 3 and 7 print nothing: text laid under a scanned picture is a guess of another program.
            "Tr" => self.state.mode = operation.operands.first().and_then(|mode| mode.as_i64().ok()).unwrap_or(0),
            "g" | "rg" | "k" => self.state.fill = Ink::device(&numbers(operation)),
            "G" | "RG" | "K" => self.state.stroke = Ink::device(&numbers(operation)),
            "sc" | "scn" => self.state.fill.set(&numbers(operation)),
            "SC" | "SCN" => self.state.stroke.set(&numbers(operation)),
            "w" => self.state.line_width = n(0),
            "m" => self.path.begin(place(n(0), n(1))),
            "l" => self.path.line_to(place(n(0), n(1))),
            "c" => self.path.curve_to(place(n(0), n(1)), place(n(2), n(3)), place(n(4), n(5))),
            "v" => {
                let start = self.path.end().unwrap_or_else(|| place(n(0), n(1)));
                self.path.curve_to(start, place(n(0), n(1)), place(n(2), n(3)));
            }
            "y" => self.path.curve_to(place(n(0), n(1)), place(n(2), n(3)), place(n(2), n(3))),
            "h" => self.path.close(),
            "re" => {
                let (left, bottom, right, top) = (n(0), n(1), n(0) + n(2), n(1) + n(3));
                self.path.begin(place(left, bottom));
                [place(right, bottom), place(right, top), place(left, top)].into_iter().for_each(|corner| {
                    self.path.line_to(corner);
                });
                self.path.close();
            }
            "W" => self.clips = Some(false),
            "W*" => self.clips = Some(true),
            "s" => {
                self.path.close();
                self.paint(true, None, drawing);
            }
            "b" | "b*" => {
                self.path.close();
                self.paint(true, Some(operation.operator == "b*"), drawing);
            }
            "S" => self.paint(true, None, drawing),
            "B" | "B*" => self.paint(true, Some(operation.operator == "B*"), drawing),
            "f" | "F" | "f*" => self.paint(false, Some(operation.operator == "f*"), drawing),
            "n" => self.paint(false, None, drawing),
            // A flow of colours, over all that is not cut off.
            "sh" => self.shade(drawing),
            _ => {}
        }
    }

    fn begin_line(&mut self, matrix: Matrix) {
        self.line = matrix;
        self.text = matrix;
    }

    fn next_line(&mut self, x: f64, y: f64) {
        self.begin_line(Matrix::moved(x, y).then(self.line));
    }

    /// Writes the text of an instruction.
    pub fn write(&mut self, operation: &Operation, drawing: &mut Drawing) {
        match operation.operator.as_str() {
            "'" => self.next_line(0.0, -self.state.leading),
            "\"" => {
                self.state.word_space = number(operation, 0);
                self.state.character_space = number(operation, 1);
                self.next_line(0.0, -self.state.leading);
            }
            _ => {}
        }
        let Some(operand) = operation.operands.last() else { return };
        match operand {
            Object::Array(pieces) => {
                for piece in pieces {
                    match piece {
                        Object::String(bytes, _) => self.show(bytes, drawing),
                        other => {
                            let back = f64::from(other.as_float().unwrap_or(0.0)) / 1000.0 * self.state.size;
                            self.advance(-back);
                        }
                    }
                }
            }
            Object::String(bytes, _) => self.show(bytes, drawing),
            _ => {}
        }
    }

    fn show(&mut self, bytes: &[u8], drawing: &mut Drawing) {
        let Some(font) = self.state.font.clone() else { return };
        let (colour, alpha) = self.state.ink();
        for glyph in font.glyphs(bytes) {
            let State { size, scale, rise, .. } = self.state;
            let drawn = Matrix([size * scale, 0.0, 0.0, size, 0.0, rise]).then(self.text).then(self.state.matrix);
            let (start, end, top) = (drawn.apply(0.0, 0.0), drawn.apply(glyph.width, 0.0), drawn.apply(0.0, 1.0));
            let height = (top.x - start.x).hypot(top.y - start.y);
            let right = drawn.apply(1.0, 0.0);
            let width = (right.x - start.x).hypot(right.y - start.y);
            let is_finite = [start.x, start.y, end.x, end.y, height].iter().all(|number| number.is_finite());
            if is_finite && !glyph.text.trim().is_empty() {
                let quarter = quarter(start, right);
                let is_mirrored = (right.x - start.x) * (top.y - start.y) < (right.y - start.y) * (top.x - start.x);
                let mut mark = Mark {
                    text: glyph.text,
                    start,
                    end,
                    size: height,
                    quarter,
                    contrast: 0.0,
                    sight: Sight::Seen,
                    is_struck: false,
                    is_doubtful: is_mirrored || width < NARROWEST * height || self.state.may_be_unseen(),
                };
                mark.contrast = alpha * contrast(colour, drawing.ground(mark.middle()));
                let share = Share::of(mark.body(), |point| self.state.clip.contains(point));
                mark.is_doubtful |= share == Share::Part || drawing.is_on_pattern(&mark);
                mark.sight = self.sight(&mark, width.min(height), share);
                drawing.marks.push(mark);
            }
            let space = self.state.character_space + if glyph.is_blank { self.state.word_space } else { 0.0 };
            self.advance(if font.is_vertical { -size + space } else { glyph.width * size + space });
        }
    }

    /// Of a mark of which so much is not cut off, and that is so large at its narrowest.
    fn sight(&self, mark: &Mark, least: f64, share: Share) -> Sight {
        let part = self.part();
        let is_hidden = part.is_off || mark.contrast < FAINTEST || least < SMALLEST || share == Share::None;
        match part {
            _ if is_hidden => Sight::Hidden,
            Part { is_watermark: true, .. } => Sight::Overlay,
            Part { is_laid: true, .. } => Sight::Laid,
            Part { is_running: true, .. } => Sight::Running,
            _ => Sight::Seen,
        }
    }

    /// Moves on along the line of writing.
    fn advance(&mut self, by: f64) {
        let is_vertical = self.state.font.as_ref().is_some_and(|font| font.is_vertical);
        let step = if is_vertical { Matrix::moved(0.0, by) } else { Matrix::moved(by * self.state.scale, 0.0) };
        self.text = step.then(self.text);
    }

    /// Draws the path: its lines, or, where it is an area, the lines that are thin ones, and what it covers.
    fn paint(&mut self, is_stroke: bool, fill: Option<bool>, drawing: &mut Drawing) {
        let path = std::mem::take(&mut self.path);
        if !self.part().is_off {
            // Of a filled one too: what is drawn on it later stands within a ring.
            if (is_stroke || fill.is_some()) && drawing.rounds.len() < MAX_ROUNDS {
                drawing.rounds.extend(path.round());
            }
            if let Some(is_even_odd) = fill {
                let (area, lines) = path.areas_and_lines(is_even_odd);
                self.stroke(lines, self.state.fill, self.state.fill_alpha, drawing);
                if let Some(area) = area {
                    self.lay(area, self.state.fill, self.state.fill_alpha, drawing);
                }
            }
            if is_stroke {
                self.outline(&path, drawing);
            }
        }
        if let Some(is_even_odd) = self.clips.take()
            && let Some(shape) = path.shape(is_even_odd)
        {
            self.state.clip.cut(shape);
        }
    }

    fn outline(&self, path: &Path, drawing: &mut Drawing) {
        let (ink, alpha) = (self.state.stroke, self.state.stroke_alpha);
        let width = self.state.line_width * self.state.matrix.scale();
        if width > LINE_THICKNESS {
            for (from, to) in path.pieces().take(MAX_LINES) {
                if let Some(area) = Shape::line(from, to, width) {
                    self.lay(area, ink, alpha, drawing);
                }
            }
        }
        if width <= BROADEST {
            self.stroke(path.pieces(), ink, alpha, drawing);
        }
    }

    fn stroke(&self, lines: impl IntoIterator<Item = (Point, Point)>, ink: Ink, alpha: f64, drawing: &mut Drawing) {
        for (from, to) in lines {
            if drawing.strokes.len() >= MAX_LINES {
                drawing.is_beyond_limits = true;
                return;
            }
            let middle = Point { x: (from.x + to.x) / 2.0, y: (from.y + to.y) / 2.0 };
            let is_seen = alpha * contrast(ink.colour, drawing.ground(middle)) >= FAINTEST;
            drawing.strokes.push(Stroke { from, to, is_seen });
        }
    }

    /// Lays a colour over an area.
    fn lay(&self, shape: Shape, ink: Ink, alpha: f64, drawing: &mut Drawing) {
        let layer = Layer { shape, clip: self.state.clip.clone() };
        let bounds = layer.bounds();
        if alpha < 0.5 || bounds.width() <= 0.0 || bounds.height() <= 0.0 {
            return;
        }
        let middle = Point { x: (bounds.left + bounds.right) / 2.0, y: (bounds.bottom + bounds.top) / 2.0 };
        if contrast(ink.colour, drawing.ground(middle)) >= FAINTEST {
            drawing.draw(bounds);
        }
        match self.state.blend {
            Blend::Normal if !self.state.may_be_unseen() => {
                match alpha {
                    _ if alpha >= OPAQUE => drawing.cover(&layer),
                    _ if alpha >= SHEER => drawing.touch(&layer),
                    _ => {}
                }
                match ink.is_known() {
                    true => drawing.lay(layer, ink.colour),
                    false => drawing.pattern(layer),
                }
            }
            Blend::Darkening if self.state.may_be_unseen() => drawing.touch(&layer),
            Blend::Darkening if lightness(ink.colour) <= DARK => drawing.cover(&layer),
            Blend::Darkening => {}
            _ => drawing.touch(&layer),
        }
    }

    fn shade(&self, drawing: &mut Drawing) {
        let area = self.state.clip.bounds();
        if self.part().is_off || self.state.fill_alpha < OPAQUE || !area.width().is_finite() {
            return;
        }
        let layer = Layer { shape: Shape::rectangle(area), clip: self.state.clip.clone() };
        drawing.cover(&layer);
        drawing.pattern(layer);
    }

    /// A picture is placed; one that lets nothing through covers what lies behind it, of others it is not known.
    pub fn picture(&self, is_opaque: bool, drawing: &mut Drawing) {
        if self.part().is_off {
            return;
        }
        drawing.pictures += 1;
        let Some(shape) = Shape::square(self.state.matrix) else { return };
        let layer = Layer { shape, clip: self.state.clip.clone() };
        drawing.draw(layer.bounds());
        let is_plain =
            self.state.blend == Blend::Normal && !self.state.may_be_unseen() && self.state.fill_alpha >= OPAQUE;
        if is_opaque && is_plain { drawing.cover(&layer) } else { drawing.touch(&layer) }
    }
}

pub fn number(operation: &Operation, at: usize) -> f64 {
    operation.operands.get(at).and_then(|operand| operand.as_float().ok()).map_or(0.0, f64::from)
}

fn numbers(operation: &Operation) -> Vec<f64> {
    operation.operands.iter().filter_map(|operand| operand.as_float().ok()).map(f64::from).collect()
}

pub fn matrix_of(numbers: &[Object]) -> Option<Matrix> {
    let mut matrix = [0.0; 6];
    for (at, entry) in matrix.iter_mut().enumerate() {
        *entry = numbers.get(at)?.as_float().ok().map(f64::from)?;
    }
    Some(Matrix(matrix))
}
