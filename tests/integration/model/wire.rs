//! What the model has, as it is sent.

use huizong::pb;
use huizong::pb::{FORM_CELL_PATHS, FormCell, set_form_cell};

use super::ask;
use super::registry::Change;
use super::reports::Figures;

pub fn change_to_wire(change: &Change) -> pb::RegistryChange {
    use pb::registry_change::Change as Wire;
    let change = match change.clone() {
        Change::Place { name, parent, first_year } => {
            let level = match (&parent, name.ends_with("00")) {
                (None, _) => pb::Level::Province,
                (_, true) => pb::Level::City,
                _ => pb::Level::County,
            };
            Wire::CreateJurisdiction(pb::Jurisdiction {
                display_name: name.clone(),
                name,
                parent: parent.unwrap_or_default(),
                level: level.into(),
                first_year: first_year.into(),
                ..Default::default()
            })
        }
        Change::Agency { agency, parent, first_year } => Wire::CreateAgency(pb::Agency {
            display_name: agency.name.clone(),
            name: agency.name,
            jurisdiction: parent,
            kind: agency.kind,
            vertical: agency.vertical,
            first_year: first_year.into(),
            ..Default::default()
        }),
        Change::Move { name, parent, first_year } => {
            Wire::Move(pb::registry_change::Move { entry: name, parent, first_year: first_year.into() })
        }
        Change::Merge { names, into, first_year } => {
            Wire::Merge(pb::registry_change::Merge { entries: names, into, first_year: first_year.into() })
        }
        Change::Split { name, into, first_year } => {
            Wire::Split(pb::registry_change::Split { entry: name, into, first_year: first_year.into() })
        }
        Change::Abolish { name, first_year } => {
            Wire::Abolish(pb::registry_change::Abolish { entry: name, first_year: first_year.into() })
        }
    };
    pb::RegistryChange { change: Some(change) }
}

pub fn form_to_wire(figures: &Figures) -> pb::Form {
    let mut form = pb::Form::default();
    for (path, number) in figures {
        let index = FORM_CELL_PATHS.iter().position(|known| known == path).expect("a cell of the form");
        if ask::is_amount(path) {
            let amount = format!("{}.{:06}", number / 1_000_000, number % 1_000_000);
            set_form_cell(&mut form, index, FormCell::Amount(&amount));
        } else {
            set_form_cell(&mut form, index, FormCell::Count((*number).try_into().expect("a count")));
        }
    }
    form
}
