//! The yearly collection: what is due when, from when on reports are refused, and who is excepted.
//!
//! Three things by three names: after the due time a report is late, and is taken; from the lock time on it is
//! refused; an exception gives one agency more time for either, and never less. The time is passed in.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;

use crate::form::edition;
use crate::report::{AgencyId, Hash, Level, Message, ReportYear, whole_microseconds};

use super::Registry;

/// Who accepts a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReviewPolicy {
    /// A valid report is accepted at once.
    None,
    /// The office of the jurisdiction that the agency belongs to.
    JurisdictionOffice,
}

/// Longest reason for an exception, in characters.
pub const EXCEPTION_REASON_MAX_CHARACTERS: usize = 1000;
/// Longest name of who granted one, in characters.
pub const GRANTED_BY_MAX_CHARACTERS: usize = 200;

/// More time for one agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Who gets more time.
    pub agency: AgencyId,
    /// Its own due time; where the collection's is later, that one holds.
    pub due: Option<Timestamp>,
    /// Its own lock time; where the collection's is later, that one holds.
    pub lock: Option<Timestamp>,
    /// A principal.
    pub granted_by: String,
    /// Why; at most [`EXCEPTION_REASON_MAX_CHARACTERS`] characters.
    pub reason: String,
    /// In force before this time; for ever where there is none.
    pub until: Option<Timestamp>,
}

/// The campaign of one report year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// Report year; there is one collection for each.
    pub year: ReportYear,
    /// Id of the edition of the form.
    pub edition: String,
    /// Due time by the level of the jurisdiction that an agency belongs to; a report of a level without one is never
    /// late.
    pub due: BTreeMap<Level, Timestamp>,
    /// From this time on reports are refused; never where there is none.
    pub lock: Option<Timestamp>,
    /// Who accepts reports of this year.
    pub review: ReviewPolicy,
    /// In the order in which they were granted.
    pub exceptions: Vec<Exception>,
}

/// What sets a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetBy<'a> {
    /// The collection, for everyone of the level.
    Collection,
    /// More time for this agency alone.
    Exception(&'a Exception),
}

/// A time that applies to an agency, and what sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline<'a> {
    /// From this time on the report is late, or refused.
    pub at: Timestamp,
    /// For words about it.
    pub set_by: SetBy<'a>,
}

/// Why a collection cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CollectionError {
    /// The edition is none, or another year's.
    #[error("{edition:?} is no edition of the form for {year}: give one that covers the year")]
    Edition {
        /// Report year of the collection.
        year: ReportYear,
        /// The id that was given.
        edition: String,
    },
    /// Reports would be refused before they are due.
    #[error(
        "the lock time {lock} comes before the due time {due} of {level:?}: lock no earlier than the last due time"
    )]
    LockBeforeDue {
        /// Whose due time it is.
        level: Level,
        /// When their reports are due.
        due: Timestamp,
        /// From when on reports would be refused.
        lock: Timestamp,
    },
    /// The same, for one agency by its own times.
    #[error(
        "the exception of {agency} is due at {due}, but reports are refused from {lock} on: give it a lock time too"
    )]
    ExceptionLockBeforeDue {
        /// Its resource name.
        agency: String,
        /// Its own due time.
        due: Timestamp,
        /// The lock time that holds for it.
        lock: Timestamp,
    },
    /// Resource name of an agency that the registry does not have.
    #[error("the exception is for {0}, which is not registered: register it first, or correct the name")]
    AgencyUnknown(String),
    /// Resource name of the agency.
    #[error("the exception of {0} gives no reason: say why")]
    ReasonMissing(String),
    /// Resource name of the agency.
    #[error("the exception of {0} does not say who granted it")]
    GrantorMissing(String),
    /// Resource name of the agency.
    #[error("the exception of {0} gives neither a due time nor a lock time: give one")]
    ExceptionEmpty(String),
}

impl CollectionError {
    /// The error in both languages, with what to do.
    pub fn message(&self) -> Message {
        let zh = match self {
            Self::Edition { year, edition } => {
                format!("“{edition}”不是适用于{year}年度的报告格式；请改用该年度的格式")
            }
            Self::LockBeforeDue { level, due, lock } => {
                format!("停止接收时间 {lock} 早于{}的截止时间 {due}；停止接收不得早于最晚的截止时间", level_zh(*level))
            }
            Self::ExceptionLockBeforeDue { agency, due, lock } => {
                format!("{agency} 延期后的截止时间为 {due}，但自 {lock} 起停止接收；请同时给出停止接收时间")
            }
            Self::AgencyUnknown(name) => format!("准予延期的 {name} 不在单位名录中；请先列入名录，或改正名称"),
            Self::ReasonMissing(name) => format!("{name} 的延期没有写明原因；请写明原因"),
            Self::GrantorMissing(name) => format!("{name} 的延期没有写明批准人"),
            Self::ExceptionEmpty(name) => format!("{name} 的延期既无截止时间也无停止接收时间；请至少给出一个"),
        };
        Message::new(zh, self.to_string())
    }
}

fn level_zh(level: Level) -> &'static str {
    match level {
        Level::Province => "省级",
        Level::City => "市级",
        Level::County => "县级",
        Level::FunctionalZone => "功能区",
        Level::Township => "乡镇级",
    }
}

impl Exception {
    /// With times as they are kept.
    pub fn in_whole_microseconds(self) -> Self {
        let [due, lock, until] = [self.due, self.lock, self.until].map(|time| time.map(whole_microseconds));
        Self { due, lock, until, ..self }
    }

    fn in_force(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    fn agency_name(&self) -> String {
        format!("agencies/{}", self.agency)
    }
}

impl Deadline<'_> {
    /// What sets the time, in words.
    pub fn words(&self) -> Message {
        match self.set_by {
            SetBy::Collection => Message::new("报送任务统一规定", "set by the collection"),
            SetBy::Exception(exception) => Message::new(
                format!("{} 准予的延期（{}）", exception.granted_by, exception.reason),
                format!("an exception granted by {} ({})", exception.granted_by, exception.reason),
            ),
        }
    }
}

impl Collection {
    /// The resource name, `collections/{year}`.
    pub fn name(&self) -> String {
        format!("collections/{}", self.year)
    }

    /// With times as they are kept, so that its digest is that of what is stored.
    pub fn in_whole_microseconds(self) -> Self {
        Self {
            due: self.due.into_iter().map(|(level, due)| (level, whole_microseconds(due))).collect(),
            lock: self.lock.map(whole_microseconds),
            exceptions: self.exceptions.into_iter().map(Exception::in_whole_microseconds).collect(),
            ..self
        }
    }

    /// The time after which a report that comes in at `now` is late.
    pub fn due(&self, level: Level, agency: &AgencyId, now: Timestamp) -> Option<Deadline<'_>> {
        let common = self.due.get(&level).copied()?;
        Some(self.latest(common, agency, now, |exception| exception.due))
    }

    /// Whether a report that comes in at `now` is late.
    pub fn is_late(&self, level: Level, agency: &AgencyId, now: Timestamp) -> bool {
        self.due(level, agency, now).is_some_and(|due| now > due.at)
    }

    /// The time from which on reports of the agency are refused, as things stand at `now`.
    pub fn lock(&self, agency: &AgencyId, now: Timestamp) -> Option<Deadline<'_>> {
        Some(self.latest(self.lock?, agency, now, |exception| exception.lock))
    }

    /// Whether a report of the agency is taken at `now`.
    ///
    /// # Errors
    /// The lock time that has passed, and what set it.
    pub fn admits(&self, agency: &AgencyId, now: Timestamp) -> Result<(), Deadline<'_>> {
        match self.lock(agency, now) {
            Some(lock) if lock.at <= now => Err(lock),
            _ => Ok(()),
        }
    }

    /// The common time, or a later one of an exception that is in force.
    fn latest(
        &self,
        common: Timestamp,
        agency: &AgencyId,
        now: Timestamp,
        own: impl Fn(&Exception) -> Option<Timestamp>,
    ) -> Deadline<'_> {
        let mut latest = Deadline { at: common, set_by: SetBy::Collection };
        for exception in
            self.exceptions.iter().filter(|exception| exception.agency == *agency && exception.in_force(now))
        {
            if let Some(at) = own(exception).filter(|at| *at > latest.at) {
                latest = Deadline { at, set_by: SetBy::Exception(exception) };
            }
        }
        latest
    }

    /// Digest of all its values, one a line; two collections that differ in anything differ in it.
    pub fn digest(&self) -> Hash {
        let time = |time: Option<Timestamp>| time.map(|time| time.to_string()).unwrap_or_default();
        let mut text = format!("{}\n{}\n{:?}\n{}\n", self.year, self.edition, self.review, time(self.lock));
        for (level, due) in &self.due {
            let _ = writeln!(text, "due {level:?} {due}");
        }
        for exception in &self.exceptions {
            let Exception { agency, due, lock, granted_by, reason, until } = exception;
            // Quoted, so that a line break within a reason begins no line.
            let _ = writeln!(
                text,
                "exception {agency} due={} lock={} until={} {granted_by:?} {reason:?}",
                time(*due),
                time(*lock),
                time(*until)
            );
        }
        Hash::of(text.as_bytes())
    }

    /// # Errors
    /// [`CollectionError`] where its values do not go together or not with the registry.
    pub(super) fn check(&self, registry: &Registry) -> Result<(), CollectionError> {
        if !edition(&self.edition).is_some_and(|edition| edition.covers(self.year.get())) {
            return Err(CollectionError::Edition { year: self.year, edition: self.edition.clone() });
        }
        if let Some(lock) = self.lock
            && let Some((level, due)) = self.due.iter().find(|(_, due)| **due > lock)
        {
            return Err(CollectionError::LockBeforeDue { level: *level, due: *due, lock });
        }
        for exception in &self.exceptions {
            self.check_exception(exception, registry)?;
        }
        Ok(())
    }

    fn check_exception(&self, exception: &Exception, registry: &Registry) -> Result<(), CollectionError> {
        let agency = exception.agency_name();
        if registry.find_agency(&exception.agency).is_none() {
            return Err(CollectionError::AgencyUnknown(agency));
        }
        if exception.reason.trim().is_empty() {
            return Err(CollectionError::ReasonMissing(agency));
        }
        if exception.granted_by.trim().is_empty() {
            return Err(CollectionError::GrantorMissing(agency));
        }
        if exception.due.is_none() && exception.lock.is_none() {
            return Err(CollectionError::ExceptionEmpty(agency));
        }
        let lock = self.lock.map(|lock| exception.lock.map_or(lock, |own| own.max(lock)));
        match (exception.due, lock) {
            (Some(due), Some(lock)) if due > lock => Err(CollectionError::ExceptionLockBeforeDue { agency, due, lock }),
            _ => Ok(()),
        }
    }
}

impl Registry {
    /// The collection of a year.
    pub fn collection(&self, year: ReportYear) -> Option<&Collection> {
        self.collections.get(&year)
    }

    /// Takes on the reasons of exceptions, whose words were struck out, where they are as they were before.
    pub fn exchange_reasons(&mut self, before: &Collection, after: &Collection) {
        let Some(present) = self.collections.get_mut(&after.year) else { return };
        for exception in &mut present.exceptions {
            let struck = before.exceptions.iter().zip(&after.exceptions).find(|(before, _)| *before == exception);
            if let Some((_, after)) = struck {
                exception.reason.clone_from(&after.reason);
            }
        }
    }

    /// All collections, by year.
    pub fn collections(&self) -> impl DoubleEndedIterator<Item = &Collection> {
        self.collections.values()
    }
}
