//! Nothing is lost between what is applied and what is stored: after every kind of change the running state is the one
//! that the next start makes of the store.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use huizong::access::{AccessChange, Power, PrincipalName, Role, TokenKey};
use huizong::form::edition_for_year;
use huizong::live::Live;
use huizong::registry::{Agency, Collection, Entry, Exception, Jurisdiction, NewValues, RegistryChange, ReviewPolicy};
use huizong::report::{AgencyKind, Hash, Level, ReportKey, ReportYear, ReviewAction};
use huizong::service::{
    AccessPolicy, Asker, Authority, Caller, FreezeRequest, NewCredential, ReviewRequest, RoleChange, Service, Settings,
    Submission, VerifyProgress, collection_etag,
};
use huizong::store::{CheckpointFile, Item, NEWEST, SledOptions, SledStore, Store};
use huizong::wire;
use jiff::{SignedDuration, Timestamp};

fn year(year: u16) -> ReportYear {
    ReportYear::new(year).unwrap()
}

/// A moment that no clock of the store's precision can name.
fn fine(hours: i64) -> Timestamp {
    let hour = Timestamp::now().checked_add(SignedDuration::from_hours(hours)).unwrap();
    Timestamp::from_nanosecond(hour.as_nanosecond() / 1000 * 1000 + 789).unwrap()
}

struct World {
    service: Service,
    store: Arc<dyn Store>,
    /// Where the next start finds the totals; none are kept there after each change, so that it follows the journal.
    kept: tempfile::TempDir,
    caller: Caller,
    _folder: tempfile::TempDir,
}

/// A start from the totals that are kept in a folder.
fn start_from(store: Arc<dyn Store>, kept: &Path) -> Service {
    let settings = Settings { kept: Some(CheckpointFile::new(kept)), ..Settings::default() };
    Service::start(store, Arc::default(), settings).unwrap()
}

impl World {
    fn new() -> Self {
        let (folder, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let live = Arc::<Live>::default();
        let store: Arc<dyn Store> = Arc::new(SledStore::open(&SledOptions::new(folder.path()), live.clone()).unwrap());
        let settings = Settings {
            // It binds persons, not the service's own work.
            policy: AccessPolicy { dual_control: true, ..AccessPolicy::default() },
            token_key: Some(TokenKey::ephemeral().unwrap()),
            ..Settings::default()
        };
        let service = Service::start(store.clone(), live, settings).unwrap();
        Self { service, store, kept, caller: Caller::internal("office"), _folder: folder }
    }

    /// The running state is that of a replay, and that of a start from totals kept earlier.
    async fn is_that_of_a_replay(&self, after: &str) {
        let mut progress = self.service.verify_store(&Caller::internal("sample")).unwrap();
        let mut result = None;
        while let Some(told) = progress.recv().await {
            if let VerifyProgress::Done(found) = told {
                result = Some(found);
            }
        }
        assert_eq!(result.unwrap().faults, [], "after {after}");
        let restarted = start_from(self.store.clone(), self.kept.path());
        assert_eq!(restarted.recount().await.unwrap().differences, [], "started again after {after}");
    }

    async fn change(&self, what: &str, change: RegistryChange) {
        self.service
            .change_registry(vec![change], false, &self.caller)
            .await
            .unwrap_or_else(|no| panic!("{what}: {no:?}"));
        self.is_that_of_a_replay(what).await;
    }

    async fn submit(&self, agency: &str, requests: i64, reason: &str) {
        let key = report(agency);
        let present = self.service.report(&key).ok().map(|present| present.etag());
        let form =
            wire::figures_from_wire(&crate::support::form(requests), edition_for_year(2022).unwrap(), "form").unwrap();
        let first = Submission::first(key, form);
        let submission = Submission { etag: present, reason: reason.to_owned(), ..first };
        self.service.submit(&submission, &self.caller).await.unwrap();
        self.is_that_of_a_replay("a submission").await;
    }

    async fn review(&self, agency: &str, action: ReviewAction) {
        let key = report(agency);
        let request = ReviewRequest {
            etag: self.service.report(&key).unwrap().etag(),
            report: key,
            action,
            reason: "请核对".to_owned(),
            comments: Vec::new(),
            request_id: None,
            validate_only: false,
        };
        self.service.review(&request, &Caller::internal("reviewer")).await.unwrap();
        self.is_that_of_a_replay("a review").await;
    }
}

fn report(agency: &str) -> ReportKey {
    ReportKey::of_agency(agency.parse().unwrap(), year(2022))
}

fn place(code: &str, parent: Option<&str>, level: Level) -> RegistryChange {
    RegistryChange::CreateJurisdiction(Jurisdiction {
        code: code.parse().unwrap(),
        parent: parent.map(|parent| parent.parse().unwrap()),
        display_name: code.to_owned(),
        level,
        first_year: year(2019),
    })
}

fn agency(id: &str, jurisdiction: &str) -> RegistryChange {
    RegistryChange::CreateAgency(Agency {
        id: id.parse().unwrap(),
        jurisdiction: jurisdiction.parse().unwrap(),
        display_name: id.to_owned(),
        kind: AgencyKind::Department,
        large: false,
        vertical: false,
        first_year: year(2019),
    })
}

/// The kind of a stored change; what is added to these is to be added to the test as well.
fn kind(item: &Item) -> &'static str {
    match item {
        Item::Entry(_) => "entry",
        Item::Revision(_) => "revision",
        Item::Review(_) => "review",
        Item::Frozen(_) => "frozen form",
        Item::Request { .. } => "request",
        Item::Registry { change, .. } => match change {
            RegistryChange::CreateJurisdiction(_) => "jurisdiction",
            RegistryChange::CreateAgency(_) => "agency",
            RegistryChange::Rename { .. } => "rename",
            RegistryChange::Move { .. } => "move",
            RegistryChange::Merge { .. } => "merge",
            RegistryChange::Split { .. } => "split",
            RegistryChange::Abolish { .. } => "abolish",
            RegistryChange::Reclassify { .. } => "reclassification",
            RegistryChange::Correct { .. } => "correction",
            RegistryChange::Void { .. } => "voiding",
            RegistryChange::Restore { .. } => "restoring",
            RegistryChange::Join { .. } => "joining",
            RegistryChange::JoinPlaces { .. } => "joining of places",
            RegistryChange::PutCollection(_) => "collection",
            RegistryChange::PutContacts(_) => "contacts",
            RegistryChange::PutReminders(_) => "reminders",
        },
        Item::Access { change, .. } => match change {
            AccessChange::Grant { .. } => "grant",
            AccessChange::Withdraw { .. } => "withdraw",
            AccessChange::CreateCredential(_) => "credential",
            AccessChange::RevokeCredential { .. } => "revocation",
            AccessChange::Enrol(_) => "enrolment",
            AccessChange::Exchange { .. } => "exchange",
            AccessChange::Propose(_) => "proposal",
            AccessChange::Confirm { .. } => "confirmation",
            AccessChange::Decline { .. } => "refusal",
        },
    }
}

const KINDS: [&str; 30] = [
    "abolish",
    "agency",
    "collection",
    "confirmation",
    "contacts",
    "correction",
    "credential",
    "enrolment",
    "entry",
    "exchange",
    "frozen form",
    "grant",
    "joining",
    "joining of places",
    "jurisdiction",
    "merge",
    "move",
    "proposal",
    "reclassification",
    "refusal",
    "reminders",
    "rename",
    "request",
    "restoring",
    "review",
    "revision",
    "revocation",
    "split",
    "voiding",
    "withdraw",
];

fn entry(name: &str) -> Entry {
    Entry::from_name(name).unwrap()
}

/// A power and a code that wait for a second person, and what becomes of them.
async fn by_two_persons(world: &World) {
    let internal = &world.caller;
    for (name, power) in [("chief", Power::Security), ("inspector", Power::Audit)] {
        world
            .service
            .change_role(name.parse().unwrap(), Role::Power(power), RoleChange::Grant { allow_missing: true }, internal)
            .await
            .unwrap();
    }
    let service = &world.service;
    let caller = |name: &str| {
        let authority = Authority::Principal { name: name.parse().unwrap(), credential: None, session: None };
        Caller::unproved(name.to_owned(), "192.0.2.1".to_owned(), authority)
    };
    let (chief, inspector) = (caller("chief"), caller("inspector"));
    let operator: PrincipalName = "operator".parse().unwrap();
    let grant = async || {
        let asked = service
            .change_role(
                operator.clone(),
                Role::Power(Power::System),
                RoleChange::Grant { allow_missing: true },
                &chief,
            )
            .await;
        asked.unwrap().1.unwrap().id
    };
    let asked = grant().await;
    world.is_that_of_a_replay("a proposal").await;
    service.decline(asked, &inspector).await.unwrap();
    world.is_that_of_a_replay("a proposal is declined").await;
    service.confirm(grant().await, &inspector).await.unwrap();
    world.is_that_of_a_replay("a proposal is confirmed").await;
    for attempt in 0..2 {
        let new = NewCredential { principal: operator.clone(), note: "现场".to_owned(), expires: fine(100) };
        let (_, code, waits) = service.enrol(new, true, &chief).await.unwrap();
        world.is_that_of_a_replay("an enrolment").await;
        service.confirm(waits.unwrap().id, &inspector).await.unwrap();
        world.is_that_of_a_replay("an enrolment is confirmed").await;
        service
            .exchange(&code.reveal(), None, &Caller { authority: Authority::Nobody, ..caller("holder") })
            .await
            .unwrap();
        world.is_that_of_a_replay(&format!("exchange {attempt}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_every_kind_of_change_the_running_state_is_that_of_a_fresh_replay() {
    let world = World::new();
    let (service, caller) = (&world.service, &world.caller);
    for (code, parent, level) in [
        ("230000", None, Level::Province),
        ("230100", Some("230000"), Level::City),
        ("230200", Some("230000"), Level::City),
    ] {
        world.change("a jurisdiction", place(code, parent, level)).await;
    }
    for id in ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"] {
        world.change("an agency", agency(id, "230100")).await;
    }
    drop(start_from(world.store.clone(), world.kept.path()));

    // Due times of the very nanosecond, as a program gives them.
    let collection = Collection {
        year: year(2022),
        edition: edition_for_year(2022).unwrap().id.to_owned(),
        due: [(Level::City, fine(24)), (Level::Province, fine(25))].into(),
        lock: Some(fine(48)),
        review: ReviewPolicy::JurisdictionOffice,
        exceptions: Vec::new(),
    };
    let opened = service.open_collection(collection.clone(), false, caller).await.unwrap();
    assert_eq!(service.collection(year(2022)).unwrap(), opened, "what is answered is what is there");
    world.is_that_of_a_replay("a collection is opened").await;
    let sequence = world.store.position().sequence;
    service.open_collection(collection.clone(), false, caller).await.unwrap();
    assert_eq!(world.store.position().sequence, sequence, "the same again changes nothing");
    let later = Collection { lock: Some(fine(72)), ..collection };
    service.replace_collection(later, &collection_etag(&opened), false, caller).await.unwrap();
    world.is_that_of_a_replay("a collection is replaced").await;
    let exception = Exception {
        agency: "one".parse().unwrap(),
        due: Some(fine(70)),
        lock: Some(fine(90)),
        granted_by: "省政府办公厅".to_owned(),
        reason: "机构改革".to_owned(),
        until: Some(fine(100)),
    };
    service.grant_exception(year(2022), exception, false, caller).await.unwrap();
    world.is_that_of_a_replay("an exception").await;

    for (agency, requests) in [("one", 3), ("two", 5), ("three", 7), ("eight", 11)] {
        world.submit(agency, requests, "").await;
    }
    world.review("one", ReviewAction::Accept).await;
    world.review("eight", ReviewAction::Accept).await;
    world.review("two", ReviewAction::Return).await;
    world.submit("two", 6, "漏计").await;
    world.review("three", ReviewAction::Withdraw).await;
    let freezing = FreezeRequest {
        jurisdiction: "230000".parse().unwrap(),
        year: year(2022),
        hierarchy_year: None,
        include_vertical: false,
        expected_content: Hash::default(),
        note: "公布".to_owned(),
        request_id: None,
        validate_only: false,
    };
    let asker = Asker::internal(caller);
    let freezing = crate::support::looked_at(service, freezing, &asker).await;
    service.freeze_form(&freezing, &asker).await.unwrap();
    world.is_that_of_a_replay("a form is frozen").await;

    let first_year = year(2024);
    for (what, change) in [
        (
            "a rename",
            RegistryChange::Rename { entry: entry("agencies/one"), display_name: "新名".to_owned(), first_year },
        ),
        (
            "a move",
            RegistryChange::Move { entry: entry("agencies/two"), parent: "230200".parse().unwrap(), first_year },
        ),
        (
            "a merger",
            RegistryChange::Merge { entries: vec![entry("agencies/three")], into: entry("agencies/one"), first_year },
        ),
        (
            "a split",
            RegistryChange::Split {
                entry: entry("agencies/four"),
                into: vec![entry("agencies/five"), entry("agencies/six")],
                first_year,
            },
        ),
        ("an end", RegistryChange::Abolish { entry: entry("agencies/seven"), first_year }),
        (
            "a reclassification",
            RegistryChange::Reclassify {
                agency: "one".parse().unwrap(),
                values: NewValues { vertical: Some(true), ..NewValues::default() },
                first_year,
            },
        ),
        (
            "a correction of a kind",
            RegistryChange::Correct {
                entry: entry("agencies/one"),
                values: NewValues { kind: Some(AgencyKind::DispatchedOffice), ..NewValues::default() },
                first_year: year(2021),
                reason: "登记有误".to_owned(),
            },
        ),
        (
            "a correction of a parent",
            RegistryChange::Correct {
                entry: entry("agencies/one"),
                values: NewValues { parent: Some("230200".parse().unwrap()), ..NewValues::default() },
                first_year: year(2022),
                reason: "登记有误".to_owned(),
            },
        ),
        (
            "a joining",
            RegistryChange::Join {
                agency: "eight".parse().unwrap(),
                into: "nine".parse().unwrap(),
                years: Vec::new(),
                reason: "重复登记".to_owned(),
            },
        ),
        (
            "a move of what another was joined to",
            RegistryChange::Correct {
                entry: entry("agencies/nine"),
                values: NewValues { parent: Some("230200".parse().unwrap()), ..NewValues::default() },
                first_year: year(2020),
                reason: "登记有误".to_owned(),
            },
        ),
        ("a voiding", RegistryChange::Void { entry: entry("agencies/ten"), reason: "误登".to_owned() }),
        ("a restoring", RegistryChange::Restore { entry: entry("agencies/ten"), reason: "误作废".to_owned() }),
        (
            "a later beginning",
            RegistryChange::Correct {
                entry: entry("agencies/ten"),
                values: NewValues { begins: Some(year(2024)), ..NewValues::default() },
                first_year: year(2024),
                reason: "首报年度有误".to_owned(),
            },
        ),
        (
            "an earlier beginning",
            RegistryChange::Correct {
                entry: entry("agencies/ten"),
                values: NewValues { begins: Some(year(2020)), ..NewValues::default() },
                first_year: year(2020),
                reason: "首报年度有误".to_owned(),
            },
        ),
        (
            "a joining of places",
            RegistryChange::JoinPlaces {
                jurisdiction: "230100".parse().unwrap(),
                into: "230200".parse().unwrap(),
                reason: "重复登记".to_owned(),
            },
        ),
        (
            "contacts",
            RegistryChange::PutContacts(huizong::registry::Contacts {
                agency: "one".parse().unwrap(),
                people: vec![huizong::registry::Contact {
                    name: "张三".to_owned(),
                    telephone: "1".to_owned(),
                    ..Default::default()
                }],
            }),
        ),
        (
            "reminders",
            RegistryChange::PutReminders(huizong::registry::Reminders {
                year: year(2022),
                at: jiff::Timestamp::from_second(1_700_000_000).unwrap(),
                outcome: huizong::registry::Reminded::Sent,
                agencies: vec!["one".parse().unwrap()],
            }),
        ),
    ] {
        world.change(what, change).await;
    }

    let (principal, role): (PrincipalName, _) = ("viewer".parse().unwrap(), Role::Viewer("230100".parse().unwrap()));
    service
        .change_role(principal.clone(), role.clone(), RoleChange::Grant { allow_missing: true }, caller)
        .await
        .unwrap();
    world.is_that_of_a_replay("a grant").await;
    let new = NewCredential { principal: principal.clone(), note: String::new(), expires: fine(100) };
    let (credential, _) = service.create_credential(new, caller).await.unwrap();
    world.is_that_of_a_replay("a credential").await;
    service.revoke_credential(&principal, credential.id, caller).await.unwrap();
    world.is_that_of_a_replay("a revocation").await;
    service.change_role(principal, role, RoleChange::Withdraw, caller).await.unwrap();
    world.is_that_of_a_replay("a withdrawal").await;
    by_two_persons(&world).await;
    let id = Some(uuid::Uuid::from_u128(7));
    let form = wire::figures_from_wire(&crate::support::form(9), edition_for_year(2022).unwrap(), "form").unwrap();
    let with_id = Submission { request_id: id, ..Submission::first(report("five"), form) };
    service.submit(&with_id, caller).await.unwrap();
    world.is_that_of_a_replay("a submission with a request id").await;

    let records = world.store.records(NEWEST, None, usize::MAX).unwrap();
    let seen: BTreeSet<&str> =
        records.iter().map(|record| kind(&Item::decode(&record.key, &record.value).unwrap())).collect();
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), KINDS, "every kind of change was looked at");
}

#[test]
fn a_demonstration_verifies_right_after_it_is_filled() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_huizong"))
        .args(["demo", "--listen", "127.0.0.1:0", "--agencies", "200", "--years", "2023..2024", "--data"])
        .arg(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    let url = lines.find_map(|line| {
        let line = line.unwrap();
        let address = line.split_once("Dashboard: http://")?.1.split(['/', '（']).next()?.to_owned();
        Some(format!("http://{address}"))
    });
    let verified = Command::new(env!("CARGO_BIN_EXE_huizong")).args(["--server", &url.unwrap(), "verify"]).output();
    demo.kill().unwrap();
    demo.wait().unwrap();
    let verified = verified.unwrap();
    assert_eq!(verified.status.code(), Some(0), "{}", String::from_utf8_lossy(&verified.stdout));
}
