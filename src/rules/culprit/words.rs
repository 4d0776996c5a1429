//! Puts suggestions into words, in Chinese and English.

use crate::form::{CellId, Text, catalogue};
use crate::report::{Cell, Figures, Message, Slip, Suspect, format_number};

/// Cells told one by one; a shifted line can have more.
const CELLS_TOLD: usize = 3;

/// `自然人·予以公开 很可能是 45，不是 54（相邻两位数字颠倒）`; 可能 where it is not `probable`.
pub(super) fn suggestion(suspects: &[Suspect], figures: &Figures, probable: bool) -> Message {
    // One slip behind several cells is said once.
    let shared = |slip| matches!(slip, Slip::Exchanged | Slip::CountedElsewhere | Slip::LineShifted);
    let mut parts: Vec<Message> = Vec::new();
    for (position, suspect) in suspects.iter().enumerate().take(CELLS_TOLD) {
        let told_later = shared(suspect.slip) && {
            let later = suspects.iter().take(CELLS_TOLD).skip(position + 1);
            later.map(|other| other.slip).any(|slip| slip == suspect.slip)
        };
        parts.push(one(suspect, figures.get(suspect.cell), probable, !told_later));
    }
    let join = |pick: fn(&Message) -> &str, separator| parts.iter().map(pick).collect::<Vec<_>>().join(separator);
    let (mut zh, mut en) = (join(|part| &part.zh, "；"), join(|part| &part.en, "; "));
    if let Some(more) = suspects.len().checked_sub(CELLS_TOLD).filter(|more| *more > 0) {
        zh.push_str(&format!("；另有{more}个单元格"));
        en.push_str(&format!("; and {more} more cells"));
    }
    Message { zh, en }
}

fn one(suspect: &Suspect, present: Cell, probable: bool, with_slip: bool) -> Message {
    let kind = catalogue().cell(suspect.cell).kind;
    let needed = format_number(kind, suspect.needed.into());
    let (not_zh, not_en) = match present {
        Cell::Number(number) => {
            let number = format_number(kind, number.into());
            (format!("不是{number}"), format!("not {number}"))
        }
        // A cell that was not read is in no sum that is looked at.
        Cell::Blank | Cell::Unread => ("不是空白".to_owned(), "not blank".to_owned()),
        Cell::NotApplicable => ("不是“不适用”".to_owned(), "not “not applicable”".to_owned()),
    };
    let Text { zh, en } = slip(suspect.slip);
    let (zh, en) = match with_slip {
        true if !zh.is_empty() => (format!("（{zh}）"), format!(" ({en})")),
        _ => (String::new(), String::new()),
    };
    let (likely_zh, likely_en) = if probable { ("很可能", "probably") } else { ("可能", "perhaps") };
    let Message { zh: name_zh, en: name_en } = name(suspect.cell);
    Message {
        zh: format!("{name_zh} {likely_zh}是{needed}，{not_zh}{zh}"),
        en: format!("{name_en}: {likely_en} {needed}, {not_en}{en}"),
    }
}

/// Column, then line: `自然人·予以公开`.
fn name(cell: CellId) -> Message {
    let info = catalogue().cell(cell);
    let line = catalogue().line(info.line);
    let column = line.line.columns.get(info.column).map_or(Text { zh: "", en: "" }, |column| column.label);
    let head = |label: &str| label.split('（').next().filter(|head| !head.is_empty()).unwrap_or(label).to_owned();
    if column.zh.is_empty() {
        return Message::new(line.label_zh.clone(), line.label_en.clone());
    }
    Message { zh: format!("{}·{}", column.zh, head(&line.label_zh)), en: format!("{}, {}", column.en, line.label_en) }
}

fn slip(slip: Slip) -> Text {
    let (zh, en) = match slip {
        Slip::DigitsTransposed => ("相邻两位数字颠倒", "two digits transposed"),
        Slip::DigitWrong => ("一位数字有误", "one wrong digit"),
        Slip::DigitMissing => ("少了一位数字", "a digit missing"),
        Slip::DigitTooMany => ("多了一位数字", "a digit too many"),
        Slip::Sign => ("多了负号", "a minus sign too many"),
        Slip::LeftOut => ("漏填", "left out"),
        Slip::Misplaced => ("不应有数", "nothing belongs there"),
        Slip::Repeated => ("误填了相邻单元格的数", "a neighbouring cell's number entered again"),
        Slip::SumWrong => ("合计有误", "added up wrongly"),
        Slip::Exchanged => ("两格的数互换", "the two numbers exchanged"),
        Slip::CountedElsewhere => ("计入了另一格", "counted in the other cell"),
        Slip::LineShifted => ("整行错开一列", "the line is one column off"),
        Slip::Other => ("", ""),
    };
    Text { zh, en }
}

pub(super) fn no_simple_explanation(rules: &[String]) -> Message {
    Message {
        zh: format!("未能自动定位错误（涉及{}）：可能有多处填错，请逐项核对", rules.join("、")),
        en: format!(
            "no simple explanation ({}): no change of up to three cells satisfies all sums; check each of them",
            rules.join(", ")
        ),
    }
}
