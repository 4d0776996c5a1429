//! Chapter four: figures that are named by the block and the result above them, or beside them, wherever these stand.
//! Which is which is told by place where the format has columns, else by the sequence of the labels; never by the
//! form's own order alone.

mod broken;
mod labels;

use crate::form::CellId;

use super::super::note::Place;
use super::printed::PrintedCell;
use super::unit::Unit;
use super::value::Printed;
use super::vocabulary::Vocabulary;
use super::walk::{Slot, is_figure};
use labels::{Form, Part, Placed, column_of, line_of};

/// A header of blocks with the rows below it, as printed.
#[derive(Debug, Clone)]
pub struct Block {
    pub table: usize,
    pub header: Vec<PrintedCell>,
    /// The header of the block before, for one that names no results of its own.
    above: Vec<PrintedCell>,
    pub rows: Vec<BlockRow>,
    /// The unit that is stated above or in the header.
    pub unit: Option<&'static Unit>,
    /// What says above that it is of another period.
    pub period: Option<String>,
    /// Figures stand overleaf or beside what is blank in its last row, and may be the rest of that.
    pub goes_on: bool,
}

/// One row of figures, or figures that are printed one by one.
#[derive(Debug, Clone, Default)]
pub struct BlockRow {
    /// What stands before the figures.
    pub labels: Vec<PrintedCell>,
    pub values: Vec<Slot>,
    /// Blank cells are among the values.
    pub keeps_blanks: bool,
}

impl BlockRow {
    /// Where its first value stands.
    pub fn place(&self) -> Place {
        let first = self.values.iter().find(|slot| slot.printed != Printed::Empty).or(self.values.first());
        first.map_or(Place::START, |slot| slot.place)
    }
}

/// Why a row of figures is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockFault {
    /// The labels do not tell which figure is which.
    Header,
    /// There are not as many figures as the labels ask for.
    Count(usize),
    /// It may be a part of a row that is divided.
    Divided,
    /// It is of another period.
    Period,
}

impl Block {
    pub fn new(table: usize, unit: Option<&'static Unit>, period: Option<String>) -> Self {
        Self { table, header: Vec::new(), above: Vec::new(), rows: Vec::new(), unit, period, goes_on: false }
    }

    /// The block that begins where this one has ended.
    pub fn next(&self, vocabulary: &Vocabulary) -> Self {
        let names_results = |cells: &[PrintedCell]| {
            Form::of(vocabulary, self.table).is_some_and(|form| {
                cells.iter().any(|cell| form.parts(cell).iter().any(|(part, _)| matches!(part, Part::Column(_))))
            })
        };
        let above = if names_results(&self.header) { self.header.clone() } else { self.above.clone() };
        Self { above, ..Self::new(self.table, self.unit, self.period.clone()) }
    }

    /// Whether several rows of figures stand below the header with nothing that tells them apart: one row, perhaps, that a box
    /// around its figures or the end of a page divides.
    pub fn is_divided(&self) -> bool {
        let without_labels = |row: &&BlockRow| row.labels.is_empty() && row.values.iter().any(is_figure);
        self.goes_on || self.rows.iter().filter(without_labels).count() > 1
    }

    /// A figure that is printed by itself.
    pub fn lone_value(&mut self, slot: Slot) {
        if self.rows.is_empty() {
            self.rows.push(BlockRow::default());
        }
        if let Some(row) = self.rows.last_mut() {
            row.values.push(slot);
        }
    }

    /// The cell of each figure of each row, or why the row is not read.
    pub fn placements(&self, vocabulary: &Vocabulary) -> Vec<Result<Vec<(CellId, &Slot)>, BlockFault>> {
        let Some(form) = Form::of(vocabulary, self.table) else { return Vec::new() };
        let mut header: Vec<Placed> = self.header.iter().flat_map(|cell| form.parts(cell)).collect();
        if !header.iter().any(|(part, _)| matches!(part, Part::Column(_))) {
            let above = self.above.iter().flat_map(|cell| form.parts(cell));
            header.extend(above.filter(|(part, _)| matches!(part, Part::Column(_))));
        }
        let mut line = None;
        let mut placements = Vec::new();
        for row in &self.rows {
            placements.push(self.placement(&form, &header, &mut line, row));
        }
        placements
    }

    /// The cell of each figure of a row; `line` is the one that was named last beside a row.
    fn placement<'s>(
        &self,
        form: &Form<'_>,
        header: &[Placed],
        line: &mut Option<usize>,
        row: &'s BlockRow,
    ) -> Result<Vec<(CellId, &'s Slot)>, BlockFault> {
        let labels: Vec<Part> = row.labels.iter().flat_map(|cell| form.parts(cell)).map(|(part, _)| part).collect();
        if labels.contains(&Part::Unknown) {
            return Err(BlockFault::Header);
        }
        let own = |wanted: fn(&Part) -> Option<usize>| {
            let mut found: Vec<usize> = labels.iter().filter_map(wanted).collect();
            found.dedup();
            match found[..] {
                [] => Ok(None),
                [one] => Ok(Some(one)),
                _ => Err(BlockFault::Header),
            }
        };
        let own_line = own(line_of)?;
        let own_column = own(column_of)?;
        *line = own_line.or(*line);
        // A line that stands beside the first of several rows is that of the others too.
        let row_line = if own_column.is_some() { *line } else { own_line };
        match form.row(header, row_line, own_column, row) {
            Err(BlockFault::Header) if labels.is_empty() => form.mended(&self.header, row).ok_or(BlockFault::Header),
            placed => placed,
        }
    }

    /// The cells that a row that is not read may be of: of the lines beside it, else of all.
    pub fn cells(&self, vocabulary: &Vocabulary, row: &BlockRow) -> Vec<CellId> {
        let Some(form) = Form::of(vocabulary, self.table) else { return Vec::new() };
        let parts = row.labels.iter().flat_map(|cell| form.parts(cell));
        let named: Vec<usize> = parts.filter_map(|(part, _)| line_of(&part)).collect();
        let lines = form.lines.iter().enumerate().filter(|(at, _)| named.is_empty() || named.contains(at));
        lines.flat_map(|(_, line)| line.cells()).collect()
    }
}
