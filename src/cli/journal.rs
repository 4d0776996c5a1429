//! `huizong journal`: what happened.

use clap::Args;

use crate::pb;
use crate::pb::operations_service_client::OperationsServiceClient;

use super::client::{Server, connect, refused};
use super::output::{Listing, print_json, time_text};
use super::{Format, Outcome};

#[derive(Args)]
pub struct Journal {
    /// Entries after this sequence number.
    #[arg(long, default_value_t = 0)]
    after: i64,
    /// At most this many, up to 1,000.
    #[arg(long, default_value_t = 50)]
    limit: i32,
}

impl Journal {
    pub async fn run(&self, server: &Server, format: Format) -> Outcome {
        let mut client = OperationsServiceClient::new(connect(server).await?);
        let request =
            pb::ListJournalRequest { after_sequence: self.after, page_size: self.limit, page_token: String::new() };
        let page = client.list_journal(request).await.map_err(|status| refused(&status))?.into_inner();
        if format == Format::Json {
            return print_json(&page);
        }
        let mut listing = Listing::new(&["sequence", "time", "actor", "action", "subject", "outcome", "detail"], &[0]);
        for entry in page.entries {
            let time = time_text(entry.time);
            let outcome = entry.outcome().as_str_name().trim_start_matches("JOURNAL_OUTCOME_").to_lowercase();
            listing.rows.push(vec![
                entry.sequence.to_string(),
                time,
                entry.actor,
                entry.action,
                entry.subject,
                outcome,
                entry.detail,
            ]);
        }
        listing.print(format)
    }
}
