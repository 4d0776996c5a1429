//! Whom to ask at an agency: read and put anew. What was there before is struck out of the store, for it is people's.

use crate::access::call;
use crate::live::KeptContacts;
use crate::registry::{CONTACTS_MAX, Contacts, RegistryChange};
use crate::report::{AgencyId, Hash, JurisdictionCode, Message, ReportOwner, ReportYear};
use crate::store::{Change, Decision, NewEntry, STRIKE, StoreError, Transaction, check_length, entry_name};

use super::caller::Caller;
use super::page::{Page, id_in_token};
use super::parts::{SCANS_MAX, Service};
use super::problem::{Problem, Reason};
use super::registry::Planned;
use super::sight::Sight;
use super::target::Target;

const ACTION: &str = call::UPDATE_AGENCY_CONTACTS.action;

/// Why words of contacts go that no longer hold.
const SUPERSEDED: &str = "联系人已更换或删除，原有个人信息随之删去 contacts were replaced or taken back";

/// The contacts of an agency, with what names them as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownContacts {
    /// Nobody where nobody is named.
    pub contacts: Contacts,
    /// Another one once they change. It tells nothing of what they are.
    pub etag: String,
}

impl KnownContacts {
    fn of(agency: &AgencyId, kept: Option<&KeptContacts>) -> Self {
        let nobody = || Contacts { agency: agency.clone(), people: Vec::new() };
        Self {
            contacts: kept.map_or_else(nobody, |kept| kept.contacts.clone()),
            etag: kept.map_or(0, |kept| kept.sequence).to_string(),
        }
    }
}

impl Service {
    /// Whom to ask at an agency.
    ///
    /// # Errors
    /// AGENCY_NOT_FOUND.
    pub fn contacts(&self, agency: &AgencyId) -> Result<KnownContacts, Problem> {
        self.agency(agency)?;
        Ok(KnownContacts::of(agency, self.live.beside().contacts(agency)))
    }

    /// Contacts of agencies in sight, in and below a jurisdiction where one is named, after the id `token`.
    ///
    /// # Errors
    /// JURISDICTION_NOT_FOUND; PAGE_INVALID for a token that is none.
    pub fn all_contacts(
        &self,
        below: Option<&JurisdictionCode>,
        size: usize,
        token: &str,
        sight: &Sight,
    ) -> Result<Page<KnownContacts>, Problem> {
        let state = self.live.read();
        let registry = &state.registry;
        let place =
            below.map(|code| registry.find_jurisdiction(code).ok_or_else(|| Problem::no_jurisdiction(&code.name())));
        let place = place.transpose()?;
        let after: Option<AgencyId> = id_in_token(token)?;
        let beside = self.live.beside();
        let wanted = beside.contacts_after(after.as_ref()).filter(|kept| {
            let Some(agency) = registry.find_agency(&kept.contacts.agency) else { return false };
            let now = ReportYear::LAST;
            let is_placed = place.is_none_or(|place| {
                registry.path_placed(registry.place(agency, now).jurisdiction, now).any(|at| at == place)
            });
            let owner = ReportOwner::Agency(kept.contacts.agency.clone());
            is_placed && sight.includes(registry, Target::Owner(&owner, None))
        });
        let found = wanted.take(size.saturating_add(1));
        let found = found.map(|kept| KnownContacts::of(&kept.contacts.agency, Some(kept))).collect();
        Ok(Page::cut(found, size, |known: &KnownContacts| known.contacts.agency.to_string()))
    }

    /// Puts contacts in the place of those that are there, and strikes those out. The same ones again change nothing.
    ///
    /// # Errors
    /// AGENCY_NOT_FOUND, FIELD_INVALID, TOO_MANY, ETAG_MISMATCH.
    pub async fn put_contacts(
        &self,
        contacts: Contacts,
        etag: &str,
        validate_only: bool,
        caller: &Caller,
    ) -> Result<KnownContacts, Problem> {
        check(&contacts)?;
        let agency = contacts.agency.clone();
        {
            let _turn = self.registry_gate.lock().await;
            let planned_on = self.live.read().registry_sequence;
            let present = self.contacts(&agency)?;
            if !etag.is_empty() && etag != present.etag {
                return Err(Problem::etag_mismatch(&format!("agencies/{agency}/contacts"), Some(&present.etag)));
            }
            if present.contacts == contacts {
                return Ok(present);
            }
            if validate_only {
                return Ok(KnownContacts { contacts, etag: present.etag });
            }
            let change = RegistryChange::PutContacts(contacts);
            check_length(&change)?;
            let subject = change.subject();
            // No hash of who they are: it would tell whoever tries names.
            let planned = Planned::new(vec![change], planned_on, ACTION, subject, Hash::default());
            self.store_planned(planned, caller).await?;
        }
        self.strike_superseded(caller).await;
        self.contacts(&agency)
    }

    /// Strikes out all contacts that no longer hold. What cannot go now, such as during a backup, goes later.
    pub async fn strike_superseded(&self, caller: &Caller) {
        let superseded = self.live.beside().superseded();
        for sequence in superseded {
            if let Err(error) = self.strike_contacts(sequence, caller).await {
                tracing::info!(sequence, %error, "contacts that were replaced are struck out later");
                break;
            }
        }
    }

    async fn strike_contacts(&self, sequence: u64, caller: &Caller) -> Result<(), StoreError> {
        let every_scan = u32::try_from(SCANS_MAX).unwrap_or(u32::MAX);
        // A backup is of one moment.
        let Ok(_scans) = self.scans.clone().try_acquire_many_owned(every_scan) else {
            return Err(StoreError::Stopped("a backup or a verification is under way".to_owned()));
        };
        let before = sequence.saturating_sub(1);
        let entries = self.store.journal(before, 1)?;
        let Some(entry) = entries.first().filter(|entry| entry.sequence == sequence) else { return Ok(()) };
        let told = caller.accepted(STRIKE, entry_name(sequence), SUPERSEDED.to_owned());
        let told = NewEntry { content_hash: entry.chain, ..told };
        match self.store.commit(Transaction::of(vec![Change::Strike(sequence)], told)).await? {
            // Somebody else did so a moment before.
            Decision::Committed(_) | Decision::Stale => Ok(()),
            other => Err(StoreError::Stopped(format!("{other:?}"))),
        }
    }
}

/// Whether these people can be kept.
fn check(contacts: &Contacts) -> Result<(), Problem> {
    if contacts.people.len() > CONTACTS_MAX {
        let text = Message::new(format!("最多{CONTACTS_MAX}名"), format!("takes at most {CONTACTS_MAX}"));
        return Err(Problem::field(Reason::TooMany, "contacts.people", text));
    }
    let mut faults = contacts.people.iter().enumerate().filter_map(|(at, person)| Some((at, person.fault()?)));
    match faults.next() {
        Some((at, fault)) => {
            let field = format!("contacts.people[{at}].{}", fault.field);
            let is_blank =
                fault.field == "name" && contacts.people.get(at).is_some_and(|person| person.name.is_empty());
            if is_blank {
                Err(Problem::required(&field))
            } else {
                Err(Problem::field(Reason::FieldInvalid, field, fault.message()))
            }
        }
        None => Ok(()),
    }
}
