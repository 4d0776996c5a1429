//! The pen that follows the instructions of a page: its state, and the marks and lines that it leaves. What is covered
//! later, has the colour of what lies behind it or is cut off, is known here to be hidden.

use lopdf::Object;
use lopdf::content::Operation;

use super::drawing::{Drawing, Mark, Sight, Stroke};
use super::geometry::{Area, Matrix, Point, quarter};
use super::ink::{Colour, Ink, WHITE, contrast};
use super::layers::Part;
use super::state::State;

/// Deepest nesting of states.
const MAX_STATES: usize = 256;
/// Most lines and points of a path of a page.
const MAX_LINES: usize = 20_000;
/// Thickest area that is a line, in points.
const LINE_THICKNESS: f64 = 2.5;
/// Smallest character that is to be seen, in points.
const SMALLEST: f64 = 1.0;
/// Least contrast to be seen, and least share of it that what is transparent must have.
const FAINTEST: f64 = 0.1;
/// What is at least as opaque covers what lies behind it.
const OPAQUE: f64 = 0.9;

/// A line of a path without a break.
#[derive(Default)]
struct Run {
    points: Vec<Point>,
    is_closed: bool,
    is_curved: bool,
}

/// The state between instructions.
pub struct Pen<'d> {
    pub state: State<'d>,
    states: Vec<State<'d>>,
    text: Matrix,
    line: Matrix,
    path: Vec<Run>,
    points: usize,
    /// The path is where everything is cut off from now on.
    clips: bool,
    pub parts: Vec<Part>,
}

impl<'d> Pen<'d> {
    pub fn new(state: State<'d>) -> Self {
        let (text, line) = (Matrix::IDENTITY, Matrix::IDENTITY);
        Self { state, states: Vec::new(), text, line, path: Vec::new(), points: 0, clips: false, parts: Vec::new() }
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
            "m" => {
                let point = place(n(0), n(1));
                self.path.push(Run::default());
                self.line_to(point);
            }
            "l" => self.line_to(place(n(0), n(1))),
            "c" => self.curve_to(&[place(n(0), n(1)), place(n(2), n(3)), place(n(4), n(5))]),
            "v" | "y" => self.curve_to(&[place(n(0), n(1)), place(n(2), n(3))]),
            "h" => self.close(),
            "re" => {
                let (left, bottom, right, top) = (n(0), n(1), n(0) + n(2), n(1) + n(3));
                let corners = [place(left, bottom), place(right, bottom), place(right, top), place(left, top)];
                self.path.push(Run::default());
                corners.into_iter().for_each(|corner| self.line_to(corner));
                self.close();
            }
            "W" | "W*" => self.clips = true,
            "s" => {
                self.close();
                self.paint(true, false, drawing);
            }
            "b" | "b*" => {
                self.close();
                self.paint(true, true, drawing);
            }
            "S" => self.paint(true, false, drawing),
            "B" | "B*" => self.paint(true, true, drawing),
            "f" | "F" | "f*" => self.paint(false, true, drawing),
            "n" => self.paint(false, false, drawing),
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
            let is_finite = [start.x, start.y, end.x, end.y, height].iter().all(|number| number.is_finite());
            if is_finite && !glyph.text.trim().is_empty() {
                let quarter = quarter(start, drawn.apply(1.0, 0.0));
                let mut mark = Mark {
                    text: glyph.text,
                    start,
                    end,
                    size: height,
                    quarter,
                    contrast: 0.0,
                    sight: Sight::Seen,
                    is_struck: false,
                    is_torn: false,
                };
                mark.contrast = alpha * contrast(colour, drawing.ground(mark.middle()));
                mark.sight = self.sight(&mark);
                drawing.marks.push(mark);
            }
            let space = self.state.character_space + if glyph.is_blank { self.state.word_space } else { 0.0 };
            self.advance(if font.is_vertical { -size + space } else { glyph.width * size + space });
        }
    }

    fn sight(&self, mark: &Mark) -> Sight {
        let part = self.part();
        let is_hidden =
            part.is_off || mark.contrast < FAINTEST || mark.size < SMALLEST || !self.state.clip.contains(mark.middle());
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

    fn line_to(&mut self, to: Point) {
        if self.points < MAX_LINES {
            self.points += 1;
            if self.path.is_empty() {
                self.path.push(Run::default());
            }
            if let Some(run) = self.path.last_mut() {
                run.points.push(to);
            }
        }
    }

    fn curve_to(&mut self, points: &[Point]) {
        points.iter().for_each(|point| self.line_to(*point));
        if let Some(run) = self.path.last_mut() {
            run.is_curved = true;
        }
    }

    fn close(&mut self) {
        if let Some(run) = self.path.last_mut() {
            run.is_closed = true;
        }
    }

    /// Draws the path: its lines, or, where it is an area, the line that a thin one is, and what it covers.
    fn paint(&mut self, is_stroke: bool, is_fill: bool, drawing: &mut Drawing) {
        let path = std::mem::take(&mut self.path);
        self.points = 0;
        if !self.part().is_off {
            for run in &path {
                self.paint_run(run, is_stroke, is_fill, drawing);
            }
        }
        if std::mem::take(&mut self.clips) {
            let points: Vec<Point> = path.into_iter().flat_map(|run| run.points).collect();
            if let Some(area) = Area::around(&points) {
                self.state.clip = self.state.clip.within(area);
            }
        }
    }

    fn paint_run(&self, run: &Run, is_stroke: bool, is_fill: bool, drawing: &mut Drawing) {
        let Some(area) = Area::around(&run.points) else { return };
        let is_thin = area.width().min(area.height()) <= LINE_THICKNESS;
        let seen = |colour: Colour, alpha: f64| alpha * contrast(colour, WHITE) >= FAINTEST;
        if drawing.strokes.len() + run.points.len() + 1 > MAX_LINES {
            return;
        }
        if is_fill && is_thin && !run.is_curved {
            let middle = Point { x: (area.left + area.right) / 2.0, y: (area.bottom + area.top) / 2.0 };
            let is_seen = seen(self.state.fill.colour, self.state.fill_alpha);
            let (from, to) = match area.width() > area.height() {
                true => (Point { x: area.left, ..middle }, Point { x: area.right, ..middle }),
                false => (Point { y: area.bottom, ..middle }, Point { y: area.top, ..middle }),
            };
            drawing.strokes.push(Stroke { from, to, is_seen });
        } else if is_fill && is_rectangle(run) {
            self.lay(area, self.state.fill.colour, self.state.fill_alpha, drawing);
        }
        if is_stroke {
            let is_seen = seen(self.state.stroke.colour, self.state.stroke_alpha);
            let ends = run.points.windows(2).filter_map(|pair| Some((*pair.first()?, *pair.get(1)?)));
            let back = run.points.last().zip(run.points.first()).filter(|_| run.is_closed);
            for (from, to) in ends.chain(back.map(|(from, to)| (*from, *to))) {
                drawing.strokes.push(Stroke { from, to, is_seen });
            }
        }
    }

    /// Lays a colour over an area.
    fn lay(&self, area: Area, colour: Colour, alpha: f64, drawing: &mut Drawing) {
        let area = area.within(self.state.clip);
        if self.state.blends || alpha < 0.5 || area.width() <= 0.0 || area.height() <= 0.0 {
            return;
        }
        if drawing.grounds.len() < MAX_LINES {
            drawing.grounds.push((area, colour));
        }
        if alpha >= OPAQUE {
            drawing.cover(area);
        }
    }

    /// A picture is placed; one that lets nothing through covers what lies behind it.
    pub fn picture(&self, is_opaque: bool, drawing: &mut Drawing) {
        if self.part().is_off {
            return;
        }
        drawing.pictures += 1;
        let area = Area::transformed([0.0, 1.0], [0.0, 1.0], self.state.matrix).within(self.state.clip);
        if is_opaque && !self.state.blends && self.state.fill_alpha >= OPAQUE {
            drawing.cover(area);
        }
    }
}

/// Four points one after another along the axes.
fn is_rectangle(run: &Run) -> bool {
    let mut points = run.points.as_slice();
    if let [first, .., last] = points
        && first == last
    {
        points = points.get(..points.len() - 1).unwrap_or_default();
    }
    let is_even = |one: &Point, other: &Point| (one.x - other.x).abs() < 0.5 || (one.y - other.y).abs() < 0.5;
    matches!(points, [a, b, c, d] if !run.is_curved && is_even(a, b) && is_even(b, c) && is_even(c, d) && is_even(d, a))
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
