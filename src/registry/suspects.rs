//! Entries that may be one and the same, registered twice: by their codes and by their names, as people mistake them.
//! A suspicion is for people to look at; nothing is ever joined by it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use unicode_normalization::UnicodeNormalization;

use crate::report::{AgencyId, Message};

use super::{Entry, EntryIndex, JurisdictionIndex, Registry, RegistryChange};

/// Why two entries may be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Alike {
    /// Their codes differ in the case of letters alone.
    Code,
    /// They are called the same, in the same place.
    Name,
    /// One is called what the other was called before, in the same place.
    FormerName,
}

/// Two entries that may be one and the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Suspect {
    /// The one that was registered later.
    pub entry: Entry,
    /// The one that was registered earlier.
    pub other: Entry,
    /// Why they may be one.
    pub alike: Alike,
    /// What both are called, or the code.
    pub shared: String,
}

impl Suspect {
    /// In both languages, with what to do.
    pub fn message(&self) -> Message {
        let Self { entry, other, alike, shared } = self;
        let (zh, en) = match alike {
            Alike::Code => ("代码仅大小写不同", "the codes differ in the case of letters alone"),
            Alike::Name => ("同一上级下名称相同", "they are called the same under the same parent"),
            Alike::FormerName => (
                "同一上级下，一方的名称是另一方的曾用名",
                "one is called what the other was called before, under the same parent",
            ),
        };
        Message::new(
            format!("{entry} 与 {other} 可能是同一单位：{zh}（{shared}）"),
            format!("{entry} and {other} may be one and the same: {en} ({shared})"),
        )
    }
}

/// Letters of other scripts that look like Latin ones, and what they look like.
const LOOKALIKES: &[(char, char)] = &[
    ('а', 'a'),
    ('в', 'b'),
    ('е', 'e'),
    ('к', 'k'),
    ('м', 'm'),
    ('н', 'h'),
    ('о', 'o'),
    ('р', 'p'),
    ('с', 'c'),
    ('т', 't'),
    ('у', 'y'),
    ('х', 'x'),
    ('α', 'a'),
    ('β', 'b'),
    ('ε', 'e'),
    ('η', 'h'),
    ('ι', 'i'),
    ('κ', 'k'),
    ('μ', 'm'),
    ('ν', 'n'),
    ('ο', 'o'),
    ('ρ', 'p'),
    ('τ', 't'),
    ('υ', 'y'),
    ('χ', 'x'),
    ('ζ', 'z'),
    ('〇', '零'),
    ('○', '零'),
    ('◯', '零'),
];

/// A name as it is compared: without width, case, spaces and punctuation, and with letters that look alike as one.
pub(super) fn folded(name: &str) -> String {
    let is_kept = |c: &char| c.is_alphanumeric() || LOOKALIKES.iter().any(|(other, _)| other == c);
    let plain = |c: char| LOOKALIKES.iter().find(|(other, _)| *other == c).map_or(c, |(_, plain)| *plain);
    name.nfkc().flat_map(char::to_lowercase).filter(is_kept).map(plain).collect()
}

/// The names of one entry, as they are compared.
struct Names {
    entry: EntryIndex,
    newest: String,
    /// With the newest.
    all: BTreeSet<String>,
}

impl Registry {
    /// The entry that is meant: where there is none with this code, the one with the code in upper case.
    pub fn meant(&self, entry: Entry) -> Entry {
        match entry {
            Entry::Agency(id) if self.find_agency(&id).is_none() => Entry::Agency(id.in_upper_case().unwrap_or(id)),
            other => other,
        }
    }

    /// All entries that may be one and the same, in the order of the entries.
    pub fn suspects(&self) -> Vec<Suspect> {
        let places = self.jurisdiction_indices().map(Some).chain([None]);
        let mut found = self.alike_in(places);
        let alike = self.agency_indices().filter_map(|at| self.alike_code(EntryIndex::Agency(at)));
        found.extend(alike.filter(|suspect| self.is_left(suspect)));
        once_a_pair(found.into_iter())
    }

    /// What may be registered twice once these changes are made, and was not before; with the position of the change.
    pub fn suspects_of(&self, changes: &[RegistryChange]) -> Vec<(usize, Suspect)> {
        let touched: BTreeMap<Entry, usize> =
            changes.iter().enumerate().filter_map(|(at, change)| Some((touched(change)?, at))).collect();
        if touched.is_empty() {
            return Vec::new();
        }
        let mut after = self.clone();
        for change in changes {
            // They were planned over this registry.
            if after.apply(change).is_err() {
                return Vec::new();
            }
        }
        let entries: Vec<EntryIndex> = touched.keys().filter_map(|entry| after.find(entry)).collect();
        let places: BTreeSet<Option<JurisdictionIndex>> =
            entries.iter().flat_map(|entry| after.places_of(*entry)).collect();
        let known = self.alike_in(
            places.iter().copied().filter(|place| place.is_none_or(|place| place.index() < self.jurisdictions().len())),
        );
        let mut found = after.alike_in(places.into_iter());
        found.extend(entries.iter().filter_map(|entry| after.alike_code(*entry)));
        let new = found.into_iter().filter(|suspect| !known.contains(suspect) && after.is_left(suspect));
        let placed = once_a_pair(new).into_iter().filter_map(|suspect| {
            let at = touched.get(&suspect.entry).max(touched.get(&suspect.other))?;
            Some((*at, suspect))
        });
        placed.collect()
    }

    fn places_of(&self, entry: EntryIndex) -> Vec<Option<JurisdictionIndex>> {
        match entry {
            EntryIndex::Jurisdiction(at) => {
                self.jurisdiction_timeline(at).parents.iter().map(|(_, parent)| *parent).collect()
            }
            EntryIndex::Agency(at) => self.agency_timeline(at).parents.iter().map(|(_, home)| Some(*home)).collect(),
        }
    }

    /// Entries of one place, in whatever years, that are called alike.
    fn alike_in(&self, places: impl Iterator<Item = Option<JurisdictionIndex>>) -> BTreeSet<Suspect> {
        let mut found = BTreeSet::new();
        for place in places {
            let (mut children, mut agencies) = (Vec::new(), Vec::new());
            match place {
                Some(place) => {
                    let node = &self.nodes[place.index()];
                    children.extend(node.children.iter().copied().map(EntryIndex::Jurisdiction));
                    agencies.extend(node.agencies.iter().copied().map(EntryIndex::Agency));
                }
                None => {
                    let roots = self.jurisdiction_indices();
                    let roots = roots.filter(|at| self.jurisdiction_timeline(*at).parents.created().is_none());
                    children.extend(roots.map(EntryIndex::Jurisdiction));
                }
            }
            // In the order of registration.
            agencies.sort_unstable();
            for members in [children, agencies] {
                self.pairs_alike(&members, &mut found);
            }
        }
        found
    }

    fn pairs_alike(&self, members: &[EntryIndex], found: &mut BTreeSet<Suspect>) {
        let names: Vec<Names> = members.iter().filter_map(|entry| self.names_compared(*entry)).collect();
        let mut by_name: HashMap<&str, Vec<&Names>> = HashMap::new();
        for of in &names {
            for name in &of.all {
                by_name.entry(name).or_default().push(of);
            }
        }
        for (name, alike) in by_name {
            for (position, later) in alike.iter().enumerate() {
                for earlier in &alike[..position] {
                    if self.passed_into_each_other(earlier.entry, later.entry) {
                        continue;
                    }
                    let both = earlier.newest == name && later.newest == name;
                    found.insert(Suspect {
                        entry: self.entry(later.entry),
                        other: self.entry(earlier.entry),
                        alike: if both { Alike::Name } else { Alike::FormerName },
                        shared: self.name_of(if later.newest == name { later.entry } else { earlier.entry }),
                    });
                }
            }
        }
    }

    /// None of what was voided or joined.
    fn names_compared(&self, entry: EntryIndex) -> Option<Names> {
        let (is_gone, names): (bool, Vec<String>) = match entry {
            EntryIndex::Jurisdiction(at) => {
                let time = self.jurisdiction_timeline(at);
                (time.is_void() || time.joined.is_some(), time.names.iter().map(|(_, name)| folded(name)).collect())
            }
            EntryIndex::Agency(at) => {
                let time = self.agency_timeline(at);
                (time.is_void() || time.joined.is_some(), time.names.iter().map(|(_, name)| folded(name)).collect())
            }
        };
        let newest = names.last().filter(|_| !is_gone)?.clone();
        Some(Names { entry, newest, all: names.into_iter().collect() })
    }

    /// Whether one followed the other, which explains that they are called alike.
    fn passed_into_each_other(&self, one: EntryIndex, other: EntryIndex) -> bool {
        let follows = |one: EntryIndex, other: EntryIndex| match (one, other) {
            (EntryIndex::Agency(one), EntryIndex::Agency(other)) => {
                let end = self.agency_timeline(one).end.as_ref();
                end.is_some_and(|end| super::timeline::successors(&end.how).contains(&other))
            }
            (EntryIndex::Jurisdiction(one), EntryIndex::Jurisdiction(other)) => {
                let end = self.jurisdiction_timeline(one).end.as_ref();
                end.is_some_and(|end| super::timeline::successors(&end.how).contains(&other))
            }
            _ => false,
        };
        follows(one, other) || follows(other, one)
    }

    /// The agency whose code is that of this one but for the case of letters.
    fn alike_code(&self, entry: EntryIndex) -> Option<Suspect> {
        let EntryIndex::Agency(at) = entry else { return None };
        let id = &self.agency(at).id;
        let other: AgencyId = match id.in_upper_case() {
            Some(upper) => upper,
            None if id.is_credit_code() => id.as_str().to_ascii_lowercase().parse().ok()?,
            None => return None,
        };
        // Of digits alone it is the same in either case.
        let (one, other) = (at, self.find_agency(&other).filter(|other| *other != at)?);
        let (later, earlier) = if one > other { (one, other) } else { (other, one) };
        Some(Suspect {
            entry: self.entry(EntryIndex::Agency(later)),
            other: self.entry(EntryIndex::Agency(earlier)),
            alike: Alike::Code,
            shared: id.as_str().to_ascii_uppercase(),
        })
    }

    /// Whether neither of the two was voided or joined.
    fn is_left(&self, suspect: &Suspect) -> bool {
        let is_there = |entry: &Entry| self.find(entry).is_some_and(|entry| self.names_compared(entry).is_some());
        is_there(&suspect.entry) && is_there(&suspect.other)
    }

    fn entry(&self, at: EntryIndex) -> Entry {
        match at {
            EntryIndex::Jurisdiction(at) => Entry::Jurisdiction(self.jurisdiction(at).code.clone()),
            EntryIndex::Agency(at) => Entry::Agency(self.agency(at).id.clone()),
        }
    }

    fn name_of(&self, at: EntryIndex) -> String {
        match at {
            EntryIndex::Jurisdiction(at) => self.jurisdiction(at).display_name.clone(),
            EntryIndex::Agency(at) => self.agency(at).display_name.clone(),
        }
    }
}

/// Of two entries that are alike in several ways the first, which tells the most.
fn once_a_pair(found: impl Iterator<Item = Suspect>) -> Vec<Suspect> {
    let mut found: Vec<Suspect> = found.collect();
    found.dedup_by(|next, kept| next.entry == kept.entry && next.other == kept.other);
    found
}

/// The entry that a change may make alike another one; none of what ends or joins.
fn touched(change: &RegistryChange) -> Option<Entry> {
    match change {
        RegistryChange::CreateJurisdiction(new) => Some(Entry::Jurisdiction(new.code.clone())),
        RegistryChange::CreateAgency(new) => Some(Entry::Agency(new.id.clone())),
        RegistryChange::Rename { entry, .. }
        | RegistryChange::Move { entry, .. }
        | RegistryChange::Restore { entry, .. }
        | RegistryChange::Correct { entry, .. } => Some(entry.clone()),
        _ => None,
    }
}

impl RegistryChange {
    /// The change with codes in upper case: that of a new agency, and that of entries that are not known otherwise.
    pub fn in_upper_case(self, registry: &Registry) -> Self {
        let meant = |entry: Entry| registry.meant(entry);
        let all = |entries: Vec<Entry>| entries.into_iter().map(meant).collect();
        let id = |id: AgencyId| match registry.meant(Entry::Agency(id.clone())) {
            Entry::Agency(meant) => meant,
            Entry::Jurisdiction(_) => id,
        };
        match self {
            Self::CreateAgency(mut new) => {
                if let Some(upper) = new.id.in_upper_case() {
                    new.id = upper;
                }
                Self::CreateAgency(new)
            }
            Self::Rename { entry, display_name, first_year } => {
                Self::Rename { entry: meant(entry), display_name, first_year }
            }
            Self::Move { entry, parent, first_year } => Self::Move { entry: meant(entry), parent, first_year },
            Self::Merge { entries, into, first_year } => {
                Self::Merge { entries: all(entries), into: meant(into), first_year }
            }
            Self::Split { entry, into, first_year } => Self::Split { entry: meant(entry), into: all(into), first_year },
            Self::Abolish { entry, first_year } => Self::Abolish { entry: meant(entry), first_year },
            Self::Reclassify { agency, values, first_year } => {
                Self::Reclassify { agency: id(agency), values, first_year }
            }
            Self::Correct { entry, values, first_year, reason } => {
                Self::Correct { entry: meant(entry), values, first_year, reason }
            }
            Self::Void { entry, reason } => Self::Void { entry: meant(entry), reason },
            Self::Restore { entry, reason } => Self::Restore { entry: meant(entry), reason },
            Self::Join { agency, into, years, reason } => {
                Self::Join { agency: id(agency), into: id(into), years, reason }
            }
            other @ (Self::CreateJurisdiction(_)
            | Self::JoinPlaces { .. }
            | Self::PutCollection(_)
            | Self::PutContacts(_)
            | Self::PutReminders(_)) => other,
        }
    }
}
