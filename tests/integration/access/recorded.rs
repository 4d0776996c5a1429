//! What stands in the journal of each method of the contract, refused and let in: one entry, and what it says is true; or
//! none, where docs/journal.md says so.

use std::collections::{BTreeMap, BTreeSet};

use huizong::access::{METHODS, Method, Right, Told};
use huizong::pb;
use huizong::service::AccessPolicy;
use huizong::store::{JournalEntry, Outcome};
use jiff::SignedDuration;
use prost::Message as _;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use serde_json::{Value, json};
use tonic::Status;

use crate::access::guarded::{Client, Guarded, PRINCIPALS};
use crate::access::session::{HEADER, ask, cookie, sign_in};
use crate::access::table::{ANYONE, TABLE, call, methods, path};
use crate::support::{self, CITY, PROVINCE};

fn method(path: &str) -> &'static Method {
    METHODS.iter().find(|method| method.path == path).unwrap()
}

fn descriptors() -> BTreeMap<String, MethodDescriptor> {
    methods().into_iter().map(|method| (path(&method), method)).collect()
}

fn encoded(descriptor: &MethodDescriptor, text: &str) -> Vec<u8> {
    let mut reader = serde_json::Deserializer::from_str(text);
    DynamicMessage::deserialize(descriptor.input(), &mut reader).unwrap().encode_to_vec()
}

/// The entries after a sequence number.
async fn entries_after(server: &Guarded, sequence: u64) -> Vec<JournalEntry> {
    server.service.journal(sequence, 1000, huizong::service::JournalFilter::default()).await.unwrap().items
}

/// What a token is known by.
fn credential(token: &str) -> String {
    format!("credentials/{}", token.split('_').nth(1).unwrap())
}

/// The resource that a message names first.
fn named(template: &str) -> String {
    let Ok(Value::Object(members)) = serde_json::from_str(template) else { panic!("{template}") };
    let keys = ["name", "parent", "principal", "jurisdiction", "agency"];
    let own = keys.iter().find_map(|key| members.get(*key)?.as_str());
    let below = || members.values().filter(|member| member.is_object()).map(|member| named(&member.to_string()));
    own.map(str::to_owned).or_else(|| below().find(|name| !name.is_empty())).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refused_call_is_one_entry_with_who_by_what_about_what_and_why() {
    let server = Guarded::start().await;
    let descriptors = descriptors();
    let known = server.token("roleless", SignedDuration::from_hours(1)).await;
    let revoked = server.token("security", SignedDuration::from_hours(1)).await;
    let (principal, id) = ("security".parse().unwrap(), credential(&revoked)["credentials/".len()..].parse().unwrap());
    server.service.revoke_credential(&principal, id, &huizong::service::Caller::internal("test")).await.unwrap();
    let wrong = format!("{}{}", &known[..known.len() - 1], if known.ends_with('0') { '1' } else { '0' });
    // Who shows what, as whom it stands in the journal, what it showed, why it is refused.
    let callers = [
        (None, "unauthenticated", String::new(), "CREDENTIALS_REQUIRED"),
        (Some(&known), "roleless", credential(&known), "PERMISSION_DENIED"),
        (Some(&revoked), "unauthenticated", credential(&revoked), "CREDENTIAL_REVOKED"),
        (Some(&wrong), "unauthenticated", format!("claimed:{}", credential(&known)), "CREDENTIAL_INVALID"),
    ];
    for (token, actor, by, reason) in callers {
        let client = server.client(token.map(String::as_str)).await;
        for (name, template, _) in TABLE {
            let path = format!("/huizong.v1.{name}");
            let method = method(&path);
            // Whoever holds a code is let in with it, whoever they are; what comes of a wrong one is below.
            let is_for_all = matches!(method.right, Right::Code | Right::Anyone);
            if (actor == "roleless" && method.right == Right::Known) || is_for_all {
                continue;
            }
            let template = template.replace("{owner}", "agencies/city-bureau").replace("{place}", CITY);
            let before = server.service.newest_sequence();
            call(&client, &path, encoded(&descriptors[&path], &template)).await.unwrap_err();
            let entries = entries_after(&server, before).await;
            let [entry] = entries.as_slice() else { panic!("{name} by {actor}: {entries:?}") };
            assert_eq!(entry.actor, format!("{actor} 127.0.0.1"), "{name}");
            assert_eq!(entry.by.as_ref(), Some(&by), "{name}");
            assert_eq!((entry.action.as_str(), entry.outcome), (method.action, Outcome::Refused), "{name}");
            let (first, arguments) = entry.detail.split_once('\n').unwrap_or((&entry.detail, ""));
            // Too many guesses of one address are told to wait, and are entries all the same.
            assert!(first == reason || (actor == "unauthenticated" && first == "RATE_EXCEEDED"), "{name}: {first}");
            if actor == "roleless" {
                assert_eq!(entry.subject, named(&template), "{name}");
                assert_eq!(arguments.is_empty(), template == "{}", "{name}: {arguments}");
                for value in arguments.split('"').filter(|text| text.contains('/')) {
                    assert!(template.contains(value), "{name}: {arguments}");
                }
            } else {
                assert_eq!((entry.subject.as_str(), arguments), ("", ""), "{name}: nobody is heard");
            }
        }
    }
}

/// Calls one method after another, and sees what each leaves in the journal.
struct Recorder {
    server: Guarded,
    descriptors: BTreeMap<String, MethodDescriptor>,
    clients: BTreeMap<&'static str, (Client, String)>,
    called: BTreeSet<String>,
}

impl Recorder {
    async fn start() -> Self {
        let policy = AccessPolicy { dual_control: true, ..AccessPolicy::default() };
        let server = Guarded::governed(policy).await;
        let mut clients = BTreeMap::new();
        for (name, _) in PRINCIPALS {
            let token = server.token(name, SignedDuration::from_hours(1)).await;
            clients.insert(name, (server.client(Some(&token)).await, credential(&token)));
        }
        Self { server, descriptors: descriptors(), clients, called: BTreeSet::new() }
    }

    /// The answer to a call, and the entries that it left.
    async fn call(&mut self, name: &str, as_whom: &str, message: &str) -> (Result<Vec<u8>, Status>, Vec<JournalEntry>) {
        let path = format!("/huizong.v1.{name}");
        let message = encoded(&self.descriptors[&path], message);
        let before = self.server.service.newest_sequence();
        let answer = call(&self.clients[as_whom].0, &path, message).await;
        self.called.insert(path);
        (answer, entries_after(&self.server, before).await)
    }

    /// A call that changes something: it is one entry, about `subject`, and its detail says all of `said`.
    async fn changes<A: prost::Message + Default>(
        &mut self,
        name: &str,
        as_whom: &str,
        message: &Value,
        subject: &str,
        said: &[&str],
    ) -> A {
        let (answer, entries) = self.call(name, as_whom, &message.to_string()).await;
        let answer = answer.unwrap_or_else(|refused| panic!("{name}: {refused:?}"));
        let [entry] = entries.as_slice() else { panic!("{name}: {entries:?}") };
        let by = self.clients[as_whom].1.clone();
        assert_eq!((entry.actor.clone(), entry.by.clone()), (format!("{as_whom} 127.0.0.1"), Some(by)), "{name}");
        let action = method(&format!("/huizong.v1.{name}")).action;
        assert_eq!((entry.action.as_str(), entry.outcome), (action, Outcome::Accepted), "{name}");
        assert!(
            entry.subject == subject || (subject.ends_with('/') && format!("{}/", entry.subject).starts_with(subject)),
            "{entry:?}"
        );
        for said in said {
            assert!(entry.detail.contains(said), "{name}: {said}: {}", entry.detail);
        }
        A::decode(answer.as_slice()).unwrap()
    }
}

fn receipt(answer: Option<pb::Receipt>) -> String {
    answer.unwrap().etag
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_of_the_contract_that_is_let_in_is_told_as_it_should_be() {
    let mut all = Recorder::start().await;
    let form = |requests| {
        let message = support::report("agencies/city-bureau", requests);
        serde_json::from_str::<Value>(&huizong::wire::to_json(&message).unwrap()).unwrap()
    };
    let report = "agencies/city-bureau/reports/2022";
    // Collections: each value that became another, and each exception.
    let collection = "collections/2022";
    let opened = json!({"collection": {"name": collection, "reviewPolicy": "REVIEW_POLICY_JURISDICTION_OFFICE",
        "dueTimes": [{"level": "LEVEL_CITY", "dueTime": "2100-01-31T00:00:00Z"}]}});
    let said = ["due.city=2100-01-31T00:00:00Z", "review=jurisdiction_office"];
    let answer: pb::CreateCollectionResponse =
        all.changes("RegistryService/CreateCollection", "system", &opened, collection, &said).await;
    let etag = answer.collection.unwrap().etag;
    let changed = json!({"collection": {"name": collection, "reviewPolicy": "REVIEW_POLICY_JURISDICTION_OFFICE",
        "dueTimes": [{"level": "LEVEL_CITY", "dueTime": "2100-02-10T00:00:00Z"}], "etag": etag},
        "updateMask": "dueTimes"});
    let said = ["due.city=2100-02-10T00:00:00Z was=2100-01-31T00:00:00Z"];
    all.changes::<pb::UpdateCollectionResponse>(
        "RegistryService/UpdateCollection",
        "system",
        &changed,
        collection,
        &said,
    )
    .await;
    let exception = json!({"name": collection, "exception": {"agency": "agencies/city-bureau",
        "dueTime": "2100-03-01T00:00:00Z", "reason": "系统迁移", "expireTime": "2100-04-01T00:00:00Z"}});
    let said =
        ["exception granted: agency=agencies/city-bureau due=2100-03-01T00:00:00Z granted_by=system reason=系统迁移 \
                 until=2100-04-01T00:00:00Z"];
    let granted = "RegistryService/GrantCollectionException";
    all.changes::<pb::GrantCollectionExceptionResponse>(granted, "system", &exception, collection, &said).await;
    let exception = json!({"name": collection, "agency": "agencies/city-bureau"});
    let said = ["exception withdrawn: agency=agencies/city-bureau due=2100-03-01T00:00:00Z granted_by=system"];
    let revoked = "RegistryService/RevokeCollectionException";
    all.changes::<pb::RevokeCollectionExceptionResponse>(revoked, "system", &exception, collection, &said).await;
    // The registry: every change of a call, with what it replaces.
    let place = json!({"jurisdiction": {"name": "jurisdictions/230200", "parent": PROVINCE, "displayName": "齐齐哈尔市",
        "level": "LEVEL_CITY", "firstYear": 2019}});
    let said = ["registry.create_jurisdiction jurisdiction=jurisdictions/230200", "display_name=齐齐哈尔市"];
    let (created, name) = ("RegistryService/CreateJurisdiction", "jurisdictions/230200");
    all.changes::<pb::CreateJurisdictionResponse>(created, "system", &place, name, &said).await;
    let agency = json!({"agency": {"name": "agencies/new", "jurisdiction": CITY, "displayName": "新局",
        "kind": "AGENCY_KIND_DEPARTMENT", "firstYear": 2019}});
    let said = ["registry.create_agency agency=agencies/new jurisdiction=jurisdictions/230100 display_name=新局"];
    all.changes::<pb::CreateAgencyResponse>("RegistryService/CreateAgency", "system", &agency, "agencies/new", &said)
        .await;
    let changes = json!({"changes": [
        {"rename": {"entry": "agencies/new", "displayName": "更名局", "firstYear": 2023}},
        {"move": {"entry": "agencies/new", "parent": "jurisdictions/230200", "firstYear": 2023}},
    ]});
    let said = [
        "registry.rename entry=agencies/new display_name=更名局 first_year=2023 was=新局",
        "registry.move entry=agencies/new parent=jurisdictions/230200 first_year=2023 was=jurisdictions/230100",
    ];
    let (apply, subject) = ("RegistryService/ApplyRegistryChanges", "registry (2 changes)");
    all.changes::<pb::ApplyRegistryChangesResponse>(apply, "system", &changes, subject, &said).await;
    // Whom to ask: how many, and never who.
    let contacts = json!({"contacts": {"name": "agencies/city-bureau/contacts", "people": [
        {"name": "张三丰", "telephone": "0451-1"}]}});
    let (put, subject) = ("RegistryService/UpdateAgencyContacts", "agencies/city-bureau");
    let said = ["registry.contacts agency=agencies/city-bureau people=1"];
    all.changes::<pb::UpdateAgencyContactsResponse>(put, "system", &contacts, subject, &said).await;
    // Nothing delivers reminders here, which is a refusal.
    let send = json!({"jurisdiction": CITY, "year": 2022});
    let (answer, entries) = all.call("ReminderService/SendReminders", "reviewer", &send.to_string()).await;
    assert!(answer.is_err());
    let [entry] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!((entry.action.as_str(), entry.outcome, &*entry.subject), ("reminder.send", Outcome::Refused, CITY));
    // Reports, from the first submission to the withdrawal.
    let submitted = form(3);
    let first: pb::SubmitReportResponse =
        all.changes("ReportService/SubmitReport", "submitter", &submitted, &format!("{report}/revisions/1"), &[]).await;
    let returned = json!({"name": report, "etag": receipt(first.receipt), "reason": "第三项请核对"});
    let said = ["第三项请核对"];
    let of_report = format!("{report}/");
    let answer: pb::ReturnReportResponse =
        all.changes("ReportService/ReturnReport", "reviewer", &returned, &of_report, &said).await;
    let mut corrected = form(4);
    corrected["etag"] = receipt(answer.outcome.unwrap().receipt).into();
    corrected["correctionReason"] = "更正".into();
    let corrected = json!({"submission": corrected});
    let second = format!("{report}/revisions/2");
    let answer: pb::SubmitReportsResponse =
        all.changes("ReportService/SubmitReports", "submitter", &corrected, &second, &["更正"]).await;
    let Some(pb::submit_reports_response::Result::Stored(accepted)) = answer.result else { panic!("{answer:?}") };
    let reviewed = json!({"name": report, "etag": receipt(accepted.receipt), "reason": "同意"});
    let answer: pb::AcceptReportResponse =
        all.changes("ReportService/AcceptReport", "reviewer", &reviewed, &of_report, &["同意"]).await;
    let reviewed = json!({"name": report, "etag": receipt(answer.outcome.unwrap().receipt), "reason": "同意"});
    let question = json!({"scope": {"jurisdiction": CITY}, "year": 2022});
    let (looked_at, _) = all.call("RollupService/GetConsolidatedForm", "reviewer", &question.to_string()).await;
    let looked_at = pb::GetConsolidatedFormResponse::decode(&*looked_at.unwrap()).unwrap().content_sha256;
    let freeze = json!({"scope": {"jurisdiction": CITY}, "year": 2022, "note": "公布用",
        "expectedContentSha256": looked_at});
    let frozen = format!("{CITY}/frozenForms/");
    all.changes::<pb::FreezeFormResponse>("FrozenFormService/FreezeForm", "reviewer", &freeze, &frozen, &["公布用"])
        .await;
    let withdraw = "ReportService/WithdrawReport";
    all.changes::<pb::WithdrawReportResponse>(withdraw, "reviewer", &reviewed, &of_report, &["同意"]).await;
    // Who may do what.
    let role = json!({"principal": "principals/new", "role": {"kind": "ROLE_KIND_VIEWER", "scope": CITY}});
    let (grant, withdraw) = ("AccessService/GrantRole", "AccessService/RevokeRole");
    let mut new = role.clone();
    new["allowMissing"] = true.into();
    all.changes::<pb::GrantRoleResponse>(grant, "security", &new, "principals/new", &["viewer", CITY]).await;
    all.changes::<pb::RevokeRoleResponse>(withdraw, "security", &role, "principals/new", &["viewer", CITY]).await;
    let expires = (jiff::Timestamp::now() + SignedDuration::from_hours(1)).to_string();
    let new = json!({"parent": "principals/security", "credential": {"note": "报送系统", "expireTime": expires}});
    let (create, below) = ("AccessService/CreateCredential", "principals/security/credentials/");
    let made: pb::CreateCredentialResponse =
        all.changes(create, "security", &new, below, &["expires ", "note 报送系统"]).await;
    let name = made.credential.unwrap().name;
    let revoke = json!({"name": name});
    let revoked = "AccessService/RevokeCredential";
    all.changes::<pb::RevokeCredentialResponse>(revoked, "security", &revoke, &name, &[]).await;
    codes_and_proposals_are_told(&mut all).await;
    let strike = json!({"sequence": 1, "reason": "依申请"});
    let struck = "JournalService/StrikeJournalWords";
    all.changes::<pb::StrikeJournalWordsResponse>(struck, "auditor", &strike, "journal/1", &["依申请"]).await;
    // Backups and verifications.
    all.changes::<pb::CreateBackupResponse>("OperationsService/CreateBackup", "system", &json!({}), "", &[]).await;
    verification_is_told(&mut all).await;

    // Everything else changes nothing.
    for (name, template, let_in) in TABLE {
        let path = format!("/huizong.v1.{name}");
        if all.called.contains(&path) {
            continue;
        }
        let template = template.replace("{owner}", "agencies/city-bureau").replace("{place}", CITY);
        let as_whom = if *let_in == ANYONE { "viewer" } else { let_in.split(' ').next().unwrap() };
        let (_, entries) = all.call(name, as_whom, &template).await;
        let method = method(&path);
        let told: Vec<_> =
            entries.iter().map(|entry| (entry.action.as_str(), entry.outcome, entry.subject.clone())).collect();
        match method.told {
            Told::Each => assert_eq!(told, [(method.action, Outcome::Accepted, named(&template))], "{name}"),
            Told::InBulk | Told::Never => assert_eq!(told, [], "{name}"),
        }
    }
    let of_ours: BTreeSet<_> =
        METHODS.iter().map(|method| method.path).filter(|path| path.starts_with("/huizong.")).collect();
    assert_eq!(all.called.iter().map(String::as_str).collect::<BTreeSet<_>>(), of_ours);
}

/// What waits for a second person, and one-time codes.
async fn codes_and_proposals_are_told(all: &mut Recorder) {
    for (principal, decided, by_whom) in
        [("principals/second", "ConfirmProposal", "system"), ("principals/third", "DeclineProposal", "auditor")]
    {
        let power =
            json!({"allowMissing": true, "principal": principal, "role": {"kind": "ROLE_KIND_SYSTEM_ADMINISTRATOR"}});
        let (answer, entries) = all.call("AccessService/GrantRole", "security", &power.to_string()).await;
        let [entry] = entries.as_slice() else { panic!("{entries:?}") };
        assert_eq!((entry.action.as_str(), entry.subject.as_str()), ("access.propose", principal));
        let proposal = pb::GrantRoleResponse::decode(answer.unwrap().as_slice()).unwrap().proposal.unwrap().name;
        assert!(entry.detail.contains(&proposal), "{entry:?}");
        let decide = json!({"name": proposal});
        let name = format!("AccessService/{decided}");
        let said = ["system-administrator"];
        if decided == "ConfirmProposal" {
            all.changes::<pb::ConfirmProposalResponse>(&name, by_whom, &decide, principal, &said).await;
        } else {
            all.changes::<pb::DeclineProposalResponse>(&name, by_whom, &decide, principal, &said).await;
        }
    }
    let expires = (jiff::Timestamp::now() + SignedDuration::from_hours(1)).to_string();
    let new = json!({"allowMissing": true, "parent": "principals/holder", "credential": {"expireTime": expires}});
    let (enrol, below) = ("AccessService/CreateEnrolment", "principals/holder/credentials/");
    let made: pb::CreateEnrolmentResponse = all.changes(enrol, "security", &new, below, &["code ends "]).await;
    // Whoever has the code shows nothing else; a wrong one is not told, for it may be right but for a letter.
    let nobody = all.server.client(None).await;
    let path = "/huizong.v1.AccessService/ExchangeEnrolment";
    let exchange = |code: &str| encoded(&all.descriptors[path], &json!({ "code": code }).to_string());
    let wrong = format!("{}{}", &made.code[..made.code.len() - 1], if made.code.ends_with('2') { '3' } else { '2' });
    let before = all.server.service.newest_sequence();
    call(&nobody, path, exchange(&wrong)).await.unwrap_err();
    call(&nobody, path, exchange(&made.code)).await.unwrap();
    let entries = entries_after(&all.server, before).await;
    let [refused, accepted] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!((refused.action.as_str(), refused.outcome), ("credential.exchange", Outcome::Refused));
    assert_eq!(refused.detail, "ENROLMENT_INVALID\n{\"code\":\"…\"}");
    let credential = made.credential.unwrap().name;
    assert_eq!((accepted.actor.as_str(), accepted.subject.as_str()), ("holder 127.0.0.1", credential.as_str()));
    let id = credential.rsplit('/').next().unwrap();
    assert_eq!(
        (accepted.action.as_str(), accepted.by.as_deref()),
        ("credential.exchange", Some(format!("codes/{id}").as_str()))
    );
    all.called.insert(path.to_owned());
}

/// The entry is there when the result is.
async fn verification_is_told(all: &mut Recorder) {
    let before = all.server.service.newest_sequence();
    let client = all.clients["system"].0.clone();
    let mut operations = pb::operations_service_client::OperationsServiceClient::new(client);
    let mut answers = operations.verify_store(pb::VerifyStoreRequest {}).await.unwrap().into_inner();
    while answers.message().await.unwrap().unwrap().result.is_none() {}
    let entries = entries_after(&all.server, before).await;
    let [entry] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!((entry.action.as_str(), entry.actor.as_str()), ("store.verify", "system 127.0.0.1"));
    assert!(
        entry.detail.starts_with(&format!("sequence {before}\n")) && entry.detail.ends_with("\nfaults 0"),
        "{entry:?}"
    );
    all.called.insert("/huizong.v1.OperationsService/VerifyStore".to_owned());
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_and_out_is_told_with_the_session_and_what_it_rests_on() {
    let server = Guarded::start().await;
    let token = server.token("viewer", SignedDuration::from_hours(1)).await;
    let before = server.service.newest_sequence();
    sign_in(&server, "guess").await;
    let cookie = cookie(&sign_in(&server, &token).await);
    // A call in the session, refused; then the end.
    let call = "/huizong.v1.OperationsService/CreateBackup";
    let headers = [("cookie", cookie.as_str()), HEADER, ("content-type", "application/grpc")];
    ask(&server, "POST", call, &headers, vec![0; 5]).await;
    ask(&server, "DELETE", "/session", &[("cookie", &cookie), HEADER], Vec::new()).await;
    let entries = entries_after(&server, before).await;
    let told: Vec<_> = entries
        .iter()
        .map(|entry| (entry.actor.as_str(), entry.action.as_str(), entry.outcome, entry.by.as_deref().unwrap()))
        .collect();
    let session = entries[1].subject.strip_prefix("principals/viewer/").unwrap();
    assert!(session.starts_with("sessions/") && !cookie.contains(&session["sessions/".len()..]), "{session}");
    let (viewer, credential) = ("viewer 127.0.0.1", credential(&token));
    assert_eq!(
        told,
        [
            ("unauthenticated 127.0.0.1", "session.begin", Outcome::Refused, ""),
            (viewer, "session.begin", Outcome::Accepted, credential.as_str()),
            (viewer, "backup.create", Outcome::Refused, session),
            (viewer, "session.end", Outcome::Accepted, session),
        ]
    );
    assert_eq!(entries[3].subject, entries[1].subject);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_certificate_is_told_by_its_fingerprint() {
    let server = Guarded::start().await;
    let issued = server.authority.client("viewer", 7);
    let client = server.connect(Some(&issued)).await.unwrap();
    let before = server.service.newest_sequence();
    let mut operations = pb::operations_service_client::OperationsServiceClient::new(client);
    operations.create_backup(pb::CreateBackupRequest::default()).await.unwrap_err();
    let entries = entries_after(&server, before).await;
    let pem = der_of(&issued.certificate);
    assert_eq!(entries[0].by.as_deref(), Some(format!("certificates/{}", huizong::report::Hash::of(&pem)).as_str()));
}

/// The certificate in a PEM file.
fn der_of(pem: &str) -> Vec<u8> {
    use tokio_rustls::rustls::pki_types::CertificateDer;
    use tokio_rustls::rustls::pki_types::pem::PemObject as _;
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_attempt_at_a_power_hides_among_many() {
    let server = Guarded::start().await;
    let mut operations = pb::operations_service_client::OperationsServiceClient::new(server.client_of("viewer").await);
    let before = server.service.newest_sequence();
    let mut turned_away = 0;
    for _ in 0..610 {
        let refused = operations.create_backup(pb::CreateBackupRequest::default()).await.unwrap_err();
        turned_away += usize::from(crate::access::guarded::reason(&refused) == "RATE_EXCEEDED");
    }
    let recorded = entries_after(&server, before).await.len();
    assert_eq!(recorded + turned_away, 610, "whatever is judged has its entry");
    assert!(recorded >= 600, "{recorded}");
    server.service.record_left_out().await.unwrap();
    if turned_away > 0 {
        let counted = entries_after(&server, before).await.pop().unwrap();
        assert_eq!((counted.action.as_str(), counted.subject.as_str()), ("refusals.left_out", "principals/viewer"));
        assert_eq!(counted.detail, format!("backup.create {turned_away}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_read_again_and_in_bulk_is_counted() {
    let server = Guarded::start().await;
    let auditor = server.client_of("auditor").await;
    let mut journal = pb::journal_service_client::JournalServiceClient::new(auditor);
    let mut reports = pb::report_service_client::ReportServiceClient::new(server.client_of("viewer").await);
    let before = server.service.newest_sequence();
    for _ in 0..4 {
        journal.list_journal(pb::ListJournalRequest::default()).await.unwrap();
    }
    for _ in 0..150 {
        let get = pb::GetReportRequest { name: "agencies/city-bureau/reports/2022".to_owned(), ..Default::default() };
        reports.get_report(get).await.unwrap_err();
    }
    server.service.record_left_out().await.unwrap();
    let told: BTreeMap<String, String> = entries_after(&server, before)
        .await
        .into_iter()
        .map(|entry| (format!("{} {} {}", entry.actor, entry.action, entry.subject), entry.detail))
        .collect();
    let expected = [
        ("auditor 127.0.0.1 journal.list ", ""),
        ("huizong entries.left_out principals/auditor", "journal.list 3"),
        ("huizong entries.left_out principals/viewer", "report.get 150"),
    ];
    assert_eq!(told, expected.map(|(who, what)| (who.to_owned(), what.to_owned())).into());
}
