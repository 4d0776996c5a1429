//! Lists that come in pages, asked for to their end, so that no page is shown as the whole.

use std::ops::ControlFlow;

use tonic::{Response, Status};

use crate::config::{PAGE_RESOURCES_MAX, PAGE_ROWS_MAX};
use crate::pb;

use super::client::refused;
use super::{Failure, Outcome};

/// How many are asked for at once; a service may give fewer.
pub(crate) const PAGE_SIZE: i32 = PAGE_RESOURCES_MAX as i32;
/// As many rows of sums are asked for at once.
pub(crate) const ROWS: i32 = PAGE_ROWS_MAX as i32;

/// An answer that may be followed by another.
pub(crate) trait Paged {
    /// Takes the token of the next page out of it; empty where this is the last.
    fn take_token(&mut self) -> String;
}

macro_rules! paged {
    ($($answer:ident),* $(,)?) => {
        $(impl Paged for pb::$answer {
            fn take_token(&mut self) -> String {
                std::mem::take(&mut self.next_page_token)
            }
        })*
    };
}

paged! {
    GetCoverageResponse,
    ListAgenciesResponse,
    ListAgencyContactsResponse,
    ListAnomaliesResponse,
    ListCollectionsResponse,
    ListCredentialsResponse,
    ListFrozenFormRevisionsResponse,
    ListFrozenFormsResponse,
    ListJurisdictionsResponse,
    ListMissingAgenciesResponse,
    ListPrincipalsResponse,
    ListRegistryChangesResponse,
    ListRemindersResponse,
    ListRegistrySuspectsResponse,
    ListReportEventsResponse,
    ListReportRevisionsResponse,
    ListReportsResponse,
    QueryRollupResponse,
}

/// Asks for one page after the other until there is none, or `take` breaks off; `ask` is given the token of the page.
///
/// # Errors
/// What the service refuses, and what `take` fails with.
pub(crate) async fn each<Page: Paged>(
    mut ask: impl AsyncFnMut(String) -> Result<Response<Page>, Status>,
    mut take: impl FnMut(Page) -> Result<ControlFlow<()>, Failure>,
) -> Outcome {
    let mut token = String::new();
    loop {
        let mut page = ask(token).await.map_err(|status| refused(&status))?.into_inner();
        token = page.take_token();
        if take(page)?.is_break() || token.is_empty() {
            return Ok(());
        }
    }
}

/// What all pages hold; `items` takes it out of each.
///
/// # Errors
/// What the service refuses.
pub(crate) async fn all<Page: Paged, Item>(
    ask: impl AsyncFnMut(String) -> Result<Response<Page>, Status>,
    items: impl Fn(Page) -> Vec<Item>,
) -> Result<Vec<Item>, Failure> {
    let mut all = Vec::new();
    each(ask, |page| {
        all.extend(items(page));
        Ok(ControlFlow::Continue(()))
    })
    .await?;
    Ok(all)
}
