//! Whatever happens to reports and the registry, corrections of the past among it: sums hold every accepted report once, an answer as of a sequence number is
//! the answer that was given then, and what follows the commits is what a fresh start would count.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use huizong::form::{Presence, catalogue, edition_for_year};
use huizong::live::Live;
use huizong::registry::{
    Agency, Collection, Entry, Jurisdiction, JurisdictionCode, Life, NewValues, RegistryChange, ReviewPolicy,
};
use huizong::report::{
    AgencyId, AgencyKind, Answer, Cell, Figures, Level, Owners, ReportKey, ReportState, ReportYear, ReviewAction,
};
use huizong::rollup::{AgencyFilter, Dimension, Mark, RowOrder};
use huizong::service::{
    Asker, Caller, CoverageAnswer, CoverageQuestion, EntryFilter, Perspective, ReportFilter, ReportsWanted,
    ReviewRequest, RollupAnswer, RollupQuestion, RuleCount, Service, Settings, Sight, Submission,
};
use huizong::store::{CheckpointFile, MemoryStore, NEWEST, Outcome, Standing, Store};
use proptest::prelude::*;

const YEARS: [u16; 3] = [2021, 2022, 2023];
const PLACES: [(&str, Option<&str>, Level); 4] = [
    ("230000", None, Level::Province),
    ("230100", Some("230000"), Level::City),
    ("230200", Some("230000"), Level::City),
    ("230102", Some("230100"), Level::County),
];
/// Two and more of each place; one is under vertical management.
const AGENCIES: usize = 9;

fn year(at: usize) -> ReportYear {
    ReportYear::new(YEARS[at % YEARS.len()]).unwrap()
}

fn agency(at: usize) -> String {
    format!("agency-{}", at % AGENCIES)
}

fn entry(at: usize) -> Entry {
    Entry::Agency(agency(at).parse().unwrap())
}

fn place(at: usize) -> &'static str {
    PLACES[at % PLACES.len()].0
}

fn registry() -> Vec<RegistryChange> {
    let first_year = year(0);
    let places = PLACES.iter().map(|(code, parent, level)| {
        RegistryChange::CreateJurisdiction(Jurisdiction {
            code: code.parse().unwrap(),
            parent: parent.map(|parent| parent.parse().unwrap()),
            display_name: (*code).to_owned(),
            level: *level,
            first_year,
        })
    });
    let agencies = (0..AGENCIES).map(|at| {
        RegistryChange::CreateAgency(Agency {
            id: agency(at).parse().unwrap(),
            jurisdiction: place(at).parse().unwrap(),
            display_name: agency(at),
            kind: AgencyKind::Department,
            large: false,
            vertical: at == 4,
            first_year,
        })
    });
    places.chain(agencies).collect()
}

/// Something that may happen; much of it is refused, as it would be in life.
#[derive(Debug, Clone)]
enum Happening {
    Submit { agency: usize, year: usize, requests: i64 },
    SubmitWrong { agency: usize, year: usize },
    Review { agency: usize, year: usize, action: ReviewAction },
    Move { agency: usize, to: usize, year: usize },
    Merge { agency: usize, into: usize, year: usize },
    Abolish { agency: usize, year: usize },
    MovePlace { place: usize, to: usize, year: usize },
    MergePlace { place: usize, into: usize, year: usize },
    Several { moves: Vec<(usize, usize)>, year: usize },
    Open { year: usize, review: bool },
    Correct { agency: usize, to: usize, year: usize },
    Join { agency: usize, into: usize },
    Void { agency: usize, again: bool },
}

fn happening() -> impl Strategy<Value = Happening> {
    let (agency, year) = (0..AGENCIES, 0..YEARS.len());
    let action = prop::sample::select(&ReviewAction::ALL[..]);
    prop_oneof![
        6 => (agency.clone(), year.clone(), 0..90i64)
            .prop_map(|(agency, year, requests)| Happening::Submit { agency, year, requests }),
        1 => (agency.clone(), year.clone()).prop_map(|(agency, year)| Happening::SubmitWrong { agency, year }),
        4 => (agency.clone(), year.clone(), action)
            .prop_map(|(agency, year, action)| Happening::Review { agency, year, action }),
        2 => (agency.clone(), 0..PLACES.len(), year.clone())
            .prop_map(|(agency, to, year)| Happening::Move { agency, to, year }),
        1 => (agency.clone(), agency.clone(), year.clone())
            .prop_map(|(agency, into, year)| Happening::Merge { agency, into, year }),
        1 => (agency.clone(), year.clone()).prop_map(|(agency, year)| Happening::Abolish { agency, year }),
        2 => (agency.clone(), 0..PLACES.len(), year.clone())
            .prop_map(|(agency, to, year)| Happening::Correct { agency, to, year }),
        1 => (agency.clone(), agency.clone()).prop_map(|(agency, into)| Happening::Join { agency, into }),
        1 => (agency, any::<bool>()).prop_map(|(agency, again)| Happening::Void { agency, again }),
        1 => (0..PLACES.len(), 0..PLACES.len(), year.clone())
            .prop_map(|(place, to, year)| Happening::MovePlace { place, to, year }),
        1 => (0..PLACES.len(), 0..PLACES.len(), year.clone())
            .prop_map(|(place, into, year)| Happening::MergePlace { place, into, year }),
        1 => (prop::collection::vec((0..AGENCIES, 0..PLACES.len()), 2..5), year.clone())
            .prop_map(|(moves, year)| Happening::Several { moves, year }),
        1 => (year, any::<bool>()).prop_map(|(year, review)| Happening::Open { year, review }),
    ]
}

fn figures(of: ReportYear, requests: i64) -> Figures {
    let edition = edition_for_year(of.get()).unwrap();
    let mut figures = Figures::blank(edition);
    for cell in catalogue().cells_of(edition) {
        if catalogue().presence(edition, cell.id) == Presence::Prescribed {
            figures.set(cell.id, Cell::Number(0));
        }
    }
    for line in ["received", "disclosed", "outcomes_total"] {
        for column in ["natural_person", "total"] {
            let cell = catalogue().cell_at(&format!("requests.{line}.{column}")).unwrap();
            figures.set(cell, Cell::Number(requests));
        }
    }
    figures
}

fn asker() -> Asker {
    Asker::internal(&Caller::internal("test"))
}

struct World {
    service: Service,
    store: Arc<dyn Store>,
}

impl World {
    async fn new() -> Self {
        let live = Arc::<Live>::default();
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new(live.clone()));
        let service = Service::start(store.clone(), live, Settings::default()).unwrap();
        service.change_registry(registry(), false, &Caller::internal("registrar")).await.unwrap();
        Self { service, store }
    }

    async fn let_happen(&self, happening: Happening) {
        let registrar = Caller::internal("registrar");
        let change = |change| async { _ = self.service.change_registry(vec![change], false, &registrar).await };
        match happening {
            Happening::Submit { agency: at, year: of, requests } => {
                let report = ReportKey::of_agency(agency(at).parse().unwrap(), year(of));
                let before = self.store.standing(&report, NEWEST).unwrap();
                let answers = ["X-CARRY", "X-JUMP", "X-STOCK", "ALL-ZERO"].map(|rule| Answer {
                    rule: rule.to_owned(),
                    cell: String::new(),
                    reason: "已核对".to_owned(),
                });
                let submission = Submission {
                    etag: before.map(|before| before.etag()),
                    reason: "更正".to_owned(),
                    answers: answers.to_vec(),
                    ..Submission::first(report, figures(year(of), requests))
                };
                let _ = self.service.submit(&submission, &Caller::internal("agency")).await;
            }
            Happening::SubmitWrong { agency: at, year: of } => {
                let report = ReportKey::of_agency(agency(at).parse().unwrap(), year(of));
                let mut figures = figures(year(of), 3);
                figures.set(catalogue().cell_at("requests.received.total").unwrap(), Cell::Number(4));
                let wrong = Submission::first(report, figures);
                assert!(self.service.submit(&wrong, &Caller::internal("agency")).await.is_err());
            }
            Happening::Review { agency: at, year: of, action } => {
                let report = ReportKey::of_agency(agency(at).parse().unwrap(), year(of));
                let Some(before) = self.store.standing(&report, NEWEST).unwrap() else { return };
                let request = ReviewRequest {
                    report,
                    action,
                    etag: before.etag(),
                    reason: "审核".to_owned(),
                    comments: Vec::new(),
                    request_id: None,
                    validate_only: false,
                };
                let _ = self.service.review(&request, &Caller::internal("office")).await;
            }
            Happening::Move { agency: at, to, year: of } => {
                let parent = place(to).parse().unwrap();
                change(RegistryChange::Move { entry: entry(at), parent, first_year: year(of) }).await;
            }
            Happening::Merge { agency: at, into, year: of } => {
                let (entries, into) = (vec![entry(at)], entry(into));
                change(RegistryChange::Merge { entries, into, first_year: year(of) }).await;
            }
            Happening::Abolish { agency: at, year: of } => {
                change(RegistryChange::Abolish { entry: entry(at), first_year: year(of) }).await;
            }
            Happening::MovePlace { place: at, to, year: of } => {
                let entry = Entry::Jurisdiction(place(at).parse().unwrap());
                let parent = place(to).parse().unwrap();
                change(RegistryChange::Move { entry, parent, first_year: year(of) }).await;
            }
            Happening::MergePlace { place: at, into, year: of } => {
                let entries = vec![Entry::Jurisdiction(place(at).parse().unwrap())];
                let into = Entry::Jurisdiction(place(into).parse().unwrap());
                change(RegistryChange::Merge { entries, into, first_year: year(of) }).await;
            }
            Happening::Correct { agency: at, to, year: of } => {
                let (reason, first_year) = ("登记有误".to_owned(), year(of));
                let values = NewValues { parent: Some(place(to).parse().unwrap()), ..NewValues::default() };
                change(RegistryChange::Correct { entry: entry(at), values, first_year, reason }).await;
            }
            Happening::Join { agency: at, into } => {
                let (agency, into) = (agency(at).parse().unwrap(), agency(into).parse().unwrap());
                let (years, reason) = (Vec::new(), "重复登记".to_owned());
                change(RegistryChange::Join { agency, into, years, reason }).await;
            }
            Happening::Void { agency: at, again } => {
                let (entry, reason) = (entry(at), "误登".to_owned());
                let voided = RegistryChange::Void { entry: entry.clone(), reason: reason.clone() };
                change(voided).await;
                if again {
                    change(RegistryChange::Restore { entry, reason }).await;
                }
            }
            Happening::Several { moves, year: of } => {
                let moves = moves.into_iter().map(|(at, to)| {
                    let parent = place(to).parse().unwrap();
                    RegistryChange::Move { entry: entry(at), parent, first_year: year(of) }
                });
                let _ = self.service.change_registry(moves.collect(), false, &registrar).await;
            }
            Happening::Open { year: of, review } => {
                let collection = Collection {
                    year: year(of),
                    edition: edition_for_year(year(of).get()).unwrap().id.to_owned(),
                    due: BTreeMap::new(),
                    lock: None,
                    review: if review { ReviewPolicy::JurisdictionOffice } else { ReviewPolicy::None },
                    exceptions: Vec::new(),
                };
                let _ = self.service.open_collection(collection, false, &registrar).await;
            }
        }
    }

    /// Every answer about every place, as of a sequence number or now.
    async fn answers(&self, as_of: Option<u64>) -> Vec<(RollupAnswer, CoverageAnswer)> {
        let mut answers = Vec::new();
        for (code, ..) in PLACES {
            for hierarchy_year in [None, Some(year(0)), Some(year(2))] {
                let perspective = Perspective { as_of, hierarchy_year, states: Vec::new() };
                let question = RollupQuestion {
                    jurisdiction: code.parse().unwrap(),
                    years: (year(0), year(2)),
                    measures: vec!["requests.received".to_owned()],
                    group_by: vec![Dimension::Year, Dimension::Agency],
                    order: RowOrder::Key,
                    filter: AgencyFilter { kinds: Vec::new(), include_vertical: true },
                    perspective: perspective.clone(),
                    is_comparable: false,
                    page_size: 1000,
                    after: None,
                };
                let sums = self.service.roll_up(&question, &asker()).await.unwrap();
                let question = CoverageQuestion {
                    jurisdiction: code.parse().unwrap(),
                    year: year(1),
                    depth: 3,
                    filter: AgencyFilter::default(),
                    perspective,
                };
                answers.push((sums, self.service.coverage(&question, &asker()).await.unwrap()));
            }
        }
        answers
    }

    /// Sums over every tree and with waiting reports in them, which follow the commits where they were asked for before.
    async fn sums_beside(&self) -> Vec<RollupAnswer> {
        let mut answers = Vec::new();
        let states = [vec![], vec![ReportState::Submitted, ReportState::Accepted], vec![ReportState::Returned]];
        for (states, hierarchy_year) in states.into_iter().flat_map(|states| {
            [None, Some(year(0)), Some(year(2))].map(|hierarchy_year| (states.clone(), hierarchy_year))
        }) {
            for (code, ..) in PLACES {
                for group_by in [vec![Dimension::Year, Dimension::ChildJurisdiction], vec![Dimension::AgencyKind]] {
                    let question = RollupQuestion {
                        jurisdiction: code.parse().unwrap(),
                        years: (year(0), year(2)),
                        measures: vec!["requests.received".to_owned()],
                        group_by,
                        order: RowOrder::Key,
                        filter: AgencyFilter { kinds: Vec::new(), include_vertical: true },
                        perspective: Perspective { as_of: None, hierarchy_year, states: states.clone() },
                        is_comparable: false,
                        page_size: 1000,
                        after: None,
                    };
                    answers.push(self.service.roll_up(&question, &asker()).await.unwrap());
                }
            }
        }
        answers
    }

    /// How often rules failed, everywhere.
    async fn rule_counts(&self) -> Vec<RuleCount> {
        let mut counts = Vec::new();
        for (code, ..) in PLACES {
            counts.extend(self.rule_counts_of(code).await);
        }
        counts
    }

    async fn rule_counts_of(&self, code: &str) -> Vec<RuleCount> {
        self.service.rule_counts(&code.parse().unwrap(), (year(0), year(2)), None, &asker()).await.unwrap().0
    }

    /// Reports and refusals by rule and year in the province, read one by one from the store. Which reports the rules
    /// are counted of is as the service's sums say who is due.
    fn naive_rule_counts(&self) -> BTreeMap<(String, ReportYear), (u64, u64)> {
        let mut counts: BTreeMap<(String, ReportYear), (u64, u64)> = BTreeMap::new();
        let is_due = |id: &AgencyId, of: ReportYear| {
            let state = self.service.agency(id).unwrap();
            state.life.end.is_none_or(|end| of < end.year)
        };
        for (at, of) in (0..AGENCIES).flat_map(|at| (0..YEARS.len()).map(move |of| (at, of))) {
            let report = ReportKey::of_agency(agency(at).parse().unwrap(), year(of));
            let Some(standing) = self.store.standing(&report, NEWEST).unwrap() else { continue };
            if standing.status.state != ReportState::Withdrawn || standing.status.accepted.is_some() {
                let rules: BTreeSet<&String> = standing.newest.findings.iter().map(|finding| &finding.rule).collect();
                rules.into_iter().for_each(|rule| counts.entry((rule.clone(), year(of))).or_default().0 += 1);
            }
        }
        for entry in self.store.journal(0, usize::MAX).unwrap() {
            let Ok(report) = entry.subject.parse::<ReportKey>() else { continue };
            let Some((_, rules)) = entry.detail.split_once(": ") else { continue };
            if entry.outcome == Outcome::Refused && is_due(report.agency().unwrap(), report.year) {
                let rules: BTreeSet<&str> = rules.split(", ").collect();
                for rule in rules {
                    counts.entry((rule.to_owned(), report.year)).or_default().1 += 1;
                }
            }
        }
        counts
    }

    /// Agencies in and below a place in a year, as the histories of entries tell, in order.
    fn agencies_below(&self, code: &str, of: ReportYear) -> Vec<String> {
        let parent_in = |life: &Life| {
            // What was voided never was.
            let exists = life.parents.first().is_some_and(|(first_year, _)| *first_year <= of)
                && life.end.as_ref().is_none_or(|end| of < end.year);
            let known = life.parents.iter().rfind(|(first_year, _)| *first_year <= of);
            known.filter(|_| exists).and_then(|(_, parent)| parent.clone())
        };
        let is_below = |id: &str| {
            let mut at = parent_in(&self.service.agency(&id.parse().unwrap()).unwrap().life);
            while let Some(here) = at {
                if here.as_str() == code {
                    return true;
                }
                at = parent_in(&self.service.jurisdiction(&here).unwrap().life);
            }
            false
        };
        (0..AGENCIES).map(agency).filter(|id| is_below(id)).collect()
    }

    fn standing(&self, id: &str, of: ReportYear) -> Option<Standing> {
        self.store.standing(&ReportKey::of_agency(id.parse().unwrap(), of), NEWEST).unwrap()
    }

    /// Each list of a place and year, two a page.
    async fn check_lists(&self, code: &str, of: ReportYear) {
        const PAGE: usize = 2;
        let place: JurisdictionCode = code.parse().unwrap();
        let below = self.agencies_below(code, of);
        let filter = EntryFilter { parent: Some(place.clone()), below: true, year: Some(of), ..EntryFilter::default() };
        let (mut listed, mut token) = (Vec::new(), String::new());
        loop {
            let page = self.service.agencies(filter.clone(), PAGE, &token, Sight::All).await.unwrap();
            listed.extend(page.items.into_iter().map(|known| known.entry.id.to_string()));
            let Some(next) = page.next else { break };
            token = next;
        }
        assert_eq!(listed, below, "agencies of {code} in {of}");

        let is_missing = |id: &&String| self.standing(id, of).is_none_or(|standing| !standing.status.is_received());
        let is_vertical = |id: &&String| **id == agency(4);
        let missing: Vec<&String> = below.iter().filter(is_missing).filter(|id| !is_vertical(id)).collect();
        let question = CoverageQuestion {
            jurisdiction: place.clone(),
            year: of,
            depth: 0,
            filter: AgencyFilter::default(),
            perspective: Perspective::default(),
        };
        let (mut listed, mut token) = (Vec::new(), String::new());
        loop {
            let (page, _) = self.service.missing_agencies(&question, PAGE, &token, &asker()).await.unwrap();
            listed.extend(page.items.into_iter().map(|entry| entry.id.to_string()));
            let Some(next) = page.next else { break };
            token = next;
        }
        assert_eq!(listed.iter().collect::<Vec<_>>(), missing, "missing in {code} in {of}");

        for states in [vec![], vec![ReportState::Submitted, ReportState::Returned], vec![ReportState::Withdrawn]] {
            let stands = |id: &&String| {
                let standing = self.standing(id, of);
                standing.is_some_and(|one| states.is_empty() || states.contains(&one.status.state))
            };
            let expected: Vec<&String> = below.iter().filter(stands).collect();
            let (mut listed, mut token) = (Vec::new(), String::new());
            loop {
                let filter = ReportFilter::Years(Owners::Agencies, (of, of), Some(place.clone()));
                let wanted = ReportsWanted { states: states.clone(), ..ReportsWanted::default() };
                let page = self.service.reports(filter, wanted, PAGE, &token, Sight::All).await.unwrap();
                listed.extend(page.items.into_iter().map(|view| view.revision.report.owner.id().to_owned()));
                let Some(next) = page.next else { break };
                token = next;
            }
            assert_eq!(listed.iter().collect::<Vec<_>>(), expected, "{states:?} in {code} in {of}");
        }
    }

    /// The service as it would start now, from every report.
    fn fresh(&self) -> Self {
        let live = Arc::<Live>::default();
        let service = Service::start(self.store.clone(), live, Settings::default()).unwrap();
        Self { service, store: self.store.clone() }
    }

    /// The service as it would start now, from the totals kept in a folder.
    fn restarted(&self, folder: &Path) -> Self {
        let (store, kept) = (self.store.clone(), CheckpointFile::new(folder));
        let service =
            Service::start(store.clone(), Arc::default(), Settings { kept: Some(kept), ..Settings::default() })
                .unwrap();
        Self { service, store }
    }

    /// Accepted reports and their requests, read one by one from the store.
    fn naive(&self) -> (u64, i128) {
        let cell = catalogue().cell_at("requests.received.total").unwrap();
        let reports = (0..AGENCIES).flat_map(|at| (0..YEARS.len()).map(move |of| (at, of)));
        let standings = reports.filter_map(|(at, of)| {
            let report = ReportKey::of_agency(agency(at).parse().unwrap(), year(of));
            self.store.standing(&report, NEWEST).unwrap()?.accepted
        });
        standings.fold((0, 0), |(count, sum), one| (count + 1, sum + one.figures.complete().value(cell)))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_start_from_totals_kept_at_any_moment_answers_like_the_service_that_went_on(
        happenings in prop::collection::vec(happening(), 1..24), moment in any::<prop::sample::Index>()
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            let folder = tempfile::tempdir().unwrap();
            let moment = moment.index(happenings.len());
            for (at, happening) in happenings.into_iter().enumerate() {
                world.let_happen(happening).await;
                if at == moment {
                    assert!(!world.restarted(folder.path()).service.has_resumed(), "nothing was kept yet");
                }
            }
            let restarted = world.restarted(folder.path());
            assert!(restarted.service.has_resumed());
            assert_eq!(restarted.answers(None).await, world.answers(None).await);
            assert_eq!(restarted.service.recount().await.unwrap().differences, []);
        });
    }

    #[test]
    fn what_follows_the_commits_is_what_a_fresh_start_counts(
        happenings in prop::collection::vec(happening(), 1..40)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            // Of joined agencies one stands for both in some years, which the naive counts do not know.
            let has_joinings = happenings.iter().any(|happening| matches!(happening, Happening::Join { .. }));
            // From the very first on they are followed.
            world.sums_beside().await;
            for (at, happening) in happenings.into_iter().enumerate() {
                let what = format!("{happening:?}");
                world.let_happen(happening).await;
                if at % 4 == 0 {
                    let fresh = world.fresh();
                    assert_eq!(world.sums_beside().await, fresh.sums_beside().await, "after {what}");
                    assert_eq!(world.rule_counts().await, fresh.rule_counts().await, "after {what}");
                    assert_eq!(world.service.recount().await.unwrap().differences, [], "after {what}");
                }
            }
            let mut counted: BTreeMap<(String, ReportYear), (u64, u64)> = BTreeMap::new();
            for count in world.rule_counts_of(PLACES[0].0).await {
                let sum = counted.entry((count.rule, count.year)).or_default();
                *sum = (sum.0 + count.reports, sum.1 + count.refusals);
            }
            assert!(has_joinings || counted == world.naive_rule_counts(), "{counted:?}");
        });
    }

    #[test]
    fn lists_of_a_place_are_what_belongs_to_it_page_by_page(happenings in prop::collection::vec(happening(), 1..24)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            // Which of two joined agencies stands for both in which year is told by no history of one.
            for happening in happenings.into_iter().filter(|happening| !matches!(happening, Happening::Join { .. })) {
                world.let_happen(happening).await;
            }
            for (code, ..) in PLACES {
                for of in 0..YEARS.len() {
                    world.check_lists(code, year(of)).await;
                }
            }
        });
    }

    #[test]
    fn every_accepted_report_counts_once_and_the_past_stays_as_it_was(
        happenings in prop::collection::vec(happening(), 1..24)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            let mut told = Vec::new();
            for happening in happenings {
                world.let_happen(happening).await;
                let sequence = world.store.position().sequence;
                told.push((sequence, world.answers(None).await));
            }
            let (count, sum) = world.naive();
            // The province is the only root: over any tree all of it is there, and nothing twice.
            for (sums, _) in &told.last().unwrap().1[..3] {
                let included: u64 = sums.coverage.iter().map(|coverage| coverage.of(Mark::Included)).sum();
                assert_eq!((included, sums.totals[0].value), (count, sum));
                assert_eq!(sums.rows.iter().map(|row| row.value).sum::<i128>(), sum);
            }
            for (sequence, then) in told {
                assert_eq!(world.answers(Some(sequence)).await, then, "as of {sequence}");
            }
        });
    }
}
