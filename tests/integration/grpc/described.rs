//! What the contract's options say of fields is what the service does: a request without a required field is refused, and
//! one that goes beyond a limit, both with the field named.

use std::collections::{BTreeMap, BTreeSet};

use huizong::pb;
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor};
use serde_json::{Value, json};
use tonic::Status;
use tonic::transport::Channel;

use crate::support::raw::Raw;
use crate::support::{AGENCIES, CITY, COUNTY, PROVINCE, Server, YEAR, form, problem, report, report_name};

/// `google.api.FieldBehavior`.
const REQUIRED: i32 = 2;

/// A request for each method that has a field of which the contract says more: one that has each of these fields.
fn samples(etag: &str, collection_etag: &str) -> BTreeMap<&'static str, Value> {
    let name = report_name(AGENCIES[0]);
    let place = json!({"jurisdiction": PROVINCE});
    let expiry = (jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24)).to_string();
    let role = json!({"kind": "ROLE_KIND_VIEWER", "scope": CITY});
    let exception = json!({"agency": AGENCIES[2], "lockTime": "2100-01-01T00:00:00Z", "decidedBy": "省政府办公厅", "reason": "机构改革"});
    let collection = json!({"name": "collections/2030", "reviewPolicy": "REVIEW_POLICY_NONE",
        "dueTimes": [{"level": "LEVEL_CITY", "dueTime": "2031-01-31T00:00:00Z"}]});
    let form: Value = serde_json::from_str(&huizong::wire::to_json(&form(2)).unwrap()).unwrap();
    let submission = json!({"name": name, "etag": etag, "form": form, "correctionReason": "补报", "answers": [{"rule": "X-STOCK", "reason": "已核实"}],
        "source": {"fileName": "年报.docx", "title": "年报", "agency": "某局"}});
    let agency = json!({"name": "agencies/new", "jurisdiction": CITY, "displayName": "新局", "kind": "AGENCY_KIND_DEPARTMENT", "firstYear": 2022});
    let jurisdiction = json!({"name": "jurisdictions/230200", "parent": PROVINCE, "displayName": "市", "level": "LEVEL_CITY", "firstYear": 2022});
    let frozen = format!("{PROVINCE}/frozenForms/{YEAR}-1");
    let review = json!({"name": name, "etag": etag, "reason": "请核对", "comments": [{"cell": "requests.received.total", "text": "请核对"}]});
    let without_comments = json!({"name": name, "etag": etag, "reason": "请核对"});
    let sums = json!({"scope": place, "firstYear": YEAR, "measures": ["requests.received"]});
    let of_year = json!({"scope": place, "year": YEAR});
    let rename = json!({"rename": {"entry": CITY, "displayName": "改名市", "firstYear": 2023}});
    BTreeMap::from([
        ("AccessService/GrantRole", json!({"principal": "principals/someone", "role": role, "allowMissing": true})),
        ("AccessService/RevokeRole", json!({"principal": "principals/someone", "role": role})),
        ("AccessService/ConfirmProposal", json!({"name": "proposals/0000000000000000"})),
        ("AccessService/DeclineProposal", json!({"name": "proposals/0000000000000000"})),
        (
            "AccessService/CreateEnrolment",
            json!({"parent": "principals/someone", "allowMissing": true, "credential": {"note": "备注", "expireTime": expiry}}),
        ),
        (
            "AccessService/CreateCredential",
            json!({"parent": "principals/someone", "credential": {"expireTime": expiry}}),
        ),
        ("AccessService/ExchangeEnrolment", json!({"code": "0000-0000"})),
        ("AccessService/ListCredentials", json!({"parent": "principals/-"})),
        ("AccessService/RevokeCredential", json!({"name": "principals/someone/credentials/0000000000000000"})),
        ("FormService/CheckReport", json!({"submission": submission})),
        ("FormService/ReadDocument", json!({"content": "AAAA"})),
        ("FormService/RenderTemplate", json!({"report": name})),
        ("FormService/GetFormLayout", json!({"year": YEAR})),
        (
            "FrozenFormService/FreezeForm",
            json!({"scope": place, "year": YEAR, "expectedContentSha256": "0".repeat(64), "note": "备注"}),
        ),
        ("FrozenFormService/GetFrozenForm", json!({"name": frozen})),
        ("FrozenFormService/RenderFrozenForm", json!({"name": frozen, "format": "DOCUMENT_FORMAT_CSV"})),
        ("FrozenFormService/ListFrozenForms", json!({"parent": PROVINCE})),
        ("FrozenFormService/ListFrozenFormRevisions", json!({"name": frozen})),
        ("FrozenFormService/CompareFrozenForm", json!({"name": frozen})),
        ("JournalService/StrikeJournalWords", json!({"sequence": 1, "reason": "依申请"})),
        ("RegistryService/GetJurisdiction", json!({"name": PROVINCE})),
        ("RegistryService/CreateJurisdiction", json!({"jurisdiction": jurisdiction, "validateOnly": true})),
        ("RegistryService/GetAgency", json!({"name": AGENCIES[0]})),
        ("RegistryService/CreateAgency", json!({"agency": agency, "validateOnly": true})),
        ("RegistryService/ApplyRegistryChanges", json!({"changes": [rename], "validateOnly": true})),
        ("RegistryService/GetCollection", json!({"name": "collections/2022", "owner": AGENCIES[0]})),
        ("RegistryService/CreateCollection", json!({"collection": collection, "validateOnly": true})),
        (
            "RegistryService/UpdateCollection",
            json!({"collection": {"name": "collections/2022", "etag": collection_etag, "reviewPolicy": "REVIEW_POLICY_NONE", "dueTimes": [{"level": "LEVEL_CITY", "dueTime": "2023-01-31T00:00:00Z"}]}, "updateMask": "reviewPolicy,dueTimes", "validateOnly": true}),
        ),
        (
            "RegistryService/GrantCollectionException",
            json!({"name": "collections/2022", "exception": exception, "validateOnly": true}),
        ),
        (
            "RegistryService/RevokeCollectionException",
            json!({"name": "collections/2022", "agency": AGENCIES[0], "validateOnly": true}),
        ),
        ("RegistryService/ReadRegistryFile", json!({"content": "AAAA"})),
        ("RegistryService/RenderRegistry", json!({"format": "REGISTRY_FILE_FORMAT_CSV"})),
        ("RegistryService/GetAgencyContacts", json!({"name": format!("{}/contacts", AGENCIES[0])})),
        (
            "RegistryService/UpdateAgencyContacts",
            json!({"contacts": {"name": format!("{}/contacts", AGENCIES[0]), "people": [{"name": "张三", "duty": "科长", "telephone": "1", "email": "a@b.cn"}]}, "validateOnly": true}),
        ),
        ("ReminderService/ListReminders", json!({"jurisdiction": PROVINCE, "year": YEAR})),
        (
            "ReminderService/RenderReminders",
            json!({"jurisdiction": PROVINCE, "year": YEAR, "format": "DOCUMENT_FORMAT_CSV"}),
        ),
        (
            "ReminderService/SendReminders",
            json!({"jurisdiction": PROVINCE, "year": YEAR, "agencies": [AGENCIES[0]], "subject": "催报", "text": "请报送", "validateOnly": true}),
        ),
        ("ReportService/SubmitReport", submission.clone()),
        ("ReportService/SubmitReports", json!({"submission": submission})),
        ("ReportService/GetReport", json!({"name": name})),
        ("ReportService/ListReports", json!({"parent": "agencies/-", "year": YEAR})),
        ("ReportService/ListReportRevisions", json!({"name": name})),
        ("ReportService/ListReportEvents", json!({"name": name})),
        ("ReportService/RenderReport", json!({"name": name, "format": "DOCUMENT_FORMAT_CSV"})),
        ("ReportService/AcceptReport", without_comments.clone()),
        ("ReportService/AcceptReports", json!({"requests": [without_comments.clone()]})),
        ("ReportService/CompareReports", json!({"earlier": name, "later": name})),
        ("ReportService/ReturnReport", review),
        ("ReportService/WithdrawReport", without_comments),
        ("RollupService/QueryRollup", sums.clone()),
        ("RollupService/GetConsolidatedForm", of_year.clone()),
        (
            "RollupService/RenderConsolidatedForm",
            json!({"scope": place, "year": YEAR, "format": "DOCUMENT_FORMAT_CSV"}),
        ),
        ("RollupService/GetCoverage", of_year.clone()),
        ("RollupService/ListMissingAgencies", of_year.clone()),
        ("RollupService/WatchRollup", sums),
        ("RollupService/WatchCoverage", of_year),
        ("RollupService/ReconcileReport", json!({"name": format!("{COUNTY}/reports/{YEAR}")})),
        ("RollupService/ListAnomalies", json!({"jurisdiction": PROVINCE, "year": YEAR})),
        ("RollupService/ListRuleFailures", json!({"jurisdiction": PROVINCE, "firstYear": YEAR})),
    ])
}

/// What the contract says of a field besides its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    Required,
    MaxCharacters(i32),
    MaxItems(i32),
    /// It takes names of resources only.
    Name,
}

fn said(pool: &DescriptorPool, field: &FieldDescriptor) -> Vec<Said> {
    let options = field.options();
    let number = |name: &str| {
        let option = pool.get_extension_by_name(name).unwrap();
        options.has_extension(&option).then(|| options.get_extension(&option).as_i32().unwrap())
    };
    let behavior = pool.get_extension_by_name("google.api.field_behavior").unwrap();
    let is_required =
        options.get_extension(&behavior).as_list().unwrap().iter().any(|one| one.as_enum_number() == Some(REQUIRED));
    let mut all: Vec<_> = is_required.then_some(Said::Required).into_iter().collect();
    all.extend(number("huizong.v1.max_characters").map(Said::MaxCharacters));
    all.extend(number("huizong.v1.max_items").map(Said::MaxItems));
    let resource = pool.get_extension_by_name("huizong.v1.resource").unwrap();
    all.extend(options.has_extension(&resource).then_some(Said::Name));
    all
}

/// Fields of which something is said in what a sample has, by their way in JSON; the messages in it are gone through, too.
fn fields_in(
    pool: &DescriptorPool,
    message: &MessageDescriptor,
    sample: &Value,
    way: &str,
    found: &mut Vec<(String, String, Said)>,
) {
    for field in message.fields() {
        let pointer = format!("{way}/{}", field.json_name());
        let of = format!("{}.{}", message.name(), field.name());
        let there = sample.get(field.json_name());
        if there.is_some() {
            found.extend(said(pool, &field).into_iter().map(|said| (pointer.clone(), of.clone(), said)));
        }
        if let (Some(there), Kind::Message(inner)) = (there, field.kind()) {
            match there {
                Value::Object(_) => fields_in(pool, &inner, there, &pointer, found),
                Value::Array(items) if field.is_list() => {
                    fields_in(pool, &inner, &items[0], &format!("{pointer}/0"), found)
                }
                _ => {}
            }
        }
    }
}

/// The last name of a field's path, as refusals write it.
fn last_name(pointer: &str) -> String {
    let json_name = pointer.rsplit('/').next().unwrap();
    json_name.chars().flat_map(|c| if c.is_uppercase() { vec!['_', c.to_ascii_lowercase()] } else { vec![c] }).collect()
}

/// The refusal of a call, or of an item of a stream; none where there is an answer.
async fn refusal(channel: &Channel, method: &MethodDescriptor, sample: Value) -> Option<Status> {
    let bytes = DynamicMessage::deserialize(method.input(), sample).unwrap().encode_to_vec();
    let mut grpc = tonic::client::Grpc::new(channel.clone());
    grpc.ready().await.unwrap();
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let request = tonic::Request::new(tokio_stream::once(bytes));
    let answer = match grpc.streaming(request, path.parse().unwrap(), Raw).await {
        Ok(answers) => answers.into_inner().message().await,
        Err(status) => Err(status),
    };
    match answer {
        Err(status) => Some(status),
        Ok(answer) if path.ends_with("/SubmitReports") => {
            match pb::SubmitReportsResponse::decode(answer.unwrap_or_default().as_slice()).unwrap().result {
                Some(pb::submit_reports_response::Result::Refused(problem)) => {
                    Some(Status::new(tonic::Code::from(problem.code), format!("{problem:?}")))
                }
                _ => None,
            }
        }
        Ok(answer) if path.ends_with("/AcceptReports") => {
            let answer = pb::AcceptReportsResponse::decode(answer.unwrap_or_default().as_slice()).unwrap();
            match answer.results.into_iter().next().and_then(|one| one.result) {
                Some(pb::accept_reports_result::Result::Problem(problem)) => {
                    Some(Status::new(tonic::Code::from(problem.code), format!("{problem:?}")))
                }
                _ => None,
            }
        }
        Ok(_) => None,
    }
}

/// Whether a refusal names a field as the one at fault.
fn names(status: &Status, field: &str) -> bool {
    // An item of a stream comes as words here, and what cannot be decoded names its field in words alone.
    let violations = if status.details().is_empty() { Vec::new() } else { problem(status).field_violations };
    if violations.is_empty() {
        return status.message().contains(field);
    }
    violations.iter().any(|violation| violation.field.split(['.', '[']).any(|part| part.trim_end_matches(']') == field))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_contract_says_of_a_field_is_held() {
    let server = Server::with_registry().await;
    server.store(report(AGENCIES[0], 1)).await;
    let etag = server.get(&report_name(AGENCIES[0])).await.unwrap().etag;
    let pool = DescriptorPool::decode(pb::FILE_DESCRIPTOR_SET).unwrap();
    let collection = pb::Collection {
        name: "collections/2022".to_owned(),
        review_policy: pb::ReviewPolicy::None.into(),
        ..Default::default()
    };
    let request = pb::CreateCollectionRequest { collection: Some(collection), validate_only: false };
    let collection = server.registry().create_collection(request).await.unwrap().into_inner().collection.unwrap();
    let samples = samples(&etag, &collection.etag);
    let (mut held, mut looked_at) = (Vec::new(), BTreeSet::new());
    for method in pool.services().flat_map(|service| service.methods().collect::<Vec<_>>()) {
        let short = format!("{}/{}", method.parent_service().name(), method.name());
        let Some(sample) = samples.get(short.as_str()) else {
            let required: Vec<_> = method.input().fields().filter(|field| !said(&pool, field).is_empty()).collect();
            assert!(required.is_empty(), "{short} has no sample, and {required:?}");
            continue;
        };
        let mut found = Vec::new();
        fields_in(&pool, &method.input(), sample, "", &mut found);
        for field in method.input().fields().filter(|field| said(&pool, field).contains(&Said::Required)) {
            assert!(sample.get(field.json_name()).is_some(), "the sample of {short} has no {}", field.name());
        }
        for (pointer, of, said) in found {
            let mut changed = sample.clone();
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            match said {
                Said::Required => drop(changed.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name)),
                Said::MaxCharacters(most) => {
                    *changed.pointer_mut(&pointer).unwrap() = json!("字".repeat(usize::try_from(most).unwrap() + 1))
                }
                Said::Name => *changed.pointer_mut(&pointer).unwrap() = json!("nonsense/1"),
                Said::MaxItems(most) => {
                    let items = changed.pointer_mut(&pointer).unwrap();
                    *items = vec![items[0].clone(); usize::try_from(most).unwrap() + 1].into();
                }
            }
            looked_at.insert(of);
            let answer = refusal(&server.channel, &method, changed).await;
            let is_held = match (&answer, said) {
                // More of something than a call may have says so by its reason.
                (Some(status), Said::MaxItems(_)) => {
                    matches!(status.code(), tonic::Code::InvalidArgument | tonic::Code::ResourceExhausted)
                }
                // Who shows no code has shown nothing.
                (Some(status), _) if status.code() == tonic::Code::Unauthenticated => true,
                (Some(status), _) => names(status, &last_name(&pointer)),
                (None, _) => false,
            };
            held.push((is_held, format!("{short} {pointer} {said:?}: {answer:?}")));
        }
    }
    let broken: Vec<&String> = held.iter().filter(|(held, _)| !held).map(|(_, what)| what).collect();
    assert!(broken.is_empty(), "{} of {}:\n{broken:#?}", broken.len(), held.len());
    assert!(looked_at.len() > 50, "{looked_at:?}");
}
