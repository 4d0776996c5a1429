//! Values into cells: by their place in the row where that is known, else only as far as it is proven. A cell is blank
//! only where the document shows it blank; one for which nothing was found stays unread.

mod cell;
mod fit;

use std::collections::{HashMap, HashSet};

use crate::form::{CellId, Kind, LineId, LineInfo, Presence, catalogue};
use crate::report::{Cell, Figures};

use super::super::note::{NoteCode, ReaderNote};
use super::super::{Certainty, ReadCell};
use super::blocks::{Block, BlockHeader};
use super::prove::{Numbers, Placement, Uncertain, narrow};
use super::value::{Printed, Taken, take};
use super::vocabulary::Vocabulary;
use super::walk::{LabelledRow, Walked, listed, row_words};
use fit::{Fit, fit};

/// The figures with their provenance.
pub struct Filled {
    pub figures: Figures,
    pub cells: Vec<ReadCell>,
    pub notes: Vec<ReaderNote>,
}

/// Puts what the walk found into the cells of the form.
pub fn fill(vocabulary: &Vocabulary, walked: Walked) -> Filled {
    let mut filler = Filler {
        figures: Figures::unread(vocabulary.edition),
        cells: Vec::new(),
        notes: Vec::new(),
        known: HashMap::new(),
    };
    let of_blocks = walked.blocks.iter().filter(|block| !block.values.is_empty()).filter_map(|block| {
        let words = vocabulary.tables.get(block.table)?;
        words.line_infos().next().map(|line| line.id)
    });
    let found = walked.seen.iter().copied().chain(of_blocks).map(|line| catalogue().line(line).table).collect();
    let rows = filler.without_repetitions(walked.rows);
    let rows = filler.without_headings(rows, &walked.seen);
    filler.blank_lines(&walked.blank);
    filler.lines_stood_for(&rows, &walked.seen);
    let uncertain = rows.into_iter().filter_map(|row| filler.row(row)).collect();
    filler.prove(uncertain);
    for block in &walked.blocks {
        filler.block(vocabulary, block);
    }
    filler.missing_tables(vocabulary, &found);
    filler.missing_lines(vocabulary, &walked.seen, &found);
    filler.cells.sort_by_key(|read| read.cell);
    Filled { figures: filler.figures, cells: filler.cells, notes: filler.notes }
}

struct Filler {
    figures: Figures,
    cells: Vec<ReadCell>,
    notes: Vec<ReaderNote>,
    /// Lines all of whose values are placed and readable.
    known: HashMap<LineId, Numbers>,
}

impl Filler {
    /// Rows whose line is printed once; of equal ones the first, of different ones none.
    fn without_repetitions(&mut self, rows: Vec<LabelledRow>) -> Vec<LabelledRow> {
        let mut first: HashMap<LineId, usize> = HashMap::new();
        let mut kept: Vec<Option<LabelledRow>> = Vec::new();
        let mut conflicting = HashSet::new();
        for row in rows {
            let Some(earlier) = first.get(&row.line).copied() else {
                first.insert(row.line, kept.len());
                kept.push(Some(row));
                continue;
            };
            let is_equal = kept.get(earlier).and_then(Option::as_ref).is_some_and(|one| texts(one).eq(texts(&row)));
            if !is_equal {
                conflicting.insert(row.line);
            }
            self.note_repeated(&row, is_equal);
        }
        kept.into_iter().flatten().filter(|row| !conflicting.contains(&row.line)).collect()
    }

    fn note_repeated(&mut self, row: &LabelledRow, is_equal: bool) {
        let (zh, en, values) = row_words(row);
        let (zh, en) = if is_equal {
            (
                format!("“{zh}”重复出现，数值相同，只计一次"),
                format!("{en:?} is printed again with the same values; read once"),
            )
        } else {
            (
                format!("“{zh}”重复出现而数值不同（{values}），均未读取；请核对后填写"),
                format!("{en:?} is printed again with other values ({values}); none is read; check and fill them in"),
            )
        };
        self.note_row(NoteCode::RowRepeated, row, &zh, &en);
    }

    /// A merged line is one row in place of several: where one of these is printed too, it is their heading, and
    /// the values beside it are a subtotal or those of a lost label.
    fn without_headings(&mut self, rows: Vec<LabelledRow>, seen: &HashSet<LineId>) -> Vec<LabelledRow> {
        let is_seen = |field: &str, table: usize| {
            seen.iter().map(|line| catalogue().line(*line)).any(|line| line.table == table && line.line.field == field)
        };
        let merged: Vec<_> = self.figures.edition().sheets.iter().flat_map(|sheet| sheet.merged).collect();
        let (headings, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| {
            let info = catalogue().line(row.line);
            let mut stands_for = merged.iter().filter(|m| m.line == info.line.field).flat_map(|m| m.stands_for);
            stands_for.any(|field| is_seen(field, info.table))
        });
        for row in headings {
            let (zh, en, values) = row_words(&row);
            self.note_row(
                NoteCode::CellUnplaced,
                &row,
                &format!("“{zh}”之下另有分项，本行不应有数值（{values}），未读取；请核对是否为小计，或分项名称缺失"),
                &format!(
                    "{en:?} is a heading with rows of its own; the values beside it ({values}) are not read; \
                     are they a subtotal, or is the label of a row lost?"
                ),
            );
        }
        rows
    }

    /// Rows that are printed whole, with nothing in them.
    fn blank_lines(&mut self, blank: &HashSet<LineId>) {
        for cell in blank.iter().flat_map(|line| cells_of(*line)) {
            self.figures.set(cell, Cell::Blank);
        }
    }

    /// Lines that are not printed because another stands in their place are blank.
    fn lines_stood_for(&mut self, rows: &[LabelledRow], seen: &HashSet<LineId>) {
        for merged in self.figures.edition().sheets.iter().flat_map(|sheet| sheet.merged) {
            let printed = rows.iter().map(|row| catalogue().line(row.line)).find(|line| line.line.field == merged.line);
            let Some(table) = printed.map(|line| line.table) else { continue };
            let lines = catalogue().lines.iter().filter(|line| line.table == table && !seen.contains(&line.id));
            for line in lines.filter(|line| merged.stands_for.contains(&line.line.field)) {
                line.cells().for_each(|cell| _ = self.figures.set(cell, Cell::Blank));
            }
        }
    }

    /// The cells of a row that is there and cannot be read.
    fn leave_unread(&mut self, row: &LabelledRow) {
        cells_of(row.line).into_iter().for_each(|cell| _ = self.figures.set(cell, Cell::Unread));
    }

    /// Places a row, or hands it back with its possible placements.
    fn row(&mut self, row: LabelledRow) -> Option<(LabelledRow, Vec<Placement>)> {
        let cells = cells_of(row.line);
        if cells.iter().all(|cell| catalogue().presence(self.figures.edition(), *cell) == Presence::Absent) {
            return None;
        }
        let (zh, en, values) = row_words(&row);
        // Until it is placed.
        self.leave_unread(&row);
        if !row.header_fits {
            self.note_row(
                NoteCode::HeaderMismatch,
                &row,
                &format!("“{zh}”上方的表头与格式规定的列不符，其数值（{values}）未读取；请核对列名和列序"),
                &format!(
                    "the header above {en:?} is not the form's; its values ({values}) are not read; check the columns"
                ),
            );
            return None;
        }
        match fit(cells.len(), &row.values, row.keeps_blanks) {
            Fit::Placed(placement) => self.place(&row, &placement, Certainty::Exact),
            Fit::TooMany => self.note_row(
                NoteCode::ValuesTooMany,
                &row,
                &format!("“{zh}”应有{}个数值，文中有{}个（{values}），未读取；请核对", cells.len(), row.values.len()),
                &format!(
                    "{en:?} has {} cells but {} values ({values}); not read; please check",
                    cells.len(),
                    row.values.len()
                ),
            ),
            Fit::Several(placements) => return Some((row, placements)),
        }
        None
    }

    /// Places what the equations prove; the rest stays unread.
    fn prove(&mut self, rows: Vec<(LabelledRow, Vec<Placement>)>) {
        let (provable, hopeless): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(row, _)| numbers(row).is_some());
        let mut uncertain: Vec<_> = provable
            .iter()
            .filter_map(|(row, placements)| {
                Some(Uncertain { line: row.line, values: numbers(row)?, placements: placements.clone() })
            })
            .collect();
        narrow(&mut uncertain, &self.known);
        for ((row, _), result) in provable.iter().zip(uncertain) {
            match &result.placements[..] {
                [placement] => self.place_proven(row, placement),
                _ => self.note_unplaced(row),
            }
        }
        for (row, _) in &hopeless {
            self.note_unplaced(row);
        }
    }

    fn place_proven(&mut self, row: &LabelledRow, placement: &Placement) {
        self.place(row, placement, Certainty::Proven);
        let (zh, en, values) = row_words(row);
        self.note_row(
            NoteCode::PlacementProven,
            row,
            &format!("“{zh}”有空白单元格丢失；按勾稽关系，其数值（{values}）只有一种放法，已据此读取，请核对"),
            &format!("blank cells of {en:?} are lost; the equations leave one placement of its values ({values}), taken; please check"),
        );
    }

    fn note_unplaced(&mut self, row: &LabelledRow) {
        let (zh, en, values) = row_words(row);
        let columns = cells_of(row.line).len();
        self.note_row(
            NoteCode::CellUnplaced,
            row,
            &format!("“{zh}”应有{columns}个数值，文中只有{values}，无法确定各属哪一列，未读取；请对照原文填写"),
            &format!("{en:?} has {columns} cells but only the values {values}; their columns cannot be told; not read, fill them in"),
        );
    }

    fn note_row(&mut self, code: NoteCode, row: &LabelledRow, zh: &str, en: &str) {
        let raw = format!("{} {}", row.raw, listed(&row.values));
        self.notes.push(ReaderNote::at(code, row.place, &raw, cells_of(row.line), zh, en));
    }

    fn place(&mut self, row: &LabelledRow, placement: &Placement, certainty: Certainty) {
        let cells = cells_of(row.line);
        let mut line: Numbers = vec![None; cells.len()];
        let mut is_readable = true;
        // The columns that no value is placed in are blank.
        cells.iter().for_each(|cell| _ = self.figures.set(*cell, Cell::Blank));
        for (column, value) in placement {
            let (Some(cell), Some(slot)) = (cells.get(*column), row.values.get(*value)) else { continue };
            let unit = row.header_units.get(*column).copied().flatten();
            let read = self.cell(*cell, slot, unit, certainty);
            is_readable &= read.is_some();
            if let Some(number) = line.get_mut(*column) {
                *number = read.and_then(Cell::number);
            }
        }
        if is_readable {
            self.known.insert(row.line, line);
        }
    }

    fn block(&mut self, vocabulary: &Vocabulary, block: &Block) {
        let Some(words) = vocabulary.tables.get(block.table) else { return };
        let cells: Vec<_> = words.line_infos().flat_map(|line| line.cells()).collect();
        let Some(first) = block.values.iter().find(|slot| matches!(slot.printed, Printed::Number { .. })) else {
            return;
        };
        let header = block.header(vocabulary);
        let fitting = match fit(cells.len(), &block.values, true) {
            Fit::Placed(placement) if header != BlockHeader::Wanting => Some(placement),
            _ => None,
        };
        let (title, count, values) = (words.info.table.title, block.values.len(), listed(&block.values));
        let already = cells.iter().any(|cell| self.figures.get(*cell) != Cell::Unread);
        let Some(placement) = fitting.filter(|_| !already) else {
            let zh = format!(
                "“{}”的表头不完整、数值不是{}个或重复出现（{count}个：{values}），未读取；请手工填写",
                title.zh,
                cells.len()
            );
            let en = format!(
                "the header of {:?} is not whole, its values are not {}, or it is printed again ({count}: {values}); not read; fill them in",
                title.en,
                cells.len()
            );
            self.notes.push(ReaderNote::at(NoteCode::CellUnplaced, first.place, &values, cells, &zh, &en));
            return;
        };
        if header == BlockHeader::Broken {
            let zh = format!("“{}”的表头断开，但文字齐全，已按格式规定的顺序读取；请核对", title.zh);
            let en = format!(
                "the header of {:?} is broken over lines but whole; read in the form's order; please check",
                title.en
            );
            self.notes.push(ReaderNote::at(
                NoteCode::LabelInexact,
                first.place,
                &block.header_raw(),
                cells.clone(),
                &zh,
                &en,
            ));
        }
        for (column, value) in placement {
            if let (Some(cell), Some(slot)) = (cells.get(column), block.values.get(value)) {
                self.cell(*cell, slot, None, Certainty::Exact);
            }
        }
    }

    fn missing_tables(&mut self, vocabulary: &Vocabulary, found: &HashSet<usize>) {
        let is_read =
            |table: usize| self.cells.iter().any(|r| catalogue().line(catalogue().cell(r.cell).line).table == table);
        let position = |words: &super::vocabulary::TableWords| words.line_infos().next().map(|line| line.table);
        let missing: Vec<_> = vocabulary
            .tables
            .iter()
            .filter(|words| position(words).is_some_and(|table| !found.contains(&table) && !is_read(table)))
            .map(|words| words.info.table.title)
            .collect();
        if missing.len() == vocabulary.tables.len() {
            self.notes.push(ReaderNote::about_document(
                NoteCode::NoTables,
                "",
                "文中没有找到年度报告的任何表格；请确认是否为政府信息公开工作年度报告，表格是否为图片",
                "no table of the annual report is found; is it such a report, and are its tables text rather than pictures?",
            ));
            return;
        }
        for title in missing {
            self.notes.push(ReaderNote::about_document(
                NoteCode::TableNotFound,
                title.zh,
                format!("没有读到“{}”表格的数据；请核对原文并手工填写", title.zh),
                format!("nothing is read of the table {:?}; check the document and fill it in", title.en),
            ));
        }
    }
}

/// Lines that a note about missing ones names.
const MISSING_NAMED: usize = 4;

impl Filler {
    /// Lines of a table that was found whose label stands nowhere in it: one note for each table.
    fn missing_lines(&mut self, vocabulary: &Vocabulary, seen: &HashSet<LineId>, found: &HashSet<usize>) {
        for words in &vocabulary.tables {
            let is_missing = |line: &&LineInfo| {
                !seen.contains(&line.id) && line.cells().all(|cell| self.figures.get(cell) == Cell::Unread)
            };
            let is_found = words.line_infos().any(|line| found.contains(&line.table) && seen.contains(&line.id));
            let missing: Vec<_> = words.line_infos().filter(|_| is_found).filter(is_missing).collect();
            if missing.is_empty() {
                continue;
            }
            let labels = |label: fn(&LineInfo) -> &String, separator: &str| {
                missing.iter().take(MISSING_NAMED).map(|line| label(line).as_str()).collect::<Vec<_>>().join(separator)
            };
            let (zh, en) = (labels(|line| &line.label_zh, "、"), labels(|line| &line.label_en, ", "));
            let count = missing.len();
            let (more_zh, more_en) = match count.saturating_sub(MISSING_NAMED) {
                0 => (String::new(), String::new()),
                more => ("等".to_owned(), format!(" and {more} more")),
            };
            let title = words.info.table.title;
            self.notes.push(ReaderNote {
                cells: missing.iter().flat_map(|line| line.cells()).collect(),
                ..ReaderNote::about_document(
                    NoteCode::RowNotFound,
                    title.zh,
                    format!("“{}”中有{count}行没有找到（{zh}{more_zh}），其数字未读取；请核对原文后填写", title.zh),
                    format!(
                        "{count} row(s) of {:?} are not found ({en}{more_en}); their figures are not read; check the document and fill them in",
                        title.en
                    ),
                )
            });
        }
    }
}

fn cells_of(line: LineId) -> Vec<CellId> {
    catalogue().line(line).cells().collect()
}

fn texts(row: &LabelledRow) -> impl Iterator<Item = &Printed> {
    row.values.iter().map(|slot| &slot.printed)
}

/// The numbers of a row whose blank cells are lost; none where one is unreadable or no count.
fn numbers(row: &LabelledRow) -> Option<Numbers> {
    let columns = catalogue().line(row.line).line.columns;
    if columns.iter().any(|column| column.kind != Kind::Count) {
        return None;
    }
    let filled = row.values.iter().map(|slot| match take(Kind::Count, &slot.printed, None) {
        Taken::Value(value) | Taken::WithRemark(value) => Some(value.number()),
        Taken::OtherUnit { .. } | Taken::Shared | Taken::Unreadable(_) => None,
    });
    filled.collect()
}
