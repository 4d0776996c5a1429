//! What may happen and what may be asked, at random but from a seed.

use std::collections::BTreeMap;

use rand::prelude::*;
use rand_chacha::ChaCha8Rng;

use super::answer::{By, FEES, OUTCOMES, Question, REQUESTERS, TOTAL_LINE, World};
use super::ask::{is_amount, prescribed};
use super::registry::{Agency, Change};
use super::reports::{Figures, MERGED, State};

/// Report years; both editions.
pub const YEARS: std::ops::RangeInclusive<u16> = 2019..=2023;

pub fn year(chance: &mut ChaCha8Rng) -> u16 {
    chance.random_range(YEARS)
}

/// A province, cities, counties, one of them empty, and agencies of every kind, some of them vertical.
pub fn beginning(chance: &mut ChaCha8Rng) -> Vec<Change> {
    let place = |code: &str, parent: Option<&str>, first_year| Change::Place {
        name: format!("jurisdictions/{code}"),
        parent: parent.map(|parent| format!("jurisdictions/{parent}")),
        first_year,
    };
    let mut changes = vec![
        place("230000", None, 2019),
        place("230100", Some("230000"), 2019),
        place("230200", Some("230000"), 2019),
        place("230102", Some("230100"), 2019),
        place("230103", Some("230100"), 2021),
        place("230202", Some("230200"), 2019),
        place("230203", Some("230200"), 2019),
    ];
    let homes = ["230000", "230100", "230200", "230102", "230103", "230202"];
    for at in 0..chance.random_range(8..14) {
        let home = homes.choose(chance).copied().unwrap_or("230000");
        let first_year =
            if home == "230103" { 2021 } else { *[2019, 2019, 2020, 2021].choose(chance).unwrap_or(&2019) };
        changes.push(new_agency(chance, at, home, first_year));
    }
    changes
}

fn new_agency(chance: &mut ChaCha8Rng, at: usize, home: &str, first_year: u16) -> Change {
    // Ids in another order than that of registration.
    let name = format!("agencies/{}{at:02}-bureau", ['q', 'b', 'x', 'm'][at % 4]);
    let agency = Agency { name, kind: chance.random_range(1..=4), vertical: chance.random_bool(0.15) };
    Change::Agency { agency, parent: format!("jurisdictions/{home}"), first_year }
}

pub fn place(chance: &mut ChaCha8Rng, world: &World) -> String {
    world.registry.places.choose(chance).cloned().expect("there are places")
}

pub fn agency(chance: &mut ChaCha8Rng, world: &World) -> String {
    world.registry.agencies.keys().choose(chance).cloned().expect("there are agencies")
}

/// A change that may well be refused.
pub fn change(chance: &mut ChaCha8Rng, world: &World) -> Change {
    let first_year = chance.random_range(*YEARS.start() + 1..=*YEARS.end() + 1);
    let entry = |chance: &mut ChaCha8Rng| {
        if chance.random_bool(0.3) { place(chance, world) } else { agency(chance, world) }
    };
    match chance.random_range(0..10) {
        0..5 => Change::Move { name: entry(chance), parent: place(chance, world), first_year },
        5 => Change::Merge { names: vec![place(chance, world)], into: place(chance, world), first_year },
        6 | 7 => Change::Merge { names: vec![agency(chance, world)], into: agency(chance, world), first_year },
        8 => {
            let into = vec![agency(chance, world), agency(chance, world)];
            Change::Split { name: agency(chance, world), into, first_year }
        }
        _ if chance.random_bool(0.6) => Change::Abolish { name: entry(chance), first_year },
        _ => {
            let at = world.registry.agencies.len();
            let home = place(chance, world);
            new_agency(chance, at, home.trim_start_matches("jurisdictions/"), first_year)
        }
    }
}

/// Figures that keep every equation.
pub fn figures(chance: &mut ChaCha8Rng, year: u16) -> Figures {
    let mut figures: Figures = prescribed(year).into_iter().map(|path| (path, 0)).collect();
    let others = if year <= 2020 {
        vec![MERGED]
    } else if chance.random_bool(0.3) {
        // One line in place of three, which may hold nothing but noughts.
        figures.retain(|path, _| !path.starts_with("requests.other."));
        let columns = REQUESTERS.iter().chain(&["total"]);
        figures.extend(columns.map(|column| (format!("{MERGED}.{column}"), 0)));
        vec![MERGED]
    } else {
        OUTCOMES[5].1[..3].to_vec()
    };
    let is_busy = chance.random_bool(0.8);
    let mut add = |line: &str, column: &str, count: i128| {
        for column in [column, "total"] {
            *figures.get_mut(&format!("{line}.{column}")).expect("a cell of the form") += count;
        }
    };
    for requester in REQUESTERS {
        let mut count = || if is_busy { chance.random_range(0..30_i128) } else { 0 };
        let (disclosed, refused, other, later) = (count(), count(), count(), count());
        let outcomes = disclosed + refused + other;
        let earlier = count().min(outcomes + later);
        add("requests.disclosed", requester, disclosed);
        let refusals = OUTCOMES[2].1;
        add(refusals[(refused % refusals.len() as i128) as usize], requester, refused);
        add(others[(other % others.len() as i128) as usize], requester, other);
        add(TOTAL_LINE, requester, outcomes);
        add("requests.carried_over", requester, earlier);
        add("requests.carried_forward", requester, later);
        add("requests.received", requester, outcomes + later - earlier);
    }
    if let Some(fees) = figures.get_mut(FEES) {
        // Sums of a few of these do not fit 64 bits.
        *fees = if chance.random_bool(0.3) { 999_999_999_999_999_999 } else { chance.random_range(0..9_000_000) };
    }
    if let Some(other) = figures.keys().filter(|path| is_amount(path) && *path != FEES).choose(chance).cloned() {
        figures.insert(other, chance.random_range(0..9_000_000));
    }
    figures
}

pub fn question(chance: &mut ChaCha8Rng, world: &World) -> Question {
    let first = year(chance);
    let last = if chance.random_bool(0.5) { first } else { chance.random_range(first..=*YEARS.end()) };
    let requests = ["requests.received", "requests.refused", TOTAL_LINE, "requests.other", "requests.carried_over"];
    let (mut measures, mut by) = (vec![*requests.choose(chance).expect("some")], Vec::new());
    if chance.random_bool(0.3) {
        measures = vec![TOTAL_LINE];
        by.push(if chance.random_bool(0.5) { By::Outcome } else { By::Line });
    } else {
        if chance.random_bool(0.4) {
            measures.push("requests.carried_forward");
        }
        if chance.random_bool(0.3) {
            by.push(By::Line);
        }
    }
    if chance.random_bool(0.3) {
        by.push(By::Requester);
    } else if !by.contains(&By::Outcome) && chance.random_bool(0.4) {
        measures.push(FEES);
    }
    match chance.random_range(0..5) {
        0 | 1 => by.push(By::Agency),
        2 | 3 => by.push(By::Child),
        _ => {}
    }
    for one in [By::Kind, By::Year] {
        if chance.random_bool(0.4) {
            by.push(one);
        }
    }
    by.shuffle(chance);
    let mut kinds: Vec<i32> = (1..=4).filter(|_| chance.random_bool(0.5)).collect();
    if chance.random_bool(0.7) {
        kinds.clear();
    }
    let every = [State::Submitted, State::Accepted, State::Returned, State::Withdrawn];
    let mut states: Vec<State> = every.into_iter().filter(|_| chance.random_bool(0.4)).collect();
    if chance.random_bool(0.6) {
        states.clear();
    }
    Question {
        scope: place(chance, world),
        years: (first, last),
        measures,
        by,
        kinds,
        vertical: chance.random_bool(0.3),
        tree: chance.random_bool(0.4).then(|| chance.random_range(*YEARS.start()..=*YEARS.end() + 1)),
        states,
    }
}

/// A question about one year, as coverage, missing agencies and forms are asked for.
pub fn plain_question(chance: &mut ChaCha8Rng, world: &World) -> Question {
    let asked = question(chance, world);
    Question { years: (asked.years.0, asked.years.0), kinds: Vec::new(), states: Vec::new(), ..asked }
}

/// One of the moments that a world was noted at.
pub fn moment<'a>(chance: &mut ChaCha8Rng, past: &'a BTreeMap<i64, World>) -> (i64, &'a World) {
    past.iter().map(|(sequence, world)| (*sequence, world)).choose(chance).expect("there is a past")
}
