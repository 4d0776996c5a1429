//! What readers and the committer share: the log, the copy, how far both are, and how a report stands by its records.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use sled::{Db, IVec};

use crate::report::{Owners, ReportKey, ReportOwner, ReportYear, Review, Revision};
use crate::rollup::FrozenFormName;
use crate::store::covered::prove;
use crate::store::journal::{JournalEntry, Position};
use crate::store::ledger::Stored;
use crate::store::log::{Log, Logged, Piece};
use crate::store::lost::{LostEntry, LostSubject, lost_in_words};
use crate::store::record::{Record, decode, revision_sequence};
use crate::store::transaction::{RequestId, Standing, StoredRequest, Version};
use crate::store::{NEWEST, StoreError, keys};

use super::copy::{Copy, is_damage, made_anew};
use super::following::Following;
use super::mending::{self, Beside};
use super::mendings::Mended;
use super::moment;
use super::open::SledOptions;
use super::recent::Recent;
use super::space::Space;
use super::state::Boot;

/// What the committer shares with readers.
pub(crate) struct Shared {
    pub(super) log: Box<dyn Log>,
    /// Of a log that others append to.
    pub(super) following: Option<Following>,
    /// None while it could not be made anew. Whoever reads holds it no longer than that takes.
    copy: RwLock<Option<Copy>>,
    /// How often the copy was made anew.
    made_anew: AtomicU64,
    /// What was damaged stayed so after the copy was made anew: it is not made again before the next start.
    in_vain: AtomicBool,
    cache_bytes: u64,
    pub(super) boot: Boot,
    /// The newest durable journal entry; no read shows anything after it.
    durable: RwLock<Position>,
    /// Journal sequence of the newest durable change of the registry; 0 for none. The committer alone sets it.
    pub(super) registry_sequence: AtomicU64,
    /// The same of who may do what.
    pub(super) access_sequence: AtomicU64,
    pub(super) recent: Recent,
    /// What was made again.
    pub(super) mended: Mended,
    /// Entries that are in neither of the two, in order.
    lost: RwLock<Vec<LostEntry>>,
    /// Why writes are stopped.
    stopped: RwLock<Option<String>>,
    /// The room on the disk.
    pub(super) space: Space,
}

pub(crate) fn read_error(error: &sled::Error) -> StoreError {
    match error {
        // sled keeps checksums of its own around each page and its configuration.
        sled::Error::Corruption { .. } => StoreError::Damaged("a checksum of the database is wrong".to_owned()),
        // The file was cut off under it.
        sled::Error::Io(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            StoreError::Damaged("a page of the database is gone".to_owned())
        }
        error => StoreError::Read(error.to_string()),
    }
}

impl Shared {
    pub(super) fn new(
        log: Box<dyn Log>,
        copy: Copy,
        space: Space,
        options: &SledOptions,
        mended: Mended,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            durable: RwLock::new(log.head()),
            registry_sequence: copy.registry_sequence()?.into(),
            access_sequence: copy.access_sequence()?.into(),
            following: options.engine.as_ref().map(|engine| Following::new(engine.stale(), log.head().sequence)),
            log,
            copy: RwLock::new(Some(copy)),
            made_anew: AtomicU64::new(0),
            in_vain: AtomicBool::new(false),
            cache_bytes: options.cache_bytes,
            boot: options.boot.clone(),
            recent: Recent::default(),
            mended,
            lost: RwLock::default(),
            stopped: RwLock::default(),
            space,
        })
    }

    pub(super) fn durable(&self) -> Position {
        *self.durable.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_durable(&self, position: Position) {
        *self.durable.write().unwrap_or_else(PoisonError::into_inner) = position;
        self.log.shared().iter().for_each(|log| log.advance(position));
    }

    pub(super) fn stopped(&self) -> Option<String> {
        self.stopped.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes no write from now on.
    pub(super) fn stop(&self, reason: String) {
        *self.stopped.write().unwrap_or_else(PoisonError::into_inner) = Some(reason);
    }

    /// Entries that are in neither the log nor the copy, in order.
    pub(super) fn lost(&self) -> Vec<LostEntry> {
        self.lost.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes that entries are in neither: they are named, no write is taken any more, and the next start looks for them again.
    pub(super) fn lose(&self, entries: Vec<LostEntry>) {
        if entries.is_empty() {
            return;
        }
        let mut lost = self.lost.write().unwrap_or_else(PoisonError::into_inner);
        lost.extend(entries);
        lost.sort_by_key(|entry| entry.sequence);
        lost.dedup_by_key(|entry| entry.sequence);
        let words = lost_in_words(&lost);
        drop(lost);
        tracing::error!("{words}; everything else can be read");
        self.recent.clear();
        self.stop(format!("{words}: put them back from a backup (huizong restore --into)"));
        super::state::doubted(&self.space.directory);
    }

    /// That no entry which is lost may have changed how a report stood as of a sequence.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] naming one that may.
    pub(super) fn check_certain(
        &self,
        report: &ReportKey,
        standing: Option<&Standing>,
        as_of: u64,
    ) -> Result<(), StoreError> {
        let known = standing.map_or(0, |standing| standing.status.sequence);
        let lost = self.lost.read().unwrap_or_else(PoisonError::into_inner);
        let mut between = lost.iter().filter(|entry| entry.sequence > known && entry.sequence <= as_of);
        match between.find(|entry| entry.may_be_of(report)) {
            None => Ok(()),
            Some(entry) => Err(StoreError::Damaged(format!(
                "journal entry {}, which is lost, may have changed how {report} stands",
                entry.sequence
            ))),
        }
    }

    /// The same of a page of reports, and of those that it may lack.
    pub(super) fn check_page(
        &self,
        (owners, year): (Owners, ReportYear),
        after: Option<&ReportOwner>,
        limit: usize,
        page: &[Standing],
        as_of: u64,
    ) -> Result<(), StoreError> {
        let last = page.last().filter(|_| page.len() >= limit).map(|last| &last.newest.report.owner);
        for entry in self.lost().into_iter().filter(|entry| entry.sequence <= as_of) {
            let is_on_page = |report: &ReportKey| {
                report.year == year
                    && report.owner.sort() == owners
                    && after.is_none_or(|after| report.owner > *after)
                    && last.is_none_or(|last| report.owner <= *last)
            };
            let report = match entry.subject {
                LostSubject::Report(report) if is_on_page(&report) => report,
                LostSubject::Report(_) | LostSubject::Action(_) => continue,
                LostSubject::Unknown => {
                    return Err(StoreError::Damaged(format!(
                        "journal entry {}, which is lost, may have changed reports of {year}",
                        entry.sequence
                    )));
                }
            };
            let standing = page.iter().find(|standing| standing.newest.report == report);
            self.check_certain(&report, standing, as_of)?;
        }
        Ok(())
    }

    /// That no entry which is lost may be about a report.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] naming one that may.
    pub(super) fn check_history(&self, report: &ReportKey) -> Result<(), StoreError> {
        self.check_certain(report, None, NEWEST)
    }

    /// The bound of a read: what is asked for, and never beyond what is durable.
    pub(super) fn bound(&self, as_of: u64) -> u64 {
        self.durable().sequence.min(as_of)
    }

    /// Does something with the copy as it is. What is done must not ask for the copy itself.
    pub(super) fn with_copy<T>(&self, work: impl FnOnce(&Copy) -> Result<T, StoreError>) -> Result<T, StoreError> {
        match &*self.copy.read().unwrap_or_else(PoisonError::into_inner) {
            Some(copy) => work(copy),
            None => Err(StoreError::Read("the copy could not be made anew; start the service again".to_owned())),
        }
    }

    /// Reads the copy; where it is damaged, it is made anew from the log and read again.
    pub(super) fn reading<T>(&self, read: impl Fn(&Copy) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let made_anew = self.made_anew.load(Ordering::Acquire);
        match self.with_copy(&read) {
            Err(error) if is_damage(&error) && self.may_mend() => {
                if let Err(error) = self.mend(made_anew, &error) {
                    tracing::error!(%error, "the copy could not be made anew");
                    self.in_vain.store(true, Ordering::Release);
                }
                self.with_copy(&read).inspect_err(|error| {
                    if is_damage(error) {
                        self.in_vain.store(true, Ordering::Release);
                    }
                })
            }
            read => read,
        }
    }

    /// Whether a copy that is damaged would be made anew.
    pub(super) fn may_mend(&self) -> bool {
        !self.in_vain.load(Ordering::Acquire)
    }

    /// Hands over transactions of the log; what is damaged in it is mended first.
    pub(super) fn transactions(
        &self,
        mut after: u64,
        until: u64,
        take: &mut dyn FnMut(Logged) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let until = self.bound(until);
        let mut mended_to = 0;
        'again: while after < until {
            for piece in self.log.read(after) {
                match piece? {
                    Piece::Gap(gap) if *gap.start() > until => return Ok(()),
                    Piece::Gap(gap) if *gap.end() > mended_to => {
                        mended_to = *gap.end();
                        self.look_for_damage(gap.start() - 1, gap.end() - gap.start() + 1)?;
                        continue 'again;
                    }
                    Piece::Gap(gap) => {
                        return Err(StoreError::Damaged(format!("journal entry {} cannot be read", gap.start())));
                    }
                    Piece::Transaction(logged) if logged.position.sequence > until => return Ok(()),
                    Piece::Transaction(logged) => {
                        after = logged.position.sequence;
                        if take(logged).is_break() {
                            return Ok(());
                        }
                    }
                }
            }
            return Ok(());
        }
        Ok(())
    }

    /// Goes through a part of the log, and through the copy beside it: up to which sequence number. Entries that the log has lost
    /// are put back; what is missing in the copy, or cannot be read, has that made anew.
    pub(super) fn look_for_damage(&self, after: u64, limit: u64) -> Result<u64, StoreError> {
        self.look_through(after, limit, self.durable().sequence)
    }

    /// The same up to a sequence number.
    pub(super) fn look_through(&self, after: u64, limit: u64, end: u64) -> Result<u64, StoreError> {
        let made_anew = self.made_anew.load(Ordering::Acquire);
        let until = end.min(after.saturating_add(limit));
        let (mut gaps, mut differing, mut in_copy) = (Vec::new(), Vec::new(), None);
        for piece in self.log.read(after) {
            match piece? {
                Piece::Gap(gap) if *gap.start() > until => break,
                Piece::Gap(gap) => gaps.push(gap),
                Piece::Transaction(logged) if logged.position.sequence > until => break,
                Piece::Transaction(logged) => match self.with_copy(|copy| copy.differing(&logged)) {
                    Ok(here) => differing.extend(here.map(|here| (logged, here))),
                    Err(error) => in_copy = in_copy.or(Some(error)),
                },
            }
        }
        let lost = self.with_copy(|copy| mending::fill_all(&*self.log, &Beside::Copy(copy), &gaps, &self.mended))?;
        if !lost.is_empty() {
            let words = lost_in_words(&lost);
            self.lose(lost);
            return Err(StoreError::Damaged(words));
        }
        for (logged, here) in differing {
            let last =
                Position { sequence: logged.position.sequence - 1, chain: logged.previous, ..Position::default() };
            // People's words were struck out, or somebody has changed the copy, which verification names.
            // Others may have struck words out of a shared log that are here until that is followed.
            if prove(&here, &last).is_ok() && (self.log.shared().is_none() || is_struck(&here)) {
                self.log.replace(&here)?;
            }
        }
        match in_copy {
            Some(error) if is_damage(&error) && self.may_mend() => self.mend(made_anew, &error)?,
            Some(error) => return Err(error),
            None => {}
        }
        Ok(gaps.last().map_or(until, |gap| until.max(*gap.end())))
    }

    /// Makes the copy anew, unless somebody did since it was made so often. Whoever reads waits meanwhile.
    fn mend(&self, times: u64, why: &StoreError) -> Result<(), StoreError> {
        let mut copy = self.copy.write().unwrap_or_else(PoisonError::into_inner);
        if self.made_anew.load(Ordering::Acquire) != times {
            return Ok(());
        }
        // While the copy is there it may have what the log lacks.
        let beside = copy.as_ref().map_or_else(|| Beside::Bytes(&self.space.directory), Beside::Copy);
        let lost = mending::whole(&*self.log, &beside, &self.mended)?;
        let entries = self.log.head().sequence;
        tracing::error!(%why, entries, "the copy is damaged: it is made anew from the log");
        // While anything of it is left it may write to the files of its successor.
        if !copy.take().map_or(Ok(true), Copy::release).map_err(|error| StoreError::Read(error.to_string()))? {
            return Err(StoreError::Read("the damaged copy is still in use; start the service again".to_owned()));
        }
        *copy = Some(made_anew(&self.space.directory, self.cache_bytes, &*self.log, &lost)?);
        super::state::opened(&self.space.directory, &self.boot).map_err(|error| StoreError::Read(error.to_string()))?;
        self.made_anew.fetch_add(1, Ordering::AcqRel);
        self.mended.copy();
        self.lose(lost);
        tracing::warn!(entries, "the copy was made anew");
        Ok(())
    }

    /// Has the copy take what was appended to the log.
    pub(super) fn apply(&self, logged: &[Logged]) -> Result<(), StoreError> {
        let made_anew = self.made_anew.load(Ordering::Acquire);
        let applied = self.with_copy(|copy| {
            copy.apply(logged)?;
            self.space.set_aside(copy.data_file());
            Ok(())
        });
        match applied {
            Err(error) if is_damage(&error) => self.mend(made_anew, &error),
            applied => applied,
        }
    }

    /// Closes the copy, which is then as durable as the log.
    pub(super) fn close(&self) {
        let copy = self.copy.write().unwrap_or_else(PoisonError::into_inner).take();
        let Some(copy) = copy.filter(|_| self.stopped().is_none()) else { return };
        let closed =
            copy.close().and_then(|closed| if closed { super::state::closed(&self.space.directory) } else { Ok(()) });
        if let Err(error) = closed {
            tracing::warn!(%error, "the copy could not be closed in order; it may be made anew at the next start");
        }
    }

    pub(super) fn get<R: Record>(&self, key: impl AsRef<[u8]>) -> Result<Option<R>, StoreError> {
        self.reading(|copy| get(&copy.tree, &key))
    }

    pub(super) fn standing(&self, report: &ReportKey, as_of: u64) -> Result<Option<Standing>, StoreError> {
        let (durable, known) = self.recent.get(report, || self.durable().sequence);
        if as_of >= durable
            && let Some(known) = known
        {
            self.check_certain(report, known.as_ref(), as_of)?;
            return Ok(known);
        }
        let standing = self.reading(|Copy { tree, .. }| {
            // The first revision is never gone, and asking for one key takes less than looking for the last of many.
            if !tree.contains_key(keys::revision(report, 1)).map_err(|error| read_error(&error))? {
                return Ok(None);
            }
            let end = if as_of < durable { first_later(tree, report, as_of)? } else { u32::MAX };
            standing_of(tree, tree.range(keys::below(report, end)).rev(), durable.min(as_of))
        })?;
        self.check_certain(report, standing.as_ref(), as_of)?;
        if as_of >= durable {
            self.recent.note_read(report, standing.as_ref(), || self.durable().sequence == durable);
        }
        Ok(standing)
    }
}

/// Whether the words of a transaction are gone.
fn is_struck(logged: &Logged) -> bool {
    let entry = logged.records.first().and_then(|record| decode::<JournalEntry>(&record.value).ok());
    entry.is_some_and(|entry| entry.is_struck())
}

pub(super) fn get<R: Record>(tree: &Db, key: impl AsRef<[u8]>) -> Result<Option<R>, StoreError> {
    let value = tree.get(key).map_err(|error| read_error(&error))?;
    value.map(|value| decode(&value)).transpose()
}

/// The number from which on a report's revisions are later than `moment`.
fn first_later(tree: &Db, report: &ReportKey, moment: u64) -> Result<u32, StoreError> {
    let Some(last) = tree.range(keys::below(report, u32::MAX)).next_back() else { return Ok(0) };
    let (key, _) = last.map_err(|error| read_error(&error))?;
    moment::first_later(keys::revision_number(&key), moment, |number| {
        let value = tree.get(keys::revision(report, number)).map_err(|error| read_error(&error))?;
        value.map(|value| revision_sequence(&value)).transpose()
    })
}

/// A report from its records from the last one backwards, as it stood at `bound`; reads no more than it needs.
pub(super) fn standing_of(
    tree: &Db,
    backwards: impl Iterator<Item = sled::Result<(IVec, IVec)>>,
    bound: u64,
) -> Result<Option<Standing>, StoreError> {
    let mut reviewed = None;
    for entry in backwards {
        let (key, value) = entry.map_err(|error| read_error(&error))?;
        if keys::is_review(&key) {
            // The reviews of a revision lie right after it, the newest last.
            let review = decode::<Review>(&value)?;
            if reviewed.is_none() && review.status.sequence <= bound {
                reviewed = Some(review.status);
            }
            continue;
        }
        let newest = Arc::new(decode::<Revision>(&value)?);
        if newest.sequence > bound {
            reviewed = None;
            continue;
        }
        let status = reviewed.unwrap_or_else(|| newest.status());
        let accepted = match status.accepted {
            None => None,
            Some(number) if number == newest.number => Some(newest.clone()),
            Some(number) => {
                let missing = || StoreError::Damaged(format!("the accepted revision of {}", newest.report));
                let found = get::<Revision>(tree, keys::revision(&newest.report, number))?;
                Some(Arc::new(found.ok_or_else(missing)?))
            }
        };
        return Ok(Some(Standing { status, newest, accepted }));
    }
    Ok(None)
}

/// Revisions among these records up to a sequence number.
pub(super) fn revisions_of(
    records: impl Iterator<Item = sled::Result<(IVec, IVec)>>,
    bound: u64,
) -> impl Iterator<Item = Result<Revision, StoreError>> {
    let revisions = records.filter(|entry| entry.as_ref().map_or(true, |(key, _)| !keys::is_review(key)));
    revisions
        .map(|entry| decode::<Revision>(&entry.map_err(|error| read_error(&error))?.1))
        .filter(move |revision| revision.as_ref().map_or(true, |revision| revision.sequence <= bound))
}

impl Stored for Shared {
    /// The committer alone writes, and asks between its writes: what is there is durable.
    fn version(&self, report: &ReportKey) -> Result<Option<Version>, StoreError> {
        Ok(self.standing(report, NEWEST)?.map(|standing| standing.status.version()))
    }

    fn request(&self, id: RequestId) -> Result<Option<StoredRequest>, StoreError> {
        let request = self.get::<StoredRequest>(keys::request(id))?;
        Ok(request.filter(|request| request.sequence <= self.durable().sequence))
    }

    fn registry_sequence(&self) -> Result<u64, StoreError> {
        Ok(self.registry_sequence.load(Ordering::Acquire))
    }

    fn access_sequence(&self) -> Result<u64, StoreError> {
        Ok(self.access_sequence.load(Ordering::Acquire))
    }

    fn is_frozen(&self, name: &FrozenFormName) -> Result<bool, StoreError> {
        let key = keys::frozen(&name.jurisdiction, name.year, name.number);
        self.reading(|copy| copy.tree.contains_key(key).map_err(|error| read_error(&error)))
    }

    fn record(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.reading(|copy| Ok(copy.tree.get(key).map_err(|error| read_error(&error))?.map(|value| value.to_vec())))
    }
}
