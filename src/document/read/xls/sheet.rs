//! The cells of one sheet.

use super::super::Limits;
use super::super::error::ReadError;
use super::super::xlsx::{At, Colour, Comparison, Conditional, Difference, RichText, Sheet};
use super::globals::Globals;
use super::record::{Reader, Record, Records, f64_at, u16_at, u32_at};

mod kind {
    pub const END: u16 = 0x000A;
    pub const ROW: u16 = 0x0208;
    pub const COLUMNS: u16 = 0x007D;
    pub const SHARED_TEXT: u16 = 0x00FD;
    pub const TEXT: u16 = 0x0204;
    pub const RICH_TEXT: u16 = 0x00D6;
    pub const NUMBER: u16 = 0x0203;
    pub const SHORT_NUMBER: u16 = 0x027E;
    pub const SHORT_NUMBERS: u16 = 0x00BD;
    pub const TRUTH: u16 = 0x0205;
    pub const FORMULA: u16 = 0x0006;
    pub const RESULT: u16 = 0x0207;
    pub const MERGED: u16 = 0x00E5;
    pub const WINDOW: u16 = 0x023E;
    pub const CONDITIONS: u16 = 0x01B0;
    pub const CONDITION: u16 = 0x01B1;
}

/// Reads the part of a sheet that begins at a place of the stream.
///
/// # Errors
/// The errors of limits.
pub fn read(stream: &[u8], at: usize, globals: &Globals, limits: &Limits) -> Result<Sheet, ReadError> {
    let records = own(stream, at);
    let mut sheet = Sheet::default();
    // Whether zeros are shown is said behind the cells.
    sheet.set_hides_zeros(records.iter().any(|one| one.kind == kind::WINDOW && u16_at(one.bytes(), 0) & 0x10 == 0));
    let conditional = Conditional::default();
    let mut reading = Reading { sheet, globals, conditional, formulas: Vec::new(), cells: 0, limit: limits.max_cells };
    // A formula whose result is a text has it in a record of its own.
    let mut formula: Option<(At, u16)> = None;
    for record in &records {
        match record.kind {
            kind::RESULT => {
                if let (Some((at, style)), Some(text)) = (formula.take(), Reader::new(&record.parts, 0).text()) {
                    reading.text(at, style, &globals.rich(text))?;
                }
            }
            _ => reading.record(record, &mut formula)?,
        }
    }
    let Reading { mut sheet, conditional, formulas, .. } = reading;
    if records.iter().any(|one| one.kind == kind::WINDOW && u16_at(one.bytes(), 0) & 1 != 0) {
        formulas.into_iter().for_each(|at| sheet.show_formula(at));
    }
    sheet.doubt(&conditional, &|_| None)?;
    sheet.doubt_narrow();
    Ok(sheet)
}

/// The records of the part that begins at a place, without those of parts within it, such as charts.
fn own(stream: &[u8], at: usize) -> Vec<Record<'_>> {
    let mut depth = 0usize;
    let mut records = Vec::new();
    for record in Records::from(stream, at) {
        match record.kind {
            super::BEGIN => depth += 1,
            kind::END if depth <= 1 => break,
            kind::END => depth -= 1,
            _ if depth <= 1 => records.push(record),
            _ => {}
        }
    }
    records
}

struct Reading<'g> {
    sheet: Sheet,
    globals: &'g Globals,
    conditional: Conditional,
    formulas: Vec<At>,
    cells: usize,
    limit: usize,
}

impl Reading<'_> {
    fn record(&mut self, record: &Record<'_>, formula: &mut Option<(At, u16)>) -> Result<(), ReadError> {
        let bytes = record.bytes();
        let at = (usize::from(u16_at(bytes, 0)), usize::from(u16_at(bytes, 2)));
        let style = u16_at(bytes, 4);
        match record.kind {
            kind::ROW if u32_at(bytes, 12) & 0x20 != 0 => self.sheet.hide_row(at.0),
            kind::COLUMNS if u16_at(bytes, 8) & 1 != 0 => self.sheet.hide_columns(at.0, at.1)?,
            // In 256ths of a character.
            kind::COLUMNS => self.sheet.set_width(at.0, at.1, f32::from(u16_at(bytes, 4)) / 256.0)?,
            kind::SHARED_TEXT => {
                let number = usize::try_from(u32_at(bytes, 6)).unwrap_or(usize::MAX);
                if let Some(text) = self.globals.texts.get(number) {
                    self.text(at, style, text)?;
                }
            }
            kind::TEXT | kind::RICH_TEXT => {
                let mut reader = Reader::new(&record.parts, 6);
                let Some(mut text) = reader.text() else { return Ok(()) };
                if record.kind == kind::RICH_TEXT {
                    let count = reader.u16().unwrap_or(0);
                    let runs = (0..count).map_while(|_| Some((usize::from(reader.u16()?), reader.u16()?)));
                    text.runs = runs.collect();
                }
                self.text(at, style, &self.globals.rich(text))?;
            }
            kind::NUMBER => self.number(at, style, f64_at(bytes, 6))?,
            kind::SHORT_NUMBER => self.number(at, style, short(u32_at(bytes, 6)))?,
            kind::SHORT_NUMBERS => {
                let count = bytes.len().saturating_sub(6) / 6;
                for number in 0..count {
                    let from = 4 + number * 6;
                    self.number((at.0, at.1 + number), u16_at(bytes, from), short(u32_at(bytes, from + 2)))?;
                }
            }
            kind::TRUTH => {
                let word = match (bytes.get(7), bytes.get(6)) {
                    (Some(0), Some(1)) => "TRUE",
                    (Some(0), _) => "FALSE",
                    _ => "#N/A",
                };
                self.text(at, style, &RichText::plain(word))?;
            }
            kind::FORMULA => self.formula(bytes, at, formula)?,
            kind::MERGED => {
                for area in bytes.get(2..).unwrap_or_default().chunks_exact(8) {
                    let [top, bottom, left, right] = [0, 2, 4, 6].map(|at| usize::from(u16_at(area, at)));
                    self.sheet.merge((top, left), (bottom, right))?;
                }
            }
            kind::CONDITIONS => {
                let count = usize::from(u16_at(bytes, 12));
                let areas = bytes.get(14..).unwrap_or_default().chunks_exact(8).take(count).map(|area| {
                    let [top, bottom, left, right] = [0, 2, 4, 6].map(|at| usize::from(u16_at(area, at)));
                    ((top, left), (bottom, right))
                });
                self.conditional.begin_ranges(areas.collect());
            }
            kind::CONDITION => {
                let (comparison, difference) = condition(bytes, self.globals);
                self.conditional.add(comparison, difference);
            }
            _ => {}
        }
        Ok(())
    }

    /// A formula with what it came to when it was computed last.
    fn formula(&mut self, bytes: &[u8], at: At, following: &mut Option<(At, u16)>) -> Result<(), ReadError> {
        let style = u16_at(bytes, 4);
        self.formulas.push(at);
        match (u16_at(bytes, 12), bytes.get(6)) {
            (0xFFFF, Some(0)) => *following = Some((at, style)),
            (0xFFFF, Some(1)) => {
                let word = if bytes.get(8) == Some(&1) { "TRUE" } else { "FALSE" };
                self.text(at, style, &RichText::plain(word))?;
            }
            (0xFFFF, Some(2)) => self.text(at, style, &RichText::plain("#N/A"))?,
            // A blank text; programs that compute nothing leave the same.
            (0xFFFF, _) => self.sheet.doubt_formula(at),
            _ => self.number(at, style, f64_at(bytes, 6))?,
        }
        Ok(())
    }

    fn count(&mut self) -> Result<(), ReadError> {
        self.cells += 1;
        if self.cells > self.limit { Err(ReadError::TooManyCells { limit: self.limit }) } else { Ok(()) }
    }

    fn text(&mut self, at: At, style: u16, text: &RichText) -> Result<(), ReadError> {
        self.count()?;
        self.sheet.put_text(at, self.globals.style(style), text, self.globals.format(style));
        Ok(())
    }

    fn number(&mut self, at: At, style: u16, number: f64) -> Result<(), ReadError> {
        self.count()?;
        self.sheet.put_number(at, self.globals.style(style), &number.to_string(), self.globals.format(style));
        Ok(())
    }
}

/// A number in four bytes: half of a longer one, or a whole one, and perhaps a hundredth of it.
fn short(bits: u32) -> f64 {
    let number = if bits & 2 != 0 {
        // Its sign stays.
        f64::from(bits.cast_signed() >> 2)
    } else {
        f64::from_bits(u64::from(bits & !3) << 32)
    };
    if bits & 1 != 0 { number / 100.0 } else { number }
}

/// A condition and what it changes (MS-XLS 2.4.42).
fn condition(bytes: &[u8], globals: &Globals) -> (Comparison, Difference) {
    let kind = bytes.first().copied().unwrap_or(0);
    let operator = match bytes.get(1).copied().unwrap_or(0) {
        _ if kind != 1 => "",
        1 => "between",
        2 => "notBetween",
        3 => "equal",
        4 => "notEqual",
        5 => "greaterThan",
        6 => "lessThan",
        7 => "greaterThanOrEqual",
        8 => "lessThanOrEqual",
        _ => "",
    };
    let lengths = [u16_at(bytes, 2), u16_at(bytes, 4)].map(usize::from);
    let end = bytes.len();
    let second = end.saturating_sub(lengths[1]);
    let first = second.saturating_sub(lengths[0]);
    let formulas = [(first, lengths[0]), (second, lengths[1])];
    let formulas = formulas.into_iter().filter(|(_, length)| *length > 0).map(|(at, length)| {
        // A number alone; of anything else it is not known what it comes to.
        match (bytes.get(at), length) {
            (Some(0x1E), 3) => u16_at(bytes, at + 1).to_string(),
            (Some(0x1F), 9) => f64_at(bytes, at + 1).to_string(),
            _ => String::new(),
        }
    });
    let comparison = Comparison { operator: operator.to_owned(), formulas: formulas.collect() };
    (comparison, difference(bytes.get(6..).unwrap_or_default(), globals))
}

fn difference(bytes: &[u8], globals: &Globals) -> Difference {
    let flags = u32_at(bytes, 0);
    let has = |bit: u32| flags & (1 << bit) != 0;
    let mut difference = Difference::default();
    let mut at = 6;
    if has(25) {
        difference.set_apart();
        let is_text = u16_at(bytes, 4) & 1 != 0;
        at += if is_text { usize::from(u16_at(bytes, at)) } else { 2 };
    }
    if has(26) {
        let (style, kept) = (u32_at(bytes, at + 68), u32_at(bytes, at + 88));
        if style & 0x80 != 0 && kept & 0x80 == 0 {
            difference.set_apart();
        }
        let ink = u32_at(bytes, at + 80);
        if ink != u32::MAX {
            difference.set_ink(globals.colour(ink, Colour::BLACK));
        }
        at += 118;
    }
    at += if has(27) { 8 } else { 0 } + if has(28) { 8 } else { 0 };
    if has(29) {
        let colours = u16_at(bytes, at + 2);
        for number in [colours & 0x7F, colours >> 7 & 0x7F] {
            difference.add_ground(globals.colour(u32::from(number), Colour::WHITE));
        }
    }
    difference
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_four_bytes_are_whole_or_half_of_longer_ones() {
        for (bits, number) in [
            (0x0000_0000, 0.0),
            (0x3FF0_0000, 1.0),
            (0x3FF0_0001, 0.01),
            (12 << 2 | 2, 12.0),
            (1234 << 2 | 3, 12.34),
            (((-5i32) << 2 | 2).cast_unsigned(), -5.0),
        ] {
            assert_eq!(short(bits), number, "{bits:x}");
        }
    }
}
