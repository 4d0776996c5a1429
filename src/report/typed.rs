//! A figure as a person writes it: one grammar for the command line, the workbook, CSV and the dashboard, whose own copy
//! in TypeScript is held to the same examples (`tests/fixtures/typed-figures.json`).
//!
//! Digits, full-width ones too; separators of thousands in groups of three only; a sign where the cell may be negative;
//! the cell's own unit behind. Anything else is refused: what stands on both sides of a tab is two numbers, not one.

use crate::form::Kind;

use super::{Cell, Message, ValueError, parse_number};

/// What a person writes for a cell that does not apply.
const NOT_APPLICABLE: [&str; 2] = ["不适用", "n/a"];
/// What a person writes for a blank cell, besides nothing.
const BLANK: [&str; 2] = ["空白", "blank"];

/// Units of a count, which is in single items whatever they are called.
const COUNT_UNITS: &[&str] = &["件", "条", "项", "个"];
const MONEY_UNITS: &[&str] = &["万元"];

/// Why a text is no figure of its cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TypedError {
    /// Something divides the digits that separates no thousands.
    #[error("a line end, a tab or a blank stands in it: one number or two?")]
    Divided,
    /// A separator stands elsewhere than before three digits.
    #[error("separators stand in groups of three digits, as in 1,234")]
    Grouping,
    /// A sign, in a cell whose kind has none.
    #[error("this cell has no sign")]
    Signed,
    /// No number, or none that the kind of cell has.
    #[error("{0}")]
    Value(#[from] ValueError),
}

impl TypedError {
    /// What is wrong with `text`, which is quoted so that what cannot be seen in it can be seen.
    pub fn message(self, text: &str) -> Message {
        let zh = match self {
            Self::Divided => "中间有换行、制表符或空格，不能确定是一个数还是两个数",
            Self::Grouping => "千位分隔符须每三位一个，如1,234",
            Self::Signed => "该单元格不带正负号",
            Self::Value(ValueError::NotANumber) => "不是数字",
            Self::Value(ValueError::DecimalCount) => "件数不应有小数",
            Self::Value(ValueError::TooPrecise) => "超过六位小数",
            Self::Value(ValueError::TooLarge) => "数字过大",
        };
        let quoted = visible(text);
        Message::new(format!("“{quoted}”{zh}"), format!("“{quoted}”: {self}"))
    }
}

/// The text with its tabs and line ends to be seen.
fn visible(text: &str) -> String {
    text.trim().replace('\r', "").replace('\t', "⇥").replace('\n', "⏎")
}

/// Reads what a person wrote into a cell of `kind`: a number, blank (nothing, 空白), or 不适用.
///
/// # Errors
/// [`TypedError`] where it is none of these. Whether the number is in range is left to the rules.
pub fn parse_typed(kind: Kind, text: &str) -> Result<Cell, TypedError> {
    let text = text.trim();
    if text.is_empty() || BLANK.contains(&text) {
        return Ok(Cell::Blank);
    }
    if NOT_APPLICABLE.contains(&text) {
        return Ok(Cell::NotApplicable);
    }
    let plain: String = text.chars().map(narrow).collect();
    let units = if kind == Kind::Money { MONEY_UNITS } else { COUNT_UNITS };
    let number = units.iter().find_map(|unit| plain.strip_suffix(unit)).map_or(plain.as_str(), str::trim_end);
    let (sign, digits) = match number.strip_prefix(['-', '+']) {
        Some(digits) if number.starts_with('-') => ("-", digits),
        Some(digits) => ("", digits),
        None => ("", number),
    };
    let is_figure = |c: char| c.is_ascii_digit() || c == ',' || c == '.';
    if digits.is_empty() || !digits.starts_with(|c: char| c.is_ascii_digit()) || !digits.chars().all(is_figure) {
        let is_divided = digits.chars().all(|c| is_figure(c) || c.is_whitespace()) && !digits.is_empty();
        return Err(if is_divided { TypedError::Divided } else { ValueError::NotANumber.into() });
    }
    if digits.len() < number.len() && kind != Kind::SignedCount {
        return Err(TypedError::Signed);
    }
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let is_grouped = !whole.contains(',') || (first.len() <= 3 && groups.all(|group| group.len() == 3));
    if !is_grouped || fraction.is_some_and(|fraction| fraction.contains(',')) {
        return Err(TypedError::Grouping);
    }
    if fraction.is_some() && kind != Kind::Money {
        return Err(ValueError::DecimalCount.into());
    }
    // Zeros at the end are decimals that were written, too.
    if fraction.is_some_and(|fraction| fraction.len() > 6 && fraction.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(ValueError::TooPrecise.into());
    }
    Ok(Cell::Number(parse_number(kind, &format!("{sign}{}", digits.replace(',', "")))?))
}

/// Full-width digits and marks as those of ASCII, and the several minus signs as one. Not the compatibility forms of
/// Unicode at large: they make digits of note marks.
fn narrow(character: char) -> char {
    match character {
        '０'..='９' => char::from_u32(u32::from(character) - u32::from('０') + u32::from('0')).unwrap_or(character),
        '，' => ',',
        '．' => '.',
        '－' | '−' => '-',
        '＋' => '+',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::report::format_number;

    /// The examples that the dashboard is held to as well.
    fn examples() -> Vec<(Kind, String, Option<String>)> {
        let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/typed-figures.json"));
        let all: Value = serde_json::from_str(text).unwrap();
        let kind = |name: &str| match name {
            "count" => Kind::Count,
            "signed" => Kind::SignedCount,
            "amount" => Kind::Money,
            other => panic!("no kind {other}"),
        };
        let example = |one: &Value| {
            let string = |name: &str| one[name].as_str().map(str::to_owned);
            (kind(one["kind"].as_str().unwrap()), string("text").unwrap(), string("cell"))
        };
        all.as_array().unwrap().iter().map(example).collect()
    }

    fn written(kind: Kind, cell: Cell) -> String {
        match cell {
            Cell::Blank => "blank".to_owned(),
            Cell::NotApplicable => "n/a".to_owned(),
            Cell::Unread => "unread".to_owned(),
            Cell::Number(number) => format_number(kind, number.into()),
        }
    }

    #[test]
    fn every_example_is_taken_as_it_says_or_refused() {
        let examples = examples();
        assert!(examples.len() > 60);
        for (kind, text, cell) in examples {
            let taken = parse_typed(kind, &text).ok().map(|taken| written(kind, taken));
            assert_eq!(taken, cell, "{kind:?} {text:?}");
        }
    }

    #[test]
    fn a_refusal_quotes_the_text_so_that_tabs_and_line_ends_are_seen() {
        for (text, quoted) in [("12\t34", "12⇥34"), ("56\r\n78", "56⏎78"), ("1 2", "1 2")] {
            let error = parse_typed(Kind::Count, text).unwrap_err();
            assert_eq!(error, TypedError::Divided);
            let message = error.message(text);
            assert!(message.zh.contains(quoted) && message.en.contains(quoted), "{message:?}");
        }
        assert_eq!(parse_typed(Kind::Count, "3,4"), Err(TypedError::Grouping));
        assert_eq!(parse_typed(Kind::Count, "-4"), Err(TypedError::Signed));
    }

    proptest! {
        #[test]
        fn what_is_written_out_is_taken_back(number in 0i64..=1_000_000_000_000_000_000) {
            for kind in [Kind::Count, Kind::SignedCount, Kind::Money] {
                let text = format_number(kind, number.into());
                prop_assert_eq!(parse_typed(kind, &text), Ok(Cell::Number(number)));
            }
            let text = format_number(Kind::SignedCount, -i128::from(number));
            prop_assert_eq!(parse_typed(Kind::SignedCount, &text), Ok(Cell::Number(-number)));
        }

        #[test]
        fn two_numbers_with_anything_between_are_never_one(a in 0u32..100_000, b in 0u32..100_000, between in "\\PC|[\t\r\n ]{1,3}") {
            // A separator in its place, and a decimal point, are between digits of one number.
            prop_assume!(!between.chars().any(|c| c.is_numeric() || ",，.．".contains(c)));
            for kind in [Kind::Count, Kind::SignedCount, Kind::Money] {
                let text = [a.to_string(), between.clone(), b.to_string()].concat();
                prop_assert!(parse_typed(kind, &text).is_err());
            }
        }
    }
}
