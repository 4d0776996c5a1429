//! With what and where the pen draws, as the instructions before have set it.

use std::rc::Rc;

use lopdf::{Dictionary, Document, Object};

use super::font::Font;
use super::geometry::{Area, Matrix};
use super::ink::{Colour, Ink, WHITE};
use super::layers::Part;

#[derive(Clone)]
pub struct State<'d> {
    pub matrix: Matrix,
    pub font: Option<Rc<Font<'d>>>,
    pub size: f64,
    pub character_space: f64,
    pub word_space: f64,
    pub scale: f64,
    pub leading: f64,
    pub rise: f64,
    pub mode: i64,
    pub fill: Ink,
    pub stroke: Ink,
    pub fill_alpha: f64,
    pub stroke_alpha: f64,
    /// Mixes with what lies behind it rather than covering it.
    pub blends: bool,
    pub clip: Area,
    /// What the drawing around is marked as.
    pub part: Part,
}

impl State<'_> {
    pub fn new(matrix: Matrix, clip: Area) -> Self {
        Self {
            matrix,
            font: None,
            size: 0.0,
            character_space: 0.0,
            word_space: 0.0,
            scale: 1.0,
            leading: 0.0,
            rise: 0.0,
            mode: 0,
            fill: Ink::BLACK,
            stroke: Ink::BLACK,
            fill_alpha: 1.0,
            stroke_alpha: 1.0,
            blends: false,
            clip,
            part: Part::default(),
        }
    }

    /// Takes over what a named state of the page's resources says.
    pub fn take(&mut self, named: &Dictionary, document: &Document) {
        let number = |key: &[u8]| named.get_deref(key, document).and_then(Object::as_float).ok().map(f64::from);
        self.fill_alpha = number(b"ca").unwrap_or(self.fill_alpha);
        self.stroke_alpha = number(b"CA").unwrap_or(self.stroke_alpha);
        let blend = named.get_deref(b"BM", document).ok();
        let blend = blend.and_then(|mode| {
            mode.as_name().or_else(|_| mode.as_array()?.first().map_or(Ok(&b""[..]), Object::as_name)).ok()
        });
        self.blends = blend.map_or(self.blends, |mode| !matches!(mode, b"Normal" | b"Compatible"));
        if let Ok(mask) = named.get_deref(b"SMask", document) {
            self.blends |= mask.as_dict().is_ok();
        }
    }

    /// Colour and opacity of characters, by the way in which they are drawn.
    pub fn ink(&self) -> (Colour, f64) {
        match self.mode {
            3 | 7 => (WHITE, 0.0),
            1 | 5 => (self.stroke.colour, self.stroke_alpha),
            _ => (self.fill.colour, self.fill_alpha),
        }
    }
}
