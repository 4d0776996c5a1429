//! Values into cells: by their place in the row where that is known, else only as far as it is proven. A cell is blank
//! only where the document shows it blank; one for which nothing was found stays unread.

mod absent;
mod blocks;
mod cell;
pub mod fit;
mod header;

use std::collections::{HashMap, HashSet};

use crate::form::{CellId, Kind, LineId, Presence, catalogue};
use crate::report::{Cell, Figures};

use super::super::note::{NoteCode, Place, ReaderNote, gathered};
use super::super::{Certainty, ReadCell};
use super::prove::{Numbers, Placement, Uncertain, narrow};
use super::value::{Printed, Taken, take};
use super::vocabulary::Vocabulary;
use super::walk::{Doubt, LabelledRow, Slot, Walked, listed, row_words};
use fit::{Fit, fit};
use header::{by_place, is_below_labels};

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
        unread: Vec::new(),
    };
    let of_blocks = walked.blocks.iter().filter(|block| !block.rows.is_empty()).filter_map(|block| {
        let words = vocabulary.tables.get(block.table)?;
        words.line_infos().next().map(|line| line.id)
    });
    let found = walked.seen.iter().copied().chain(of_blocks).map(|line| catalogue().line(line).table).collect();
    let mut blank = walked.blank;
    let rows = filler.without_early_figures(walked.rows, &walked.early);
    let rows = filler.without_other_periods(rows, &blank);
    let rows = filler.without_contradicted(rows, &mut blank);
    let rows = filler.without_repetitions(rows);
    let rows = filler.without_headings(rows, &walked.seen);
    let mut rows = filler.without_foreign_headers(rows);
    rows.retain(|row| !walked.doubted.iter().any(|doubt| doubt.is_torn && doubt.line == row.line));
    filler.blank_lines(&blank);
    filler.lines_stood_for(&rows, &walked.seen);
    let uncertain = rows.into_iter().filter_map(|row| filler.row(row)).collect();
    filler.prove(uncertain);
    filler.blocks(vocabulary, &walked.blocks);
    filler.doubt(walked.doubted);
    filler.missing_tables(vocabulary, &found);
    filler.missing_lines(vocabulary, &walked.seen.union(&walked.torn).copied().collect(), &found);
    let (figures, mut cells) = (filler.figures, filler.cells);
    for (cell, raw, place) in filler.unread {
        let is_unread = figures.get(cell) == Cell::Unread && !cells.iter().any(|read| read.cell == cell);
        cells.extend(is_unread.then_some(ReadCell {
            cell,
            value: Cell::Unread,
            raw,
            place,
            certainty: Certainty::Unread,
        }));
    }
    cells.sort_by_key(|read| read.cell);
    Filled { figures, cells, notes: gathered(filler.notes) }
}

struct Filler {
    figures: Figures,
    cells: Vec<ReadCell>,
    notes: Vec<ReaderNote>,
    /// Lines all of whose values are placed and readable.
    known: HashMap<LineId, Numbers>,
    /// Cells of which something is printed that is not taken, with that and its place.
    unread: Vec<(CellId, String, Place)>,
}

impl Filler {
    /// Rows of the report's own period. Of the others one note for what says so, unless the line is printed of its own as well.
    fn without_other_periods(&mut self, rows: Vec<LabelledRow>, blank: &HashMap<LineId, usize>) -> Vec<LabelledRow> {
        let (rows, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.period.is_none());
        let is_there = |line: LineId| blank.contains_key(&line) || rows.iter().any(|row| row.line == line);
        let mut rest: Vec<&LabelledRow> = others.iter().filter(|row| !is_there(row.line)).collect();
        while let Some(first) = rest.first().copied() {
            let (under_it, after): (Vec<_>, Vec<_>) = rest.into_iter().partition(|row| row.period == first.period);
            rest = after;
            self.note_other_period(first, &under_it);
        }
        rows
    }

    /// Rows of which the document does not show in another table that nothing is in them; of a row in two parts one may have
    /// nothing in it.
    fn without_contradicted(&mut self, rows: Vec<LabelledRow>, blank: &mut HashMap<LineId, usize>) -> Vec<LabelledRow> {
        let (rows, contradicted): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|row| blank.get(&row.line).is_none_or(|header| *header == row.header));
        for row in &contradicted {
            self.unread_row(row);
            self.note_repeated(row, false);
        }
        rows.iter().chain(&contradicted).for_each(|row| _ = blank.remove(&row.line));
        rows.into_iter().filter(|row| !contradicted.iter().any(|other| other.line == row.line)).collect()
    }

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
                self.unread_row(&row);
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
    fn blank_lines(&mut self, blank: &HashMap<LineId, usize>) {
        for cell in blank.keys().flat_map(|line| cells_of(*line)) {
            self.figures.set(cell, Cell::Blank);
        }
    }

    /// What seems blank, and has no mark of that, of lines near which figures stand that belong somewhere; all of those of
    /// which a number may go on overleaf.
    fn doubt(&mut self, doubted: Vec<Doubt>) {
        for Doubt { line, raw, place, is_torn } in doubted {
            for cell in cells_of(line) {
                let is_marked = self.cells.iter().any(|read| read.cell == cell);
                if !is_torn && (self.figures.get(cell) != Cell::Blank || is_marked) {
                    continue;
                }
                self.figures.set(cell, Cell::Unread);
                self.cells.retain(|read| read.cell != cell);
                self.unread.push((cell, raw.clone(), place));
            }
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
    fn unread_row(&mut self, row: &LabelledRow) {
        let raw = listed(&row.values);
        for cell in cells_of(row.line) {
            if self.figures.set(cell, Cell::Unread) {
                self.unread.push((cell, raw.clone(), row.place));
            }
        }
    }

    /// Places a row, or hands it back with its possible placements.
    fn row(&mut self, row: LabelledRow) -> Option<(LabelledRow, Vec<Placement>)> {
        let cells = cells_of(row.line);
        if cells.iter().all(|cell| catalogue().presence(self.figures.edition(), *cell) == Presence::Absent) {
            return None;
        }
        let Some(order) = &row.order else { return None };
        if let Some(placement) = by_place(order, &row.values) {
            self.place(&row, &placement, Certainty::Exact);
            return None;
        }
        let (zh, en, values) = row_words(&row);
        if order.only_placed {
            self.unread_row(&row);
            self.note_row(
                NoteCode::HeaderMismatch,
                &row,
                &format!("“{zh}”上方同一列名出现多次，不能确定取哪一列，其数值（{values}）未读取；请核对后填写"),
                &format!("the header above {en:?} has the same labels several times; which of its values ({values}) are meant cannot be told; not read; fill them in"),
            );
            return None;
        }
        let ordered = |placement: Placement| -> Placement {
            let column = |at: usize| order.listed.get(at).copied().unwrap_or(at);
            placement.into_iter().map(|(at, value)| (column(at), value)).collect()
        };
        // With more cells than columns, which of them are beside the table must be plain.
        let is_read = |slot: &Slot| slot.printed != Printed::Words;
        let is_plain = row.values.len() <= cells.len() || (row.values.iter().all(is_read) && !order.has_strangers);
        let placements: Vec<Placement> = match fit(cells.len(), &row.values, row.keeps_blanks) {
            Fit::Placed(placement) if is_plain => vec![ordered(placement)],
            Fit::Several(placements) if is_plain => placements.into_iter().map(ordered).collect(),
            Fit::Placed(_) | Fit::Several(_) | Fit::TooMany => {
                self.too_many(&row);
                return None;
            }
        };
        match &placements[..] {
            all if !all.iter().any(|one| is_below_labels(order, &row.values, one)) => self.beside_labels(&row),
            [placement] => self.place(&row, placement, Certainty::Exact),
            // Not only those below the labels: what seems blank may be merged with the row above.
            _ => return Some((row, placements)),
        }
        None
    }

    fn beside_labels(&mut self, row: &LabelledRow) {
        let (zh, en, values) = row_words(row);
        self.unread_row(row);
        self.note_row(
            NoteCode::HeaderMismatch,
            row,
            &format!("“{zh}”的数值（{values}）与上方列名没有上下对齐，不能确定各属哪一列，未读取；请核对表格的合并单元格，或手工填写"),
            &format!("the values beside {en:?} ({values}) do not stand below the labels of the columns; whose they are cannot be told; not read; check the merged cells of the table, or fill them in"),
        );
    }

    fn too_many(&mut self, row: &LabelledRow) {
        let (zh, en, values) = row_words(row);
        let (wanted, found) = (cells_of(row.line).len(), row.values.len());
        self.unread_row(row);
        self.note_row(
            NoteCode::ValuesTooMany,
            row,
            &format!("“{zh}”应有{wanted}个数值，文中有{found}格（{values}），不能确定各属哪一列，未读取；请核对后填写"),
            &format!("{en:?} has {wanted} cells but {found} stand in the row ({values}); whose they are cannot be told; not read; fill them in"),
        );
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
            &format!("“{zh}”原表的空白单元格丢失，已按勾稽关系推定各列数值（{values}），请核对"),
            &format!("blank cells of {en:?} are lost; the equations leave one placement of its values ({values}), taken; please check"),
        );
    }

    fn note_unplaced(&mut self, row: &LabelledRow) {
        self.unread_row(row);
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
            let unit = row.units.get(*column).copied().flatten();
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
        Taken::OtherUnit { .. } | Taken::Shared | Taken::Doubtful | Taken::Unreadable(_) => None,
    });
    filled.collect()
}
