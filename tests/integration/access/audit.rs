//! Every refused call is in the journal with who, from where, what, about what, and why.

use huizong::config::Limits;
use huizong::pb;
use huizong::pb::access_service_client::AccessServiceClient;
use huizong::pb::operations_service_client::OperationsServiceClient;
use huizong::pb::registry_service_client::RegistryServiceClient;
use huizong::pb::report_service_client::ReportServiceClient;
use huizong::service::SignInLimits;
use huizong::store::{JournalEntry, Outcome};

use crate::access::guarded::{Guarded, reason, who};
use crate::support::{self, CITY};

/// Who and from where, what, about what, why: of the refusals since.
fn refusals(journal: &[JournalEntry], since: usize) -> Vec<[String; 4]> {
    let refused = journal[since..].iter().filter(|entry| entry.outcome == Outcome::Refused);
    refused
        .map(|entry| {
            let why = entry.detail.lines().next().unwrap_or_default();
            [entry.actor.clone(), entry.action.clone(), entry.subject.clone(), why.to_owned()]
        })
        .collect()
}

#[tokio::test]
async fn refusals_of_permission_of_the_registry_and_of_malformed_calls_are_in_the_journal() {
    let server = Guarded::start().await;
    let (submitter, system) = (server.client_of("submitter").await, server.client_of("system").await);
    let since = server.journal().await.len();
    let other = "agencies/province-bureau/reports/2022";
    let mut reports = ReportServiceClient::new(submitter.clone());
    reports.get_report(pb::GetReportRequest { name: other.to_owned(), ..Default::default() }).await.unwrap_err();
    reports.submit_report(support::submission(support::report("agencies/province-bureau", 1))).await.unwrap_err();
    // Permitted, and malformed: no form.
    let own = pb::Report { name: support::report_name("agencies/city-bureau"), ..Default::default() };
    reports.submit_report(support::submission(own)).await.unwrap_err();
    let mut registry = RegistryServiceClient::new(system);
    let again = pb::Jurisdiction {
        name: CITY.to_owned(),
        parent: support::PROVINCE.to_owned(),
        display_name: "别市".to_owned(),
        level: pb::Level::City.into(),
        first_year: 2019,
        ..Default::default()
    };
    let create =
        pb::CreateJurisdictionRequest { jurisdiction: Some(again), validate_only: false, ..Default::default() };
    registry.create_jurisdiction(create).await.unwrap_err();
    // Without the right to the call at all, and without credentials.
    RegistryServiceClient::new(submitter)
        .apply_registry_changes(pb::ApplyRegistryChangesRequest::default())
        .await
        .unwrap_err();
    who(server.client(None).await).await.unwrap_err();

    let journal = server.journal().await;
    let entry = |actor: &str, action: &str, subject: &str, detail: &str| {
        [format!("{actor} 127.0.0.1"), action.to_owned(), subject.to_owned(), detail.to_owned()]
    };
    assert_eq!(
        refusals(&journal, since),
        [
            entry("submitter", "report.get", other, "PERMISSION_DENIED"),
            entry("submitter", "report.submit", other, "PERMISSION_DENIED"),
            entry("submitter", "report.submit", "agencies/city-bureau/reports/2022", "FIELD_REQUIRED"),
            entry("system", "registry.apply", CITY, "JURISDICTION_EXISTS"),
            entry("submitter", "registry.apply", "", "PERMISSION_DENIED"),
            entry("unauthenticated", "caller.get", "", "CREDENTIALS_REQUIRED"),
        ]
    );
    for pair in journal.windows(2) {
        assert_eq!(pair[1].previous, pair[0].chain);
    }
}

#[tokio::test]
async fn a_flood_of_refusals_is_counted_rather_than_recorded() {
    let server = Guarded::with(Limits::default(), 5, SignInLimits::default()).await;
    let since = server.journal().await.len();
    let client = server.client(None).await;
    for _ in 0..50 {
        who(client.clone()).await.unwrap_err();
    }
    assert_eq!(refusals(&server.journal().await, since).len(), 5);
    server.service.record_left_out().await.unwrap();
    let last = refusals(&server.journal().await, since).pop().unwrap();
    assert_eq!(last[1..3], ["refusals.left_out", "127.0.0.1"]);
    assert_eq!(last[3], "caller.get 45");
}

#[tokio::test]
async fn whoever_is_given_a_backup_is_in_the_journal_before_it_is_and_in_the_backup() {
    let server = Guarded::start().await;
    let mut system = OperationsServiceClient::new(server.client_of("system").await);
    let since = server.journal().await.len();
    let mut parts = system.create_backup(pb::CreateBackupRequest::default()).await.unwrap().into_inner();
    let journal = server.journal().await;
    let [entry] = &journal[since..] else { panic!("{journal:?}") };
    assert_eq!((entry.actor.as_str(), entry.action.as_str()), ("system 127.0.0.1", "backup.create"));
    assert_eq!(entry.outcome, Outcome::Accepted);
    assert_eq!(parts.message().await.unwrap().unwrap().as_of, i64::try_from(entry.sequence).unwrap());
}

#[tokio::test]
async fn changes_of_roles_and_credentials_are_in_the_journal_without_secrets() {
    let server = Guarded::start().await;
    let mut security = pb::access_service_client::AccessServiceClient::new(server.client_of("security").await);
    let since = server.journal().await.len();
    let role = Some(pb::Role { kind: pb::RoleKind::Viewer.into(), scope: CITY.to_owned() });
    let grant = pb::GrantRoleRequest { principal: "principals/new".to_owned(), role, allow_missing: true };
    security.grant_role(grant.clone()).await.unwrap();
    security.grant_role(grant).await.unwrap();
    let expire_time =
        Some(huizong::wire::timestamp_to_wire(jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1)));
    let credential = Some(pb::Credential { expire_time, ..Default::default() });
    let enrol = pb::CreateEnrolmentRequest { parent: "principals/new".to_owned(), credential, allow_missing: true };
    let code = security.create_enrolment(enrol).await.unwrap().into_inner().code;
    let mut holder = AccessServiceClient::new(server.client(None).await);
    let exchange = pb::ExchangeEnrolmentRequest { code: code.clone(), ..Default::default() };
    let made = holder.exchange_enrolment(exchange).await.unwrap().into_inner();
    let journal = server.journal().await;
    let actions: Vec<_> = journal[since..].iter().map(|entry| (entry.action.as_str(), entry.subject.clone())).collect();
    let name = made.credential.unwrap().name;
    assert_eq!(
        actions,
        [
            ("access.grant", "principals/new".to_owned()),
            ("credential.enrol", name.clone()),
            ("credential.exchange", name)
        ]
    );
    let who: Vec<&str> = journal[since + 1..].iter().map(|entry| entry.actor.as_str()).collect();
    assert_eq!(who, ["security 127.0.0.1", "new 127.0.0.1"], "who exchanges a code is its holder");
    for secret in [code.as_str(), &code.replace('-', ""), made.token.rsplit('_').next().unwrap()] {
        assert!(!format!("{journal:?}").contains(secret));
    }
}

#[tokio::test]
async fn a_role_over_what_is_not_registered_is_refused() {
    let server = Guarded::start().await;
    let mut security = AccessServiceClient::new(server.client_of("security").await);
    for (kind, scope, expected) in [
        (pb::RoleKind::Submitter, "agencies/no-such-agency", "AGENCY_NOT_FOUND"),
        (pb::RoleKind::Submitter, "jurisdictions/990000", "JURISDICTION_NOT_FOUND"),
        (pb::RoleKind::Reviewer, "jurisdictions/990000", "JURISDICTION_NOT_FOUND"),
        (pb::RoleKind::Viewer, "jurisdictions/990000", "JURISDICTION_NOT_FOUND"),
    ] {
        let role = Some(pb::Role { kind: kind.into(), scope: scope.to_owned() });
        let request = pb::GrantRoleRequest { principal: "principals/new".to_owned(), role, allow_missing: true };
        let refused = security.grant_role(request).await.unwrap_err();
        assert_eq!(reason(&refused), expected, "{scope}");
    }
}
