//! The registry in memory: entries by id and by dense index, children, and the way up to the root.

use std::collections::HashMap;

use crate::report::{AgencyId, Level, ReportYear, Reporter};

use super::{Agency, Jurisdiction, JurisdictionCode, RegistryChange, RegistryError};

/// Place of a jurisdiction in a registry, dense from 0 in the order of creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JurisdictionIndex(u32);

/// Place of an agency in a registry, dense from 0 in the order of creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgencyIndex(u32);

impl JurisdictionIndex {
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl AgencyIndex {
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

#[derive(Debug, Clone, Default)]
struct Node {
    children: Vec<JurisdictionIndex>,
    agencies: Vec<AgencyIndex>,
    parent: Option<JurisdictionIndex>,
}

/// All jurisdictions and agencies.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    jurisdictions: Vec<Jurisdiction>,
    nodes: Vec<Node>,
    agencies: Vec<Agency>,
    /// The jurisdiction of each agency.
    homes: Vec<JurisdictionIndex>,
    jurisdiction_by_code: HashMap<JurisdictionCode, JurisdictionIndex>,
    agency_by_id: HashMap<AgencyId, AgencyIndex>,
}

/// A checked list of changes, to be stored and then applied.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Changes that take effect, in order.
    pub effective: Vec<RegistryChange>,
    /// Changes that were in force already.
    pub unchanged: usize,
}

/// Looks entries up in the registry and among changes planned before.
struct Planned<'a> {
    registry: &'a Registry,
    jurisdictions: HashMap<&'a JurisdictionCode, &'a Jurisdiction>,
    agencies: HashMap<&'a AgencyId, &'a Agency>,
}

impl<'a> Planned<'a> {
    fn jurisdiction(&self, code: &JurisdictionCode) -> Option<&'a Jurisdiction> {
        self.jurisdictions.get(code).copied().or_else(|| self.registry.jurisdiction_of(code))
    }

    fn agency(&self, id: &AgencyId) -> Option<&'a Agency> {
        self.agencies.get(id).copied().or_else(|| self.registry.agency_of(id))
    }

    /// Whether the change takes effect; false where it is in force already.
    fn admit(&mut self, change: &'a RegistryChange) -> Result<bool, RegistryError> {
        match change {
            RegistryChange::CreateJurisdiction(new) => {
                if let Some(known) = self.jurisdiction(&new.code) {
                    return if known == new {
                        Ok(false)
                    } else {
                        Err(RegistryError::JurisdictionExists(change.subject()))
                    };
                }
                if let Some(parent) = &new.parent {
                    self.check_parent(change, parent, Some(new.level), new.first_year)?;
                }
                self.jurisdictions.insert(&new.code, new);
            }
            RegistryChange::CreateAgency(new) => {
                if let Some(known) = self.agency(&new.id) {
                    return if known == new { Ok(false) } else { Err(RegistryError::AgencyExists(change.subject())) };
                }
                self.check_parent(change, &new.jurisdiction, None, new.first_year)?;
                self.agencies.insert(&new.id, new);
            }
        }
        Ok(true)
    }

    fn check_parent(
        &self,
        change: &RegistryChange,
        parent: &JurisdictionCode,
        level: Option<Level>,
        first_year: ReportYear,
    ) -> Result<(), RegistryError> {
        let subject = change.subject();
        let Some(above) = self.jurisdiction(parent) else {
            return Err(RegistryError::ParentUnknown { subject, parent: parent.name() });
        };
        if level.is_some_and(|level| level <= above.level) {
            return Err(RegistryError::LevelNotLower { subject, parent: parent.name() });
        }
        if first_year < above.first_year {
            let parent_first_year = above.first_year;
            return Err(RegistryError::BeforeParent { subject, first_year, parent: parent.name(), parent_first_year });
        }
        Ok(())
    }
}

impl Registry {
    /// Checks a list of changes, each after those before it; nothing changes.
    ///
    /// # Errors
    /// The position of the first change that cannot be applied, and why.
    pub fn plan(&self, changes: &[RegistryChange]) -> Result<Plan, (usize, RegistryError)> {
        let mut planned = Planned { registry: self, jurisdictions: HashMap::new(), agencies: HashMap::new() };
        let mut plan = Plan::default();
        for (position, change) in changes.iter().enumerate() {
            if planned.admit(change).map_err(|error| (position, error))? {
                plan.effective.push(change.clone());
            } else {
                plan.unchanged += 1;
            }
        }
        Ok(plan)
    }

    /// Applies a change that [`Registry::plan`] admitted.
    ///
    /// # Errors
    /// [`RegistryError`] where it was not admitted; nothing changes then.
    pub fn apply(&mut self, change: &RegistryChange) -> Result<(), RegistryError> {
        self.plan(std::slice::from_ref(change)).map_err(|(_, error)| error)?;
        match change {
            RegistryChange::CreateJurisdiction(new) => self.add_jurisdiction(new.clone()),
            RegistryChange::CreateAgency(new) => self.add_agency(new.clone()),
        }
        Ok(())
    }

    fn add_jurisdiction(&mut self, new: Jurisdiction) {
        let index = JurisdictionIndex(self.jurisdictions.len() as u32);
        let parent = new.parent.as_ref().and_then(|code| self.find_jurisdiction(code));
        if let Some(parent) = parent {
            self.nodes[parent.index()].children.push(index);
        }
        self.nodes.push(Node { parent, ..Node::default() });
        self.jurisdiction_by_code.insert(new.code.clone(), index);
        self.jurisdictions.push(new);
    }

    fn add_agency(&mut self, new: Agency) {
        if let Some(home) = self.find_jurisdiction(&new.jurisdiction) {
            let index = AgencyIndex(self.agencies.len() as u32);
            self.nodes[home.index()].agencies.push(index);
            self.homes.push(home);
            self.agency_by_id.insert(new.id.clone(), index);
            self.agencies.push(new);
        }
    }

    pub fn find_jurisdiction(&self, code: &JurisdictionCode) -> Option<JurisdictionIndex> {
        self.jurisdiction_by_code.get(code).copied()
    }

    pub fn find_agency(&self, id: &AgencyId) -> Option<AgencyIndex> {
        self.agency_by_id.get(id).copied()
    }

    pub fn jurisdiction_of(&self, code: &JurisdictionCode) -> Option<&Jurisdiction> {
        self.find_jurisdiction(code).map(|index| self.jurisdiction(index))
    }

    pub fn agency_of(&self, id: &AgencyId) -> Option<&Agency> {
        self.find_agency(id).map(|index| self.agency(index))
    }

    pub fn jurisdiction(&self, index: JurisdictionIndex) -> &Jurisdiction {
        &self.jurisdictions[index.index()]
    }

    pub fn agency(&self, index: AgencyIndex) -> &Agency {
        &self.agencies[index.index()]
    }

    /// All jurisdictions in the order of creation.
    pub fn jurisdictions(&self) -> &[Jurisdiction] {
        &self.jurisdictions
    }

    /// All agencies in the order of creation.
    pub fn agencies(&self) -> &[Agency] {
        &self.agencies
    }

    /// The jurisdiction that an agency counts in for `year`; none before its first year.
    pub fn home(&self, agency: AgencyIndex, year: ReportYear) -> Option<JurisdictionIndex> {
        (self.agency(agency).first_year <= year).then(|| self.homes[agency.index()])
    }

    /// What rules need to know about an agency.
    pub fn reporter(&self, agency: AgencyIndex) -> Reporter {
        let entry = self.agency(agency);
        let level = self.jurisdiction(self.homes[agency.index()]).level;
        Reporter { level, kind: entry.kind, large: entry.large }
    }

    /// Jurisdictions directly below, that belong to it in `year`.
    pub fn children(&self, of: JurisdictionIndex, year: ReportYear) -> impl Iterator<Item = JurisdictionIndex> {
        let children = self.nodes[of.index()].children.iter().copied();
        children.filter(move |child| self.jurisdiction(*child).first_year <= year)
    }

    /// The jurisdiction's own agencies in `year`.
    pub fn own_agencies(&self, of: JurisdictionIndex, year: ReportYear) -> impl Iterator<Item = AgencyIndex> {
        let agencies = self.nodes[of.index()].agencies.iter().copied();
        agencies.filter(move |agency| self.agency(*agency).first_year <= year)
    }

    /// The jurisdiction and those above it in `year`, root last.
    pub fn path_up(&self, from: JurisdictionIndex, year: ReportYear) -> impl Iterator<Item = JurisdictionIndex> {
        std::iter::successors(Some(from), move |at| {
            self.nodes[at.index()].parent.filter(|_| self.jurisdiction(*at).first_year <= year)
        })
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::AgencyKind;

    fn jurisdiction(code: &str, parent: Option<&str>, level: Level, first_year: u16) -> RegistryChange {
        RegistryChange::CreateJurisdiction(Jurisdiction {
            code: code.parse().unwrap(),
            parent: parent.map(|parent| parent.parse().unwrap()),
            display_name: code.to_owned(),
            level,
            first_year: ReportYear::new(first_year).unwrap(),
        })
    }

    fn agency(id: &str, jurisdiction: &str, first_year: u16) -> RegistryChange {
        RegistryChange::CreateAgency(Agency {
            id: id.parse().unwrap(),
            jurisdiction: jurisdiction.parse().unwrap(),
            display_name: id.to_owned(),
            kind: AgencyKind::Department,
            large: false,
            first_year: ReportYear::new(first_year).unwrap(),
        })
    }

    fn province() -> Registry {
        let mut registry = Registry::default();
        for change in [
            jurisdiction("230000", None, Level::Province, 2019),
            jurisdiction("230100", Some("230000"), Level::City, 2019),
            jurisdiction("230102", Some("230100"), Level::County, 2021),
            agency("one", "230102", 2022),
        ] {
            registry.apply(&change).unwrap();
        }
        registry
    }

    #[test]
    fn membership_holds_from_the_first_year_on() {
        let registry = province();
        let one = registry.find_agency(&"one".parse().unwrap()).unwrap();
        let root = registry.find_jurisdiction(&"230000".parse().unwrap()).unwrap();
        let year = |year| ReportYear::new(year).unwrap();
        assert_eq!(registry.home(one, year(2021)), None);
        let home = registry.home(one, year(2022)).unwrap();
        assert_eq!(registry.path_up(home, year(2022)).last(), Some(root));
        assert_eq!(registry.agencies_below(root, year(2022)), [one]);
        assert!(registry.agencies_below(root, year(2021)).is_empty());
    }

    #[test]
    fn a_list_is_checked_as_a_whole_and_names_the_change_at_fault() {
        let registry = Registry::default();
        let changes = [
            jurisdiction("230000", None, Level::Province, 2019),
            jurisdiction("230100", Some("230000"), Level::City, 2019),
            agency("one", "230200", 2019),
        ];
        let (position, error) = registry.plan(&changes).unwrap_err();
        assert_eq!(position, 2);
        assert!(matches!(error, RegistryError::ParentUnknown { .. }), "{error}");
        assert_eq!(registry.plan(&changes[..2]).unwrap().effective.len(), 2);
    }

    #[test]
    fn the_same_change_again_is_unchanged_and_another_value_is_refused() {
        let registry = province();
        let again = jurisdiction("230100", Some("230000"), Level::City, 2019);
        assert_eq!(registry.plan(&[again]).unwrap(), Plan { effective: vec![], unchanged: 1 });
        let other = jurisdiction("230100", Some("230000"), Level::City, 2020);
        assert!(matches!(registry.plan(&[other]), Err((0, RegistryError::JurisdictionExists(_)))));
    }

    #[test]
    fn levels_go_down_and_no_child_is_older_than_its_parent() {
        let registry = province();
        let sideways = jurisdiction("230200", Some("230100"), Level::City, 2019);
        assert!(matches!(registry.plan(&[sideways]), Err((0, RegistryError::LevelNotLower { .. }))));
        let early = agency("two", "230102", 2020);
        assert!(matches!(registry.plan(&[early]), Err((0, RegistryError::BeforeParent { .. }))));
    }
}
