//! The filled workbook again, with the cells of each finding coloured and its words in a note on them.

use std::collections::BTreeMap;

use rust_xlsxwriter::{Note, Workbook};

use crate::document::write::layout::Grid;
use crate::document::write::sheet::place;
use crate::document::write::{UNREAD, WriteError};
use crate::form::{CellId, catalogue};
use crate::report::{Answer, Figures, Finding, Message, Narrative, Period, Severity, Term, format_number};

use super::fill_in::{FillIn, beside, template_grids};
use super::returned::fault;
use super::{Fault, Returned, Template, findings, texts};

const ERROR_COLOUR: &str = "#FFC7CE";
const WARNING_COLOUR: &str = "#FFD966";
/// A note that a screen can hold, in pixels.
const NOTE_SIZE: (u32, u32) = (420, 220);

/// The two sides of an equation that does not hold, as they are printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sides {
    pub left: String,
    pub right: String,
    pub difference: String,
}

/// Something to be put right or explained, and the cells that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Rule id, or what the workbook's reader calls it.
    pub rule: String,
    /// Whether it has to be put right or explained.
    pub severity: Severity,
    /// Each with the year that it is of.
    pub cells: Vec<(CellId, Period)>,
    /// Both sides, where the rule is an equation.
    pub sides: Option<Sides>,
    /// What is wrong.
    pub message: Message,
    /// What to do about it.
    pub remedy: Message,
}

impl From<&Finding> for Mark {
    fn from(finding: &Finding) -> Self {
        let terms = finding.left.iter().chain(&finding.right);
        let kind = finding.cells().next().map(|cell| catalogue().cell(cell).kind);
        let sides = finding.difference.zip(kind).map(|(difference, kind)| Sides {
            left: side(&finding.left),
            right: side(&finding.right),
            difference: format_number(kind, difference),
        });
        Self {
            rule: finding.rule.clone(),
            severity: finding.severity,
            cells: terms.map(|term| (term.cell, term.period)).collect(),
            sides,
            message: finding.message.clone(),
            remedy: finding.remedy.clone(),
        }
    }
}

impl From<&Fault> for Mark {
    fn from(fault: &Fault) -> Self {
        Self {
            rule: "CELL-UNREAD".to_owned(),
            severity: Severity::Error,
            cells: vec![(fault.cell, Period::Current)],
            sides: None,
            message: fault.message.clone(),
            remedy: fault.remedy.clone(),
        }
    }
}

/// `145 + 3 - 1 = 147`; a blank cell counts as 0.
fn side(terms: &[Term]) -> String {
    let Some(kind) = terms.first().map(|term| catalogue().cell(term.cell).kind) else { return "0".to_owned() };
    let (mut text, mut sum) = (String::new(), 0i128);
    for (at, term) in terms.iter().enumerate() {
        let value = i128::from(term.value.number().unwrap_or(0));
        sum += if term.negative { -value } else { value };
        text.push_str(match (at, term.negative) {
            (0, false) => "",
            (0, true) => "- ",
            (_, false) => " + ",
            (_, true) => " - ",
        });
        text.push_str(&format_number(kind, value));
    }
    if terms.len() > 1 { format!("{text} = {}", format_number(kind, sum)) } else { text }
}

impl Mark {
    /// In Chinese and English, as it stands in the note.
    pub(crate) fn severity_text(&self) -> &'static str {
        match self.severity {
            Severity::Error => "错误 error",
            Severity::Warning => "警告 warning",
        }
    }

    fn note(&self) -> String {
        let mut text = format!("{} {}\n{}\n{}\n", self.rule, self.severity_text(), self.message.zh, self.message.en);
        if let Some(Sides { left, right, difference }) = &self.sides {
            text.push_str(&format!("左边 left: {left}\n右边 right: {right}\n差 difference: {difference}\n"));
        }
        text.push_str(&format!("→ {}\n  {}", self.remedy.zh, self.remedy.en));
        text
    }
}

/// The workbook with what was read from a document in it, its chapters of text too; cells that were not read hold what
/// is printed there, as `raw` says, and are marked.
///
/// # Errors
/// [`WriteError`].
pub fn write_read_figures(
    template: Template,
    figures: Figures,
    narrative: Option<Narrative>,
    raw: impl Fn(CellId) -> Option<String>,
) -> Result<Vec<u8>, WriteError> {
    let faults = unread(&figures, raw);
    let marks: Vec<Mark> = faults.iter().map(Mark::from).collect();
    let returned =
        Returned { template, figures, faults, remarks: Vec::new(), filled: Vec::new(), answers: Vec::new(), narrative };
    write_with_marks(&returned, &marks)
}

/// The workbook with a report as it would be handed in: its figures, explanations and texts, with what the rules find in
/// them marked, and the cells that were not read.
///
/// # Errors
/// [`WriteError`].
pub fn write_judged(
    template: Template,
    figures: Figures,
    answers: Vec<Answer>,
    narrative: Option<Narrative>,
    findings: &[Finding],
) -> Result<Vec<u8>, WriteError> {
    let faults = unread(&figures, |_| None);
    let marks: Vec<Mark> = faults.iter().map(Mark::from).chain(findings.iter().map(Mark::from)).collect();
    let returned = Returned { template, figures, faults, remarks: Vec::new(), filled: Vec::new(), answers, narrative };
    write_with_marks(&returned, &marks)
}

/// A fault for each cell that was not read, with what is printed there as `raw` says.
fn unread(figures: &Figures, raw: impl Fn(CellId) -> Option<String>) -> Vec<Fault> {
    let fault_at = |cell| {
        let raw = raw(cell).filter(|raw| !raw.is_empty()).unwrap_or_else(|| UNREAD.to_owned());
        fault(cell, raw, Message::new("未能从文件中读取", "was not read in the document"))
    };
    figures.unread_cells().map(fault_at).collect()
}

/// The returned workbook with its marks, and a sheet of all of them.
///
/// # Errors
/// [`WriteError`].
pub fn write_with_marks(returned: &Returned, marks: &[Mark]) -> Result<Vec<u8>, WriteError> {
    let severity = |cell: CellId, period: Period| {
        // Errors are less than warnings.
        marks.iter().filter(|mark| mark.cells.contains(&(cell, period))).map(|mark| mark.severity).min()
    };
    let colour = |cell, previous| {
        let period = if previous { Period::Previous } else { Period::Current };
        severity(cell, period).map(|severity| match severity {
            Severity::Error => ERROR_COLOUR,
            Severity::Warning => WARNING_COLOUR,
        })
    };
    let raw: Vec<_> = returned.faults.iter().map(|fault| (fault.cell, fault.raw.clone())).collect();
    let fill_in = FillIn { template: &returned.template, raw: &raw, figures: &returned.figures, colour: &colour };
    let mut workbook = fill_in.workbook()?;
    for (name, grid) in template_grids(&returned.template) {
        notes(&mut workbook, &name, &grid, marks, returned.template.previous.is_some())?;
    }
    if let Some(narrative) = &returned.narrative {
        texts::write(&mut workbook, narrative)?;
    }
    findings::write(&mut workbook, returned, marks)?;
    workbook.save_to_buffer().map_err(WriteError::new)
}

fn notes(
    workbook: &mut Workbook,
    name: &str,
    grid: &Grid,
    marks: &[Mark],
    has_previous: bool,
) -> Result<(), WriteError> {
    let mut notes: BTreeMap<(u32, u16), String> = BTreeMap::new();
    for mark in marks {
        for (tile, cell) in grid.figures() {
            for (period, left) in [(Period::Current, 0), (Period::Previous, beside(grid))] {
                let is_drawn = period == Period::Current || has_previous;
                if is_drawn && mark.cells.contains(&(cell, period)) {
                    let text = notes.entry(place(tile, left)?).or_default();
                    if !text.is_empty() {
                        text.push_str("\n\n");
                    }
                    text.push_str(&mark.note());
                }
            }
        }
    }
    let sheet = workbook.worksheet_from_name(name).map_err(WriteError::new)?;
    for ((row, column), text) in notes {
        let (width, height) = NOTE_SIZE;
        let note =
            Note::new(text).add_author_prefix(false).set_author("汇总 Huizong").set_width(width).set_height(height);
        sheet.insert_note(row, column, &note).map_err(WriteError::new)?;
    }
    Ok(())
}
