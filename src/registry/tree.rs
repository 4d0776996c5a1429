//! The registry in memory: entries by id and by dense index, and the tree of each report year.
//!
//! Which changes are admitted is in `admit`, where figures count in the tree of another year in `placement`. A copy shares
//! what neither of the two changes, so it costs next to nothing: whoever plans or looks back makes one.

use std::ops::Bound;

use imbl::{OrdMap, Vector};
use serde::{Deserialize, Serialize};

use crate::report::{AgencyId, ReportYear, Reporter};

use super::timeline::{AgencyTimeline, Dated, JurisdictionTimeline};
use super::{Agency, Collection, Jurisdiction, JurisdictionCode, Nature, RegistryChange};

/// Place of a jurisdiction in a registry, dense from 0 in the order of creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JurisdictionIndex(pub(super) u32);

/// Place of an agency in a registry, dense from 0 in the order of creation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AgencyIndex(pub(super) u32);

impl JurisdictionIndex {
    /// Position in any array that runs parallel to the registry's jurisdictions.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl AgencyIndex {
    #[cfg(test)]
    pub(crate) fn sample(at: u32) -> Self {
        Self(at)
    }

    /// Position in any array that runs parallel to the registry's agencies.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What is kept of a jurisdiction beside its newest values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub time: JurisdictionTimeline,
    /// Jurisdictions that belong to it in some year.
    pub children: Vec<JurisdictionIndex>,
    /// Agencies that belong to it in some year, in order of their ids.
    pub agencies: Vec<AgencyIndex>,
    /// Jurisdictions merged into it.
    pub merged: Vec<JurisdictionIndex>,
}

/// What is kept of an agency beside its newest values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Post {
    pub time: AgencyTimeline,
    pub natures: Dated<Nature>,
    /// Agencies merged into it, or joined to it.
    pub merged: Vec<AgencyIndex>,
    /// The first year as it was registered.
    pub registered: ReportYear,
}

/// How much is in a registry, which only grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Jurisdictions that were created.
    pub jurisdictions: usize,
    /// Agencies that were created.
    pub agencies: usize,
    /// Changes of other kinds, which are dated; collections are not among them.
    pub dated: usize,
}

impl Extent {
    /// Number of [`Registry::changes`].
    pub fn changes(self) -> usize {
        self.jurisdictions.saturating_add(self.agencies).saturating_add(self.dated)
    }
}

/// All jurisdictions and agencies, with their history.
///
/// ```
/// use huizong::registry::{Jurisdiction, Registry, RegistryChange};
/// use huizong::report::{Level, ReportYear};
///
/// let first_year = ReportYear::new(2021)?;
/// let province = Jurisdiction {
///     code: "230000".parse()?,
///     parent: None,
///     display_name: "黑龙江省".to_owned(),
///     level: Level::Province,
///     first_year,
/// };
/// let mut registry = Registry::default();
/// assert!(registry.apply(&RegistryChange::CreateJurisdiction(province.clone()))?);
/// let found = registry.find_jurisdiction(&province.code).unwrap();
/// assert_eq!(registry.jurisdiction_in(found, first_year).display_name, "黑龙江省");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registry {
    /// With their newest values.
    pub(super) jurisdictions: Vector<Jurisdiction>,
    pub(super) nodes: Vector<Node>,
    /// With their newest values.
    pub(super) agencies: Vector<Agency>,
    pub(super) posts: Vector<Post>,
    pub(super) jurisdiction_by_code: OrdMap<JurisdictionCode, JurisdictionIndex>,
    pub(super) agency_by_id: OrdMap<AgencyId, AgencyIndex>,
    /// Those that were merged into another one.
    pub(super) merged_agencies: OrdMap<AgencyId, AgencyIndex>,
    /// Dated changes in the order in which they were applied.
    pub(super) dated: Vector<RegistryChange>,
    pub(super) collections: OrdMap<ReportYear, Collection>,
}

impl Registry {
    /// None where no jurisdiction ever had this code.
    pub fn find_jurisdiction(&self, code: &JurisdictionCode) -> Option<JurisdictionIndex> {
        self.jurisdiction_by_code.get(code).copied()
    }

    /// None where no agency ever had this id.
    pub fn find_agency(&self, id: &AgencyId) -> Option<AgencyIndex> {
        self.agency_by_id.get(id).copied()
    }

    /// With its newest values.
    pub(crate) fn jurisdiction_of(&self, code: &JurisdictionCode) -> Option<&Jurisdiction> {
        self.find_jurisdiction(code).map(|index| self.jurisdiction(index))
    }

    /// With its newest values.
    pub(crate) fn agency_of(&self, id: &AgencyId) -> Option<&Agency> {
        self.find_agency(id).map(|index| self.agency(index))
    }

    /// With its newest values.
    pub fn jurisdiction(&self, index: JurisdictionIndex) -> &Jurisdiction {
        &self.jurisdictions[index.index()]
    }

    /// With its newest values.
    pub fn agency(&self, index: AgencyIndex) -> &Agency {
        &self.agencies[index.index()]
    }

    /// With the name and parent of `year`, or of the nearest year in which it exists.
    pub fn jurisdiction_in(&self, index: JurisdictionIndex, year: ReportYear) -> Jurisdiction {
        let (entry, time) = (self.jurisdiction(index), self.jurisdiction_timeline(index));
        Jurisdiction {
            parent: time.parent_near(year).map(|parent| self.jurisdiction(parent).code.clone()),
            display_name: time.name_near(year).to_owned(),
            ..entry.clone()
        }
    }

    /// As it is in `year`, or in the nearest year in which it exists.
    pub fn agency_in(&self, index: AgencyIndex, year: ReportYear) -> Agency {
        let (entry, time) = (self.agency(index), self.agency_timeline(index));
        let Nature { kind, large, vertical } = self.nature(index, year);
        Agency {
            jurisdiction: self.jurisdiction(*time.parent_near(year)).code.clone(),
            display_name: time.name_near(year).to_owned(),
            kind,
            large,
            vertical,
            ..entry.clone()
        }
    }

    /// What an agency is in `year`, or in the nearest year in which it exists.
    pub fn nature(&self, agency: AgencyIndex, year: ReportYear) -> Nature {
        let post = &self.posts[agency.index()];
        *post.natures.at(post.time.nearest(year))
    }

    /// Each nature that an agency ever had with its first year, oldest first.
    pub fn natures(&self, agency: AgencyIndex) -> &Dated<Nature> {
        &self.posts[agency.index()].natures
    }

    /// Names, parents and end of a jurisdiction.
    pub fn jurisdiction_timeline(&self, index: JurisdictionIndex) -> &JurisdictionTimeline {
        &self.nodes[index.index()].time
    }

    /// Names, jurisdictions and end of an agency.
    pub fn agency_timeline(&self, index: AgencyIndex) -> &AgencyTimeline {
        &self.posts[index.index()].time
    }

    /// All jurisdictions in the order of creation, with their newest values.
    pub fn jurisdictions(&self) -> &Vector<Jurisdiction> {
        &self.jurisdictions
    }

    /// All agencies in the order of creation, with their newest values.
    pub fn agencies(&self) -> &Vector<Agency> {
        &self.agencies
    }

    /// Indices of all jurisdictions in the order of creation.
    pub fn jurisdiction_indices(&self) -> impl Iterator<Item = JurisdictionIndex> + use<> {
        (0..self.jurisdictions.len() as u32).map(JurisdictionIndex)
    }

    /// Indices of all agencies in the order of creation.
    pub fn agency_indices(&self) -> impl Iterator<Item = AgencyIndex> + use<> {
        (0..self.agencies.len() as u32).map(AgencyIndex)
    }

    /// Jurisdictions in order of their codes, after one.
    pub fn jurisdictions_after(&self, after: Option<&JurisdictionCode>) -> impl Iterator<Item = JurisdictionIndex> {
        let after = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.jurisdiction_by_code.range::<_, JurisdictionCode>((after, Bound::Unbounded)).map(|(_, index)| *index)
    }

    /// Agencies in order of their ids, from one on or after it.
    pub fn agencies_from(&self, from: Bound<&AgencyId>) -> impl Iterator<Item = AgencyIndex> {
        self.agency_by_id.range::<_, AgencyId>((from, Bound::Unbounded)).map(|(_, index)| *index)
    }

    /// The jurisdiction that an agency belongs to in `year`; none in years in which it owes no report.
    pub fn home(&self, agency: AgencyIndex, year: ReportYear) -> Option<JurisdictionIndex> {
        self.agency_timeline(agency).parent_in(year).copied()
    }

    /// What rules need to know about an agency that reports for `year`.
    pub fn reporter(&self, agency: AgencyIndex, year: ReportYear) -> Reporter {
        let Nature { kind, large, .. } = self.nature(agency, year);
        let home = *self.agency_timeline(agency).parent_near(year);
        Reporter { level: self.jurisdiction(home).level, kind, large }
    }

    /// Jurisdictions directly below, that belong to it in `year`.
    pub fn children(&self, of: JurisdictionIndex, year: ReportYear) -> impl Iterator<Item = JurisdictionIndex> {
        let children = self.nodes[of.index()].children.iter().copied();
        children.filter(move |child| self.jurisdiction_timeline(*child).parent_in(year) == Some(&Some(of)))
    }

    /// The jurisdiction's own agencies in `year`.
    pub fn own_agencies(&self, of: JurisdictionIndex, year: ReportYear) -> impl Iterator<Item = AgencyIndex> {
        let agencies = self.nodes[of.index()].agencies.iter().copied();
        agencies.filter(move |agency| self.home(*agency, year) == Some(of))
    }

    /// The agencies that belong to a jurisdiction in `year`, whoever stands for them.
    pub(super) fn agencies_in_force(&self, of: JurisdictionIndex, year: ReportYear) -> Vec<AgencyIndex> {
        let is_there = |agency: &AgencyIndex| {
            let time = self.agency_timeline(*agency);
            time.is_in_force(year) && *time.parents.at(year) == of
        };
        self.nodes[of.index()].agencies.iter().copied().filter(is_there).collect()
    }

    /// The jurisdiction and those above it in `year`, root last; only itself where it does not exist then.
    pub fn path_up(&self, from: JurisdictionIndex, year: ReportYear) -> impl Iterator<Item = JurisdictionIndex> {
        std::iter::successors(Some(from), move |at| self.jurisdiction_timeline(*at).parent_in(year).copied().flatten())
    }

    /// All agencies in and below a jurisdiction in `year`.
    pub fn agencies_below(&self, of: JurisdictionIndex, year: ReportYear) -> Vec<AgencyIndex> {
        let mut found = Vec::new();
        let mut waiting = vec![of];
        while let Some(at) = waiting.pop() {
            found.extend(self.own_agencies(at, year));
            waiting.extend(self.children(at, year));
        }
        found
    }

    /// Whether every way up ends at this jurisdiction: no other ever was a root.
    pub fn is_only_root(&self, root: JurisdictionIndex) -> bool {
        let has_parent = |node: &Node| node.time.parents.iter().all(|(_, parent)| parent.is_some());
        self.nodes.iter().enumerate().all(|(at, node)| at == root.index() || has_parent(node))
    }

    /// The last year from which on something belongs elsewhere: the trees of all later years are alike. The first year
    /// there is where nothing is registered.
    pub fn last_change(&self) -> ReportYear {
        let end = |year: Option<ReportYear>, last: ReportYear| year.map_or(last, |year| year.max(last));
        let of_node = |node: &Node| end(node.time.end.as_ref().map(|end| end.year), node.time.latest_change());
        let of_post = |post: &Post| {
            let joining = post.time.years_of_joining().max();
            let changed = end(joining, post.time.latest_change().max(post.natures.latest()));
            end(post.time.end.as_ref().map(|end| end.year), changed)
        };
        let years = self.nodes.iter().map(of_node).chain(self.posts.iter().map(of_post));
        years.max().unwrap_or(ReportYear::FIRST)
    }

    /// The changes that make this registry without its collections: jurisdictions, then agencies, then dated changes,
    /// each in their order.
    pub fn changes(&self) -> Vec<RegistryChange> {
        let extent = self.extent();
        (0..extent.changes()).filter_map(|position| self.change_within(extent, position)).collect()
    }

    /// How much there is.
    pub fn extent(&self) -> Extent {
        Extent { jurisdictions: self.jurisdictions.len(), agencies: self.agencies.len(), dated: self.dated.len() }
    }

    /// One of [`Registry::changes`] as they were when there was so much as `extent` says: what was there stays as it is.
    pub fn change_within(&self, extent: Extent, position: usize) -> Option<RegistryChange> {
        if position < extent.jurisdictions {
            let index = JurisdictionIndex(position as u32);
            return (position < self.jurisdictions.len())
                .then(|| RegistryChange::CreateJurisdiction(self.created_jurisdiction(index)));
        }
        let position = position - extent.jurisdictions;
        if position < extent.agencies {
            let index = AgencyIndex(position as u32);
            return (position < self.agencies.len()).then(|| RegistryChange::CreateAgency(self.created_agency(index)));
        }
        let position = position - extent.agencies;
        self.dated.get(position).filter(|_| position < extent.dated).cloned()
    }

    /// As it was created.
    pub(super) fn created_jurisdiction(&self, index: JurisdictionIndex) -> Jurisdiction {
        let (entry, time) = (self.jurisdiction(index), self.jurisdiction_timeline(index));
        Jurisdiction {
            parent: time.parents.created().map(|parent| self.jurisdiction(parent).code.clone()),
            display_name: time.names.created().clone(),
            ..entry.clone()
        }
    }

    /// As it was created.
    pub(super) fn created_agency(&self, index: AgencyIndex) -> Agency {
        let (entry, time) = (self.agency(index), self.agency_timeline(index));
        let Nature { kind, large, vertical } = *self.posts[index.index()].natures.created();
        Agency {
            jurisdiction: self.jurisdiction(*time.parents.created()).code.clone(),
            display_name: time.names.created().clone(),
            kind,
            large,
            vertical,
            first_year: self.posts[index.index()].registered,
            ..entry.clone()
        }
    }
}
