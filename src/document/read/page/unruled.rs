//! Rows of a table without lines: the words of a line of writing as cells, each with what stands beside its number.

use super::super::inscription::{Aside, Look, Settled};
use super::super::note::Place;
use super::super::placement::{PrintedCell, PrintedRow, wording};
use super::super::text::cells_of;
use super::writing::{Line, Word};
use crate::form::catalogue;

/// How near below a line another is that may go on with its numbers, in parts of the size.
const NEXT: f64 = 1.8;

/// The row that a line is, of at most about `max_cells`.
pub fn row(line: Line, max_cells: usize, place: impl Fn(usize) -> Place) -> PrintedRow {
    let text = line.text();
    let (texts, extent) = cells_of(&text, max_cells);
    let mut settled: Vec<Settled> = texts.into_iter().map(Settled::from).collect();
    let mut words = line.words;
    // Values stand at the end, a word each; what is left belongs to the label.
    let (mut at, mut left) = (settled.len(), words.len());
    while let (Some(cell), Some(word)) = (settled.get_mut(at.wrapping_sub(1)), words.get(left.wrapping_sub(1))) {
        if cell.text != word.settled.text || (at == 1 && left > 1) {
            break;
        }
        *cell = word.settled.clone();
        (at, left) = (at - 1, left - 1);
    }
    words.truncate(left);
    if let Some(label) = at.checked_sub(1).and_then(|at| settled.get_mut(at)) {
        label.asides.extend(words.into_iter().flat_map(|word| word.settled.asides));
    }
    let cells = settled.into_iter().enumerate().map(|(at, cell)| PrintedCell::alone(cell, place(at + 1)));
    PrintedRow { cells: cells.collect(), extent }
}

/// Without numbers that are perhaps the rest of those above: where no lines tell, these cannot be read.
pub fn with_wrapped(lines: Vec<Line>) -> Vec<Line> {
    let mut kept: Vec<Line> = Vec::new();
    for mut line in lines {
        if let Some(above) = kept.last_mut().filter(|above| may_go_on(above, &line)) {
            line.words.iter().filter(|word| word.is_number()).for_each(|word| add_doubt(above, word));
            line.words.retain(|word| !word.is_number());
        }
        if !line.words.is_empty() {
            kept.push(line);
        }
    }
    kept
}

fn may_go_on(above: &Line, line: &Line) -> bool {
    let is_near = above.y - line.y <= NEXT * above.size && (above.size / line.size - 1.0).abs() < 0.1;
    let (label, numbers) = label_and_numbers(above);
    let (rest, these) = label_and_numbers(line);
    let is_rest = match rest.is_empty() {
        true => these.len() < numbers.len() || (!label.is_empty() && these.len() == numbers.len()),
        false => is_label(&(label + &rest)),
    };
    is_near && is_rest && !these.is_empty() && these.iter().all(|word| number_above(above, word).is_some())
}

/// The words before the numbers at the end, and these.
fn label_and_numbers(line: &Line) -> (String, &[Word]) {
    let numbers = line.words.iter().rev().take_while(|word| word.is_number()).count();
    let (label, numbers) = line.words.split_at(line.words.len() - numbers);
    (label.iter().map(|word| word.settled.text.as_str()).collect(), numbers)
}

/// Whether the words end with a label of the form.
fn is_label(words: &str) -> bool {
    let words = wording(words).full;
    let labels = catalogue()
        .lines
        .iter()
        .flat_map(|line| std::iter::once(line.line.label.zh).chain(line.line.aliases.iter().copied()));
    labels.map(|label| wording(label).full).any(|label| words.ends_with(&label))
}

fn number_above(above: &Line, word: &Word) -> Option<usize> {
    above.words.iter().position(|over| over.is_number() && over.left < word.right && word.left < over.right)
}

fn add_doubt(above: &mut Line, word: &Word) {
    if let Some(over) = number_above(above, word).and_then(|at| above.words.get_mut(at)) {
        over.settled.is_doubtful = true;
        over.settled.asides.push(Aside { look: Look::Strange, text: word.settled.text.clone() });
    }
}
