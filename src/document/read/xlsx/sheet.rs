//! The cells of one sheet with what a spreadsheet shows in them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::RangeInclusive;

use quick_xml::events::{BytesStart, Event};

use super::super::error::ReadError;
use super::super::inscription::{Aside, Look, Settled, is_figure};
use super::super::package::{attribute, number};
use super::conditional::Conditional;
use super::number_format::{general, shown, shows_text_alone};
use super::style::{CellStyle, Fit, Styles};
use super::text::{RichText, TextReader};
use super::{At, damaged, events, text_of};

/// Most merged cells of a sheet.
pub(super) const MAX_MERGED: usize = 10_000;
/// Most ranges of columns that state a width.
const MAX_WIDTHS: usize = 20_000;
/// Most rows and columns of a sheet, by the format.
const MAX_ROWS: usize = 1_048_576;
const MAX_COLUMNS: usize = 16_384;

/// Lowest row of which something is to be seen, in points.
const VISIBLE_HEIGHT: f32 = 4.0;
/// A sheet with its cells, of which blank ones are left out.
#[derive(Default)]
pub struct Sheet {
    pub cells: BTreeMap<At, Settled>,
    /// First and last place of merged cells, by the first.
    pub merged: HashMap<At, At>,
    pub(super) hidden_rows: Vec<usize>,
    pub(super) hidden_columns: Vec<RangeInclusive<usize>>,
    /// A zero is shown as nothing.
    hides_zeros: bool,
    /// Of each cell its style, and the number that is kept in it, for conditions.
    pub(super) kept: Vec<(At, CellStyle, Option<String>)>,
    /// Cells with a formula, of which 0 is kept.
    pub(super) noughts: Vec<At>,
    /// Formulas are shown in the place of what they come to.
    shows_formulas: bool,
    /// Columns with their widths, and that of all others, in characters.
    pub(super) widths: Vec<(RangeInclusive<usize>, f32)>,
    pub(super) usual_width: Option<f32>,
}

/// A cell whose element is being read.
#[derive(Default)]
struct OpenCell {
    at: At,
    kind: String,
    style: Option<usize>,
    value: String,
    text: Option<TextReader>,
    formula: bool,
}

impl Sheet {
    pub fn parse(
        part: &str,
        texts: &[RichText],
        styles: &Styles,
        left: &mut usize,
        limit: usize,
    ) -> Result<Self, ReadError> {
        let mut sheet = Self::default();
        let mut cell: Option<OpenCell> = None;
        let mut next: At = (0, 0);
        let mut seen = HashSet::new();
        let mut is_value = false;
        let mut is_extension = false;
        let mut conditional = Conditional::default();
        events(part, |event| {
            if cell.is_none() {
                conditional.take(&event);
            }
            if let Some(text) = cell.as_mut().and_then(|cell| cell.text.as_mut())
                && !matches!(&event, Event::End(element) if element.local_name().as_ref() == "c")
            {
                text.take(&event);
                return Ok(());
            }
            match &event {
                Event::Start(element) => match element.local_name().as_ref() {
                    "sheetView" => {
                        sheet.hides_zeros |= is_off(attribute(element, "showZeros"));
                        sheet.shows_formulas |= is_on(attribute(element, "showFormulas"));
                    }
                    "sheetFormatPr" => {
                        let width = attribute(element, "defaultColWidth");
                        sheet.usual_width = width.and_then(|width| width.parse().ok());
                    }
                    "col" => sheet.column(element)?,
                    "row" => {
                        next = (attribute(element, "r").and_then(|r| row_number(&r)).unwrap_or(next.0), 0);
                        let height = attribute(element, "ht").and_then(|height| height.parse::<f32>().ok());
                        if is_on(attribute(element, "hidden")) || height.is_some_and(|height| height < VISIBLE_HEIGHT) {
                            sheet.hidden_rows.push(next.0);
                        }
                    }
                    "c" => {
                        *left = left.checked_sub(1).ok_or(ReadError::TooManyCells { limit })?;
                        let open = open_cell(element, next)?;
                        if !seen.insert(open.at) {
                            let (row, column) = open.at;
                            return Err(damaged(format!("row {}, column {} is there twice", row + 1, column + 1)));
                        }
                        cell = Some(open);
                    }
                    "extLst" => is_extension = true,
                    "v" => is_value = !is_extension,
                    "is" => cell.iter_mut().for_each(|cell| cell.text = Some(TextReader::default())),
                    "f" => cell.iter_mut().for_each(|cell| cell.formula = true),
                    "mergeCell" => sheet.merge_cell(element)?,
                    _ => {}
                },
                Event::End(element) => match element.local_name().as_ref() {
                    "row" => next = (next.0 + 1, 0),
                    "c" => {
                        if let Some(cell) = cell.take() {
                            next = (cell.at.0, cell.at.1 + 1);
                            sheet.put(cell, texts, styles);
                        }
                    }
                    "extLst" => is_extension = false,
                    "v" => is_value = false,
                    _ => {}
                },
                _ if is_value => {
                    if let (Some(cell), Some(piece)) = (&mut cell, text_of(&event)) {
                        cell.value.push_str(&piece);
                    }
                }
                _ => {}
            }
            Ok(())
        })?;
        // Conditions stand behind the cells.
        sheet.doubt(&conditional, &|number| styles.difference(number).cloned())?;
        Ok(sheet)
    }

    fn put(&mut self, cell: OpenCell, texts: &[RichText], styles: &Styles) {
        let (at, style, value) = (cell.at, styles.cell(cell.style), cell.value.trim());
        let code = styles.format(style);
        if cell.formula && value == "0" {
            self.noughts.push(at);
        }
        match cell.kind.as_str() {
            _ if value.is_empty() && cell.text.is_none() => {}
            "s" => {
                if let Some(text) = value.parse().ok().and_then(|at: usize| texts.get(at)) {
                    self.put_text(at, style, text, code);
                }
            }
            "inlineStr" => {
                if let Some(text) = cell.text {
                    self.put_text(at, style, &text.finish(), code);
                }
            }
            "b" => self.put_text(at, style, &RichText::plain(if value == "1" { "TRUE" } else { "FALSE" }), code),
            "" | "n" => self.put_number(at, style, value, code),
            _ => self.put_text(at, style, &RichText::plain(&cell.value), code),
        }
        if cell.formula && self.shows_formulas {
            self.show_formula(at);
        } else if cell.formula && !self.cells.contains_key(&at) && cell.kind != "str" {
            self.doubt_formula(at);
        }
    }

    /// A text in a cell, to which the code of its format may add.
    pub fn put_text(&mut self, at: At, style: CellStyle, text: &RichText, code: &str) {
        self.kept.push((at, style, None));
        let mut settled = text.inscription(style).settle();
        if ((style.fit == Fit::Repeated) || !shows_text_alone(code)) && is_figure(&settled.text) {
            settled.asides.push(Aside { look: Look::Kept, text: settled.text.clone() });
            settled.is_doubtful = true;
        }
        self.insert(at, settled);
    }

    /// A number in a cell, as the code of its format shows it.
    pub fn put_number(&mut self, at: At, style: CellStyle, value: &str, code: &str) {
        self.kept.push((at, style, Some(value.to_owned())));
        let (text, aside) = self.number(value, code, style.fit == Fit::Repeated);
        let mut settled = RichText::plain(&text).inscription(style).settle();
        if let Some((aside, is_doubtful)) = aside {
            settled.asides.push(aside);
            settled.is_doubtful |= is_doubtful;
        }
        self.insert(at, settled);
    }

    fn insert(&mut self, at: At, settled: Settled) {
        if settled != Settled::default() {
            self.cells.insert(at, settled);
        }
    }

    /// Zeros are shown as nothing, or not.
    pub fn set_hides_zeros(&mut self, hides: bool) {
        self.hides_zeros = hides;
    }

    pub fn hide_row(&mut self, row: usize) {
        self.hidden_rows.push(row);
    }

    /// What is shown of a number, and the number that is kept where that is another.
    fn number(&self, value: &str, code: &str, is_repeated: bool) -> (String, Option<(Aside, bool)>) {
        let kept = || Aside { look: Look::Kept, text: general(value) };
        if self.hides_zeros && general(value) == "0" {
            return (String::new(), Some((kept(), true)));
        }
        let mut shown = shown(value, code);
        shown.is_plain &= !is_repeated;
        let aside = (!shown.is_plain || shown.is_rounded).then(|| (kept(), !shown.is_plain));
        (shown.text, aside)
    }

    fn column(&mut self, element: &BytesStart<'_>) -> Result<(), ReadError> {
        let width = attribute(element, "width").and_then(|width| width.parse::<f32>().ok());
        let (Some(first), Some(last)) = (number(element, "min"), number(element, "max")) else { return Ok(()) };
        let (first, last) = (first.saturating_sub(1), last.saturating_sub(1));
        match width {
            _ if is_on(attribute(element, "hidden")) || width == Some(0.0) => self.hide_columns(first, last),
            Some(width) => self.set_width(first, last, width),
            None => Ok(()),
        }
    }

    /// Columns from one to another have this width, in characters.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] where there are too many such.
    pub fn set_width(&mut self, first: usize, last: usize, width: f32) -> Result<(), ReadError> {
        self.widths.push((first..=last, width));
        Self::few_widths(self.widths.len())
    }

    fn few_widths(count: usize) -> Result<(), ReadError> {
        match count > MAX_WIDTHS {
            true => Err(damaged(format!("more than {MAX_WIDTHS} widths of columns"))),
            false => Ok(()),
        }
    }

    /// Columns from one to another are not shown.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] where there are too many such.
    pub fn hide_columns(&mut self, first: usize, last: usize) -> Result<(), ReadError> {
        self.hidden_columns.push(first..=last);
        Self::few_widths(self.hidden_columns.len())
    }

    fn merge_cell(&mut self, element: &BytesStart<'_>) -> Result<(), ReadError> {
        let range = attribute(element, "ref").unwrap_or_default();
        let (first, last) = range.split_once(':').unwrap_or((&range, &range));
        match (place_of(first), place_of(last)) {
            (Some(first), Some(last)) => self.merge(first, last),
            _ => Ok(()),
        }
    }

    /// The cells from one corner to the opposite one are one.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] where there are too many such.
    pub fn merge(&mut self, one: At, other: At) -> Result<(), ReadError> {
        let first = (one.0.min(other.0), one.1.min(other.1));
        self.merged.insert(first, (one.0.max(other.0), one.1.max(other.1)));
        match self.merged.len() > MAX_MERGED {
            true => Err(damaged(format!("more than {MAX_MERGED} merged cells"))),
            false => Ok(()),
        }
    }
}

fn is_on(value: Option<String>) -> bool {
    value.is_some_and(|value| value == "1" || value == "true")
}

fn is_off(value: Option<String>) -> bool {
    value.is_some_and(|value| value == "0" || value == "false")
}

fn open_cell(element: &BytesStart<'_>, next: At) -> Result<OpenCell, ReadError> {
    let at = match attribute(element, "r") {
        Some(text) => place_of(&text).ok_or_else(|| damaged(format!("{text} is no cell")))?,
        None => next,
    };
    let kind = attribute(element, "t").unwrap_or_default();
    Ok(OpenCell { at, kind, style: number(element, "s"), ..OpenCell::default() })
}

fn row_number(text: &str) -> Option<usize> {
    text.parse::<usize>().ok().filter(|row| (1..=MAX_ROWS).contains(row)).map(|row| row - 1)
}

/// Row and column of a reference such as `B12`.
pub fn place_of(text: &str) -> Option<At> {
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (column, row) = text.split_at_checked(letters)?;
    let column = column.bytes().try_fold(0usize, |sum, letter| {
        let value = usize::from(letter.to_ascii_uppercase().checked_sub(b'A')?) + 1;
        sum.checked_mul(26)?.checked_add(value).filter(|column| *column <= MAX_COLUMNS)
    })?;
    Some((row_number(row)?, column.checked_sub(1)?))
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
}
