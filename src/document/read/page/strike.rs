//! Lines drawn through characters: they strike these out, or leave it open whether these count. Lines that belong to
//! the writing are no sides of cells.

use super::drawing::{Drawing, Mark, Sight, Stroke};
use super::geometry::Point;
use super::sight::{FAINT, LARGE, usual_size};

/// Between these heights above the line of writing a line strikes characters out, in parts of their size.
const STRIKES_FROM: f64 = 0.12;
const STRIKES_TO: f64 = 0.6;
/// How far into a character a line goes that crosses it: from its sides, in parts of its width, and from the line of
/// writing, in parts of its size.
const SIDE: f64 = 0.15;
const FOOT: f64 = 0.05;
/// Lowest line that is drawn under characters, and by how many points it may be longer than they are.
const UNDER: f64 = -0.24;
const LONGER: f64 = 0.6;
/// Widest gap between characters that are struck out together, in parts of their size.
const GAP: f64 = 1.0;
/// Share of a line's length that the characters have that it strikes out.
const STRUCK: f64 = 0.5;
/// Highest ring around a digit, and how near a digit beside it is, in parts of the size.
const RING: f64 = 3.0;
const NEAR: f64 = 1.0;
/// Largest small character, in parts of the usual size: one that stands on a line, within this height, may be a mark of what
/// is below the line.
const SMALL: f64 = 0.75;
const ON: f64 = 0.2;
/// Most pairs of lines and characters that are looked at, on a page.
const MAX_PAIRS: usize = 20_000_000;

/// Marks the characters through which a line is drawn, and takes away the lines that belong to characters.
pub fn strike(drawing: &mut Drawing) {
    let marks = &mut drawing.marks;
    let mut heights: Vec<(f64, usize)> = marks.iter().enumerate().map(|(at, mark)| (mark.start.y, at)).collect();
    heights.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let tallest = marks.iter().map(|mark| mark.size).fold(0.0, f64::max);
    let usual = usual_size(marks);
    let mut pairs = 0;
    drawing.strokes.retain(|stroke| {
        let (bottom, top) = (stroke.from.y.min(stroke.to.y), stroke.from.y.max(stroke.to.y));
        let first = heights.partition_point(|(height, _)| *height < bottom - tallest);
        let near = heights.iter().skip(first).take_while(|(height, _)| *height < top + tallest);
        let near: Vec<usize> = near.map(|(_, at)| *at).collect();
        pairs += near.len();
        if pairs > MAX_PAIRS {
            drawing.is_beyond_limits = true;
            return true;
        }
        let is_level = top - bottom <= 1.0;
        if stroke.is_seen {
            for at in &near {
                if let Some(mark) = marks.get_mut(*at) {
                    cross(mark, stroke, is_level);
                    mark.is_doubtful |= is_level && mark.size < SMALL * usual && stands_on(mark, stroke);
                }
            }
        }
        // A watermark has no lines of its own; what a line covers has.
        let is_text = |mark: &&Mark| {
            matches!(mark.sight, Sight::Seen | Sight::Hidden) && mark.contrast >= FAINT && mark.size <= LARGE * usual
        };
        !is_level || !is_of_writing(stroke, near.iter().filter_map(|at| marks.get(*at)).filter(is_text).collect())
    });
}

/// Marks digits around which a ring is drawn that leaves out digits beside them: it makes a mark of them.
pub fn encircle(drawing: &mut Drawing) {
    for round in &drawing.rounds {
        let is_digit = |mark: &&mut Mark| mark.sight == Sight::Seen && mark.text.chars().all(char::is_numeric);
        let within = |mark: &Mark| round.contains(mark.middle());
        let is_near = |mark: &Mark| {
            let Point { x, y } = mark.middle();
            let gap = (round.left - x).max(x - round.right);
            gap < NEAR * mark.size && (round.bottom..=round.top).contains(&y)
        };
        let mut digits: Vec<&mut Mark> = drawing.marks.iter_mut().filter(is_digit).collect();
        digits.retain(|mark| is_near(mark) && round.height() < RING * mark.size);
        if digits.iter().any(|mark| within(mark)) && digits.iter().any(|mark| !within(mark)) {
            digits.into_iter().for_each(|mark| mark.is_doubtful = true);
        }
    }
}

/// What a line that is seen does to a character.
fn cross(mark: &mut Mark, stroke: &Stroke, is_level: bool) {
    let height = (stroke.from.y - mark.start.y) / mark.size;
    let (left, right) = ends(stroke);
    let is_through = is_level && mark.quarter == Some(0) && (STRIKES_FROM..=STRIKES_TO).contains(&height);
    if is_through && (left..=right).contains(&mark.middle().x) {
        mark.is_struck = true;
        return;
    }
    // What only touches a character's sides or foot is the side of its cell, or goes under it.
    let mut body = mark.body();
    if mark.quarter == Some(0) {
        let side = SIDE * (mark.end.x - mark.start.x);
        (body.left, body.right) = (body.left + side, body.right - side);
        body.bottom = body.bottom.max(mark.start.y + FOOT * mark.size);
    }
    mark.is_doubtful |= goes_through(stroke, [body.left, body.right], [body.bottom, body.top]);
}

/// Whether a character stands on a level line that goes on at both of its sides.
fn stands_on(mark: &Mark, stroke: &Stroke) -> bool {
    let (left, right) = ends(stroke);
    let height = (stroke.from.y - mark.start.y) / mark.size;
    mark.quarter == Some(0) && height.abs() <= ON && left < mark.start.x && right > mark.end.x
}

fn ends(stroke: &Stroke) -> (f64, f64) {
    (stroke.from.x.min(stroke.to.x), stroke.from.x.max(stroke.to.x))
}

/// Whether a line has a point within a rectangle.
fn goes_through(stroke: &Stroke, x: [f64; 2], y: [f64; 2]) -> bool {
    // The part of the line, from 0 to 1, that lies within both pairs of sides.
    let (mut enters, mut leaves) = (0.0f64, 1.0f64);
    let Stroke { from: Point { x: from_x, y: from_y }, to, .. } = stroke;
    for (start, way, [least, most]) in [(from_x, to.x - from_x, x), (from_y, to.y - from_y, y)] {
        if way.abs() < 1e-9 {
            if *start < least || *start > most {
                return false;
            }
            continue;
        }
        let (one, other) = ((least - start) / way, (most - start) / way);
        (enters, leaves) = (enters.max(one.min(other)), leaves.min(one.max(other)));
    }
    enters <= leaves
}

/// Whether a level line strikes characters out or goes under them, rather than between cells: it is as long as they
/// are, or most of it goes through them.
fn is_of_writing(stroke: &Stroke, near: Vec<&Mark>) -> bool {
    let (left, right) = ends(stroke);
    let height = |mark: &Mark| (stroke.from.y - mark.start.y) / mark.size;
    let is_at = |mark: &&Mark| {
        mark.quarter == Some(0)
            && (UNDER..=STRIKES_TO).contains(&height(mark))
            && (left..=right).contains(&mark.middle().x)
    };
    let mut over: Vec<&Mark> = near.into_iter().filter(is_at).collect();
    over.sort_by(|one, other| one.start.x.total_cmp(&other.start.x));
    let (Some(first), Some(last)) = (over.first(), over.last()) else { return false };
    let is_whole = over.windows(2).all(|pair| match pair {
        [one, other] => other.start.x - one.end.x <= GAP * one.size,
        _ => true,
    });
    let is_as_long = (first.start.x - left).max(right - last.end.x) <= LONGER;
    let through: f64 =
        over.iter().filter(|mark| height(mark) >= STRIKES_FROM).map(|mark| mark.end.x - mark.start.x).sum();
    is_whole && is_as_long || through >= STRUCK * (right - left)
}

#[cfg(test)]
mod tests {
    use super::super::drawing::mark;
    use super::*;

    fn stroke(from: (f64, f64), to: (f64, f64)) -> Stroke {
        Stroke { from: Point { x: from.0, y: from.1 }, to: Point { x: to.0, y: to.1 }, is_seen: true }
    }

    fn struck(strokes: Vec<Stroke>) -> Drawing {
        let marks = vec![mark("1", 0.0, 0.0), mark("2", 0.0, 20.0)];
        let mut drawing = Drawing { marks, strokes, ..Drawing::default() };
        strike(&mut drawing);
        drawing
    }

    #[test]
    fn a_line_through_characters_strikes_them_out_and_one_below_does_not() {
        let unseen = Stroke { is_seen: false, ..stroke((-1.0, 23.0), (6.0, 23.0)) };
        let drawing = struck(vec![stroke((6.0, 3.0), (-1.0, 3.0)), stroke((6.0, 19.0), (-1.0, 19.0)), unseen]);
        assert_eq!(drawing.marks.iter().map(|mark| mark.is_struck).collect::<Vec<_>>(), [true, false]);
        assert!(drawing.marks.iter().all(|mark| !mark.is_doubtful));
    }

    #[test]
    fn a_line_across_or_beside_the_middle_leaves_it_open() {
        for line in [stroke((-2.0, -2.0), (8.0, 9.0)), stroke((2.0, -20.0), (2.0, 4.0)), stroke((3.2, 3.0), (9.0, 3.0))]
        {
            let drawing = struck(vec![line]);
            assert_eq!(
                drawing.marks.iter().map(|mark| mark.is_doubtful).collect::<Vec<_>>(),
                [true, false],
                "{line:?}"
            );
        }
    }

    #[test]
    fn a_ring_around_some_digits_of_a_number_leaves_it_open() {
        let ringed = |left: f64, right: f64| {
            let rounds = vec![super::super::geometry::Area { left, bottom: -4.0, right, top: 10.0 }];
            let marks = vec![mark("4", 0.0, 0.0), mark("1", 5.0, 0.0), mark("7", 90.0, 0.0)];
            let mut drawing = Drawing { marks, rounds, ..Drawing::default() };
            encircle(&mut drawing);
            drawing.marks.iter().map(|mark| mark.is_doubtful).collect::<Vec<_>>()
        };
        assert_eq!(ringed(4.0, 11.0), [true, true, false]);
        assert_eq!(ringed(-2.0, 11.0), [false; 3], "all of it");
    }

    #[test]
    fn lines_as_long_as_the_writing_are_no_sides_of_cells() {
        let left = |from: f64, to: f64, y: f64| struck(vec![stroke((from, y), (to, y))]).strokes.len();
        assert_eq!([left(0.0, 5.0, 3.0), left(-2.0, 7.0, 3.0), left(-40.0, 40.0, 3.0)], [0, 0, 1]);
        assert_eq!([left(-0.2, 5.2, -1.5), left(-3.0, 8.0, -1.5)], [0, 1]);
    }
}
