//! What is kept beside the registry, as the commits have it: whom to ask at an agency, and when it was reminded last. No state
//! of the past has it, and nothing that is counted rests on it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use jiff::Timestamp;

use crate::registry::{Contacts, RegistryChange, Reminded};
use crate::report::{AgencyId, ReportYear};

/// The contacts of an agency that are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptContacts {
    /// Journal sequence of the entry that has them.
    pub sequence: u64,
    /// With at least one person.
    pub contacts: Contacts,
}

/// The newest reminder of an agency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastReminder {
    /// The report that it was about.
    pub year: ReportYear,
    /// When it was begun.
    pub at: Timestamp,
    /// What became of it, as far as is known.
    pub outcome: Reminded,
}

/// Contacts and reminders.
#[derive(Debug, Default)]
pub struct Beside {
    contacts: BTreeMap<AgencyId, KeptContacts>,
    /// Entries with contacts that no longer hold, and are to go.
    superseded: BTreeSet<u64>,
    reminders: BTreeMap<AgencyId, LastReminder>,
}

impl Beside {
    /// What the stored changes of the registry make.
    pub(crate) fn of(changes: &[(u64, RegistryChange)]) -> Self {
        let mut beside = Self::default();
        for (sequence, change) in changes {
            beside.follow(*sequence, change);
        }
        beside
    }

    /// Takes a change that was committed with this entry.
    pub(crate) fn follow(&mut self, sequence: u64, change: &RegistryChange) {
        match change {
            RegistryChange::PutContacts(contacts) => {
                let was = self.contacts.remove(&contacts.agency);
                self.superseded.extend(was.map(|was| was.sequence));
                if !contacts.people.is_empty() && !contacts.is_struck() {
                    let kept = KeptContacts { sequence, contacts: contacts.clone() };
                    self.contacts.insert(contacts.agency.clone(), kept);
                }
            }
            RegistryChange::PutReminders(reminders) => {
                for agency in &reminders.agencies {
                    let (year, outcome) = (reminders.year, reminders.outcome);
                    let known = self.reminders.get(agency).filter(|known| known.year == year);
                    let began = known.filter(|_| outcome != Reminded::Begun).map(|known| known.at);
                    let last = LastReminder { year, at: began.unwrap_or(reminders.at), outcome };
                    self.reminders.insert(agency.clone(), last);
                }
            }
            _ => {}
        }
    }

    /// Forgets what was struck out of an entry.
    pub(crate) fn strike(&mut self, sequence: u64, contacts: &Contacts) {
        self.superseded.remove(&sequence);
        if self.contacts.get(&contacts.agency).is_some_and(|kept| kept.sequence == sequence) {
            self.contacts.remove(&contacts.agency);
        }
    }

    /// Whom to ask at an agency.
    pub fn contacts(&self, agency: &AgencyId) -> Option<&KeptContacts> {
        self.contacts.get(agency)
    }

    /// Contacts in the order of their agencies, after one.
    pub fn contacts_after(&self, after: Option<&AgencyId>) -> impl Iterator<Item = &KeptContacts> {
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.contacts.range::<AgencyId, _>((after, Bound::Unbounded)).map(|(_, kept)| kept)
    }

    /// Entries with contacts that no longer hold.
    pub fn superseded(&self) -> Vec<u64> {
        self.superseded.iter().copied().collect()
    }

    /// When an agency was reminded last.
    pub fn reminder(&self, agency: &AgencyId) -> Option<LastReminder> {
        self.reminders.get(agency).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{Contact, Reminders};
    use crate::report::{Hash, struck};

    fn put(agency: &str, name: &str) -> RegistryChange {
        let person = Contact { name: name.to_owned(), telephone: "1".to_owned(), ..Contact::default() };
        let people = if name.is_empty() { Vec::new() } else { vec![person] };
        RegistryChange::PutContacts(Contacts { agency: agency.parse().unwrap(), people })
    }

    #[test]
    fn the_newest_contacts_hold_and_those_before_are_to_go() {
        let mut beside = Beside::of(&[(1, put("one", "甲")), (2, put("two", "乙")), (3, put("one", "丙"))]);
        let one: AgencyId = "one".parse().unwrap();
        assert_eq!(beside.contacts(&one).unwrap().sequence, 3);
        assert_eq!(beside.superseded(), [1]);
        beside.follow(4, &put("one", ""));
        assert_eq!((beside.contacts(&one), beside.superseded()), (None, vec![1, 3]));
        let gone = Contacts { agency: one, people: Vec::new() };
        beside.strike(1, &gone);
        assert_eq!(beside.superseded(), [3]);
        assert_eq!(beside.contacts_after(None).map(|kept| kept.sequence).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn what_was_struck_out_holds_for_nobody_and_comes_not_back_with_a_start() {
        let words = struck(Hash::of(b"words"));
        let beside = Beside::of(&[(1, put("one", "甲")), (2, put("one", &words))]);
        assert_eq!(beside.contacts(&"one".parse().unwrap()), None);
        assert_eq!(beside.superseded(), [1]);
    }

    #[test]
    fn what_became_of_a_reminder_keeps_the_time_at_which_it_was_begun() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let one: AgencyId = "one".parse().unwrap();
        let year = ReportYear::new(2022).unwrap();
        let put = |time: &str, outcome| {
            let agencies = vec![one.clone()];
            RegistryChange::PutReminders(Reminders { year, at: at(time), outcome, agencies })
        };
        let (first, then) = ("2023-01-01T00:00:00Z", "2023-01-01T00:00:09Z");
        let mut beside = Beside::of(&[(1, put(first, Reminded::Begun))]);
        assert_eq!(beside.reminder(&one), Some(LastReminder { year, at: at(first), outcome: Reminded::Begun }));
        beside.follow(2, &put(then, Reminded::Failed));
        assert_eq!(beside.reminder(&one), Some(LastReminder { year, at: at(first), outcome: Reminded::Failed }));
    }
}
