//! The reports of a year as they stood at a moment, decoded by several at once and taken in order of their owners.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::report::{Owners, ReportYear, Review, Revision};

use super::ahead::in_order;
use super::item::StoredRecord;
use super::record::decode;
use super::transaction::Standing;
use super::{Store, StoreError, keys};

/// How records are read.
#[derive(Debug, Clone, Copy)]
pub struct Pages {
    /// Read at a time, 1 at least.
    pub records: usize,
    /// That decode and work at the same time.
    pub workers: usize,
}

/// Does `work` on the year's reports as they stood at journal sequence `as_of`, a page at a time, and hands the results to
/// `take` in order of the owners.
///
/// # Errors
/// Where the store cannot be read, or a record of these is damaged.
pub fn each_standing<U: Send>(
    store: &dyn Store,
    (owners, year): (Owners, ReportYear),
    as_of: u64,
    Pages { records, workers }: Pages,
    work: impl Fn(Vec<Standing>) -> U + Sync,
    mut take: impl FnMut(U),
) -> Result<(), StoreError> {
    let of_year = keys::year(owners, year.get());
    let mut after = Some(of_year.start);
    // Records of a report of which there may be more on the next page.
    let mut held: Vec<StoredRecord> = Vec::new();
    let next_page = move || {
        let page = match store.records(as_of, Some(after.as_deref()?), records) {
            Ok(page) => page,
            Err(error) => {
                after = None;
                return Some(Err(error));
            }
        };
        let is_last = page.len() < records || page.last().is_some_and(|last| last.key >= of_year.end);
        after = page.last().filter(|_| !is_last).map(|last| last.key.clone());
        held.extend(page.into_iter().take_while(|record| record.key < of_year.end));
        let whole = match held.last() {
            Some(last) if !is_last => {
                let last = keys::report_part(&last.key);
                held.iter().rposition(|record| keys::report_part(&record.key) != last).map_or(0, |at| at + 1)
            }
            _ => held.len(),
        };
        Some(Ok(held.drain(..whole).collect::<Vec<_>>()))
    };
    let decode_page = |page: Result<Vec<StoredRecord>, StoreError>| {
        let page = page?;
        let of_reports = page.chunk_by(|one, next| keys::report_part(&one.key) == keys::report_part(&next.key));
        let standings = of_reports.filter_map(|records| standing_of(records).transpose());
        standings.collect::<Result<Vec<Standing>, StoreError>>().map(&work)
    };
    let failed = in_order(workers, next_page, decode_page, |result| match result {
        Ok(result) => {
            take(result);
            ControlFlow::Continue(())
        }
        Err(error) => ControlFlow::Break(error),
    });
    failed.map_or(Ok(()), Err)
}

/// How a report stands by its records, which come in order; none where there is no revision.
fn standing_of(records: &[StoredRecord]) -> Result<Option<Standing>, StoreError> {
    let mut reviewed = None;
    for record in records.iter().rev() {
        if keys::is_review(&record.key) {
            // The reviews of a revision lie right after it, the newest last.
            let review = decode::<Review>(&record.value)?;
            reviewed.get_or_insert(review.status);
            continue;
        }
        let newest = Arc::new(decode::<Revision>(&record.value)?);
        let status = reviewed.unwrap_or_else(|| newest.status());
        let accepted = match status.accepted {
            None => None,
            Some(number) if number == newest.number => Some(newest.clone()),
            Some(number) => {
                let key = keys::revision(&newest.report, number);
                let missing = || StoreError::Damaged(format!("the accepted revision of {}", newest.report));
                let record = records.iter().find(|record| record.key == key).ok_or_else(missing)?;
                Some(Arc::new(decode::<Revision>(&record.value)?))
            }
        };
        return Ok(Some(Standing { status, newest, accepted }));
    }
    Ok(None)
}
