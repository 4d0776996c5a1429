//! What the program whose power is cut stores, and whether it is there as the journal says.

use huizong::form::{catalogue, edition_for_year};
use huizong::registry::{Agency, RegistryChange};
use huizong::report::{
    AgencyKind, Cell, Figures, Hash, ReportKey, ReportState, ReportYear, Review, ReviewAction, Revision, RevisionName,
    RuleSetRef, content_hash,
};
use huizong::rollup::{Counts, Coverage, FrozenForm, FrozenFormName, ShownSums};
use huizong::store::{
    Change, JournalEntry, NEWEST, NewEntry, Outcome, RequestId, Requested, Standing, Store, StoreError, Transaction,
};
use rand::Rng as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;

pub const SUBMIT: &str = "report.submit";
pub const REVIEW: &str = "report.review";
/// What the store itself says of what it has made again.
pub const MEND: &str = "store.mend";
pub const FREEZE: &str = "form.freeze";

/// The actor of a transaction that also changes the registry.
pub const REGISTRAR: &str = "registrar";

const AGENCIES: u32 = 40;
const JURISDICTIONS: u32 = 8;

fn year(random: &mut ChaCha8Rng) -> ReportYear {
    ReportYear::new(random.random_range(2021..2024)).expect("a report year")
}

fn report(random: &mut ChaCha8Rng) -> ReportKey {
    let year = year(random);
    match random.random_range(0..5) {
        0 => {
            let code = format!("{}", 230_000 + random.random_range(0..JURISDICTIONS));
            ReportKey::of_jurisdiction(code.parse().expect("a code"), year)
        }
        _ => {
            let id = format!("agency-{}", random.random_range(0..AGENCIES));
            ReportKey::of_agency(id.parse().expect("an agency id"), year)
        }
    }
}

fn figures(year: ReportYear, random: &mut ChaCha8Rng) -> Figures {
    let mut figures = Figures::blank(edition_for_year(year.get()).expect("an edition"));
    for cell in &catalogue().cells {
        figures.set(cell.id, Cell::Number(random.random_range(0..100_000)));
    }
    figures
}

/// Most texts are short; some would make a page too large for the data file if segments were as sled makes them.
fn text(random: &mut ChaCha8Rng) -> String {
    let bytes = match random.random_range(0..16) {
        0..10 => random.random_range(0..200),
        10..15 => random.random_range(4_000..16_000),
        _ => random.random_range(16_000..90_000),
    };
    "x".repeat(bytes)
}

fn entry(action: &'static str, subject: String, detail: String, content_hash: Hash) -> NewEntry {
    let (actor, by) = ("caller".to_owned(), "credentials/0123456789abcdef".to_owned());
    NewEntry { actor, by, action, subject, outcome: Outcome::Accepted, detail, content_hash }
}

/// Records that a report was turned down.
pub fn refusal() -> Transaction {
    let mut entry = entry(SUBMIT, String::new(), String::new(), Hash::default());
    entry.outcome = Outcome::Refused;
    Transaction::of(Vec::new(), entry)
}

/// The next thing that a writer does: hands in a revision, reviews one, freezes a form, or is turned down.
///
/// # Errors
/// Where the store cannot be read.
pub fn transaction(store: &dyn Store, writer: u32, random: &mut ChaCha8Rng) -> Result<Transaction, StoreError> {
    match random.random_range(0..20) {
        0..2 => Ok(refusal()),
        2..3 => freeze(store, writer, random),
        kind => {
            let report = report(random);
            let before = store.standing(&report, NEWEST)?;
            let state = before.as_ref().map(|before| before.status.state);
            let can_follow = |action: &ReviewAction| state.is_some_and(|state| action.follows().contains(&state));
            let actions: Vec<_> = ReviewAction::ALL.into_iter().filter(can_follow).collect();
            Ok(match (before, actions.choose(random)) {
                (Some(before), Some(action)) if kind >= 10 => review(before, *action, random),
                (before, _) => submit(before, report, random),
            })
        }
    }
}

/// A revision with its request id; now and then with an agency registered in the same transaction.
fn submit(before: Option<Standing>, report: ReportKey, random: &mut ChaCha8Rng) -> Transaction {
    let figures = figures(report.year, random);
    let content_hash = content_hash(&report, &figures, None);
    let request = RequestId::from_u128(random.random());
    // From the detail the check knows which request the entry belongs to.
    let mut entry = entry(SUBMIT, report.to_string(), request.to_string(), content_hash);
    let late = before.as_ref().map_or_else(|| random.random(), |before| before.status.late);
    let state = if random.random_ratio(1, 3) { ReportState::Accepted } else { ReportState::Submitted };
    let revision = Revision {
        narrative: None,
        report,
        number: 0,
        state,
        accepted_before: None,
        late,
        figures,
        content_hash,
        rule_set: RuleSetRef { id: "sample/1".to_owned(), hash: Hash::of(b"sample") },
        findings: Vec::new(),
        answers: Vec::new(),
        actor: "caller".to_owned(),
        reason: text(random),
        time: jiff::Timestamp::UNIX_EPOCH,
        sequence: 0,
    };
    let mut changes = vec![Change::Revision { before, revision: Box::new(revision) }];
    if random.random_ratio(1, 8) {
        entry.actor = REGISTRAR.to_owned();
        changes.push(Change::Registry(RegistryChange::CreateAgency(Agency {
            id: format!("agency-{}", random.random_range(0..AGENCIES)).parse().expect("an agency id"),
            jurisdiction: "230000".parse().expect("a code"),
            display_name: "样例局".to_owned(),
            kind: AgencyKind::Department,
            large: false,
            vertical: false,
            first_year: ReportYear::new(2021).expect("a report year"),
        })));
    }
    Transaction { request: Some((request, content_hash)), ..Transaction::of(changes, entry) }
}

fn review(before: Standing, action: ReviewAction, random: &mut ChaCha8Rng) -> Transaction {
    let reason = text(random);
    let name = before.newest.name();
    let entry = entry(REVIEW, name.to_string(), format!("{action:?}"), Hash::of(reason.as_bytes()));
    let review = Review {
        revision: name,
        action,
        reason,
        comments: Vec::new(),
        actor: "reviewer".to_owned(),
        time: jiff::Timestamp::UNIX_EPOCH,
        status: before.status,
    };
    Transaction::of(vec![Change::Review { before: Box::new(before), review: Box::new(review) }], entry)
}

/// The next form of the writer's own jurisdiction.
fn freeze(store: &dyn Store, writer: u32, random: &mut ChaCha8Rng) -> Result<Transaction, StoreError> {
    let jurisdiction = format!("{}", 440_000 + writer).parse().expect("a code");
    let year = year(random);
    let mut number = 0;
    while let [next] = &store.frozen_forms(&jurisdiction, Some((year, number)), 1)?[..]
        && next.name.year == year
    {
        number = next.name.number;
    }
    let name = FrozenFormName { jurisdiction, year, number: number + 1 };
    let figures = figures(year, random);
    let sums = ShownSums::of(figures.edition(), |cell| figures.get(cell).number().map(i128::from));
    let note = text(random);
    let content_hash = form_hash(&note, &sums);
    let entry = entry(FREEZE, name.to_string(), String::new(), content_hash);
    let form = FrozenForm {
        name,
        display_name: "样例省".to_owned(),
        hierarchy_year: year,
        include_vertical: false,
        sums,
        coverage: Coverage { year, expected: 40, vertical_excluded: 0, counts: Counts::default() },
        as_of: 0,
        content_hash,
        note,
        actor: "caller".to_owned(),
        time: jiff::Timestamp::UNIX_EPOCH,
        sequence: 0,
    };
    Ok(Transaction::of(vec![Change::Freeze(Box::new(form))], entry))
}

fn form_hash(note: &str, sums: &ShownSums) -> Hash {
    let sums: Vec<_> = catalogue().cells.iter().map(|cell| sums.get(cell.id)).collect();
    Hash::of(format!("{note}\n{sums:?}").as_bytes())
}

/// Whether the revision and the request id of a submission are there as its entry says.
///
/// # Errors
/// Where the store cannot be read, here and below.
pub fn is_submitted_as_said(store: &dyn Store, name: &RevisionName, entry: &JournalEntry) -> Result<bool, StoreError> {
    let id: RequestId = entry.detail.parse().expect("the entry names its request");
    let is_revision_there = store.revision(name)?.is_some_and(|revision| {
        revision.sequence == entry.sequence
            && content_hash(&revision.report, &revision.figures, revision.narrative.as_ref()) == entry.content_hash
    });
    let is_request_there = store.request(id)?.is_some_and(|request| {
        request.sequence == entry.sequence
            && request.stored == Requested::Revision(name.clone())
            && request.fingerprint == entry.content_hash
    });
    Ok(is_revision_there && is_request_there)
}

/// Whether the review is there as its entry says.
pub fn is_reviewed_as_said(store: &dyn Store, name: &RevisionName, entry: &JournalEntry) -> Result<bool, StoreError> {
    Ok(store.reviews(&name.report, 1..=u32::MAX)?.iter().any(|review| {
        let status = review.status;
        (status.sequence, status.review) == (entry.sequence, entry.sequence)
            && review.revision == *name
            && format!("{:?}", review.action) == entry.detail
            && Hash::of(review.reason.as_bytes()) == entry.content_hash
    }))
}

/// Whether the frozen form is there as its entry says.
pub fn is_frozen_as_said(store: &dyn Store, entry: &JournalEntry) -> Result<bool, StoreError> {
    let name: FrozenFormName = entry.subject.parse().expect("the entry names its form");
    let found = store.frozen_forms(&name.jurisdiction, Some((name.year, name.number - 1)), 1)?;
    Ok(found.iter().any(|form| {
        form.name == name
            && form.sequence == entry.sequence
            && form.content_hash == entry.content_hash
            && form_hash(&form.note, &form.sums) == entry.content_hash
    }))
}
