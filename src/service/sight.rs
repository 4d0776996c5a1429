//! What a caller sees of many things, and whether all that an answer is made of is among it.
//!
//! A question names a jurisdiction; which agencies' reports its answer is made of is told by the tree and the moment that
//! it asks for. Each of them must be one that its caller could read, or there is no answer.

use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use crate::access::{Method, Right, Role, UNKNOWN_CALL};
use crate::live::State;
use crate::registry::{AgencyIndex, JurisdictionIndex, Registry};
use crate::report::{AgencyId, JurisdictionCode, Message, ReportKey, ReportOwner, ReportYear};
use crate::rollup::{AgencyFilter, FrozenForm, Totals, Tree, class_of};
use crate::store::StoreError;

use super::caller::Caller;
use super::parts::Service;
use super::problem::{Problem, Reason};
use super::target::{READ, Target};

/// What one caller may see of many things: for lists and streams.
#[derive(Debug, Clone)]
pub enum Sight {
    /// Everything: nobody is asked who they are, or the service itself looks.
    All,
    /// What these roles give the right to.
    Roles(Arc<BTreeSet<Role>>, Right),
}

impl Sight {
    /// Whether the caller sees a subject.
    pub fn includes(&self, registry: &Registry, subject: Target<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Roles(roles, right) => {
                let mut giving = roles.iter().filter(|role| right.is_given_by(role));
                giving.any(|role| reaches(role, registry, subject))
            }
        }
    }

    /// Where all that the caller sees belongs; none where that may be anywhere.
    pub fn reach(&self, registry: &Registry) -> Option<Reach> {
        let Self::Roles(roles, right) = self else { return None };
        let mut reach = Reach { scopes: Vec::new(), agencies: Vec::new() };
        for role in roles.iter().filter(|role| right.is_given_by(role)) {
            match role {
                Role::Power(_) => return None,
                Role::Submitter(ReportOwner::Agency(id)) => {
                    let own = registry.find_agency(id);
                    reach.agencies.extend(own.iter().flat_map(|own| registry.joined_to(*own)).chain(own));
                }
                Role::Submitter(ReportOwner::Jurisdiction(_)) => {}
                Role::Reviewer(scope) | Role::Viewer(scope) => {
                    let scope = registry.find_jurisdiction(scope);
                    reach.scopes.extend(scope.map(|scope| registry.one_place_with(scope)));
                }
            }
        }
        Some(reach)
    }
}

/// What a caller can see at most.
pub struct Reach {
    /// With all below them.
    pub scopes: Vec<JurisdictionIndex>,
    pub agencies: Vec<AgencyIndex>,
}

/// Whether the part of the tree that a role holds for contains the subject.
fn reaches(role: &Role, registry: &Registry, subject: Target<'_>) -> bool {
    match (role, subject) {
        (Role::Power(_), _) | (_, Target::Service) => true,
        (Role::Submitter(own), Target::Owner(owner, _)) => own == owner || is_one(registry, own, owner),
        (Role::Submitter(_), Target::Subtree(..)) => false,
        (Role::Reviewer(scope) | Role::Viewer(scope), subject) => {
            let scope = registry.find_jurisdiction(scope).map(|scope| registry.one_place_with(scope));
            scope.is_some_and(|scope| contains(registry, scope, subject))
        }
    }
}

/// Whether an owner was joined to another: what came in under its name is the other's.
fn is_one(registry: &Registry, own: &ReportOwner, owner: &ReportOwner) -> bool {
    let (ReportOwner::Agency(own), ReportOwner::Agency(owner)) = (own, owner) else { return false };
    let found = registry.find_agency(own).zip(registry.find_agency(owner));
    found.is_some_and(|(own, owner)| registry.one_with(owner) == own)
}

/// Whether a subject lies in or below a jurisdiction, in its year or as the tree is now.
pub(super) fn contains(registry: &Registry, scope: JurisdictionIndex, subject: Target<'_>) -> bool {
    let years = |year: Option<ReportYear>| year.into_iter().chain([ReportYear::LAST]);
    let below = |from, year| registry.path_placed(from, year).any(|at| at == scope);
    match subject {
        Target::Service => true,
        Target::Owner(ReportOwner::Agency(id), year) => registry
            .find_agency(id)
            .is_some_and(|agency| years(year).any(|year| below(registry.place(agency, year).jurisdiction, year))),
        Target::Owner(ReportOwner::Jurisdiction(code), year) | Target::Subtree(code, year) => {
            registry.find_jurisdiction(code).is_some_and(|found| years(year).any(|year| below(found, year)))
        }
    }
}

/// Who asks, and by which method of the contract.
#[derive(Debug, Clone)]
pub struct Asker {
    caller: Caller,
    /// None where the service asks for itself, and sees everything.
    method: Option<&'static Method>,
}

impl Asker {
    /// A caller of a method.
    pub fn new(caller: &Caller, method: &'static Method) -> Self {
        Self { caller: caller.clone(), method: Some(method) }
    }

    /// The service's own work, such as filling a demonstration.
    pub fn internal(caller: &Caller) -> Self {
        Self { caller: caller.clone(), method: None }
    }

    /// Who asks.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }
}

/// The reports that an answer is made of: those of a jurisdiction's agencies for some years.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent<'a> {
    pub jurisdiction: &'a JurisdictionCode,
    /// First and last report year.
    pub years: (ReportYear, ReportYear),
    pub filter: &'a AgencyFilter,
}

/// Which agencies' reports a caller sees, asked of many agencies; remembers the jurisdictions that it has looked at.
struct Seen<'a> {
    registry: &'a Registry,
    reach: Reach,
    known: HashMap<(ReportYear, JurisdictionIndex), bool>,
}

impl<'a> Seen<'a> {
    /// None where everything is seen.
    fn new(sight: &Sight, registry: &'a Registry) -> Option<Self> {
        let reach = sight.reach(registry)?;
        // Every way up ends at a root.
        let is_everything = reach.scopes.iter().any(|scope| registry.is_only_root(*scope));
        (!is_everything).then(|| Self { registry, reach, known: HashMap::new() })
    }

    /// Whether a jurisdiction is in one that the roles hold for, in the tree of a year.
    fn is_below(&mut self, at: JurisdictionIndex, year: ReportYear) -> bool {
        let Self { registry, reach, known } = self;
        *known
            .entry((year, at))
            .or_insert_with(|| registry.path_placed(at, year).any(|above| reach.scopes.contains(&above)))
    }

    /// The rule by which one report is read: its agency is in sight in the report's year or now.
    fn report(&mut self, agency: AgencyIndex, year: ReportYear) -> bool {
        let registry = self.registry;
        let mut in_tree = |of| self.is_below(registry.place(agency, of).jurisdiction, of);
        in_tree(year) || in_tree(ReportYear::LAST) || self.reach.agencies.contains(&agency)
    }
}

impl<'a> Extent<'a> {
    /// What a frozen form was made of; `filter` is its own.
    fn of_form(form: &'a FrozenForm, filter: &'a AgencyFilter) -> Self {
        Self { jurisdiction: &form.name.jurisdiction, years: (form.name.year, form.name.year), filter }
    }

    /// The agencies whose reports of a year count, by a registry and a tree.
    fn agencies(&self, registry: &Registry, tree: Tree, year: ReportYear) -> Vec<AgencyIndex> {
        let Some(scope) = registry.find_jurisdiction(self.jurisdiction) else { return Vec::new() };
        let mut agencies = Totals::new(tree).agencies_below(registry, scope, year);
        agencies.retain(|agency| self.filter.admits(class_of(registry, *agency, year)));
        agencies
    }

    /// Whether the caller sees every report in it, added up over `tree` by the registry of `then`. Entries keep their
    /// places in later registries.
    fn is_in(&self, sight: &Sight, then: &Registry, tree: Tree, now: &Registry) -> bool {
        let Some(mut seen) = Seen::new(sight, now) else { return true };
        let is_present = std::ptr::eq(then, now) && tree == Tree::AsReported;
        // From the last change on every year has the same tree.
        let last = self.years.1.min(then.last_change().max(now.last_change()).max(self.years.0));
        self.years.0.through(last).all(|year| {
            // Who is below a place that is below the scope is, so that most questions cost nothing.
            let whole =
                is_present && now.find_jurisdiction(self.jurisdiction).is_some_and(|at| seen.is_below(at, year));
            whole || self.agencies(then, tree, year).into_iter().all(|agency| seen.report(agency, year))
        })
    }
}

impl Service {
    /// What one who asks sees of reports, by whatever role.
    ///
    /// # Errors
    /// Where the caller's credential no longer holds, or no role shows any report.
    pub(super) fn sight_of(&self, asker: &Asker) -> Result<Sight, Problem> {
        match asker.method {
            None => Ok(Sight::All),
            Some(_) => self.sight(&asker.caller, READ),
        }
    }

    /// Lets an answer be made of the reports in an extent as a state has them.
    pub(super) fn check_extent(&self, sight: &Sight, extent: &Extent<'_>, state: &State) -> Result<(), Problem> {
        let present = self.live.read();
        let is_same = state.registry_sequence == present.registry_sequence;
        let then = if is_same { &present.registry } else { &state.registry };
        let in_sight = extent.is_in(sight, then, state.totals.tree(), &present.registry);
        if in_sight { Ok(()) } else { Err(beyond_sight(extent.jurisdiction)) }
    }

    /// Lets an answer about a jurisdiction be made of some reports by name.
    ///
    /// # Errors
    /// BEYOND_SIGHT, recorded; as [`Service::sight_of`].
    pub(super) async fn check_reports(
        &self,
        asker: &Asker,
        of: &JurisdictionCode,
        mut reports: impl Iterator<Item = &ReportKey>,
    ) -> Result<(), Problem> {
        let sight = self.sight_of(asker)?;
        let in_sight = {
            let registry = &self.live.read().registry;
            reports.all(|report| sight.includes(registry, Target::report(report)))
        };
        if in_sight { Ok(()) } else { Err(self.record_unseen(beyond_sight(of), asker, of).await) }
    }

    /// Lets an answer about a jurisdiction be made of the reports of some agencies for a year.
    ///
    /// # Errors
    /// As [`Service::check_reports`].
    pub(super) async fn check_agencies(
        &self,
        asker: &Asker,
        of: &JurisdictionCode,
        agencies: &BTreeSet<AgencyIndex>,
        year: ReportYear,
    ) -> Result<(), Problem> {
        let sight = self.sight_of(asker)?;
        let in_sight = {
            let registry = &self.live.read().registry;
            let all = |mut seen: Seen<'_>| agencies.iter().all(|agency| seen.report(*agency, year));
            Seen::new(&sight, registry).is_none_or(all)
        };
        if in_sight { Ok(()) } else { Err(self.record_unseen(beyond_sight(of), asker, of).await) }
    }

    /// Of frozen forms, those that are made of reports in sight only.
    ///
    /// # Errors
    /// As [`Service::sight_of`]; where the store cannot be read.
    pub(super) async fn forms_in_sight(
        &self,
        asker: &Asker,
        mut forms: Vec<FrozenForm>,
    ) -> Result<Vec<FrozenForm>, Problem> {
        let sight = self.sight_of(asker)?;
        let unchanged_since = {
            let present = self.live.read();
            if Seen::new(&sight, &present.registry).is_none() {
                return Ok(forms);
            }
            present.registry_sequence
        };
        // Most forms are over the registry as it is now.
        forms.sort_unstable_by_key(|form| form.as_of);
        let earlier = forms.iter().take_while(|form| form.as_of < unchanged_since).cloned().collect();
        let mut earlier = self.agencies_then(earlier).await?.into_iter();
        let present = self.live.read();
        forms.retain(|form| {
            let filter = form.filter();
            let extent = Extent::of_form(form, &filter);
            match (earlier.next(), Seen::new(&sight, &present.registry)) {
                (Some(agencies), Some(mut seen)) => {
                    agencies.into_iter().all(|agency| seen.report(agency, form.name.year))
                }
                _ => extent.is_in(&sight, &present.registry, form.tree(), &present.registry),
            }
        });
        forms.sort_unstable_by_key(|form| (form.name.year, form.name.number));
        Ok(forms)
    }

    /// A frozen form, if it is made of reports in sight only.
    ///
    /// # Errors
    /// BEYOND_SIGHT, recorded; as [`Service::forms_in_sight`].
    pub(super) async fn form_in_sight(&self, asker: &Asker, form: FrozenForm) -> Result<FrozenForm, Problem> {
        let jurisdiction = form.name.jurisdiction.clone();
        if let Some(form) = self.forms_in_sight(asker, vec![form]).await?.pop() {
            return Ok(form);
        }
        Err(self.record_unseen(beyond_sight(&jurisdiction), asker, &jurisdiction).await)
    }

    /// Puts the refusal of an answer into the journal.
    pub(super) async fn record_unseen(&self, problem: Problem, asker: &Asker, of: &JurisdictionCode) -> Problem {
        let action = asker.method.map_or(UNKNOWN_CALL, |method| method.action);
        self.record_limited(problem, action, of.name(), &asker.caller).await
    }

    /// The agencies whose reports each of some frozen forms is made of, by the registry of its moment; the forms come in
    /// the order of their moments.
    async fn agencies_then(&self, forms: Vec<FrozenForm>) -> Result<Vec<Vec<AgencyIndex>>, Problem> {
        let Some(newest) = forms.last().map(|form| form.as_of) else { return Ok(Vec::new()) };
        self.blocking(move |store| {
            let mut changes = store.registry(0, newest)?.into_iter().peekable();
            let (mut registry, mut found) = (Registry::default(), Vec::with_capacity(forms.len()));
            for form in &forms {
                while let Some((_, change)) = changes.next_if(|(sequence, _)| *sequence <= form.as_of) {
                    // It was admitted when it was stored.
                    registry.apply(&change).map_err(|error| StoreError::Damaged(error.to_string()))?;
                }
                let filter = form.filter();
                found.push(Extent::of_form(form, &filter).agencies(&registry, form.tree(), form.name.year));
            }
            Ok(found)
        })
        .await
    }
}

/// Agencies after an id, in order of their ids: all that may be in a place and in sight, and few others.
pub(super) fn agencies_in_sight<'a>(
    registry: &'a Registry,
    place: Option<JurisdictionIndex>,
    sight: &Sight,
    after: Option<&'a AgencyId>,
) -> Box<dyn Iterator<Item = AgencyIndex> + 'a> {
    let after = after.map_or(Bound::Unbounded, Bound::Excluded);
    match (place, sight.reach(registry)) {
        (Some(place), _) => registry.agencies_for(&[place], Vec::new(), after),
        (None, Some(Reach { scopes, agencies })) => registry.agencies_for(&scopes, agencies, after),
        (None, None) => Box::new(registry.agencies_from(after)),
    }
}

/// Why there is no answer. It does not say whose reports they are.
fn beyond_sight(jurisdiction: &JurisdictionCode) -> Problem {
    let name = jurisdiction.name();
    let message = Message::new(
        format!("答复会包含您无权查看的报告：按所问的年度、隶属关系或时点，{name} 含有不在您管辖范围内的单位"),
        format!(
            "the answer would contain reports that you may not read: in the years, over the tree and at the moment asked \
             for, {name} has agencies out of your sight"
        ),
    );
    let remedy = Message::new(
        "请不按其他年度隶属关系、不查历史时点（hierarchy_year、as_of），或缩小年度、范围后再查询；确需查看的，请上级机关查询，或请安全管理员授予角色",
        "ask without hierarchy_year and as_of, for fewer years or a smaller scope; else have the office above ask, or a \
         security administrator grant the role",
    );
    Problem::new(Reason::BeyondSight, message, remedy).with("jurisdiction", name)
}
