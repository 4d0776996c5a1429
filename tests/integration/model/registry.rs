//! Who belonged to whom, as one plain table for each year: no timelines, no indices, nothing shared with the service.
//!
//! What is admitted is for the service to say; what an admitted change means is written down here once more.

use std::collections::BTreeMap;

/// Years for which there is a table.
pub const TABLES: std::ops::RangeInclusive<u16> = 2019..=2027;

/// An agency's own values, which never change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agency {
    pub name: String,
    /// By position in the contract's list of kinds, which is also their order.
    pub kind: i32,
    pub vertical: bool,
}

/// What may happen to the registry; entries by resource name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Place { name: String, parent: Option<String>, first_year: u16 },
    Agency { agency: Agency, parent: String, first_year: u16 },
    Move { name: String, parent: String, first_year: u16 },
    Merge { names: Vec<String>, into: String, first_year: u16 },
    Split { name: String, into: Vec<String>, first_year: u16 },
    Abolish { name: String, first_year: u16 },
}

#[derive(Debug, Clone, Default)]
pub struct Registry {
    /// In the order of their registration.
    pub places: Vec<String>,
    /// In the order of their names.
    pub agencies: BTreeMap<String, Agency>,
    /// For each year, whatever exists in it with what it belongs to.
    tables: BTreeMap<u16, BTreeMap<String, Option<String>>>,
    /// What no longer exists: from when on, and what it was merged into.
    ends: BTreeMap<String, (u16, Option<String>)>,
}

impl Registry {
    pub fn apply(&mut self, change: &Change) {
        match change {
            Change::Place { name, parent, first_year } => {
                self.places.push(name.clone());
                self.put(name, *first_year, parent.clone());
            }
            Change::Agency { agency, parent, first_year } => {
                self.agencies.insert(agency.name.clone(), agency.clone());
                self.put(&agency.name, *first_year, Some(parent.clone()));
            }
            Change::Move { name, parent, first_year } => {
                for table in self.from(*first_year) {
                    if let Some(belongs_to) = table.get_mut(name) {
                        *belongs_to = Some(parent.clone());
                    }
                }
            }
            Change::Merge { names, into, first_year } => {
                for table in self.from(*first_year) {
                    for belongs_to in table.values_mut() {
                        if belongs_to.as_ref().is_some_and(|parent| names.contains(parent)) {
                            *belongs_to = Some(into.clone());
                        }
                    }
                }
                names.iter().for_each(|name| self.end(name, *first_year, Some(into)));
            }
            Change::Split { name, first_year, .. } | Change::Abolish { name, first_year } => {
                self.end(name, *first_year, None);
            }
        }
    }

    fn from(&mut self, first_year: u16) -> impl Iterator<Item = &mut BTreeMap<String, Option<String>>> {
        self.tables.range_mut(first_year..).map(|(_, table)| table)
    }

    fn put(&mut self, name: &str, first_year: u16, parent: Option<String>) {
        for year in TABLES.filter(|year| *year >= first_year) {
            self.tables.entry(year).or_default().insert(name.to_owned(), parent.clone());
        }
    }

    fn end(&mut self, name: &str, first_year: u16, into: Option<&String>) {
        // The same again changes nothing.
        if self.ends.contains_key(name) {
            return;
        }
        self.from(first_year).for_each(|table| _ = table.remove(name));
        self.ends.insert(name.to_owned(), (first_year, into.cloned()));
    }

    pub fn exists(&self, name: &str, year: u16) -> bool {
        self.tables.get(&year).is_some_and(|table| table.contains_key(name))
    }

    fn parent_in(&self, name: &str, year: u16) -> Option<&str> {
        self.tables.get(&year)?.get(name)?.as_deref()
    }

    /// What it belonged to, in the existing year nearest to `year`.
    fn parent_near(&self, name: &str, year: u16) -> Option<&str> {
        let nearest = if self.exists(name, year) {
            year
        } else if let Some((end, _)) = self.ends.get(name).filter(|(end, _)| *end <= year) {
            end - 1
        } else {
            TABLES.into_iter().find(|year| self.exists(name, *year))?
        };
        self.parent_in(name, nearest)
    }

    /// What an entry has been merged into by `year`, in the end.
    fn merged<'a>(&'a self, mut name: &'a str, year: u16) -> &'a str {
        while let Some((end, Some(into))) = self.ends.get(name)
            && *end <= year
        {
            name = into;
        }
        name
    }

    /// The places that a report of the agency for `year` counts in, from its own up to the root, in the tree of that year
    /// or of another; none where it owes no report.
    pub fn way_up(&self, agency: &str, year: u16, tree: Option<u16>) -> Vec<String> {
        if !self.exists(agency, year) {
            return Vec::new();
        }
        let Some(tree) = tree else {
            let mut way: Vec<String> = Vec::new();
            let mut at = self.parent_in(agency, year);
            while let Some(place) = at {
                way.push(place.to_owned());
                at = self.parent_in(place, year);
            }
            return way;
        };
        self.parent_near(self.merged(agency, tree), tree).map_or_else(Vec::new, |home| self.way_up_in(home, tree))
    }

    /// A place, and those above it in the tree of a year, whether it exists then or not.
    pub fn way_up_in(&self, place: &str, tree: u16) -> Vec<String> {
        let mut way: Vec<String> = Vec::new();
        let mut at = Some(place);
        while let Some(place) = at {
            let place = self.merged(place, tree);
            assert!(!way.iter().any(|below| below == place), "a circle at {place} in {tree}");
            way.push(place.to_owned());
            at = self.parent_near(place, tree);
        }
        way
    }

    /// The agency that another one counts with in the tree of a year.
    pub fn counts_with<'a>(&'a self, agency: &'a str, tree: Option<u16>) -> &'a str {
        tree.map_or(agency, |tree| self.merged(agency, tree))
    }

    /// What an entry belonged to, each with the first year of it.
    pub fn parents(&self, name: &str) -> Vec<(u16, Option<String>)> {
        let mut parents: Vec<(u16, Option<String>)> = Vec::new();
        for (year, table) in &self.tables {
            if let Some(parent) = table.get(name)
                && parents.last().is_none_or(|(_, last)| last != parent)
            {
                parents.push((*year, parent.clone()));
            }
        }
        parents
    }
}
