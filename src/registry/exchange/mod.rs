//! Registry files: jurisdictions, agencies, their dated changes and, for whoever may see them, their contacts as CSV or JSON,
//! to be edited in a spreadsheet or made by a program.
//!
//! Reading reports every faulty line at once, and judges lines by themselves; whether the changes fit a registry
//! is for [`super::Registry::plan`]. Writing then reading gives the same entries back, to the letter.

mod csv;
mod dated;
mod entry;
mod fault;
mod json;
mod words;

use std::collections::{HashMap, HashSet};

use super::{JurisdictionCode, RegistryChange};

pub use self::csv::{read_csv, read_rows, write_csv, write_rows};
pub use self::fault::{ExchangeError, FAULTS_SHOWN, Fault, Place, Problem, Separator};
pub use self::json::{read_json, write_json};

/// Positions of the changes in the order of registry files: jurisdictions with parents before children, then
/// agencies, then dated changes, then contacts. What is in that order already stays as it is.
fn file_order(changes: &[RegistryChange]) -> Vec<usize> {
    let parents: HashMap<&JurisdictionCode, (usize, Option<&JurisdictionCode>)> = changes
        .iter()
        .enumerate()
        .filter_map(|(position, change)| match change {
            RegistryChange::CreateJurisdiction(new) => Some((&new.code, (position, new.parent.as_ref()))),
            _ => None,
        })
        .collect();
    let mut order = Vec::with_capacity(changes.len());
    let mut placed = HashSet::new();
    let (mut agencies, mut dated, mut contacts) = (Vec::new(), Vec::new(), Vec::new());
    for (position, change) in changes.iter().enumerate() {
        let new = match change {
            RegistryChange::CreateJurisdiction(new) => new,
            RegistryChange::CreateAgency(_) => {
                agencies.push(position);
                continue;
            }
            RegistryChange::PutContacts(_) => {
                contacts.push(position);
                continue;
            }
            // Collections are no part of registry files, and what was sent to whom.
            RegistryChange::PutCollection(_) | RegistryChange::PutReminders(_) => continue,
            _ => {
                dated.push(position);
                continue;
            }
        };
        // Up to the first that is placed or not in the list; a circle ends where it began.
        let mut chain = Vec::new();
        let mut next = Some((position, new.parent.as_ref()));
        while let Some((at, parent)) = next.filter(|(at, _)| placed.insert(*at)) {
            chain.push(at);
            next = parent.and_then(|code| parents.get(code).copied());
        }
        order.extend(chain.into_iter().rev());
    }
    order.extend(agencies);
    order.extend(dated);
    order.extend(contacts);
    order
}

/// What a registry file holds, in the order of registry files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryFile {
    /// What it changes, contacts last: of each agency all.
    pub changes: Vec<RegistryChange>,
    /// Where each change stands; of contacts, the first person.
    pub places: Vec<Place>,
}

impl RegistryFile {
    fn in_order(changes: Vec<RegistryChange>, places: &[Place]) -> Self {
        let order = file_order(&changes);
        let mut slots: Vec<_> = changes.into_iter().map(Some).collect();
        Self {
            places: order.iter().filter_map(|position| places.get(*position).copied()).collect(),
            changes: order.into_iter().filter_map(|position| slots.get_mut(position).and_then(Option::take)).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
