//! What `verify` finds: nothing in a whole store, and each thing that is missing or changed in another.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use huizong::form::catalogue;
use huizong::registry::{
    Collection, Contact, Contacts, Exception, Jurisdiction, NewValues, RegistryChange, Reminded, Reminders,
    ReviewPolicy,
};
use huizong::report::{
    AgencyKind, Answer, Cell, Finding, Level, Message, Narrative, Owners, Period, ReportState, ReviewAction, Severity,
    Term, content_hash,
};
use huizong::rollup::FrozenForm;
use huizong::store::transfer::Export;
use huizong::store::{
    Change, Item, MemoryStore, NEWEST, Standing, Store, StoreError, Verification, Visitor, verify, verify_journal_file,
};
use tempfile::TempDir;

use crate::store_contract::contents::OWNERS;
use crate::store_contract::embedded::{fill, open};
use crate::store_contract::samples::*;
use crate::support::below::open_below;

#[derive(Default)]
pub struct Seen {
    reports: Vec<Standing>,
    frozen: usize,
}

impl Visitor for Seen {
    fn report(&mut self, standing: &Standing) {
        self.reports.push(standing.clone());
    }

    fn frozen(&mut self, _: &FrozenForm) {
        self.frozen += 1;
    }

    fn progress(&mut self, _: u64) {}
}

pub fn verified(store: &dyn Store) -> (Verification, Seen) {
    let mut seen = Seen::default();
    (verify(store, store.position().sequence, &mut seen), seen)
}

pub fn texts(found: &Verification) -> Vec<String> {
    found.faults.iter().map(|fault| format!("{}: {}", fault.place, fault.message.en)).collect()
}

#[tokio::test]
async fn a_whole_store_has_no_fault() {
    let folder = new_folder();
    let store = open(&folder).unwrap();
    fill(&store).await;
    let (found, seen) = verified(&store);
    assert_eq!(found.faults, []);
    assert_eq!((found.position, found.revisions), (store.position(), 70));
    // 130 entries, 70 revisions, 10 frozen forms and 10 changes of the registry with their request ids, 30 reviews, and 10
    // changes of access.
    assert_eq!(found.records, 130 + 2 * (70 + 10 + 10) + 30 + 10);
    assert_eq!(seen.frozen, 10);
    // Each report stands for the checks as it does for every reader.
    let of = |owners: Owners| -> Vec<Standing> {
        let years = store.years(owners).unwrap();
        years.into_iter().flat_map(|year| store.reports(owners, year, None, 1000, NEWEST).unwrap()).collect()
    };
    let mut expected: Vec<_> = OWNERS.into_iter().flat_map(of).collect();
    let mut reports = seen.reports;
    for standings in [&mut expected, &mut reports] {
        standings.sort_by(|one, two| one.newest.report.cmp(&two.newest.report));
    }
    assert_eq!(reports, expected);
}

/// A store from whose copy the last record that is wanted was taken away, or in which another was put in its place.
async fn damaged(wanted: impl Fn(&Item) -> bool, damage: impl Fn(Item, &[u8]) -> Option<Vec<u8>>) -> TempDir {
    let folder = new_folder();
    let store = open(&folder).unwrap();
    fill(&store).await;
    let records = store.records(NEWEST, None, 10_000).unwrap();
    let items = records.iter().map(|record| (record, Item::decode(&record.key, &record.value).unwrap()));
    let (record, item) = items.filter(|(_, item)| wanted(item)).last().expect("there is such a record");
    drop(store);
    let below = open_below(folder.path());
    match damage(item, &record.value) {
        Some(value) => below.insert(&record.key, value).unwrap(),
        None => below.remove(&record.key).unwrap(),
    };
    below.flush().unwrap();
    drop(below);
    folder
}

/// The same, and what is found then.
async fn after_damage(wanted: impl Fn(&Item) -> bool, damage: impl Fn(Item, &[u8]) -> Option<Vec<u8>>) -> Verification {
    verified(&open(&damaged(wanted, damage).await).unwrap()).0
}

type Wanted = fn(&Item) -> bool;

#[tokio::test]
async fn whatever_is_missing_is_named() {
    let cases: [(&str, Wanted, &str); 6] = [
        ("a journal entry", |item| item.sequence() == 42 && matches!(item, Item::Entry(_)), "journal entry 43"),
        (
            "the first revision of a report",
            |item| matches!(item, Item::Revision(of) if of.number == 1 && of.report == report("agency-0", 2019)),
            "revision 1 before it is missing",
        ),
        (
            "the newest revision of a report",
            |item| matches!(item, Item::Revision(of) if of.report == report("agency-0", 2022)),
            "agencies/agency-0/reports/2022/revisions/2 that it tells of is gone",
        ),
        (
            "a revision that was reviewed",
            |item| matches!(item, Item::Revision(of) if of.report == report("agency-5", 2022)),
            "the revision that it reviews is gone",
        ),
        (
            "a review",
            |item| matches!(item, Item::Review(of) if of.revision.report == consolidated("230000", 2022)),
            "jurisdictions/230000/reports/2022/revisions/2 that it tells of is gone",
        ),
        (
            "a frozen form",
            |item| matches!(item, Item::Frozen(_)),
            "jurisdictions/230100/frozenForms/2022-77 that it tells of is gone",
        ),
    ];
    for (name, wanted, expected) in cases {
        let found = after_damage(wanted, |_, _| None).await;
        let texts = texts(&found);
        assert!(texts.iter().any(|text| text.contains(expected)), "{name}: {texts:?}");
        assert_eq!(found.faults_total as usize, found.faults.len());
        // What is missing is not said of the entries after it.
        assert!(name != "a journal entry" || texts.len() <= 4, "{texts:?}");
    }
}

#[tokio::test]
async fn whatever_is_changed_is_named() {
    let whole = |item: Item| Some(item.to_record().unwrap().value);
    let found = after_damage(
        |item| matches!(item, Item::Request { .. }),
        |_, value| {
            let mut value = value.to_vec();
            *value.last_mut().unwrap() ^= 1;
            Some(value)
        },
    )
    .await;
    assert_eq!(found.faults_total, 0, "what is not whole is made again from the log: {:?}", found.faults);
    let found = after_damage(
        |item| matches!(item, Item::Review(of) if of.status.state == ReportState::Returned),
        |item, _| {
            let Item::Review(mut review) = item else { unreachable!() };
            Arc::make_mut(&mut review).status.accepted = Some(7);
            whole(Item::Review(review))
        },
    )
    .await;
    assert!(texts(&found)[0].contains("does not follow from how the report stood"), "{:?}", found.faults);
    let found = after_damage(
        |item| matches!(item, Item::Revision(of) if of.accepted_before.is_some()),
        |item, _| {
            let Item::Revision(mut revision) = item else { unreachable!() };
            Arc::make_mut(&mut revision).accepted_before = None;
            whole(Item::Revision(revision))
        },
    )
    .await;
    assert!(texts(&found)[0].contains("the accepted revision that it says was before it"), "{:?}", found.faults);
    let found = after_damage(
        |item| matches!(item, Item::Frozen(_)),
        |item, _| {
            let Item::Frozen(mut form) = item else { unreachable!() };
            Arc::make_mut(&mut form).content_hash.0[0] ^= 1;
            whole(Item::Frozen(form))
        },
    )
    .await;
    assert!(
        texts(&found)[0].contains("content hash, actor or reason is not that of journal entry"),
        "{:?}",
        found.faults
    );
}

/// An entry does not hold its chain hash, which follows from the rest: another entry in its place is told by the one after it, or
/// where it is the newest by what was acknowledged, and never takes the place of the one in the log.
#[tokio::test]
async fn an_entry_that_was_changed_with_its_chain_hash_is_named() {
    let changed = |item: Item, _: &[u8]| {
        let Item::Entry(mut entry) = item else { unreachable!() };
        entry.detail.push_str("another");
        entry.chain = entry.compute_chain();
        Some(Item::Entry(entry).to_record().unwrap().value)
    };
    let folder = damaged(|item| matches!(item, Item::Entry(entry) if entry.sequence == 42), changed).await;
    let store = open(&folder).unwrap();
    store.look_for_damage(0, 1000).unwrap();
    let texts = texts(&verified(&store).0);
    assert!(texts.iter().any(|text| text.contains("journal entry 43: it names another hash")), "{texts:?}");
    drop(store);
    for name in ["db", "conf"] {
        std::fs::remove_file(folder.path().join(name)).unwrap();
    }
    assert_eq!(verified(&open(&folder).unwrap()).0.faults, []);

    let folder = damaged(|item| matches!(item, Item::Entry(_)), changed).await;
    let refused = open(&folder).err();
    assert!(
        matches!(&refused, Some(StoreError::Damaged(what)) if what.contains("entry 130 is not the one acknowledged"))
    );
}

/// One record of every kind and every variant, with whatever may be in it.
pub async fn everything(store: &dyn Store) {
    let time = jiff::Timestamp::from_second(1_700_000_000).unwrap();
    let entry = |name: &str| huizong::registry::Entry::from_name(name).unwrap();
    let (county, agency, first_year) = (entry("jurisdictions/230102"), entry("agencies/agency"), year(2023));
    let collection = Collection {
        year: year(2022),
        edition: "format_2021".to_owned(),
        due: [(Level::City, time), (Level::County, time)].into(),
        lock: Some(time),
        review: ReviewPolicy::JurisdictionOffice,
        exceptions: vec![Exception {
            agency: "agency".parse().unwrap(),
            due: Some(time),
            lock: Some(time),
            granted_by: "principals/office".to_owned(),
            reason: "机构合并 merged".to_owned(),
            until: Some(time),
        }],
    };
    let RegistryChange::CreateJurisdiction(province) = create_jurisdiction("230102") else { unreachable!() };
    let below = Jurisdiction { parent: Some("230100".parse().unwrap()), ..province };
    let changes = [
        create_jurisdiction("230000"),
        RegistryChange::CreateJurisdiction(below),
        create_agency("agency"),
        RegistryChange::Rename { entry: agency.clone(), display_name: "新名 new".to_owned(), first_year },
        RegistryChange::Move { entry: agency.clone(), parent: "230100".parse().unwrap(), first_year },
        RegistryChange::Merge { entries: vec![agency.clone()], into: county.clone(), first_year },
        RegistryChange::Split { entry: agency.clone(), into: vec![county.clone()], first_year },
        RegistryChange::Abolish { entry: county.clone(), first_year },
        RegistryChange::Reclassify {
            agency: "agency".parse().unwrap(),
            values: NewValues { large: Some(true), vertical: Some(true), ..NewValues::default() },
            first_year,
        },
        RegistryChange::Correct {
            entry: agency.clone(),
            values: NewValues {
                display_name: Some("正名 right".to_owned()),
                parent: Some("230100".parse().unwrap()),
                kind: Some(AgencyKind::Township),
                large: Some(true),
                vertical: Some(true),
                begins: Some(year(2020)),
            },
            first_year,
            reason: "登记有误 wrong".to_owned(),
        },
        RegistryChange::Void { entry: county.clone(), reason: "误登 mistake".to_owned() },
        RegistryChange::Restore { entry: county, reason: "误作废 mistake".to_owned() },
        RegistryChange::Join {
            agency: "agency".parse().unwrap(),
            into: "other".parse().unwrap(),
            years: vec![first_year],
            reason: "重复登记 twice".to_owned(),
        },
        RegistryChange::JoinPlaces {
            jurisdiction: "230199".parse().unwrap(),
            into: "230100".parse().unwrap(),
            reason: "重复登记 twice".to_owned(),
        },
        RegistryChange::PutCollection(collection),
        RegistryChange::PutContacts(Contacts {
            agency: "agency".parse().unwrap(),
            people: vec![Contact {
                name: "张三 Zhang".to_owned(),
                duty: "科长 head".to_owned(),
                telephone: "0451-1".to_owned(),
                email: "zhang@example.cn".to_owned(),
            }],
        }),
        RegistryChange::PutReminders(Reminders {
            year: year(2022),
            at: time,
            outcome: Reminded::Failed,
            agencies: vec!["agency".parse().unwrap()],
        }),
    ];
    for change in changes {
        commit(store, refuse(&report("agency", 2022)).and(Change::Registry(change))).await;
    }
    for number in (0..10).chain([14]) {
        commit(store, refuse(&report("agency", 2022)).and(Change::Access(authorize(number)))).await;
    }
    let cell = catalogue().cells[40].id;
    let term = Term { negative: true, period: Period::Previous, cell, value: Cell::Number(7), computed: true };
    let finding = Finding {
        rule: "X-CARRY".into(),
        severity: Severity::Warning,
        left: vec![term, Term { value: Cell::NotApplicable, ..term }],
        right: vec![Term { value: Cell::Blank, ..term }],
        difference: Some(-3),
        message: Message::new("不符", "differs"),
        remedy: Message::new("请核实", "check"),
    };
    let answer =
        Answer { rule: "X-CARRY".into(), cell: "requests.received.total".into(), reason: "合并 merged".into() };
    for report in [report("agency", 2022), consolidated("230000", 2022)] {
        let mut revision = revision(&report, 5, "sample");
        revision.narrative = Some(Narrative { problems: Some("不够及时。".into()), ..Narrative::default() });
        revision.content_hash = content_hash(&report, &revision.figures, revision.narrative.as_ref());
        (revision.findings, revision.answers) = (vec![finding.clone()], vec![answer.clone()]);
        let first = revise(None, ReportState::Submitted, revision);
        commit(
            store,
            refuse(&report)
                .and(first)
                .with_request(request_id(if report.owner.id() == "agency" { 1 } else { 2 }), "digest"),
        )
        .await;
        commit(store, review(store, &report, ReviewAction::Accept)).await;
        commit(store, submit(store, &report, 6)).await;
    }
    commit(store, freeze(frozen("230100", 2022, 3))).await;
}

/// A record with one byte of its message changed and its checksum made right again.
fn tampered(value: &[u8], at: usize, bit: u8) -> Vec<u8> {
    const HEADER_BYTES: usize = 6;
    let mut value = value.to_vec();
    value[HEADER_BYTES + at] ^= bit;
    let mut checksum = crc32fast::Hasher::new();
    // The version is a part of it from 3 on.
    checksum.update(if value[0] > 2 { &value[..2] } else { &value[1..2] });
    checksum.update(&value[HEADER_BYTES..]);
    value[2..HEADER_BYTES].copy_from_slice(&checksum.finalize().to_le_bytes());
    value
}

/// A change of whatever a record says, with its checksum made right, is found when the records are taken into another
/// store: every byte of every kind of record is changed, as far as that makes another record.
#[tokio::test]
async fn whatever_a_record_says_the_journal_holds_it_to() {
    let store = MemoryStore::new(Witness::new());
    everything(&store).await;
    let (records, position) = (store.records(NEWEST, None, 10_000).unwrap(), store.position());
    let mut changed = BTreeMap::<u8, usize>::new();
    for (place, record) in records.iter().enumerate() {
        let item = Item::decode(&record.key, &record.value).unwrap();
        for at in 0..record.value.len() - 6 {
            let value = tampered(&record.value, at, 1);
            match Item::decode(&record.key, &value) {
                Ok(other) if other != item && other.sequence() == item.sequence() => {}
                _ => continue,
            }
            *changed.entry(record.key[0]).or_default() += 1;
            let mut records = records.clone();
            records[place].value = value;
            let other = MemoryStore::new(Witness::new());
            let taken = other.import(Box::new(records.into_iter().map(Ok)), position).await;
            assert!(matches!(taken, Err(StoreError::Damaged(_))), "byte {at} of {item:?}: {taken:?}");
        }
    }
    let kinds: Vec<u8> = changed.keys().copied().collect();
    assert_eq!(kinds, *b"acfgjqr", "records of every kind were changed: {changed:?}");
}

/// Runs the checks of `conformance/`, which share no code with the program; what it complains of.
fn checked_by_others(export: &Path) -> Result<String, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/verify_journal.py");
    let output = Command::new("python3").arg("-B").arg(script).arg(export).output().expect("python3 is there");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// An export of entries of every kind and of every kind of record is whole for a program that was written from the
/// documents alone; with any line changed it is not, and both say so at the same line.
#[tokio::test]
async fn others_check_an_export_from_the_documents_alone() {
    let store = MemoryStore::new(Witness::new());
    everything(&store).await;
    let folder = new_folder();
    let (backup, export) = (folder.path().join("backup"), folder.path().join("journal.jsonl"));
    let bytes: Vec<u8> = Export::of(&store).flat_map(|part| part.unwrap().bytes).collect();
    std::fs::write(&backup, bytes).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_huizong"));
    let exported = command.args(["journal", "export", "--backup"]).arg(&backup).arg("--output").arg(&export).output();
    let exported = exported.unwrap();
    assert!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));

    let records = store.records(NEWEST, None, 10_000).unwrap().len() as u64;
    let position = store.position();
    let said = checked_by_others(&export).expect("the export is whole");
    let (entries, records) = (position.sequence, records - position.sequence);
    assert_eq!(said, format!("{entries} entries, {records} records; head {}", position.chain));

    let whole = std::fs::read_to_string(&export).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let changed = folder.path().join("changed.jsonl");
    for (at, line) in lines.iter().enumerate() {
        // The last digit of a value, so that the line stays JSON.
        let place = line.rfind(|letter: char| letter.is_ascii_digit()).unwrap();
        let other = if &line[place..=place] == "1" { "2" } else { "1" };
        let mut lines = lines.clone();
        let line = format!("{}{other}{}", &line[..place], &line[place + 1..]);
        lines[at] = &line;
        std::fs::write(&changed, lines.join("\n") + "\n").unwrap();
        let ours =
            verify_journal_file(BufReader::new(File::open(&changed).unwrap())).expect_err("a change was not seen");
        let theirs = checked_by_others(&changed).expect_err("a change was not seen");
        let line = ours.line.unwrap();
        assert!(theirs.starts_with(&format!("line {line}:")), "line {line}, and {theirs}: {}", lines[at]);
    }
}

/// A change that a store was given below its own code, with its checksum made right, is named by the entry that it was
/// made with.
#[tokio::test]
async fn a_change_of_the_registry_that_the_journal_does_not_know_is_named() {
    let found = after_damage(
        |item| matches!(item, Item::Registry { .. }),
        |item, _| {
            let Item::Registry { sequence, position, change: RegistryChange::CreateAgency(mut agency) } = item else {
                unreachable!()
            };
            agency.jurisdiction = "230100".parse().unwrap();
            Some(
                Item::Registry { sequence, position, change: RegistryChange::CreateAgency(agency) }
                    .to_record()
                    .unwrap()
                    .value,
            )
        },
    )
    .await;
    assert!(texts(&found)[0].contains("its records are not those that it was stored with"), "{:?}", found.faults);
    assert!(found.faults[0].place.starts_with("journal entry "), "{:?}", found.faults);
}

#[tokio::test]
async fn a_record_exchanged_for_an_older_one_of_the_same_kind_is_named() {
    let folder = new_folder();
    let store = open(&folder).unwrap();
    let report = report("agency", 2022);
    for number in 0..3 {
        commit(&store, submit(&store, &report, number)).await;
    }
    let records = store.records(u64::MAX, None, 100).unwrap();
    let revisions: Vec<_> = records
        .iter()
        .filter_map(|record| match Item::decode(&record.key, &record.value).unwrap() {
            Item::Revision(revision) => Some((record.key.clone(), record.value.clone(), revision)),
            _ => None,
        })
        .collect();
    drop(store);
    let below = open_below(folder.path());
    // Whole, with a checksum of its own, but under the key of another.
    below.insert(&revisions[1].0, revisions[0].1.clone()).unwrap();
    below.flush().unwrap();
    drop(below);
    let (found, _) = verified(&open(&folder).unwrap());
    assert!(found.faults.iter().any(|fault| fault.message.en.contains("another record's key")), "{:?}", found.faults);
    assert!(found.faults_total >= 2, "the revision that is no longer there is missed too: {:?}", found.faults);
}
