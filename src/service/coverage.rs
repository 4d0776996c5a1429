//! Who has reported and who has not.

use jiff::Timestamp;

use crate::live::{Perspective, State};
use crate::registry::{Agency, Jurisdiction};
use crate::report::{JurisdictionCode, ReportYear};
use crate::rollup::{AgencyFilter, ChildCoverage, Coverage, Scope};

use super::deadlines::days_left;
use super::page::{Page, id_in_token};
use super::parts::Service;
use super::problem::Problem;
use super::sight::{Asker, Extent};
use super::view::find;

/// Levels below the scope that an answer lists at most.
pub const COVERAGE_DEPTH_MAX: u32 = 10;

/// Coverage of which scope is asked for.
#[derive(Debug, Clone)]
pub struct CoverageQuestion {
    /// The top of the scope.
    pub jurisdiction: JurisdictionCode,
    /// Report year.
    pub year: ReportYear,
    /// Levels of jurisdictions below the scope to list; 0 for the scope alone.
    pub depth: u32,
    /// Which agencies count.
    pub filter: AgencyFilter,
    /// From when, over which tree, and with which reports in the sums.
    pub perspective: Perspective,
}

impl CoverageQuestion {
    fn extent(&self) -> Extent<'_> {
        Extent { jurisdiction: &self.jurisdiction, years: (self.year, self.year), filter: &self.filter }
    }
}

/// Coverage of a part of the scope.
#[derive(Debug, Clone, PartialEq)]
pub struct CoverageRow {
    /// As it was in the year whose tree was used.
    pub jurisdiction: Jurisdiction,
    /// The jurisdiction's own agencies only.
    pub own_agencies: bool,
    /// Levels below the scope; its own agencies are at 1.
    pub depth: u32,
    /// Of that part of the scope.
    pub coverage: Coverage,
    /// When reports of its level are due, and the days left.
    pub due: Option<(Timestamp, i64)>,
}

/// Coverage of a scope and its parts.
#[derive(Debug, Clone, PartialEq)]
pub struct CoverageAnswer {
    /// Of the scope as a whole.
    pub coverage: Coverage,
    /// Each jurisdiction's own agencies, then the jurisdictions directly below it, each followed by its own parts.
    pub children: Vec<CoverageRow>,
    /// Year whose tree was used.
    pub hierarchy_year: ReportYear,
    /// Journal sequence that it is true as of.
    pub sequence: u64,
}

impl Service {
    /// Expected and received reports, in all and by child.
    ///
    /// # Errors
    /// JURISDICTION_NOT_FOUND, AS_OF_INVALID, BEYOND_SIGHT.
    pub async fn coverage(&self, question: &CoverageQuestion, asker: &Asker) -> Result<CoverageAnswer, Problem> {
        let state = self.view(asker, &question.extent(), &question.perspective).await?.state;
        let jurisdiction = find(&state, &question.jurisdiction)?;
        let mut answer = CoverageAnswer {
            coverage: state.totals.coverage(Scope::Subtree(jurisdiction), question.year, &question.filter),
            children: Vec::new(),
            hierarchy_year: state.totals.tree().year(question.year),
            sequence: state.sequence,
        };
        let whole = ChildCoverage { jurisdiction, own_agencies: false, coverage: answer.coverage };
        add_parts((&state, self.now()), question, &whole, 1, &mut answer);
        Ok(answer)
    }

    /// Agencies that have not reported, by id, and the journal sequence.
    ///
    /// # Errors
    /// JURISDICTION_NOT_FOUND, AS_OF_INVALID, BEYOND_SIGHT; PAGE_INVALID for a token that is none.
    pub async fn missing_agencies(
        &self,
        question: &CoverageQuestion,
        size: usize,
        token: &str,
        asker: &Asker,
    ) -> Result<(Page<Agency>, u64), Problem> {
        let present = self.view(asker, &question.extent(), &question.perspective).await?;
        let state = &present.state;
        let jurisdiction = find(state, &question.jurisdiction)?;
        let after = id_in_token(token)?;
        let missing =
            state.totals.missing_after(&state.registry, jurisdiction, question.year, &question.filter, after.as_ref());
        let entries = missing.take(size.saturating_add(1));
        let entries = entries.map(|agency| state.registry.agency_in(agency, question.year)).collect();
        let page = Page::cut(entries, size, |entry: &Agency| entry.id.to_string());
        // Later pages are of the same moment.
        if page.next.is_some() && state.is_of_everything() {
            self.live.note_seen(&present);
        }
        Ok((page, state.sequence))
    }
}

/// Adds the parts of a jurisdiction, and theirs, as deep as is asked.
fn add_parts(
    (state, now): (&State, Timestamp),
    question: &CoverageQuestion,
    of: &ChildCoverage,
    depth: u32,
    answer: &mut CoverageAnswer,
) {
    let collection = state.registry.collection(question.year);
    if depth > question.depth {
        return;
    }
    let parts = state.totals.coverage_by_child(&state.registry, of.jurisdiction, question.year, &question.filter);
    for part in parts {
        let jurisdiction = state.registry.jurisdiction_in(part.jurisdiction, answer.hierarchy_year);
        let due = collection.and_then(|collection| collection.due.get(&jurisdiction.level));
        answer.children.push(CoverageRow {
            due: due.map(|due| (*due, days_left(*due, now))),
            jurisdiction,
            own_agencies: part.own_agencies,
            depth,
            coverage: part.coverage,
        });
        if !part.own_agencies {
            add_parts((state, now), question, &part, depth + 1, answer);
        }
    }
}
