//! What a simulated province promises as a whole.

use std::collections::{HashMap, HashSet};

use super::*;
use crate::form::{Part, catalogue};
use crate::registry::{Registry, RegistryChange};
use crate::report::{AgencyId, AgencyKind, Cell, Figures, Hash, Level, ReportKey, ReportYear, canonical_content};

fn year(year: u16) -> ReportYear {
    ReportYear::new(year).unwrap()
}

fn years() -> impl Iterator<Item = ReportYear> {
    (2019..=2025).map(year)
}

fn parameters(agencies: usize) -> Parameters {
    Parameters {
        seed: 7,
        province: DEFAULT_PROVINCE.to_owned(),
        agencies,
        first_year: year(2019),
        last_year: year(2025),
    }
}

fn province(agencies: usize) -> Province {
    Province::simulate(&parameters(agencies)).unwrap()
}

fn registry(province: &Province) -> Registry {
    let mut registry = Registry::default();
    for change in &province.changes {
        registry.apply(change).unwrap();
    }
    registry
}

/// Hash of everything that a province gives.
fn fingerprint(province: &Province) -> Hash {
    let mut content = format!("{:?}", province.changes);
    for year in years() {
        for report in province.reports(year) {
            content += &canonical_content(&ReportKey::of_agency(report.agency, year), &report.figures, None);
        }
    }
    Hash::of(content.as_bytes())
}

fn value(figures: &Figures, path: &str) -> i64 {
    figures.get(catalogue().cell_at(path).unwrap()).number().unwrap_or_else(|| panic!("{path} is blank"))
}

const REQUESTERS: [&str; 7] = [
    "natural_person",
    "commercial_enterprise",
    "research_institution",
    "public_welfare_organization",
    "legal_service_institution",
    "other_organization",
    "total",
];

/// The equations that one sheet of paper must satisfy.
fn check_sheet(figures: &Figures) {
    let catalogue = catalogue();
    for (_, table) in catalogue.sheets(figures.edition()) {
        for line in table.lines().map(|id| catalogue.line(id)) {
            let of = |part: Part| {
                line.cells().filter(move |cell| (catalogue.cell(*cell).part == Part::Total) == (part == Part::Total))
            };
            let sum: i64 = of(Part::Leaf).filter_map(|cell| figures.get(cell).number()).sum();
            for total in of(Part::Total).filter(|cell| figures.get(*cell) != Cell::Blank) {
                assert_eq!(figures.get(total), Cell::Number(sum), "{}", line.path);
            }
        }
    }
    for requester in REQUESTERS {
        let at = |line: &str| value(figures, &format!("requests.{line}.{requester}"));
        let outcomes = catalogue.lines.iter().filter(|line| line.line.part == Part::Outcome);
        let cells = outcomes.filter_map(|line| catalogue.cell_at(&format!("{}.{requester}", line.path)));
        let sum: i64 = cells.filter_map(|cell| figures.get(cell).number()).sum();
        assert_eq!(sum, at("outcomes_total"));
        assert_eq!(at("received") + at("carried_over"), at("outcomes_total") + at("carried_forward"));
    }
}

/// What must hold between a report and the one of the year before.
fn check_years(before: &Figures, now: &Figures) {
    for requester in REQUESTERS {
        let forward = value(before, &format!("requests.carried_forward.{requester}"));
        assert_eq!(value(now, &format!("requests.carried_over.{requester}")), forward);
    }
    let mut series = vec!["requests.received.total"];
    if before.edition() == now.edition() && now.edition().id == "format_2021" {
        for kind in ["rules", "normative_documents"] {
            let of = |figures, field| value(figures, &format!("proactive_disclosure.{kind}.{field}"));
            assert_eq!(of(now, "in_force"), of(before, "in_force") + of(now, "issued") - of(now, "repealed"), "{kind}");
        }
        series.extend([
            "proactive_disclosure.administrative_permits",
            "proactive_disclosure.administrative_penalties",
            "proactive_disclosure.administrative_compulsions",
            "proactive_disclosure.administrative_fees",
        ]);
    }
    for path in series {
        let (low, high) = (value(before, path).min(value(now, path)), value(before, path).max(value(now, path)));
        assert!(high < 10 || high < 10 * low, "{path}: {low} and {high}");
        assert!(low < 100 || high < 2 * low, "{path}: {low} and {high}");
    }
}

#[test]
fn the_same_parameters_give_the_same_province_and_another_seed_another() {
    let first = fingerprint(&province(300));
    assert_eq!(first, fingerprint(&province(300)));
    let other = Province::simulate(&Parameters { seed: 8, ..parameters(300) }).unwrap();
    assert_ne!(first, fingerprint(&other));
}

#[test]
fn a_province_is_the_same_on_every_machine_and_in_every_version() {
    insta::assert_snapshot!(fingerprint(&province(200)).to_hex());
}

#[test]
fn the_number_of_agencies_is_exact_and_their_codes_are_valid_and_unique() {
    for wanted in [200, 201, 300, 2_000, 9_999, 40_000] {
        let province = province(wanted);
        let ids: HashSet<_> = agencies(&province).map(|agency| agency.id.as_str()).collect();
        assert_eq!(ids.len(), wanted);
        let names: HashSet<_> = agencies(&province).map(|agency| agency.display_name.as_str()).collect();
        assert_eq!(names.len(), wanted, "names are unique too");
        for id in ids {
            assert!(id.parse::<AgencyId>().unwrap().is_credit_code(), "{id}");
        }
    }
}

fn agencies(province: &Province) -> impl Iterator<Item = &crate::registry::Agency> {
    province.changes.iter().filter_map(|change| match change {
        RegistryChange::CreateAgency(agency) => Some(agency),
        _ => None,
    })
}

#[test]
fn the_registry_takes_every_change_and_every_jurisdiction_has_an_office() {
    let registry = registry(&province(2_000));
    for jurisdiction in registry.jurisdictions() {
        let index = registry.find_jurisdiction(&jurisdiction.code).unwrap();
        let own: Vec<_> = registry.own_agencies(index, year(2025)).map(|agency| registry.agency(agency)).collect();
        let offices = own.iter().filter(|agency| agency.kind == AgencyKind::GovernmentOffice).count();
        assert_eq!(offices, 1, "{}", jurisdiction.display_name);
        assert!(own.len() > 3, "{}", jurisdiction.display_name);
    }
    assert_eq!(registry.agencies().iter().filter(|agency| agency.large).count(), 3 * 13);
    for name in ["牡丹江市财政局", "黑龙江省人民政府办公厅", "大兴安岭地区行政公署办公室", "牡丹江市东安区财政局"]
    {
        assert!(registry.agencies().iter().any(|agency| agency.display_name == name), "{name}");
    }
}

#[test]
fn every_report_keeps_the_equations_within_and_between_years() {
    let province = province(300);
    let registry = registry(&province);
    let mut before = HashMap::new();
    let mut checked = 0;
    for year in years() {
        let reports: HashMap<_, _> = province.reports(year).map(|report| (report.agency, report.figures)).collect();
        for (agency, figures) in &reports {
            assert!(figures.edition().covers(year.get()));
            let mut prescribed = catalogue()
                .cells_of(figures.edition())
                .filter(|cell| !cell.path.contains("unspecified") || year.get() < 2021);
            assert!(prescribed.all(|cell| figures.get(cell.id) != Cell::Blank), "no cell is blank");
            check_sheet(figures);
            check_authority(&registry, agency, figures);
            if let Some(before) = before.get(agency) {
                check_years(before, figures);
                checked += 1;
            }
        }
        before = reports;
    }
    assert!(checked > 1_500, "{checked}");
}

/// Rules of provinces and cities only, small fees below them, and no silence from the large.
fn check_authority(registry: &Registry, agency: &AgencyId, figures: &Figures) {
    let index = registry.find_agency(agency).unwrap();
    let reporter = registry.reporter(index, year(2025));
    let office = reporter.kind == AgencyKind::GovernmentOffice;
    if reporter.level > Level::City || !office {
        let rules = catalogue().cells.iter().filter(|cell| cell.path.contains(".rules."));
        assert!(rules.filter_map(|cell| figures.get(cell.id).number()).all(|number| number == 0));
    }
    if office || reporter.large {
        assert!(value(figures, "requests.received.total") > 0, "{}", registry.agency(index).display_name);
    }
    let fees = catalogue().cell_at("proactive_disclosure.administrative_fees").unwrap();
    let fees = figures.get(fees).number().unwrap_or(0);
    assert!(fees < 1_000_000 * crate::report::MONEY_SCALE && fees % 100 == 0, "four decimals at most");
}

#[test]
fn figures_have_the_sizes_of_published_reports() {
    let province = province(2_000);
    let registry = registry(&province);
    let reports: HashMap<_, _> = province.reports(year(2024)).map(|report| (report.agency, report.figures)).collect();
    let sum = |path: &str| reports.values().map(|figures| value(figures, path)).sum::<i64>();
    let received = sum("requests.received.total");
    assert!((10_000..100_000).contains(&received), "{received}");
    let natural = sum("requests.received.natural_person");
    assert!(natural * 100 > received * 93, "{natural} of {received}");
    assert!(sum("requests.disclosed.total") > sum("requests.unavailable.not_held.total"));
    assert!(sum("requests.unavailable.not_held.total") > 10 * sum("requests.refused.security_or_stability.total"));
    let figures = |name: &str| {
        let agency = registry.agencies().iter().find(|agency| agency.display_name == name).unwrap();
        reports.get(&agency.id).unwrap_or_else(|| panic!("{name} has not reported"))
    };
    let office = value(figures("黑龙江省人民政府办公厅"), "requests.received.total");
    assert!((200..4_000).contains(&office), "{office}");
    let townships = registry.agencies().iter().filter(|agency| agency.kind == AgencyKind::Township);
    let quiet: Vec<_> = townships
        .filter_map(|agency| reports.get(&agency.id))
        .map(|figures| value(figures, "requests.received.total") <= 1)
        .collect();
    assert!(quiet.iter().filter(|quiet| **quiet).count() * 2 > quiet.len(), "most townships are asked nothing or once");
}

#[test]
fn a_few_agencies_have_not_reported_and_more_in_the_last_year() {
    let province = province(2_000);
    let missing = |of: u16| {
        let due = agencies(&province).filter(|agency| agency.first_year.get() <= of).count();
        (due - province.reports(year(of)).count()) * 1_000 / due
    };
    assert!((20..=40).contains(&missing(2023)), "{}", missing(2023));
    assert!((50..=90).contains(&missing(2025)), "{}", missing(2025));
}

#[test]
fn a_report_is_the_same_in_whichever_province_size_it_stands() {
    let small: HashMap<_, _> =
        province(300).reports(year(2023)).map(|report| (report.agency, report.figures)).collect();
    let large: HashMap<_, _> =
        province(900).reports(year(2023)).map(|report| (report.agency, report.figures)).collect();
    for (agency, figures) in small {
        assert_eq!(large.get(&agency), Some(&figures));
    }
}

#[test]
fn the_guest_exists_and_never_reports() {
    let province = province(300);
    let guest = province.guest();
    assert_eq!(guest.display_name, "牡丹江市工业和信息化局");
    assert_eq!((guest.jurisdiction.as_str(), guest.first_year), ("231000", year(2022)));
    assert!(agencies(&province).any(|agency| agency == guest));
    assert!(years().all(|year| province.reports(year).all(|report| report.agency != guest.id)));
}

#[test]
fn other_provinces_work_and_have_a_guest_in_their_first_city() {
    for (code, guest) in [("320000", "南京市工业和信息化局"), ("110000", "北京市工业和信息化局")] {
        let province = Province::simulate(&Parameters { province: code.to_owned(), ..parameters(600) }).unwrap();
        assert_eq!(province.guest().display_name, guest);
        registry(&province);
        assert!(province.reports(year(2024)).count() > 500);
    }
}

#[test]
fn what_cannot_be_simulated_is_refused_with_the_reason() {
    let simulate = |change: fn(&mut Parameters)| {
        let mut parameters = parameters(300);
        change(&mut parameters);
        Province::simulate(&parameters).map(|_| ()).unwrap_err()
    };
    assert_eq!(simulate(|given| given.agencies = 100), SimulationError::TooFewAgencies { asked: 100, minimum: 146 });
    assert!(matches!(simulate(|given| given.agencies = 2_000_000), SimulationError::TooManyAgencies { .. }));
    assert!(matches!(simulate(|given| given.province = "710000".to_owned()), SimulationError::TooManyAgencies { .. }));
    assert!(matches!(simulate(|given| given.province = "230100".to_owned()), SimulationError::UnknownProvince(_)));
    assert_eq!(simulate(|given| given.first_year = year(2018)), SimulationError::NoEdition(2018));
    assert!(matches!(simulate(|given| given.last_year = year(2018)), SimulationError::YearsReversed { .. }));
}
