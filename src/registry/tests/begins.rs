//! A first year that was registered wrongly, and what was voided by mistake.

use super::*;

fn begins(name: &str, first_year: u16) -> RegistryChange {
    correct(name, NewValues { begins: Some(year(first_year)), ..NewValues::default() }, first_year)
}

fn years_of(registry: &Registry, id: &str) -> Vec<u16> {
    let at = of(registry, id);
    (2018..2027).filter(|of| registry.home(at, year(*of)).is_some()).collect()
}

#[test]
fn an_agency_begins_where_that_is_said_and_lists_can_be_sent_again() {
    let mut registry = province();
    let before = years_of(&registry, "one");
    assert_eq!(before.first(), Some(&2022));
    let earlier = [begins("agencies/one", 2021)];
    apply(&mut registry, &earlier);
    assert_eq!(years_of(&registry, "one").first(), Some(&2021));
    assert_eq!(registry.agency(of(&registry, "one")).first_year, year(2021));
    assert_eq!(registry.plan(&earlier).unwrap(), Plan { effective: vec![], unchanged: 1 });
    assert_eq!(registry.plan(&[agency("one", "230102", 2022)]).unwrap().unchanged, 1, "as it was registered");
    // What held before it begins is gone, and what held then is what it begins with.
    let changes =
        [rename("agencies/one", "二", 2023), moved("agencies/one", "230200", 2024), begins("agencies/one", 2024)];
    apply(&mut registry, &changes);
    assert_eq!(years_of(&registry, "one").first(), Some(&2024));
    let life = registry.agency_life(of(&registry, "one"));
    assert_eq!(life.names, [(year(2024), "二".to_owned())]);
    assert_eq!(life.parents.len(), 1);
    let all = [&earlier[..], &changes[..]].concat();
    assert_eq!(registry.plan(&all).unwrap(), Plan { effective: vec![], unchanged: 4 });
}

#[test]
fn a_beginning_that_does_not_fit_is_refused() {
    let mut registry = province();
    let early = registry.apply(&begins("agencies/one", 2009)).unwrap_err();
    assert!(matches!(early, RegistryError::ParentAbsent { .. }), "{early}");
    apply(&mut registry, &[merge(&["agencies/two"], "agencies/one", 2023)]);
    let bound = registry.apply(&begins("agencies/one", 2024)).unwrap_err();
    assert!(matches!(bound, RegistryError::BeginBound { .. }), "{bound}");
    let ended = registry.apply(&begins("agencies/two", 2023)).unwrap_err();
    assert!(matches!(ended, RegistryError::HasEnded { .. }), "{ended}");
    let place = registry.apply(&begins("jurisdictions/230102", 2022)).unwrap_err();
    assert!(matches!(place, RegistryError::NotOfJurisdictions(_)), "{place}");
}

#[test]
fn what_was_voided_by_mistake_is_what_it_was_before() {
    let mut registry = province();
    apply(&mut registry, &[abolish("agencies/one", 2024)]);
    let before = (registry.agency_life(of(&registry, "one")), years_of(&registry, "one"));
    let changes = [void("agencies/one"), restore("agencies/one")];
    apply(&mut registry, &changes[..1]);
    assert_eq!(years_of(&registry, "one"), Vec::<u16>::new());
    apply(&mut registry, &changes[1..]);
    assert_eq!((registry.agency_life(of(&registry, "one")), years_of(&registry, "one")), before);
    assert_eq!(registry.plan(&changes).unwrap(), Plan { effective: vec![], unchanged: 2 });
    // Nothing comes back below what is no longer there.
    let empty = [void("agencies/one"), void("agencies/two"), void("agencies/three"), void("jurisdictions/230102")];
    apply(&mut registry, &empty);
    let gone = registry.apply(&restore("agencies/one")).unwrap_err();
    assert!(matches!(gone, RegistryError::ParentAbsent { .. }), "{gone}");
    apply(&mut registry, &[restore("jurisdictions/230102"), restore("agencies/one")]);
    assert_eq!(years_of(&registry, "one"), before.1);
}
