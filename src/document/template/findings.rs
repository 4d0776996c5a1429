//! The sheet of all findings, with a column in which reasons for warnings are filled in.

use rust_xlsxwriter::utility::row_col_to_cell;
use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Workbook};

use crate::document::write::WriteError;
use crate::document::write::sheet::{self, place};
use crate::form::catalogue;
use crate::report::{Period, Severity};

use super::fill_in::{beside, template_grids};
use super::{FINDINGS_SHEET, Mark, Returned};

/// Headings and widths of the columns.
const COLUMNS: [(&str, u16); 11] = [
    ("规则 rule", 18),
    ("级别 severity", 14),
    ("位置 place", 22),
    ("单元格 cell", 30),
    ("标签 label", 40),
    ("左边 left", 30),
    ("右边 right", 20),
    ("差 difference", 12),
    ("说明 message", 60),
    ("处理 what to do", 40),
    ("核实说明（警告须填） explanation (for a warning)", 40),
];

/// Columns that are read back.
pub(super) const RULE_COLUMN: u32 = 0;
pub(super) const CELL_COLUMN: u32 = 3;
pub(super) const REASON_COLUMN: u32 = 10;
pub(super) const FIRST_ROW: u32 = 1;

pub(super) fn write(workbook: &mut Workbook, returned: &Returned, marks: &[Mark]) -> Result<(), WriteError> {
    let grids = template_grids(&returned.template);
    let boxed = Format::new().set_border(FormatBorder::Thin).set_text_wrap().set_align(FormatAlign::Top);
    let heading = boxed.clone().set_bold().set_background_color("#DDEBF7");
    let open = boxed.clone().set_unlocked().set_background_color("#FFFBE6");
    let sheet = workbook.add_worksheet();
    sheet.set_name(FINDINGS_SHEET).map_err(WriteError::new)?;
    for (column, (text, width)) in (0..).zip(COLUMNS) {
        sheet.set_column_width(column, f64::from(width)).map_err(WriteError::new)?;
        sheet.write_with_format(0, column, text, &heading).map_err(WriteError::new)?;
    }
    for (at, mark) in marks.iter().enumerate() {
        let row = FIRST_ROW + sheet::row(at)?;
        let infos: Vec<_> = mark.cells.iter().map(|(cell, _)| catalogue().cell(*cell)).collect();
        let (left, right, difference) = mark
            .sides
            .as_ref()
            .map_or(("", "", ""), |sides| (sides.left.as_str(), sides.right.as_str(), sides.difference.as_str()));
        let values = [
            mark.rule.clone(),
            mark.severity_text().to_owned(),
            places(&grids, mark)?.join("\n"),
            infos.first().map(|info| info.path.clone()).unwrap_or_default(),
            infos.iter().map(|info| info.label_zh.as_str()).collect::<Vec<_>>().join("\n"),
            left.to_owned(),
            right.to_owned(),
            difference.to_owned(),
            format!("{}\n{}", mark.message.zh, mark.message.en),
            format!("{}\n{}", mark.remedy.zh, mark.remedy.en),
        ];
        for (column, value) in (0..).zip(values) {
            sheet.write_string_with_format(row, column, value, &boxed).map_err(WriteError::new)?;
        }
        let reason = returned.answers.iter().find(|a| a.rule == mark.rule && infos.iter().any(|i| i.path == a.cell));
        let reason = reason.map(|answer| answer.reason.as_str()).unwrap_or_default();
        let format = if mark.severity == Severity::Warning { &open } else { &boxed };
        sheet.write_string_with_format(row, 10, reason, format).map_err(WriteError::new)?;
    }
    sheet.set_freeze_panes(FIRST_ROW, 0).map_err(WriteError::new)?;
    sheet.set_paper_size(9).set_landscape().set_print_fit_to_pages(1, 0).protect();
    Ok(())
}

/// `三、…!D6` for each cell of a mark that is in the workbook.
fn places(grids: &[(String, crate::document::write::layout::Grid)], mark: &Mark) -> Result<Vec<String>, WriteError> {
    let mut places = Vec::new();
    for (cell, period) in &mark.cells {
        for (name, grid) in grids {
            let left = if *period == Period::Previous { beside(grid) } else { 0 };
            for (tile, _) in grid.figures().filter(|(_, of)| of == cell) {
                let (row, column) = place(tile, left)?;
                let chapter: String = name.chars().take(1).collect();
                places.push(format!("{chapter}!{}", row_col_to_cell(row, column)));
            }
        }
    }
    Ok(places)
}
