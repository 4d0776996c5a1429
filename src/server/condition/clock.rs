//! The clock of the machine, beside the time of the newest journal entry.

use jiff::{SignedDuration, Timestamp};

use crate::report::Message;
use crate::service::{Condition, ConditionState};

use super::moment;

pub(crate) const NAME: &str = "clock";

/// How far the clock may be behind the newest journal entry.
const BEHIND_MAX: SignedDuration = SignedDuration::from_secs(5);

/// Nothing happened for so long, or the clock is ahead.
const AHEAD_MAX: SignedDuration = SignedDuration::from_hours(180 * 24);

/// A clock that says less than this has lost the time.
const EARLIEST: &str = "2025-01-01T00:00:00Z";

/// How the clock is at `now`, which it says itself.
pub(crate) fn judge(now: Timestamp, newest: Option<Timestamp>) -> Condition {
    let synchronise = ("请启用时间同步（NTP）", "turn on synchronisation of time (NTP)");
    let lost = EARLIEST.parse::<Timestamp>().is_ok_and(|earliest| now < earliest);
    if lost || newest.is_some_and(|newest| newest.duration_since(now) > BEHIND_MAX) {
        let (now, newest) = (moment(now), newest.map_or_else(|| Message::new("", ""), moment));
        let message = Message::new(
            format!(
                "时钟为 {}，早于最近一条日志（{}）：时钟过慢，或记下该条日志时过快；在追上之前，时间自该条日志起续算",
                now.zh, newest.zh
            ),
            format!(
                "it says {}, before the newest journal entry ({}): it is behind, or was ahead when that entry was written; \
                 until it catches up, time goes on from that entry",
                now.en, newest.en
            ),
        );
        let remedy = Message::new(
            format!("{}；时钟无误而日志在其前的，请由更早的备份恢复，或待时钟追上", synchronise.0),
            format!(
                "{}; where the clock is right and the journal ahead of it, restore a backup of before, or wait until it \
                 has caught up",
                synchronise.1
            ),
        );
        return Condition::new(NAME, ConditionState::Fault, message, remedy);
    }
    if let Some(newest) = newest.filter(|newest| now.duration_since(*newest) > AHEAD_MAX) {
        let days = now.duration_since(newest).as_hours() / 24;
        let (now, newest) = (moment(now), moment(newest));
        let message = Message::new(
            format!("时钟为 {}，比最近一条日志（{}）晚{days}天：久未使用，或时钟过快", now.zh, newest.zh),
            format!(
                "it says {}, {days} days after the newest journal entry ({}): long unused, or ahead",
                now.en, newest.en
            ),
        );
        let remedy = Message::new(
            format!("请在启动服务前核对时间：过快的时钟会使其后所有回执都晚于实际；{}", synchronise.0),
            format!(
                "check the time before the service starts, for a clock that is ahead dates all later receipts; {}",
                synchronise.1
            ),
        );
        return Condition::new(NAME, ConditionState::Warning, message, remedy);
    }
    let now = moment(now);
    Condition::good(NAME, format!("时钟 {}，与日志相符", now.zh), format!("it says {}, which fits the journal", now.en))
}
