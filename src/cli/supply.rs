//! Cells of a document that could not be read: their list, and what a person says of them.

use std::path::Path;

use clap::Args;
use jiff::Timestamp;

use crate::document::read::Reading;
use crate::form::{CellId, catalogue};
use crate::pb;
use crate::report::{Cell, parse_typed};
use crate::service::{BEIJING, DocumentReading, Meant, judge_alone};

use super::both;
use super::language::{beside, told};

#[derive(Args, Default)]
pub(crate) struct Supplied {
    /// A cell that could not be read in the document, as it is printed there: by its path a number, or `blank`; by the path
    /// of a line or table `blank` alone. May be repeated.
    #[arg(long = "set", value_name = "CELL=NUMBER", value_parser = parse_set)]
    sets: Vec<(Vec<CellId>, Cell)>,
}

fn parse_set(text: &str) -> Result<(Vec<CellId>, Cell), String> {
    let (path, typed) = text.split_once('=').ok_or_else(|| {
        told(
            "须为 单元格=数字，如 requests.received.total=12",
            "the form is CELL=NUMBER, such as requests.received.total=12",
            "\n  ",
        )
    })?;
    if let Some(cell) = catalogue().cell_at(path) {
        let value = parse_typed(catalogue().cell(cell).kind, typed).map_err(|error| both(&error.message(typed)))?;
        if value == Cell::Blank && typed.trim().is_empty() {
            return Err(told(
                &format!("{path}：没有给出数字；原文空白的写 {path}=blank"),
                &format!("{path}: no number; where the document is blank, write {path}=blank"),
                "\n  ",
            ));
        }
        return Ok((vec![cell], value));
    }
    let within = |cell: &str| cell.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
    let cells: Vec<_> = catalogue().cells.iter().filter(|info| within(&info.path)).map(|info| info.id).collect();
    match (cells.is_empty(), typed) {
        (true, _) => Err(told(&format!("没有单元格 {path}"), &format!("there is no cell {path}"), "\n  ")),
        (false, "blank" | "空白") => Ok((cells, Cell::Blank)),
        (false, _) => Err(told(
            &format!("{path} 是多个单元格，只能写 {path}=blank"),
            &format!("{path} is several cells, which can only be blank together"),
            "\n  ",
        )),
    }
}

impl Supplied {
    pub(crate) fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// Cell by cell; of a line or table, those of `is_wanted`.
    pub(crate) fn cells(&self, is_wanted: impl Fn(CellId) -> bool) -> Vec<(CellId, Cell)> {
        let wanted = |cells: &[CellId]| {
            let single = cells.len() == 1;
            cells.iter().copied().filter(|cell| single || is_wanted(*cell)).collect::<Vec<_>>()
        };
        self.sets.iter().flat_map(|(cells, value)| wanted(cells).into_iter().map(move |cell| (cell, *value))).collect()
    }
}

/// Judges what was read from a file, without a service, together with what is supplied; why not, with its place.
pub(crate) fn judge_file(
    file: &Path,
    reading: Reading,
    meant: &Meant,
    supplied: &Supplied,
) -> Result<DocumentReading, String> {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let today = BEIJING.to_datetime(Timestamp::now()).date();
    let cells = supplied.cells(|cell| reading.figures.get(cell) == Cell::Unread);
    judge_alone(reading, &name, &Meant { supplied: cells, ..meant.clone() }, today)
        .map_err(|message| format!("{}\n{}", file.display(), both(&message)))
}

/// The unread cells of a form, line by line: each line, or cell of one that is partly read, with its words.
pub(crate) fn unread_lines(form: &pb::Form) -> Vec<(String, String, String)> {
    let unread: Vec<CellId> = form.unread.iter().filter_map(|path| catalogue().cell_at(path)).collect();
    let mut listed: Vec<(String, String, String)> = Vec::new();
    let mut whole = None;
    for cell in &unread {
        let info = catalogue().cell(*cell);
        let line = catalogue().line(info.line);
        if whole == Some(info.line) {
            continue;
        }
        let count = line.cells().len();
        if count > 1 && line.cells().all(|cell| unread.contains(&cell)) {
            whole = Some(info.line);
            let (zh, en) = (format!("{}（{count}格）", line.label_zh), format!("{} ({count} cells)", line.label_en));
            listed.push((line.path.clone(), zh, en));
        } else {
            listed.push((info.path.clone(), info.label_zh.clone(), info.label_en.clone()));
        }
    }
    listed
}

/// What was not judged, in words; nothing where all was read.
pub(crate) fn unread_text(form: &pb::Form) -> String {
    let count = form.unread.len();
    if count == 0 {
        return String::new();
    }
    let zh = format!("未审核：有{count}个单元格未读取，涉及它们的勾稽关系均未审核");
    let en = format!("not judged: {count} cells were not read, and nothing is judged by them");
    let mut text = format!("  ? {}\n", told(&zh, &en, "\n    "));
    for (path, zh, en) in unread_lines(form) {
        text.push_str(&format!("      {path}  {}\n", beside(zh, en)));
    }
    text
}

/// What to do about unread cells.
pub(crate) fn unread_remedy() -> String {
    let remedy = told(
        "请对照原文补填：--set 单元格=数字（原文空白的 =blank），或用 huizong template 单位 --year 年度 --from 文件 --output 工作簿.xlsx 得到标出这些单元格的工作簿，补填后提交",
        "fill them in from the document: --set CELL=NUMBER (=blank where it is blank), or in the workbook that huizong template AGENCY --year Y --from DOCUMENT --output WORKBOOK.xlsx makes of it",
        "\n    ",
    );
    format!("  → {remedy}\n")
}
