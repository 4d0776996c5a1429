//! The figures of chapter four into their cells.

use std::collections::HashSet;

use crate::form::CellId;
use crate::report::Cell;

use super::super::super::Certainty;
use super::super::super::note::{NoteCode, ReaderNote, cell_label};
use super::super::blocks::{Block, BlockFault, BlockRow};
use super::super::unit::Unit;
use super::super::value::Printed;
use super::super::vocabulary::Vocabulary;
use super::super::walk::{Slot, is_figure, listed};
use super::Filler;

impl Filler {
    /// Chapter four: a figure that is printed twice is read only where both agree.
    pub fn blocks(&mut self, vocabulary: &Vocabulary, blocks: &[Block]) {
        let mut placed: Vec<(CellId, &Slot, Option<&'static Unit>)> = Vec::new();
        let unread_before = self.unread.len();
        for block in blocks {
            let is_divided = block.is_divided();
            for (row, placement) in block.rows.iter().zip(block.placements(vocabulary)) {
                match placement {
                    Ok(_) if block.period.is_some() => self.note_block(vocabulary, block, row, BlockFault::Period),
                    Ok(_) if is_divided && row.labels.is_empty() => {
                        self.note_block(vocabulary, block, row, BlockFault::Divided);
                    }
                    Ok(cells) => placed.extend(cells.into_iter().map(|(cell, slot)| (cell, slot, block.unit))),
                    Err(_) if !row.values.iter().any(is_figure) => {}
                    Err(fault) => self.note_block(vocabulary, block, row, fault),
                }
            }
        }
        // What seems blank may be the place of a figure that is not read: a box around figures parts them from their row.
        let is_missed = self.unread.len() > unread_before;
        let slots_of = |cell: CellId| placed.iter().filter(move |(other, ..)| *other == cell).map(|(_, slot, _)| *slot);
        let mut done = HashSet::new();
        for (cell, slot, unit) in &placed {
            if !done.insert(*cell) {
                continue;
            }
            if slots_of(*cell).all(|other| other.printed == slot.printed) {
                if is_missed && slot.printed == Printed::Empty {
                    self.unread.push((*cell, slot.raw.clone(), slot.place));
                    continue;
                }
                self.cell(*cell, slot, *unit, Certainty::Exact);
                continue;
            }
            let values = slots_of(*cell).map(|slot| slot.raw.as_str()).collect::<Vec<_>>().join(" ");
            let (label_zh, label_en) = cell_label(*cell);
            let zh = format!("“{label_zh}”重复出现而数值不同（{values}），均未读取；请核对后填写");
            let en = format!(
                "{label_en:?} is printed again with another value ({values}); none is read; check and fill it in"
            );
            self.figures.set(*cell, Cell::Unread);
            self.unread.push((*cell, values.clone(), slot.place));
            self.notes.push(ReaderNote::at(NoteCode::RowRepeated, slot.place, &values, vec![*cell], &zh, &en));
        }
    }

    fn note_block(&mut self, vocabulary: &Vocabulary, block: &Block, row: &BlockRow, fault: BlockFault) {
        let Some(words) = vocabulary.tables.get(block.table) else { return };
        let title = words.info.table.title;
        let (cells, values, place) = (block.cells(vocabulary, row), listed(&row.values), row.place());
        let (code, zh, en) = match fault {
            BlockFault::Header => (
                NoteCode::HeaderMismatch,
                format!(
                    "“{}”的表头不完整或有歧义，不能确定各数值（{values}）属于哪一格，未读取；请核对列名和列序，或手工填写",
                    title.zh
                ),
                format!(
                    "the header of {:?} is not whole or may be read in several ways; whose the values ({values}) are cannot \
                     be told; not read; check the labels, or fill them in",
                    title.en
                ),
            ),
            BlockFault::Period => {
                let said = block.period.as_deref().unwrap_or_default();
                (
                    NoteCode::HeaderMismatch,
                    format!("“{}”上方注明“{said}”，不是本年度的数字（{values}），未读取；请核对后填写", title.zh),
                    format!(
                        "{said:?} stands above {:?}: its values ({values}) are of another period; not read; fill them in",
                        title.en
                    ),
                )
            }
            BlockFault::Divided => (
                NoteCode::CellUnplaced,
                format!(
                    "“{}”的同一表头下有几行数值，旁边没有名称，不能确定是否为断开的一行，数值（{values}）未读取；请手工填写",
                    title.zh
                ),
                format!(
                    "below one header of {:?} stand several rows of values without labels, which may be parts of one; the \
                     values ({values}) are not read; fill them in",
                    title.en
                ),
            ),
            BlockFault::Count(expected) => (
                NoteCode::CellUnplaced,
                format!(
                    "“{}”按表头应有{expected}个数值，文中有{}个（{values}），未读取；请手工填写",
                    title.zh,
                    row.values.len()
                ),
                format!(
                    "{:?} has {expected} cells by its header but {} values ({values}); not read; fill them in",
                    title.en,
                    row.values.len()
                ),
            ),
        };
        self.unread.extend(cells.iter().map(|cell| (*cell, values.clone(), place)));
        self.notes.push(ReaderNote::at(code, place, &values, cells, &zh, &en));
    }
}
