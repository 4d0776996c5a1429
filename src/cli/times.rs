//! Times as people type them. One without an offset is meant in a zone, and keeps its hours.

use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan as _};

use crate::service::BEIJING;

use super::language::told;

/// Where times are meant that say nothing else.
pub(crate) const DEFAULT: &str = "Asia/Shanghai";

/// Longest text of a day, as in `2026-01-31`.
const DAY_LENGTH: usize = 10;

/// The zone of times that are typed without an offset.
#[derive(Debug, Clone)]
pub(crate) struct Zone(TimeZone);

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // It has no summer time since 1991, and is known where no database of zones is.
        if text == DEFAULT {
            return Ok(Self(BEIJING.to_time_zone()));
        }
        if let Some(offset) = offset(text) {
            return Ok(Self(offset.to_time_zone()));
        }
        TimeZone::get(text).map(Self).map_err(|error| {
            let zh = format!("没有时区“{text}”；可写 Asia/Shanghai 或 +08:00");
            told(&zh, &error.to_string(), "\n  ")
        })
    }
}

/// An offset such as `+08:00`.
fn offset(text: &str) -> Option<Offset> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "0"));
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

/// A time as it was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Typed {
    /// With its offset.
    Moment(Timestamp),
    /// By the clock on the wall.
    Local(DateTime),
    Day(Date),
}

impl FromStr for Typed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(moment) = text.parse() {
            return Ok(Self::Moment(moment));
        }
        let typed = if text.len() <= DAY_LENGTH { text.parse().map(Self::Day) } else { text.parse().map(Self::Local) };
        typed.map_err(|_| {
            told(
                &format!("“{text}”不是时间（如 \"2026-01-31 18:00\" 或 2026-01-31T18:00:00+08:00），也不是日期（如 2026-01-31）"),
                &format!(
                    "{text:?} is no time such as \"2026-01-31 18:00\" or 2026-01-31T18:00:00+08:00, and no day such as \
                     2026-01-31"
                ),
                "\n  ",
            )
        })
    }
}

impl Typed {
    /// The moment meant; of a day, its end, which is when something is due that is due on it.
    ///
    /// # Errors
    /// Where it is beyond what can be told.
    pub(crate) fn until(self, zone: &Zone) -> Result<Timestamp, String> {
        match self {
            Self::Day(day) => {
                day.checked_add(1.day()).map_err(|error| beyond(&error)).and_then(|next| begin(next, zone))
            }
            other => other.since(zone),
        }
    }

    /// The moment meant; of a day, its beginning.
    ///
    /// # Errors
    /// As [`Typed::until`].
    pub(crate) fn since(self, zone: &Zone) -> Result<Timestamp, String> {
        match self {
            Self::Moment(moment) => Ok(moment),
            Self::Local(local) => zone.0.to_timestamp(local).map_err(|error| beyond(&error)),
            Self::Day(day) => begin(day, zone),
        }
    }
}

fn begin(day: Date, zone: &Zone) -> Result<Timestamp, String> {
    zone.0.to_timestamp(day.at(0, 0, 0, 0)).map_err(|error| beyond(&error))
}

fn beyond(error: &jiff::Error) -> String {
    told("时间超出范围", &error.to_string(), "\n  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn until(text: &str, zone: &str) -> String {
        text.parse::<Typed>().unwrap().until(&zone.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn a_time_keeps_its_hours_and_a_day_lasts_to_its_end() {
        assert_eq!(until("2027-02-10 12:00", DEFAULT), "2027-02-10T04:00:00Z");
        assert_eq!(until("2027-02-10T12:30:15", DEFAULT), "2027-02-10T04:30:15Z");
        assert_eq!(until("2026-01-31", DEFAULT), "2026-01-31T16:00:00Z");
        assert_eq!(until("2027-02-10 12:00", "-03:30"), "2027-02-10T15:30:00Z");
        assert_eq!(until("2026-01-31T18:00:00+08:00", "+00:00"), "2026-01-31T10:00:00Z", "its own offset holds");
        let day: Typed = "2026-01-31".parse().unwrap();
        assert_eq!(day.since(&DEFAULT.parse().unwrap()).unwrap().to_string(), "2026-01-30T16:00:00Z");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for bad in ["2026-02-30", "tomorrow", "", "2026-01-31 25:00", "12:00"] {
            assert!(bad.parse::<Typed>().is_err(), "{bad}");
        }
        let last: Typed = "9999-12-31".parse().unwrap();
        assert!(last.until(&DEFAULT.parse().unwrap()).is_err());
        for bad in ["Mars/Olympus", "+99:00", "8"] {
            assert!(bad.parse::<Zone>().is_err(), "{bad}");
        }
    }
}
