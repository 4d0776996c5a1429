//! Reading jurisdictions and agencies, as they are and as they came to be.

use crate::registry::{
    Agency, AgencyIndex, Entry, Extent, Jurisdiction, JurisdictionCode, JurisdictionIndex, Life, Registry,
    RegistryChange, Suspect,
};
use crate::report::{AgencyId, ReportOwner, ReportYear};

use super::page::{Page, id_in_token};
use super::parts::Service;
use super::problem::Problem;
use super::sight::{Sight, agencies_in_sight};
use super::target::Target;

/// A jurisdiction or agency, and all that it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known<T> {
    /// With its newest values, or those of the year asked for.
    pub entry: T,
    /// Names, parents and end, through the years.
    pub life: Life,
}

/// Which jurisdictions or agencies to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryFilter {
    /// What they belong to.
    pub parent: Option<JurisdictionCode>,
    /// Those that belong to what is below it, too; else directly to it alone.
    pub below: bool,
    /// Part of a name, present or former; empty for all.
    pub query: String,
    /// Those that exist in it, as they are then; without it all, as they are newest.
    pub year: Option<ReportYear>,
}

/// A page of the changes that make the registry.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangesPage {
    /// Jurisdictions, then agencies, then dated changes.
    pub page: Page<RegistryChange>,
    /// All changes there are.
    pub total: usize,
}

impl EntryFilter {
    fn parent_in(&self, registry: &Registry) -> Result<Option<JurisdictionIndex>, Problem> {
        let found = |code: &JurisdictionCode| {
            registry.find_jurisdiction(code).ok_or_else(|| Problem::no_jurisdiction(&code.name()))
        };
        self.parent.as_ref().map(found).transpose()
    }
}

/// Where a page of changes begins, in a registry that grows at three places.
struct ChangesKey {
    first: usize,
    extent: Extent,
}

impl ChangesKey {
    fn to_text(&self) -> String {
        let Extent { jurisdictions, agencies, dated } = self.extent;
        format!("{} {jurisdictions} {agencies} {dated}", self.first)
    }

    fn parse(text: &str) -> Option<Self> {
        let parts: Vec<usize> = text.split(' ').map(|part| part.parse().ok()).collect::<Option<_>>()?;
        let &[first, jurisdictions, agencies, dated] = parts.as_slice() else { return None };
        Some(Self { first, extent: Extent { jurisdictions, agencies, dated } })
    }
}

impl Service {
    /// Entries that may be one and the same, after the key `token`, and how many there are.
    ///
    /// # Errors
    /// PAGE_INVALID for a key that is none.
    pub async fn registry_suspects(&self, size: usize, token: &str) -> Result<(Page<Suspect>, usize), Problem> {
        let state = self.live.read();
        let after = match token {
            "" => None,
            token => Some(suspect_key(token).ok_or_else(Problem::bad_page_token)?),
        };
        // Every name there is is looked at.
        let suspects = Self::beside(move || Ok(state.registry.suspects())).await?;
        let total = suspects.len();
        let is_later = |suspect: &Suspect| match &after {
            Some((entry, other)) => (&suspect.entry, &suspect.other) > (entry, other),
            None => true,
        };
        let rest = suspects.into_iter().filter(is_later).take(size.saturating_add(1)).collect();
        Ok((Page::cut(rest, size, |suspect: &Suspect| format!("{} {}", suspect.entry, suspect.other)), total))
    }

    /// The changes that make the registry, after the key `token`: those that there were when the first page was asked
    /// for, however many come meanwhile.
    ///
    /// # Errors
    /// PAGE_INVALID for a key that is none.
    pub fn registry_changes(&self, size: usize, token: &str) -> Result<ChangesPage, Problem> {
        let state = self.live.read();
        let ChangesKey { first, extent } = match token {
            "" => ChangesKey { first: 0, extent: state.registry.extent() },
            token => ChangesKey::parse(token).ok_or_else(Problem::bad_page_token)?,
        };
        let total = extent.changes();
        let last = first.saturating_add(size).min(total);
        let items = (first..last).filter_map(|position| state.registry.change_within(extent, position)).collect();
        let next = (last < total).then(|| ChangesKey { first: last, extent }.to_text());
        Ok(ChangesPage { page: Page { items, next }, total })
    }

    /// One jurisdiction with its newest values.
    ///
    /// # Errors
    /// JURISDICTION_NOT_FOUND.
    pub fn jurisdiction(&self, code: &JurisdictionCode) -> Result<Known<Jurisdiction>, Problem> {
        let state = self.live.read();
        let index = state.registry.find_jurisdiction(code).ok_or_else(|| Problem::no_jurisdiction(&code.name()))?;
        let entry = state.registry.jurisdiction(index).clone();
        Ok(Known { entry, life: state.registry.jurisdiction_life(index) })
    }

    /// One agency with its newest values.
    ///
    /// # Errors
    /// AGENCY_NOT_FOUND.
    pub fn agency(&self, id: &AgencyId) -> Result<Known<Agency>, Problem> {
        let state = self.live.read();
        let missing = || Problem::no_agency(&format!("agencies/{id}"));
        let index = state.registry.find_agency(id).ok_or_else(missing)?;
        Ok(Known { entry: state.registry.agency(index).clone(), life: state.registry.agency_life(index) })
    }

    /// Jurisdictions after the code `token`, by code.
    ///
    /// # Errors
    /// JURISDICTION_NOT_FOUND; PAGE_INVALID for a token that is none.
    pub fn jurisdictions(
        &self,
        filter: &EntryFilter,
        size: usize,
        token: &str,
    ) -> Result<Page<Known<Jurisdiction>>, Problem> {
        let registry = &self.live.read().registry;
        let parent = filter.parent_in(registry)?;
        let after: Option<JurisdictionCode> = id_in_token(token)?;
        let then = filter.year.unwrap_or(ReportYear::LAST);
        let wanted = registry.jurisdictions_after(after.as_ref()).filter(|index| {
            let time = registry.jurisdiction_timeline(*index);
            let is_placed = parent.is_none_or(|parent| match filter.below {
                true => registry.path_placed(*index, then).any(|above| above == parent),
                false => *time.parent_near(then) == Some(parent),
            });
            filter.year.is_none_or(|year| time.exists_in(year)) && is_placed && time.is_called(&filter.query)
        });
        let known = wanted.take(size.saturating_add(1)).map(|index| {
            let newest = || registry.jurisdiction(index).clone();
            let entry = filter.year.map_or_else(newest, |year| registry.jurisdiction_in(index, year));
            Known { entry, life: registry.jurisdiction_life(index) }
        });
        Ok(Page::cut(known.collect(), size, |known: &Known<Jurisdiction>| known.entry.code.to_string()))
    }

    /// Agencies in sight after the id `token`, by id.
    ///
    /// # Errors
    /// JURISDICTION_NOT_FOUND; PAGE_INVALID for a token that is none.
    pub async fn agencies(
        &self,
        filter: EntryFilter,
        size: usize,
        token: &str,
        sight: Sight,
    ) -> Result<Page<Known<Agency>>, Problem> {
        let state = self.live.read();
        let parent = filter.parent_in(&state.registry)?;
        let after: Option<AgencyId> = id_in_token(token)?;
        // A rare name may be looked for among all agencies, so this is done beside the calls.
        let find = move || {
            let registry = &state.registry;
            let then = filter.year.unwrap_or(ReportYear::LAST);
            let wanted = agencies_in_sight(registry, parent, &sight, after.as_ref()).filter(|index| {
                let time = registry.agency_timeline(*index);
                let is_placed = parent.is_none_or(|parent| match filter.below {
                    true => {
                        registry.path_placed(registry.place(*index, then).jurisdiction, then).any(|at| at == parent)
                    }
                    false => *time.parent_near(then) == parent,
                });
                filter.year.is_none_or(|year| time.exists_in(year))
                    && is_placed
                    && time.is_called(&filter.query)
                    && sees_agency(registry, &sight, *index, filter.year)
            });
            let known = wanted.take(size.saturating_add(1)).map(|index| {
                let newest = || registry.agency(index).clone();
                let entry = filter.year.map_or_else(newest, |year| registry.agency_in(index, year));
                Known { entry, life: registry.agency_life(index) }
            });
            Ok(Page::cut(known.collect(), size, |known: &Known<Agency>| known.entry.id.to_string()))
        };
        Self::beside(find).await
    }
}

/// The two entries in the key of a page.
fn suspect_key(text: &str) -> Option<(Entry, Entry)> {
    let (entry, other) = text.split_once(' ')?;
    Some((Entry::from_name(entry).ok()?, Entry::from_name(other).ok()?))
}

fn sees_agency(registry: &Registry, sight: &Sight, agency: AgencyIndex, year: Option<ReportYear>) -> bool {
    match sight {
        Sight::All => true,
        sight => {
            let owner = ReportOwner::Agency(registry.agency(agency).id.clone());
            sight.includes(registry, Target::Owner(&owner, year))
        }
    }
}
