//! What a change of the registry changed, in words for its entry: each field as it is now, and what it was.

use std::collections::BTreeMap;

use crate::registry::{Collection, Entry, Registry, RegistryChange};
use crate::store::{Evidence, Item, Value};

/// Longest words of an entry, in bytes. What does not fit is in the records of the entry.
const WORDS_BYTES: usize = 32 << 10;

/// One line for each change, in their order.
pub(crate) fn changes_in_words(registry: &Registry, changes: &[RegistryChange]) -> String {
    // What one change makes, another may change again. A copy shares what neither of the two changes.
    let mut registry = registry.clone();
    let mut words = String::new();
    for (position, change) in changes.iter().enumerate() {
        let line = match change {
            RegistryChange::PutCollection(collection) => collection_in_words(&registry, collection),
            // Who the people are stands in no entry.
            RegistryChange::PutContacts(contacts) => {
                format!("registry.contacts agency=agencies/{} people={}", contacts.agency, contacts.people.len())
            }
            change => line(&registry, change),
        };
        if words.len() + line.len() > WORDS_BYTES {
            let left = changes.len() - position;
            return format!("{words}and {left} more, in the records of this entry");
        }
        words.push_str(&line);
        words.push('\n');
        // They were planned over this registry.
        if registry.apply(change).is_err() {
            break;
        }
    }
    words.trim_end().to_owned()
}

/// The fields of a change, as docs/journal.md names them.
fn fields(change: &RegistryChange) -> (String, Vec<(String, String)>) {
    let item = Item::Registry { sequence: 0, position: 0, change: change.clone() };
    let Some(Evidence { kind, lines }) = Evidence::of(&item) else { return Default::default() };
    let lines = lines.into_iter().filter(|(key, _)| key != "sequence" && key != "position");
    let lines = lines.map(|(key, value)| match value {
        Value::Plain(text) | Value::Words { words: text } | Value::Struck { struck: text } => (key, text),
    });
    (kind.into_owned(), lines.collect())
}

/// `key=value`, in quotes where the value has blanks in it.
fn pair(key: &str, value: &str) -> String {
    let plain = !value.is_empty() && !value.contains(|c: char| c.is_whitespace() || c.is_control() || c == '"');
    if plain { format!(" {key}={value}") } else { format!(" {key}={value:?}") }
}

fn line(registry: &Registry, change: &RegistryChange) -> String {
    let (kind, fields) = fields(change);
    let was = was(registry, change).map_or_else(String::new, |was| pair("was", &was));
    kind + &fields.iter().map(|(key, value)| pair(key, value)).collect::<String>() + &was
}

/// What a change takes the place of.
fn was(registry: &Registry, change: &RegistryChange) -> Option<String> {
    match change {
        RegistryChange::Rename { entry: Entry::Jurisdiction(code), .. } => {
            registry.jurisdiction_of(code).map(|known| known.display_name.clone())
        }
        RegistryChange::Rename { entry: Entry::Agency(id), .. } => {
            registry.agency_of(id).map(|known| known.display_name.clone())
        }
        RegistryChange::Move { entry: Entry::Jurisdiction(code), .. } => {
            registry.jurisdiction_of(code).and_then(|known| known.parent.as_ref()).map(|parent| parent.name())
        }
        RegistryChange::Move { entry: Entry::Agency(id), .. } => {
            registry.agency_of(id).map(|known| known.jurisdiction.name())
        }
        _ => None,
    }
}

/// What became another in a collection: its times, and each exception that was granted or withdrawn.
fn collection_in_words(registry: &Registry, collection: &Collection) -> String {
    let parts = |collection: &Collection| {
        let (_, fields) = fields(&RegistryChange::PutCollection(collection.clone()));
        let (exceptions, times): (Vec<_>, Vec<_>) =
            fields.into_iter().partition(|(key, _)| key.starts_with("exception."));
        let mut numbered = BTreeMap::<usize, String>::new();
        for (key, value) in exceptions {
            let mut parts = key.splitn(3, '.').skip(1);
            let number = parts.next().and_then(|number| number.parse().ok()).unwrap_or(0);
            *numbered.entry(number).or_default() += &pair(parts.next().unwrap_or_default(), &value);
        }
        (times.into_iter().collect::<BTreeMap<_, _>>(), numbered.into_values().collect::<Vec<_>>())
    };
    let (now, granted) = parts(collection);
    let before = registry.collection(collection.year);
    let (was, held) = before.map(parts).unwrap_or_default();
    let mut lines = vec![format!("registry.collection year={}", collection.year)];
    for key in now.keys().chain(was.keys().filter(|key| !now.contains_key(*key))) {
        let (now, was) = (now.get(key), was.get(key));
        if now == was || key == "year" {
            continue;
        }
        let now = pair(key, now.map_or("none", String::as_str));
        let was = if before.is_none() { String::new() } else { pair("was", was.map_or("none", String::as_str)) };
        lines.push(format!("{}{was}", now.trim_start()));
    }
    lines.extend(granted.iter().filter(|one| !held.contains(one)).map(|one| format!("exception granted:{one}")));
    lines.extend(held.iter().filter(|one| !granted.contains(one)).map(|one| format!("exception withdrawn:{one}")));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{Agency, Exception, Jurisdiction, ReviewPolicy};
    use crate::report::{AgencyKind, Level, ReportYear};

    fn year(year: u16) -> ReportYear {
        ReportYear::new(year).unwrap()
    }

    fn registry() -> Registry {
        let place = |code: &str, parent: Option<&str>, level| {
            RegistryChange::CreateJurisdiction(Jurisdiction {
                code: code.parse().unwrap(),
                parent: parent.map(|parent| parent.parse().unwrap()),
                display_name: format!("地区 {code}"),
                level,
                first_year: year(2020),
            })
        };
        let agency = RegistryChange::CreateAgency(Agency {
            id: "bureau".parse().unwrap(),
            jurisdiction: "230100".parse().unwrap(),
            display_name: "旧名".to_owned(),
            kind: AgencyKind::Department,
            large: false,
            vertical: false,
            first_year: year(2020),
        });
        let mut registry = Registry::default();
        let places = [
            place("230000", None, Level::Province),
            place("230100", Some("230000"), Level::City),
            place("230200", Some("230000"), Level::City),
            agency,
        ];
        places.iter().for_each(|change| assert!(registry.apply(change).unwrap()));
        registry
    }

    #[test]
    fn every_change_of_a_call_says_what_was_before() {
        let entry = Entry::Agency("bureau".parse().unwrap());
        let rename = |name: &str, from| RegistryChange::Rename {
            entry: entry.clone(),
            display_name: name.to_owned(),
            first_year: year(from),
        };
        let moved =
            RegistryChange::Move { entry: entry.clone(), parent: "230200".parse().unwrap(), first_year: year(2023) };
        let told = changes_in_words(&registry(), &[rename("新名", 2022), moved, rename("第三 个名", 2023)]);
        assert_eq!(
            told,
            "registry.rename entry=agencies/bureau display_name=新名 first_year=2022 was=旧名\n\
             registry.move entry=agencies/bureau parent=jurisdictions/230200 first_year=2023 was=jurisdictions/230100\n\
             registry.rename entry=agencies/bureau display_name=\"第三 个名\" first_year=2023 was=新名"
        );
    }

    #[test]
    fn more_changes_than_an_entry_holds_are_counted() {
        let entry = Entry::Agency("bureau".parse().unwrap());
        let changes: Vec<_> = (0..10_000)
            .map(|number| RegistryChange::Rename {
                entry: entry.clone(),
                display_name: format!("名{number}"),
                first_year: year(2022),
            })
            .collect();
        let told = changes_in_words(&registry(), &changes);
        let lines = told.lines().count() - 1;
        assert!(told.len() < WORDS_BYTES + 100 && lines > 100);
        assert!(told.ends_with(&format!("\nand {} more, in the records of this entry", 10_000 - lines)));
    }

    #[test]
    fn a_collection_says_which_times_and_exceptions_became_others() {
        let mut registry = registry();
        let time = |text: &str| Some(text.parse().unwrap());
        let exception = |agency: &str, reason: &str| Exception {
            agency: agency.parse().unwrap(),
            due: time("2024-03-01T00:00:00Z"),
            lock: None,
            granted_by: "省政府办公厅".to_owned(),
            reason: reason.to_owned(),
            until: time("2024-03-31T00:00:00Z"),
        };
        let opened = Collection {
            year: year(2023),
            edition: "format_2021".to_owned(),
            due: BTreeMap::from([(Level::City, "2024-02-01T00:00:00Z".parse().unwrap())]).into_iter().collect(),
            lock: None,
            review: ReviewPolicy::None,
            exceptions: vec![exception("bureau", "系统故障")],
        };
        let put = RegistryChange::PutCollection(opened.clone());
        assert_eq!(
            changes_in_words(&registry, std::slice::from_ref(&put)),
            "registry.collection year=2023\n\
             due.city=2024-02-01T00:00:00Z\n\
             edition=format_2021\n\
             review=none\n\
             exception granted: agency=agencies/bureau due=2024-03-01T00:00:00Z granted_by=省政府办公厅 reason=系统故障 \
             until=2024-03-31T00:00:00Z"
        );
        registry.apply(&put).unwrap();
        let changed = Collection {
            lock: time("2024-04-01T00:00:00Z"),
            exceptions: vec![exception("bureau", "再次 延期")],
            ..opened
        };
        assert_eq!(
            changes_in_words(&registry, &[RegistryChange::PutCollection(changed)]),
            "registry.collection year=2023\n\
             lock=2024-04-01T00:00:00Z was=none\n\
             exception granted: agency=agencies/bureau due=2024-03-01T00:00:00Z granted_by=省政府办公厅 reason=\"再次 延期\" \
             until=2024-03-31T00:00:00Z\n\
             exception withdrawn: agency=agencies/bureau due=2024-03-01T00:00:00Z granted_by=省政府办公厅 reason=系统故障 \
             until=2024-03-31T00:00:00Z"
        );
    }
}
