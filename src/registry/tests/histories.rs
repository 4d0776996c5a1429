//! Random histories of changes, most of which are refused or change nothing: what holds after any of them.

use std::collections::{BTreeSet, HashSet};
use std::ops::{Bound, RangeBounds};

use proptest::prelude::*;

use super::*;

const YEARS: std::ops::Range<u16> = 2019..2027;
const CODES: [&str; 8] = ["110000", "120000", "230100", "230200", "230300", "230102", "230202", "230302"];
const IDS: [&str; 6] = ["aaa", "bbb", "ccc", "ddd", "eee", "fff"];

fn name() -> impl Strategy<Value = String> {
    let jurisdictions = prop::sample::select(CODES.to_vec()).prop_map(|code| format!("jurisdictions/{code}"));
    let agencies = prop::sample::select(IDS.to_vec()).prop_map(|id| format!("agencies/{id}"));
    prop_oneof![2 => jurisdictions, 3 => agencies]
}

fn some_change() -> impl Strategy<Value = RegistryChange> {
    let code = prop::sample::select(CODES.to_vec());
    let level = prop::sample::select(vec![Level::City, Level::County, Level::FunctionalZone, Level::Township]);
    let id = prop::sample::select(IDS.to_vec());
    prop_oneof![
        1 => (code.clone(), code.clone(), level, YEARS).prop_map(|(code, parent, level, year)| {
            jurisdiction(code, Some(parent), level, year)
        }),
        1 => (id, code.clone(), YEARS).prop_map(|(id, code, year)| agency(id, code, year)),
        2 => (name(), "[甲乙丙]", YEARS).prop_map(|(name, display_name, year)| rename(&name, &display_name, year)),
        5 => (name(), code, YEARS).prop_map(|(name, parent, year)| moved(&name, parent, year)),
        4 => (prop::collection::vec(name(), 1..3), name(), YEARS).prop_map(|(names, into, year)| {
            merge(&names.iter().map(String::as_str).collect::<Vec<_>>(), &into, year)
        }),
        2 => (name(), name(), name(), YEARS).prop_map(|(name, one, two, year)| split(&name, &[&one, &two], year)),
        2 => (name(), YEARS).prop_map(|(name, year)| abolish(&name, year)),
        3 => (name(), new_values(), YEARS).prop_map(|(name, values, year)| correct(&name, values, year)),
        1 => (prop::sample::select(IDS.to_vec()), new_values(), YEARS).prop_map(|(id, values, year)| {
            let values = NewValues { display_name: None, parent: None, begins: None, ..values };
            RegistryChange::Reclassify { agency: id.parse().unwrap(), values, first_year: self::year(year) }
        }),
        2 => name().prop_map(|name| void(&name)),
        2 => name().prop_map(|name| restore(&name)),
        2 => (prop::sample::select(CODES.to_vec()), prop::sample::select(CODES.to_vec()))
            .prop_map(|(code, into)| join_places(code, into)),
        1 => (
            prop::sample::select(IDS.to_vec()),
            prop::sample::select(IDS.to_vec()),
            prop::collection::btree_set(YEARS, 0..3),
        ).prop_map(|(id, into, years)| join(id, into, &years.into_iter().collect::<Vec<_>>())),
    ]
}

fn new_values() -> impl Strategy<Value = NewValues> {
    let kinds = prop::sample::select(vec![AgencyKind::Department, AgencyKind::Township]);
    let parent = prop::option::of(prop::sample::select(CODES.to_vec()));
    (
        prop::option::of("[甲乙丙]"),
        parent,
        prop::option::weighted(0.3, kinds),
        prop::option::weighted(0.3, any::<bool>()),
        prop::option::weighted(0.2, YEARS),
    )
        .prop_map(|(display_name, parent, kind, vertical, begins)| NewValues {
            display_name,
            parent: parent.map(|code| code.parse().unwrap()),
            kind,
            large: None,
            vertical,
            begins: begins.map(year),
        })
}

fn first_year(change: &RegistryChange) -> ReportYear {
    match change {
        RegistryChange::CreateJurisdiction(new) => new.first_year,
        RegistryChange::CreateAgency(new) => new.first_year,
        RegistryChange::Rename { first_year, .. }
        | RegistryChange::Move { first_year, .. }
        | RegistryChange::Merge { first_year, .. }
        | RegistryChange::Split { first_year, .. }
        | RegistryChange::Reclassify { first_year, .. }
        | RegistryChange::Correct { first_year, .. }
        | RegistryChange::Abolish { first_year, .. } => *first_year,
        RegistryChange::Void { .. }
        | RegistryChange::Restore { .. }
        | RegistryChange::JoinPlaces { .. }
        | RegistryChange::Join { .. } => self::year(YEARS.end),
        RegistryChange::PutCollection(new) => new.year,
        RegistryChange::PutContacts(_) => self::year(YEARS.end),
        RegistryChange::PutReminders(new) => new.year,
    }
}

/// Creations that fit, then changes that mostly come in the order of their years.
fn history() -> impl Strategy<Value = Vec<RegistryChange>> {
    let begin = prop::collection::vec((YEARS.start..YEARS.start + 3, 0..8_usize), IDS.len());
    (begin, prop::collection::vec(some_change(), 0..60), prop::bool::weighted(0.8)).prop_map(
        |(begin, mut changes, in_order)| {
            let mut history: Vec<_> = CODES
                .iter()
                .enumerate()
                .map(|(at, code)| match at {
                    0 | 1 => jurisdiction(code, None, Level::Province, 2019),
                    2..5 => jurisdiction(code, Some(CODES[at % 2]), Level::City, 2019),
                    _ => jurisdiction(code, Some(CODES[at - 3]), Level::County, 2019),
                })
                .collect();
            history.extend(begin.iter().zip(IDS).map(|((year, home), id)| agency(id, CODES[*home], *year)));
            if in_order {
                changes.sort_by_key(first_year);
            }
            history.extend(changes);
            history
        },
    )
}

/// The registry after all that is admitted, and what took effect.
fn admitted(history: &[RegistryChange]) -> (Registry, Vec<RegistryChange>) {
    let mut registry = Registry::default();
    let effective = history.iter().filter(|change| registry.apply(change) == Ok(true)).cloned().collect();
    (registry, effective)
}

/// Every member of a life was at home where it says, and in each year at the one that it says.
fn lists_what_holds<V: PartialEq + std::fmt::Debug>(
    listed: &[(ReportYear, V)],
    holds: impl Fn(ReportYear) -> Option<V>,
) -> Result<(), TestCaseError> {
    for (position, (first_year, value)) in listed.iter().enumerate() {
        let from_then_on = holds(*first_year);
        prop_assert_eq!(from_then_on.as_ref(), Some(value), "from {} on", first_year);
        prop_assert!(position == 0 || listed[position - 1].0 < *first_year);
    }
    for year in years() {
        let told = listed.iter().rev().find(|(first_year, _)| *first_year <= year).map(|(_, value)| value);
        if let Some(holding) = holds(year) {
            prop_assert_eq!(told, Some(&holding), "in {}", year);
        }
    }
    Ok(())
}

fn years() -> impl Iterator<Item = ReportYear> {
    (YEARS.start - 1..YEARS.end + 1).map(year)
}

/// Home, and the place and path in the tree of each year.
type Trace = Vec<(Option<JurisdictionIndex>, Vec<JurisdictionIndex>, Place, Vec<JurisdictionIndex>)>;

fn trace(registry: &Registry, agency: AgencyIndex) -> Trace {
    let of_year = |year| {
        let home = registry.home(agency, year);
        let path = home.into_iter().flat_map(|home| registry.path_up(home, year)).collect();
        let place = registry.place(agency, year);
        (home, path, place, registry.path_placed(place.jurisdiction, year).collect())
    };
    years().map(of_year).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn each_agency_has_one_home_in_each_of_its_years_and_none_outside(history in history()) {
        let (registry, _) = admitted(&history);
        for agency in registry.agency_indices() {
            let time = registry.agency_timeline(agency);
            for year in years() {
                let lives = match &time.joined {
                    Some(joined) => joined.years.contains(&year),
                    None => {
                        let is_there = time.first_year() <= year && time.end.as_ref().is_none_or(|end| year < end.year);
                        is_there && !time.stood_for.contains(&year)
                    }
                };
                let home = registry.home(agency, year);
                prop_assert_eq!(home.is_some(), lives);
                let homes = registry.jurisdiction_indices().filter(|at| registry.own_agencies(*at, year).any(|own| own == agency));
                prop_assert_eq!(homes.collect::<Vec<_>>(), home.into_iter().collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn agencies_of_places_come_in_order_of_their_ids_from_any_on(
        history in history(),
        places in prop::collection::vec(prop::sample::select(CODES.to_vec()), 0..3),
        besides in prop::collection::vec(prop::sample::select(IDS.to_vec()), 0..3),
        first in prop::sample::select(IDS.to_vec()),
        bound in 0..3_usize,
    ) {
        let (registry, _) = admitted(&history);
        let places: Vec<_> = places.iter().filter_map(|code| registry.find_jurisdiction(&code.parse().unwrap())).collect();
        let besides: Vec<_> = besides.iter().filter_map(|id| registry.find_agency(&id.parse().unwrap())).collect();
        let first: AgencyId = first.parse().unwrap();
        let from = [Bound::Unbounded, Bound::Included(&first), Bound::Excluded(&first)][bound];
        let found: Vec<_> = registry.agencies_for(&places, besides.clone(), from).map(|at| &registry.agency(at).id).collect();
        prop_assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", found);
        let is_within = |id: &AgencyId| RangeBounds::<AgencyId>::contains(&(from, Bound::Unbounded), id);
        prop_assert!(found.iter().all(|id| is_within(id)), "{:?}", found);
        for agency in registry.agency_indices() {
            let counts = |year| {
                let placed = registry.path_placed(registry.place(agency, year).jurisdiction, year);
                let home = registry.home(agency, year).into_iter().flat_map(|home| registry.path_up(home, year));
                placed.chain(home).any(|at| places.contains(&at))
            };
            let id = &registry.agency(agency).id;
            if is_within(id) && (besides.contains(&agency) || years().any(counts)) {
                prop_assert!(found.contains(&id), "{} is left out", id);
            }
        }
    }

    #[test]
    fn where_agencies_counted_at_an_earlier_moment_is_told_by_their_own_histories(
        history in history(),
        cut in any::<prop::sample::Index>(),
    ) {
        let (now, effective) = admitted(&history);
        let cut = cut.index(effective.len() + 1);
        let (then, _) = admitted(&effective[..cut]);
        let extent = now.extent_before(&effective[cut..]);
        prop_assert_eq!(extent, then.extent());
        for place in then.jurisdiction_indices() {
            let earlier = now.earlier(extent, &now.ever_below(place));
            for year in years() {
                let counted = |registry: &Registry| -> [BTreeSet<AgencyId>; 2] {
                    let ids = |agencies: Vec<AgencyIndex>| {
                        agencies.into_iter().map(|agency| registry.agency(agency).id.clone()).collect()
                    };
                    let placed = |agency: &AgencyIndex| {
                        registry.path_placed(registry.place(*agency, year).jurisdiction, year).any(|at| at == place)
                    };
                    [ids(registry.agencies_below(place, year)), ids(registry.agency_indices().filter(placed).collect())]
                };
                prop_assert_eq!(counted(&earlier), counted(&then));
            }
        }
    }

    #[test]
    fn the_tree_of_each_year_has_no_gap_and_no_circle_and_holds_each_agency_once(history in history()) {
        let (registry, _) = admitted(&history);
        for year in years() {
            let living = |at: &JurisdictionIndex| registry.jurisdiction_timeline(*at).exists_in(year);
            for at in registry.jurisdiction_indices().filter(living) {
                let path: Vec<_> = registry.path_up(at, year).take(20).collect();
                prop_assert!(path.iter().all(living), "a parent does not exist in {}", year);
                let levels: Vec<_> = path.iter().map(|at| registry.jurisdiction(*at).level).collect();
                prop_assert!(levels.windows(2).all(|pair| pair[0] > pair[1]), "{:?}", levels);
            }
            let roots = registry.jurisdiction_indices().filter(|at| {
                registry.jurisdiction_timeline(*at).parent_in(year) == Some(&None)
            });
            let mut below: Vec<_> = roots.flat_map(|root| registry.agencies_below(root, year)).collect();
            below.sort_unstable();
            let active: Vec<_> = registry.agency_indices().filter(|at| registry.home(*at, year).is_some()).collect();
            prop_assert_eq!(below, active);
        }
    }

    #[test]
    fn figures_of_any_year_have_one_place_in_the_tree_of_any_year(history in history()) {
        let (registry, _) = admitted(&history);
        for hierarchy_year in years() {
            for agency in registry.agency_indices() {
                let place = registry.place(agency, hierarchy_year);
                let path: Vec<_> = registry.path_placed(place.jurisdiction, hierarchy_year).take(50).collect();
                prop_assert_eq!(path.first(), Some(&place.jurisdiction));
                prop_assert_eq!(path.iter().collect::<HashSet<_>>().len(), path.len(), "a circle");
                let root = registry.jurisdiction_timeline(*path.last().unwrap());
                prop_assert_eq!(root.parent_near(hierarchy_year), &None);
                let time = registry.agency_timeline(agency);
                match registry.home(agency, hierarchy_year) {
                    // What stands for another one is where that one is.
                    Some(home) if time.joined.is_some() => prop_assert_eq!(place.jurisdiction, home),
                    None if time.stood_for.contains(&hierarchy_year) && time.joined.is_none() => {
                        prop_assert_eq!(place.standing == InTree::Present, time.is_in_force(hierarchy_year));
                    }
                    Some(home) => {
                        prop_assert_eq!(place, Place { jurisdiction: home, standing: InTree::Present });
                        prop_assert_eq!(path, registry.path_up(home, hierarchy_year).collect::<Vec<_>>());
                    }
                    None => prop_assert_ne!(place.standing, InTree::Present),
                }
                if let InTree::Successor(successor) = place.standing {
                    prop_assert_eq!(registry.place(successor, hierarchy_year).jurisdiction, place.jurisdiction);
                }
            }
            for at in registry.jurisdiction_indices() {
                let path: Vec<_> = registry.path_placed(at, hierarchy_year).take(50).collect();
                prop_assert!(path.len() < 50);
            }
        }
    }

    #[test]
    fn a_plan_of_a_list_agrees_with_applying_it_one_by_one(history in history(), cut in 0..40_usize) {
        let (before, after) = history.split_at(cut.min(history.len()));
        let (mut registry, _) = admitted(before);
        let planned = registry.plan(after);
        let mut effective = Vec::new();
        let known = registry.clone();
        for (position, change) in after.iter().enumerate() {
            let in_force = matches!(registry.admit(change), Ok(None));
            if in_force || known.was_put_right(change, &after[position + 1..]) {
                continue;
            }
            match registry.apply(change) {
                Ok(true) => effective.push(change.clone()),
                Ok(false) => {}
                Err(error) => {
                    prop_assert_eq!(planned, Err((position, error)));
                    return Ok(());
                }
            }
        }
        let unchanged = after.len() - effective.len();
        prop_assert_eq!(planned, Ok(Plan { effective, unchanged }));
    }

    #[test]
    fn what_took_effect_is_unchanged_when_it_is_sent_again(history in history()) {
        let (registry, effective) = admitted(&history);
        let unchanged = effective.len();
        prop_assert_eq!(registry.plan(&effective), Ok(Plan { effective: vec![], unchanged }));
    }

    #[test]
    fn the_changes_of_a_registry_make_the_same_registry(history in history()) {
        let (registry, _) = admitted(&history);
        let (again, effective) = admitted(&registry.changes());
        prop_assert_eq!(&again, &registry);
        prop_assert_eq!(effective, registry.changes());
        let read = exchange::read_csv(&exchange::write_csv(&registry.changes())).unwrap().changes;
        prop_assert_eq!(read, registry.changes());
        let read = exchange::read_json(&exchange::write_json(&registry.changes())).unwrap().changes;
        prop_assert_eq!(read, registry.changes());
    }

    #[test]
    fn a_life_lists_what_an_entry_was_and_nothing_else(history in history()) {
        let (registry, _) = admitted(&history);
        let code = |at: JurisdictionIndex| registry.jurisdiction(at).code.clone();
        for agency in registry.agency_indices() {
            let life = registry.agency_life(agency);
            let time = registry.agency_timeline(agency);
            // What stands for another one has its places from it, and its names for good.
            if time.joined.is_some() || time.is_stood_for() {
                continue;
            }
            lists_what_holds(&life.parents, |year| Some(registry.home(agency, year).map(code)).filter(Option::is_some))?;
            lists_what_holds(&life.names, |year| time.exists_in(year).then(|| time.name_near(year).to_owned()))?;
        }
        for at in registry.jurisdiction_indices() {
            let time = registry.jurisdiction_timeline(at);
            let life = registry.jurisdiction_life(at);
            lists_what_holds(&life.parents, |year| time.parent_in(year).map(|parent| parent.map(code)))?;
        }
    }

    #[test]
    fn a_joining_loses_no_agency_and_counts_none_twice(
        history in history(),
        ids in prop::sample::subsequence(IDS.to_vec(), 2),
        years in prop::collection::btree_set(YEARS, 0..3),
    ) {
        let (mut registry, _) = admitted(&history);
        let years: Vec<u16> = years.into_iter().collect();
        let (one, other) = (of(&registry, ids[0]), of(&registry, ids[1]));
        let at_home = |registry: &Registry, year| [one, other].map(|at| registry.home(at, year));
        let before: Vec<_> = self::years().map(|year| at_home(&registry, year)).collect();
        if registry.apply(&join(ids[0], ids[1], &years)) == Ok(true) {
            for (year, [_, was]) in self::years().zip(before) {
                let [now, others] = at_home(&registry, year);
                // One of the two is there exactly where the one that stays was, and never both.
                prop_assert_eq!(now.or(others), was, "in {}", year);
                prop_assert!(now.is_none() || others.is_none());
                prop_assert_eq!(now.is_some(), years.contains(&year.get()));
                prop_assert_eq!(registry.nature(one, year), match now {
                    Some(_) => registry.nature(other, year),
                    None => registry.nature(one, year),
                });
            }
        }
    }

    #[test]
    fn a_correction_changes_nothing_before_its_year_and_nothing_after_the_next_change(
        history in history(),
        id in prop::sample::select(IDS.to_vec()),
        values in new_values(),
        from in YEARS,
    ) {
        let (mut registry, _) = admitted(&history);
        let at = of(&registry, id);
        let before = registry.clone();
        // Where it begins touches the years before.
        let values = NewValues { begins: None, ..values };
        if registry.apply(&correct(&format!("agencies/{id}"), values, from)) == Ok(true) {
            let next = before.agency_timeline(at).parents.next_after(year(from));
            for year in years() {
                let is_untouched = year.get() < from || next.is_some_and(|next| next <= year);
                if is_untouched {
                    prop_assert_eq!(registry.home(at, year), before.home(at, year), "in {}", year);
                }
                prop_assert_eq!(registry.home(at, year).is_some(), before.home(at, year).is_some());
                if year.get() < from && before.home(at, year).is_some() {
                    prop_assert_eq!(registry.agency_in(at, year), before.agency_in(at, year));
                }
            }
        }
    }

    #[test]
    fn agencies_that_count_with_another_are_those_whose_place_says_so(history in history()) {
        let (registry, _) = admitted(&history);
        for year in years() {
            for agency in registry.agency_indices() {
                let counted_with = |other: &AgencyIndex| match registry.place(*other, year).standing {
                    InTree::Successor(successor) => successor == agency,
                    _ => *other == agency,
                };
                let expected: Vec<_> = registry.agency_indices().filter(counted_with).collect();
                let mut found = registry.counted_with(agency, year);
                found.sort_unstable();
                prop_assert_eq!(found, expected);
            }
        }
    }

    #[test]
    fn agencies_that_are_not_affected_stay_where_they_are_in_every_year(history in history()) {
        let mut registry = Registry::default();
        for change in &history {
            let affected: BTreeSet<_> = registry.affected_agencies(change).into_iter().collect();
            let others: Vec<_> = registry.agency_indices().filter(|at| !affected.contains(at)).collect();
            let before: Vec<_> = others.iter().map(|at| trace(&registry, *at)).collect();
            if registry.apply(change).is_ok() {
                let after: Vec<_> = others.iter().map(|at| trace(&registry, *at)).collect();
                prop_assert_eq!(after, before, "{:?}", change);
            }
        }
    }
}

#[test]
fn the_histories_do_have_mergers_splits_moves_and_ends() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut kinds = std::collections::BTreeMap::new();
    for _ in 0..800 {
        let (_, effective) = admitted(&history().new_tree(&mut runner).unwrap().current());
        for change in effective {
            let subject = if change.subject().starts_with("agencies/") { "agency" } else { "jurisdiction" };
            let kind = match change {
                RegistryChange::CreateJurisdiction(_) | RegistryChange::CreateAgency(_) => "create",
                RegistryChange::Rename { .. } => "rename",
                RegistryChange::Move { .. } => "move",
                RegistryChange::Merge { .. } => "merge",
                RegistryChange::Split { .. } => "split",
                RegistryChange::Abolish { .. } => "abolish",
                RegistryChange::Reclassify { .. } => "reclassify",
                RegistryChange::Correct { .. } => "correct",
                RegistryChange::Void { .. } => "void",
                RegistryChange::Restore { .. } => "restore",
                RegistryChange::Join { .. } => "join",
                RegistryChange::JoinPlaces { .. } => "join places",
                RegistryChange::PutCollection(_) | RegistryChange::PutContacts(_) | RegistryChange::PutReminders(_) => {
                    "put"
                }
            };
            *kinds.entry((kind, subject)).or_insert(0) += 1;
        }
    }
    assert_eq!(kinds.len(), 21, "{kinds:?}");
    assert!(kinds.values().all(|count| *count >= 5), "{kinds:?}");
}
