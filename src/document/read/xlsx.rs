//! XLSX: the visible sheets of a workbook, cells by their place, merged cells and all.
//!
//! Read with quick-xml rather than with a library for workbooks: those reserve memory by numbers that the file
//! states, and build a sheet out to its farthest cell.

use std::collections::{BTreeMap, HashMap};

use quick_xml::events::{BytesStart, Event};

use super::error::ReadError;
use super::flow::one_line;
use super::grid::Grid;
use super::note::{NoteCode, Place, ReaderNote, Spot};
use super::package::{Package, attribute, referred, xml};
use super::placement::PrintedRow;
use super::{Format, Limits};

/// Most sheets of a workbook.
const MAX_SHEETS: usize = 64;
/// Most merged cells of a sheet.
const MAX_MERGED: usize = 10_000;
/// Most rows and columns of a sheet, by the format.
const MAX_ROWS: usize = 1_048_576;
const MAX_COLUMNS: usize = 16_384;
/// Most columns in which something stands.
const MAX_USED_COLUMNS: usize = 256;
/// Blank cells that a sheet may have for each cell that a document may have.
const BLANKS_PER_CELL: usize = 10;

/// What was read of a workbook.
pub struct Workbook {
    pub rows: Vec<PrintedRow>,
    /// Formulas without a value.
    pub notes: Vec<ReaderNote>,
}

/// A cell by row and column, both from 0.
type At = (usize, usize);

/// Reads the visible sheets into printed rows.
///
/// # Errors
/// [`ReadError::Damaged`] and the errors of limits.
pub fn read_xlsx(bytes: &[u8], limits: &Limits) -> Result<Workbook, ReadError> {
    let mut package = Package::open(bytes, Format::Xlsx.name(), limits.max_unpacked_bytes)?;
    let strings = match package.part("xl/sharedStrings.xml")? {
        Some(part) => shared_strings(&part)?,
        None => Vec::new(),
    };
    let mut book = Workbook { rows: Vec::new(), notes: Vec::new() };
    let mut left = limits.max_cells;
    for (sheet, path) in visible_sheets(&mut package)?.into_iter().enumerate() {
        let Some(part) = package.part(&path)? else { continue };
        let parsed = Sheet::parse(&part, &strings, &mut left, limits.max_cells)?;
        parsed.print(sheet + 1, limits.max_cells, &mut book)?;
    }
    Ok(book)
}

fn damaged(detail: impl ToString) -> ReadError {
    ReadError::damaged(Format::Xlsx.name(), detail)
}

/// Calls `each` with every event of a part.
fn events(part: &str, mut each: impl FnMut(Event<'_>) -> Result<(), ReadError>) -> Result<(), ReadError> {
    let mut reader = xml(part);
    reader.config_mut().expand_empty_elements = true;
    loop {
        match reader.read_event().map_err(damaged)? {
            Event::Eof => return Ok(()),
            event => each(event)?,
        }
    }
}

/// The text of an event, if it is text.
fn text_of(event: &Event<'_>) -> Option<String> {
    match event {
        Event::Text(text) => Some(text.xml10_content().into_owned()),
        Event::CData(text) => Some(text.xml10_content().into_owned()),
        Event::GeneralRef(reference) => Some(referred(reference)),
        _ => None,
    }
}

/// The texts that cells refer to by number.
fn shared_strings(part: &str) -> Result<Vec<String>, ReadError> {
    let mut strings = Vec::new();
    let mut text: Option<String> = None;
    let (mut is_text, mut is_phonetic) = (false, false);
    events(part, |event| {
        match &event {
            Event::Start(element) => match element.local_name().as_ref() {
                "si" => text = Some(String::new()),
                "t" => is_text = true,
                "rPh" => is_phonetic = true,
                _ => {}
            },
            Event::End(element) => match element.local_name().as_ref() {
                "si" => strings.extend(text.take()),
                "t" => is_text = false,
                "rPh" => is_phonetic = false,
                _ => {}
            },
            _ if is_text && !is_phonetic => {
                if let (Some(text), Some(piece)) = (&mut text, text_of(&event)) {
                    text.push_str(&piece);
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(strings)
}

/// The parts of the sheets that are shown, in their order.
fn visible_sheets(package: &mut Package<'_>) -> Result<Vec<String>, ReadError> {
    let book = package.part("xl/workbook.xml")?.ok_or_else(|| damaged("xl/workbook.xml is missing"))?;
    let relations = package.part("xl/_rels/workbook.xml.rels")?.unwrap_or_default();
    let mut targets = HashMap::new();
    events(&relations, |event| {
        if let Event::Start(element) = &event
            && let (Some(id), Some(target)) = (attribute(element, "Id"), attribute(element, "Target"))
        {
            targets.insert(id, target);
        }
        Ok(())
    })?;
    let mut sheets = Vec::new();
    events(&book, |event| {
        if let Event::Start(element) = &event
            && element.local_name().as_ref() == "sheet"
            && attribute(element, "state").is_none_or(|state| state == "visible")
            && let Some(target) = attribute(element, "id").and_then(|id| targets.get(&id))
        {
            let path = target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_owned);
            sheets.push(path);
        }
        match sheets.len() > MAX_SHEETS {
            true => Err(damaged(format!("more than {MAX_SHEETS} sheets"))),
            false => Ok(()),
        }
    })?;
    Ok(sheets)
}

#[derive(Default)]
struct Sheet {
    cells: BTreeMap<At, String>,
    /// First and last place of merged cells, by the first.
    merged: HashMap<At, At>,
    /// Cells with a formula whose value is not kept in the file.
    uncomputed: Vec<At>,
}

/// A cell whose element is being read.
#[derive(Default)]
struct OpenCell {
    at: At,
    kind: String,
    value: String,
    formula: bool,
}

impl Sheet {
    fn parse(part: &str, strings: &[String], left: &mut usize, limit: usize) -> Result<Self, ReadError> {
        let mut sheet = Self::default();
        let mut cell: Option<OpenCell> = None;
        let mut next: At = (0, 0);
        let (mut is_value, mut is_formula) = (false, false);
        events(part, |event| {
            match &event {
                Event::Start(element) => match element.local_name().as_ref() {
                    "row" => next = (attribute(element, "r").and_then(|r| row_number(&r)).unwrap_or(next.0), 0),
                    "c" => {
                        *left = left.checked_sub(1).ok_or(ReadError::TooManyCells { limit })?;
                        cell = Some(open_cell(element, next)?);
                    }
                    "v" | "t" => is_value = true,
                    "f" => {
                        is_formula = true;
                        cell.iter_mut().for_each(|cell| cell.formula = true);
                    }
                    "mergeCell" => sheet.merge(element)?,
                    _ => {}
                },
                Event::End(element) => match element.local_name().as_ref() {
                    "row" => next = (next.0 + 1, 0),
                    "c" => {
                        if let Some(cell) = cell.take() {
                            next = (cell.at.0, cell.at.1 + 1);
                            sheet.put(cell, strings);
                        }
                    }
                    "v" | "t" => is_value = false,
                    "f" => is_formula = false,
                    _ => {}
                },
                _ if is_value && !is_formula => {
                    if let (Some(cell), Some(piece)) = (&mut cell, text_of(&event)) {
                        cell.value.push_str(&piece);
                    }
                }
                _ => {}
            }
            Ok(())
        })?;
        Ok(sheet)
    }

    fn put(&mut self, cell: OpenCell, strings: &[String]) {
        let value = cell.value.trim();
        let text = match cell.kind.as_str() {
            "s" => value.parse().ok().and_then(|at: usize| strings.get(at)).cloned().unwrap_or_default(),
            "b" => if value == "1" { "TRUE" } else { "FALSE" }.to_owned(),
            "" | "n" => shortest_number(value),
            _ => value.to_owned(),
        };
        let text = one_line(&text);
        if text.is_empty() {
            if cell.formula {
                self.uncomputed.push(cell.at);
            }
        } else {
            self.cells.insert(cell.at, text);
        }
    }

    fn merge(&mut self, element: &BytesStart<'_>) -> Result<(), ReadError> {
        let range = attribute(element, "ref").unwrap_or_default();
        let (first, last) = range.split_once(':').unwrap_or((&range, &range));
        if let (Some(first), Some(last)) = (place_of(first), place_of(last)) {
            self.merged.insert(first, last);
        }
        match self.merged.len() > MAX_MERGED {
            true => Err(damaged(format!("more than {MAX_MERGED} merged cells"))),
            false => Ok(()),
        }
    }

    /// The columns in which anything stands, in order: what lies between takes no place.
    fn columns(&self) -> Vec<usize> {
        let mut columns: Vec<usize> = self.cells.keys().map(|at| at.1).collect();
        columns.sort_unstable();
        columns.dedup();
        columns
    }

    fn print(self, number: usize, limit: usize, book: &mut Workbook) -> Result<(), ReadError> {
        let columns = self.columns();
        let mut rows: Vec<usize> = self.cells.keys().map(|at| at.0).collect();
        rows.dedup();
        if columns.len() > MAX_USED_COLUMNS || columns.len() * rows.len() > limit.saturating_mul(BLANKS_PER_CELL) {
            return Err(ReadError::TooManyCells { limit });
        }
        let mut grid = Grid::default();
        // A place is covered where a merged cell reaches over it; counted down row by row.
        let mut covered = vec![None::<usize>; columns.len()];
        for row in &rows {
            grid.begin_row();
            for (at, column) in columns.iter().enumerate() {
                if covered.get(at).copied().flatten().is_some_and(|last| last >= *row) {
                    continue;
                }
                let place = (*row, *column);
                let last = self.merged.get(&place).copied().unwrap_or(place);
                let wide = columns.partition_point(|other| *other <= last.1).saturating_sub(at).max(1);
                let high = rows.partition_point(|other| *other <= last.0) - rows.partition_point(|other| other < row);
                covered.iter_mut().skip(at).take(wide).for_each(|covered| *covered = Some(last.0));
                grid.cell_at(at, wide, high.max(1), self.cells.get(&place).cloned().unwrap_or_default());
            }
        }
        let before = book.rows.len();
        let place = |row: usize, column: usize| {
            let row_number = rows.get(row).map_or(0, |row| row + 1);
            let column_number = columns.get(column).map_or(0, |column| column + 1);
            Place { order: before + row + 1, spot: Spot::Sheet { sheet: number, row: row_number }, cell: column_number }
        };
        book.rows.extend(grid.printed_rows(place));
        let uncomputed = self.uncomputed.iter().map(|(row, column)| {
            let order = before + rows.partition_point(|other| other <= row);
            let spot = Spot::Sheet { sheet: number, row: row + 1 };
            uncomputed_note(Place { order, spot, cell: column + 1 })
        });
        book.notes.extend(uncomputed);
        Ok(())
    }
}

fn uncomputed_note(place: Place) -> ReaderNote {
    ReaderNote::at(
        NoteCode::FormulaUncomputed,
        place,
        "",
        Vec::new(),
        "公式没有保存计算结果，按空白读取；请用电子表格软件打开并保存后重新提交",
        "the result of the formula is not kept in the file; read as blank; open the workbook, save it and send it again",
    )
}

fn open_cell(element: &BytesStart<'_>, next: At) -> Result<OpenCell, ReadError> {
    let at = match attribute(element, "r") {
        Some(text) => place_of(&text).ok_or_else(|| damaged(format!("{text} is no cell")))?,
        None => next,
    };
    Ok(OpenCell { at, kind: attribute(element, "t").unwrap_or_default(), ..OpenCell::default() })
}

fn row_number(text: &str) -> Option<usize> {
    text.parse::<usize>().ok().filter(|row| (1..=MAX_ROWS).contains(row)).map(|row| row - 1)
}

/// Row and column of a reference such as `B12`.
fn place_of(text: &str) -> Option<At> {
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (column, row) = text.split_at_checked(letters)?;
    let column = column.bytes().try_fold(0usize, |sum, letter| {
        let value = usize::from(letter.to_ascii_uppercase().checked_sub(b'A')?) + 1;
        sum.checked_mul(26)?.checked_add(value).filter(|column| *column <= MAX_COLUMNS)
    })?;
    Some((row_number(row)?, column.checked_sub(1)?))
}

/// A number as a spreadsheet shows it: workbooks keep 18.871 as 18.870999999999999, and large ones with exponent.
fn shortest_number(value: &str) -> String {
    match value.parse::<f64>() {
        Ok(number) if number.is_finite() && value.contains(['.', 'e', 'E']) && number.abs() < 1e15 => {
            number.to_string()
        }
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_rows_and_columns() {
        assert_eq!(place_of("A1"), Some((0, 0)));
        assert_eq!(place_of("ab12"), Some((11, 27)));
        assert_eq!(place_of("XFD1048576"), Some((1_048_575, 16_383)));
        for text in ["", "A", "1", "A0", "XFE1", "A1048577", "AAAAAAAAAAAAAAAA1", "é1"] {
            assert_eq!(place_of(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_those_that_were_typed() {
        for (kept, typed) in [
            ("18.870999999999999", "18.871"),
            ("1.1398889E7", "11398889"),
            ("59237.2449", "59237.2449"),
            ("12", "12"),
            ("-5", "-5"),
            ("1e300", "1e300"),
            ("NaN", "NaN"),
        ] {
            assert_eq!(shortest_number(kept), typed);
        }
    }
}
