//! Times as they are kept: in whole microseconds.

use jiff::Timestamp;

/// A time without what the store does not keep of it: what is applied and what is stored are to be one value.
pub fn whole_microseconds(time: Timestamp) -> Timestamp {
    // A microsecond of a time is in the range of times.
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_keeps_its_microseconds_and_no_more() {
        let exact: Timestamp = "2026-01-31T16:00:00.123456789Z".parse().unwrap();
        assert_eq!(whole_microseconds(exact).to_string(), "2026-01-31T16:00:00.123456Z");
        assert_eq!(whole_microseconds(whole_microseconds(exact)), whole_microseconds(exact));
    }
}
