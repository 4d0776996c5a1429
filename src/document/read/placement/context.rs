//! What a label means where it stands: the same word is a column in one place, a line in another, and a damaged
//! label is recognised only where its place leaves one possibility.

use std::collections::HashSet;

use crate::form::{Column, Layout, LineId, Part, catalogue};

use super::nearness::{edits_within, tolerated_edits};
use super::printed::{Columns, PrintedRow};
use super::value::{Unit, has_digit};
use super::vocabulary::{Meaning, TableWords, Vocabulary};
use super::wording::{Wording, wording};

/// Whether header or lines are being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zone {
    Header,
    Body,
}

/// One column label of the header above the lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderLabel {
    /// None for a column that only another edition has.
    pub label: Option<&'static str>,
    pub unit: Option<&'static Unit>,
    /// Where the format has columns.
    pub columns: Option<Columns>,
}

/// The place in the form that the walk has reached.
pub struct Context<'v> {
    pub vocabulary: &'v Vocabulary,
    pub table: Option<usize>,
    /// Within a table rather than in text around it.
    pub inside: bool,
    pub zone: Zone,
    /// Group of the lines being read; position in the catalogue's groups.
    pub group: Option<usize>,
    pub header: Vec<HeaderLabel>,
    landmarks: Landmarks,
}

/// Shortest beginning of a label that can stand for it, in characters.
const BEGINNING_CHARACTERS: usize = 4;
/// Longest wording that is compared with labels for likeness, in characters.
const LIKENESS_CHARACTERS: usize = 64;
/// Most blank-separated pieces of one printed label.
const PIECES: usize = 32;

/// A line recognised by a label that is not exactly the form's.
pub struct Likely {
    pub line: LineId,
    pub table: usize,
    /// What is missing at the end of the label, where it is a beginning.
    pub remainder: Option<String>,
}

impl<'v> Context<'v> {
    pub fn new(vocabulary: &'v Vocabulary, rows: &[PrintedRow]) -> Self {
        Self {
            vocabulary,
            table: None,
            inside: false,
            zone: Zone::Header,
            group: None,
            header: Vec::new(),
            landmarks: Landmarks::of(vocabulary, rows),
        }
    }

    pub fn words(&self) -> Option<&'v TableWords> {
        self.table.and_then(|table| self.vocabulary.tables.get(table))
    }

    /// Within a table that prints all its lines in one row of figures.
    pub fn in_blocks(&self) -> bool {
        self.inside && self.words().is_some_and(|words| words.layout() == Layout::Blocks)
    }

    /// Moves to a table; its header comes next.
    pub fn enter(&mut self, table: usize) {
        if self.table != Some(table) {
            self.table = Some(table);
            self.begin_header();
            self.group = None;
        }
        self.inside = true;
    }

    /// A header begins: what was known of the one before no longer counts.
    pub fn begin_header(&mut self) {
        self.zone = Zone::Header;
        self.header.clear();
    }

    /// What a label that is exactly the form's means here; `followed` says whether a value stands behind it.
    pub fn meaning(&self, words: &Wording, followed: bool) -> Option<Meaning> {
        let exact = self.vocabulary.meanings(&words.full);
        // A sentence may begin with a label and go on in brackets; a label is no sentence.
        let loose = if words.unclosed || words.sentence { &[] } else { self.vocabulary.meanings(&words.short) };
        [exact, loose]
            .into_iter()
            .filter(|known| !known.is_empty())
            .find_map(|known| self.choose(known, words, followed))
    }

    fn choose(&self, known: &[Meaning], words: &Wording, followed: bool) -> Option<Meaning> {
        let here: Vec<_> = known.iter().copied().filter(|meaning| meaning.table() == self.table).collect();
        let candidates = if here.is_empty() { known } else { &here };
        if let [only] = candidates {
            return Some(*only);
        }
        // A word of several meanings does not lead to another table.
        if here.is_empty() {
            return None;
        }
        let line = candidates.iter().copied().find_map(|meaning| match meaning {
            Meaning::Line { line, .. } => Some((meaning, catalogue().line(line).group)),
            _ => None,
        });
        let other = candidates.iter().copied().find(|meaning| !matches!(meaning, Meaning::Line { .. }))?;
        let (line, group) = line?;
        match other {
            // （六）其他处理 is a heading, or one line where the form has three: values behind it tell.
            Meaning::Group { .. } => Some(if followed { line } else { other }),
            // 其他 and 总计 head columns, and are lines: 其他 only under （六）其他处理.
            // Values right behind the header are those of a line whose label is lost.
            _ if !words.numbered && self.zone == Zone::Header => Some(other).filter(|_| !followed),
            _ if group.is_none_or(|group| self.group == Some(group)) => Some(line),
            _ if !followed && !words.numbered => Some(other),
            _ => None,
        }
    }

    /// The line whose label this can only be: the beginning of one, or one that is a few characters off.
    /// Lines whose label stands elsewhere as it should, and those out of the form's order here, are no candidates.
    pub fn likely_line(&self, words: &Wording, row: usize) -> Option<Likely> {
        let table = self.table?;
        let characters: Vec<char> = words.full.chars().collect();
        if characters.len() < BEGINNING_CHARACTERS || characters.len() > LIKENESS_CHARACTERS || words.sentence {
            return None;
        }
        let possible = || {
            let lines = &self.vocabulary.tables.get(table)?.lines;
            Some(lines.iter().filter(move |words| self.landmarks.admits(table, words.line, row)))
        };
        let beginning = only(possible()?.filter(|label| label.full.starts_with(&characters)).map(|label| label.line));
        if let Some(line) = beginning {
            let label = possible()?.find(|label| label.line == line && label.full.starts_with(&characters))?;
            let remainder = label.full.get(characters.len()..).map(|rest| rest.iter().collect());
            return Some(Likely { line, table, remainder });
        }
        let bound = |label: &[char]| tolerated_edits(label.len());
        let near = possible()?.filter(|label| edits_within(&characters, &label.full, bound(&label.full)).is_some());
        only(near.map(|label| label.line)).map(|line| Likely { line, table, remainder: None })
    }

    /// The column of the header being read whose label this can only be.
    pub fn likely_column(&self, words: &Wording) -> Option<&'static str> {
        let table = self.words().filter(|_| self.inside && self.zone == Zone::Header)?;
        let characters: Vec<char> = words.full.chars().collect();
        if characters.len() < BEGINNING_CHARACTERS || characters.len() > LIKENESS_CHARACTERS {
            return None;
        }
        only(table.columns.iter().copied().filter(|label| {
            let label: Vec<char> = wording(label).short.chars().collect();
            edits_within(&characters, &label, tolerated_edits(label.len())).is_some()
        }))
    }

    /// Whether every piece is part of what is printed around the table's lines: a broken header or heading.
    pub fn is_debris(&self, raw: &str) -> bool {
        let Some(table) = self.words() else { return false };
        raw.split_whitespace().enumerate().all(|(position, piece)| {
            let words = wording(piece).full;
            let is_number = words.is_empty() && has_digit(piece);
            position < PIECES && !is_number && table.surroundings.iter().any(|text| text.contains(&words))
        })
    }

    /// The pieces of a label that is several headers on one line, where each is one.
    pub fn headers(&self, raw: &str) -> Option<Vec<(String, Meaning)>> {
        let pieces: Vec<_> = raw.split_whitespace().take(PIECES + 1).collect();
        if pieces.len() < 2 || pieces.len() > PIECES {
            return None;
        }
        let header = |piece: &str| {
            let meaning = self.meaning(&wording(piece), false)?;
            let is_header = matches!(
                meaning,
                Meaning::Heading { .. } | Meaning::Section { .. } | Meaning::Column { .. } | Meaning::ForeignColumn
            );
            is_header.then(|| (piece.to_owned(), meaning))
        };
        pieces.into_iter().map(header).collect()
    }

    /// Whether the header read last is one for these columns: none of another edition, and in the form's order.
    pub fn header_fits(&self, columns: &[Column]) -> bool {
        let mut positions: Vec<usize> = Vec::new();
        for label in self.header.iter().filter_map(|header| header.label) {
            let position = columns.iter().position(|column| column.part != Part::Total && column.label.zh == label);
            if let Some(position) = position.filter(|position| !positions.contains(position)) {
                positions.push(position);
            }
        }
        let foreign = self.header.iter().any(|header| header.label.is_none());
        positions.is_sorted() && !(foreign && positions.len() < columns.len())
    }

    /// From the first to the last of the table's columns over which the header has these labels, all of them.
    pub fn header_columns(&self, columns: &[Column]) -> Option<Columns> {
        let over = |column: &Column| self.header.iter().rfind(|h| h.label == Some(column.label.zh))?.columns;
        let over: Vec<Columns> = columns.iter().map(over).collect::<Option<_>>()?;
        let first = over.iter().map(|columns| columns.first).min()?;
        Some(Columns { first, last: over.iter().map(|columns| columns.last).max()? })
    }

    /// The unit that the header states for each of these columns.
    pub fn header_units(&self, columns: &[Column]) -> Vec<Option<&'static Unit>> {
        let unit =
            |column: &Column| self.header.iter().rfind(|h| h.label == Some(column.label.zh)).and_then(|h| h.unit);
        columns.iter().map(unit).collect()
    }
}

/// The only distinct item, if there is exactly one.
fn only<T: PartialEq>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next()?;
    items.all(|other| other == first).then_some(first)
}

/// Lines whose label stands in the document exactly as in the form, and where.
struct Landmarks {
    /// By table: row and position among the table's lines, in the order of the document.
    by_table: Vec<Vec<(usize, LineId)>>,
    lines: HashSet<LineId>,
}

impl Landmarks {
    fn of(vocabulary: &Vocabulary, rows: &[PrintedRow]) -> Self {
        let mut this = Self { by_table: vec![Vec::new(); vocabulary.tables.len()], lines: HashSet::new() };
        for (row, cell) in
            rows.iter().enumerate().flat_map(|(row, printed)| printed.cells.iter().map(move |c| (row, c)))
        {
            let words = wording(&cell.raw);
            if let [Meaning::Line { table, line }] = vocabulary.meanings(&words.full)
                && let Some(landmarks) = this.by_table.get_mut(*table)
            {
                landmarks.push((row, *line));
                this.lines.insert(*line);
            }
        }
        this
    }

    /// Whether `line` can be the one at `row`: not labelled elsewhere, and between its neighbours.
    fn admits(&self, table: usize, line: LineId, row: usize) -> bool {
        let Some(landmarks) = self.by_table.get(table).filter(|_| !self.lines.contains(&line)) else { return false };
        let after = landmarks.partition_point(|(at, _)| *at <= row);
        let before = after.checked_sub(1).and_then(|at| landmarks.get(at));
        before.is_none_or(|(_, previous)| *previous < line) && landmarks.get(after).is_none_or(|(_, next)| line < *next)
    }
}
