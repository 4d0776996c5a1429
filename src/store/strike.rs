//! Striking people's words out of the journal: they go, with the salt of their entry, and their digests stay. An entry says
//! that it was done, by whom and why. Defined in docs/journal.md.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::access::AccessChange;
use crate::registry::{Contact, RegistryChange};
use crate::report::{Message, RevisionName, struck};
use crate::rollup::FrozenFormName;

use super::evidence::{Evidence, Salt, Value};
use super::item::Item;
use super::journal::{JournalEntry, Outcome};
use super::keys;

/// The journal's word for it.
pub const STRIKE: &str = "journal.strike";

const NAME: &str = "journal/";

/// The resource name of an entry.
pub fn entry_name(sequence: u64) -> String {
    format!("{NAME}{sequence}")
}

/// What an entry holds is changed once only: words go.
#[derive(Debug, Clone, PartialEq)]
pub struct Struck {
    /// The entry and its records, as they were.
    pub before: Vec<Item>,
    /// As they are now.
    pub after: Vec<Item>,
}

impl Struck {
    /// None where the first item is no entry that people's words can be struck out of, or they were before.
    pub fn of(before: Vec<Item>) -> Option<Self> {
        let Some(Item::Entry(entry)) = before.first() else { return None };
        let salt = entry.covers?.salt;
        let after = before.iter().map(|item| without_words(item, salt)).collect();
        (!entry.is_struck()).then_some(Self { before, after })
    }
}

/// The keys under which the records of an entry may stand whose words are people's, but for changes of the registry and of
/// access, which are numbered.
pub(crate) fn keys_of_records(entry: &JournalEntry) -> Vec<Vec<u8>> {
    if let Ok(RevisionName { report, number }) = entry.subject.parse() {
        return vec![keys::revision(&report, number).to_vec(), keys::review(&report, number, entry.sequence).to_vec()];
    }
    let form = entry.subject.parse::<FrozenFormName>().ok();
    form.map(|form| keys::frozen(&form.jurisdiction, form.year, form.number).to_vec()).into_iter().collect()
}

fn without_words(item: &Item, salt: Salt) -> Item {
    let strike = |words: &mut String| *words = struck(salt.commit(words));
    let mut item = item.clone();
    match &mut item {
        Item::Entry(entry) => {
            strike(&mut entry.detail);
            if let Some(covers) = &mut entry.covers {
                covers.salt = Salt::STRUCK;
            }
        }
        Item::Registry { change: RegistryChange::PutCollection(collection), .. } => {
            collection.exceptions.iter_mut().for_each(|exception| strike(&mut exception.reason));
        }
        Item::Registry { change: RegistryChange::PutContacts(contacts), .. } => {
            for Contact { name, duty, telephone, email } in &mut contacts.people {
                [name, duty, telephone, email].into_iter().for_each(strike);
            }
        }
        Item::Access { change: AccessChange::CreateCredential(credential), .. } => strike(&mut credential.note),
        Item::Access { change: AccessChange::Enrol(enrolment), .. } => strike(&mut enrolment.note),
        Item::Revision(revision) => {
            let revision = Arc::make_mut(revision);
            strike(&mut revision.reason);
            revision.answers.iter_mut().for_each(|answer| strike(&mut answer.reason));
        }
        Item::Review(review) => {
            let review = Arc::make_mut(review);
            strike(&mut review.reason);
            review.comments.iter_mut().for_each(|comment| strike(&mut comment.text));
        }
        Item::Frozen(form) => strike(&mut Arc::make_mut(form).note),
        Item::Registry { .. } | Item::Access { .. } | Item::Request { .. } => {}
    }
    item
}

impl Evidence {
    /// Whether words of it were struck out.
    pub fn has_struck(&self) -> bool {
        self.lines.iter().any(|(_, value)| matches!(value, Value::Struck { .. }))
    }

    /// Whether its words may have been struck out with those of an earlier entry.
    pub fn carries_words_over(&self) -> bool {
        self.kind == "registry.collection"
    }
}

/// Holds entries whose words were struck out to the entries that tell of it.
#[derive(Debug, Default)]
pub(crate) struct Strikes {
    struck: BTreeSet<u64>,
    told: BTreeSet<u64>,
}

impl Strikes {
    /// Takes one more entry.
    pub(crate) fn see(&mut self, entry: &JournalEntry) {
        if entry.is_struck() {
            self.struck.insert(entry.sequence);
        }
        if entry.action == STRIKE && entry.outcome == Outcome::Accepted {
            self.told.extend(entry.subject.strip_prefix(NAME).and_then(|sequence| sequence.parse::<u64>().ok()));
        }
    }

    /// The first entry whose words are gone although none tells of it.
    pub(crate) fn untold(&self) -> Option<u64> {
        self.struck.difference(&self.told).next().copied()
    }
}

/// What is said of an entry whose words are gone although none tells of it.
pub(crate) fn untold_message() -> Message {
    Message::new("文字已删去，而其后没有删去的记录", "its words are struck out, and no entry after it tells of that")
}
