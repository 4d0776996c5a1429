//! What the instructions of a page draw: characters where they stand, and lines.

use std::collections::HashMap;
use std::rc::Rc;

use lopdf::content::{Content, Operation};
use lopdf::{Dictionary, Document, Object, ObjectId};

use super::super::Format;
use super::super::error::ReadError;
use super::font::Font;
use super::geometry::{Matrix, Point};
use super::unpack::Unpacker;

/// Deepest nesting of drawings in drawings, and of states.
const MAX_DEPTH: usize = 16;
const MAX_STATES: usize = 256;
/// Most instructions of a document.
const MAX_OPERATIONS: usize = 2_000_000;
/// Most lines of a page.
const MAX_LINES: usize = 20_000;
/// Thickest area that is a line, in points.
const LINE_THICKNESS: f64 = 2.5;
/// Most parents that a page takes properties from.
const MAX_PARENTS: usize = 64;

/// A printed character; y grows upwards.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    pub text: String,
    /// Beginning and end on the line of writing.
    pub start: Point,
    pub end_x: f64,
    pub size: f64,
}

/// A straight line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stroke {
    pub from: Point,
    pub to: Point,
}

/// What a page draws.
#[derive(Debug, Default)]
pub struct Drawing {
    pub marks: Vec<Mark>,
    pub strokes: Vec<Stroke>,
}

/// Draws the pages of a document.
pub struct Painter<'d> {
    document: &'d Document,
    /// By the address of their dictionary.
    fonts: HashMap<usize, Rc<Font<'d>>>,
    unpacker: Unpacker,
    operations: usize,
    characters: usize,
    max_characters: usize,
}

#[derive(Clone)]
struct State<'d> {
    matrix: Matrix,
    font: Option<Rc<Font<'d>>>,
    size: f64,
    character_space: f64,
    word_space: f64,
    scale: f64,
    leading: f64,
    rise: f64,
    is_visible: bool,
}

impl<'d> Painter<'d> {
    /// Draws at most `max_characters`, from at most `max_unpacked_bytes` of instructions and tables of characters.
    pub fn new(document: &'d Document, max_characters: usize, max_unpacked_bytes: u64) -> Self {
        let unpacker = Unpacker::new(max_unpacked_bytes);
        Self { document, fonts: HashMap::new(), unpacker, operations: 0, characters: 0, max_characters }
    }

    /// Draws one page.
    ///
    /// # Errors
    /// The errors of limits.
    pub fn page(&mut self, page: ObjectId) -> Result<Drawing, ReadError> {
        let mut drawing = Drawing::default();
        let Ok(dictionary) = self.document.get_dictionary(page) else { return Ok(drawing) };
        let turned = self.inherited(dictionary, b"Rotate").and_then(|turn| turn.as_i64().ok()).unwrap_or(0);
        let resources = self.inherited(dictionary, b"Resources").and_then(|resources| resources.as_dict().ok());
        let mut content = Vec::new();
        for part in self.document.get_page_contents(page) {
            let Ok(stream) = self.document.get_object(part).and_then(Object::as_stream) else { continue };
            let unreadable = || ReadError::damaged(Format::Pdf.name(), "a page is packed in a way that is not read");
            content.extend(self.unpacker.content(stream)?.ok_or_else(unreadable)?);
            content.push(b'\n');
        }
        self.draw(&content, resources, Matrix::turned(turned), 0, &mut drawing)?;
        Ok(drawing)
    }

    fn inherited(&self, page: &'d Dictionary, key: &[u8]) -> Option<&'d Object> {
        let mut node = Some(page);
        for _ in 0..MAX_PARENTS {
            if let Ok(object) = node?.get_deref(key, self.document) {
                return Some(object);
            }
            node = node?.get_deref(b"Parent", self.document).and_then(Object::as_dict).ok();
        }
        None
    }

    fn draw(
        &mut self,
        content: &[u8],
        resources: Option<&'d Dictionary>,
        matrix: Matrix,
        depth: usize,
        drawing: &mut Drawing,
    ) -> Result<(), ReadError> {
        if depth > MAX_DEPTH {
            return Err(ReadError::TooDeep { limit: MAX_DEPTH });
        }
        let mut pen = Pen::new(matrix);
        // What follows an instruction that cannot be read is lost, as in programs that show the page.
        for operation in Content::decode_iter(content).map_while(Result::ok) {
            let operation = &operation;
            self.operations += 1;
            if self.operations > MAX_OPERATIONS {
                return Err(ReadError::damaged(Format::Pdf.name(), "too many drawing instructions"));
            }
            match operation.operator.as_str() {
                "Tf" => {
                    let name = operation.operands.first().and_then(|name| name.as_name().ok()).unwrap_or_default();
                    pen.state.font = self.font(resources, name)?;
                    pen.state.size = number(operation, 1);
                }
                "Tj" | "'" | "\"" | "TJ" => {
                    pen.text(operation, drawing);
                    if self.characters + drawing.marks.len() > self.max_characters {
                        return Err(ReadError::TooManyCells { limit: self.max_characters });
                    }
                }
                "Do" => self.form(operation, resources, pen.state.matrix, depth, drawing)?,
                _ => pen.other(operation, drawing),
            }
        }
        if depth == 0 {
            self.characters += drawing.marks.len();
        }
        Ok(())
    }

    /// A drawing within a drawing.
    fn form(
        &mut self,
        operation: &Operation,
        resources: Option<&'d Dictionary>,
        matrix: Matrix,
        depth: usize,
        drawing: &mut Drawing,
    ) -> Result<(), ReadError> {
        let name = operation.operands.first().and_then(|name| name.as_name().ok()).unwrap_or_default();
        let forms = resources.and_then(|all| all.get_deref(b"XObject", self.document).and_then(Object::as_dict).ok());
        let form = forms.and_then(|forms| forms.get_deref(name, self.document).and_then(Object::as_stream).ok());
        let Some(form) =
            form.filter(|form| form.dict.get(b"Subtype").and_then(Object::as_name).is_ok_and(|s| s == b"Form"))
        else {
            return Ok(());
        };
        let own = form.dict.get_deref(b"Resources", self.document).and_then(Object::as_dict).ok();
        let placed = form.dict.get_deref(b"Matrix", self.document).and_then(Object::as_array).ok();
        let placed = placed.and_then(|numbers| matrix_of(numbers)).unwrap_or(Matrix::IDENTITY);
        let content = self.unpacker.content(form)?.unwrap_or_default();
        self.draw(&content, own.or(resources), placed.then(matrix), depth + 1, drawing)
    }

    fn font(&mut self, resources: Option<&'d Dictionary>, name: &[u8]) -> Result<Option<Rc<Font<'d>>>, ReadError> {
        let fonts = resources.and_then(|all| all.get_deref(b"Font", self.document).and_then(Object::as_dict).ok());
        let font = fonts.and_then(|fonts| fonts.get_deref(name, self.document).and_then(Object::as_dict).ok());
        let Some(font) = font else { return Ok(None) };
        let address = std::ptr::from_ref(font).addr();
        if let Some(known) = self.fonts.get(&address) {
            return Ok(Some(known.clone()));
        }
        let font = Rc::new(Font::of(font, self.document, &mut self.unpacker)?);
        self.fonts.insert(address, font.clone());
        Ok(Some(font))
    }
}

/// A part of the path being drawn, on the page.
enum Part {
    Line(Stroke),
    Rectangle(Point, Point),
}

/// The state between instructions.
struct Pen<'d> {
    state: State<'d>,
    states: Vec<State<'d>>,
    text: Matrix,
    line: Matrix,
    path: Vec<Part>,
    first: Point,
    last: Point,
}

impl<'d> Pen<'d> {
    fn new(matrix: Matrix) -> Self {
        let state = State {
            matrix,
            font: None,
            size: 0.0,
            character_space: 0.0,
            word_space: 0.0,
            scale: 1.0,
            leading: 0.0,
            rise: 0.0,
            is_visible: true,
        };
        let origin = Point { x: 0.0, y: 0.0 };
        let (text, line) = (Matrix::IDENTITY, Matrix::IDENTITY);
        Self { state, states: Vec::new(), text, line, path: Vec::new(), first: origin, last: origin }
    }

    fn other(&mut self, operation: &Operation, drawing: &mut Drawing) {
        let n = |at| number(operation, at);
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
            "Tr" => self.state.is_visible = !matches!(operation.operands.first(), Some(Object::Integer(3 | 7))),
            "m" => {
                self.first = self.state.matrix.apply(n(0), n(1));
                self.last = self.first;
            }
            "l" => self.line_to(self.state.matrix.apply(n(0), n(1))),
            "c" => self.last = self.state.matrix.apply(n(4), n(5)),
            "v" | "y" => self.last = self.state.matrix.apply(n(2), n(3)),
            "h" => self.line_to(self.first),
            "re" => {
                let corner = self.state.matrix.apply(n(0), n(1));
                self.add(Part::Rectangle(corner, self.state.matrix.apply(n(0) + n(2), n(1) + n(3))));
            }
            "s" | "b" | "b*" => {
                self.line_to(self.first);
                self.paint(true, drawing);
            }
            "S" | "B" | "B*" => self.paint(true, drawing),
            "f" | "F" | "f*" => self.paint(false, drawing),
            "n" => self.path.clear(),
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

    fn text(&mut self, operation: &Operation, drawing: &mut Drawing) {
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
            let drawn = Matrix([size * scale, 0.0, 0.0, size, 0.0, rise]).then(self.text).then(self.state.matrix);
            let (start, end, top) = (drawn.apply(0.0, 0.0), drawn.apply(glyph.width, 0.0), drawn.apply(0.0, 1.0));
            let height = (top.x - start.x).hypot(top.y - start.y);
            let is_finite = [start.x, start.y, end.x, height].iter().all(|number| number.is_finite());
            if self.state.is_visible && is_finite && !glyph.text.trim().is_empty() {
                drawing.marks.push(Mark { text: glyph.text, start, end_x: end.x, size: height });
            }
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

    fn line_to(&mut self, to: Point) {
        self.add(Part::Line(Stroke { from: self.last, to }));
        self.last = to;
    }

    fn add(&mut self, part: Part) {
        if self.path.len() < MAX_LINES {
            self.path.push(part);
        }
    }

    /// Draws the path: its lines, or, where it is an area, the line that a thin one is.
    fn paint(&mut self, is_stroke: bool, drawing: &mut Drawing) {
        for part in std::mem::take(&mut self.path) {
            if drawing.strokes.len() + 4 > MAX_LINES {
                return;
            }
            match part {
                Part::Line(stroke) if is_stroke => drawing.strokes.push(stroke),
                // Areas that are drawn as lines are rectangles.
                Part::Line(_) => {}
                Part::Rectangle(a, b) => rectangle(a, b, is_stroke, &mut drawing.strokes),
            }
        }
    }
}

fn rectangle(a: Point, b: Point, is_stroke: bool, strokes: &mut Vec<Stroke>) {
    let (width, height) = ((a.x - b.x).abs(), (a.y - b.y).abs());
    let middle = Point { x: (a.x + b.x) / 2.0, y: (a.y + b.y) / 2.0 };
    if height <= LINE_THICKNESS && width > height {
        strokes.push(Stroke { from: Point { x: a.x, y: middle.y }, to: Point { x: b.x, y: middle.y } });
    } else if width <= LINE_THICKNESS && height > width {
        strokes.push(Stroke { from: Point { x: middle.x, y: a.y }, to: Point { x: middle.x, y: b.y } });
    } else if is_stroke {
        let (c, d) = (Point { x: a.x, y: b.y }, Point { x: b.x, y: a.y });
        strokes.extend([(a, c), (c, b), (b, d), (d, a)].map(|(from, to)| Stroke { from, to }));
    }
}

fn number(operation: &Operation, at: usize) -> f64 {
    operation.operands.get(at).and_then(|operand| operand.as_float().ok()).map_or(0.0, f64::from)
}

fn matrix_of(numbers: &[Object]) -> Option<Matrix> {
    let mut matrix = [0.0; 6];
    for (at, entry) in matrix.iter_mut().enumerate() {
        *entry = numbers.get(at)?.as_float().ok().map(f64::from)?;
    }
    Some(Matrix(matrix))
}
