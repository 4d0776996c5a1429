//! From characters on a page to lines and words, and which of them are smaller, raised, struck out or laid over.

use super::super::inscription::{Aside, Inscription, Look, Setting, Settled};
use super::drawing::{Mark, Sight};
use super::sight::turned;

/// Gap between characters that is a blank, in parts of their size.
const BLANK: f64 = 0.25;
/// Distance of lines of writing, in parts of the size.
const LINE: f64 = 0.5;
/// A character that is raised or lowered by this is a mark if it is smaller as well, in parts of the larger size.
const RAISED: f64 = 0.12;
const SMALLER: f64 = 0.92;
/// A digit of the same size that is raised by this is neither here nor there.
const SHIFTED: f64 = 0.2;
/// How much of the narrower of two characters the other may cover.
const COVERED: f64 = 0.4;
/// A digit that stands out less than this, in parts of how the one beside it does, is perhaps none of its number.
const FAINTER: f64 = 0.5;
/// What is left free at both sides of a line in a cell, at most, in points.
const PADDING: f64 = 12.0;
/// How far the larger character beside a smaller one may be, in parts of its size.
const BESIDE: f64 = 2.0;
/// Longest line in which each character is compared with those beside it.
const COMPARED: usize = 400;

/// Characters without a gap between them.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    pub settled: Settled,
    pub left: f64,
    pub right: f64,
}

impl Word {
    /// Digits and what stands between them.
    pub fn is_number(&self) -> bool {
        is_number(&self.settled.text)
    }
}

/// One line of writing.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub y: f64,
    pub size: f64,
    pub words: Vec<Word>,
}

impl Line {
    pub fn text(&self) -> String {
        let texts: Vec<_> = self.words.iter().map(|word| word.settled.text.as_str()).collect();
        texts.join(" ")
    }
}

fn is_number(text: &str) -> bool {
    text.chars().any(char::is_numeric) && text.chars().all(is_of_a_number)
}

fn is_of_a_number(character: char) -> bool {
    character.is_numeric() || matches!(character, ',' | '.' | '，' | '．' | '-' | '－')
}

/// The lines of what is written outside tables, from top to bottom.
pub fn lines(marks: Vec<Mark>) -> Vec<Line> {
    let flow = marks.into_iter().filter(|mark| mark.quarter == Some(0) && mark.sight == Sight::Seen).collect();
    clusters(flow).into_iter().filter_map(|cluster| line(&cluster)).collect()
}

fn line(cluster: &[Mark]) -> Option<Line> {
    let largest = cluster.iter().max_by(|one, other| one.size.total_cmp(&other.size))?;
    let mut words: Vec<Word> = Vec::new();
    let looks = looks(cluster);
    let mut pieces: Vec<Vec<(&Mark, Look)>> = Vec::new();
    for (mark, look) in cluster.iter().zip(looks) {
        match pieces.last_mut().filter(|piece| piece.last().is_none_or(|(last, _)| !is_gap(last, mark))) {
            Some(piece) => piece.push((mark, look)),
            None => pieces.push(vec![(mark, look)]),
        }
    }
    for piece in pieces {
        let mut inscription = Inscription::default();
        piece.iter().for_each(|(mark, look)| push(&mut inscription, mark, *look));
        let settled = inscription.settle();
        let (left, right) = (piece.first()?.0.start.x, piece.last()?.0.end.x);
        match words.last_mut().filter(|_| settled.text.is_empty()) {
            Some(before) => {
                before.settled.asides.extend(settled.asides);
                before.settled.is_doubtful |= settled.is_doubtful && is_number(&before.settled.text);
            }
            None => words.push(Word { settled, left, right }),
        }
    }
    Some(Line { y: largest.start.y, size: largest.size, words })
}

/// The text of a cell of so many points in width.
pub fn cell(marks: Vec<Mark>, width: f64) -> Settled {
    let (flow, beside): (Vec<_>, Vec<_>) =
        marks.into_iter().partition(|mark| matches!(mark.sight, Sight::Seen | Sight::Running));
    // Upside down a 6 is a 9.
    let is_turned = flow.iter().any(|mark| mark.quarter == Some(2) && mark.text.chars().any(char::is_numeric));
    let (flow, across) = upright(flow);
    let mut inscription = Inscription::default();
    let mut before: Option<Vec<Mark>> = None;
    for cluster in clusters(flow) {
        if before.as_ref().is_some_and(|before| !goes_on(before, &cluster, width)) {
            inscription.blank();
        }
        let looks = looks(&cluster);
        let mut last: Option<&Mark> = None;
        for (mark, look) in cluster.iter().zip(looks) {
            if last.is_some_and(|last| is_gap(last, mark)) {
                inscription.blank();
            }
            push(&mut inscription, mark, look);
            last = Some(mark);
        }
        before = Some(cluster);
    }
    let mut settled = inscription.settle();
    settled.asides.extend(asides(across, Look::Overlay));
    for (sight, look) in [(Sight::Laid, Look::Overlay), (Sight::Hidden, Look::Hidden)] {
        let these = beside.iter().filter(|mark| mark.sight == sight).cloned().collect();
        settled.asides.extend(asides(these, look));
    }
    // A cell in which digits are hidden or laid over, and nothing else stands, is no blank cell.
    let has_digit = settled.asides.iter().any(|aside| aside.text.chars().any(char::is_numeric));
    settled.is_doubtful |= settled.text.is_empty() && has_digit || is_turned && is_number(&settled.text);
    settled
}

/// Those written in the direction of most, as if that went to the right, and the others.
fn upright(marks: Vec<Mark>) -> (Vec<Mark>, Vec<Mark>) {
    let count = |quarter: u8| marks.iter().filter(|mark| mark.quarter == Some(quarter)).count();
    let most = (0..4).rev().max_by_key(|quarter| count(*quarter)).unwrap_or(0);
    let (upright, across): (Vec<_>, Vec<_>) = marks.into_iter().partition(|mark| mark.quarter == Some(most));
    (upright.iter().map(|mark| turned(mark, most)).collect(), across)
}

fn asides(marks: Vec<Mark>, look: Look) -> Option<Aside> {
    let text: String = clusters(marks).into_iter().flatten().map(|mark| mark.text).collect();
    (!text.trim().is_empty()).then_some(Aside { look, text })
}

fn push(inscription: &mut Inscription, mark: &Mark, look: Look) {
    // Hundredths of a point: tenths would not tell what is a sixth smaller.
    let size = (mark.size * 100.0).round().clamp(1.0, f64::from(u16::MAX)) as u16;
    inscription.push(&mark.text, Setting { look, size });
}

fn is_gap(before: &Mark, after: &Mark) -> bool {
    after.start.x - before.end.x > BLANK * before.size.min(after.size)
}

/// Whether digits go on in the next line because the cell is full.
fn goes_on(line: &[Mark], next: &[Mark], width: f64) -> bool {
    let is_number = |marks: &[Mark]| marks.iter().all(|mark| mark.text.chars().all(is_of_a_number));
    let (Some(first), Some(last), Some(begins)) = (line.first(), line.last(), next.first()) else { return false };
    // Digits of another width are of another hand: a mark that found no room.
    let width_of = |mark: &Mark| mark.end.x - mark.start.x;
    let is_same = |mark: &Mark| (width_of(mark) / width_of(last) - 1.0).abs() < 0.1;
    let digits = |marks: &[Mark]| marks.iter().filter(|mark| mark.text.chars().all(char::is_numeric)).all(is_same);
    let is_full = width - (last.end.x - first.start.x) < begins.end.x - begins.start.x + PADDING;
    let is_alike = (first.size / begins.size - 1.0).abs() < 0.05 && first.start.y - begins.start.y < 2.5 * first.size;
    is_full && is_alike && is_number(line) && is_number(next) && digits(line) && digits(next)
}

/// Characters of one line each, from the left; lines from the top.
pub fn clusters(mut marks: Vec<Mark>) -> Vec<Vec<Mark>> {
    marks.sort_by(|one, other| other.start.y.total_cmp(&one.start.y));
    // Each with the height and size of its largest character.
    let mut lines: Vec<(f64, f64, Vec<Mark>)> = Vec::new();
    for mark in marks {
        let is_same = |(y, size, _): &&mut (f64, f64, Vec<Mark>)| *y - mark.start.y <= LINE * size.max(mark.size);
        match lines.last_mut().filter(is_same) {
            Some((y, size, line)) => {
                if mark.size > *size {
                    (*y, *size) = (mark.start.y, mark.size);
                }
                line.push(mark);
            }
            None => lines.push((mark.start.y, mark.size, vec![mark])),
        }
    }
    let by_place = |(_, _, mut line): (f64, f64, Vec<Mark>)| {
        line.sort_by(|one, other| one.start.x.total_cmp(&other.start.x));
        line
    };
    lines.into_iter().map(by_place).collect()
}

/// How each character of a line is set.
fn looks(line: &[Mark]) -> Vec<Look> {
    let largest = line.iter().max_by(|one, other| one.size.total_cmp(&other.size));
    let beside = |mark: &Mark| {
        let is_near = |other: &&Mark| (other.start.x - mark.start.x).abs() <= BESIDE * other.size;
        let near = line.iter().filter(is_near).max_by(|one, other| one.size.total_cmp(&other.size));
        if line.len() > COMPARED { largest } else { near }
    };
    let mut looks: Vec<Look> = line.iter().map(|mark| look(mark, beside(mark))).collect();
    for (at, pair) in line.windows(2).enumerate() {
        let [one, other] = pair else { continue };
        let narrower = (one.end.x - one.start.x).min(other.end.x - other.start.x);
        let is_covered = narrower > 0.0 && other.start.x < one.end.x - COVERED * narrower;
        let are_digits = [one, other].iter().all(|mark| mark.text.chars().all(is_of_a_number));
        let are_plain = looks.get(at..at + 2) == Some(&[Look::Plain; 2]);
        // One of two digits that touch may be hardly there: faint as what lies behind the text.
        let (fainter, stronger) = (one.contrast.min(other.contrast), one.contrast.max(other.contrast));
        let is_faint = fainter < FAINTER * stronger && !is_gap(one, other);
        if (is_covered || is_faint) && are_digits && are_plain {
            looks.iter_mut().skip(at).take(2).for_each(|look| *look = Look::Strange);
        }
    }
    looks
}

fn look(mark: &Mark, beside: Option<&Mark>) -> Look {
    if mark.is_struck {
        return Look::Struck;
    }
    if mark.is_doubtful {
        return if mark.text.chars().all(is_of_a_number) { Look::Strange } else { Look::Plain };
    }
    let Some(beside) = beside else { return Look::Plain };
    let rise = (mark.start.y - beside.start.y) / beside.size;
    let is_smaller = mark.size <= SMALLER * beside.size;
    match rise {
        _ if is_smaller && rise > RAISED => Look::Superscript,
        _ if is_smaller && rise < -RAISED => Look::Subscript,
        _ if rise.abs() > SHIFTED && mark.text.chars().all(is_of_a_number) => Look::Strange,
        _ => Look::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::super::geometry::Point;
    use super::*;

    fn marks(text: &str, x: f64, y: f64, size: f64) -> Vec<Mark> {
        let at = |(at, character): (usize, char)| {
            let start = Point { x: x + at as f64 * size / 2.0, y };
            Mark {
                text: character.to_string(),
                start,
                end: Point { x: start.x + size / 2.0, y },
                size,
                quarter: Some(0),
                contrast: 1.0,
                sight: Sight::Seen,
                is_struck: false,
                is_doubtful: false,
            }
        };
        text.chars().enumerate().map(at).collect()
    }

    fn settled(pieces: &[(&str, f64, f64, f64)], width: f64) -> (String, usize, bool) {
        let all = pieces.iter().flat_map(|(text, x, y, size)| marks(text, *x, *y, *size)).collect();
        let settled = cell(all, width);
        (settled.text, settled.asides.len(), settled.is_doubtful)
    }

    #[test]
    fn small_raised_or_lowered_characters_are_no_digits_of_the_number() {
        let of = |text: &str, marks: usize, doubt: bool| (text.to_owned(), marks, doubt);
        assert_eq!(settled(&[("169", 0.0, 0.0, 10.0), ("1", 15.0, 3.5, 6.0)], 60.0), of("169", 1, false));
        assert_eq!(settled(&[("169", 0.0, 0.0, 10.0), ("1", 15.0, -2.0, 6.0)], 60.0), of("169", 1, false));
        assert_eq!(settled(&[("169", 0.0, 0.0, 10.0), ("1", 15.0, 0.0, 6.0)], 60.0), of("169", 1, true));
        assert_eq!(settled(&[("169", 0.0, 0.0, 10.0), ("1", 15.0, 0.0, 9.5)], 60.0), of("1691", 0, false));
        assert!(settled(&[("169", 0.0, 0.0, 10.0), ("1", 15.0, 3.0, 10.0)], 60.0).2);
    }

    #[test]
    fn digits_that_lie_over_each_other_are_not_merged() {
        assert!(settled(&[("169", 0.0, 0.0, 10.0), ("23", 7.0, 0.0, 10.0)], 60.0).2);
    }

    #[test]
    fn digits_are_one_number_over_two_lines_only_where_the_cell_is_full() {
        assert_eq!(settled(&[("311", 3.0, 12.0, 10.0), ("9", 3.0, 0.0, 10.0)], 22.0).0, "3119");
        assert_eq!(settled(&[("311", 3.0, 12.0, 10.0), ("9", 3.0, 0.0, 10.0)], 60.0).0, "311 9");
        let wide = marks("３１", 3.0, 12.0, 10.0).into_iter().enumerate().map(|(at, mark)| {
            let start = Point { x: 3.0 + at as f64 * 10.0, ..mark.start };
            Mark { start, end: Point { x: start.x + 10.0, ..start }, ..mark }
        });
        let with_mark = wide.chain(marks("9", 3.0, 0.0, 10.0)).collect();
        assert_eq!(cell(with_mark, 26.0).text, "３１ 9", "of another width");
    }
}
