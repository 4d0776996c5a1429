//! Draws the workbook: open cells for figures, locked totals with formulas, last year's figures beside.

use rust_xlsxwriter::utility::{cell_range, row_col_to_cell};
use rust_xlsxwriter::{DataValidation, Format, FormatAlign, Formula, Workbook, Worksheet};

use crate::document::write::layout::{Grid, Tile, addends, grids, is_total};
use crate::document::write::sheet::{self, Drawn, Formats, Styling, Value, place};
use crate::document::write::xlsx::{new_workbook, sheet_name};
use crate::document::write::{Document, Figure, WriteError, document::chapter_heading};
use crate::form::{CellId, Kind, catalogue};
use crate::report::{Cell, Figures, VALUE_LIMIT, format_number};

use super::{GUIDE_SHEET, MARKER, METADATA, METADATA_SHEET, Template};

/// What to know before filling in, Chinese and English.
const GUIDE: &[(&str, &str)] = &[
    (
        "请只填写浅黄色单元格；灰色“总计”由公式计算，已锁定。",
        "Fill in the pale yellow cells only; the grey totals are computed and locked.",
    ),
    (
        "没有发生的填0，不适用的填“不适用”；不得留空，留空的须填写核实说明。",
        "Nothing happened: 0. Does not apply: 不适用. An empty cell is blank, which raises a warning.",
    ),
    (
        "件数为非负整数；金额以万元为单位，最多六位小数。",
        "Counts are whole numbers from 0; amounts are in 10,000 yuan with at most six decimals.",
    ),
    ("右侧浅灰色为上年数字，仅供对照。", "The pale grey figures to the right are last year's, for comparison."),
    (
        "填好后请在系统“填报”页导入本文件，或用 huizong submit 报送；有问题的，系统另存一份标注问题的工作簿。",
        "When filled in, open it on the page “Fill in”, or run huizong submit THIS.xlsx; problems come back marked in a copy.",
    ),
];

/// Where figures stand in the workbook, and what is drawn there.
pub(super) struct FillIn<'a> {
    pub template: &'a Template,
    /// As they were typed in, for cells that are not as `figures` say.
    pub raw: &'a [(CellId, String)],
    pub figures: &'a Figures,
    /// The colour of a marked cell, of this year or of last year's figures beside.
    pub colour: &'a dyn Fn(CellId, bool) -> Option<&'static str>,
}

/// The empty workbook.
///
/// # Errors
/// [`WriteError`].
pub fn write_template(template: &Template) -> Result<Vec<u8>, WriteError> {
    let figures = Figures::blank(template.edition);
    let fill_in = FillIn { template, raw: &[], figures: &figures, colour: &|_, _| None };
    let mut workbook = fill_in.workbook()?;
    workbook.save_to_buffer().map_err(WriteError::new)
}

/// The column at which last year's figures begin.
pub(super) fn beside(grid: &Grid) -> usize {
    grid.columns() + 1
}

/// The grids of a workbook: what is prescribed, whatever is filled in.
pub(super) fn template_grids(template: &Template) -> Vec<(String, Grid)> {
    let grids = grids(template.edition, |_| false);
    let named = |grid: Grid| (sheet_name(&chapter_heading(grid.table.chapter, &grid.table.title)), grid);
    grids.into_iter().map(named).collect()
}

impl FillIn<'_> {
    pub fn workbook(&self) -> Result<Workbook, WriteError> {
        let template = self.template;
        let title =
            Document::new(template.agency_name.clone(), template.year, template.edition, |_| Figure::Blank).title();
        let mut workbook = new_workbook(&title)?;
        let formats = Formats::new();
        self.guide(workbook.add_worksheet(), &title).map_err(WriteError::new)?;
        for (name, grid) in template_grids(template) {
            let sheet = workbook.add_worksheet();
            sheet.set_name(&name).map_err(WriteError::new)?;
            self.table(sheet, &formats, &title, &name, &grid)?;
        }
        self.metadata(workbook.add_worksheet()).map_err(WriteError::new)?;
        Ok(workbook)
    }

    fn table(
        &self,
        sheet: &mut Worksheet,
        formats: &Formats,
        title: &str,
        heading: &str,
        grid: &Grid,
    ) -> Result<(), WriteError> {
        sheet::head(sheet, formats, title, heading, grid.columns())?;
        let colour = |format: Format, cell, previous| match (self.colour)(cell, previous) {
            Some(colour) => format.set_background_color(colour),
            None => format,
        };
        let totals = Totals::new(grid, self.figures)?;
        sheet::draw(sheet, formats, grid, 0, &|cell| Drawn {
            value: self.value(cell, &totals),
            format: colour(formats.figure(cell, Styling::FillIn), cell, false),
        })?;
        for (tile, cell) in grid.figures().filter(|(_, cell)| !is_total(*cell)) {
            validate(sheet, tile, cell)?;
        }
        if let (Some(previous), Some(year)) = (&self.template.previous, self.template.year.previous()) {
            let heading = format!("{year}年度（上年）数字，仅供对照 last year's figures, for comparison");
            sheet.write(1, sheet::column(beside(grid))?, heading).map_err(WriteError::new)?;
            sheet::draw(sheet, formats, grid, beside(grid), &|cell| Drawn {
                value: Value::Printed(printed(cell, previous.get(cell))),
                format: colour(formats.figure(cell, Styling::Beside), cell, true),
            })?;
        }
        sheet.protect();
        Ok(())
    }

    /// A total is its formula, unless something else stands there.
    fn value(&self, cell: CellId, totals: &Totals) -> Value {
        let raw = self.raw.iter().find(|(of, _)| *of == cell).map(|(_, raw)| raw.clone());
        let value = raw.unwrap_or_else(|| printed(cell, self.figures.get(cell)));
        match totals.formula(cell) {
            Some((formula, result)) if value.is_empty() || value == result => Value::Formula { formula, result },
            _ => Value::Printed(value),
        }
    }

    fn guide(&self, sheet: &mut Worksheet, title: &str) -> Result<(), rust_xlsxwriter::XlsxError> {
        let wrapped = Format::new().set_text_wrap().set_align(FormatAlign::Top);
        sheet.set_name(GUIDE_SHEET)?.set_column_width(0, 100)?;
        sheet.write_with_format(0, 0, title, &Format::new().set_bold().set_font_size(16))?;
        sheet.write(1, 0, format!("机构 agency：{}  {}", self.template.agency_name, self.template.agency))?;
        let edition = self.template.edition;
        let edition = format!("格式 edition：{}（{}） {}", edition.title.zh, edition.notice, edition.title.en);
        sheet.write(2, 0, edition)?;
        for (row, (zh, en)) in (4..).zip(GUIDE) {
            sheet.set_row_height(row, 34)?.write_with_format(row, 0, format!("{zh}\n{en}"), &wrapped)?;
        }
        if self.template.previous.is_none() {
            let row = 4 + u32::try_from(GUIDE.len()).unwrap_or_default();
            sheet.write(row, 0, "没有上年数字可供对照。 Last year's figures are not at hand.")?;
        }
        sheet.protect();
        Ok(())
    }

    fn metadata(&self, sheet: &mut Worksheet) -> Result<(), rust_xlsxwriter::XlsxError> {
        let Template { agency, agency_name, year, edition, previous } = self.template;
        let previous = previous.as_ref().and_then(|_| year.previous()).map(|year| year.to_string());
        let values = [
            MARKER.to_owned(),
            agency.to_string(),
            agency_name.clone(),
            year.to_string(),
            edition.id.to_owned(),
            previous.unwrap_or_default(),
        ];
        sheet.set_name(METADATA_SHEET)?.set_column_width(0, 16)?.set_column_width(1, 40)?;
        for (row, (name, value)) in (0..).zip(METADATA.iter().zip(values)) {
            sheet.write(row, 0, *name)?.write(row, 1, value)?;
        }
        sheet.protect();
        Ok(())
    }
}

/// A figure as it is printed in a workbook.
pub(super) fn printed(cell: CellId, value: Cell) -> String {
    match value {
        Cell::Blank => String::new(),
        Cell::NotApplicable => crate::document::write::NOT_APPLICABLE.to_owned(),
        Cell::Unread => crate::document::write::UNREAD.to_owned(),
        Cell::Number(number) => format_number(catalogue().cell(cell).kind, number.into()),
    }
}

/// The formulas of a grid's totals, and what they give for the figures.
pub(super) struct Totals {
    formulas: Vec<(CellId, String, String)>,
}

impl Totals {
    pub fn new(grid: &Grid, figures: &Figures) -> Result<Self, WriteError> {
        let mut leaves = figures.clone();
        for (_, cell) in grid.figures().filter(|(_, cell)| is_total(*cell)) {
            leaves.set(cell, Cell::Blank);
        }
        let completed = leaves.complete();
        let mut formulas = Vec::new();
        for (_, cell) in grid.figures().filter(|(_, cell)| is_total(*cell)) {
            let of = addends(grid, cell);
            let mut places = Vec::new();
            for (tile, _) in grid.figures().filter(|(_, cell)| of.contains(cell)) {
                places.push(place(tile, 0)?);
            }
            let result = format_number(catalogue().cell(cell).kind, completed.value(cell));
            formulas.push((cell, format!("=SUM({})", reference(&places)), result));
        }
        Ok(Self { formulas })
    }

    pub fn formula(&self, cell: CellId) -> Option<(String, String)> {
        let found = self.formulas.iter().find(|(of, ..)| *of == cell);
        found.map(|(_, formula, result)| (formula.clone(), result.clone()))
    }
}

/// A range where the places fill one, else each by itself.
fn reference(places: &[(u32, u16)]) -> String {
    let rows = || places.iter().map(|place| place.0);
    let columns = || places.iter().map(|place| place.1);
    if let (Some(top), Some(bottom), Some(left), Some(right)) =
        (rows().min(), rows().max(), columns().min(), columns().max())
    {
        let area = u64::from(bottom - top + 1) * u64::from(right - left + 1);
        if u64::try_from(places.len()) == Ok(area) {
            return cell_range(top, left, bottom, right);
        }
    }
    places.iter().map(|(row, column)| row_col_to_cell(*row, *column)).collect::<Vec<_>>().join(",")
}

/// Keeps out what is no figure of the cell's kind; 不适用 may be typed in.
fn validate(sheet: &mut Worksheet, tile: &Tile, cell: CellId) -> Result<(), WriteError> {
    let (row, column) = place(tile, 0)?;
    let at = row_col_to_cell(row, column);
    let (condition, hint) = match catalogue().cell(cell).kind {
        Kind::Count => (format!("{at}>=0,{at}=INT({at})"), "非负整数，或“不适用” a whole number from 0, or 不适用"),
        Kind::SignedCount => {
            (format!("{at}=INT({at})"), "整数（减少填负数），或“不适用” a whole number, may be negative, or 不适用")
        }
        Kind::Money => (
            format!("{at}>=0,ROUND({at},6)={at}"),
            "以万元为单位的金额，最多六位小数，或“不适用” an amount in 10,000 yuan, at most six decimals, or 不适用",
        ),
    };
    let formula = format!("=OR({at}=\"不适用\",IF(ISNUMBER({at}),AND({condition},{at}<={VALUE_LIMIT}),FALSE))");
    let validation = DataValidation::new().allow_custom(Formula::new(formula));
    let validation = validation.set_error_title("数字不合规 not valid").map_err(WriteError::new)?;
    let validation = validation.set_error_message(hint).map_err(WriteError::new)?;
    sheet.add_data_validation(row, column, row, column, &validation).map_err(WriteError::new)?;
    Ok(())
}
