//! What may be registered twice is found, and what is not is left alone.

use super::*;

fn named(id: &str, home: &str, name: &str, first_year: u16) -> RegistryChange {
    let RegistryChange::CreateAgency(new) = agency(id, home, first_year) else { panic!("it creates an agency") };
    RegistryChange::CreateAgency(Agency { display_name: name.to_owned(), ..new })
}

fn alike(suspects: &[(usize, Suspect)]) -> Vec<(usize, String, Alike)> {
    suspects.iter().map(|(at, suspect)| (*at, suspect.entry.to_string(), suspect.alike)).collect()
}

#[test]
fn names_are_compared_without_width_case_spaces_and_lookalikes() {
    let mut registry = province();
    apply(&mut registry, &[named("aaa", "230102", "ＡＢ区财政局（本级）", 2022)]);
    for (name, is_alike) in [
        ("AB区财政局(本级)", true),
        ("ab 区财政局本级", true),
        ("\u{410}\u{412}区财政局本级", true),
        ("A区财政局", false),
        ("AB区财政局", false),
    ] {
        let found = registry.suspects_of(&[named("bbb", "230102", name, 2023)]);
        assert_eq!(!found.is_empty(), is_alike, "{name}: {found:?}");
        assert!(registry.suspects_of(&[named("bbb", "230202", name, 2023)]).is_empty(), "elsewhere it is another one");
    }
}

#[test]
fn former_names_and_codes_in_small_letters_are_found_and_what_followed_is_not() {
    let mut registry = province();
    apply(
        &mut registry,
        &[
            named("aaa", "230102", "旧名", 2022),
            rename("agencies/aaa", "新名", 2023),
            named("11341702486344515H", "230202", "某局", 2022),
        ],
    );
    let changes = [
        named("bbb", "230102", "旧名", 2024),
        named("11341702486344515h", "230100", "另一局", 2022),
        rename("agencies/two", "新名", 2025),
    ];
    let found = alike(&registry.suspects_of(&changes));
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found.contains(&(0, "agencies/bbb".to_owned(), Alike::FormerName)));
    assert!(found.contains(&(1, "agencies/11341702486344515h".to_owned(), Alike::Code)));
    apply(&mut registry, &changes);
    assert_eq!(registry.suspects().len(), 3);
    // What followed another one may be called as it was; what was joined or voided is none.
    apply(
        &mut registry,
        &[
            void("agencies/bbb"),
            join("11341702486344515h", "11341702486344515H", &[]),
            merge(&["agencies/two"], "agencies/aaa", 2026),
        ],
    );
    assert_eq!(registry.suspects(), []);
}

#[test]
fn a_code_is_taken_in_upper_case_unless_the_other_is_what_is_known() {
    let mut registry = province();
    let small = named("11341702486344515h", "230102", "某局", 2022);
    let RegistryChange::CreateAgency(new) = small.clone().in_upper_case(&registry) else { panic!("it creates one") };
    assert_eq!(new.id.as_str(), "11341702486344515H");
    let renamed = rename("agencies/11341702486344515h", "新名", 2023);
    assert_eq!(renamed.clone().in_upper_case(&registry).subject(), "agencies/11341702486344515H");
    // Registered before codes were taken in upper case.
    apply(&mut registry, &[small]);
    assert_eq!(renamed.in_upper_case(&registry).subject(), "agencies/11341702486344515h");
}
