//! Dual control: nobody becomes an administrator, or makes one, alone.

use huizong::access::Role;
use huizong::pb;
use huizong::pb::access_service_client::AccessServiceClient;
use huizong::service::{AccessPolicy, Caller, RoleChange};
use huizong::store::Outcome;
use jiff::SignedDuration;
use tonic::{Code, Response, Status};

use crate::access::enrolment::{enrol, exchange};
use crate::access::guarded::{Client, Guarded, reason, who};
use crate::support::CITY;

/// A server with the three powers in three hands: `security`, `system` and `auditor`.
async fn by_two() -> Guarded {
    Guarded::governed(AccessPolicy { dual_control: true, ..AccessPolicy::default() }).await
}

fn access(client: &Client) -> AccessServiceClient<Client> {
    AccessServiceClient::new(client.clone())
}

async fn grant(by: &Client, principal: &str, kind: pb::RoleKind) -> Result<pb::GrantRoleResponse, Status> {
    let scope = if kind == pb::RoleKind::Viewer { CITY.to_owned() } else { String::new() };
    let role = Some(pb::Role { kind: kind.into(), scope });
    let request = pb::GrantRoleRequest { principal: format!("principals/{principal}"), role, allow_missing: true };
    access(by).grant_role(request).await.map(Response::into_inner)
}

async fn confirm(by: &Client, proposal: &pb::Proposal) -> Result<pb::Principal, Status> {
    let request = pb::ConfirmProposalRequest { name: proposal.name.clone() };
    access(by).confirm_proposal(request).await.map(|answer| answer.into_inner().principal.unwrap())
}

async fn waiting(by: &Client) -> Vec<pb::Proposal> {
    access(by).list_proposals(pb::ListProposalsRequest::default()).await.unwrap().into_inner().proposals
}

fn is_refused<T: std::fmt::Debug>(answer: Result<T, Status>, why: &str) {
    let status = answer.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::PermissionDenied, "SECOND_PERSON_REQUIRED"));
    let problem = crate::support::problem(&status);
    let [message, remedy] = [problem.message, problem.remedy].map(|text| text.unwrap().en);
    assert!(message.contains(why) || remedy.contains(why), "{status:?}");
}

#[tokio::test]
async fn a_power_waits_for_a_second_person_who_holds_another() {
    let server = by_two().await;
    let [security, system, auditor] =
        [server.client_of("security").await, server.client_of("system").await, server.client_of("auditor").await];
    let asked = grant(&security, "new", pb::RoleKind::SystemAdministrator).await.unwrap();
    let proposal = asked.proposal.unwrap();
    assert!(asked.principal.unwrap().roles.is_empty(), "nothing was given yet");
    assert_eq!(proposal.asked_by, "principals/security");
    let again = grant(&security, "new", pb::RoleKind::SystemAdministrator).await.unwrap();
    assert_eq!(again.proposal.as_ref(), Some(&proposal), "the same again is the same proposal");
    for administrator in [&security, &system, &auditor] {
        assert_eq!(waiting(administrator).await, std::slice::from_ref(&proposal));
    }
    is_refused(confirm(&security, &proposal).await, "you asked for it yourself");
    let principal = confirm(&auditor, &proposal).await.unwrap();
    assert_eq!(principal.roles[0].kind(), pb::RoleKind::SystemAdministrator);
    assert!(waiting(&security).await.is_empty());
    let gone = confirm(&system, &proposal).await.unwrap_err();
    assert_eq!((gone.code(), reason(&gone).as_str()), (Code::NotFound, "PROPOSAL_NOT_FOUND"));

    let journal = server.journal().await;
    let accepted = journal.iter().filter(|entry| entry.outcome == Outcome::Accepted);
    let of_grant: Vec<_> = accepted.filter(|entry| entry.subject == "principals/new").collect();
    let said: Vec<_> = of_grant.iter().map(|entry| (entry.actor.as_str(), entry.action.as_str())).collect();
    assert_eq!(said, [("security 127.0.0.1", "access.propose"), ("auditor 127.0.0.1", "access.confirm")]);
    assert_eq!(of_grant[1].detail, "system-administrator, asked for by security");
}

#[tokio::test]
async fn what_gives_no_power_waits_for_nobody() {
    let server = by_two().await;
    let security = server.client_of("security").await;
    let granted = grant(&security, "reader", pb::RoleKind::Viewer).await.unwrap();
    assert!(granted.proposal.is_none() && granted.principal.unwrap().roles.len() == 1);
    let code = enrol(&security, "reader").await.unwrap();
    assert!(code.proposal.is_none());
    exchange(&server.client(None).await, &code.code, "").await.unwrap();
}

#[tokio::test]
async fn what_was_declined_or_waited_too_long_is_not_done() {
    let server = by_two().await;
    let (security, auditor) = (server.client_of("security").await, server.client_of("auditor").await);
    let asked = grant(&security, "new", pb::RoleKind::SystemAdministrator).await.unwrap().proposal.unwrap();
    let decline = pb::DeclineProposalRequest { name: asked.name.clone() };
    access(&auditor).decline_proposal(decline).await.unwrap();
    assert_eq!(reason(&confirm(&auditor, &asked).await.unwrap_err()), "PROPOSAL_NOT_FOUND");
    let brief =
        AccessPolicy { dual_control: true, proposal_life: SignedDuration::from_millis(200), ..AccessPolicy::default() };
    let server = Guarded::governed(brief).await;
    let (security, auditor) = (server.client_of("security").await, server.client_of("auditor").await);
    let asked = grant(&security, "new", pb::RoleKind::SystemAdministrator).await.unwrap().proposal.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(reason(&confirm(&auditor, &asked).await.unwrap_err()), "PROPOSAL_NOT_FOUND");
    assert!(waiting(&auditor).await.is_empty());
    grant(&security, "new", pb::RoleKind::SystemAdministrator).await.unwrap().proposal.expect("it is asked for anew");
}

#[tokio::test]
async fn an_administrator_s_code_waits_for_a_second_person() {
    let server = by_two().await;
    let [security, system, auditor] =
        [server.client_of("security").await, server.client_of("system").await, server.client_of("auditor").await];
    let nobody = server.client(None).await;
    let made = enrol(&security, "auditor").await.unwrap();
    let proposal = made.proposal.unwrap();
    assert_eq!(proposal.credential, made.credential.unwrap().name);
    assert_eq!(reason(&exchange(&nobody, &made.code, "").await.unwrap_err()), "ENROLMENT_UNCONFIRMED");
    who(auditor.clone()).await.expect("the one whom it is about goes on");
    is_refused(confirm(&auditor, &proposal).await, "it is about yourself");
    confirm(&system, &proposal).await.unwrap();
    let token = exchange(&nobody, &made.code, "").await.unwrap();
    let told = token.replacement.unwrap();
    assert_eq!((told.enrolled_by.as_str(), told.confirmed_by.as_str(), told.credentials), ("security", "system", 1));
    // Enrolled by two, it is the second person for who asked for its code.
    let auditor = server.client(Some(&token.token)).await;
    let asked = grant(&security, "new", pb::RoleKind::SystemAdministrator).await.unwrap().proposal.unwrap();
    confirm(&auditor, &asked).await.unwrap();
    // What is declined cannot be exchanged.
    let made = enrol(&security, "system").await.unwrap();
    let name = made.proposal.unwrap().name;
    access(&auditor).decline_proposal(pb::DeclineProposalRequest { name }).await.unwrap();
    assert_eq!(reason(&exchange(&nobody, &made.code, "").await.unwrap_err()), "ENROLMENT_ENDED");
}

/// A security administrator who is alone, and does everything that one can.
#[tokio::test]
async fn a_security_administrator_alone_does_not_become_a_second_person() {
    let server = by_two().await;
    let (security, auditor) = (server.client_of("security").await, server.client_of("auditor").await);
    let nobody = server.client(None).await;

    // A second self, enrolled before it has a power, which is given to it then: it does not confirm for its maker.
    let code = enrol(&security, "self").await.unwrap().code;
    let second_self = server.client(Some(&exchange(&nobody, &code, "").await.unwrap().token)).await;
    let asked = grant(&security, "self", pb::RoleKind::SystemAdministrator).await.unwrap().proposal.unwrap();
    let denied = confirm(&second_self, &asked).await.unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
    confirm(&auditor, &asked).await.expect("somebody was persuaded");
    let mine = grant(&security, "third", pb::RoleKind::Auditor).await.unwrap().proposal.unwrap();
    is_refused(confirm(&second_self, &mine).await, "enrolled the other alone");

    // A code that was made before the power, and is exchanged after it.
    let code = enrol(&security, "later").await.unwrap();
    assert!(code.proposal.is_none());
    let asked = grant(&security, "later", pb::RoleKind::SystemAdministrator).await.unwrap().proposal.unwrap();
    confirm(&auditor, &asked).await.unwrap();
    assert_eq!(reason(&exchange(&nobody, &code.code, "").await.unwrap_err()), "ENROLMENT_UNCONFIRMED");

    // The power is withdrawn from another, who is enrolled anew while they hold none, and asked for again.
    let role = Some(pb::Role { kind: pb::RoleKind::SystemAdministrator.into(), scope: String::new() });
    let withdraw = pb::RevokeRoleRequest { principal: "principals/system".to_owned(), role };
    access(&security).revoke_role(withdraw).await.unwrap();
    let code = enrol(&security, "system").await.unwrap().code;
    let taken_over = server.client(Some(&exchange(&nobody, &code, "").await.unwrap().token)).await;
    assert!(confirm(&taken_over, &mine).await.is_err(), "it holds no power");
    let asked = grant(&security, "system", pb::RoleKind::SystemAdministrator).await.unwrap().proposal.unwrap();
    assert!(confirm(&taken_over, &asked).await.is_err());
    confirm(&auditor, &asked).await.expect("somebody was persuaded");
    is_refused(confirm(&taken_over, &mine).await, "enrolled the other alone");

    // Another security administrator is no second person, and what was asked for by one who has gone is not done.
    let internal = Caller::internal("test");
    let (colleague, power) = ("colleague".parse().unwrap(), Role::parse("security-administrator", "").unwrap());
    server
        .service
        .change_role(colleague, power.clone(), RoleChange::Grant { allow_missing: true }, &internal)
        .await
        .unwrap();
    let colleague = server.client_of("colleague").await;
    is_refused(confirm(&colleague, &mine).await, "you hold neither");
    server.service.change_role("security".parse().unwrap(), power, RoleChange::Withdraw, &internal).await.unwrap();
    is_refused(confirm(&auditor, &mine).await, "is no longer a security administrator");

    let third = access(&colleague).list_principals(pb::ListPrincipalsRequest::default()).await.unwrap();
    let third = third.into_inner().principals.into_iter().find(|one| one.name == "principals/third");
    assert!(third.is_none_or(|third| third.roles.is_empty()));
}

#[tokio::test]
async fn what_would_join_powers_is_refused_when_it_is_asked_for_and_when_it_is_confirmed() {
    let server = by_two().await;
    let (security, auditor) = (server.client_of("security").await, server.client_of("auditor").await);
    let refused = grant(&security, "viewer", pb::RoleKind::SystemAdministrator).await.unwrap_err();
    assert_eq!(reason(&refused), "TWO_POWERS");
    let asked = grant(&security, "new", pb::RoleKind::SystemAdministrator).await.unwrap().proposal.unwrap();
    grant(&security, "new", pb::RoleKind::Viewer).await.unwrap();
    assert_eq!(reason(&confirm(&auditor, &asked).await.unwrap_err()), "TWO_POWERS");
    assert_eq!(waiting(&auditor).await, [asked], "it waits until the other role is withdrawn, or it ends");
}

#[tokio::test]
async fn changes_are_counted_apart_for_administrators() {
    let server = by_two().await;
    let count = |change: &str, of_administrator: bool| {
        let counts = server.service.access_changes();
        counts.into_iter().find(|(kind, of, _)| (*kind, *of) == (change, of_administrator)).unwrap().2
    };
    let (security, auditor) = (server.client_of("security").await, server.client_of("auditor").await);
    let before = (count("grant", true), count("grant", false));
    let asked = grant(&security, "new", pb::RoleKind::SystemAdministrator).await.unwrap().proposal.unwrap();
    assert_eq!((count("propose", true), count("grant", true)), (1, before.0));
    confirm(&auditor, &asked).await.unwrap();
    grant(&security, "reader", pb::RoleKind::Viewer).await.unwrap();
    assert_eq!((count("grant", true), count("grant", false)), (before.0 + 1, before.1 + 1));
    let code = enrol(&security, "reader").await.unwrap().code;
    exchange(&server.client(None).await, &code, "").await.unwrap();
    assert_eq!((count("enrol", false), count("exchange", false)), (1, 1));
    let made = enrol(&security, "new").await.unwrap();
    confirm(&auditor, &made.proposal.unwrap()).await.unwrap();
    exchange(&server.client(None).await, &made.code, "").await.unwrap();
    assert_eq!((count("enrol", true), count("confirm", true), count("exchange", true)), (1, 1, 1));
}
