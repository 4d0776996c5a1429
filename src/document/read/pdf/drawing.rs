//! What a page draws: characters where they stand, lines, and what covers what.

use super::geometry::{Area, Point};
use super::ink::{Colour, WHITE};

/// Most marks that are looked at again because something is drawn over them, on a page.
const MAX_LOOKED_AT: usize = 20_000_000;
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
    /// It goes from one cell into another, or is part of a number that does.
    pub is_torn: bool,
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
    pub marks: Vec<Mark>,
    pub strokes: Vec<Stroke>,
    /// Areas of colour that something may be written on, the last on top.
    pub grounds: Vec<(Area, Colour)>,
    pub pictures: usize,
    /// Marks looked at to find what is covered.
    pub looked_at: usize,
}

impl Drawing {
    /// The colour of what lies behind a point.
    pub fn ground(&self, point: Point) -> Colour {
        self.grounds.iter().rev().find(|(area, _)| area.contains(point)).map_or(WHITE, |(_, colour)| *colour)
    }

    /// Something opaque is drawn over an area.
    pub fn cover(&mut self, area: Area) {
        if self.looked_at + self.marks.len() > MAX_LOOKED_AT {
            return;
        }
        self.looked_at += self.marks.len();
        for mark in self.marks.iter_mut().filter(|mark| area.contains(mark.middle())) {
            mark.sight = Sight::Hidden;
        }
    }
}
