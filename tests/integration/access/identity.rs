//! Who is taken for whom, and who is turned away.

use huizong::access::Role;
use huizong::pb;
use huizong::pb::access_service_client::AccessServiceClient;
use huizong::service::{Caller, RoleChange, SignInLimits};
use jiff::SignedDuration;
use tonic::Code;

use crate::access::guarded::{Authority, Guarded, reason, who};
use crate::support;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

#[tokio::test]
async fn a_token_and_a_certificate_name_the_same_principal() {
    let server = Guarded::start().await;
    let by_token = who(server.client_of("viewer").await).await.unwrap();
    let certificate = server.authority.client("viewer", 1);
    let by_certificate = who(server.connect(Some(&certificate)).await.unwrap()).await.unwrap();
    assert_eq!(by_token, by_certificate);
    assert_eq!((by_token.principal.as_str(), by_token.unrestricted), ("viewer", false));
    assert_eq!(by_token.roles[0].kind(), pb::RoleKind::Viewer);
}

#[tokio::test]
async fn no_wrong_expired_and_revoked_tokens_are_refused() {
    let server = Guarded::start().await;
    let refusal = async |token: Option<&str>| who(server.client(token).await).await.unwrap_err();
    let none = refusal(None).await;
    assert_eq!((none.code(), reason(&none).as_str()), (Code::Unauthenticated, "CREDENTIALS_REQUIRED"));

    let good = server.token("viewer", HOUR).await;
    let mut wrong = good.clone();
    let last = wrong.pop().unwrap();
    wrong.push(if last == '0' { '1' } else { '0' });
    for wrong in [wrong.as_str(), "", "huizong_", "x"] {
        let refused = refusal(Some(wrong)).await;
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::Unauthenticated, "CREDENTIAL_INVALID"),
            "{wrong}"
        );
    }

    let brief = server.token("viewer", SignedDuration::from_millis(400)).await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert_eq!(reason(&refusal(Some(&brief)).await), "CREDENTIAL_EXPIRED");

    // On the connection that it was taken on before.
    let client = server.client(Some(&good)).await;
    who(client.clone()).await.unwrap();
    let mut security = AccessServiceClient::new(server.client_of("security").await);
    let id = good.split('_').nth(1).unwrap();
    let name = format!("principals/viewer/credentials/{id}");
    security.revoke_credential(pb::RevokeCredentialRequest { name: name.clone() }).await.unwrap();
    assert_eq!(reason(&who(client).await.unwrap_err()), "CREDENTIAL_REVOKED");

    let listed = pb::ListCredentialsRequest { parent: "principals/viewer".to_owned(), ..Default::default() };
    let listed = security.list_credentials(listed).await.unwrap().into_inner();
    let revoked = listed.credentials.iter().find(|credential| credential.name == name).unwrap();
    assert!(revoked.revoke_time.is_some());
    let secret = good.rsplit('_').next().unwrap();
    assert!(!format!("{listed:?}").contains(secret));
}

#[tokio::test]
async fn certificates_of_another_authority_and_revoked_ones_are_refused() {
    let server = Guarded::start().await;
    let call = async |issued: crate::access::guarded::Issued| match server.connect(Some(&issued)).await {
        // With TLS 1.3 the client learns of it with its first call.
        Ok(channel) => who(channel).await.map(|known| known.principal).map_err(|status| status.to_string()),
        Err(error) => Err(error.to_string()),
    };
    assert_eq!(call(server.authority.client("viewer", 1)).await.unwrap(), "viewer");
    assert!(call(Authority::new("test authority").client("viewer", 1)).await.is_err());
    assert!(call(server.authority.client("viewer", 99)).await.is_err(), "99 is on the list");
    let mut expired = Authority::client_params("viewer", 2);
    (expired.not_before, expired.not_after) = (rcgen::date_time_ymd(2020, 1, 1), rcgen::date_time_ymd(2021, 1, 1));
    assert!(call(server.authority.issue(expired)).await.is_err());
}

#[tokio::test]
async fn a_certificate_that_names_nobody_known_may_do_nothing() {
    let server = Guarded::start().await;
    for name in ["stranger", "Not a name"] {
        let channel = server.connect(Some(&server.authority.client(name, 1))).await.unwrap();
        let refused = who(channel).await.unwrap_err();
        assert!(matches!(refused.code(), Code::PermissionDenied | Code::Unauthenticated), "{refused}");
    }
}

#[tokio::test]
async fn a_role_withdrawn_holds_no_longer_on_an_open_connection() {
    let server = Guarded::start().await;
    let client = server.client_of("viewer").await;
    who(client.clone()).await.unwrap();
    let role = Role::parse("viewer", support::CITY).unwrap();
    server
        .service
        .change_role("viewer".parse().unwrap(), role, RoleChange::Withdraw, &Caller::internal("test"))
        .await
        .unwrap();
    assert_eq!(who(client).await.unwrap_err().code(), Code::PermissionDenied);
}

#[tokio::test]
async fn who_guesses_is_told_to_wait_and_keeps_nobody_out() {
    let limits = SignInLimits { failures: 3, ..SignInLimits::default() };
    let server = Guarded::with(huizong::config::Limits::default(), 100, limits).await;
    let good = server.token("viewer", HOUR).await;
    for _ in 0..3 {
        let refused = who(server.client(Some("guess")).await).await.unwrap_err();
        assert_eq!(reason(&refused), "CREDENTIAL_INVALID");
    }
    let refused = who(server.client(Some("guess")).await).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::ResourceExhausted, "RATE_EXCEEDED"));
    assert_eq!(who(server.client(Some(&good)).await).await.unwrap().principal, "viewer");
}

#[tokio::test]
async fn security_administrators_grant_roles_but_not_to_themselves_and_not_two_powers() {
    let server = Guarded::start().await;
    let mut security = AccessServiceClient::new(server.client_of("security").await);
    let mut grant = async |principal: &str, kind: pb::RoleKind, scope: &str| {
        let role = Some(pb::Role { kind: kind.into(), scope: scope.to_owned() });
        let request = pb::GrantRoleRequest { principal: format!("principals/{principal}"), role, allow_missing: true };
        let granted = security.grant_role(request).await;
        granted.map(|granted| granted.into_inner().principal.unwrap()).map_err(|status| reason(&status))
    };
    assert_eq!(grant("new", pb::RoleKind::Viewer, support::COUNTY).await.unwrap().roles.len(), 1);
    assert_eq!(grant("new", pb::RoleKind::Viewer, "").await.unwrap_err(), "ROLE_INVALID");
    assert_eq!(grant("security", pb::RoleKind::Viewer, support::CITY).await.unwrap_err(), "OWN_ROLES");
    assert_eq!(grant("system", pb::RoleKind::Auditor, "").await.unwrap_err(), "TWO_POWERS");
    assert_eq!(grant("auditor", pb::RoleKind::SecurityAdministrator, "").await.unwrap_err(), "TWO_POWERS");
    assert_eq!(grant("system", pb::RoleKind::Viewer, support::CITY).await.unwrap_err(), "TWO_POWERS");
    assert_eq!(grant("viewer", pb::RoleKind::Auditor, "").await.unwrap_err(), "TWO_POWERS");
}
