//! Reads a filled workbook by its own layout, which is known from the form. Other spreadsheets are not read here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::document::read::inscription::{Look, Settled};
use crate::document::read::xlsx::Book;
use crate::document::read::{Limits, ReadError};
use crate::document::write::UNREAD;
use crate::document::write::layout::{Grid, is_total};
use crate::document::write::sheet::place;
use crate::form::{CellId, catalogue, edition};
use crate::report::{Answer, Cell, Figures, Message, Narrative, parse_typed};

use super::fill_in::{Totals, beside, template_grids};
use super::findings::{CELL_COLUMN, FIRST_ROW, REASON_COLUMN, RULE_COLUMN};
use super::{FINDINGS_SHEET, MARKER, METADATA, METADATA_SHEET, TEXTS_SHEET, Template, texts};

/// Largest workbook that is read.
const MAX_BYTES: usize = 8 * 1024 * 1024;
/// Bytes that its parts may unpack to, all together.
const MAX_UNPACKED_BYTES: u64 = 64 * 1024 * 1024;
/// Cells that are read, of all sheets.
const MAX_CELLS: usize = 60_000;
/// Lines of chapters of text that are read.
const MAX_TEXT_ROWS: usize = 10_000;
/// Findings that reasons are read for.
const MAX_FINDINGS: u32 = 1_000;

/// A cell whose content is no figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The cell of the form.
    pub cell: CellId,
    /// As it was typed in.
    pub raw: String,
    /// What is wrong with it.
    pub message: Message,
    /// What to do about it.
    pub remedy: Message,
}

/// What was found in a cell of the form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filled {
    pub cell: CellId,
    /// As it stands there; empty for blank.
    pub raw: String,
    /// Number of the sheet, row and column, each from 1.
    pub sheet: usize,
    pub row: usize,
    pub column: usize,
}

/// A workbook that came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Returned {
    /// As the workbook says of itself.
    pub template: Template,
    /// Cells with faults are unread.
    pub figures: Figures,
    /// Cells of the form with something else than a figure.
    pub faults: Vec<Fault>,
    /// What stands beside a figure and was left out of it.
    pub remarks: Vec<Fault>,
    /// Every cell of the form, as it was found.
    pub filled: Vec<Filled>,
    /// Reasons filled in on the sheet of findings.
    pub answers: Vec<Answer>,
    /// The chapters of text, where the workbook was made of a document that has them.
    pub narrative: Option<Narrative>,
}

/// Why a workbook cannot be read as a filled template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Something of ours is missing in it; says what.
    #[error("no workbook made by `huizong template`: {0}")]
    NotATemplate(String),
    /// The file, or what it unpacks to, is too large.
    #[error("the workbook is larger than {MAX_BYTES} bytes, or than {MAX_UNPACKED_BYTES} unpacked")]
    TooLarge,
    /// Name of a sheet that was in it when it was given out.
    #[error("the sheet {0} is missing")]
    SheetMissing(String),
}

impl TemplateError {
    /// The error in both languages, with what to do.
    pub fn message(&self) -> Message {
        let zh = match self {
            Self::NotATemplate(what) => format!("不是由 huizong template 生成的工作簿（{what}）；请重新生成模板填报"),
            Self::TooLarge => format!("工作簿超过{MAX_BYTES}字节，或解压后超过{MAX_UNPACKED_BYTES}字节"),
            Self::SheetMissing(name) => format!("缺少工作表“{name}”；请重新生成模板填报"),
        };
        Message::new(zh, self.to_string())
    }
}

/// The cells of a sheet that are there, by row and column from 0, in rows and columns that are hidden too: where a
/// figure stands is known.
struct Sheet(BTreeMap<(usize, usize), Settled>);

impl Sheet {
    /// None where the book has no such sheet, or one with more cells than a workbook of ours could have.
    fn read(book: &mut Book<'_>, name: &str) -> Result<Option<Self>, TemplateError> {
        let Some(number) = book.sheets.iter().position(|sheet| sheet.name == name) else { return Ok(None) };
        match book.sheet(number) {
            Ok(sheet) => Ok(sheet.map(|sheet| Self(sheet.cells))),
            Err(ReadError::TooLargeInside { .. }) => Err(TemplateError::TooLarge),
            Err(_) => Ok(None),
        }
    }

    fn cell(&self, row: u32, column: u32) -> Option<&Settled> {
        self.0.get(&(usize::try_from(row).ok()?, usize::try_from(column).ok()?))
    }
}

fn open(bytes: &[u8]) -> Result<Book<'_>, TemplateError> {
    if bytes.len() > MAX_BYTES {
        return Err(TemplateError::TooLarge);
    }
    let limits = Limits { max_cells: MAX_CELLS, max_unpacked_bytes: MAX_UNPACKED_BYTES, ..Limits::default() };
    Book::open(bytes, &limits).map_err(|error| match error {
        ReadError::TooLargeInside { .. } => TemplateError::TooLarge,
        error => TemplateError::NotATemplate(error.to_string()),
    })
}

/// Whether the bytes are a workbook made by [`super::write_template`].
pub fn is_template(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK") && open(bytes).is_ok_and(|mut book| metadata(&mut book).is_ok())
}

/// What is typed into a cell: of a number that its format rounds or scales the number itself.
fn text(sheet: &Sheet, row: u32, column: u32) -> String {
    let Some(cell) = sheet.cell(row, column) else { return String::new() };
    let kept = cell.asides.iter().find(|aside| aside.look == Look::Kept);
    kept.map_or(&cell.text, |aside| &aside.text).clone()
}

/// What stands in a cell and is no part of its number.
enum Beside {
    /// The number is certain.
    Remark(Message),
    /// Which of it is the number is not.
    Doubt(Message),
}

fn beside_number(sheet: &Sheet, row: u32, column: u32) -> Option<Beside> {
    let cell = sheet.cell(row, column)?;
    // A total whose formula was not computed is computed here.
    let asides = cell.asides.iter().filter(|aside| aside.look != Look::Formula && aside.is_worth_a_note());
    let zh: Vec<_> = asides.clone().map(|aside| format!("{}文字“{}”", aside.look.words().0, aside.text)).collect();
    let en: Vec<_> = asides.clone().map(|aside| format!("{} {:?}", aside.look.words().1, aside.text)).collect();
    if zh.is_empty() {
        return None;
    }
    let (shown, zh, en) = (&cell.text, zh.join("、"), en.join(", "));
    Some(if cell.is_doubtful || asides.clone().any(|aside| aside.look == Look::Kept) {
        Beside::Doubt(Message::new(
            format!("单元格显示“{shown}”，另有{zh}，不能确定哪个是要填报的数字"),
            format!("the cell shows {shown:?} and {en}: which is the figure cannot be told"),
        ))
    } else {
        Beside::Remark(Message::new(
            format!("“{shown}”旁另有{zh}，只读取了“{shown}”"),
            format!("{shown:?} has {en} beside it; only {shown:?} is read"),
        ))
    })
}

/// The values of the metadata sheet, in the order of [`METADATA`].
fn metadata(book: &mut Book<'_>) -> Result<[String; METADATA.len()], TemplateError> {
    let missing = || TemplateError::NotATemplate(format!("no sheet {METADATA_SHEET}"));
    let range = Sheet::read(book, METADATA_SHEET)?.ok_or_else(missing)?;
    let mut values = METADATA.map(str::to_owned);
    for (row, value) in (0..).zip(&mut values) {
        if text(&range, row, 0) != *value {
            return Err(TemplateError::NotATemplate(format!("{value}?")));
        }
        *value = text(&range, row, 1);
    }
    if values.first().is_some_and(|format| format == MARKER) {
        return Ok(values);
    }
    Err(TemplateError::NotATemplate(format!("format {:?}", values.first())))
}

/// Reads a filled workbook.
///
/// # Errors
/// [`TemplateError`] where it is none; cells that hold no figure are [`Fault`]s instead.
pub fn read_template(bytes: &[u8]) -> Result<Returned, TemplateError> {
    let mut book = open(bytes)?;
    let [_, agency, agency_name, year, edition_id, previous_year] = metadata(&mut book)?;
    let unknown = |value: &str| TemplateError::NotATemplate(value.to_owned());
    let edition = edition(&edition_id).ok_or_else(|| unknown(&edition_id))?;
    let template = Template {
        agency: agency.parse().map_err(|_| unknown(&agency))?,
        agency_name,
        year: year.parse().map_err(|_| unknown(&year))?,
        edition,
        previous: None,
    };
    let mut returned = Returned {
        figures: Figures::blank(edition),
        faults: Vec::new(),
        remarks: Vec::new(),
        filled: Vec::new(),
        answers: Vec::new(),
        narrative: None,
        template,
    };
    let mut previous = Figures::blank(edition);
    for (name, grid) in template_grids(&returned.template) {
        let sheet = book.sheets.iter().position(|known| known.name == name).map_or(0, |at| at + 1);
        let range = Sheet::read(&mut book, &name)?.ok_or(TemplateError::SheetMissing(name))?;
        read_table(&range, &grid, sheet, &mut returned)?;
        for (tile, cell) in grid.figures() {
            let (row, column) = place(tile, beside(&grid)).map_err(|error| unknown(&error.to_string()))?;
            // Only for comparison: what is no figure there is left out.
            if let Ok(value) = figure(cell, &text(&range, row, column.into())) {
                previous.set(cell, value);
            }
        }
    }
    returned.template.previous = (!previous_year.is_empty()).then_some(previous);
    if let Some(range) = Sheet::read(&mut book, FINDINGS_SHEET)? {
        returned.answers = answers(&range);
    }
    if let Some(range) = Sheet::read(&mut book, TEXTS_SHEET)? {
        let rows = range.0.keys().map(|(row, _)| row + 1).max().unwrap_or(0).min(MAX_TEXT_ROWS);
        let rows = u32::try_from(rows).unwrap_or(0);
        returned.narrative = texts::read(rows, |row, column| text(&range, row, column));
    }
    Ok(returned)
}

fn read_table(range: &Sheet, grid: &Grid, sheet: usize, returned: &mut Returned) -> Result<(), TemplateError> {
    let mut uncomputed = Vec::new();
    for (tile, cell) in grid.figures() {
        let (row, column) = place(tile, 0).map_err(|error| TemplateError::NotATemplate(error.to_string()))?;
        let raw = text(range, row, column.into());
        returned.filled.push(Filled {
            cell,
            raw: raw.clone(),
            sheet,
            row: usize::try_from(row).unwrap_or(usize::MAX).saturating_add(1),
            column: usize::from(column) + 1,
        });
        let typed = match beside_number(range, row, column.into()) {
            Some(Beside::Doubt(message)) => figure(cell, &raw).and(Err(message)),
            Some(Beside::Remark(message)) => {
                returned.remarks.push(fault(cell, raw.clone(), message));
                figure(cell, &raw)
            }
            None => figure(cell, &raw),
        };
        match typed {
            Ok(value) => {
                returned.figures.set(cell, value);
                if value == Cell::Blank && is_total(cell) {
                    uncomputed.push(cell);
                }
            }
            Err(message) => {
                returned.figures.set(cell, Cell::Unread);
                returned.faults.push(fault(cell, raw, message));
            }
        }
    }
    // A program that does not compute formulas leaves them without a result; the formula is our own.
    let totals = Totals::new(grid, &returned.figures);
    let totals = totals.map_err(|error| TemplateError::NotATemplate(error.to_string()))?;
    let is_empty = grid.figures().all(|(_, cell)| returned.figures.get(cell) == Cell::Blank);
    let completed = returned.figures.complete();
    for cell in uncomputed.into_iter().filter(|cell| !is_empty && !completed.is_unknown(*cell)) {
        if let Some(Ok(value)) = totals.formula(cell).map(|(_, result)| figure(cell, &result)) {
            returned.figures.set(cell, value);
        }
    }
    Ok(())
}

fn figure(cell: CellId, raw: &str) -> Result<Cell, Message> {
    if raw == UNREAD {
        return Err(Message::new("未能从文件中读取", "was not read in the document"));
    }
    parse_typed(catalogue().cell(cell).kind, raw).map_err(|error| error.message(raw))
}

pub(super) fn fault(cell: CellId, raw: String, message: Message) -> Fault {
    let info = catalogue().cell(cell);
    let message =
        Message::new(format!("{}：{}", info.label_zh, message.zh), format!("{}: {}", info.label_en, message.en));
    let remedy = Message::new(
        "请填数字；没有填0，不适用填“不适用”，原文空白的清空单元格，说明文字请写入报告正文",
        "fill in a number; 0 where there is none, 不适用 where it does not apply, nothing where the document is blank; remarks belong in the text of the report",
    );
    Fault { cell, raw, message, remedy }
}

fn answers(range: &Sheet) -> Vec<Answer> {
    let rows = FIRST_ROW..FIRST_ROW + MAX_FINDINGS;
    let answer = |row| Answer {
        rule: text(range, row, RULE_COLUMN),
        cell: text(range, row, CELL_COLUMN),
        reason: text(range, row, REASON_COLUMN),
    };
    rows.map(answer).take_while(|answer| !answer.rule.is_empty()).filter(|answer| !answer.reason.is_empty()).collect()
}
