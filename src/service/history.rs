//! The life of a report: every submission and review, with the cells that each revision changed.

use jiff::Timestamp;

use crate::form::{CellId, catalogue};
use crate::report::{Cell, CellComment, Figures, ReportKey, ReportState, Review, ReviewAction, Revision, RevisionName};
use crate::store::{NEWEST, Store, StoreError};

use super::page::Page;
use super::parts::Service;
use super::problem::Problem;

/// What was done to a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReportAction {
    /// A revision was handed in.
    Submit,
    /// What was done to the newest revision.
    Review(ReviewAction),
}

/// A submission or a review.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportEvent {
    /// Journal sequence of its entry.
    pub sequence: u64,
    /// When the store took it.
    pub time: Timestamp,
    /// Who did it.
    pub actor: String,
    /// What was done.
    pub action: ReportAction,
    /// The revision that was handed in or reviewed.
    pub revision: RevisionName,
    /// How the report stands since, by its newest revision.
    pub state: ReportState,
    /// The revision in the sums since.
    pub accepted: Option<u32>,
    /// As it was given; may be empty.
    pub reason: String,
    /// Of a return: remarks on single cells.
    pub comments: Vec<CellComment>,
    /// Of a correction: the cells that differ from the revision before, with both values.
    pub changes: Vec<(CellId, Cell, Cell)>,
}

/// The last event that was told: the number of its revision, and its journal sequence.
#[derive(Debug, Clone, Copy)]
struct Told {
    revision: u32,
    sequence: u64,
}

impl Told {
    fn to_text(self) -> String {
        format!("{} {}", self.revision, self.sequence)
    }

    fn parse(text: &str) -> Option<Self> {
        let (revision, sequence) = text.split_once(' ')?;
        Some(Self { revision: revision.parse().ok()?, sequence: sequence.parse().ok()? })
    }
}

impl Service {
    /// Everything that happened to a report, oldest first, after the key `token`.
    ///
    /// # Errors
    /// REPORT_NOT_FOUND; PAGE_INVALID for a key that is none.
    pub async fn report_events(
        &self,
        report: ReportKey,
        size: usize,
        token: &str,
    ) -> Result<Page<ReportEvent>, Problem> {
        let told = match token {
            "" => Told { revision: 1, sequence: 0 },
            token => Told::parse(token).ok_or_else(Problem::bad_page_token)?,
        };
        let name = report.to_string();
        let events = self.blocking(move |store| events_after(store, &report, told, size.saturating_add(1))).await?;
        let events = events.ok_or_else(|| Problem::no_report(&name))?;
        Ok(Page::cut(events, size, |event| {
            Told { revision: event.revision.number, sequence: event.sequence }.to_text()
        }))
    }
}

/// The events of a report after one that was told, at least `wanted` where there are so many; none where there is no such
/// report. A revision comes before its reviews, and these before the next revision, so they are read as far as needed.
fn events_after(
    store: &dyn Store,
    report: &ReportKey,
    told: Told,
    wanted: usize,
) -> Result<Option<Vec<ReportEvent>>, StoreError> {
    let Some(standing) = store.standing(report, NEWEST)? else { return Ok(None) };
    let mut events = Vec::new();
    let mut before: Option<Revision> = None;
    for number in told.revision..=standing.status.newest {
        if events.len() >= wanted {
            break;
        }
        let name = RevisionName { report: report.clone(), number };
        let revision = store.revision(&name)?.ok_or_else(|| StoreError::Damaged(format!("{name}, which is gone")))?;
        events.push(of_submission(&revision, before.as_ref()));
        events.extend(store.reviews(report, number..=number)?.into_iter().map(of_review));
        events.retain(|event| event.sequence > told.sequence);
        before = Some(revision);
    }
    Ok(Some(events))
}

fn of_submission(revision: &Revision, before: Option<&Revision>) -> ReportEvent {
    let status = revision.status();
    ReportEvent {
        sequence: revision.sequence,
        time: revision.time,
        actor: revision.actor.clone(),
        action: ReportAction::Submit,
        revision: revision.name(),
        state: status.state,
        accepted: status.accepted,
        reason: revision.reason.clone(),
        comments: Vec::new(),
        changes: before.map_or_else(Vec::new, |before| differing(&before.figures, &revision.figures)),
    }
}

fn of_review(review: Review) -> ReportEvent {
    ReportEvent {
        sequence: review.status.sequence,
        time: review.time,
        actor: review.actor,
        action: ReportAction::Review(review.action),
        revision: review.revision,
        state: review.status.state,
        accepted: review.status.accepted,
        reason: review.reason,
        comments: review.comments,
        changes: Vec::new(),
    }
}

fn differing(before: &Figures, after: &Figures) -> Vec<(CellId, Cell, Cell)> {
    let cells = catalogue().cells.iter().map(|cell| (cell.id, before.get(cell.id), after.get(cell.id)));
    cells.filter(|(_, before, after)| before != after).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::form::{Presence, edition_for_year};
    use crate::live::Live;
    use crate::registry::{Agency, Collection, Jurisdiction, RegistryChange, ReviewPolicy};
    use crate::report::{AgencyKind, Level, ReportYear};
    use crate::service::{Caller, ReviewRequest, Settings, Submission};
    use crate::store::MemoryStore;

    const ROUNDS: usize = 520;

    #[tokio::test]
    async fn the_life_of_a_report_is_told_to_its_end_however_long_it_is() {
        let (live, year) = (Arc::<Live>::default(), ReportYear::new(2022).unwrap());
        let service = Service::start(Arc::new(MemoryStore::new(live.clone())), live, Settings::default()).unwrap();
        let (registrar, office) = (Caller::internal("registrar"), Caller::internal("office"));
        let (code, id) = ("230000".parse().unwrap(), "agency".parse().unwrap());
        let place = Jurisdiction {
            code,
            parent: None,
            display_name: "黑龙江省".to_owned(),
            level: Level::Province,
            first_year: year,
        };
        let agency = Agency {
            id,
            jurisdiction: place.code.clone(),
            display_name: "样例局".to_owned(),
            kind: AgencyKind::Department,
            large: false,
            vertical: false,
            first_year: year,
        };
        let report = ReportKey::of_agency(agency.id.clone(), year);
        let changes = vec![RegistryChange::CreateJurisdiction(place), RegistryChange::CreateAgency(agency)];
        service.change_registry(changes, false, &registrar).await.unwrap();
        let edition = edition_for_year(year.get()).unwrap();
        let collection = Collection {
            year,
            edition: edition.id.to_owned(),
            due: Default::default(),
            lock: None,
            review: ReviewPolicy::JurisdictionOffice,
            exceptions: Vec::new(),
        };
        service.open_collection(collection, false, &registrar).await.unwrap();
        let mut figures = Figures::blank(edition);
        for cell in catalogue().cells_of(edition) {
            if catalogue().presence(edition, cell.id) == Presence::Prescribed {
                figures.set(cell.id, Cell::Number(0));
            }
        }
        let mut etag = None;
        for _ in 0..ROUNDS {
            let again =
                Submission { etag, reason: "更正".to_owned(), ..Submission::first(report.clone(), figures.clone()) };
            let receipt = service.submit(&again, &registrar).await.unwrap().receipt.unwrap();
            let review = ReviewRequest {
                report: report.clone(),
                action: ReviewAction::Return,
                etag: receipt.etag.clone(),
                reason: "退回".to_owned(),
                comments: Vec::new(),
                request_id: None,
                validate_only: false,
            };
            let returned = service.review(&review, &office).await.unwrap().receipt.unwrap();
            etag = Some(returned.etag);
        }
        let (mut events, mut key) = (Vec::new(), String::new());
        loop {
            let page = service.report_events(report.clone(), 199, &key).await.unwrap();
            events.extend(page.items);
            let Some(next) = page.next else { break };
            key = next;
        }
        assert_eq!(events.len(), 2 * ROUNDS);
        assert!(events.windows(2).all(|pair| pair[0].sequence < pair[1].sequence));
        assert_eq!(events.last().unwrap().revision.number as usize, ROUNDS);
        // How the newest revision was reviewed is known, however many reviews came before.
        let newest = service.report(&report).unwrap();
        assert_eq!(newest.review.unwrap().revision.number as usize, ROUNDS);
    }
}
