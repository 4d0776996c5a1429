//! Values that hold from a report year on, and how an entry of the registry ends.

use std::collections::BTreeSet;

use crate::report::ReportYear;

use super::{JurisdictionIndex, initials};

/// A value from its first year on, and what took its place later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dated<T> {
    /// As it was registered; a later value from the same year on puts it right.
    first: (ReportYear, T),
    /// Years rise strictly, and are not earlier than the first.
    later: Vec<(ReportYear, T)>,
}

impl<T: PartialEq> Dated<T> {
    pub(super) fn new(first_year: ReportYear, value: T) -> Self {
        Self { first: (first_year, value), later: Vec::new() }
    }

    /// Sets the value from `first_year` on, which is not earlier than the latest; another one from the same year on gives
    /// way to it.
    pub(super) fn set(&mut self, first_year: ReportYear, value: T) {
        match self.later.last_mut().filter(|(year, _)| *year == first_year) {
            Some(last) => last.1 = value,
            None => self.later.push((first_year, value)),
        }
    }

    /// Puts a value right that holds from `first_year` on, which is any year since the first; what was set from a later
    /// year on stays.
    pub(super) fn put(&mut self, first_year: ReportYear, value: T) {
        match self.later.binary_search_by_key(&first_year, |(year, _)| *year) {
            Ok(at) => self.later[at].1 = value,
            Err(at) => self.later.insert(at, (first_year, value)),
        }
    }

    /// It begins in another year than was registered: what held at first, or holds from that year on, is what it begins with.
    pub(super) fn begin_at(&mut self, year: ReportYear) {
        if year < self.first.0 {
            // What put the first value right does so from the new beginning on.
            if let Some(first) = self.later.first_mut().filter(|(put, _)| *put == self.first.0) {
                first.0 = year;
            }
        } else {
            let past = self.later.partition_point(|(set, _)| *set <= year);
            let last = self.later.drain(..past).next_back();
            if let Some((_, value)) = last {
                self.later.insert(0, (year, value));
            }
        }
        self.first.0 = year;
    }

    /// What was one value was another one all along. How it was registered stays known.
    pub(super) fn exchange(&mut self, one: &T, other: &T)
    where
        T: Clone,
    {
        for (_, value) in self.later.iter_mut().filter(|(_, value)| value == one) {
            *value = other.clone();
        }
        let is_put_right = self.later.first().is_some_and(|(year, _)| *year == self.first.0);
        if self.first.1 == *one && !is_put_right {
            self.later.insert(0, (self.first.0, other.clone()));
        }
    }

    /// The first year after `year` from which on another value was set.
    pub(super) fn next_after(&self, year: ReportYear) -> Option<ReportYear> {
        self.later.iter().map(|(first_year, _)| *first_year).find(|first_year| *first_year > year)
    }

    /// Each value that ever holds with the first year that it holds in, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (ReportYear, &T)> {
        let later = &self.later;
        let put_right = later.first().is_some_and(|(year, _)| *year == self.first.0);
        let first = (!put_right).then_some(&self.first);
        let at = move |position: usize| match (first, position) {
            (Some(first), 0) => Some(first),
            (Some(_), position) => later.get(position - 1),
            (None, position) => later.get(position),
        };
        (0..later.len() + usize::from(!put_right)).filter_map(move |position| {
            let (year, value) = at(position)?;
            let before = position.checked_sub(1).and_then(at);
            before.is_none_or(|(_, before)| before != value).then_some((*year, value))
        })
    }

    /// The value that holds in `year`; the first one before it begins.
    pub fn at(&self, year: ReportYear) -> &T {
        let year = year.max(self.first.0);
        let known = self.later.iter().rev().find(|(first_year, _)| *first_year <= year);
        known.map_or(&self.first.1, |(_, value)| value)
    }

    /// The value that was set from exactly `year` on.
    pub(super) fn set_in(&self, year: ReportYear) -> Option<&T> {
        let set = self.later.iter().chain([&self.first]).find(|(first_year, _)| *first_year == year);
        set.map(|(_, value)| value)
    }

    /// As it was registered.
    pub(super) fn created(&self) -> &T {
        &self.first.1
    }

    /// First year of the newest value.
    pub(super) fn latest(&self) -> ReportYear {
        self.later.last().map_or(self.first.0, |(year, _)| *year)
    }

    fn first_year(&self) -> ReportYear {
        self.first.0
    }
}

/// How an entry ended; `I` tells which entries followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending<I> {
    /// Nothing followed it.
    Abolished,
    /// Its figures of earlier years follow the successor where that is asked for.
    Merged(I),
    /// Its figures of earlier years stay with it.
    Split(Vec<I>),
}

/// The end of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End<I> {
    /// First report year in which it no longer exists.
    pub year: ReportYear,
    /// How, and what followed.
    pub how: Ending<I>,
}

/// What the voiding of an entry took the place of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Voided<I> {
    /// How it had ended; none where it had not.
    pub end: Option<End<I>>,
}

/// What an entry was joined to, for it never was another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined<I> {
    /// What it was all along.
    pub into: I,
    /// The years whose report came in under the joined entry and stays there: in these it stands for the other.
    pub(super) years: BTreeSet<ReportYear>,
}

/// The life of an entry: `P` is what it belongs to, `I` its own kind of index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline<P, I> {
    /// What it was called.
    pub names: Dated<String>,
    /// What it belonged to.
    pub parents: Dated<P>,
    /// None while it exists.
    pub end: Option<End<I>>,
    /// The last year from which it took over another entry; it must exist in it.
    pub(super) took_over: Option<ReportYear>,
    /// What it is one with; none for most.
    pub joined: Option<Joined<I>>,
    /// Years in which another entry, which was joined to this one, stands for it.
    pub(super) stood_for: BTreeSet<ReportYear>,
    /// What it was before it was voided; none while it is not.
    pub(super) voided: Option<Voided<I>>,
}

/// Of a jurisdiction; a root belongs to none.
pub type JurisdictionTimeline = Timeline<Option<JurisdictionIndex>, JurisdictionIndex>;

/// Of an agency.
pub type AgencyTimeline = Timeline<JurisdictionIndex, super::AgencyIndex>;

impl<P: PartialEq, I> Timeline<P, I> {
    pub(super) fn new(first_year: ReportYear, name: String, parent: P) -> Self {
        Self {
            names: Dated::new(first_year, name),
            parents: Dated::new(first_year, parent),
            end: None,
            took_over: None,
            joined: None,
            stood_for: BTreeSet::new(),
            voided: None,
        }
    }

    /// It begins in another year than was registered.
    pub(super) fn begin_at(&mut self, year: ReportYear) {
        self.names.begin_at(year);
        self.parents.begin_at(year);
    }

    /// It was registered by mistake.
    pub(super) fn void(&mut self) {
        let end = End { year: self.first_year(), how: Ending::Abolished };
        self.voided = Some(Voided { end: self.end.replace(end) });
    }

    /// It was voided by mistake.
    pub(super) fn restore(&mut self) {
        if let Some(voided) = self.voided.take() {
            self.end = voided.end;
        }
    }

    /// First report year in which it exists.
    pub fn first_year(&self) -> ReportYear {
        self.names.first_year()
    }

    /// Its end, where it has ended in `year` or before.
    pub fn ended_by(&self, year: ReportYear) -> Option<&End<I>> {
        self.end.as_ref().filter(|end| end.year <= year)
    }

    /// Whether it has a place of its own in the tree of `year`.
    pub(crate) fn exists_in(&self, year: ReportYear) -> bool {
        match &self.joined {
            Some(joined) => joined.years.contains(&year),
            None => self.is_in_force(year) && !self.stood_for.contains(&year),
        }
    }

    /// Whether it has begun and not ended, whoever stands for it.
    pub(super) fn is_in_force(&self, year: ReportYear) -> bool {
        self.joined.is_none() && self.first_year() <= year && self.ended_by(year).is_none()
    }

    /// What its figures count with in the tree of `year`: what it was joined to, or merged into by then.
    pub(super) fn passed_into(&self, year: ReportYear) -> Option<&I> {
        if let Some(joined) = &self.joined {
            return Some(&joined.into);
        }
        match self.ended_by(year).map(|end| &end.how) {
            Some(Ending::Merged(into)) => Some(into),
            _ => None,
        }
    }

    /// Whether it was registered by mistake, and struck out again: it never existed.
    pub fn is_void(&self) -> bool {
        self.joined.is_none() && self.end.as_ref().is_some_and(|end| end.year <= self.first_year())
    }

    /// Whether in some years another entry, which was joined to this one, stands for it.
    pub fn is_stood_for(&self) -> bool {
        !self.stood_for.is_empty()
    }

    /// Years from which on it stands for another entry, is stood for, or no longer is.
    pub(super) fn years_of_joining(&self) -> impl Iterator<Item = ReportYear> {
        let years = self.stood_for.iter().chain(self.joined.iter().flat_map(|joined| &joined.years));
        years.flat_map(|year| std::iter::once(*year).chain(year.next()))
    }

    /// What it belongs to in a year in which it exists.
    pub fn parent_in(&self, year: ReportYear) -> Option<&P> {
        self.exists_in(year).then(|| self.parents.at(year))
    }

    /// What it belongs to in the existing year nearest to `year`.
    pub fn parent_near(&self, year: ReportYear) -> &P {
        self.parents.at(self.nearest(year))
    }

    /// Its name in the existing year nearest to `year`.
    pub fn name_near(&self, year: ReportYear) -> &str {
        self.names.at(self.nearest(year))
    }

    /// Whether one of its names, present or former, contains the text, or characters that begin with its letters in pinyin;
    /// spaces and case do not matter.
    pub fn is_called(&self, text: &str) -> bool {
        if text.is_empty() {
            return true;
        }
        let plain = |text: &str| text.split_whitespace().collect::<String>().to_lowercase();
        let typed = initials::typed(text);
        let text = plain(text);
        let fits = |name: &str| {
            plain(name).contains(&text) || typed.as_ref().is_some_and(|typed| initials::begin(name, typed))
        };
        self.names.iter().any(|(_, name)| fits(name))
    }

    /// What it belongs to in `year` and later, while it exists.
    pub(super) fn parents_from(&self, year: ReportYear) -> impl Iterator<Item = &P> {
        let now = self.is_in_force(year).then(|| self.parents.at(year)).into_iter();
        let later = self.parents.iter().filter(move |(first_year, _)| *first_year > year);
        now.chain(later.filter(|(first_year, _)| self.is_in_force(*first_year)).map(|(_, parent)| parent))
    }

    /// First year of its newest change of name or parent.
    pub(super) fn latest_change(&self) -> ReportYear {
        self.names.latest().max(self.parents.latest())
    }

    /// `year`, or the last year of an entry that has ended by then; its first year needs no care, see [`Dated::at`].
    pub(super) fn nearest(&self, year: ReportYear) -> ReportYear {
        match self.ended_by(year) {
            // An entry ends after its first year, so there is a year before.
            Some(end) => end.year.previous().unwrap_or(end.year),
            None => year,
        }
    }
}

/// What follows an entry that ended so.
pub(super) fn successors<I>(how: &Ending<I>) -> &[I] {
    match how {
        Ending::Abolished => &[],
        Ending::Merged(into) => std::slice::from_ref(into),
        Ending::Split(into) => into,
    }
}
