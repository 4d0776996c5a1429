//! Totals follow a change of who belongs to whom. Found beside the totals, from the registry before and after, and then
//! made at once.
//!
//! What a jurisdiction's own agencies come to moves as one sum wherever they stay together, so that a merger of cities
//! takes work in proportion to their jurisdictions, and reports are read only of agencies that part from the others.

use std::collections::{BTreeMap, HashMap};

use crate::registry::{AgencyIndex, JurisdictionIndex, Registry};
use crate::report::ReportYear;

use super::kept::{YearTotals, change_expected};
use super::part::Part;
use super::scope::expected_changes;
use super::{Class, Scope, Totals, Tree, class_of};

/// What is to be changed in totals.
#[derive(Debug, Default)]
pub struct Relocation {
    /// Changes of the number of agencies expected, by the year from which they hold.
    expected: HashMap<(Scope, Class), BTreeMap<ReportYear, i64>>,
    moves: Vec<PartMove>,
}

#[derive(Debug)]
struct PartMove {
    year: ReportYear,
    part: Part,
    from: Standing,
    to: Standing,
}

/// Where agencies count, and as what.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Standing {
    class: Class,
    scopes: Vec<Scope>,
}

impl Standing {
    fn counts_in(&self, scope: Scope, class: Class) -> bool {
        self.class == class && self.scopes.contains(&scope)
    }
}

/// Where agencies count after a change.
#[derive(Clone, Copy)]
pub struct Destination<'a> {
    /// The registry after the change.
    pub registry: &'a Registry,
    /// Which agency belongs where.
    pub tree: Tree,
}

/// Agencies that always belonged, and will belong, to the same jurisdictions and classes in the same years.
struct Group {
    members: Vec<AgencyIndex>,
}

/// Homes with their first years.
type Homes = Vec<(ReportYear, JurisdictionIndex)>;
/// Classes with their first years.
type Classes = Vec<(ReportYear, Class)>;

/// Groups that count in the same scopes, as the same, after the change.
struct Block<'a> {
    to: Standing,
    groups: Vec<&'a Group>,
}

impl Block<'_> {
    fn members(&self) -> usize {
        self.groups.iter().map(|group| group.members.len()).sum()
    }
}

/// Agencies of one class that count in the same scopes before the change.
struct Home<'a> {
    from: Standing,
    blocks: Vec<Block<'a>>,
}

/// Groups that count nowhere before the change, with how they stand before and after it.
type Homeless<'a> = Vec<(&'a Group, Standing, Standing)>;

/// Agencies by all that their classes and places follow from. One that has ended, or to which another was joined, stands
/// alone.
fn groups(registries: &[&Registry], agencies: impl Iterator<Item = AgencyIndex>) -> Vec<Group> {
    let mut known: HashMap<(Classes, Homes, Option<AgencyIndex>), usize> = HashMap::new();
    let mut groups: Vec<Group> = Vec::new();
    for agency in agencies {
        let (mut homes, mut classes, mut alone) = (Homes::new(), Classes::new(), None);
        for registry in registries.iter().filter(|registry| agency.index() < registry.agencies().len()) {
            let time = registry.agency_timeline(agency);
            homes.extend(time.parents.iter().map(|(year, home)| (year, *home)));
            if time.end.is_some() || time.is_stood_for() {
                alone = Some(agency);
            }
            classes.extend(registry.natures(agency).iter().map(|(year, _)| (year, class_of(registry, agency, year))));
        }
        let at = *known.entry((classes, homes, alone)).or_insert_with(|| {
            groups.push(Group { members: Vec::new() });
            groups.len() - 1
        });
        groups[at].members.push(agency);
    }
    groups
}

impl Group {
    /// Any of them tells where all count.
    fn standing(&self, tree: Tree, registry: &Registry, year: ReportYear) -> Option<Standing> {
        let agency = *self.members.first()?;
        Some(Standing { class: class_of(registry, agency, year), scopes: tree.scopes(registry, agency, year) })
    }
}

impl Relocation {
    /// Counts the agencies of a group `sign` times as expected.
    fn expect(&mut self, tree: Tree, registry: &Registry, group: &Group, sign: i64) {
        let Some(agency) = group.members.first().filter(|agency| agency.index() < registry.agencies().len()) else {
            return;
        };
        let by = sign * i64::try_from(group.members.len()).unwrap_or(i64::MAX);
        expected_changes(tree, registry, *agency, |scope, class, year, change| {
            *self.expected.entry((scope, class)).or_default().entry(year).or_default() += by * change;
        });
    }
}

impl Totals {
    /// What a change of the registry from `before` to `after` does to these totals. `agencies` are all whose places may
    /// differ in years from `first_year` on, and all that are new; `read` gives what one agency's report of a year
    /// comes to.
    ///
    /// # Errors
    /// Those of `read`.
    pub fn relocation<E>(
        &self,
        before: &Registry,
        after: &Registry,
        agencies: impl Iterator<Item = AgencyIndex>,
        first_year: ReportYear,
        read: impl FnMut(AgencyIndex, ReportYear) -> Result<Part, E>,
    ) -> Result<Relocation, E> {
        let groups = groups(&[before, after], agencies);
        let mut relocation = Relocation::default();
        for group in &groups {
            relocation.expect(self.tree(), before, group, -1);
            relocation.expect(self.tree(), after, group, 1);
        }
        relocation.expected.retain(|_, by_year| by_year.values().any(|change| *change != 0));
        // The places of years before stay as they were, unless all years are seen over the tree of one.
        let years = self.years.iter().filter(|(year, _)| self.tree() != Tree::AsReported || **year >= first_year);
        let destination = Destination { registry: after, tree: self.tree() };
        relocation.moves = self.moves(before, destination, &groups, years, read)?;
        relocation.moves.retain(|part| part.from != part.to);
        Ok(relocation)
    }

    /// The totals of some years over another tree, made of these.
    ///
    /// # Errors
    /// Those of `read`, which gives what one agency's report of a year comes to.
    pub fn over<E>(
        &self,
        registry: &Registry,
        tree: Tree,
        (first, last): (ReportYear, ReportYear),
        read: impl FnMut(AgencyIndex, ReportYear) -> Result<Part, E>,
    ) -> Result<Self, E> {
        let groups = groups(&[registry], registry.agency_indices());
        let mut relocation = Relocation::default();
        groups.iter().for_each(|group| relocation.expect(tree, registry, group, 1));
        let mut other = Self::new(tree);
        for (year, totals) in self.years.range(first..=last) {
            other.years.insert(*year, totals.without_parts());
        }
        let destination = Destination { registry, tree };
        relocation.moves = self.moves(registry, destination, &groups, self.years.range(first..=last), read)?;
        relocation.moves.iter_mut().for_each(|part| part.from.scopes.clear());
        other.relocate(relocation);
        Ok(other)
    }

    /// Counts all agencies of a registry as expected in the years in which they owe a report.
    pub fn expect_all(&mut self, registry: &Registry) {
        let mut relocation = Relocation::default();
        for group in groups(&[registry], registry.agency_indices()) {
            relocation.expect(self.tree(), registry, &group, 1);
        }
        self.relocate(relocation);
    }

    /// Each part of the totals that the groups make, with the scopes that it counts in before and after.
    fn moves<'a, E>(
        &self,
        before: &Registry,
        after: Destination<'_>,
        groups: &[Group],
        years: impl Iterator<Item = (&'a ReportYear, &'a YearTotals)>,
        mut read: impl FnMut(AgencyIndex, ReportYear) -> Result<Part, E>,
    ) -> Result<Vec<PartMove>, E> {
        let mut moves = Vec::new();
        for (year, totals) in years {
            let (homes, homeless) = self.homes(before, after, groups, *year);
            // What counts nowhere is in no sum that it could be taken from.
            for (group, from, to) in homeless {
                let mut part = Part::default();
                for agency in &group.members {
                    part.add(&read(*agency, *year)?);
                    part.failures.add(&totals.refused(*agency));
                }
                if part != Part::default() {
                    moves.push(PartMove { year: *year, part, from, to });
                }
            }
            for ((own, class), home) in homes {
                let Some(whole) = totals.parts.get(&own).and_then(|by_class| by_class.get(&class)) else { continue };
                let Home { from, mut blocks } = home;
                if blocks.iter().all(|block| block.to == from) && after.tree == self.tree() {
                    continue;
                }
                // Where they are all of the jurisdiction's own, the largest block is what the others leave.
                blocks.sort_by_key(Block::members);
                let members: usize = blocks.iter().map(Block::members).sum();
                let is_whole = self.expected_in(own, class, *year) == members as u64;
                let largest = if is_whole { blocks.pop() } else { None };
                let mut rest = whole.clone();
                for block in blocks {
                    let mut part = Part::default();
                    for agency in block.groups.iter().flat_map(|group| &group.members) {
                        part.add(&read(*agency, *year)?);
                        part.failures.add(&totals.refused(*agency));
                    }
                    if is_whole {
                        rest.take(&part);
                    }
                    moves.push(PartMove { year: *year, part, from: from.clone(), to: block.to });
                }
                moves.extend(largest.map(|block| PartMove { year: *year, part: rest, from, to: block.to }));
            }
        }
        Ok(moves)
    }

    /// The groups by the jurisdiction that they are own agencies of before, and there by where they count after; and those that
    /// count nowhere before, as what was voided, and somewhere after.
    fn homes<'a>(
        &self,
        before: &Registry,
        after: Destination<'_>,
        groups: &'a [Group],
        year: ReportYear,
    ) -> (BTreeMap<(Scope, Class), Home<'a>>, Homeless<'a>) {
        let mut homes: BTreeMap<(Scope, Class), Home<'a>> = BTreeMap::new();
        let mut homeless = Vec::new();
        for group in groups {
            let is_known = |agency: &AgencyIndex| agency.index() < before.agencies().len();
            if !group.members.first().is_some_and(is_known) {
                continue;
            }
            let Some(from) = group.standing(self.tree(), before, year) else { continue };
            let Some(to) = group.standing(after.tree, after.registry, year) else { continue };
            let Some(own) = from.scopes.first().copied() else {
                if !to.scopes.is_empty() {
                    homeless.push((group, from, to));
                }
                continue;
            };
            let home = homes.entry((own, from.class)).or_insert_with(|| Home { from, blocks: Vec::new() });
            match home.blocks.iter_mut().find(|block| block.to == to) {
                Some(block) => block.groups.push(group),
                None => home.blocks.push(Block { to, groups: vec![group] }),
            }
        }
        (homes, homeless)
    }

    /// Makes the changes.
    pub fn relocate(&mut self, relocation: Relocation) {
        for ((scope, class), by_year) in relocation.expected {
            for (year, change) in by_year {
                change_expected(&mut self.expected, scope, class, year, change);
            }
        }
        for PartMove { year, part, from, to } in relocation.moves {
            let totals = self.years.entry(year).or_default();
            for scope in from.scopes.iter().filter(|scope| !to.counts_in(**scope, from.class)) {
                totals.change_part(*scope, from.class, |whole| whole.take(&part));
            }
            for scope in to.scopes.iter().filter(|scope| !from.counts_in(**scope, to.class)) {
                totals.change_part(*scope, to.class, |whole| whole.add(&part));
            }
        }
    }
}
