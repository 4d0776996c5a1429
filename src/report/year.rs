//! The year that a report is about.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Message;

/// A report year. Whether an edition exists for it, and whether it has ended, is for the rules.
///
/// ```
/// use huizong::report::ReportYear;
///
/// let year: ReportYear = "2024".parse()?;
/// assert_eq!(year.previous().map(ReportYear::get), Some(2023));
/// assert!(ReportYear::new(24).is_err(), "a report year has four digits");
/// # Ok::<(), huizong::report::YearError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ReportYear(u16);

/// 条例 took effect on 1 May 2008; no report can be about an earlier year.
const FIRST: u16 = 2008;
const LAST: u16 = 2999;

/// The number or the text is no year from 2008 to 2999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a report year has four digits, from {FIRST} to {LAST}")]
pub struct YearError;

impl YearError {
    /// In both languages.
    pub fn message(&self) -> Message {
        Message::new("年度须为四位数字（2008年起）", self.to_string())
    }
}

impl ReportYear {
    /// The first year that can be named.
    pub const FIRST: Self = Self(FIRST);
    /// The last year that can be named.
    pub const LAST: Self = Self(LAST);

    /// # Errors
    /// [`YearError`] outside 2008 to 2999.
    pub fn new(year: u16) -> Result<Self, YearError> {
        if (FIRST..=LAST).contains(&year) { Ok(Self(year)) } else { Err(YearError) }
    }

    /// As four digits.
    pub const fn get(self) -> u16 {
        self.0
    }

    /// The year before; none before the first.
    pub fn previous(self) -> Option<Self> {
        Self::new(self.0 - 1).ok()
    }

    /// The year after; none after the last.
    pub fn next(self) -> Option<Self> {
        Self::new(self.0 + 1).ok()
    }

    /// The years from this one to the last, in order; none where the last is earlier.
    pub fn through(self, last: Self) -> impl Iterator<Item = Self> {
        (self.0..=last.0).map(Self)
    }
}

/// What joins the two years of a range.
const JOINTS: &[char] = &['-', '－', '–', '—', '―', '−', '~', '～', '〜', '/', '、', '至', '到', '和', '与', '及'];

/// Whether a character joins the two years of a range: 2022—2023年.
pub fn joins_years(character: char) -> bool {
    JOINTS.contains(&character)
}

/// Of a text that ends where a year begins: the year with which it makes a range, as 2022 in `2022—` or `2022年至`, and
/// what stands before that.
pub fn before_range(text: &str) -> Option<(&str, ReportYear)> {
    let text = text.trim_end();
    let first = text.trim_end_matches(joins_years);
    if first.len() == text.len() {
        return None;
    }
    let first = first.trim_end().trim_end_matches('度').trim_end_matches('年').trim_end();
    let rest = first.trim_end_matches(|c: char| c.is_ascii_digit());
    Some((rest, first.get(rest.len()..)?.parse().ok()?))
}

/// The first year before 年 in a text with Arabic digits, with the others of its range: 2022—2023年, 2022年至2023年. What
/// follows 年 tells whether `is_none` of a report, such as a date.
pub fn years_in(text: &str, is_none: impl Fn(&str) -> bool) -> Vec<ReportYear> {
    let mut found: Vec<ReportYear> = Vec::new();
    for (at, mark) in text.match_indices('年') {
        let (before, after) = (text.get(..at).unwrap_or_default(), text.get(at + mark.len()..).unwrap_or_default());
        let rest = before.trim_end().trim_end_matches(|c: char| c.is_ascii_digit());
        let digits = before.get(rest.len()..).unwrap_or_default();
        let Ok(year) = digits.trim().parse::<ReportYear>() else { continue };
        if is_none(after) {
            continue;
        }
        match before_range(rest) {
            Some((_, first)) if found.is_empty() => found = vec![first, year],
            Some((_, first)) if found.last() == Some(&first) => found.push(year),
            None if found.is_empty() => found.push(year),
            _ => break,
        }
    }
    found
}

impl fmt::Display for ReportYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ReportYear {
    type Err = YearError;

    fn from_str(text: &str) -> Result<Self, YearError> {
        if text.len() != 4 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(YearError);
        }
        text.parse().map_err(|_| YearError).and_then(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_are_told_with_the_others_of_their_range() {
        for (text, years) in [
            ("某局2022年报告（2023年1月）", &[2022][..]),
            ("2022—2023年度报告", &[2022, 2023]),
            ("2021年、2022年和2023年", &[2021, 2022, 2023]),
            ("2022 年至2023 年", &[2022, 2023]),
            ("22年12022年", &[]),
        ] {
            let found: Vec<u16> = years_in(text, |_| false).into_iter().map(ReportYear::get).collect();
            assert_eq!(found, years, "{text}");
        }
        assert_eq!(years_in("2023年1月", |after| after.starts_with('1')), []);
    }

    #[test]
    fn a_range_of_years_is_told_from_its_last() {
        for (text, found) in [
            ("某局2022—", Some(("某局", 2022))),
            ("2022年至", Some(("", 2022))),
            ("某局 2021年度、", Some(("某局 ", 2021))),
            ("2022", None),
            ("2022年", None),
            ("22-", None),
            ("112022-", None),
        ] {
            assert_eq!(before_range(text).map(|(rest, year)| (rest, year.get())), found, "{text}");
        }
    }
}
