//! A government's own consolidated report, or a frozen form, against the computed sum.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::live::{ACCEPTED, Perspective, State, Then, Where, revision_in_sums};
use crate::registry::{AgencyIndex, Jurisdiction, JurisdictionIndex};
use crate::report::{Completed, ReportKey, ReportState, ReportYear, Revision, RevisionName};
use crate::rollup::{
    AgencyFilter, CellDifference, ChildCoverage, Coverage, Explanation, Given, Mark, Scope, Share, Sums, Tree,
    class_of, compare,
};
use crate::store::{NEWEST, Standing, Store, StoreError};

use super::coverage::CoverageRow;
use super::parts::Service;
use super::problem::Problem;
use super::sight::{Asker, Extent};
use super::view::find;

/// A form against the computed sum.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// How much of what was expected is in the computed sum.
    pub coverage: Coverage,
    /// Year whose tree was used.
    pub hierarchy_year: ReportYear,
    /// Journal sequence that it is true as of.
    pub sequence: u64,
    /// Cells in which the two are the same.
    pub equal_cells: usize,
    /// The largest first.
    pub differences: Vec<NamedDifference>,
}

/// A difference with its explanations by name.
#[derive(Debug, Clone)]
pub struct NamedDifference {
    /// The cell, with both numbers.
    pub difference: CellDifference,
    /// In the order of the explanations.
    pub names: Vec<ExplainedBy>,
}

/// Who explains a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainedBy {
    /// Resource name of an agency or jurisdiction.
    pub name: String,
    /// What it is called in that year.
    pub display_name: String,
    /// Its report first came in after its due time.
    pub late: bool,
    /// Of a jurisdiction: the revision of its consolidated report that was compared.
    pub revision: Option<RevisionName>,
}

/// A consolidated report against the computed sum.
#[derive(Debug, Clone)]
pub struct Reconciliation {
    /// The revision of the consolidated report that was compared.
    pub report: Arc<Revision>,
    /// State of that revision.
    pub state: ReportState,
    /// With the sum over the jurisdiction and all below it.
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

/// Whether the consolidated reports of the jurisdictions below are looked at, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Children {
    Compared,
    Left,
}

/// A comparison, and the parts of the scope from which reports are missing.
pub(super) struct Compared {
    pub comparison: Comparison,
    missing: Vec<CoverageRow>,
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
        let (revision, state) = compared(standing).ok_or_else(no_report)?;
        let jurisdiction = find(&*self.present()?, code)?;
        let summed = Summed { jurisdiction, year: report.year, filter, hierarchy_year: None, since: revision.sequence };
        // First of all: what follows looks at the same reports.
        let extent = Extent { jurisdiction: code, years: (summed.year, summed.year), filter: &summed.filter };
        drop(self.view(asker, &extent, &Perspective::default()).await?);
        let given = Given::of_report(&revision.figures);
        let compared = self.compare_with_sum(&summed, &given, Children::Compared, asker).await?;
        let Compared { comparison, missing } = compared;
        Ok(Reconciliation { report: revision, state, comparison, missing })
    }

    /// Compares a form with the present sum, and finds what changed since the form.
    pub(super) async fn compare_with_sum(
        &self,
        summed: &Summed,
        given: &Given,
        children: Children,
        asker: &Asker,
    ) -> Result<Compared, Problem> {
        let years = (summed.year, summed.year);
        let now = Perspective { hierarchy_year: summed.hierarchy_year, ..Perspective::default() };
        let code = self.present()?.registry.jurisdiction(summed.jurisdiction).code.clone();
        let extent = Extent { jurisdiction: &code, years, filter: &summed.filter };
        let counted_then = self.counted_then(summed, now.tree(years)).await?;
        self.check_agencies(asker, &code, &counted_then, summed.year).await?;
        let (Seen { sums, coverage, hierarchy_year, sequence, children, missing }, suspects) = {
            let state = self.view(asker, &extent, &now).await?.state;
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
            (Seen::of(&state, summed, children), suspects)
        };
        self.check_reports(asker, &code, children.iter().map(|(_, report, _)| report)).await?;
        let since = summed.since;
        let (shares, revisions) = self
            .blocking(move |store| {
                let (mut shares, revisions) = children_that_differ(store, children, sequence)?;
                shares.extend(changes_since(store, &suspects, since, sequence)?);
                Ok((shares, revisions))
            })
            .await?;
        let (differences, equal_cells) = compare(given, &sums, &shares);
        let state = self.present()?;
        let named = |by: Explanation| explained_by(&state, by, summed.year, &revisions);
        let differences = differences.into_iter().map(|difference| NamedDifference {
            names: difference.explanations.iter().map(|(by, _)| named(*by)).collect(),
            difference,
        });
        let comparison =
            Comparison { coverage, hierarchy_year, sequence, equal_cells, differences: differences.collect() };
        Ok(Compared { comparison, missing })
    }

    /// The agencies that counted in the scope of a sum at the moment of the form at hand.
    async fn counted_then(&self, summed: &Summed, tree: Tree) -> Result<BTreeSet<AgencyIndex>, Problem> {
        let now = self.present()?;
        let Summed { jurisdiction, year, ref filter, since, .. } = *summed;
        let filter = filter.clone();
        self.blocking(move |store| {
            let then = Then::of(store, now.clone(), since)?;
            let at = Where { place: jurisdiction, tree, year, filter: &filter };
            Ok(then.counted(now.registry.ever_below(jurisdiction), &at).into_iter().collect())
        })
        .await
    }
}

/// The revision of a consolidated report that is compared, whoever asks: the newest one that was not withdrawn.
fn compared(standing: Standing) -> Option<(Arc<Revision>, ReportState)> {
    match (standing.status.state, standing.accepted) {
        (ReportState::Withdrawn, accepted) => Some((accepted?, ReportState::Accepted)),
        (state, _) => Some((standing.newest, state)),
    }
}

/// What is seen of a scope at one moment.
struct Seen {
    sums: Sums,
    coverage: Coverage,
    hierarchy_year: ReportYear,
    sequence: u64,
    /// Children with their consolidated report and their computed sum.
    children: Vec<(JurisdictionIndex, ReportKey, Sums)>,
    missing: Vec<CoverageRow>,
}

impl Seen {
    fn of(state: &State, summed: &Summed, children: Children) -> Self {
        let Summed { jurisdiction, year, ref filter, .. } = *summed;
        let (registry, totals) = (&state.registry, &state.totals);
        let scope = Scope::Subtree(jurisdiction);
        let child = |child: JurisdictionIndex| {
            let code = registry.jurisdiction(child).code.clone();
            let sums = totals.sums(Scope::Subtree(child), year, filter);
            (child, ReportKey::of_jurisdiction(code, year), sums)
        };
        let (children, missing) = match children {
            Children::Left => (Vec::new(), Vec::new()),
            Children::Compared => {
                let parts = totals.coverage_by_child(registry, jurisdiction, year, filter).into_iter();
                let mut parts: Vec<ChildCoverage> = parts.filter(|part| part.coverage.missing() > 0).collect();
                parts.sort_by_key(|part| std::cmp::Reverse(part.coverage.missing()));
                (
                    totals.children(registry, jurisdiction, year).into_iter().map(child).collect(),
                    parts.into_iter().map(|part| coverage_row(state, &part, year)).collect(),
                )
            }
        };
        Self {
            sums: totals.sums(scope, year, filter),
            coverage: totals.coverage(scope, year, filter),
            hierarchy_year: totals.tree().year(year),
            sequence: state.sequence,
            children,
            missing,
        }
    }
}

/// Children whose own consolidated reports, as they stood at journal sequence `now`, differ from their computed sums; and
/// which revisions of theirs were looked at.
fn children_that_differ(
    store: &dyn Store,
    children: Vec<(JurisdictionIndex, ReportKey, Sums)>,
    now: u64,
) -> Result<(Vec<Share>, BTreeMap<JurisdictionIndex, RevisionName>), StoreError> {
    let (mut shares, mut revisions) = (Vec::new(), BTreeMap::new());
    for (child, report, sums) in children {
        if let Some((revision, _)) = store.standing(&report, now)?.and_then(compared) {
            shares.push(Share::of_child(child, &revision.figures.complete(), &sums));
            revisions.insert(child, revision.name());
        }
    }
    Ok((shares, revisions))
}

/// Agencies that count in the scope of a sum.
fn counted<'a>(state: &'a State, summed: &'a Summed) -> impl Iterator<Item = AgencyIndex> + 'a {
    let agencies = state.totals.agencies_below(&state.registry, summed.jurisdiction, summed.year).into_iter();
    agencies.filter(|agency| summed.filter.admits(class_of(&state.registry, *agency, summed.year)))
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

fn explained_by(
    state: &State,
    by: Explanation,
    year: ReportYear,
    revisions: &BTreeMap<JurisdictionIndex, RevisionName>,
) -> ExplainedBy {
    match by {
        Explanation::ArrivedSince(agency) | Explanation::CorrectedSince(agency) | Explanation::LeftSince(agency) => {
            let entry = state.registry.agency_in(agency, year);
            let late = state.totals.marks(agency, year).has(Mark::Late);
            ExplainedBy { name: entry.name(), display_name: entry.display_name, late, revision: None }
        }
        Explanation::ChildDiffers(child) => {
            let entry = state.registry.jurisdiction_in(child, year);
            let revision = revisions.get(&child).cloned();
            ExplainedBy { name: entry.code.name(), display_name: entry.display_name, late: false, revision }
        }
    }
}

fn coverage_row(state: &State, part: &ChildCoverage, year: ReportYear) -> CoverageRow {
    let jurisdiction: Jurisdiction = state.registry.jurisdiction_in(part.jurisdiction, year);
    CoverageRow { jurisdiction, own_agencies: part.own_agencies, depth: 1, coverage: part.coverage, due: None }
}
