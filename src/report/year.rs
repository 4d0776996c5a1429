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

    pub fn get(self) -> u16 {
        self.0
    }

    /// The year before; none before the first.
    pub fn previous(self) -> Option<Self> {
        Self::new(self.0 - 1).ok()
    }

    /// The years from this one to the last, in order; none where the last is earlier.
    pub fn through(self, last: Self) -> impl Iterator<Item = Self> {
        (self.0..=last.0).map(Self)
    }
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
