//! What one agency does in one year: requests, documents, decisions and disputes, before they stand in a form.
//!
//! Every number follows from the agency and the year alone. What a report shares with the one before (requests
//! carried over, documents in force) is drawn for the year before in the same way, so reports agree in any order.

use rand_chacha::ChaCha8Rng;

use crate::report::{AgencyKind, Level};

use super::departments::level_size;
use super::draw::{Purpose, WHOLE, around, below, between, generator, round, share};
use super::roster::Member;

/// Requester types, in the order of the form's columns.
pub(super) const REQUESTERS: usize = 6;

/// Who asks, out of 10,000 requests of published reports of 2023 to 2025.
const REQUESTER_WEIGHTS: [u64; REQUESTERS] = [9_682, 198, 1, 21, 82, 16];

/// Disputes per thousand requests, and the usual results (upheld, corrected, other, pending) of 1,000 of them,
/// for reconsideration, litigation without it and litigation after it; from the same reports.
const DISPUTES: [(u64, [u64; RESULTS]); 3] =
    [(72, [483, 112, 280, 125]), (5, [282, 46, 359, 313]), (13, [416, 6, 328, 250])];
const RESULTS: usize = 4;

/// The year in which all agencies have their usual size.
const BASE_YEAR: u16 = 2019;

/// Trends stop here, lest numbers of distant years run away.
const TREND_YEARS: u16 = 20;

/// Yuan in one 万元.
const YUAN: u64 = 10_000;

/// A number that an agency has every year, and how it changes.
#[derive(Debug)]
struct Measure {
    /// In the base year, in thousandths.
    usual: u64,
    /// Next year's for each thousand of this year's.
    trend: u64,
}

/// Items on an agency's list of powers (trial edition), as of a year's end.
pub(super) const ITEM_LISTS: usize = 5;

/// How an agency is, year after year.
#[derive(Debug)]
struct Habits {
    requests: Measure,
    rules: Measure,
    documents: Measure,
    permits: Measure,
    services: Measure,
    penalties: Measure,
    compulsions: Measure,
    /// In yuan.
    fees: Measure,
    procurement: Measure,
    /// Permits, services, penalties, compulsory measures, fees.
    items: [u64; ITEM_LISTS],
}

/// What stands at the end of a year.
#[derive(Debug, Default)]
struct Levels {
    rules: u64,
    documents: u64,
    items: [u64; ITEM_LISTS],
}

/// Documents of one kind.
#[derive(Debug)]
pub(super) struct Stock {
    pub issued: u64,
    pub repealed: u64,
    pub in_force: u64,
}

/// Requests that came in, by requester.
#[derive(Debug, Default)]
struct Requests {
    received: [u64; REQUESTERS],
    carried_forward: [u64; REQUESTERS],
}

/// Chapter two, of every edition.
#[derive(Debug)]
pub(super) struct Disclosure {
    pub rules: Stock,
    pub documents: Stock,
    pub permits: u64,
    pub services: u64,
    pub penalties: u64,
    pub compulsions: u64,
    pub fees_yuan: u64,
    pub procurement_projects: u64,
    pub procurement_yuan: u64,
    /// Permits, services, penalties, compulsory measures, fees.
    pub items_before: [u64; ITEM_LISTS],
    pub items: [u64; ITEM_LISTS],
}

/// One agency's year.
#[derive(Debug)]
pub(super) struct Activity {
    pub disclosure: Disclosure,
    pub received: [u64; REQUESTERS],
    pub carried_over: [u64; REQUESTERS],
    pub carried_forward: [u64; REQUESTERS],
    /// By requester, then in the order of the weights asked with.
    pub outcomes: [Vec<u64>; REQUESTERS],
    /// By block, then result.
    pub disputes: [Vec<u64>; 3],
}

/// One agency, ready to give its years.
pub(super) struct Agent<'a> {
    seed: u64,
    member: &'a Member,
    habits: Habits,
    /// Nothing happened before this year; none where the agency is older than the simulation.
    founded: Option<u16>,
}

impl<'a> Agent<'a> {
    /// `first_year` is that of the simulation.
    pub(crate) fn new(seed: u64, member: &'a Member, first_year: u16) -> Self {
        let since = member.agency.first_year.get();
        Self { seed, member, habits: Habits::of(seed, member), founded: (since > first_year).then_some(since) }
    }

    /// What it does in `year`, with requests handled in proportion to `outcome_weights`.
    pub(crate) fn year(&self, year: u16, outcome_weights: &[u64]) -> Activity {
        let requests = self.requests(year);
        let carried_over = self.requests(year - 1).carried_forward;
        let mut rng = self.generator(Purpose::Handling, year);
        let outcomes = std::array::from_fn(|requester| {
            let open = requests.received[requester] + carried_over[requester];
            share(&mut rng, open - requests.carried_forward[requester], outcome_weights)
        });
        let received: u64 = requests.received.iter().sum();
        let disputes = DISPUTES.map(|(per_thousand, results)| {
            let total = around(&mut rng, received * per_thousand);
            share(&mut rng, total, &results)
        });
        Activity {
            disclosure: self.disclosure(year, &mut rng),
            received: requests.received,
            carried_over,
            carried_forward: requests.carried_forward,
            outcomes,
            disputes,
        }
    }

    fn generator(&self, purpose: Purpose, year: u16) -> ChaCha8Rng {
        generator(self.seed, purpose, self.member.agency.id.as_str(), year)
    }

    fn is_before(&self, year: u16) -> bool {
        self.founded.is_some_and(|founded| year < founded)
    }

    /// Carries forward a few of those received in the year, so that the year before never matters.
    fn requests(&self, year: u16) -> Requests {
        if self.is_before(year) {
            return Requests::default();
        }
        let mut rng = self.generator(Purpose::Requests, year);
        let drawn = self.habits.requests.draw(year, &mut rng);
        // A government or a large department without a single request would be questioned.
        let busy = self.member.agency.large || self.member.agency.kind == AgencyKind::GovernmentOffice;
        let received = drawn.max(u64::from(busy));
        let open = between(&mut rng, 10, 90);
        let mut requests = Requests::default();
        let columns = requests.received.iter_mut().zip(&mut requests.carried_forward);
        for ((received, forward), count) in columns.zip(share(&mut rng, received, &REQUESTER_WEIGHTS)) {
            *received = count;
            *forward = round(&mut rng, count * open);
        }
        requests
    }

    fn levels(&self, year: u16) -> Levels {
        if self.is_before(year) {
            return Levels::default();
        }
        let mut rng = self.generator(Purpose::Levels, year);
        Levels {
            rules: self.habits.rules.level(year, &mut rng),
            documents: self.habits.documents.level(year, &mut rng),
            items: self.habits.items.map(|items| if items == 0 { 0 } else { items + below(&mut rng, 3) }),
        }
    }

    fn disclosure(&self, year: u16, rng: &mut ChaCha8Rng) -> Disclosure {
        let (before, now) = (self.levels(year - 1), self.levels(year));
        let habits = &self.habits;
        let projects = habits.procurement.draw(year, rng);
        Disclosure {
            rules: Stock::between(before.rules, now.rules, rng),
            documents: Stock::between(before.documents, now.documents, rng),
            permits: habits.permits.draw(year, rng),
            services: habits.services.draw(year, rng),
            penalties: habits.penalties.draw(year, rng),
            compulsions: habits.compulsions.draw(year, rng),
            fees_yuan: habits.fees.draw(year, rng),
            procurement_projects: projects,
            procurement_yuan: projects * between(rng, 3 * YUAN, 60 * YUAN),
            items_before: before.items,
            items: now.items,
        }
    }
}

impl Habits {
    fn of(seed: u64, member: &Member) -> Self {
        let mut rng = generator(seed, Purpose::Habits, member.agency.id.as_str(), 0);
        let duty = member.duty;
        let level = level_size(member.level);
        let mut measure = |average: u64, level: u64| Measure::draw_habit(&mut rng, average, level, member.size);
        // Only provinces and cities make rules.
        let rules = if member.level <= Level::City { duty.rules } else { 0 };
        let mut habits = Self {
            requests: measure(duty.requests, level.requests),
            rules: measure(rules, level.documents),
            documents: measure(duty.documents, level.documents),
            permits: measure(duty.permits, level.decisions),
            services: measure(duty.permits / 10, level.decisions),
            penalties: measure(duty.penalties, level.decisions),
            compulsions: measure(duty.compulsions, level.decisions),
            fees: measure(duty.fees * YUAN, level.decisions),
            procurement: measure(duty.requests / 5, WHOLE),
            items: [0; ITEM_LISTS],
        };
        let measures = [&habits.permits, &habits.services, &habits.penalties, &habits.compulsions, &habits.fees];
        habits.items = measures.map(|measure| if measure.usual == 0 { 0 } else { between(&mut rng, 2, 60) });
        habits
    }
}

impl Measure {
    /// An agency's own usual number; many are small beside the average and a few are large.
    fn draw_habit(rng: &mut ChaCha8Rng, average: u64, level: u64, size: u64) -> Self {
        let own = between(rng, 200, 1_800) * between(rng, 400, 1_600) / WHOLE;
        Self { usual: average * level * size / WHOLE * own / WHOLE, trend: between(rng, 960, 1_055) }
    }

    /// The usual number of `year`, in thousandths.
    fn usual_in(&self, year: u16) -> u64 {
        let years = year.saturating_sub(BASE_YEAR).min(TREND_YEARS);
        (0..years).fold(self.usual, |usual, _| usual * self.trend / WHOLE)
    }

    fn draw(&self, year: u16, rng: &mut ChaCha8Rng) -> u64 {
        around(rng, self.usual_in(year))
    }

    /// For what is kept over the years: close to the usual number.
    fn level(&self, year: u16, rng: &mut ChaCha8Rng) -> u64 {
        let usual = self.usual_in(year);
        let thousandths = between(rng, usual / 100 * 95, usual / 100 * 105);
        round(rng, thousandths)
    }
}

impl Stock {
    /// What is issued and repealed to get from one year's documents in force to the next year's.
    fn between(before: u64, now: u64, rng: &mut ChaCha8Rng) -> Self {
        let replaced = round(rng, before * 60);
        let repealed = before.min(replaced + before.saturating_sub(now));
        Self { issued: now + repealed - before, repealed, in_force: now }
    }
}
