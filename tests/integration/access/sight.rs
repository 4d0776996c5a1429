//! What is returned is authorised, not only what is named: over random registries and grants every reading call answers
//! like a service that holds only the reports which GetReport shows to its caller, or refuses.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;

use huizong::access::{METHODS, Right, Role, TokenKey};
use huizong::config::Limits;
use huizong::form::{Presence, catalogue, edition_for_year};
use huizong::grpc::DoorLayer;
use huizong::live::Live;
use huizong::pb;
use huizong::registry::{Agency, Entry, Jurisdiction, RegistryChange};
use huizong::report::{AgencyKind, Answer, Cell, Figures, Hash, Level, ReportKey, ReportYear, ReviewAction};
use huizong::service::{
    Asker, Caller, EntryLimits, FreezeRequest, NewCredential, ReviewRequest, RoleChange, Service, Settings, Submission,
};
use huizong::store::{MemoryStore, NEWEST, Store};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor};
use serde_json::{Value, json};
use tonic::Status;
use tonic::body::Body;
use tonic::service::interceptor::InterceptedService;
use tower::Layer as _;
use tower::util::BoxCloneService;

use crate::access::guarded::Token;
use crate::support::raw::Raw;

/// Random registries with their grants, unless `SIGHT_CASES` says otherwise.
const CASES: u32 = 32;

const YEARS: [u16; 3] = [2021, 2022, 2023];
const PLACES: [(&str, Option<&str>, Level); 6] = [
    ("230000", None, Level::Province),
    ("230100", Some("230000"), Level::City),
    ("230200", Some("230000"), Level::City),
    ("230102", Some("230100"), Level::County),
    ("230202", Some("230200"), Level::County),
    ("220000", None, Level::Province),
];
/// The last two begin later, so that something can be split into them.
const AGENCIES: usize = 7;

fn year(at: usize) -> ReportYear {
    ReportYear::new(YEARS[at]).unwrap()
}

fn agency(at: usize) -> String {
    format!("agency-{at}")
}

fn place(at: usize) -> &'static str {
    PLACES[at].0
}

/// The places and agencies to begin with; with one root, or two.
fn registry(roots: usize) -> Vec<RegistryChange> {
    let places = PLACES.iter().map(move |(code, parent, level)| {
        let moved_below = (*code == "220000" && roots == 1).then_some("230000");
        RegistryChange::CreateJurisdiction(Jurisdiction {
            code: code.parse().unwrap(),
            parent: parent.or(moved_below).map(|parent| parent.parse().unwrap()),
            display_name: (*code).to_owned(),
            level: if moved_below.is_some() { Level::City } else { *level },
            first_year: year(0),
        })
    });
    let agencies = (0..AGENCIES).map(|at| {
        RegistryChange::CreateAgency(Agency {
            id: agency(at).parse().unwrap(),
            jurisdiction: place(at % PLACES.len()).parse().unwrap(),
            display_name: agency(at),
            kind: AgencyKind::Department,
            large: false,
            vertical: at == 4,
            first_year: if at + 2 < AGENCIES { year(0) } else { year(1) },
        })
    });
    places.chain(agencies).collect()
}

#[derive(Debug, Clone)]
enum Happening {
    Submit { owner: String, year: usize, requests: i64 },
    Withdraw { owner: String, year: usize },
    Change(RegistryChange),
    Freeze { place: usize, year: usize, hierarchy: Option<usize> },
}

fn owner() -> impl Strategy<Value = String> {
    prop_oneof![
        5 => (0..AGENCIES).prop_map(|at| format!("agencies/{}", agency(at))),
        1 => (0..PLACES.len()).prop_map(|at| format!("jurisdictions/{}", place(at))),
    ]
}

fn entry() -> impl Strategy<Value = Entry> {
    prop_oneof![
        3 => (0..AGENCIES).prop_map(|at| Entry::Agency(agency(at).parse().unwrap())),
        1 => (1..PLACES.len()).prop_map(|at| Entry::Jurisdiction(place(at).parse().unwrap())),
    ]
}

fn happening() -> impl Strategy<Value = Happening> {
    let year_at = 0..YEARS.len();
    // Numbers near enough to each other that no rule compares one year with the next.
    let submit = (owner(), year_at.clone(), 20..90_i64).prop_map(|(owner, year, requests)| Happening::Submit {
        owner,
        year,
        requests,
    });
    let moved = (entry(), 0..PLACES.len(), year_at.clone()).prop_map(|(entry, to, at)| RegistryChange::Move {
        entry,
        parent: place(to).parse().unwrap(),
        first_year: year(at),
    });
    let merge = (entry(), entry(), year_at.clone()).prop_map(|(one, into, at)| RegistryChange::Merge {
        entries: vec![one],
        into,
        first_year: year(at),
    });
    let split = (entry(), entry(), entry(), year_at.clone()).prop_map(|(entry, one, two, at)| RegistryChange::Split {
        entry,
        into: vec![one, two],
        first_year: year(at),
    });
    let freeze = (0..PLACES.len(), year_at.clone(), prop::option::of(year_at.clone()))
        .prop_map(|(place, year, hierarchy)| Happening::Freeze { place, year, hierarchy });
    prop_oneof![
        8 => submit,
        1 => (owner(), year_at).prop_map(|(owner, year)| Happening::Withdraw { owner, year }),
        4 => moved.prop_map(Happening::Change),
        2 => merge.prop_map(Happening::Change),
        1 => split.prop_map(Happening::Change),
        2 => freeze,
    ]
}

fn grant() -> impl Strategy<Value = Role> {
    prop_oneof![
        2 => (0..PLACES.len()).prop_map(|at| Role::Viewer(place(at).parse().unwrap())),
        2 => (0..PLACES.len()).prop_map(|at| Role::Reviewer(place(at).parse().unwrap())),
        1 => owner().prop_map(|owner| Role::parse("submitter", &owner).unwrap()),
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
    let mut set = |path: &str, cell| figures.set(catalogue().cell_at(path).unwrap(), cell);
    for line in ["received", "disclosed", "outcomes_total"] {
        for column in ["natural_person", "total"] {
            set(&format!("requests.{line}.{column}"), Cell::Number(requests));
        }
    }
    // A finding in each report, for the counts of rules.
    set("requests.received.research_institution", Cell::Blank);
    figures
}

const CALLER: &str = "someone";

/// A service of which somebody asks.
struct World {
    service: Service,
    store: Arc<dyn Store>,
    door: InterceptedService<BoxCloneService<http::Request<Body>, http::Response<Body>, Infallible>, Token>,
    padding: usize,
}

impl World {
    async fn new(authentication: bool, roots: usize, grants: &[Role]) -> Self {
        let live = Arc::<Live>::default();
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new(live.clone()));
        let settings = Settings {
            authentication,
            // What is refused here leaves no trace, so that both services stand at the same sequence.
            entries: EntryLimits { refusals: 0, ..EntryLimits::default() },
            token_key: Some(TokenKey::ephemeral().unwrap()),
            ..Settings::default()
        };
        let service = Service::start(store.clone(), live, settings).unwrap();
        let internal = Caller::internal("test");
        service.change_registry(registry(roots), false, &internal).await.unwrap();
        for role in grants {
            service
                .change_role(
                    CALLER.parse().unwrap(),
                    role.clone(),
                    RoleChange::Grant { allow_missing: true },
                    &internal,
                )
                .await
                .unwrap();
        }
        let expires = Timestamp::now() + SignedDuration::from_hours(1);
        let new = NewCredential { principal: CALLER.parse().unwrap(), note: String::new(), expires };
        let token = service.create_credential(new, &internal).await.unwrap().1.reveal();
        let limits = Limits::default();
        let (routes, _) = huizong::grpc::routes(service.clone(), &limits).await.unwrap();
        let behind = BoxCloneService::new(DoorLayer::new(service.clone(), &limits).layer(routes));
        let token = Token(Some(format!("Bearer {token}").parse().unwrap()));
        Self { service, store, door: InterceptedService::new(behind, token), padding: 0 }
    }

    fn sequence(&self) -> u64 {
        self.service.status().position.sequence
    }

    /// Whether it came to pass.
    async fn happens(&self, happening: &Happening) -> bool {
        let internal = Caller::internal("test");
        match happening {
            Happening::Submit { owner, year: at, requests } => {
                let report: ReportKey = format!("{owner}/reports/{}", year(*at)).parse().unwrap();
                let before = self.store.standing(&report, NEWEST).unwrap();
                let answers = ["CELL-BLANK", "X-CARRY", "X-JUMP", "X-STOCK"].map(|rule| Answer {
                    rule: rule.to_owned(),
                    cell: String::new(),
                    reason: "已核对".to_owned(),
                });
                let submission = Submission {
                    etag: before.map(|before| before.etag()),
                    reason: "更正".to_owned(),
                    answers: answers.to_vec(),
                    ..Submission::first(report, figures(year(*at), *requests))
                };
                self.service.submit(&submission, &internal).await.is_ok()
            }
            Happening::Withdraw { owner, year: at } => {
                let report: ReportKey = format!("{owner}/reports/{}", year(*at)).parse().unwrap();
                let Some(before) = self.store.standing(&report, NEWEST).unwrap() else { return false };
                let request = ReviewRequest {
                    report,
                    action: ReviewAction::Withdraw,
                    etag: before.etag(),
                    reason: "撤回".to_owned(),
                    comments: Vec::new(),
                    request_id: None,
                    validate_only: false,
                };
                self.service.review(&request, &internal).await.is_ok()
            }
            Happening::Change(change) => {
                self.service.change_registry(vec![change.clone()], false, &internal).await.is_ok()
            }
            Happening::Freeze { place: at, year: of, hierarchy } => {
                let request = FreezeRequest {
                    jurisdiction: place(*at).parse().unwrap(),
                    year: year(*of),
                    hierarchy_year: hierarchy.map(year),
                    include_vertical: false,
                    expected_content: Hash::default(),
                    note: "公布".to_owned(),
                    request_id: None,
                    validate_only: false,
                };
                let asker = Asker::internal(&internal);
                let request = crate::support::looked_at(&self.service, request, &asker).await;
                self.service.freeze_form(&request, &asker).await.is_ok()
            }
        }
    }

    /// Writes entries that say nothing of reports, up to a sequence.
    async fn pad(&mut self, upto: u64) {
        while self.sequence() < upto {
            let role = Role::Viewer(place(0).parse().unwrap());
            let name = format!("pad-{}", self.padding).parse().unwrap();
            self.padding += 1;
            self.service
                .change_role(name, role, RoleChange::Grant { allow_missing: true }, &Caller::internal("test"))
                .await
                .unwrap();
        }
    }

    /// The first answer to a call as JSON; the reason where it is refused.
    async fn ask(&self, method: &MethodDescriptor, request: &Value) -> Result<Value, String> {
        let mut grpc = tonic::client::Grpc::new(self.door.clone());
        let message = DynamicMessage::deserialize(method.input(), request).unwrap();
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        let ask = async {
            grpc.ready().await.unwrap();
            let request = tonic::Request::new(tokio_stream::once(prost::Message::encode_to_vec(&message)));
            grpc.streaming(request, path.parse().unwrap(), Raw).await?.into_inner().message().await
        };
        let answer: Result<Option<Vec<u8>>, Status> = ask.await;
        match answer {
            Ok(bytes) => {
                let answer = DynamicMessage::decode(method.output(), bytes.unwrap_or_default().as_slice()).unwrap();
                let mut answer = serde_json::to_value(&answer).unwrap();
                without_times(&mut answer);
                Ok(answer)
            }
            Err(status) => Err(huizong::grpc::problem_of_status(&status)
                .map_or_else(|| status.to_string(), |one| one.reason().as_str_name().to_owned())),
        }
    }
}

/// Both services are asked at the same sequence, but not at the same moment. A row of 0 says as much as none.
fn without_times(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !name.to_lowercase().ends_with("time") && name != "chainSha256");
            if let Some(Value::Array(rows)) = fields.get_mut("rows") {
                rows.retain(|row| row["value"]["count"] != "0");
                if rows.is_empty() {
                    fields.remove("rows");
                }
            }
            fields.values_mut().for_each(without_times);
        }
        Value::Array(items) => items.iter_mut().for_each(without_times),
        _ => {}
    }
}

/// Every reading call about every place and report, by its name in the contract.
fn calls(moment: u64) -> Vec<(&'static str, Value)> {
    let mut calls = Vec::new();
    for (code, ..) in PLACES {
        let jurisdiction = format!("jurisdictions/{code}");
        let (later, then) = (json!({"hierarchyYear": 2023}), json!({"asOf": moment.to_string()}));
        let earlier = json!({"hierarchyYear": 2021, "asOf": moment.to_string(), "includeVertical": true});
        for perspective in [json!({}), later, then, earlier] {
            let mut scope = perspective.clone();
            scope["jurisdiction"] = json!(jurisdiction);
            let by = |dimensions: &[i32]| {
                json!({"scope": scope, "firstYear": 2021, "lastYear": 2023, "measures": ["requests.received"],
                    "groupBy": dimensions})
            };
            let of_year = json!({"scope": scope, "year": 2022});
            let with_field = |name: &str, value: i32| {
                let mut request = of_year.clone();
                request[name] = json!(value);
                request
            };
            calls.push(("RollupService/QueryRollup", by(&[7, 5])));
            calls.push(("RollupService/QueryRollup", by(&[4])));
            calls.push(("RollupService/GetConsolidatedForm", of_year.clone()));
            calls.push(("RollupService/RenderConsolidatedForm", with_field("format", 4)));
            calls.push(("RollupService/GetCoverage", with_field("depth", 3)));
            calls.push(("RollupService/ListMissingAgencies", of_year.clone()));
            if perspective == json!({}) {
                calls.push(("RollupService/WatchRollup", by(&[7])));
                calls.push(("RollupService/WatchCoverage", of_year));
            }
        }
        for of in YEARS {
            calls.push(("RollupService/ReconcileReport", json!({"name": format!("{jurisdiction}/reports/{of}")})));
            for number in 1..3 {
                let name = json!({"name": format!("{jurisdiction}/frozenForms/{of}-{number}")});
                calls.push(("FrozenFormService/GetFrozenForm", name.clone()));
                calls.push(("FrozenFormService/ListFrozenFormRevisions", name.clone()));
                calls.push(("FrozenFormService/CompareFrozenForm", name.clone()));
                let mut rendered = name;
                rendered["format"] = json!(4);
                calls.push(("FrozenFormService/RenderFrozenForm", rendered));
            }
        }
        calls.push(("FrozenFormService/ListFrozenForms", json!({"parent": jurisdiction})));
        let rules = json!({"jurisdiction": jurisdiction, "firstYear": 2021, "lastYear": 2023});
        calls.push(("RollupService/ListRuleFailures", rules));
        calls.push(("RollupService/ListAnomalies", json!({"jurisdiction": jurisdiction, "year": 2022})));
    }
    for of in YEARS {
        for parent in ["agencies/-", "jurisdictions/-"] {
            calls.push(("ReportService/ListReports", json!({"parent": parent, "year": of})));
        }
    }
    for report in reports() {
        calls.push(("ReportService/GetReport", json!({"name": report})));
        calls.push(("ReportService/ListReportRevisions", json!({"name": report})));
        calls.push(("ReportService/ListReportEvents", json!({"name": report})));
        // Without what the others say at their ends: the journal of one service is longer.
        calls.push(("ReportService/RenderReport", json!({"name": report, "format": "DOCUMENT_FORMAT_CSV"})));
        calls.push(("ReportService/CompareReports", json!({"earlier": report, "later": report})));
    }
    calls
}

fn reports() -> Vec<String> {
    let agencies = (0..AGENCIES).map(|at| format!("agencies/{}", agency(at)));
    let owners = agencies.chain(PLACES.iter().map(|(code, ..)| format!("jurisdictions/{code}")));
    owners.flat_map(|owner| YEARS.map(|of| format!("{owner}/reports/{of}"))).collect()
}

fn methods() -> BTreeMap<String, MethodDescriptor> {
    let pool = DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET).unwrap();
    let methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
    methods.map(|method| (format!("{}/{}", method.parent_service().name(), method.name()), method)).collect()
}

#[test]
fn the_calls_are_all_that_read_reports_or_sums() {
    let reading = METHODS.iter().filter(|method| matches!(method.right, Right::Read | Right::RollUp));
    let reading: BTreeSet<&str> = reading.map(|method| method.path.trim_start_matches("/huizong.v1.")).collect();
    let mut asked: BTreeSet<&str> = calls(1).iter().map(|(name, _)| *name).collect();
    // A document is read for one agency, and a workbook made for one, and nothing of others is told.
    asked.extend(["FormService/ReadDocument", "FormService/RenderTemplate"]);
    assert_eq!(asked, reading);
}

#[derive(Debug, Default)]
struct Seen {
    answered: BTreeSet<&'static str>,
    refused: BTreeSet<&'static str>,
}

/// Lets the same happen to a service with all reports and to one with those in sight only, and compares their answers.
async fn compare(roots: usize, grants: &[Role], happenings: &[Happening], moment: usize, seen: &mut Seen) {
    let methods = methods();
    let all = World::new(true, roots, grants).await;
    let begun = all.sequence();
    let mut steps = Vec::new();
    for happening in happenings {
        let came_to_pass = all.happens(happening).await;
        steps.push((happening, came_to_pass, all.sequence()));
    }
    let mut in_sight = BTreeSet::new();
    for name in reports() {
        let answer = all.ask(&methods["ReportService/GetReport"], &json!({"name": name})).await;
        match answer.err().as_deref() {
            None | Some("REPORT_NOT_FOUND") => drop(in_sight.insert(name)),
            Some(reason) => assert_eq!(reason, "PERMISSION_DENIED", "{name}"),
        }
    }
    let mut only = World::new(false, roots, grants).await;
    assert_eq!(only.sequence(), begun);
    for (happening, came_to_pass, upto) in &steps {
        let is_seen = match happening {
            Happening::Submit { owner, year: at, .. } | Happening::Withdraw { owner, year: at } => {
                in_sight.contains(&format!("{owner}/reports/{}", year(*at)))
            }
            Happening::Change(_) | Happening::Freeze { .. } => true,
        };
        if is_seen && *came_to_pass {
            assert!(only.happens(happening).await, "{happening:?}");
        }
        only.pad(*upto).await;
        assert_eq!(only.sequence(), *upto);
    }
    let moment = steps.get(moment).map_or(begun, |(_, _, sequence)| *sequence);
    for (name, request) in calls(moment) {
        match all.ask(&methods[name], &request).await {
            Ok(mut answer) => {
                seen.answered.insert(name);
                let mut expected = only.ask(&methods[name], &request).await;
                leave_out_the_journals_length(&mut answer);
                expected.as_mut().map(leave_out_the_journals_length).ok();
                if let (Ok(expected), "FrozenFormService/ListFrozenForms") = (&mut expected, name) {
                    leave_out_refused(expected, &all, &methods).await;
                }
                assert_eq!(Ok(answer), expected, "{name} {request} of {grants:?}");
            }
            Err(reason) if reason == "PERMISSION_DENIED" => {}
            Err(reason) if reason == "BEYOND_SIGHT" => drop(seen.refused.insert(name)),
            Err(reason) => {
                let expected = only.ask(&methods[name], &request).await;
                assert_eq!(Err(reason), expected, "{name} {request} of {grants:?}");
            }
        }
    }
}

/// Reads and refusals are in the journal too, and those of one service are more than those of the other.
fn leave_out_the_journals_length(answer: &mut Value) {
    if let Some(answer) = answer.as_object_mut() {
        answer.remove("asOf");
        // What is watched stands within.
        answer.get_mut("answer").map(leave_out_the_journals_length);
    }
}

/// Takes forms out of a list that are refused when they are asked for one by one.
async fn leave_out_refused(list: &mut Value, by: &World, methods: &BTreeMap<String, MethodDescriptor>) {
    let Some(Value::Array(forms)) = list.get_mut("frozenForms") else { return };
    let mut shown = Vec::new();
    for form in std::mem::take(forms) {
        let get = by.ask(&methods["FrozenFormService/GetFrozenForm"], &json!({"name": form["name"]})).await;
        match get {
            Err(reason) => assert_eq!(reason, "BEYOND_SIGHT"),
            Ok(_) => shown.push(form),
        }
    }
    *list = if shown.is_empty() { json!({}) } else { json!({"frozenForms": shown}) };
}

#[test]
fn every_answer_is_that_of_a_service_with_the_reports_in_sight_only_or_a_refusal() {
    let case = (
        1..=2_usize,
        prop::collection::vec(grant(), 1..3),
        prop::collection::vec(happening(), 8..28),
        any::<prop::sample::Index>(),
    );
    let seen = std::cell::RefCell::new(Seen::default());
    let cases = std::env::var("SIGHT_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(CASES);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&case, |(roots, grants, happenings, moment)| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let moment = moment.index(happenings.len());
        runtime.block_on(compare(roots, &grants, &happenings, moment, &mut seen.borrow_mut()));
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
    let seen = seen.into_inner();
    assert!(seen.answered.len() > 10 && seen.refused.contains("RollupService/QueryRollup"), "{seen:?}");
}

/// A county's agency goes to another city, and its report before that is in what the county published.
#[tokio::test]
async fn what_an_agency_reported_before_it_left_is_refused_saying_why() {
    let (county, elsewhere) = (Role::Viewer("230102".parse().unwrap()), "230202".parse().unwrap());
    let server = World::new(true, 2, &[county]).await;
    let leaves = agency(3);
    for at in 1..3 {
        let owner = format!("agencies/{leaves}");
        assert!(server.happens(&Happening::Submit { owner, year: at, requests: 40 }).await);
    }
    assert!(server.happens(&Happening::Freeze { place: 3, year: 1, hierarchy: Some(0) }).await);
    let before = server.sequence();
    let entry = Entry::Agency(leaves.parse().unwrap());
    // From the year on that the report is about: neither then nor now is it the county's.
    let change = RegistryChange::Move { entry, parent: elsewhere, first_year: year(1) };
    assert!(server.happens(&Happening::Change(change)).await);
    let methods = methods();
    let ask = async |name: &str, request: Value| server.ask(&methods[name], &request).await;
    let own = ask("ReportService/GetReport", json!({"name": format!("agencies/{leaves}/reports/2022")})).await;
    assert_eq!(own, Err("PERMISSION_DENIED".to_owned()));
    let of = |more: Value| {
        let mut scope = more;
        scope["jurisdiction"] = json!("jurisdictions/230102");
        json!({"scope": scope, "year": 2022})
    };
    let query = |more: Value| {
        let mut scope = more;
        scope["jurisdiction"] = json!("jurisdictions/230102");
        json!({"scope": scope, "firstYear": 2022, "measures": ["requests.received"]})
    };
    let then = json!({"asOf": before.to_string()});
    let tree = json!({"hierarchyYear": 2021});
    let form = json!({"name": "jurisdictions/230102/frozenForms/2022-1"});
    for (name, request) in [
        ("RollupService/QueryRollup", query(then.clone())),
        ("RollupService/QueryRollup", query(tree.clone())),
        ("RollupService/GetConsolidatedForm", of(tree.clone())),
        ("RollupService/GetCoverage", of(then.clone())),
        ("RollupService/GetCoverage", of(tree)),
        ("RollupService/ListMissingAgencies", of(then)),
        ("FrozenFormService/GetFrozenForm", form.clone()),
        ("FrozenFormService/ListFrozenFormRevisions", form.clone()),
        ("FrozenFormService/CompareFrozenForm", form),
    ] {
        assert_eq!(ask(name, request.clone()).await, Err("BEYOND_SIGHT".to_owned()), "{name} {request}");
    }
    let listed = ask("FrozenFormService/ListFrozenForms", json!({"parent": "jurisdictions/230102"})).await;
    assert_eq!(listed, Ok(json!({})));
    // What is the county's alone is told as ever.
    for (name, request) in
        [("RollupService/QueryRollup", query(json!({}))), ("RollupService/GetCoverage", of(json!({})))]
    {
        ask(name, request).await.unwrap();
    }
}
