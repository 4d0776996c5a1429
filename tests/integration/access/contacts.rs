//! Whom to ask at an agency: seen by itself, by who reviews it and by who administers the service, and by nobody else in any
//! answer; and gone for good once others take their place.

use std::collections::BTreeMap;

use huizong::pb;
use huizong::pb::registry_service_client::RegistryServiceClient;
use prost::Message as _;
use prost_reflect::DynamicMessage;
use tonic::Code;

use crate::access::guarded::{Client, Guarded, PRINCIPALS};
use crate::access::table::{TABLE, call, methods, path};
use crate::support::{self, CITY, PROVINCE};

/// What would stand out wherever it is.
const PERSONAL: [&str; 4] = ["张三丰丰", "0451-82639999", "zhangsanfeng@example.gov.cn", "太极科科长"];

fn contacts(agency: &str, mark: &str) -> pb::AgencyContacts {
    let [name, telephone, email, duty] = PERSONAL.map(|text| format!("{text}{mark}"));
    let email = email.replace(&format!("cn{mark}"), &format!("cn{}", mark.to_ascii_lowercase()));
    let person = pb::Contact { name, duty, telephone: telephone.replace(mark, ""), email };
    pb::AgencyContacts { name: format!("{agency}/contacts"), people: vec![person], etag: String::new() }
}

async fn put(client: &Client, contacts: pb::AgencyContacts) -> Result<pb::AgencyContacts, tonic::Status> {
    let request = pb::UpdateAgencyContactsRequest { contacts: Some(contacts), validate_only: false };
    let answer = RegistryServiceClient::new(client.clone()).update_agency_contacts(request).await?;
    Ok(answer.into_inner().contacts.unwrap())
}

fn has_personal(bytes: &[u8]) -> Option<&'static str> {
    PERSONAL.into_iter().find(|text| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_are_in_no_answer_to_whom_they_are_not_for() {
    let server = Guarded::start().await;
    let system = server.client_of("system").await;
    for agency in ["agencies/city-bureau", "agencies/province-bureau"] {
        put(&system, contacts(agency, "")).await.unwrap();
    }
    let methods: BTreeMap<String, _> = methods().into_iter().map(|method| (path(&method), method)).collect();
    let (mut shown, mut looked_at) = (Vec::new(), 0);
    for (principal, _) in PRINCIPALS {
        let client = server.client_of(principal).await;
        for (name, template, _) in TABLE {
            // A backup is for who runs the machine, and holds everything; what is changed here is asked below.
            if ["OperationsService/CreateBackup", "RegistryService/UpdateAgencyContacts"].contains(name) {
                continue;
            }
            for (owner, place) in [("agencies/city-bureau", CITY), ("agencies/province-bureau", PROVINCE)] {
                let path = format!("/huizong.v1.{name}");
                let json = template.replace("{owner}", owner).replace("{place}", place);
                let json: serde_json::Value = serde_json::from_str(&json).unwrap();
                let message = DynamicMessage::deserialize(methods[&path].input(), json).unwrap().encode_to_vec();
                let answer = call(&client, &path, message).await;
                looked_at += 1;
                let found = match &answer {
                    Ok(bytes) => has_personal(bytes),
                    Err(status) => {
                        has_personal(format!("{status:?}").as_bytes()).or_else(|| has_personal(status.details()))
                    }
                };
                if found.is_some() {
                    shown.push((principal, *name, owner));
                }
            }
        }
    }
    assert!(looked_at > 700, "{looked_at}");
    let (own, others) = ("agencies/city-bureau", "agencies/province-bureau");
    let get = "RegistryService/GetAgencyContacts";
    let list = "RegistryService/ListAgencyContacts";
    let of = ["ReminderService/ListReminders", "ReminderService/RenderReminders"];
    let mut expected = Vec::new();
    for principal in ["submitter", "reviewer", "system"] {
        expected.extend([(principal, get, own), (principal, list, own), (principal, list, others)]);
    }
    expected.push(("system", get, others));
    for call in of {
        expected.extend([("reviewer", call, own), ("system", call, own), ("system", call, others)]);
    }
    // What a list shows of others is looked at below.
    shown.sort_unstable();
    expected.sort_unstable();
    assert_eq!(shown, expected);
    for principal in ["submitter", "reviewer"] {
        let mut client = RegistryServiceClient::new(server.client_of(principal).await);
        let listed = client.list_agency_contacts(pb::ListAgencyContactsRequest::default()).await.unwrap().into_inner();
        let names: Vec<&str> = listed.contacts.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["agencies/city-bureau/contacts"], "{principal}");
    }
    for (principal, is_shown) in [("system", Some(true)), ("security", None), ("auditor", None)] {
        let mut client = RegistryServiceClient::new(server.client_of(principal).await);
        let request = pb::RenderRegistryRequest { format: pb::RegistryFileFormat::Json.into(), contacts: true };
        let found =
            client.render_registry(request).await.map(|file| has_personal(&file.into_inner().content).is_some());
        assert_eq!(found.ok(), is_shown, "{principal}");
    }
    let journal = format!("{:?}", server.journal().await);
    assert_eq!(has_personal(journal.as_bytes()), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_and_its_reviewer_change_contacts_and_a_refusal_keeps_them_to_itself() {
    let server = Guarded::start().await;
    let submitter = server.client_of("submitter").await;
    let first = put(&submitter, contacts("agencies/city-bureau", "")).await.unwrap();
    assert_eq!(put(&submitter, contacts("agencies/city-bureau", "")).await.unwrap(), first, "the same again");
    let reviewer = server.client_of("reviewer").await;
    let seen = pb::AgencyContacts { etag: first.etag.clone(), ..contacts("agencies/city-bureau", "x") };
    let second = put(&reviewer, seen.clone()).await.unwrap();
    assert_ne!(second.etag, first.etag);
    let status = put(&submitter, pb::AgencyContacts { people: Vec::new(), ..seen }).await.unwrap_err();
    assert_eq!((status.code(), support::problem(&status).reason().as_str_name()), (Code::Aborted, "ETAG_MISMATCH"));
    // Who may not has their attempt in the journal, without the people.
    for (principal, agency) in
        [("viewer", "agencies/city-bureau"), ("auditor", "agencies/city-bureau"), ("submitter", "agencies/city-office")]
    {
        let status = put(&server.client_of(principal).await, contacts(agency, "")).await.unwrap_err();
        assert_eq!(status.code(), Code::PermissionDenied, "{principal}");
        assert_eq!(has_personal(format!("{status:?}").as_bytes()), None);
    }
    let wrong = pb::Contact { email: format!("no mail {}", PERSONAL[2]), ..contacts("", "").people[0].clone() };
    let wrong = pb::AgencyContacts { people: vec![wrong], ..contacts("agencies/city-bureau", "") };
    let status = put(&submitter, wrong).await.unwrap_err();
    assert_eq!(support::problem(&status).field_violations[0].field, "contacts.people[0].email");
    let journal = server.journal().await;
    assert_eq!(has_personal(format!("{journal:?}").as_bytes()), None);
    let told: Vec<&str> =
        journal.iter().filter(|one| one.action == "registry.contacts").map(|one| one.outcome.word()).collect();
    assert_eq!(told.iter().filter(|word| **word == "accepted").count(), 2, "{told:?}");
    assert!(told.iter().filter(|word| **word == "refused").count() >= 4, "{told:?}");
}
