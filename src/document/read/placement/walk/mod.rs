//! The walk over the printed rows: which label stands where, and which values stand beside it.
//!
//! Nothing printed within a table is dropped: it is a header, a label, a value of a label, or a note.

mod blocks;
mod divided;
mod early;
mod foreign;
mod labels;
mod unplaced;

use std::collections::{HashMap, HashSet};

use crate::form::{CellId, LineId, catalogue};

use super::super::inscription::Aside;
use super::super::note::{NoteCode, Place, ReaderNote, Spot, shortened};
use super::blocks::{Block, BlockRow};
use super::context::Context;
use super::header::Order;
use super::period::Period;
use super::printed::{Columns, Extent, PrintedCell, PrintedRow};
use super::unit::{Unit, unit_stated};
use super::value::{Printed, has_digit, printed};
use super::vocabulary::{Meaning, Vocabulary};
use super::wording::{turns, wording};
use divided::Divided;
pub use divided::Doubt;
use early::Early;
use foreign::is_caption;
pub use unplaced::{listed, row_words};
use unplaced::{note_of_stray, note_of_unknown};

/// One printed value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    pub raw: String,
    /// What is set otherwise beside it.
    pub asides: Vec<Aside>,
    pub place: Place,
    pub printed: Printed,
    /// Where the format has columns.
    pub columns: Option<Columns>,
}

/// A line of the form as printed.
#[derive(Debug, Clone)]
pub struct LabelledRow {
    pub line: LineId,
    pub raw: String,
    pub place: Place,
    pub values: Vec<Slot>,
    /// Blank cells are among the values.
    pub keeps_blanks: bool,
    /// In which order its values stand, by the header above; none where that is not one for this line.
    pub order: Option<Order>,
    /// Number of that header.
    pub header: usize,
    /// The unit that its label, the header or a line above states, by column.
    pub units: Vec<Option<&'static Unit>>,
    /// What says above it that it is of another period.
    pub period: Option<String>,
}

/// What the walk found.
#[derive(Default)]
pub struct Walked {
    pub rows: Vec<LabelledRow>,
    pub blocks: Vec<Block>,
    /// Lines whose label was found, with values or without.
    pub seen: HashSet<LineId>,
    /// Lines of which a label has words that has those of another too.
    pub torn: HashSet<LineId>,
    /// Lines whose row is whole and has nothing in it, with the number of the header above.
    pub blank: HashMap<LineId, usize>,
    /// Lines near which figures stand beside no label.
    pub doubted: Vec<Doubt>,
    /// Headers below which figures may stand before their labels.
    pub early: HashSet<usize>,
    pub notes: Vec<ReaderNote>,
}

/// A label whose values are being collected.
struct Open {
    row: LabelledRow,
    /// What is missing at the end of the label, where it may go on.
    remainder: Option<String>,
    /// Values that stand on a row of their own amid the label: its own only if the label goes on behind them.
    held: Vec<Slot>,
    inexact: bool,
    /// Its values stand in a row with it: those on other lines are none of its.
    is_whole: bool,
}

/// Words that the form does not have, with what stands beside them.
struct Unknown {
    raw: String,
    place: Place,
    values: Vec<Slot>,
    inside: bool,
    /// Lines of which it has words.
    lines: Vec<LineId>,
}

impl Unknown {
    fn new(cell: &PrintedCell, inside: bool) -> Self {
        Self { raw: cell.raw.clone(), place: cell.place, values: Vec::new(), inside, lines: Vec::new() }
    }
}

struct Walk<'v> {
    context: Context<'v>,
    open: Option<Open>,
    unknown: Option<Unknown>,
    /// Values that stand beside no label.
    stray: Vec<Slot>,
    divided: Divided,
    early: Early,
    block: Option<Block>,
    found: Walked,
}

/// Longest text taken for a number that cannot be read, in characters.
const UNREADABLE_CHARACTERS: usize = 24;
/// Most characters beside the digits of a number that cannot be read.
const NUMBER_WORDS: usize = 3;
/// Most blank-separated pieces of a label that is searched for among pieces of a heading.
const DEBRIS_PIECES: usize = 8;
/// Longer texts that are no label are sentences, in characters.
const LABEL_CHARACTERS: usize = 60;

/// Walks over the rows of a document, of which `part` says that it is of a part of a year.
pub fn walk(rows: &[PrintedRow], vocabulary: &Vocabulary, year: Option<u16>, part: Option<String>) -> Walked {
    let mut walk = Walk {
        context: Context::new(vocabulary, rows, year, part),
        open: None,
        unknown: None,
        stray: Vec::new(),
        divided: Divided::default(),
        early: Early::default(),
        block: None,
        found: Walked::default(),
    };
    let mut sheet = None;
    for (position, row) in rows.iter().enumerate() {
        // A table ends with its sheet.
        if let Some(Spot::Sheet { sheet: number, .. }) = row.cells.first().map(|cell| cell.place.spot)
            && sheet.replace(number).is_some_and(|before| before != number)
        {
            walk.leave();
        }
        walk.context.header.page = row.cells.first().and_then(|cell| cell.place.spot.page());
        match (row.extent, row.cells.as_slice()) {
            (Extent::Unknown, cells) => {
                let followed = rows.get(position + 1).is_some_and(begins_with_value);
                cells.iter().for_each(|cell| walk.lone_cell(cell, position, followed));
            }
            (Extent::Complete | Extent::Filled, cells) => walk.whole_row(cells, row.extent, position),
        }
    }
    walk.close();
    walk.end_block();
    walk.found.early = walk.early.doubted();
    walk.found
}

fn begins_with_value(row: &PrintedRow) -> bool {
    let first = row.cells.first().map(|cell| printed(&cell.raw));
    // A blank cell by itself is one whose end the text marks.
    row.extent == Extent::Unknown && !matches!(first, None | Some(Printed::Words))
}

fn slot(cell: &PrintedCell) -> Slot {
    let printed = match printed(&cell.raw) {
        _ if cell.is_doubtful => Printed::Doubtful,
        Printed::Number { .. } if cell.rows > 1 => Printed::Shared,
        printed => printed,
    };
    Slot { raw: cell.raw.clone(), asides: cell.asides.clone(), place: cell.place, printed, columns: cell.columns }
}

impl Walk<'_> {
    /// A cell of a row whose bounds are lost.
    fn lone_cell(&mut self, cell: &PrintedCell, row: usize, followed: bool) {
        let slot = slot(cell);
        match slot.printed {
            // A cell that is there and blank, of a text that marks where each ends.
            Printed::Empty => {
                if let Some(open) = self.open.as_mut().filter(|open| !open.is_whole) {
                    open.row.keeps_blanks = true;
                    open.row.values.push(slot);
                } else if let Some(block) = self.block_here().filter(|block| !block.rows.is_empty()) {
                    block.lone_value(slot);
                }
            }
            Printed::Words => {
                if self.words(cell, row, followed) {
                    return;
                }
                let wanted = self.open.as_ref().is_some_and(|open| {
                    !open.is_whole && open.row.values.len() < catalogue().line(open.row.line).line.columns.len()
                });
                if wanted && is_perhaps_number(&cell.raw) && cell.raw.chars().count() <= UNREADABLE_CHARACTERS {
                    self.value(slot);
                } else {
                    self.unknown_words(cell, followed);
                }
            }
            _ => self.value(slot),
        }
    }

    /// A value behind the label read last.
    fn value(&mut self, slot: Slot) {
        if self.open.as_ref().is_some_and(|open| open.is_whole) {
            self.close();
            self.figures_alone(std::slice::from_ref(&slot));
        }
        if let Some(open) = &mut self.open {
            open.row.values.push(slot);
        } else if let Some(unknown) = &mut self.unknown {
            self.early.waits(std::slice::from_ref(&slot));
            unknown.values.push(slot);
        } else if let Some(block) = self.block_here() {
            block.lone_value(slot);
        } else {
            self.early.waits(std::slice::from_ref(&slot));
            self.stray.push(slot);
        }
    }

    /// Cells that are known to stand in one row: labels, then values.
    fn whole_row(&mut self, cells: &[PrintedCell], extent: Extent, row: usize) {
        let slots: Vec<_> = cells.iter().map(slot).collect();
        let is_value = |slot: &Slot| !matches!(slot.printed, Printed::Empty | Printed::Words);
        let first_value = slots.iter().position(is_value).unwrap_or(slots.len());
        let labels_end = slots
            .get(..first_value)
            .and_then(|before| before.iter().rposition(|slot| slot.printed == Printed::Words))
            .map_or(0, |last| last + 1);
        let labels_end = match self.goes_on_overleaf(cells) {
            true => 0,
            false => self.without_unreadable_numbers(cells, labels_end),
        };
        let labels: Vec<_> = cells.iter().take(labels_end).filter(|cell| !cell.raw.is_empty()).collect();
        let values: Vec<_> = slots.into_iter().skip(labels_end).collect();
        let keeps_blanks = extent == Extent::Complete;
        if !labels.is_empty() && values.iter().any(is_figure) && self.is_of_other_period(cells) {
            return self.foreign_row(&labels, values);
        }
        match labels.split_last() {
            _ if values.iter().all(|slot| slot.printed == Printed::Empty) => {
                for label in labels {
                    if !self.words(label, row, false) {
                        self.unknown_words(label, false);
                    }
                }
                if let Some(open) = self.open.as_mut().filter(|_| keeps_blanks && !values.is_empty()) {
                    // What stands below it, outside the table, is none of its values.
                    open.is_whole = open.remainder.is_none();
                    let line = open.row.line;
                    self.found.blank.insert(line, self.context.header.number);
                    self.row_read(line);
                }
            }
            None => self.values_alone(values, keeps_blanks),
            Some(_) if self.names_block_row(&labels) => self.block_row(labels, values, keeps_blanks),
            Some((last, before)) => {
                for label in before {
                    if !self.words(label, row, false) {
                        self.unknown_words(label, false);
                    }
                }
                self.labelled_values(last, values, keeps_blanks, row);
            }
        }
    }

    /// The end of the labels without the words behind a line's label that are perhaps numbers: `约5`, `1①3`.
    fn without_unreadable_numbers(&self, cells: &[PrintedCell], labels_end: usize) -> usize {
        let labels = cells.get(..labels_end).unwrap_or_default();
        let names_line = |cell: &PrintedCell| {
            let meanings = self.context.vocabulary.meanings(&wording(&cell.raw).full);
            meanings.iter().any(|meaning| matches!(meaning, Meaning::Line { .. }))
        };
        match labels.iter().position(names_line) {
            Some(line) => {
                let behind = labels.iter().skip(line + 1).position(|cell| is_nearly_number(&cell.raw));
                behind.map_or(labels_end, |behind| line + 1 + behind)
            }
            None => labels_end,
        }
    }

    /// A row of values without a label: chapter four, or the values amid a label broken over lines.
    fn values_alone(&mut self, values: Vec<Slot>, keeps_blanks: bool) {
        if let Some(block) = self.block_here() {
            block.rows.push(BlockRow { labels: Vec::new(), values, keeps_blanks });
            return;
        }
        match &mut self.open {
            Some(open) if open.remainder.is_some() && open.row.values.is_empty() && open.held.is_empty() => {
                open.held = values;
            }
            _ => {
                self.close();
                self.early.waits(&values);
                self.figures_alone(&values);
                self.stray = values;
                self.close();
            }
        }
    }

    fn labelled_values(&mut self, label: &PrintedCell, values: Vec<Slot>, keeps_blanks: bool, row: usize) {
        let continued = self.continues_label(&wording(&label.raw));
        let opened = continued || (self.words(label, row, true) && self.open.is_some());
        match &mut self.open {
            Some(open) if opened && open.row.values.is_empty() && open.held.is_empty() => {
                let columns = catalogue().line(open.row.line).line.columns;
                open.row.values = within(self.context.header.reach(columns), columns.len(), values);
                open.row.keeps_blanks = keeps_blanks;
                open.is_whole = true;
                let line = open.row.line;
                self.row_read(line);
            }
            _ => {
                // A label that may be two lines' is there with what it may be.
                if !self
                    .unknown
                    .as_ref()
                    .is_some_and(|unknown| unknown.place == label.place && !unknown.lines.is_empty())
                {
                    self.close();
                    self.unknown_words(label, true);
                }
                match continued {
                    true => self.figures_continued(&values),
                    false => self.figures_astray(&values),
                }
                if let Some(unknown) = &mut self.unknown {
                    unknown.values = values;
                }
                self.close();
            }
        }
    }

    fn enter(&mut self, table: usize) {
        self.close();
        if self.context.table != Some(table) {
            self.end_block();
        }
        self.context.enter(table);
    }

    fn leave(&mut self) {
        self.close();
        self.end_block();
        self.context.inside = false;
        self.early.forget();
        self.divided.end_table();
    }

    fn unknown_words(&mut self, cell: &PrintedCell, followed: bool) {
        let words = wording(&cell.raw);
        self.close();
        let is_text = words.sentence || words.length() > LABEL_CHARACTERS;
        let inside = self.context.inside && (!is_text || followed);
        if is_text && !followed {
            self.leave();
        }
        let states = !is_text && !followed && (unit_stated(&cell.raw).is_some() || Period::of(&cell.raw).is_stated());
        match states {
            true => self.context.states(&cell.raw, self.has_read()),
            false => self.context.goes_on(),
        }
        if self.context.awaits_header() && !is_text && !is_caption(&cell.raw) {
            match turns(&words.full, "") {
                // A column of something else, as one of another edition is.
                true => self.context.header.label(None, None, cell.columns, cell.place.order),
                false => self.context.header.unknown(cell.columns),
            }
        }
        self.unknown = Some(Unknown::new(cell, inside));
    }

    fn note_inexact(&mut self, cell: &PrintedCell, cells: Vec<CellId>, zh: &str, en: &str) {
        let raw = shortened(&cell.raw);
        self.found.notes.push(ReaderNote::at(
            NoteCode::LabelInexact,
            cell.place,
            &cell.raw,
            cells,
            &format!("“{raw}”按“{zh}”读取；请核对并改正名称"),
            &format!("{raw:?} is read as {en:?}; please check, and correct the label"),
        ));
    }

    /// Ends the label being read, and reports what belongs to none.
    fn close(&mut self) {
        if let Some(open) = self.open.take() {
            self.close_line(open);
        }
        if let Some(unknown) = self.unknown.take() {
            self.found.notes.extend(note_of_unknown(&unknown));
        }
        let stray = std::mem::take(&mut self.stray);
        let numbers = stray.iter().filter(|slot| is_figure(slot)).count();
        if numbers > 1 || (numbers == 1 && self.context.inside) {
            self.found.notes.extend(note_of_stray(&stray));
        }
    }

    fn close_line(&mut self, open: Open) {
        if open.inexact {
            let cell = PrintedCell::alone(open.row.raw.clone(), open.row.place);
            let info = catalogue().line(open.row.line);
            let (zh, en) = (info.label_zh.clone(), info.label_en.clone());
            self.note_inexact(&cell, info.cells().collect(), &zh, &en);
        }
        self.found.notes.extend(note_of_stray(&open.held));
        self.figures_held(open.row.line, &open.held);
        self.early.line_ends(&open.row, catalogue().line(open.row.line).line.columns.len());
        if !open.row.values.is_empty() {
            self.found.rows.push(open.row);
        }
    }
}

/// The values of a row without the blank cells that stand outside the columns of its header, where it has more cells
/// than the form has columns.
fn within(header: Option<Columns>, columns: usize, values: Vec<Slot>) -> Vec<Slot> {
    let Some(header) = header.filter(|_| values.len() > columns) else { return values };
    let is_outside = |slot: &Slot| slot.columns.is_some_and(|c| c.last < header.first || c.first > header.last);
    values.into_iter().filter(|slot| slot.printed != Printed::Empty || !is_outside(slot)).collect()
}

/// Whether a digit stands in the words that is no numbering before them.
fn is_perhaps_number(raw: &str) -> bool {
    let words = wording(raw).full;
    has_digit(if words.is_empty() { raw } else { &words })
}

/// Whether all but a few characters are digits.
fn is_nearly_number(raw: &str) -> bool {
    let words = wording(raw).full;
    let others = words.chars().filter(|c| !c.is_ascii_digit()).count();
    is_perhaps_number(raw) && others <= NUMBER_WORDS
}

/// Whether a number is printed there, readable or not.
pub fn is_figure(slot: &Slot) -> bool {
    match slot.printed {
        Printed::Number { .. } | Printed::Shared | Printed::Doubtful => true,
        Printed::Words => is_nearly_number(&slot.raw),
        _ => false,
    }
}
