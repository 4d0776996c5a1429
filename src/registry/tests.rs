//! What the dated registry promises: one home a year, nothing counted twice, every refusal with its entries named.

mod begins;
mod collections;
mod corrections;
mod histories;
mod refusals;
mod rewritten;
mod suspects;

use super::*;
use crate::report::{AgencyId, AgencyKind, Level, ReportYear};

fn year(year: u16) -> ReportYear {
    ReportYear::new(year).unwrap()
}

fn jurisdiction(code: &str, parent: Option<&str>, level: Level, first_year: u16) -> RegistryChange {
    RegistryChange::CreateJurisdiction(Jurisdiction {
        code: code.parse().unwrap(),
        parent: parent.map(|parent| parent.parse().unwrap()),
        display_name: code.to_owned(),
        level,
        first_year: year(first_year),
    })
}

fn agency(id: &str, jurisdiction: &str, first_year: u16) -> RegistryChange {
    RegistryChange::CreateAgency(Agency {
        id: id.parse().unwrap(),
        jurisdiction: jurisdiction.parse().unwrap(),
        display_name: id.to_owned(),
        kind: AgencyKind::Department,
        large: false,
        vertical: false,
        first_year: year(first_year),
    })
}

fn entry(name: &str) -> Entry {
    Entry::from_name(name).unwrap()
}

fn rename(name: &str, display_name: &str, first_year: u16) -> RegistryChange {
    RegistryChange::Rename { entry: entry(name), display_name: display_name.to_owned(), first_year: year(first_year) }
}

fn moved(name: &str, parent: &str, first_year: u16) -> RegistryChange {
    RegistryChange::Move { entry: entry(name), parent: parent.parse().unwrap(), first_year: year(first_year) }
}

fn merge(names: &[&str], into: &str, first_year: u16) -> RegistryChange {
    let entries = names.iter().map(|name| entry(name)).collect();
    RegistryChange::Merge { entries, into: entry(into), first_year: year(first_year) }
}

fn split(name: &str, into: &[&str], first_year: u16) -> RegistryChange {
    let into = into.iter().map(|name| entry(name)).collect();
    RegistryChange::Split { entry: entry(name), into, first_year: year(first_year) }
}

fn abolish(name: &str, first_year: u16) -> RegistryChange {
    RegistryChange::Abolish { entry: entry(name), first_year: year(first_year) }
}

fn correct(name: &str, values: NewValues, first_year: u16) -> RegistryChange {
    RegistryChange::Correct {
        entry: entry(name), values, first_year: year(first_year), reason: "登记有误".to_owned()
    }
}

fn void(name: &str) -> RegistryChange {
    RegistryChange::Void { entry: entry(name), reason: "误登".to_owned() }
}

fn restore(name: &str) -> RegistryChange {
    RegistryChange::Restore { entry: entry(name), reason: "误作废".to_owned() }
}

fn join_places(code: &str, into: &str) -> RegistryChange {
    let (jurisdiction, into) = (code.parse().unwrap(), into.parse().unwrap());
    RegistryChange::JoinPlaces { jurisdiction, into, reason: "同一地区".to_owned() }
}

fn join(id: &str, into: &str, years: &[u16]) -> RegistryChange {
    RegistryChange::Join {
        agency: id.parse().unwrap(),
        into: into.parse().unwrap(),
        years: years.iter().map(|of| year(*of)).collect(),
        reason: "同一单位".to_owned(),
    }
}

/// Two cities of a province, a county with three agencies in the first, an empty county in the second.
fn province() -> Registry {
    registry(&[
        jurisdiction("230000", None, Level::Province, 2019),
        jurisdiction("230100", Some("230000"), Level::City, 2019),
        jurisdiction("230200", Some("230000"), Level::City, 2019),
        jurisdiction("230102", Some("230100"), Level::County, 2021),
        jurisdiction("230202", Some("230200"), Level::County, 2019),
        agency("one", "230102", 2022),
        agency("two", "230102", 2022),
        agency("three", "230102", 2022),
    ])
}

fn registry(changes: &[RegistryChange]) -> Registry {
    let mut registry = Registry::default();
    apply(&mut registry, changes);
    registry
}

fn apply(registry: &mut Registry, changes: &[RegistryChange]) {
    for change in changes {
        registry.apply(change).unwrap();
    }
}

fn at(registry: &Registry, code: &str) -> JurisdictionIndex {
    registry.find_jurisdiction(&code.parse().unwrap()).unwrap()
}

fn of(registry: &Registry, id: &str) -> AgencyIndex {
    registry.find_agency(&id.parse().unwrap()).unwrap()
}

#[test]
fn membership_holds_from_the_first_year_on() {
    let registry = province();
    let (one, root) = (of(&registry, "one"), at(&registry, "230000"));
    assert_eq!(registry.home(one, year(2021)), None);
    let home = registry.home(one, year(2022)).unwrap();
    assert_eq!(registry.path_up(home, year(2022)).last(), Some(root));
    assert_eq!(registry.agencies_below(root, year(2022)).len(), 3);
    assert!(registry.agencies_below(root, year(2021)).is_empty());
}

#[test]
fn a_list_is_checked_as_a_whole_and_names_the_change_at_fault() {
    let registry = Registry::default();
    let changes = [
        jurisdiction("230000", None, Level::Province, 2019),
        jurisdiction("230100", Some("230000"), Level::City, 2019),
        rename("jurisdictions/230100", "哈尔滨市", 2021),
        abolish("agencies/one", 2023),
    ];
    let (position, error) = registry.plan(&changes).unwrap_err();
    assert_eq!((position, error), (3, RegistryError::EntryUnknown("agencies/one".to_owned())));
    assert_eq!(registry.plan(&changes[..3]).unwrap().effective.len(), 3);
}

#[test]
fn names_and_parents_are_those_of_the_year() {
    let mut registry = province();
    apply(&mut registry, &[rename("agencies/one", "新名", 2023), moved("agencies/one", "230200", 2024)]);
    let one = of(&registry, "one");
    let values = |of: u16| {
        let agency = registry.agency_in(one, year(of));
        (agency.display_name, agency.jurisdiction.to_string())
    };
    assert_eq!(values(2020), ("one".to_owned(), "230102".to_owned()));
    assert_eq!(values(2023), ("新名".to_owned(), "230102".to_owned()));
    assert_eq!(values(2024), ("新名".to_owned(), "230200".to_owned()));
    assert_eq!(registry.agency(one), &registry.agency_in(one, year(2999)));
    assert_eq!(registry.agency(one).first_year, year(2022));
    assert_eq!(registry.reporter(one, year(2023)).level, Level::County);
    assert_eq!(registry.reporter(one, year(2024)).level, Level::City);
    for text in ["ONE", "新 名", "新"] {
        assert_eq!(registry.search(text), [EntryIndex::Agency(one)], "{text}");
    }
    assert!(registry.search("旧").is_empty());
}

#[test]
fn merged_jurisdictions_hand_their_members_over_and_old_figures_follow() {
    let mut registry = province();
    let change = merge(&["jurisdictions/230102"], "jurisdictions/230202", 2024);
    let all: Vec<_> = registry.agency_indices().collect();
    assert_eq!(registry.affected_agencies(&change), all);
    apply(&mut registry, &[change]);
    let (one, county, other) = (of(&registry, "one"), at(&registry, "230102"), at(&registry, "230202"));
    assert_eq!(registry.home(one, year(2023)), Some(county));
    assert_eq!(registry.home(one, year(2024)), Some(other));
    assert_eq!(registry.agencies_below(at(&registry, "230100"), year(2024)), []);
    assert_eq!(registry.resolve(county, year(2023)), county);
    assert_eq!(registry.resolve(county, year(2024)), other);
    assert_eq!(registry.path_placed(county, year(2024)).nth(1), Some(at(&registry, "230200")));
    assert_eq!(registry.place(one, year(2024)), Place { jurisdiction: other, standing: InTree::Present });
    assert_eq!(registry.place(one, year(2020)), Place { jurisdiction: county, standing: InTree::NotYet });
}

#[test]
fn a_merged_agency_counts_with_its_last_successor_and_a_split_one_stays() {
    let mut registry = province();
    let changes = [
        agency("four", "230202", 2024),
        agency("five", "230202", 2024),
        merge(&["agencies/one"], "agencies/two", 2023),
        merge(&["agencies/two"], "agencies/three", 2024),
        split("agencies/three", &["agencies/four", "agencies/five"], 2025),
        // The county can end now: nothing belongs to it from 2025 on.
        abolish("jurisdictions/230102", 2025),
    ];
    apply(&mut registry, &changes);
    let county = at(&registry, "230102");
    let place = |id: &str, hierarchy_year: u16| registry.place(of(&registry, id), year(hierarchy_year));
    let with = |id: &str| Place { jurisdiction: county, standing: InTree::Successor(of(&registry, id)) };
    assert_eq!(place("one", 2022).standing, InTree::Present);
    assert_eq!(place("one", 2023), with("two"));
    assert_eq!(place("one", 2024), with("three"));
    assert_eq!(place("one", 2025), with("three"));
    assert_eq!(place("three", 2025), Place { jurisdiction: county, standing: InTree::Ended });
    assert_eq!(registry.path_placed(county, year(2025)).nth(1), Some(at(&registry, "230100")));
    assert_eq!(registry.agencies_below(at(&registry, "230000"), year(2025)).len(), 2);
}

#[test]
fn the_same_list_again_is_unchanged() {
    let mut registry = province();
    let changes = [
        moved("agencies/one", "230200", 2023),
        rename("agencies/one", "改", 2023),
        rename("agencies/one", "再改", 2024),
        merge(&["jurisdictions/230102"], "jurisdictions/230202", 2024),
        abolish("agencies/two", 2025),
    ];
    apply(&mut registry, &changes);
    assert_eq!(registry.plan(&changes).unwrap(), Plan { effective: vec![], unchanged: 5 });
    let again = [agency("one", "230102", 2022)];
    assert_eq!(registry.plan(&again).unwrap(), Plan { effective: vec![], unchanged: 1 });
}
