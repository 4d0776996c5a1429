//! One cell's value, and numbers to and from text. Amounts are integers of 0.000001 万元 (0.01 yuan).

use serde::{Deserialize, Serialize};

use crate::form::Kind;

/// Units of an amount per 万元: six decimals are exact.
pub const MONEY_SCALE: i64 = 1_000_000;

/// No count and no amount (in 万元) may be above this.
pub const VALUE_LIMIT: i64 = 1_000_000_000_000;

/// What stands in a cell. Blank is not zero, 不适用 is neither, and what could not be read is none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub enum Cell {
    /// Nothing was filled in. It counts as 0, and a blank total as the sum of its parts.
    #[default]
    Blank,
    /// 不适用
    NotApplicable,
    /// Something may stand in the document that could not be read. Nothing is judged by it, and no report with such a
    /// cell is stored.
    Unread,
    /// A count, or an amount in units of 1 / [`MONEY_SCALE`] 万元.
    Number(i64),
}

impl Cell {
    /// The number, where there is one.
    pub fn number(self) -> Option<i64> {
        match self {
            Cell::Number(number) => Some(number),
            Cell::Blank | Cell::NotApplicable | Cell::Unread => None,
        }
    }
}

/// Why a text is no value of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Something else than digits, one sign in front, and one point.
    #[error("not a number")]
    NotANumber,
    /// A point in a number of items.
    #[error("a count has no decimals")]
    DecimalCount,
    /// More than six decimals of 万元: finer than 0.01 yuan.
    #[error("more than six decimals of 10,000 yuan")]
    TooPrecise,
    /// Does not fit the integer that would hold it; [`VALUE_LIMIT`] is for the rules.
    #[error("too large")]
    TooLarge,
}

/// Reads a plain ASCII number (`12`, `-3`, `59237.2449`) as a value of `kind`. Sign and range are left to the rules.
///
/// # Errors
/// [`ValueError`] where the text is no number, is finer than the kind allows, or does not fit 64 bits.
pub fn parse_number(kind: Kind, text: &str) -> Result<i64, ValueError> {
    i64::try_from(parse_sum(kind, text)?).map_err(|_| ValueError::TooLarge)
}

/// Reads a sum as [`parse_number`] reads a value; it may be longer than 64 bits.
///
/// # Errors
/// [`ValueError`] where the text is no number, is finer than the kind allows, or does not fit 128 bits.
pub fn parse_sum(kind: Kind, text: &str) -> Result<i128, ValueError> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) || digits.ends_with('.') {
        return Err(ValueError::NotANumber);
    }
    let fraction = fraction.trim_end_matches('0');
    let (scale, decimals) = match kind {
        Kind::Count | Kind::SignedCount => (1, 0),
        Kind::Money => (MONEY_SCALE, 6),
    };
    if fraction.len() > decimals {
        return Err(if decimals == 0 { ValueError::DecimalCount } else { ValueError::TooPrecise });
    }
    let parse = |part: &str| if part.is_empty() { Ok(0) } else { part.parse::<i128>() };
    let whole = parse(whole).map_err(|_| ValueError::TooLarge)?;
    let fraction = parse(&format!("{fraction:0<decimals$}")).map_err(|_| ValueError::TooLarge)?;
    let magnitude =
        whole.checked_mul(scale.into()).and_then(|units| units.checked_add(fraction)).ok_or(ValueError::TooLarge)?;
    Ok(if negative { -magnitude } else { magnitude })
}

/// Writes a value of `kind` in its shortest exact form: `12`, `-3`, `59237.2449`.
pub fn format_number(kind: Kind, number: i128) -> String {
    match kind {
        Kind::Count | Kind::SignedCount => number.to_string(),
        Kind::Money => {
            let scale = u128::from(MONEY_SCALE.unsigned_abs());
            let (whole, fraction) = (number.unsigned_abs() / scale, number.unsigned_abs() % scale);
            let sign = if number < 0 { "-" } else { "" };
            let text = format!("{sign}{whole}.{fraction:06}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_of_published_reports_are_exact() {
        for text in ["59237.2449", "18.871", "4068.208", "0", "96171.6", "0.000001"] {
            let number = parse_number(Kind::Money, text).unwrap();
            assert_eq!(format_number(Kind::Money, number.into()), text);
        }
        assert_eq!(parse_number(Kind::Money, "18.8710"), parse_number(Kind::Money, "18.871"));
    }

    #[test]
    fn what_is_no_number_of_its_kind_is_refused() {
        assert_eq!(parse_number(Kind::Count, "1.5"), Err(ValueError::DecimalCount));
        assert_eq!(parse_number(Kind::Count, "1.0"), Ok(1));
        assert_eq!(parse_number(Kind::Money, "0.0000001"), Err(ValueError::TooPrecise));
        assert_eq!(parse_number(Kind::Money, "99999999999999999"), Err(ValueError::TooLarge));
        for text in ["", "-", ".", "1.", ".5", "1e3", "+1", "1,000", "一"] {
            assert_eq!(parse_number(Kind::Money, text), Err(ValueError::NotANumber), "{text}");
        }
    }

    proptest! {
        #[test]
        fn writing_then_reading_is_identity(number in -1_000_000_000_000_000_000i64..=1_000_000_000_000_000_000) {
            for kind in [Kind::Count, Kind::Money] {
                prop_assert_eq!(parse_number(kind, &format_number(kind, number.into())), Ok(number));
            }
        }
    }
}
