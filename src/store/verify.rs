//! Everything that can be checked about a store from its own records: each record, the journal's chain, and what
//! records say of each other. Knows nothing of sums.

use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::Timestamp;

use crate::report::{Hash, Message, ReportKey, ReportStatus, Review, Revision, RevisionName};
use crate::rollup::{FrozenForm, FrozenFormName};

use super::ahead::{all_cores, in_order};
use super::covered::Covered;
use super::item::{Examined, Item, StoredRecord, describe_key};
use super::journal::{JournalEntry, Outcome, Position};
use super::strike::{Strikes, untold_message};
use super::transaction::{Requested, Standing, StoredRequest};
use super::{Store, StoreError};

/// Records read at a time.
const PAGE_RECORDS: usize = 256;

/// Faults that are kept in words; the others are counted.
const FAULTS_MAX: usize = 100;

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreFault {
    /// A resource, or a key where the resource cannot be told.
    pub place: String,
    /// What is wrong.
    pub message: Message,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// The last journal entry that was looked at.
    pub position: Position,
    /// Records that were looked at.
    pub records: u64,
    /// Revisions among them.
    pub revisions: u64,
    /// The first faults.
    pub faults: Vec<StoreFault>,
    /// How many faults there are, beyond those that are kept in words, too.
    pub faults_total: u64,
}

impl Verification {
    /// Counts a fault, and keeps it while there is room.
    pub fn fault(&mut self, place: impl Into<String>, message: Message) {
        self.faults_total += 1;
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(StoreFault { place: place.into(), message });
        }
    }
}

/// Told on the way.
pub trait Visitor {
    /// How each report stands.
    fn report(&mut self, standing: &Standing);
    /// Each frozen form.
    fn frozen(&mut self, form: &FrozenForm);
    /// Records looked at so far.
    fn progress(&mut self, records: u64);
}

/// Checks everything up to the journal sequence `as_of`.
pub fn verify(store: &dyn Store, as_of: u64, visitor: &mut dyn Visitor) -> Verification {
    let (found, covered, strikes) = (Verification::default(), Covered::default(), Strikes::default());
    let mut walk = Walk { store, as_of, found, covered, strikes, standing: None, visitor };
    if let Err(error) = walk.run() {
        walk.found.fault(
            "store",
            Message::new(format!("无法继续读取：{error}"), format!("it cannot be read any further: {error}")),
        );
    }
    if walk.found.position.sequence != as_of {
        let found = walk.found.position.sequence;
        let text = Message::new(
            format!("日志止于第{found}条，应为{as_of}"),
            format!("the journal ends at entry {found} instead of {as_of}"),
        );
        walk.found.fault("journal", text);
    }
    walk.found
}

struct Walk<'a> {
    store: &'a dyn Store,
    as_of: u64,
    found: Verification,
    covered: Covered,
    strikes: Strikes,
    /// The report looked at last, as its records so far say that it stands.
    standing: Option<Standing>,
    visitor: &'a mut dyn Visitor,
}

impl Walk<'_> {
    fn run(&mut self) -> Result<(), StoreError> {
        let (store, as_of) = (self.store, self.as_of);
        let mut after: Option<Vec<u8>> = None;
        let mut ended = false;
        let next_page = move || {
            if ended {
                return None;
            }
            let page = store.records(as_of, after.as_deref(), PAGE_RECORDS);
            after = page.as_ref().ok().and_then(|page| page.last()).map(|last| last.key.clone());
            ended = after.is_none();
            Some(page)
        };
        let examine = |record: StoredRecord| {
            let examined = Examined::of(&record.key, &record.value);
            (record.key, examined)
        };
        let examine_page = |page: Result<Vec<StoredRecord>, StoreError>| {
            page.map(|page| page.into_iter().map(examine).collect::<Vec<_>>())
        };
        let failed = in_order(all_cores(), next_page, examine_page, |page| {
            let page = match page {
                Ok(page) => page,
                Err(error) => return ControlFlow::Break(error),
            };
            self.found.records += page.len() as u64;
            for (key, examined) in page {
                match examined {
                    Ok(examined) => self.item(examined),
                    Err(error) => {
                        let text = Message::new(format!("记录损坏：{error}"), error.to_string());
                        self.found.fault(describe_key(&key), text);
                    }
                }
            }
            self.visitor.progress(self.found.records);
            ControlFlow::Continue(())
        });
        if let Some(error) = failed {
            return Err(error);
        }
        self.close_report();
        if let Some(sequence) = self.strikes.untold() {
            self.found.fault(format!("journal entry {sequence}"), untold_message());
        }
        for sequence in std::mem::take(&mut self.covered).differing() {
            let text = Message::new(
                "所存记录与该条日志所记不符：有记录被改动、增加或缺失",
                "its records are not those that it was stored with: one was changed or added, or is gone",
            );
            self.found.fault(format!("journal entry {sequence}"), text);
        }
        Ok(())
    }

    fn item(&mut self, examined: Examined) {
        let Examined { item, says, has_its_hash } = examined;
        self.covered.add(&item, says);
        match item {
            Item::Entry(entry) => self.entry(&entry),
            Item::Registry { sequence, position, .. } => {
                if let Err(text) = self.journalled(sequence) {
                    self.found.fault(format!("registry change {sequence}/{position}"), text);
                }
            }
            Item::Access { sequence, position, .. } => {
                if let Err(text) = self.journalled(sequence) {
                    self.found.fault(format!("change of access {sequence}/{position}"), text);
                }
            }
            Item::Revision(revision) => self.revision(revision, has_its_hash),
            Item::Review(review) => self.review(&review),
            Item::Frozen(form) => self.frozen(&form),
            Item::Request { id, request } => self.request(&format!("request id {id}"), &request),
        }
    }

    fn entry(&mut self, entry: &JournalEntry) {
        let place = || format!("journal entry {}", entry.sequence);
        if let Err(text) = entry.check_follows(&self.found.position) {
            self.found.fault(place(), text);
        }
        self.found.position = entry.position();
        self.strikes.see(entry);
        if entry.outcome == Outcome::Refused {
            return;
        }
        let stored = if let Ok(name) = entry.subject.parse::<RevisionName>() {
            let standing = self.store.standing(&name.report, entry.sequence);
            standing.map(|standing| standing.is_some_and(|standing| changed_by(&standing, &name, entry)))
        } else if let Ok(name) = entry.subject.parse::<FrozenFormName>() {
            let before = Some((name.year, name.number.saturating_sub(1)));
            let forms = self.store.frozen_forms(&name.jurisdiction, before, 1);
            forms.map(|forms| forms.iter().any(|form| form.name == name && form.sequence == entry.sequence))
        } else {
            return;
        };
        // What cannot be read is reported where its own record is looked at.
        if stored == Ok(false) {
            let text = Message::new(
                format!("所记 {} 的变更不存在", entry.subject),
                format!("the change of {} that it tells of is gone", entry.subject),
            );
            self.found.fault(place(), text);
        }
    }

    /// The entry of a sequence, or why there is none.
    fn journalled(&self, sequence: u64) -> Result<JournalEntry, Message> {
        let missing =
            || Message::new(format!("没有日志第{sequence}条"), format!("there is no journal entry {sequence}"));
        let entries = self.store.journal(sequence.checked_sub(1).ok_or_else(missing)?, 1).map_err(|error| {
            Message::new(
                format!("日志第{sequence}条无法读取：{error}"),
                format!("journal entry {sequence} cannot be read: {error}"),
            )
        })?;
        entries.into_iter().find(|entry| entry.sequence == sequence).ok_or_else(missing)
    }

    /// Whether the entry of a record's sequence has its time, and where it names the subject, says the same of it.
    fn check_entry(&mut self, place: &str, sequence: u64, time: Timestamp, told: &Told<'_>) {
        match self.journalled(sequence) {
            Err(text) => self.found.fault(place, text),
            Ok(entry) => {
                if entry.time != time || (entry.subject == told.subject && !told.agrees(&entry)) {
                    let text = Message::new(
                        format!("时间、内容校验值、操作人或原因与日志第{sequence}条不符"),
                        format!("its time, content hash, actor or reason is not that of journal entry {sequence}"),
                    );
                    self.found.fault(place, text);
                }
            }
        }
    }

    fn revision(&mut self, revision: Arc<Revision>, has_its_hash: bool) {
        self.found.revisions += 1;
        let name = revision.name().to_string();
        self.begin_report(&revision.report);
        let before = self.standing.as_ref().map(|standing| standing.status);
        let number = before.map_or(1, |before| before.newest + 1);
        if revision.number != number {
            let text = Message::new(format!("缺少第{number}版"), format!("revision {number} before it is missing"));
            self.found.fault(&name, text);
        } else if revision.accepted_before != before.and_then(|before| before.accepted) {
            let text = Message::new(
                "所记此前已通过的版本与各版本及审核不符",
                "the accepted revision that it says was before it is not what revisions and reviews make it",
            );
            self.found.fault(&name, text);
        }
        if before.is_some_and(|before| revision.sequence <= before.sequence) {
            let text = Message::new("早于其前的版本或审核", "it came before the revision or review that it follows");
            self.found.fault(&name, text);
        }
        if !has_its_hash {
            let text = Message::new("内容与其校验值不符", "its content is not what its content hash says");
            self.found.fault(&name, text);
        }
        let Revision { content_hash, actor, reason, .. } = &*revision;
        let told = Told { subject: &name, content: *content_hash, actor, reason };
        self.check_entry(&name, revision.sequence, revision.time, &told);
        self.standing = Some(Standing::after_revision(self.standing.as_ref(), revision));
    }

    fn review(&mut self, review: &Review) {
        let name = review.revision.to_string();
        let sequence = review.status.sequence;
        let place = format!("review {sequence} of {name}");
        self.begin_report(&review.revision.report);
        let Some(before) = self.standing.take_if(|before| before.newest.number == review.revision.number) else {
            let text = Message::new("所审核的版本不存在", "the revision that it reviews is gone");
            return self.found.fault(place, text);
        };
        let expected = ReportStatus { review: sequence, sequence, ..review.action.apply(&before.status) };
        let follows = review.action.follows().contains(&before.status.state);
        if !follows || review.status != expected || sequence <= before.status.sequence {
            let text = Message::new("审核结果与此前状态不符", "it does not follow from how the report stood before it");
            self.found.fault(&place, text);
        }
        let Review { actor, reason, .. } = review;
        let told = Told { subject: &name, content: before.newest.content_hash, actor, reason };
        self.check_entry(&place, sequence, review.time, &told);
        self.standing = Some(before.after_review(review));
    }

    fn frozen(&mut self, form: &FrozenForm) {
        let name = form.name.to_string();
        if form.as_of >= form.sequence {
            let text =
                Message::new("所据流水号不在其前", "the journal sequence that it is true as of is not before it");
            self.found.fault(&name, text);
        }
        let FrozenForm { content_hash, actor, note, .. } = form;
        let told = Told { subject: &name, content: *content_hash, actor, reason: note };
        self.check_entry(&name, form.sequence, form.time, &told);
        self.visitor.frozen(form);
    }

    /// What comes now is of this report.
    fn begin_report(&mut self, report: &ReportKey) {
        if self.standing.as_ref().is_some_and(|standing| standing.newest.report != *report) {
            self.close_report();
        }
    }

    fn close_report(&mut self) {
        if let Some(standing) = self.standing.take() {
            self.visitor.report(&standing);
        }
    }

    fn request(&mut self, place: &str, request: &StoredRequest) {
        if let Err(text) = self.journalled(request.sequence) {
            self.found.fault(place, text);
        }
        let (name, stored) = match &request.stored {
            Requested::Revision(name) => {
                (name.to_string(), self.store.revision(name).map(|found| found.map(|revision| revision.sequence)))
            }
            Requested::Review(name) => {
                let reviews = self.store.reviews(&name.report, name.number..=name.number);
                let of_request = |reviews: Vec<Review>| {
                    let sequences = reviews.iter().map(|review| review.status.sequence);
                    sequences.max_by_key(|sequence| *sequence == request.sequence)
                };
                (name.to_string(), reviews.map(of_request))
            }
            Requested::FrozenForm(name) => {
                let before = (name.year, name.number.saturating_sub(1));
                let forms = self.store.frozen_forms(&name.jurisdiction, Some(before), 1);
                let of_name = |forms: Vec<FrozenForm>| forms.into_iter().find(|form| form.name == *name);
                (name.to_string(), forms.map(|forms| of_name(forms).map(|form| form.sequence)))
            }
            Requested::Registry(count) => {
                let stored = self.store.registry(request.sequence.saturating_sub(1), request.sequence);
                let of_count = |changes: Vec<_>| (changes.len() == *count as usize).then_some(request.sequence);
                ("registry".to_owned(), stored.map(of_count))
            }
        };
        match stored {
            Ok(Some(sequence)) if sequence == request.sequence => {}
            Ok(Some(_)) => self.found.fault(
                place,
                Message::new(
                    format!("{name} 不是该请求存入的"),
                    format!("{name} was not stored by the request that names it"),
                ),
            ),
            Ok(None) => {
                self.found.fault(place, Message::new(format!("{name} 不存在"), format!("{name} is gone")));
            }
            // It is reported where its own record is looked at.
            Err(_) => {}
        }
    }
}

/// What a record and its entry both tell.
struct Told<'a> {
    subject: &'a str,
    content: Hash,
    actor: &'a str,
    reason: &'a str,
}

impl Told<'_> {
    fn agrees(&self, entry: &JournalEntry) -> bool {
        let address = entry.actor.strip_prefix(self.actor);
        self.content == entry.content_hash
            && address.is_some_and(|address| address.is_empty() || address.starts_with(' '))
            && self.reason == entry.detail
            && entry.outcome == Outcome::Accepted
    }
}

/// Whether a report, as it stood with an entry, was changed by it: in the revision that it names, with its content.
fn changed_by(standing: &Standing, name: &RevisionName, entry: &JournalEntry) -> bool {
    standing.status.sequence == entry.sequence
        && standing.status.newest == name.number
        && standing.newest.content_hash == entry.content_hash
}
