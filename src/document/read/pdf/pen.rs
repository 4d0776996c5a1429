//! The pen that follows the instructions of a page: its state, and what it draws.

use lopdf::Object;
use lopdf::content::Operation;

use super::super::page::drawing::Drawing;
use super::super::page::geometry::Matrix;
use super::super::page::part::Part;
use super::super::page::path::Path;
use super::ink::Ink;
use super::state::State;

/// Deepest nesting of states.
const MAX_STATES: usize = 256;

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
            "sh" => self.state.brush(self.part()).shade(drawing),
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
        for glyph in font.glyphs(bytes) {
            let State { size, scale, rise, .. } = self.state;
            let place = Matrix([size * scale, 0.0, 0.0, size, 0.0, rise]).then(self.text).then(self.state.matrix);
            self.state.brush(self.part()).write(glyph.text, glyph.width, place, self.state.ink(), drawing);
            let space = self.state.character_space + if glyph.is_blank { self.state.word_space } else { 0.0 };
            self.advance(if font.is_vertical { -size + space } else { glyph.width * size + space });
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
        self.state.brush(self.part()).paint(&path, is_stroke, fill, drawing);
        if let Some(is_even_odd) = self.clips.take()
            && let Some(shape) = path.shape(is_even_odd)
        {
            self.state.clip.cut(shape);
        }
    }

    /// A picture is placed.
    pub fn picture(&self, is_opaque: bool, drawing: &mut Drawing) {
        self.state.brush(self.part()).picture(self.state.matrix, is_opaque, drawing);
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
