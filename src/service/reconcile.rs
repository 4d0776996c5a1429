//! A government's own consolidated report, or a frozen form, against the computed sum.

use std::collections::BTreeSet;

use crate::registry::{AgencyIndex, Jurisdiction, JurisdictionIndex};
use crate::report::{Completed, Figures, JurisdictionCode, ReportKey, ReportState, ReportYear, Revision};
use crate::rollup::{
    AgencyFilter, CellDifference, ChildCoverage, Coverage, Explanation, Mark, Scope, Share, Sums, class_of, compare,
};
use crate::store::{NEWEST, Standing, Store, StoreError};

use super::coverage::CoverageRow;
use super::perspective::Perspective;
use super::roll_up::find;
use super::sight::{Asker, Extent};
use super::state::{ACCEPTED, State, revision_in_sums};
use super::{Problem, Service};

/// A form against the computed sum.
#[derive(Debug, Clone)]
pub struct Comparison {
    pub coverage: Coverage,
    pub hierarchy_year: ReportYear,
    /// Journal sequence that it is true as of.
    pub sequence: u64,
    pub equal_cells: usize,
    /// The largest first.
    pub differences: Vec<NamedDifference>,
}

/// A difference with its explanations by name.
#[derive(Debug, Clone)]
pub struct NamedDifference {
    pub difference: CellDifference,
    /// In the order of the explanations.
    pub names: Vec<ExplainedBy>,
}

/// Who explains a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedBy {
    /// Resource name of an agency or jurisdiction.
    pub name: String,
    pub display_name: String,
    /// Its report first came in after its due time.
    pub late: bool,
}

/// A consolidated report against the computed sum.
#[derive(Debug, Clone)]
pub struct Reconciliation {
    pub report: std::sync::Arc<Revision>,
    pub state: ReportState,
    pub comparison: Comparison,
    /// Parts of the scope from which reports are missing, the most first.
    pub missing: Vec<CoverageRow>,
}

/// Which sum a form is compared with.
pub(super) struct Summed {
    pub jurisdiction: JurisdictionIndex,
    pub year: ReportYear,
    pub filter: AgencyFilter,
    pub hierarchy_year: Option<ReportYear>,
    /// Journal sequence of the form at hand.
    pub since: u64,
}

/// An agency that may have changed since, and whether it counted in the scope then and now.
struct Suspect {
    agency: AgencyIndex,
    report: ReportKey,
    counted_then: bool,
    counts_now: bool,
}

impl Service {
    /// Compares the newest consolidated report of a jurisdiction that was not withdrawn with the computed sum.
    ///
    /// # Errors
    /// REPORT_NOT_FOUND, JURISDICTION_NOT_FOUND, BEYOND_SIGHT.
    pub async fn reconcile(
        &self,
        report: &ReportKey,
        filter: AgencyFilter,
        asker: &Asker,
    ) -> Result<Reconciliation, Problem> {
        let no_report = || Problem::no_report(&report.to_string());
        let code = report.jurisdiction().ok_or_else(no_report)?;
        let standing = self.store.standing(report, NEWEST)?.ok_or_else(no_report)?;
        let Standing { status, newest, accepted } = standing;
        let (revision, state) = match (status.state, accepted) {
            (ReportState::Withdrawn, Some(accepted)) => (accepted, ReportState::Accepted),
            (ReportState::Withdrawn, None) => return Err(no_report()),
            (state, _) => (newest, state),
        };
        let jurisdiction = find(&*self.present()?, code)?;
        let summed = Summed { jurisdiction, year: report.year, filter, hierarchy_year: None, since: revision.sequence };
        // First of all: what follows looks at the same reports.
        let extent = Extent { jurisdiction: code, years: (summed.year, summed.year), filter: &summed.filter };
        drop(self.view(asker, &extent, &Perspective::default()).await?);
        let children = self.children_that_differ(&summed, code, asker).await?;
        let comparison = self.compare_with_sum(&summed, &revision.figures, children, asker).await?;
        let missing = {
            let state = self.present()?;
            let parts =
                state.totals.coverage_by_child(&state.registry, jurisdiction, summed.year, &summed.filter).into_iter();
            let mut parts: Vec<ChildCoverage> = parts.filter(|part| part.coverage.missing() > 0).collect();
            parts.sort_by_key(|part| std::cmp::Reverse(part.coverage.missing()));
            parts.into_iter().map(|part| coverage_row(&state, &part, summed.year)).collect()
        };
        Ok(Reconciliation { report: revision, state, comparison, missing })
    }

    /// Children whose own consolidated reports differ from their computed sums.
    async fn children_that_differ(
        &self,
        summed: &Summed,
        of: &JurisdictionCode,
        asker: &Asker,
    ) -> Result<Vec<Share>, Problem> {
        let children: Vec<(JurisdictionIndex, ReportKey, Sums)> = {
            let state = self.present()?;
            let children = state.totals.children(&state.registry, summed.jurisdiction, summed.year);
            let child = |child: JurisdictionIndex| {
                let code = state.registry.jurisdiction(child).code.clone();
                let sums = state.totals.sums(Scope::Subtree(child), summed.year, &summed.filter);
                (child, ReportKey::of_jurisdiction(code, summed.year), sums)
            };
            children.into_iter().map(child).collect()
        };
        self.check_reports(asker, of, children.iter().map(|(_, report, _)| report)).await?;
        self.blocking(move |store| {
            let mut shares = Vec::new();
            for (child, report, sums) in children {
                let accepted = store.standing(&report, NEWEST)?.and_then(|standing| standing.accepted);
                shares.extend(accepted.map(|revision| Share::of_child(child, &revision.figures.complete(), &sums)));
            }
            Ok(shares)
        })
        .await
    }

    /// Compares a form with the present sum, and finds what changed since the form.
    pub(super) async fn compare_with_sum(
        &self,
        summed: &Summed,
        given: &Figures,
        mut shares: Vec<Share>,
        asker: &Asker,
    ) -> Result<Comparison, Problem> {
        let years = (summed.year, summed.year);
        let now = Perspective { hierarchy_year: summed.hierarchy_year, ..Perspective::default() };
        let code = self.present()?.registry.jurisdiction(summed.jurisdiction).code.clone();
        let extent = Extent { jurisdiction: &code, years, filter: &summed.filter };
        let counted_then: BTreeSet<AgencyIndex> = {
            let then = Perspective { as_of: Some(summed.since), ..now.clone() };
            let then = self.view(asker, &extent, &then).await?;
            counted(&then, summed).collect()
        };
        let (sums, coverage, hierarchy_year, sequence, suspects) = {
            let state = self.view(asker, &extent, &now).await?;
            let counts_now: BTreeSet<AgencyIndex> = counted(&state, summed).collect();
            let suspects: Vec<Suspect> = counted_then
                .union(&counts_now)
                .map(|agency| Suspect {
                    agency: *agency,
                    report: ReportKey::of_agency(state.registry.agency(*agency).id.clone(), summed.year),
                    counted_then: counted_then.contains(agency),
                    counts_now: counts_now.contains(agency),
                })
                .collect();
            let scope = Scope::Subtree(summed.jurisdiction);
            let sums = state.totals.sums(scope, summed.year, &summed.filter);
            let coverage = state.totals.coverage(scope, summed.year, &summed.filter);
            (sums, coverage, state.totals.tree().year(summed.year), state.sequence, suspects)
        };
        let since = summed.since;
        shares.extend(self.blocking(move |store| changes_since(store, &suspects, since, sequence)).await?);
        let (differences, equal_cells) = compare(given, &sums, &shares);
        let state = self.present()?;
        let differences = differences.into_iter().map(|difference| NamedDifference {
            names: difference.explanations.iter().map(|(by, _)| explained_by(&state, *by, summed.year)).collect(),
            difference,
        });
        Ok(Comparison { coverage, hierarchy_year, sequence, equal_cells, differences: differences.collect() })
    }
}

/// Agencies that count in the scope of a sum.
fn counted<'a>(state: &'a State, summed: &'a Summed) -> impl Iterator<Item = AgencyIndex> + 'a {
    let agencies = state.totals.agencies_below(&state.registry, summed.jurisdiction, summed.year).into_iter();
    agencies.filter(|agency| summed.filter.admits(class_of(&state.registry, *agency)))
}

/// What reports add to the sum at `now` that they did not add at `since`.
fn changes_since(store: &dyn Store, suspects: &[Suspect], since: u64, now: u64) -> Result<Vec<Share>, StoreError> {
    let mut shares = Vec::new();
    for suspect in suspects {
        let Some(standing) = store.standing(&suspect.report, now)? else { continue };
        let stayed = suspect.counted_then && suspect.counts_now;
        if stayed && standing.status.sequence <= since {
            continue;
        }
        let then = store.standing(&suspect.report, since)?;
        let figures = |standing: Option<&Standing>, counts: bool| -> Option<(u32, Completed)> {
            let revision = revision_in_sums(standing.filter(|_| counts)?, ACCEPTED)?;
            Some((revision.number, revision.figures.complete()))
        };
        let (before, after) =
            (figures(then.as_ref(), suspect.counted_then), figures(Some(&standing), suspect.counts_now));
        if before.as_ref().map(|(number, _)| number) != after.as_ref().map(|(number, _)| number) {
            let figures = |one: &Option<(u32, Completed)>| one.as_ref().map(|(_, figures)| figures.clone());
            shares.extend(Share::of_report(suspect.agency, figures(&before).as_ref(), figures(&after).as_ref()));
        }
    }
    Ok(shares)
}

fn explained_by(state: &State, by: Explanation, year: ReportYear) -> ExplainedBy {
    match by {
        Explanation::ArrivedSince(agency) | Explanation::CorrectedSince(agency) | Explanation::LeftSince(agency) => {
            let entry = state.registry.agency_in(agency, year);
            let late = state.totals.marks(agency, year).has(Mark::Late);
            ExplainedBy { name: entry.name(), display_name: entry.display_name, late }
        }
        Explanation::ChildDiffers(child) => {
            let entry = state.registry.jurisdiction_in(child, year);
            ExplainedBy { name: entry.code.name(), display_name: entry.display_name, late: false }
        }
    }
}

fn coverage_row(state: &State, part: &ChildCoverage, year: ReportYear) -> CoverageRow {
    let jurisdiction: Jurisdiction = state.registry.jurisdiction_in(part.jurisdiction, year);
    CoverageRow { jurisdiction, own_agencies: part.own_agencies, depth: 1, coverage: part.coverage }
}
