//! The pages of a document: which instructions draw them, with which fonts, colours and drawings within drawings.

use std::collections::HashMap;
use std::rc::Rc;

use lopdf::content::{Content, Operation};
use lopdf::{Dictionary, Document, Object, ObjectId, Stream};

use super::super::Format;
use super::super::error::ReadError;
use super::super::page::drawing::Drawing;
use super::super::page::geometry::{Area, Matrix};
use super::super::page::part::Part;
use super::super::page::shape::Clip;
use super::font::Font;
use super::layers::Layers;
use super::pen::{Pen, matrix_of, number};
use super::state::State;
use super::unlooked;
use super::unpack::Unpacker;

/// Deepest nesting of drawings in drawings.
const MAX_DEPTH: usize = 16;
/// Most instructions of a document.
const MAX_OPERATIONS: usize = 2_000_000;
/// Most parents that a page takes properties from.
const MAX_PARENTS: usize = 64;
/// Most annotations of a page that are drawn.
const MAX_ANNOTATIONS: usize = 2_000;
/// Annotations that are hidden, or shown only when printed or only on a screen (ISO 32000-1, 12.5.3).
const HIDDEN_ANNOTATION: i64 = 2 | 32;

/// Draws the pages of a document.
pub struct Painter<'d> {
    document: &'d Document,
    layers: Layers,
    /// By the address of their dictionary.
    fonts: HashMap<usize, Rc<Font<'d>>>,
    unpacker: Unpacker,
    operations: usize,
    characters: usize,
    max_characters: usize,
}

impl<'d> Painter<'d> {
    /// Draws at most `max_characters`, from at most `max_unpacked_bytes` of instructions and tables of characters.
    pub fn new(document: &'d Document, max_characters: usize, max_unpacked_bytes: u64) -> Self {
        Self {
            document,
            layers: Layers::of(document),
            fonts: HashMap::new(),
            unpacker: Unpacker::new(max_unpacked_bytes),
            operations: 0,
            characters: 0,
            max_characters,
        }
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
        let matrix = Matrix::turned(turned);
        let boxes = [&b"MediaBox"[..], b"CropBox"].map(|name| self.area(self.inherited(dictionary, name), matrix));
        let clip = boxes.into_iter().flatten().fold(Area::EVERYWHERE, Area::within);
        drawing.edge = (clip != Area::EVERYWHERE).then_some(clip);
        let state = State::new(matrix, Clip::to(clip));
        self.draw(&content, resources, state.clone(), 0, &mut drawing)?;
        self.annotations(dictionary, &state, &mut drawing)?;
        self.characters += drawing.marks.len();
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

    /// A rectangle of four numbers, where it has a size.
    fn area(&self, numbers: Option<&Object>, matrix: Matrix) -> Option<Area> {
        let [x1, y1, x2, y2] = self.numbers(numbers?)?;
        let area = Area::transformed([x1, x2], [y1, y2], matrix);
        (area.width() > 1.0 && area.height() > 1.0).then_some(area)
    }

    fn numbers(&self, numbers: &Object) -> Option<[f64; 4]> {
        let number = |object: &Object| self.document.dereference(object).ok()?.1.as_float().ok().map(f64::from);
        let numbers: Vec<f64> = numbers.as_array().ok()?.iter().map(number).collect::<Option<_>>()?;
        numbers.try_into().ok()
    }

    fn draw(
        &mut self,
        content: &[u8],
        resources: Option<&'d Dictionary>,
        state: State<'d>,
        depth: usize,
        drawing: &mut Drawing,
    ) -> Result<(), ReadError> {
        if depth > MAX_DEPTH {
            return Err(ReadError::TooDeep { limit: MAX_DEPTH });
        }
        let mut pen = Pen::new(state);
        // What follows an instruction that cannot be read is lost, as in programs that show the page.
        for operation in Content::decode_iter(content).map_while(Result::ok) {
            self.operations += 1;
            if self.operations > MAX_OPERATIONS {
                return Err(ReadError::damaged(Format::Pdf.name(), "too many drawing instructions"));
            }
            let name = || operation.operands.first().and_then(|name| name.as_name().ok()).unwrap_or_default();
            match operation.operator.as_str() {
                "Tf" => {
                    pen.state.font = self.font(resources, name())?;
                    pen.state.size = number(&operation, 1);
                }
                "gs" => {
                    if let Some(named) = self.resource(resources, b"ExtGState", name()).and_then(|s| s.as_dict().ok()) {
                        pen.state.take(named, self.document);
                    }
                }
                "cs" => pen.state.fill.change_space(name(), resources, self.document),
                "CS" => pen.state.stroke.change_space(name(), resources, self.document),
                "BMC" | "BDC" => {
                    let part = self.layers.part(&operation.operands, resources, self.document);
                    let part = part.within(pen.part());
                    pen.parts.push(part);
                }
                "EMC" => {
                    pen.parts.pop();
                }
                "Tj" | "'" | "\"" | "TJ" => {
                    pen.write(&operation, drawing);
                    if self.characters + drawing.marks.len() > self.max_characters {
                        return Err(ReadError::TooManyCells { limit: self.max_characters });
                    }
                }
                "BI" => pen.picture(is_opaque(inline_picture(&operation)), drawing),
                "Do" => self.place(self.resource(resources, b"XObject", name()), resources, &pen, depth, drawing)?,
                _ => pen.follow(&operation, drawing),
            }
        }
        Ok(())
    }

    fn resource(&self, resources: Option<&'d Dictionary>, kind: &[u8], name: &[u8]) -> Option<&'d Object> {
        let all = resources?.get_deref(kind, self.document).and_then(Object::as_dict).ok()?;
        all.get_deref(name, self.document).ok()
    }

    /// A picture, or a drawing within a drawing.
    fn place(
        &mut self,
        object: Option<&'d Object>,
        resources: Option<&'d Dictionary>,
        pen: &Pen<'d>,
        depth: usize,
        drawing: &mut Drawing,
    ) -> Result<(), ReadError> {
        let Some(object) = object.and_then(|object| object.as_stream().ok()) else { return Ok(()) };
        let layer = object.dict.get(b"OC");
        let is_off = layer.is_ok_and(|layer| self.layers.is_off(layer, self.document));
        match object.dict.get(b"Subtype").and_then(Object::as_name) {
            Ok(b"Image") if !is_off => pen.picture(is_opaque(Some(&object.dict)), drawing),
            Ok(b"Form") => {
                let mut state = pen.state.clone();
                state.part = Part { is_off, ..Part::default() }.within(pen.part());
                self.form(object, resources, state, depth, drawing)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn form(
        &mut self,
        form: &'d Stream,
        resources: Option<&'d Dictionary>,
        mut state: State<'d>,
        depth: usize,
        drawing: &mut Drawing,
    ) -> Result<(), ReadError> {
        let own = form.dict.get_deref(b"Resources", self.document).and_then(Object::as_dict).ok();
        state.matrix = self.matrix(form).then(state.matrix);
        if let Some(area) = self.area(form.dict.get_deref(b"BBox", self.document).ok(), state.matrix) {
            state.clip.within(area);
        }
        let group = form.dict.get_deref(b"Group", self.document).and_then(Object::as_dict);
        if group.and_then(|group| group.get(b"S").and_then(Object::as_name)).is_ok_and(|kind| kind == b"Transparency") {
            state.begin_group();
        }
        let content = self.unpacker.content(form)?.unwrap_or_default();
        self.draw(&content, own.or(resources), state, depth + 1, drawing)
    }

    fn matrix(&self, form: &Stream) -> Matrix {
        let placed = form.dict.get_deref(b"Matrix", self.document).and_then(Object::as_array).ok();
        placed.and_then(|numbers| matrix_of(numbers)).unwrap_or(Matrix::IDENTITY)
    }

    /// What is laid over the page: fields filled in, lines that strike out, notes and stamps.
    fn annotations(&mut self, page: &'d Dictionary, state: &State<'d>, drawing: &mut Drawing) -> Result<(), ReadError> {
        let annotations = page.get_deref(b"Annots", self.document).and_then(Object::as_array);
        for annotation in annotations.into_iter().flatten().take(MAX_ANNOTATIONS) {
            let Ok((_, Object::Dictionary(annotation))) = self.document.dereference(annotation) else { continue };
            let flags = annotation.get_deref(b"F", self.document).and_then(Object::as_i64).unwrap_or(0);
            if flags & HIDDEN_ANNOTATION != 0 {
                continue;
            }
            let subtype = annotation.get(b"Subtype").and_then(Object::as_name).unwrap_or_default();
            // A field is filled in as text; what else has words was laid over it.
            let is_watermark = subtype == b"Watermark";
            let is_laid = !matches!(subtype, b"Watermark" | b"Widget" | b"StrikeOut");
            let layer = annotation.get(b"OC");
            let is_off = subtype == b"Popup" || layer.is_ok_and(|layer| self.layers.is_off(layer, self.document));
            let part = Part { is_off, is_watermark, is_laid, is_running: false };
            let Some((form, matrix)) = self.appearance(annotation) else {
                if !is_off {
                    unlooked::draw(annotation, self.document, state.matrix, drawing);
                }
                continue;
            };
            let mut placed = state.clone();
            placed.matrix = matrix.then(state.matrix);
            placed.part = part;
            self.form(form, None, placed, 0, drawing)?;
        }
        Ok(())
    }

    /// How an annotation looks, and where on the page that is placed (ISO 32000-1, 12.5.5).
    fn appearance(&self, annotation: &'d Dictionary) -> Option<(&'d Stream, Matrix)> {
        let looks = annotation.get_deref(b"AP", self.document).and_then(Object::as_dict).ok()?;
        let form = match looks.get_deref(b"N", self.document).ok()? {
            Object::Stream(form) => form,
            Object::Dictionary(states) => {
                let state = annotation.get_deref(b"AS", self.document).and_then(Object::as_name).ok()?;
                states.get_deref(state, self.document).and_then(Object::as_stream).ok()?
            }
            _ => return None,
        };
        let place = self.area(annotation.get_deref(b"Rect", self.document).ok(), Matrix::IDENTITY)?;
        let drawn = self.area(form.dict.get_deref(b"BBox", self.document).ok(), self.matrix(form))?;
        let (x, y) = (place.width() / drawn.width(), place.height() / drawn.height());
        let moved = Matrix([x, 0.0, 0.0, y, place.left - drawn.left * x, place.bottom - drawn.bottom * y]);
        Some((form, moved))
    }

    fn font(&mut self, resources: Option<&'d Dictionary>, name: &[u8]) -> Result<Option<Rc<Font<'d>>>, ReadError> {
        let font = self.resource(resources, b"Font", name).and_then(|font| font.as_dict().ok());
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

fn inline_picture(operation: &Operation) -> Option<&Dictionary> {
    operation.operands.first().and_then(|picture| picture.as_stream().ok()).map(|picture| &picture.dict)
}

/// Whether a picture lets nothing through.
fn is_opaque(picture: Option<&Dictionary>) -> bool {
    let is_there = |key: &[u8]| picture.is_some_and(|picture| picture.has(key));
    !is_there(b"SMask")
        && !is_there(b"Mask")
        && !is_there(b"ImageMask")
        && !is_there(b"IM")
        && !is_there(b"SMaskInData")
}
