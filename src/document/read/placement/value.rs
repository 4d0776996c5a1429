//! The text of one printed cell: a number, with or without unit or remark, a mark for blank, or words.

use unicode_normalization::UnicodeNormalization;

use super::period::Period;
use super::unit::{Unit, unit};
use crate::form::Kind;
use crate::report::{Cell, ValueError, parse_number};

/// What a printed cell says, before it is known which cell of the form it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Printed {
    /// Nothing stands there.
    Empty,
    /// A mark for none: `-`, `/`, `无`.
    NoneMark,
    /// 不适用
    NotApplicable,
    /// A number in ASCII without separators, and what stands behind it.
    Number { digits: String, unit: Option<&'static Unit>, remark: bool },
    /// A number in a cell that is merged over several rows.
    Shared,
    /// A number beside which digits stand that may be its own.
    Doubtful,
    /// Words, or a number that cannot be read.
    Words,
}

const NONE_MARKS: &[&str] = &["-", "--", "---", "/", "//", "\\", "无", "無", "空"];
const NOT_APPLICABLE: &[&str] = &["不适用", "不適用"];

/// Longest text that can be a value, in bytes; longer ones are words.
const VALUE_BYTES: usize = 200;

/// Whether the text is a value or a mark for none.
pub fn is_value(raw: &str) -> bool {
    !matches!(printed(raw), Printed::Empty | Printed::Words)
}

/// Whether the text is words in which a digit stands: perhaps a number that cannot be read.
pub fn has_digit(raw: &str) -> bool {
    raw.nfkc().any(|c| c.is_ascii_digit())
}

/// Reads a printed cell.
pub fn printed(raw: &str) -> Printed {
    let trimmed = raw.trim();
    if trimmed.len() > VALUE_BYTES {
        return Printed::Words;
    }
    let visible: String = trimmed.chars().filter(|c| !is_invisible(*c)).collect();
    let (visible, is_marked) = without_marks(&visible);
    if visible.is_empty() {
        return if is_marked { Printed::Words } else { Printed::Empty };
    }
    // A character that only stands for a digit once it is folded is a mark, or a fraction, and no digit.
    if splits_a_number(visible) || visible.chars().any(hides_a_digit) {
        return Printed::Words;
    }
    let text: String = visible.nfkc().filter(|c| !c.is_whitespace()).map(one_minus).collect();
    if NONE_MARKS.contains(&text.as_str()) {
        return Printed::NoneMark;
    }
    if NOT_APPLICABLE.contains(&text.as_str()) {
        return Printed::NotApplicable;
    }
    match number(&text) {
        Printed::Number { digits, unit, remark } => Printed::Number { digits, unit, remark: remark || is_marked },
        other => other,
    }
}

/// Takes no place and changes nothing of what is seen.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// A character that is no digit, and would become one by folding: `①`, `¹`, `½`.
fn hides_a_digit(character: char) -> bool {
    !character.is_ascii_digit()
        && !matches!(character, '０'..='９')
        && std::iter::once(character).nfkc().any(|folded| folded.is_numeric() && folded.is_ascii())
}

/// A mark of a note: a digit in a circle or brackets, raised or lowered, or a star. A fraction is none.
fn is_mark(character: char) -> bool {
    // Digits in another hand, such as those of mathematics, are digits to the eye.
    let is_digit_to_the_eye = matches!(character, '\u{1d7ce}'..='\u{1d7ff}' | '\u{1fbf0}'..='\u{1fbf9}');
    let is_number_alone = || {
        std::iter::once(character)
            .nfkc()
            .all(|folded| folded.is_ascii_digit() || matches!(folded, '(' | ')' | '.' | ','))
    };
    (hides_a_digit(character) && !is_digit_to_the_eye && is_number_alone())
        || matches!(character, '*' | '＊' | '※' | '†' | '‡' | '★' | '☆' | '❶'..='➓' | '⓪' | '⓫'..='⓿')
}

/// The text without marks of notes before and behind it, and whether there were any.
fn without_marks(text: &str) -> (&str, bool) {
    let rest = text.trim_matches(|c: char| is_mark(c) || c.is_whitespace());
    let has_marks = text.chars().any(is_mark) && rest.len() < text.trim().len();
    (rest, has_marks)
}

/// The several dashes that stand for a minus sign or for none.
fn one_minus(character: char) -> char {
    if "−–—―─﹣".contains(character) { '-' } else { character }
}

/// `12 34`, `1, 234`: two numbers or one, nobody can say.
fn splits_a_number(text: &str) -> bool {
    let is_of_a_number = |c: char| c.is_numeric() || matches!(c, ',' | '.' | '，' | '．');
    let mut before_blank = None;
    let mut last = None;
    for character in text.chars() {
        if character.is_whitespace() {
            before_blank = before_blank.or(last);
            continue;
        }
        if before_blank.is_some_and(is_of_a_number) && is_of_a_number(character) {
            return true;
        }
        before_blank = None;
        last = Some(character);
    }
    false
}

fn number(text: &str) -> Printed {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let end = unsigned.find(|c: char| !(c.is_ascii_digit() || c == ',' || c == '.')).unwrap_or(unsigned.len());
    let (digits, rest) = unsigned.split_at(end);
    let Some(digits) = without_separators(digits) else { return Printed::Words };
    let (rest, remark) = match rest.split_once('(') {
        Some((before, remark)) if remark.ends_with(')') => (before, Some(remark.trim_end_matches(')'))),
        _ => (rest, None),
    };
    if remark.is_some_and(changes_the_number) {
        return Printed::Words;
    }
    // A unit in brackets is a unit.
    let in_brackets = remark.and_then(|remark| unit(remark.rsplit([':', '位']).next().unwrap_or_default()));
    let remark = remark.is_some();
    let unit = match rest {
        "" => in_brackets,
        rest => match unit(rest) {
            Some(unit) => Some(unit),
            None => return Printed::Words,
        },
    };
    let sign = if text.starts_with('-') { "-" } else { "" };
    Printed::Number { digits: format!("{sign}{digits}"), unit, remark }
}

/// Words in brackets by which a number is another one, of another period, or not certain.
const CHANGING: [&str; 18] = [
    "应为", "应是", "应改", "更正", "订正", "改为", "作废", "有误", "约", "估", "暂", "上年", "去年", "半年", "季度",
    "累计", "%", "人次",
];

fn changes_the_number(remark: &str) -> bool {
    CHANGING.iter().any(|word| remark.contains(word)) || Period::of(remark).is_stated()
}

/// Digits without their thousands separators, where these stand every three digits.
fn without_separators(digits: &str) -> Option<String> {
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let separated = whole.contains(',');
    let fits = is_number(first)
        && (!separated || first.len() <= 3)
        && groups.all(|group| group.len() == 3 && is_number(group))
        && fraction.is_none_or(is_number);
    fits.then(|| digits.replace(',', ""))
}

/// What becomes of a printed value in a cell of a certain kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// The cell is this.
    Value(Cell),
    /// The cell is this; a unit or a remark stood behind the number.
    WithRemark(Cell),
    /// The number is in another unit than the form's; `means` is what it would be in the form's, where exact.
    OtherUnit { unit: &'static str, means: Option<String> },
    /// The number stands for several rows; which, cannot be told.
    Shared,
    /// Which digits are the number's cannot be told.
    Doubtful,
    /// The cell cannot be read.
    Unreadable(Option<ValueError>),
}

/// Takes a printed value as a cell of `kind` under a header that may state a unit.
pub fn take(kind: Kind, printed: &Printed, header_unit: Option<&'static Unit>) -> Taken {
    let (digits, unit, remark) = match printed {
        Printed::Empty | Printed::NoneMark => return Taken::Value(Cell::Blank),
        Printed::NotApplicable => return Taken::Value(Cell::NotApplicable),
        Printed::Shared => return Taken::Shared,
        Printed::Doubtful => return Taken::Doubtful,
        Printed::Words => return Taken::Unreadable(None),
        Printed::Number { digits, unit, remark } => (digits, *unit, *remark),
    };
    let stated = unit.or(header_unit);
    if let Some(stated) = stated.filter(|stated| !stated.is_own(kind)) {
        return match stated.measures(kind) {
            true => Taken::OtherUnit { unit: &stated.text, means: stated.converted(kind, digits) },
            false => Taken::Unreadable(None),
        };
    }
    match parse_number(kind, digits) {
        Ok(number) if remark || unit.is_some() => Taken::WithRemark(Cell::Number(number)),
        Ok(number) => Taken::Value(Cell::Number(number)),
        Err(error) => Taken::Unreadable(Some(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::unit::unit_stated;
    use super::*;

    fn count(raw: &str) -> Taken {
        take(Kind::Count, &printed(raw), None)
    }

    #[test]
    fn plain_numbers_are_read_in_any_width_and_with_separators() {
        for (raw, value) in
            [("0", 0), ("１２", 12), ("1,234", 1234), ("1，234，567", 1_234_567), (" 7 ", 7), ("1.0", 1)]
        {
            assert_eq!(count(raw), Taken::Value(Cell::Number(value)), "{raw}");
        }
        for raw in ["－8", "−8", "-8"] {
            let taken = take(Kind::SignedCount, &printed(raw), None);
            assert_eq!(taken, Taken::Value(Cell::Number(-8)), "{raw}");
        }
    }

    #[test]
    fn marks_for_none_are_blank_and_not_zero() {
        for raw in ["", "-", "/", "无", "—", "——", "－"] {
            assert_eq!(count(raw), Taken::Value(Cell::Blank), "{raw}");
        }
        assert_eq!(count("不适用"), Taken::Value(Cell::NotApplicable));
    }

    #[test]
    fn a_remark_or_the_unit_itself_leaves_the_number() {
        for (raw, value) in [("22（其中修订16件）", 22), ("12件", 12), ("22件（其中修订16件）", 22)] {
            assert_eq!(count(raw), Taken::WithRemark(Cell::Number(value)), "{raw}");
        }
    }

    #[test]
    fn a_mark_of_a_note_is_no_digit_of_the_number() {
        for raw in
            ["169①", "169¹", "169₂", "169⑳", "①169", "169⑴", "169⒈", "169*", "169 ※", "１６９②", "169❶", "169\u{200b}"]
        {
            let expected = if raw.ends_with('\u{200b}') { Taken::Value } else { Taken::WithRemark };
            assert_eq!(count(raw), expected(Cell::Number(169)), "{raw}");
        }
        assert_eq!(count("169件①"), Taken::WithRemark(Cell::Number(169)));
        for raw in ["1①69", "①", "¹²", "12½", "½", "𝟏𝟐", "16²件9", "1²3", "１²３", "12㏠", "12\u{202e}34", "3\u{336}9"]
        {
            assert!(matches!(count(raw), Taken::Unreadable(_)), "{raw}");
        }
    }

    #[test]
    fn another_unit_is_named_and_not_converted() {
        let taken = take(Kind::Money, &printed("251000元"), None);
        assert_eq!(taken, Taken::OtherUnit { unit: "元", means: Some("25.1".to_owned()) });
        let under_header = take(Kind::Money, &printed("380"), unit_stated("采购总金额（单位：元）"));
        assert_eq!(under_header, Taken::OtherUnit { unit: "元", means: Some("0.038".to_owned()) });
        assert_eq!(count("1.2万"), Taken::OtherUnit { unit: "万", means: Some("12000".to_owned()) });
        for (raw, means) in [
            ("一、本年新收（单位：百件）", "38000"),
            ("制发件数（万件）", "3800000"),
            ("计量单位：千件，万元", "380000"),
        ] {
            let under_label = take(Kind::Count, &printed("380"), unit_stated(raw));
            assert!(matches!(under_label, Taken::OtherUnit { means: Some(found), .. } if found == means), "{raw}");
        }
        for raw in
            ["单位：件", "现行有效件数（件）", "单位：件、万元", "行政机关（决定）", "（二）部分公开（区分处理的）"]
        {
            assert_eq!(take(Kind::Count, &printed("380"), unit_stated(raw)), Taken::Value(Cell::Number(380)), "{raw}");
        }
        let own = take(Kind::Money, &printed("18.8710"), unit_stated("本年收费金额（单位：万元）"));
        assert_eq!(own, Taken::Value(Cell::Number(18_871_000)));
    }

    #[test]
    fn what_may_be_two_numbers_is_none() {
        for raw in
            ["12 34", "1, 234", "1 .5", "1,23", "1.", "约22", "1-2", "12%", "1.5", "2023年", "99999999999999999999"]
        {
            assert!(matches!(count(raw), Taken::Unreadable(_)), "{raw}");
        }
    }
}
