//! What is refused, in words.

use super::*;

/// The refusal of the last change after the others were applied to the province.
fn refusal(changes: &[RegistryChange]) -> RegistryError {
    let mut registry = province();
    let (last, before) = changes.split_last().unwrap();
    apply(&mut registry, before);
    let untouched = registry.clone();
    let error = registry.apply(last).unwrap_err();
    assert_eq!(registry, untouched, "a refused change changed something");
    error
}

#[test]
fn refusals_name_the_entries_and_say_what_to_do() {
    let cases: &[&[RegistryChange]] = &[
        &[jurisdiction("230100", Some("230000"), Level::City, 2020)],
        &[agency("one", "230100", 2022)],
        &[abolish("agencies/none", 2023)],
        &[agency("six", "230300", 2019)],
        &[jurisdiction("230103", Some("230102"), Level::County, 2022)],
        &[jurisdiction("230103", Some("230102"), Level::Township, 2020)],
        &[moved("jurisdictions/230100", "230202", 2023)],
        &[moved("jurisdictions/230100", "230100", 2023)],
        &[abolish("jurisdictions/230202", 2022), moved("agencies/one", "230202", 2023)],
        &[abolish("jurisdictions/230202", 2022), agency("six", "230202", 2020)],
        &[rename("agencies/one", "早", 2021)],
        &[abolish("agencies/one", 2022)],
        &[abolish("agencies/one", 2024), rename("agencies/one", "迟", 2025)],
        &[abolish("agencies/one", 2024), merge(&["agencies/one"], "agencies/two", 2024)],
        &[rename("agencies/one", "新", 2024), moved("agencies/one", "230200", 2023)],
        &[abolish("jurisdictions/230102", 2024)],
        &[
            moved("agencies/one", "230102", 2025),
            moved("agencies/two", "230200", 2023),
            abolish("jurisdictions/230102", 2023),
        ],
        &[
            moved("agencies/one", "230200", 2024),
            moved("agencies/one", "230102", 2025),
            merge(&["jurisdictions/230102"], "jurisdictions/230202", 2024),
        ],
        &[merge(&["jurisdictions/230100"], "jurisdictions/230102", 2024)],
        &[agency("six", "230102", 2025), merge(&["agencies/one"], "agencies/six", 2024)],
        &[split("agencies/one", &["agencies/one", "agencies/two"], 2024)],
        &[split("agencies/one", &["agencies/two"], 2024)],
        &[merge(&["agencies/one"], "agencies/two", 2024), abolish("agencies/two", 2024)],
        &[merge(&["agencies/one"], "jurisdictions/230102", 2024)],
        &[split("jurisdictions/230202", &["jurisdictions/230102", "agencies/one"], 2024)],
        &[merge(&["agencies/one", "agencies/one"], "agencies/two", 2024)],
        &[merge(&["agencies/one"], "agencies/one", 2024)],
        &[merge(&[], "agencies/two", 2024)],
    ];
    let words = cases.iter().map(|case| {
        let message = refusal(case).message();
        format!("{}\n{}\n", message.zh, message.en)
    });
    insta::assert_snapshot!(words.collect::<Vec<_>>().join("\n"));
}

#[test]
fn long_lists_of_members_are_cut_and_counted() {
    let mut registry = province();
    for number in 0..12 {
        registry.apply(&agency(&format!("more-{number}"), "230202", 2019)).unwrap();
    }
    let message = registry.apply(&abolish("jurisdictions/230202", 2024)).unwrap_err().message();
    assert!(message.en.contains("agencies/more-9 and 2 more;"), "{}", message.en);
    assert!(message.zh.contains("agencies/more-9等12个"), "{}", message.zh);
}
