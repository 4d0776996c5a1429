//! Too much at once is refused at once, and the caller is told when to try again.

use huizong::config::Limits;
use huizong::pb;
use huizong::pb::form_service_client::FormServiceClient;
use huizong::pb::operations_service_client::OperationsServiceClient;
use huizong::pb::rollup_service_client::RollupServiceClient;
use huizong::service::SignInLimits;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::access::guarded::{Guarded, reason, who};
use crate::support::{self, CITY};

async fn guarded(limits: Limits) -> Guarded {
    Guarded::with(limits, 100, SignInLimits::default()).await
}

#[tokio::test]
async fn a_principal_that_calls_too_often_is_told_when_to_try_again_and_others_are_served() {
    let server = guarded(Limits { calls_per_second_per_principal: 1, ..Limits::default() }).await;
    let client = server.client_of("viewer").await;
    let mut refused = None;
    for _ in 0..20 {
        if let Err(status) = who(client.clone()).await {
            refused = Some(status);
            break;
        }
    }
    let refused = refused.expect("a rate");
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::ResourceExhausted, "RATE_EXCEEDED"));
    assert!(refused.get_details_retry_info().unwrap().retry_delay.is_some());
    who(server.client_of("reviewer").await).await.unwrap();
}

#[tokio::test]
async fn more_calls_than_the_service_takes_are_refused_and_health_is_answered() {
    let server = guarded(Limits { calls: 1, ..Limits::default() }).await;
    let client = server.client_of("viewer").await;
    let query = support::question(CITY, support::YEAR, "requests.received", &[]);
    let mut rollups = RollupServiceClient::new(client.clone());
    let watch = rollups.watch_rollup(crate::support::watched(query)).await;
    let mut watch = watch.unwrap().into_inner();
    watch.message().await.unwrap().unwrap();
    let refused = who(client.clone()).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Unavailable, "OVERLOADED"));
    assert!(refused.get_details_retry_info().unwrap().retry_delay.is_some());
    // Without credentials, too: health alone is exempt.
    let mut services = OperationsServiceClient::new(server.client(None).await);
    let refused = services.get_service_info(pb::GetServiceInfoRequest::default()).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::Unavailable, "OVERLOADED"));
    let mut health = tonic_health::pb::health_client::HealthClient::new(server.client(None).await);
    health.check(tonic_health::pb::HealthCheckRequest::default()).await.unwrap();
    drop(watch);
    let mut attempts = 0;
    while who(client.clone()).await.is_err() {
        attempts += 1;
        assert!(attempts < 200, "a stream that has ended still counts");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn one_principal_does_not_take_the_watches_of_others() {
    let server = guarded(Limits { watches_per_principal: 1, ..Limits::default() }).await;
    let query = support::question(CITY, support::YEAR, "requests.received", &[]);
    let request = crate::support::watched(query);
    let client = server.client_of("viewer").await;
    let mut viewer = RollupServiceClient::new(client.clone());
    let mut first = viewer.watch_rollup(request.clone()).await.unwrap().into_inner();
    first.message().await.unwrap().unwrap();
    let refused = viewer.watch_rollup(request.clone()).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::ResourceExhausted, "TOO_MANY"));
    RollupServiceClient::new(server.client_of("reviewer").await).watch_rollup(request.clone()).await.unwrap();
    drop(first);
    let mut attempts = 0;
    while viewer.watch_rollup(request.clone()).await.is_err() {
        attempts += 1;
        assert!(attempts < 200, "a watch that has ended still counts");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_message_that_is_too_long_is_refused() {
    let server = guarded(Limits { message_bytes: 1024, ..Limits::default() }).await;
    let mut forms = FormServiceClient::new(server.client_of("submitter").await);
    let request = pb::ReadDocumentRequest { content: vec![b'x'; 4096], ..Default::default() };
    assert_eq!(forms.read_document(request).await.unwrap_err().code(), Code::OutOfRange);
}
