//! The agencies of places in order of their ids, from any id on: a page takes work in proportion to what is taken of it,
//! and to the number of the places, however many agencies there are.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::ops::Bound;

use crate::report::AgencyId;

use super::{AgencyIndex, JurisdictionIndex, Registry};

/// Agencies in order of their ids.
type InOrder<'a> = Box<dyn Iterator<Item = AgencyIndex> + 'a>;

/// Several lists as one, each agency once.
struct Merged<'a> {
    registry: &'a Registry,
    lists: Vec<InOrder<'a>>,
    /// The next agency of each list that has one.
    next: BinaryHeap<Reverse<(&'a AgencyId, AgencyIndex, usize)>>,
    last: Option<AgencyIndex>,
}

impl<'a> Merged<'a> {
    fn new(registry: &'a Registry, lists: Vec<InOrder<'a>>) -> Self {
        let mut merged = Self { registry, next: BinaryHeap::with_capacity(lists.len()), lists, last: None };
        (0..merged.lists.len()).for_each(|list| merged.advance(list));
        merged
    }

    fn advance(&mut self, list: usize) {
        if let Some(agency) = self.lists[list].next() {
            self.next.push(Reverse((&self.registry.agency(agency).id, agency, list)));
        }
    }
}

impl Iterator for Merged<'_> {
    type Item = AgencyIndex;

    fn next(&mut self) -> Option<AgencyIndex> {
        loop {
            let Reverse((_, agency, list)) = self.next.pop()?;
            self.advance(list);
            if self.last.replace(agency) != Some(agency) {
                return Some(agency);
            }
        }
    }
}

impl Registry {
    /// In order of their ids, those within the bound: all agencies that can count in or below one of the places in the
    /// tree of whatever year, and `besides`; there may be others among them.
    pub fn agencies_for<'a>(
        &'a self,
        places: &[JurisdictionIndex],
        mut besides: Vec<AgencyIndex>,
        from: Bound<&'a AgencyId>,
    ) -> Box<dyn Iterator<Item = AgencyIndex> + 'a> {
        if places.iter().any(|place| self.is_only_root(*place)) {
            return Box::new(self.agencies_from(from));
        }
        let is_within = move |agency: &AgencyIndex| match from {
            Bound::Unbounded => true,
            Bound::Included(first) => self.agency(*agency).id >= *first,
            Bound::Excluded(after) => self.agency(*agency).id > *after,
        };
        besides.retain(is_within);
        besides.sort_unstable_by(|one, other| self.agency(*one).id.cmp(&self.agency(*other).id));
        // What was merged counts with its successor, wherever that is.
        let merged = self.merged_agencies.range::<_, AgencyId>((from, Bound::Unbounded)).map(|(_, index)| *index);
        let mut lists: Vec<InOrder<'a>> = vec![Box::new(besides.into_iter()), Box::new(merged)];
        for place in self.places_ever_below(places) {
            let own = &self.nodes[place.index()].agencies;
            let begin = own.partition_point(|agency| !is_within(agency));
            if begin < own.len() {
                lists.push(Box::new(own[begin..].iter().copied()));
            }
        }
        Box::new(Merged::new(self, lists))
    }

    /// The places, what ever was below them, and what was merged into any of these.
    fn places_ever_below(&self, places: &[JurisdictionIndex]) -> HashSet<JurisdictionIndex> {
        let (mut seen, mut waiting) = (HashSet::new(), places.to_vec());
        while let Some(at) = waiting.pop() {
            if seen.insert(at) {
                let node = &self.nodes[at.index()];
                waiting.extend(node.children.iter().chain(&node.merged));
            }
        }
        seen
    }
}
