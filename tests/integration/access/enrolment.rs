//! One-time codes: nobody but their holder sees the token, and each is good for once.

use huizong::access::Role;
use huizong::config::Limits;
use huizong::pb;
use huizong::pb::access_service_client::AccessServiceClient;
use huizong::service::{Caller, RoleChange, SignInLimits};
use jiff::{SignedDuration, Timestamp};
use tonic::{Code, Status};

use crate::access::guarded::{Client, Guarded, reason, who};
use crate::support::{self, CITY};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A credential to be that lasts an hour.
pub fn for_an_hour() -> Option<pb::Credential> {
    let expire_time = Some(huizong::wire::timestamp_to_wire(Timestamp::now() + HOUR));
    Some(pb::Credential { expire_time, ..Default::default() })
}

pub async fn enrol(by: &Client, principal: &str) -> Result<pb::CreateEnrolmentResponse, Status> {
    let parent = format!("principals/{principal}");
    let request = pb::CreateEnrolmentRequest { parent, credential: for_an_hour(), allow_missing: true };
    AccessServiceClient::new(by.clone()).create_enrolment(request).await.map(tonic::Response::into_inner)
}

/// Exchanges a code as whoever has it; `request_id` empty for none.
pub async fn exchange(holder: &Client, code: &str, request_id: &str) -> Result<pb::ExchangeEnrolmentResponse, Status> {
    let request = pb::ExchangeEnrolmentRequest { code: code.to_owned(), request_id: request_id.to_owned() };
    AccessServiceClient::new(holder.clone()).exchange_enrolment(request).await.map(tonic::Response::into_inner)
}

fn refusal<T: std::fmt::Debug>(answer: Result<T, Status>) -> String {
    reason(&answer.unwrap_err())
}

#[tokio::test]
async fn nobody_makes_a_secret_for_another() {
    let server = Guarded::start().await;
    let security = AccessServiceClient::new(server.client_of("security").await);
    let create = async |principal: &str| {
        let parent = format!("principals/{principal}");
        security.clone().create_credential(pb::CreateCredentialRequest { parent, credential: for_an_hour() }).await
    };
    for other in ["auditor", "viewer", "stranger"] {
        let refused = create(other).await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::PermissionDenied, "SECRET_OF_ANOTHER"));
    }
    let own = create("security").await.unwrap().into_inner();
    assert_eq!(who(server.client(Some(&own.token)).await).await.unwrap().principal, "security");
    let refused =
        server.journal().await.into_iter().filter(|entry| entry.detail.starts_with("SECRET_OF_ANOTHER")).count();
    assert_eq!(refused, 3);
}

#[tokio::test]
async fn a_code_is_exchanged_once_by_its_holder_and_ends_what_they_had() {
    let server = Guarded::start().await;
    let security = server.client_of("security").await;
    let before = server.token("viewer", HOUR).await;
    let working = server.client(Some(&before)).await;
    let made = enrol(&security, "viewer").await.unwrap();
    assert!(made.proposal.is_none(), "no second person is asked for without dual control");
    let to_be = made.credential.clone().unwrap();
    assert_eq!(to_be.code_expire_time, to_be.expire_time, "a code ends with what it would be exchanged for");
    who(working.clone()).await.expect("what the holder has goes on until the code is exchanged");

    let nobody = server.client(None).await;
    let exchanged = exchange(&nobody, &made.code.to_lowercase().replace('-', " "), "").await.unwrap();
    let replacement = exchanged.replacement.unwrap();
    assert_eq!((replacement.enrolled_by.as_str(), replacement.credentials), ("security", 1));
    // To who has the old one it is said by whom it was replaced, and to who has the new one that it replaced another.
    let ended = who(working).await.unwrap_err();
    assert_eq!(reason(&ended), "CREDENTIAL_REVOKED");
    assert!(ended.message().contains("was replaced on") && ended.message().contains("security"), "{ended:?}");
    let known = who(server.client(Some(&exchanged.token)).await).await.unwrap();
    assert_eq!((known.principal.as_str(), known.roles[0].kind()), ("viewer", pb::RoleKind::Viewer));
    assert_eq!(known.replacement, Some(replacement));

    let again = exchange(&nobody, &made.code, "").await.unwrap_err();
    assert_eq!((again.code(), reason(&again).as_str()), (Code::FailedPrecondition, "ENROLMENT_USED"));
    let mut wrong = made.code.clone();
    let last = wrong.pop().unwrap();
    wrong.push(if last == '0' { '1' } else { '0' });
    for wrong in [wrong.as_str(), "", "0000-0000", &exchanged.token] {
        let refused = exchange(&nobody, wrong, "").await.unwrap_err();
        assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Unauthenticated, "ENROLMENT_INVALID"));
    }
    let listed = pb::ListCredentialsRequest { parent: "principals/viewer".to_owned(), ..Default::default() };
    let listed = AccessServiceClient::new(security).list_credentials(listed).await.unwrap().into_inner();
    let secrets = [made.code.as_str(), exchanged.token.rsplit('_').next().unwrap()];
    assert!(secrets.iter().all(|secret| !format!("{listed:?}").contains(secret)));
    let by: Vec<&str> = listed.credentials.iter().map(|one| one.enrolled_by.as_str()).collect();
    assert_eq!(by.iter().filter(|by| **by == "security").count(), 1);
}

#[tokio::test]
async fn a_holder_with_a_certificate_learns_that_somebody_has_a_token_in_their_name() {
    let server = Guarded::start().await;
    let channel = server.connect(Some(&server.authority.client("viewer", 1))).await.unwrap();
    assert_eq!(who(channel.clone()).await.unwrap().replacement, None);
    let made = enrol(&server.client_of("security").await, "viewer").await.unwrap();
    let token = exchange(&server.client(None).await, &made.code, "").await.unwrap().token;
    let told = who(channel).await.unwrap().replacement.unwrap();
    assert_eq!((told.enrolled_by.as_str(), told.credentials), ("security", 0));
    assert_eq!(who(server.client(Some(&token)).await).await.unwrap().replacement, None, "nothing was replaced");
}

#[tokio::test]
async fn an_answer_that_was_lost_is_given_again_to_who_asked_and_to_nobody_else() {
    let server = Guarded::start().await;
    let made = enrol(&server.client_of("security").await, "viewer").await.unwrap();
    let nobody = server.client(None).await;
    let (own, other) = (uuid::Uuid::new_v4().to_string(), uuid::Uuid::new_v4().to_string());
    assert_eq!(refusal(exchange(&nobody, &made.code, "no uuid").await), "FIELD_INVALID");
    let first = exchange(&nobody, &made.code, &own).await.unwrap();
    let sequence = server.service.newest_sequence();
    assert_eq!(exchange(&nobody, &made.code, &own).await.unwrap(), first);
    assert_eq!(server.service.newest_sequence(), sequence, "nothing was stored for it");
    // Whoever handed the code over knows it, and not the id.
    for request_id in ["", &other] {
        assert_eq!(refusal(exchange(&nobody, &made.code, request_id).await), "ENROLMENT_USED");
    }
    let name = first.credential.unwrap().name;
    let mut security = AccessServiceClient::new(server.client_of("security").await);
    security.revoke_credential(pb::RevokeCredentialRequest { name }).await.unwrap();
    assert_eq!(refusal(exchange(&nobody, &made.code, &own).await), "ENROLMENT_USED", "the token has ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_exchanges_at_once_one_gets_a_token() {
    let server = Guarded::start().await;
    let security = server.client_of("security").await;
    for _ in 0..5 {
        let code = enrol(&security, "viewer").await.unwrap().code;
        let mut racing = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (holder, code) = (server.client(None).await, code.clone());
            racing.spawn(async move { exchange(&holder, &code, &uuid::Uuid::new_v4().to_string()).await });
        }
        let answers = racing.join_all().await;
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
        assert!(answers.iter().flat_map(|answer| answer.as_ref().err()).all(|one| reason(one) == "ENROLMENT_USED"));
    }
}

#[tokio::test]
async fn a_code_ends_with_its_time_with_the_next_one_and_with_its_principal() {
    let server = Guarded::start().await;
    let (security, nobody) = (server.client_of("security").await, server.client(None).await);
    let first = enrol(&security, "viewer").await.unwrap();
    let second = enrol(&security, "viewer").await.unwrap();
    assert_eq!(refusal(exchange(&nobody, &first.code, "").await), "ENROLMENT_ENDED");
    // The principal's last role is taken.
    let role = Some(pb::Role { kind: pb::RoleKind::Viewer.into(), scope: CITY.to_owned() });
    let viewer = "principals/viewer".to_owned();
    let mut access = AccessServiceClient::new(security.clone());
    access.revoke_role(pb::RevokeRoleRequest { principal: viewer.clone(), role: role.clone() }).await.unwrap();
    assert_eq!(refusal(exchange(&nobody, &second.code, "").await), "ENROLMENT_ENDED");
    access.grant_role(pb::GrantRoleRequest { principal: viewer, role, allow_missing: false }).await.unwrap();
    assert_eq!(refusal(exchange(&nobody, &second.code, "").await), "ENROLMENT_ENDED", "and comes not back with one");
    // It is called off.
    let third = enrol(&security, "viewer").await.unwrap();
    let name = third.credential.unwrap().name;
    let ended = access.revoke_credential(pb::RevokeCredentialRequest { name }).await.unwrap().into_inner();
    assert!(ended.credential.unwrap().revoke_time.is_some());
    assert_eq!(refusal(exchange(&nobody, &third.code, "").await), "ENROLMENT_ENDED");
    // Its time is over: no code outlives the credential that it would become.
    let new = huizong::service::NewCredential {
        principal: "viewer".parse().unwrap(),
        note: String::new(),
        expires: Timestamp::now() + SignedDuration::from_millis(100),
    };
    let (_, code, _) = server.service.enrol(new, true, &Caller::internal("test")).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(120)).await;
    assert_eq!(refusal(exchange(&nobody, &code.reveal(), "").await), "ENROLMENT_ENDED");
}

#[tokio::test]
async fn a_code_that_is_guessed_at_ends_and_who_guesses_is_told_to_wait() {
    let limits = SignInLimits { failures: 5, ..SignInLimits::default() };
    let server = Guarded::with(Limits::default(), 10_000, limits).await;
    let security = server.client_of("security").await;
    let [aimed_at, other] =
        [enrol(&security, "viewer").await.unwrap().code, enrol(&security, "reviewer").await.unwrap().code];
    let nobody = server.client(None).await;
    let mut reasons = Vec::new();
    // The first letters name the enrolment, the others are guessed.
    for guess in 0..10 {
        let guess = format!("{}{guess:017}", &aimed_at.replace('-', "")[..15]);
        reasons.push(refusal(exchange(&nobody, &guess, "").await));
    }
    assert!(reasons[..5].iter().all(|reason| reason == "ENROLMENT_INVALID"), "{reasons:?}");
    assert!(reasons[5..].iter().all(|reason| reason == "RATE_EXCEEDED"), "{reasons:?}");
    assert_eq!(refusal(exchange(&nobody, &aimed_at, "").await), "ENROLMENT_ENDED");
    exchange(&nobody, &other, "").await.expect("who guesses keeps nobody out");
    let ended = server.journal().await.into_iter().find(|entry| entry.action == "credential.revoke").unwrap();
    assert!(ended.detail.contains("wrong secrets"), "{ended:?}");
    let (failures, lock_outs) = server.service.sign_in_counts();
    assert_eq!((failures, lock_outs), (10, 1));
}

#[tokio::test]
async fn who_shows_to_be_somebody_else_does_not_exchange_a_code() {
    let server = Guarded::start().await;
    let security = server.client_of("security").await;
    let code = enrol(&security, "viewer").await.unwrap().code;
    assert_eq!(refusal(exchange(&security, &code, "").await), "PERMISSION_DENIED");
    let own = server.client_of("viewer").await;
    exchange(&own, &code, "").await.expect("its holder may show what they have");
}

#[tokio::test]
async fn the_holder_of_a_code_can_do_what_the_principal_may() {
    let server = Guarded::start().await;
    let internal = Caller::internal("test");
    let role = Role::parse("submitter", "agencies/city-bureau").unwrap();
    let security = server.client_of("security").await;
    // Before the role or after it, as the office goes about it.
    let code = enrol(&security, "machine").await.unwrap().code;
    server
        .service
        .change_role("machine".parse().unwrap(), role, RoleChange::Grant { allow_missing: true }, &internal)
        .await
        .unwrap();
    let token = exchange(&server.client(None).await, &code, "").await.unwrap().token;
    let client = server.client(Some(&token)).await;
    let mut reports = pb::report_service_client::ReportServiceClient::new(client);
    reports.submit_report(support::submission(support::report("agencies/city-bureau", 3))).await.unwrap();
}
