//! With what and where the pen draws, as the instructions before have set it.

use std::rc::Rc;

use lopdf::{Dictionary, Document, Object};

use super::super::page::brush::{Blend, Brush};
use super::super::page::geometry::Matrix;
use super::super::page::ink::{Paint, WHITE};
use super::super::page::part::Part;
use super::super::page::shape::Clip;
use super::font::Font;
use super::ink::Ink;

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
    /// Opacity of the group that all is part of.
    group_alpha: f64,
    /// A group that all is part of may not be seen.
    is_in_doubt: bool,
    pub blend: Blend,
    /// A mask, which is not looked at, tells how much of it is to be seen.
    is_masked: bool,
    pub line_width: f64,
    pub clip: Clip,
    /// What the drawing around is marked as.
    pub part: Part,
}

impl State<'_> {
    pub fn new(matrix: Matrix, clip: Clip) -> Self {
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
            group_alpha: 1.0,
            is_in_doubt: false,
            blend: Blend::Normal,
            is_masked: false,
            line_width: 1.0,
            clip,
            part: Part::default(),
        }
    }

    /// Takes over what a named state of the page's resources says.
    pub fn take(&mut self, named: &Dictionary, document: &Document) {
        let number = |key: &[u8]| named.get_deref(key, document).and_then(Object::as_float).ok().map(f64::from);
        self.fill_alpha = number(b"ca").map_or(self.fill_alpha, |alpha| alpha * self.group_alpha);
        self.stroke_alpha = number(b"CA").map_or(self.stroke_alpha, |alpha| alpha * self.group_alpha);
        self.line_width = number(b"LW").unwrap_or(self.line_width);
        let blend = named.get_deref(b"BM", document).ok();
        let blend = blend.and_then(|mode| {
            mode.as_name().or_else(|_| mode.as_array()?.first().map_or(Ok(&b""[..]), Object::as_name)).ok()
        });
        self.blend = blend.map_or(self.blend, |mode| match mode {
            b"Normal" | b"Compatible" => Blend::Normal,
            b"Multiply" | b"Darken" | b"ColorBurn" => Blend::Darkening,
            _ => Blend::Other,
        });
        if let Ok(mask) = named.get_deref(b"SMask", document) {
            self.is_masked = mask.as_dict().is_ok();
        }
    }

    /// Begins a group that is drawn as a whole, with the opacity that is set.
    pub fn begin_group(&mut self) {
        self.is_in_doubt = self.may_be_unseen();
        self.group_alpha = self.fill_alpha;
        self.stroke_alpha = self.fill_alpha;
    }

    /// Whether what is written now may not be seen, or not as it is written.
    fn may_be_unseen(&self) -> bool {
        self.is_in_doubt || self.is_masked || self.blend == Blend::Other
    }

    /// With what a part of the page is drawn.
    pub fn brush(&self, part: Part) -> Brush<'_> {
        Brush {
            fill: self.fill.paint(self.fill_alpha),
            stroke: self.stroke.paint(self.stroke_alpha),
            width: self.line_width * self.matrix.scale(),
            blend: self.blend,
            is_in_doubt: self.may_be_unseen(),
            clip: &self.clip,
            part,
        }
    }

    /// Colour and opacity of characters, by the way in which they are drawn.
    pub fn ink(&self) -> Paint {
        match self.mode {
            3 | 7 => Paint { colour: WHITE, alpha: 0.0, is_known: true },
            1 | 5 => self.stroke.paint(self.stroke_alpha),
            _ => self.fill.paint(self.fill_alpha),
        }
    }
}
