//! Everything that can be checked about a store from its own records: each record, the journal's chain, and what
//! records say of each other. Knows nothing of sums.

use crate::report::{Message, Revision, RevisionName, content_hash};

use super::item::{Item, describe_key};
use super::journal::{JournalEntry, Position};
use super::transaction::StoredRequest;
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
    pub message: Message,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// The last journal entry that was looked at.
    pub position: Position,
    pub records: u64,
    pub revisions: u64,
    /// The first faults.
    pub faults: Vec<StoreFault>,
    pub faults_total: u64,
}

impl Verification {
    pub fn fault(&mut self, place: impl Into<String>, message: Message) {
        self.faults_total += 1;
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(StoreFault { place: place.into(), message });
        }
    }
}

/// Told on the way.
pub trait Visitor {
    /// The newest revision of each report.
    fn head(&mut self, revision: &Revision);
    /// Records looked at so far.
    fn progress(&mut self, records: u64);
}

/// Checks everything up to the journal sequence `as_of`.
pub fn verify(store: &dyn Store, as_of: u64, visitor: &mut dyn Visitor) -> Verification {
    let mut walk = Walk { store, as_of, found: Verification::default(), newest: None, visitor };
    if let Err(error) = walk.run() {
        walk.found.fault(
            "store",
            Message::new(format!("无法继续读取：{error}"), format!("it cannot be read any further: {error}")),
        );
    }
    if walk.found.position.sequence != as_of {
        let found = walk.found.position.sequence;
        let text = Message::new(
            format!("日志止于第 {found} 条，应为 {as_of}"),
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
    /// The revision looked at last: the newest of its report so far.
    newest: Option<Box<Revision>>,
    visitor: &'a mut dyn Visitor,
}

impl Walk<'_> {
    fn run(&mut self) -> Result<(), StoreError> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.store.records(self.as_of, after.as_deref(), PAGE_RECORDS)?;
            for record in &page {
                match Item::decode(&record.key, &record.value) {
                    Ok(item) => self.item(item),
                    Err(error) => {
                        let text = Message::new(format!("记录损坏：{error}"), error.to_string());
                        self.found.fault(describe_key(&record.key), text);
                    }
                }
            }
            self.found.records += page.len() as u64;
            self.visitor.progress(self.found.records);
            let Some(last) = page.into_iter().next_back() else { break };
            after = Some(last.key);
        }
        self.close_report();
        Ok(())
    }

    fn item(&mut self, item: Item) {
        match item {
            Item::Entry(entry) => self.entry(&entry),
            Item::Registry { sequence, position, .. } => {
                if let Err(text) = self.journalled(sequence) {
                    self.found.fault(format!("registry change {sequence}/{position}"), text);
                }
            }
            Item::Revision(revision) => self.revision(revision),
            Item::Request { id, request } => self.request(&format!("request id {id}"), &request),
        }
    }

    fn entry(&mut self, entry: &JournalEntry) {
        let place = || format!("journal entry {}", entry.sequence);
        if let Err(text) = entry.check_follows(&self.found.position) {
            self.found.fault(place(), text);
        }
        self.found.position = entry.position();
        let Ok(name) = entry.subject.parse::<RevisionName>() else { return };
        match self.store.revision(&name) {
            Ok(Some(revision)) if revision.sequence <= entry.sequence => {}
            Ok(Some(_)) => self.found.fault(
                place(),
                Message::new(format!("所指 {name} 晚于此条"), format!("{name}, which it is about, came later")),
            ),
            Ok(None) => {
                let text = Message::new(format!("所指 {name} 不存在"), format!("{name}, which it is about, is gone"));
                self.found.fault(place(), text);
            }
            // It is reported where its own record is looked at.
            Err(_) => {}
        }
    }

    /// The entry of a sequence, or why there is none.
    fn journalled(&self, sequence: u64) -> Result<JournalEntry, Message> {
        let missing =
            || Message::new(format!("没有日志第 {sequence} 条"), format!("there is no journal entry {sequence}"));
        let entries = self.store.journal(sequence.checked_sub(1).ok_or_else(missing)?, 1).map_err(|error| {
            Message::new(
                format!("日志第 {sequence} 条无法读取：{error}"),
                format!("journal entry {sequence} cannot be read: {error}"),
            )
        })?;
        entries.into_iter().find(|entry| entry.sequence == sequence).ok_or_else(missing)
    }

    fn revision(&mut self, revision: Box<Revision>) {
        self.found.revisions += 1;
        let name = revision.name();
        if self.newest.as_ref().is_some_and(|newest| newest.report != revision.report) {
            self.close_report();
        }
        let (number, after) = self.newest.as_ref().map_or((1, 0), |newest| (newest.number + 1, newest.sequence));
        if revision.number != number {
            let text = Message::new(format!("缺少第 {number} 版"), format!("revision {number} before it is missing"));
            self.found.fault(name.to_string(), text);
        }
        if revision.sequence < after {
            let text = Message::new("早于其前一版", "it came before the revision that it replaces");
            self.found.fault(name.to_string(), text);
        }
        if content_hash(&revision.report, &revision.figures) != revision.content_hash {
            let text = Message::new("数据与其内容哈希不符", "its figures are not what its content hash says");
            self.found.fault(name.to_string(), text);
        }
        match self.journalled(revision.sequence) {
            Err(text) => self.found.fault(name.to_string(), text),
            Ok(entry) => {
                let names_it = entry.subject == name.to_string();
                if entry.time != revision.time || (names_it && entry.content_hash != revision.content_hash) {
                    let text = Message::new(
                        format!("时间或内容哈希与日志第 {} 条不符", entry.sequence),
                        format!("its time or its content hash is not that of journal entry {}", entry.sequence),
                    );
                    self.found.fault(name.to_string(), text);
                }
            }
        }
        self.newest = Some(revision);
    }

    fn close_report(&mut self) {
        if let Some(newest) = self.newest.take() {
            self.visitor.head(&newest);
        }
    }

    fn request(&mut self, place: &str, request: &StoredRequest) {
        if let Err(text) = self.journalled(request.sequence) {
            self.found.fault(place, text);
        }
        let name = &request.revision;
        match self.store.revision(name) {
            Ok(Some(revision)) if revision.sequence == request.sequence => {}
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
