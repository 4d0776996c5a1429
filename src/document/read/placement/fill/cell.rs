//! One printed value into one cell, and what there is to say of it.

use crate::form::{CellId, Kind, catalogue};
use crate::report::{Cell, ValueError};

use super::super::super::inscription::{Aside, BOX, Look};
use super::super::super::note::{NoteCode, ReaderNote, cell_label};
use super::super::super::{Certainty, ReadCell};
use super::super::unit::Unit;
use super::super::value::{Printed, Taken, take};
use super::super::walk::Slot;
use super::Filler;

impl Filler {
    /// Puts one printed value into one cell; none where it is not taken, and the cell unread.
    pub fn cell(
        &mut self,
        cell: CellId,
        slot: &Slot,
        unit: Option<&'static Unit>,
        certainty: Certainty,
    ) -> Option<Cell> {
        let kind = catalogue().cell(cell).kind;
        let is_noted = slot.asides.iter().any(Aside::is_worth_a_note);
        let (value, certainty) = match take(kind, &slot.printed, unit) {
            Taken::Value(value) if is_noted => {
                self.note_remark(cell, slot);
                (Some(value), Certainty::Annotated)
            }
            Taken::Value(value) => (Some(value), certainty),
            Taken::WithRemark(value) => {
                self.note_remark(cell, slot);
                (Some(value), Certainty::Annotated)
            }
            Taken::OtherUnit { unit, means } => {
                self.note_unit(cell, slot, unit, means);
                (None, Certainty::Unread)
            }
            Taken::Shared => {
                self.note_merged(cell, slot);
                (None, Certainty::Unread)
            }
            Taken::Doubtful => {
                self.note_doubtful(cell, slot);
                (None, Certainty::Unread)
            }
            Taken::Unreadable(error) => {
                self.note_unreadable(cell, slot, error);
                (None, Certainty::Unread)
            }
        };
        let taken = value.unwrap_or(Cell::Unread);
        if self.figures.set(cell, taken) && slot.printed != Printed::Empty {
            self.cells.push(ReadCell { cell, value: taken, raw: slot.raw.clone(), place: slot.place, certainty });
        }
        value
    }

    fn note_cell(&mut self, code: NoteCode, cell: CellId, slot: &Slot, zh: &str, en: &str) {
        let (label_zh, label_en) = cell_label(cell);
        let (zh, en) = (format!("“{label_zh}”{zh}"), format!("{label_en:?} {en}"));
        let raw = with_asides(slot);
        self.notes.push(ReaderNote::at(code, slot.place, &raw, vec![cell], &zh, &en));
    }

    fn note_remark(&mut self, cell: CellId, slot: &Slot) {
        let raw = &slot.raw;
        let (zh, en) = if slot.asides.is_empty() {
            let zh = format!("的“{raw}”只读取了数字本身；请核对，并把说明移到表外");
            let en =
                format!("holds {raw:?}; only the number itself is read; check, and move the rest out of the table");
            (zh, en)
        } else {
            let (aside_zh, aside_en) = aside_words(&slot.asides);
            let zh = format!("的“{raw}”旁另有{aside_zh}，只读取了“{raw}”；请核对，并把它移到表外");
            let en = format!(
                "holds {raw:?} and {aside_en} beside it; only {raw:?} is read; check, and move the rest out of the table"
            );
            (zh, en)
        };
        self.note_cell(NoteCode::CellRemark, cell, slot, &zh, &en);
    }

    fn note_doubtful(&mut self, cell: CellId, slot: &Slot) {
        if slot.asides.iter().any(|aside| aside.look == Look::Formula) {
            let zh = "是公式，文件中没有保存计算结果，未读取；请用电子表格软件打开并保存后重新提交，或手工填写";
            let en = "is a formula whose result is not kept in the file; not read; open the workbook, save it and send it \
                      again, or fill the cell in";
            return self.note_cell(NoteCode::FormulaUncomputed, cell, slot, zh, en);
        }
        let raw = &slot.raw;
        if raw.is_empty() && slot.asides.iter().any(|aside| aside.look == Look::Picture) {
            let zh = "处是图片，没有可读取的文字，未读取；请核对后填写";
            let en = "is a picture without text; not read; check and fill it in";
            return self.note_cell(NoteCode::CellUnreadable, cell, slot, zh, en);
        }
        if slot.asides.is_empty() {
            let zh = format!("的“{raw}”中有只有字体才知道的字形，或排列特殊，不能确定是什么数，未读取；请核对后填写");
            let en = format!(
                "holds {raw:?}, of which some characters are known to the font alone or specially set; which number that \
                 is cannot be told; not read; check and fill it in"
            );
            return self.note_cell(NoteCode::CellUnreadable, cell, slot, &zh, &en);
        }
        let (aside_zh, aside_en) = aside_words(&slot.asides);
        let zh = format!("的“{raw}”与{aside_zh}不能确定哪些是数字本身，未读取；请核对后填写");
        let en = format!(
            "holds {raw:?} and {aside_en}; which of them is the number cannot be told; not read; check and fill it in"
        );
        self.note_cell(NoteCode::CellUnreadable, cell, slot, &zh, &en);
    }

    fn note_merged(&mut self, cell: CellId, slot: &Slot) {
        let raw = &slot.raw;
        let zh = format!("的“{raw}”所在单元格与下方各行合并，不能确定属于哪一行，未读取；请拆分单元格后填写");
        let en =
            format!("holds {raw:?} in a cell merged with the rows below; whose it is cannot be told; split the cell");
        self.note_cell(NoteCode::CellMerged, cell, slot, &zh, &en);
    }

    fn note_unit(&mut self, cell: CellId, slot: &Slot, unit: &str, means: Option<String>) {
        let raw = &slot.raw;
        let (own_zh, own_en) = match catalogue().cell(cell).kind {
            Kind::Money => ("万元", "10,000 yuan"),
            Kind::Count | Kind::SignedCount => ("件", "items"),
        };
        let (zh, en) = match means {
            Some(means) => (
                format!("的“{raw}”以{unit}为单位，格式要求{own_zh}，未读取；如属实应填{means}"),
                format!(
                    "holds {raw:?} in {unit}, but the form counts in {own_en}; not read; if right, fill in {means}"
                ),
            ),
            None => (
                format!("的“{raw}”以{unit}为单位，格式要求{own_zh}，且不能精确换算，未读取；请核对后填写"),
                format!(
                    "holds {raw:?} in {unit}, which is no exact number of {own_en}; not read; check and fill it in"
                ),
            ),
        };
        self.note_cell(NoteCode::UnitInCell, cell, slot, &zh, &en);
    }

    fn note_unreadable(&mut self, cell: CellId, slot: &Slot, error: Option<ValueError>) {
        let raw = &slot.raw;
        let reason_zh = match error {
            Some(ValueError::DecimalCount) => "件数不能有小数",
            Some(ValueError::TooPrecise) => "小数超过六位",
            Some(ValueError::TooLarge) => "数值过大",
            Some(ValueError::NotANumber) | None => "不是可识别的数字",
        };
        let reason_en = error.unwrap_or(ValueError::NotANumber);
        let zh = format!("的“{raw}”{reason_zh}，未读取；请核对后填写");
        let en = format!("holds {raw:?}: {reason_en}; not read; check and fill it in");
        self.note_cell(NoteCode::CellUnreadable, cell, slot, &zh, &en);
    }
}

/// What stands beside a number, with how it is set.
fn aside_words(asides: &[Aside]) -> (String, String) {
    let has_words = |aside: &Aside| aside.text != BOX;
    let zh = asides.iter().map(|aside| match (aside.look.words().0, &aside.text) {
        (look, text) if has_words(aside) => format!("{look}文字“{text}”"),
        (look, _) => look.to_owned(),
    });
    let en = asides.iter().map(|aside| match (aside.look.words().1, &aside.text) {
        (look, text) if has_words(aside) => format!("{look} {text:?}"),
        (look, _) => look.to_owned(),
    });
    (zh.collect::<Vec<_>>().join("、"), en.collect::<Vec<_>>().join(", "))
}

/// All that is printed in the cell.
fn with_asides(slot: &Slot) -> String {
    let texts = std::iter::once(slot.raw.as_str()).chain(slot.asides.iter().map(|aside| aside.text.as_str()));
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}
