//! What of a drawn page is its text: the page is turned to how most of it is written, and what lies over or behind the
//! text, askew, large or faint, is told from it.

use std::collections::{HashMap, HashSet};

use super::drawing::{Drawing, Mark, Sight};
use super::geometry::{Area, Matrix, Point};
use super::table::Table;
use super::writing::clusters;

/// Characters that stand out less than this are perhaps a watermark, and those this many times as large as most.
pub const FAINT: f64 = 0.4;
pub const LARGE: f64 = 2.5;
/// A digit lies in two cells where this part of its width at each side lies in another than the rest.
const STRADDLED: f64 = 0.2;
/// How near the digits of one number stand, in parts of the size.
const JOINED: f64 = 0.08;
/// What stands within a number.
const SEPARATORS: [char; 4] = [',', '，', '.', '．'];
/// How near a character printed twice to look bold stands to itself, in parts of the size.
const TWICE: f64 = 0.15;

/// Turns a page to the direction in which most of it is written.
pub fn turn(drawing: &mut Drawing) {
    let seen = |quarter: u8| {
        drawing.marks.iter().filter(|mark| mark.sight == Sight::Seen && mark.quarter == Some(quarter)).count()
    };
    let Some(most) = (0..4).rev().max_by_key(|quarter| seen(*quarter)).filter(|quarter| *quarter > 0) else { return };
    let matrix = Matrix::turned(i64::from(most) * 90);
    drawing.marks.iter_mut().for_each(|mark| *mark = turned(mark, most));
    for stroke in &mut drawing.strokes {
        stroke.from = matrix.apply(stroke.from.x, stroke.from.y);
        stroke.to = matrix.apply(stroke.to.x, stroke.to.y);
    }
    for round in drawing.rounds.iter_mut().chain(&mut drawing.drawn).chain(&mut drawing.edge) {
        *round = Area::transformed([round.left, round.right], [round.bottom, round.top], matrix);
    }
}

/// A mark of a page that is turned so many quarters to the right.
pub fn turned(mark: &Mark, quarters: u8) -> Mark {
    let matrix = Matrix::turned(i64::from(quarters) * 90);
    Mark {
        start: matrix.apply(mark.start.x, mark.start.y),
        end: matrix.apply(mark.end.x, mark.end.y),
        quarter: mark.quarter.map(|quarter| (quarter + 4 - quarters % 4) % 4),
        ..mark.clone()
    }
}

/// Removes characters printed once more upon themselves.
pub fn without_doubles(marks: &mut Vec<Mark>) {
    let mut seen: HashMap<(i64, i64), Vec<Mark>> = HashMap::new();
    marks.retain(|mark| {
        // Points to a cell of the raster; a double stands in the same or in one beside it.
        let (x, y) = ((mark.start.x / 4.0) as i64, (mark.start.y / 4.0) as i64);
        let beside = |at: i64| at.saturating_sub(1)..=at.saturating_add(1);
        let near = beside(x).flat_map(|x| beside(y).map(move |y| (x, y)));
        let is_double = near.filter_map(|at| seen.get(&at)).flatten().any(|other| {
            let distance = (other.start.x - mark.start.x).abs().max((other.start.y - mark.start.y).abs());
            other.text == mark.text && other.sight == mark.sight && distance < TWICE * mark.size
        });
        if !is_double {
            seen.entry((x, y)).or_default().push(mark.clone());
        }
        !is_double
    });
}

/// Marks what lies over or behind the text: what is written askew, and what is faint or large and meets other characters
/// or goes from one cell into another. All that is written like it goes with it.
pub fn part_overlays(marks: &mut [Mark], tables: &[Table]) {
    let usual = usual_size(marks);
    let hand = |mark: &Mark| (mark.quarter, (mark.size * 4.0) as i64, (mark.contrast * 20.0) as i64);
    let is_candidate = |mark: &Mark| {
        mark.sight == Sight::Seen && mark.quarter.is_some() && (mark.contrast < FAINT || mark.size > LARGE * usual)
    };
    let mut over = HashSet::new();
    for mark in marks.iter().filter(|mark| is_candidate(mark)) {
        if over.contains(&hand(mark)) {
            continue;
        }
        let area = mark.body();
        let meets = |other: &Mark| {
            other.sight == Sight::Seen
                && hand(other) != hand(mark)
                && (area.contains(other.middle()) || other.body().contains(mark.middle()))
        };
        if goes_across(area, tables) || marks.iter().any(meets) {
            over.insert(hand(mark));
        }
    }
    for mark in marks.iter_mut().filter(|mark| mark.sight == Sight::Seen) {
        if mark.quarter.is_none() || over.contains(&hand(mark)) {
            mark.sight = Sight::Overlay;
        }
    }
}

/// The size of which half of what is to be seen is larger.
pub fn usual_size(marks: &[Mark]) -> f64 {
    let mut sizes: Vec<f64> = marks.iter().filter(|mark| mark.sight == Sight::Seen).map(|mark| mark.size).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.get(sizes.len() / 2).copied().unwrap_or(0.0)
}

/// Marks the digits of cells into which, or out of which, a number goes: it is not known whose they are.
pub fn tear(marks: &mut [Mark], tables: &[Table], edge: Option<Area>) {
    let cell = |point: Point| tables.iter().enumerate().find_map(|(at, table)| Some((at, table.cell_at(point)?)));
    // Also what is not to be seen: the rest of a number that a neighbouring cell covers or cuts off.
    let is_text = |mark: &&Mark| matches!(mark.sight, Sight::Seen | Sight::Hidden) && mark.quarter == Some(0);
    let is_number = |mark: &Mark| mark.text.chars().all(char::is_numeric);
    let is_separator = |mark: &Mark| mark.text.chars().all(|c| SEPARATORS.contains(&c));
    let goes_on = |one: &Mark, other: &Mark| {
        (one.size / other.size - 1.0).abs() < 0.07
            && (one.start.y - other.start.y).abs() < 0.1 * one.size
            && (other.start.x - one.end.x).abs() < JOINED * one.size
    };
    // Digits that would stand beyond the edge of the page are often not drawn at all.
    let is_at_edge = |mark: &Mark| {
        let (middle, width) = (mark.middle(), mark.end.x - mark.start.x);
        edge.is_some_and(|edge| {
            edge.contains(middle)
                && [middle.x - width, middle.x + width].iter().any(|x| !edge.contains(Point { x: *x, ..middle }))
        })
    };
    let at = |mark: &Mark| [mark.start.x.to_bits(), mark.start.y.to_bits()];
    let (mut torn, mut cut_off) = (HashSet::new(), HashSet::new());
    for line in clusters(marks.iter().filter(is_text).cloned().collect()) {
        for mark in line.iter().filter(|mark| is_number(mark)) {
            let (middle, inset) = (mark.middle(), (mark.end.x - mark.start.x) * STRADDLED);
            let ends = [mark.start.x + inset, mark.end.x - inset].map(|x| cell(Point { x, ..middle }));
            if ends[0] != ends[1] {
                torn.extend(ends.into_iter().flatten());
            }
            if is_at_edge(mark) {
                torn.extend(cell(middle));
                cut_off.insert(at(mark));
            }
        }
        for (position, one) in line.iter().enumerate().filter(|(_, mark)| is_number(mark)) {
            // The next digit, over what sets thousands and decimals apart; that counts itself where the page ends before it.
            let mut behind = one;
            for other in line.iter().skip(position + 1) {
                if !goes_on(behind, other) || !(is_number(other) || is_separator(other)) {
                    break;
                }
                let cells = [one, other].map(|mark| cell(mark.middle()));
                // Beyond the edge of the page a number goes on as well.
                let is_cut_off = edge.is_some_and(|edge| edge.contains(one.middle()) != edge.contains(other.middle()));
                if is_cut_off || cells[0] != cells[1] && is_number(other) {
                    torn.extend(cells.into_iter().flatten());
                    // Where there is no table, the digit before is all that can be told of.
                    cut_off.extend(is_cut_off.then_some([at(one), at(other)]).into_iter().flatten());
                }
                if is_number(other) {
                    break;
                }
                behind = other;
            }
        }
    }
    for mark in marks.iter_mut().filter(|mark| is_number(mark)) {
        mark.is_doubtful |= cut_off.contains(&at(mark));
        mark.is_doubtful |= cell(mark.middle()).is_some_and(|cell| torn.contains(&cell));
    }
}

fn goes_across(area: Area, tables: &[Table]) -> bool {
    let corners = [(area.left, area.bottom), (area.right, area.top), (area.left, area.top), (area.right, area.bottom)];
    tables.iter().any(|table| {
        let mut cells = corners.iter().map(|(x, y)| table.cell_at(Point { x: *x, y: *y }));
        let first = cells.next();
        cells.any(|cell| Some(cell) != first)
    })
}

#[cfg(test)]
mod tests {
    use super::super::drawing::mark;
    use super::*;

    #[test]
    fn a_page_written_upwards_is_turned() {
        let up = |x: f64| Mark { end: Point { x, y: 5.0 }, quarter: Some(1), ..mark("1", x, 0.0) };
        let mut drawing = Drawing { marks: vec![up(0.0), up(20.0), mark("2", 0.0, 50.0)], ..Drawing::default() };
        turn(&mut drawing);
        let quarters: Vec<_> = drawing.marks.iter().map(|mark| mark.quarter).collect();
        assert_eq!(quarters, [Some(0), Some(0), Some(3)]);
        assert!(drawing.marks[0].end.x > drawing.marks[0].start.x);
    }

    #[test]
    fn a_number_that_goes_beyond_the_edge_of_the_page_is_doubtful() {
        let beyond = Mark { sight: Sight::Hidden, ..mark("3", 10.0, 0.0) };
        let numbers = vec![mark("1", 0.0, 0.0), mark("2", 5.0, 0.0), beyond];
        let doubtful = |edge: Option<Area>| {
            let mut marks = numbers.clone();
            tear(&mut marks, &[], edge);
            marks.iter().map(|mark| mark.is_doubtful).collect::<Vec<_>>()
        };
        let edge = Area { left: -50.0, bottom: -50.0, right: 11.0, top: 50.0 };
        assert_eq!(doubtful(Some(edge)), [false, true, true]);
        assert_eq!(
            doubtful(Some(Area { right: 50.0, ..edge })),
            [false; 3],
            "what is hidden on the page is none of it"
        );
        assert_eq!(doubtful(None), [false; 3]);
        // What would stand beyond the edge need not be drawn: a number that ends at it may be the beginning of one.
        let mut marks = vec![mark("1", 0.0, 0.0), mark("2", 5.0, 0.0)];
        tear(&mut marks, &[], Some(Area { right: 11.0, ..edge }));
        assert_eq!(marks.iter().map(|mark| mark.is_doubtful).collect::<Vec<_>>(), [false, true]);
        // What sets thousands apart is a part of the number.
        let mut marks = vec![mark("6", 0.0, 0.0), mark("8", 5.0, 0.0), mark(",", 10.0, 0.0), mark("7", 15.0, 0.0)];
        tear(&mut marks, &[], Some(Area { right: 14.0, ..edge }));
        assert_eq!(marks.iter().map(|mark| mark.is_doubtful).collect::<Vec<_>>(), [false, true, false, true]);
    }

    #[test]
    fn what_is_faint_and_lies_behind_the_text_is_no_part_of_it() {
        let faint = |text: &str, x: f64| Mark { contrast: 0.2, ..mark(text, x, 0.0) };
        let mut marks = vec![mark("1", 0.0, 0.0), faint("2", 1.0), faint("3", 90.0), mark("4", 90.0, 50.0)];
        part_overlays(&mut marks, &[]);
        let over: Vec<_> = marks.iter().map(|mark| mark.sight == Sight::Overlay).collect();
        assert_eq!(over, [false, true, true, false]);
        let mut alone = vec![faint("3", 90.0), mark("4", 90.0, 50.0)];
        part_overlays(&mut alone, &[]);
        assert_eq!(alone[0].sight, Sight::Seen, "what is pale is read where it is all there is");
    }
}
