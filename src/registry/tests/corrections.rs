//! Changing an entry again from the same year on: what was set last holds, and a list can still be sent again.

use super::*;

fn homes(registry: &Registry, id: &str) -> Vec<(u16, String)> {
    let parents = registry.agency_life(of(registry, id)).parents.into_iter();
    parents.map(|(year, home)| (year.get(), home.unwrap().to_string())).collect()
}

fn list(homes: &[(u16, &str)]) -> Vec<(u16, String)> {
    homes.iter().map(|(year, home)| (*year, (*home).to_owned())).collect()
}

#[test]
fn what_is_set_last_from_a_year_on_holds() {
    let mut registry = province();
    let changes = [
        rename("agencies/one", "错名", 2023),
        rename("agencies/one", "正名", 2023),
        moved("agencies/one", "230200", 2023),
        moved("agencies/one", "230202", 2023),
        rename("agencies/two", "登记时即错，已改正", 2022),
        moved("agencies/two", "230200", 2022),
    ];
    apply(&mut registry, &changes);
    let (one, two) = (of(&registry, "one"), of(&registry, "two"));
    assert_eq!(registry.agency_in(one, year(2023)).display_name, "正名");
    assert_eq!(homes(&registry, "one"), list(&[(2022, "230102"), (2023, "230202")]));
    assert_eq!(registry.agency_in(two, year(2022)).display_name, "登记时即错，已改正");
    assert_eq!(homes(&registry, "two"), list(&[(2022, "230200")]));
    assert_eq!(registry.agencies_below(at(&registry, "230102"), year(2022)), [one, of(&registry, "three")]);
    assert_eq!(registry.plan(&changes).unwrap(), Plan { effective: vec![], unchanged: 6 });
    assert_eq!(
        registry.plan(&[agency("two", "230102", 2022)]).unwrap().unchanged,
        1,
        "it is known as it was registered"
    );
    // Back again: that is a change, and no repetition.
    apply(&mut registry, &[moved("agencies/one", "230102", 2023)]);
    assert_eq!(homes(&registry, "one"), list(&[(2022, "230102")]));
}

#[test]
fn a_jurisdiction_is_merged_in_the_year_in_which_it_received_an_agency_and_hands_it_on() {
    let mut registry = province();
    let changes = [
        moved("agencies/one", "230202", 2023),
        rename("agencies/one", "以后的名称", 2025),
        merge(&["jurisdictions/230202"], "jurisdictions/230102", 2023),
    ];
    apply(&mut registry, &changes);
    assert_eq!(homes(&registry, "one"), list(&[(2022, "230102")]), "it never belonged to what was merged");
    assert_eq!(registry.plan(&changes).unwrap(), Plan { effective: vec![], unchanged: 3 });
    apply(&mut registry, &[moved("agencies/two", "230200", 2023), moved("agencies/two", "230100", 2023)]);
    let again: Vec<_> =
        [&changes[..], &[moved("agencies/two", "230200", 2023), moved("agencies/two", "230100", 2023)]].concat();
    assert_eq!(registry.plan(&again).unwrap(), Plan { effective: vec![], unchanged: 5 });
}

#[test]
fn members_that_end_later_are_handed_on_too() {
    let mut registry = province();
    apply(
        &mut registry,
        &[abolish("agencies/one", 2025), merge(&["jurisdictions/230102"], "jurisdictions/230202", 2024)],
    );
    assert_eq!(homes(&registry, "one"), list(&[(2022, "230102"), (2024, "230202")]));
    assert_eq!(registry.home(of(&registry, "one"), year(2025)), None);
}

#[test]
fn a_place_that_an_entry_did_not_live_to_see_is_not_listed() {
    let mut registry = province();
    apply(&mut registry, &[moved("agencies/one", "230200", 2024), abolish("agencies/one", 2024)]);
    assert_eq!(homes(&registry, "one"), list(&[(2022, "230102")]));
}

#[test]
fn what_a_refusal_advises_can_be_done() {
    let mut registry = province();
    apply(&mut registry, &[moved("agencies/one", "230200", 2023), moved("agencies/one", "230102", 2025)]);
    let end = abolish("jurisdictions/230102", 2024);
    let Err(RegistryError::MembersLeft { members, .. }) = registry.apply(&end) else { panic!("it has members") };
    assert_eq!(members, ["agencies/one", "agencies/two", "agencies/three"]);
    // From the year of the end, or from when it comes.
    let elsewhere =
        [moved("agencies/one", "230200", 2025), moved("agencies/two", "230200", 2024), abolish("agencies/three", 2024)];
    apply(&mut registry, &elsewhere);
    apply(&mut registry, &[end]);

    let mut registry = province();
    apply(&mut registry, &[merge(&["agencies/one"], "agencies/two", 2024)]);
    let Err(RegistryError::TakesOver { took_over, .. }) = registry.apply(&abolish("agencies/two", 2024)) else {
        panic!("it takes over another")
    };
    apply(&mut registry, &[abolish("agencies/two", took_over.get() + 1)]);
}
