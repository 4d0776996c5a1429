//! One line or entry of a registry file, read into a change of the registry.

use std::collections::HashMap;

use crate::registry::{
    Agency, CONTACTS_MAX, Contact, Contacts, Entry, EntryNameError, Jurisdiction, JurisdictionCode, NewValues,
    RegistryChange,
};
use crate::report::{AgencyId, ReportYear, inert};

use super::RegistryFile;
use super::fault::{ExchangeError, Faults, Place, Problem};
use super::words::{ANSWERS, EntryType, Field, KINDS, LEVELS, OF_CONTACTS, RARE, Word, read};

/// A line or entry as it stands in the file.
#[derive(Debug)]
pub(super) struct Record {
    pub place: Place,
    /// Fields that are not blank.
    pub values: HashMap<Field, String>,
    /// What a field is called in this file.
    pub column: fn(Field) -> &'static str,
}

/// The changes of a file, with what was wrong on the way.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub faults: Faults,
    changes: Vec<(RegistryChange, Place)>,
    /// In the order in which their agencies stand there first.
    contacts: Vec<(Contacts, Place)>,
    /// Where each jurisdiction or agency stood first, by resource name.
    places: HashMap<String, Place>,
}

impl Entries {
    /// Reads a record; a faulty one leaves its faults and no change.
    pub(crate) fn add(&mut self, entry: EntryType, record: &Record) {
        let mut fields = Fields { record, faults: &mut self.faults };
        let change = match entry {
            EntryType::Jurisdiction => fields.jurisdiction().map(RegistryChange::CreateJurisdiction),
            EntryType::Agency => fields.agency().map(RegistryChange::CreateAgency),
            EntryType::Contact => {
                if let Some((agency, person)) = fields.contact() {
                    self.add_contact(agency, person, record);
                }
                return;
            }
            dated => {
                // The same entry changes again and again.
                self.changes.extend(fields.dated(dated).map(|change| (change, record.place)));
                return;
            }
        };
        let Some(change) = change else { return };
        let subject = change.subject();
        if let Some(first) = self.places.get(&subject).copied() {
            let column = (record.column)(Field::Code);
            self.faults.push(record.place, Some(column), Problem::Duplicate { code: subject, first });
        } else {
            self.places.insert(subject, record.place);
            self.changes.push((change, record.place));
        }
    }

    /// Puts a person with the others of their agency; nobody where the agency has nobody any more.
    fn add_contact(&mut self, agency: AgencyId, person: Option<Contact>, record: &Record) {
        let known = self.contacts.iter().position(|(contacts, _)| contacts.agency == agency);
        let at = known.unwrap_or_else(|| {
            self.contacts.push((Contacts { agency: agency.clone(), people: Vec::new() }, record.place));
            self.contacts.len() - 1
        });
        let Some((contacts, _)) = self.contacts.get_mut(at) else { return };
        if contacts.people.len() == CONTACTS_MAX && person.is_some() {
            let column = (record.column)(Field::Code);
            self.faults.push(record.place, Some(column), Problem::Crowded(format!("agencies/{agency}")));
        } else {
            contacts.people.extend(person);
        }
    }

    pub(crate) fn finish(self) -> Result<RegistryFile, ExchangeError> {
        let contacts =
            self.contacts.into_iter().map(|(contacts, place)| (RegistryChange::PutContacts(contacts), place));
        let (changes, places): (Vec<_>, Vec<_>) = self.changes.into_iter().chain(contacts).unzip();
        self.faults.or(RegistryFile::in_order(changes, &places))
    }
}

/// Reads field by field, so that all faults of a record are found.
struct Fields<'a> {
    record: &'a Record,
    faults: &'a mut Faults,
}

impl Fields<'_> {
    fn jurisdiction(&mut self) -> Option<Jurisdiction> {
        self.refuse(RARE);
        self.refuse(&[Field::Kind, Field::Large, Field::Vertical, Field::Into, Field::Years, Field::Reason]);
        let code = self.required(Field::Code, jurisdiction_code);
        let parent = self.optional(Field::Parent, jurisdiction_code);
        let display_name = self.name();
        let level = self.required(Field::Level, |text| known(LEVELS, Field::Level, text));
        let first_year = self.required(Field::FirstYear, report_year);
        Some(Jurisdiction {
            code: code?,
            parent: parent?,
            display_name: display_name?,
            level: level?,
            first_year: first_year?,
        })
    }

    fn agency(&mut self) -> Option<Agency> {
        self.refuse(RARE);
        self.refuse(&[Field::Level, Field::Into, Field::Years, Field::Reason]);
        let id = self.required(Field::Code, agency_id);
        let jurisdiction = self.required(Field::Parent, jurisdiction_code);
        let display_name = self.name();
        let kind = self.required(Field::Kind, |text| known(KINDS, Field::Kind, text));
        let large = self.optional(Field::Large, |text| known(ANSWERS, Field::Large, text));
        let vertical = self.optional(Field::Vertical, |text| known(ANSWERS, Field::Vertical, text));
        let first_year = self.required(Field::FirstYear, report_year);
        Some(Agency {
            id: id?,
            jurisdiction: jurisdiction?,
            display_name: display_name?,
            kind: kind?,
            large: large?.unwrap_or(false),
            vertical: vertical?.unwrap_or(false),
            first_year: first_year?,
        })
    }

    /// A person with their agency; no person where none is named.
    fn contact(&mut self) -> Option<(AgencyId, Option<Contact>)> {
        self.refuse(&[
            Field::Parent,
            Field::Level,
            Field::Kind,
            Field::Large,
            Field::Vertical,
            Field::FirstYear,
            Field::Into,
            Field::Years,
            Field::Reason,
            Field::Begins,
        ]);
        let agency = self.required(Field::Code, agency_id)?;
        let text = |field| self.record.values.get(&field).cloned().unwrap_or_default();
        let person = Contact {
            name: text(Field::Name),
            duty: text(Field::Duty),
            telephone: text(Field::Telephone),
            email: text(Field::Email),
        };
        if person == Contact::default() {
            return Some((agency, None));
        }
        let Some(fault) = person.fault() else { return Some((agency, Some(person))) };
        let field = match fault.field {
            "duty" => Field::Duty,
            "telephone" => Field::Telephone,
            "email" => Field::Email,
            _ => Field::Name,
        };
        self.fault(field, Problem::Contact(fault));
        None
    }

    fn dated(&mut self, entry: EntryType) -> Option<RegistryChange> {
        self.refuse(OF_CONTACTS);
        if entry != EntryType::Correct {
            self.refuse(&[Field::Begins]);
        }
        if let EntryType::Reclassify | EntryType::Correct | EntryType::Void | EntryType::Restore | EntryType::Join =
            entry
        {
            return self.correction(entry);
        }
        self.refuse(&[Field::Level, Field::Kind, Field::Large, Field::Vertical, Field::Years, Field::Reason]);
        let first_year = self.required(Field::FirstYear, report_year);
        if entry != EntryType::Rename {
            self.refuse(&[Field::Name]);
        }
        if entry != EntryType::Move {
            self.refuse(&[Field::Parent]);
        }
        if !matches!(entry, EntryType::Merge | EntryType::Split) {
            self.refuse(&[Field::Into]);
        }
        if entry == EntryType::Merge {
            let (entries, into) = (self.required(Field::Code, entries), self.required(Field::Into, one_entry));
            return Some(RegistryChange::Merge { entries: entries?, into: into?, first_year: first_year? });
        }
        let subject = self.required(Field::Code, one_entry);
        Some(match entry {
            EntryType::Rename => {
                let display_name = self.name();
                RegistryChange::Rename { entry: subject?, display_name: display_name?, first_year: first_year? }
            }
            EntryType::Move => {
                let parent = self.required(Field::Parent, jurisdiction_code);
                RegistryChange::Move { entry: subject?, parent: parent?, first_year: first_year? }
            }
            EntryType::Split => {
                let into = self.required(Field::Into, entries);
                RegistryChange::Split { entry: subject?, into: into?, first_year: first_year? }
            }
            EntryType::Abolish => RegistryChange::Abolish { entry: subject?, first_year: first_year? },
            _ => return None,
        })
    }

    /// What puts the registry right, and what makes an agency of another kind.
    fn correction(&mut self, entry: EntryType) -> Option<RegistryChange> {
        self.refuse(&[Field::Level]);
        match entry {
            EntryType::Reclassify => {
                self.refuse(&[Field::Name, Field::Parent, Field::Into, Field::Years, Field::Reason]);
                let agency = self.required(Field::Code, one_agency);
                let first_year = self.required(Field::FirstYear, report_year);
                let values = self.new_values();
                Some(RegistryChange::Reclassify { agency: agency?, values: values?, first_year: first_year? })
            }
            EntryType::Correct => {
                self.refuse(&[Field::Into, Field::Years]);
                let entry = self.required(Field::Code, one_entry);
                let first_year = self.required(Field::FirstYear, report_year);
                let (values, reason) = (self.new_values(), self.reason());
                Some(RegistryChange::Correct {
                    entry: entry?,
                    values: values?,
                    first_year: first_year?,
                    reason: reason?,
                })
            }
            EntryType::Void | EntryType::Restore => {
                self.refuse(&[
                    Field::Name,
                    Field::Parent,
                    Field::Kind,
                    Field::Large,
                    Field::Vertical,
                    Field::FirstYear,
                    Field::Into,
                    Field::Years,
                ]);
                let (subject, reason) = (self.required(Field::Code, one_entry), self.reason());
                let (subject, reason) = (subject?, reason?);
                Some(match entry {
                    EntryType::Void => RegistryChange::Void { entry: subject, reason },
                    _ => RegistryChange::Restore { entry: subject, reason },
                })
            }
            EntryType::Join => {
                self.refuse(&[
                    Field::Name,
                    Field::Parent,
                    Field::Kind,
                    Field::Large,
                    Field::Vertical,
                    Field::FirstYear,
                ]);
                let is_place = self.value(Field::Code).is_some_and(|code| code.starts_with("jurisdictions/"));
                if is_place {
                    self.refuse(&[Field::Years]);
                    let jurisdiction = self.required(Field::Code, one_jurisdiction);
                    let (into, reason) = (self.required(Field::Into, one_jurisdiction), self.reason());
                    return Some(RegistryChange::JoinPlaces {
                        jurisdiction: jurisdiction?,
                        into: into?,
                        reason: reason?,
                    });
                }
                let agency = self.required(Field::Code, one_agency);
                let into = self.required(Field::Into, one_agency);
                let (years, reason) = (self.optional(Field::Years, report_years), self.reason());
                Some(RegistryChange::Join {
                    agency: agency?,
                    into: into?,
                    years: years?.unwrap_or_default(),
                    reason: reason?,
                })
            }
            _ => None,
        }
    }

    fn new_values(&mut self) -> Option<NewValues> {
        let display_name = if self.value(Field::Name).is_some() { self.name().map(Some) } else { Some(None) };
        let parent = self.optional(Field::Parent, jurisdiction_code);
        let kind = self.optional(Field::Kind, |text| known(KINDS, Field::Kind, text));
        let large = self.optional(Field::Large, |text| known(ANSWERS, Field::Large, text));
        let vertical = self.optional(Field::Vertical, |text| known(ANSWERS, Field::Vertical, text));
        let begins = self.optional(Field::Begins, report_year);
        Some(NewValues {
            display_name: display_name?,
            parent: parent?,
            kind: kind?,
            large: large?,
            vertical: vertical?,
            begins: begins?,
        })
    }

    fn reason(&mut self) -> Option<String> {
        self.required(Field::Reason, |text| Ok(text.to_owned()))
    }

    fn value(&self, field: Field) -> Option<&str> {
        self.record.values.get(&field).map(|text| text.trim()).filter(|text| !text.is_empty())
    }

    fn fault(&mut self, field: Field, problem: Problem) {
        self.faults.push(self.record.place, Some((self.record.column)(field)), problem);
    }

    fn refuse(&mut self, fields: &[Field]) {
        for field in fields {
            if self.value(*field).is_some() {
                self.fault(*field, Problem::NotApplicable);
            }
        }
    }

    fn required<T>(&mut self, field: Field, parse: impl FnOnce(&str) -> Result<T, Problem>) -> Option<T> {
        let value = self.optional(field, parse)?;
        if value.is_none() {
            self.fault(field, Problem::Blank);
        }
        value
    }

    /// None where the value is faulty, and none within where it is blank.
    fn optional<T>(&mut self, field: Field, parse: impl FnOnce(&str) -> Result<T, Problem>) -> Option<Option<T>> {
        match self.value(field).map(parse).transpose() {
            Ok(value) => Some(value),
            Err(problem) => {
                self.fault(field, problem);
                None
            }
        }
    }

    /// Names are taken to the letter, or refused.
    fn name(&mut self) -> Option<String> {
        let name = self.required(Field::Name, |_| Ok(())).and_then(|()| self.record.values.get(&Field::Name))?;
        let problem = if name.trim() != name || name.contains(char::is_control) {
            Problem::Spacing
        } else if let Some(first) = name.chars().next().filter(|first| inert::FORMULA_SIGNS.contains(first)) {
            Problem::Formula(first)
        } else {
            return Some(name.clone());
        };
        self.fault(Field::Name, problem);
        None
    }
}

fn jurisdiction_code(text: &str) -> Result<JurisdictionCode, Problem> {
    text.parse().map_err(|error| Problem::Jurisdiction { found: text.to_owned(), error })
}

fn entries(text: &str) -> Result<Vec<Entry>, Problem> {
    let read = |name: &str| Entry::from_name(name).map_err(|error| Problem::Entry { found: name.to_owned(), error });
    text.split_whitespace().map(read).collect()
}

fn one_entry(text: &str) -> Result<Entry, Problem> {
    match entries(text)?.as_slice() {
        [only] => Ok(only.clone()),
        _ => Err(Problem::Several),
    }
}

fn one_agency(text: &str) -> Result<AgencyId, Problem> {
    match one_entry(text)? {
        Entry::Agency(id) => Ok(id),
        Entry::Jurisdiction(_) => Err(Problem::Entry { found: text.to_owned(), error: EntryNameError::NoAgency }),
    }
}

fn one_jurisdiction(text: &str) -> Result<JurisdictionCode, Problem> {
    match one_entry(text)? {
        Entry::Jurisdiction(code) => Ok(code),
        Entry::Agency(_) => Err(Problem::Entry { found: text.to_owned(), error: EntryNameError::NoPlace }),
    }
}

fn report_years(text: &str) -> Result<Vec<ReportYear>, Problem> {
    let mut years = text.split_whitespace().map(report_year).collect::<Result<Vec<_>, _>>()?;
    years.sort_unstable();
    years.dedup();
    Ok(years)
}

fn agency_id(text: &str) -> Result<AgencyId, Problem> {
    text.parse().map_err(|error| Problem::Agency { found: text.to_owned(), error })
}

fn report_year(text: &str) -> Result<ReportYear, Problem> {
    text.parse().map_err(|error| Problem::Year { found: text.to_owned(), error })
}

fn known<T: Copy>(words: &[Word<T>], field: Field, text: &str) -> Result<T, Problem> {
    read(words, text).ok_or_else(|| Problem::Word { field, found: text.to_owned() })
}
