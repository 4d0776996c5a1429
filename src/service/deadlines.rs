//! Until when somebody has time, told to themselves: the due time that holds for them, when reports are no longer taken,
//! what was granted, and how many days are left. Days are those of Beijing, as everything that is due in China.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};

use crate::access::Role;
use crate::registry::{Collection, Exception, Registry, SetBy};
use crate::report::{AgencyId, JurisdictionCode, Level, Message, ReportOwner, ReportYear};

use super::caller::Caller;
use super::parts::{BEIJING, Service};
use super::problem::Problem;

/// Owners of reports that are told of at most, where nobody in particular is asked about.
pub const DEADLINES_MAX: usize = 100;

/// A time that holds for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeLimit {
    /// When.
    pub at: Timestamp,
    /// An exception, and not the collection itself, sets it.
    pub is_granted: bool,
}

/// Until when one owner of a report has time.
#[derive(Debug, Clone, PartialEq)]
pub struct Deadlines {
    /// Whose report it is.
    pub owner: ReportOwner,
    /// None where no report of its level is ever late; due times do not hold for consolidated reports.
    pub due: Option<TimeLimit>,
    /// None where reports are taken for ever.
    pub lock: Option<TimeLimit>,
    /// What is granted to it and in force.
    pub exceptions: Vec<Exception>,
    /// Whole days until the last day; 0 on it, negative after it. None without a due time.
    pub days_left: Option<i64>,
}

impl Deadlines {
    /// None for an owner that owes no report of the year.
    pub(super) fn of(
        registry: &Registry,
        collection: &Collection,
        owner: &ReportOwner,
        now: Timestamp,
    ) -> Option<Self> {
        let year = collection.year;
        match owner {
            ReportOwner::Agency(id) => {
                let agency = registry.find_agency(id)?;
                registry.home(agency, year)?;
                let limit = |deadline: crate::registry::Deadline<'_>| TimeLimit {
                    at: deadline.at,
                    is_granted: matches!(deadline.set_by, SetBy::Exception(_)),
                };
                let due = collection.due(registry.reporter(agency, year).level, id, now).map(limit);
                let in_force = |one: &&Exception| one.agency == *id && one.until.is_none_or(|until| now < until);
                Some(Self {
                    owner: owner.clone(),
                    days_left: due.as_ref().map(|due| days_left(due.at, now)),
                    due,
                    lock: collection.lock(id, now).map(limit),
                    exceptions: collection.exceptions.iter().filter(in_force).cloned().collect(),
                })
            }
            ReportOwner::Jurisdiction(code) => {
                let found = registry.find_jurisdiction(code)?;
                registry.jurisdiction_timeline(found).exists_in(year).then(|| Self {
                    owner: owner.clone(),
                    due: None,
                    lock: collection.lock.map(|at| TimeLimit { at, is_granted: false }),
                    exceptions: Vec::new(),
                    days_left: None,
                })
            }
        }
    }
}

/// The last day of a time: what ends at midnight ends with the day before.
fn last_day(at: Timestamp) -> Date {
    let just_before = at.checked_sub(1.microsecond()).unwrap_or(at);
    BEIJING.to_datetime(just_before).date()
}

/// Whole days from now until the last day.
pub(super) fn days_left(at: Timestamp, now: Timestamp) -> i64 {
    let today = BEIJING.to_datetime(now).date();
    today.until(last_day(at)).map_or(0, |span| span.get_days().into())
}

/// A time as an official reads it: the end of a day is its 24:00.
pub fn in_words(at: Timestamp) -> Message {
    let there = BEIJING.to_datetime(at);
    let is_end_of_day = there.time() == jiff::civil::Time::midnight();
    let day = if is_end_of_day { last_day(at) } else { there.date() };
    let (hour, minute) = if is_end_of_day { (24, 0) } else { (there.hour(), there.minute()) };
    let clock_zh = match minute {
        0 => format!("{hour}时"),
        minute => format!("{hour}时{minute}分"),
    };
    Message::new(
        format!("{}年{}月{}日{clock_zh}（北京时间）", day.year(), day.month(), day.day()),
        format!("{}, {hour:02}:{minute:02} Beijing time", day.strftime("%-d %B %Y")),
    )
}

impl Service {
    /// Until when an owner of a report has time; of everybody that the caller hands in reports for where none is named.
    ///
    /// # Errors
    /// COLLECTION_NOT_FOUND.
    pub fn deadlines(
        &self,
        year: ReportYear,
        owner: Option<ReportOwner>,
        caller: &Caller,
    ) -> Result<Vec<Deadlines>, Problem> {
        let collection = self.collection(year)?;
        let state = self.live.read();
        let owners = match owner {
            Some(owner) => vec![owner],
            None => self.owners_of(caller)?,
        };
        let now = self.now();
        Ok(owners.iter().filter_map(|owner| Deadlines::of(&state.registry, &collection, owner, now)).collect())
    }

    /// Those that a caller hands in reports for; none where everybody may do everything.
    fn owners_of(&self, caller: &Caller) -> Result<Vec<ReportOwner>, Problem> {
        let Some(roles) = self.roles_held(caller)? else { return Ok(Vec::new()) };
        let owners = roles.iter().filter_map(|role| match role {
            Role::Submitter(owner) => Some(owner.clone()),
            _ => None,
        });
        Ok(owners.take(DEADLINES_MAX).collect())
    }

    /// Until when agencies have time that have not reported; none where the year has no collection.
    pub fn deadlines_of(&self, year: ReportYear, agencies: impl Iterator<Item = AgencyId>) -> Vec<Deadlines> {
        let state = self.live.read();
        let Some(collection) = state.registry.collection(year) else { return Vec::new() };
        let now = self.now();
        let of = |id| Deadlines::of(&state.registry, collection, &ReportOwner::Agency(id), now);
        agencies.filter_map(of).collect()
    }

    /// The due time of the level of a jurisdiction's own agencies, and the days left until then.
    pub fn due_of_level(&self, year: ReportYear, code: &JurisdictionCode) -> Option<(Timestamp, i64)> {
        let state = self.live.read();
        let level: Level = state.registry.jurisdiction_of(code)?.level;
        let at = *state.registry.collection(year)?.due.get(&level)?;
        Some((at, days_left(at, self.now())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_end_of_a_day_is_its_24_o_clock_and_belongs_to_it() {
        let due = time("2026-01-31T16:00:00Z");
        assert_eq!(in_words(due).zh, "2026年1月31日24时（北京时间）");
        assert_eq!(in_words(due).en, "31 January 2026, 24:00 Beijing time");
        for (now, left) in [
            ("2026-01-30T16:00:00Z", 0),
            ("2026-01-31T15:59:59Z", 0),
            ("2026-01-30T15:59:59Z", 1),
            ("2026-01-01T00:00:00Z", 30),
            ("2026-01-31T16:00:00Z", -1),
        ] {
            assert_eq!(days_left(due, time(now)), left, "{now}");
        }
    }

    #[test]
    fn a_time_within_a_day_is_told_to_the_minute() {
        assert_eq!(in_words(time("2026-01-31T09:30:00Z")).zh, "2026年1月31日17时30分（北京时间）");
        assert_eq!(in_words(time("2026-01-31T10:00:00Z")).zh, "2026年1月31日18时（北京时间）");
    }
}
