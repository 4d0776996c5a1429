//! The walk over the printed rows: which label stands where, and which values stand beside it.
//!
//! Nothing printed within a table is dropped: it is a header, a label, a value of a label, or a note.

use std::collections::HashSet;

use crate::form::{CellId, Layout, LineId, catalogue};

use super::super::note::{NoteCode, Place, ReaderNote, cell_label, shortened};
use super::blocks::Block;
use super::context::{Context, HeaderLabel, Zone};
use super::printed::{Extent, PrintedCell, PrintedRow};
use super::value::{Printed, Unit, has_digit, printed, unit_in_header};
use super::vocabulary::{Meaning, Vocabulary};
use super::wording::{Wording, wording};

/// One printed value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    pub raw: String,
    pub place: Place,
    pub printed: Printed,
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
    /// The header above is one for this line.
    pub header_fits: bool,
    /// The unit that the header states, by column.
    pub header_units: Vec<Option<&'static Unit>>,
}

/// What the walk found.
#[derive(Default)]
pub struct Walked {
    pub rows: Vec<LabelledRow>,
    pub blocks: Vec<Block>,
    /// Lines whose label was found, with values or without.
    pub seen: HashSet<LineId>,
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
}

/// Words that the form does not have, with what stands beside them.
struct Unknown {
    raw: String,
    place: Place,
    values: Vec<Slot>,
    inside: bool,
}

struct Walk<'v> {
    context: Context<'v>,
    open: Option<Open>,
    unknown: Option<Unknown>,
    /// Values that stand beside no label.
    stray: Vec<Slot>,
    block: Option<Block>,
    found: Walked,
}

/// Longest text taken for a number that cannot be read, in characters.
const UNREADABLE_CHARACTERS: usize = 24;
/// Most blank-separated pieces of a label that is searched for among pieces of a heading.
const DEBRIS_PIECES: usize = 8;
/// Longer texts that are no label are sentences, in characters.
const LABEL_CHARACTERS: usize = 60;

/// Walks over the rows of a document.
pub fn walk(rows: &[PrintedRow], vocabulary: &Vocabulary) -> Walked {
    let mut walk = Walk {
        context: Context::new(vocabulary, rows),
        open: None,
        unknown: None,
        stray: Vec::new(),
        block: None,
        found: Walked::default(),
    };
    for (position, row) in rows.iter().enumerate() {
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
    walk.found
}

fn begins_with_value(row: &PrintedRow) -> bool {
    let first = row.cells.first().map(|cell| printed(&cell.raw));
    row.extent == Extent::Unknown && !matches!(first, None | Some(Printed::Words | Printed::Empty))
}

fn slot(cell: &PrintedCell) -> Slot {
    Slot { raw: cell.raw.clone(), place: cell.place, printed: printed(&cell.raw) }
}

impl Walk<'_> {
    /// A cell of a row whose bounds are lost.
    fn lone_cell(&mut self, cell: &PrintedCell, row: usize, followed: bool) {
        let slot = slot(cell);
        match slot.printed {
            Printed::Empty => {}
            Printed::Words => {
                if self.words(cell, row, followed) {
                    return;
                }
                let wanted = self
                    .open
                    .as_ref()
                    .is_some_and(|open| open.row.values.len() < catalogue().line(open.row.line).line.columns.len());
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
        if let Some(open) = &mut self.open {
            open.row.values.push(slot);
        } else if let Some(unknown) = &mut self.unknown {
            unknown.values.push(slot);
        } else if let Some(block) = self.block_here() {
            block.values.push(slot);
        } else {
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
        let labels: Vec<_> = cells.iter().take(labels_end).filter(|cell| !cell.raw.is_empty()).collect();
        let values: Vec<_> = slots.into_iter().skip(labels_end).collect();
        let keeps_blanks = extent == Extent::Complete;
        match labels.split_last() {
            _ if values.iter().all(|slot| slot.printed == Printed::Empty) => {
                for label in labels {
                    if !self.words(label, row, false) {
                        self.unknown_words(label, false);
                    }
                }
            }
            None => self.values_alone(values),
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

    /// A row of values without a label: chapter four, or the values amid a label broken over lines.
    fn values_alone(&mut self, values: Vec<Slot>) {
        if let Some(block) = self.block_here() {
            block.values.extend(values);
            return;
        }
        match &mut self.open {
            Some(open) if open.remainder.is_some() && open.row.values.is_empty() && open.held.is_empty() => {
                open.held = values;
            }
            _ => {
                self.close();
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
                open.row.values = values;
                open.row.keeps_blanks = keeps_blanks;
            }
            _ => {
                self.close();
                self.unknown_words(label, true);
                if let Some(unknown) = &mut self.unknown {
                    unknown.values = values;
                }
                self.close();
            }
        }
    }

    /// Takes words as label or header; says whether they are any.
    fn words(&mut self, cell: &PrintedCell, row: usize, followed: bool) -> bool {
        let words = wording(&cell.raw);
        if (words.full.is_empty() && !has_digit(&cell.raw)) || self.continues_label(&words) {
            return true;
        }
        if let Some(meaning) = self.context.meaning(&words, followed) {
            return self.act(meaning, cell, &words, followed);
        }
        if self.collects_block_header(cell, &words) {
            return true;
        }
        if let Some(headers) = self.context.headers(&cell.raw) {
            for (piece, meaning) in headers {
                let cell = PrintedCell { raw: piece, place: cell.place };
                self.act(meaning, &cell, &wording(&cell.raw), false);
            }
            return true;
        }
        self.likely_words(cell, &words, row, followed)
    }

    /// Words that are only nearly a label, or a piece of one.
    fn likely_words(&mut self, cell: &PrintedCell, words: &Wording, row: usize, followed: bool) -> bool {
        if !self.context.inside {
            return false;
        }
        if let Some(label) = self.context.likely_column(words).filter(|_| !followed) {
            self.note_inexact(cell, Vec::new(), label, label);
            self.push_header(Some(label), &cell.raw);
            return true;
        }
        if let Some((rest, words)) = self.without_debris(&cell.raw, row, followed) {
            let cell = PrintedCell { raw: rest, place: cell.place };
            if let Some(meaning) = self.context.meaning(&words, followed) {
                return self.act(meaning, &cell, &words, followed);
            }
            if let Some(likely) = self.context.likely_line(&words, row) {
                self.open_line(likely.table, likely.line, &cell, likely.remainder, true);
                return true;
            }
        }
        !followed && self.context.is_debris(&cell.raw)
    }

    /// The label behind pieces of a heading that was printed down the side, such as 三 in `三 2.其他法律…`.
    fn without_debris(&self, raw: &str, row: usize, followed: bool) -> Option<(String, Wording)> {
        let pieces: Vec<_> = raw.split_whitespace().take(DEBRIS_PIECES + 1).collect();
        if pieces.len() > DEBRIS_PIECES {
            return None;
        }
        let splits: Vec<_> = (0..pieces.len())
            .map(|first| pieces.split_at(first))
            .take_while(|(debris, _)| debris.iter().all(|piece| self.context.is_debris(piece)))
            .map(|(_, label)| (label.join(" "), wording(&label.join(" "))))
            .collect();
        // A label that is the form's goes before one that is only like it.
        let is_exact = |words: &Wording| matches!(self.context.meaning(words, followed), Some(Meaning::Line { .. }));
        let exact = splits.iter().find(|(_, words)| is_exact(words)).cloned();
        exact.or_else(|| splits.into_iter().find(|(_, words)| self.context.likely_line(words, row).is_some()))
    }

    /// Whether the words carry on the label that is open; then they are taken.
    fn continues_label(&mut self, words: &Wording) -> bool {
        let Some(open) = &mut self.open else { return false };
        let Some(rest) = open.remainder.as_deref().and_then(|remainder| remainder.strip_prefix(words.full.as_str()))
        else {
            return false;
        };
        if words.full.is_empty() {
            return false;
        }
        if !open.held.is_empty() && open.row.values.is_empty() {
            open.row.values = std::mem::take(&mut open.held);
        }
        open.inexact = !rest.is_empty();
        open.remainder = Some(rest.to_owned()).filter(|rest| !rest.is_empty());
        true
    }

    /// Does what a meaning asks for; false where the words have it but not here.
    fn act(&mut self, meaning: Meaning, cell: &PrintedCell, words: &Wording, followed: bool) -> bool {
        match meaning {
            Meaning::Line { table, line } => return self.line(table, line, cell, words, followed),
            Meaning::Title { table } => self.title(table),
            Meaning::Chapter => {
                self.leave();
                self.context.table = None;
            }
            // In text a group's name is a word like any other.
            Meaning::Group { .. } if !self.context.inside => return false,
            // A group carries no figures of its own.
            Meaning::Group { .. } | Meaning::Heading { .. } | Meaning::Section { .. } if followed => return false,
            Meaning::Group { table, group } => {
                self.enter(table);
                self.context.group = Some(group);
            }
            Meaning::Heading { table } => {
                self.enter(table);
                self.collects_block_header(cell, words);
                if self.context.zone == Zone::Body {
                    self.context.begin_header();
                }
            }
            Meaning::Section { table } => {
                self.enter(table);
                self.collects_block_header(cell, words);
                self.context.group = None;
                if self.context.words().is_some_and(|words| words.has_several_headers) {
                    self.context.begin_header();
                }
            }
            // The figures of a table of blocks follow its header; elsewhere a label stands between.
            Meaning::Column { table, .. } if self.is_blocks(table) => {
                self.enter(table);
                return self.collects_block_header(cell, words);
            }
            Meaning::Column { .. } | Meaning::ForeignColumn if followed => return false,
            Meaning::ForeignColumn => self.push_header(None, &cell.raw),
            Meaning::Column { table, label } => {
                self.enter(table);
                self.push_header(Some(label), &cell.raw);
            }
        }
        true
    }

    fn title(&mut self, table: usize) {
        self.leave();
        self.end_block();
        self.context.enter(table);
        self.context.begin_header();
        self.context.group = None;
        // Elsewhere the words of a title are also a heading of the text; chapter four has no other beginning.
        self.context.inside = self.is_blocks(table);
    }

    fn is_blocks(&self, table: usize) -> bool {
        self.context.vocabulary.tables.get(table).is_some_and(|words| words.layout() == Layout::Blocks)
    }

    fn line(&mut self, table: usize, line: LineId, cell: &PrintedCell, words: &Wording, followed: bool) -> bool {
        let here = self.context.inside && self.context.table == Some(table);
        if self.is_blocks(table) {
            return here && self.collects_block_header(cell, words);
        }
        if !here && !followed {
            return false;
        }
        self.open_line(table, line, cell, None, false);
        true
    }

    fn open_line(&mut self, table: usize, line: LineId, cell: &PrintedCell, remainder: Option<String>, inexact: bool) {
        self.enter(table);
        let info = catalogue().line(line);
        self.context.zone = Zone::Body;
        self.context.group = info.group;
        self.found.seen.insert(line);
        let row = LabelledRow {
            line,
            raw: cell.raw.clone(),
            place: cell.place,
            values: Vec::new(),
            keeps_blanks: false,
            header_fits: self.context.header_fits(info.line.columns),
            header_units: self.context.header_units(info.line.columns),
        };
        let remainder = remainder.filter(|remainder| !remainder.is_empty());
        self.open = Some(Open { row, remainder, held: Vec::new(), inexact });
    }

    fn push_header(&mut self, label: Option<&'static str>, raw: &str) {
        self.close();
        if self.context.zone == Zone::Body {
            self.context.begin_header();
        }
        self.context.inside = self.context.table.is_some();
        self.context.header.push(HeaderLabel { label, unit: unit_in_header(raw) });
    }

    /// The block of figures being read, where the walk is in a table of blocks.
    fn block_here(&mut self) -> Option<&mut Block> {
        let table = self.context.table.filter(|_| self.context.in_blocks())?;
        Some(self.block.get_or_insert_with(|| Block::new(table)))
    }

    /// In a table of blocks, every label before the figures is header.
    fn collects_block_header(&mut self, cell: &PrintedCell, words: &Wording) -> bool {
        let is_text = words.sentence || words.length() > LABEL_CHARACTERS;
        let Some(block) = self.block_here().filter(|block| !is_text && block.values.is_empty()) else { return false };
        block.header.push(cell.clone());
        true
    }

    fn end_block(&mut self) {
        self.found.blocks.extend(self.block.take());
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
    }

    fn unknown_words(&mut self, cell: &PrintedCell, followed: bool) {
        let words = wording(&cell.raw);
        self.close();
        let is_text = words.sentence || words.length() > LABEL_CHARACTERS;
        let inside = self.context.inside && (!is_text || followed);
        if is_text && !followed {
            self.leave();
        }
        self.unknown = Some(Unknown { raw: cell.raw.clone(), place: cell.place, values: Vec::new(), inside });
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
            let cell = PrintedCell { raw: open.row.raw.clone(), place: open.row.place };
            let info = catalogue().line(open.row.line);
            let (zh, en) = (info.label_zh.clone(), info.label_en.clone());
            self.note_inexact(&cell, info.cells().collect(), &zh, &en);
        }
        self.found.notes.extend(note_of_stray(&open.held));
        if !open.row.values.is_empty() {
            self.found.rows.push(open.row);
        }
    }
}

/// Whether a digit stands in the words that is no numbering before them.
fn is_perhaps_number(raw: &str) -> bool {
    let words = wording(raw).full;
    has_digit(if words.is_empty() { raw } else { &words })
}

fn is_figure(slot: &Slot) -> bool {
    matches!(slot.printed, Printed::Number { .. })
}

/// The printed values, shortened, for a note.
pub fn listed(values: &[Slot]) -> String {
    let texts: Vec<_> = values.iter().map(|slot| if slot.raw.is_empty() { "□" } else { &slot.raw }).collect();
    shortened(&texts.join(" "))
}

fn note_of_unknown(unknown: &Unknown) -> Option<ReaderNote> {
    let figures = unknown.values.iter().filter(|slot| is_figure(slot)).count();
    if !unknown.inside && figures < 2 {
        return None;
    }
    let (label, values) = (shortened(&unknown.raw), listed(&unknown.values));
    let raw = format!("{label} {values}");
    let (zh, en) = if unknown.values.is_empty() {
        (
            format!("表内文字“{label}”不在格式之中，未读取；请核对"),
            format!("{label:?} is not part of the form; not read"),
        )
    } else {
        (
            format!("“{label}”不是格式规定的行，其数值（{values}）未读取；请核对名称，或将其数据计入规定的行"),
            format!(
                "{label:?} is no row of the form; its values ({values}) are not read; check the label, or count them in a row of the form"
            ),
        )
    };
    Some(ReaderNote::at(NoteCode::RowUnknown, unknown.place, raw.trim_end(), Vec::new(), &zh, &en))
}

fn note_of_stray(values: &[Slot]) -> Option<ReaderNote> {
    let first = values.first()?;
    let texts = listed(values);
    Some(ReaderNote::at(
        NoteCode::CellUnplaced,
        first.place,
        &texts,
        Vec::new(),
        &format!("数值（{texts}）旁没有可识别的行名，未读取；请核对并手工填写"),
        &format!("no label beside the values ({texts}); not read; check and fill them in"),
    ))
}

/// The label of the cells' line with the values, for notes about a whole row.
pub fn row_words(row: &LabelledRow) -> (String, String, String) {
    let info = catalogue().line(row.line);
    let label = info.cell(0).filter(|_| info.line.columns.len() == 1).map(cell_label);
    let (zh, en) = label.unwrap_or((&info.label_zh, &info.label_en));
    (zh.to_owned(), en.to_owned(), listed(&row.values))
}
