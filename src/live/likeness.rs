//! Which reports of a year have texts alike, or the same figures: MinHash signatures of the present texts, found by bands
//! (LSH), and digests of the present figures. It only proposes; how much two texts share, and whether all figures are the
//! same, is judged by the rules, from the reports themselves.
//!
//! Both are read from the store when the first report of that year is handed in, and follow the commits from then on.
//! Memory per report with text, whatever its length: 192 bytes of signature and 24 entries of about 25 bytes, with the
//! owner's id and its place about 1 KiB; per report with eight figures or more, a digest of 8 bytes twice, with the owner's
//! id. Our own code, for the crates at hand are no longer kept up, or cannot take a replaced text out again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::report::{Figures, Narrative, Owners, ReportKey, ReportOwner, ReportYear, Revision};
use crate::rules;
use crate::store::StoreError;

use super::Live;
use super::filling::Filling;

/// Letters in a row that make a passage; the rule about reused texts counts passages of the same length.
const PASSAGE: usize = 8;

/// Numbers in a signature: pairs of bands and rows that find texts that share half with 95 % and more.
const BANDS: usize = 24;
const ROWS: usize = 2;

/// Entries of a band that are looked at: a text that everybody copied is found in any of them.
const BAND_ENTRIES_MAX: usize = 256;

/// Reports that are filled in between two looks of others.
const FILLED_AT_ONCE: usize = 50;

/// Reports proposed.
const PROPOSED_MAX: usize = 3;

/// The least of the passages' digests, under one permutation each.
type Signature = [u32; BANDS * ROWS];

/// The texts of present reports.
#[derive(Debug, Default)]
pub struct Likeness {
    /// Years whose texts were asked for.
    years: BTreeMap<ReportYear, Texts>,
}

#[derive(Debug, Default)]
struct Texts {
    /// While the store is read.
    filling: Option<Filling<ReportOwner>>,
    /// By place; places of texts that were taken out are used again.
    texts: Vec<Option<(ReportOwner, Signature)>>,
    free: Vec<u32>,
    places: HashMap<ReportOwner, u32>,
    bands: BTreeSet<(u64, u32)>,
    /// Digests of figures, by owner and by digest.
    digests: HashMap<ReportOwner, u64>,
    owners: HashMap<u64, BTreeSet<ReportOwner>>,
}

/// What is kept of a report.
struct Traits {
    owner: ReportOwner,
    signature: Option<Signature>,
    digest: Option<u64>,
}

impl Traits {
    fn of(revision: &Revision) -> Self {
        let signature = revision.narrative.as_ref().and_then(signature);
        Self { owner: revision.report.owner.clone(), signature, digest: digest(&revision.figures) }
    }
}

/// None for figures too few to be compared.
fn digest(figures: &Figures) -> Option<u64> {
    rules::figures_digest(figures, &figures.complete(), rules::REPEATED_FIGURES_MIN)
}

impl Likeness {
    /// Puts what a report says in the place of what it said before, where its year is kept.
    pub fn replace(&mut self, newest: &Revision) {
        if let Some(texts) = self.years.get_mut(&newest.report.year) {
            texts.replace(Traits::of(newest));
        }
    }

    /// Whether the texts of a year are there.
    pub fn knows(&self, year: ReportYear) -> bool {
        self.years.get(&year).is_some_and(|texts| texts.filling.is_none())
    }

    fn begin(&mut self, year: ReportYear) {
        self.years.insert(year, Texts { filling: Some(Filling::default()), ..Texts::default() });
    }

    /// Adds texts as they were when, or after, [`Likeness::begin`] was called.
    fn fill(&mut self, year: ReportYear, read: Vec<Traits>) {
        let Some(texts) = self.years.get_mut(&year) else { return };
        for traits in read {
            if texts.filling.as_ref().is_some_and(|filling| !filling.knows(&traits.owner)) {
                texts.insert(traits);
            }
        }
    }

    /// What was filled is whole, or is given up.
    fn end(&mut self, year: ReportYear, whole: bool) {
        if !whole {
            self.years.remove(&year);
        } else if let Some(texts) = self.years.get_mut(&year) {
            texts.filling = None;
        }
    }

    /// Other reports of the year that may have all of these figures.
    pub fn same(&self, report: &ReportKey, figures: &Figures) -> Vec<ReportKey> {
        let (Some(texts), Some(digest)) = (self.years.get(&report.year), digest(figures)) else { return Vec::new() };
        let owners = texts.owners.get(&digest).into_iter().flatten();
        let others = owners.filter(|owner| **owner != report.owner);
        others.take(PROPOSED_MAX).map(|owner| ReportKey { owner: owner.clone(), year: report.year }).collect()
    }

    /// Other reports of the year that may have much of this text, likeliest first.
    pub fn like(&self, report: &ReportKey, narrative: &Narrative) -> Vec<ReportKey> {
        let (Some(texts), Some(signature)) = (self.years.get(&report.year), signature(narrative)) else {
            return Vec::new();
        };
        let bands = bands(&signature);
        let entries = bands.flat_map(|band| texts.bands.range((band, 0)..=(band, u32::MAX)).take(BAND_ENTRIES_MAX));
        let places: BTreeSet<u32> = entries.map(|(_, place)| *place).collect();
        let text = |place: u32| texts.texts.get(usize::try_from(place).ok()?)?.as_ref();
        let mut found: Vec<(usize, &ReportOwner)> = places
            .into_iter()
            .filter_map(text)
            .filter(|(owner, _)| *owner != report.owner)
            .map(|(owner, other)| (signature.iter().zip(other).filter(|(a, b)| a != b).count(), owner))
            .collect();
        found.sort();
        let key = |owner: &ReportOwner| ReportKey { owner: owner.clone(), year: report.year };
        found.into_iter().take(PROPOSED_MAX).map(|(_, owner)| key(owner)).collect()
    }
}

impl Live {
    /// Sees to it that the texts of a year are there, unless the service ends meanwhile.
    ///
    /// # Errors
    /// Where the store cannot be read; they can be asked for again then.
    pub fn fill_texts(&self, year: ReportYear) -> Result<(), StoreError> {
        let Some(store) = self.store() else { return Ok(()) };
        let as_of = {
            let mut likeness = self.likeness_mut();
            if likeness.knows(year) {
                return Ok(());
            }
            likeness.begin(year);
            // What was committed before is there to be read; what comes later is noted once this lets it.
            store.position().sequence
        };
        drop(store);
        let mut whole = Ok(true);
        for owners in [Owners::Agencies, Owners::Jurisdictions] {
            if matches!(whole, Ok(true)) {
                whole = self.read_texts((owners, year), as_of);
            }
        }
        self.likeness_mut().end(year, matches!(whole, Ok(true)));
        whole.map(drop)
    }

    fn read_texts(&self, (owners, year): (Owners, ReportYear), as_of: u64) -> Result<bool, StoreError> {
        self.each_report((owners, year), as_of, |page| {
            let mut signed: Vec<Traits> = page.iter().map(|standing| Traits::of(&standing.newest)).collect();
            // A few at a time: commits wait for what is being filled in.
            while !signed.is_empty() {
                let few = signed.split_off(signed.len().saturating_sub(FILLED_AT_ONCE));
                self.likeness_mut().fill(year, few);
            }
        })
    }
}

impl Texts {
    fn replace(&mut self, traits: Traits) {
        if let Some(filling) = &mut self.filling {
            filling.change(traits.owner.clone());
        }
        self.remove(&traits.owner);
        self.insert(traits);
    }

    fn remove(&mut self, owner: &ReportOwner) {
        if let Some(digest) = self.digests.remove(owner)
            && let Some(owners) = self.owners.get_mut(&digest)
        {
            owners.remove(owner);
            if owners.is_empty() {
                self.owners.remove(&digest);
            }
        }
        let Some(place) = self.places.remove(owner) else { return };
        let text = usize::try_from(place).ok().and_then(|at| self.texts.get_mut(at)).and_then(Option::take);
        if let Some((_, signature)) = text {
            bands(&signature).for_each(|band| _ = self.bands.remove(&(band, place)));
            self.free.push(place);
        }
    }

    fn insert(&mut self, Traits { owner, signature, digest }: Traits) {
        if let Some(digest) = digest {
            self.digests.insert(owner.clone(), digest);
            self.owners.entry(digest).or_default().insert(owner.clone());
        }
        if let Some(signature) = signature {
            self.insert_text(&owner, signature);
        }
    }

    fn insert_text(&mut self, owner: &ReportOwner, signature: Signature) {
        let text = Some((owner.clone(), signature));
        let place = match self.free.pop() {
            Some(place) => {
                if let Some(free) = usize::try_from(place).ok().and_then(|at| self.texts.get_mut(at)) {
                    *free = text;
                }
                place
            }
            None => {
                let Ok(place) = u32::try_from(self.texts.len()) else { return };
                self.texts.push(text);
                place
            }
        };
        self.places.insert(owner.clone(), place);
        self.bands.extend(bands(&signature).map(|band| (band, place)));
    }
}

/// None for a text too short to have a passage.
fn signature(narrative: &Narrative) -> Option<Signature> {
    let passages = rules::passages(narrative, PASSAGE);
    let mut signature = [u32::MAX; BANDS * ROWS];
    for passage in &passages {
        for (salt, least) in (1_u64..).zip(&mut signature) {
            *least = (*least).min((mixed(passage ^ mixed(salt)) >> 32) as u32);
        }
    }
    (!passages.is_empty()).then_some(signature)
}

/// One number for each band, different between bands.
fn bands(signature: &Signature) -> impl Iterator<Item = u64> + use<'_> {
    let number = |(band, rows): (u64, &[u32])| rows.iter().fold(mixed(band), |n, row| mixed(n ^ u64::from(*row)));
    (0_u64..).zip(signature.chunks(ROWS)).map(number)
}

/// SplitMix64: every bit of the number moves every bit of the result.
fn mixed(number: u64) -> u64 {
    let mut number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use rand::{Rng as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn key(owner: usize) -> ReportKey {
        format!("agencies/owner-{owner:04}/reports/2023").parse().unwrap()
    }

    /// A text of random characters: no two share anything by chance.
    fn random(letters: usize, rng: &mut ChaCha8Rng) -> String {
        (0..letters).map(|_| char::from_u32(rng.random_range(0x4e00..0x9f00)).unwrap()).collect()
    }

    fn narrative(text: String) -> Narrative {
        Narrative { overview: Some(text), ..Narrative::default() }
    }

    fn traits(owner: usize, figures: &Figures, narrative: Option<&Narrative>) -> Traits {
        Traits { owner: key(owner).owner, signature: narrative.and_then(signature), digest: digest(figures) }
    }

    fn replace(likeness: &mut Likeness, owner: usize, figures: &Figures, narrative: Option<&Narrative>) {
        if let Some(texts) = likeness.years.get_mut(&key(owner).year) {
            texts.replace(traits(owner, figures, narrative));
        }
    }

    fn none() -> Figures {
        Figures::blank(crate::form::edition("format_2021").unwrap())
    }

    /// Figures of their own from cell to cell; `wrong` cells of them are others.
    fn numbers(count: usize, wrong: usize) -> Figures {
        let mut figures = none();
        let cells = crate::form::catalogue().cells.iter().filter(|info| info.path.starts_with("requests.received."));
        let more = crate::form::catalogue().cells.iter().filter(|info| info.path.starts_with("requests.disclosed."));
        for (at, info) in cells.chain(more).take(count).enumerate() {
            let number = i64::try_from(at).unwrap() + if at < wrong { 100 } else { 10 };
            figures.set(info.id, crate::report::Cell::Number(number));
        }
        figures
    }

    #[test]
    fn the_same_figures_are_proposed_and_others_few_or_replaced_ones_are_not() {
        let mut likeness = likeness();
        replace(&mut likeness, 1, &numbers(13, 0), None);
        replace(&mut likeness, 2, &numbers(13, 1), None);
        replace(&mut likeness, 3, &numbers(4, 0), None);
        assert_eq!(likeness.same(&key(9), &numbers(13, 0)), [key(1)]);
        assert!(likeness.same(&key(1), &numbers(13, 0)).is_empty(), "its own");
        assert!(likeness.same(&key(9), &numbers(13, 2)).is_empty());
        assert!(likeness.same(&key(9), &numbers(4, 0)).is_empty(), "too few to say so");
        replace(&mut likeness, 1, &numbers(13, 3), None);
        assert!(likeness.same(&key(9), &numbers(13, 0)).is_empty());
        assert_eq!(likeness.same(&key(9), &numbers(13, 3)), [key(1)]);
    }

    /// Keeps the texts of the year, of which there are none yet.
    fn likeness() -> Likeness {
        let mut likeness = Likeness::default();
        likeness.begin(key(0).year);
        likeness.end(key(0).year, true);
        likeness
    }

    #[test]
    fn texts_that_share_more_than_half_are_proposed_and_others_are_not() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let texts: Vec<String> = (0..300).map(|_| random(600, &mut rng)).collect();
        let mut likeness = likeness();
        for (owner, text) in texts.iter().enumerate() {
            replace(&mut likeness, owner, &none(), Some(&narrative(text.clone())));
        }
        let (mut found, mut strange) = (0, 0);
        for (owner, text) in texts.iter().enumerate() {
            let half: String = text.chars().take(330).collect();
            let copy = narrative(half + &random(270, &mut rng));
            let like = likeness.like(&key(9_000), &copy);
            found += usize::from(like.first() == Some(&key(owner)));
            strange += like.iter().filter(|report| **report != key(owner)).count();
        }
        assert!(found >= 285, "{found} of 300");
        assert_eq!(strange, 0);
    }

    #[test]
    fn what_changes_while_the_texts_are_read_is_kept_as_it_is_now() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let [old, new, gone, other] = [(); 4].map(|()| narrative(random(300, &mut rng)));
        let mut likeness = Likeness::default();
        replace(&mut likeness, 1, &none(), Some(&old));
        assert!(!likeness.knows(key(1).year) && likeness.years.is_empty());
        likeness.begin(key(1).year);
        replace(&mut likeness, 1, &none(), Some(&new));
        replace(&mut likeness, 2, &none(), None);
        let read = [(1, &old), (2, &gone), (3, &other)];
        let read = read.map(|(owner, text)| traits(owner, &none(), Some(text)));
        likeness.fill(key(1).year, read.into());
        assert!(!likeness.knows(key(1).year));
        likeness.end(key(1).year, true);
        assert!(likeness.knows(key(1).year));
        let found = [&old, &new, &gone, &other].map(|text| likeness.like(&key(9), text));
        assert_eq!(found, [vec![], vec![key(1)], vec![], vec![key(3)]]);
        likeness.begin(key(1).year);
        likeness.end(key(1).year, false);
        assert!(!likeness.knows(key(1).year));
    }

    #[test]
    fn a_text_is_not_like_itself_and_a_replaced_one_is_gone() {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let [first, second] = [(); 2].map(|()| narrative(random(300, &mut rng)));
        let mut likeness = likeness();
        replace(&mut likeness, 1, &none(), Some(&first));
        assert!(likeness.like(&key(1), &first).is_empty());
        assert_eq!(likeness.like(&key(2), &first), [key(1)]);
        replace(&mut likeness, 1, &none(), Some(&second));
        assert!(likeness.like(&key(2), &first).is_empty());
        assert_eq!(likeness.like(&key(2), &second), [key(1)]);
        replace(&mut likeness, 1, &none(), None);
        let texts = &likeness.years[&key(1).year];
        assert!(texts.bands.is_empty() && texts.places.is_empty());
    }
}
