//! The cells of a form as one row of bytes, in the order of their stable codes: most are nought, and stand together.
//!
//! The row is of runs. Each begins with a variable-length integer, of which the lowest two bits say what it is of and the
//! others how many cells:
//!
//! | bits | of | followed by |
//! |---|---|---|
//! | 0 | cells that are blank, or codes that no cell has | |
//! | 1 | noughts | |
//! | 2 | numbers | as many variable-length integers, zigzag |
//! | 3 | 不适用 | |
//!
//! It begins at code 0; what comes after the last run is blank.

use std::sync::LazyLock;

use prost::encoding::{decode_varint, encode_varint};

use crate::form::{CellId, Edition, catalogue};
use crate::report::{Cell, Figures};

const BLANK: u64 = 0;
const NOUGHT: u64 = 1;
const NUMBERS: u64 = 2;
const NOT_APPLICABLE: u64 = 3;

/// Noughts among numbers that take less room as numbers.
const FEW: usize = 3;

/// Room for the figures of most reports, in bytes.
const USUAL_BYTES: usize = 320;

/// Every cell by its code, in their order.
static BY_CODE: LazyLock<Vec<(u16, CellId)>> = LazyLock::new(|| {
    let mut cells: Vec<_> = catalogue().cells.iter().map(|info| (info.code, info.id)).collect();
    cells.sort_unstable();
    cells
});

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

/// What a cell's run is of; none for one that is blank.
fn sort(cell: Cell) -> Option<u64> {
    match cell {
        Cell::Number(0) => Some(NOUGHT),
        Cell::Number(_) => Some(NUMBERS),
        Cell::NotApplicable => Some(NOT_APPLICABLE),
        // A report with cells that were not read never comes here; its hash would not fit what is kept.
        Cell::Blank | Cell::Unread => None,
    }
}

/// The row of a form's cells.
pub(super) fn encode(figures: &Figures) -> Vec<u8> {
    let cells = &*BY_CODE;
    let mut row = Vec::with_capacity(USUAL_BYTES);
    let begin = |of: u64, count: usize, row: &mut Vec<u8>| encode_varint((count as u64) << 2 | of, row);
    let sort_at = |at: usize| cells.get(at).and_then(|(_, cell)| sort(figures.get(*cell)));
    // Of the cells from one on, how many stand together and are of a sort.
    let run = |at: usize, of: u64| {
        let together = |next: &usize| cells[*next].0 == cells[at].0 + (next - at) as u16 && sort_at(*next) == Some(of);
        (at..cells.len()).take_while(together).count()
    };
    let (mut at, mut code) = (0, 0);
    while at < cells.len() {
        let Some(of) = sort_at(at) else {
            at += 1;
            continue;
        };
        if cells[at].0 > code {
            begin(BLANK, usize::from(cells[at].0 - code), &mut row);
            code = cells[at].0;
        }
        let mut count = run(at, of);
        // A few noughts right after numbers are among them.
        if of == NUMBERS {
            loop {
                let end = at + count;
                let follows = |next: usize| {
                    cells.get(next).is_some_and(|(of, _)| usize::from(*of) == usize::from(code) + next - at)
                };
                if !follows(end) {
                    break;
                }
                let more = match sort_at(end) {
                    Some(NUMBERS) => run(end, NUMBERS),
                    Some(NOUGHT) if run(end, NOUGHT) < FEW => run(end, NOUGHT),
                    _ => break,
                };
                count += more;
            }
        }
        begin(of, count, &mut row);
        if of == NUMBERS {
            for (_, cell) in &cells[at..at + count] {
                encode_varint(zigzag(figures.get(*cell).number().unwrap_or(0)), &mut row);
            }
        }
        at += count;
        code += count as u16;
    }
    row
}

/// The form of a row of cells.
pub(super) fn decode(mut row: &[u8], edition: &'static Edition) -> Result<Figures, String> {
    let mut figures = Figures::blank(edition);
    let mut code = 0;
    while !row.is_empty() {
        let begin = decode_varint(&mut row).map_err(|error| error.to_string())?;
        let (of, count) = (begin & 3, begin >> 2);
        let end = u64::from(code) + count;
        let end = u16::try_from(end).map_err(|_| format!("cells up to code {end}"))?;
        for code in code..end {
            let value = match of {
                BLANK => break,
                NOUGHT => Cell::Number(0),
                NOT_APPLICABLE => Cell::NotApplicable,
                _ => Cell::Number(unzigzag(decode_varint(&mut row).map_err(|error| error.to_string())?)),
            };
            let cell = catalogue().cell_of_code(code).ok_or_else(|| format!("unknown cell code {code}"))?;
            if !figures.set(cell, value) {
                return Err(format!("cell {code} is not of edition {}", edition.id));
            }
        }
        code = end;
    }
    Ok(figures)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::form::EDITIONS;

    fn cell() -> impl Strategy<Value = Cell> {
        prop_oneof![
            2 => Just(Cell::Blank),
            1 => Just(Cell::NotApplicable),
            5 => Just(Cell::Number(0)),
            3 => (0..100i64).prop_map(Cell::Number),
            1 => any::<i64>().prop_map(Cell::Number),
        ]
    }

    proptest! {
        #[test]
        fn cells_are_read_as_they_were_written(
            edition in prop::sample::select(EDITIONS.iter().collect::<Vec<&'static Edition>>()),
            cells in proptest::collection::vec(cell(), catalogue().cells.len()),
        ) {
            let mut figures = Figures::blank(edition);
            for (info, cell) in catalogue().cells.iter().zip(cells) {
                figures.set(info.id, cell);
            }
            prop_assert_eq!(decode(&encode(&figures), edition), Ok(figures));
        }

        #[test]
        fn other_bytes_are_refused_or_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = decode(&bytes, &EDITIONS[0]);
        }
    }

    #[test]
    fn a_form_of_noughts_takes_next_to_nothing() {
        let edition = crate::form::edition("format_2021").unwrap();
        let mut figures = Figures::blank(edition);
        for info in &catalogue().cells {
            figures.set(info.id, Cell::Number(0));
        }
        let row = encode(&figures);
        assert!(row.len() < 20, "{} bytes", row.len());
        assert_eq!(decode(&row, edition), Ok(figures));
    }
}
