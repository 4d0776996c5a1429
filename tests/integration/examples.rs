//! The examples do what they say, against a real server.

use crate::support::{AGENCIES, PROVINCE, Server, YEAR, problem, report_name};

#[allow(dead_code, reason = "its main is for who starts it")]
#[path = "../../examples/submit.rs"]
mod submit;
#[allow(dead_code, reason = "its main is for who starts it")]
#[path = "../../examples/watch.rs"]
mod watch;

#[tokio::test(flavor = "multi_thread")]
async fn the_client_that_submits_gets_a_receipt_or_the_whole_refusal() {
    let server = Server::with_registry().await;
    let name = report_name(AGENCIES[0]);
    let wrong = submit::form(YEAR, &[("requests.received.natural_person", 12), ("requests.received.total", 16)]);
    let refused = submit::submit(server.channel.clone(), &name, wrong).await.unwrap_err();
    let refused = problem(&refused);
    assert_eq!(refused.reason().as_str_name(), "REPORT_INVALID");
    assert!(refused.findings.iter().any(|finding| finding.rule == "T3-ROW-TOTAL"));
    let receipt = submit::submit(server.channel.clone(), &name, submit::form(YEAR, &[])).await.unwrap();
    assert_eq!(receipt.revision, format!("{name}/revisions/1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_that_watches_is_told_of_the_present_sum_and_of_the_next() {
    let server = Server::with_registry().await;
    let mut told = Vec::new();
    let (seen, mut wait) = tokio::sync::mpsc::unbounded_channel();
    let channel = server.channel.clone();
    let watching = tokio::spawn(async move {
        watch::watch(channel, PROVINCE, YEAR.into(), |received| {
            seen.send(received).unwrap();
            received.count == 0
        })
        .await
    });
    told.push(wait.recv().await.unwrap().count);
    server.store(crate::support::report(AGENCIES[0], 12)).await;
    told.push(wait.recv().await.unwrap().count);
    watching.await.unwrap().unwrap();
    assert_eq!(told, [0, 12]);
}
