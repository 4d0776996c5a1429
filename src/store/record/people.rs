//! The messages of agencies' contacts and of reminders, and their conversion. Tags are never reused.

use jiff::Timestamp;
use prost::{Enumeration, Message};

use crate::registry::{Contact, Contacts, Reminded, Reminders};
use crate::report::AgencyId;

use super::messages::{parse, stored_of, timestamp, value_of, year};

/// What people wrote is taken as it is: it may have been struck out.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct StoredContacts {
    #[prost(string, tag = "1")]
    agency: String,
    #[prost(message, repeated, tag = "2")]
    people: Vec<StoredContact>,
}

#[derive(Clone, PartialEq, Message)]
struct StoredContact {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    duty: String,
    #[prost(string, tag = "3")]
    telephone: String,
    #[prost(string, tag = "4")]
    email: String,
}

/// The time is microseconds since 1970-01-01 UTC.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct StoredReminders {
    #[prost(uint32, tag = "1")]
    year: u32,
    #[prost(int64, tag = "2")]
    at: i64,
    #[prost(enumeration = "StoredOutcome", tag = "3")]
    outcome: i32,
    #[prost(string, repeated, tag = "4")]
    agencies: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Enumeration)]
enum StoredOutcome {
    Unknown = 0,
    Begun = 1,
    Sent = 2,
    Failed = 3,
}

const OUTCOMES: [(Reminded, StoredOutcome); 3] = [
    (Reminded::Begun, StoredOutcome::Begun),
    (Reminded::Sent, StoredOutcome::Sent),
    (Reminded::Failed, StoredOutcome::Failed),
];

impl StoredContacts {
    pub(crate) fn of(contacts: &Contacts) -> Self {
        let person = |person: &Contact| StoredContact {
            name: person.name.clone(),
            duty: person.duty.clone(),
            telephone: person.telephone.clone(),
            email: person.email.clone(),
        };
        Self { agency: contacts.agency.to_string(), people: contacts.people.iter().map(person).collect() }
    }

    pub(crate) fn into_contacts(self) -> Result<Contacts, String> {
        let people = self.people.into_iter().map(|stored| {
            let StoredContact { name, duty, telephone, email } = stored;
            Contact { name, duty, telephone, email }
        });
        Ok(Contacts { agency: parse(&self.agency)?, people: people.collect() })
    }
}

impl StoredReminders {
    pub(crate) fn of(reminders: &Reminders) -> Self {
        Self {
            year: reminders.year.get().into(),
            at: reminders.at.as_microsecond(),
            outcome: stored_of(&OUTCOMES, &reminders.outcome),
            agencies: reminders.agencies.iter().map(AgencyId::to_string).collect(),
        }
    }

    pub(crate) fn into_reminders(self) -> Result<Reminders, String> {
        let at: Timestamp = timestamp(self.at)?;
        Ok(Reminders {
            year: year(self.year)?,
            at,
            outcome: value_of(&OUTCOMES, self.outcome, "outcome")?,
            agencies: self.agencies.iter().map(|id| parse(id)).collect::<Result<_, _>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::RegistryChange;
    use crate::report::ReportYear;
    use crate::store::record::{decode, encode};

    #[test]
    fn contacts_and_reminders_are_read_as_they_were_written() {
        let person = Contact {
            name: "张三".to_owned(),
            duty: "科长".to_owned(),
            telephone: "0451-82630000".to_owned(),
            email: String::new(),
        };
        let contacts = Contacts { agency: "one".repeat(3).parse().unwrap(), people: vec![person.clone(), person] };
        let nobody = Contacts { people: Vec::new(), ..contacts.clone() };
        let reminders = |outcome| Reminders {
            year: ReportYear::new(2024).unwrap(),
            at: "2025-03-01T00:00:00.000001Z".parse().unwrap(),
            outcome,
            agencies: vec!["one".repeat(3).parse().unwrap(), "two".repeat(3).parse().unwrap()],
        };
        let changes = [
            RegistryChange::PutContacts(contacts),
            RegistryChange::PutContacts(nobody),
            RegistryChange::PutReminders(reminders(Reminded::Begun)),
            RegistryChange::PutReminders(reminders(Reminded::Sent)),
            RegistryChange::PutReminders(reminders(Reminded::Failed)),
        ];
        for change in changes {
            assert_eq!(decode::<RegistryChange>(&encode(&change)).unwrap(), change);
        }
    }
}
