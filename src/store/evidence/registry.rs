//! What changes of the registry, collections, contacts and reminders say, line by line.

use crate::registry::{
    Agency, Collection, Contact, Contacts, Exception, Jurisdiction, NewValues, RegistryChange, Reminded, Reminders,
    ReviewPolicy,
};
use crate::report::{AgencyKind, Level};

use super::Evidence;
use super::lines::time_words;

impl Evidence {
    pub(super) fn registry(&mut self, change: &RegistryChange) -> &'static str {
        match change {
            RegistryChange::CreateJurisdiction(jurisdiction) => {
                let Jurisdiction { code, parent, display_name, level, first_year } = jurisdiction;
                self.plain("jurisdiction", code.name())
                    .optional("parent", parent.as_ref().map(|parent| parent.name()))
                    .plain("display_name", display_name)
                    .plain("level", level_word(*level))
                    .plain("first_year", first_year);
                "registry.create_jurisdiction"
            }
            RegistryChange::CreateAgency(agency) => {
                let Agency { id, jurisdiction, display_name, kind, large, vertical, first_year } = agency;
                self.plain("agency", format_args!("agencies/{id}"))
                    .plain("jurisdiction", jurisdiction.name())
                    .plain("display_name", display_name)
                    .plain("agency_kind", kind_word(*kind))
                    .plain("large", large)
                    .plain("vertical", vertical)
                    .plain("first_year", first_year);
                "registry.create_agency"
            }
            RegistryChange::Rename { entry, display_name, first_year } => {
                self.plain("entry", entry).plain("display_name", display_name).plain("first_year", first_year);
                "registry.rename"
            }
            RegistryChange::Move { entry, parent, first_year } => {
                self.plain("entry", entry).plain("parent", parent.name()).plain("first_year", first_year);
                "registry.move"
            }
            RegistryChange::Merge { entries, into, first_year } => {
                self.list("entry", entries).plain("into", into).plain("first_year", first_year);
                "registry.merge"
            }
            RegistryChange::Split { entry, into, first_year } => {
                self.plain("entry", entry).list("into", into).plain("first_year", first_year);
                "registry.split"
            }
            RegistryChange::Abolish { entry, first_year } => {
                self.plain("entry", entry).plain("first_year", first_year);
                "registry.abolish"
            }
            RegistryChange::Reclassify { agency, values, first_year } => {
                self.plain("agency", format_args!("agencies/{agency}")).new_values(values);
                self.plain("first_year", first_year);
                "registry.reclassify"
            }
            RegistryChange::Correct { entry, values, first_year, reason } => {
                self.plain("entry", entry).new_values(values);
                self.plain("first_year", first_year).plain("reason", reason);
                "registry.correct"
            }
            RegistryChange::Void { entry, reason } => {
                self.plain("entry", entry).plain("reason", reason);
                "registry.void"
            }
            RegistryChange::Restore { entry, reason } => {
                self.plain("entry", entry).plain("reason", reason);
                "registry.restore"
            }
            RegistryChange::Join { agency, into, years, reason } => {
                self.plain("agency", format_args!("agencies/{agency}"))
                    .plain("into", format_args!("agencies/{into}"))
                    .list("year", years)
                    .plain("reason", reason);
                "registry.join"
            }
            RegistryChange::JoinPlaces { jurisdiction, into, reason } => {
                self.plain("jurisdiction", jurisdiction.name()).plain("into", into.name()).plain("reason", reason);
                "registry.join_places"
            }
            RegistryChange::PutCollection(collection) => {
                self.collection(collection);
                "registry.collection"
            }
            RegistryChange::PutContacts(contacts) => {
                self.contacts(contacts);
                "registry.contacts"
            }
            RegistryChange::PutReminders(reminders) => {
                let Reminders { year, at, outcome, agencies } = reminders;
                self.plain("year", year).plain("at", time_words(*at)).plain("outcome", reminded_word(*outcome));
                self.list("agency", agencies.iter().map(|id| format!("agencies/{id}")));
                "registry.reminders"
            }
        }
    }

    fn new_values(&mut self, values: &NewValues) {
        let NewValues { display_name, parent, kind, large, vertical, begins } = values;
        self.optional("display_name", display_name.as_ref())
            .optional("parent", parent.as_ref().map(|parent| parent.name()))
            .optional("agency_kind", kind.map(kind_word))
            .optional("large", *large)
            .optional("vertical", *vertical)
            .optional("begins", begins.as_ref());
    }

    fn collection(&mut self, collection: &Collection) {
        let Collection { year, edition, due, lock, review, exceptions } = collection;
        self.plain("year", year).plain("edition", edition);
        for (level, due) in due {
            self.plain(format!("due.{}", level_word(*level)), time_words(*due));
        }
        let policy = match review {
            ReviewPolicy::None => "none",
            ReviewPolicy::JurisdictionOffice => "jurisdiction_office",
        };
        self.optional("lock", lock.map(time_words)).plain("review", policy);
        for (at, exception) in exceptions.iter().enumerate() {
            let Exception { agency, due, lock, granted_by, reason, until } = exception;
            let key = |field: &str| format!("exception.{}.{field}", at + 1);
            self.plain(key("agency"), format_args!("agencies/{agency}"))
                .optional(&key("due"), due.map(time_words))
                .optional(&key("lock"), lock.map(time_words))
                .plain(key("granted_by"), granted_by)
                .words(key("reason"), reason)
                .optional(&key("until"), until.map(time_words));
        }
    }

    fn contacts(&mut self, contacts: &Contacts) {
        let Contacts { agency, people } = contacts;
        self.plain("agency", format_args!("agencies/{agency}"));
        for (at, person) in people.iter().enumerate() {
            let Contact { name, duty, telephone, email } = person;
            let key = |field: &str| format!("contact.{}.{field}", at + 1);
            self.words(key("name"), name)
                .words(key("duty"), duty)
                .words(key("telephone"), telephone)
                .words(key("email"), email);
        }
    }
}

fn reminded_word(outcome: Reminded) -> &'static str {
    match outcome {
        Reminded::Begun => "begun",
        Reminded::Sent => "sent",
        Reminded::Failed => "failed",
    }
}

fn level_word(level: Level) -> &'static str {
    match level {
        Level::Province => "province",
        Level::City => "city",
        Level::County => "county",
        Level::FunctionalZone => "functional_zone",
        Level::Township => "township",
    }
}

fn kind_word(kind: AgencyKind) -> &'static str {
    match kind {
        AgencyKind::GovernmentOffice => "government_office",
        AgencyKind::Department => "department",
        AgencyKind::Township => "township",
        AgencyKind::DispatchedOffice => "dispatched_office",
    }
}
