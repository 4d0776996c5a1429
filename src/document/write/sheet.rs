//! A grid drawn on a worksheet: merged headings, widths, and numbers that a spreadsheet keeps exactly.

use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Formula, Worksheet};

use crate::form::{CellId, Kind, catalogue};

use super::WriteError;
use super::layout::{Content, Grid, Tile, is_total};

/// A spreadsheet keeps fifteen significant digits; a longer number is written as text.
const EXACT_DIGITS: usize = 15;
/// Rows above a grid: the title and the chapter's heading.
pub const TOP: usize = 2;
/// Characters in a unit of a grid's widths.
const WIDTH_UNIT: f64 = 0.85;

/// What a grid is drawn for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Styling {
    /// To be read.
    Printed,
    /// To be filled in: leaves are open, totals locked.
    FillIn,
    /// Last year's figures beside it.
    Beside,
}

/// The formats of all sheets, made once for each workbook.
pub struct Formats {
    title: Format,
    heading: Format,
    column_heading: Format,
    row_heading: Format,
    figure: Format,
}

impl Formats {
    pub fn new() -> Self {
        let base = Format::new().set_font_name("宋体").set_align(FormatAlign::VerticalCenter);
        let boxed = base.clone().set_font_size(10).set_border(FormatBorder::Thin);
        let wrapped = boxed.clone().set_text_wrap();
        Self {
            title: base.clone().set_font_size(16).set_bold().set_align(FormatAlign::Center),
            heading: base.set_font_size(12).set_bold(),
            column_heading: wrapped.clone().set_align(FormatAlign::Center),
            row_heading: wrapped.set_align(FormatAlign::Left),
            // A number that has no room gives way to a row of marks.
            figure: boxed.set_align(FormatAlign::Center).set_shrink(),
        }
    }

    /// How a figure is shown, in any of the stylings.
    pub fn figure(&self, cell: CellId, styling: Styling) -> Format {
        let format = match catalogue().cell(cell).kind {
            Kind::Count | Kind::SignedCount => self.figure.clone().set_num_format("0"),
            Kind::Money => self.figure.clone().set_num_format("General"),
        };
        match styling {
            Styling::Printed => format,
            Styling::FillIn if is_total(cell) => format.set_background_color("#EDEDED"),
            Styling::FillIn => format.set_background_color("#FFFBE6").set_unlocked(),
            Styling::Beside => format.set_font_color("#7F7F7F").set_background_color("#F7F7F7"),
        }
    }
}

/// What is written for a figure.
pub struct Drawn {
    pub value: Value,
    pub format: Format,
}

pub enum Value {
    /// A figure as it is printed; nothing for blank.
    Printed(String),
    /// A formula, and the number that it gives.
    Formula { formula: String, result: String },
}

/// Writes the title and the chapter's heading over the first `columns` columns, and sets the sheet up for print.
pub fn head(
    sheet: &mut Worksheet,
    formats: &Formats,
    title: &str,
    heading: &str,
    columns: usize,
) -> Result<(), WriteError> {
    let last = column(columns.saturating_sub(1))?;
    sheet.merge_range(0, 0, 0, last, title, &formats.title).map_err(WriteError::new)?;
    sheet.set_row_height(0, 30).map_err(WriteError::new)?;
    sheet.write_with_format(1, 0, heading, &formats.heading).map_err(WriteError::new)?;
    // A4, each table on one page.
    sheet.set_paper_size(9).set_print_fit_to_pages(1, 1).set_landscape();
    Ok(())
}

/// Draws a grid below the head with its left edge at column `left`.
pub fn draw(
    sheet: &mut Worksheet,
    formats: &Formats,
    grid: &Grid,
    left: usize,
    figure: &dyn Fn(CellId) -> Drawn,
) -> Result<(), WriteError> {
    for (at, width) in grid.widths.iter().enumerate() {
        let width = f64::from(u32::try_from(*width).unwrap_or_default()) * WIDTH_UNIT;
        sheet.set_column_width(column(left + at)?, width).map_err(WriteError::new)?;
    }
    for at in 0..grid.rows {
        sheet.set_row_height(row(TOP + at)?, row_height(grid, at)).map_err(WriteError::new)?;
    }
    for tile in &grid.tiles {
        draw_tile(sheet, formats, tile, left, figure)?;
    }
    Ok(())
}

/// Points that a row needs: a spreadsheet does not do it for merged cells.
fn row_height(grid: &Grid, at: usize) -> f64 {
    let lines = |tile: &Tile| {
        let width: usize = grid.widths.iter().skip(tile.column).take(tile.columns).sum();
        // A Chinese character is two wide.
        let text = tile.content.heading().unwrap_or_default().chars().count() * 20;
        text.div_ceil((width * 11).max(1)).div_ceil(tile.rows).max(1)
    };
    let lines = grid.row(at).map(lines).max().unwrap_or(1);
    5.0 + 13.0 * f64::from(u32::try_from(lines).unwrap_or(1))
}

fn draw_tile(
    sheet: &mut Worksheet,
    formats: &Formats,
    tile: &Tile,
    left: usize,
    figure: &dyn Fn(CellId) -> Drawn,
) -> Result<(), WriteError> {
    let (first_row, first_column) = place(tile, left)?;
    let (last_row, last_column) =
        (row(TOP + tile.row + tile.rows - 1)?, column(left + tile.column + tile.columns - 1)?);
    let drawn = match &tile.content {
        Content::Figure(cell) => figure(*cell),
        Content::RowHeading(text) => Drawn { value: Value::Printed(text.clone()), format: formats.row_heading.clone() },
        Content::ColumnHeading(text) | Content::Band(text) => {
            Drawn { value: Value::Printed(text.clone()), format: formats.column_heading.clone() }
        }
    };
    let format = &drawn.format;
    if tile.rows > 1 || tile.columns > 1 {
        sheet.merge_range(first_row, first_column, last_row, last_column, "", format).map_err(WriteError::new)?;
    }
    match drawn.value {
        Value::Printed(text) if text.is_empty() => sheet.write_blank(first_row, first_column, format),
        Value::Printed(text) => match exact_number(&text) {
            Some(number) if matches!(tile.content, Content::Figure(_)) => {
                sheet.write_number_with_format(first_row, first_column, number, format)
            }
            _ => sheet.write_string_with_format(first_row, first_column, text, format),
        },
        Value::Formula { formula, result } => {
            let formula = Formula::new(formula).set_result(result);
            sheet.write_formula_with_format(first_row, first_column, formula, format)
        }
    }
    .map_err(WriteError::new)?;
    Ok(())
}

/// The number that a spreadsheet keeps exactly as it is printed; none for other text and for longer numbers.
pub fn exact_number(text: &str) -> Option<f64> {
    let digits = text.chars().filter(char::is_ascii_digit).collect::<String>();
    let is_number = text.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '-');
    let is_exact = digits.trim_start_matches('0').len() <= EXACT_DIGITS;
    text.parse().ok().filter(|_| is_number && is_exact)
}

/// The worksheet row and column of a tile's first cell.
pub fn place(tile: &Tile, left: usize) -> Result<(u32, u16), WriteError> {
    Ok((row(TOP + tile.row)?, column(left + tile.column)?))
}

/// A row's number as a worksheet counts it, from 0.
pub fn row(at: usize) -> Result<u32, WriteError> {
    u32::try_from(at).map_err(WriteError::new)
}

/// A column's number as a worksheet counts it, from 0.
pub fn column(at: usize) -> Result<u16, WriteError> {
    u16::try_from(at).map_err(WriteError::new)
}
