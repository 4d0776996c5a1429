//! Putting the past right: names, parents and kinds of any year; what was registered by mistake, or twice.

use super::*;

fn values() -> NewValues {
    NewValues::default()
}

fn homes(registry: &Registry, id: &str) -> Vec<Option<String>> {
    let at = of(registry, id);
    (2021..2026)
        .map(|of| registry.home(at, year(of)).map(|home| registry.jurisdiction(home).code.to_string()))
        .collect()
}

#[test]
fn a_name_and_a_parent_are_put_right_up_to_the_next_change() {
    let mut registry = province();
    apply(&mut registry, &[rename("agencies/one", "新名", 2024), moved("agencies/one", "230200", 2024)]);
    let right =
        NewValues { display_name: Some("正名".to_owned()), parent: Some("230202".parse().unwrap()), ..values() };
    let correction = correct("agencies/one", right, 2022);
    apply(&mut registry, std::slice::from_ref(&correction));
    let one = of(&registry, "one");
    let names = [2022, 2023, 2024].map(|of| registry.agency_in(one, year(of)).display_name);
    assert_eq!(names, ["正名", "正名", "新名"]);
    let at = |code: &str| Some(code.to_owned());
    assert_eq!(homes(&registry, "one"), [None, at("230202"), at("230202"), at("230200"), at("230200")]);
    assert!(!registry.agencies_below(super::at(&registry, "230102"), year(2022)).contains(&one));
    assert_eq!(registry.plan(&[correction]).unwrap().unchanged, 1);
}

#[test]
fn a_parent_must_have_existed_in_all_years_of_a_correction() {
    let mut registry = province();
    apply(&mut registry, &[agency("four", "230202", 2019)]);
    let to = |code: &str| NewValues { parent: Some(code.parse().unwrap()), ..values() };
    let early = registry.apply(&correct("agencies/four", to("230102"), 2019));
    assert!(matches!(early, Err(RegistryError::ParentAbsent { .. })), "230102 begins in 2021: {early:?}");
    apply(&mut registry, &[correct("agencies/four", to("230102"), 2021)]);
    let low = registry.apply(&correct("jurisdictions/230100", to("230202"), 2021));
    assert!(matches!(low, Err(RegistryError::LevelNotLower { .. })), "{low:?}");
}

#[test]
fn kinds_are_dated_and_put_right() {
    let mut registry = province();
    let kind = |kind| NewValues { kind: Some(kind), ..values() };
    let later = RegistryChange::Reclassify {
        agency: "one".parse().unwrap(),
        values: NewValues { vertical: Some(true), ..values() },
        first_year: year(2024),
    };
    apply(&mut registry, &[later, correct("agencies/one", kind(AgencyKind::Township), 2022)]);
    let one = of(&registry, "one");
    let told = [2022, 2023, 2024].map(|of| registry.nature(one, year(of))).map(|of| (of.kind, of.vertical));
    let (township, department) = (AgencyKind::Township, AgencyKind::Department);
    // What was set from 2024 on is a nature of its own.
    assert_eq!(told, [(township, false), (township, false), (department, true)]);
    let created = registry.changes().into_iter().find(|change| change.subject() == "agencies/one").unwrap();
    assert_eq!(created, agency("one", "230102", 2022), "it is known as it was registered");
}

#[test]
fn what_was_voided_never_was_and_what_has_members_cannot_be() {
    let mut registry = province();
    let full = registry.apply(&void("jurisdictions/230102"));
    assert!(matches!(full, Err(RegistryError::HasMembers { .. })), "{full:?}");
    apply(&mut registry, &[void("agencies/one"), void("jurisdictions/230202")]);
    assert_eq!(homes(&registry, "one"), [None, None, None, None, None]);
    assert_eq!(registry.agency_life(of(&registry, "one")).end.unwrap().kind, EndingKind::Voided);
    let again = registry.apply(&correct("agencies/one", NewValues { large: Some(true), ..values() }, 2022));
    assert!(matches!(again, Err(RegistryError::NoLonger { .. })), "{again:?}");
}

#[test]
fn what_is_joined_stands_for_the_other_in_its_years_wherever_that_is_moved() {
    let mut registry = province();
    apply(&mut registry, &[join("one", "two", &[2023]), moved("agencies/two", "230202", 2023)]);
    let at = |code: &str| Some(code.to_owned());
    assert_eq!(homes(&registry, "one"), [None, None, at("230202"), None, None]);
    assert_eq!(homes(&registry, "two"), [None, at("230102"), None, at("230202"), at("230202")]);
    let (one, two) = (of(&registry, "one"), of(&registry, "two"));
    for of in 2022..2026 {
        assert_eq!(registry.place(one, year(of)).standing, InTree::Successor(two));
        assert_eq!(registry.place(two, year(of)).standing, InTree::Present);
        assert_eq!(registry.counted_with(two, year(of)), [two, one]);
    }
    for refused in
        [join("two", "one", &[]), merge(&["agencies/three"], "agencies/one", 2023), abolish("agencies/two", 2023)]
    {
        assert!(registry.clone().apply(&refused).is_err(), "{refused:?}");
    }
    apply(&mut registry, &[abolish("agencies/two", 2024)]);
    assert_eq!(homes(&registry, "one"), [None, None, at("230202"), None, None]);
}
