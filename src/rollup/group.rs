//! The groups of an answer: what makes one, in which order they come, and how one is named between two pages.

use std::fmt::Write as _;

use crate::registry::{AgencyIndex, JurisdictionIndex, Registry};
use crate::report::{AgencyId, AgencyKind, JurisdictionCode, ReportYear};

use super::Scope;

/// What makes one group, in the dimensions that do not split a measure.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Group {
    /// Report year; none where years are added up.
    pub year: Option<ReportYear>,
    /// The part of the scope; none where the scope is not split.
    pub scope: Option<Scope>,
    /// The single agency; none where agencies are added up.
    pub agency: Option<AgencyIndex>,
    /// Kind of agency; none where kinds are added up.
    pub kind: Option<AgencyKind>,
}

/// Agencies by id, then years, then own agencies before the jurisdictions below in the order of their registration,
/// then kinds.
type Order<'a> = (Option<&'a AgencyId>, Option<ReportYear>, Option<(bool, JurisdictionIndex)>, Option<AgencyKind>);

const KINDS: [(AgencyKind, &str); 4] = [
    (AgencyKind::GovernmentOffice, "office"),
    (AgencyKind::Department, "department"),
    (AgencyKind::Township, "township"),
    (AgencyKind::DispatchedOffice, "dispatched"),
];

impl Group {
    /// Where the group comes in an answer: always at the same place, whatever is in it.
    pub fn order<'a>(&self, registry: &'a Registry) -> Order<'a> {
        let scope = self.scope.map(|scope| match scope {
            Scope::Own(index) => (false, index),
            Scope::Subtree(index) => (true, index),
        });
        (self.agency.map(|agency| &registry.agency(agency).id), self.year, scope, self.kind)
    }
}

/// A row of an answer, by its group and its place among the group's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowKey {
    /// The group that it is a row of.
    pub group: Group,
    /// Position among the group's rows, from 0.
    pub row: usize,
}

impl RowKey {
    /// In names that hold in every state of the registry in which the group is.
    pub fn to_text(self, registry: &Registry) -> String {
        let mut text = self.row.to_string();
        // Writing to a String cannot fail.
        let Group { year, scope, agency, kind } = self.group;
        if let Some(year) = year {
            let _ = write!(text, " y{year}");
        }
        match scope {
            Some(Scope::Own(index)) => _ = write!(text, " o{}", registry.jurisdiction(index).code.as_str()),
            Some(Scope::Subtree(index)) => _ = write!(text, " s{}", registry.jurisdiction(index).code.as_str()),
            None => {}
        }
        if let Some(agency) = agency {
            let _ = write!(text, " a{}", registry.agency(agency).id);
        }
        if let Some((_, name)) = kind.and_then(|kind| KINDS.iter().find(|(known, _)| *known == kind)) {
            let _ = write!(text, " k{name}");
        }
        text
    }

    /// The row that a text of [`RowKey::to_text`] names; none for any other text.
    pub fn parse(text: &str, registry: &Registry) -> Option<Self> {
        let mut parts = text.split(' ');
        let row = parts.next()?.parse().ok()?;
        let mut group = Group::default();
        let place = |code: &str| registry.find_jurisdiction(&code.parse::<JurisdictionCode>().ok()?);
        for part in parts {
            let (sort, value) = part.split_at_checked(1)?;
            match sort {
                "y" => group.year = Some(value.parse().ok()?),
                "o" => group.scope = Some(Scope::Own(place(value)?)),
                "s" => group.scope = Some(Scope::Subtree(place(value)?)),
                "a" => group.agency = Some(registry.find_agency(&value.parse().ok()?)?),
                "k" => group.kind = Some(KINDS.iter().find(|(_, name)| *name == value)?.0),
                _ => return None,
            }
        }
        Some(Self { group, row })
    }
}

/// Which rows of some groups in order make a page, each group having the same number of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// Rows of the first group that are not on the page.
    pub skip: usize,
    /// Rows on the page at most.
    pub size: usize,
    /// Rows that each group makes, at least one.
    pub rows_per_group: usize,
}

impl Slice {
    /// Groups needed from the first on: those of the page, and one more where there is one.
    pub fn groups_max(self) -> usize {
        (self.skip.saturating_add(self.size) / self.rows_per_group).saturating_add(1)
    }

    /// The last row of the page, where rows come after it; `groups` are those from the first on, at least as many as
    /// [`Slice::groups_max`] where there are so many.
    pub fn last(self, groups: &[Group]) -> Option<RowKey> {
        let end = self.skip.saturating_add(self.size);
        if groups.len().saturating_mul(self.rows_per_group) <= end {
            return None;
        }
        let last = end.checked_sub(1)?;
        let group = *groups.get(last / self.rows_per_group)?;
        Some(RowKey { group, row: last % self.rows_per_group })
    }

    /// The rows of the page among all rows of the groups.
    pub fn of<T>(self, rows: Vec<T>) -> Vec<T> {
        rows.into_iter().skip(self.skip).take(self.size).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{Agency, Jurisdiction, RegistryChange};
    use crate::report::Level;

    #[test]
    fn a_row_is_found_again_by_its_name_and_no_other_text_names_one() {
        let mut registry = Registry::default();
        let first_year = ReportYear::new(2021).unwrap();
        for change in [
            RegistryChange::CreateJurisdiction(Jurisdiction {
                code: "230000".parse().unwrap(),
                parent: None,
                display_name: "黑龙江省".to_owned(),
                level: Level::Province,
                first_year,
            }),
            RegistryChange::CreateAgency(Agency {
                id: "agency".parse().unwrap(),
                jurisdiction: "230000".parse().unwrap(),
                display_name: "样例局".to_owned(),
                kind: AgencyKind::Department,
                large: false,
                vertical: false,
                first_year,
            }),
        ] {
            registry.apply(&change).unwrap();
        }
        let place = registry.jurisdiction_indices().next().unwrap();
        let agency = registry.agency_indices().next();
        for year in [None, Some(first_year)] {
            for scope in [None, Some(Scope::Own(place)), Some(Scope::Subtree(place))] {
                for agency in [None, agency] {
                    for kind in [None].into_iter().chain(KINDS.map(|(kind, _)| Some(kind))) {
                        let key = RowKey { group: Group { year, scope, agency, kind }, row: 3 };
                        assert_eq!(RowKey::parse(&key.to_text(&registry), &registry), Some(key));
                    }
                }
            }
        }
        for text in ["", "x", "0 y99", "0 s999999", "0 aother", "0 kother", "0 z", "0  "] {
            assert_eq!(RowKey::parse(text, &registry), None, "{text:?}");
        }
    }
}
