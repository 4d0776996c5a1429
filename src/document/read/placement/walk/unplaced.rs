//! Notes on what stands in a table and is no cell of the form.

use crate::form::{LineInfo, catalogue};

use super::super::super::note::{NoteCode, ReaderNote, cell_label, shortened};
use super::{LabelledRow, Slot, Unknown, is_figure};

/// The printed values, shortened, for a note.
pub fn listed(values: &[Slot]) -> String {
    let texts: Vec<_> = values.iter().map(|slot| if slot.raw.is_empty() { "□" } else { &slot.raw }).collect();
    shortened(&texts.join(" "))
}

pub fn note_of_unknown(unknown: &Unknown) -> Option<ReaderNote> {
    let figures = unknown.values.iter().filter(|slot| is_figure(slot)).count();
    if !unknown.inside && figures < 2 {
        return None;
    }
    let (label, values) = (shortened(&unknown.raw), listed(&unknown.values));
    let raw = format!("{label} {values}");
    let cells = unknown.lines.iter().flat_map(|line| catalogue().line(*line).cells()).collect();
    let (zh, en) = if !unknown.lines.is_empty() {
        let names = |name: fn(&'static LineInfo) -> &'static str, quote: fn(&str) -> String| {
            unknown.lines.iter().map(|line| quote(name(catalogue().line(*line)))).collect::<Vec<_>>()
        };
        let zh = names(|line| &line.label_zh, |name| format!("“{name}”")).join("、");
        let en = names(|line| &line.label_en, |name| format!("{name:?}")).join(" or ");
        (
            format!(
                "“{label}”既像{zh}中的一行，又像另一行，不能确定，其数值（{values}）未读取；请改正名称，或手工填写"
            ),
            format!("{label:?} may be {en}; its values ({values}) are not read; correct the label, or fill them in"),
        )
    } else if unknown.values.is_empty() {
        (
            format!("表内文字“{label}”不在格式之中，未读取；请核对"),
            format!("{label:?} is not part of the form; not read"),
        )
    } else {
        (
            format!("“{label}”不是格式规定的行，其数值（{values}）未读取；请核对名称，或将其数据计入规定的行"),
            format!(
                "{label:?} is no row of the form; its values ({values}) are not read; check the label, or count them in a row of the form"
            ),
        )
    };
    Some(ReaderNote::at(NoteCode::RowUnknown, unknown.place, raw.trim_end(), cells, &zh, &en))
}

pub fn note_of_stray(values: &[Slot]) -> Option<ReaderNote> {
    let first = values.first()?;
    let texts = listed(values);
    Some(ReaderNote::at(
        NoteCode::CellUnplaced,
        first.place,
        &texts,
        Vec::new(),
        &format!("数值（{texts}）旁没有可识别的行名，未读取；请核对并手工填写"),
        &format!("no label beside the values ({texts}); not read; check and fill them in"),
    ))
}

/// The label of the cells' line with the values, for notes about a whole row.
pub fn row_words(row: &LabelledRow) -> (String, String, String) {
    let info = catalogue().line(row.line);
    let label = info.cell(0).filter(|_| info.line.columns.len() == 1).map(cell_label);
    let (zh, en) = label.unwrap_or((&info.label_zh, &info.label_en));
    (zh.to_owned(), en.to_owned(), listed(&row.values))
}
