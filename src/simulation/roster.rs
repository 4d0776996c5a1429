//! The agencies of a province: spread over its divisions, named, and given credit codes.

use rand_chacha::ChaCha8Rng;

use crate::registry::Agency;
use crate::report::{AgencyKind, Level, ReportYear, complete_credit_code};

use super::departments::{BRANCHES, Branch, DEPARTMENTS, Department, Duty, INDUSTRY, OFFICE, TOWNSHIP, TOWNSHIP_NAMES};
use super::divisions::Division;
use super::draw::{Purpose, below, between, generator};
use super::{Parameters, SimulationError};

/// 统一社会信用代码: registering authority 1 (机构编制) and category 1 (机关).
const CREDIT_CODE_HEAD: &str = "11";

/// Eight-digit organisation codes there are.
const ORGANISATIONS: u64 = 100_000_000;

/// Provincial capitals have the first city code.
const CAPITAL_SUFFIX: &str = "0100";

/// First report year of the guest agency: that of the first document the project was made for.
const GUEST_SINCE: u16 = 2022;

/// An agency with what its figures follow from.
#[derive(Debug)]
pub(super) struct Member {
    pub agency: Agency,
    pub level: Level,
    pub duty: &'static Duty,
    /// Size of its division compared with an average one of its level, in thousandths.
    pub size: u64,
    /// The agency for which no report is simulated.
    pub guest: bool,
}

/// One agency of a division, before it has a name.
#[derive(Debug, Clone, Copy)]
enum Post {
    Office,
    Department(&'static Department),
    /// Name and the word for what it is.
    Township(&'static str, &'static str),
    /// Branch office and its number.
    Branch(&'static Branch, u32),
}

/// Posts that a division may still fill.
type Waiting = Box<dyn Iterator<Item = Post>>;

/// A division being staffed.
struct Place<'a> {
    division: &'a Division,
    /// Endless in counties; taken in rounds until the province has enough agencies.
    waiting: Waiting,
    posts: Vec<Post>,
    size: u64,
    guest: bool,
}

/// The agencies of all divisions, in their order; within a division the office first.
pub(super) fn roster(divisions: &[Division], parameters: &Parameters) -> Result<Vec<Member>, SimulationError> {
    let guest_home = guest_home(divisions);
    let mut places: Vec<_> = divisions
        .iter()
        .enumerate()
        .map(|(position, division)| Place::new(division, position == guest_home, parameters))
        .collect();
    staff(&mut places, parameters.agencies)?;
    let mut members = Vec::with_capacity(parameters.agencies);
    for place in &places {
        place.appoint(parameters, &mut members)?;
    }
    Ok(members)
}

/// 牡丹江市, or the first city, or the province where it has none.
fn guest_home(divisions: &[Division]) -> usize {
    let mudanjiang = divisions.iter().position(|division| division.code.as_str() == "231000");
    mudanjiang.or_else(|| divisions.iter().position(|division| division.level == Level::City)).unwrap_or(0)
}

/// Offices (and the guest) first, then in rounds, so that no division is left out.
fn staff(places: &mut [Place], wanted: usize) -> Result<(), SimulationError> {
    let minimum = places.iter().map(Place::minimum).sum();
    if wanted < minimum {
        return Err(SimulationError::TooFewAgencies { asked: wanted, minimum });
    }
    for place in places.iter_mut() {
        let minimum = place.minimum();
        place.posts.extend(place.waiting.by_ref().take(minimum));
    }
    let mut open = wanted - minimum;
    while open > 0 {
        let before = open;
        for place in places.iter_mut() {
            let turns = place.turns().min(open);
            let filled = place.posts.len();
            place.posts.extend(place.waiting.by_ref().take(turns));
            open -= place.posts.len() - filled;
        }
        if open == before {
            return Err(SimulationError::TooManyAgencies { asked: wanted, maximum: wanted - open });
        }
    }
    Ok(())
}

impl<'a> Place<'a> {
    fn new(division: &'a Division, guest: bool, parameters: &Parameters) -> Self {
        let mut rng = generator(parameters.seed, Purpose::Place, division.code.as_str(), 0);
        let size = if division.code.as_str().ends_with(CAPITAL_SUFFIX) { 2_500 } else { between(&mut rng, 500, 1_500) };
        let waiting = waiting(division, guest, parameters.last_year, &mut rng);
        Self { division, waiting, posts: Vec::new(), size, guest }
    }

    /// Agencies that it has in the smallest province.
    fn minimum(&self) -> usize {
        1 + usize::from(self.guest)
    }

    /// Agencies that it gets in a round: governments of cities and the province have their departments early.
    fn turns(&self) -> usize {
        match self.division.level {
            Level::Province | Level::City => 3,
            Level::County | Level::FunctionalZone | Level::Township => 1,
        }
    }

    /// Makes the agencies of its posts.
    fn appoint(&self, parameters: &Parameters, members: &mut Vec<Member>) -> Result<(), SimulationError> {
        let mut rng = generator(parameters.seed, Purpose::Place, self.division.code.as_str(), 1);
        let start = below(&mut rng, ORGANISATIONS);
        // A step without a common divisor with the number of codes visits each code once.
        let step = 10 * below(&mut rng, ORGANISATIONS / 10) + 3;
        for (number, post) in (0..).zip(&self.posts) {
            let guest = self.guest && number == 1;
            let organisation = (start + number * step) % ORGANISATIONS;
            let head = format!("{CREDIT_CODE_HEAD}{}", self.division.code);
            let agency = Agency {
                id: complete_credit_code(&head, &format!("{organisation:08}"))?,
                jurisdiction: self.division.code.clone(),
                display_name: name(self.division, post),
                kind: post.kind(),
                large: self.division.level == Level::City && post.is_large(),
                vertical: false,
                first_year: first_year(post, guest, parameters.first_year),
            };
            members.push(Member { agency, level: self.division.level, duty: post.duty(), size: self.size, guest });
        }
        Ok(())
    }
}

impl Post {
    fn kind(&self) -> AgencyKind {
        match self {
            Self::Office => AgencyKind::GovernmentOffice,
            Self::Department(_) => AgencyKind::Department,
            Self::Township(..) => AgencyKind::Township,
            Self::Branch(..) => AgencyKind::DispatchedOffice,
        }
    }

    fn duty(&self) -> &'static Duty {
        match self {
            Self::Office => &OFFICE,
            Self::Department(department) => &department.duty,
            Self::Township(..) => &TOWNSHIP,
            Self::Branch(branch, _) => &branch.duty,
        }
    }

    fn is_large(&self) -> bool {
        matches!(self, Self::Department(department) if department.large_in_cities)
    }
}

/// Whom the division would have, most important first. Two departments to one township, as long as both last.
fn waiting(division: &Division, guest: bool, last_year: ReportYear, rng: &mut ChaCha8Rng) -> Waiting {
    let level = naming_level(division);
    let exists = move |department: &&Department| {
        department.title(level).is_some() && department.since.is_none_or(|since| since <= last_year.get())
    };
    let first = DEPARTMENTS.get(INDUSTRY).filter(|_| guest).map(Post::Department);
    let rest = DEPARTMENTS.iter().enumerate().filter(move |(position, _)| !(guest && *position == INDUSTRY));
    let mut departments = rest.map(|(_, department)| department).filter(exists).map(Post::Department);
    let head = [Post::Office].into_iter().chain(first);
    if division.level != Level::County {
        return Box::new(head.chain(departments));
    }
    let mut townships = townships(division, rng);
    let mut turn = 0_u32;
    let mixed = std::iter::from_fn(move || {
        turn = turn.wrapping_add(1);
        if turn.is_multiple_of(3) {
            townships.next().or_else(|| departments.next())
        } else {
            departments.next().or_else(|| townships.next())
        }
    });
    let branches = (1..).flat_map(|number| BRANCHES.iter().map(move |branch| Post::Branch(branch, number)));
    Box::new(head.chain(mixed).chain(branches))
}

/// Street offices in a district; in a county towns, and townships after them.
fn townships(division: &Division, rng: &mut ChaCha8Rng) -> impl Iterator<Item = Post> + use<> {
    let district = division.name.ends_with('区');
    let count = if district { between(rng, 6, 12) } else { between(rng, 9, 20) };
    let start = below(rng, TOWNSHIP_NAMES.len() as u64);
    let names = TOWNSHIP_NAMES.iter().cycle().skip(start as usize);
    (0..count).zip(names).map(move |(number, name)| {
        let suffix = match number {
            _ if district => "街道办事处",
            _ if number < count / 2 => "镇人民政府",
            _ => "乡人民政府",
        };
        Post::Township(name, suffix)
    })
}

/// Municipalities under the central government call their departments as cities do.
fn naming_level(division: &Division) -> Level {
    if division.name.ends_with('市') && division.level == Level::Province { Level::City } else { division.level }
}

fn name(division: &Division, post: &Post) -> String {
    let place = &division.full_name;
    match post {
        Post::Office => format!("{place}{}", office_title(division)),
        Post::Department(department) => format!("{place}{}", department.title(naming_level(division)).unwrap_or("")),
        Post::Township(name, suffix) => format!("{place}{name}{suffix}"),
        Post::Branch(branch, number) => format!("{place}{}第{number}{}", branch.bureau, branch.office),
    }
}

fn office_title(division: &Division) -> &'static str {
    match division.level {
        Level::Province => "人民政府办公厅",
        Level::FunctionalZone => "管理委员会办公室",
        // Prefectures (地区, 盟) have no government of their own but an office of the province's.
        Level::City if division.name.ends_with(['区', '盟']) => "行政公署办公室",
        Level::City | Level::County | Level::Township => "人民政府办公室",
    }
}

fn first_year(post: &Post, guest: bool, first_year: ReportYear) -> ReportYear {
    let since = match post {
        _ if guest => Some(GUEST_SINCE),
        Post::Department(department) => department.since,
        Post::Office | Post::Township(..) | Post::Branch(..) => None,
    };
    since.and_then(|since| ReportYear::new(since).ok()).map_or(first_year, |since| since.max(first_year))
}
