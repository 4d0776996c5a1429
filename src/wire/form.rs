//! Figures, by the paths that the wire and the form share.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::form::{CellId, CellInfo, EDITIONS, Edition, Kind, catalogue, edition};
use crate::pb::{self, FORM_CELL_PATHS, FormCell, form_cell, set_form_cell};
use crate::report::{Cell, Figures, Message, ValueError, format_number, parse_number};
use crate::service::{Problem, Reason, Violation};

use super::cell::{cell_from_wire, cell_to_wire};

/// Prefix of the names of editions in the contract.
const EDITION_PREFIX: &str = "EDITION_";

/// The form's cell for each cell of the wire; a test holds the two lists equal.
static WIRE_CELLS: LazyLock<Vec<Option<CellId>>> =
    LazyLock::new(|| FORM_CELL_PATHS.iter().map(|path| catalogue().cell_at(path)).collect());

/// What a form on the wire holds in a cell.
pub(super) fn wire_cell(form: &pb::Form, cell: CellId) -> Option<FormCell<'_>> {
    static PLACES: LazyLock<Vec<Option<usize>>> = LazyLock::new(|| {
        let place = |cell: &CellInfo| WIRE_CELLS.iter().position(|wire| *wire == Some(cell.id));
        catalogue().cells.iter().map(place).collect()
    });
    form_cell(form, PLACES.get(cell.index()).copied().flatten()?)
}

/// The wire's number for an edition.
pub(crate) fn edition_to_wire(edition: &Edition) -> i32 {
    let name = format!("{EDITION_PREFIX}{}", edition.id.to_ascii_uppercase());
    pb::Edition::from_str_name(&name).unwrap_or_default().into()
}

/// The edition of a wire number; for unspecified, the one that `year` uses.
///
/// # Errors
/// FIELD_INVALID for a number that the contract does not have.
pub(crate) fn edition_from_wire(number: i32, year: u16, field: &str) -> Result<&'static Edition, Problem> {
    let unknown = || {
        let description = Message::new(format!("没有编号为{number}的格式"), format!("there is no edition {number}"));
        Problem::field(Reason::FieldInvalid, field, description)
    };
    let wire = pb::Edition::try_from(number).map_err(|_| unknown())?;
    if wire == pb::Edition::Unspecified {
        // A year without an edition is for the rules to refuse; any edition can carry the figures there.
        return EDITIONS.iter().find(|edition| edition.covers(year)).or(EDITIONS.first()).ok_or_else(unknown);
    }
    let id = wire.as_str_name().trim_start_matches(EDITION_PREFIX).to_ascii_lowercase();
    edition(&id).ok_or_else(unknown)
}

/// Figures of `edition` from the wire.
///
/// # Errors
/// CELL_INVALID with every cell at fault: not of the edition, no amount, or filled in, not applicable and unread at once.
pub fn figures_from_wire(form: &pb::Form, edition: &'static Edition, field: &str) -> Result<Figures, Problem> {
    let mut figures = Figures::blank(edition);
    let mut violations = Vec::new();
    let mut blame = |path: &str, zh: String, en: String| {
        violations.push(Violation { field: format!("{field}.{path}"), description: Message::new(zh, en) });
    };
    for (index, (path, id)) in FORM_CELL_PATHS.iter().zip(WIRE_CELLS.iter()).enumerate() {
        let (Some(value), Some(id)) = (form_cell(form, index), *id) else { continue };
        let number = match value {
            FormCell::Count(count) => count,
            FormCell::Amount(text) => match parse_number(Kind::Money, text) {
                Ok(number) => number,
                Err(error) => {
                    blame(path, amount_error_zh(text, error), format!("{text:?}: {error}"));
                    continue;
                }
            },
        };
        if !figures.set(id, Cell::Number(number)) {
            let (zh, en) = not_in_edition(edition);
            blame(path, zh, en);
        }
    }
    let marks = [
        ("not_applicable", &form.not_applicable, Cell::NotApplicable, "不适用", "not applicable"),
        ("unread", &form.unread, Cell::Unread, "未读取", "unread"),
    ];
    for (field, paths, mark, zh, en) in marks {
        for path in paths {
            let Some(id) = catalogue().cell_at(path) else {
                blame(field, format!("没有单元格 {path}"), format!("there is no cell {path}"));
                continue;
            };
            if figures.get(id) != Cell::Blank {
                let already = figures.get(id) == mark;
                let (zh, en) = match already {
                    true => (format!("{path} 重复"), format!("{path} is there twice")),
                    false => (
                        format!("{path} 已有数字或其他标记，又标为{zh}"),
                        format!("{path} is filled in or marked otherwise, and {en}"),
                    ),
                };
                blame(field, zh, en);
            } else if !figures.set(id, mark) {
                let (zh, en) = not_in_edition(edition);
                blame(field, format!("{path}：{zh}"), format!("{path}: {en}"));
            }
        }
    }
    if violations.is_empty() { Ok(figures) } else { Err(cells_invalid(violations)) }
}

/// Figures with other values in cells that are named by their paths.
///
/// # Errors
/// CELL_INVALID with every cell at fault: none of the form, not of the edition, there twice, or with a value that is not
/// of its kind.
pub(super) fn figures_with_cells(
    mut figures: Figures,
    cells: &[pb::FilledCell],
    field: &str,
) -> Result<Figures, Problem> {
    let mut violations = Vec::new();
    let mut named = BTreeSet::new();
    for (at, pb::FilledCell { cell: path, value }) in cells.iter().enumerate() {
        let mut blame = |zh: String, en: String| {
            let field = format!("{field}[{at}]");
            violations
                .push(Violation {
                    field, description: Message::new(format!("{path}：{zh}"), format!("{path}: {en}"))
                });
        };
        let Some(id) = catalogue().cell_at(path) else {
            blame("没有此单元格".to_owned(), "there is no such cell".to_owned());
            continue;
        };
        let kind = catalogue().cell(id).kind;
        let Some(cell) = cell_from_wire(kind, value.as_ref()) else {
            let (zh, en) = match kind {
                Kind::Money => ("须为万元金额、不适用或未读取", "takes amount_wan_yuan, not_applicable or unread"),
                Kind::Count | Kind::SignedCount => {
                    ("须为件数、不适用或未读取", "takes count, not_applicable or unread")
                }
            };
            blame(zh.to_owned(), en.to_owned());
            continue;
        };
        if !named.insert(id) {
            blame("重复".to_owned(), "is there twice".to_owned());
        } else if !figures.set(id, cell) {
            let (zh, en) = not_in_edition(figures.edition());
            blame(zh, en);
        }
    }
    if violations.is_empty() { Ok(figures) } else { Err(cells_invalid(violations)) }
}

/// What stands in the form, cell by cell in its order, without blank cells.
pub(super) fn cells_to_wire(figures: &Figures) -> Vec<pb::FilledCell> {
    let filled = |info: &CellInfo| {
        let value = cell_to_wire(info.id, figures.get(info.id))?;
        Some(pb::FilledCell { cell: info.path.clone(), value: Some(value) })
    };
    catalogue().cells.iter().filter_map(filled).collect()
}

fn cells_invalid(violations: Vec<Violation>) -> Problem {
    let count = violations.len();
    let message = Message::new(format!("{count}个单元格不合规"), format!("{count} cell(s) are not valid"));
    let remedy = Message::new("请按每格提示改正", "correct each cell as told");
    Problem::new(Reason::CellInvalid, message, remedy).with_violations(violations)
}

fn not_in_edition(edition: &Edition) -> (String, String) {
    (format!("{}没有此单元格", edition.title.zh), format!("the {} has no such cell", edition.title.en))
}

fn amount_error_zh(text: &str, error: ValueError) -> String {
    match error {
        ValueError::NotANumber | ValueError::DecimalCount => format!("“{text}”不是十进制数字"),
        ValueError::TooPrecise => format!("“{text}”超过六位小数"),
        ValueError::TooLarge => format!("“{text}”过大"),
    }
}

/// Figures on the wire.
pub fn figures_to_wire(figures: &Figures) -> pb::Form {
    let mut form = fill(|id| figures.get(id).number().map(i128::from));
    let marked = |mark: Cell| {
        let cells = catalogue().cells.iter().filter(move |cell| figures.get(cell.id) == mark);
        cells.map(|cell| cell.path.clone()).collect()
    };
    form.not_applicable = marked(Cell::NotApplicable);
    form.unread = marked(Cell::Unread);
    form
}

/// Sums on the wire; `value` gives none for cells that are not shown.
///
/// # Errors
/// SUM_TOO_LARGE where a count does not fit 64 bits.
pub(crate) fn sums_to_wire(value: impl Fn(CellId) -> Option<i128>) -> Result<pb::Form, Problem> {
    for cell in &catalogue().cells {
        if cell.kind != Kind::Money
            && let Some(sum) = value(cell.id)
            && i64::try_from(sum).is_err()
        {
            return Err(too_large(&cell.path));
        }
    }
    Ok(fill(value))
}

/// A sum that does not fit the answer.
pub(crate) fn too_large(path: &str) -> Problem {
    Problem::new(
        Reason::SumTooLarge,
        Message::new(format!("{path} 的合计超出可表示范围"), format!("the sum of {path} does not fit 64 bits")),
        Message::new("请缩小范围", "ask for a smaller scope"),
    )
}

/// Counts that do not fit 64 bits are left out; callers have checked.
pub(super) fn fill(value: impl Fn(CellId) -> Option<i128>) -> pb::Form {
    let mut form = pb::Form::default();
    for (index, id) in WIRE_CELLS.iter().enumerate() {
        let Some((id, number)) = id.and_then(|id| Some((id, value(id)?))) else { continue };
        match catalogue().cell(id).kind {
            Kind::Money => set_form_cell(&mut form, index, FormCell::Amount(&format_number(Kind::Money, number))),
            Kind::Count | Kind::SignedCount => {
                if let Ok(count) = i64::try_from(number) {
                    set_form_cell(&mut form, index, FormCell::Count(count));
                }
            }
        }
    }
    form
}
