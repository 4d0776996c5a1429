//! `huizong report history`: what has happened to a report.

use crate::cli::client::Connection;
use crate::cli::language::{heading, term};
use crate::cli::output::{Listing, print_json, time_text};
use crate::cli::pages;
use crate::cli::{Outcome, OutputFormat};
use crate::pb;
use crate::pb::report_service_client::ReportServiceClient;
use crate::wire::value_in_words;

use super::{state_word, word};

pub(super) async fn print(client: &mut ReportServiceClient<Connection>, name: &str, format: OutputFormat) -> Outcome {
    let page_size = pages::PAGE_SIZE;
    let request = pb::ListReportEventsRequest { name: name.to_owned(), page_size, ..Default::default() };
    let ask = async |page_token| {
        client.list_report_events(pb::ListReportEventsRequest { page_token, ..request.clone() }).await
    };
    let events = pages::all(ask, |page| page.events).await?;
    let all = pb::ListReportEventsResponse { events, ..Default::default() };
    if format == OutputFormat::Json {
        return print_json(&all);
    }
    let headings = ["sequence", "time", "actor", "action", "revision", "state", "reason", "cells"];
    let mut listing = Listing::new(&headings, &[0]);
    for event in &all.events {
        let value = |value: &Option<pb::CellValue>| match value {
            Some(value) => term(&value_in_words(Some(value))),
            None => heading("空 blank").to_owned(),
        };
        let change = |one: &pb::CellChange| format!("{} {} → {}", one.cell, value(&one.before), value(&one.after));
        let mut cells: Vec<String> = event.changes.iter().map(change).collect();
        cells.extend(event.comments.iter().map(|comment| format!("{}: {}", comment.cell, comment.text)));
        let revision = event.revision.rsplit('/').next().unwrap_or_default();
        listing.rows.push(vec![
            event.journal_sequence.to_string(),
            time_text(event.time),
            event.actor.clone(),
            term(&word(event.action().as_str_name(), "REPORT_ACTION_")),
            revision.to_owned(),
            state_word(event.state()),
            event.reason.clone(),
            cells.join("\n"),
        ]);
    }
    listing.print(format)
}
