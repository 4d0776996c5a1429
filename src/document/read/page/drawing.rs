//! What a page draws: characters where they stand, lines, and what covers what.

use super::geometry::{Area, Point};
use super::ink::{Colour, WHITE};
use super::shape::{Layer, Share};

/// Most marks that are looked at again because something is drawn over them, on a page, and most areas of colour.
const MAX_LOOKED_AT: usize = 20_000_000;
const MAX_GROUNDS: usize = 20_000;
const MAX_PATTERNS: usize = 1_000;
/// A picture that lets something through, and is lower or narrower than so many characters, is drawn for their sake.
const SMALL: f64 = 4.0;
/// Height of a character's middle above the line of writing, in parts of the size.
const MIDDLE: f64 = 0.3;

/// Whether a mark is to be seen, and whether it belongs to the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    Seen,
    Hidden,
    /// Behind or across the text and no part of it: a watermark.
    Overlay,
    /// Laid over the page: a note, a stamp.
    Laid,
    /// At the head or foot of each page.
    Running,
}

/// A printed character; y grows upwards.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    pub text: String,
    /// Beginning and end on the line of writing.
    pub start: Point,
    pub end: Point,
    pub size: f64,
    /// Quarters of a turn to the left; none where it is written askew.
    pub quarter: Option<u8>,
    /// How much it stands out from what lies behind it, from 0 to 1.
    pub contrast: f64,
    pub sight: Sight,
    pub is_struck: bool,
    /// It cannot be told whether it is to be seen, or whose it is: half covered, cut off, crossed, or in two cells.
    pub is_doubtful: bool,
}

/// A mark of one size on a level line, as tests put it on a page.
#[cfg(test)]
pub fn mark(text: &str, x: f64, y: f64) -> Mark {
    let (start, end) = (Point { x, y }, Point { x: x + 5.0, y });
    Mark {
        text: text.to_owned(),
        start,
        end,
        size: 10.0,
        quarter: Some(0),
        contrast: 1.0,
        sight: Sight::Seen,
        is_struck: false,
        is_doubtful: false,
    }
}

impl Mark {
    pub fn middle(&self) -> Point {
        let up = self.size * MIDDLE;
        let (x, y) = match self.quarter {
            Some(0) => (0.0, up),
            Some(1) => (-up, 0.0),
            Some(2) => (0.0, -up),
            Some(_) => (up, 0.0),
            None => (0.0, 0.0),
        };
        Point { x: (self.start.x + self.end.x) / 2.0 + x, y: (self.start.y + self.end.y) / 2.0 + y }
    }

    /// The area of a character without its margins.
    pub fn body(&self) -> Area {
        let middle = self.middle();
        let half_width = (self.end.x - self.start.x).hypot(self.end.y - self.start.y) * 0.4;
        let half_height = self.size * 0.35;
        let (x, y) = if self.quarter.is_some_and(|quarter| quarter % 2 == 1) {
            (half_height, half_width)
        } else {
            (half_width, half_height)
        };
        Area { left: middle.x - x, bottom: middle.y - y, right: middle.x + x, top: middle.y + y }
    }
}

/// A straight line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stroke {
    pub from: Point,
    pub to: Point,
    pub is_seen: bool,
}

/// What a page draws.
#[derive(Debug, Default)]
pub struct Drawing {
    /// Where the page ends, where that is known.
    pub edge: Option<Area>,
    pub marks: Vec<Mark>,
    pub strokes: Vec<Stroke>,
    /// Areas of colour that something may be written on, the last on top.
    pub grounds: Vec<(Layer, Colour)>,
    /// Areas of a pattern or a flow of colours, of which it is not known how they look.
    pub patterns: Vec<Layer>,
    /// What curves go around.
    pub rounds: Vec<Area>,
    pub pictures: usize,
    /// Pictures and small areas of colour: what stands in a cell without text may be drawn with them.
    pub drawn: Vec<Area>,
    /// Marks looked at to find what is covered.
    pub looked_at: usize,
    /// More is drawn than is looked at: of no mark is it known whether it is to be seen.
    pub is_beyond_limits: bool,
}

impl Drawing {
    /// The colour of what lies behind a point.
    pub fn ground(&self, point: Point) -> Colour {
        self.grounds.iter().rev().find(|(layer, _)| layer.contains(point)).map_or(WHITE, |(_, colour)| *colour)
    }

    /// From now on a colour lies behind what is drawn there.
    pub fn lay(&mut self, layer: Layer, colour: Colour) {
        if self.grounds.len() < MAX_GROUNDS {
            self.grounds.push((layer, colour));
        } else {
            self.is_beyond_limits = true;
        }
    }

    /// Something is drawn that may be a figure.
    pub fn draw(&mut self, bounds: Area) {
        if self.drawn.len() < MAX_GROUNDS {
            self.drawn.push(bounds);
        }
    }

    /// An area is filled with something that may be drawn so as to look like anything.
    pub fn pattern(&mut self, layer: Layer) {
        if self.patterns.len() < MAX_PATTERNS {
            self.patterns.push(layer);
        } else {
            self.is_beyond_limits = true;
        }
    }

    /// Whether a mark is written on a pattern that is drawn for its sake.
    pub fn is_on_pattern(&self, mark: &Mark) -> bool {
        self.patterns.iter().any(|layer| {
            let (body, bounds) = (mark.body(), layer.bounds());
            body.meets(bounds)
                && bounds.width().min(bounds.height()) < SMALL * mark.size
                && Share::of(body, |point| layer.contains(point)) != Share::None
        })
    }

    /// Something opaque is drawn over an area.
    pub fn cover(&mut self, layer: &Layer) {
        self.each_under(layer, |mark, share| match share {
            Share::Whole => mark.sight = Sight::Hidden,
            share => mark.is_doubtful |= share == Share::Part,
        });
    }

    /// Something is drawn over an area that lets what lies behind it through, or not.
    pub fn touch(&mut self, layer: &Layer) {
        let least = layer.bounds().width().min(layer.bounds().height());
        self.each_under(layer, |mark, share| {
            mark.is_doubtful |= share != Share::None && least < SMALL * mark.size;
        });
    }

    fn each_under(&mut self, layer: &Layer, each: impl Fn(&mut Mark, Share)) {
        let bounds = layer.bounds();
        let mut looked_at = self.marks.len();
        for mark in &mut self.marks {
            let body = mark.body();
            if !body.meets(bounds) {
                continue;
            }
            looked_at += layer.points();
            if self.looked_at + looked_at > MAX_LOOKED_AT {
                self.is_beyond_limits = true;
                break;
            }
            each(mark, Share::of(body, |point| layer.contains(point)));
        }
        self.looked_at += looked_at;
    }
}
