//! A client that is told of every change of a sum, and goes on after a lost connection.
//!
//! ```sh
//! cargo run --example watch -- http://127.0.0.1:7411 jurisdictions/230000 2022
//! ```

use std::time::Duration;

use huizong::pb;
use huizong::pb::cell_value::Value;
use huizong::pb::rollup_service_client::RollupServiceClient;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

/// The requests received within a place and year, as of a journal sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    pub as_of: i64,
    pub count: i64,
}

/// Tells `each` of the present sum and of each later one, until it answers `false`.
///
/// # Errors
/// The end of the stream as the service says it: UNAVAILABLE where it stops, and the watch may begin anew.
pub async fn watch(
    channel: Channel,
    jurisdiction: &str,
    year: i32,
    mut each: impl FnMut(Received) -> bool,
) -> Result<(), Status> {
    let request = pb::WatchRollupRequest {
        scope: Some(pb::Scope { jurisdiction: jurisdiction.to_owned(), ..Default::default() }),
        first_year: year,
        measures: vec!["requests.received".to_owned()],
        ..Default::default()
    };
    let mut answers = RollupServiceClient::new(channel).watch_rollup(request).await?.into_inner();
    while let Some(told) = answers.message().await? {
        let answer = told.answer.unwrap_or_default();
        let counts = answer.rows.iter().filter_map(|row| match row.value.as_ref()?.value.as_ref()? {
            Value::Count(count) => Some(*count),
            _ => None,
        });
        if !each(Received { as_of: answer.as_of, count: counts.sum() }) {
            return Ok(());
        }
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, jurisdiction, year] = arguments.as_slice() else {
        return Err("give the address of the service, a jurisdiction and a year".into());
    };
    // Connects when it is first needed, and again after each loss.
    let channel = Endpoint::from_shared(url.clone())?.connect_lazy();
    let year = year.parse()?;
    loop {
        let print = |received: Received| {
            println!("{} {}", received.as_of, received.count);
            true
        };
        if let Err(status) = watch(channel.clone(), jurisdiction, year, print).await {
            eprintln!("{}: {}", status.code(), status.message());
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
