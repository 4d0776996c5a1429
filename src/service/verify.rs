//! Everything that can be checked about a store, its sums included.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::form::catalogue;
use crate::live::{Effort, Live, State};
use crate::registry::Registry;
use crate::report::{Message, ReportYear};
use crate::rollup::{FrozenForm, Sums};
use crate::store::{NEWEST, Standing, Store, StoreError, Verification, Visitor, verify};

use super::caller::Caller;
use super::differences::{differences, root_sums, unlike};
use super::freeze::add_up;
use super::parts::Service;
use super::problem::Problem;
use super::recount::count;

/// Records between two messages about progress.
const PROGRESS_RECORDS: u64 = 10_000;

/// Entries of the journal looked at between two rests, where others are not to be held up.
const PART_ENTRIES: u64 = 4096;
const REST: Duration = Duration::from_millis(200);

/// Messages that may wait for the caller.
const AHEAD: usize = 4;

/// What is said while a store is verified.
#[derive(Debug, Clone)]
pub enum VerifyProgress {
    /// Records looked at so far.
    Records(u64),
    /// Everything was looked at: what was found.
    Done(Box<Verification>),
}

/// Adds up accepted revisions in the plainest way, one sum for each year, and remembers what is to be checked later.
struct PlainSums<'a> {
    years: BTreeMap<ReportYear, Sums>,
    frozen: Vec<FrozenForm>,
    progress: &'a mut dyn FnMut(u64),
}

impl Visitor for PlainSums<'_> {
    fn report(&mut self, standing: &Standing) {
        // A consolidated report is never added to a sum.
        let own = standing.newest.report.agency().is_some();
        if let Some(accepted) = standing.accepted.as_ref().filter(|_| own) {
            self.years.entry(accepted.report.year).or_default().add(&accepted.figures.complete());
        }
    }

    fn frozen(&mut self, form: &FrozenForm) {
        self.frozen.push(form.clone());
    }

    fn progress(&mut self, records: u64) {
        (self.progress)(records);
    }
}

/// Checks records, chain and pointers; counts the totals as a start of the service does, and compares them with a plain
/// sum of all reports and, where the service runs, with its running totals; adds every frozen form up again.
pub fn check_store(store: &dyn Store, running: Option<&State>, progress: &mut dyn FnMut(u64)) -> Verification {
    let as_of = running.map_or_else(|| store.position().sequence, |running| running.sequence);
    let mut plain = PlainSums { years: BTreeMap::new(), frozen: Vec::new(), progress };
    let mut found = verify(store, as_of, &mut plain);
    let counted = check_totals(store, as_of, running, &plain.years, &mut found);
    if let Err(error) = counted.and_then(|()| check_frozen(store, plain.frozen, &mut found)) {
        let text = Message::new(format!("无法重算：{error}"), format!("they cannot be counted: {error}"));
        found.fault("totals", text);
    }
    let mut looked_at = 0;
    while looked_at < store.position().sequence {
        match store.look_for_damage(looked_at, PROGRESS_RECORDS) {
            Ok(last) => looked_at = last,
            Err(error) => {
                let text = Message::new(
                    format!("日志与副本同时损坏：{error}"),
                    format!("log and copy are both damaged: {error}"),
                );
                found.fault("log", text);
                break;
            }
        }
    }
    found
}

fn check_totals(
    store: &dyn Store,
    as_of: u64,
    running: Option<&State>,
    plain: &BTreeMap<ReportYear, Sums>,
    found: &mut Verification,
) -> Result<(), StoreError> {
    let counted = count(store, as_of, Effort::whole())?;
    if let Some(fault) = &counted.fault {
        found.fault("totals", Message::new(format!("重算有误：{fault}"), format!("the recount failed: {fault}")));
    }
    for (year, plain) in plain {
        let sums = root_sums(&counted, *year);
        if sums != *plain {
            found.fault(format!("totals of {year}"), unlike(&sums, plain));
        }
    }
    for difference in running.map(|running| differences(running, &counted)).into_iter().flatten() {
        found.fault("totals", difference);
    }
    Ok(())
}

/// Adds frozen forms up again, each over the registry as it was then.
fn check_frozen(store: &dyn Store, mut forms: Vec<FrozenForm>, found: &mut Verification) -> Result<(), StoreError> {
    forms.sort_by_key(|form| form.as_of);
    let mut registry = Registry::default();
    let mut changes = store.registry(0, NEWEST)?.into_iter().peekable();
    for form in &forms {
        while let Some((_, change)) = changes.next_if(|(sequence, _)| *sequence <= form.as_of) {
            // A change that does not apply was told of by the recount.
            let _ = registry.apply(&change);
        }
        let name = form.name.to_string();
        match add_up(store, &registry, form) {
            Err(problem) => found.fault(name, problem.message),
            Ok((hash, _)) if hash != form.content_hash => {
                let text = Message::new(
                    "数据或所含版本与其校验值不符",
                    "its figures, or the revisions in it, are not what its content hash says",
                );
                found.fault(name, text);
            }
            Ok((_, sums)) => {
                // What it does not show is nought.
                let differs =
                    |cell: &&crate::form::CellInfo| form.sums.get(cell.id).unwrap_or(0) != sums.value(cell.id);
                if let Some(cell) = catalogue().cells_of(form.sums.edition()).find(differs) {
                    let text = Message::new(
                        format!("{} 与所含各版本之和不符", cell.path),
                        format!("{} is not the sum of the revisions in it", cell.path),
                    );
                    found.fault(name, text);
                }
            }
        }
    }
    Ok(())
}

/// The journal's word for it.
const ACTION: &str = "store.verify";

/// Faults that an entry of the journal names; all are counted.
const FAULTS_NAMED: usize = 10;

/// What a verification found, for the journal.
pub fn found_in_words(found: &Verification) -> String {
    let whole =
        format!("sequence {}\nrecords {}\nfaults {}", found.position.sequence, found.records, found.faults_total);
    let named = found.faults.iter().take(FAULTS_NAMED).map(|fault| format!("\n{}: {}", fault.place, fault.message.en));
    whole + &named.collect::<String>()
}

impl Service {
    /// Verifies the store while the service goes on, true as of the moment of the call. What was found is in the journal
    /// before it is told.
    ///
    /// # Errors
    /// TOO_MANY where other scans of the whole store are under way.
    pub fn verify_store(&self, caller: &Caller) -> Result<mpsc::Receiver<VerifyProgress>, Problem> {
        let permit = self.scan_permit()?;
        let (sender, receiver) = mpsc::channel(AHEAD);
        let (service, caller) = (self.clone(), caller.clone());
        let runtime = tokio::runtime::Handle::current();
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let (store, live) = (&service.store, &service.live);
            let running = live.read();
            let mut told = 0;
            let mut found = check_store(&**store, Some(&running), &mut |records| {
                if records / PROGRESS_RECORDS > told {
                    told = records / PROGRESS_RECORDS;
                    // A caller who does not listen misses it.
                    let _ = sender.try_send(VerifyProgress::Records(records));
                }
            });
            service.check_directory(&mut found);
            for fault in &found.faults {
                tracing::error!(place = fault.place, fault = fault.message.en, "the store is not as it should be");
            }
            let entry = caller.accepted(ACTION, String::new(), found_in_words(&found));
            runtime.block_on(service.note(&caller, entry));
            // The caller may have gone; there is nobody to tell then.
            let _ = sender.blocking_send(VerifyProgress::Done(Box::new(found)));
        });
        Ok(receiver)
    }

    /// Goes through what the store keeps twice, resting in between: damage is mended by that. How many entries were looked at.
    ///
    /// # Errors
    /// Where both are damaged, or cannot be read.
    pub async fn look_for_damage(&self) -> Result<u64, Problem> {
        let mut looked_at = 0;
        while looked_at < self.status().position.sequence {
            let store = self.store.clone();
            looked_at = Self::beside(move || store.look_for_damage(looked_at, PART_ENTRIES)).await?;
            tokio::time::sleep(REST).await;
        }
        Ok(looked_at)
    }

    /// Compares who may do what with the stored changes of it.
    fn check_directory(&self, found: &mut Verification) {
        // No change comes between the two, for they go one at a time.
        let _turn = self.blocking_access_turn();
        match Live::stored_directory(&*self.store) {
            Ok(stored) if stored == *self.live.directory() => {}
            Ok(_) => {
                let text = Message::new(
                    "运行中的账号、角色或凭据与数据库不一致",
                    "the principals, roles or credentials in force differ from the stored ones",
                );
                found.fault("access", text);
            }
            Err(error) => {
                let text = Message::new(
                    format!("无法读取账号与角色：{error}"),
                    format!("principals and roles cannot be read: {error}"),
                );
                found.fault("access", text);
            }
        }
    }
}
