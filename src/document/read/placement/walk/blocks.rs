//! The walk within chapter four: what is header there, and which rows are figures.

use crate::form::Kind;

use super::super::blocks::{Block, BlockRow};
use super::super::period::Period;
use super::super::printed::PrintedCell;
use super::super::unit::unit_stated;
use super::super::vocabulary::Meaning;
use super::super::wording::{Wording, wording};
use super::{LABEL_CHARACTERS, Slot, Walk};

impl Walk<'_> {
    /// The block of figures being read, where the walk is in a table of blocks.
    pub fn block_here(&mut self) -> Option<&mut Block> {
        let table = self.context.table.filter(|_| self.context.in_blocks())?;
        let (unit, period) = (self.context.unit(), self.context.period());
        let unit = unit.or_else(|| self.context.units_said(Kind::Count).next());
        Some(self.block.get_or_insert_with(|| Block::new(table, unit, period)))
    }

    /// In a table of blocks, every label before the figures is header; behind them, one of the form's begins another.
    pub fn collects_block_header(&mut self, cell: &PrintedCell, words: &Wording) -> bool {
        let is_text = words.sentence || words.length() > LABEL_CHARACTERS;
        let vocabulary = self.context.vocabulary;
        let is_own = self.context.in_blocks()
            && vocabulary.meanings(&words.full).iter().any(|meaning| meaning.table() == self.context.table);
        let Some(block) = self.block_here().filter(|_| !is_text) else { return false };
        if !block.rows.is_empty() {
            if !is_own {
                return false;
            }
            let next = block.next(vocabulary);
            self.end_block();
            self.block = Some(next);
        }
        self.close();
        let year = self.context.year;
        if let Some(block) = &mut self.block {
            block.unit = unit_stated(&cell.raw).or(block.unit);
            let period = Period::of(&cell.raw);
            if period.is_stated() {
                block.period = period.is_other_than(year).then(|| cell.raw.clone());
            }
            block.header.push(cell.clone());
        }
        true
    }

    /// Whether the labels before some figures are those of a block or of a result.
    pub fn names_block_row(&self, labels: &[&PrintedCell]) -> bool {
        let is_own = |cell: &&PrintedCell| {
            let meanings = self.context.vocabulary.meanings(&wording(&cell.raw).full);
            let mut own = meanings.iter().filter(|meaning| meaning.table() == self.context.table);
            own.any(|meaning| matches!(meaning, Meaning::Line { .. } | Meaning::Column { .. }))
        };
        self.context.in_blocks() && labels.iter().any(is_own)
    }

    pub fn block_row(&mut self, labels: Vec<&PrintedCell>, values: Vec<Slot>, keeps_blanks: bool) {
        self.close();
        let labels = labels.into_iter().cloned().collect();
        if let Some(block) = self.block_here() {
            block.rows.push(BlockRow { labels, values, keeps_blanks });
        }
    }

    pub fn end_block(&mut self) {
        self.found.blocks.extend(self.block.take());
    }
}
