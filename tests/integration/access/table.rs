//! Every call of the contract by every role, for what is theirs, what is others', and what is not there.

use std::collections::{BTreeMap, BTreeSet};

use huizong::access::METHODS;
use huizong::config::Limits;
use huizong::pb;
use huizong::service::SignInLimits;
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor};
use tonic::{Code, Status};

use crate::access::guarded::{Client, Guarded, PRINCIPALS};
use crate::support::raw::Raw;
use crate::support::{self, CITY, PROVINCE};

/// Each method, a message that names its subject (`{owner}`, an agency, or `{place}`, a jurisdiction), and the roles
/// that are let in. What names no subject is allowed or not as a whole.
pub const TABLE: &[(&str, &str, &str)] = &[
    ("ReportService/SubmitReport", r#"{"name":"{owner}/reports/2022"}"#, "submitter"),
    ("ReportService/SubmitReports", r#"{"submission":{"name":"{owner}/reports/2022"}}"#, "submitter"),
    ("FormService/CheckReport", r#"{"submission":{"name":"{owner}/reports/2022"}}"#, "submitter"),
    ("ReportService/GetReport", r#"{"name":"{owner}/reports/2022"}"#, "submitter reviewer viewer"),
    ("ReportService/ListReports", r#"{"parent":"{owner}"}"#, "submitter reviewer viewer"),
    ("ReportService/ListReportRevisions", r#"{"name":"{owner}/reports/2022"}"#, "submitter reviewer viewer"),
    ("ReportService/ListReportEvents", r#"{"name":"{owner}/reports/2022"}"#, "submitter reviewer viewer"),
    ("ReportService/RenderReport", r#"{"name":"{owner}/reports/2022","format":1}"#, "submitter reviewer viewer"),
    ("ReportService/AcceptReport", r#"{"name":"{owner}/reports/2022"}"#, "reviewer"),
    ("ReportService/ReturnReport", r#"{"name":"{owner}/reports/2022"}"#, "reviewer"),
    ("ReportService/WithdrawReport", r#"{"name":"{owner}/reports/2022"}"#, "submitter reviewer"),
    ("FormService/ReadDocument", r#"{"agency":"{owner}"}"#, "submitter reviewer viewer"),
    ("FormService/RenderTemplate", r#"{"report":"{owner}/reports/2022"}"#, "submitter reviewer viewer"),
    ("FormService/GetFormLayout", r#"{"year":2022}"#, EVERY_ROLE),
    ("FormService/ListRules", "{}", EVERY_ROLE),
    ("RollupService/ListRuleFailures", r#"{"jurisdiction":"{place}","firstYear":2022}"#, "reviewer viewer"),
    (
        "RollupService/QueryRollup",
        r#"{"scope":{"jurisdiction":"{place}"},"firstYear":2022,"measures":["requests.received"]}"#,
        "reviewer viewer",
    ),
    ("RollupService/GetConsolidatedForm", r#"{"scope":{"jurisdiction":"{place}"},"year":2022}"#, "reviewer viewer"),
    (
        "RollupService/RenderConsolidatedForm",
        r#"{"scope":{"jurisdiction":"{place}"},"year":2022,"format":1}"#,
        "reviewer viewer",
    ),
    ("RollupService/GetCoverage", r#"{"scope":{"jurisdiction":"{place}"},"year":2022}"#, "reviewer viewer"),
    ("RollupService/ListMissingAgencies", r#"{"scope":{"jurisdiction":"{place}"},"year":2022}"#, "reviewer viewer"),
    (
        "RollupService/WatchRollup",
        r#"{"scope":{"jurisdiction":"{place}"},"firstYear":2022,"measures":["requests.received"]}"#,
        "reviewer viewer",
    ),
    ("RollupService/WatchCoverage", r#"{"scope":{"jurisdiction":"{place}"},"year":2022}"#, "reviewer viewer"),
    ("RollupService/ReconcileReport", r#"{"name":"{place}/reports/2022"}"#, "reviewer viewer"),
    (
        "FrozenFormService/FreezeForm",
        r#"{"scope":{"jurisdiction":"{place}"},"year":2022,"validateOnly":true}"#,
        "reviewer",
    ),
    ("FrozenFormService/GetFrozenForm", r#"{"name":"{place}/frozenForms/2022-1"}"#, "reviewer viewer"),
    ("RollupService/ListAnomalies", r#"{"jurisdiction":"{place}","year":2022}"#, "reviewer viewer"),
    ("FrozenFormService/RenderFrozenForm", r#"{"name":"{place}/frozenForms/2022-1","format":4}"#, "reviewer viewer"),
    ("FrozenFormService/ListFrozenForms", r#"{"parent":"{place}"}"#, "reviewer viewer"),
    ("FrozenFormService/ListFrozenFormRevisions", r#"{"name":"{place}/frozenForms/2022-1"}"#, "reviewer viewer"),
    ("FrozenFormService/CompareFrozenForm", r#"{"name":"{place}/frozenForms/2022-1"}"#, "reviewer viewer"),
    (
        "ReportService/CompareReports",
        r#"{"earlier":"{owner}/reports/2022","later":"{owner}/reports/2022"}"#,
        "submitter reviewer viewer",
    ),
    ("ReportService/AcceptReports", "{}", "reviewer"),
    ("RegistryService/GetJurisdiction", r#"{"name":"jurisdictions/230000"}"#, EVERY_ROLE),
    ("RegistryService/ListJurisdictions", "{}", EVERY_ROLE),
    ("RegistryService/CreateJurisdiction", "{}", "system"),
    ("RegistryService/GetAgency", r#"{"name":"{owner}"}"#, "submitter reviewer viewer system security"),
    ("RegistryService/ListAgencies", "{}", "submitter reviewer viewer system security"),
    ("RegistryService/CreateAgency", "{}", "system"),
    ("RegistryService/ApplyRegistryChanges", "{}", "system"),
    ("RegistryService/ListRegistryChanges", "{}", "system security auditor"),
    ("RegistryService/ReadRegistryFile", "{}", "system"),
    ("RegistryService/RenderRegistry", r#"{"format":1}"#, "system security auditor"),
    ("RegistryService/ListRegistrySuspects", "{}", "system security auditor"),
    ("RegistryService/GetAgencyContacts", r#"{"name":"{owner}/contacts"}"#, "submitter reviewer system"),
    ("RegistryService/ListAgencyContacts", "{}", "submitter reviewer system"),
    (
        "RegistryService/UpdateAgencyContacts",
        r#"{"contacts":{"name":"{owner}/contacts"}}"#,
        "submitter reviewer system",
    ),
    ("ReminderService/ListReminders", r#"{"jurisdiction":"{place}","year":2022}"#, "reviewer system"),
    ("ReminderService/RenderReminders", r#"{"jurisdiction":"{place}","year":2022,"format":4}"#, "reviewer system"),
    ("ReminderService/SendReminders", r#"{"jurisdiction":"{place}","year":2022}"#, "reviewer system"),
    ("RegistryService/GetCollection", r#"{"name":"collections/2022"}"#, EVERY_ROLE),
    ("RegistryService/ListCollections", "{}", EVERY_ROLE),
    ("RegistryService/CreateCollection", "{}", "system"),
    ("RegistryService/UpdateCollection", "{}", "system"),
    (
        "RegistryService/GrantCollectionException",
        r#"{"name":"collections/2022","exception":{"agency":"{owner}"}}"#,
        "reviewer system",
    ),
    ("RegistryService/RevokeCollectionException", "{}", "system"),
    ("JournalService/ListJournal", "{}", "auditor"),
    ("JournalService/StrikeJournalWords", "{}", "auditor"),
    ("OperationsService/CreateBackup", "{}", "system"),
    ("OperationsService/VerifyStore", "{}", "system"),
    // For whoever can connect, as health is.
    ("OperationsService/GetServiceInfo", "{}", ANYONE),
    ("OperationsService/GetStatus", "{}", EVERY_ROLE),
    ("JournalService/FindMoment", r#"{"sequence":1}"#, EVERY_ROLE),
    ("AccessService/GetCaller", "{}", EVERY_ROLE),
    (
        "AccessService/GrantRole",
        r#"{"principal":"principals/someone","role":{"kind":3,"scope":"jurisdictions/230000"}}"#,
        "security",
    ),
    (
        "AccessService/RevokeRole",
        r#"{"principal":"principals/someone","role":{"kind":3,"scope":"jurisdictions/230102"}}"#,
        "security",
    ),
    ("AccessService/ListPrincipals", "{}", "security"),
    ("AccessService/ListProposals", "{}", "system security auditor"),
    ("AccessService/ConfirmProposal", r#"{"name":"proposals/0000000000000000"}"#, "system security auditor"),
    ("AccessService/DeclineProposal", r#"{"name":"proposals/0000000000000000"}"#, "system security auditor"),
    ("AccessService/CreateEnrolment", r#"{"parent":"principals/someone"}"#, "security"),
    // Lets in whoever shows a code, and nobody for a role.
    ("AccessService/ExchangeEnrolment", r#"{"code":"0000-0000"}"#, ""),
    ("AccessService/CreateCredential", r#"{"parent":"principals/someone"}"#, "security"),
    ("AccessService/ListCredentials", r#"{"parent":"principals/-"}"#, "security"),
    ("AccessService/RevokeCredential", r#"{"name":"principals/someone/credentials/0000000000000000"}"#, "security"),
];

/// Nobody is asked who they are.
pub const ANYONE: &str = "anyone";
const EVERY_ROLE: &str = "submitter reviewer viewer system security auditor";

/// The first answer to a call, of whichever kind; of an item of a stream its own refusal.
pub async fn call(client: &Client, path: &str, message: Vec<u8>) -> Result<Vec<u8>, Status> {
    let mut grpc = tonic::client::Grpc::new(client.clone());
    grpc.ready().await.map_err(|error| Status::unknown(error.to_string()))?;
    let request = tonic::Request::new(tokio_stream::once(message));
    let answers = grpc.streaming(request, path.parse().unwrap(), Raw).await?.into_inner();
    let mut answers = answers;
    let first = answers.message().await?.unwrap_or_default();
    if path.ends_with("/SubmitReports")
        && let Some(pb::submit_reports_response::Result::Refused(problem)) =
            pb::SubmitReportsResponse::decode(first.as_slice()).unwrap().result
    {
        return Err(Status::new(
            Code::from(problem.code),
            format!("{} {}", problem.reason().as_str_name(), problem.message.unwrap().zh),
        ));
    }
    Ok(first)
}

/// What a refusal of permission says; none where the call was let in, whatever became of it then.
fn turned_away(answer: &Result<Vec<u8>, Status>) -> Option<String> {
    let status = answer.as_ref().err()?;
    let reason = huizong::grpc::problem_of_status(status)
        .map_or_else(String::new, |problem| problem.reason().as_str_name().to_owned());
    let by_permission = reason == "PERMISSION_DENIED"
        || status.message().starts_with("PERMISSION_DENIED")
        || status.code() == Code::Unauthenticated;
    by_permission.then(|| format!("{:?} {}", status.code(), status.message()))
}

pub fn methods() -> Vec<MethodDescriptor> {
    let pool = DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET).unwrap();
    pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()).collect()
}

pub fn path(method: &MethodDescriptor) -> String {
    format!("/{}/{}", method.parent_service().full_name(), method.name())
}

#[test]
fn every_call_of_the_contract_has_its_line_in_both_tables() {
    let served: BTreeSet<&str> = METHODS.iter().map(|method| method.path).collect();
    assert_eq!(served.len(), METHODS.len(), "a method twice");
    let tested: BTreeSet<String> = TABLE.iter().map(|(name, ..)| format!("/huizong.v1.{name}")).collect();
    assert_eq!(tested.len(), TABLE.len());
    let contract: BTreeSet<String> = methods().iter().map(path).collect();
    assert_eq!(tested, contract);
    let of_ours: BTreeSet<String> =
        served.iter().filter(|path| path.starts_with("/huizong.")).map(|path| (*path).to_owned()).collect();
    assert_eq!(of_ours, contract);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_may_do_what_the_table_says_and_nothing_else() {
    // A code that is not valid is a failure to sign in, of which there are many here.
    let sign_in = SignInLimits { failures: u32::MAX, ..SignInLimits::default() };
    let server = Guarded::with(Limits::default(), 10_000, sign_in).await;
    let mut clients = BTreeMap::new();
    for (name, _) in PRINCIPALS {
        clients.insert(name, server.client_of(name).await);
    }
    let nobody = server.client(None).await;
    let methods: BTreeMap<String, MethodDescriptor> =
        methods().into_iter().map(|method| (path(&method), method)).collect();
    let subjects = [
        ("agencies/city-bureau", CITY),
        ("agencies/province-bureau", PROVINCE),
        ("agencies/no-such-agency", "jurisdictions/990000"),
    ];
    for (name, template, let_in) in TABLE {
        let path = format!("/huizong.v1.{name}");
        let method = &methods[&path];
        let message = |(owner, place): (&str, &str)| {
            let text = template.replace("{owner}", owner).replace("{place}", place);
            let mut reader = serde_json::Deserializer::from_str(&text);
            DynamicMessage::deserialize(method.input(), &mut reader).unwrap().encode_to_vec()
        };
        let scoped = template.contains("{owner}") || template.contains("{place}");
        let refused = turned_away(&call(&nobody, &path, message(subjects[0])).await);
        if *let_in == ANYONE {
            assert_eq!(refused, None, "nobody: {name}");
            continue;
        }
        assert!(refused.is_some_and(|refused| refused.starts_with("Unauthenticated")), "nobody: {name}");
        for (role, client) in &clients {
            let [own, others, absent] = {
                let mut answers = Vec::new();
                for subject in subjects {
                    let answer = turned_away(&call(client, &path, message(subject)).await);
                    // The name of what was asked for is all that may differ.
                    answers.push(answer.map(|text| text.replace(subject.0, "X").replace(subject.1, "X")));
                }
                <[_; 3]>::try_from(answers).unwrap()
            };
            let allowed = let_in.split(' ').any(|one| one == *role);
            assert_eq!(own.is_none(), allowed, "{role}: {name}: {own:?}");
            let everywhere = allowed && (!scoped || matches!(*role, "system" | "security" | "auditor"));
            assert_eq!(others.is_none(), everywhere, "{role} of others: {name}: {others:?}");
            assert_eq!(others, absent, "{role}: {name}: what is forbidden and what is not there look alike");
        }
    }
}

#[tokio::test]
async fn a_call_that_is_not_in_the_contract_is_refused() {
    let server = Guarded::start().await;
    for path in ["/huizong.v1.ReportService/DropEverything", "/huizong.v2.X/Y"] {
        for client in [server.client_of("system").await, server.client(None).await] {
            assert!(turned_away(&call(&client, path, Vec::new()).await).is_some(), "{path}");
        }
    }
}

#[tokio::test]
async fn an_item_of_a_stream_is_judged_by_itself() {
    let server = Guarded::start().await;
    let mut reports = pb::report_service_client::ReportServiceClient::new(server.client_of("submitter").await);
    let items = ["agencies/city-bureau", "agencies/county-bureau", "agencies/city-bureau"].map(|agency| {
        let submission = support::submission(support::report(agency, 3));
        pb::SubmitReportsRequest { submission: Some(submission) }
    });
    let mut answers = reports.submit_reports(tokio_stream::iter(items)).await.unwrap().into_inner();
    let mut outcomes = Vec::new();
    while let Some(answer) = answers.message().await.unwrap() {
        outcomes.push(match answer.result.unwrap() {
            pb::submit_reports_response::Result::Stored(_) => "stored".to_owned(),
            pb::submit_reports_response::Result::Checked(_) => "checked".to_owned(),
            pb::submit_reports_response::Result::Refused(problem) => problem.reason().as_str_name().to_owned(),
        });
    }
    assert_eq!(outcomes, ["stored", "PERMISSION_DENIED", "ETAG_MISMATCH"]);
}

#[tokio::test]
async fn without_the_door_nobody_is_let_in_anywhere() {
    let server = Guarded::start().await;
    // As a caller inside the process that forgot to say for whom it asks.
    let (routes, _) = huizong::grpc::routes(server.service.clone(), &huizong::config::Limits::default()).await.unwrap();
    let methods: BTreeMap<String, MethodDescriptor> =
        methods().into_iter().map(|method| (path(&method), method)).collect();
    for (name, template, let_in) in TABLE {
        let path = format!("/huizong.v1.{name}");
        let text = template.replace("{owner}", "agencies/city-bureau").replace("{place}", CITY);
        let mut reader = serde_json::Deserializer::from_str(&text);
        let message = DynamicMessage::deserialize(methods[&path].input(), &mut reader).unwrap().encode_to_vec();
        let mut grpc = tonic::client::Grpc::new(routes.clone());
        grpc.ready().await.unwrap();
        let request = tonic::Request::new(tokio_stream::once(message));
        let answer = match grpc.streaming(request, path.parse().unwrap(), Raw).await {
            Ok(answers) => answers.into_inner().message().await.map(Option::unwrap_or_default),
            Err(status) => Err(status),
        };
        let of_item = answer.as_ref().ok().filter(|_| path.ends_with("/SubmitReports")).map(|bytes| {
            let result = pb::SubmitReportsResponse::decode(bytes.as_slice()).unwrap().result;
            let Some(pb::submit_reports_response::Result::Refused(problem)) = result else { panic!("{name}") };
            Code::from(problem.code)
        });
        let code = of_item.or(answer.as_ref().err().map(Status::code));
        assert_eq!(code, (*let_in != ANYONE).then_some(Code::Unauthenticated), "{name}");
    }
}
